// SPDX-License-Identifier: MIT
// What a command handler gets: its input (words read from the mailbox, once), room for its output, and a few checks that
// several handlers make. A handler answers with a status; anything but OK is rolled back by the dispatcher.
import { CommandCode } from '../../abi/generated/commands.js';
import { WQE_STRIDE_MAX, WQE_STRIDE_MIN } from '../../abi/generated/descriptors.js';
import { mrPd } from '../../abi/generated/state.js';
import { type Core, Step } from '../core.js';
import { type MrRow, mrRow, NONE } from '../rows.js';
import { allow, Segment } from '../translate.js';

/** Words of the longest input and the longest output. */
export const INPUT_WORDS = 48;
export const OUTPUT_WORDS = 48;

/** The command must wait for a translation: it is tried again, whole. */
export const AGAIN = 0x100;
export type Outcome = CommandCode | typeof AGAIN;

export interface Command {
  readonly core: Core;
  readonly input: Uint32Array;
  readonly output: Uint32Array;
}

/** What a command comes to that ends with an event. */
export const settled = (step: Step): Outcome => (step === Step.DONE ? CommandCode.OK : AGAIN);

export type Handler = (c: Command) => Outcome;

/** Refuses the command; `field` names what is wrong for whoever asks (explain.ts): an input field, or what it lacks. */
export function refused(c: Command, code: CommandCode, field: string): CommandCode {
  c.core.diary.commandField = field;
  return code;
}

export const badParameter = (c: Command, field: string): CommandCode =>
  refused(c, CommandCode.BAD_PARAMETER, field);
export const badHandle = (c: Command, field = 'handle'): CommandCode =>
  refused(c, CommandCode.BAD_HANDLE, field);
export const busy = (c: Command): CommandCode => refused(c, CommandCode.BUSY, 'users');
/** `what`: the table or the page pool. */
export const exhausted = (c: Command, what: 'table' | 'pool' = 'table'): CommandCode =>
  refused(c, CommandCode.NO_RESOURCE, what);

/** Everything of the input from byte `offset` on is zero. */
export function zeroFrom(input: Uint32Array, offset: number): boolean {
  for (let n = offset / 4; n < INPUT_WORDS; n++) if (input[n] !== 0) return false;
  return true;
}

/** Adds `n` to the count of users that stands at `word`. */
export function use(c: Command, word: number, n: 1 | -1): void {
  c.core.journal.put(word, c.core.m[word] + n);
}

const QUEUE_ALIGNMENT = 64;
export const LOG_DEPTH_MAX = 15;
const STRIDE_LOG_MIN = Math.log2(WQE_STRIDE_MIN);
const STRIDE_LOG_MAX = Math.log2(WQE_STRIDE_MAX);

export const depthFits = (log: number): boolean => log >= 1 && log <= LOG_DEPTH_MAX;
export const strideFits = (log: number): boolean => log >= STRIDE_LOG_MIN && log <= STRIDE_LOG_MAX;

/** Queue buffers start on a cache line; any other address is a bad parameter. */
export const queueAligned = (address: number): boolean => address % QUEUE_ALIGNMENT === 0;

/**
 * The memory region of a queue buffer, or NONE: its key allows all of the (aligned) buffer. `pd`
 * undefined takes the protection domain of the region itself (completion and event queues have none).
 */
export function queueBuffer(
  c: Command,
  key: number,
  pd: number | undefined,
  address: number,
  bytes: number,
  write: boolean,
): MrRow {
  const { m } = c.core;
  const mr = mrRow(m, key);
  if (mr === NONE) return NONE as MrRow;
  return allow(m, key, pd ?? mrPd(m, mr), new Segment().of(address, bytes), write);
}
