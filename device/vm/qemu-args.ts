// SPDX-License-Identifier: MIT
import type { Accel } from './accel.js';

/** Everything that makes up the machine, apart from the sockets of the control side. */
export interface Machine {
  accel: Accel;
  firmwareDir?: string;
  kernel: string;
  initramfs: string;
  cpus: number;
  memoryMb: number;
  /**
   * PCI Express root ports, named port0, port1, …: what sits below one (`bus=port0`) has a link, and can be plugged
   * and unplugged while the guest runs.
   */
  rootPorts?: number;
  /** Who tells the guest of hot-plug: ACPI, QEMU's default, or the port itself (pciehp). */
  hotplug?: 'acpi' | 'native';
  /** An Intel IOMMU with interrupt remapping between all devices and the guest's memory. */
  iommu?: boolean;
  /** Room for memory that is plugged in later, in MiB, and how many pieces. */
  hotplugMemory?: { readonly mb: number; readonly slots: number };
  /** RAM of 2 MiB pages; the host must have them. */
  hugePages?: boolean;
  /** A reset of the guest starts it again; without it a reset ends QEMU. */
  reboot?: boolean;
  /** Values of -device, e.g. `pushbell-pci,socket=/run/x.sock` or `edu`. */
  devices?: readonly string[];
  /** More machine properties, e.g. `kernel-irqchip=split` for an IOMMU. */
  machineOptions?: readonly string[];
  /** More kernel parameters. */
  kernelArgs?: readonly string[];
  /** Passed on as they are. */
  extraArgs?: readonly string[];
}

/** Where QEMU connects to: Unix sockets that this process listens on. */
export interface ControlSockets {
  console: string;
  agent: string;
  monitor: string;
}

/**
 * Kernel parameters for a guest that boots fast and tells everything on the serial console. `panic=-1` restarts
 * at once on a panic, which -no-reboot turns into the end of QEMU. What slows emulation down and protects
 * nothing here (mitigations, timer checks) is off.
 */
const KERNEL_ARGS = ['console=ttyS0,115200', 'loglevel=5', 'panic=-1', 'mitigations=off', 'nokaslr'];
/** The clock calibrations compare two emulated clocks, which proves nothing and takes a while. */
const TCG_KERNEL_ARGS = ['tsc=reliable', 'no_timer_check'];

/** With a guest that may restart, a panic must stay on the console for the host to see. */
const REBOOT_KERNEL_ARGS = ['panic=0'];
/** Every mapping is flushed as soon as it ends: a device that still uses it is caught. */
const IOMMU_KERNEL_ARGS = ['intel_iommu=on', 'iommu.strict=1', 'iommu.passthrough=0'];

/** QEMU's command line for a machine. RAM is a shared memfd, as a device in another process needs it. */
export function qemuArgs(machine: Machine, sockets: ControlSockets): string[] {
  const { accel } = machine;
  return [
    ...['-no-user-config', '-nodefaults', '-display', 'none', ...(machine.reboot ? [] : ['-no-reboot'])],
    ...(machine.firmwareDir ? ['-L', machine.firmwareDir] : []),
    ...['-machine', machineProperties(machine)],
    ...memoryArgs(machine),
    ...['-smp', String(machine.cpus)],
    ...(accel === 'kvm' ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,thread=multi', '-cpu', 'max']),
    ...['-kernel', machine.kernel, '-initrd', machine.initramfs, '-append', kernelParameters(machine)],
    // The order of the serial ports makes them ttyS0 (people and kernel messages) and ttyS1 (control).
    ...serialPort('console', sockets.console),
    ...serialPort('agent', sockets.agent),
    ...[
      '-chardev',
      `socket,id=monitor,path=${sockets.monitor},server=off`,
      '-mon',
      'chardev=monitor,mode=control',
    ],
    // Before every other device, so that those find it when they ask for their address space.
    ...(machine.iommu ? ['-device', 'intel-iommu,intremap=on'] : []),
    ...rootPorts(machine),
    ...(machine.devices ?? []).flatMap(device => ['-device', device]),
    ...(machine.extraArgs ?? []),
  ];
}

function machineProperties(machine: Machine): string {
  // Interrupts can be remapped only where QEMU, not KVM, has the I/O APIC.
  const split = machine.iommu && machine.accel === 'kvm' ? ['kernel-irqchip=split'] : [];
  return [
    'q35,memory-backend=ram',
    'sata=off',
    'smbus=off',
    'vmport=off',
    ...split,
    ...(machine.machineOptions ?? []),
  ].join(',');
}

function memoryArgs(machine: Machine): string[] {
  const { memoryMb, hotplugMemory } = machine;
  const pages = machine.hugePages ? ',hugetlb=on,hugetlbsize=2M' : '';
  const room = hotplugMemory ? `,slots=${hotplugMemory.slots},maxmem=${memoryMb + hotplugMemory.mb}M` : '';
  return [
    ...['-object', `memory-backend-memfd,id=ram,size=${memoryMb}M,share=on${pages}`],
    ...['-m', `${memoryMb}M${room}`],
  ];
}

function kernelParameters(machine: Machine): string {
  return [
    ...KERNEL_ARGS,
    ...(machine.accel === 'tcg' ? TCG_KERNEL_ARGS : []),
    ...(machine.reboot ? REBOOT_KERNEL_ARGS : []),
    ...(machine.iommu ? IOMMU_KERNEL_ARGS : []),
    ...(machine.kernelArgs ?? []),
  ].join(' ');
}

function rootPorts(machine: Machine): string[] {
  const native =
    machine.hotplug === 'native' ? ['-global', 'ICH9-LPC.acpi-pci-hotplug-with-bridge-support=off'] : [];
  const ports = Array.from({ length: machine.rootPorts ?? 0 }, (_, n) => [
    '-device',
    `pcie-root-port,id=port${n},chassis=${n + 1},slot=${n + 1}`,
  ]);
  return [...native, ...ports.flat()];
}

function serialPort(id: string, path: string): string[] {
  return ['-chardev', `socket,id=${id},path=${path},server=off`, '-device', `isa-serial,chardev=${id}`];
}
