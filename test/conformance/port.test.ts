// SPDX-License-Identifier: MIT
// The port taken down and brought up from outside the guest: told when it can be, the present state last.
import test from 'ava';
import { CommandCode, Hold, PortState } from '../../device/abi/generated/commands.js';
import { EventType } from '../../device/abi/generated/descriptors.js';
import { createAdapter } from '../../device/model/adapter.js';
import { Dma } from '../../device/model/ports.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import type { Eq } from '../support/work.js';

class Desk {
  readonly target = new InProcess();
  readonly driver = new Driver(this.target).start();
  readonly eq: Eq;

  constructor(logDepth = 4) {
    this.eq = this.driver.createEq(5, logDepth);
    this.driver.armEq(this.eq);
  }

  hold(hold: number): void {
    this.target.adapter.controlOps.link({ hold });
  }

  told(): number[] {
    return this.driver.events(this.eq).map(e => e.type);
  }
}

const { PORT_ACTIVE, PORT_ERROR, GID_CHANGE } = EventType;

test('at once, with an interrupt, and once for each change', t => {
  const desk = new Desk();
  desk.hold(Hold.PORT);
  t.deepEqual(desk.told(), [PORT_ERROR]);
  t.is(desk.target.interrupts(5), 1);
  t.is(desk.driver.queryPort().state, PortState.DOWN);
  desk.hold(Hold.PORT | Hold.ENGINE);
  t.deepEqual(desk.told(), []);
  desk.hold(0);
  t.deepEqual(desk.told(), [PORT_ACTIVE]);
  t.is(desk.driver.queryPort().state, PortState.ACTIVE);
  t.throws(() => desk.hold(8));
});

test('after Bus Master Enable, whoever takes over by then', t => {
  for (const successor of [false, true]) {
    const desk = new Desk();
    const { target } = desk;
    target.busMaster(false);
    desk.hold(Hold.PORT);
    t.deepEqual(desk.told(), []);
    if (successor) {
      target.adapter = createAdapter();
      target.adapter.attach(target.host, target.region, false);
      target.adapter.control({ kind: 'run' });
    }
    target.busMaster(true);
    target.settle();
    t.deepEqual(desk.told(), [PORT_ERROR]);
    desk.hold(0);
    t.deepEqual(desk.told(), [PORT_ACTIVE]);
  }
});

test('both changes, the present state last, when neither could be told', t => {
  for (const [holds, expected] of [
    [
      [Hold.PORT, 0],
      [PORT_ERROR, PORT_ACTIVE],
    ],
    [
      [Hold.PORT, 0, Hold.PORT],
      [PORT_ACTIVE, PORT_ERROR],
    ],
  ] as const) {
    const desk = new Desk();
    desk.target.busMaster(false);
    for (const hold of holds) desk.hold(hold);
    desk.target.busMaster(true);
    desk.target.settle();
    t.deepEqual(desk.told(), [...expected]);
  }
});

test('after the next EQ_ARM when the event queue is full, with what happened to GIDs meanwhile', t => {
  const desk = new Desk(1);
  const { driver, target, eq } = desk;
  for (const index of [3, 4, 5, 6])
    t.is(driver.setGid(index, Uint8Array.of(0x20, ...new Uint8Array(14), index)), CommandCode.OK);
  desk.hold(Hold.PORT);
  target.settle();
  const all: [number, number][] = [];
  for (let n = 0; n < 4; n++) {
    all.push(...driver.events(eq).map(e => [e.type, e.detail] as [number, number]));
    driver.armEq(eq);
    target.settle();
  }
  t.deepEqual(all, [
    [GID_CHANGE, 3],
    [GID_CHANGE, 4],
    [PORT_ERROR, 0],
    [GID_CHANGE, 5],
    [GID_CHANGE, 6],
  ]);
});

test('when the event queue can be reached again', t => {
  const desk = new Desk();
  const { target, eq } = desk;
  target.memory.setHole(eq.address, 4096, Dma.NOT_YET);
  desk.hold(Hold.PORT);
  t.deepEqual(desk.told(), []);
  target.memory.setHole(eq.address, 4096, Dma.DONE);
  target.adapter.memoryChanged();
  t.deepEqual(desk.told(), [PORT_ERROR]);
});
