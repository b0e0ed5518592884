// SPDX-License-Identifier: MIT
// Generated from device/abi/descriptors.ts by "npm run generate"; do not edit.

/** smallest stride of a work queue, in bytes */
export const WQE_STRIDE_MIN = 64;
/** largest stride of a work queue */
export const WQE_STRIDE_MAX = 0x200;
/** gather and scatter entries of one descriptor together: (512 - 32) / 16 */
export const MAX_SGE = 30;
/** the same with wqe_atomic or wqe_datagram before them */
export const MAX_SGE_EXTENDED = 29;
/** bytes of inline data: 512 - 32 */
export const MAX_INLINE = 0x1e0;
/** the same in a pushed descriptor: 256 - 32 */
export const MAX_INLINE_PUSH = 224;
/** in front of a received datagram: the IPv6 header, or 20 bytes unused and the IPv4 header (IBTA annex A17) */
export const GRH_BYTES = 40;
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
  /** SEND whose completion at the receiver carries OPERAND_LO */
  SEND_IMM: 4,
  /** SEND that invalidates the receiver's key OPERAND_LO (kind FAST); RC only */
  SEND_INV: 5,
  /** gathered bytes to REMOTE_ADDRESS of the region OPERAND_HI at the other end; RC and UC */
  RDMA_WRITE: 6,
  /** the same, and a completion at the receiver that carries OPERAND_LO and takes a receive */
  RDMA_WRITE_IMM: 7,
  /** bytes from REMOTE_ADDRESS of the region OPERAND_HI to the scatter ranges; RC only */
  RDMA_READ: 8,
  /** if the 8 bytes at REMOTE_ADDRESS equal COMPARE they become SWAP_ADD; the old value goes to the scatter ranges (8 bytes); RC only */
  CMP_SWAP: 9,
  /** SWAP_ADD is added to the 8 bytes at REMOTE_ADDRESS; the old value goes to the scatter ranges (8 bytes); RC only */
  FETCH_ADD: 10,
  /** invalidates key OPERAND_LO (kind FAST); privileged queue pairs of RC and UC */
  LOCAL_INV: 11,
  /** gives memory and rights to the region whose new key is OPERAND_LO (kind FAST, invalid); privileged queue pairs of RC and UC */
  FAST_REG: 12,
  /** receive queue only: takes one message into the scatter ranges */
  RECV: 16,
  /** completions only: a receive taken by RDMA_WRITE_IMM */
  RECV_RDMA_WITH_IMM: 17,
} as const;
export type Opcode = (typeof Opcode)[keyof typeof Opcode];

/** flags of a descriptor */
export const WqeFlag = {
  /** a completion is written when it ends well (one that fails always has one) */
  SIGNALED: 1,
  /** the completion at the receiver counts as solicited */
  SOLICITED: 2,
  /** begins after every READ and atomic before it in its queue has ended */
  FENCE: 4,
  /** the data stands in the descriptor in place of gather entries: SEND and RDMA WRITE */
  INLINE: 8,
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
  /** memory management operation: the key or what it should become is not allowed */
  MW_BIND_ERR: 6,
  /** the responder answered what was not asked */
  BAD_RESP_ERR: 7,
  /** the descriptor itself could not be read (memory fault on the queue buffer) */
  LOC_ACCESS_ERR: 8,
  /** the responder refused the request (too long for its buffer) */
  REM_INV_REQ_ERR: 9,
  /** the responder refused the remote key, its rights or its range */
  REM_ACCESS_ERR: 10,
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
  /** NUMBER is a queue pair that went to the error state because of an invalid request of its peer */
  QP_REQUEST_ERROR: 4,
  /** the same because the peer used a key that does not allow what it asked */
  QP_ACCESS_ERROR: 5,
  /** NUMBER is a queue pair in RTR that has received its first packet */
  COMM_ESTABLISHED: 6,
  /** NUMBER is a queue pair in SQD whose send queue has drained; asked for by sqd_event */
  SQ_DRAINED: 7,
  /** NUMBER is a queue pair with a shared receive queue that is in the error state and takes no more receives */
  LAST_WQE_REACHED: 8,
  /** NUMBER is a shared receive queue that cannot be read: its queue pairs get no more receives */
  SRQ_ERROR: 9,
  /** NUMBER is a shared receive queue with fewer receives than its limit */
  SRQ_LIMIT: 10,
  /** NUMBER is the port, 1 */
  PORT_ACTIVE: 11,
  /** the port went down */
  PORT_ERROR: 12,
  /** NUMBER is the port, DETAIL the entry of the GID table */
  GID_CHANGE: 13,
} as const;
export type EventType = (typeof EventType)[keyof typeof EventType];

// wqe: Head of a descriptor (work-queue element).
export const WQE_SIZE = 32;
export const WQE_OPCODE_OFFSET = 0x0;
export const WQE_FLAGS_OFFSET = 0x1;
export const WQE_GATHER_COUNT_OFFSET = 0x2;
export const WQE_SCATTER_COUNT_OFFSET = 0x3;
export const WQE_INDEX_OFFSET = 0x4;
export const WQE_INLINE_LENGTH_OFFSET = 0x6;
export const WQE_WR_ID_OFFSET = 0x8;
export const WQE_OPERAND_LO_OFFSET = 0x10;
export const WQE_OPERAND_HI_OFFSET = 0x14;
export const WQE_REMOTE_ADDRESS_OFFSET = 0x18;
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
/** bytes of inline data; zero without INLINE */
export const wqeInlineLength = (m: Uint32Array, w: number): number => (m[w + 1] >>> 16);
export const setWqeInlineLength = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffff) | ((v & 0xffff) << 16)) >>> 0;
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
/** FILL: pattern, low half; _IMM: immediate data; _INV and FAST_REG: key; zero otherwise */
export const wqeOperandLo = (m: Uint32Array, w: number): number => m[w + 4];
export const setWqeOperandLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
/** FILL: pattern, high half; READ, WRITE and atomics: remote key; zero otherwise */
export const wqeOperandHi = (m: Uint32Array, w: number): number => m[w + 5];
export const setWqeOperandHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};
/** READ, WRITE and atomics: I/O virtual address at the other end; zero otherwise Exact up to 2^53. */
export const wqeRemoteAddress = (m: Uint32Array, w: number): number => m[w + 6] + m[w + 7] * 0x100000000;
export const setWqeRemoteAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v >>> 0;
  m[w + 7] = Math.floor(v / 0x100000000);
};

// wqe_atomic: Extension of CMP_SWAP and FETCH_ADD.
export const WQE_ATOMIC_SIZE = 16;
export const WQE_ATOMIC_SWAP_ADD_OFFSET = 0x0;
export const WQE_ATOMIC_COMPARE_OFFSET = 0x8;
/** new value, or addend (low half) */
export const wqeAtomicSwapAddLo = (m: Uint32Array, w: number): number => m[w];
export const setWqeAtomicSwapAddLo = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** new value, or addend (high half) */
export const wqeAtomicSwapAddHi = (m: Uint32Array, w: number): number => m[w + 1];
export const setWqeAtomicSwapAddHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** CMP_SWAP: value that is expected; zero otherwise (low half) */
export const wqeAtomicCompareLo = (m: Uint32Array, w: number): number => m[w + 2];
export const setWqeAtomicCompareLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** CMP_SWAP: value that is expected; zero otherwise (high half) */
export const wqeAtomicCompareHi = (m: Uint32Array, w: number): number => m[w + 3];
export const setWqeAtomicCompareHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};

// wqe_datagram: Extension of a SEND on a UD or GSI queue pair.
export const WQE_DATAGRAM_SIZE = 16;
export const WQE_DATAGRAM_AH_OFFSET = 0x0;
export const WQE_DATAGRAM_DEST_QPN_OFFSET = 0x4;
export const WQE_DATAGRAM_QKEY_OFFSET = 0x8;
/** address handle */
export const wqeDatagramAh = (m: Uint32Array, w: number): number => m[w];
export const setWqeDatagramAh = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** queue pair at the other end */
export const wqeDatagramDestQpn = (m: Uint32Array, w: number): number => m[w + 1];
export const setWqeDatagramDestQpn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** its Q_Key */
export const wqeDatagramQkey = (m: Uint32Array, w: number): number => m[w + 2];
export const setWqeDatagramQkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};

// wqe_reg: Extension of FAST_REG.
export const WQE_REG_SIZE = 32;
export const WQE_REG_IOVA_OFFSET = 0x0;
export const WQE_REG_LENGTH_OFFSET = 0x8;
export const WQE_REG_PAGE_LIST_OFFSET = 0x10;
export const WQE_REG_PAGE_COUNT_OFFSET = 0x18;
export const WQE_REG_ACCESS_OFFSET = 0x1c;
export const WQE_REG_PAGE_SHIFT_OFFSET = 0x1d;
/** I/O virtual address of the first byte; same offset in its page as in the memory Exact up to 2^53. */
export const wqeRegIova = (m: Uint32Array, w: number): number => m[w] + m[w + 1] * 0x100000000;
export const setWqeRegIova = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v >>> 0;
  m[w + 1] = Math.floor(v / 0x100000000);
};
/** bytes Exact up to 2^53. */
export const wqeRegLength = (m: Uint32Array, w: number): number => m[w + 2] + m[w + 3] * 0x100000000;
export const setWqeRegLength = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v >>> 0;
  m[w + 3] = Math.floor(v / 0x100000000);
};
/** bus address of the list: one 64-bit page address each, 8-byte aligned Exact up to 2^53. */
export const wqeRegPageList = (m: Uint32Array, w: number): number => m[w + 4] + m[w + 5] * 0x100000000;
export const setWqeRegPageList = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v >>> 0;
  m[w + 5] = Math.floor(v / 0x100000000);
};
/** entries of the list */
export const wqeRegPageCount = (m: Uint32Array, w: number): number => m[w + 6];
export const setWqeRegPageCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};
/** access rights */
export const wqeRegAccess = (m: Uint32Array, w: number): number => m[w + 7] & 0xff;
export const setWqeRegAccess = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = ((m[w + 7] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** log2 of the page size */
export const wqeRegPageShift = (m: Uint32Array, w: number): number => (m[w + 7] >>> 8) & 0xff;
export const setWqeRegPageShift = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = ((m[w + 7] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
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
export const CQE_IMMEDIATE_OFFSET = 0x18;
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
/** receives: queue pair that sent the message; zero otherwise */
export const cqeSrcQpn = (m: Uint32Array, w: number): number => m[w + 5];
export const setCqeSrcQpn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};
/** immediate data, or the key that the sender invalidated; see the bits of OWNER */
export const cqeImmediate = (m: Uint32Array, w: number): number => m[w + 6];
export const setCqeImmediate = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
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
/** IMMEDIATE is immediate data */
export const cqeOwnerWithImmediate = (m: Uint32Array, w: number): number => (m[w + 7] >>> 2) & 0x1;
export const setCqeOwnerWithImmediate = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = ((m[w + 7] & 0xfffffffb) | ((v & 0x1) << 2)) >>> 0;
};
/** IMMEDIATE is a key that is invalid now */
export const cqeOwnerWithInvalidate = (m: Uint32Array, w: number): number => (m[w + 7] >>> 3) & 0x1;
export const setCqeOwnerWithInvalidate = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = ((m[w + 7] & 0xfffffff7) | ((v & 0x1) << 3)) >>> 0;
};
/** GRH_BYTES stand before the message in the buffer; they count in BYTE_COUNT */
export const cqeOwnerGrh = (m: Uint32Array, w: number): number => (m[w + 7] >>> 4) & 0x1;
export const setCqeOwnerGrh = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = ((m[w + 7] & 0xffffffef) | ((v & 0x1) << 4)) >>> 0;
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
