// SPDX-License-Identifier: MIT
// The front-end's side of socket and ring, for tests: connects, hands over memory and vectors, and can stop or
// misbehave at any step. Synchronous: the back-end runs in another thread or process, or is pumped by hand.
import {
  CONTROL_EVENT_SIZE,
  Control,
  F_ACCESS_PLATFORM,
  F_PROTOCOL_FEATURES,
  FUNCTION_SIZE,
  functionRingSlots,
  functionStateSize,
  functionStateVersion,
  HEADER_SIZE,
  headerFlagsReply,
  headerRequest,
  headerSize,
  IOTLB_SIZE,
  IotlbType,
  IRQ_FD_SIZE,
  iotlbIova,
  iotlbPerm,
  iotlbSize,
  iotlbType,
  MAX_FDS,
  MEM_REGION_SIZE,
  Request,
  RING_SETUP_SIZE,
  STATE_REGION_INSTANCE_OFFSET,
  STATE_REGION_SIZE,
  setControlEventKind,
  setControlEventProducer,
  setControlEventResetEpoch,
  setControlEventValue,
  setIrqFdVector,
  setMemRegionGuestAddress,
  setMemRegionMmapOffset,
  setMemRegionSize,
  setMemRegionUserAddress,
  setRingSetupSession,
  setRingSetupSize,
  setRingSetupSlots,
  setStateRegionSize,
  setStateRegionVersion,
} from '../../device/abi/generated/messages.js';
import type { RegionDescription } from '../../device/memory/region.js';
import { EventFd } from '../../device/sys/eventfd.js';
import { closeAll, closeFd, createMemfd } from '../../device/sys/fd.js';
import { PollSet } from '../../device/sys/poll.js';
import { connectUnix, FdChannel, unixPair } from '../../device/sys/unix-socket.js';
import { IOTLB_MISS } from '../../device/vhost/iotlb-requests.js';
import { decodeU64, encodeMessage, encodeU64 } from '../../device/vhost/message.js';
import { PCI_PROTOCOL_FEATURES } from '../../device/vhost/pci-requests.js';
import { iotlbPayload } from './iotlb-payload.js';
import { RingProducer } from './ring-producer.js';

export interface Reply {
  readonly payload: Uint8Array;
  readonly fds: number[];
}

/** The back-end hung up (or answered nothing in time). */
export class HungUp extends Error {}

export interface State {
  readonly fd: number;
  readonly size: number;
  readonly version: number;
  readonly instance: Uint8Array;
}

export function regionPayload(region: RegionDescription): Uint8Array {
  const m = new Uint8Array(8 + MEM_REGION_SIZE);
  setMemRegionGuestAddress(m, 8, region.guestAddress);
  setMemRegionSize(m, 8, region.size);
  setMemRegionUserAddress(m, 8, region.userAddress);
  setMemRegionMmapOffset(m, 8, region.mmapOffset);
  return m;
}

const PLAIN = 1n << BigInt(F_PROTOCOL_FEATURES);
const ACCESS_PLATFORM = 1n << BigInt(F_ACCESS_PLATFORM);

export class FrontEnd {
  readonly channel: FdChannel;
  ring: RingProducer | undefined;
  vectors: EventFd[] = [];
  /** Runs the back-end when that lives in this thread. */
  pump: (() => void) | undefined;
  timeoutMs = 5000;
  /** Whether there is a vIOMMU in front of the function. */
  translated = false;
  #backendChannel: FdChannel | undefined;
  readonly #poll = new PollSet(1);

  constructor(fd: number) {
    this.channel = new FdChannel(fd, MAX_FDS + 4);
    this.#poll.add(fd);
  }

  static connect(path: string): FrontEnd {
    return new FrontEnd(connectUnix(path));
  }

  // Messages.

  /** Sends without waiting for anything. */
  send(
    request: number,
    payload: Uint8Array = new Uint8Array(0),
    fds: readonly number[] = [],
    needReply = false,
  ): void {
    this.channel.send(encodeMessage(request, payload, { needReply }), fds, true);
  }

  /** Sends and waits for the reply. Throws HungUp. */
  ask(request: number, payload: Uint8Array = new Uint8Array(0), fds: readonly number[] = []): Reply {
    this.send(request, payload, fds);
    return this.receive(request);
  }

  /** Sends with need_reply and gives the acknowledgement. Throws HungUp. */
  acknowledge(request: number, payload: Uint8Array = new Uint8Array(0), fds: readonly number[] = []): bigint {
    this.send(request, payload, fds, true);
    return decodeU64(this.receive(request).payload);
  }

  receive(request: number): Reply {
    const fds: number[] = [];
    const header = this.#receiveBytes(HEADER_SIZE, fds);
    if (headerRequest(header, 0) !== request || headerFlagsReply(header, 0) !== 1) {
      throw new Error(`reply to ${headerRequest(header, 0)} instead of ${request}`);
    }
    return { payload: this.#receiveBytes(headerSize(header, 0), fds), fds };
  }

  /** True once the back-end has hung up; false when `timeoutMs` passed. */
  waitForHangUp(): boolean {
    try {
      this.#receiveBytes(1, []);
      return false;
    } catch (error) {
      if (!(error instanceof HungUp)) throw error;
      return error.message === 'the back-end hung up';
    }
  }

  #receiveBytes(length: number, fds: number[]): Uint8Array {
    const bytes = new Uint8Array(length);
    const deadline = performance.now() + this.timeoutMs;
    for (let have = 0; have < length; ) {
      this.pump?.();
      const got = this.channel.receive(bytes, have, length - have);
      fds.push(...got.fds);
      if (got.length === 0) throw new HungUp('the back-end hung up');
      have += got.length ?? 0;
      if (got.length !== undefined) continue;
      if (performance.now() > deadline) throw new HungUp('no reply in time');
      this.#poll.wait(this.pump === undefined ? 20e6 : 0);
    }
    return bytes;
  }

  // The connection, step by step (docs/socket-extension.md, "Connection").

  negotiate(): void {
    const offered = decodeU64(this.ask(Request.GET_FEATURES).payload);
    if (offered !== (PLAIN | ACCESS_PLATFORM)) throw new Error(`features ${offered}`);
    const features = this.translated ? offered : PLAIN;
    const protocol = decodeU64(this.ask(Request.GET_PROTOCOL_FEATURES).payload);
    if (protocol !== PCI_PROTOCOL_FEATURES) throw new Error(`protocol features ${protocol}`);
    this.send(Request.SET_PROTOCOL_FEATURES, encodeU64(protocol));
    this.must(Request.SET_FEATURES, encodeU64(features));
    this.must(Request.SET_OWNER);
    if (this.translated) this.openChannel();
  }

  /** Throws Error when the acknowledgement is not 0. */
  must(request: number, payload: Uint8Array = new Uint8Array(0), fds: readonly number[] = []): void {
    const ack = this.acknowledge(request, payload, fds);
    if (ack !== 0n) throw new Error(`request ${request} was refused with ${ack}`);
  }

  describe(): Uint8Array {
    const { payload } = this.ask(Request.PCI_GET_FUNCTION);
    if (payload.length !== FUNCTION_SIZE) throw new Error(`description of ${payload.length} bytes`);
    return payload;
  }

  /** Hands over a ring: a new one, or `ring` of an earlier connection. */
  setRing(ring: RingProducer, session = ring.session): void {
    this.ring = ring;
    const payload = new Uint8Array(RING_SETUP_SIZE);
    setRingSetupSize(payload, 0, ring.size);
    setRingSetupSlots(payload, 0, ring.slots);
    setRingSetupSession(payload, 0, session);
    this.must(Request.PCI_SET_RING, payload, [ring.fd, ring.kick.fd, ring.answer.fd]);
    ring.pump = this.pump;
  }

  newState(description: Uint8Array): State {
    const { payload, fds } = this.ask(Request.PCI_STATE_GET_FD);
    if (fds.length !== 1) throw new Error(`${fds.length} descriptors with the state region`);
    return {
      fd: fds[0]!,
      size: functionStateSize(description, 0),
      version: functionStateVersion(description, 0),
      instance: payload.slice(STATE_REGION_INSTANCE_OFFSET, STATE_REGION_INSTANCE_OFFSET + 8),
    };
  }

  /** Hands a state region back; gives the acknowledgement (StateResult). */
  giveState(state: State): bigint {
    const payload = new Uint8Array(STATE_REGION_SIZE);
    setStateRegionSize(payload, 0, state.size);
    setStateRegionVersion(payload, 0, state.version);
    payload.set(state.instance, STATE_REGION_INSTANCE_OFFSET);
    return this.acknowledge(Request.PCI_STATE_SET_FD, payload, [state.fd]);
  }

  /** Announces a piece of guest RAM; gives the acknowledgement. */
  addMemory(fd: number, guestAddress: number, size: number, mmapOffset = 0): bigint {
    const region = { guestAddress, size, userAddress: guestAddress + 2 ** 40, mmapOffset };
    return this.acknowledge(Request.ADD_MEM_REG, regionPayload(region), [fd]);
  }

  removeMemory(guestAddress: number, size: number, mmapOffset = 0): bigint {
    const region = { guestAddress, size, userAddress: guestAddress + 2 ** 40, mmapOffset };
    return this.acknowledge(Request.REM_MEM_REG, regionPayload(region));
  }

  // The back-end's requests, and translations.

  openChannel(): void {
    const [ours, theirs] = unixPair(true);
    this.#backendChannel?.close();
    this.#backendChannel = new FdChannel(ours, 0);
    this.must(Request.SET_BACKEND_REQ_FD, new Uint8Array(0), [theirs]);
    closeFd(theirs);
  }

  /** The next request on the back-end channel; undefined when there is none. */
  backendRequest(): { request: number; payload: Uint8Array } | undefined {
    const header = new Uint8Array(HEADER_SIZE);
    const channel = this.#backendChannel!;
    if (channel.receive(header, 0, HEADER_SIZE).length !== HEADER_SIZE) return undefined;
    const payload = new Uint8Array(headerSize(header, 0));
    if (channel.receive(payload, 0, payload.length).length !== payload.length)
      throw new Error('a request in pieces');
    return { request: headerRequest(header, 0), payload };
  }

  /** All misses that have arrived. */
  misses(): { iova: number; size: number; perm: number }[] {
    const all: { iova: number; size: number; perm: number }[] = [];
    for (let r = this.backendRequest(); r !== undefined; r = this.backendRequest()) {
      const { request, payload: m } = r;
      if (request !== IOTLB_MISS) continue;
      if (iotlbType(m, 0) !== IotlbType.MISS || m.length !== IOTLB_SIZE) throw new Error('not a miss');
      all.push({ iova: iotlbIova(m, 0), size: iotlbSize(m, 0), perm: iotlbPerm(m, 0) });
    }
    return all;
  }

  /** Gives the acknowledgement. */
  iotlb(type: number, iova: number, size: number, perm = 0, userAddress = 0): bigint {
    return this.acknowledge(Request.IOTLB_MSG, iotlbPayload(type, iova, size, perm, userAddress));
  }

  setVectors(count: number): void {
    for (let vector = 0; vector < count; vector++) {
      const event = EventFd.create();
      this.vectors.push(event);
      const payload = new Uint8Array(IRQ_FD_SIZE);
      setIrqFdVector(payload, 0, vector);
      this.must(Request.PCI_SET_IRQ_FD, payload, [event.fd]);
    }
  }

  control(
    kind: number,
    value = 0,
    producer = this.ring?.position ?? 0,
    epoch = this.ring?.epoch ?? 0,
  ): bigint {
    const payload = new Uint8Array(CONTROL_EVENT_SIZE);
    setControlEventKind(payload, 0, kind);
    setControlEventValue(payload, 0, value);
    setControlEventProducer(payload, 0, producer);
    setControlEventResetEpoch(payload, 0, epoch);
    return this.acknowledge(Request.PCI_CONTROL, payload);
  }

  /** A whole first connection: afterwards the function runs, with bus mastering and MSI-X on. Returns its state region. */
  start(vectors = 4): State {
    this.negotiate();
    const description = this.describe();
    this.setRing(new RingProducer(functionRingSlots(description, 0)));
    const state = this.newState(description);
    this.setVectors(vectors);
    this.#go();
    return state;
  }

  /** A whole later connection, with ring and state of the one before. */
  resume(ring: RingProducer, state: State, vectors = 4): void {
    this.negotiate();
    this.describe();
    ring.raiseSession();
    this.setRing(ring);
    const result = this.giveState(state);
    if (result !== 0n) throw new Error(`state refused: ${result}`);
    this.setVectors(vectors);
    this.#go();
  }

  #go(): void {
    this.control(Control.BUS_MASTER, 1);
    this.control(Control.MSIX_ENABLE, 1);
    this.must(Request.PCI_RUN);
  }

  /** Hangs up; the ring stays (`ring.close()` is the test's). */
  hangUp(): void {
    closeFd(this.channel.fd);
    this.#backendChannel?.close();
    this.#backendChannel = undefined;
    closeAll(this.vectors.map(v => v.fd));
    this.vectors = [];
  }
}

/** Guest RAM for tests: a memfd, sealed unless told otherwise. */
export const guestRam = (size: number, sealed = true): number => createMemfd('test-ram', size, sealed);
