// SPDX-License-Identifier: MIT
// 64-byte messages from one queue pair to another, to the completions at both ends: rung one by one, rung in batches,
// pushed.
import {
  Opcode,
  setSgeAddress,
  setSgeLkey,
  setWqeIndex,
  WQE_SIZE,
} from '../../device/abi/generated/descriptors.js';
import {
  DB_CQ_UPDATE_OFFSET,
  DB_RECV_OFFSET,
  DB_SEND_OFFSET,
  DOORBELL_BAR,
  PUSH_TRAILER_OFFSET,
} from '../../device/abi/generated/registers.js';
import {
  asWords,
  bufferOffset,
  type Cq,
  encodeDoorbell,
  encodeTrailer,
  encodeWork,
  type Qp,
  type Ring,
} from '../support/work.js';
import { type Row, row } from './rows.js';
import { timed, type World } from './world.js';

const MESSAGE_BYTES = 64;
const LOG_DEPTH = 8;
const BATCH = 128;
const BATCHES_A_SAMPLE = 8;
const PUSH_BUFFERS = 4;
const INDEX_MODULUS = 65536;

const ONE_RANGE = [{ address: 0, length: MESSAGE_BYTES }];
const SEND_TEMPLATE = asWords(encodeWork({ opcode: Opcode.SEND, gather: ONE_RANGE }, 0, 0));
const RECEIVE_TEMPLATE = asWords(encodeWork({ opcode: Opcode.RECV, scatter: ONE_RANGE }, 0, 0));
const DESCRIPTOR_WORDS = SEND_TEMPLATE.length;

/** Stores to the doorbell BAR, ready to go: offset, low and high word of each. */
type Stores = Uint32Array;
const STORE_WORDS = 3;

export class Messages {
  static readonly title = 'messages';
  readonly #world: World;
  readonly #a: Qp;
  readonly #b: Qp;
  readonly #cqs: readonly Cq[];
  readonly #source: number;
  readonly #target: number;
  #sent = 0;
  #generation = 0;

  constructor(world: World) {
    const { driver } = world;
    this.#world = world;
    const eq = driver.createEq();
    this.#cqs = [driver.createCq(eq, LOG_DEPTH + 1), driver.createCq(eq, LOG_DEPTH + 1)];
    const [a, b] = this.#cqs.map(sendCq => driver.createQp({ sendCq, logDepth: LOG_DEPTH, logStride: 6 }));
    driver.connect(a, b.number);
    driver.connect(b, a.number);
    this.#a = a;
    this.#b = b;
    this.#source = driver.alloc(BATCH * MESSAGE_BYTES);
    this.#target = driver.alloc(BATCH * MESSAGE_BYTES);
  }

  run(samples: number): Row[] {
    return [
      row(
        '64-byte SEND, a doorbell each',
        'million/s',
        this.#measure(samples, () => this.#rings(1)),
      ),
      row(
        '64-byte SEND, a doorbell for 16',
        'million/s',
        this.#measure(samples, () => this.#rings(16)),
      ),
      row(
        '64-byte SEND, pushed',
        'million/s',
        this.#measure(samples, () => this.#pushes()),
      ),
    ];
  }

  /** Rates; the first quarter of the samples warms up and is left out. */
  #measure(samples: number, make: () => Stores[]): number[] {
    const rates: number[] = [];
    for (let n = -Math.ceil(samples / 4); n < samples; n++) {
      let seconds = 0;
      for (let batch = 0; batch < BATCHES_A_SAMPLE; batch++) seconds += this.#batch(make);
      if (n >= 0) rates.push((BATCH * BATCHES_A_SAMPLE) / seconds / 1e6);
    }
    return rates;
  }

  #batch(make: () => Stores[]): number {
    const world = this.#world;
    const receives = this.#receives();
    const rounds = make();
    this.#sent = (this.#sent + BATCH) % INDEX_MODULUS;
    const updates = this.#cqs.map(cq => this.#ring(DB_CQ_UPDATE_OFFSET, cq.number, this.#sent));
    const seconds = timed(() => {
      this.#play(receives);
      for (const stores of rounds) {
        this.#play(stores);
        world.settle();
      }
      for (const update of updates) this.#play(update);
    });
    this.#check();
    return seconds;
  }

  #play(stores: Stores): void {
    for (let n = 0; n < stores.length; n += STORE_WORDS)
      this.#world.store(DOORBELL_BAR, stores[n], 8, stores[n + 1], stores[n + 2]);
  }

  #ring(register: number, number: number, index: number): Stores {
    return Uint32Array.of(register, ...encodeDoorbell(number, index % INDEX_MODULUS));
  }

  #receives(): Stores {
    const ring = this.#b.recv as Ring;
    for (let n = 0; n < BATCH; n++) this.#post(ring, RECEIVE_TEMPLATE, this.#target + n * MESSAGE_BYTES);
    return this.#ring(DB_RECV_OFFSET, this.#b.number, ring.producer);
  }

  /** Writes a descriptor of one entry: the template with its index and address. Returns the word where it stands. */
  #post(ring: Ring, template: Uint32Array, address: number): number {
    const { u32 } = this.#world;
    const at = ring.address / 4 + (ring.producer % ring.depth) * (ring.stride / 4);
    for (let w = 0; w < template.length; w++) u32[at + w] = template[w];
    setWqeIndex(u32, at, ring.producer);
    setSgeAddress(u32, at + WQE_SIZE / 4, address);
    setSgeLkey(u32, at + WQE_SIZE / 4, this.#world.driver.key);
    ring.producer = (ring.producer + 1) % INDEX_MODULUS;
    return at;
  }

  /** Descriptors in memory; a doorbell for each `every` of them. */
  #rings(every: number): Stores[] {
    const rounds: Stores[] = [];
    for (let n = 1; n <= BATCH; n++) {
      this.#post(this.#a.send, SEND_TEMPLATE, this.#source + (n - 1) * MESSAGE_BYTES);
      if (n % every === 0) rounds.push(this.#ring(DB_SEND_OFFSET, this.#a.number, this.#a.send.producer));
    }
    return rounds;
  }

  /** Each descriptor as 8-byte stores and a trailer, in the buffers of page 0 by turns. */
  #pushes(): Stores[] {
    const { u32 } = this.#world;
    const rounds: Stores[] = [];
    for (let n = 0; n < BATCH; n++) {
      const index = this.#a.send.producer;
      const from = this.#post(this.#a.send, SEND_TEMPLATE, this.#source + n * MESSAGE_BYTES);
      const buffer = n % PUSH_BUFFERS;
      const at = bufferOffset(0, buffer);
      const stores: number[] = [];
      for (let w = 0; w < DESCRIPTOR_WORDS; w += 2) stores.push(at + w * 4, u32[from + w], u32[from + w + 1]);
      const generation = this.#generation % 256;
      const trailer = { qpn: this.#a.number, index, length: DESCRIPTOR_WORDS * 4, buffer, generation };
      stores.push(at + PUSH_TRAILER_OFFSET, ...encodeTrailer(trailer));
      rounds.push(Uint32Array.from(stores));
      if (buffer === PUSH_BUFFERS - 1) this.#generation++;
    }
    return rounds;
  }

  /** Both queues have got their completions, all good. */
  #check(): void {
    for (const cq of this.#cqs) {
      const found = this.#world.driver.poll(cq, false);
      if (found.length !== BATCH || found.some(c => c.status !== 0)) throw new Error('messages went wrong');
    }
  }
}
