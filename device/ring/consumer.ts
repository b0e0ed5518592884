// SPDX-License-Identifier: MIT
// The back-end's end of the MMIO ring: takes slots in program order and lets the model have them. The order rules are
// those of docs/socket-extension.md, "Memory order in one table"; on this side each is an Atomics call, which is a
// full fence. Every word that the front-end writes is loaded once, checked, and not trusted again.
//
// SESSION says whether the ring is still this connection's: the front-end raises it before it gives a connection up, and
// another process may be the consumer from then on. It is looked at before each slot and before each store, so that a
// process that was stopped meanwhile does at most what it was in the middle of. These are plain loads: there is nothing
// that they must be in order with, and an Atomics call costs as much as half a slot.
//
// A reset raises RESET_EPOCH before its message arrives. Slots of an older epoch are dropped; a slot of an epoch for
// which no message has come yet waits (`stalled`), because it was written to the function after its reset.
import {
  AnswerStatus,
  RingOp,
  SLOT_OFFSET_OFFSET,
  setSlotAnswerDataHi,
  setSlotAnswerDataLo,
  setSlotAnswerIrq,
  setSlotAnswerStatus,
  slotBar,
  slotDataHi,
  slotDataLo,
  slotEpoch,
  slotOp,
  slotSeq,
  slotSize,
} from '../abi/generated/ring.js';
import type { EventFd } from '../sys/eventfd.js';
import type { AccessMap } from './access-map.js';
import { ANSWER_SEQ_WORD, GIVEN_UP, RingFault, RingWord, SLOT_WORDS, SLOTS_WORD } from './ring-memory.js';

/** CONSUMER is stored at least this often, so that a producer that waits for room goes on early. */
const PUBLISH_EVERY = 256;

/** Slots whose cache lines are fetched together. */
const FETCH_AHEAD = 16;

/** An offset that no range reaches with more than one byte; no BAR of ours is that long. */
const BEYOND = 0xffffffff;
const OFFSET_WORD = SLOT_OFFSET_OFFSET / 4;

/** The offset of a slot as an integer: trapped ranges end below 4 GiB (AccessMap), and a float costs on each access. */
function offsetOf(m: Uint32Array, w: number): number {
  return m[w + OFFSET_WORD + 1] === 0 ? m[w + OFFSET_WORD]! : BEYOND;
}

/** The part of a model that MMIO reaches. */
export interface MmioTarget {
  /** Data halves and position are 32 bits each, as int32s. */
  write(bar: number, offset: number, size: number, lo: number, hi: number, position: number): void;
  read(bar: number, offset: number, size: number, position: number): void;
  readonly readLo: number;
  readonly readHi: number;
}

/** Sees each slot after it was handled; `taken` false: dropped. */
export type SlotObserver = (
  op: number,
  bar: number,
  offset: number,
  size: number,
  lo: number,
  hi: number,
  taken: boolean,
) => void;

export interface RingOptions {
  readonly words: Uint32Array;
  readonly slots: number;
  /** Number of the connection; the header says the same until the connection is given up. */
  readonly session: number;
  readonly answerEvent: EventFd;
  readonly target: MmioTarget;
  readonly access: AccessMap;
}

export class RingConsumer {
  /** Set while somebody traces. */
  observer: SlotObserver | undefined;
  readonly #words: Uint32Array;
  readonly #slots: number;
  readonly #session: number;
  readonly #answerEvent: EventFd;
  readonly #target: MmioTarget;
  readonly #access: AccessMap;
  #consumer: number;
  /** Reset epoch that the function is in: the one of the last reset that was handled. */
  #epoch: number;
  /** Slots before this position were applied by an earlier process; as a distance from #consumer, counting down. */
  #applied = 0;
  #irqRaised: number;
  #stalled = false;
  #lastWasRead = false;

  /** Goes on where CONSUMER stands. Throws RingFault when the indices cannot be. */
  constructor(options: RingOptions) {
    this.#words = options.words;
    this.#slots = options.slots;
    this.#session = options.session;
    this.#answerEvent = options.answerEvent;
    this.#target = options.target;
    this.#access = options.access;
    this.#consumer = Atomics.load(this.#words, RingWord.CONSUMER);
    this.#irqRaised = Atomics.load(this.#words, RingWord.IRQ_RAISED);
    this.#epoch = Atomics.load(this.#words, RingWord.RESET_EPOCH);
    Atomics.store(this.#words, RingWord.ASLEEP, 0);
    this.available();
  }

  /** Position of the next slot. */
  get position(): number {
    return this.#consumer;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Whether the last slot was a read: who made it was waiting for the answer and writes no burst. */
  get lastWasRead(): boolean {
    return this.#lastWasRead;
  }

  /** Whether the ring is still this connection's. If not, nothing of the front-end's may be touched any more. */
  get current(): boolean {
    return this.#words[RingWord.SESSION] === this.#session;
  }

  /** Throws RingFault when the front-end has given this connection up. */
  checkCurrent(): void {
    if (!this.current) throw new RingFault(GIVEN_UP);
  }

  /** A reset was begun whose event has not come yet: nothing of the time before it may run on. */
  get resetPending(): boolean {
    return this.#words[RingWord.RESET_EPOCH] !== this.#epoch;
  }

  /** Slots that wait to be taken. Throws RingFault when PRODUCER is out of bounds. */
  available(): number {
    const producer = Atomics.load(this.#words, RingWord.PRODUCER);
    const count = (producer - this.#consumer) >>> 0;
    if (count > this.#slots)
      throw new RingFault(`producer index ${producer} with consumer ${this.#consumer}`);
    return count;
  }

  /** Whether the ring wants a look before the model goes on; never throws, a hostile index counts as a reason. */
  hasWork(): boolean {
    const waiting = !this.#stalled && Atomics.load(this.#words, RingWord.PRODUCER) !== this.#consumer;
    return waiting || !this.current || this.resetPending;
  }

  /**
   * After a restart: `position` is what the model has recorded. Writes before it are not applied again; reads have no
   * effect and are answered again. A position outside of what waits in the ring means that there is nothing to skip:
   * it lags behind CONSUMER when the last slots were reads.
   */
  skipApplied(position: number): void {
    const ahead = (position - this.#consumer) >>> 0;
    this.#applied = ahead <= this.available() ? ahead : 0;
  }

  /** Takes at most `budget` slots; returns how many. Throws RingFault. */
  drain(budget: number): number {
    this.checkCurrent();
    const count = Math.min(this.available(), budget);
    let done = 0;
    if (count > 1) this.#fetchAhead(count);
    while (done < count && this.#take()) {
      done++;
      if (done % FETCH_AHEAD === 0) this.#fetchAhead(count - done);
      if (done % PUBLISH_EVERY === 0) this.#publish();
    }
    this.#stalled = done < count;
    if (done > 0) this.#publish();
    return done;
  }

  /** Takes all slots before `producer`, an index that the front-end sent. Throws RingFault when it is ahead of PRODUCER. */
  drainTo(producer: number): void {
    this.#advance(producer, false);
  }

  /** Drops all slots before `producer` and enters `epoch`: the model is about to be reset. Throws RingFault as drainTo does. */
  reset(producer: number, epoch: number): void {
    this.#advance(producer, true);
    this.#epoch = epoch;
    this.#stalled = false;
  }

  /** The function was reset by other means (it was taken over with an older epoch). */
  enterEpoch(epoch: number): void {
    this.#epoch = epoch;
    this.#stalled = false;
  }

  /** Counts an interrupt; to be called before its eventfd is written. */
  countInterrupt(): void {
    this.#irqRaised = (this.#irqRaised + 1) >>> 0;
    Atomics.store(this.#words, RingWord.IRQ_RAISED, this.#irqRaised);
  }

  /** Stores the level of INTx; false when it was that already. */
  setInterruptLevel(asserted: boolean): boolean {
    const level = asserted ? 1 : 0;
    if (Atomics.load(this.#words, RingWord.INTX_LEVEL) === level) return false;
    Atomics.store(this.#words, RingWord.INTX_LEVEL, level);
    return true;
  }

  /** Announces sleep. False (and awake again) when there is work after all: a producer stores its index before it looks at ASLEEP. */
  fallAsleep(): boolean {
    this.checkCurrent();
    Atomics.store(this.#words, RingWord.ASLEEP, 1);
    if (this.available() === 0 || this.#stalled) return true;
    this.wake();
    return false;
  }

  wake(): void {
    // After a long sleep the one who sleeps there may be another consumer, and would not be woken any more.
    if (this.current) Atomics.store(this.#words, RingWord.ASLEEP, 0);
  }

  /** Process id of who serves the ring; 0: nobody. */
  setAlive(pid: number): void {
    if (this.current) Atomics.store(this.#words, RingWord.ALIVE, pid);
  }

  #advance(producer: number, dropAll: boolean): void {
    const count = (producer - this.#consumer) | 0;
    // Behind: other vCPUs filled slots while the message was under way, and those were taken already.
    if (count <= 0) return;
    if (count > this.available()) throw new RingFault(`index ${producer} is ahead of the producer`);
    for (let i = 0; i < count; i++) {
      if (dropAll) this.#drop();
      // A slot that waits for a reset, in front of this event: the reset has not happened, so it is lost with it.
      else if (!this.#take()) this.#drop();
    }
    this.#publish();
  }

  #publish(): void {
    // The model may have been at work for long.
    this.checkCurrent();
    Atomics.store(this.#words, RingWord.CONSUMER, this.#consumer);
    this.#answerWaiting();
  }

  #answerWaiting(): void {
    if (Atomics.load(this.#words, RingWord.ANSWER_WAITING) === 1) this.#answerEvent.signal();
  }

  /** Index into the words of the slot at CONSUMER. Throws RingFault when it is not that slot. */
  #slotAt(): number {
    const w = SLOTS_WORD + (this.#consumer & (this.#slots - 1)) * SLOT_WORDS;
    const seq = slotSeq(this.#words, w);
    if (seq !== this.#consumer) throw new RingFault(`slot ${this.#consumer} says that it is slot ${seq}`);
    return w;
  }

  /** Takes one slot. False: it has to wait for a reset. */
  #take(): boolean {
    const m = this.#words;
    this.checkCurrent();
    const w = this.#slotAt();
    const epoch = slotEpoch(m, w);
    const current = Atomics.load(m, RingWord.RESET_EPOCH);
    if (epoch !== current) {
      this.#drop();
      return true;
    }
    if (epoch !== this.#epoch) return false;
    const op = slotOp(m, w);
    const size = slotSize(m, w);
    if (size !== 4 && size !== 8 && size !== 1 && size !== 2) throw new RingFault(`access of ${size} bytes`);
    this.#lastWasRead = op === RingOp.READ;
    if (op === RingOp.WRITE) this.#write(m, w, size);
    else if (op === RingOp.READ) this.#read(m, w, size);
    else throw new RingFault(`unknown operation ${op}`);
    this.#step();
    return true;
  }

  /**
   * Looks at the next slots together: their cache lines come from the producer's core, and fetched one by one each
   * would cost as much as handling its slot. What is read here decides nothing; the sum is
   * looked at only so that the compiler keeps the loads.
   */
  #fetchAhead(count: number): void {
    const m = this.#words;
    const mask = this.#slots - 1;
    const end = this.#consumer + Math.min(count, FETCH_AHEAD);
    let sum = 0;
    for (let n = this.#consumer; n < end; n++) sum += m[SLOTS_WORD + (n & mask) * SLOT_WORDS]!;
    if (sum < 0) throw new RingFault('unsigned words with a negative sum');
  }

  #step(): void {
    this.#consumer = (this.#consumer + 1) >>> 0;
    if (this.#applied > 0) this.#applied--;
  }

  #write(m: Uint32Array, w: number, size: number): void {
    const bar = slotBar(m, w);
    const offset = offsetOf(m, w);
    // As int32s: an uint32 from 2^31 on would go to the target by the heap.
    const low = slotDataLo(m, w) | 0;
    const lo = size >= 4 ? low : low & (size === 1 ? 0xff : 0xffff);
    const hi = size === 8 ? slotDataHi(m, w) | 0 : 0;
    const taken = this.#applied === 0 && this.#access.reaches(bar, offset, size);
    if (taken) this.#target.write(bar, offset, size, lo, hi, this.#consumer | 0);
    this.observer?.(RingOp.WRITE, bar, offset, size, lo >>> 0, hi >>> 0, taken);
  }

  #read(m: Uint32Array, w: number, size: number): void {
    const bar = slotBar(m, w);
    const offset = offsetOf(m, w);
    const taken = this.#access.reaches(bar, offset, size);
    let lo = 0;
    let hi = 0;
    if (taken) {
      this.#target.read(bar, offset, size, this.#consumer);
      lo = this.#target.readLo;
      if (size === 8) hi = this.#target.readHi;
    }
    this.#answer(m, w, lo, hi, AnswerStatus.OK);
    this.observer?.(RingOp.READ, bar, offset, size, lo, hi, taken);
  }

  #answer(m: Uint32Array, w: number, lo: number, hi: number, status: number): void {
    this.checkCurrent();
    setSlotAnswerDataLo(m, w, lo);
    setSlotAnswerDataHi(m, w, hi);
    setSlotAnswerIrq(m, w, this.#irqRaised);
    setSlotAnswerStatus(m, w, status);
    Atomics.store(m, w + ANSWER_SEQ_WORD, (this.#consumer + 1) >>> 0);
    this.#answerWaiting();
  }

  #drop(): void {
    const m = this.#words;
    const w = this.#slotAt();
    const op = slotOp(m, w);
    if (op === RingOp.READ) this.#answer(m, w, 0, 0, AnswerStatus.UNSUPPORTED);
    this.observer?.(op, slotBar(m, w), offsetOf(m, w), slotSize(m, w), 0, 0, false);
    this.#step();
  }
}
