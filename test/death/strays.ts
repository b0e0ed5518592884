// SPDX-License-Identifier: MIT
// A journal that notices stores which went past it. The enumerator can only die at stores that it sees; the adapter does
// store to the region behind its back, for speed, but only to words that nothing refers to (unreferenced.ts fills those
// with garbage at each death). This journal holds it to that.
import { MortalJournal } from './mortal.js';
import { HOT, unreferenced } from './unreferenced.js';

export class StrayStore extends Error {
  override readonly name = 'StrayStore';
}

export class WatchfulJournal extends MortalJournal {
  /** From the first step on: what comes before it makes the region, which nobody else has yet. */
  #known: readonly Uint32Array[] | undefined;

  override put(word: number, value: number): void {
    this.#known ??= HOT.map(([first, count]) => this.u32.slice(first, first + count));
    super.put(word, value);
  }

  protected override store(word: number, value: number): void {
    this.#look();
    super.store(word, value);
    this.#take(word);
  }

  protected override publish(word: number, value: number): void {
    this.#look();
    super.publish(word, value);
    this.#take(word);
  }

  override rawByte(byte: number, value: number): void {
    this.#look();
    super.rawByte(byte, value);
    this.#take(Math.floor(byte / 4));
  }

  override rawCopy(to: number, from: number, count: number): void {
    this.#look();
    super.rawCopy(to, from, count);
    for (let n = 0; n < count; n++) this.#take(to + n);
  }

  #take(word: number): void {
    if (this.#known === undefined) return;
    for (const [n, [first, count]] of HOT.entries())
      if (word >= first && word < first + count) this.#known[n][word - first] = this.u32[word];
  }

  /** Whatever changed by itself since the last look stands where nothing refers to. */
  #look(): void {
    if (this.#known === undefined) return;
    const changed = new Set<number>();
    for (const [n, [first, count]] of HOT.entries()) {
      const known = this.#known[n];
      for (let w = 0; w < count; w++) if (known[w] !== this.u32[first + w]) changed.add(first + w);
    }
    if (changed.size === 0) return;
    const found = [...changed];
    unreferenced(this.u32, (word, count) => {
      for (let w = word; w < word + count; w++) changed.delete(w);
    });
    for (const word of changed) throw new StrayStore(`word ${word} changed behind the journal's back`);
    for (const word of found) this.#take(word);
  }
}
