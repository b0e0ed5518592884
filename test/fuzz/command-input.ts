// SPDX-License-Identifier: MIT
// Commands as the fuzzer makes them: the input of a command that would succeed, and then fields of it with other values.
import { commandsGroup } from '../../device/abi/commands.js';
import * as c from '../../device/abi/generated/commands.js';
import { NEEDED } from '../support/commander.js';
import type { Dice } from './dice.js';
import { type Piece, piecesOf, putPiece, structOf, valueFor } from './fields.js';
import type { Op } from './input.js';
import { type Objects, PAGE, RW_IOVA } from './world.js';

const INPUT_BYTES = 192;
const CODES: readonly number[] = Object.values(c.Command);

const layout = (name: string): readonly Piece[] => piecesOf(structOf(commandsGroup, name), commandsGroup);
const handle = layout('cmd_handle_in');
const LAYOUTS: Readonly<Record<number, readonly Piece[]>> = {
  [c.Command.SET_GID]: layout('cmd_set_gid'),
  [c.Command.QUERY_GID]: layout('cmd_set_gid'),
  [c.Command.QUERY_COUNTERS]: layout('cmd_counters'),
  [c.Command.CREATE_EQ]: layout('cmd_create_eq'),
  [c.Command.REGISTER_MR]: layout('cmd_register_mr'),
  [c.Command.ALLOC_MR]: layout('cmd_alloc_mr'),
  [c.Command.REREGISTER_MR]: layout('cmd_reregister_mr'),
  [c.Command.CREATE_CQ]: layout('cmd_create_cq'),
  [c.Command.RESIZE_CQ]: layout('cmd_resize_cq'),
  [c.Command.MODIFY_CQ]: layout('cmd_modify_cq'),
  [c.Command.CREATE_SRQ]: layout('cmd_create_srq'),
  [c.Command.MODIFY_SRQ]: layout('cmd_modify_srq'),
  [c.Command.CREATE_QP]: layout('cmd_create_qp'),
  [c.Command.MODIFY_QP]: layout('cmd_modify_qp'),
  [c.Command.CREATE_AH]: layout('cmd_ah'),
  [c.Command.MODIFY_AH]: layout('cmd_ah'),
  [c.Command.SET_LINK]: layout('cmd_link'),
};

/** [code, choice, damaged field, low, high, damaged field, low, high] */
export function commandNumbers(dice: Dice): number[] {
  const code = dice.oneIn(20) ? dice.below(0x10000) : dice.pick(CODES);
  const pieces = LAYOUTS[code] ?? handle;
  const damage = (): number[] => {
    const n = dice.below(pieces.length);
    return dice.oneIn(2) ? [n, ...valueFor(dice, pieces[n]!)] : [0xffff, 0, 0];
  };
  return [code, dice.oneIn(4) ? dice.word() : dice.below(12), ...damage(), ...damage()];
}

/** The command that an operation tells. `choice` says which object it is about. */
export function inputOf(op: Op, o: Objects): { opcode: number; input: Uint8Array } {
  const [, told = 0, choice = 0] = op;
  const opcode = told % 0x10000;
  const words = new Uint32Array(INPUT_BYTES / 4);
  FILLERS[opcode]?.(words, choice, o);
  const bytes = new Uint8Array(words.buffer);
  const pieces = LAYOUTS[opcode] ?? handle;
  for (let n = 3; n + 2 < op.length; n += 3) {
    const which = op[n]!;
    if (which !== 0xffff) putPiece(bytes, 0, pieces[which % pieces.length]!, op[n + 1]!, op[n + 2]!);
  }
  return { opcode, input: bytes };
}

type Filler = (i: Uint32Array, choice: number, o: Objects) => void;

/** Numbers of objects that exist, and some that do not. */
const named =
  (list: (o: Objects) => readonly number[]): Filler =>
  (i, choice, o) => {
    const known = list(o);
    i[0] = known[choice % (known.length + 2)] ?? choice;
  };
const keys = (o: Objects): number[] => [o.rw, o.ro, o.whole];
const cqs = (o: Objects): number[] => o.cqs.map(cq => cq.number);
const qps = (o: Objects): number[] => o.qps.map(qp => qp.number);
const srqs = (o: Objects): number[] => [o.srq.number];
const ahs = (o: Objects): number[] => [o.ah];

/** Bits of `choice` from `from` on, `count` values. */
const part = (choice: number, from: number, count: number): number => (choice >>> from) % count;

/** The address vector of a cmd_ah at word `at`: from the own entry of the GID table to the adapter itself. */
function fillVector(i: Uint32Array, at: number, choice: number, o: Objects): void {
  const bytes = new Uint8Array(i.buffer, at * 4);
  c.setCmdAhSgidIndex(i, at, choice % 7 === 0 ? 1 : 0);
  c.setCmdAhHopLimit(i, at, choice % 256);
  bytes.set(o.own.gid, c.CMD_AH_DGID_OFFSET);
  bytes.set(o.own.mac, c.CMD_AH_DMAC_OFFSET);
}

const TYPES: readonly number[] = Object.values(c.QpType);
const STATES: readonly number[] = Object.values(c.QpState);
const AV_WORD = (c.CMD_MODIFY_QP_SGID_INDEX_OFFSET - c.CMD_AH_SGID_INDEX_OFFSET) / 4;

/** Values for all attributes of `mask`. */
function fillAttributes(i: Uint32Array, mask: number, choice: number, o: Objects): void {
  const dest = o.qps[part(choice, 6, o.qps.length)]!.number;
  const values: readonly (readonly [number, (m: Uint32Array, w: number, v: number) => void, number])[] = [
    [c.QpAttr.DEST_QPN, c.setCmdModifyQpDestQpn, dest],
    [c.QpAttr.MTU, c.setCmdModifyQpMtu, 1 + part(choice, 9, 5)],
    [c.QpAttr.SQ_PSN, c.setCmdModifyQpSqPsn, choice % 2 ** 24],
    [c.QpAttr.RQ_PSN, c.setCmdModifyQpRqPsn, choice % 2 ** 24],
    [c.QpAttr.ACCESS, c.setCmdModifyQpAccess, 14],
    [c.QpAttr.PORT, c.setCmdModifyQpPort, 1],
    [c.QpAttr.QKEY, c.setCmdModifyQpQkey, choice % 5],
    [c.QpAttr.MAX_RD_ATOMIC, c.setCmdModifyQpMaxRdAtomic, choice % 17],
    [c.QpAttr.MAX_DEST_RD_ATOMIC, c.setCmdModifyQpMaxDestRdAtomic, choice % 17],
    [c.QpAttr.TIMEOUT, c.setCmdModifyQpTimeout, choice % 32],
    [c.QpAttr.SQD_EVENT, c.setCmdModifyQpSqdEvent, 1],
  ];
  for (const [bit, set, value] of values) if ((mask & bit) !== 0) set(i, 0, value);
  if ((mask & c.QpAttr.AV) !== 0) fillVector(i, AV_WORD, choice, o);
}

/** What a queue pair of the type needs on its way to the state. */
function neededFor(type: number, state: number): number {
  const at = [c.QpState.INIT, c.QpState.RTR, c.QpState.RTS].indexOf(state as 1);
  return NEEDED[type]?.[at] ?? 0;
}

const FILLERS: Readonly<Record<number, Filler>> = {
  [c.Command.DESTROY_EQ]: named(o => [o.eq.number]),
  [c.Command.QUERY_EQ]: named(o => [o.eq.number]),
  [c.Command.DEALLOC_PD]: named(o => [o.pd, o.pd + 1]),
  [c.Command.FREE_PAGE]: named(o => o.pages),
  [c.Command.DEREGISTER_MR]: named(keys),
  [c.Command.QUERY_MR]: named(keys),
  [c.Command.DESTROY_CQ]: named(cqs),
  [c.Command.QUERY_CQ]: named(cqs),
  [c.Command.DESTROY_QP]: named(qps),
  [c.Command.QUERY_QP]: named(qps),
  [c.Command.CREATE_EQ]: (i, choice, o) => {
    c.setCmdCreateEqAddress(i, 0, o.rwPages[0]! + (choice % 4) * 1024);
    c.setCmdCreateEqLkey(i, 0, o.whole);
    c.setCmdCreateEqLogDepth(i, 0, 1 + (choice % 4));
    c.setCmdCreateEqVector(i, 0, choice % 32);
  },
  [c.Command.CREATE_CQ]: (i, choice, o) => {
    c.setCmdCreateCqAddress(i, 0, o.rwPages[1]! + (choice % 4) * 1024);
    c.setCmdCreateCqLkey(i, 0, o.whole);
    c.setCmdCreateCqLogDepth(i, 0, 1 + (choice % 4));
    c.setCmdCreateCqEqn(i, 0, o.eq.number);
    c.setCmdCreateCqPage(i, 0, choice % 3);
  },
  [c.Command.CREATE_QP]: (i, choice, o) => {
    const type = TYPES[choice % TYPES.length]!;
    c.setCmdCreateQpPd(i, 0, o.pd);
    c.setCmdCreateQpPage(i, 0, choice % 3);
    c.setCmdCreateQpSendCqn(i, 0, o.cqs[0]!.number);
    c.setCmdCreateQpType(i, 0, type);
    c.setCmdCreateQpFlags(i, 0, part(choice, 4, 2));
    c.setCmdCreateQpSendLogDepth(i, 0, 2);
    c.setCmdCreateQpSendLogStride(i, 0, 7);
    c.setCmdCreateQpSendAddress(i, 0, RW_IOVA);
    c.setCmdCreateQpSendLkey(i, 0, o.rw);
    if (type === c.QpType.DMA) return;
    c.setCmdCreateQpRecvCqn(i, 0, o.cqs[1]!.number);
    if (part(choice, 5, 3) === 0) return c.setCmdCreateQpSrqn(i, 0, o.srq.number);
    c.setCmdCreateQpRecvLogDepth(i, 0, 2);
    c.setCmdCreateQpRecvLogStride(i, 0, 7);
    c.setCmdCreateQpRecvAddress(i, 0, RW_IOVA + 0x400);
    c.setCmdCreateQpRecvLkey(i, 0, o.rw);
  },
  [c.Command.CREATE_SRQ]: (i, choice, o) => {
    c.setCmdCreateSrqPd(i, 0, o.pd);
    c.setCmdCreateSrqPage(i, 0, choice % 3);
    c.setCmdCreateSrqAddress(i, 0, RW_IOVA + 0x800);
    c.setCmdCreateSrqLkey(i, 0, o.rw);
    c.setCmdCreateSrqLogDepth(i, 0, 1 + (choice % 4));
    c.setCmdCreateSrqLogStride(i, 0, 6);
    c.setCmdCreateSrqLimit(i, 0, choice % 2);
  },
  [c.Command.MODIFY_SRQ]: (i, choice, o) => {
    c.setCmdModifySrqHandle(i, 0, o.srq.number);
    c.setCmdModifySrqLimit(i, 0, choice % 10);
  },
  [c.Command.DESTROY_SRQ]: named(srqs),
  [c.Command.QUERY_SRQ]: named(srqs),
  [c.Command.CREATE_AH]: (i, choice, o) => {
    c.setCmdAhPd(i, 0, o.pd);
    fillVector(i, 0, choice, o);
  },
  [c.Command.MODIFY_AH]: (i, choice, o) => {
    c.setCmdAhHandle(i, 0, o.ah);
    fillVector(i, 0, choice, o);
  },
  [c.Command.DESTROY_AH]: named(ahs),
  [c.Command.QUERY_AH]: named(ahs),
  [c.Command.SET_GID]: (i, choice) => {
    c.setCmdSetGidIndex(i, 0, choice % 34);
    if (choice % 3 === 0) return;
    c.setCmdSetGidType(i, 0, c.GidType.ROCE_V2);
    i.fill(choice + 2, c.CMD_SET_GID_GID_OFFSET / 4, c.CMD_SET_GID_GID_OFFSET / 4 + 4);
  },
  [c.Command.QUERY_GID]: (i, choice) => c.setCmdSetGidIndex(i, 0, choice % 34),
  [c.Command.QUERY_COUNTERS]: (i, choice, o) => {
    c.setCmdCountersKind(i, 0, choice % 3);
    const handles = [0, qps(o)[part(choice, 2, o.qps.length)]!, part(choice, 2, 4)];
    c.setCmdCountersHandle(i, 0, handles[choice % 3]!);
  },
  [c.Command.RESIZE_CQ]: (i, choice, o) => {
    c.setCmdResizeCqHandle(i, 0, o.cqs[choice % o.cqs.length]!.number);
    c.setCmdResizeCqLkey(i, 0, o.rw);
    c.setCmdResizeCqAddress(i, 0, RW_IOVA + part(choice, 1, 4) * 1024);
    c.setCmdResizeCqLogDepth(i, 0, 1 + part(choice, 3, 6));
  },
  [c.Command.MODIFY_CQ]: (i, choice, o) => {
    c.setCmdModifyCqHandle(i, 0, o.cqs[choice % o.cqs.length]!.number);
    c.setCmdModifyCqCount(i, 0, part(choice, 1, 4));
    c.setCmdModifyCqPeriodUs(i, 0, part(choice, 3, 3));
  },
  [c.Command.ALLOC_MR]: (i, choice, o) => {
    c.setCmdAllocMrPd(i, 0, o.pd);
    c.setCmdAllocMrPageCount(i, 0, 1 + (choice % 40));
  },
  [c.Command.REREGISTER_MR]: (i, choice, o) => {
    c.setCmdReregisterMrHandle(i, 0, [o.rw, o.ro, o.whole][choice % 3]!);
    c.setCmdReregisterMrChange(i, 0, c.MrChange.ACCESS);
    c.setCmdReregisterMrAccess(i, 0, part(choice, 2, 2));
  },
  [c.Command.REGISTER_MR]: (i, choice, o) => {
    c.setCmdRegisterMrPd(i, 0, o.pd);
    c.setCmdRegisterMrAccess(i, 0, choice % 2);
    if (choice % 3 === 0) return c.setCmdRegisterMrKind(i, 0, c.MrKind.WHOLE_MEMORY);
    c.setCmdRegisterMrPageShift(i, 0, 12);
    c.setCmdRegisterMrIova(i, 0, 0x40000);
    c.setCmdRegisterMrLength(i, 0, PAGE);
    // A page of zeros: each entry names bus address 0.
    c.setCmdRegisterMrPageList(i, 0, 60 * PAGE);
    c.setCmdRegisterMrPageCount(i, 0, 1 + (choice % 40));
  },
  [c.Command.MODIFY_QP]: (i, choice, o) => {
    const qp = o.qps[choice % o.qps.length]!;
    const state = STATES[part(choice, 3, STATES.length)]!;
    const extra = choice % 5 === 0 ? c.QpAttr.ACCESS : choice % 11 === 0 ? c.QpAttr.SQD_EVENT : 0;
    const mask = neededFor(qp.type, state) | extra;
    c.setCmdModifyQpHandle(i, 0, qp.number);
    c.setCmdModifyQpState(i, 0, state);
    c.setCmdModifyQpAttrMask(i, 0, c.QpAttr.STATE | mask);
    fillAttributes(i, mask, choice, o);
  },
  [c.Command.SET_LINK]: (i, choice) => {
    c.setCmdLinkHold(i, 0, choice % 8);
    c.setCmdLinkRateMbps(i, 0, choice % 5 === 0 ? 1000 : 0);
  },
};
