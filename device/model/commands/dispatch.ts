// SPDX-License-Identifier: MIT
// Commands: read the input from the mailbox (once), run the handler of its code, write the output, set COMMAND_STATUS.
// All of it is one step. A command that meets a translation in progress is kept in COMMAND_PENDING and tried again.
import {
  Command as Code,
  CommandCode,
  MAILBOX_BYTES,
  MAILBOX_OUTPUT_OFFSET,
} from '../../abi/generated/commands.js';
import {
  FaultObject,
  REG_COMMAND_OFFSET,
  REG_COMMAND_STATUS_OFFSET,
  REG_SIZE,
  regCommandOpcode,
  regCommandToggle,
  setRegCommandStatusBusy,
  setRegCommandStatusStatus,
  setRegCommandStatusToggle,
} from '../../abi/generated/registers.js';
import {
  ST_COMMAND_PENDING_OFFSET,
  ST_COMMAND_STATUS_OFFSET,
  stAsleep,
  stBusMaster,
  stMailboxHi,
  stMailboxLo,
  stRunning,
} from '../../abi/generated/state.js';
import type { Core } from '../core.js';
import { nameOf } from '../names.js';
import { Dma } from '../ports.js';
import { createAh, destroyAh, modifyAh, queryAh } from './address-handles.js';
import {
  AGAIN,
  badParameter,
  type Command,
  type Handler,
  INPUT_WORDS,
  OUTPUT_WORDS,
  type Outcome,
  refused,
} from './context.js';
import { queryGid, setGid } from './gids.js';
import { modifyQp } from './modify-qp.js';
import { queryLink, queryPort, setLink } from './port.js';
import { queryCounters } from './query-counters.js';
import { queryQp } from './query-qp.js';
import { createQp, destroyQp } from './queue-pairs.js';
import { createCq, createEq, destroyCq, destroyEq, queryCq, queryEq } from './queues.js';
import { allocMr, deregisterMr, queryMr, registerMr, reregisterMr } from './regions.js';
import { modifyCq, resizeCq } from './resize-cq.js';
import { createSrq, destroySrq, modifySrq, querySrq } from './shared-receive.js';
import { allocPage, allocPd, deallocPd, freePage, queryDevice } from './simple.js';

const HANDLERS: ReadonlyMap<number, Handler> = new Map([
  [Code.QUERY_DEVICE, queryDevice],
  [Code.QUERY_PORT, queryPort],
  [Code.SET_GID, setGid],
  [Code.QUERY_GID, queryGid],
  [Code.QUERY_COUNTERS, queryCounters],
  [Code.CREATE_EQ, createEq],
  [Code.DESTROY_EQ, destroyEq],
  [Code.QUERY_EQ, queryEq],
  [Code.ALLOC_PD, allocPd],
  [Code.DEALLOC_PD, deallocPd],
  [Code.ALLOC_PAGE, allocPage],
  [Code.FREE_PAGE, freePage],
  [Code.REGISTER_MR, registerMr],
  [Code.DEREGISTER_MR, deregisterMr],
  [Code.QUERY_MR, queryMr],
  [Code.ALLOC_MR, allocMr],
  [Code.REREGISTER_MR, reregisterMr],
  [Code.CREATE_CQ, createCq],
  [Code.DESTROY_CQ, destroyCq],
  [Code.QUERY_CQ, queryCq],
  [Code.RESIZE_CQ, resizeCq],
  [Code.MODIFY_CQ, modifyCq],
  [Code.CREATE_SRQ, createSrq],
  [Code.MODIFY_SRQ, modifySrq],
  [Code.QUERY_SRQ, querySrq],
  [Code.DESTROY_SRQ, destroySrq],
  [Code.CREATE_QP, createQp],
  [Code.MODIFY_QP, modifyQp],
  [Code.QUERY_QP, queryQp],
  [Code.DESTROY_QP, destroyQp],
  [Code.CREATE_AH, createAh],
  [Code.QUERY_AH, queryAh],
  [Code.MODIFY_AH, modifyAh],
  [Code.DESTROY_AH, destroyAh],
  [Code.SET_LINK, setLink],
  [Code.QUERY_LINK, queryLink],
]);

const PENDING = ST_COMMAND_PENDING_OFFSET / 4;
const STATUS = ST_COMMAND_STATUS_OFFSET / 4;

const input = new Uint32Array(INPUT_WORDS);
const output = new Uint32Array(OUTPUT_WORDS);
const registers = new Uint32Array(REG_SIZE / 4);

function statusWord(status: number, busy: number, toggle: number): number {
  const at = REG_COMMAND_STATUS_OFFSET / 4;
  registers[at] = 0;
  setRegCommandStatusStatus(registers, 0, status);
  setRegCommandStatusBusy(registers, 0, busy);
  setRegCommandStatusToggle(registers, 0, toggle);
  return registers[at];
}

/**
 * Runs the command that the word written to COMMAND names, as the first thing in the caller's step. Answers AGAIN
 * when it has to wait: nothing has changed then, and the caller calls suspendCommand().
 */
export function runCommand(core: Core, word: number): Outcome {
  registers[REG_COMMAND_OFFSET / 4] = word;
  // The guest cannot know that the function is stopped: a back-end that came back may meet slots before it is told of
  // Bus Master Enable and RUN.
  const opcode = regCommandOpcode(registers, 0);
  const awake = (stRunning(core.m, 0) === 1 && stAsleep(core.m, 0) === 0) || !HANDLERS.has(opcode);
  const outcome = awake ? execute(core, opcode) : AGAIN;
  // A command takes effect whole or not at all.
  if (outcome !== CommandCode.OK) core.journal.rollback();
  // Its output may have failed when it had changed the caches of queues.
  if (outcome === AGAIN || outcome === CommandCode.FAULT) core.queues.restore();
  if (outcome === AGAIN) return AGAIN;
  if (outcome !== CommandCode.OK) tellRefused(core, opcode, outcome);
  registers[REG_COMMAND_OFFSET / 4] = word;
  core.journal.put(STATUS, statusWord(outcome, 0, regCommandToggle(registers, 0)));
  if (core.m[PENDING] !== 0) core.journal.put(PENDING, 0);
  return outcome;
}

function tellRefused(core: Core, opcode: number, outcome: CommandCode): void {
  // The fault was part of what has just been rolled back.
  if (outcome === CommandCode.FAULT) core.faults.record();
  const { diary } = core;
  const field = diary.commandField;
  const key = { opcode: nameOf(Code, opcode), status: nameOf(CommandCode, outcome) };
  diary.record('command-refused', 'problem', field === undefined ? key : { ...key, field });
}

/** Keeps the command for later. A word of zero (opcode 0, toggle 0) never gets here: no such opcode is ever kept. */
export function suspendCommand(core: Core, word: number): void {
  registers[REG_COMMAND_OFFSET / 4] = word;
  core.journal.put(STATUS, statusWord(0, 1, 1 - regCommandToggle(registers, 0)));
  core.journal.put(PENDING, word);
}

function execute(core: Core, opcode: number): Outcome {
  const c = { core, input, output };
  core.diary.commandField = undefined;
  if (stBusMaster(core.m, 0) === 0) return CommandCode.NO_BUS_MASTER;
  const handler = HANDLERS.get(opcode);
  if (handler === undefined) return refused(c, CommandCode.BAD_OPCODE, 'opcode');
  // What a command takes away may be where an owed write goes.
  if (core.outbox.writesOwed) return AGAIN;
  const mailbox = stMailboxLo(core.m, 0) + stMailboxHi(core.m, 0) * 2 ** 32;
  if (mailbox % MAILBOX_BYTES !== 0) return badParameter(c, 'mailbox');
  const fetched = core.memory.at(mailbox).readWords(input, 0, INPUT_WORDS);
  if (fetched !== Dma.DONE) return unreachable(c, fetched, mailbox, false);
  const out = mailbox + MAILBOX_OUTPUT_OFFSET;
  const reach = core.memory.at(out).check(OUTPUT_WORDS * 4, true);
  if (reach !== Dma.DONE) return unreachable(c, reach, out, true);
  output.fill(0);
  const outcome = handler(c);
  if (outcome !== CommandCode.OK) return outcome;
  // Output before status, and before the commit: until COMMAND_STATUS says done the mailbox belongs to the adapter.
  const written = core.memory.at(out).writeWords(output, 0, OUTPUT_WORDS);
  return written === Dma.DONE ? outcome : unreachable(c, written, out, true);
}

/** The mailbox cannot be read or written, for now or at all. Input and output are of one length. */
function unreachable(c: Command, dma: Dma, address: number, write: boolean): Outcome {
  c.core.dmaFailed(dma, FaultObject.MAILBOX, 0, 0, address, INPUT_WORDS * 4, write);
  return dma === Dma.NOT_YET ? AGAIN : refused(c, CommandCode.FAULT, 'mailbox_memory');
}
