// SPDX-License-Identifier: MIT
// The responder of a connection (IBTA volume 1, 9.7 for RC, 9.8.2 for UC): checks a request packet, carries it out in its
// own memory, and answers. It knows its peer from packets alone.
//
//   packet → PSN → place in its message, length → SEND: receive │ WRITE, READ, atomic: key → memory → acknowledgement
//
// What is wrong with a request of RC is answered with a NAK and stops the queue pair; a message of UC is dropped.
import { Access } from '../abi/generated/commands.js';
import { MAX_MESSAGE_BYTES, Opcode, WcStatus } from '../abi/generated/descriptors.js';
import {
  ACK_SYNDROME,
  BthOpcode,
  NAK_INVALID_REQUEST,
  NAK_PSN,
  NAK_REMOTE_ACCESS,
  NAK_REMOTE_OPERATION,
} from '../abi/generated/packets.js';
import {
  putQpMsn,
  putQpRecvOpcode,
  putQpRespActive,
  putQpRespDone,
  putQpRespKey,
  putQpRespLength,
  QP_COUNT_RX_REQUESTS_OFFSET,
  QP_RESP_ADDRESS_OFFSET,
  qpAccess,
  qpDestQpn,
  qpMsn,
  qpMtuBytes,
  qpRecvDone,
  qpRecvOpcode,
  qpRespActive,
  qpRespDone,
  qpRespKey,
  qpRespLength,
  qpRqPsn,
  ST_PORT_RX_SEQUENCE_OFFSET,
} from '../abi/generated/state.js';
import type { PacketFields } from '../fabric/extension-headers.js';
import { type Core, Step } from './core.js';
import { countUp } from './counters.js';
import { invalidateRemote } from './memory-ops.js';
import { begins, Extra, ends, extraOf, Operation, operationOf, Service, serviceOf } from './packet-shape.js';
import { Act, type Outcome, regionPayload, WAIT } from './payload.js';
import { NO_RECEIVE, type Receiving } from './receive.js';
import { expectAfter, Refusals } from './refusals.js';
import { RemoteReads } from './remote-reads.js';
import { Replies } from './replies.js';
import { NONE, type QpRow } from './rows.js';
import { allowRemote, Segment } from './translate.js';
import { PSN_MODULUS, type Wire } from './wire-port.js';

const RESP_ADDRESS = QP_RESP_ADDRESS_OFFSET / 4;

/** Where a WRITE goes. */
const target = new Segment();

export class Responder {
  readonly #core: Core;
  readonly #wire: Wire;
  readonly #receiving: Receiving;
  readonly #reads: RemoteReads;
  readonly #replies: Replies;
  readonly #refusals: Refusals;

  constructor(core: Core, wire: Wire, receiving: Receiving) {
    this.#core = core;
    this.#wire = wire;
    this.#receiving = receiving;
    this.#replies = new Replies(core, wire);
    this.#refusals = new Refusals(core, this.#replies, receiving);
    this.#reads = new RemoteReads(core, this.#replies.packet);
  }

  /** A request for `qp`, which takes requests of this service. */
  request(qp: QpRow, p: PacketFields, frame: Uint8Array): Step {
    // A message that is dropped gives back what it has taken, not what the one before it had.
    this.#receiving.forget();
    return serviceOf(p.opcode) === Service.RC ? this.#reliable(qp, p, frame) : this.#unreliable(qp, p, frame);
  }

  #reliable(qp: QpRow, p: PacketFields, frame: Uint8Array): Step {
    const { m, journal } = this.#core;
    if (p.psn !== qpRqPsn(m, qp)) {
      countUp(journal, ST_PORT_RX_SEQUENCE_OFFSET / 4);
      return this.#replies.answer(qp, p.psn, NAK_PSN);
    }
    if (!this.#fits(qp, p)) return this.#refusals.badRequest(qp, p);
    return this.#carryOut(qp, p, frame);
  }

  /** A lost packet loses its message; the next first packet counts whatever its number (IBTA 9.8.2.2.3). */
  #unreliable(qp: QpRow, p: PacketFields, frame: Uint8Array): Step {
    const { m, journal } = this.#core;
    const lost = p.psn !== qpRqPsn(m, qp);
    if (lost) countUp(journal, ST_PORT_RX_SEQUENCE_OFFSET / 4);
    if (qpRespActive(m, qp) === 1 && (lost || begins(p.opcode))) this.#refusals.abandon(qp);
    if (!this.#fits(qp, p)) return this.#refusals.drop(qp, p);
    return this.#carryOut(qp, p, frame);
  }

  /** It is a request of this service, in its place in a message, and as long as a packet there is. */
  #fits(qp: QpRow, p: PacketFields): boolean {
    const { m } = this.#core;
    const operation = operationOf(p.opcode);
    const first = begins(p.opcode);
    const last = ends(p.opcode);
    if (operation === Operation.NONE || operation === Operation.RESPONSE) return false;
    const reliable = serviceOf(p.opcode) === Service.RC;
    if (!reliable && extraOf(p.opcode) === Extra.INVALIDATE) return false;
    if (operation >= Operation.READ) return reliable && this.#underWay(qp) === Operation.NONE;
    if (this.#underWay(qp) !== (first ? Operation.NONE : operation)) return false;
    const mtu = qpMtuBytes(m, qp);
    if (!last) return p.payloadLength === mtu;
    return p.payloadLength <= mtu && (first || p.payloadLength > 0);
  }

  /** Operation of which more packets have to come. A READ that goes on is no request of which anything is missing. */
  #underWay(qp: QpRow): number {
    const { m } = this.#core;
    if (qpRespActive(m, qp) === 0) return Operation.NONE;
    const operation = operationOf(qpRecvOpcode(m, qp));
    return operation === Operation.READ ? Operation.NONE : operation;
  }

  #carryOut(qp: QpRow, p: PacketFields, frame: Uint8Array): Step {
    switch (operationOf(p.opcode)) {
      case Operation.SEND:
        return this.#send(qp, p, frame);
      case Operation.WRITE:
        return this.#write(qp, p, frame);
      case Operation.READ:
        return this.#read(qp, p);
      default:
        return this.#atomic(qp, p);
    }
  }

  #send(qp: QpRow, p: PacketFields, frame: Uint8Array): Step {
    const { m } = this.#core;
    const receiving = this.#receiving;
    const first = begins(p.opcode);
    let status = first ? receiving.begin(qp) : receiving.resume(qp);
    if (status === NO_RECEIVE) return this.#refusals.noReceive(qp, p);
    const done = first ? 0 : qpRecvDone(m, qp);
    const bytes = done + p.payloadLength;
    if (status === WcStatus.SUCCESS && bytes > receiving.d.scatterBytes) {
      // A sound receive that is too short: it waits for a message that fits.
      if (serviceOf(p.opcode) !== Service.RC) return this.#refusals.drop(qp, p);
      status = WcStatus.LOC_LEN_ERR;
    }
    if (status === WcStatus.SUCCESS)
      status = receiving.scatter(qp, done, frame, p.payloadOffset, p.payloadLength);
    if (status !== WcStatus.SUCCESS) return this.#refusals.refuseReceive(qp, p, status as Outcome);
    expectAfter(this.#core.journal, qp, p);
    if (!ends(p.opcode)) {
      receiving.keep(qp, bytes);
      if (first) this.#beginMessage(qp, p);
      return Step.DONE;
    }
    if (extraOf(p.opcode) === Extra.INVALIDATE && !invalidateRemote(this.#core, qp, p.invalidateKey)) {
      // What arrived is in the receive, which is flushed with the others.
      receiving.keep(qp, bytes);
      return this.#refusals.accessError(qp, p);
    }
    const step = receiving.finish(qp, Opcode.RECV, bytes, p, qpDestQpn(m, qp), false);
    return step === Step.DONE ? this.#endMessage(qp, p) : step;
  }

  #write(qp: QpRow, p: PacketFields, frame: Uint8Array): Step {
    const core = this.#core;
    const { m, journal } = core;
    const first = begins(p.opcode);
    const last = ends(p.opcode);
    const key = first ? p.rkey : qpRespKey(m, qp);
    const left = first ? p.dmaLength : qpRespLength(m, qp);
    const done = first ? 0 : qpRespDone(m, qp);
    const bytes = p.payloadLength;
    if (first && left > MAX_MESSAGE_BYTES) return this.#refusals.badRequest(qp, p);
    if (last ? bytes !== left : bytes >= left) return this.#refusals.badRequest(qp, p);
    // The whole range before the first byte moves; then packet by packet, because keys go away.
    if (first) target.of(p.remoteAddress, left);
    else target.load(m, qp + RESP_ADDRESS, bytes);
    const mr = allowRemote(m, qp, key, target, Access.REMOTE_WRITE);
    if (mr === NONE && (left > 0 || (qpAccess(m, qp) & Access.REMOTE_WRITE) === 0))
      return this.#refusals.accessError(qp, p);
    const takes = last && extraOf(p.opcode) === Extra.IMMEDIATE;
    const taken = takes ? this.#receiving.begin(qp) : WcStatus.SUCCESS;
    if (taken === NO_RECEIVE) return this.#refusals.noReceive(qp, p);
    if (taken !== WcStatus.SUCCESS) return this.#refusals.refuseReceive(qp, p, taken as Outcome);
    let landed: Outcome = WcStatus.SUCCESS;
    target.length = bytes;
    if (bytes > 0)
      landed = last
        ? core.landing.plan(core, qp, mr, target, frame, p.payloadOffset)
        : regionPayload(core, Act.WRITE, qp, mr, target, frame, p.payloadOffset);
    if (landed === WAIT) return Step.WAIT_MEMORY;
    if (landed !== WcStatus.SUCCESS) {
      // The receive that was taken is flushed with the others.
      if (takes) this.#receiving.keep(qp, 0);
      return this.#refusals.memoryFault(qp, p);
    }
    expectAfter(journal, qp, p);
    if (!last) {
      if (first) {
        this.#beginMessage(qp, p);
        putQpRespKey(journal, qp, key);
      }
      target.address += bytes;
      target.store(journal, qp + RESP_ADDRESS);
      putQpRespLength(journal, qp, left - bytes);
      putQpRespDone(journal, qp, done + bytes);
      return Step.DONE;
    }
    countUp(journal, qp + QP_COUNT_RX_REQUESTS_OFFSET / 4);
    if (takes) {
      const { RECV_RDMA_WITH_IMM } = Opcode;
      const step = this.#receiving.finish(qp, RECV_RDMA_WITH_IMM, done + bytes, p, qpDestQpn(m, qp), false);
      if (step !== Step.DONE) return step;
    }
    return this.#endMessage(qp, p);
  }

  #read(qp: QpRow, p: PacketFields): Step {
    const verdict = this.#reads.begin(qp, p);
    if (verdict === NAK_INVALID_REQUEST) return this.#refusals.badRequest(qp, p);
    return verdict === NAK_REMOTE_ACCESS ? this.#refusals.accessError(qp, p) : this.respond(qp);
  }

  #atomic(qp: QpRow, p: PacketFields): Step {
    const verdict = this.#reads.atomic(qp, p);
    if (verdict === WAIT) return Step.WAIT_MEMORY;
    if (verdict === NAK_INVALID_REQUEST) return this.#refusals.badRequest(qp, p);
    if (verdict === NAK_REMOTE_ACCESS) return this.#refusals.accessError(qp, p);
    if (verdict === NAK_REMOTE_OPERATION) return this.#refusals.memoryFault(qp, p);
    expectAfter(this.#core.journal, qp, p);
    this.#countMessage(qp);
    countUp(this.#core.journal, qp + QP_COUNT_RX_REQUESTS_OFFSET / 4);
    this.#replies.packet.opcode = BthOpcode.RC_ATOMIC_ACKNOWLEDGE;
    return this.#replies.transmit(qp, p.psn, ACK_SYNDROME, 0);
  }

  /** Sends the next packet of the READ that is under way; nothing if there is none. */
  respond(qp: QpRow): Step {
    const { m } = this.#core;
    if (qpRespActive(m, qp) === 0 || operationOf(qpRecvOpcode(m, qp)) !== Operation.READ) return Step.DONE;
    const route = this.#wire.routeOf(qp);
    if (route === null) return Step.DONE;
    this.#replies.packet.setRoute(route);
    const outcome = this.#reads.next(qp);
    const { psn, bytes } = this.#reads;
    switch (outcome) {
      case WAIT:
        return Step.WAIT_MEMORY;
      case NAK_REMOTE_ACCESS:
        return this.#refusals.stop(qp, psn, WcStatus.REM_ACCESS_ERR, NAK_REMOTE_ACCESS);
      case NAK_REMOTE_OPERATION:
        return this.#refusals.stop(qp, psn, WcStatus.GENERAL_ERR, NAK_REMOTE_OPERATION);
      default:
        if (this.#reads.ended) this.#countMessage(qp);
        return this.#replies.transmit(qp, psn, ACK_SYNDROME, bytes);
    }
  }

  #beginMessage(qp: QpRow, p: PacketFields): void {
    const { journal } = this.#core;
    putQpRespActive(journal, qp, 1);
    putQpRecvOpcode(journal, qp, p.opcode);
  }

  #endMessage(qp: QpRow, p: PacketFields): Step {
    const { m, journal } = this.#core;
    if (qpRespActive(m, qp) !== 0) putQpRespActive(journal, qp, 0);
    if (serviceOf(p.opcode) !== Service.RC) return Step.DONE;
    this.#countMessage(qp);
    return this.#replies.answer(qp, p.psn, ACK_SYNDROME);
  }

  #countMessage(qp: QpRow): void {
    const { m, journal } = this.#core;
    putQpMsn(journal, qp, (qpMsn(m, qp) + 1) % PSN_MODULUS);
  }
}
