// SPDX-License-Identifier: MIT
// What doorbells, pushes, incoming messages and errors come to in every state of a queue pair: SQD, SQE, RESET and the rest.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import { EventType, Opcode, WcStatus } from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import { finish, makeQueues } from '../../support/bench.js';
import type { Qp } from '../../support/work.js';
import type { Case } from '../case.js';
import { ruleOf, stateName, TYPES, typeName } from '../transition-table.js';
import { bring, move, WAY } from './transitions.js';

const { OK, BAD_STATE } = c.CommandCode;
const { STATE, SQD_EVENT, CUR_STATE } = c.QpAttr;
const { RESET, INIT, RTR, RTS, SQD, SQE, ERR } = c.QpState;

/** What a store for a queue pair in each state comes to. */
const STORES: readonly (readonly [number, 'taken' | 'refused', 'taken' | 'refused'])[] = [
  // state, send doorbell or push, receive doorbell
  [RESET, 'refused', 'refused'],
  [INIT, 'refused', 'taken'],
  [RTR, 'refused', 'taken'],
  [RTS, 'taken', 'taken'],
  [SQD, 'taken', 'taken'],
  [ERR, 'taken', 'taken'],
];

export const stateCases: readonly Case[] = [
  {
    name: 'SQD: the event is told once the send queue has drained, at once when nothing has begun',
    run({ driver: d }) {
      for (const type of TYPES) {
        const { eq, cq } = makeQueues(d, 4);
        const qp = d.createQp({ sendCq: cq, type, logDepth: 2 });
        bring(d, qp, RTS);
        assert.equal(move(d, qp, SQD, 0), OK);
        d.target.settle();
        assert.deepEqual(d.events(eq), [], 'not asked for');
        assert.equal(move(d, qp, RTS, 0), OK);
        assert.equal(d.modify(qp, STATE | SQD_EVENT, { state: SQD, sqdEvent: 1 }), OK);
        assert.equal(c.cmdQpOutDraining(d.rawQp(qp), 0), 0);
        assert.equal(d.destroy(c.Command.DESTROY_QP, qp.number), OK);
        assert.equal(d.destroy(c.Command.DESTROY_CQ, cq.number), OK);
        assert.deepEqual(d.events(eq), [{ type: EventType.SQ_DRAINED, number: qp.number, detail: 0 }]);
        assert.equal(d.destroy(c.Command.DESTROY_EQ, eq.number), OK);
      }
    },
  },
  {
    name: 'SQD: what was posted waits, and runs after MODIFY_QP to RTS',
    run({ driver: d }) {
      for (const type of TYPES) {
        const { cq } = makeQueues(d, 4);
        const qp = d.createQp({ sendCq: cq, type, logDepth: 2 });
        bring(d, qp, SQD);
        d.send(qp, { opcode: Opcode.NOP, wrId: 1 });
        d.push(qp, { opcode: Opcode.NOP, wrId: 2 });
        assert.deepEqual(finish(d, cq), [], typeName(type));
        assert.equal(move(d, qp, RTS, 0), OK);
        assert.deepEqual(
          finish(d, cq).map(cqe => [cqe.wrId, cqe.status]),
          [
            [1, WcStatus.SUCCESS],
            [2, WcStatus.SUCCESS],
          ],
          typeName(type),
        );
        assert.equal(d.destroy(c.Command.DESTROY_QP, qp.number), OK);
      }
    },
  },
  {
    name: 'SQE: a local error of an unreliable queue pair; sends are flushed, MODIFY_QP to RTS ends it',
    run({ driver: d }) {
      for (const type of [c.QpType.UC, c.QpType.UD, c.QpType.GSI]) {
        const { cq } = makeQueues(d, 4);
        const qp = d.createQp({ sendCq: cq, type, logDepth: 2 });
        bring(d, qp, RTS);
        d.send(qp, { opcode: 99, wrId: 1 }, { opcode: Opcode.NOP, wrId: 2 });
        assert.deepEqual(
          finish(d, cq).map(cqe => [cqe.wrId, cqe.status]),
          [
            [1, WcStatus.LOC_QP_OP_ERR],
            [2, WcStatus.WR_FLUSH_ERR],
          ],
          typeName(type),
        );
        assert.equal(d.queryQp(qp).state, SQE);
        for (const to of [INIT, RTR, SQD, SQE]) assert.equal(move(d, qp, to, 0), BAD_STATE, stateName(to));
        assert.equal(move(d, qp, RTS, CUR_STATE), BAD_STATE, 'another current state');
        assert.equal(d.queryQp(qp).errorStatus, WcStatus.LOC_QP_OP_ERR);
        assert.equal(d.modify(qp, STATE | CUR_STATE, { state: RTS, curState: SQE }), OK);
        assert.equal(d.queryQp(qp).errorStatus, 0);
        d.send(qp, { opcode: Opcode.NOP, wrId: 3 });
        assert.deepEqual(
          finish(d, cq).map(cqe => [cqe.wrId, cqe.status]),
          [[3, WcStatus.SUCCESS]],
        );
        assert.equal(d.destroy(c.Command.DESTROY_QP, qp.number), OK);
      }
    },
  },
  {
    name: 'doorbells and pushes in every state',
    run({ driver: d }) {
      const count = (offset: number): number => d.readRegister(offset);
      for (const type of TYPES) {
        const { cq } = makeQueues(d, 5);
        for (const [state, send, receive] of STORES) {
          const events: readonly (readonly [string, (qp: Qp) => void])[] = [
            [send, qp => d.doorbell(0, r.DB_SEND_OFFSET, qp.number, 1)],
            [
              send,
              qp => {
                d.storePush(0, 0, d.encode({ opcode: Opcode.NOP }, 0));
                d.trailer(0, 0, qp.number, 0, 32);
              },
            ],
            [
              type === c.QpType.DMA ? 'refused' : receive,
              qp => d.doorbell(0, r.DB_RECV_OFFSET, qp.number, 1),
            ],
          ];
          events.forEach(([expected, event], n) => {
            const qp = d.createQp({ sendCq: cq, type, logDepth: 1, logStride: 6 });
            bring(d, qp, state);
            const before = count(r.REG_COUNT_REFUSED_OFFSET);
            event(qp);
            assert.equal(
              count(r.REG_COUNT_REFUSED_OFFSET) - before,
              expected === 'refused' ? 1 : 0,
              `${typeName(type)} in ${stateName(state)}, event ${n}`,
            );
            d.target.settle();
            d.poll(cq);
            assert.equal(d.destroy(c.Command.DESTROY_QP, qp.number), OK);
          });
        }
      }
    },
  },
  {
    name: 'a message that comes in, in every state of the receiver',
    run({ driver: d }) {
      for (const state of [RESET, INIT, RTR, RTS, SQD, ERR]) {
        const { cq } = makeQueues(d);
        const [a, b] = [d.createQp({ sendCq: cq }), d.createQp({ sendCq: cq })];
        d.connect(a, b.number);
        let from: number = RESET;
        for (const to of WAY[state]!) {
          const mask = ruleOf(c.QpType.RC, from, to)!.needed;
          assert.equal(d.modify(b, STATE | mask, { ...d.attributesFor(mask, a.number), state: to }), OK);
          if (from === RESET) d.recv(b, [{ address: d.alloc(4096), length: 64 }]);
          from = to;
        }
        d.target.settle();
        d.poll(cq);
        d.send(a, { opcode: Opcode.SEND, gather: [{ address: d.alloc(4096), length: 64 }] });
        const sent = finish(d, cq).find(cqe => !cqe.receive);
        const answers = state === RTR || state === RTS || state === SQD;
        assert.equal(
          sent?.status,
          answers ? WcStatus.SUCCESS : WcStatus.RETRY_EXC_ERR,
          `receiver in state ${stateName(state)}`,
        );
        assert.equal(d.queryQp(a).state, answers ? RTS : ERR);
      }
    },
  },
  {
    name: 'RESET of a queue pair forgets what was posted, without completions',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const [a] = d.pair({ sendCq: cq });
      d.send(a, { opcode: Opcode.SEND }, { opcode: Opcode.NOP });
      d.push(a, { opcode: Opcode.NOP });
      d.recv(a, []);
      assert.deepEqual(finish(d, cq), []);
      assert.equal(d.modify(a, STATE, { state: RESET }), OK);
      assert.deepEqual(finish(d, cq), []);
      const view = d.queryQp(a);
      assert.deepEqual(
        [view.sendProducer, view.sendConsumer, view.recvProducer, view.recvConsumer],
        [0, 0, 0, 0],
      );
      a.send.producer = 0;
      d.connect(a, a.number);
      d.send(a, { opcode: Opcode.NOP, wrId: 4 });
      assert.deepEqual(
        finish(d, cq).map(cqe => [cqe.wrId, cqe.status]),
        [[4, WcStatus.SUCCESS]],
      );
    },
  },
];
