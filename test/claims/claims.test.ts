// SPDX-License-Identifier: MIT
// The claims, proved on the model in this process. mutation.test.ts shows that each of these tests fails when the
// behaviour is taken out.
import test from 'ava';
import { titleOf } from '../conformance/case.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import { provedHere } from './proof-cases.js';

for (const c of provedHere) {
  test(titleOf(c), t => {
    const target = new InProcess();
    c.run({ target, driver: new Driver(target).start() });
    t.pass();
  });
}
