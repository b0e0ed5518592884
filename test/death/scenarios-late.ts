// SPDX-License-Identifier: MIT
// Scenarios for the enumerator: what is told late, or to somebody else than first meant, and who learns it.
import assert from 'node:assert/strict';
import { Command, CommandCode, QpAttr, QpState } from '../../device/abi/generated/commands.js';
import { WcStatus } from '../../device/abi/generated/descriptors.js';
import type { Eq } from '../support/work.js';
import type { Scenario, Stage } from './enumerate.js';
import { expect, pair, ranges, send } from './props.js';

const { OK } = CommandCode;
const IPV6 = Uint8Array.from({ length: 16 }, (_, n) => 0x20 + n);

/** Event queue 0, which is the life sign's, is full; `rest` is what happens then. */
const untold = (name: string, rest: (stage: Stage, eq: Eq) => () => void): Scenario => ({
  name,
  setup: stage => {
    const depth = 16;
    for (let n = 1; n <= depth; n++) assert.equal(stage.driver.setGid(n, IPV6), OK);
    stage.epilogue = () => undefined;
    return rest(stage, { number: 0, address: 0, depth, vector: 0, consumer: depth });
  },
});

export const LATE: readonly Scenario[] = [
  untold('an event that found no room, and its queue pair is reset', (stage, eq) => {
    const p = pair(stage);
    const { driver, target } = stage;
    return () => {
      driver.send(p.a, { opcode: 99 });
      target.settle();
      assert.equal(driver.modify(p.a, QpAttr.STATE, { state: QpState.RESET }), OK);
      driver.armEq(eq);
      target.settle();
      expect(stage, p.aCq, WcStatus.LOC_QP_OP_ERR);
    };
  }),
  untold('events that found no room are told in the event queue that takes the place of theirs', stage => {
    const { driver, target } = stage;
    const [lifeQp, lifeCq] = [2, 1];
    assert.equal(driver.destroy(Command.DESTROY_QP, lifeQp), OK);
    assert.equal(driver.destroy(Command.DESTROY_CQ, lifeCq), OK);
    return () => {
      assert.equal(driver.setGid(20, IPV6), OK);
      assert.equal(driver.destroy(Command.DESTROY_EQ, 0), OK);
      const eq = driver.createEq(0, 3);
      driver.armEq(eq);
      target.settle();
      assert.equal(driver.events(eq)[0]?.detail, 20);
    };
  }),
  {
    name: 'a sender that waits for a receive while its address goes away',
    setup: stage => {
      const p = pair(stage);
      const { driver, target } = stage;
      return () => {
        driver.send(p.a, send(ranges(p.source, [20])));
        target.settle();
        assert.equal(driver.setGid(0), OK);
        target.settle();
        expect(stage, p.aCq, WcStatus.RETRY_EXC_ERR);
      };
    },
  },
];
