// SPDX-License-Identifier: MIT
// Push buffers in trapped mode: every store is seen. A push is *whole* when each byte of the descriptor was stored
// exactly once since the buffer's last trailer. The trailer is the trigger: a whole push of the queue's next index with
// a free slot runs from the pushed bytes; any other acts as an ordinary doorbell for its index; a trailer for an index
// already taken is ignored. architecture.md, "A push, exactly".
import { SGE_SIZE, WQE_SIZE } from '../abi/generated/descriptors.js';
import {
  PUSH_BUFFER_BYTES,
  PUSH_BUFFER_STRIDE,
  PUSH_LENGTH_UNIT,
  PUSH_TRAILER_OFFSET,
  pushTrailerBuffer,
  pushTrailerGeneration,
  pushTrailerIndex,
  pushTrailerLength,
  pushTrailerQpn,
} from '../abi/generated/registers.js';
import {
  DPAGE_BUFFERS_OFFSET,
  PBUF_DATA_OFFSET,
  PBUF_SIZE,
  PBUF_WRITTEN_OFFSET,
  PSLOT_DATA_OFFSET,
  pbufGeneration,
  pbufTorn,
  putPbufGeneration,
  putPbufTorn,
  putPslotIndex,
  putPslotLength,
  putPslotQpn,
  putPslotSequence,
  putPslotUsed,
  putQpSendProducer,
  qpSendConsumer,
  qpSendLogDepth,
  qpSendProducer,
  ST_COUNT_PUSH_FALLBACKS_OFFSET,
  ST_COUNT_PUSHES_OFFSET,
  ST_PUSH_SEQUENCE_OFFSET,
} from '../abi/generated/state.js';
import type { Core } from './core.js';
import { badAccess, distance, HALF, INDEX_MODULUS, ignore, maySend, refuse, ringSend } from './notify.js';
import { NONE, type PageRow, type QpRow, qpNumber, qpRow } from './rows.js';

const BUFFER_WORDS = PBUF_SIZE / 4;
const WRITTEN = PBUF_WRITTEN_OFFSET / 4;
const DATA = PBUF_DATA_OFFSET / 4;
const MAP_WORDS = 8;
const GENERATIONS = 256;
/** Where the accessors of the layout look when the trailer itself is all that there is. */
const TRAILER = -(PUSH_TRAILER_OFFSET / 4);
const PUSH_SEQUENCE = ST_PUSH_SEQUENCE_OFFSET / 4;

/** A store of `size` bytes at `offset` of the priority area of page `page`; `value` holds its two words. */
export function storePush(
  core: Core,
  page: number,
  row: PageRow,
  offset: number,
  size: number,
  value: Uint32Array,
): void {
  const number = Math.floor(offset / PUSH_BUFFER_STRIDE);
  const inBuffer = offset % PUSH_BUFFER_STRIDE;
  const buffer = row + DPAGE_BUFFERS_OFFSET / 4 + number * BUFFER_WORDS;
  if (inBuffer === PUSH_TRAILER_OFFSET && size === 8) return trailer(core, page, number, buffer, value);
  if (inBuffer + size > PUSH_BUFFER_BYTES) return badAccess(core);
  storeBytes(core, buffer, inBuffer, size, value);
}

/** Takes the bytes. One that was there already makes the push torn: nobody can say which one the guest meant. */
function storeBytes(core: Core, buffer: number, at: number, size: number, value: Uint32Array): void {
  const { m, journal } = core;
  for (let n = 0; n < size; n++) {
    const byte = at + n;
    const map = buffer + WRITTEN + Math.floor(byte / 32);
    const bit = BITS[byte % 32];
    if ((m[map] & bit) !== 0) {
      if (pbufTorn(m, buffer) === 0) putPbufTorn(journal, buffer, 1);
    } else journal.put(map, (m[map] | bit) >>> 0);
    journal.rawByte((buffer + DATA) * 4 + byte, byteOf(value, n));
  }
}

const BITS: readonly number[] = Array.from({ length: 32 }, (_, n) => 2 ** n);
const byteOf = (value: Uint32Array, n: number): number =>
  Math.floor(value[n < 4 ? 0 : 1] / 256 ** (n % 4)) % 256;

function trailer(core: Core, page: number, number: number, buffer: number, value: Uint32Array): void {
  const { m } = core;
  const qp = qpRow(m, pushTrailerQpn(value, TRAILER));
  const index = pushTrailerIndex(value, TRAILER);
  const bytes = pushTrailerLength(value, TRAILER) * PUSH_LENGTH_UNIT;
  const fresh =
    pushTrailerBuffer(value, TRAILER) === number &&
    pushTrailerGeneration(value, TRAILER) === pbufGeneration(m, buffer);
  const whole = fresh && isWhole(m, buffer, bytes);
  decide(core, page, qp, index, bytes, whole, buffer);
  empty(core, buffer);
}

function decide(
  core: Core,
  page: number,
  qp: QpRow,
  index: number,
  bytes: number,
  whole: boolean,
  buffer: number,
): void {
  const { m, journal } = core;
  if (!maySend(m, page, qp)) return refuse(core);
  const ahead = distance(index, qpSendProducer(m, qp));
  if (ahead >= HALF) return ignore(core);
  const room = distance(index, qpSendConsumer(m, qp)) < 2 ** qpSendLogDepth(m, qp);
  const slot = core.queues.freeSlot();
  if (ahead === 0 && room && whole && slot !== NONE) return accept(core, qp, index, bytes, buffer, slot);
  journal.add(ST_COUNT_PUSH_FALLBACKS_OFFSET / 4, 1);
  return ringSend(core, page, qp, (index + 1) % INDEX_MODULUS);
}

/** The descriptor leaves the buffer for a slot of the scheduler and is ahead of all that was only rung. */
function accept(core: Core, qp: QpRow, index: number, bytes: number, buffer: number, slot: number): void {
  const { m, journal } = core;
  journal.rawCopy(slot + PSLOT_DATA_OFFSET / 4, buffer + DATA, bytes / 4);
  putPslotQpn(journal, slot, qpNumber(qp));
  putPslotIndex(journal, slot, index);
  putPslotLength(journal, slot, bytes);
  putPslotSequence(journal, slot, m[PUSH_SEQUENCE]);
  putPslotUsed(journal, slot, 1);
  journal.add(PUSH_SEQUENCE, 1);
  journal.add(ST_COUNT_PUSHES_OFFSET / 4, 1);
  putQpSendProducer(journal, qp, (index + 1) % INDEX_MODULUS);
  core.queues.slotTaken();
  core.queues.classify(qp);
}

/** The buffer starts again, a generation later. */
function empty(core: Core, buffer: number): void {
  const { m, journal } = core;
  for (let n = 0; n < MAP_WORDS; n++) if (m[buffer + WRITTEN + n] !== 0) journal.put(buffer + WRITTEN + n, 0);
  putPbufTorn(journal, buffer, 0);
  putPbufGeneration(journal, buffer, (pbufGeneration(m, buffer) + 1) % GENERATIONS);
}

/** Exactly the first `bytes` bytes were stored, each once. */
function isWhole(m: Uint32Array, buffer: number, bytes: number): boolean {
  if (bytes < WQE_SIZE || bytes > PUSH_BUFFER_BYTES || bytes % SGE_SIZE !== 0 || pbufTorn(m, buffer) === 1)
    return false;
  for (let n = 0; n < MAP_WORDS; n++) {
    const left = Math.min(32, Math.max(0, bytes - n * 32));
    if (m[buffer + WRITTEN + n] !== 2 ** left - 1) return false;
  }
  return true;
}
