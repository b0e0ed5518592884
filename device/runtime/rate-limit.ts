// SPDX-License-Identifier: MIT
// What a guest can make us log is bounded: a burst, then a trickle, and a line that says how many were left out.
import type { Clock } from '../model/ports.js';

export class RateLimit {
  readonly #clock: Clock;
  readonly #burst: number;
  readonly #nsPerToken: number;
  #tokens: number;
  #lastNs: number;
  #suppressed = 0;

  constructor(clock: Clock, burst = 50, perSecond = 10) {
    this.#clock = clock;
    this.#burst = burst;
    this.#nsPerToken = 1e9 / perSecond;
    this.#tokens = burst;
    this.#lastNs = clock.nowNs();
  }

  /** Undefined: leave it out. Else how many were left out since the last one that was let through. */
  admit(): number | undefined {
    const now = this.#clock.nowNs();
    const gained = Math.floor((now - this.#lastNs) / this.#nsPerToken);
    if (gained > 0) {
      this.#tokens = Math.min(this.#burst, this.#tokens + gained);
      this.#lastNs += gained * this.#nsPerToken;
    }
    if (this.#tokens === 0) {
      this.#suppressed++;
      return undefined;
    }
    this.#tokens--;
    const suppressed = this.#suppressed;
    this.#suppressed = 0;
    return suppressed;
  }
}
