// SPDX-License-Identifier: MIT
// What happens to the adapter from outside, recorded once while a scenario runs undisturbed: stores of the guest to its
// memory, slots of the MMIO ring, register loads with the value that was seen, control events, and the points at which
// the guest waits until nothing moves any more, with everything that it can see then.
import type { ControlEvent, Dma } from '../../device/model/ports.js';

export type Item =
  | { readonly kind: 'memory'; readonly address: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'slot';
      readonly bar: number;
      readonly offset: number;
      readonly size: number;
      readonly lo: number;
      readonly hi: number;
    }
  | {
      readonly kind: 'load';
      readonly bar: number;
      readonly offset: number;
      readonly size: number;
      readonly value: number;
    }
  | { readonly kind: 'control'; readonly event: ControlEvent }
  /** Translations change; then the model is told. */
  | { readonly kind: 'hole'; readonly start: number; readonly length: number; readonly answer: Dma }
  | { readonly kind: 'time'; readonly nowNs: number }
  /** The adapter works until it is idle. */
  | {
      readonly kind: 'settle';
      readonly memory: Uint8Array;
      readonly interrupts: Seen;
      readonly level: boolean;
    };

export type Slot = Extract<Item, { kind: 'slot' }>;

/**
 * What the interrupt handler of each vector saw when it ran last since the checkpoint before: the bytes of all event
 * queues. An interrupt may come twice or for nothing, but its last run must not see less.
 */
export type Seen = ReadonlyMap<number, Uint8Array>;

/** Why an interrupt was lost, or undefined. */
export function lostInterrupt(expected: Seen, actual: Seen): string | undefined {
  for (const [vector, bytes] of expected) {
    const seen = actual.get(vector);
    if (seen === undefined) return `interrupt ${vector} is lost`;
    for (let n = 0; n < bytes.length; n++)
      if (bytes[n] !== 0 && bytes[n] !== seen[n]) return `the last interrupt ${vector} came before its event`;
  }
  return undefined;
}
