// SPDX-License-Identifier: MIT
// The two ways in, and where they are: doorbells and the priority area of a doorbell page.
import assert from 'node:assert/strict';
import { Command, Mtu } from '../../../device/abi/generated/commands.js';
import { Opcode } from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import type { Case } from '../../conformance/case.js';
import { assertAllWell, assertBytes, filled, finish, ids, makeQueues } from '../../support/bench.js';
import { Lane } from '../../support/lane.js';
import { bufferOffset } from '../../support/work.js';

export const deliverCases: readonly Case[] = [
  {
    name: 'a message by doorbell and a message by push reach the peer byte for byte, each descriptor from where it was written',
    claims: [1, 15, 24],
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const [a, b] = d.pair({ sendCq: cq }, Mtu.MTU_1024);
      const [first, second] = [filled(d, 5001, 1), filled(d, 3003, 2)];
      const to = d.alloc(12288);
      d.recv(b, [{ address: to, length: 5001 }], [{ address: to + 6000, length: 3003 }]);
      const reads = (): number => d.readRegister(r.REG_COUNT_DESCRIPTOR_READS_OFFSET);
      const send = (range: { address: number; bytes: Uint8Array }, wrId: number) => ({
        opcode: Opcode.SEND,
        gather: [{ address: range.address, length: range.bytes.length }],
        wrId,
      });
      d.post(a.send, send(first, 1));
      t.settle();
      assert.deepEqual(d.poll(cq), [], 'a descriptor in memory alone is not executed');
      d.ringSend(a);
      assert.deepEqual(ids(finish(d, cq)), [0, 1]);
      assert.equal(reads(), 1, 'the doorbell makes the adapter read the descriptor');
      assertBytes(d, to, first.bytes, 'message by doorbell');
      const pushed = d.encode(send(second, 2), 1);
      a.send.producer++;
      d.storePush(0, 2, pushed);
      t.settle();
      assert.deepEqual(d.poll(cq), [], 'a descriptor without its trailer is not executed');
      d.trailer(0, 2, a.number, 1, pushed.length);
      assert.deepEqual(ids(finish(d, cq)), [1, 2]);
      assert.equal(reads(), 1, 'the pushed descriptor stands nowhere in memory');
      assertBytes(d, to + 6000, second.bytes, 'message by push');
    },
  },
  {
    name: 'the DMA engine executes an operation rung and an operation pushed',
    claims: [10, 25],
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const engine = d.channel({ sendCq: cq });
      const [from, to] = [filled(d, 9000, 4), d.alloc(20000)];
      const copy = (at: number, wrId: number) => ({
        opcode: Opcode.COPY,
        gather: [{ address: from.address, length: 9000 }],
        scatter: [{ address: to + at, length: 9000 }],
        wrId,
      });
      d.send(engine, copy(1, 1));
      d.push(engine, copy(10001, 2), { memory: null });
      assertAllWell(finish(d, cq), 2);
      assertBytes(d, to + 1, from.bytes, 'rung');
      assertBytes(d, to + 10001, from.bytes, 'pushed');
      assert.equal(d.readRegister(r.REG_COUNT_DESCRIPTOR_READS_OFFSET), 1);
    },
  },
  {
    name: 'each doorbell page has a priority area of its own inside it, and every buffer of it takes pushes',
    claims: [2, 11, 16, 26],
    run({ driver: d }) {
      const { eq } = makeQueues(d);
      const areaEnd = r.PRIORITY_AREA_OFFSET + r.PUSH_BUFFERS * r.PUSH_BUFFER_STRIDE;
      assert.ok(r.PRIORITY_AREA_OFFSET >= r.DB_EQ_ARM_OFFSET + 8 && areaEnd <= r.DOORBELL_PAGE_BYTES);
      assert.ok(
        bufferOffset(r.DOORBELL_PAGES - 1, r.PUSH_BUFFERS) <= r.DOORBELL_PAGES * r.DOORBELL_PAGE_BYTES,
      );
      for (const page of [0, d.create(Command.ALLOC_PAGE), d.create(Command.ALLOC_PAGE)]) {
        const cq = d.createCq(eq, 6, page);
        const lane = new Lane(d, cq, 'link', r.PUSH_BUFFERS, { page });
        for (let buffer = 0; buffer < r.PUSH_BUFFERS; buffer++)
          d.push(lane.qp, lane.work(page * 10 + buffer + 1, buffer), { buffer, memory: null });
        assertAllWell(finish(d, cq), r.PUSH_BUFFERS);
        assert.deepEqual(
          lane.marks(r.PUSH_BUFFERS),
          [1, 2, 3, 4].map(n => page * 10 + n),
        );
      }
      assert.equal(d.readRegister(r.REG_COUNT_PUSHES_OFFSET), 3 * r.PUSH_BUFFERS);
    },
  },
  {
    name: "a push or doorbell on another page is refused, counted, and does nothing to the queue or to the page's own pushes",
    claims: [2, 11, 16, 26],
    run({ driver: d }) {
      const { eq } = makeQueues(d);
      const [mine, other] = [d.create(Command.ALLOC_PAGE), d.create(Command.ALLOC_PAGE)];
      const cq = d.createCq(eq, 6, mine);
      const lane = new Lane(d, cq, 'engine', 4, { page: mine });
      const refused = (): number => d.readRegister(r.REG_COUNT_REFUSED_OFFSET);
      let count = 0;
      for (const page of [0, other]) {
        const bytes = d.encode(lane.work(99, 0), 0);
        d.target.writeBytes(lane.qp.send.address, bytes);
        d.storePush(page, 1, bytes);
        d.trailer(page, 1, lane.qp.number, 0, bytes.length);
        assert.equal(refused(), ++count, `push on page ${page}`);
        d.doorbell(page, r.DB_SEND_OFFSET, lane.qp.number, 1);
        assert.equal(refused(), ++count, `doorbell on page ${page}`);
      }
      assert.deepEqual(finish(d, cq), []);
      assert.deepEqual(lane.marks(1), [0]);
      assert.equal(d.queryQp(lane.qp).sendProducer, 0);
      d.push(lane.qp, lane.work(7, 0), { buffer: 1, memory: null });
      assertAllWell(finish(d, cq), 1);
      assert.deepEqual(lane.marks(1), [7]);
      assert.equal(refused(), count);
    },
  },
];
