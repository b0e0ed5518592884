// SPDX-License-Identifier: MIT
// Commands, as far as the random programs use them: what each does, and the statuses with which it may be refused.
import { CommandCode as C, Hold, QpAttr, QpState, QpType } from '../../device/abi/generated/commands.js';
import { EventType } from '../../device/abi/generated/descriptors.js';
import { moderate } from './completions.js';
import { BLANK } from './descriptor.js';
import { type Cq, NO_COUNTERS, type Qp, type Ring, type Srq } from './objects.js';
import type { Reference } from './reference.js';
import { pending } from './rings.js';
import { ruleFor } from './transitions.js';

/** A status, or several when nothing says which one comes first. */
export type Expected = readonly number[];

/** There is one port. */
const PORT_NUMBER = 1;
const DONE: Expected = [C.OK];
const NO_SUCH: Expected = [C.BAD_HANDLE];

export const newRing = (logDepth: number, stride: number): Ring => ({
  depth: 2 ** logDepth,
  stride,
  entries: Array.from({ length: 2 ** logDepth }, () => BLANK),
  written: 0,
  producer: 0,
  consumer: 0,
});

export const newCq = (number: number, depth: number): Cq => ({
  number,
  depth,
  entries: [],
  consumer: 0,
  overflowed: false,
  armed: 'no',
  count: 1,
  periodUs: 0,
  gathered: 0,
  tellAt: 0,
});

export interface NewQp {
  readonly number: number;
  readonly type: number;
  readonly pd: number;
  readonly page: number;
  readonly sendCqn: number;
  readonly recvCqn: number;
  readonly srqn: number;
  readonly privileged: boolean;
  readonly logDepth: number;
  readonly stride: number;
}

export function createQp(r: Reference, o: NewQp): void {
  const channel = o.type === QpType.DMA;
  r.qps.set(o.number, {
    number: o.number,
    type: o.type,
    pd: o.pd,
    page: o.page,
    sendCq: r.cqs.get(o.sendCqn)!,
    recvCq: channel ? undefined : r.cqs.get(o.recvCqn),
    srq: r.srqs.get(o.srqn),
    privileged: o.privileged,
    send: newRing(o.logDepth, o.stride),
    recv: channel || o.srqn !== 0 ? undefined : newRing(o.logDepth, o.stride),
    pushed: new Map(),
    state: QpState.RESET,
    dest: 0,
    ip6: false,
    mtuBytes: 0,
    sqPsn: 0,
    rqPsn: 0,
    access: 0,
    qkey: 0,
    maxRdAtomic: 0,
    maxDestRdAtomic: 0,
    sqdEvent: false,
    draining: false,
    established: false,
    lastWqeTold: false,
    errorStatus: 0,
    active: undefined,
    incoming: undefined,
    kept: undefined,
    stuck: false,
    counters: { ...NO_COUNTERS },
  });
}

export function destroyQp(r: Reference, number: number): Expected {
  return r.qps.delete(number) ? DONE : NO_SUCH;
}

export interface Attributes {
  readonly state: number;
  readonly curState: number;
  readonly dest: number;
  readonly ip6: boolean;
  readonly mtu: number;
  readonly psn: number;
  readonly access: number;
  readonly qkey: number;
  readonly reads: number;
}

/** MODIFY_QP with the attributes of `mask`. */
export function modifyQp(r: Reference, number: number, mask: number, a: Attributes): Expected {
  const qp = r.qps.get(number);
  if (qp === undefined) return mask === 0 ? [C.BAD_PARAMETER, C.BAD_HANDLE] : NO_SUCH;
  const refused = mask === 0 ? [C.BAD_PARAMETER] : whyNot(qp, mask, a);
  if (refused.length > 0) return refused;
  takeAttributes(qp, mask, a);
  if (mask & QpAttr.STATE) enter(r, qp, a.state);
  return DONE;
}

function whyNot(qp: Qp, mask: number, a: Attributes): Expected {
  const to = mask & QpAttr.STATE ? a.state : qp.state;
  const rule = ruleFor(qp.type, qp.state, to);
  const given = mask & ~QpAttr.STATE;
  const statuses: number[] = [];
  if (rule === undefined) return [C.BAD_STATE];
  if ((given & rule.required) !== rule.required || (given & ~(rule.required | rule.optional)) !== 0)
    statuses.push(C.BAD_PARAMETER);
  if (given & QpAttr.CUR_STATE && a.curState !== qp.state) statuses.push(C.BAD_STATE);
  // Attributes of a send queue that still drains stay what they are (IBTA 10.3.1.5).
  if (qp.state === QpState.SQD && to === QpState.SQD && qp.draining) statuses.push(C.BAD_STATE);
  return statuses;
}

function takeAttributes(qp: Qp, mask: number, a: Attributes): void {
  const given = (bit: number): boolean => (mask & bit) !== 0;
  if (given(QpAttr.DEST_QPN)) qp.dest = a.dest;
  if (given(QpAttr.AV)) qp.ip6 = a.ip6;
  if (given(QpAttr.MTU)) qp.mtuBytes = 128 * 2 ** a.mtu;
  if (given(QpAttr.SQ_PSN)) qp.sqPsn = a.psn;
  if (given(QpAttr.RQ_PSN)) qp.rqPsn = a.psn;
  if (given(QpAttr.ACCESS)) qp.access = a.access;
  if (given(QpAttr.QKEY)) qp.qkey = a.qkey;
  if (given(QpAttr.MAX_RD_ATOMIC)) qp.maxRdAtomic = a.reads;
  if (given(QpAttr.MAX_DEST_RD_ATOMIC)) qp.maxDestRdAtomic = a.reads;
  qp.sqdEvent = given(QpAttr.SQD_EVENT);
}

function enter(r: Reference, qp: Qp, to: number): void {
  const from = qp.state;
  if (to === QpState.RESET) return reset(qp);
  if (to === QpState.ERR) {
    // It has taken nothing from a shared queue since it was reset: there is no last one.
    if (from === QpState.RESET) qp.lastWqeTold = true;
    return r.enterError(qp);
  }
  qp.state = to;
  qp.draining = false;
  if (to !== QpState.SQD || from === QpState.SQD) return;
  qp.draining = qp.active?.begun === true;
  if (!qp.draining) r.drained(qp);
}

/** What was posted is gone, without completions. */
function reset(qp: Qp): void {
  qp.state = QpState.RESET;
  for (const ring of [qp.send, qp.recv])
    if (ring !== undefined) Object.assign(ring, { written: 0, producer: 0, consumer: 0 });
  qp.pushed.clear();
  Object.assign(qp, {
    active: undefined,
    incoming: undefined,
    kept: undefined,
    errorStatus: 0,
    draining: false,
  });
  Object.assign(qp, { established: false, lastWqeTold: false, sqdEvent: false });
}

export function createSrq(r: Reference, srq: Srq): void {
  r.srqs.set(srq.number, srq);
}

/** A limit that is passed already is told at once. */
export function modifySrq(r: Reference, number: number, limit: number): Expected {
  const srq = r.srqs.get(number);
  if (srq === undefined) return NO_SUCH;
  const passed = pending(srq.ring) < limit;
  srq.limit = passed ? 0 : limit;
  if (passed) r.tell(EventType.SRQ_LIMIT, number);
  return DONE;
}

export function destroySrq(r: Reference, number: number): Expected {
  const srq = r.srqs.get(number);
  if (srq === undefined) return NO_SUCH;
  if ([...r.qps.values()].some(qp => qp.srq === srq)) return [C.BUSY];
  r.srqs.delete(number);
  return DONE;
}

/** The second address of the port becomes somebody else's, or its own again. */
export function setGid(r: Reference, index: number, own: boolean): void {
  if (own !== r.ownsIp6) r.tell(EventType.GID_CHANGE, PORT_NUMBER, index);
  r.ownsIp6 = own;
}

/** Who comes to hold the port takes it down. */
export function hold(r: Reference, mask: number): void {
  const change = (r.hold ^ mask) & Hold.PORT;
  r.hold = mask;
  if (change !== 0) r.tell(mask & Hold.PORT ? EventType.PORT_ERROR : EventType.PORT_ACTIVE, PORT_NUMBER);
}

/** A queue that tells of every completion needs no period. */
export function modifyCq(r: Reference, number: number, count: number, us: number): Expected {
  if (count > 1 && us === 0) return [C.BAD_PARAMETER];
  moderate(r, r.cqs.get(number)!, count, us);
  return DONE;
}

/** Only what is not consumed needs room. */
export function resizeCq(r: Reference, number: number, depth: number): Expected {
  const cq = r.cqs.get(number)!;
  const statuses: number[] = [];
  if (cq.overflowed) statuses.push(C.BAD_STATE);
  if (cq.entries.length - cq.consumer > depth) statuses.push(C.BUSY);
  if (statuses.length > 0) return statuses;
  cq.depth = depth;
  return DONE;
}

/** `busy`: queues lie in the region. The key of a region for fast registration may have any tag. */
export function deregister(r: Reference, key: number, busy: boolean): Expected {
  const there = r.memory.regions.get(Math.floor(key / 256));
  const region = there?.kind === 'fast' ? there : r.memory.regionOf(key);
  if (region === undefined) return NO_SUCH;
  if (busy) return [C.BUSY];
  r.memory.regions.delete(region.index);
  return DONE;
}

export function destroyAh(r: Reference, handle: number): Expected {
  return r.ahs.delete(handle) ? DONE : NO_SUCH;
}

export function deallocPd(r: Reference, pd: number): Expected {
  if (!r.pds.has(pd)) return NO_SUCH;
  const users = [r.memory.regions, r.qps, r.srqs, r.ahs].flatMap(map => [...map.values()]);
  if (users.some(user => user.pd === pd)) return [C.BUSY];
  r.pds.delete(pd);
  return DONE;
}
