// SPDX-License-Identifier: MIT
// Page lists, by command and by FAST_REG. A list is read once, into the page pool of the state region: what the guest
// does to its copy afterwards changes nothing.
import { Access, PAGE_SHIFT_MAX, PAGE_SHIFT_MIN } from '../abi/generated/commands.js';
import { FaultObject } from '../abi/generated/registers.js';
import { POOL_COUNT, POOL_TABLE } from '../abi/generated/state.js';
import type { Core } from './core.js';
import { Dma } from './ports.js';
import { above, pow2 } from './powers.js';

const ENTRY_BYTES = 8;
const ENTRY_WORDS = 2;
const TWO_32 = 2 ** 32;
/** Bus addresses end where Numbers stop being exact. */
export const ADDRESS_LIMIT = 2 ** 53;

const ALL_RIGHTS = Access.LOCAL_WRITE | Access.REMOTE_WRITE | Access.REMOTE_READ | Access.REMOTE_ATOMIC;
const NEED_LOCAL_WRITE = Access.REMOTE_WRITE | Access.REMOTE_ATOMIC;

/** Rights that exist, and what a peer may write the adapter may write too (IBTA volume 1, 10.6.3.1). */
export function soundRights(access: number): boolean {
  if (access > ALL_RIGHTS) return false;
  return (access & NEED_LOCAL_WRITE) === 0 || (access & Access.LOCAL_WRITE) !== 0;
}

/** The first thing that is wrong with a region of `count` pages, of `most` at most; undefined: nothing. */
export function wrongInPages(
  shift: number,
  count: number,
  most: number,
  iova: number,
  length: number,
  list: number,
): string | undefined {
  if (shift < PAGE_SHIFT_MIN || shift > PAGE_SHIFT_MAX) return 'page_shift';
  if (count === 0 || count > most) return 'page_count';
  if (list % ENTRY_BYTES !== 0 || list >= ADDRESS_LIMIT) return 'page_list';
  if (iova + length > ADDRESS_LIMIT) return 'iova';
  const pageBytes = pow2(shift);
  return length > 0 && above(iova, pageBytes) + length <= count * pageBytes ? undefined : 'length';
}

/** The list was read, but a page of it is misaligned or out of reach. */
export const BAD_PAGES = 3;

/**
 * Copies a list into the pool, from entry `start` on. The run is nobody's before the commit, so it is no part of the step.
 * `number` and `index` name the queue pair and the descriptor that asked, for whoever looks at a fault.
 */
export function readPages(
  core: Core,
  list: number,
  start: number,
  count: number,
  shift: number,
  number: number,
  index: number,
): Dma | typeof BAD_PAGES {
  const { m, memory } = core;
  // The front-end keeps the region too, and with it where a run starts.
  if (start + count > POOL_COUNT) return BAD_PAGES;
  const words = POOL_TABLE + start * ENTRY_WORDS;
  const dma = memory.at(list).readWords(m, words, count * ENTRY_WORDS);
  if (dma !== Dma.DONE)
    return core.dmaFailed(dma, FaultObject.PAGE_LIST, number, index, list, count * ENTRY_BYTES, false);
  const pageBytes = pow2(shift);
  for (let n = 0; n < count; n++) {
    const address = m[words + n * ENTRY_WORDS] + m[words + n * ENTRY_WORDS + 1] * TWO_32;
    if (above(address, pageBytes) !== 0 || address + pageBytes > ADDRESS_LIMIT) return BAD_PAGES;
  }
  return Dma.DONE;
}
