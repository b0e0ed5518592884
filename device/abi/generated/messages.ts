// SPDX-License-Identifier: MIT
// Generated from device/abi/messages.ts by "npm run generate"; do not edit.

/** version in the header flags */
export const VHOST_USER_VERSION = 1;
/** VHOST_USER_F_PROTOCOL_FEATURES: bit number in GET_FEATURES */
export const F_PROTOCOL_FEATURES = 30;
/** VIRTIO_F_ACCESS_PLATFORM: bit number in GET_FEATURES; DMA addresses go through IOTLB messages */
export const F_ACCESS_PLATFORM = 33;
/** bit number */
export const PROTOCOL_F_REPLY_ACK = 3;
/** bit number */
export const PROTOCOL_F_BACKEND_REQ = 5;
/** bit number */
export const PROTOCOL_F_CONFIGURE_MEM_SLOTS = 15;
/** bit number of the PCI-function extension */
export const PROTOCOL_F_PCI_FUNCTION = 48;
/** version of the PCI-function extension */
export const EXTENSION_VERSION = 2;
/** largest payload that either side accepts */
export const MAX_PAYLOAD = 0x1000;
/** most file descriptors with one message */
export const MAX_FDS = 8;
/** answer to GET_MAX_MEM_SLOTS */
export const MAX_MEM_SLOTS = 64;
/** BARs of a function */
export const MAX_BARS = 6;
/** ranges described per BAR */
export const MAX_RANGES = 4;

/** front-end requests */
export const Request = {
  /** standard */
  GET_FEATURES: 1,
  /** standard */
  SET_FEATURES: 2,
  /** standard */
  SET_OWNER: 3,
  /** standard, accepted and without effect (deprecated) */
  RESET_OWNER: 4,
  /** standard; replaces all memory regions */
  SET_MEM_TABLE: 5,
  /** standard */
  GET_PROTOCOL_FEATURES: 15,
  /** standard */
  SET_PROTOCOL_FEATURES: 16,
  /** standard; one fd: the back-end request channel */
  SET_BACKEND_REQ_FD: 21,
  /** standard; iotlb: update, invalidate, access fail */
  IOTLB_MSG: 22,
  /** standard */
  GET_MAX_MEM_SLOTS: 36,
  /** standard; one fd */
  ADD_MEM_REG: 37,
  /** standard */
  REM_MEM_REG: 38,
  /** reply: function description */
  PCI_GET_FUNCTION: 1346502657,
  /** ring_setup; 3 fds: ring memfd, kick eventfd, answer eventfd; acknowledged */
  PCI_SET_RING: 1346502658,
  /** reply: state_region with 1 fd: a new state region, zeroed by the back-end */
  PCI_STATE_GET_FD: 1346502659,
  /** state_region with 1 fd: the region of the connection before; acknowledged */
  PCI_STATE_SET_FD: 1346502660,
  /** irq_fd; 1 fd (eventfd) to set, none to remove; acknowledged */
  PCI_SET_IRQ_FD: 1346502661,
  /** no payload: the function may do DMA and raise interrupts from now on; acknowledged */
  PCI_RUN: 1346502662,
  /** no payload: acknowledged when DMA and interrupts have ceased */
  PCI_STOP: 1346502663,
  /** control: an event of the function that is ordered with MMIO; acknowledged */
  PCI_CONTROL: 1346502664,
  /** mmio: debugging path; reply: mmio with data */
  PCI_MMIO_READ: 1346502665,
  /** mmio: debugging path; acknowledged */
  PCI_MMIO_WRITE: 1346502666,
  /** bar_ram; 1 fd: memory behind the RAM ranges of a BAR; acknowledged */
  PCI_SET_BAR_RAM: 1346502667,
} as const;
export type Request = (typeof Request)[keyof typeof Request];

/** back-end requests */
export const BackendRequest = {
  /** standard; iotlb: miss */
  IOTLB_MSG: 1,
  /** text (UTF-8, at most 256 bytes) for the log of the front-end */
  PCI_LOG: 1346535425,
} as const;
export type BackendRequest = (typeof BackendRequest)[keyof typeof BackendRequest];

/** kinds of PCI_CONTROL */
export const Control = {
  /** VALUE 1: Bus Master Enable set, 0: cleared; acknowledged when no DMA is under way */
  BUS_MASTER: 1,
  /** function-level reset; the reset epoch in the message is the new one */
  FUNCTION_RESET: 2,
  /** reset of the bus, slot or machine; the reset epoch in the message is the new one */
  BUS_RESET: 3,
  /** VALUE 1: MSI-X on, 0: off */
  MSIX_ENABLE: 4,
  /** VALUE: the Interrupt Disable bit */
  INTX_DISABLE: 5,
  /** VALUE 1: D0, 0: D3hot, where there is no DMA and no interrupt; the state is kept */
  POWER: 6,
} as const;
export type Control = (typeof Control)[keyof typeof Control];

/** kinds of BAR ranges */
export const RangeKind = {
  /** unused entry */
  NONE: 0,
  /** every access goes through the ring */
  TRAPPED: 1,
  /** plain shared memory */
  RAM: 2,
  /** MSI-X table and pending-bit array, kept by the front-end */
  MSIX: 3,
} as const;
export type RangeKind = (typeof RangeKind)[keyof typeof RangeKind];

/** BAR flags */
export const BarFlag = {
  /** 64-bit BAR; it takes the next BAR number too */
  MEM64: 1,
  /** prefetchable */
  PREFETCHABLE: 2,
} as const;
export type BarFlag = (typeof BarFlag)[keyof typeof BarFlag];

/** types of an IOTLB message */
export const IotlbType = {
  /** back-end: the translation of IOVA is wanted, with PERM */
  MISS: 1,
  /** front-end: IOVA … IOVA + SIZE is at UADDR of the front-end, with PERM */
  UPDATE: 2,
  /** front-end: translations of the range are void; acknowledged when no DMA uses them any more */
  INVALIDATE: 3,
  /** front-end: the miss for IOVA and PERM has no translation: a fault */
  ACCESS_FAIL: 4,
} as const;
export type IotlbType = (typeof IotlbType)[keyof typeof IotlbType];

/** permissions of an IOTLB message */
export const IotlbPerm = {
  /** the function may read memory */
  READ: 1,
  /** the function may write memory */
  WRITE: 2,
} as const;
export type IotlbPerm = (typeof IotlbPerm)[keyof typeof IotlbPerm];

/** values of the acknowledgement of PCI_STATE_SET_FD */
export const StateResult = {
  /** taken over */
  OK: 0,
  /** not a sealed memfd of the given size */
  BAD_FD: 1,
  /** layout version that this back-end does not know */
  BAD_VERSION: 2,
  /** the region does not hold a state */
  BAD_CONTENT: 3,
} as const;
export type StateResult = (typeof StateResult)[keyof typeof StateResult];

// header: Message header.
export const HEADER_SIZE = 12;
export const HEADER_REQUEST_OFFSET = 0x0;
export const HEADER_FLAGS_OFFSET = 0x4;
export const HEADER_SIZE_OFFSET = 0x8;
/** request code */
export const headerRequest = (m: Uint8Array, o: number): number => (m[o] | (m[o + 1] << 8) | (m[o + 2] << 16) | (m[o + 3] << 24)) >>> 0;
export const setHeaderRequest = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
  m[o + 1] = v >>> 8;
  m[o + 2] = v >>> 16;
  m[o + 3] = v >>> 24;
};
/** version and flags */
export const headerFlags = (m: Uint8Array, o: number): number => (m[o + 4] | (m[o + 5] << 8) | (m[o + 6] << 16) | (m[o + 7] << 24)) >>> 0;
export const setHeaderFlags = (m: Uint8Array, o: number, v: number): void => {
  m[o + 4] = v;
  m[o + 5] = v >>> 8;
  m[o + 6] = v >>> 16;
  m[o + 7] = v >>> 24;
};
/** protocol version: 1 */
export const headerFlagsVersion = (m: Uint8Array, o: number): number => headerFlags(m, o) & 0x3;
export const setHeaderFlagsVersion = (m: Uint8Array, o: number, v: number): void => setHeaderFlags(m, o, ((headerFlags(m, o) & 0xfffffffc) | (v & 0x3)) >>> 0);
/** this is a reply */
export const headerFlagsReply = (m: Uint8Array, o: number): number => (headerFlags(m, o) >>> 2) & 0x1;
export const setHeaderFlagsReply = (m: Uint8Array, o: number, v: number): void => setHeaderFlags(m, o, ((headerFlags(m, o) & 0xfffffffb) | ((v & 0x1) << 2)) >>> 0);
/** an acknowledgement is wanted (REPLY_ACK) */
export const headerFlagsNeedReply = (m: Uint8Array, o: number): number => (headerFlags(m, o) >>> 3) & 0x1;
export const setHeaderFlagsNeedReply = (m: Uint8Array, o: number, v: number): void => setHeaderFlags(m, o, ((headerFlags(m, o) & 0xfffffff7) | ((v & 0x1) << 3)) >>> 0);
/** bytes of payload */
export const headerSize = (m: Uint8Array, o: number): number => (m[o + 8] | (m[o + 9] << 8) | (m[o + 10] << 16) | (m[o + 11] << 24)) >>> 0;
export const setHeaderSize = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v;
  m[o + 9] = v >>> 8;
  m[o + 10] = v >>> 16;
  m[o + 11] = v >>> 24;
};

// u64_payload: Payload of feature messages and of acknowledgements (0 is success).
export const U64_PAYLOAD_SIZE = 8;
export const U64_PAYLOAD_VALUE_OFFSET = 0x0;
/** value */
export const u64PayloadValue = (m: Uint8Array, o: number): number => m[o] + m[o + 1] * 256 + m[o + 2] * 65536 + m[o + 3] * 16777216 + m[o + 4] * 4294967296 + m[o + 5] * 1099511627776 + m[o + 6] * 281474976710656 + m[o + 7] * 72057594037927940;
export const setU64PayloadValue = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
  m[o + 1] = v >>> 8;
  m[o + 2] = v >>> 16;
  m[o + 3] = v >>> 24;
  m[o + 4] = Math.floor(v / 4294967296);
  m[o + 5] = Math.floor(v / 1099511627776);
  m[o + 6] = Math.floor(v / 281474976710656);
  m[o + 7] = Math.floor(v / 72057594037927940);
};

// mem_region: Entry of SET_MEM_TABLE; ADD_MEM_REG and REM_MEM_REG have 8 bytes of padding before it.
export const MEM_REGION_SIZE = 32;
export const MEM_REGION_GUEST_ADDRESS_OFFSET = 0x0;
export const MEM_REGION_SIZE_OFFSET = 0x8;
export const MEM_REGION_USER_ADDRESS_OFFSET = 0x10;
export const MEM_REGION_MMAP_OFFSET_OFFSET = 0x18;
/** guest physical address */
export const memRegionGuestAddress = (m: Uint8Array, o: number): number => m[o] + m[o + 1] * 256 + m[o + 2] * 65536 + m[o + 3] * 16777216 + m[o + 4] * 4294967296 + m[o + 5] * 1099511627776 + m[o + 6] * 281474976710656 + m[o + 7] * 72057594037927940;
export const setMemRegionGuestAddress = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
  m[o + 1] = v >>> 8;
  m[o + 2] = v >>> 16;
  m[o + 3] = v >>> 24;
  m[o + 4] = Math.floor(v / 4294967296);
  m[o + 5] = Math.floor(v / 1099511627776);
  m[o + 6] = Math.floor(v / 281474976710656);
  m[o + 7] = Math.floor(v / 72057594037927940);
};
/** bytes */
export const memRegionSize = (m: Uint8Array, o: number): number => m[o + 8] + m[o + 9] * 256 + m[o + 10] * 65536 + m[o + 11] * 16777216 + m[o + 12] * 4294967296 + m[o + 13] * 1099511627776 + m[o + 14] * 281474976710656 + m[o + 15] * 72057594037927940;
export const setMemRegionSize = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v;
  m[o + 9] = v >>> 8;
  m[o + 10] = v >>> 16;
  m[o + 11] = v >>> 24;
  m[o + 12] = Math.floor(v / 4294967296);
  m[o + 13] = Math.floor(v / 1099511627776);
  m[o + 14] = Math.floor(v / 281474976710656);
  m[o + 15] = Math.floor(v / 72057594037927940);
};
/** address in the front-end */
export const memRegionUserAddress = (m: Uint8Array, o: number): number => m[o + 16] + m[o + 17] * 256 + m[o + 18] * 65536 + m[o + 19] * 16777216 + m[o + 20] * 4294967296 + m[o + 21] * 1099511627776 + m[o + 22] * 281474976710656 + m[o + 23] * 72057594037927940;
export const setMemRegionUserAddress = (m: Uint8Array, o: number, v: number): void => {
  m[o + 16] = v;
  m[o + 17] = v >>> 8;
  m[o + 18] = v >>> 16;
  m[o + 19] = v >>> 24;
  m[o + 20] = Math.floor(v / 4294967296);
  m[o + 21] = Math.floor(v / 1099511627776);
  m[o + 22] = Math.floor(v / 281474976710656);
  m[o + 23] = Math.floor(v / 72057594037927940);
};
/** offset in the file */
export const memRegionMmapOffset = (m: Uint8Array, o: number): number => m[o + 24] + m[o + 25] * 256 + m[o + 26] * 65536 + m[o + 27] * 16777216 + m[o + 28] * 4294967296 + m[o + 29] * 1099511627776 + m[o + 30] * 281474976710656 + m[o + 31] * 72057594037927940;
export const setMemRegionMmapOffset = (m: Uint8Array, o: number, v: number): void => {
  m[o + 24] = v;
  m[o + 25] = v >>> 8;
  m[o + 26] = v >>> 16;
  m[o + 27] = v >>> 24;
  m[o + 28] = Math.floor(v / 4294967296);
  m[o + 29] = Math.floor(v / 1099511627776);
  m[o + 30] = Math.floor(v / 281474976710656);
  m[o + 31] = Math.floor(v / 72057594037927940);
};

// mem_table: Head of SET_MEM_TABLE, before up to 8 regions.
export const MEM_TABLE_SIZE = 8;
export const MEM_TABLE_COUNT_OFFSET = 0x0;
/** regions */
export const memTableCount = (m: Uint8Array, o: number): number => (m[o] | (m[o + 1] << 8) | (m[o + 2] << 16) | (m[o + 3] << 24)) >>> 0;
export const setMemTableCount = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
  m[o + 1] = v >>> 8;
  m[o + 2] = v >>> 16;
  m[o + 3] = v >>> 24;
};

// iotlb: Payload of IOTLB_MSG, both ways.
export const IOTLB_SIZE = 32;
export const IOTLB_IOVA_OFFSET = 0x0;
export const IOTLB_SIZE_OFFSET = 0x8;
export const IOTLB_UADDR_OFFSET = 0x10;
export const IOTLB_PERM_OFFSET = 0x18;
export const IOTLB_TYPE_OFFSET = 0x19;
/** I/O virtual address */
export const iotlbIova = (m: Uint8Array, o: number): number => m[o] + m[o + 1] * 256 + m[o + 2] * 65536 + m[o + 3] * 16777216 + m[o + 4] * 4294967296 + m[o + 5] * 1099511627776 + m[o + 6] * 281474976710656 + m[o + 7] * 72057594037927940;
export const setIotlbIova = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
  m[o + 1] = v >>> 8;
  m[o + 2] = v >>> 16;
  m[o + 3] = v >>> 24;
  m[o + 4] = Math.floor(v / 4294967296);
  m[o + 5] = Math.floor(v / 1099511627776);
  m[o + 6] = Math.floor(v / 281474976710656);
  m[o + 7] = Math.floor(v / 72057594037927940);
};
/** bytes */
export const iotlbSize = (m: Uint8Array, o: number): number => m[o + 8] + m[o + 9] * 256 + m[o + 10] * 65536 + m[o + 11] * 16777216 + m[o + 12] * 4294967296 + m[o + 13] * 1099511627776 + m[o + 14] * 281474976710656 + m[o + 15] * 72057594037927940;
export const setIotlbSize = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v;
  m[o + 9] = v >>> 8;
  m[o + 10] = v >>> 16;
  m[o + 11] = v >>> 24;
  m[o + 12] = Math.floor(v / 4294967296);
  m[o + 13] = Math.floor(v / 1099511627776);
  m[o + 14] = Math.floor(v / 281474976710656);
  m[o + 15] = Math.floor(v / 72057594037927940);
};
/** address in the front-end, as in mem_region; UPDATE only */
export const iotlbUaddr = (m: Uint8Array, o: number): number => m[o + 16] + m[o + 17] * 256 + m[o + 18] * 65536 + m[o + 19] * 16777216 + m[o + 20] * 4294967296 + m[o + 21] * 1099511627776 + m[o + 22] * 281474976710656 + m[o + 23] * 72057594037927940;
export const setIotlbUaddr = (m: Uint8Array, o: number, v: number): void => {
  m[o + 16] = v;
  m[o + 17] = v >>> 8;
  m[o + 18] = v >>> 16;
  m[o + 19] = v >>> 24;
  m[o + 20] = Math.floor(v / 4294967296);
  m[o + 21] = Math.floor(v / 1099511627776);
  m[o + 22] = Math.floor(v / 281474976710656);
  m[o + 23] = Math.floor(v / 72057594037927940);
};
/** permissions */
export const iotlbPerm = (m: Uint8Array, o: number): number => m[o + 24];
export const setIotlbPerm = (m: Uint8Array, o: number, v: number): void => {
  m[o + 24] = v;
};
/** type */
export const iotlbType = (m: Uint8Array, o: number): number => m[o + 25];
export const setIotlbType = (m: Uint8Array, o: number, v: number): void => {
  m[o + 25] = v;
};

// range: A range of a BAR.
export const RANGE_SIZE = 24;
export const RANGE_KIND_OFFSET = 0x0;
export const RANGE_OFFSET_OFFSET = 0x8;
export const RANGE_SIZE_OFFSET = 0x10;
/** kind of range */
export const rangeKind = (m: Uint8Array, o: number): number => (m[o] | (m[o + 1] << 8) | (m[o + 2] << 16) | (m[o + 3] << 24)) >>> 0;
export const setRangeKind = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
  m[o + 1] = v >>> 8;
  m[o + 2] = v >>> 16;
  m[o + 3] = v >>> 24;
};
/** offset in the BAR */
export const rangeOffset = (m: Uint8Array, o: number): number => m[o + 8] + m[o + 9] * 256 + m[o + 10] * 65536 + m[o + 11] * 16777216 + m[o + 12] * 4294967296 + m[o + 13] * 1099511627776 + m[o + 14] * 281474976710656 + m[o + 15] * 72057594037927940;
export const setRangeOffset = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v;
  m[o + 9] = v >>> 8;
  m[o + 10] = v >>> 16;
  m[o + 11] = v >>> 24;
  m[o + 12] = Math.floor(v / 4294967296);
  m[o + 13] = Math.floor(v / 1099511627776);
  m[o + 14] = Math.floor(v / 281474976710656);
  m[o + 15] = Math.floor(v / 72057594037927940);
};
/** bytes */
export const rangeSize = (m: Uint8Array, o: number): number => m[o + 16] + m[o + 17] * 256 + m[o + 18] * 65536 + m[o + 19] * 16777216 + m[o + 20] * 4294967296 + m[o + 21] * 1099511627776 + m[o + 22] * 281474976710656 + m[o + 23] * 72057594037927940;
export const setRangeSize = (m: Uint8Array, o: number, v: number): void => {
  m[o + 16] = v;
  m[o + 17] = v >>> 8;
  m[o + 18] = v >>> 16;
  m[o + 19] = v >>> 24;
  m[o + 20] = Math.floor(v / 4294967296);
  m[o + 21] = Math.floor(v / 1099511627776);
  m[o + 22] = Math.floor(v / 281474976710656);
  m[o + 23] = Math.floor(v / 72057594037927940);
};

// bar: A BAR and what its ranges are. Offsets outside every range read as zero and ignore writes.
export const BAR_SIZE = 112;
export const BAR_SIZE_OFFSET = 0x0;
export const BAR_FLAGS_OFFSET = 0x8;
export const BAR_RANGES_OFFSET = 0x10;
/** bytes, a power of two; 0: no such BAR */
export const barSize = (m: Uint8Array, o: number): number => m[o] + m[o + 1] * 256 + m[o + 2] * 65536 + m[o + 3] * 16777216 + m[o + 4] * 4294967296 + m[o + 5] * 1099511627776 + m[o + 6] * 281474976710656 + m[o + 7] * 72057594037927940;
export const setBarSize = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
  m[o + 1] = v >>> 8;
  m[o + 2] = v >>> 16;
  m[o + 3] = v >>> 24;
  m[o + 4] = Math.floor(v / 4294967296);
  m[o + 5] = Math.floor(v / 1099511627776);
  m[o + 6] = Math.floor(v / 281474976710656);
  m[o + 7] = Math.floor(v / 72057594037927940);
};
/** BAR flags */
export const barFlags = (m: Uint8Array, o: number): number => (m[o + 8] | (m[o + 9] << 8) | (m[o + 10] << 16) | (m[o + 11] << 24)) >>> 0;
export const setBarFlags = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v;
  m[o + 9] = v >>> 8;
  m[o + 10] = v >>> 16;
  m[o + 11] = v >>> 24;
};

// function: Payload of PCI_GET_FUNCTION: everything that the front-end has to know of the function.
export const FUNCTION_SIZE = 736;
export const FUNCTION_VERSION_OFFSET = 0x0;
export const FUNCTION_VENDOR_ID_OFFSET = 0x4;
export const FUNCTION_DEVICE_ID_OFFSET = 0x6;
export const FUNCTION_CLASS_CODE_OFFSET = 0x8;
export const FUNCTION_SUBSYSTEM_VENDOR_ID_OFFSET = 0xc;
export const FUNCTION_SUBSYSTEM_ID_OFFSET = 0xe;
export const FUNCTION_REVISION_OFFSET = 0x10;
export const FUNCTION_INTERRUPT_PIN_OFFSET = 0x11;
export const FUNCTION_MSIX_VECTORS_OFFSET = 0x12;
export const FUNCTION_MSIX_TABLE_BAR_OFFSET = 0x14;
export const FUNCTION_MSIX_PBA_BAR_OFFSET = 0x15;
export const FUNCTION_PCIE_OFFSET = 0x16;
export const FUNCTION_MSIX_TABLE_OFFSET_OFFSET = 0x18;
export const FUNCTION_MSIX_PBA_OFFSET_OFFSET = 0x1c;
export const FUNCTION_RING_SLOTS_OFFSET = 0x20;
export const FUNCTION_STATE_VERSION_OFFSET = 0x24;
export const FUNCTION_STATE_SIZE_OFFSET = 0x28;
export const FUNCTION_BARS_OFFSET = 0x30;
export const FUNCTION_LINK_SPEED_OFFSET = 0x2d0;
export const FUNCTION_LINK_WIDTH_OFFSET = 0x2d1;
/** EXTENSION_VERSION */
export const functionVersion = (m: Uint8Array, o: number): number => (m[o] | (m[o + 1] << 8) | (m[o + 2] << 16) | (m[o + 3] << 24)) >>> 0;
export const setFunctionVersion = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
  m[o + 1] = v >>> 8;
  m[o + 2] = v >>> 16;
  m[o + 3] = v >>> 24;
};
/** PCI vendor */
export const functionVendorId = (m: Uint8Array, o: number): number => (m[o + 4] | (m[o + 5] << 8)) >>> 0;
export const setFunctionVendorId = (m: Uint8Array, o: number, v: number): void => {
  m[o + 4] = v;
  m[o + 5] = v >>> 8;
};
/** PCI device */
export const functionDeviceId = (m: Uint8Array, o: number): number => (m[o + 6] | (m[o + 7] << 8)) >>> 0;
export const setFunctionDeviceId = (m: Uint8Array, o: number, v: number): void => {
  m[o + 6] = v;
  m[o + 7] = v >>> 8;
};
/** class, subclass, programming interface in the low 24 bits */
export const functionClassCode = (m: Uint8Array, o: number): number => (m[o + 8] | (m[o + 9] << 8) | (m[o + 10] << 16) | (m[o + 11] << 24)) >>> 0;
export const setFunctionClassCode = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v;
  m[o + 9] = v >>> 8;
  m[o + 10] = v >>> 16;
  m[o + 11] = v >>> 24;
};
/** subsystem vendor */
export const functionSubsystemVendorId = (m: Uint8Array, o: number): number => (m[o + 12] | (m[o + 13] << 8)) >>> 0;
export const setFunctionSubsystemVendorId = (m: Uint8Array, o: number, v: number): void => {
  m[o + 12] = v;
  m[o + 13] = v >>> 8;
};
/** subsystem */
export const functionSubsystemId = (m: Uint8Array, o: number): number => (m[o + 14] | (m[o + 15] << 8)) >>> 0;
export const setFunctionSubsystemId = (m: Uint8Array, o: number, v: number): void => {
  m[o + 14] = v;
  m[o + 15] = v >>> 8;
};
/** revision */
export const functionRevision = (m: Uint8Array, o: number): number => m[o + 16];
export const setFunctionRevision = (m: Uint8Array, o: number, v: number): void => {
  m[o + 16] = v;
};
/** 0: none, 1: INTA */
export const functionInterruptPin = (m: Uint8Array, o: number): number => m[o + 17];
export const setFunctionInterruptPin = (m: Uint8Array, o: number, v: number): void => {
  m[o + 17] = v;
};
/** 0: no MSI-X */
export const functionMsixVectors = (m: Uint8Array, o: number): number => (m[o + 18] | (m[o + 19] << 8)) >>> 0;
export const setFunctionMsixVectors = (m: Uint8Array, o: number, v: number): void => {
  m[o + 18] = v;
  m[o + 19] = v >>> 8;
};
/** BAR of the MSI-X table */
export const functionMsixTableBar = (m: Uint8Array, o: number): number => m[o + 20];
export const setFunctionMsixTableBar = (m: Uint8Array, o: number, v: number): void => {
  m[o + 20] = v;
};
/** BAR of the pending-bit array */
export const functionMsixPbaBar = (m: Uint8Array, o: number): number => m[o + 21];
export const setFunctionMsixPbaBar = (m: Uint8Array, o: number, v: number): void => {
  m[o + 21] = v;
};
/** 1: PCI Express endpoint with function-level reset */
export const functionPcie = (m: Uint8Array, o: number): number => m[o + 22];
export const setFunctionPcie = (m: Uint8Array, o: number, v: number): void => {
  m[o + 22] = v;
};
/** offset in its BAR */
export const functionMsixTableOffset = (m: Uint8Array, o: number): number => (m[o + 24] | (m[o + 25] << 8) | (m[o + 26] << 16) | (m[o + 27] << 24)) >>> 0;
export const setFunctionMsixTableOffset = (m: Uint8Array, o: number, v: number): void => {
  m[o + 24] = v;
  m[o + 25] = v >>> 8;
  m[o + 26] = v >>> 16;
  m[o + 27] = v >>> 24;
};
/** offset in its BAR */
export const functionMsixPbaOffset = (m: Uint8Array, o: number): number => (m[o + 28] | (m[o + 29] << 8) | (m[o + 30] << 16) | (m[o + 31] << 24)) >>> 0;
export const setFunctionMsixPbaOffset = (m: Uint8Array, o: number, v: number): void => {
  m[o + 28] = v;
  m[o + 29] = v >>> 8;
  m[o + 30] = v >>> 16;
  m[o + 31] = v >>> 24;
};
/** slots that the back-end wants in the MMIO ring, a power of two */
export const functionRingSlots = (m: Uint8Array, o: number): number => (m[o + 32] | (m[o + 33] << 8) | (m[o + 34] << 16) | (m[o + 35] << 24)) >>> 0;
export const setFunctionRingSlots = (m: Uint8Array, o: number, v: number): void => {
  m[o + 32] = v;
  m[o + 33] = v >>> 8;
  m[o + 34] = v >>> 16;
  m[o + 35] = v >>> 24;
};
/** version of the layout of the state region */
export const functionStateVersion = (m: Uint8Array, o: number): number => (m[o + 36] | (m[o + 37] << 8) | (m[o + 38] << 16) | (m[o + 39] << 24)) >>> 0;
export const setFunctionStateVersion = (m: Uint8Array, o: number, v: number): void => {
  m[o + 36] = v;
  m[o + 37] = v >>> 8;
  m[o + 38] = v >>> 16;
  m[o + 39] = v >>> 24;
};
/** bytes of the state region */
export const functionStateSize = (m: Uint8Array, o: number): number => m[o + 40] + m[o + 41] * 256 + m[o + 42] * 65536 + m[o + 43] * 16777216 + m[o + 44] * 4294967296 + m[o + 45] * 1099511627776 + m[o + 46] * 281474976710656 + m[o + 47] * 72057594037927940;
export const setFunctionStateSize = (m: Uint8Array, o: number, v: number): void => {
  m[o + 40] = v;
  m[o + 41] = v >>> 8;
  m[o + 42] = v >>> 16;
  m[o + 43] = v >>> 24;
  m[o + 44] = Math.floor(v / 4294967296);
  m[o + 45] = Math.floor(v / 1099511627776);
  m[o + 46] = Math.floor(v / 281474976710656);
  m[o + 47] = Math.floor(v / 72057594037927940);
};
/** PCI Express: Max Link Speed, 1 (2.5 GT/s) to 5 (32 GT/s) */
export const functionLinkSpeed = (m: Uint8Array, o: number): number => m[o + 720];
export const setFunctionLinkSpeed = (m: Uint8Array, o: number, v: number): void => {
  m[o + 720] = v;
};
/** PCI Express: Maximum Link Width, in lanes */
export const functionLinkWidth = (m: Uint8Array, o: number): number => m[o + 721];
export const setFunctionLinkWidth = (m: Uint8Array, o: number, v: number): void => {
  m[o + 721] = v;
};

// ring_setup: Payload of PCI_SET_RING.
export const RING_SETUP_SIZE = 16;
export const RING_SETUP_SIZE_OFFSET = 0x0;
export const RING_SETUP_SLOTS_OFFSET = 0x8;
export const RING_SETUP_SESSION_OFFSET = 0xc;
/** bytes of the memfd */
export const ringSetupSize = (m: Uint8Array, o: number): number => m[o] + m[o + 1] * 256 + m[o + 2] * 65536 + m[o + 3] * 16777216 + m[o + 4] * 4294967296 + m[o + 5] * 1099511627776 + m[o + 6] * 281474976710656 + m[o + 7] * 72057594037927940;
export const setRingSetupSize = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
  m[o + 1] = v >>> 8;
  m[o + 2] = v >>> 16;
  m[o + 3] = v >>> 24;
  m[o + 4] = Math.floor(v / 4294967296);
  m[o + 5] = Math.floor(v / 1099511627776);
  m[o + 6] = Math.floor(v / 281474976710656);
  m[o + 7] = Math.floor(v / 72057594037927940);
};
/** slots, a power of two */
export const ringSetupSlots = (m: Uint8Array, o: number): number => (m[o + 8] | (m[o + 9] << 8) | (m[o + 10] << 16) | (m[o + 11] << 24)) >>> 0;
export const setRingSetupSlots = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v;
  m[o + 9] = v >>> 8;
  m[o + 10] = v >>> 16;
  m[o + 11] = v >>> 24;
};
/** number of this connection; SESSION of the ring header differs once it is given up */
export const ringSetupSession = (m: Uint8Array, o: number): number => (m[o + 12] | (m[o + 13] << 8) | (m[o + 14] << 16) | (m[o + 15] << 24)) >>> 0;
export const setRingSetupSession = (m: Uint8Array, o: number, v: number): void => {
  m[o + 12] = v;
  m[o + 13] = v >>> 8;
  m[o + 14] = v >>> 16;
  m[o + 15] = v >>> 24;
};

// state_region: Payload of PCI_STATE_GET_FD (reply) and PCI_STATE_SET_FD.
export const STATE_REGION_SIZE = 32;
export const STATE_REGION_SIZE_OFFSET = 0x0;
export const STATE_REGION_VERSION_OFFSET = 0x8;
export const STATE_REGION_RESET_EPOCH_OFFSET = 0xc;
export const STATE_REGION_INSTANCE_OFFSET = 0x10;
/** bytes */
export const stateRegionSize = (m: Uint8Array, o: number): number => m[o] + m[o + 1] * 256 + m[o + 2] * 65536 + m[o + 3] * 16777216 + m[o + 4] * 4294967296 + m[o + 5] * 1099511627776 + m[o + 6] * 281474976710656 + m[o + 7] * 72057594037927940;
export const setStateRegionSize = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
  m[o + 1] = v >>> 8;
  m[o + 2] = v >>> 16;
  m[o + 3] = v >>> 24;
  m[o + 4] = Math.floor(v / 4294967296);
  m[o + 5] = Math.floor(v / 1099511627776);
  m[o + 6] = Math.floor(v / 281474976710656);
  m[o + 7] = Math.floor(v / 72057594037927940);
};
/** layout version */
export const stateRegionVersion = (m: Uint8Array, o: number): number => (m[o + 8] | (m[o + 9] << 8) | (m[o + 10] << 16) | (m[o + 11] << 24)) >>> 0;
export const setStateRegionVersion = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v;
  m[o + 9] = v >>> 8;
  m[o + 10] = v >>> 16;
  m[o + 11] = v >>> 24;
};
/** reset epoch of the ring header when this was sent */
export const stateRegionResetEpoch = (m: Uint8Array, o: number): number => (m[o + 12] | (m[o + 13] << 8) | (m[o + 14] << 16) | (m[o + 15] << 24)) >>> 0;
export const setStateRegionResetEpoch = (m: Uint8Array, o: number, v: number): void => {
  m[o + 12] = v;
  m[o + 13] = v >>> 8;
  m[o + 14] = v >>> 16;
  m[o + 15] = v >>> 24;
};
/** random number drawn when the region was made */
export const stateRegionInstance = (m: Uint8Array, o: number): number => m[o + 16] + m[o + 17] * 256 + m[o + 18] * 65536 + m[o + 19] * 16777216 + m[o + 20] * 4294967296 + m[o + 21] * 1099511627776 + m[o + 22] * 281474976710656 + m[o + 23] * 72057594037927940;
export const setStateRegionInstance = (m: Uint8Array, o: number, v: number): void => {
  m[o + 16] = v;
  m[o + 17] = v >>> 8;
  m[o + 18] = v >>> 16;
  m[o + 19] = v >>> 24;
  m[o + 20] = Math.floor(v / 4294967296);
  m[o + 21] = Math.floor(v / 1099511627776);
  m[o + 22] = Math.floor(v / 281474976710656);
  m[o + 23] = Math.floor(v / 72057594037927940);
};

// irq_fd: Payload of PCI_SET_IRQ_FD.
export const IRQ_FD_SIZE = 8;
export const IRQ_FD_VECTOR_OFFSET = 0x0;
/** 0 to 2,047 */
export const irqFdVector = (m: Uint8Array, o: number): number => (m[o] | (m[o + 1] << 8) | (m[o + 2] << 16) | (m[o + 3] << 24)) >>> 0;
export const setIrqFdVector = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
  m[o + 1] = v >>> 8;
  m[o + 2] = v >>> 16;
  m[o + 3] = v >>> 24;
};

// control_event: Payload of PCI_CONTROL.
export const CONTROL_EVENT_SIZE = 24;
export const CONTROL_EVENT_KIND_OFFSET = 0x0;
export const CONTROL_EVENT_VALUE_OFFSET = 0x4;
export const CONTROL_EVENT_PRODUCER_OFFSET = 0x8;
export const CONTROL_EVENT_RESET_EPOCH_OFFSET = 0xc;
/** kind of control event */
export const controlEventKind = (m: Uint8Array, o: number): number => (m[o] | (m[o + 1] << 8) | (m[o + 2] << 16) | (m[o + 3] << 24)) >>> 0;
export const setControlEventKind = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
  m[o + 1] = v >>> 8;
  m[o + 2] = v >>> 16;
  m[o + 3] = v >>> 24;
};
/** meaning depends on the kind */
export const controlEventValue = (m: Uint8Array, o: number): number => (m[o + 4] | (m[o + 5] << 8) | (m[o + 6] << 16) | (m[o + 7] << 24)) >>> 0;
export const setControlEventValue = (m: Uint8Array, o: number, v: number): void => {
  m[o + 4] = v;
  m[o + 5] = v >>> 8;
  m[o + 6] = v >>> 16;
  m[o + 7] = v >>> 24;
};
/** ring producer index when the event happened: it is handled after the slots before it */
export const controlEventProducer = (m: Uint8Array, o: number): number => (m[o + 8] | (m[o + 9] << 8) | (m[o + 10] << 16) | (m[o + 11] << 24)) >>> 0;
export const setControlEventProducer = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v;
  m[o + 9] = v >>> 8;
  m[o + 10] = v >>> 16;
  m[o + 11] = v >>> 24;
};
/** reset epoch of the ring header */
export const controlEventResetEpoch = (m: Uint8Array, o: number): number => (m[o + 12] | (m[o + 13] << 8) | (m[o + 14] << 16) | (m[o + 15] << 24)) >>> 0;
export const setControlEventResetEpoch = (m: Uint8Array, o: number, v: number): void => {
  m[o + 12] = v;
  m[o + 13] = v >>> 8;
  m[o + 14] = v >>> 16;
  m[o + 15] = v >>> 24;
};

// mmio: Payload of PCI_MMIO_READ and PCI_MMIO_WRITE.
export const MMIO_SIZE = 24;
export const MMIO_BAR_OFFSET = 0x0;
export const MMIO_SIZE_OFFSET = 0x1;
export const MMIO_OFFSET_OFFSET = 0x8;
export const MMIO_DATA_OFFSET = 0x10;
/** BAR */
export const mmioBar = (m: Uint8Array, o: number): number => m[o];
export const setMmioBar = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
};
/** 1, 2, 4 or 8 */
export const mmioSize = (m: Uint8Array, o: number): number => m[o + 1];
export const setMmioSize = (m: Uint8Array, o: number, v: number): void => {
  m[o + 1] = v;
};
/** offset in the BAR */
export const mmioOffset = (m: Uint8Array, o: number): number => m[o + 8] + m[o + 9] * 256 + m[o + 10] * 65536 + m[o + 11] * 16777216 + m[o + 12] * 4294967296 + m[o + 13] * 1099511627776 + m[o + 14] * 281474976710656 + m[o + 15] * 72057594037927940;
export const setMmioOffset = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v;
  m[o + 9] = v >>> 8;
  m[o + 10] = v >>> 16;
  m[o + 11] = v >>> 24;
  m[o + 12] = Math.floor(v / 4294967296);
  m[o + 13] = Math.floor(v / 1099511627776);
  m[o + 14] = Math.floor(v / 281474976710656);
  m[o + 15] = Math.floor(v / 72057594037927940);
};
/** data */
export const mmioData = (m: Uint8Array, o: number): number => m[o + 16] + m[o + 17] * 256 + m[o + 18] * 65536 + m[o + 19] * 16777216 + m[o + 20] * 4294967296 + m[o + 21] * 1099511627776 + m[o + 22] * 281474976710656 + m[o + 23] * 72057594037927940;
export const setMmioData = (m: Uint8Array, o: number, v: number): void => {
  m[o + 16] = v;
  m[o + 17] = v >>> 8;
  m[o + 18] = v >>> 16;
  m[o + 19] = v >>> 24;
  m[o + 20] = Math.floor(v / 4294967296);
  m[o + 21] = Math.floor(v / 1099511627776);
  m[o + 22] = Math.floor(v / 281474976710656);
  m[o + 23] = Math.floor(v / 72057594037927940);
};

// bar_ram: Payload of PCI_SET_BAR_RAM.
export const BAR_RAM_SIZE = 16;
export const BAR_RAM_BAR_OFFSET = 0x0;
export const BAR_RAM_SIZE_OFFSET = 0x8;
/** BAR */
export const barRamBar = (m: Uint8Array, o: number): number => (m[o] | (m[o + 1] << 8) | (m[o + 2] << 16) | (m[o + 3] << 24)) >>> 0;
export const setBarRamBar = (m: Uint8Array, o: number, v: number): void => {
  m[o + 0] = v;
  m[o + 1] = v >>> 8;
  m[o + 2] = v >>> 16;
  m[o + 3] = v >>> 24;
};
/** bytes of the memfd: the BAR size */
export const barRamSize = (m: Uint8Array, o: number): number => m[o + 8] + m[o + 9] * 256 + m[o + 10] * 65536 + m[o + 11] * 16777216 + m[o + 12] * 4294967296 + m[o + 13] * 1099511627776 + m[o + 14] * 281474976710656 + m[o + 15] * 72057594037927940;
export const setBarRamSize = (m: Uint8Array, o: number, v: number): void => {
  m[o + 8] = v;
  m[o + 9] = v >>> 8;
  m[o + 10] = v >>> 16;
  m[o + 11] = v >>> 24;
  m[o + 12] = Math.floor(v / 4294967296);
  m[o + 13] = Math.floor(v / 1099511627776);
  m[o + 14] = Math.floor(v / 281474976710656);
  m[o + 15] = Math.floor(v / 72057594037927940);
};
