// SPDX-License-Identifier: MIT
// The receive path: a message takes the next receive of its queue pair, or of the shared receive queue in its place, fills
// it packet by packet, and completes it. The descriptor is copied into the row when it is taken, so that a shared queue
// moves on in the same step; while the message goes on, recv_active and the words beside it say what is held.
import { EventType, Opcode, WcStatus } from '../abi/generated/descriptors.js';
import {
  putQpRecvActive,
  putQpRecvConsumer,
  putQpRecvDone,
  putQpRecvIndex,
  putQpRecvLogStrideAt,
  putSrqConsumer,
  putSrqFailed,
  putSrqLimit,
  QP_COUNT_ERRORS_OFFSET,
  QP_COUNT_RX_BYTES_OFFSET,
  QP_COUNT_RX_MESSAGES_OFFSET,
  qpPd,
  qpRecvActive,
  qpRecvConsumer,
  qpRecvCqn,
  qpRecvDone,
  qpRecvIndex,
  qpRecvLogStride,
  qpRecvLogStrideAt,
  qpRecvProducer,
  qpSrqn,
  srqConsumer,
  srqFailed,
  srqLimit,
  srqLogStride,
  srqPd,
  srqProducer,
} from '../abi/generated/state.js';
import type { PacketFields } from '../fabric/extension-headers.js';
import { Completion, complete } from './completion.js';
import { type Core, Step } from './core.js';
import { countUp } from './counters.js';
import { Descriptor, RECEIVE_QUEUE } from './descriptor.js';
import { tellSrq } from './events.js';
import { Extra, extraOf } from './packet-shape.js';
import { type Outcome, scatterPayload, WAIT } from './payload.js';
import { Dma } from './ports.js';
import { distance, nextIndex, pow2 } from './powers.js';
import { enterError } from './qp-errors.js';
import { cqRow, NONE, type QpRow, qpNumber, type SrqRow, srqNumber, srqRow } from './rows.js';
import { checkList } from './translate.js';
import { fetchReceive, fetchShared, receiveAt } from './work-queues.js';

/** There is nothing to take. */
export const NO_RECEIVE = 254;

const completion = new Completion();

/** The next message finds a receive, or finds that its queue cannot be read any more. */
export function hasReceive(m: Uint32Array, qp: QpRow): boolean {
  if (qpRecvActive(m, qp) === 1) return true;
  const srqn = qpSrqn(m, qp);
  if (srqn === 0) return qpRecvProducer(m, qp) !== qpRecvConsumer(m, qp);
  const srq = srqRow(m, srqn);
  return srq !== NONE && (srqFailed(m, srq) === 1 || srqProducer(m, srq) !== srqConsumer(m, srq));
}

/** The receive is no more the queue pair's concern. */
export function releaseReceive(core: Core, qp: QpRow): void {
  const { m, journal, queues } = core;
  if (qpSrqn(m, qp) === 0) putQpRecvConsumer(journal, qp, nextIndex(qpRecvConsumer(m, qp)));
  if (qpRecvActive(m, qp) !== 0) putQpRecvActive(journal, qp, 0);
  if (qpRecvDone(m, qp) !== 0) putQpRecvDone(journal, qp, 0);
  queues.classify(qp);
}

/** Writes a completion of the receive queue that is neither immediate nor a datagram's. */
export function completeReceive(
  core: Core,
  qp: QpRow,
  index: number,
  lo: number,
  hi: number,
  status: WcStatus,
): Step {
  const c = completion;
  c.wrIdLo = lo;
  c.wrIdHi = hi;
  c.qpn = qpNumber(qp);
  c.index = index;
  c.status = status;
  c.opcode = Opcode.RECV;
  c.receive = true;
  c.srcQpn = 0;
  c.byteCount = 0;
  c.solicited = false;
  c.immediate = 0;
  c.withImmediate = false;
  c.withInvalidate = false;
  c.grh = false;
  return complete(core, cqRow(core.m, qpRecvCqn(core.m, qp)), c);
}

export class Receiving {
  readonly #core: Core;
  /** The receive that was taken. */
  readonly d = new Descriptor();
  /** One was taken: it completes, well or not. */
  #taken = false;
  #pd = 0;
  #logStride = 0;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Takes the receive for a message that begins. */
  begin(qp: QpRow): Outcome | typeof NO_RECEIVE {
    const { m } = this.#core;
    this.#taken = false;
    // A message was dropped half way, and its receive is there for the next one (IBTA 9.8.2.2.6).
    if (qpRecvActive(m, qp) === 1) return this.resume(qp);
    const srqn = qpSrqn(m, qp);
    const status = srqn === 0 ? this.#takeOwn(qp) : this.#takeShared(qp, srqRow(m, srqn));
    if (status !== WcStatus.SUCCESS) return status;
    return checkList(m, this.#pd, this.d.scatterAt, this.d.scatterCount, true);
  }

  #takeOwn(qp: QpRow): Outcome | typeof NO_RECEIVE {
    const { m } = this.#core;
    const index = qpRecvConsumer(m, qp);
    if (qpRecvProducer(m, qp) === index) return NO_RECEIVE;
    this.d.forget(index);
    this.#pd = qpPd(m, qp);
    this.#logStride = qpRecvLogStride(m, qp);
    const dma = fetchReceive(this.#core, qp);
    if (dma === Dma.NOT_YET) return WAIT;
    this.#taken = true;
    return dma === Dma.FAULT ? WcStatus.LOC_ACCESS_ERR : this.#parse(qp, index);
  }

  #takeShared(qp: QpRow, srq: SrqRow): Outcome | typeof NO_RECEIVE {
    const { m, journal } = this.#core;
    if (srq === NONE) return NO_RECEIVE;
    const index = srqConsumer(m, srq);
    this.d.forget(index);
    if (srqFailed(m, srq) === 1) {
      this.#core.faults.forget();
      return WcStatus.LOC_ACCESS_ERR;
    }
    if (srqProducer(m, srq) === index) return NO_RECEIVE;
    const dma = fetchShared(this.#core, srq, qp);
    if (dma === Dma.NOT_YET) return WAIT;
    if (dma === Dma.FAULT) return this.#breakShared(srq);
    putSrqConsumer(journal, srq, nextIndex(index));
    if (this.#tellLimit(srq) !== Step.DONE) return WAIT;
    this.#taken = true;
    this.#pd = srqPd(m, srq);
    this.#logStride = srqLogStride(m, srq);
    return this.#parse(qp, index);
  }

  /** The shared queue cannot be read: nobody gets a receive from it any more. Nobody waits for one either: it is not empty. */
  #breakShared(srq: SrqRow): Outcome {
    const core = this.#core;
    putSrqFailed(core.journal, srq, 1);
    if (tellSrq(core, srqNumber(srq), EventType.SRQ_ERROR) !== Step.DONE) return WAIT;
    return WcStatus.LOC_ACCESS_ERR;
  }

  /** The limit event comes once, and is armed again by MODIFY_SRQ. */
  #tellLimit(srq: SrqRow): Step {
    const { m, journal } = this.#core;
    const limit = srqLimit(m, srq);
    if (limit === 0 || distance(srqProducer(m, srq), srqConsumer(m, srq)) >= limit) return Step.DONE;
    putSrqLimit(journal, srq, 0);
    return tellSrq(this.#core, srqNumber(srq), EventType.SRQ_LIMIT);
  }

  /** Takes up the receive that the queue pair holds. */
  resume(qp: QpRow): Outcome {
    const { m } = this.#core;
    const srqn = qpSrqn(m, qp);
    const srq = srqRow(m, srqn);
    this.#taken = true;
    this.#pd = srqn === 0 || srq === NONE ? qpPd(m, qp) : srqPd(m, srq);
    this.#logStride = qpRecvLogStrideAt(m, qp);
    return this.#parse(qp, qpRecvIndex(m, qp));
  }

  #parse(qp: QpRow, index: number): WcStatus {
    const { m } = this.#core;
    return this.d.parse(m, receiveAt(qp), pow2(this.#logStride), index, RECEIVE_QUEUE, false);
  }

  /** Puts `bytes` of a frame into the receive, `done` bytes from its start. */
  scatter(qp: QpRow, done: number, frame: Uint8Array, at: number, bytes: number): Outcome {
    return scatterPayload(this.#core, qp, this.#pd, this.d, done, frame, at, bytes);
  }

  /** The queue pair holds the receive, with `done` bytes in it, until the message goes on. */
  keep(qp: QpRow, done: number): void {
    const { m, journal } = this.#core;
    if (qpRecvActive(m, qp) === 0) {
      putQpRecvActive(journal, qp, 1);
      putQpRecvIndex(journal, qp, this.d.index);
      putQpRecvLogStrideAt(journal, qp, this.#logStride);
    }
    if (qpRecvDone(m, qp) !== done) putQpRecvDone(journal, qp, done);
  }

  /**
   * The message is dropped. What was taken from a shared queue stays for the next one; an own receive stays where it is.
   * Only a sound receive may stay: one that no message can go into fails.
   */
  abandon(qp: QpRow): void {
    const { m, journal } = this.#core;
    if (qpSrqn(m, qp) !== 0) {
      if (this.#taken || qpRecvActive(m, qp) === 1) this.keep(qp, 0);
      return;
    }
    if (qpRecvActive(m, qp) !== 0) putQpRecvActive(journal, qp, 0);
    if (qpRecvDone(m, qp) !== 0) putQpRecvDone(journal, qp, 0);
  }

  /** Nothing of the step so far has taken a receive. */
  forget(): void {
    this.#taken = false;
  }

  /** The message of which `p` is the last packet has arrived: `bytes` of it. */
  finish(qp: QpRow, opcode: Opcode, bytes: number, p: PacketFields, srcQpn: number, grh: boolean): Step {
    const core = this.#core;
    const { journal, m } = core;
    const extra = extraOf(p.opcode);
    const c = completion;
    c.wrIdLo = this.d.wrIdLo;
    c.wrIdHi = this.d.wrIdHi;
    c.qpn = qpNumber(qp);
    c.index = this.d.index;
    c.status = WcStatus.SUCCESS;
    c.opcode = opcode;
    c.receive = true;
    c.srcQpn = srcQpn;
    c.byteCount = bytes;
    c.solicited = p.solicited;
    c.withImmediate = extra === Extra.IMMEDIATE;
    c.withInvalidate = extra === Extra.INVALIDATE;
    if (extra === Extra.NOTHING) c.immediate = 0;
    else if (extra === Extra.IMMEDIATE) c.immediate = p.immediate;
    else c.immediate = p.invalidateKey;
    c.grh = grh;
    const step = complete(core, cqRow(m, qpRecvCqn(m, qp)), c);
    if (step !== Step.DONE) return step;
    countUp(journal, qp + QP_COUNT_RX_MESSAGES_OFFSET / 4);
    countUp(journal, qp + QP_COUNT_RX_BYTES_OFFSET / 4, bytes);
    releaseReceive(core, qp);
    return Step.DONE;
  }

  /** The receive cannot take the message: it completes with `status`, and the queue pair stops. */
  fail(qp: QpRow, status: WcStatus): Step {
    const core = this.#core;
    const { index, wrIdLo, wrIdHi } = this.d;
    if (this.#taken) {
      const step = completeReceive(core, qp, index, wrIdLo, wrIdHi, status);
      if (step !== Step.DONE) return step;
      countUp(core.journal, qp + QP_COUNT_ERRORS_OFFSET / 4);
      releaseReceive(core, qp);
    }
    return enterError(core, qp, status, index);
  }
}
