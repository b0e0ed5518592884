// SPDX-License-Identifier: MIT
// Numbers that go round while buffers are used in turn: the generations of each buffer at 256, the indices of a queue at
// 65,536; and the deepest queue there is when it is full, where half of the indices stand for entries.
import assert from 'node:assert/strict';
import { Hold } from '../../../device/abi/generated/commands.js';
import { Opcode, QUEUE_DEPTH_MAX, WcStatus } from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import type { Case } from '../../conformance/case.js';
import { finish, makeQueues, outcomes } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import { INDEX_MODULUS, type Qp } from '../../support/work.js';
import { counters } from './copies.js';
import { onBench, PUSH_CLAIMS, type PushBench, storesOf } from './push-bench.js';

const LENGTH = 48;
const LOG_DEPTH = Math.log2(QUEUE_DEPTH_MAX);
const ENTRY_BYTES = 64;

/** Pushes `count` descriptors into buffers that `bufferOf` names, as many at once as there are slots. */
function pushMany(b: PushBench, count: number, bufferOf: (n: number) => number): void {
  const stores = storesOf(LENGTH, 8);
  for (let n = 0; n < count; ) {
    const from = b.index;
    for (const end = Math.min(n + r.PUSH_SLOTS, count); n < end; n++) {
      const { bytes, index } = b.prepare();
      b.push(bytes, index, stores, { buffer: bufferOf(n) });
    }
    assert.deepEqual(
      b.ran(from),
      Array.from({ length: b.index - from }, () => 'pushed'),
      `up to push ${n}`,
    );
  }
}

/** Fills the whole ring with entries that do nothing and complete in silence, the first one with index `first`. */
function fillRing(d: Driver, qp: Qp, first: number): void {
  const all = new Uint8Array(QUEUE_DEPTH_MAX * ENTRY_BYTES);
  for (let n = 0; n < QUEUE_DEPTH_MAX; n++) {
    const index = (first + n) % INDEX_MODULUS;
    all.set(d.encode({ opcode: Opcode.NOP, flags: 0 }, index), (index % QUEUE_DEPTH_MAX) * ENTRY_BYTES);
  }
  d.target.writeBytes(qp.send.address, all);
}

const ring = (d: Driver, qp: Qp, index: number): void =>
  d.doorbell(0, r.DB_SEND_OFFSET, qp.number, index % INDEX_MODULUS);

/** A push of the descriptor with this index, with nothing in memory. */
function pushAt(d: Driver, qp: Qp, index: number): void {
  const bytes = d.encode({ opcode: Opcode.NOP, wrId: index }, index % INDEX_MODULUS);
  d.storePush(0, 0, bytes);
  d.trailer(0, 0, qp.number, index % INDEX_MODULUS, bytes.length);
}

/** The deepest queue, and its completions. */
function deepest(d: Driver) {
  const { cq } = makeQueues(d);
  const qp = d.channel({ sendCq: cq, logDepth: LOG_DEPTH, logStride: Math.log2(ENTRY_BYTES) });
  fillRing(d, qp, 0);
  return { cq, qp };
}

export const indexCases: readonly Case[] = [
  ...onBench('pushes through the buffers of a page in turn, until each generation has gone round', (b, d) => {
    const count = 256 * r.PUSH_BUFFERS + 20;
    pushMany(b, count, n => n % r.PUSH_BUFFERS);
    assert.equal(counters(d).pushes, count);
  }),
  ...onBench('each buffer has a generation of its own', b => {
    pushMany(b, 40, n => [0, 0, 0, 1, 0, 2, 1, 3, 0, 2][n % 10]);
    const stores = storesOf(LENGTH, 8);
    // Buffer 1 has seen 8 trailers, buffer 0 has seen 20.
    assert.equal(
      b.which(0, (bytes, i) => b.push(bytes, i, stores, { buffer: 1, generation: 20 })),
      'memory',
    );
    assert.equal(
      b.which(0, (bytes, i) => b.push(bytes, i, stores, { buffer: 1, generation: 9 })),
      'pushed',
    );
  }),
  ...onBench('a trailer that tells of nothing still counts as one: the generation moves on', (b, d) => {
    const stores = storesOf(LENGTH, 8);
    for (let n = 0; n < 3; n++) d.trailer(0, 0, 0xffffff, 0, LENGTH);
    assert.equal(
      b.which(0, (bytes, i) => b.push(bytes, i, stores, { generation: 0 })),
      'memory',
    );
    assert.equal(
      b.which(0, (bytes, i) => b.push(bytes, i, stores, { generation: 4 })),
      'pushed',
    );
  }),
  {
    name: 'pushes and doorbells go on where the index of a queue goes round at 65,536',
    claims: PUSH_CLAIMS,
    run({ driver: d }) {
      const { cq, qp } = deepest(d);
      ring(d, qp, QUEUE_DEPTH_MAX);
      assert.deepEqual(finish(d, cq), []);
      fillRing(d, qp, QUEUE_DEPTH_MAX);
      ring(d, qp, INDEX_MODULUS - 2);
      assert.deepEqual(finish(d, cq), []);
      for (const index of [INDEX_MODULUS - 2, INDEX_MODULUS - 1, INDEX_MODULUS]) pushAt(d, qp, index);
      // Taken already: the same again, from both sides of the turn.
      for (const index of [INDEX_MODULUS - 1, INDEX_MODULUS]) pushAt(d, qp, index);
      ring(d, qp, INDEX_MODULUS);
      assert.deepEqual(
        finish(d, cq).map(c => [c.wrId, c.index, c.status]),
        [INDEX_MODULUS - 2, INDEX_MODULUS - 1, INDEX_MODULUS].map(n => [
          n,
          n % INDEX_MODULUS,
          WcStatus.SUCCESS,
        ]),
      );
      const { pushes, fallbacks, ignored, refused } = counters(d);
      assert.deepEqual([pushes, fallbacks, ignored, refused], [3, 0, 3, 0]);
      assert.equal(d.queryQp(qp).sendProducer, 1);
    },
  },
  {
    name: 'the deepest queue, full, takes no doorbell and no push for more, however far ahead',
    claims: PUSH_CLAIMS,
    run({ driver: d }) {
      const { cq, qp } = deepest(d);
      const last = d.encode({ opcode: Opcode.NOP, wrId: 7 }, QUEUE_DEPTH_MAX - 1);
      d.target.writeBytes(qp.send.address + (QUEUE_DEPTH_MAX - 1) * ENTRY_BYTES, last);
      d.setLink(Hold.ENGINE);
      ring(d, qp, QUEUE_DEPTH_MAX);
      const beyond = [0, 1, 2, QUEUE_DEPTH_MAX - 2, QUEUE_DEPTH_MAX - 1].map(n => QUEUE_DEPTH_MAX + n);
      for (const index of beyond) pushAt(d, qp, index);
      for (const index of beyond) ring(d, qp, index + 1);
      const { pushes, fallbacks, refused } = counters(d);
      assert.deepEqual([pushes, fallbacks, refused], [0, 0, 2 * beyond.length]);
      d.setLink(0);
      assert.deepEqual(outcomes(finish(d, cq)), [[7, WcStatus.SUCCESS]], 'every entry has run');
      assert.equal(counters(d).reads, QUEUE_DEPTH_MAX);
      pushAt(d, qp, QUEUE_DEPTH_MAX);
      assert.deepEqual(outcomes(finish(d, cq)), [[QUEUE_DEPTH_MAX, WcStatus.SUCCESS]]);
    },
  },
];
