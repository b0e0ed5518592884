// SPDX-License-Identifier: MIT
// A translation that is not there yet may make an event late, never lost.
import { join } from 'node:path';
import test from 'ava';
import { Command, CommandCode, Hold } from '../../device/abi/generated/commands.js';
import { EventType, Opcode } from '../../device/abi/generated/descriptors.js';
import { BthOpcode } from '../../device/abi/generated/packets.js';
import {
  FaultObject,
  REG_COUNT_DMA_FAULTS_OFFSET,
  REG_FAULT_ADDRESS_LO_OFFSET,
  REG_FAULT_INFO_OFFSET,
  REG_RESET_OFFSET,
  RESET_MAGIC,
} from '../../device/abi/generated/registers.js';
import { faultInfo } from '../../device/model/faults.js';
import { Dma } from '../../device/model/ports.js';
import { assertAllWell, finish, makeQueues } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { packetsOf } from '../support/frames-of.js';
import { InProcess, type InProcessOptions } from '../support/in-process.js';
import { temporaryDirectory } from '../support/temporary.js';

/** An adapter with an event queue and a completion queue. */
function world(options: InProcessOptions = {}) {
  const target = new InProcess(options);
  const d = new Driver(target).start();
  return { target, d, ...makeQueues(d) };
}

/** Runs the adapter until it cannot go on; no translation arrives. */
function exhaust(target: InProcess): void {
  while (target.step());
}

/** A page of memory has a translation again. */
function found(target: InProcess, address: number): void {
  target.memory.setHole(address, 4096, Dma.DONE);
  target.adapter.memoryChanged();
}

test('arming a queue that has entries, while the event queue has no translation yet, fires when it has one', t => {
  const { target, d, eq, cq } = world();
  const qp = d.channel({ sendCq: cq });
  d.send(qp, { opcode: Opcode.NOP });
  target.settle();
  d.armEq(eq);
  target.memory.setHole(eq.address, 4096, Dma.NOT_YET);
  d.arm(cq);
  target.settle();
  t.deepEqual([d.events(eq), target.interrupts(0)], [[], 0]);
  found(target, eq.address);
  target.settle();
  t.is(d.events(eq).length, 1);
  t.is(target.interrupts(0), 1);
  assertAllWell(finish(d, cq), 1);
});

test('the same for a queue that is armed again and again meanwhile: one event', t => {
  const { target, d, eq, cq } = world();
  const other = d.createCq(eq);
  const qps = [cq, other].map(sendCq => d.channel({ sendCq }));
  for (const qp of qps) d.send(qp, { opcode: Opcode.NOP });
  target.settle();
  target.memory.setHole(eq.address, 4096, Dma.NOT_YET);
  for (const queue of [cq, other, cq, cq, other]) d.arm(queue);
  target.settle();
  found(target, eq.address);
  target.settle();
  t.deepEqual(
    d.events(eq).map(e => e.number),
    [cq.number, other.number],
  );
});

/** Transfers of a NOP: its descriptor is read, its completion written, and the last word of that, then its event. */
const COMPLETION = 2;
const EVENT = 4;

/** A NOP that is committed, and the translation for one of its transfers has just gone away. */
function owed(transfer: number) {
  const w = world();
  const { target, d, eq, cq } = w;
  const otherCq = d.createCq(eq);
  const qp = d.channel({ sendCq: cq });
  const other = d.channel({ sendCq: otherCq });
  d.armEq(eq);
  d.arm(cq);
  d.send(qp, { opcode: Opcode.NOP, wrId: 1 });
  target.memory.missAt = target.memory.transfers + transfer;
  exhaust(target);
  return { ...w, otherCq, qp, other };
}

test('a completion that lost its translation after the commit: nothing else goes on, and nothing is lost', t => {
  const { target, d, eq, cq, otherCq, qp, other } = owed(COMPLETION);
  const untouched = () => [d.poll(cq, false).length, d.events(eq).length, target.interrupts(0)];
  t.deepEqual(untouched(), [0, 0, 0]);
  t.is(target.adapter.wakeAtNs, Infinity);
  d.send(other, { opcode: Opcode.NOP, wrId: 2 });
  d.arm(otherCq);
  exhaust(target);
  t.deepEqual(untouched(), [0, 0, 0]);
  t.deepEqual(d.poll(otherCq, false), []);
  // Once this command had ended, the guest would take the memory of the queue back.
  d.startCommand(Command.DESTROY_QP, input => {
    input[0] = qp.number;
  });
  exhaust(target);
  t.is(d.commandStatus(), undefined);
  target.settle();
  t.is(d.commandStatus(), CommandCode.OK);
  t.deepEqual(
    [cq, otherCq].flatMap(queue => d.poll(queue).map(c => c.wrId)),
    [1, 2],
  );
  t.deepEqual(
    d.events(eq).map(e => e.number),
    [cq.number, otherCq.number],
  );
  t.is(target.interrupts(0), 1);
});

test('a reset forgets what was owed: nothing is written after it', t => {
  const { target, d, cq } = owed(COMPLETION);
  d.writeRegister(REG_RESET_OFFSET, RESET_MAGIC);
  target.memory.knowAll();
  exhaust(target);
  t.deepEqual(d.poll(cq, false), []);
  d.start();
  const again = makeQueues(d);
  d.send(d.channel({ sendCq: again.cq }), { opcode: Opcode.NOP });
  exhaust(target);
  assertAllWell(d.poll(again.cq), 1);
});

test('a completion whose page goes away after the commit is a fault of its queue, counted once and told', t => {
  const { target, d, eq, cq } = owed(COMPLETION);
  target.memory.setHole(cq.address, 4096, Dma.FAULT);
  target.settle();
  t.is(d.readRegister(REG_COUNT_DMA_FAULTS_OFFSET), 1);
  t.is(d.readRegister(REG_FAULT_ADDRESS_LO_OFFSET), cq.address);
  t.is(d.readRegister(REG_FAULT_INFO_OFFSET), faultInfo(FaultObject.CQ, cq.number, true));
  t.is(d.queryQueue(Command.QUERY_CQ, cq.number).overflowed, 1);
  const types = d.events(eq).map(e => [e.type, e.number]);
  t.deepEqual(types, [
    [EventType.COMPLETION, cq.number],
    [EventType.CQ_ERROR, cq.number],
  ]);
  t.is(target.interrupts(0), 1);
});

test('a page of the event queue that goes away after the commit loses the event, and says so', t => {
  const { target, d, eq, cq } = owed(EVENT);
  assertAllWell(d.poll(cq), 1);
  target.memory.setHole(eq.address, 4096, Dma.FAULT);
  target.settle();
  t.is(d.queryQueue(Command.QUERY_EQ, eq.number).overflowed, 1);
  t.is(d.readRegister(REG_FAULT_INFO_OFFSET), faultInfo(FaultObject.EQ, eq.number, true));
  t.is(d.readRegister(REG_COUNT_DMA_FAULTS_OFFSET), 1);
});

test('a completion that the guest has is not written again while what follows it waits', t => {
  const { target, d, eq, cq } = owed(EVENT);
  assertAllWell(d.poll(cq), 1);
  target.writeBytes(cq.address, new Uint8Array(32));
  target.settle();
  t.deepEqual(target.readBytes(cq.address, 32), new Uint8Array(32));
  t.is(d.events(eq).length, 1);
});

test('the output of a command that has no translation: the command is tried again, whole', t => {
  const { target, d, cq } = world();
  const qp = d.channel({ sendCq: cq });
  d.setLink(Hold.ENGINE);
  d.push(qp, { opcode: Opcode.NOP });
  // The input is read by the first transfer, the output written by the second.
  target.memory.missAt = target.memory.transfers + 2;
  d.startCommand(Command.DESTROY_QP, input => {
    input[0] = qp.number;
  });
  exhaust(target);
  t.is(d.commandStatus(), undefined);
  target.settle();
  t.is(d.commandStatus(), CommandCode.OK);
  // The push slot was given back once, not twice: the next push is seen.
  d.setLink(0);
  d.push(d.channel({ sendCq: cq }), { opcode: Opcode.NOP }, { memory: null });
  assertAllWell(finish(d, cq), 1);
});

test('no queue has its turn after a completion that waits, however many slices the model may run', t => {
  const { target, d, eq, cq } = world();
  const otherCq = d.createCq(eq);
  for (const sendCq of [cq, otherCq]) d.send(d.channel({ sendCq }), { opcode: Opcode.NOP });
  target.memory.missAt = target.memory.transfers + 2;
  const reads = target.memory.reads.length;
  t.false(target.adapter.poll(8));
  t.is(target.memory.reads.length, reads + 1, 'the descriptor of the first queue, not of the second');
  target.settle();
  for (const queue of [cq, otherCq]) assertAllWell(d.poll(queue), 1);
});

test('memory that goes away in the middle of a completion is a fault at once', t => {
  const { target, d, eq, cq } = world();
  d.send(d.channel({ sendCq: cq }), { opcode: Opcode.NOP });
  target.memory.beforeWrite = () => {
    target.memory.beforeWrite = undefined;
    target.memory.setHole(cq.address, 4096, Dma.FAULT);
  };
  exhaust(target);
  t.deepEqual(
    d.events(eq).map(e => [e.type, e.number]),
    [[EventType.CQ_ERROR, cq.number]],
  );
  t.is(d.readRegister(REG_FAULT_ADDRESS_LO_OFFSET), cq.address);
});

test('a packet whose delivery waits for a translation is captured once', t => {
  const path = join(temporaryDirectory(t), 'waits.pcapng');
  const { target, d, cq } = world({ capturePath: path });
  const [a, b] = d.pair({ sendCq: cq });
  const to = d.alloc(4096);
  target.memory.setHole(to, 4096, Dma.NOT_YET);
  d.recv(b, [{ address: to, length: 8 }]);
  d.send(a, { opcode: Opcode.SEND, gather: [{ address: to + 4096, length: 8 }] });
  exhaust(target);
  t.deepEqual(d.poll(cq), []);
  target.memory.clearHoles();
  target.adapter.memoryChanged();
  assertAllWell(finish(d, cq), 2);
  target.close();
  t.deepEqual(
    packetsOf(path).map(p => p.opcode),
    [BthOpcode.RC_SEND_ONLY, BthOpcode.RC_ACKNOWLEDGE],
  );
});

test('a COPY keeps the slices that are done when the next one has no translation', t => {
  const { target, d, cq } = world();
  target.host.workWaiting = () => false;
  const qp = d.channel({ sendCq: cq });
  const [from, to] = [d.alloc(32768), d.alloc(32768)];
  target.memory.setHole(to + 16384, 4096, Dma.NOT_YET);
  const length = 32768;
  d.send(qp, {
    opcode: Opcode.COPY,
    gather: [{ address: from, length }],
    scatter: [{ address: to, length }],
  });
  exhaust(target);
  const before = target.memory.reads.length;
  found(target, to + 16384);
  assertAllWell(finish(d, cq), 1);
  t.is(target.memory.reads.length - before, 4, 'four slices were left');
});
