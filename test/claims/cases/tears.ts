// SPDX-License-Identifier: MIT
// Every way in which a push can fail to be whole: a store left out, repeated, overlapping, mixed with another push, a
// trailer that does not fit. Each ends in one completion of the copy in memory. What is whole in odd sizes runs as pushed.
import assert from 'node:assert/strict';
import { SGE_SIZE, WQE_SIZE } from '../../../device/abi/generated/descriptors.js';
import { PUSH_BUFFER_BYTES, PUSH_LENGTH_UNIT } from '../../../device/abi/generated/registers.js';
import type { Case } from '../../conformance/case.js';
import type { Driver } from '../../support/driver.js';
import { counters } from './copies.js';
import { onBench, type PushBench, type Store, storesOf } from './push-bench.js';

const MOST_SPARE = (PUSH_BUFFER_BYTES - WQE_SIZE) / SGE_SIZE - 1;

/** Lengths of descriptors to tear: the shortest with a range, an odd number of units, and a full buffer. */
const SPARES = [0, 3, MOST_SPARE];

function tearAt(b: PushBench, d: Driver, change: (stores: Store[], n: number) => Store[]): void {
  let torn = 0;
  for (const spare of SPARES) {
    const length = WQE_SIZE + (spare + 1) * SGE_SIZE;
    for (const size of [8, 4] as const) {
      const stores = storesOf(length, size);
      for (let n = 0; n < stores.length; n++) {
        const ran = b.which(spare, (bytes, index) => b.push(bytes, index, change([...stores], n)));
        assert.equal(ran, 'memory', `store ${n} of ${stores.length}, ${size} bytes each`);
        torn++;
      }
    }
    const whole = b.which(spare, (bytes, index) => b.push(bytes, index, storesOf(length, 8)));
    assert.equal(whole, 'pushed', 'the push after them');
  }
  const { pushes, fallbacks, reads } = counters(d);
  assert.deepEqual({ pushes, fallbacks, reads }, { pushes: SPARES.length, fallbacks: torn, reads: torn });
}

export const tearCases: readonly Case[] = [
  ...onBench('a push with any one store left out runs from memory, once', (b, d) =>
    tearAt(b, d, (stores, n) => stores.filter((_, k) => k !== n)),
  ),
  ...onBench('a push with any one store repeated runs from memory, once', (b, d) =>
    tearAt(b, d, (stores, n) => [...stores.slice(0, n + 1), stores[n], ...stores.slice(n + 1)]),
  ),
  ...onBench('a push cut off after any store runs from memory, once', (b, d) =>
    tearAt(b, d, (stores, n) => stores.slice(0, n)),
  ),
  ...onBench('a push with any one byte too many or too few runs from memory, once', b => {
    const length = WQE_SIZE + SGE_SIZE;
    for (let at = 0; at < length; at++) {
      const bytewise = storesOf(length, 1);
      const lost = b.which(0, (bytes, i) =>
        b.push(
          bytes,
          i,
          bytewise.filter(s => s.at !== at),
        ),
      );
      const twice = b.which(0, (bytes, i) => b.push(bytes, i, [...bytewise, { at, size: 1 }]));
      assert.deepEqual([lost, twice], ['memory', 'memory'], `byte ${at}`);
    }
  }),
  ...onBench('stores of any size, order and alignment make a whole push if each byte is stored once', b => {
    const length = WQE_SIZE + SGE_SIZE;
    const shapes: Store[][] = ([1, 2, 4, 8] as const).map(size => storesOf(length, size));
    shapes.push(storesOf(length, 8).reverse(), storesOf(length, 4).reverse());
    const odd: Store[] = [{ at: 0, size: 1 }];
    for (let at = 1; at + 8 <= length; at += 8) odd.push({ at, size: 8 });
    const rest = odd.at(-1)!.at + 8;
    for (let at = rest; at < length; at++) odd.push({ at, size: 1 });
    shapes.push(odd);
    for (const [n, stores] of shapes.entries())
      assert.equal(
        b.which(0, (bytes, index) => b.push(bytes, index, stores)),
        'pushed',
        `shape ${n}`,
      );
  }),
  ...onBench('stores that overlap by less than their size tear the push', b => {
    const length = WQE_SIZE + SGE_SIZE;
    for (let at = 1; at < 8; at++) {
      const stores: Store[] = [...storesOf(length, 8), { at, size: 8 }];
      assert.equal(
        b.which(0, (bytes, index) => b.push(bytes, index, stores)),
        'memory',
        `overlap at ${at}`,
      );
    }
  }),
  ...onBench('a second push into the same buffer at any point tears both, and each runs once', b => {
    const length = WQE_SIZE + SGE_SIZE;
    const stores = storesOf(length, 8);
    for (let cut = 1; cut < stores.length; cut++) {
      // The first push is interrupted after `cut` stores by a whole one, whose trailer comes first.
      let rest: (() => void) | undefined;
      const second = b.which(0, (bytes, index) => {
        for (const s of stores.slice(0, cut)) b.store(bytes, s);
        b.push(bytes, index, stores);
        rest = () => {
          for (const s of stores.slice(cut)) b.store(bytes, s);
        };
      });
      const first = b.which(0, (bytes, index) => {
        rest?.();
        b.push(bytes, index, []);
      });
      assert.deepEqual([second, first], ['memory', 'memory'], `after store ${cut}`);
    }
    assert.equal(
      b.which(0, (bytes, index) => b.push(bytes, index, stores)),
      'pushed',
    );
  }),
  ...onBench('pushes into two buffers at once do not disturb each other', (b, d) => {
    const length = WQE_SIZE + SGE_SIZE;
    const stores = storesOf(length, 8);
    const ran = b.which(0, (bytes, index) => {
      for (const s of stores) {
        b.store(bytes, s, 0);
        b.store(new Uint8Array(length).fill(0xff), s, 1);
      }
      b.push(bytes, index, []);
    });
    assert.equal(ran, 'pushed');
    assert.equal(counters(d).pushes, 1);
  }),
  ...onBench('a trailer with another generation than the buffer has reached runs from memory', b => {
    const stores = storesOf(WQE_SIZE + SGE_SIZE, 8);
    for (let round = 0; round < 4; round++) {
      for (const wrong of [1, 2, 128, 255]) {
        // Generation of the buffer: trailers written to it before.
        const now = b.index % 256;
        const ran = b.which(0, (bytes, i) => b.push(bytes, i, stores, { generation: (now + wrong) % 256 }));
        assert.equal(ran, 'memory', `generation off by ${wrong}`);
      }
      assert.equal(
        b.which(0, (bytes, i) => b.push(bytes, i, stores)),
        'pushed',
      );
    }
  }),
  ...onBench('generations go round at 256', b => {
    const stores = storesOf(WQE_SIZE + SGE_SIZE, 8);
    for (let n = 0; n < 260; n++)
      assert.equal(
        b.which(0, (bytes, i) => b.push(bytes, i, stores)),
        'pushed',
        `push ${n}`,
      );
  }),
  ...onBench('a trailer with a wrong length or buffer runs from memory', (b, d) => {
    const length = WQE_SIZE + 3 * SGE_SIZE;
    const stores = storesOf(length, 8);
    const units = length / PUSH_LENGTH_UNIT;
    for (const said of [0, 1, units - 1, units + 1, 16, 17, 255]) {
      const ran = b.which(2, (bytes, i) => b.push(bytes, i, stores, { length: said * PUSH_LENGTH_UNIT }));
      assert.equal(ran, 'memory', `length of ${said} units`);
    }
    for (const named of [1, 2, 3, 4, 255]) {
      const ran = b.which(2, (bytes, i) => {
        for (const s of stores) b.store(bytes, s);
        d.trailer(0, 0, b.lane.qp.number, i, length, undefined, named);
      });
      assert.equal(ran, 'memory', `buffer ${named}`);
    }
    assert.equal(
      b.which(2, (bytes, i) => b.push(bytes, i, stores)),
      'pushed',
    );
  }),
];
