// SPDX-License-Identifier: MIT
// Shared receive queues: who takes which receive, waiting for one, the limit, what a queue pair in error gives back and what
// not, a queue that cannot be read.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import { EventType, GRH_BYTES, Opcode, WcStatus } from '../../../device/abi/generated/descriptors.js';
import { assertBytes, filled, finish, makeQueues, outcomes } from '../../support/bench.js';
import { DEFAULT_QKEY } from '../../support/commander.js';
import type { Driver } from '../../support/driver.js';
import type { Cq, Eq, Qp, Srq } from '../../support/work.js';
import type { Case } from '../case.js';
import { remoteMemory } from './rdma.js';

const { SUCCESS, LOC_ACCESS_ERR, LOC_QP_OP_ERR, REM_OP_ERR } = WcStatus;
const BYTES = 1024;

interface Hall {
  readonly eq: Eq;
  readonly cq: Cq;
  readonly recvCq: Cq;
  readonly srq: Srq;
  /** Senders, and the ends that they are connected to, which share `srq`. */
  readonly senders: readonly Qp[];
  readonly takers: readonly Qp[];
  /** Where receive n of the shared queue puts its message: to + n * BYTES. */
  readonly to: number;
}

function makeHall(d: Driver, ends = 2, type: number = c.QpType.RC, options: { limit?: number } = {}): Hall {
  const { eq, cq } = makeQueues(d);
  const recvCq = d.createCq(eq);
  const srq = d.createSrq({ logDepth: 4, ...options });
  const senders = Array.from({ length: ends }, () => d.createQp({ sendCq: cq, recvCq, type }));
  const takers = senders.map(() => d.createQp({ sendCq: cq, recvCq, type, srq }));
  senders.forEach((qp, n) => {
    d.connect(qp, takers[n]!.number, c.Mtu.MTU_256);
    d.connect(takers[n]!, qp.number, c.Mtu.MTU_256);
  });
  return { eq, cq, recvCq, srq, senders, takers, to: d.alloc(16 * BYTES) };
}

function post(d: Driver, h: Hall, count: number): void {
  const first = h.srq.recv.producer;
  const ranges = Array.from({ length: count }, (_, n) => [
    { address: h.to + ((first + n) % 16) * BYTES, length: BYTES },
  ]);
  d.recvShared(h.srq, ...ranges);
}

const message = (address: number, length: number, wrId: number) => ({
  opcode: Opcode.SEND,
  gather: [{ address, length }],
  wrId,
});

export const sharedReceiveCases: readonly Case[] = [
  {
    name: 'SRQ: messages of several queue pairs take receives in the order in which they begin, and keep them',
    run({ driver: d }) {
      const h = makeHall(d, 3);
      const texts = h.senders.map((_, n) => filled(d, 700, n + 5));
      post(d, h, 4);
      d.setLink(1);
      h.senders.forEach((qp, n) => {
        d.send(qp, message(texts[n]!.address, 700, n));
      });
      d.setLink(0);
      assert.equal(finish(d, h.cq).length, 3);
      const received = d.poll(h.recvCq);
      assert.deepEqual(received.map(x => x.wrId).sort(), [0, 1, 2], 'each its own receive');
      for (const x of received) {
        const n = h.takers.findIndex(qp => qp.number === x.qpn);
        assert.deepEqual(
          [x.status, x.byteCount, x.index, x.srcQpn],
          [SUCCESS, 700, x.wrId, h.senders[n]!.number],
        );
        assertBytes(d, h.to + x.wrId * BYTES, texts[n]!.bytes);
      }
      const view = d.querySrq(h.srq);
      assert.deepEqual([view.producer, view.consumer], [4, 3]);
      assert.deepEqual(d.queryQp(h.takers[0]!).recvConsumer, 0);
    },
  },
  {
    name: 'SRQ: senders wait while it is empty, one goes on for each receive; round the end of the ring',
    run({ driver: d }) {
      const h = makeHall(d, 3);
      const from = filled(d, 20);
      for (let round = 0; round < 9; round++) {
        h.senders.forEach((qp, n) => {
          d.send(qp, message(from.address, 20, n));
        });
        assert.deepEqual(finish(d, h.cq), []);
        for (let n = 0; n < 3; n++) {
          post(d, h, 1);
          assert.equal(finish(d, h.cq).length, 1);
          assert.deepEqual(outcomes(d.poll(h.recvCq)), [[round * 3 + n, SUCCESS]]);
        }
      }
    },
  },
  {
    name: 'SRQ: WRITE with immediate data takes a receive with its last packet',
    run({ driver: d }) {
      const h = makeHall(d);
      const there = remoteMemory(d, 600);
      const from = filled(d, 600);
      const remote = { address: there.iova, key: there.key };
      const gather = [{ address: from.address, length: 600 }];
      d.send(h.senders[0]!, { opcode: Opcode.RDMA_WRITE_IMM, gather, remote, immediate: 3, wrId: 1 });
      assert.deepEqual(finish(d, h.cq), []);
      assert.deepEqual(there.get().subarray(0, 512), from.bytes.subarray(0, 512));
      post(d, h, 2);
      finish(d, h.cq);
      d.send(h.senders[1]!, message(from.address, 10, 2));
      finish(d, h.cq);
      const received = d.poll(h.recvCq).map(x => [x.wrId, x.opcode, x.byteCount]);
      assert.deepEqual(received, [
        [0, Opcode.RECV_RDMA_WITH_IMM, 600],
        [1, Opcode.RECV, 10],
      ]);
    },
  },
  {
    name: 'SRQ: the limit is told once, when fewer receives than it are left, and again after it was armed again',
    run({ driver: d }) {
      const h = makeHall(d, 1, c.QpType.RC, { limit: 3 });
      const limit = { type: EventType.SRQ_LIMIT, number: h.srq.number, detail: 0 };
      const from = filled(d, 20);
      const take = (): void => {
        d.send(h.senders[0]!, message(from.address, 20, 1));
        assert.equal(finish(d, h.cq).length, 1);
      };
      post(d, h, 4);
      take();
      assert.deepEqual(d.events(h.eq), [], 'three are left');
      take();
      assert.deepEqual(d.events(h.eq), [limit]);
      assert.equal(d.querySrq(h.srq).limit, 0);
      take();
      post(d, h, 3);
      assert.equal(d.modifySrq(h.srq, 4), c.CommandCode.OK);
      assert.deepEqual(d.events(h.eq), []);
      take();
      assert.deepEqual(d.events(h.eq), [limit]);
    },
  },
  {
    name: 'SRQ: a receive that is too small or malformed is used up with its error; LAST_WQE_REACHED follows',
    run({ driver: d }) {
      const h = makeHall(d);
      const from = filled(d, 700);
      d.recvShared(h.srq, [{ address: h.to, length: 300 }]);
      d.post(h.srq.recv, { opcode: Opcode.NOP, wrId: 1 });
      d.ringSrq(h.srq);
      d.send(h.senders[0]!, message(from.address, 700, 7));
      assert.deepEqual(outcomes(finish(d, h.cq)), [[7, WcStatus.REM_INV_REQ_ERR]]);
      d.send(h.senders[1]!, message(from.address, 10, 8));
      assert.deepEqual(outcomes(finish(d, h.cq)), [[8, REM_OP_ERR]]);
      assert.deepEqual(outcomes(d.poll(h.recvCq)), [
        [0, WcStatus.LOC_LEN_ERR],
        [1, LOC_QP_OP_ERR],
      ]);
      const events = d.events(h.eq).filter(e => h.takers.some(qp => qp.number === e.number));
      assert.deepEqual(
        events.map(e => [e.type, e.number]),
        h.takers.flatMap(qp => [
          [EventType.QP_FATAL, qp.number],
          [EventType.LAST_WQE_REACHED, qp.number],
        ]),
      );
    },
  },
  {
    name: 'SRQ: the receive of a SEND_INV that is refused is flushed, and no other one',
    run({ driver: d }) {
      const h = makeHall(d);
      const from = filled(d, 700);
      post(d, h, 3);
      h.senders.forEach((qp, n) => {
        const work = { ...message(from.address, n === 0 ? 10 : 700, n), opcode: Opcode.SEND_INV, key: d.key };
        d.send(qp, work);
        assert.deepEqual(outcomes(finish(d, h.cq)), [[n, WcStatus.REM_ACCESS_ERR]]);
        assert.deepEqual(
          d.poll(h.recvCq).map(x => [x.wrId, x.status, x.qpn]),
          [[n, WcStatus.WR_FLUSH_ERR, h.takers[n]!.number]],
        );
        assert.deepEqual(
          d.events(h.eq).filter(e => e.number === h.takers[n]!.number),
          [EventType.QP_ACCESS_ERROR, EventType.LAST_WQE_REACHED].map(type => ({
            type,
            number: h.takers[n]!.number,
            detail: 0,
          })),
        );
      });
      assert.equal(d.querySrq(h.srq).consumer, 2);
    },
  },
  {
    name: 'SRQ: one that cannot be read is told once; who needs a receive from it stops, and who waits learns it',
    run({ driver: d }) {
      const { eq, cq } = makeQueues(d);
      const recvCq = d.createCq(eq);
      // The first half of the ring is there, the second is not.
      const page = d.alloc(4096);
      const lkey = d.registerPages([page, d.target.nowhere], 0x4000, 8192);
      const number = d.create(c.Command.CREATE_SRQ, i => {
        c.setCmdCreateSrqPd(i, 0, d.pd);
        c.setCmdCreateSrqAddress(i, 0, 0x4000);
        c.setCmdCreateSrqLkey(i, 0, lkey);
        c.setCmdCreateSrqLogDepth(i, 0, 4);
        c.setCmdCreateSrqLogStride(i, 0, 9);
      });
      const srq: Srq = { number, page: 0, recv: { address: page, depth: 16, stride: 512, producer: 0 } };
      const from = filled(d, 64);
      const o = { sendCq: cq, recvCq };
      const senders = [d.createQp(o), d.createQp(o), d.createQp(o)];
      const takers = senders.map(() => d.createQp({ ...o, srq }));
      senders.forEach((qp, n) => {
        d.connect(qp, takers[n]!.number);
        d.connect(takers[n]!, qp.number);
      });
      const to = d.alloc(64);
      for (let n = 0; n < 8; n++) {
        d.recvShared(srq, [{ address: to, length: 64 }]);
        d.send(senders[0]!, message(from.address, 10, n));
        assert.deepEqual(outcomes(finish(d, cq)), [[n, SUCCESS]]);
        assert.deepEqual(outcomes(d.poll(recvCq)), [[n, SUCCESS]]);
      }
      senders.forEach((qp, n) => {
        d.send(qp, message(from.address, 10, n));
      });
      assert.deepEqual(finish(d, cq), []);
      srq.recv.producer++;
      d.ringSrq(srq);
      assert.deepEqual(
        outcomes(finish(d, cq)).sort(),
        senders.map((_, n) => [n, REM_OP_ERR]),
      );
      assert.deepEqual(d.poll(recvCq), [], 'no receive was taken');
      assert.deepEqual(
        d.events(eq).filter(e => e.type === EventType.SRQ_ERROR),
        [{ type: EventType.SRQ_ERROR, number, detail: 0 }],
      );
      assert.equal(d.querySrq(srq).failed, 1);
      for (const qp of takers) {
        const view = d.queryQp(qp);
        assert.deepEqual([view.state, view.errorStatus], [c.QpState.ERR, LOC_ACCESS_ERR]);
      }
    },
  },
  {
    name: 'SRQ of UC: too long for the receive: dropped, and the next message of that queue pair gets it',
    run({ driver: d }) {
      const h = makeHall(d, 2, c.QpType.UC);
      const from = filled(d, 700);
      const [a, other] = h.senders as [Qp, Qp];
      // In its second packet, and in its only one.
      for (const [tooLong, room, first] of [
        [700, 300, 0],
        [200, 100, 2],
      ] as const) {
        d.recvShared(h.srq, [{ address: h.to, length: room }], [{ address: h.to + BYTES, length: room }]);
        d.send(a, message(from.address, tooLong, 1));
        finish(d, h.cq);
        d.send(other, message(from.address, 10, 2));
        finish(d, h.cq);
        d.send(a, message(from.address + 1, 99, 3));
        finish(d, h.cq);
        assert.deepEqual(
          d.poll(h.recvCq).map(x => [x.wrId, x.status, x.byteCount, x.qpn]),
          [
            [first + 1, SUCCESS, 10, h.takers[1]!.number],
            [first, SUCCESS, 99, h.takers[0]!.number],
          ],
        );
        assertBytes(d, h.to, from.bytes.subarray(1, 100));
      }
    },
  },
  {
    name: 'SRQ of datagram queue pairs: each datagram takes the next receive, whoever it is for',
    run({ driver: d }) {
      const { eq, cq } = makeQueues(d);
      const recvCq = d.createCq(eq);
      const srq = d.createSrq();
      const takers = [1, 2].map(() => d.datagram({ sendCq: cq, recvCq, srq }));
      const a = d.datagram({ sendCq: cq });
      const ah = d.createAh();
      const to = d.alloc(1024);
      d.recvShared(srq, ...Array.from({ length: 4 }, (_, n) => [{ address: to + n * 64, length: 64 }]));
      for (let n = 0; n < 4; n++)
        d.send(a, {
          opcode: Opcode.SEND,
          inline: Uint8Array.of(n),
          to: { ah, qpn: takers[n % 2]!.number, qkey: DEFAULT_QKEY },
        });
      assert.equal(finish(d, cq).length, 4);
      assert.deepEqual(
        d.poll(recvCq).map(x => [x.wrId, x.qpn, x.byteCount, x.grh]),
        Array.from({ length: 4 }, (_, n) => [n, takers[n % 2]!.number, GRH_BYTES + 1, true]),
      );
      for (let n = 0; n < 4; n++) assertBytes(d, to + n * 64 + GRH_BYTES, Uint8Array.of(n));
      // One that is too long leaves its receive to the next one for the same queue pair.
      d.recvShared(srq, ...[4, 5].map(n => [{ address: to + n * 64, length: 64 }]));
      for (const [n, size] of [
        [0, 60],
        [1, 5],
        [0, 6],
      ] as const)
        d.send(a, {
          opcode: Opcode.SEND,
          inline: new Uint8Array(size),
          to: { ah, qpn: takers[n]!.number, qkey: DEFAULT_QKEY },
        });
      finish(d, cq);
      assert.deepEqual(
        d.poll(recvCq).map(x => [x.wrId, x.qpn, x.byteCount]),
        [
          [5, takers[1]!.number, GRH_BYTES + 5],
          [4, takers[0]!.number, GRH_BYTES + 6],
        ],
      );
      assert.equal(d.destroy(c.Command.DESTROY_SRQ, srq.number), c.CommandCode.BUSY);
    },
  },
];
