// SPDX-License-Identifier: MIT
// Queue numbers in the order in which their pushed descriptors arrived: a binary heap. There may be thousands of them, of
// many doorbell pages; who is first is known at once, and who comes or goes costs the logarithm of their number.

export class Arrivals {
  readonly #heap: Uint16Array;
  /** By queue number: its place in the heap. */
  readonly #placeOf: Uint16Array;
  /** By queue number: arrival number of what it is here for. Belongs to the caller, who may change all, but not their order. */
  readonly #numberOf: Uint32Array;
  #size = 0;

  constructor(capacity: number, numberOf: Uint32Array) {
    this.#heap = new Uint16Array(capacity);
    this.#placeOf = new Uint16Array(capacity);
    this.#numberOf = numberOf;
  }

  get size(): number {
    return this.#size;
  }

  /** The queue that is first, or -1. */
  get first(): number {
    return this.#size === 0 ? -1 : this.#heap[0];
  }

  clear(): void {
    this.#size = 0;
  }

  /** A queue that is not here. Its number stays what it is until it is removed. */
  add(n: number): void {
    this.#rise(this.#size++, n);
  }

  /** A queue that is here. */
  remove(n: number): void {
    const place = this.#placeOf[n];
    const last = this.#heap[--this.#size];
    if (place === this.#size) return;
    this.#rise(place, last);
    if (this.#heap[place] === last) this.#sink(place, last);
  }

  #put(place: number, n: number): void {
    this.#heap[place] = n;
    this.#placeOf[n] = place;
  }

  /** Puts `n` at `place` or above. */
  #rise(place: number, n: number): void {
    let at = place;
    while (at > 0) {
      const above = Math.floor((at - 1) / 2);
      if (!this.#isBefore(n, this.#heap[above])) break;
      this.#put(at, this.#heap[above]);
      at = above;
    }
    this.#put(at, n);
  }

  /** Puts `n` at `place` or below. */
  #sink(place: number, n: number): void {
    let at = place;
    for (let below = 2 * at + 1; below < this.#size; below = 2 * at + 1) {
      const other = below + 1;
      if (other < this.#size && this.#isBefore(this.#heap[other], this.#heap[below])) below = other;
      if (!this.#isBefore(this.#heap[below], n)) break;
      this.#put(at, this.#heap[below]);
      at = below;
    }
    this.#put(at, n);
  }

  #isBefore(a: number, b: number): boolean {
    return this.#numberOf[a] < this.#numberOf[b];
  }
}
