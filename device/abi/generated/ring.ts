// SPDX-License-Identifier: MIT
// Generated from device/abi/ring.ts by "npm run generate"; do not edit.
import type { WordSink } from '../word-sink.js';

/** "PRNG" */
export const RING_MAGIC = 0x474e5250;
/** slots start here */
export const RING_HEADER_BYTES = 0x1000;
/** one slot */
export const RING_SLOT_BYTES = 64;
/** slots at most */
export const RING_SLOTS_MAX = 0x10000;

/** operation of a slot */
export const RingOp = {
  /** posted write */
  WRITE: 1,
  /** read request; answered in the slot */
  READ: 2,
} as const;
export type RingOp = (typeof RingOp)[keyof typeof RingOp];

/** status of an answer */
export const AnswerStatus = {
  /** ANSWER_DATA holds the value */
  OK: 0,
  /** the front-end gives all-ones */
  UNSUPPORTED: 1,
} as const;
export type AnswerStatus = (typeof AnswerStatus)[keyof typeof AnswerStatus];

// ring: Ring header. Each group of words has its own cache line and one writer.
export const RING_SIZE = 320;
export const RING_MAGIC_OFFSET = 0x0;
export const RING_VERSION_OFFSET = 0x4;
export const RING_SLOTS_OFFSET = 0x8;
export const RING_PRODUCER_OFFSET = 0x40;
export const RING_RESET_EPOCH_OFFSET = 0x44;
export const RING_ANSWER_WAITING_OFFSET = 0x48;
export const RING_SESSION_OFFSET = 0x4c;
export const RING_CONSUMER_OFFSET = 0x80;
export const RING_IRQ_RAISED_OFFSET = 0xc0;
export const RING_INTX_LEVEL_OFFSET = 0xc4;
export const RING_ASLEEP_OFFSET = 0x100;
export const RING_ALIVE_OFFSET = 0x104;
/** RING_MAGIC; front-end, at creation */
export const ringMagic = (m: Uint32Array, w: number): number => m[w];
export const setRingMagic = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
export const putRingMagic = (s: WordSink, w: number, v: number): void => s.put(w, v | 0);
/** EXTENSION_VERSION; front-end, at creation */
export const ringVersion = (m: Uint32Array, w: number): number => m[w + 1];
export const setRingVersion = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = v;
};
export const putRingVersion = (s: WordSink, w: number, v: number): void => s.put(w + 1, v | 0);
/** front-end, at creation */
export const ringSlots = (m: Uint32Array, w: number): number => m[w + 2];
export const setRingSlots = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
export const putRingSlots = (s: WordSink, w: number, v: number): void => s.put(w + 2, v | 0);
/** front-end: slots filled so far; stored with release after the slot */
export const ringProducer = (m: Uint32Array, w: number): number => m[w + 16];
export const setRingProducer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 16] = v;
};
export const putRingProducer = (s: WordSink, w: number, v: number): void => s.put(w + 16, v | 0);
/** front-end: raised by every reset; slots of an older epoch are dropped */
export const ringResetEpoch = (m: Uint32Array, w: number): number => m[w + 17];
export const setRingResetEpoch = (m: Uint32Array, w: number, v: number): void => {
  m[w + 17] = v;
};
export const putRingResetEpoch = (s: WordSink, w: number, v: number): void => s.put(w + 17, v | 0);
/** front-end: 1 while it sleeps on the answer eventfd (for an answer or for room) */
export const ringAnswerWaiting = (m: Uint32Array, w: number): number => m[w + 18];
export const setRingAnswerWaiting = (m: Uint32Array, w: number, v: number): void => {
  m[w + 18] = v;
};
export const putRingAnswerWaiting = (s: WordSink, w: number, v: number): void => s.put(w + 18, v | 0);
/** front-end: number of the connection that the ring belongs to; raised before a connection is given up */
export const ringSession = (m: Uint32Array, w: number): number => m[w + 19];
export const setRingSession = (m: Uint32Array, w: number, v: number): void => {
  m[w + 19] = v;
};
export const putRingSession = (s: WordSink, w: number, v: number): void => s.put(w + 19, v | 0);
/** back-end: slots done so far; stored with release */
export const ringConsumer = (m: Uint32Array, w: number): number => m[w + 32];
export const setRingConsumer = (m: Uint32Array, w: number, v: number): void => {
  m[w + 32] = v;
};
export const putRingConsumer = (s: WordSink, w: number, v: number): void => s.put(w + 32, v | 0);
/** back-end: interrupts raised so far, all vectors; stored before the eventfd is written */
export const ringIrqRaised = (m: Uint32Array, w: number): number => m[w + 48];
export const setRingIrqRaised = (m: Uint32Array, w: number, v: number): void => {
  m[w + 48] = v;
};
export const putRingIrqRaised = (s: WordSink, w: number, v: number): void => s.put(w + 48, v | 0);
/** back-end: level of INTx */
export const ringIntxLevel = (m: Uint32Array, w: number): number => m[w + 49];
export const setRingIntxLevel = (m: Uint32Array, w: number, v: number): void => {
  m[w + 49] = v;
};
export const putRingIntxLevel = (s: WordSink, w: number, v: number): void => s.put(w + 49, v | 0);
/** back-end: 1 when it is about to sleep on the kick eventfd; the front-end exchanges it with 0 when it kicks */
export const ringAsleep = (m: Uint32Array, w: number): number => m[w + 64];
export const setRingAsleep = (m: Uint32Array, w: number, v: number): void => {
  m[w + 64] = v;
};
export const putRingAsleep = (s: WordSink, w: number, v: number): void => s.put(w + 64, v | 0);
/** back-end: process id of the connected back-end */
export const ringAlive = (m: Uint32Array, w: number): number => m[w + 65];
export const setRingAlive = (m: Uint32Array, w: number, v: number): void => {
  m[w + 65] = v;
};
export const putRingAlive = (s: WordSink, w: number, v: number): void => s.put(w + 65, v | 0);

// slot: One slot. Words up to DATA are written by the front-end, the answer by the back-end.
export const SLOT_SIZE = 64;
export const SLOT_SEQ_OFFSET = 0x0;
export const SLOT_OP_OFFSET = 0x4;
export const SLOT_BAR_OFFSET = 0x5;
export const SLOT_SIZE_OFFSET = 0x6;
export const SLOT_EPOCH_OFFSET = 0x8;
export const SLOT_OFFSET_OFFSET = 0x10;
export const SLOT_DATA_OFFSET = 0x18;
export const SLOT_ANSWER_DATA_OFFSET = 0x20;
export const SLOT_ANSWER_IRQ_OFFSET = 0x28;
export const SLOT_ANSWER_STATUS_OFFSET = 0x2c;
export const SLOT_ANSWER_SEQ_OFFSET = 0x30;
/** index of this slot, free running */
export const slotSeq = (m: Uint32Array, w: number): number => m[w];
export const setSlotSeq = (m: Uint32Array, w: number, v: number): void => {
  m[w] = v;
};
export const putSlotSeq = (s: WordSink, w: number, v: number): void => s.put(w, v | 0);
/** operation */
export const slotOp = (m: Uint32Array, w: number): number => m[w + 1] & 0xff;
export const setSlotOp = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffffff00) | (v & 0xff)) >>> 0;
};
/** BAR */
export const slotBar = (m: Uint32Array, w: number): number => (m[w + 1] >>> 8) & 0xff;
export const setSlotBar = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xffff00ff) | ((v & 0xff) << 8)) >>> 0;
};
/** 1, 2, 4 or 8 bytes */
export const slotSize = (m: Uint32Array, w: number): number => (m[w + 1] >>> 16) & 0xff;
export const setSlotSize = (m: Uint32Array, w: number, v: number): void => {
  m[w + 1] = ((m[w + 1] & 0xff00ffff) | ((v & 0xff) << 16)) >>> 0;
};
/** reset epoch when the access was made */
export const slotEpoch = (m: Uint32Array, w: number): number => m[w + 2];
export const setSlotEpoch = (m: Uint32Array, w: number, v: number): void => {
  m[w + 2] = v;
};
export const putSlotEpoch = (s: WordSink, w: number, v: number): void => s.put(w + 2, v | 0);
/** offset in the BAR Exact up to 2^53. */
export const slotOffset = (m: Uint32Array, w: number): number => m[w + 4] + m[w + 5] * 0x100000000;
export const setSlotOffset = (m: Uint32Array, w: number, v: number): void => {
  m[w + 4] = v >>> 0;
  m[w + 5] = Math.floor(v / 0x100000000);
};
export const putSlotOffset = (s: WordSink, w: number, v: number): void => {
  s.put(w + 4, v | 0);
  s.put(w + 5, Math.floor(v / 0x100000000));
};
/** data of a write (low half) */
export const slotDataLo = (m: Uint32Array, w: number): number => m[w + 6];
export const setSlotDataLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 6] = v;
};
export const putSlotDataLo = (s: WordSink, w: number, v: number): void => s.put(w + 6, v | 0);
/** data of a write (high half) */
export const slotDataHi = (m: Uint32Array, w: number): number => m[w + 7];
export const setSlotDataHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 7] = v;
};
export const putSlotDataHi = (s: WordSink, w: number, v: number): void => s.put(w + 7, v | 0);
/** data of a read (low half) */
export const slotAnswerDataLo = (m: Uint32Array, w: number): number => m[w + 8];
export const setSlotAnswerDataLo = (m: Uint32Array, w: number, v: number): void => {
  m[w + 8] = v;
};
export const putSlotAnswerDataLo = (s: WordSink, w: number, v: number): void => s.put(w + 8, v | 0);
/** data of a read (high half) */
export const slotAnswerDataHi = (m: Uint32Array, w: number): number => m[w + 9];
export const setSlotAnswerDataHi = (m: Uint32Array, w: number, v: number): void => {
  m[w + 9] = v;
};
export const putSlotAnswerDataHi = (s: WordSink, w: number, v: number): void => s.put(w + 9, v | 0);
/** interrupts raised up to here: the front-end delivers them before it returns the value */
export const slotAnswerIrq = (m: Uint32Array, w: number): number => m[w + 10];
export const setSlotAnswerIrq = (m: Uint32Array, w: number, v: number): void => {
  m[w + 10] = v;
};
export const putSlotAnswerIrq = (s: WordSink, w: number, v: number): void => s.put(w + 10, v | 0);
/** status */
export const slotAnswerStatus = (m: Uint32Array, w: number): number => m[w + 11];
export const setSlotAnswerStatus = (m: Uint32Array, w: number, v: number): void => {
  m[w + 11] = v;
};
export const putSlotAnswerStatus = (s: WordSink, w: number, v: number): void => s.put(w + 11, v | 0);
/** SEQ + 1; stored last, with release: the answer is there */
export const slotAnswerSeq = (m: Uint32Array, w: number): number => m[w + 12];
export const setSlotAnswerSeq = (m: Uint32Array, w: number, v: number): void => {
  m[w + 12] = v;
};
export const putSlotAnswerSeq = (s: WordSink, w: number, v: number): void => s.put(w + 12, v | 0);
