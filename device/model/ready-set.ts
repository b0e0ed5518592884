// SPDX-License-Identifier: MIT
// A set of queue numbers with "next after n, round and round" in constant time: the scheduler's turn order depends on
// numbers alone, so it is the same after a restart. This is a bitmap with a summary level; its shifts are its codec.

export class ReadySet {
  readonly #bits: Uint32Array;
  readonly #summary: Uint32Array;
  #size = 0;
  /** The member that came last: when it is the only one, the search is over before it begins. */
  #newest = 0;

  constructor(capacity: number) {
    this.#bits = new Uint32Array(Math.ceil(capacity / 32));
    this.#summary = new Uint32Array(Math.ceil(this.#bits.length / 32));
  }

  get size(): number {
    return this.#size;
  }

  has(n: number): boolean {
    return (this.#bits[n >>> 5] & (1 << (n & 31))) !== 0;
  }

  add(n: number): void {
    if (this.has(n)) return;
    this.#size++;
    this.#newest = n;
    const word = n >>> 5;
    this.#bits[word] |= 1 << (n & 31);
    this.#summary[word >>> 5] |= 1 << (word & 31);
  }

  remove(n: number): void {
    if (!this.has(n)) return;
    this.#size--;
    const word = n >>> 5;
    this.#bits[word] &= ~(1 << (n & 31));
    if (this.#bits[word] === 0) this.#summary[word >>> 5] &= ~(1 << (word & 31));
  }

  clear(): void {
    this.#bits.fill(0);
    this.#summary.fill(0);
    this.#size = 0;
  }

  /** The smallest member greater than `n`, else the smallest of all, else -1. */
  after(n: number): number {
    if (this.#size === 0) return -1;
    if (this.#size === 1 && this.has(this.#newest)) return this.#newest;
    const found = this.#from(n + 1);
    return found >= 0 ? found : this.#from(0);
  }

  #from(start: number): number {
    let word = start >>> 5;
    if (word >= this.#bits.length) return -1;
    const here = this.#bits[word] & (~0 << (start & 31));
    if (here !== 0) return word * 32 + lowest(here);
    word++;
    let top = word >>> 5;
    if (top >= this.#summary.length) return -1;
    let summary = this.#summary[top] & (~0 << (word & 31));
    while (summary === 0) {
      if (++top >= this.#summary.length) return -1;
      summary = this.#summary[top];
    }
    word = top * 32 + lowest(summary);
    return word * 32 + lowest(this.#bits[word]);
  }
}

const lowest = (bits: number): number => 31 - Math.clz32(bits & -bits);
