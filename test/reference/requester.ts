// SPDX-License-Identifier: MIT
// What a descriptor of a send queue does. First it is checked as a whole: shape, then lengths, then keys. Then it runs, and
// hands the turn on after each packet and each slice.
import { QpType } from '../../device/abi/generated/commands.js';
import {
  MAX_MESSAGE_BYTES,
  Opcode as O,
  SLICE_BYTES,
  WcStatus,
} from '../../device/abi/generated/descriptors.js';
import { type Descriptor, isAtomic, opcodeOf, type Sge, sizeOf, sum } from './descriptor.js';
import { invalidate, register } from './fast.js';
import { MemoryFault } from './memory.js';
import type { Qp, Run } from './objects.js';
import type { Reference } from './reference.js';
import {
  type Answer,
  atomic,
  beginRead,
  continueRead,
  countRequest,
  type Packet,
  receive,
} from './responder.js';
import { pending } from './rings.js';

const SENDS: readonly number[] = [O.SEND, O.SEND_IMM, O.SEND_INV];
const WRITES: readonly number[] = [O.RDMA_WRITE, O.RDMA_WRITE_IMM];
const WITH_IMMEDIATE: readonly number[] = [O.SEND_IMM, O.RDMA_WRITE_IMM];
const UD_MAX = 4096;

/** Operations of each type of queue pair. */
const ALLOWED: ReadonlyMap<number, readonly number[]> = new Map([
  [
    QpType.RC,
    [
      O.NOP,
      ...SENDS,
      ...WRITES,
      O.RDMA_READ,
      O.CMP_SWAP,
      O.FETCH_ADD,
      O.COPY,
      O.FILL,
      O.LOCAL_INV,
      O.FAST_REG,
    ],
  ],
  [QpType.UC, [O.NOP, O.SEND, O.SEND_IMM, ...WRITES, O.LOCAL_INV, O.FAST_REG]],
  [QpType.UD, [O.NOP, O.SEND, O.SEND_IMM]],
  [QpType.GSI, [O.NOP, O.SEND, O.SEND_IMM]],
  [QpType.DMA, [O.NOP, O.COPY, O.FILL]],
]);
const PRIVILEGED: readonly number[] = [O.LOCAL_INV, O.FAST_REG];
const GATHERS: readonly number[] = [...SENDS, ...WRITES, O.COPY];
const SCATTERS: readonly number[] = [O.COPY, O.FILL, O.RDMA_READ, O.CMP_SWAP, O.FETCH_ADD];

const isDatagram = (type: number): boolean => type === QpType.UD || type === QpType.GSI;

/** What is wrong with a descriptor before it begins, or SUCCESS. `room`: bytes that it may have. */
export function check(r: Reference, qp: Qp, d: Descriptor, room: number): number {
  if (malformed(qp, d, room)) return WcStatus.LOC_QP_OP_ERR;
  if (wrongLength(qp, d)) return WcStatus.LOC_LEN_ERR;
  if (!r.memory.allowList(d.gather, qp.pd, false) || !r.memory.allowList(d.scatter, qp.pd, true))
    return WcStatus.LOC_PROT_ERR;
  if (d.opcode === O.COPY && d.gather.some(g => d.scatter.some(s => overlap(r, g, s))))
    return WcStatus.LOC_QP_OP_ERR;
  if (isDatagram(qp.type) && SENDS.includes(d.opcode) && r.ahs.get(d.ah)?.pd !== qp.pd)
    return WcStatus.LOC_QP_OP_ERR;
  return WcStatus.SUCCESS;
}

function malformed(qp: Qp, d: Descriptor, room: number): boolean {
  const opcode = opcodeOf(d);
  return (
    d.damage !== undefined ||
    d.index !== qp.send.consumer ||
    (isDatagram(qp.type) && d.destQpn >= 2 ** 24) ||
    sizeOf(d) > room ||
    !ALLOWED.get(qp.type)!.includes(opcode) ||
    (PRIVILEGED.includes(opcode) && !qp.privileged) ||
    (d.gather.length > 0 && (!GATHERS.includes(opcode) || d.inline !== undefined)) ||
    (d.scatter.length > 0 && !SCATTERS.includes(opcode)) ||
    (d.inline !== undefined && !SENDS.includes(opcode) && !WRITES.includes(opcode))
  );
}

function wrongLength(qp: Qp, d: Descriptor): boolean {
  const [from, to] = [sum(d.gather), sum(d.scatter)];
  if (from > MAX_MESSAGE_BYTES || to > MAX_MESSAGE_BYTES) return true;
  if (isAtomic(d.opcode)) return to !== 8;
  if (isDatagram(qp.type)) return from > UD_MAX;
  return d.opcode === O.COPY && from !== to;
}

/** Two ranges have a byte in common, as software names them. */
function overlap(r: Reference, a: Sge, b: Sge): boolean {
  const whole = (key: number): boolean => r.memory.regionOf(key)?.kind === 'whole';
  if (a.lkey !== b.lkey && !(whole(a.lkey) && whole(b.lkey))) return false;
  return Math.min(a.address + a.length, b.address + b.length) > Math.max(a.address, b.address);
}

/** Carries a checked descriptor out; its value is the status. */
export function* execute(r: Reference, qp: Qp, d: Descriptor): Run {
  try {
    if (SENDS.includes(d.opcode) || WRITES.includes(d.opcode))
      return yield* isDatagram(qp.type) ? datagram(r, qp, d) : message(r, qp, d);
    if (d.opcode === O.COPY || d.opcode === O.FILL) return yield* engine(r, qp, d);
    if (d.opcode === O.RDMA_READ) return yield* read(r, qp, d);
    if (isAtomic(d.opcode)) return fetch(r, qp, d);
    if (d.opcode === O.LOCAL_INV)
      return invalidate(r, qp, d.operandLo) ? WcStatus.SUCCESS : WcStatus.MW_BIND_ERR;
    if (d.opcode === O.FAST_REG) return register(r, qp, d);
    return WcStatus.SUCCESS;
  } catch (error) {
    if (error instanceof MemoryFault) return WcStatus.GENERAL_ERR;
    throw error;
  }
}

/** What the requester reports for an answer. */
const STATUS: Readonly<Record<Answer, number>> = {
  ack: WcStatus.SUCCESS,
  silence: WcStatus.RETRY_EXC_ERR,
  sequence: WcStatus.RETRY_EXC_ERR,
  invalid: WcStatus.REM_INV_REQ_ERR,
  access: WcStatus.REM_ACCESS_ERR,
  operation: WcStatus.REM_OP_ERR,
};

/** A responder answers to where it is connected: who is not there hears nothing. */
function heard<T>(r: Reference, qp: Qp, answer: T): T | 'silence' {
  return r.qps.get(qp.dest)?.dest === qp.number ? answer : 'silence';
}

/** The other end of a reliable connection takes packets, and is connected to this one. */
const isAnswered = (r: Reference, qp: Qp): boolean =>
  r.isHome(qp.ip6) && r.answers(qp.dest, QpType.RC)?.dest === qp.number;

/** Bytes of the message from `skip` on; undefined when a key does not allow it any more. */
function payload(r: Reference, qp: Qp, d: Descriptor, skip: number, length: number): Uint8Array | undefined {
  if (d.inline !== undefined) return d.inline.subarray(skip, skip + length);
  const at = r.memory.listAddresses(d.gather, qp.pd, skip, length, false);
  return at === undefined ? undefined : r.memory.read(at);
}

/** SEND and WRITE of a connection, packet by packet. */
function* message(r: Reference, qp: Qp, d: Descriptor): Run {
  const reliable = qp.type === QpType.RC;
  const total = d.inline?.length ?? sum(d.gather);
  const takesReceive = SENDS.includes(d.opcode) ? 'first' : d.opcode === O.RDMA_WRITE_IMM ? 'last' : 'none';
  for (let done = 0; ; ) {
    const bytes = Math.min(qp.mtuBytes, total - done);
    const packet = packetOf(qp, d, done, bytes, total);
    const needed = takesReceive === 'first' ? packet.first : takesReceive === 'last' && packet.last;
    while (reliable && needed && lacksReceive(r, qp)) {
      yield 'wait';
      // A key that is gone may be noticed while the message waits, or when it goes on.
      const status = check(r, qp, d, Infinity);
      if (status !== WcStatus.SUCCESS && r.coin()) return status;
    }
    const data = payload(r, qp, d, done, bytes);
    if (data === undefined) return WcStatus.LOC_PROT_ERR;
    const answer = heard(r, qp, receive(r, qp.dest, { ...packet, payload: data, psn: qp.sqPsn }));
    qp.sqPsn = (qp.sqPsn + 1) % 2 ** 24;
    // Only the last packet asks for an acknowledgement: until then nobody misses it who has somebody to give it.
    const missed = answer === 'silence' && !packet.last && isAnswered(r, qp);
    if (reliable && !missed && STATUS[answer] !== WcStatus.SUCCESS) return STATUS[answer];
    done += bytes;
    if (packet.last) return WcStatus.SUCCESS;
    yield 'step';
  }
}

function packetOf(qp: Qp, d: Descriptor, done: number, bytes: number, total: number): Packet {
  const last = done + bytes >= total;
  return {
    type: qp.type,
    kind: SENDS.includes(d.opcode) ? 'send' : 'write',
    first: done === 0,
    last,
    psn: 0,
    payload: new Uint8Array(0),
    solicited: last && d.solicited,
    immediate: last && WITH_IMMEDIATE.includes(d.opcode) ? d.operandLo : undefined,
    invalidate: last && d.opcode === O.SEND_INV ? d.operandLo : undefined,
    key: d.operandHi,
    address: d.remoteAddress,
    length: total,
    qkey: 0,
    source: qp.number,
    ip6: qp.ip6,
  };
}

/** The other end of a reliable connection has no receive: the requester waits for it. */
function lacksReceive(r: Reference, qp: Qp): boolean {
  const peer = r.answers(qp.dest, QpType.RC);
  if (peer === undefined || !isAnswered(r, qp) || peer.incoming?.receive !== undefined) return false;
  return pending(peer.srq?.ring ?? peer.recv!) === 0;
}

// biome-ignore lint/correctness/useYield: a datagram is one packet
function* datagram(r: Reference, qp: Qp, d: Descriptor): Run {
  const total = d.inline?.length ?? sum(d.gather);
  const data = payload(r, qp, d, 0, total)!;
  const own = d.qkey >= 2 ** 31;
  const packet = {
    ...packetOf(qp, d, 0, total, total),
    payload: data,
    qkey: own ? qp.qkey : d.qkey,
    psn: qp.sqPsn,
  };
  const ah = r.ahs.get(d.ah)!;
  if (ah.known && r.isHome(ah.ip6)) receive(r, d.destQpn, packet);
  qp.sqPsn = (qp.sqPsn + 1) % 2 ** 24;
  return WcStatus.SUCCESS;
}

/** COPY and FILL, a slice at a time. */
function* engine(r: Reference, qp: Qp, d: Descriptor): Run {
  const total = sum(d.scatter);
  for (let done = 0; done < total; done += SLICE_BYTES) {
    const bytes = Math.min(SLICE_BYTES, total - done);
    const to = r.memory.listAddresses(d.scatter, qp.pd, done, bytes, true);
    if (to === undefined) return WcStatus.LOC_PROT_ERR;
    if (d.opcode === O.FILL) r.memory.write(to, fillBytes(d, done, bytes));
    else if (!copy(r, qp, d, done, to)) return WcStatus.LOC_PROT_ERR;
    if (done + bytes < total) yield 'step';
  }
  return WcStatus.SUCCESS;
}

function copy(r: Reference, qp: Qp, d: Descriptor, done: number, to: readonly number[]): boolean {
  const from = r.memory.listAddresses(d.gather, qp.pd, done, to.length, false);
  // Nobody says how far a slice comes that ends in a fault.
  r.memory.forget(to);
  if (from === undefined) return false;
  const bytes = r.memory.read(from);
  r.memory.write(to, bytes);
  // Two names for the same bytes: what is copied depends on the order.
  const sources = new Set(from);
  if (to.some(at => sources.has(at))) r.memory.forget(to);
  return true;
}

function fillBytes(d: Descriptor, done: number, length: number): Uint8Array {
  const pattern = new Uint8Array(Uint32Array.of(d.operandLo, d.operandHi).buffer);
  return Uint8Array.from({ length }, (_, n) => pattern[(done + n) % 8]);
}

/** Puts what came from the other end into the scatter list. */
function land(r: Reference, qp: Qp, d: Descriptor, done: number, bytes: Uint8Array): boolean {
  const to = r.memory.listAddresses(d.scatter, qp.pd, done, bytes.length, true);
  if (to === undefined) return false;
  r.memory.write(to, bytes);
  return true;
}

function* read(r: Reference, qp: Qp, d: Descriptor): Run {
  const total = sum(d.scatter);
  if (qp.maxRdAtomic === 0) return WcStatus.LOC_QP_OP_ERR;
  const packets = Math.max(1, Math.ceil(total / qp.mtuBytes));
  const request = {
    psn: qp.sqPsn,
    key: d.operandHi,
    address: d.remoteAddress,
    length: total,
    packets,
    ip6: qp.ip6,
  };
  const begun = beginRead(r, qp.dest, request);
  if (begun !== 'ack') return STATUS[heard(r, qp, begun)];
  for (let done = 0; ; ) {
    const bytes = Math.min(qp.mtuBytes, total - done);
    const data = continueRead(r, qp.dest, { ...request, address: d.remoteAddress + done, length: bytes });
    if (typeof data === 'string') return STATUS[heard(r, qp, data)];
    // The other end has done its part, whatever becomes of the answer.
    if (done + bytes === total) countRequest(r, qp.dest);
    if (heard(r, qp, 'ack') === 'silence') return STATUS.silence;
    if (!land(r, qp, d, done, data)) return WcStatus.LOC_PROT_ERR;
    done += bytes;
    if (done < total) yield 'step';
    else break;
  }
  qp.sqPsn = (qp.sqPsn + packets) % 2 ** 24;
  return WcStatus.SUCCESS;
}

function fetch(r: Reference, qp: Qp, d: Descriptor): number {
  if (qp.maxRdAtomic === 0) return WcStatus.LOC_QP_OP_ERR;
  const found = heard(r, qp, atomic(r, qp, d));
  if (typeof found === 'string') return STATUS[found];
  qp.sqPsn = (qp.sqPsn + 1) % 2 ** 24;
  return landResult(r, qp, d, found) ? WcStatus.SUCCESS : WcStatus.LOC_PROT_ERR;
}

/** The old value goes to the scatter list. Where that is what the atomic has changed, nobody says which one stays. */
function landResult(r: Reference, qp: Qp, d: Descriptor, found: Uint8Array): boolean {
  const changed = new Set(r.memory.changedByAtomic);
  if (!land(r, qp, d, 0, found)) return false;
  const to = r.memory.listAddresses(d.scatter, qp.pd, 0, found.length, true) ?? [];
  if (to.some(at => changed.has(at))) r.memory.forget(to);
  return true;
}
