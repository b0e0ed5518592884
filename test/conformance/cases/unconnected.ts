// SPDX-License-Identifier: MIT
// Unreliable connections (UC): the same messages without answers. What cannot be received is dropped and counted, the
// sender does not know, and both go on.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import { EventType, Opcode, WcStatus } from '../../../device/abi/generated/descriptors.js';
import { assertBytes, filled, finish, makeQueues, outcomes } from '../../support/bench.js';
import { REMOTE_ACCESS } from '../../support/commander.js';
import type { Driver } from '../../support/driver.js';
import type { Qp, Work } from '../../support/work.js';
import type { Case } from '../case.js';
import { makeEnds, remoteMemory } from './rdma.js';

const { UC } = c.QpType;
const { SUCCESS, WR_FLUSH_ERR, LOC_PROT_ERR, LOC_QP_OP_ERR } = WcStatus;

const dropped = (d: Driver, qp: Qp): number =>
  c.cmdQpCountersRxDropped(d.counters(c.CounterKind.QP, qp.number), 0);

/** Sends good work and looks that it arrives. */
function assertAlive(d: Driver, ends: ReturnType<typeof makeEnds>, size = 600): void {
  const from = filled(d, size, 31);
  const to = d.alloc(size);
  if (ends.b.recv !== undefined) d.recv(ends.b, [{ address: to, length: size }]);
  d.send(ends.a, { opcode: Opcode.SEND, gather: [{ address: from.address, length: size }], wrId: 99 });
  assert.deepEqual(outcomes(finish(d, ends.cq)), [[99, SUCCESS]]);
  const [received] = d.poll(ends.recvCq);
  assert.deepEqual([received?.status, received?.byteCount], [SUCCESS, size]);
  assertBytes(d, to, from.bytes);
}

export const unconnectedCases: readonly Case[] = [
  {
    name: 'UC: SEND, SEND_IMM, WRITE and WRITE_IMM of one and of several packets',
    run({ driver: d }) {
      const { cq, recvCq, a, b } = makeEnds(d, UC);
      const from = filled(d, 700);
      const there = remoteMemory(d, 700);
      const to = d.alloc(1024);
      for (const size of [0, 100, 256, 700]) {
        const gather = [{ address: from.address, length: size }];
        const remote = { address: there.iova, key: there.key };
        d.recv(b, ...Array.from({ length: 3 }, () => [{ address: to, length: 1024 }]));
        there.put(new Uint8Array(700));
        d.send(
          a,
          { opcode: Opcode.SEND, gather, wrId: 1 },
          { opcode: Opcode.SEND_IMM, gather, immediate: 22, wrId: 2 },
          { opcode: Opcode.RDMA_WRITE, gather, remote, wrId: 3 },
          { opcode: Opcode.RDMA_WRITE_IMM, gather, remote, immediate: 44, wrId: 4 },
        );
        assert.deepEqual(
          outcomes(finish(d, cq)),
          [1, 2, 3, 4].map(id => [id, SUCCESS]),
        );
        const received = d.poll(recvCq).map(x => [x.opcode, x.byteCount, x.immediate, x.withImmediate]);
        assert.deepEqual(received, [
          [Opcode.RECV, size, 0, false],
          [Opcode.RECV, size, 22, true],
          [Opcode.RECV_RDMA_WITH_IMM, size, 44, true],
        ]);
        assertBytes(d, to, from.bytes.subarray(0, size));
        assert.deepEqual(there.get().subarray(0, size), from.bytes.subarray(0, size));
      }
    },
  },
  {
    name: 'UC: without a receive a message is dropped and counted, whole; the one after it arrives',
    run({ driver: d }) {
      const ends = makeEnds(d, UC);
      const { cq, recvCq, a, b } = ends;
      const from = filled(d, 600);
      const gather = [{ address: from.address, length: 600 }];
      const there = remoteMemory(d, 600);
      d.send(a, { opcode: Opcode.SEND, gather, wrId: 1 });
      const remote = { address: there.iova, key: there.key };
      d.send(a, { opcode: Opcode.RDMA_WRITE_IMM, gather, remote, immediate: 5, wrId: 2 });
      assert.deepEqual(outcomes(finish(d, cq)), [
        [1, SUCCESS],
        [2, SUCCESS],
      ]);
      assert.deepEqual(d.poll(recvCq), []);
      assert.equal(dropped(d, b), 4, 'three packets, and the last one of the WRITE');
      assert.equal(c.cmdPortCountersRxNoReceive(d.counters(c.CounterKind.PORT), 0), 2);
      assertAlive(d, ends);
    },
  },
  {
    name: 'UC: too long for its receive: dropped, and the receive takes the next message',
    run({ driver: d }) {
      const ends = makeEnds(d, UC);
      const { cq, recvCq, a, b } = ends;
      const from = filled(d, 600);
      const to = d.alloc(1024);
      d.recv(b, [{ address: to, length: 300 }]);
      d.send(a, { opcode: Opcode.SEND, gather: [{ address: from.address, length: 600 }], wrId: 1 });
      d.send(a, { opcode: Opcode.SEND, gather: [{ address: from.address + 9, length: 300 }], wrId: 2 });
      assert.deepEqual(outcomes(finish(d, cq)), [
        [1, SUCCESS],
        [2, SUCCESS],
      ]);
      assert.deepEqual(
        d.poll(recvCq).map(x => [x.wrId, x.status, x.byteCount]),
        [[0, SUCCESS, 300]],
      );
      assertBytes(d, to, from.bytes.subarray(9, 309));
      assert.equal(d.queryQp(b).state, c.QpState.RTS);
      assertAlive(d, ends);
    },
  },
  {
    name: 'UC: a WRITE that its key, its range or the queue pair does not allow is dropped; nothing is told, nothing is touched',
    run({ driver: d }) {
      const ends = makeEnds(d, UC);
      const { eq, cq, a, b } = ends;
      const from = filled(d, 600);
      const there = remoteMemory(d, 600, c.Access.LOCAL_WRITE | c.Access.REMOTE_READ);
      const other = remoteMemory(d, 600, c.Access.LOCAL_WRITE | REMOTE_ACCESS);
      const gather = [{ address: from.address, length: 600 }];
      const before = there.get();
      const bad = [
        { address: there.iova, key: there.key },
        { address: other.iova + 1, key: other.key },
        { address: other.iova, key: 77 },
      ];
      for (const remote of bad) {
        d.send(a, { opcode: Opcode.RDMA_WRITE, gather, remote, wrId: 1 });
        assert.deepEqual(outcomes(finish(d, cq)), [[1, SUCCESS]]);
      }
      assert.deepEqual(there.get(), before);
      assert.deepEqual(other.get(), before);
      assert.equal(d.queryQp(b).state, c.QpState.RTS);
      assert.deepEqual(d.events(eq), []);
      assert.equal(dropped(d, b), 9, 'three packets each');
      assertAlive(d, ends);
    },
  },
  {
    name: 'UC: READ, atomics and SEND_INV are no operations of its; each moves the send queue to SQE, from which RTS leads out',
    run({ driver: d }) {
      const ends = makeEnds(d, UC);
      const { eq, cq, a, b } = ends;
      const at = d.alloc(64);
      const remote = { address: at, key: d.key };
      const scatter = [{ address: at, length: 8 }];
      const works: readonly Work[] = [
        { opcode: Opcode.RDMA_READ, scatter, remote },
        { opcode: Opcode.CMP_SWAP, scatter, remote, swapAdd: [1, 0] },
        { opcode: Opcode.FETCH_ADD, scatter, remote, swapAdd: [1, 0] },
        { opcode: Opcode.SEND_INV, key: 5 },
        { opcode: Opcode.COPY },
      ];
      for (const work of works) {
        d.setLink(1);
        d.send(a, { ...work, wrId: 1 }, { opcode: Opcode.SEND, wrId: 2 });
        d.push(a, { opcode: Opcode.SEND, wrId: 3 });
        d.setLink(0);
        assert.deepEqual(outcomes(finish(d, cq)), [
          [1, LOC_QP_OP_ERR],
          [2, WR_FLUSH_ERR],
          [3, WR_FLUSH_ERR],
        ]);
        assert.equal(d.queryQp(a).state, c.QpState.SQE);
        d.send(a, { opcode: Opcode.SEND, wrId: 4 });
        assert.deepEqual(outcomes(finish(d, cq)), [[4, WR_FLUSH_ERR]], 'posted in SQE');
        assert.equal(d.modify(a, c.QpAttr.STATE, { state: c.QpState.RTS }), c.CommandCode.OK);
        assertAlive(d, ends);
      }
      assert.deepEqual(d.events(eq), []);
      assert.equal(d.queryQp(b).state, c.QpState.RTS);
    },
  },
  {
    name: 'UC in SQE still receives',
    run({ driver: d }) {
      const ends = makeEnds(d, UC);
      const { cq, b } = ends;
      d.send(b, { opcode: Opcode.SEND, gather: [{ address: 0, length: 1, lkey: 3 }], wrId: 1 });
      assert.deepEqual(outcomes(finish(d, cq)), [[1, LOC_PROT_ERR]]);
      const view = d.queryQp(b);
      assert.deepEqual([view.state, view.errorStatus, view.errorIndex], [c.QpState.SQE, LOC_PROT_ERR, 0]);
      assertAlive(d, ends);
    },
  },
  {
    name: 'UC: a receive that is no good completes with its own error and stops its queue pair; the sender goes on',
    run({ driver: d }) {
      const { eq, cq, recvCq, a, b } = makeEnds(d, UC);
      const from = filled(d, 64);
      const gather = [{ address: from.address, length: 64 }];
      d.recv(b, [{ address: from.address, length: 64, lkey: 3 }], [{ address: from.address, length: 64 }]);
      d.send(a, { opcode: Opcode.SEND, gather, wrId: 1 }, { opcode: Opcode.SEND, gather, wrId: 2 });
      assert.deepEqual(outcomes(finish(d, cq)), [
        [1, SUCCESS],
        [2, SUCCESS],
      ]);
      assert.deepEqual(outcomes(d.poll(recvCq)), [
        [0, LOC_PROT_ERR],
        [1, WR_FLUSH_ERR],
      ]);
      assert.deepEqual(d.events(eq), [{ type: EventType.QP_FATAL, number: b.number, detail: LOC_PROT_ERR }]);
      assert.equal(d.queryQp(a).state, c.QpState.RTS);
    },
  },
  {
    name: 'UC: packets from another address than it is connected to are dropped',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const gid = Uint8Array.from({ length: 16 }, (_, n) => (n === 0 ? 0xfd : n));
      assert.equal(d.setGid(1, gid), c.CommandCode.OK);
      const [a, b] = [d.createQp({ sendCq: cq, type: UC }), d.createQp({ sendCq: cq, type: UC })];
      d.connect(a, b.number, c.Mtu.MTU_256, 0, { av: { sgidIndex: 1, dgid: gid } });
      d.connect(b, a.number, c.Mtu.MTU_256);
      d.recv(b, []);
      d.send(a, { opcode: Opcode.SEND, wrId: 1 });
      assert.deepEqual(
        finish(d, cq).map(x => [x.qpn, x.status]),
        [[a.number, SUCCESS]],
      );
      assert.equal(c.cmdPortCountersRxUnknown(d.counters(c.CounterKind.PORT), 0), 1);
    },
  },
  {
    name: 'UC: a lost packet loses its message; the next one counts, whatever its number',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const recvCq = d.createCq(makeQueues(d).eq);
      const o = { sendCq: cq, recvCq, type: UC };
      const [a, b] = [d.createQp(o), d.createQp(o)];
      d.connect(a, b.number, c.Mtu.MTU_256, 500);
      d.connect(b, a.number, c.Mtu.MTU_256, 77);
      const from = filled(d, 600);
      const to = d.alloc(1024);
      d.recv(b, [{ address: to, length: 1024 }]);
      d.send(a, { opcode: Opcode.SEND, gather: [{ address: from.address, length: 600 }], wrId: 1 });
      assert.deepEqual(outcomes(finish(d, cq)), [[1, SUCCESS]]);
      assert.equal(d.poll(recvCq)[0]?.byteCount, 600);
      assertBytes(d, to, from.bytes);
      assert.equal(c.cmdPortCountersRxSequence(d.counters(c.CounterKind.PORT), 0), 1);
      assert.equal(d.queryQp(b).rqPsn, 503);
    },
  },
];
