// SPDX-License-Identifier: MIT
// Which back-ends of this user run now, and where their control sockets are: a directory with a symbolic link for each,
// named after its process. Links of processes that have ended are removed by whoever looks.
import { lstatSync, mkdirSync, readdirSync, readlinkSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { processExists } from '../vm/cleanup.js';

export interface RunningBackEnd {
  readonly pid: number;
  readonly controlPath: string;
}

const LINK = /^(\d+)\.control$/;

/** $XDG_RUNTIME_DIR/pushbell, else one under /tmp. */
export function runDir(): string {
  const { XDG_RUNTIME_DIR } = process.env;
  return XDG_RUNTIME_DIR ? join(XDG_RUNTIME_DIR, 'pushbell') : `/tmp/pushbell-${process.getuid!()}`;
}

/** In /tmp somebody else may have taken the name: what is not ours and private is not believed. */
function isOurs(dir: string): boolean {
  try {
    const { uid, mode } = lstatSync(dir);
    return (mode & 0o170077) === 0o040000 && uid === process.getuid!();
  } catch {
    return false;
  }
}

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException).code;

/** Removes what may be gone already, or not empty yet. */
function tidy(remove: () => void): void {
  try {
    remove();
  } catch (error) {
    if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(codeOf(error) ?? '')) throw error;
  }
}

function link(dir: string, target: string): string {
  const path = join(dir, `${process.pid}.control`);
  for (let attempt = 0; ; attempt++) {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    if (!isOurs(dir)) throw new Error(`${dir} is not a private directory of this user`);
    try {
      symlinkSync(target, path);
      return path;
    } catch (error) {
      // A link of a process that had our number before; or the directory went just now with its last link.
      if (attempt === 3 || !['EEXIST', 'ENOENT'].includes(codeOf(error) ?? '')) throw error;
      tidy(() => unlinkSync(path));
    }
  }
}

/** Tells others of this process's control socket (absolute path) until the returned function is called. Throws when there is no place for it. */
export function announce(controlPath: string): () => void {
  const dir = runDir();
  const path = link(dir, controlPath);
  return () => {
    tidy(() => unlinkSync(path));
    tidy(() => rmdirSync(dir));
  };
}

/** All that run. */
export function runningBackEnds(): RunningBackEnd[] {
  const dir = runDir();
  if (!isOurs(dir)) return [];
  const running: RunningBackEnd[] = [];
  for (const name of readdirSync(dir)) {
    const pid = Number(LINK.exec(name)?.[1]);
    if (Number.isNaN(pid)) continue;
    const path = join(dir, name);
    if (!processExists(pid)) tidy(() => unlinkSync(path));
    else running.push({ pid, controlPath: readlinkSync(path) });
  }
  return running.sort((a, b) => a.pid - b.pid);
}
