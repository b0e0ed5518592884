// SPDX-License-Identifier: MIT
// Commands: what each one answers when all is well, and each way in which it refuses.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import * as w from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import { finish, makeQueues } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Case } from '../case.js';

const { OK, BAD_OPCODE, BAD_PARAMETER, BAD_HANDLE, NO_RESOURCE, BUSY, FAULT } = c.CommandCode;
const INPUT_BYTES = 64;

type Input = Uint32Array;
type Fill = (input: Input) => void;

const name = (status: number): string =>
  Object.entries(c.CommandCode).find(([, value]) => value === status)?.[0] ?? String(status);

function assertStatus(found: number, expected: number, what: string): void {
  assert.equal(name(found), name(expected), what);
}

/** A valid input of a command that makes something, and what is wrong with variations of it. */
interface Shape {
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
      [0, 21],
      [24, 48],
    ],
    refusals: [
      ['type', i => c.setCmdCreateQpType(i, 0, 2), BAD_PARAMETER],
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

function refusesWell(d: Driver, shape: Shape): void {
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

const HANDLE_COMMANDS = [
  c.Command.DESTROY_EQ,
  c.Command.QUERY_EQ,
  c.Command.DEALLOC_PD,
  c.Command.FREE_PAGE,
  c.Command.DEREGISTER_MR,
  c.Command.QUERY_MR,
  c.Command.DESTROY_CQ,
  c.Command.QUERY_CQ,
  c.Command.DESTROY_QP,
  c.Command.QUERY_QP,
];

export const commandCases: readonly Case[] = [
  {
    name: 'QUERY_DEVICE tells the limits of the declaration',
    run({ driver: d }) {
      const out = d.command(c.Command.QUERY_DEVICE);
      assert.equal(c.cmdDeviceOutMaxSge(out, 0), w.MAX_SGE);
      assert.equal(c.cmdDeviceOutMaxDepth(out, 0), w.QUEUE_DEPTH_MAX);
      assert.equal(c.cmdDeviceOutMaxMrPages(out, 0), c.MR_PAGES_MAX);
      assert.equal(c.cmdDeviceOutPushSlots(out, 0), r.PUSH_SLOTS);
      assert.equal(c.cmdDeviceOutSliceBytes(out, 0), w.SLICE_BYTES);
      assert.equal(c.cmdDeviceOutMaxMessage(out, 0), w.MAX_MESSAGE_BYTES);
      assert.ok(c.cmdDeviceOutMaxQp(out, 0) > 2 && c.cmdDeviceOutMaxCq(out, 0) > 1);
      assert.ok(c.cmdDeviceOutMaxEq(out, 0) > 0 && c.cmdDeviceOutMaxMr(out, 0) > 1);
      assert.ok(c.cmdDeviceOutMaxPd(out, 0) > 1);
    },
  },
  {
    name: 'a command code that has no name is refused',
    run({ driver: d }) {
      for (const opcode of [0, 2, 15, 255, 0xffff])
        assertStatus(d.tryCommand(opcode), BAD_OPCODE, `${opcode}`);
    },
  },
  {
    name: 'a mailbox that is misaligned or nowhere is refused',
    run({ driver: d, target: t }) {
      d.writeRegister(r.REG_MAILBOX_LO_OFFSET, (d.mailbox + 64) % 2 ** 32);
      assertStatus(d.tryCommand(c.Command.QUERY_DEVICE), BAD_PARAMETER, 'misaligned');
      for (const hi of [Math.floor(t.nowhere / 2 ** 32), 0xffffffff]) {
        d.writeRegister(r.REG_MAILBOX_LO_OFFSET, 0);
        d.writeRegister(r.REG_MAILBOX_HI_OFFSET, hi);
        assertStatus(d.tryCommand(c.Command.QUERY_DEVICE), FAULT, `nowhere, high half ${hi}`);
      }
      d.writeRegister(r.REG_MAILBOX_LO_OFFSET, d.mailbox % 2 ** 32);
      d.writeRegister(r.REG_MAILBOX_HI_OFFSET, Math.floor(d.mailbox / 2 ** 32));
      assertStatus(d.tryCommand(c.Command.QUERY_DEVICE), OK, 'back again');
    },
  },
  {
    name: 'every command with a handle refuses an unknown one and dirty reserved fields',
    run({ driver: d }) {
      for (const command of HANDLE_COMMANDS) {
        for (const handle of [4000, 0x7fffffff, 0xffffffff])
          assertStatus(d.destroy(command, handle), BAD_HANDLE, `command ${command}, handle ${handle}`);
        for (const word of [1, 3, 15]) {
          const status = d.tryCommand(command, i => {
            i[word] = 1;
          });
          assertStatus(status, BAD_PARAMETER, `command ${command}, reserved word ${word}`);
        }
      }
      assertStatus(d.destroy(c.Command.FREE_PAGE, 0), BAD_HANDLE, 'page 0 is never given back');
      assertStatus(d.destroy(c.Command.DEALLOC_PD, 0), BAD_HANDLE, 'there is no domain 0');
    },
  },
  {
    name: 'commands without input refuse a dirty mailbox',
    run({ driver: d }) {
      const { QUERY_DEVICE, ALLOC_PD, ALLOC_PAGE, QUERY_LINK } = c.Command;
      for (const command of [QUERY_DEVICE, ALLOC_PD, ALLOC_PAGE, QUERY_LINK]) {
        for (const word of [0, 7, 15]) {
          const status = d.tryCommand(command, i => {
            i[word] = 0x80000000;
          });
          assertStatus(status, BAD_PARAMETER, `command ${command}, word ${word}`);
        }
      }
    },
  },
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
  {
    name: 'REGISTER_MR of whole memory takes no page fields',
    run({ driver: d }) {
      const run = (change: Fill): number =>
        d.tryCommand(c.Command.REGISTER_MR, i => {
          c.setCmdRegisterMrPd(i, 0, d.pd);
          c.setCmdRegisterMrKind(i, 0, c.MrKind.WHOLE_MEMORY);
          change(i);
        });
      assertStatus(
        run(i => c.setCmdRegisterMrPageShift(i, 0, 12)),
        BAD_PARAMETER,
        'page shift',
      );
      for (let word = 2; word < 16; word++) {
        const status = run(i => {
          i[word] = 1;
        });
        assertStatus(status, BAD_PARAMETER, `word ${word}`);
      }
      assertStatus(
        run(() => undefined),
        OK,
        'clean',
      );
    },
  },
  {
    name: 'QUERY_MR tells what was registered and how many queues lie in it',
    run({ driver: d }) {
      const key = d.registerPages([d.alloc(4096), d.alloc(4096)], 0x1000_0200, 5000, { access: 3 });
      const query = (): Uint32Array =>
        d.command(c.Command.QUERY_MR, i => {
          i[0] = key;
        });
      assert.deepEqual(
        [c.cmdMrOutPd, c.cmdMrOutKind, c.cmdMrOutAccess, c.cmdMrOutPageShift].map(get => get(query(), 0)),
        [d.pd, c.MrKind.PAGE_LIST, 3, 12],
      );
      assert.deepEqual([c.cmdMrOutIova(query(), 0), c.cmdMrOutLength(query(), 0)], [0x1000_0200, 5000]);
      assert.equal(c.cmdMrOutUsers(query(), 0), 0);
      const { cq } = makeQueues(d);
      d.createQp({
        sendCq: cq,
        type: c.QpType.DMA,
        logDepth: 1,
        logStride: 6,
        sendLkey: key,
        sendAddress: 0x1000_0200,
      });
      assert.equal(c.cmdMrOutUsers(query(), 0), 1);
    },
  },
  {
    name: 'objects that others use are busy until those are gone',
    run({ driver: d }) {
      const pd = d.create(c.Command.ALLOC_PD);
      const page = d.create(c.Command.ALLOC_PAGE);
      const key = d.registerWhole(pd);
      const saved = [d.pd, d.key];
      [d.pd, d.key] = [pd, key];
      const eq = d.createEq();
      const cq = d.createCq(eq, 4, page);
      const qp = d.createQp({ sendCq: cq, page });
      const busy = (command: number, handle: number, what: string): void =>
        assertStatus(d.destroy(command, handle), BUSY, what);
      const gone = (command: number, handle: number, what: string): void =>
        assertStatus(d.destroy(command, handle), OK, what);
      busy(c.Command.DEALLOC_PD, pd, 'domain with a region and a queue pair');
      busy(c.Command.FREE_PAGE, page, 'page with queues');
      busy(c.Command.DEREGISTER_MR, key, 'region with queue buffers');
      busy(c.Command.DESTROY_EQ, eq.number, 'event queue with a completion queue');
      busy(c.Command.DESTROY_CQ, cq.number, 'completion queue with a queue pair');
      gone(c.Command.DESTROY_QP, qp.number, 'queue pair');
      busy(c.Command.FREE_PAGE, page, 'page with a completion queue');
      busy(c.Command.DESTROY_EQ, eq.number, 'event queue with a completion queue');
      gone(c.Command.DESTROY_CQ, cq.number, 'completion queue');
      gone(c.Command.FREE_PAGE, page, 'page');
      busy(c.Command.DEREGISTER_MR, key, 'region with an event queue');
      gone(c.Command.DESTROY_EQ, eq.number, 'event queue');
      busy(c.Command.DEALLOC_PD, pd, 'domain with a region');
      gone(c.Command.DEREGISTER_MR, key, 'region');
      gone(c.Command.DEALLOC_PD, pd, 'domain');
      [d.pd, d.key] = saved as [number, number];
    },
  },
  {
    name: 'objects run out with NO_RESOURCE and come back when one is freed',
    run({ driver: d }) {
      const pages = Array.from({ length: r.DOORBELL_PAGES - 1 }, () => d.create(c.Command.ALLOC_PAGE));
      assert.equal(new Set(pages).size, r.DOORBELL_PAGES - 1);
      assertStatus(d.tryCommand(c.Command.ALLOC_PAGE), NO_RESOURCE, 'pages');
      assert.equal(d.destroy(c.Command.FREE_PAGE, 100), OK);
      assert.equal(d.create(c.Command.ALLOC_PAGE), 100);
      const eqs = c.cmdDeviceOutMaxEq(d.command(c.Command.QUERY_DEVICE), 0);
      for (let n = 0; n < eqs; n++) d.createEq(0, 4);
      assert.throws(() => d.createEq(0, 4), { status: NO_RESOURCE });
      assert.equal(d.destroy(c.Command.DESTROY_EQ, 63), OK);
      assert.equal(d.createEq(0, 4).number, 63);
    },
  },
  {
    name: 'SET_LINK refuses unknown bits and rates, QUERY_LINK tells what is set',
    run({ driver: d }) {
      const set = (change: Fill): number => d.tryCommand(c.Command.SET_LINK, change);
      assertStatus(
        set(i => c.setCmdLinkHold(i, 0, 4)),
        BAD_PARAMETER,
        'hold',
      );
      assertStatus(
        set(i => c.setCmdLinkRateMbps(i, 0, 1_000_001)),
        BAD_PARAMETER,
        'rate',
      );
      assertStatus(
        set(i => c.setCmdLinkPacketsSent(i, 0, 1)),
        BAD_PARAMETER,
        'output field',
      );
      assertStatus(
        set(i => i.fill(1, 4, 5)),
        BAD_PARAMETER,
        'reserved',
      );
      d.setLink(c.Hold.ENGINE, 400);
      const out = d.command(c.Command.QUERY_LINK);
      assert.deepEqual([c.cmdLinkHold(out, 0), c.cmdLinkRateMbps(out, 0)], [c.Hold.ENGINE, 400]);
    },
  },
  {
    name: 'a queue pair that is destroyed with work posted leaves no completion and frees its push slots',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      d.setLink(c.Hold.ENGINE);
      const doomed = d.channel({ sendCq: cq });
      for (let n = 0; n < r.PUSH_SLOTS; n++) d.push(doomed, { opcode: w.Opcode.NOP });
      d.send(doomed, { opcode: w.Opcode.NOP });
      assert.equal(d.destroy(c.Command.DESTROY_QP, doomed.number), OK);
      const next = d.channel({ sendCq: cq });
      for (let n = 0; n < r.PUSH_SLOTS; n++)
        d.push(next, { opcode: w.Opcode.NOP, wrId: 50 + n }, { memory: null });
      d.setLink(0);
      const cqes = finish(d, cq);
      assert.equal(cqes.length, r.PUSH_SLOTS);
      assert.ok(cqes.every((cqe, n) => cqe.wrId === 50 + n && cqe.qpn === next.number && cqe.status === 0));
    },
  },
];
