// SPDX-License-Identifier: MIT
// Descriptors as the fuzzer makes them: a sound request, told by a few numbers, and then fields of it with other values.

import { descriptorsGroup } from '../../device/abi/descriptors.js';
import {
  Opcode,
  SGE_SIZE,
  setSgeAddress,
  setSgeLength,
  setSgeLkey,
  setWqeFlags,
  setWqeGatherCount,
  setWqeIndex,
  setWqeInlineLength,
  setWqeOpcode,
  setWqeOperandHi,
  setWqeOperandLo,
  setWqeRegAccess,
  setWqeRegIova,
  setWqeRegLength,
  setWqeRegPageCount,
  setWqeRegPageList,
  setWqeRegPageShift,
  setWqeRemoteAddress,
  setWqeScatterCount,
  setWqeWrIdLo,
  WQE_SIZE,
  WqeFlag,
} from '../../device/abi/generated/descriptors.js';
import { type Kind, partsOf } from '../hostile/oracle.js';
import type { Dice } from './dice.js';
import { type Piece, piecesOf, putPiece, structOf, valueFor } from './fields.js';
import { DATA_BYTES, FAST_IOVA, FAST_LIST, type Objects, PAGE, RO_IOVA, RW_IOVA } from './world.js';

export const OPCODES: readonly number[] = Object.values(Opcode);
const MAX_RANGES = 6;
const PAGE_SHIFT = 12;
const ALL_RIGHTS = 15;

/** Fields of the head, then of each gather or scatter entry. */
export const PIECES: readonly Piece[] = [
  ...piecesOf(structOf(descriptorsGroup, 'wqe'), descriptorsGroup),
  ...Array.from({ length: MAX_RANGES }, (_, n) =>
    piecesOf(structOf(descriptorsGroup, 'sge'), descriptorsGroup).map(p => ({
      ...p,
      offset: p.offset + WQE_SIZE + n * SGE_SIZE,
    })),
  ).flat(),
];

/** [opcode, flags, shape, place, length, damaged field, low, high, damaged field, low, high] */
export const ENTRY_NUMBERS = 11;
const NO_DAMAGE = 0xffff;

export function entryNumbers(dice: Dice): number[] {
  const damage = (): number[] => {
    const n = dice.below(PIECES.length);
    return [n, ...valueFor(dice, PIECES[n]!)];
  };
  const none = [NO_DAMAGE, 0, 0];
  const broken = dice.below(3);
  return [
    dice.pick(OPCODES),
    dice.oneIn(3) ? dice.below(16) : 1,
    dice.word(),
    dice.below(DATA_BYTES),
    dice.oneIn(8) ? dice.value() : dice.below(600),
    ...(broken > 0 ? damage() : none),
    ...(broken > 1 ? damage() : none),
  ];
}

/** How many entries the lists of an operation with these parts have, as `shape` chooses. */
function countsFor(parts: ReadonlySet<string>, shape: number): [number, number] {
  const [a, b] = [1 + (shape % 3), 1 + ((shape >>> 2) % 3)];
  if (parts.has('atomic')) return [0, 1];
  if (parts.has('gather')) return [a, parts.has('scatter') ? a : 0];
  return [0, parts.has('scatter') ? b : 0];
}

/** Bytes of the extension that an operation with these parts has. */
const extensionOf = (parts: ReadonlySet<string>): number =>
  parts.has('registration') ? 32 : parts.has('atomic') || parts.has('address') ? 16 : 0;

/** The bytes of an entry with work-queue index `index`, at `numbers[from]`; `opcode` overrides the one told. */
export function encodeEntry(
  numbers: readonly number[],
  from: number,
  index: number,
  stride: number,
  o: Objects,
  only?: number,
  kind: Kind = 'rc',
): Uint8Array {
  const [told = 0, flags = 0, shape = 0, place = 0, length = 0] = numbers.slice(from, from + 5);
  const opcode = only ?? told;
  const words = new Uint32Array(stride / 4);
  const parts = partsOf(opcode, opcode === Opcode.RECV ? 'receive' : kind);
  const inline = parts.has('inline') && (flags & WqeFlag.INLINE) !== 0;
  const [gather, scatter] = inline ? [0, 0] : countsFor(parts, shape);
  const extension = extensionOf(parts);
  setWqeOpcode(words, 0, opcode);
  setWqeFlags(words, 0, flags);
  setWqeGatherCount(words, 0, gather);
  setWqeScatterCount(words, 0, scatter);
  setWqeIndex(words, 0, index);
  setWqeInlineLength(words, 0, inline ? length % (stride - WQE_SIZE - extension + 8) : 0);
  setWqeWrIdLo(words, 0, index + 0x1000);
  const key = parts.has('kernel') || opcode === Opcode.SEND_INV;
  setOperands(words, parts, key ? keyFor(shape, o) : shape, shape, place, o);
  if (parts.has('registration')) setRegistration(words, shape, place, o);
  else for (let n = 0; n < extension / 4; n++) words[WQE_SIZE / 4 + n] = n < 2 ? shape + n : 0;
  for (let n = 0; n < gather + scatter; n++) {
    const reads = n < gather;
    const at = (WQE_SIZE + extension + n * SGE_SIZE) / 4;
    const fixed = reads && (shape >>> (8 + n)) % 2 === 1;
    const fast = !fixed && (shape >>> (12 + n)) % 8 === 1;
    const base = fixed ? RO_IOVA : fast ? FAST_IOVA : RW_IOVA;
    setSgeAddress(words, at, base + ((place + n * 0x5a0 + (reads ? 0 : 0x380)) % DATA_BYTES));
    setSgeLength(words, at, parts.has('atomic') ? 8 : length);
    setSgeLkey(words, at, fixed ? o.ro : fast ? o.fast + ((shape >>> 20) % 2) : o.rw);
  }
  const bytes = new Uint8Array(words.buffer);
  for (let n = from + 5; n + 2 < from + ENTRY_NUMBERS; n += 3) damageOf(bytes, numbers, n);
  return bytes;
}

/** Operands and remote address: a pattern, or memory of the other end that may be written, or only read. */
function setOperands(
  words: Uint32Array,
  parts: ReadonlySet<string>,
  low: number,
  shape: number,
  place: number,
  o: Objects,
): void {
  if (parts.has('low')) setWqeOperandLo(words, 0, low);
  if (!parts.has('remote')) return parts.has('high') ? setWqeOperandHi(words, 0, place) : undefined;
  const fixed = (shape >>> 16) % 4 === 0;
  const unit = parts.has('atomic') ? 8 : 1;
  const at = Math.floor((place % DATA_BYTES) / unit) * unit;
  setWqeOperandHi(words, 0, fixed ? o.ro : o.rw);
  setWqeRemoteAddress(words, 0, (fixed ? RO_IOVA : RW_IOVA) + at);
}

/** The region that waits for memory, under the key that it has or another one; sometimes a region that may not be named. */
const keyFor = (shape: number, o: Objects): number => (shape % 5 === 0 ? o.rw : o.fast + ((shape >>> 3) % 2));

/** Memory for it: the pages that may be written, one of them, or more than it takes; or only the right to read them. */
function setRegistration(words: Uint32Array, shape: number, place: number, o: Objects): void {
  const at = WQE_SIZE / 4;
  const pages = 1 + ((shape >>> 4) % FAST_LIST);
  const inPage = place % PAGE;
  setWqeRegIova(words, at, FAST_IOVA + inPage);
  setWqeRegLength(words, at, pages * PAGE - inPage);
  setWqeRegPageList(words, at, o.fastList);
  setWqeRegPageCount(words, at, pages);
  setWqeRegAccess(words, at, (shape >>> 6) % 4 === 0 ? 0 : ALL_RIGHTS);
  setWqeRegPageShift(words, at, PAGE_SHIFT);
}

function damageOf(bytes: Uint8Array, numbers: readonly number[], at: number): void {
  const which = numbers[at] ?? NO_DAMAGE;
  if (which === NO_DAMAGE) return;
  putPiece(bytes, 0, PIECES[which % PIECES.length]!, numbers[at + 1] ?? 0, numbers[at + 2] ?? 0);
}
