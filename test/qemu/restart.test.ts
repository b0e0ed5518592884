// SPDX-License-Identifier: MIT
// A back-end that is killed: for a guest a pause if another one comes in time, a link that goes down if none does. The
// guest has no driver; its accesses are what counts.
import test from 'ava';
import {
  ALL_ONES,
  BACK_MS,
  configWord,
  enable,
  FUNCTION,
  inBareGuest,
  linkActive,
  load,
  PATIENT,
  prepareGuests,
  stillWaits,
  store,
} from '../support/bare-function.js';
import { BARE_RING_SLOTS } from '../support/bare-model.js';
import { Reg, SCRATCH_ID } from '../support/scratch-model.js';
import { guestSays, until, within } from '../support/served-vm.js';

prepareGuests();

const hashOf = (values: readonly number[]): number =>
  values.reduce((hash, value) => (Math.imul(hash, 31) + value) >>> 0, 0);

test.serial(
  'reads and writes wait through kill -9 and a new back-end, and each takes effect once',
  async t => {
    await inBareGuest(t, PATIENT, async ({ vm, backEnd, startAgain }) => {
      const bar = await enable(vm);
      await store(vm, bar + Reg.SCRATCH, 4711);

      await backEnd().kill();
      const early = load(vm, bar + Reg.SCRATCH, 120_000);
      t.true(await stillWaits(early, 300), 'the read waits');
      await startAgain();
      t.is(await within('the read', BACK_MS, early), 4711);

      // More than the ring holds: the last ones have to wait.
      const values = Array.from({ length: BARE_RING_SLOTS * 2 }, (_, i) => i * 7 + 1);
      const count = await load(vm, bar + Reg.COUNT);
      await backEnd().kill();
      const writes = store(vm, bar + Reg.HASH_IN, ...values);
      t.true(await stillWaits(writes, 2000), 'a full ring holds the writer');
      await startAgain();
      await within('the writes', BACK_MS, writes);
      t.is(await load(vm, bar + Reg.HASH), hashOf(values), 'all of them, in order');
      t.is(await load(vm, bar + Reg.COUNT), count + values.length, 'each one once');
      t.notRegex(vm.stderr, /is gone|dropped/);
    });
  },
);

test.serial('without a new back-end the function goes, and comes back in its state after reset', async t => {
  await inBareGuest(t, 'read-timeout-ms=4000', async ({ vm, backEnd, startAgain }) => {
    const bar = await enable(vm);
    await store(vm, bar + Reg.SCRATCH, 4711);

    // Time in which the VM does not run is no time for the guest.
    await vm.qmp.execute('stop');
    await backEnd().kill();
    await new Promise(resolve => setTimeout(resolve, 6000));
    t.notRegex(vm.stderr, /is gone/);
    await vm.qmp.execute('cont');
    await until(
      'the function to be gone',
      BACK_MS,
      () => configWord(vm, FUNCTION, 0, 4),
      id => id === ALL_ONES,
    );
    t.false(await linkActive(vm));
    t.is(await load(vm, bar + Reg.ID), ALL_ONES);
    await store(vm, bar + Reg.SCRATCH, 1);

    await startAgain();
    await until(
      'the function to be back',
      BACK_MS,
      () => configWord(vm, FUNCTION, 0, 4),
      id => id !== ALL_ONES,
    );
    t.true(await linkActive(vm));
    t.is((await configWord(vm, FUNCTION, 4, 2)) & 7, 0);
    await guestSays(vm, `cd ${FUNCTION} && echo 1 >remove && echo 1 >/sys/bus/pci/rescan`);
    const after = await enable(vm);
    t.is(await load(vm, after + Reg.ID), SCRATCH_ID);
    t.is(await load(vm, after + Reg.SCRATCH), 0);
    t.is(await load(vm, after + Reg.COUNT), 0, 'writes of the time without it are void');
  });
});
