// SPDX-License-Identifier: MIT
import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { atExit } from './cleanup.js';
import { VmError } from './errors.js';

/** How a host command is run. */
export interface CommandOptions {
  cwd?: string;
  env?: Record<string, string>;
  /** A file that receives everything the command prints. */
  logFile?: string;
  /** Called with each piece of output as it comes. */
  onOutput?: (text: string) => void;
  signal?: AbortSignal;
  /** Statuses that are answers and not failures; 0 always is. */
  okStatuses?: readonly number[];
}

export interface CommandResult {
  status: number;
  stdout: string;
  stderr: string;
}

/** Output beyond this is dropped from the front: errors stand at the end. */
const KEEP_CHARS = 4 << 20;

/**
 * Runs a host command to its end. Rejects with `command-failed` (last 60 lines of output) on a status that is
 * not expected, `missing-tool` when it does not exist, `aborted` when the signal fires; its whole process group
 * is ended then, so that a compiler below make does not live on.
 */
export function runCommand(
  command: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const { signal } = options;
  if (signal?.aborted) return Promise.reject(new VmError({ kind: 'aborted', doing: `starting ${command}` }));
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      env: { ...process.env, LC_ALL: 'C.UTF-8', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const forget = atExit(() => killGroup(child, 'SIGKILL'));
    const log = options.logFile ? createWriteStream(options.logFile, { flags: 'a' }) : undefined;
    const out = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const) {
      child[name].setEncoding('utf8').on('data', (text: string) => {
        out[name] = (out[name] + text).slice(-KEEP_CHARS);
        log?.write(text);
        options.onOutput?.(text);
      });
    }
    const abort = () => killGroup(child, 'SIGTERM');
    signal?.addEventListener('abort', abort, { once: true });
    const settle = (act: () => void) => {
      forget();
      signal?.removeEventListener('abort', abort);
      if (log) log.end(act);
      else act();
    };
    child.on('error', error => settle(() => reject(spawnError(command, error))));
    child.on('close', (code, killedBy) =>
      settle(() => {
        const status = code ?? killedBy ?? 'unknown';
        if (signal?.aborted) reject(new VmError({ kind: 'aborted', doing: `running ${command}` }));
        else if (typeof status === 'number' && (status === 0 || options.okStatuses?.includes(status))) {
          resolve({ status, ...out });
        } else {
          const output = lastLines(out.stderr.trim() === '' ? out.stdout : out.stderr, 60);
          reject(new VmError({ kind: 'command-failed', command: shown(command, args), status, output }));
        }
      }),
    );
  });
}

/** The standard output of a filter such as `xz -dc`, as bytes; `input` is written to it. */
export async function captureBytes(
  command: string,
  args: readonly string[],
  input?: Uint8Array,
): Promise<Uint8Array> {
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  const parts: Buffer[] = [];
  let errors = '';
  child.stdout.on('data', (part: Buffer) => parts.push(part));
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = lastLines(errors + text, 60);
  });
  // A filter that ends before it has read everything closes its input; its status tells the story.
  child.stdin.on('error', () => undefined);
  child.stdin.end(input ?? new Uint8Array(0));
  const status = await new Promise<number | string>((resolve, reject) => {
    child.on('error', error => reject(spawnError(command, error)));
    child.on('close', (code, killedBy) => resolve(code ?? killedBy ?? 'unknown'));
  });
  if (status !== 0)
    throw new VmError({ kind: 'command-failed', command: shown(command, args), status, output: errors });
  return Buffer.concat(parts);
}

/** The last `count` lines of a text. */
export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}

/** Sends a signal to a detached child and everything it started. */
export function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // ended in the meantime: nothing to do
  }
}

function spawnError(command: string, error: NodeJS.ErrnoException): VmError {
  if (error.code === 'ENOENT') {
    return new VmError({ kind: 'missing-tool', tool: command, hint: 'install the package that provides it' });
  }
  return new VmError({
    kind: 'command-failed',
    command,
    status: error.code ?? 'error',
    output: error.message,
  });
}

function shown(command: string, args: readonly string[]): string {
  const line = [command, ...args].join(' ');
  return line.length > 200 ? `${line.slice(0, 200)}…` : line;
}
