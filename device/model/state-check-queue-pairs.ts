// SPDX-License-Identifier: MIT
// Whether the row of a queue pair can be one that commands and steps have made. Part of state-check.ts.
import { Access, GSI_QPN, Mtu, QpFlag, QpState, QpType, RD_ATOMIC_MAX } from '../abi/generated/commands.js';
import { MAX_MESSAGE_BYTES, WcStatus } from '../abi/generated/descriptors.js';
import { PUSH_SLOTS } from '../abi/generated/registers.js';
import * as s from '../abi/generated/state.js';
import { QP_AS_AH } from './commands/address-vector.js';
import { Descriptor, RECEIVE_QUEUE } from './descriptor.js';
import { pow2 } from './powers.js';
import { cqRow, NONE, pageRow, pdRow, type QpRow, qpNumber, rowOfQp, srqRow } from './rows.js';
import {
  checkIndices,
  checkVector,
  demand,
  INDEX_MODULUS,
  isFlag,
  type References,
} from './state-check-tools.js';
import { privileged } from './translate.js';

const PSN_MODULUS = 2 ** 24;
const TIMER_MAX = 31;
const RETRY_MAX = 7;
const STRIDE_LOG_MAX = 9;
const REMOTE = Access.REMOTE_WRITE | Access.REMOTE_READ | Access.REMOTE_ATOMIC;
const STATES: readonly number[] = Object.values(QpState);
const TYPES: readonly number[] = Object.values(QpType);
const MTU_BYTES: readonly number[] = Object.values(Mtu).map(mtu => 128 * pow2(mtu));
/** Types with another end, and types that go to SQE. */
const CONNECTED: readonly number[] = [QpType.RC, QpType.UC];
const UNRELIABLE: readonly number[] = [QpType.UC, QpType.UD, QpType.GSI];
/** States in which a connection has all that it needs. */
const READY: readonly number[] = [QpState.RTR, QpState.RTS, QpState.SQD, QpState.SQE];

const descriptor = new Descriptor();

export function checkQueuePair(references: References, qp: QpRow): void {
  const { m } = references;
  const type = s.qpType(m, qp);
  demand(TYPES.includes(type) && (type === QpType.GSI) === (qpNumber(qp) === GSI_QPN), 'type');
  demand(STATES.includes(s.qpState(m, qp)), 'state');
  demand(s.qpState(m, qp) !== QpState.SQE || UNRELIABLE.includes(type), 'state');
  demand(s.qpFlags(m, qp) <= QpFlag.PRIVILEGED, 'flags');
  const pd = s.qpPd(m, qp);
  references.uses(pdRow(m, pd), 'protection domain');
  references.uses(pageRow(m, s.qpPage(m, qp)), 'doorbell page');
  references.uses(cqRow(m, s.qpSendCqn(m, qp)), 'completion queue');
  const log = s.qpSendLogDepth(m, qp);
  references.ring(s.qpSendLkey(m, qp), pd, s.qpSendAddress(m, qp), log, s.qpSendLogStride(m, qp));
  checkIndices(s.qpSendProducer(m, qp), s.qpSendConsumer(m, qp), log);
  checkReceiveQueue(references, qp, pd);
  checkAttributes(m, qp);
  checkConnection(m, qp);
  checkActive(m, qp);
  checkReceiving(m, qp);
}

function checkReceiveQueue(references: References, qp: QpRow, pd: number): void {
  const { m } = references;
  const dma = s.qpType(m, qp) === QpType.DMA;
  const srqn = s.qpSrqn(m, qp);
  if (!dma) references.uses(cqRow(m, s.qpRecvCqn(m, qp)), 'completion queue');
  if (dma || srqn !== 0) {
    if (srqn !== 0) references.uses(dma ? NONE : srqRow(m, srqn), 'shared receive queue');
    return demand(s.qpRecvProducer(m, qp) === s.qpRecvConsumer(m, qp), 'no receive queue of its own');
  }
  const log = s.qpRecvLogDepth(m, qp);
  references.ring(s.qpRecvLkey(m, qp), pd, s.qpRecvAddress(m, qp), log, s.qpRecvLogStride(m, qp));
  checkIndices(s.qpRecvProducer(m, qp), s.qpRecvConsumer(m, qp), log);
}

type Get = (m: Uint32Array, w: number) => number;

const LIMITS: readonly (readonly [get: Get, max: number])[] = [
  [s.qpDestQpn, PSN_MODULUS - 1],
  [s.qpSqPsn, PSN_MODULUS - 1],
  [s.qpRqPsn, PSN_MODULUS - 1],
  [s.qpMsn, PSN_MODULUS - 1],
  [s.qpRespPsn, PSN_MODULUS - 1],
  [s.qpMaxRdAtomic, RD_ATOMIC_MAX],
  [s.qpMaxDestRdAtomic, RD_ATOMIC_MAX],
  [s.qpMinRnrTimer, TIMER_MAX],
  [s.qpTimeout, TIMER_MAX],
  [s.qpRetryCount, RETRY_MAX],
  [s.qpRnrRetry, RETRY_MAX],
  [s.qpSqdEvent, 1],
  [s.qpPort, 1],
  [s.qpHasAv, 1],
  [s.qpEstablished, 1],
  [s.qpRespActive, 1],
  [s.qpRespLength, MAX_MESSAGE_BYTES],
  [s.qpErrorIndex, INDEX_MODULUS - 1],
  [s.qpErrorStatus, WcStatus.GENERAL_ERR],
  [s.qpRecvLogStrideAt, STRIDE_LOG_MAX],
];

function checkAttributes(m: Uint32Array, qp: QpRow): void {
  for (const [get, max] of LIMITS) demand(get(m, qp) <= max, 'attributes');
  demand((s.qpAccess(m, qp) & ~REMOTE) === 0, 'access rights');
}

function checkConnection(m: Uint32Array, qp: QpRow): void {
  const mtu = s.qpMtuBytes(m, qp);
  const ready = CONNECTED.includes(s.qpType(m, qp)) && READY.includes(s.qpState(m, qp));
  demand(MTU_BYTES.includes(mtu) || (mtu === 0 && !ready), 'path MTU');
  demand(s.qpHasAv(m, qp) === 1 || !ready, 'address');
  if (s.qpHasAv(m, qp) === 1) checkVector(m, qp + QP_AS_AH);
}

/** A descriptor that has begun: its bytes are the queue's own or a push slot's, and it is not further than its end. */
function checkActive(m: Uint32Array, qp: QpRow): void {
  const done = s.qpActiveDone(m, qp);
  demand(isFlag(s.qpActive(m, qp)) && (s.qpActive(m, qp) === 1 || done === 0), 'descriptor under way');
  if (s.qpActive(m, qp) === 0) return;
  const index = s.qpSendConsumer(m, qp);
  const slot = slotOf(m, qp, index);
  const at = slot === NONE ? qp + s.QP_SEND_WQE_OFFSET / 4 : slot + s.PSLOT_DATA_OFFSET / 4;
  const room = slot === NONE ? pow2(s.qpSendLogStride(m, qp)) : s.pslotLength(m, slot);
  demand(s.qpActiveAt(m, qp) === at && s.qpSendProducer(m, qp) !== index, 'descriptor under way');
  const d = descriptor;
  const sound = d.parse(m, at, room, index, s.qpType(m, qp), privileged(m, qp)) === WcStatus.SUCCESS;
  demand(sound && done < Math.max(d.bytes, 1), 'descriptor under way');
}

function checkReceiving(m: Uint32Array, qp: QpRow): void {
  const done = s.qpRecvDone(m, qp);
  demand(isFlag(s.qpRecvActive(m, qp)) && (s.qpRecvActive(m, qp) === 1 || done === 0), 'receive under way');
  if (s.qpRecvActive(m, qp) === 0) return;
  const shared = s.qpSrqn(m, qp) !== 0;
  demand(shared || s.qpRecvProducer(m, qp) !== s.qpRecvConsumer(m, qp), 'receive under way');
  const index = shared ? s.qpRecvIndex(m, qp) : s.qpRecvConsumer(m, qp);
  const room = pow2(shared ? s.qpRecvLogStrideAt(m, qp) : s.qpRecvLogStride(m, qp));
  const at = qp + s.QP_RECV_WQE_OFFSET / 4;
  const sound = descriptor.parse(m, at, room, index, RECEIVE_QUEUE, false);
  demand(sound === WcStatus.SUCCESS && done <= descriptor.scatterBytes, 'receive under way');
}

/** The push slot that holds descriptor `index` of the queue pair, or NONE. */
export function slotOf(m: Uint32Array, qp: QpRow, index: number): number {
  const first = s.PSLOT_TABLE + s.qpPage(m, qp) * PUSH_SLOTS * s.PSLOT_WORDS;
  for (let n = 0; n < PUSH_SLOTS; n++) {
    const slot = first + n * s.PSLOT_WORDS;
    if (s.pslotUsed(m, slot) !== 1 || s.pslotIndex(m, slot) !== index) continue;
    if (s.pslotQpn(m, slot) < s.QP_COUNT && rowOfQp(s.pslotQpn(m, slot)) === qp) return slot;
  }
  return NONE;
}
