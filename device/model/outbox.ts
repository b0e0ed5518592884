// SPDX-License-Identifier: MIT
// Guest writes and interrupts that a step owes the guest. They are put here before the commit and done after it; a
// successor of a killed process does them again, which is harmless: same bytes, same place, and the guest cannot have
// reused the place because the adapter has not moved on.
import {
  OUTBOX_COUNT,
  OUTBOX_DATA_OFFSET,
  OUTBOX_TABLE,
  OUTBOX_WORDS,
  outboxAddress,
  outboxCount,
  ST_IRQ_PENDING_OFFSET,
  ST_OUTBOX_COUNT_OFFSET,
} from '../abi/generated/state.js';
import type { Journal } from './journal.js';
import type { Host } from './ports.js';

const COUNT = ST_OUTBOX_COUNT_OFFSET / 4;
const IRQ = ST_IRQ_PENDING_OFFSET / 4;
const DATA_WORDS = OUTBOX_DATA_OFFSET / 4;

export class Outbox {
  readonly #journal: Journal;
  readonly #host: Host;

  constructor(journal: Journal, host: Host) {
    this.#journal = journal;
    this.#host = host;
  }

  get pending(): boolean {
    const m = this.#journal.u32;
    return m[COUNT] !== 0 || m[IRQ] !== 0;
  }

  /** Starts an entry of `count` words for `address`; fill it with word(), then add() makes it part of the step. */
  begin(address: number, count: number): number {
    const j = this.#journal;
    const n = j.u32[COUNT];
    if (n >= OUTBOX_COUNT) throw new Error('a step owes the guest more writes than the outbox holds');
    const at = OUTBOX_TABLE + n * OUTBOX_WORDS;
    j.raw(at, address >>> 0);
    j.raw(at + 1, Math.floor(address / 0x100000000));
    j.raw(at + 2, count);
    return at + DATA_WORDS;
  }

  add(): void {
    this.#journal.add(COUNT, 1);
  }

  interrupt(vectorBit: number): void {
    const pending = this.#journal.u32[IRQ];
    this.#journal.put(IRQ, (pending | vectorBit) >>> 0);
  }

  /** Payload, fence, owner word, interrupt: the order rule of architecture.md, steps 4 and 5. */
  flush(): void {
    const j = this.#journal;
    const m = j.u32;
    const count = m[COUNT];
    if (count !== 0) {
      for (let n = 0; n < count; n++) this.#deliver(OUTBOX_TABLE + n * OUTBOX_WORDS);
      j.single(COUNT, 0);
    }
    if (m[IRQ] !== 0) this.#raise();
  }

  #deliver(at: number): void {
    const m = this.#journal.u32;
    const address = outboxAddress(m, at);
    const last = outboxCount(m, at) - 1;
    // The place was checked before the commit; memory that went away since then takes the write with it.
    this.#host.memory.writeWords(address, m, at + DATA_WORDS, last);
    this.#host.memory.publishWord(address + last * 4, m[at + DATA_WORDS + last]);
  }

  #raise(): void {
    const m = this.#journal.u32;
    const pending = m[IRQ];
    for (let vector = 0; vector < 32; vector++) {
      if (pending & VECTOR_BITS[vector]) this.#host.raiseInterrupt(vector);
    }
    this.#journal.single(IRQ, 0);
  }
}

/** Bit of each MSI-X vector in the word of pending interrupts. */
export const VECTOR_BITS: readonly number[] = Array.from({ length: 32 }, (_, v) => 2 ** v);
