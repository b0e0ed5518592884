// SPDX-License-Identifier: MIT
// Events that found no room and what has happened since: their queue pair is reset, their event queue is another one. And
// a sender that waits for a peer to which the way is lost.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import { EventType, Opcode, WcStatus } from '../../../device/abi/generated/descriptors.js';
import { finish, makeQueues, outcomes } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Cq, Eq } from '../../support/work.js';
import type { Case } from '../case.js';

const { OK } = c.CommandCode;
const GID = Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1);
const gidChange = (index: number) => ({ type: EventType.GID_CHANGE, number: 1, detail: index });

/** Event queue 0 is full: two entries. Completions are told elsewhere. */
function fullQueue(d: Driver): { eq: Eq; cq: Cq } {
  const eq = d.createEq(0, 1);
  const cq = d.createCq(d.createEq(1));
  for (const index of [1, 2]) assert.equal(d.setGid(index, GID), OK);
  return { eq, cq };
}

export const lateNewsCases: readonly Case[] = [
  {
    name: 'an event that found no room is not told of a queue pair that was reset since, nor of one made anew',
    run({ driver: d }) {
      const { eq, cq } = fullQueue(d);
      const [a, b] = d.pair({ sendCq: cq });
      for (const qp of [a, b]) d.send(qp, { opcode: 99 });
      assert.equal(finish(d, cq).length, 2);
      assert.equal(d.modify(a, c.QpAttr.STATE, { state: c.QpState.RESET }), OK);
      assert.equal(d.destroy(c.Command.DESTROY_QP, b.number), OK);
      assert.equal(d.createQp({ sendCq: cq }).number, b.number);
      assert.deepEqual(d.events(eq), [gidChange(1), gidChange(2)]);
      d.armEq(eq);
      d.target.settle();
      assert.deepEqual(d.events(eq), []);
    },
  },
  {
    name: 'events that found no room in event queue 0 are told in the one that takes its place, when that is armed',
    run({ driver: d }) {
      const { eq, cq } = fullQueue(d);
      const qp = d.createQp({ sendCq: cq });
      const srq = d.createSrq({ limit: 1 });
      d.connect(qp, qp.number);
      d.send(qp, { opcode: 99 });
      assert.equal(finish(d, cq).length, 1);
      assert.equal(d.setGid(3, GID), OK);
      d.setLink(c.Hold.PORT);
      assert.equal(d.modifySrq(srq, 0), OK);
      assert.equal(d.destroy(c.Command.DESTROY_EQ, eq.number), OK);
      const next = d.createEq(0);
      assert.equal(next.number, 0);
      d.target.settle();
      assert.deepEqual(d.events(next), []);
      d.armEq(next);
      d.target.settle();
      assert.deepEqual(d.events(next), [
        { type: EventType.PORT_ERROR, number: 1, detail: 0 },
        gidChange(3),
        { type: EventType.QP_FATAL, number: qp.number, detail: WcStatus.LOC_QP_OP_ERR },
      ]);
      d.armEq(next);
      d.target.settle();
      assert.deepEqual(d.events(next), [], 'once');
    },
  },
  {
    name: 'a sender that waits for a receive learns that its address, or that of its peer, is gone from the GID table',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const [a] = d.pair({ sendCq: cq });
      d.send(a, { opcode: Opcode.SEND, wrId: 1 });
      assert.deepEqual(finish(d, cq), []);
      assert.equal(d.setGid(0), OK);
      assert.deepEqual(outcomes(finish(d, cq)), [[1, WcStatus.RETRY_EXC_ERR]]);
    },
  },
];
