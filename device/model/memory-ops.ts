// SPDX-License-Identifier: MIT
// Memory management operations: FAST_REG gives memory and rights to a region of kind FAST under a new key, LOCAL_INV and
// a SEND_INV of the peer take them away (IBTA volume 1, 10.6.7; 11.4.5 has the operations). Both are one step.
import { MrKind } from '../abi/generated/commands.js';
import { Opcode, WcStatus } from '../abi/generated/descriptors.js';
import {
  mrKind,
  mrPageCount,
  mrPd,
  mrPoolStart,
  mrUsers,
  mrValid,
  putMrAccess,
  putMrIova,
  putMrKey,
  putMrLength,
  putMrPageShift,
  putMrValid,
  qpPd,
} from '../abi/generated/state.js';
import { type Core, Step } from './core.js';
import type { Descriptor } from './descriptor.js';
import { readPages, soundRights, wrongInPages } from './page-list.js';
import { Dma } from './ports.js';
import { type MrRow, mrRow, mrRowOfIndex, NONE, type QpRow, qpNumber } from './rows.js';
import type { Work } from './send-queue.js';

/** Carries out a checked LOCAL_INV or FAST_REG. */
export function runMemoryOp(core: Core, qp: QpRow, d: Descriptor, work: Work): Step {
  if (d.opcode === Opcode.FAST_REG) return fastRegister(core, qp, d, work);
  return end(work, invalidate(core, qp, d.key) ? WcStatus.SUCCESS : WcStatus.MW_BIND_ERR);
}

/** SEND_INV at the responder: takes memory away from the region that `key` names. False: the queue pair may not. */
export function invalidateRemote(core: Core, qp: QpRow, key: number): boolean {
  return invalidate(core, qp, key);
}

function invalidate(core: Core, qp: QpRow, key: number): boolean {
  const { m, journal } = core;
  const mr = mrRow(m, key);
  if (mr === NONE || !free(m, qp, mr) || mrValid(m, mr) !== 1) return false;
  putMrValid(journal, mr, 0);
  return true;
}

/** A region for fast registration, in the protection domain of the queue pair, with no queue in it. */
function free(m: Uint32Array, qp: QpRow, mr: MrRow): boolean {
  return mrKind(m, mr) === MrKind.FAST && mrPd(m, mr) === qpPd(m, qp) && mrUsers(m, mr) === 0;
}

function fastRegister(core: Core, qp: QpRow, d: Descriptor, work: Work): Step {
  const { m, journal } = core;
  // The tag is the descriptor's to choose: keys of earlier registrations are stale from here on.
  const mr = mrRowOfIndex(m, d.key);
  if (mr === NONE || !free(m, qp, mr) || mrValid(m, mr) !== 0 || !sound(m, mr, d))
    return end(work, WcStatus.MW_BIND_ERR);
  const start = mrPoolStart(m, mr);
  const { regPageList, regPageCount, regPageShift } = d;
  const read = readPages(core, regPageList, start, regPageCount, regPageShift, qpNumber(qp), d.index);
  if (read === Dma.NOT_YET) return Step.WAIT_MEMORY;
  if (read === Dma.FAULT) {
    core.faults.stopsQp();
    return end(work, WcStatus.GENERAL_ERR);
  }
  if (read !== Dma.DONE) return end(work, WcStatus.MW_BIND_ERR);
  putMrKey(journal, mr, d.key);
  putMrAccess(journal, mr, d.regAccess);
  putMrPageShift(journal, mr, regPageShift);
  putMrIova(journal, mr, d.regIova);
  putMrLength(journal, mr, d.regLength);
  putMrValid(journal, mr, 1);
  return end(work, WcStatus.SUCCESS);
}

/** What the descriptor asks for can be, and fits into what was set aside for the region. */
function sound(m: Uint32Array, mr: MrRow, d: Descriptor): boolean {
  const { regPageShift, regPageCount, regIova, regLength, regPageList } = d;
  if (!soundRights(d.regAccess)) return false;
  const most = mrPageCount(m, mr);
  return wrongInPages(regPageShift, regPageCount, most, regIova, regLength, regPageList) === undefined;
}

function end(work: Work, status: WcStatus): Step {
  work.ended = true;
  work.status = status;
  return Step.DONE;
}
