// SPDX-License-Identifier: MIT
// Descriptors that are refused, as tables: what is wrong with each and the status that it ends in.
import assert from 'node:assert/strict';
import { Access, Command, CommandCode } from '../../../device/abi/generated/commands.js';
import { Opcode, WcStatus, WqeFlag } from '../../../device/abi/generated/descriptors.js';
import { filled } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Work } from '../../support/work.js';

const { LOC_LEN_ERR, LOC_QP_OP_ERR, LOC_PROT_ERR } = WcStatus;
const { REM_INV_REQ_ERR, REM_OP_ERR, GENERAL_ERR } = WcStatus;

/** Memory and keys that bad descriptors name. */
export interface Place {
  /** 8 KiB of known bytes, all of them reachable by the whole-memory key. */
  readonly at: number;
  readonly key: number;
  /** Pages at I/O virtual address 0x10000, 5000 bytes from 0x10010 on. */
  readonly pages: number;
  readonly readOnly: number;
  readonly foreign: number;
  readonly stale: number;
  readonly nowhere: number;
}

export const IOVA = 0x10010;
export const LENGTH = 5000;
const BEYOND_EXACT = 2 ** 53;

export function place(d: Driver): Place {
  const { address } = filled(d, 8192, 5);
  const list = [address, address + 4096];
  const otherPd = d.create(Command.ALLOC_PD);
  const stale = d.registerWhole(d.pd);
  assert.equal(d.destroy(Command.DEREGISTER_MR, stale), CommandCode.OK);
  return {
    at: address,
    key: d.key,
    pages: d.registerPages(list, IOVA, LENGTH),
    readOnly: d.registerPages(list, IOVA, LENGTH, { access: Access.REMOTE_READ }),
    foreign: d.registerWhole(otherPd),
    stale,
    nowhere: d.target.nowhere,
  };
}

export type Bad = readonly [what: string, status: number, work: (p: Place) => Work];

export const gather = (address: number, length: number, lkey?: number): Work => ({
  opcode: Opcode.SEND,
  gather: [lkey === undefined ? { address, length } : { address, length, lkey }],
});

export const fill = (address: number, length: number, lkey?: number): Work => ({
  opcode: Opcode.FILL,
  scatter: [lkey === undefined ? { address, length } : { address, length, lkey }],
  pattern: [0xffffffff, 0xffffffff],
});

/** Malformed descriptors that any queue pair refuses. */
export const MALFORMED: readonly Bad[] = [
  ['opcode without a name', LOC_QP_OP_ERR, () => ({ opcode: 13 })],
  ['opcode 255', LOC_QP_OP_ERR, () => ({ opcode: 255 })],
  ['RECV on a send queue', LOC_QP_OP_ERR, () => ({ opcode: Opcode.RECV })],
  ['unknown flag', LOC_QP_OP_ERR, () => ({ opcode: Opcode.NOP, flags: WqeFlag.SIGNALED | 0x10 })],
  ['another index', LOC_QP_OP_ERR, () => ({ opcode: Opcode.NOP, index: 77 })],
  ['reserved bytes after the index', LOC_QP_OP_ERR, () => ({ opcode: Opcode.NOP, poke: [[1, 0x10000]] })],
  ['reserved word 6', LOC_QP_OP_ERR, () => ({ opcode: Opcode.NOP, poke: [[6, 1]] })],
  ['reserved word 7', LOC_QP_OP_ERR, () => ({ opcode: Opcode.NOP, poke: [[7, 0x80000000]] })],
  ['NOP with a gather entry', LOC_QP_OP_ERR, p => ({ ...gather(p.at, 1), opcode: Opcode.NOP })],
  ['NOP with a pattern', LOC_QP_OP_ERR, () => ({ opcode: Opcode.NOP, pattern: [0, 1] })],
  [
    'FILL with a gather entry',
    LOC_QP_OP_ERR,
    p => ({ ...fill(p.at, 8), gather: [{ address: p.at, length: 8 }] }),
  ],
  [
    'more entries than the stride holds',
    LOC_QP_OP_ERR,
    () => ({ opcode: Opcode.COPY, gatherCount: 255, scatterCount: 255 }),
  ],
  ['one entry more than the stride holds', LOC_QP_OP_ERR, () => ({ opcode: Opcode.FILL, scatterCount: 15 })],
  [
    'lists of different length',
    LOC_LEN_ERR,
    p => ({ ...gather(p.at, 9), opcode: Opcode.COPY, scatter: [{ address: p.at + 100, length: 10 }] }),
  ],
  [
    'a message over 2 GiB',
    LOC_LEN_ERR,
    p => ({ opcode: Opcode.FILL, scatter: [0x80000000, 1].map(length => ({ address: p.at, length })) }),
  ],
  ['a target over 2 GiB', LOC_LEN_ERR, p => fill(p.at, 0xffffffff)],
];

/** Keys and ranges, as the target of a FILL. */
export const KEYS: readonly Bad[] = [
  ['key 0', LOC_PROT_ERR, p => fill(p.at, 8, 0)],
  ['key that was never given', LOC_PROT_ERR, p => fill(p.at, 8, 0xffffffff)],
  ['key with another tag', LOC_PROT_ERR, p => fill(p.at, 8, p.key + 1)],
  ['stale key', LOC_PROT_ERR, p => fill(p.at, 8, p.stale)],
  ['key of another protection domain', LOC_PROT_ERR, p => fill(p.at, 8, p.foreign)],
  ['key without the right to write', LOC_PROT_ERR, p => fill(IOVA, 8, p.readOnly)],
  ['one byte before the region', LOC_PROT_ERR, p => fill(IOVA - 1, 8, p.pages)],
  ['one byte after the region', LOC_PROT_ERR, p => fill(IOVA + LENGTH - 7, 8, p.pages)],
  ['just after the region', LOC_PROT_ERR, p => fill(IOVA + LENGTH, 1, p.pages)],
  ['longer than the region', LOC_PROT_ERR, p => fill(IOVA, LENGTH + 1, p.pages)],
  ['far away', LOC_PROT_ERR, p => fill(0x7fff_0000_0000, 8, p.pages)],
  ['an end beyond 2^53', LOC_PROT_ERR, p => fill(BEYOND_EXACT - 4, 8, p.key)],
  [
    'an address of 2^64 - 8',
    LOC_PROT_ERR,
    p => ({
      ...fill(0, 8, p.key),
      poke: [
        [8, 0xfffffff8],
        [9, 0xffffffff],
      ],
    }),
  ],
  ['no memory there', GENERAL_ERR, p => fill(p.nowhere, 8)],
];

/** A receive that cannot take the message, what it completes with, and what the sender learns. */
export type BadReceive = readonly [what: string, receive: (p: Place) => Work, here: number, there: number];

export const RECEIVES: readonly BadReceive[] = [
  [
    'too short',
    p => ({ opcode: Opcode.RECV, scatter: [{ address: p.at, length: 0 }] }),
    LOC_LEN_ERR,
    REM_INV_REQ_ERR,
  ],
  [
    'bad key',
    p => ({ opcode: Opcode.RECV, scatter: [{ address: p.at, length: 999, lkey: 5 }] }),
    LOC_PROT_ERR,
    REM_OP_ERR,
  ],
  [
    'no right to write',
    p => ({ opcode: Opcode.RECV, scatter: [{ address: IOVA, length: 999, lkey: p.readOnly }] }),
    LOC_PROT_ERR,
    REM_OP_ERR,
  ],
  [
    'bad second key',
    p => ({
      opcode: Opcode.RECV,
      scatter: [
        { address: p.at, length: 999 },
        { address: p.at, length: 1, lkey: 5 },
      ],
    }),
    LOC_PROT_ERR,
    REM_OP_ERR,
  ],
  ['not a receive', () => ({ opcode: Opcode.NOP }), LOC_QP_OP_ERR, REM_OP_ERR],
  [
    'with a gather entry',
    p => ({ opcode: Opcode.RECV, gather: [{ address: p.at, length: 999 }] }),
    LOC_QP_OP_ERR,
    REM_OP_ERR,
  ],
  ['reserved bits', () => ({ opcode: Opcode.RECV, poke: [[7, 1]] }), LOC_QP_OP_ERR, REM_OP_ERR],
  ['another index', () => ({ opcode: Opcode.RECV, index: 9 }), LOC_QP_OP_ERR, REM_OP_ERR],
  [
    'no memory there',
    p => ({ opcode: Opcode.RECV, scatter: [{ address: p.nowhere, length: 999 }] }),
    GENERAL_ERR,
    REM_OP_ERR,
  ],
];
