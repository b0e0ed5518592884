// SPDX-License-Identifier: MIT
// Which accesses may reach the model. The front-end traps only what the description names, but its words are hostile:
// what comes through here is inside one trapped range and naturally aligned, so the model need not check again.
import type { FunctionDescription } from '../model/ports.js';

export class AccessMap {
  /** Start and end of each trapped range, in pairs, by BAR. */
  readonly #bars: readonly Float64Array[];

  constructor(description: FunctionDescription) {
    this.#bars = description.bars.map(bar =>
      Float64Array.from(
        (bar?.ranges ?? []).filter(r => r.kind === 'trapped').flatMap(r => [r.offset, r.offset + r.size]),
      ),
    );
  }

  reaches(bar: number, offset: number, size: number): boolean {
    if (bar >= this.#bars.length || offset % size !== 0) return false;
    const ranges = this.#bars[bar]!;
    for (let i = 0; i < ranges.length; i += 2) {
      if (offset >= ranges[i]! && offset + size <= ranges[i + 1]!) return true;
    }
    return false;
  }
}
