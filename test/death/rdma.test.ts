// SPDX-License-Identifier: MIT
import test from 'ava';
import { singleDeaths } from './enumerate.js';
import { RDMA } from './scenarios-rdma.js';

for (const scenario of RDMA) {
  test.serial(`death at every store: ${scenario.name}`, t => {
    const { stores, runs } = singleDeaths(scenario);
    t.true(stores > 10);
    t.is(runs, stores);
    t.log(`${runs} deaths`);
  });
}
