// SPDX-License-Identifier: MIT
// The kernel's own test of DMA engines, drivers/dma/dmatest.c. Debian's kernels come without it, so it is built from
// the source of exactly the kernel that the guest boots.
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { GuestKernel } from '../../device/vm/kernel.js';
import { kernelSourceFile } from '../../device/vm/kernel-source.js';
import { buildModules, type ModuleBuildOptions } from '../../device/vm/module-build.js';
import type { Vm } from '../../device/vm/vm.js';
import { guestSays } from './served-vm.js';

/** dmatest.ko for the kernel. */
export async function buildDmatest(
  kernel: GuestKernel,
  options: ModuleBuildOptions = {},
): Promise<{ module: string; fresh: boolean }> {
  const source = await kernelSourceFile(kernel, 'drivers/dma/dmatest.c', options);
  const dir = mkdtempSync(join(tmpdir(), 'pushbell-dmatest-'));
  try {
    copyFileSync(source, join(dir, 'dmatest.c'));
    writeFileSync(join(dir, 'Kbuild'), 'obj-m := dmatest.o\n');
    const { modules, fresh } = await buildModules(kernel, dir, options);
    return { module: modules.get('dmatest')!, fresh };
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** What one thread of dmatest says at its end: "dmatest: dma0chan2-copy0: summary 100 tests, 0 failures …". */
export interface ThreadSummary {
  readonly channel: string;
  /** copy, set … */
  readonly kind: string;
  readonly tests: number;
  readonly failures: number;
}

export interface DmatestRun {
  readonly threads: readonly ThreadSummary[];
  /** Lines that tell of a single failed transfer. */
  readonly complaints: readonly string[];
}

export function parseDmatest(log: string): DmatestRun {
  const summary = /dmatest: (\w+)-([a-z]+)\d+: summary (\d+) tests, (\d+) failures/g;
  return {
    threads: [...log.matchAll(summary)].map(([, channel, kind, tests, failures]) => ({
      channel: channel!,
      kind: kind!,
      tests: Number(tests),
      failures: Number(failures),
    })),
    complaints: log
      .split('\n')
      .filter(line =>
        /dmatest: .*(result #\d+: '(?!test passed)|error|fail(?!ures)|mismatch|timed out)/i.test(line),
      ),
  };
}

export const MODULES_DIR = '/pushbell/modules.d';

/**
 * Succeeds while threads are at work. dmatest's own `wait` does not wait for threads that have not begun yet, so what it
 * said at their start is compared with what it says at their end.
 */
const AT_WORK =
  'dmesg | awk \'{ for (i = 1; i < NF; i++) if ($i == "Added") added += $(i + 1) } /: summary / { ended++ } END { exit added <= ended }\'';

/** Loads dmatest, which starts; the parameters are its own. */
export async function startDmatest(vm: Vm, parameters: Readonly<Record<string, number>>): Promise<void> {
  // What it finds out about channels and threads it does when `run` comes, so that stands last.
  const words = Object.entries({ ...parameters, run: 1 }).map(([name, value]) => `${name}=${value}`);
  await guestSays(vm, `dmesg -c >/dev/null; insmod ${MODULES_DIR}/dmatest.ko ${words.join(' ')}`);
}

/** Waits until its threads have ended, if they have a number of iterations, and unloads it. */
export async function endDmatest(vm: Vm, timeoutMs = 120_000): Promise<DmatestRun> {
  return parseDmatest(
    await guestSays(vm, `while ${AT_WORK}; do usleep 100000; done; rmmod dmatest; dmesg`, timeoutMs),
  );
}

/** Unloads it, whatever its threads are about; one that waits for a transfer then calls that a failure. */
export async function stopDmatest(vm: Vm): Promise<DmatestRun> {
  return parseDmatest(await guestSays(vm, 'rmmod dmatest && dmesg'));
}

/** From beginning to end. */
export async function runDmatest(
  vm: Vm,
  parameters: Readonly<Record<string, number>>,
  timeoutMs?: number,
): Promise<DmatestRun> {
  await startDmatest(vm, parameters);
  return endDmatest(vm, timeoutMs);
}
