// SPDX-License-Identifier: MIT
// Adapters that come and go while the guest runs, with their MSI-X vectors in use.
import { readdirSync } from 'node:fs';
import type { ExecutionContext } from 'ava';
import { driverModules } from '../../device/cli/driver-modules.js';
import type { Workshop } from '../../device/vm/setup.js';
import type { Vm } from '../../device/vm/vm.js';
import { adaptersOf, kernelComplaints, shortSelftest } from './guest-adapter.js';
import { guestSays, inServedGuest, type Served, until } from './served-vm.js';
import { Stress } from './stress.js';

const PLUG_MS = 20_000;

export interface Plugging {
  /** Who tells the guest: ACPI, or the port (pciehp, which gives a person 5 s to think again). */
  readonly hotplug: 'acpi' | 'native';
  readonly times: number;
  readonly deadlineMs?: number;
}

/** Plugs and unplugs an adapter, at work each time; in the end QEMU holds what it held after the first time. */
export async function plugAndUnplug(
  t: ExecutionContext,
  workshop: Workshop,
  { hotplug, times, deadlineMs }: Plugging,
): Promise<void> {
  const guest = { load: driverModules(workshop, ['pushbell', 'pushbell_selftest', 'pushbell_stress']) };
  const options = { guest, vm: { rootPorts: 2, hotplug }, adapters: [] };
  await inServedGuest(t, workshop, { ...options, ...(deadlineMs ? { deadlineMs } : {}) }, async served => {
    const { vm } = served;
    let first: ReturnType<typeof held> | undefined;
    for (let n = 0; n < times; n++) {
      await plug(served);
      await shortSelftest(vm);
      t.true((await interruptsOf(vm)) > 0, 'MSI-X vectors were used');
      await new Stress(vm).start();
      await unplug(served);
      // What is made once, at the first plug, is no leak.
      first ??= held(vm.pid);
    }
    t.deepEqual(held(vm.pid), first, 'QEMU holds what it held after the first time');
    await plug(served);
    await shortSelftest(vm);
    t.deepEqual(await kernelComplaints(vm), []);
  });
}

/** What a process holds that a leak would make grow. */
const held = (pid: number): { fds: number; threads: number } => ({
  fds: readdirSync(`/proc/${pid}/fd`).length,
  threads: readdirSync(`/proc/${pid}/task`).length,
});

async function plug({ vm, socketPath }: Served): Promise<void> {
  await vm.qmp.execute('device_add', { driver: 'pushbell-pci', socket: socketPath, id: 'nic', bus: 'port1' });
  await until(
    'the driver has the adapter',
    PLUG_MS,
    () => adaptersOf(vm),
    found => found.length === 1,
  );
}

async function unplug({ vm, event }: Served): Promise<void> {
  await vm.qmp.execute('device_del', { id: 'nic' });
  await event('DEVICE_DELETED', PLUG_MS);
  await until(
    'the driver has let go',
    PLUG_MS,
    () => adaptersOf(vm),
    found => found.length === 0,
  );
}

async function interruptsOf(vm: Vm): Promise<number> {
  const lines = (await guestSays(vm, 'cat /proc/interrupts'))
    .split('\n')
    .filter(line => /pushbell/.test(line));
  return lines
    .flatMap(line => line.trim().split(/\s+/).slice(1, 3))
    .reduce((sum, count) => sum + Number(count), 0);
}
