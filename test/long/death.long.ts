// SPDX-License-Identifier: MIT
// Every pair of deaths: the first at each store of each scenario, the second at each store of the recovery and at some
// after it; the same, thinned out, with translations that are missing after each. Takes hours; `npm run test:long`.
// PUSHBELL_STRIDE=n takes the first death at each n-th store alone, at others for each scenario; PUSHBELL_SCENARIOS is a
// regular expression for the scenarios to play.
import test from 'ava';
import { SCENARIOS } from '../death/all.js';
import { doubleDeaths, missThenDeath, singleDeaths } from '../death/enumerate.js';

const SCENARIO_MINUTES = 90;
/** No scenario has fewer. */
const FEWEST_STORES = 50;
const stride = Number(process.env.PUSHBELL_STRIDE ?? 1);
const asked = new RegExp(process.env.PUSHBELL_SCENARIOS ?? '');
/** How much of all it is, as the title of a test says it. */
const share = stride === 1 ? 'all of them' : `one in ${stride} of the first`;

const scenarios = [...SCENARIOS.entries()].filter(([, { name }]) => asked.test(name));

for (const [n, scenario] of scenarios) {
  test.serial(`two deaths, ${share}: ${scenario.name}`, t => {
    t.timeout(SCENARIO_MINUTES * 60_000);
    const start = 1 + (n % Math.min(stride, FEWEST_STORES));
    const { stores, runs } = doubleDeaths(scenario, { start, stride, recoveryStride: 1, after: 5 });
    t.true(runs > Math.floor(stores / stride));
    t.log(`${runs} runs, ${stores} stores`);
  });
}

for (const [n, scenario] of scenarios) {
  test.serial(`deaths, and no translation is left, ${share}: ${scenario.name}`, t => {
    t.timeout(SCENARIO_MINUTES * 60_000);
    const { stores, runs } = singleDeaths(scenario, 1, undefined, true);
    t.is(runs, stores);
    const thin = 7 * stride;
    doubleDeaths(scenario, {
      start: 1 + (n % thin),
      stride: thin,
      recoveryStride: 2,
      after: 5,
      forgetful: true,
    });
    t.true(missThenDeath(scenario, stride).runs > 0);
  });
}
