// SPDX-License-Identifier: MIT
// Powers of two on the hot path, where ** and % would cost more than the work itself: beside the generated accessors the
// one place where the model shifts and masks. Logarithms are below 31, indices below 2^32.

export const pow2 = (log: number): number => 1 << log;

/** Place of a free-running index in a ring of 2^log entries. */
export const placeOf = (index: number, log: number): number => index & ((1 << log) - 1);

/** Whether a free-running index is on an odd pass round its ring of 2^log entries, as 1 or 0. */
export const passOf = (index: number, log: number): number => (index >>> log) & 1;

/** a - b modulo 65,536. */
export const distance = (a: number, b: number): number => (a - b) & 0xffff;

/** Whether free-running position `a` is after `b`; they are less than half of their range apart. */
export const isAfter = (a: number, b: number): boolean => ((a - b) | 0) > 0;

/** The index after `index`, modulo 65,536. */
export const nextIndex = (index: number): number => (index + 1) & 0xffff;

/** What is left of an address (below 2^53) above a multiple of `unit`. */
export const above = (address: number, unit: number): number => address - Math.floor(address / unit) * unit;

/** Bits `from` … `from` + `count` - 1 of a word; they must fit. */
export const bitRun = (from: number, count: number): number =>
  count === 32 ? 0xffffffff : (((1 << count) - 1) << from) >>> 0;

export const union = (a: number, b: number): number => (a | b) >>> 0;

/** The bits of `a` that are not in `b`. */
export const without = (a: number, b: number): number => (a & ~b) >>> 0;

/** Byte `n` (0 … 3) of a word. */
export const byteOf = (word: number, n: number): number => (word >>> (n * 8)) & 0xff;

/**
 * The low 32 bits of a whole number below 2^53, as V8 keeps them without the heap: from 2^31 on a negative number. For words
 * that are on their way to a Uint32Array.
 */
export const lowWord = (value: number): number => value | 0;
