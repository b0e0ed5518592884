// SPDX-License-Identifier: MIT
// COPY descriptors of 64 bytes on a DMA channel, rung one by one and in batches.
import { Opcode } from '../../device/abi/generated/descriptors.js';
import { DB_CQ_UPDATE_OFFSET, DB_SEND_OFFSET, DOORBELL_BAR } from '../../device/abi/generated/registers.js';
import { type Cq, encodeDoorbell, type Qp } from '../support/work.js';
import { type Row, row } from './rows.js';
import { timed, type World } from './world.js';

const BYTES = 64;
const LOG_DEPTH = 8;
const BATCH = 128;
const BATCHES_A_SAMPLE = 8;

export class SmallCopies {
  static readonly title = 'small';
  readonly #world: World;
  readonly #cq: Cq;
  readonly #qp: Qp;
  readonly #memory: number;

  constructor(world: World) {
    const { driver } = world;
    this.#world = world;
    this.#cq = driver.createCq(driver.createEq(), LOG_DEPTH + 1);
    this.#qp = driver.channel({ sendCq: this.#cq, logDepth: LOG_DEPTH, logStride: 6 });
    this.#memory = driver.alloc(2 * BATCH * BYTES);
  }

  run(samples: number): Row[] {
    return [1, 16].map(every => {
      const rates: number[] = [];
      for (let n = -Math.ceil(samples / 4); n < samples; n++) {
        let seconds = 0;
        for (let batch = 0; batch < BATCHES_A_SAMPLE; batch++) seconds += this.#batch(every);
        if (n >= 0) rates.push((BATCH * BATCHES_A_SAMPLE) / seconds / 1e6);
      }
      const name = every === 1 ? 'a doorbell each' : `a doorbell for ${every}`;
      return row(`64-byte COPY, ${name}`, 'million/s', rates);
    });
  }

  #batch(every: number): number {
    const { driver } = this.#world;
    const rings: [number, number][] = [];
    for (let n = 1; n <= BATCH; n++) {
      const gather = [{ address: this.#memory + n * BYTES, length: BYTES }];
      const scatter = [{ address: this.#memory + (BATCH + n - 1) * BYTES, length: BYTES }];
      driver.post(this.#qp.send, {
        opcode: Opcode.COPY,
        gather: n === BATCH ? gather.map(g => ({ ...g, address: this.#memory })) : gather,
        scatter,
      });
      if (n % every === 0) rings.push(encodeDoorbell(this.#qp.number, this.#qp.send.producer));
    }
    const update = encodeDoorbell(this.#cq.number, this.#qp.send.producer);
    const seconds = timed(() => {
      for (const [lo, hi] of rings) {
        this.#world.store(DOORBELL_BAR, DB_SEND_OFFSET, 8, lo, hi);
        this.#world.settle();
      }
      this.#world.store(DOORBELL_BAR, DB_CQ_UPDATE_OFFSET, 8, update[0], update[1]);
    });
    const found = driver.poll(this.#cq, false);
    if (found.length !== BATCH || found.some(c => c.status !== 0)) throw new Error('copies went wrong');
    return seconds;
  }
}
