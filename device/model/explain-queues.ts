// SPDX-License-Identifier: MIT
// The part of explain.ts about queues: which queue pair waits for what, which is in error and since which descriptor,
// which completion or event queue has something to tell and nobody to tell it to.
import { QpState, QpType } from '../abi/generated/commands.js';
import { WcStatus } from '../abi/generated/descriptors.js';
import { FaultObject } from '../abi/generated/registers.js';
import {
  Armed,
  CQ_TABLE,
  CQ_WORDS,
  cqArmed,
  cqConsumer,
  cqGathered,
  cqLogDepth,
  cqModerationCount,
  cqModerationPeriodUs,
  cqOverflowed,
  cqProducer,
  cqUsed,
  EQ_TABLE,
  EQ_WORDS,
  eqArmed,
  eqConsumer,
  eqDeferred,
  eqLogDepth,
  eqOverflowed,
  eqProducer,
  eqUsed,
  eqVector,
  qpActive,
  qpDestQpn,
  qpErrorIndex,
  qpErrorStatus,
  qpFaultAddress,
  qpFaultInfo,
  qpRecvConsumer,
  qpRecvProducer,
  qpSendConsumer,
  qpSendProducer,
  qpSrqn,
  qpState,
  qpType,
  qpUsed,
  srqConsumer,
  srqFailed,
  srqProducer,
} from '../abi/generated/state.js';
import type { Core } from './core.js';
import type { Finding } from './diary.js';
import { isFull } from './events.js';
import { faultFields } from './faults.js';
import { gathers } from './moderation.js';
import { nameOf } from './names.js';
import { distance, pow2 } from './powers.js';
import {
  type CqRow,
  cqEnd,
  type EqRow,
  eqEnd,
  NONE,
  type QpRow,
  qpEnd,
  qpNumber,
  qpRow,
  rowOfQp,
  srqEnd,
  srqRow,
} from './rows.js';

/** Findings of one code at most; what is left out is counted. */
const SHOWN_MAX = 64;

class Findings {
  readonly #found: Finding[] = [];
  readonly #counts = new Map<string, number>();

  add(severity: 'problem' | 'note', code: string, fields: object): void {
    const count = (this.#counts.get(code) ?? 0) + 1;
    this.#counts.set(code, count);
    if (count <= SHOWN_MAX) this.#found.push({ code, severity, ...fields });
  }

  /** With a note for each code of which not all are there. */
  all(): Finding[] {
    const left = [...this.#counts].filter(([, count]) => count > SHOWN_MAX);
    const notes = left.map(([what, count]) => ({
      code: 'not-shown',
      severity: 'note' as const,
      what,
      count: count - SHOWN_MAX,
    }));
    return [...this.#found, ...notes];
  }
}

const stateOf = (m: Uint32Array, qp: QpRow): string => nameOf(QpState, qpState(m, qp));
/** Types with another end. */
const CONNECTED: readonly number[] = [QpType.RC, QpType.UC];

/** Receives that the queue pair may take: its own, or those of its shared queue. */
function receivesOf(m: Uint32Array, qp: QpRow): number {
  const srq = srqRow(m, qpSrqn(m, qp));
  if (srq === NONE) return distance(qpRecvProducer(m, qp), qpRecvConsumer(m, qp));
  return distance(srqProducer(m, srq), srqConsumer(m, srq));
}

/** The queue pair at the other end, its state ('none': no such queue pair), and its shared receive queue if it has one. */
function peerOf(m: Uint32Array, qp: QpRow): { peer: number; peerState: string; srqn?: number } {
  const peer = qpDestQpn(m, qp);
  const row = qpRow(m, peer);
  if (row === NONE) return { peer, peerState: 'none' };
  const srqn = qpSrqn(m, row);
  return { peer, peerState: stateOf(m, row), ...(srqn === 0 ? {} : { srqn }) };
}

export function explainQueuePairs(core: Core): Finding[] {
  const { m } = core;
  const found = new Findings();
  for (let n = 0; n < qpEnd(m); n++) {
    const qp = rowOfQp(n);
    if (qpUsed(m, qp) === 1) explainQueuePair(core, qp, found);
  }
  return found.all();
}

function explainQueuePair(core: Core, qp: QpRow, found: Findings): void {
  const { m, queues } = core;
  const state = qpState(m, qp);
  const self = { qpn: qpNumber(qp), type: nameOf(QpType, qpType(m, qp)) };
  const receives = receivesOf(m, qp);
  const waiting = distance(qpSendProducer(m, qp), qpSendConsumer(m, qp));
  if (state === QpState.ERR) found.add('problem', 'qp-error', { ...self, ...errorOf(m, qp) });
  else if (state === QpState.SQE) found.add('problem', 'qp-send-error', { ...self, ...errorOf(m, qp) });
  else if (state === QpState.SQD)
    found.add('note', 'qp-drained', { ...self, draining: qpActive(m, qp) === 1, waiting });
  else if (state !== QpState.RTS)
    found.add('note', 'qp-wrong-state', { ...self, state: stateOf(m, qp), receives });
  if (queues.isBlocked(qp)) explainBlocked(core, qp, waiting, found);
  let pushed = 0;
  queues.eachSlot(qp, () => pushed++);
  found.add('note', 'doorbells', {
    ...self,
    state: stateOf(m, qp),
    seen: qpSendProducer(m, qp),
    executed: qpSendConsumer(m, qp),
    waiting,
    pushed,
    receives,
  });
}

/** Why it is in the error state; status '' when software has put it there. */
function errorOf(m: Uint32Array, qp: QpRow): object {
  const status = qpErrorStatus(m, qp);
  const info = qpFaultInfo(m, qp);
  return {
    status: status === 0 ? '' : nameOf(WcStatus, status),
    index: qpErrorIndex(m, qp),
    ...(info === 0 ? {} : { fault: { ...faultFields(info), address: qpFaultAddress(m, qp) } }),
    ...(CONNECTED.includes(qpType(m, qp)) ? peerOf(m, qp) : {}),
  };
}

function explainBlocked({ m, diary }: Core, qp: QpRow, waiting: number, found: Findings): void {
  const qpn = qpNumber(qp);
  const wait = diary.waitOf(qpn);
  if (wait === undefined)
    return found.add('problem', 'waits-for-receive', { qpn, ...peerOf(m, qp), waiting });
  const object = nameOf(FaultObject, wait.object);
  found.add('problem', 'waits-for-translation', { qpn, object, number: wait.number, address: wait.address });
}

/** Completion, event and shared receive queues. */
export function explainQueues(m: Uint32Array): Finding[] {
  const found = new Findings();
  for (let n = 0; n < eqEnd(m); n++) {
    const eq = EQ_TABLE + n * EQ_WORDS;
    if (eqUsed(m, eq) === 1) explainEq(m, eq, n, found);
  }
  for (let n = 0; n < cqEnd(m); n++) {
    const cq = CQ_TABLE + n * CQ_WORDS;
    if (cqUsed(m, cq) === 1) explainCq(m, cq as CqRow, n, found);
  }
  for (let n = 0; n < srqEnd(m); n++) {
    const srq = srqRow(m, n);
    if (srq !== NONE && srqFailed(m, srq) === 1) found.add('problem', 'srq-failed', { srqn: n });
  }
  return found.all();
}

function explainEq(m: Uint32Array, eq: number, eqn: number, found: Findings): void {
  const events = distance(eqProducer(m, eq), eqConsumer(m, eq));
  if (eqOverflowed(m, eq) === 1) found.add('problem', 'eq-overflow', { eqn });
  if (eqDeferred(m, eq) === 1 && isFull(m, eq as EqRow))
    found.add('problem', 'eq-full', { eqn, depth: pow2(eqLogDepth(m, eq)) });
  if (eqArmed(m, eq) === Armed.NO && events > 0)
    found.add('problem', 'eq-not-armed', { eqn, vector: eqVector(m, eq), events });
}

function explainCq(m: Uint32Array, cq: CqRow, cqn: number, found: Findings): void {
  const entries = distance(cqProducer(m, cq), cqConsumer(m, cq));
  const armed = cqArmed(m, cq);
  if (cqOverflowed(m, cq) === 1) found.add('problem', 'cq-overflow', { cqn, depth: pow2(cqLogDepth(m, cq)) });
  if (gathers(m, cq))
    found.add('note', 'cq-gathers', {
      cqn,
      gathered: cqGathered(m, cq),
      count: cqModerationCount(m, cq),
      periodUs: cqModerationPeriodUs(m, cq),
    });
  if (armed !== Armed.ANY && entries > 0)
    found.add('note', 'cq-not-armed', { cqn, entries, armed: nameOf(Armed, armed) });
}
