// SPDX-License-Identifier: MIT
// Scenarios for the enumerator: resets of every kind, Bus Master Enable, STOP and RUN, a link with a rate.
import assert from 'node:assert/strict';
import { Command, Hold } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import {
  REG_INTERRUPT_TEST_OFFSET,
  REG_RESET_EPOCH_OFFSET,
  REG_RESET_OFFSET,
  RESET_MAGIC,
} from '../../device/abi/generated/registers.js';
import type { ControlEvent } from '../../device/model/ports.js';
import type { Scenario, Stage } from './enumerate.js';
import { channel, copy, expect, fill, pair, ranges, send } from './props.js';

/** Work of every kind is under way; then comes the reset; then everything is set up again and works. */
function reset(name: string, doReset: (stage: Stage) => void): Scenario {
  return {
    name: `reset by ${name}`,
    setup: stage => {
      const p = pair(stage);
      const c = channel(stage);
      const { driver, target } = stage;
      stage.epilogue = () => undefined;
      return () => {
        driver.setLink(Hold.ENGINE);
        driver.push(c.qp, fill(ranges(c.target, [4])));
        driver.storePush(0, 2, new Uint8Array(24));
        driver.send(c.qp, copy(ranges(c.source, [9000]), ranges(c.target, [9000])));
        driver.send(p.a, send(ranges(p.source, [600])));
        target.settle();
        doReset(stage);
        target.settle();
        assert.equal(driver.readRegister(REG_RESET_EPOCH_OFFSET), 1);
        driver.forgetGenerations();
        driver.start();
        const again = channel(stage);
        driver.push(again.qp, fill(ranges(again.target, [40])));
        driver.send(again.qp, { opcode: Opcode.NOP });
        target.settle();
        expect(stage, again.cq, 0, 0);
      };
    },
  };
}

/** A reset leaves Bus Master Enable off, as PCI has it; the driver of the guest sets it again. */
const event = (control: ControlEvent) => (stage: Stage) => {
  stage.target.control(control);
  stage.target.control({ kind: 'bus-master', value: true });
};

const resets = [
  reset('register', ({ driver }) => {
    driver.writeRegister(REG_RESET_OFFSET, 5);
    driver.writeRegister(REG_RESET_OFFSET, RESET_MAGIC);
  }),
  reset('function level reset', event({ kind: 'function-reset', epoch: 1 })),
  reset('bus reset', event({ kind: 'bus-reset', epoch: 7 })),
];

const control: Scenario[] = [
  {
    name: 'Bus Master Enable off and on, with doorbells in between',
    setup: stage => {
      const c = channel(stage);
      const { driver, target } = stage;
      return () => {
        driver.send(c.qp, fill(ranges(c.target, [5000])));
        target.control({ kind: 'bus-master', value: false });
        driver.send(c.qp, { opcode: Opcode.NOP });
        driver.push(c.qp, { opcode: Opcode.NOP });
        driver.arm(c.cq);
        driver.writeRegister(REG_INTERRUPT_TEST_OFFSET, 12);
        target.settle();
        assert.equal(target.interrupts(12), 0);
        target.control({ kind: 'bus-master', value: true });
        target.settle();
        expect(stage, c.cq, 0, 0, 0);
        assert.equal(target.interrupts(12), 1);
      };
    },
  },
  {
    name: 'STOP and RUN, with stores in between',
    setup: stage => {
      const p = pair(stage);
      const { driver, target } = stage;
      return () => {
        driver.recv(p.b, ranges(p.target, [700]));
        target.control({ kind: 'stop' });
        driver.send(p.a, send(ranges(p.source, [600])));
        driver.startCommand(Command.ALLOC_PD);
        target.settle();
        assert.equal(driver.commandStatus(), undefined);
        target.control({ kind: 'run' });
        target.settle();
        assert.equal(driver.commandStatus(), 0);
        expect(stage, p.aCq, 0);
        expect(stage, p.bCq, 0);
      };
    },
  },
  {
    name: 'a link with a rate',
    loose: true,
    setup: stage => {
      const p = pair(stage);
      const { driver, target } = stage;
      return () => {
        driver.setLink(0, 100);
        driver.recv(p.b, ranges(p.target, [700]));
        driver.send(p.a, send(ranges(p.source, [600])));
        for (let n = 1; n <= 4; n++) {
          target.settle();
          target.time(n * 100_000);
        }
        target.settle();
        driver.setLink(0);
        target.settle();
        expect(stage, p.aCq, 0);
      };
    },
  },
];

export const CONTROL: readonly Scenario[] = [...resets, ...control];
