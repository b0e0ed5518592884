// SPDX-License-Identifier: MIT
// The state loader: the state of an adapter with work under way, words of it changed, handed to an adapter that starts.
// It is refused with StateRefused, or the adapter goes on as one that a guest may do anything to: it throws nothing,
// comes to rest, and the state that it leaves can be taken over again.

import { MAILBOX_OUTPUT_OFFSET } from '../../../device/abi/generated/commands.js';
import { PUSH_SLOTS } from '../../../device/abi/generated/registers.js';
import * as s from '../../../device/abi/generated/state.js';
import { stateGroup } from '../../../device/abi/state.js';
import { StateRefused } from '../../../device/model/ports.js';
import type { Dice } from '../dice.js';
import { type Piece, piecesOf, structOf, valueFor } from '../fields.js';
import type { Input, Op } from '../input.js';
import { foldDigits, type Novelty, type Target, Violation } from '../target.js';
import { KIND, Traffic, trafficOp } from '../traffic.js';
import { World } from '../world.js';

const DAMAGE = 100;
const COPY = 101;
const JOURNAL = 102;
const { COMMAND, ENTRY, DOORBELL, PUSH, STORE, SETTLE, HOLE, CONTROL, RESTART } = KIND;
/** What happens before the state is taken away, and after. */
const TRAFFIC = [ENTRY, DOORBELL, DOORBELL, PUSH, STORE, SETTLE, HOLE, CONTROL, COMMAND, COMMAND, RESTART];
const JOURNAL_ENTRIES = 24;
const OUTPUT_BYTES = 192;

/** Tables with the layout of their rows, and how many of them are of interest. */
const TABLES: readonly (readonly [first: number, words: number, rows: number, pieces: readonly Piece[]])[] = (
  [
    ['st', 0, 0, 1],
    ['qp', s.QP_TABLE, s.QP_WORDS, 9],
    ['cq', s.CQ_TABLE, s.CQ_WORDS, 4],
    ['eq', s.EQ_TABLE, s.EQ_WORDS, 2],
    ['mr', s.MR_TABLE, s.MR_WORDS, 14],
    ['pd', s.PD_TABLE, s.PD_WORDS, 4],
    ['dpage', s.DPAGE_TABLE, s.DPAGE_WORDS, 4],
    ['pslot', s.PSLOT_TABLE, s.PSLOT_WORDS, 2 * PUSH_SLOTS],
    ['outbox', s.OUTBOX_TABLE, s.OUTBOX_WORDS, 6],
    ['srq', s.SRQ_TABLE, s.SRQ_WORDS, 3],
    ['ah', s.AH_TABLE, s.AH_WORDS, 3],
    ['gid', s.GID_TABLE, s.GID_WORDS, 3],
  ] as const
).map(([name, first, words, rows]) => [first, words, rows, piecesOf(structOf(stateGroup, name), stateGroup)]);

class StateTarget implements Target {
  readonly name = 'state';
  readonly doc = 'state loader: changed words in a region that is taken over';
  readonly #world = new World();
  readonly #traffic = new Traffic(this.#world, true);
  readonly #journal: Uint32Array;
  /** Words that were changed where a restore would not look, with what stood there. */
  readonly #changed: [word: number, value: number][] = [];

  constructor() {
    const { region, memory, objects } = this.#world;
    memory.allow(objects.mailbox + MAILBOX_OUTPUT_OFFSET, OUTPUT_BYTES);
    this.#journal = region.u32.slice(s.JOURNAL_TABLE, s.JOURNAL_TABLE + s.JOURNAL_COUNT * s.JOURNAL_WORDS);
  }

  /** [DAMAGE, table, row, field, low, high, how], [COPY, table, row, field, from row], [JOURNAL, n, (word, value)…], or traffic. */
  generate(dice: Dice): Op {
    const table = dice.oneIn(2) ? dice.below(2) : dice.below(TABLES.length);
    const [, , rows, pieces] = TABLES[table]!;
    const field = dice.below(pieces.length);
    switch (dice.below(8)) {
      case 0:
      case 1:
      case 2:
        return [DAMAGE, table, dice.below(rows), field, ...valueFor(dice, pieces[field]!), dice.below(6)];
      case 3:
        return [COPY, table, dice.below(rows), field, dice.below(rows)];
      case 4:
        return [
          JOURNAL,
          dice.below(6),
          ...Array.from({ length: 6 }, () => (dice.oneIn(2) ? dice.below(70) : dice.value())),
        ];
      default:
        return trafficOp(dice, TRAFFIC);
    }
  }

  run(input: Input, seen: Novelty): void {
    const firstDamage = input.findIndex(op => (op[0] ?? 0) >= DAMAGE);
    const split = firstDamage < 0 ? input.length : firstDamage;
    try {
      // What steps before have left in the journal is looked at when its count is changed.
      this.#world.region.u32.set(this.#journal, s.JOURNAL_TABLE);
      this.#traffic.begin();
      for (const op of input.slice(0, split)) this.#traffic.apply(op, seen);
      for (const op of input.slice(split)) if ((op[0] ?? 0) >= DAMAGE) this.#damage(op);
      // A page may be anybody's now: addresses in the region are bus addresses that were checked when they were given.
      this.#world.memory.open = true;
      if (!this.#taken(seen)) return;
      const rest = input.slice(split).filter(op => (op[0] ?? 0) < DAMAGE);
      this.#traffic.play(rest, seen);
    } finally {
      this.#repair();
    }
  }

  /** False when the region was refused. */
  #taken(seen: Novelty): boolean {
    // Recovery stores to whatever words the journal names.
    this.#world.onStore = word => {
      if (word < this.#world.region.u32.length) this.#changed.push([word, this.#world.region.u32[word]!]);
    };
    try {
      this.#world.start();
      return true;
    } catch (error) {
      if (!(error instanceof StateRefused)) throw error;
      seen.text(error.message);
      if (foldDigits(error.message).length < 10) throw new Violation('refused without a reason');
      return false;
    } finally {
      this.#world.onStore = undefined;
    }
  }

  #damage(op: Op): void {
    const [kind = 0, a = 0, b = 0, c = 0, d = 0, e = 0, how = 0] = op;
    if (kind === JOURNAL) {
      this.#put(s.ST_JOURNAL_COUNT_OFFSET / 4, a);
      for (let n = 2; n < op.length && n < JOURNAL_ENTRIES; n++) this.#put(s.JOURNAL_TABLE + n - 2, op[n]!);
      return;
    }
    const [first, words, rows, pieces] = TABLES[a % TABLES.length]!;
    const piece = pieces[c % pieces.length]!;
    const word = first + (b % rows) * words + Math.floor(piece.offset / 4);
    if (kind === COPY)
      return this.#put(
        word,
        this.#world.region.u32[first + (d % rows) * words + Math.floor(piece.offset / 4)]!,
      );
    const before = this.#world.region.u32[word]!;
    this.#put(
      word,
      how === 0
        ? (before + 1) >>> 0
        : how === 1
          ? (before - 1) >>> 0
          : how === 2
            ? (before ^ (1 << (d % 32))) >>> 0
            : d,
    );
    if (piece.size === 8) this.#put(word + 1, how === 3 ? e : this.#world.region.u32[word + 1]!);
  }

  #put(word: number, value: number): void {
    const { u32 } = this.#world.region;
    this.#changed.push([word, u32[word]!]);
    u32[word] = value;
  }

  #repair(): void {
    const { u32 } = this.#world.region;
    for (const [word, value] of this.#changed.reverse()) u32[word] = value;
    this.#changed.length = 0;
  }
}

export const makeTarget = (): Target => new StateTarget();
