// SPDX-License-Identifier: MIT
// A descriptor with all its numbers, and the bytes that stand for it. The reference works on the object, the adapter gets
// the bytes: the generated accessors are the only thing that both have in common.
import * as w from '../../device/abi/generated/descriptors.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';

export interface Sge {
  readonly address: number;
  readonly length: number;
  readonly lkey: number;
}

/** What is wrong with a descriptor on purpose; each makes it malformed, whatever else it says. */
export const DAMAGES = ['opcode', 'flag', 'index', 'reserved', 'gather count', 'inline length'] as const;
export type Damage = (typeof DAMAGES)[number];

export interface Registration {
  readonly iova: number;
  readonly length: number;
  readonly list: number;
  readonly pageCount: number;
  readonly access: number;
  readonly pageShift: number;
}

export interface Descriptor {
  readonly opcode: number;
  readonly index: number;
  readonly wrId: number;
  readonly signaled: boolean;
  readonly solicited: boolean;
  readonly fence: boolean;
  readonly gather: readonly Sge[];
  readonly scatter: readonly Sge[];
  readonly inline: Uint8Array | undefined;
  readonly operandLo: number;
  readonly operandHi: number;
  readonly remoteAddress: number;
  readonly swapAdd: readonly [number, number];
  readonly compare: readonly [number, number];
  readonly ah: number;
  readonly destQpn: number;
  readonly qkey: number;
  readonly datagram: boolean;
  readonly registration: Registration | undefined;
  readonly damage: Damage | undefined;
}

/** What stands in a queue that nobody has written to: zeroes. */
export const BLANK: Descriptor = {
  opcode: Opcode.NOP,
  index: 0,
  wrId: 0,
  signaled: false,
  solicited: false,
  fence: false,
  gather: [],
  scatter: [],
  inline: undefined,
  operandLo: 0,
  operandHi: 0,
  remoteAddress: 0,
  swapAdd: [0, 0],
  compare: [0, 0],
  ah: 0,
  destQpn: 0,
  qkey: 0,
  datagram: false,
  registration: undefined,
  damage: undefined,
};

export const isAtomic = (opcode: number): boolean =>
  opcode === Opcode.CMP_SWAP || opcode === Opcode.FETCH_ADD;

export const sum = (list: readonly Sge[]): number => list.reduce((n, sge) => n + sge.length, 0);

/** Bytes between the head and the first entry. */
function extensionBytes(d: Descriptor): number {
  if (isAtomic(d.opcode)) return w.WQE_ATOMIC_SIZE;
  if (d.opcode === Opcode.FAST_REG) return w.WQE_REG_SIZE;
  return d.datagram ? w.WQE_DATAGRAM_SIZE : 0;
}

const ENTRY = 16;

/** Bytes of a descriptor, a whole number of entries. */
export function sizeOf(d: Descriptor): number {
  const inline = Math.ceil((d.inline?.length ?? 0) / ENTRY) * ENTRY;
  return w.WQE_SIZE + extensionBytes(d) + inline + ENTRY * (d.gather.length + d.scatter.length);
}

const UNKNOWN_OPCODE = 0x3f;
const UNKNOWN_FLAG = 0x80;

/** Operation that its completion names. */
export const opcodeOf = (d: Descriptor): number => (d.damage === 'opcode' ? UNKNOWN_OPCODE : d.opcode);

export function encode(d: Descriptor): Uint8Array {
  const bytes = new Uint8Array(sizeOf(d));
  const m = new Uint32Array(bytes.buffer);
  const { SIGNALED, SOLICITED, FENCE, INLINE } = w.WqeFlag;
  const flag = (on: boolean, bit: number): number => (on ? bit : 0);
  w.setWqeOpcode(m, 0, opcodeOf(d));
  w.setWqeFlags(
    m,
    0,
    flag(d.signaled, SIGNALED) |
      flag(d.solicited, SOLICITED) |
      flag(d.fence, FENCE) |
      flag(d.inline !== undefined, INLINE) |
      flag(d.damage === 'flag', UNKNOWN_FLAG),
  );
  w.setWqeGatherCount(m, 0, d.gather.length + flag(d.damage === 'gather count', 40));
  w.setWqeScatterCount(m, 0, d.scatter.length);
  w.setWqeIndex(m, 0, d.damage === 'index' ? (d.index + 1) % 65536 : d.index);
  w.setWqeInlineLength(m, 0, d.damage === 'inline length' ? 500 : (d.inline?.length ?? 0));
  w.setWqeWrIdLo(m, 0, d.wrId);
  w.setWqeOperandLo(m, 0, d.operandLo);
  w.setWqeOperandHi(m, 0, d.operandHi);
  w.setWqeRemoteAddress(m, 0, d.remoteAddress);
  encodeExtension(m, d);
  const at = (w.WQE_SIZE + extensionBytes(d)) / 4;
  if (d.inline !== undefined) bytes.set(d.inline, at * 4);
  [...d.gather, ...d.scatter].forEach((sge, n) => {
    w.setSgeAddress(m, at + n * 4, sge.address);
    w.setSgeLength(m, at + n * 4, sge.length);
    w.setSgeLkey(m, at + n * 4, sge.lkey);
  });
  // An address above all that there is for operations without one is a reserved field that is not zero.
  if (d.damage === 'reserved') m[7] = 0xffffffff;
  return bytes;
}

function encodeExtension(m: Uint32Array, d: Descriptor): void {
  const at = w.WQE_SIZE / 4;
  if (isAtomic(d.opcode)) {
    w.setWqeAtomicSwapAddLo(m, at, d.swapAdd[0]);
    w.setWqeAtomicSwapAddHi(m, at, d.swapAdd[1]);
    w.setWqeAtomicCompareLo(m, at, d.compare[0]);
    w.setWqeAtomicCompareHi(m, at, d.compare[1]);
  } else if (d.registration !== undefined) {
    w.setWqeRegIova(m, at, d.registration.iova);
    w.setWqeRegLength(m, at, d.registration.length);
    w.setWqeRegPageList(m, at, d.registration.list);
    w.setWqeRegPageCount(m, at, d.registration.pageCount);
    w.setWqeRegAccess(m, at, d.registration.access);
    w.setWqeRegPageShift(m, at, d.registration.pageShift);
  } else if (d.datagram) {
    w.setWqeDatagramAh(m, at, d.ah);
    w.setWqeDatagramDestQpn(m, at, d.destQpn);
    w.setWqeDatagramQkey(m, at, d.qkey);
  }
}
