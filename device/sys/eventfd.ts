// SPDX-License-Identifier: MIT
// Event counters that wake a poll, in this process or in another one. Non-blocking on both ends: a peer that fills
// the counter makes signals merge, it cannot stop us.
import { SystemError } from './errors.js';
import { closeFd, isEventfd, setNonBlocking } from './fd.js';
import { check, lastError, libc } from './libc.js';

const EFD_CLOEXEC_NONBLOCK = 0o2004000;
const ONE = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);

export class EventFd {
  readonly fd: number;
  readonly #drained = new Uint32Array(2);

  constructor(fd: number) {
    this.fd = fd;
  }

  static create(): EventFd {
    return new EventFd(check(libc.eventfd(0, EFD_CLOEXEC_NONBLOCK), 'eventfd'));
  }

  /**
   * Takes over a descriptor that a peer sent; closes it when it throws. Throws SystemError when it is not an eventfd: a
   * write to anything else could block.
   */
  static adopt(fd: number): EventFd {
    if (!isEventfd(fd)) {
      closeFd(fd);
      throw new SystemError('eventfd', 'EINVAL', 'the descriptor is not an eventfd');
    }
    setNonBlocking(fd);
    return new EventFd(fd);
  }

  signal(): void {
    if (libc.write(this.fd, ONE, 8) === 8) return;
    const code = lastError();
    if (code !== 'EAGAIN') throw new SystemError('write', code, 'eventfd');
  }

  /** Resets the counter and returns what it was (0: nothing was signalled). */
  drain(): number {
    if (libc.read(this.fd, this.#drained, 8) === 8) return this.#drained[0]! + this.#drained[1]! * 2 ** 32;
    const code = lastError();
    if (code !== 'EAGAIN') throw new SystemError('read', code, 'eventfd');
    return 0;
  }

  close(): void {
    closeFd(this.fd);
  }
}
