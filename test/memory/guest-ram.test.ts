// SPDX-License-Identifier: MIT
// Guest RAM against a plain array: random regions (some not sealed, so without a mapping), random operations.
import { openSync, rmSync } from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import { GuestRam } from '../../device/memory/guest-memory.js';
import { RegionRefused } from '../../device/memory/region.js';
import { WordsOf } from '../../device/memory/transfer.js';
import { Dma } from '../../device/model/ports.js';
import { SystemError } from '../../device/sys/errors.js';
import { createMemfd, duplicateFd, preadAll, sizeOf, truncateFd } from '../../device/sys/fd.js';

const PAGE = 4096;
const SPAN = 8 * PAGE;
const BASE = 2 ** 32;

interface Piece {
  readonly at: number;
  readonly pages: number;
  readonly sealed: boolean;
}

/** Regions over the span: a hole at page 3, borders inside contiguous ranges, one piece without a mapping. */
const PIECES: readonly Piece[] = [
  { at: 0, pages: 1, sealed: true },
  { at: 1, pages: 2, sealed: true },
  { at: 4, pages: 1, sealed: true },
  { at: 5, pages: 1, sealed: false },
  { at: 6, pages: 2, sealed: true },
];

function build(): { ram: GuestRam; valid: (at: number, length: number) => boolean } {
  const ram = new GuestRam();
  for (const p of PIECES) {
    const size = p.pages * PAGE;
    const fd = createMemfd('piece', size + PAGE, p.sealed);
    ram.add({ guestAddress: BASE + p.at * PAGE, size, userAddress: 0, mmapOffset: PAGE }, fd);
  }
  const valid = (at: number, length: number): boolean => {
    if (length === 0) return true;
    const inside = (low: number, high: number): boolean => at >= low * PAGE && at + length <= high * PAGE;
    return inside(0, 3) || inside(4, 8);
  };
  return { ram, valid };
}

const at = fc.integer({ min: -64, max: SPAN + 64 });
const length = fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 2 * PAGE + 7 }));
const operation = fc.oneof(
  fc.record({ op: fc.constant('write' as const), at, length, seed: fc.nat(255) }),
  fc.record({ op: fc.constant('words' as const), at, length, seed: fc.nat(255) }),
  fc.record({ op: fc.constant('copy' as const), at, length, to: at }),
  fc.record({ op: fc.constant('fill' as const), at, length, seed: fc.nat(255), phase: fc.nat(7) }),
  fc.record({ op: fc.constant('publish' as const), at, seed: fc.nat(255) }),
);
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never;

const source = (n: number, seed: number): Uint8Array =>
  Uint8Array.from({ length: n }, (_, i) => seed + i * 7);

/** Does the operation on both; returns what the memory said and whether the range was valid. */
function apply(
  ram: GuestRam,
  copy: Uint8Array,
  valid: (at: number, n: number) => boolean,
  o: Operation,
): [Dma, boolean] {
  if (o.op === 'write') {
    const bytes = source(o.length + 3, o.seed);
    const ok = valid(o.at, o.length);
    if (ok && o.length > 0) copy.set(bytes.subarray(3), o.at);
    return [ram.at(BASE + o.at).write(bytes, 3, o.length), ok];
  }
  if (o.op === 'words') {
    const words = new Uint32Array(source(4 * Math.floor(o.length / 4) + 4, o.seed).buffer);
    const bytes = new Uint8Array(words.buffer).subarray(4);
    const ok = o.at % 4 === 0 && valid(o.at, bytes.length);
    if (ok && bytes.length > 0) copy.set(bytes, o.at);
    return [ram.at(BASE + o.at).writeWords(words, 1, words.length - 1), ok];
  }
  if (o.op === 'copy') {
    const overlap = o.at < o.to + o.length && o.to < o.at + o.length;
    const n = overlap ? 0 : o.length;
    const ok = valid(o.at, n) && valid(o.to, n);
    if (ok) copy.copyWithin(o.to, o.at, o.at + n);
    return [
      ram
        .from(BASE + o.at)
        .at(BASE + o.to)
        .copy(n),
      ok || n === 0,
    ];
  }
  if (o.op === 'fill') {
    const pattern = source(8, o.seed);
    const ok = valid(o.at, o.length);
    for (let i = 0; ok && i < o.length; i++) copy[o.at + i] = pattern[(o.phase + i) % 8]!;
    return [ram.at(BASE + o.at).fill(o.length, pattern, o.phase), ok];
  }
  const ok = o.at % 4 === 0 && valid(o.at, 4);
  if (ok) new DataView(copy.buffer).setUint32(o.at, o.seed * 0x01010101, true);
  return [ram.at(BASE + o.at).publishWord(Uint32Array.of(o.seed * 0x01010101), 0), ok];
}

/** All of guest memory, read in odd pieces so that every path of `read` is used. */
function dump(ram: GuestRam): Uint8Array {
  const all = new Uint8Array(SPAN);
  for (const [low, high] of [
    [0, 3 * PAGE],
    [4 * PAGE, SPAN],
  ] as const) {
    for (let i = low, n = 1; i < high; i += n, n = (n * 3) % 1021) {
      n = Math.min(n, high - i);
      if (ram.at(BASE + i).read(all, i, n) !== Dma.DONE) throw new Error(`read at ${i}`);
    }
  }
  return all;
}

test('every operation does what it does on an array, or says FAULT and touches nothing', t => {
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 30 }), operations => {
      const { ram, valid } = build();
      const copy = new Uint8Array(SPAN);
      try {
        for (const o of operations) {
          const [result, ok] = apply(ram, copy, valid, o);
          if (result !== (ok ? Dma.DONE : Dma.FAULT)) throw new Error(`${JSON.stringify(o)} gave ${result}`);
          if (o.op === 'write' && ram.at(BASE + o.at).check(o.length, true) !== result)
            throw new Error('check differs');
        }
        return Buffer.compare(dump(ram), copy) === 0;
      } finally {
        ram.clear();
      }
    }),
    { numRuns: 500 },
  );
  t.pass();
});

test('readWords reads across borders and refuses a misaligned address', t => {
  const { ram } = build();
  const words = Uint32Array.from({ length: 600 }, (_, i) => i * 0x01020304);
  t.is(ram.at(BASE + 4 * PAGE + 3000).writeWords(words, 0, 600), Dma.DONE);
  const back = new Uint32Array(602);
  t.is(ram.at(BASE + 4 * PAGE + 3000).readWords(back, 1, 600), Dma.DONE);
  t.deepEqual(back.subarray(1, 601), words);
  t.is(back[601], 0);
  t.is(ram.at(BASE + 2).readWords(back, 0, 1), Dma.FAULT);
  t.is(ram.at(BASE + 3 * PAGE - 4).readWords(back, 0, 2), Dma.FAULT);
  ram.clear();
});

test('addresses that no Number can be are faults, not exceptions', t => {
  const { ram } = build();
  const bytes = new Uint8Array(16);
  for (const address of [Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 53, 2 ** 64, 0.5, BASE - 8]) {
    t.is(ram.at(address).read(bytes, 0, 16), Dma.FAULT, `read ${address}`);
    t.is(ram.at(address).write(bytes, 0, 16), Dma.FAULT, `write ${address}`);
    t.is(ram.from(address).at(BASE).copy(16), Dma.FAULT, `copy ${address}`);
    t.is(ram.at(address).publishWord(Uint32Array.of(1), 0), Dma.FAULT, `publish ${address}`);
    t.is(ram.at(address).readAtomic64(new Uint32Array(2), 0), Dma.FAULT, `read long ${address}`);
    t.is(ram.at(address).writeAtomic64(new Uint32Array(2), 0), Dma.FAULT, `write long ${address}`);
    t.is(ram.at(address).check(1, false), Dma.FAULT, `check ${address}`);
  }
  ram.clear();
});

test('a region is let go at once: its memory is a fault, and its file may shrink', t => {
  const ram = new GuestRam();
  const fd = createMemfd('r', PAGE);
  const region = { guestAddress: 0, size: PAGE, userAddress: 77, mmapOffset: 0 };
  ram.add(region, duplicateFd(fd));
  t.is(ram.at(0).write(new Uint8Array([5]), 0, 1), Dma.DONE);
  t.false(ram.remove({ ...region, userAddress: 78 }));
  t.true(ram.remove(region));
  t.is(ram.at(0).read(new Uint8Array(1), 0, 1), Dma.FAULT);
  const byte = new Uint8Array(1);
  preadAll(fd, byte, 0);
  t.is(byte[0], 5);
});

test('a file that shrinks is a fault in every operation when it was not sealed, and nobody makes it longer again', t => {
  const ram = new GuestRam();
  const fd = createMemfd('r', 4 * PAGE, false);
  const file = ram.add({ guestAddress: 0, size: 4 * PAGE, userAddress: 0, mmapOffset: 0 }, duplicateFd(fd));
  ram.add({ guestAddress: BASE, size: PAGE, userAddress: 0, mmapOffset: 0 }, createMemfd('r', PAGE));
  t.is(file.access, 'file');
  const bytes = new Uint8Array(64);
  const words = new Uint32Array(16);
  const pattern = new Uint8Array(8).fill(3);
  const operations: readonly (readonly [string, (at: number) => Dma])[] = [
    ['read', at => ram.at(at).read(bytes, 0, 64)],
    ['write', at => ram.at(at).write(bytes, 0, 64)],
    ['readWords', at => ram.at(at).readWords(words, 0, 16)],
    ['writeWords', at => ram.at(at).writeWords(words, 0, 16)],
    ['publishWord', at => ram.at(at).publishWord(Uint32Array.of(1), 0)],
    ['readAtomic64', at => ram.at(at).readAtomic64(words, 0)],
    ['writeAtomic64', at => ram.at(at).writeAtomic64(words, 0)],
    ['copy from', at => ram.from(at).at(BASE).copy(64)],
    ['copy to', at => ram.from(BASE).at(at).copy(64)],
    [
      'copy inside',
      at =>
        ram
          .from(at)
          .at(at + 256)
          .copy(64),
    ],
    ['fill', at => ram.at(at).fill(64, pattern, 0)],
    ['fill far', at => ram.at(at).fill(PAGE + 64, pattern, 0)],
  ];
  const inOneWord = ['publishWord', 'readAtomic64', 'writeAtomic64'];
  for (const [name, operate] of operations) t.is(operate(2 * PAGE), Dma.DONE, name);
  truncateFd(fd, 2 * PAGE);
  for (const [name, operate] of operations) {
    t.is(operate(2 * PAGE), Dma.FAULT, `${name} behind the end`);
    if (!inOneWord.includes(name) && name !== 'copy inside')
      t.is(operate(2 * PAGE - 32), Dma.FAULT, `${name} over the end`);
    if (name !== 'fill far') t.is(operate(PAGE), Dma.DONE, `${name} before the end`);
  }
  t.is(sizeOf(fd), 2 * PAGE);
  truncateFd(fd, 4 * PAGE);
  for (const [name, operate] of operations) t.is(operate(2 * PAGE), Dma.DONE, `${name}, longer again`);
  ram.clear();
});

test('regions that cannot be are refused, and the descriptor is closed', t => {
  const ram = new GuestRam();
  const good = { guestAddress: 0, size: PAGE, userAddress: 0, mmapOffset: 0 };
  ram.add(good, createMemfd('r', PAGE));
  const refuse = (change: Partial<typeof good>, size = PAGE): string => {
    const fd = createMemfd('r', size);
    const error = t.throws(() => ram.add({ ...good, guestAddress: 16 * PAGE, ...change }, fd), {
      instanceOf: RegionRefused,
    });
    t.is(t.throws(() => truncateFd(fd, size), { instanceOf: SystemError }).code, 'EBADF');
    return error.message;
  };
  t.regex(refuse({ size: 0 }), /size 0/);
  t.regex(refuse({ guestAddress: 100 }), /multiples of 4096/);
  t.regex(refuse({ mmapOffset: 8 }), /multiples of 4096/);
  t.regex(refuse({ size: 2 * PAGE }), /has 4096 bytes/);
  t.regex(refuse({ mmapOffset: PAGE }), /has 4096 bytes/);
  t.regex(refuse({ guestAddress: 2 ** 53 }), /2\^53/);
  t.regex(refuse({ size: 2 ** 60 }), /2\^53/);
  t.regex(refuse({ guestAddress: 0 }), /overlaps/);
  ram.clear();
});

test('a file that may not be written is refused when it is mapped or used', t => {
  const path = `/dev/shm/pushbell-ro-${process.pid}`;
  const fd = openSync(path, 'w+');
  truncateFd(fd, PAGE);
  const readOnly = openSync(path, 'r');
  rmSync(path);
  const ram = new GuestRam();
  ram.add({ guestAddress: 0, size: PAGE, userAddress: 0, mmapOffset: 0 }, readOnly);
  t.is(ram.at(0).read(new Uint8Array(4), 0, 4), Dma.DONE);
  t.is(ram.at(0).write(new Uint8Array(4), 0, 4), Dma.FAULT);
  ram.clear();
});

test('a region of more than 2 GiB is several views, and DMA crosses them', t => {
  const ram = new GuestRam();
  const size = 3 * 2 ** 30;
  const region = ram.add(
    { guestAddress: BASE, size, userAddress: 0, mmapOffset: 0 },
    createMemfd('big', size),
  );
  t.is(region.windows.length, 3);
  const bytes = source(300, 1);
  for (const border of [2 ** 30, 2 ** 31]) {
    const address = BASE + border - 100;
    t.is(ram.at(address).write(bytes, 0, 300), Dma.DONE);
    const back = new Uint8Array(300);
    t.is(ram.at(address).read(back, 0, 300), Dma.DONE);
    t.deepEqual(back, bytes);
    t.is(
      ram
        .from(address)
        .at(BASE + size - 300)
        .copy(300),
      Dma.DONE,
    );
    t.is(ram.at(BASE + size - 300).read(back, 0, 300), Dma.DONE);
    t.deepEqual(back, bytes);
  }
  t.is(ram.at(BASE + size - 299).write(bytes, 0, 300), Dma.FAULT);
  ram.clear();
});

test('9 GiB above 4 GiB, sparse: every border of a view is crossed, by words, bytes, copies and fills', t => {
  const ram = new GuestRam();
  const GIB = 2 ** 30;
  const base = 9 * GIB;
  const size = 9 * GIB;
  // From the third GiB of a larger file on, so that place in the file and place in the region differ.
  const region = ram.add(
    { guestAddress: base, size, userAddress: 0, mmapOffset: 2 * GIB },
    createMemfd('huge', size + 2 * GIB),
  );
  t.is(region.windows.length, 9);
  for (let border = 1; border < 9; border++) {
    const at = base + border * GIB - 64;
    const words = Uint32Array.from({ length: 32 }, (_, i) => border * 1000 + i);
    const back = new Uint32Array(32);
    t.is(ram.at(at).writeWords(words, 0, 32), Dma.DONE);
    t.is(ram.at(at).check(128, true), Dma.DONE);
    t.is(ram.at(at).readWords(back, 0, 32), Dma.DONE);
    t.deepEqual(back, words);
    t.is(ram.at(at + 64).publishWord(Uint32Array.of(77), 0), Dma.DONE);
    // From one border to the next but one, at other distances to it.
    const to = base + (((border + 1) % 8) + 1) * GIB - 1000;
    t.is(
      ram
        .from(at)
        .at(to + 900)
        .copy(128),
      Dma.DONE,
    );
    t.is(ram.at(to + 900).readWords(back, 0, 32), Dma.DONE);
    words[16] = 77;
    t.deepEqual(back, words);
    t.is(ram.at(to + 960).fill(80, source(8, border), 3), Dma.DONE);
    const filled = new Uint8Array(80);
    t.is(ram.at(to + 960).read(filled, 0, 80), Dma.DONE);
    t.deepEqual(
      [...filled],
      Array.from({ length: 80 }, (_, i) => source(8, border)[(i + 3) % 8]),
    );
  }
  t.is(ram.at(base + size - 4).check(4, true), Dma.DONE);
  t.is(ram.at(base + size - 4).check(5, true), Dma.FAULT);
  t.is(ram.at(base - 1).check(2, true), Dma.FAULT);
  ram.clear();
});

test('eight bytes at once: mapped or behind a file, in the order of the halves, aligned or a fault', t => {
  const ram = new GuestRam();
  ram.add({ guestAddress: 0, size: PAGE, userAddress: 0, mmapOffset: 0 }, createMemfd('r', PAGE));
  ram.add({ guestAddress: BASE, size: PAGE, userAddress: 0, mmapOffset: 0 }, createMemfd('r', PAGE, false));
  for (const base of [0, BASE]) {
    const words = Uint32Array.of(9, 0x01020304, 0xf5f6f7f8, 9);
    t.is(ram.at(base + 16).writeAtomic64(words, 1), Dma.DONE);
    const bytes = new Uint8Array(24);
    ram.at(base + 8).read(bytes, 0, 24);
    t.deepEqual(
      [...bytes],
      [0, 0, 0, 0, 0, 0, 0, 0, 4, 3, 2, 1, 0xf8, 0xf7, 0xf6, 0xf5, 0, 0, 0, 0, 0, 0, 0, 0],
    );
    const back = new Uint32Array(4);
    t.is(ram.at(base + 16).readAtomic64(back, 1), Dma.DONE);
    t.deepEqual([...back], [0, 0x01020304, 0xf5f6f7f8, 0]);
    t.is(ram.at(base + 20).readAtomic64(back, 0), Dma.FAULT);
    t.is(ram.at(base + 20).writeAtomic64(back, 0), Dma.FAULT);
  }
  ram.clear();
});

test('the words of four byte arrays by turns are looked up, not made', t => {
  const known = new WordsOf();
  const arrays = Array.from({ length: 4 }, (_, n) => new Uint8Array(new ArrayBuffer(64), 4 * n));
  const words = (of: Uint8Array): Uint32Array => {
    known.take(of);
    t.is(known.bytes, of);
    t.is(known.base, of.byteOffset);
    return known.words;
  };
  const first = arrays.map(words);
  t.is(new Set(first).size, 4);
  arrays.forEach((a, n) => {
    t.is(words(a), first[n]!);
    t.is(first[n]!.buffer, a.buffer);
  });
});
