// SPDX-License-Identifier: MIT
// A place in the file system to listen at. A socket file that a killed process left behind is replaced; one that
// somebody serves is not. Each refusal is one line that says what to do about it.
import { lstatSync, unlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import { SystemError } from '../sys/errors.js';
import { closeFd } from '../sys/fd.js';
import { connectUnix, listenUnix } from '../sys/unix-socket.js';

/** It cannot be listened at this path; the message is for the user. */
export class SocketUnavailable extends Error {
  override readonly name = 'SocketUnavailable';
}

export interface ClaimedSocket {
  readonly fd: number;
  /** Removes the socket file if it is still this one. The descriptor is closed by whoever serves it. */
  release(): void;
}

const REASONS: Readonly<Record<string, (path: string) => string>> = {
  ENOENT: path => `directory ${dirname(path)} does not exist`,
  ENOTDIR: path => `${dirname(path)} is not a directory`,
  EACCES: path => `no permission to create a socket in ${dirname(path)}`,
  EPERM: path => `no permission to create a socket in ${dirname(path)}`,
  EROFS: path => `${dirname(path)} is read-only`,
  ENAMETOOLONG: () => 'the path of a Unix socket has 107 bytes at most',
  EADDRINUSE: () => 'somebody else has just taken it',
};

function unavailable(path: string, error: unknown): SocketUnavailable {
  const code = (error as { code?: string }).code ?? '';
  return new SocketUnavailable(`socket ${path}: ${REASONS[code]?.(path) ?? (error as Error).message}`);
}

function isThere(path: string): boolean {
  try {
    if (!lstatSync(path).isSocket())
      throw new SocketUnavailable(`socket ${path}: there is a file that is not a socket`);
    return true;
  } catch (error) {
    if (error instanceof SocketUnavailable) throw error;
    if ((error as { code?: string }).code === 'ENOENT') return false;
    throw unavailable(path, error);
  }
}

/** Whether a process listens at the socket file. */
function isServed(path: string): boolean {
  try {
    closeFd(connectUnix(path, true));
    return true;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    if (error.code === 'ECONNREFUSED' || error.code === 'ENOENT') return false;
    if (error.code === 'EAGAIN') return true;
    throw unavailable(path, error);
  }
}

/** Listens at `path` with mode 0600. `notice` gets a line when a stale file was replaced. Throws SocketUnavailable. */
export function claimSocket(path: string, notice: (text: string) => void): ClaimedSocket {
  try {
    if (isThere(path)) {
      if (isServed(path)) {
        throw new SocketUnavailable(
          `socket ${path}: another process serves it; stop that one or choose another path`,
        );
      }
      unlinkSync(path);
      notice(`replaced the stale socket ${path}`);
    }
    const fd = listenUnix(path);
    const { dev, ino } = lstatSync(path);
    return { fd, release: () => releaseSocket(path, dev, ino) };
  } catch (error) {
    if (error instanceof SocketUnavailable) throw error;
    throw unavailable(path, error);
  }
}

function releaseSocket(path: string, dev: number, ino: number): void {
  try {
    const now = lstatSync(path);
    if (now.dev === dev && now.ino === ino) unlinkSync(path);
  } catch {
    // Somebody has removed it: that is what was wanted.
  }
}
