// SPDX-License-Identifier: MIT
// What becomes of a request that a responder does not carry out: RC answers with a NAK and stops, UC drops the message (IBTA
// volume 1, 9.7.5.2, 9.8.2).
import { EventType, WcStatus } from '../abi/generated/descriptors.js';
import { NAK_INVALID_REQUEST, NAK_REMOTE_ACCESS, NAK_REMOTE_OPERATION } from '../abi/generated/packets.js';
import {
  putQpRespActive,
  putQpRqPsn,
  QP_COUNT_RX_DROPPED_OFFSET,
  qpRespActive,
  ST_PORT_RX_NO_RECEIVE_OFFSET,
} from '../abi/generated/state.js';
import type { PacketFields } from '../fabric/extension-headers.js';
import { type Core, Step } from './core.js';
import { countUp } from './counters.js';
import type { Journal } from './journal.js';
import { Service, serviceOf } from './packet-shape.js';
import { type Outcome, WAIT } from './payload.js';
import { enterError, refusePeer } from './qp-errors.js';
import type { Receiving } from './receive.js';
import type { Replies } from './replies.js';
import type { QpRow } from './rows.js';
import { PSN_MODULUS } from './wire-port.js';

/** The packet is done with: the next one has the next number. */
export function expectAfter(journal: Journal, qp: QpRow, p: PacketFields): void {
  putQpRqPsn(journal, qp, (p.psn + 1) % PSN_MODULUS);
}

export class Refusals {
  readonly #core: Core;
  readonly #replies: Replies;
  readonly #receiving: Receiving;

  constructor(core: Core, replies: Replies, receiving: Receiving) {
    this.#core = core;
    this.#replies = replies;
    this.#receiving = receiving;
  }

  /** The connected requester looks before it sends; a packet from anywhere else finds nothing to go into. */
  noReceive(qp: QpRow, p: PacketFields): Step {
    const { journal } = this.#core;
    countUp(journal, ST_PORT_RX_NO_RECEIVE_OFFSET / 4);
    if (serviceOf(p.opcode) !== Service.RC) return this.drop(qp, p);
    countUp(journal, qp + QP_COUNT_RX_DROPPED_OFFSET / 4);
    return Step.DONE;
  }

  /** UC: this packet and what came of its message are forgotten. */
  drop(qp: QpRow, p: PacketFields): Step {
    countUp(this.#core.journal, qp + QP_COUNT_RX_DROPPED_OFFSET / 4);
    expectAfter(this.#core.journal, qp, p);
    this.abandon(qp);
    return Step.DONE;
  }

  abandon(qp: QpRow): void {
    const { m, journal } = this.#core;
    if (qpRespActive(m, qp) !== 0) putQpRespActive(journal, qp, 0);
    this.#receiving.abandon(qp);
  }

  /** The receive cannot take the message. */
  refuseReceive(qp: QpRow, p: PacketFields, status: Outcome): Step {
    if (status === WAIT) return Step.WAIT_MEMORY;
    const reliable = serviceOf(p.opcode) === Service.RC;
    const { psn } = p;
    const step = this.#receiving.fail(qp, status);
    if (step !== Step.DONE || !reliable) return step;
    return this.#replies.answer(
      qp,
      psn,
      status === WcStatus.LOC_LEN_ERR ? NAK_INVALID_REQUEST : NAK_REMOTE_OPERATION,
    );
  }

  badRequest(qp: QpRow, p: PacketFields): Step {
    if (serviceOf(p.opcode) !== Service.RC) return this.drop(qp, p);
    return this.stop(qp, p.psn, WcStatus.REM_INV_REQ_ERR, NAK_INVALID_REQUEST);
  }

  accessError(qp: QpRow, p: PacketFields): Step {
    if (serviceOf(p.opcode) !== Service.RC) return this.drop(qp, p);
    return this.stop(qp, p.psn, WcStatus.REM_ACCESS_ERR, NAK_REMOTE_ACCESS);
  }

  /** The key allows it, and memory is not there. */
  memoryFault(qp: QpRow, p: PacketFields): Step {
    if (serviceOf(p.opcode) !== Service.RC) return this.drop(qp, p);
    return this.stop(qp, p.psn, WcStatus.GENERAL_ERR, NAK_REMOTE_OPERATION);
  }

  stop(qp: QpRow, psn: number, status: WcStatus, syndrome: number): Step {
    const step =
      syndrome === NAK_REMOTE_OPERATION
        ? enterError(this.#core, qp, status, 0)
        : refusePeer(this.#core, qp, status, eventOf(syndrome));
    return step === Step.DONE ? this.#replies.answer(qp, psn, syndrome) : step;
  }
}

const eventOf = (syndrome: number): EventType =>
  syndrome === NAK_REMOTE_ACCESS ? EventType.QP_ACCESS_ERROR : EventType.QP_REQUEST_ERROR;
