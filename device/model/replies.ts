// SPDX-License-Identifier: MIT
// What a responder sends: acknowledgements, and the answers to READ and atomics.
import { BthOpcode } from '../abi/generated/packets.js';
import { qpDestQpn, qpMsn } from '../abi/generated/state.js';
import { PacketBuilder } from '../fabric/packet.js';
import { type Core, Step } from './core.js';
import type { QpRow } from './rows.js';
import { MAX_MTU, type Wire } from './wire-port.js';

export class Replies {
  readonly #core: Core;
  readonly #wire: Wire;
  /** The reply that is being made. */
  readonly packet = new PacketBuilder(MAX_MTU);

  constructor(core: Core, wire: Wire) {
    this.#core = core;
    this.#wire = wire;
  }

  /** An acknowledgement, good or bad. */
  answer(qp: QpRow, psn: number, syndrome: number): Step {
    this.packet.opcode = BthOpcode.RC_ACKNOWLEDGE;
    return this.transmit(qp, psn, syndrome, 0);
  }

  /** Sends the reply whose opcode and payload stand in its builder. */
  transmit(qp: QpRow, psn: number, syndrome: number, payloadBytes: number): Step {
    const { m } = this.#core;
    const route = this.#wire.routeOf(qp);
    if (route === null) return Step.DONE;
    const a = this.packet;
    a.setRoute(route);
    a.destinationQpn = qpDestQpn(m, qp);
    a.psn = psn;
    a.syndrome = syndrome;
    a.msn = qpMsn(m, qp);
    this.#wire.transmit(a, payloadBytes);
    return Step.DONE;
  }
}
