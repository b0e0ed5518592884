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
/** pages of a region for fast registration */
export const FAST_PAGES_MAX = 0x200;
/** READs and atomics under way on one queue pair, as requester or responder */
export const RD_ATOMIC_MAX = 16;
/** queue pair number of the general services interface */
export const GSI_QPN = 1;
/** the one partition key, at index 0 */
export const PKEY_DEFAULT = 0xffff;
/** a Q_Key with this bit in a descriptor stands for the queue pair's own (IBTA 10.2.5) */
export const QKEY_PRIVILEGED = 0x80000000;
/** longest moderation period in microseconds */
export const MODERATION_US_MAX = 0xffff;

/** command codes */
export const Command = {
  /** limits of the adapter */
  QUERY_DEVICE: 1,
  /** state and limits of the port */
  QUERY_PORT: 2,
  /** writes or clears an entry of the GID table */
  SET_GID: 3,
  /** input: cmd_set_gid with only the index; output: the entry */
  QUERY_GID: 4,
  /** counters of the port, a queue pair or a doorbell page */
  QUERY_COUNTERS: 5,
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
  /** input: handle (the key; of kind FAST with any tag) */
  DEREGISTER_MR: 49,
  /** input: handle (the key; of kind FAST with any tag) */
  QUERY_MR: 50,
  /** memory region without memory, for fast registration */
  ALLOC_MR: 51,
  /** new protection domain, rights or memory for a region; its key changes */
  REREGISTER_MR: 52,
  /** completion queue */
  CREATE_CQ: 64,
  /** input: handle */
  DESTROY_CQ: 65,
  /** input: handle */
  QUERY_CQ: 66,
  /** another buffer for a completion queue; what is not consumed moves with it */
  RESIZE_CQ: 67,
  /** moderation: events by count and time */
  MODIFY_CQ: 68,
  /** shared receive queue */
  CREATE_SRQ: 72,
  /** arms the limit event */
  MODIFY_SRQ: 73,
  /** input: handle */
  QUERY_SRQ: 74,
  /** input: handle */
  DESTROY_SRQ: 75,
  /** queue pair */
  CREATE_QP: 80,
  /** state and attributes of a queue pair */
  MODIFY_QP: 81,
  /** input: handle */
  QUERY_QP: 82,
  /** input: handle */
  DESTROY_QP: 83,
  /** address handle */
  CREATE_AH: 88,
  /** input: handle; output: cmd_ah */
  QUERY_AH: 89,
  /** another address in the same handle */
  MODIFY_AH: 90,
  /** input: handle */
  DESTROY_AH: 91,
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
  /** pages named by FAST_REG descriptors; no memory between LOCAL_INV (or a remote invalidation) and the next FAST_REG */
  FAST: 2,
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
  /** unreliable connection */
  UC: 2,
  /** unreliable datagram */
  UD: 3,
  /** general services interface: datagrams, always number 1, one for the function */
  GSI: 4,
} as const;
export type QpType = (typeof QpType)[keyof typeof QpType];

/** flags of CREATE_QP */
export const QpFlag = {
  /** FAST_REG, LOCAL_INV and Q_Keys with QKEY_PRIVILEGED are allowed; for kernel use */
  PRIVILEGED: 1,
} as const;
export type QpFlag = (typeof QpFlag)[keyof typeof QpFlag];

/** bits of REREGISTER_MR.change */
export const MrChange = {
  /** iova, length and pages */
  MEMORY: 1,
  /** pd */
  PD: 2,
  /** access */
  ACCESS: 4,
} as const;
export type MrChange = (typeof MrChange)[keyof typeof MrChange];

/** whose counters QUERY_COUNTERS gives */
export const CounterKind = {
  /** of the port; handle 0 */
  PORT: 0,
  /** of a queue pair */
  QP: 1,
  /** of a doorbell page */
  PAGE: 2,
} as const;
export type CounterKind = (typeof CounterKind)[keyof typeof CounterKind];

/** state of the port (IBTA 14.2.5.6) */
export const PortState = {
  /** no link */
  DOWN: 1,
  /** packets pass */
  ACTIVE: 4,
} as const;
export type PortState = (typeof PortState)[keyof typeof PortState];

/** type of an entry of the GID table */
export const GidType = {
  /** free */
  NONE: 0,
  /** RoCEv2 */
  ROCE_V2: 1,
} as const;
export type GidType = (typeof GidType)[keyof typeof GidType];

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
  /** send queue drained: what has begun ends, nothing else begins */
  SQD: 4,
  /** send queue in error: sends are flushed, receives go on; UC, UD and GSI */
  SQE: 5,
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
  /** cur_state: the command is refused when the queue pair is in another state */
  CUR_STATE: 32,
  /** access */
  ACCESS: 64,
  /** pkey_index */
  PKEY_INDEX: 128,
  /** port */
  PORT: 256,
  /** qkey */
  QKEY: 512,
  /** address vector */
  AV: 1024,
  /** max_rd_atomic */
  MAX_RD_ATOMIC: 2048,
  /** max_dest_rd_atomic */
  MAX_DEST_RD_ATOMIC: 4096,
  /** min_rnr_timer */
  MIN_RNR_TIMER: 8192,
  /** timeout */
  TIMEOUT: 16384,
  /** retry_count */
  RETRY_COUNT: 32768,
  /** rnr_retry */
  RNR_RETRY: 65536,
  /** sqd_event */
  SQD_EVENT: 131072,
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
  /** the port is down: PORT_ERROR and PORT_ACTIVE events tell of the change; network queues stand still */
  PORT: 4,
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
export const CMD_DEVICE_OUT_SIZE = 120;
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
export const CMD_DEVICE_OUT_MAX_SRQ_OFFSET = 0x30;
export const CMD_DEVICE_OUT_MAX_AH_OFFSET = 0x34;
export const CMD_DEVICE_OUT_MAX_GID_OFFSET = 0x38;
export const CMD_DEVICE_OUT_MAX_INLINE_OFFSET = 0x3c;
export const CMD_DEVICE_OUT_MAX_INLINE_PUSH_OFFSET = 0x40;
export const CMD_DEVICE_OUT_MAX_FAST_PAGES_OFFSET = 0x44;
export const CMD_DEVICE_OUT_MAX_RD_ATOMIC_OFFSET = 0x48;
export const CMD_DEVICE_OUT_MAX_GATHER_RDMA_OFFSET = 0x4c;
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
/** pushed descriptors of each doorbell page held at most */
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
/** shared receive queues */
export const cmdDeviceOutMaxSrq = (m: Uint32Array, w: number): number => m[w + 12];
export const setCmdDeviceOutMaxSrq = (m: Uint32Array, w: number, v: number): void => {
  m[w + 12] = v;
};
/** address handles */
export const cmdDeviceOutMaxAh = (m: Uint32Array, w: number): number => m[w + 13];
export const setCmdDeviceOutMaxAh = (m: Uint32Array, w: number, v: number): void => {
  m[w + 13] = v;
};
/** entries of the GID table */
export const cmdDeviceOutMaxGid = (m: Uint32Array, w: number): number => m[w + 14];
export const setCmdDeviceOutMaxGid = (m: Uint32Array, w: number, v: number): void => {
  m[w + 14] = v;
};
/** bytes of inline data in one descriptor */
export const cmdDeviceOutMaxInline = (m: Uint32Array, w: number): number => m[w + 15];
export const setCmdDeviceOutMaxInline = (m: Uint32Array, w: number, v: number): void => {
  m[w + 15] = v;
};
/** the same when it is pushed */
export const cmdDeviceOutMaxInlinePush = (m: Uint32Array, w: number): number => m[w + 16];
export const setCmdDeviceOutMaxInlinePush = (m: Uint32Array, w: number, v: number): void => {
  m[w + 16] = v;
};
/** pages of a region for fast registration */
export const cmdDeviceOutMaxFastPages = (m: Uint32Array, w: number): number => m[w + 17];
export const setCmdDeviceOutMaxFastPages = (m: Uint32Array, w: number, v: number): void => {
  m[w + 17] = v;
};
/** READs and atomics under way on one queue pair */
export const cmdDeviceOutMaxRdAtomic = (m: Uint32Array, w: number): number => m[w + 18];
export const setCmdDeviceOutMaxRdAtomic = (m: Uint32Array, w: number, v: number): void => {
  m[w + 18] = v;
};
/** gather or scatter entries of READ, atomics and datagrams */
export const cmdDeviceOutMaxGatherRdma = (m: Uint32Array, w: number): number => m[w + 19];
export const setCmdDeviceOutMaxGatherRdma = (m: Uint32Array, w: number, v: number): void => {
  m[w + 19] = v;
};

// cmd_port_out: Output of QUERY_PORT.
export const CMD_PORT_OUT_SIZE = 64;
export const CMD_PORT_OUT_STATE_OFFSET = 0x0;
export const CMD_PORT_OUT_MTU_OFFSET = 0x4;
export const CMD_PORT_OUT_GID_ENTRIES_OFFSET = 0x8;
export const CMD_PORT_OUT_PKEY_ENTRIES_OFFSET = 0xc;
export const CMD_PORT_OUT_MAX_MESSAGE_OFFSET = 0x10;
export const CMD_PORT_OUT_BAD_QKEYS_OFFSET = 0x14;
export const CMD_PORT_OUT_BAD_PKEYS_OFFSET = 0x18;
export const CMD_PORT_OUT_SPEED_MBPS_OFFSET = 0x1c;
/** see the table of port states */
export const cmdPortOutState = (m: Uint32Array, w: number): number => m[w];
export const setCmdPortOutState = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** largest path MTU, in the coding of IBTA 9.6 */
export const cmdPortOutMtu = (m: Uint32Array, w: number): number => m[w + 1];
export const setCmdPortOutMtu = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** entries of the GID table */
export const cmdPortOutGidEntries = (m: Uint32Array, w: number): number => m[w + 2];
export const setCmdPortOutGidEntries = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** 1 */
export const cmdPortOutPkeyEntries = (m: Uint32Array, w: number): number => m[w + 3];
export const setCmdPortOutPkeyEntries = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
/** bytes of one message */
export const cmdPortOutMaxMessage = (m: Uint32Array, w: number): number => m[w + 4];
export const setCmdPortOutMaxMessage = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
/** datagrams dropped for their Q_Key */
export const cmdPortOutBadQkeys = (m: Uint32Array, w: number): number => m[w + 5];
export const setCmdPortOutBadQkeys = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};
/** packets dropped for their partition key */
export const cmdPortOutBadPkeys = (m: Uint32Array, w: number): number => m[w + 6];
export const setCmdPortOutBadPkeys = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};
/** link rate; 0: as fast as the machine goes */
export const cmdPortOutSpeedMbps = (m: Uint32Array, w: number): number => m[w + 7];
export const setCmdPortOutSpeedMbps = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = v;
};

// cmd_set_gid: Input of SET_GID; input and output of QUERY_GID.
export const CMD_SET_GID_SIZE = 48;
export const CMD_SET_GID_INDEX_OFFSET = 0x0;
export const CMD_SET_GID_TYPE_OFFSET = 0x4;
export const CMD_SET_GID_GID_OFFSET = 0x8;
export const CMD_SET_GID_MAC_OFFSET = 0x18;
export const CMD_SET_GID_VLAN_OFFSET = 0x1e;
/** entry */
export const cmdSetGidIndex = (m: Uint32Array, w: number): number => m[w];
export const setCmdSetGidIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** see the table of GID types; NONE clears the entry, and the rest is zero */
export const cmdSetGidType = (m: Uint32Array, w: number): number => m[w + 1] & 0xff;
export const setCmdSetGidType = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** reserved: 0xffff or 0, none */
export const cmdSetGidVlan = (m: Uint32Array, w: number): number => (m[w + 7] >>> 16);
export const setCmdSetGidVlan = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = ((m[w + 7] & 0xffff) | ((v & 0xffff) << 16)) >>> 0;
};

// cmd_counters: Input of QUERY_COUNTERS.
export const CMD_COUNTERS_SIZE = 16;
export const CMD_COUNTERS_KIND_OFFSET = 0x0;
export const CMD_COUNTERS_HANDLE_OFFSET = 0x4;
/** see the table of counter kinds */
export const cmdCountersKind = (m: Uint32Array, w: number): number => m[w];
export const setCmdCountersKind = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** queue pair or page; 0 for the port */
export const cmdCountersHandle = (m: Uint32Array, w: number): number => m[w + 1];
export const setCmdCountersHandle = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};

// cmd_port_counters: Output for the port.
export const CMD_PORT_COUNTERS_SIZE = 128;
export const CMD_PORT_COUNTERS_TX_BYTES_OFFSET = 0x0;
export const CMD_PORT_COUNTERS_RX_BYTES_OFFSET = 0x8;
export const CMD_PORT_COUNTERS_TX_PACKETS_OFFSET = 0x10;
export const CMD_PORT_COUNTERS_RX_PACKETS_OFFSET = 0x18;
export const CMD_PORT_COUNTERS_RX_BAD_OFFSET = 0x20;
export const CMD_PORT_COUNTERS_RX_UNKNOWN_OFFSET = 0x28;
export const CMD_PORT_COUNTERS_RX_QKEY_OFFSET = 0x30;
export const CMD_PORT_COUNTERS_RX_PKEY_OFFSET = 0x38;
export const CMD_PORT_COUNTERS_RX_NO_RECEIVE_OFFSET = 0x40;
export const CMD_PORT_COUNTERS_RX_SEQUENCE_OFFSET = 0x48;
/** bytes of frames sent Exact up to 2^53. */
export const cmdPortCountersTxBytes = (m: Uint32Array, w: number): number => m[w] + m[w + 1] * 0x100000000;
export const setCmdPortCountersTxBytes = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v >>> 0;
  m[w + 1] = Math.floor(v / 0x100000000);
};
/** bytes of frames received Exact up to 2^53. */
export const cmdPortCountersRxBytes = (m: Uint32Array, w: number): number => m[w + 2] + m[w + 3] * 0x100000000;
export const setCmdPortCountersRxBytes = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v >>> 0;
  m[w + 3] = Math.floor(v / 0x100000000);
};
/** frames sent Exact up to 2^53. */
export const cmdPortCountersTxPackets = (m: Uint32Array, w: number): number => m[w + 4] + m[w + 5] * 0x100000000;
export const setCmdPortCountersTxPackets = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v >>> 0;
  m[w + 5] = Math.floor(v / 0x100000000);
};
/** frames received Exact up to 2^53. */
export const cmdPortCountersRxPackets = (m: Uint32Array, w: number): number => m[w + 6] + m[w + 7] * 0x100000000;
export const setCmdPortCountersRxPackets = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v >>> 0;
  m[w + 7] = Math.floor(v / 0x100000000);
};
/** frames dropped: malformed, wrong checksum or ICRC Exact up to 2^53. */
export const cmdPortCountersRxBad = (m: Uint32Array, w: number): number => m[w + 8] + m[w + 9] * 0x100000000;
export const setCmdPortCountersRxBad = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v >>> 0;
  m[w + 9] = Math.floor(v / 0x100000000);
};
/** packets for a queue pair that does not exist or does not take them Exact up to 2^53. */
export const cmdPortCountersRxUnknown = (m: Uint32Array, w: number): number => m[w + 10] + m[w + 11] * 0x100000000;
export const setCmdPortCountersRxUnknown = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v >>> 0;
  m[w + 11] = Math.floor(v / 0x100000000);
};
/** datagrams dropped for their Q_Key Exact up to 2^53. */
export const cmdPortCountersRxQkey = (m: Uint32Array, w: number): number => m[w + 12] + m[w + 13] * 0x100000000;
export const setCmdPortCountersRxQkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 12] = v >>> 0;
  m[w + 13] = Math.floor(v / 0x100000000);
};
/** packets dropped for their partition key Exact up to 2^53. */
export const cmdPortCountersRxPkey = (m: Uint32Array, w: number): number => m[w + 14] + m[w + 15] * 0x100000000;
export const setCmdPortCountersRxPkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 14] = v >>> 0;
  m[w + 15] = Math.floor(v / 0x100000000);
};
/** unreliable messages dropped: no receive was posted Exact up to 2^53. */
export const cmdPortCountersRxNoReceive = (m: Uint32Array, w: number): number => m[w + 16] + m[w + 17] * 0x100000000;
export const setCmdPortCountersRxNoReceive = (m: Uint32Array, w: number, v: number): void => {
  m[w + 16] = v >>> 0;
  m[w + 17] = Math.floor(v / 0x100000000);
};
/** packets dropped or refused for their sequence number Exact up to 2^53. */
export const cmdPortCountersRxSequence = (m: Uint32Array, w: number): number => m[w + 18] + m[w + 19] * 0x100000000;
export const setCmdPortCountersRxSequence = (m: Uint32Array, w: number, v: number): void => {
  m[w + 18] = v >>> 0;
  m[w + 19] = Math.floor(v / 0x100000000);
};

// cmd_qp_counters: Output for a queue pair.
export const CMD_QP_COUNTERS_SIZE = 128;
export const CMD_QP_COUNTERS_TX_MESSAGES_OFFSET = 0x0;
export const CMD_QP_COUNTERS_TX_BYTES_OFFSET = 0x8;
export const CMD_QP_COUNTERS_RX_MESSAGES_OFFSET = 0x10;
export const CMD_QP_COUNTERS_RX_BYTES_OFFSET = 0x18;
export const CMD_QP_COUNTERS_PUSHED_OFFSET = 0x20;
export const CMD_QP_COUNTERS_RUNG_OFFSET = 0x28;
export const CMD_QP_COUNTERS_ERRORS_OFFSET = 0x30;
export const CMD_QP_COUNTERS_FLUSHED_OFFSET = 0x38;
export const CMD_QP_COUNTERS_RX_REQUESTS_OFFSET = 0x40;
export const CMD_QP_COUNTERS_RX_DROPPED_OFFSET = 0x48;
/** descriptors executed with success Exact up to 2^53. */
export const cmdQpCountersTxMessages = (m: Uint32Array, w: number): number => m[w] + m[w + 1] * 0x100000000;
export const setCmdQpCountersTxMessages = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v >>> 0;
  m[w + 1] = Math.floor(v / 0x100000000);
};
/** bytes of those Exact up to 2^53. */
export const cmdQpCountersTxBytes = (m: Uint32Array, w: number): number => m[w + 2] + m[w + 3] * 0x100000000;
export const setCmdQpCountersTxBytes = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v >>> 0;
  m[w + 3] = Math.floor(v / 0x100000000);
};
/** messages received with success Exact up to 2^53. */
export const cmdQpCountersRxMessages = (m: Uint32Array, w: number): number => m[w + 4] + m[w + 5] * 0x100000000;
export const setCmdQpCountersRxMessages = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v >>> 0;
  m[w + 5] = Math.floor(v / 0x100000000);
};
/** bytes of those Exact up to 2^53. */
export const cmdQpCountersRxBytes = (m: Uint32Array, w: number): number => m[w + 6] + m[w + 7] * 0x100000000;
export const setCmdQpCountersRxBytes = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v >>> 0;
  m[w + 7] = Math.floor(v / 0x100000000);
};
/** descriptors that ran from pushed bytes Exact up to 2^53. */
export const cmdQpCountersPushed = (m: Uint32Array, w: number): number => m[w + 8] + m[w + 9] * 0x100000000;
export const setCmdQpCountersPushed = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v >>> 0;
  m[w + 9] = Math.floor(v / 0x100000000);
};
/** descriptors that were read from memory Exact up to 2^53. */
export const cmdQpCountersRung = (m: Uint32Array, w: number): number => m[w + 10] + m[w + 11] * 0x100000000;
export const setCmdQpCountersRung = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v >>> 0;
  m[w + 11] = Math.floor(v / 0x100000000);
};
/** completions with an error, flushes not counted Exact up to 2^53. */
export const cmdQpCountersErrors = (m: Uint32Array, w: number): number => m[w + 12] + m[w + 13] * 0x100000000;
export const setCmdQpCountersErrors = (m: Uint32Array, w: number, v: number): void => {
  m[w + 12] = v >>> 0;
  m[w + 13] = Math.floor(v / 0x100000000);
};
/** completions with WR_FLUSH_ERR Exact up to 2^53. */
export const cmdQpCountersFlushed = (m: Uint32Array, w: number): number => m[w + 14] + m[w + 15] * 0x100000000;
export const setCmdQpCountersFlushed = (m: Uint32Array, w: number, v: number): void => {
  m[w + 14] = v >>> 0;
  m[w + 15] = Math.floor(v / 0x100000000);
};
/** READ, WRITE and atomic requests carried out for the peer Exact up to 2^53. */
export const cmdQpCountersRxRequests = (m: Uint32Array, w: number): number => m[w + 16] + m[w + 17] * 0x100000000;
export const setCmdQpCountersRxRequests = (m: Uint32Array, w: number, v: number): void => {
  m[w + 16] = v >>> 0;
  m[w + 17] = Math.floor(v / 0x100000000);
};
/** packets dropped Exact up to 2^53. */
export const cmdQpCountersRxDropped = (m: Uint32Array, w: number): number => m[w + 18] + m[w + 19] * 0x100000000;
export const setCmdQpCountersRxDropped = (m: Uint32Array, w: number, v: number): void => {
  m[w + 18] = v >>> 0;
  m[w + 19] = Math.floor(v / 0x100000000);
};

// cmd_page_counters: Output for a doorbell page.
export const CMD_PAGE_COUNTERS_SIZE = 128;
export const CMD_PAGE_COUNTERS_DOORBELLS_OFFSET = 0x0;
export const CMD_PAGE_COUNTERS_PUSHES_OFFSET = 0x8;
export const CMD_PAGE_COUNTERS_FALLBACKS_OFFSET = 0x10;
export const CMD_PAGE_COUNTERS_IGNORED_OFFSET = 0x18;
export const CMD_PAGE_COUNTERS_REFUSED_OFFSET = 0x20;
/** doorbells that moved a producer index Exact up to 2^53. */
export const cmdPageCountersDoorbells = (m: Uint32Array, w: number): number => m[w] + m[w + 1] * 0x100000000;
export const setCmdPageCountersDoorbells = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v >>> 0;
  m[w + 1] = Math.floor(v / 0x100000000);
};
/** pushes accepted Exact up to 2^53. */
export const cmdPageCountersPushes = (m: Uint32Array, w: number): number => m[w + 2] + m[w + 3] * 0x100000000;
export const setCmdPageCountersPushes = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v >>> 0;
  m[w + 3] = Math.floor(v / 0x100000000);
};
/** trailers that acted as a doorbell Exact up to 2^53. */
export const cmdPageCountersFallbacks = (m: Uint32Array, w: number): number => m[w + 4] + m[w + 5] * 0x100000000;
export const setCmdPageCountersFallbacks = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v >>> 0;
  m[w + 5] = Math.floor(v / 0x100000000);
};
/** doorbells and trailers for an index that was already taken Exact up to 2^53. */
export const cmdPageCountersIgnored = (m: Uint32Array, w: number): number => m[w + 6] + m[w + 7] * 0x100000000;
export const setCmdPageCountersIgnored = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v >>> 0;
  m[w + 7] = Math.floor(v / 0x100000000);
};
/** doorbells and trailers refused Exact up to 2^53. */
export const cmdPageCountersRefused = (m: Uint32Array, w: number): number => m[w + 8] + m[w + 9] * 0x100000000;
export const setCmdPageCountersRefused = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v >>> 0;
  m[w + 9] = Math.floor(v / 0x100000000);
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

// cmd_alloc_mr: Input of ALLOC_MR. The output handle is the key, with a tag that no FAST_REG has given yet.
export const CMD_ALLOC_MR_SIZE = 16;
export const CMD_ALLOC_MR_PD_OFFSET = 0x0;
export const CMD_ALLOC_MR_PAGE_COUNT_OFFSET = 0x4;
/** protection domain */
export const cmdAllocMrPd = (m: Uint32Array, w: number): number => m[w];
export const setCmdAllocMrPd = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** pages at most, 1 to FAST_PAGES_MAX */
export const cmdAllocMrPageCount = (m: Uint32Array, w: number): number => m[w + 1];
export const setCmdAllocMrPageCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};

// cmd_reregister_mr: Input of REREGISTER_MR. Fields whose bit is not set are zero. Not for kind FAST.
export const CMD_REREGISTER_MR_SIZE = 64;
export const CMD_REREGISTER_MR_HANDLE_OFFSET = 0x0;
export const CMD_REREGISTER_MR_CHANGE_OFFSET = 0x4;
export const CMD_REREGISTER_MR_ACCESS_OFFSET = 0x5;
export const CMD_REREGISTER_MR_PAGE_SHIFT_OFFSET = 0x6;
export const CMD_REREGISTER_MR_PD_OFFSET = 0x8;
export const CMD_REREGISTER_MR_IOVA_OFFSET = 0x10;
export const CMD_REREGISTER_MR_LENGTH_OFFSET = 0x18;
export const CMD_REREGISTER_MR_PAGE_LIST_OFFSET = 0x20;
export const CMD_REREGISTER_MR_PAGE_COUNT_OFFSET = 0x28;
/** the key */
export const cmdReregisterMrHandle = (m: Uint32Array, w: number): number => m[w];
export const setCmdReregisterMrHandle = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** see the table of changes */
export const cmdReregisterMrChange = (m: Uint32Array, w: number): number => m[w + 1] & 0xff;
export const setCmdReregisterMrChange = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** access rights */
export const cmdReregisterMrAccess = (m: Uint32Array, w: number): number => (m[w + 1] >>> 8) & 0xff;
export const setCmdReregisterMrAccess = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** as in REGISTER_MR */
export const cmdReregisterMrPageShift = (m: Uint32Array, w: number): number => (m[w + 1] >>> 16) & 0xff;
export const setCmdReregisterMrPageShift = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** protection domain */
export const cmdReregisterMrPd = (m: Uint32Array, w: number): number => m[w + 2];
export const setCmdReregisterMrPd = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** as in REGISTER_MR Exact up to 2^53. */
export const cmdReregisterMrIova = (m: Uint32Array, w: number): number => m[w + 4] + m[w + 5] * 0x100000000;
export const setCmdReregisterMrIova = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v >>> 0;
  m[w + 5] = Math.floor(v / 0x100000000);
};
/** bytes Exact up to 2^53. */
export const cmdReregisterMrLength = (m: Uint32Array, w: number): number => m[w + 6] + m[w + 7] * 0x100000000;
export const setCmdReregisterMrLength = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v >>> 0;
  m[w + 7] = Math.floor(v / 0x100000000);
};
/** bus address of the list Exact up to 2^53. */
export const cmdReregisterMrPageList = (m: Uint32Array, w: number): number => m[w + 8] + m[w + 9] * 0x100000000;
export const setCmdReregisterMrPageList = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v >>> 0;
  m[w + 9] = Math.floor(v / 0x100000000);
};
/** entries of the list */
export const cmdReregisterMrPageCount = (m: Uint32Array, w: number): number => m[w + 10];
export const setCmdReregisterMrPageCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v;
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
export const CMD_MR_OUT_VALID_OFFSET = 0x1c;
export const CMD_MR_OUT_PAGE_COUNT_OFFSET = 0x20;
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
/** FAST: 1 between FAST_REG and invalidation; 1 for other kinds */
export const cmdMrOutValid = (m: Uint32Array, w: number): number => m[w + 7];
export const setCmdMrOutValid = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = v;
};
/** pages; of FAST the most that it takes */
export const cmdMrOutPageCount = (m: Uint32Array, w: number): number => m[w + 8];
export const setCmdMrOutPageCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v;
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

// cmd_resize_cq: Input of RESIZE_CQ. The adapter writes every entry of the new buffer before it answers.
export const CMD_RESIZE_CQ_SIZE = 32;
export const CMD_RESIZE_CQ_HANDLE_OFFSET = 0x0;
export const CMD_RESIZE_CQ_LKEY_OFFSET = 0x4;
export const CMD_RESIZE_CQ_ADDRESS_OFFSET = 0x8;
export const CMD_RESIZE_CQ_LOG_DEPTH_OFFSET = 0x10;
/** completion queue */
export const cmdResizeCqHandle = (m: Uint32Array, w: number): number => m[w];
export const setCmdResizeCqHandle = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** memory region of the buffer; needs LOCAL_WRITE */
export const cmdResizeCqLkey = (m: Uint32Array, w: number): number => m[w + 1];
export const setCmdResizeCqLkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** queue buffer: I/O virtual address, 64-byte aligned Exact up to 2^53. */
export const cmdResizeCqAddress = (m: Uint32Array, w: number): number => m[w + 2] + m[w + 3] * 0x100000000;
export const setCmdResizeCqAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v >>> 0;
  m[w + 3] = Math.floor(v / 0x100000000);
};
/** log2 of the number of entries, 1 to 15; BUSY when what is not consumed does not fit */
export const cmdResizeCqLogDepth = (m: Uint32Array, w: number): number => m[w + 4] & 0xff;
export const setCmdResizeCqLogDepth = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = ((m[w + 4] & 0xffffff00) | (v & 0xff)) >>> 0;
};

// cmd_modify_cq: Input of MODIFY_CQ.
export const CMD_MODIFY_CQ_SIZE = 16;
export const CMD_MODIFY_CQ_HANDLE_OFFSET = 0x0;
export const CMD_MODIFY_CQ_COUNT_OFFSET = 0x4;
export const CMD_MODIFY_CQ_PERIOD_US_OFFSET = 0x6;
/** completion queue */
export const cmdModifyCqHandle = (m: Uint32Array, w: number): number => m[w];
export const setCmdModifyCqHandle = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** an armed queue tells after so many completions; 0 and 1: at once */
export const cmdModifyCqCount = (m: Uint32Array, w: number): number => m[w + 1] & 0xffff;
export const setCmdModifyCqCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffff0000) | (v & 0xffff)) >>> 0;
};
/** or this long after the first of them; with count > 1 at least 1 */
export const cmdModifyCqPeriodUs = (m: Uint32Array, w: number): number => (m[w + 1] >>> 16);
export const setCmdModifyCqPeriodUs = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffff) | ((v & 0xffff) << 16)) >>> 0;
};

// cmd_create_srq: Input of CREATE_SRQ. Handles start at 1.
export const CMD_CREATE_SRQ_SIZE = 48;
export const CMD_CREATE_SRQ_PD_OFFSET = 0x0;
export const CMD_CREATE_SRQ_PAGE_OFFSET = 0x4;
export const CMD_CREATE_SRQ_ADDRESS_OFFSET = 0x8;
export const CMD_CREATE_SRQ_LKEY_OFFSET = 0x10;
export const CMD_CREATE_SRQ_LOG_DEPTH_OFFSET = 0x14;
export const CMD_CREATE_SRQ_LOG_STRIDE_OFFSET = 0x15;
export const CMD_CREATE_SRQ_LIMIT_OFFSET = 0x18;
/** protection domain of the queue and of every key in its descriptors */
export const cmdCreateSrqPd = (m: Uint32Array, w: number): number => m[w];
export const setCmdCreateSrqPd = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** doorbell page that may ring it */
export const cmdCreateSrqPage = (m: Uint32Array, w: number): number => m[w + 1];
export const setCmdCreateSrqPage = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** queue buffer, 64-byte aligned Exact up to 2^53. */
export const cmdCreateSrqAddress = (m: Uint32Array, w: number): number => m[w + 2] + m[w + 3] * 0x100000000;
export const setCmdCreateSrqAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v >>> 0;
  m[w + 3] = Math.floor(v / 0x100000000);
};
/** memory region of the buffer */
export const cmdCreateSrqLkey = (m: Uint32Array, w: number): number => m[w + 4];
export const setCmdCreateSrqLkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
/** log2 of the entries, 1 to 15 */
export const cmdCreateSrqLogDepth = (m: Uint32Array, w: number): number => m[w + 5] & 0xff;
export const setCmdCreateSrqLogDepth = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = ((m[w + 5] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** log2 of the stride, 6 to 9 */
export const cmdCreateSrqLogStride = (m: Uint32Array, w: number): number => (m[w + 5] >>> 8) & 0xff;
export const setCmdCreateSrqLogStride = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = ((m[w + 5] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** as in MODIFY_SRQ */
export const cmdCreateSrqLimit = (m: Uint32Array, w: number): number => m[w + 6];
export const setCmdCreateSrqLimit = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};

// cmd_modify_srq: Input of MODIFY_SRQ.
export const CMD_MODIFY_SRQ_SIZE = 16;
export const CMD_MODIFY_SRQ_HANDLE_OFFSET = 0x0;
export const CMD_MODIFY_SRQ_LIMIT_OFFSET = 0x4;
/** shared receive queue */
export const cmdModifySrqHandle = (m: Uint32Array, w: number): number => m[w];
export const setCmdModifySrqHandle = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** SRQ_LIMIT is told once when fewer receives than this are posted; 0: never */
export const cmdModifySrqLimit = (m: Uint32Array, w: number): number => m[w + 1];
export const setCmdModifySrqLimit = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};

// cmd_srq_out: Output of QUERY_SRQ.
export const CMD_SRQ_OUT_SIZE = 48;
export const CMD_SRQ_OUT_PD_OFFSET = 0x0;
export const CMD_SRQ_OUT_PAGE_OFFSET = 0x4;
export const CMD_SRQ_OUT_PRODUCER_OFFSET = 0x8;
export const CMD_SRQ_OUT_CONSUMER_OFFSET = 0xc;
export const CMD_SRQ_OUT_LIMIT_OFFSET = 0x10;
export const CMD_SRQ_OUT_USERS_OFFSET = 0x14;
export const CMD_SRQ_OUT_FAILED_OFFSET = 0x18;
/** protection domain */
export const cmdSrqOutPd = (m: Uint32Array, w: number): number => m[w];
export const setCmdSrqOutPd = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** doorbell page */
export const cmdSrqOutPage = (m: Uint32Array, w: number): number => m[w + 1];
export const setCmdSrqOutPage = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** producer index known to the adapter */
export const cmdSrqOutProducer = (m: Uint32Array, w: number): number => m[w + 2];
export const setCmdSrqOutProducer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** next to use */
export const cmdSrqOutConsumer = (m: Uint32Array, w: number): number => m[w + 3];
export const setCmdSrqOutConsumer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
/** limit that is armed; 0: none */
export const cmdSrqOutLimit = (m: Uint32Array, w: number): number => m[w + 4];
export const setCmdSrqOutLimit = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
/** queue pairs that use it */
export const cmdSrqOutUsers = (m: Uint32Array, w: number): number => m[w + 5];
export const setCmdSrqOutUsers = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};
/** 1 when its buffer could not be read */
export const cmdSrqOutFailed = (m: Uint32Array, w: number): number => m[w + 6];
export const setCmdSrqOutFailed = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};

// cmd_ah: Input of CREATE_AH and MODIFY_AH, output of QUERY_AH. Handles start at 1.
export const CMD_AH_SIZE = 48;
export const CMD_AH_HANDLE_OFFSET = 0x0;
export const CMD_AH_PD_OFFSET = 0x4;
export const CMD_AH_SGID_INDEX_OFFSET = 0x8;
export const CMD_AH_HOP_LIMIT_OFFSET = 0x9;
export const CMD_AH_TRAFFIC_CLASS_OFFSET = 0xa;
export const CMD_AH_FLOW_LABEL_OFFSET = 0xc;
export const CMD_AH_DGID_OFFSET = 0x10;
export const CMD_AH_DMAC_OFFSET = 0x20;
export const CMD_AH_UDP_SPORT_OFFSET = 0x26;
/** address handle; zero for CREATE_AH */
export const cmdAhHandle = (m: Uint32Array, w: number): number => m[w];
export const setCmdAhHandle = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** protection domain; zero for MODIFY_AH */
export const cmdAhPd = (m: Uint32Array, w: number): number => m[w + 1];
export const setCmdAhPd = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** entry of the GID table that is the source */
export const cmdAhSgidIndex = (m: Uint32Array, w: number): number => m[w + 2] & 0xff;
export const setCmdAhSgidIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = ((m[w + 2] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** time to live; 0 stands for 64 */
export const cmdAhHopLimit = (m: Uint32Array, w: number): number => (m[w + 2] >>> 8) & 0xff;
export const setCmdAhHopLimit = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = ((m[w + 2] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** DSCP and ECN */
export const cmdAhTrafficClass = (m: Uint32Array, w: number): number => (m[w + 2] >>> 16) & 0xff;
export const setCmdAhTrafficClass = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = ((m[w + 2] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** 20 bits; chooses the UDP source port when udp_sport is 0 */
export const cmdAhFlowLabel = (m: Uint32Array, w: number): number => m[w + 3];
export const setCmdAhFlowLabel = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
/** UDP source port, 0xc000 to 0xffff; 0: chosen by the adapter */
export const cmdAhUdpSport = (m: Uint32Array, w: number): number => (m[w + 9] >>> 16);
export const setCmdAhUdpSport = (m: Uint32Array, w: number, v: number): void => {
  m[w + 9] = ((m[w + 9] & 0xffff) | ((v & 0xffff) << 16)) >>> 0;
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
export const CMD_CREATE_QP_FLAGS_OFFSET = 0x15;
export const CMD_CREATE_QP_SEND_ADDRESS_OFFSET = 0x18;
export const CMD_CREATE_QP_RECV_ADDRESS_OFFSET = 0x20;
export const CMD_CREATE_QP_SEND_LKEY_OFFSET = 0x28;
export const CMD_CREATE_QP_RECV_LKEY_OFFSET = 0x2c;
export const CMD_CREATE_QP_SRQN_OFFSET = 0x30;
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
/** completion queue of the receive queue; not DMA */
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
/** the same for the receive queue; not DMA */
export const cmdCreateQpRecvLogDepth = (m: Uint32Array, w: number): number => (m[w + 4] >>> 24);
export const setCmdCreateQpRecvLogDepth = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = ((m[w + 4] & 0xffffff) | ((v & 0xff) << 24)) >>> 0;
};
/** the same for the receive queue; not DMA */
export const cmdCreateQpRecvLogStride = (m: Uint32Array, w: number): number => m[w + 5] & 0xff;
export const setCmdCreateQpRecvLogStride = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = ((m[w + 5] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** see the table of flags */
export const cmdCreateQpFlags = (m: Uint32Array, w: number): number => (m[w + 5] >>> 8) & 0xff;
export const setCmdCreateQpFlags = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = ((m[w + 5] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** send queue buffer, 64-byte aligned Exact up to 2^53. */
export const cmdCreateQpSendAddress = (m: Uint32Array, w: number): number => m[w + 6] + m[w + 7] * 0x100000000;
export const setCmdCreateQpSendAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v >>> 0;
  m[w + 7] = Math.floor(v / 0x100000000);
};
/** receive queue buffer, 64-byte aligned; not DMA Exact up to 2^53. */
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
/** memory region of the receive queue; not DMA */
export const cmdCreateQpRecvLkey = (m: Uint32Array, w: number): number => m[w + 11];
export const setCmdCreateQpRecvLkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = v;
};
/** shared receive queue, in place of an own one (the other fields of the receive queue but recv_cqn are zero then); zero: none */
export const cmdCreateQpSrqn = (m: Uint32Array, w: number): number => m[w + 12];
export const setCmdCreateQpSrqn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 12] = v;
};

// cmd_modify_qp: Input of MODIFY_QP. Attributes whose bit is not set are zero.
export const CMD_MODIFY_QP_SIZE = 96;
export const CMD_MODIFY_QP_HANDLE_OFFSET = 0x0;
export const CMD_MODIFY_QP_ATTR_MASK_OFFSET = 0x4;
export const CMD_MODIFY_QP_STATE_OFFSET = 0x8;
export const CMD_MODIFY_QP_MTU_OFFSET = 0x9;
export const CMD_MODIFY_QP_CUR_STATE_OFFSET = 0xa;
export const CMD_MODIFY_QP_ACCESS_OFFSET = 0xb;
export const CMD_MODIFY_QP_DEST_QPN_OFFSET = 0xc;
export const CMD_MODIFY_QP_SQ_PSN_OFFSET = 0x10;
export const CMD_MODIFY_QP_RQ_PSN_OFFSET = 0x14;
export const CMD_MODIFY_QP_QKEY_OFFSET = 0x18;
export const CMD_MODIFY_QP_MAX_RD_ATOMIC_OFFSET = 0x1c;
export const CMD_MODIFY_QP_MAX_DEST_RD_ATOMIC_OFFSET = 0x1d;
export const CMD_MODIFY_QP_MIN_RNR_TIMER_OFFSET = 0x1e;
export const CMD_MODIFY_QP_TIMEOUT_OFFSET = 0x1f;
export const CMD_MODIFY_QP_RETRY_COUNT_OFFSET = 0x20;
export const CMD_MODIFY_QP_RNR_RETRY_OFFSET = 0x21;
export const CMD_MODIFY_QP_SQD_EVENT_OFFSET = 0x22;
export const CMD_MODIFY_QP_PORT_OFFSET = 0x23;
export const CMD_MODIFY_QP_PKEY_INDEX_OFFSET = 0x24;
export const CMD_MODIFY_QP_SGID_INDEX_OFFSET = 0x2c;
export const CMD_MODIFY_QP_HOP_LIMIT_OFFSET = 0x2d;
export const CMD_MODIFY_QP_TRAFFIC_CLASS_OFFSET = 0x2e;
export const CMD_MODIFY_QP_FLOW_LABEL_OFFSET = 0x30;
export const CMD_MODIFY_QP_DGID_OFFSET = 0x34;
export const CMD_MODIFY_QP_DMAC_OFFSET = 0x44;
export const CMD_MODIFY_QP_UDP_SPORT_OFFSET = 0x4a;
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
/** state that the queue pair must be in */
export const cmdModifyQpCurState = (m: Uint32Array, w: number): number => (m[w + 2] >>> 16) & 0xff;
export const setCmdModifyQpCurState = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = ((m[w + 2] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** REMOTE_WRITE, REMOTE_READ and REMOTE_ATOMIC: what the peer may do through this queue pair */
export const cmdModifyQpAccess = (m: Uint32Array, w: number): number => (m[w + 2] >>> 24);
export const setCmdModifyQpAccess = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = ((m[w + 2] & 0xffffff) | ((v & 0xff) << 24)) >>> 0;
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
/** Q_Key of a datagram queue pair */
export const cmdModifyQpQkey = (m: Uint32Array, w: number): number => m[w + 6];
export const setCmdModifyQpQkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};
/** READs and atomics that it may have under way, 0 to RD_ATOMIC_MAX */
export const cmdModifyQpMaxRdAtomic = (m: Uint32Array, w: number): number => m[w + 7] & 0xff;
export const setCmdModifyQpMaxRdAtomic = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = ((m[w + 7] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** those of the peer that it serves at once, 0 to RD_ATOMIC_MAX */
export const cmdModifyQpMaxDestRdAtomic = (m: Uint32Array, w: number): number => (m[w + 7] >>> 8) & 0xff;
export const setCmdModifyQpMaxDestRdAtomic = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = ((m[w + 7] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** IBTA 9.7.5.2.8, 0 to 31 */
export const cmdModifyQpMinRnrTimer = (m: Uint32Array, w: number): number => (m[w + 7] >>> 16) & 0xff;
export const setCmdModifyQpMinRnrTimer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = ((m[w + 7] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** acknowledgement time-out, 4.096 µs × 2^n; 0 to 31, 0: none */
export const cmdModifyQpTimeout = (m: Uint32Array, w: number): number => (m[w + 7] >>> 24);
export const setCmdModifyQpTimeout = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = ((m[w + 7] & 0xffffff) | ((v & 0xff) << 24)) >>> 0;
};
/** 0 to 7 */
export const cmdModifyQpRetryCount = (m: Uint32Array, w: number): number => m[w + 8] & 0xff;
export const setCmdModifyQpRetryCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = ((m[w + 8] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** 0 to 7; 7: without end */
export const cmdModifyQpRnrRetry = (m: Uint32Array, w: number): number => (m[w + 8] >>> 8) & 0xff;
export const setCmdModifyQpRnrRetry = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = ((m[w + 8] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** 1: SQ_DRAINED is told once the send queue has drained */
export const cmdModifyQpSqdEvent = (m: Uint32Array, w: number): number => (m[w + 8] >>> 16) & 0xff;
export const setCmdModifyQpSqdEvent = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = ((m[w + 8] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** 1 */
export const cmdModifyQpPort = (m: Uint32Array, w: number): number => (m[w + 8] >>> 24);
export const setCmdModifyQpPort = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = ((m[w + 8] & 0xffffff) | ((v & 0xff) << 24)) >>> 0;
};
/** 0 */
export const cmdModifyQpPkeyIndex = (m: Uint32Array, w: number): number => m[w + 9] & 0xffff;
export const setCmdModifyQpPkeyIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 9] = ((m[w + 9] & 0xffff0000) | (v & 0xffff)) >>> 0;
};
/** entry of the GID table that is the source */
export const cmdModifyQpSgidIndex = (m: Uint32Array, w: number): number => m[w + 11] & 0xff;
export const setCmdModifyQpSgidIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = ((m[w + 11] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** time to live; 0 stands for 64 */
export const cmdModifyQpHopLimit = (m: Uint32Array, w: number): number => (m[w + 11] >>> 8) & 0xff;
export const setCmdModifyQpHopLimit = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = ((m[w + 11] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** DSCP and ECN */
export const cmdModifyQpTrafficClass = (m: Uint32Array, w: number): number => (m[w + 11] >>> 16) & 0xff;
export const setCmdModifyQpTrafficClass = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = ((m[w + 11] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** 20 bits; chooses the UDP source port when udp_sport is 0 */
export const cmdModifyQpFlowLabel = (m: Uint32Array, w: number): number => m[w + 12];
export const setCmdModifyQpFlowLabel = (m: Uint32Array, w: number, v: number): void => {
  m[w + 12] = v;
};
/** UDP source port, 0xc000 to 0xffff; 0: chosen by the adapter */
export const cmdModifyQpUdpSport = (m: Uint32Array, w: number): number => (m[w + 18] >>> 16);
export const setCmdModifyQpUdpSport = (m: Uint32Array, w: number, v: number): void => {
  m[w + 18] = ((m[w + 18] & 0xffff) | ((v & 0xffff) << 16)) >>> 0;
};

// cmd_qp_out: Output of QUERY_QP.
export const CMD_QP_OUT_SIZE = 160;
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
export const CMD_QP_OUT_QKEY_OFFSET = 0x3c;
export const CMD_QP_OUT_ACCESS_OFFSET = 0x40;
export const CMD_QP_OUT_MAX_RD_ATOMIC_OFFSET = 0x41;
export const CMD_QP_OUT_MAX_DEST_RD_ATOMIC_OFFSET = 0x42;
export const CMD_QP_OUT_MIN_RNR_TIMER_OFFSET = 0x43;
export const CMD_QP_OUT_TIMEOUT_OFFSET = 0x44;
export const CMD_QP_OUT_RETRY_COUNT_OFFSET = 0x45;
export const CMD_QP_OUT_RNR_RETRY_OFFSET = 0x46;
export const CMD_QP_OUT_PORT_OFFSET = 0x47;
export const CMD_QP_OUT_PKEY_INDEX_OFFSET = 0x48;
export const CMD_QP_OUT_DRAINING_OFFSET = 0x4a;
export const CMD_QP_OUT_FLAGS_OFFSET = 0x4b;
export const CMD_QP_OUT_SRQN_OFFSET = 0x4c;
export const CMD_QP_OUT_SGID_INDEX_OFFSET = 0x50;
export const CMD_QP_OUT_HOP_LIMIT_OFFSET = 0x51;
export const CMD_QP_OUT_TRAFFIC_CLASS_OFFSET = 0x52;
export const CMD_QP_OUT_FLOW_LABEL_OFFSET = 0x54;
export const CMD_QP_OUT_DGID_OFFSET = 0x58;
export const CMD_QP_OUT_DMAC_OFFSET = 0x68;
export const CMD_QP_OUT_UDP_SPORT_OFFSET = 0x6e;
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
/** Q_Key */
export const cmdQpOutQkey = (m: Uint32Array, w: number): number => m[w + 15];
export const setCmdQpOutQkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 15] = v;
};
/** what the peer may do */
export const cmdQpOutAccess = (m: Uint32Array, w: number): number => m[w + 16] & 0xff;
export const setCmdQpOutAccess = (m: Uint32Array, w: number, v: number): void => {
  m[w + 16] = ((m[w + 16] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** as in MODIFY_QP */
export const cmdQpOutMaxRdAtomic = (m: Uint32Array, w: number): number => (m[w + 16] >>> 8) & 0xff;
export const setCmdQpOutMaxRdAtomic = (m: Uint32Array, w: number, v: number): void => {
  m[w + 16] = ((m[w + 16] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** as in MODIFY_QP */
export const cmdQpOutMaxDestRdAtomic = (m: Uint32Array, w: number): number => (m[w + 16] >>> 16) & 0xff;
export const setCmdQpOutMaxDestRdAtomic = (m: Uint32Array, w: number, v: number): void => {
  m[w + 16] = ((m[w + 16] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** as in MODIFY_QP */
export const cmdQpOutMinRnrTimer = (m: Uint32Array, w: number): number => (m[w + 16] >>> 24);
export const setCmdQpOutMinRnrTimer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 16] = ((m[w + 16] & 0xffffff) | ((v & 0xff) << 24)) >>> 0;
};
/** as in MODIFY_QP */
export const cmdQpOutTimeout = (m: Uint32Array, w: number): number => m[w + 17] & 0xff;
export const setCmdQpOutTimeout = (m: Uint32Array, w: number, v: number): void => {
  m[w + 17] = ((m[w + 17] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** as in MODIFY_QP */
export const cmdQpOutRetryCount = (m: Uint32Array, w: number): number => (m[w + 17] >>> 8) & 0xff;
export const setCmdQpOutRetryCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 17] = ((m[w + 17] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** as in MODIFY_QP */
export const cmdQpOutRnrRetry = (m: Uint32Array, w: number): number => (m[w + 17] >>> 16) & 0xff;
export const setCmdQpOutRnrRetry = (m: Uint32Array, w: number, v: number): void => {
  m[w + 17] = ((m[w + 17] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** 1 once it was given */
export const cmdQpOutPort = (m: Uint32Array, w: number): number => (m[w + 17] >>> 24);
export const setCmdQpOutPort = (m: Uint32Array, w: number, v: number): void => {
  m[w + 17] = ((m[w + 17] & 0xffffff) | ((v & 0xff) << 24)) >>> 0;
};
/** 0 */
export const cmdQpOutPkeyIndex = (m: Uint32Array, w: number): number => m[w + 18] & 0xffff;
export const setCmdQpOutPkeyIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 18] = ((m[w + 18] & 0xffff0000) | (v & 0xffff)) >>> 0;
};
/** 1 in SQD while what has begun goes on */
export const cmdQpOutDraining = (m: Uint32Array, w: number): number => (m[w + 18] >>> 16) & 0xff;
export const setCmdQpOutDraining = (m: Uint32Array, w: number, v: number): void => {
  m[w + 18] = ((m[w + 18] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** as in CREATE_QP */
export const cmdQpOutFlags = (m: Uint32Array, w: number): number => (m[w + 18] >>> 24);
export const setCmdQpOutFlags = (m: Uint32Array, w: number, v: number): void => {
  m[w + 18] = ((m[w + 18] & 0xffffff) | ((v & 0xff) << 24)) >>> 0;
};
/** shared receive queue */
export const cmdQpOutSrqn = (m: Uint32Array, w: number): number => m[w + 19];
export const setCmdQpOutSrqn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 19] = v;
};
/** entry of the GID table that is the source */
export const cmdQpOutSgidIndex = (m: Uint32Array, w: number): number => m[w + 20] & 0xff;
export const setCmdQpOutSgidIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 20] = ((m[w + 20] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** time to live; 0 stands for 64 */
export const cmdQpOutHopLimit = (m: Uint32Array, w: number): number => (m[w + 20] >>> 8) & 0xff;
export const setCmdQpOutHopLimit = (m: Uint32Array, w: number, v: number): void => {
  m[w + 20] = ((m[w + 20] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** DSCP and ECN */
export const cmdQpOutTrafficClass = (m: Uint32Array, w: number): number => (m[w + 20] >>> 16) & 0xff;
export const setCmdQpOutTrafficClass = (m: Uint32Array, w: number, v: number): void => {
  m[w + 20] = ((m[w + 20] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** 20 bits; chooses the UDP source port when udp_sport is 0 */
export const cmdQpOutFlowLabel = (m: Uint32Array, w: number): number => m[w + 21];
export const setCmdQpOutFlowLabel = (m: Uint32Array, w: number, v: number): void => {
  m[w + 21] = v;
};
/** UDP source port, 0xc000 to 0xffff; 0: chosen by the adapter */
export const cmdQpOutUdpSport = (m: Uint32Array, w: number): number => (m[w + 27] >>> 16);
export const setCmdQpOutUdpSport = (m: Uint32Array, w: number, v: number): void => {
  m[w + 27] = ((m[w + 27] & 0xffff) | ((v & 0xffff) << 16)) >>> 0;
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
