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
import { Runs } from './runs.js';
import type { Work } from './send-queue.js';

const SGE_WORDS = SGE_SIZE / 4;
const PATTERN_BYTES = 8;
/** Slices that one step carries out at most while nothing else waits: what a step may redo after a crash. */
const SLICES_A_STEP = 64;

const source = new Runs(false);
const target = new Runs(true);
/** Bytes that the step has done. */
let moved = 0;
const pattern = new Uint8Array(PATTERN_BYTES);
const patternWords = new Uint32Array(pattern.buffer);

/** One step of a COPY or FILL. */
export function runEngine(core: Core, qp: QpRow, d: Descriptor, work: Work): Step {
  const { m } = core;
  const start = qpActiveDone(m, qp);
  const pd = qpPd(m, qp);
  const copies = d.opcode === Opcode.COPY;
  if (copies && !source.open(m, pd, d.gatherAt, d.gatherCount, start))
    return end(work, WcStatus.LOC_PROT_ERR);
  if (!target.open(m, pd, d.scatterAt, d.scatterCount, start)) return end(work, WcStatus.LOC_PROT_ERR);
  if (copies && start === 0 && overlaps(m, d)) return end(work, WcStatus.LOC_QP_OP_ERR);
  const outcome = copies ? copyRuns(core, qp, pd, d, start) : fillRuns(core, qp, pd, d, start);
  if (outcome === Dma.FAULT) return end(work, WcStatus.GENERAL_ERR);
  if (outcome === KEY_GONE) return end(work, WcStatus.LOC_PROT_ERR);
  // Slices before the one that waits are done; the next step begins at that.
  if (outcome === Dma.NOT_YET && moved === 0) return Step.WAIT_MEMORY;
  if (start + moved >= d.scatterBytes) return end(work, WcStatus.SUCCESS);
  putQpActiveDone(core.journal, qp, start + moved);
  return Step.DONE;
}

function end(work: Work, status: WcStatus): Step {
  work.ended = true;
  work.status = status;
  return Step.DONE;
}

/** A key was valid when the descriptor began and is not any more, or a list has become shorter. */
const KEY_GONE = 3;
type Outcome = Dma | typeof KEY_GONE;

const sliceRoom = (): number => SLICE_BYTES;

/** Whether the step may add another slice to the `slices` that it has done. */
const goesOn = (core: Core, slices: number): boolean => slices < SLICES_A_STEP && !core.mustYield();

// Nobody waits for the slices after the first one: they cut no run into two that need not be. Where both lists have come
// to is kept in variables, not in objects, so that it can stay in registers.

function copyRuns(core: Core, qp: QpRow, pd: number, d: Descriptor, start: number): Outcome {
  const { m, memory } = core;
  const total = d.scatterBytes - start;
  moved = 0;
  // The front-end keeps the region too: a list may be another one than a moment ago.
  if (total > 0 && (source.count === 0 || target.count === 0)) return KEY_GONE;
  let done = 0;
  let s = 0;
  let t = 0;
  let from = source.address[0];
  let to = target.address[0];
  let fromLeft = source.length[0];
  let toLeft = target.length[0];
  for (let slices = 0; done < total; ) {
    let room = sliceRoom();
    do {
      const n = Math.min(fromLeft, toLeft, room);
      const dma = memory.from(from).at(to).copy(n);
      if (dma !== Dma.DONE) return copyFailed(core, dma, qp, d.index, from, to, n);
      done += n;
      room -= n;
      from += n;
      to += n;
      fromLeft -= n;
      toLeft -= n;
      if (done === total) break;
      if (fromLeft === 0) {
        if (++s === source.count) {
          if (!source.more(m, pd)) return KEY_GONE;
          s = 0;
        }
        from = source.address[s];
        fromLeft = source.length[s];
      }
      if (toLeft === 0) {
        if (++t === target.count) {
          if (!target.more(m, pd)) return KEY_GONE;
          t = 0;
        }
        to = target.address[t];
        toLeft = target.length[t];
      }
    } while (room > 0 && (slices === 0 || Math.min(fromLeft, toLeft) <= room));
    moved = done;
    if (done === total || !goesOn(core, ++slices)) break;
  }
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
      ? core.memory.at(from).check(length, false) === dma
      : known >= from && known < from + length;
  const object = reading ? FaultObject.GATHER : FaultObject.SCATTER;
  return core.dmaFailed(dma, object, qpNumber(qp), index, reading ? from : to, length, !reading);
}

function fillRuns(core: Core, qp: QpRow, pd: number, d: Descriptor, start: number): Outcome {
  const { m, memory } = core;
  const total = d.scatterBytes - start;
  moved = 0;
  if (total > 0 && target.count === 0) return KEY_GONE;
  patternWords[0] = d.operandLo;
  patternWords[1] = d.operandHi;
  let done = 0;
  let t = 0;
  let to = target.address[0];
  let left = target.length[0];
  for (let slices = 0; done < total; ) {
    let room = sliceRoom();
    do {
      const n = Math.min(left, room);
      const dma = memory.at(to).fill(n, pattern, (start + done) % PATTERN_BYTES);
      if (dma !== Dma.DONE)
        return core.dmaFailed(dma, FaultObject.SCATTER, qpNumber(qp), d.index, to, n, true);
      done += n;
      room -= n;
      to += n;
      left -= n;
      if (done === total) break;
      if (left === 0) {
        if (++t === target.count) {
          if (!target.more(m, pd)) return KEY_GONE;
          t = 0;
        }
        to = target.address[t];
        left = target.length[t];
      }
    } while (room > 0 && (slices === 0 || left <= room));
    moved = done;
    if (done === total || !goesOn(core, ++slices)) break;
  }
  return Dma.DONE;
}

/**
 * A range that is read and written by one COPY is refused: a step that is done again after a crash would read what it
 * wrote. Ranges are compared as software names them; two regions that alias the same pages are the guest's own affair.
 */
function overlaps(m: Uint32Array, d: Descriptor): boolean {
  // Mostly the two lists are told apart by where they begin and end.
  return source.first < target.end && target.first < source.end && someOverlap(m, d);
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
