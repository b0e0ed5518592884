// SPDX-License-Identifier: MIT
// The front-end's end of the MMIO ring, for tests: fills slots, waits for answers and for room, as
// docs/socket-extension.md says, and lets a test break each of those rules.
import { EXTENSION_VERSION } from '../../device/abi/generated/messages.js';
import {
  RING_MAGIC,
  RingOp,
  setRingMagic,
  setRingSession,
  setRingSlots,
  setRingVersion,
  setSlotBar,
  setSlotDataHi,
  setSlotDataLo,
  setSlotEpoch,
  setSlotOffset,
  setSlotOp,
  setSlotSeq,
  setSlotSize,
  slotAnswerDataHi,
  slotAnswerDataLo,
  slotAnswerIrq,
  slotAnswerStatus,
} from '../../device/abi/generated/ring.js';
import {
  ANSWER_SEQ_WORD,
  RingWord,
  ringBytes,
  SLOT_WORDS,
  SLOTS_WORD,
} from '../../device/ring/ring-memory.js';
import { EventFd } from '../../device/sys/eventfd.js';
import { closeFd, createMemfd } from '../../device/sys/fd.js';
import { Mapping } from '../../device/sys/mapping.js';
import { PollSet } from '../../device/sys/poll.js';

const SPINS = 2000;

export interface Answer {
  readonly lo: number;
  readonly hi: number;
  readonly irq: number;
  readonly status: number;
}

export class RingProducer {
  readonly slots: number;
  readonly size: number;
  readonly fd: number;
  readonly kick = EventFd.create();
  readonly answer = EventFd.create();
  readonly words: Uint32Array;
  /** Kicks written so far: how often the consumer was found asleep. */
  kicks = 0;
  /** Runs the back-end when that lives in this thread; otherwise the producer spins and then sleeps. */
  pump: (() => void) | undefined;
  timeoutMs = 5000;
  readonly #mapping: Mapping;
  readonly #poll = new PollSet(1);
  #next = 0;

  constructor(slots: number) {
    this.slots = slots;
    this.size = ringBytes(slots) + ((4096 - (ringBytes(slots) % 4096)) % 4096);
    this.fd = createMemfd('test-ring', this.size);
    this.#mapping = new Mapping(this.fd, this.size);
    this.words = this.#mapping.u32;
    setRingMagic(this.words, 0, RING_MAGIC);
    setRingVersion(this.words, 0, EXTENSION_VERSION);
    setRingSlots(this.words, 0, slots);
    setRingSession(this.words, 0, 1);
    this.#poll.add(this.answer.fd);
  }

  get position(): number {
    return this.#next;
  }

  /** All indices start at `position`, as if the ring had been used before. */
  startAt(position: number): void {
    this.#next = position >>> 0;
    Atomics.store(this.words, RingWord.PRODUCER, this.#next);
    Atomics.store(this.words, RingWord.CONSUMER, this.#next);
  }

  get epoch(): number {
    return Atomics.load(this.words, RingWord.RESET_EPOCH);
  }

  /** Number of the connection that the ring belongs to. */
  get session(): number {
    return Atomics.load(this.words, RingWord.SESSION);
  }

  /** Gives the connection up, and takes the number of the next one. */
  raiseSession(): number {
    return Atomics.add(this.words, RingWord.SESSION, 1) + 1;
  }

  get interruptLevel(): number {
    return Atomics.load(this.words, RingWord.INTX_LEVEL);
  }

  raiseEpoch(): number {
    return Atomics.add(this.words, RingWord.RESET_EPOCH, 1) + 1;
  }

  get consumer(): number {
    return Atomics.load(this.words, RingWord.CONSUMER);
  }

  /** First word of the slot at `position`. */
  slotWord(position: number): number {
    return SLOTS_WORD + (position & (this.slots - 1)) * SLOT_WORDS;
  }

  /** Fills the next slot without making it visible; returns its position. */
  fill(op: number, bar: number, offset: number, size: number, lo = 0, hi = 0, epoch = this.epoch): number {
    this.waitForRoom();
    const m = this.words;
    const position = this.#next;
    const w = this.slotWord(position);
    setSlotSeq(m, w, position);
    setSlotOp(m, w, op);
    setSlotBar(m, w, bar);
    setSlotSize(m, w, size);
    setSlotEpoch(m, w, epoch);
    setSlotOffset(m, w, offset);
    setSlotDataLo(m, w, lo);
    setSlotDataHi(m, w, hi);
    return position;
  }

  /** Makes the slot that was filled visible and wakes the consumer if it sleeps. */
  post(): void {
    this.#next = (this.#next + 1) >>> 0;
    Atomics.store(this.words, RingWord.PRODUCER, this.#next);
    if (Atomics.load(this.words, RingWord.ASLEEP) !== 1) return;
    // One sleep costs one kick, however many slots follow before the consumer is awake.
    if (Atomics.exchange(this.words, RingWord.ASLEEP, 0) !== 1) return;
    this.kicks++;
    this.kick.signal();
  }

  write(offset: number, size: number, lo: number, hi = 0, bar = 0): number {
    const position = this.fill(RingOp.WRITE, bar, offset, size, lo, hi);
    this.post();
    return position;
  }

  postRead(offset: number, size: number, bar = 0): number {
    const position = this.fill(RingOp.READ, bar, offset, size);
    this.post();
    return position;
  }

  hasAnswer(position: number): boolean {
    return Atomics.load(this.words, this.slotWord(position) + ANSWER_SEQ_WORD) === (position + 1) >>> 0;
  }

  awaitAnswer(position: number): Answer {
    this.waitUntil(() => this.hasAnswer(position), `answer of slot ${position}`);
    const m = this.words;
    const w = this.slotWord(position);
    return {
      lo: slotAnswerDataLo(m, w),
      hi: slotAnswerDataHi(m, w),
      irq: slotAnswerIrq(m, w),
      status: slotAnswerStatus(m, w),
    };
  }

  read(offset: number, size: number, bar = 0): Answer {
    return this.awaitAnswer(this.postRead(offset, size, bar));
  }

  waitForRoom(): void {
    const room = (): boolean => (this.#next - this.consumer) >>> 0 < this.slots;
    if (!room()) this.waitUntil(room, 'room in the ring');
  }

  waitUntilConsumed(): void {
    this.waitUntil(() => this.consumer === this.#next, 'the ring to be drained', true);
  }

  /** Throws Error after `timeoutMs`. `polling`: nothing tells us, so look again and again. */
  waitUntil(condition: () => boolean, what: string, polling = false): void {
    for (let i = 0; i < SPINS; i++) {
      if (condition()) return;
      this.pump?.();
    }
    const deadline = performance.now() + this.timeoutMs;
    while (!condition()) {
      if (performance.now() > deadline) throw new Error(`timed out: ${what}`);
      if (this.pump !== undefined) this.pump();
      else this.#sleep(condition, polling ? 1 : 50);
    }
  }

  #sleep(condition: () => boolean, milliseconds: number): void {
    Atomics.store(this.words, RingWord.ANSWER_WAITING, 1);
    if (!condition()) this.#poll.wait(milliseconds * 1e6);
    Atomics.store(this.words, RingWord.ANSWER_WAITING, 0);
    this.answer.drain();
  }

  close(): void {
    this.#mapping.retire();
    closeFd(this.fd);
    this.kick.close();
    this.answer.close();
  }
}
