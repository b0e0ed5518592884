// SPDX-License-Identifier: MIT
// "Why did nothing happen?" answered: each reason is brought about and looked for among the findings. That nothing is said
// of an adapter at which all is well is part of it.
import test from 'ava';
import * as c from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import * as r from '../../device/abi/generated/registers.js';
import { createAdapter } from '../../device/model/adapter.js';
import { Dma } from '../../device/model/ports.js';
import { finish, makeQueues } from '../support/bench.js';
import { Station } from '../support/station.js';

const NOP = { opcode: Opcode.NOP };

test('before anybody has connected', t => {
  t.deepEqual(createAdapter().controlOps.explain(), [{ code: 'no-front-end', severity: 'problem' }]);
});

test('an adapter at which all is well has no problem', t => {
  const s = new Station();
  const { eq, cq } = makeQueues(s.driver);
  const qp = s.driver.channel({ sendCq: cq });
  s.driver.armEq(eq);
  s.driver.arm(cq);
  s.driver.send(qp, NOP, NOP);
  s.target.settle();
  s.driver.events(eq);
  s.driver.poll(cq);
  s.driver.arm(cq);
  s.driver.armEq(eq);
  t.deepEqual(s.problems(), []);
  t.deepEqual(s.of('doorbells'), [
    { qpn: qp.number, type: 'DMA', state: 'RTS', seen: 2, executed: 2, waiting: 0, pushed: 0, receives: 0 },
  ]);
  t.deepEqual(s.of('records-began'), [{ takenOver: false, ageMs: 0 }]);
});

test('what stops the function as a whole', t => {
  const s = new Station();
  s.target.adapter.control({ kind: 'stop' });
  t.deepEqual(s.problems(), ['stopped']);
  s.target.adapter.control({ kind: 'run' });
  s.control('power', false);
  t.deepEqual(s.problems(), ['asleep']);
  s.control('power', true);
  s.control('bus-master', false);
  t.deepEqual(s.problems(), ['bus-master-off']);
  s.control('bus-master', true);
  s.driver.writeRegister(r.REG_CONTROL_OFFSET, 0);
  t.deepEqual(s.problems(), ['not-enabled']);
  s.driver.writeRegister(r.REG_CONTROL_OFFSET, 1);
  s.driver.setLink(c.Hold.LINK | c.Hold.ENGINE, 100);
  t.deepEqual(s.of('held'), [{ what: 'link' }, { what: 'engine' }]);
  t.deepEqual(s.of('rate'), [{ mbps: 100 }]);
});

test('interrupts: owed, in the cause register, MSI-X off', t => {
  const s = new Station();
  s.control('bus-master', false);
  s.driver.writeRegister(r.REG_INTERRUPT_TEST_OFFSET, 5);
  t.deepEqual(s.of('interrupts-owed'), [{ vectors: [5], until: 'bus-master' }]);
  s.control('msix', false);
  t.deepEqual(s.of('interrupts-owed'), []);
  t.deepEqual(s.of('interrupt-cause'), [{ vectors: [5] }]);
  t.is(s.of('msix-off').length, 1);
});

test('event and completion queues that nobody would be told about', t => {
  const s = new Station();
  const { driver: d, target } = s;
  const eq = d.createEq(3, 1);
  const cqs = Array.from({ length: 3 }, () => d.createCq(eq, 1));
  for (const cq of cqs) d.arm(cq);
  for (const sendCq of cqs) d.send(d.channel({ sendCq }), NOP);
  target.settle();
  t.deepEqual(s.of('eq-not-armed'), [{ eqn: eq.number, vector: 3, events: 2 }]);
  t.deepEqual(s.of('eq-full'), [{ eqn: eq.number, depth: 2 }]);
  t.deepEqual(s.of('cq-not-armed'), [
    { cqn: cqs[0].number, entries: 1, armed: 'NO' },
    { cqn: cqs[1].number, entries: 1, armed: 'NO' },
  ]);
  const [, , last] = cqs;
  d.send(d.channel({ sendCq: last }), NOP, NOP);
  target.settle();
  t.deepEqual(s.of('cq-overflow'), [{ cqn: last.number, depth: 2 }]);
});

test('a queue pair in error: since which descriptor, and for which DMA fault', t => {
  const s = new Station();
  const { driver: d, target } = s;
  const { cq } = makeQueues(d);
  const qp = d.channel({ sendCq: cq });
  const scatter = [{ address: target.nowhere + 16, length: 8 }];
  d.send(qp, NOP, { opcode: Opcode.FILL, scatter });
  target.settle();
  const fault = { object: 'SCATTER', number: qp.number, write: true, address: target.nowhere + 16 };
  t.deepEqual(s.of('qp-error'), [{ qpn: qp.number, type: 'DMA', status: 'GENERAL_ERR', index: 1, fault }]);
  t.deepEqual(s.of('dma-fault'), [{ ...fault, index: 1, times: 1 }]);
  const [a, b] = d.pair({ sendCq: cq });
  d.modify(a, c.QpAttr.STATE, { state: c.QpState.ERR });
  d.modify(b, c.QpAttr.STATE, { state: c.QpState.RESET });
  t.deepEqual(s.of('qp-error').at(-1), {
    ...{ qpn: a.number, type: 'RC', status: '', index: 0 },
    ...{ peer: b.number, peerState: 'RESET' },
  });
  t.deepEqual(s.of('qp-wrong-state'), [{ qpn: b.number, type: 'RC', state: 'RESET', receives: 0 }]);
});

test('a message waits for a receive, then for a translation', t => {
  const s = new Station();
  const { driver: d, target } = s;
  const { cq } = makeQueues(d);
  const [a, b] = d.pair({ sendCq: cq });
  const at = d.alloc(4096);
  target.memory.setHole(at, 4096, Dma.NOT_YET);
  d.send(a, { opcode: Opcode.SEND, gather: [{ address: at + 8, length: 4 }] });
  s.exhaust();
  t.deepEqual(s.of('waits-for-receive'), [{ qpn: a.number, peer: b.number, peerState: 'RTS', waiting: 1 }]);
  d.recv(b, [{ address: d.alloc(64), length: 64 }]);
  s.exhaust();
  t.deepEqual(s.of('waits-for-receive'), []);
  t.deepEqual(s.of('waits-for-translation'), [
    { qpn: a.number, object: 'GATHER', number: a.number, address: at + 8 },
  ]);
  target.memory.clearHoles();
  target.adapter.memoryChanged();
  t.is(finish(d, cq).length, 2);
  t.deepEqual(s.of('waits-for-translation'), []);
});

test('however many queues wait for a translation, none is said to wait for a receive', t => {
  const s = new Station();
  const { driver: d, target } = s;
  const { cq } = makeQueues(d);
  const at = d.alloc(4096);
  target.memory.setHole(at, 4096, Dma.NOT_YET);
  const fill = { opcode: Opcode.FILL, scatter: [{ address: at, length: 4 }] };
  for (let n = 0; n < 300; n++) d.send(d.channel({ sendCq: cq, logDepth: 1 }), fill);
  s.exhaust();
  t.deepEqual(s.of('waits-for-receive'), []);
  t.is(s.of('waits-for-translation').length, 64);
  t.is(s.of('not-shown').find(f => f.what === 'waits-for-translation')?.count, 300 - 64);
});

test('a completion and a command that wait', t => {
  const s = new Station();
  const { driver: d, target } = s;
  const { cq } = makeQueues(d);
  d.send(d.channel({ sendCq: cq }), NOP);
  target.memory.missAt = target.memory.transfers + 2;
  s.exhaust();
  d.startCommand(c.Command.ALLOC_PD);
  const owed = { count: 1, object: 'CQ', number: cq.number, address: cq.address, until: 'translation' };
  t.deepEqual(s.of('writes-owed'), [owed]);
  t.deepEqual(s.of('command-waiting'), [{ opcode: 'ALLOC_PD', until: 'writes' }]);
  target.settle();
  t.deepEqual([s.of('writes-owed'), s.of('command-waiting')], [[], []]);
  s.control('power', false);
  d.startCommand(c.Command.ALLOC_PD);
  t.deepEqual(s.of('command-waiting'), [{ opcode: 'ALLOC_PD', until: 'awake' }]);
});

test('a port that is down, packets that were dropped, queue pairs in SQD and SQE', t => {
  const s = new Station();
  const { driver: d } = s;
  const { cq } = makeQueues(d);
  const [sender, receiver] = [d.datagram({ sendCq: cq }), d.datagram({ sendCq: cq })];
  const datagram = (qkey: number) => ({
    opcode: Opcode.SEND,
    gather: [{ address: d.alloc(4096), length: 8 }],
    to: { ah, qpn: receiver.number, qkey },
  });
  const ah = d.createAh();
  d.send(sender, datagram(0x1234), datagram(1));
  finish(d, cq);
  t.deepEqual(s.of('packets-dropped'), [
    { why: 'qkey', times: 1 },
    { why: 'no-receive', times: 1 },
  ]);
  d.setLink(c.Hold.PORT);
  t.deepEqual(s.of('held'), [{ what: 'port' }]);
  d.setLink(0);
  d.send(sender, { opcode: 99 });
  finish(d, cq);
  t.deepEqual(s.of('qp-send-error'), [{ qpn: sender.number, type: 'UD', status: 'LOC_QP_OP_ERR', index: 2 }]);
  t.is(d.modify(receiver, c.QpAttr.STATE, { state: c.QpState.SQD }), c.CommandCode.OK);
  d.send(receiver, NOP);
  t.deepEqual(s.of('qp-drained'), [{ qpn: receiver.number, type: 'UD', draining: false, waiting: 1 }]);
});

test('shared receive queues: one that is empty, one that cannot be read, a queue pair that has one', t => {
  const s = new Station();
  const { driver: d, target } = s;
  const { cq } = makeQueues(d);
  const srq = d.createSrq();
  const [a, b] = d.pair({ sendCq: cq, srq });
  d.send(a, { opcode: Opcode.SEND });
  s.exhaust();
  t.deepEqual(s.of('waits-for-receive'), [
    { qpn: a.number, peer: b.number, peerState: 'RTS', srqn: srq.number, waiting: 1 },
  ]);
  d.doorbell(0, r.DB_RECV_OFFSET, b.number, 1);
  d.doorbell(0, r.DB_SRQ_OFFSET, srq.number + 1, 1);
  t.deepEqual(
    s.of('doorbell-refused').map(f => [f.register, f.queue, f.number, f.why]),
    [
      ['RECV', 'qp', b.number, 'shared-queue'],
      ['SRQ', 'srq', srq.number + 1, 'unknown-queue'],
    ],
  );
  target.memory.setHole(srq.recv.address, 4096, Dma.FAULT);
  d.recvShared(srq, []);
  finish(d, cq);
  t.deepEqual(s.of('srq-failed'), [{ srqn: srq.number }]);
});

test('a completion queue that gathers', t => {
  const s = new Station();
  const { driver: d } = s;
  const { cq } = makeQueues(d);
  const qp = d.channel({ sendCq: cq });
  t.is(d.modifyCq(cq, 3, 50), c.CommandCode.OK);
  d.arm(cq);
  d.send(qp, NOP, NOP);
  s.target.settle();
  t.deepEqual(s.of('cq-gathers'), [{ cqn: cq.number, gathered: 2, count: 3, periodUs: 50 }]);
});
