// SPDX-License-Identifier: MIT
// MODIFY_QP: attributes are checked one by one, then against the transition table, then taken all together.
import * as abi from '../../abi/generated/commands.js';
import {
  Access,
  CommandCode,
  Mtu,
  QKEY_PRIVILEGED,
  QpAttr,
  QpFlag,
  QpState,
  type QpType,
  RD_ATOMIC_MAX,
} from '../../abi/generated/commands.js';
import { EventType } from '../../abi/generated/descriptors.js';
import * as s from '../../abi/generated/state.js';
import type { WordSink } from '../../abi/word-sink.js';
import { Step } from '../core.js';
import { tellLastWqe, tellQp } from '../events.js';
import { findTransition, type Transition } from '../qp-state.js';
import { NONE, type QpRow, qpRow } from '../rows.js';
import { IN_MODIFY_QP, noVector, QP_AS_AH, takeVector, wrongVector } from './address-vector.js';
import {
  badHandle,
  badParameter,
  type Command,
  type Handler,
  type Outcome,
  refused,
  settled,
  zeroFrom,
} from './context.js';

const PSN_LIMIT = 2 ** 24;
const TIMER_MAX = 31;
const RETRY_MAX = 7;
const REMOTE: number = Access.REMOTE_WRITE | Access.REMOTE_READ | Access.REMOTE_ATOMIC;
/** Between PKEY_INDEX and the address vector, and after it. */
const GAP_WORD = abi.CMD_MODIFY_QP_PKEY_INDEX_OFFSET / 4;
const GAP_WORD_LIMIT = 65536;
const VECTOR_WORD = abi.CMD_MODIFY_QP_SGID_INDEX_OFFSET / 4;
const AFTER_VECTOR = abi.CMD_MODIFY_QP_UDP_SPORT_OFFSET + 2;

/** Words of the address vector in the row. */
const VECTOR_WORDS = (s.QP_UDP_SPORT_OFFSET - s.QP_SGID_INDEX_OFFSET) / 4 + 1;

const mtuBytes = (mtu: number): number => 128 * 2 ** mtu;

interface Attribute {
  readonly name: string;
  readonly bit: number;
  readonly get: (m: Uint32Array, w: number) => number;
  readonly fits: (value: number) => boolean;
  /** Absent: nothing is kept of it. */
  readonly put?: (sink: WordSink, row: number, value: number) => void;
}

const upTo =
  (max: number) =>
  (value: number): boolean =>
    value <= max;
const only =
  (one: number) =>
  (value: number): boolean =>
    value === one;
/** The transition table decides. */
const any = (): boolean => true;

const ATTRIBUTES: readonly Attribute[] = [
  { name: 'state', bit: QpAttr.STATE, get: abi.cmdModifyQpState, fits: any },
  { name: 'cur_state', bit: QpAttr.CUR_STATE, get: abi.cmdModifyQpCurState, fits: any },
  {
    name: 'mtu',
    bit: QpAttr.MTU,
    get: abi.cmdModifyQpMtu,
    fits: mtu => mtu >= Mtu.MTU_256 && mtu <= Mtu.MTU_4096,
    put: (sink, row, mtu) => s.putQpMtuBytes(sink, row, mtuBytes(mtu)),
  },
  {
    name: 'access',
    bit: QpAttr.ACCESS,
    get: abi.cmdModifyQpAccess,
    fits: access => (access & ~REMOTE) === 0,
    put: s.putQpAccess,
  },
  {
    name: 'dest_qpn',
    bit: QpAttr.DEST_QPN,
    get: abi.cmdModifyQpDestQpn,
    fits: upTo(PSN_LIMIT - 1),
    put: s.putQpDestQpn,
  },
  {
    name: 'sq_psn',
    bit: QpAttr.SQ_PSN,
    get: abi.cmdModifyQpSqPsn,
    fits: upTo(PSN_LIMIT - 1),
    put: s.putQpSqPsn,
  },
  {
    name: 'rq_psn',
    bit: QpAttr.RQ_PSN,
    get: abi.cmdModifyQpRqPsn,
    fits: upTo(PSN_LIMIT - 1),
    put: s.putQpRqPsn,
  },
  { name: 'qkey', bit: QpAttr.QKEY, get: abi.cmdModifyQpQkey, fits: any, put: s.putQpQkey },
  {
    name: 'max_rd_atomic',
    bit: QpAttr.MAX_RD_ATOMIC,
    get: abi.cmdModifyQpMaxRdAtomic,
    fits: upTo(RD_ATOMIC_MAX),
    put: s.putQpMaxRdAtomic,
  },
  {
    name: 'max_dest_rd_atomic',
    bit: QpAttr.MAX_DEST_RD_ATOMIC,
    get: abi.cmdModifyQpMaxDestRdAtomic,
    fits: upTo(RD_ATOMIC_MAX),
    put: s.putQpMaxDestRdAtomic,
  },
  {
    name: 'min_rnr_timer',
    bit: QpAttr.MIN_RNR_TIMER,
    get: abi.cmdModifyQpMinRnrTimer,
    fits: upTo(TIMER_MAX),
    put: s.putQpMinRnrTimer,
  },
  {
    name: 'timeout',
    bit: QpAttr.TIMEOUT,
    get: abi.cmdModifyQpTimeout,
    fits: upTo(TIMER_MAX),
    put: s.putQpTimeout,
  },
  {
    name: 'retry_count',
    bit: QpAttr.RETRY_COUNT,
    get: abi.cmdModifyQpRetryCount,
    fits: upTo(RETRY_MAX),
    put: s.putQpRetryCount,
  },
  {
    name: 'rnr_retry',
    bit: QpAttr.RNR_RETRY,
    get: abi.cmdModifyQpRnrRetry,
    fits: upTo(RETRY_MAX),
    put: s.putQpRnrRetry,
  },
  {
    name: 'sqd_event',
    bit: QpAttr.SQD_EVENT,
    get: abi.cmdModifyQpSqdEvent,
    fits: upTo(1),
    put: s.putQpSqdEvent,
  },
  { name: 'port', bit: QpAttr.PORT, get: abi.cmdModifyQpPort, fits: only(1), put: s.putQpPort },
  { name: 'pkey_index', bit: QpAttr.PKEY_INDEX, get: abi.cmdModifyQpPkeyIndex, fits: only(0) },
];

const KNOWN = ATTRIBUTES.reduce<number>((mask, a) => mask | a.bit, QpAttr.AV);

export const modifyQp: Handler = c => {
  const { input } = c;
  const { m } = c.core;
  const mask = abi.cmdModifyQpAttrMask(input, 0);
  const qp = qpRow(m, abi.cmdModifyQpHandle(input, 0));
  if (qp === NONE) return badHandle(c);
  const wrong = wrongAttribute(c, qp, mask);
  if (wrong !== undefined) return badParameter(c, wrong);
  const from = s.qpState(m, qp) as QpState;
  const to = ((mask & QpAttr.STATE) === 0 ? from : abi.cmdModifyQpState(input, 0)) as QpState;
  const t = findTransition(s.qpType(m, qp) as QpType, from, to);
  const given = mask & ~QpAttr.STATE;
  if (t === undefined) return refused(c, CommandCode.BAD_STATE, 'transition');
  if ((given & t.required) !== t.required || (given & ~(t.required | t.optional)) !== 0)
    return badParameter(c, 'attr_mask');
  const standing = wrongStanding(c, qp, t, mask);
  if (standing !== undefined) return refused(c, CommandCode.BAD_STATE, standing);
  takeAttributes(c, qp, mask);
  return changeState(c, qp, from, to);
};

/** The first field that cannot be, if any. */
function wrongAttribute(c: Command, qp: QpRow, mask: number): string | undefined {
  const { input } = c;
  const { m } = c.core;
  if (mask === 0 || mask > KNOWN) return 'attr_mask';
  if (isDirty(input)) return 'reserved';
  for (const { name, bit, get, fits } of ATTRIBUTES) {
    const value = get(input, 0);
    if (!((mask & bit) === 0 ? value === 0 : fits(value))) return name;
  }
  const privileged = (s.qpFlags(m, qp) & QpFlag.PRIVILEGED) !== 0;
  if (abi.cmdModifyQpQkey(input, 0) >= QKEY_PRIVILEGED && !privileged) return 'qkey';
  if ((mask & QpAttr.AV) === 0) return noVector(input, IN_MODIFY_QP) ? undefined : 'av';
  return wrongVector(m, input, IN_MODIFY_QP);
}

/** A reserved field is not zero. */
function isDirty(input: Uint32Array): boolean {
  if (input[GAP_WORD] >= GAP_WORD_LIMIT) return true;
  for (let n = GAP_WORD + 1; n < VECTOR_WORD; n++) if (input[n] !== 0) return true;
  return !zeroFrom(input, AFTER_VECTOR);
}

/** What keeps a queue pair in this very moment from a transition that its state allows. */
function wrongStanding(c: Command, qp: QpRow, t: Transition, mask: number): string | undefined {
  const { m } = c.core;
  if ((mask & QpAttr.CUR_STATE) !== 0 && abi.cmdModifyQpCurState(c.input, 0) !== t.from) return 'cur_state';
  // Attributes of a send queue that still drains stay what they are (IBTA 10.3.1.5).
  return t.to === QpState.SQD && t.from === QpState.SQD && s.qpActive(m, qp) === 1 ? 'draining' : undefined;
}

function takeAttributes(c: Command, qp: QpRow, mask: number): void {
  const { journal } = c.core;
  for (const { bit, get, put } of ATTRIBUTES) if ((mask & bit) !== 0) put?.(journal, qp, get(c.input, 0));
  if ((mask & QpAttr.AV) === 0) return;
  takeVector(journal, qp + QP_AS_AH, c.input, IN_MODIFY_QP);
  s.putQpHasAv(journal, qp, 1);
}

function changeState(c: Command, qp: QpRow, from: QpState, to: QpState): Outcome {
  const { m, journal, queues } = c.core;
  const peer = qpRow(m, s.qpDestQpn(m, qp));
  if (to === QpState.RESET) forgetQp(c, qp);
  if (from === QpState.SQE && to === QpState.RTS) clear(c, qp, ERROR);
  if (to !== from) s.putQpState(journal, qp, to);
  queues.classify(qp);
  // A peer that waits for this queue pair's receive finds out what it now answers.
  if (peer !== NONE) queues.classify(peer);
  return settled(tellChange(c, qp, from, to));
}

/** What the new state has to be told of. */
function tellChange(c: Command, qp: QpRow, from: QpState, to: QpState): Step {
  const { m, journal } = c.core;
  const drained = to !== QpState.SQD || s.qpActive(m, qp) === 0;
  const asked = s.qpSqdEvent(m, qp) === 1;
  // A descriptor that has begun goes on; send-queue.ts tells when it has ended.
  if (asked && drained) s.putQpSqdEvent(journal, qp, 0);
  if (to === QpState.SQD) return asked && drained ? tellQp(c.core, qp, EventType.SQ_DRAINED) : Step.DONE;
  const stops = to === QpState.ERR && from !== QpState.ERR && from !== QpState.RESET;
  return stops ? tellLastWqe(c.core, qp) : Step.DONE;
}

/** Words of the row that tell what stopped the queue pair. */
const ERROR: readonly number[] = [
  s.QP_ERROR_STATUS_OFFSET,
  s.QP_ERROR_INDEX_OFFSET,
  s.QP_FAULT_INFO_OFFSET,
  s.QP_FAULT_ADDRESS_OFFSET,
  s.QP_FAULT_ADDRESS_OFFSET + 4,
];

/** Words of the row that RESET leaves zero: what was posted, what has begun, and every attribute (IBTA 10.3.1.1). */
const FORGOTTEN: readonly number[] = [
  s.QP_SEND_PRODUCER_OFFSET,
  s.QP_SEND_CONSUMER_OFFSET,
  s.QP_RECV_PRODUCER_OFFSET,
  s.QP_RECV_CONSUMER_OFFSET,
  s.QP_DEST_QPN_OFFSET,
  s.QP_MTU_BYTES_OFFSET,
  s.QP_SQ_PSN_OFFSET,
  s.QP_RQ_PSN_OFFSET,
  s.QP_MSN_OFFSET,
  ...ERROR,
  s.QP_ACTIVE_OFFSET,
  s.QP_ACTIVE_DONE_OFFSET,
  s.QP_RECV_ACTIVE_OFFSET,
  s.QP_RECV_DONE_OFFSET,
  s.QP_ACCESS_OFFSET,
  s.QP_QKEY_OFFSET,
  s.QP_PORT_OFFSET,
  s.QP_HAS_AV_OFFSET,
  ...Array.from({ length: VECTOR_WORDS }, (_, n) => s.QP_SGID_INDEX_OFFSET + n * 4),
  s.QP_MAX_RD_ATOMIC_OFFSET,
  s.QP_MAX_DEST_RD_ATOMIC_OFFSET,
  s.QP_MIN_RNR_TIMER_OFFSET,
  s.QP_TIMEOUT_OFFSET,
  s.QP_RETRY_COUNT_OFFSET,
  s.QP_RNR_RETRY_OFFSET,
  s.QP_SQD_EVENT_OFFSET,
  s.QP_ESTABLISHED_OFFSET,
  s.QP_RECV_OPCODE_OFFSET,
  s.QP_RESP_ACTIVE_OFFSET,
  s.QP_RESP_LENGTH_OFFSET,
  // What happened before is no news of what comes after.
  s.QP_UNTOLD_OFFSET,
];

/** What was posted and what had begun is gone without completions. */
export function forgetQp(c: Command, qp: QpRow): void {
  const { journal, queues } = c.core;
  queues.eachSlot(qp, row => {
    s.putPslotUsed(journal, row, 0);
    queues.slotFreed(qp);
  });
  clear(c, qp, FORGOTTEN);
}

function clear(c: Command, qp: QpRow, offsets: readonly number[]): void {
  const { m, journal } = c.core;
  for (const offset of offsets) if (m[qp + offset / 4] !== 0) journal.put(qp + offset / 4, 0);
}
