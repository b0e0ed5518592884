// SPDX-License-Identifier: MIT
// Address handles: where datagrams go.
import {
  CMD_AH_UDP_SPORT_OFFSET,
  CommandCode,
  cmdAhHandle,
  cmdAhPd,
  setCmdAhHandle,
  setCmdAhPd,
  setCmdHandleOutHandle,
} from '../../abi/generated/commands.js';
import {
  AH_COUNT,
  AH_SIZE,
  AH_TABLE,
  ahPd,
  PD_USERS_OFFSET,
  putAhPd,
  putAhUsed,
  ST_AH_HIGH_OFFSET,
} from '../../abi/generated/state.js';
import { lowestFree, openRow, type Table } from '../allocate.js';
import { ahRow, NONE, pdRow } from '../rows.js';
import { IN_AH, takeVector, tellVector, wrongVector } from './address-vector.js';
import { badHandle, badParameter, exhausted, type Handler, use, zeroFrom } from './context.js';
import { handleOf } from './simple.js';

const AHS: Table = {
  first: AH_TABLE,
  words: AH_SIZE / 4,
  count: AH_COUNT,
  reserved: 1,
  high: ST_AH_HIGH_OFFSET / 4,
};
const AFTER_VECTOR = CMD_AH_UDP_SPORT_OFFSET + 2;

export const createAh: Handler = c => {
  const { m, journal } = c.core;
  if (cmdAhHandle(c.input, 0) !== 0) return badParameter(c, 'handle');
  if (!zeroFrom(c.input, AFTER_VECTOR)) return badParameter(c, 'reserved');
  const wrong = wrongVector(m, c.input, IN_AH);
  if (wrong !== undefined) return badParameter(c, wrong);
  const pd = pdRow(m, cmdAhPd(c.input, 0));
  if (pd === NONE) return badHandle(c, 'pd');
  const n = lowestFree(m, AHS);
  if (n < 0) return exhausted(c);
  const row = openRow(journal, AHS, n, 1);
  putAhPd(journal, row, cmdAhPd(c.input, 0));
  takeVector(journal, row, c.input, IN_AH);
  putAhUsed(journal, row, 1);
  use(c, pd + PD_USERS_OFFSET / 4, 1);
  setCmdHandleOutHandle(c.output, 0, n);
  return CommandCode.OK;
};

export const modifyAh: Handler = c => {
  const { m, journal } = c.core;
  if (cmdAhPd(c.input, 0) !== 0) return badParameter(c, 'pd');
  if (!zeroFrom(c.input, AFTER_VECTOR)) return badParameter(c, 'reserved');
  const ah = ahRow(m, cmdAhHandle(c.input, 0));
  if (ah === NONE) return badHandle(c);
  const wrong = wrongVector(m, c.input, IN_AH);
  if (wrong !== undefined) return badParameter(c, wrong);
  takeVector(journal, ah, c.input, IN_AH);
  return CommandCode.OK;
};

export const queryAh: Handler = c => {
  const { m } = c.core;
  const n = handleOf(c);
  if (n < 0) return badParameter(c, 'reserved');
  const ah = ahRow(m, n);
  if (ah === NONE) return badHandle(c);
  setCmdAhHandle(c.output, 0, n);
  setCmdAhPd(c.output, 0, ahPd(m, ah));
  tellVector(m, ah, c.output, IN_AH);
  return CommandCode.OK;
};

export const destroyAh: Handler = c => {
  const { m, journal } = c.core;
  const n = handleOf(c);
  if (n < 0) return badParameter(c, 'reserved');
  const ah = ahRow(m, n);
  if (ah === NONE) return badHandle(c);
  use(c, pdRow(m, ahPd(m, ah)) + PD_USERS_OFFSET / 4, -1);
  putAhUsed(journal, ah, 0);
  return CommandCode.OK;
};
