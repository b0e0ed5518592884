// SPDX-License-Identifier: MIT
// Attacks on the front-end through the memory and the eventfds that it shares. One call is one round.
import {
  AnswerStatus,
  RingOp,
  setSlotAnswerDataLo,
  setSlotAnswerIrq,
  setSlotAnswerStatus,
  slotOp,
  slotSeq,
} from '../../../device/abi/generated/ring.js';
import { ANSWER_SEQ_WORD, RingWord, SLOT_WORDS, SLOTS_WORD } from '../../../device/ring/ring-memory.js';
import { libc } from '../../../device/sys/libc.js';
import { SCRATCH_ID, ScratchModel } from '../../support/scratch-model.js';
import type { Dice } from '../dice.js';
import type { Attack } from './scenario.js';

const F_GETFL = 3;
const F_SETFL = 4;
const O_NONBLOCK = 0o4000;
const STORM = 64;
const ONE = new Uint8Array([1, 0, 0, 0, 0, 0, 0, 0]);
/** One below the most that an eventfd counts to. */
const ALMOST_FULL = new Uint8Array([0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]);
/** A pin, where the shared number of the model has none. */
export const LEVEL_VECTOR = new ScratchModel().description.msix?.vectors ?? 0;

export class SharedRing {
  readonly #words: Uint32Array;
  readonly #slots: number;
  readonly #dice: Dice;
  /** Kick, answer, and one for each vector. */
  readonly eventFds: number[];
  #next: number;

  constructor(words: Uint32Array, slots: number, eventFds: number[], dice: Dice) {
    this.#words = words;
    this.#slots = slots;
    this.eventFds = eventFds;
    this.#dice = dice;
    this.#next = Atomics.load(words, RingWord.CONSUMER);
  }

  /** Takes what waits: reads are answered, writes are forgotten. */
  serve(): void {
    const m = this.#words;
    const waiting = (Atomics.load(m, RingWord.PRODUCER) - this.#next) >>> 0;
    if (waiting > this.#slots) return;
    for (let n = 0; n < waiting; n++) {
      const w = this.#slotAt(this.#next);
      if (slotOp(m, w) === RingOp.READ) this.#answer(w, slotSeq(m, w) + 1, AnswerStatus.OK);
      this.#next = (this.#next + 1) >>> 0;
    }
    Atomics.store(m, RingWord.CONSUMER, this.#next);
    if (waiting > 0) libc.write(this.eventFds[1]!, ONE, 8);
  }

  /** One round of an attack that needs nothing but the ring; false when it is none of those. */
  attack(attack: Attack): boolean {
    const m = this.#words;
    const dice = this.#dice;
    switch (attack) {
      case 'consumer':
        Atomics.store(m, RingWord.CONSUMER, dice.value());
        return true;
      case 'consumer-ahead':
        Atomics.store(m, RingWord.CONSUMER, (m[RingWord.PRODUCER]! + 1 + dice.below(this.#slots)) >>> 0);
        return true;
      case 'answers':
        for (let n = 0; n < 4; n++) this.#answer(this.#slotAt(dice.word()), dice.value(), dice.value());
        return this.#wake();
      case 'answer-status':
      case 'answer-irq':
        return this.#answerAll(attack);
      case 'asleep':
        Atomics.store(m, RingWord.ASLEEP, dice.oneIn(2) ? 1 : dice.value());
        return true;
      case 'answer-waiting':
        Atomics.store(m, RingWord.ANSWER_WAITING, dice.below(3));
        return true;
      case 'front-end-words':
        for (const word of [0, 1, 2, RingWord.PRODUCER, RingWord.RESET_EPOCH, RingWord.SESSION])
          Atomics.store(m, word, dice.value());
        return true;
      case 'irq-raised':
        Atomics.store(m, RingWord.IRQ_RAISED, dice.value());
        return this.#storm(4);
      case 'intx-level':
        Atomics.store(m, RingWord.INTX_LEVEL, dice.value());
        Atomics.add(m, RingWord.IRQ_RAISED, 1);
        return this.#storm(4);
      case 'any-word':
        for (let n = 0; n < 32; n++) m[dice.below(m.length)] = dice.value();
        return true;
      case 'eventfd-storm':
        return this.#storm(STORM);
      case 'eventfd-full':
        return this.#fill();
      case 'eventfd-blocking':
        for (const fd of this.eventFds) libc.fcntl(fd, F_SETFL, libc.fcntl(fd, F_GETFL, 0) & ~O_NONBLOCK);
        Atomics.store(m, RingWord.ASLEEP, 1);
        return true;
      default:
        return false;
    }
  }

  #slotAt(position: number): number {
    return SLOTS_WORD + (position & (this.#slots - 1)) * SLOT_WORDS;
  }

  #answer(w: number, seq: number, status: number): void {
    const m = this.#words;
    setSlotAnswerDataLo(m, w, SCRATCH_ID);
    setSlotAnswerIrq(m, w, m[RingWord.IRQ_RAISED]!);
    setSlotAnswerStatus(m, w, status);
    Atomics.store(m, w + ANSWER_SEQ_WORD, seq >>> 0);
  }

  /** Every slot is answered as its reader wants it, but for one word. */
  #answerAll(attack: Attack): boolean {
    const m = this.#words;
    const first = Atomics.load(m, RingWord.PRODUCER) - this.#slots;
    for (let n = 0; n < this.#slots; n++) {
      const position = (first + n) >>> 0;
      const w = this.#slotAt(position);
      setSlotAnswerIrq(m, w, attack === 'answer-irq' ? this.#dice.value() : 0);
      setSlotAnswerStatus(m, w, attack === 'answer-status' ? this.#dice.value() : AnswerStatus.OK);
      Atomics.store(m, w + ANSWER_SEQ_WORD, (position + 1) >>> 0);
    }
    return this.#wake();
  }

  #wake(): boolean {
    libc.write(this.eventFds[1]!, ONE, 8);
    return true;
  }

  #storm(count: number): boolean {
    for (let n = 0; n < count; n++) libc.write(this.#dice.pick(this.eventFds), ONE, 8);
    return true;
  }

  #fill(): boolean {
    for (const fd of this.eventFds) libc.write(fd, ALMOST_FULL, 8);
    Atomics.store(this.#words, RingWord.ASLEEP, 1);
    return true;
  }
}
