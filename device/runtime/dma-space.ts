// SPDX-License-Identifier: MIT
// Where the DMA of one function goes: guest RAM as the front-end announced it, with a vIOMMU's translations in front of
// it when the front-end has one. Without one the model works on guest RAM itself, and nothing of this is in between.
import { GuestRam } from '../memory/guest-memory.js';
import type { AskFrontEnd } from '../memory/misses.js';
import type { RegionDescription } from '../memory/region.js';
import { TranslatedMemory } from '../memory/translated-memory.js';
import type { Clock, GuestMemory } from '../model/ports.js';
import type { TranslationTable } from '../vhost/iotlb-requests.js';
import type { MemoryTable } from '../vhost/standard-requests.js';

export interface DmaSpaceOptions {
  readonly clock: Clock;
  /** Takes the ring slots that are there, so that what was written while a mapping was there finds it. */
  readonly settle: () => void;
  /** Suspended work may be tried again: remembered, and told to the model before it is polled next. */
  readonly changed: () => void;
  /** A region that can only be reached through its file. */
  readonly onFileAccess: (region: RegionDescription) => void;
}

const NOBODY: AskFrontEnd = () => false;

export class DmaSpace implements MemoryTable, TranslationTable {
  readonly #o: DmaSpaceOptions;
  readonly #ram = new GuestRam();
  #translation: TranslatedMemory | undefined;
  #ask: AskFrontEnd = NOBODY;

  constructor(options: DmaSpaceOptions) {
    this.#o = options;
  }

  /** What the model's addresses go to, for one connection. */
  get memory(): GuestMemory {
    return this.#translation ?? this.#ram;
  }

  /** A front-end has connected; `ask` sends it a question for a translation. */
  begin(ask: AskFrontEnd): void {
    this.#ask = ask;
  }

  /** The session is over: no memory of the front-end's is touched from now on. */
  end(): void {
    this.#ask = NOBODY;
    this.#translation?.forgetAll();
    this.#translation = undefined;
    this.#ram.clear();
  }

  status(): Record<string, unknown> {
    const memory = this.#ram.regions.map(r => ({ ...r.description, access: r.access }));
    return this.#translation === undefined ? { memory } : { memory, iommu: this.#translation.status() };
  }

  // Memory table. A mapping goes only after the slots that were written while it was there.

  get count(): number {
    return this.#ram.regions.length;
  }

  add(region: RegionDescription, fd: number): void {
    const added = this.#ram.add(region, fd);
    if (added.access === 'file') this.#o.onFileAccess(region);
    this.#o.changed();
  }

  remove(region: RegionDescription): boolean {
    this.#o.settle();
    const removed = this.#ram.remove(region);
    if (removed) this.#translation?.forgetTarget(region.guestAddress, region.size);
    this.#o.changed();
    return removed;
  }

  clear(): void {
    this.#o.settle();
    this.#ram.clear();
    this.#translation?.forgetAll();
    this.#o.changed();
  }

  // Translations of a vIOMMU (docs/socket-extension.md). They come in phases in which the feature is settled.

  get translated(): boolean {
    return this.#translation !== undefined;
  }

  setTranslated(on: boolean): void {
    const ask: AskFrontEnd = (page, permission) => this.#ask(page, permission);
    this.#translation = on ? new TranslatedMemory(this.#ram, this.#o.clock, ask) : undefined;
  }

  updateTranslation(iova: number, size: number, userAddress: number, permissions: number): boolean {
    const whole = this.#translation!.update(iova, size, userAddress, permissions);
    this.#o.changed();
    return whole;
  }

  invalidateTranslation(iova: number, size: number): void {
    this.#translation!.invalidate(iova, size);
  }

  refuseTranslation(iova: number, permissions: number): void {
    this.#translation!.refuse(iova, permissions);
    this.#o.changed();
  }

  // What time and turns do.

  /** When the model has to be polled although it is idle, so that `endTurn` asks again; Infinity without a vIOMMU. */
  get wakeAtNs(): number {
    return this.#translation === undefined ? Number.POSITIVE_INFINITY : this.#translation.wakeAtNs;
  }

  /**
   * To be called when the model was polled: `more` is what it said, `waits` that some of its work waits for time or for
   * the next poll, and has not looked yet. True when it has to be polled again.
   */
  endTurn(more: boolean, waits: boolean): boolean {
    const translation = this.#translation;
    if (translation === undefined) return more;
    translation.resend();
    // Idle: all suspended work was tried again and has seen what was refused to it. What is left was refused to nobody.
    if (more || waits || !translation.forgetRefusals()) return more;
    this.#o.changed();
    return true;
  }
}
