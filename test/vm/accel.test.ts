// SPDX-License-Identifier: MIT
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { probeAccel } from '../../device/vm/accel.js';
import { qemuArgs } from '../../device/vm/qemu-args.js';

const scratch = mkdtempSync(join(tmpdir(), 'accel-test-'));
process.env.PUSHBELL_CACHE = scratch;
test.after.always(() => rmSync(scratch, { recursive: true }));

/** A program that ends like QEMU with the given status. */
function fakeQemu(name: string, script: string): string {
  const path = join(scratch, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

const hasDevKvm = await import('node:fs').then(fs => {
  try {
    fs.accessSync('/dev/kvm', fs.constants.R_OK | fs.constants.W_OK);
    return true;
  } catch {
    return false;
  }
});
const whereKvm = hasDevKvm ? test : test.skip;

whereKvm('KVM is used only if a few instructions run and then a real guest boots', async t => {
  let boots = 0;
  const boot = (answer: boolean) => async () => {
    boots++;
    return answer;
  };
  t.is(await probeAccel(fakeQemu('aborts', 'kill -ABRT $$'), boot(true)), 'tcg');
  t.is(await probeAccel(fakeQemu('refuses', 'exit 1'), boot(true)), 'tcg');
  t.is(boots, 0, 'no guest is booted where not even the instructions ran');
  t.is(await probeAccel(fakeQemu('hangs-later', 'exit 85'), boot(false)), 'tcg');
  t.is(await probeAccel(fakeQemu('works', 'exit 85'), boot(true)), 'kvm');
  t.is(boots, 2);
  t.is(await probeAccel(join(scratch, 'works'), boot(false)), 'kvm', 'the answer is kept');
  t.is(boots, 2);
});

whereKvm('a probe that hangs is given up', async t => {
  t.timeout(30_000);
  t.is(await probeAccel(fakeQemu('hangs', 'sleep 1000'), async () => true), 'tcg');
});

test('the machine has shared RAM, the two serial ports in order, and what was asked for', t => {
  const args = qemuArgs(
    {
      accel: 'tcg',
      firmwareDir: '/fw',
      kernel: '/k',
      initramfs: '/i',
      cpus: 3,
      memoryMb: 512,
      devices: ['edu', 'pushbell-pci,socket=/s'],
      machineOptions: ['kernel-irqchip=split'],
      kernelArgs: ['debug'],
      extraArgs: ['-S'],
    },
    { console: '/c', agent: '/a', monitor: '/m' },
  ).join(' ');
  t.regex(args, /-machine q35,memory-backend=ram,[^ ]*kernel-irqchip=split/);
  t.regex(args, /-object memory-backend-memfd,id=ram,size=512M,share=on -m 512M -smp 3/);
  t.regex(args, /isa-serial,chardev=console .*isa-serial,chardev=agent/);
  t.regex(args, /-device edu -device pushbell-pci,socket=\/s -S$/);
  t.regex(args, /-append console=ttyS0.* debug -chardev/);
});

test('ports, an IOMMU, room for memory, huge pages and restarts are there when asked for', t => {
  const machine = { kernel: '/k', initramfs: '/i', cpus: 1, memoryMb: 512 };
  const sockets = { console: '/c', agent: '/a', monitor: '/m' };
  const plain = qemuArgs({ ...machine, accel: 'tcg' }, sockets).join(' ');
  t.regex(plain, / -no-reboot /);
  t.notRegex(plain, /iommu|port0|slots=|hugetlb|panic=0/);
  const options = {
    rootPorts: 2,
    hotplug: 'native',
    iommu: true,
    hotplugMemory: { mb: 1024, slots: 4 },
    hugePages: true,
    reboot: true,
    devices: ['edu,bus=port1'],
  } as const;
  const args = qemuArgs({ ...machine, ...options, accel: 'kvm' }, sockets).join(' ');
  t.notRegex(args, /-no-reboot/);
  t.regex(args, /-machine [^ ]*kernel-irqchip=split/);
  t.regex(args, /size=512M,share=on,hugetlb=on,hugetlbsize=2M -m 512M,slots=4,maxmem=1536M /);
  t.regex(args, /panic=-1 .*panic=0 intel_iommu=on iommu\.strict=1/);
  t.regex(args, /-device intel-iommu,intremap=on .*acpi-pci-hotplug-with-bridge-support=off/);
  t.regex(
    args,
    /-device pcie-root-port,id=port0,[^ ]* -device pcie-root-port,id=port1,[^ ]* -device edu,bus=port1$/,
  );
});
