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

/** QEMU's command line for a machine. RAM is a shared memfd, as a device in another process needs it. */
export function qemuArgs(machine: Machine, sockets: ControlSockets): string[] {
  const { accel } = machine;
  const kernelArgs = [
    ...KERNEL_ARGS,
    ...(accel === 'tcg' ? TCG_KERNEL_ARGS : []),
    ...(machine.kernelArgs ?? []),
  ];
  return [
    ...['-no-user-config', '-nodefaults', '-display', 'none', '-no-reboot'],
    ...(machine.firmwareDir ? ['-L', machine.firmwareDir] : []),
    ...[
      '-machine',
      [
        'q35,memory-backend=ram',
        'sata=off',
        'smbus=off',
        'vmport=off',
        ...(machine.machineOptions ?? []),
      ].join(','),
    ],
    ...[
      '-object',
      `memory-backend-memfd,id=ram,size=${machine.memoryMb}M,share=on`,
      '-m',
      `${machine.memoryMb}M`,
    ],
    ...['-smp', String(machine.cpus)],
    ...(accel === 'kvm' ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,thread=multi', '-cpu', 'max']),
    ...['-kernel', machine.kernel, '-initrd', machine.initramfs, '-append', kernelArgs.join(' ')],
    // The order of the serial ports makes them ttyS0 (people and kernel messages) and ttyS1 (control).
    ...serialPort('console', sockets.console),
    ...serialPort('agent', sockets.agent),
    ...[
      '-chardev',
      `socket,id=monitor,path=${sockets.monitor},server=off`,
      '-mon',
      'chardev=monitor,mode=control',
    ],
    ...(machine.devices ?? []).flatMap(device => ['-device', device]),
    ...(machine.extraArgs ?? []),
  ];
}

function serialPort(id: string, path: string): string[] {
  return ['-chardev', `socket,id=${id},path=${path},server=off`, '-device', `isa-serial,chardev=${id}`];
}
