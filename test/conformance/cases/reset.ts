// SPDX-License-Identifier: MIT
// Reset of the function by its register, and the Bus Master switch.
import assert from 'node:assert/strict';
import { Command, CommandCode, Hold } from '../../../device/abi/generated/commands.js';
import { Opcode, WcStatus } from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import {
  assertAllWell,
  assertBytes,
  filled,
  finish,
  ids,
  makeQueues,
  outcomes,
} from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Case } from '../case.js';

const ZERO_AFTER_RESET = [
  r.REG_CONTROL_OFFSET,
  r.REG_MAILBOX_LO_OFFSET,
  r.REG_MAILBOX_HI_OFFSET,
  r.REG_COMMAND_STATUS_OFFSET,
  r.REG_SCRATCH_OFFSET,
  r.REG_COUNT_DOORBELLS_OFFSET,
  r.REG_COUNT_PUSHES_OFFSET,
  r.REG_COUNT_PUSH_FALLBACKS_OFFSET,
  r.REG_COUNT_IGNORED_OFFSET,
  r.REG_COUNT_REFUSED_OFFSET,
  r.REG_COUNT_BAD_ACCESSES_OFFSET,
  r.REG_COUNT_DESCRIPTOR_READS_OFFSET,
  r.REG_COUNT_COMPLETIONS_OFFSET,
  r.REG_COUNT_PACKETS_OFFSET,
  r.REG_INTERRUPT_CAUSE_OFFSET,
  r.REG_COUNT_DMA_FAULTS_OFFSET,
  r.REG_FAULT_ADDRESS_LO_OFFSET,
  r.REG_FAULT_ADDRESS_HI_OFFSET,
  r.REG_FAULT_INFO_OFFSET,
  r.REG_FAULT_INDEX_OFFSET,
];

function reset(d: Driver): void {
  d.writeRegister(r.REG_RESET_OFFSET, r.RESET_MAGIC);
  d.forgetGenerations();
}

export const resetCases: readonly Case[] = [
  {
    name: 'RESET takes only its magic value',
    run({ driver: d }) {
      const epoch = d.readRegister(r.REG_RESET_EPOCH_OFFSET);
      d.writeRegister(r.REG_SCRATCH_OFFSET, 77);
      for (const value of [0, 1, 0xffffffff, r.RESET_MAGIC + 1]) d.writeRegister(r.REG_RESET_OFFSET, value);
      assert.equal(d.readRegister(r.REG_SCRATCH_OFFSET), 77);
      assert.equal(d.readRegister(r.REG_RESET_EPOCH_OFFSET), epoch);
    },
  },
  {
    name: 'RESET puts every register back, counts itself and keeps the identity',
    run({ driver: d }) {
      const epoch = d.readRegister(r.REG_RESET_EPOCH_OFFSET);
      const mac = [d.readRegister(r.REG_MAC_LO_OFFSET), d.readRegister(r.REG_MAC_HI_OFFSET)];
      const { cq } = makeQueues(d);
      const qp = d.channel({ sendCq: cq });
      d.send(qp, { opcode: Opcode.NOP });
      d.push(qp, { opcode: Opcode.NOP });
      d.ringSend(qp);
      d.writeRegister(r.REG_SCRATCH_OFFSET, 77);
      d.writeRegister(r.REG_ID_OFFSET, 77);
      assertAllWell(finish(d, cq), 2);
      reset(d);
      for (const offset of ZERO_AFTER_RESET)
        assert.equal(d.readRegister(offset), 0, `register 0x${offset.toString(16)}`);
      assert.equal(d.readRegister(r.REG_RESET_EPOCH_OFFSET), epoch + 1);
      assert.deepEqual([d.readRegister(r.REG_MAC_LO_OFFSET), d.readRegister(r.REG_MAC_HI_OFFSET)], mac);
      assert.equal(d.readRegister(r.REG_STATUS_OFFSET), r.StatusBit.READY | r.StatusBit.BUS_MASTER);
    },
  },
  {
    name: 'after RESET no object is left and old keys are stale',
    run({ driver: d }) {
      const page = d.create(Command.ALLOC_PAGE);
      const { eq, cq } = makeQueues(d);
      const qp = d.channel({ sendCq: cq });
      const { key } = d;
      reset(d);
      d.start();
      assert.notEqual(d.key, key);
      assert.equal(d.destroy(Command.QUERY_MR, key), CommandCode.BAD_HANDLE);
      assert.equal(d.destroy(Command.FREE_PAGE, page), CommandCode.BAD_HANDLE);
      assert.equal(d.destroy(Command.QUERY_EQ, eq.number), CommandCode.BAD_HANDLE);
      assert.equal(d.destroy(Command.QUERY_CQ, cq.number), CommandCode.BAD_HANDLE);
      assert.equal(d.destroy(Command.QUERY_QP, qp.number), CommandCode.BAD_HANDLE);
      assert.equal(d.destroy(Command.DEALLOC_PD, d.pd + 1), CommandCode.BAD_HANDLE);
    },
  },
  {
    name: 'RESET in the middle of queued, begun and pushed work: nothing of it ever happens',
    run({ driver: d, target: t }) {
      const { eq, cq } = makeQueues(d);
      const [a, b] = d.pair({ sendCq: cq });
      const engine = d.channel({ sendCq: cq });
      const from = filled(d, 4096);
      const to = d.alloc(8192);
      d.armEq(eq);
      d.arm(cq);
      d.setLink(Hold.LINK | Hold.ENGINE);
      d.recv(b, [{ address: to, length: 4096 }]);
      d.send(a, { opcode: Opcode.SEND, gather: [{ address: from.address, length: 4096 }] });
      d.send(engine, {
        opcode: Opcode.COPY,
        gather: [{ address: from.address, length: 4096 }],
        scatter: [{ address: to + 4096, length: 4096 }],
      });
      d.push(a, { opcode: Opcode.NOP });
      d.storePush(0, 1, new Uint8Array(40));
      const raised = t.interrupts(0);
      t.settle();
      reset(d);
      d.start();
      t.settle();
      assert.deepEqual(d.poll(cq, false), []);
      assertBytes(d, to, new Uint8Array(8192));
      assert.equal(t.interrupts(0), raised);
      assert.deepEqual(d.events(eq), []);
    },
  },
  {
    name: 'after RESET the adapter comes up again: fresh generations, no half push, no hold',
    run({ driver: d }) {
      const first = makeQueues(d);
      const before = d.channel({ sendCq: first.cq });
      for (let n = 0; n < 3; n++) d.push(before, { opcode: Opcode.NOP });
      d.storePush(0, 0, new Uint8Array(8));
      d.setLink(Hold.LINK | Hold.ENGINE);
      reset(d);
      d.start();
      const { cq } = makeQueues(d);
      const qp = d.channel({ sendCq: cq });
      d.push(qp, { opcode: Opcode.NOP, wrId: 9 }, { memory: null });
      assert.deepEqual(outcomes(finish(d, cq)), [[9, WcStatus.SUCCESS]]);
      assert.equal(d.readRegister(r.REG_COUNT_PUSHES_OFFSET), 1);
    },
  },
  {
    name: 'a doorbell page that is given out again starts with empty buffers and generation 0',
    run({ driver: d }) {
      const { eq } = makeQueues(d);
      const page = d.create(Command.ALLOC_PAGE);
      d.storePush(page, 0, new Uint8Array(24));
      d.trailer(page, 1, 0, 0, 32);
      assert.equal(d.destroy(Command.FREE_PAGE, page), CommandCode.OK);
      assert.equal(d.create(Command.ALLOC_PAGE), page);
      d.forgetGenerations();
      const cq = d.createCq(eq, 4, page);
      const qp = d.channel({ sendCq: cq, page });
      for (const buffer of [0, 1]) d.push(qp, { opcode: Opcode.NOP }, { buffer, memory: null });
      assertAllWell(finish(d, cq), 2);
      assert.equal(d.readRegister(r.REG_COUNT_PUSHES_OFFSET), 2);
    },
  },
  {
    name: 'without Bus Master Enable no DMA, no command, no interrupt; what was rung runs when it is back',
    run({ driver: d, target: t }) {
      const { eq, cq } = makeQueues(d);
      const qp = d.channel({ sendCq: cq });
      d.armEq(eq);
      d.arm(cq);
      t.settle();
      const raised = t.interrupts(0);
      t.busMaster(false);
      assert.equal(d.readRegister(r.REG_STATUS_OFFSET) & r.StatusBit.BUS_MASTER, 0);
      d.send(qp, { opcode: Opcode.NOP, wrId: 1 });
      d.push(qp, { opcode: Opcode.NOP, wrId: 2 });
      t.settle();
      assert.deepEqual(d.poll(cq, false), []);
      assert.equal(d.tryCommand(Command.QUERY_DEVICE), CommandCode.NO_BUS_MASTER);
      assert.equal(t.interrupts(0), raised);
      t.busMaster(true);
      assert.deepEqual(ids(finish(d, cq)), [1, 2]);
      assert.equal(t.interrupts(0), raised + 1);
      assert.equal(d.tryCommand(Command.QUERY_DEVICE), CommandCode.OK);
    },
  },
  {
    name: 'a completion queue armed without Bus Master Enable fires when DMA is back',
    run({ driver: d, target: t }) {
      const { eq, cq } = makeQueues(d);
      const qp = d.channel({ sendCq: cq });
      d.send(qp, { opcode: Opcode.NOP });
      t.settle();
      const raised = t.interrupts(0);
      t.busMaster(false);
      d.armEq(eq);
      d.arm(cq);
      t.settle();
      assert.equal(t.interrupts(0), raised);
      assert.deepEqual(d.events(eq), []);
      t.busMaster(true);
      t.settle();
      assert.equal(d.events(eq).length, 1);
      assert.equal(t.interrupts(0), raised + 1);
    },
  },
  {
    name: 'any number of completion queues armed without Bus Master Enable fire when DMA is back, each once',
    run({ driver: d, target: t }) {
      const COUNT = 200;
      const eq = d.createEq(0, 8);
      const cqs = Array.from({ length: COUNT }, () => d.createCq(eq, 1));
      const ring = d.alloc(4096);
      for (const cq of cqs) {
        const qp = d.channel({ sendCq: cq, logDepth: 1, logStride: 6, sendAddress: ring });
        d.send(qp, { opcode: Opcode.NOP });
        t.settle();
      }
      t.busMaster(false);
      for (const cq of cqs) d.arm(cq);
      t.busMaster(true);
      t.settle();
      assert.deepEqual(
        d.events(eq).map(e => e.number),
        cqs.map(cq => cq.number),
      );
    },
  },
];
