// SPDX-License-Identifier: MIT
// Which accesses may reach the model. The front-end traps only what the description names, but its words are hostile:
// what comes through here is inside one trapped range. What the model makes of an unaligned access is its own affair.
import type { FunctionDescription } from '../model/ports.js';

export class AccessMap {
  /** First and last byte of each trapped range, in pairs, by BAR. Integers: a float remainder would cost 20 ns an access. */
  readonly #bars: readonly Uint32Array[];

  constructor(description: FunctionDescription) {
    this.#bars = description.bars.map(bar => {
      const trapped = (bar?.ranges ?? []).filter(r => r.kind === 'trapped' && r.size > 0);
      if (trapped.some(r => r.offset + r.size > 2 ** 32))
        throw new RangeError('a trapped range ends above 4 GiB');
      return Uint32Array.from(trapped.flatMap(r => [r.offset, r.offset + r.size - 1]));
    });
  }

  /** `offset` is an unsigned 32-bit integer. */
  reaches(bar: number, offset: number, size: number): boolean {
    if (bar >= this.#bars.length) return false;
    const ranges = this.#bars[bar]!;
    for (let i = 0; i < ranges.length; i += 2) {
      if (offset >= ranges[i]! && offset <= ranges[i + 1]! - (size - 1)) return true;
    }
    return false;
  }
}
