// SPDX-License-Identifier: MIT
// Guest memory of every kind under the adapter's DMA: above 4 GiB, plugged in and out while it works, of huge pages.
import { readFileSync, writeFileSync } from 'node:fs';
import test from 'ava';
import { driverModule, driverModules } from '../../device/cli/driver-modules.js';
import { prepareWorkshop, type Workshop } from '../../device/vm/setup.js';
import type { Vm } from '../../device/vm/vm.js';
import { kernelComplaints, register, shortSelftest } from '../support/guest-adapter.js';
import { guestSays, inServedGuest, type Served, until } from '../support/served-vm.js';

let workshop: Workshop;

test.before(async t => {
  t.timeout(1_200_000);
  workshop = await prepareWorkshop({ sink: { write: () => undefined } });
});

const MIB = 2 ** 20;
const BIG_MB = 6144;
const SMALL_MB = 256;
const DIMM_MB = 1024;
const HUGE_PAGE_MB = 2;
const PLUG_MS = 20_000;

/** Above 4 GiB is where the kernel allocates first once there is memory; the mailbox tells where that was. */
async function usesHighMemory(vm: Vm): Promise<boolean> {
  return (await register(vm, 'MAILBOX_HI')) > 0;
}

test.serial('a guest of 6 GiB: DMA below and above 4 GiB', async t => {
  const load = driverModules(workshop, ['pushbell', 'pushbell_selftest']);
  await inServedGuest(t, workshop, { guest: { load }, vm: { memoryMb: BIG_MB } }, async ({ vm }) => {
    t.true(await usesHighMemory(vm));
    await shortSelftest(vm);
    t.deepEqual(await kernelComplaints(vm), []);
  });
});

/** Mappings of guest RAM of a size in the adapter's process. */
function mappedMb(pid: number, mb: number): number {
  const bounds = readFileSync(`/proc/${pid}/maps`, 'utf8')
    .split('\n')
    .filter(line => line.includes('memfd:memory-backend-memfd'))
    .map(line =>
      line
        .split(' ')[0]
        .split('-')
        .map(text => Number.parseInt(text, 16)),
    );
  return bounds.filter(([from, to]) => to - from === mb * MIB).length;
}

async function plugDimm(
  { vm }: Served,
  name: string,
  how: 'online_kernel' | 'online_movable',
): Promise<void> {
  const backend = { 'qom-type': 'memory-backend-memfd', id: `${name}-ram`, size: DIMM_MB * MIB, share: true };
  await vm.qmp.execute('object-add', backend);
  await vm.qmp.execute('device_add', { driver: 'pc-dimm', id: name, memdev: `${name}-ram` });
  const online = `for f in $(grep -l offline /sys/devices/system/memory/memory*/state); do echo ${how} >$f; done`;
  const block = Number.parseInt(await guestSays(vm, 'cat /sys/devices/system/memory/block_size_bytes'), 16);
  const blocks = (DIMM_MB * MIB) / block;
  const offline = 'cat /sys/devices/system/memory/memory*/state | grep -c offline || true';
  await until(
    'the guest sees the memory',
    PLUG_MS,
    () => guestSays(vm, offline),
    n => Number(n) === blocks,
  );
  await guestSays(vm, online);
}

test.serial(
  'memory that is plugged in is used for DMA, and other memory goes while the adapter works',
  async t => {
    const guest = {
      carry: ['pushbell', 'pushbell_selftest'].map(name => driverModule(workshop, name)),
    };
    const vmOptions = { memoryMb: SMALL_MB, hotplugMemory: { mb: 2 * DIMM_MB, slots: 2 } };
    await inServedGuest(t, workshop, { guest, vm: vmOptions }, async served => {
      const { vm, event, backEnd } = served;
      const pid = await backEnd().workerPid();
      // Debian 13's kernel takes new memory into use by itself; here the test says as what.
      await guestSays(vm, 'echo offline >/sys/devices/system/memory/auto_online_blocks');
      await plugDimm(served, 'dimm0', 'online_kernel');
      await guestSays(vm, 'cd /pushbell/modules.d && insmod pushbell.ko && insmod pushbell_selftest.ko');
      t.true(await usesHighMemory(vm), 'the driver got plugged memory');
      await shortSelftest(vm);
      t.is(mappedMb(pid, DIMM_MB), 1);

      await plugDimm(served, 'dimm1', 'online_movable');
      await shortSelftest(vm);
      t.is(mappedMb(pid, DIMM_MB), 2);
      await vm.qmp.execute('device_del', { id: 'dimm1' });
      await event('DEVICE_DELETED', PLUG_MS);
      await until(
        'the adapter lets go of it',
        PLUG_MS,
        () => mappedMb(pid, DIMM_MB),
        n => n === 1,
      );
      await vm.qmp.execute('object-del', { id: 'dimm1-ram' });
      await shortSelftest(vm);
      t.deepEqual(await kernelComplaints(vm), []);
    });
  },
);

const POOL = '/proc/sys/vm/nr_hugepages';
const pool = (): number => Number(readFileSync(POOL, 'utf8'));

/** Room for a guest in the host's pool of huge pages; undefined where there is none to be had. */
function takeHugePages(pages: number): (() => void) | undefined {
  const before = pool();
  const restore = () => writeFileSync(POOL, String(before));
  try {
    writeFileSync(POOL, String(before + pages));
  } catch {
    return undefined; // not root, or a container
  }
  if (pool() === before + pages) return restore;
  restore();
  return undefined;
}

test.serial('a guest whose memory is of 2 MiB pages', async t => {
  const restore = takeHugePages(SMALL_MB / HUGE_PAGE_MB);
  if (restore === undefined) {
    t.log(`skipped: this machine gives no ${SMALL_MB} MiB of huge pages (${POOL})`);
    t.pass();
    return;
  }
  t.teardown(restore);
  const load = driverModules(workshop, ['pushbell', 'pushbell_selftest']);
  const vmOptions = { memoryMb: SMALL_MB, hugePages: true };
  await inServedGuest(t, workshop, { guest: { load }, vm: vmOptions }, async ({ vm, backEnd }) => {
    await shortSelftest(vm);
    const pid = await backEnd().workerPid();
    t.regex(readFileSync(`/proc/${pid}/smaps`, 'utf8'), /KernelPageSize: +2048 kB/);
    t.deepEqual(await kernelComplaints(vm), []);
  });
});
