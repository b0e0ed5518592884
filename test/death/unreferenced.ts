// SPDX-License-Identifier: MIT
// The words of the state region that nothing may refer to: rows of objects that do not exist, descriptors that have not
// begun, outbox and journal entries beyond their counts. The adapter stores there before a commit without a journal
// entry, so after a death they may hold any mixture of old and new. Here they are filled with the worst mixture, garbage,
// before each recovery; what is left of a half-done unjournaled store can then do no more harm than that.
import { MrKind } from '../../device/abi/generated/commands.js';
import { PUSH_SLOTS } from '../../device/abi/generated/registers.js';
import {
  AH_TABLE,
  AH_WORDS,
  CQ_TABLE,
  CQ_WORDS,
  DPAGE_BUFFERS_OFFSET,
  DPAGE_TABLE,
  DPAGE_WORDS,
  EQ_TABLE,
  EQ_WORDS,
  GID_COUNT,
  GID_TABLE,
  GID_WORDS,
  JOURNAL_TABLE,
  MR_TABLE,
  MR_WORDS,
  mrKind,
  mrPageCount,
  mrPoolStart,
  mrValid,
  OUTBOX_COUNT,
  OUTBOX_TABLE,
  OUTBOX_WORDS,
  PBUF_DATA_OFFSET,
  PBUF_SIZE,
  PBUF_WRITTEN_OFFSET,
  PD_TABLE,
  PD_WORDS,
  POOL_BLOCK_PAGES,
  POOL_BLOCK_TABLE,
  POOL_TABLE,
  PSLOT_TABLE,
  PSLOT_WORDS,
  QP_RECV_WQE_OFFSET,
  QP_SEND_WQE_OFFSET,
  QP_TABLE,
  QP_WORDS,
  qpActive,
  qpRecvActive,
  SRQ_TABLE,
  SRQ_WORDS,
  ST_JOURNAL_COUNT_OFFSET,
  ST_OUTBOX_COUNT_OFFSET,
  ST_RESET_TARGET_OFFSET,
} from '../../device/abi/generated/state.js';

/** The part of the region that scenarios use, as [first word, words]; the enumerator checks that the rest stays zero. */
const HOT_ROWS = 12;
const HOT_PAGES = 4;
const HOT_BLOCKS = 8;
const JOURNAL_ENTRIES = 512;
export const HOT: readonly (readonly [number, number])[] = [
  [0, 1024],
  [JOURNAL_TABLE, JOURNAL_ENTRIES * 2],
  [OUTBOX_TABLE, OUTBOX_COUNT * OUTBOX_WORDS],
  [PD_TABLE, HOT_ROWS * PD_WORDS],
  [DPAGE_TABLE, HOT_PAGES * DPAGE_WORDS],
  [EQ_TABLE, HOT_ROWS * EQ_WORDS],
  [CQ_TABLE, HOT_ROWS * CQ_WORDS],
  [QP_TABLE, HOT_ROWS * QP_WORDS],
  [SRQ_TABLE, HOT_ROWS * SRQ_WORDS],
  [AH_TABLE, HOT_ROWS * AH_WORDS],
  [GID_TABLE, GID_COUNT * GID_WORDS],
  [PSLOT_TABLE, HOT_PAGES * PUSH_SLOTS * PSLOT_WORDS],
  [MR_TABLE, HOT_ROWS * MR_WORDS],
  [POOL_BLOCK_TABLE, HOT_BLOCKS],
  [POOL_TABLE, HOT_BLOCKS * POOL_BLOCK_PAGES * 2],
];

const JOURNAL_COUNT_WORD = ST_JOURNAL_COUNT_OFFSET / 4;
const OUTBOX_COUNT_WORD = ST_OUTBOX_COUNT_OFFSET / 4;
const RESET_TARGET_WORD = ST_RESET_TARGET_OFFSET / 4;
const WQE_WORDS = (QP_RECV_WQE_OFFSET - QP_SEND_WQE_OFFSET) / 4;

type Visit = (word: number, count: number) => void;

/** Tables whose rows start with `used`: [first word, words of a row, first word of a row that a free one does not keep]. */
const ROWS: readonly (readonly [number, number, number])[] = [
  [PD_TABLE, PD_WORDS, 1],
  [EQ_TABLE, EQ_WORDS, 1],
  [CQ_TABLE, CQ_WORDS, 1],
  [QP_TABLE, QP_WORDS, 1],
  [SRQ_TABLE, SRQ_WORDS, 1],
  [AH_TABLE, AH_WORDS, 1],
  // The key of a memory region outlives it.
  [MR_TABLE, MR_WORDS, 2],
];

/** Visits each run of words that nothing refers to, once the journal's unfinished step has been undone. */
export function unreferenced(m: Uint32Array, visit: Visit): void {
  const count = m[JOURNAL_COUNT_WORD];
  visit(JOURNAL_TABLE + count * 2, (JOURNAL_ENTRIES - count) * 2);
  const undone = new Map<number, number>();
  for (let n = count - 1; n >= 0; n--) undone.set(m[JOURNAL_TABLE + n * 2], m[JOURNAL_TABLE + n * 2 + 1]);
  const at = (word: number): number => undone.get(word) ?? m[word];
  // A reset under way: rows go one after the other, and it is done again whatever they hold.
  if (at(RESET_TARGET_WORD) !== 0) return;
  const owed = at(OUTBOX_COUNT_WORD);
  visit(OUTBOX_TABLE + owed * OUTBOX_WORDS, (OUTBOX_COUNT - owed) * OUTBOX_WORDS);
  for (const [first, words, keep] of ROWS) freeRows(at, first, words, keep, visit);
  for (let n = 0; n < HOT_PAGES * PUSH_SLOTS; n++) {
    const row = PSLOT_TABLE + n * PSLOT_WORDS;
    if (at(row) === 0) visit(row + 1, PSLOT_WORDS - 1);
  }
  idleDescriptors(at, visit);
  freePool(at, visit);
  idlePages(at, visit);
  emptyBuffers(at, visit);
}

type At = (word: number) => number;

function freeRows(at: At, first: number, words: number, keep: number, visit: Visit): void {
  for (let row = first; row < first + HOT_ROWS * words; row += words)
    if (at(row) === 0) visit(row + keep, words - keep);
}

const ACTIVE_WORD = wordOf(qpActive);
const RECV_ACTIVE_WORD = wordOf(qpRecvActive);
const [KIND_WORD, VALID_WORD, POOL_START_WORD, PAGE_COUNT_WORD] = [
  mrKind,
  mrValid,
  mrPoolStart,
  mrPageCount,
].map(wordOf);

/** Where in a row the accessor looks. */
function wordOf(get: (m: Uint32Array, w: number) => number): number {
  const row = Uint32Array.from({ length: QP_WORDS }, (_, n) => n);
  return get(row, 0);
}

function idleDescriptors(at: At, visit: Visit): void {
  for (let n = 0; n < HOT_ROWS; n++) {
    const row = QP_TABLE + n * QP_WORDS;
    if (at(row) === 0) continue;
    if (at(row + ACTIVE_WORD) === 0) visit(row + QP_SEND_WQE_OFFSET / 4, WQE_WORDS);
    if (at(row + RECV_ACTIVE_WORD) === 0) visit(row + QP_RECV_WQE_OFFSET / 4, WQE_WORDS);
  }
}

function freePool(at: At, visit: Visit): void {
  const words = POOL_BLOCK_PAGES * 2;
  for (let b = 0; b < HOT_BLOCKS; b++)
    if (at(POOL_BLOCK_TABLE + b) === 0) visit(POOL_TABLE + b * words, words);
}

/** Pages that are set aside for a region which has no memory now. */
function idlePages(at: At, visit: Visit): void {
  for (let n = 0; n < HOT_ROWS; n++) {
    const row = MR_TABLE + n * MR_WORDS;
    if (at(row) === 0 || at(row + KIND_WORD) !== MrKind.FAST || at(row + VALID_WORD) !== 0) continue;
    visit(POOL_TABLE + at(row + POOL_START_WORD) * 2, at(row + PAGE_COUNT_WORD) * 2);
  }
}

/** Words of push buffers of which no byte was stored. */
function emptyBuffers(at: At, visit: Visit): void {
  for (let page = 0; page < 2; page++) {
    for (let buffer = 0; buffer < 4; buffer++) {
      const row = DPAGE_TABLE + page * DPAGE_WORDS + DPAGE_BUFFERS_OFFSET / 4 + (buffer * PBUF_SIZE) / 4;
      for (let n = 0; n < 8; n++) {
        const map = at(row + PBUF_WRITTEN_OFFSET / 4 + n);
        const data = row + PBUF_DATA_OFFSET / 4 + n * 8;
        if (map === 0) visit(data, 8);
        else
          for (let word = 0; word < 8; word++) if (NIBBLES[word] & ~map) visitEmpty(map, word, data, visit);
      }
    }
  }
}

const NIBBLES = Array.from({ length: 8 }, (_, n) => 0xf * 16 ** n);

function visitEmpty(map: number, word: number, data: number, visit: Visit): void {
  if ((NIBBLES[word] & map) === 0) visit(data + word, 1);
}

const GARBAGE = 0xa5c3e1f7;

/** What a killed process may leave behind, at its worst. */
export function scramble(m: Uint32Array): void {
  unreferenced(m, (word, count) => {
    for (let w = word; w < word + count; w++) m[w] = GARBAGE;
  });
}
