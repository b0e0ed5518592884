// SPDX-License-Identifier: MIT
// File descriptors as numbers that somebody owns: what they are, how big, how sealed.
import { closeSync, fstatSync, openSync, readlinkSync, statfsSync } from 'node:fs';
import { SystemError } from './errors.js';
import { check, lastError, libc } from './libc.js';

const F_GETFL = 3;
const F_SETFL = 4;
const F_DUPFD_CLOEXEC = 1030;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
const O_NONBLOCK = 0o4000;
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const HUGETLBFS_MAGIC = 0x958458f6;
const SEEK_DATA = 3;
const SEEK_HOLE = 4;
export const PAGE_BYTES = 4096;

/** Bits of sealsOf and addSeals (linux/fcntl.h). */
export const Seal = { SEAL: 1, SHRINK: 2, GROW: 4, WRITE: 8 } as const;

export function closeFd(fd: number): void {
  check(libc.close(fd), 'close');
}

export function closeAll(fds: readonly number[]): void {
  for (const fd of fds) libc.close(fd);
}

export function duplicateFd(fd: number): number {
  return check(libc.fcntl(fd, F_DUPFD_CLOEXEC, 0), 'fcntl', 'F_DUPFD_CLOEXEC');
}

/** Bytes of the file behind a descriptor. */
export function sizeOf(fd: number): number {
  return fstatSync(fd).size;
}

/** Seals of a memfd; undefined where the file does not know seals. */
export function sealsOf(fd: number): number | undefined {
  const seals = libc.fcntl(fd, F_GET_SEALS, 0);
  return seals === -1 ? undefined : seals;
}

export function addSeals(fd: number, seals: number): void {
  check(libc.fcntl(fd, F_ADD_SEALS, seals), 'fcntl', 'F_ADD_SEALS');
}

/** True when a mapping of the file can never raise SIGBUS because its end moved. */
export function cannotShrink(fd: number): boolean {
  return ((sealsOf(fd) ?? 0) & Seal.SHRINK) !== 0;
}

export function isHugetlbfs(fd: number): boolean {
  return statfsSync(`/proc/self/fd/${fd}`).type === HUGETLBFS_MAGIC;
}

/** Bytes of a page of the file's own: more than 4096 for huge pages. */
export function pageBytesOf(fd: number): number {
  const { type, bsize } = statfsSync(`/proc/self/fd/${fd}`);
  return type === HUGETLBFS_MAGIC ? bsize : PAGE_BYTES;
}

export function isEventfd(fd: number): boolean {
  return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:[eventfd]';
}

export function setNonBlocking(fd: number): void {
  const flags = check(libc.fcntl(fd, F_GETFL, 0), 'fcntl', 'F_GETFL');
  check(libc.fcntl(fd, F_SETFL, flags | O_NONBLOCK), 'fcntl', 'F_SETFL');
}

/** A memfd of `size` zero bytes that can neither shrink nor grow (unless `sealed` is false). */
export function createMemfd(name: string, size: number, sealed = true): number {
  const fd = check(libc.memfdCreate(name, MFD_CLOEXEC | MFD_ALLOW_SEALING), 'memfd_create', name);
  try {
    check(libc.ftruncate(fd, size), 'ftruncate', name);
    if (sealed) addSeals(fd, Seal.SHRINK | Seal.GROW | Seal.SEAL);
  } catch (error) {
    libc.close(fd);
    throw error;
  }
  return fd;
}

/**
 * The parts of a file that hold data, [start, end) in order, as the file system tells; the rest reads as zeros. Where the
 * descriptor stands, which others may share, is left alone.
 */
export function dataRanges(fd: number): [number, number][] {
  const own = openSync(`/proc/self/fd/${fd}`, 'r');
  const ranges: [number, number][] = [];
  try {
    for (let at = 0; ; ) {
      const start = libc.lseek(own, at, SEEK_DATA);
      // ENXIO: there is none behind `at`.
      if (start < 0) return ranges;
      at = check(libc.lseek(own, start, SEEK_HOLE), 'lseek', 'SEEK_HOLE');
      ranges.push([start, at]);
    }
  } finally {
    closeSync(own);
  }
}

export function truncateFd(fd: number, size: number): void {
  check(libc.ftruncate(fd, size), 'ftruncate');
}

function transferAll(call: string, length: number, step: (done: number) => number): void {
  for (let done = 0; done < length; ) {
    const n = step(done);
    if (n > 0) done += n;
    else if (n === 0) throw new SystemError(call, 'EIO', 'file ended early');
    else if (lastError() !== 'EINTR') throw new SystemError(call, lastError());
  }
}

/** Fills `target` from the file at `position`. Throws SystemError, EIO when the file ends early. */
export function preadAll(fd: number, target: Uint8Array, position: number): void {
  transferAll('pread', target.length, done =>
    libc.pread(fd, done === 0 ? target : target.subarray(done), target.length - done, position + done),
  );
}

/** Writes all of `source` to the file at `position`. Throws SystemError. */
export function pwriteAll(fd: number, source: Uint8Array, position: number): void {
  transferAll('pwrite', source.length, done =>
    libc.pwrite(fd, done === 0 ? source : source.subarray(done), source.length - done, position + done),
  );
}
