// SPDX-License-Identifier: MIT
// Every (state, event) pair of a queue pair, against a table of its own: IBTA volume 1, 10.3.1 and table 91, in the part
// that the adapter has. Events: MODIFY_QP to each state, doorbells, a push, an incoming message.
import assert from 'node:assert/strict';
import {
  Command,
  CommandCode,
  Mtu,
  QpAttr,
  QpState,
  QpType,
} from '../../../device/abi/generated/commands.js';
import { Opcode, WcStatus } from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import { finish, makeQueues } from '../../support/bench.js';
import type { QpAttributes } from '../../support/commander.js';
import type { Driver } from '../../support/driver.js';
import type { Qp } from '../../support/work.js';
import type { Case } from '../case.js';

const { OK, BAD_STATE, BAD_PARAMETER } = CommandCode;
const { STATE, DEST_QPN, MTU, SQ_PSN, RQ_PSN } = QpAttr;
const { RESET, INIT, RTR, RTS, ERR } = QpState;
const STATES = [RESET, INIT, RTR, RTS, ERR] as const;
const CONNECT = DEST_QPN | MTU | RQ_PSN;

/** Transitions that are allowed beside those to ERR and RESET, and the attributes that an RC queue pair needs for them. */
const ALLOWED: readonly (readonly [number, number, number])[] = [
  [RESET, INIT, 0],
  [INIT, INIT, 0],
  [INIT, RTR, CONNECT],
  [RTR, RTS, SQ_PSN],
  [RTS, RTS, 0],
];

/** Attributes that MODIFY_QP to `to` needs, or undefined when it is not allowed. */
function needed(type: number, from: number, to: number): number | undefined {
  if (to === RESET || to === ERR) return 0;
  const row = ALLOWED.find(([a, b]) => a === from && b === to);
  return row === undefined ? undefined : type === QpType.RC ? row[2] : 0;
}

function attributes(mask: number, qp: Qp): QpAttributes {
  return {
    dest: mask & DEST_QPN ? qp.number : 0,
    mtu: mask & MTU ? Mtu.MTU_512 : 0,
    sqPsn: mask & SQ_PSN ? 0xffffff : 0,
    rqPsn: mask & RQ_PSN ? 0xffffff : 0,
  };
}

const move = (d: Driver, qp: Qp, to: number, mask: number): number =>
  d.modify(qp, STATE | mask, { ...attributes(mask, qp), state: to });

/** A queue pair in `state`; an RC one is connected to itself as soon as it is connected at all. */
function makeIn(d: Driver, type: number, state: number): Qp {
  const { cq } = makeQueues(d, 4);
  const qp = d.createQp({ sendCq: cq, type, logDepth: 2 });
  const path: readonly number[] =
    state === ERR ? [ERR] : [INIT, RTR, RTS].slice(0, [RESET, INIT, RTR, RTS].indexOf(state as 0));
  let from: number = RESET;
  for (const to of path) {
    assert.equal(move(d, qp, to, needed(type, from, to)!), OK);
    from = to;
  }
  assert.equal(d.queryQp(qp).state, state);
  return qp;
}

function everyTransition(d: Driver, type: number): void {
  for (const from of STATES) {
    for (const to of [...STATES, 4, 5, 7, 255]) {
      const qp = makeIn(d, type, from);
      const mask = needed(type, from, to);
      const what = `${from} → ${to}`;
      assert.equal(move(d, qp, to, mask ?? 0), mask === undefined ? BAD_STATE : OK, what);
      assert.equal(d.queryQp(qp).state, mask === undefined ? from : to, what);
      assert.equal(d.destroy(Command.DESTROY_QP, qp.number), OK);
    }
  }
}

/** What a store for a queue pair in each state comes to. */
const STORES: readonly (readonly [number, 'taken' | 'refused', 'taken' | 'refused'])[] = [
  // state, send doorbell or push, receive doorbell
  [RESET, 'refused', 'refused'],
  [INIT, 'refused', 'taken'],
  [RTR, 'refused', 'taken'],
  [RTS, 'taken', 'taken'],
  [ERR, 'taken', 'taken'],
];

export const transitionCases: readonly Case[] = [
  {
    name: 'every transition of a reliable connection',
    run: ({ driver: d }) => everyTransition(d, QpType.RC),
  },
  { name: 'every transition of a DMA channel', run: ({ driver: d }) => everyTransition(d, QpType.DMA) },
  {
    name: 'a transition wants exactly its attributes',
    run({ driver: d }) {
      const all = [DEST_QPN, MTU, SQ_PSN, RQ_PSN];
      for (const [from, to, mask] of ALLOWED) {
        const qp = makeIn(d, QpType.RC, from);
        for (const bit of all)
          assert.equal(move(d, qp, to, mask ^ bit), BAD_PARAMETER, `${from} → ${to}, ${bit}`);
        assert.equal(d.queryQp(qp).state, from);
      }
      for (const [from, to] of ALLOWED) {
        const qp = makeIn(d, QpType.DMA, from);
        for (const bit of all)
          assert.equal(move(d, qp, to, bit), BAD_PARAMETER, `DMA ${from} → ${to}, ${bit}`);
      }
    },
  },
  {
    name: 'MODIFY_QP refuses fields out of range, fields not named, unknown bits and queue pairs',
    run({ driver: d }) {
      const qp = makeIn(d, QpType.RC, INIT);
      const mask = STATE | CONNECT;
      const good = { state: RTR, dest: 5, mtu: Mtu.MTU_256, rqPsn: 0 };
      const refused: readonly (readonly [number, QpAttributes])[] = [
        [mask, { ...good, mtu: 0 }],
        [mask, { ...good, mtu: 6 }],
        [mask, { ...good, dest: 2 ** 24 }],
        [mask, { ...good, rqPsn: 2 ** 24 }],
        [mask, { ...good, sqPsn: 1 }],
        [STATE, { ...good }],
        [0, {}],
        [mask | 32, good],
        [2 ** 31, {}],
      ];
      for (const [m, a] of refused) assert.equal(d.modify(qp, m, a), BAD_PARAMETER, JSON.stringify([m, a]));
      for (const byte of [10, 11, 24, 31, 63]) {
        const status = d.tryCommand(Command.MODIFY_QP, i => {
          i[0] = qp.number;
          i[1] = STATE;
          new Uint8Array(i.buffer).set([INIT], 8);
          new Uint8Array(i.buffer)[byte] = 1;
        });
        assert.equal(status, BAD_PARAMETER, `reserved byte ${byte}`);
      }
      assert.equal(d.modify({ ...qp, number: 999 }, STATE, { state: INIT }), CommandCode.BAD_HANDLE);
      assert.equal(d.modify(qp, mask, good), OK);
      assert.deepEqual((({ state, dest, mtu, rqPsn }) => ({ state, dest, mtu, rqPsn }))(d.queryQp(qp)), good);
    },
  },
  {
    name: 'doorbells and pushes in every state',
    run({ driver: d }) {
      const count = (offset: number): number => d.readRegister(offset);
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
          [receive, qp => d.doorbell(0, r.DB_RECV_OFFSET, qp.number, 1)],
        ];
        events.forEach(([expected, event], n) => {
          const qp = makeIn(d, QpType.RC, state);
          const before = count(r.REG_COUNT_REFUSED_OFFSET);
          event(qp);
          assert.equal(
            count(r.REG_COUNT_REFUSED_OFFSET) - before,
            expected === 'refused' ? 1 : 0,
            `state ${state}, event ${n}`,
          );
          d.target.settle();
          assert.equal(d.destroy(Command.DESTROY_QP, qp.number), OK);
        });
      }
      const channel = makeIn(d, QpType.DMA, RTS);
      const before = count(r.REG_COUNT_REFUSED_OFFSET);
      d.doorbell(0, r.DB_RECV_OFFSET, channel.number, 1);
      assert.equal(count(r.REG_COUNT_REFUSED_OFFSET), before + 1, 'a DMA channel has no receive queue');
    },
  },
  {
    name: 'a message that comes in, in every state of the receiver',
    run({ driver: d }) {
      for (const state of STATES) {
        const { cq } = makeQueues(d);
        const [a, b] = [d.createQp({ sendCq: cq }), d.createQp({ sendCq: cq })];
        d.connect(a, b.number);
        if (state !== RESET) assert.equal(move(d, b, INIT, 0), OK);
        if (state !== RESET) d.recv(b, [{ address: d.alloc(4096), length: 64 }]);
        const connect = { dest: a.number, mtu: Mtu.MTU_1024 };
        if (state === RTR || state === RTS)
          assert.equal(d.modify(b, STATE | CONNECT, { ...connect, state: RTR }), OK);
        if (state === RTS) assert.equal(d.modify(b, STATE | SQ_PSN, { state: RTS }), OK);
        if (state === ERR) assert.equal(move(d, b, ERR, 0), OK);
        d.target.settle();
        d.poll(cq);
        d.send(a, { opcode: Opcode.SEND, gather: [{ address: d.alloc(4096), length: 64 }] });
        const sent = finish(d, cq).find(c => !c.receive);
        const answers = state === RTR || state === RTS;
        assert.equal(
          sent?.status,
          answers ? WcStatus.SUCCESS : WcStatus.RETRY_EXC_ERR,
          `receiver in state ${state}`,
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
        finish(d, cq).map(c => [c.wrId, c.status]),
        [[4, WcStatus.SUCCESS]],
      );
    },
  },
];
