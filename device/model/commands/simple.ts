// SPDX-License-Identifier: MIT
// Commands of the small objects: device, protection domains, doorbell pages, link.
import {
  CMD_HANDLE_IN_HANDLE_OFFSET,
  CommandCode,
  cmdHandleInHandle,
  cmdLinkHold,
  cmdLinkRateMbps,
  Hold,
  MR_PAGES_MAX,
  setCmdDeviceOutMaxCq,
  setCmdDeviceOutMaxDepth,
  setCmdDeviceOutMaxEq,
  setCmdDeviceOutMaxMessage,
  setCmdDeviceOutMaxMr,
  setCmdDeviceOutMaxMrPages,
  setCmdDeviceOutMaxPd,
  setCmdDeviceOutMaxQp,
  setCmdDeviceOutMaxSge,
  setCmdDeviceOutPushSlots,
  setCmdDeviceOutSliceBytes,
  setCmdHandleOutHandle,
  setCmdLinkHold,
  setCmdLinkPacketsSent,
  setCmdLinkRateMbps,
} from '../../abi/generated/commands.js';
import { MAX_MESSAGE_BYTES, MAX_SGE, QUEUE_DEPTH_MAX, SLICE_BYTES } from '../../abi/generated/descriptors.js';
import {
  CQ_COUNT,
  DPAGE_COUNT,
  DPAGE_SIZE,
  DPAGE_TABLE,
  dpageUsers,
  EQ_COUNT,
  MR_COUNT,
  PD_COUNT,
  PD_SIZE,
  PD_TABLE,
  PSLOT_COUNT,
  pdUsers,
  putDpageUsed,
  putPdUsed,
  QP_COUNT,
  ST_COUNT_PACKETS_OFFSET,
  ST_HOLD_OFFSET,
  ST_PAGE_HIGH_OFFSET,
  ST_PD_HIGH_OFFSET,
  ST_RATE_MBPS_OFFSET,
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
  setCmdDeviceOutPushSlots(c.output, 0, PSLOT_COUNT);
  setCmdDeviceOutSliceBytes(c.output, 0, SLICE_BYTES);
  setCmdDeviceOutMaxMessage(c.output, 0, MAX_MESSAGE_BYTES);
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

export const RATE_MAX_MBPS = 1_000_000;

export const setLink: Handler = c => {
  const hold = cmdLinkHold(c.input, 0);
  const rate = cmdLinkRateMbps(c.input, 0);
  const known = Hold.LINK | Hold.ENGINE;
  if (hold > known) return badParameter(c, 'hold');
  if (rate > RATE_MAX_MBPS) return badParameter(c, 'rate_mbps');
  if (!zeroFrom(c.input, 8)) return badParameter(c, 'reserved');
  c.core.journal.put(ST_HOLD_OFFSET / 4, hold);
  c.core.journal.put(ST_RATE_MBPS_OFFSET / 4, rate);
  return CommandCode.OK;
};

export const queryLink: Handler = c => {
  if (!zeroFrom(c.input, 0)) return badParameter(c, 'reserved');
  const { m } = c.core;
  setCmdLinkHold(c.output, 0, m[ST_HOLD_OFFSET / 4]);
  setCmdLinkRateMbps(c.output, 0, m[ST_RATE_MBPS_OFFSET / 4]);
  setCmdLinkPacketsSent(c.output, 0, m[ST_COUNT_PACKETS_OFFSET / 4]);
  return CommandCode.OK;
};
