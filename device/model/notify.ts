// SPDX-License-Identifier: MIT
// What doorbells and trailers have in common: may this page ring this queue, how far is an index ahead, and what becomes
// of a store that does nothing: it is counted, and the diary keeps the reason. The reason is found again where the store
// was refused, by the same questions in the same order: the way of a good doorbell carries nothing for it.
import { QpState, QpType } from '../abi/generated/commands.js';
import {
  cqPage,
  DPAGE_COUNT_DOORBELLS_OFFSET,
  DPAGE_COUNT_IGNORED_OFFSET,
  DPAGE_COUNT_REFUSED_OFFSET,
  putQpSendProducer,
  qpPage,
  qpRecvConsumer,
  qpRecvLogDepth,
  qpRecvProducer,
  qpSendConsumer,
  qpSendLogDepth,
  qpSendProducer,
  qpSrqn,
  qpState,
  qpType,
  ST_COUNT_BAD_ACCESSES_OFFSET,
  ST_COUNT_DOORBELLS_OFFSET,
  ST_COUNT_IGNORED_OFFSET,
  ST_COUNT_REFUSED_OFFSET,
  srqConsumer,
  srqLogDepth,
  srqPage,
  srqProducer,
} from '../abi/generated/state.js';
import type { Core } from './core.js';
import { countAtPage } from './counters.js';
import type { Fields } from './diary.js';
import type { Journal } from './journal.js';
import { nameOf } from './names.js';
import { distance, pow2 } from './powers.js';
import { cqRow, eqRow, NONE, type QpRow, qpRow, srqRow } from './rows.js';

/** Work-queue indices are free running modulo 65,536; one at least this far ahead is behind: it was taken already. */
export const HALF = 32768;

/** What a store to a doorbell page went to; '?': the page was not given out. */
export type Register = 'SEND' | 'RECV' | 'CQ_ARM' | 'CQ_UPDATE' | 'EQ_ARM' | 'SRQ' | 'TRAILER' | '?';
type BadAccess = 'size' | 'no-register' | 'read-only' | 'value' | 'busy' | 'bar';

const COUNT_DOORBELLS = ST_COUNT_DOORBELLS_OFFSET / 4;
const COUNT_IGNORED = ST_COUNT_IGNORED_OFFSET / 4;
const COUNT_REFUSED = ST_COUNT_REFUSED_OFFSET / 4;
const COUNT_BAD_ACCESSES = ST_COUNT_BAD_ACCESSES_OFFSET / 4;

/** Moves a send queue's producer index to `index`, if the page, the state and the index allow it. Also used by trailers. */
export function ringSend(
  core: Core,
  page: number,
  number: number,
  qp: QpRow,
  index: number,
  register: Register,
): void {
  const { m, journal } = core;
  if (!maySend(m, page, qp)) return refuse(core, register, page, number, index);
  const producer = qpSendProducer(m, qp);
  const posted = distance(index, producer);
  if (posted === 0 || posted > HALF) return ignore(core, register, page, number, index, producer);
  if (!hasRoom(posted, producer, qpSendConsumer(m, qp), qpSendLogDepth(m, qp)))
    return refuse(core, register, page, number, index);
  putQpSendProducer(journal, qp, index);
  countDoorbell(journal, page);
  core.queues.classify(qp);
}

/**
 * `posted` more entries fit into a queue of 2^log. What stands in it is added to them, modulo nothing: in a queue of 2^15
 * that is full, 2^15 more would otherwise look like none at all.
 */
export const hasRoom = (posted: number, producer: number, consumer: number, log: number): boolean =>
  posted + distance(producer, consumer) <= pow2(log);

/** The queue exists, belongs to the page and is not in RESET. */
export function mayRing(m: Uint32Array, page: number, qp: QpRow): boolean {
  return qp !== NONE && qpPage(m, qp) === page && qpState(m, qp) !== QpState.RESET;
}

/** The queue may be rung for sending: from RTS on. In SQD what is posted waits, in SQE and ERR it is flushed. */
export function maySend(m: Uint32Array, page: number, qp: QpRow): boolean {
  return mayRing(m, page, qp) && qpState(m, qp) >= QpState.RTS;
}

/** The queue pair takes receives of its own: it is no DMA channel and has no shared receive queue. */
export const hasReceiveQueue = (m: Uint32Array, qp: QpRow): boolean =>
  qpType(m, qp) !== QpType.DMA && qpSrqn(m, qp) === 0;

/** A doorbell of the page moved a producer index. */
export function countDoorbell(journal: Journal, page: number): void {
  journal.add(COUNT_DOORBELLS, 1);
  countAtPage(journal, page, DPAGE_COUNT_DOORBELLS_OFFSET);
}

const COMPLETION = new Set<Register>(['CQ_ARM', 'CQ_UPDATE']);
/** The kind of queue that a register names, where it is no queue pair. */
const QUEUES: Partial<Record<Register, string>> = { CQ_ARM: 'cq', CQ_UPDATE: 'cq', EQ_ARM: 'eq', SRQ: 'srq' };

export function refuse(core: Core, register: Register, page: number, number: number, index: number): void {
  core.journal.add(COUNT_REFUSED, 1);
  countAtPage(core.journal, page, DPAGE_COUNT_REFUSED_OFFSET);
  if (register === '?')
    return core.diary.record('doorbell-refused', 'problem', { page, register, why: 'page-not-allocated' });
  const queue = QUEUES[register] ?? 'qp';
  const { why, ...details } = reason(core.m, register, page, number, index);
  core.diary.record('doorbell-refused', 'problem', { page, register, queue, number, why }, details);
}

/** Why such a store is refused, with what goes with it. */
function reason(
  m: Uint32Array,
  register: Register,
  page: number,
  number: number,
  index: number,
): Fields & { why: string } {
  if (register === 'EQ_ARM') return { why: eqRow(m, number) === NONE ? 'unknown-queue' : 'kernel-page-only' };
  if (COMPLETION.has(register)) {
    const cq = cqRow(m, number);
    return cq === NONE ? { why: 'unknown-queue' } : { why: 'other-page', ownerPage: cqPage(m, cq) };
  }
  if (register === 'SRQ') return sharedReason(m, page, number, index);
  const qp = qpRow(m, number);
  if (qp === NONE) return { why: 'unknown-queue' };
  if (qpPage(m, qp) !== page) return { why: 'other-page', ownerPage: qpPage(m, qp) };
  const receives = register === 'RECV';
  if (receives ? !mayRing(m, page, qp) : !maySend(m, page, qp))
    return { why: 'wrong-state', state: nameOf(QpState, qpState(m, qp)) };
  if (receives && !hasReceiveQueue(m, qp))
    return qpSrqn(m, qp) === 0 ? { why: 'no-receive-queue' } : { why: 'shared-queue', srqn: qpSrqn(m, qp) };
  const consumer = receives ? qpRecvConsumer(m, qp) : qpSendConsumer(m, qp);
  const producer = receives ? qpRecvProducer(m, qp) : qpSendProducer(m, qp);
  const depth = pow2(receives ? qpRecvLogDepth(m, qp) : qpSendLogDepth(m, qp));
  return { why: 'index-too-far', index, producer, consumer, depth };
}

function sharedReason(m: Uint32Array, page: number, number: number, index: number): Fields & { why: string } {
  const srq = srqRow(m, number);
  if (srq === NONE) return { why: 'unknown-queue' };
  if (srqPage(m, srq) !== page) return { why: 'other-page', ownerPage: srqPage(m, srq) };
  const [producer, consumer] = [srqProducer(m, srq), srqConsumer(m, srq)];
  return { why: 'index-too-far', index, producer, consumer, depth: pow2(srqLogDepth(m, srq)) };
}

export function ignore(
  core: Core,
  register: Register,
  page: number,
  number: number,
  index: number,
  producer: number,
): void {
  core.journal.add(COUNT_IGNORED, 1);
  countAtPage(core.journal, page, DPAGE_COUNT_IGNORED_OFFSET);
  const key = { page, register, number, why: 'already-taken' };
  core.diary.record('doorbell-ignored', 'note', key, { index, producer });
}

/** An access that no register takes. `write` false: a load. */
export function badAccess(
  core: Core,
  bar: number,
  offset: number,
  size: number,
  why: BadAccess,
  write = true,
): void {
  core.journal.add(COUNT_BAD_ACCESSES, 1);
  core.diary.record('bad-access', 'problem', { bar, offset, size, write, why });
}
