// SPDX-License-Identifier: MIT
// Counters of 64 bits in the state region. They are part of the step that counts.
import type { Journal } from './journal.js';
import { lowWord } from './powers.js';
import { NONE, pageRow } from './rows.js';

const TWO_32 = 2 ** 32;

/** Adds `by` (below 2^32) to the counter whose low half is the word `word`. */
export function countUp(journal: Journal, word: number, by = 1): void {
  const { u32 } = journal;
  const sum = u32[word] + by;
  journal.put(word, lowWord(sum));
  if (sum >= TWO_32) journal.put(word + 1, lowWord(u32[word + 1] + 1));
}

/** Counts at `offset` (DPAGE_COUNT_…) of doorbell page `page`; one that was not given out counts nothing. */
export function countAtPage(journal: Journal, page: number, offset: number): void {
  const row = pageRow(journal.u32, page);
  if (row !== NONE) countUp(journal, row + offset / 4);
}
