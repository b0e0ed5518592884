// SPDX-License-Identifier: MIT
// The undo journal of the state region. A *step* is everything between two commits: the words of the region that a
// step changes are written through put(), which first keeps the old value in the journal. commit() makes the step
// valid with one store; recover() undoes a step that was cut off. The back-end may be killed at any store: the CPU
// retires stores of one thread in order and the region is shared memory, so what a successor maps is a prefix of the
// stores below. Nobody else looks at the region meanwhile, so none of them needs to be more than a plain one.
import { JOURNAL_COUNT, JOURNAL_TABLE, ST_JOURNAL_COUNT_OFFSET } from '../abi/generated/state.js';
import type { WordSink } from '../abi/word-sink.js';
import type { RegionMemory } from './ports.js';
import { lowWord } from './powers.js';

const COUNT_WORD = ST_JOURNAL_COUNT_OFFSET / 4;

export class Journal implements WordSink {
  readonly u32: Uint32Array;
  readonly u8: Uint8Array;
  #count = 0;

  constructor(region: RegionMemory) {
    this.u32 = region.u32;
    this.u8 = region.u8;
  }

  /** Every store to the region that matters goes through here; tests override it to die at the n-th. */
  protected store(word: number, value: number): void {
    this.u32[word] = value;
  }

  protected publish(word: number, value: number): void {
    this.u32[word] = value;
  }

  /** True when the present step has changed nothing yet. */
  get clean(): boolean {
    return this.#count === 0;
  }

  put(word: number, value: number): void {
    const n = this.#count;
    if (n >= JOURNAL_COUNT) throw new Error('a step changes more words than the journal holds');
    const at = JOURNAL_TABLE + n * 2;
    this.store(at, word);
    this.store(at + 1, this.u32[word]);
    this.#count = n + 1;
    this.store(COUNT_WORD, n + 1);
    this.store(word, value);
  }

  /** Adds to a word, modulo 2^32. */
  add(word: number, value: number): void {
    this.put(word, lowWord(this.u32[word] + value));
  }

  /** A store outside the step: to words that nothing refers to before the commit. */
  raw(word: number, value: number): void {
    this.store(word, value);
  }

  /** Takes words as raw() does, for the accessors of a layout. */
  readonly outside: WordSink = { put: (word, value) => this.raw(word, value) };

  /** Like raw, for bytes. */
  rawByte(byte: number, value: number): void {
    this.u8[byte] = value;
  }

  /** Like raw, for `count` words copied inside the region. */
  rawCopy(to: number, from: number, count: number): void {
    this.u32.copyWithin(to, from, from + count);
  }

  /** A single store that is a step of its own. */
  single(word: number, value: number): void {
    this.publish(word, value);
  }

  commit(): void {
    if (this.#count === 0) return;
    this.#count = 0;
    this.publish(COUNT_WORD, 0);
  }

  /** Undoes the present step. */
  rollback(): void {
    for (let n = this.#count - 1; n >= 0; n--) {
      const at = JOURNAL_TABLE + n * 2;
      this.store(this.u32[at], this.u32[at + 1]);
      this.#count = n;
      this.store(COUNT_WORD, n);
    }
  }

  /** Undoes a step that an earlier process left unfinished. False when the journal itself makes no sense. */
  recover(): boolean {
    const count = this.u32[COUNT_WORD];
    if (count > JOURNAL_COUNT) return false;
    for (let n = 0; n < count; n++) if (this.u32[JOURNAL_TABLE + n * 2] >= this.u32.length) return false;
    this.#count = count;
    this.rollback();
    return true;
  }
}
