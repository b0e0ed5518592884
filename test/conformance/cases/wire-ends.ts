// SPDX-License-Identifier: MIT
// What becomes of a connection when its other end is not there, is another one, stops, or is heard for the first time.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import { EventType, Opcode, WcStatus } from '../../../device/abi/generated/descriptors.js';
import { finish, makeQueues, outcomes } from '../../support/bench.js';
import type { Connection } from '../../support/commander.js';
import type { Case } from '../case.js';
import { makeEnds } from './rdma.js';

const { REM_ACCESS_ERR, RETRY_EXC_ERR, LOC_QP_OP_ERR } = WcStatus;
const { QP_FATAL } = EventType;

export const wireEndCases: readonly Case[] = [
  {
    name: 'nobody who answers: another type, another state, another address, a number that is not expected: RETRY_EXC_ERR',
    run({ driver: d }) {
      const { eq, cq } = makeQueues(d);
      const o = { sendCq: cq };
      const gid = Uint8Array.from({ length: 16 }, (_, n) => (n === 0 ? 0xfd : n));
      assert.equal(d.setGid(2, gid), c.CommandCode.OK);
      assert.equal(d.events(eq).length, 1, 'GID_CHANGE');
      const elsewhere = gid.map((byte, n) => (n === 15 ? 200 : byte));
      const uc = d.createQp({ ...o, type: c.QpType.UC });
      const ud = d.datagram(o);
      const idle = d.createQp(o);
      const far = d.createQp(o);
      const deaf = d.createQp(o);
      const cases: readonly (readonly [string, number, number, Connection])[] = [
        ['a UC queue pair', uc.number, 0, {}],
        ['a UD queue pair', ud.number, 0, {}],
        ['one in RESET', idle.number, 0, {}],
        ['an address that is nobody', far.number, 0, { av: { sgidIndex: 2, dgid: elsewhere } }],
        ['one that knows another address', deaf.number, 0, { av: { sgidIndex: 2, dgid: gid } }],
        ['another PSN', deaf.number, 9, {}],
      ];
      d.connect(uc, idle.number);
      for (const [what, dest, psn, connection] of cases) {
        for (const opcode of [Opcode.SEND, Opcode.RDMA_READ, Opcode.FETCH_ADD]) {
          const a = d.createQp(o);
          d.connect(a, dest, c.Mtu.MTU_256, psn, connection);
          for (const qp of [far, deaf]) {
            if (d.queryQp(qp).state !== c.QpState.RESET)
              d.modify(qp, c.QpAttr.STATE, { state: c.QpState.RESET });
            // One is where nobody is looked for: it has no receive, but who waits for one waits for ever.
            const av = qp === far ? { sgidIndex: 2, dgid: gid } : {};
            d.connect(qp, a.number, c.Mtu.MTU_256, 0, { av });
            qp.recv!.producer = 0;
            if (qp === deaf) d.recv(qp, [{ address: d.alloc(64), length: 64 }]);
          }
          const remote = { address: 0, key: 5 };
          const scatter = [{ address: d.alloc(64), length: 8 }];
          d.send(a, {
            opcode,
            wrId: 6,
            ...(opcode === Opcode.SEND ? {} : { remote, scatter }),
            ...(opcode === Opcode.FETCH_ADD ? { swapAdd: [1, 0] as const } : {}),
          });
          assert.deepEqual(outcomes(finish(d, cq)), [[6, RETRY_EXC_ERR]], `${what}, ${opcode}`);
          assert.equal(d.destroy(c.Command.DESTROY_QP, a.number), c.CommandCode.OK);
        }
      }
      const others = d.events(eq).filter(e => e.type !== QP_FATAL || e.detail !== RETRY_EXC_ERR);
      assert.deepEqual(others, []);
      assert.equal(c.cmdPortCountersRxSequence(d.counters(c.CounterKind.PORT), 0), 3);
    },
  },
  {
    name: 'a peer that was reset: nobody waits for its receives',
    run({ driver: d }) {
      const { cq, a, b } = makeEnds(d);
      assert.equal(d.modify(b, c.QpAttr.STATE, { state: c.QpState.RESET }), c.CommandCode.OK);
      d.send(a, { opcode: Opcode.SEND, wrId: 1 });
      assert.deepEqual(outcomes(finish(d, cq)), [[1, RETRY_EXC_ERR]]);
    },
  },
  {
    name: 'a sender that waits for a receive is let go when the other end stops by itself',
    run({ driver: d }) {
      const { eq, cq } = makeQueues(d);
      const e = makeEnds(d, undefined, undefined, { eq, cq });
      d.send(e.a, { opcode: Opcode.SEND, wrId: 1 });
      assert.deepEqual(finish(d, cq), []);
      d.send(e.b, { opcode: 99, wrId: 2 });
      assert.deepEqual(outcomes(finish(d, cq)), [
        [2, LOC_QP_OP_ERR],
        [1, RETRY_EXC_ERR],
      ]);
    },
  },
  {
    name: 'an end that is connected to somebody else takes a packet with the right number, and answers him',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const [stranger, b, friend] = [0, 1, 2].map(() => d.createQp({ sendCq: cq }));
      d.connect(stranger!, b!.number);
      d.connect(b!, friend!.number);
      d.connect(friend!, b!.number);
      d.recv(b!, []);
      d.send(stranger!, { opcode: Opcode.SEND, wrId: 1 });
      assert.deepEqual(
        finish(d, cq).map(x => [x.qpn, x.status]),
        [
          [b!.number, 0],
          [stranger!.number, RETRY_EXC_ERR],
        ],
      );
    },
  },
  {
    name: 'a queue pair whose peer stops it is flushed, and its own sends with it',
    run({ driver: d }) {
      const { cq, recvCq, a, b } = makeEnds(d);
      d.recv(b, [], []);
      d.setLink(1);
      d.send(b, { opcode: Opcode.NOP, wrId: 1 }, { opcode: Opcode.NOP, wrId: 2 });
      d.send(a, {
        opcode: Opcode.RDMA_READ,
        remote: { address: 0, key: 5 },
        scatter: [{ address: 0, length: 1 }],
        wrId: 3,
      });
      d.setLink(0);
      const sent = outcomes(finish(d, cq));
      assert.deepEqual(
        sent.filter(([id]) => id === 3),
        [[3, REM_ACCESS_ERR]],
      );
      assert.equal(sent.length, 3);
      assert.deepEqual(
        d.poll(recvCq).map(x => x.status),
        [WcStatus.WR_FLUSH_ERR, WcStatus.WR_FLUSH_ERR],
      );
    },
  },
  {
    name: 'the first packet tells a queue pair in RTR that its peer is there, once',
    run({ driver: d }) {
      const { eq, cq } = makeQueues(d);
      for (const type of [c.QpType.RC, c.QpType.UC]) {
        const [a, b] = [d.createQp({ sendCq: cq, type }), d.createQp({ sendCq: cq, type })];
        d.connect(a, b.number);
        const { INIT, RTR } = c.QpState;
        const mask = (rc: number, uc: number): number => c.QpAttr.STATE | (type === c.QpType.RC ? rc : uc);
        const { PKEY_INDEX, PORT, ACCESS, AV, MTU, DEST_QPN, RQ_PSN, MAX_DEST_RD_ATOMIC, MIN_RNR_TIMER } =
          c.QpAttr;
        const init = PKEY_INDEX | PORT | ACCESS;
        const rtr = AV | MTU | DEST_QPN | RQ_PSN;
        for (const [state, attributes] of [
          [INIT, mask(init, init)],
          [RTR, mask(rtr | MAX_DEST_RD_ATOMIC | MIN_RNR_TIMER, rtr)],
        ] as const)
          assert.equal(d.modify(b, attributes, { ...d.attributesFor(attributes, a.number), state }), 0);
        d.recv(b, [], []);
        for (const wrId of [1, 2]) {
          d.send(a, { opcode: Opcode.SEND, wrId });
          finish(d, cq);
        }
        assert.deepEqual(d.events(eq), [{ type: EventType.COMM_ESTABLISHED, number: b.number, detail: 0 }]);
      }
    },
  },
];
