// SPDX-License-Identifier: MIT
// Framing of the control socket: 4 bytes of length (little endian), then one msgpack value. Requests are maps with
// `op`; answers are {result} or {error}, in the order of the requests.
import { pack, unpack } from 'msgpackr';

export const MAX_FRAME_BYTES = 16 * 1024 * 1024;
const LENGTH_BYTES = 4;

export function encodeFrame(value: unknown): Uint8Array {
  const body = pack(value);
  const frame = new Uint8Array(LENGTH_BYTES + body.length);
  new DataView(frame.buffer).setUint32(0, body.length, true);
  frame.set(body, LENGTH_BYTES);
  return frame;
}

/** Puts frames together from a stream that may be cut anywhere. */
export class FrameDecoder {
  readonly #maxBytes: number;
  #have: Uint8Array = new Uint8Array(0);

  constructor(maxBytes = MAX_FRAME_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** The values that `chunk` completes. Throws Error for a frame that is too long or no msgpack. */
  push(chunk: Uint8Array): unknown[] {
    const joined = new Uint8Array(this.#have.length + chunk.length);
    joined.set(this.#have);
    joined.set(chunk, this.#have.length);
    const values: unknown[] = [];
    let at = 0;
    while (joined.length - at >= LENGTH_BYTES) {
      const length = new DataView(joined.buffer).getUint32(at, true);
      if (length > this.#maxBytes) throw new RangeError(`frame of ${length} bytes`);
      if (joined.length - at - LENGTH_BYTES < length) break;
      values.push(unpack(joined.subarray(at + LENGTH_BYTES, at + LENGTH_BYTES + length)));
      at += LENGTH_BYTES + length;
    }
    this.#have = joined.slice(at);
    return values;
  }
}
