// SPDX-License-Identifier: MIT
// A back-end that breaks the rules, as a process: hostile/back-end.js SOCKET SCENARIO (JSON). It completes the connect
// sequence with the description of the bare function, except for what the scenario says, and never ends by itself.
// It says "listening", and "running" each time that it was let go.
import { existsSync, openSync, unlinkSync, writeSync } from 'node:fs';
import {
  BackendRequest,
  HEADER_SIZE,
  IOTLB_SIZE,
  IotlbType,
  irqFdVector,
  MAX_FDS,
  MAX_MEM_SLOTS,
  Request,
  ringSetupSize,
  ringSetupSlots,
  STATE_REGION_SIZE,
  setFunctionRevision,
  setHeaderFlags,
  setHeaderRequest,
  setHeaderSize,
  setIotlbIova,
  setIotlbPerm,
  setIotlbType,
  setStateRegionSize,
  setStateRegionVersion,
} from '../../../device/abi/generated/messages.js';
import { SystemError } from '../../../device/sys/errors.js';
import { closeAll, closeFd, createMemfd } from '../../../device/sys/fd.js';
import { Mapping } from '../../../device/sys/mapping.js';
import { PollSet } from '../../../device/sys/poll.js';
import { acceptUnix, FdChannel, listenUnix } from '../../../device/sys/unix-socket.js';
import { encodeMessage, encodeU64, type Message, ProtocolError } from '../../../device/vhost/message.js';
import { MessageReader } from '../../../device/vhost/message-reader.js';
import { encodeDescription } from '../../../device/vhost/pci-description.js';
import { PCI_PROTOCOL_FEATURES } from '../../../device/vhost/pci-requests.js';
import { createAdapter } from '../../support/bare-model.js';
import { Dice } from '../dice.js';
import { SharedRing } from './ring-attacks.js';
import type { Attack, Fault, Scenario } from './scenario.js';

const F_PROTOCOL_FEATURES = 1n << 30n;
const TURN_NS = 1e6;
const FLOOD = 64;
const HANG_UP_TURNS = 40;
const { description } = createAdapter();

/** The connection is to be given up, as the scenario has it. */
class GiveUp extends Error {}

class Session {
  readonly #channel: FdChannel;
  readonly #reader: MessageReader;
  readonly #scenario: Scenario;
  readonly #dice: Dice;
  readonly #taken: number[] = [];
  /** Bytes that may be sent until the connection is cut. */
  #left: number;
  #ring: SharedRing | undefined;
  #mapping: Mapping | undefined;
  #requests: FdChannel | undefined;
  #running = false;
  #endless = false;
  #turns = 0;

  constructor(fd: number, scenario: Scenario, connection: number) {
    this.#channel = new FdChannel(fd, MAX_FDS + 4);
    this.#reader = new MessageReader(this.#channel, () => undefined);
    this.#scenario = scenario;
    this.#dice = new Dice(scenario.seed + connection);
    this.#left =
      scenario.cutStride === undefined ? Number.POSITIVE_INFINITY : connection * scenario.cutStride;
  }

  get fd(): number {
    return this.#channel.fd;
  }

  /** Messages, then a round of attacks. False when the connection is over. */
  turn(): boolean {
    try {
      for (let n = 0; n < 16; n++) {
        const message = this.#reader.next();
        if (message === 'end') return false;
        if (message === undefined) break;
        this.#serve(message);
        message.dispose();
      }
      if (this.#endless) this.#babble();
      if (this.#running) this.#attackAll();
      return true;
    } catch (error) {
      if (error instanceof GiveUp || error instanceof SystemError || error instanceof ProtocolError)
        return false;
      throw error;
    }
  }

  close(): void {
    this.#reader.close();
    this.#channel.close();
    this.#requests?.close();
    this.#mapping?.retire();
    closeAll(this.#taken);
  }

  #send(bytes: Uint8Array, fds: readonly number[] = []): void {
    const part = bytes.subarray(0, Math.min(bytes.length, this.#left));
    this.#left -= part.length;
    if (part.length > 0) this.#channel.send(part, fds);
    if (part.length < bytes.length) throw new GiveUp();
  }

  #serve(message: Message): void {
    const { request, needReply } = message.header;
    this.#take(message);
    const reply = this.#replyTo(request) ?? (needReply ? { payload: encodeU64(0n), fds: [] } : undefined);
    if (request === Request.PCI_RUN) {
      this.#running = true;
      writeSync(1, 'running\n');
    }
    if (request === Request.PCI_STOP) this.#running = false;
    if (reply === undefined) return;
    const { fault } = this.#scenario;
    if (fault?.request === request) this.#broken(request, reply.payload, reply.fds, fault.how);
    else this.#send(encodeMessage(request, reply.payload, { reply: true }), reply.fds);
    closeAll(reply.fds);
  }

  /** Keeps what the front-end hands over. */
  #take(message: Message): void {
    const { payload } = message;
    switch (message.header.request) {
      case Request.SET_BACKEND_REQ_FD:
        this.#requests = new FdChannel(message.takeFd(0), 2);
        return;
      case Request.PCI_SET_RING: {
        const [ring, kick, answer] = [message.takeFd(0), message.takeFd(1), message.takeFd(2)];
        this.#mapping = new Mapping(ring, ringSetupSize(payload, 0));
        closeFd(ring);
        this.#taken.push(kick, answer);
        this.#ring = new SharedRing(
          this.#mapping.u32,
          ringSetupSlots(payload, 0),
          [kick, answer],
          this.#dice,
        );
        return;
      }
      case Request.PCI_SET_IRQ_FD:
        if (message.fdCount === 0) return;
        this.#taken.push(message.takeFd(0));
        this.#ring?.eventFds.push(this.#taken.at(-1)!);
        if (irqFdVector(payload, 0) > 4096) throw new GiveUp();
        return;
      default:
    }
  }

  /** Replies of their own; the others are acknowledged. */
  #replyTo(request: number): { payload: Uint8Array; fds: number[] } | undefined {
    switch (request) {
      case Request.GET_FEATURES:
        return { payload: encodeU64(F_PROTOCOL_FEATURES | (1n << 33n)), fds: [] };
      case Request.GET_PROTOCOL_FEATURES:
        return { payload: encodeU64(PCI_PROTOCOL_FEATURES), fds: [] };
      case Request.GET_MAX_MEM_SLOTS:
        return { payload: encodeU64(BigInt(MAX_MEM_SLOTS)), fds: [] };
      case Request.PCI_GET_FUNCTION: {
        const payload = encodeDescription(description);
        if (this.#scenario.otherFunction) setFunctionRevision(payload, 0, this.#dice.below(256));
        return { payload, fds: [] };
      }
      case Request.PCI_STATE_GET_FD: {
        const payload = new Uint8Array(STATE_REGION_SIZE);
        setStateRegionSize(payload, 0, description.stateSize);
        setStateRegionVersion(payload, 0, description.stateVersion);
        return { payload, fds: [createMemfd('hostile-state', description.stateSize)] };
      }
      default:
        return undefined;
    }
  }

  #broken(request: number, payload: Uint8Array, fds: readonly number[], how: Fault): void {
    const whole = encodeMessage(request, payload, { reply: true });
    const reply = (p: Uint8Array, with_: readonly number[] = fds): void =>
      this.#send(encodeMessage(request, p, { reply: true }), with_);
    const extra = (count: number): number[] => {
      const made = Array.from({ length: count }, () => createMemfd('hostile', 4096));
      this.#taken.push(...made);
      return made;
    };
    switch (how) {
      case 'longer':
        return reply(Uint8Array.from([...payload, ...payload, 1, 2, 3]));
      case 'shorter':
        return reply(payload.subarray(0, payload.length >>> 1));
      case 'empty':
        return reply(new Uint8Array(0));
      case 'huge':
        setHeaderSize(whole, 0, 0xffffffff);
        return this.#send(whole, fds);
      case 'code':
        setHeaderRequest(whole, 0, this.#dice.value());
        return this.#send(whole, fds);
      case 'version':
        setHeaderFlags(whole, 0, this.#dice.value());
        return this.#send(whole, fds);
      case 'request':
        setHeaderFlags(whole, 0, 1);
        return this.#send(whole, fds);
      case 'silent':
        return undefined;
      case 'twice':
        this.#send(whole, fds);
        return this.#send(whole, fds);
      case 'endless':
        this.#endless = true;
        return this.#send(whole, fds);
      case 'one-fd':
        return reply(payload, extra(1));
      case 'many-fds':
        return reply(payload, extra(MAX_FDS + 4));
      case 'no-fd':
        return reply(payload, []);
      case 'wrong-fd': {
        const fd = openSync('/dev/null', 'r+');
        this.#taken.push(fd);
        return reply(payload, [fd]);
      }
      case 'unsealed':
      case 'short-memfd': {
        const sealed = how === 'short-memfd';
        const fd = createMemfd('hostile-state', sealed ? 4096 : description.stateSize, sealed);
        this.#taken.push(fd);
        return reply(payload, [fd]);
      }
      case 'bytes': {
        const changed = payload.slice();
        for (let n = 0; n < 4; n++) changed[this.#dice.below(changed.length)] = this.#dice.below(256);
        return reply(changed);
      }
      case 'refused':
        return reply(encodeU64(BigInt(this.#dice.value())));
      case 'close-before':
        throw new GiveUp();
      default:
        this.#send(whole, fds);
        throw new GiveUp();
    }
  }

  /** As much as the socket takes, none of it asked for. */
  #babble(): void {
    const bytes = Uint8Array.from({ length: 4096 }, () => this.#dice.below(256));
    try {
      for (let n = 0; n < FLOOD; n++) this.#channel.send(bytes);
    } catch (error) {
      if (!(error instanceof SystemError) || error.code !== 'EAGAIN') throw error;
    }
  }

  #attackAll(): void {
    this.#turns++;
    if (this.#scenario.serves) this.#ring?.serve();
    for (const attack of this.#scenario.attacks)
      if (this.#ring?.attack(attack) !== true) this.#attack(attack);
  }

  #attack(attack: Attack): void {
    switch (attack) {
      case 'log-flood':
        return this.#flood(() => encodeMessage(BackendRequest.PCI_LOG, this.#noise(200)));
      case 'miss-flood':
        return this.#flood(() => encodeMessage(BackendRequest.IOTLB_MSG, this.#miss()));
      case 'unknown-flood':
        return this.#flood(() => encodeMessage(this.#dice.value(), this.#noise(100), { needReply: true }));
      case 'channel-garbage':
        return this.#flood(() => this.#noise(64));
      case 'channel-half':
        return this.#flood(() =>
          encodeMessage(BackendRequest.PCI_LOG, this.#noise(50)).subarray(0, HEADER_SIZE + 7),
        );
      case 'chatter':
        return this.#send(
          encodeMessage(this.#dice.value(), this.#noise(this.#dice.below(64)), { reply: true }),
        );
      case 'hang-up':
        if (this.#turns % HANG_UP_TURNS === HANG_UP_TURNS - 1) throw new GiveUp();
        return;
      case 'half-reply':
        this.#send(encodeMessage(Request.PCI_CONTROL, encodeU64(0n), { reply: true }).subarray(0, 7));
        return;
      default:
    }
  }

  #flood(make: () => Uint8Array): void {
    try {
      for (let n = 0; n < FLOOD; n++) this.#requests?.send(make());
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (error.code !== 'EAGAIN') this.#requests = undefined;
    }
  }

  #noise(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.#dice.below(256));
  }

  #miss(): Uint8Array {
    const m = new Uint8Array(IOTLB_SIZE);
    setIotlbIova(m, 0, this.#dice.value() * 4096);
    setIotlbPerm(m, 0, this.#dice.below(5));
    setIotlbType(m, 0, this.#dice.oneIn(4) ? this.#dice.below(256) : IotlbType.MISS);
    return m;
  }
}

function main(path: string, scenario: Scenario): void {
  // Whoever listened there was killed.
  if (existsSync(path)) unlinkSync(path);
  const listener = listenUnix(path);
  writeSync(1, 'listening\n');
  const poll = new PollSet(2);
  let session: Session | undefined;
  for (let connections = 0; ; ) {
    poll.clear();
    poll.add(session?.fd ?? listener);
    poll.wait(TURN_NS);
    if (session === undefined) {
      const fd = acceptUnix(listener);
      if (fd !== undefined) session = new Session(fd, scenario, connections++);
    }
    if (session?.turn() !== false) continue;
    session.close();
    session = undefined;
  }
}

main(process.argv[2]!, JSON.parse(process.argv[3]!) as Scenario);
