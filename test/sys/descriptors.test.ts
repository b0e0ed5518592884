// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { usableCpus } from '../../device/sys/cpu.js';
import { SystemError } from '../../device/sys/errors.js';
import { EventFd } from '../../device/sys/eventfd.js';
import {
  cannotShrink,
  closeAll,
  closeFd,
  createMemfd,
  dataRanges,
  isEventfd,
  isHugetlbfs,
  preadAll,
  pwriteAll,
  sizeOf,
  truncateFd,
} from '../../device/sys/fd.js';
import { Mapping } from '../../device/sys/mapping.js';
import { PollSet } from '../../device/sys/poll.js';
import {
  acceptUnix,
  connectUnix,
  FdChannel,
  isUnixStream,
  listenUnix,
  unixPair,
} from '../../device/sys/unix-socket.js';

const isOpen = (fd: number): boolean => {
  try {
    return readFileSync(`/proc/self/fdinfo/${fd}`).length > 0;
  } catch {
    return false;
  }
};

test('a failed call throws the errno name, the call and what it was about', t => {
  const error = t.throws(() => connectUnix('/nowhere/at/all.sock'), { instanceOf: SystemError });
  t.is(error.code, 'ENOENT');
  t.is(error.message, 'connect (/nowhere/at/all.sock): ENOENT');
  t.is(t.throws(() => closeFd(99_999), { instanceOf: SystemError }).code, 'EBADF');
  t.is(t.throws(() => connectUnix('x'.repeat(200)), { instanceOf: SystemError }).code, 'ENAMETOOLONG');
});

test('a sealed memfd cannot shrink, an unsealed one and an ordinary file can', t => {
  const sealed = createMemfd('sealed', 8192);
  const open = createMemfd('open', 8192, false);
  t.true(cannotShrink(sealed));
  t.false(cannotShrink(open));
  t.is(sizeOf(sealed), 8192);
  t.is(t.throws(() => truncateFd(sealed, 4096), { instanceOf: SystemError }).code, 'EPERM');
  const directory = mkdtempSync(join(tmpdir(), 'pushbell-sys-'));
  const file = openSync(join(directory, 'file'), 'w+');
  t.false(cannotShrink(file));
  t.false(isHugetlbfs(file));
  closeSync(file);
  rmSync(directory, { recursive: true });
  closeAll([sealed, open]);
});

test('pread and pwrite move all bytes, and say when the file ends', t => {
  const fd = createMemfd('file', 4096, false);
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => i);
  pwriteAll(fd, bytes, 4000 - 4);
  const back = new Uint8Array(100);
  preadAll(fd, back, 3996);
  t.deepEqual(back, bytes);
  t.is(t.throws(() => preadAll(fd, back, 4090), { instanceOf: SystemError }).code, 'EIO');
  closeFd(fd);
});

test('two mappings of one file see each other; a retired one reads zeros and does not hold the file', t => {
  const fd = createMemfd('shared', 8192, false);
  const one = new Mapping(fd, 8192);
  const two = new Mapping(fd, 4096, 4096);
  one.u32[1024] = 0x12345678;
  t.is(two.u32[0], 0x12345678);
  t.is(Atomics.add(two.u32, 0, 1), 0x12345678);
  t.is(Atomics.load(one.u32, 1024), 0x12345679);
  one.retire();
  one.retire();
  t.is(one.u32[1024], 0);
  // With the old mapping in place this would be SIGBUS, the end of the process.
  two.retire();
  ftruncateSync(fd, 0);
  t.is(one.u8[8191], 0);
  t.is(two.u8[4095], 0);
  one.u8[0] = 1;
  closeFd(fd);
});

test('a detached mapping keeps its bytes to itself, and the file may go', t => {
  const size = 64 * 4096;
  const fd = createMemfd('shared', size, false);
  const one = new Mapping(fd, size);
  const two = new Mapping(fd, size);
  one.u32[0] = 1;
  one.u32[20 * 1024] = 2;
  one.u8[size - 1] = 3;
  t.deepEqual(dataRanges(fd), [
    [0, 4096],
    [20 * 4096, 21 * 4096],
    [63 * 4096, size],
  ]);
  one.detach(fd);
  t.deepEqual([one.u32[0], one.u32[20 * 1024], one.u8[size - 1], one.u8[4096]], [1, 2, 3, 0]);
  one.u32[0] = 5;
  two.u32[20 * 1024] = 6;
  t.is(two.u32[0], 1);
  t.is(one.u32[20 * 1024], 2);
  two.retire();
  ftruncateSync(fd, 0);
  t.deepEqual(dataRanges(fd), []);
  t.is(one.u8[size - 1], 3);
  one.retire();
  t.is(one.u32[0], 0);
  closeFd(fd);
});

test('a mapping is refused for what cannot be mapped', t => {
  const fd = createMemfd('m', 4096);
  t.is(t.throws(() => new Mapping(fd, 4096, 100), { instanceOf: SystemError }).code, 'EINVAL');
  t.throws(() => new Mapping(fd, 0), { instanceOf: RangeError });
  t.throws(() => new Mapping(fd, 2 ** 31), { instanceOf: RangeError });
  closeFd(fd);
});

test('an event counts signals, merges them, and never blocks', t => {
  const event = EventFd.create();
  t.is(event.drain(), 0);
  event.signal();
  event.signal();
  t.is(event.drain(), 2);
  t.is(event.drain(), 0);
  // A peer fills the counter up to its end: one more signal merges instead of blocking.
  fillCounter(event.fd);
  event.signal();
  t.true(event.drain() >= 2 ** 53);
  event.close();
});

/** Sets the counter to its end, 2^64 - 2, by one plain write. */
function fillCounter(fd: number): void {
  writeSync(fd, new Uint8Array([254, 255, 255, 255, 255, 255, 255, 255]));
}

test('only an eventfd is adopted as one; another descriptor is closed', t => {
  const [a, b] = unixPair();
  t.is(t.throws(() => EventFd.adopt(a), { instanceOf: SystemError }).code, 'EINVAL');
  t.false(isOpen(a));
  const event = EventFd.create();
  t.true(isEventfd(event.fd));
  t.is(EventFd.adopt(event.fd).fd, event.fd);
  closeAll([b, event.fd]);
});

test('poll tells which descriptors are ready, and keeps its time-out', t => {
  const [one, two] = [EventFd.create(), EventFd.create()];
  const poll = new PollSet(2);
  poll.add(one.fd);
  const place = poll.add(two.fd);
  const start = performance.now();
  t.is(poll.wait(30e6), 0);
  t.true(performance.now() - start >= 29);
  two.signal();
  t.is(poll.wait(Number.POSITIVE_INFINITY), 1);
  t.true(poll.isReady(place));
  t.false(poll.isReady(0));
  t.is(poll.wait(0), 1);
  t.throws(() => poll.add(3), { instanceOf: RangeError });
  poll.clear();
  const [a, b] = unixPair();
  const hungUp = poll.add(a);
  closeFd(b);
  poll.wait(0);
  t.true(poll.isReady(hungUp));
  closeAll([one.fd, two.fd, a]);
});

test('descriptors travel with the first byte, closed on exec, and only there', t => {
  const [a, b] = unixPair();
  const [from, to] = [new FdChannel(a, 4), new FdChannel(b, 4)];
  const memfd = createMemfd('passed', 4096);
  from.send(new Uint8Array([1, 2, 3, 4]), [memfd, memfd, memfd]);
  const buffer = new Uint8Array(8);
  const first = to.receive(buffer, 2, 1);
  t.is(first.length, 1);
  t.is(first.fds.length, 3);
  t.is(sizeOf(first.fds[0]!), 4096);
  t.regex(readFileSync(`/proc/self/fdinfo/${first.fds[1]}`, 'utf8'), /flags:\s+0?2\d{6}/);
  const rest = to.receive(buffer, 3, 5);
  t.deepEqual(rest, { length: 3, fds: [], truncated: false });
  t.deepEqual([...buffer], [0, 0, 1, 2, 3, 4, 0, 0]);
  t.is(to.receive(buffer, 0, 8).length, undefined);
  closeFd(a);
  t.is(to.receive(buffer, 0, 8).length, 0);
  closeAll([b, memfd, ...first.fds]);
});

test('descriptors beyond the room for them are reported, and those that came can be closed', t => {
  const [a, b] = unixPair();
  const memfd = createMemfd('passed', 4096);
  new FdChannel(a, 8).send(new Uint8Array(1), [memfd, memfd, memfd, memfd, memfd]);
  const got = new FdChannel(b, 2).receive(new Uint8Array(1), 0, 1);
  t.true(got.truncated);
  t.is(got.fds.length, 2);
  t.throws(() => new FdChannel(a, 2).send(new Uint8Array(1), [1, 2, 3]), { instanceOf: RangeError });
  closeAll([a, b, memfd, ...got.fds]);
});

test('a full socket is an error, not a wait', t => {
  const [a, b] = unixPair();
  const channel = new FdChannel(a, 1);
  const error = t.throws(
    () => {
      for (let i = 0; i < 10_000; i++) channel.send(new Uint8Array(4096));
    },
    { instanceOf: SystemError },
  );
  t.is(error.code, 'EAGAIN');
  closeFd(b);
  t.is(t.throws(() => channel.send(new Uint8Array(1)), { instanceOf: SystemError }).code, 'EPIPE');
  closeFd(a);
});

test('a listening socket has mode 0600 from the start and accepts without blocking', t => {
  const directory = mkdtempSync(join(tmpdir(), 'pushbell-sys-'));
  const path = join(directory, 's');
  const listener = listenUnix(path);
  t.is(statSync(path).mode & 0o777, 0o600);
  t.is(acceptUnix(listener), undefined);
  const client = connectUnix(path);
  const server = acceptUnix(listener)!;
  t.true(isUnixStream(client));
  const event = EventFd.create();
  t.false(isUnixStream(event.fd));
  event.close();
  new FdChannel(client, 0).send(new Uint8Array([9]));
  const byte = new Uint8Array(1);
  t.is(new FdChannel(server, 0).receive(byte, 0, 1).length, 1);
  t.is(byte[0], 9);
  t.is(t.throws(() => listenUnix(path), { instanceOf: SystemError }).code, 'EADDRINUSE');
  closeAll([listener, client, server]);
  rmSync(directory, { recursive: true });
});

test('processors are counted by affinity', t => {
  t.true(usableCpus() >= 1);
  const script = `import('${new URL('../../device/sys/cpu.js', import.meta.url)}').then(m => console.log(m.usableCpus()))`;
  t.is(execFileSync('taskset', ['1', process.execPath, '-e', script], { encoding: 'utf8' }).trim(), '1');
});
