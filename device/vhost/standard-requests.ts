// SPDX-License-Identifier: MIT
// The requests of vhost-user itself that every back-end needs: features, guest memory, the back-end channel.
// (QEMU, docs/interop/vhost-user.rst, "Front-end message types".)
import {
  F_PROTOCOL_FEATURES,
  MAX_MEM_SLOTS,
  MEM_REGION_SIZE,
  MEM_TABLE_SIZE,
  memRegionGuestAddress,
  memRegionMmapOffset,
  memRegionSize,
  memRegionUserAddress,
  memTableCount,
  Request,
} from '../abi/generated/messages.js';
import { type RegionDescription, RegionRefused } from '../memory/region.js';
import { SystemError } from '../sys/errors.js';
import { decodeU64, encodeU64, type Message, ProtocolError } from './message.js';
import { acknowledged, Refused, type Request as RequestEntry, type RequestRow } from './request-table.js';
import type { VhostSession } from './session.js';

/** SET_MEM_TABLE carries at most 8 regions (VHOST_MEMORY_BASELINE_NREGIONS). */
const MAX_TABLE_REGIONS = 8;
const REGION_PADDING = 8;
const REGION_MESSAGE = REGION_PADDING + MEM_REGION_SIZE;

/** Where guest memory goes. `add` takes the descriptor over, also when it throws RegionRefused or SystemError. */
export interface MemoryTable {
  readonly count: number;
  add(region: RegionDescription, fd: number): void;
  remove(region: RegionDescription): boolean;
  clear(): void;
}

export interface StandardOptions {
  /** Virtio feature bits offered beside F_PROTOCOL_FEATURES. */
  readonly features: bigint;
  readonly protocolFeatures: bigint;
  /** Protocol feature bits without which the session is of no use. */
  readonly required: bigint;
  readonly memory: MemoryTable;
  /** Told which virtio feature bits the front-end acknowledged. */
  readonly setFeatures: (features: bigint) => void;
}

function malformedTable(payload: Uint8Array, fdCount: number): string | undefined {
  const count = memTableCount(payload, 0);
  if (count > MAX_TABLE_REGIONS) return `${count} regions`;
  if (payload.length !== MEM_TABLE_SIZE + count * MEM_REGION_SIZE)
    return `payload of ${payload.length} bytes`;
  return fdCount === count ? undefined : `${fdCount} file descriptors for ${count} regions`;
}

const HANDSHAKE = ['new', 'negotiated'];
const row = (
  name: string,
  size: number,
  reply: 'own' | 'ack',
  more: Partial<RequestRow> = {},
): RequestRow => ({
  name,
  size: [size, size],
  fds: [0, 0],
  reply,
  phases: 'any',
  ...more,
});

/** The rows alone: what each message looks like and when it may come. */
export const standardRows: ReadonlyMap<number, RequestRow> = new Map([
  [Request.GET_FEATURES, row('GET_FEATURES', 0, 'own')],
  [Request.SET_FEATURES, row('SET_FEATURES', 8, 'ack', { phases: HANDSHAKE })],
  [Request.SET_OWNER, row('SET_OWNER', 0, 'ack', { phases: HANDSHAKE })],
  [Request.RESET_OWNER, row('RESET_OWNER', 0, 'ack')],
  [
    Request.SET_MEM_TABLE,
    row('SET_MEM_TABLE', 0, 'ack', {
      size: [MEM_TABLE_SIZE, MEM_TABLE_SIZE + MAX_TABLE_REGIONS * MEM_REGION_SIZE],
      fds: [0, MAX_TABLE_REGIONS],
      malformed: malformedTable,
    }),
  ],
  [Request.GET_PROTOCOL_FEATURES, row('GET_PROTOCOL_FEATURES', 0, 'own')],
  [
    Request.SET_PROTOCOL_FEATURES,
    row('SET_PROTOCOL_FEATURES', 8, 'ack', { phases: HANDSHAKE, next: 'negotiated' }),
  ],
  [Request.SET_BACKEND_REQ_FD, row('SET_BACKEND_REQ_FD', 0, 'ack', { fds: [1, 1] })],
  [Request.GET_MAX_MEM_SLOTS, row('GET_MAX_MEM_SLOTS', 0, 'own')],
  [Request.ADD_MEM_REG, row('ADD_MEM_REG', REGION_MESSAGE, 'ack', { fds: [1, 1] })],
  // Some front-ends send the region's descriptor here too; the specification wants it tolerated.
  [Request.REM_MEM_REG, row('REM_MEM_REG', REGION_MESSAGE, 'ack', { fds: [0, 1] })],
] as const);

function decodeRegion(m: Uint8Array, o: number): RegionDescription {
  return {
    guestAddress: memRegionGuestAddress(m, o),
    size: memRegionSize(m, o),
    userAddress: memRegionUserAddress(m, o),
    mmapOffset: memRegionMmapOffset(m, o),
  };
}

function addRegion(memory: MemoryTable, region: RegionDescription, fd: number): void {
  try {
    memory.add(region, fd);
  } catch (error) {
    if (!(error instanceof RegionRefused) && !(error instanceof SystemError)) throw error;
    throw new Refused(`memory at 0x${region.guestAddress.toString(16)}: ${error.message}`);
  }
}

/** All or nothing: with half a table, DMA would fault in places that nobody could explain. */
function replaceTable(memory: MemoryTable, m: Message): void {
  memory.clear();
  try {
    for (let i = 0; i < memTableCount(m.payload, 0); i++) {
      addRegion(memory, decodeRegion(m.payload, MEM_TABLE_SIZE + i * MEM_REGION_SIZE), m.takeFd(i));
    }
  } catch (error) {
    memory.clear();
    throw error;
  }
}

/** The requests with what they do, for one session. */
export function standardRequests(session: VhostSession, options: StandardOptions): Map<number, RequestEntry> {
  const { memory } = options;
  const features = options.features | (1n << BigInt(F_PROTOCOL_FEATURES));
  const subset = (value: bigint, offered: bigint): void => {
    if ((value & ~offered) !== 0n)
      throw new ProtocolError(`features 0x${value.toString(16)} were not offered`);
  };
  const handlers: [number, RequestEntry['handle']][] = [
    [Request.GET_FEATURES, () => ({ payload: encodeU64(features) })],
    [
      Request.SET_FEATURES,
      acknowledged(m => {
        const value = decodeU64(m.payload);
        subset(value, features);
        options.setFeatures(value);
      }),
    ],
    [Request.SET_OWNER, () => undefined],
    [Request.RESET_OWNER, () => undefined],
    [Request.GET_PROTOCOL_FEATURES, () => ({ payload: encodeU64(options.protocolFeatures) })],
    [
      Request.SET_PROTOCOL_FEATURES,
      m => {
        const value = decodeU64(m.payload);
        subset(value, options.protocolFeatures);
        if ((value & options.required) !== options.required) {
          throw new ProtocolError(
            `protocol features 0x${value.toString(16)} lack 0x${options.required.toString(16)}`,
          );
        }
        session.protocolFeatures = value;
        return undefined;
      },
    ],
    [Request.SET_BACKEND_REQ_FD, acknowledged(m => session.setBackendChannel(m.takeFd(0)))],
    [Request.GET_MAX_MEM_SLOTS, () => ({ payload: encodeU64(BigInt(MAX_MEM_SLOTS)) })],
    [Request.SET_MEM_TABLE, acknowledged(m => replaceTable(memory, m))],
    [
      Request.ADD_MEM_REG,
      m => {
        if (memory.count >= MAX_MEM_SLOTS) throw new Refused(`more than ${MAX_MEM_SLOTS} memory regions`);
        addRegion(memory, decodeRegion(m.payload, REGION_PADDING), m.takeFd(0));
        return undefined;
      },
    ],
    [
      Request.REM_MEM_REG,
      m => {
        if (!memory.remove(decodeRegion(m.payload, REGION_PADDING)))
          throw new Refused('no such memory region');
        return undefined;
      },
    ],
  ];
  return new Map(handlers.map(([code, handle]) => [code, { row: standardRows.get(code)!, handle }]));
}
