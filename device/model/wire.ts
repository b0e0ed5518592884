// SPDX-License-Identifier: MIT
// The network side of the adapter on its loopback link: takes frames from the link, finds out whose they are, and hands
// requests to the responder, answers to the requester, datagrams to their queue pair.
//
//   send-queue.ts → requester.ts ─ frame → link → deliver → responder.ts ─ frame → link → deliver → requester.ts
//                 → datagrams.ts ─ frame → link → deliver → datagrams.ts
//
// Delivery belongs to the sender's step: what the responder changes is committed or rolled back together with it. Both ends
// talk in packets alone, but for two things that a real fabric does by other means: a receiver without receive holds
// its sender (an RNR retry without end, IBTA 9.7.5.2.8), and a READ goes on in the requester's turn.
import { PKEY_DEFAULT, QpState, QpType } from '../abi/generated/commands.js';
import { EventType } from '../abi/generated/descriptors.js';
import { BthOpcode } from '../abi/generated/packets.js';
import {
  putQpEstablished,
  qpDestQpn,
  qpEstablished,
  qpState,
  qpType,
  ST_PORT_RX_BAD_OFFSET,
  ST_PORT_RX_BYTES_OFFSET,
  ST_PORT_RX_PACKETS_OFFSET,
  ST_PORT_RX_PKEY_OFFSET,
  ST_PORT_RX_UNKNOWN_OFFSET,
  ST_PORT_TX_BYTES_OFFSET,
  ST_PORT_TX_PACKETS_OFFSET,
} from '../abi/generated/state.js';
import type { PacketFields } from '../fabric/extension-headers.js';
import type { PacketBuilder } from '../fabric/packet.js';
import { ParsedPacket } from '../fabric/parse.js';
import type { Route } from '../fabric/route.js';
import { type Core, Step } from './core.js';
import { countUp } from './counters.js';
import { Datagrams, type DatagramWire } from './datagrams.js';
import type { Descriptor } from './descriptor.js';
import { tellQp } from './events.js';
import { Service, serviceOf } from './packet-shape.js';
import { hasReceive, Receiving } from './receive.js';
import { isResponse, type Loopback, Requester } from './requester.js';
import { Responder } from './responder.js';
import { Routes } from './routes.js';
import { type AhRow, NONE, type QpRow, qpNumber, qpRow } from './rows.js';
import type { Work } from './send-queue.js';

/** What frames are put on; the receiver is called before transmit returns when the link is a loopback. */
export interface FrameSink {
  /** See Link.verbatim; false when it is left out. */
  readonly verbatim?: boolean;
  transmit(frame: Uint8Array, length: number): void;
}

/** A request, and the answer to it. */
const NESTED = 2;

export class Network implements Loopback, DatagramWire {
  readonly #core: Core;
  readonly #link: FrameSink;
  readonly #routes: Routes;
  readonly #requester: Requester;
  readonly #responder: Responder;
  readonly #datagrams: Datagrams;
  /** One for each delivery that may be under way: an answer arrives while the request is being looked at. */
  readonly #packets = Array.from({ length: NESTED }, () => new ParsedPacket());
  #depth = 0;
  /** The packet that is on a verbatim link, until it is delivered. */
  #own: PacketBuilder | undefined;
  outcome: Step = Step.DONE;
  // Frames of the step under way, and their bytes.
  #frames = 0;
  #bytes = 0;

  constructor(core: Core, link: FrameSink) {
    this.#core = core;
    this.#link = link;
    this.#routes = new Routes(core.m);
    const receiving = new Receiving(core);
    this.#requester = new Requester(core, this);
    this.#responder = new Responder(core, this, receiving);
    this.#datagrams = new Datagrams(core, this, receiving);
  }

  /** One step of a network operation. */
  send(qp: QpRow, d: Descriptor, work: Work): Step {
    const type = qpType(this.#core.m, qp);
    this.outcome = Step.DONE;
    this.#frames = 0;
    this.#bytes = 0;
    const datagram = type === QpType.UD || type === QpType.GSI;
    const step = datagram ? this.#datagrams.run(qp, d, work) : this.#requester.run(qp, d, work);
    if (step === Step.DONE && this.#frames > 0) this.#countFrames();
    return step;
  }

  /** Address vectors or the GID table may have changed. */
  addressesChanged(): void {
    this.#routes.forget();
  }

  routeOf(qp: QpRow): Route | null {
    return this.#routes.ofQp(qp);
  }

  routeOfAh(ah: AhRow): Route | null {
    return this.#routes.ofAh(ah);
  }

  /**
   * Every packet is made and sealed. Where the link vouches for the bytes, what has just been written is not computed and
   * read again; what arrives from any other link is checked from its first byte on.
   */
  transmit(p: PacketBuilder, payloadBytes: number): void {
    const length = p.finish(payloadBytes);
    this.#own = this.#link.verbatim === true ? p : undefined;
    this.#frames++;
    this.#bytes += length;
    this.#link.transmit(p.frame, length);
  }

  /** A loopback receives what it sends. */
  #countFrames(): void {
    const { journal } = this.#core;
    countUp(journal, ST_PORT_TX_PACKETS_OFFSET / 4, this.#frames);
    countUp(journal, ST_PORT_TX_BYTES_OFFSET / 4, this.#bytes);
    countUp(journal, ST_PORT_RX_PACKETS_OFFSET / 4, this.#frames);
    countUp(journal, ST_PORT_RX_BYTES_OFFSET / 4, this.#bytes);
  }

  receiverNotReady(qp: QpRow): boolean {
    const { m } = this.#core;
    const peer = this.#connectedPeer(qp);
    return peer !== NONE && qpType(m, peer) === QpType.RC && !hasReceive(m, peer);
  }

  hasPeer(qp: QpRow): boolean {
    return this.#connectedPeer(qp) !== NONE;
  }

  letRespond(qp: QpRow): void {
    const peer = this.#connectedPeer(qp);
    if (peer === NONE) return;
    const step = this.#responder.respond(peer);
    if (step !== Step.DONE) this.outcome = step;
  }

  /** The other end, if it is connected to this one and takes requests. */
  #connectedPeer(qp: QpRow): QpRow {
    const { m } = this.#core;
    if (qpType(m, qp) !== QpType.RC) return NONE as QpRow;
    const peer = qpRow(m, qpDestQpn(m, qp));
    if (peer === NONE || !receives(m, peer) || qpDestQpn(m, peer) !== qpNumber(qp)) return NONE as QpRow;
    return this.#routes.leadsHome(qp) ? peer : (NONE as QpRow);
  }

  /** A frame from the link. What the wire broke or nobody waits for is dropped (IBTA 9.6). */
  deliver(frame: Uint8Array, length: number): void {
    const own = this.#own;
    this.#own = undefined;
    if (own !== undefined && own.frame === frame) this.#conclude(this.#arriveOwn(own));
    else this.#receive(frame, length);
  }

  #receive(frame: Uint8Array, length: number): void {
    const p = this.#packets[this.#depth];
    if (p === undefined) throw new Error('an answer is answered');
    this.#depth++;
    try {
      const good = p.parse(frame, length) === undefined;
      this.#conclude(good ? this.#arrive(p, frame) : this.#lose(ST_PORT_RX_BAD_OFFSET));
    } finally {
      this.#depth--;
    }
  }

  #conclude(step: Step): void {
    if (step !== Step.DONE) this.outcome = step;
  }

  #arrive(p: ParsedPacket, frame: Uint8Array): Step {
    const { m } = this.#core;
    const qp = qpRow(m, p.destinationQpn);
    const wanted = qp !== NONE && receives(m, qp) && this.#routes.isOwn(p.destinationGid, 0);
    if (!wanted || !this.#isFor(qp, p, p.sourceGid)) return this.#lose(ST_PORT_RX_UNKNOWN_OFFSET);
    if (p.partition !== PKEY_DEFAULT) return this.#lose(ST_PORT_RX_PKEY_OFFSET);
    return this.#take(qp, p, frame);
  }

  /** The same for a packet that this port has just made, by what its builder was told: it has the one partition that there is. */
  #arriveOwn(p: PacketBuilder): Step {
    const { m } = this.#core;
    const qp = qpRow(m, p.destinationQpn);
    const route = p.route as Route;
    const wanted = qp !== NONE && receives(m, qp) && this.#routes.isHome(route);
    if (!wanted || !this.#isFor(qp, p, route.sourceGid)) return this.#lose(ST_PORT_RX_UNKNOWN_OFFSET);
    return this.#take(qp, p, p.frame);
  }

  #take(qp: QpRow, p: PacketFields, frame: Uint8Array): Step {
    if (serviceOf(p.opcode) === Service.UD) return this.#datagrams.arrive(qp, p, frame);
    if (isResponse(p.opcode) && serviceOf(p.opcode) === Service.RC)
      return this.#requester.response(qp, p, frame);
    const step = this.#establish(qp);
    return step === Step.DONE ? this.#responder.request(qp, p, frame) : step;
  }

  /** It is of the service that the queue pair has, and comes from where that is connected to. */
  #isFor(qp: QpRow, p: PacketFields, sourceGid: Uint32Array): boolean {
    const service = serviceOf(p.opcode);
    switch (qpType(this.#core.m, qp)) {
      case QpType.RC:
        return service === Service.RC && this.#routes.comesFrom(qp, sourceGid);
      case QpType.UC:
        return service === Service.UC && this.#routes.comesFrom(qp, sourceGid);
      case QpType.UD:
      case QpType.GSI:
        return p.opcode === BthOpcode.UD_SEND_ONLY || p.opcode === BthOpcode.UD_SEND_ONLY_IMM;
      default:
        return false;
    }
  }

  /** The first packet tells software that waits in RTR that the other end is there (IBTA 11.6.3.1). */
  #establish(qp: QpRow): Step {
    const { m, journal } = this.#core;
    if (qpState(m, qp) !== QpState.RTR || qpEstablished(m, qp) === 1) return Step.DONE;
    putQpEstablished(journal, qp, 1);
    return tellQp(this.#core, qp, EventType.COMM_ESTABLISHED);
  }

  #lose(counter: number): Step {
    countUp(this.#core.journal, counter / 4);
    return Step.DONE;
  }
}

/** The queue pair takes packets; one in another state is silent. */
function receives(m: Uint32Array, qp: QpRow): boolean {
  const state = qpState(m, qp);
  return state >= QpState.RTR && state <= QpState.SQE;
}
