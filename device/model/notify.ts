// SPDX-License-Identifier: MIT
// What doorbells and trailers have in common: may this page ring this queue, how far is an index ahead, and what becomes
// of a store that does nothing: it is counted, and the diary keeps the reason. The reason is found again where the store
// was refused, by the same questions in the same order: the way of a good doorbell carries nothing for it.
import { QpState, QpType } from '../abi/generated/commands.js';
import {
  cqPage,
  putQpSendProducer,
  qpPage,
  qpRecvConsumer,
  qpRecvLogDepth,
  qpRecvProducer,
  qpSendConsumer,
  qpSendLogDepth,
  qpSendProducer,
  qpState,
  qpType,
  ST_COUNT_BAD_ACCESSES_OFFSET,
  ST_COUNT_DOORBELLS_OFFSET,
  ST_COUNT_IGNORED_OFFSET,
  ST_COUNT_REFUSED_OFFSET,
} from '../abi/generated/state.js';
import type { Core } from './core.js';
import type { Fields } from './diary.js';
import { nameOf } from './names.js';
import { distance, pow2 } from './powers.js';
import { cqRow, eqRow, NONE, type QpRow, qpRow } from './rows.js';

/** Work-queue indices are free running modulo 65,536; one at least this far ahead is behind: it was taken already. */
export const HALF = 32768;

/** What a store to a doorbell page went to; '?': the page was not given out. */
export type Register = 'SEND' | 'RECV' | 'CQ_ARM' | 'CQ_UPDATE' | 'EQ_ARM' | 'TRAILER' | '?';
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
  if (distance(index, qpSendConsumer(m, qp)) > pow2(qpSendLogDepth(m, qp)))
    return refuse(core, register, page, number, index);
  putQpSendProducer(journal, qp, index);
  journal.add(COUNT_DOORBELLS, 1);
  core.queues.classify(qp);
}

/** The queue exists, belongs to the page and is not in RESET. */
export function mayRing(m: Uint32Array, page: number, qp: QpRow): boolean {
  return qp !== NONE && qpPage(m, qp) === page && qpState(m, qp) !== QpState.RESET;
}

/** The queue may be rung for sending: RTS, or ERR, where what is posted is flushed. */
export function maySend(m: Uint32Array, page: number, qp: QpRow): boolean {
  return mayRing(m, page, qp) && (qpState(m, qp) === QpState.RTS || qpState(m, qp) === QpState.ERR);
}

const COMPLETION = new Set<Register>(['CQ_ARM', 'CQ_UPDATE']);

export function refuse(core: Core, register: Register, page: number, number: number, index: number): void {
  core.journal.add(COUNT_REFUSED, 1);
  if (register === '?')
    return core.diary.record('doorbell-refused', 'problem', { page, register, why: 'page-not-allocated' });
  const queue = COMPLETION.has(register) ? 'cq' : register === 'EQ_ARM' ? 'eq' : 'qp';
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
  const qp = qpRow(m, number);
  if (qp === NONE) return { why: 'unknown-queue' };
  if (qpPage(m, qp) !== page) return { why: 'other-page', ownerPage: qpPage(m, qp) };
  const receives = register === 'RECV';
  if (receives ? !mayRing(m, page, qp) : !maySend(m, page, qp))
    return { why: 'wrong-state', state: nameOf(QpState, qpState(m, qp)) };
  if (receives && qpType(m, qp) !== QpType.RC) return { why: 'no-receive-queue' };
  const consumer = receives ? qpRecvConsumer(m, qp) : qpSendConsumer(m, qp);
  const producer = receives ? qpRecvProducer(m, qp) : qpSendProducer(m, qp);
  const depth = pow2(receives ? qpRecvLogDepth(m, qp) : qpSendLogDepth(m, qp));
  return { why: 'index-too-far', index, producer, consumer, depth };
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
