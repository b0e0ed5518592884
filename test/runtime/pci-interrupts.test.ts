// SPDX-License-Identifier: MIT
// INTx as a level: the word in the ring header, the eventfd after the last MSI-X vector that tells its changes, and what
// holds over a change of back-ends.
import test from 'ava';
import {
  Control,
  functionInterruptPin,
  functionLinkSpeed,
  functionLinkWidth,
  Request,
} from '../../device/abi/generated/messages.js';
import type { FunctionDescription } from '../../device/model/ports.js';
import { RingWord } from '../../device/ring/ring-memory.js';
import { EventFd } from '../../device/sys/eventfd.js';
import { closeFd } from '../../device/sys/fd.js';
import type { FrontEnd, State } from '../support/front-end.js';
import { LocalBackEnd } from '../support/local-back-end.js';
import type { RingProducer } from '../support/ring-producer.js';
import { Reg } from '../support/scratch-model.js';

const VECTORS = 4;

interface Chain {
  readonly backEnd: LocalBackEnd;
  readonly frontEnd: FrontEnd;
  readonly ring: RingProducer;
  readonly state: State;
}

function chain(change: Partial<FunctionDescription> = {}, vectors = VECTORS + 1): Chain {
  const backEnd = LocalBackEnd.scratch({ interruptPin: 1, ...change });
  const frontEnd = backEnd.connect();
  const state = frontEnd.start(vectors);
  frontEnd.vectors.at(-1)?.drain();
  return { backEnd, frontEnd, ring: frontEnd.ring!, state };
}

function done({ backEnd, frontEnd, ring, state }: Chain): void {
  backEnd.end();
  ring.close();
  frontEnd.hangUp();
  closeFd(state.fd);
}

const raised = (ring: RingProducer): number => Atomics.load(ring.words, RingWord.IRQ_RAISED);

test('each change of the level is stored, counted and told, and nothing else is', t => {
  const c = chain();
  const event = c.frontEnd.vectors[VECTORS]!;
  const start = raised(c.ring);
  for (const [level, count] of [
    [1, 1],
    [1, 1],
    [0, 2],
    [0, 2],
    [1, 3],
  ] as const) {
    c.ring.write(Reg.LEVEL, 4, level);
    t.is(c.ring.read(Reg.ID, 4).irq - start, count, 'a read that is answered later tells the count');
    t.is(c.ring.interruptLevel, level);
  }
  t.is(event.drain(), 3);
  t.deepEqual(
    c.frontEnd.vectors.slice(0, VECTORS).map(v => v.drain()),
    [0, 0, 0, 0],
  );
  done(c);
});

test('a reset takes the level back', t => {
  const c = chain();
  c.ring.write(Reg.LEVEL, 4, 1);
  t.is(c.ring.read(Reg.LEVEL, 4).lo, 1);
  c.frontEnd.control(Control.FUNCTION_RESET, 0, undefined, c.ring.raiseEpoch());
  t.is(c.ring.interruptLevel, 0);
  done(c);
});

test('a function without MSI-X has the eventfd number 0 for its level', t => {
  const c = chain({ msix: undefined }, 1);
  c.ring.write(Reg.LEVEL, 4, 1);
  c.ring.waitUntilConsumed();
  t.is(c.frontEnd.vectors[0]!.drain(), 1);
  const payload = new Uint8Array(8);
  payload[0] = 1;
  t.is(c.frontEnd.acknowledge(Request.PCI_SET_IRQ_FD, payload), 1n);
  t.deepEqual(c.backEnd.refused, ['PCI_SET_IRQ_FD: vector 1 of 1']);
  done(c);
});

test('without a pin there is no such eventfd, and a level goes nowhere', t => {
  const c = chain({ interruptPin: 0 }, VECTORS);
  c.backEnd.model.host!.setInterruptLevel(true);
  t.is(c.ring.interruptLevel, 0);
  const payload = new Uint8Array(8);
  payload[0] = VECTORS;
  const event = EventFd.create();
  t.is(c.frontEnd.acknowledge(Request.PCI_SET_IRQ_FD, payload, [event.fd]), 1n);
  event.close();
  done(c);
});

test('after a take-over the word says what the state says, and it is told', t => {
  for (const level of [0, 1]) {
    const c = chain();
    c.ring.write(Reg.LEVEL, 4, level);
    t.is(c.ring.read(Reg.LEVEL, 4).lo, level);
    c.backEnd.end();
    c.ring.pump = undefined;
    // The one before died between the change of its state and the store to the ring.
    Atomics.store(c.ring.words, RingWord.INTX_LEVEL, 1 - level);
    const backEnd = LocalBackEnd.scratch({ interruptPin: 1 });
    const frontEnd = backEnd.connect();
    frontEnd.resume(c.ring, c.state, VECTORS + 1);
    t.is(c.ring.interruptLevel, level);
    t.is(frontEnd.vectors[VECTORS]!.drain(), 1);
    backEnd.end();
    frontEnd.hangUp();
    done(c);
  }
});

test('given up, it leaves the level alone', t => {
  const c = chain();
  c.ring.raiseSession();
  c.backEnd.model.host!.setInterruptLevel(true);
  t.is(c.ring.interruptLevel, 0);
  t.is(c.frontEnd.vectors[VECTORS]!.drain(), 0);
  done(c);
});

test('pin and link are in the description', t => {
  const c = chain({ link: { speed: 3, width: 8 } });
  const d = c.frontEnd.describe();
  t.deepEqual([functionInterruptPin(d, 0), functionLinkSpeed(d, 0), functionLinkWidth(d, 0)], [1, 3, 8]);
  done(c);
});
