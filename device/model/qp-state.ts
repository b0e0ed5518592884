// SPDX-License-Identifier: MIT
// States of a queue pair as a table: one row a transition that software may ask for, with the attributes that it needs
// and those that it allows (IBTA volume 1, 10.3.1 and table 91; what verbs users know as the qp_state_table). Any state
// may go to ERR and to RESET. To SQE a queue pair goes by itself: RC and DMA never do.
import { QpAttr, QpState, QpType } from '../abi/generated/commands.js';

export interface Transition {
  readonly from: QpState;
  readonly to: QpState;
  /** Attribute bits, beside STATE. */
  readonly required: number;
  readonly optional: number;
}

const { RESET, INIT, RTR, RTS, SQD, SQE, ERR } = QpState;
const {
  ACCESS,
  AV,
  CUR_STATE,
  DEST_QPN,
  MAX_DEST_RD_ATOMIC,
  MAX_RD_ATOMIC,
  MIN_RNR_TIMER,
  MTU,
  PKEY_INDEX,
  PORT,
  QKEY,
  RETRY_COUNT,
  RNR_RETRY,
  RQ_PSN,
  SQ_PSN,
  SQD_EVENT,
  TIMEOUT,
} = QpAttr;

type Line = readonly [from: QpState, to: QpState, required: number, optional: number];

const CONNECT = AV | MTU | DEST_QPN | RQ_PSN;

const RC_LINES: readonly Line[] = [
  [RESET, INIT, PKEY_INDEX | PORT | ACCESS, 0],
  [INIT, INIT, 0, PKEY_INDEX | PORT | ACCESS],
  [INIT, RTR, CONNECT | MAX_DEST_RD_ATOMIC | MIN_RNR_TIMER, ACCESS | PKEY_INDEX],
  [RTR, RTS, SQ_PSN | TIMEOUT | RETRY_COUNT | RNR_RETRY | MAX_RD_ATOMIC, CUR_STATE | ACCESS | MIN_RNR_TIMER],
  [RTS, RTS, 0, CUR_STATE | ACCESS | MIN_RNR_TIMER],
  [RTS, SQD, 0, SQD_EVENT],
  [SQD, RTS, 0, CUR_STATE | ACCESS | MIN_RNR_TIMER],
  [
    SQD,
    SQD,
    0,
    PORT |
      AV |
      TIMEOUT |
      RETRY_COUNT |
      RNR_RETRY |
      MAX_RD_ATOMIC |
      MAX_DEST_RD_ATOMIC |
      ACCESS |
      PKEY_INDEX |
      MIN_RNR_TIMER,
  ],
];

const UC_LINES: readonly Line[] = [
  [RESET, INIT, PKEY_INDEX | PORT | ACCESS, 0],
  [INIT, INIT, 0, PKEY_INDEX | PORT | ACCESS],
  [INIT, RTR, CONNECT, ACCESS | PKEY_INDEX],
  [RTR, RTS, SQ_PSN, CUR_STATE | ACCESS],
  [RTS, RTS, 0, CUR_STATE | ACCESS],
  [RTS, SQD, 0, SQD_EVENT],
  [SQD, RTS, 0, CUR_STATE | ACCESS],
  [SQD, SQD, 0, AV | ACCESS | PKEY_INDEX],
  [SQE, RTS, 0, CUR_STATE | ACCESS],
];

/** Datagrams; the GSI queue pair has its port for good. */
const datagramLines = (port: number): readonly Line[] => [
  [RESET, INIT, PKEY_INDEX | QKEY | port, 0],
  [INIT, INIT, 0, PKEY_INDEX | QKEY | port],
  [INIT, RTR, 0, PKEY_INDEX | QKEY],
  [RTR, RTS, SQ_PSN, CUR_STATE | QKEY],
  [RTS, RTS, 0, CUR_STATE | QKEY],
  [RTS, SQD, 0, SQD_EVENT],
  [SQD, RTS, 0, CUR_STATE | QKEY],
  [SQD, SQD, 0, PKEY_INDEX | QKEY],
  [SQE, RTS, 0, CUR_STATE | QKEY],
];

/** A DMA channel has no other end: the same path, without attributes. */
const DMA_LINES: readonly Line[] = [
  [RESET, INIT, 0, 0],
  [INIT, INIT, 0, 0],
  [INIT, RTR, 0, 0],
  [RTR, RTS, 0, CUR_STATE],
  [RTS, RTS, 0, CUR_STATE],
  [RTS, SQD, 0, SQD_EVENT],
  [SQD, RTS, 0, CUR_STATE],
  [SQD, SQD, 0, 0],
];

const rowsOf = (lines: readonly Line[]): readonly Transition[] =>
  lines.map(([from, to, required, optional]) => ({ from, to, required, optional }));

const TRANSITIONS: Readonly<Record<QpType, readonly Transition[]>> = {
  [QpType.RC]: rowsOf(RC_LINES),
  [QpType.UC]: rowsOf(UC_LINES),
  [QpType.UD]: rowsOf(datagramLines(PORT)),
  [QpType.GSI]: rowsOf(datagramLines(0)),
  [QpType.DMA]: rowsOf(DMA_LINES),
};

/** The transition from one state to another, or undefined when it is not allowed. */
export function findTransition(type: QpType, from: QpState, to: QpState): Transition | undefined {
  if (to === RESET || to === ERR) return { from, to, required: 0, optional: 0 };
  return TRANSITIONS[type].find(t => t.from === from && t.to === to);
}
