// SPDX-License-Identifier: MIT
// The guest starts again, by itself and from outside: the machine resets the adapter, and the driver brings it up anew.
import test from 'ava';
import { driverModules } from '../../device/cli/driver-modules.js';
import { prepareWorkshop, type Workshop } from '../../device/vm/setup.js';
import { register, shortSelftest } from '../support/guest-adapter.js';
import { guestSays, inServedGuest } from '../support/served-vm.js';

let workshop: Workshop;

test.before(async t => {
  t.timeout(1_200_000);
  workshop = await prepareWorkshop({ sink: { write: () => undefined } });
});

test.serial('a guest that reboots, or is reset, comes up with a working adapter', async t => {
  const load = driverModules(workshop, ['pushbell', 'pushbell_selftest']);
  await inServedGuest(t, workshop, { guest: { load }, vm: { reboot: true } }, async ({ vm, backEnd }) => {
    const bootId = () => guestSays(vm, 'cat /proc/sys/kernel/random/boot_id');
    const seen = [await bootId()];
    let epoch = await register(vm, 'RESET_EPOCH');
    await shortSelftest(vm);
    const ways: [string, () => Promise<unknown>][] = [
      ['reboot -f', () => vm.run('reboot -f')],
      ['system_reset', () => vm.qmp.execute('system_reset')],
    ];
    for (const [way, act] of ways) {
      await vm.restarted(act);
      seen.push(await bootId());
      t.is(new Set(seen).size, seen.length, `${way}: this is another boot`);
      const later = await register(vm, 'RESET_EPOCH');
      t.true(later > epoch, `${way}: reset epoch ${epoch}, then ${later}`);
      epoch = later;
      await shortSelftest(vm);
    }
    const { sessions } = (await backEnd().ask('status')) as { sessions: number };
    t.is(sessions, 1, 'one connection, held all the time');
  });
});
