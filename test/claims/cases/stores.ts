// SPDX-License-Identifier: MIT
// The stores of a push in every shape: any size at any offset, any order, wide ones as the runs of eight bytes that a
// processor makes of them, repeated and overlapping ones, and a doorbell in between.
import assert from 'node:assert/strict';
import { SGE_SIZE, WQE_SIZE } from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import type { Case } from '../../conformance/case.js';
import { Dice } from '../../support/bench.js';
import { bufferOffset } from '../../support/work.js';
import { counters } from './copies.js';
import { anyStores, onBench, type PushBench, type Store, shuffled, storesOf } from './push-bench.js';

const LENGTHS = [48, 64, 128, 192, 256];
const spareOf = (length: number): number => (length - WQE_SIZE) / SGE_SIZE - 1;
const ROUNDS = 8;

/** Runs `act` with stores of a push that the dice have chosen; `ran` is what must come of it. */
function rounds(
  b: PushBench,
  seed: number,
  ran: 'pushed' | 'memory',
  change: (stores: Store[], dice: Dice, length: number) => Store[],
): void {
  const dice = new Dice(seed);
  for (const length of LENGTHS)
    for (let n = 0; n < ROUNDS; n++) {
      const stores = change(shuffled(anyStores(length, dice), dice), dice, length);
      const buffer = dice.below(r.PUSH_BUFFERS);
      assert.equal(
        b.which(spareOf(length), (bytes, index) => b.push(bytes, index, stores, { buffer })),
        ran,
        JSON.stringify(stores),
      );
    }
}

/** Blocks of 16, 32 or 64 bytes, each as a run of eight-byte stores. */
const wide = (length: number, size: 16 | 32 | 64): Store[][] =>
  Array.from({ length: length / size }, (_, n) =>
    storesOf(size, 8).map(s => ({ ...s, at: n * size + s.at })),
  );

export const storeCases: readonly Case[] = [
  ...onBench('stores of any size at any offset, in any order, make a whole push', (b, d) => {
    rounds(b, 1, 'pushed', stores => stores);
    const { pushes, fallbacks, reads } = counters(d);
    assert.deepEqual([pushes, fallbacks, reads], [LENGTHS.length * ROUNDS, 0, 0]);
  }),
  ...onBench('of such stores one lost, at any place, is missed', b =>
    rounds(b, 2, 'memory', (stores, dice) => {
      const lost = dice.below(stores.length);
      return stores.filter((_, n) => n !== lost);
    }),
  ),
  ...onBench('of such stores one repeated, at any later time, is noticed', b =>
    rounds(b, 3, 'memory', (stores, dice) => {
      const n = dice.below(stores.length);
      const later = n + 1 + dice.below(stores.length - n);
      return [...stores.slice(0, later), stores[n], ...stores.slice(later)];
    }),
  ),
  ...onBench('a store that overlaps others in part, before or after them, is noticed', b =>
    rounds(b, 4, 'memory', (stores, dice, length) => {
      const when = dice.below(stores.length + 1);
      const size = [2, 4, 8][dice.below(3)];
      const more = { at: dice.below(length - size + 1), size };
      return [...stores.slice(0, when), more, ...stores.slice(when)];
    }),
  ),
  ...onBench('stores of 16, 32 and 64 bytes arrive as runs of eight: whole in any order of the blocks', b => {
    const dice = new Dice(5);
    for (const size of [16, 32, 64] as const)
      for (const length of [64, 128, 192, 256]) {
        const blocks = shuffled(wide(length, size), dice);
        const ran = b.which(spareOf(length), (bytes, i) => b.push(bytes, i, blocks.flat()));
        assert.equal(ran, 'pushed', `${length} bytes by ${size}`);
      }
  }),
  ...onBench('a block of 16, 32 or 64 bytes that is lost, cut off or repeated tears the push', b => {
    for (const size of [16, 32, 64] as const) {
      const blocks = wide(192, size);
      for (let n = 0; n < blocks.length; n++) {
        const torn = [
          blocks.filter((_, k) => k !== n),
          blocks.map((block, k) => (k === n ? block.slice(0, -1) : block)),
          [...blocks, blocks[n]],
        ];
        for (const [how, stores] of torn.entries())
          assert.equal(
            b.which(spareOf(192), (bytes, i) => b.push(bytes, i, stores.flat())),
            'memory',
            `block ${n} of ${size} bytes, way ${how}`,
          );
      }
    }
  }),
  ...onBench('a descriptor that is shorter than the stores is whole with the length of the stores', b => {
    // A driver that can only store 64 bytes at a time pads, and says so in the trailer.
    const padded = (length: number) => (bytes: Uint8Array, index: number) => {
      const all = new Uint8Array(64);
      all.set(bytes);
      b.push(all, index, storesOf(64, 8), { length });
    };
    assert.equal(b.which(0, padded(64)), 'pushed');
    assert.equal(b.which(0, padded(48)), 'memory', 'bytes that the trailer does not tell of');
    assert.equal(b.which(0, padded(80)), 'memory', 'bytes that are not there');
    assert.equal(b.which(0, padded(64)), 'pushed');
  }),
  ...onBench('stores beyond the end of a buffer are bad accesses and do not tear it', (b, d) => {
    const bad = (): number => d.readRegister(r.REG_COUNT_BAD_ACCESSES_OFFSET);
    const before = bad();
    const outside: Store[] = [
      { at: r.PUSH_BUFFER_BYTES - 4, size: 8 },
      { at: r.PUSH_BUFFER_BYTES - 1, size: 2 },
      { at: r.PUSH_BUFFER_BYTES, size: 4 },
      { at: r.PUSH_TRAILER_OFFSET + 4, size: 4 },
      { at: r.PUSH_TRAILER_OFFSET + 1, size: 8 },
      { at: r.PUSH_TRAILER_OFFSET + 8, size: 8 },
      { at: r.PUSH_BUFFER_STRIDE - 1, size: 2 },
    ];
    const junk = new Uint8Array(8).fill(0xff);
    for (const buffer of [0, r.PUSH_BUFFERS - 2])
      assert.equal(
        b.which(spareOf(256), (bytes, i) => {
          for (const s of outside) d.storeAt(bufferOffset(0, buffer) + s.at, junk.subarray(0, s.size));
          b.push(bytes, i, storesOf(256, 8), { buffer });
        }),
        'pushed',
        `buffer ${buffer}`,
      );
    assert.equal(bad() - before, 2 * outside.length);
    assert.equal(counters(d).pushes, 2);
  }),
  ...onBench(
    'a doorbell between any two stores of a push goes first, and the trailer does nothing',
    (b, d) => {
      const stores = storesOf(48, 8);
      for (let cut = 0; cut <= stores.length; cut++) {
        const { ignored } = counters(d);
        const ran = b.which(0, (bytes, i) => {
          for (const s of stores.slice(0, cut)) b.store(bytes, s);
          d.ringSend(b.lane.qp);
          b.push(bytes, i, stores.slice(cut));
        });
        assert.equal(ran, 'memory', `after store ${cut}`);
        assert.equal(counters(d).ignored, ignored + 1, `after store ${cut}`);
        assert.equal(
          b.which(0, (bytes, i) => b.push(bytes, i, stores)),
          'pushed',
          'the next push is whole',
        );
      }
    },
  ),
  ...onBench(
    'a doorbell for the index before, between any two stores of a push, leaves the push whole',
    (b, d) => {
      const stores = storesOf(48, 8);
      for (let cut = 0; cut <= stores.length; cut++) {
        const rung = b.prepare();
        const pushed = b.prepare();
        for (const s of stores.slice(0, cut)) b.store(pushed.bytes, s);
        d.doorbell(0, r.DB_SEND_OFFSET, b.lane.qp.number, pushed.index);
        b.push(pushed.bytes, pushed.index, stores.slice(cut));
        assert.deepEqual(b.ran(rung.index), ['memory', 'pushed'], `after store ${cut}`);
      }
    },
  ),
];
