// SPDX-License-Identifier: MIT
// The requester of a connection (IBTA volume 1, 9.7 for RC, 9.8.2 for UC). One step is one packet of payload: of a
// message that it gathers, or of the answer to a READ that it scatters.
//
//   gather → BTH + RETH … + payload + ICRC → wire → (responder) → AETH → wire → completion
//   READ_REQUEST → wire → (responder) → READ_RESPONSE → wire → scatter → … → completion
//
// RC ends with what the responder answers, UC when its last packet is on the wire.
import { QpState, QpType } from '../abi/generated/commands.js';
import { Opcode, WcStatus } from '../abi/generated/descriptors.js';
import {
  ACK_SYNDROME,
  BthOpcode,
  NAK_INVALID_REQUEST,
  NAK_REMOTE_ACCESS,
  NAK_REMOTE_OPERATION,
} from '../abi/generated/packets.js';
import {
  putQpActiveDone,
  putQpSqPsn,
  qpActiveDone,
  qpDestQpn,
  qpMaxRdAtomic,
  qpMtuBytes,
  qpPd,
  qpSqPsn,
  qpState,
  qpType,
  ST_COUNT_PACKETS_OFFSET,
} from '../abi/generated/state.js';
import type { PacketFields } from '../fabric/extension-headers.js';
import { PacketBuilder } from '../fabric/packet.js';
import { type Core, Step } from './core.js';
import type { Descriptor } from './descriptor.js';
import { Extra, Operation, operationOf, packetOpcode, responseOpcode, Service } from './packet-shape.js';
import { gatherPayload, type Outcome, scatterPayload, WAIT } from './payload.js';
import { NONE, type QpRow } from './rows.js';
import type { Work } from './send-queue.js';
import { MAX_MTU, PSN_MODULUS, type Wire } from './wire-port.js';

/** Nothing came back. */
const NO_ANSWER = -1;
const ATOMIC_BYTES = 8;

/** What the requester needs of the other end because both are in this process; a fabric has its own ways for it. */
export interface Loopback extends Wire {
  /** The other end is connected to `qp`, takes requests, and has nothing to receive a message into. */
  receiverNotReady(qp: QpRow): boolean;
  /** Whether there is another end that is connected to `qp` and takes requests. */
  hasPeer(qp: QpRow): boolean;
  /** Lets the other end send the next packet of the READ that it answers. */
  letRespond(qp: QpRow): void;
  /** How the deliveries of this step have ended so far. */
  readonly outcome: Step;
}

/** Status that the requester reports for a syndrome (IBTA 9.9.3). */
function statusOf(syndrome: number): WcStatus {
  switch (syndrome) {
    case ACK_SYNDROME:
      return WcStatus.SUCCESS;
    case NAK_INVALID_REQUEST:
      return WcStatus.REM_INV_REQ_ERR;
    case NAK_REMOTE_ACCESS:
      return WcStatus.REM_ACCESS_ERR;
    case NAK_REMOTE_OPERATION:
      return WcStatus.REM_OP_ERR;
    default:
      return WcStatus.RETRY_EXC_ERR;
  }
}

export class Requester {
  readonly #core: Core;
  readonly #wire: Loopback;
  readonly #packet = new PacketBuilder(MAX_MTU);
  readonly #atomicResult = new Uint8Array(ATOMIC_BYTES);
  readonly #atomicWords = new Uint32Array(this.#atomicResult.buffer);
  /** Queue pair whose request is on the wire, its PSN and descriptor; an answer counts only if it is for this one. */
  #qp: QpRow = NONE as QpRow;
  #psn = 0;
  #d: Descriptor | undefined;
  /** What answers it when all is well: BTH opcode and payload bytes. */
  #expected = 0;
  #expectedBytes = 0;
  /** Status that the answer amounts to, or NO_ANSWER; WAIT when it has not all gone into memory. */
  #answer: number = NO_ANSWER;

  constructor(core: Core, wire: Loopback) {
    this.#core = core;
    this.#wire = wire;
  }

  /** One step of a checked SEND, WRITE, READ or atomic. */
  run(qp: QpRow, d: Descriptor, work: Work): Step {
    switch (d.opcode) {
      case Opcode.RDMA_READ:
        return this.#read(qp, d, work);
      case Opcode.CMP_SWAP:
      case Opcode.FETCH_ADD:
        return this.#atomic(qp, d, work);
      default:
        return this.#message(qp, d, work);
    }
  }

  /** One packet of a SEND or WRITE. */
  #message(qp: QpRow, d: Descriptor, work: Work): Step {
    const { m, journal } = this.#core;
    const done = qpActiveDone(m, qp);
    const bytes = Math.max(0, Math.min(qpMtuBytes(m, qp), MAX_MTU, d.gatherBytes - done));
    const first = done === 0;
    const last = done + bytes >= d.gatherBytes;
    if (takesReceive(d.opcode, first, last) && this.#wire.receiverNotReady(qp)) return Step.WAIT_RECEIVE;
    const route = this.#wire.routeOf(qp);
    if (route === null) return end(work, unreachable(m, qp));
    const p = this.#packet;
    p.setRoute(route);
    p.opcode = this.#opcode(qp, d, first, last);
    const reach = gatherPayload(this.#core, qp, d, done, bytes, p.frame, p.payloadAt);
    if (reach !== WcStatus.SUCCESS) return reach === WAIT ? Step.WAIT_MEMORY : end(work, reach);
    p.ackRequest = last;
    p.solicited = last && d.solicited;
    // Not by the names that operands have: a call that hands a word with the top bit set over makes a Number on the heap.
    p.immediate = d.operandLo;
    p.invalidateKey = d.operandLo;
    this.#address(d, d.gatherBytes);
    this.#expect(qp, d, BthOpcode.RC_ACKNOWLEDGE, 0);
    this.#transmit(qp, bytes);
    if (this.#wire.outcome !== Step.DONE) return this.#wire.outcome;
    this.#advance(qp);
    // Connected to itself, and its own responder has refused: what is under way is flushed.
    if (qpState(m, qp) === QpState.ERR) return end(work, WcStatus.WR_FLUSH_ERR);
    if (this.#answer !== NO_ANSWER) return end(work, this.#answer);
    // Who would acknowledge the last packet is not there: the others, too, would be repeated in vain.
    if (last || !this.#mayAnswer(qp)) return end(work, unreachable(m, qp));
    putQpActiveDone(journal, qp, done + bytes);
    return Step.DONE;
  }

  /** There is somebody to acknowledge the end of a message, or it ends without. */
  #mayAnswer(qp: QpRow): boolean {
    return qpType(this.#core.m, qp) === QpType.UC || this.#wire.hasPeer(qp);
  }

  /** One packet of the answer to a READ; the first step asks for all of it. */
  #read(qp: QpRow, d: Descriptor, work: Work): Step {
    const { m, journal } = this.#core;
    if (qpMaxRdAtomic(m, qp) === 0) return end(work, WcStatus.LOC_QP_OP_ERR);
    const done = qpActiveDone(m, qp);
    const bytes = Math.max(0, Math.min(qpMtuBytes(m, qp), MAX_MTU, d.scatterBytes - done));
    const last = done + bytes >= d.scatterBytes;
    this.#expect(qp, d, responseOpcode(done === 0, last), bytes);
    if (done > 0) this.#wire.letRespond(qp);
    else if (!this.#request(qp, d, BthOpcode.RC_READ_REQUEST, d.scatterBytes))
      return end(work, WcStatus.RETRY_EXC_ERR);
    const status = this.#outcome(qp);
    if (status === WAIT) return Step.WAIT_MEMORY;
    if (status !== WcStatus.SUCCESS) return end(work, status);
    this.#advance(qp);
    if (last) return end(work, WcStatus.SUCCESS);
    putQpActiveDone(journal, qp, done + bytes);
    return Step.DONE;
  }

  #atomic(qp: QpRow, d: Descriptor, work: Work): Step {
    const { m } = this.#core;
    if (qpMaxRdAtomic(m, qp) === 0) return end(work, WcStatus.LOC_QP_OP_ERR);
    const p = this.#packet;
    p.swapAddLo = d.swapAddLo;
    p.swapAddHi = d.swapAddHi;
    p.compareLo = d.compareLo;
    p.compareHi = d.compareHi;
    this.#expect(qp, d, BthOpcode.RC_ATOMIC_ACKNOWLEDGE, 0);
    const opcode = d.opcode === Opcode.CMP_SWAP ? BthOpcode.RC_CMP_SWAP : BthOpcode.RC_FETCH_ADD;
    if (!this.#request(qp, d, opcode, 0)) return end(work, WcStatus.RETRY_EXC_ERR);
    const status = this.#outcome(qp);
    if (status === WAIT) return Step.WAIT_MEMORY;
    if (status === WcStatus.SUCCESS) this.#advance(qp);
    return end(work, status);
  }

  /** Sends a request without payload; false when there is no way to send it. */
  #request(qp: QpRow, d: Descriptor, opcode: BthOpcode, length: number): boolean {
    const route = this.#wire.routeOf(qp);
    if (route === null) return false;
    const p = this.#packet;
    p.setRoute(route);
    p.opcode = opcode;
    p.ackRequest = true;
    p.solicited = false;
    this.#address(d, length);
    this.#transmit(qp, 0);
    return true;
  }

  /** What the step amounts to after the request has been delivered: a status, or WAIT. */
  #outcome(qp: QpRow): Outcome {
    if (this.#wire.outcome !== Step.DONE || this.#answer === WAIT) return WAIT;
    if (qpState(this.#core.m, qp) === QpState.ERR) return WcStatus.WR_FLUSH_ERR;
    return this.#answer === NO_ANSWER ? WcStatus.RETRY_EXC_ERR : (this.#answer as WcStatus);
  }

  #address(d: Descriptor, length: number): void {
    const p = this.#packet;
    p.remoteAddress = d.remoteAddress;
    p.rkey = d.operandHi;
    p.dmaLength = length;
  }

  #opcode(qp: QpRow, d: Descriptor, first: boolean, last: boolean): number {
    const service = qpType(this.#core.m, qp) === QpType.UC ? Service.UC : Service.RC;
    switch (d.opcode) {
      case Opcode.SEND:
        return service + packetOpcode(Operation.SEND, first, last, Extra.NOTHING);
      case Opcode.SEND_IMM:
        return service + packetOpcode(Operation.SEND, first, last, Extra.IMMEDIATE);
      case Opcode.SEND_INV:
        return service + packetOpcode(Operation.SEND, first, last, Extra.INVALIDATE);
      case Opcode.RDMA_WRITE:
        return service + packetOpcode(Operation.WRITE, first, last, Extra.NOTHING);
      default:
        return service + packetOpcode(Operation.WRITE, first, last, Extra.IMMEDIATE);
    }
  }

  #expect(qp: QpRow, d: Descriptor, opcode: BthOpcode, bytes: number): void {
    this.#qp = qp;
    this.#d = d;
    this.#psn = qpSqPsn(this.#core.m, qp);
    this.#expected = opcode;
    this.#expectedBytes = bytes;
    this.#answer = NO_ANSWER;
  }

  #advance(qp: QpRow): void {
    const { m, journal } = this.#core;
    putQpSqPsn(journal, qp, (qpSqPsn(m, qp) + 1) % PSN_MODULUS);
  }

  #transmit(qp: QpRow, bytes: number): void {
    const { m, journal } = this.#core;
    const p = this.#packet;
    p.destinationQpn = qpDestQpn(m, qp);
    p.psn = this.#psn;
    this.#wire.transmit(p, bytes);
    journal.add(ST_COUNT_PACKETS_OFFSET / 4, 1);
  }

  /** An answer for `qp`. One that nobody waits for, or no more, is dropped (IBTA 9.7.5.1.1). */
  response(qp: QpRow, p: PacketFields, frame: Uint8Array): Step {
    if (qp !== this.#qp || p.psn !== this.#psn || this.#answer !== NO_ANSWER) return Step.DONE;
    this.#answer = this.#judge(qp, p, frame);
    return this.#answer === WAIT ? Step.WAIT_MEMORY : Step.DONE;
  }

  #judge(qp: QpRow, p: PacketFields, frame: Uint8Array): Outcome {
    if (p.opcode === BthOpcode.RC_ACKNOWLEDGE && (p.syndrome !== ACK_SYNDROME || p.opcode === this.#expected))
      return statusOf(p.syndrome);
    if (p.opcode !== this.#expected || p.payloadLength !== this.#expectedBytes) return WcStatus.BAD_RESP_ERR;
    const core = this.#core;
    const d = this.#d as Descriptor;
    const pd = qpPd(core.m, qp);
    if (p.opcode !== BthOpcode.RC_ATOMIC_ACKNOWLEDGE)
      return scatterPayload(
        core,
        qp,
        pd,
        d,
        qpActiveDone(core.m, qp),
        frame,
        p.payloadOffset,
        p.payloadLength,
      );
    this.#atomicWords[0] = p.originalLo;
    this.#atomicWords[1] = p.originalHi;
    return scatterPayload(core, qp, pd, d, 0, this.#atomicResult, 0, ATOMIC_BYTES);
  }
}

export const isResponse = (opcode: number): boolean => operationOf(opcode) === Operation.RESPONSE;

/** Nobody has answered, or nobody was to: UC does not know (IBTA 9.8.2.1). */
const unreachable = (m: Uint32Array, qp: QpRow): WcStatus =>
  qpType(m, qp) === QpType.UC ? WcStatus.SUCCESS : WcStatus.RETRY_EXC_ERR;

/** A SEND takes a receive with its first packet, a WRITE with immediate data with its last. */
function takesReceive(opcode: number, first: boolean, last: boolean): boolean {
  if (opcode === Opcode.RDMA_WRITE) return false;
  return opcode === Opcode.RDMA_WRITE_IMM ? last : first;
}

function end(work: Work, status: number): Step {
  work.ended = true;
  work.status = status as WcStatus;
  return Step.DONE;
}
