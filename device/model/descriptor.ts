// SPDX-License-Identifier: MIT
// From the bytes of a descriptor to a checked request. The bytes already stand in the state region (copied once); they
// are checked whole before anything acts on them. Unknown codes and reserved bits end as LOC_QP_OP_ERR.
import {
  MAX_MESSAGE_BYTES,
  Opcode,
  SGE_SIZE,
  sgeLength,
  WcStatus,
  WQE_SIZE,
  WqeFlag,
  wqeFlags,
  wqeGatherCount,
  wqeIndex,
  wqeOpcode,
  wqeOperandHi,
  wqeOperandLo,
  wqeScatterCount,
  wqeWrIdHi,
  wqeWrIdLo,
} from '../abi/generated/descriptors.js';

const HEAD_WORDS = WQE_SIZE / 4;
const SGE_WORDS = SGE_SIZE / 4;
const RESERVED_HALF_WORD = 1;
const RESERVED_TAIL_WORD = 6;
const KNOWN_FLAGS = WqeFlag.SIGNALED | WqeFlag.SOLICITED;

/** A checked descriptor. One instance is reused; `status` says whether the other fields may be used. */
export class Descriptor {
  opcode = 0;
  signaled = false;
  solicited = false;
  index = 0;
  wrIdLo = 0;
  wrIdHi = 0;
  patternLo = 0;
  patternHi = 0;
  /** First word of the gather list, and its entries. */
  gatherAt = 0;
  gatherCount = 0;
  gatherBytes = 0;
  scatterAt = 0;
  scatterCount = 0;
  scatterBytes = 0;

  /** Parses the descriptor at word `at`, of which `available` bytes may be looked at. `index` is its place in the queue. */
  parse(m: Uint32Array, at: number, available: number, index: number, receive: boolean): WcStatus {
    this.index = index;
    this.wrIdLo = wqeWrIdLo(m, at);
    this.wrIdHi = wqeWrIdHi(m, at);
    this.opcode = wqeOpcode(m, at);
    const flags = wqeFlags(m, at);
    this.signaled = (flags & WqeFlag.SIGNALED) !== 0;
    this.solicited = (flags & WqeFlag.SOLICITED) !== 0;
    this.patternLo = wqeOperandLo(m, at);
    this.patternHi = wqeOperandHi(m, at);
    this.gatherCount = wqeGatherCount(m, at);
    this.scatterCount = wqeScatterCount(m, at);
    this.gatherAt = at + HEAD_WORDS;
    this.scatterAt = this.gatherAt + this.gatherCount * SGE_WORDS;
    if ((flags & ~KNOWN_FLAGS) !== 0 || wqeIndex(m, at) !== index || !reservedClear(m, at))
      return WcStatus.LOC_QP_OP_ERR;
    if (WQE_SIZE + (this.gatherCount + this.scatterCount) * SGE_SIZE > available)
      return WcStatus.LOC_QP_OP_ERR;
    this.gatherBytes = total(m, this.gatherAt, this.gatherCount);
    this.scatterBytes = total(m, this.scatterAt, this.scatterCount);
    return this.#checkShape(receive);
  }

  /** Nothing is known of the descriptor but its place: its bytes could not be read. */
  forget(index: number): void {
    this.index = index;
    this.wrIdLo = 0;
    this.wrIdHi = 0;
    this.opcode = Opcode.NOP;
    this.signaled = false;
  }

  #checkShape(receive: boolean): WcStatus {
    const { gatherCount, scatterCount, gatherBytes, scatterBytes } = this;
    if (this.opcode !== Opcode.FILL && (this.patternLo !== 0 || this.patternHi !== 0))
      return WcStatus.LOC_QP_OP_ERR;
    if (gatherBytes > MAX_MESSAGE_BYTES || scatterBytes > MAX_MESSAGE_BYTES) return WcStatus.LOC_LEN_ERR;
    if (receive)
      return this.opcode === Opcode.RECV && gatherCount === 0 ? WcStatus.SUCCESS : WcStatus.LOC_QP_OP_ERR;
    switch (this.opcode) {
      case Opcode.NOP:
        return gatherCount + scatterCount === 0 ? WcStatus.SUCCESS : WcStatus.LOC_QP_OP_ERR;
      case Opcode.SEND:
        return scatterCount === 0 ? WcStatus.SUCCESS : WcStatus.LOC_QP_OP_ERR;
      case Opcode.COPY:
        return gatherBytes === scatterBytes ? WcStatus.SUCCESS : WcStatus.LOC_LEN_ERR;
      case Opcode.FILL:
        return gatherCount === 0 ? WcStatus.SUCCESS : WcStatus.LOC_QP_OP_ERR;
      default:
        return WcStatus.LOC_QP_OP_ERR;
    }
  }
}

function reservedClear(m: Uint32Array, at: number): boolean {
  const half = m[at + RESERVED_HALF_WORD];
  return half === wqeIndex(m, at) && m[at + RESERVED_TAIL_WORD] === 0 && m[at + RESERVED_TAIL_WORD + 1] === 0;
}

function total(m: Uint32Array, list: number, count: number): number {
  let sum = 0;
  for (let n = 0; n < count; n++) sum += sgeLength(m, list + n * SGE_WORDS);
  return sum;
}
