// SPDX-License-Identifier: MIT
import test from 'ava';
import { singleDeaths } from './enumerate.js';
import { NETWORK } from './scenarios-network.js';

for (const scenario of NETWORK) {
  test.serial(`death at every store: ${scenario.name}`, t => {
    const { stores, runs } = singleDeaths(scenario);
    t.true(stores > 10);
    t.is(runs, stores);
    t.log(`${runs} deaths`);
  });
}
