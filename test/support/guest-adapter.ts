// SPDX-License-Identifier: MIT
// What a test asks of the driver inside a guest, through debugfs and sysfs.
import type { Vm } from '../../device/vm/vm.js';
import { guestSays } from './served-vm.js';

export const DEBUGFS = '/sys/kernel/debug/pushbell';
export const DRIVER = '/sys/bus/pci/drivers/pushbell';

/** Doorbell, push, DMA engine and interrupts once each: under a second. */
const SHORT_SELFTEST = 'deliver overtake engine-overtake interrupts';
const SHORT_CASES = 4;
const ALL_TIMEOUT_MS = 150_000;

/** PCI addresses of the adapters that the driver has. */
export async function adaptersOf(vm: Vm): Promise<string[]> {
  const list = await guestSays(vm, `ls ${DEBUGFS}`);
  return list
    .split(/\s+/)
    .filter(name => /^[0-9a-f]{4}:/.test(name))
    .sort();
}

/** Runs the short selftest on an adapter (the only one by default); throws with the report unless all passes. */
export async function shortSelftest(vm: Vm, adapter = '*'): Promise<string> {
  const report = await selftest(vm, SHORT_SELFTEST, adapter);
  if (cases(report) !== SHORT_CASES) throw new Error(`not every case ran:\n${report}`);
  return report;
}

/** Runs the whole selftest. */
export const wholeSelftest = (vm: Vm, adapter = '*'): Promise<string> => selftest(vm, 'all', adapter);

async function selftest(vm: Vm, names: string, adapter: string): Promise<string> {
  const command = `cd ${DEBUGFS}/${adapter}/ && echo ${names} >selftest && cat selftest`;
  const report = await guestSays(vm, command, ALL_TIMEOUT_MS);
  if (cases(report) === 0 || /^not ok/m.test(report)) throw new Error(`the selftest failed:\n${report}`);
  return report;
}

/** How many cases passed. */
export const cases = (report: string): number => report.match(/^ok \d+ /gm)?.length ?? 0;

/** Writes to a file of the driver's debugfs directory. */
export async function tell(vm: Vm, file: string, text: string, directory = `${DEBUGFS}/*`): Promise<void> {
  // The shell expands no pattern in a redirection.
  await guestSays(vm, `cd ${directory} && echo "${text}" >${file}`);
}

/** A register of the adapter by name, as the driver reads it. */
export async function register(vm: Vm, name: string, adapter = '*'): Promise<number> {
  const line = await guestSays(vm, `grep -w ^${name} ${DEBUGFS}/${adapter}/registers`);
  return Number(line.trim().split(/\s+/)[1]);
}

/** The kernel's log without its time stamps. */
export async function kernelLog(vm: Vm): Promise<string> {
  return (await guestSays(vm, 'dmesg')).replaceAll(/^\[[ \d.]*\] /gm, '');
}

const COMPLAINTS = [
  /\bWARNING\b|\bBUG: |\bOops\b|KFENCE|blocked for more than/,
  /DMAR:.*fault/i,
  /pushbell [0-9a-f:.]+: .*(error|fail|gone|fault|cannot|timed out)/i,
];

/** Lines of the kernel's log that no test of a well-behaved driver may leave there. */
export async function kernelComplaints(vm: Vm): Promise<string[]> {
  const lines = (await kernelLog(vm)).split('\n');
  return lines.filter(line => COMPLAINTS.some(pattern => pattern.test(line)));
}
