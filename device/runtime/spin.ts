// SPDX-License-Identifier: MIT
// How long to spin before sleeping. A spin pays when the next piece of work comes within it: then the producer need
// not wake us (7–11 µs). When it keeps coming later than that, spinning is heat, so the window shrinks; the first gap
// that would have been short enough opens it again.

export class SpinWindow {
  readonly #maxNs: number;
  #windowNs: number;
  #lastWorkNs = 0;

  /** `maxNs` 0: never spin (no processor to spare). */
  constructor(maxNs: number) {
    this.#maxNs = maxNs;
    this.#windowNs = maxNs;
  }

  get maxNs(): number {
    return this.#maxNs;
  }

  /** Work was done at `nowNs`. */
  worked(nowNs: number): void {
    if (nowNs - this.#lastWorkNs <= this.#maxNs) this.#windowNs = this.#maxNs;
    this.#lastWorkNs = nowNs;
  }

  /** Whether to keep looking at `nowNs` instead of sleeping. */
  goesOn(nowNs: number): boolean {
    return nowNs - this.#lastWorkNs < this.#windowNs;
  }

  /** A spin ended without work. */
  wasted(): void {
    this.#windowNs = this.#windowNs < 10_000 ? 0 : this.#windowNs / 2;
  }
}
