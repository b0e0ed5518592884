// SPDX-License-Identifier: MIT
// Every pair of deaths: the first at each store of each scenario, the second at each store of the recovery and at some
// after it; the same, thinned out, with translations that are missing after each. Takes the best part of an hour;
// `npm run test:long`.
import test from 'ava';
import { SCENARIOS } from '../death/all.js';
import { doubleDeaths, missThenDeath, singleDeaths } from '../death/enumerate.js';

const SCENARIO_MINUTES = 20;

for (const scenario of SCENARIOS) {
  test.serial(`two deaths, all of them: ${scenario.name}`, t => {
    t.timeout(SCENARIO_MINUTES * 60_000);
    const { stores, runs } = doubleDeaths(scenario, { stride: 1, recoveryStride: 1, after: 5 });
    t.true(runs > stores);
    t.log(`${runs} runs`);
  });
}

for (const scenario of SCENARIOS) {
  test.serial(`deaths, and no translation is left, all of them: ${scenario.name}`, t => {
    t.timeout(SCENARIO_MINUTES * 60_000);
    const { stores, runs } = singleDeaths(scenario, 1, undefined, true);
    t.is(runs, stores);
    doubleDeaths(scenario, { stride: 7, recoveryStride: 2, after: 5, forgetful: true });
    t.true(missThenDeath(scenario, 1).runs > 0);
  });
}
