// SPDX-License-Identifier: MIT
// Memory regions: of page lists, of all memory, and for fast registration (whose memory comes with descriptors, see
// model/memory-ops.ts). A region that is registered again gets another key, so that the one before it is stale.
import {
  CMD_ALLOC_MR_PAGE_COUNT_OFFSET,
  CMD_REGISTER_MR_PAGE_COUNT_OFFSET,
  CMD_REREGISTER_MR_PAGE_COUNT_OFFSET,
  CommandCode,
  cmdAllocMrPageCount,
  cmdAllocMrPd,
  cmdRegisterMrAccess,
  cmdRegisterMrIova,
  cmdRegisterMrKind,
  cmdRegisterMrLength,
  cmdRegisterMrPageCount,
  cmdRegisterMrPageList,
  cmdRegisterMrPageShift,
  cmdRegisterMrPd,
  cmdReregisterMrAccess,
  cmdReregisterMrChange,
  cmdReregisterMrHandle,
  cmdReregisterMrIova,
  cmdReregisterMrLength,
  cmdReregisterMrPageCount,
  cmdReregisterMrPageList,
  cmdReregisterMrPageShift,
  cmdReregisterMrPd,
  FAST_PAGES_MAX,
  MR_PAGES_MAX,
  MrChange,
  MrKind,
  setCmdHandleOutHandle,
  setCmdMrOutAccess,
  setCmdMrOutIova,
  setCmdMrOutKind,
  setCmdMrOutLength,
  setCmdMrOutPageCount,
  setCmdMrOutPageShift,
  setCmdMrOutPd,
  setCmdMrOutUsers,
  setCmdMrOutValid,
} from '../../abi/generated/commands.js';
import {
  MR_COUNT,
  MR_KEY_OFFSET,
  MR_SIZE,
  MR_TABLE,
  mrAccess,
  mrIova,
  mrKind,
  mrLength,
  mrPageCount,
  mrPageShift,
  mrPd,
  mrPoolStart,
  mrUsers,
  mrValid,
  PD_TABLE,
  PD_USERS_OFFSET,
  PD_WORDS,
  putMrAccess,
  putMrIova,
  putMrKey,
  putMrKind,
  putMrLength,
  putMrPageCount,
  putMrPageShift,
  putMrPd,
  putMrPoolStart,
  putMrUsed,
  putMrValid,
  ST_MR_HIGH_OFFSET,
  ST_MR_LOW_OFFSET,
} from '../../abi/generated/state.js';
import { closeRow, findPool, lowestFree, markPool, openRow, type Table } from '../allocate.js';
import { readPages, soundRights, wrongInPages } from '../page-list.js';
import { Dma } from '../ports.js';
import { type MrRow, mrNumber, mrRow, mrRowOfIndex, NONE, nextMrKey, pdRow } from '../rows.js';
import {
  AGAIN,
  badHandle,
  badParameter,
  busy,
  type Command,
  exhausted,
  type Handler,
  type Outcome,
  refused,
  use,
  zeroFrom,
} from './context.js';
import { handleOf } from './simple.js';

/** Index 0 stays free: key 0 never names anything. */
const MRS: Table = {
  first: MR_TABLE,
  words: MR_SIZE / 4,
  count: MR_COUNT,
  reserved: 1,
  high: ST_MR_HIGH_OFFSET / 4,
  low: ST_MR_LOW_OFFSET / 4,
};
/** The key outlives the region (its tag moves on), so clearing starts after it. */
const KEEP_WORDS = MR_KEY_OFFSET / 4 + 1;
const AFTER_PAGE_COUNT = CMD_REGISTER_MR_PAGE_COUNT_OFFSET + 4;
const AFTER_ALLOC = CMD_ALLOC_MR_PAGE_COUNT_OFFSET + 4;
const AFTER_CHANGE = CMD_REREGISTER_MR_PAGE_COUNT_OFFSET + 4;
const RESERVED_BYTE_WORD = 1;
const REREGISTER_RESERVED_WORD = 3;
const ALL_CHANGES = MrChange.MEMORY | MrChange.PD | MrChange.ACCESS;

const pdUsersWord = (pd: number): number => PD_TABLE + pd * PD_WORDS + PD_USERS_OFFSET / 4;

/** Pages that a command names. */
interface Pages {
  readonly shift: number;
  readonly count: number;
  readonly iova: number;
  readonly length: number;
  readonly list: number;
}

const registeredPages = (input: Uint32Array): Pages => ({
  shift: cmdRegisterMrPageShift(input, 0),
  count: cmdRegisterMrPageCount(input, 0),
  iova: cmdRegisterMrIova(input, 0),
  length: cmdRegisterMrLength(input, 0),
  list: cmdRegisterMrPageList(input, 0),
});

const reregisteredPages = (input: Uint32Array): Pages => ({
  shift: cmdReregisterMrPageShift(input, 0),
  count: cmdReregisterMrPageCount(input, 0),
  iova: cmdReregisterMrIova(input, 0),
  length: cmdReregisterMrLength(input, 0),
  list: cmdReregisterMrPageList(input, 0),
});

const wrongPages = (p: Pages): string | undefined =>
  wrongInPages(p.shift, p.count, MR_PAGES_MAX, p.iova, p.length, p.list);

export const registerMr: Handler = c => {
  const { m, journal } = c.core;
  const pd = cmdRegisterMrPd(c.input, 0);
  const wrong = wrongField(c.input);
  if (wrong !== undefined) return badParameter(c, wrong);
  if (pdRow(m, pd) === NONE) return badHandle(c, 'pd');
  const n = lowestFree(m, MRS);
  if (n < 0) return exhausted(c);
  const row = openRow(journal, MRS, n, KEEP_WORDS);
  if (cmdRegisterMrKind(c.input, 0) === MrKind.PAGE_LIST) {
    const outcome = takePages(c, row, registeredPages(c.input));
    if (outcome !== CommandCode.OK) return outcome;
  }
  putMrKind(journal, row, cmdRegisterMrKind(c.input, 0));
  putMrAccess(journal, row, cmdRegisterMrAccess(c.input, 0));
  putMrValid(journal, row, 1);
  return open(c, row, n, pd);
};

/** Memory for fast registration: its part of the page pool is set aside now, so that FAST_REG cannot run short. */
export const allocMr: Handler = c => {
  const { m, journal } = c.core;
  const pd = cmdAllocMrPd(c.input, 0);
  const pages = cmdAllocMrPageCount(c.input, 0);
  if (!zeroFrom(c.input, AFTER_ALLOC)) return badParameter(c, 'reserved');
  if (pages === 0 || pages > FAST_PAGES_MAX) return badParameter(c, 'page_count');
  if (pdRow(m, pd) === NONE) return badHandle(c, 'pd');
  const n = lowestFree(m, MRS);
  if (n < 0) return exhausted(c);
  const row = openRow(journal, MRS, n, KEEP_WORDS);
  if (!setAside(c, row, pages)) return exhausted(c, 'pool');
  putMrKind(journal, row, MrKind.FAST);
  return open(c, row, n, pd);
};

/** The region at table index `n` exists from now on. */
function open(c: Command, row: number, n: number, pd: number): Outcome {
  const { m, journal } = c.core;
  const key = nextMrKey(m, n);
  putMrKey(journal, row, key);
  putMrPd(journal, row, pd);
  putMrUsed(journal, row, 1);
  use(c, pdUsersWord(pd), 1);
  setCmdHandleOutHandle(c.output, 0, key);
  return CommandCode.OK;
}

/** The first field that cannot be, if any. */
function wrongField(input: Uint32Array): string | undefined {
  if (!soundRights(cmdRegisterMrAccess(input, 0))) return 'access';
  if (input[RESERVED_BYTE_WORD] >= 2 ** 24 || !zeroFrom(input, AFTER_PAGE_COUNT)) return 'reserved';
  if (cmdRegisterMrKind(input, 0) === MrKind.PAGE_LIST) return wrongPages(registeredPages(input));
  if (cmdRegisterMrKind(input, 0) !== MrKind.WHOLE_MEMORY) return 'kind';
  if (cmdRegisterMrPageShift(input, 0) !== 0) return 'page_shift';
  return zeroFrom(input, 8) ? undefined : 'reserved';
}

/** Gives a free run of the pool to the region; false when there is none. */
function setAside(c: Command, row: number, pages: number): boolean {
  const { m, journal } = c.core;
  const start = findPool(m, pages);
  if (start < 0) return false;
  markPool(journal, start, pages, 1);
  putMrPoolStart(journal, row, start);
  putMrPageCount(journal, row, pages);
  return true;
}

/** The region has this memory from now on. */
function takePages(c: Command, row: number, p: Pages): Outcome {
  const { journal } = c.core;
  if (!setAside(c, row, p.count)) return exhausted(c, 'pool');
  const read = readPages(c.core, p.list, mrPoolStart(c.core.m, row), p.count, p.shift, 0, 0);
  if (read === Dma.NOT_YET) return AGAIN;
  if (read === Dma.FAULT) return refused(c, CommandCode.FAULT, 'page_list');
  if (read !== Dma.DONE) return badParameter(c, 'page_list');
  putMrPageShift(journal, row, p.shift);
  putMrIova(journal, row, p.iova);
  putMrLength(journal, row, p.length);
  return CommandCode.OK;
}

/** Whether REREGISTER_MR makes sense, and leaves fields alone whose bit is not set. */
function wrongChange(input: Uint32Array): string | undefined {
  const change = cmdReregisterMrChange(input, 0);
  const p = reregisteredPages(input);
  if (change === 0 || change > ALL_CHANGES) return 'change';
  if (input[RESERVED_BYTE_WORD] >= 2 ** 24 || input[REREGISTER_RESERVED_WORD] !== 0) return 'reserved';
  if (!zeroFrom(input, AFTER_CHANGE)) return 'reserved';
  const access = cmdReregisterMrAccess(input, 0);
  if ((change & MrChange.ACCESS) !== 0 ? !soundRights(access) : access !== 0) return 'access';
  if ((change & MrChange.PD) === 0 && cmdReregisterMrPd(input, 0) !== 0) return 'pd';
  if ((change & MrChange.MEMORY) !== 0) return wrongPages(p);
  if (p.shift !== 0) return 'page_shift';
  return p.iova === 0 && p.length === 0 && p.list === 0 && p.count === 0 ? undefined : 'page_list';
}

/** Changes a region in place, whole or not at all; queues may not lie in it. */
export const reregisterMr: Handler = c => {
  const { m, journal } = c.core;
  const wrong = wrongChange(c.input);
  if (wrong !== undefined) return badParameter(c, wrong);
  const mr = mrRow(m, cmdReregisterMrHandle(c.input, 0));
  if (mr === NONE || mrKind(m, mr) === MrKind.FAST) return badHandle(c);
  const change = cmdReregisterMrChange(c.input, 0);
  const pd = (change & MrChange.PD) !== 0 ? cmdReregisterMrPd(c.input, 0) : mrPd(m, mr);
  if (pdRow(m, pd) === NONE) return badHandle(c, 'pd');
  if (mrUsers(m, mr) > 0) return busy(c);
  if ((change & MrChange.MEMORY) !== 0) {
    if (mrKind(m, mr) === MrKind.WHOLE_MEMORY) return badParameter(c, 'change');
    const outcome = changePages(c, mr);
    if (outcome !== CommandCode.OK) return outcome;
  }
  if ((change & MrChange.ACCESS) !== 0) putMrAccess(journal, mr, cmdReregisterMrAccess(c.input, 0));
  use(c, pdUsersWord(mrPd(m, mr)), -1);
  return open(c, mr, mrNumber(mr), pd);
};

/** The list is read into another run of the pool: the pages before stay what they are until the commit. */
function changePages(c: Command, mr: MrRow): Outcome {
  const { m, journal } = c.core;
  const [start, count] = [mrPoolStart(m, mr), mrPageCount(m, mr)];
  const outcome = takePages(c, mr, reregisteredPages(c.input));
  if (outcome === CommandCode.OK) markPool(journal, start, count, 0);
  return outcome;
}

/**
 * The region that a handle names. Of kind FAST any tag will do: which FAST_REG was the last that took effect, and with it
 * the key, only the adapter knows.
 */
function regionOf(m: Uint32Array, handle: number): MrRow {
  const mr = mrRowOfIndex(m, handle);
  return mr !== NONE && mrKind(m, mr) === MrKind.FAST ? mr : mrRow(m, handle);
}

export const deregisterMr: Handler = c => {
  const { m, journal } = c.core;
  const handle = handleOf(c);
  if (handle < 0) return badParameter(c, 'reserved');
  const mr = regionOf(m, handle);
  if (mr === NONE) return badHandle(c);
  if (mrUsers(m, mr) > 0) return busy(c);
  if (mrKind(m, mr) !== MrKind.WHOLE_MEMORY) markPool(journal, mrPoolStart(m, mr), mrPageCount(m, mr), 0);
  closeRow(journal, MRS, mrNumber(mr));
  use(c, pdUsersWord(mrPd(m, mr)), -1);
  return CommandCode.OK;
};

export const queryMr: Handler = c => {
  const { m } = c.core;
  const handle = handleOf(c);
  if (handle < 0) return badParameter(c, 'reserved');
  const mr = regionOf(m, handle);
  if (mr === NONE) return badHandle(c);
  setCmdMrOutPd(c.output, 0, mrPd(m, mr));
  setCmdMrOutKind(c.output, 0, mrKind(m, mr));
  setCmdMrOutAccess(c.output, 0, mrAccess(m, mr));
  setCmdMrOutPageShift(c.output, 0, mrPageShift(m, mr));
  setCmdMrOutIova(c.output, 0, mrIova(m, mr));
  setCmdMrOutLength(c.output, 0, mrLength(m, mr));
  setCmdMrOutUsers(c.output, 0, mrUsers(m, mr));
  setCmdMrOutValid(c.output, 0, mrValid(m, mr));
  setCmdMrOutPageCount(c.output, 0, mrPageCount(m, mr));
  return CommandCode.OK;
};
