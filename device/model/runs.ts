// SPDX-License-Identifier: MIT
// A gather or scatter list as runs of bus addresses, found once a step. One walk over the list checks its keys and says
// where its bytes are, so that what moves them meets nothing but two columns of numbers. Entries and pages that follow
// each other on the bus are one run.
import { MrKind } from '../abi/generated/commands.js';
import { SGE_SIZE, sgeAddress, sgeLength, sgeLkey } from '../abi/generated/descriptors.js';
import { mrKind } from '../abi/generated/state.js';
import { type MrRow, NONE } from './rows.js';
import { allow, holds, Segment } from './translate.js';

const SGE_WORDS = SGE_SIZE / 4;
/** Runs that are kept at a time. A list may have more of them when its regions are made of pages. */
const ROOM = 64;
/**
 * And bytes, if they come in pages: a step that somebody waits for ends with its first slice, and is not to look up in vain
 * where many more are.
 */
const ROOM_BYTES = 65536;

const piece = new Segment();

export class Runs {
  readonly address = new Float64Array(ROOM);
  /** Bytes; never 0. */
  readonly length = new Float64Array(ROOM);
  count = 0;
  /** From the first byte that the walked entries name to the last, whatever their keys. */
  first = Infinity;
  end = 0;
  readonly #write: boolean;
  #list = 0;
  #entries = 0;
  /** The entry that is not all in the table, and its bytes that are. */
  #entry = 0;
  #offset = 0;
  /** In the table. */
  #bytes = 0;

  constructor(write: boolean) {
    this.#write = write;
  }

  /**
   * Takes the `entries` entries at word `list` without their first `skip` bytes. False: a key of them does not allow
   * it. Nothing may change a region until the runs are used up.
   */
  open(m: Uint32Array, pd: number, list: number, entries: number, skip: number): boolean {
    this.#list = list;
    this.#entries = entries;
    this.first = Infinity;
    this.end = 0;
    this.#entry = 0;
    this.#offset = skip;
    return this.#walk(m, pd);
  }

  /** Puts the runs after those in the table there. False when there are none, or none that are allowed: the list was changed. */
  more(m: Uint32Array, pd: number): boolean {
    return this.#walk(m, pd) && this.count > 0;
  }

  #walk(m: Uint32Array, pd: number): boolean {
    const list = this.#list;
    const entries = this.#entries;
    let skip = this.#offset;
    let mr = NONE as MrRow;
    let known = 0;
    let full = false;
    this.count = 0;
    this.#bytes = 0;
    for (let n = this.#entry; n < entries; n++) {
      const at = list + n * SGE_WORDS;
      const length = sgeLength(m, at);
      if (skip >= length) {
        skip -= length;
        continue;
      }
      const address = sgeAddress(m, at);
      const key = sgeLkey(m, at);
      piece.of(address, length);
      // Mostly all entries name one region.
      if (mr === NONE || key !== known || !holds(m, mr, piece)) {
        mr = allow(m, key, pd, piece, this.#write);
        if (mr === NONE) return false;
        known = key;
      }
      if (address < this.first) this.first = address;
      if (address + length > this.end) this.end = address + length;
      if (full) continue;
      const taken = this.#take(m, mr, piece.of(address + skip, length - skip));
      if (skip + taken < length) {
        full = true;
        this.#entry = n;
        this.#offset = skip + taken;
      }
      skip = 0;
    }
    if (!full) this.#entry = entries;
    return true;
  }

  /** Adds the runs of the range, which is used up. Answers how many bytes there was room for. */
  #take(m: Uint32Array, mr: MrRow, range: Segment): number {
    const { address, length } = range;
    const whole = mrKind(m, mr) === MrKind.WHOLE_MEMORY;
    let taken = 0;
    while (taken < length && this.count < ROOM && (whole || this.#bytes < ROOM_BYTES)) {
      if (!whole) range.of(address + taken, length - taken).take(m, mr);
      const at = range.address;
      const bytes = range.length;
      const last = this.count - 1;
      if (last >= 0 && this.address[last] + this.length[last] === at) this.length[last] += bytes;
      else {
        this.address[this.count] = at;
        this.length[this.count++] = bytes;
      }
      taken += bytes;
      this.#bytes += bytes;
    }
    return taken;
  }
}
