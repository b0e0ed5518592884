// SPDX-License-Identifier: MIT
// What a 64-byte COPY costs with one queue pair and region in the adapter, and with very many: while one of the many
// works, and while all of them work by turns. Sampled by turns with an adapter that has one of each.
import { Access } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import type { Qp } from '../support/work.js';
import { BURST, Burst, CQ_LOG_DEPTH, type Item, RING_LOG_DEPTH } from './burst.js';
import { costRow, type Row } from './rows.js';
import { World } from './world.js';

const QUEUE_PAIRS = 10_000;
const REGIONS = 100_000;
const COPY_BYTES = 64;
/** Rings of the many: 16 descriptors of 64 bytes. */
const SMALL = { logDepth: 4, logStride: 6 };
/** Bursts of a sample: one is too short for the clock. */
const BURSTS = 8;
/** Next of the many: far from the one before, and all of them come round. */
const STRIDE = 6151;

/** Some queue pairs, some regions for all of memory, and the work that uses them. */
class Lot {
  readonly #burst: Burst;
  readonly #qps: Qp[] = [];
  readonly #keys: number[] = [];
  readonly #memory: number;
  #turn = 0;

  constructor(world: World, queuePairs: number, regions: number) {
    const { driver } = world;
    const sendCq = driver.createCq(driver.createEq(), CQ_LOG_DEPTH);
    this.#burst = new Burst(world, sendCq);
    this.#memory = driver.alloc(2 * BURST * COPY_BYTES);
    // The first one has room for a burst, so that it can work alone.
    this.#qps.push(driver.channel({ sendCq, logDepth: RING_LOG_DEPTH, logStride: 6 }));
    while (this.#qps.length < queuePairs) this.#qps.push(driver.channel({ sendCq, ...SMALL }));
    this.#keys.push(driver.key);
    while (this.#keys.length < regions) this.#keys.push(driver.registerWhole(driver.pd, Access.LOCAL_WRITE));
  }

  /** Nanoseconds a descriptor, on the first queue pair with the first region. */
  one(pushed = false): number {
    return this.#sample(n => ({ ...this.#item(this.#qps[0], n, this.#keys[0]), pushed }));
  }

  /** The same on the first `queuePairs`, or on all, by turns; and with all regions. */
  byTurns(queuePairs = this.#qps.length): number {
    return this.#sample(n => {
      this.#turn += STRIDE;
      const qp = this.#qps[this.#turn % queuePairs];
      return this.#item(qp, n, this.#keys[this.#turn % this.#keys.length]);
    });
  }

  #item(qp: Qp, n: number, lkey: number): Item {
    const address = this.#memory + n * COPY_BYTES;
    const from = { address, length: COPY_BYTES, lkey };
    const to = { address: address + BURST * COPY_BYTES, length: COPY_BYTES, lkey };
    return { qp, work: { opcode: Opcode.COPY, gather: [from], scatter: [to] } };
  }

  #sample(items: (n: number) => Item): number {
    let sum = 0;
    for (let n = 0; n < BURSTS; n++) sum += this.#burst.run(items);
    return sum / BURSTS;
  }
}

export class Scale {
  static readonly title = 'scale';
  readonly #single: Lot;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    this.#single = new Lot(new World(), 1, 1);
  }

  run(samples: number): Row[] {
    const many = new Lot(this.#world, QUEUE_PAIRS, 1);
    const regions = new Lot(new World(), 1, REGIONS);
    return [
      this.#row(`64-byte COPY, ${QUEUE_PAIRS} idle queue pairs beside it`, samples, () => many.one()),
      this.#row('the same, pushed', samples, () => many.one(true), true),
      this.#row('64-byte COPY, 16 queue pairs by turns', samples, () => many.byTurns(16)),
      this.#row('64-byte COPY, 1000 queue pairs by turns', samples, () => many.byTurns(1000)),
      this.#row(`64-byte COPY, ${QUEUE_PAIRS} queue pairs by turns`, samples, () => many.byTurns()),
      this.#row(`64-byte COPY, ${REGIONS} regions by turns`, samples, () => regions.byTurns()),
    ];
  }

  #row(name: string, samples: number, many: () => number, pushed = false): Row {
    const costs: number[] = [];
    const base: number[] = [];
    for (let n = -Math.ceil(samples / 2); n < samples; n++) {
      const cost = many();
      const single = this.#single.one(pushed);
      if (n < 0) continue;
      costs.push(cost);
      base.push(single);
    }
    return costRow(name, 'ns', costs, base);
  }
}
