// SPDX-License-Identifier: MIT
// Descriptors, doorbells, trailers, completions and events as a driver puts them together and takes them apart. All
// packing is done by the generated accessors.
import * as w from '../../device/abi/generated/descriptors.js';
import * as r from '../../device/abi/generated/registers.js';

export interface Range {
  address: number;
  length: number;
  lkey?: number;
}

export interface Work {
  opcode: number;
  gather?: Range[];
  scatter?: Range[];
  wrId?: number;
  flags?: number;
  pattern?: readonly [number, number];
  /** Overrides, for malformed descriptors. */
  index?: number;
  gatherCount?: number;
  scatterCount?: number;
  /** Word number and value: written last, over everything else. */
  poke?: readonly (readonly [number, number])[];
}

export interface Cqe {
  wrId: number;
  qpn: number;
  byteCount: number;
  opcode: number;
  status: number;
  index: number;
  srcQpn: number;
  receive: boolean;
  solicited: boolean;
}

export interface AdapterEvent {
  type: number;
  number: number;
  detail: number;
}

export interface Cq {
  readonly number: number;
  readonly address: number;
  readonly depth: number;
  readonly page: number;
  /** Free running. */
  consumer: number;
}

export interface Eq {
  readonly number: number;
  readonly address: number;
  readonly depth: number;
  readonly vector: number;
  /** Free running. */
  consumer: number;
}

export interface Ring {
  readonly address: number;
  readonly depth: number;
  readonly stride: number;
  /** Modulo 65,536. */
  producer: number;
}

export interface Qp {
  readonly number: number;
  readonly type: number;
  readonly page: number;
  readonly send: Ring;
  readonly recv: Ring | undefined;
}

export const INDEX_MODULUS = 65536;
const SGE_WORDS = w.SGE_SIZE / 4;

/** The words of little-endian bytes; a rest of less than four bytes is left out. */
export const asWords = (bytes: Uint8Array): Uint32Array =>
  new Uint32Array(bytes.buffer, bytes.byteOffset, Math.floor(bytes.length / 4));

/** The bytes of a descriptor with queue index `index`; ranges without a key of their own get `key`. */
export function encodeWork(work: Work, index: number, key: number): Uint8Array {
  const gather = work.gather ?? [];
  const scatter = work.scatter ?? [];
  const d = new Uint32Array((w.WQE_SIZE + (gather.length + scatter.length) * w.SGE_SIZE) / 4);
  w.setWqeOpcode(d, 0, work.opcode);
  w.setWqeFlags(d, 0, work.flags ?? w.WqeFlag.SIGNALED);
  w.setWqeGatherCount(d, 0, work.gatherCount ?? gather.length);
  w.setWqeScatterCount(d, 0, work.scatterCount ?? scatter.length);
  w.setWqeIndex(d, 0, work.index ?? index);
  w.setWqeWrIdLo(d, 0, work.wrId ?? index);
  w.setWqeOperandLo(d, 0, work.pattern?.[0] ?? 0);
  w.setWqeOperandHi(d, 0, work.pattern?.[1] ?? 0);
  [...gather, ...scatter].forEach((range, n) => {
    const at = w.WQE_SIZE / 4 + n * SGE_WORDS;
    w.setSgeAddress(d, at, range.address);
    w.setSgeLength(d, at, range.length);
    w.setSgeLkey(d, at, range.lkey ?? key);
  });
  for (const [word, value] of work.poke ?? []) d[word] = value;
  return new Uint8Array(d.buffer);
}

/** The two words of a doorbell. */
export function encodeDoorbell(number: number, index: number, solicited = false): [number, number] {
  const d = new Uint32Array(r.DB_CQ_ARM_OFFSET / 4 + 2);
  r.setDbSendNumber(d, 0, number);
  r.setDbSendIndex(d, 0, index);
  r.setDbCqArmSolicited(d, 0, solicited ? 1 : 0);
  return [d[0], d[1] + d[r.DB_CQ_ARM_OFFSET / 4 + 1]];
}

export interface Trailer {
  readonly qpn: number;
  readonly index: number;
  /** Bytes; rounded up to the unit of the field. */
  readonly length: number;
  readonly buffer: number;
  readonly generation: number;
}

/** The two words of a trailer. */
export function encodeTrailer(t: Trailer): [number, number] {
  const d = new Uint32Array(r.PUSH_TRAILER_OFFSET / 4 + 2);
  r.setPushTrailerQpn(d, 0, t.qpn);
  r.setPushTrailerLength(d, 0, Math.ceil(t.length / r.PUSH_LENGTH_UNIT));
  r.setPushTrailerIndex(d, 0, t.index);
  r.setPushTrailerBuffer(d, 0, t.buffer);
  r.setPushTrailerGeneration(d, 0, t.generation);
  return [d[r.PUSH_TRAILER_OFFSET / 4], d[r.PUSH_TRAILER_OFFSET / 4 + 1]];
}

/** Where push buffer `buffer` of a page stands in the doorbell BAR. */
export function bufferOffset(page: number, buffer: number): number {
  return page * r.DOORBELL_PAGE_BYTES + r.PRIORITY_AREA_OFFSET + buffer * r.PUSH_BUFFER_STRIDE;
}

/** Owner bit of an entry on the pass that `position` (free running) belongs to. */
const ownerOf = (position: number, depth: number): number => 1 - (Math.floor(position / depth) % 2);

/** The completion in `bytes`, or undefined while the adapter has not written the one at `position`. */
export function decodeCqe(bytes: Uint8Array, position: number, depth: number): Cqe | undefined {
  const c = asWords(bytes);
  if (w.cqeOwnerValid(c, 0) !== ownerOf(position, depth)) return undefined;
  return {
    wrId: w.cqeWrIdLo(c, 0),
    qpn: w.cqeQpn(c, 0),
    byteCount: w.cqeByteCount(c, 0),
    opcode: w.cqeOpcode(c, 0),
    status: w.cqeStatus(c, 0),
    index: w.cqeWqeIndex(c, 0),
    srcQpn: w.cqeSrcQpn(c, 0),
    receive: w.cqeOwnerRecv(c, 0) === 1,
    solicited: w.cqeOwnerSolicited(c, 0) === 1,
  };
}

/** The same for an event. */
export function decodeEqe(bytes: Uint8Array, position: number, depth: number): AdapterEvent | undefined {
  const e = asWords(bytes);
  if (w.eqeOwnerValid(e, 0) !== ownerOf(position, depth)) return undefined;
  return { type: w.eqeType(e, 0), number: w.eqeNumber(e, 0), detail: w.eqeDetail(e, 0) };
}
