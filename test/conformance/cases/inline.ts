// SPDX-License-Identifier: MIT
// Inline data: messages whose bytes stand in the descriptor. No key is needed, and no memory is read but the descriptor.
import assert from 'node:assert/strict';
import { Access, Mtu, QpType } from '../../../device/abi/generated/commands.js';
import {
  GRH_BYTES,
  MAX_INLINE,
  MAX_INLINE_PUSH,
  Opcode,
  WQE_DATAGRAM_SIZE,
} from '../../../device/abi/generated/descriptors.js';
import { assertAllWell, assertBytes, finish, makeQueues, pattern } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Qp, Work } from '../../support/work.js';
import type { Case } from '../case.js';

const { SEND, SEND_IMM, RDMA_WRITE, RDMA_WRITE_IMM } = Opcode;
const STRIDE_LOG_MAX = 9;
const GUARD = 64;
const LENGTHS = [0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 63, 64, 65, 223, MAX_INLINE_PUSH];
const LONG = [225, 255, 256, 257, 479, MAX_INLINE];

type Post = (d: Driver, qp: Qp, work: Work) => void;
const ring: Post = (d, qp, work) => d.send(qp, work);
const push: Post = (d, qp, work) => d.push(qp, work, { memory: null });

/** Messages of these lengths, each into memory that holds something else. */
function messages(d: Driver, type: number, lengths: readonly number[], post: Post): void {
  const { cq } = makeQueues(d);
  const recvCq = d.createCq(d.createEq(0));
  const options = { sendCq: cq, recvCq, type, logStride: STRIDE_LOG_MAX };
  const [a, b] = d.pair(options, Mtu.MTU_256);
  const target = d.alloc(4096);
  const key = d.registerWhole(d.pd, Access.LOCAL_WRITE | Access.REMOTE_WRITE);
  for (const opcode of [SEND, SEND_IMM, RDMA_WRITE, RDMA_WRITE_IMM])
    for (const length of lengths) {
      const what = `opcode ${opcode}, ${length} bytes`;
      const inline = pattern(length, opcode + length);
      const writes = opcode === RDMA_WRITE || opcode === RDMA_WRITE_IMM;
      d.target.writeBytes(target, new Uint8Array(MAX_INLINE + GUARD).fill(0xcc));
      if (opcode !== RDMA_WRITE) d.recv(b, writes ? [] : [{ address: target, length: MAX_INLINE + GUARD }]);
      const remote = writes ? { remote: { address: target, key } } : {};
      post(d, a, { opcode, inline, ...remote });
      const sent = finish(d, cq);
      assertAllWell(sent, 1);
      assert.equal(sent[0].byteCount, length, what);
      const received = d.poll(recvCq);
      assertAllWell(received, opcode === RDMA_WRITE ? 0 : 1);
      for (const cqe of received) assert.equal(cqe.byteCount, length, what);
      assertBytes(d, target, inline, what);
      assertBytes(d, target + length, new Uint8Array(GUARD).fill(0xcc), what);
    }
}

export const inlineCases: readonly Case[] = [
  {
    name: 'inline data of every length, by doorbell: SEND and RDMA WRITE, with and without immediate',
    run: ({ driver }) => messages(driver, QpType.RC, [...LENGTHS, ...LONG], ring),
  },
  {
    name: 'inline data by push, up to what a push holds',
    run: ({ driver }) => messages(driver, QpType.RC, LENGTHS, push),
  },
  {
    name: 'inline data on an unreliable connection',
    run: ({ driver }) => messages(driver, QpType.UC, [0, 1, 255, 256, 257, MAX_INLINE], ring),
  },
  {
    name: 'inline data in a datagram, after the extension that says where it goes',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const recvCq = d.createCq(d.createEq(0));
      const [a, b] = [0, 1].map(() =>
        d.datagram({ sendCq: cq, recvCq, logStride: STRIDE_LOG_MAX }, { qkey: 7 }),
      );
      const to = { ah: d.createAh(), qpn: b.number, qkey: 7 };
      const target = d.alloc(4096);
      for (const post of [ring, push])
        for (const length of [
          0,
          1,
          33,
          MAX_INLINE_PUSH - WQE_DATAGRAM_SIZE,
          MAX_INLINE - WQE_DATAGRAM_SIZE,
        ]) {
          if (post === push && length > MAX_INLINE_PUSH - WQE_DATAGRAM_SIZE) continue;
          const inline = pattern(length, length + 1);
          d.recv(b, [{ address: target, length: 1024 }]);
          post(d, a, { opcode: SEND_IMM, immediate: 9, inline, to });
          assertAllWell(finish(d, cq), 1);
          const received = d.poll(recvCq);
          assertAllWell(received, 1);
          assert.deepEqual([received[0].byteCount, received[0].immediate], [GRH_BYTES + length, 9]);
          assertBytes(d, target + GRH_BYTES, inline, `${length} bytes`);
        }
    },
  },
  {
    name: 'inline data is what stood there when the descriptor was taken',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const recvCq = d.createCq(d.createEq(0));
      const [a, b] = d.pair({ sendCq: cq, recvCq, logStride: STRIDE_LOG_MAX }, Mtu.MTU_256);
      const target = d.alloc(4096);
      const pushed = pattern(MAX_INLINE_PUSH, 1);
      d.recv(b, [{ address: target, length: 4096 }]);
      d.push(a, { opcode: SEND, inline: pushed }, { memory: { opcode: SEND, inline: pattern(400, 2) } });
      assertAllWell(finish(d, cq), 1);
      assertBytes(d, target, pushed, 'the pushed bytes, not those in memory');
      assert.deepEqual(
        d.poll(recvCq).map(c => c.byteCount),
        [MAX_INLINE_PUSH],
      );
    },
  },
];
