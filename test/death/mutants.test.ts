// SPDX-License-Identifier: MIT
import test from 'ava';
import { SCENARIOS } from './all.js';
import { Caught, doubleDeaths, singleDeaths } from './enumerate.js';
import { MUTANTS } from './mutants.js';

for (const mutant of MUTANTS) {
  test.serial(`the enumerator finds: ${mutant.name}`, t => {
    const scenario = SCENARIOS.find(s => s.name === mutant.shownBy);
    if (scenario === undefined) throw new Error(`no scenario "${mutant.shownBy}"`);
    const search = () =>
      mutant.deaths === 1
        ? singleDeaths(scenario, 1, mutant.make)
        : doubleDeaths(scenario, { stride: 3, recoveryStride: 1, after: 0 }, mutant.make);
    const error = t.throws(search, { instanceOf: Caught });
    t.log(error?.message.split('\n')[0]);
  });
}

test('a rule that only a second death shows is not found by one', t => {
  const scenario = SCENARIOS.find(s => s.name === 'NOP by doorbell');
  const mutant = MUTANTS.find(m => m.deaths === 2);
  if (scenario === undefined || mutant === undefined) throw new Error('no such scenario or mutant');
  t.notThrows(() => singleDeaths(scenario, 1, mutant.make));
});
