// SPDX-License-Identifier: MIT
// How a queue pair leaves the states in which it works: by an error of its own (ERR, or SQE for what has no connection to
// lose), or because of its peer's request (IBTA volume 1, 10.3.1, 11.6.3.3). Remembered, told as an event, and a peer that
// waits for it is let go.
import { QpState, QpType } from '../abi/generated/commands.js';
import { EventType, WcStatus } from '../abi/generated/descriptors.js';
import {
  putQpErrorIndex,
  putQpErrorStatus,
  putQpFaultAddress,
  putQpFaultInfo,
  putQpState,
  qpDestQpn,
  qpState,
  qpType,
} from '../abi/generated/state.js';
import { type Core, Step } from './core.js';
import { tellLastWqe, tellQp } from './events.js';
import { NONE, type QpRow, qpRow } from './rows.js';

/** By itself. The completion of entry `index` says `status`; so does the event. */
export function enterError(core: Core, qp: QpRow, status: WcStatus, index: number): Step {
  return stop(core, qp, status, index, EventType.QP_FATAL);
}

/** Because of what the peer asked: QP_REQUEST_ERROR or QP_ACCESS_ERROR. */
export function refusePeer(core: Core, qp: QpRow, status: WcStatus, event: EventType): Step {
  return stop(core, qp, status, 0, event);
}

/** A send ended with an error: no more sends; where there is no connection, receives go on (IBTA 10.3.1.6). */
export function failSend(core: Core, qp: QpRow, status: WcStatus, index: number): Step {
  const { m } = core;
  const type = qpType(m, qp);
  if (type === QpType.RC || type === QpType.DMA || qpState(m, qp) === QpState.ERR)
    return enterError(core, qp, status, index);
  note(core, qp, QpState.SQE, status, index);
  return Step.DONE;
}

function stop(core: Core, qp: QpRow, status: WcStatus, index: number, event: EventType): Step {
  const { m, queues } = core;
  if (qpState(m, qp) === QpState.ERR) return Step.DONE;
  const told = tellQp(core, qp, event, event === EventType.QP_FATAL ? status : 0);
  if (told !== Step.DONE) return told;
  note(core, qp, QpState.ERR, status, index);
  const peer = qpRow(m, qpDestQpn(m, qp));
  if (peer !== NONE) queues.classify(peer);
  return tellLastWqe(core, qp);
}

function note(core: Core, qp: QpRow, state: QpState, status: WcStatus, index: number): void {
  const { journal, queues } = core;
  putQpState(journal, qp, state);
  putQpErrorStatus(journal, qp, status);
  putQpErrorIndex(journal, qp, index);
  // These two come from an access that failed in this very step.
  if (status === WcStatus.GENERAL_ERR || status === WcStatus.LOC_ACCESS_ERR) {
    putQpFaultInfo(journal, qp, core.faults.qpInfo);
    putQpFaultAddress(journal, qp, core.faults.qpAddress);
  }
  queues.classify(qp);
}
