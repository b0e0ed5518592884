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
const source = new Segment();
/** One page of entries at most. */
const PAGE_ENTRIES = 4096 / CQE_SIZE;
const entries = new Uint32Array(PAGE_ENTRIES * CQE_WORDS);
const entry = new Uint32Array(CQE_WORDS);

/** Writes every entry of the new buffer, in the order of its places. */
function writeBuffer(c: Command, cq: CqRow, mr: MrRow, address: number, log: number): Outcome {
  const { m } = c.core;
  const consumer = cqConsumer(m, cq);
  const waiting = distance(cqProducer(m, cq), consumer);
  for (let place = 0; place < pow2(log); ) {
    segment.take(m, mr, address + place * CQE_SIZE, (pow2(log) - place) * CQE_SIZE);
    const count = Math.min(PAGE_ENTRIES, segment.length / CQE_SIZE);
    const to = segment.address;
    for (let n = 0; n < count; n++) {
      // The index, from the consumer's on, that has this place.
      const index = consumer + placeOf(place + n - consumer, log);
      const dma = fillEntry(c, cq, index, n, log, index - consumer < waiting);
      if (dma !== Dma.DONE) return outcomeOf(c, dma);
    }
    const dma = c.core.memory.writeWords(to, entries, 0, count * CQE_WORDS);
    if (dma !== Dma.DONE) {
      c.core.dmaFailed(dma, FaultObject.CQ, cqNumber(cq), 0, to, count * CQE_SIZE, true);
      return outcomeOf(c, dma);
    }
    place += count;
  }
  return CommandCode.OK;
}

const outcomeOf = (c: Command, dma: Dma): Outcome =>
  dma === Dma.NOT_YET ? AGAIN : refused(c, CommandCode.FAULT, 'buffer');

/** Entry `index` as the `n`th of the page: what the old buffer has, or what reads as not written yet. */
function fillEntry(c: Command, cq: CqRow, index: number, n: number, log: number, waits: boolean): Dma {
  const { m } = c.core;
  entry.fill(0);
  if (waits) {
    const oldLog = cqLogDepth(m, cq);
    const old = mrRow(m, cqLkey(m, cq));
    source.take(m, old, cqAddress(m, cq) + placeOf(index, oldLog) * CQE_SIZE, CQE_SIZE);
    const dma = c.core.memory.readWords(source.address, entry, 0, CQE_WORDS);
    if (dma !== Dma.DONE)
      return c.core.dmaFailed(dma, FaultObject.CQ, cqNumber(cq), 0, source.address, CQE_SIZE, false);
  }
  const odd = passOf(index, log);
  setCqeOwnerValid(entry, 0, waits ? 1 - odd : odd);
  entries.set(entry, n * CQE_WORDS);
  return Dma.DONE;
}
