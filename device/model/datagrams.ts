// SPDX-License-Identifier: MIT
// Datagrams (UD and GSI; IBTA volume 1, 9.8.3): one packet a message, to whatever queue pair its descriptor names, by way
// of an address handle. What nobody wants is dropped and counted at the receiver; the sender does not know.
import { QKEY_PRIVILEGED, QpState } from '../abi/generated/commands.js';
import { GRH_BYTES, Opcode, WcStatus } from '../abi/generated/descriptors.js';
import { BthOpcode } from '../abi/generated/packets.js';
import {
  ahPd,
  putQpSqPsn,
  QP_COUNT_RX_DROPPED_OFFSET,
  qpPd,
  qpQkey,
  qpSqPsn,
  qpState,
  ST_COUNT_PACKETS_OFFSET,
  ST_PORT_RX_NO_RECEIVE_OFFSET,
  ST_PORT_RX_QKEY_OFFSET,
} from '../abi/generated/state.js';
import type { PacketFields } from '../fabric/extension-headers.js';
import { PacketBuilder } from '../fabric/packet.js';
import { writeGrh } from '../fabric/parse.js';
import type { Route } from '../fabric/route.js';
import { type Core, Step } from './core.js';
import { countUp } from './counters.js';
import type { Descriptor } from './descriptor.js';
import { gatherPayload, type Outcome, WAIT } from './payload.js';
import { NO_RECEIVE, type Receiving } from './receive.js';
import { type AhRow, ahRow, NONE, type QpRow, qpNumber } from './rows.js';
import type { Work } from './send-queue.js';
import { MAX_MTU, PSN_MODULUS, type Wire } from './wire-port.js';

export interface DatagramWire extends Wire {
  /** Headers of packets to an address handle, or null when its source address is gone. */
  routeOfAh(ah: AhRow): Route | null;
  readonly outcome: Step;
}

export class Datagrams {
  readonly #core: Core;
  readonly #wire: DatagramWire;
  readonly #receiving: Receiving;
  readonly #packet = new PacketBuilder(MAX_MTU);
  readonly #grh = new Uint8Array(GRH_BYTES);

  constructor(core: Core, wire: DatagramWire, receiving: Receiving) {
    this.#core = core;
    this.#wire = wire;
    this.#receiving = receiving;
  }

  /** The step of a checked SEND: a descriptor is a packet. */
  run(qp: QpRow, d: Descriptor, work: Work): Step {
    const core = this.#core;
    const { m, journal } = core;
    const ah = ahRow(m, d.ah);
    if (ah === NONE || ahPd(m, ah) !== qpPd(m, qp)) return end(work, WcStatus.LOC_QP_OP_ERR);
    const route = this.#wire.routeOfAh(ah);
    // The source address is gone: nothing leaves, and a datagram does not know.
    if (route === null) return end(work, WcStatus.SUCCESS);
    const p = this.#packet;
    p.setRoute(route);
    p.opcode = d.opcode === Opcode.SEND_IMM ? BthOpcode.UD_SEND_ONLY_IMM : BthOpcode.UD_SEND_ONLY;
    const reach = gatherPayload(core, qp, d, 0, d.gatherBytes, p.frame, p.payloadAt);
    if (reach !== WcStatus.SUCCESS) return reach === WAIT ? Step.WAIT_MEMORY : end(work, reach);
    p.destinationQpn = d.destQpn;
    p.psn = qpSqPsn(m, qp);
    p.solicited = d.solicited;
    p.immediate = d.operandLo;
    // A Q_Key that only a privileged user may know is not in descriptors (IBTA 10.2.5).
    p.qkey = d.qkey >= QKEY_PRIVILEGED ? qpQkey(m, qp) : d.qkey;
    p.sourceQpn = qpNumber(qp);
    this.#wire.transmit(p, d.gatherBytes);
    if (this.#wire.outcome !== Step.DONE) return this.#wire.outcome;
    journal.add(ST_COUNT_PACKETS_OFFSET / 4, 1);
    putQpSqPsn(journal, qp, (qpSqPsn(m, qp) + 1) % PSN_MODULUS);
    // Sent to itself, and its own receive was no good.
    return end(work, qpState(m, qp) === QpState.ERR ? WcStatus.WR_FLUSH_ERR : WcStatus.SUCCESS);
  }

  /** A datagram for `qp`. */
  arrive(qp: QpRow, p: PacketFields, frame: Uint8Array): Step {
    const { m } = this.#core;
    if (p.qkey !== qpQkey(m, qp)) return this.#drop(qp, ST_PORT_RX_QKEY_OFFSET);
    const receiving = this.#receiving;
    const bytes = GRH_BYTES + p.payloadLength;
    let status: Outcome | typeof NO_RECEIVE = receiving.begin(qp);
    if (status === NO_RECEIVE) return this.#drop(qp, ST_PORT_RX_NO_RECEIVE_OFFSET);
    if (status === WcStatus.SUCCESS) {
      if (bytes > receiving.d.scatterBytes) return this.#tooLong(qp);
      writeGrh(p, frame, this.#grh, 0);
      status = receiving.scatter(qp, 0, this.#grh, 0, GRH_BYTES);
    }
    if (status === WcStatus.SUCCESS)
      status = receiving.scatter(qp, GRH_BYTES, frame, p.payloadOffset, p.payloadLength);
    if (status === WAIT) return Step.WAIT_MEMORY;
    if (status !== WcStatus.SUCCESS) return receiving.fail(qp, status as WcStatus);
    return receiving.finish(qp, Opcode.RECV, bytes, p, p.sourceQpn, true);
  }

  #drop(qp: QpRow, counter: number): Step {
    const { journal } = this.#core;
    countUp(journal, counter / 4);
    countUp(journal, qp + QP_COUNT_RX_DROPPED_OFFSET / 4);
    return Step.DONE;
  }

  /** Longer than the receive: dropped, and the receive waits for another one. */
  #tooLong(qp: QpRow): Step {
    this.#receiving.abandon(qp);
    countUp(this.#core.journal, qp + QP_COUNT_RX_DROPPED_OFFSET / 4);
    return Step.DONE;
  }
}

function end(work: Work, status: Outcome): Step {
  work.ended = true;
  work.status = status as WcStatus;
  return Step.DONE;
}
