// SPDX-License-Identifier: MIT
// Doorbell pages (BAR 2). They short-circuit the register map: the page number and the register fall out of the offset,
// and everything else is decided by the queue that is named. A doorbell may only name a queue that belongs to its page.
import {
  DB_CQ_ARM_OFFSET,
  DB_CQ_UPDATE_OFFSET,
  DB_EQ_ARM_OFFSET,
  DB_RECV_OFFSET,
  DB_SEND_OFFSET,
  DB_SRQ_OFFSET,
  DOORBELL_BAR,
  DOORBELL_PAGE_BYTES,
  dbCqArmSolicited,
  dbSendIndex,
  dbSendNumber,
  PRIORITY_AREA_OFFSET,
} from '../abi/generated/registers.js';
import {
  cqPage,
  putCqConsumer,
  putQpRecvProducer,
  putSrqProducer,
  qpDestQpn,
  qpRecvConsumer,
  qpRecvLogDepth,
  qpRecvProducer,
  srqConsumer,
  srqLogDepth,
  srqPage,
  srqProducer,
} from '../abi/generated/state.js';
import { armCq } from './completion.js';
import type { Core } from './core.js';
import { armEq } from './events.js';
import {
  badAccess,
  countDoorbell,
  HALF,
  hasReceiveQueue,
  hasRoom,
  ignore,
  mayRing,
  refuse,
  ringSend,
} from './notify.js';
import { distance } from './powers.js';
import { storePush } from './push.js';
import { cqRow, eqRow, NONE, pageRow, type QpRow, qpRow, type SrqRow, srqRow } from './rows.js';

/** The adapter's own page: the only one that may arm event queues. */
const KERNEL_PAGE = 0;

/** The 64-bit value of the doorbell being handled, as two words, for the generated accessors. */
const value = new Uint32Array(2);

/** A store to BAR 2. */
export function storeDoorbell(core: Core, offset: number, size: number, lo: number, hi: number): void {
  const page = Math.floor(offset / DOORBELL_PAGE_BYTES);
  const inPage = offset % DOORBELL_PAGE_BYTES;
  const row = pageRow(core.m, page);
  if (row === NONE) return refuse(core, '?', page, 0, 0);
  value[0] = lo;
  value[1] = hi;
  if (inPage >= PRIORITY_AREA_OFFSET)
    return storePush(core, page, row, inPage - PRIORITY_AREA_OFFSET, size, value);
  if (size !== 8) return badAccess(core, DOORBELL_BAR, offset, size, 'size');
  return ring(core, page, inPage);
}

function ring(core: Core, page: number, register: number): void {
  const { m } = core;
  const number = dbSendNumber(value, 0);
  const index = dbSendIndex(value, 0);
  switch (register) {
    case DB_SEND_OFFSET:
      return ringSend(core, page, number, qpRow(m, number), index, 'SEND');
    case DB_RECV_OFFSET:
      return ringReceive(core, page, number, qpRow(m, number), index);
    case DB_SRQ_OFFSET:
      return ringShared(core, page, number, srqRow(m, number), index);
    case DB_CQ_ARM_OFFSET:
    case DB_CQ_UPDATE_OFFSET:
      return ringCq(core, page, number, index, register === DB_CQ_ARM_OFFSET);
    case DB_EQ_ARM_OFFSET:
      return ringEq(core, page, number, index);
    default:
      return badAccess(core, DOORBELL_BAR, page * DOORBELL_PAGE_BYTES + register, 8, 'no-register');
  }
}

function ringReceive(core: Core, page: number, number: number, qp: QpRow, index: number): void {
  const { m, journal } = core;
  if (!mayRing(m, page, qp) || !hasReceiveQueue(m, qp)) return refuse(core, 'RECV', page, number, index);
  const producer = qpRecvProducer(m, qp);
  const posted = distance(index, producer);
  if (posted === 0 || posted > HALF) return ignore(core, 'RECV', page, number, index, producer);
  if (!hasRoom(posted, producer, qpRecvConsumer(m, qp), qpRecvLogDepth(m, qp)))
    return refuse(core, 'RECV', page, number, index);
  putQpRecvProducer(journal, qp, index);
  countDoorbell(journal, page);
  core.queues.classify(qp);
  const peer = qpRow(m, qpDestQpn(m, qp));
  // A peer that waits for this receive (receiver not ready) may go on.
  if (peer !== NONE) core.queues.classify(peer);
}

function ringShared(core: Core, page: number, number: number, srq: SrqRow, index: number): void {
  const { m, journal } = core;
  if (srq === NONE || srqPage(m, srq) !== page) return refuse(core, 'SRQ', page, number, index);
  const producer = srqProducer(m, srq);
  const posted = distance(index, producer);
  if (posted === 0 || posted > HALF) return ignore(core, 'SRQ', page, number, index, producer);
  if (!hasRoom(posted, producer, srqConsumer(m, srq), srqLogDepth(m, srq)))
    return refuse(core, 'SRQ', page, number, index);
  const wasEmpty = producer === srqConsumer(m, srq);
  putSrqProducer(journal, srq, index);
  countDoorbell(journal, page);
  // Any sender to any queue pair of this queue may wait for a receive. Others stay: who rings need not be their friend.
  if (wasEmpty) core.queues.unblockSendersTo(number);
}

function ringCq(core: Core, page: number, number: number, index: number, arm: boolean): void {
  const cq = cqRow(core.m, number);
  if (cq === NONE || cqPage(core.m, cq) !== page)
    return refuse(core, arm ? 'CQ_ARM' : 'CQ_UPDATE', page, number, index);
  if (arm) armCq(core, cq, index, dbCqArmSolicited(value, -(DB_CQ_ARM_OFFSET / 4)) === 1);
  else putCqConsumer(core.journal, cq, index);
}

function ringEq(core: Core, page: number, number: number, index: number): void {
  const eq = eqRow(core.m, number);
  if (eq === NONE || page !== KERNEL_PAGE) return refuse(core, 'EQ_ARM', page, number, index);
  armEq(core, eq, index);
}
