// SPDX-License-Identifier: MIT
// One region of guest RAM, from a descriptor that the front-end sent, as windows that DMA can look into.
//
// A file that shrinks under a mapping raises SIGBUS and ends the process, so only files that are sealed against it are
// mapped. Others are reached with pread and pwrite, where a file that ends early is an ordinary error. A hugetlbfs file
// without the seal has no write(2) at all and is refused.
import { SystemError } from '../sys/errors.js';
import { cannotShrink, closeFd, isHugetlbfs, preadAll, pwriteAll, sizeOf } from '../sys/fd.js';
import { MAX_VIEW_BYTES, Mapping } from '../sys/mapping.js';

const PAGE_BYTES = 4096;

/** A region of guest RAM as vhost-user describes it; Numbers, exact below 2^53. */
export interface RegionDescription {
  readonly guestAddress: number;
  readonly size: number;
  /** Address in the front-end: only a part of the region's name. */
  readonly userAddress: number;
  readonly mmapOffset: number;
}

/** The front-end offered memory that this process will not use. The message says what and why. */
export class RegionRefused extends Error {
  override readonly name = 'RegionRefused';
}

/** A stretch of guest addresses behind one view, or behind a file without one. */
export interface Window {
  readonly base: number;
  readonly end: number;
  /** Bytes that may be touched through the views; 0 when there is only the file. */
  readonly mapped: number;
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly u64: BigUint64Array;
  readonly file: FileWindow | undefined;
}

/** Access through the file, for memory that must not be mapped. Both throw SystemError. */
export interface FileWindow {
  read(at: number, target: Uint8Array): void;
  write(at: number, source: Uint8Array): void;
}

const NO_BYTES = new Uint8Array(0);
const NO_WORDS = new Uint32Array(0);
const NO_LONG_WORDS = new BigUint64Array(0);

/** Stands for "nowhere": no address is inside. */
export const NO_WINDOW: Window = {
  base: 0,
  end: 0,
  mapped: 0,
  u8: NO_BYTES,
  u32: NO_WORDS,
  u64: NO_LONG_WORDS,
  file: undefined,
};

function validate(d: RegionDescription, fd: number): void {
  const end = d.guestAddress + d.size;
  const numbers = [d.guestAddress, d.size, d.mmapOffset, end, d.mmapOffset + d.size];
  if (!numbers.every(n => Number.isSafeInteger(n))) throw new RegionRefused('addresses above 2^53');
  if (d.size === 0) throw new RegionRefused('size 0');
  if ([d.guestAddress, d.size, d.mmapOffset].some(n => n % PAGE_BYTES !== 0)) {
    throw new RegionRefused('address, size and file offset must be multiples of 4096');
  }
  const bytes = sizeOf(fd);
  if (d.mmapOffset + d.size > bytes)
    throw new RegionRefused(`the file has ${bytes} bytes, less than the region needs`);
}

export class Region {
  readonly description: RegionDescription;
  readonly windows: readonly Window[];
  /** How DMA reaches it; told in the log. */
  readonly access: 'mapped' | 'file';
  readonly #mappings: Mapping[] = [];
  readonly #fd: number | undefined;

  /** Takes `fd` over, also when it throws. Throws RegionRefused or SystemError. */
  constructor(description: RegionDescription, fd: number) {
    this.description = description;
    let keep = false;
    try {
      validate(description, fd);
      this.access = cannotShrink(fd) ? 'mapped' : 'file';
      if (this.access === 'file' && isHugetlbfs(fd)) {
        throw new RegionRefused('hugetlbfs without F_SEAL_SHRINK; use memory-backend-memfd with hugetlb=on');
      }
      keep = this.access === 'file';
      this.windows = keep ? [this.#fileWindow(fd)] : this.#map(fd);
    } finally {
      this.#fd = keep ? fd : undefined;
      if (!keep) closeFd(fd);
    }
  }

  /** Lets the memory go. The windows must have left every table before. */
  close(): void {
    for (const mapping of this.#mappings) mapping.retire();
    if (this.#fd !== undefined) closeFd(this.#fd);
  }

  #map(fd: number): Window[] {
    const { guestAddress, size, mmapOffset } = this.description;
    const windows: Window[] = [];
    try {
      for (let done = 0; done < size; done += MAX_VIEW_BYTES) {
        const length = Math.min(MAX_VIEW_BYTES, size - done);
        const mapping = new Mapping(fd, length, mmapOffset + done);
        this.#mappings.push(mapping);
        const base = guestAddress + done;
        windows.push({
          base,
          end: base + length,
          mapped: length,
          u8: mapping.u8,
          u32: mapping.u32,
          u64: new BigUint64Array(mapping.u8.buffer, 0, length / 8),
          file: undefined,
        });
      }
      return windows;
    } catch (error) {
      for (const mapping of this.#mappings) mapping.retire();
      throw error;
    }
  }

  #fileWindow(fd: number): Window {
    const { guestAddress, size, mmapOffset } = this.description;
    return {
      base: guestAddress,
      end: guestAddress + size,
      mapped: 0,
      u8: NO_BYTES,
      u32: NO_WORDS,
      u64: NO_LONG_WORDS,
      file: {
        read: (at, target) => preadAll(fd, target, mmapOffset + at),
        write: (at, source) => {
          // Behind its end a write would make the file longer again.
          const end = mmapOffset + at + source.length;
          if (end > sizeOf(fd)) throw new SystemError('pwrite', 'EIO', 'file ended early');
          pwriteAll(fd, source, mmapOffset + at);
        },
      },
    };
  }
}
