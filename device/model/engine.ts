// SPDX-License-Identifier: MIT
// The DMA engine: COPY (gather list → scatter list, any two shapes) and FILL. It yields every SLICE_BYTES: the slice in
// progress is all that a pushed descriptor ever waits for. Within one step it goes on only while nothing new has come.
import {
  Opcode,
  SGE_SIZE,
  SLICE_BYTES,
  sgeAddress,
  sgeLength,
  sgeLkey,
  WcStatus,
} from '../abi/generated/descriptors.js';
import { putQpActiveDone, qpActiveDone, qpPd } from '../abi/generated/state.js';
import { type Core, Step } from './core.js';
import type { Descriptor } from './descriptor.js';
import { Dma } from './ports.js';
import type { QpRow } from './rows.js';
import type { Work } from './send-queue.js';
import { SgeCursor } from './translate.js';

const SGE_WORDS = SGE_SIZE / 4;
const PATTERN_BYTES = 8;
/** Slices that one step carries out at most while nothing else waits: what a step may redo after a crash. */
const SLICES_A_STEP = 64;

const source = new SgeCursor();
const target = new SgeCursor();
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
  patternWords[0] = d.patternLo;
  patternWords[1] = d.patternHi;
  let done = start;
  for (let n = 0; n < SLICES_A_STEP && done < total; n++) {
    if (n > 0 && core.mustYield()) break;
    const bytes = Math.min(SLICE_BYTES, total - done);
    const outcome = d.opcode === Opcode.COPY ? copySlice(core, qp, bytes) : fillSlice(core, qp, bytes, done);
    if (outcome === Dma.NOT_YET) return Step.WAIT_MEMORY;
    if (outcome === Dma.FAULT) return end(work, WcStatus.GENERAL_ERR);
    if (outcome === KEY_GONE) return end(work, WcStatus.LOC_PROT_ERR);
    done += bytes;
  }
  if (done !== start) putQpActiveDone(core.journal, qp, done);
  return done < total ? Step.DONE : end(work, WcStatus.SUCCESS);
}

function end(work: Work, status: WcStatus): Step {
  work.ended = true;
  work.status = status;
  return Step.DONE;
}

/** A key was valid when the descriptor began and is not any more. */
const KEY_GONE = 3;
type Outcome = Dma | typeof KEY_GONE;

function copySlice(core: Core, qp: QpRow, bytes: number): Outcome {
  const { m, memory } = core;
  const pd = qpPd(m, qp);
  const from = source.segment;
  const to = target.segment;
  let fromLeft = 0;
  let toLeft = 0;
  for (let left = bytes; left > 0; ) {
    if (fromLeft === 0) {
      if (source.next(m, pd, left, false) !== WcStatus.SUCCESS) return KEY_GONE;
      fromLeft = from.length;
    }
    if (toLeft === 0) {
      if (target.next(m, pd, left, true) !== WcStatus.SUCCESS) return KEY_GONE;
      toLeft = to.length;
    }
    const n = Math.min(fromLeft, toLeft);
    if (n === 0) throw new Error('a list is shorter than the descriptor said');
    const dma = memory.copy(from.address + from.length - fromLeft, to.address + to.length - toLeft, n);
    if (dma !== Dma.DONE) return dma;
    fromLeft -= n;
    toLeft -= n;
    left -= n;
  }
  return Dma.DONE;
}

function fillSlice(core: Core, qp: QpRow, bytes: number, done: number): Outcome {
  const { m, memory } = core;
  const pd = qpPd(m, qp);
  const to = target.segment;
  for (let left = bytes; left > 0; left -= to.length) {
    if (target.next(m, pd, left, true) !== WcStatus.SUCCESS) return KEY_GONE;
    const dma = memory.fill(to.address, to.length, pattern, (done + bytes - left) % PATTERN_BYTES);
    if (dma !== Dma.DONE) return dma;
  }
  return Dma.DONE;
}

/**
 * A range that is read and written by one COPY is refused: a step that is done again after a crash would read what it
 * wrote. Ranges are compared as software names them; two regions that alias the same pages are the guest's own affair.
 */
function overlaps(m: Uint32Array, d: Descriptor): boolean {
  for (let g = 0; g < d.gatherCount; g++) {
    const from = d.gatherAt + g * SGE_WORDS;
    for (let s = 0; s < d.scatterCount; s++) {
      const to = d.scatterAt + s * SGE_WORDS;
      if (sgeLkey(m, from) !== sgeLkey(m, to)) continue;
      const a = sgeAddress(m, from);
      const b = sgeAddress(m, to);
      const empty = sgeLength(m, from) === 0 || sgeLength(m, to) === 0;
      if (!empty && a < b + sgeLength(m, to) && b < a + sgeLength(m, from)) return true;
    }
  }
  return false;
}
