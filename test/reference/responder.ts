// SPDX-License-Identifier: MIT
// What the other end of a message does with a packet. IBTA volume 1, 9.7 (reliable), 9.8 (unreliable).
import { Access, QpState, QpType } from '../../device/abi/generated/commands.js';
import { EventType, GRH_BYTES, Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import { completeReceive } from './completions.js';
import { type Descriptor, sizeOf, sum } from './descriptor.js';
import { invalidate } from './fast.js';
import { MemoryFault } from './memory.js';
import type { Incoming, Qp, Taken } from './objects.js';
import type { Reference } from './reference.js';
import { entry, next, pending } from './rings.js';

export type Answer = 'ack' | 'silence' | 'sequence' | 'invalid' | 'access' | 'operation';

export interface Packet {
  readonly type: number;
  readonly kind: 'send' | 'write';
  readonly first: boolean;
  readonly last: boolean;
  readonly psn: number;
  readonly payload: Uint8Array;
  readonly solicited: boolean;
  readonly immediate: number | undefined;
  readonly invalidate: number | undefined;
  /** WRITE: where to, and bytes of the whole message. */
  readonly key: number;
  readonly address: number;
  readonly length: number;
  readonly qkey: number;
  readonly source: number;
  readonly ip6: boolean;
}

const PSNS = 2 ** 24;

/** A connected queue pair in RTR hears from the other end for the first time. */
function hear(r: Reference, qp: Qp): void {
  if (qp.state === QpState.RTR && !qp.established) {
    qp.established = true;
    r.tell(EventType.COMM_ESTABLISHED, qp.number);
  }
}

/** A SEND or WRITE packet arrives. What a queue pair takes it for that says nothing, it has dropped. */
export function receive(r: Reference, qpn: number, p: Packet): Answer {
  const datagram = p.type === QpType.UD || p.type === QpType.GSI;
  const qp = datagram ? takesDatagrams(r, qpn) : r.answers(qpn, p.type, p.ip6);
  if (qp === undefined) return 'silence';
  const answer = datagram
    ? receiveDatagram(r, qp, p)
    : (p.type === QpType.RC ? receiveReliable : receiveUnreliable)(r, qp, p);
  if (answer === 'silence') qp.counters.rxDropped++;
  return answer;
}

function outOfSequence(r: Reference): Answer {
  r.port.rxSequence++;
  return 'sequence';
}

function receiveReliable(r: Reference, qp: Qp, p: Packet): Answer {
  hear(r, qp);
  if (p.psn !== qp.rqPsn) return outOfSequence(r);
  const fits = p.first ? qp.incoming === undefined : qp.incoming?.kind === p.kind;
  if (!fits || !rightSize(qp, p)) return refuse(r, qp, 'invalid');
  const answer = p.kind === 'send' ? takeSend(r, qp, p) : takeWrite(r, qp, p);
  if (answer === 'ack') qp.rqPsn = (p.psn + 1) % PSNS;
  return answer;
}

/** All packets of a message but the last are as long as the path MTU, none is longer (IBTA 9.7.4.1.6). */
function rightSize(qp: Qp, p: Packet): boolean {
  return p.last ? p.payload.length <= qp.mtuBytes : p.payload.length === qp.mtuBytes;
}

/** The responder stops because of what its peer asked. */
function refuse(r: Reference, qp: Qp, answer: 'invalid' | 'access'): Answer {
  r.stop(qp, 0, answer === 'invalid' ? EventType.QP_REQUEST_ERROR : EventType.QP_ACCESS_ERROR);
  return answer;
}

function receiveUnreliable(r: Reference, qp: Qp, p: Packet): Answer {
  hear(r, qp);
  // A new message ends what came before it, complete or not; anything else has to be the next packet.
  if (p.psn !== qp.rqPsn) r.port.rxSequence++;
  if (p.first) drop(r, qp);
  const fits = p.first || (p.psn === qp.rqPsn && qp.incoming?.kind === p.kind);
  qp.rqPsn = (p.psn + 1) % PSNS;
  const answer =
    !fits || !rightSize(qp, p) ? 'silence' : p.kind === 'send' ? takeSend(r, qp, p) : takeWrite(r, qp, p);
  if (answer !== 'ack') drop(r, qp);
  return answer;
}

/** The message under way comes to nothing; its receive is for the next one. */
function drop(r: Reference, qp: Qp): void {
  r.doubtReceive(qp);
  if (qp.srq !== undefined) qp.kept ??= qp.incoming?.receive;
  qp.incoming = undefined;
}

// Receives.

/** Takes the next receive of the queue pair, or of its shared queue; undefined when there is none. */
function take(r: Reference, qp: Qp): Taken | undefined {
  const { kept } = qp;
  qp.kept = undefined;
  if (kept !== undefined) return kept;
  const ring = qp.srq?.ring ?? qp.recv!;
  if (pending(ring) === 0) return undefined;
  const index = ring.consumer;
  const taken = { d: entry(ring, index), index, room: ring.stride, pd: qp.srq?.pd ?? qp.pd };
  if (qp.srq === undefined) return taken;
  ring.consumer = next(index);
  if (pending(ring) < qp.srq.limit) {
    qp.srq.limit = 0;
    r.tell(EventType.SRQ_LIMIT, qp.srq.number);
  }
  return taken;
}

/** What is wrong with a receive, or SUCCESS. */
function checkReceive(r: Reference, t: Taken): number {
  const { d } = t;
  const shape = d.opcode === Opcode.RECV && d.gather.length === 0 && sizeOf(d) <= t.room;
  if (d.damage !== undefined || d.index !== t.index || !shape) return WcStatus.LOC_QP_OP_ERR;
  return r.memory.allowList(d.scatter, t.pd, true) ? WcStatus.SUCCESS : WcStatus.LOC_PROT_ERR;
}

/** A message has ended: its receive completes. */
function finish(r: Reference, qp: Qp, t: Taken, p: Packet, bytes: number): void {
  const write = p.kind === 'write';
  const datagram = p.type !== QpType.RC && p.type !== QpType.UC;
  completeReceive(r, qp, t.d.wrId, t.index, {
    byteCount: bytes,
    opcode: write ? Opcode.RECV_RDMA_WITH_IMM : Opcode.RECV,
    srcQpn: datagram ? p.source : qp.dest,
    solicited: p.solicited,
    immediate: p.immediate ?? p.invalidate ?? 0,
    withImmediate: p.immediate !== undefined,
    withInvalidate: p.invalidate !== undefined,
    grh: datagram,
  });
  release(qp);
  qp.counters.rxMessages++;
  qp.counters.rxBytes += bytes;
}

function release(qp: Qp): void {
  qp.incoming = undefined;
  if (qp.recv !== undefined && qp.srq === undefined) qp.recv.consumer = next(qp.recv.consumer);
}

/** A receive that cannot be used: it completes with its own status, and the queue pair stops. */
function spoil(r: Reference, qp: Qp, t: Taken, status: number): Answer {
  completeReceive(r, qp, t.d.wrId, t.index, { status });
  release(qp);
  r.stop(qp, status);
  return status === WcStatus.LOC_LEN_ERR ? 'invalid' : 'operation';
}

function takeSend(r: Reference, qp: Qp, p: Packet): Answer {
  const t = p.first ? take(r, qp) : qp.incoming!.receive!;
  if (t === undefined) {
    r.port.rxNoReceive++;
    return 'silence';
  }
  const done = p.first ? 0 : qp.incoming!.done;
  const status = checkReceive(r, t);
  if (status !== WcStatus.SUCCESS) return spoil(r, qp, t, status);
  if (done + p.payload.length > sum(t.d.scatter)) return tooLong(r, qp, t);
  const landed = scatter(r, t, done, p.payload);
  if (landed !== WcStatus.SUCCESS) return spoil(r, qp, t, landed);
  qp.incoming = { kind: 'send', receive: t, done: done + p.payload.length, key: 0, address: 0, length: 0 };
  if (!p.last) return 'ack';
  if (p.invalidate !== undefined && !invalidate(r, qp, p.invalidate)) return refuse(r, qp, 'access');
  finish(r, qp, t, p, done + p.payload.length);
  return 'ack';
}

/** The message is longer than its receive: an error for a reliable connection, nothing at all for an unreliable one. */
function tooLong(r: Reference, qp: Qp, t: Taken): Answer {
  if (qp.type === QpType.RC) return spoil(r, qp, t, WcStatus.LOC_LEN_ERR);
  if (qp.srq !== undefined) qp.kept = t;
  return 'silence';
}

function scatter(r: Reference, t: Taken, done: number, bytes: Uint8Array): number {
  const to = r.memory.listAddresses(t.d.scatter, t.pd, done, bytes.length, true);
  if (to === undefined) return WcStatus.LOC_PROT_ERR;
  try {
    r.memory.write(to, bytes);
    return WcStatus.SUCCESS;
  } catch (error) {
    if (error instanceof MemoryFault) return WcStatus.GENERAL_ERR;
    throw error;
  }
}

function takeWrite(r: Reference, qp: Qp, p: Packet): Answer {
  const now: Incoming = p.first
    ? { kind: 'write', receive: undefined, done: 0, key: p.key, address: p.address, length: p.length }
    : qp.incoming!;
  const at = now.address + now.done;
  const to = remote(r, qp, now.key, at, p.first ? p.length : p.payload.length, Access.REMOTE_WRITE);
  if (to === undefined) return qp.type === QpType.RC ? refuse(r, qp, 'access') : 'silence';
  try {
    r.memory.write(to.slice(0, p.payload.length), p.payload);
  } catch (error) {
    if (!(error instanceof MemoryFault)) throw error;
    return faulted(r, qp);
  }
  qp.incoming = { ...now, done: now.done + p.payload.length };
  if (!p.last) return 'ack';
  qp.incoming = undefined;
  if (p.immediate !== undefined) {
    const t = take(r, qp);
    // Whether the last packet of a message that fails is in memory is not said.
    if (t === undefined || checkReceive(r, t) !== WcStatus.SUCCESS) r.memory.forget(to);
    if (t === undefined) {
      r.port.rxNoReceive++;
      return 'silence';
    }
    const status = checkReceive(r, t);
    if (status !== WcStatus.SUCCESS) return spoil(r, qp, t, status);
    finish(r, qp, t, p, now.done + p.payload.length);
  }
  qp.counters.rxRequests++;
  return 'ack';
}

/** Memory of the responder failed it. */
function faulted(r: Reference, qp: Qp): Answer {
  if (qp.type !== QpType.RC) return 'silence';
  r.stop(qp, WcStatus.GENERAL_ERR);
  return 'operation';
}

/** Bus addresses of a range that the peer may use with `right`, or undefined. An empty one needs no key, but the right. */
function remote(r: Reference, qp: Qp, key: number, address: number, length: number, right: number) {
  if ((qp.access & right) === 0) return undefined;
  if (length === 0) return [];
  const region = r.memory.allow(key, qp.pd, address, length, right);
  return region === undefined ? undefined : r.memory.addresses(region, address, length);
}

// READ and atomics.

export interface ReadRequest {
  readonly psn: number;
  readonly key: number;
  readonly address: number;
  readonly length: number;
  readonly packets: number;
  readonly ip6: boolean;
}

/** A READ request arrives: is it allowed? */
export function beginRead(r: Reference, qpn: number, q: ReadRequest): Answer {
  const qp = r.answers(qpn, QpType.RC, q.ip6);
  if (qp === undefined) return 'silence';
  hear(r, qp);
  if (q.psn !== qp.rqPsn) return outOfSequence(r);
  if (qp.incoming !== undefined || qp.maxDestRdAtomic === 0) return refuse(r, qp, 'invalid');
  if (remote(r, qp, q.key, q.address, q.length, Access.REMOTE_READ) === undefined)
    return refuse(r, qp, 'access');
  qp.rqPsn = (q.psn + q.packets) % PSNS;
  return 'ack';
}

/** The next response to a READ: its bytes. */
export function continueRead(r: Reference, qpn: number, q: ReadRequest): Uint8Array | Answer {
  const qp = r.answers(qpn, QpType.RC, q.ip6);
  if (qp === undefined) return 'silence';
  const from = remote(r, qp, q.key, q.address, q.length, Access.REMOTE_READ);
  if (from === undefined) return refuse(r, qp, 'access');
  try {
    return r.memory.read(from);
  } catch (error) {
    if (!(error instanceof MemoryFault)) throw error;
    return faulted(r, qp);
  }
}

/** A READ has been answered whole. */
export function countRequest(r: Reference, qpn: number): void {
  const qp = r.qps.get(qpn);
  if (qp !== undefined) qp.counters.rxRequests++;
}

/** An atomic of `from` arrives: the 8 bytes that it found. */
export function atomic(r: Reference, from: Qp, d: Descriptor): Uint8Array | Answer {
  const psn = from.sqPsn;
  const qp = r.answers(from.dest, QpType.RC, from.ip6);
  if (qp === undefined) return 'silence';
  hear(r, qp);
  if (psn !== qp.rqPsn) return outOfSequence(r);
  const misaligned = d.remoteAddress % 8 !== 0;
  if (qp.incoming !== undefined || qp.maxDestRdAtomic === 0 || misaligned) return refuse(r, qp, 'invalid');
  const at = remote(r, qp, d.operandHi, d.remoteAddress, 8, Access.REMOTE_ATOMIC);
  if (at === undefined) return refuse(r, qp, 'access');
  try {
    const before = r.memory.read(at);
    r.memory.write(at, after(before, d));
    r.memory.changedByAtomic = at;
    qp.rqPsn = (psn + 1) % PSNS;
    qp.counters.rxRequests++;
    return before;
  } catch (error) {
    if (!(error instanceof MemoryFault)) throw error;
    return faulted(r, qp);
  }
}

const long = ([lo, hi]: readonly [number, number]): bigint => BigInt(lo) + (BigInt(hi) << 32n);

/** What an atomic leaves behind. */
function after(before: Uint8Array, d: Descriptor): Uint8Array {
  const old = new DataView(before.buffer, before.byteOffset).getBigUint64(0, true);
  const swap = d.opcode === Opcode.CMP_SWAP;
  const result = swap ? (old === long(d.compare) ? long(d.swapAdd) : old) : old + long(d.swapAdd);
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, result), true);
  return bytes;
}

function takesDatagrams(r: Reference, qpn: number): Qp | undefined {
  const type = r.qps.get(qpn)?.type;
  return type === QpType.UD || type === QpType.GSI ? r.answers(qpn, type) : undefined;
}

/** A datagram arrives; who sent it learns nothing. */
function receiveDatagram(r: Reference, qp: Qp, p: Packet): Answer {
  if (qp.qkey !== p.qkey) {
    r.port.rxQkey++;
    return 'silence';
  }
  const t = take(r, qp);
  if (t === undefined) {
    r.port.rxNoReceive++;
    return 'silence';
  }
  const status = checkReceive(r, t);
  if (status !== WcStatus.SUCCESS) return spoil(r, qp, t, status);
  const bytes = GRH_BYTES + p.payload.length;
  if (bytes > sum(t.d.scatter)) return tooLong(r, qp, t);
  const header = r.memory.listAddresses(t.d.scatter, t.pd, 0, GRH_BYTES, true);
  if (header !== undefined) r.memory.forget(header);
  const landed = scatter(r, t, GRH_BYTES, p.payload);
  if (landed !== WcStatus.SUCCESS) return spoil(r, qp, t, landed);
  finish(r, qp, t, p, bytes);
  return 'ack';
}
