// SPDX-License-Identifier: MIT
// Completion queues: what ends up in them, and when they tell of it (moderation: after so many, or after so long).
import { EventType, Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import { type Descriptor, opcodeOf } from './descriptor.js';
import type { Cq, Cqe, Qp } from './objects.js';
import type { Reference } from './reference.js';

export function completeSend(r: Reference, qp: Qp, d: Descriptor, status: number, byteCount: number): void {
  complete(r, qp, qp.sendCq, {
    ...PLAIN,
    wrId: d.wrId,
    qpn: qp.number,
    byteCount,
    opcode: opcodeOf(d),
    status,
    index: qp.send.consumer,
  });
}

export function completeReceive(r: Reference, qp: Qp, wrId: number, index: number, what: Partial<Cqe>): void {
  const cqe = { ...PLAIN, opcode: Opcode.RECV, ...what, wrId, qpn: qp.number, index, receive: true };
  complete(r, qp, qp.recvCq!, cqe);
}

function complete(r: Reference, qp: Qp, cq: Cq, cqe: Cqe): void {
  if (cqe.status === WcStatus.WR_FLUSH_ERR) qp.counters.flushed++;
  else if (cqe.status !== WcStatus.SUCCESS) qp.counters.errors++;
  if (cq.overflowed) return;
  if (cq.entries.length - cq.consumer >= cq.depth) {
    cq.overflowed = true;
    return r.tell(EventType.CQ_ERROR, cq.number);
  }
  cq.entries.push(cqe);
  r.counters.completions++;
  if (cq.armed === 'any' || (cq.armed === 'solicited' && counts(cqe))) gather(r, cq);
}

/** One more that counts. The first of them begins the period. */
function gather(r: Reference, cq: Cq): void {
  cq.gathered++;
  if (cq.gathered === 1) cq.tellAt = r.now + cq.periodUs;
  if (cq.gathered >= cq.count) fire(r, cq);
}

function fire(r: Reference, cq: Cq): void {
  cq.armed = 'no';
  r.tell(EventType.COMPLETION, cq.number);
}

/** What stands in the queue already is told of at once. */
export function arm(r: Reference, cq: Cq, consumer: number, solicited: boolean): void {
  cq.consumer = consumer;
  cq.armed = solicited ? 'solicited' : 'any';
  cq.gathered = 0;
  if (cq.entries.slice(consumer).some(cqe => !solicited || counts(cqe))) fire(r, cq);
}

/** After `count` completions, or `us` after the first. An armed queue begins anew. */
export function moderate(r: Reference, cq: Cq, count: number, us: number): void {
  cq.count = count;
  cq.periodUs = us;
  if (cq.armed !== 'no') arm(r, cq, cq.consumer, cq.armed === 'solicited');
}

export function pass(r: Reference, us: number): void {
  r.now += us;
  for (const cq of r.cqs.values())
    if (cq.armed !== 'no' && cq.gathered > 0 && cq.tellAt <= r.now) fire(r, cq);
}

const PLAIN: Cqe = {
  wrId: 0,
  qpn: 0,
  byteCount: 0,
  opcode: 0,
  status: WcStatus.SUCCESS,
  index: 0,
  srcQpn: 0,
  receive: false,
  solicited: false,
  immediate: 0,
  withImmediate: false,
  withInvalidate: false,
  grh: false,
};

/** Whether a completion wakes who asked for solicited ones. */
const counts = (cqe: Cqe): boolean => cqe.solicited || cqe.status !== WcStatus.SUCCESS;
