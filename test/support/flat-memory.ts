// SPDX-License-Identifier: MIT
// Guest memory in this process: one flat range from address 0, with holes that fault and ranges that are "not yet"
// translated. It can count and veto writes, which is how the fault enumerator and the "nothing else was touched" checks look at it.
//
// It can also stand behind a translation cache, as behind a vIOMMU: pages are forgotten, the first access to one answers
// NOT_YET and asks for it, and resolve() lets in what was asked for.
import { Dma, type GuestMemory } from '../../device/model/ports.js';
import { type NamedMemory, PlacedMemory } from './placed.js';

const PAGE_BYTES = 4096;

interface Hole {
  readonly start: number;
  readonly end: number;
  readonly answer: Dma;
}

export class FlatMemory implements NamedMemory {
  /** The same as the model has it. */
  readonly port: GuestMemory = new PlacedMemory(this);
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly #u64: BigUint64Array;
  /** Called before each transfer into guest memory. */
  beforeWrite: ((address: number, length: number) => void) | undefined;
  /** Reads that the device made, by start address. */
  readonly reads: { address: number; length: number }[] = [];
  #holes: Hole[] = [];
  /** Pages with a translation; undefined: all. */
  #known: Set<number> | undefined;
  /** Pages that were asked for. */
  readonly #misses = new Set<number>();
  /** Transfers so far, and the one before which the translations of its pages are forgotten. */
  transfers = 0;
  missAt = Infinity;
  /** The same before every transfer whose number is a multiple of this. */
  missEvery = Infinity;

  constructor(bytes: number) {
    const buffer = new ArrayBuffer(bytes);
    this.u8 = new Uint8Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.#u64 = new BigUint64Array(buffer, 0, Math.floor(bytes / 8));
  }

  /** From now on accesses to the range answer FAULT or NOT_YET; DONE takes the hole away again. */
  setHole(start: number, length: number, answer: Dma): void {
    this.#holes = this.#holes.filter(h => h.start !== start || h.end !== start + length);
    if (answer !== Dma.DONE) this.#holes.push({ start, end: start + length, answer });
  }

  clearHoles(): void {
    this.#holes = [];
  }

  /** No page has a translation any more. */
  forgetAll(): void {
    this.#known = new Set();
    this.#misses.clear();
  }

  /** Every page has a translation and keeps it. */
  knowAll(): void {
    this.#known = undefined;
  }

  /** Translations that were asked for arrive. True when there were any: tell the model then. */
  resolve(): boolean {
    if (this.#misses.size === 0) return false;
    for (const page of this.#misses) this.#known?.add(page);
    this.#misses.clear();
    return true;
  }

  /** A transfer begins. */
  protected begin(address: number, length: number): void {
    const n = ++this.transfers;
    if (n !== this.missAt && n % this.missEvery !== 0) return;
    this.#known ??= new Set(Array.from({ length: this.u8.length / PAGE_BYTES }, (_, n) => n));
    for (const page of pagesOf(address, length)) this.#known.delete(page);
  }

  #translated(address: number, length: number): boolean {
    if (this.#known === undefined) return true;
    const missing = pagesOf(address, length).filter(page => this.#known?.has(page) === false);
    for (const page of missing) this.#misses.add(page);
    return missing.length === 0;
  }

  check(address: number, length: number, _write: boolean): Dma {
    if (length === 0) return Dma.DONE;
    if (!this.#translated(address, length)) return Dma.NOT_YET;
    if (address < 0 || address + length > this.u8.length) return Dma.FAULT;
    for (const h of this.#holes) if (address < h.end && address + length > h.start) return h.answer;
    return Dma.DONE;
  }

  read(address: number, target: Uint8Array, offset: number, length: number): Dma {
    this.begin(address, length);
    const dma = this.check(address, length, false);
    if (dma !== Dma.DONE) return dma;
    this.reads.push({ address, length });
    target.set(this.u8.subarray(address, address + length), offset);
    return dma;
  }

  write(address: number, source: Uint8Array, offset: number, length: number): Dma {
    this.begin(address, length);
    const dma = this.check(address, length, true);
    if (dma !== Dma.DONE) return dma;
    this.beforeWrite?.(address, length);
    this.u8.set(source.subarray(offset, offset + length), address);
    return dma;
  }

  readWords(address: number, target: Uint32Array, at: number, count: number): Dma {
    if (address % 4 !== 0) return Dma.FAULT;
    this.begin(address, count * 4);
    const dma = this.check(address, count * 4, false);
    if (dma !== Dma.DONE) return dma;
    this.reads.push({ address, length: count * 4 });
    target.set(this.u32.subarray(address / 4, address / 4 + count), at);
    return dma;
  }

  writeWords(address: number, source: Uint32Array, at: number, count: number): Dma {
    if (address % 4 !== 0) return Dma.FAULT;
    this.begin(address, count * 4);
    const dma = this.check(address, count * 4, true);
    if (dma !== Dma.DONE) return dma;
    this.beforeWrite?.(address, count * 4);
    this.u32.set(source.subarray(at, at + count), address / 4);
    return dma;
  }

  readAtomic64(address: number, target: Uint32Array, at: number): Dma {
    if (address % 8 !== 0) return Dma.FAULT;
    this.begin(address, 8);
    const dma = this.check(address, 8, false);
    if (dma !== Dma.DONE) return dma;
    this.reads.push({ address, length: 8 });
    target.set(new Uint32Array(BigUint64Array.of(Atomics.load(this.#u64, address / 8)).buffer), at);
    return dma;
  }

  writeAtomic64(address: number, source: Uint32Array, at: number): Dma {
    if (address % 8 !== 0) return Dma.FAULT;
    this.begin(address, 8);
    const dma = this.check(address, 8, true);
    if (dma !== Dma.DONE) return dma;
    this.beforeWrite?.(address, 8);
    Atomics.store(this.#u64, address / 8, BigInt(source[at]) + (BigInt(source[at + 1]) << 32n));
    return dma;
  }

  copy(from: number, to: number, length: number): Dma {
    this.begin(from, length);
    this.begin(to, length);
    const dma = this.check(from, length, false) || this.check(to, length, true);
    if (dma !== Dma.DONE) return dma;
    this.reads.push({ address: from, length });
    this.beforeWrite?.(to, length);
    this.u8.copyWithin(to, from, from + length);
    return dma;
  }

  fill(address: number, length: number, pattern: Uint8Array, phase: number): Dma {
    this.begin(address, length);
    const dma = this.check(address, length, true);
    if (dma !== Dma.DONE) return dma;
    this.beforeWrite?.(address, length);
    for (let n = 0; n < length; n++) this.u8[address + n] = pattern[(phase + n) % 8];
    return dma;
  }

  publishWord(address: number, value: number): Dma {
    this.begin(address, 4);
    const dma = this.check(address, 4, true);
    if (dma !== Dma.DONE) return dma;
    this.beforeWrite?.(address, 4);
    Atomics.store(this.u32, address / 4, value);
    return dma;
  }
}

function pagesOf(address: number, length: number): number[] {
  const first = Math.floor(address / PAGE_BYTES);
  const last = Math.floor((address + length - 1) / PAGE_BYTES);
  return Array.from({ length: length === 0 ? 0 : last - first + 1 }, (_, n) => first + n);
}
