// SPDX-License-Identifier: MIT
// A process that dies at a chosen store. Every store to the state region, to guest memory and to the interrupt lines
// passes a Ledger, which counts it and, at the chosen one, throws Death in its place: what was stored before is there,
// nothing after is. A large transfer counts as two stores, so that it can also be cut in half.
import { STATE_BYTES } from '../../device/abi/generated/state.js';
import { Journal } from '../../device/model/journal.js';
import { Dma, type RegionMemory } from '../../device/model/ports.js';
import { FlatMemory } from '../support/flat-memory.js';

export class Death extends Error {
  override readonly name = 'Death';
}

/** One is enough: where a process died says its number, and a stack trace for each costs more than the rest. */
const DEATH = new Death();

export class Ledger {
  count = 0;
  /** Dies in place of the store with this number, from 1 on. */
  deathAt = Infinity;

  tick(): void {
    if (++this.count === this.deathAt) throw DEATH;
  }
}

export function newRegion(): RegionMemory {
  const buffer = new ArrayBuffer(STATE_BYTES);
  return { u32: new Uint32Array(buffer), u8: new Uint8Array(buffer) };
}

export class MortalJournal extends Journal {
  readonly #ledger: Ledger;

  constructor(region: RegionMemory, ledger: Ledger) {
    super(region);
    this.#ledger = ledger;
  }

  protected override store(word: number, value: number): void {
    this.#ledger.tick();
    super.store(word, value);
  }

  protected override publish(word: number, value: number): void {
    this.#ledger.tick();
    super.publish(word, value);
  }

  override rawByte(byte: number, value: number): void {
    this.#ledger.tick();
    super.rawByte(byte, value);
  }

  override rawCopy(to: number, from: number, count: number): void {
    for (let n = 0; n < count; n++) {
      this.#ledger.tick();
      super.rawCopy(to + n, from + n, 1);
    }
  }
}

/** Makes the journal of a region; a mutant is one that makes a broken one. */
export type MakeJournal = (region: RegionMemory, ledger: Ledger) => Journal;
export const soundJournal: MakeJournal = (region, ledger) => new MortalJournal(region, ledger);

export class MortalMemory extends FlatMemory {
  readonly ledger: Ledger;
  /** Set while the function is stopped: no DMA may be tried. */
  locked = false;
  /** Within a transfer, which has begun once. */
  #inside = false;

  constructor(bytes: number, ledger: Ledger) {
    super(bytes);
    this.ledger = ledger;
  }

  override check(address: number, length: number, write: boolean): Dma {
    if (this.locked) throw new Error('DMA while the function is stopped');
    return super.check(address, length, write);
  }

  protected override begin(address: number, length: number): void {
    if (!this.#inside) super.begin(address, length);
  }

  /** A transfer in two halves; `move` does `units` of them from unit `at` on. */
  #halves(units: number, move: (at: number, units: number) => Dma): Dma {
    this.#inside = true;
    try {
      this.ledger.tick();
      const half = Math.floor(units / 2);
      if (half === 0) return move(0, units);
      const first = move(0, half);
      if (first !== Dma.DONE) return first;
      this.ledger.tick();
      return move(half, units - half);
    } finally {
      this.#inside = false;
    }
  }

  override write(address: number, source: Uint8Array, offset: number, length: number): Dma {
    this.begin(address, length);
    const dma = this.check(address, length, true);
    if (dma !== Dma.DONE) return dma;
    return this.#halves(length, (at, n) => super.write(address + at, source, offset + at, n));
  }

  /** The target is the state region (a descriptor, a page list) or a command's input: half of it may be there. */
  override readWords(address: number, target: Uint32Array, at: number, count: number): Dma {
    if (address % 4 !== 0) return Dma.FAULT;
    this.begin(address, count * 4);
    const dma = this.check(address, count * 4, false);
    if (dma !== Dma.DONE) return dma;
    return this.#halves(count, (done, n) => super.readWords(address + done * 4, target, at + done, n));
  }

  override writeWords(address: number, source: Uint32Array, at: number, count: number): Dma {
    if (address % 4 !== 0) return Dma.FAULT;
    this.begin(address, count * 4);
    const dma = this.check(address, count * 4, true);
    if (dma !== Dma.DONE) return dma;
    return this.#halves(count, (done, n) => super.writeWords(address + done * 4, source, at + done, n));
  }

  override copy(from: number, to: number, length: number): Dma {
    this.begin(from, length);
    this.begin(to, length);
    const dma = this.check(from, length, false) || this.check(to, length, true);
    if (dma !== Dma.DONE) return dma;
    return this.#halves(length, (at, n) => super.copy(from + at, to + at, n));
  }

  override fill(address: number, length: number, pattern: Uint8Array, phase: number): Dma {
    this.begin(address, length);
    const dma = this.check(address, length, true);
    if (dma !== Dma.DONE) return dma;
    return this.#halves(length, (at, n) => super.fill(address + at, n, pattern, (phase + at) % 8));
  }

  override readAtomic64(address: number, target: Uint32Array, at: number): Dma {
    this.begin(address, 8);
    const dma = this.check(address, 8, false);
    return dma === Dma.DONE ? this.#halves(1, () => super.readAtomic64(address, target, at)) : dma;
  }

  override writeAtomic64(address: number, source: Uint32Array, at: number): Dma {
    this.begin(address, 8);
    const dma = this.check(address, 8, true);
    return dma === Dma.DONE ? this.#halves(1, () => super.writeAtomic64(address, source, at)) : dma;
  }

  override publishWord(address: number, value: number): Dma {
    this.begin(address, 4);
    const dma = this.check(address, 4, true);
    return dma === Dma.DONE ? this.#halves(1, () => super.publishWord(address, value)) : dma;
  }
}
