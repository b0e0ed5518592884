// SPDX-License-Identifier: MIT
// The language in which every guest-visible or shared layout is declared. A declaration is a list of rows; offsets
// are derived from the order of the rows and the total is asserted, so that a row cannot silently move another.
// Three emitters read the declarations: emit-ts.ts (accessors), emit-c.ts (headers), emit-reference.ts (the page).

export type Access = 'ro' | 'rw' | 'wo' | 'rw1c';

/** A bit range inside a field, `lo` inclusive, `width` in bits. */
export interface Bits {
  readonly name: string;
  readonly lo: number;
  readonly width: number;
  readonly doc: string;
}

/** One row of a layout. `size` is the size of one element in bytes, `count` the number of elements (1 unless an array). */
export interface Row {
  readonly name: string;
  readonly size: 1 | 2 | 4 | 8;
  readonly count: number;
  readonly doc: string;
  readonly bits: readonly Bits[];
  readonly access: Access | undefined;
  readonly reset: number | undefined;
  /** A 64-bit value that nobody computes with (a cookie): accessors give its two halves, never a rounded number. */
  readonly opaque: boolean;
  /** Reserved space: it has no accessor; guests write zero. */
  readonly gap: boolean;
}

/** A row with the byte offset that its place in the layout gave it. */
export interface Field extends Row {
  readonly offset: number;
}

export type StructKind = 'record' | 'registers' | 'wire' | 'state';

export interface Struct {
  readonly name: string;
  readonly kind: StructKind;
  readonly doc: string;
  readonly size: number;
  readonly fields: readonly Field[];
}

export interface Enumeration {
  readonly name: string;
  readonly doc: string;
  readonly values: ReadonlyMap<string, { readonly value: number; readonly doc: string }>;
}

export interface Constant {
  readonly name: string;
  readonly value: number;
  readonly doc: string;
}

/** Everything that one declaration file says; `title` and `doc` head its section of the reference page. */
export interface Group {
  readonly name: string;
  readonly title: string;
  readonly doc: string;
  readonly constants: readonly Constant[];
  readonly enumerations: readonly Enumeration[];
  readonly structs: readonly Struct[];
}

interface RowOptions {
  bits?: readonly Bits[];
  access?: Access;
  reset?: number;
  opaque?: boolean;
  count?: number;
}

function row(size: 1 | 2 | 4 | 8, name: string, doc: string, options: RowOptions = {}): Row {
  const bits = options.bits ?? [];
  let end = 0;
  for (const b of bits) {
    if (b.lo < end || b.lo + b.width > size * 8)
      throw new RangeError(`${name}.${b.name}: bits overlap or overflow`);
    end = b.lo + b.width;
  }
  return {
    name,
    size,
    doc,
    bits,
    count: options.count ?? 1,
    access: options.access,
    reset: options.reset,
    opaque: options.opaque ?? false,
    gap: false,
  };
}

export const u8 = (name: string, doc: string, options?: RowOptions): Row => row(1, name, doc, options);
export const u16 = (name: string, doc: string, options?: RowOptions): Row => row(2, name, doc, options);
export const u32 = (name: string, doc: string, options?: RowOptions): Row => row(4, name, doc, options);
export const u64 = (name: string, doc: string, options?: RowOptions): Row => row(8, name, doc, options);
/** A 64-bit cookie, carried but never computed with. */
export const cookie64 = (name: string, doc: string): Row => row(8, name, doc, { opaque: true });
export const bytes = (name: string, count: number, doc: string): Row => row(1, name, doc, { count });
export const words = (name: string, count: number, doc: string): Row => row(4, name, doc, { count });

/** Reserved space of `size` bytes. */
export function gap(size: number): Row {
  return {
    name: '',
    size: 1,
    count: size,
    doc: 'reserved, zero',
    bits: [],
    access: undefined,
    reset: undefined,
    opaque: false,
    gap: true,
  };
}

export const bits = (name: string, lo: number, width: number, doc: string): Bits => ({
  name,
  lo,
  width,
  doc,
});

/** Declares a layout of `size` bytes. Throws when the rows do not add up to it or a field is not naturally aligned. */
export function struct(
  kind: StructKind,
  name: string,
  size: number,
  doc: string,
  rows: readonly Row[],
): Struct {
  const fields: Field[] = [];
  let offset = 0;
  for (const r of rows) {
    // Wire formats are packed by their standards; everything else is ours and stays naturally aligned.
    if (kind !== 'wire' && offset % r.size !== 0)
      throw new RangeError(`${name}.${r.name}: misaligned at ${offset}`);
    fields.push({ ...r, offset });
    offset += r.size * r.count;
  }
  if (offset !== size) throw new RangeError(`${name}: rows add up to ${offset} bytes, declared ${size}`);
  return { kind, name, size, doc, fields };
}

export function enumeration(
  name: string,
  doc: string,
  rows: Record<string, readonly [number, string]>,
): Enumeration {
  const values = new Map<string, { value: number; doc: string }>();
  for (const [key, [value, text]] of Object.entries(rows)) values.set(key, { value, doc: text });
  return { name, doc, values };
}

export const constant = (name: string, value: number, doc: string): Constant => ({ name, value, doc });
