// SPDX-License-Identifier: MIT
// Shared mappings as typed arrays. A JavaScript view does not keep its mapping alive, and touching a view after munmap
// is a segmentation fault. So `retire` first overlays the mapping with anonymous memory (the file is let go at once;
// stray accesses read zeros and harm nobody) and the addresses are given back when the views have been collected.
import { dataRanges, PAGE_BYTES, pageBytesOf } from './fd.js';
import { check, libc, viewOf } from './libc.js';

const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;
/** Node 20 aborts on a view over 4 GiB; typed-array indices stay in the fast 31-bit range below 2 GiB. */
export const MAX_VIEW_BYTES = 2 ** 30;

interface Range {
  readonly address: number;
  readonly length: number;
}

let retiredBytes = 0;

const collected = new FinalizationRegistry<Range>(range => {
  libc.munmap(range.address, range.length);
  retiredBytes -= range.length;
});

/** Bytes of address space that wait for the collector. A reactor that never yields keeps them waiting. */
export function bytesAwaitingCollection(): number {
  return retiredBytes;
}

/** One shared mapping of at most MAX_VIEW_BYTES. Views are page aligned, so words may be accessed with Atomics. */
export class Mapping {
  readonly length: number;
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  /** What was mapped: whole pages of the file, around what the views show. */
  readonly #range: Range;
  #retired = false;

  /**
   * Maps `length` bytes of `fd` from `offset` (a multiple of 4096), readable and writable. A file of huge pages can only
   * be mapped, and let go, in whole ones. Throws SystemError.
   */
  constructor(fd: number, length: number, offset = 0) {
    if (length <= 0 || length > MAX_VIEW_BYTES) throw new RangeError(`mapping of ${length} bytes`);
    this.length = length;
    const page = pageBytesOf(fd);
    const before = (offset % page) - (offset % PAGE_BYTES);
    const whole = Math.ceil((before + length) / page) * page;
    const address = check(libc.mmap(0, whole, PROT_READ_WRITE, MAP_SHARED, fd, offset - before), 'mmap');
    this.#range = { address, length: whole };
    const buffer = viewOf(address + before, length);
    this.u8 = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer, 0, length >>> 2);
  }

  /**
   * Lets the file go but keeps its bytes: the views show a private copy from now on. `fd` is the file, mapped from its
   * beginning; what of it was never written is not touched, for it may be most.
   */
  detach(fd: number): void {
    const kept = dataRanges(fd)
      .filter(([start]) => start < this.length)
      .map(([start, end]) => ({ start, bytes: this.u8.slice(start, end) }));
    this.#overlay();
    for (const { start, bytes } of kept) this.u8.set(bytes, start);
  }

  /** Lets the file go. The views stay harmless to touch: they read zeros from now on. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    this.#overlay();
    retiredBytes += this.#range.length;
    collected.register(this.u8.buffer, this.#range);
  }

  #overlay(): void {
    const flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE;
    const { address, length } = this.#range;
    check(libc.mmap(address, length, PROT_READ_WRITE, flags, -1, 0), 'mmap', 'overlay');
  }
}
