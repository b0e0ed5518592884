// SPDX-License-Identifier: MIT
// One step of a send queue: the descriptor at the head is taken (from a push slot or from memory), checked, and carried
// on by one slice; when it has ended, its completion, index and slot change together. A queue in the error state
// flushes one entry a step; one in SQE flushes its sends alone; one in SQD ends what has begun.
import { QpState } from '../abi/generated/commands.js';
import {
  EventType,
  Opcode,
  WcStatus,
  wqeOpcode,
  wqeWrIdHi,
  wqeWrIdLo,
} from '../abi/generated/descriptors.js';
import {
  PSLOT_DATA_OFFSET,
  pslotLength,
  putPslotUsed,
  putQpActive,
  putQpActiveAt,
  putQpActiveDone,
  putQpSendConsumer,
  putQpSqdEvent,
  QP_COUNT_ERRORS_OFFSET,
  QP_COUNT_FLUSHED_OFFSET,
  QP_COUNT_PUSHED_OFFSET,
  QP_COUNT_RUNG_OFFSET,
  QP_COUNT_TX_BYTES_OFFSET,
  QP_COUNT_TX_MESSAGES_OFFSET,
  qpActive,
  qpActiveAt,
  qpActiveDone,
  qpPd,
  qpRecvActive,
  qpRecvConsumer,
  qpRecvIndex,
  qpSendConsumer,
  qpSendCqn,
  qpSendLogStride,
  qpSendProducer,
  qpSqdEvent,
  qpState,
  qpType,
  ST_COUNT_DESCRIPTOR_READS_OFFSET,
} from '../abi/generated/state.js';
import { Completion, complete } from './completion.js';
import { type Core, Step } from './core.js';
import { countUp } from './counters.js';
import { Descriptor } from './descriptor.js';
import { tellLastWqe, tellQp } from './events.js';
import { runMemoryOp } from './memory-ops.js';
import { Dma } from './ports.js';
import { nextIndex, pow2 } from './powers.js';
import { failSend } from './qp-errors.js';
import { completeReceive, releaseReceive } from './receive.js';
import { cqRow, NONE, type QpRow, qpNumber } from './rows.js';
import { checkList, privileged } from './translate.js';
import { fetchReceive, fetchSend, receiveAt, sendAt } from './work-queues.js';

const completion = new Completion();

/** Carries out one slice of a checked descriptor; sets `ended` and the status when it was the last one. */
export type Execute = (core: Core, qp: QpRow, d: Descriptor, work: Work) => Step;

/** What a slice reports: the outcome once the descriptor has ended. */
export interface Work {
  ended: boolean;
  status: WcStatus;
}

export class SendQueue {
  readonly #core: Core;
  readonly #send: Execute;
  readonly #engine: Execute;
  readonly #d = new Descriptor();
  readonly #work: Work = { ended: false, status: WcStatus.SUCCESS };

  constructor(core: Core, send: Execute, engine: Execute) {
    this.#core = core;
    this.#send = send;
    this.#engine = engine;
  }

  /** One step of the queue's work. The caller commits or rolls back. */
  step(qp: QpRow): Step {
    const { m } = this.#core;
    const state = qpState(m, qp);
    if (state === QpState.ERR) return this.#flush(qp);
    if (state === QpState.SQE) return this.#flushSend(qp);
    const slot = this.#core.queues.headSlot(qp);
    const begun = qpActive(m, qp) === 1;
    if (!begun) {
      const reach = this.#begin(qp, slot);
      if (reach === Dma.NOT_YET) return Step.WAIT_MEMORY;
      if (reach === Dma.FAULT) return this.#end(qp, slot, WcStatus.LOC_ACCESS_ERR);
    }
    const at = begun ? qpActiveAt(m, qp) : bytesAt(qp, slot);
    const available = slot === NONE ? pow2(qpSendLogStride(m, qp)) : pslotLength(m, slot);
    const bad = this.#check(qp, at, available);
    if (bad !== WcStatus.SUCCESS) return this.#end(qp, slot, bad);
    this.#work.ended = false;
    const step = this.#execute(qp);
    if (step !== Step.DONE) return step;
    if (this.#work.ended) return this.#end(qp, slot, this.#work.status);
    if (!begun) this.#keep(qp, at);
    return Step.DONE;
  }

  /** There is more to do: the descriptor stays begun, and its bytes are the queue's own from now on. */
  #keep(qp: QpRow, at: number): void {
    const { journal } = this.#core;
    putQpActive(journal, qp, 1);
    putQpActiveAt(journal, qp, at);
  }

  /** The bytes of the descriptor are in the region: in the push slot (no read of guest memory), else by DMA. */
  #begin(qp: QpRow, slot: number): Dma {
    this.#d.forget(qpSendConsumer(this.#core.m, qp));
    if (slot !== NONE) return Dma.DONE;
    const dma = fetchSend(this.#core, qp);
    if (dma === Dma.DONE) this.#core.journal.add(ST_COUNT_DESCRIPTOR_READS_OFFSET / 4, 1);
    return dma;
  }

  #check(qp: QpRow, at: number, available: number): WcStatus {
    const { m } = this.#core;
    const d = this.#d;
    const status = d.parse(m, at, available, qpSendConsumer(m, qp), qpType(m, qp), privileged(m, qp));
    if (status !== WcStatus.SUCCESS) return status;
    // The engine looks at its lists itself, in the walk that it needs anyway.
    if (qpActiveDone(m, qp) > 0 || isEngine(d.opcode)) return WcStatus.SUCCESS;
    const pd = qpPd(m, qp);
    const gather = checkList(m, pd, d.gatherAt, d.gatherCount, false);
    return gather !== WcStatus.SUCCESS ? gather : checkList(m, pd, d.scatterAt, d.scatterCount, true);
  }

  /** A fence holds without effort: what stands before it in its queue has ended. */
  #execute(qp: QpRow): Step {
    const d = this.#d;
    switch (d.opcode) {
      case Opcode.NOP:
        this.#work.ended = true;
        this.#work.status = WcStatus.SUCCESS;
        return Step.DONE;
      case Opcode.COPY:
      case Opcode.FILL:
        return this.#engine(this.#core, qp, d, this.#work);
      case Opcode.LOCAL_INV:
      case Opcode.FAST_REG:
        return runMemoryOp(this.#core, qp, d, this.#work);
      default:
        return this.#send(this.#core, qp, d, this.#work);
    }
  }

  /** The descriptor has ended: completion, index and slot, all in this step. */
  #end(qp: QpRow, slot: number, status: WcStatus): Step {
    const core = this.#core;
    const d = this.#d;
    const failed = status !== WcStatus.SUCCESS;
    if (failed || d.signaled) {
      const bytes = failed ? 0 : d.bytes;
      completion.wrIdLo = d.wrIdLo;
      completion.wrIdHi = d.wrIdHi;
      const step = completeSend(core, qp, d.opcode, status, bytes);
      if (step !== Step.DONE) return step;
    }
    const step = failed ? failSend(core, qp, status, d.index) : this.#drained(qp);
    if (step !== Step.DONE) return step;
    this.#count(qp, slot, status);
    this.#release(qp, slot);
    return Step.DONE;
  }

  /** In SQD: this was the descriptor that had begun (IBTA 10.3.1.5). */
  #drained(qp: QpRow): Step {
    const core = this.#core;
    if (qpState(core.m, qp) !== QpState.SQD || qpSqdEvent(core.m, qp) === 0) return Step.DONE;
    putQpSqdEvent(core.journal, qp, 0);
    return tellQp(core, qp, EventType.SQ_DRAINED);
  }

  #count(qp: QpRow, slot: number, status: WcStatus): void {
    const { journal } = this.#core;
    countUp(journal, qp + (slot === NONE ? QP_COUNT_RUNG_OFFSET : QP_COUNT_PUSHED_OFFSET) / 4);
    if (status !== WcStatus.SUCCESS) return countEnd(this.#core, qp, status);
    countUp(journal, qp + QP_COUNT_TX_MESSAGES_OFFSET / 4);
    if (this.#d.bytes > 0) countUp(journal, qp + QP_COUNT_TX_BYTES_OFFSET / 4, this.#d.bytes);
  }

  #release(qp: QpRow, slot: number): void {
    const { m, journal, queues } = this.#core;
    if (slot !== NONE) {
      putPslotUsed(journal, slot, 0);
      queues.slotFreed(qp);
    }
    putQpSendConsumer(journal, qp, nextIndex(qpSendConsumer(m, qp)));
    if (qpActive(m, qp) !== 0) putQpActive(journal, qp, 0);
    if (qpActiveDone(m, qp) !== 0) putQpActiveDone(journal, qp, 0);
    queues.classify(qp);
  }

  /** Completes the oldest posted entry with WR_FLUSH_ERR: sends first, then receives. */
  #flush(qp: QpRow): Step {
    const { m } = this.#core;
    return qpSendProducer(m, qp) !== qpSendConsumer(m, qp) ? this.#flushSend(qp) : this.#flushReceive(qp);
  }

  #flushSend(qp: QpRow): Step {
    const { m, queues } = this.#core;
    const slot = queues.headSlot(qp);
    let at = bytesAt(qp, slot);
    if (slot === NONE && qpActive(m, qp) === 0) {
      const dma = fetchSend(this.#core, qp);
      if (dma === Dma.NOT_YET) return Step.WAIT_MEMORY;
      if (dma === Dma.FAULT) at = NONE;
    }
    const opcode = at === NONE ? Opcode.NOP : wqeOpcode(m, at);
    completion.wrIdLo = idLo(m, at);
    completion.wrIdHi = idHi(m, at);
    const step = completeSend(this.#core, qp, opcode, WcStatus.WR_FLUSH_ERR, 0);
    if (step !== Step.DONE) return step;
    countEnd(this.#core, qp, WcStatus.WR_FLUSH_ERR);
    this.#release(qp, slot);
    return Step.DONE;
  }

  /** With a shared receive queue that is the one that was taken, if any; the others are not this queue pair's. */
  #flushReceive(qp: QpRow): Step {
    const core = this.#core;
    const { m } = core;
    const held = qpRecvActive(m, qp) === 1;
    let at = receiveAt(qp);
    if (!held) {
      const dma = fetchReceive(core, qp);
      if (dma === Dma.NOT_YET) return Step.WAIT_MEMORY;
      if (dma === Dma.FAULT) at = NONE;
    }
    const index = held ? qpRecvIndex(m, qp) : qpRecvConsumer(m, qp);
    const step = completeReceive(core, qp, index, idLo(m, at), idHi(m, at), WcStatus.WR_FLUSH_ERR);
    if (step !== Step.DONE) return step;
    countEnd(core, qp, WcStatus.WR_FLUSH_ERR);
    releaseReceive(core, qp);
    return tellLastWqe(core, qp);
  }
}

/** Where the bytes of a descriptor stand that came by push, or from memory. */
const bytesAt = (qp: QpRow, slot: number): number =>
  slot === NONE ? sendAt(qp) : slot + PSLOT_DATA_OFFSET / 4;

const idLo = (m: Uint32Array, at: number): number => (at === NONE ? 0 : wqeWrIdLo(m, at));
const idHi = (m: Uint32Array, at: number): number => (at === NONE ? 0 : wqeWrIdHi(m, at));

const isEngine = (opcode: number): boolean => opcode === Opcode.COPY || opcode === Opcode.FILL;

/** Counts a completion that is not SUCCESS. */
function countEnd(core: Core, qp: QpRow, status: WcStatus): void {
  const counter = status === WcStatus.WR_FLUSH_ERR ? QP_COUNT_FLUSHED_OFFSET : QP_COUNT_ERRORS_OFFSET;
  countUp(core.journal, qp + counter / 4);
}

/** `completion` has the work-request id already: V8 puts words with the top bit set on the heap to hand them over. */
function completeSend(core: Core, qp: QpRow, opcode: number, status: WcStatus, bytes: number): Step {
  completion.qpn = qpNumber(qp);
  completion.srcQpn = 0;
  completion.byteCount = bytes;
  completion.opcode = opcode;
  completion.status = status;
  completion.index = qpSendConsumer(core.m, qp);
  completion.solicited = false;
  completion.receive = false;
  return complete(core, cqRow(core.m, qpSendCqn(core.m, qp)), completion);
}
