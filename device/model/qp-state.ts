// SPDX-License-Identifier: MIT
// States of a queue pair as a table: one row a transition that software may ask for, with the attributes that it needs
// and those that it allows (IBTA volume 1, 10.3.1 and table 91). Any state may go to ERR and to RESET.
import { QpAttr, QpState, QpType } from '../abi/generated/commands.js';

export interface Transition {
  readonly from: QpState;
  readonly to: QpState;
  /** Attribute bits, beside STATE. */
  readonly required: number;
  readonly optional: number;
}

const CONNECT = QpAttr.DEST_QPN | QpAttr.MTU | QpAttr.RQ_PSN;

const RC_TRANSITIONS: readonly Transition[] = [
  { from: QpState.RESET, to: QpState.INIT, required: 0, optional: 0 },
  { from: QpState.INIT, to: QpState.INIT, required: 0, optional: 0 },
  { from: QpState.INIT, to: QpState.RTR, required: CONNECT, optional: 0 },
  { from: QpState.RTR, to: QpState.RTS, required: QpAttr.SQ_PSN, optional: 0 },
  { from: QpState.RTS, to: QpState.RTS, required: 0, optional: 0 },
];

/** A DMA channel has no other end: the same path, without attributes. */
const DMA_TRANSITIONS: readonly Transition[] = RC_TRANSITIONS.map(t => ({
  ...t,
  required: 0,
  optional: 0,
}));

/** The transition from one state to another, or undefined when it is not allowed. */
export function findTransition(type: QpType, from: QpState, to: QpState): Transition | undefined {
  if (to === QpState.RESET || to === QpState.ERR) return { from, to, required: 0, optional: 0 };
  const table = type === QpType.RC ? RC_TRANSITIONS : DMA_TRANSITIONS;
  return table.find(t => t.from === from && t.to === to);
}
