// SPDX-License-Identifier: MIT
// The conformance suite on the model in this process.
import test from 'ava';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import { conformanceCases } from './all-cases.js';
import { titleOf } from './case.js';

for (const c of conformanceCases) {
  test(`[in process] ${titleOf(c)}`, t => {
    const target = new InProcess();
    c.run({ target, driver: new Driver(target).start() });
    t.pass();
  });
}
