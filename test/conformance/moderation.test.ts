// SPDX-License-Identifier: MIT
// Moderation of completion queues, with a clock that the test holds: by count, by time, at once, after a take-over.
import test, { type ExecutionContext } from 'ava';
import { Command, CommandCode, Hold } from '../../device/abi/generated/commands.js';
import { Opcode, WqeFlag } from '../../device/abi/generated/descriptors.js';
import { REG_RESET_OFFSET, RESET_MAGIC } from '../../device/abi/generated/registers.js';
import { createAdapter } from '../../device/model/adapter.js';
import { Dma } from '../../device/model/ports.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import type { Cq, Eq, Qp } from '../support/work.js';

const NS_PER_US = 1000;

class Desk {
  readonly target = new InProcess();
  readonly driver = new Driver(this.target).start();
  readonly eq: Eq;
  readonly cq: Cq;
  readonly qp: Qp;

  constructor(count: number, periodUs: number, logDepth = 6) {
    this.eq = this.driver.createEq(0, logDepth);
    this.cq = this.driver.createCq(this.eq, 6);
    this.qp = this.driver.channel({ sendCq: this.cq });
    if (count > 0) this.moderate(count, periodUs);
  }

  moderate(count: number, periodUs: number): void {
    if (this.driver.modifyCq(this.cq, count, periodUs) !== CommandCode.OK) throw new Error('refused');
  }

  work(count = 1): void {
    for (let n = 0; n < count; n++) this.driver.send(this.qp, { opcode: Opcode.NOP });
    this.target.settle();
  }

  /** Lets time pass, and what is due then. */
  pass(us: number): void {
    this.target.nowNs += us * NS_PER_US;
    this.target.settle();
  }

  events(): number {
    return this.driver.events(this.eq).length;
  }

  arm(): void {
    this.driver.poll(this.cq);
    this.driver.arm(this.cq);
    this.target.settle();
  }
}

/** The adapter asks to be called again `us` from now; undefined: not at all. */
function assertWakes(t: ExecutionContext, desk: Desk, us: number | undefined): void {
  const { adapter, nowNs } = desk.target;
  t.is(adapter.wakeAtNs, us === undefined ? Infinity : nowNs + us * NS_PER_US);
}

test('after the count, whatever the time', t => {
  const desk = new Desk(4, 100);
  desk.arm();
  desk.work(3);
  t.is(desk.events(), 0);
  desk.work();
  t.is(desk.events(), 1);
  desk.work(8);
  desk.pass(1000);
  t.is(desk.events(), 0, 'not armed');
  desk.arm();
  desk.work(3);
  t.is(desk.events(), 0, 'it counts from the arming on');
  desk.work();
  t.is(desk.events(), 1);
});

test('after the period from the first completion on, not before', t => {
  const desk = new Desk(4, 100);
  desk.arm();
  assertWakes(t, desk, undefined);
  desk.pass(500);
  desk.work();
  assertWakes(t, desk, 100);
  desk.pass(60);
  desk.work();
  assertWakes(t, desk, 40);
  desk.pass(39);
  t.is(desk.events(), 0);
  desk.pass(1);
  t.is(desk.events(), 1);
  assertWakes(t, desk, undefined);
  t.is(desk.driver.queryQueue(Command.QUERY_CQ, desk.cq.number).armed, 0);
  desk.arm();
  desk.work(3);
  desk.pass(99);
  t.is(desk.events(), 0, 'a period of its own after each arming');
  desk.pass(1);
  t.is(desk.events(), 1);
});

test('the period that began before the queue was armed anew is forgotten', t => {
  const desk = new Desk(4, 100);
  desk.arm();
  desk.work();
  desk.pass(90);
  desk.arm();
  desk.work();
  desk.pass(50);
  t.is(desk.events(), 0);
  desk.pass(49);
  t.is(desk.events(), 0);
  desk.pass(1);
  t.is(desk.events(), 1);
});

test('an entry that was there when the queue was armed is told at once', t => {
  const desk = new Desk(4, 100);
  desk.work();
  desk.driver.arm(desk.cq);
  desk.target.settle();
  t.is(desk.events(), 1);
});

test('armed for solicited completions only those count', t => {
  const desk = new Desk(0, 0);
  const { driver, target } = desk;
  const recvCq = driver.createCq(desk.eq, 6);
  const [a, b] = driver.pair({ sendCq: desk.cq, recvCq });
  t.is(driver.modifyCq(recvCq, 2, 100), CommandCode.OK);
  driver.recv(b, ...Array.from({ length: 8 }, () => []));
  driver.arm(recvCq, true);
  const send = (flags: number): void => {
    driver.send(a, { opcode: Opcode.SEND, flags });
    target.settle();
  };
  send(0);
  send(0);
  desk.pass(1000);
  t.is(desk.events(), 0);
  send(WqeFlag.SOLICITED);
  send(0);
  t.is(desk.events(), 0, 'one');
  send(WqeFlag.SOLICITED);
  t.is(desk.events(), 1, 'two');
});

test('MODIFY_CQ of an armed queue that has gathered tells at once', t => {
  for (const [count, period] of [
    [0, 0],
    [10, 1000],
  ] as const) {
    const desk = new Desk(4, 100);
    desk.arm();
    desk.work(2);
    t.is(desk.events(), 0);
    desk.moderate(count, period);
    desk.target.settle();
    t.is(desk.events(), 1, `${count}`);
  }
});

test('what is due when the event queue is full is told after the next EQ_ARM', t => {
  for (const byTime of [false, true]) {
    const desk = new Desk(2, 100, 1);
    const { driver, target } = desk;
    const others = [driver.createCq(desk.eq), driver.createCq(desk.eq)];
    for (const cq of others) {
      driver.arm(cq);
      driver.send(driver.channel({ sendCq: cq }), { opcode: Opcode.NOP });
    }
    desk.arm();
    desk.work(byTime ? 1 : 2);
    desk.pass(100);
    t.is(desk.events(), 2, 'the others');
    driver.armEq(desk.eq);
    target.settle();
    t.deepEqual(
      driver.events(desk.eq).map(e => e.number),
      [desk.cq.number],
    );
  }
});

test('a period that ends while the event queue cannot be reached is told when it can', t => {
  const desk = new Desk(4, 100);
  const { target, eq } = desk;
  desk.arm();
  desk.work();
  target.memory.setHole(eq.address, 4096, Dma.NOT_YET);
  desk.pass(100);
  t.is(desk.events(), 0, 'a translation is being fetched');
  target.memory.setHole(eq.address, 4096, Dma.DONE);
  target.adapter.memoryChanged();
  t.is(desk.events(), 1);
  desk.arm();
  desk.work();
  target.busMaster(false);
  desk.pass(500);
  t.is(desk.events(), 0);
  target.busMaster(true);
  target.settle();
  t.is(desk.events(), 1, 'Bus Master Enable is on again');
});

test('a successor gives every period that runs its full length', t => {
  const desk = new Desk(4, 100);
  const { target } = desk;
  desk.arm();
  desk.work(2);
  desk.pass(90);
  target.adapter = createAdapter();
  target.adapter.attach(target.host, target.region, false);
  target.adapter.control({ kind: 'run' });
  target.settle();
  assertWakes(t, desk, 100);
  desk.pass(99);
  t.is(desk.events(), 0);
  desk.pass(1);
  t.is(desk.events(), 1);
  desk.arm();
  desk.work(3);
  target.adapter = createAdapter();
  target.adapter.attach(target.host, target.region, false);
  target.adapter.control({ kind: 'run' });
  desk.work();
  t.is(desk.events(), 1, 'the count goes on');
});

test('a reset forgets periods, a queue that is held gathers nothing', t => {
  const desk = new Desk(4, 100);
  desk.arm();
  desk.driver.setLink(Hold.ENGINE);
  desk.work();
  assertWakes(t, desk, undefined);
  desk.driver.setLink(0);
  desk.target.settle();
  assertWakes(t, desk, 100);
  desk.driver.writeRegister(REG_RESET_OFFSET, RESET_MAGIC);
  assertWakes(t, desk, undefined);
  desk.pass(1000);
  t.is(desk.events(), 0);
});

test('completion queues end their periods one by one', t => {
  const desk = new Desk(4, 100);
  const { driver, target, eq } = desk;
  const other = driver.createCq(eq, 4);
  const qp = driver.channel({ sendCq: other });
  t.is(driver.modifyCq(other, 2, 30), CommandCode.OK);
  desk.arm();
  driver.arm(other);
  desk.work();
  desk.pass(50);
  driver.send(qp, { opcode: Opcode.NOP });
  target.settle();
  assertWakes(t, desk, 30);
  desk.pass(30);
  t.deepEqual(
    driver.events(eq).map(e => e.number),
    [other.number],
  );
  assertWakes(t, desk, 20);
  desk.pass(20);
  t.deepEqual(
    driver.events(eq).map(e => e.number),
    [desk.cq.number],
  );
});
