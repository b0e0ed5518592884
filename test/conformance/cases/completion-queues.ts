// SPDX-License-Identifier: MIT
// RESIZE_CQ and MODIFY_CQ. What moderation does with time is in moderation.test.ts: here no clock can be held.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import { CQE_SIZE, Opcode } from '../../../device/abi/generated/descriptors.js';
import { assertAllWell, finish, ids, makeQueues } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Cq, Qp } from '../../support/work.js';
import type { Case } from '../case.js';
import { assertStatus, type Fill } from './create-commands.js';

const { OK, BAD_PARAMETER, BAD_HANDLE, BAD_STATE, BUSY, FAULT } = c.CommandCode;

/** NOPs with consecutive ids; settles. */
function work(d: Driver, qp: Qp, from: number, count: number): void {
  for (let n = 0; n < count; n++) d.send(qp, { opcode: Opcode.NOP, wrId: from + n });
  d.target.settle();
}

const range = (from: number, count: number): number[] => Array.from({ length: count }, (_, n) => from + n);

/** RESIZE_CQ with an input that is sound but for `change`. */
const resize = (d: Driver, cq: Cq, logDepth: number, change: Fill = () => undefined): number => {
  const address = d.alloc(2 ** logDepth * CQE_SIZE);
  return d.tryCommand(c.Command.RESIZE_CQ, i => {
    c.setCmdResizeCqHandle(i, 0, cq.number);
    c.setCmdResizeCqLkey(i, 0, d.key);
    c.setCmdResizeCqAddress(i, 0, address);
    c.setCmdResizeCqLogDepth(i, 0, logDepth);
    change(i);
  });
};

export const completionQueueCases: readonly Case[] = [
  {
    name: 'RESIZE_CQ moves what was not consumed, whatever was in the new buffer, on every pass round the ring',
    run({ driver: d, target: t }) {
      const { eq } = makeQueues(d);
      let cq = d.createCq(eq, 2);
      const qp = d.channel({ sendCq: cq, logDepth: 5 });
      let sent = 0;
      for (const log of [3, 1, 4, 2, 7, 1, 2, 5, 1, 3]) {
        // Indices that are on different passes round the old and the new ring.
        for (let n = 0; n < 7; n++) {
          work(d, qp, sent++, 1);
          assert.deepEqual(ids(d.poll(cq)), [sent - 1]);
        }
        work(d, qp, sent, 2);
        const before = d.alloc(2 ** log * CQE_SIZE);
        t.writeBytes(before, new Uint8Array(2 ** log * CQE_SIZE).fill(0xff));
        const status = resize(d, cq, log, i => c.setCmdResizeCqAddress(i, 0, before));
        assertStatus(status, OK, `depth ${2 ** log}`);
        cq = { ...cq, address: before, depth: 2 ** log };
        assert.deepEqual(ids(d.poll(cq)), [sent, sent + 1], `depth ${2 ** log}`);
        sent += 2;
        for (let left = 2 ** log; left > 0; left -= 2) {
          work(d, qp, sent, Math.min(left, 2));
          assert.deepEqual(ids(d.poll(cq)), range(sent, Math.min(left, 2)));
          sent += Math.min(left, 2);
        }
      }
      assert.equal(d.queryQueue(c.Command.QUERY_CQ, cq.number).overflowed, 0);
    },
  },
  {
    name: 'RESIZE_CQ into a region of scattered pages, and what it does with users of regions',
    run({ driver: d }) {
      const { eq } = makeQueues(d);
      const cq = d.createCq(eq, 2);
      const qp = d.channel({ sendCq: cq, logDepth: 5 });
      const pages = [d.alloc(4096), d.alloc(4096), d.alloc(4096), d.alloc(4096)];
      const iova = 0x5000_0000;
      const key = d.registerPages([pages[2]!, pages[0]!, pages[3]!, pages[1]!], iova, 4 * 4096);
      work(d, qp, 0, 3);
      const status = resize(d, cq, 8, i => {
        c.setCmdResizeCqLkey(i, 0, key);
        c.setCmdResizeCqAddress(i, 0, iova + 4096);
      });
      assertStatus(status, OK, 'resize');
      assertStatus(d.destroy(c.Command.DEREGISTER_MR, key), BUSY, 'the region has the queue');
      const at = (n: number): number => (n < 128 ? pages[0]! : pages[3]!) + (n % 128) * CQE_SIZE;
      work(d, qp, 3, 29);
      d.doorbell(0, 0x18, cq.number, 30);
      work(d, qp, 32, 30);
      for (const n of [0, 2, 31, 32, 61]) {
        const cqe = d.target.readBytes(at(n), CQE_SIZE);
        assert.deepEqual([cqe[0], cqe[31]! >> 7], [n, 1], `entry ${n}`);
      }
      for (const n of [62, 127, 128, 255])
        assert.equal(d.target.readBytes(at(n), CQE_SIZE)[31]! >> 7, 0, `entry ${n} is not written`);
      assertStatus(d.destroy(c.Command.DESTROY_QP, qp.number), OK, 'queue pair');
      assertStatus(d.destroy(c.Command.DESTROY_CQ, cq.number), OK, 'queue');
      assertStatus(d.destroy(c.Command.DEREGISTER_MR, key), OK, 'region');
    },
  },
  {
    name: 'RESIZE_CQ keeps what an armed queue waits for, and its interrupt',
    run({ driver: d }) {
      const { eq } = makeQueues(d);
      const old = d.createCq(eq, 2);
      const qp = d.channel({ sendCq: old });
      d.arm(old);
      const cq = d.resizeCq(old, 4);
      assert.deepEqual(d.events(eq), []);
      work(d, qp, 7, 1);
      assert.deepEqual(
        d.events(eq).map(e => e.number),
        [cq.number],
      );
      assert.deepEqual(ids(d.poll(cq)), [7]);
    },
  },
  {
    name: 'RESIZE_CQ refusals: nothing has changed after them',
    run({ driver: d, target: t }) {
      const { eq } = makeQueues(d);
      const cq = d.createCq(eq, 3);
      const qp = d.channel({ sendCq: cq });
      work(d, qp, 0, 5);
      const readOnly = d.registerWhole(d.pd, 0);
      const refusals: readonly (readonly [string, Fill, number])[] = [
        ['depth 0', i => c.setCmdResizeCqLogDepth(i, 0, 0), BAD_PARAMETER],
        ['depth 16', i => c.setCmdResizeCqLogDepth(i, 0, 16), BAD_PARAMETER],
        ['alignment', i => c.setCmdResizeCqAddress(i, 0, 0x100020), BAD_PARAMETER],
        ['the old buffer', i => c.setCmdResizeCqAddress(i, 0, cq.address), BAD_PARAMETER],
        ['the end of the old buffer', i => c.setCmdResizeCqAddress(i, 0, cq.address + 192), BAD_PARAMETER],
        ['handle', i => c.setCmdResizeCqHandle(i, 0, 999), BAD_HANDLE],
        ['key', i => c.setCmdResizeCqLkey(i, 0, 0), BAD_HANDLE],
        ['key without write', i => c.setCmdResizeCqLkey(i, 0, readOnly), BAD_HANDLE],
        ['memory', i => c.setCmdResizeCqAddress(i, 0, t.nowhere), FAULT],
        ['too small', i => c.setCmdResizeCqLogDepth(i, 0, 2), BUSY],
        ['reserved', i => i.fill(1, 5, 6), BAD_PARAMETER],
        ['reserved beside the depth', i => i.fill(0x103, 4, 5), BAD_PARAMETER],
      ];
      for (const [what, change, status] of refusals) assertStatus(resize(d, cq, 4, change), status, what);
      assertStatus(d.destroy(c.Command.DEREGISTER_MR, readOnly), OK, 'nobody uses that region');
      work(d, qp, 5, 3);
      assert.deepEqual(ids(d.poll(cq)), range(0, 8));
      work(d, qp, 8, 9);
      assertStatus(resize(d, cq, 6), BAD_STATE, 'it has overflowed');
    },
  },
  {
    name: 'a completion queue of the greatest depth that is full moves whole',
    run({ driver: d }) {
      const { eq } = makeQueues(d);
      const cq = d.createCq(eq, 10);
      const qp = d.channel({ sendCq: cq, logDepth: 10, logStride: 6 });
      work(d, qp, 0, 1024);
      const large = d.resizeCq(cq, 15);
      assert.deepEqual(ids(d.poll(large)), range(0, 1024));
      const small = d.resizeCq(large, 1);
      work(d, qp, 9, 2);
      assertAllWell(finish(d, small), 2);
    },
  },
  {
    name: 'MODIFY_CQ: refusals; the count is what an armed queue tells after, and zero tells at once again',
    run({ driver: d }) {
      const { eq } = makeQueues(d);
      const cq = d.createCq(eq, 4);
      const qp = d.channel({ sendCq: cq });
      const events = (): number => d.events(eq).length;
      assertStatus(d.modifyCq(cq, 2, 0), BAD_PARAMETER, 'a count without a period');
      assertStatus(d.modifyCq({ ...cq, number: 999 }, 2, 1), BAD_HANDLE, 'handle');
      const dirty = d.tryCommand(c.Command.MODIFY_CQ, i => i.set([cq.number, 0, 0, 1]));
      assertStatus(dirty, BAD_PARAMETER, 'reserved');
      // All three come in one go: no clock can end the period between them.
      d.setLink(c.Hold.ENGINE);
      assertStatus(d.modifyCq(cq, 3, c.MODERATION_US_MAX), OK, 'moderation');
      d.arm(cq);
      work(d, qp, 0, 3);
      d.setLink(0);
      d.target.settle();
      assert.equal(events(), 1, 'after the third');
      assert.equal(d.queryQueue(c.Command.QUERY_CQ, cq.number).armed, 0);
      d.arm(cq);
      d.target.settle();
      assert.equal(events(), 1, 'armed with entries that were not consumed');
      d.poll(cq);
      d.arm(cq);
      assertStatus(d.modifyCq(cq, 0, 0), OK, 'off');
      work(d, qp, 3, 1);
      assert.equal(events(), 1, 'at once');
    },
  },
];
