// SPDX-License-Identifier: MIT
// Guest writes and interrupts that a step owes the guest. They are put here before the commit and done after it; a
// successor of a killed process does them again, which is harmless: same bytes, same place, and the guest cannot have
// reused the place because the adapter has not moved on. For the same reason nothing else of the adapter goes on while a
// write waits for a translation: no step, no command.
import { cqeWqeIndex } from '../abi/generated/descriptors.js';
import {
  FaultObject,
  REG_FAULT_INFO_OFFSET,
  REG_SIZE,
  regFaultInfoNumber,
  regFaultInfoObject,
} from '../abi/generated/registers.js';
import {
  OUTBOX_COUNT,
  OUTBOX_COUNT_OFFSET,
  OUTBOX_DATA_OFFSET,
  OUTBOX_INFO_OFFSET,
  OUTBOX_SIZE,
  OUTBOX_TABLE,
  OUTBOX_WORDS,
  outboxAddress,
  outboxCount,
  outboxInfo,
  putCqOverflowed,
  putCqUntold,
  putEqOverflowed,
  putOutboxCount,
  ST_OUTBOX_COUNT_OFFSET,
} from '../abi/generated/state.js';
import { type Faults, faultInfo } from './faults.js';
import type { Interrupts } from './interrupts.js';
import type { Journal } from './journal.js';
import { Dma, type Host } from './ports.js';
import { lowWord } from './powers.js';
import { cqRow, eqRow, NONE } from './rows.js';
import type { Segment } from './translate.js';

const COUNT = ST_OUTBOX_COUNT_OFFSET / 4;
const ENTRY_COUNT = OUTBOX_COUNT_OFFSET / 4;
const ENTRY_INFO = OUTBOX_INFO_OFFSET / 4;
const DATA_WORDS = OUTBOX_DATA_OFFSET / 4;
const ROOM_WORDS = (OUTBOX_SIZE - OUTBOX_DATA_OFFSET) / 4;

/** What stands beside the result of an atomic, to which the number of the queue pair is added; no other write has more. */
export const ATOMIC_INFO = faultInfo(FaultObject.REMOTE_WRITE, 0, true);

const ATOMIC_WORDS = 2;

const registers = new Uint32Array(REG_SIZE / 4);

export class Outbox {
  readonly #journal: Journal;
  readonly #host: Host;
  readonly #faults: Faults;
  readonly #interrupts: Interrupts;
  /** The write at the head waits for a translation: only memoryChanged() or a new start can help. */
  stuck = false;
  /** A write was lost to a fault: its queue has an error to tell. */
  lost = false;

  constructor(journal: Journal, host: Host, faults: Faults, interrupts: Interrupts) {
    this.#journal = journal;
    this.#host = host;
    this.#faults = faults;
    this.#interrupts = interrupts;
  }

  get pending(): boolean {
    return this.#journal.u32[COUNT] !== 0 || this.#interrupts.owed;
  }

  /** Writes of a step before are still to be done. */
  get writesOwed(): boolean {
    return this.#journal.u32[COUNT] !== 0;
  }

  /** Starts an entry of `count` words for where `to` begins on the bus; fill it with word(), then add() makes it part of the step. */
  begin(to: Segment, count: number, info: number): number {
    const j = this.#journal;
    const { address } = to;
    const n = j.u32[COUNT];
    if (n >= OUTBOX_COUNT) throw new Error('a step owes the guest more writes than the outbox holds');
    const at = OUTBOX_TABLE + n * OUTBOX_WORDS;
    j.raw(at, lowWord(address));
    j.raw(at + 1, Math.floor(address / 0x100000000));
    j.raw(at + ENTRY_COUNT, count);
    j.raw(at + ENTRY_INFO, info);
    return at + DATA_WORDS;
  }

  add(): void {
    this.#journal.add(COUNT, 1);
  }

  interrupt(vectorBit: number): void {
    this.#interrupts.request(vectorBit);
  }

  /** Payload, fence, owner word, interrupt: the order rule of architecture.md, steps 4 and 5. False while it is stuck. */
  flush(): boolean {
    const j = this.#journal;
    // Counts out of bounds are a front-end's, which keeps the region too: it shall not keep us busy, or read on.
    const count = Math.min(j.u32[COUNT], OUTBOX_COUNT);
    this.stuck = false;
    if (count !== 0) {
      for (let n = 0; n < count; n++) {
        const at = OUTBOX_TABLE + n * OUTBOX_WORDS;
        const dma = this.#deliver(at);
        if (dma === Dma.NOT_YET) return this.#stick(n);
        if (dma !== Dma.DONE) this.#lose(at);
        else if (outboxInfo(j.u32, at) >= ATOMIC_INFO) this.#done(at);
      }
      j.single(COUNT, 0);
    }
    if (this.#interrupts.owed) this.#interrupts.raise();
    return true;
  }

  /**
   * The result of an atomic is the guest's from here on, who may change it as soon as the completion behind it is there: a
   * successor must not store it again.
   */
  #done(at: number): void {
    if (this.#journal.u32[at + ENTRY_COUNT] !== 0) this.#journal.single(at + ENTRY_COUNT, 0);
  }

  #deliver(at: number): Dma {
    const m = this.#journal.u32;
    const words = Math.min(outboxCount(m, at), ROOM_WORDS);
    if (words === 0) return Dma.DONE;
    const { memory } = this.#host;
    const address = outboxAddress(m, at);
    const data = at + DATA_WORDS;
    if (outboxInfo(m, at) >= ATOMIC_INFO && words === ATOMIC_WORDS)
      return memory.at(address).writeAtomic64(m, data);
    const last = words - 1;
    const dma = memory.at(address).writeWords(m, data, last);
    return dma === Dma.DONE ? memory.at(address + last * 4).publishWord(m, data + last) : dma;
  }

  /** Entry `n` waits. Those before it are done for good: the guest has them, and may want their places back. */
  #stick(n: number): boolean {
    for (let k = 0; k < n; k++) {
      const word = OUTBOX_TABLE + k * OUTBOX_WORDS + ENTRY_COUNT;
      if (this.#journal.u32[word] !== 0) this.#journal.single(word, 0);
    }
    this.stuck = true;
    return false;
  }

  /**
   * The place was checked before the commit, and memory went away since then. A step of its own: the fault is counted
   * once, and the queue has lost an entry.
   */
  #lose(at: number): void {
    const journal = this.#journal;
    const m = journal.u32;
    const info = outboxInfo(m, at);
    registers[REG_FAULT_INFO_OFFSET / 4] = info;
    const number = regFaultInfoNumber(registers, 0);
    const object = regFaultInfoObject(registers, 0);
    const isCq = object === FaultObject.CQ;
    const index = isCq ? cqeWqeIndex(m, at + DATA_WORDS) : 0;
    this.#faults.note(info, index, outboxAddress(m, at), outboxCount(m, at) * 4, true);
    this.#faults.record();
    putOutboxCount(journal, at, 0);
    const cq = cqRow(m, number);
    const eq = object === FaultObject.EQ ? eqRow(m, number) : NONE;
    if (isCq && cq !== NONE) {
      putCqOverflowed(journal, cq, 1);
      putCqUntold(journal, cq, 1);
      this.lost = true;
    } else if (eq !== NONE) putEqOverflowed(journal, eq, 1);
    journal.commit();
  }
}
