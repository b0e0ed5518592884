// SPDX-License-Identifier: MIT
// Commands as the fuzzer makes them: the input of a command that would succeed, and then fields of it with other values.
import { commandsGroup } from '../../device/abi/commands.js';
import * as c from '../../device/abi/generated/commands.js';
import type { Dice } from './dice.js';
import { type Piece, piecesOf, putPiece, structOf, valueFor } from './fields.js';
import type { Op } from './input.js';
import { type Objects, PAGE, RW_IOVA } from './world.js';

const INPUT_BYTES = 64;
const CODES: readonly number[] = Object.values(c.Command);

const layout = (name: string): readonly Piece[] => piecesOf(structOf(commandsGroup, name), commandsGroup);
const handle = layout('cmd_handle_in');
const LAYOUTS: Readonly<Record<number, readonly Piece[]>> = {
  [c.Command.CREATE_EQ]: layout('cmd_create_eq'),
  [c.Command.REGISTER_MR]: layout('cmd_register_mr'),
  [c.Command.CREATE_CQ]: layout('cmd_create_cq'),
  [c.Command.CREATE_QP]: layout('cmd_create_qp'),
  [c.Command.MODIFY_QP]: layout('cmd_modify_qp'),
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
    const rc = choice % 2 === 0;
    c.setCmdCreateQpPd(i, 0, o.pd);
    c.setCmdCreateQpPage(i, 0, choice % 3);
    c.setCmdCreateQpSendCqn(i, 0, o.cqs[0]!.number);
    c.setCmdCreateQpType(i, 0, rc ? 0 : 1);
    c.setCmdCreateQpSendLogDepth(i, 0, 2);
    c.setCmdCreateQpSendLogStride(i, 0, 7);
    c.setCmdCreateQpSendAddress(i, 0, RW_IOVA);
    c.setCmdCreateQpSendLkey(i, 0, o.rw);
    if (!rc) return;
    c.setCmdCreateQpRecvCqn(i, 0, o.cqs[1]!.number);
    c.setCmdCreateQpRecvLogDepth(i, 0, 2);
    c.setCmdCreateQpRecvLogStride(i, 0, 7);
    c.setCmdCreateQpRecvAddress(i, 0, RW_IOVA + 0x400);
    c.setCmdCreateQpRecvLkey(i, 0, o.rw);
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
    const { STATE, DEST_QPN, MTU, RQ_PSN, SQ_PSN } = c.QpAttr;
    const qp = o.qps[choice % o.qps.length]!;
    const state = [c.QpState.RESET, c.QpState.INIT, c.QpState.RTR, c.QpState.RTS, c.QpState.ERR][
      (choice >>> 3) % 5
    ]!;
    const rc = qp.type === c.QpType.RC;
    c.setCmdModifyQpHandle(i, 0, qp.number);
    c.setCmdModifyQpState(i, 0, state);
    const toRtr = rc && state === c.QpState.RTR ? DEST_QPN | MTU | RQ_PSN : 0;
    const toRts = rc && state === c.QpState.RTS ? SQ_PSN : 0;
    c.setCmdModifyQpAttrMask(i, 0, STATE | toRtr | toRts);
    if (toRtr === 0) return;
    c.setCmdModifyQpDestQpn(i, 0, o.qps[(choice >>> 6) % o.qps.length]!.number);
    c.setCmdModifyQpMtu(i, 0, 1 + ((choice >>> 9) % 5));
  },
  [c.Command.SET_LINK]: (i, choice) => {
    c.setCmdLinkHold(i, 0, choice % 4);
    c.setCmdLinkRateMbps(i, 0, choice % 5 === 0 ? 1000 : 0);
  },
};
