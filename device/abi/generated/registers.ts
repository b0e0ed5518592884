// SPDX-License-Identifier: MIT
// Generated from device/abi/registers.ts by "npm run generate"; do not edit.

/** PCI vendor (private use, shared with QEMU) */
export const PCI_VENDOR = 0x1234;
/** PCI device: "pb" */
export const PCI_DEVICE = 0x7062;
/** class code: network controller, InfiniBand (host channel adapter) */
export const PCI_CLASS = 0x20700;
/** PCI revision */
export const PCI_REVISION = 1;
/** BAR of the register page */
export const REGISTER_BAR = 0;
/** size of the register BAR */
export const REGISTER_BAR_BYTES = 0x1000;
/** BAR of the doorbell pages (64-bit, prefetchable: it may be mapped write-combining) */
export const DOORBELL_BAR = 2;
/** size of one doorbell page */
export const DOORBELL_PAGE_BYTES = 0x1000;
/** number of doorbell pages; page 0 belongs to the kernel driver */
export const DOORBELL_PAGES = 0x100;
/** BAR of MSI-X table and pending-bit array */
export const MSIX_BAR = 4;
/** size of the MSI-X BAR */
export const MSIX_BAR_BYTES = 0x2000;
/** MSI-X table inside its BAR */
export const MSIX_TABLE_OFFSET = 0;
/** pending-bit array inside its BAR */
export const MSIX_PBA_OFFSET = 0x1000;
/** number of MSI-X vectors */
export const MSIX_VECTORS = 32;
/** content of ID: "PBEL" */
export const DEVICE_MAGIC = 0x4c454250;
/** drivers refuse a major version that they do not know */
export const ABI_MAJOR = 2;
/** grows when something is added that an older driver may ignore */
export const ABI_MINOR = 0;
/** value that RESET wants */
export const RESET_MAGIC = 0x52455345;
/** priority area inside a doorbell page */
export const PRIORITY_AREA_OFFSET = 0x800;
/** push buffers in one priority area */
export const PUSH_BUFFERS = 4;
/** distance between push buffers */
export const PUSH_BUFFER_STRIDE = 0x200;
/** descriptor bytes that one push buffer takes */
export const PUSH_BUFFER_BYTES = 0x100;
/** unit of the length in a trailer, in bytes */
export const PUSH_LENGTH_UNIT = 16;
/** pushed descriptors of each doorbell page that the scheduler holds at most */
export const PUSH_SLOTS = 16;

/** bits of FEATURES */
export const Feature = {
  /** each store into a push buffer is seen by the adapter */
  PUSH_TRAPPED: 1,
  /** COPY and FILL */
  DMA_ENGINE: 2,
  /** UC, UD, shared receive queues, RDMA, atomics, fast registration */
  VERBS: 8,
  /** the port is an in-process loopback link with rate and hold */
  LOOPBACK: 4,
} as const;
export type Feature = (typeof Feature)[keyof typeof Feature];

/** what a DMA fault was about */
export const FaultObject = {
  /** a descriptor of a send queue was read */
  SEND_QUEUE: 1,
  /** a descriptor of a receive queue was read */
  RECV_QUEUE: 2,
  /** data was read */
  GATHER: 3,
  /** data was written */
  SCATTER: 4,
  /** a completion was written */
  CQ: 5,
  /** an event was written */
  EQ: 6,
  /** the command mailbox */
  MAILBOX: 7,
  /** the page list of REGISTER_MR, REREGISTER_MR or FAST_REG */
  PAGE_LIST: 8,
  /** a descriptor of a shared receive queue was read */
  SRQ: 9,
  /** data was read for the peer of a queue pair */
  REMOTE_READ: 10,
  /** data was written for the peer of a queue pair, or an atomic carried out */
  REMOTE_WRITE: 11,
} as const;
export type FaultObject = (typeof FaultObject)[keyof typeof FaultObject];

/** bits of STATUS */
export const StatusBit = {
  /** the adapter answers */
  READY: 1,
  /** CONTROL.ENABLE is set */
  ENABLED: 2,
  /** the function may do DMA */
  BUS_MASTER: 4,
} as const;
export type StatusBit = (typeof StatusBit)[keyof typeof StatusBit];

// reg: Register page, BAR 0. Offsets from 0x80 to the end of the page are reserved.
export const REG_SIZE = 128;
export const REG_ID_OFFSET = 0x0;
export const REG_ID_RESET = 0x4c454250;
export const REG_ABI_VERSION_OFFSET = 0x4;
export const REG_FEATURES_OFFSET = 0x8;
export const REG_STATUS_OFFSET = 0xc;
export const REG_CONTROL_OFFSET = 0x10;
export const REG_CONTROL_RESET = 0x0;
export const REG_RESET_OFFSET = 0x14;
export const REG_RESET_EPOCH_OFFSET = 0x18;
export const REG_DOORBELL_PAGES_OFFSET = 0x1c;
export const REG_DOORBELL_PAGES_RESET = 0x100;
export const REG_MAILBOX_LO_OFFSET = 0x20;
export const REG_MAILBOX_LO_RESET = 0x0;
export const REG_MAILBOX_HI_OFFSET = 0x24;
export const REG_MAILBOX_HI_RESET = 0x0;
export const REG_COMMAND_OFFSET = 0x28;
export const REG_COMMAND_STATUS_OFFSET = 0x2c;
export const REG_COMMAND_STATUS_RESET = 0x0;
export const REG_MAC_LO_OFFSET = 0x30;
export const REG_MAC_HI_OFFSET = 0x34;
export const REG_SCRATCH_OFFSET = 0x38;
export const REG_SCRATCH_RESET = 0x0;
export const REG_INTERRUPT_TEST_OFFSET = 0x3c;
export const REG_COUNT_DOORBELLS_OFFSET = 0x40;
export const REG_COUNT_DOORBELLS_RESET = 0x0;
export const REG_COUNT_PUSHES_OFFSET = 0x44;
export const REG_COUNT_PUSHES_RESET = 0x0;
export const REG_COUNT_PUSH_FALLBACKS_OFFSET = 0x48;
export const REG_COUNT_PUSH_FALLBACKS_RESET = 0x0;
export const REG_COUNT_IGNORED_OFFSET = 0x4c;
export const REG_COUNT_IGNORED_RESET = 0x0;
export const REG_COUNT_REFUSED_OFFSET = 0x50;
export const REG_COUNT_REFUSED_RESET = 0x0;
export const REG_COUNT_BAD_ACCESSES_OFFSET = 0x54;
export const REG_COUNT_BAD_ACCESSES_RESET = 0x0;
export const REG_COUNT_DESCRIPTOR_READS_OFFSET = 0x58;
export const REG_COUNT_DESCRIPTOR_READS_RESET = 0x0;
export const REG_COUNT_COMPLETIONS_OFFSET = 0x5c;
export const REG_COUNT_COMPLETIONS_RESET = 0x0;
export const REG_COUNT_PACKETS_OFFSET = 0x60;
export const REG_COUNT_PACKETS_RESET = 0x0;
export const REG_INTERRUPT_CAUSE_OFFSET = 0x64;
export const REG_INTERRUPT_CAUSE_RESET = 0x0;
export const REG_COUNT_DMA_FAULTS_OFFSET = 0x68;
export const REG_COUNT_DMA_FAULTS_RESET = 0x0;
export const REG_FAULT_ADDRESS_LO_OFFSET = 0x6c;
export const REG_FAULT_ADDRESS_LO_RESET = 0x0;
export const REG_FAULT_ADDRESS_HI_OFFSET = 0x70;
export const REG_FAULT_ADDRESS_HI_RESET = 0x0;
export const REG_FAULT_INFO_OFFSET = 0x74;
export const REG_FAULT_INFO_RESET = 0x0;
export const REG_FAULT_INDEX_OFFSET = 0x78;
export const REG_FAULT_INDEX_RESET = 0x0;
/** DEVICE_MAGIC */
export const regId = (m: Uint32Array, w: number): number => m[w];
export const setRegId = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** version of this interface */
export const regAbiVersion = (m: Uint32Array, w: number): number => m[w + 1];
export const setRegAbiVersion = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** ABI_MINOR */
export const regAbiVersionMinor = (m: Uint32Array, w: number): number => m[w + 1] & 0xffff;
export const setRegAbiVersionMinor = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffff0000) | (v & 0xffff)) >>> 0;
};
/** ABI_MAJOR */
export const regAbiVersionMajor = (m: Uint32Array, w: number): number => (m[w + 1] >>> 16);
export const setRegAbiVersionMajor = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffff) | ((v & 0xffff) << 16)) >>> 0;
};
/** see the table of feature bits */
export const regFeatures = (m: Uint32Array, w: number): number => m[w + 2];
export const setRegFeatures = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** see the table of status bits */
export const regStatus = (m: Uint32Array, w: number): number => m[w + 3];
export const setRegStatus = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
/** what the driver switches */
export const regControl = (m: Uint32Array, w: number): number => m[w + 4];
export const setRegControl = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
/** queues run only while set */
export const regControlEnable = (m: Uint32Array, w: number): number => m[w + 4] & 0x1;
export const setRegControlEnable = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = ((m[w + 4] & 0xfffffffe) | (v & 0x1)) >>> 0;
};
/** writing RESET_MAGIC resets the function: every object is gone, registers are as after power-on */
export const regReset = (m: Uint32Array, w: number): number => m[w + 5];
export const setRegReset = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};
/** number of resets that have completed */
export const regResetEpoch = (m: Uint32Array, w: number): number => m[w + 6];
export const setRegResetEpoch = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};
/** number of doorbell pages */
export const regDoorbellPages = (m: Uint32Array, w: number): number => m[w + 7];
export const setRegDoorbellPages = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = v;
};
/** command mailbox, bus address, low half; 4,096 bytes, 4,096-byte aligned */
export const regMailboxLo = (m: Uint32Array, w: number): number => m[w + 8];
export const setRegMailboxLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v;
};
/** command mailbox, high half */
export const regMailboxHi = (m: Uint32Array, w: number): number => m[w + 9];
export const setRegMailboxHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 9] = v;
};
/** starts the command whose input stands in the mailbox */
export const regCommand = (m: Uint32Array, w: number): number => m[w + 10];
export const setRegCommand = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v;
};
/** command code */
export const regCommandOpcode = (m: Uint32Array, w: number): number => m[w + 10] & 0xffff;
export const setRegCommandOpcode = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = ((m[w + 10] & 0xffff0000) | (v & 0xffff)) >>> 0;
};
/** comes back in COMMAND_STATUS */
export const regCommandToggle = (m: Uint32Array, w: number): number => (m[w + 10] >>> 31);
export const setRegCommandToggle = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = ((m[w + 10] & 0x7fffffff) | ((v & 0x1) << 31)) >>> 0;
};
/** outcome of the last command; done when TOGGLE equals the one written */
export const regCommandStatus = (m: Uint32Array, w: number): number => m[w + 11];
export const setRegCommandStatus = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = v;
};
/** command status */
export const regCommandStatusStatus = (m: Uint32Array, w: number): number => m[w + 11] & 0xff;
export const setRegCommandStatusStatus = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = ((m[w + 11] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** a command is under way */
export const regCommandStatusBusy = (m: Uint32Array, w: number): number => (m[w + 11] >>> 30) & 0x1;
export const setRegCommandStatusBusy = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = ((m[w + 11] & 0xbfffffff) | ((v & 0x1) << 30)) >>> 0;
};
/** toggle of the last command that ended */
export const regCommandStatusToggle = (m: Uint32Array, w: number): number => (m[w + 11] >>> 31);
export const setRegCommandStatusToggle = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = ((m[w + 11] & 0x7fffffff) | ((v & 0x1) << 31)) >>> 0;
};
/** MAC address, bytes 0 to 3 */
export const regMacLo = (m: Uint32Array, w: number): number => m[w + 12];
export const setRegMacLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 12] = v;
};
/** MAC address, bytes 4 and 5 */
export const regMacHi = (m: Uint32Array, w: number): number => m[w + 13];
export const setRegMacHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 13] = v;
};
/** holds what was written; for probes and measurements */
export const regScratch = (m: Uint32Array, w: number): number => m[w + 14];
export const setRegScratch = (m: Uint32Array, w: number, v: number): void => {
  m[w + 14] = v;
};
/** raises the MSI-X vector whose number is written */
export const regInterruptTest = (m: Uint32Array, w: number): number => m[w + 15];
export const setRegInterruptTest = (m: Uint32Array, w: number, v: number): void => {
  m[w + 15] = v;
};
/** send and receive doorbells that moved a producer index */
export const regCountDoorbells = (m: Uint32Array, w: number): number => m[w + 16];
export const setRegCountDoorbells = (m: Uint32Array, w: number, v: number): void => {
  m[w + 16] = v;
};
/** pushes accepted: the descriptor runs from the pushed bytes */
export const regCountPushes = (m: Uint32Array, w: number): number => m[w + 17];
export const setRegCountPushes = (m: Uint32Array, w: number, v: number): void => {
  m[w + 17] = v;
};
/** trailers that acted as an ordinary doorbell */
export const regCountPushFallbacks = (m: Uint32Array, w: number): number => m[w + 18];
export const setRegCountPushFallbacks = (m: Uint32Array, w: number, v: number): void => {
  m[w + 18] = v;
};
/** doorbells and trailers for an index that was already taken */
export const regCountIgnored = (m: Uint32Array, w: number): number => m[w + 19];
export const setRegCountIgnored = (m: Uint32Array, w: number, v: number): void => {
  m[w + 19] = v;
};
/** doorbells and trailers for a queue that is unknown, in the wrong state or owned by another page */
export const regCountRefused = (m: Uint32Array, w: number): number => m[w + 20];
export const setRegCountRefused = (m: Uint32Array, w: number, v: number): void => {
  m[w + 20] = v;
};
/** accesses of a wrong size, alignment or offset */
export const regCountBadAccesses = (m: Uint32Array, w: number): number => m[w + 21];
export const setRegCountBadAccesses = (m: Uint32Array, w: number, v: number): void => {
  m[w + 21] = v;
};
/** send descriptors read from guest memory */
export const regCountDescriptorReads = (m: Uint32Array, w: number): number => m[w + 22];
export const setRegCountDescriptorReads = (m: Uint32Array, w: number, v: number): void => {
  m[w + 22] = v;
};
/** completion queue entries written */
export const regCountCompletions = (m: Uint32Array, w: number): number => m[w + 23];
export const setRegCountCompletions = (m: Uint32Array, w: number, v: number): void => {
  m[w + 23] = v;
};
/** packets handed to the link */
export const regCountPackets = (m: Uint32Array, w: number): number => m[w + 24];
export const setRegCountPackets = (m: Uint32Array, w: number, v: number): void => {
  m[w + 24] = v;
};
/** MSI-X off: a bit for each vector that was raised; INTA is asserted while one is set; write 1 to clear */
export const regInterruptCause = (m: Uint32Array, w: number): number => m[w + 25];
export const setRegInterruptCause = (m: Uint32Array, w: number, v: number): void => {
  m[w + 25] = v;
};
/** accesses to guest memory that failed */
export const regCountDmaFaults = (m: Uint32Array, w: number): number => m[w + 26];
export const setRegCountDmaFaults = (m: Uint32Array, w: number, v: number): void => {
  m[w + 26] = v;
};
/** bus address of the last DMA fault, low half */
export const regFaultAddressLo = (m: Uint32Array, w: number): number => m[w + 27];
export const setRegFaultAddressLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 27] = v;
};
/** the same, high half */
export const regFaultAddressHi = (m: Uint32Array, w: number): number => m[w + 28];
export const setRegFaultAddressHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 28] = v;
};
/** what the last DMA fault was about */
export const regFaultInfo = (m: Uint32Array, w: number): number => m[w + 29];
export const setRegFaultInfo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 29] = v;
};
/** queue; zero for the mailbox */
export const regFaultInfoNumber = (m: Uint32Array, w: number): number => m[w + 29] & 0xffffff;
export const setRegFaultInfoNumber = (m: Uint32Array, w: number, v: number): void => {
  m[w + 29] = ((m[w + 29] & 0xff000000) | (v & 0xffffff)) >>> 0;
};
/** see the table of fault objects; zero: there was no fault */
export const regFaultInfoObject = (m: Uint32Array, w: number): number => (m[w + 29] >>> 24) & 0xf;
export const setRegFaultInfoObject = (m: Uint32Array, w: number, v: number): void => {
  m[w + 29] = ((m[w + 29] & 0xf0ffffff) | ((v & 0xf) << 24)) >>> 0;
};
/** the adapter wanted to write */
export const regFaultInfoWrite = (m: Uint32Array, w: number): number => (m[w + 29] >>> 28) & 0x1;
export const setRegFaultInfoWrite = (m: Uint32Array, w: number, v: number): void => {
  m[w + 29] = ((m[w + 29] & 0xefffffff) | ((v & 0x1) << 28)) >>> 0;
};
/** work-queue index of the descriptor that was under way */
export const regFaultIndex = (m: Uint32Array, w: number): number => m[w + 30];
export const setRegFaultIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 30] = v;
};

// db: One doorbell page, BAR 2. Every register is 64 bits wide and written with one store; reads give zero.
export const DB_SIZE = 4096;
export const DB_SEND_OFFSET = 0x0;
export const DB_RECV_OFFSET = 0x8;
export const DB_CQ_ARM_OFFSET = 0x10;
export const DB_CQ_UPDATE_OFFSET = 0x18;
export const DB_EQ_ARM_OFFSET = 0x20;
export const DB_SRQ_OFFSET = 0x28;
export const DB_PRIORITY_AREA_OFFSET = 0x800;
/** rings a send queue: descriptors up to but not including INDEX may be read (low half) */
export const dbSendLo = (m: Uint32Array, w: number): number => m[w];
export const setDbSendLo = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
/** rings a send queue: descriptors up to but not including INDEX may be read (high half) */
export const dbSendHi = (m: Uint32Array, w: number): number => m[w + 1];
export const setDbSendHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
/** queue number */
export const dbSendNumber = (m: Uint32Array, w: number): number => m[w] & 0xffffff;
export const setDbSendNumber = (m: Uint32Array, w: number, v: number): void => {
  m[w] = ((m[w] & 0xff000000) | (v & 0xffffff)) >>> 0;
};
/** new producer index, or consumer index: free running, modulo 65,536 */
export const dbSendIndex = (m: Uint32Array, w: number): number => m[w + 1] & 0xffff;
export const setDbSendIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffff0000) | (v & 0xffff)) >>> 0;
};
/** rings a receive queue (low half) */
export const dbRecvLo = (m: Uint32Array, w: number): number => m[w + 2];
export const setDbRecvLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
/** rings a receive queue (high half) */
export const dbRecvHi = (m: Uint32Array, w: number): number => m[w + 3];
export const setDbRecvHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
/** queue number */
export const dbRecvNumber = (m: Uint32Array, w: number): number => m[w + 2] & 0xffffff;
export const setDbRecvNumber = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = ((m[w + 2] & 0xff000000) | (v & 0xffffff)) >>> 0;
};
/** new producer index, or consumer index: free running, modulo 65,536 */
export const dbRecvIndex = (m: Uint32Array, w: number): number => m[w + 3] & 0xffff;
export const setDbRecvIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = ((m[w + 3] & 0xffff0000) | (v & 0xffff)) >>> 0;
};
/** reports the consumer index of a completion queue and asks for one event on the next completion (low half) */
export const dbCqArmLo = (m: Uint32Array, w: number): number => m[w + 4];
export const setDbCqArmLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
/** reports the consumer index of a completion queue and asks for one event on the next completion (high half) */
export const dbCqArmHi = (m: Uint32Array, w: number): number => m[w + 5];
export const setDbCqArmHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};
/** queue number */
export const dbCqArmNumber = (m: Uint32Array, w: number): number => m[w + 4] & 0xffffff;
export const setDbCqArmNumber = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = ((m[w + 4] & 0xff000000) | (v & 0xffffff)) >>> 0;
};
/** new producer index, or consumer index: free running, modulo 65,536 */
export const dbCqArmIndex = (m: Uint32Array, w: number): number => m[w + 5] & 0xffff;
export const setDbCqArmIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = ((m[w + 5] & 0xffff0000) | (v & 0xffff)) >>> 0;
};
/** only a solicited or failed completion counts */
export const dbCqArmSolicited = (m: Uint32Array, w: number): number => (m[w + 5] >>> 31);
export const setDbCqArmSolicited = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = ((m[w + 5] & 0x7fffffff) | ((v & 0x1) << 31)) >>> 0;
};
/** reports the consumer index of a completion queue (low half) */
export const dbCqUpdateLo = (m: Uint32Array, w: number): number => m[w + 6];
export const setDbCqUpdateLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};
/** reports the consumer index of a completion queue (high half) */
export const dbCqUpdateHi = (m: Uint32Array, w: number): number => m[w + 7];
export const setDbCqUpdateHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = v;
};
/** queue number */
export const dbCqUpdateNumber = (m: Uint32Array, w: number): number => m[w + 6] & 0xffffff;
export const setDbCqUpdateNumber = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = ((m[w + 6] & 0xff000000) | (v & 0xffffff)) >>> 0;
};
/** new producer index, or consumer index: free running, modulo 65,536 */
export const dbCqUpdateIndex = (m: Uint32Array, w: number): number => m[w + 7] & 0xffff;
export const setDbCqUpdateIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = ((m[w + 7] & 0xffff0000) | (v & 0xffff)) >>> 0;
};
/** reports the consumer index of an event queue and asks for one interrupt on the next event; page 0 only (low half) */
export const dbEqArmLo = (m: Uint32Array, w: number): number => m[w + 8];
export const setDbEqArmLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v;
};
/** reports the consumer index of an event queue and asks for one interrupt on the next event; page 0 only (high half) */
export const dbEqArmHi = (m: Uint32Array, w: number): number => m[w + 9];
export const setDbEqArmHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 9] = v;
};
/** queue number */
export const dbEqArmNumber = (m: Uint32Array, w: number): number => m[w + 8] & 0xffffff;
export const setDbEqArmNumber = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = ((m[w + 8] & 0xff000000) | (v & 0xffffff)) >>> 0;
};
/** new producer index, or consumer index: free running, modulo 65,536 */
export const dbEqArmIndex = (m: Uint32Array, w: number): number => m[w + 9] & 0xffff;
export const setDbEqArmIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 9] = ((m[w + 9] & 0xffff0000) | (v & 0xffff)) >>> 0;
};
/** rings a shared receive queue (low half) */
export const dbSrqLo = (m: Uint32Array, w: number): number => m[w + 10];
export const setDbSrqLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v;
};
/** rings a shared receive queue (high half) */
export const dbSrqHi = (m: Uint32Array, w: number): number => m[w + 11];
export const setDbSrqHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = v;
};
/** queue number */
export const dbSrqNumber = (m: Uint32Array, w: number): number => m[w + 10] & 0xffffff;
export const setDbSrqNumber = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = ((m[w + 10] & 0xff000000) | (v & 0xffffff)) >>> 0;
};
/** new producer index, or consumer index: free running, modulo 65,536 */
export const dbSrqIndex = (m: Uint32Array, w: number): number => m[w + 11] & 0xffff;
export const setDbSrqIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = ((m[w + 11] & 0xffff0000) | (v & 0xffff)) >>> 0;
};

// push: One push buffer. Whole when every byte of the descriptor was stored exactly once since the last trailer.
export const PUSH_SIZE = 512;
export const PUSH_DESCRIPTOR_OFFSET = 0x0;
export const PUSH_TRAILER_OFFSET = 0x100;
/** the trigger: the last store of a push (low half) */
export const pushTrailerLo = (m: Uint32Array, w: number): number => m[w + 64];
export const setPushTrailerLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 64] = v;
};
/** the trigger: the last store of a push (high half) */
export const pushTrailerHi = (m: Uint32Array, w: number): number => m[w + 65];
export const setPushTrailerHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 65] = v;
};
/** queue pair */
export const pushTrailerQpn = (m: Uint32Array, w: number): number => m[w + 64] & 0xffffff;
export const setPushTrailerQpn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 64] = ((m[w + 64] & 0xff000000) | (v & 0xffffff)) >>> 0;
};
/** descriptor length in units of 16 bytes, 2 to 16 */
export const pushTrailerLength = (m: Uint32Array, w: number): number => (m[w + 64] >>> 24);
export const setPushTrailerLength = (m: Uint32Array, w: number, v: number): void => {
  m[w + 64] = ((m[w + 64] & 0xffffff) | ((v & 0xff) << 24)) >>> 0;
};
/** work-queue index of the descriptor */
export const pushTrailerIndex = (m: Uint32Array, w: number): number => m[w + 65] & 0xffff;
export const setPushTrailerIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 65] = ((m[w + 65] & 0xffff0000) | (v & 0xffff)) >>> 0;
};
/** number of this push buffer in its page */
export const pushTrailerBuffer = (m: Uint32Array, w: number): number => (m[w + 65] >>> 16) & 0xff;
export const setPushTrailerBuffer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 65] = ((m[w + 65] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** trailers written to this buffer before, modulo 256 */
export const pushTrailerGeneration = (m: Uint32Array, w: number): number => (m[w + 65] >>> 24);
export const setPushTrailerGeneration = (m: Uint32Array, w: number, v: number): void => {
  m[w + 65] = ((m[w + 65] & 0xffffff) | ((v & 0xff) << 24)) >>> 0;
};
