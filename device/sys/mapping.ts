// SPDX-License-Identifier: MIT
// Shared mappings as typed arrays. A JavaScript view does not keep its mapping alive, and touching a view after munmap
// is a segmentation fault. So `retire` first overlays the mapping with anonymous memory (the file is let go at once;
// stray accesses read zeros and harm nobody) and the addresses are given back when the views have been collected.
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
  readonly #address: number;
  #retired = false;

  /** Maps `length` bytes of `fd` from `offset` (page aligned), readable and writable. Throws SystemError. */
  constructor(fd: number, length: number, offset = 0) {
    if (length <= 0 || length > MAX_VIEW_BYTES) throw new RangeError(`mapping of ${length} bytes`);
    this.length = length;
    this.#address = check(libc.mmap(0, length, PROT_READ_WRITE, MAP_SHARED, fd, offset), 'mmap');
    const buffer = viewOf(this.#address, length);
    this.u8 = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer, 0, length >>> 2);
  }

  /** Lets the file go. The views stay harmless to touch: they read zeros from now on. */
  retire(): void {
    if (this.#retired) return;
    this.#retired = true;
    const flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE;
    check(libc.mmap(this.#address, this.length, PROT_READ_WRITE, flags, -1, 0), 'mmap', 'overlay');
    retiredBytes += this.length;
    collected.register(this.u8.buffer, { address: this.#address, length: this.length });
  }
}
