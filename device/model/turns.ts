// SPDX-License-Identifier: MIT
// Whose turn it is among rung queues. Each class has a cursor and goes round its own queues, and a number of rounds: the
// class whose next queue is due in the earliest round goes first, in a round the smallest queue number. So every queue gets
// one slice a round, whatever its descriptors look like, and a class that the wire or a hold has stopped neither
// loses its place nor piles up turns: it comes back in the round that the others have reached. With one cursor for all
// classes, a queue of the engine that runs between two packets would set the link back to the same queue each time. A class
// may have a slice of the round to come beforehand, for its eighth (scheduler.ts); that is no reason for others to skip theirs.
import { ST_CURSORS_OFFSET, ST_ROUND_OFFSET, ST_ROUNDS_OFFSET } from '../abi/generated/state.js';
import type { Core } from './core.js';
import { isAfter } from './powers.js';
import { CLASSES, QueueClass } from './queues.js';
import { NONE, type QpRow, rowOfQp } from './rows.js';

const CURSORS = ST_CURSORS_OFFSET / 4;
const ROUNDS = ST_ROUNDS_OFFSET / 4;
const ROUND = ST_ROUND_OFFSET / 4;

export class Turns {
  readonly #core: Core;
  /** What next() has found: class, queue number and round; whether more than one class was to choose from. */
  #class: QueueClass = QueueClass.LINK;
  #number = 0;
  #round = 0;
  #contested = false;

  constructor(core: Core) {
    this.#core = core;
  }

  /** The rung queue whose turn it is among the classes that `open` allows, or NONE. take() records that it has had it. */
  next(open: readonly boolean[]): QpRow {
    const { m, queues } = this.#core;
    let found = false;
    this.#contested = false;
    for (const c of CLASSES) {
      if (!open[c]) continue;
      const cursor = m[CURSORS + c];
      const n = queues.rungAfter(c, cursor);
      if (n < 0) continue;
      const round = this.#due(n > cursor ? m[ROUNDS + c] : m[ROUNDS + c] + 1);
      this.#contested = found;
      if (found && !this.#isBefore(round, n)) continue;
      found = true;
      this.#class = c;
      this.#number = n;
      this.#round = round;
    }
    return found ? rowOfQp(this.#number) : (NONE as QpRow);
  }

  /** Class of the queue that next() has found. */
  get found(): QueueClass {
    return this.#class;
  }

  /** The queue that next() has found runs: part of the step. Its class. Rounds are there to compare classes with each other. */
  take(): QueueClass {
    this.#put(CURSORS + this.#class, this.#number);
    if (this.#contested) {
      this.#put(ROUNDS + this.#class, this.#round);
      this.#put(ROUND, this.#round);
    }
    return this.#class;
  }

  /** The queue that next() has found among one class runs ahead of its turn, by a round at most. */
  takeAhead(): void {
    const { m } = this.#core;
    this.#put(CURSORS + this.#class, this.#number);
    this.#put(ROUNDS + this.#class, isAfter(this.#round, m[ROUND]) ? m[ROUND] + 1 : this.#round);
  }

  #put(word: number, value: number): void {
    const { m, journal } = this.#core;
    if (m[word] !== value >>> 0) journal.put(word, value >>> 0);
  }

  /** `round`, or the round that turns have reached already. */
  #due(round: number): number {
    const reached = this.#core.m[ROUND];
    return isAfter(reached, round >>> 0) ? reached : round >>> 0;
  }

  /** Before what was found so far. */
  #isBefore(round: number, n: number): boolean {
    return round === this.#round ? n < this.#number : isAfter(this.#round, round);
  }
}
