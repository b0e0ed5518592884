// SPDX-License-Identifier: MIT
// The conformance suite, and the cases of the claims, over the real chain: QEMU's pushbell-pci under qtest, the socket,
// the ring, and the back-end in a process of its own.
import test from 'ava';
import { buildQemu } from '../../device/vm/qemu-build.js';
import { claimCases } from '../claims/all-cases.js';
import { whileBulkRunsCases } from '../claims/cases/while-bulk-runs.js';
import { Driver } from '../support/driver.js';
import { QtestTarget } from '../support/qtest-target.js';
import { conformanceCases } from './all-cases.js';
import { titleOf } from './case.js';

let target: QtestTarget;

test.before(async t => {
  t.timeout(900_000);
  target = await QtestTarget.start(await buildQemu());
});
test.after.always(async t => {
  t.is(await target?.stop(), 0, 'the back-end ends in order');
});

for (const c of [...conformanceCases, ...claimCases, ...whileBulkRunsCases]) {
  test.serial(`[qtest] ${titleOf(c)}`, t => {
    target.reset();
    c.run({ target, driver: new Driver(target).start() });
    t.pass();
  });
}
