// SPDX-License-Identifier: MIT
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/*
 * Nothing outlives this process: no child, no socket, no temporary file. Children that must not be left behind
 * are started through setpriv --pdeathsig (see withParent), so even SIGKILL of this process ends them.
 */

const PREFIX = 'pushbell-';
const tasks = new Set<() => void>();
let hooked = false;

/** Runs `task` when this process ends, unless the returned function was called before. It must be synchronous. */
export function atExit(task: () => void): () => void {
  if (!hooked) {
    hooked = true;
    process.on('exit', () => {
      for (const one of tasks) one();
    });
  }
  tasks.add(task);
  return () => tasks.delete(task);
}

/** For programs: makes SIGINT, SIGTERM and SIGHUP an orderly exit (status 128 + signal), so that `atExit` tasks run. */
export function exitOnSignals(before: () => void = () => undefined): void {
  for (const [signal, number] of [
    ['SIGINT', 2],
    ['SIGTERM', 15],
    ['SIGHUP', 1],
  ] as const) {
    process.once(signal, () => {
      before();
      process.exit(128 + number);
    });
  }
}

/** A private directory (mode 0700) for sockets and such; gone when `remove` is called or this process ends. */
export function temporaryDir(name: string): { dir: string; remove: () => void } {
  removeStale();
  const dir = mkdtempSync(join(tmpdir(), `${PREFIX}${name}-${process.pid}-`));
  const removeNow = () => rmSync(dir, { recursive: true, force: true });
  const forget = atExit(removeNow);
  return {
    dir,
    remove: () => {
      forget();
      removeNow();
    },
  };
}

/** A command line whose process gets SIGKILL when the thread that starts it ends. */
export function withParent(command: string, args: readonly string[]): [string, string[]] {
  return ['setpriv', ['--pdeathsig', 'KILL', '--', command, ...args]];
}

/** Directories of processes that were killed before they could tidy up. */
function removeStale(): void {
  for (const name of readdirSync(tmpdir())) {
    const pid = new RegExp(`^${PREFIX}[a-z]+-(\\d+)-\\w+$`).exec(name)?.[1];
    if (pid === undefined || processExists(Number(pid))) continue;
    try {
      rmSync(join(tmpdir(), name), { recursive: true, force: true });
    } catch {
      // another user's: theirs to remove
    }
  }
}

/** Whether a process with this id lives, whoever owns it. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
