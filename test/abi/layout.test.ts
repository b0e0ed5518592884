// SPDX-License-Identifier: MIT
import test from 'ava';
import { bits, bytes, cookie64, gap, struct, u8, u16, u32, u64, words } from '../../device/abi/layout.js';
import { groups } from './groups.js';

test('offsets follow from the order of the rows', t => {
  const s = struct('record', 's', 32, '', [
    u32('a', ''),
    u16('b', ''),
    u8('c', ''),
    gap(1),
    u64('d', ''),
    words('e', 2, ''),
    cookie64('f', ''),
  ]);
  t.deepEqual(
    s.fields.map(f => f.offset),
    [0, 4, 6, 7, 8, 16, 24],
  );
});

test('rows that do not add up to the declared size are refused', t => {
  t.throws(() => struct('record', 's', 8, '', [u32('a', '')]), { message: /add up to 4 bytes, declared 8/ });
  t.throws(() => struct('wire', 's', 4, '', [u32('a', ''), u8('b', '')]), {
    message: /add up to 5 bytes, declared 4/,
  });
});

test('a field off its natural alignment is refused, except on the wire', t => {
  const rows = [u16('a', ''), u32('b', ''), u16('c', '')];
  for (const kind of ['record', 'registers', 'state'] as const) {
    t.throws(() => struct(kind, 's', 8, '', rows), { message: 's.b: misaligned at 2' });
  }
  t.is(struct('wire', 's', 8, '', rows).fields[1].offset, 2);
  t.throws(() => struct('record', 's', 16, '', [u32('a', ''), u64('b', ''), u32('c', '')]), {
    message: /misaligned at 4/,
  });
  t.is(struct('record', 's', 8, '', [bytes('a', 3, ''), u8('b', ''), u32('c', '')]).fields[2].offset, 4);
});

test('bits that overlap, overflow or stand out of order are refused', t => {
  t.throws(() => u8('a', '', { bits: [bits('x', 0, 4, ''), bits('y', 3, 2, '')] }), {
    message: /a\.y: bits overlap/,
  });
  t.throws(() => u8('a', '', { bits: [bits('x', 4, 5, '')] }), { message: /a\.x: bits overlap or overflow/ });
  t.throws(() => u16('a', '', { bits: [bits('y', 8, 8, ''), bits('x', 0, 8, '')] }), { message: /a\.x/ });
  t.notThrows(() => u8('a', '', { bits: [bits('x', 0, 4, ''), bits('y', 4, 4, '')] }));
});

test('no declared bit field crosses a 32-bit border: an accessor reads one word', t => {
  for (const { group } of groups) {
    for (const s of group.structs) {
      for (const f of s.fields) {
        for (const b of f.bits) t.is(b.lo >> 5, (b.lo + b.width - 1) >> 5, `${s.name}.${f.name}.${b.name}`);
      }
    }
  }
});

test('names are unique where readers look them up', t => {
  const unique = (what: string, names: string[]) =>
    t.is(new Set(names).size, names.length, `${what}: ${names}`);
  unique(
    'structs',
    groups.flatMap(({ group }) => group.structs.map(s => s.name)),
  );
  for (const { group } of groups) {
    unique(
      group.name,
      group.constants.map(c => c.name),
    );
    for (const s of group.structs) {
      unique(
        s.name,
        s.fields.filter(f => !f.gap).map(f => f.name),
      );
    }
    for (const e of group.enumerations) {
      const values = [...e.values.values()].map(v => `${v.value}`);
      unique(e.name, values);
    }
  }
});
