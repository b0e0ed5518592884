// SPDX-License-Identifier: MIT
// Generated from device/abi/state.ts by "npm run generate"; do not edit.
import type { WordSink } from '../word-sink.js';

/** "PBST" */
export const STATE_MAGIC = 0x54534250;
/** layout version */
export const STATE_VERSION = 5;
/** pages of one block of the page pool */
export const POOL_BLOCK_PAGES = 32;
/** undo journal: word index, old value: first word */
export const JOURNAL_TABLE = 0x400;
/** undo journal: word index, old value: entries */
export const JOURNAL_COUNT = 0x8000;
/** undo journal: word index, old value: words of an entry */
export const JOURNAL_WORDS = 2;
/** guest writes due after the commit: first word */
export const OUTBOX_TABLE = 0x10400;
/** guest writes due after the commit: entries */
export const OUTBOX_COUNT = 128;
/** guest writes due after the commit: words of an entry */
export const OUTBOX_WORDS = 12;
/** protection domains: first word */
export const PD_TABLE = 0x10c00;
/** protection domains: entries */
export const PD_COUNT = 0x1000;
/** protection domains: words of an entry */
export const PD_WORDS = 4;
/** doorbell pages: first word */
export const DPAGE_TABLE = 0x14c00;
/** doorbell pages: entries */
export const DPAGE_COUNT = 0x100;
/** doorbell pages: words of an entry */
export const DPAGE_WORDS = 0x140;
/** event queues: first word */
export const EQ_TABLE = 0x28c00;
/** event queues: entries */
export const EQ_COUNT = 64;
/** event queues: words of an entry */
export const EQ_WORDS = 16;
/** completion queues: first word */
export const CQ_TABLE = 0x29000;
/** completion queues: entries */
export const CQ_COUNT = 0x4000;
/** completion queues: words of an entry */
export const CQ_WORDS = 16;
/** queue pairs: first word */
export const QP_TABLE = 0x69000;
/** queue pairs: entries */
export const QP_COUNT = 0x4000;
/** queue pairs: words of an entry */
export const QP_WORDS = 0x180;
/** shared receive queues: first word */
export const SRQ_TABLE = 0x669000;
/** shared receive queues: entries */
export const SRQ_COUNT = 0x1000;
/** shared receive queues: words of an entry */
export const SRQ_WORDS = 16;
/** address handles: first word */
export const AH_TABLE = 0x679000;
/** address handles: entries */
export const AH_COUNT = 0x4000;
/** address handles: words of an entry */
export const AH_WORDS = 16;
/** GID table: first word */
export const GID_TABLE = 0x6b9000;
/** GID table: entries */
export const GID_COUNT = 32;
/** GID table: words of an entry */
export const GID_WORDS = 8;
/** push slots, those of each doorbell page in turn: first word */
export const PSLOT_TABLE = 0x6b9400;
/** push slots, those of each doorbell page in turn: entries */
export const PSLOT_COUNT = 0x1000;
/** push slots, those of each doorbell page in turn: words of an entry */
export const PSLOT_WORDS = 72;
/** memory regions: first word */
export const MR_TABLE = 0x701400;
/** memory regions: entries */
export const MR_COUNT = 0x20000;
/** memory regions: words of an entry */
export const MR_WORDS = 16;
/** blocks of the page pool: 1 when taken: first word */
export const POOL_BLOCK_TABLE = 0x901400;
/** blocks of the page pool: 1 when taken: entries */
export const POOL_BLOCK_COUNT = 0x8000;
/** blocks of the page pool: 1 when taken: words of an entry */
export const POOL_BLOCK_WORDS = 1;
/** page addresses of memory regions: first word */
export const POOL_TABLE = 0x909400;
/** page addresses of memory regions: entries */
export const POOL_COUNT = 0x100000;
/** page addresses of memory regions: words of an entry */
export const POOL_WORDS = 2;
/** size of the region */
export const STATE_BYTES = 0x2c25000;

/** armed word of a queue */
export const Armed = {
  /** no */
  NO: 0,
  /** on anything */
  ANY: 1,
  /** on a solicited or failed completion */
  SOLICITED: 2,
} as const;
export type Armed = (typeof Armed)[keyof typeof Armed];

// st: Head of the region.
export const ST_SIZE = 512;
export const ST_MAGIC_OFFSET = 0x0;
export const ST_VERSION_OFFSET = 0x4;
export const ST_JOURNAL_COUNT_OFFSET = 0x8;
export const ST_OUTBOX_COUNT_OFFSET = 0xc;
export const ST_IRQ_PENDING_OFFSET = 0x10;
export const ST_RESET_TARGET_OFFSET = 0x14;
export const ST_RESET_COUNT_OFFSET = 0x18;
export const ST_BUS_EPOCH_OFFSET = 0x1c;
export const ST_APPLIED_OFFSET = 0x20;
export const ST_BUS_MASTER_OFFSET = 0x24;
export const ST_RUNNING_OFFSET = 0x28;
export const ST_CONTROL_OFFSET = 0x2c;
export const ST_MAILBOX_LO_OFFSET = 0x30;
export const ST_MAILBOX_HI_OFFSET = 0x34;
export const ST_COMMAND_STATUS_OFFSET = 0x38;
export const ST_COMMAND_PENDING_OFFSET = 0x3c;
export const ST_SCRATCH_OFFSET = 0x40;
export const ST_MAC_LO_OFFSET = 0x44;
export const ST_MAC_HI_OFFSET = 0x48;
export const ST_HOLD_OFFSET = 0x4c;
export const ST_RATE_MBPS_OFFSET = 0x50;
export const ST_CURSORS_OFFSET = 0x54;
export const ST_ROUNDS_OFFSET = 0x60;
export const ST_ROUND_OFFSET = 0x6c;
export const ST_STREAKS_OFFSET = 0x70;
export const ST_OVERTAKEN_OFFSET = 0x78;
export const ST_PUSH_SEQUENCE_OFFSET = 0x7c;
export const ST_COUNT_DOORBELLS_OFFSET = 0x80;
export const ST_COUNT_PUSHES_OFFSET = 0x84;
export const ST_COUNT_PUSH_FALLBACKS_OFFSET = 0x88;
export const ST_COUNT_IGNORED_OFFSET = 0x8c;
export const ST_COUNT_REFUSED_OFFSET = 0x90;
export const ST_COUNT_BAD_ACCESSES_OFFSET = 0x94;
export const ST_COUNT_DESCRIPTOR_READS_OFFSET = 0x98;
export const ST_COUNT_COMPLETIONS_OFFSET = 0x9c;
export const ST_COUNT_PACKETS_OFFSET = 0xa0;
export const ST_PD_HIGH_OFFSET = 0xa4;
export const ST_PAGE_HIGH_OFFSET = 0xa8;
export const ST_MR_HIGH_OFFSET = 0xac;
export const ST_EQ_HIGH_OFFSET = 0xb0;
export const ST_CQ_HIGH_OFFSET = 0xb4;
export const ST_QP_HIGH_OFFSET = 0xb8;
export const ST_POOL_HIGH_OFFSET = 0xbc;
export const ST_MSIX_ENABLED_OFFSET = 0xc0;
export const ST_ASLEEP_OFFSET = 0xc4;
export const ST_INTERRUPT_CAUSE_OFFSET = 0xc8;
export const ST_COUNT_DMA_FAULTS_OFFSET = 0xcc;
export const ST_FAULT_ADDRESS_LO_OFFSET = 0xd0;
export const ST_FAULT_ADDRESS_HI_OFFSET = 0xd4;
export const ST_FAULT_INFO_OFFSET = 0xd8;
export const ST_FAULT_INDEX_OFFSET = 0xdc;
export const ST_SRQ_HIGH_OFFSET = 0xe0;
export const ST_AH_HIGH_OFFSET = 0xe4;
export const ST_GSI_USED_OFFSET = 0xe8;
export const ST_PORT_UNTOLD_OFFSET = 0xec;
export const ST_PORT_TX_BYTES_OFFSET = 0xf0;
export const ST_PORT_RX_BYTES_OFFSET = 0xf8;
export const ST_PORT_TX_PACKETS_OFFSET = 0x100;
export const ST_PORT_RX_PACKETS_OFFSET = 0x108;
export const ST_PORT_RX_BAD_OFFSET = 0x110;
export const ST_PORT_RX_UNKNOWN_OFFSET = 0x118;
export const ST_PORT_RX_QKEY_OFFSET = 0x120;
export const ST_PORT_RX_PKEY_OFFSET = 0x128;
export const ST_PORT_RX_NO_RECEIVE_OFFSET = 0x130;
export const ST_PORT_RX_SEQUENCE_OFFSET = 0x138;
export const ST_MR_LOW_OFFSET = 0x140;
/** STATE_MAGIC; zero while the region is being made */
export const stMagic = (m: Uint32Array, w: number): number => m[w];
export const setStMagic = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
export const putStMagic = (s: WordSink, w: number, v: number): void => s.put(w, v | 0);
/** STATE_VERSION */
export const stVersion = (m: Uint32Array, w: number): number => m[w + 1];
export const setStVersion = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
export const putStVersion = (s: WordSink, w: number, v: number): void => s.put(w + 1, v | 0);
/** entries of the undo journal; zero means that the last step is committed */
export const stJournalCount = (m: Uint32Array, w: number): number => m[w + 2];
export const setStJournalCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
export const putStJournalCount = (s: WordSink, w: number, v: number): void => s.put(w + 2, v | 0);
/** committed guest writes that may still have to be done */
export const stOutboxCount = (m: Uint32Array, w: number): number => m[w + 3];
export const setStOutboxCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
export const putStOutboxCount = (s: WordSink, w: number, v: number): void => s.put(w + 3, v | 0);
/** committed interrupts that may still have to be raised, a bit for each vector */
export const stIrqPending = (m: Uint32Array, w: number): number => m[w + 4];
export const setStIrqPending = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
export const putStIrqPending = (s: WordSink, w: number, v: number): void => s.put(w + 4, v | 0);
/** reset in progress: reset_count after it; zero otherwise */
export const stResetTarget = (m: Uint32Array, w: number): number => m[w + 5];
export const setStResetTarget = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};
export const putStResetTarget = (s: WordSink, w: number, v: number): void => s.put(w + 5, v | 0);
/** resets completed */
export const stResetCount = (m: Uint32Array, w: number): number => m[w + 6];
export const setStResetCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};
export const putStResetCount = (s: WordSink, w: number, v: number): void => s.put(w + 6, v | 0);
/** reset epoch of the ring that this state belongs to */
export const stBusEpoch = (m: Uint32Array, w: number): number => m[w + 7];
export const setStBusEpoch = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = v;
};
export const putStBusEpoch = (s: WordSink, w: number, v: number): void => s.put(w + 7, v | 0);
/** ring position after the last slot that took effect */
export const stApplied = (m: Uint32Array, w: number): number => m[w + 8];
export const setStApplied = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v;
};
export const putStApplied = (s: WordSink, w: number, v: number): void => s.put(w + 8, v | 0);
/** Bus Master Enable */
export const stBusMaster = (m: Uint32Array, w: number): number => m[w + 9];
export const setStBusMaster = (m: Uint32Array, w: number, v: number): void => {
  m[w + 9] = v;
};
export const putStBusMaster = (s: WordSink, w: number, v: number): void => s.put(w + 9, v | 0);
/** between RUN and STOP */
export const stRunning = (m: Uint32Array, w: number): number => m[w + 10];
export const setStRunning = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v;
};
export const putStRunning = (s: WordSink, w: number, v: number): void => s.put(w + 10, v | 0);
/** register CONTROL */
export const stControl = (m: Uint32Array, w: number): number => m[w + 11];
export const setStControl = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = v;
};
export const putStControl = (s: WordSink, w: number, v: number): void => s.put(w + 11, v | 0);
/** register MAILBOX_LO */
export const stMailboxLo = (m: Uint32Array, w: number): number => m[w + 12];
export const setStMailboxLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 12] = v;
};
export const putStMailboxLo = (s: WordSink, w: number, v: number): void => s.put(w + 12, v | 0);
/** register MAILBOX_HI */
export const stMailboxHi = (m: Uint32Array, w: number): number => m[w + 13];
export const setStMailboxHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 13] = v;
};
export const putStMailboxHi = (s: WordSink, w: number, v: number): void => s.put(w + 13, v | 0);
/** register COMMAND_STATUS */
export const stCommandStatus = (m: Uint32Array, w: number): number => m[w + 14];
export const setStCommandStatus = (m: Uint32Array, w: number, v: number): void => {
  m[w + 14] = v;
};
export const putStCommandStatus = (s: WordSink, w: number, v: number): void => s.put(w + 14, v | 0);
/** the COMMAND word of a command that waits for a translation; zero otherwise */
export const stCommandPending = (m: Uint32Array, w: number): number => m[w + 15];
export const setStCommandPending = (m: Uint32Array, w: number, v: number): void => {
  m[w + 15] = v;
};
export const putStCommandPending = (s: WordSink, w: number, v: number): void => s.put(w + 15, v | 0);
/** register SCRATCH */
export const stScratch = (m: Uint32Array, w: number): number => m[w + 16];
export const setStScratch = (m: Uint32Array, w: number, v: number): void => {
  m[w + 16] = v;
};
export const putStScratch = (s: WordSink, w: number, v: number): void => s.put(w + 16, v | 0);
/** register MAC_LO */
export const stMacLo = (m: Uint32Array, w: number): number => m[w + 17];
export const setStMacLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 17] = v;
};
export const putStMacLo = (s: WordSink, w: number, v: number): void => s.put(w + 17, v | 0);
/** register MAC_HI */
export const stMacHi = (m: Uint32Array, w: number): number => m[w + 18];
export const setStMacHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 18] = v;
};
export const putStMacHi = (s: WordSink, w: number, v: number): void => s.put(w + 18, v | 0);
/** hold mask */
export const stHold = (m: Uint32Array, w: number): number => m[w + 19];
export const setStHold = (m: Uint32Array, w: number, v: number): void => {
  m[w + 19] = v;
};
export const putStHold = (s: WordSink, w: number, v: number): void => s.put(w + 19, v | 0);
/** link rate */
export const stRateMbps = (m: Uint32Array, w: number): number => m[w + 20];
export const setStRateMbps = (m: Uint32Array, w: number, v: number): void => {
  m[w + 20] = v;
};
export const putStRateMbps = (s: WordSink, w: number, v: number): void => s.put(w + 20, v | 0);
/** of the last turn */
export const stRound = (m: Uint32Array, w: number): number => m[w + 27];
export const setStRound = (m: Uint32Array, w: number, v: number): void => {
  m[w + 27] = v;
};
export const putStRound = (s: WordSink, w: number, v: number): void => s.put(w + 27, v | 0);
/** pushed slices that have overtaken any rung queue since one had its turn */
export const stOvertaken = (m: Uint32Array, w: number): number => m[w + 30];
export const setStOvertaken = (m: Uint32Array, w: number, v: number): void => {
  m[w + 30] = v;
};
export const putStOvertaken = (s: WordSink, w: number, v: number): void => s.put(w + 30, v | 0);
/** arrival number of the next push */
export const stPushSequence = (m: Uint32Array, w: number): number => m[w + 31];
export const setStPushSequence = (m: Uint32Array, w: number, v: number): void => {
  m[w + 31] = v;
};
export const putStPushSequence = (s: WordSink, w: number, v: number): void => s.put(w + 31, v | 0);
/** counter */
export const stCountDoorbells = (m: Uint32Array, w: number): number => m[w + 32];
export const setStCountDoorbells = (m: Uint32Array, w: number, v: number): void => {
  m[w + 32] = v;
};
export const putStCountDoorbells = (s: WordSink, w: number, v: number): void => s.put(w + 32, v | 0);
/** counter */
export const stCountPushes = (m: Uint32Array, w: number): number => m[w + 33];
export const setStCountPushes = (m: Uint32Array, w: number, v: number): void => {
  m[w + 33] = v;
};
export const putStCountPushes = (s: WordSink, w: number, v: number): void => s.put(w + 33, v | 0);
/** counter */
export const stCountPushFallbacks = (m: Uint32Array, w: number): number => m[w + 34];
export const setStCountPushFallbacks = (m: Uint32Array, w: number, v: number): void => {
  m[w + 34] = v;
};
export const putStCountPushFallbacks = (s: WordSink, w: number, v: number): void => s.put(w + 34, v | 0);
/** counter */
export const stCountIgnored = (m: Uint32Array, w: number): number => m[w + 35];
export const setStCountIgnored = (m: Uint32Array, w: number, v: number): void => {
  m[w + 35] = v;
};
export const putStCountIgnored = (s: WordSink, w: number, v: number): void => s.put(w + 35, v | 0);
/** counter */
export const stCountRefused = (m: Uint32Array, w: number): number => m[w + 36];
export const setStCountRefused = (m: Uint32Array, w: number, v: number): void => {
  m[w + 36] = v;
};
export const putStCountRefused = (s: WordSink, w: number, v: number): void => s.put(w + 36, v | 0);
/** counter */
export const stCountBadAccesses = (m: Uint32Array, w: number): number => m[w + 37];
export const setStCountBadAccesses = (m: Uint32Array, w: number, v: number): void => {
  m[w + 37] = v;
};
export const putStCountBadAccesses = (s: WordSink, w: number, v: number): void => s.put(w + 37, v | 0);
/** counter */
export const stCountDescriptorReads = (m: Uint32Array, w: number): number => m[w + 38];
export const setStCountDescriptorReads = (m: Uint32Array, w: number, v: number): void => {
  m[w + 38] = v;
};
export const putStCountDescriptorReads = (s: WordSink, w: number, v: number): void => s.put(w + 38, v | 0);
/** counter */
export const stCountCompletions = (m: Uint32Array, w: number): number => m[w + 39];
export const setStCountCompletions = (m: Uint32Array, w: number, v: number): void => {
  m[w + 39] = v;
};
export const putStCountCompletions = (s: WordSink, w: number, v: number): void => s.put(w + 39, v | 0);
/** counter */
export const stCountPackets = (m: Uint32Array, w: number): number => m[w + 40];
export const setStCountPackets = (m: Uint32Array, w: number, v: number): void => {
  m[w + 40] = v;
};
export const putStCountPackets = (s: WordSink, w: number, v: number): void => s.put(w + 40, v | 0);
/** protection domains below this index were used since the last reset */
export const stPdHigh = (m: Uint32Array, w: number): number => m[w + 41];
export const setStPdHigh = (m: Uint32Array, w: number, v: number): void => {
  m[w + 41] = v;
};
export const putStPdHigh = (s: WordSink, w: number, v: number): void => s.put(w + 41, v | 0);
/** the same for doorbell pages */
export const stPageHigh = (m: Uint32Array, w: number): number => m[w + 42];
export const setStPageHigh = (m: Uint32Array, w: number, v: number): void => {
  m[w + 42] = v;
};
export const putStPageHigh = (s: WordSink, w: number, v: number): void => s.put(w + 42, v | 0);
/** the same for memory regions */
export const stMrHigh = (m: Uint32Array, w: number): number => m[w + 43];
export const setStMrHigh = (m: Uint32Array, w: number, v: number): void => {
  m[w + 43] = v;
};
export const putStMrHigh = (s: WordSink, w: number, v: number): void => s.put(w + 43, v | 0);
/** the same for event queues */
export const stEqHigh = (m: Uint32Array, w: number): number => m[w + 44];
export const setStEqHigh = (m: Uint32Array, w: number, v: number): void => {
  m[w + 44] = v;
};
export const putStEqHigh = (s: WordSink, w: number, v: number): void => s.put(w + 44, v | 0);
/** the same for completion queues */
export const stCqHigh = (m: Uint32Array, w: number): number => m[w + 45];
export const setStCqHigh = (m: Uint32Array, w: number, v: number): void => {
  m[w + 45] = v;
};
export const putStCqHigh = (s: WordSink, w: number, v: number): void => s.put(w + 45, v | 0);
/** the same for queue pairs */
export const stQpHigh = (m: Uint32Array, w: number): number => m[w + 46];
export const setStQpHigh = (m: Uint32Array, w: number, v: number): void => {
  m[w + 46] = v;
};
export const putStQpHigh = (s: WordSink, w: number, v: number): void => s.put(w + 46, v | 0);
/** the same for blocks of the page pool */
export const stPoolHigh = (m: Uint32Array, w: number): number => m[w + 47];
export const setStPoolHigh = (m: Uint32Array, w: number, v: number): void => {
  m[w + 47] = v;
};
export const putStPoolHigh = (s: WordSink, w: number, v: number): void => s.put(w + 47, v | 0);
/** MSI-X Enable of the function */
export const stMsixEnabled = (m: Uint32Array, w: number): number => m[w + 48];
export const setStMsixEnabled = (m: Uint32Array, w: number, v: number): void => {
  m[w + 48] = v;
};
export const putStMsixEnabled = (s: WordSink, w: number, v: number): void => s.put(w + 48, v | 0);
/** 1 in D3hot */
export const stAsleep = (m: Uint32Array, w: number): number => m[w + 49];
export const setStAsleep = (m: Uint32Array, w: number, v: number): void => {
  m[w + 49] = v;
};
export const putStAsleep = (s: WordSink, w: number, v: number): void => s.put(w + 49, v | 0);
/** register INTERRUPT_CAUSE */
export const stInterruptCause = (m: Uint32Array, w: number): number => m[w + 50];
export const setStInterruptCause = (m: Uint32Array, w: number, v: number): void => {
  m[w + 50] = v;
};
export const putStInterruptCause = (s: WordSink, w: number, v: number): void => s.put(w + 50, v | 0);
/** counter */
export const stCountDmaFaults = (m: Uint32Array, w: number): number => m[w + 51];
export const setStCountDmaFaults = (m: Uint32Array, w: number, v: number): void => {
  m[w + 51] = v;
};
export const putStCountDmaFaults = (s: WordSink, w: number, v: number): void => s.put(w + 51, v | 0);
/** register FAULT_ADDRESS_LO */
export const stFaultAddressLo = (m: Uint32Array, w: number): number => m[w + 52];
export const setStFaultAddressLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 52] = v;
};
export const putStFaultAddressLo = (s: WordSink, w: number, v: number): void => s.put(w + 52, v | 0);
/** register FAULT_ADDRESS_HI */
export const stFaultAddressHi = (m: Uint32Array, w: number): number => m[w + 53];
export const setStFaultAddressHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 53] = v;
};
export const putStFaultAddressHi = (s: WordSink, w: number, v: number): void => s.put(w + 53, v | 0);
/** register FAULT_INFO */
export const stFaultInfo = (m: Uint32Array, w: number): number => m[w + 54];
export const setStFaultInfo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 54] = v;
};
export const putStFaultInfo = (s: WordSink, w: number, v: number): void => s.put(w + 54, v | 0);
/** register FAULT_INDEX */
export const stFaultIndex = (m: Uint32Array, w: number): number => m[w + 55];
export const setStFaultIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 55] = v;
};
export const putStFaultIndex = (s: WordSink, w: number, v: number): void => s.put(w + 55, v | 0);
/** the same as qp_high for shared receive queues */
export const stSrqHigh = (m: Uint32Array, w: number): number => m[w + 56];
export const setStSrqHigh = (m: Uint32Array, w: number, v: number): void => {
  m[w + 56] = v;
};
export const putStSrqHigh = (s: WordSink, w: number, v: number): void => s.put(w + 56, v | 0);
/** the same for address handles */
export const stAhHigh = (m: Uint32Array, w: number): number => m[w + 57];
export const setStAhHigh = (m: Uint32Array, w: number, v: number): void => {
  m[w + 57] = v;
};
export const putStAhHigh = (s: WordSink, w: number, v: number): void => s.put(w + 57, v | 0);
/** 1 while the queue pair GSI_QPN exists */
export const stGsiUsed = (m: Uint32Array, w: number): number => m[w + 58];
export const setStGsiUsed = (m: Uint32Array, w: number, v: number): void => {
  m[w + 58] = v;
};
export const putStGsiUsed = (s: WordSink, w: number, v: number): void => s.put(w + 58, v | 0);
/** events of the port that found no room, a bit for each event type */
export const stPortUntold = (m: Uint32Array, w: number): number => m[w + 59];
export const setStPortUntold = (m: Uint32Array, w: number, v: number): void => {
  m[w + 59] = v;
};
export const putStPortUntold = (s: WordSink, w: number, v: number): void => s.put(w + 59, v | 0);
/** counter Exact up to 2^53. */
export const stPortTxBytes = (m: Uint32Array, w: number): number => m[w + 60] + m[w + 61] * 0x100000000;
export const setStPortTxBytes = (m: Uint32Array, w: number, v: number): void => {
  m[w + 60] = v >>> 0;
  m[w + 61] = Math.floor(v / 0x100000000);
};
export const putStPortTxBytes = (s: WordSink, w: number, v: number): void => {
  s.put(w + 60, v | 0);
  s.put(w + 61, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const stPortRxBytes = (m: Uint32Array, w: number): number => m[w + 62] + m[w + 63] * 0x100000000;
export const setStPortRxBytes = (m: Uint32Array, w: number, v: number): void => {
  m[w + 62] = v >>> 0;
  m[w + 63] = Math.floor(v / 0x100000000);
};
export const putStPortRxBytes = (s: WordSink, w: number, v: number): void => {
  s.put(w + 62, v | 0);
  s.put(w + 63, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const stPortTxPackets = (m: Uint32Array, w: number): number => m[w + 64] + m[w + 65] * 0x100000000;
export const setStPortTxPackets = (m: Uint32Array, w: number, v: number): void => {
  m[w + 64] = v >>> 0;
  m[w + 65] = Math.floor(v / 0x100000000);
};
export const putStPortTxPackets = (s: WordSink, w: number, v: number): void => {
  s.put(w + 64, v | 0);
  s.put(w + 65, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const stPortRxPackets = (m: Uint32Array, w: number): number => m[w + 66] + m[w + 67] * 0x100000000;
export const setStPortRxPackets = (m: Uint32Array, w: number, v: number): void => {
  m[w + 66] = v >>> 0;
  m[w + 67] = Math.floor(v / 0x100000000);
};
export const putStPortRxPackets = (s: WordSink, w: number, v: number): void => {
  s.put(w + 66, v | 0);
  s.put(w + 67, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const stPortRxBad = (m: Uint32Array, w: number): number => m[w + 68] + m[w + 69] * 0x100000000;
export const setStPortRxBad = (m: Uint32Array, w: number, v: number): void => {
  m[w + 68] = v >>> 0;
  m[w + 69] = Math.floor(v / 0x100000000);
};
export const putStPortRxBad = (s: WordSink, w: number, v: number): void => {
  s.put(w + 68, v | 0);
  s.put(w + 69, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const stPortRxUnknown = (m: Uint32Array, w: number): number => m[w + 70] + m[w + 71] * 0x100000000;
export const setStPortRxUnknown = (m: Uint32Array, w: number, v: number): void => {
  m[w + 70] = v >>> 0;
  m[w + 71] = Math.floor(v / 0x100000000);
};
export const putStPortRxUnknown = (s: WordSink, w: number, v: number): void => {
  s.put(w + 70, v | 0);
  s.put(w + 71, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const stPortRxQkey = (m: Uint32Array, w: number): number => m[w + 72] + m[w + 73] * 0x100000000;
export const setStPortRxQkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 72] = v >>> 0;
  m[w + 73] = Math.floor(v / 0x100000000);
};
export const putStPortRxQkey = (s: WordSink, w: number, v: number): void => {
  s.put(w + 72, v | 0);
  s.put(w + 73, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const stPortRxPkey = (m: Uint32Array, w: number): number => m[w + 74] + m[w + 75] * 0x100000000;
export const setStPortRxPkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 74] = v >>> 0;
  m[w + 75] = Math.floor(v / 0x100000000);
};
export const putStPortRxPkey = (s: WordSink, w: number, v: number): void => {
  s.put(w + 74, v | 0);
  s.put(w + 75, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const stPortRxNoReceive = (m: Uint32Array, w: number): number => m[w + 76] + m[w + 77] * 0x100000000;
export const setStPortRxNoReceive = (m: Uint32Array, w: number, v: number): void => {
  m[w + 76] = v >>> 0;
  m[w + 77] = Math.floor(v / 0x100000000);
};
export const putStPortRxNoReceive = (s: WordSink, w: number, v: number): void => {
  s.put(w + 76, v | 0);
  s.put(w + 77, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const stPortRxSequence = (m: Uint32Array, w: number): number => m[w + 78] + m[w + 79] * 0x100000000;
export const setStPortRxSequence = (m: Uint32Array, w: number, v: number): void => {
  m[w + 78] = v >>> 0;
  m[w + 79] = Math.floor(v / 0x100000000);
};
export const putStPortRxSequence = (s: WordSink, w: number, v: number): void => {
  s.put(w + 78, v | 0);
  s.put(w + 79, Math.floor(v / 0x100000000));
};
/** memory regions below this index are in use: where the search for a free one begins */
export const stMrLow = (m: Uint32Array, w: number): number => m[w + 80];
export const setStMrLow = (m: Uint32Array, w: number, v: number): void => {
  m[w + 80] = v;
};
export const putStMrLow = (s: WordSink, w: number, v: number): void => s.put(w + 80, v | 0);

// outbox: A guest write that is due after the commit.
export const OUTBOX_SIZE = 48;
export const OUTBOX_ADDRESS_OFFSET = 0x0;
export const OUTBOX_COUNT_OFFSET = 0x8;
export const OUTBOX_INFO_OFFSET = 0xc;
export const OUTBOX_DATA_OFFSET = 0x10;
/** bus address, 4-byte aligned Exact up to 2^53. */
export const outboxAddress = (m: Uint32Array, w: number): number => m[w] + m[w + 1] * 0x100000000;
export const setOutboxAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v >>> 0;
  m[w + 1] = Math.floor(v / 0x100000000);
};
export const putOutboxAddress = (s: WordSink, w: number, v: number): void => {
  s.put(w, v | 0);
  s.put(w + 1, Math.floor(v / 0x100000000));
};
/** words; zero when it is done already */
export const outboxCount = (m: Uint32Array, w: number): number => m[w + 2];
export const setOutboxCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
export const putOutboxCount = (s: WordSink, w: number, v: number): void => s.put(w + 2, v | 0);
/** what it is and of which queue, as register FAULT_INFO */
export const outboxInfo = (m: Uint32Array, w: number): number => m[w + 3];
export const setOutboxInfo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
export const putOutboxInfo = (s: WordSink, w: number, v: number): void => s.put(w + 3, v | 0);

// pd: Protection domain.
export const PD_SIZE = 16;
export const PD_USED_OFFSET = 0x0;
export const PD_USERS_OFFSET = 0x4;
/** 1 when allocated */
export const pdUsed = (m: Uint32Array, w: number): number => m[w];
export const setPdUsed = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
export const putPdUsed = (s: WordSink, w: number, v: number): void => s.put(w, v | 0);
/** objects that belong to it */
export const pdUsers = (m: Uint32Array, w: number): number => m[w + 1];
export const setPdUsers = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
export const putPdUsers = (s: WordSink, w: number, v: number): void => s.put(w + 1, v | 0);

// pbuf: Push buffer of a doorbell page.
export const PBUF_SIZE = 304;
export const PBUF_GENERATION_OFFSET = 0x0;
export const PBUF_TORN_OFFSET = 0x4;
export const PBUF_WRITTEN_OFFSET = 0x10;
export const PBUF_DATA_OFFSET = 0x30;
/** trailers seen, modulo 256 */
export const pbufGeneration = (m: Uint32Array, w: number): number => m[w];
export const setPbufGeneration = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
export const putPbufGeneration = (s: WordSink, w: number, v: number): void => s.put(w, v | 0);
/** 1 when a byte was stored twice since the last trailer */
export const pbufTorn = (m: Uint32Array, w: number): number => m[w + 1];
export const setPbufTorn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
export const putPbufTorn = (s: WordSink, w: number, v: number): void => s.put(w + 1, v | 0);

// dpage: Doorbell page.
export const DPAGE_SIZE = 1280;
export const DPAGE_USED_OFFSET = 0x0;
export const DPAGE_USERS_OFFSET = 0x4;
export const DPAGE_COUNT_DOORBELLS_OFFSET = 0x8;
export const DPAGE_COUNT_PUSHES_OFFSET = 0x10;
export const DPAGE_COUNT_FALLBACKS_OFFSET = 0x18;
export const DPAGE_COUNT_IGNORED_OFFSET = 0x20;
export const DPAGE_COUNT_REFUSED_OFFSET = 0x28;
export const DPAGE_BUFFERS_OFFSET = 0x40;
/** 1 when allocated */
export const dpageUsed = (m: Uint32Array, w: number): number => m[w];
export const setDpageUsed = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
export const putDpageUsed = (s: WordSink, w: number, v: number): void => s.put(w, v | 0);
/** queues that belong to it */
export const dpageUsers = (m: Uint32Array, w: number): number => m[w + 1];
export const setDpageUsers = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
export const putDpageUsers = (s: WordSink, w: number, v: number): void => s.put(w + 1, v | 0);
/** counter Exact up to 2^53. */
export const dpageCountDoorbells = (m: Uint32Array, w: number): number => m[w + 2] + m[w + 3] * 0x100000000;
export const setDpageCountDoorbells = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v >>> 0;
  m[w + 3] = Math.floor(v / 0x100000000);
};
export const putDpageCountDoorbells = (s: WordSink, w: number, v: number): void => {
  s.put(w + 2, v | 0);
  s.put(w + 3, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const dpageCountPushes = (m: Uint32Array, w: number): number => m[w + 4] + m[w + 5] * 0x100000000;
export const setDpageCountPushes = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v >>> 0;
  m[w + 5] = Math.floor(v / 0x100000000);
};
export const putDpageCountPushes = (s: WordSink, w: number, v: number): void => {
  s.put(w + 4, v | 0);
  s.put(w + 5, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const dpageCountFallbacks = (m: Uint32Array, w: number): number => m[w + 6] + m[w + 7] * 0x100000000;
export const setDpageCountFallbacks = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v >>> 0;
  m[w + 7] = Math.floor(v / 0x100000000);
};
export const putDpageCountFallbacks = (s: WordSink, w: number, v: number): void => {
  s.put(w + 6, v | 0);
  s.put(w + 7, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const dpageCountIgnored = (m: Uint32Array, w: number): number => m[w + 8] + m[w + 9] * 0x100000000;
export const setDpageCountIgnored = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v >>> 0;
  m[w + 9] = Math.floor(v / 0x100000000);
};
export const putDpageCountIgnored = (s: WordSink, w: number, v: number): void => {
  s.put(w + 8, v | 0);
  s.put(w + 9, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const dpageCountRefused = (m: Uint32Array, w: number): number => m[w + 10] + m[w + 11] * 0x100000000;
export const setDpageCountRefused = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v >>> 0;
  m[w + 11] = Math.floor(v / 0x100000000);
};
export const putDpageCountRefused = (s: WordSink, w: number, v: number): void => {
  s.put(w + 10, v | 0);
  s.put(w + 11, Math.floor(v / 0x100000000));
};

// mr: Memory region.
export const MR_SIZE = 64;
export const MR_USED_OFFSET = 0x0;
export const MR_KEY_OFFSET = 0x4;
export const MR_PD_OFFSET = 0x8;
export const MR_KIND_OFFSET = 0xc;
export const MR_ACCESS_OFFSET = 0x10;
export const MR_PAGE_SHIFT_OFFSET = 0x14;
export const MR_USERS_OFFSET = 0x18;
export const MR_POOL_START_OFFSET = 0x1c;
export const MR_PAGE_COUNT_OFFSET = 0x20;
export const MR_VALID_OFFSET = 0x24;
export const MR_IOVA_OFFSET = 0x28;
export const MR_LENGTH_OFFSET = 0x30;
/** 1 when registered */
export const mrUsed = (m: Uint32Array, w: number): number => m[w];
export const setMrUsed = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
export const putMrUsed = (s: WordSink, w: number, v: number): void => s.put(w, v | 0);
/** index in bits 31:8, tag in bits 7:0; the tag outlives the region so that a stale key is caught */
export const mrKey = (m: Uint32Array, w: number): number => m[w + 1];
export const setMrKey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
export const putMrKey = (s: WordSink, w: number, v: number): void => s.put(w + 1, v | 0);
/** protection domain */
export const mrPd = (m: Uint32Array, w: number): number => m[w + 2];
export const setMrPd = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
export const putMrPd = (s: WordSink, w: number, v: number): void => s.put(w + 2, v | 0);
/** kind */
export const mrKind = (m: Uint32Array, w: number): number => m[w + 3];
export const setMrKind = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
export const putMrKind = (s: WordSink, w: number, v: number): void => s.put(w + 3, v | 0);
/** access rights */
export const mrAccess = (m: Uint32Array, w: number): number => m[w + 4];
export const setMrAccess = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
export const putMrAccess = (s: WordSink, w: number, v: number): void => s.put(w + 4, v | 0);
/** log2 of the page size */
export const mrPageShift = (m: Uint32Array, w: number): number => m[w + 5];
export const setMrPageShift = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};
export const putMrPageShift = (s: WordSink, w: number, v: number): void => s.put(w + 5, v | 0);
/** queues whose buffer lies in it */
export const mrUsers = (m: Uint32Array, w: number): number => m[w + 6];
export const setMrUsers = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};
export const putMrUsers = (s: WordSink, w: number, v: number): void => s.put(w + 6, v | 0);
/** first entry in the page pool */
export const mrPoolStart = (m: Uint32Array, w: number): number => m[w + 7];
export const setMrPoolStart = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = v;
};
export const putMrPoolStart = (s: WordSink, w: number, v: number): void => s.put(w + 7, v | 0);
/** entries in the page pool; of kind FAST those that are set aside */
export const mrPageCount = (m: Uint32Array, w: number): number => m[w + 8];
export const setMrPageCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v;
};
export const putMrPageCount = (s: WordSink, w: number, v: number): void => s.put(w + 8, v | 0);
/** FAST: 1 between FAST_REG and invalidation; 1 for other kinds */
export const mrValid = (m: Uint32Array, w: number): number => m[w + 9];
export const setMrValid = (m: Uint32Array, w: number, v: number): void => {
  m[w + 9] = v;
};
export const putMrValid = (s: WordSink, w: number, v: number): void => s.put(w + 9, v | 0);
/** first byte Exact up to 2^53. */
export const mrIova = (m: Uint32Array, w: number): number => m[w + 10] + m[w + 11] * 0x100000000;
export const setMrIova = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v >>> 0;
  m[w + 11] = Math.floor(v / 0x100000000);
};
export const putMrIova = (s: WordSink, w: number, v: number): void => {
  s.put(w + 10, v | 0);
  s.put(w + 11, Math.floor(v / 0x100000000));
};
/** bytes Exact up to 2^53. */
export const mrLength = (m: Uint32Array, w: number): number => m[w + 12] + m[w + 13] * 0x100000000;
export const setMrLength = (m: Uint32Array, w: number, v: number): void => {
  m[w + 12] = v >>> 0;
  m[w + 13] = Math.floor(v / 0x100000000);
};
export const putMrLength = (s: WordSink, w: number, v: number): void => {
  s.put(w + 12, v | 0);
  s.put(w + 13, Math.floor(v / 0x100000000));
};

// eq: Event queue.
export const EQ_SIZE = 64;
export const EQ_USED_OFFSET = 0x0;
export const EQ_LOG_DEPTH_OFFSET = 0x4;
export const EQ_LKEY_OFFSET = 0x8;
export const EQ_PRODUCER_OFFSET = 0xc;
export const EQ_ADDRESS_OFFSET = 0x10;
export const EQ_CONSUMER_OFFSET = 0x18;
export const EQ_ARMED_OFFSET = 0x1c;
export const EQ_OVERFLOWED_OFFSET = 0x20;
export const EQ_USERS_OFFSET = 0x24;
export const EQ_VECTOR_OFFSET = 0x28;
export const EQ_DEFERRED_OFFSET = 0x2c;
/** 1 when created */
export const eqUsed = (m: Uint32Array, w: number): number => m[w];
export const setEqUsed = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
export const putEqUsed = (s: WordSink, w: number, v: number): void => s.put(w, v | 0);
/** log2 of the entries */
export const eqLogDepth = (m: Uint32Array, w: number): number => m[w + 1];
export const setEqLogDepth = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
export const putEqLogDepth = (s: WordSink, w: number, v: number): void => s.put(w + 1, v | 0);
/** memory region of the buffer */
export const eqLkey = (m: Uint32Array, w: number): number => m[w + 2];
export const setEqLkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
export const putEqLkey = (s: WordSink, w: number, v: number): void => s.put(w + 2, v | 0);
/** entries written, free running */
export const eqProducer = (m: Uint32Array, w: number): number => m[w + 3];
export const setEqProducer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
export const putEqProducer = (s: WordSink, w: number, v: number): void => s.put(w + 3, v | 0);
/** I/O virtual address of the buffer Exact up to 2^53. */
export const eqAddress = (m: Uint32Array, w: number): number => m[w + 4] + m[w + 5] * 0x100000000;
export const setEqAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v >>> 0;
  m[w + 5] = Math.floor(v / 0x100000000);
};
export const putEqAddress = (s: WordSink, w: number, v: number): void => {
  s.put(w + 4, v | 0);
  s.put(w + 5, Math.floor(v / 0x100000000));
};
/** consumer index last reported */
export const eqConsumer = (m: Uint32Array, w: number): number => m[w + 6];
export const setEqConsumer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};
export const putEqConsumer = (s: WordSink, w: number, v: number): void => s.put(w + 6, v | 0);
/** 0: no, 1: on anything, 2: on a solicited or failed completion */
export const eqArmed = (m: Uint32Array, w: number): number => m[w + 7];
export const setEqArmed = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = v;
};
export const putEqArmed = (s: WordSink, w: number, v: number): void => s.put(w + 7, v | 0);
/** 1 when an entry was lost */
export const eqOverflowed = (m: Uint32Array, w: number): number => m[w + 8];
export const setEqOverflowed = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v;
};
export const putEqOverflowed = (s: WordSink, w: number, v: number): void => s.put(w + 8, v | 0);
/** objects that use it */
export const eqUsers = (m: Uint32Array, w: number): number => m[w + 9];
export const setEqUsers = (m: Uint32Array, w: number, v: number): void => {
  m[w + 9] = v;
};
export const putEqUsers = (s: WordSink, w: number, v: number): void => s.put(w + 9, v | 0);
/** MSI-X vector */
export const eqVector = (m: Uint32Array, w: number): number => m[w + 10];
export const setEqVector = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v;
};
export const putEqVector = (s: WordSink, w: number, v: number): void => s.put(w + 10, v | 0);
/** 1 when an event found no room: it is told after the next EQ_ARM */
export const eqDeferred = (m: Uint32Array, w: number): number => m[w + 11];
export const setEqDeferred = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = v;
};
export const putEqDeferred = (s: WordSink, w: number, v: number): void => s.put(w + 11, v | 0);

// cq: Completion queue.
export const CQ_SIZE = 64;
export const CQ_USED_OFFSET = 0x0;
export const CQ_LOG_DEPTH_OFFSET = 0x4;
export const CQ_LKEY_OFFSET = 0x8;
export const CQ_PRODUCER_OFFSET = 0xc;
export const CQ_ADDRESS_OFFSET = 0x10;
export const CQ_CONSUMER_OFFSET = 0x18;
export const CQ_ARMED_OFFSET = 0x1c;
export const CQ_OVERFLOWED_OFFSET = 0x20;
export const CQ_USERS_OFFSET = 0x24;
export const CQ_EQN_OFFSET = 0x28;
export const CQ_PAGE_OFFSET = 0x2c;
export const CQ_SOLICITED_OFFSET = 0x30;
export const CQ_UNTOLD_OFFSET = 0x34;
export const CQ_MODERATION_OFFSET = 0x38;
export const CQ_GATHERED_OFFSET = 0x3c;
/** 1 when created */
export const cqUsed = (m: Uint32Array, w: number): number => m[w];
export const setCqUsed = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
export const putCqUsed = (s: WordSink, w: number, v: number): void => s.put(w, v | 0);
/** log2 of the entries */
export const cqLogDepth = (m: Uint32Array, w: number): number => m[w + 1];
export const setCqLogDepth = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
export const putCqLogDepth = (s: WordSink, w: number, v: number): void => s.put(w + 1, v | 0);
/** memory region of the buffer */
export const cqLkey = (m: Uint32Array, w: number): number => m[w + 2];
export const setCqLkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
export const putCqLkey = (s: WordSink, w: number, v: number): void => s.put(w + 2, v | 0);
/** entries written, free running */
export const cqProducer = (m: Uint32Array, w: number): number => m[w + 3];
export const setCqProducer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
export const putCqProducer = (s: WordSink, w: number, v: number): void => s.put(w + 3, v | 0);
/** I/O virtual address of the buffer Exact up to 2^53. */
export const cqAddress = (m: Uint32Array, w: number): number => m[w + 4] + m[w + 5] * 0x100000000;
export const setCqAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v >>> 0;
  m[w + 5] = Math.floor(v / 0x100000000);
};
export const putCqAddress = (s: WordSink, w: number, v: number): void => {
  s.put(w + 4, v | 0);
  s.put(w + 5, Math.floor(v / 0x100000000));
};
/** consumer index last reported */
export const cqConsumer = (m: Uint32Array, w: number): number => m[w + 6];
export const setCqConsumer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};
export const putCqConsumer = (s: WordSink, w: number, v: number): void => s.put(w + 6, v | 0);
/** 0: no, 1: on anything, 2: on a solicited or failed completion */
export const cqArmed = (m: Uint32Array, w: number): number => m[w + 7];
export const setCqArmed = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = v;
};
export const putCqArmed = (s: WordSink, w: number, v: number): void => s.put(w + 7, v | 0);
/** 1 when an entry was lost */
export const cqOverflowed = (m: Uint32Array, w: number): number => m[w + 8];
export const setCqOverflowed = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v;
};
export const putCqOverflowed = (s: WordSink, w: number, v: number): void => s.put(w + 8, v | 0);
/** objects that use it */
export const cqUsers = (m: Uint32Array, w: number): number => m[w + 9];
export const setCqUsers = (m: Uint32Array, w: number, v: number): void => {
  m[w + 9] = v;
};
export const putCqUsers = (s: WordSink, w: number, v: number): void => s.put(w + 9, v | 0);
/** event queue */
export const cqEqn = (m: Uint32Array, w: number): number => m[w + 10];
export const setCqEqn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v;
};
export const putCqEqn = (s: WordSink, w: number, v: number): void => s.put(w + 10, v | 0);
/** doorbell page */
export const cqPage = (m: Uint32Array, w: number): number => m[w + 11];
export const setCqPage = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = v;
};
export const putCqPage = (s: WordSink, w: number, v: number): void => s.put(w + 11, v | 0);
/** producer index after the last solicited or failed entry */
export const cqSolicited = (m: Uint32Array, w: number): number => m[w + 12];
export const setCqSolicited = (m: Uint32Array, w: number, v: number): void => {
  m[w + 12] = v;
};
export const putCqSolicited = (s: WordSink, w: number, v: number): void => s.put(w + 12, v | 0);
/** 1 when its CQ_ERROR event found no room */
export const cqUntold = (m: Uint32Array, w: number): number => m[w + 13];
export const setCqUntold = (m: Uint32Array, w: number, v: number): void => {
  m[w + 13] = v;
};
export const putCqUntold = (s: WordSink, w: number, v: number): void => s.put(w + 13, v | 0);
/** when an armed queue tells; zero: of each completion */
export const cqModeration = (m: Uint32Array, w: number): number => m[w + 14];
export const setCqModeration = (m: Uint32Array, w: number, v: number): void => {
  m[w + 14] = v;
};
export const putCqModeration = (s: WordSink, w: number, v: number): void => s.put(w + 14, v | 0);
/** completions that count */
export const cqModerationCount = (m: Uint32Array, w: number): number => m[w + 14] & 0xffff;
export const setCqModerationCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 14] = ((m[w + 14] & 0xffff0000) | (v & 0xffff)) >>> 0;
};
/** microseconds after the first of them */
export const cqModerationPeriodUs = (m: Uint32Array, w: number): number => (m[w + 14] >>> 16);
export const setCqModerationPeriodUs = (m: Uint32Array, w: number, v: number): void => {
  m[w + 14] = ((m[w + 14] & 0xffff) | ((v & 0xffff) << 16)) >>> 0;
};
/** completions that count and have not been told since it was armed */
export const cqGathered = (m: Uint32Array, w: number): number => m[w + 15];
export const setCqGathered = (m: Uint32Array, w: number, v: number): void => {
  m[w + 15] = v;
};
export const putCqGathered = (s: WordSink, w: number, v: number): void => s.put(w + 15, v | 0);

// srq: Shared receive queue.
export const SRQ_SIZE = 64;
export const SRQ_USED_OFFSET = 0x0;
export const SRQ_PD_OFFSET = 0x4;
export const SRQ_PAGE_OFFSET = 0x8;
export const SRQ_LKEY_OFFSET = 0xc;
export const SRQ_ADDRESS_OFFSET = 0x10;
export const SRQ_LOG_DEPTH_OFFSET = 0x18;
export const SRQ_LOG_STRIDE_OFFSET = 0x1c;
export const SRQ_PRODUCER_OFFSET = 0x20;
export const SRQ_CONSUMER_OFFSET = 0x24;
export const SRQ_LIMIT_OFFSET = 0x28;
export const SRQ_USERS_OFFSET = 0x2c;
export const SRQ_FAILED_OFFSET = 0x30;
export const SRQ_UNTOLD_OFFSET = 0x34;
/** 1 when created */
export const srqUsed = (m: Uint32Array, w: number): number => m[w];
export const setSrqUsed = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
export const putSrqUsed = (s: WordSink, w: number, v: number): void => s.put(w, v | 0);
/** protection domain */
export const srqPd = (m: Uint32Array, w: number): number => m[w + 1];
export const setSrqPd = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
export const putSrqPd = (s: WordSink, w: number, v: number): void => s.put(w + 1, v | 0);
/** doorbell page */
export const srqPage = (m: Uint32Array, w: number): number => m[w + 2];
export const setSrqPage = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
export const putSrqPage = (s: WordSink, w: number, v: number): void => s.put(w + 2, v | 0);
/** memory region of the buffer */
export const srqLkey = (m: Uint32Array, w: number): number => m[w + 3];
export const setSrqLkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
export const putSrqLkey = (s: WordSink, w: number, v: number): void => s.put(w + 3, v | 0);
/** buffer Exact up to 2^53. */
export const srqAddress = (m: Uint32Array, w: number): number => m[w + 4] + m[w + 5] * 0x100000000;
export const setSrqAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v >>> 0;
  m[w + 5] = Math.floor(v / 0x100000000);
};
export const putSrqAddress = (s: WordSink, w: number, v: number): void => {
  s.put(w + 4, v | 0);
  s.put(w + 5, Math.floor(v / 0x100000000));
};
/** log2 of the entries */
export const srqLogDepth = (m: Uint32Array, w: number): number => m[w + 6];
export const setSrqLogDepth = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};
export const putSrqLogDepth = (s: WordSink, w: number, v: number): void => s.put(w + 6, v | 0);
/** log2 of the stride */
export const srqLogStride = (m: Uint32Array, w: number): number => m[w + 7];
export const setSrqLogStride = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = v;
};
export const putSrqLogStride = (s: WordSink, w: number, v: number): void => s.put(w + 7, v | 0);
/** modulo 65,536 */
export const srqProducer = (m: Uint32Array, w: number): number => m[w + 8];
export const setSrqProducer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v;
};
export const putSrqProducer = (s: WordSink, w: number, v: number): void => s.put(w + 8, v | 0);
/** next to use */
export const srqConsumer = (m: Uint32Array, w: number): number => m[w + 9];
export const setSrqConsumer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 9] = v;
};
export const putSrqConsumer = (s: WordSink, w: number, v: number): void => s.put(w + 9, v | 0);
/** limit that is armed; 0: none */
export const srqLimit = (m: Uint32Array, w: number): number => m[w + 10];
export const setSrqLimit = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v;
};
export const putSrqLimit = (s: WordSink, w: number, v: number): void => s.put(w + 10, v | 0);
/** queue pairs that use it */
export const srqUsers = (m: Uint32Array, w: number): number => m[w + 11];
export const setSrqUsers = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = v;
};
export const putSrqUsers = (s: WordSink, w: number, v: number): void => s.put(w + 11, v | 0);
/** 1 when its buffer could not be read */
export const srqFailed = (m: Uint32Array, w: number): number => m[w + 12];
export const setSrqFailed = (m: Uint32Array, w: number, v: number): void => {
  m[w + 12] = v;
};
export const putSrqFailed = (s: WordSink, w: number, v: number): void => s.put(w + 12, v | 0);
/** events that found no room, a bit for each event type */
export const srqUntold = (m: Uint32Array, w: number): number => m[w + 13];
export const setSrqUntold = (m: Uint32Array, w: number, v: number): void => {
  m[w + 13] = v;
};
export const putSrqUntold = (s: WordSink, w: number, v: number): void => s.put(w + 13, v | 0);

// ah: Address handle.
export const AH_SIZE = 64;
export const AH_USED_OFFSET = 0x0;
export const AH_PD_OFFSET = 0x4;
export const AH_SGID_INDEX_OFFSET = 0x8;
export const AH_HOP_LIMIT_OFFSET = 0xc;
export const AH_TRAFFIC_CLASS_OFFSET = 0x10;
export const AH_FLOW_LABEL_OFFSET = 0x14;
export const AH_DGID_OFFSET = 0x18;
export const AH_DMAC_LO_OFFSET = 0x28;
export const AH_DMAC_HI_OFFSET = 0x2c;
export const AH_UDP_SPORT_OFFSET = 0x30;
/** 1 when created */
export const ahUsed = (m: Uint32Array, w: number): number => m[w];
export const setAhUsed = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
export const putAhUsed = (s: WordSink, w: number, v: number): void => s.put(w, v | 0);
/** protection domain */
export const ahPd = (m: Uint32Array, w: number): number => m[w + 1];
export const setAhPd = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
export const putAhPd = (s: WordSink, w: number, v: number): void => s.put(w + 1, v | 0);
/** entry of the GID table */
export const ahSgidIndex = (m: Uint32Array, w: number): number => m[w + 2];
export const setAhSgidIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
export const putAhSgidIndex = (s: WordSink, w: number, v: number): void => s.put(w + 2, v | 0);
/** time to live */
export const ahHopLimit = (m: Uint32Array, w: number): number => m[w + 3];
export const setAhHopLimit = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
export const putAhHopLimit = (s: WordSink, w: number, v: number): void => s.put(w + 3, v | 0);
/** DSCP and ECN */
export const ahTrafficClass = (m: Uint32Array, w: number): number => m[w + 4];
export const setAhTrafficClass = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
export const putAhTrafficClass = (s: WordSink, w: number, v: number): void => s.put(w + 4, v | 0);
/** 20 bits */
export const ahFlowLabel = (m: Uint32Array, w: number): number => m[w + 5];
export const setAhFlowLabel = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};
export const putAhFlowLabel = (s: WordSink, w: number, v: number): void => s.put(w + 5, v | 0);
/** MAC address, bytes 0 to 3 */
export const ahDmacLo = (m: Uint32Array, w: number): number => m[w + 10];
export const setAhDmacLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v;
};
export const putAhDmacLo = (s: WordSink, w: number, v: number): void => s.put(w + 10, v | 0);
/** bytes 4 and 5 */
export const ahDmacHi = (m: Uint32Array, w: number): number => m[w + 11];
export const setAhDmacHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = v;
};
export const putAhDmacHi = (s: WordSink, w: number, v: number): void => s.put(w + 11, v | 0);
/** UDP source port, or 0 */
export const ahUdpSport = (m: Uint32Array, w: number): number => m[w + 12];
export const setAhUdpSport = (m: Uint32Array, w: number, v: number): void => {
  m[w + 12] = v;
};
export const putAhUdpSport = (s: WordSink, w: number, v: number): void => s.put(w + 12, v | 0);

// gid: Entry of the GID table.
export const GID_SIZE = 32;
export const GID_TYPE_OFFSET = 0x0;
export const GID_GID_OFFSET = 0x4;
export const GID_MAC_LO_OFFSET = 0x14;
export const GID_MAC_HI_OFFSET = 0x18;
export const GID_UNTOLD_OFFSET = 0x1c;
/** type; 0: free */
export const gidType = (m: Uint32Array, w: number): number => m[w];
export const setGidType = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
export const putGidType = (s: WordSink, w: number, v: number): void => s.put(w, v | 0);
/** source MAC address, bytes 0 to 3; with mac_hi zero: the own one */
export const gidMacLo = (m: Uint32Array, w: number): number => m[w + 5];
export const setGidMacLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};
export const putGidMacLo = (s: WordSink, w: number, v: number): void => s.put(w + 5, v | 0);
/** bytes 4 and 5 */
export const gidMacHi = (m: Uint32Array, w: number): number => m[w + 6];
export const setGidMacHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};
export const putGidMacHi = (s: WordSink, w: number, v: number): void => s.put(w + 6, v | 0);
/** 1 when its GID_CHANGE event found no room */
export const gidUntold = (m: Uint32Array, w: number): number => m[w + 7];
export const setGidUntold = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = v;
};
export const putGidUntold = (s: WordSink, w: number, v: number): void => s.put(w + 7, v | 0);

// qp: Queue pair.
export const QP_SIZE = 1536;
export const QP_USED_OFFSET = 0x0;
export const QP_TYPE_OFFSET = 0x4;
export const QP_STATE_OFFSET = 0x8;
export const QP_PD_OFFSET = 0xc;
export const QP_PAGE_OFFSET = 0x10;
export const QP_SEND_CQN_OFFSET = 0x14;
export const QP_RECV_CQN_OFFSET = 0x18;
export const QP_SEND_LKEY_OFFSET = 0x1c;
export const QP_RECV_LKEY_OFFSET = 0x20;
export const QP_SEND_LOG_DEPTH_OFFSET = 0x24;
export const QP_SEND_LOG_STRIDE_OFFSET = 0x28;
export const QP_RECV_LOG_DEPTH_OFFSET = 0x2c;
export const QP_RECV_LOG_STRIDE_OFFSET = 0x30;
export const QP_SEND_ADDRESS_OFFSET = 0x38;
export const QP_RECV_ADDRESS_OFFSET = 0x40;
export const QP_SEND_PRODUCER_OFFSET = 0x48;
export const QP_SEND_CONSUMER_OFFSET = 0x4c;
export const QP_RECV_PRODUCER_OFFSET = 0x50;
export const QP_RECV_CONSUMER_OFFSET = 0x54;
export const QP_DEST_QPN_OFFSET = 0x58;
export const QP_MTU_BYTES_OFFSET = 0x5c;
export const QP_SQ_PSN_OFFSET = 0x60;
export const QP_RQ_PSN_OFFSET = 0x64;
export const QP_MSN_OFFSET = 0x68;
export const QP_ERROR_STATUS_OFFSET = 0x6c;
export const QP_ERROR_INDEX_OFFSET = 0x70;
export const QP_ACTIVE_OFFSET = 0x74;
export const QP_ACTIVE_AT_OFFSET = 0x78;
export const QP_ACTIVE_DONE_OFFSET = 0x7c;
export const QP_RECV_ACTIVE_OFFSET = 0x80;
export const QP_RECV_DONE_OFFSET = 0x84;
export const QP_UNTOLD_OFFSET = 0x88;
export const QP_FAULT_INFO_OFFSET = 0x8c;
export const QP_FAULT_ADDRESS_OFFSET = 0x90;
export const QP_FLAGS_OFFSET = 0x98;
export const QP_SRQN_OFFSET = 0x9c;
export const QP_ACCESS_OFFSET = 0xa0;
export const QP_QKEY_OFFSET = 0xa4;
export const QP_PORT_OFFSET = 0xa8;
export const QP_HAS_AV_OFFSET = 0xac;
export const QP_SGID_INDEX_OFFSET = 0xb0;
export const QP_HOP_LIMIT_OFFSET = 0xb4;
export const QP_TRAFFIC_CLASS_OFFSET = 0xb8;
export const QP_FLOW_LABEL_OFFSET = 0xbc;
export const QP_DGID_OFFSET = 0xc0;
export const QP_DMAC_LO_OFFSET = 0xd0;
export const QP_DMAC_HI_OFFSET = 0xd4;
export const QP_UDP_SPORT_OFFSET = 0xd8;
export const QP_MAX_RD_ATOMIC_OFFSET = 0xdc;
export const QP_MAX_DEST_RD_ATOMIC_OFFSET = 0xe0;
export const QP_MIN_RNR_TIMER_OFFSET = 0xe4;
export const QP_TIMEOUT_OFFSET = 0xe8;
export const QP_RETRY_COUNT_OFFSET = 0xec;
export const QP_RNR_RETRY_OFFSET = 0xf0;
export const QP_SQD_EVENT_OFFSET = 0xf4;
export const QP_ESTABLISHED_OFFSET = 0xf8;
export const QP_RECV_OPCODE_OFFSET = 0xfc;
export const QP_RECV_INDEX_OFFSET = 0x100;
export const QP_RECV_LOG_STRIDE_AT_OFFSET = 0x104;
export const QP_RESP_ACTIVE_OFFSET = 0x108;
export const QP_RESP_KEY_OFFSET = 0x10c;
export const QP_RESP_ADDRESS_OFFSET = 0x110;
export const QP_RESP_LENGTH_OFFSET = 0x118;
export const QP_RESP_PSN_OFFSET = 0x11c;
export const QP_ATOMIC_PSN_OFFSET = 0x120;
export const QP_ATOMIC_LO_OFFSET = 0x124;
export const QP_ATOMIC_HI_OFFSET = 0x128;
export const QP_RESP_DONE_OFFSET = 0x12c;
export const QP_COUNT_TX_MESSAGES_OFFSET = 0x130;
export const QP_COUNT_TX_BYTES_OFFSET = 0x138;
export const QP_COUNT_RX_MESSAGES_OFFSET = 0x140;
export const QP_COUNT_RX_BYTES_OFFSET = 0x148;
export const QP_COUNT_PUSHED_OFFSET = 0x150;
export const QP_COUNT_RUNG_OFFSET = 0x158;
export const QP_COUNT_ERRORS_OFFSET = 0x160;
export const QP_COUNT_FLUSHED_OFFSET = 0x168;
export const QP_COUNT_RX_REQUESTS_OFFSET = 0x170;
export const QP_COUNT_RX_DROPPED_OFFSET = 0x178;
export const QP_SEND_WQE_OFFSET = 0x200;
export const QP_RECV_WQE_OFFSET = 0x400;
/** 1 when created */
export const qpUsed = (m: Uint32Array, w: number): number => m[w];
export const setQpUsed = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
export const putQpUsed = (s: WordSink, w: number, v: number): void => s.put(w, v | 0);
/** type */
export const qpType = (m: Uint32Array, w: number): number => m[w + 1];
export const setQpType = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
export const putQpType = (s: WordSink, w: number, v: number): void => s.put(w + 1, v | 0);
/** state */
export const qpState = (m: Uint32Array, w: number): number => m[w + 2];
export const setQpState = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
export const putQpState = (s: WordSink, w: number, v: number): void => s.put(w + 2, v | 0);
/** protection domain */
export const qpPd = (m: Uint32Array, w: number): number => m[w + 3];
export const setQpPd = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
export const putQpPd = (s: WordSink, w: number, v: number): void => s.put(w + 3, v | 0);
/** doorbell page */
export const qpPage = (m: Uint32Array, w: number): number => m[w + 4];
export const setQpPage = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
export const putQpPage = (s: WordSink, w: number, v: number): void => s.put(w + 4, v | 0);
/** completion queue */
export const qpSendCqn = (m: Uint32Array, w: number): number => m[w + 5];
export const setQpSendCqn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 5] = v;
};
export const putQpSendCqn = (s: WordSink, w: number, v: number): void => s.put(w + 5, v | 0);
/** completion queue */
export const qpRecvCqn = (m: Uint32Array, w: number): number => m[w + 6];
export const setQpRecvCqn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};
export const putQpRecvCqn = (s: WordSink, w: number, v: number): void => s.put(w + 6, v | 0);
/** memory region of the send queue */
export const qpSendLkey = (m: Uint32Array, w: number): number => m[w + 7];
export const setQpSendLkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = v;
};
export const putQpSendLkey = (s: WordSink, w: number, v: number): void => s.put(w + 7, v | 0);
/** memory region of the receive queue */
export const qpRecvLkey = (m: Uint32Array, w: number): number => m[w + 8];
export const setQpRecvLkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v;
};
export const putQpRecvLkey = (s: WordSink, w: number, v: number): void => s.put(w + 8, v | 0);
/** log2 of the entries */
export const qpSendLogDepth = (m: Uint32Array, w: number): number => m[w + 9];
export const setQpSendLogDepth = (m: Uint32Array, w: number, v: number): void => {
  m[w + 9] = v;
};
export const putQpSendLogDepth = (s: WordSink, w: number, v: number): void => s.put(w + 9, v | 0);
/** log2 of the stride */
export const qpSendLogStride = (m: Uint32Array, w: number): number => m[w + 10];
export const setQpSendLogStride = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v;
};
export const putQpSendLogStride = (s: WordSink, w: number, v: number): void => s.put(w + 10, v | 0);
/** log2 of the entries */
export const qpRecvLogDepth = (m: Uint32Array, w: number): number => m[w + 11];
export const setQpRecvLogDepth = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = v;
};
export const putQpRecvLogDepth = (s: WordSink, w: number, v: number): void => s.put(w + 11, v | 0);
/** log2 of the stride */
export const qpRecvLogStride = (m: Uint32Array, w: number): number => m[w + 12];
export const setQpRecvLogStride = (m: Uint32Array, w: number, v: number): void => {
  m[w + 12] = v;
};
export const putQpRecvLogStride = (s: WordSink, w: number, v: number): void => s.put(w + 12, v | 0);
/** buffer Exact up to 2^53. */
export const qpSendAddress = (m: Uint32Array, w: number): number => m[w + 14] + m[w + 15] * 0x100000000;
export const setQpSendAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w + 14] = v >>> 0;
  m[w + 15] = Math.floor(v / 0x100000000);
};
export const putQpSendAddress = (s: WordSink, w: number, v: number): void => {
  s.put(w + 14, v | 0);
  s.put(w + 15, Math.floor(v / 0x100000000));
};
/** buffer Exact up to 2^53. */
export const qpRecvAddress = (m: Uint32Array, w: number): number => m[w + 16] + m[w + 17] * 0x100000000;
export const setQpRecvAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w + 16] = v >>> 0;
  m[w + 17] = Math.floor(v / 0x100000000);
};
export const putQpRecvAddress = (s: WordSink, w: number, v: number): void => {
  s.put(w + 16, v | 0);
  s.put(w + 17, Math.floor(v / 0x100000000));
};
/** modulo 65,536 */
export const qpSendProducer = (m: Uint32Array, w: number): number => m[w + 18];
export const setQpSendProducer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 18] = v;
};
export const putQpSendProducer = (s: WordSink, w: number, v: number): void => s.put(w + 18, v | 0);
/** next to execute */
export const qpSendConsumer = (m: Uint32Array, w: number): number => m[w + 19];
export const setQpSendConsumer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 19] = v;
};
export const putQpSendConsumer = (s: WordSink, w: number, v: number): void => s.put(w + 19, v | 0);
/** modulo 65,536 */
export const qpRecvProducer = (m: Uint32Array, w: number): number => m[w + 20];
export const setQpRecvProducer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 20] = v;
};
export const putQpRecvProducer = (s: WordSink, w: number, v: number): void => s.put(w + 20, v | 0);
/** next to use */
export const qpRecvConsumer = (m: Uint32Array, w: number): number => m[w + 21];
export const setQpRecvConsumer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 21] = v;
};
export const putQpRecvConsumer = (s: WordSink, w: number, v: number): void => s.put(w + 21, v | 0);
/** other end */
export const qpDestQpn = (m: Uint32Array, w: number): number => m[w + 22];
export const setQpDestQpn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 22] = v;
};
export const putQpDestQpn = (s: WordSink, w: number, v: number): void => s.put(w + 22, v | 0);
/** payload bytes of a packet */
export const qpMtuBytes = (m: Uint32Array, w: number): number => m[w + 23];
export const setQpMtuBytes = (m: Uint32Array, w: number, v: number): void => {
  m[w + 23] = v;
};
export const putQpMtuBytes = (s: WordSink, w: number, v: number): void => s.put(w + 23, v | 0);
/** next to send */
export const qpSqPsn = (m: Uint32Array, w: number): number => m[w + 24];
export const setQpSqPsn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 24] = v;
};
export const putQpSqPsn = (s: WordSink, w: number, v: number): void => s.put(w + 24, v | 0);
/** next expected */
export const qpRqPsn = (m: Uint32Array, w: number): number => m[w + 25];
export const setQpRqPsn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 25] = v;
};
export const putQpRqPsn = (s: WordSink, w: number, v: number): void => s.put(w + 25, v | 0);
/** messages received */
export const qpMsn = (m: Uint32Array, w: number): number => m[w + 26];
export const setQpMsn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 26] = v;
};
export const putQpMsn = (s: WordSink, w: number, v: number): void => s.put(w + 26, v | 0);
/** completion status that moved the queue to the error state */
export const qpErrorStatus = (m: Uint32Array, w: number): number => m[w + 27];
export const setQpErrorStatus = (m: Uint32Array, w: number, v: number): void => {
  m[w + 27] = v;
};
export const putQpErrorStatus = (s: WordSink, w: number, v: number): void => s.put(w + 27, v | 0);
/** descriptor that did */
export const qpErrorIndex = (m: Uint32Array, w: number): number => m[w + 28];
export const setQpErrorIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 28] = v;
};
export const putQpErrorIndex = (s: WordSink, w: number, v: number): void => s.put(w + 28, v | 0);
/** 1: the descriptor at send_consumer has begun */
export const qpActive = (m: Uint32Array, w: number): number => m[w + 29];
export const setQpActive = (m: Uint32Array, w: number, v: number): void => {
  m[w + 29] = v;
};
export const putQpActive = (s: WordSink, w: number, v: number): void => s.put(w + 29, v | 0);
/** word of the region at which its bytes stand */
export const qpActiveAt = (m: Uint32Array, w: number): number => m[w + 30];
export const setQpActiveAt = (m: Uint32Array, w: number, v: number): void => {
  m[w + 30] = v;
};
export const putQpActiveAt = (s: WordSink, w: number, v: number): void => s.put(w + 30, v | 0);
/** bytes done */
export const qpActiveDone = (m: Uint32Array, w: number): number => m[w + 31];
export const setQpActiveDone = (m: Uint32Array, w: number, v: number): void => {
  m[w + 31] = v;
};
export const putQpActiveDone = (s: WordSink, w: number, v: number): void => s.put(w + 31, v | 0);
/** 1: the receive at recv_consumer has begun */
export const qpRecvActive = (m: Uint32Array, w: number): number => m[w + 32];
export const setQpRecvActive = (m: Uint32Array, w: number, v: number): void => {
  m[w + 32] = v;
};
export const putQpRecvActive = (s: WordSink, w: number, v: number): void => s.put(w + 32, v | 0);
/** bytes done */
export const qpRecvDone = (m: Uint32Array, w: number): number => m[w + 33];
export const setQpRecvDone = (m: Uint32Array, w: number, v: number): void => {
  m[w + 33] = v;
};
export const putQpRecvDone = (s: WordSink, w: number, v: number): void => s.put(w + 33, v | 0);
/** events that found no room, a bit for each event type */
export const qpUntold = (m: Uint32Array, w: number): number => m[w + 34];
export const setQpUntold = (m: Uint32Array, w: number, v: number): void => {
  m[w + 34] = v;
};
export const putQpUntold = (s: WordSink, w: number, v: number): void => s.put(w + 34, v | 0);
/** DMA fault that moved the queue to the error state, as register FAULT_INFO; or zero */
export const qpFaultInfo = (m: Uint32Array, w: number): number => m[w + 35];
export const setQpFaultInfo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 35] = v;
};
export const putQpFaultInfo = (s: WordSink, w: number, v: number): void => s.put(w + 35, v | 0);
/** its bus address Exact up to 2^53. */
export const qpFaultAddress = (m: Uint32Array, w: number): number => m[w + 36] + m[w + 37] * 0x100000000;
export const setQpFaultAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w + 36] = v >>> 0;
  m[w + 37] = Math.floor(v / 0x100000000);
};
export const putQpFaultAddress = (s: WordSink, w: number, v: number): void => {
  s.put(w + 36, v | 0);
  s.put(w + 37, Math.floor(v / 0x100000000));
};
/** flags */
export const qpFlags = (m: Uint32Array, w: number): number => m[w + 38];
export const setQpFlags = (m: Uint32Array, w: number, v: number): void => {
  m[w + 38] = v;
};
export const putQpFlags = (s: WordSink, w: number, v: number): void => s.put(w + 38, v | 0);
/** shared receive queue; 0: none */
export const qpSrqn = (m: Uint32Array, w: number): number => m[w + 39];
export const setQpSrqn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 39] = v;
};
export const putQpSrqn = (s: WordSink, w: number, v: number): void => s.put(w + 39, v | 0);
/** what the peer may do */
export const qpAccess = (m: Uint32Array, w: number): number => m[w + 40];
export const setQpAccess = (m: Uint32Array, w: number, v: number): void => {
  m[w + 40] = v;
};
export const putQpAccess = (s: WordSink, w: number, v: number): void => s.put(w + 40, v | 0);
/** Q_Key */
export const qpQkey = (m: Uint32Array, w: number): number => m[w + 41];
export const setQpQkey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 41] = v;
};
export const putQpQkey = (s: WordSink, w: number, v: number): void => s.put(w + 41, v | 0);
/** 1 once it was given */
export const qpPort = (m: Uint32Array, w: number): number => m[w + 42];
export const setQpPort = (m: Uint32Array, w: number, v: number): void => {
  m[w + 42] = v;
};
export const putQpPort = (s: WordSink, w: number, v: number): void => s.put(w + 42, v | 0);
/** 1 once an address vector was given */
export const qpHasAv = (m: Uint32Array, w: number): number => m[w + 43];
export const setQpHasAv = (m: Uint32Array, w: number, v: number): void => {
  m[w + 43] = v;
};
export const putQpHasAv = (s: WordSink, w: number, v: number): void => s.put(w + 43, v | 0);
/** entry of the GID table */
export const qpSgidIndex = (m: Uint32Array, w: number): number => m[w + 44];
export const setQpSgidIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 44] = v;
};
export const putQpSgidIndex = (s: WordSink, w: number, v: number): void => s.put(w + 44, v | 0);
/** time to live */
export const qpHopLimit = (m: Uint32Array, w: number): number => m[w + 45];
export const setQpHopLimit = (m: Uint32Array, w: number, v: number): void => {
  m[w + 45] = v;
};
export const putQpHopLimit = (s: WordSink, w: number, v: number): void => s.put(w + 45, v | 0);
/** DSCP and ECN */
export const qpTrafficClass = (m: Uint32Array, w: number): number => m[w + 46];
export const setQpTrafficClass = (m: Uint32Array, w: number, v: number): void => {
  m[w + 46] = v;
};
export const putQpTrafficClass = (s: WordSink, w: number, v: number): void => s.put(w + 46, v | 0);
/** 20 bits */
export const qpFlowLabel = (m: Uint32Array, w: number): number => m[w + 47];
export const setQpFlowLabel = (m: Uint32Array, w: number, v: number): void => {
  m[w + 47] = v;
};
export const putQpFlowLabel = (s: WordSink, w: number, v: number): void => s.put(w + 47, v | 0);
/** MAC address, bytes 0 to 3 */
export const qpDmacLo = (m: Uint32Array, w: number): number => m[w + 52];
export const setQpDmacLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 52] = v;
};
export const putQpDmacLo = (s: WordSink, w: number, v: number): void => s.put(w + 52, v | 0);
/** bytes 4 and 5 */
export const qpDmacHi = (m: Uint32Array, w: number): number => m[w + 53];
export const setQpDmacHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 53] = v;
};
export const putQpDmacHi = (s: WordSink, w: number, v: number): void => s.put(w + 53, v | 0);
/** UDP source port, or 0 */
export const qpUdpSport = (m: Uint32Array, w: number): number => m[w + 54];
export const setQpUdpSport = (m: Uint32Array, w: number, v: number): void => {
  m[w + 54] = v;
};
export const putQpUdpSport = (s: WordSink, w: number, v: number): void => s.put(w + 54, v | 0);
/** as in MODIFY_QP */
export const qpMaxRdAtomic = (m: Uint32Array, w: number): number => m[w + 55];
export const setQpMaxRdAtomic = (m: Uint32Array, w: number, v: number): void => {
  m[w + 55] = v;
};
export const putQpMaxRdAtomic = (s: WordSink, w: number, v: number): void => s.put(w + 55, v | 0);
/** as in MODIFY_QP */
export const qpMaxDestRdAtomic = (m: Uint32Array, w: number): number => m[w + 56];
export const setQpMaxDestRdAtomic = (m: Uint32Array, w: number, v: number): void => {
  m[w + 56] = v;
};
export const putQpMaxDestRdAtomic = (s: WordSink, w: number, v: number): void => s.put(w + 56, v | 0);
/** as in MODIFY_QP */
export const qpMinRnrTimer = (m: Uint32Array, w: number): number => m[w + 57];
export const setQpMinRnrTimer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 57] = v;
};
export const putQpMinRnrTimer = (s: WordSink, w: number, v: number): void => s.put(w + 57, v | 0);
/** as in MODIFY_QP */
export const qpTimeout = (m: Uint32Array, w: number): number => m[w + 58];
export const setQpTimeout = (m: Uint32Array, w: number, v: number): void => {
  m[w + 58] = v;
};
export const putQpTimeout = (s: WordSink, w: number, v: number): void => s.put(w + 58, v | 0);
/** as in MODIFY_QP */
export const qpRetryCount = (m: Uint32Array, w: number): number => m[w + 59];
export const setQpRetryCount = (m: Uint32Array, w: number, v: number): void => {
  m[w + 59] = v;
};
export const putQpRetryCount = (s: WordSink, w: number, v: number): void => s.put(w + 59, v | 0);
/** as in MODIFY_QP */
export const qpRnrRetry = (m: Uint32Array, w: number): number => m[w + 60];
export const setQpRnrRetry = (m: Uint32Array, w: number, v: number): void => {
  m[w + 60] = v;
};
export const putQpRnrRetry = (s: WordSink, w: number, v: number): void => s.put(w + 60, v | 0);
/** 1: SQ_DRAINED is to be told */
export const qpSqdEvent = (m: Uint32Array, w: number): number => m[w + 61];
export const setQpSqdEvent = (m: Uint32Array, w: number, v: number): void => {
  m[w + 61] = v;
};
export const putQpSqdEvent = (s: WordSink, w: number, v: number): void => s.put(w + 61, v | 0);
/** 1 once a packet has come in */
export const qpEstablished = (m: Uint32Array, w: number): number => m[w + 62];
export const setQpEstablished = (m: Uint32Array, w: number, v: number): void => {
  m[w + 62] = v;
};
export const putQpEstablished = (s: WordSink, w: number, v: number): void => s.put(w + 62, v | 0);
/** BTH opcode of the first packet of the message under way */
export const qpRecvOpcode = (m: Uint32Array, w: number): number => m[w + 63];
export const setQpRecvOpcode = (m: Uint32Array, w: number, v: number): void => {
  m[w + 63] = v;
};
export const putQpRecvOpcode = (s: WordSink, w: number, v: number): void => s.put(w + 63, v | 0);
/** work-queue index of the receive under way (of the shared queue, if it comes from there) */
export const qpRecvIndex = (m: Uint32Array, w: number): number => m[w + 64];
export const setQpRecvIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 64] = v;
};
export const putQpRecvIndex = (s: WordSink, w: number, v: number): void => s.put(w + 64, v | 0);
/** log2 of the bytes of that receive */
export const qpRecvLogStrideAt = (m: Uint32Array, w: number): number => m[w + 65];
export const setQpRecvLogStrideAt = (m: Uint32Array, w: number, v: number): void => {
  m[w + 65] = v;
};
export const putQpRecvLogStrideAt = (s: WordSink, w: number, v: number): void => s.put(w + 65, v | 0);
/** 1: a message of the peer that takes several packets is under way: what recv_opcode says */
export const qpRespActive = (m: Uint32Array, w: number): number => m[w + 66];
export const setQpRespActive = (m: Uint32Array, w: number, v: number): void => {
  m[w + 66] = v;
};
export const putQpRespActive = (s: WordSink, w: number, v: number): void => s.put(w + 66, v | 0);
/** its remote key */
export const qpRespKey = (m: Uint32Array, w: number): number => m[w + 67];
export const setQpRespKey = (m: Uint32Array, w: number, v: number): void => {
  m[w + 67] = v;
};
export const putQpRespKey = (s: WordSink, w: number, v: number): void => s.put(w + 67, v | 0);
/** its next byte Exact up to 2^53. */
export const qpRespAddress = (m: Uint32Array, w: number): number => m[w + 68] + m[w + 69] * 0x100000000;
export const setQpRespAddress = (m: Uint32Array, w: number, v: number): void => {
  m[w + 68] = v >>> 0;
  m[w + 69] = Math.floor(v / 0x100000000);
};
export const putQpRespAddress = (s: WordSink, w: number, v: number): void => {
  s.put(w + 68, v | 0);
  s.put(w + 69, Math.floor(v / 0x100000000));
};
/** bytes that it still has */
export const qpRespLength = (m: Uint32Array, w: number): number => m[w + 70];
export const setQpRespLength = (m: Uint32Array, w: number, v: number): void => {
  m[w + 70] = v;
};
export const putQpRespLength = (s: WordSink, w: number, v: number): void => s.put(w + 70, v | 0);
/** READ: next response */
export const qpRespPsn = (m: Uint32Array, w: number): number => m[w + 71];
export const setQpRespPsn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 71] = v;
};
export const putQpRespPsn = (s: WordSink, w: number, v: number): void => s.put(w + 71, v | 0);
/** last atomic carried out for the peer: its PSN */
export const qpAtomicPsn = (m: Uint32Array, w: number): number => m[w + 72];
export const setQpAtomicPsn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 72] = v;
};
export const putQpAtomicPsn = (s: WordSink, w: number, v: number): void => s.put(w + 72, v | 0);
/** and the value that it found */
export const qpAtomicLo = (m: Uint32Array, w: number): number => m[w + 73];
export const setQpAtomicLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 73] = v;
};
export const putQpAtomicLo = (s: WordSink, w: number, v: number): void => s.put(w + 73, v | 0);
/** high half */
export const qpAtomicHi = (m: Uint32Array, w: number): number => m[w + 74];
export const setQpAtomicHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 74] = v;
};
export const putQpAtomicHi = (s: WordSink, w: number, v: number): void => s.put(w + 74, v | 0);
/** bytes of that READ or WRITE that are done */
export const qpRespDone = (m: Uint32Array, w: number): number => m[w + 75];
export const setQpRespDone = (m: Uint32Array, w: number, v: number): void => {
  m[w + 75] = v;
};
export const putQpRespDone = (s: WordSink, w: number, v: number): void => s.put(w + 75, v | 0);
/** counter Exact up to 2^53. */
export const qpCountTxMessages = (m: Uint32Array, w: number): number => m[w + 76] + m[w + 77] * 0x100000000;
export const setQpCountTxMessages = (m: Uint32Array, w: number, v: number): void => {
  m[w + 76] = v >>> 0;
  m[w + 77] = Math.floor(v / 0x100000000);
};
export const putQpCountTxMessages = (s: WordSink, w: number, v: number): void => {
  s.put(w + 76, v | 0);
  s.put(w + 77, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const qpCountTxBytes = (m: Uint32Array, w: number): number => m[w + 78] + m[w + 79] * 0x100000000;
export const setQpCountTxBytes = (m: Uint32Array, w: number, v: number): void => {
  m[w + 78] = v >>> 0;
  m[w + 79] = Math.floor(v / 0x100000000);
};
export const putQpCountTxBytes = (s: WordSink, w: number, v: number): void => {
  s.put(w + 78, v | 0);
  s.put(w + 79, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const qpCountRxMessages = (m: Uint32Array, w: number): number => m[w + 80] + m[w + 81] * 0x100000000;
export const setQpCountRxMessages = (m: Uint32Array, w: number, v: number): void => {
  m[w + 80] = v >>> 0;
  m[w + 81] = Math.floor(v / 0x100000000);
};
export const putQpCountRxMessages = (s: WordSink, w: number, v: number): void => {
  s.put(w + 80, v | 0);
  s.put(w + 81, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const qpCountRxBytes = (m: Uint32Array, w: number): number => m[w + 82] + m[w + 83] * 0x100000000;
export const setQpCountRxBytes = (m: Uint32Array, w: number, v: number): void => {
  m[w + 82] = v >>> 0;
  m[w + 83] = Math.floor(v / 0x100000000);
};
export const putQpCountRxBytes = (s: WordSink, w: number, v: number): void => {
  s.put(w + 82, v | 0);
  s.put(w + 83, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const qpCountPushed = (m: Uint32Array, w: number): number => m[w + 84] + m[w + 85] * 0x100000000;
export const setQpCountPushed = (m: Uint32Array, w: number, v: number): void => {
  m[w + 84] = v >>> 0;
  m[w + 85] = Math.floor(v / 0x100000000);
};
export const putQpCountPushed = (s: WordSink, w: number, v: number): void => {
  s.put(w + 84, v | 0);
  s.put(w + 85, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const qpCountRung = (m: Uint32Array, w: number): number => m[w + 86] + m[w + 87] * 0x100000000;
export const setQpCountRung = (m: Uint32Array, w: number, v: number): void => {
  m[w + 86] = v >>> 0;
  m[w + 87] = Math.floor(v / 0x100000000);
};
export const putQpCountRung = (s: WordSink, w: number, v: number): void => {
  s.put(w + 86, v | 0);
  s.put(w + 87, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const qpCountErrors = (m: Uint32Array, w: number): number => m[w + 88] + m[w + 89] * 0x100000000;
export const setQpCountErrors = (m: Uint32Array, w: number, v: number): void => {
  m[w + 88] = v >>> 0;
  m[w + 89] = Math.floor(v / 0x100000000);
};
export const putQpCountErrors = (s: WordSink, w: number, v: number): void => {
  s.put(w + 88, v | 0);
  s.put(w + 89, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const qpCountFlushed = (m: Uint32Array, w: number): number => m[w + 90] + m[w + 91] * 0x100000000;
export const setQpCountFlushed = (m: Uint32Array, w: number, v: number): void => {
  m[w + 90] = v >>> 0;
  m[w + 91] = Math.floor(v / 0x100000000);
};
export const putQpCountFlushed = (s: WordSink, w: number, v: number): void => {
  s.put(w + 90, v | 0);
  s.put(w + 91, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const qpCountRxRequests = (m: Uint32Array, w: number): number => m[w + 92] + m[w + 93] * 0x100000000;
export const setQpCountRxRequests = (m: Uint32Array, w: number, v: number): void => {
  m[w + 92] = v >>> 0;
  m[w + 93] = Math.floor(v / 0x100000000);
};
export const putQpCountRxRequests = (s: WordSink, w: number, v: number): void => {
  s.put(w + 92, v | 0);
  s.put(w + 93, Math.floor(v / 0x100000000));
};
/** counter Exact up to 2^53. */
export const qpCountRxDropped = (m: Uint32Array, w: number): number => m[w + 94] + m[w + 95] * 0x100000000;
export const setQpCountRxDropped = (m: Uint32Array, w: number, v: number): void => {
  m[w + 94] = v >>> 0;
  m[w + 95] = Math.floor(v / 0x100000000);
};
export const putQpCountRxDropped = (s: WordSink, w: number, v: number): void => {
  s.put(w + 94, v | 0);
  s.put(w + 95, Math.floor(v / 0x100000000));
};

// pslot: Pushed descriptor that the scheduler holds.
export const PSLOT_SIZE = 288;
export const PSLOT_USED_OFFSET = 0x0;
export const PSLOT_QPN_OFFSET = 0x4;
export const PSLOT_INDEX_OFFSET = 0x8;
export const PSLOT_SEQUENCE_OFFSET = 0xc;
export const PSLOT_LENGTH_OFFSET = 0x10;
export const PSLOT_DATA_OFFSET = 0x20;
/** 1 from acceptance to completion */
export const pslotUsed = (m: Uint32Array, w: number): number => m[w];
export const setPslotUsed = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
export const putPslotUsed = (s: WordSink, w: number, v: number): void => s.put(w, v | 0);
/** queue pair */
export const pslotQpn = (m: Uint32Array, w: number): number => m[w + 1];
export const setPslotQpn = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
export const putPslotQpn = (s: WordSink, w: number, v: number): void => s.put(w + 1, v | 0);
/** work-queue index */
export const pslotIndex = (m: Uint32Array, w: number): number => m[w + 2];
export const setPslotIndex = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
export const putPslotIndex = (s: WordSink, w: number, v: number): void => s.put(w + 2, v | 0);
/** arrival number */
export const pslotSequence = (m: Uint32Array, w: number): number => m[w + 3];
export const setPslotSequence = (m: Uint32Array, w: number, v: number): void => {
  m[w + 3] = v;
};
export const putPslotSequence = (s: WordSink, w: number, v: number): void => s.put(w + 3, v | 0);
/** bytes */
export const pslotLength = (m: Uint32Array, w: number): number => m[w + 4];
export const setPslotLength = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v;
};
export const putPslotLength = (s: WordSink, w: number, v: number): void => s.put(w + 4, v | 0);
