// SPDX-License-Identifier: MIT
// The capture of the adapter's packets: a pcapng file that may be asked for before there is a link to tap or a clock to
// stamp with, and that outlives a reconnection.
import type { LoopbackLink } from '../fabric/link.js';
import { Capture, closeCaptureFile, createCaptureFile } from '../fabric/pcapng.js';
import type { Host } from './ports.js';

export class PacketCapture {
  readonly #nowMs: () => number;
  #host: Host | undefined;
  #link: LoopbackLink | undefined;
  #capture: Capture | undefined;
  #path: string | undefined;
  /** File of a capture that begins with the first connection. */
  #waiting: number | undefined;

  /** `nowMs` is the wall clock, in ms since 1970. Throws when the file of `path` cannot be made. */
  constructor(path: string | undefined, nowMs: () => number) {
    this.#nowMs = nowMs;
    if (path !== undefined) this.start(path);
  }

  /** File that is being written, or undefined. */
  get path(): string | undefined {
    return this.#path;
  }

  /** Taps a new link; the capture goes on in the same file. */
  attach(host: Host, link: LoopbackLink): void {
    this.#host = host;
    this.#link = link;
    link.tap = this.#capture;
    if (this.#waiting !== undefined) this.#begin(host, this.#waiting);
  }

  /** Writes every packet from now on to a pcapng file. Throws when the file cannot be made; what went on before goes on then. */
  start(path: string): void {
    const file = createCaptureFile(path);
    this.stop();
    this.#path = path;
    if (this.#host === undefined) this.#waiting = file;
    else this.#begin(this.#host, file);
  }

  #begin(host: Host, file: number): void {
    this.#waiting = undefined;
    const log = (level: 'error', message: string, fields: Record<string, unknown>) =>
      host.log(level, message, fields);
    this.#capture = new Capture(file, {
      clock: host.clock,
      epochMs: this.#nowMs(),
      interfaceName: 'pushbell0',
      log,
    });
    if (this.#link !== undefined) this.#link.tap = this.#capture;
  }

  stop(): void {
    this.#capture?.close();
    this.#capture = undefined;
    if (this.#waiting !== undefined) closeCaptureFile(this.#waiting);
    this.#waiting = undefined;
    this.#path = undefined;
    if (this.#link !== undefined) this.#link.tap = undefined;
  }
}
