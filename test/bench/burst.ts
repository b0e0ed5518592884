// SPDX-License-Identifier: MIT
// A burst of descriptors, each with a doorbell or a push of its own. Preparing it is not on the clock, and playing it
// allocates nothing in this file.
import {
  DB_CQ_UPDATE_OFFSET,
  DB_RECV_OFFSET,
  DB_SEND_OFFSET,
  DOORBELL_BAR,
  PUSH_TRAILER_OFFSET,
} from '../../device/abi/generated/registers.js';
import {
  bufferOffset,
  type Cq,
  encodeDoorbell,
  encodeTrailer,
  INDEX_MODULUS,
  type Qp,
  type Ring,
  type Work,
} from '../support/work.js';
import { timed, type World } from './world.js';

/** Descriptors of a burst; rings and completion queues have room for two. */
export const BURST = 128;
export const RING_LOG_DEPTH = 8;
export const CQ_LOG_DEPTH = 9;

const PUSH_BUFFERS = 4;
const GENERATIONS = 256;
const STORE_WORDS = 3;
const STORES_MAX = BURST * (256 / 8 + 1) + 1;

export interface Item {
  readonly qp: Qp;
  readonly work: Work;
  readonly pushed?: boolean;
  /** A receive that is posted at the peer before the burst. */
  readonly receive?: { readonly qp: Qp; readonly work: Work };
}

export class Burst {
  readonly #world: World;
  /** Completion queues of the senders and of the receivers. */
  readonly #cqs: readonly Cq[];
  /** As int32s: see PciModel.write. */
  readonly #stores = new Int32Array(STORES_MAX * STORE_WORDS);
  #length = 0;
  /** By store: 1 if the adapter works off what it has got before the next one. */
  readonly #settles = new Uint8Array(STORES_MAX);
  #completed = 0;

  constructor(world: World, ...cqs: Cq[]) {
    this.#world = world;
    this.#cqs = cqs;
  }

  /** Posts BURST descriptors, and plays them; gives the nanoseconds that one took. */
  run(items: (n: number) => Item): number {
    this.prepare(items);
    const seconds = timed(() => this.play());
    this.finish();
    return (seconds / BURST) * 1e9;
  }

  prepare(items: (n: number) => Item): void {
    this.#length = 0;
    const all = Array.from({ length: BURST }, (_, n) => items(n));
    const receiver = all[0].receive?.qp;
    for (const { receive } of all)
      if (receive !== undefined) this.#post(receive.qp.recv as Ring, receive.work);
    if (receiver !== undefined)
      this.#doorbell(DB_RECV_OFFSET, receiver.number, (receiver.recv as Ring).producer);
    for (const item of all) {
      const index = item.qp.send.producer;
      const bytes = this.#post(item.qp.send, item.work);
      if (item.pushed === true) this.#push(item.qp, index, bytes);
      else this.#doorbell(DB_SEND_OFFSET, item.qp.number, item.qp.send.producer);
      this.#settles[this.#length / STORE_WORDS - 1] = 1;
    }
  }

  /** What prepare() has made ready. */
  play(): void {
    const stores = this.#stores;
    for (let n = 0; n < this.#length; n += STORE_WORDS) {
      this.#world.store(DOORBELL_BAR, stores[n], 8, stores[n + 1], stores[n + 2]);
      if (this.#settles[n / STORE_WORDS] === 1) this.#world.settle();
    }
  }

  /** Takes the completions; throws unless all are good. */
  finish(): void {
    this.#completed = (this.#completed + BURST) % INDEX_MODULUS;
    for (const cq of this.#cqs) {
      const found = this.#world.driver.poll(cq, false);
      if (found.length !== BURST || found.some(c => c.status !== 0)) throw new Error('a burst went wrong');
      const [lo, hi] = encodeDoorbell(cq.number, this.#completed);
      this.#world.store(DOORBELL_BAR, DB_CQ_UPDATE_OFFSET, 8, lo, hi);
    }
  }

  #post(ring: Ring, work: Work): Uint8Array {
    return this.#world.driver.post(ring, work);
  }

  #store(offset: number, lo: number, hi: number): void {
    this.#settles[this.#length / STORE_WORDS] = 0;
    this.#stores.set([offset, lo, hi], this.#length);
    this.#length += STORE_WORDS;
  }

  #doorbell(register: number, number: number, index: number): void {
    this.#store(register, ...encodeDoorbell(number, index));
  }

  /** The push buffers of page 0 by turns. */
  #push(qp: Qp, index: number, bytes: Uint8Array): void {
    const buffer = this.#world.pushes % PUSH_BUFFERS;
    const generation = Math.floor(this.#world.pushes / PUSH_BUFFERS) % GENERATIONS;
    this.#world.pushes++;
    const at = bufferOffset(0, buffer);
    const words = new Uint32Array(bytes.slice().buffer);
    for (let w = 0; w < words.length; w += 2) this.#store(at + w * 4, words[w], words[w + 1]);
    const trailer = { qpn: qp.number, index, length: bytes.length, buffer, generation };
    this.#store(at + PUSH_TRAILER_OFFSET, ...encodeTrailer(trailer));
  }
}
