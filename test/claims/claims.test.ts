// SPDX-License-Identifier: MIT
// The claims, proved on the model in this process. mutation.test.ts shows that each of these tests fails when the
// behaviour is taken out.
import test from 'ava';
import { titleOf } from '../conformance/case.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import { claimCases } from './all-cases.js';
import { boundCases } from './cases/bounds.js';
import { sliceCases } from './cases/slices.js';

for (const c of [...claimCases, ...sliceCases, ...boundCases]) {
  test(titleOf(c), t => {
    const target = new InProcess();
    c.run({ target, driver: new Driver(target).start() });
    t.pass();
  });
}
