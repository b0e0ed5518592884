// SPDX-License-Identifier: MIT
// Reset of the function: every object is gone, registers are as after power-on. RESET_TARGET says that one is under way;
// it is set in a step, and all that follows may be done again, so a reset that was cut off is simply done once more.
import { GidType } from '../abi/generated/commands.js';
import {
  AH_COUNT,
  AH_TABLE,
  AH_WORDS,
  CQ_COUNT,
  CQ_TABLE,
  CQ_WORDS,
  DPAGE_COUNT,
  DPAGE_TABLE,
  DPAGE_WORDS,
  EQ_COUNT,
  EQ_TABLE,
  EQ_WORDS,
  GID_COUNT,
  GID_GID_OFFSET,
  GID_TABLE,
  GID_WORDS,
  MR_COUNT,
  MR_TABLE,
  MR_WORDS,
  PD_COUNT,
  PD_TABLE,
  PD_WORDS,
  POOL_BLOCK_COUNT,
  POOL_BLOCK_TABLE,
  PSLOT_COUNT,
  PSLOT_TABLE,
  PSLOT_WORDS,
  putGidType,
  QP_COUNT,
  QP_TABLE,
  QP_WORDS,
  SRQ_COUNT,
  SRQ_TABLE,
  SRQ_WORDS,
  ST_AH_HIGH_OFFSET,
  ST_COMMAND_PENDING_OFFSET,
  ST_COMMAND_STATUS_OFFSET,
  ST_CONTROL_OFFSET,
  ST_COUNT_DMA_FAULTS_OFFSET,
  ST_COUNT_DOORBELLS_OFFSET,
  ST_CQ_HIGH_OFFSET,
  ST_CURSORS_OFFSET,
  ST_EQ_HIGH_OFFSET,
  ST_FAULT_ADDRESS_HI_OFFSET,
  ST_FAULT_ADDRESS_LO_OFFSET,
  ST_FAULT_INDEX_OFFSET,
  ST_FAULT_INFO_OFFSET,
  ST_GSI_USED_OFFSET,
  ST_HOLD_OFFSET,
  ST_INTERRUPT_CAUSE_OFFSET,
  ST_IRQ_PENDING_OFFSET,
  ST_MAILBOX_HI_OFFSET,
  ST_MAILBOX_LO_OFFSET,
  ST_MR_HIGH_OFFSET,
  ST_MR_LOW_OFFSET,
  ST_OUTBOX_COUNT_OFFSET,
  ST_PD_HIGH_OFFSET,
  ST_POOL_HIGH_OFFSET,
  ST_PORT_RX_SEQUENCE_OFFSET,
  ST_PORT_TX_BYTES_OFFSET,
  ST_PORT_UNTOLD_OFFSET,
  ST_PUSH_SEQUENCE_OFFSET,
  ST_QP_HIGH_OFFSET,
  ST_RATE_MBPS_OFFSET,
  ST_RESET_COUNT_OFFSET,
  ST_RESET_TARGET_OFFSET,
  ST_SCRATCH_OFFSET,
  ST_SRQ_HIGH_OFFSET,
  stMacHi,
  stMacLo,
} from '../abi/generated/state.js';
import { gidOfIpv4, ipv4FromMac } from '../fabric/addresses.js';
import type { Journal } from './journal.js';

const COUNTERS = 9;
const MAC_BYTES = 6;
/** Words of the counters of the port. */
const PORT_COUNTER_WORDS = (ST_PORT_RX_SEQUENCE_OFFSET + 8 - ST_PORT_TX_BYTES_OFFSET) / 4;
/** What the scheduler keeps: from the cursors to what was overtaken. */
const TURN_WORDS = 10;

/** Words of the head that power-on leaves zero. Identity, what PCI configures and the ring position are not among them. */
const CLEARED: readonly number[] = [
  ST_OUTBOX_COUNT_OFFSET,
  ST_IRQ_PENDING_OFFSET,
  ST_CONTROL_OFFSET,
  ST_MAILBOX_LO_OFFSET,
  ST_MAILBOX_HI_OFFSET,
  ST_COMMAND_STATUS_OFFSET,
  ST_COMMAND_PENDING_OFFSET,
  ST_SCRATCH_OFFSET,
  ST_HOLD_OFFSET,
  ST_RATE_MBPS_OFFSET,
  ST_PUSH_SEQUENCE_OFFSET,
  ST_INTERRUPT_CAUSE_OFFSET,
  ST_GSI_USED_OFFSET,
  ST_MR_LOW_OFFSET,
  ST_PORT_UNTOLD_OFFSET,
  ST_COUNT_DMA_FAULTS_OFFSET,
  ST_FAULT_ADDRESS_LO_OFFSET,
  ST_FAULT_ADDRESS_HI_OFFSET,
  ST_FAULT_INFO_OFFSET,
  ST_FAULT_INDEX_OFFSET,
  ...Array.from({ length: COUNTERS }, (_, n) => ST_COUNT_DOORBELLS_OFFSET + n * 4),
  ...Array.from({ length: PORT_COUNTER_WORDS }, (_, n) => ST_PORT_TX_BYTES_OFFSET + n * 4),
  ...Array.from({ length: TURN_WORDS }, (_, n) => ST_CURSORS_OFFSET + n * 4),
];

/** Tables whose rows start with `used`: [first word, words of a row, rows, word of the high-water mark]. */
const TABLES: readonly (readonly [number, number, number, number])[] = [
  [PD_TABLE, PD_WORDS, PD_COUNT, ST_PD_HIGH_OFFSET / 4],
  [EQ_TABLE, EQ_WORDS, EQ_COUNT, ST_EQ_HIGH_OFFSET / 4],
  [CQ_TABLE, CQ_WORDS, CQ_COUNT, ST_CQ_HIGH_OFFSET / 4],
  [QP_TABLE, QP_WORDS, QP_COUNT, ST_QP_HIGH_OFFSET / 4],
  [SRQ_TABLE, SRQ_WORDS, SRQ_COUNT, ST_SRQ_HIGH_OFFSET / 4],
  [AH_TABLE, AH_WORDS, AH_COUNT, ST_AH_HIGH_OFFSET / 4],
  [MR_TABLE, MR_WORDS, MR_COUNT, ST_MR_HIGH_OFFSET / 4],
  [POOL_BLOCK_TABLE, 1, POOL_BLOCK_COUNT, ST_POOL_HIGH_OFFSET / 4],
];

/** Marks a reset as begun, as part of the caller's step. finishReset() must follow the commit. */
export function beginReset(journal: Journal): void {
  journal.put(ST_RESET_TARGET_OFFSET / 4, (journal.u32[ST_RESET_COUNT_OFFSET / 4] + 1) >>> 0);
}

/** Does the reset that RESET_TARGET asks for. */
export function finishReset(journal: Journal): void {
  const target = journal.u32[ST_RESET_TARGET_OFFSET / 4];
  clearObjects(journal);
  resetGids(journal);
  for (const offset of CLEARED) journal.raw(offset / 4, 0);
  journal.single(ST_RESET_COUNT_OFFSET / 4, target);
  journal.single(ST_RESET_TARGET_OFFSET / 4, 0);
}

/** Every row becomes free; its other words are cleared when it is used again (allocate.ts). */
export function clearObjects(journal: Journal): void {
  const m = journal.u32;
  for (const [first, words, count, high] of TABLES) {
    const end = Math.min(m[high], count);
    for (let n = 0; n < end; n++) if (m[first + n * words] !== 0) journal.raw(first + n * words, 0);
    journal.raw(high, 0);
  }
  for (let n = 0; n < PSLOT_COUNT; n++)
    if (m[PSLOT_TABLE + n * PSLOT_WORDS] !== 0) journal.raw(PSLOT_TABLE + n * PSLOT_WORDS, 0);
  // Push buffers keep state between descriptors, so doorbell pages are cleared whole where they were touched.
  for (let w = 0; w < DPAGE_COUNT * DPAGE_WORDS; w++)
    if (m[DPAGE_TABLE + w] !== 0) journal.raw(DPAGE_TABLE + w, 0);
  journal.raw(DPAGE_TABLE, 1);
}

/** The MAC address that the region gives the adapter. */
export function macOf(m: Uint32Array): Uint8Array {
  const words = Uint32Array.of(stMacLo(m, 0), stMacHi(m, 0));
  return new Uint8Array(words.buffer, 0, MAC_BYTES);
}

/** The GID table as after power-on: entry 0 is the IPv4 address that follows from the MAC, so that the port reaches itself. */
export function resetGids(journal: Journal): void {
  const m = journal.u32;
  for (let w = GID_TABLE; w < GID_TABLE + GID_COUNT * GID_WORDS; w++) if (m[w] !== 0) journal.raw(w, 0);
  const gid = new Uint32Array(gidOfIpv4(ipv4FromMac(macOf(m))).buffer);
  gid.forEach((word, n) => {
    journal.raw(GID_TABLE + GID_GID_OFFSET / 4 + n, word);
  });
  putGidType(journal.outside, GID_TABLE, GidType.ROCE_V2);
}
