// SPDX-License-Identifier: MIT
// A well-formed example of every request, for tests that break them one way at a time.
import {
  BAR_RAM_SIZE,
  CONTROL_EVENT_SIZE,
  Control,
  IotlbType,
  IRQ_FD_SIZE,
  MEM_TABLE_SIZE,
  MMIO_SIZE,
  Request,
  RING_SETUP_SIZE,
  STATE_REGION_SIZE,
  setControlEventKind,
  setMemTableCount,
  setMmioSize,
} from '../../device/abi/generated/messages.js';
import { iotlbRows } from '../../device/vhost/iotlb-requests.js';
import { pciRows } from '../../device/vhost/pci-requests.js';
import type { RequestRow } from '../../device/vhost/request-table.js';
import { standardRows } from '../../device/vhost/standard-requests.js';
import { regionPayload } from './front-end.js';
import { iotlbPayload } from './iotlb-payload.js';

export const allRows: ReadonlyMap<number, RequestRow> = new Map([...standardRows, ...iotlbRows, ...pciRows]);

const made = (size: number, fill: (m: Uint8Array) => void): Uint8Array => {
  const m = new Uint8Array(size);
  fill(m);
  return m;
};

const region = regionPayload({ guestAddress: 0, size: 4096, userAddress: 0, mmapOffset: 0 });

const PAYLOADS: Readonly<Record<number, Uint8Array>> = {
  [Request.SET_FEATURES]: new Uint8Array(8),
  [Request.SET_PROTOCOL_FEATURES]: new Uint8Array(8),
  [Request.SET_MEM_TABLE]: made(MEM_TABLE_SIZE + 32, m => {
    setMemTableCount(m, 0, 1);
    m.set(region.subarray(8), MEM_TABLE_SIZE);
  }),
  [Request.IOTLB_MSG]: iotlbPayload(IotlbType.INVALIDATE, 0, 4096),
  [Request.ADD_MEM_REG]: region,
  [Request.REM_MEM_REG]: region,
  [Request.PCI_SET_RING]: new Uint8Array(RING_SETUP_SIZE),
  [Request.PCI_STATE_SET_FD]: new Uint8Array(STATE_REGION_SIZE),
  [Request.PCI_SET_IRQ_FD]: new Uint8Array(IRQ_FD_SIZE),
  [Request.PCI_CONTROL]: made(CONTROL_EVENT_SIZE, m => setControlEventKind(m, 0, Control.BUS_MASTER)),
  [Request.PCI_MMIO_READ]: made(MMIO_SIZE, m => setMmioSize(m, 0, 4)),
  [Request.PCI_MMIO_WRITE]: made(MMIO_SIZE, m => setMmioSize(m, 0, 4)),
  [Request.PCI_SET_BAR_RAM]: new Uint8Array(BAR_RAM_SIZE),
};

/** Payload of the right size for a request. */
export const examplePayload = (request: number): Uint8Array => PAYLOADS[request] ?? new Uint8Array(0);

/** Number of descriptors that a request needs, for its example. */
export const exampleFds = (request: number): number =>
  request === Request.SET_MEM_TABLE ? 1 : allRows.get(request)!.fds[0];
