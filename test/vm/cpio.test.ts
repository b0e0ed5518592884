// SPDX-License-Identifier: MIT
import { execFileSync } from 'node:child_process';
import test from 'ava';
import { type CpioEntry, withParents, writeCpio } from '../../device/vm/cpio.js';
import { ensureTool } from '../../device/vm/host-tools.js';

/** An independent reader of the format: walks the headers as the kernel's init/initramfs.c does. */
function readCpio(
  archive: Uint8Array,
): { name: string; mode: number; rdev: [number, number]; data: string }[] {
  const bytes = Buffer.from(archive);
  const entries = [];
  for (let at = 0; ; ) {
    const field = (index: number) =>
      Number.parseInt(bytes.toString('latin1', at + 6 + 8 * index, at + 14 + 8 * index), 16);
    if (bytes.toString('latin1', at, at + 6) !== '070701') throw new Error(`no header at ${at}`);
    const [size, nameBytes] = [field(6), field(11)];
    const name = bytes.toString('utf8', at + 110, at + 110 + nameBytes - 1);
    const dataAt = (at + 110 + nameBytes + 3) & ~3;
    if (name === 'TRAILER!!!') return entries;
    entries.push({
      name,
      mode: field(1),
      rdev: [field(9), field(10)] as [number, number],
      data: bytes.toString('latin1', dataAt, dataAt + size),
    });
    at = (dataAt + size + 3) & ~3;
  }
}

const SAMPLE: CpioEntry[] = [
  { kind: 'dir', path: 'dev' },
  { kind: 'char-device', path: 'dev/console', major: 5, minor: 1 },
  { kind: 'file', path: 'init', data: Buffer.from('#!x'), executable: true },
  { kind: 'file', path: '/etc/a', data: Buffer.from('12345') },
  { kind: 'link', path: 'bin/sh', target: 'busybox' },
];

test('each kind of entry comes back with its mode, device number and data', t => {
  t.deepEqual(readCpio(writeCpio(SAMPLE)), [
    { name: 'dev', mode: 0o040755, rdev: [0, 0], data: '' },
    { name: 'dev/console', mode: 0o020600, rdev: [5, 1], data: '' },
    { name: 'init', mode: 0o100755, rdev: [0, 0], data: '#!x' },
    { name: 'etc/a', mode: 0o100644, rdev: [0, 0], data: '12345' },
    { name: 'bin/sh', mode: 0o120777, rdev: [0, 0], data: 'busybox' },
  ]);
});

test('names and data of every length keep the next header in place', t => {
  const entries: CpioEntry[] = [];
  for (let length = 0; length < 9; length++) {
    entries.push({ kind: 'file', path: 'n'.repeat(length + 1), data: Buffer.alloc(length, 0x61 + length) });
  }
  const read = readCpio(writeCpio(entries));
  t.deepEqual(
    read.map(entry => entry.data.length),
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
  );
  t.deepEqual(
    read.map(entry => entry.name.length),
    [1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
});

test('parents are added once, in front of what they hold', t => {
  const names = withParents([
    { kind: 'file', path: '/a/b/c', data: Buffer.alloc(0) },
    { kind: 'dir', path: 'a' },
    { kind: 'file', path: 'a/b/d', data: Buffer.alloc(0) },
    { kind: 'dir', path: 'e' },
    { kind: 'dir', path: 'e' },
  ]).map(entry => entry.path);
  t.deepEqual(names, ['a', 'a/b', '/a/b/c', 'a/b/d', 'e']);
});

test('the same entries give the same bytes', t => {
  t.deepEqual(writeCpio(SAMPLE), writeCpio(SAMPLE));
});

test('cpio(1) lists the archive', async t => {
  t.timeout(120_000);
  const cpio = await ensureTool('cpio');
  const listed = execFileSync(cpio, ['-t'], { input: writeCpio(SAMPLE), stdio: ['pipe', 'pipe', 'ignore'] });
  t.deepEqual(listed.toString().trim().split('\n'), ['dev', 'dev/console', 'init', 'etc/a', 'bin/sh']);
});
