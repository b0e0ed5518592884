// SPDX-License-Identifier: MIT
// Messages of a front-end as they should be, with the descriptors that belong to them: what the fuzzer then breaks.
import { openSync } from 'node:fs';
import {
  CONTROL_EVENT_SIZE,
  Control,
  EXTENSION_VERSION,
  F_ACCESS_PLATFORM,
  F_PROTOCOL_FEATURES,
  HEADER_SIZE,
  IotlbType,
  Request,
  setControlEventKind,
  setControlEventValue,
  setHeaderFlags,
  setHeaderFlagsNeedReply,
  setHeaderFlagsVersion,
  setHeaderRequest,
  setHeaderSize,
  setIotlbIova,
  setIotlbPerm,
  setIotlbSize,
  setIotlbType,
  setIotlbUaddr,
  setMemRegionGuestAddress,
  setMemRegionSize,
  setMemRegionUserAddress,
  setMemTableCount,
  setMmioOffset,
  setMmioSize,
  setRingSetupSession,
  setRingSetupSize,
  setRingSetupSlots,
  setStateRegionSize,
  setStateRegionVersion,
} from '../../device/abi/generated/messages.js';
import {
  RING_MAGIC,
  setRingMagic,
  setRingSession,
  setRingSlots,
  setRingVersion,
} from '../../device/abi/generated/ring.js';
import { messagesGroup } from '../../device/abi/messages.js';
import { ringBytes } from '../../device/ring/ring-memory.js';
import { EventFd } from '../../device/sys/eventfd.js';
import { createMemfd } from '../../device/sys/fd.js';
import { Mapping } from '../../device/sys/mapping.js';
import { unixPair } from '../../device/sys/unix-socket.js';
import { PCI_PROTOCOL_FEATURES } from '../../device/vhost/pci-requests.js';
import { type Piece, piecesOf, structOf } from './fields.js';

export const SLOTS = 64;
const RING_BYTES = Math.ceil(ringBytes(SLOTS) / 4096) * 4096;
const RAM_BYTES = 65536;
const STATE_BYTES = 8192;
const USER = 2 ** 40;

const layout = (name: string, base = 0): readonly Piece[] =>
  piecesOf(structOf(messagesGroup, name), messagesGroup).map(p => ({ ...p, offset: p.offset + base }));
export const headerPieces = layout('header');
const region = layout('mem_region', 8);
export const LAYOUTS: Readonly<Record<number, readonly Piece[]>> = {
  [Request.SET_FEATURES]: layout('u64_payload'),
  [Request.SET_PROTOCOL_FEATURES]: layout('u64_payload'),
  [Request.SET_MEM_TABLE]: [...layout('mem_table'), ...region],
  [Request.IOTLB_MSG]: layout('iotlb'),
  [Request.ADD_MEM_REG]: region,
  [Request.REM_MEM_REG]: region,
  [Request.PCI_SET_RING]: layout('ring_setup'),
  [Request.PCI_STATE_SET_FD]: layout('state_region'),
  [Request.PCI_SET_IRQ_FD]: layout('irq_fd'),
  [Request.PCI_CONTROL]: layout('control_event'),
  [Request.PCI_MMIO_READ]: layout('mmio'),
  [Request.PCI_MMIO_WRITE]: layout('mmio'),
  [Request.PCI_SET_BAR_RAM]: layout('bar_ram'),
};

/** Descriptors that are sent, by what they are. */
export class Props {
  readonly ring = createMemfd('fuzz-ring', RING_BYTES);
  readonly ram = createMemfd('fuzz-ram', RAM_BYTES);
  readonly state = createMemfd('fuzz-state', STATE_BYTES);
  readonly event = EventFd.create().fd;
  readonly answer = EventFd.create().fd;
  readonly #pair = unixPair(true);
  readonly channel = this.#pair[0];
  readonly others: readonly number[] = [
    createMemfd('fuzz-unsealed', RAM_BYTES, false),
    createMemfd('fuzz-short', 4096),
    openSync('/dev/null', 'r+'),
    openSync('/', 'r'),
    openSync('/proc/self/status', 'r'),
    this.#pair[1],
  ];
  readonly all = [this.ring, this.ram, this.state, this.event, this.answer, this.channel, ...this.others];
  readonly ringMemory = new Mapping(this.ring, RING_BYTES);
  readonly stateMemory = new Mapping(this.state, STATE_BYTES);

  /** The ring as a front-end makes it. */
  reset(): void {
    const { u32 } = this.ringMemory;
    u32.fill(0);
    setRingMagic(u32, 0, RING_MAGIC);
    setRingVersion(u32, 0, EXTENSION_VERSION);
    setRingSlots(u32, 0, SLOTS);
    setRingSession(u32, 0, 1);
    this.stateMemory.u32.fill(0);
  }
}

export interface Message {
  readonly bytes: Uint8Array;
  readonly fds: readonly number[];
}

/** A message as it should be. */
export function soundMessage(props: Props, request: number, needReply: number, choice: number): Message {
  const payload = payloadOf(request, choice);
  const bytes = new Uint8Array(HEADER_SIZE + payload.length);
  setHeaderRequest(bytes, 0, request);
  setHeaderFlags(bytes, 0, 0);
  setHeaderFlagsVersion(bytes, 0, 1);
  setHeaderFlagsNeedReply(bytes, 0, needReply % 2);
  setHeaderSize(bytes, 0, payload.length);
  bytes.set(payload, HEADER_SIZE);
  return { bytes, fds: fdsOf(props, request, choice) };
}

function fdsOf(props: Props, request: number, choice: number): readonly number[] {
  const { ring, event, answer, ram, state, channel } = props;
  switch (request) {
    case Request.PCI_SET_RING:
      return [ring, event, answer];
    case Request.ADD_MEM_REG:
    case Request.PCI_SET_BAR_RAM:
      return [ram];
    case Request.SET_MEM_TABLE:
      return [ram];
    case Request.PCI_STATE_SET_FD:
      return [state];
    case Request.PCI_SET_IRQ_FD:
      return choice % 4 === 3 ? [] : [event];
    case Request.SET_BACKEND_REQ_FD:
      return [channel];
    default:
      return [];
  }
}

function payloadOf(request: number, choice: number): Uint8Array {
  const sized = (bytes: number, fill: (m: Uint8Array) => void): Uint8Array => {
    const m = new Uint8Array(bytes);
    fill(m);
    return m;
  };
  const asRegion = (m: Uint8Array): void => {
    setMemRegionGuestAddress(m, 8, (choice % 3) * RAM_BYTES);
    setMemRegionSize(m, 8, RAM_BYTES);
    setMemRegionUserAddress(m, 8, USER);
  };
  switch (request) {
    case Request.SET_PROTOCOL_FEATURES:
      return sized(8, m => new DataView(m.buffer).setBigUint64(0, PCI_PROTOCOL_FEATURES, true));
    case Request.SET_FEATURES:
      return sized(8, m => new DataView(m.buffer).setBigUint64(0, featuresFor(choice), true));
    case Request.SET_MEM_TABLE:
      return sized(40, m => {
        asRegion(m);
        setMemTableCount(m, 0, 1);
      });
    case Request.ADD_MEM_REG:
    case Request.REM_MEM_REG:
      return sized(40, asRegion);
    case Request.IOTLB_MSG:
      return sized(32, m => {
        setIotlbIova(m, 0, 4096 * (choice % 4));
        setIotlbSize(m, 0, 4096);
        setIotlbUaddr(m, 0, USER);
        setIotlbPerm(m, 0, 1 + (choice % 3));
        setIotlbType(m, 0, [IotlbType.UPDATE, IotlbType.INVALIDATE, IotlbType.ACCESS_FAIL][choice % 3]!);
      });
    case Request.PCI_SET_RING:
      return sized(16, m => {
        setRingSetupSize(m, 0, RING_BYTES);
        setRingSetupSlots(m, 0, SLOTS);
        setRingSetupSession(m, 0, 1);
      });
    case Request.PCI_STATE_SET_FD:
      return sized(32, m => {
        setStateRegionSize(m, 0, STATE_BYTES);
        setStateRegionVersion(m, 0, 1);
      });
    case Request.PCI_CONTROL:
      return sized(CONTROL_EVENT_SIZE, m => {
        setControlEventKind(m, 0, 1 + (choice % Object.keys(Control).length));
        setControlEventValue(m, 0, 1);
      });
    case Request.PCI_MMIO_READ:
    case Request.PCI_MMIO_WRITE:
      return sized(structOf(messagesGroup, 'mmio').size, m => {
        setMmioOffset(m, 0, 4 * choice);
        setMmioSize(m, 0, 4);
      });
    default:
      return new Uint8Array(lengthOf(request));
  }
}

const featuresFor = (choice: number): bigint =>
  (1n << BigInt(F_PROTOCOL_FEATURES)) | (choice % 2 === 1 ? 1n << BigInt(F_ACCESS_PLATFORM) : 0n);

/** Bytes of payload of a request whose fields do not matter. */
function lengthOf(request: number): number {
  const pieces = LAYOUTS[request];
  return pieces === undefined ? 0 : Math.max(...pieces.map(p => p.offset + p.size));
}
