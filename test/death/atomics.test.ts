// SPDX-License-Identifier: MIT
// The word of an atomic is the guest's once it has seen the completion: it may change it at once. A process that starts
// after a death at any store must not store the result of the atomic over that.
import assert from 'node:assert/strict';
import test from 'ava';
import { Access } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import {
  OUTBOX_COUNT,
  OUTBOX_COUNT_OFFSET,
  OUTBOX_TABLE,
  OUTBOX_WORDS,
} from '../../device/abi/generated/state.js';
import { REMOTE_ACCESS } from '../support/commander.js';
import { Driver } from '../support/driver.js';
import { asWords } from '../support/work.js';
import { newWorld, type Scenario, type Stage } from './enumerate.js';
import { Death, type MakeJournal, MortalJournal } from './mortal.js';
import { pair } from './props.js';
import { Recorder } from './recorder.js';

const BEFORE = 40;
const SUM = 42;
const MINE = 7;

/** Dies at each store of the atomic's slices; the guest takes the word for itself where it sees the completion. */
function guestIsFaster(makeJournal?: MakeJournal): { deaths: number; taken: number } {
  const scenario: Scenario = { name: 'an atomic, and a guest that waits for it', setup: () => () => {} };
  const world = newWorld(scenario, makeJournal);
  const target = new Recorder(world);
  const driver = new Driver(target).start();
  const stage: Stage = { driver, target, eq: vector => driver.createEq(vector), epilogue: () => {} };
  const p = pair(stage);
  const key = driver.registerWhole(driver.pd, Access.LOCAL_WRITE | REMOTE_ACCESS);
  target.writeBytes(p.target, Uint8Array.of(BEFORE, 0, 0, 0, 0, 0, 0, 0));
  driver.send(p.a, {
    opcode: Opcode.FETCH_ADD,
    remote: { address: p.target, key },
    swapAdd: [SUM - BEFORE, 0],
    scatter: [{ address: p.source, length: 8 }],
  });
  const start = world.snapshot();
  const word = (): number => asWords(target.readBytes(p.target, 8))[0]!;
  let taken = 0;
  for (let death = 1; ; death++) {
    world.restore(start);
    const { ledger } = world;
    ledger.deathAt = ledger.count + death;
    let died = false;
    try {
      world.settle();
    } catch (error) {
      if (!(error instanceof Death)) throw error;
      died = true;
    }
    ledger.deathAt = Infinity;
    const done = driver.poll(p.aCq, false).length === 1;
    p.aCq.consumer = 0;
    if (done) {
      assert.equal(word(), SUM, 'what a completion promises');
      target.writeBytes(p.target, Uint8Array.of(MINE));
      if (died) taken++;
    }
    if (!died) return { deaths: death - 1, taken };
    world.restart(world.position, [], death % 2 === 0);
    world.settle();
    assert.equal(word(), done ? MINE : SUM, `death at store ${death}`);
  }
}

test('a guest that has seen the completion of an atomic keeps what it stores in the word', t => {
  const { deaths, taken } = guestIsFaster();
  t.true(deaths > 30, `${deaths} deaths`);
  t.true(taken > 0, 'deaths after the completion was there');
});

/** Does not remember that an entry of the outbox is done. */
class ForgetsDone extends MortalJournal {
  override single(word: number, value: number): void {
    const place = word - OUTBOX_TABLE - OUTBOX_COUNT_OFFSET / 4;
    const isCount = place >= 0 && place < OUTBOX_COUNT * OUTBOX_WORDS && place % OUTBOX_WORDS === 0;
    if (!isCount) super.single(word, value);
  }
}

test('without the mark on its entry the atomic would be stored again', t => {
  const error = t.throws(() => guestIsFaster((region, ledger) => new ForgetsDone(region, ledger)));
  t.regex(String(error?.message), /death at store/);
});
