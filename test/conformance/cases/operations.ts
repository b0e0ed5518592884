// SPDX-License-Identifier: MIT
// Atomics, SEND with immediate data and with invalidation, fences: what arrives, what the completions say.
import assert from 'node:assert/strict';
import { Access, Command, CommandCode, Mtu, QpFlag } from '../../../device/abi/generated/commands.js';
import { Opcode, WcStatus, WqeFlag } from '../../../device/abi/generated/descriptors.js';
import { assertBytes, filled, finish, makeQueues, outcomes } from '../../support/bench.js';
import { REMOTE_ACCESS } from '../../support/commander.js';
import type { Driver } from '../../support/driver.js';
import { asWords, type Pair } from '../../support/work.js';
import type { Case } from '../case.js';
import { makeEnds } from './rdma.js';

const MAX = 0xffff_ffff;

const store = (d: Driver, at: number, [lo, hi]: Pair): void =>
  d.target.writeBytes(at, new Uint8Array(Uint32Array.of(lo, hi).buffer));
const load = (d: Driver, at: number): number[] => [...asWords(d.target.readBytes(at, 8).slice())];

/** [before, operand, compare or none, after] */
const ATOMICS: readonly (readonly [Pair, Pair, Pair | undefined, Pair])[] = [
  [[5, 0], [7, 0], undefined, [12, 0]],
  [[MAX, 0], [1, 0], undefined, [0, 1]],
  [[MAX, MAX], [1, 0], undefined, [0, 0]],
  [[0, 1], [MAX, MAX], undefined, [MAX, 0]],
  [[0x80000000, 0x80000000], [0x80000000, 0x80000000], undefined, [0, 1]],
  [
    [1, 2],
    [3, 4],
    [1, 2],
    [3, 4],
  ],
  [
    [1, 2],
    [3, 4],
    [2, 2],
    [1, 2],
  ],
  [
    [1, 2],
    [3, 4],
    [1, 3],
    [1, 2],
  ],
  [
    [MAX, MAX],
    [0, 0],
    [MAX, MAX],
    [0, 0],
  ],
];

/** Two datagram-free ends of which the second may be invalidated, and a region of kind FAST that is valid. */
function fastRegion(d: Driver, qp: Parameters<Driver['send']>[0], cq: Parameters<typeof finish>[1]): number {
  const key = d.allocMr(4);
  const pages = [d.alloc(4096)];
  d.send(qp, {
    opcode: Opcode.FAST_REG,
    key,
    registration: {
      iova: 0x1000,
      length: 4096,
      pageList: d.putPageList(pages),
      pageCount: 1,
      access: Access.LOCAL_WRITE | REMOTE_ACCESS,
    },
    wrId: 70,
  });
  assert.deepEqual(outcomes(finish(d, cq)), [[70, WcStatus.SUCCESS]]);
  return key;
}

export const operationsCases: readonly Case[] = [
  {
    name: 'FETCH_ADD and CMP_SWAP: carries, ends of the range, equal and unequal; the old value comes back in pieces',
    run({ driver: d }) {
      const { cq, recvCq, a } = makeEnds(d);
      const key = d.registerWhole(d.pd, Access.LOCAL_WRITE | REMOTE_ACCESS);
      const word = d.alloc(4096) + 64;
      const back = d.alloc(4096);
      for (const [before, swapAdd, compare, after] of ATOMICS) {
        store(d, word, before);
        d.target.writeBytes(back, new Uint8Array(16).fill(0xee));
        const opcode = compare === undefined ? Opcode.FETCH_ADD : Opcode.CMP_SWAP;
        d.send(a, {
          opcode,
          remote: { address: word, key },
          swapAdd,
          ...(compare === undefined ? {} : { compare }),
          scatter: [
            { address: back + 1, length: 3 },
            { address: back + 8, length: 5 },
          ],
          wrId: 4,
        });
        const [sent] = finish(d, cq);
        assert.deepEqual([sent.status, sent.opcode, sent.byteCount], [0, opcode, 8]);
        assert.deepEqual(load(d, word), [...after], `${before} with ${swapAdd}`);
        const old = new Uint8Array(Uint32Array.of(...before).buffer);
        const expected = new Uint8Array(16).fill(0xee);
        expected.set(old.subarray(0, 3), 1);
        expected.set(old.subarray(3), 8);
        assertBytes(d, back, expected, 'the old value');
      }
      assert.deepEqual(d.poll(recvCq), []);
    },
  },
  {
    name: 'atomics of several queues on one word add up, between COPYs of it that never see half a step',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const key = d.registerWhole(d.pd, Access.LOCAL_WRITE | REMOTE_ACCESS);
      const word = d.alloc(4096);
      const back = d.alloc(4096);
      const qps = Array.from({ length: 4 }, () => d.pair({ sendCq: cq })[0]);
      const channel = d.channel({ sendCq: cq });
      d.setLink(3);
      const EACH = 20;
      qps.forEach((qp, q) => {
        for (let n = 0; n < EACH; n++)
          d.send(qp, {
            opcode: Opcode.FETCH_ADD,
            remote: { address: word, key },
            swapAdd: [0x4000_0001, 1],
            scatter: [{ address: back + (q * EACH + n) * 8, length: 8 }],
          });
      });
      const seen = d.alloc(4096);
      for (let n = 0; n < 8; n++)
        d.send(channel, {
          opcode: Opcode.COPY,
          gather: [{ address: word, length: 8 }],
          scatter: [{ address: seen + n * 8, length: 8 }],
        });
      d.setLink(0);
      assert.equal(finish(d, cq).length, 4 * EACH + 8);
      const total = 4 * EACH * (0x4000_0001 + 2 ** 32);
      assert.deepEqual(load(d, word), [total % 2 ** 32, Math.floor(total / 2 ** 32)]);
      const sums = Array.from({ length: 4 * EACH }, (_, n) => load(d, back + n * 8));
      const steps = sums
        .map(([lo, hi]) => (lo + hi * 2 ** 32) / (0x4000_0001 + 2 ** 32))
        .sort((x, y) => x - y);
      assert.deepEqual(
        steps,
        steps.map((_, n) => n),
        'each finds another sum',
      );
      for (let n = 0; n < 8; n++) {
        const [lo, hi] = load(d, seen + n * 8);
        assert.ok(Number.isInteger((lo + hi * 2 ** 32) / (0x4000_0001 + 2 ** 32)), 'a whole sum');
      }
    },
  },
  {
    name: 'an atomic whose result goes to the word that it works on leaves the sum there',
    run({ driver: d }) {
      const { cq, a } = makeEnds(d);
      const key = d.registerWhole(d.pd, Access.LOCAL_WRITE | REMOTE_ACCESS);
      const word = d.alloc(4096);
      store(d, word, [40, 0]);
      d.send(a, {
        opcode: Opcode.FETCH_ADD,
        remote: { address: word, key },
        swapAdd: [2, 0],
        scatter: [{ address: word, length: 8 }],
        wrId: 1,
      });
      assert.deepEqual(outcomes(finish(d, cq)), [[1, 0]]);
      assert.deepEqual(load(d, word), [42, 0]);
    },
  },
  {
    name: 'SEND with immediate data: of every length, the data and the number arrive together',
    run({ driver: d }) {
      const { cq, recvCq, a, b } = makeEnds(d);
      const from = filled(d, 1024);
      const to = d.alloc(1024);
      for (const size of [0, 1, 255, 256, 257, 512, 1000]) {
        d.recv(b, [{ address: to, length: 1024 }]);
        const gather = [{ address: from.address, length: size }];
        d.send(a, { opcode: Opcode.SEND_IMM, gather, immediate: 0x01020300 + size, wrId: size });
        assert.deepEqual(outcomes(finish(d, cq)), [[size, 0]]);
        const [c] = d.poll(recvCq);
        assert.deepEqual(
          [c.opcode, c.status, c.byteCount, c.immediate, c.withImmediate, c.withInvalidate, c.srcQpn],
          [Opcode.RECV, 0, size, 0x01020300 + size, true, false, a.number],
        );
        assert.equal(c.solicited, false);
        assert.equal(c.receive, true);
        assertBytes(d, to, from.bytes.subarray(0, size));
      }
    },
  },
  {
    name: 'SEND with invalidation: the message arrives, the key is dead, and the completion names it',
    run({ driver: d }) {
      const { eq, cq } = makeQueues(d);
      const recvCq = d.createCq(eq);
      const [a, b] = d.pair({ sendCq: cq, recvCq, flags: QpFlag.PRIVILEGED }, Mtu.MTU_256);
      const key = fastRegion(d, b, cq);
      const from = filled(d, 600);
      const to = d.alloc(1024);
      d.recv(b, [{ address: to, length: 1024 }]);
      d.send(a, {
        opcode: Opcode.RDMA_WRITE,
        inline: Uint8Array.of(1),
        remote: { address: 0x1000, key },
        wrId: 1,
      });
      d.send(a, { opcode: Opcode.SEND_INV, gather: [{ address: from.address, length: 600 }], key, wrId: 2 });
      assert.deepEqual(outcomes(finish(d, cq)), [
        [1, 0],
        [2, 0],
      ]);
      const [c] = d.poll(recvCq);
      assert.deepEqual(
        [c.opcode, c.byteCount, c.immediate, c.withImmediate, c.withInvalidate],
        [Opcode.RECV, 600, key, false, true],
      );
      assertBytes(d, to, from.bytes);
      d.send(a, {
        opcode: Opcode.RDMA_WRITE,
        inline: Uint8Array.of(2),
        remote: { address: 0x1000, key },
        wrId: 3,
      });
      assert.deepEqual(outcomes(finish(d, cq)), [[3, WcStatus.REM_ACCESS_ERR]]);
    },
  },
  {
    name: 'SEND with invalidation of a key that may not be: REM_ACCESS_ERR, and the receive that it filled is flushed',
    run({ driver: d }) {
      const { eq, cq } = makeQueues(d);
      const recvCq = d.createCq(eq);
      const whole = d.registerWhole(d.pd);
      for (const size of [10, 600]) {
        const [a, b] = d.pair({ sendCq: cq, recvCq }, Mtu.MTU_256);
        const from = filled(d, 600);
        const to = d.alloc(1024);
        d.recv(b, [{ address: to, length: 1024 }], [{ address: to, length: 1024 }]);
        d.send(a, {
          opcode: Opcode.SEND_INV,
          gather: [{ address: from.address, length: size }],
          key: whole,
          wrId: 2,
        });
        assert.deepEqual(outcomes(finish(d, cq)), [[2, WcStatus.REM_ACCESS_ERR]]);
        assert.deepEqual(outcomes(d.poll(recvCq)), [
          [0, WcStatus.WR_FLUSH_ERR],
          [1, WcStatus.WR_FLUSH_ERR],
        ]);
      }
    },
  },
  {
    name: 'inline data goes out as it was posted, by doorbell and by push, with SEND and WRITE',
    run({ driver: d }) {
      const { cq, recvCq, a, b } = makeEnds(d);
      const key = d.registerWhole(d.pd, Access.LOCAL_WRITE | REMOTE_ACCESS);
      const to = d.alloc(4096);
      const inline = filled(d, 200).bytes;
      for (const size of [0, 1, 63, 200]) {
        for (const how of ['send', 'push'] as const) {
          d.recv(b, [{ address: to, length: 256 }]);
          d[how](a, { opcode: Opcode.SEND, inline: inline.subarray(0, size), wrId: size });
          assert.deepEqual(outcomes(finish(d, cq)), [[size, 0]], `${size} by ${how}`);
          assert.equal(d.poll(recvCq)[0]?.byteCount, size);
          assertBytes(d, to, inline.subarray(0, size));
          const remote = { address: to + 1024, key };
          d[how](a, { opcode: Opcode.RDMA_WRITE, inline: inline.subarray(0, size), remote, wrId: 900 });
          assert.deepEqual(outcomes(finish(d, cq)), [[900, 0]]);
          assertBytes(d, to + 1024, inline.subarray(0, size));
        }
      }
    },
  },
  {
    name: 'a fenced operation begins after the READ before it has ended',
    run({ driver: d }) {
      const { cq, a } = makeEnds(d);
      const key = d.registerWhole(d.pd, Access.LOCAL_WRITE | REMOTE_ACCESS);
      const source = filled(d, 2000);
      const middle = d.alloc(2048);
      const end = d.alloc(2048);
      d.setLink(1);
      d.send(a, {
        opcode: Opcode.RDMA_READ,
        scatter: [{ address: middle, length: 2000 }],
        remote: { address: source.address, key },
        flags: 0,
      });
      d.send(a, {
        opcode: Opcode.RDMA_WRITE,
        gather: [{ address: middle, length: 2000 }],
        remote: { address: end, key },
        flags: WqeFlag.SIGNALED | WqeFlag.FENCE,
        wrId: 2,
      });
      d.setLink(0);
      assert.deepEqual(outcomes(finish(d, cq)), [[2, 0]]);
      assertBytes(d, end, source.bytes);
      assert.equal(d.destroy(Command.DESTROY_QP, a.number), CommandCode.OK);
    },
  },
];
