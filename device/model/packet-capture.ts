// SPDX-License-Identifier: MIT
// The capture of the adapter's packets: a pcapng file that may be asked for before there is a link to tap or a clock to
// stamp with, and that outlives a reconnection.
import type { FrameTap, LoopbackLink } from '../fabric/link.js';
import { Capture, closeCaptureFile, createCaptureFile } from '../fabric/pcapng.js';
import type { Core } from './core.js';
import type { Host } from './ports.js';

/** The packets of the step under way. They are in the capture once the step is; one that is tried again sent nothing. */
export class StepFrames implements FrameTap {
  readonly #capture: Capture;
  #frames: Uint8Array[] = [];

  constructor(capture: Capture) {
    this.#capture = capture;
  }

  record(frame: Uint8Array, length: number): void {
    this.#frames.push(frame.slice(0, length));
  }

  /** The step is committed. */
  keep(): void {
    for (const frame of this.#frames) this.#capture.record(frame, frame.length);
    this.#frames = [];
  }

  /** The step is rolled back. */
  drop(): void {
    this.#frames = [];
  }
}

export class PacketCapture {
  readonly #nowMs: () => number;
  #host: Host | undefined;
  #core: Core | undefined;
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
  attach(core: Core, link: LoopbackLink): void {
    const { host } = core;
    this.#host = host;
    this.#core = core;
    this.#link = link;
    this.#tap();
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
    this.#tap();
  }

  stop(): void {
    this.#capture?.close();
    this.#capture = undefined;
    if (this.#waiting !== undefined) closeCaptureFile(this.#waiting);
    this.#waiting = undefined;
    this.#path = undefined;
    this.#tap();
  }

  #tap(): void {
    const frames = this.#capture === undefined ? undefined : new StepFrames(this.#capture);
    if (this.#link !== undefined) this.#link.tap = frames;
    if (this.#core !== undefined) this.#core.frames = frames;
  }
}
