// SPDX-License-Identifier: MIT
// Event queues and completion queues.
import {
  CMD_CREATE_CQ_PAGE_OFFSET,
  CMD_CREATE_EQ_VECTOR_OFFSET,
  CommandCode,
  cmdCreateCqAddress,
  cmdCreateCqEqn,
  cmdCreateCqLkey,
  cmdCreateCqLogDepth,
  cmdCreateCqPage,
  cmdCreateEqAddress,
  cmdCreateEqLkey,
  cmdCreateEqLogDepth,
  cmdCreateEqVector,
  setCmdHandleOutHandle,
  setCmdQueueOutArmed,
  setCmdQueueOutConsumer,
  setCmdQueueOutOverflowed,
  setCmdQueueOutProducer,
} from '../../abi/generated/commands.js';
import { CQE_SIZE, EQE_SIZE } from '../../abi/generated/descriptors.js';
import { MSIX_VECTORS } from '../../abi/generated/registers.js';
import {
  CQ_COUNT,
  CQ_SIZE,
  CQ_TABLE,
  cqArmed,
  cqConsumer,
  cqEqn,
  cqLkey,
  cqOverflowed,
  cqPage,
  cqProducer,
  cqUsers,
  DPAGE_USERS_OFFSET,
  EQ_COUNT,
  EQ_SIZE,
  EQ_TABLE,
  EQ_USERS_OFFSET,
  eqArmed,
  eqConsumer,
  eqLkey,
  eqOverflowed,
  eqProducer,
  eqUsers,
  MR_USERS_OFFSET,
  putCqAddress,
  putCqEqn,
  putCqLkey,
  putCqLogDepth,
  putCqPage,
  putCqUsed,
  putEqAddress,
  putEqDeferred,
  putEqLkey,
  putEqLogDepth,
  putEqUsed,
  putEqVector,
  ST_CQ_HIGH_OFFSET,
  ST_EQ_HIGH_OFFSET,
} from '../../abi/generated/state.js';
import { lowestFree, openRow, type Table } from '../allocate.js';
import { ASYNC_EQ, anyUntold } from '../events.js';
import { cqRow, eqRow, mrRow, NONE, pageRow } from '../rows.js';
import {
  badHandle,
  badParameter,
  busy,
  exhausted,
  type Handler,
  LOG_DEPTH_MAX,
  queueAligned,
  queueBuffer,
  use,
  zeroFrom,
} from './context.js';
import { handleOf } from './simple.js';

const EQS: Table = {
  first: EQ_TABLE,
  words: EQ_SIZE / 4,
  count: EQ_COUNT,
  reserved: 0,
  high: ST_EQ_HIGH_OFFSET / 4,
};
const CQS: Table = {
  first: CQ_TABLE,
  words: CQ_SIZE / 4,
  count: CQ_COUNT,
  reserved: 1,
  high: ST_CQ_HIGH_OFFSET / 4,
};
const INDEX_MODULUS = 65536;
/** The word that holds log_depth; its reserved bytes are zero. */
const EQ_SHAPE_WORD = 3;
const CQ_SHAPE_WORD = 3;

const depthFits = (log: number): boolean => log >= 1 && log <= LOG_DEPTH_MAX;

export const createEq: Handler = c => {
  const { m, journal } = c.core;
  const log = cmdCreateEqLogDepth(c.input, 0);
  const vector = cmdCreateEqVector(c.input, 0);
  const reserved =
    c.input[EQ_SHAPE_WORD] !== log + vector * 65536 || !zeroFrom(c.input, CMD_CREATE_EQ_VECTOR_OFFSET + 2);
  if (reserved) return badParameter(c, 'reserved');
  if (!depthFits(log)) return badParameter(c, 'log_depth');
  if (vector >= MSIX_VECTORS) return badParameter(c, 'vector');
  const address = cmdCreateEqAddress(c.input, 0);
  if (!queueAligned(address)) return badParameter(c, 'address');
  const mr = queueBuffer(c, cmdCreateEqLkey(c.input, 0), undefined, address, EQE_SIZE * 2 ** log, true);
  if (mr === NONE) return badHandle(c, 'lkey');
  const n = lowestFree(m, EQS);
  if (n < 0) return exhausted(c);
  const row = openRow(journal, EQS, n, 1);
  putEqLogDepth(journal, row, log);
  putEqLkey(journal, row, cmdCreateEqLkey(c.input, 0));
  putEqAddress(journal, row, address);
  putEqVector(journal, row, vector);
  putEqUsed(journal, row, 1);
  // What found no room in the one before it is told when this one is armed.
  if (n === ASYNC_EQ && anyUntold(m)) putEqDeferred(journal, row, 1);
  use(c, mr + MR_USERS_OFFSET / 4, 1);
  setCmdHandleOutHandle(c.output, 0, n);
  return CommandCode.OK;
};

export const createCq: Handler = c => {
  const { m, journal } = c.core;
  const log = cmdCreateCqLogDepth(c.input, 0);
  if (c.input[CQ_SHAPE_WORD] !== log || !zeroFrom(c.input, CMD_CREATE_CQ_PAGE_OFFSET + 4))
    return badParameter(c, 'reserved');
  if (!depthFits(log)) return badParameter(c, 'log_depth');
  const address = cmdCreateCqAddress(c.input, 0);
  if (!queueAligned(address)) return badParameter(c, 'address');
  const mr = queueBuffer(c, cmdCreateCqLkey(c.input, 0), undefined, address, CQE_SIZE * 2 ** log, true);
  const eq = eqRow(m, cmdCreateCqEqn(c.input, 0));
  const page = pageRow(m, cmdCreateCqPage(c.input, 0));
  if (mr === NONE) return badHandle(c, 'lkey');
  if (eq === NONE) return badHandle(c, 'eqn');
  if (page === NONE) return badHandle(c, 'page');
  const n = lowestFree(m, CQS);
  if (n < 0) return exhausted(c);
  const row = openRow(journal, CQS, n, 1);
  putCqLogDepth(journal, row, log);
  putCqLkey(journal, row, cmdCreateCqLkey(c.input, 0));
  putCqAddress(journal, row, address);
  putCqEqn(journal, row, cmdCreateCqEqn(c.input, 0));
  putCqPage(journal, row, cmdCreateCqPage(c.input, 0));
  putCqUsed(journal, row, 1);
  for (const word of [mr + MR_USERS_OFFSET / 4, eq + EQ_USERS_OFFSET / 4, page + DPAGE_USERS_OFFSET / 4])
    use(c, word, 1);
  setCmdHandleOutHandle(c.output, 0, n);
  return CommandCode.OK;
};

export const destroyEq: Handler = c => {
  const { m, journal } = c.core;
  const n = handleOf(c);
  if (n < 0) return badParameter(c, 'reserved');
  const eq = eqRow(m, n);
  if (eq === NONE) return badHandle(c);
  if (eqUsers(m, eq) > 0) return busy(c);
  use(c, mrRow(m, eqLkey(m, eq)) + MR_USERS_OFFSET / 4, -1);
  putEqUsed(journal, eq, 0);
  return CommandCode.OK;
};

export const destroyCq: Handler = c => {
  const { m, journal } = c.core;
  const n = handleOf(c);
  if (n < 0) return badParameter(c, 'reserved');
  const cq = cqRow(m, n);
  if (cq === NONE) return badHandle(c);
  if (cqUsers(m, cq) > 0) return busy(c);
  use(c, mrRow(m, cqLkey(m, cq)) + MR_USERS_OFFSET / 4, -1);
  use(c, eqRow(m, cqEqn(m, cq)) + EQ_USERS_OFFSET / 4, -1);
  use(c, pageRow(m, cqPage(m, cq)) + DPAGE_USERS_OFFSET / 4, -1);
  putCqUsed(journal, cq, 0);
  return CommandCode.OK;
};

function answer(
  output: Uint32Array,
  producer: number,
  consumer: number,
  armed: number,
  overflowed: number,
): void {
  setCmdQueueOutProducer(output, 0, producer % INDEX_MODULUS);
  setCmdQueueOutConsumer(output, 0, consumer);
  setCmdQueueOutArmed(output, 0, armed === 0 ? 0 : 1);
  setCmdQueueOutOverflowed(output, 0, overflowed);
}

export const queryEq: Handler = c => {
  const { m } = c.core;
  const n = handleOf(c);
  if (n < 0) return badParameter(c, 'reserved');
  const eq = eqRow(m, n);
  if (eq === NONE) return badHandle(c);
  answer(c.output, eqProducer(m, eq), eqConsumer(m, eq), eqArmed(m, eq), eqOverflowed(m, eq));
  return CommandCode.OK;
};

export const queryCq: Handler = c => {
  const { m } = c.core;
  const n = handleOf(c);
  if (n < 0) return badParameter(c, 'reserved');
  const cq = cqRow(m, n);
  if (cq === NONE) return badHandle(c);
  answer(c.output, cqProducer(m, cq), cqConsumer(m, cq), cqArmed(m, cq), cqOverflowed(m, cq));
  return CommandCode.OK;
};
