// SPDX-License-Identifier: MIT
// Gather and scatter lists of messages: 0 … MAX_SGE entries, odd lengths and alignments, across pages and regions.
import assert from 'node:assert/strict';
import { Mtu } from '../../../device/abi/generated/commands.js';
import { MAX_SGE, Opcode } from '../../../device/abi/generated/descriptors.js';
import { assertAllWell, assertBytes, Dice, finish, makeQueues, pattern } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import { ScatteredRegion } from '../../support/scatter-memory.js';
import type { Range } from '../../support/work.js';
import type { Case } from '../case.js';

const STRIDE_LOG_MAX = 9;
const PAGE = 4096;

/** Ranges in two regions, odd in length and place, that never touch each other, filled with known bytes. */
class Ranges {
  readonly list: Range[] = [];
  readonly #parts: { region: ScatteredRegion; offset: number; length: number }[] = [];

  constructor(regions: readonly ScatteredRegion[], count: number, dice: Dice) {
    const room = Math.floor((regions[0].length * regions.length) / Math.max(count, 1) / regions.length);
    for (let n = 0; n < count; n++) {
      const region = regions[n % regions.length];
      const start = Math.floor(n / regions.length) * room;
      const length = dice.below(7) === 0 ? 0 : 1 + dice.below(Math.min(room - 8, 900));
      const offset = start + dice.below(Math.min(8, room - length));
      this.#parts.push({ region, offset, length });
      this.list.push(region.range(offset, length));
    }
  }

  get bytes(): number {
    return this.#parts.reduce((sum, p) => sum + p.length, 0);
  }

  fill(d: Driver, seed: number): Uint8Array {
    const bytes = pattern(this.bytes, seed);
    let done = 0;
    for (const p of this.#parts) {
      p.region.write(d, p.offset, bytes.subarray(done, done + p.length));
      done += p.length;
    }
    return bytes;
  }

  read(d: Driver): Uint8Array {
    return Uint8Array.from(this.#parts.flatMap(p => [...p.region.read(d, p.offset, p.length)]));
  }
}

function gatherAndScatter(d: Driver, counts: readonly (readonly [number, number])[], seed: number): void {
  const dice = new Dice(seed);
  const { cq } = makeQueues(d);
  const [a, b] = d.pair({ sendCq: cq, logStride: STRIDE_LOG_MAX }, Mtu.MTU_512);
  const from = [new ScatteredRegion(d, 8, 0x1_2345_6001, 1), new ScatteredRegion(d, 8, 0x7fff_ffff_fff3, 2)];
  const to = [new ScatteredRegion(d, 16, 0x10_0fff, 3), new ScatteredRegion(d, 16, 0xabc, 4)];
  for (const [gathers, scatters] of counts) {
    const source = new Ranges(from, gathers, dice);
    let target = new Ranges(to, scatters, dice);
    while (target.bytes < source.bytes)
      target = new Ranges(to, Math.max(2, scatters), new Dice(dice.below(1e6)));
    const bytes = source.fill(d, gathers + 1);
    d.recv(b, target.list);
    d.send(a, { opcode: Opcode.SEND, gather: source.list });
    const cqes = finish(d, cq);
    assertAllWell(cqes, 2);
    assert.ok(cqes.every(c => c.byteCount === source.bytes));
    const landed = target.read(d).subarray(0, source.bytes);
    assert.deepEqual(landed, bytes, `${gathers} → ${scatters} ranges`);
  }
}

export const gatherCases: readonly Case[] = [
  {
    name: `gather lists of 0 … ${MAX_SGE} entries, odd lengths and alignments, scattered pages, two regions`,
    claims: [5, 6, 19, 20],
    run({ driver: d }) {
      const counts = Array.from({ length: MAX_SGE + 1 }, (_, n): [number, number] => [n, MAX_SGE]);
      gatherAndScatter(d, counts, 11);
    },
  },
  {
    name: `scatter lists of many shapes at the receiver, odd lengths and alignments`,
    run({ driver: d }) {
      const counts = Array.from({ length: 29 }, (_, n): [number, number] => [1 + (n % 4), n + 2]);
      gatherAndScatter(d, counts, 12);
    },
  },
  {
    name: 'a range over many pages of a region lands where its pages are and nowhere else',
    claims: [5, 6, 19, 20],
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const [a, b] = d.pair({ sendCq: cq }, Mtu.MTU_4096);
      const from = new ScatteredRegion(d, 9, 0x5000_0777, 5);
      const to = new ScatteredRegion(d, 9, 0x6000_0001, 6);
      const length = 8 * PAGE;
      const bytes = pattern(length, 3);
      from.write(d, 100, bytes);
      d.recv(b, [to.range(7, length)]);
      d.send(a, { opcode: Opcode.SEND, gather: [from.range(100, length)] });
      assertAllWell(finish(d, cq), 2);
      assert.deepEqual(to.read(d, 7, length), bytes);
      for (const page of to.pages)
        assertBytes({ target: t } as Driver, page + PAGE, new Uint8Array(PAGE), 'foreign page');
      assert.deepEqual(to.read(d, 0, 7), new Uint8Array(7));
      assert.deepEqual(to.read(d, 7 + length, 64), new Uint8Array(64));
    },
  },
  {
    name: 'regions of larger pages, and a region that ends inside a page',
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const engine = d.channel({ sendCq: cq });
      const BIG = 16384;
      const memory = Math.ceil(d.alloc(5 * BIG) / BIG) * BIG;
      const pages = [memory + 2 * BIG, memory, memory + BIG];
      const iova = 0x1_0000_0000 + 5;
      const key = d.registerPages(pages, iova, 2 * BIG + 100, { shift: 14 });
      const from = d.alloc(2 * BIG + PAGE);
      const bytes = pattern(2 * BIG + 100, 8);
      t.writeBytes(from, bytes);
      d.send(engine, {
        opcode: Opcode.COPY,
        gather: [{ address: from, length: bytes.length }],
        scatter: [{ address: iova, length: bytes.length, lkey: key }],
      });
      assertAllWell(finish(d, cq), 1);
      assertBytes(d, pages[0] + 5, bytes.subarray(0, BIG - 5));
      assertBytes(d, pages[1], bytes.subarray(BIG - 5, 2 * BIG - 5));
      assertBytes(d, pages[2], bytes.subarray(2 * BIG - 5));
      assertBytes(d, pages[2] + 105, new Uint8Array(64));
    },
  },
];
