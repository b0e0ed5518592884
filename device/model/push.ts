// SPDX-License-Identifier: MIT
// Push buffers in trapped mode: every store is seen. A push is *whole* when each byte of the descriptor was stored
// exactly once since the buffer's last trailer. The trailer is the trigger: a whole push of the queue's next index with
// a free slot of its page runs from the pushed bytes; any other acts as an ordinary doorbell for its index; a trailer for an index
// already taken is ignored. architecture.md, "A push, exactly".
import { WQE_SIZE } from '../abi/generated/descriptors.js';
import {
  DOORBELL_BAR,
  DOORBELL_PAGE_BYTES,
  PRIORITY_AREA_OFFSET,
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
  DPAGE_COUNT_FALLBACKS_OFFSET,
  DPAGE_COUNT_PUSHES_OFFSET,
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
  qpPage,
  qpSendConsumer,
  qpSendLogDepth,
  qpSendProducer,
  ST_COUNT_PUSH_FALLBACKS_OFFSET,
  ST_COUNT_PUSHES_OFFSET,
} from '../abi/generated/state.js';
import { takeNumber } from './arrival-numbers.js';
import type { Core } from './core.js';
import { countAtPage } from './counters.js';
import { badAccess, HALF, hasRoom, ignore, maySend, refuse, ringSend } from './notify.js';
import { bitRun, byteOf, distance, nextIndex, union } from './powers.js';
import { NONE, type PageRow, type QpRow, qpNumber, qpRow } from './rows.js';

const BUFFER_WORDS = PBUF_SIZE / 4;
const WRITTEN = PBUF_WRITTEN_OFFSET / 4;
const DATA = PBUF_DATA_OFFSET / 4;
const MAP_WORDS = 8;
/** Bytes for which one word of the map stands. */
const MAP_BYTES = 32;
const GENERATIONS = 256;
/** Where the accessors of the layout look when the trailer itself is all that there is. */
const TRAILER = -(PUSH_TRAILER_OFFSET / 4);

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
  if (inBuffer + size > PUSH_BUFFER_BYTES)
    return badAccess(
      core,
      DOORBELL_BAR,
      page * DOORBELL_PAGE_BYTES + PRIORITY_AREA_OFFSET + offset,
      size,
      'size',
    );
  storeBytes(core, buffer, inBuffer, size, value);
}

/** Takes the bytes. One that was there already makes the push torn: nobody can say which one the guest meant. */
function storeBytes(core: Core, buffer: number, at: number, size: number, value: Uint32Array): void {
  const { journal } = core;
  // A store that is not aligned by its size may reach into the next word of the map.
  const first = Math.min(size, MAP_BYTES - (at % MAP_BYTES));
  markBytes(core, buffer, at, first);
  if (first < size) markBytes(core, buffer, at + first, size - first);
  const word = buffer + DATA + Math.floor(at / 4);
  if (at % 4 === 0 && size >= 4) {
    journal.raw(word, value[0]);
    if (size === 8) journal.raw(word + 1, value[1]);
  } else {
    for (let n = 0; n < size; n++)
      journal.rawByte((buffer + DATA) * 4 + at + n, byteOf(value[n < 4 ? 0 : 1], n % 4));
  }
}

/** Marks bytes of one word of the map as stored. */
function markBytes({ m, journal }: Core, buffer: number, at: number, count: number): void {
  const map = buffer + WRITTEN + Math.floor(at / MAP_BYTES);
  const bits = bitRun(at % MAP_BYTES, count);
  const before = m[map];
  const after = union(before, bits);
  // Bytes add up unless some of them were there.
  if (after !== before + bits && pbufTorn(m, buffer) === 0) putPbufTorn(journal, buffer, 1);
  if (after !== before) journal.put(map, after);
}

function trailer(core: Core, page: number, number: number, buffer: number, value: Uint32Array): void {
  decide(core, page, number, buffer, value);
  empty(core, buffer);
}

/** Each trailer ends in one way, and one counter tells which: push, fallback, ignored, refused. */
function decide(core: Core, page: number, number: number, buffer: number, value: Uint32Array): void {
  const { m, journal } = core;
  const qpn = pushTrailerQpn(value, TRAILER);
  const index = pushTrailerIndex(value, TRAILER);
  const bytes = pushTrailerLength(value, TRAILER) * PUSH_LENGTH_UNIT;
  const qp = qpRow(m, qpn);
  if (!maySend(m, page, qp)) return refuse(core, 'TRAILER', page, qpn, index);
  const producer = qpSendProducer(m, qp);
  const ahead = distance(index, producer);
  if (ahead >= HALF) return ignore(core, 'TRAILER', page, qpn, index, producer);
  if (!hasRoom(ahead + 1, producer, qpSendConsumer(m, qp), qpSendLogDepth(m, qp)))
    return refuse(core, 'TRAILER', page, qpn, nextIndex(index));
  const why = brokenBy(m, number, buffer, bytes, value) ?? (ahead === 0 ? undefined : 'not-next');
  const slot = why === undefined ? core.queues.freeSlot(page) : NONE;
  if (slot !== NONE) return accept(core, qp, index, bytes, buffer, slot);
  journal.add(ST_COUNT_PUSH_FALLBACKS_OFFSET / 4, 1);
  countAtPage(journal, page, DPAGE_COUNT_FALLBACKS_OFFSET);
  const key = { page, buffer: number, qpn, why: why ?? 'no-slot' };
  core.diary.record('push-fallback', 'note', key, { index, producer });
  return ringSend(core, page, qpn, qp, nextIndex(index), 'TRAILER');
}

/** Why a push is not whole, or undefined: exactly the bytes that its trailer tells of were stored, each once. */
function brokenBy(
  m: Uint32Array,
  number: number,
  buffer: number,
  bytes: number,
  value: Uint32Array,
): string | undefined {
  if (pushTrailerBuffer(value, TRAILER) !== number) return 'wrong-buffer';
  if (pushTrailerGeneration(value, TRAILER) !== pbufGeneration(m, buffer)) return 'wrong-generation';
  if (!lengthFits(bytes)) return 'bad-length';
  if (pbufTorn(m, buffer) === 1) return 'torn';
  return holdsExactly(m, buffer, bytes) ? undefined : 'incomplete';
}

/** The descriptor leaves the buffer for a slot of the scheduler and is ahead of all that was only rung. */
function accept(core: Core, qp: QpRow, index: number, bytes: number, buffer: number, slot: number): void {
  const { m, journal } = core;
  const { outside } = journal;
  // Nothing refers to a slot before it is in use.
  journal.rawCopy(slot + PSLOT_DATA_OFFSET / 4, buffer + DATA, bytes / 4);
  putPslotQpn(outside, slot, qpNumber(qp));
  putPslotIndex(outside, slot, index);
  putPslotLength(outside, slot, bytes);
  putPslotSequence(outside, slot, takeNumber(core));
  putPslotUsed(journal, slot, 1);
  journal.add(ST_COUNT_PUSHES_OFFSET / 4, 1);
  countAtPage(journal, qpPage(m, qp), DPAGE_COUNT_PUSHES_OFFSET);
  putQpSendProducer(journal, qp, nextIndex(index));
  core.queues.slotTaken(qp);
  core.queues.classify(qp);
}

/** The buffer starts again, a generation later. */
function empty(core: Core, buffer: number): void {
  const { m, journal } = core;
  for (let n = 0; n < MAP_WORDS; n++) if (m[buffer + WRITTEN + n] !== 0) journal.put(buffer + WRITTEN + n, 0);
  putPbufTorn(journal, buffer, 0);
  putPbufGeneration(journal, buffer, (pbufGeneration(m, buffer) + 1) % GENERATIONS);
}

const lengthFits = (bytes: number): boolean => bytes >= WQE_SIZE && bytes <= PUSH_BUFFER_BYTES;

/** The first `bytes` bytes were stored, and no other. */
function holdsExactly(m: Uint32Array, buffer: number, bytes: number): boolean {
  for (let n = 0; n < MAP_WORDS; n++) {
    const left = Math.min(MAP_BYTES, Math.max(0, bytes - n * MAP_BYTES));
    if (m[buffer + WRITTEN + n] !== bitRun(0, left)) return false;
  }
  return true;
}
