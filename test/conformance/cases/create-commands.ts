// SPDX-License-Identifier: MIT
// Commands that make something: every field that may be wrong, every reserved byte, success, and the number given back.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import * as r from '../../../device/abi/generated/registers.js';
import { makeQueues } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Case } from '../case.js';

const { OK, BAD_PARAMETER, BAD_HANDLE, FAULT } = c.CommandCode;
const INPUT_BYTES = 64;

type Input = Uint32Array;
export type Fill = (input: Input) => void;

const name = (status: number): string =>
  Object.entries(c.CommandCode).find(([, value]) => value === status)?.[0] ?? String(status);

export function assertStatus(found: number, expected: number, what: string): void {
  assert.equal(name(found), name(expected), what);
}

/** A valid input of a command that makes something, and what is wrong with variations of it. */
export interface Shape {
  readonly command: number;
  readonly valid: Fill;
  /** Bytes of the input that hold fields; every other one is reserved. */
  readonly fields: readonly (readonly [number, number])[];
  readonly refusals: readonly (readonly [string, Fill, number])[];
  readonly destroy: number;
}

function eqShape(d: Driver): Shape {
  const buffer = d.alloc(4096);
  return {
    command: c.Command.CREATE_EQ,
    valid: i => {
      c.setCmdCreateEqAddress(i, 0, buffer);
      c.setCmdCreateEqLkey(i, 0, d.key);
      c.setCmdCreateEqLogDepth(i, 0, 4);
      c.setCmdCreateEqVector(i, 0, r.MSIX_VECTORS - 1);
    },
    fields: [
      [0, 13],
      [14, 16],
    ],
    refusals: [
      ['depth 0', i => c.setCmdCreateEqLogDepth(i, 0, 0), BAD_PARAMETER],
      ['depth 16', i => c.setCmdCreateEqLogDepth(i, 0, 16), BAD_PARAMETER],
      ['vector', i => c.setCmdCreateEqVector(i, 0, r.MSIX_VECTORS), BAD_PARAMETER],
      ['alignment', i => c.setCmdCreateEqAddress(i, 0, buffer + 32), BAD_PARAMETER],
      ['key', i => c.setCmdCreateEqLkey(i, 0, d.key + 1), BAD_HANDLE],
      ['key 0', i => c.setCmdCreateEqLkey(i, 0, 0), BAD_HANDLE],
      ['key without write', i => c.setCmdCreateEqLkey(i, 0, d.registerWhole(d.pd, 0)), BAD_HANDLE],
    ],
    destroy: c.Command.DESTROY_EQ,
  };
}

function cqShape(d: Driver): Shape {
  const eq = d.createEq();
  const buffer = d.alloc(4096);
  const small = d.registerPages([d.alloc(4096)], 0, 4096 - 64);
  return {
    command: c.Command.CREATE_CQ,
    valid: i => {
      c.setCmdCreateCqAddress(i, 0, buffer);
      c.setCmdCreateCqLkey(i, 0, d.key);
      c.setCmdCreateCqLogDepth(i, 0, 7);
      c.setCmdCreateCqEqn(i, 0, eq.number);
    },
    fields: [
      [0, 13],
      [16, 24],
    ],
    refusals: [
      ['depth 0', i => c.setCmdCreateCqLogDepth(i, 0, 0), BAD_PARAMETER],
      ['depth 16', i => c.setCmdCreateCqLogDepth(i, 0, 16), BAD_PARAMETER],
      ['event queue', i => c.setCmdCreateCqEqn(i, 0, eq.number + 1), BAD_HANDLE],
      ['huge event queue', i => c.setCmdCreateCqEqn(i, 0, 0xffffffff), BAD_HANDLE],
      ['page', i => c.setCmdCreateCqPage(i, 0, 3), BAD_HANDLE],
      ['huge page', i => c.setCmdCreateCqPage(i, 0, 0xffffffff), BAD_HANDLE],
      ['alignment', i => c.setCmdCreateCqAddress(i, 0, buffer + 1), BAD_PARAMETER],
      ['key', i => c.setCmdCreateCqLkey(i, 0, 0xffffffff), BAD_HANDLE],
      [
        'buffer beyond its region',
        i => {
          c.setCmdCreateCqLkey(i, 0, small);
          c.setCmdCreateCqAddress(i, 0, 0);
        },
        BAD_HANDLE,
      ],
    ],
    destroy: c.Command.DESTROY_CQ,
  };
}

function mrShape(d: Driver): Shape {
  const list = d.alloc(4096);
  const entries = new Uint32Array([d.alloc(4096), 0, d.alloc(4096), 0, d.alloc(4096) + 512, 0, 0, 2 ** 31]);
  d.target.writeBytes(list, new Uint8Array(entries.buffer));
  const iova = 0x7000_0123;
  return {
    command: c.Command.REGISTER_MR,
    valid: i => {
      c.setCmdRegisterMrPd(i, 0, d.pd);
      c.setCmdRegisterMrAccess(i, 0, 15);
      c.setCmdRegisterMrPageShift(i, 0, 12);
      c.setCmdRegisterMrIova(i, 0, iova);
      c.setCmdRegisterMrLength(i, 0, 8192 - 0x123);
      c.setCmdRegisterMrPageList(i, 0, list);
      c.setCmdRegisterMrPageCount(i, 0, 2);
    },
    fields: [
      [0, 7],
      [8, 36],
    ],
    refusals: [
      ['kind', i => c.setCmdRegisterMrKind(i, 0, 2), BAD_PARAMETER],
      ['whole memory with a list', i => c.setCmdRegisterMrKind(i, 0, c.MrKind.WHOLE_MEMORY), BAD_PARAMETER],
      ['access', i => c.setCmdRegisterMrAccess(i, 0, 16), BAD_PARAMETER],
      [
        'remote without local write',
        i => c.setCmdRegisterMrAccess(i, 0, c.Access.REMOTE_WRITE),
        BAD_PARAMETER,
      ],
      [
        'atomic without local write',
        i => c.setCmdRegisterMrAccess(i, 0, c.Access.REMOTE_ATOMIC),
        BAD_PARAMETER,
      ],
      ['page shift 11', i => c.setCmdRegisterMrPageShift(i, 0, 11), BAD_PARAMETER],
      ['page shift 31', i => c.setCmdRegisterMrPageShift(i, 0, 31), BAD_PARAMETER],
      ['length 0', i => c.setCmdRegisterMrLength(i, 0, 0), BAD_PARAMETER],
      ['length beyond the pages', i => c.setCmdRegisterMrLength(i, 0, 8192 - 0x122), BAD_PARAMETER],
      ['end beyond 2^53', i => c.setCmdRegisterMrIova(i, 0, 2 ** 53 - 4096), BAD_PARAMETER],
      ['no pages', i => c.setCmdRegisterMrPageCount(i, 0, 0), BAD_PARAMETER],
      ['too many pages', i => c.setCmdRegisterMrPageCount(i, 0, c.MR_PAGES_MAX + 1), BAD_PARAMETER],
      ['list alignment', i => c.setCmdRegisterMrPageList(i, 0, list + 4), BAD_PARAMETER],
      ['page alignment', i => c.setCmdRegisterMrPageCount(i, 0, 3), BAD_PARAMETER],
      ['page beyond 2^53', i => c.setCmdRegisterMrPageList(i, 0, list + 16), BAD_PARAMETER],
      ['list nowhere', i => c.setCmdRegisterMrPageList(i, 0, d.target.nowhere), FAULT],
      ['protection domain', i => c.setCmdRegisterMrPd(i, 0, d.pd + 1), BAD_HANDLE],
      ['protection domain 0', i => c.setCmdRegisterMrPd(i, 0, 0), BAD_HANDLE],
      ['huge protection domain', i => c.setCmdRegisterMrPd(i, 0, 0xffffffff), BAD_HANDLE],
    ],
    destroy: c.Command.DEREGISTER_MR,
  };
}

function qpShape(d: Driver): Shape {
  const { cq } = makeQueues(d);
  const buffer = d.alloc(8192);
  const otherPd = d.create(c.Command.ALLOC_PD);
  const foreign = d.registerWhole(otherPd);
  return {
    command: c.Command.CREATE_QP,
    valid: i => {
      c.setCmdCreateQpPd(i, 0, d.pd);
      c.setCmdCreateQpSendCqn(i, 0, cq.number);
      c.setCmdCreateQpRecvCqn(i, 0, cq.number);
      c.setCmdCreateQpSendLogDepth(i, 0, 4);
      c.setCmdCreateQpSendLogStride(i, 0, 6);
      c.setCmdCreateQpRecvLogDepth(i, 0, 4);
      c.setCmdCreateQpRecvLogStride(i, 0, 6);
      c.setCmdCreateQpSendAddress(i, 0, buffer);
      c.setCmdCreateQpRecvAddress(i, 0, buffer + 4096);
      c.setCmdCreateQpSendLkey(i, 0, d.key);
      c.setCmdCreateQpRecvLkey(i, 0, d.key);
    },
    fields: [
      [0, 22],
      [24, 52],
    ],
    refusals: [
      ['type', i => c.setCmdCreateQpType(i, 0, 5), BAD_PARAMETER],
      ['flags', i => c.setCmdCreateQpFlags(i, 0, 2), BAD_PARAMETER],
      ['shared receive queue', i => c.setCmdCreateQpSrqn(i, 0, 77), BAD_PARAMETER],
      ['send depth 0', i => c.setCmdCreateQpSendLogDepth(i, 0, 0), BAD_PARAMETER],
      ['send depth 16', i => c.setCmdCreateQpSendLogDepth(i, 0, 16), BAD_PARAMETER],
      ['send stride 32', i => c.setCmdCreateQpSendLogStride(i, 0, 5), BAD_PARAMETER],
      ['send stride 1024', i => c.setCmdCreateQpSendLogStride(i, 0, 10), BAD_PARAMETER],
      ['receive depth 0', i => c.setCmdCreateQpRecvLogDepth(i, 0, 0), BAD_PARAMETER],
      ['receive stride 32', i => c.setCmdCreateQpRecvLogStride(i, 0, 5), BAD_PARAMETER],
      ['DMA channel with a receive queue', i => c.setCmdCreateQpType(i, 0, c.QpType.DMA), BAD_PARAMETER],
      ['protection domain', i => c.setCmdCreateQpPd(i, 0, otherPd + 1), BAD_HANDLE],
      ['page', i => c.setCmdCreateQpPage(i, 0, 9), BAD_HANDLE],
      ['send completion queue', i => c.setCmdCreateQpSendCqn(i, 0, cq.number + 1), BAD_HANDLE],
      ['send completion queue 0', i => c.setCmdCreateQpSendCqn(i, 0, 0), BAD_HANDLE],
      ['receive completion queue', i => c.setCmdCreateQpRecvCqn(i, 0, 0), BAD_HANDLE],
      ['send key of another domain', i => c.setCmdCreateQpSendLkey(i, 0, foreign), BAD_HANDLE],
      ['receive key', i => c.setCmdCreateQpRecvLkey(i, 0, 0), BAD_HANDLE],
      ['send alignment', i => c.setCmdCreateQpSendAddress(i, 0, buffer + 32), BAD_PARAMETER],
      ['receive alignment', i => c.setCmdCreateQpRecvAddress(i, 0, buffer + 8), BAD_PARAMETER],
      ['send address', i => c.setCmdCreateQpSendAddress(i, 0, 2 ** 53 - 512), BAD_HANDLE],
    ],
    destroy: c.Command.DESTROY_QP,
  };
}

export function refusesWell(d: Driver, shape: Shape): void {
  const run = (change?: Fill): number =>
    d.tryCommand(shape.command, i => {
      shape.valid(i);
      change?.(i);
    });
  for (const [what, change, expected] of shape.refusals) assertStatus(run(change), expected, what);
  for (let byte = 0; byte < INPUT_BYTES; byte++) {
    if (shape.fields.some(([from, to]) => byte >= from && byte < to)) continue;
    const dirty = run(i => {
      new Uint8Array(i.buffer)[byte] = 1;
    });
    assertStatus(dirty, BAD_PARAMETER, `reserved byte ${byte}`);
  }
  // After all these refusals nothing was taken: the valid one gets the number that a first one gets.
  const handle = d.create(shape.command, shape.valid);
  assert.equal(d.destroy(shape.destroy, handle), OK);
  const again = d.create(shape.command, shape.valid);
  if (shape.command === c.Command.REGISTER_MR)
    assert.notEqual(again, handle, 'a key never comes back at once');
  else assert.equal(again, handle, 'the lowest free number');
  assert.equal(d.destroy(shape.destroy, again), OK);
  assertStatus(d.destroy(shape.destroy, again), BAD_HANDLE, 'destroyed twice');
}

export const createCases: readonly Case[] = [
  {
    name: 'CREATE_EQ: refusals, success, number given back',
    run: ({ driver: d }) => refusesWell(d, eqShape(d)),
  },
  {
    name: 'CREATE_CQ: refusals, success, number given back',
    run: ({ driver: d }) => refusesWell(d, cqShape(d)),
  },
  {
    name: 'CREATE_QP: refusals, success, number given back',
    run: ({ driver: d }) => refusesWell(d, qpShape(d)),
  },
  { name: 'REGISTER_MR: refusals, success, new key', run: ({ driver: d }) => refusesWell(d, mrShape(d)) },
];
