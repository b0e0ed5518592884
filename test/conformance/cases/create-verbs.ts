// SPDX-License-Identifier: MIT
// More commands that make something: shared receive queues, address handles, queue pairs of every type.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import { makeQueues } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Case } from '../case.js';
import { TYPES, typeName } from '../transition-table.js';
import { assertStatus, type Fill, refusesWell, type Shape } from './create-commands.js';

const { OK, BAD_PARAMETER, BAD_HANDLE, BUSY, NO_RESOURCE } = c.CommandCode;

function srqShape(d: Driver): Shape {
  const buffer = d.alloc(8192);
  const otherPd = d.create(c.Command.ALLOC_PD);
  const foreign = d.registerWhole(otherPd);
  return {
    command: c.Command.CREATE_SRQ,
    valid: i => {
      c.setCmdCreateSrqPd(i, 0, d.pd);
      c.setCmdCreateSrqAddress(i, 0, buffer);
      c.setCmdCreateSrqLkey(i, 0, d.key);
      c.setCmdCreateSrqLogDepth(i, 0, 4);
      c.setCmdCreateSrqLogStride(i, 0, 6);
      c.setCmdCreateSrqLimit(i, 0, 16);
    },
    fields: [
      [0, 22],
      [24, 28],
    ],
    refusals: [
      ['depth 0', i => c.setCmdCreateSrqLogDepth(i, 0, 0), BAD_PARAMETER],
      ['depth 16', i => c.setCmdCreateSrqLogDepth(i, 0, 16), BAD_PARAMETER],
      ['stride 32', i => c.setCmdCreateSrqLogStride(i, 0, 5), BAD_PARAMETER],
      ['stride 1024', i => c.setCmdCreateSrqLogStride(i, 0, 10), BAD_PARAMETER],
      ['alignment', i => c.setCmdCreateSrqAddress(i, 0, buffer + 32), BAD_PARAMETER],
      ['limit beyond the depth', i => c.setCmdCreateSrqLimit(i, 0, 17), BAD_PARAMETER],
      ['protection domain', i => c.setCmdCreateSrqPd(i, 0, otherPd + 1), BAD_HANDLE],
      ['protection domain 0', i => c.setCmdCreateSrqPd(i, 0, 0), BAD_HANDLE],
      ['page', i => c.setCmdCreateSrqPage(i, 0, 9), BAD_HANDLE],
      ['key', i => c.setCmdCreateSrqLkey(i, 0, 0), BAD_HANDLE],
      ['key of another domain', i => c.setCmdCreateSrqLkey(i, 0, foreign), BAD_HANDLE],
      ['address', i => c.setCmdCreateSrqAddress(i, 0, 2 ** 53 - 512), BAD_HANDLE],
    ],
    destroy: c.Command.DESTROY_SRQ,
  };
}

function ahShape(d: Driver): Shape {
  const { gid, mac } = d.own();
  const pd = d.create(c.Command.ALLOC_PD);
  const dgid =
    (bytes: ArrayLike<number>): Fill =>
    i =>
      new Uint8Array(i.buffer).set(bytes, c.CMD_AH_DGID_OFFSET);
  return {
    command: c.Command.CREATE_AH,
    valid: i => {
      c.setCmdAhPd(i, 0, d.pd);
      c.setCmdAhHopLimit(i, 0, 255);
      c.setCmdAhTrafficClass(i, 0, 255);
      c.setCmdAhFlowLabel(i, 0, 2 ** 20 - 1);
      c.setCmdAhUdpSport(i, 0, 0xffff);
      dgid(gid)(i);
      new Uint8Array(i.buffer).set(mac, c.CMD_AH_DMAC_OFFSET);
    },
    fields: [
      [0, 11],
      [12, 40],
    ],
    refusals: [
      ['handle', i => c.setCmdAhHandle(i, 0, 1), BAD_PARAMETER],
      ['protection domain', i => c.setCmdAhPd(i, 0, pd + 1), BAD_HANDLE],
      ['source entry that is free', i => c.setCmdAhSgidIndex(i, 0, 1), BAD_PARAMETER],
      ['source entry beyond the table', i => c.setCmdAhSgidIndex(i, 0, 32), BAD_PARAMETER],
      ['flow label', i => c.setCmdAhFlowLabel(i, 0, 2 ** 20), BAD_PARAMETER],
      ['UDP port', i => c.setCmdAhUdpSport(i, 0, 0xbfff), BAD_PARAMETER],
      ['no destination', dgid(new Uint8Array(16)), BAD_PARAMETER],
      ['IPv6 from IPv4', dgid(Uint8Array.from({ length: 16 }, () => 0x20)), BAD_PARAMETER],
    ],
    destroy: c.Command.DESTROY_AH,
  };
}

/** Creates a queue pair of the type; `change` has the last word on the input. */
function create(d: Driver, cqn: number, type: number, change?: Fill): number {
  const buffer = d.alloc(8192);
  return d.tryCommand(c.Command.CREATE_QP, i => {
    c.setCmdCreateQpPd(i, 0, d.pd);
    c.setCmdCreateQpType(i, 0, type);
    c.setCmdCreateQpSendCqn(i, 0, cqn);
    c.setCmdCreateQpSendLogDepth(i, 0, 2);
    c.setCmdCreateQpSendLogStride(i, 0, 6);
    c.setCmdCreateQpSendAddress(i, 0, buffer);
    c.setCmdCreateQpSendLkey(i, 0, d.key);
    if (type !== c.QpType.DMA) {
      c.setCmdCreateQpRecvCqn(i, 0, cqn);
      c.setCmdCreateQpRecvLogDepth(i, 0, 2);
      c.setCmdCreateQpRecvLogStride(i, 0, 6);
      c.setCmdCreateQpRecvAddress(i, 0, buffer + 4096);
      c.setCmdCreateQpRecvLkey(i, 0, d.key);
    }
    change?.(i);
  });
}

/** Input of a queue pair that takes its receives from a shared queue. */
const shared =
  (srqn: number): Fill =>
  i => {
    c.setCmdCreateQpSrqn(i, 0, srqn);
    c.setCmdCreateQpRecvLogDepth(i, 0, 0);
    c.setCmdCreateQpRecvLogStride(i, 0, 0);
    c.setCmdCreateQpRecvAddress(i, 0, 0);
    c.setCmdCreateQpRecvLkey(i, 0, 0);
  };

export const createVerbsCases: readonly Case[] = [
  {
    name: 'CREATE_SRQ: refusals, success, number given back',
    run: ({ driver: d }) => refusesWell(d, srqShape(d)),
  },
  {
    name: 'CREATE_AH: refusals, success, number given back',
    run: ({ driver: d }) => refusesWell(d, ahShape(d)),
  },
  {
    name: 'numbers of shared receive queues and address handles start at 1',
    run({ driver: d }) {
      assert.equal(d.createSrq({ logDepth: 1 }).number, 1);
      assert.equal(d.createAh(), 1);
      assert.equal(d.createAh(), 2);
    },
  },
  {
    name: 'CREATE_QP of every type, with a receive queue of its own, without one, and with a shared one',
    run({ driver: d }) {
      const { cq } = makeQueues(d, 2);
      const srq = d.createSrq({ logDepth: 2 });
      for (const type of TYPES) {
        const dma = type === c.QpType.DMA;
        const name = typeName(type);
        const run = (change?: Fill): number => create(d, cq.number, type, change);
        const noReceive = run(i => c.setCmdCreateQpRecvLogDepth(i, 0, dma ? 1 : 0));
        assertStatus(noReceive, BAD_PARAMETER, `${name}, receive depth`);
        assertStatus(run(shared(srq.number)), dma ? BAD_PARAMETER : OK, `${name}, shared`);
        const noSuch = run(shared(srq.number + 1));
        assertStatus(noSuch, dma ? BAD_PARAMETER : BAD_HANDLE, `${name}, no such shared queue`);
        const both = run(i => c.setCmdCreateQpSrqn(i, 0, srq.number));
        assertStatus(both, BAD_PARAMETER, `${name}, own and shared`);
        const foreign = run(i => c.setCmdCreateQpRecvCqn(i, 0, 999));
        assertStatus(foreign, dma ? BAD_PARAMETER : BAD_HANDLE, `${name}, receive completion queue`);
        if (type === c.QpType.GSI) assert.equal(d.destroy(c.Command.DESTROY_QP, c.GSI_QPN), OK);
        assertStatus(
          run(i => c.setCmdCreateQpFlags(i, 0, c.QpFlag.PRIVILEGED)),
          OK,
          name,
        );
      }
      assert.equal(d.querySrq(srq).users, TYPES.length - 2, 'DMA has none, GSI was destroyed');
    },
  },
  {
    name: 'there is one queue pair for management datagrams, number 1; no other gets that number',
    run({ driver: d }) {
      const { cq } = makeQueues(d, 2);
      const gsi = d.createQp({ sendCq: cq, type: c.QpType.GSI, logDepth: 1 });
      assert.equal(gsi.number, c.GSI_QPN);
      assertStatus(create(d, cq.number, c.QpType.GSI), NO_RESOURCE, 'a second one');
      assert.equal(d.queryQp(gsi).type, c.QpType.GSI);
      assert.equal(d.destroy(c.Command.DESTROY_QP, gsi.number), OK);
      for (const type of TYPES.filter(t => t !== c.QpType.GSI))
        assert.ok(d.createQp({ sendCq: cq, type, logDepth: 1, logStride: 6 }).number > c.GSI_QPN);
      assert.equal(d.createQp({ sendCq: cq, type: c.QpType.GSI, logDepth: 1 }).number, c.GSI_QPN);
    },
  },
  {
    name: 'shared receive queues and address handles keep what they use busy',
    run({ driver: d }) {
      const pd = d.create(c.Command.ALLOC_PD);
      const page = d.create(c.Command.ALLOC_PAGE);
      const key = d.registerWhole(pd);
      const saved: [number, number] = [d.pd, d.key];
      [d.pd, d.key] = [pd, key];
      const { cq } = makeQueues(d, 2);
      const srq = d.createSrq({ page });
      const qp = d.createQp({ sendCq: cq, srq });
      const ah = d.createAh();
      [d.pd, d.key] = saved;
      const expect = (status: number, command: number, handle: number, what: string): void =>
        assertStatus(d.destroy(command, handle), status, what);
      expect(BUSY, c.Command.DESTROY_SRQ, srq.number, 'queue with a queue pair');
      expect(OK, c.Command.DESTROY_QP, qp.number, 'queue pair');
      expect(BUSY, c.Command.FREE_PAGE, page, 'page');
      assertStatus(d.destroy(c.Command.DEREGISTER_MR, key), BUSY, 'region');
      expect(OK, c.Command.DESTROY_SRQ, srq.number, 'shared receive queue');
      expect(OK, c.Command.FREE_PAGE, page, 'page');
      expect(OK, c.Command.DESTROY_CQ, cq.number, 'completion queue');
      expect(OK, c.Command.DESTROY_EQ, 0, 'event queue');
      expect(OK, c.Command.DEREGISTER_MR, key, 'region');
      expect(BUSY, c.Command.DEALLOC_PD, pd, 'domain of an address handle');
      expect(OK, c.Command.DESTROY_AH, ah, 'address handle');
      expect(OK, c.Command.DEALLOC_PD, pd, 'domain');
    },
  },
];
