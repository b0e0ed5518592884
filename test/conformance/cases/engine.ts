// SPDX-License-Identifier: MIT
// The DMA engine: gather alone, scatter alone, both; FILL; NOP; by doorbell and by push.
import assert from 'node:assert/strict';
import {
  MAX_SGE,
  Opcode,
  SGE_SIZE,
  SLICE_BYTES,
  WcStatus,
  WQE_SIZE,
} from '../../../device/abi/generated/descriptors.js';
import { PUSH_BUFFER_BYTES } from '../../../device/abi/generated/registers.js';
import {
  assertAllWell,
  assertBytes,
  Dice,
  finish,
  makeQueues,
  outcomes,
  pattern,
} from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import { ScatteredRegion } from '../../support/scatter-memory.js';
import type { Cq, Qp, Range, Work } from '../../support/work.js';
import type { Case } from '../case.js';

type How = 'doorbell' | 'push';
const HOW: readonly How[] = ['doorbell', 'push'];
/** Entries of a descriptor that fits into a push buffer. */
const PUSH_SGE = (PUSH_BUFFER_BYTES - WQE_SIZE) / SGE_SIZE;

interface Shop {
  readonly cq: Cq;
  readonly qp: Qp;
}

function shop(d: Driver): Shop {
  const { cq } = makeQueues(d);
  return { cq, qp: d.channel({ sendCq: cq, logStride: 9 }) };
}

function run(d: Driver, { cq, qp }: Shop, how: How, work: Work): void {
  if (how === 'push') d.push(qp, work, { memory: null });
  else d.send(qp, work);
  const cqes = finish(d, cq);
  assertAllWell(cqes, 1);
  assert.equal(cqes[0].opcode, work.opcode);
}

/** `total` bytes cut into `count` ranges of a region, each range a little away from the one before. */
function cut(
  region: ScatteredRegion,
  total: number,
  count: number,
  dice: Dice,
): { list: Range[]; at: [number, number][] } {
  const at: [number, number][] = [];
  let offset = dice.below(9);
  for (let n = 0, left = total; n < count; n++) {
    const length = n === count - 1 ? left : Math.min(left, dice.below(Math.ceil((2 * total) / count)));
    at.push([offset, length]);
    offset += length + dice.below(5);
    left -= length;
  }
  return { list: at.map(([o, l]) => region.range(o, l)), at };
}

const readAll = (d: Driver, region: ScatteredRegion, at: readonly [number, number][]): Uint8Array =>
  Uint8Array.from(at.flatMap(([offset, length]) => [...region.read(d, offset, length)]));

/** COPY of `total` bytes from `gathers` ranges to `scatters` ranges, both ways of posting. */
function copies(d: Driver, gathers: number, scatters: number, total: number, seed: number): void {
  const s = shop(d);
  const from = new ScatteredRegion(d, 6, 0x1000_0b01, seed);
  const to = new ScatteredRegion(d, 6, 0x3000_0003, seed + 1);
  const dice = new Dice(seed);
  for (const how of HOW) {
    const source = cut(from, total, gathers, dice);
    const target = cut(to, total, scatters, dice);
    const bytes = pattern(total, dice.below(1000));
    let done = 0;
    for (const [offset, length] of source.at) {
      from.write(d, offset, bytes.subarray(done, done + length));
      done += length;
    }
    run(d, s, how, { opcode: Opcode.COPY, gather: source.list, scatter: target.list });
    assert.deepEqual(readAll(d, to, target.at), bytes, `${how}: ${gathers} → ${scatters}`);
  }
}

export const engineCases: readonly Case[] = [
  {
    name: 'gather alone: many ranges to one target, by doorbell and by push',
    claims: [10, 14, 25, 29],
    run({ driver: d }) {
      for (const count of [1, 2, 7, PUSH_SGE - 1]) copies(d, count, 1, 9001, count);
    },
  },
  {
    name: 'scatter alone: one source to many ranges, by doorbell and by push',
    claims: [10, 14, 25, 29],
    run({ driver: d }) {
      for (const count of [2, 5, PUSH_SGE - 1]) copies(d, 1, count, 9001, 20 + count);
    },
  },
  {
    name: 'gather and scatter at once, lists of different shape, by doorbell and by push',
    claims: [10, 14, 25, 29],
    run({ driver: d }) {
      for (const [gathers, scatters] of [
        [3, 5],
        [9, 2],
        [7, 7],
        [2, PUSH_SGE - 2],
      ])
        copies(d, gathers, scatters, 12345, 40 + gathers);
    },
  },
  {
    name: `lists of ${MAX_SGE} entries together`,
    run({ driver: d }) {
      const s = shop(d);
      const from = new ScatteredRegion(d, 4, 0x1001, 1);
      const to = new ScatteredRegion(d, 4, 0x9003, 2);
      for (const gathers of [1, 15, MAX_SGE - 1]) {
        const source = cut(from, 6000, gathers, new Dice(gathers));
        const target = cut(to, 6000, MAX_SGE - gathers, new Dice(gathers + 1));
        for (const [offset, length] of source.at) from.write(d, offset, pattern(length, offset));
        run(d, s, 'doorbell', { opcode: Opcode.COPY, gather: source.list, scatter: target.list });
        assert.deepEqual(readAll(d, to, target.at), readAll(d, from, source.at));
      }
    },
  },
  {
    name: 'FILL: the pattern runs on over ranges, pages and slices',
    claims: [10, 25],
    run({ driver: d }) {
      const s = shop(d);
      const words: [number, number] = [0x44332211, 0x88776655];
      const eight = [0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88];
      for (const how of HOW) {
        const to = new ScatteredRegion(d, 6, 0x2000_0fff, how === 'push' ? 1 : 2);
        const target = cut(to, 3 * SLICE_BYTES + 13, 6, new Dice(9));
        run(d, s, how, { opcode: Opcode.FILL, scatter: target.list, pattern: words });
        const expected = Uint8Array.from({ length: 3 * SLICE_BYTES + 13 }, (_, n) => eight[n % 8]);
        assert.deepEqual(readAll(d, to, target.at), expected, how);
      }
    },
  },
  {
    name: 'operations without a byte, and a NOP',
    run({ driver: d }) {
      const s = shop(d);
      const here = d.alloc(4096);
      const empty = { address: here, length: 0 };
      for (const how of HOW) {
        run(d, s, how, { opcode: Opcode.NOP });
        run(d, s, how, { opcode: Opcode.COPY });
        run(d, s, how, { opcode: Opcode.COPY, gather: [empty, empty], scatter: [empty] });
        run(d, s, how, { opcode: Opcode.FILL, pattern: [1, 2] });
        run(d, s, how, { opcode: Opcode.FILL, scatter: [empty], pattern: [1, 2] });
      }
      assertBytes(d, here, new Uint8Array(4096));
    },
  },
  {
    name: 'an empty range inside another one is no overlap; ranges that touch are none either',
    run({ driver: d }) {
      const s = shop(d);
      const at = d.alloc(8192);
      const bytes = pattern(300);
      d.target.writeBytes(at, bytes);
      run(d, s, 'doorbell', {
        opcode: Opcode.COPY,
        gather: [
          { address: at, length: 200 },
          { address: at + 250, length: 0 },
        ],
        scatter: [
          { address: at + 100, length: 0 },
          { address: at + 200, length: 200 },
        ],
      });
      assertBytes(d, at + 200, bytes.subarray(0, 200));
    },
  },
  {
    name: 'COPY between overlapping ranges is refused and touches nothing',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const at = d.alloc(8192);
      const bytes = pattern(8192);
      d.target.writeBytes(at, bytes);
      for (const [from, to, length] of [
        [0, 0, 1],
        [0, 99, 100],
        [99, 0, 100],
        [10, 20, 5000 - 4980],
      ]) {
        const qp = d.channel({ sendCq: cq });
        d.send(qp, {
          opcode: Opcode.COPY,
          gather: [
            { address: at + 7000, length: 10 },
            { address: at + from, length },
          ],
          scatter: [
            { address: at + to, length },
            { address: at + 7500, length: 10 },
          ],
          wrId: to,
        });
        assert.deepEqual(outcomes(finish(d, cq)), [[to, WcStatus.LOC_QP_OP_ERR]]);
      }
      assertBytes(d, at, bytes);
    },
  },
  {
    name: 'a large COPY and FILL, in slices, with a chain of operations that see each other',
    run({ driver: d }) {
      const s = shop(d);
      const LENGTH = 300_001;
      const a = d.alloc(LENGTH);
      const b = d.alloc(LENGTH);
      const e = d.alloc(LENGTH);
      d.send(
        s.qp,
        { opcode: Opcode.FILL, scatter: [{ address: a, length: LENGTH }], pattern: [0x03020100, 0x07060504] },
        {
          opcode: Opcode.COPY,
          gather: [{ address: a + 1, length: LENGTH - 1 }],
          scatter: [{ address: b, length: LENGTH - 1 }],
        },
        {
          opcode: Opcode.COPY,
          gather: [{ address: b, length: LENGTH - 1 }],
          scatter: [{ address: e + 5, length: LENGTH - 1 }],
        },
      );
      const cqes = finish(d, s.cq);
      assertAllWell(cqes, 3);
      assert.deepEqual(
        cqes.map(c => c.byteCount),
        [LENGTH, LENGTH - 1, LENGTH - 1],
      );
      assertBytes(
        d,
        e + 5,
        Uint8Array.from({ length: LENGTH - 1 }, (_, n) => (n + 1) % 8),
      );
    },
  },
  {
    name: 'operations on a reliable connection: NOP, COPY and FILL between its messages, in order',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const [a, b] = d.pair({ sendCq: cq });
      const at = d.alloc(4096);
      const to = d.alloc(4096);
      d.recv(b, [{ address: to, length: 64 }], [{ address: to + 64, length: 64 }]);
      d.send(
        a,
        { opcode: Opcode.FILL, scatter: [{ address: at, length: 64 }], pattern: [0x01010101, 0x01010101] },
        { opcode: Opcode.SEND, gather: [{ address: at, length: 64 }] },
        { opcode: Opcode.FILL, scatter: [{ address: at, length: 64 }], pattern: [0x02020202, 0x02020202] },
        {
          opcode: Opcode.COPY,
          gather: [{ address: at, length: 8 }],
          scatter: [{ address: at + 100, length: 8 }],
        },
        { opcode: Opcode.SEND, gather: [{ address: at, length: 64 }] },
        { opcode: Opcode.NOP },
      );
      assertAllWell(finish(d, cq), 8);
      assertBytes(d, to, new Uint8Array(64).fill(1));
      assertBytes(d, to + 64, new Uint8Array(64).fill(2));
      assertBytes(d, at + 100, new Uint8Array(8).fill(2));
    },
  },
];
