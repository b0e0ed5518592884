// SPDX-License-Identifier: MIT
// Shared receive queues: create, limit, query, destroy.
import {
  CMD_CREATE_SRQ_LIMIT_OFFSET,
  CMD_MODIFY_SRQ_LIMIT_OFFSET,
  CommandCode,
  cmdCreateSrqAddress,
  cmdCreateSrqLimit,
  cmdCreateSrqLkey,
  cmdCreateSrqLogDepth,
  cmdCreateSrqLogStride,
  cmdCreateSrqPage,
  cmdCreateSrqPd,
  cmdModifySrqHandle,
  cmdModifySrqLimit,
  setCmdHandleOutHandle,
  setCmdSrqOutConsumer,
  setCmdSrqOutFailed,
  setCmdSrqOutLimit,
  setCmdSrqOutPage,
  setCmdSrqOutPd,
  setCmdSrqOutProducer,
  setCmdSrqOutUsers,
} from '../../abi/generated/commands.js';
import { EventType } from '../../abi/generated/descriptors.js';
import * as s from '../../abi/generated/state.js';
import { lowestFree, openRow, type Table } from '../allocate.js';
import { tellSrq } from '../events.js';
import { distance, pow2 } from '../powers.js';
import { mrRow, NONE, pageRow, pdRow, type SrqRow, srqRow } from '../rows.js';
import {
  badHandle,
  badParameter,
  busy,
  depthFits,
  exhausted,
  type Handler,
  queueAligned,
  queueBuffer,
  settled,
  strideFits,
  use,
  zeroFrom,
} from './context.js';
import { handleOf } from './simple.js';

const SRQS: Table = {
  first: s.SRQ_TABLE,
  words: s.SRQ_SIZE / 4,
  count: s.SRQ_COUNT,
  reserved: 1,
  high: s.ST_SRQ_HIGH_OFFSET / 4,
};
/** The word with depth and stride; its upper half is reserved. */
const SHAPE_WORD = 5;
const SHAPE_LIMIT = 65536;

/** The first field that cannot be, if any. */
function wrongShape(input: Uint32Array): string | undefined {
  if (input[SHAPE_WORD] >= SHAPE_LIMIT || !zeroFrom(input, CMD_CREATE_SRQ_LIMIT_OFFSET + 4))
    return 'reserved';
  if (!depthFits(cmdCreateSrqLogDepth(input, 0))) return 'log_depth';
  if (!strideFits(cmdCreateSrqLogStride(input, 0))) return 'log_stride';
  if (!queueAligned(cmdCreateSrqAddress(input, 0))) return 'address';
  return cmdCreateSrqLimit(input, 0) <= 2 ** cmdCreateSrqLogDepth(input, 0) ? undefined : 'limit';
}

export const createSrq: Handler = c => {
  const { input } = c;
  const { m, journal } = c.core;
  const wrong = wrongShape(input);
  if (wrong !== undefined) return badParameter(c, wrong);
  const pd = cmdCreateSrqPd(input, 0);
  const [depth, stride] = [cmdCreateSrqLogDepth(input, 0), cmdCreateSrqLogStride(input, 0)];
  const bytes = 2 ** (depth + stride);
  const owners = [
    ['pd', pdRow(m, pd), s.PD_USERS_OFFSET],
    ['page', pageRow(m, cmdCreateSrqPage(input, 0)), s.DPAGE_USERS_OFFSET],
    [
      'lkey',
      queueBuffer(c, cmdCreateSrqLkey(input, 0), pd, cmdCreateSrqAddress(input, 0), bytes, false),
      s.MR_USERS_OFFSET,
    ],
  ] as const;
  for (const [field, row] of owners) if (row === NONE) return badHandle(c, field);
  const n = lowestFree(m, SRQS);
  if (n < 0) return exhausted(c);
  const row = openRow(journal, SRQS, n, 1);
  s.putSrqPd(journal, row, pd);
  s.putSrqPage(journal, row, cmdCreateSrqPage(input, 0));
  s.putSrqLkey(journal, row, cmdCreateSrqLkey(input, 0));
  s.putSrqAddress(journal, row, cmdCreateSrqAddress(input, 0));
  s.putSrqLogDepth(journal, row, depth);
  s.putSrqLogStride(journal, row, stride);
  s.putSrqLimit(journal, row, cmdCreateSrqLimit(input, 0));
  s.putSrqUsed(journal, row, 1);
  for (const [, owner, offset] of owners) use(c, owner + offset / 4, 1);
  setCmdHandleOutHandle(c.output, 0, n);
  return CommandCode.OK;
};

const postedOf = (m: Uint32Array, srq: SrqRow): number =>
  distance(s.srqProducer(m, srq), s.srqConsumer(m, srq));

/** Arms the limit. One that is passed already is told at once: nobody waits for a receive that is not there. */
export const modifySrq: Handler = c => {
  const { m, journal } = c.core;
  if (!zeroFrom(c.input, CMD_MODIFY_SRQ_LIMIT_OFFSET + 4)) return badParameter(c, 'reserved');
  const n = cmdModifySrqHandle(c.input, 0);
  const srq = srqRow(m, n);
  if (srq === NONE) return badHandle(c);
  const limit = cmdModifySrqLimit(c.input, 0);
  if (limit > pow2(s.srqLogDepth(m, srq))) return badParameter(c, 'limit');
  const passed = postedOf(m, srq) < limit;
  s.putSrqLimit(journal, srq, passed ? 0 : limit);
  return passed ? settled(tellSrq(c.core, n, EventType.SRQ_LIMIT)) : CommandCode.OK;
};

export const querySrq: Handler = c => {
  const { m } = c.core;
  const { output } = c;
  const n = handleOf(c);
  if (n < 0) return badParameter(c, 'reserved');
  const srq = srqRow(m, n);
  if (srq === NONE) return badHandle(c);
  setCmdSrqOutPd(output, 0, s.srqPd(m, srq));
  setCmdSrqOutPage(output, 0, s.srqPage(m, srq));
  setCmdSrqOutProducer(output, 0, s.srqProducer(m, srq));
  setCmdSrqOutConsumer(output, 0, s.srqConsumer(m, srq));
  setCmdSrqOutLimit(output, 0, s.srqLimit(m, srq));
  setCmdSrqOutUsers(output, 0, s.srqUsers(m, srq));
  setCmdSrqOutFailed(output, 0, s.srqFailed(m, srq));
  return CommandCode.OK;
};

export const destroySrq: Handler = c => {
  const { m, journal } = c.core;
  const n = handleOf(c);
  if (n < 0) return badParameter(c, 'reserved');
  const srq = srqRow(m, n);
  if (srq === NONE) return badHandle(c);
  if (s.srqUsers(m, srq) > 0) return busy(c);
  use(c, pdRow(m, s.srqPd(m, srq)) + s.PD_USERS_OFFSET / 4, -1);
  use(c, pageRow(m, s.srqPage(m, srq)) + s.DPAGE_USERS_OFFSET / 4, -1);
  use(c, mrRow(m, s.srqLkey(m, srq)) + s.MR_USERS_OFFSET / 4, -1);
  s.putSrqUsed(journal, srq, 0);
  return CommandCode.OK;
};
