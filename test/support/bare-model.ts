// SPDX-License-Identifier: MIT
// The scratch function with everything that a front-end can show of a PCI Express function: a pin, a link, a prefetchable
// 64-bit BAR, power states. Its ring is short, so that a test can fill it.
import type { ControlEvent, PciModel } from '../../device/model/ports.js';
import { ScratchModel, scratchDescription } from './scratch-model.js';

export const BARE_MODEL_URL = new URL(import.meta.url);

export const BARE_RING_SLOTS = 64;
/** 8 GT/s, four lanes. */
export const BARE_LINK = { speed: 3, width: 4 } as const;

class BareModel extends ScratchModel {
  #powered = true;

  constructor() {
    super({
      interruptPin: 1,
      link: BARE_LINK,
      ringSlots: BARE_RING_SLOTS,
      bars: scratchDescription.bars.map(bar => (bar === undefined ? bar : { ...bar, prefetchable: true })),
    });
  }

  override control(event: ControlEvent): void {
    if (event.kind === 'power') this.#powered = event.value;
    if (event.kind === 'function-reset' || event.kind === 'bus-reset') this.#powered = true;
    super.control(event);
  }

  override poll(budget: number): boolean {
    return this.#powered && super.poll(budget);
  }
}

export const createAdapter = (): PciModel => new BareModel();
