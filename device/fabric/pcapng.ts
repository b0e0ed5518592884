// SPDX-License-Identifier: MIT
// Captures frames to a pcapng file (IETF draft-ietf-opsawg-pcapng), which Wireshark and tshark read:
//
//   section header block, interface description block, then one enhanced packet block a frame; little endian.
//   block: type (4), total length (4), body, padded to 4, total length again (4)
//
// Writes are synchronous, from a buffer of fixed size: it runs inside the adapter's worker. A file that cannot be
// written (disk full) stops the capture with one log line and does the adapter no harm.
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Clock } from '../model/ports.js';
import type { FrameTap } from './link.js';

const SECTION_HEADER = 0x0a0d0d0a;
const INTERFACE_DESCRIPTION = 1;
const ENHANCED_PACKET = 6;
const BYTE_ORDER_MAGIC = 0x1a2b3c4d;
const LINKTYPE_ETHERNET = 1;
const OPTION_END = 0;
const OPTION_IF_NAME = 2;
const OPTION_USER_APPLICATION = 4;
const OPTION_IF_TIME_RESOLUTION = 9;
/** Ten to the minus ninth. */
const NANOSECONDS = 9;

const BUFFER_BYTES = 64 * 1024;
/** Bytes kept of a frame: all of it, unless it is longer than a jumbo frame. */
const SNAP_BYTES = 9216;
const PACKET_HEADER_BYTES = 28;
const WORD = 0x1_0000_0000;

const padded = (length: number): number => length + ((4 - (length % 4)) % 4);

export interface CaptureOptions {
  readonly clock: Clock;
  /** Wall-clock time (ms since 1970) at the clock's `nowNs` when the capture begins; packets carry it plus the time since. */
  readonly epochMs: number;
  readonly interfaceName: string;
  /** Told once when the file cannot be written and the capture has stopped. */
  log(level: 'error', message: string, fields: Record<string, unknown>): void;
}

/** A capture in progress. Owns the file descriptor until close() or the first write that fails. */
export class Capture implements FrameTap {
  frames = 0;

  readonly #bytes = new Uint8Array(BUFFER_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  readonly #options: CaptureOptions;
  readonly #beganNs: number;
  /** Wall-clock time of the beginning in ns, as two words: a Number does not hold it. */
  readonly #epochHigh: number;
  readonly #epochLow: number;
  #fd: number | undefined;
  #used = 0;

  constructor(fd: number, options: CaptureOptions) {
    this.#fd = fd;
    this.#options = options;
    this.#beganNs = options.clock.nowNs();
    const epochNs = BigInt(Math.round(options.epochMs)) * 1_000_000n;
    this.#epochHigh = Number(epochNs >> 32n);
    this.#epochLow = Number(epochNs & 0xffff_ffffn);
    this.#sectionHeader();
    this.#interfaceDescription(options.interfaceName);
  }

  /** False after close() and after a write error. */
  get active(): boolean {
    return this.#fd !== undefined;
  }

  record(frame: Uint8Array, length: number): void {
    if (this.#fd === undefined) return;
    const kept = Math.min(length, SNAP_BYTES);
    const total = PACKET_HEADER_BYTES + padded(kept) + 4;
    if (this.#used + total > BUFFER_BYTES) this.flush();
    const low = this.#epochLow + Math.max(0, this.#options.clock.nowNs() - this.#beganNs);
    const at = this.#used;
    this.#words(
      at,
      ENHANCED_PACKET,
      total,
      0,
      this.#epochHigh + Math.floor(low / WORD),
      low % WORD,
      kept,
      length,
    );
    this.#bytes.set(frame.subarray(0, kept), at + PACKET_HEADER_BYTES);
    this.#endBlock(at, PACKET_HEADER_BYTES + kept, total);
    this.frames++;
  }

  /** Hands everything recorded so far to the operating system. */
  flush(): void {
    const fd = this.#fd;
    if (fd === undefined) return;
    const length = this.#used;
    this.#used = 0;
    try {
      for (let done = 0; done < length; ) done += writeSync(fd, this.#bytes, done, length - done);
    } catch (error) {
      this.#fd = undefined;
      this.#options.log('error', 'capture stopped: its file cannot be written', {
        error: String(error),
        frames: this.frames,
      });
      closeQuietly(fd);
    }
  }

  close(): void {
    this.flush();
    if (this.#fd !== undefined) closeQuietly(this.#fd);
    this.#fd = undefined;
  }

  #sectionHeader(): void {
    const at = this.#used;
    // Version 1.0; the section's length is not known: all ones, 64 bits.
    this.#words(at, SECTION_HEADER, 0, BYTE_ORDER_MAGIC, 1, 0xffffffff, 0xffffffff);
    const end = this.#option(at + 24, OPTION_USER_APPLICATION, Buffer.from('pushbell'));
    this.#endOptions(at, end);
  }

  #interfaceDescription(name: string): void {
    const at = this.#used;
    this.#words(at, INTERFACE_DESCRIPTION, 0, LINKTYPE_ETHERNET, SNAP_BYTES);
    const end = this.#option(at + 16, OPTION_IF_NAME, Buffer.from(name.slice(0, 255)));
    this.#endOptions(at, this.#option(end, OPTION_IF_TIME_RESOLUTION, Uint8Array.of(NANOSECONDS)));
  }

  #words(at: number, ...words: number[]): void {
    for (let i = 0; i < words.length; i++) this.#view.setUint32(at + i * 4, words[i], true);
  }

  #option(at: number, code: number, value: Uint8Array): number {
    this.#view.setUint16(at, code, true);
    this.#view.setUint16(at + 2, value.length, true);
    this.#bytes.fill(0, at + 4 + value.length, at + 4 + padded(value.length));
    this.#bytes.set(value, at + 4);
    return at + 4 + padded(value.length);
  }

  /** Ends the option list at `end` and the block that began at `at`, whose length was not known before. */
  #endOptions(at: number, end: number): void {
    this.#words(end, OPTION_END);
    const total = end + 8 - at;
    this.#view.setUint32(at + 4, total, true);
    this.#endBlock(at, total - 4, total);
  }

  /** Zeroes what is between the body and the closing length, and closes the block. */
  #endBlock(at: number, written: number, total: number): void {
    this.#bytes.fill(0, at + written, at + total - 4);
    this.#view.setUint32(at + total - 4, total, true);
    this.#used = at + total;
  }
}

function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // The descriptor is gone either way, and what could not be written has been reported.
  }
}

/** Begins a capture in a new file, which only its owner may read: it holds what guests send. Throws when it cannot be made. */
export function openCapture(path: string, options: CaptureOptions): Capture {
  return new Capture(createCaptureFile(path), options);
}

/** Closes a file of createCaptureFile whose capture never began. */
export function closeCaptureFile(fd: number): void {
  closeSync(fd);
}

/** Makes the file of a capture that begins later; throws the system's error when it cannot be made. */
export function createCaptureFile(path: string): number {
  return openSync(path, 'w', 0o600);
}
