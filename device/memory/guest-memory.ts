// SPDX-License-Identifier: MIT
// Guest RAM for the adapter's DMA: the regions that the front-end announced, looked up by guest address.
//
// Each operation has a short first half for the case that matters, a range inside the window that was used last, and
// a second half for everything else (other windows, ranges across borders, memory without a mapping). Small transfers
// are element loops: a subarray costs as much as copying a hundred bytes.
import { Dma, type GuestMemory } from '../model/ports.js';
import { SystemError } from '../sys/errors.js';
import { NO_WINDOW, Region, type RegionDescription, RegionRefused, type Window } from './region.js';

/** Up to here a loop beats `set` with a subarray (measured, Node 20). */
const LOOP_BYTES = 64;
const LOOP_WORDS = 32;
const BOUNCE_BYTES = 65536;

/** Copies between typed arrays of any kind, both in range. */
function copyBytes(from: Uint8Array, fromAt: number, to: Uint8Array, toAt: number, length: number): void {
  if (length <= LOOP_BYTES) for (let i = 0; i < length; i++) to[toAt + i] = from[fromAt + i]!;
  else to.set(from.subarray(fromAt, fromAt + length), toAt);
}

function copyWords(from: Uint32Array, fromAt: number, to: Uint32Array, toAt: number, count: number): void {
  if (count <= LOOP_WORDS) for (let i = 0; i < count; i++) to[toAt + i] = from[fromAt + i]!;
  else to.set(from.subarray(fromAt, fromAt + count), toAt);
}

/**
 * The words of a byte array that keeps coming back (a frame buffer): copied by words a small packet takes a fifth of the
 * time, but only if no view has to be made for it.
 */
class WordsOf {
  bytes: Uint8Array | undefined;
  words: Uint32Array = new Uint32Array(0);
  /** Where `bytes` begins in `words`, in bytes. */
  base = 0;

  take(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.words = new Uint32Array(bytes.buffer, 0, bytes.buffer.byteLength >>> 2);
    this.base = bytes.byteOffset;
  }
}

/** A transfer that a loop over words may do: short, and whole words at both ends. */
const byWords = (at: number, other: number, length: number): boolean =>
  length <= LOOP_WORDS * 4 && ((at | other | length) & 3) === 0;

function windowRead(w: Window, at: number, target: Uint8Array, offset: number, length: number): void {
  if (w.file === undefined) copyBytes(w.u8, at, target, offset, length);
  else w.file.read(at, target.subarray(offset, offset + length));
}

function windowWrite(w: Window, at: number, source: Uint8Array, offset: number, length: number): void {
  if (w.file === undefined) copyBytes(source, offset, w.u8, at, length);
  else w.file.write(at, source.subarray(offset, offset + length));
}

const bytesOf = (words: Uint32Array, at: number, count: number): Uint8Array =>
  new Uint8Array(words.buffer, words.byteOffset + at * 4, count * 4);

export class GuestRam implements GuestMemory {
  #regions: Region[] = [];
  /** Sorted by address, none overlapping. */
  #windows: Window[] = [];
  #last: Window = NO_WINDOW;
  readonly #targetWords = new WordsOf();
  readonly #sourceWords = new WordsOf();
  readonly #bounce = new Uint8Array(BOUNCE_BYTES);
  readonly #pattern = new Uint8Array(BOUNCE_BYTES);

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
  }

  /** The window around `address`, which becomes the one looked at first; NO_WINDOW when there is none. */
  #find(address: number): Window {
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

  #covers(address: number, length: number): boolean {
    if (length === 0) return true;
    let w = this.#find(address);
    while (w !== NO_WINDOW && address + length > w.end) w = this.#find(w.end);
    return w !== NO_WINDOW;
  }

  /**
   * Calls `step` for each stretch of the range that lies in one window, in order. A file that ended early (it is not
   * sealed) is a fault; what was transferred before stays transferred.
   */
  #each(
    address: number,
    length: number,
    step: (w: Window, at: number, done: number, length: number) => void,
  ): Dma {
    if (!this.#covers(address, length)) return Dma.FAULT;
    try {
      for (let done = 0; done < length; ) {
        const w = this.#find(address + done);
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

  check(address: number, length: number, _write: boolean): Dma {
    const w = this.#last;
    const at = address - w.base;
    if (at >= 0 && at + length <= w.mapped) return Dma.DONE;
    return this.#covers(address, length) ? Dma.DONE : Dma.FAULT;
  }

  read(address: number, target: Uint8Array, offset: number, length: number): Dma {
    const w = this.#last;
    const at = address - w.base;
    if (at >= 0 && at + length <= w.mapped) {
      const known = this.#targetWords;
      if (target !== known.bytes) known.take(target);
      const place = known.base + offset;
      if (byWords(at, place, length)) copyWords(w.u32, at >>> 2, known.words, place >>> 2, length >>> 2);
      else copyBytes(w.u8, at, target, offset, length);
      return Dma.DONE;
    }
    return this.#each(address, length, (v, vAt, done, part) =>
      windowRead(v, vAt, target, offset + done, part),
    );
  }

  write(address: number, source: Uint8Array, offset: number, length: number): Dma {
    const w = this.#last;
    const at = address - w.base;
    if (at >= 0 && at + length <= w.mapped) {
      const known = this.#sourceWords;
      if (source !== known.bytes) known.take(source);
      const place = known.base + offset;
      if (byWords(at, place, length)) copyWords(known.words, place >>> 2, w.u32, at >>> 2, length >>> 2);
      else copyBytes(source, offset, w.u8, at, length);
      return Dma.DONE;
    }
    return this.#each(address, length, (v, vAt, done, part) =>
      windowWrite(v, vAt, source, offset + done, part),
    );
  }

  readWords(address: number, target: Uint32Array, at: number, count: number): Dma {
    const w = this.#last;
    const from = address - w.base;
    // Windows start at page borders, so the place in one is as aligned as the address.
    if (from >= 0 && from + count * 4 <= w.mapped && (from & 3) === 0) {
      copyWords(w.u32, from >>> 2, target, at, count);
      return Dma.DONE;
    }
    if (address % 4 !== 0) return Dma.FAULT;
    const bytes = bytesOf(target, at, count);
    return this.#each(address, count * 4, (v, vAt, done, part) => windowRead(v, vAt, bytes, done, part));
  }

  writeWords(address: number, source: Uint32Array, at: number, count: number): Dma {
    const w = this.#last;
    const to = address - w.base;
    if (to >= 0 && to + count * 4 <= w.mapped && (to & 3) === 0) {
      copyWords(source, at, w.u32, to >>> 2, count);
      return Dma.DONE;
    }
    if (address % 4 !== 0) return Dma.FAULT;
    const bytes = bytesOf(source, at, count);
    return this.#each(address, count * 4, (v, vAt, done, part) => windowWrite(v, vAt, bytes, done, part));
  }

  publishWord(address: number, value: number): Dma {
    const last = this.#last;
    const at = address - last.base;
    if (at >= 0 && at + 4 <= last.mapped && (at & 3) === 0) {
      Atomics.store(last.u32, at >>> 2, value);
      return Dma.DONE;
    }
    if (address % 4 !== 0) return Dma.FAULT;
    const w = this.#find(address);
    if (w.file === undefined) {
      if (w === NO_WINDOW) return Dma.FAULT;
      Atomics.store(w.u32, (address - w.base) >>> 2, value);
      return Dma.DONE;
    }
    return this.writeWords(address, Uint32Array.of(value), 0, 1);
  }

  copy(from: number, to: number, length: number): Dma {
    const w = this.#last;
    const fromAt = from - w.base;
    const toAt = to - w.base;
    if (fromAt >= 0 && toAt >= 0 && fromAt + length <= w.mapped && toAt + length <= w.mapped) {
      w.u8.copyWithin(toAt, fromAt, fromAt + length);
      return Dma.DONE;
    }
    if (!this.#covers(from, length)) return Dma.FAULT;
    return this.#each(to, length, (v, vAt, done, part) => this.#copyInto(from + done, v, vAt, part));
  }

  /** Copies a range that is known to be covered to one window. */
  #copyInto(from: number, to: Window, toAt: number, length: number): void {
    for (let done = 0; done < length; ) {
      const w = this.#find(from + done);
      const at = from + done - w.base;
      const direct = w.file === undefined && to.file === undefined;
      const part = Math.min(length - done, w.end - w.base - at, direct ? length : BOUNCE_BYTES);
      if (direct) copyBytes(w.u8, at, to.u8, toAt + done, part);
      else {
        windowRead(w, at, this.#bounce, 0, part);
        windowWrite(to, toAt + done, this.#bounce, 0, part);
      }
      done += part;
    }
  }

  fill(address: number, length: number, pattern: Uint8Array, phase: number): Dma {
    // The repeated pattern is made in private memory and copied from there: read back from the guest's memory it
    // would be whatever the guest stored meanwhile.
    const chunk = Math.min(length + 8, BOUNCE_BYTES);
    const source = this.#pattern;
    for (let i = 0; i < 8; i++) source[i] = pattern[(phase + i) & 7]!;
    for (let filled = 8; filled < chunk; filled *= 2)
      source.copyWithin(filled, 0, Math.min(filled, chunk - filled));
    return this.#each(address, length, (v, vAt, done, part) => {
      for (let i = 0; i < part; ) {
        const start = (done + i) & 7;
        const n = Math.min(part - i, BOUNCE_BYTES - 8);
        windowWrite(v, vAt + i, source, start, n);
        i += n;
      }
    });
  }
}
