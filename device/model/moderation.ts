// SPDX-License-Identifier: MIT
// Moderation of completion queues (MODIFY_CQ): an armed queue tells after a number of completions that count, or a while
// after the first of them. The number is a word of the region; the time is kept here alone, so that a successor starts
// each period anew. What is due is marked in the region before it is told, as every event that may have to wait.
import {
  Armed,
  CQ_TABLE,
  CQ_WORDS,
  cqArmed,
  cqGathered,
  cqModeration,
  cqModerationCount,
  cqModerationPeriodUs,
  cqUsed,
  setCqModerationCount,
  setCqModerationPeriodUs,
} from '../abi/generated/state.js';
import type { Clock } from './ports.js';
import { type CqRow, cqEnd } from './rows.js';

const NS_PER_US = 1000;

/** A row that is in no table: its word is put together here. */
const row = new Uint32Array(CQ_WORDS);

/** The word of the region that stands for count and period; 0: every completion is told at once. */
export function moderationOf(count: number, us: number): number {
  if (count <= 1) return 0;
  setCqModerationCount(row, 0, count);
  setCqModerationPeriodUs(row, 0, us);
  return cqModeration(row, 0);
}

/** In place of a number of completions: the event is due. No count is larger. */
export const DUE = 65535;

/** The queue is moderated and has gathered enough. */
export const isDue = (m: Uint32Array, cq: CqRow): boolean => cqGathered(m, cq) >= cqModerationCount(m, cq);

/** Completions have come since it was armed, and nobody was told. */
export function gathers(m: Uint32Array, cq: CqRow): boolean {
  const some = cqUsed(m, cq) === 1 && cqArmed(m, cq) !== Armed.NO && cqGathered(m, cq) > 0;
  return some && cqModeration(m, cq) !== 0 && !isDue(m, cq);
}

export class Moderation {
  readonly #m: Uint32Array;
  readonly #clock: Clock;
  /** Queues that have begun to gather since the last call of start(), if their steps were committed. */
  readonly #noted: CqRow[] = [];
  /** When the period of a queue ends. */
  readonly #ends = new Map<CqRow, number>();
  /** The earliest of those, or earlier: a queue that was armed anew is taken out without a search. */
  #nextNs = Infinity;

  constructor(m: Uint32Array, clock: Clock) {
    this.#m = m;
    this.#clock = clock;
  }

  /** A region was taken over, or reset: every period that runs begins anew. */
  rebuild(): void {
    this.#noted.length = 0;
    this.#ends.clear();
    this.#nextNs = Infinity;
    for (let n = 0; n < cqEnd(this.#m); n++) this.note((CQ_TABLE + n * CQ_WORDS) as CqRow);
    this.start();
  }

  /** The first completion has come; the step may still be rolled back. */
  note(cq: CqRow): void {
    if (gathers(this.#m, cq)) this.#noted.push(cq);
  }

  /** The queue was armed anew. */
  forget(cq: CqRow): void {
    this.#ends.delete(cq);
  }

  /** Starts the periods of what was noted. */
  start(): void {
    if (this.#noted.length === 0) return;
    const now = this.#clock.nowNs();
    for (const cq of this.#noted) {
      if (this.#ends.has(cq) || !gathers(this.#m, cq)) continue;
      const end = now + cqModerationPeriodUs(this.#m, cq) * NS_PER_US;
      this.#ends.set(cq, end);
      this.#nextNs = Math.min(this.#nextNs, end);
    }
    this.#noted.length = 0;
  }

  /** When a period may end next, or Infinity. */
  get wakeAtNs(): number {
    return this.#nextNs;
  }

  /** Calls `tell` with each queue whose period has ended. */
  expire(tell: (cq: CqRow) => void): void {
    if (this.#nextNs === Infinity) return;
    const now = this.#clock.nowNs();
    if (now < this.#nextNs) return;
    this.#nextNs = Infinity;
    for (const [cq, end] of this.#ends) {
      if (end > now) {
        this.#nextNs = Math.min(this.#nextNs, end);
        continue;
      }
      this.#ends.delete(cq);
      if (gathers(this.#m, cq)) tell(cq);
    }
  }
}
