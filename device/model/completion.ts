// SPDX-License-Identifier: MIT
// Completions: take the place, put the entry into the outbox, move the producer index, and if the queue is armed, say so
// one level up (CQ → EQ → interrupt, events.ts). All of it belongs to the step that calls it.
import {
  CQE_SIZE,
  EventType,
  setCqeByteCount,
  setCqeImmediate,
  setCqeOpcode,
  setCqeOwner,
  setCqeOwnerGrh,
  setCqeOwnerRecv,
  setCqeOwnerSolicited,
  setCqeOwnerValid,
  setCqeOwnerWithImmediate,
  setCqeOwnerWithInvalidate,
  setCqeQpn,
  setCqeSrcQpn,
  setCqeStatus,
  setCqeWqeIndex,
  setCqeWrIdHi,
  setCqeWrIdLo,
  WcStatus,
} from '../abi/generated/descriptors.js';
import { FaultObject } from '../abi/generated/registers.js';
import {
  Armed,
  cqAddress,
  cqArmed,
  cqConsumer,
  cqEqn,
  cqGathered,
  cqLkey,
  cqLogDepth,
  cqModeration,
  cqOverflowed,
  cqProducer,
  cqSolicited,
  putCqArmed,
  putCqConsumer,
  putCqGathered,
  putCqOverflowed,
  putCqProducer,
  putCqSolicited,
  ST_COUNT_COMPLETIONS_OFFSET,
} from '../abi/generated/state.js';
import { type Core, Step } from './core.js';
import { deferEvent, isFull, postEvent, tellCqError } from './events.js';
import { faultInfo } from './faults.js';
import { DUE, isDue } from './moderation.js';
import { Dma } from './ports.js';
import { distance, passOf, placeOf, pow2 } from './powers.js';
import { type CqRow, cqNumber, eqRow, mrRow, NONE } from './rows.js';
import { Segment } from './translate.js';

const CQE_WORDS = CQE_SIZE / 4;
const COUNT_COMPLETIONS = ST_COUNT_COMPLETIONS_OFFSET / 4;
/** What stands beside an owed write: what it is, to which the number of the queue is added. */
const CQ_INFO = faultInfo(FaultObject.CQ, 0, true);

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
  /** Immediate data, or the key that the sender invalidated, if one of the next two says so. */
  immediate = 0;
  withImmediate = false;
  withInvalidate = false;
  /** GRH_BYTES stand before the message. */
  grh = false;
}

/** Writes one completion. A queue that is full or cannot be written loses it, once and for all, with an event. */
export function complete(core: Core, cq: CqRow, c: Completion): Step {
  const { m, journal } = core;
  if (cqOverflowed(m, cq) === 1) return Step.DONE;
  const log = cqLogDepth(m, cq);
  const producer = cqProducer(m, cq);
  if (distance(producer, cqConsumer(m, cq)) >= pow2(log)) return breakCq(core, cq);
  const at = cqAddress(m, cq) + placeOf(producer, log) * CQE_SIZE;
  segment.of(at, CQE_SIZE).take(m, mrRow(m, cqLkey(m, cq)));
  const reach = core.memory.at(segment.address).check(CQE_SIZE, true);
  if (reach !== Dma.DONE) {
    core.dmaFailed(reach, FaultObject.CQ, cqNumber(cq), c.index, segment.address, CQE_SIZE, true);
    return reach === Dma.NOT_YET ? Step.WAIT_MEMORY : breakCq(core, cq);
  }
  writeCqe(m, core.outbox.begin(segment, CQE_WORDS, CQ_INFO + cqNumber(cq)), c, 1 - passOf(producer, log));
  core.outbox.add();
  putCqProducer(journal, cq, (producer + 1) >>> 0);
  journal.add(COUNT_COMPLETIONS, 1);
  const counts = c.solicited || c.status !== WcStatus.SUCCESS;
  if (counts) putCqSolicited(journal, cq, (producer + 1) >>> 0);
  const armed = cqArmed(m, cq);
  if (armed === Armed.NO || (armed === Armed.SOLICITED && !counts)) return Step.DONE;
  return cqModeration(m, cq) === 0 ? fireCq(core, cq) : gather(core, cq);
}

/** One more completion that counts, on a queue that does not tell of each. */
function gather(core: Core, cq: CqRow): Step {
  const gathered = Math.min(cqGathered(core.m, cq) + 1, DUE);
  putCqGathered(core.journal, cq, gathered);
  if (isDue(core.m, cq)) return fireCq(core, cq);
  if (gathered === 1) core.moderation.note(cq);
  return Step.DONE;
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
  setCqeImmediate(m, at, c.immediate);
  setCqeOwner(m, at, 0);
  setCqeOwnerSolicited(m, at, c.solicited ? 1 : 0);
  setCqeOwnerRecv(m, at, c.receive ? 1 : 0);
  setCqeOwnerWithImmediate(m, at, c.withImmediate ? 1 : 0);
  setCqeOwnerWithInvalidate(m, at, c.withInvalidate ? 1 : 0);
  setCqeOwnerGrh(m, at, c.grh ? 1 : 0);
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
  if (eq !== NONE && isFull(core.m, eq)) return deferEvent(core, eq);
  putCqArmed(core.journal, cq, Armed.NO);
  return postEvent(core, eq, EventType.COMPLETION, cqNumber(cq), 0);
}

/** Doorbell CQ_ARM. What stands beyond the consumer index already is looked at in a step of its own, by recheckCq. */
export function armCq(core: Core, cq: CqRow, consumer: number, solicited: boolean): void {
  const { m, journal } = core;
  putCqConsumer(journal, cq, consumer);
  putCqArmed(journal, cq, solicited ? Armed.SOLICITED : Armed.ANY);
  core.justArmed = cq;
  if (cqModeration(m, cq) === 0) return;
  putCqGathered(journal, cq, hasUntaken(m, cq) ? DUE : 0);
  core.moderation.forget(cq);
}

/** The period of a queue that gathers has ended: its event is due, and told by recheckCq. */
export function endPeriod(core: Core, cq: CqRow): void {
  putCqGathered(core.journal, cq, DUE);
}

/** Entries that count stand beyond the consumer index. */
function hasUntaken(m: Uint32Array, cq: CqRow): boolean {
  const end = cqArmed(m, cq) === Armed.SOLICITED ? cqSolicited(m, cq) : cqProducer(m, cq);
  const ahead = distance(end, cqConsumer(m, cq));
  return ahead > 0 && ahead <= pow2(cqLogDepth(m, cq));
}

/** Fires an armed completion queue that has something to tell; also after a time without DMA. */
export function recheckCq(core: Core, cq: CqRow): Step {
  const { m } = core;
  if (cqArmed(m, cq) === Armed.NO) return Step.DONE;
  const due = cqModeration(m, cq) === 0 ? hasUntaken(m, cq) : isDue(m, cq);
  return due ? fireCq(core, cq) : Step.DONE;
}
