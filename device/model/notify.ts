// SPDX-License-Identifier: MIT
// What doorbells and trailers have in common: may this page ring this queue, how far is an index ahead, and the
// counters that say what became of the store.
import { QpState } from '../abi/generated/commands.js';
import {
  putQpSendProducer,
  qpPage,
  qpSendConsumer,
  qpSendLogDepth,
  qpSendProducer,
  qpState,
  ST_COUNT_BAD_ACCESSES_OFFSET,
  ST_COUNT_DOORBELLS_OFFSET,
  ST_COUNT_IGNORED_OFFSET,
  ST_COUNT_REFUSED_OFFSET,
} from '../abi/generated/state.js';
import type { Core } from './core.js';
import { distance, pow2 } from './powers.js';
import { NONE, type QpRow } from './rows.js';

/** Work-queue indices are free running modulo 65,536; one at least this far ahead is behind: it was taken already. */
export const HALF = 32768;

const COUNT_DOORBELLS = ST_COUNT_DOORBELLS_OFFSET / 4;
const COUNT_IGNORED = ST_COUNT_IGNORED_OFFSET / 4;
const COUNT_REFUSED = ST_COUNT_REFUSED_OFFSET / 4;
const COUNT_BAD_ACCESSES = ST_COUNT_BAD_ACCESSES_OFFSET / 4;

/** Moves a send queue's producer index to `index`, if the page, the state and the index allow it. Also used by trailers. */
export function ringSend(core: Core, page: number, qp: QpRow, index: number): void {
  const { m, journal } = core;
  if (!maySend(m, page, qp)) return refuse(core);
  const producer = qpSendProducer(m, qp);
  const posted = distance(index, producer);
  if (posted === 0 || posted > HALF) return ignore(core);
  if (distance(index, qpSendConsumer(m, qp)) > pow2(qpSendLogDepth(m, qp))) return refuse(core);
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

export function refuse(core: Core): void {
  core.journal.add(COUNT_REFUSED, 1);
}

export function ignore(core: Core): void {
  core.journal.add(COUNT_IGNORED, 1);
}

export function badAccess(core: Core): void {
  core.journal.add(COUNT_BAD_ACCESSES, 1);
}
