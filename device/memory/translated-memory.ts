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

export class TranslatedMemory implements GuestMemory {
  /** See GuestMemory. */
  faultAddress: number | undefined;
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
    return { translations: this.#tlb.entries.length, outstandingMisses: this.#misses.outstanding };
  }

  // What the model does.

  check(address: number, length: number, write: boolean): Dma {
    return this.#reach(address, length, write ? Permission.WRITE : Permission.READ);
  }

  read(address: number, target: Uint8Array, offset: number, length: number): Dma {
    const t = this.#readable(address, length);
    if (t !== NO_TRANSLATION) return this.#ram.read(address + t.delta, target, offset, length);
    return this.#each(address, length, Permission.READ, (at, done, part) =>
      this.#ram.read(at, target, offset + done, part),
    );
  }

  write(address: number, source: Uint8Array, offset: number, length: number): Dma {
    const t = this.#writable(address, length);
    if (t !== NO_TRANSLATION) return this.#ram.write(address + t.delta, source, offset, length);
    return this.#each(address, length, Permission.WRITE, (at, done, part) =>
      this.#ram.write(at, source, offset + done, part),
    );
  }

  readWords(address: number, target: Uint32Array, at: number, count: number): Dma {
    const t = this.#readable(address, count * 4);
    if (t !== NO_TRANSLATION) return this.#ram.readWords(address + t.delta, target, at, count);
    if (address % 4 !== 0) return Dma.FAULT;
    // Translations begin and end at page borders, so that each piece is of whole words.
    return this.#each(address, count * 4, Permission.READ, (from, done, part) =>
      this.#ram.readWords(from, target, at + done / 4, part / 4),
    );
  }

  writeWords(address: number, source: Uint32Array, at: number, count: number): Dma {
    const t = this.#writable(address, count * 4);
    if (t !== NO_TRANSLATION) return this.#ram.writeWords(address + t.delta, source, at, count);
    if (address % 4 !== 0) return Dma.FAULT;
    return this.#each(address, count * 4, Permission.WRITE, (to, done, part) =>
      this.#ram.writeWords(to, source, at + done / 4, part / 4),
    );
  }

  publishWord(address: number, value: number): Dma {
    const t = this.#writable(address, 4);
    if (t !== NO_TRANSLATION) return this.#ram.publishWord(address + t.delta, value);
    if (address % 4 !== 0) return Dma.FAULT;
    return this.#each(address, 4, Permission.WRITE, to => this.#ram.publishWord(to, value));
  }

  readAtomic64(address: number, target: Uint32Array, at: number): Dma {
    if (address % 8 !== 0) return Dma.FAULT;
    const t = this.#readable(address, 8);
    if (t !== NO_TRANSLATION) return this.#ram.readAtomic64(address + t.delta, target, at);
    return this.#each(address, 8, Permission.READ, from => this.#ram.readAtomic64(from, target, at));
  }

  writeAtomic64(address: number, source: Uint32Array, at: number): Dma {
    if (address % 8 !== 0) return Dma.FAULT;
    const t = this.#writable(address, 8);
    if (t !== NO_TRANSLATION) return this.#ram.writeAtomic64(address + t.delta, source, at);
    return this.#each(address, 8, Permission.WRITE, to => this.#ram.writeAtomic64(to, source, at));
  }

  copy(from: number, to: number, length: number): Dma {
    const s = this.#readable(from, length);
    const t = this.#writable(to, length);
    if (s !== NO_TRANSLATION && t !== NO_TRANSLATION)
      return this.#ram.copy(from + s.delta, to + t.delta, length);
    const source = this.#reach(from, length, Permission.READ);
    if (source === Dma.FAULT) {
      this.#misses.abandon(to, to + length, Permission.WRITE);
      return source;
    }
    // Both are asked for at once.
    const target = this.#reach(to, length, Permission.WRITE);
    if (target === Dma.FAULT) this.#misses.abandon(from, from + length, Permission.READ);
    if (target !== Dma.DONE || source !== Dma.DONE) return target === Dma.DONE ? source : target;
    return this.#transfer(from, length, (fromAt, done, part) =>
      this.#transfer(to + done, part, (toAt, skip, n) => this.#ram.copy(fromAt + skip, toAt, n)),
    );
  }

  fill(address: number, length: number, pattern: Uint8Array, phase: number): Dma {
    const t = this.#writable(address, length);
    if (t !== NO_TRANSLATION) return this.#ram.fill(address + t.delta, length, pattern, phase);
    return this.#each(address, length, Permission.WRITE, (to, done, part) =>
      this.#ram.fill(to, part, pattern, (phase + done) % PATTERN_BYTES),
    );
  }

  /** The translation of all of the range if it is at hand and allows reading, else NO_TRANSLATION. */
  #readable(address: number, length: number): Translation {
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
  #writable(address: number, length: number): Translation {
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
  #each(
    address: number,
    length: number,
    permission: number,
    step: (at: number, done: number, part: number) => Dma,
  ): Dma {
    const reach = this.#reach(address, length, permission);
    return reach === Dma.DONE ? this.#transfer(address, length, step) : reach;
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
  #reach(address: number, length: number, permission: number): Dma {
    if (length === 0) return Dma.DONE;
    const reads = permission === Permission.READ;
    const known = reads ? this.#readable(address, length) : this.#writable(address, length);
    if (known !== NO_TRANSLATION) return Dma.DONE;
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
