// SPDX-License-Identifier: MIT
// Work that takes long: messages and copies of up to 2 GiB, out of little memory. Regions of 256 MiB show the same 64 KiB
// again and again, and gather and scatter lists repeat them.
import { Mtu } from '../../device/abi/generated/commands.js';
import { MAX_MESSAGE_BYTES, Opcode } from '../../device/abi/generated/descriptors.js';
import type { Driver } from './driver.js';
import type { LaneKind } from './lane.js';
import type { Cq, Qp, Range } from './work.js';

const PAGE_SHIFT = 16;
const PAGE_BYTES = 2 ** PAGE_SHIFT;
const REGION_BYTES = 2 ** 28;

export interface BulkOptions {
  readonly kind: LaneKind;
  readonly cq: Cq;
  /** Of one descriptor; 2 GiB when left out. */
  readonly bytes?: number;
  /** Descriptors. */
  readonly count?: number;
  readonly mtu?: number;
}

export interface Bulk {
  readonly qp: Qp;
  /** Where it writes. */
  readonly from: number;
  readonly to: number;
  /** Only what begins at a multiple of this counts as a slice. */
  readonly unit?: number;
}

/** A page of 64 KiB and a region of 256 MiB that shows nothing else. */
function repeated(d: Driver): { page: number; key: number } {
  const page = Math.ceil(d.alloc(2 * PAGE_BYTES) / PAGE_BYTES) * PAGE_BYTES;
  const pages = Array.from({ length: REGION_BYTES / PAGE_BYTES }, () => page);
  return { page, key: d.registerPages(pages, 0, REGION_BYTES, { shift: PAGE_SHIFT }) };
}

/** `bytes` in ranges of one region. */
function ranges(lkey: number, bytes: number): Range[] {
  const whole = Math.floor(bytes / REGION_BYTES);
  const rest = bytes % REGION_BYTES;
  return [
    ...Array.from({ length: whole }, () => ({ address: 0, length: REGION_BYTES, lkey })),
    ...(rest > 0 ? [{ address: 0, length: rest, lkey }] : []),
  ];
}

/** Rings `count` SENDs or COPYs of `bytes` each on a queue of their own. */
export function bulkOf(d: Driver, o: BulkOptions): Bulk {
  const { kind, cq, bytes = MAX_MESSAGE_BYTES, count = 1, mtu = Mtu.MTU_4096 } = o;
  const [source, target] = [repeated(d), repeated(d)];
  const gather = ranges(source.key, bytes);
  const scatter = ranges(target.key, bytes);
  const range = { from: target.page, to: target.page + PAGE_BYTES };
  const ring = { sendCq: cq, logDepth: 6, logStride: 9 };
  const copies = (opcode: number, list: object) =>
    Array.from({ length: count }, () => ({ opcode, gather, ...list }));
  if (kind === 'engine') {
    const qp = d.channel(ring);
    d.send(qp, ...copies(Opcode.COPY, { scatter }));
    return { qp, ...range };
  }
  const [qp, peer] = d.pair(ring, mtu);
  d.recv(peer, ...copies(0, {}).map(() => scatter));
  d.send(qp, ...copies(Opcode.SEND, {}));
  return { qp, ...range };
}
