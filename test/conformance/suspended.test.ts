// SPDX-License-Identifier: MIT
// A translation that is not there yet may make an event late, never lost.
import test from 'ava';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import { Dma } from '../../device/model/ports.js';
import { assertAllWell, finish, makeQueues } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';

test('arming a queue that has entries, while the event queue has no translation yet, fires when it has one', t => {
  const target = new InProcess();
  const d = new Driver(target).start();
  const { eq, cq } = makeQueues(d);
  const qp = d.channel({ sendCq: cq });
  d.send(qp, { opcode: Opcode.NOP });
  target.settle();
  d.armEq(eq);
  target.memory.setHole(eq.address, 4096, Dma.NOT_YET);
  d.arm(cq);
  target.settle();
  t.deepEqual([d.events(eq), target.interrupts(0)], [[], 0]);
  target.memory.setHole(eq.address, 4096, Dma.DONE);
  target.adapter.memoryChanged();
  target.settle();
  t.is(d.events(eq).length, 1);
  t.is(target.interrupts(0), 1);
  assertAllWell(finish(d, cq), 1);
});

test('the same for a queue that is armed again and again meanwhile: one event', t => {
  const target = new InProcess();
  const d = new Driver(target).start();
  const { eq, cq } = makeQueues(d);
  const other = d.createCq(eq);
  const qps = [cq, other].map(sendCq => d.channel({ sendCq }));
  for (const qp of qps) d.send(qp, { opcode: Opcode.NOP });
  target.settle();
  target.memory.setHole(eq.address, 4096, Dma.NOT_YET);
  for (const queue of [cq, other, cq, cq, other]) d.arm(queue);
  target.settle();
  target.memory.setHole(eq.address, 4096, Dma.DONE);
  target.adapter.memoryChanged();
  target.settle();
  t.deepEqual(
    d.events(eq).map(e => e.number),
    [cq.number, other.number],
  );
});
