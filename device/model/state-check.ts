// SPDX-License-Identifier: MIT
// Whether a state region can be one that the adapter made. QEMU keeps the region's file, so what stands in it when a
// back-end takes it over may be anything; every number that is used as an index, a shift, a count or the name of
// another object afterwards is looked at here, once. The rules are exact: a region that passes is one whose objects
// refer to each other as commands would have let them, counts of users included.
//
// The undo journal has been rolled back and a reset that was cut off has been finished before.
import {
  Access,
  CommandCode,
  FAST_PAGES_MAX,
  GidType,
  GSI_QPN,
  MR_PAGES_MAX,
  MrKind,
  PAGE_SHIFT_MAX,
  PAGE_SHIFT_MIN,
} from '../abi/generated/commands.js';
import { CQE_SIZE, EQE_SIZE, SGE_SIZE, WQE_SIZE } from '../abi/generated/descriptors.js';
import {
  MSIX_VECTORS,
  PUSH_BUFFER_BYTES,
  PUSH_SLOTS,
  REG_COMMAND_STATUS_OFFSET,
  REG_SIZE,
  regCommandStatusStatus,
} from '../abi/generated/registers.js';
import * as s from '../abi/generated/state.js';
import { HOLDS, RATE_MAX_MBPS } from './commands/port.js';
import { distance, pow2 } from './powers.js';
import { CLASSES } from './queues.js';
import {
  ahEnd,
  type CqRow,
  cqEnd,
  type EqRow,
  eqEnd,
  eqRow,
  type MrRow,
  mrEnd,
  NONE,
  pageEnd,
  pageRow,
  pdRow,
  type QpRow,
  qpEnd,
  qpRow,
  srqEnd,
} from './rows.js';
import { checkQueuePair, slotOf } from './state-check-queue-pairs.js';
import {
  checkDepth,
  checkIndices,
  checkVector,
  Damage,
  demand,
  INDEX_MODULUS,
  isFlag,
  References,
} from './state-check-tools.js';

const ADDRESS_LIMIT = 2 ** 53;
const ADDRESS_HIGH_LIMIT = 2 ** 21;
const ALL_RIGHTS = Access.LOCAL_WRITE | Access.REMOTE_WRITE | Access.REMOTE_READ | Access.REMOTE_ATOMIC;
const KEY_INDEX_DIVISOR = 256;
const OUTBOX_DATA_WORDS = (s.OUTBOX_SIZE - s.OUTBOX_DATA_OFFSET) / 4;
const GENERATIONS = 256;
const STREAK_MAX = 255;
const GATHERED_MAX = 65535;
const MAC_HALF = 65536;

const registers = new Uint32Array(REG_SIZE / 4);

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
  ['shared receive queues', s.stSrqHigh, s.SRQ_COUNT],
  ['address handles', s.stAhHigh, s.AH_COUNT],
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
  demand(s.stHold(m, 0) <= HOLDS, 'hold mask');
  demand(s.stRateMbps(m, 0) <= RATE_MAX_MBPS, 'link rate');
  for (let c = 0; c < CLASSES.length; c++) {
    const [cursor, streak] = [m[s.ST_CURSORS_OFFSET / 4 + c], m[s.ST_STREAKS_OFFSET / 4 + c]];
    demand(cursor < s.QP_COUNT && streak <= STREAK_MAX, 'turn order');
  }
}

class StateCheck {
  readonly #m: Uint32Array;
  readonly #references: References;
  readonly #blocks = new Uint8Array(s.POOL_BLOCK_COUNT);

  constructor(m: Uint32Array) {
    this.#m = m;
    this.#references = new References(m);
  }

  run(): void {
    const m = this.#m;
    const pd = Math.min(s.stPdHigh(m, 0), s.PD_COUNT);
    const high = { pd, eq: eqEnd(m), page: pageEnd(m), slot: pageEnd(m) * PUSH_SLOTS };
    const blocks = Math.min(s.stPoolHigh(m, 0), s.POOL_BLOCK_COUNT);
    this.#each('memory region', s.MR_TABLE, s.MR_WORDS, mrEnd(m), (row, n) => this.#mr(row as MrRow, n));
    this.#each('event queue', s.EQ_TABLE, s.EQ_WORDS, high.eq, row => this.#eq(row as EqRow));
    this.#each('completion queue', s.CQ_TABLE, s.CQ_WORDS, cqEnd(m), row => this.#cq(row as CqRow));
    this.#each('queue pair', s.QP_TABLE, s.QP_WORDS, qpEnd(m), row =>
      checkQueuePair(this.#references, row as QpRow),
    );
    this.#each('shared receive queue', s.SRQ_TABLE, s.SRQ_WORDS, srqEnd(m), (row, n) => this.#srq(row, n));
    this.#each('address handle', s.AH_TABLE, s.AH_WORDS, ahEnd(m), (row, n) => this.#ah(row, n));
    this.#each('doorbell page', s.DPAGE_TABLE, s.DPAGE_WORDS, high.page, row => this.#page(row));
    this.#each('push slot', s.PSLOT_TABLE, s.PSLOT_WORDS, high.slot, (row, n) => this.#slot(row, n));
    this.#each('protection domain', s.PD_TABLE, s.PD_WORDS, high.pd, row =>
      this.#references.counted(row, s.pdUsers(m, row)),
    );
    for (let n = 0; n < s.GID_COUNT; n++) this.#gid(s.GID_TABLE + n * s.GID_WORDS);
    demand(s.stGsiUsed(m, 0) === (qpRow(m, GSI_QPN) === NONE ? 0 : 1), 'queue pair of management datagrams');
    // Small tables are looked at whole, so that their rows need no other check when they are used.
    this.#free('protection domain', s.PD_TABLE, s.PD_WORDS, high.pd, s.PD_COUNT);
    this.#free('event queue', s.EQ_TABLE, s.EQ_WORDS, high.eq, s.EQ_COUNT);
    this.#free('doorbell page', s.DPAGE_TABLE, s.DPAGE_WORDS, high.page, s.DPAGE_COUNT);
    this.#free('push slot', s.PSLOT_TABLE, s.PSLOT_WORDS, high.slot, s.PSLOT_COUNT);
    for (let n = 0; n < blocks; n++)
      demand(m[s.POOL_BLOCK_TABLE + n] === this.#blocks[n], "a block of the page pool that is nobody's");
    this.#references.counts();
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

  #mr(mr: MrRow, n: number): void {
    const m = this.#m;
    this.#references.counted(mr, s.mrUsers(m, mr));
    demand(n > 0 && Math.floor(s.mrKey(m, mr) / KEY_INDEX_DIVISOR) === n, 'key');
    this.#references.uses(pdRow(m, s.mrPd(m, mr)), 'protection domain');
    demand(s.mrAccess(m, mr) <= ALL_RIGHTS, 'access rights');
    const kind = s.mrKind(m, mr);
    const fast = kind === MrKind.FAST;
    demand(isFlag(s.mrValid(m, mr)) && (fast || s.mrValid(m, mr) === 1), 'valid');
    if (kind === MrKind.WHOLE_MEMORY) return;
    demand(fast || kind === MrKind.PAGE_LIST, 'kind');
    this.#takePages(mr, fast ? FAST_PAGES_MAX : MR_PAGES_MAX);
    if (s.mrValid(m, mr) === 1) this.#pages(mr);
  }

  /** The run of the page pool that the region has: nobody else's. */
  #takePages(mr: MrRow, max: number): void {
    const m = this.#m;
    const count = s.mrPageCount(m, mr);
    const start = s.mrPoolStart(m, mr);
    demand(count >= 1 && count <= max && start % s.POOL_BLOCK_PAGES === 0, 'pages');
    const first = start / s.POOL_BLOCK_PAGES;
    const blocks = Math.ceil(count / s.POOL_BLOCK_PAGES);
    demand(first + blocks <= s.stPoolHigh(m, 0), 'pages');
    for (let b = first; b < first + blocks; b++) {
      demand(this.#blocks[b] === 0, 'pages of another one');
      this.#blocks[b] = 1;
    }
  }

  #pages(mr: MrRow): void {
    const m = this.#m;
    const shift = s.mrPageShift(m, mr);
    demand(shift >= PAGE_SHIFT_MIN && shift <= PAGE_SHIFT_MAX, 'page size');
    const bytes = pow2(shift);
    const [iova, length] = [s.mrIova(m, mr), s.mrLength(m, mr)];
    const pages = Math.ceil(((iova % bytes) + length) / bytes);
    demand(length > 0 && iova + length <= ADDRESS_LIMIT && pages <= s.mrPageCount(m, mr), 'range');
    for (let n = 0; n < pages; n++) {
      const at = s.POOL_TABLE + (s.mrPoolStart(m, mr) + n) * 2;
      demand(m[at] % bytes === 0 && m[at + 1] < ADDRESS_HIGH_LIMIT, 'page addresses');
    }
  }

  #eq(eq: EqRow): void {
    const m = this.#m;
    this.#references.counted(eq, s.eqUsers(m, eq));
    checkDepth(s.eqLogDepth(m, eq));
    this.#references.buffer(
      s.eqLkey(m, eq),
      undefined,
      s.eqAddress(m, eq),
      EQE_SIZE * pow2(s.eqLogDepth(m, eq)),
      true,
    );
    demand(s.eqVector(m, eq) < MSIX_VECTORS, 'vector');
    demand(s.eqConsumer(m, eq) < INDEX_MODULUS && s.eqArmed(m, eq) <= s.Armed.SOLICITED, 'indices');
    demand(isFlag(s.eqOverflowed(m, eq)) && isFlag(s.eqDeferred(m, eq)), 'flags');
  }

  #cq(cq: CqRow): void {
    const m = this.#m;
    this.#references.counted(cq, s.cqUsers(m, cq));
    checkDepth(s.cqLogDepth(m, cq));
    this.#references.buffer(
      s.cqLkey(m, cq),
      undefined,
      s.cqAddress(m, cq),
      CQE_SIZE * pow2(s.cqLogDepth(m, cq)),
      true,
    );
    this.#references.uses(eqRow(m, s.cqEqn(m, cq)), 'event queue');
    this.#references.uses(pageRow(m, s.cqPage(m, cq)), 'doorbell page');
    demand(s.cqConsumer(m, cq) < INDEX_MODULUS && s.cqArmed(m, cq) <= s.Armed.SOLICITED, 'indices');
    demand(isFlag(s.cqOverflowed(m, cq)) && isFlag(s.cqUntold(m, cq)), 'flags');
    demand(s.cqGathered(m, cq) <= GATHERED_MAX, 'moderation');
  }

  #srq(srq: number, n: number): void {
    const m = this.#m;
    const log = s.srqLogDepth(m, srq);
    demand(n > 0, 'number');
    this.#references.counted(srq, s.srqUsers(m, srq));
    this.#references.uses(pdRow(m, s.srqPd(m, srq)), 'protection domain');
    this.#references.uses(pageRow(m, s.srqPage(m, srq)), 'doorbell page');
    this.#references.ring(
      s.srqLkey(m, srq),
      s.srqPd(m, srq),
      s.srqAddress(m, srq),
      log,
      s.srqLogStride(m, srq),
    );
    checkIndices(s.srqProducer(m, srq), s.srqConsumer(m, srq), log);
    demand(s.srqLimit(m, srq) <= pow2(log) && isFlag(s.srqFailed(m, srq)), 'limit');
  }

  #ah(ah: number, n: number): void {
    const m = this.#m;
    demand(n > 0, 'number');
    this.#references.uses(pdRow(m, s.ahPd(m, ah)), 'protection domain');
    checkVector(m, ah);
  }

  #gid(gid: number): void {
    const m = this.#m;
    demand(s.gidType(m, gid) <= GidType.ROCE_V2 && isFlag(s.gidUntold(m, gid)), 'GID table');
    demand(s.gidMacHi(m, gid) < MAC_HALF, 'GID table');
  }

  #page(page: number): void {
    const m = this.#m;
    this.#references.counted(page, s.dpageUsers(m, page));
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
    demand(s.qpPage(m, qp) === Math.floor(n / PUSH_SLOTS), 'of another doorbell page');
    demand(slotOf(m, qp, index) === s.PSLOT_TABLE + n * s.PSLOT_WORDS, 'twice the same descriptor');
    demand(s.pslotSequence(m, slot) < s.stPushSequence(m, 0), 'arrival number');
  }
}
