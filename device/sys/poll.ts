// SPDX-License-Identifier: MIT
// poll(2) over a small, changing set of descriptors, without allocation per call.
import { SystemError } from './errors.js';
import { lastError, libc } from './libc.js';

const POLLIN = 1;
/** POLLERR, POLLHUP and POLLNVAL count as readable: the read then tells what happened. */
const READABLE = POLLIN | 0x8 | 0x10 | 0x20;

export class PollSet {
  readonly #fds: Int32Array;
  readonly #timeout = new Uint32Array(4);
  #count = 0;

  constructor(capacity: number) {
    this.#fds = new Int32Array(capacity * 2);
  }

  clear(): void {
    this.#count = 0;
  }

  /** Adds a descriptor to be watched for input; returns its place for `isReady`. */
  add(fd: number): number {
    if (this.#count * 2 >= this.#fds.length) throw new RangeError('poll set is full');
    this.#fds[this.#count * 2] = fd;
    this.#fds[this.#count * 2 + 1] = POLLIN;
    return this.#count++;
  }

  /**
   * Waits at most `timeoutNs` (0: just looks; Infinity: for ever). Returns the number of ready descriptors; 0 also
   * when a signal came in between.
   */
  wait(timeoutNs: number): number {
    for (let i = 0; i < this.#count; i++) this.#fds[i * 2 + 1] = POLLIN;
    const ready = timeoutNs === 0 ? libc.poll(this.#fds, this.#count, 0) : this.#block(timeoutNs);
    if (ready >= 0) return ready;
    const code = lastError();
    if (code === 'EINTR') return 0;
    throw new SystemError('poll', code);
  }

  isReady(place: number): boolean {
    return ((this.#fds[place * 2 + 1]! >>> 16) & READABLE) !== 0;
  }

  #block(timeoutNs: number): number {
    if (timeoutNs === Number.POSITIVE_INFINITY) return libc.ppoll(this.#fds, this.#count, null, null);
    const t = this.#timeout;
    const seconds = Math.floor(timeoutNs / 1e9);
    t[0] = seconds;
    t[1] = Math.floor(seconds / 2 ** 32);
    t[2] = Math.floor(timeoutNs - seconds * 1e9);
    t[3] = 0;
    return libc.ppoll(this.#fds, this.#count, t, null);
  }
}
