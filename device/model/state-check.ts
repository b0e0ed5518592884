// SPDX-License-Identifier: MIT
// Whether a state region can be one that the adapter made. QEMU keeps the region's file, so what stands in it when a
// back-end takes it over may be anything; every number that is used as an index, a shift, a count or the name of
// another object afterwards is looked at here, once. The rules are exact: a region that passes is one whose objects
// refer to each other as commands would have let them, counts of users included.
//
// The undo journal has been rolled back and a reset that was cut off has been finished before.
import {
  CommandCode,
  Hold,
  MR_PAGES_MAX,
  MrKind,
  Mtu,
  PAGE_SHIFT_MAX,
  PAGE_SHIFT_MIN,
  QpState,
  QpType,
} from '../abi/generated/commands.js';
import {
  CQE_SIZE,
  EQE_SIZE,
  Opcode,
  SGE_SIZE,
  WcStatus,
  WQE_SIZE,
  WQE_STRIDE_MAX,
  WQE_STRIDE_MIN,
} from '../abi/generated/descriptors.js';
import {
  MSIX_VECTORS,
  PUSH_BUFFER_BYTES,
  REG_COMMAND_STATUS_OFFSET,
  REG_SIZE,
  regCommandStatusStatus,
} from '../abi/generated/registers.js';
import * as s from '../abi/generated/state.js';
import { LOG_DEPTH_MAX, queueAligned } from './commands/context.js';
import { RATE_MAX_MBPS } from './commands/simple.js';
import { Descriptor } from './descriptor.js';
import { distance, pow2 } from './powers.js';
import {
  type CqRow,
  cqEnd,
  cqRow,
  type EqRow,
  eqEnd,
  eqRow,
  type MrRow,
  mrEnd,
  mrRow,
  NONE,
  pageRow,
  pdRow,
  type QpRow,
  qpEnd,
  qpRow,
  rowOfQp,
} from './rows.js';
import { allow } from './translate.js';

const INDEX_MODULUS = 65536;
const PSN_MODULUS = 2 ** 24;
const ADDRESS_LIMIT = 2 ** 53;
const ADDRESS_HIGH_LIMIT = 2 ** 21;
const ALL_RIGHTS = 15;
const KEY_INDEX_DIVISOR = 256;
const OUTBOX_DATA_WORDS = (s.OUTBOX_SIZE - s.OUTBOX_DATA_OFFSET) / 4;
const GENERATIONS = 256;
const STREAK_MAX = 255;
const STATES: readonly number[] = Object.values(QpState);
const MTU_BYTES: readonly number[] = Object.values(Mtu).map(mtu => 128 * pow2(mtu));
const STRIDE_LOG_MIN = Math.log2(WQE_STRIDE_MIN);
const STRIDE_LOG_MAX = Math.log2(WQE_STRIDE_MAX);

const registers = new Uint32Array(REG_SIZE / 4);

/** Thrown and caught in this file: what is wrong. */
class Damage extends Error {}

function demand(condition: boolean, what: string): void {
  if (!condition) throw new Damage(what);
}

const isFlag = (value: number): boolean => value === 0 || value === 1;

/** What cannot be in the words that recovery itself goes by, before it has begun; undefined if nothing. */
export function headDamage(m: Uint32Array): string | undefined {
  return said(() => checkHead(m));
}

/** What cannot be in a region that recovery is through with; undefined if nothing. */
export function stateDamage(m: Uint32Array): string | undefined {
  return said(() => {
    checkHead(m);
    new StateCheck(m).run();
  });
}

function said(check: () => void): string | undefined {
  try {
    check();
    return undefined;
  } catch (error) {
    if (error instanceof Damage) return error.message;
    throw error;
  }
}

/** [high-water mark, entries of the table] */
const HIGH_WATER: readonly (readonly [string, (m: Uint32Array, at: number) => number, number])[] = [
  ['protection domains', s.stPdHigh, s.PD_COUNT],
  ['doorbell pages', s.stPageHigh, s.DPAGE_COUNT],
  ['memory regions', s.stMrHigh, s.MR_COUNT],
  ['event queues', s.stEqHigh, s.EQ_COUNT],
  ['completion queues', s.stCqHigh, s.CQ_COUNT],
  ['queue pairs', s.stQpHigh, s.QP_COUNT],
  ['page pool', s.stPoolHigh, s.POOL_BLOCK_COUNT],
];

function checkHead(m: Uint32Array): void {
  for (const [what, high, count] of HIGH_WATER) demand(high(m, 0) <= count, `high-water mark of the ${what}`);
  demand(s.stOutboxCount(m, 0) <= s.OUTBOX_COUNT, 'outbox');
  const owed = Math.min(s.stOutboxCount(m, 0), s.OUTBOX_COUNT);
  for (let n = 0; n < owed; n++) {
    const at = s.OUTBOX_TABLE + n * s.OUTBOX_WORDS;
    demand(s.outboxCount(m, at) <= OUTBOX_DATA_WORDS, `outbox entry ${n}`);
  }
  for (const flag of [s.stBusMaster, s.stRunning, s.stControl, s.stMsixEnabled, s.stAsleep])
    demand(isFlag(flag(m, 0)), 'a switch that is neither on nor off');
  registers[REG_COMMAND_STATUS_OFFSET / 4] = s.stCommandStatus(m, 0);
  demand(regCommandStatusStatus(registers, 0) <= CommandCode.NO_BUS_MASTER, 'command status');
  demand(s.stHold(m, 0) <= (Hold.LINK | Hold.ENGINE), 'hold mask');
  demand(s.stRateMbps(m, 0) <= RATE_MAX_MBPS, 'link rate');
  demand(s.stCursor(m, 0) < s.QP_COUNT && s.stStreak(m, 0) <= STREAK_MAX, 'turn order');
}

class StateCheck {
  readonly #m: Uint32Array;
  /** References to each row, by its first word. */
  readonly #users = new Map<number, number>();
  readonly #blocks = new Uint8Array(s.POOL_BLOCK_COUNT);
  readonly #descriptor = new Descriptor();

  constructor(m: Uint32Array) {
    this.#m = m;
  }

  run(): void {
    const m = this.#m;
    const pd = Math.min(s.stPdHigh(m, 0), s.PD_COUNT);
    const high = { pd, eq: eqEnd(m), page: Math.max(1, Math.min(s.stPageHigh(m, 0), s.DPAGE_COUNT)) };
    const blocks = Math.min(s.stPoolHigh(m, 0), s.POOL_BLOCK_COUNT);
    this.#each('memory region', s.MR_TABLE, s.MR_WORDS, mrEnd(m), (row, n) => this.#mr(row as MrRow, n));
    this.#each('event queue', s.EQ_TABLE, s.EQ_WORDS, high.eq, row => this.#eq(row as EqRow));
    this.#each('completion queue', s.CQ_TABLE, s.CQ_WORDS, cqEnd(m), row => this.#cq(row as CqRow));
    this.#each('queue pair', s.QP_TABLE, s.QP_WORDS, qpEnd(m), row => this.#qp(row as QpRow));
    this.#each('doorbell page', s.DPAGE_TABLE, s.DPAGE_WORDS, high.page, row => this.#page(row));
    this.#each('push slot', s.PSLOT_TABLE, s.PSLOT_WORDS, s.PSLOT_COUNT, (row, n) => this.#slot(row, n));
    this.#each('protection domain', s.PD_TABLE, s.PD_WORDS, high.pd, row =>
      this.#counted(row, s.pdUsers(m, row)),
    );
    // Small tables are looked at whole, so that their rows need no other check when they are used.
    this.#free('protection domain', s.PD_TABLE, s.PD_WORDS, high.pd, s.PD_COUNT);
    this.#free('event queue', s.EQ_TABLE, s.EQ_WORDS, high.eq, s.EQ_COUNT);
    this.#free('doorbell page', s.DPAGE_TABLE, s.DPAGE_WORDS, high.page, s.DPAGE_COUNT);
    for (let n = 0; n < blocks; n++)
      demand(m[s.POOL_BLOCK_TABLE + n] === this.#blocks[n], "a block of the page pool that is nobody's");
    this.#counts();
  }

  /** Above the high-water mark nothing is in use: a reset would not see it. */
  #free(what: string, first: number, words: number, high: number, count: number): void {
    for (let n = high; n < count; n++)
      if (this.#m[first + n * words] !== 0) throw new Damage(`${what} ${n}: above the high-water mark`);
  }

  /** Looks at every row of a table that is in use. */
  #each(
    what: string,
    first: number,
    words: number,
    count: number,
    look: (row: number, n: number) => void,
  ): void {
    for (let n = 0; n < count; n++) {
      const row = first + n * words;
      const used = this.#m[row];
      if (used === 0) continue;
      if (used !== 1) throw new Damage(`${what} ${n}: neither used nor free`);
      try {
        look(row, n);
      } catch (error) {
        throw error instanceof Damage ? new Damage(`${what} ${n}: ${error.message}`) : error;
      }
    }
  }

  /** A row that must exist; counts as a use of it. */
  #uses(row: number, what: string): void {
    demand(row !== NONE, `no such ${what}`);
    this.#users.set(row, (this.#users.get(row) ?? 0) + 1);
  }

  readonly #owed: (readonly [row: number, users: number])[] = [];

  /** The row says that it has so many users; they are counted when all rows have been seen. */
  #counted(row: number, users: number): void {
    this.#owed.push([row, users]);
  }

  #counts(): void {
    for (const [row, users] of this.#owed)
      demand((this.#users.get(row) ?? 0) === users, 'an object is not used as often as it says');
  }

  #mr(mr: MrRow, n: number): void {
    const m = this.#m;
    this.#counted(mr, s.mrUsers(m, mr));
    demand(n > 0 && Math.floor(s.mrKey(m, mr) / KEY_INDEX_DIVISOR) === n, 'key');
    this.#uses(pdRow(m, s.mrPd(m, mr)), 'protection domain');
    demand(s.mrAccess(m, mr) <= ALL_RIGHTS, 'access rights');
    if (s.mrKind(m, mr) === MrKind.WHOLE_MEMORY) return;
    demand(s.mrKind(m, mr) === MrKind.PAGE_LIST, 'kind');
    this.#pages(mr);
  }

  #pages(mr: MrRow): void {
    const m = this.#m;
    const shift = s.mrPageShift(m, mr);
    const count = s.mrPageCount(m, mr);
    const start = s.mrPoolStart(m, mr);
    demand(shift >= PAGE_SHIFT_MIN && shift <= PAGE_SHIFT_MAX, 'page size');
    demand(count >= 1 && count <= MR_PAGES_MAX && start % s.POOL_BLOCK_PAGES === 0, 'pages');
    const first = start / s.POOL_BLOCK_PAGES;
    const blocks = Math.ceil(count / s.POOL_BLOCK_PAGES);
    demand(first + blocks <= s.stPoolHigh(m, 0), 'pages');
    for (let b = first; b < first + blocks; b++) {
      demand(this.#blocks[b] === 0, 'pages of another one');
      this.#blocks[b] = 1;
    }
    const bytes = pow2(shift);
    const iova = s.mrIova(m, mr);
    const length = s.mrLength(m, mr);
    demand(length > 0 && iova + length <= ADDRESS_LIMIT && (iova % bytes) + length <= count * bytes, 'range');
    for (let n = 0; n < count; n++) {
      const at = s.POOL_TABLE + (start + n) * 2;
      demand(m[at] % bytes === 0 && m[at + 1] < ADDRESS_HIGH_LIMIT, 'page addresses');
    }
  }

  /** A queue buffer that lies in the region that its key names. `pd` undefined: in that of the region. */
  #buffer(key: number, pd: number | undefined, address: number, bytes: number, write: boolean): void {
    const m = this.#m;
    const mr = mrRow(m, key);
    this.#uses(mr, 'memory region');
    demand(queueAligned(address), 'buffer');
    demand(allow(m, key, pd ?? s.mrPd(m, mr), address, bytes, write) !== NONE, 'buffer');
  }

  #depth(log: number): void {
    demand(log >= 1 && log <= LOG_DEPTH_MAX, 'depth');
  }

  #eq(eq: EqRow): void {
    const m = this.#m;
    this.#counted(eq, s.eqUsers(m, eq));
    this.#depth(s.eqLogDepth(m, eq));
    this.#buffer(s.eqLkey(m, eq), undefined, s.eqAddress(m, eq), EQE_SIZE * pow2(s.eqLogDepth(m, eq)), true);
    demand(s.eqVector(m, eq) < MSIX_VECTORS, 'vector');
    demand(s.eqConsumer(m, eq) < INDEX_MODULUS && s.eqArmed(m, eq) <= s.Armed.SOLICITED, 'indices');
    demand(isFlag(s.eqOverflowed(m, eq)) && isFlag(s.eqDeferred(m, eq)), 'flags');
  }

  #cq(cq: CqRow): void {
    const m = this.#m;
    this.#counted(cq, s.cqUsers(m, cq));
    this.#depth(s.cqLogDepth(m, cq));
    this.#buffer(s.cqLkey(m, cq), undefined, s.cqAddress(m, cq), CQE_SIZE * pow2(s.cqLogDepth(m, cq)), true);
    this.#uses(eqRow(m, s.cqEqn(m, cq)), 'event queue');
    this.#uses(pageRow(m, s.cqPage(m, cq)), 'doorbell page');
    demand(s.cqConsumer(m, cq) < INDEX_MODULUS && s.cqArmed(m, cq) <= s.Armed.SOLICITED, 'indices');
    demand(isFlag(s.cqOverflowed(m, cq)) && isFlag(s.cqUntold(m, cq)), 'flags');
  }

  #qp(qp: QpRow): void {
    const m = this.#m;
    const rc = s.qpType(m, qp) === QpType.RC;
    demand(rc || s.qpType(m, qp) === QpType.DMA, 'type');
    demand(STATES.includes(s.qpState(m, qp)), 'state');
    this.#uses(pdRow(m, s.qpPd(m, qp)), 'protection domain');
    this.#uses(pageRow(m, s.qpPage(m, qp)), 'doorbell page');
    this.#uses(cqRow(m, s.qpSendCqn(m, qp)), 'completion queue');
    this.#ring(qp, s.qpSendLkey, s.qpSendAddress, s.qpSendLogDepth, s.qpSendLogStride);
    this.#indices(s.qpSendProducer(m, qp), s.qpSendConsumer(m, qp), s.qpSendLogDepth(m, qp));
    if (rc) {
      this.#uses(cqRow(m, s.qpRecvCqn(m, qp)), 'completion queue');
      this.#ring(qp, s.qpRecvLkey, s.qpRecvAddress, s.qpRecvLogDepth, s.qpRecvLogStride);
      this.#indices(s.qpRecvProducer(m, qp), s.qpRecvConsumer(m, qp), s.qpRecvLogDepth(m, qp));
    } else demand(s.qpRecvProducer(m, qp) === s.qpRecvConsumer(m, qp), 'receive queue of a DMA channel');
    this.#connection(qp, rc);
    this.#active(qp);
    this.#receiving(qp, rc);
  }

  #ring(
    qp: QpRow,
    lkey: (m: Uint32Array, at: number) => number,
    address: (m: Uint32Array, at: number) => number,
    logDepth: (m: Uint32Array, at: number) => number,
    logStride: (m: Uint32Array, at: number) => number,
  ): void {
    const m = this.#m;
    const stride = logStride(m, qp);
    this.#depth(logDepth(m, qp));
    demand(stride >= STRIDE_LOG_MIN && stride <= STRIDE_LOG_MAX, 'stride');
    this.#buffer(lkey(m, qp), s.qpPd(m, qp), address(m, qp), pow2(logDepth(m, qp) + stride), false);
  }

  #indices(producer: number, consumer: number, log: number): void {
    demand(producer < INDEX_MODULUS && consumer < INDEX_MODULUS, 'indices');
    demand(distance(producer, consumer) <= pow2(log), 'more posted than there is room for');
  }

  #connection(qp: QpRow, rc: boolean): void {
    const m = this.#m;
    const state = s.qpState(m, qp);
    const numbers = [s.qpDestQpn, s.qpSqPsn, s.qpRqPsn, s.qpMsn].map(get => get(m, qp));
    demand(
      numbers.every(n => n < PSN_MODULUS),
      'connection',
    );
    const mtu = s.qpMtuBytes(m, qp);
    const connected = rc && (state === QpState.RTR || state === QpState.RTS);
    demand(MTU_BYTES.includes(mtu) || (mtu === 0 && !connected), 'path MTU');
    demand(s.qpErrorIndex(m, qp) < INDEX_MODULUS, 'error');
    demand(s.qpErrorStatus(m, qp) <= WcStatus.GENERAL_ERR, 'error');
  }

  /** A descriptor that has begun: its bytes are the queue's own or a push slot's, and it is not further than its end. */
  #active(qp: QpRow): void {
    const m = this.#m;
    const done = s.qpActiveDone(m, qp);
    demand(isFlag(s.qpActive(m, qp)) && (s.qpActive(m, qp) === 1 || done === 0), 'descriptor under way');
    if (s.qpActive(m, qp) === 0) return;
    const slot = this.#slotOf(qp, s.qpSendConsumer(m, qp));
    const at = slot === NONE ? qp + s.QP_SEND_WQE_OFFSET / 4 : slot + s.PSLOT_DATA_OFFSET / 4;
    const room = slot === NONE ? pow2(s.qpSendLogStride(m, qp)) : s.pslotLength(m, slot);
    demand(
      s.qpActiveAt(m, qp) === at && s.qpSendProducer(m, qp) !== s.qpSendConsumer(m, qp),
      'descriptor under way',
    );
    const d = this.#descriptor;
    const sound = d.parse(m, at, room, s.qpSendConsumer(m, qp), false) === WcStatus.SUCCESS;
    const bytes = d.opcode === Opcode.SEND ? d.gatherBytes : d.scatterBytes;
    demand(sound && done < Math.max(bytes, 1), 'descriptor under way');
    demand(d.opcode !== Opcode.SEND || s.qpType(m, qp) === QpType.RC, 'descriptor under way');
  }

  #receiving(qp: QpRow, rc: boolean): void {
    const m = this.#m;
    const done = s.qpRecvDone(m, qp);
    demand(isFlag(s.qpRecvActive(m, qp)) && (s.qpRecvActive(m, qp) === 1 || done === 0), 'receive under way');
    if (s.qpRecvActive(m, qp) === 0) return;
    demand(rc && s.qpRecvProducer(m, qp) !== s.qpRecvConsumer(m, qp), 'receive under way');
    const d = this.#descriptor;
    const at = qp + s.QP_RECV_WQE_OFFSET / 4;
    const sound = d.parse(m, at, pow2(s.qpRecvLogStride(m, qp)), s.qpRecvConsumer(m, qp), true);
    demand(sound === WcStatus.SUCCESS && done <= d.scatterBytes, 'receive under way');
  }

  #slotOf(qp: QpRow, index: number): number {
    const m = this.#m;
    for (let n = 0; n < s.PSLOT_COUNT; n++) {
      const slot = s.PSLOT_TABLE + n * s.PSLOT_WORDS;
      if (s.pslotUsed(m, slot) !== 1 || s.pslotIndex(m, slot) !== index) continue;
      if (s.pslotQpn(m, slot) < s.QP_COUNT && rowOfQp(s.pslotQpn(m, slot)) === qp) return slot;
    }
    return NONE;
  }

  #page(page: number): void {
    const m = this.#m;
    this.#counted(page, s.dpageUsers(m, page));
    const first = page + s.DPAGE_BUFFERS_OFFSET / 4;
    for (let at = first; at < page + s.DPAGE_WORDS; at += s.PBUF_SIZE / 4)
      demand(s.pbufGeneration(m, at) < GENERATIONS && isFlag(s.pbufTorn(m, at)), 'push buffer');
  }

  #slot(slot: number, n: number): void {
    const m = this.#m;
    const qp = qpRow(m, s.pslotQpn(m, slot));
    demand(qp !== NONE, 'no such queue pair');
    const [index, length] = [s.pslotIndex(m, slot), s.pslotLength(m, slot)];
    demand(length >= WQE_SIZE && length <= PUSH_BUFFER_BYTES && length % SGE_SIZE === 0, 'length');
    const posted = distance(s.qpSendProducer(m, qp), s.qpSendConsumer(m, qp));
    demand(index < INDEX_MODULUS && distance(index, s.qpSendConsumer(m, qp)) < posted, 'index');
    demand(this.#slotOf(qp, index) === s.PSLOT_TABLE + n * s.PSLOT_WORDS, 'twice the same descriptor');
  }
}
