// SPDX-License-Identifier: MIT
// Receives that are taken and cannot be used as they were meant: a list that is too long for any message, and a message
// whose own memory is missing when its receive has been taken already. None of them is lost, and none stays in the way.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import { EventType, Opcode, WcStatus } from '../../../device/abi/generated/descriptors.js';
import { filled, finish, makeQueues, outcomes } from '../../support/bench.js';
import { REMOTE_ACCESS } from '../../support/commander.js';
import type { Driver } from '../../support/driver.js';
import type { Cq, Eq, Qp, Srq } from '../../support/work.js';
import type { Case } from '../case.js';

const { SUCCESS, LOC_LEN_ERR, WR_FLUSH_ERR, REM_INV_REQ_ERR, REM_OP_ERR, GENERAL_ERR } = WcStatus;
const { RC, UC } = c.QpType;
/** Two of them are more than a message may have. */
const HALF = 2 ** 31;

interface Room {
  readonly eq: Eq;
  readonly cq: Cq;
  readonly recvCq: Cq;
  readonly a: Qp;
  readonly b: Qp;
  readonly srq: Srq | undefined;
}

function makeRoom(d: Driver, type: number, shared: boolean, { eq, cq } = makeQueues(d)): Room {
  const recvCq = d.createCq(eq);
  const srq = shared ? d.createSrq() : undefined;
  const options = { sendCq: cq, recvCq, type };
  const a = d.createQp(options);
  const b = d.createQp(srq === undefined ? options : { ...options, srq });
  d.connect(a, b.number, c.Mtu.MTU_256);
  d.connect(b, a.number, c.Mtu.MTU_256);
  return { eq, cq, recvCq, a, b, srq };
}

function post(d: Driver, { b, srq }: Room, ...ranges: { address: number; length: number }[][]): void {
  if (srq === undefined) d.recv(b, ...ranges);
  else d.recvShared(srq, ...ranges);
}

const eventsOf = (d: Driver, { eq }: Room, qp: Qp): number[] =>
  d
    .events(eq)
    .filter(e => e.number === qp.number)
    .map(e => e.type);

/** Its own queue is flushed; what else stands in a shared one is for others. */
function assertStopped(d: Driver, room: Room, first: number, status: number): void {
  const rest = room.srq === undefined ? [[1, WR_FLUSH_ERR]] : [];
  assert.deepEqual(outcomes(d.poll(room.recvCq)), [[0, first], ...rest]);
  const view = d.queryQp(room.b);
  assert.deepEqual([view.state, view.errorStatus], [c.QpState.ERR, status]);
  const last = room.srq === undefined ? [] : [EventType.LAST_WQE_REACHED];
  assert.deepEqual(eventsOf(d, room, room.b), [EventType.QP_FATAL, ...last]);
  if (room.srq !== undefined) assert.equal(d.querySrq(room.srq).consumer, 1);
}

function tooMuch(d: Driver, room: Room, type: number, opcode: number): void {
  const from = filled(d, 64);
  const key = d.registerWhole(d.pd, c.Access.LOCAL_WRITE | REMOTE_ACCESS);
  const to = d.alloc(128);
  const range = { address: to, length: HALF };
  post(d, room, [range, range], [{ address: to, length: 64 }]);
  const gather = [{ address: from.address, length: 64 }];
  const write = opcode === Opcode.RDMA_WRITE_IMM;
  d.send(room.a, { opcode, gather, wrId: 4, ...(write ? { remote: { address: to + 64, key } } : {}) });
  const status = type === UC ? SUCCESS : REM_INV_REQ_ERR;
  assert.deepEqual(outcomes(finish(d, room.cq)), [[4, status]]);
  assertStopped(d, room, LOC_LEN_ERR, LOC_LEN_ERR);
}

function missing(d: Driver, shared: boolean): void {
  const room = makeRoom(d, RC, shared);
  const from = filled(d, 600);
  const access = c.Access.LOCAL_WRITE | REMOTE_ACCESS;
  // The last packet of the message meets what is not there.
  const iova = 0x8000;
  const key = d.registerPages([d.alloc(4096), d.target.nowhere], iova, 8192, { access });
  post(d, room, [], []);
  const gather = [{ address: from.address, length: 600 }];
  const remote = { address: iova + 4096 - 512, key };
  d.send(room.a, { opcode: Opcode.RDMA_WRITE_IMM, gather, remote, immediate: 1, wrId: 4 });
  assert.deepEqual(outcomes(finish(d, room.cq)), [[4, REM_OP_ERR]]);
  assertStopped(d, room, WR_FLUSH_ERR, GENERAL_ERR);
}

const PLACES = [
  [false, 'a receive of its own'],
  [true, 'one of a shared queue'],
] as const;

export const spoiltReceiveCases: readonly Case[] = [
  ...PLACES.flatMap(([shared, where]) =>
    [RC, UC].map(
      (type): Case => ({
        name: `${type === RC ? 'RC' : 'UC'}: ${where} with more than a message may have is malformed: it completes with its error`,
        run({ driver: d }) {
          const queues = makeQueues(d);
          for (const opcode of [Opcode.SEND, Opcode.RDMA_WRITE_IMM])
            tooMuch(d, makeRoom(d, type, shared, queues), type, opcode);
        },
      }),
    ),
  ),
  ...PLACES.map(
    ([shared, where]): Case => ({
      name: `WRITE with immediate data into memory that is not there: ${where}, taken for it, is flushed`,
      run({ driver: d }) {
        missing(d, shared);
      },
    }),
  ),
];
