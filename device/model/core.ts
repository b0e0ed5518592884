// SPDX-License-Identifier: MIT
// What the parts of the adapter share: the region behind its journal, the outbox, guest memory, the scheduler's view of
// queues. Built anew on every attach; nothing in it outlives the region.
import type { Journal } from './journal.js';
import { Outbox } from './outbox.js';
import type { GuestMemory, Host } from './ports.js';
import { Queues } from './queues.js';
import { type CqRow, NONE } from './rows.js';

export class Core {
  readonly journal: Journal;
  readonly m: Uint32Array;
  readonly host: Host;
  readonly memory: GuestMemory;
  readonly outbox: Outbox;
  readonly queues: Queues;
  /** Completion queue that the last doorbell armed, until recheckCq has looked at it. */
  justArmed: CqRow = NONE as CqRow;

  /** An event queue that events waited for has room again. */
  hasRoom = false;
  /** True when something has come that may be more urgent than the slice after this one. */
  mustYield: () => boolean = () => true;

  constructor(journal: Journal, host: Host) {
    this.journal = journal;
    this.m = journal.u32;
    this.host = host;
    this.memory = host.memory;
    this.outbox = new Outbox(journal, host);
    this.queues = new Queues(journal.u32);
  }
}

/** How a step ended. A step that waits is rolled back and tried again. */
export const Step = {
  /** It goes on to the commit. */
  DONE: 0,
  /** A translation is being fetched. */
  WAIT_MEMORY: 1,
  /** The peer has no receive posted. */
  WAIT_RECEIVE: 2,
} as const;
export type Step = (typeof Step)[keyof typeof Step];
