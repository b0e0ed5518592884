// SPDX-License-Identifier: MIT
// What a BTH opcode says (IBTA table 38): its upper three bits name the transport service, the lower five what the packet
// is to its message. The opcodes of UC are those of RC moved up.
import { BthOpcode } from '../abi/generated/packets.js';

export const Operation = { NONE: 0, SEND: 1, WRITE: 2, READ: 3, ATOMIC: 4, RESPONSE: 5 } as const;
export type Operation = (typeof Operation)[keyof typeof Operation];

/** What is added to an opcode of RC. */
export const Service = { RC: 0x00, UC: 0x20, UD: 0x60 } as const;

/** What the last packet of a message carries beside its payload. */
export const Extra = { NOTHING: 0, IMMEDIATE: 1, INVALIDATE: 2 } as const;
export type Extra = (typeof Extra)[keyof typeof Extra];

const OPCODES = 32;
const { SEND, WRITE, READ, ATOMIC, RESPONSE } = Operation;
const { NOTHING, IMMEDIATE, INVALIDATE } = Extra;

/** [opcode, operation, begins a message, ends one, what it carries] */
const SHAPES: readonly (readonly [number, Operation, number, number, Extra])[] = [
  [BthOpcode.RC_SEND_FIRST, SEND, 1, 0, NOTHING],
  [BthOpcode.RC_SEND_MIDDLE, SEND, 0, 0, NOTHING],
  [BthOpcode.RC_SEND_LAST, SEND, 0, 1, NOTHING],
  [BthOpcode.RC_SEND_LAST_IMM, SEND, 0, 1, IMMEDIATE],
  [BthOpcode.RC_SEND_LAST_INV, SEND, 0, 1, INVALIDATE],
  [BthOpcode.RC_SEND_ONLY, SEND, 1, 1, NOTHING],
  [BthOpcode.RC_SEND_ONLY_IMM, SEND, 1, 1, IMMEDIATE],
  [BthOpcode.RC_SEND_ONLY_INV, SEND, 1, 1, INVALIDATE],
  [BthOpcode.RC_WRITE_FIRST, WRITE, 1, 0, NOTHING],
  [BthOpcode.RC_WRITE_MIDDLE, WRITE, 0, 0, NOTHING],
  [BthOpcode.RC_WRITE_LAST, WRITE, 0, 1, NOTHING],
  [BthOpcode.RC_WRITE_LAST_IMM, WRITE, 0, 1, IMMEDIATE],
  [BthOpcode.RC_WRITE_ONLY, WRITE, 1, 1, NOTHING],
  [BthOpcode.RC_WRITE_ONLY_IMM, WRITE, 1, 1, IMMEDIATE],
  [BthOpcode.RC_READ_REQUEST, READ, 1, 1, NOTHING],
  [BthOpcode.RC_CMP_SWAP, ATOMIC, 1, 1, NOTHING],
  [BthOpcode.RC_FETCH_ADD, ATOMIC, 1, 1, NOTHING],
  [BthOpcode.RC_READ_RESPONSE_FIRST, RESPONSE, 1, 0, NOTHING],
  [BthOpcode.RC_READ_RESPONSE_MIDDLE, RESPONSE, 0, 0, NOTHING],
  [BthOpcode.RC_READ_RESPONSE_LAST, RESPONSE, 0, 1, NOTHING],
  [BthOpcode.RC_READ_RESPONSE_ONLY, RESPONSE, 1, 1, NOTHING],
  [BthOpcode.RC_ACKNOWLEDGE, RESPONSE, 1, 1, NOTHING],
  [BthOpcode.RC_ATOMIC_ACKNOWLEDGE, RESPONSE, 1, 1, NOTHING],
];

const OPERATION = new Uint8Array(OPCODES);
const BEGINS = new Uint8Array(OPCODES);
const ENDS = new Uint8Array(OPCODES);
const EXTRA = new Uint8Array(OPCODES);
/** Opcode of a packet of a SEND or WRITE: see packetOpcode(). */
const OF_MESSAGE = new Uint8Array(64);

const place = (operation: Operation, begins: number, ends: number, extra: Extra): number =>
  ((operation * 2 + begins) * 2 + ends) * 4 + extra;

for (const [opcode, operation, begins, ends, extra] of SHAPES) {
  OPERATION[opcode] = operation;
  BEGINS[opcode] = begins;
  ENDS[opcode] = ends;
  EXTRA[opcode] = extra;
  if (operation === SEND || operation === WRITE) OF_MESSAGE[place(operation, begins, ends, extra)] = opcode;
}

export const serviceOf = (opcode: number): number => opcode - (opcode % OPCODES);
/** NONE when the opcode has no name. */
export const operationOf = (opcode: number): number => OPERATION[opcode % OPCODES];
export const begins = (opcode: number): boolean => BEGINS[opcode % OPCODES] === 1;
export const ends = (opcode: number): boolean => ENDS[opcode % OPCODES] === 1;
export const extraOf = (opcode: number): number => EXTRA[opcode % OPCODES];

/** The opcode, for RC, of a packet of a SEND or WRITE; `extra` counts in the last one only. */
export function packetOpcode(operation: Operation, first: boolean, last: boolean, extra: Extra): number {
  return OF_MESSAGE[place(operation, first ? 1 : 0, last ? 1 : 0, last ? extra : NOTHING)];
}

/** The opcode of a packet of the answer to a READ. */
export function responseOpcode(first: boolean, last: boolean): BthOpcode {
  if (first) return last ? BthOpcode.RC_READ_RESPONSE_ONLY : BthOpcode.RC_READ_RESPONSE_FIRST;
  return last ? BthOpcode.RC_READ_RESPONSE_LAST : BthOpcode.RC_READ_RESPONSE_MIDDLE;
}
