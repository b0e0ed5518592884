// SPDX-License-Identifier: MIT
// The wire as the adapter sees it. A sender asks mayTransmit() before it begins a packet of a message; a response to a
// packet that has just arrived goes out without asking, as on a full-duplex link, but takes its time on the wire too.
//
// The loopback link joins the adapter to itself: transmit() hands the frame to the receiver before it returns, so that
// delivery is part of the sender's step. Its rate and its hold let a test keep the world still.
import type { Clock } from '../model/ports.js';

/** Takes a frame in frame[0 … length). The bytes belong to the sender: they may be read until the call returns, never changed. */
export type FrameReceiver = (frame: Uint8Array, length: number) => void;

/** Sees each frame that enters the link, before it is delivered. */
export interface FrameTap {
  record(frame: Uint8Array, length: number): void;
}

export interface LinkCounters {
  transmittedFrames: number;
  transmittedBytes: number;
  receivedFrames: number;
  receivedBytes: number;
}

export interface Link {
  /** Largest payload of an IPv4 packet, in bytes; it bounds the path MTU of a connection. */
  readonly mtuBytes: number;
  readonly counters: Readonly<LinkCounters>;
  /** Who gets what arrives. Nothing arrives before it is set. */
  receiver: FrameReceiver | undefined;
  /**
   * transmit() gives the receiver the very bytes of the sender, before it returns: nothing can have happened to them on
   * the way, and the receiver need not compute the ICRC again. A link that copies, stores, loses or changes frames does
   * not vouch for them.
   */
  readonly verbatim: boolean;
  /** Whether a packet may begin at this time. */
  mayTransmit(nowNs: number): boolean;
  /** Time on the clock from which mayTransmit() is true if nothing is sent meanwhile; Infinity while only an outside event can tell. */
  readonly readyAtNs: number;
  /** A step of the sender begins; when it is rolled back, what it has sent has taken no time on the wire. */
  beginStep(): void;
  rollback(): void;
  /** Sends frame[0 … length). Never refuses: the time of a frame that did not ask is added to the wire's. */
  transmit(frame: Uint8Array, length: number): void;
}

/** What Ethernet adds to a frame on the wire: preamble and start delimiter 8, frame check 4, gap 12 (IEEE 802.3, clause 4.4.2). */
export const WIRE_OVERHEAD_BYTES = 24;

/** A delivery may answer, and the answer may be answered; a longer chain is a loop in the receiver. */
const MAX_NESTED_DELIVERIES = 4;

export function emptyCounters(): LinkCounters {
  return { transmittedFrames: 0, transmittedBytes: 0, receivedFrames: 0, receivedBytes: 0 };
}

/** A link from a port to itself, in this process. */
export class LoopbackLink implements Link {
  readonly mtuBytes: number;
  readonly verbatim = true;
  readonly counters = emptyCounters();
  receiver: FrameReceiver | undefined;
  tap: FrameTap | undefined;
  /** While true, no packet may begin; release it and poll the sender again. */
  held = false;

  readonly #clock: Clock;
  #rateMbps = 0;
  #freeAtNs = 0;
  #freeBeforeStepNs = 0;
  #depth = 0;

  constructor(clock: Clock, mtuBytes: number) {
    this.#clock = clock;
    this.mtuBytes = mtuBytes;
  }

  /** Megabits per second; 0 is as fast as the machine. A new rate counts from the next frame on. */
  get rateMbps(): number {
    return this.#rateMbps;
  }

  set rateMbps(rate: number) {
    if (!(rate >= 0 && rate < Infinity)) throw new RangeError(`link rate ${rate} Mbit/s`);
    this.#rateMbps = rate;
    if (rate === 0) this.#freeAtNs = 0;
  }

  get readyAtNs(): number {
    return this.held ? Infinity : this.#freeAtNs;
  }

  mayTransmit(nowNs: number): boolean {
    return !this.held && nowNs >= this.#freeAtNs;
  }

  beginStep(): void {
    this.#freeBeforeStepNs = this.#freeAtNs;
  }

  rollback(): void {
    this.#freeAtNs = this.#freeBeforeStepNs;
  }

  transmit(frame: Uint8Array, length: number): void {
    if (this.#rateMbps !== 0) this.#occupy(length);
    this.counters.transmittedFrames++;
    this.counters.transmittedBytes += length;
    this.tap?.record(frame, length);
    const receiver = this.receiver;
    if (receiver === undefined) return;
    if (this.#depth === MAX_NESTED_DELIVERIES) throw new Error('frames answer each other without end');
    this.counters.receivedFrames++;
    this.counters.receivedBytes += length;
    this.#depth++;
    try {
      receiver(frame, length);
    } finally {
      this.#depth--;
    }
  }

  #occupy(length: number): void {
    const startNs = Math.max(this.#clock.nowNs(), this.#freeAtNs);
    this.#freeAtNs = startNs + ((length + WIRE_OVERHEAD_BYTES) * 8 * 1000) / this.#rateMbps;
  }
}
