// SPDX-License-Identifier: MIT
// Behind a vIOMMU a translation may be missing at any access, and after a restart every one is. Nothing is lost by that,
// and nothing can be told apart from a run in which all of them were there.
import test from 'ava';
import { SCENARIOS } from './all.js';
import { doubleDeaths, manyMisses, missThenDeath, singleDeaths, singleMisses } from './enumerate.js';

// Samples at fixed distances, others for each scenario; `npm run test:long` does more.
const DEATH_STRIDE = 5;
const DOUBLE_STRIDE = 97;
const MISS_STRIDE = 7;
/** More transfers than any step of the scenarios has: each comes through at the second try. */
const MISS_EVERY = [29, 41];

for (const [n, scenario] of SCENARIOS.entries()) {
  test.serial(`no translation at every access: ${scenario.name}`, t => {
    const { runs } = singleMisses(scenario);
    t.true(runs > 5);
    t.log(`${runs} misses`);
  });
  test.serial(`death, and no translation is left: ${scenario.name}`, t => {
    const { runs } = singleDeaths(scenario, DEATH_STRIDE, undefined, true);
    t.true(runs > 3);
    t.log(`${runs} deaths`);
  });
  test.serial(`a second death while translations are still missing: ${scenario.name}`, t => {
    const { runs } = doubleDeaths(scenario, {
      start: 1 + (n % DOUBLE_STRIDE),
      stride: DOUBLE_STRIDE,
      recoveryStride: 4,
      after: 6,
      forgetful: true,
    });
    t.log(`${runs} runs`);
    t.pass();
  });
  test.serial(`translations go away again and again: ${scenario.name}`, t => {
    for (const every of MISS_EVERY) t.true(manyMisses(scenario, every, 31).runs > 0);
  });
  test.serial(`a missing translation and a death: ${scenario.name}`, t => {
    const { runs } = missThenDeath(scenario, MISS_STRIDE);
    t.true(runs > 0);
    t.log(`${runs} runs`);
  });
}
