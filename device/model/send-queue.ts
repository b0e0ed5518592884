// SPDX-License-Identifier: MIT
// One step of a send queue: the descriptor at the head is taken (from a push slot or from memory), checked, and carried
// on by one slice; when it has ended, its completion, index and slot change together. A queue in the error state
// flushes one entry a step.
import { QpState, QpType } from '../abi/generated/commands.js';
import {
  EventType,
  Opcode,
  WcStatus,
  WQE_STRIDE_MAX,
  wqeOpcode,
  wqeWrIdHi,
  wqeWrIdLo,
} from '../abi/generated/descriptors.js';
import { FaultObject } from '../abi/generated/registers.js';
import {
  PSLOT_DATA_OFFSET,
  pslotLength,
  putPslotUsed,
  putQpActive,
  putQpActiveAt,
  putQpActiveDone,
  putQpErrorIndex,
  putQpErrorStatus,
  putQpFaultAddress,
  putQpFaultInfo,
  putQpRecvActive,
  putQpRecvConsumer,
  putQpRecvDone,
  putQpSendConsumer,
  putQpState,
  QP_RECV_WQE_OFFSET,
  QP_SEND_WQE_OFFSET,
  qpActive,
  qpActiveAt,
  qpActiveDone,
  qpDestQpn,
  qpPd,
  qpRecvActive,
  qpRecvAddress,
  qpRecvConsumer,
  qpRecvCqn,
  qpRecvDone,
  qpRecvLkey,
  qpRecvLogDepth,
  qpRecvLogStride,
  qpSendAddress,
  qpSendConsumer,
  qpSendCqn,
  qpSendLkey,
  qpSendLogDepth,
  qpSendLogStride,
  qpSendProducer,
  qpState,
  qpType,
  ST_COUNT_DESCRIPTOR_READS_OFFSET,
} from '../abi/generated/state.js';
import { Completion, complete } from './completion.js';
import { type Core, Step } from './core.js';
import { Descriptor } from './descriptor.js';
import { tellQp } from './events.js';
import { Dma } from './ports.js';
import { nextIndex, placeOf, pow2 } from './powers.js';
import { cqRow, NONE, type QpRow, qpNumber, qpRow } from './rows.js';
import { allow, checkList, Segment } from './translate.js';

const completion = new Completion();
const segment = new Segment();

/** Reads entry `index` of a queue, `bytes` long, into the region at word `target`. */
function fetchEntry(
  core: Core,
  object: number,
  qp: QpRow,
  index: number,
  key: number,
  address: number,
  bytes: number,
  target: number,
): Dma {
  const { m } = core;
  const stride = Math.min(bytes, WQE_STRIDE_MAX);
  const mr = allow(m, key, qpPd(m, qp), address, stride, false);
  if (mr === NONE) {
    core.faults.forget();
    return Dma.FAULT;
  }
  for (let done = 0; done < stride; done += segment.length) {
    segment.take(m, mr, address + done, stride - done);
    const dma = core.memory.readWords(segment.address, m, target + done / 4, segment.length / 4);
    if (dma !== Dma.DONE)
      return core.dmaFailed(dma, object, qpNumber(qp), index, segment.address, segment.length, false);
  }
  return Dma.DONE;
}

function fetchSend(core: Core, qp: QpRow): Dma {
  const { m } = core;
  const stride = pow2(qpSendLogStride(m, qp));
  const entry = placeOf(qpSendConsumer(m, qp), qpSendLogDepth(m, qp));
  return fetchEntry(
    core,
    FaultObject.SEND_QUEUE,
    qp,
    qpSendConsumer(m, qp),
    qpSendLkey(m, qp),
    qpSendAddress(m, qp) + entry * stride,
    stride,
    qp + QP_SEND_WQE_OFFSET / 4,
  );
}

export function fetchReceive(core: Core, qp: QpRow): Dma {
  const { m } = core;
  const stride = pow2(qpRecvLogStride(m, qp));
  const entry = placeOf(qpRecvConsumer(m, qp), qpRecvLogDepth(m, qp));
  return fetchEntry(
    core,
    FaultObject.RECV_QUEUE,
    qp,
    qpRecvConsumer(m, qp),
    qpRecvLkey(m, qp),
    qpRecvAddress(m, qp) + entry * stride,
    stride,
    qp + QP_RECV_WQE_OFFSET / 4,
  );
}

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
    if (qpState(m, qp) === QpState.ERR) return this.#flush(qp);
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
    const status = d.parse(m, at, available, qpSendConsumer(m, qp), false);
    if (status !== WcStatus.SUCCESS) return status;
    if (d.opcode === Opcode.SEND && qpType(m, qp) !== QpType.RC) return WcStatus.LOC_QP_OP_ERR;
    if (qpActiveDone(m, qp) > 0) return WcStatus.SUCCESS;
    const pd = qpPd(m, qp);
    const gather = checkList(m, pd, d.gatherAt, d.gatherCount, false);
    return gather !== WcStatus.SUCCESS ? gather : checkList(m, pd, d.scatterAt, d.scatterCount, true);
  }

  #execute(qp: QpRow): Step {
    switch (this.#d.opcode) {
      case Opcode.SEND:
        return this.#send(this.#core, qp, this.#d, this.#work);
      case Opcode.COPY:
      case Opcode.FILL:
        return this.#engine(this.#core, qp, this.#d, this.#work);
      default:
        this.#work.ended = true;
        this.#work.status = WcStatus.SUCCESS;
        return Step.DONE;
    }
  }

  /** The descriptor has ended: completion, index and slot, all in this step. */
  #end(qp: QpRow, slot: number, status: WcStatus): Step {
    const core = this.#core;
    const d = this.#d;
    const failed = status !== WcStatus.SUCCESS;
    if (failed || d.signaled) {
      const bytes = failed ? 0 : d.opcode === Opcode.SEND ? d.gatherBytes : d.scatterBytes;
      const step = completeSend(core, qp, d.wrIdLo, d.wrIdHi, d.opcode, status, bytes);
      if (step !== Step.DONE) return step;
    }
    if (failed) {
      const step = enterError(core, qp, status, d.index);
      if (step !== Step.DONE) return step;
    }
    this.#release(qp, slot);
    return Step.DONE;
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
    const step = completeSend(this.#core, qp, idLo(m, at), idHi(m, at), opcode, WcStatus.WR_FLUSH_ERR, 0);
    if (step === Step.DONE) this.#release(qp, slot);
    return step;
  }

  #flushReceive(qp: QpRow): Step {
    const { m } = this.#core;
    let at = qp + QP_RECV_WQE_OFFSET / 4;
    if (qpRecvActive(m, qp) === 0) {
      const dma = fetchReceive(this.#core, qp);
      if (dma === Dma.NOT_YET) return Step.WAIT_MEMORY;
      if (dma === Dma.FAULT) at = NONE;
    }
    const step = completeReceive(this.#core, qp, idLo(m, at), idHi(m, at), WcStatus.WR_FLUSH_ERR, 0, false);
    if (step !== Step.DONE) return step;
    releaseReceive(this.#core, qp);
    return Step.DONE;
  }
}

/** Where the bytes of a descriptor stand that came by push, or from memory. */
const bytesAt = (qp: QpRow, slot: number): number =>
  slot === NONE ? qp + QP_SEND_WQE_OFFSET / 4 : slot + PSLOT_DATA_OFFSET / 4;

const idLo = (m: Uint32Array, at: number): number => (at === NONE ? 0 : wqeWrIdLo(m, at));
const idHi = (m: Uint32Array, at: number): number => (at === NONE ? 0 : wqeWrIdHi(m, at));

function completeSend(
  core: Core,
  qp: QpRow,
  lo: number,
  hi: number,
  opcode: number,
  status: WcStatus,
  bytes: number,
): Step {
  completion.wrIdLo = lo;
  completion.wrIdHi = hi;
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

/** Writes the completion of the receive at the head of the queue. */
export function completeReceive(
  core: Core,
  qp: QpRow,
  lo: number,
  hi: number,
  status: WcStatus,
  bytes: number,
  solicited: boolean,
): Step {
  completion.wrIdLo = lo;
  completion.wrIdHi = hi;
  completion.qpn = qpNumber(qp);
  completion.srcQpn = status === WcStatus.SUCCESS ? qpDestQpn(core.m, qp) : 0;
  completion.byteCount = bytes;
  completion.opcode = Opcode.RECV;
  completion.status = status;
  completion.index = qpRecvConsumer(core.m, qp);
  completion.solicited = solicited;
  completion.receive = true;
  return complete(core, cqRow(core.m, qpRecvCqn(core.m, qp)), completion);
}

/** The receive at the head has ended. */
export function releaseReceive(core: Core, qp: QpRow): void {
  const { m, journal, queues } = core;
  putQpRecvConsumer(journal, qp, nextIndex(qpRecvConsumer(m, qp)));
  if (qpRecvActive(m, qp) !== 0) putQpRecvActive(journal, qp, 0);
  if (qpRecvDone(m, qp) !== 0) putQpRecvDone(journal, qp, 0);
  queues.classify(qp);
}

/** The queue pair goes to the error state by itself: remembered, told as an event, and a peer that waits for it is let go. */
export function enterError(core: Core, qp: QpRow, status: WcStatus, index: number): Step {
  const { m, journal, queues } = core;
  if (qpState(m, qp) === QpState.ERR) return Step.DONE;
  const step = tellQp(core, qp, EventType.QP_FATAL, status);
  if (step !== Step.DONE) return step;
  putQpState(journal, qp, QpState.ERR);
  putQpErrorStatus(journal, qp, status);
  putQpErrorIndex(journal, qp, index);
  // These two come from an access that failed in this very step.
  if (status === WcStatus.GENERAL_ERR || status === WcStatus.LOC_ACCESS_ERR) {
    putQpFaultInfo(journal, qp, core.faults.qpInfo);
    putQpFaultAddress(journal, qp, core.faults.qpAddress);
  }
  queues.classify(qp);
  const peer = qpRow(m, qpDestQpn(m, qp));
  if (peer !== NONE) queues.classify(peer);
  return Step.DONE;
}
