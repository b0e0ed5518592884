// SPDX-License-Identifier: MIT
// A link round another link: it records what is sent and does to chosen frames what a bad wire does.
import type { FrameReceiver, Link, LinkCounters } from '../../device/fabric/link.js';

export type FrameFate =
  | { readonly kind: 'pass' | 'drop' | 'duplicate' }
  | { readonly kind: 'flip'; readonly bit: number }
  | { readonly kind: 'cut'; readonly length: number };

const PASS: FrameFate = { kind: 'pass' };

export class FaultyLink implements Link {
  /** Every frame as it was handed to transmit(), before anything happened to it. */
  readonly sent: Uint8Array[] = [];
  readonly verbatim: boolean = false;
  /** Decides about frame `index` (from 0). */
  fate: (index: number, frame: Uint8Array) => FrameFate = () => PASS;
  readonly #inner: Link;

  constructor(inner: Link) {
    this.#inner = inner;
  }

  get mtuBytes(): number {
    return this.#inner.mtuBytes;
  }

  get counters(): Readonly<LinkCounters> {
    return this.#inner.counters;
  }

  get receiver(): FrameReceiver | undefined {
    return this.#inner.receiver;
  }

  set receiver(receiver: FrameReceiver | undefined) {
    this.#inner.receiver = receiver;
  }

  get readyAtNs(): number {
    return this.#inner.readyAtNs;
  }

  mayTransmit(nowNs: number): boolean {
    return this.#inner.mayTransmit(nowNs);
  }

  beginStep(): void {
    this.#inner.beginStep();
  }

  rollback(): void {
    this.#inner.rollback();
  }

  transmit(frame: Uint8Array, length: number): void {
    const copy = frame.slice(0, length);
    this.sent.push(copy);
    const fate = this.fate(this.sent.length - 1, copy);
    if (fate.kind === 'drop') return;
    if (fate.kind === 'duplicate') this.#inner.transmit(frame, length);
    if (fate.kind === 'flip') {
      const bad = copy.slice();
      bad[fate.bit >> 3] ^= 1 << (fate.bit & 7);
      this.#inner.transmit(bad, length);
    } else {
      this.#inner.transmit(frame, fate.kind === 'cut' ? Math.min(fate.length, length) : length);
    }
  }
}
