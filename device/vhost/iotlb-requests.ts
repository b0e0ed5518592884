// SPDX-License-Identifier: MIT
// IOTLB messages: what the front-end tells of a vIOMMU's translations, and the miss that asks it for one.
// (QEMU, docs/interop/vhost-user.rst, "IOMMU support"; ACCESS_FAIL from the front-end is this project's.)
//
//   miss (back-end channel) ──▶ front-end ──▶ update, or access fail
//                               invalidate ──▶ acknowledged when no DMA uses the old translation
import {
  BackendRequest,
  IOTLB_SIZE,
  IotlbPerm,
  IotlbType,
  iotlbIova,
  iotlbPerm,
  iotlbSize,
  iotlbType,
  iotlbUaddr,
  Request,
  setIotlbIova,
  setIotlbPerm,
  setIotlbSize,
  setIotlbType,
} from '../abi/generated/messages.js';
import { PAGE_BYTES } from '../memory/misses.js';
import { ADDRESS_LIMIT } from '../memory/translated-memory.js';
import { type Message, ProtocolError } from './message.js';
import { acknowledged, Refused, type Request as RequestEntry, type RequestRow } from './request-table.js';

export const IOTLB_MISS = BackendRequest.IOTLB_MSG;
const ANYTHING = IotlbPerm.READ | IotlbPerm.WRITE;

/** Where translations go. Permissions are a sum of IotlbPerm. */
export interface TranslationTable {
  /** Whether the front-end has acknowledged F_ACCESS_PLATFORM. */
  readonly translated: boolean;
  /** False when some of the range is no memory that was announced. */
  updateTranslation(iova: number, size: number, userAddress: number, permissions: number): boolean;
  invalidateTranslation(iova: number, size: number): void;
  refuseTranslation(iova: number, permissions: number): void;
}

function malformedUpdate(m: Uint8Array): string | undefined {
  const [iova, size, userAddress] = [iotlbIova(m, 0), iotlbSize(m, 0), iotlbUaddr(m, 0)];
  if (iova + size > ADDRESS_LIMIT || userAddress + size > ADDRESS_LIMIT) return 'addresses above 2^53';
  if (size === 0) return 'size 0';
  const whole = [iova, size, userAddress].every(n => n % PAGE_BYTES === 0);
  return whole ? undefined : `addresses and size must be multiples of ${PAGE_BYTES}`;
}

function malformed(m: Uint8Array): string | undefined {
  const type = iotlbType(m, 0);
  if (type === IotlbType.INVALIDATE) return iotlbSize(m, 0) === 0 ? 'size 0' : undefined;
  if (type !== IotlbType.UPDATE && type !== IotlbType.ACCESS_FAIL) return `type ${type} from a front-end`;
  const perm = iotlbPerm(m, 0);
  if (perm === 0 || perm > ANYTHING) return `permissions ${perm}`;
  return type === IotlbType.UPDATE ? malformedUpdate(m) : undefined;
}

export const iotlbRows: ReadonlyMap<number, RequestRow> = new Map([
  [
    Request.IOTLB_MSG,
    {
      name: 'IOTLB_MSG',
      size: [IOTLB_SIZE, IOTLB_SIZE],
      fds: [0, 0],
      reply: 'ack',
      phases: 'any',
      malformed,
    },
  ],
] as const);

function handle(table: TranslationTable, { payload: m }: Message): void {
  if (!table.translated) throw new ProtocolError('IOTLB_MSG: F_ACCESS_PLATFORM was not acknowledged');
  const [iova, size] = [iotlbIova(m, 0), iotlbSize(m, 0)];
  switch (iotlbType(m, 0)) {
    case IotlbType.UPDATE:
      if (!table.updateTranslation(iova, size, iotlbUaddr(m, 0), iotlbPerm(m, 0)))
        throw new Refused(
          `no memory at 0x${iotlbUaddr(m, 0).toString(16)} of the front-end, or not all of it`,
        );
      break;
    case IotlbType.INVALIDATE:
      table.invalidateTranslation(iova, size);
      break;
    default:
      table.refuseTranslation(iova, iotlbPerm(m, 0));
  }
}

/** The request with what it does. */
export function iotlbRequests(table: TranslationTable): Map<number, RequestEntry> {
  const row = iotlbRows.get(Request.IOTLB_MSG)!;
  return new Map([[Request.IOTLB_MSG, { row, handle: acknowledged(m => handle(table, m)) }]]);
}

/** Payload of the question for one page. */
export function encodeMiss(page: number, permission: number): Uint8Array {
  const m = new Uint8Array(IOTLB_SIZE);
  setIotlbIova(m, 0, page);
  setIotlbSize(m, 0, PAGE_BYTES);
  setIotlbPerm(m, 0, permission);
  setIotlbType(m, 0, IotlbType.MISS);
  return m;
}
