// SPDX-License-Identifier: MIT
import { accessSync, constants, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheRoot, hashOf } from './cache.js';
import { temporaryDir, withParent } from './cleanup.js';
import { runCommand } from './process.js';

/** What executes the guest's instructions: the processor (kvm) or QEMU's translator (tcg). */
export type Accel = 'kvm' | 'tcg';

const PROBE_DEADLINE_MS = 5000;
const ROM_BYTES = 0x10000;
/** Where an x86 processor starts, counted from the start of a 64 KiB ROM. */
const RESET_VECTOR = 0xfff0;
const EXIT_PORT = 0xf4;
const EXIT_VALUE = 0x2a;
/** isa-debug-exit ends QEMU with this status. */
const EXIT_STATUS = (EXIT_VALUE << 1) | 1;

/**
 * `kvm` if guests really run with it: /dev/kvm can be there and QEMU fail, or run a few instructions and then
 * hang. So a guest of three instructions is tried first, which costs nothing, and then `boots`, which starts a
 * real one. The answer holds until the next boot of this machine.
 */
export async function probeAccel(qemu: string, boots: () => Promise<boolean>): Promise<Accel> {
  try {
    accessSync('/dev/kvm', constants.R_OK | constants.W_OK);
  } catch {
    return 'tcg';
  }
  const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  const answer = join(cacheRoot(), 'accel', hashOf(bootId, qemu, String(process.getuid?.())));
  if (existsSync(answer)) return readFileSync(answer, 'utf8') === 'kvm' ? 'kvm' : 'tcg';
  const accel = (await kvmRuns(qemu)) && (await boots()) ? 'kvm' : 'tcg';
  mkdirSync(join(cacheRoot(), 'accel'), { recursive: true });
  writeFileSync(answer, accel);
  return accel;
}

/** Runs three instructions (mov dx; mov al; out dx, al), which end QEMU with a status of our choice. */
async function kvmRuns(qemu: string): Promise<boolean> {
  const { dir, remove } = temporaryDir('probe');
  const rom = Buffer.alloc(ROM_BYTES, 0xf4); // hlt
  Buffer.from([0xba, EXIT_PORT, 0, 0xb0, EXIT_VALUE, 0xee]).copy(rom, RESET_VECTOR);
  const bios = join(dir, 'probe.rom');
  writeFileSync(bios, rom);
  const args = ['-nodefaults', '-no-user-config', '-display', 'none', '-machine', 'q35', '-m', '16M'];
  args.push('-accel', 'kvm', '-cpu', 'host', '-bios', bios);
  args.push('-device', `isa-debug-exit,iobase=${EXIT_PORT},iosize=1`);
  try {
    const signal = AbortSignal.timeout(PROBE_DEADLINE_MS);
    const { status } = await runCommand(...withParent(qemu, args), { signal, okStatuses: [EXIT_STATUS] });
    return status === EXIT_STATUS;
  } catch {
    return false; // refused, crashed or too slow: in each case not usable
  } finally {
    remove();
  }
}
