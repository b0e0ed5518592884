// SPDX-License-Identifier: MIT
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from './cache.js';
import { VmError } from './errors.js';
import { runCommand } from './process.js';

/** A QEMU that `scripts/build-qemu.sh` has made. */
export interface QemuBuild {
  /** The program. */
  binary: string;
  /** For -L: what runs before the guest's kernel. */
  firmwareDir: string;
  /** As the program prints it, e.g. `7.2.22`. */
  version: string;
  fresh: boolean;
}

export interface QemuBuildOptions {
  release?: string;
  /** Without our device. */
  plain?: boolean;
  say?: (line: string) => void;
  signal?: AbortSignal;
}

/** Builds QEMU with our device, or finds the one that was built from the same sources. */
export async function buildQemu(options: QemuBuildOptions = {}): Promise<QemuBuild> {
  const args = [join(projectRoot, 'scripts/build-qemu.sh')];
  if (options.release) args.push('--release', options.release);
  if (options.plain) args.push('--plain');
  const signal = options.signal ? { signal: options.signal } : {};
  const ready = await runCommand('bash', [...args, '--check-cache'], { ...signal, okStatuses: [1] });
  const fresh = ready.status !== 0;
  const { stdout } = fresh ? await runBuild(args, options) : ready;
  const dir = stdout.trim().split('\n').at(-1)!;
  const binary = join(dir, 'qemu-system-x86_64');
  if (!existsSync(binary))
    throw new VmError({ kind: 'bad-file', path: binary, reason: 'the build did not make it' });
  return { binary, firmwareDir: join(dir, 'firmware'), version: await qemuVersion(binary), fresh };
}

async function runBuild(args: string[], options: QemuBuildOptions): Promise<{ stdout: string }> {
  try {
    const signal = options.signal ? { signal: options.signal } : {};
    return await runCommand('bash', args, { ...signal, ...sayLines(options.say) });
  } catch (error) {
    if (!(error instanceof VmError) || error.fault.kind !== 'command-failed') throw error;
    // What was told as progress is on the screen already: what is left is the reason.
    const output = error.fault.output
      .split('\n')
      .filter(line => !line.startsWith('  '))
      .join('\n');
    throw new VmError({ ...error.fault, command: 'scripts/build-qemu.sh', output });
  }
}

/** The version a QEMU program says it is. */
export async function qemuVersion(binary: string): Promise<string> {
  const { stdout } = await runCommand(binary, ['-version']);
  return /version ([\d.]+)/.exec(stdout)?.[1] ?? 'of unknown version';
}

/** The script's messages come as indented lines on standard error; its answer on standard output is no message. */
function sayLines(say: QemuBuildOptions['say']): { onOutput?: (text: string) => void } {
  if (!say) return {};
  let partial = '';
  return {
    onOutput: text => {
      const lines = (partial + text).split('\n');
      partial = lines.pop()!;
      for (const line of lines) if (line.startsWith('  ')) say(line.trim());
    },
  };
}
