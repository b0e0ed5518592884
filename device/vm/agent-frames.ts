// SPDX-License-Identifier: MIT

/*
 * Frames between the host and the guest's process 1 over a serial line; guest/init.c is the other end and
 * lists the types. u8 type, u8 job, u16 length (little endian), then the payload.
 */

/** A frame from the guest; `unknown` keeps what a newer guest might say. */
export type GuestFrame =
  | { type: 'hello'; kernelRelease: string }
  | { type: 'module-failed'; text: string }
  | { type: 'stdout' | 'stderr'; job: number; data: Buffer }
  | { type: 'exit'; job: number; status: number }
  | { type: 'unknown'; code: number; job: number; data: Buffer };

export const JOBS = 8;
/** Longer commands belong into a file: the guest's serial driver drops what it cannot buffer. */
export const MAX_COMMAND_BYTES = 16384;
const HEADER_BYTES = 4;

/** The frame of a type, for a job, with a payload of at most 65535 bytes. */
export function encodeFrame(type: 'R' | 'K' | 'P', job: number, payload = ''): Buffer {
  const body = Buffer.from(payload);
  const frame = Buffer.alloc(HEADER_BYTES + body.length);
  frame.write(type, 0, 'latin1');
  frame[1] = job;
  frame.writeUInt16LE(body.length, 2);
  body.copy(frame, HEADER_BYTES);
  return frame;
}

/** Puts frames together from pieces of the byte stream. */
export class FrameReader {
  #pending: Buffer = Buffer.alloc(0);

  /** All frames that are complete with this piece. */
  push(piece: Buffer): GuestFrame[] {
    this.#pending = this.#pending.length === 0 ? piece : Buffer.concat([this.#pending, piece]);
    const frames: GuestFrame[] = [];
    while (this.#pending.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + this.#pending.readUInt16LE(2);
      if (this.#pending.length < end) break;
      frames.push(decode(this.#pending[0], this.#pending[1], this.#pending.subarray(HEADER_BYTES, end)));
      this.#pending = this.#pending.subarray(end);
    }
    return frames;
  }
}

function decode(code: number, job: number, data: Buffer): GuestFrame {
  switch (String.fromCharCode(code)) {
    case 'H':
      return { type: 'hello', kernelRelease: data.toString() };
    case 'M':
      return { type: 'module-failed', text: data.toString() };
    case 'O':
      return { type: 'stdout', job, data };
    case 'E':
      return { type: 'stderr', job, data };
    case 'X':
      if (data.length === 4) return { type: 'exit', job, status: data.readUInt32LE(0) };
      break;
  }
  return { type: 'unknown', code, job, data };
}
