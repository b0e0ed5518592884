// SPDX-License-Identifier: MIT
// Intel's DMA remapping as an operating system programs it, by hand over qtest: one domain for one function, 39-bit
// addresses in three levels, invalidation through registers. (Intel VT-d specification, chapters 3, 6, 9 and 11.)
import type { Qtest } from './qtest.js';

const BASE = 0xfed90000;
const CAP = 0x08;
const ECAP = 0x10;
const GCMD = 0x18;
const GSTS = 0x1c;
const RTADDR = 0x20;
const CCMD = 0x28;
const FSTS = 0x34;
const TRANSLATION_ENABLE = 0x80000000;
const SET_ROOT = 0x40000000;
const DOMAIN = 7;
const ADDRESS_WIDTH_39 = 1n;
const PAGE = 4096;
const PRESENT = 1n;
const PASS_THROUGH = 2n << 2n;
const LARGE = 0x80n;
const CONTEXT_GLOBAL = 1n << 61n;
const IOTLB_START = 1n << 63n;
/** Granularities of an IOTLB invalidation. */
export const Flush = { ALL: 1n << 60n, DOMAIN: 2n << 60n, PAGE: 3n << 60n } as const;

export const Perm = { READ: 1, WRITE: 2, BOTH: 3 } as const;

/** A DMA fault as the IOMMU recorded it for the guest. */
export interface Fault {
  readonly address: number;
  readonly source: number;
  readonly write: boolean;
  readonly reason: number;
}

export class Vtd {
  readonly #q: Qtest;
  readonly #tables: number;
  readonly #devfn: number;
  #used = 3;

  /** `tables`: guest RAM for root, context and page tables. */
  constructor(qtest: Qtest, tables: number, devfn: number) {
    this.#q = qtest;
    this.#tables = tables;
    this.#devfn = devfn;
    this.#zero(tables, 3);
    this.#word(tables, BigInt(tables + PAGE) | PRESENT);
  }

  /** The function is translated with this object's page tables from now on, or passed through. */
  enable(passThrough = false): void {
    this.setContext(passThrough);
    this.#q.store(BASE + RTADDR, 8, BigInt(this.#tables));
    this.#command(SET_ROOT);
    this.invalidateContext();
    this.flush(Flush.ALL);
    this.#command(TRANSLATION_ENABLE);
  }

  disable(): void {
    this.#command(0);
  }

  setContext(passThrough: boolean): void {
    const entry = this.#tables + PAGE + this.#devfn * 16;
    this.#word(entry + 8, (BigInt(DOMAIN) << 8n) | ADDRESS_WIDTH_39);
    this.#word(entry, passThrough ? PASS_THROUGH | PRESENT : BigInt(this.#tables + 2 * PAGE) | PRESENT);
  }

  invalidateContext(): void {
    this.#q.store(BASE + CCMD, 8, IOTLB_START | CONTEXT_GLOBAL);
  }

  /** One page of 4 KiB, or of 2 MiB. Like hardware it takes effect for addresses that were translated before only by a flush. */
  map(iova: number, address: number, perm: number, large = false): void {
    const directory = this.#table(this.#tables + 2 * PAGE + (Math.floor(iova / 2 ** 30) % 512) * 8);
    const at = directory + (Math.floor(iova / 2 ** 21) % 512) * 8;
    if (large) this.#word(at, BigInt(address) | BigInt(perm) | LARGE);
    else this.#word(this.#table(at) + (Math.floor(iova / PAGE) % 512) * 8, BigInt(address) | BigInt(perm));
  }

  unmap(iova: number): void {
    this.map(iova, 0, 0);
  }

  /** Returns when the IOMMU says that it is done. */
  flush(granularity: bigint, iova = 0): void {
    const at = BASE + 16 * Number((this.#q.load(BASE + ECAP, 8) >> 8n) & 0x3ffn);
    if (granularity === Flush.PAGE) this.#q.store(at, 8, BigInt(iova));
    this.#q.store(at + 8, 8, IOTLB_START | granularity | (BigInt(DOMAIN) << 32n));
    if (this.#q.load(at + 8, 8) >= IOTLB_START) throw new Error('the flush is not done');
  }

  /** The recorded fault, cleared; undefined when there is none. */
  takeFault(): Fault | undefined {
    const at = BASE + 16 * Number((this.#q.load(BASE + CAP, 8) >> 24n) & 0x3ffn);
    const high = this.#q.load(at + 8, 8);
    if (high >> 63n === 0n) return undefined;
    const fault = {
      address: Number(this.#q.load(at, 8)),
      source: Number(high & 0xffffn),
      write: ((high >> 62n) & 1n) === 0n,
      reason: Number((high >> 32n) & 0xffn),
    };
    this.#q.store(at + 12, 4, 0x80000000n);
    this.#q.store(BASE + FSTS, 4, 0xffn);
    return fault;
  }

  #command(bits: number): void {
    this.#q.store(BASE + GCMD, 4, BigInt(bits));
    const enabled = Number(this.#q.load(BASE + GSTS, 4)) >= TRANSLATION_ENABLE;
    if (bits !== SET_ROOT && enabled !== (bits === TRANSLATION_ENABLE)) throw new Error('GCMD had no effect');
  }

  /** The table that the entry at `at` points to, made if need be. */
  #table(at: number): number {
    const entry = Number(this.#q.load(at, 8));
    if (entry % 4 !== 0) return Math.floor(entry / PAGE) * PAGE;
    const table = this.#tables + this.#used++ * PAGE;
    this.#zero(table, 1);
    this.#word(at, BigInt(table + Perm.BOTH));
    return table;
  }

  #word(at: number, value: bigint): void {
    this.#q.store(at, 8, value);
  }

  #zero(at: number, pages: number): void {
    this.#q.writeBytes(at, new Uint8Array(pages * PAGE));
  }
}
