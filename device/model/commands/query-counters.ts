// SPDX-License-Identifier: MIT
// Counters of the port, of a queue pair, of a doorbell page.
import * as abi from '../../abi/generated/commands.js';
import { CommandCode, CounterKind } from '../../abi/generated/commands.js';
import * as s from '../../abi/generated/state.js';
import { NONE, pageRow, qpRow } from '../rows.js';
import { badHandle, badParameter, type Command, type Handler, type Outcome, zeroFrom } from './context.js';

const PORT_COUNTERS = 10;
const QP_COUNTERS = 10;
const PAGE_COUNTERS = 5;

export const queryCounters: Handler = c => {
  if (!zeroFrom(c.input, abi.CMD_COUNTERS_HANDLE_OFFSET + 4)) return badParameter(c, 'reserved');
  const { m } = c.core;
  const handle = abi.cmdCountersHandle(c.input, 0);
  switch (abi.cmdCountersKind(c.input, 0)) {
    case CounterKind.PORT:
      return handle === 0 ? counters(c, s.ST_PORT_TX_BYTES_OFFSET / 4, PORT_COUNTERS) : badHandle(c);
    case CounterKind.QP: {
      const qp = qpRow(m, handle);
      return qp === NONE ? badHandle(c) : counters(c, qp + s.QP_COUNT_TX_MESSAGES_OFFSET / 4, QP_COUNTERS);
    }
    case CounterKind.PAGE: {
      const page = pageRow(m, handle);
      return page === NONE
        ? badHandle(c)
        : counters(c, page + s.DPAGE_COUNT_DOORBELLS_OFFSET / 4, PAGE_COUNTERS);
    }
    default:
      return badParameter(c, 'kind');
  }
};

/** Counters stand in the region in the order of the output. */
function counters(c: Command, first: number, count: number): Outcome {
  for (let n = 0; n < count * 2; n++) c.output[n] = c.core.m[first + n];
  return CommandCode.OK;
}
