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

/** Low and high half of eight bytes. */
export type Pair = readonly [lo: number, hi: number];

export interface Datagram {
  ah: number;
  qpn: number;
  qkey: number;
}

export interface Registration {
  iova: number;
  length: number;
  /** Bus address of the list; Driver.putPageList() writes one. */
  pageList: number;
  pageCount: number;
  access: number;
  /** 12 unless given. */
  pageShift?: number;
}

export interface Work {
  opcode: number;
  gather?: Range[];
  scatter?: Range[];
  wrId?: number;
  /** SIGNALED unless given; INLINE comes with `inline`. */
  flags?: number;
  /** Data in the descriptor, in place of gather entries. */
  inline?: Uint8Array;
  /** FILL. */
  pattern?: Pair;
  /** SEND_IMM and RDMA_WRITE_IMM. */
  immediate?: number;
  /** SEND_INV, LOCAL_INV and FAST_REG. */
  key?: number;
  /** RDMA and atomics. */
  remote?: { address: number; key: number };
  /** CMP_SWAP and FETCH_ADD, whose extension is there when this is. */
  swapAdd?: Pair;
  compare?: Pair;
  /** SEND on a datagram queue pair: its extension. */
  to?: Datagram;
  /** FAST_REG: its extension. */
  registration?: Registration;
  /** Overrides, for malformed descriptors. */
  index?: number;
  gatherCount?: number;
  scatterCount?: number;
  inlineLength?: number;
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
  /** Immediate data, or the key that the sender invalidated. */
  immediate: number;
  withImmediate: boolean;
  withInvalidate: boolean;
  grh: boolean;
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

/** A shared receive queue. */
export interface Srq {
  readonly number: number;
  readonly page: number;
  readonly recv: Ring;
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

const WORD = 4;

/** The words of the extension that a descriptor has. */
function extensionOf(work: Work): Uint32Array {
  if (work.swapAdd !== undefined) {
    const e = new Uint32Array(w.WQE_ATOMIC_SIZE / WORD);
    w.setWqeAtomicSwapAddLo(e, 0, work.swapAdd[0]);
    w.setWqeAtomicSwapAddHi(e, 0, work.swapAdd[1]);
    w.setWqeAtomicCompareLo(e, 0, work.compare?.[0] ?? 0);
    w.setWqeAtomicCompareHi(e, 0, work.compare?.[1] ?? 0);
    return e;
  }
  if (work.to !== undefined) {
    const e = new Uint32Array(w.WQE_DATAGRAM_SIZE / WORD);
    w.setWqeDatagramAh(e, 0, work.to.ah);
    w.setWqeDatagramDestQpn(e, 0, work.to.qpn);
    w.setWqeDatagramQkey(e, 0, work.to.qkey);
    return e;
  }
  return work.registration === undefined ? new Uint32Array(0) : registrationOf(work.registration);
}

function registrationOf(r: Registration): Uint32Array {
  const e = new Uint32Array(w.WQE_REG_SIZE / WORD);
  w.setWqeRegIova(e, 0, r.iova);
  w.setWqeRegLength(e, 0, r.length);
  w.setWqeRegPageList(e, 0, r.pageList);
  w.setWqeRegPageCount(e, 0, r.pageCount);
  w.setWqeRegAccess(e, 0, r.access);
  w.setWqeRegPageShift(e, 0, r.pageShift ?? 12);
  return e;
}

function setHead(d: Uint32Array, work: Work, index: number): void {
  const inline = work.inline === undefined ? 0 : w.WqeFlag.INLINE;
  w.setWqeOpcode(d, 0, work.opcode);
  w.setWqeFlags(d, 0, (work.flags ?? w.WqeFlag.SIGNALED) | inline);
  w.setWqeGatherCount(d, 0, work.gatherCount ?? work.gather?.length ?? 0);
  w.setWqeScatterCount(d, 0, work.scatterCount ?? work.scatter?.length ?? 0);
  w.setWqeIndex(d, 0, work.index ?? index);
  w.setWqeInlineLength(d, 0, work.inlineLength ?? work.inline?.length ?? 0);
  w.setWqeWrIdLo(d, 0, work.wrId ?? index);
  w.setWqeOperandLo(d, 0, work.pattern?.[0] ?? work.immediate ?? work.key ?? 0);
  w.setWqeOperandHi(d, 0, work.pattern?.[1] ?? work.remote?.key ?? 0);
  w.setWqeRemoteAddress(d, 0, work.remote?.address ?? 0);
}

/** The bytes of a descriptor with queue index `index`; ranges without a key of their own get `key`. */
export function encodeWork(work: Work, index: number, key: number): Uint8Array {
  const ranges = [...(work.gather ?? []), ...(work.scatter ?? [])];
  const extension = extensionOf(work);
  const inline = w.WQE_SIZE + extension.byteLength;
  const lists = inline + Math.ceil((work.inline?.length ?? 0) / WORD) * WORD;
  const d = new Uint32Array((lists + ranges.length * w.SGE_SIZE) / WORD);
  setHead(d, work, index);
  d.set(extension, w.WQE_SIZE / WORD);
  if (work.inline !== undefined) new Uint8Array(d.buffer).set(work.inline, inline);
  ranges.forEach((range, n) => {
    const at = lists / WORD + n * SGE_WORDS;
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
    immediate: w.cqeImmediate(c, 0),
    withImmediate: w.cqeOwnerWithImmediate(c, 0) === 1,
    withInvalidate: w.cqeOwnerWithInvalidate(c, 0) === 1,
    grh: w.cqeOwnerGrh(c, 0) === 1,
  };
}

/** The same for an event. */
export function decodeEqe(bytes: Uint8Array, position: number, depth: number): AdapterEvent | undefined {
  const e = asWords(bytes);
  if (w.eqeOwnerValid(e, 0) !== ownerOf(position, depth)) return undefined;
  return { type: w.eqeType(e, 0), number: w.eqeNumber(e, 0), detail: w.eqeDetail(e, 0) };
}
