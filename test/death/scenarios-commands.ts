// SPDX-License-Identifier: MIT
// Scenarios for the enumerator: every command that succeeds, every way in which commands fail, registers and doorbells
// of completion and event queues.
import assert from 'node:assert/strict';
import {
  Command,
  CommandCode,
  Hold,
  Mtu,
  QpAttr,
  QpState,
  QpType,
} from '../../device/abi/generated/commands.js';
import { Opcode, WqeFlag } from '../../device/abi/generated/descriptors.js';
import {
  REG_CONTROL_OFFSET,
  REG_ID_OFFSET,
  REG_INTERRUPT_TEST_OFFSET,
  REG_MAILBOX_HI_OFFSET,
  REG_SCRATCH_OFFSET,
} from '../../device/abi/generated/registers.js';
import { Dma } from '../../device/model/ports.js';
import type { Scenario, Stage } from './enumerate.js';
import { channel, expect, pair, ranges, send } from './props.js';

/** The commands themselves are what may be cut off. */
const commands = (name: string, run: (stage: Stage) => void): Scenario => ({
  name: `commands: ${name}`,
  setup: stage => () => run(stage),
});

function expectStatus(found: number, expected: CommandCode): void {
  assert.equal(found, expected);
}

const { OK } = CommandCode;

const successes: Scenario[] = [
  commands('protection domains and pages', ({ driver }) => {
    const pds = [driver.create(Command.ALLOC_PD), driver.create(Command.ALLOC_PD)];
    const page = driver.create(Command.ALLOC_PAGE);
    expectStatus(driver.destroy(Command.DEALLOC_PD, pds[0]), OK);
    expectStatus(driver.destroy(Command.FREE_PAGE, page), OK);
    driver.create(Command.ALLOC_PD);
    driver.create(Command.ALLOC_PAGE);
    driver.command(Command.QUERY_DEVICE);
  }),
  commands('memory regions', ({ driver }) => {
    const page = driver.alloc(3 * 4096);
    const key = driver.registerPages([page + 8192, page, page + 4096], 0x7000_0010, 9000);
    const whole = driver.registerWhole(driver.pd, 15);
    expectStatus(driver.destroy(Command.QUERY_MR, key), OK);
    expectStatus(driver.destroy(Command.DEREGISTER_MR, key), OK);
    const many = Array.from({ length: 40 }, (_, n) => page + (n % 3) * 4096);
    const again = driver.registerPages(many, 0, 4096 * 40);
    assert.notEqual(again, key);
    expectStatus(driver.destroy(Command.QUERY_MR, key), CommandCode.BAD_HANDLE);
    expectStatus(driver.destroy(Command.DEREGISTER_MR, whole), OK);
  }),
  commands('event and completion queues', stage => {
    const { driver } = stage;
    const eq = driver.createEq(9, 3);
    const cq = driver.createCq(eq, 3);
    expectStatus(driver.destroy(Command.QUERY_EQ, eq.number), OK);
    expectStatus(driver.destroy(Command.QUERY_CQ, cq.number), OK);
    expectStatus(driver.destroy(Command.DESTROY_CQ, cq.number), OK);
    expectStatus(driver.destroy(Command.DESTROY_EQ, eq.number), OK);
    driver.createCq(driver.createEq(3, 2), 4);
  }),
  commands('queue pairs', stage => {
    const { driver } = stage;
    const cq = driver.createCq(driver.createEq(1, 3), 3);
    const [a, b] = driver.pair({ sendCq: cq, logDepth: 2 }, Mtu.MTU_512, 5);
    const dma = driver.channel({ sendCq: cq, logDepth: 2 });
    expectStatus(driver.destroy(Command.QUERY_QP, a.number), OK);
    expectStatus(driver.modify(b, QpAttr.STATE, { state: QpState.ERR }), OK);
    expectStatus(driver.modify(b, QpAttr.STATE, { state: QpState.RESET }), OK);
    for (const qp of [a, b, dma]) expectStatus(driver.destroy(Command.DESTROY_QP, qp.number), OK);
    driver.createQp({ sendCq: cq, type: QpType.DMA });
  }),
  commands('link', ({ driver }) => {
    driver.setLink(Hold.LINK | Hold.ENGINE, 1000);
    driver.command(Command.QUERY_LINK);
    driver.setLink(0);
  }),
  {
    name: 'commands: DESTROY_QP with work under way',
    setup: stage => {
      const p = pair(stage);
      return () => {
        const { driver } = stage;
        driver.send(p.a, send(ranges(p.source, [500])));
        driver.push(p.a, send(ranges(p.source, [500])));
        stage.target.settle();
        expectStatus(driver.destroy(Command.DESTROY_QP, p.a.number), OK);
        driver.recv(p.b, ranges(p.target, [600]));
        stage.target.settle();
      };
    },
  },
];

const failures: Scenario[] = [
  commands('that fail', stage => {
    const { driver, target } = stage;
    expectStatus(driver.tryCommand(0x7777), CommandCode.BAD_OPCODE);
    expectStatus(driver.destroy(Command.DESTROY_QP, 999), CommandCode.BAD_HANDLE);
    expectStatus(driver.destroy(Command.DEREGISTER_MR, driver.key), CommandCode.BUSY);
    const reserved = driver.tryCommand(Command.ALLOC_PD, i => {
      i[3] = 1;
    });
    expectStatus(reserved, CommandCode.BAD_PARAMETER);
    const bad = driver.alloc(4096);
    target.writeBytes(bad, Uint8Array.of(1));
    assert.throws(() => driver.registerPages([bad, bad + 1], 0, 8192), { status: CommandCode.BAD_PARAMETER });
    target.hole(driver.mailbox, 4096, Dma.FAULT);
    expectStatus(driver.tryCommand(Command.ALLOC_PD), CommandCode.FAULT);
    target.hole(driver.mailbox, 4096, Dma.DONE);
    target.control({ kind: 'bus-master', value: false });
    expectStatus(driver.tryCommand(Command.ALLOC_PD), CommandCode.NO_BUS_MASTER);
    target.control({ kind: 'bus-master', value: true });
  }),
  commands('that wait for a translation', stage => {
    const { driver, target } = stage;
    target.hole(driver.mailbox, 4096, Dma.NOT_YET);
    driver.startCommand(Command.ALLOC_PD);
    target.settle();
    assert.equal(driver.commandStatus(), undefined);
    target.hole(driver.mailbox, 4096, Dma.DONE);
    target.settle();
    assert.equal(driver.commandStatus(), OK);
    target.hole(driver.mailbox + 2048, 4, Dma.NOT_YET);
    driver.startCommand(Command.ALLOC_PAGE);
    target.settle();
    target.control({ kind: 'bus-master', value: false });
    assert.equal(driver.commandStatus(), CommandCode.NO_BUS_MASTER);
    target.control({ kind: 'bus-master', value: true });
    target.hole(driver.mailbox + 2048, 4, Dma.DONE);
    driver.create(Command.ALLOC_PD);
  }),
];

const registers: Scenario[] = [
  {
    name: 'registers',
    setup: stage => () => {
      const { driver, target } = stage;
      driver.writeRegister(REG_SCRATCH_OFFSET, 0xdeadbeef);
      driver.writeRegister(REG_ID_OFFSET, 1);
      driver.writeRegister(REG_MAILBOX_HI_OFFSET, 0);
      target.store(0, REG_SCRATCH_OFFSET, 2, 7);
      driver.writeRegister(REG_CONTROL_OFFSET, 0);
      driver.writeRegister(REG_CONTROL_OFFSET, 3);
      target.settle();
    },
  },
  {
    name: 'interrupt test',
    position: 0xfffffffd,
    setup: stage => () => {
      const { driver, target } = stage;
      for (const vector of [0, 31, 5, 32]) {
        driver.writeRegister(REG_INTERRUPT_TEST_OFFSET, vector);
        target.settle();
      }
      driver.writeRegister(REG_INTERRUPT_TEST_OFFSET, 6);
      driver.writeRegister(REG_INTERRUPT_TEST_OFFSET, 5);
      target.settle();
      assert.equal(target.interrupts(5), 2);
    },
  },
];

const NOP = { opcode: Opcode.NOP };

const arming: Scenario[] = [
  {
    name: 'CQ and EQ armed before and after what they wait for',
    setup: stage => {
      const c = channel(stage);
      const eq = stage.eq(6);
      const { driver, target } = stage;
      const cq = driver.createCq(eq, 3);
      const qp = driver.channel({ sendCq: cq, logDepth: 3 });
      return () => {
        driver.send(qp, NOP);
        target.settle();
        driver.arm(cq);
        target.settle();
        driver.armEq(eq);
        target.settle();
        assert.equal(target.interrupts(6), 1);
        driver.poll(cq);
        driver.events(eq);
        driver.armEq(eq);
        driver.arm(cq);
        target.settle();
        driver.send(qp, NOP, NOP);
        target.settle();
        assert.equal(target.interrupts(6), 2);
        driver.poll(cq);
        driver.events(eq);
        driver.armEq(eq);
        target.settle();
        expect(stage, c.cq);
      };
    },
  },
  {
    name: 'CQ armed for solicited completions',
    setup: stage => {
      const p = pair(stage);
      const { driver, target } = stage;
      const eq = stage.eq(6);
      const cq = driver.createCq(eq, 3);
      const to = driver.createQp({ sendCq: cq, logDepth: 3 });
      driver.modify(p.a, QpAttr.STATE, { state: QpState.RESET });
      driver.connect(p.a, to.number);
      driver.connect(to, p.a.number);
      return () => {
        driver.armEq(eq);
        driver.arm(cq, true);
        driver.recv(to, ranges(p.target, [8]), ranges(p.target, [8]), ranges(p.target, [8]));
        driver.send(p.a, send(ranges(p.source, [8])));
        target.settle();
        assert.equal(target.interrupts(6), 0);
        driver.send(p.a, send(ranges(p.source, [8]), { flags: WqeFlag.SIGNALED | WqeFlag.SOLICITED }));
        target.settle();
        assert.equal(target.interrupts(6), 1);
        driver.events(eq);
        driver.armEq(eq);
        driver.arm(cq, true);
        target.settle();
        expect(stage, cq, 0, 0);
      };
    },
  },
];

export const COMMANDS: readonly Scenario[] = [...successes, ...failures, ...registers, ...arming];
