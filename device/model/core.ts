// SPDX-License-Identifier: MIT
// What the parts of the adapter share: the region behind its journal, the outbox, guest memory, the scheduler's view of
// queues. Built anew on every attach; nothing in it outlives the region.
import { FaultObject } from '../abi/generated/registers.js';
import { stAsleep, stBusMaster, stRunning } from '../abi/generated/state.js';
import type { Diary } from './diary.js';
import { Faults, faultInfo } from './faults.js';
import { Interrupts } from './interrupts.js';
import type { Journal } from './journal.js';
import { Landing } from './landing.js';
import { Moderation } from './moderation.js';
import { Outbox } from './outbox.js';
import type { StepFrames } from './packet-capture.js';
import { Dma, type GuestMemory, type Host } from './ports.js';
import { Queues } from './queues.js';
import { type CqRow, NONE } from './rows.js';

export class Core {
  readonly journal: Journal;
  readonly m: Uint32Array;
  readonly host: Host;
  readonly memory: GuestMemory;
  readonly faults: Faults;
  readonly interrupts: Interrupts;
  readonly outbox: Outbox;
  readonly queues: Queues;
  readonly moderation: Moderation;
  readonly landing = new Landing();
  /** What was refused, and why; for people who ask. */
  readonly diary: Diary;
  /** Completion queue that the last doorbell armed, until recheckCq has looked at it. */
  justArmed: CqRow = NONE as CqRow;
  /** An event queue that events waited for has room again. */
  hasRoom = false;
  /** Packets of the step under way, while somebody captures. */
  frames: StepFrames | undefined;
  /** The function may do DMA: between RUN and STOP, in D0, with Bus Master Enable. A cache: see look(). */
  mayDma = false;
  /** True when something has come that may be more urgent than the slice after this one. */
  mustYield: () => boolean = () => true;

  constructor(journal: Journal, host: Host, diary: Diary, fresh: boolean) {
    this.journal = journal;
    this.m = journal.u32;
    this.host = host;
    this.memory = host.memory;
    this.diary = diary;
    this.faults = new Faults(journal, host.memory);
    this.interrupts = new Interrupts(journal, host, fresh);
    this.outbox = new Outbox(journal, host, this.faults, this.interrupts);
    this.queues = new Queues(journal.u32);
    this.moderation = new Moderation(journal.u32, host.clock);
    this.look();
  }

  /** Takes over what the region says now of RUN, power and Bus Master Enable. */
  look(): void {
    const { m } = this;
    this.mayDma = stRunning(m, 0) === 1 && stBusMaster(m, 0) === 1 && stAsleep(m, 0) === 0;
  }

  /**
   * An access to guest memory did not go through: `dma` is FAULT, which becomes part of the step, or NOT_YET, which is
   * remembered for who asks. `object` is what the access was about, `number` its queue. Answers `dma`.
   */
  dmaFailed(
    dma: Dma,
    object: number,
    number: number,
    index: number,
    address: number,
    length: number,
    write: boolean,
  ): Dma {
    if (dma === Dma.NOT_YET) {
      this.diary.waitsFor(object, number, address);
      return dma;
    }
    this.faults.note(faultInfo(object, number, write), index, address, length, write);
    this.faults.record();
    if (object <= FaultObject.SCATTER || object >= FaultObject.SRQ) this.faults.stopsQp();
    return dma;
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
  /** Memory took back what it had said: it is tried again at once. */
  AGAIN: 3,
} as const;
export type Step = (typeof Step)[keyof typeof Step];
