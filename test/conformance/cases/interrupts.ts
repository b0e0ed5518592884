// SPDX-License-Identifier: MIT
// Interrupts without MSI-X (register INTERRUPT_CAUSE), MSI-X switched on and off, and the function in D3hot.
import assert from 'node:assert/strict';
import { Command, CommandCode, Hold } from '../../../device/abi/generated/commands.js';
import { Opcode } from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import { assertAllWell, assertBytes, filled, finish, makeQueues } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Case } from '../case.js';

const bit = (vector: number): number => 2 ** vector;
const cause = (d: Driver): number => d.readRegister(r.REG_INTERRUPT_CAUSE_OFFSET);
const clear = (d: Driver, bits: number): void => d.writeRegister(r.REG_INTERRUPT_CAUSE_OFFSET, bits);

/** Has the adapter raise a vector, and waits until it has. */
function raise(d: Driver, vector: number): void {
  d.writeRegister(r.REG_INTERRUPT_TEST_OFFSET, vector);
  d.target.settle();
}

export const interruptCases: readonly Case[] = [
  {
    name: 'with MSI-X on, INTERRUPT_CAUSE stays zero and takes no bits',
    run({ driver: d, target: t }) {
      const before = t.interrupts(3);
      raise(d, 3);
      assert.equal(t.interrupts(3), before + 1);
      clear(d, 0xffffffff);
      assert.equal(cause(d), 0);
      assert.equal(d.readRegister(r.REG_COUNT_BAD_ACCESSES_OFFSET), 0);
    },
  },
  {
    name: 'with MSI-X off, a vector sets its bit of INTERRUPT_CAUSE, until 1 is written to it, and sends no message',
    run({ driver: d, target: t }) {
      const before = [t.interrupts(3), t.interrupts(31)];
      t.msix(false);
      for (const vector of [3, 31, 3]) raise(d, vector);
      assert.equal(cause(d), bit(3) + bit(31));
      clear(d, 0);
      clear(d, bit(4));
      assert.equal(cause(d), bit(3) + bit(31));
      clear(d, bit(3));
      assert.equal(cause(d), bit(31));
      raise(d, 3);
      assert.equal(cause(d), bit(3) + bit(31));
      clear(d, 0xffffffff);
      assert.equal(cause(d), 0);
      t.msix(true);
      t.settle();
      assert.deepEqual([t.interrupts(3), t.interrupts(31)], before);
    },
  },
  {
    name: 'with MSI-X off, an armed event queue sets the bit of its vector once its event is in memory',
    run({ driver: d, target: t }) {
      t.msix(false);
      const eq = d.createEq(5);
      const cq = d.createCq(eq);
      const qp = d.channel({ sendCq: cq });
      for (let n = 0; n < 3; n++) {
        d.armEq(eq);
        d.arm(cq);
        d.send(qp, { opcode: Opcode.NOP });
        t.settle();
        assert.equal(cause(d), bit(5));
        assert.equal(d.events(eq).length, 1);
        assertAllWell(d.poll(cq), 1);
        clear(d, bit(5));
        assert.equal(cause(d), 0);
      }
    },
  },
  {
    name: 'MSI-X switched on with causes pending: each comes as a message, and INTERRUPT_CAUSE is empty',
    run({ driver: d, target: t }) {
      const before = [t.interrupts(4), t.interrupts(9)];
      t.msix(false);
      raise(d, 4);
      raise(d, 9);
      t.msix(true);
      t.settle();
      assert.equal(cause(d), 0);
      assert.deepEqual([t.interrupts(4), t.interrupts(9)], [before[0] + 1, before[1] + 1]);
    },
  },
  {
    name: 'a message owed while Bus Master Enable is off becomes a cause when MSI-X goes off, and a message again after',
    run({ driver: d, target: t }) {
      const before = t.interrupts(6);
      t.busMaster(false);
      raise(d, 6);
      assert.equal(t.interrupts(6), before);
      t.msix(false);
      // INTx needs no Bus Master Enable.
      assert.equal(cause(d), bit(6));
      t.msix(true);
      t.settle();
      assert.deepEqual([cause(d), t.interrupts(6)], [0, before]);
      t.busMaster(true);
      t.settle();
      assert.equal(t.interrupts(6), before + 1);
    },
  },
  {
    name: 'RESET clears INTERRUPT_CAUSE and leaves MSI-X as it is',
    run({ driver: d, target: t }) {
      t.msix(false);
      raise(d, 7);
      d.writeRegister(r.REG_RESET_OFFSET, r.RESET_MAGIC);
      assert.equal(cause(d), 0);
      raise(d, 8);
      assert.equal(cause(d), bit(8));
    },
  },
  {
    name: 'D3hot and back: objects, queues, what is posted and the registers are as they were, and work goes on',
    run({ driver: d, target: t }) {
      const { eq, cq } = makeQueues(d);
      const qp = d.channel({ sendCq: cq });
      const from = filled(d, 9000, 4);
      const to = d.alloc(9000);
      d.writeRegister(r.REG_SCRATCH_OFFSET, 0x1234);
      d.setLink(Hold.ENGINE);
      d.armEq(eq);
      d.arm(cq);
      const copy = {
        gather: [{ address: from.address, length: 9000 }],
        scatter: [{ address: to, length: 9000 }],
      };
      d.send(qp, { opcode: Opcode.COPY, ...copy });
      d.push(qp, { opcode: Opcode.NOP }, { memory: null });
      t.power(false);
      t.settle();
      t.power(true);
      assert.equal(d.readRegister(r.REG_SCRATCH_OFFSET), 0x1234);
      assert.deepEqual(d.poll(cq), []);
      d.setLink(0);
      assertAllWell(finish(d, cq), 2);
      assertBytes(d, to, from.bytes);
      assert.equal(d.events(eq).length, 1);
      assert.equal(d.tryCommand(Command.ALLOC_PD), CommandCode.OK);
    },
  },
  {
    name: 'D3hot in the middle of a large COPY: it ends after D0, byte for byte',
    run({ driver: d, target: t }) {
      const bytes = 1 << 20;
      const { cq } = makeQueues(d);
      const qp = d.channel({ sendCq: cq });
      const from = filled(d, bytes, 8);
      const to = d.alloc(bytes);
      const copy = {
        gather: [{ address: from.address, length: bytes }],
        scatter: [{ address: to, length: bytes }],
      };
      d.send(qp, { opcode: Opcode.COPY, ...copy });
      t.power(false);
      t.settle();
      t.power(true);
      assertAllWell(finish(d, cq), 1);
      assertBytes(d, to, from.bytes);
    },
  },
];
