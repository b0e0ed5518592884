// SPDX-License-Identifier: MIT
import test from 'ava';
import { SCENARIOS } from './all.js';
import { newWorld, record } from './enumerate.js';
import { StrayStore, WatchfulJournal } from './strays.js';

test('every store that anything refers to goes through the journal', t => {
  for (const scenario of SCENARIOS) {
    const world = newWorld(scenario, (region, ledger) => new WatchfulJournal(region, ledger));
    t.notThrows(() => record(scenario, world), scenario.name);
  }
});

test('a store past the journal is noticed', t => {
  class Careless extends WatchfulJournal {
    override put(word: number, value: number): void {
      this.u32[word] = value;
      super.put(word, value);
    }
  }
  const world = () => newWorld(SCENARIOS[0], (region, ledger) => new Careless(region, ledger));
  t.throws(() => record(SCENARIOS[0], world()), { instanceOf: StrayStore });
});
