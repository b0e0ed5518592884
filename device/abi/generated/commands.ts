// SPDX-License-Identifier: MIT
// Generated from device/abi/commands.ts by "npm run generate"; do not edit.

/** size of the mailbox */
export const MAILBOX_BYTES = 0x1000;
/** where the output starts */
export const MAILBOX_OUTPUT_OFFSET = 0x800;
/** pages of one memory region */
export const MR_PAGES_MAX = 0x40000;
/** smallest page of a memory region */
export const PAGE_SHIFT_MIN = 12;
/** largest page of a memory region */
export const PAGE_SHIFT_MAX = 30;

/** command codes */
export const Command = {
  /** limits of the adapter */
  QUERY_DEVICE: 1,
  /** event queue on an MSI-X vector */
  CREATE_EQ: 16,
  /** input: handle */
  DESTROY_EQ: 17,
  /** input: handle */
  QUERY_EQ: 18,
  /** protection domain */
  ALLOC_PD: 32,
  /** input: handle */
  DEALLOC_PD: 33,
  /** doorbell page; output: its number */
  ALLOC_PAGE: 40,
  /** input: handle */
  FREE_PAGE: 41,
  /** memory region */
  REGISTER_MR: 48,
  /** input: handle (the key) */
  DEREGISTER_MR: 49,
  /** input: handle (the key) */
  QUERY_MR: 50,
  /** completion queue */
  CREATE_CQ: 64,
  /** input: handle */
  DESTROY_CQ: 65,
  /** input: handle */
  QUERY_CQ: 66,
  /** queue pair */
  CREATE_QP: 80,
  /** state and attributes of a queue pair */
  MODIFY_QP: 81,
  /** input: handle */
  QUERY_QP: 82,
  /** input: handle */
  DESTROY_QP: 83,
  /** rate and hold of the loopback link and the DMA engine; for tests */
  SET_LINK: 96,
  /** rate and hold */
  QUERY_LINK: 97,
} as const;
export type Command = (typeof Command)[keyof typeof Command];

/** command status */
export const CommandCode = {
  /** done */
  OK: 0,
  /** no such command */
  BAD_OPCODE: 1,
  /** a field is out of range, misaligned, or a reserved field is not zero */
  BAD_PARAMETER: 2,
  /** no such object */
  BAD_HANDLE: 3,
  /** the adapter has no more of these */
  NO_RESOURCE: 4,
  /** the object is in use by another object */
  BUSY: 5,
  /** not allowed in the present state of the object */
  BAD_STATE: 6,
  /** the mailbox or a page list is not in memory that the adapter can reach */
  FAULT: 7,
  /** Bus Master Enable is off: the adapter may not read the mailbox */
  NO_BUS_MASTER: 8,
} as const;
export type CommandCode = (typeof CommandCode)[keyof typeof CommandCode];

/** kind of a memory region */
export const MrKind = {
  /** pages named by a list of bus addresses */
  PAGE_LIST: 0,
  /** all of memory: the I/O virtual address is the bus address; for kernel use */
  WHOLE_MEMORY: 1,
} as const;
export type MrKind = (typeof MrKind)[keyof typeof MrKind];

/** access rights of a memory region */
export const Access = {
  /** the adapter may write for its own queues */
  LOCAL_WRITE: 1,
  /** a peer may write; needs LOCAL_WRITE */
  REMOTE_WRITE: 2,
  /** a peer may read */
  REMOTE_READ: 4,
  /** a peer may do atomics; needs LOCAL_WRITE */
  REMOTE_ATOMIC: 8,
} as const;
export type Access = (typeof Access)[keyof typeof Access];

/** type of a queue pair */
export const QpType = {
  /** reliable connection: send and receive queue */
  RC: 0,
  /** DMA channel: send queue only; NOP, COPY and FILL */
  DMA: 1,
} as const;
export type QpType = (typeof QpType)[keyof typeof QpType];

/** state of a queue pair (IBTA 10.3.1) */
export const QpState = {
  /** nothing runs */
  RESET: 0,
  /** receives may be posted */
  INIT: 1,
  /** ready to receive */
  RTR: 2,
  /** ready to send */
  RTS: 3,
  /** everything posted is flushed */
  ERR: 6,
} as const;
export type QpState = (typeof QpState)[keyof typeof QpState];

/** bits of MODIFY_QP.attr_mask */
export const QpAttr = {
  /** state */
  STATE: 1,
  /** dest_qpn */
  DEST_QPN: 2,
  /** mtu */
  MTU: 4,
  /** sq_psn */
  SQ_PSN: 8,
  /** rq_psn */
  RQ_PSN: 16,
} as const;
export type QpAttr = (typeof QpAttr)[keyof typeof QpAttr];

/** path MTU, in the coding of IBTA 9.6 (payload bytes of one packet) */
export const Mtu = {
  /** 256 bytes */
  MTU_256: 1,
  /** 512 bytes */
  MTU_512: 2,
  /** 1,024 bytes */
  MTU_1024: 3,
  /** 2,048 bytes */
  MTU_2048: 4,
  /** 4,096 bytes */
  MTU_4096: 5,
} as const;
export type Mtu = (typeof Mtu)[keyof typeof Mtu];

/** bits of the hold mask */
export const Hold = {
  /** reliable connections stand still: no packet and no operation of theirs begins */
  LINK: 1,
  /** DMA channels stand still: no slice of theirs begins */
  ENGINE: 2,
} as const;
export type Hold = (typeof Hold)[keyof typeof Hold];

// cmd_handle_in: Input of every command that takes only a handle.
export const CMD_HANDLE_IN_SIZE = 16;
export const CMD_HANDLE_IN_HANDLE_OFFSET = 0x0;
/** object */
export const cmdHandleInHandle = (m: Uint32Array, w: number): number => m[w];
export const setCmdHandleInHandle = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};

// cmd_handle_out: Output of every command that makes an object.
export const CMD_HANDLE_OUT_SIZE = 16;
export const CMD_HANDLE_OUT_HANDLE_OFFSET = 0x0;
/** object, key or page number */
export const cmdHandleOutHandle = (m: Uint32Array, w: number): number => m[w];
export const setCmdHandleOutHandle = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};

// cmd_device_out: Output of QUERY_DEVICE.
export const CMD_DEVICE_OUT_SIZE = 64;
export const CMD_DEVICE_OUT_MAX_QP_OFFSET = 0x0;
export const CMD_DEVICE_OUT_MAX_CQ_OFFSET = 0x4;
export const CMD_DEVICE_OUT_MAX_EQ_OFFSET = 0x8;
export const CMD_DEVICE_OUT_MAX_MR_OFFSET = 0xc;
export const CMD_DEVICE_OUT_MAX_PD_OFFSET = 0x10;
export const CMD_DEVICE_OUT_MAX_SGE_OFFSET = 0x14;
export const CMD_DEVICE_OUT_MAX_DEPTH_OFFSET = 0x18;
export const CMD_DEVICE_OUT_MAX_MR_PAGES_OFFSET = 0x1c;
export const CMD_DEVICE_OUT_PUSH_SLOTS_OFFSET = 0x20;
export const CMD_DEVICE_OUT_SLICE_BYTES_OFFSET = 0x24;
export const CMD_DEVICE_OUT_MAX_MESSAGE_OFFSET = 0x28;
/** queue pairs */
export const cmdDeviceOutMaxQp = (m: Uint32Array, w: number): number => m[w];
export const setCmdDeviceOutMaxQp = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** completion queues */
export const cmdDeviceOutMaxCq = (m: Uint32Array, w: number): number => m[w + 1];
export const setCmdDeviceOutMaxCq = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** event queues */
export const cmdDeviceOutMaxEq = (m: Uint32Array, w: number): number => m[w + 2];
export const setCmdDeviceOutMaxEq = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** memory regions */
export const cmdDeviceOutMaxMr = (m: Uint32Array, w: number): number => m[w + 3];
export const setCmdDeviceOutMaxMr = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
/** protection domains */
export const cmdDeviceOutMaxPd = (m: Uint32Array, w: number): number => m[w + 4];
export const setCmdDeviceOutMaxPd = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
/** gather and scatter entries of one descriptor together */
export const cmdDeviceOutMaxSge = (m: Uint32Array, w: number): number => m[w + 5];
export const setCmdDeviceOutMaxSge = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};
/** entries of a queue */
export const cmdDeviceOutMaxDepth = (m: Uint32Array, w: number): number => m[w + 6];
export const setCmdDeviceOutMaxDepth = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};
/** pages of one memory region */
export const cmdDeviceOutMaxMrPages = (m: Uint32Array, w: number): number => m[w + 7];
export const setCmdDeviceOutMaxMrPages = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = v;
};
/** pushed descriptors held at most */
export const cmdDeviceOutPushSlots = (m: Uint32Array, w: number): number => m[w + 8];
export const setCmdDeviceOutPushSlots = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v;
};
/** COPY and FILL slice */
export const cmdDeviceOutSliceBytes = (m: Uint32Array, w: number): number => m[w + 9];
export const setCmdDeviceOutSliceBytes = (m: Uint32Array, w: number, v: number): void => {
  m[w + 9] = v;
};
/** bytes of one message Exact up to 2^53. */
export const cmdDeviceOutMaxMessage = (m: Uint32Array, w: number): number => m[w + 10] + m[w + 11] * 0x100000000;
export const setCmdDeviceOutMaxMessage = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v >>> 0;
  m[w + 11] = Math.floor(v / 0x100000000);
};

// cmd_create_eq: Input of CREATE_EQ.
export const CMD_CREATE_EQ_SIZE = 32;
export const CMD_CREATE_EQ_ADDRESS_OFFSET = 0x0;
export const CMD_CREATE_EQ_LKEY_OFFSET = 0x8;
export const CMD_CREATE_EQ_LOG_DEPTH_OFFSET = 0xc;
export const CMD_CREATE_EQ_VECTOR_OFFSET = 0xe;
/** queue buffer: I/O virtual address, 64-byte aligned Exact up to 2^53. */
export const cmdCreateEqAddress = (m: Uint32Array, w: number): number => m[w] + m[w + 1] * 0x100000000;
export const setCmdCreateEqAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v >>> 0;
  m[w + 1] = Math.floor(v / 0x100000000);
};
/** memory region of the buffer; needs LOCAL_WRITE */
export const cmdCreateEqLkey = (m: Uint32Array, w: number): number => m[w + 2];
export const setCmdCreateEqLkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** log2 of the number of entries, 1 to 15 */
export const cmdCreateEqLogDepth = (m: Uint32Array, w: number): number => m[w + 3] & 0xff;
export const setCmdCreateEqLogDepth = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = ((m[w + 3] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** MSI-X vector */
export const cmdCreateEqVector = (m: Uint32Array, w: number): number => (m[w + 3] >>> 16);
export const setCmdCreateEqVector = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = ((m[w + 3] & 0xffff) | ((v & 0xffff) << 16)) >>> 0;
};

// cmd_queue_out: Output of QUERY_EQ and QUERY_CQ.
export const CMD_QUEUE_OUT_SIZE = 32;
export const CMD_QUEUE_OUT_PRODUCER_OFFSET = 0x0;
export const CMD_QUEUE_OUT_CONSUMER_OFFSET = 0x4;
export const CMD_QUEUE_OUT_ARMED_OFFSET = 0x8;
export const CMD_QUEUE_OUT_OVERFLOWED_OFFSET = 0xc;
/** entries written so far, modulo 65,536 */
export const cmdQueueOutProducer = (m: Uint32Array, w: number): number => m[w];
export const setCmdQueueOutProducer = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** consumer index last reported */
export const cmdQueueOutConsumer = (m: Uint32Array, w: number): number => m[w + 1];
export const setCmdQueueOutConsumer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** 1 when an event or interrupt is asked for */
export const cmdQueueOutArmed = (m: Uint32Array, w: number): number => m[w + 2];
export const setCmdQueueOutArmed = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** 1 when an entry was lost */
export const cmdQueueOutOverflowed = (m: Uint32Array, w: number): number => m[w + 3];
export const setCmdQueueOutOverflowed = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};

// cmd_register_mr: Input of REGISTER_MR. The output handle is both lkey and rkey.
export const CMD_REGISTER_MR_SIZE = 48;
export const CMD_REGISTER_MR_PD_OFFSET = 0x0;
export const CMD_REGISTER_MR_KIND_OFFSET = 0x4;
export const CMD_REGISTER_MR_ACCESS_OFFSET = 0x5;
export const CMD_REGISTER_MR_PAGE_SHIFT_OFFSET = 0x6;
export const CMD_REGISTER_MR_IOVA_OFFSET = 0x8;
export const CMD_REGISTER_MR_LENGTH_OFFSET = 0x10;
export const CMD_REGISTER_MR_PAGE_LIST_OFFSET = 0x18;
export const CMD_REGISTER_MR_PAGE_COUNT_OFFSET = 0x20;
/** protection domain */
export const cmdRegisterMrPd = (m: Uint32Array, w: number): number => m[w];
export const setCmdRegisterMrPd = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** see the table of kinds */
export const cmdRegisterMrKind = (m: Uint32Array, w: number): number => m[w + 1] & 0xff;
export const setCmdRegisterMrKind = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** see the table of access rights */
export const cmdRegisterMrAccess = (m: Uint32Array, w: number): number => (m[w + 1] >>> 8) & 0xff;
export const setCmdRegisterMrAccess = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** log2 of the page size; PAGE_LIST only */
export const cmdRegisterMrPageShift = (m: Uint32Array, w: number): number => (m[w + 1] >>> 16) & 0xff;
export const setCmdRegisterMrPageShift = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** I/O virtual address of the first byte; same offset in its page as in the memory; PAGE_LIST only Exact up to 2^53. */
export const cmdRegisterMrIova = (m: Uint32Array, w: number): number => m[w + 2] + m[w + 3] * 0x100000000;
export const setCmdRegisterMrIova = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v >>> 0;
  m[w + 3] = Math.floor(v / 0x100000000);
};
/** bytes; PAGE_LIST only Exact up to 2^53. */
export const cmdRegisterMrLength = (m: Uint32Array, w: number): number => m[w + 4] + m[w + 5] * 0x100000000;
export const setCmdRegisterMrLength = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v >>> 0;
  m[w + 5] = Math.floor(v / 0x100000000);
};
/** bus address of the list: one 64-bit page address each, 8-byte aligned; PAGE_LIST only Exact up to 2^53. */
export const cmdRegisterMrPageList = (m: Uint32Array, w: number): number => m[w + 6] + m[w + 7] * 0x100000000;
export const setCmdRegisterMrPageList = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v >>> 0;
  m[w + 7] = Math.floor(v / 0x100000000);
};
/** entries of the list; PAGE_LIST only */
export const cmdRegisterMrPageCount = (m: Uint32Array, w: number): number => m[w + 8];
export const setCmdRegisterMrPageCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v;
};

// cmd_mr_out: Output of QUERY_MR.
export const CMD_MR_OUT_SIZE = 48;
export const CMD_MR_OUT_PD_OFFSET = 0x0;
export const CMD_MR_OUT_KIND_OFFSET = 0x4;
export const CMD_MR_OUT_ACCESS_OFFSET = 0x5;
export const CMD_MR_OUT_PAGE_SHIFT_OFFSET = 0x6;
export const CMD_MR_OUT_IOVA_OFFSET = 0x8;
export const CMD_MR_OUT_LENGTH_OFFSET = 0x10;
export const CMD_MR_OUT_USERS_OFFSET = 0x18;
/** protection domain */
export const cmdMrOutPd = (m: Uint32Array, w: number): number => m[w];
export const setCmdMrOutPd = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** kind */
export const cmdMrOutKind = (m: Uint32Array, w: number): number => m[w + 1] & 0xff;
export const setCmdMrOutKind = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** access rights */
export const cmdMrOutAccess = (m: Uint32Array, w: number): number => (m[w + 1] >>> 8) & 0xff;
export const setCmdMrOutAccess = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** log2 of the page size */
export const cmdMrOutPageShift = (m: Uint32Array, w: number): number => (m[w + 1] >>> 16) & 0xff;
export const setCmdMrOutPageShift = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** first byte Exact up to 2^53. */
export const cmdMrOutIova = (m: Uint32Array, w: number): number => m[w + 2] + m[w + 3] * 0x100000000;
export const setCmdMrOutIova = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v >>> 0;
  m[w + 3] = Math.floor(v / 0x100000000);
};
/** bytes Exact up to 2^53. */
export const cmdMrOutLength = (m: Uint32Array, w: number): number => m[w + 4] + m[w + 5] * 0x100000000;
export const setCmdMrOutLength = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v >>> 0;
  m[w + 5] = Math.floor(v / 0x100000000);
};
/** queues whose buffer lies in the region */
export const cmdMrOutUsers = (m: Uint32Array, w: number): number => m[w + 6];
export const setCmdMrOutUsers = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};

// cmd_create_cq: Input of CREATE_CQ.
export const CMD_CREATE_CQ_SIZE = 32;
export const CMD_CREATE_CQ_ADDRESS_OFFSET = 0x0;
export const CMD_CREATE_CQ_LKEY_OFFSET = 0x8;
export const CMD_CREATE_CQ_LOG_DEPTH_OFFSET = 0xc;
export const CMD_CREATE_CQ_EQN_OFFSET = 0x10;
export const CMD_CREATE_CQ_PAGE_OFFSET = 0x14;
/** queue buffer: I/O virtual address, 64-byte aligned Exact up to 2^53. */
export const cmdCreateCqAddress = (m: Uint32Array, w: number): number => m[w] + m[w + 1] * 0x100000000;
export const setCmdCreateCqAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v >>> 0;
  m[w + 1] = Math.floor(v / 0x100000000);
};
/** memory region of the buffer; needs LOCAL_WRITE */
export const cmdCreateCqLkey = (m: Uint32Array, w: number): number => m[w + 2];
export const setCmdCreateCqLkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** log2 of the number of entries, 1 to 15 */
export const cmdCreateCqLogDepth = (m: Uint32Array, w: number): number => m[w + 3] & 0xff;
export const setCmdCreateCqLogDepth = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = ((m[w + 3] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** event queue */
export const cmdCreateCqEqn = (m: Uint32Array, w: number): number => m[w + 4];
export const setCmdCreateCqEqn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
/** doorbell page that may arm it */
export const cmdCreateCqPage = (m: Uint32Array, w: number): number => m[w + 5];
export const setCmdCreateCqPage = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};

// cmd_create_qp: Input of CREATE_QP.
export const CMD_CREATE_QP_SIZE = 64;
export const CMD_CREATE_QP_PD_OFFSET = 0x0;
export const CMD_CREATE_QP_PAGE_OFFSET = 0x4;
export const CMD_CREATE_QP_SEND_CQN_OFFSET = 0x8;
export const CMD_CREATE_QP_RECV_CQN_OFFSET = 0xc;
export const CMD_CREATE_QP_TYPE_OFFSET = 0x10;
export const CMD_CREATE_QP_SEND_LOG_DEPTH_OFFSET = 0x11;
export const CMD_CREATE_QP_SEND_LOG_STRIDE_OFFSET = 0x12;
export const CMD_CREATE_QP_RECV_LOG_DEPTH_OFFSET = 0x13;
export const CMD_CREATE_QP_RECV_LOG_STRIDE_OFFSET = 0x14;
export const CMD_CREATE_QP_SEND_ADDRESS_OFFSET = 0x18;
export const CMD_CREATE_QP_RECV_ADDRESS_OFFSET = 0x20;
export const CMD_CREATE_QP_SEND_LKEY_OFFSET = 0x28;
export const CMD_CREATE_QP_RECV_LKEY_OFFSET = 0x2c;
/** protection domain of the queue and of every key it uses */
export const cmdCreateQpPd = (m: Uint32Array, w: number): number => m[w];
export const setCmdCreateQpPd = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** doorbell page that may ring and push */
export const cmdCreateQpPage = (m: Uint32Array, w: number): number => m[w + 1];
export const setCmdCreateQpPage = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** completion queue of the send queue */
export const cmdCreateQpSendCqn = (m: Uint32Array, w: number): number => m[w + 2];
export const setCmdCreateQpSendCqn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** completion queue of the receive queue; RC only */
export const cmdCreateQpRecvCqn = (m: Uint32Array, w: number): number => m[w + 3];
export const setCmdCreateQpRecvCqn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
/** see the table of types */
export const cmdCreateQpType = (m: Uint32Array, w: number): number => m[w + 4] & 0xff;
export const setCmdCreateQpType = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = ((m[w + 4] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** log2 of the entries of the send queue, 1 to 15 */
export const cmdCreateQpSendLogDepth = (m: Uint32Array, w: number): number => (m[w + 4] >>> 8) & 0xff;
export const setCmdCreateQpSendLogDepth = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = ((m[w + 4] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** log2 of its stride, 6 to 9 */
export const cmdCreateQpSendLogStride = (m: Uint32Array, w: number): number => (m[w + 4] >>> 16) & 0xff;
export const setCmdCreateQpSendLogStride = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = ((m[w + 4] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** the same for the receive queue; RC only */
export const cmdCreateQpRecvLogDepth = (m: Uint32Array, w: number): number => (m[w + 4] >>> 24);
export const setCmdCreateQpRecvLogDepth = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = ((m[w + 4] & 0xffffff) | ((v & 0xff) << 24)) >>> 0;
};
/** the same for the receive queue; RC only */
export const cmdCreateQpRecvLogStride = (m: Uint32Array, w: number): number => m[w + 5] & 0xff;
export const setCmdCreateQpRecvLogStride = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = ((m[w + 5] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** send queue buffer, 64-byte aligned Exact up to 2^53. */
export const cmdCreateQpSendAddress = (m: Uint32Array, w: number): number => m[w + 6] + m[w + 7] * 0x100000000;
export const setCmdCreateQpSendAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v >>> 0;
  m[w + 7] = Math.floor(v / 0x100000000);
};
/** receive queue buffer, 64-byte aligned; RC only Exact up to 2^53. */
export const cmdCreateQpRecvAddress = (m: Uint32Array, w: number): number => m[w + 8] + m[w + 9] * 0x100000000;
export const setCmdCreateQpRecvAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v >>> 0;
  m[w + 9] = Math.floor(v / 0x100000000);
};
/** memory region of the send queue */
export const cmdCreateQpSendLkey = (m: Uint32Array, w: number): number => m[w + 10];
export const setCmdCreateQpSendLkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v;
};
/** memory region of the receive queue; RC only */
export const cmdCreateQpRecvLkey = (m: Uint32Array, w: number): number => m[w + 11];
export const setCmdCreateQpRecvLkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = v;
};

// cmd_modify_qp: Input of MODIFY_QP. Attributes whose bit is not set are zero.
export const CMD_MODIFY_QP_SIZE = 32;
export const CMD_MODIFY_QP_HANDLE_OFFSET = 0x0;
export const CMD_MODIFY_QP_ATTR_MASK_OFFSET = 0x4;
export const CMD_MODIFY_QP_STATE_OFFSET = 0x8;
export const CMD_MODIFY_QP_MTU_OFFSET = 0x9;
export const CMD_MODIFY_QP_DEST_QPN_OFFSET = 0xc;
export const CMD_MODIFY_QP_SQ_PSN_OFFSET = 0x10;
export const CMD_MODIFY_QP_RQ_PSN_OFFSET = 0x14;
/** queue pair */
export const cmdModifyQpHandle = (m: Uint32Array, w: number): number => m[w];
export const setCmdModifyQpHandle = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** which attributes are given */
export const cmdModifyQpAttrMask = (m: Uint32Array, w: number): number => m[w + 1];
export const setCmdModifyQpAttrMask = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** next state */
export const cmdModifyQpState = (m: Uint32Array, w: number): number => m[w + 2] & 0xff;
export const setCmdModifyQpState = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = ((m[w + 2] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** path MTU */
export const cmdModifyQpMtu = (m: Uint32Array, w: number): number => (m[w + 2] >>> 8) & 0xff;
export const setCmdModifyQpMtu = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = ((m[w + 2] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** queue pair at the other end */
export const cmdModifyQpDestQpn = (m: Uint32Array, w: number): number => m[w + 3];
export const setCmdModifyQpDestQpn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
/** first packet sequence number sent */
export const cmdModifyQpSqPsn = (m: Uint32Array, w: number): number => m[w + 4];
export const setCmdModifyQpSqPsn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
/** first packet sequence number expected */
export const cmdModifyQpRqPsn = (m: Uint32Array, w: number): number => m[w + 5];
export const setCmdModifyQpRqPsn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};

// cmd_qp_out: Output of QUERY_QP.
export const CMD_QP_OUT_SIZE = 64;
export const CMD_QP_OUT_STATE_OFFSET = 0x0;
export const CMD_QP_OUT_TYPE_OFFSET = 0x4;
export const CMD_QP_OUT_DEST_QPN_OFFSET = 0x8;
export const CMD_QP_OUT_MTU_OFFSET = 0xc;
export const CMD_QP_OUT_SQ_PSN_OFFSET = 0x10;
export const CMD_QP_OUT_RQ_PSN_OFFSET = 0x14;
export const CMD_QP_OUT_SEND_PRODUCER_OFFSET = 0x18;
export const CMD_QP_OUT_SEND_CONSUMER_OFFSET = 0x1c;
export const CMD_QP_OUT_RECV_PRODUCER_OFFSET = 0x20;
export const CMD_QP_OUT_RECV_CONSUMER_OFFSET = 0x24;
export const CMD_QP_OUT_ERROR_STATUS_OFFSET = 0x28;
export const CMD_QP_OUT_ERROR_INDEX_OFFSET = 0x2c;
export const CMD_QP_OUT_FAULT_ADDRESS_OFFSET = 0x30;
export const CMD_QP_OUT_FAULT_INFO_OFFSET = 0x38;
/** state */
export const cmdQpOutState = (m: Uint32Array, w: number): number => m[w];
export const setCmdQpOutState = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** type */
export const cmdQpOutType = (m: Uint32Array, w: number): number => m[w + 1];
export const setCmdQpOutType = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** other end */
export const cmdQpOutDestQpn = (m: Uint32Array, w: number): number => m[w + 2];
export const setCmdQpOutDestQpn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** path MTU */
export const cmdQpOutMtu = (m: Uint32Array, w: number): number => m[w + 3];
export const setCmdQpOutMtu = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
/** next to send */
export const cmdQpOutSqPsn = (m: Uint32Array, w: number): number => m[w + 4];
export const setCmdQpOutSqPsn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
/** next expected */
export const cmdQpOutRqPsn = (m: Uint32Array, w: number): number => m[w + 5];
export const setCmdQpOutRqPsn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};
/** send queue: producer index known to the adapter */
export const cmdQpOutSendProducer = (m: Uint32Array, w: number): number => m[w + 6];
export const setCmdQpOutSendProducer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};
/** send queue: next to execute */
export const cmdQpOutSendConsumer = (m: Uint32Array, w: number): number => m[w + 7];
export const setCmdQpOutSendConsumer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = v;
};
/** receive queue: producer index known to the adapter */
export const cmdQpOutRecvProducer = (m: Uint32Array, w: number): number => m[w + 8];
export const setCmdQpOutRecvProducer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v;
};
/** receive queue: next to use */
export const cmdQpOutRecvConsumer = (m: Uint32Array, w: number): number => m[w + 9];
export const setCmdQpOutRecvConsumer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 9] = v;
};
/** completion status that moved the queue to the error state, or zero */
export const cmdQpOutErrorStatus = (m: Uint32Array, w: number): number => m[w + 10];
export const setCmdQpOutErrorStatus = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v;
};
/** descriptor that did */
export const cmdQpOutErrorIndex = (m: Uint32Array, w: number): number => m[w + 11];
export const setCmdQpOutErrorIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = v;
};
/** bus address of the DMA fault that did; zero without one Exact up to 2^53. */
export const cmdQpOutFaultAddress = (m: Uint32Array, w: number): number => m[w + 12] + m[w + 13] * 0x100000000;
export const setCmdQpOutFaultAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w + 12] = v >>> 0;
  m[w + 13] = Math.floor(v / 0x100000000);
};
/** the same word as register FAULT_INFO */
export const cmdQpOutFaultInfo = (m: Uint32Array, w: number): number => m[w + 14];
export const setCmdQpOutFaultInfo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 14] = v;
};

// cmd_link: Input of SET_LINK, output of QUERY_LINK.
export const CMD_LINK_SIZE = 16;
export const CMD_LINK_HOLD_OFFSET = 0x0;
export const CMD_LINK_RATE_MBPS_OFFSET = 0x4;
export const CMD_LINK_PACKETS_SENT_OFFSET = 0x8;
/** hold mask */
export const cmdLinkHold = (m: Uint32Array, w: number): number => m[w];
export const setCmdLinkHold = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** link rate in Mbit/s; 0 means as fast as the machine goes */
export const cmdLinkRateMbps = (m: Uint32Array, w: number): number => m[w + 1];
export const setCmdLinkRateMbps = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** output only */
export const cmdLinkPacketsSent = (m: Uint32Array, w: number): number => m[w + 2];
export const setCmdLinkPacketsSent = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
