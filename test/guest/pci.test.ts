// SPDX-License-Identifier: MIT
// What PCI can do to a function that works, done by a guest: reset it, put it to sleep, take its MSI-X away.
import test from 'ava';
import { driverModules } from '../../device/cli/driver-modules.js';
import { prepareWorkshop, type Workshop } from '../../device/vm/setup.js';
import {
  adaptersOf,
  cases,
  DEBUGFS,
  kernelComplaints,
  register,
  shortSelftest,
  tell,
  wholeSelftest,
} from '../support/guest-adapter.js';
import { guestSays, inServedGuest, until } from '../support/served-vm.js';
import { Stress } from '../support/stress.js';

let workshop: Workshop;

test.before(async t => {
  t.timeout(1_200_000);
  workshop = await prepareWorkshop({ sink: { write: () => undefined } });
});

const MODULES = ['pushbell', 'pushbell_selftest', 'pushbell_stress'];
const TIMES = 5;
const ALL_CASES = 30;

test.serial('function-level reset, bus reset and sleep in the middle of work', async t => {
  const options = {
    guest: { load: driverModules(workshop, MODULES) },
    vm: { rootPorts: 1 },
    adapters: ['bus=port0'],
  };
  await inServedGuest(t, workshop, options, async ({ vm }) => {
    const [address] = await adaptersOf(vm);
    const device = `/sys/bus/pci/devices/${address}`;
    const load = new Stress(vm);
    const state = () => guestSays(vm, `cat ${DEBUGFS}/*/state`);
    await load.start('again=1');
    for (const method of ['flr', 'bus']) {
      await guestSays(vm, `echo ${method} >${device}/reset_method`);
      for (let n = 0; n < TIMES; n++) {
        const epoch = await register(vm, 'RESET_EPOCH');
        await guestSays(vm, `echo 1 >${device}/reset`);
        t.true((await register(vm, 'RESET_EPOCH')) > epoch, method);
        await load.goesOn();
      }
    }
    const resets = (await load.report()).figures.resets;
    t.true(resets >= 2 * TIMES, `${resets} resets seen by the workload`);

    for (let n = 0; n < TIMES; n++) {
      const epoch = await register(vm, 'RESET_EPOCH');
      await tell(vm, 'power', 'D3hot');
      t.regex(await state(), /state=asleep/);
      t.is((await guestSays(vm, `cat ${device}/power_state`)).trim(), 'D3hot');
      const asleep = (await load.report()).figures.completed;
      await guestSays(vm, 'sleep 0.1');
      t.is((await load.report()).figures.completed, asleep, 'nothing completes in D3hot');
      await tell(vm, 'power', 'D0');
      await until('it is awake', 5000, state, text => text.includes('state=up'));
      t.is(await register(vm, 'RESET_EPOCH'), epoch, 'sleep is no reset');
      await load.goesOn();
    }
    const { figures } = await load.stop();
    t.is(figures.resets, resets);
    await shortSelftest(vm);
    t.deepEqual(await kernelComplaints(vm), []);
  });
});

test.serial('a guest without MSI (pci=nomsi) works by INTx, every case of the selftest', async t => {
  const options = {
    guest: { load: driverModules(workshop, MODULES) },
    vm: { kernelArgs: ['pci=nomsi'] },
  };
  await inServedGuest(t, workshop, options, async ({ vm }) => {
    t.regex(await guestSays(vm, `cat ${DEBUGFS}/*/state`), /interrupts=intx/);
    const report = await wholeSelftest(vm);
    t.true(cases(report) >= ALL_CASES, `${cases(report)} cases`);
    const load = new Stress(vm);
    await load.start();
    t.true((await load.stop()).figures.interrupts > 0);
  });
});
