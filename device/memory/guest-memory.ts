// SPDX-License-Identifier: MIT
// Guest RAM for the adapter's DMA: the regions that the front-end announced, looked up by guest address.
//
// Each operation has a short first half for the case that matters, a range inside the window that was used last, and
// a second half for everything else (other windows, ranges across borders, memory without a mapping). Small transfers
// are element loops, larger ones go through views that are kept: making one costs as much as copying a hundred bytes.
import { Dma, type GuestMemory } from '../model/ports.js';
import { SystemError } from '../sys/errors.js';
import { NO_WINDOW, Region, type RegionDescription, RegionRefused, type Window } from './region.js';
import { PATTERN_RUN, RepeatedPattern, Views, WordsOf } from './transfer.js';

/** Up to here a loop beats `set` (measured, Node 20); */
const LOOP_BYTES = 64;
const LOOP_WORDS = 32;
/** whole descriptors, which are up to this long, come from more places than views are kept for. */
const ENTRY_WORDS = 128;
const BOUNCE_BYTES = 65536;
/** Everybody sees the stores of an x86 processor in their order: a plain one releases. Atomics.store is a call and a full fence. */
const STORES_IN_ORDER = process.arch === 'x64';

/** A transfer that a loop over words may do: short, and whole words at both ends. */
const byWords = (at: number, other: number, length: number): boolean =>
  length <= LOOP_WORDS * 4 && ((at | other | length) & 3) === 0;

/** Whose address is meant: that of at(), that of from(), that of a walk. */
const AT = 0;
const FROM = 1;
const WALK = 2;
type Place = typeof AT | typeof FROM | typeof WALK;

const bytesOf = (words: Uint32Array, at: number, count: number): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset + at * 4, count * 4);

/** Eight words a round: a round of one word costs as much as three of them. */
function copyByEights(from: Uint32Array, fromAt: number, to: Uint32Array, toAt: number, count: number): void {
  let i = 0;
  for (const end = count - 7; i < end; i += 8) {
    const a = fromAt + i;
    const b = toAt + i;
    to[b] = from[a]!;
    to[b + 1] = from[a + 1]!;
    to[b + 2] = from[a + 2]!;
    to[b + 3] = from[a + 3]!;
    to[b + 4] = from[a + 4]!;
    to[b + 5] = from[a + 5]!;
    to[b + 6] = from[a + 6]!;
    to[b + 7] = from[a + 7]!;
  }
  for (; i < count; i++) to[toAt + i] = from[fromAt + i]!;
}

export class GuestRam implements GuestMemory {
  #regions: Region[] = [];
  /** Sorted by address, none overlapping. */
  #windows: Window[] = [];
  #last: Window = NO_WINDOW;
  /** Addresses, by Place: they stay here while they are looked up (see GuestMemory). */
  readonly #places = new Float64Array(3);
  readonly #targetWords = new WordsOf();
  readonly #sourceWords = new WordsOf();
  readonly #byteViews = new Views<Uint8Array>();
  readonly #wordViews = new Views<Uint32Array>();
  readonly #bounce = new Uint8Array(BOUNCE_BYTES);
  readonly #pattern = new RepeatedPattern();
  /** A long word and its halves. */
  readonly #long = new BigUint64Array(1);
  readonly #halves = new Uint32Array(this.#long.buffer);

  get regions(): readonly Region[] {
    return this.#regions;
  }

  /** Adds a region; takes `fd` over, also when it throws. Throws RegionRefused or SystemError. */
  add(description: RegionDescription, fd: number): Region {
    const region = new Region(description, fd);
    const { guestAddress: base, size } = description;
    const clash = this.#windows.find(w => base < w.end && w.base < base + size);
    if (clash !== undefined) {
      region.close();
      throw new RegionRefused('it overlaps a region that is there already');
    }
    this.#install([...this.#regions, region]);
    return region;
  }

  /** Removes the region with this guest address, size and user address. False when there is none. */
  remove(description: RegionDescription): boolean {
    const region = this.#regions.find(
      ({ description: d }) =>
        d.guestAddress === description.guestAddress &&
        d.size === description.size &&
        d.userAddress === description.userAddress,
    );
    if (region === undefined) return false;
    this.#install(this.#regions.filter(r => r !== region));
    region.close();
    return true;
  }

  clear(): void {
    const old = this.#regions;
    this.#install([]);
    for (const region of old) region.close();
  }

  #install(regions: Region[]): void {
    this.#regions = regions;
    this.#windows = regions.flatMap(r => r.windows).sort((a, b) => a.base - b.base);
    this.#last = NO_WINDOW;
    // A view of a window that is gone would keep its mapping.
    this.#byteViews.forget();
    this.#wordViews.forget();
  }

  /** Copies between byte arrays, both in range. */
  #copyBytes(from: Uint8Array, fromAt: number, to: Uint8Array, toAt: number, length: number): void {
    if (length <= LOOP_BYTES) for (let i = 0; i < length; i++) to[toAt + i] = from[fromAt + i]!;
    else to.set(this.#byteViews.take(from, fromAt, length), toAt);
  }

  #copyWords(from: Uint32Array, fromAt: number, to: Uint32Array, toAt: number, count: number): void {
    if (count <= ENTRY_WORDS) copyByEights(from, fromAt, to, toAt, count);
    else to.set(this.#wordViews.take(from, fromAt, count), toAt);
  }

  #windowRead(w: Window, at: number, target: Uint8Array, offset: number, length: number): void {
    if (w.file === undefined) this.#copyBytes(w.u8, at, target, offset, length);
    else w.file.read(at, target.subarray(offset, offset + length));
  }

  #windowWrite(w: Window, at: number, source: Uint8Array, offset: number, length: number): void {
    if (w.file === undefined) this.#copyBytes(source, offset, w.u8, at, length);
    else w.file.write(at, source.subarray(offset, offset + length));
  }

  at(address: number): this {
    this.#places[AT] = address;
    return this;
  }

  from(address: number): this {
    this.#places[FROM] = address;
    return this;
  }

  /** The window that holds the whole range in memory; NO_WINDOW when that takes more than one, or a file. */
  #whole(place: Place, length: number): Window {
    const address = this.#places[place]!;
    const last = this.#last;
    if (address >= last.base && address + length <= last.base + last.mapped) return last;
    const w = this.#find(place);
    return address >= w.base && address + length <= w.base + w.mapped ? w : NO_WINDOW;
  }

  /** The window around the address, which becomes the one looked at first; NO_WINDOW when there is none. */
  #find(place: Place): Window {
    const address = this.#places[place]!;
    const last = this.#last;
    if (address >= last.base && address < last.end) return last;
    let low = 0;
    let high = this.#windows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (address >= this.#windows[middle]!.end) low = middle + 1;
      else high = middle;
    }
    const found = this.#windows[low];
    if (found === undefined || !(address >= found.base)) return NO_WINDOW;
    this.#last = found;
    return found;
  }

  #around(address: number): Window {
    this.#places[WALK] = address;
    return this.#find(WALK);
  }

  #covers(address: number, length: number): boolean {
    if (length === 0) return true;
    let w = this.#around(address);
    while (w !== NO_WINDOW && address + length > w.end) w = this.#around(w.end);
    return w !== NO_WINDOW;
  }

  /**
   * Calls `step` for each stretch of the range that lies in one window, in order. A file that ended early (it is not
   * sealed) is a fault; what was transferred before stays transferred.
   */
  #each(length: number, step: (w: Window, at: number, done: number, length: number) => void): Dma {
    const address = this.#places[AT]!;
    if (!this.#covers(address, length)) return Dma.FAULT;
    try {
      for (let done = 0; done < length; ) {
        const w = this.#around(address + done);
        const at = address + done - w.base;
        const part = Math.min(length - done, w.end - w.base - at);
        step(w, at, done, part);
        done += part;
      }
      return Dma.DONE;
    } catch (error) {
      if (error instanceof SystemError) return Dma.FAULT;
      throw error;
    }
  }

  check(length: number, _write: boolean): Dma {
    if (this.#whole(AT, length) !== NO_WINDOW) return Dma.DONE;
    return this.#covers(this.#places[AT]!, length) ? Dma.DONE : Dma.FAULT;
  }

  read(target: Uint8Array, offset: number, length: number): Dma {
    const w = this.#whole(AT, length);
    if (w !== NO_WINDOW) {
      const at = this.#places[AT]! - w.base;
      const known = this.#targetWords;
      if (target !== known.bytes) known.take(target);
      const place = known.base + offset;
      if (byWords(at, place, length))
        this.#copyWords(w.u32, at >>> 2, known.words, place >>> 2, length >>> 2);
      else this.#copyBytes(w.u8, at, target, offset, length);
      return Dma.DONE;
    }
    return this.#each(length, (v, vAt, done, part) => this.#windowRead(v, vAt, target, offset + done, part));
  }

  write(source: Uint8Array, offset: number, length: number): Dma {
    const w = this.#whole(AT, length);
    if (w !== NO_WINDOW) {
      const at = this.#places[AT]! - w.base;
      const known = this.#sourceWords;
      if (source !== known.bytes) known.take(source);
      const place = known.base + offset;
      if (byWords(at, place, length))
        this.#copyWords(known.words, place >>> 2, w.u32, at >>> 2, length >>> 2);
      else this.#copyBytes(source, offset, w.u8, at, length);
      return Dma.DONE;
    }
    return this.#each(length, (v, vAt, done, part) => this.#windowWrite(v, vAt, source, offset + done, part));
  }

  readWords(target: Uint32Array, index: number, count: number): Dma {
    const w = this.#whole(AT, count * 4);
    const at = this.#places[AT]! - w.base;
    // Windows start at page borders, so the place in one is as aligned as the address.
    if (w !== NO_WINDOW && (at & 3) === 0) {
      this.#copyWords(w.u32, at >>> 2, target, index, count);
      return Dma.DONE;
    }
    if (this.#places[AT]! % 4 !== 0) return Dma.FAULT;
    const bytes = bytesOf(target, index, count);
    return this.#each(count * 4, (v, vAt, done, part) => this.#windowRead(v, vAt, bytes, done, part));
  }

  writeWords(source: Uint32Array, index: number, count: number): Dma {
    const w = this.#whole(AT, count * 4);
    const at = this.#places[AT]! - w.base;
    if (w !== NO_WINDOW && (at & 3) === 0) {
      this.#copyWords(source, index, w.u32, at >>> 2, count);
      return Dma.DONE;
    }
    if (this.#places[AT]! % 4 !== 0) return Dma.FAULT;
    const bytes = bytesOf(source, index, count);
    return this.#each(count * 4, (v, vAt, done, part) => this.#windowWrite(v, vAt, bytes, done, part));
  }

  publishWord(source: Uint32Array, index: number): Dma {
    const w = this.#whole(AT, 4);
    const at = this.#places[AT]! - w.base;
    if (w === NO_WINDOW || (at & 3) !== 0) return this.writeWords(source, index, 1);
    if (STORES_IN_ORDER) w.u32[at >>> 2] = source[index]!;
    // As an int32, the same bits: Atomics.store is a call, and a larger Number would go there by the heap.
    else Atomics.store(w.u32, at >>> 2, source[index]! | 0);
    return Dma.DONE;
  }

  /**
   * One access in mapped memory: an element of 8 bytes, aligned, is one load or store of the processor (Atomics would make a
   * BigInt of it, on the heap). Memory that is reached through its file has none: two words by pread and pwrite.
   */
  readAtomic64(target: Uint32Array, index: number): Dma {
    const address = this.#places[AT]!;
    if (address % 8 !== 0) return Dma.FAULT;
    const w = this.#whole(AT, 8);
    if (w === NO_WINDOW) return this.readWords(target, index, 2);
    this.#long[0] = w.u64[(address - w.base) >>> 3]!;
    target[index] = this.#halves[0]!;
    target[index + 1] = this.#halves[1]!;
    return Dma.DONE;
  }

  writeAtomic64(source: Uint32Array, index: number): Dma {
    const address = this.#places[AT]!;
    if (address % 8 !== 0) return Dma.FAULT;
    const w = this.#whole(AT, 8);
    if (w === NO_WINDOW) return this.writeWords(source, index, 2);
    this.#halves[0] = source[index]!;
    this.#halves[1] = source[index + 1]!;
    w.u64[(address - w.base) >>> 3] = this.#long[0]!;
    return Dma.DONE;
  }

  copy(length: number): Dma {
    const source = this.#whole(FROM, length);
    const target = this.#whole(AT, length);
    if (source === NO_WINDOW || target === NO_WINDOW) return this.#copyPieces(length);
    const fromAt = this.#places[FROM]! - source.base;
    const toAt = this.#places[AT]! - target.base;
    if (byWords(fromAt, toAt, length))
      this.#copyWords(source.u32, fromAt >>> 2, target.u32, toAt >>> 2, length >>> 2);
    else if (source === target) source.u8.copyWithin(toAt, fromAt, fromAt + length);
    else this.#copyBytes(source.u8, fromAt, target.u8, toAt, length);
    return Dma.DONE;
  }

  #copyPieces(length: number): Dma {
    const from = this.#places[FROM]!;
    if (!this.#covers(from, length)) return Dma.FAULT;
    return this.#each(length, (v, vAt, done, part) => this.#copyInto(from + done, v, vAt, part));
  }

  /** Copies a range that is known to be covered to one window. */
  #copyInto(from: number, to: Window, toAt: number, length: number): void {
    for (let done = 0; done < length; ) {
      const w = this.#around(from + done);
      const at = from + done - w.base;
      const direct = w.file === undefined && to.file === undefined;
      const part = Math.min(length - done, w.end - w.base - at, direct ? length : BOUNCE_BYTES);
      if (direct) this.#copyBytes(w.u8, at, to.u8, toAt + done, part);
      else {
        this.#windowRead(w, at, this.#bounce, 0, part);
        this.#windowWrite(to, toAt + done, this.#bounce, 0, part);
      }
      done += part;
    }
  }

  fill(length: number, pattern: Uint8Array, phase: number): Dma {
    const source = this.#pattern.take(pattern, phase, length);
    const w = this.#whole(AT, length);
    if (w !== NO_WINDOW && length <= PATTERN_RUN) {
      this.#copyBytes(source, 0, w.u8, this.#places[AT]! - w.base, length);
      return Dma.DONE;
    }
    return this.#each(length, (v, vAt, done, part) => {
      for (let i = 0; i < part; ) {
        const n = Math.min(part - i, PATTERN_RUN);
        this.#windowWrite(v, vAt + i, source, (done + i) & 7, n);
        i += n;
      }
    });
  }
}
