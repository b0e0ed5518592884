// SPDX-License-Identifier: MIT
// The memory of an MMIO ring: the checks before it is used, and where its words are.

import { EXTENSION_VERSION } from '../abi/generated/messages.js';
import {
  RING_ALIVE_OFFSET,
  RING_ANSWER_WAITING_OFFSET,
  RING_ASLEEP_OFFSET,
  RING_CONSUMER_OFFSET,
  RING_HEADER_BYTES,
  RING_INTX_LEVEL_OFFSET,
  RING_IRQ_RAISED_OFFSET,
  RING_MAGIC,
  RING_PRODUCER_OFFSET,
  RING_RESET_EPOCH_OFFSET,
  RING_SESSION_OFFSET,
  RING_SLOT_BYTES,
  RING_SLOTS_MAX,
  ringMagic,
  ringSession,
  ringSlots,
  ringVersion,
  SLOT_ANSWER_SEQ_OFFSET,
} from '../abi/generated/ring.js';
import { PeerFault } from '../sys/errors.js';
import { cannotShrink, sizeOf } from '../sys/fd.js';

/** The peer broke the rules of the ring: the session ends, with this message as the reason. */
export class RingFault extends PeerFault {
  override readonly name = 'RingFault';
}

/** Why a session ended whose ring belongs to another connection by now. */
export const GIVEN_UP = 'given up by the front-end';

/** Word indices of the header words that are loaded and stored with Atomics. */
export const RingWord = {
  PRODUCER: RING_PRODUCER_OFFSET / 4,
  RESET_EPOCH: RING_RESET_EPOCH_OFFSET / 4,
  ANSWER_WAITING: RING_ANSWER_WAITING_OFFSET / 4,
  SESSION: RING_SESSION_OFFSET / 4,
  CONSUMER: RING_CONSUMER_OFFSET / 4,
  ASLEEP: RING_ASLEEP_OFFSET / 4,
  IRQ_RAISED: RING_IRQ_RAISED_OFFSET / 4,
  INTX_LEVEL: RING_INTX_LEVEL_OFFSET / 4,
  ALIVE: RING_ALIVE_OFFSET / 4,
} as const;

export const SLOTS_WORD = RING_HEADER_BYTES / 4;
export const SLOT_WORDS = RING_SLOT_BYTES / 4;
export const ANSWER_SEQ_WORD = SLOT_ANSWER_SEQ_OFFSET / 4;

export const ringBytes = (slots: number): number => RING_HEADER_BYTES + slots * RING_SLOT_BYTES;

/** Checks the descriptor of a ring before it is mapped. Throws RingFault. */
export function checkRingFile(fd: number, size: number, slots: number): void {
  const valid = slots >= 1 && slots <= RING_SLOTS_MAX && (slots & (slots - 1)) === 0;
  if (!valid) throw new RingFault(`ring of ${slots} slots`);
  if (size < ringBytes(slots) || size % 4096 !== 0 || size > ringBytes(RING_SLOTS_MAX)) {
    throw new RingFault(`ring of ${slots} slots in ${size} bytes`);
  }
  if (!cannotShrink(fd)) throw new RingFault('the ring is not sealed against shrinking');
  if (sizeOf(fd) < size) throw new RingFault(`the ring's file has ${sizeOf(fd)} bytes, not ${size}`);
}

/**
 * Checks the words that the front-end wrote when it made the ring, and that the ring still belongs to the connection
 * that hands it over. Throws RingFault.
 */
export function checkRingHeader(words: Uint32Array, slots: number, session: number): void {
  if (ringMagic(words, 0) !== RING_MAGIC) throw new RingFault('the ring has no magic number');
  const version = ringVersion(words, 0);
  if (version !== EXTENSION_VERSION) throw new RingFault(`ring version ${version}, not ${EXTENSION_VERSION}`);
  if (ringSlots(words, 0) !== slots)
    throw new RingFault(`the header says ${ringSlots(words, 0)} slots, not ${slots}`);
  if (ringSession(words, 0) !== session)
    throw new RingFault(`the header says session ${ringSession(words, 0)}, not ${session}`);
}
