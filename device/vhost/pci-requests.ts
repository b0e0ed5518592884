// SPDX-License-Identifier: MIT
// The PCI-function extension (docs/socket-extension.md): its requests, when they may come, and how their payloads read.
//
//   negotiated ──SET_RING──▶ ring ──STATE_GET_FD / STATE_SET_FD──▶ stopped ──RUN──▶ running
//                                                                     ▲───STOP──────┘
import {
  BAR_RAM_SIZE,
  BackendRequest,
  barRamBar,
  barRamSize,
  CONTROL_EVENT_SIZE,
  Control,
  controlEventKind,
  controlEventProducer,
  controlEventResetEpoch,
  controlEventValue,
  IRQ_FD_SIZE,
  irqFdVector,
  MMIO_DATA_OFFSET,
  MMIO_SIZE,
  mmioBar,
  mmioOffset,
  mmioSize,
  PROTOCOL_F_BACKEND_REQ,
  PROTOCOL_F_CONFIGURE_MEM_SLOTS,
  PROTOCOL_F_PCI_FUNCTION,
  PROTOCOL_F_REPLY_ACK,
  Request,
  RING_SETUP_SIZE,
  ringSetupSession,
  ringSetupSize,
  ringSetupSlots,
  STATE_REGION_INSTANCE_OFFSET,
  STATE_REGION_SIZE,
  setStateRegionResetEpoch,
  setStateRegionSize,
  setStateRegionVersion,
  stateRegionSize,
  stateRegionVersion,
} from '../abi/generated/messages.js';
import type { ControlEvent, FunctionDescription } from '../model/ports.js';
import { type Message, ProtocolError } from './message.js';
import { encodeDescription } from './pci-description.js';
import { acknowledged, Refused, type Request as RequestEntry, type RequestRow } from './request-table.js';

export const PCI_PROTOCOL_FEATURES = [
  PROTOCOL_F_REPLY_ACK,
  PROTOCOL_F_BACKEND_REQ,
  PROTOCOL_F_CONFIGURE_MEM_SLOTS,
  PROTOCOL_F_PCI_FUNCTION,
].reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);

/** Without the extension and acknowledgements the function cannot be run. */
export const PCI_REQUIRED_FEATURES =
  (1n << BigInt(PROTOCOL_F_PCI_FUNCTION)) | (1n << BigInt(PROTOCOL_F_REPLY_ACK));

export const PCI_LOG = BackendRequest.PCI_LOG;

export interface NewState {
  /** Belongs to the back-end, which closes it after the reply. */
  readonly fd: number;
  readonly resetEpoch: number;
  /** 8 random bytes. */
  readonly instance: Uint8Array;
}

/** A ring as the front-end describes it. */
export interface RingSetup {
  readonly size: number;
  readonly slots: number;
  readonly session: number;
}

/** What the extension asks of the function. Everything that takes descriptors takes them over, also when it throws. */
export interface PciBackend {
  readonly description: FunctionDescription;
  setRing(ringFd: number, kickFd: number, answerFd: number, setup: RingSetup): void;
  newState(): NewState;
  /** Throws Refused with a StateResult as the value of the acknowledgement. */
  takeState(fd: number, size: number, version: number): void;
  setInterrupt(vector: number, fd: number | undefined): void;
  /** Memory of a BAR with RAM ranges. Throws Refused. */
  setBarRam(bar: number, fd: number, size: number): void;
  run(): void;
  stop(): void;
  /** `producer`: the event comes after the ring slots before it. */
  control(event: ControlEvent, producer: number): void;
  mmioRead(bar: number, offset: number, size: number, data: Uint32Array): void;
  mmioWrite(bar: number, offset: number, size: number, lo: number, hi: number): void;
}

const ATTACHED = ['stopped', 'running'];

const row = (
  name: string,
  size: number,
  phases: readonly string[],
  more: Partial<RequestRow> = {},
): RequestRow => ({
  name,
  size: [size, size],
  fds: [0, 0],
  reply: 'ack',
  phases,
  ...more,
});

const malformedMmio = (m: Uint8Array): string | undefined =>
  [1, 2, 4, 8].includes(mmioSize(m, 0)) ? undefined : `access of ${mmioSize(m, 0)} bytes`;

const KINDS: readonly number[] = Object.values(Control);

function malformedControl(m: Uint8Array): string | undefined {
  const kind = controlEventKind(m, 0);
  if (!KINDS.includes(kind)) return `unknown kind ${kind}`;
  const hasValue = kind !== Control.FUNCTION_RESET && kind !== Control.BUS_RESET;
  return hasValue && controlEventValue(m, 0) > 1 ? `value ${controlEventValue(m, 0)}` : undefined;
}

export const pciRows: ReadonlyMap<number, RequestRow> = new Map([
  [
    Request.PCI_GET_FUNCTION,
    row('PCI_GET_FUNCTION', 0, ['negotiated', 'ring', ...ATTACHED], { reply: 'own' }),
  ],
  [Request.PCI_SET_RING, row('PCI_SET_RING', RING_SETUP_SIZE, ['negotiated'], { fds: [3, 3], next: 'ring' })],
  [Request.PCI_STATE_GET_FD, row('PCI_STATE_GET_FD', 0, ['ring'], { reply: 'own', next: 'stopped' })],
  [
    Request.PCI_STATE_SET_FD,
    row('PCI_STATE_SET_FD', STATE_REGION_SIZE, ['ring'], { fds: [1, 1], next: 'stopped' }),
  ],
  [Request.PCI_SET_IRQ_FD, row('PCI_SET_IRQ_FD', IRQ_FD_SIZE, ATTACHED, { fds: [0, 1] })],
  [Request.PCI_RUN, row('PCI_RUN', 0, ATTACHED, { next: 'running' })],
  [Request.PCI_STOP, row('PCI_STOP', 0, ATTACHED, { next: 'stopped' })],
  [Request.PCI_CONTROL, row('PCI_CONTROL', CONTROL_EVENT_SIZE, ATTACHED, { malformed: malformedControl })],
  [
    Request.PCI_MMIO_READ,
    row('PCI_MMIO_READ', MMIO_SIZE, ATTACHED, { reply: 'own', malformed: malformedMmio }),
  ],
  [Request.PCI_MMIO_WRITE, row('PCI_MMIO_WRITE', MMIO_SIZE, ATTACHED, { malformed: malformedMmio })],
  [Request.PCI_SET_BAR_RAM, row('PCI_SET_BAR_RAM', BAR_RAM_SIZE, ['ring', ...ATTACHED], { fds: [1, 1] })],
] as const);

function decodeControl(m: Uint8Array): ControlEvent {
  const kind = controlEventKind(m, 0);
  const value = controlEventValue(m, 0) === 1;
  const epoch = controlEventResetEpoch(m, 0);
  switch (kind) {
    case Control.BUS_MASTER:
      return { kind: 'bus-master', value };
    case Control.MSIX_ENABLE:
      return { kind: 'msix', value };
    case Control.INTX_DISABLE:
      return { kind: 'intx-disable', value };
    case Control.POWER:
      return { kind: 'power', value };
    case Control.FUNCTION_RESET:
      return { kind: 'function-reset', epoch };
    case Control.BUS_RESET:
      return { kind: 'bus-reset', epoch };
    default:
      throw new ProtocolError(`PCI_CONTROL: unknown kind ${kind}`);
  }
}

function encodeState(description: FunctionDescription, state: NewState): Uint8Array {
  const m = new Uint8Array(STATE_REGION_SIZE);
  setStateRegionSize(m, 0, description.stateSize);
  setStateRegionVersion(m, 0, description.stateVersion);
  setStateRegionResetEpoch(m, 0, state.resetEpoch);
  m.set(state.instance, STATE_REGION_INSTANCE_OFFSET);
  return m;
}

function takeState(backend: PciBackend, m: Message): void {
  backend.takeState(m.takeFd(0), stateRegionSize(m.payload, 0), stateRegionVersion(m.payload, 0));
}

function setInterrupt(backend: PciBackend, m: Message): undefined {
  const vector = irqFdVector(m.payload, 0);
  const { msix, interruptPin } = backend.description;
  // The one after the last vector tells changes of the INTx level.
  const vectors = (msix?.vectors ?? 0) + (interruptPin === 0 ? 0 : 1);
  if (vector >= vectors) throw new Refused(`vector ${vector} of ${vectors}`);
  backend.setInterrupt(vector, m.fdCount === 1 ? m.takeFd(0) : undefined);
}

function mmioRead(backend: PciBackend, m: Message): { payload: Uint8Array } {
  const payload = m.payload.slice();
  const data = new Uint32Array(2);
  backend.mmioRead(mmioBar(payload, 0), mmioOffset(payload, 0), mmioSize(payload, 0), data);
  payload.set(new Uint8Array(data.buffer), MMIO_DATA_OFFSET);
  return { payload };
}

function mmioWrite(backend: PciBackend, { payload: m }: Message): undefined {
  const data = new Uint32Array(m.buffer.slice(m.byteOffset + MMIO_DATA_OFFSET, m.byteOffset + MMIO_SIZE));
  backend.mmioWrite(mmioBar(m, 0), mmioOffset(m, 0), mmioSize(m, 0), data[0]!, data[1]!);
}

/** The requests with what they do. */
export function pciRequests(backend: PciBackend): Map<number, RequestEntry> {
  const handlers: [number, RequestEntry['handle']][] = [
    [Request.PCI_GET_FUNCTION, () => ({ payload: encodeDescription(backend.description) })],
    [
      Request.PCI_SET_RING,
      m => {
        const { payload } = m;
        const [ring, kick, answer] = [m.takeFd(0), m.takeFd(1), m.takeFd(2)];
        backend.setRing(ring, kick, answer, {
          size: ringSetupSize(payload, 0),
          slots: ringSetupSlots(payload, 0),
          session: ringSetupSession(payload, 0),
        });
        return undefined;
      },
    ],
    [
      Request.PCI_STATE_GET_FD,
      () => {
        const state = backend.newState();
        return { payload: encodeState(backend.description, state), fds: [state.fd] };
      },
    ],
    [Request.PCI_STATE_SET_FD, acknowledged(m => takeState(backend, m))],
    [Request.PCI_SET_IRQ_FD, m => setInterrupt(backend, m)],
    [Request.PCI_RUN, acknowledged(() => backend.run())],
    [Request.PCI_STOP, acknowledged(() => backend.stop())],
    [
      Request.PCI_CONTROL,
      acknowledged(({ payload }) =>
        backend.control(decodeControl(payload), controlEventProducer(payload, 0)),
      ),
    ],
    [Request.PCI_MMIO_READ, m => mmioRead(backend, m)],
    [Request.PCI_MMIO_WRITE, m => mmioWrite(backend, m)],
    [
      Request.PCI_SET_BAR_RAM,
      acknowledged(m => backend.setBarRam(barRamBar(m.payload, 0), m.takeFd(0), barRamSize(m.payload, 0))),
    ],
  ];
  return new Map(handlers.map(([code, handle]) => [code, { row: pciRows.get(code)!, handle }]));
}
