// SPDX-License-Identifier: MIT
// Commands: what each one answers when all is well, and ways in which it refuses; create-commands.ts has those that make something.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import * as w from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import { finish, makeQueues } from '../../support/bench.js';
import type { Case } from '../case.js';
import { assertStatus, type Fill } from './create-commands.js';

const { OK, BAD_OPCODE, BAD_PARAMETER, BAD_HANDLE, NO_RESOURCE, BUSY, FAULT } = c.CommandCode;

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
  c.Command.DESTROY_SRQ,
  c.Command.QUERY_SRQ,
  c.Command.DESTROY_AH,
  c.Command.QUERY_AH,
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
      assert.ok(c.cmdDeviceOutMaxSrq(out, 0) > 1 && c.cmdDeviceOutMaxAh(out, 0) > 1);
      assert.deepEqual(
        [
          c.cmdDeviceOutMaxGid,
          c.cmdDeviceOutMaxInline,
          c.cmdDeviceOutMaxInlinePush,
          c.cmdDeviceOutMaxFastPages,
          c.cmdDeviceOutMaxRdAtomic,
          c.cmdDeviceOutMaxGatherRdma,
        ].map(get => get(out, 0)),
        [32, 480, 224, 512, 16, 29],
      );
    },
  },
  {
    name: 'a command code that has no name is refused',
    run({ driver: d }) {
      for (const opcode of [0, 6, 15, 255, 0xffff])
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
      const { QUERY_DEVICE, QUERY_PORT, ALLOC_PD, ALLOC_PAGE, QUERY_LINK } = c.Command;
      for (const command of [QUERY_DEVICE, QUERY_PORT, ALLOC_PD, ALLOC_PAGE, QUERY_LINK]) {
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
        set(i => c.setCmdLinkHold(i, 0, 8)),
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
