// SPDX-License-Identifier: MIT
// Which queue pairs can run, on a region made by hand, against rules written down a second time: whatever changed, in
// whatever order, what is known is what a fresh look at the region finds.
import assert from 'node:assert/strict';
import { QpState, QpType } from '../../device/abi/generated/commands.js';
import { PUSH_SLOTS } from '../../device/abi/generated/registers.js';
import * as s from '../../device/abi/generated/state.js';
import { QueueClass } from '../../device/model/queues.js';
import { NONE, rowOfQp } from '../../device/model/rows.js';
import { Dice } from '../support/bench.js';
import type { MutationCase } from './cases.js';
import { ALL_OPEN, type Fields, HIGH, NUMBERS, pageOf, rung, seen, slotRow, slotsFor, Yard } from './yard.js';

const OPERATIONS = 600;
const STATES = Object.values(QpState);

const onYard = (name: string, body: (yard: Yard) => void): MutationCase => ({
  name,
  run: () => body(new Yard()),
});

const pick = <T>(dice: Dice, from: readonly T[]): T => from[dice.below(from.length)];

const anyFields = (dice: Dice): Partial<Fields> => ({
  used: dice.below(6) === 0 ? 0 : 1,
  state: dice.below(2) === 0 ? QpState.RTS : pick(dice, STATES),
  type: pick(dice, [QpType.RC, QpType.DMA, QpType.UD]),
  producer: dice.below(3),
  consumer: dice.below(3),
  active: dice.below(2),
  received: dice.below(2),
  held: dice.below(2),
});

/** One change that the dice choose; its name. */
function change(yard: Yard, dice: Dice, sequence: number): string {
  const n = pick(dice, NUMBERS);
  const slot = pick(dice, slotsFor(n));
  switch (dice.below(5)) {
    case 0:
      yard.block(n);
      return `block ${n}`;
    case 1:
      if (s.pslotUsed(yard.m, slot) === 1) yard.free(slot);
      return `free slot ${slot}`;
    case 2:
      if (s.pslotUsed(yard.m, slot) === 0) yard.push(slot, n, dice.below(3), sequence);
      return `push ${n} into ${slot}`;
    default:
      yard.add(n, anyFields(dice));
      return `classify ${n}`;
  }
}

/** A step that moves some queues, and leaves some out, and is undone: with the region, all is as it was. */
function undoneStep(yard: Yard, dice: Dice): void {
  const before = seen(yard.queues);
  const rows = NUMBERS.map(n => yard.m.slice(rowOfQp(n), rowOfQp(n) + s.QP_WORDS));
  const blocked = [...yard.blocked];
  yard.queues.beginStep();
  for (let k = dice.below(5); k > 0; k--) {
    const n = pick(dice, NUMBERS);
    if (dice.below(4) === 0) yard.block(n);
    else yard.add(n, anyFields(dice));
  }
  NUMBERS.forEach((n, i) => {
    yard.m.set(rows[i], rowOfQp(n));
  });
  yard.queues.rollback();
  yard.blocked.clear();
  for (const n of blocked) yard.blocked.add(n);
  assert.deepEqual(seen(yard.queues), before, 'after a step that was undone');
}

export const queueCases: readonly MutationCase[] = [
  onYard(
    'after any changes, steps that end and steps that are undone, the queues are as the rules say',
    yard => {
      const dice = new Dice(77);
      for (let n = 0; n < OPERATIONS; n++) {
        const within = dice.below(3) === 0;
        if (within) yard.queues.beginStep();
        const what = `operation ${n}: ${change(yard, dice, n)}`;
        if (within) yard.queues.endStep();
        yard.check(what);
        undoneStep(yard, dice);
        yard.check(`${what}, then a step undone`);
        if (n % 10 === 0) yard.checkRebuilt(what);
      }
    },
  ),
  onYard('after a rollback the queues are those of the region, and who was left out stays so', yard => {
    const dice = new Dice(5);
    for (let n = 0; n < 100; n++) {
      change(yard, dice, n);
      // Changes that nobody was told of.
      yard.set(pick(dice, NUMBERS), anyFields(dice));
      yard.queues.restore();
      yard.check(`operation ${n}`);
    }
    assert.ok(yard.blocked.size > 1);
  }),
  onYard('a step that is undone goes back move by move, the last one first', yard => {
    const [a, b] = [yard.add(1), yard.add(2)];
    yard.block(2);
    const before = seen(yard.queues);
    yard.queues.beginStep();
    yard.queues.block(a);
    yard.queues.classify(b);
    yard.set(1, { used: 0 });
    yard.queues.classify(a);
    yard.set(1, { state: QpState.ERR });
    yard.queues.classify(a);
    yard.queues.block(b);
    assert.deepEqual(rung(yard.queues, QueueClass.FLUSH), [1]);
    yard.set(1);
    yard.queues.rollback();
    assert.deepEqual(seen(yard.queues), before);
    // The next step knows nothing of it.
    yard.queues.beginStep();
    yard.queues.rollback();
    assert.deepEqual(seen(yard.queues), before);
    yard.check('undone');
  }),
  onYard('who is left out is left out until he changes, or all are let go', yard => {
    for (const n of NUMBERS) {
      yard.add(n, { type: n % 2 === 0 ? QpType.DMA : QpType.RC });
      assert.equal(yard.queues.isBlocked(rowOfQp(n)), false);
      yard.block(n);
      yard.check(`${n} is left out`);
    }
    assert.equal(yard.queues.runnable, 0);
    yard.classify(31);
    yard.check('one of them');
    yard.queues.unblockAll();
    yard.blocked.clear();
    yard.check('all of them');
    assert.equal(yard.queues.runnable, NUMBERS.length);
    yard.queues.unblockAll();
    yard.check('nobody');
  }),
  onYard('a shared receive queue lets go of those alone who send to it', yard => {
    const { m, queues } = yard;
    const own = 7;
    const peers = { 0: 31, 1: 31, 2: 32, 1023: 999, 1024: 31 };
    yard.add(31, { producer: 0 });
    yard.add(32, { producer: 0 });
    s.setQpSrqn(m, rowOfQp(31), own);
    s.setQpSrqn(m, rowOfQp(32), own + 1);
    for (const [n, peer] of Object.entries(peers)) s.setQpDestQpn(m, yard.add(Number(n)), peer);
    // Nothing outside the table is a queue pair: not the head of the region, nor what stands before the first row.
    s.setQpSrqn(m, NONE, own);
    m.fill(31, rowOfQp(-1), rowOfQp(0));
    const letGo = (srqn: number, ...freed: number[]): void => {
      queues.unblockSendersTo(srqn);
      for (const n of freed) yard.blocked.delete(n);
      yard.check(`senders to ${srqn}`);
    };
    for (const n of Object.keys(peers)) yard.block(Number(n));
    letGo(own + 2);
    letGo(own, 0, 1, 1024);
    letGo(own);
    letGo(own + 1, 2);
    yard.classify(1023);
    yard.block(1);
    letGo(own, 1);
    letGo(own);
  }),
  onYard('pushed descriptors come in the order of their arrival, over all of the numbers', yard => {
    const { m, queues } = yard;
    const arrivals = [0xffffffff, 3, 0xfffffff0, 0, 0x7fffffef, 1, 0xfffffffe];
    NUMBERS.forEach((n, i) => {
      yard.add(n, { type: i % 3 === 0 ? QpType.DMA : QpType.RC });
      // Slots from the last to the first: where one stands says nothing about its turn.
      yard.push(slotsFor(n)[PUSH_SLOTS - 1 - i], n, 0, arrivals[i]);
    });
    const order = (open: readonly boolean[]): number[] => {
      const came: number[] = [];
      for (let qp = queues.nextPushed(open); qp !== NONE; qp = queues.nextPushed(open)) {
        const slot = queues.headSlot(qp);
        came.push(s.pslotSequence(m, slot));
        s.setQpSendConsumer(m, qp, 1);
        yard.free(slot);
      }
      return came;
    };
    assert.deepEqual(order([false, false, true]), []);
    assert.ok(queues.waiting(QueueClass.ENGINE));
    const engine = [0, 3, 6].map(i => arrivals[i]);
    assert.deepEqual(order([false, true, false]), [engine[1], engine[2], engine[0]]);
    assert.ok(queues.waiting(QueueClass.LINK) && queues.hasRung(QueueClass.ENGINE));
    assert.deepEqual(order(ALL_OPEN), [1, 3, 0x7fffffef, 0xfffffff0]);
  }),
  onYard('what is held keeps its turn when it is numbered anew, before what comes later', yard => {
    const { m, queues } = yard;
    const [late, out, ...early] = NUMBERS;
    for (const n of NUMBERS) yard.add(n, { producer: 2 });
    for (const [i, n] of early.entries()) {
      yard.push(slotsFor(n)[2 * i], n, 1, 2 ** 32 - 50 + i);
      yard.push(slotsFor(n)[2 * i + 1], n, 0, 2 ** 32 - 100 - i);
    }
    yard.push(slotsFor(out)[PUSH_SLOTS - 1], out, 0, 2 ** 32 - 60);
    yard.block(out);
    const held = queues.heldSlots().sort((a, b) => s.pslotSequence(m, a) - s.pslotSequence(m, b));
    for (const [number, slot] of held.entries()) s.setPslotSequence(m, slot, number);
    queues.numbersChanged();
    yard.check('numbered anew');
    yard.push(slotsFor(late)[PUSH_SLOTS - 2], late, 0, held.length);
    for (const n of [...early.toReversed(), late]) {
      yard.check(`before that of ${n}`);
      assert.equal(queues.nextPushed(ALL_OPEN), rowOfQp(n));
      s.setQpSendConsumer(m, rowOfQp(n), 2);
      yard.free(yard.slotsOf(n).find(slot => s.pslotIndex(m, slot) === 0)!);
    }
  }),
  onYard('only what is next in its queue comes, and only from slots in use', yard => {
    const qp = yard.add(2);
    const other = yard.add(31);
    // Of the queue's later descriptors none comes, not even one that seems to have arrived earlier.
    const slots = slotsFor(2);
    yard.push(slots[4], 2, 1, 1);
    assert.equal(yard.queues.headSlot(qp), NONE);
    yard.push(slotsFor(31)[3], 31, 0, 5);
    yard.push(slots[7], 2, 0, 9);
    assert.equal(yard.queues.headSlot(qp), slots[7]);
    assert.equal(yard.queues.nextPushed(ALL_OPEN), other);
    yard.check('two slots');
    // The index comes round again: what stands in a slot that was freed is not the next descriptor.
    yard.free(slots[7]);
    yard.check('freed');
    assert.equal(yard.queues.headSlot(qp), NONE);
    yard.checkRebuilt('freed');
  }),
  onYard('what stands beyond the tables is no slot and no queue pair', yard => {
    const { m, queues } = yard;
    const qp = yard.add(2, { consumer: 1 });
    yard.push(slotsFor(2)[0], 2, 2, 5);
    const beyond = slotRow(s.PSLOT_COUNT);
    s.setPslotUsed(m, beyond, 1);
    s.setPslotQpn(m, beyond, 2);
    s.setPslotIndex(m, beyond, 1);
    yard.set(HIGH);
    queues.rebuild();
    yard.check('one queue pair with one slot');
    assert.equal(queues.headSlot(qp), NONE);
    assert.equal(queues.rungAfter(QueueClass.LINK, 2), 2);
    s.setPslotQpn(m, beyond, 2 ** 24);
    queues.rebuild();
    yard.check('a number beyond the table');
    s.setPslotUsed(m, beyond, 0);
    for (const row of slotsFor(2)) s.setPslotUsed(m, row, 1);
    assert.equal(queues.freeSlot(pageOf(2)), NONE);
    assert.equal(queues.freeSlot(pageOf(0)), slotsFor(0)[0]);
  }),
  onYard('after hundreds of pushes that came and went, those that wait are found', yard => {
    yard.add(2);
    for (let n = 0; n < 200; n++) {
      for (const held of [1, 2]) {
        for (let k = 0; k < held; k++) yard.push(slotsFor(2)[k], 2, k, n);
        yard.check(`${held} in round ${n}`);
        for (let k = 0; k < held; k++) yard.free(slotsFor(2)[k]);
      }
    }
  }),
];
