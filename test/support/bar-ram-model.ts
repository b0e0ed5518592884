// SPDX-License-Identifier: MIT
// The scratch function with every kind of range in its BAR: registers, shared memory, a gap, MSI-X tables.
import type { PciModel } from '../../device/model/ports.js';
import { ScratchModel, scratchDescription, TRAPPED_BYTES } from './scratch-model.js';

export const BAR_RAM_MODEL_URL = new URL(import.meta.url);

export const RAM_OFFSET = TRAPPED_BYTES;
const ram = { kind: 'ram', offset: RAM_OFFSET, size: 0x1000 } as const;

const bars = scratchDescription.bars.map(bar =>
  bar === undefined ? bar : { ...bar, ranges: [...bar.ranges, ram].sort((a, b) => a.offset - b.offset) },
);

export const createAdapter = (): PciModel => new ScratchModel({ bars });
