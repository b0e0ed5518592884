// SPDX-License-Identifier: MIT
// The reliable connection over the loopback link. The requester makes one packet a step out of the message that it
// gathers; the responder takes it from the link, checks it as any packet from outside, scatters the payload and answers
// with an acknowledgement, which the requester again takes from the link. IBTA volume 1, 9.7.
//
//   gather → BTH + payload + ICRC → link → PSN, opcode, length checks → scatter → AETH → link → completion
//
// Delivery belongs to the sender's step: what the responder changes is committed or rolled back together with it.
import { QpState, QpType } from '../abi/generated/commands.js';
import { WcStatus } from '../abi/generated/descriptors.js';
import {
  ACK_SYNDROME,
  BthOpcode,
  NAK_INVALID_REQUEST,
  NAK_PSN,
  NAK_REMOTE_OPERATION,
} from '../abi/generated/packets.js';
import { FaultObject } from '../abi/generated/registers.js';
import {
  putQpActiveDone,
  putQpMsn,
  putQpRecvActive,
  putQpRecvDone,
  putQpRqPsn,
  putQpSqPsn,
  QP_RECV_WQE_OFFSET,
  qpActiveDone,
  qpDestQpn,
  qpMsn,
  qpMtuBytes,
  qpPd,
  qpRecvActive,
  qpRecvConsumer,
  qpRecvDone,
  qpRecvLogStride,
  qpRecvProducer,
  qpRqPsn,
  qpSqPsn,
  qpState,
  qpType,
  ST_COUNT_PACKETS_OFFSET,
} from '../abi/generated/state.js';
import { flowPort, ipv4FromMac } from '../fabric/addresses.js';
import { PAYLOAD_OFFSET, PacketBuilder, Route } from '../fabric/packet.js';
import { ParsedPacket } from '../fabric/parse.js';
import { type Core, Step } from './core.js';
import { Descriptor } from './descriptor.js';
import { Dma } from './ports.js';
import { pow2 } from './powers.js';
import { NONE, type QpRow, qpNumber, qpRow } from './rows.js';
import { completeReceive, enterError, fetchReceive, releaseReceive, type Work } from './send-queue.js';
import { checkList, SgeCursor } from './translate.js';

const PSN_MODULUS = 2 ** 24;
const MAX_MTU = 4096;
const NO_ANSWER = -1;

/** What the requester puts frames on; the receiver is called before transmit returns when the link is a loopback. */
export interface Wire {
  transmit(frame: Uint8Array, length: number): void;
}

/** Status that the requester reports for a syndrome (IBTA 9.9.3). */
function statusOf(syndrome: number): WcStatus {
  switch (syndrome) {
    case ACK_SYNDROME:
      return WcStatus.SUCCESS;
    case NAK_INVALID_REQUEST:
      return WcStatus.REM_INV_REQ_ERR;
    case NAK_REMOTE_OPERATION:
      return WcStatus.REM_OP_ERR;
    default:
      return WcStatus.RETRY_EXC_ERR;
  }
}

/** From an adapter to itself. */
export function loopbackRoute(mac: Uint8Array): Route {
  const ip = ipv4FromMac(mac);
  return new Route({
    sourceMac: mac,
    destinationMac: mac,
    sourceIp: ip,
    destinationIp: ip,
    udpSourcePort: flowPort(0, 0),
  });
}

export class ReliableConnection {
  readonly #core: Core;
  readonly #wire: Wire;
  readonly #request = new PacketBuilder(MAX_MTU);
  readonly #acknowledge = new PacketBuilder(MAX_MTU);
  readonly #packet = new ParsedPacket();
  readonly #receive = new Descriptor();
  readonly #gather = new SgeCursor();
  readonly #scatter = new SgeCursor();
  /** Queue pair whose packet is on the wire; an acknowledgement counts only if it is for this one. */
  #requester: QpRow = NONE as QpRow;
  /** Syndrome of the acknowledgement that came back, or NO_ANSWER. */
  #answer = NO_ANSWER;
  /** How the responder's part of the step ended. */
  #delivered: Step = Step.DONE;

  constructor(core: Core, wire: Wire, route: Route) {
    this.#core = core;
    this.#wire = wire;
    this.#request.setRoute(route);
    this.#acknowledge.setRoute(route);
  }

  /** One packet of a SEND. */
  send(qp: QpRow, d: Descriptor, work: Work): Step {
    const { m, journal } = this.#core;
    const done = qpActiveDone(m, qp);
    const peer = qpRow(m, qpDestQpn(m, qp));
    if (this.#receiverNotReady(qp, peer, done)) return Step.WAIT_RECEIVE;
    const bytes = Math.max(0, Math.min(qpMtuBytes(m, qp), MAX_MTU, d.gatherBytes - done));
    const reach = this.#gatherPayload(qp, d, done, bytes);
    if (reach !== WcStatus.SUCCESS) return reach === WAIT ? Step.WAIT_MEMORY : end(work, reach);
    const last = done + bytes >= d.gatherBytes;
    this.#transmit(qp, d, done === 0, last, bytes);
    if (this.#delivered !== Step.DONE) return this.#delivered;
    journal.add(ST_COUNT_PACKETS_OFFSET / 4, 1);
    putQpSqPsn(journal, qp, (qpSqPsn(m, qp) + 1) % PSN_MODULUS);
    // Connected to itself, and its own responder has refused: what is under way is flushed.
    if (qpState(m, qp) === QpState.ERR) return end(work, WcStatus.WR_FLUSH_ERR);
    if (last || this.#answer !== NO_ANSWER) return end(work, statusOf(this.#answer));
    putQpActiveDone(journal, qp, done + bytes);
    return Step.DONE;
  }

  /** The first packet of a message waits until the peer has a receive for it: an RNR retry without end (IBTA 9.7.5.2.8). */
  #receiverNotReady(qp: QpRow, peer: QpRow, done: number): boolean {
    const { m } = this.#core;
    if (done > 0 || peer === NONE || !answers(m, peer) || qpDestQpn(m, peer) !== qpNumber(qp)) return false;
    return qpRecvProducer(m, peer) === qpRecvConsumer(m, peer);
  }

  #gatherPayload(qp: QpRow, d: Descriptor, done: number, bytes: number): WcStatus | typeof WAIT {
    const core = this.#core;
    const { m, memory } = core;
    const pd = qpPd(m, qp);
    const cursor = this.#gather;
    cursor.start(m, d.gatherAt, d.gatherCount, done);
    for (let n = 0; n < bytes; n += cursor.segment.length) {
      const status = cursor.next(m, pd, bytes - n, false);
      if (status !== WcStatus.SUCCESS) return status;
      const dma = memory.read(
        cursor.segment.address,
        this.#request.frame,
        PAYLOAD_OFFSET + n,
        cursor.segment.length,
      );
      if (dma !== Dma.DONE) {
        const { address, length } = cursor.segment;
        core.dmaFailed(dma, FaultObject.GATHER, qpNumber(qp), d.index, address, length, false);
        return dma === Dma.NOT_YET ? WAIT : WcStatus.GENERAL_ERR;
      }
    }
    return WcStatus.SUCCESS;
  }

  #transmit(qp: QpRow, d: Descriptor, first: boolean, last: boolean, bytes: number): void {
    const { m } = this.#core;
    const p = this.#request;
    p.opcode = opcodeOf(first, last);
    p.destinationQpn = qpDestQpn(m, qp);
    p.psn = qpSqPsn(m, qp);
    p.ackRequest = last;
    p.solicited = last && d.solicited;
    this.#requester = qp;
    this.#answer = NO_ANSWER;
    this.#delivered = Step.DONE;
    this.#wire.transmit(p.frame, p.finish(bytes));
  }

  /** A frame from the link. What the wire broke or nobody waits for is dropped (IBTA 9.6). */
  deliver(frame: Uint8Array, length: number): void {
    if (this.#packet.parse(frame, length) === undefined) this.#arrive(frame);
  }

  /** The packet whose fields stand in #packet. */
  #arrive(frame: Uint8Array): void {
    const p = this.#packet;
    const qp = qpRow(this.#core.m, p.destinationQpn);
    if (qp === NONE || !answers(this.#core.m, qp)) return;
    if (p.opcode !== BthOpcode.RC_ACKNOWLEDGE) this.#delivered = this.#respond(frame, qp);
    else if (qp === this.#requester) this.#answer = p.syndrome;
  }

  #respond(frame: Uint8Array, qp: QpRow): Step {
    const { m, journal } = this.#core;
    const p = this.#packet;
    if (p.psn !== qpRqPsn(m, qp)) return this.#reply(qp, p.psn, NAK_PSN);
    const first = p.opcode === BthOpcode.RC_SEND_FIRST || p.opcode === BthOpcode.RC_SEND_ONLY;
    const last = p.opcode === BthOpcode.RC_SEND_LAST || p.opcode === BthOpcode.RC_SEND_ONLY;
    if (!isSend(p.opcode) || first !== (qpRecvActive(m, qp) === 0))
      return this.#reply(qp, p.psn, NAK_INVALID_REQUEST);
    // The connected requester looks before it sends; a packet from anywhere else finds nothing to go into.
    if (first && qpRecvProducer(m, qp) === qpRecvConsumer(m, qp)) return Step.DONE;
    const status = first ? this.#beginReceive(qp) : this.#checkReceive(qp);
    if (status === WAIT) return Step.WAIT_MEMORY;
    if (status !== WcStatus.SUCCESS) return this.#refuse(qp, status);
    const landed = this.#scatterPayload(qp, frame);
    if (landed === WAIT) return Step.WAIT_MEMORY;
    if (landed !== WcStatus.SUCCESS) return this.#refuse(qp, landed);
    putQpRqPsn(journal, qp, (p.psn + 1) % PSN_MODULUS);
    if (last) return this.#endReceive(qp);
    if (first) putQpRecvActive(journal, qp, 1);
    putQpRecvDone(journal, qp, qpRecvDone(m, qp) + p.payloadLength);
    return Step.DONE;
  }

  #beginReceive(qp: QpRow): WcStatus | typeof WAIT {
    const { m } = this.#core;
    this.#receive.forget(qpRecvConsumer(m, qp));
    const dma = fetchReceive(this.#core, qp);
    if (dma === Dma.NOT_YET) return WAIT;
    if (dma === Dma.FAULT) return WcStatus.LOC_ACCESS_ERR;
    const status = this.#checkReceive(qp);
    if (status !== WcStatus.SUCCESS) return status;
    return checkList(m, qpPd(m, qp), this.#receive.scatterAt, this.#receive.scatterCount, true);
  }

  #checkReceive(qp: QpRow): WcStatus {
    const { m } = this.#core;
    const status = this.#receive.parse(
      m,
      qp + QP_RECV_WQE_OFFSET / 4,
      pow2(qpRecvLogStride(m, qp)),
      qpRecvConsumer(m, qp),
      true,
    );
    if (status !== WcStatus.SUCCESS) return status;
    const fits = qpRecvDone(m, qp) + this.#packet.payloadLength <= this.#receive.scatterBytes;
    return fits ? WcStatus.SUCCESS : WcStatus.LOC_LEN_ERR;
  }

  #scatterPayload(qp: QpRow, frame: Uint8Array): WcStatus | typeof WAIT {
    const core = this.#core;
    const { m, memory } = core;
    const bytes = this.#packet.payloadLength;
    const pd = qpPd(m, qp);
    const cursor = this.#scatter;
    const done = qpRecvDone(m, qp);
    cursor.start(m, this.#receive.scatterAt, this.#receive.scatterCount, done);
    for (let n = 0; n < bytes; n += cursor.segment.length) {
      const status = cursor.next(m, pd, bytes - n, true);
      if (status !== WcStatus.SUCCESS) return status;
      const dma = memory.write(
        cursor.segment.address,
        frame,
        this.#packet.payloadOffset + n,
        cursor.segment.length,
      );
      if (dma !== Dma.DONE) {
        const { address, length } = cursor.segment;
        const index = qpRecvConsumer(m, qp);
        core.dmaFailed(dma, FaultObject.SCATTER, qpNumber(qp), index, address, length, true);
        return dma === Dma.NOT_YET ? WAIT : WcStatus.GENERAL_ERR;
      }
    }
    return WcStatus.SUCCESS;
  }

  #endReceive(qp: QpRow): Step {
    const { m, journal } = this.#core;
    const r = this.#receive;
    const { psn, solicited, payloadLength } = this.#packet;
    const bytes = qpRecvDone(m, qp) + payloadLength;
    const step = completeReceive(this.#core, qp, r.wrIdLo, r.wrIdHi, WcStatus.SUCCESS, bytes, solicited);
    if (step !== Step.DONE) return step;
    releaseReceive(this.#core, qp);
    putQpMsn(journal, qp, (qpMsn(m, qp) + 1) % PSN_MODULUS);
    return this.#reply(qp, psn, ACK_SYNDROME);
  }

  /** The receive at the head cannot take the message: it completes with `status` and the queue pair stops. */
  #refuse(qp: QpRow, status: WcStatus): Step {
    const { m } = this.#core;
    const r = this.#receive;
    const index = qpRecvConsumer(m, qp);
    const psn = this.#packet.psn;
    const completed = completeReceive(this.#core, qp, r.wrIdLo, r.wrIdHi, status, 0, false);
    if (completed !== Step.DONE) return completed;
    const failed = enterError(this.#core, qp, status, index);
    if (failed !== Step.DONE) return failed;
    releaseReceive(this.#core, qp);
    return this.#reply(qp, psn, status === WcStatus.LOC_LEN_ERR ? NAK_INVALID_REQUEST : NAK_REMOTE_OPERATION);
  }

  #reply(qp: QpRow, psn: number, syndrome: number): Step {
    const { m } = this.#core;
    const a = this.#acknowledge;
    a.destinationQpn = qpDestQpn(m, qp);
    a.psn = psn;
    this.#wire.transmit(a.frame, a.finishAcknowledge(syndrome, qpMsn(m, qp)));
    return Step.DONE;
  }
}

/** A translation is being fetched: the step is tried again. */
const WAIT = 255;

function end(work: Work, status: WcStatus): Step {
  work.ended = true;
  work.status = status;
  return Step.DONE;
}

/** The queue pair takes packets: RTR or RTS; one in another state is silent. */
function answers(m: Uint32Array, qp: QpRow): boolean {
  return qpType(m, qp) === QpType.RC && (qpState(m, qp) === QpState.RTR || qpState(m, qp) === QpState.RTS);
}

function opcodeOf(first: boolean, last: boolean): BthOpcode {
  if (first) return last ? BthOpcode.RC_SEND_ONLY : BthOpcode.RC_SEND_FIRST;
  return last ? BthOpcode.RC_SEND_LAST : BthOpcode.RC_SEND_MIDDLE;
}

const isSend = (opcode: number): boolean =>
  opcode <= BthOpcode.RC_SEND_LAST || opcode === BthOpcode.RC_SEND_ONLY;
