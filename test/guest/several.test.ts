// SPDX-License-Identifier: MIT
// Several adapters of one process: two in one VM and one in another, each at work on its own; the process dies under all
// three and all three go on.
import test from 'ava';
import { driverModules } from '../../device/cli/driver-modules.js';
import { prepareWorkshop, type Workshop } from '../../device/vm/setup.js';
import type { Vm } from '../../device/vm/vm.js';
import { adaptersOf, DEBUGFS, kernelComplaints, register, shortSelftest } from '../support/guest-adapter.js';
import { killUnderLoad } from '../support/restarts.js';
import { guestSays, inServedGuest } from '../support/served-vm.js';
import { Stress } from '../support/stress.js';

let workshop: Workshop;

test.before(async t => {
  t.timeout(1_200_000);
  workshop = await prepareWorkshop({ sink: { write: () => undefined } });
});

const MODULES = ['pushbell', 'pushbell_selftest', 'pushbell_stress'];
const KILLS = 2;

interface Station {
  readonly vm: Vm;
  readonly address: string;
  readonly load: Stress;
}

interface AdapterStatus {
  readonly adapter: number;
  readonly connected: boolean;
}

test.serial('two adapters in one VM and one in another, all of one process that dies under load', async t => {
  const guest = { load: driverModules(workshop, MODULES) };
  const options = { guest, supervise: true, adapters: ['', ''] };
  await inServedGuest(t, workshop, options, async served => {
    const vms = [served.vm, await served.another()];
    const stations: Station[] = [];
    for (const vm of vms) {
      for (const address of await adaptersOf(vm))
        stations.push({ vm, address, load: new Stress(vm, address) });
    }
    t.is(stations.length, 3);
    const { adapters } = (await served.backEnd().ask('status')) as { adapters: AdapterStatus[] };
    t.is(adapters.filter(one => one.connected).length, 3);

    const epochs = () => Promise.all(stations.map(one => register(one.vm, 'RESET_EPOCH', one.address)));
    const first = await epochs();
    // A reset of one is none of the others.
    await guestSays(stations[0].vm, `echo 1 >${DEBUGFS}/${stations[0].address}/reset`);
    const before = await epochs();
    t.deepEqual(before, [first[0] + 1, first[1], first[2]]);
    for (const { load } of stations) await load.start('throttle_us=2000');
    await killUnderLoad(served, stations[0].load, { times: KILLS, seed: 3 });
    for (const { load } of stations) {
      await load.goesOn();
      t.is((await load.stop()).figures.resets, 0);
    }
    t.deepEqual(await epochs(), before);
    for (const { vm, address } of stations) await shortSelftest(vm, address);
    for (const vm of vms) t.deepEqual(await kernelComplaints(vm), []);
  });
});
