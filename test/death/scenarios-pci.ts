// SPDX-License-Identifier: MIT
// Scenarios for the enumerator: INTx and MSI-X switched on and off, D3 and D0, DMA faults as the guest sees them.
import assert from 'node:assert/strict';
import { Command, CommandCode, QpState } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import {
  REG_COUNT_DMA_FAULTS_OFFSET,
  REG_FAULT_ADDRESS_LO_OFFSET,
  REG_INTERRUPT_CAUSE_OFFSET,
  REG_INTERRUPT_TEST_OFFSET,
  REG_MAILBOX_LO_OFFSET,
} from '../../device/abi/generated/registers.js';
import { Dma } from '../../device/model/ports.js';
import type { Work } from '../support/work.js';
import type { Scenario, Stage } from './enumerate.js';
import { type Channel, channel, copy, expect, fill, pair, ranges, send } from './props.js';

const NOP: Work = { opcode: Opcode.NOP };
const msix = ({ target }: Stage, value: boolean): void => target.control({ kind: 'msix', value });
const power = ({ target }: Stage, value: boolean): void => target.control({ kind: 'power', value });
const busMaster = ({ target }: Stage, value: boolean): void => target.control({ kind: 'bus-master', value });

const interrupts: Scenario[] = [
  {
    name: 'INTx: two causes, cleared one by one, and a completion that comes with it',
    setup: stage => {
      const c = channel(stage);
      const { driver, target } = stage;
      return () => {
        msix(stage, false);
        driver.writeRegister(REG_INTERRUPT_TEST_OFFSET, 9);
        assert.equal(driver.readRegister(REG_INTERRUPT_CAUSE_OFFSET), 1 << 9);
        driver.send(c.qp, NOP);
        target.settle();
        assert.equal(driver.readRegister(REG_INTERRUPT_CAUSE_OFFSET), (1 << 9) | (1 << 2));
        driver.writeRegister(REG_INTERRUPT_CAUSE_OFFSET, 1 << 9);
        assert.equal(target.world.level, true);
        driver.writeRegister(REG_INTERRUPT_CAUSE_OFFSET, 1 << 2);
        assert.equal(target.world.level, false);
        target.settle();
        driver.writeRegister(REG_INTERRUPT_TEST_OFFSET, 31);
        target.settle();
        msix(stage, true);
        target.settle();
        assert.equal(target.world.level, false);
      };
    },
  },
  {
    name: 'MSI-X on and off while interrupts are owed',
    setup: stage => {
      const c = channel(stage);
      const { driver, target } = stage;
      return () => {
        driver.send(c.qp, NOP);
        busMaster(stage, false);
        driver.writeRegister(REG_INTERRUPT_TEST_OFFSET, 12);
        msix(stage, false);
        driver.writeRegister(REG_INTERRUPT_TEST_OFFSET, 13);
        target.settle();
        msix(stage, true);
        driver.writeRegister(REG_INTERRUPT_TEST_OFFSET, 14);
        target.settle();
        assert.equal(target.interrupts(12), 0);
        busMaster(stage, true);
        target.settle();
        for (const vector of [12, 13, 14]) assert.equal(target.interrupts(vector), 1);
        msix(stage, false);
        driver.writeRegister(REG_INTERRUPT_TEST_OFFSET, 15);
        msix(stage, true);
        target.settle();
        assert.equal(target.interrupts(15), 1);
      };
    },
  },
];

const sleeping: Scenario[] = [
  {
    name: 'D3 and D0, with messages, with INTx, with stores in between',
    shared: true,
    setup: stage => {
      const c = channel(stage);
      const p = pair(stage);
      const { driver, target } = stage;
      return () => {
        driver.send(c.qp, fill(ranges(c.target, [5000])));
        power(stage, false);
        driver.recv(p.b, ranges(p.target, [700]));
        driver.send(p.a, send(ranges(p.source, [600])));
        driver.push(c.qp, NOP);
        driver.writeRegister(REG_INTERRUPT_TEST_OFFSET, 16);
        driver.startCommand(Command.ALLOC_PD);
        target.settle();
        assert.equal(driver.commandStatus(), undefined);
        power(stage, true);
        target.settle();
        assert.equal(driver.commandStatus(), CommandCode.OK);
        assert.equal(target.interrupts(16), 1);
        expect(stage, c.cq, 0, 0);
        msix(stage, false);
        driver.writeRegister(REG_INTERRUPT_TEST_OFFSET, 17);
        power(stage, false);
        assert.equal(target.world.level, false);
        driver.writeRegister(REG_INTERRUPT_TEST_OFFSET, 18);
        target.settle();
        power(stage, true);
        assert.equal(target.world.level, true);
        assert.equal(driver.readRegister(REG_INTERRUPT_CAUSE_OFFSET), (1 << 17) | (1 << 18));
        driver.writeRegister(REG_INTERRUPT_CAUSE_OFFSET, 0xffffffff);
        msix(stage, true);
        target.settle();
      };
    },
  },
];

/** A descriptor meets memory that is not there, at `address`. */
function fault(name: string, find: (c: Channel, stage: Stage) => { work: Work; address: number }): Scenario {
  return {
    name: `DMA fault: ${name}`,
    setup: stage => {
      const c = channel(stage);
      const { driver, target } = stage;
      return () => {
        const { work, address } = find(c, stage);
        driver.send(c.qp, work, NOP);
        target.settle();
        const view = driver.queryQp(c.qp);
        assert.deepEqual([view.state, view.errorIndex, view.faultAddress], [QpState.ERR, 0, address]);
        assert.ok(driver.readRegister(REG_COUNT_DMA_FAULTS_OFFSET) > 0);
      };
    },
  };
}

const faults: Scenario[] = [
  fault('gather', (c, { target }) => {
    target.hole(c.source + 4096, 4096, Dma.FAULT);
    return { work: copy(ranges(c.source + 100, [8000]), ranges(c.target, [8000])), address: c.source + 4096 };
  }),
  fault('scatter', (c, { target }) => {
    target.hole(c.target + 8192, 4096, Dma.FAULT);
    return { work: fill(ranges(c.target + 50, [9000])), address: c.target + 8192 };
  }),
  fault('send queue', (c, { target }) => {
    target.hole(c.qp.send.address, 4096, Dma.FAULT);
    return { work: NOP, address: c.qp.send.address };
  }),
  {
    name: 'DMA fault: completion queue, then its event queue',
    setup: stage => {
      const c = channel(stage);
      const { driver, target } = stage;
      return () => {
        target.hole(c.cq.address, 4096, Dma.FAULT);
        driver.send(c.qp, NOP);
        target.settle();
        assert.equal(driver.readRegister(REG_FAULT_ADDRESS_LO_OFFSET), c.cq.address);
        assert.equal(driver.queryQueue(Command.QUERY_CQ, c.cq.number).overflowed, 1);
        assert.equal(driver.readRegister(REG_COUNT_DMA_FAULTS_OFFSET), 1);
      };
    },
  },
  {
    name: 'DMA fault: mailbox and page list',
    setup: stage => {
      const { driver, target } = stage;
      const pages = driver.alloc(8192);
      // Where the driver will put the page list.
      const list = pages + 8192;
      return () => {
        target.hole(list, 4096, Dma.FAULT);
        assert.throws(() => driver.registerPages([pages, pages + 4096], 0x1000, 8192), {
          status: CommandCode.FAULT,
        });
        assert.equal(driver.readRegister(REG_FAULT_ADDRESS_LO_OFFSET), list);
        driver.writeRegister(REG_MAILBOX_LO_OFFSET, target.ramBytes);
        assert.equal(driver.tryCommand(Command.ALLOC_PD), CommandCode.FAULT);
        assert.equal(driver.readRegister(REG_FAULT_ADDRESS_LO_OFFSET), target.ramBytes);
        driver.writeRegister(REG_MAILBOX_LO_OFFSET, driver.mailbox);
        assert.equal(driver.readRegister(REG_COUNT_DMA_FAULTS_OFFSET), 2);
      };
    },
  },
];

export const PCI: readonly Scenario[] = [...interrupts, ...sleeping, ...faults];
