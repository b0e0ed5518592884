// SPDX-License-Identifier: MIT
// SEND and RECV over the link: sizes, packets, order, waiting for a receive, self-connection, indices.
import assert from 'node:assert/strict';
import { Mtu } from '../../../device/abi/generated/commands.js';
import {
  MAX_SGE,
  Opcode,
  WcStatus,
  WQE_STRIDE_MIN,
  WqeFlag,
} from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import {
  assertAllWell,
  assertBytes,
  filled,
  finish,
  ids,
  makeQueues,
  outcomes,
} from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import { INDEX_MODULUS, type Qp } from '../../support/work.js';
import type { Case } from '../case.js';

const MTU_BYTES: readonly (readonly [number, number])[] = [
  [Mtu.MTU_256, 256],
  [Mtu.MTU_512, 512],
  [Mtu.MTU_1024, 1024],
  [Mtu.MTU_2048, 2048],
  [Mtu.MTU_4096, 4096],
];
const MULTIPLES = 5;

/** One less, the same and one more, round 0 to MULTIPLES times the MTU. */
const sizesAround = (mtu: number): number[] =>
  Array.from({ length: MULTIPLES + 1 }, (_, k) => [k * mtu - 1, k * mtu, k * mtu + 1])
    .flat()
    .filter(size => size >= 0);

const packets = (d: Driver): number => d.readRegister(r.REG_COUNT_PACKETS_OFFSET);

function sizesRoundMtu(d: Driver, mtu: number, mtuBytes: number): void {
  const { cq } = makeQueues(d);
  const [a, b] = d.pair({ sendCq: cq }, mtu);
  const most = MULTIPLES * mtuBytes + 1;
  const from = filled(d, most);
  const to = d.alloc(most + 64);
  for (const size of sizesAround(mtuBytes)) {
    d.target.writeBytes(to, new Uint8Array(most + 64).fill(0xee));
    const before = packets(d);
    d.recv(b, [{ address: to + 3, length: most }]);
    d.send(a, { opcode: Opcode.SEND, gather: [{ address: from.address, length: size }], wrId: size });
    const [received, sent] = finish(d, cq);
    assert.deepEqual([received.status, sent.status, sent.wrId], [0, 0, size], `message of ${size}`);
    assert.deepEqual([received.byteCount, sent.byteCount, received.srcQpn], [size, size, a.number]);
    assertBytes(d, to + 3, from.bytes.subarray(0, size), `message of ${size}`);
    assertBytes(d, to, new Uint8Array(3).fill(0xee), 'before it');
    assertBytes(d, to + 3 + size, new Uint8Array(60).fill(0xee), 'after it');
    assert.equal(packets(d) - before, Math.max(1, Math.ceil(size / mtuBytes)), `packets of ${size}`);
  }
}

/** Fills a ring with unsignalled NOPs for the pass that begins at `index`; the last one is signalled. */
function fillRing(d: Driver, qp: Qp, index: number): void {
  const { depth, stride, address } = qp.send;
  const bytes = new Uint8Array(depth * stride);
  for (let n = 0; n < depth; n++) {
    const flags = n === depth - 1 ? WqeFlag.SIGNALED : 0;
    bytes.set(
      d.encode({ opcode: Opcode.NOP, flags, wrId: index + n }, (index + n) % INDEX_MODULUS),
      n * stride,
    );
  }
  d.target.writeBytes(address, bytes);
}

export const messageCases: readonly Case[] = [
  ...MTU_BYTES.map(
    ([mtu, bytes]): Case => ({
      name: `message sizes round every multiple of an MTU of ${bytes}, each byte and the number of packets`,
      claims: [8, 22],
      run: ({ driver: d }) => sizesRoundMtu(d, mtu, bytes),
    }),
  ),
  {
    name: 'messages without a byte: no list, empty ranges, a list of empty ranges',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const [a, b] = d.pair({ sendCq: cq, logStride: 9 });
      // The key of an empty range is not looked at.
      const empty = { address: 0x1234, length: 0, lkey: 0xbad };
      const lists = [[], [empty], Array.from({ length: MAX_SGE }, () => empty)];
      lists.forEach((gather, n) => {
        for (const scatter of [[], [empty], [{ address: d.alloc(4096), length: 10 }]]) {
          d.recv(b, scatter);
          d.send(a, { opcode: Opcode.SEND, gather, wrId: n });
          const cqes = finish(d, cq);
          assertAllWell(cqes, 2);
          assert.ok(cqes.every(c => c.byteCount === 0));
        }
      });
      assert.equal(packets(d), 9);
    },
  },
  {
    name: 'a SEND waits for its receive; its queue waits behind it, others do not',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const [a, b] = d.pair({ sendCq: cq });
      const [x, y] = d.pair({ sendCq: cq });
      const from = filled(d, 100);
      const to = d.alloc(4096);
      d.recv(y, [{ address: to, length: 100 }]);
      d.send(a, { opcode: Opcode.SEND, gather: [{ address: from.address, length: 100 }], wrId: 1 });
      d.send(a, { opcode: Opcode.NOP, wrId: 2 });
      d.send(x, { opcode: Opcode.SEND, gather: [{ address: from.address, length: 50 }], wrId: 3 });
      assert.deepEqual(ids(finish(d, cq)).sort(), [0, 3]);
      assert.equal(packets(d), 1);
      assert.deepEqual(finish(d, cq), []);
      d.recv(b, [{ address: to + 200, length: 100 }]);
      assert.deepEqual(ids(finish(d, cq)), [0, 1, 2]);
      assertBytes(d, to + 200, from.bytes);
    },
  },
  {
    name: 'a pushed SEND waits for its receive too, and runs from the pushed bytes then',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const [a, b] = d.pair({ sendCq: cq });
      const from = filled(d, 100);
      const to = d.alloc(4096);
      d.push(
        a,
        { opcode: Opcode.SEND, gather: [{ address: from.address, length: 100 }], wrId: 1 },
        { memory: null },
      );
      assert.deepEqual(finish(d, cq), []);
      d.recv(b, [{ address: to, length: 100 }]);
      assert.deepEqual(ids(finish(d, cq)), [0, 1]);
      assertBytes(d, to, from.bytes);
      assert.equal(d.readRegister(r.REG_COUNT_DESCRIPTOR_READS_OFFSET), 0);
    },
  },
  {
    name: 'a queue pair that is connected to itself',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const qp = d.createQp({ sendCq: cq });
      d.connect(qp, qp.number, Mtu.MTU_256);
      const from = filled(d, 1000);
      const to = d.alloc(4096);
      d.send(qp, { opcode: Opcode.SEND, gather: [{ address: from.address, length: 1000 }], wrId: 7 });
      assert.deepEqual(finish(d, cq), []);
      d.recv(qp, [{ address: to, length: 2000 }]);
      assert.deepEqual(
        finish(d, cq).map(c => [c.receive, c.wrId, c.byteCount]),
        [
          [true, 0, 1000],
          [false, 7, 1000],
        ],
      );
      assertBytes(d, to, from.bytes);
    },
  },
  {
    name: 'a message too long for its receive at a self-connected queue pair: one receive error, the send flushed, one event',
    run({ driver: d }) {
      const { eq, cq } = makeQueues(d);
      const qp = d.createQp({ sendCq: cq });
      d.connect(qp, qp.number);
      d.recv(qp, [{ address: d.alloc(4096), length: 10 }]);
      d.send(qp, { opcode: Opcode.SEND, gather: [{ address: d.alloc(4096), length: 11 }], wrId: 7 });
      assert.deepEqual(outcomes(finish(d, cq)), [
        [0, WcStatus.LOC_LEN_ERR],
        [7, WcStatus.WR_FLUSH_ERR],
      ]);
      assert.equal(d.events(eq).length, 1);
      assert.equal(d.queryQp(qp).errorStatus, WcStatus.LOC_LEN_ERR);
    },
  },
  {
    name: 'messages in both directions at once, several receives, in order',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const [a, b] = d.pair({ sendCq: cq }, Mtu.MTU_256, 0xfffffd);
      const from = filled(d, 8192);
      const to = d.alloc(65536);
      const COUNT = 12;
      const size = (n: number): number => 100 * n + 1;
      for (const [n, qp] of [a, b].entries()) {
        const base = to + n * 32768;
        d.recv(qp, ...Array.from({ length: COUNT }, (_, k) => [{ address: base + k * 2048, length: 2048 }]));
      }
      for (let k = 0; k < COUNT; k++) {
        const gather = [{ address: from.address + k, length: size(k) }];
        for (const qp of [a, b]) d.send(qp, { opcode: Opcode.SEND, gather, wrId: 100 + k });
      }
      const cqes = finish(d, cq);
      assertAllWell(cqes, 4 * COUNT);
      for (const [n, qp] of [a, b].entries()) {
        const mine = cqes.filter(c => c.qpn === qp.number);
        assert.deepEqual(
          ids(mine.filter(c => !c.receive)),
          Array.from({ length: COUNT }, (_, k) => 100 + k),
        );
        mine
          .filter(c => c.receive)
          .forEach((c, k) => {
            assert.equal(c.byteCount, size(k));
            assertBytes(d, to + n * 32768 + k * 2048, from.bytes.subarray(k, k + size(k)), `message ${k}`);
          });
        // The packet sequence numbers went round at 2^24.
        assert.ok(d.queryQp(qp).sqPsn < 1000);
        assert.equal(d.queryQp(qp).sqPsn, d.queryQp(qp).rqPsn);
      }
    },
  },
  {
    name: 'an unsignalled send completes silently, at the receiver as usual; one that fails completes always',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const recvCq = d.createCq(d.createEq(1));
      const [a, b] = d.pair({ sendCq: cq, recvCq });
      d.recv(b, [], []);
      d.send(
        a,
        { opcode: Opcode.SEND, flags: 0 },
        { opcode: Opcode.NOP, flags: 0 },
        { opcode: Opcode.NOP, wrId: 3 },
      );
      assert.deepEqual(ids(finish(d, cq)), [3]);
      assertAllWell(d.poll(recvCq), 1);
      d.send(a, { opcode: 77, flags: 0, wrId: 4 });
      assert.deepEqual(outcomes(finish(d, cq)), [[4, WcStatus.LOC_QP_OP_ERR]]);
    },
  },
  {
    name: 'indices go round at 65,536 and rings of the largest depth are filled whole',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const qp = d.channel({ sendCq: cq, logDepth: 15, logStride: Math.log2(WQE_STRIDE_MIN) });
      const { depth } = qp.send;
      for (let pass = 0; pass < 3; pass++) {
        fillRing(d, qp, pass * depth);
        qp.send.producer = ((pass + 1) * depth) % INDEX_MODULUS;
        d.ringSend(qp);
        const [last, ...more] = finish(d, cq);
        assert.deepEqual([last.wrId, last.status, more.length], [(pass + 1) * depth - 1, 0, 0]);
      }
      assert.equal(d.queryQp(qp).sendConsumer, depth);
      assert.equal(d.readRegister(r.REG_COUNT_DESCRIPTOR_READS_OFFSET), 3 * depth);
    },
  },
  {
    name: 'pushes and doorbells, sends and receives across the end of the index range',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const qp = d.channel({ sendCq: cq, logDepth: 15, logStride: 6 });
      for (const index of [0, 32768 - 16]) {
        const count = 32768 - 16;
        const bytes = new Uint8Array(2 * 32768 * 32);
        for (let n = 0; n < count; n++) {
          const at = (index + n) % 32768;
          bytes.set(d.encode({ opcode: Opcode.NOP, flags: 0 }, index + n), at * 64);
        }
        d.target.writeBytes(qp.send.address, bytes);
        qp.send.producer = index + count;
        d.ringSend(qp);
        d.target.settle();
      }
      assert.equal(d.queryQp(qp).sendConsumer, INDEX_MODULUS - 32);
      for (let n = 0; n < 64; n++) {
        const work = { opcode: Opcode.NOP, wrId: n };
        if (n % 2 === 0) d.push(qp, work);
        else d.send(qp, work);
        if (n % 16 === 15) d.target.settle();
      }
      const cqes = finish(d, cq);
      assertAllWell(cqes, 64);
      assert.deepEqual(
        cqes.map(c => [c.wrId, c.index]),
        Array.from({ length: 64 }, (_, n) => [n, (INDEX_MODULUS - 32 + n) % INDEX_MODULUS]),
      );
      assert.equal(d.readRegister(r.REG_COUNT_PUSHES_OFFSET), 32);
    },
  },
  {
    name: 'a producer index more than the depth ahead is refused, one that was reached already is ignored',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const [a] = d.pair({ sendCq: cq, logDepth: 2 });
      const count = (offset: number): number => d.readRegister(offset);
      const ring = (register: number, index: number): void => d.doorbell(0, register, a.number, index);
      const counters = (): number[] =>
        [r.REG_COUNT_DOORBELLS_OFFSET, r.REG_COUNT_IGNORED_OFFSET, r.REG_COUNT_REFUSED_OFFSET].map(count);
      d.setLink(1);
      for (const register of [r.DB_SEND_OFFSET, r.DB_RECV_OFFSET]) {
        const [rung, ignored, refused] = counters();
        for (const index of [5, 100, 32768]) ring(register, index);
        assert.deepEqual(counters(), [rung, ignored, refused + 3], `register ${register}`);
        ring(register, 4);
        for (const index of [4, 3, 0, 65535, 40000]) ring(register, index);
        assert.deepEqual(counters(), [rung + 1, ignored + 5, refused + 3], `register ${register}`);
        ring(register, 5);
        assert.deepEqual(counters(), [rung + 1, ignored + 5, refused + 4], `register ${register}`);
      }
      const view = d.queryQp(a);
      assert.deepEqual([view.sendProducer, view.recvProducer], [4, 4]);
    },
  },
  {
    name: 'a connection that is not mutual delivers nothing: no foreign receive is used up',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const [a, b, c] = [0, 1, 2].map(() => d.createQp({ sendCq: cq }));
      d.connect(a, b.number);
      d.connect(b, c.number);
      d.connect(c, b.number);
      d.send(a, { opcode: Opcode.SEND, wrId: 9 });
      assert.deepEqual(outcomes(finish(d, cq)), [[9, WcStatus.RETRY_EXC_ERR]]);
      const view = d.queryQp(b);
      assert.deepEqual([view.recvConsumer, view.errorStatus], [0, 0]);
    },
  },
];
