// SPDX-License-Identifier: MIT
// What every link does, whatever is behind it.
import type { TestFn } from 'ava';
import { type Link, WIRE_OVERHEAD_BYTES } from '../../device/fabric/link.js';
import { pattern } from '../support/frames.js';
import { ManualClock } from '../support/manual-clock.js';

export interface LinkUnderTest {
  readonly link: Link;
  setRateMbps(rate: number): void;
  setHeld(held: boolean): void;
}

export function linkContract(test: TestFn, name: string, make: (clock: ManualClock) => LinkUnderTest): void {
  test(`${name}: frames arrive in order, byte for byte, before transmit returns`, t => {
    const { link } = make(new ManualClock());
    const received: Uint8Array[] = [];
    link.receiver = (frame, length) => received.push(frame.slice(0, length));
    for (let i = 0; i < 10; i++) {
      link.transmit(pattern(100 + i, i), 60 + i);
      t.is(received.length, i + 1);
      t.deepEqual(received[i], pattern(60 + i, i));
    }
    t.deepEqual(link.counters, {
      transmittedFrames: 10,
      transmittedBytes: 645,
      receivedFrames: 10,
      receivedBytes: 645,
    });
  });

  test(`${name}: without a rate the wire is always free`, t => {
    const { link } = make(new ManualClock());
    link.transmit(pattern(64), 64);
    t.true(link.mayTransmit(0));
    t.is(link.readyAtNs, 0);
  });

  test(`${name}: a rate keeps the wire busy for the time of each frame`, t => {
    const clock = new ManualClock();
    const { link, setRateMbps } = make(clock);
    setRateMbps(1000);
    clock.ns = 5000;
    t.true(link.mayTransmit(clock.ns));
    link.transmit(pattern(1000), 1000);
    const busyNs = (1000 + WIRE_OVERHEAD_BYTES) * 8;
    t.is(link.readyAtNs, 5000 + busyNs);
    t.false(link.mayTransmit(5000 + busyNs - 1));
    t.true(link.mayTransmit(5000 + busyNs));
    link.transmit(pattern(1000), 1000);
    t.is(link.readyAtNs, 5000 + 2 * busyNs, 'a frame that does not ask queues behind the one on the wire');
    clock.ns = 1e9;
    link.transmit(pattern(1000), 1000);
    t.is(link.readyAtNs, 1e9 + busyNs, 'time that nobody used is not saved up');
  });

  test(`${name}: nothing may begin while the link is held`, t => {
    const { link, setHeld } = make(new ManualClock());
    setHeld(true);
    t.false(link.mayTransmit(1e12));
    t.is(link.readyAtNs, Infinity);
    setHeld(false);
    t.true(link.mayTransmit(0));
    t.is(link.readyAtNs, 0);
  });

  test(`${name}: an answer goes out from inside the delivery, an endless exchange does not`, t => {
    const { link } = make(new ManualClock());
    const received: number[] = [];
    link.receiver = (frame, length) => {
      received.push(length);
      if (length === 100) link.transmit(frame, 62);
    };
    link.transmit(pattern(100), 100);
    t.deepEqual(received, [100, 62]);
    link.receiver = (frame, length) => link.transmit(frame, length);
    t.throws(() => link.transmit(pattern(100), 100), { message: /without end/ });
    link.receiver = () => received.push(0);
    link.transmit(pattern(100), 100);
    t.is(received.length, 3, 'the link works on');
  });

  test(`${name}: a frame that nobody takes is sent and not received`, t => {
    const { link } = make(new ManualClock());
    link.transmit(pattern(64), 64);
    t.like(link.counters, { transmittedFrames: 1, receivedFrames: 0 });
  });
}
