// SPDX-License-Identifier: MIT
// Counters of queue pairs and of the port after a known program: each message once, each frame once, nothing else.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import { Opcode, WqeFlag } from '../../../device/abi/generated/descriptors.js';
import { finish } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Qp } from '../../support/work.js';
import type { Case } from '../case.js';
import { makeEnds, remoteMemory } from './rdma.js';

/** Headers of a frame over IPv4 with its ICRC, without extension headers. */
const FRAME = 14 + 20 + 8 + 12 + 4;
const RETH = 16;
const AETH = 4;
const ACK = FRAME + AETH;

const QP = {
  txMessages: c.cmdQpCountersTxMessages,
  txBytes: c.cmdQpCountersTxBytes,
  rxMessages: c.cmdQpCountersRxMessages,
  rxBytes: c.cmdQpCountersRxBytes,
  pushed: c.cmdQpCountersPushed,
  rung: c.cmdQpCountersRung,
  errors: c.cmdQpCountersErrors,
  flushed: c.cmdQpCountersFlushed,
  rxRequests: c.cmdQpCountersRxRequests,
  rxDropped: c.cmdQpCountersRxDropped,
};

/** Those that are not zero. */
function countersOf(d: Driver, qp: Qp): Record<string, number> {
  const words = d.counters(c.CounterKind.QP, qp.number);
  return Object.fromEntries(
    Object.entries(QP)
      .map(([name, get]) => [name, get(words, 0)] as const)
      .filter(([, count]) => count !== 0),
  );
}

function port(d: Driver): number[] {
  const p = d.counters(c.CounterKind.PORT);
  return [
    c.cmdPortCountersTxPackets(p, 0),
    c.cmdPortCountersTxBytes(p, 0),
    c.cmdPortCountersRxPackets(p, 0),
    c.cmdPortCountersRxBytes(p, 0),
  ];
}

export const trafficCounterCases: readonly Case[] = [
  {
    name: 'counters: messages and bytes of both ends, by push and by doorbell, signalled or not; frames of the port',
    run({ driver: d }) {
      const { cq, recvCq, a, b } = makeEnds(d);
      const there = remoteMemory(d, 1000);
      const at = d.alloc(1024);
      const list = (length: number) => [{ address: at, length }];
      const remote = { address: there.iova, key: there.key };
      d.recv(b, list(1024), list(1024));
      const before = port(d);
      d.push(a, { opcode: Opcode.SEND, gather: list(100) });
      d.send(a, { opcode: Opcode.RDMA_WRITE_IMM, gather: list(600), remote, immediate: 1, flags: 0 });
      d.push(a, { opcode: Opcode.RDMA_READ, scatter: list(300), remote });
      d.send(a, { opcode: Opcode.NOP, flags: WqeFlag.SIGNALED });
      finish(d, cq);
      assert.equal(d.poll(recvCq).length, 2);
      assert.deepEqual(countersOf(d, a), { txMessages: 4, txBytes: 1000, pushed: 2, rung: 2 });
      assert.deepEqual(countersOf(d, b), { rxMessages: 2, rxBytes: 700, rxRequests: 2 });
      const frames = [
        [FRAME + 100, ACK],
        [FRAME + RETH + 256, FRAME + 256, FRAME + 4 + 88, ACK],
        [FRAME + RETH, FRAME + AETH + 256, FRAME + AETH + 44],
      ].flat();
      const bytes = frames.reduce((sum, n) => sum + n, 0);
      const after = port(d).map((count, n) => count - before[n]!);
      assert.deepEqual(after, [frames.length, bytes, frames.length, bytes]);
    },
  },
  {
    name: 'counters: an error counts once at each end that completes with it, what is flushed apart from it',
    run({ driver: d }) {
      const { cq, a, b } = makeEnds(d);
      const at = d.alloc(1024);
      d.recv(b, [{ address: at, length: 10 }], [], []);
      d.setLink(1);
      d.send(a, { opcode: Opcode.SEND, gather: [{ address: at, length: 300 }] });
      d.send(a, { opcode: Opcode.NOP });
      d.push(a, { opcode: Opcode.NOP });
      d.setLink(0);
      finish(d, cq);
      assert.deepEqual(countersOf(d, a), { rung: 1, errors: 1, flushed: 2 });
      assert.deepEqual(countersOf(d, b), { errors: 1, flushed: 2 });
    },
  },
];
