// SPDX-License-Identifier: MIT
import test from 'ava';
import { singleDeaths } from './enumerate.js';
import { COMMANDS } from './scenarios-commands.js';
import { CONTROL } from './scenarios-control.js';
import { PCI } from './scenarios-pci.js';

for (const scenario of [...COMMANDS, ...CONTROL, ...PCI]) {
  test.serial(`death at every store: ${scenario.name}`, t => {
    const { stores, runs } = singleDeaths(scenario);
    t.true(stores > 10);
    t.is(runs, stores);
    t.log(`${runs} deaths`);
  });
}
