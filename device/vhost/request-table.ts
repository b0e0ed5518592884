// SPDX-License-Identifier: MIT
// What a request must look like and when it may come, one row a request. The session is the same for every device;
// a device adds rows (an Extension) and says what they do.
import type { Message } from './message.js';

/**
 * Where a session stands. `new` and `negotiated` are the standard's; an extension may add more, each with the rows that
 * lead to it.
 */
export type Phase = string;

export interface RequestRow {
  readonly name: string;
  /** Bytes of payload, smallest and largest. */
  readonly size: readonly [number, number];
  /** File descriptors, fewest and most. */
  readonly fds: readonly [number, number];
  /** `own`: it has a reply of its own; `ack`: it is acknowledged when the front-end asks for that. */
  readonly reply: 'own' | 'ack';
  /** Phases in which it may come; anything else ends the session. */
  readonly phases: readonly Phase[] | 'any';
  /** Phase after it succeeded; the same if absent. */
  readonly next?: Phase;
  /** More about the payload: the reason why it is malformed, or undefined. */
  readonly malformed?: (payload: Uint8Array, fdCount: number) => string | undefined;
}

/** What a handler gives back: the value of the acknowledgement (0 if absent) or the reply. */
export interface Outcome {
  readonly ack?: bigint;
  readonly payload?: Uint8Array;
  /** Sent with the reply; still the handler's. */
  readonly fds?: readonly number[];
}

/** Does what a request asks. May take the message's descriptors; the others are closed. Throws Refused, ProtocolError. */
export type Handler = (message: Message) => Outcome | undefined;

/** A handler that only does something: acknowledged with 0. */
export function acknowledged(action: (message: Message) => void): Handler {
  return message => {
    action(message);
    return undefined;
  };
}

export interface Request {
  readonly row: RequestRow;
  readonly handle: Handler;
}

/** Requests by code. */
export type RequestTable = ReadonlyMap<number, Request>;

/**
 * The request is well formed, but it cannot be done: the acknowledgement is not 0, the session goes on. Only for
 * requests with an acknowledgement.
 */
export class Refused extends Error {
  override readonly name = 'Refused';
  readonly ack: bigint;

  constructor(message: string, ack = 1n) {
    super(message);
    this.ack = ack;
  }
}

/** Why a message is malformed by its row, or undefined. The phase is looked at last: a wrong size is wrong in all. */
export function violation(row: RequestRow, size: number, fdCount: number, phase: Phase): string | undefined {
  const [minSize, maxSize] = row.size;
  if (size < minSize || size > maxSize) return `payload of ${size} bytes`;
  const [minFds, maxFds] = row.fds;
  if (fdCount < minFds || fdCount > maxFds) return `${fdCount} file descriptors`;
  if (row.phases !== 'any' && !row.phases.includes(phase)) return `not allowed in phase "${phase}"`;
  return undefined;
}
