// SPDX-License-Identifier: MIT
// Completion and event queues: arming and its races, solicited events, owner bits, overflow.
import assert from 'node:assert/strict';
import { Command, CommandCode, Hold } from '../../../device/abi/generated/commands.js';
import {
  CQE_SIZE,
  EQE_SIZE,
  EventType,
  Opcode,
  WcStatus,
  WqeFlag,
} from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import { assertAllWell, finish, ids, makeQueues } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Cq, Eq, Qp } from '../../support/work.js';
import type { Case } from '../case.js';

interface Desk {
  readonly eq: Eq;
  readonly cq: Cq;
  readonly qp: Qp;
}

function desk(d: Driver, logDepth = 6): Desk {
  const { eq, cq } = makeQueues(d, logDepth);
  return { eq, cq, qp: d.channel({ sendCq: cq }) };
}

const NOP = { opcode: Opcode.NOP };

function work(d: Driver, qp: Qp, count = 1): void {
  for (let n = 0; n < count; n++) d.send(qp, NOP);
  d.target.settle();
}

/** Both ends of a connection, receives posted for `messages` messages; completions of receives go to a queue of their own. */
function connection(d: Driver, messages: number): { eq: Eq; cq: Cq; recvCq: Cq; a: Qp; b: Qp } {
  const { eq, cq } = makeQueues(d);
  const recvCq = d.createCq(eq, 6);
  const [a, b] = d.pair({ sendCq: cq, recvCq });
  d.recv(b, ...Array.from({ length: messages }, () => []));
  return { eq, cq, recvCq, a, b };
}

const SOLICITED = { opcode: Opcode.SEND, flags: WqeFlag.SOLICITED };
const PLAIN = { opcode: Opcode.SEND, flags: 0 };

export const eventCases: readonly Case[] = [
  {
    name: 'a completion queue that was not armed reports nothing; one that was reports once',
    run({ driver: d }) {
      const { eq, cq, qp } = desk(d);
      work(d, qp);
      assert.deepEqual(d.events(eq), []);
      assertAllWell(d.poll(cq), 1);
      d.arm(cq);
      assert.equal(d.queryQueue(Command.QUERY_CQ, cq.number).armed, 1);
      work(d, qp, 3);
      assert.deepEqual(d.events(eq), [{ type: EventType.COMPLETION, number: cq.number, detail: 0 }]);
      assert.equal(d.queryQueue(Command.QUERY_CQ, cq.number).armed, 0);
      assert.deepEqual(d.queryQueue(Command.QUERY_CQ, cq.number), {
        producer: 4,
        consumer: 1,
        armed: 0,
        overflowed: 0,
      });
    },
  },
  {
    name: 'arming with entries that were not consumed fires at once: no completion is ever missed',
    run({ driver: d }) {
      const { eq, cq, qp } = desk(d);
      work(d, qp, 2);
      d.arm(cq);
      d.target.settle();
      assert.equal(d.events(eq).length, 1, 'two entries beyond the consumer index');
      assert.equal(d.poll(cq).length, 2);
      d.arm(cq);
      d.target.settle();
      assert.equal(d.events(eq).length, 0, 'nothing beyond the consumer index');
      work(d, qp);
      assert.equal(d.events(eq).length, 1, 'still armed');
    },
  },
  {
    name: 'armed for solicited completions only those fire, and failed ones',
    run({ driver: d }) {
      const { eq, recvCq, a, b } = connection(d, 4);
      d.arm(recvCq, true);
      d.send(a, PLAIN, PLAIN);
      d.target.settle();
      assert.equal(d.events(eq).length, 0);
      d.send(a, SOLICITED);
      d.target.settle();
      assert.deepEqual(d.events(eq), [{ type: EventType.COMPLETION, number: recvCq.number, detail: 0 }]);
      assert.deepEqual(
        d.poll(recvCq).map(c => c.solicited),
        [false, false, true],
      );
      d.arm(recvCq, true);
      assert.equal(d.modify(b, 1, { state: 6 }), CommandCode.OK);
      d.target.settle();
      assert.equal(d.events(eq).length, 1, 'the flushed receive');
    },
  },
  {
    name: 'arming for solicited completions fires at once only for a solicited one that was not consumed',
    run({ driver: d }) {
      const { eq, recvCq, a } = connection(d, 3);
      d.send(a, PLAIN);
      d.target.settle();
      d.arm(recvCq, true);
      assert.equal(d.events(eq).length, 0);
      d.send(a, SOLICITED);
      d.target.settle();
      assert.equal(d.events(eq).length, 1);
      d.arm(recvCq, true);
      d.target.settle();
      assert.equal(d.events(eq).length, 1, 'still not consumed');
      d.poll(recvCq);
      d.arm(recvCq, true);
      d.send(a, PLAIN);
      d.target.settle();
      assert.equal(d.events(eq).length, 0, 'consumed');
    },
  },
  {
    name: 'an event queue raises one interrupt when armed, none otherwise, and at once for an event that waits',
    run({ driver: d, target: t }) {
      const eq = d.createEq(3, 3);
      const cq = d.createCq(eq);
      const qp = d.channel({ sendCq: cq });
      const fire = (): void => {
        d.arm(cq);
        work(d, qp);
        d.poll(cq);
      };
      const raised = (): number => t.interrupts(3);
      fire();
      assert.equal(raised(), 0, 'not armed');
      d.armEq(eq);
      t.settle();
      assert.equal(raised(), 1, 'one event waits');
      assert.equal(d.events(eq).length, 1);
      d.armEq(eq);
      t.settle();
      assert.equal(raised(), 1, 'nothing waits');
      fire();
      fire();
      assert.equal(raised(), 2, 'one interrupt for two events');
      assert.deepEqual(d.queryQueue(Command.QUERY_EQ, eq.number), {
        producer: 3,
        consumer: 1,
        armed: 0,
        overflowed: 0,
      });
    },
  },
  {
    name: 'several completion queues share an event queue; each has its vector',
    run({ driver: d, target: t }) {
      const [one, two] = [d.createEq(1), d.createEq(2)];
      const cqs = [d.createCq(one), d.createCq(one), d.createCq(two)];
      const qps = cqs.map(cq => d.channel({ sendCq: cq }));
      for (const eq of [one, two]) d.armEq(eq);
      for (const cq of cqs) d.arm(cq);
      for (const qp of qps) d.send(qp, NOP);
      t.settle();
      assert.deepEqual(
        d.events(one).map(e => e.number),
        [cqs[0].number, cqs[1].number],
      );
      assert.deepEqual(
        d.events(two).map(e => e.number),
        [cqs[2].number],
      );
      assert.deepEqual([t.interrupts(1), t.interrupts(2)], [1, 1]);
    },
  },
  {
    name: 'only its own page arms a completion queue, only page 0 an event queue',
    run({ driver: d }) {
      const page = d.create(Command.ALLOC_PAGE);
      const { eq, cq } = desk(d);
      const mine = d.createCq(eq, 4, page);
      const refused = (): number => d.readRegister(r.REG_COUNT_REFUSED_OFFSET);
      const stores: [number, number, number][] = [
        [page, r.DB_CQ_ARM_OFFSET, cq.number],
        [page, r.DB_CQ_UPDATE_OFFSET, cq.number],
        [0, r.DB_CQ_ARM_OFFSET, mine.number],
        [0, r.DB_CQ_UPDATE_OFFSET, mine.number],
        [page, r.DB_EQ_ARM_OFFSET, eq.number],
        [0, r.DB_CQ_ARM_OFFSET, 0],
        [0, r.DB_CQ_ARM_OFFSET, 0xffffff],
        [0, r.DB_EQ_ARM_OFFSET, eq.number + 1],
      ];
      stores.forEach(([on, register, number], n) => {
        d.doorbell(on, register, number, 3);
        assert.equal(refused(), n + 1, `store ${n}`);
      });
      for (const queue of [cq, mine]) {
        const { armed, consumer } = d.queryQueue(Command.QUERY_CQ, queue.number);
        assert.deepEqual([armed, consumer], [0, 0]);
      }
      d.arm(mine);
      assert.equal(d.queryQueue(Command.QUERY_CQ, mine.number).armed, 1);
    },
  },
  {
    name: 'owner bits over many passes round a completion queue and an event queue',
    run({ driver: d }) {
      const eq = d.createEq(0, 1);
      const cq = d.createCq(eq, 2);
      const qp = d.channel({ sendCq: cq });
      let sent = 0;
      for (let round = 0; round < 30; round++) {
        const count = 1 + (round % cq.depth);
        d.arm(cq);
        for (let n = 0; n < count; n++) d.send(qp, { ...NOP, wrId: sent + n });
        d.target.settle();
        assert.deepEqual(
          ids(d.poll(cq)),
          Array.from({ length: count }, (_, n) => sent + n),
        );
        sent += count;
        assert.equal(d.events(eq).length, 1);
        d.armEq(eq);
      }
    },
  },
  {
    name: 'a completion queue that overflows loses what does not fit, says so once, and harms nothing that is in it',
    run({ driver: d, target: t }) {
      const { eq, cq, qp } = desk(d, 1);
      work(d, qp, 2);
      const before = t.readBytes(cq.address, 2 * CQE_SIZE);
      assert.deepEqual(d.events(eq), []);
      work(d, qp, 2);
      assert.deepEqual(d.events(eq), [{ type: EventType.CQ_ERROR, number: cq.number, detail: 0 }]);
      assert.equal(d.queryQueue(Command.QUERY_CQ, cq.number).overflowed, 1);
      assert.deepEqual(t.readBytes(cq.address, 2 * CQE_SIZE), before);
      assert.deepEqual(ids(d.poll(cq)), [0, 1]);
      work(d, qp);
      assert.deepEqual(d.poll(cq), [], 'an overflowed queue stays broken');
      assert.deepEqual(d.events(eq), []);
    },
  },
  {
    name: 'a full completion queue takes more once the consumer index is reported',
    run({ driver: d }) {
      const { cq, qp } = desk(d, 1);
      for (let n = 0; n < 9; n++) {
        work(d, qp, 2);
        assertAllWell(d.poll(cq), 2);
      }
      assert.equal(d.queryQueue(Command.QUERY_CQ, cq.number).overflowed, 0);
    },
  },
  {
    name: 'events that find no room in their queue are told after the next EQ_ARM, none is lost',
    run({ driver: d }) {
      const eq = d.createEq(0, 1);
      const cqs = [d.createCq(eq), d.createCq(eq), d.createCq(eq)];
      for (const cq of cqs) {
        d.arm(cq);
        work(d, d.channel({ sendCq: cq }));
      }
      const broken = d.channel({ sendCq: cqs[2] });
      d.send(broken, { opcode: 99 });
      d.target.settle();
      assert.deepEqual(
        d.events(eq).map(e => e.number),
        [cqs[0].number, cqs[1].number],
      );
      d.armEq(eq);
      d.target.settle();
      assert.deepEqual(
        d.events(eq).map(e => [e.type, e.number]),
        [
          [EventType.QP_FATAL, broken.number],
          [EventType.COMPLETION, cqs[2].number],
        ],
      );
      assert.equal(d.queryQueue(Command.QUERY_EQ, eq.number).overflowed, 0);
      assertAllWell(d.poll(cqs[0]), 1);
      assertAllWell(d.poll(cqs[1]), 1);
      d.armEq(eq);
      d.target.settle();
      assert.deepEqual(d.events(eq), [], 'each is told once');
    },
  },
  {
    name: 'queues in memory of scattered pages',
    run({ driver: d, target: t }) {
      const pages = [d.alloc(4096), d.alloc(4096), d.alloc(4096)];
      const iova = 0x4000_0000;
      const key = d.registerPages([pages[2], pages[0], pages[1]], iova, 3 * 4096);
      const eqn = d.create(Command.CREATE_EQ, i => {
        i[0] = iova + 2 * 4096 - 64;
        i[2] = key;
        i[3] = 3;
      });
      const cqn = d.create(Command.CREATE_CQ, i => {
        i[0] = iova + 4096 - 64;
        i[2] = key;
        i[3] = 2;
        i[4] = eqn;
      });
      const at = (n: number): number =>
        n < 2 ? pages[2] + 4096 - 64 + n * CQE_SIZE : pages[0] + (n - 2) * CQE_SIZE;
      const eventAt = (n: number): number =>
        n < 4 ? pages[0] + 4096 - 64 + n * EQE_SIZE : pages[1] + (n - 4) * EQE_SIZE;
      const cq = { number: cqn, address: 0, depth: 4, page: 0, consumer: 0 };
      const qp = d.channel({ sendCq: cq });
      for (let n = 0; n < 8; n++) {
        d.arm(cq);
        work(d, qp);
        assert.equal(t.readBytes(at(n % 4), CQE_SIZE)[0], n, `completion ${n}`);
        assert.deepEqual([...t.readBytes(eventAt(n), 5)], [EventType.COMPLETION, 0, 0, 0, cqn], `event ${n}`);
        cq.consumer++;
      }
    },
  },
  {
    name: 'a queue pair that fails tells the first event queue which one and why',
    run({ driver: d }) {
      const { eq, cq, qp } = desk(d);
      const other = d.createEq(1);
      d.send(qp, { opcode: 99 });
      assert.equal(finish(d, cq)[0].status, WcStatus.LOC_QP_OP_ERR);
      assert.deepEqual(d.events(eq), [
        { type: EventType.QP_FATAL, number: qp.number, detail: WcStatus.LOC_QP_OP_ERR },
      ]);
      assert.deepEqual(d.events(other), []);
    },
  },
  {
    name: 'work of a channel goes on while the link is held, and the other way round',
    run({ driver: d }) {
      const { cq, a, recvCq } = connection(d, 2);
      const engine = d.channel({ sendCq: cq });
      d.setLink(Hold.LINK);
      d.send(a, { opcode: Opcode.SEND, wrId: 1 });
      d.send(engine, { ...NOP, wrId: 2 });
      assert.deepEqual(ids(finish(d, cq)), [2]);
      d.setLink(Hold.ENGINE);
      d.send(engine, { ...NOP, wrId: 3 });
      assert.deepEqual(ids(finish(d, cq)), [1]);
      d.setLink(0);
      assert.deepEqual(ids(finish(d, cq)), [3]);
      assert.equal(d.poll(recvCq).length, 1);
    },
  },
];
