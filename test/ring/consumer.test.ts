// SPDX-License-Identifier: MIT
// The ring's rules, one by one, with a front-end that breaks them.
import test from 'ava';
import fc from 'fast-check';
import { Control } from '../../device/abi/generated/messages.js';
import { AnswerStatus, RingOp, setSlotOp, setSlotSeq, setSlotSize } from '../../device/abi/generated/ring.js';
import { RingWord } from '../../device/ring/ring-memory.js';
import { closeAll } from '../../device/sys/fd.js';
import type { FrontEnd } from '../support/front-end.js';
import { LocalBackEnd } from '../support/local-back-end.js';
import type { RingProducer } from '../support/ring-producer.js';
import { Reg, SCRATCH_ID } from '../support/scratch-model.js';

interface Chain {
  readonly backEnd: LocalBackEnd;
  readonly frontEnd: FrontEnd;
  readonly ring: RingProducer;
}

function chain(): Chain {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  closeAll([frontEnd.start().fd]);
  return { backEnd, frontEnd, ring: frontEnd.ring! };
}

function done({ backEnd, frontEnd, ring }: Chain): void {
  backEnd.end();
  ring.close();
  frontEnd.hangUp();
}

const hash = (values: readonly number[]): number => values.reduce((h, v) => (Math.imul(h, 31) + v) >>> 0, 0);

test('writes take effect in order, and a read sees every write before it', t => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.nat(0xffffffff), fc.constant('read' as const)), { maxLength: 200 }),
      actions => {
        const c = chain();
        const values: number[] = [];
        let good = true;
        for (const action of actions) {
          if (action === 'read') good &&= c.ring.read(Reg.HASH, 4).lo === hash(values);
          else {
            c.ring.write(Reg.HASH_IN, 4, action);
            values.push(action);
          }
        }
        good &&=
          c.ring.read(Reg.HASH, 4).lo === hash(values) && c.ring.read(Reg.COUNT, 4).lo === values.length;
        done(c);
        return good;
      },
    ),
    { numRuns: 100 },
  );
  t.pass();
});

test('every size is stored and read as it is, and nothing above it', t => {
  const c = chain();
  c.ring.write(Reg.SCRATCH64, 8, 0x44332211, 0x88776655);
  t.like(c.ring.read(Reg.SCRATCH64, 8), { lo: 0x44332211, hi: 0x88776655 });
  t.like(c.ring.read(Reg.SCRATCH64, 4), { lo: 0x44332211, hi: 0 });
  t.is(c.ring.read(Reg.SCRATCH64 + 4, 4).lo, 0x88776655);
  t.is(c.ring.read(Reg.SCRATCH64 + 2, 2).lo, 0x4433);
  t.is(c.ring.read(Reg.SCRATCH64 + 3, 1).lo, 0x44);
  c.ring.write(Reg.SCRATCH64 + 1, 1, 0xffffffaa, 0xffffffff);
  c.ring.write(Reg.SCRATCH64 + 6, 2, 0xffffbbbb);
  c.ring.write(Reg.SCRATCH, 4, 0x12345678, 0xffffffff);
  t.like(c.ring.read(Reg.SCRATCH64, 8), { lo: 0x4433aa11, hi: 0xbbbb6655 });
  done(c);
});

test('what is outside of the trapped ranges reads as zero and ignores writes', t => {
  const c = chain();
  for (const [bar, offset, size] of [
    [0, 0x1000, 4],
    [0, 0x0ffe, 4],
    [0, 0x2000, 4],
    [0, 2 ** 52, 8],
    [1, 0, 4],
    [5, 0, 4],
    [255, 0, 4],
  ] as const) {
    c.ring.write(offset, size, 0xffffffff, 0xffffffff, bar);
    t.like(
      c.ring.read(offset, size, bar),
      { lo: 0, hi: 0, status: AnswerStatus.OK },
      `BAR ${bar} at ${offset}`,
    );
  }
  t.is(c.ring.read(Reg.COUNT, 4).lo, 0);
  done(c);
});

test('an unaligned access inside a trapped range is for the model to judge', t => {
  const c = chain();
  c.ring.write(6, 4, 0xffffffff);
  c.ring.write(4, 8, 0, 0);
  t.is(c.ring.read(Reg.COUNT, 4).lo, 2);
  done(c);
});

test('the ring goes round many times, over the wrap of its 32-bit indices', t => {
  const c = chain();
  c.backEnd.end();
  c.ring.startAt(2 ** 32 - 1500);
  const frontEnd = c.backEnd.connect();
  frontEnd.negotiate();
  frontEnd.setRing(c.ring);
  closeAll([frontEnd.newState(frontEnd.describe()).fd]);
  for (let i = 0; i < 5000; i++) {
    c.ring.write(Reg.HASH_IN, 4, i);
    if (i % 7 === 0) t.is(c.ring.read(Reg.COUNT, 4).lo, i + 1);
  }
  t.is(c.ring.read(Reg.HASH, 4).lo, hash(Array.from({ length: 5000 }, (_, i) => i)));
  done(c);
  frontEnd.hangUp();
});

const HOSTILE: readonly (readonly [string, RegExp, (ring: RingProducer) => void])[] = [
  [
    'producer index too far ahead',
    /producer index/,
    r => Atomics.add(r.words, RingWord.PRODUCER, r.slots + 1),
  ],
  ['producer index behind', /producer index/, r => Atomics.sub(r.words, RingWord.PRODUCER, 1)],
  ['producer index random', /producer index/, r => Atomics.store(r.words, RingWord.PRODUCER, 0x80000000)],
  [
    'a slot with another sequence number',
    /says that it is slot 9/,
    r => tamper(r, w => setSlotSeq(r.words, w, 9)),
  ],
  ['an unknown operation', /unknown operation 3/, r => tamper(r, w => setSlotOp(r.words, w, 3))],
  ['operation 0', /unknown operation 0/, r => tamper(r, w => setSlotOp(r.words, w, 0))],
  ...[0, 3, 5, 16, 255].map(
    size =>
      [
        `an access of ${size} bytes`,
        new RegExp(`access of ${size} bytes`),
        (r: RingProducer) => tamper(r, w => setSlotSize(r.words, w, size)),
      ] as const,
  ),
];

function tamper(ring: RingProducer, change: (w: number) => void): void {
  const position = ring.fill(RingOp.WRITE, 0, Reg.SCRATCH, 4, 1);
  change(ring.slotWord(position));
  ring.post();
}

for (const [name, reason, act] of HOSTILE) {
  test(`hostile word: ${name} ends the session with a reason, and the next one is served`, t => {
    const c = chain();
    c.ring.write(Reg.SCRATCH, 4, 1);
    c.ring.waitUntilConsumed();
    act(c.ring);
    c.backEnd.step();
    t.regex(c.backEnd.lastEnd ?? 'no end', reason);
    t.false(c.backEnd.model.running);
    const next = c.backEnd.connect();
    closeAll([next.start().fd]);
    t.is(next.ring!.read(Reg.ID, 4).lo, SCRATCH_ID);
    done({ ...c, frontEnd: next, ring: next.ring! });
    c.ring.close();
    c.frontEnd.hangUp();
  });
}

test('a control event with an index ahead of the producer ends the session', t => {
  const c = chain();
  c.ring.write(Reg.SCRATCH, 4, 1);
  t.throws(() => c.frontEnd.control(Control.BUS_MASTER, 0, c.ring.position + 1));
  t.regex(c.backEnd.lastEnd!, /ahead of the producer/);
  done(c);
});

test('random words in the slots and indices never do more than end the session', t => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(20), fc.nat(0xffffffff)), { minLength: 1, maxLength: 8 }),
      stores => {
        const c = chain();
        const first = c.ring.slotWord(0);
        c.ring.pump = undefined;
        for (let i = 0; i < 4; i++) c.ring.write(Reg.SCRATCH, 4, i);
        for (const [word, value] of stores) {
          const at =
            word < 16
              ? first + word
              : [
                  RingWord.PRODUCER,
                  RingWord.RESET_EPOCH,
                  RingWord.ANSWER_WAITING,
                  RingWord.CONSUMER,
                  RingWord.IRQ_RAISED,
                ][word - 16]!;
          Atomics.store(c.ring.words, at, value);
        }
        for (let i = 0; i < 4; i++) c.backEnd.step();
        done(c);
      },
    ),
    { numRuns: 300 },
  );
  t.pass();
});

test('a full ring makes the producer wait, and it is told when there is room', t => {
  const c = chain();
  const { ring } = c;
  ring.pump = undefined;
  for (let i = 0; i < ring.slots; i++) ring.write(Reg.HASH_IN, 4, i);
  Atomics.store(ring.words, RingWord.ANSWER_WAITING, 1);
  ring.answer.drain();
  t.is(ring.consumer, (ring.position - ring.slots) >>> 0);
  c.backEnd.step();
  t.true(ring.answer.drain() > 0);
  t.is(ring.consumer, (ring.position - ring.slots + 256) >>> 0);
  done(c);
});

test('the answer eventfd is written only for a front-end that waits', t => {
  const c = chain();
  const { ring } = c;
  ring.read(Reg.ID, 4);
  t.is(ring.answer.drain(), 0);
  ring.pump = undefined;
  const position = ring.postRead(Reg.ID, 4);
  Atomics.store(ring.words, RingWord.ANSWER_WAITING, 1);
  c.backEnd.step();
  t.true(ring.hasAnswer(position));
  t.true(ring.answer.drain() > 0);
  done(c);
});

test('a late answer lands in its own slot: a slot is not free before it is answered', t => {
  const c = chain();
  const { ring } = c;
  ring.pump = undefined;
  const first = ring.postRead(Reg.ID, 4);
  // The front-end gives up on the read and fills the rest of the ring; the slot of the read cannot be reused yet.
  for (let i = 1; i < ring.slots; i++) ring.write(Reg.SCRATCH, 4, i);
  ring.timeoutMs = 20;
  t.throws(() => ring.waitForRoom(), { message: /room/ });
  c.backEnd.step();
  t.true(ring.hasAnswer(first));
  const reused = ring.postRead(Reg.SCRATCH, 4);
  t.is(ring.slotWord(reused), ring.slotWord(first));
  t.false(ring.hasAnswer(reused), 'the old answer does not match the new slot');
  done(c);
});

test('the consumer announces sleep and stays awake when work came in between', t => {
  const c = chain();
  const { ring, backEnd } = c;
  const asleep = (): number => Atomics.load(ring.words, RingWord.ASLEEP);
  t.true(backEnd.function.fallAsleep());
  t.is(asleep(), 1);
  ring.write(Reg.SCRATCH, 4, 1);
  t.is(ring.kicks, 1);
  t.is(ring.kick.drain(), 1);
  backEnd.function.wake();
  t.is(asleep(), 0);
  t.false(backEnd.function.fallAsleep(), 'there is a slot to take');
  t.is(asleep(), 0);
  backEnd.step();
  t.true(backEnd.function.fallAsleep());
  done(c);
});

test('a reset drops the slots before it, answers their reads, and waits with the slots behind it', t => {
  const c = chain();
  const { ring, backEnd, frontEnd } = c;
  ring.write(Reg.SCRATCH, 4, 1);
  ring.waitUntilConsumed();
  ring.pump = undefined;
  ring.write(Reg.SCRATCH, 4, 2);
  const read = ring.postRead(Reg.SCRATCH, 4);
  const index = ring.position;
  const epoch = ring.raiseEpoch();
  const after = ring.postRead(Reg.SCRATCH, 4);
  ring.write(Reg.SCRATCH, 4, 3);
  backEnd.step();
  t.is(ring.awaitAnswer(read).status, AnswerStatus.UNSUPPORTED);
  t.false(ring.hasAnswer(after), 'the reset has not been told yet');
  t.true(backEnd.function.fallAsleep(), 'what waits for the reset does not keep the reactor awake');
  t.is(ring.consumer, index);
  frontEnd.control(Control.FUNCTION_RESET, 0, index, epoch);
  backEnd.step();
  t.like(ring.awaitAnswer(after), { lo: 0, status: AnswerStatus.OK });
  const now = ring.postRead(Reg.SCRATCH, 4);
  backEnd.step();
  t.is(ring.awaitAnswer(now).lo, 3);
  t.is(backEnd.model.resetEpoch, epoch);
  done(c);
});

test('a write that raced with the reset, of the old epoch, is dropped wherever it stands', t => {
  const c = chain();
  const { ring, frontEnd } = c;
  const epoch = ring.raiseEpoch();
  frontEnd.control(Control.BUS_RESET, 0, ring.position, epoch);
  ring.fill(RingOp.WRITE, 0, Reg.SCRATCH, 4, 77, 0, epoch - 1);
  ring.post();
  t.is(ring.read(Reg.SCRATCH, 4).lo, 0);
  t.is(ring.read(Reg.COUNT, 4).lo, 0);
  done(c);
});

test('a control event comes after the slots before its index, and may come late', t => {
  const c = chain();
  const { ring, frontEnd, backEnd } = c;
  ring.pump = undefined;
  ring.write(Reg.SCRATCH, 4, 5);
  const index = ring.position;
  ring.write(Reg.SCRATCH, 4, 6);
  const seen: number[] = [];
  const control = backEnd.model.control.bind(backEnd.model);
  backEnd.model.control = event => {
    backEnd.model.read(0, Reg.SCRATCH, 4);
    seen.push(backEnd.model.readLo);
    control(event);
  };
  // Straight to the session, before a turn of the ring takes both slots.
  frontEnd.pump = () => backEnd.session?.service(1);
  frontEnd.control(Control.BUS_MASTER, 0, index);
  t.deepEqual(seen, [5]);
  backEnd.step();
  frontEnd.control(Control.BUS_MASTER, 1, index);
  t.deepEqual(seen, [5, 6]);
  done(c);
});

test('an interrupt is counted before it is sent, and a read tells the count', t => {
  const c = chain();
  const { ring, frontEnd } = c;
  t.is(ring.read(Reg.ID, 4).irq, 0);
  for (const vector of [0, 3, 3]) ring.write(Reg.INTERRUPT, 4, vector);
  t.is(ring.read(Reg.ID, 4).irq, 3);
  t.deepEqual(
    frontEnd.vectors.map(v => v.drain()),
    [1, 0, 0, 2],
  );
  ring.write(Reg.INTERRUPT, 4, 9);
  t.is(ring.read(Reg.ID, 4).irq, 3, 'a vector that nobody listens to is not counted');
  done(c);
});
