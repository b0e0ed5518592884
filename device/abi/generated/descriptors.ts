// SPDX-License-Identifier: MIT
// Generated from device/abi/descriptors.ts by "npm run generate"; do not edit.

/** smallest stride of a work queue, in bytes */
export const WQE_STRIDE_MIN = 64;
/** largest stride of a work queue */
export const WQE_STRIDE_MAX = 0x200;
/** gather and scatter entries of one descriptor together: (512 - 32) / 16 */
export const MAX_SGE = 30;
/** largest message, 2 GiB (IBTA 9.7) */
export const MAX_MESSAGE_BYTES = 0x80000000;
/** entries of any queue at most; a power of two */
export const QUEUE_DEPTH_MAX = 0x8000;
/** COPY and FILL yield to pushed work after this many bytes */
export const SLICE_BYTES = 0x1000;

/** operation of a descriptor */
export const Opcode = {
  /** does nothing, completes */
  NOP: 0,
  /** sends the gathered bytes as one message to the connected queue pair */
  SEND: 1,
  /** DMA engine: gathered bytes to the scatter ranges; both lists have the same total */
  COPY: 2,
  /** DMA engine: the scatter ranges are filled with the 8-byte pattern */
  FILL: 3,
  /** receive queue only: takes one message into the scatter ranges */
  RECV: 16,
} as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** flags of a descriptor */
export const WqeFlag = {
  /** a completion is written when it ends well (one that fails always has one) */
  SIGNALED: 1,
  /** the completion at the receiver counts as solicited */
  SOLICITED: 2,
} as const;
export type WqeFlag = (typeof WqeFlag)[keyof typeof WqeFlag];

/** completion status: IBTA 10.3.3 and 11.6.2, in the numbering that verbs users know */
export const WcStatus = {
  /** done */
  SUCCESS: 0,
  /** a message is longer than the receive buffer, or the lists of a descriptor differ in length */
  LOC_LEN_ERR: 1,
  /** the descriptor is malformed: opcode, counts, reserved bits, index */
  LOC_QP_OP_ERR: 2,
  /** a gather or scatter entry is outside what its key allows */
  LOC_PROT_ERR: 4,
  /** not executed: the queue is in the error state */
  WR_FLUSH_ERR: 5,
  /** the descriptor itself could not be read (memory fault on the queue buffer) */
  LOC_ACCESS_ERR: 8,
  /** the responder refused the request (too long for its buffer) */
  REM_INV_REQ_ERR: 9,
  /** the responder could not complete the request */
  REM_OP_ERR: 11,
  /** the connected queue pair does not answer */
  RETRY_EXC_ERR: 12,
  /** memory fault during the operation */
  GENERAL_ERR: 21,
} as const;
export type WcStatus = (typeof WcStatus)[keyof typeof WcStatus];

/** event type */
export const EventType = {
  /** NUMBER is a completion queue that was armed */
  COMPLETION: 1,
  /** NUMBER is a queue pair that went to the error state by itself; DETAIL is the completion status */
  QP_FATAL: 2,
  /** NUMBER is a completion queue that overflowed or cannot be written */
  CQ_ERROR: 3,
} as const;
export type EventType = (typeof EventType)[keyof typeof EventType];

// wqe: Head of a descriptor (work-queue element).
export const WQE_SIZE = 32;
export const WQE_OPCODE_OFFSET = 0x0;
export const WQE_FLAGS_OFFSET = 0x1;
export const WQE_GATHER_COUNT_OFFSET = 0x2;
export const WQE_SCATTER_COUNT_OFFSET = 0x3;
export const WQE_INDEX_OFFSET = 0x4;
export const WQE_WR_ID_OFFSET = 0x8;
export const WQE_PATTERN_LO_OFFSET = 0x10;
export const WQE_PATTERN_HI_OFFSET = 0x14;
/** see the table of opcodes */
export const wqeOpcode = (m: Uint32Array, w: number): number => m[w] & 0xff;
export const setWqeOpcode = (m: Uint32Array, w: number, v: number): void => {
  m[w] = ((m[w] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** see the table of flags; other bits zero */
export const wqeFlags = (m: Uint32Array, w: number): number => (m[w] >>> 8) & 0xff;
export const setWqeFlags = (m: Uint32Array, w: number, v: number): void => {
  m[w] = ((m[w] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** gather entries that follow */
export const wqeGatherCount = (m: Uint32Array, w: number): number => (m[w] >>> 16) & 0xff;
export const setWqeGatherCount = (m: Uint32Array, w: number, v: number): void => {
  m[w] = ((m[w] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** scatter entries that follow the gather entries */
export const wqeScatterCount = (m: Uint32Array, w: number): number => (m[w] >>> 24);
export const setWqeScatterCount = (m: Uint32Array, w: number, v: number): void => {
  m[w] = ((m[w] & 0xffffff) | ((v & 0xff) << 24)) >>> 0;
};
/** work-queue index of this descriptor; a different one means a stale or torn descriptor */
export const wqeIndex = (m: Uint32Array, w: number): number => m[w + 1] & 0xffff;
export const setWqeIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffff0000) | (v & 0xffff)) >>> 0;
};
/** comes back in the completion (low half) */
export const wqeWrIdLo = (m: Uint32Array, w: number): number => m[w + 2];
export const setWqeWrIdLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** comes back in the completion (high half) */
export const wqeWrIdHi = (m: Uint32Array, w: number): number => m[w + 3];
export const setWqeWrIdHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
/** FILL: pattern, low half; zero otherwise */
export const wqePatternLo = (m: Uint32Array, w: number): number => m[w + 4];
export const setWqePatternLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
/** FILL: pattern, high half; zero otherwise */
export const wqePatternHi = (m: Uint32Array, w: number): number => m[w + 5];
export const setWqePatternHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};

// sge: Gather or scatter entry: a range in a memory region.
export const SGE_SIZE = 16;
export const SGE_ADDRESS_OFFSET = 0x0;
export const SGE_LENGTH_OFFSET = 0x8;
export const SGE_LKEY_OFFSET = 0xc;
/** I/O virtual address inside the memory region Exact up to 2^53. */
export const sgeAddress = (m: Uint32Array, w: number): number => m[w] + m[w + 1] * 0x100000000;
export const setSgeAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v >>> 0;
  m[w + 1] = Math.floor(v / 0x100000000);
};
/** bytes; zero is a valid empty range */
export const sgeLength = (m: Uint32Array, w: number): number => m[w + 2];
export const setSgeLength = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** key of the memory region */
export const sgeLkey = (m: Uint32Array, w: number): number => m[w + 3];
export const setSgeLkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};

// cqe: Completion queue entry. The last word carries the owner bit and is stored last.
export const CQE_SIZE = 32;
export const CQE_WR_ID_OFFSET = 0x0;
export const CQE_QPN_OFFSET = 0x8;
export const CQE_BYTE_COUNT_OFFSET = 0xc;
export const CQE_OPCODE_OFFSET = 0x10;
export const CQE_STATUS_OFFSET = 0x11;
export const CQE_WQE_INDEX_OFFSET = 0x12;
export const CQE_SRC_QPN_OFFSET = 0x14;
export const CQE_OWNER_OFFSET = 0x1c;
/** of the descriptor (low half) */
export const cqeWrIdLo = (m: Uint32Array, w: number): number => m[w];
export const setCqeWrIdLo = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** of the descriptor (high half) */
export const cqeWrIdHi = (m: Uint32Array, w: number): number => m[w + 1];
export const setCqeWrIdHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** queue pair */
export const cqeQpn = (m: Uint32Array, w: number): number => m[w + 2];
export const setCqeQpn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** bytes transferred */
export const cqeByteCount = (m: Uint32Array, w: number): number => m[w + 3];
export const setCqeByteCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
/** of the descriptor */
export const cqeOpcode = (m: Uint32Array, w: number): number => m[w + 4] & 0xff;
export const setCqeOpcode = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = ((m[w + 4] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** see the table of completion statuses */
export const cqeStatus = (m: Uint32Array, w: number): number => (m[w + 4] >>> 8) & 0xff;
export const setCqeStatus = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = ((m[w + 4] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** work-queue index of the descriptor */
export const cqeWqeIndex = (m: Uint32Array, w: number): number => (m[w + 4] >>> 16);
export const setCqeWqeIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = ((m[w + 4] & 0xffff) | ((v & 0xffff) << 16)) >>> 0;
};
/** RECV: queue pair that sent the message; zero otherwise */
export const cqeSrcQpn = (m: Uint32Array, w: number): number => m[w + 5];
export const setCqeSrcQpn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};
/** stored last, with release */
export const cqeOwner = (m: Uint32Array, w: number): number => m[w + 7];
export const setCqeOwner = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = v;
};
/** the completion is solicited */
export const cqeOwnerSolicited = (m: Uint32Array, w: number): number => m[w + 7] & 0x1;
export const setCqeOwnerSolicited = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = ((m[w + 7] & 0xfffffffe) | (v & 0x1)) >>> 0;
};
/** from a receive queue */
export const cqeOwnerRecv = (m: Uint32Array, w: number): number => (m[w + 7] >>> 1) & 0x1;
export const setCqeOwnerRecv = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = ((m[w + 7] & 0xfffffffd) | ((v & 0x1) << 1)) >>> 0;
};
/** owner bit */
export const cqeOwnerValid = (m: Uint32Array, w: number): number => (m[w + 7] >>> 31);
export const setCqeOwnerValid = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = ((m[w + 7] & 0x7fffffff) | ((v & 0x1) << 31)) >>> 0;
};

// eqe: Event queue entry.
export const EQE_SIZE = 16;
export const EQE_TYPE_OFFSET = 0x0;
export const EQE_NUMBER_OFFSET = 0x4;
export const EQE_DETAIL_OFFSET = 0x8;
export const EQE_OWNER_OFFSET = 0xc;
/** see the table of event types */
export const eqeType = (m: Uint32Array, w: number): number => m[w];
export const setEqeType = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** queue that the event is about */
export const eqeNumber = (m: Uint32Array, w: number): number => m[w + 1];
export const setEqeNumber = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** meaning depends on the type */
export const eqeDetail = (m: Uint32Array, w: number): number => m[w + 2];
export const setEqeDetail = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** stored last, with release */
export const eqeOwner = (m: Uint32Array, w: number): number => m[w + 3];
export const setEqeOwner = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
/** owner bit */
export const eqeOwnerValid = (m: Uint32Array, w: number): number => (m[w + 3] >>> 31);
export const setEqeOwnerValid = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = ((m[w + 3] & 0x7fffffff) | ((v & 0x1) << 31)) >>> 0;
};
