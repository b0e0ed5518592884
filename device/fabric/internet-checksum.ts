// SPDX-License-Identifier: MIT
// The Internet checksum (RFC 1071): the complement of the one's complement sum of big-endian 16-bit words.

/** Adds the words of m[from … to) to `sum`; an odd last byte counts as the high half. Not folded: at most 64 KiB at a time. */
export function addWords(m: Uint8Array, from: number, to: number, sum: number): number {
  let total = sum;
  let at = from;
  for (; at + 2 <= to; at += 2) total += (m[at] << 8) | m[at + 1];
  return at < to ? total + (m[at] << 8) : total;
}

/** Folds a sum to 16 bits. Words that hold a right checksum fold to 0xffff. */
export function fold(sum: number): number {
  const once = (sum & 0xffff) + (sum >>> 16);
  return (once & 0xffff) + (once >>> 16);
}

/** The checksum field for words that sum up to `sum`. */
export function checksum(sum: number): number {
  return ~fold(sum) & 0xffff;
}
