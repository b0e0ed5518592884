// SPDX-License-Identifier: MIT
// MODIFY_CQ and RESIZE_CQ. A completion queue moves with what is not consumed: the adapter writes the whole new buffer,
// entries at the places of their indices and owner bits of the pass before everywhere else, and only then does the row
// change. Until the commit the old buffer is the queue, so a command that is cut off is simply done again.
import {
  CMD_MODIFY_CQ_PERIOD_US_OFFSET,
  CMD_RESIZE_CQ_LOG_DEPTH_OFFSET,
  CommandCode,
  cmdModifyCqCount,
  cmdModifyCqHandle,
  cmdModifyCqPeriodUs,
  cmdResizeCqAddress,
  cmdResizeCqHandle,
  cmdResizeCqLkey,
  cmdResizeCqLogDepth,
} from '../../abi/generated/commands.js';
import { CQE_SIZE, setCqeOwnerValid } from '../../abi/generated/descriptors.js';
import { FaultObject } from '../../abi/generated/registers.js';
import {
  Armed,
  cqAddress,
  cqArmed,
  cqConsumer,
  cqLkey,
  cqLogDepth,
  cqOverflowed,
  cqProducer,
  MR_USERS_OFFSET,
  putCqAddress,
  putCqLkey,
  putCqLogDepth,
  putCqModeration,
} from '../../abi/generated/state.js';
import { armCq } from '../completion.js';
import { moderationOf } from '../moderation.js';
import { Dma } from '../ports.js';
import { distance, passOf, placeOf, pow2 } from '../powers.js';
import { type CqRow, cqNumber, cqRow, type MrRow, mrRow, NONE } from '../rows.js';
import { Segment } from '../translate.js';
import {
  AGAIN,
  badHandle,
  badParameter,
  type Command,
  depthFits,
  type Handler,
  type Outcome,
  queueAligned,
  queueBuffer,
  refused,
  use,
  zeroFrom,
} from './context.js';

const AFTER_PERIOD = CMD_MODIFY_CQ_PERIOD_US_OFFSET + 2;
/** The word that holds log_depth; its upper bytes are reserved. */
const SHAPE_WORD = CMD_RESIZE_CQ_LOG_DEPTH_OFFSET / 4;
const CQE_WORDS = CQE_SIZE / 4;

export const modifyCq: Handler = c => {
  const { m, journal } = c.core;
  const [count, period] = [cmdModifyCqCount(c.input, 0), cmdModifyCqPeriodUs(c.input, 0)];
  if (!zeroFrom(c.input, AFTER_PERIOD)) return badParameter(c, 'reserved');
  if (count > 1 && period === 0) return badParameter(c, 'period_us');
  const cq = cqRow(m, cmdModifyCqHandle(c.input, 0));
  if (cq === NONE) return badHandle(c);
  putCqModeration(journal, cq, moderationOf(count, period));
  // An armed queue begins anew: what it has gathered is told at once.
  const armed = cqArmed(m, cq);
  if (armed !== Armed.NO) armCq(c.core, cq, cqConsumer(m, cq), armed === Armed.SOLICITED);
  return CommandCode.OK;
};

export const resizeCq: Handler = c => {
  const { input } = c;
  const { m } = c.core;
  const log = cmdResizeCqLogDepth(input, 0);
  if (input[SHAPE_WORD] !== log || !zeroFrom(input, CMD_RESIZE_CQ_LOG_DEPTH_OFFSET + 4))
    return badParameter(c, 'reserved');
  if (!depthFits(log)) return badParameter(c, 'log_depth');
  const address = cmdResizeCqAddress(input, 0);
  if (!queueAligned(address)) return badParameter(c, 'address');
  const cq = cqRow(m, cmdResizeCqHandle(input, 0));
  if (cq === NONE) return badHandle(c);
  const mr = queueBuffer(c, cmdResizeCqLkey(input, 0), undefined, address, CQE_SIZE * pow2(log), true);
  if (mr === NONE) return badHandle(c, 'lkey');
  if (overlaps(m, cq, mr, address, log)) return badParameter(c, 'address');
  if (cqOverflowed(m, cq) === 1) return refused(c, CommandCode.BAD_STATE, 'overflowed');
  if (distance(cqProducer(m, cq), cqConsumer(m, cq)) > pow2(log))
    return refused(c, CommandCode.BUSY, 'unconsumed');
  const outcome = writeBuffer(c, cq, mr, address, log);
  return outcome === CommandCode.OK ? takeBuffer(c, cq, mr, address, log) : outcome;
};

/** The new buffer lies over the old one, as far as one region shows it. */
function overlaps(m: Uint32Array, cq: CqRow, mr: MrRow, address: number, log: number): boolean {
  const old = cqAddress(m, cq);
  const apart = address + CQE_SIZE * pow2(log) <= old || old + CQE_SIZE * pow2(cqLogDepth(m, cq)) <= address;
  return mrRow(m, cqLkey(m, cq)) === mr && !apart;
}

function takeBuffer(c: Command, cq: CqRow, mr: MrRow, address: number, log: number): Outcome {
  const { m, journal } = c.core;
  use(c, mrRow(m, cqLkey(m, cq)) + MR_USERS_OFFSET / 4, -1);
  use(c, mr + MR_USERS_OFFSET / 4, 1);
  putCqLkey(journal, cq, cmdResizeCqLkey(c.input, 0));
  putCqAddress(journal, cq, address);
  putCqLogDepth(journal, cq, log);
  return CommandCode.OK;
}

const segment = new Segment();
/** One page of entries at most. */
const PAGE_ENTRIES = 4096 / CQE_SIZE;
const entries = new Uint32Array(PAGE_ENTRIES * CQE_WORDS);

/** `waiting` entries from index `consumer` on come into a ring of 2^log entries at `address` of `mr`. */
interface Move {
  readonly c: Command;
  readonly cq: CqRow;
  readonly mr: MrRow;
  readonly address: number;
  readonly log: number;
  readonly consumer: number;
  readonly waiting: number;
}

/** Writes every entry of the new buffer, in the order of its places, once all that this needs is within reach. */
function writeBuffer(c: Command, cq: CqRow, mr: MrRow, address: number, log: number): Outcome {
  const { m } = c.core;
  const consumer = cqConsumer(m, cq);
  const move = { c, cq, mr, address, log, consumer, waiting: distance(cqProducer(m, cq), consumer) };
  // Translations are asked for all at once: a command that began anew for each of its pages would take their number squared.
  const target = checkRange(move, mr, address, pow2(log), true);
  if (target === Dma.FAULT) return outcomeOf(c, target);
  const source = checkWaiting(move);
  if (source !== Dma.DONE) return outcomeOf(c, source);
  return outcomeOf(c, target === Dma.DONE ? writeEntries(move) : target);
}

function outcomeOf(c: Command, dma: Dma): Outcome {
  if (dma === Dma.DONE) return CommandCode.OK;
  return dma === Dma.NOT_YET ? AGAIN : refused(c, CommandCode.FAULT, 'buffer');
}

/** Looks at every piece of a range of entries; what cannot be reached yet does not keep it from the ones after it. */
function checkRange({ c, cq }: Move, mr: MrRow, address: number, count: number, write: boolean): Dma {
  const { core } = c;
  const end = address + count * CQE_SIZE;
  let outcome: Dma = Dma.DONE;
  for (let at = address; at < end && outcome !== Dma.FAULT; at += segment.length) {
    segment.of(at, end - at).take(core.m, mr);
    const dma = core.memory.at(segment.address).check(segment.length, write);
    if (dma !== Dma.DONE) outcome = failed(c, cq, dma, segment.address, segment.length, write);
  }
  return outcome;
}

/** The same for the entries of the old ring that wait: one range, or two when they go round its end. */
function checkWaiting(move: Move): Dma {
  const { cq, consumer, waiting } = move;
  const { m } = move.c.core;
  const old = mrRow(m, cqLkey(m, cq));
  const place = placeOf(consumer, cqLogDepth(m, cq));
  const first = Math.min(waiting, pow2(cqLogDepth(m, cq)) - place);
  const one = checkRange(move, old, cqAddress(m, cq) + place * CQE_SIZE, first, false);
  if (one === Dma.FAULT) return one;
  const two = checkRange(move, old, cqAddress(m, cq), waiting - first, false);
  return two === Dma.DONE ? one : two;
}

function failed(c: Command, cq: CqRow, dma: Dma, address: number, bytes: number, write: boolean): Dma {
  return c.core.dmaFailed(dma, FaultObject.CQ, cqNumber(cq), 0, address, bytes, write);
}

function writeEntries(move: Move): Dma {
  const { c, cq, mr, log } = move;
  const { core } = c;
  for (let place = 0; place < pow2(log); ) {
    segment.of(move.address + place * CQE_SIZE, (pow2(log) - place) * CQE_SIZE).take(core.m, mr);
    const count = Math.min(PAGE_ENTRIES, segment.length / CQE_SIZE);
    const to = segment.address;
    const filled = fillPage(move, place, count);
    if (filled !== Dma.DONE) return filled;
    const dma = core.memory.at(to).writeWords(entries, 0, count * CQE_WORDS);
    if (dma !== Dma.DONE) return failed(c, cq, dma, to, count * CQE_SIZE, true);
    place += count;
  }
  return Dma.DONE;
}

/** `count` entries from `place` on: what the old buffer has, or what reads as not written yet. */
function fillPage(move: Move, place: number, count: number): Dma {
  const { log, consumer, waiting } = move;
  entries.fill(0);
  for (let n = 0, run = 0; n < count; n += run) {
    // The index, from the consumer's on, that has this place; how many after it are like it.
    const after = placeOf(place + n - consumer, log);
    const waits = after < waiting;
    run = Math.min(count - n, (waits ? waiting : pow2(log)) - after);
    const dma = waits ? readEntries(move, consumer + after, n, run) : Dma.DONE;
    if (dma !== Dma.DONE) return dma;
    for (let k = 0; k < run; k++) {
      const odd = passOf(consumer + after + k, log);
      setCqeOwnerValid(entries, (n + k) * CQE_WORDS, waits ? 1 - odd : odd);
    }
  }
  return Dma.DONE;
}

/** Reads `count` entries of the old ring from `index` on, as the `n`th and those after it. */
function readEntries({ c, cq }: Move, index: number, n: number, count: number): Dma {
  const { m, memory } = c.core;
  const log = cqLogDepth(m, cq);
  const old = mrRow(m, cqLkey(m, cq));
  for (let done = 0; done < count; done += segment.length / CQE_SIZE) {
    const place = placeOf(index + done, log);
    const bytes = Math.min(count - done, pow2(log) - place) * CQE_SIZE;
    segment.of(cqAddress(m, cq) + place * CQE_SIZE, bytes).take(m, old);
    const dma = memory.at(segment.address).readWords(entries, (n + done) * CQE_WORDS, segment.length / 4);
    if (dma !== Dma.DONE) return failed(c, cq, dma, segment.address, segment.length, false);
  }
  return Dma.DONE;
}
