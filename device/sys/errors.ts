// SPDX-License-Identifier: MIT
// Failures of system calls, typed: code is the errno name, so that callers compare names and never numbers.
import { constants } from 'node:os';

const NAMES = new Map<number, string>(Object.entries(constants.errno).map(([name, value]) => [value, name]));
// EWOULDBLOCK shares EAGAIN's number; the name that callers compare with is EAGAIN.
NAMES.set(constants.errno.EAGAIN, 'EAGAIN');

/** errno number → name ('E' + number when the platform has no name for it). */
export function errnoName(errno: number): string {
  return NAMES.get(errno) ?? `E${errno}`;
}

/** A system call failed. `code` is the errno name, `call` the call, `what` what it was about (path, purpose). */
export class SystemError extends Error {
  override readonly name = 'SystemError';
  readonly code: string;
  readonly call: string;

  constructor(call: string, code: string, what?: string) {
    super(`${call}${what === undefined ? '' : ` (${what})`}: ${code}`);
    this.call = call;
    this.code = code;
  }
}

/**
 * The process at the other end of a socket or a shared page did what the protocol forbids. Its session ends with the
 * message as the reason; the process goes on.
 */
export class PeerFault extends Error {
  override readonly name: string = 'PeerFault';
}
