// SPDX-License-Identifier: MIT
// Memory regions of scattered pages for cases about gather and scatter: one page-list region whose pages lie in memory in
// a mixed-up order with foreign pages between them, and the translation that the test makes for itself.
import { Dice } from './bench.js';
import type { Driver } from './driver.js';
import type { Range } from './work.js';

const PAGE = 4096;

/** Where a range lies on the bus, piece by piece. */
export interface Piece {
  readonly address: number;
  readonly length: number;
}

export class ScatteredRegion {
  readonly key: number;
  readonly iova: number;
  readonly length: number;
  /** Bus address of each page; the one after each of them is foreign. */
  readonly pages: readonly number[];

  /** `count` pages seen from `iova`, which need not be page aligned. */
  constructor(driver: Driver, count: number, iova: number, seed = 1) {
    const dice = new Dice(seed);
    const base = driver.alloc(2 * count * PAGE);
    const order = Array.from({ length: count }, (_, n) => n);
    for (let n = count - 1; n > 0; n--) {
      const other = dice.below(n + 1);
      [order[n], order[other]] = [order[other], order[n]];
    }
    this.pages = order.map(n => base + 2 * n * PAGE);
    this.iova = iova;
    this.length = count * PAGE - (iova % PAGE);
    this.key = driver.registerPages(this.pages, iova, this.length);
  }

  range(offset: number, length: number): Range {
    return { address: this.iova + offset, length, lkey: this.key };
  }

  pieces(offset: number, length: number): Piece[] {
    const found: Piece[] = [];
    for (let at = offset + (this.iova % PAGE); length > 0; ) {
      const inPage = at % PAGE;
      const bytes = Math.min(length, PAGE - inPage);
      found.push({ address: this.pages[Math.floor(at / PAGE)] + inPage, length: bytes });
      at += bytes;
      length -= bytes;
    }
    return found;
  }

  read(driver: Driver, offset: number, length: number): Uint8Array {
    const bytes = this.pieces(offset, length).map(p => [...driver.target.readBytes(p.address, p.length)]);
    return Uint8Array.from(bytes.flat());
  }

  write(driver: Driver, offset: number, bytes: Uint8Array): void {
    let done = 0;
    for (const p of this.pieces(offset, bytes.length)) {
      driver.target.writeBytes(p.address, bytes.subarray(done, done + p.length));
      done += p.length;
    }
  }
}
