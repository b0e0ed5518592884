// SPDX-License-Identifier: MIT
import test from 'ava';
import { SCENARIOS } from './all.js';
import { doubleDeaths } from './enumerate.js';

// A sample at a fixed distance, another one for each scenario; `npm run test:long` does them all.
const STRIDE = 59;
const RECOVERY_STRIDE = 3;

for (const [n, scenario] of SCENARIOS.entries()) {
  test.serial(`a second death during the recovery: ${scenario.name}`, t => {
    const { stores, runs } = doubleDeaths(scenario, {
      start: 1 + (n % STRIDE),
      stride: STRIDE,
      recoveryStride: RECOVERY_STRIDE,
      after: 2,
    });
    t.true(runs > Math.floor(stores / STRIDE));
    t.log(`${runs} runs`);
  });
}
