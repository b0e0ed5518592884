// SPDX-License-Identifier: MIT
// What the cases of the push story share: stores of any shape, and a bench on which one push after the other is tried.
// Each descriptor has a copy in memory and a pushed one with different marks, so that the mark tells which one ran.
import assert from 'node:assert/strict';
import { WcStatus } from '../../../device/abi/generated/descriptors.js';
import type { Case } from '../../conformance/case.js';
import { type Dice, finish, makeQueues } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import { LANE_KINDS, Lane, type LaneKind, type LaneOptions } from '../../support/lane.js';
import { bufferOffset, type Cq } from '../../support/work.js';

/** The claims about a descriptor that is in memory and in the priority area. */
export const PUSH_CLAIMS = [4, 13, 18, 28];
const PLACES = 4096;
const MODULUS = 512;

export interface Store {
  readonly at: number;
  readonly size: number;
}

const SIZES = [1, 2, 4, 8] as const;

/** The stores that a driver makes for `length` bytes. */
export const storesOf = (length: number, size: 1 | 2 | 4 | 8): Store[] =>
  Array.from({ length: length / size }, (_, n) => ({ at: n * size, size }));

/** Stores that cover `length` bytes once, of sizes and so at offsets that the dice choose. */
export function anyStores(length: number, dice: Dice): Store[] {
  const stores: Store[] = [];
  for (let at = 0; at < length; at = stores.at(-1)!.at + stores.at(-1)!.size) {
    const fits = SIZES.filter(size => at + size <= length);
    stores.push({ at, size: fits[dice.below(fits.length)] });
  }
  return stores;
}

export function shuffled<T>(items: readonly T[], dice: Dice): T[] {
  const left = [...items];
  return items.map(() => left.splice(dice.below(left.length), 1)[0]);
}

/** Two processors: the steps of both, each in its own order, in an order of both that the dice choose. */
export function merged<T>(a: readonly T[], b: readonly T[], dice: Dice): T[] {
  const [x, y] = [[...a], [...b]];
  const all: T[] = [];
  while (x.length + y.length > 0) all.push((dice.below(x.length + y.length) < x.length ? x : y).shift() as T);
  return all;
}

/** One push after the other on one lane. */
export class PushBench {
  readonly lane: Lane;
  readonly driver: Driver;
  readonly #cq: Cq;
  #place = 0;

  constructor(driver: Driver, kind: LaneKind, options: LaneOptions & { cq?: Cq } = {}) {
    const { cq, ...lane } = options;
    this.driver = driver;
    this.#cq = cq ?? makeQueues(driver, 12).cq;
    this.lane = new Lane(driver, this.#cq, kind, PLACES, {
      logDepth: 8,
      logStride: 9,
      receives: 0,
      ...lane,
    });
  }

  get index(): number {
    return this.#place;
  }

  /** Writes the next memory copy and returns the pushed one, with its index. */
  prepare(spare = 0): { bytes: Uint8Array; index: number; value: number } {
    const { lane, driver: d } = this;
    const index = this.#place++;
    const value = 1 + (index % (MODULUS - 1));
    lane.postReceives(1);
    d.post(lane.qp.send, lane.work(value, index, spare));
    return { bytes: d.encode(lane.work(value + MODULUS, index, spare), index), index, value };
  }

  /** Which copy ran of each descriptor from `from` on; each completed exactly once and in order. */
  ran(from: number): ('pushed' | 'memory')[] {
    const { lane } = this;
    const count = this.#place - from;
    assert.deepEqual(
      finish(this.driver, this.#cq)
        .filter(c => c.qpn === lane.qp.number)
        .map(c => [c.wrId, c.status]),
      Array.from({ length: count }, (_, n) => [from + n, WcStatus.SUCCESS]),
      'exactly one completion each, in order',
    );
    const arrived = lane.arrivals();
    if (arrived !== undefined) assert.equal(arrived, count, 'exactly one message each');
    return lane
      .marks(this.#place)
      .slice(from)
      .map((mark, n) => {
        const value = 1 + ((from + n) % (MODULUS - 1));
        assert.ok(
          mark === value || mark === value + MODULUS,
          `mark ${mark}, not ${value} or ${value + MODULUS}`,
        );
        return mark === value ? 'memory' : 'pushed';
      });
  }

  /** Writes the memory copy, gives the pushed copy to `act`, and says which of the two ran: exactly one, once. */
  which(spare: number, act: (bytes: Uint8Array, index: number) => void): 'pushed' | 'memory' {
    const { bytes, index } = this.prepare(spare);
    act(bytes, index);
    return this.ran(index)[0];
  }

  /** The stores of a push into a buffer, and its trailer. */
  push(
    bytes: Uint8Array,
    index: number,
    stores: readonly Store[],
    o: { length?: number; generation?: number; buffer?: number } = {},
  ): void {
    for (const s of stores) this.store(bytes, s, o.buffer);
    this.trailer(index, o.length ?? bytes.length, o.buffer, o.generation);
  }

  store(bytes: Uint8Array, s: Store, buffer = 0): void {
    this.driver.storeAt(bufferOffset(this.lane.qp.page, buffer) + s.at, bytes.subarray(s.at, s.at + s.size));
  }

  trailer(index: number, length: number, buffer = 0, generation?: number): void {
    const { qp } = this.lane;
    this.driver.trailer(qp.page, buffer, qp.number, index, length, generation);
  }
}

/** A case for a lane of the link and one for a lane of the DMA engine, each on a bench of its own. */
export const onBench = (name: string, body: (b: PushBench, d: Driver) => void): Case[] =>
  LANE_KINDS.map(kind => ({
    name: `${name} (${kind})`,
    claims: PUSH_CLAIMS,
    run: ({ driver }) => body(new PushBench(driver, kind), driver),
  }));
