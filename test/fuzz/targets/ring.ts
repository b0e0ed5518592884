// SPDX-License-Identifier: MIT
// The ring consumer against a producer that writes anything anywhere, also while a slot is being taken. What may come
// out is RingFault; what reaches the model lies inside its trapped ranges; the work of a call is bounded.
import {
  RING_HEADER_BYTES,
  RingOp,
  setSlotBar,
  setSlotDataHi,
  setSlotDataLo,
  setSlotEpoch,
  setSlotOffset,
  setSlotOp,
  setSlotSeq,
  setSlotSize,
} from '../../../device/abi/generated/ring.js';
import { ringGroup } from '../../../device/abi/ring.js';
import { describeFunction } from '../../../device/model/description.js';
import { AccessMap } from '../../../device/ring/access-map.js';
import { type MmioTarget, RingConsumer } from '../../../device/ring/consumer.js';
import { RingFault, RingWord, ringBytes, SLOT_WORDS, SLOTS_WORD } from '../../../device/ring/ring-memory.js';
import { EventFd } from '../../../device/sys/eventfd.js';
import type { Dice } from '../dice.js';
import { piecesOf, putPiece, structOf, valueFor } from '../fields.js';
import type { Input, Op } from '../input.js';
import { magnitude, type Novelty, type Target, Violation } from '../target.js';

const SLOTS = 16;
const KIND = {
  SLOT: 0,
  HEADER: 1,
  DRAIN: 2,
  DRAIN_TO: 3,
  RESET: 4,
  SLEEP: 5,
  SKIP: 6,
  NEW: 7,
  RACE: 8,
  POKE: 9,
} as const;
const KINDS = Object.values(KIND);
const SIZES = [1, 2, 4, 8, 3, 0, 16, 255];
const slotPieces = piecesOf(structOf(ringGroup, 'slot'), ringGroup);
const headerPieces = piecesOf(structOf(ringGroup, 'ring'), ringGroup);
const description = describeFunction();
const trapped = description.bars.map(bar => (bar?.ranges ?? []).filter(r => r.kind === 'trapped'));

/** Counts signals; nobody waits for them. */
class CountingEvent extends EventFd {
  signals = 0;
  override signal(): void {
    this.signals++;
  }
}

class RingTarget implements Target {
  readonly name = 'ring';
  readonly doc = 'ring consumer: hostile header and slot words, also while it consumes';
  readonly #bytes = new SharedArrayBuffer(ringBytes(SLOTS));
  readonly #u8 = new Uint8Array(this.#bytes);
  readonly #words = new Uint32Array(this.#bytes);
  readonly #event = new CountingEvent(-1);
  readonly #access = new AccessMap(description);
  #next = 0;
  #calls = 0;
  /** Stores that happen while the model has a slot. */
  #races: Op[] = [];
  #seen: Novelty | undefined;

  generate(dice: Dice): Op {
    const kind = dice.oneIn(3) ? dice.pick(KINDS) : KIND.SLOT;
    switch (kind) {
      case KIND.SLOT:
        return [
          kind,
          dice.below(3),
          dice.pick([0, 2, dice.value()]),
          dice.below(SIZES.length),
          offsetFor(dice),
          dice.value(),
          dice.oneIn(6) ? 1 + dice.below(4) : 0,
        ];
      case KIND.HEADER:
      case KIND.RACE:
      case KIND.POKE: {
        const pieces = kind === KIND.POKE ? slotPieces : headerPieces;
        const n = dice.below(pieces.length);
        return [kind, n, ...valueFor(dice, pieces[n]!), dice.below(SLOTS), dice.below(4)];
      }
      default:
        return [kind, dice.oneIn(3) ? dice.value() : dice.below(20), dice.below(4)];
    }
  }

  run(input: Input, seen: Novelty): void {
    this.#seen = seen;
    this.#u8.fill(0);
    this.#next = 0;
    this.#races = [];
    try {
      let consumer = this.#newConsumer();
      for (const op of input) consumer = this.#apply(consumer, op) ?? consumer;
      this.#drain(consumer, 64);
    } catch (error) {
      if (!(error instanceof RingFault)) throw error;
      seen.text(error.message);
    }
  }

  #newConsumer(): RingConsumer {
    const consumer = new RingConsumer({
      words: this.#words,
      slots: SLOTS,
      session: 0,
      answerEvent: this.#event,
      target: this.#mmio,
      access: this.#access,
    });
    consumer.observer = (op, bar, _offset, size, _lo, _hi, taken) =>
      this.#seen!.note(1, Math.min(3, op) * 8 + (taken ? 4 : 0) + Math.min(3, bar), magnitude(size));
    return consumer;
  }

  /** One operation; the consumer that goes on if it is another one. */
  #apply(consumer: RingConsumer, op: Op): RingConsumer | undefined {
    const [kind = 0, a = 0, b = 0] = op;
    const before = consumer.position;
    switch (kind) {
      case KIND.HEADER:
        this.#poke(headerPieces, op, 0);
        return undefined;
      case KIND.POKE:
        this.#poke(slotPieces, op, RING_HEADER_BYTES + ((op[4] ?? 0) % SLOTS) * SLOT_WORDS * 4);
        return undefined;
      case KIND.RACE:
        this.#races.push(op);
        return undefined;
      case KIND.DRAIN:
        this.#drain(consumer, a % 300);
        return undefined;
      case KIND.DRAIN_TO:
        consumer.drainTo(this.#index(consumer, a, b));
        break;
      case KIND.RESET:
        consumer.reset(this.#index(consumer, a, b), (consumer.epoch + (b % 2)) >>> 0);
        break;
      case KIND.SLEEP:
        this.#seen!.note(2, Number(consumer.fallAsleep()), magnitude(this.#event.signals));
        this.#event.signals = 0;
        consumer.wake();
        return undefined;
      case KIND.SKIP:
        consumer.skipApplied(this.#index(consumer, a, b));
        return undefined;
      case KIND.NEW:
        return this.#newConsumer();
      default:
        this.#fill(op);
        return undefined;
    }
    this.#moved(consumer, before);
    return undefined;
  }

  /** An index near where the consumer stands, or anywhere. */
  #index(consumer: RingConsumer, value: number, how: number): number {
    return how % 4 === 3 ? value : (consumer.position + (value % 24)) >>> 0;
  }

  #drain(consumer: RingConsumer, budget: number): void {
    const before = consumer.position;
    this.#calls = 0;
    const waiting = (Atomics.load(this.#words, RingWord.PRODUCER) - before) >>> 0;
    const done = consumer.drain(budget);
    if (waiting > SLOTS) throw new Violation(`${waiting} slots of ${SLOTS} were believed`);
    if (done > budget) throw new Violation(`drain(${budget}) took ${done} slots`);
    if (this.#calls > done) throw new Violation('the model was called more often than there were slots');
    this.#moved(consumer, before);
    this.#seen!.note(3, magnitude(done), Number(consumer.hasWork()));
  }

  #moved(consumer: RingConsumer, before: number): void {
    const steps = (consumer.position - before) >>> 0;
    if (steps > SLOTS) throw new Violation(`the consumer went ${steps} slots at once`);
  }

  #poke(pieces: typeof slotPieces, op: Op, base: number): void {
    const piece = pieces[(op[1] ?? 0) % pieces.length]!;
    putPiece(this.#u8, base, piece, op[2] ?? 0, op[3] ?? 0);
    this.#next = this.#words[RingWord.PRODUCER]!;
  }

  /** A slot as a producer fills it, with what the operation says; published unless told otherwise. */
  #fill([, op = 0, bar = 0, size = 0, offset = 0, data = 0, how = 0]: Op): void {
    const m = this.#words;
    const w = SLOTS_WORD + (this.#next & (SLOTS - 1)) * SLOT_WORDS;
    setSlotSeq(m, w, how === 1 ? data : this.#next);
    setSlotOp(m, w, op === 0 ? RingOp.WRITE : op === 1 ? RingOp.READ : op);
    setSlotBar(m, w, bar);
    setSlotSize(m, w, SIZES[size % SIZES.length]!);
    setSlotEpoch(m, w, how === 2 ? data : m[RingWord.RESET_EPOCH]!);
    setSlotOffset(m, w, how === 3 ? offset * 2 ** 20 : offset);
    setSlotDataLo(m, w, data);
    setSlotDataHi(m, w, offset);
    this.#next = (this.#next + 1) >>> 0;
    if (how !== 4) Atomics.store(m, RingWord.PRODUCER, this.#next);
  }

  readonly #mmio: MmioTarget = {
    readLo: 0x11223344,
    readHi: 0x55667788,
    write: (bar, offset, size, lo, hi) => {
      this.#reached(bar, offset, size);
      if ((size < 4 && lo >= 2 ** (8 * size)) || (size < 8 && hi !== 0))
        throw new Violation('data above the size of a write');
    },
    read: (bar, offset, size) => this.#reached(bar, offset, size),
  };

  #reached(bar: number, offset: number, size: number): void {
    this.#calls++;
    const inside = trapped[bar]?.some(r => offset >= r.offset && offset + size <= r.offset + r.size);
    if (inside !== true) throw new Violation(`an access of ${size} bytes at ${offset} of BAR ${bar}`);
    const race = this.#races.shift();
    if (race !== undefined) {
      const slot = (race[5] ?? 0) % 2 === 1;
      const base = slot ? RING_HEADER_BYTES + ((race[4] ?? 0) % SLOTS) * SLOT_WORDS * 4 : 0;
      this.#poke(slot ? slotPieces : headerPieces, race, base);
    }
  }
}

function offsetFor(dice: Dice): number {
  return dice.oneIn(3) ? dice.value() : dice.below(0x1000);
}

export const makeTarget = (): Target => new RingTarget();
