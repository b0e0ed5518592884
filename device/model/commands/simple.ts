// SPDX-License-Identifier: MIT
// Commands of the small objects: device, protection domains, doorbell pages.
import {
  CMD_HANDLE_IN_HANDLE_OFFSET,
  CommandCode,
  cmdHandleInHandle,
  FAST_PAGES_MAX,
  MR_PAGES_MAX,
  RD_ATOMIC_MAX,
  setCmdDeviceOutMaxAh,
  setCmdDeviceOutMaxCq,
  setCmdDeviceOutMaxDepth,
  setCmdDeviceOutMaxEq,
  setCmdDeviceOutMaxFastPages,
  setCmdDeviceOutMaxGatherRdma,
  setCmdDeviceOutMaxGid,
  setCmdDeviceOutMaxInline,
  setCmdDeviceOutMaxInlinePush,
  setCmdDeviceOutMaxMessage,
  setCmdDeviceOutMaxMr,
  setCmdDeviceOutMaxMrPages,
  setCmdDeviceOutMaxPd,
  setCmdDeviceOutMaxQp,
  setCmdDeviceOutMaxRdAtomic,
  setCmdDeviceOutMaxSge,
  setCmdDeviceOutMaxSrq,
  setCmdDeviceOutPushSlots,
  setCmdDeviceOutSliceBytes,
  setCmdHandleOutHandle,
} from '../../abi/generated/commands.js';
import {
  MAX_INLINE,
  MAX_INLINE_PUSH,
  MAX_MESSAGE_BYTES,
  MAX_SGE,
  MAX_SGE_EXTENDED,
  QUEUE_DEPTH_MAX,
  SLICE_BYTES,
} from '../../abi/generated/descriptors.js';
import { PUSH_SLOTS } from '../../abi/generated/registers.js';
import {
  AH_COUNT,
  CQ_COUNT,
  DPAGE_COUNT,
  DPAGE_SIZE,
  DPAGE_TABLE,
  dpageUsers,
  EQ_COUNT,
  GID_COUNT,
  MR_COUNT,
  PD_COUNT,
  PD_SIZE,
  PD_TABLE,
  pdUsers,
  putDpageUsed,
  putPdUsed,
  QP_COUNT,
  SRQ_COUNT,
  ST_PAGE_HIGH_OFFSET,
  ST_PD_HIGH_OFFSET,
} from '../../abi/generated/state.js';
import { lowestFree, openRow, type Table } from '../allocate.js';
import { NONE, pageRow, pdRow } from '../rows.js';
import {
  badHandle,
  badParameter,
  busy,
  type Command,
  exhausted,
  type Handler,
  type Outcome,
  zeroFrom,
} from './context.js';

const PDS: Table = {
  first: PD_TABLE,
  words: PD_SIZE / 4,
  count: PD_COUNT,
  reserved: 1,
  high: ST_PD_HIGH_OFFSET / 4,
};
/** Page 0 belongs to the kernel driver from power-on. */
const PAGES: Table = {
  first: DPAGE_TABLE,
  words: DPAGE_SIZE / 4,
  count: DPAGE_COUNT,
  reserved: 1,
  high: ST_PAGE_HIGH_OFFSET / 4,
};

export const AFTER_HANDLE = CMD_HANDLE_IN_HANDLE_OFFSET + 4;

/** The number that a command with only a handle names, or -1 when the rest of its input is not zero. */
export function handleOf(c: Command): number {
  return zeroFrom(c.input, AFTER_HANDLE) ? cmdHandleInHandle(c.input, 0) : -1;
}

export const queryDevice: Handler = c => {
  if (!zeroFrom(c.input, 0)) return badParameter(c, 'reserved');
  setCmdDeviceOutMaxQp(c.output, 0, QP_COUNT);
  setCmdDeviceOutMaxCq(c.output, 0, CQ_COUNT);
  setCmdDeviceOutMaxEq(c.output, 0, EQ_COUNT);
  setCmdDeviceOutMaxMr(c.output, 0, MR_COUNT);
  setCmdDeviceOutMaxPd(c.output, 0, PD_COUNT);
  setCmdDeviceOutMaxSge(c.output, 0, MAX_SGE);
  setCmdDeviceOutMaxDepth(c.output, 0, QUEUE_DEPTH_MAX);
  setCmdDeviceOutMaxMrPages(c.output, 0, MR_PAGES_MAX);
  setCmdDeviceOutPushSlots(c.output, 0, PUSH_SLOTS);
  setCmdDeviceOutSliceBytes(c.output, 0, SLICE_BYTES);
  setCmdDeviceOutMaxMessage(c.output, 0, MAX_MESSAGE_BYTES);
  setCmdDeviceOutMaxSrq(c.output, 0, SRQ_COUNT);
  setCmdDeviceOutMaxAh(c.output, 0, AH_COUNT);
  setCmdDeviceOutMaxGid(c.output, 0, GID_COUNT);
  setCmdDeviceOutMaxInline(c.output, 0, MAX_INLINE);
  setCmdDeviceOutMaxInlinePush(c.output, 0, MAX_INLINE_PUSH);
  setCmdDeviceOutMaxFastPages(c.output, 0, FAST_PAGES_MAX);
  setCmdDeviceOutMaxRdAtomic(c.output, 0, RD_ATOMIC_MAX);
  setCmdDeviceOutMaxGatherRdma(c.output, 0, MAX_SGE_EXTENDED);
  return CommandCode.OK;
};

function allocate(c: Command, table: Table, markUsed: (row: number) => void): Outcome {
  if (!zeroFrom(c.input, 0)) return badParameter(c, 'reserved');
  const n = lowestFree(c.core.m, table);
  if (n < 0) return exhausted(c);
  markUsed(openRow(c.core.journal, table, n, 1));
  setCmdHandleOutHandle(c.output, 0, n);
  return CommandCode.OK;
}

export const allocPd: Handler = c => allocate(c, PDS, row => putPdUsed(c.core.journal, row, 1));
export const allocPage: Handler = c => allocate(c, PAGES, row => putDpageUsed(c.core.journal, row, 1));

export const deallocPd: Handler = c => {
  const n = handleOf(c);
  if (n < 0) return badParameter(c, 'reserved');
  const pd = pdRow(c.core.m, n);
  if (pd === NONE) return badHandle(c);
  if (pdUsers(c.core.m, pd) > 0) return busy(c);
  putPdUsed(c.core.journal, pd, 0);
  return CommandCode.OK;
};

export const freePage: Handler = c => {
  const n = handleOf(c);
  if (n < 0) return badParameter(c, 'reserved');
  const page = pageRow(c.core.m, n);
  if (page === NONE || n < PAGES.reserved) return badHandle(c);
  if (dpageUsers(c.core.m, page) > 0) return busy(c);
  putDpageUsed(c.core.journal, page, 0);
  return CommandCode.OK;
};
