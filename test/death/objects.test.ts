// SPDX-License-Identifier: MIT
import test from 'ava';
import { singleDeaths, singleMisses } from './enumerate.js';
import { LATE } from './scenarios-late.js';
import { OBJECTS } from './scenarios-objects.js';

for (const scenario of [...OBJECTS, ...LATE]) {
  test.serial(`death at every store: ${scenario.name}`, t => {
    const { stores, runs } = singleDeaths(scenario);
    t.true(stores > 10);
    t.is(runs, stores);
    t.log(`${runs} deaths`);
  });
  test.serial(`no translation before every transfer: ${scenario.name}`, t => {
    t.true(singleMisses(scenario).runs > 2);
  });
}
