// SPDX-License-Identifier: MIT
import { join } from 'node:path';
import { type Accel, probeAccel } from './accel.js';
import { projectRoot } from './cache.js';
import { hostTscKhz } from './host-clock.js';
import { ensurePackages } from './host-tools.js';
import { buildInitramfs, type InitramfsContents } from './initramfs.js';
import { fetchKernel, type GuestKernel } from './kernel.js';
import { type BuiltModules, buildModules } from './module-build.js';
import { prepare, type Step, type TextSink } from './progress.js';
import { buildQemu, type QemuBuild } from './qemu-build.js';
import { Vm, type VmOptions } from './vm.js';

/** Everything that a VM with the adapter needs, ready to be used. */
export interface Workshop {
  qemu: QemuBuild;
  kernel: GuestKernel;
  /** The guest driver's modules. */
  driver: BuiltModules;
  accel: Accel;
}

export interface SetupOptions {
  sink?: TextSink;
  signal?: AbortSignal;
}

/** What the host needs beside the packages that a build step asks for itself. */
const HOST_PACKAGES = ['build-essential', 'dpkg-dev', 'util-linux', 'xz-utils'];

/** Installs, downloads and builds what is missing, with a line of progress a step; all of it is cached. */
export async function prepareWorkshop(options: SetupOptions = {}): Promise<Workshop> {
  const done: Partial<Workshop> = {};
  await prepare(workshopSteps(done, options.signal), options.sink);
  return done as Workshop;
}

/** The steps of `prepareWorkshop`, which leave their results in `done`; a caller may put more after them. */
export function workshopSteps(done: Partial<Workshop>, signal?: AbortSignal): Step[] {
  const abort = signal ? { signal } : {};
  return [
    {
      title: 'Debian packages on this machine',
      run: async say => ({
        cached: !(await ensurePackages(HOST_PACKAGES, { say, ...abort })),
        verb: 'installed',
      }),
    },
    {
      title: 'QEMU with pushbell-pci',
      run: async say => {
        const qemu = await buildQemu({ say, ...abort });
        done.qemu = qemu;
        return { title: `QEMU ${qemu.version} with pushbell-pci`, cached: !qemu.fresh, verb: 'built' };
      },
    },
    {
      title: "Debian's kernel for the guest",
      run: async say => {
        const { kernel, fresh } = await fetchKernel({ say, ...abort });
        done.kernel = kernel;
        return { title: `Linux ${kernel.release} for the guest`, cached: !fresh, verb: 'unpacked' };
      },
    },
    {
      title: 'Guest driver',
      run: async say => {
        done.driver = await buildModules(done.kernel!, join(projectRoot, 'guest-driver'), { say, ...abort });
        return { cached: !done.driver.fresh, verb: 'built' };
      },
    },
    {
      title: 'Acceleration',
      run: async () => {
        done.accel = await chooseAccel(done.qemu!, done.kernel!);
        const title = done.accel === 'kvm' ? 'KVM runs guests here' : 'No usable KVM here, emulating (TCG)';
        return { title, cached: false, verb: 'found' };
      },
    },
  ];
}

/** KVM must bring a real guest up within this. */
const KVM_BOOT_TIMEOUT_MS = 10_000;

/** How guests are executed on this machine, found out by booting one. */
export async function chooseAccel(qemu: QemuBuild, kernel: GuestKernel): Promise<Accel> {
  return probeAccel(qemu.binary, async () => {
    try {
      const vm = await startVm({ qemu, kernel, accel: 'kvm' }, {}, { bootTimeoutMs: KVM_BOOT_TIMEOUT_MS });
      await vm.shutdown();
      return true;
    } catch {
      return false; // for whatever reason: emulation always works
    }
  });
}

/** A VM from the workshop; `guest` is what its root file system holds, the rest is as for `Vm.start`. */
export async function startVm(
  workshop: Pick<Workshop, 'qemu' | 'kernel' | 'accel'>,
  guest: Omit<InitramfsContents, 'kernel'>,
  options: Partial<VmOptions> = {},
): Promise<Vm> {
  const { qemu, kernel, accel } = workshop;
  const initramfs = await buildInitramfs({ kernel, ...guest });
  const clock = accel === 'tcg' ? [`tsc_early_khz=${await hostTscKhz()}`] : [];
  return Vm.start({
    qemu: qemu.binary,
    firmwareDir: qemu.firmwareDir,
    kernel: kernel.image,
    accel,
    initramfs,
    ...options,
    kernelArgs: [...clock, ...(options.kernelArgs ?? [])],
  });
}
