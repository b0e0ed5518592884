// SPDX-License-Identifier: MIT
// The transitions of a queue pair as the InfiniBand standard has them (volume 1, 10.3.1, table 91; in the form in which the
// kernel's verbs have it), written down a second time, to hold the model's table against.
import { QpAttr, QpState, QpType } from '../../device/abi/generated/commands.js';

/** Type, from, to: attributes that are needed, after a colon those that may be given. */
const TEXT = `
RC  RESET INIT  PKEY_INDEX PORT ACCESS
RC  INIT  INIT  : PKEY_INDEX PORT ACCESS
RC  INIT  RTR   AV MTU DEST_QPN RQ_PSN MAX_DEST_RD_ATOMIC MIN_RNR_TIMER : ACCESS PKEY_INDEX
RC  RTR   RTS   SQ_PSN TIMEOUT RETRY_COUNT RNR_RETRY MAX_RD_ATOMIC : CUR_STATE ACCESS MIN_RNR_TIMER
RC  RTS   RTS   : CUR_STATE ACCESS MIN_RNR_TIMER
RC  RTS   SQD   : SQD_EVENT
RC  SQD   RTS   : CUR_STATE ACCESS MIN_RNR_TIMER
RC  SQD   SQD   : PORT AV TIMEOUT RETRY_COUNT RNR_RETRY MAX_RD_ATOMIC MAX_DEST_RD_ATOMIC ACCESS PKEY_INDEX MIN_RNR_TIMER
UC  RESET INIT  PKEY_INDEX PORT ACCESS
UC  INIT  INIT  : PKEY_INDEX PORT ACCESS
UC  INIT  RTR   AV MTU DEST_QPN RQ_PSN : ACCESS PKEY_INDEX
UC  RTR   RTS   SQ_PSN : CUR_STATE ACCESS
UC  RTS   RTS   : CUR_STATE ACCESS
UC  RTS   SQD   : SQD_EVENT
UC  SQD   RTS   : CUR_STATE ACCESS
UC  SQD   SQD   : AV ACCESS PKEY_INDEX
UC  SQE   RTS   : CUR_STATE ACCESS
UD  RESET INIT  PKEY_INDEX PORT QKEY
UD  INIT  INIT  : PKEY_INDEX PORT QKEY
UD  INIT  RTR   : PKEY_INDEX QKEY
UD  RTR   RTS   SQ_PSN : CUR_STATE QKEY
UD  RTS   RTS   : CUR_STATE QKEY
UD  RTS   SQD   : SQD_EVENT
UD  SQD   RTS   : CUR_STATE QKEY
UD  SQD   SQD   : PKEY_INDEX QKEY
UD  SQE   RTS   : CUR_STATE QKEY
GSI RESET INIT  PKEY_INDEX QKEY
GSI INIT  INIT  : PKEY_INDEX QKEY
GSI INIT  RTR   : PKEY_INDEX QKEY
GSI RTR   RTS   SQ_PSN : CUR_STATE QKEY
GSI RTS   RTS   : CUR_STATE QKEY
GSI RTS   SQD   : SQD_EVENT
GSI SQD   RTS   : CUR_STATE QKEY
GSI SQD   SQD   : PKEY_INDEX QKEY
GSI SQE   RTS   : CUR_STATE QKEY
DMA RESET INIT
DMA INIT  INIT
DMA INIT  RTR
DMA RTR   RTS   : CUR_STATE
DMA RTS   RTS   : CUR_STATE
DMA RTS   SQD   : SQD_EVENT
DMA SQD   RTS   : CUR_STATE
DMA SQD   SQD
`;

export interface Rule {
  readonly type: number;
  readonly from: number;
  readonly to: number;
  readonly needed: number;
  readonly allowed: number;
}

type Names = Readonly<Record<string, number>>;

function maskOf(names: string): number {
  const words = names.split(/\s+/).filter(name => name !== '');
  return words.reduce((mask, name) => mask | (QpAttr as Names)[name]!, 0);
}

const RULES: readonly Rule[] = TEXT.trim()
  .split('\n')
  .map(line => {
    const [, type, from, to, rest] = /^(\w+)\s+(\w+)\s+(\w+)\s*(.*)$/.exec(line)!;
    const [needed, allowed = ''] = rest!.split(':');
    return {
      type: (QpType as Names)[type!]!,
      from: (QpState as Names)[from!]!,
      to: (QpState as Names)[to!]!,
      needed: maskOf(needed!),
      allowed: maskOf(allowed),
    };
  });

/** What MODIFY_QP from one state to another wants beside STATE; undefined: it is refused. Any state goes to ERR and RESET. */
export function ruleOf(type: number, from: number, to: number): Rule | undefined {
  if (to === QpState.RESET || to === QpState.ERR) return { type, from, to, needed: 0, allowed: 0 };
  return RULES.find(rule => rule.type === type && rule.from === from && rule.to === to);
}

export const TYPES: readonly number[] = Object.values(QpType);
export const STATES: readonly number[] = Object.values(QpState);

/** Whether a queue pair of this type can be in the state at all: RC and DMA never go to SQE. */
export const hasState = (type: number, state: number): boolean =>
  state !== QpState.SQE || (type !== QpType.RC && type !== QpType.DMA);

export const typeName = (type: number): string => nameIn(QpType, type);
export const stateName = (state: number): string => nameIn(QpState, state);
export const attributeName = (bit: number): string => nameIn(QpAttr, bit);

const nameIn = (names: Names, value: number): string =>
  Object.entries(names).find(([, v]) => v === value)?.[0] ?? String(value);
