// SPDX-License-Identifier: MIT
// "pushbell serve" as a process that a test starts, asks and ends. Its run-time directory is the test's own.
import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ExecutionContext } from 'ava';
import { ControlClient, ControlError } from '../../device/runtime/control-client.js';
import { withParent } from '../../device/vm/cleanup.js';
import { temporaryDirectory } from './temporary.js';

export const MAIN = fileURLToPath(new URL('../../device/cli/main.js', import.meta.url));
export const SCRATCH = fileURLToPath(new URL('./scratch-model.js', import.meta.url));
export const RESTLESS = fileURLToPath(new URL('./restless-model.js', import.meta.url));
const END_MS = 20_000;

export interface Result {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command line that ends by itself. */
export function pushbell(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Result> {
  return new Promise(resolve => {
    const options = { timeout: END_MS, env: { ...process.env, ...env } };
    const child = execFile(process.execPath, [MAIN, ...args], options, (_error, stdout, stderr) =>
      resolve({ status: child.exitCode, stdout, stderr }),
    );
  });
}

export interface Served {
  readonly child: ChildProcess;
  readonly directory: string;
  readonly path: string;
  readonly control: string;
  /** For other commands that are to find it. */
  readonly env: Readonly<Record<string, string>>;
  readonly output: () => string;
  readonly errors: () => string;
  /** Resolves with the exit status, or the signal that ended it. */
  readonly ended: Promise<number | string | null>;
}

/** Starts `serve` on DIRECTORY/a.sock, in a process group of its own; resolves when it listens. */
export async function serve(
  t: ExecutionContext,
  args: readonly string[],
  more: { readonly directory?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Served> {
  const directory = more.directory ?? temporaryDirectory(t);
  const path = join(directory, 'a.sock');
  const env = { XDG_RUNTIME_DIR: directory, ...more.env };
  const line = withParent(process.execPath, [MAIN, 'serve', '--socket-path', path, ...args]);
  const child = spawn(...line, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...env },
    detached: true,
  });
  // All of the group: a test that fails must not leave a worker behind.
  t.teardown(() => endGroup(child));
  let output = '';
  let errors = '';
  const ended = new Promise<number | string | null>(resolve =>
    child.once('exit', (code, signal) => resolve(code ?? signal)),
  );
  child.stderr!.on('data', chunk => (errors += chunk));
  await new Promise<void>((resolve, reject) => {
    child.stdout!.on('data', chunk => {
      output += chunk;
      if (output.includes('qemu-system-x86_64')) resolve();
    });
    void ended.then(() => reject(new Error(`serve ended: ${errors}`)));
  });
  const control = `${path}.control`;
  return { child, directory, path, control, env, ended, output: () => output, errors: () => errors };
}

function endGroup(child: ChildProcess): void {
  try {
    process.kill(-child.pid!, 'SIGKILL');
  } catch {
    // Nobody is left, as it should be.
  }
}

export async function stop(
  { child, ended }: Served,
  signal: NodeJS.Signals = 'SIGTERM',
): Promise<number | string | null> {
  child.kill(signal);
  return await ended;
}

/** One request. A worker that dies over it is asked again: its successor answers. */
export async function ask(
  served: Served,
  op: string,
  fields: Record<string, unknown> = {},
): Promise<Record<string, unknown>> {
  for (;;) {
    const client = await ControlClient.open(served.control);
    try {
      return (await client.request(op, fields)) as Record<string, unknown>;
    } catch (error) {
      if (!(error instanceof ControlError) || !error.message.includes('was closed')) throw error;
    } finally {
      client.close();
    }
  }
}

/** Processes of the group that `serve` began, without those that nobody has waited for yet. */
export function processesOf({ child }: Served): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(name => {
      try {
        const [state, , group] = readFileSync(`/proc/${name}/stat`, 'utf8')
          .replace(/^.*\) /s, '')
          .split(' ');
        return state !== 'Z' && Number(group) === child.pid;
      } catch {
        return false; // it has ended meanwhile
      }
    })
    .map(Number);
}
