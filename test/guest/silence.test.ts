// SPDX-License-Identifier: MIT
// A back-end that is there and says nothing (SIGSTOP), met by a guest in the middle of a read: the machine obeys its
// monitor all the same, the guest sees an adapter that is gone, and has it again when the back-end speaks.
import test from 'ava';
import { driverModules } from '../../device/cli/driver-modules.js';
import { prepareWorkshop, type Workshop } from '../../device/vm/setup.js';
import type { Vm } from '../../device/vm/vm.js';
import { DEBUGFS, DRIVER, kernelLog, shortSelftest } from '../support/guest-adapter.js';
import { guestSays, inServedGuest, type Served, until, within } from '../support/served-vm.js';
import { Stress } from '../support/stress.js';

let workshop: Workshop;

test.before(async t => {
  t.timeout(1_200_000);
  workshop = await prepareWorkshop({ sink: { write: () => undefined } });
});

const MODULES = ['pushbell', 'pushbell_selftest', 'pushbell_stress'];
/** Far more than any of it takes; a monitor that waits for the back-end would take for ever. */
const MONITOR_MS = 5000;
const REBOOT_MS = 60_000;
const BACK_MS = 20_000;
/** Long enough for the read to be still waiting when the monitor is asked. */
const LONG_TIMEOUT = 'read-timeout-ms=3000';
const SHORT_TIMEOUT_MS = 500;

const stateOf = (vm: Vm): Promise<string> => guestSays(vm, `cat ${DEBUGFS}/*/state 2>/dev/null || true`);

const isUp = (vm: Vm): Promise<string> =>
  until(
    'the driver has its adapter',
    BACK_MS,
    () => stateOf(vm),
    text => text.includes('state=up'),
  );

/** Stops the back-end and has the guest read a register: resolves when that vCPU must be waiting. */
async function silence({ vm, backEnd }: Pick<Served, 'vm' | 'backEnd'>): Promise<void> {
  await backEnd().freeze();
  await guestSays(vm, `(cat ${DEBUGFS}/*/registers >/dev/null 2>&1 &)`);
  await guestSays(vm, 'sleep 0.3');
}

const adapter = (served: Served): Record<string, string | number> => ({
  driver: 'pushbell-pci',
  socket: served.socketPath,
  'read-timeout-ms': SHORT_TIMEOUT_MS,
  id: 'nic',
  bus: 'port0',
});

test.serial('stop, cont, reset, unplug and quit while a read waits for a silent back-end', async t => {
  const options = {
    guest: { load: driverModules(workshop, MODULES) },
    vm: { reboot: true, rootPorts: 1 },
    adapters: [`id=nic,bus=port0,${LONG_TIMEOUT}`],
  };
  await inServedGuest(t, workshop, options, async served => {
    const { vm, backEnd, event } = served;
    const { qmp } = vm;

    await silence(served);
    await within('stop', MONITOR_MS, qmp.execute('stop'));
    await within('cont', MONITOR_MS, qmp.execute('cont'));
    t.like(await within('query-status', MONITOR_MS, qmp.execute('query-status')), { status: 'running' });
    backEnd().thaw();
    await isUp(vm);
    await shortSelftest(vm);

    await silence(served);
    const reset = vm.restarted(() => within('system_reset', MONITOR_MS, qmp.execute('system_reset')));
    // The new boot finds a function that says nothing yet: it comes up with it or without it.
    await event('RESET', MONITOR_MS);
    backEnd().thaw();
    await within('the new boot', REBOOT_MS, reset);
    await guestSays(vm, `[ -e ${DRIVER}/0000:01:00.0 ] || echo 0000:01:00.0 >${DRIVER}/bind`);
    await shortSelftest(vm);

    await silence(served);
    await within('device_del', MONITOR_MS, qmp.execute('device_del', { id: 'nic' }));
    await event('DEVICE_DELETED', REBOOT_MS);
    backEnd().thaw();
    await qmp.execute('device_add', adapter(served));
    await isUp(vm);
    await shortSelftest(vm);

    await silence(served);
    const ended = vm.ended();
    void qmp.execute('quit').catch(() => undefined);
    await within('quit', MONITOR_MS, ended);
  });
});

test.serial('a back-end that is silent for too long is gone, and comes back by itself', async t => {
  const options = {
    guest: { load: driverModules(workshop, MODULES) },
    vm: { rootPorts: 1 },
    adapters: [`bus=port0,read-timeout-ms=${SHORT_TIMEOUT_MS}`],
  };
  await inServedGuest(t, workshop, options, async ({ vm, backEnd }) => {
    const load = new Stress(vm);
    await load.start('again=1');
    t.true(await linkIsUp(vm));
    for (let n = 0; n < 2; n++) {
      await silence({ vm, backEnd });
      await until(
        'the driver sees it',
        BACK_MS,
        () => stateOf(vm),
        text => text.includes('state=away'),
      );
      t.false(await linkIsUp(vm), 'the port shows no link');
      backEnd().thaw();
      await isUp(vm);
      t.true(await linkIsUp(vm));
      await load.goesOn();
    }
    const report = await load.stop();
    t.true(report.figures.resets >= 1);
    await shortSelftest(vm);
    const log = await kernelLog(vm);
    t.regex(log, /adapter is gone/);
    t.regex(log, /adapter is back after \d+ ms/);
  });
});

const LINK_STATUS_AT = 0x12;
const LINK_ACTIVE = 1 << 13;

/** Data Link Layer Link Active of the port above the adapter, as the guest reads it. */
async function linkIsUp(vm: Vm): Promise<boolean> {
  const dump = await guestSays(vm, 'od -An -v -tx1 /sys/bus/pci/devices/0000:00:01.0/config');
  const config = dump
    .trim()
    .split(/\s+/)
    .map(byte => Number.parseInt(byte, 16));
  for (let at = config[0x34]; at !== 0; at = config[at + 1]) {
    const isExpress = config[at] === 0x10;
    const status = config[at + LINK_STATUS_AT] | (config[at + LINK_STATUS_AT + 1] << 8);
    if (isExpress) return (status & LINK_ACTIVE) !== 0;
  }
  throw new Error('no PCI Express capability');
}
