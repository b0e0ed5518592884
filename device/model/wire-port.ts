// SPDX-License-Identifier: MIT
// What requester, responder and datagrams know of the wire that they are on.
import type { PacketBuilder } from '../fabric/packet.js';
import type { Route } from '../fabric/route.js';
import type { QpRow } from './rows.js';

export const PSN_MODULUS = 2 ** 24;
/** Payload of the largest packet. */
export const MAX_MTU = 4096;

export interface Wire {
  /**
   * Sends the packet of a builder round the `payloadBytes` that stand in it. On a loopback it has been delivered, and
   * answered, when this returns.
   */
  transmit(p: PacketBuilder, payloadBytes: number): void;
  /** Headers of the connection's packets, or null when its source address is gone. */
  routeOf(qp: QpRow): Route | null;
}
