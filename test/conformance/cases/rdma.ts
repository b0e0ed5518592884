// SPDX-License-Identifier: MIT
// RDMA WRITE and READ: sizes round every multiple of an MTU, lists, immediate data, what the other end notices and what not.
import assert from 'node:assert/strict';
import { Access, CounterKind, cmdQpCountersRxRequests, Mtu } from '../../../device/abi/generated/commands.js';
import { EventType, Opcode, WcStatus, WqeFlag } from '../../../device/abi/generated/descriptors.js';
import {
  assertBytes,
  filled,
  finish,
  makeQueues,
  outcomes,
  pattern,
  type Queues,
} from '../../support/bench.js';
import { REMOTE_ACCESS } from '../../support/commander.js';
import type { Driver } from '../../support/driver.js';
import type { Cq, Eq, Qp } from '../../support/work.js';
import type { Case } from '../case.js';

const MULTIPLES = 3;
const IOVA = 0x7f_0000_0123;

/** One less, the same and one more, round 0 to MULTIPLES times the MTU. */
const sizesAround = (mtu: number): number[] =>
  Array.from({ length: MULTIPLES + 1 }, (_, k) => [k * mtu - 1, k * mtu, k * mtu + 1])
    .flat()
    .filter(size => size >= 0);

export interface Ends {
  readonly eq: Eq;
  readonly cq: Cq;
  /** Completions of receives. */
  readonly recvCq: Cq;
  readonly a: Qp;
  readonly b: Qp;
}

/** Two connected queue pairs; receives complete in a queue of their own. */
export function makeEnds(
  d: Driver,
  type?: number,
  mtu: number = Mtu.MTU_256,
  { eq, cq }: Queues = makeQueues(d),
): Ends {
  const recvCq = d.createCq(eq);
  const [a, b] = d.pair({ sendCq: cq, recvCq, ...(type === undefined ? {} : { type }) }, mtu);
  return { eq, cq, recvCq, a, b };
}

/** Memory of `length` bytes that holds a pattern, and a region of pages in disorder over it that the peer may use. */
export function remoteMemory(
  d: Driver,
  length: number,
  access: number = Access.LOCAL_WRITE | REMOTE_ACCESS,
  seed = 9,
): { key: number; iova: number; at: number; put: (bytes: Uint8Array) => void; get: () => Uint8Array } {
  const count = Math.ceil((length + (IOVA % 4096)) / 4096);
  const base = d.alloc(count * 4096);
  const pages = Array.from({ length: count }, (_, n) => base + ((n * 7 + 3) % count) * 4096);
  const distinct = new Set(pages).size === count ? pages : pages.map((_, n) => base + (count - 1 - n) * 4096);
  const key = d.registerPages(distinct, IOVA, length, { access });
  const pieces = (visit: (at: number, from: number, bytes: number) => void): void => {
    for (let done = 0; done < length; ) {
      const place = (IOVA % 4096) + done;
      const bytes = Math.min(length - done, 4096 - (place % 4096));
      visit(distinct[Math.floor(place / 4096)]! + (place % 4096), done, bytes);
      done += bytes;
    }
  };
  const put = (bytes: Uint8Array): void =>
    pieces((at, from, n) => d.target.writeBytes(at, bytes.subarray(from, from + n)));
  const get = (): Uint8Array => {
    const all = new Uint8Array(length);
    pieces((at, from, n) => all.set(d.target.readBytes(at, n), from));
    return all;
  };
  put(pattern(length, seed));
  return { key, iova: IOVA, at: distinct[0]! + (IOVA % 4096), put, get };
}

function writeSizes(d: Driver, mtu: number, bytes: number, type?: number): void {
  const { cq, recvCq, a, b } = makeEnds(d, type, mtu);
  const most = MULTIPLES * bytes + 32;
  const from = filled(d, most);
  const to = remoteMemory(d, most);
  const blank = new Uint8Array(most).fill(0xee);
  for (const size of sizesAround(bytes)) {
    to.put(blank);
    const gather = [
      { address: from.address, length: Math.floor(size / 3) },
      { address: from.address + Math.floor(size / 3), length: size - Math.floor(size / 3) },
    ];
    const remote = { address: to.iova + 5, key: to.key };
    d.send(a, { opcode: Opcode.RDMA_WRITE, gather, remote, wrId: size });
    const [sent] = finish(d, cq);
    assert.deepEqual(
      [sent.wrId, sent.status, sent.byteCount, sent.opcode],
      [size, 0, size, Opcode.RDMA_WRITE],
    );
    const expected = blank.slice();
    expected.set(from.bytes.subarray(0, size), 5);
    assert.deepEqual(to.get(), expected, `WRITE of ${size}`);
  }
  assert.deepEqual(d.poll(recvCq), [], 'a WRITE takes no receive');
  assert.equal(d.queryQp(b).recvConsumer, 0);
  const counters = d.counters(CounterKind.QP, b.number);
  assert.equal(cmdQpCountersRxRequests(counters, 0), sizesAround(bytes).length);
}

function readSizes(d: Driver, mtu: number, bytes: number): void {
  const { cq, recvCq, a, b } = makeEnds(d, undefined, mtu);
  const most = MULTIPLES * bytes + 32;
  const from = remoteMemory(d, most);
  const to = d.alloc(most);
  const source = from.get();
  for (const size of sizesAround(bytes)) {
    d.target.writeBytes(to, new Uint8Array(most).fill(0xee));
    const first = Math.min(size, 10);
    const scatter = [
      { address: to, length: first },
      { address: to + first + 3, length: size - first },
    ];
    d.send(a, {
      opcode: Opcode.RDMA_READ,
      scatter,
      remote: { address: from.iova + 7, key: from.key },
      wrId: size,
    });
    const [sent] = finish(d, cq);
    assert.deepEqual(
      [sent.wrId, sent.status, sent.byteCount, sent.opcode],
      [size, 0, size, Opcode.RDMA_READ],
    );
    const expected = new Uint8Array(most).fill(0xee);
    expected.set(source.subarray(7, 7 + first));
    expected.set(source.subarray(7 + first, 7 + size), first + 3);
    assertBytes(d, to, expected, `READ of ${size}`);
  }
  assert.deepEqual(from.get(), source, 'what is read stays');
  assert.deepEqual(d.poll(recvCq), []);
  assert.equal(cmdQpCountersRxRequests(d.counters(CounterKind.QP, b.number), 0), sizesAround(bytes).length);
}

const SIZES = [
  [Mtu.MTU_256, 256],
  [Mtu.MTU_4096, 4096],
] as const;

export const rdmaCases: readonly Case[] = [
  ...SIZES.flatMap(([mtu, bytes]): Case[] => [
    {
      name: `WRITE: sizes round every multiple of an MTU of ${bytes}, into pages in disorder, nothing beside them`,
      run: ({ driver: d }) => writeSizes(d, mtu, bytes),
    },
    {
      name: `READ: sizes round every multiple of an MTU of ${bytes}, into several ranges, nothing beside them`,
      run: ({ driver: d }) => readSizes(d, mtu, bytes),
    },
  ]),
  {
    name: 'WRITE with immediate data takes a receive that it does not touch, and waits for one before its last packet',
    run({ driver: d }) {
      const { eq, cq, recvCq, a, b } = makeEnds(d);
      const from = filled(d, 1000);
      const to = remoteMemory(d, 1000);
      const untouched = filled(d, 64, 4);
      d.arm(recvCq, true);
      d.armEq(eq);
      const remote = { address: to.iova, key: to.key };
      const gather = [{ address: from.address, length: 1000 }];
      const flags = WqeFlag.SIGNALED | WqeFlag.SOLICITED;
      d.send(a, { opcode: Opcode.RDMA_WRITE_IMM, gather, remote, immediate: 0xdeadbeef, flags, wrId: 3 });
      assert.deepEqual(finish(d, cq), [], 'no receive yet');
      assert.deepEqual(to.get().subarray(0, 768), from.bytes.subarray(0, 768), 'all packets but the last');
      assert.notDeepEqual(to.get().subarray(768), from.bytes.subarray(768));
      d.recv(b, [{ address: untouched.address, length: 1 }]);
      assert.deepEqual(outcomes(finish(d, cq)), [[3, WcStatus.SUCCESS]]);
      const [received] = d.poll(recvCq);
      assert.deepEqual(
        { ...received },
        {
          wrId: 0,
          qpn: b.number,
          byteCount: 1000,
          opcode: Opcode.RECV_RDMA_WITH_IMM,
          status: WcStatus.SUCCESS,
          index: 0,
          srcQpn: a.number,
          receive: true,
          solicited: true,
          immediate: 0xdeadbeef,
          withImmediate: true,
          withInvalidate: false,
          grh: false,
        },
      );
      assert.deepEqual(to.get(), from.bytes);
      assertBytes(d, untouched.address, untouched.bytes, 'the receive');
      assert.deepEqual(d.events(eq), [{ type: EventType.COMPLETION, number: recvCq.number, detail: 0 }]);
    },
  },
  {
    name: 'WRITE and READ of nothing ask for no key; immediate data still arrives',
    run({ driver: d }) {
      const { cq, recvCq, a, b } = makeEnds(d);
      const remote = { address: 0x123, key: 0xffff_ff00 };
      d.recv(b, []);
      d.send(
        a,
        { opcode: Opcode.RDMA_WRITE, remote, wrId: 1 },
        { opcode: Opcode.RDMA_READ, remote, wrId: 2 },
        { opcode: Opcode.RDMA_WRITE_IMM, remote, immediate: 7, wrId: 3 },
      );
      assert.deepEqual(outcomes(finish(d, cq)), [
        [1, 0],
        [2, 0],
        [3, 0],
      ]);
      const [received] = d.poll(recvCq);
      assert.deepEqual([received.byteCount, received.immediate, received.withImmediate], [0, 7, true]);
    },
  },
  {
    name: 'READ and WRITE between one queue pair and itself, and PSNs go on as packets do',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const qp = d.createQp({ sendCq: cq });
      d.connect(qp, qp.number, Mtu.MTU_256, 0xfffffe);
      const from = remoteMemory(d, 1024);
      const at = d.alloc(1024);
      const remote = { address: from.iova, key: from.key };
      const here = [{ address: at, length: 1000 }];
      const bytes = from.get();
      d.send(qp, { opcode: Opcode.RDMA_READ, scatter: here, remote, wrId: 1 });
      assert.deepEqual(outcomes(finish(d, cq)), [[1, 0]]);
      assertBytes(d, at, bytes.subarray(0, 1000));
      d.target.writeBytes(at, pattern(1000, 77));
      d.send(qp, { opcode: Opcode.RDMA_WRITE, gather: here, remote, wrId: 2 });
      assert.deepEqual(outcomes(finish(d, cq)), [[2, 0]]);
      assert.deepEqual(from.get().subarray(0, 1000), pattern(1000, 77));
      const { sqPsn, rqPsn } = d.queryQp(qp);
      assert.deepEqual([sqPsn, rqPsn], [6, 6], 'four packets each, round the end of the numbers');
    },
  },
  {
    name: 'operations of one queue run in its order: WRITE, READ of the same bytes, SEND, unsignalled ones without completion',
    run({ driver: d }) {
      const { cq, recvCq, a, b } = makeEnds(d);
      const from = filled(d, 600);
      const there = remoteMemory(d, 600);
      const back = d.alloc(600);
      const remote = { address: there.iova, key: there.key };
      d.recv(b, [{ address: d.alloc(64), length: 64 }]);
      d.setLink(1);
      d.send(a, {
        opcode: Opcode.RDMA_WRITE,
        gather: [{ address: from.address, length: 600 }],
        remote,
        flags: 0,
      });
      const fenced = WqeFlag.SIGNALED | WqeFlag.FENCE;
      d.push(a, { opcode: Opcode.RDMA_READ, scatter: [{ address: back, length: 600 }], remote, wrId: 2 });
      d.send(a, {
        opcode: Opcode.SEND_IMM,
        gather: [{ address: back, length: 8 }],
        immediate: 1,
        flags: fenced,
        wrId: 3,
      });
      d.setLink(0);
      assert.deepEqual(outcomes(finish(d, cq)), [
        [2, 0],
        [3, 0],
      ]);
      assertBytes(d, back, from.bytes);
      assert.equal(d.poll(recvCq).length, 1);
    },
  },
];
