// SPDX-License-Identifier: MIT
// "Why did nothing happen?", as far as the guest was refused something: doorbells, pushes, commands, accesses.
import test from 'ava';
import * as c from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import * as r from '../../device/abi/generated/registers.js';
import { makeQueues } from '../support/bench.js';
import { Station } from '../support/station.js';
import { bufferOffset } from '../support/work.js';

const NOP = { opcode: Opcode.NOP };

test('doorbells that are refused, each with its reason', t => {
  const s = new Station();
  const { driver: d } = s;
  const page = d.create(c.Command.ALLOC_PAGE);
  const { eq, cq } = makeQueues(d);
  const qp = d.channel({ sendCq: cq, logDepth: 2 });
  const idle = d.createQp({ sendCq: cq });
  const number = qp.number;
  d.doorbell(77, r.DB_SEND_OFFSET, number, 1);
  d.doorbell(0, r.DB_SEND_OFFSET, 999, 1);
  d.doorbell(page, r.DB_SEND_OFFSET, number, 1);
  d.doorbell(0, r.DB_SEND_OFFSET, idle.number, 1);
  d.doorbell(0, r.DB_SEND_OFFSET, number, 5);
  d.doorbell(0, r.DB_SEND_OFFSET, number, 6);
  d.doorbell(0, r.DB_RECV_OFFSET, number, 1);
  d.doorbell(page, r.DB_CQ_ARM_OFFSET, cq.number, 0);
  d.doorbell(0, r.DB_CQ_UPDATE_OFFSET, 888, 0);
  d.doorbell(page, r.DB_EQ_ARM_OFFSET, eq.number, 0);
  d.trailer(page, 0, number, 0, 32);
  const queue = 'qp';
  const far = { producer: 0, consumer: 0, depth: 4 };
  t.deepEqual(s.of('doorbell-refused'), [
    { page: 77, register: '?', why: 'page-not-allocated', times: 1 },
    { page: 0, register: 'SEND', queue, number: 999, why: 'unknown-queue', times: 1 },
    { page, register: 'SEND', queue, number, why: 'other-page', ownerPage: 0, times: 1 },
    { page: 0, register: 'SEND', queue, number: idle.number, why: 'wrong-state', state: 'RESET', times: 1 },
    { page: 0, register: 'SEND', queue, number, why: 'index-too-far', index: 6, ...far, times: 2 },
    { page: 0, register: 'RECV', queue, number, why: 'no-receive-queue', times: 1 },
    { page, register: 'CQ_ARM', queue: 'cq', number: cq.number, why: 'other-page', ownerPage: 0, times: 1 },
    { page: 0, register: 'CQ_UPDATE', queue: 'cq', number: 888, why: 'unknown-queue', times: 1 },
    { page, register: 'EQ_ARM', queue: 'eq', number: eq.number, why: 'kernel-page-only', times: 1 },
    { page, register: 'TRAILER', queue, number, why: 'other-page', ownerPage: 0, times: 1 },
  ]);
  d.send(qp, NOP);
  d.ringSend(qp);
  t.deepEqual(s.of('doorbell-ignored'), [
    { page: 0, register: 'SEND', number, why: 'already-taken', index: 1, producer: 1, times: 1 },
  ]);
});

test('pushes that ran as doorbells, each with its reason', t => {
  const s = new Station();
  const { driver: d } = s;
  const { cq } = makeQueues(d);
  const qp = d.channel({ sendCq: cq, logDepth: 5 });
  d.setLink(c.Hold.ENGINE);
  const bytes = () => d.encode(NOP, qp.send.producer);
  const trailer = (length: number, generation?: number, named?: number) => {
    const index = qp.send.producer;
    d.post(qp.send, NOP);
    d.trailer(0, 0, qp.number, index, length, generation, named);
  };
  d.storePush(0, 0, bytes());
  trailer(32, undefined, 1);
  d.storePush(0, 0, bytes());
  trailer(32, 99);
  d.storePush(0, 0, bytes());
  trailer(16);
  d.storePush(0, 0, bytes());
  d.storeAt(bufferOffset(0, 0), new Uint8Array(8));
  trailer(32);
  d.storePush(0, 0, bytes().subarray(8));
  trailer(32);
  d.post(qp.send, NOP);
  d.push(qp, NOP);
  for (let n = 0; n < 17; n++) d.push(qp, NOP);
  const whys = [
    'wrong-buffer',
    'wrong-generation',
    'bad-length',
    'torn',
    'incomplete',
    'not-next',
    'no-slot',
  ];
  t.deepEqual(
    s.of('push-fallback').map(f => f.why),
    whys,
  );
  t.deepEqual(s.of('push-fallback').at(-1), {
    ...{ page: 0, buffer: 0, qpn: qp.number, why: 'no-slot', index: 23, producer: 23, times: 1 },
  });
});

test('commands that are refused, each with the field', t => {
  const s = new Station();
  const { driver: d } = s;
  const { eq, cq } = makeQueues(d);
  const qp = d.channel({ sendCq: cq });
  d.tryCommand(0x77);
  d.tryCommand(c.Command.CREATE_EQ, i => i.set([0, 0, d.key, 3 + 99 * 65536]));
  d.tryCommand(c.Command.CREATE_EQ, i => i.set([64, 0, 5, 3]));
  d.tryCommand(c.Command.CREATE_CQ, i => i.set([64, 0, d.key, 3, 99]));
  d.tryCommand(c.Command.REGISTER_MR, i => i.set([d.pd, 12 * 65536, 0, 0, 10]));
  d.tryCommand(c.Command.CREATE_QP, i => i.set([d.pd, 0, 99, 0, 0x060601]));
  d.destroy(c.Command.DESTROY_CQ, cq.number);
  d.destroy(c.Command.DESTROY_EQ, eq.number + 9);
  d.modify(qp, c.QpAttr.STATE, { state: c.QpState.INIT });
  d.modify(qp, c.QpAttr.STATE, { state: c.QpState.INIT });
  d.modify(qp, c.QpAttr.MTU, { mtu: 9 });
  d.writeRegister(r.REG_MAILBOX_LO_OFFSET, 8);
  d.tryCommand(c.Command.ALLOC_PD);
  s.control('bus-master', false);
  d.tryCommand(c.Command.ALLOC_PD);
  t.deepEqual(
    s.of('command-refused').map(f => [f.opcode, f.status, f.field, f.times]),
    [
      ['0x77', 'BAD_OPCODE', 'opcode', 1],
      ['CREATE_EQ', 'BAD_PARAMETER', 'vector', 1],
      ['CREATE_EQ', 'BAD_HANDLE', 'lkey', 1],
      ['CREATE_CQ', 'BAD_HANDLE', 'eqn', 1],
      ['REGISTER_MR', 'BAD_PARAMETER', 'page_count', 1],
      ['CREATE_QP', 'BAD_HANDLE', 'send_cqn', 1],
      ['DESTROY_CQ', 'BUSY', 'users', 1],
      ['DESTROY_EQ', 'BAD_HANDLE', 'handle', 1],
      ['MODIFY_QP', 'BAD_STATE', 'transition', 2],
      ['MODIFY_QP', 'BAD_PARAMETER', 'mtu', 1],
      ['ALLOC_PD', 'BAD_PARAMETER', 'mailbox', 1],
      ['ALLOC_PD', 'NO_BUS_MASTER', undefined, 1],
    ],
  );
});

test('accesses that no register takes, each with its reason', t => {
  const s = new Station();
  const { driver: d, target } = s;
  target.load(r.REGISTER_BAR, r.REG_ID_OFFSET + 1, 1);
  target.store(r.REGISTER_BAR, r.REG_ID_OFFSET, 4, 1);
  target.store(r.REGISTER_BAR, 0x800, 4, 1);
  target.store(r.DOORBELL_BAR, r.DB_SEND_OFFSET, 4, 1);
  d.writeRegister(r.REG_INTERRUPT_TEST_OFFSET, 99);
  s.control('power', false);
  d.startCommand(c.Command.ALLOC_PD);
  d.startCommand(c.Command.ALLOC_PD);
  t.deepEqual(
    s.of('bad-access').map(f => [f.bar, f.offset, f.size, f.write, f.why]),
    [
      [r.REGISTER_BAR, 1, 1, false, 'size'],
      [r.REGISTER_BAR, 0, 4, true, 'read-only'],
      [r.REGISTER_BAR, 0x800, 4, true, 'no-register'],
      [r.DOORBELL_BAR, 0, 4, true, 'size'],
      [r.REGISTER_BAR, r.REG_INTERRUPT_TEST_OFFSET, 4, true, 'value'],
      [r.REGISTER_BAR, r.REG_COMMAND_OFFSET, 4, true, 'busy'],
    ],
  );
});

test('what was refused before a reset is still told, as such; after a restart it is not, and the answer says so', t => {
  const s = new Station();
  s.driver.doorbell(0, r.DB_SEND_OFFSET, 999, 1);
  s.driver.writeRegister(r.REG_RESET_OFFSET, r.RESET_MAGIC);
  t.true(s.of('doorbell-refused')[0].beforeReset);
  s.driver.doorbell(0, r.DB_SEND_OFFSET, 999, 1);
  t.deepEqual([s.of('doorbell-refused')[0].beforeReset, s.of('doorbell-refused')[0].times], [undefined, 1]);
  s.target.nowNs = 5e6;
  s.target.adapter.attach(s.target.host, s.target.region, false);
  s.target.nowNs = 12e6;
  t.deepEqual(s.of('doorbell-refused'), []);
  t.deepEqual(s.of('records-began'), [{ takenOver: true, ageMs: 7 }]);
});

test('only so many different refusals are remembered, the latest ones, and so many queues shown', t => {
  const s = new Station();
  const { driver: d } = s;
  for (let n = 0; n < 100; n++) d.doorbell(0, r.DB_SEND_OFFSET, 1000 + n, 1);
  const numbers = s.of('doorbell-refused').map(f => f.number);
  t.deepEqual(
    numbers,
    Array.from({ length: 64 }, (_, n) => 1036 + n),
  );
  t.deepEqual(s.of('records-dropped'), [{ count: 36 }]);
  const { cq } = makeQueues(d);
  for (let n = 0; n < 70; n++) d.createQp({ sendCq: cq, logDepth: 1, logStride: 6 });
  t.is(s.of('doorbells').length, 64);
  t.deepEqual(s.of('not-shown'), [
    { what: 'qp-wrong-state', count: 6 },
    { what: 'doorbells', count: 6 },
  ]);
});
