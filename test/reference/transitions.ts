// SPDX-License-Identifier: MIT
// The transitions of a queue pair that software may ask for, written down from IBTA volume 1, table 91 (the verbs' "modify
// queue pair attributes"), for the attributes that the adapter has. A text of its own, not the model's.
import { QpAttr as A, QpState as S, QpType as T } from '../../device/abi/generated/commands.js';

interface Rule {
  readonly required: number;
  readonly optional: number;
}

const rule = (required: number, optional = 0): Rule => ({ required, optional });

const CONNECTED_INIT = A.PKEY_INDEX | A.PORT | A.ACCESS;
const CONNECTED_RTR = A.AV | A.MTU | A.DEST_QPN | A.RQ_PSN;
const RC_RTS = A.SQ_PSN | A.TIMEOUT | A.RETRY_COUNT | A.RNR_RETRY | A.MAX_RD_ATOMIC;
const RC_SQD =
  A.AV |
  A.PORT |
  A.PKEY_INDEX |
  A.ACCESS |
  A.TIMEOUT |
  A.RETRY_COUNT |
  A.RNR_RETRY |
  A.MAX_RD_ATOMIC |
  A.MAX_DEST_RD_ATOMIC |
  A.MIN_RNR_TIMER;
const DATAGRAM_RTS = rule(0, A.CUR_STATE | A.QKEY);
const RC_RTS_AGAIN = rule(0, A.CUR_STATE | A.ACCESS | A.MIN_RNR_TIMER);
const UC_RTS_AGAIN = rule(0, A.CUR_STATE | A.ACCESS);

const path = (from: number, to: number): string => `${from} ${to}`;

const RC: ReadonlyMap<string, Rule> = new Map([
  [path(S.RESET, S.INIT), rule(CONNECTED_INIT)],
  [path(S.INIT, S.INIT), rule(0, CONNECTED_INIT)],
  [
    path(S.INIT, S.RTR),
    rule(CONNECTED_RTR | A.MAX_DEST_RD_ATOMIC | A.MIN_RNR_TIMER, A.ACCESS | A.PKEY_INDEX),
  ],
  [path(S.RTR, S.RTS), rule(RC_RTS, A.CUR_STATE | A.ACCESS | A.MIN_RNR_TIMER)],
  [path(S.RTS, S.RTS), RC_RTS_AGAIN],
  [path(S.RTS, S.SQD), rule(0, A.SQD_EVENT)],
  [path(S.SQD, S.RTS), RC_RTS_AGAIN],
  [path(S.SQD, S.SQD), rule(0, RC_SQD)],
]);

const UC: ReadonlyMap<string, Rule> = new Map([
  [path(S.RESET, S.INIT), rule(CONNECTED_INIT)],
  [path(S.INIT, S.INIT), rule(0, CONNECTED_INIT)],
  [path(S.INIT, S.RTR), rule(CONNECTED_RTR, A.ACCESS | A.PKEY_INDEX)],
  [path(S.RTR, S.RTS), rule(A.SQ_PSN, A.CUR_STATE | A.ACCESS)],
  [path(S.RTS, S.RTS), UC_RTS_AGAIN],
  [path(S.RTS, S.SQD), rule(0, A.SQD_EVENT)],
  [path(S.SQD, S.RTS), UC_RTS_AGAIN],
  [path(S.SQD, S.SQD), rule(0, A.AV | A.ACCESS | A.PKEY_INDEX)],
  [path(S.SQE, S.RTS), UC_RTS_AGAIN],
]);

const datagram = (init: number): ReadonlyMap<string, Rule> =>
  new Map([
    [path(S.RESET, S.INIT), rule(init)],
    [path(S.INIT, S.INIT), rule(0, init)],
    [path(S.INIT, S.RTR), rule(0, A.PKEY_INDEX | A.QKEY)],
    [path(S.RTR, S.RTS), rule(A.SQ_PSN, A.CUR_STATE | A.QKEY)],
    [path(S.RTS, S.RTS), DATAGRAM_RTS],
    [path(S.RTS, S.SQD), rule(0, A.SQD_EVENT)],
    [path(S.SQD, S.RTS), DATAGRAM_RTS],
    [path(S.SQD, S.SQD), rule(0, A.PKEY_INDEX | A.QKEY)],
    [path(S.SQE, S.RTS), DATAGRAM_RTS],
  ]);

/** A DMA channel has no other end and no attributes. */
const DMA: ReadonlyMap<string, Rule> = new Map([
  [path(S.RESET, S.INIT), rule(0)],
  [path(S.INIT, S.INIT), rule(0)],
  [path(S.INIT, S.RTR), rule(0)],
  [path(S.RTR, S.RTS), rule(0, A.CUR_STATE)],
  [path(S.RTS, S.RTS), rule(0, A.CUR_STATE)],
  [path(S.RTS, S.SQD), rule(0, A.SQD_EVENT)],
  [path(S.SQD, S.RTS), rule(0, A.CUR_STATE)],
  [path(S.SQD, S.SQD), rule(0)],
]);

const TABLES: ReadonlyMap<number, ReadonlyMap<string, Rule>> = new Map([
  [T.RC, RC],
  [T.UC, UC],
  [T.UD, datagram(A.PKEY_INDEX | A.PORT | A.QKEY)],
  [T.GSI, datagram(A.PKEY_INDEX | A.QKEY)],
  [T.DMA, DMA],
]);

/** What a transition wants, or undefined when there is none. Every state may go to ERR and RESET, with no attributes. */
export function ruleFor(type: number, from: number, to: number): Rule | undefined {
  if (to === S.ERR || to === S.RESET) return rule(0);
  return TABLES.get(type)?.get(path(from, to));
}

/** Attributes with which a queue pair of the type gets from one state to the next. */
export const requiredFor = (type: number, from: number, to: number): number =>
  ruleFor(type, from, to)?.required ?? 0;
