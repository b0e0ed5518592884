// SPDX-License-Identifier: MIT
// Rows of the object tables. A number that comes from a guest is checked here, once, and carries a branded type from
// there on: a row is the word index of an object that exists. NONE (0, never a row) says that there is no such object.
// Rows of the large tables at and above their high-water mark were never made; nobody has looked at what stands there.
import {
  AH_COUNT,
  AH_TABLE,
  AH_WORDS,
  ahUsed,
  CQ_COUNT,
  CQ_TABLE,
  CQ_WORDS,
  cqUsed,
  DPAGE_COUNT,
  DPAGE_TABLE,
  DPAGE_WORDS,
  dpageUsed,
  EQ_COUNT,
  EQ_TABLE,
  EQ_WORDS,
  eqUsed,
  GID_COUNT,
  GID_TABLE,
  GID_WORDS,
  gidType,
  MR_COUNT,
  MR_TABLE,
  MR_WORDS,
  mrKey,
  mrUsed,
  PD_COUNT,
  PD_TABLE,
  PD_WORDS,
  pdUsed,
  QP_COUNT,
  QP_TABLE,
  QP_WORDS,
  qpUsed,
  SRQ_COUNT,
  SRQ_TABLE,
  SRQ_WORDS,
  srqUsed,
  stAhHigh,
  stCqHigh,
  stEqHigh,
  stMrHigh,
  stPageHigh,
  stQpHigh,
  stSrqHigh,
} from '../abi/generated/state.js';

declare const brand: unique symbol;
type Row<Name extends string> = number & { readonly [brand]: Name };

export type PdRow = Row<'pd'>;
export type PageRow = Row<'page'>;
export type MrRow = Row<'mr'>;
export type EqRow = Row<'eq'>;
export type CqRow = Row<'cq'>;
export type QpRow = Row<'qp'>;
export type SrqRow = Row<'srq'>;
export type AhRow = Row<'ah'>;
export type GidRow = Row<'gid'>;

/** No such object. */
export const NONE = 0;

// Where the rows of a table end that may be in use. The front-end keeps the region too: a mark that is out of bounds, which
// only a front-end can have stored, must not make a loop endless.

export const qpEnd = (m: Uint32Array): number => Math.min(stQpHigh(m, 0), QP_COUNT);
export const cqEnd = (m: Uint32Array): number => Math.min(stCqHigh(m, 0), CQ_COUNT);
/** Page 0 is there from power-on. */
export const pageEnd = (m: Uint32Array): number => Math.max(1, Math.min(stPageHigh(m, 0), DPAGE_COUNT));
export const eqEnd = (m: Uint32Array): number => Math.min(stEqHigh(m, 0), EQ_COUNT);
export const srqEnd = (m: Uint32Array): number => Math.min(stSrqHigh(m, 0), SRQ_COUNT);
export const ahEnd = (m: Uint32Array): number => Math.min(stAhHigh(m, 0), AH_COUNT);
export const mrEnd = (m: Uint32Array): number => Math.min(stMrHigh(m, 0), MR_COUNT);

export function pdRow(m: Uint32Array, n: number): PdRow {
  const row = PD_TABLE + n * PD_WORDS;
  return (n < PD_COUNT && pdUsed(m, row) === 1 ? row : NONE) as PdRow;
}

export function pageRow(m: Uint32Array, n: number): PageRow {
  const row = DPAGE_TABLE + n * DPAGE_WORDS;
  return (n < DPAGE_COUNT && dpageUsed(m, row) === 1 ? row : NONE) as PageRow;
}

export function eqRow(m: Uint32Array, n: number): EqRow {
  const row = EQ_TABLE + n * EQ_WORDS;
  return (n < EQ_COUNT && eqUsed(m, row) === 1 ? row : NONE) as EqRow;
}

export function cqRow(m: Uint32Array, n: number): CqRow {
  const row = CQ_TABLE + n * CQ_WORDS;
  return (n < cqEnd(m) && cqUsed(m, row) === 1 ? row : NONE) as CqRow;
}

export function qpRow(m: Uint32Array, n: number): QpRow {
  const row = QP_TABLE + n * QP_WORDS;
  return (n < qpEnd(m) && qpUsed(m, row) === 1 ? row : NONE) as QpRow;
}

export function srqRow(m: Uint32Array, n: number): SrqRow {
  const row = SRQ_TABLE + n * SRQ_WORDS;
  return (n < srqEnd(m) && srqUsed(m, row) === 1 ? row : NONE) as SrqRow;
}

export function ahRow(m: Uint32Array, n: number): AhRow {
  const row = AH_TABLE + n * AH_WORDS;
  return (n < ahEnd(m) && ahUsed(m, row) === 1 ? row : NONE) as AhRow;
}

/** Entry `n` of the GID table, if it is in use. */
export function gidRow(m: Uint32Array, n: number): GidRow {
  const row = GID_TABLE + n * GID_WORDS;
  return (n < GID_COUNT && gidType(m, row) !== 0 ? row : NONE) as GidRow;
}

const MR_INDEX_DIVISOR = 256;

/** The memory region that `key` names, tag included. */
export function mrRow(m: Uint32Array, key: number): MrRow {
  const n = Math.floor(key / MR_INDEX_DIVISOR);
  if (n >= mrEnd(m)) return NONE as MrRow;
  const row = MR_TABLE + n * MR_WORDS;
  return (mrUsed(m, row) === 1 && mrKey(m, row) === key ? row : NONE) as MrRow;
}

/** The memory region whose key has the index of `key`, whatever its tag. */
export function mrRowOfIndex(m: Uint32Array, key: number): MrRow {
  const n = Math.floor(key / MR_INDEX_DIVISOR);
  const row = MR_TABLE + n * MR_WORDS;
  return (n < mrEnd(m) && mrUsed(m, row) === 1 ? row : NONE) as MrRow;
}

/** The key that the region at table index `n` gets next: the tag moves on, so that the key before it is stale. */
export function nextMrKey(m: Uint32Array, n: number): number {
  const tag = (mrKey(m, MR_TABLE + n * MR_WORDS) + 1) % MR_INDEX_DIVISOR;
  return n * MR_INDEX_DIVISOR + tag;
}

export const qpNumber = (row: QpRow): number => (row - QP_TABLE) / QP_WORDS;
export const mrNumber = (row: MrRow): number => (row - MR_TABLE) / MR_WORDS;
export const eqNumber = (row: EqRow): number => (row - EQ_TABLE) / EQ_WORDS;
export const cqNumber = (row: CqRow): number => (row - CQ_TABLE) / CQ_WORDS;
export const srqNumber = (row: SrqRow): number => (row - SRQ_TABLE) / SRQ_WORDS;
export const rowOfQp = (n: number): QpRow => (QP_TABLE + n * QP_WORDS) as QpRow;
