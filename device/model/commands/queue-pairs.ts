// SPDX-License-Identifier: MIT
// Queue pairs: create and destroy. modify-qp.ts and query-qp.ts have the rest.
import {
  CMD_CREATE_QP_SRQN_OFFSET,
  CommandCode,
  cmdCreateQpFlags,
  cmdCreateQpPage,
  cmdCreateQpPd,
  cmdCreateQpRecvAddress,
  cmdCreateQpRecvCqn,
  cmdCreateQpRecvLkey,
  cmdCreateQpRecvLogDepth,
  cmdCreateQpRecvLogStride,
  cmdCreateQpSendAddress,
  cmdCreateQpSendCqn,
  cmdCreateQpSendLkey,
  cmdCreateQpSendLogDepth,
  cmdCreateQpSendLogStride,
  cmdCreateQpSrqn,
  cmdCreateQpType,
  GSI_QPN,
  QpFlag,
  QpType,
  setCmdHandleOutHandle,
} from '../../abi/generated/commands.js';
import * as s from '../../abi/generated/state.js';
import { lowestFree, openRow, type Table } from '../allocate.js';
import { cqRow, mrRow, NONE, pageRow, pdRow, type QpRow, qpRow, srqRow } from '../rows.js';
import {
  badHandle,
  badParameter,
  type Command,
  depthFits,
  exhausted,
  type Handler,
  queueAligned,
  queueBuffer,
  strideFits,
  use,
  zeroFrom,
} from './context.js';
import { forgetQp } from './modify-qp.js';
import { handleOf } from './simple.js';

/** QP0 and QP1 are special to InfiniBand management (IBTA 3.9.5): 0 is never given out, 1 only as GSI. */
const QPS: Table = {
  first: s.QP_TABLE,
  words: s.QP_WORDS,
  count: s.QP_COUNT,
  reserved: 2,
  high: s.ST_QP_HIGH_OFFSET / 4,
};
/** The word with recv_log_stride and flags; its upper half is reserved. */
const SHAPE_WORD = 5;
const SHAPE_LIMIT = 65536;
const TYPES: readonly number[] = Object.values(QpType);

/** Fields that are taken into the row as they are. */
const TAKEN = [
  [s.putQpType, cmdCreateQpType],
  [s.putQpPd, cmdCreateQpPd],
  [s.putQpPage, cmdCreateQpPage],
  [s.putQpSendCqn, cmdCreateQpSendCqn],
  [s.putQpRecvCqn, cmdCreateQpRecvCqn],
  [s.putQpSendLkey, cmdCreateQpSendLkey],
  [s.putQpRecvLkey, cmdCreateQpRecvLkey],
  [s.putQpSendLogDepth, cmdCreateQpSendLogDepth],
  [s.putQpSendLogStride, cmdCreateQpSendLogStride],
  [s.putQpRecvLogDepth, cmdCreateQpRecvLogDepth],
  [s.putQpRecvLogStride, cmdCreateQpRecvLogStride],
  [s.putQpSendAddress, cmdCreateQpSendAddress],
  [s.putQpRecvAddress, cmdCreateQpRecvAddress],
  [s.putQpFlags, cmdCreateQpFlags],
  [s.putQpSrqn, cmdCreateQpSrqn],
] as const;

export const createQp: Handler = c => {
  const { input } = c;
  const { m, journal } = c.core;
  const wrong = wrongShape(input);
  if (wrong !== undefined) return badParameter(c, wrong);
  const users = owners(c);
  if (typeof users === 'string') return badHandle(c, users);
  const gsi = cmdCreateQpType(input, 0) === QpType.GSI;
  const n = gsi ? gsiNumber(m) : lowestFree(m, QPS);
  if (n < 0) return exhausted(c);
  const row = openRow(journal, QPS, n, 1);
  for (const [put, get] of TAKEN) put(journal, row, get(input, 0));
  s.putQpUsed(journal, row, 1);
  if (gsi) s.putStGsiUsed(journal, 0, 1);
  for (const word of users) use(c, word, 1);
  setCmdHandleOutHandle(c.output, 0, n);
  return CommandCode.OK;
};

/** The one number for management datagrams, or -1 when it is taken. */
const gsiNumber = (m: Uint32Array): number => (s.stGsiUsed(m, 0) === 0 ? GSI_QPN : -1);

/** Fields of an own receive queue: zero when there is none, because the queue pair is a DMA channel or has a shared one. */
const OWN_RECEIVE = [
  ['recv_log_depth', cmdCreateQpRecvLogDepth],
  ['recv_log_stride', cmdCreateQpRecvLogStride],
  ['recv_lkey', cmdCreateQpRecvLkey],
  ['recv_address', cmdCreateQpRecvAddress],
] as const;

/** The first field that cannot be, if any. */
function wrongShape(input: Uint32Array): string | undefined {
  if (!TYPES.includes(cmdCreateQpType(input, 0))) return 'type';
  if (cmdCreateQpFlags(input, 0) > QpFlag.PRIVILEGED) return 'flags';
  if (input[SHAPE_WORD] >= SHAPE_LIMIT || !zeroFrom(input, CMD_CREATE_QP_SRQN_OFFSET + 4)) return 'reserved';
  if (!queueAligned(cmdCreateQpSendAddress(input, 0))) return 'send_address';
  if (!queueAligned(cmdCreateQpRecvAddress(input, 0))) return 'recv_address';
  if (!depthFits(cmdCreateQpSendLogDepth(input, 0))) return 'send_log_depth';
  if (!strideFits(cmdCreateQpSendLogStride(input, 0))) return 'send_log_stride';
  const dma = cmdCreateQpType(input, 0) === QpType.DMA;
  if (dma && cmdCreateQpRecvCqn(input, 0) !== 0) return 'recv_cqn';
  if (dma && cmdCreateQpSrqn(input, 0) !== 0) return 'srqn';
  if (dma || cmdCreateQpSrqn(input, 0) !== 0) return OWN_RECEIVE.find(([, get]) => get(input, 0) !== 0)?.[0];
  if (!depthFits(cmdCreateQpRecvLogDepth(input, 0))) return 'recv_log_depth';
  return strideFits(cmdCreateQpRecvLogStride(input, 0)) ? undefined : 'recv_log_stride';
}

type Owner = readonly [field: string, row: number, usersOffset: number];

/** Words with the counts of users of everything that the queue pair refers to, or the field that names what does not exist. */
function owners(c: Command): number[] | string {
  const { input } = c;
  const { m } = c.core;
  const pd = cmdCreateQpPd(input, 0);
  const bytes = 2 ** (cmdCreateQpSendLogDepth(input, 0) + cmdCreateQpSendLogStride(input, 0));
  const send = queueBuffer(
    c,
    cmdCreateQpSendLkey(input, 0),
    pd,
    cmdCreateQpSendAddress(input, 0),
    bytes,
    false,
  );
  const rows: Owner[] = [
    ['pd', pdRow(m, pd), s.PD_USERS_OFFSET],
    ['page', pageRow(m, cmdCreateQpPage(input, 0)), s.DPAGE_USERS_OFFSET],
    ['send_cqn', cqRow(m, cmdCreateQpSendCqn(input, 0)), s.CQ_USERS_OFFSET],
    ['send_lkey', send, s.MR_USERS_OFFSET],
  ];
  if (cmdCreateQpType(input, 0) !== QpType.DMA) rows.push(...receiveOwners(c, pd));
  return rows.find(([, row]) => row === NONE)?.[0] ?? rows.map(([, row, offset]) => row + offset / 4);
}

function receiveOwners(c: Command, pd: number): Owner[] {
  const { input } = c;
  const { m } = c.core;
  const cq: Owner = ['recv_cqn', cqRow(m, cmdCreateQpRecvCqn(input, 0)), s.CQ_USERS_OFFSET];
  const srqn = cmdCreateQpSrqn(input, 0);
  if (srqn !== 0) return [cq, ['srqn', srqRow(m, srqn), s.SRQ_USERS_OFFSET]];
  const bytes = 2 ** (cmdCreateQpRecvLogDepth(input, 0) + cmdCreateQpRecvLogStride(input, 0));
  const [key, address] = [cmdCreateQpRecvLkey(input, 0), cmdCreateQpRecvAddress(input, 0)];
  return [cq, ['recv_lkey', queueBuffer(c, key, pd, address, bytes, false), s.MR_USERS_OFFSET]];
}

export const destroyQp: Handler = c => {
  const { m, journal, queues } = c.core;
  const n = handleOf(c);
  if (n < 0) return badParameter(c, 'reserved');
  const qp = qpRow(m, n);
  if (qp === NONE) return badHandle(c);
  const peer = qpRow(m, s.qpDestQpn(m, qp));
  forgetQp(c, qp);
  for (const word of usersOf(m, qp)) use(c, word, -1);
  s.putQpUsed(journal, qp, 0);
  if (n === GSI_QPN) s.putStGsiUsed(journal, 0, 0);
  queues.classify(qp);
  if (peer !== NONE) queues.classify(peer);
  return CommandCode.OK;
};

/** Words with the counts of users of everything that the queue pair refers to. */
function usersOf(m: Uint32Array, qp: QpRow): number[] {
  const words = [
    pdRow(m, s.qpPd(m, qp)) + s.PD_USERS_OFFSET / 4,
    pageRow(m, s.qpPage(m, qp)) + s.DPAGE_USERS_OFFSET / 4,
    cqRow(m, s.qpSendCqn(m, qp)) + s.CQ_USERS_OFFSET / 4,
    mrRow(m, s.qpSendLkey(m, qp)) + s.MR_USERS_OFFSET / 4,
  ];
  if (s.qpType(m, qp) === QpType.DMA) return words;
  words.push(cqRow(m, s.qpRecvCqn(m, qp)) + s.CQ_USERS_OFFSET / 4);
  const srqn = s.qpSrqn(m, qp);
  if (srqn === 0) words.push(mrRow(m, s.qpRecvLkey(m, qp)) + s.MR_USERS_OFFSET / 4);
  else words.push(srqRow(m, srqn) + s.SRQ_USERS_OFFSET / 4);
  return words;
}
