// SPDX-License-Identifier: MIT
// The DMA engine: COPY (gather list → scatter list, any two shapes) and FILL. It yields every SLICE_BYTES: the slice in
// progress is all that a pushed descriptor ever waits for. Within one step it goes on only while nothing new has come.
import { MrKind } from '../abi/generated/commands.js';
import {
  Opcode,
  SGE_SIZE,
  SLICE_BYTES,
  sgeAddress,
  sgeLength,
  sgeLkey,
  WcStatus,
} from '../abi/generated/descriptors.js';
import { FaultObject } from '../abi/generated/registers.js';
import { mrKind, putQpActiveDone, qpActiveDone, qpPd } from '../abi/generated/state.js';
import { type Core, Step } from './core.js';
import type { Descriptor } from './descriptor.js';
import { Dma } from './ports.js';
import { mrRow, NONE, type QpRow, qpNumber } from './rows.js';
import type { Work } from './send-queue.js';
import { SgeCursor } from './translate.js';

const SGE_WORDS = SGE_SIZE / 4;
const PATTERN_BYTES = 8;
/** Slices that one step carries out at most while nothing else waits: what a step may redo after a crash. */
const SLICES_A_STEP = 64;

/** One side of the work: the piece of memory that its list has come to. Pieces outlive slices, but not the step. */
class Side {
  readonly #write: boolean;
  readonly #cursor = new SgeCursor();
  #address = 0;
  /** Bytes of the piece that are not done. */
  left = 0;

  constructor(write: boolean) {
    this.#write = write;
  }

  start(m: Uint32Array, list: number, count: number, done: number): void {
    this.#cursor.start(m, list, count, done);
    this.left = 0;
  }

  /** Makes sure that there is a piece, at most `max` bytes. False when its key does not allow it any more. */
  ready(m: Uint32Array, pd: number, max: number): boolean {
    if (this.left > 0) return true;
    const { segment } = this.#cursor;
    if (this.#cursor.next(m, pd, max, this.#write) !== WcStatus.SUCCESS) return false;
    this.#address = segment.address;
    this.left = segment.length;
    return true;
  }

  /** Address of the next `bytes`, which are done with that. */
  take(bytes: number): number {
    const at = this.#address;
    this.#address = at + bytes;
    this.left -= bytes;
    return at;
  }
}

const source = new Side(false);
const target = new Side(true);
/** Bytes that the last slice has done. */
let moved = 0;
const pattern = new Uint8Array(PATTERN_BYTES);
const patternWords = new Uint32Array(pattern.buffer);

/** One step of a COPY or FILL. */
export function runEngine(core: Core, qp: QpRow, d: Descriptor, work: Work): Step {
  const total = d.scatterBytes;
  const start = qpActiveDone(core.m, qp);
  if (start === 0 && d.opcode === Opcode.COPY && overlaps(core.m, d))
    return end(work, WcStatus.LOC_QP_OP_ERR);
  source.start(core.m, d.gatherAt, d.gatherCount, start);
  target.start(core.m, d.scatterAt, d.scatterCount, start);
  const pd = qpPd(core.m, qp);
  patternWords[0] = d.patternLo;
  patternWords[1] = d.patternHi;
  let done = start;
  for (let n = 0; n < SLICES_A_STEP && done < total; n++) {
    if (n > 0 && core.mustYield()) break;
    const bytes = Math.min(SLICE_BYTES, total - done);
    // Nobody waits for the slices after the first one: they end with a piece, and cut none into two that need not be.
    const outcome =
      d.opcode === Opcode.COPY
        ? copySlice(core, qp, pd, d.index, bytes, total - done, n > 0)
        : fillSlice(core, qp, pd, d.index, bytes, total - done, done, n > 0);
    if (outcome === Dma.NOT_YET) {
      // Slices before it are done; the next step begins at the one that waits.
      if (done === start) return Step.WAIT_MEMORY;
      break;
    }
    if (outcome === Dma.FAULT) return end(work, WcStatus.GENERAL_ERR);
    if (outcome === KEY_GONE) return end(work, WcStatus.LOC_PROT_ERR);
    done += moved;
  }
  if (done >= total) return end(work, WcStatus.SUCCESS);
  putQpActiveDone(core.journal, qp, done);
  return Step.DONE;
}

function end(work: Work, status: WcStatus): Step {
  work.ended = true;
  work.status = status;
  return Step.DONE;
}

/** A key was valid when the descriptor began and is not any more. */
const KEY_GONE = 3;
type Outcome = Dma | typeof KEY_GONE;

/** `rest` is what the descriptor still has to do, this slice included; `piece`: it ends with the first piece. */
function copySlice(
  core: Core,
  qp: QpRow,
  pd: number,
  index: number,
  bytes: number,
  rest: number,
  piece: boolean,
): Outcome {
  const { m, memory } = core;
  let left = bytes;
  do {
    if (!source.ready(m, pd, rest) || !target.ready(m, pd, rest)) return KEY_GONE;
    const n = Math.min(source.left, target.left, left);
    const from = source.take(n);
    const to = target.take(n);
    const dma = memory.copy(from, to, n);
    if (dma !== Dma.DONE) return copyFailed(core, dma, qp, index, from, to, n);
    left -= n;
  } while (left > 0 && !piece);
  moved = bytes - left;
  return Dma.DONE;
}

/** Either side may be what failed. */
function copyFailed(
  core: Core,
  dma: Dma,
  qp: QpRow,
  index: number,
  from: number,
  to: number,
  length: number,
): Dma {
  const known = core.memory.faultAddress;
  const reading =
    known === undefined || dma === Dma.NOT_YET
      ? core.memory.check(from, length, false) === dma
      : known >= from && known < from + length;
  const object = reading ? FaultObject.GATHER : FaultObject.SCATTER;
  return core.dmaFailed(dma, object, qpNumber(qp), index, reading ? from : to, length, !reading);
}

function fillSlice(
  core: Core,
  qp: QpRow,
  pd: number,
  index: number,
  bytes: number,
  rest: number,
  done: number,
  piece: boolean,
): Outcome {
  const { m, memory } = core;
  let left = bytes;
  do {
    if (!target.ready(m, pd, rest)) return KEY_GONE;
    const n = Math.min(target.left, left);
    const at = target.take(n);
    const dma = memory.fill(at, n, pattern, (done + bytes - left) % PATTERN_BYTES);
    if (dma !== Dma.DONE) return core.dmaFailed(dma, FaultObject.SCATTER, qpNumber(qp), index, at, n, true);
    left -= n;
  } while (left > 0 && !piece);
  moved = bytes - left;
  return Dma.DONE;
}

/** From the first byte that a list names to the last, whatever their keys: two lists are mostly told apart by that alone. */
class Span {
  from = 0;
  end = 0;

  take(m: Uint32Array, list: number, count: number): void {
    this.from = Infinity;
    this.end = 0;
    for (let n = 0; n < count; n++) {
      const at = list + n * SGE_WORDS;
      const length = sgeLength(m, at);
      if (length === 0) continue;
      const address = sgeAddress(m, at);
      if (address < this.from) this.from = address;
      if (address + length > this.end) this.end = address + length;
    }
  }
}

const read = new Span();
const written = new Span();

/**
 * A range that is read and written by one COPY is refused: a step that is done again after a crash would read what it
 * wrote. Ranges are compared as software names them; two regions that alias the same pages are the guest's own affair.
 */
function overlaps(m: Uint32Array, d: Descriptor): boolean {
  read.take(m, d.gatherAt, d.gatherCount);
  written.take(m, d.scatterAt, d.scatterCount);
  return read.from < written.end && written.from < read.end && someOverlap(m, d);
}

/** Every range of the one list against every range of the other. */
function someOverlap(m: Uint32Array, d: Descriptor): boolean {
  for (let g = 0; g < d.gatherCount; g++) {
    const from = d.gatherAt + g * SGE_WORDS;
    for (let s = 0; s < d.scatterCount; s++) {
      const to = d.scatterAt + s * SGE_WORDS;
      if (!sameSpace(m, sgeLkey(m, from), sgeLkey(m, to))) continue;
      const a = sgeAddress(m, from);
      const b = sgeAddress(m, to);
      const empty = sgeLength(m, from) === 0 || sgeLength(m, to) === 0;
      if (!empty && a < b + sgeLength(m, to) && b < a + sgeLength(m, from)) return true;
    }
  }
  return false;
}

/** Two keys whose I/O virtual addresses mean the same memory: the same key, or two for all of it. */
function sameSpace(m: Uint32Array, a: number, b: number): boolean {
  if (a === b) return true;
  const whole = (key: number): boolean => {
    const mr = mrRow(m, key);
    return mr !== NONE && mrKind(m, mr) === MrKind.WHOLE_MEMORY;
  };
  return whole(a) && whole(b);
}
