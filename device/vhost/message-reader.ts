// SPDX-License-Identifier: MIT
// Puts messages together from a non-blocking stream that may be cut anywhere. Never reads past the message at hand, so
// that descriptors can be told apart by message; never trusts a length before it was checked.
import { HEADER_SIZE, MAX_FDS, MAX_PAYLOAD } from '../abi/generated/messages.js';
import { closeAll } from '../sys/fd.js';
import type { FdChannel } from '../sys/unix-socket.js';
import { decodeHeader, type Header, Message, ProtocolError } from './message.js';

/** Refuses a message by its header and number of descriptors, before its payload is waited for. Throws ProtocolError. */
export type Admit = (header: Header, fdCount: number) => void;

export class MessageReader {
  readonly #channel: FdChannel;
  readonly #admit: Admit;
  readonly #buffer = new Uint8Array(HEADER_SIZE + MAX_PAYLOAD);
  #have = 0;
  #fds: number[] = [];
  #header: Header | undefined;

  constructor(channel: FdChannel, admit: Admit) {
    this.#channel = channel;
    this.#admit = admit;
  }

  /**
   * The next message; undefined when it is not all there yet, 'end' when the peer has closed between two messages.
   * Throws ProtocolError; a stream that ends inside a message is one.
   */
  next(): Message | 'end' | undefined {
    for (;;) {
      const wanted = HEADER_SIZE + (this.#header?.size ?? 0);
      if (this.#header !== undefined && this.#have === wanted) return this.#finish(this.#header);
      const got = this.#receive(wanted - this.#have);
      if (got === undefined) return undefined;
      if (got === 0) {
        if (this.#have === 0) return 'end';
        throw new ProtocolError(`the connection was closed after ${this.#have} bytes of a message`);
      }
      if (this.#header === undefined && this.#have === HEADER_SIZE) {
        this.#header = decodeHeader(this.#buffer);
        this.#admit(this.#header, this.#fds.length);
      }
    }
  }

  /** Closes the descriptors of a message that never became whole. */
  close(): void {
    closeAll(this.#fds);
    this.#fds = [];
  }

  #receive(length: number): number | undefined {
    const received = this.#channel.receive(this.#buffer, this.#have, length);
    const first = this.#have === 0;
    this.#fds.push(...received.fds);
    if (received.truncated) throw new ProtocolError(`more than ${MAX_FDS} file descriptors with a message`);
    if (!first && received.fds.length > 0)
      throw new ProtocolError('file descriptors in the middle of a message');
    this.#have += received.length ?? 0;
    return received.length;
  }

  #finish(header: Header): Message {
    const payload = this.#buffer.slice(HEADER_SIZE, HEADER_SIZE + header.size);
    const message = new Message(header, payload, this.#fds);
    this.#have = 0;
    this.#fds = [];
    this.#header = undefined;
    return message;
  }
}
