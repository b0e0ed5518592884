// SPDX-License-Identifier: MIT
// Events: take the place, put the entry into the outbox, move the producer index, raise the interrupt of an armed queue.
// An event that finds its queue full is remembered in the word UNTOLD of what it is about, a bit for each type, and
// told after the next EQ_ARM. All of it belongs to the step that calls it.
import {
  EQE_SIZE,
  EventType,
  setEqeDetail,
  setEqeNumber,
  setEqeOwner,
  setEqeOwnerValid,
  setEqeType,
} from '../abi/generated/descriptors.js';
import { FaultObject } from '../abi/generated/registers.js';
import {
  Armed,
  CQ_UNTOLD_OFFSET,
  cqEqn,
  eqAddress,
  eqArmed,
  eqConsumer,
  eqDeferred,
  eqLkey,
  eqLogDepth,
  eqProducer,
  eqVector,
  GID_COUNT,
  GID_TABLE,
  GID_UNTOLD_OFFSET,
  GID_WORDS,
  gidUntold,
  putEqArmed,
  putEqConsumer,
  putEqDeferred,
  putEqOverflowed,
  putEqProducer,
  QP_UNTOLD_OFFSET,
  qpErrorStatus,
  qpRecvActive,
  qpSrqn,
  qpUntold,
  SRQ_TABLE,
  SRQ_UNTOLD_OFFSET,
  SRQ_WORDS,
  ST_PORT_UNTOLD_OFFSET,
  srqUntold,
  stPortUntold,
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
  qpEnd,
  qpNumber,
  qpRow,
  srqEnd,
  srqRow,
} from './rows.js';
import { Segment } from './translate.js';

const EQE_WORDS = EQE_SIZE / 4;
/** Events that concern the function, a queue pair or a shared receive queue go to the first event queue. */
export const ASYNC_EQ = 0;
const EQ_INFO = faultInfo(FaultObject.EQ, 0, true);
/** The port has this number in events. */
const PORT_NUMBER = 1;

const segment = new Segment();

export function tellCqError(core: Core, cq: CqRow): Step {
  const untold = cq + CQ_UNTOLD_OFFSET / 4;
  const eq = eqRow(core.m, cqEqn(core.m, cq));
  // This word is a flag: a completion queue has one kind of event that may have to wait.
  return tell(core, eq, EventType.CQ_ERROR, cqNumber(cq), 0, untold, 1);
}

/** What happened to a queue pair; call it after the words that it is about (error_status) are set. */
export function tellQp(core: Core, qp: QpRow, type: EventType, detail = 0): Step {
  return tellAsync(core, type, qpNumber(qp), detail, qp + QP_UNTOLD_OFFSET / 4);
}

/**
 * A queue pair with a shared receive queue is in the error state: once the receive that it has taken is flushed it takes no
 * more, and who wants to destroy it may. Call it where it enters that state and where such a receive has been flushed.
 */
export function tellLastWqe(core: Core, qp: QpRow): Step {
  if (qpSrqn(core.m, qp) === 0 || qpRecvActive(core.m, qp) === 1) return Step.DONE;
  return tellQp(core, qp, EventType.LAST_WQE_REACHED);
}

/** The detail of an event of a queue pair that is told late. */
export function lateDetail(m: Uint32Array, qp: QpRow, type: EventType): number {
  return type === EventType.QP_FATAL ? qpErrorStatus(m, qp) : 0;
}

export function tellSrq(core: Core, number: number, type: EventType): Step {
  return tellAsync(core, type, number, 0, SRQ_TABLE + number * SRQ_WORDS + SRQ_UNTOLD_OFFSET / 4);
}

export function tellPort(core: Core, type: EventType): Step {
  return tellAsync(core, type, PORT_NUMBER, 0, ST_PORT_UNTOLD_OFFSET / 4);
}

export function tellGid(core: Core, index: number): Step {
  const untold = GID_TABLE + index * GID_WORDS + GID_UNTOLD_OFFSET / 4;
  return tell(core, eqRow(core.m, ASYNC_EQ), EventType.GID_CHANGE, PORT_NUMBER, index, untold, 1);
}

function tellAsync(core: Core, type: EventType, number: number, detail: number, untold: number): Step {
  return tell(core, eqRow(core.m, ASYNC_EQ), type, number, detail, untold, pow2(type));
}

/** Posts an event, or has `bit` of the word `untold` remember it until there is room. */
function tell(
  core: Core,
  eq: EqRow,
  type: EventType,
  number: number,
  detail: number,
  untold: number,
  bit: number,
): Step {
  const { m, journal } = core;
  const full = eq !== NONE && isFull(m, eq);
  const before = m[untold];
  const after = (full ? before | bit : before & ~bit) >>> 0;
  // What waits while there is no event queue is for the next one.
  if (eq !== NONE && after !== before) journal.put(untold, after);
  return full ? deferEvent(core, eq) : postEvent(core, eq, type, number, detail);
}

export const isFull = (m: Uint32Array, eq: EqRow): boolean =>
  distance(eqProducer(m, eq), eqConsumer(m, eq)) >= pow2(eqLogDepth(m, eq));

/** An event of the first event queue has found no room and was not told since. */
export function anyUntold(m: Uint32Array): boolean {
  if (stPortUntold(m, 0) !== 0) return true;
  for (let n = 0; n < GID_COUNT; n++) if (gidUntold(m, GID_TABLE + n * GID_WORDS) !== 0) return true;
  for (let n = 0; n < srqEnd(m); n++) {
    const srq = srqRow(m, n);
    if (srq !== NONE && srqUntold(m, srq) !== 0) return true;
  }
  for (let n = 0; n < qpEnd(m); n++) {
    const qp = qpRow(m, n);
    if (qp !== NONE && qpUntold(m, qp) !== 0) return true;
  }
  return false;
}

/** An event waits for room. */
export function deferEvent(core: Core, eq: EqRow): Step {
  if (eqDeferred(core.m, eq) === 0) putEqDeferred(core.journal, eq, 1);
  return Step.DONE;
}

export function postEvent(core: Core, eq: EqRow, type: EventType, number: number, detail: number): Step {
  const { m, journal } = core;
  if (eq === NONE) return Step.DONE;
  const log = eqLogDepth(m, eq);
  const producer = eqProducer(m, eq);
  const place = eqAddress(m, eq) + placeOf(producer, log) * EQE_SIZE;
  segment.of(place, EQE_SIZE).take(m, mrRow(m, eqLkey(m, eq)));
  const reach = core.memory.at(segment.address).check(EQE_SIZE, true);
  if (reach !== Dma.DONE) {
    core.dmaFailed(reach, FaultObject.EQ, eqNumber(eq), 0, segment.address, EQE_SIZE, true);
    return reach === Dma.NOT_YET ? Step.WAIT_MEMORY : loseEvent(core, eq);
  }
  const at = core.outbox.begin(segment, EQE_WORDS, EQ_INFO + eqNumber(eq));
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

/** Doorbell EQ_ARM. */
export function armEq(core: Core, eq: EqRow, consumer: number): void {
  putEqConsumer(core.journal, eq, consumer);
  putEqArmed(core.journal, eq, Armed.ANY);
  if (distance(eqProducer(core.m, eq), consumer) > 0) fireEq(core, eq);
  if (eqDeferred(core.m, eq) === 0) return;
  putEqDeferred(core.journal, eq, 0);
  core.hasRoom = true;
}
