// SPDX-License-Identifier: MIT
// DMA behind a vIOMMU with its surroundings: a guest that maps and unmaps, guest memory as plain bytes, a front-end that
// answers when it is told to, in ranges or page by page.
import { GuestRam } from '../../device/memory/guest-memory.js';
import { Permission } from '../../device/memory/iotlb.js';
import { TranslatedMemory } from '../../device/memory/translated-memory.js';
import { createMemfd } from '../../device/sys/fd.js';
import { ManualClock } from './manual-clock.js';

export const PAGE = 4096;
/** Guest pages 0 to 11, then a hole, then 16 to 27, the last four without a mapping here. */
export const REGIONS = [
  { first: 0, pages: 12, sealed: true },
  { first: 16, pages: 8, sealed: true },
  { first: 24, pages: 4, sealed: false },
] as const;
export const GUEST_PAGES = 28;
export const GUEST = 2 ** 32;
export const USER = 2 ** 46;
/** I/O virtual addresses in use: pages of a stretch near the top of what Numbers can be. */
export const IOVA = 2 ** 47;
export const IOVA_PAGES = 16;

export const exists = (page: number): boolean =>
  REGIONS.some(r => page >= r.first && page < r.first + r.pages);

interface Mapped {
  readonly target: number;
  readonly permissions: number;
}

export class World {
  readonly ram = new GuestRam();
  readonly clock = new ManualClock();
  readonly memory: TranslatedMemory;
  /** What the guest has mapped, by page of the stretch. */
  readonly table: (Mapped | undefined)[] = Array(IOVA_PAGES).fill(undefined);
  readonly bytes = new Uint8Array(GUEST_PAGES * PAGE);
  /** Questions under way. */
  readonly asked: { page: number; permission: number }[] = [];
  /** Refusals that nobody has seen. */
  readonly refused = new Set<string>();
  accept = true;
  sent = 0;

  constructor(capacity?: number) {
    for (const { first, pages, sealed } of REGIONS) {
      const guestAddress = GUEST + first * PAGE;
      this.ram.add(
        { guestAddress, size: pages * PAGE, userAddress: USER + first * PAGE, mmapOffset: 0 },
        createMemfd('ram', pages * PAGE, sealed),
      );
    }
    this.memory = new TranslatedMemory(
      this.ram,
      this.clock,
      (address, permission) => {
        this.sent++;
        if (this.accept) this.asked.push({ page: (address - IOVA) / PAGE, permission });
        return this.accept;
      },
      capacity,
    );
  }

  /** The front-end answers one question as the page table stands. */
  answer(index: number, wide: boolean): void {
    const [question] = this.asked.splice(index, 1);
    if (question === undefined) return;
    const { page, permission } = question;
    const found = this.table[page];
    if (found === undefined || (found.permissions & permission) === 0) {
      this.refused.add(`${page} ${permission}`);
      this.memory.refuse(IOVA + page * PAGE, permission);
      return;
    }
    // A run of pages that are side by side on both sides may be told at once.
    let end = page + 1;
    while (
      wide &&
      this.table[end]?.target === found.target + end - page &&
      this.table[end]!.permissions === found.permissions &&
      exists(found.target + end - page)
    )
      end++;
    // Who says what is allowed has said that the rest is not, if anybody asks for that.
    for (let n = page; n < end; n++) {
      for (const other of [Permission.READ, Permission.WRITE]) {
        if ((found.permissions & other) === 0) this.refused.add(`${n} ${other}`);
        else this.refused.delete(`${n} ${other}`);
      }
    }
    const size = (end - page) * PAGE;
    const whole = this.memory.update(IOVA + page * PAGE, size, USER + found.target * PAGE, found.permissions);
    if (!whole) this.refused.add(`${page} ${permission}`);
  }

  unmap(first: number, end: number): void {
    for (let page = first; page < end; page++) this.table[page] = undefined;
    this.memory.invalidate(IOVA + first * PAGE, (end - first) * PAGE);
  }

  /** Guest byte of an address of the stretch, if it may be used so. */
  place(at: number, permission: number): number | undefined {
    const found = this.table[Math.floor(at / PAGE)];
    if (found === undefined || (found.permissions & permission) === 0 || !exists(found.target))
      return undefined;
    return found.target * PAGE + (at % PAGE);
  }

  places(at: number, length: number, permission: number): number[] | undefined {
    const all: number[] = [];
    for (let i = at; i < at + length; i++) {
      const place = this.place(i, permission);
      if (place === undefined) return undefined;
      all.push(place);
    }
    return all;
  }

  /** Whether something of these ranges was refused; if it is clear what, that was the fault, and there is no second. */
  takeRefusal(ranges: readonly (readonly [number, number, number])[]): boolean {
    const found: string[] = [];
    for (const [at, length, permission] of ranges) {
      for (let page = Math.floor(at / PAGE); page * PAGE < at + length; page++) {
        if (this.refused.has(`${page} ${permission}`)) found.push(`${page} ${permission}`);
      }
    }
    if (found.length === 1) this.refused.delete(found[0]!);
    return found.length > 0;
  }

  close(): void {
    this.ram.clear();
  }
}

export function mappedWorld(pages: number, capacity?: number): World {
  const w = new World(capacity);
  for (let i = 0; i < pages; i++)
    w.table[i] = { target: 11 - i, permissions: Permission.READ + Permission.WRITE };
  return w;
}
