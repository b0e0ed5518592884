// SPDX-License-Identifier: MIT
// Journals that break one rule each. The enumerator has to find every one of them, or it proves nothing.
import {
  JOURNAL_TABLE,
  QP_TABLE,
  QP_WORDS,
  qpRecvDone,
  qpRqPsn,
  qpSendConsumer,
  qpSqPsn,
  ST_APPLIED_OFFSET,
  ST_COUNT_COMPLETIONS_OFFSET,
  ST_IRQ_PENDING_OFFSET,
  ST_JOURNAL_COUNT_OFFSET,
  ST_OUTBOX_COUNT_OFFSET,
} from '../../device/abi/generated/state.js';
import { type MakeJournal, MortalJournal } from './mortal.js';

const JOURNAL_COUNT = ST_JOURNAL_COUNT_OFFSET / 4;
const OUTBOX_COUNT = ST_OUTBOX_COUNT_OFFSET / 4;
const IRQ_PENDING = ST_IRQ_PENDING_OFFSET / 4;

/** The undo journal is not looked at after a restart. */
class NoRecovery extends MortalJournal {
  override recover(): boolean {
    this.u32[JOURNAL_COUNT] = 0;
    return super.recover();
  }
}

/** What was owed to the guest is forgotten after a restart. */
class Forgets extends MortalJournal {
  readonly word: number = OUTBOX_COUNT;
  override recover(): boolean {
    const sound = super.recover();
    this.u32[this.word] = 0;
    return sound;
  }
}
class ForgetsInterrupts extends Forgets {
  override readonly word = IRQ_PENDING;
}

/** What changed before the first completion of a step becomes valid without it. */
class CommitsEarly extends MortalJournal {
  override put(word: number, value: number): void {
    if (word === OUTBOX_COUNT) this.commit();
    super.put(word, value);
  }
}

/** The word is stored before its old value is kept. */
class StoresFirst extends MortalJournal {
  override put(word: number, value: number): void {
    const m = this.u32;
    const old = m[word];
    this.store(word, value);
    const at = JOURNAL_TABLE + m[JOURNAL_COUNT] * 2;
    this.store(at, word);
    this.store(at + 1, old);
    this.store(JOURNAL_COUNT, m[JOURNAL_COUNT] + 1);
  }

  override commit(): void {
    this.publish(JOURNAL_COUNT, 0);
  }
}

/** Old values are put back first to last: a word that changed twice ends with the value between. */
class UndoesForwards extends MortalJournal {
  override rollback(): void {
    const m = this.u32;
    const count = m[JOURNAL_COUNT];
    for (let n = 0; n < count; n++) this.store(m[JOURNAL_TABLE + n * 2], m[JOURNAL_TABLE + n * 2 + 1]);
    this.commit();
  }
}

/** The journal counts as empty before the old values are back: only a death in the recovery shows it. */
class EmptiesFirst extends MortalJournal {
  override rollback(): void {
    const m = this.u32;
    const count = m[JOURNAL_COUNT];
    this.commit();
    for (let n = count - 1; n >= 0; n--) this.store(m[JOURNAL_TABLE + n * 2], m[JOURNAL_TABLE + n * 2 + 1]);
  }
}

/** No undo for some words. */
function leaks(isLeaky: (word: number) => boolean): MakeJournal {
  class Leaks extends MortalJournal {
    override put(word: number, value: number): void {
      if (isLeaky(word)) this.raw(word, value);
      else super.put(word, value);
    }
  }
  return (region, ledger) => new Leaks(region, ledger);
}

const makes =
  (Mutant: typeof MortalJournal): MakeJournal =>
  (region, ledger) =>
    new Mutant(region, ledger);

/** Where in the row of a queue pair an accessor looks. */
function inQp(get: (m: Uint32Array, w: number) => number): (word: number) => boolean {
  const field = get(
    Uint32Array.from({ length: QP_WORDS }, (_, n) => n),
    0,
  );
  return word =>
    word >= QP_TABLE && word < QP_TABLE + 12 * QP_WORDS && (word - QP_TABLE) % QP_WORDS === field;
}

export interface Mutant {
  readonly name: string;
  readonly make: MakeJournal;
  /** Scenarios that show it, by a part of their names. */
  readonly shownBy: string;
  readonly deaths: 1 | 2;
}

const one = (name: string, make: MakeJournal, shownBy: string): Mutant => ({
  name,
  make,
  shownBy,
  deaths: 1,
});

export const MUTANTS: readonly Mutant[] = [
  one('the journal is not looked at after a restart', makes(NoRecovery), 'SEND of one packet by doorbell'),
  one('writes that are owed are forgotten', makes(Forgets), 'NOP by doorbell'),
  one('interrupts that are owed are forgotten', makes(ForgetsInterrupts), 'interrupt test'),
  one('a commit before the outbox count', makes(CommitsEarly), 'SEND of one packet by doorbell'),
  one('a word is stored before its old value is kept', makes(StoresFirst), 'SEND of one packet by doorbell'),
  one('old values come back in the wrong order', makes(UndoesForwards), 'SEND of one packet by doorbell'),
  {
    name: 'the journal is emptied before it is undone',
    make: makes(EmptiesFirst),
    shownBy: 'NOP by doorbell',
    deaths: 2,
  },
  one(
    'no undo: ring position',
    leaks(w => w === ST_APPLIED_OFFSET / 4),
    'NOP by push',
  ),
  one(
    'no undo: a counter',
    leaks(w => w === ST_COUNT_COMPLETIONS_OFFSET / 4),
    'NOP by doorbell',
  ),
  one('no undo: send consumer index', leaks(inQp(qpSendConsumer)), 'NOP by push'),
  one(
    'no undo: PSN to send',
    leaks(inQp(qpSqPsn)),
    'SEND of three packets, gathered and scattered by doorbell',
  ),
  one('no undo: PSN expected', leaks(inQp(qpRqPsn)), 'SEND of one packet by doorbell'),
  one(
    'no undo: bytes received',
    leaks(inQp(qpRecvDone)),
    'SEND of three packets, gathered and scattered by doorbell',
  ),
];
