// SPDX-License-Identifier: MIT
// Free entries of the object tables: always the lowest, so that a number depends on the region alone. The high-water
// mark bounds what reset has to clear and what recovery has to look at.
import { MR_PAGES_MAX } from '../abi/generated/commands.js';
import {
  POOL_BLOCK_COUNT,
  POOL_BLOCK_PAGES,
  POOL_BLOCK_TABLE,
  ST_POOL_HIGH_OFFSET,
} from '../abi/generated/state.js';
import type { Journal } from './journal.js';

export interface Table {
  readonly first: number;
  readonly words: number;
  readonly count: number;
  /** Numbers below this are never given out. */
  readonly reserved: number;
  /** Word of the high-water mark. */
  readonly high: number;
  /** Of a table so long that a search from its start would take too long: word of the number below which all are taken. */
  readonly low?: number;
}

/** Lowest number from table.reserved on whose row has used = 0, or -1. Takes nothing yet. */
export function lowestFree(m: Uint32Array, t: Table): number {
  const high = Math.min(Math.max(m[t.high], t.reserved), t.count);
  const from = t.low === undefined ? t.reserved : Math.max(m[t.low], t.reserved);
  for (let n = from; n < high; n++) if (m[t.first + n * t.words] === 0) return n;
  return high < t.count ? high : -1;
}

/** Clears the row of a free entry from word `keep` on, before it is filled; marks it as below the high-water mark. */
export function openRow(journal: Journal, t: Table, n: number, keep: number): number {
  const row = t.first + n * t.words;
  for (let w = keep; w < t.words; w++) if (journal.u32[row + w] !== 0) journal.raw(row + w, 0);
  if (journal.u32[t.high] <= n) journal.put(t.high, n + 1);
  if (t.low !== undefined) journal.put(t.low, n + 1);
  return row;
}

/** Entry `n`, which was taken, is free again. */
export function closeRow(journal: Journal, t: Table, n: number): void {
  journal.put(t.first + n * t.words, 0);
  if (t.low !== undefined && journal.u32[t.low] > n) journal.put(t.low, n);
}

/** First page-pool entry of a free run of blocks for `pages` entries, or -1. */
export function findPool(m: Uint32Array, pages: number): number {
  const wanted = Math.ceil(pages / POOL_BLOCK_PAGES);
  const end = Math.min(POOL_BLOCK_COUNT, m[ST_POOL_HIGH_OFFSET / 4] + wanted);
  let run = 0;
  for (let b = 0; b < end; b++) {
    run = m[POOL_BLOCK_TABLE + b] === 0 ? run + 1 : 0;
    if (run === wanted) return (b + 1 - wanted) * POOL_BLOCK_PAGES;
  }
  return -1;
}

/** Marks the blocks of a run as taken (1) or free (0). */
export function markPool(journal: Journal, start: number, pages: number, taken: 0 | 1): void {
  const first = start / POOL_BLOCK_PAGES;
  const count = Math.min(Math.ceil(pages / POOL_BLOCK_PAGES), MR_PAGES_MAX / POOL_BLOCK_PAGES);
  for (let b = first; b < first + count; b++) journal.put(POOL_BLOCK_TABLE + b, taken);
  const high = ST_POOL_HIGH_OFFSET / 4;
  if (taken === 1 && journal.u32[high] < first + count) journal.put(high, first + count);
}
