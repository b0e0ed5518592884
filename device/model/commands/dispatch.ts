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
  stBusMaster,
  stMailboxHi,
  stMailboxLo,
  stRunning,
} from '../../abi/generated/state.js';
import type { Core } from '../core.js';
import { Dma } from '../ports.js';
import { AGAIN, type Handler, INPUT_WORDS, OUTPUT_WORDS, type Outcome } from './context.js';
import { createQp, destroyQp, modifyQp, queryQp } from './queue-pairs.js';
import { createCq, createEq, destroyCq, destroyEq, queryCq, queryEq } from './queues.js';
import { deregisterMr, queryMr, registerMr } from './regions.js';
import { allocPage, allocPd, deallocPd, freePage, queryDevice, queryLink, setLink } from './simple.js';

const HANDLERS: ReadonlyMap<number, Handler> = new Map([
  [Code.QUERY_DEVICE, queryDevice],
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
  [Code.CREATE_CQ, createCq],
  [Code.DESTROY_CQ, destroyCq],
  [Code.QUERY_CQ, queryCq],
  [Code.CREATE_QP, createQp],
  [Code.MODIFY_QP, modifyQp],
  [Code.QUERY_QP, queryQp],
  [Code.DESTROY_QP, destroyQp],
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
  const outcome = stRunning(core.m, 0) === 1 ? execute(core, regCommandOpcode(registers, 0)) : AGAIN;
  // A command takes effect whole or not at all.
  if (outcome !== CommandCode.OK) core.journal.rollback();
  if (outcome === AGAIN) return AGAIN;
  registers[REG_COMMAND_OFFSET / 4] = word;
  core.journal.put(STATUS, statusWord(outcome, 0, regCommandToggle(registers, 0)));
  if (core.m[PENDING] !== 0) core.journal.put(PENDING, 0);
  return outcome;
}

/** Keeps the command for later. A word of zero (opcode 0, toggle 0) never gets here: it needs no memory to be refused. */
export function suspendCommand(core: Core, word: number): void {
  registers[REG_COMMAND_OFFSET / 4] = word;
  core.journal.put(STATUS, statusWord(0, 1, 1 - regCommandToggle(registers, 0)));
  core.journal.put(PENDING, word);
}

function execute(core: Core, opcode: number): Outcome {
  if (stBusMaster(core.m, 0) === 0) return CommandCode.NO_BUS_MASTER;
  const handler = HANDLERS.get(opcode);
  if (handler === undefined) return CommandCode.BAD_OPCODE;
  const mailbox = stMailboxLo(core.m, 0) + stMailboxHi(core.m, 0) * 2 ** 32;
  if (mailbox % MAILBOX_BYTES !== 0) return CommandCode.BAD_PARAMETER;
  const fetched = core.memory.readWords(mailbox, input, 0, INPUT_WORDS);
  const reach =
    fetched === Dma.DONE
      ? core.memory.check(mailbox + MAILBOX_OUTPUT_OFFSET, OUTPUT_WORDS * 4, true)
      : fetched;
  if (reach !== Dma.DONE) return reach === Dma.NOT_YET ? AGAIN : CommandCode.FAULT;
  output.fill(0);
  const outcome = handler({ core, input, output });
  // Output before status, and before the commit: until COMMAND_STATUS says done the mailbox belongs to the adapter.
  if (outcome === CommandCode.OK)
    core.memory.writeWords(mailbox + MAILBOX_OUTPUT_OFFSET, output, 0, OUTPUT_WORDS);
  return outcome;
}
