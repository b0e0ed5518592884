// SPDX-License-Identifier: MIT
// Work queues: rings in memory with indices that run on modulo 65,536.
import type { Descriptor } from './descriptor.js';
import type { Ring } from './objects.js';

const INDICES = 65536;
/** What is further ahead than this is behind. */
export const HALF = INDICES / 2;

/** How far index `a` is ahead of `b`. */
export const ahead = (a: number, b: number): number => (((a - b) % INDICES) + INDICES) % INDICES;
export const next = (index: number): number => (index + 1) % INDICES;
export const pending = (ring: Ring): number => ahead(ring.producer, ring.consumer);
/** What stands in memory at the place of `index`. */
export const entry = (ring: Ring, index: number): Descriptor => ring.entries[index % ring.depth];
