// SPDX-License-Identifier: MIT
// Translations behind a vIOMMU: updates, invalidations, refusals and memory that goes, in any order, and DMA in between,
// compared with a page table that is kept beside it. What a table page does not allow is never DONE; what is DONE has
// moved exactly the bytes that it names; what is not there is asked for, once a page, and never more than a bound.

import { GuestRam } from '../../../device/memory/guest-memory.js';
import { MAX_OUTSTANDING } from '../../../device/memory/misses.js';
import { TranslatedMemory } from '../../../device/memory/translated-memory.js';
import { Dma } from '../../../device/model/ports.js';
import { duplicateFd } from '../../../device/sys/fd.js';
import { Mapping } from '../../../device/sys/mapping.js';
import { guestRam } from '../../support/front-end.js';
import type { Dice } from '../dice.js';
import type { Input, Op } from '../input.js';
import { magnitude, type Novelty, type Target, Violation } from '../target.js';

const KIND = {
  UPDATE: 0,
  INVALIDATE: 1,
  REFUSE: 2,
  FORGET: 3,
  READ: 4,
  WRITE: 5,
  COPY: 6,
  FILL: 7,
  PUBLISH: 8,
  CHECK: 9,
  TIME: 10,
  WORDS: 11,
} as const;
const KINDS = [0, 0, 0, 0, 1, 1, 2, 3, 4, 4, 5, 5, 6, 6, 7, 8, 9, 10, 11];
const PAGE = 4096;
const REGION_PAGES = 8;
const REGION_BYTES = REGION_PAGES * PAGE;
const IOVA_PAGES = 24;
/** Two regions with a gap between them, in guest and user addresses. */
const REGIONS = [
  { guestAddress: 0x10000, userAddress: 0x7f00_0000_0000 },
  { guestAddress: 0x40000, userAddress: 0x7f00_0010_0000 },
].map(r => ({ ...r, size: REGION_BYTES, mmapOffset: 0 }));
const LENGTHS = [1, 4, 8, 64, 100, 4095, 4096, 4097, 8192, 12288, 20000];
const WORK_BYTES = 32768;

interface Entry {
  /** Region and byte in it. */
  readonly region: number;
  readonly at: number;
  readonly permissions: number;
}

class IotlbTarget implements Target {
  readonly name = 'iotlb';
  readonly doc = 'IOTLB updates, invalidations and misses, with DMA in between';
  readonly #ram = new GuestRam();
  readonly #memories: readonly Uint8Array[];
  readonly #shadows = REGIONS.map(() => new Uint8Array(REGION_BYTES));
  readonly #fds: readonly number[];
  readonly #work = new Uint8Array(WORK_BYTES);
  readonly #words = new Uint32Array(WORK_BYTES / 4);
  #table = new Map<number, Entry>();
  #memory!: TranslatedMemory;
  #nowNs = 0;
  #asked = 0;
  #small = false;

  constructor() {
    this.#fds = REGIONS.map(() => guestRam(REGION_BYTES));
    this.#memories = this.#fds.map(fd => new Mapping(fd, REGION_BYTES).u8);
    REGIONS.forEach((region, n) => {
      this.#ram.add(region, duplicateFd(this.#fds[n]!));
    });
  }

  generate(dice: Dice): Op {
    const kind = dice.pick(KINDS);
    const wild = dice.oneIn(12);
    const page = wild ? dice.value() : dice.below(IOVA_PAGES);
    switch (kind) {
      case KIND.UPDATE:
        return [kind, page, 1 + dice.below(4), dice.below(40), dice.below(4)];
      case KIND.INVALIDATE:
        return [kind, page, dice.oneIn(6) ? dice.value() : 1 + dice.below(6), dice.below(8)];
      case KIND.TIME:
        return [kind, dice.below(200)];
      default:
        return [
          kind,
          page,
          dice.oneIn(2) ? 0 : dice.below(PAGE),
          dice.below(LENGTHS.length),
          dice.below(IOVA_PAGES),
          dice.below(4),
        ];
    }
  }

  run(input: Input, seen: Novelty): void {
    this.#memories.forEach((m, n) => {
      m.fill(n + 1);
      this.#shadows[n]!.fill(n + 1);
    });
    this.#table = new Map();
    this.#nowNs = 0;
    this.#small = (input[0]?.[2] ?? 0) % 4 === 1;
    const clock = { nowNs: () => this.#nowNs };
    const ask = (page: number, permission: number): boolean => this.#ask(page, permission);
    this.#memory = new TranslatedMemory(this.#ram, clock, ask, this.#small ? 4 : undefined);
    for (const op of input) this.#apply(op, seen);
  }

  #ask(page: number, permission: number): boolean {
    this.#asked++;
    if (page % PAGE !== 0 || (permission !== 1 && permission !== 2))
      throw new Violation(`a question for page ${page}, permission ${permission}`);
    return this.#asked % 7 !== 6;
  }

  #apply(op: Op, seen: Novelty): void {
    const [kind = 0, page = 0, b = 0, c = 0, d = 0, e = 0] = op;
    const t = this.#memory;
    this.#asked = 0;
    switch (kind) {
      case KIND.UPDATE:
        return this.#update(page % 2 ** 20, 1 + (b % 8), c, d % 4);
      case KIND.INVALIDATE:
        return this.#invalidate(page, b, c);
      case KIND.REFUSE:
        return t.refuse((page % IOVA_PAGES) * PAGE + b, e % 4);
      case KIND.FORGET:
        return this.#forget(c, e);
      case KIND.TIME:
        this.#nowNs += page * 1e6;
        if (t.wakeAtNs <= this.#nowNs) t.resend();
        if (page % 2 === 0) t.forgetRefusals();
        return seen.note(50, magnitude(this.#asked));
      default: {
        const outcome = this.#dma(
          kind,
          page * PAGE + b,
          LENGTHS[c % LENGTHS.length]!,
          d * PAGE + (b % 64),
          e % 4,
        );
        if (this.#asked > MAX_OUTSTANDING * 2) throw new Violation(`${this.#asked} questions for one access`);
        seen.note(51, kind * 4 + outcome, magnitude(this.#asked));
        return this.#compare();
      }
    }
  }

  #update(page: number, pages: number, place: number, permissions: number): void {
    const region = REGIONS[place % 2]!;
    const first = Math.floor(place / 2) % (REGION_PAGES + 2);
    const user = region.userAddress + first * PAGE;
    const covered = this.#memory.update(page * PAGE, pages * PAGE, user, permissions);
    let all = true;
    for (let n = 0; n < pages; n++) {
      const inside = first + n < REGION_PAGES;
      all &&= inside;
      if (inside) this.#put(page + n, place % 2, (first + n) * PAGE, permissions);
    }
    if (covered !== all) throw new Violation('an update that says wrongly whether all of it is memory');
  }

  /** The same mapping adds permissions; another one replaces it. */
  #put(page: number, region: number, at: number, permissions: number): void {
    const old = this.#table.get(page);
    const kept = old !== undefined && old.region === region && old.at === at ? old.permissions : 0;
    this.#table.set(page, { region, at, permissions: permissions | kept });
  }

  #invalidate(page: number, pages: number, how: number): void {
    const whole = how === 7;
    const iova = page * PAGE + (how === 6 ? 100 : 0);
    const size = whole ? 2 ** 64 - 1 : Math.max(1, pages) * PAGE;
    this.#memory.invalidate(iova, size);
    for (const known of [...this.#table.keys()])
      if (whole || (known * PAGE < iova + size && (known + 1) * PAGE > iova)) this.#table.delete(known);
  }

  #forget(what: number, all: number): void {
    if (all === 0) {
      this.#memory.forgetAll();
      this.#table.clear();
      return;
    }
    const region = what % 2;
    this.#memory.forgetTarget(REGIONS[region]!.guestAddress, REGION_BYTES);
    for (const [page, entry] of this.#table) if (entry.region === region) this.#table.delete(page);
  }

  #dma(kind: number, address: number, length: number, other: number, fill: number): number {
    const t = this.#memory;
    switch (kind) {
      case KIND.READ: {
        const outcome = t.at(address).read(this.#work, 0, length);
        this.#judge(outcome, address, length, 1);
        if (outcome === Dma.DONE)
          this.#each(address, length, (m, at, n) => this.#same(m[at]!, this.#work[n]!));
        return outcome;
      }
      case KIND.WORDS: {
        const count = Math.ceil(length / 4);
        const outcome = t.at(address).readWords(this.#words, 0, count);
        if (address % 4 === 0) this.#judge(outcome, address, count * 4, 1);
        return outcome;
      }
      case KIND.WRITE: {
        this.#work.fill(0x40 + fill, 0, length);
        const outcome = t.at(address).write(this.#work, 0, length);
        this.#judge(outcome, address, length, 2);
        if (outcome === Dma.DONE) this.#each(address, length, (m, at) => this.#set(m, at, 0x40 + fill));
        return outcome;
      }
      case KIND.FILL: {
        const pattern = Uint8Array.from({ length: 8 }, (_, n) => 0x80 + fill * 8 + n);
        const outcome = t.at(address).fill(length, pattern, fill);
        this.#judge(outcome, address, length, 2);
        if (outcome === Dma.DONE)
          this.#each(address, length, (m, at, n) => this.#set(m, at, pattern[(fill + n) % 8]!));
        return outcome;
      }
      case KIND.PUBLISH: {
        const outcome = t.at(address).publishWord(Uint32Array.of(fill * 0x01010101), 0);
        if (address % 4 === 0) this.#judge(outcome, address, 4, 2);
        if (outcome === Dma.DONE) this.#each(address, 4, (m, at) => this.#set(m, at, fill));
        return outcome;
      }
      case KIND.COPY:
        return this.#copy(address, other, length);
      default: {
        const outcome = t.at(address).check(length, fill % 2 === 1);
        this.#judge(outcome, address, length, fill % 2 === 1 ? 2 : 1);
        return outcome;
      }
    }
  }

  /** Ranges that meet in memory give undefined bytes; then only the permissions are compared. */
  #copy(from: number, to: number, length: number): number {
    const source: number[] = [];
    const outcome = this.#memory.from(from).at(to).copy(length);
    if (outcome !== Dma.DONE) return outcome;
    this.#judge(outcome, from, length, 1);
    this.#judge(outcome, to, length, 2);
    const places = new Set<Uint8Array | number>();
    this.#each(from, length, (m, at) => {
      source.push(m[at]!);
      places.add(at + (m === this.#shadows[0] ? 0 : REGION_BYTES));
    });
    let meets = false;
    this.#each(to, length, (m, at) => {
      meets ||= places.has(at + (m === this.#shadows[0] ? 0 : REGION_BYTES));
    });
    if (meets) for (const [n, m] of this.#memories.entries()) this.#shadows[n]!.set(m);
    else this.#each(to, length, (m, at, n) => this.#set(m, at, source[n]!));
    return outcome;
  }

  #allowed(address: number, length: number, permission: number): boolean {
    if (address + length > 2 ** 53) return false;
    for (let page = Math.floor(address / PAGE); page * PAGE < address + length; page++)
      if (((this.#table.get(page)?.permissions ?? 0) & permission) === 0) return false;
    return true;
  }

  /** DONE only where the table allows it; and what it allows is DONE, unless translations had to make room. */
  #judge(outcome: number, address: number, length: number, permission: number): void {
    const allowed = this.#allowed(address, length, permission);
    if (outcome === Dma.DONE && !allowed) throw new Violation('DMA through a translation that there is not');
    if (outcome !== Dma.DONE && allowed && !this.#small)
      throw new Violation(`outcome ${outcome} with a translation`);
  }

  /** Visits the bytes of a range in the shadows. */
  #each(address: number, length: number, visit: (m: Uint8Array, at: number, n: number) => void): void {
    for (let n = 0; n < length; n++) {
      const entry = this.#table.get(Math.floor((address + n) / PAGE))!;
      visit(this.#shadows[entry.region]!, entry.at + ((address + n) % PAGE), n);
    }
  }

  #set(m: Uint8Array, at: number, value: number): void {
    m[at] = value;
  }

  #same(expected: number, found: number): void {
    if (expected !== found) throw new Violation('a byte was read that is not there');
  }

  #compare(): void {
    this.#memories.forEach((m, n) => {
      if (Buffer.compare(m, this.#shadows[n]!) !== 0) throw new Violation('memory is not as it has to be');
    });
  }
}

export const makeTarget = (): Target => new IotlbTarget();
