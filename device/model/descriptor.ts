// SPDX-License-Identifier: MIT
// From the bytes of a descriptor to a checked request. The bytes already stand in the state region (copied once); they
// are checked whole before anything acts on them. What an operation may name stands in one table: a field that it does
// not use is zero, and unknown codes, reserved bits and operations that the queue pair has not end as LOC_QP_OP_ERR.
//
//   head (32) │ extension of the operation (0, 16 or 32) │ inline data, or gather entries │ scatter entries
import { QpType } from '../abi/generated/commands.js';
import {
  MAX_MESSAGE_BYTES,
  Opcode,
  SGE_SIZE,
  sgeLength,
  WcStatus,
  WQE_ATOMIC_SIZE,
  WQE_DATAGRAM_SIZE,
  WQE_REG_SIZE,
  WQE_SIZE,
  WqeFlag,
  wqeAtomicCompareHi,
  wqeAtomicCompareLo,
  wqeAtomicSwapAddHi,
  wqeAtomicSwapAddLo,
  wqeDatagramAh,
  wqeDatagramDestQpn,
  wqeDatagramQkey,
  wqeFlags,
  wqeGatherCount,
  wqeIndex,
  wqeInlineLength,
  wqeOpcode,
  wqeOperandHi,
  wqeOperandLo,
  wqeRegAccess,
  wqeRegIova,
  wqeRegLength,
  wqeRegPageCount,
  wqeRegPageList,
  wqeRegPageShift,
  wqeScatterCount,
  wqeWrIdHi,
  wqeWrIdLo,
} from '../abi/generated/descriptors.js';
import { pow2 } from './powers.js';

const HEAD_WORDS = WQE_SIZE / 4;
const SGE_WORDS = SGE_SIZE / 4;
const REMOTE_ADDRESS_WORD = 6;
const DATAGRAM_RESERVED_WORD = 3;
const REG_LAST_WORD = 7;
const BYTE = 256;
const TWO_32 = 2 ** 32;
const ATOMIC_BYTES = 8;
/** A datagram is one packet of the port's MTU. */
const DATAGRAM_MAX = 4096;

const QUEUE_FLAGS = WqeFlag.SIGNALED | WqeFlag.SOLICITED;
const KNOWN_FLAGS = QUEUE_FLAGS | WqeFlag.FENCE | WqeFlag.INLINE;

/** Numbers of queue pairs have 24 bits on the wire. */
const QPN_LIMIT = 2 ** 24;

/** Stands for a receive queue where parse() takes the type of the queue pair. */
export const RECEIVE_QUEUE = 8;

/** What a descriptor of an operation may name; and, in the same word, which queues have the operation (see ON). */
const Uses = {
  GATHER: 0x1,
  SCATTER: 0x2,
  OPERAND_LO: 0x4,
  OPERAND_HI: 0x8,
  REMOTE_ADDRESS: 0x10,
  INLINE: 0x20,
  ATOMIC: 0x40,
  REG: 0x80,
  PRIVILEGED: 0x100,
  /** Both lists have the same total. */
  EQUAL: 0x200,
  /** On datagram queue pairs the extension says where it goes. */
  DATAGRAM: 0x400,
} as const;

const ON_UNIT = 0x10000;
const on = (...types: readonly number[]): number => types.reduce((sum, t) => sum + ON_UNIT * pow2(t), 0);

const { RC, DMA, UC, UD, GSI } = QpType;
const LISTS = Uses.GATHER + Uses.SCATTER;
const MESSAGE = Uses.GATHER + Uses.INLINE;
const REMOTE = Uses.OPERAND_HI + Uses.REMOTE_ADDRESS;
const MANAGEMENT = Uses.OPERAND_LO + Uses.PRIVILEGED;

/** By opcode; 0 where there is none. */
const RULES = new Uint32Array(BYTE);
RULES[Opcode.NOP] = on(RC, DMA, UC, UD, GSI);
RULES[Opcode.SEND] = MESSAGE + Uses.DATAGRAM + on(RC, UC, UD, GSI);
RULES[Opcode.SEND_IMM] = MESSAGE + Uses.DATAGRAM + Uses.OPERAND_LO + on(RC, UC, UD, GSI);
RULES[Opcode.SEND_INV] = MESSAGE + Uses.OPERAND_LO + on(RC);
RULES[Opcode.COPY] = LISTS + Uses.EQUAL + on(RC, DMA);
RULES[Opcode.FILL] = Uses.SCATTER + Uses.OPERAND_LO + Uses.OPERAND_HI + on(RC, DMA);
RULES[Opcode.RDMA_WRITE] = MESSAGE + REMOTE + on(RC, UC);
RULES[Opcode.RDMA_WRITE_IMM] = MESSAGE + REMOTE + Uses.OPERAND_LO + on(RC, UC);
RULES[Opcode.RDMA_READ] = Uses.SCATTER + REMOTE + on(RC);
RULES[Opcode.CMP_SWAP] = Uses.SCATTER + REMOTE + Uses.ATOMIC + on(RC);
RULES[Opcode.FETCH_ADD] = Uses.SCATTER + REMOTE + Uses.ATOMIC + on(RC);
RULES[Opcode.LOCAL_INV] = MANAGEMENT + on(RC, UC);
RULES[Opcode.FAST_REG] = MANAGEMENT + Uses.REG + on(RC, UC);
RULES[Opcode.RECV] = Uses.SCATTER + on(RECEIVE_QUEUE);

/** A checked descriptor. One instance is reused: fields that the operation does not use hold anything. */
export class Descriptor {
  opcode = 0;
  signaled = false;
  solicited = false;
  fence = false;
  /** The data stands in the descriptor, at byte `inlineAt` of the region; `gatherBytes` is its length. */
  inline = false;
  inlineAt = 0;
  index = 0;
  wrIdLo = 0;
  wrIdHi = 0;
  /** FILL: low half of the pattern; _IMM: immediate data; SEND_INV, LOCAL_INV, FAST_REG: key. */
  operandLo = 0;
  /** FILL: high half of the pattern; RDMA and atomics: remote key. */
  operandHi = 0;
  /** RDMA and atomics. */
  remoteAddress = 0;
  /** CMP_SWAP and FETCH_ADD. */
  swapAddLo = 0;
  swapAddHi = 0;
  compareLo = 0;
  compareHi = 0;
  /** SEND on a datagram queue pair. */
  ah = 0;
  destQpn = 0;
  qkey = 0;
  /** FAST_REG. */
  regIova = 0;
  regLength = 0;
  regPageList = 0;
  regPageCount = 0;
  regAccess = 0;
  regPageShift = 0;
  /** First word of the gather list, and its entries. */
  gatherAt = 0;
  gatherCount = 0;
  gatherBytes = 0;
  scatterAt = 0;
  scatterCount = 0;
  scatterBytes = 0;
  #rules = 0;

  /** SEND_INV, LOCAL_INV, FAST_REG. */
  get key(): number {
    return this.operandLo;
  }
  /** Bytes that the operation moves, as its completion says. */
  get bytes(): number {
    return (this.#rules & Uses.SCATTER) !== 0 ? this.scatterBytes : this.gatherBytes;
  }

  /**
   * Parses the descriptor at word `at`, of which `available` bytes may be looked at. `index` is its place in the queue,
   * `type` the type of the queue pair or RECEIVE_QUEUE. Other fields may be used when it answers SUCCESS.
   */
  parse(
    m: Uint32Array,
    at: number,
    available: number,
    index: number,
    type: number,
    privileged: boolean,
  ): WcStatus {
    this.index = index;
    this.#head(m, at);
    const rules = RULES[this.opcode];
    this.#rules = rules;
    if ((rules & (ON_UNIT * pow2(type))) === 0 || ((rules & Uses.PRIVILEGED) !== 0 && !privileged))
      return WcStatus.LOC_QP_OP_ERR;
    if (wqeIndex(m, at) !== index || !this.#unusedClear(m, at, rules, type)) return WcStatus.LOC_QP_OP_ERR;
    const extension = extensionBytes(rules, type);
    const inlineBytes = wqeInlineLength(m, at);
    const entries = this.gatherCount + this.scatterCount;
    if (WQE_SIZE + extension + inlineBytes + entries * SGE_SIZE > available) return WcStatus.LOC_QP_OP_ERR;
    if (extension !== 0 && !this.#extension(m, at + HEAD_WORDS, rules)) return WcStatus.LOC_QP_OP_ERR;
    this.gatherAt = at + HEAD_WORDS + extension / 4;
    this.scatterAt = this.gatherAt + this.gatherCount * SGE_WORDS;
    this.inlineAt = this.gatherAt * 4;
    this.gatherBytes = this.inline ? inlineBytes : total(m, this.gatherAt, this.gatherCount);
    this.scatterBytes = total(m, this.scatterAt, this.scatterCount);
    return this.#lengths(rules, type);
  }

  /** Nothing is known of the descriptor but its place: its bytes could not be read. */
  forget(index: number): void {
    this.index = index;
    this.wrIdLo = 0;
    this.wrIdHi = 0;
    this.opcode = Opcode.NOP;
    this.signaled = false;
  }

  #head(m: Uint32Array, at: number): void {
    const flags = wqeFlags(m, at);
    this.opcode = wqeOpcode(m, at);
    this.wrIdLo = wqeWrIdLo(m, at);
    this.wrIdHi = wqeWrIdHi(m, at);
    this.signaled = (flags & WqeFlag.SIGNALED) !== 0;
    this.solicited = (flags & WqeFlag.SOLICITED) !== 0;
    this.fence = (flags & WqeFlag.FENCE) !== 0;
    this.inline = (flags & WqeFlag.INLINE) !== 0;
    this.operandLo = wqeOperandLo(m, at);
    this.operandHi = wqeOperandHi(m, at);
    this.gatherCount = wqeGatherCount(m, at);
    this.scatterCount = wqeScatterCount(m, at);
  }

  /** Whether the head names nothing that the operation does not have. Takes the remote address of one that has it. */
  #unusedClear(m: Uint32Array, at: number, rules: number, type: number): boolean {
    const known = type === RECEIVE_QUEUE ? QUEUE_FLAGS : KNOWN_FLAGS;
    if ((wqeFlags(m, at) & ~known) !== 0) return false;
    if ((rules & Uses.OPERAND_LO) === 0 && this.operandLo !== 0) return false;
    if ((rules & Uses.OPERAND_HI) === 0 && this.operandHi !== 0) return false;
    if ((rules & Uses.GATHER) === 0 && this.gatherCount !== 0) return false;
    if ((rules & Uses.SCATTER) === 0 && this.scatterCount !== 0) return false;
    if (this.inline) {
      if ((rules & Uses.INLINE) === 0 || this.gatherCount !== 0) return false;
    } else if (wqeInlineLength(m, at) !== 0) return false;
    // Not by its accessor: a call in a branch that is taken rarely stays one, and gives its Number by the heap.
    if ((rules & Uses.REMOTE_ADDRESS) !== 0)
      this.remoteAddress = m[at + REMOTE_ADDRESS_WORD] + m[at + REMOTE_ADDRESS_WORD + 1] * TWO_32;
    else return m[at + REMOTE_ADDRESS_WORD] === 0 && m[at + REMOTE_ADDRESS_WORD + 1] === 0;
    return true;
  }

  /** Takes the extension at word `at`; false when something in it that is reserved is not zero. */
  #extension(m: Uint32Array, at: number, rules: number): boolean {
    if ((rules & Uses.ATOMIC) !== 0) return this.#atomic(m, at);
    if ((rules & Uses.REG) !== 0) return this.#registration(m, at);
    this.ah = wqeDatagramAh(m, at);
    this.destQpn = wqeDatagramDestQpn(m, at);
    this.qkey = wqeDatagramQkey(m, at);
    return this.destQpn < QPN_LIMIT && m[at + DATAGRAM_RESERVED_WORD] === 0;
  }

  #atomic(m: Uint32Array, at: number): boolean {
    this.swapAddLo = wqeAtomicSwapAddLo(m, at);
    this.swapAddHi = wqeAtomicSwapAddHi(m, at);
    this.compareLo = wqeAtomicCompareLo(m, at);
    this.compareHi = wqeAtomicCompareHi(m, at);
    return this.opcode === Opcode.CMP_SWAP || (this.compareLo === 0 && this.compareHi === 0);
  }

  #registration(m: Uint32Array, at: number): boolean {
    this.regIova = wqeRegIova(m, at);
    this.regLength = wqeRegLength(m, at);
    this.regPageList = wqeRegPageList(m, at);
    this.regPageCount = wqeRegPageCount(m, at);
    this.regAccess = wqeRegAccess(m, at);
    this.regPageShift = wqeRegPageShift(m, at);
    return m[at + REG_LAST_WORD] === this.regAccess + this.regPageShift * BYTE;
  }

  #lengths(rules: number, type: number): WcStatus {
    const { gatherBytes, scatterBytes } = this;
    if (gatherBytes > MAX_MESSAGE_BYTES || scatterBytes > MAX_MESSAGE_BYTES) return WcStatus.LOC_LEN_ERR;
    if ((rules & Uses.EQUAL) !== 0 && gatherBytes !== scatterBytes) return WcStatus.LOC_LEN_ERR;
    if ((rules & Uses.ATOMIC) !== 0 && scatterBytes !== ATOMIC_BYTES) return WcStatus.LOC_LEN_ERR;
    if (isDatagram(type) && gatherBytes > DATAGRAM_MAX) return WcStatus.LOC_LEN_ERR;
    return WcStatus.SUCCESS;
  }
}

const isDatagram = (type: number): boolean => type === QpType.UD || type === QpType.GSI;

function extensionBytes(rules: number, type: number): number {
  if ((rules & Uses.ATOMIC) !== 0) return WQE_ATOMIC_SIZE;
  if ((rules & Uses.REG) !== 0) return WQE_REG_SIZE;
  return (rules & Uses.DATAGRAM) !== 0 && isDatagram(type) ? WQE_DATAGRAM_SIZE : 0;
}

function total(m: Uint32Array, list: number, count: number): number {
  let sum = 0;
  for (let n = 0; n < count; n++) sum += sgeLength(m, list + n * SGE_WORDS);
  return sum;
}
