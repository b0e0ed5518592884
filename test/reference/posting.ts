// SPDX-License-Identifier: MIT
// Entries of work queues: into memory for the adapter, into its ring for the reference.
import { type Damage, type Descriptor, encode } from './descriptor.js';
import { receiveOf } from './materialize.js';
import type { Ring } from './objects.js';
import type { Place } from './program.js';
import type { Reference } from './reference.js';
import { ahead, next } from './rings.js';
import type { Stage } from './stage.js';

/** Numbers that tell descriptors apart. */
export class Ids {
  #last = 0;

  next(): number {
    return ++this.#last;
  }
}

/** What the reference does with an entry that software has written; `ring` is its own ring. */
export type Written = (r: Reference, ring: Ring) => void;

/** Puts a descriptor into a ring. Undefined when the ring is full, or not there. */
export function writeEntry(
  stage: Stage,
  ring: Ring | undefined,
  address: number,
  d: Descriptor,
): Written | undefined {
  if (ring === undefined || ahead(ring.written, ring.consumer) >= ring.depth) return undefined;
  const bytes = new Uint8Array(ring.stride);
  bytes.set(encode(d).subarray(0, ring.stride));
  const place = ring.written % ring.depth;
  const at = address + place * ring.stride;
  stage.target.writeBytes(at, bytes);
  ring.written = next(ring.written);
  return (r, own) => {
    r.memory.bytes.set(bytes, at);
    own.entries[place] = d;
  };
}

export function writeReceive(
  stage: Stage,
  ring: Ring,
  address: number,
  plan: { readonly to: readonly Place[]; readonly damage?: Damage },
  wrId: number,
): Written | undefined {
  const d = { ...receiveOf(stage, plan.to, plan.damage), index: ring.written, wrId };
  return writeEntry(stage, ring, address, d);
}
