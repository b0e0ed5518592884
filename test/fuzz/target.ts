// SPDX-License-Identifier: MIT
// What the harness needs of a target, and how an execution tells what it saw.
import type { Dice } from './dice.js';
import type { Input, Op } from './input.js';

/** Features that executions have shown, hashed into a map as in AFL; a collision only loses a hint. */
export class Novelty {
  readonly #seen = new Uint8Array(1 << 18);
  readonly #texts = new Map<string, number>();
  /** Features seen so far. */
  count = 0;
  /** Features of the present execution that were new. */
  fresh = 0;

  note(a: number, b = 0, c = 0): void {
    let h =
      Math.imul(a ^ 0x9e3779b9, 0x85ebca6b) ^
      Math.imul(b + 0x7f4a7c15, 0xc2b2ae35) ^
      Math.imul(c + 1, 0x27d4eb2f);
    h ^= h >>> 15;
    h = Math.imul(h, 0x2c1b3c6d);
    const at = (h ^ (h >>> 13)) & (this.#seen.length - 1);
    if (this.#seen[at] !== 0) return;
    this.#seen[at] = 1;
    this.count++;
    this.fresh++;
  }

  /** A text with its digits folded: two errors that differ only in numbers are the same. */
  text(text: string): void {
    const folded = foldDigits(text);
    let number = this.#texts.get(folded);
    if (number === undefined) {
      number = this.#texts.size;
      this.#texts.set(folded, number);
    }
    this.note(0x7e87, number);
  }

  clear(): void {
    this.#seen.fill(0);
    this.#texts.clear();
    this.count = 0;
    this.fresh = 0;
  }
}

export const foldDigits = (text: string): string => text.replaceAll(/0x[0-9a-f]+|\d+/gi, '#').slice(0, 200);

/** How many: as a power of two, so that loops count as new when they double. */
export const magnitude = (n: number): number => 32 - Math.clz32(n);

/** Something that must not happen has happened. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

export interface Target {
  readonly name: string;
  readonly doc: string;
  generate(dice: Dice): Op;
  /** One execution: depends on nothing but the input, leaves nothing behind. What it throws is a finding. */
  run(input: Input, seen: Novelty): void;
  /** Called between batches, when the event loop has run. */
  rest?(): void;
}
