// SPDX-License-Identifier: MIT
// DMA faults as the guest is told of them: what it was about, which queue and descriptor, and the exact first address.
import assert from 'node:assert/strict';
import { Command, CommandCode, Mtu, QpState } from '../../../device/abi/generated/commands.js';
import { EventType, Opcode, WcStatus } from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import { finish, makeQueues, outcomes } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Qp } from '../../support/work.js';
import type { Case } from '../case.js';

const { GENERAL_ERR, LOC_ACCESS_ERR, REM_OP_ERR } = WcStatus;
const PAGE = 4096;
const TWO_32 = 2 ** 32;

interface Fault {
  object: number;
  number: number;
  write: boolean;
  address: number;
}

const words = new Uint32Array(r.REG_SIZE / 4);

function decode(info: number, address: number): Fault {
  words[r.REG_FAULT_INFO_OFFSET / 4] = info;
  return {
    object: r.regFaultInfoObject(words, 0),
    number: r.regFaultInfoNumber(words, 0),
    write: r.regFaultInfoWrite(words, 0) === 1,
    address,
  };
}

const count = (d: Driver): number => d.readRegister(r.REG_COUNT_DMA_FAULTS_OFFSET);
const index = (d: Driver): number => d.readRegister(r.REG_FAULT_INDEX_OFFSET);

/** The fault that the registers show. */
function lastFault(d: Driver): Fault {
  const lo = d.readRegister(r.REG_FAULT_ADDRESS_LO_OFFSET);
  const hi = d.readRegister(r.REG_FAULT_ADDRESS_HI_OFFSET);
  return decode(d.readRegister(r.REG_FAULT_INFO_OFFSET), lo + hi * TWO_32);
}

/** The queue pair is in error for this fault at this descriptor, and the registers show the same. */
function assertFault(d: Driver, qp: Qp, status: number, at: number, fault: Fault, what: string): void {
  const view = d.queryQp(qp);
  assert.deepEqual([view.state, view.errorStatus, view.errorIndex], [QpState.ERR, status, at], what);
  assert.deepEqual(decode(view.faultInfo, view.faultAddress), fault, what);
}

/** A region of two pages, the second of which is not there. */
function halfThere(d: Driver): { key: number; page: number } {
  const page = d.alloc(PAGE);
  return { key: d.registerPages([page, d.target.nowhere], 0, 2 * PAGE), page };
}

export const faultCases: readonly Case[] = [
  {
    name: 'DMA faults of the engine: gather and scatter, by doorbell and by push, first byte that is not there',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const { key } = halfThere(d);
      const { nowhere } = d.target;
      const good = { address: d.alloc(2 * PAGE), length: 6000 };
      const bad = { address: 1000, length: 6000, lkey: key };
      const beyond = { address: PAGE + 24, length: 6, lkey: key };
      const tries = [
        {
          work: { opcode: Opcode.COPY, gather: [bad], scatter: [good] },
          object: r.FaultObject.GATHER,
          at: nowhere,
        },
        {
          work: { opcode: Opcode.COPY, gather: [good], scatter: [bad] },
          object: r.FaultObject.SCATTER,
          at: nowhere,
        },
        { work: { opcode: Opcode.FILL, scatter: [bad] }, object: r.FaultObject.SCATTER, at: nowhere },
        { work: { opcode: Opcode.FILL, scatter: [beyond] }, object: r.FaultObject.SCATTER, at: nowhere + 24 },
      ];
      let faults = 0;
      for (const { work, object, at } of tries) {
        for (const pushed of [false, true]) {
          const qp = d.channel({ sendCq: cq });
          d.send(qp, { opcode: Opcode.NOP });
          if (pushed) d.push(qp, work, { memory: null });
          else d.send(qp, work);
          assert.deepEqual(
            finish(d, cq).map(c => c.status),
            [WcStatus.SUCCESS, GENERAL_ERR],
          );
          const write = object === r.FaultObject.SCATTER;
          const fault = { object, number: qp.number, write, address: at };
          assertFault(d, qp, GENERAL_ERR, 1, fault, `opcode ${work.opcode}`);
          assert.deepEqual([lastFault(d), index(d), count(d)], [fault, 1, ++faults]);
        }
      }
    },
  },
  {
    name: 'DMA faults of a message: at the sender its gather, at the receiver its scatter; the other end has none',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const recvCq = d.createCq(d.createEq(1));
      const { key } = halfThere(d);
      const { nowhere } = d.target;
      const good = { address: d.alloc(2 * PAGE), length: 5000 };
      const bad = { address: 10, length: 5000, lkey: key };
      const pair = () => d.pair({ sendCq: cq, recvCq }, Mtu.MTU_1024);
      const [a, b] = pair();
      d.recv(b, [good]);
      d.send(a, { opcode: Opcode.SEND, gather: [bad] });
      assert.deepEqual(outcomes(finish(d, cq)), [[0, GENERAL_ERR]]);
      const gather = { object: r.FaultObject.GATHER, number: a.number, write: false, address: nowhere };
      assertFault(d, a, GENERAL_ERR, 0, gather, 'sender');
      assert.deepEqual([lastFault(d), d.queryQp(b).faultInfo], [gather, 0]);
      const [c, e] = pair();
      d.recv(e, [bad]);
      d.send(c, { opcode: Opcode.SEND, gather: [good] });
      assert.deepEqual(outcomes(finish(d, cq)), [[0, REM_OP_ERR]]);
      const scatter = { object: r.FaultObject.SCATTER, number: e.number, write: true, address: nowhere };
      assertFault(d, e, GENERAL_ERR, 0, scatter, 'receiver');
      assert.deepEqual([d.queryQp(c).errorStatus, d.queryQp(c).faultInfo], [REM_OP_ERR, 0]);
      assert.deepEqual([lastFault(d), count(d)], [scatter, 2]);
    },
  },
  {
    name: 'DMA faults of queues: a descriptor that cannot be read, sent or received',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const { key, page } = halfThere(d);
      const qp = d.channel({ sendCq: cq, logDepth: 5, logStride: 8, sendLkey: key, sendAddress: 0 });
      for (let n = 0; n < 16; n++) d.post(qp.send, { opcode: Opcode.NOP }, page);
      d.doorbell(0, r.DB_SEND_OFFSET, qp.number, 17);
      assert.equal(finish(d, cq).at(-1)?.status, LOC_ACCESS_ERR);
      const { nowhere } = d.target;
      const fault = { object: r.FaultObject.SEND_QUEUE, number: qp.number, write: false, address: nowhere };
      assertFault(d, qp, LOC_ACCESS_ERR, 16, fault, 'send queue');
      assert.deepEqual([lastFault(d), index(d), count(d)], [fault, 16, 1]);
    },
  },
  {
    name: 'a queue pair that fails without a DMA fault shows none, and one that is reset forgets it',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const { key } = halfThere(d);
      const qp = d.channel({ sendCq: cq });
      const bad = { opcode: Opcode.FILL, scatter: [{ address: PAGE, length: 8, lkey: key }] };
      d.send(qp, bad);
      d.target.settle();
      assert.notEqual(d.queryQp(qp).faultInfo, 0);
      assert.equal(d.modify(qp, 1, { state: QpState.RESET }), CommandCode.OK);
      assert.deepEqual([d.queryQp(qp).faultInfo, d.queryQp(qp).faultAddress], [0, 0]);
      qp.send.producer = 0;
      d.connect(qp, 0);
      d.send(qp, { opcode: 99 });
      d.target.settle();
      assert.deepEqual([d.queryQp(qp).errorStatus, d.queryQp(qp).faultInfo], [WcStatus.LOC_QP_OP_ERR, 0]);
      assert.equal(count(d), 1);
    },
  },
  {
    name: 'a completion queue that is not there: a fault of that queue, at the descriptor that completed',
    run({ driver: d }) {
      const eq = d.createEq();
      const key = d.registerPages([d.target.nowhere], 0x4000, PAGE);
      const number = d.create(Command.CREATE_CQ, i => {
        const whole = [0x4000, 0, key, 6, eq.number, 0];
        i.set(whole);
      });
      const cq = { number, address: 0x4000, depth: 64, page: 0, consumer: 0 };
      const qp = d.channel({ sendCq: cq });
      d.send(qp, { opcode: Opcode.NOP, flags: 0 }, { opcode: Opcode.NOP });
      d.target.settle();
      const fault = { object: r.FaultObject.CQ, number, write: true, address: d.target.nowhere };
      assert.deepEqual([lastFault(d), index(d), count(d)], [fault, 1, 1]);
      assert.deepEqual(
        d.events(eq).map(e => [e.type, e.number]),
        [[EventType.CQ_ERROR, number]],
      );
      assert.equal(d.queryQp(qp).state, QpState.RTS);
    },
  },
  {
    name: 'an event queue that is not there: a fault of that queue, and it has overflowed',
    run({ driver: d }) {
      const key = d.registerPages([d.target.nowhere], 0x4000, PAGE);
      const number = d.create(Command.CREATE_EQ, i => {
        i.set([0x4000, 0, key, 6]);
      });
      const eq = { number, address: 0x4000, depth: 64, vector: 0, consumer: 0 };
      const cq = d.createCq(eq);
      d.arm(cq);
      d.send(d.channel({ sendCq: cq }), { opcode: Opcode.NOP });
      assert.equal(finish(d, cq).length, 1);
      const fault = { object: r.FaultObject.EQ, number, write: true, address: d.target.nowhere };
      assert.deepEqual([lastFault(d), count(d)], [fault, 1]);
      assert.equal(d.queryQueue(Command.QUERY_EQ, number).overflowed, 1);
    },
  },
  {
    name: 'a page list and a mailbox that are not there: FAULT, with the address',
    run({ driver: d }) {
      const { nowhere } = d.target;
      const status = d.tryCommand(Command.REGISTER_MR, i => {
        i.set([d.pd, 12 * 65536, 0, 0, PAGE, 0, nowhere % TWO_32, Math.floor(nowhere / TWO_32), 1]);
      });
      assert.equal(status, CommandCode.FAULT);
      const list = { object: r.FaultObject.PAGE_LIST, number: 0, write: false, address: nowhere };
      assert.deepEqual([lastFault(d), count(d)], [list, 1]);
      d.writeRegister(r.REG_MAILBOX_LO_OFFSET, nowhere % TWO_32);
      d.writeRegister(r.REG_MAILBOX_HI_OFFSET, Math.floor(nowhere / TWO_32));
      assert.equal(d.tryCommand(Command.ALLOC_PD), CommandCode.FAULT);
      const mailbox = { object: r.FaultObject.MAILBOX, number: 0, write: false, address: nowhere };
      assert.deepEqual([lastFault(d), count(d)], [mailbox, 2]);
    },
  },
];
