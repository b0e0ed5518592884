// SPDX-License-Identifier: MIT
// Completions and events. One function a kind: take the place, put the entry into the outbox, move the producer index,
// and if the queue is armed, say so one level up (CQ → EQ → interrupt). All of it belongs to the step that calls it.
import {
  CQE_SIZE,
  EQE_SIZE,
  EventType,
  setCqeByteCount,
  setCqeOpcode,
  setCqeOwner,
  setCqeOwnerRecv,
  setCqeOwnerSolicited,
  setCqeOwnerValid,
  setCqeQpn,
  setCqeSrcQpn,
  setCqeStatus,
  setCqeWqeIndex,
  setCqeWrIdHi,
  setCqeWrIdLo,
  setEqeDetail,
  setEqeNumber,
  setEqeOwner,
  setEqeOwnerValid,
  setEqeType,
  WcStatus,
} from '../abi/generated/descriptors.js';
import { FaultObject } from '../abi/generated/registers.js';
import {
  Armed,
  CQ_UNTOLD_OFFSET,
  cqAddress,
  cqArmed,
  cqConsumer,
  cqEqn,
  cqLkey,
  cqLogDepth,
  cqOverflowed,
  cqProducer,
  cqSolicited,
  eqAddress,
  eqArmed,
  eqConsumer,
  eqDeferred,
  eqLkey,
  eqLogDepth,
  eqProducer,
  eqVector,
  putCqArmed,
  putCqConsumer,
  putCqOverflowed,
  putCqProducer,
  putCqSolicited,
  putEqArmed,
  putEqConsumer,
  putEqDeferred,
  putEqOverflowed,
  putEqProducer,
  QP_UNTOLD_OFFSET,
  ST_COUNT_COMPLETIONS_OFFSET,
} from '../abi/generated/state.js';
import { type Core, Step } from './core.js';
import { faultInfo } from './faults.js';
import { VECTOR_BITS } from './interrupts.js';
import { Dma } from './ports.js';
import { distance, passOf, placeOf, pow2 } from './powers.js';
import {
  type CqRow,
  cqNumber,
  type EqRow,
  eqNumber,
  eqRow,
  mrRow,
  NONE,
  type QpRow,
  qpNumber,
} from './rows.js';
import { Segment } from './translate.js';

const CQE_WORDS = CQE_SIZE / 4;
const EQE_WORDS = EQE_SIZE / 4;
const COUNT_COMPLETIONS = ST_COUNT_COMPLETIONS_OFFSET / 4;
/** Events that concern the function or a queue pair go to the first event queue. */
const ASYNC_EQ = 0;

/** What stands beside an owed write: what it is, to which the number of the queue is added. */
const CQ_INFO = faultInfo(FaultObject.CQ, 0, true);
const EQ_INFO = faultInfo(FaultObject.EQ, 0, true);

const segment = new Segment();

/** What a completion says; one instance is reused. */
export class Completion {
  wrIdLo = 0;
  wrIdHi = 0;
  qpn = 0;
  srcQpn = 0;
  byteCount = 0;
  opcode = 0;
  status: WcStatus = WcStatus.SUCCESS;
  index = 0;
  solicited = false;
  receive = false;
}

/** Writes one completion. A queue that is full or cannot be written loses it, once and for all, with an event. */
export function complete(core: Core, cq: CqRow, c: Completion): Step {
  const { m, journal } = core;
  if (cqOverflowed(m, cq) === 1) return Step.DONE;
  const log = cqLogDepth(m, cq);
  const producer = cqProducer(m, cq);
  if (distance(producer, cqConsumer(m, cq)) >= pow2(log)) return breakCq(core, cq);
  const at = cqAddress(m, cq) + placeOf(producer, log) * CQE_SIZE;
  segment.take(m, mrRow(m, cqLkey(m, cq)), at, CQE_SIZE);
  const reach = core.memory.check(segment.address, CQE_SIZE, true);
  if (reach !== Dma.DONE) {
    core.dmaFailed(reach, FaultObject.CQ, cqNumber(cq), c.index, segment.address, CQE_SIZE, true);
    return reach === Dma.NOT_YET ? Step.WAIT_MEMORY : breakCq(core, cq);
  }
  writeCqe(
    m,
    core.outbox.begin(segment.address, CQE_WORDS, CQ_INFO + cqNumber(cq)),
    c,
    1 - passOf(producer, log),
  );
  core.outbox.add();
  putCqProducer(journal, cq, (producer + 1) >>> 0);
  journal.add(COUNT_COMPLETIONS, 1);
  const counts = c.solicited || c.status !== WcStatus.SUCCESS;
  if (counts) putCqSolicited(journal, cq, (producer + 1) >>> 0);
  const armed = cqArmed(m, cq);
  if (armed === Armed.NO || (armed === Armed.SOLICITED && !counts)) return Step.DONE;
  return fireCq(core, cq);
}

function writeCqe(m: Uint32Array, at: number, c: Completion, owner: number): void {
  setCqeWrIdLo(m, at, c.wrIdLo);
  setCqeWrIdHi(m, at, c.wrIdHi);
  setCqeQpn(m, at, c.qpn);
  setCqeByteCount(m, at, c.byteCount);
  setCqeOpcode(m, at, c.opcode);
  setCqeStatus(m, at, c.status);
  setCqeWqeIndex(m, at, c.index);
  setCqeSrcQpn(m, at, c.srcQpn);
  m[at + CQE_WORDS - 2] = 0;
  setCqeOwner(m, at, 0);
  setCqeOwnerSolicited(m, at, c.solicited ? 1 : 0);
  setCqeOwnerRecv(m, at, c.receive ? 1 : 0);
  setCqeOwnerValid(m, at, owner);
}

function breakCq(core: Core, cq: CqRow): Step {
  core.host.log(
    'warn',
    `completion queue ${cqNumber(cq)} overflowed or cannot be written: completions are lost`,
  );
  putCqOverflowed(core.journal, cq, 1);
  return tellCqError(core, cq);
}

/** A queue whose event queue is full stays armed, and is looked at again after the next EQ_ARM. */
function fireCq(core: Core, cq: CqRow): Step {
  const eq = eqRow(core.m, cqEqn(core.m, cq));
  if (eq !== NONE && isFull(core.m, eq)) return defer(core, eq);
  putCqArmed(core.journal, cq, Armed.NO);
  return postEvent(core, eq, EventType.COMPLETION, cqNumber(cq), 0);
}

export function tellCqError(core: Core, cq: CqRow): Step {
  const untold = cq + CQ_UNTOLD_OFFSET / 4;
  return tell(core, eqRow(core.m, cqEqn(core.m, cq)), EventType.CQ_ERROR, cqNumber(cq), 0, untold);
}

/** The queue pair went to the error state by itself. */
export function tellQpFatal(core: Core, qp: QpRow, status: number): Step {
  return tell(
    core,
    eqRow(core.m, ASYNC_EQ),
    EventType.QP_FATAL,
    qpNumber(qp),
    status,
    qp + QP_UNTOLD_OFFSET / 4,
  );
}

/** Posts an event, or has the word `untold` remember it until there is room. */
function tell(core: Core, eq: EqRow, type: EventType, number: number, detail: number, untold: number): Step {
  const { m, journal } = core;
  const full = eq !== NONE && isFull(m, eq);
  if (m[untold] !== (full ? 1 : 0)) journal.put(untold, full ? 1 : 0);
  return full ? defer(core, eq) : postEvent(core, eq, type, number, detail);
}

const isFull = (m: Uint32Array, eq: EqRow): boolean =>
  distance(eqProducer(m, eq), eqConsumer(m, eq)) >= pow2(eqLogDepth(m, eq));

function defer(core: Core, eq: EqRow): Step {
  if (eqDeferred(core.m, eq) === 0) putEqDeferred(core.journal, eq, 1);
  return Step.DONE;
}

function postEvent(core: Core, eq: EqRow, type: EventType, number: number, detail: number): Step {
  const { m, journal } = core;
  if (eq === NONE) return Step.DONE;
  const log = eqLogDepth(m, eq);
  const producer = eqProducer(m, eq);
  const place = eqAddress(m, eq) + placeOf(producer, log) * EQE_SIZE;
  segment.take(m, mrRow(m, eqLkey(m, eq)), place, EQE_SIZE);
  const reach = core.memory.check(segment.address, EQE_SIZE, true);
  if (reach !== Dma.DONE) {
    core.dmaFailed(reach, FaultObject.EQ, eqNumber(eq), 0, segment.address, EQE_SIZE, true);
    return reach === Dma.NOT_YET ? Step.WAIT_MEMORY : loseEvent(core, eq);
  }
  const at = core.outbox.begin(segment.address, EQE_WORDS, EQ_INFO + eqNumber(eq));
  setEqeType(m, at, type);
  setEqeNumber(m, at, number);
  setEqeDetail(m, at, detail);
  setEqeOwner(m, at, 0);
  setEqeOwnerValid(m, at, 1 - passOf(producer, log));
  core.outbox.add();
  putEqProducer(journal, eq, (producer + 1) >>> 0);
  if (eqArmed(m, eq) !== Armed.NO) fireEq(core, eq);
  return Step.DONE;
}

function loseEvent(core: Core, eq: EqRow): Step {
  putEqOverflowed(core.journal, eq, 1);
  return Step.DONE;
}

function fireEq(core: Core, eq: EqRow): void {
  putEqArmed(core.journal, eq, Armed.NO);
  core.outbox.interrupt(VECTOR_BITS[eqVector(core.m, eq)]);
}

/** Doorbell CQ_ARM. What stands beyond the consumer index already is looked at in a step of its own, by recheckCq. */
export function armCq(core: Core, cq: CqRow, consumer: number, solicited: boolean): void {
  putCqConsumer(core.journal, cq, consumer);
  putCqArmed(core.journal, cq, solicited ? Armed.SOLICITED : Armed.ANY);
  core.justArmed = cq;
}

/** Fires an armed completion queue that has something to tell; also after a time without DMA. */
export function recheckCq(core: Core, cq: CqRow): Step {
  const { m } = core;
  const armed = cqArmed(m, cq);
  if (armed === Armed.NO) return Step.DONE;
  const end = armed === Armed.SOLICITED ? cqSolicited(m, cq) : cqProducer(m, cq);
  const ahead = distance(end, cqConsumer(m, cq));
  return ahead > 0 && ahead <= pow2(cqLogDepth(m, cq)) ? fireCq(core, cq) : Step.DONE;
}

/** Doorbell EQ_ARM. */
export function armEq(core: Core, eq: EqRow, consumer: number): void {
  putEqConsumer(core.journal, eq, consumer);
  putEqArmed(core.journal, eq, Armed.ANY);
  if (distance(eqProducer(core.m, eq), consumer) > 0) fireEq(core, eq);
  if (eqDeferred(core.m, eq) === 0) return;
  putEqDeferred(core.journal, eq, 0);
  core.hasRoom = true;
}
