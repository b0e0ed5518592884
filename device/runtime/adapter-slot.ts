// SPDX-License-Identifier: MIT
// The adapters of a process. Each slot has a model, a function and a trace of its own, and nothing that another one can
// reach; a connection gets the lowest free slot and gives it back when its session ends. What the guest can observe
// lives in the front-end's state region, so a connection may find itself in another slot after a restart.
import type { PciModel } from '../model/ports.js';
import type { VhostSession } from '../vhost/session.js';
import type { Log, PciFunction } from './pci-function.js';
import type { Trace } from './trace.js';

/** The parts of one adapter, made by who knows the model. */
export interface AdapterParts {
  readonly model: PciModel;
  readonly function: PciFunction;
  readonly trace: Trace;
  readonly log: Log;
}

export class AdapterSlot {
  readonly index: number;
  readonly model: PciModel;
  readonly function: PciFunction;
  readonly trace: Trace;
  readonly log: Log;
  session: VhostSession | undefined = undefined;
  /** Connections so far. */
  sessions = 0;
  /** The number of the last one among all connections of the process. */
  sessionNumber = 0;
  /** Why the last session ended; '' when the front-end hung up. */
  lastEnd: string | undefined = undefined;
  /** The last request that was refused in the session that goes on, or in the last one. */
  lastRefusal: string | undefined = undefined;

  constructor(index: number, parts: AdapterParts) {
    this.index = index;
    this.model = parts.model;
    this.function = parts.function;
    this.trace = parts.trace;
    this.log = parts.log;
  }

  status(): Record<string, unknown> {
    return {
      adapter: this.index,
      connected: this.session !== undefined,
      sessions: this.sessions,
      phase: this.session?.phase,
      ...(this.lastEnd === undefined ? {} : { lastEnd: this.lastEnd }),
      ...(this.lastRefusal === undefined ? {} : { lastRefusal: this.lastRefusal }),
      ...this.function.status(),
    };
  }
}

export class AdapterSlots {
  /** By index; a slot is made when it is needed first, and kept. */
  readonly all: AdapterSlot[] = [];
  /** Those with a session, in no order. */
  readonly active: AdapterSlot[] = [];
  readonly max: number;
  readonly #make: (index: number) => AdapterParts;

  /** Makes the first slot, so that a model that cannot be made is known at once. */
  constructor(max: number, make: (index: number) => AdapterParts) {
    this.max = max;
    this.#make = make;
    this.#add();
  }

  /** Makes the slots anew, with other options of the models; none may be connected. */
  remake(): void {
    if (this.active.length > 0) throw new RangeError('an adapter is connected');
    for (const slot of this.all.splice(0)) slot.model.close?.();
    this.#add();
  }

  get full(): boolean {
    return this.active.length >= this.max;
  }

  /** The lowest slot without a session. Throws RangeError when there is none. */
  take(): AdapterSlot {
    const free = this.all.find(slot => slot.session === undefined);
    if (free !== undefined) return free;
    if (this.full) throw new RangeError(`all ${this.max} adapters are connected`);
    return this.#add();
  }

  /** The slot that a request means: `adapter`, or else the only one that is connected, or else the first. Throws Error. */
  select(adapter: unknown): AdapterSlot {
    if (adapter === undefined) return this.active.length === 1 ? this.active[0]! : this.all[0]!;
    const slot = typeof adapter === 'number' ? this.all[adapter] : undefined;
    if (slot !== undefined) return slot;
    const last = this.all.length - 1;
    throw new RangeError(
      `"adapter" must be ${last === 0 ? '0: there is one' : `a whole number up to ${last}`}`,
    );
  }

  #add(): AdapterSlot {
    const index = this.all.length;
    const slot = new AdapterSlot(index, this.#make(index));
    this.all.push(slot);
    return slot;
  }
}
