// SPDX-License-Identifier: MIT
// A vhost-user message: 12 bytes of header (request, flags, size), the payload, and file descriptors that travel with
// the first byte. Little endian. (QEMU, docs/interop/vhost-user.rst, "Message Specification".)
import {
  HEADER_SIZE,
  headerFlags,
  headerFlagsNeedReply,
  headerFlagsReply,
  headerFlagsVersion,
  headerRequest,
  headerSize,
  MAX_PAYLOAD,
  setHeaderFlags,
  setHeaderFlagsNeedReply,
  setHeaderFlagsReply,
  setHeaderFlagsVersion,
  setHeaderRequest,
  setHeaderSize,
  VHOST_USER_VERSION,
} from '../abi/generated/messages.js';
import { PeerFault } from '../sys/errors.js';
import { closeFd } from '../sys/fd.js';

/** The peer broke the protocol: the session ends, with this message as the reason. */
export class ProtocolError extends PeerFault {
  override readonly name = 'ProtocolError';
}

export interface Header {
  readonly request: number;
  readonly flags: number;
  readonly reply: boolean;
  readonly needReply: boolean;
  readonly size: number;
}

/** One received message. Descriptors that nobody took are closed by `dispose`. */
export class Message {
  readonly header: Header;
  readonly payload: Uint8Array;
  readonly #fds: (number | undefined)[];

  constructor(header: Header, payload: Uint8Array, fds: readonly number[]) {
    this.header = header;
    this.payload = payload;
    this.#fds = [...fds];
  }

  get fdCount(): number {
    return this.#fds.length;
  }

  /** Descriptor `index`, which belongs to the caller from now on. */
  takeFd(index: number): number {
    const fd = this.#fds[index];
    if (fd === undefined) throw new RangeError(`descriptor ${index} is not there or was taken`);
    this.#fds[index] = undefined;
    return fd;
  }

  dispose(): void {
    for (let i = 0; i < this.#fds.length; i++) {
      const fd = this.#fds[i];
      if (fd !== undefined) closeFd(fd);
      this.#fds[i] = undefined;
    }
  }
}

/** Decodes the header at `bytes[0]`. Throws ProtocolError for another version or a payload that is too long. */
export function decodeHeader(bytes: Uint8Array): Header {
  const version = headerFlagsVersion(bytes, 0);
  if (version !== VHOST_USER_VERSION)
    throw new ProtocolError(`protocol version ${version}, not ${VHOST_USER_VERSION}`);
  const size = headerSize(bytes, 0);
  if (size > MAX_PAYLOAD) throw new ProtocolError(`payload of ${size} bytes, more than ${MAX_PAYLOAD}`);
  return {
    request: headerRequest(bytes, 0),
    flags: headerFlags(bytes, 0),
    reply: headerFlagsReply(bytes, 0) === 1,
    needReply: headerFlagsNeedReply(bytes, 0) === 1,
    size,
  };
}

/** A whole message: header and payload in one array. */
export function encodeMessage(
  request: number,
  payload: Uint8Array,
  flags: { reply?: boolean; needReply?: boolean } = {},
): Uint8Array {
  const bytes = new Uint8Array(HEADER_SIZE + payload.length);
  setHeaderRequest(bytes, 0, request);
  setHeaderFlags(bytes, 0, 0);
  setHeaderFlagsVersion(bytes, 0, VHOST_USER_VERSION);
  setHeaderFlagsReply(bytes, 0, flags.reply ? 1 : 0);
  setHeaderFlagsNeedReply(bytes, 0, flags.needReply ? 1 : 0);
  setHeaderSize(bytes, 0, payload.length);
  bytes.set(payload, HEADER_SIZE);
  return bytes;
}

const dataView = (bytes: Uint8Array): DataView =>
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Payload of feature messages and acknowledgements. */
export function encodeU64(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  dataView(bytes).setBigUint64(0, value, true);
  return bytes;
}

export function decodeU64(bytes: Uint8Array, offset = 0): bigint {
  return dataView(bytes).getBigUint64(offset, true);
}
