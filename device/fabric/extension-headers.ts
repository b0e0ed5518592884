// SPDX-License-Identifier: MIT
// The headers between base transport header and payload (IBTA volume 1, 9.3 and table 38): which ones a packet has
// follows from its opcode alone, and so does the place of its payload. They stand in this order:
//
//   BTH | DETH | RETH or AtomicETH or AETH (and AtomicAckETH) | ImmDt or IETH | payload
import {
  AETH_SIZE,
  ATOMICACKETH_SIZE,
  ATOMICETH_SIZE,
  aethWordMsn,
  aethWordSyndrome,
  atomicackethOriginalHi,
  atomicackethOriginalLo,
  atomicethAddressHi,
  atomicethAddressLo,
  atomicethCompareHi,
  atomicethCompareLo,
  atomicethRkey,
  atomicethSwapAddHi,
  atomicethSwapAddLo,
  BthOpcode as Bth,
  BthOpcode,
  DETH_SIZE,
  dethQkey,
  dethSourceQpn,
  IETH_SIZE,
  IMMDT_SIZE,
  iethRkey,
  immdtImmediate,
  RETH_SIZE,
  rethAddressHi,
  rethAddressLo,
  rethLength,
  rethRkey,
  setAethWord,
  setAethWordSyndrome,
  setAtomicackethOriginalHi,
  setAtomicackethOriginalLo,
  setAtomicethAddressHi,
  setAtomicethAddressLo,
  setAtomicethCompareHi,
  setAtomicethCompareLo,
  setAtomicethRkey,
  setAtomicethSwapAddHi,
  setAtomicethSwapAddLo,
  setDethQkey,
  setDethSource,
  setIethRkey,
  setImmdtImmediate,
  setRethAddressHi,
  setRethAddressLo,
  setRethLength,
  setRethRkey,
} from '../abi/generated/packets.js';

const WORD = 2 ** 32;
const QPN_MASK = 0xffffff;

/** Set of headers, and whether a payload may follow. */
const DETH = 1;
const RETH = 2;
const ATOMIC = 4;
const AETH = 8;
const ATOMIC_ACK = 16;
const IMMEDIATE = 32;
const INVALIDATE = 64;
const NO_PAYLOAD = 128;

const SIZES: readonly (readonly [number, number])[] = [
  [DETH, DETH_SIZE],
  [RETH, RETH_SIZE],
  [ATOMIC, ATOMICETH_SIZE],
  [AETH, AETH_SIZE],
  [ATOMIC_ACK, ATOMICACKETH_SIZE],
  [IMMEDIATE, IMMDT_SIZE],
  [INVALIDATE, IETH_SIZE],
];

const OPCODES: readonly (readonly [number, readonly number[]])[] = [
  [RETH, [Bth.RC_WRITE_FIRST, Bth.RC_WRITE_ONLY, Bth.UC_WRITE_FIRST, Bth.UC_WRITE_ONLY]],
  [RETH | IMMEDIATE, [Bth.RC_WRITE_ONLY_IMM, Bth.UC_WRITE_ONLY_IMM]],
  [RETH | NO_PAYLOAD, [Bth.RC_READ_REQUEST]],
  [ATOMIC | NO_PAYLOAD, [Bth.RC_CMP_SWAP, Bth.RC_FETCH_ADD]],
  [AETH, [Bth.RC_READ_RESPONSE_FIRST, Bth.RC_READ_RESPONSE_LAST, Bth.RC_READ_RESPONSE_ONLY]],
  [AETH | NO_PAYLOAD, [Bth.RC_ACKNOWLEDGE]],
  [AETH | ATOMIC_ACK | NO_PAYLOAD, [Bth.RC_ATOMIC_ACKNOWLEDGE]],
  [IMMEDIATE, [Bth.RC_SEND_LAST_IMM, Bth.RC_SEND_ONLY_IMM, Bth.RC_WRITE_LAST_IMM]],
  [IMMEDIATE, [Bth.UC_SEND_LAST_IMM, Bth.UC_SEND_ONLY_IMM, Bth.UC_WRITE_LAST_IMM]],
  [INVALIDATE, [Bth.RC_SEND_LAST_INV, Bth.RC_SEND_ONLY_INV]],
  [DETH, [Bth.UD_SEND_ONLY]],
  [DETH | IMMEDIATE, [Bth.UD_SEND_ONLY_IMM]],
];

const HEADERS = new Uint8Array(256);
const BYTES = new Uint8Array(256);
for (const [headers, opcodes] of OPCODES) {
  const bytes = SIZES.reduce((sum, [header, size]) => sum + ((headers & header) !== 0 ? size : 0), 0);
  for (const opcode of opcodes) {
    HEADERS[opcode] = headers;
    BYTES[opcode] = bytes;
  }
}

/** Bytes of the longest set of extension headers. */
export const EXTENSION_BYTES_MAX = Math.max(...BYTES);

/** Bytes between the base transport header and the payload of a packet with this opcode (any byte). */
export function extensionBytes(opcode: number): number {
  return BYTES[opcode];
}

/** Whether packets with this opcode end with their headers. */
export function hasPayload(opcode: number): boolean {
  return (HEADERS[opcode] & NO_PAYLOAD) === 0;
}

/**
 * What a transport packet says beside its payload. Of a header that the opcode does not have nothing is sent, and 0 is read;
 * in a packet that did not have to be read (Link.verbatim) anything may stand there.
 */
export class PacketFields {
  /** BTH opcode; one that has no name has no extension headers. */
  opcode: number = BthOpcode.RC_SEND_ONLY;
  destinationQpn = 0;
  psn = 0;
  ackRequest = false;
  solicited = false;
  /** DETH. */
  qkey = 0;
  sourceQpn = 0;
  /** RETH and AtomicETH. The address is exact below 2^53; what is above stays above. */
  remoteAddress = 0;
  rkey = 0;
  /** RETH: bytes of the whole message. */
  dmaLength = 0;
  /** AtomicETH. */
  swapAddLo = 0;
  swapAddHi = 0;
  compareLo = 0;
  compareHi = 0;
  /** AETH: ACK_SYNDROME or one of NAK_*, and message sequence number. */
  syndrome = 0;
  msn = 0;
  /** AtomicAckETH. */
  originalLo = 0;
  originalHi = 0;
  /** ImmDt, as a number whose most significant byte is sent first. */
  immediate = 0;
  /** IETH. */
  invalidateKey = 0;
  /** The IP header is one of IPv6. */
  ipv6 = false;
  /** The payload, without pad, as it stands in the frame. What follows an unknown opcode counts as payload. */
  payloadOffset = 0;
  payloadLength = 0;
}

/** High half of an address: a Number that was rounded up to 2^64 must not come out as address 0. */
const HIGHEST = 0xffffffff;

// Words go to their setters as int32s, and without a call on the way: see rawExpression in abi/emit-ts.ts.

/** Writes the extension headers of p.opcode at m[at]. */
export function writeExtensions(p: PacketFields, m: Uint8Array, at: number): void {
  const headers = HEADERS[p.opcode];
  let o = at;
  if ((headers & DETH) !== 0) {
    setDethQkey(m, o, p.qkey | 0);
    setDethSource(m, o, p.sourceQpn & QPN_MASK);
    o += DETH_SIZE;
  }
  if ((headers & RETH) !== 0) {
    writeReth(p, m, o);
    o += RETH_SIZE;
  }
  if ((headers & ATOMIC) !== 0) writeAtomic(p, m, o);
  if ((headers & AETH) !== 0) {
    setAethWord(m, o, p.msn);
    setAethWordSyndrome(m, o, p.syndrome);
    o += AETH_SIZE;
  }
  if ((headers & ATOMIC_ACK) !== 0) {
    setAtomicackethOriginalHi(m, o, p.originalHi | 0);
    setAtomicackethOriginalLo(m, o, p.originalLo | 0);
  }
  if ((headers & IMMEDIATE) !== 0) setImmdtImmediate(m, o, p.immediate | 0);
  if ((headers & INVALIDATE) !== 0) setIethRkey(m, o, p.invalidateKey | 0);
}

function writeReth(p: PacketFields, m: Uint8Array, o: number): void {
  setRethAddressHi(m, o, Math.min(Math.floor(p.remoteAddress / WORD), HIGHEST) | 0);
  setRethAddressLo(m, o, (p.remoteAddress % WORD) | 0);
  setRethRkey(m, o, p.rkey | 0);
  setRethLength(m, o, p.dmaLength | 0);
}

function writeAtomic(p: PacketFields, m: Uint8Array, o: number): void {
  setAtomicethAddressHi(m, o, Math.min(Math.floor(p.remoteAddress / WORD), HIGHEST) | 0);
  setAtomicethAddressLo(m, o, (p.remoteAddress % WORD) | 0);
  setAtomicethRkey(m, o, p.rkey | 0);
  setAtomicethSwapAddHi(m, o, p.swapAddHi | 0);
  setAtomicethSwapAddLo(m, o, p.swapAddLo | 0);
  setAtomicethCompareHi(m, o, p.compareHi | 0);
  setAtomicethCompareLo(m, o, p.compareLo | 0);
}

/** Reads the extension headers of p.opcode from m[at] on; clears the fields of those that it does not have. */
export function readExtensions(p: PacketFields, m: Uint8Array, at: number): void {
  const headers = HEADERS[p.opcode];
  let o = at;
  const datagram = (headers & DETH) !== 0;
  p.qkey = datagram ? dethQkey(m, o) : 0;
  p.sourceQpn = datagram ? dethSourceQpn(m, o) : 0;
  if (datagram) o += DETH_SIZE;
  readRemote(p, m, o, headers);
  if ((headers & RETH) !== 0) o += RETH_SIZE;
  const acknowledge = (headers & AETH) !== 0;
  p.syndrome = acknowledge ? aethWordSyndrome(m, o) : 0;
  p.msn = acknowledge ? aethWordMsn(m, o) : 0;
  if (acknowledge) o += AETH_SIZE;
  const atomic = (headers & ATOMIC_ACK) !== 0;
  p.originalHi = atomic ? atomicackethOriginalHi(m, o) : 0;
  p.originalLo = atomic ? atomicackethOriginalLo(m, o) : 0;
  p.immediate = (headers & IMMEDIATE) !== 0 ? immdtImmediate(m, o) : 0;
  p.invalidateKey = (headers & INVALIDATE) !== 0 ? iethRkey(m, o) : 0;
}

/** RETH and AtomicETH, which begin alike. */
function readRemote(p: PacketFields, m: Uint8Array, o: number, headers: number): void {
  const atomic = (headers & ATOMIC) !== 0;
  p.swapAddHi = atomic ? atomicethSwapAddHi(m, o) : 0;
  p.swapAddLo = atomic ? atomicethSwapAddLo(m, o) : 0;
  p.compareHi = atomic ? atomicethCompareHi(m, o) : 0;
  p.compareLo = atomic ? atomicethCompareLo(m, o) : 0;
  if (atomic) {
    p.remoteAddress = atomicethAddressHi(m, o) * WORD + atomicethAddressLo(m, o);
    p.rkey = atomicethRkey(m, o);
    p.dmaLength = 0;
    return;
  }
  const remote = (headers & RETH) !== 0;
  p.remoteAddress = remote ? rethAddressHi(m, o) * WORD + rethAddressLo(m, o) : 0;
  p.rkey = remote ? rethRkey(m, o) : 0;
  p.dmaLength = remote ? rethLength(m, o) : 0;
}
