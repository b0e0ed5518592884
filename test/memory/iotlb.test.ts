// SPDX-License-Identifier: MIT
// Translations against one note a page: whatever is put, cut and forgotten, in any order.
import test from 'ava';
import fc from 'fast-check';
import { IotlbPerm } from '../../device/abi/generated/messages.js';
import { Iotlb, NO_TRANSLATION, Permission } from '../../device/memory/iotlb.js';

const PAGE = 4096;
const PAGES = 24;

type Note = { readonly delta: number; readonly permissions: number };

const page = fc.nat(PAGES - 1);
const range = fc
  .tuple(page, fc.integer({ min: 1, max: PAGES }))
  .map(([at, n]) => [at, Math.min(PAGES, at + n)] as const);
const delta = fc.integer({ min: -2, max: 2 }).map(n => n * 64 * PAGE);
const step = fc.oneof(
  fc.record({ op: fc.constant('put' as const), range, delta, permissions: fc.integer({ min: 1, max: 3 }) }),
  fc.record({ op: fc.constant('cut' as const), range }),
  fc.record({ op: fc.constant('target' as const), range, delta }),
  fc.record({ op: fc.constant('clear' as const) }),
);

function reference(
  notes: (Note | undefined)[],
  s: typeof step extends fc.Arbitrary<infer T> ? T : never,
): void {
  if (s.op === 'clear') notes.fill(undefined);
  for (let n = 0; n < PAGES; n++) {
    if (s.op === 'target') {
      const target = n * PAGE + (notes[n]?.delta ?? Number.NaN);
      if (target >= s.range[0] * PAGE + s.delta && target < s.range[1] * PAGE + s.delta) notes[n] = undefined;
    } else if (s.op !== 'clear' && n >= s.range[0] && n < s.range[1]) {
      if (s.op === 'cut') notes[n] = undefined;
      else {
        const before = notes[n]?.delta === s.delta ? notes[n]!.permissions : 0;
        notes[n] = { delta: s.delta, permissions: s.permissions | before };
      }
    }
  }
}

function apply(tlb: Iotlb, s: typeof step extends fc.Arbitrary<infer T> ? T : never): void {
  if (s.op === 'clear') tlb.clear();
  else if (s.op === 'cut') tlb.cut(s.range[0] * PAGE, s.range[1] * PAGE);
  else if (s.op === 'put') tlb.put(s.range[0] * PAGE, s.range[1] * PAGE, s.delta, s.permissions);
  else tlb.cutTarget(s.range[0] * PAGE + s.delta, s.range[1] * PAGE + s.delta);
}

test('every page says what was told of it last, and neighbours that say the same are one entry', t => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40, size: 'max' }), steps => {
      const tlb = new Iotlb();
      const notes: (Note | undefined)[] = Array(PAGES).fill(undefined);
      for (const s of steps) {
        apply(tlb, s);
        reference(notes, s);
        for (let n = 0; n < PAGES; n++) {
          for (const at of [n * PAGE, n * PAGE + PAGE - 1]) {
            const found = tlb.find(at);
            if (found === NO_TRANSLATION ? notes[n] !== undefined : found.delta !== notes[n]?.delta)
              return false;
            if (found.permissions !== (notes[n]?.permissions ?? 0)) return false;
          }
        }
        const { entries } = tlb;
        for (let i = 1; i < entries.length; i++) {
          const [a, b] = [entries[i - 1]!, entries[i]!];
          if (a.base >= a.end || a.end > b.base) return false;
          // What was cut through is put together again with the next word about one of the two, not before.
          const twins = a.end === b.base && a.delta === b.delta && a.permissions === b.permissions;
          if (twins && s.op === 'put' && s.range[0] * PAGE <= b.base && s.range[1] * PAGE >= a.end)
            return false;
        }
      }
      return true;
    }),
    { numRuns: 1000 },
  );
  t.pass();
});

test('an identity mapping told by pages is one entry, whatever the order', t => {
  const tlb = new Iotlb(64);
  const order = Array.from({ length: 2048 }, (_, i) => (i * 1237) % 2048);
  // Told in any order there are a thousand islands for a while; told upwards there never are.
  for (const n of order.sort((a, b) => a - b)) tlb.put(n * PAGE, (n + 1) * PAGE, 2 ** 32, Permission.READ);
  t.is(tlb.entries.length, 1);
  const whole = new Iotlb();
  for (let n = 0; n < 2048; n++) {
    const at = ((n * 1237) % 2048) * PAGE;
    whole.put(at, at + PAGE, 2 ** 32, Permission.READ);
  }
  t.is(whole.entries.length, 1);
  t.like(whole.find(0), { base: 0, end: 2048 * PAGE, delta: 2 ** 32 });
});

test('over capacity a quarter goes, never what was looked up last', t => {
  const tlb = new Iotlb(64);
  const put = (n: number): void => tlb.put(n * 2 * PAGE, (n * 2 + 1) * PAGE, n, Permission.WRITE);
  const known = (n: number): boolean => tlb.find(n * 2 * PAGE) !== NO_TRANSLATION;
  for (let n = 0; n < 64; n++) put(n);
  t.is(tlb.entries.length, 64);
  for (let n = 0; n < 32; n++) t.true(known(n));
  put(64);
  t.is(tlb.entries.length, 48);
  for (let n = 0; n < 32; n++) t.true(known(n), `page ${n} was looked up`);
  t.true(known(64));
  t.false(known(32));
  for (let n = 100; n < 1000; n++) {
    put(n);
    t.true(known(0), 'looked up again and again it stays');
    t.true(tlb.entries.length <= 64);
  }
});

test('permissions have the numbers of the messages', t => {
  t.is(Permission.READ, IotlbPerm.READ);
  t.is(Permission.WRITE, IotlbPerm.WRITE);
});
