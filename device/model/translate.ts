// SPDX-License-Identifier: MIT
// Memory regions: from key and I/O virtual address to bus addresses. Every use of a key is checked here and nowhere
// else: existence, tag, validity, protection domain, access right, range (IBTA volume 1, 10.6).
import { Access, MrKind, PAGE_SHIFT_MAX, PAGE_SHIFT_MIN, QpFlag } from '../abi/generated/commands.js';
import { SGE_SIZE, sgeAddress, sgeLength, sgeLkey, WcStatus } from '../abi/generated/descriptors.js';
import {
  mrAccess,
  mrIova,
  mrKind,
  mrLength,
  mrPageShift,
  mrPd,
  mrPoolStart,
  mrValid,
  POOL_TABLE,
  qpAccess,
  qpFlags,
  qpPd,
} from '../abi/generated/state.js';
import type { WordSink } from '../abi/word-sink.js';
import { above, lowWord, pow2 } from './powers.js';
import { type MrRow, mrRow, NONE, type QpRow } from './rows.js';

const SGE_WORDS = SGE_SIZE / 4;
const TWO_32 = 2 ** 32;
/** Bus addresses end where Numbers stop being exact. */
const ADDRESS_LIMIT = 2 ** 53;

/** The memory region if `key` allows the access to the range, else NONE. */
export function allow(m: Uint32Array, key: number, pd: number, range: Segment, write: boolean): MrRow {
  return allowRights(m, key, pd, range, write ? Access.LOCAL_WRITE : 0);
}

/**
 * The same for the peer of a queue pair, whose request needs `right`: REMOTE_WRITE, REMOTE_READ or REMOTE_ATOMIC. Both
 * the queue pair and the region must give it.
 */
export function allowRemote(m: Uint32Array, qp: QpRow, key: number, range: Segment, right: Access): MrRow {
  if ((qpAccess(m, qp) & right) === 0) return NONE as MrRow;
  return allowRights(m, key, qpPd(m, qp), range, right);
}

function allowRights(m: Uint32Array, key: number, pd: number, range: Segment, rights: number): MrRow {
  const mr = mrRow(m, key);
  if (mr === NONE || mrValid(m, mr) !== 1 || mrPd(m, mr) !== pd) return NONE as MrRow;
  if ((mrAccess(m, mr) & rights) !== rights) return NONE as MrRow;
  return holds(m, mr, range) ? mr : (NONE as MrRow);
}

/** The range is part of the region. */
export function holds(m: Uint32Array, mr: MrRow, { address, length }: Segment): boolean {
  if (address + length > ADDRESS_LIMIT) return false;
  if (mrKind(m, mr) === MrKind.WHOLE_MEMORY) return true;
  const first = mrIova(m, mr);
  return address >= first && address + length <= first + mrLength(m, mr);
}

/** Memory management operations and privileged Q_Keys are for queue pairs of the kernel. */
export const privileged = (m: Uint32Array, qp: QpRow): boolean => (qpFlags(m, qp) & QpFlag.PRIVILEGED) !== 0;

/**
 * A range of I/O virtual addresses, and then a piece of it that is contiguous on the bus. Ranges go from function to
 * function in one of these, because an address by itself may cost an allocation (see GuestMemory).
 */
export class Segment {
  address = Number.NaN;
  length = 0;

  /** The range that is meant. */
  of(address: number, length: number): this {
    this.address = address;
    this.length = length;
    return this;
  }

  /** The range that begins at the address in two words from `word` on. */
  load(m: Uint32Array, word: number, length: number): this {
    this.address = m[word] + m[word + 1] * TWO_32;
    this.length = length;
    return this;
  }

  /** Where the range begins, into two words from `word` on. */
  store(into: WordSink, word: number): void {
    into.put(word, lowWord(this.address));
    into.put(word + 1, Math.floor(this.address / TWO_32));
  }

  /** Makes of the range, which `mr` allows, the first piece of it that is contiguous, where it is on the bus. */
  take(m: Uint32Array, mr: MrRow): void {
    if (mrKind(m, mr) === MrKind.WHOLE_MEMORY) return;
    // The front-end keeps the region too: whatever stands there, a piece is neither empty nor negative.
    const pageBytes = pow2(Math.max(PAGE_SHIFT_MIN, Math.min(mrPageShift(m, mr), PAGE_SHIFT_MAX)));
    const first = mrIova(m, mr);
    const offset = this.address - first + above(first, pageBytes);
    const entry = POOL_TABLE + (mrPoolStart(m, mr) + Math.floor(offset / pageBytes)) * 2;
    const inPage = above(offset, pageBytes);
    this.address = m[entry] + m[entry + 1] * 0x100000000 + inPage;
    this.length = Math.min(this.length, pageBytes - inPage);
  }
}

/** Walks a list of gather or scatter entries that stands in the region, from a byte position on. */
export class SgeCursor {
  readonly segment = new Segment();
  #list = 0;
  #count = 0;
  #entry = 0;
  #offset = 0;
  /** Region of the piece before, and its key: nothing changes a region while a list is walked. */
  #mr: MrRow = NONE as MrRow;
  #key = 0;

  /** Positions at byte `skip` of the `count` entries that start at word `list`. */
  start(m: Uint32Array, list: number, count: number, skip: number): void {
    this.#list = list;
    this.#count = count;
    this.#entry = 0;
    this.#offset = skip;
    this.#mr = NONE as MrRow;
    while (this.#entry < count) {
      const length = sgeLength(m, list + this.#entry * SGE_WORDS);
      if (this.#offset < length) break;
      this.#offset -= length;
      this.#entry++;
    }
  }

  /** Finds the next piece, at most `max` bytes, in `segment`; the piece counts as used. A list that ends early was changed. */
  next(m: Uint32Array, pd: number, max: number, write: boolean): WcStatus {
    while (this.#entry < this.#count) {
      const at = this.#list + this.#entry * SGE_WORDS;
      const left = sgeLength(m, at) - this.#offset;
      if (left > 0) return this.#take(m, at, pd, Math.min(left, max), write);
      this.#entry++;
      this.#offset = 0;
    }
    this.segment.length = 0;
    return WcStatus.LOC_PROT_ERR;
  }

  #take(m: Uint32Array, at: number, pd: number, max: number, write: boolean): WcStatus {
    const range = this.segment.of(sgeAddress(m, at) + this.#offset, max);
    const key = sgeLkey(m, at);
    let mr = this.#mr;
    if (mr === NONE || key !== this.#key || !holds(m, mr, range)) {
      mr = allow(m, key, pd, range, write);
      if (mr === NONE) return WcStatus.LOC_PROT_ERR;
      this.#mr = mr;
      this.#key = key;
    }
    range.take(m, mr);
    this.#offset += range.length;
    return WcStatus.SUCCESS;
  }
}

const entry = new Segment();

/** Checks the keys of a whole list before its first byte moves, so that a bad entry is found before anything is touched. */
export function checkList(m: Uint32Array, pd: number, list: number, count: number, write: boolean): WcStatus {
  let mr = NONE as MrRow;
  let known = 0;
  for (let n = 0; n < count; n++) {
    const at = list + n * SGE_WORDS;
    const length = sgeLength(m, at);
    if (length === 0) continue;
    entry.of(sgeAddress(m, at), length);
    const key = sgeLkey(m, at);
    // Mostly all entries name one region.
    if (mr !== NONE && key === known && holds(m, mr, entry)) continue;
    mr = allow(m, key, pd, entry, write);
    if (mr === NONE) return WcStatus.LOC_PROT_ERR;
    known = key;
  }
  return WcStatus.SUCCESS;
}
