// SPDX-License-Identifier: MIT
// A back-end told by hand, in the test's own thread: it completes the connect sequence with the scratch model's
// description, keeps every message, and serves no registers. For tests of what the front-end says and when.
import {
  BackendRequest,
  F_ACCESS_PLATFORM,
  F_PROTOCOL_FEATURES,
  FUNCTION_SIZE,
  functionStateSize,
  functionStateVersion,
  IOTLB_SIZE,
  IotlbType,
  iotlbPerm,
  iotlbType,
  MAX_FDS,
  MAX_MEM_SLOTS,
  memRegionGuestAddress,
  memRegionMmapOffset,
  memRegionSize,
  memRegionUserAddress,
  Request,
  STATE_REGION_SIZE,
  setIotlbPerm,
  setIotlbType,
  setStateRegionSize,
  setStateRegionVersion,
} from '../../device/abi/generated/messages.js';
import type { RegionDescription } from '../../device/memory/region.js';
import { closeFd, createMemfd, preadAll } from '../../device/sys/fd.js';
import { acceptUnix, FdChannel, listenUnix } from '../../device/sys/unix-socket.js';
import { encodeMessage, encodeU64, type Message } from '../../device/vhost/message.js';
import { MessageReader } from '../../device/vhost/message-reader.js';
import { encodeDescription } from '../../device/vhost/pci-description.js';
import { PCI_PROTOCOL_FEATURES } from '../../device/vhost/pci-requests.js';
import { ScratchModel } from './scratch-model.js';

export interface HandBackEndOptions {
  /** Feature bits that GET_FEATURES offers. */
  readonly features?: readonly number[];
  readonly maxMemSlots?: number | undefined;
  /** Hangs after the first message of each connection: the others come in, and nothing goes out. */
  readonly hangs?: boolean;
}

/** An IOTLB message of the front-end. */
export interface Iotlb {
  readonly type: number;
  readonly iova: bigint;
  readonly size: bigint;
  readonly uaddr: bigint;
  readonly perm: number;
}

interface Ram extends RegionDescription {
  readonly fd: number;
}

const word = (bytes: Uint8Array, at: number): bigint => new DataView(bytes.buffer).getBigUint64(at, true);

export class HandBackEnd {
  /** Requests as they came, by number. */
  readonly requests: number[] = [];
  readonly iotlb: Iotlb[] = [];
  /** Guest RAM as announced and not taken back. */
  readonly ram: Ram[] = [];
  features = 0n;
  connections = 0;
  /** Acknowledges ADD_MEM_REG with a failure. */
  refuseMemory = false;
  /** While true an INVALIDATE is not acknowledged. */
  holdInvalidate = false;
  #held = false;
  readonly #listener: number;
  readonly #options: HandBackEndOptions;
  #socket: FdChannel | undefined;
  #reader: MessageReader | undefined;
  #requestChannel: FdChannel | undefined;
  #state: number | undefined;

  constructor(path: string, options: HandBackEndOptions = {}) {
    this.#options = options;
    this.#listener = listenUnix(path);
  }

  /** Serves what is there. Give it to whoever waits for the front-end. */
  step(): void {
    if (this.#socket === undefined) this.#accept();
    for (;;) {
      const message = this.#reader?.next();
      if (message === undefined) return;
      if (message === 'end') {
        this.hangUp();
        return;
      }
      this.#serve(message);
      message.dispose();
    }
  }

  /** Steps until `condition` holds; throws when it does not come true. */
  async until(condition: () => boolean, what: string, timeoutMs = 5000): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      this.step();
      if (condition()) return;
      if (performance.now() > deadline) throw new Error(`timed out: ${what}`);
      await new Promise(resolve => setTimeout(resolve, 2));
    }
  }

  /** Asks for a translation; the answer comes as the next IOTLB message. */
  miss(iova: bigint, perm: number): void {
    const payload = new Uint8Array(IOTLB_SIZE);
    new DataView(payload.buffer).setBigUint64(0, iova, true);
    setIotlbPerm(payload, 0, perm);
    setIotlbType(payload, 0, IotlbType.MISS);
    this.sendOnChannel(encodeMessage(BackendRequest.IOTLB_MSG, payload));
  }

  sendOnChannel(bytes: Uint8Array): void {
    this.#requestChannel!.send(bytes, [], true);
  }

  /** Asks and waits. */
  async translate(iova: bigint, perm: number): Promise<Iotlb> {
    const before = this.iotlb.length;
    this.miss(iova, perm);
    const answers = (): Iotlb[] => this.iotlb.slice(before).filter(m => m.type !== IotlbType.INVALIDATE);
    await this.until(() => answers().length > 0, `the translation of 0x${iova.toString(16)}`);
    return answers()[0]!;
  }

  /** What the front-end has at one of its addresses: through the file that it announced. */
  bytesAt(uaddr: bigint, length: number): Uint8Array {
    const at = Number(uaddr);
    const ram = this.ram.find(r => at >= r.userAddress && at + length <= r.userAddress + r.size);
    if (ram === undefined) throw new RangeError(`0x${at.toString(16)} was not announced`);
    const bytes = new Uint8Array(length);
    preadAll(ram.fd, bytes, ram.mmapOffset + at - ram.userAddress);
    return bytes;
  }

  /** Acknowledges the INVALIDATE that is held. */
  letGo(): void {
    this.holdInvalidate = false;
    if (this.#held) this.#reply(Request.IOTLB_MSG, encodeU64(0n));
    this.#held = false;
  }

  hangUp(): void {
    this.#reader?.close();
    this.#socket?.close();
    this.#requestChannel?.close();
    for (const ram of this.ram.splice(0)) closeFd(ram.fd);
    this.#held = false;
    this.#socket = this.#reader = this.#requestChannel = undefined;
  }

  close(): void {
    this.hangUp();
    if (this.#state !== undefined) closeFd(this.#state);
    closeFd(this.#listener);
  }

  #accept(): void {
    const fd = acceptUnix(this.#listener);
    if (fd === undefined) return;
    this.connections++;
    this.#socket = new FdChannel(fd, MAX_FDS);
    this.#reader = new MessageReader(this.#socket, () => undefined);
  }

  #reply(request: number, payload: Uint8Array, fds: readonly number[] = []): void {
    this.#socket!.send(encodeMessage(request, payload, { reply: true }), fds, true);
  }

  #serve(message: Message): void {
    const { request, needReply } = message.header;
    this.requests.push(request);
    if (this.#options.hangs && request !== Request.GET_FEATURES) return;
    const answer = this.#answer(request, message);
    if (answer !== undefined) this.#reply(request, answer);
    else if (request === Request.PCI_STATE_GET_FD) this.#giveState();
    else if (request === Request.ADD_MEM_REG && this.refuseMemory) this.#reply(request, encodeU64(1n));
    else if (needReply && !this.#held) this.#reply(request, encodeU64(0n));
  }

  #answer(request: number, message: Message): Uint8Array | undefined {
    const { payload } = message;
    const features = this.#options.features ?? [F_PROTOCOL_FEATURES, F_ACCESS_PLATFORM];
    if (request === Request.GET_FEATURES)
      return encodeU64(features.reduce((sum, n) => sum + 2n ** BigInt(n), 0n));
    if (request === Request.GET_PROTOCOL_FEATURES) return encodeU64(PCI_PROTOCOL_FEATURES);
    if (request === Request.GET_MAX_MEM_SLOTS)
      return encodeU64(BigInt(this.#options.maxMemSlots ?? MAX_MEM_SLOTS));
    if (request === Request.PCI_GET_FUNCTION) return encodeDescription(new ScratchModel().description);
    if (request === Request.SET_FEATURES) this.features = word(payload, 0);
    if (request === Request.SET_BACKEND_REQ_FD) this.#requestChannel = new FdChannel(message.takeFd(0), 1);
    if (request === Request.ADD_MEM_REG && !this.refuseMemory) this.#addMemory(payload, message.takeFd(0));
    if (request === Request.REM_MEM_REG) this.#removeMemory(payload);
    if (request === Request.IOTLB_MSG) this.#keepIotlb(payload);
    return undefined;
  }

  #giveState(): void {
    const description = encodeDescription(new ScratchModel().description).subarray(0, FUNCTION_SIZE);
    const size = functionStateSize(description, 0);
    const payload = new Uint8Array(STATE_REGION_SIZE);
    setStateRegionSize(payload, 0, size);
    setStateRegionVersion(payload, 0, functionStateVersion(description, 0));
    this.#state = createMemfd('hand-state', size);
    this.#reply(Request.PCI_STATE_GET_FD, payload, [this.#state]);
  }

  #addMemory(payload: Uint8Array, fd: number): void {
    this.ram.push({
      guestAddress: memRegionGuestAddress(payload, 8),
      size: memRegionSize(payload, 8),
      userAddress: memRegionUserAddress(payload, 8),
      mmapOffset: memRegionMmapOffset(payload, 8),
      fd,
    });
  }

  #removeMemory(payload: Uint8Array): void {
    const at = memRegionGuestAddress(payload, 8);
    const index = this.ram.findIndex(r => r.guestAddress === at && r.size === memRegionSize(payload, 8));
    if (index < 0) throw new Error(`REM_MEM_REG of 0x${at.toString(16)}, which is not there`);
    closeFd(this.ram.splice(index, 1)[0]!.fd);
  }

  #keepIotlb(payload: Uint8Array): void {
    const type = iotlbType(payload, 0);
    const perm = iotlbPerm(payload, 0);
    this.iotlb.push({ type, iova: word(payload, 0), size: word(payload, 8), uaddr: word(payload, 16), perm });
    this.#held = type === IotlbType.INVALIDATE && this.holdInvalidate;
  }
}
