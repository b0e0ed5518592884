// SPDX-License-Identifier: MIT
// What the front-end is told of the function: everything that makes it this adapter and no other.
import {
  DOORBELL_BAR,
  DOORBELL_PAGE_BYTES,
  DOORBELL_PAGES,
  MSIX_BAR,
  MSIX_BAR_BYTES,
  MSIX_PBA_OFFSET,
  MSIX_TABLE_OFFSET,
  MSIX_VECTORS,
  PCI_CLASS,
  PCI_DEVICE,
  PCI_REVISION,
  PCI_VENDOR,
  REGISTER_BAR,
  REGISTER_BAR_BYTES,
} from '../abi/generated/registers.js';
import { STATE_BYTES, STATE_VERSION } from '../abi/generated/state.js';
import type { FunctionBar, FunctionDescription, FunctionRange } from './ports.js';

const RING_SLOTS = 4096;
/** PCI Express 8 GT/s, 8 lanes. */
const LINK = { speed: 3, width: 8 };
const DOORBELL_BAR_BYTES = DOORBELL_PAGES * DOORBELL_PAGE_BYTES;

const whole = (kind: FunctionRange['kind'], size: number): FunctionRange[] => [{ kind, offset: 0, size }];

/** Identity, BARs, vectors and the size of the state region. */
export function describeFunction(): FunctionDescription {
  const bars: (FunctionBar | undefined)[] = Array.from({ length: 6 });
  bars[REGISTER_BAR] = {
    size: REGISTER_BAR_BYTES,
    mem64: false,
    prefetchable: false,
    ranges: whole('trapped', REGISTER_BAR_BYTES),
  };
  bars[DOORBELL_BAR] = {
    size: DOORBELL_BAR_BYTES,
    mem64: true,
    prefetchable: true,
    ranges: whole('trapped', DOORBELL_BAR_BYTES),
  };
  bars[MSIX_BAR] = {
    size: MSIX_BAR_BYTES,
    mem64: false,
    prefetchable: false,
    ranges: whole('msix', MSIX_BAR_BYTES),
  };
  return {
    vendorId: PCI_VENDOR,
    deviceId: PCI_DEVICE,
    classCode: PCI_CLASS,
    subsystemVendorId: PCI_VENDOR,
    subsystemId: PCI_DEVICE,
    revision: PCI_REVISION,
    interruptPin: 1,
    msix: {
      vectors: MSIX_VECTORS,
      tableBar: MSIX_BAR,
      tableOffset: MSIX_TABLE_OFFSET,
      pbaBar: MSIX_BAR,
      pbaOffset: MSIX_PBA_OFFSET,
    },
    pcie: true,
    link: LINK,
    bars,
    ringSlots: RING_SLOTS,
    stateVersion: STATE_VERSION,
    stateSize: STATE_BYTES,
  };
}
