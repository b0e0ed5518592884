// SPDX-License-Identifier: MIT
// A standby goes through a connection a few times before it says that it is ready, as its own front-end and with a model
// of its own: what is compiled and looked up on the way is at hand when it counts. (Measured with the adapter on Node 20:
// a third of the processor time that a take-over costs.) Nothing of it is left but that.
import {
  CONTROL_EVENT_SIZE,
  Control,
  EXTENSION_VERSION,
  F_PROTOCOL_FEATURES,
  IRQ_FD_SIZE,
  MAX_FDS,
  MEM_REGION_SIZE,
  Request,
  RING_SETUP_SIZE,
  STATE_REGION_SIZE,
  setControlEventKind,
  setControlEventProducer,
  setControlEventValue,
  setMemRegionSize,
  setRingSetupSession,
  setRingSetupSize,
  setRingSetupSlots,
  setStateRegionSize,
  setStateRegionVersion,
} from '../abi/generated/messages.js';
import {
  RING_MAGIC,
  RingOp,
  setRingMagic,
  setRingSession,
  setRingSlots,
  setRingVersion,
  setSlotBar,
  setSlotOffset,
  setSlotOp,
  setSlotSeq,
  setSlotSize,
} from '../abi/generated/ring.js';
import type { Clock, PciModel } from '../model/ports.js';
import { RingWord, ringBytes, SLOT_WORDS, SLOTS_WORD } from '../ring/ring-memory.js';
import { EventFd } from '../sys/eventfd.js';
import { closeAll, createMemfd, PAGE_BYTES } from '../sys/fd.js';
import { Mapping } from '../sys/mapping.js';
import { FdChannel, unixPair } from '../sys/unix-socket.js';
import { encodeMessage, encodeU64 } from '../vhost/message.js';
import { PCI_PROTOCOL_FEATURES } from '../vhost/pci-requests.js';
import { PciFunction } from './pci-function.js';
import { newPciSession } from './pci-session.js';
import { Trace } from './trace.js';

/** Later rounds take over the state of the first. */
const ROUNDS = 6;
const SLOTS = 64;
const RAM_BYTES = 16 * PAGE_BYTES;
const REPLY_BYTES = 4096;
const TURNS = 16;

/** The front-end's end of the ring: enough of it to fill it once a round. */
class Ring {
  readonly bytes = Math.ceil(ringBytes(SLOTS) / PAGE_BYTES) * PAGE_BYTES;
  readonly fd = createMemfd('pushbell-rehearsal', this.bytes);
  readonly kick = EventFd.create();
  readonly answer = EventFd.create();
  readonly mapping = new Mapping(this.fd, this.bytes);
  #next = 0;

  begin(session: number): void {
    const m = this.mapping.u32;
    setRingMagic(m, 0, RING_MAGIC);
    setRingVersion(m, 0, EXTENSION_VERSION);
    setRingSlots(m, 0, SLOTS);
    setRingSession(m, 0, session);
  }

  setup(session: number): Uint8Array {
    const m = new Uint8Array(RING_SETUP_SIZE);
    setRingSetupSize(m, 0, this.bytes);
    setRingSetupSlots(m, 0, SLOTS);
    setRingSetupSession(m, 0, session);
    return m;
  }

  get position(): number {
    return this.#next;
  }

  /** A read, then a write of zeros, at the start of each trapped range, until the ring is full. */
  fill(model: PciModel): void {
    const m = this.mapping.u32;
    const places = model.description.bars.flatMap((bar, number) =>
      (bar?.ranges ?? []).filter(r => r.kind === 'trapped').map(({ offset }) => ({ number, offset })),
    );
    for (let n = 0; n < SLOTS && places.length > 0; n++, this.#next++) {
      const { number, offset } = places[Math.floor(n / 2) % places.length]!;
      const w = SLOTS_WORD + (this.#next & (SLOTS - 1)) * SLOT_WORDS;
      setSlotSeq(m, w, this.#next);
      setSlotOp(m, w, n % 2 === 0 ? RingOp.READ : RingOp.WRITE);
      setSlotBar(m, w, number);
      setSlotSize(m, w, 4);
      setSlotOffset(m, w, offset);
    }
    Atomics.store(m, RingWord.PRODUCER, this.#next);
  }

  close(): void {
    this.mapping.retire();
    closeAll([this.fd, this.kick.fd, this.answer.fd]);
  }
}

type Step = readonly [request: number, payload?: Uint8Array, fds?: readonly number[]];

function stateOf(model: PciModel): Uint8Array {
  const m = new Uint8Array(STATE_REGION_SIZE);
  setStateRegionSize(m, 0, model.description.stateSize);
  setStateRegionVersion(m, 0, model.description.stateVersion);
  return m;
}

function ramRegion(): Uint8Array {
  const m = new Uint8Array(8 + MEM_REGION_SIZE);
  setMemRegionSize(m, 8, RAM_BYTES);
  return m;
}

function turnOn(kind: number, producer: number): Uint8Array {
  const m = new Uint8Array(CONTROL_EVENT_SIZE);
  setControlEventKind(m, 0, kind);
  setControlEventValue(m, 0, 1);
  setControlEventProducer(m, 0, producer);
  return m;
}

/** The connect sequence (docs/socket-extension.md, "Connection"). */
function connectSequence(
  model: PciModel,
  ring: Ring,
  session: number,
  fds: { readonly ram: number; readonly state: number | undefined },
): Step[] {
  const vectors = model.description.msix === undefined ? [] : [ring.answer.fd];
  return [
    [Request.GET_FEATURES],
    [Request.GET_PROTOCOL_FEATURES],
    [Request.SET_PROTOCOL_FEATURES, encodeU64(PCI_PROTOCOL_FEATURES)],
    [Request.SET_FEATURES, encodeU64(1n << BigInt(F_PROTOCOL_FEATURES))],
    [Request.SET_OWNER],
    [Request.PCI_GET_FUNCTION],
    [Request.PCI_SET_RING, ring.setup(session), [ring.fd, ring.kick.fd, ring.answer.fd]],
    fds.state === undefined
      ? [Request.PCI_STATE_GET_FD]
      : [Request.PCI_STATE_SET_FD, stateOf(model), [fds.state]],
    [Request.ADD_MEM_REG, ramRegion(), [fds.ram]],
    ...vectors.map((fd): Step => [Request.PCI_SET_IRQ_FD, new Uint8Array(IRQ_FD_SIZE), [fd]]),
    [Request.PCI_CONTROL, turnOn(Control.BUS_MASTER, ring.position)],
    [Request.PCI_CONTROL, turnOn(Control.MSIX_ENABLE, ring.position)],
    [Request.PCI_RUN],
  ];
}

/** One connection. Returns the state region that the first one is given. Throws Error when it does not come through. */
function connectOnce(
  pci: PciFunction,
  ring: Ring,
  session: number,
  fds: { readonly ram: number; readonly state: number | undefined },
): number | undefined {
  const [ours, theirs] = unixPair(true);
  const front = new FdChannel(theirs, MAX_FDS);
  const vhost = newPciSession(ours, pci, () => undefined);
  let state = fds.state;
  try {
    ring.begin(session);
    for (const [request, payload, sent] of connectSequence(pci.model, ring, session, fds)) {
      front.send(encodeMessage(request, payload ?? new Uint8Array(0), { needReply: true }), sent ?? [], true);
      vhost.service(1);
      const reply = front.receive(new Uint8Array(REPLY_BYTES), 0, REPLY_BYTES);
      state ??= reply.fds[0];
    }
    if (vhost.phase !== 'running') throw new Error(vhost.ended ?? `it ended in phase ${vhost.phase}`);
    ring.fill(pci.model);
    for (let n = 0; n < TURNS; n++) {
      pci.drain(SLOTS);
      pci.poll(1);
    }
    return state;
  } finally {
    pci.endSession();
    vhost.close();
    front.close();
  }
}

/** Rehearses with `model`, which is of no use afterwards. Throws Error when a connection does not come through. */
export function rehearse(model: PciModel, clock: Clock): void {
  const trace = new Trace(clock);
  const random = (bytes: number): Uint8Array => new Uint8Array(bytes);
  const pci = new PciFunction(model, { clock, trace, random, log: () => undefined });
  const ring = new Ring();
  const ram = createMemfd('pushbell-rehearsal', RAM_BYTES);
  let state: number | undefined;
  try {
    for (let n = 1; n <= ROUNDS; n++) state = connectOnce(pci, ring, n, { ram, state });
  } finally {
    ring.close();
    closeAll(state === undefined ? [ram] : [ram, state]);
    model.close?.();
  }
}
