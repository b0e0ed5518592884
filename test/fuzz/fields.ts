// SPDX-License-Identifier: MIT
// The declarations of device/abi as something to mutate by: each field of a layout, or each bit range of one, is a piece
// with a place, a width and values that mean something in it.
import type { Enumeration, Group, Struct } from '../../device/abi/layout.js';
import type { Dice } from './dice.js';

export interface Piece {
  readonly name: string;
  readonly offset: number;
  /** Bytes of the field that it lies in. */
  readonly size: number;
  readonly lo: number;
  readonly width: number;
  readonly meant: readonly number[];
}

const MAX_ELEMENTS = 64;

/** Values of the enumerations whose name is in the name of the field, or of which the doc speaks. */
function meantFor(name: string, doc: string, enumerations: readonly Enumeration[]): number[] {
  const words = new Set(`${name} ${doc}`.toLowerCase().split(/[^a-z]+/));
  return enumerations
    .filter(e => e.name.split('_').some(part => words.has(part)))
    .flatMap(e => [...e.values.values()].map(v => v.value));
}

/** The pieces of a layout. Reserved space is a piece too: it must be looked at as well. */
export function piecesOf(struct: Struct, group: Group): readonly Piece[] {
  return struct.fields.flatMap(field => {
    const meant = meantFor(field.name, field.doc, group.enumerations);
    if (field.bits.length > 0)
      return field.bits.map(b => ({
        name: `${field.name}.${b.name}`,
        offset: field.offset,
        size: field.size,
        lo: b.lo,
        width: b.width,
        meant,
      }));
    const count = Math.min(field.count, MAX_ELEMENTS);
    return Array.from({ length: count }, (_, n) => ({
      name: field.gap ? `reserved at ${field.offset + n}` : field.name,
      offset: field.offset + n * field.size,
      size: field.size,
      lo: 0,
      width: field.size * 8,
      meant,
    }));
  });
}

/** A value for a piece, as its low and high half. */
export function valueFor(dice: Dice, piece: Piece): [number, number] {
  if (piece.meant.length > 0 && !dice.oneIn(3)) return [dice.pick(piece.meant) >>> 0, 0];
  const high = piece.width > 32 && dice.oneIn(4) ? dice.value() : 0;
  const low = dice.oneIn(8) ? 2 ** Math.min(piece.width, 32) - 1 : dice.value();
  return [low, high];
}

const viewOf = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

function loadBytes(bytes: Uint8Array, at: number, count: number): number {
  let value = 0;
  for (let n = count - 1; n >= 0; n--) value = value * 256 + bytes[at + n]!;
  return value;
}

function storeBytes(bytes: Uint8Array, at: number, count: number, value: number): void {
  for (let n = 0; n < count; n++) bytes[at + n] = value >>> (8 * n);
}

/** Puts a value into a piece of the layout at `bytes[base]`; what does not fit is cut off. Outside of `bytes` nothing happens. */
export function putPiece(bytes: Uint8Array, base: number, piece: Piece, low: number, high: number): void {
  const at = base + piece.offset;
  if (at < 0 || at + piece.size > bytes.length) return;
  if (piece.width === 64) {
    viewOf(bytes).setUint32(at, low, true);
    viewOf(bytes).setUint32(at + 4, high, true);
    return;
  }
  // No bit range of ours crosses a word.
  const word = at + 4 * Math.floor(piece.lo / 32);
  const lo = piece.lo % 32;
  const count = Math.min(4, piece.size);
  const mask = piece.width === 32 ? 0xffffffff : ((1 << piece.width) - 1) << lo;
  storeBytes(bytes, word, count, (loadBytes(bytes, word, count) & ~mask) | ((low << lo) & mask));
}

export function structOf(group: Group, name: string): Struct {
  const found = group.structs.find(s => s.name === name);
  if (found === undefined) throw new Error(`no layout "${name}"`);
  return found;
}
