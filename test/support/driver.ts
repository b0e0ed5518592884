// SPDX-License-Identifier: MIT
// A small driver on a Target: what a kernel driver does, in the fewest lines, so that a conformance case says only what
// it is about. It knows the adapter from device/abi alone. This is the fast path: posting, ringing, pushing, polling.
import { CQE_SIZE, EQE_SIZE, Opcode } from '../../device/abi/generated/descriptors.js';
import {
  DB_CQ_ARM_OFFSET,
  DB_CQ_UPDATE_OFFSET,
  DB_EQ_ARM_OFFSET,
  DB_RECV_OFFSET,
  DB_SEND_OFFSET,
  DB_SRQ_OFFSET,
  DOORBELL_BAR,
  DOORBELL_PAGE_BYTES,
  PUSH_LENGTH_UNIT,
  PUSH_TRAILER_OFFSET,
} from '../../device/abi/generated/registers.js';
import { Commander } from './commander.js';
import * as w from './work.js';

const GENERATIONS = 256;

export interface PushOptions {
  buffer?: number;
  page?: number;
  /** What stands in memory instead of the work itself; null: nothing is written there. */
  memory?: w.Work | null;
}

/** A push has whole units: zeros after inline data that ends before. */
function wholeUnits(bytes: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil(bytes.length / PUSH_LENGTH_UNIT) * PUSH_LENGTH_UNIT);
  padded.set(bytes);
  return padded;
}

export class Driver extends Commander {
  /** Trailers written so far, by page and buffer. */
  readonly #generations = new Map<string, number>();

  /** The bytes of a descriptor with queue index `index`. */
  encode(work: w.Work, index: number): Uint8Array {
    return w.encodeWork(work, index, this.key);
  }

  /** Writes a page list for FAST_REG into memory; returns its bus address. */
  putPageList(pages: readonly number[]): number {
    const list = this.alloc(pages.length * 8);
    const words = pages.flatMap(page => [page % 2 ** 32, Math.floor(page / 2 ** 32)]);
    this.target.writeBytes(list, new Uint8Array(Uint32Array.from(words).buffer));
    return list;
  }

  /** Writes a descriptor into the queue at its producer index and moves that on; returns the bytes. Rings nothing. */
  post(ring: w.Ring, work: w.Work, at?: number): Uint8Array {
    const bytes = this.encode(work, ring.producer);
    this.target.writeBytes((at ?? ring.address) + (ring.producer % ring.depth) * ring.stride, bytes);
    ring.producer = (ring.producer + 1) % w.INDEX_MODULUS;
    return bytes;
  }

  doorbell(page: number, register: number, number: number, index: number, solicited = false): void {
    const [lo, hi] = w.encodeDoorbell(number, index, solicited);
    this.target.store(DOORBELL_BAR, page * DOORBELL_PAGE_BYTES + register, 8, lo, hi);
  }

  ringSend(qp: w.Qp): void {
    this.doorbell(qp.page, DB_SEND_OFFSET, qp.number, qp.send.producer);
  }

  ringRecv(qp: w.Qp): void {
    this.doorbell(qp.page, DB_RECV_OFFSET, qp.number, qp.recv!.producer);
  }

  /** Posts by doorbell. */
  send(qp: w.Qp, ...work: w.Work[]): void {
    for (const one of work) this.post(qp.send, one);
    this.ringSend(qp);
  }

  recv(qp: w.Qp, ...ranges: w.Range[][]): void {
    for (const scatter of ranges) this.post(qp.recv!, { opcode: Opcode.RECV, scatter });
    this.ringRecv(qp);
  }

  /** The same to a shared receive queue. */
  recvShared(srq: w.Srq, ...ranges: w.Range[][]): void {
    for (const scatter of ranges) this.post(srq.recv, { opcode: Opcode.RECV, scatter });
    this.ringSrq(srq);
  }

  ringSrq(srq: w.Srq): void {
    this.doorbell(srq.page, DB_SRQ_OFFSET, srq.number, srq.recv.producer);
  }

  /** Posts by push: memory copy, then the stores, then the trailer. */
  push(qp: w.Qp, work: w.Work, o: PushOptions = {}): void {
    const index = qp.send.producer;
    const bytes = wholeUnits(this.encode(work, index));
    if (o.memory === null) qp.send.producer = (index + 1) % w.INDEX_MODULUS;
    else this.post(qp.send, o.memory ?? work);
    this.storePush(o.page ?? qp.page, o.buffer ?? 0, bytes);
    this.trailer(o.page ?? qp.page, o.buffer ?? 0, qp.number, index, bytes.length);
  }

  storePush(page: number, buffer: number, bytes: Uint8Array, size: 1 | 2 | 4 | 8 = 8): void {
    const base = w.bufferOffset(page, buffer);
    for (let n = 0; n < bytes.length; n += size) this.storeAt(base + n, bytes.subarray(n, n + size));
  }

  /** One store of 1, 2, 4 or 8 bytes to the doorbell BAR. */
  storeAt(offset: number, bytes: Uint8Array): void {
    const words = new Uint8Array(8);
    words.set(bytes);
    const [lo, hi] = w.asWords(words);
    this.target.store(DOORBELL_BAR, offset, bytes.length, lo, hi);
  }

  /** The trailer of a push buffer; `generation` overrides the right one. `named` overrides the buffer that it names. */
  trailer(
    page: number,
    buffer: number,
    qpn: number,
    index: number,
    length: number,
    generation?: number,
    named = buffer,
  ): void {
    const next = this.nextGeneration(page, buffer);
    this.#generations.set(`${page}.${buffer}`, (next + 1) % GENERATIONS);
    const [lo, hi] = w.encodeTrailer({ qpn, index, length, buffer: named, generation: generation ?? next });
    this.target.store(DOORBELL_BAR, w.bufferOffset(page, buffer) + PUSH_TRAILER_OFFSET, 8, lo, hi);
  }

  nextGeneration(page: number, buffer: number): number {
    return this.#generations.get(`${page}.${buffer}`) ?? 0;
  }

  /** The adapter has been reset, or the page given out anew: its buffers count from 0 again. */
  forgetGenerations(): void {
    this.#generations.clear();
  }

  /** Takes what is in a completion queue; reports the consumer index when `report`. */
  poll(cq: w.Cq, report = true): w.Cqe[] {
    const found: w.Cqe[] = [];
    while (found.length < cq.depth) {
      const bytes = this.target.readBytes(cq.address + (cq.consumer % cq.depth) * CQE_SIZE, CQE_SIZE);
      const cqe = w.decodeCqe(bytes, cq.consumer, cq.depth);
      if (cqe === undefined) break;
      found.push(cqe);
      cq.consumer++;
    }
    if (report && found.length > 0)
      this.doorbell(cq.page, DB_CQ_UPDATE_OFFSET, cq.number, cq.consumer % w.INDEX_MODULUS);
    return found;
  }

  arm(cq: w.Cq, solicited = false): void {
    this.doorbell(cq.page, DB_CQ_ARM_OFFSET, cq.number, cq.consumer % w.INDEX_MODULUS, solicited);
  }

  armEq(eq: w.Eq): void {
    this.doorbell(0, DB_EQ_ARM_OFFSET, eq.number, eq.consumer % w.INDEX_MODULUS);
  }

  events(eq: w.Eq): w.AdapterEvent[] {
    const found: w.AdapterEvent[] = [];
    while (found.length < eq.depth) {
      const bytes = this.target.readBytes(eq.address + (eq.consumer % eq.depth) * EQE_SIZE, EQE_SIZE);
      const event = w.decodeEqe(bytes, eq.consumer, eq.depth);
      if (event === undefined) break;
      found.push(event);
      eq.consumer++;
    }
    return found;
  }
}
