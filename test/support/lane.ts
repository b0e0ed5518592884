// SPDX-License-Identifier: MIT
// A queue whose work leaves a mark: the n-th descriptor of a lane puts the value that it carries into the n-th place of
// the lane's marks, so that memory tells which copy of a descriptor ran, how often and in which order. A lane of the
// link does it with a message to a peer, a lane of the DMA engine with a FILL.
import { Mtu } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import type { Driver } from './driver.js';
import { asWords, type Cq, type Qp, type Range, type Work } from './work.js';

export type LaneKind = 'link' | 'engine';
export const LANE_KINDS: readonly LaneKind[] = ['link', 'engine'];

export const MARK_BYTES = 8;
/** Values that a lane of the link can send: 0 … this, exclusive. */
const VALUES = 1024;

export interface LaneOptions {
  readonly page?: number;
  readonly logDepth?: number;
  readonly logStride?: number;
  readonly mtu?: number;
  /** Receives posted at the peer from the start; one for each place when left out. */
  readonly receives?: number;
  /** For a send ring that is not in whole memory. */
  readonly sendLkey?: number;
  readonly sendAddress?: number;
}

export class Lane {
  readonly driver: Driver;
  readonly kind: LaneKind;
  readonly qp: Qp;
  readonly peer: Qp | undefined;
  /** Receives complete here, so that completions of the lane's own work stand alone. */
  readonly recvCq: Cq | undefined;
  readonly #marks: number;
  readonly #source: number;
  readonly #places: number;
  #receives = 0;

  constructor(driver: Driver, cq: Cq, kind: LaneKind, places: number, options: LaneOptions = {}) {
    this.driver = driver;
    this.kind = kind;
    this.#places = places;
    this.#marks = driver.alloc(places * MARK_BYTES);
    this.#source = driver.alloc(VALUES * MARK_BYTES);
    const words = new Uint32Array(2 * VALUES).map((_, n) => (n % 2 === 0 ? n / 2 : ~((n - 1) / 2)));
    driver.target.writeBytes(this.#source, new Uint8Array(words.buffer));
    const { page, mtu, receives, ...ring } = options;
    if (kind === 'engine') {
      this.qp = driver.channel({ sendCq: cq, ...(page === undefined ? {} : { page }), ...ring });
      return;
    }
    this.recvCq = driver.createCq(driver.createEq(31), 12);
    this.qp = driver.createQp({
      sendCq: cq,
      recvCq: this.recvCq,
      ...(page === undefined ? {} : { page }),
      ...ring,
    });
    this.peer = driver.createQp({ sendCq: cq, recvCq: this.recvCq, logDepth: 10, logStride: 6 });
    driver.connect(this.qp, this.peer.number, mtu ?? Mtu.MTU_1024);
    driver.connect(this.peer, this.qp.number, mtu ?? Mtu.MTU_1024);
    this.postReceives(receives ?? places);
  }

  /** Receives for `count` more messages, one mark each; nothing for a lane of the DMA engine. */
  postReceives(count: number): void {
    if (this.peer === undefined || count === 0) return;
    const ranges: Range[][] = [];
    for (let n = 0; n < count; n++) {
      const place = Math.min(this.#receives++, this.#places - 1);
      ranges.push([{ address: this.#marks + place * MARK_BYTES, length: MARK_BYTES }]);
    }
    this.driver.recv(this.peer, ...ranges);
  }

  /** Work that marks place `place` with `value`; `spare` empty ranges make its descriptor longer by 16 bytes each. */
  work(value: number, place: number, spare = 0): Work {
    const none = Array.from({ length: spare }, () => ({ address: this.#marks, length: 0 }));
    const wrId = place;
    if (this.kind === 'link') {
      const gather = [...none, { address: this.#source + value * MARK_BYTES, length: MARK_BYTES }];
      return { opcode: Opcode.SEND, gather, wrId };
    }
    const scatter = [...none, { address: this.#marks + place * MARK_BYTES, length: MARK_BYTES }];
    return { opcode: Opcode.FILL, scatter, pattern: [value, ~value >>> 0], wrId };
  }

  /** The first `count` marks; -1 where a mark is not whole, 0 where there is none. */
  marks(count: number): number[] {
    const words = asWords(this.driver.target.readBytes(this.#marks, count * MARK_BYTES));
    return Array.from({ length: count }, (_, n) => {
      const [value, inverse] = [words[2 * n], words[2 * n + 1]];
      return (value === 0 && inverse === 0) || inverse === ~value >>> 0 ? value : -1;
    });
  }

  /** Messages that have arrived at the peer; undefined for a lane of the DMA engine. */
  arrivals(): number | undefined {
    return this.recvCq === undefined ? undefined : this.driver.poll(this.recvCq).length;
  }
}
