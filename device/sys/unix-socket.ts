// SPDX-License-Identifier: MIT
// Unix stream sockets with file descriptors in ancillary data, which Node's own sockets cannot carry. Layouts of
// msghdr, iovec and cmsghdr are those of 64-bit Linux.
import { SystemError } from './errors.js';
import { closeAll } from './fd.js';
import { addressOf, check, lastError, libc } from './libc.js';

const AF_UNIX = 1;
const SOCK_STREAM_CLOEXEC = 1 | 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const MSG_CTRUNC = 8;
const MSG_CMSG_CLOEXEC = 0x40000000;
const CMSG_HEADER_BYTES = 16;
/** sockaddr_un.sun_path less the closing zero. */
export const MAX_PATH_BYTES = 107;

function unixAddress(path: string): Uint8Array {
  const encoded = new TextEncoder().encode(path);
  if (encoded.length === 0 || encoded.length > MAX_PATH_BYTES || encoded.includes(0)) {
    throw new SystemError('socket address', 'ENAMETOOLONG', `${path}: 1 to ${MAX_PATH_BYTES} bytes`);
  }
  const address = new Uint8Array(2 + encoded.length + 1);
  address[0] = AF_UNIX;
  address.set(encoded, 2);
  return address;
}

function newSocket(flags: number): number {
  return check(libc.socket(AF_UNIX, SOCK_STREAM_CLOEXEC | flags, 0), 'socket');
}

/** Binds and listens at `path`; the file is made with `mode`. The socket is non-blocking. Throws SystemError. */
export function listenUnix(path: string, mode = 0o600, backlog = 4): number {
  const address = unixAddress(path);
  const fd = newSocket(SOCK_NONBLOCK);
  // The mode must hold from the first moment on, so it is set by the mask and not by a chmod afterwards.
  const mask = libc.umask(0o777 & ~mode);
  try {
    check(libc.bind(fd, address, address.length), 'bind', path);
    check(libc.listen(fd, backlog), 'listen', path);
    return fd;
  } catch (error) {
    libc.close(fd);
    throw error;
  } finally {
    libc.umask(mask);
  }
}

/** Accepts a connection (non-blocking socket); undefined when nobody waits. */
export function acceptUnix(listener: number): number | undefined {
  const fd = libc.accept4(listener, null, null, SOCK_NONBLOCK | 0o2000000);
  if (fd !== -1) return fd;
  const code = lastError();
  if (code === 'EAGAIN' || code === 'EINTR' || code === 'ECONNABORTED') return undefined;
  throw new SystemError('accept4', code);
}

/** Connects to `path`; blocks unless told otherwise (a full backlog is EAGAIN then). Throws SystemError. */
export function connectUnix(path: string, nonBlocking = false): number {
  const address = unixAddress(path);
  const fd = newSocket(nonBlocking ? SOCK_NONBLOCK : 0);
  if (libc.connect(fd, address, address.length) === 0) return fd;
  const code = lastError();
  libc.close(fd);
  throw new SystemError('connect', code, path);
}

/** Two connected stream sockets; the first is non-blocking if asked for. */
export function unixPair(nonBlocking = false): [number, number] {
  const pair = new Int32Array(2);
  check(
    libc.socketpair(AF_UNIX, SOCK_STREAM_CLOEXEC | (nonBlocking ? SOCK_NONBLOCK : 0), 0, pair),
    'socketpair',
  );
  return [pair[0]!, pair[1]!];
}

/** Whether `fd` is a connected Unix stream socket, as `--fd` demands. */
export function isUnixStream(fd: number): boolean {
  const SO_TYPE = 3;
  const SO_DOMAIN = 39;
  const option = (which: number): number => {
    const value = new Int32Array(1);
    return libc.getsockopt(fd, SOL_SOCKET, which, value, new Uint32Array([4])) === 0 ? value[0]! : -1;
  };
  return option(SO_DOMAIN) === AF_UNIX && option(SO_TYPE) === 1;
}

/** What a receive gave. `length` 0 is the end of the stream, undefined means that nothing is there yet. */
export interface Received {
  length: number | undefined;
  /** Descriptors that came along; they belong to the caller. */
  fds: number[];
  /** More descriptors came than there was room for; the kernel dropped some. */
  truncated: boolean;
}

/** Sends and receives on one socket with buffers of its own, reused for each message. */
export class FdChannel {
  readonly fd: number;
  readonly #header = new Uint8Array(56);
  readonly #vector = new Uint8Array(16);
  readonly #control: Uint8Array;

  constructor(fd: number, maxFds: number) {
    this.fd = fd;
    this.#control = new Uint8Array(CMSG_HEADER_BYTES + ((maxFds * 4 + 7) & ~7));
  }

  /**
   * Receives at most `length` bytes into buffer[offset…]. With `wait` it blocks. Throws SystemError; a connection
   * that was reset reads as its end.
   */
  receive(buffer: Uint8Array, offset: number, length: number, wait = false): Received {
    this.#describe(buffer, offset, length, this.#control.length);
    const n = libc.recvmsg(this.fd, this.#header, MSG_CMSG_CLOEXEC | (wait ? 0 : MSG_DONTWAIT));
    if (n < 0) return this.#receiveFailed();
    const view = new DataView(this.#header.buffer);
    const fds = this.#controlFds(Number(view.getBigUint64(40, true)));
    return { length: n, fds, truncated: (view.getInt32(48, true) & MSG_CTRUNC) !== 0 };
  }

  /**
   * Sends all of `bytes`, `fds` with the first of them. Without `wait` a full socket throws SystemError EAGAIN, and
   * part of the message may be gone: the stream is of no use any more then.
   */
  send(bytes: Uint8Array, fds: readonly number[] = [], wait = false): void {
    for (let done = 0; done < bytes.length; ) {
      this.#describe(bytes, done, bytes.length - done, done === 0 ? this.#putFds(fds) : 0);
      const n = libc.sendmsg(this.fd, this.#header, MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT));
      if (n >= 0) done += n;
      else if (lastError() !== 'EINTR') throw new SystemError('sendmsg', lastError());
    }
  }

  #describe(buffer: Uint8Array, offset: number, length: number, controlLength: number): void {
    const vector = new DataView(this.#vector.buffer);
    vector.setBigUint64(0, BigInt(addressOf(buffer) + offset), true);
    vector.setBigUint64(8, BigInt(length), true);
    const header = new DataView(this.#header.buffer);
    header.setBigUint64(16, BigInt(addressOf(this.#vector)), true);
    header.setBigUint64(24, 1n, true);
    header.setBigUint64(32, controlLength === 0 ? 0n : BigInt(addressOf(this.#control)), true);
    header.setBigUint64(40, BigInt(controlLength), true);
    header.setInt32(48, 0, true);
  }

  #putFds(fds: readonly number[]): number {
    if (fds.length === 0) return 0;
    const space = CMSG_HEADER_BYTES + ((fds.length * 4 + 7) & ~7);
    if (space > this.#control.length) throw new RangeError(`${fds.length} descriptors with one message`);
    const view = new DataView(this.#control.buffer);
    view.setBigUint64(0, BigInt(CMSG_HEADER_BYTES + fds.length * 4), true);
    view.setInt32(8, SOL_SOCKET, true);
    view.setInt32(12, SCM_RIGHTS, true);
    for (let i = 0; i < fds.length; i++) view.setInt32(CMSG_HEADER_BYTES + i * 4, fds[i]!, true);
    return space;
  }

  #controlFds(controlLength: number): number[] {
    const fds: number[] = [];
    const view = new DataView(this.#control.buffer);
    for (let at = 0; at + CMSG_HEADER_BYTES <= controlLength; ) {
      const length = Number(view.getBigUint64(at, true));
      if (length < CMSG_HEADER_BYTES || at + length > controlLength) break;
      if (view.getInt32(at + 8, true) === SOL_SOCKET && view.getInt32(at + 12, true) === SCM_RIGHTS) {
        for (let i = CMSG_HEADER_BYTES; i + 4 <= length; i += 4) fds.push(view.getInt32(at + i, true));
      }
      at += (length + 7) & ~7;
    }
    return fds;
  }

  #receiveFailed(): Received {
    const code = lastError();
    if (code === 'EAGAIN' || code === 'EINTR') return { length: undefined, fds: [], truncated: false };
    if (code === 'ECONNRESET') return { length: 0, fds: [], truncated: false };
    throw new SystemError('recvmsg', code);
  }

  close(): void {
    closeAll([this.fd]);
  }
}
