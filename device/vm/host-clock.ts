// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { cached, hashOf, projectRoot } from './cache.js';
import { compileStatic } from './initramfs.js';
import { runCommand } from './process.js';

/**
 * Rate of the host's time stamp counter in kHz, which under TCG is the guest's too. A guest that calibrates it by itself
 * compares two emulated timers while other work holds the processor, and may then run with a clock that is wrong by any
 * factor for as long as it is up. Measured once per process (0.2 s).
 */
export async function hostTscKhz(): Promise<number> {
  const source = join(projectRoot, 'device/vm/guest/tsc.c');
  const program = await cached(join('host-clock', hashOf(readFileSync(source))), async aside => {
    mkdirSync(aside, { recursive: true });
    await compileStatic([source], join(aside, 'tsc'));
  });
  measured ??= runCommand(join(program.dir, 'tsc'), []).then(({ stdout }) => Number(stdout));
  const khz = await measured;
  if (!(khz > 100_000 && khz < 20_000_000))
    throw new RangeError(`the time stamp counter of this machine runs at ${khz} kHz?`);
  return khz;
}

let measured: Promise<number> | undefined;
