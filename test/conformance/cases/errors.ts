// SPDX-License-Identifier: MIT
// Bad descriptors: each ends in its status, moves its queue to the error state, flushes what follows, and touches nothing.
import assert from 'node:assert/strict';
import { Command, CommandCode, Mtu, QpState } from '../../../device/abi/generated/commands.js';
import { EventType, Opcode, WcStatus } from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import { assertBytes, filled, finish, makeQueues, outcomes, pattern } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Cq, Eq, Qp, Work } from '../../support/work.js';
import type { Case } from '../case.js';
import {
  type Bad,
  fill,
  gather,
  IOVA,
  KEYS,
  LENGTH,
  MALFORMED,
  type Place,
  place,
  RECEIVES,
} from './bad-work.js';

const { LOC_LEN_ERR, LOC_QP_OP_ERR, LOC_PROT_ERR, WR_FLUSH_ERR, LOC_ACCESS_ERR } = WcStatus;
const { REM_INV_REQ_ERR, GENERAL_ERR, RETRY_EXC_ERR, SUCCESS } = WcStatus;

function station(d: Driver): { eq: Eq; cq: Cq } {
  return makeQueues(d);
}

/** Posts `bad` between good work, by doorbell or push; checks statuses, state, event, and that `p` is as it was. */
function assertRefused(
  d: Driver,
  q: { eq: Eq; cq: Cq },
  p: Place,
  qp: Qp,
  bad: Bad,
  how: 'doorbell' | 'push',
): void {
  const [what, status, work] = bad;
  const title = `${what} (${how})`;
  d.setLink(3);
  d.send(qp, { opcode: Opcode.NOP, wrId: 1 });
  if (how === 'push') d.push(qp, { wrId: 2, ...work(p) }, { memory: null });
  else d.send(qp, { wrId: 2, ...work(p) });
  d.push(qp, fill(p.at, 100));
  d.send(qp, fill(p.at, 8192), { opcode: 200, wrId: 5 });
  d.setLink(0);
  const found = outcomes(finish(d, q.cq));
  const flushed = [3, 4, 5].map((id, n) => [n < 2 ? n + 2 : id, WR_FLUSH_ERR]);
  assert.deepEqual(found, [[1, SUCCESS], [2, status], ...flushed], title);
  assert.deepEqual(d.events(q.eq), [{ type: EventType.QP_FATAL, number: qp.number, detail: status }], title);
  d.armEq(q.eq);
  const view = d.queryQp(qp);
  assert.deepEqual([view.state, view.errorStatus, view.errorIndex], [QpState.ERR, status, 1], title);
  assertBytes(d, p.at, pattern(8192, 5), title);
}

function everyBad(d: Driver, table: readonly Bad[]): void {
  const p = place(d);
  const q = station(d);
  for (const bad of table) {
    for (const how of ['doorbell', 'push'] as const) {
      const qp = d.channel({ sendCq: q.cq, logDepth: 3 });
      assertRefused(d, q, p, qp, bad, how);
      assert.equal(d.destroy(Command.DESTROY_QP, qp.number), CommandCode.OK);
    }
  }
}

/** Ends of a connection whose receives complete in a queue of their own. */
function connection(d: Driver): { eq: Eq; cq: Cq; recvCq: Cq; a: Qp; b: Qp } {
  const { eq, cq } = makeQueues(d);
  const recvCq = d.createCq(eq);
  const [a, b] = d.pair({ sendCq: cq, recvCq, logDepth: 3 }, Mtu.MTU_256);
  return { eq, cq, recvCq, a, b };
}

export const errorCases: readonly Case[] = [
  { name: 'malformed descriptors, by doorbell and by push', run: ({ driver: d }) => everyBad(d, MALFORMED) },
  {
    name: 'keys and ranges that do not allow it, by doorbell and by push',
    run: ({ driver: d }) => everyBad(d, KEYS),
  },
  {
    name: 'a bad entry anywhere in a long list is found before the first byte moves',
    run({ driver: d }) {
      const p = place(d);
      const q = station(d);
      for (let bad = 0; bad < 14; bad++) {
        const qp = d.channel({ sendCq: q.cq });
        const scatter = Array.from({ length: 14 }, (_, n) => ({
          address: p.at + n * 500,
          length: 500,
          lkey: n === bad ? 3 : p.key,
        }));
        d.send(qp, { opcode: Opcode.FILL, scatter, pattern: [7, 7] });
        assert.deepEqual(outcomes(finish(d, q.cq)), [[0, LOC_PROT_ERR]]);
        assertBytes(d, p.at, pattern(8192, 5), `bad entry ${bad}`);
      }
    },
  },
  {
    name: 'SEND: bad gather entries, scatter entries, a DMA channel, a silent peer',
    run({ driver: d }) {
      const p = place(d);
      const bad: readonly Bad[] = [
        ['key', LOC_PROT_ERR, () => gather(p.at, 8, 1)],
        ['beyond the region', LOC_PROT_ERR, () => gather(IOVA + 1, LENGTH, p.pages)],
        ['no memory there', GENERAL_ERR, () => gather(p.nowhere, 8)],
        [
          'a scatter entry',
          LOC_QP_OP_ERR,
          () => ({ opcode: Opcode.SEND, scatter: [{ address: p.at, length: 1 }] }),
        ],
        ['a pattern', LOC_QP_OP_ERR, () => ({ opcode: Opcode.SEND, pattern: [1, 0] })],
      ];
      for (const [what, status, work] of bad) {
        const { eq, cq, recvCq, a, b } = connection(d);
        d.recv(b, [{ address: p.at, length: 8192 }]);
        d.send(a, { wrId: 6, ...work(p) });
        assert.deepEqual(outcomes(finish(d, cq)), [[6, status]], what);
        assert.deepEqual(d.poll(recvCq), []);
        assert.equal(d.queryQp(b).state, QpState.RTS, 'the peer is not drawn in');
        assert.equal(d.events(eq).filter(e => e.number === a.number).length, eq.number === 0 ? 1 : 0);
      }
      const { cq } = makeQueues(d);
      const channel = d.channel({ sendCq: cq });
      d.send(channel, { opcode: Opcode.SEND, wrId: 7 });
      assert.deepEqual(outcomes(finish(d, cq)), [[7, LOC_QP_OP_ERR]]);
      const lonely = d.createQp({ sendCq: cq });
      d.connect(lonely, 0xabcdef);
      d.send(
        lonely,
        { opcode: Opcode.SEND, wrId: 8, gather: [{ address: p.at, length: 5000 }] },
        { opcode: Opcode.NOP, wrId: 9 },
      );
      assert.deepEqual(outcomes(finish(d, cq)), [
        [8, RETRY_EXC_ERR],
        [9, WR_FLUSH_ERR],
      ]);
    },
  },
  {
    name: 'a receive that cannot take the message: both ends fail, each with its status, and flush',
    run({ driver: d }) {
      const p = place(d);
      const from = filled(d, 1000, 9);
      for (const [what, receive, here, there] of RECEIVES) {
        const { cq, recvCq, a, b } = connection(d);
        d.post(b.recv!, { wrId: 20, ...receive(p) });
        d.post(b.recv!, { opcode: Opcode.RECV, wrId: 21 });
        d.ringRecv(b);
        d.recv(a, []);
        d.send(a, { opcode: Opcode.SEND, gather: [{ address: from.address, length: 700 }], wrId: 30 });
        d.send(a, { opcode: Opcode.SEND, wrId: 31 });
        d.target.settle();
        assert.deepEqual(
          outcomes(d.poll(cq)),
          [
            [30, there],
            [31, WR_FLUSH_ERR],
          ],
          what,
        );
        const receives = d.poll(recvCq);
        const of = (qp: Qp): [number, number][] => outcomes(receives.filter(c => c.qpn === qp.number));
        assert.deepEqual(
          of(b),
          [
            [20, here],
            [21, WR_FLUSH_ERR],
          ],
          what,
        );
        assert.deepEqual(of(a), [[0, WR_FLUSH_ERR]], what);
        assert.deepEqual([d.queryQp(a).state, d.queryQp(b).state], [QpState.ERR, QpState.ERR]);
        assert.deepEqual([d.queryQp(a).errorStatus, d.queryQp(b).errorStatus], [there, here], what);
        if (what !== 'no memory there') assertBytes(d, p.at, pattern(8192, 5), what);
      }
    },
  },
  {
    name: 'a message one byte too long leaves what fits and nothing beyond the receive',
    run({ driver: d }) {
      const { cq, recvCq, a, b } = connection(d);
      const from = filled(d, 1025, 3);
      const to = d.alloc(4096);
      d.target.writeBytes(to, new Uint8Array(4096).fill(0xcc));
      d.recv(b, [{ address: to, length: 1024 }]);
      d.send(a, { opcode: Opcode.SEND, gather: [{ address: from.address, length: 1025 }] });
      assert.deepEqual(outcomes(finish(d, cq)), [[0, REM_INV_REQ_ERR]]);
      assert.deepEqual(outcomes(d.poll(recvCq)), [[0, LOC_LEN_ERR]]);
      assertBytes(d, to + 1024, new Uint8Array(3072).fill(0xcc));
    },
  },
  {
    name: 'a descriptor that cannot be read: those before it run, it ends in LOC_ACCESS_ERR, later ones are flushed',
    run({ driver: d }) {
      const { eq, cq } = makeQueues(d);
      const page = d.alloc(4096);
      const key = d.registerPages([page, d.target.nowhere], 0, 8192);
      const qp = d.channel({ sendCq: cq, logDepth: 5, logStride: 8, sendLkey: key, sendAddress: 0 });
      for (let n = 0; n < 16; n++) d.post(qp.send, { opcode: Opcode.NOP, wrId: n }, page);
      d.doorbell(0, r.DB_SEND_OFFSET, qp.number, 20);
      const cqes = finish(d, cq);
      const statuses = [...Array(16).fill(SUCCESS), LOC_ACCESS_ERR, ...Array(3).fill(WR_FLUSH_ERR)];
      assert.deepEqual(
        cqes.map(c => [c.index, c.status]),
        statuses.map((status, n) => [n, status]),
      );
      assert.deepEqual(d.events(eq), [
        { type: EventType.QP_FATAL, number: qp.number, detail: LOC_ACCESS_ERR },
      ]);
    },
  },
  {
    name: 'a send queue whose page is gone fails with LOC_ACCESS_ERR, and receives are flushed',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const key = d.registerPages([d.target.nowhere], 0, 4096);
      const qp = d.createQp({ sendCq: cq, logDepth: 4, logStride: 8, sendLkey: key, sendAddress: 0 });
      d.connect(qp, qp.number);
      d.recv(qp, []);
      d.doorbell(0, r.DB_SEND_OFFSET, qp.number, 2);
      assert.deepEqual(
        finish(d, cq).map(c => [c.receive, c.wrId, c.status, c.index]),
        [
          [false, 0, LOC_ACCESS_ERR, 0],
          [false, 0, WR_FLUSH_ERR, 1],
          [true, 0, WR_FLUSH_ERR, 0],
        ],
      );
    },
  },
  {
    name: 'MODIFY_QP to ERR flushes sends, pushes and receives in order, without an event; posting goes on flushing',
    run({ driver: d }) {
      const { eq, cq } = makeQueues(d);
      const [a] = d.pair({ sendCq: cq });
      d.recv(a, [], []);
      d.send(a, { opcode: Opcode.SEND, wrId: 10 });
      d.push(a, { opcode: Opcode.SEND, wrId: 11 }, { memory: null });
      d.send(a, { opcode: 99, wrId: 12 });
      assert.deepEqual(finish(d, cq), []);
      assert.equal(d.modify(a, 1, { state: QpState.ERR }), CommandCode.OK);
      const flushed = finish(d, cq);
      assert.ok(flushed.every(c => c.status === WR_FLUSH_ERR));
      assert.deepEqual(
        flushed.map(c => [c.receive, c.wrId, c.index]),
        [
          [false, 10, 0],
          [false, 11, 1],
          [false, 12, 2],
          [true, 0, 0],
          [true, 1, 1],
        ],
      );
      assert.deepEqual(d.events(eq), []);
      d.send(a, { opcode: Opcode.NOP, wrId: 13 });
      d.push(a, { opcode: Opcode.NOP, wrId: 14 }, { memory: null });
      d.recv(a, []);
      assert.deepEqual(outcomes(finish(d, cq)), [
        [13, WR_FLUSH_ERR],
        [14, WR_FLUSH_ERR],
        [2, WR_FLUSH_ERR],
      ]);
    },
  },
  {
    name: 'a queue pair in the error state comes back through RESET',
    run({ driver: d }) {
      const { cq, recvCq, a, b } = connection(d);
      d.send(a, { opcode: 99 });
      d.target.settle();
      d.poll(cq);
      for (const qp of [a, b]) {
        assert.equal(d.modify(qp, 1, { state: QpState.RESET }), CommandCode.OK);
        qp.send.producer = 0;
        qp.recv!.producer = 0;
      }
      d.connect(a, b.number);
      d.connect(b, a.number);
      assert.deepEqual([d.queryQp(a).errorStatus, d.queryQp(a).errorIndex], [0, 0]);
      d.recv(b, []);
      d.send(a, { opcode: Opcode.SEND, wrId: 3 });
      assert.deepEqual(outcomes(finish(d, cq)), [[3, SUCCESS]]);
      assert.deepEqual(outcomes(d.poll(recvCq)), [[0, SUCCESS]]);
    },
  },
  {
    name: 'a key that goes away under a queue fails the next descriptor that uses it, and no other queue',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const [one, two] = [d.channel({ sendCq: cq }), d.channel({ sendCq: cq })];
      const at = d.alloc(4096);
      const key = d.registerPages([at], 0, 4096);
      const use = (wrId: number): Work => ({ ...fill(0, 8, key), wrId });
      d.send(one, use(1));
      assert.deepEqual(outcomes(finish(d, cq)), [[1, SUCCESS]]);
      assert.equal(d.destroy(Command.DEREGISTER_MR, key), CommandCode.OK);
      const next = d.registerPages([at], 0, 4096);
      assert.notEqual(next, key);
      d.send(one, use(2));
      d.send(two, { ...fill(0, 8, next), wrId: 3 });
      assert.deepEqual(outcomes(finish(d, cq)).sort(), [
        [2, LOC_PROT_ERR],
        [3, SUCCESS],
      ]);
    },
  },
];
