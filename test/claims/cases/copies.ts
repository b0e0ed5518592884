// SPDX-License-Identifier: MIT
// Two copies of a descriptor, one in memory and one pushed, that differ: the mark that the work leaves tells which one ran.
// Here: whole pushes, pushes out of turn, and pushes without a free slot. Torn ones are in tears.ts.
import assert from 'node:assert/strict';
import { Hold } from '../../../device/abi/generated/commands.js';
import { WcStatus } from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import type { Case } from '../../conformance/case.js';
import { assertAllWell, finish, ids, makeQueues, outcomes } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import { LANE_KINDS, Lane, type LaneKind } from '../../support/lane.js';

const CLAIMS = [4, 13, 18, 28];
/** Values that mark which copy ran: memory copies carry their place + 1, pushed ones this much more. */
const PUSHED = 500;
const ALL = Hold.LINK | Hold.ENGINE;

interface Counters {
  pushes: number;
  fallbacks: number;
  ignored: number;
  refused: number;
  reads: number;
}

export function counters(d: Driver): Counters {
  return {
    pushes: d.readRegister(r.REG_COUNT_PUSHES_OFFSET),
    fallbacks: d.readRegister(r.REG_COUNT_PUSH_FALLBACKS_OFFSET),
    ignored: d.readRegister(r.REG_COUNT_IGNORED_OFFSET),
    refused: d.readRegister(r.REG_COUNT_REFUSED_OFFSET),
    reads: d.readRegister(r.REG_COUNT_DESCRIPTOR_READS_OFFSET),
  };
}

const NOTHING: Counters = { pushes: 0, fallbacks: 0, ignored: 0, refused: 0, reads: 0 };

/** Writes the memory copy of the next descriptor (mark place + 1) and moves the producer on. */
const intoMemory = (lane: Lane, place: number): Uint8Array =>
  lane.driver.post(lane.qp.send, lane.work(place + 1, place));

/** Stores and triggers the pushed copy of descriptor `index` (mark PUSHED + index). */
function pushCopy(lane: Lane, index: number, buffer = 0): void {
  const { driver: d, qp } = lane;
  const bytes = d.encode(lane.work(PUSHED + index, index), index);
  d.storePush(qp.page, buffer, bytes);
  d.trailer(qp.page, buffer, qp.number, index, bytes.length);
}

function assertOnce(lane: Lane, cqes: readonly { wrId: number; status: number }[], count: number): void {
  assert.deepEqual(
    cqes.map(c => [c.wrId, c.status]),
    Array.from({ length: count }, (_, n) => [n, WcStatus.SUCCESS]),
    'one completion each',
  );
  const arrived = lane.arrivals();
  if (arrived !== undefined) assert.equal(arrived, count, 'one message each');
}

type Body = (d: Driver, kind: LaneKind) => void;

const forBoth = (name: string, body: Body): Case[] =>
  LANE_KINDS.map(kind => ({
    name: `${name} (${kind})`,
    claims: CLAIMS,
    run: ({ driver }) => body(driver, kind),
  }));

export const copyCases: readonly Case[] = [
  ...forBoth(
    'the memory copy differs from the pushed copy: the pushed one runs, memory is not read',
    (d, kind) => {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, kind, 6);
      for (let n = 0; n < 6; n++) {
        intoMemory(lane, n);
        pushCopy(lane, n, n % r.PUSH_BUFFERS);
      }
      assertOnce(lane, finish(d, cq), 6);
      assert.deepEqual(lane.marks(6), [500, 501, 502, 503, 504, 505]);
      assert.deepEqual(counters(d), { ...NOTHING, pushes: 6 });
    },
  ),
  ...forBoth(
    'with the memory copy on a page that is not there for the device the push still succeeds',
    (d, kind) => {
      const { cq } = makeQueues(d);
      const key = d.registerPages([d.target.nowhere], 0, 4096);
      const lane = new Lane(d, cq, kind, 3, { logDepth: 3, sendLkey: key, sendAddress: 0 });
      for (let n = 0; n < 2; n++) pushCopy(lane, n);
      assertOnce(lane, finish(d, cq), 2);
      assert.deepEqual(lane.marks(3), [500, 501, 0]);
      d.doorbell(0, r.DB_SEND_OFFSET, lane.qp.number, 3);
      assert.deepEqual(
        finish(d, cq).map(c => c.status),
        [WcStatus.LOC_ACCESS_ERR],
        'the page is really not there',
      );
    },
  ),
  ...forBoth(
    'the pushed bytes are taken with the trailer: what the buffer gets next does not change them',
    (d, kind) => {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, kind, 3);
      d.setLink(ALL);
      for (let n = 0; n < 3; n++) {
        intoMemory(lane, n);
        pushCopy(lane, n, 0);
      }
      d.storePush(0, 0, new Uint8Array(64).fill(0xff));
      d.setLink(0);
      assertOnce(lane, finish(d, cq), 3);
      assert.deepEqual(lane.marks(3), [500, 501, 502]);
    },
  ),
  ...forBoth(
    'no slot free: pushes beyond the last slot run from memory, each exactly once, in order',
    (d, kind) => {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, kind, 40);
      d.setLink(ALL);
      for (let n = 0; n < r.PUSH_SLOTS + 4; n++) {
        intoMemory(lane, n);
        pushCopy(lane, n);
      }
      assert.deepEqual(counters(d), { ...NOTHING, pushes: r.PUSH_SLOTS, fallbacks: 4 });
      d.setLink(0);
      assertOnce(lane, finish(d, cq), r.PUSH_SLOTS + 4);
      const marks = Array.from({ length: r.PUSH_SLOTS + 4 }, (_, n) =>
        n < r.PUSH_SLOTS ? PUSHED + n : n + 1,
      );
      assert.deepEqual(lane.marks(r.PUSH_SLOTS + 4), marks);
      assert.equal(counters(d).reads, 4);
      for (let n = r.PUSH_SLOTS + 4; n < 40; n++) {
        intoMemory(lane, n);
        pushCopy(lane, n);
        assertAllWell(finish(d, cq), 1);
        assert.deepEqual(lane.marks(n + 1).at(-1), PUSHED + n, 'slots are free again');
      }
    },
  ),
  ...forBoth('a push that is not the next of its queue acts as a doorbell up to its index', (d, kind) => {
    const { cq } = makeQueues(d);
    const lane = new Lane(d, cq, kind, 5);
    for (let n = 0; n < 3; n++) intoMemory(lane, n);
    pushCopy(lane, 2);
    assertOnce(lane, finish(d, cq), 3);
    assert.deepEqual(lane.marks(3), [1, 2, 3]);
    assert.deepEqual(counters(d), { ...NOTHING, fallbacks: 1, reads: 3 });
    intoMemory(lane, 3);
    pushCopy(lane, 3);
    assert.deepEqual(ids(finish(d, cq)), [3]);
    assert.deepEqual(lane.marks(4), [1, 2, 3, 503]);
  }),
  ...forBoth(
    'a push before the doorbell for the same index runs once, as pushed; the doorbell is ignored',
    (d, kind) => {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, kind, 2);
      for (const hold of [0, ALL]) {
        const place = hold === 0 ? 0 : 1;
        d.setLink(hold);
        intoMemory(lane, place);
        pushCopy(lane, place);
        d.ringSend(lane.qp);
        if (hold === 0) d.target.settle();
        d.ringSend(lane.qp);
      }
      d.setLink(0);
      assertOnce(lane, finish(d, cq), 2);
      assert.deepEqual(lane.marks(2), [500, 501]);
      assert.deepEqual(counters(d), { ...NOTHING, pushes: 2, ignored: 4 });
    },
  ),
  ...forBoth(
    'a push after the doorbell for the same index does nothing: the work runs once, from memory',
    (d, kind) => {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, kind, 2);
      for (const hold of [0, ALL]) {
        const place = hold === 0 ? 0 : 1;
        d.setLink(hold);
        intoMemory(lane, place);
        d.ringSend(lane.qp);
        if (hold === 0) d.target.settle();
        pushCopy(lane, place);
        pushCopy(lane, place, 1);
      }
      d.setLink(0);
      assertOnce(lane, finish(d, cq), 2);
      assert.deepEqual(lane.marks(2), [1, 2]);
      assert.deepEqual(counters(d), { ...NOTHING, ignored: 4, reads: 2 });
    },
  ),
  ...forBoth(
    'without a trailer nothing happens until a later doorbell covers the index; then memory runs',
    (d, kind) => {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, kind, 4);
      intoMemory(lane, 0);
      d.storePush(0, 0, d.encode(lane.work(500, 0), 0));
      assert.deepEqual(finish(d, cq), []);
      intoMemory(lane, 1);
      d.ringSend(lane.qp);
      assertOnce(lane, finish(d, cq), 2);
      assert.deepEqual(lane.marks(2), [1, 2]);
      assert.deepEqual(counters(d), { ...NOTHING, reads: 2 });
      intoMemory(lane, 2);
      pushCopy(lane, 2);
      assert.deepEqual(outcomes(finish(d, cq)), [[2, WcStatus.SUCCESS]]);
      intoMemory(lane, 3);
      pushCopy(lane, 3);
      assert.deepEqual(outcomes(finish(d, cq)), [[3, WcStatus.SUCCESS]]);
      assert.deepEqual(
        lane.marks(4),
        [1, 2, 3, 503],
        'the bytes left behind tear the next push, and only that one',
      );
    },
  ),
  {
    name: 'a trailer that names no queue, or one that cannot send, is refused and costs nothing but its buffer',
    claims: CLAIMS,
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, 'engine', 2);
      const closed = d.createQp({ sendCq: cq });
      const bytes = d.encode(lane.work(500, 0), 0);
      [closed.number, 0, 1, 16383, 0xffffff].forEach((qpn, n) => {
        d.storePush(0, 0, bytes);
        d.trailer(0, 0, qpn, 0, bytes.length);
        assert.deepEqual(counters(d), { ...NOTHING, refused: n + 1 });
      });
      assert.deepEqual(finish(d, cq), []);
      pushCopy(lane, 0);
      assertAllWell(finish(d, cq), 1);
      assert.deepEqual(lane.marks(2), [500, 0]);
    },
  },
  {
    name: 'a push beyond the depth of its queue is refused',
    claims: CLAIMS,
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, 'engine', 6, { logDepth: 2 });
      d.setLink(ALL);
      for (let n = 0; n < 4; n++) intoMemory(lane, n);
      d.ringSend(lane.qp);
      pushCopy(lane, 4);
      assert.equal(counters(d).refused, 1);
      d.setLink(0);
      assertOnce(lane, finish(d, cq), 4);
      assert.deepEqual(lane.marks(6), [1, 2, 3, 4, 0, 0]);
    },
  },
];
