// SPDX-License-Identifier: MIT
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { atExit, processExists } from './cleanup.js';
import { VmError } from './errors.js';

/** The checkout: the directory that holds package.json, found upwards from this file (dist/device/vm). */
export const projectRoot: string = findProjectRoot();

function findProjectRoot(): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(dir, 'package.json'))) dir = dirname(dir);
  return dir;
}

/** Where everything that can be made again lives: `.cache/` of the checkout unless PUSHBELL_CACHE says otherwise. */
export function cacheRoot(): string {
  const root = resolve(process.env.PUSHBELL_CACHE || join(projectRoot, '.cache'));
  mkdirSync(root, { recursive: true });
  return root;
}

/** A short key for a cache entry: the same inputs give the same key, in any directory. */
export function hashOf(...parts: (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) {
    // The length in front keeps ('ab', 'c') and ('a', 'bc') apart.
    hash.update(`${part.length}:`).update(part);
  }
  return hash.digest('hex').slice(0, 16);
}

/** Hash over names and contents of a file or of all files below a directory; `skip` leaves names out. */
export function hashTree(path: string, skip: (name: string) => boolean = () => false): string {
  if (!statSync(path).isDirectory()) return hashOf(readFileSync(path));
  const parts: string[] = [];
  for (const name of readdirSync(path).sort()) {
    if (!skip(name)) parts.push(name, hashTree(join(path, name), skip));
  }
  return hashOf(...parts);
}

/**
 * The directory of a cache entry, made by `build` if it is not there yet. It is built aside and renamed, so a
 * half-made entry is never seen, and under a lock, so that two processes do not make the same one.
 */
export async function cached(
  entry: string,
  build: (dir: string) => Promise<void>,
): Promise<{ dir: string; fresh: boolean }> {
  const dir = join(cacheRoot(), entry);
  if (existsSync(dir)) return { dir, fresh: false };
  mkdirSync(dirname(dir), { recursive: true });
  return withLock(`${dir}.lock`, async () => {
    if (existsSync(dir)) return { dir, fresh: false };
    const aside = await mkdtemp(`${dir}.tmp-`);
    try {
      await build(aside);
      await rename(aside, dir);
    } finally {
      await rm(aside, { recursive: true, force: true });
    }
    return { dir, fresh: true };
  });
}

/** Runs `act` while this process holds the lock file; a lock whose owner is dead is taken over. */
export async function withLock<T>(lockFile: string, act: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(lockFile), { recursive: true });
  for (let waitedMs = 0; !tryLock(lockFile); waitedMs += 200) {
    if (waitedMs > 30 * 60_000) {
      throw new VmError({
        kind: 'bad-file',
        path: lockFile,
        reason: 'locked for 30 minutes; remove it if nothing runs',
      });
    }
    await sleep(200);
  }
  const unlock = () => rmSync(lockFile, { force: true });
  const forget = atExit(unlock);
  try {
    return await act();
  } finally {
    forget();
    unlock();
  }
}

function tryLock(lockFile: string): boolean {
  try {
    writeFileSync(lockFile, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  const owner = Number(readIfThere(lockFile));
  if (owner > 0 && !processExists(owner)) rmSync(lockFile, { force: true });
  return false;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return ''; // released between the two calls
  }
}
