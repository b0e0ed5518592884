// SPDX-License-Identifier: MIT
// Everything that a guest can find out about the adapter without working with it: all registers, a query of every object
// that may exist, and at last the statuses with which all of it can be taken down, which shows the counts of users.
import {
  Command,
  CommandCode,
  CounterKind,
  MAILBOX_BYTES,
  MAILBOX_OUTPUT_OFFSET,
} from '../../device/abi/generated/commands.js';
import {
  REG_COMMAND_OFFSET,
  REG_COMMAND_STATUS_OFFSET,
  REG_CONTROL_OFFSET,
  REG_MAILBOX_HI_OFFSET,
  REG_MAILBOX_LO_OFFSET,
  REG_SIZE,
  REGISTER_BAR,
  regCommandStatusStatus,
} from '../../device/abi/generated/registers.js';
import { MR_TABLE, MR_WORDS, mrKey } from '../../device/abi/generated/state.js';
import type { World } from './world.js';

const OBJECTS = 12;
const OUTPUT_WORDS = 48;
const GIDS = 32;
const PAGES = 4;

const QUERIES = [
  ['qp', Command.QUERY_QP],
  ['cq', Command.QUERY_CQ],
  ['eq', Command.QUERY_EQ],
  ['srq', Command.QUERY_SRQ],
  ['ah', Command.QUERY_AH],
] as const;

/** In an order in which nothing is in use any more when its turn comes. */
const TAKE_DOWN = [
  ['qp', Command.DESTROY_QP],
  ['srq', Command.DESTROY_SRQ],
  ['ah', Command.DESTROY_AH],
  ['cq', Command.DESTROY_CQ],
  ['eq', Command.DESTROY_EQ],
] as const;

/** Lines of text; two adapters are the same to a guest if theirs are. The adapter is of no use afterwards. */
export function inspect(world: World): string[] {
  const lines: string[] = [];
  for (let offset = 0; offset < REG_SIZE; offset += 4)
    lines.push(`register ${offset.toString(16)}: ${world.load(REGISTER_BAR, offset, 4)}`);
  const mailbox = world.memory.u8.length - MAILBOX_BYTES;
  const store = (offset: number, lo: number): void =>
    world.write({ kind: 'slot', bar: REGISTER_BAR, offset, size: 4, lo, hi: 0 });
  world.busMaster = true;
  world.running = true;
  world.awake = true;
  world.run();
  // Nothing may run while the questions are asked.
  store(REG_CONTROL_OFFSET, 0);
  store(REG_MAILBOX_LO_OFFSET, mailbox);
  store(REG_MAILBOX_HI_OFFSET, 0);
  const ask = (name: string, opcode: number, handle: number, second = 0): void => {
    const input = mailbox / 4;
    world.memory.u32.fill(0, input, input + MAILBOX_BYTES / 4);
    world.memory.u32[input] = handle;
    world.memory.u32[input + 1] = second;
    store(REG_COMMAND_OFFSET, opcode);
    lines.push(`${name} ${handle} ${second}: ${answer(world, mailbox + MAILBOX_OUTPUT_OFFSET)}`);
  };
  const keys = Array.from({ length: OBJECTS }, (_, n) => mrKey(world.region.u32, MR_TABLE + n * MR_WORDS));
  ask('device', Command.QUERY_DEVICE, 0);
  ask('link', Command.QUERY_LINK, 0);
  ask('port', Command.QUERY_PORT, 0);
  for (let n = 0; n < GIDS; n++) ask('gid', Command.QUERY_GID, n);
  ask('counters of the port', Command.QUERY_COUNTERS, CounterKind.PORT);
  for (let n = 0; n < PAGES; n++) ask('counters of page', Command.QUERY_COUNTERS, CounterKind.PAGE, n);
  for (let n = 0; n < OBJECTS; n++) ask('counters of qp', Command.QUERY_COUNTERS, CounterKind.QP, n);
  for (const [name, opcode] of QUERIES) for (let n = 0; n < OBJECTS; n++) ask(name, opcode, n);
  for (const key of keys) ask('mr', Command.QUERY_MR, key);
  for (const [name, opcode] of TAKE_DOWN) for (let n = 0; n < OBJECTS; n++) ask(`no ${name}`, opcode, n);
  for (const key of keys) ask('no mr', Command.DEREGISTER_MR, key);
  for (let n = 0; n < OBJECTS; n++) ask('no page', Command.FREE_PAGE, n);
  for (let n = 0; n < OBJECTS; n++) ask('no pd', Command.DEALLOC_PD, n);
  return lines;
}

const registers = new Uint32Array(REG_SIZE / 4);

function answer(world: World, output: number): string {
  registers[REG_COMMAND_STATUS_OFFSET / 4] = world.load(REGISTER_BAR, REG_COMMAND_STATUS_OFFSET, 4);
  const status = regCommandStatusStatus(registers, 0);
  if (status !== CommandCode.OK) return `status ${status}`;
  return world.memory.u32.slice(output / 4, output / 4 + OUTPUT_WORDS).join(' ');
}
