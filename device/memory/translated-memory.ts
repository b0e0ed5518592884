// SPDX-License-Identifier: MIT
// Guest memory behind a vIOMMU: every address is an I/O virtual address, translated page by page before guest RAM is
// touched. What is not known is asked for, and the access answers NOT_YET; nothing was transferred then.
//
// The cases that matter: an access inside the translation that was used last for reading, or for writing, costs two
// comparisons before GuestRam does what it does anyway; one inside a translation that its page's line remembers (work
// goes to and fro between descriptors, data and completions) costs little more.
//
// An invalidation is in force when it returns: DMA runs in the same thread, so that none is under way, and nothing
// outside of here keeps a translation. Ring slots that wait are not taken before it. They would find the old mapping,
// and a guest that unmaps memory which work that it has just rung still needs is wrong: it shall see the fault.
import { type Clock, Dma, type GuestMemory } from '../model/ports.js';
import type { GuestRam } from './guest-memory.js';
import { Iotlb, NO_TRANSLATION, Permission, type Translation } from './iotlb.js';
import { type AskFrontEnd, Misses, PAGE_BYTES } from './misses.js';

/** Numbers are exact below this; no address behind it can be asked for. */
export const ADDRESS_LIMIT = 2 ** 53;
const PATTERN_BYTES = 8;
const LINES = 128;

const lineOf = (address: number): number => ((address / PAGE_BYTES) >>> 0) % LINES;

/** Whose address is meant: that of at(), that of from(). */
const AT = 0;
const FROM = 1;
type Place = typeof AT | typeof FROM;

export class TranslatedMemory implements GuestMemory {
  /** See GuestMemory. */
  faultAddress: number | undefined;
  /** Addresses, by Place: they stay here while they are looked up (see GuestMemory). */
  readonly #places = new Float64Array(2);
  readonly #ram: GuestRam;
  readonly #tlb: Iotlb;
  readonly #misses: Misses;
  /** The translations used last, with the permission that the name says. */
  #reading: Translation = NO_TRANSLATION;
  #writing: Translation = NO_TRANSLATION;
  /** A translation found not long ago, by page modulo LINES. */
  readonly #lines: Translation[] = Array(LINES).fill(NO_TRANSLATION);

  constructor(ram: GuestRam, clock: Clock, ask: AskFrontEnd, capacity?: number) {
    this.#ram = ram;
    this.#tlb = new Iotlb(capacity);
    this.#misses = new Misses(clock, ask);
  }

  // What the front-end tells. Addresses and sizes are multiples of PAGE_BYTES that end below ADDRESS_LIMIT, checked before.

  /** False when some of the range is no memory that was announced: accesses there will fault. */
  update(iova: number, size: number, userAddress: number, permissions: number): boolean {
    let covered = 0;
    for (const { description: region } of this.#ram.regions) {
      const from = Math.max(userAddress, region.userAddress);
      const to = Math.min(userAddress + size, region.userAddress + region.size);
      if (!(from < to)) continue;
      const base = iova + (from - userAddress);
      const delta = region.guestAddress + (from - region.userAddress) - base;
      this.#tlb.put(base, base + (to - from), delta, permissions);
      covered += to - from;
    }
    this.#forgetLast();
    this.#misses.answered(iova, iova + size, page => this.#tlb.find(page).permissions);
    return covered >= size;
  }

  /** Nothing of the range is used any more when this returns; any numbers will do. */
  invalidate(iova: number, size: number): void {
    const low = iova - (iova % PAGE_BYTES);
    const end = iova + size;
    if (size >= ADDRESS_LIMIT) this.#tlb.clear();
    else this.#tlb.cut(low, Math.ceil(end / PAGE_BYTES) * PAGE_BYTES);
    this.#forgetLast();
  }

  /** The front-end has no translation for a miss. */
  refuse(iova: number, permissions: number): void {
    const page = iova - (iova % PAGE_BYTES);
    for (const permission of [Permission.READ, Permission.WRITE]) {
      if ((permissions & permission) !== 0) this.#misses.refuse(page, permission);
    }
  }

  /** Guest memory at [base, base + size) goes away. */
  forgetTarget(base: number, size: number): void {
    this.#tlb.cutTarget(base, base + size);
    this.#forgetLast();
  }

  /** All guest memory goes away. */
  forgetAll(): void {
    this.#tlb.clear();
    this.#forgetLast();
  }

  // What time does.

  /** When `resend` is to be called next, in clock time. */
  get wakeAtNs(): number {
    return this.#misses.dueNs;
  }

  resend(): void {
    this.#misses.resend();
  }

  /** See Misses.forgetRefusals. */
  forgetRefusals(): boolean {
    return this.#misses.forgetRefusals();
  }

  status(): Record<string, unknown> {
    return {
      translations: this.#tlb.entries.length,
      outstandingMisses: this.#misses.outstanding,
    };
  }

  // What the model does.

  at(address: number): this {
    this.#places[AT] = address;
    return this;
  }

  from(address: number): this {
    this.#places[FROM] = address;
    return this;
  }

  check(length: number, write: boolean): Dma {
    return this.#reach(AT, length, write ? Permission.WRITE : Permission.READ);
  }

  read(target: Uint8Array, offset: number, length: number): Dma {
    const t = this.#readable(AT, length);
    if (t !== NO_TRANSLATION) return this.#target(t).read(target, offset, length);
    return this.#each(length, Permission.READ, (ram, done, part) => ram.read(target, offset + done, part));
  }

  write(source: Uint8Array, offset: number, length: number): Dma {
    const t = this.#writable(AT, length);
    if (t !== NO_TRANSLATION) return this.#target(t).write(source, offset, length);
    return this.#each(length, Permission.WRITE, (ram, done, part) => ram.write(source, offset + done, part));
  }

  readWords(target: Uint32Array, index: number, count: number): Dma {
    const t = this.#readable(AT, count * 4);
    if (t !== NO_TRANSLATION) return this.#target(t).readWords(target, index, count);
    if (this.#places[AT]! % 4 !== 0) return Dma.FAULT;
    // Translations begin and end at page borders, so that each piece is of whole words.
    return this.#each(count * 4, Permission.READ, (ram, done, part) =>
      ram.readWords(target, index + done / 4, part / 4),
    );
  }

  writeWords(source: Uint32Array, index: number, count: number): Dma {
    const t = this.#writable(AT, count * 4);
    if (t !== NO_TRANSLATION) return this.#target(t).writeWords(source, index, count);
    if (this.#places[AT]! % 4 !== 0) return Dma.FAULT;
    return this.#each(count * 4, Permission.WRITE, (ram, done, part) =>
      ram.writeWords(source, index + done / 4, part / 4),
    );
  }

  publishWord(source: Uint32Array, index: number): Dma {
    const t = this.#writable(AT, 4);
    if (t !== NO_TRANSLATION) return this.#target(t).publishWord(source, index);
    if (this.#places[AT]! % 4 !== 0) return Dma.FAULT;
    return this.#each(4, Permission.WRITE, ram => ram.publishWord(source, index));
  }

  readAtomic64(target: Uint32Array, index: number): Dma {
    if (this.#places[AT]! % 8 !== 0) return Dma.FAULT;
    const t = this.#readable(AT, 8);
    if (t !== NO_TRANSLATION) return this.#target(t).readAtomic64(target, index);
    return this.#each(8, Permission.READ, ram => ram.readAtomic64(target, index));
  }

  writeAtomic64(source: Uint32Array, index: number): Dma {
    if (this.#places[AT]! % 8 !== 0) return Dma.FAULT;
    const t = this.#writable(AT, 8);
    if (t !== NO_TRANSLATION) return this.#target(t).writeAtomic64(source, index);
    return this.#each(8, Permission.WRITE, ram => ram.writeAtomic64(source, index));
  }

  copy(length: number): Dma {
    const s = this.#readable(FROM, length);
    const t = this.#writable(AT, length);
    if (s !== NO_TRANSLATION && t !== NO_TRANSLATION)
      return this.#target(t)
        .from(this.#places[FROM]! + s.delta)
        .copy(length);
    const from = this.#places[FROM]!;
    const to = this.#places[AT]!;
    const source = this.#reach(FROM, length, Permission.READ);
    if (source === Dma.FAULT) {
      this.#misses.abandon(to, to + length, Permission.WRITE);
      return source;
    }
    // Both are asked for at once.
    const target = this.#reach(AT, length, Permission.WRITE);
    if (target === Dma.FAULT) this.#misses.abandon(from, from + length, Permission.READ);
    if (target !== Dma.DONE || source !== Dma.DONE) return target === Dma.DONE ? source : target;
    return this.#transfer(from, length, (fromAt, done, part) =>
      this.#transfer(to + done, part, (toAt, skip, n) =>
        this.#ram
          .from(fromAt + skip)
          .at(toAt)
          .copy(n),
      ),
    );
  }

  fill(length: number, pattern: Uint8Array, phase: number): Dma {
    const t = this.#writable(AT, length);
    if (t !== NO_TRANSLATION) return this.#target(t).fill(length, pattern, phase);
    return this.#each(length, Permission.WRITE, (ram, done, part) =>
      ram.fill(part, pattern, (phase + done) % PATTERN_BYTES),
    );
  }

  /** Guest RAM where `t` leads the address of at(). */
  #target(t: Translation): GuestRam {
    return this.#ram.at(this.#places[AT]! + t.delta);
  }

  /** The translation of all of the range if it is at hand and allows reading, else NO_TRANSLATION. */
  #readable(place: Place, length: number): Translation {
    const address = this.#places[place]!;
    const last = this.#reading;
    if (address >= last.base && address + length <= last.end) return last;
    const t = this.#lines[lineOf(address)]!;
    const inside = address >= t.base && address + length <= t.end;
    if (!inside || (t.permissions & Permission.READ) === 0) return NO_TRANSLATION;
    this.#tlb.use(t);
    this.#reading = t;
    return t;
  }

  /** The same for writing. */
  #writable(place: Place, length: number): Translation {
    const address = this.#places[place]!;
    const last = this.#writing;
    if (address >= last.base && address + length <= last.end) return last;
    const t = this.#lines[lineOf(address)]!;
    const inside = address >= t.base && address + length <= t.end;
    if (!inside || (t.permissions & Permission.WRITE) === 0) return NO_TRANSLATION;
    this.#tlb.use(t);
    this.#writing = t;
    return t;
  }

  /** Does `step` for each stretch that is contiguous in guest RAM, in order, if all of the range is within reach. */
  #each(length: number, permission: number, step: (ram: GuestRam, done: number, part: number) => Dma): Dma {
    const reach = this.#reach(AT, length, permission);
    if (reach !== Dma.DONE) return reach;
    return this.#transfer(this.#places[AT]!, length, (at, done, part) => step(this.#ram.at(at), done, part));
  }

  /** Does `step` for each stretch of a range that is within reach. */
  #transfer(address: number, length: number, step: (at: number, done: number, part: number) => Dma): Dma {
    for (let done = 0; done < length; ) {
      const t = this.#tlb.find(address + done);
      const part = Math.min(length - done, t.end - (address + done));
      const outcome = step(address + done + t.delta, done, part);
      if (outcome !== Dma.DONE) return outcome;
      done += part;
    }
    return Dma.DONE;
  }

  /**
   * Whether all of the range is translated with the permission; asks for what is not, as far as there is room for
   * questions: then the walk ends, so that a length cannot make it long.
   */
  #reach(place: Place, length: number, permission: number): Dma {
    if (length === 0) return Dma.DONE;
    const reads = permission === Permission.READ;
    const known = reads ? this.#readable(place, length) : this.#writable(place, length);
    if (known !== NO_TRANSLATION) return Dma.DONE;
    const address = this.#places[place]!;
    const end = address + length;
    if (!(address >= 0 && end <= ADDRESS_LIMIT)) return Dma.FAULT;
    let outcome: Dma = Dma.DONE;
    for (let at = address; at < end; ) {
      const found = this.#tlb.find(at);
      if ((found.permissions & permission) !== 0) {
        this.#lines[lineOf(at)] = found;
        at = found.end;
      } else {
        const page = at - (at % PAGE_BYTES);
        if (this.#misses.ask(page, permission) === Dma.FAULT) {
          this.faultAddress = at;
          this.#misses.abandon(address, end, permission);
          return Dma.FAULT;
        }
        outcome = Dma.NOT_YET;
        if (this.#misses.full) break;
        at = page + PAGE_BYTES;
      }
    }
    return outcome;
  }

  #forgetLast(): void {
    this.#reading = NO_TRANSLATION;
    this.#writing = NO_TRANSLATION;
    this.#lines.fill(NO_TRANSLATION);
  }
}
