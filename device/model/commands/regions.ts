// SPDX-License-Identifier: MIT
// Memory regions. The page list is read once, into the page pool of the state region: what the guest does to its copy
// afterwards changes nothing.
import {
  Access,
  CMD_REGISTER_MR_PAGE_COUNT_OFFSET,
  CommandCode,
  cmdRegisterMrAccess,
  cmdRegisterMrIova,
  cmdRegisterMrKind,
  cmdRegisterMrLength,
  cmdRegisterMrPageCount,
  cmdRegisterMrPageList,
  cmdRegisterMrPageShift,
  cmdRegisterMrPd,
  MR_PAGES_MAX,
  MrKind,
  PAGE_SHIFT_MAX,
  PAGE_SHIFT_MIN,
  setCmdHandleOutHandle,
  setCmdMrOutAccess,
  setCmdMrOutIova,
  setCmdMrOutKind,
  setCmdMrOutLength,
  setCmdMrOutPageShift,
  setCmdMrOutPd,
  setCmdMrOutUsers,
} from '../../abi/generated/commands.js';
import { FaultObject } from '../../abi/generated/registers.js';
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
  PD_TABLE,
  PD_USERS_OFFSET,
  PD_WORDS,
  POOL_TABLE,
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
  ST_MR_HIGH_OFFSET,
} from '../../abi/generated/state.js';
import { findPool, lowestFree, markPool, openRow, type Table } from '../allocate.js';
import { Dma } from '../ports.js';
import { mrRow, NONE, nextMrKey, pdRow } from '../rows.js';
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
};
/** The key outlives the region (its tag moves on), so clearing starts after it. */
const KEEP_WORDS = MR_KEY_OFFSET / 4 + 1;
const AFTER_PAGE_COUNT = CMD_REGISTER_MR_PAGE_COUNT_OFFSET + 4;
const RESERVED_BYTE_WORD = 1;
const ENTRY_BYTES = 8;
const ADDRESS_LIMIT = 2 ** 53;
const ALL_RIGHTS = Access.LOCAL_WRITE | Access.REMOTE_WRITE | Access.REMOTE_READ | Access.REMOTE_ATOMIC;
const NEED_LOCAL_WRITE = Access.REMOTE_WRITE | Access.REMOTE_ATOMIC;

const pdUsersWord = (pd: number): number => PD_TABLE + pd * PD_WORDS + PD_USERS_OFFSET / 4;

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
    const outcome = takePages(c, row);
    if (outcome !== CommandCode.OK) return outcome;
  }
  const key = nextMrKey(m, n);
  putMrKey(journal, row, key);
  putMrPd(journal, row, pd);
  putMrKind(journal, row, cmdRegisterMrKind(c.input, 0));
  putMrAccess(journal, row, cmdRegisterMrAccess(c.input, 0));
  putMrPageShift(journal, row, cmdRegisterMrPageShift(c.input, 0));
  putMrIova(journal, row, cmdRegisterMrIova(c.input, 0));
  putMrLength(journal, row, cmdRegisterMrLength(c.input, 0));
  putMrUsed(journal, row, 1);
  use(c, pdUsersWord(pd), 1);
  setCmdHandleOutHandle(c.output, 0, key);
  return CommandCode.OK;
};

/** The first field that cannot be, if any. */
function wrongField(input: Uint32Array): string | undefined {
  const access = cmdRegisterMrAccess(input, 0);
  if (access > ALL_RIGHTS || ((access & NEED_LOCAL_WRITE) !== 0 && (access & Access.LOCAL_WRITE) === 0))
    return 'access';
  if (input[RESERVED_BYTE_WORD] >= 2 ** 24 || !zeroFrom(input, AFTER_PAGE_COUNT)) return 'reserved';
  if (cmdRegisterMrKind(input, 0) === MrKind.PAGE_LIST) return wrongInList(input);
  if (cmdRegisterMrKind(input, 0) !== MrKind.WHOLE_MEMORY) return 'kind';
  if (cmdRegisterMrPageShift(input, 0) !== 0) return 'page_shift';
  return zeroFrom(input, 8) ? undefined : 'reserved';
}

function wrongInList(input: Uint32Array): string | undefined {
  const shift = cmdRegisterMrPageShift(input, 0);
  const count = cmdRegisterMrPageCount(input, 0);
  const length = cmdRegisterMrLength(input, 0);
  const iova = cmdRegisterMrIova(input, 0);
  const list = cmdRegisterMrPageList(input, 0);
  if (shift < PAGE_SHIFT_MIN || shift > PAGE_SHIFT_MAX) return 'page_shift';
  if (count === 0 || count > MR_PAGES_MAX) return 'page_count';
  if (list % ENTRY_BYTES !== 0 || list >= ADDRESS_LIMIT) return 'page_list';
  const pageBytes = 2 ** shift;
  if (iova + length > ADDRESS_LIMIT) return 'iova';
  return length > 0 && (iova % pageBytes) + length <= count * pageBytes ? undefined : 'length';
}

/** Copies the page list into a free run of the pool. The run is nobody's before the commit, so it is no part of the step. */
function takePages(c: Command, row: number): Outcome {
  const { m, journal, memory } = c.core;
  const count = cmdRegisterMrPageCount(c.input, 0);
  const start = findPool(m, count);
  if (start < 0) return exhausted(c, 'pool');
  const words = POOL_TABLE + start * 2;
  const list = cmdRegisterMrPageList(c.input, 0);
  const dma = memory.readWords(list, m, words, count * 2);
  if (dma !== Dma.DONE) {
    c.core.dmaFailed(dma, FaultObject.PAGE_LIST, 0, 0, list, count * ENTRY_BYTES, false);
    return dma === Dma.NOT_YET ? AGAIN : refused(c, CommandCode.FAULT, 'page_list');
  }
  const pageBytes = 2 ** cmdRegisterMrPageShift(c.input, 0);
  for (let n = 0; n < count; n++) {
    const address = m[words + n * 2] + m[words + n * 2 + 1] * 2 ** 32;
    if (address % pageBytes !== 0 || address + pageBytes > ADDRESS_LIMIT) return badParameter(c, 'page_list');
  }
  markPool(journal, start, count, 1);
  putMrPoolStart(journal, row, start);
  putMrPageCount(journal, row, count);
  return CommandCode.OK;
}

export const deregisterMr: Handler = c => {
  const { m, journal } = c.core;
  const key = handleOf(c);
  if (key < 0) return badParameter(c, 'reserved');
  const mr = mrRow(m, key);
  if (mr === NONE) return badHandle(c);
  if (mrUsers(m, mr) > 0) return busy(c);
  if (mrKind(m, mr) === MrKind.PAGE_LIST) markPool(journal, mrPoolStart(m, mr), mrPageCount(m, mr), 0);
  putMrUsed(journal, mr, 0);
  use(c, pdUsersWord(mrPd(m, mr)), -1);
  return CommandCode.OK;
};

export const queryMr: Handler = c => {
  const { m } = c.core;
  const key = handleOf(c);
  if (key < 0) return badParameter(c, 'reserved');
  const mr = mrRow(m, key);
  if (mr === NONE) return badHandle(c);
  setCmdMrOutPd(c.output, 0, mrPd(m, mr));
  setCmdMrOutKind(c.output, 0, mrKind(m, mr));
  setCmdMrOutAccess(c.output, 0, mrAccess(m, mr));
  setCmdMrOutPageShift(c.output, 0, mrPageShift(m, mr));
  setCmdMrOutIova(c.output, 0, mrIova(m, mr));
  setCmdMrOutLength(c.output, 0, mrLength(m, mr));
  setCmdMrOutUsers(c.output, 0, mrUsers(m, mr));
  return CommandCode.OK;
};
