// SPDX-License-Identifier: MIT
// Interrupts: what a step asks for is owed (IRQ_PENDING) and given after the commit. With MSI-X on each vector is a
// message, and given twice it does no harm. With MSI-X off the vectors go to register INTERRUPT_CAUSE, in a step of its
// own, and the level of INTx follows from the region alone: asserted while a cause is set, in D0. It is told after the
// commit and again by a successor, so it is never lost.
import {
  putStInterruptCause,
  putStMsixEnabled,
  ST_IRQ_PENDING_OFFSET,
  ST_OUTBOX_COUNT_OFFSET,
  stAsleep,
  stInterruptCause,
  stMsixEnabled,
  stRunning,
} from '../abi/generated/state.js';
import type { Journal } from './journal.js';
import type { Host } from './ports.js';
import { union } from './powers.js';

const IRQ = ST_IRQ_PENDING_OFFSET / 4;
const OUTBOX_COUNT = ST_OUTBOX_COUNT_OFFSET / 4;

/** Bit of each MSI-X vector in the word of pending interrupts. */
export const VECTOR_BITS: readonly number[] = Array.from({ length: 32 }, (_, v) => 2 ** v);

/** The vectors whose bits are set. */
export const vectorsOf = (word: number): number[] =>
  VECTOR_BITS.flatMap((bit, vector) => ((word & bit) !== 0 ? [vector] : []));

export class Interrupts {
  readonly #journal: Journal;
  readonly #host: Host;
  /** Level that the front-end was told last; undefined when a predecessor told it. */
  #level: boolean | undefined;

  constructor(journal: Journal, host: Host, fresh: boolean) {
    this.#journal = journal;
    this.#host = host;
    this.#level = fresh ? false : undefined;
  }

  get owed(): boolean {
    return this.#journal.u32[IRQ] !== 0;
  }

  /** Part of the caller's step. */
  request(vectorBit: number): void {
    this.#journal.put(IRQ, union(this.#journal.u32[IRQ], vectorBit));
  }

  /** Gives what is owed. The caller sees to it that the function may interrupt and that nothing owed comes before. */
  raise(): void {
    const m = this.#journal.u32;
    if (stMsixEnabled(m, 0) === 0) return this.#latch();
    const pending = m[IRQ];
    for (let vector = 0; vector < 32; vector++) {
      if (pending & VECTOR_BITS[vector]) this.#host.raiseInterrupt(vector);
    }
    this.#journal.single(IRQ, 0);
  }

  /** INTx needs no Bus Master Enable; but what was written before it does. */
  raiseLine(): void {
    const m = this.#journal.u32;
    const may = stRunning(m, 0) === 1 && stAsleep(m, 0) === 0 && stMsixEnabled(m, 0) === 0;
    if (may && this.owed && m[OUTBOX_COUNT] === 0) this.#latch();
  }

  #latch(): void {
    const journal = this.#journal;
    putStInterruptCause(journal, 0, union(stInterruptCause(journal.u32, 0), journal.u32[IRQ]));
    journal.put(IRQ, 0);
    journal.commit();
    this.sync();
  }

  /** Part of the caller's step. What INTx has told nobody yet is owed as messages; a message too many does no harm. */
  switchMsix(on: boolean): void {
    const journal = this.#journal;
    const m = journal.u32;
    if (stMsixEnabled(m, 0) === (on ? 1 : 0)) return;
    putStMsixEnabled(journal, 0, on ? 1 : 0);
    if (!on || stInterruptCause(m, 0) === 0) return;
    this.request(stInterruptCause(m, 0));
    putStInterruptCause(journal, 0, 0);
  }

  /** Tells the level that follows from the region. A function that is stopped may let INTx go, not assert it. */
  sync(): void {
    const m = this.#journal.u32;
    const level = stInterruptCause(m, 0) !== 0 && stMsixEnabled(m, 0) === 0 && stAsleep(m, 0) === 0;
    if (level === this.#level || (level && stRunning(m, 0) === 0)) return;
    this.#level = level;
    this.#host.setInterruptLevel(level);
  }
}
