// SPDX-License-Identifier: MIT
// The C library through koffi: raw declarations, used by the other files of this directory only. Results are -1 on
// failure; `check` turns that into a SystemError. Pointers travel as Numbers (user addresses are below 2^47) or as
// typed arrays, which koffi passes without a copy.
import koffi from 'koffi';
import { errnoName, SystemError } from './errors.js';

export type Bytes = Uint8Array | Uint32Array | Int32Array;

const c = koffi.load(null);

export const libc = {
  mmap: c.func('int64 mmap(size_t address, size_t length, int prot, int flags, int fd, int64 offset)') as (
    address: number,
    length: number,
    prot: number,
    flags: number,
    fd: number,
    offset: number,
  ) => number,
  munmap: c.func('int munmap(size_t address, size_t length)') as (address: number, length: number) => number,
  memfdCreate: c.func('int memfd_create(const char *name, uint flags)') as (
    name: string,
    flags: number,
  ) => number,
  ftruncate: c.func('int ftruncate(int fd, int64 length)') as (fd: number, length: number) => number,
  fcntl: c.func('int fcntl(int fd, int command, ulong argument)') as (
    fd: number,
    command: number,
    argument: number,
  ) => number,
  close: c.func('int close(int fd)') as (fd: number) => number,
  read: c.func('int64 read(int fd, void *buffer, size_t length)') as (
    fd: number,
    buffer: Bytes,
    length: number,
  ) => number,
  write: c.func('int64 write(int fd, const void *buffer, size_t length)') as (
    fd: number,
    buffer: Bytes,
    length: number,
  ) => number,
  pread: c.func('int64 pread(int fd, void *buffer, size_t length, int64 offset)') as (
    fd: number,
    buffer: Bytes,
    length: number,
    offset: number,
  ) => number,
  pwrite: c.func('int64 pwrite(int fd, const void *buffer, size_t length, int64 offset)') as (
    fd: number,
    buffer: Bytes,
    length: number,
    offset: number,
  ) => number,
  lseek: c.func('int64 lseek(int fd, int64 offset, int whence)') as (
    fd: number,
    offset: number,
    whence: number,
  ) => number,
  eventfd: c.func('int eventfd(uint initial, int flags)') as (initial: number, flags: number) => number,
  poll: c.func('int poll(void *fds, ulong count, int timeout)') as (
    fds: Int32Array,
    count: number,
    timeoutMs: number,
  ) => number,
  ppoll: c.func('int ppoll(void *fds, ulong count, const void *timeout, const void *mask)') as (
    fds: Int32Array,
    count: number,
    timespec: Uint32Array | null,
    mask: null,
  ) => number,
  socket: c.func('int socket(int domain, int type, int protocol)') as (
    domain: number,
    type: number,
    protocol: number,
  ) => number,
  socketpair: c.func('int socketpair(int domain, int type, int protocol, void *pair)') as (
    domain: number,
    type: number,
    protocol: number,
    pair: Int32Array,
  ) => number,
  bind: c.func('int bind(int fd, const void *address, uint length)') as (
    fd: number,
    address: Uint8Array,
    length: number,
  ) => number,
  listen: c.func('int listen(int fd, int backlog)') as (fd: number, backlog: number) => number,
  accept4: c.func('int accept4(int fd, void *address, void *length, int flags)') as (
    fd: number,
    address: null,
    length: null,
    flags: number,
  ) => number,
  connect: c.func('int connect(int fd, const void *address, uint length)') as (
    fd: number,
    address: Uint8Array,
    length: number,
  ) => number,
  recvmsg: c.func('int64 recvmsg(int fd, void *message, int flags)') as (
    fd: number,
    message: Uint8Array,
    flags: number,
  ) => number,
  sendmsg: c.func('int64 sendmsg(int fd, const void *message, int flags)') as (
    fd: number,
    message: Uint8Array,
    flags: number,
  ) => number,
  getsockopt: c.func('int getsockopt(int fd, int level, int option, void *value, void *length)') as (
    fd: number,
    level: number,
    option: number,
    value: Int32Array,
    length: Uint32Array,
  ) => number,
  prctl: c.func('int prctl(int option, ulong a, ulong b, ulong c, ulong d)') as (
    option: number,
    a: number,
    b: number,
    c: number,
    d: number,
  ) => number,
  umask: c.func('uint umask(uint mask)') as (mask: number) => number,
  schedYield: c.func('int sched_yield()') as () => number,
  schedGetaffinity: c.func('int sched_getaffinity(int pid, size_t size, void *mask)') as (
    pid: number,
    size: number,
    mask: Uint8Array,
  ) => number,
};

/** errno of the last call, by name. */
export function lastError(): string {
  return errnoName(koffi.errno());
}

/** The result of a call that gives -1 on failure. Throws SystemError then. */
export function check(result: number, call: string, what?: string): number {
  if (result === -1) throw new SystemError(call, lastError(), what);
  return result;
}

/** Address of a typed array's first byte. It must stay referenced (and not resized) while the address is in use. */
export function addressOf(view: Bytes): number {
  return Number(koffi.address(view));
}

/** An ArrayBuffer over foreign memory. Nothing frees that memory when the buffer is collected. */
export function viewOf(address: number, length: number): ArrayBuffer {
  return koffi.view(address, length);
}
