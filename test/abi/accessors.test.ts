// SPDX-License-Identifier: MIT
// Each generated accessor against the declaration, through a DataView that knows offset, width and byte order only:
// a setter changes its bits and no other, a getter reads them back.
import test, { type ExecutionContext } from 'ava';
import fc from 'fast-check';
import type { Bits, Field, Struct } from '../../device/abi/layout.js';
import { type GroupUnderTest, groups } from './groups.js';

type Memory = Uint8Array | Uint32Array;
type Getter = (m: Memory, at: number) => number;
type Setter = (m: Memory, at: number, value: number) => void;
type Putter = (sink: { put(word: number, value: number): void }, at: number, value: number) => void;

const camel = (s: string): string => s.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
const pascal = (s: string): string => camel(s).replace(/^./, c => c.toUpperCase());

/** A run of bits that one accessor reads: `lo` counts from the least significant bit of the field. */
interface Slot {
  readonly name: string;
  readonly lo: number;
  readonly width: number;
}

/** The accessors that a field has, by the rules of the layout language. */
function slotsOf(s: Struct, f: Field): Slot[] {
  if (f.gap || f.count > 1) return [];
  const name = `${s.name}_${f.name}`;
  const width = f.size * 8;
  const halves = s.kind !== 'wire' && width === 64 && (f.opaque || f.bits.length > 0);
  const whole = halves
    ? [
        { name: `${name}_lo`, lo: 0, width: 32 },
        { name: `${name}_hi`, lo: 32, width: 32 },
      ]
    : [{ name, lo: 0, width }];
  return [...whole, ...f.bits.map((b: Bits) => ({ name: `${name}_${b.name}`, lo: b.lo, width: b.width }))];
}

/** The field's value in memory, all of it. */
function load(view: DataView, at: number, f: Field, bigEndian: boolean): bigint {
  let value = 0n;
  for (let i = 0; i < f.size; i++) {
    const place = bigEndian ? f.size - 1 - i : i;
    value |= BigInt(view.getUint8(at + f.offset + i)) << BigInt(place * 8);
  }
  return value;
}

/** Values worth trying; a 64-bit number is exact up to 2^53. */
const valuesOf = (width: number) =>
  fc.oneof(
    fc.constant(2 ** Math.min(width, 53) - 1),
    fc.maxSafeNat().map(n => n % 2 ** Math.min(width, 53)),
  );

const STRUCT_AT = 16;

function checkSlot(t: ExecutionContext, g: GroupUnderTest, s: Struct, f: Field, slot: Slot): void {
  const get = g.exports[camel(slot.name)] as Getter;
  const set = g.exports[`set${pascal(slot.name)}`] as Setter;
  const put = g.exports[`put${pascal(slot.name)}`] as Putter | undefined;
  const wire = s.kind === 'wire';
  const at = wire ? STRUCT_AT : STRUCT_AT / 4;
  const mask = ((1n << BigInt(slot.width)) - 1n) << BigInt(slot.lo);
  fc.assert(
    fc.property(valuesOf(slot.width), fc.integer({ min: 0, max: 255 }), (value, background) => {
      const room = new Uint8Array(STRUCT_AT * 2 + s.size + 4 - (s.size % 4)).fill(background);
      const memory = wire ? room : new Uint32Array(room.buffer);
      const view = new DataView(room.buffer);
      const before = load(view, STRUCT_AT, f, g.bigEndian);
      set(memory, at, value);
      const after = load(view, STRUCT_AT, f, g.bigEndian);
      t.is(after, (before & ~mask) | (BigInt(value) << BigInt(slot.lo)), slot.name);
      t.is(get(memory, at), value, slot.name);
      const outside = room.filter(
        (byte, i) => byte !== background && (i < STRUCT_AT + f.offset || i >= STRUCT_AT + f.offset + f.size),
      );
      t.is(outside.length, 0, `${slot.name} writes outside its field`);
      if (put !== undefined) checkPut(t, put, room, background, at, value);
    }),
    { numRuns: 12 },
  );
}

/** What a state accessor puts, word by word, is what the setter writes. */
function checkPut(
  t: ExecutionContext,
  put: Putter,
  set: Uint8Array,
  background: number,
  at: number,
  value: number,
): void {
  const room = new Uint8Array(set.length).fill(background);
  const memory = new Uint32Array(room.buffer);
  const sink = {
    put(word: number, v: number): void {
      memory[word] = v;
    },
  };
  put(sink, at, value);
  t.deepEqual(room, set);
}

for (const g of groups) {
  for (const s of g.group.structs) {
    test(`${g.group.name}: accessors of ${s.name} read and write their bits and no other`, t => {
      t.is(g.exports[`${s.name.toUpperCase()}_SIZE`], s.size);
      for (const f of s.fields) {
        if (f.gap) continue;
        const upper = `${s.name}_${f.name}`.toUpperCase();
        t.is(g.exports[`${upper}_OFFSET`], f.offset);
        t.is(g.exports[`${upper}_RESET`], f.reset);
        for (const slot of slotsOf(s, f)) checkSlot(t, g, s, f, slot);
      }
    });
  }

  test(`${g.group.name}: constants and enumerations are the declared ones, and no accessor goes untested`, t => {
    for (const c of g.group.constants) t.is(g.exports[c.name], c.value, c.name);
    for (const e of g.group.enumerations) {
      const declared = Object.fromEntries([...e.values].map(([key, { value }]) => [key, value]));
      t.deepEqual(g.exports[pascal(e.name)], declared, e.name);
    }
    const slots = g.group.structs.flatMap(s => s.fields.flatMap(f => slotsOf(s, f)));
    const tested = new Set(
      slots.flatMap(({ name }) => [camel(name), `set${pascal(name)}`, `put${pascal(name)}`]),
    );
    const functions = Object.keys(g.exports).filter(name => typeof g.exports[name] === 'function');
    t.deepEqual(
      functions.filter(name => !tested.has(name)),
      [],
    );
  });
}
