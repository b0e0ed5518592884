// SPDX-License-Identifier: MIT
// DMA behind a vIOMMU against a page table and plain bytes: random maps, unmaps, accesses and answers, late and in any
// order, with a cache that is large enough or much too small.
import test from 'ava';
import fc from 'fast-check';
import { Permission } from '../../device/memory/iotlb.js';
import { Dma } from '../../device/model/ports.js';
import {
  exists,
  GUEST,
  GUEST_PAGES,
  IOVA,
  IOVA_PAGES,
  PAGE,
  REGIONS,
  World,
} from '../support/iommu-world.js';

const { READ, WRITE } = Permission;
const SPAN = IOVA_PAGES * PAGE;
/** Anywhere, but mostly on few pages: what is remembered has to be used to be wrong. */
const at = fc.oneof(fc.nat(SPAN - 1), {
  weight: 3,
  arbitrary: fc.tuple(fc.nat(3), fc.nat(PAGE - 1)).map(([page, offset]) => page * PAGE + offset),
});
const length = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 1, max: 80 }) },
  fc.integer({ min: 1, max: 2 * PAGE }),
);
const iovaPage = fc.oneof(fc.nat(IOVA_PAGES - 1), fc.nat(3));
const target = fc.constantFrom(...Array.from({ length: GUEST_PAGES }, (_, i) => i).filter(exists));
const access = fc.record({
  op: fc.constantFrom(
    'read',
    'write',
    'readWords',
    'writeWords',
    'publish',
    'fill',
    'check',
    'copy' as const,
  ),
  at,
  to: at,
  length,
  seed: fc.nat(255),
});
const permissions = fc.constantFrom(READ, WRITE, READ + WRITE, READ + WRITE, READ + WRITE);
const step = fc.oneof(
  { weight: 6, arbitrary: access },
  fc.record({
    op: fc.constant('map' as const),
    page: iovaPage,
    target,
    permissions,
    pages: fc.integer({ min: 1, max: 4 }),
  }),
  fc.record({ op: fc.constant('unmap' as const), page: iovaPage, pages: fc.integer({ min: 1, max: 4 }) }),
  {
    weight: 3,
    arbitrary: fc.record({ op: fc.constant('answer' as const), index: fc.nat(8), wide: fc.boolean() }),
  },
  fc.record({ op: fc.constant('answer all' as const) }),
  fc.record({ op: fc.constant('wait' as const), accept: fc.boolean() }),
  fc.record({ op: fc.constant('forget' as const) }),
);
type Access = typeof access extends fc.Arbitrary<infer T> ? T : never;
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** The access on both; the outcome, and whether memory did as the bytes did. */
function perform(w: World, a: Access): { outcome: Dma; right: boolean; ranges: [number, number, number][] } {
  const { memory, bytes } = w;
  const words = a.op === 'readWords' || a.op === 'writeWords';
  const from = words || a.op === 'publish' ? a.at - (a.at % 4) : a.at;
  let n = Math.min(a.length, SPAN - from);
  if (words) n -= n % 4;
  if (a.op === 'publish') n = 4;
  if (a.op === 'copy') n = Math.min(n, SPAN - a.to);
  const reads = a.op === 'read' || a.op === 'readWords' || a.op === 'copy';
  const ranges: [number, number, number][] = reads ? [[from, n, READ]] : [[from, n, WRITE]];
  if (a.op === 'copy') ranges.push([a.to, n, WRITE]);
  if (n === 0) return { outcome: Dma.DONE, right: true, ranges: [] };
  const source = Uint8Array.from({ length: n + 3 }, (_, i) => a.seed + i * 7);
  const places = ranges.map(([start, count, permission]) => w.places(start, count, permission));
  const possible = !places.includes(undefined);
  const [first, second] = places;
  const result = (outcome: Dma, right: () => boolean) => ({
    outcome,
    right: outcome !== Dma.DONE || (possible && right()),
    ranges,
  });
  const store = (list: readonly number[], value: (i: number) => number): boolean => {
    list.forEach((place, i) => {
      bytes[place] = value(i);
    });
    return true;
  };
  switch (a.op) {
    case 'read': {
      const got = new Uint8Array(n + 3);
      return result(memory.at(IOVA + from).read(got, 3, n), () =>
        first!.every((p, i) => got[i + 3] === bytes[p]),
      );
    }
    case 'readWords': {
      const got = new Uint32Array(n / 4 + 1);
      const seen = new Uint8Array(got.buffer, 4);
      return result(memory.at(IOVA + from).readWords(got, 1, n / 4), () =>
        first!.every((p, i) => seen[i] === bytes[p]),
      );
    }
    case 'write':
      return result(memory.at(IOVA + from).write(source, 3, n), () => store(first!, i => source[i + 3]!));
    case 'writeWords': {
      const given = new Uint32Array(source.slice(0, n).buffer);
      return result(memory.at(IOVA + from).writeWords(given, 0, n / 4), () => store(first!, i => source[i]!));
    }
    case 'publish':
      return result(memory.at(IOVA + from).publishWord(Uint32Array.of(a.seed * 0x01010101), 0), () =>
        store(first!, () => a.seed),
      );
    case 'fill': {
      const phase = a.seed % 8;
      return result(memory.at(IOVA + from).fill(n, source.subarray(0, 8), phase), () =>
        store(first!, i => source[(phase + i) % 8]!),
      );
    }
    case 'check':
      return result(memory.at(IOVA + from).check(n, true), () => true);
    case 'copy': {
      const touched = new Set(first);
      // Overlapping copies give undefined bytes, also where two addresses lead to one page.
      if (second?.some(p => touched.has(p))) return { outcome: Dma.DONE, right: true, ranges: [] };
      return result(
        memory
          .from(IOVA + from)
          .at(IOVA + a.to)
          .copy(n),
        () => {
          const moved = first!.map(p => bytes[p]!);
          return store(second!, i => moved[i]!);
        },
      );
    }
  }
  throw new Error(a.op);
}

/** One step, on memory and in the books. False when they differ. `outcomes` counts those of accesses. */
function act(w: World, s: Step, outcomes: number[]): boolean {
  switch (s.op) {
    case 'map':
      for (let i = 0; i < s.pages && s.page + i < IOVA_PAGES; i++) {
        if (w.table[s.page + i] === undefined && exists(s.target + i))
          w.table[s.page + i] = { target: s.target + i, permissions: s.permissions };
      }
      return true;
    case 'unmap':
      w.unmap(s.page, Math.min(IOVA_PAGES, s.page + s.pages));
      return true;
    case 'answer':
      w.answer(s.index, s.wide);
      return true;
    case 'answer all':
      while (w.asked.length > 0) w.answer(0, true);
      return true;
    case 'wait':
      w.accept = s.accept;
      w.clock.ns += 200e6;
      w.memory.resend();
      return true;
    case 'forget':
      w.memory.forgetRefusals();
      w.refused.clear();
      return true;
    default: {
      const { outcome, right, ranges } = perform(w, s);
      outcomes[outcome]!++;
      if (outcome === Dma.FAULT) return w.takeRefusal(ranges);
      return right;
    }
  }
}

/** All guest memory as the front-end would see it. */
function dump({ ram, bytes }: World): boolean {
  for (const { first, pages } of REGIONS) {
    const got = new Uint8Array(pages * PAGE);
    if (ram.at(GUEST + first * PAGE).read(got, 0, got.length) !== Dma.DONE) return false;
    if (Buffer.compare(got, bytes.subarray(first * PAGE, (first + pages) * PAGE)) !== 0) return false;
  }
  return true;
}

/** With a front-end that answers, an access ends soon: DONE if all of it is mapped, else FAULT. */
function comesToAnEnd(w: World, a: Access): boolean {
  w.accept = true;
  w.memory.forgetRefusals();
  w.refused.clear();
  for (let tries = 0; tries < 12; tries++) {
    const { outcome, right, ranges } = perform(w, a);
    const mapped = ranges.every(r => w.places(...r) !== undefined);
    if (outcome === Dma.DONE) return right && mapped;
    if (outcome === Dma.FAULT) return !mapped && w.takeRefusal(ranges);
    w.clock.ns += 200e6;
    w.memory.resend();
    while (w.asked.length > 0) w.answer(0, false);
  }
  return false;
}

/** All pages mapped, and what the cache has room for known, before the first step. */
function warm(w: World, targets: readonly number[]): void {
  targets.forEach((target, page) => {
    w.table[page] = { target, permissions: READ + WRITE };
  });
  for (const write of [false, true]) {
    w.memory.at(IOVA).check(SPAN, write);
    while (w.asked.length > 0) w.answer(0, false);
  }
}

for (const capacity of [12, 4096]) {
  test(`no access goes where the page table does not lead at the time, with room for ${capacity} translations`, t => {
    const outcomes = [0, 0, 0];
    fc.assert(
      fc.property(
        fc.array(target, { maxLength: IOVA_PAGES, size: 'max' }),
        fc.array(step, { maxLength: 150, size: 'max' }),
        fc.array(access, { minLength: 1, maxLength: 4 }),
        (targets, steps, last) => {
          const w = new World(capacity);
          warm(w, targets);
          try {
            const good = steps.every(s => act(w, s, outcomes)) && last.every(a => comesToAnEnd(w, a));
            return good && dump(w);
          } finally {
            w.close();
          }
        },
      ),
      { numRuns: 150 },
    );
    t.true(
      outcomes.every(n => n > 100),
      `${outcomes}: all of them happen often`,
    );
  });
}
