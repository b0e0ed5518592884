// SPDX-License-Identifier: MIT
// One vhost-user connection, seen from the back-end: reads messages, checks them against their rows, hands them to
// their handlers and sends replies. It never blocks. Whatever the peer does wrong ends this session, with a reason,
// and nothing but this session.
import { MAX_FDS, PROTOCOL_F_REPLY_ACK } from '../abi/generated/messages.js';
import { PeerFault, SystemError } from '../sys/errors.js';
import { closeFd } from '../sys/fd.js';
import { FdChannel } from '../sys/unix-socket.js';
import { encodeMessage, encodeU64, type Header, type Message, ProtocolError } from './message.js';
import { MessageReader } from './message-reader.js';
import {
  type Outcome,
  type Phase,
  Refused,
  type Request,
  type RequestTable,
  violation,
} from './request-table.js';

const MAX_TELL_BYTES = 256;

/** What a session tells its owner, besides the log: a request that was refused (the session goes on). */
export type OnRefused = (request: string, reason: string) => void;

export class VhostSession {
  readonly fd: number;
  /** Protocol features that the front-end has acknowledged. */
  protocolFeatures = 0n;
  #phase: Phase = 'new';
  #ended: string | undefined;
  readonly #channel: FdChannel;
  readonly #reader: MessageReader;
  readonly #requests: RequestTable;
  readonly #onRefused: OnRefused;
  #backendChannel: FdChannel | undefined;

  /** Takes over the connected socket `fd`. */
  constructor(fd: number, requests: (session: VhostSession) => RequestTable, onRefused: OnRefused) {
    this.fd = fd;
    this.#channel = new FdChannel(fd, MAX_FDS);
    this.#reader = new MessageReader(this.#channel, (header, fds) => this.#admit(header, fds));
    this.#requests = requests(this);
    this.#onRefused = onRefused;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Why the session ended; undefined while it goes on. '' when the front-end hung up between two messages. */
  get ended(): string | undefined {
    return this.#ended;
  }

  /** Handles what has arrived, at most `budget` messages. Never throws for what the peer did. */
  service(budget: number): void {
    for (let i = 0; i < budget && this.#ended === undefined; i++) {
      if (!this.guard(() => this.#step())) return;
    }
  }

  /** Runs something that the peer's doing may break; ends the session then. False when it did or had nothing to do. */
  guard(step: () => boolean): boolean {
    try {
      return step();
    } catch (error) {
      if (!(error instanceof PeerFault) && !(error instanceof SystemError)) throw error;
      this.end(error.message);
      return false;
    }
  }

  /** Ends the session for a reason of the owner's. */
  end(reason: string): void {
    this.#ended ??= reason;
  }

  close(): void {
    this.end('closed');
    this.#reader.close();
    closeFd(this.fd);
    this.#backendChannel?.close();
    this.#backendChannel = undefined;
  }

  /** Takes over the back-end request channel. */
  setBackendChannel(fd: number): void {
    this.#backendChannel?.close();
    this.#backendChannel = new FdChannel(fd, 0);
  }

  /**
   * Sends a request of `code` on the back-end channel, without asking for a reply. False when it could not be sent: the
   * channel is not there, or full. Payloads are short, and the kernel takes a short message whole or not at all.
   */
  request(code: number, payload: Uint8Array): boolean {
    if (this.#backendChannel === undefined) return false;
    try {
      this.#backendChannel.send(encodeMessage(code, payload));
      return true;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      if (error.code === 'EAGAIN') return false;
      this.#backendChannel.close();
      this.#backendChannel = undefined;
      return false;
    }
  }

  /** The same with text; it is lost if the channel is not there or full. */
  tell(code: number, text: string): void {
    this.request(code, new TextEncoder().encode(text).subarray(0, MAX_TELL_BYTES));
  }

  #admit(header: Header, fdCount: number): void {
    const request = this.#requests.get(header.request);
    if (request === undefined) throw new ProtocolError(`unknown request ${header.request}`);
    if (header.reply) throw new ProtocolError(`${request.row.name}: a reply without a request`);
    const reason = violation(request.row, header.size, fdCount, this.#phase);
    if (reason !== undefined) throw new ProtocolError(`${request.row.name}: ${reason}`);
  }

  /** Handles one message; false when none is there. */
  #step(): boolean {
    const message = this.#reader.next();
    if (message === undefined) return false;
    if (message === 'end') {
      this.end('');
      return false;
    }
    try {
      this.#dispatch(message, this.#requests.get(message.header.request)!);
    } finally {
      message.dispose();
    }
    return true;
  }

  #dispatch(message: Message, request: Request): void {
    const { row } = request;
    const reason = row.malformed?.(message.payload, message.fdCount);
    if (reason !== undefined) throw new ProtocolError(`${row.name}: ${reason}`);
    let outcome: Outcome;
    try {
      outcome = request.handle(message) ?? {};
      if (row.next !== undefined) this.#phase = row.next;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      this.#onRefused(row.name, error.message);
      outcome = { ack: error.ack };
    }
    this.#answer(message.header, row.reply, outcome);
  }

  #answer(header: Header, kind: 'own' | 'ack', outcome: Outcome): void {
    if (kind === 'own') {
      this.#channel.send(encodeMessage(header.request, outcome.payload!, { reply: true }), outcome.fds ?? []);
      return;
    }
    const replyAck = (this.protocolFeatures >> BigInt(PROTOCOL_F_REPLY_ACK)) & 1n;
    if (!header.needReply || replyAck === 0n) return;
    this.#channel.send(encodeMessage(header.request, encodeU64(outcome.ack ?? 0n), { reply: true }));
  }
}
