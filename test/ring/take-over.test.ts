// SPDX-License-Identifier: MIT
// A back-end dies and another takes over, with the same ring and state region: it goes on at CONSUMER, applies no write
// twice, loses none, and resets a function whose reset it missed.
import test from 'ava';
import { Control, StateResult } from '../../device/abi/generated/messages.js';
import { RingWord } from '../../device/ring/ring-memory.js';
import { closeFd } from '../../device/sys/fd.js';
import { Mapping } from '../../device/sys/mapping.js';
import type { FrontEnd, State } from '../support/front-end.js';
import { LocalBackEnd } from '../support/local-back-end.js';
import type { RingProducer } from '../support/ring-producer.js';
import { Reg } from '../support/scratch-model.js';

interface Left {
  readonly ring: RingProducer;
  readonly state: State;
}

/** A first life with `writes` writes handled, then dead: nothing of its objects is used again. */
function firstLife(writes: number): Left {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  const state = frontEnd.start();
  const ring = frontEnd.ring!;
  for (let i = 0; i < writes; i++) ring.write(Reg.HASH_IN, 4, i);
  ring.waitUntilConsumed();
  backEnd.end();
  frontEnd.hangUp();
  ring.pump = undefined;
  return { ring, state };
}

function secondLife({ ring, state }: Left): { backEnd: LocalBackEnd; frontEnd: FrontEnd } {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  frontEnd.resume(ring, state);
  return { backEnd, frontEnd };
}

const hash = (count: number): number => {
  let h = 0;
  for (let i = 0; i < count; i++) h = (Math.imul(h, 31) + i) >>> 0;
  return h;
};

function finish(left: Left, ...lives: { backEnd: LocalBackEnd; frontEnd: FrontEnd }[]): void {
  for (const { backEnd, frontEnd } of lives) {
    backEnd.end();
    frontEnd.hangUp();
  }
  left.ring.close();
  closeFd(left.state.fd);
}

test('writes that were posted while nobody was there are applied by the next one', t => {
  const left = firstLife(10);
  t.is(Atomics.load(left.ring.words, RingWord.ALIVE), 0);
  for (let i = 10; i < 20; i++) left.ring.write(Reg.HASH_IN, 4, i);
  const second = secondLife(left);
  t.is(Atomics.load(left.ring.words, RingWord.ALIVE), process.pid);
  t.is(left.ring.read(Reg.HASH, 4).lo, hash(20));
  t.is(left.ring.read(Reg.COUNT, 4).lo, 20);
  finish(left, second);
});

test('writes that were applied but not yet released are not applied again', t => {
  // Death after the model applied slots 6 … 9 and before CONSUMER was stored.
  for (let behind = 1; behind <= 10; behind++) {
    const left = firstLife(10);
    Atomics.store(left.ring.words, RingWord.CONSUMER, 10 - behind);
    left.ring.write(Reg.HASH_IN, 4, 10);
    const second = secondLife(left);
    t.is(left.ring.read(Reg.HASH, 4).lo, hash(11), `${behind} behind`);
    t.is(left.ring.read(Reg.COUNT, 4).lo, 11);
    finish(left, second);
  }
});

test('a read that was answered but not yet released is answered again', t => {
  const left = firstLife(3);
  const { ring } = left;
  const read = ring.postRead(Reg.HASH, 4);
  const second = secondLife(left);
  t.is(ring.awaitAnswer(read).lo, hash(3));
  second.backEnd.end();
  ring.pump = undefined;
  Atomics.store(ring.words, RingWord.CONSUMER, read);
  const third = secondLife(left);
  third.backEnd.step();
  t.is(ring.consumer, ring.position);
  t.is(ring.awaitAnswer(read).lo, hash(3));
  finish(left, second, third);
});

test('the interrupt count goes on where it was', t => {
  const left = firstLife(0);
  const second = secondLife(left);
  left.ring.write(Reg.INTERRUPT, 4, 1);
  t.is(left.ring.read(Reg.ID, 4).irq, 1);
  second.backEnd.end();
  const third = secondLife(left);
  left.ring.write(Reg.INTERRUPT, 4, 1);
  t.is(left.ring.read(Reg.ID, 4).irq, 2);
  finish(left, second, third);
});

test('a reset that happened while nobody was there is made up for before anything else', t => {
  const left = firstLife(5);
  left.ring.write(Reg.HASH_IN, 4, 99);
  const epoch = left.ring.raiseEpoch();
  left.ring.write(Reg.SCRATCH, 4, 7);
  const second = secondLife(left);
  t.deepEqual(second.backEnd.model.events[0], { kind: 'bus-reset', epoch });
  t.is(left.ring.read(Reg.HASH, 4).lo, 0, 'state and slot from before the reset are gone');
  t.is(left.ring.read(Reg.SCRATCH, 4).lo, 7, 'a slot from after it counts');
  t.is(second.backEnd.model.resetEpoch, epoch);
  second.frontEnd.control(Control.FUNCTION_RESET, 0, undefined, left.ring.raiseEpoch());
  t.is(left.ring.read(Reg.SCRATCH, 4).lo, 0);
  finish(left, second);
});

test('indices of the ring that cannot be are refused on take-over', t => {
  const left = firstLife(5);
  Atomics.store(left.ring.words, RingWord.CONSUMER, 5 - left.ring.slots - 1);
  t.throws(() => secondLife(left));
  finish(left);
});

test('a back-end of another state version leaves ring and state to one that knows them', t => {
  const left = firstLife(5);
  left.ring.write(Reg.HASH_IN, 4, 5);
  const read = left.ring.postRead(Reg.HASH, 4);
  Atomics.store(left.ring.words, RingWord.ALIVE, 4711);
  const state = new Mapping(left.state.fd, left.state.size);
  const other = LocalBackEnd.scratch({ stateVersion: 2 });
  const frontEnd = other.connect();
  left.ring.raiseSession();
  const before = [left.ring.words.slice(), state.u32.slice()];
  frontEnd.negotiate();
  frontEnd.setRing(left.ring);
  t.is(frontEnd.giveState(left.state), BigInt(StateResult.BAD_VERSION));
  t.deepEqual(other.refused, [
    'PCI_STATE_SET_FD: the state has version 1, this back-end reads version 2: start a back-end that reads version 1, or reset the VM',
  ]);
  other.step();
  other.end();
  t.deepEqual([left.ring.words, state.u32], before);
  state.retire();
  frontEnd.hangUp();
  const second = secondLife(left);
  t.is(left.ring.awaitAnswer(read).lo, hash(6));
  finish(left, second);
});
