// SPDX-License-Identifier: MIT
// Memory of the front-end's behind the RAM ranges of BARs, one mapping a BAR.
import type { FunctionDescription, RegionMemory } from '../model/ports.js';
import { cannotShrink, closeFd, sizeOf } from '../sys/fd.js';
import { Mapping } from '../sys/mapping.js';
import { Refused } from '../vhost/request-table.js';

const hasRam = (description: FunctionDescription, bar: number): boolean =>
  description.bars[bar]?.ranges.some(range => range.kind === 'ram') ?? false;

export const anyBarHasRam = (description: FunctionDescription): boolean =>
  description.bars.some((_, bar) => hasRam(description, bar));

export class BarRam {
  readonly #mappings = new Map<number, Mapping>();

  /**
   * Maps the memory of `bar`, hands it to `give` and lets the one before go. Takes `fd` over, also when it throws
   * Refused or SystemError.
   */
  set(
    description: FunctionDescription,
    bar: number,
    fd: number,
    size: number,
    give: (memory: RegionMemory) => void,
  ): void {
    try {
      if (!hasRam(description, bar)) throw new Refused(`BAR ${bar} has no RAM range`);
      const barBytes = description.bars[bar]!.size;
      if (size !== barBytes) throw new Refused(`BAR ${bar} has ${barBytes} bytes, not ${size}`);
      if (!cannotShrink(fd)) throw new Refused(`the memory of BAR ${bar} is not sealed against shrinking`);
      if (sizeOf(fd) < size)
        throw new Refused(`the memory of BAR ${bar} has ${sizeOf(fd)} bytes, not ${size}`);
      const mapping = new Mapping(fd, size);
      const before = this.#mappings.get(bar);
      this.#mappings.set(bar, mapping);
      give(mapping);
      before?.retire();
    } finally {
      closeFd(fd);
    }
  }

  /** Lets all of it go; who still looks sees zeros. */
  clear(): void {
    for (const mapping of this.#mappings.values()) mapping.retire();
    this.#mappings.clear();
  }
}
