// SPDX-License-Identifier: MIT
// Queue pairs: create, modify by the transition table, query, destroy.
import {
  CMD_CREATE_QP_RECV_LKEY_OFFSET,
  CMD_MODIFY_QP_RQ_PSN_OFFSET,
  CommandCode,
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
  cmdCreateQpType,
  cmdModifyQpAttrMask,
  cmdModifyQpDestQpn,
  cmdModifyQpHandle,
  cmdModifyQpMtu,
  cmdModifyQpRqPsn,
  cmdModifyQpSqPsn,
  cmdModifyQpState,
  Mtu,
  QpAttr,
  QpState,
  QpType,
  setCmdHandleOutHandle,
  setCmdQpOutDestQpn,
  setCmdQpOutErrorIndex,
  setCmdQpOutErrorStatus,
  setCmdQpOutFaultAddress,
  setCmdQpOutFaultInfo,
  setCmdQpOutMtu,
  setCmdQpOutRecvConsumer,
  setCmdQpOutRecvProducer,
  setCmdQpOutRqPsn,
  setCmdQpOutSendConsumer,
  setCmdQpOutSendProducer,
  setCmdQpOutSqPsn,
  setCmdQpOutState,
  setCmdQpOutType,
} from '../../abi/generated/commands.js';
import { WQE_STRIDE_MAX, WQE_STRIDE_MIN } from '../../abi/generated/descriptors.js';
import * as s from '../../abi/generated/state.js';
import { lowestFree, openRow, type Table } from '../allocate.js';
import { findTransition } from '../qp-state.js';
import { cqRow, mrRow, NONE, pageRow, pdRow, type QpRow, qpRow } from '../rows.js';
import {
  badHandle,
  badParameter,
  type Command,
  exhausted,
  type Handler,
  LOG_DEPTH_MAX,
  type Outcome,
  queueAligned,
  queueBuffer,
  refused,
  use,
  zeroFrom,
} from './context.js';
import { handleOf } from './simple.js';

/** QP0 and QP1 are special to InfiniBand management (IBTA 3.9.5); they are never given out. */
const QPS: Table = {
  first: s.QP_TABLE,
  words: s.QP_WORDS,
  count: s.QP_COUNT,
  reserved: 2,
  high: s.ST_QP_HIGH_OFFSET / 4,
};
const STRIDE_LOG_MIN = Math.log2(WQE_STRIDE_MIN);
const STRIDE_LOG_MAX = Math.log2(WQE_STRIDE_MAX);
const PSN_LIMIT = 2 ** 24;
/** Words of CREATE_QP and MODIFY_QP whose upper bytes are reserved. */
const CREATE_SHAPE_WORD = 5;
const MODIFY_SHAPE_WORD = 2;
const mtuBytes = (mtu: number): number => 128 * 2 ** mtu;

export const createQp: Handler = c => {
  const { input } = c;
  const { m, journal } = c.core;
  const rc = cmdCreateQpType(input, 0) === QpType.RC;
  const wrong = wrongShape(input, rc);
  if (wrong !== undefined) return badParameter(c, wrong);
  const users = owners(c, rc);
  if (typeof users === 'string') return badHandle(c, users);
  const n = lowestFree(m, QPS);
  if (n < 0) return exhausted(c);
  const row = openRow(journal, QPS, n, 1);
  s.putQpType(journal, row, cmdCreateQpType(input, 0));
  s.putQpPd(journal, row, cmdCreateQpPd(input, 0));
  s.putQpPage(journal, row, cmdCreateQpPage(input, 0));
  s.putQpSendCqn(journal, row, cmdCreateQpSendCqn(input, 0));
  s.putQpRecvCqn(journal, row, cmdCreateQpRecvCqn(input, 0));
  s.putQpSendLkey(journal, row, cmdCreateQpSendLkey(input, 0));
  s.putQpRecvLkey(journal, row, cmdCreateQpRecvLkey(input, 0));
  s.putQpSendLogDepth(journal, row, cmdCreateQpSendLogDepth(input, 0));
  s.putQpSendLogStride(journal, row, cmdCreateQpSendLogStride(input, 0));
  s.putQpRecvLogDepth(journal, row, cmdCreateQpRecvLogDepth(input, 0));
  s.putQpRecvLogStride(journal, row, cmdCreateQpRecvLogStride(input, 0));
  s.putQpSendAddress(journal, row, cmdCreateQpSendAddress(input, 0));
  s.putQpRecvAddress(journal, row, cmdCreateQpRecvAddress(input, 0));
  s.putQpUsed(journal, row, 1);
  for (const word of users) use(c, word, 1);
  setCmdHandleOutHandle(c.output, 0, n);
  return CommandCode.OK;
};

/** Fields of the receive queue, which only an RC queue pair has. */
const RECEIVE_FIELDS = [
  ['recv_log_depth', cmdCreateQpRecvLogDepth],
  ['recv_log_stride', cmdCreateQpRecvLogStride],
  ['recv_cqn', cmdCreateQpRecvCqn],
  ['recv_lkey', cmdCreateQpRecvLkey],
  ['recv_address', cmdCreateQpRecvAddress],
] as const;

const depthFits = (log: number): boolean => log >= 1 && log <= LOG_DEPTH_MAX;
const strideFits = (log: number): boolean => log >= STRIDE_LOG_MIN && log <= STRIDE_LOG_MAX;

/** The first field that cannot be, if any. */
function wrongShape(input: Uint32Array, rc: boolean): string | undefined {
  if (!rc && cmdCreateQpType(input, 0) !== QpType.DMA) return 'type';
  if (input[CREATE_SHAPE_WORD] >= 256 || !zeroFrom(input, CMD_CREATE_QP_RECV_LKEY_OFFSET + 4))
    return 'reserved';
  if (!queueAligned(cmdCreateQpSendAddress(input, 0))) return 'send_address';
  if (!queueAligned(cmdCreateQpRecvAddress(input, 0))) return 'recv_address';
  if (!depthFits(cmdCreateQpSendLogDepth(input, 0))) return 'send_log_depth';
  if (!strideFits(cmdCreateQpSendLogStride(input, 0))) return 'send_log_stride';
  if (!rc) return RECEIVE_FIELDS.find(([, get]) => get(input, 0) !== 0)?.[0];
  if (!depthFits(cmdCreateQpRecvLogDepth(input, 0))) return 'recv_log_depth';
  return strideFits(cmdCreateQpRecvLogStride(input, 0)) ? undefined : 'recv_log_stride';
}

/** Words with the counts of users of everything that the queue pair refers to, or the field that names what does not exist. */
function owners(c: Command, rc: boolean): number[] | string {
  const { input } = c;
  const { m } = c.core;
  const pd = cmdCreateQpPd(input, 0);
  const buffer = (key: number, address: number, logs: number) =>
    queueBuffer(c, key, pd, address, 2 ** logs, false);
  const send = buffer(
    cmdCreateQpSendLkey(input, 0),
    cmdCreateQpSendAddress(input, 0),
    cmdCreateQpSendLogDepth(input, 0) + cmdCreateQpSendLogStride(input, 0),
  );
  const rows: (readonly [string, number, number])[] = [
    ['pd', pdRow(m, pd), s.PD_USERS_OFFSET],
    ['page', pageRow(m, cmdCreateQpPage(input, 0)), s.DPAGE_USERS_OFFSET],
    ['send_cqn', cqRow(m, cmdCreateQpSendCqn(input, 0)), s.CQ_USERS_OFFSET],
    ['send_lkey', send, s.MR_USERS_OFFSET],
  ];
  if (rc) {
    const logs = cmdCreateQpRecvLogDepth(input, 0) + cmdCreateQpRecvLogStride(input, 0);
    rows.push(
      ['recv_cqn', cqRow(m, cmdCreateQpRecvCqn(input, 0)), s.CQ_USERS_OFFSET],
      [
        'recv_lkey',
        buffer(cmdCreateQpRecvLkey(input, 0), cmdCreateQpRecvAddress(input, 0), logs),
        s.MR_USERS_OFFSET,
      ],
    );
  }
  return rows.find(([, row]) => row === NONE)?.[0] ?? rows.map(([, row, offset]) => row + offset / 4);
}

export const modifyQp: Handler = c => {
  const { input } = c;
  const { m } = c.core;
  const mask = cmdModifyQpAttrMask(input, 0);
  const qp = qpRow(m, cmdModifyQpHandle(input, 0));
  if (qp === NONE) return badHandle(c);
  const wrong = wrongAttribute(input, mask);
  if (wrong !== undefined) return badParameter(c, wrong);
  const from = s.qpState(m, qp) as QpState;
  const to = ((mask & QpAttr.STATE) === 0 ? from : cmdModifyQpState(input, 0)) as QpState;
  const t = findTransition(s.qpType(m, qp) as QpType, from, to);
  const given = mask & ~QpAttr.STATE;
  if (t === undefined) return refused(c, CommandCode.BAD_STATE, 'transition');
  if ((given & t.required) !== t.required || (given & ~(t.required | t.optional)) !== 0)
    return badParameter(c, 'attr_mask');
  applyAttributes(c, qp, mask);
  return changeState(c, qp, from, to);
};

/** The first field that cannot be, if any. */
function wrongAttribute(input: Uint32Array, mask: number): string | undefined {
  const known = QpAttr.STATE | QpAttr.DEST_QPN | QpAttr.MTU | QpAttr.SQ_PSN | QpAttr.RQ_PSN;
  if (mask === 0 || mask > known) return 'attr_mask';
  if (input[MODIFY_SHAPE_WORD] >= 65536 || !zeroFrom(input, CMD_MODIFY_QP_RQ_PSN_OFFSET + 4))
    return 'reserved';
  const mtu = cmdModifyQpMtu(input, 0);
  const fields: (readonly [string, number, number, boolean])[] = [
    ['state', QpAttr.STATE, cmdModifyQpState(input, 0), true],
    ['dest_qpn', QpAttr.DEST_QPN, cmdModifyQpDestQpn(input, 0), cmdModifyQpDestQpn(input, 0) < PSN_LIMIT],
    ['mtu', QpAttr.MTU, mtu, mtu >= Mtu.MTU_256 && mtu <= Mtu.MTU_4096],
    ['sq_psn', QpAttr.SQ_PSN, cmdModifyQpSqPsn(input, 0), cmdModifyQpSqPsn(input, 0) < PSN_LIMIT],
    ['rq_psn', QpAttr.RQ_PSN, cmdModifyQpRqPsn(input, 0), cmdModifyQpRqPsn(input, 0) < PSN_LIMIT],
  ];
  return fields.find(([, bit, value, inRange]) => !((mask & bit) === 0 ? value === 0 : inRange))?.[0];
}

function applyAttributes(c: Command, qp: QpRow, mask: number): void {
  const { journal } = c.core;
  if ((mask & QpAttr.DEST_QPN) !== 0) s.putQpDestQpn(journal, qp, cmdModifyQpDestQpn(c.input, 0));
  if ((mask & QpAttr.MTU) !== 0) s.putQpMtuBytes(journal, qp, mtuBytes(cmdModifyQpMtu(c.input, 0)));
  if ((mask & QpAttr.SQ_PSN) !== 0) s.putQpSqPsn(journal, qp, cmdModifyQpSqPsn(c.input, 0));
  if ((mask & QpAttr.RQ_PSN) !== 0) s.putQpRqPsn(journal, qp, cmdModifyQpRqPsn(c.input, 0));
}

function changeState(c: Command, qp: QpRow, from: QpState, to: QpState): Outcome {
  const { m, journal, queues } = c.core;
  if (to === QpState.RESET) forgetWork(c, qp);
  if (to !== from) s.putQpState(journal, qp, to);
  const peer = qpRow(m, s.qpDestQpn(m, qp));
  queues.classify(qp);
  // A peer that waits for this queue pair's receive finds out what it now answers.
  if (peer !== NONE) queues.classify(peer);
  return CommandCode.OK;
}

/** What was posted and what had begun is gone without completions (IBTA 10.3.1.1). */
function forgetWork(c: Command, qp: QpRow): void {
  const { journal, queues } = c.core;
  queues.eachSlot(qp, row => {
    s.putPslotUsed(journal, row, 0);
    queues.slotFreed(qp);
  });
  for (const put of [s.putQpSendProducer, s.putQpSendConsumer, s.putQpRecvProducer, s.putQpRecvConsumer])
    put(journal, qp, 0);
  for (const put of [s.putQpActive, s.putQpActiveDone, s.putQpRecvActive, s.putQpRecvDone, s.putQpMsn])
    put(journal, qp, 0);
  for (const put of [s.putQpErrorStatus, s.putQpErrorIndex, s.putQpFaultInfo, s.putQpFaultAddress])
    put(journal, qp, 0);
}

export const destroyQp: Handler = c => {
  const { m, journal, queues } = c.core;
  const n = handleOf(c);
  if (n < 0) return badParameter(c, 'reserved');
  const qp = qpRow(m, n);
  if (qp === NONE) return badHandle(c);
  const rc = s.qpType(m, qp) === QpType.RC;
  forgetWork(c, qp);
  const words = [
    pdRow(m, s.qpPd(m, qp)) + s.PD_USERS_OFFSET / 4,
    pageRow(m, s.qpPage(m, qp)) + s.DPAGE_USERS_OFFSET / 4,
    cqRow(m, s.qpSendCqn(m, qp)) + s.CQ_USERS_OFFSET / 4,
    mrRow(m, s.qpSendLkey(m, qp)) + s.MR_USERS_OFFSET / 4,
  ];
  if (rc)
    words.push(
      cqRow(m, s.qpRecvCqn(m, qp)) + s.CQ_USERS_OFFSET / 4,
      mrRow(m, s.qpRecvLkey(m, qp)) + s.MR_USERS_OFFSET / 4,
    );
  for (const word of words) use(c, word, -1);
  s.putQpUsed(journal, qp, 0);
  queues.classify(qp);
  const peer = qpRow(m, s.qpDestQpn(m, qp));
  if (rc && peer !== NONE) queues.classify(peer);
  return CommandCode.OK;
};

export const queryQp: Handler = c => {
  const { m } = c.core;
  const n = handleOf(c);
  if (n < 0) return badParameter(c, 'reserved');
  const qp = qpRow(m, n);
  if (qp === NONE) return badHandle(c);
  const { output } = c;
  setCmdQpOutState(output, 0, s.qpState(m, qp));
  setCmdQpOutType(output, 0, s.qpType(m, qp));
  setCmdQpOutDestQpn(output, 0, s.qpDestQpn(m, qp));
  setCmdQpOutMtu(output, 0, s.qpMtuBytes(m, qp) === 0 ? 0 : Math.log2(s.qpMtuBytes(m, qp) / 128));
  setCmdQpOutSqPsn(output, 0, s.qpSqPsn(m, qp));
  setCmdQpOutRqPsn(output, 0, s.qpRqPsn(m, qp));
  setCmdQpOutSendProducer(output, 0, s.qpSendProducer(m, qp));
  setCmdQpOutSendConsumer(output, 0, s.qpSendConsumer(m, qp));
  setCmdQpOutRecvProducer(output, 0, s.qpRecvProducer(m, qp));
  setCmdQpOutRecvConsumer(output, 0, s.qpRecvConsumer(m, qp));
  setCmdQpOutErrorStatus(output, 0, s.qpErrorStatus(m, qp));
  setCmdQpOutErrorIndex(output, 0, s.qpErrorIndex(m, qp));
  setCmdQpOutFaultAddress(output, 0, s.qpFaultAddress(m, qp));
  setCmdQpOutFaultInfo(output, 0, s.qpFaultInfo(m, qp));
  return CommandCode.OK;
};
