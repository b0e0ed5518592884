// SPDX-License-Identifier: MIT
// What a back-end may still do when it was given up or reset while it stood still: nothing but what it was in the
// middle of. The front-end's next back-end owns ring, region, memory and vectors by then.
import test from 'ava';
import { Control, Request } from '../../device/abi/generated/messages.js';
import { AnswerStatus } from '../../device/abi/generated/ring.js';
import { createAdapter } from '../../device/model/adapter.js';
import { RingWord } from '../../device/ring/ring-memory.js';
import { AdapterSlots } from '../../device/runtime/adapter-slot.js';
import { answerRequest, deviceOps } from '../../device/runtime/device-ops.js';
import { closeFd } from '../../device/sys/fd.js';
import { Mapping } from '../../device/sys/mapping.js';
import type { FrontEnd, State } from '../support/front-end.js';
import { LocalBackEnd } from '../support/local-back-end.js';
import type { RingProducer } from '../support/ring-producer.js';
import { Reg, S } from '../support/scratch-model.js';

const GIVEN_UP = 'given up by the front-end';

interface Chain {
  readonly backEnd: LocalBackEnd;
  readonly frontEnd: FrontEnd;
  readonly ring: RingProducer;
  readonly state: State;
  /** The state region as the front-end's descriptor shows it. */
  readonly region: Mapping;
}

/** A running function whose back-end stands still until it is stepped. */
function chain(): Chain {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  const state = frontEnd.start();
  const ring = frontEnd.ring!;
  ring.pump = undefined;
  return { backEnd, frontEnd, ring, state, region: new Mapping(state.fd, state.size) };
}

function done({ backEnd, frontEnd, ring, state, region }: Chain): void {
  backEnd.end();
  ring.close();
  frontEnd.hangUp();
  closeFd(state.fd);
  region.retire();
}

/** Header and slots, and the state region. */
const snapshot = ({ ring, region }: Chain): [Uint32Array, Uint32Array] => [
  ring.words.slice(),
  region.u32.slice(),
];

test('a back-end that was given up ends its session by itself and touches neither ring nor region', t => {
  const c = chain();
  c.ring.write(Reg.HASH_IN, 4, 1);
  c.ring.postRead(Reg.HASH, 4);
  c.ring.raiseSession();
  const before = snapshot(c);
  const polls = c.backEnd.model.polls;
  c.backEnd.step();
  t.is(c.backEnd.lastEnd, GIVEN_UP);
  t.is(c.backEnd.model.polls, polls);
  t.deepEqual(snapshot(c), before);
  t.false(c.backEnd.model.running, 'it was stopped, on its own copy of the region');
  t.is(c.region.u32[S.RUNNING], 1);
  done(c);
});

test('whatever the next one does with the ring is no fault of it', t => {
  const c = chain();
  c.ring.raiseSession();
  Atomics.add(c.ring.words, RingWord.PRODUCER, 3 * c.ring.slots);
  c.backEnd.step();
  t.is(c.backEnd.lastEnd, GIVEN_UP);
  done(c);
});

test('given up between ring and model, it lets the model do nothing', t => {
  const c = chain();
  t.is(c.backEnd.function.drain(1), 0);
  c.ring.raiseSession();
  const { polls } = c.backEnd.model;
  t.throws(() => c.backEnd.function.poll(1), { message: GIVEN_UP });
  t.is(c.backEnd.model.polls, polls);
  done(c);
});

test('given up in the middle of a burst, it takes no further slot', t => {
  const c = chain();
  const { model } = c.backEnd;
  const write = model.write.bind(model);
  model.write = (bar, offset, size, lo, hi, position) => {
    write(bar, offset, size, lo, hi, position);
    if (lo === 3) c.ring.raiseSession();
  };
  for (let i = 1; i <= 6; i++) c.ring.write(Reg.HASH_IN, 4, i);
  const consumer = c.ring.consumer;
  c.backEnd.step();
  t.is(c.backEnd.lastEnd, GIVEN_UP);
  t.is(c.region.u32[S.COUNT], 3);
  t.is(c.ring.consumer, consumer, 'CONSUMER belongs to the next one; the region says what was applied');
  t.is(c.region.u32[S.APPLIED], consumer + 3);
  done(c);
});

test('given up while the model handles the last slot, it tells nobody that it is done', t => {
  for (const reads of [false, true]) {
    const c = chain();
    const { model } = c.backEnd;
    model.write = model.read = () => void c.ring.raiseSession();
    if (reads) c.ring.postRead(Reg.SCRATCH, 4);
    else c.ring.write(Reg.SCRATCH, 4, 1);
    Atomics.store(c.ring.words, RingWord.ANSWER_WAITING, 1);
    const before = c.ring.words.slice();
    before[RingWord.SESSION]!++;
    c.backEnd.step();
    t.is(c.backEnd.lastEnd, GIVEN_UP);
    t.deepEqual(c.ring.words, before);
    t.is(c.ring.answer.drain(), 0);
    done(c);
  }
});

test('given up in the middle of a slice, it raises no interrupt', t => {
  const c = chain();
  const { model } = c.backEnd;
  c.ring.write(Reg.INTERRUPT, 4, 2);
  c.backEnd.step();
  t.is(c.frontEnd.vectors[2]!.drain(), 1);
  model.poll = () => {
    c.ring.raiseSession();
    model.host!.raiseInterrupt(2);
    return false;
  };
  c.backEnd.step();
  t.is(c.frontEnd.vectors[2]!.drain(), 0);
  t.is(Atomics.load(c.ring.words, RingWord.IRQ_RAISED), 1);
  c.backEnd.step();
  t.is(c.backEnd.lastEnd, GIVEN_UP);
  done(c);
});

test('between two slices the model is told that there is something to look at', t => {
  const c = chain();
  const waiting = (): boolean => c.backEnd.model.host!.workWaiting!();
  t.false(waiting());
  const epoch = c.ring.raiseEpoch();
  t.true(waiting());
  c.frontEnd.control(Control.FUNCTION_RESET, 0, undefined, epoch);
  t.false(waiting());
  c.ring.raiseSession();
  t.true(waiting());
  done(c);
});

test('a read that comes during a slice is answered before the next one', t => {
  const c = chain();
  const { model, function: pci } = c.backEnd;
  let slices = 0;
  let position = -1;
  model.poll = () => {
    slices++;
    if (slices === 2) position = c.ring.postRead(Reg.HASH, 4);
    return true;
  };
  t.is(pci.drain(256), 0);
  t.true(pci.poll(4), 'there is more to do');
  t.is(slices, 2);
  t.is(pci.drain(256), 1);
  t.true(c.ring.hasAnswer(position));
  t.true(pci.poll(4));
  t.is(slices, 6, 'nobody waits: the budget');
  model.poll = () => false;
  done(c);
});

test('a message of the time before is not handled, whatever it is', t => {
  for (const [request, payload] of [
    [Request.PCI_STOP, 0],
    [Request.PCI_RUN, 0],
    [Request.RESET_OWNER, 0],
    [Request.SET_MEM_TABLE, 8],
  ] as const) {
    const c = chain();
    const before = snapshot(c);
    const events = c.backEnd.model.events.length;
    c.frontEnd.send(request, new Uint8Array(payload));
    c.ring.raiseSession();
    before[0][RingWord.SESSION]!++;
    c.backEnd.session!.service(16);
    t.is(c.backEnd.session!.ended, GIVEN_UP);
    t.is(c.backEnd.model.events.length, events);
    t.deepEqual(snapshot(c), before);
    done(c);
  }
});

test('a sleeper that was given up takes no wake-up from the next one', t => {
  const c = chain();
  const { kick } = c.backEnd.function;
  t.true(c.backEnd.function.fallAsleep());
  c.ring.raiseSession();
  c.ring.kick.signal();
  // The next consumer sleeps, too; a producer that finds ASLEEP 0, or an eventfd without a count, would not wake it.
  c.backEnd.function.wake();
  kick!.drain();
  t.is(Atomics.load(c.ring.words, RingWord.ASLEEP), 1);
  t.is(c.ring.kick.drain(), 1);
  t.throws(() => c.backEnd.function.fallAsleep(), { message: GIVEN_UP });
  done(c);
});

test('the next connection goes on with ring and region, on the same back-end', t => {
  const c = chain();
  c.ring.write(Reg.SCRATCH, 4, 5);
  c.backEnd.step();
  c.ring.write(Reg.HASH_IN, 4, 9);
  c.ring.raiseSession();
  c.backEnd.step();
  const next = c.backEnd.connect();
  next.resume(c.ring, c.state);
  t.is(c.ring.read(Reg.SCRATCH, 4).lo, 5);
  t.is(c.ring.read(Reg.HASH, 4).lo, 9);
  t.is(Atomics.load(c.ring.words, RingWord.ALIVE), process.pid);
  next.hangUp();
  done(c);
});

test('a ring that belongs to another connection than the message says is refused', t => {
  const c = chain();
  c.backEnd.end();
  const next = c.backEnd.connect();
  next.negotiate();
  t.throws(() => next.setRing(c.ring, c.ring.session + 1));
  t.is(c.backEnd.lastEnd, 'the header says session 1, not 2');
  next.hangUp();
  done(c);
});

test('no slice runs and no timer counts between a reset and its message', t => {
  const c = chain();
  const { model } = c.backEnd;
  model.wakeAtNs = 5;
  t.is(c.backEnd.function.wakeAtNs, 5);
  const epoch = c.ring.raiseEpoch();
  const { polls } = model;
  c.backEnd.step();
  c.backEnd.step();
  t.is(model.polls, polls);
  t.is(c.backEnd.function.wakeAtNs, Number.POSITIVE_INFINITY);
  t.true(c.backEnd.function.fallAsleep(), 'it may sleep: the message wakes it');
  c.backEnd.function.wake();
  c.frontEnd.control(Control.BUS_RESET, 0, undefined, epoch);
  c.backEnd.step();
  t.true(model.polls > polls);
  t.is(c.backEnd.function.wakeAtNs, 5);
  done(c);
});

test('a function that runs again when a reset is on its way does nothing before the message', t => {
  const c = chain();
  const { model } = c.backEnd;
  c.frontEnd.must(Request.PCI_STOP);
  const epoch = c.ring.raiseEpoch();
  const before = model.events.length;
  c.frontEnd.must(Request.PCI_RUN);
  c.frontEnd.control(Control.BUS_MASTER, 1);
  t.deepEqual(model.events.slice(before), []);
  t.true(c.backEnd.function.running);
  c.frontEnd.control(Control.BUS_RESET, 0, undefined, epoch);
  t.deepEqual(model.events.slice(before), [{ kind: 'bus-reset', epoch }, { kind: 'run' }]);
  t.true(model.running);
  done(c);
});

test('one that is stopped again before the message does not run after it', t => {
  const c = chain();
  const { model } = c.backEnd;
  const epoch = c.ring.raiseEpoch();
  for (const request of [Request.PCI_STOP, Request.PCI_RUN, Request.PCI_STOP]) c.frontEnd.must(request);
  c.frontEnd.control(Control.BUS_RESET, 0, undefined, epoch);
  t.false(model.running);
  t.is(model.events.at(-1)!.kind, 'bus-reset');
  done(c);
});

test('given up, a control request of the model’s changes nothing in the region', t => {
  const backEnd = new LocalBackEnd(createAdapter());
  const frontEnd = backEnd.connect();
  const state = frontEnd.start();
  const ring = frontEnd.ring!;
  const { trace } = backEnd;
  const log = (): void => undefined;
  const slots = new AdapterSlots(1, () => ({ model: backEnd.model, function: backEnd.function, trace, log }));
  const ops = deviceOps(slots, { restarts: 0 }, () => 0);
  const hold = (mask: number): unknown => answerRequest(ops, { op: 'link', hold: mask });
  t.deepEqual(hold(1), { result: { hold: 1, rateMbps: 0 } });
  const region = new Mapping(state.fd, state.size);
  ring.raiseSession();
  const before = region.u32.slice();
  t.deepEqual(hold(2), { error: GIVEN_UP });
  t.deepEqual(region.u32, before);
  done({ backEnd: backEnd as unknown as LocalBackEnd, frontEnd, ring, state, region });
});

test('a read of the time before a reset is answered, and nothing else happens before the message', t => {
  const c = chain();
  const read = c.ring.postRead(Reg.ID, 4);
  c.ring.raiseEpoch();
  c.backEnd.step();
  t.is(c.ring.awaitAnswer(read).status, AnswerStatus.UNSUPPORTED);
  t.is(c.backEnd.lastEnd, undefined);
  done(c);
});

test('a message without an index leaves the slots alone that wait for a reset', t => {
  const c = chain();
  const epoch = c.ring.raiseEpoch();
  const index = c.ring.position;
  c.ring.write(Reg.HASH_IN, 4, 5);
  t.is(c.frontEnd.removeMemory(0x1000, 4096), 1n);
  t.is(c.region.u32[S.COUNT], 0);
  c.frontEnd.control(Control.BUS_RESET, 0, index, epoch);
  c.backEnd.step();
  t.is(c.region.u32[S.COUNT], 1);
  t.is(c.region.u32[S.HASH], 5);
  done(c);
});
