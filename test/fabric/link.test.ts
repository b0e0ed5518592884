// SPDX-License-Identifier: MIT
import test from 'ava';
import { LoopbackLink } from '../../device/fabric/link.js';
import { FaultyLink } from '../support/faulty-link.js';
import { pattern } from '../support/frames.js';
import { ManualClock } from '../support/manual-clock.js';
import { linkContract } from './link-contract.js';

function controls(loopback: LoopbackLink) {
  return {
    setRateMbps(rate: number) {
      loopback.rateMbps = rate;
    },
    setHeld(held: boolean) {
      loopback.held = held;
    },
  };
}

linkContract(test, 'loopback', clock => {
  const link = new LoopbackLink(clock, 4096);
  return { link, ...controls(link) };
});

linkContract(test, 'faulty link without faults', clock => {
  const inner = new LoopbackLink(clock, 4096);
  return { link: new FaultyLink(inner), ...controls(inner) };
});

test('the tap sees a frame before the receiver does, and answers after it', t => {
  const link = new LoopbackLink(new ManualClock(), 4096);
  const order: string[] = [];
  link.tap = { record: (_, length) => order.push(`tap ${length}`) };
  link.receiver = (frame, length) => {
    order.push(`receiver ${length}`);
    if (length === 100) link.transmit(frame, 62);
  };
  link.transmit(pattern(100), 100);
  t.deepEqual(order, ['tap 100', 'receiver 100', 'tap 62', 'receiver 62']);
});

test('a loopback hands over the bytes of the sender themselves, and says so', t => {
  const link = new LoopbackLink(new ManualClock(), 4096);
  const frame = pattern(64);
  link.receiver = received => t.is(received, frame);
  link.transmit(frame, 64);
  t.true(link.verbatim);
  t.false(new FaultyLink(link).verbatim);
});

test('a rate has to be a finite number, and 0 frees the wire', t => {
  const link = new LoopbackLink(new ManualClock(), 4096);
  for (const rate of [-1, Number.NaN, Infinity])
    t.throws(() => (link.rateMbps = rate), { instanceOf: RangeError });
  link.rateMbps = 1;
  link.transmit(pattern(1000), 1000);
  t.false(link.mayTransmit(0));
  link.rateMbps = 0;
  t.true(link.mayTransmit(0));
});

test('a faulty link drops, doubles, flips and cuts the frames it is told to', t => {
  const link = new FaultyLink(new LoopbackLink(new ManualClock(), 4096));
  const received: Uint8Array[] = [];
  link.receiver = (frame, length) => received.push(frame.slice(0, length));
  const fates = [
    { kind: 'drop' },
    { kind: 'duplicate' },
    { kind: 'flip', bit: 9 },
    { kind: 'cut', length: 7 },
    { kind: 'pass' },
  ] as const;
  link.fate = index => fates[index];
  const frame = pattern(20);
  for (let i = 0; i < fates.length; i++) link.transmit(frame, 20);
  const flipped = pattern(20);
  flipped[1] ^= 2;
  t.deepEqual(received, [frame, frame, flipped, frame.slice(0, 7), frame]);
  t.is(link.sent.length, fates.length);
  t.deepEqual(frame, pattern(20), "the sender's bytes are untouched");
});
