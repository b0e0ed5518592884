// SPDX-License-Identifier: MIT
// The bounds of the scheduler, slice by slice: how long a push waits behind messages of 2 GiB, what one who pushes without
// end leaves to others, and how rung queues share what there is. These cases step the model itself.
import assert from 'node:assert/strict';
import { Hold, Mtu } from '../../../device/abi/generated/commands.js';
import { MAX_MESSAGE_BYTES, SLICE_BYTES, WcStatus } from '../../../device/abi/generated/descriptors.js';
import type { Case } from '../../conformance/case.js';
import { Dice, makeQueues } from '../../support/bench.js';
import { bulkOf } from '../../support/bulk.js';
import type { Driver } from '../../support/driver.js';
import type { InProcess } from '../../support/in-process.js';
import { LANE_KINDS, Lane, type LaneKind } from '../../support/lane.js';
import { flushOf, Pusher, Slices } from '../../support/slices.js';

const CLAIMS = [3, 12, 17, 27];
const ALL = Hold.LINK | Hold.ENGINE;

/** In every run of as many slices as there are letters, each of them comes once. */
function assertTurns(order: string, letters: string, what = 'turns'): void {
  for (let n = 0; n + letters.length <= order.length; n++) {
    const some = [...order.slice(n, n + letters.length)].sort().join('');
    assert.equal(some, [...letters].sort().join(''), `${what}: slices ${n} … of ${order}`);
  }
}

function pushBehindBulk(d: Driver, t: InProcess, kind: LaneKind): void {
  const { cq } = makeQueues(d);
  const bulkCq = d.createCq(d.createEq(1));
  const bulk = bulkOf(d, { kind, cq: bulkCq });
  const lanes = LANE_KINDS.map(k => new Lane(d, cq, k, 64));
  const slices = new Slices(t, { a: bulk });
  const dice = new Dice(21);
  for (let n = 0; n < 100; n++) {
    slices.run(1 + dice.below(40));
    const begun = slices.order.length;
    const lane = lanes[n % 2];
    d.push(lane.qp, lane.work(1, lane.qp.send.producer % 64));
    t.step();
    assert.equal(d.poll(cq).length, 1, 'the very next slice');
    assert.equal(slices.order.length, begun, 'nothing of the bulk in between');
  }
  assert.deepEqual(d.poll(bulkCq), []);
  t.memory.beforeWrite = undefined;
  t.settle();
  const [done] = d.poll(bulkCq).filter(c => !c.receive);
  assert.deepEqual([done?.status, done?.byteCount], [WcStatus.SUCCESS, MAX_MESSAGE_BYTES]);
}

export const boundCases: readonly Case<InProcess>[] = [
  ...LANE_KINDS.map(
    (kind): Case<InProcess> => ({
      name: `behind ${kind === 'link' ? 'a SEND' : 'a COPY'} of 2 GiB a push is the very next slice, each of a hundred times`,
      claims: CLAIMS,
      run: ({ driver, target }) => pushBehindBulk(driver, target, kind),
    }),
  ),
  {
    name: 'several who push without end, to link and engine, leave rung queues of both one slice in eight',
    claims: CLAIMS,
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const bulkCq = d.createCq(d.createEq(1));
      const slices = new Slices(t, {
        a: bulkOf(d, { kind: 'link', cq: bulkCq }),
        b: bulkOf(d, { kind: 'engine', cq: bulkCq }),
        c: bulkOf(d, { kind: 'engine', cq: bulkCq }),
      });
      const pusher = new Pusher(
        d,
        cq,
        ['link', 'engine', 'engine'].map(k => new Lane(d, cq, k as LaneKind, 1)),
      );
      const rung: boolean[] = [];
      for (let n = 0; n < 400; n++) {
        const { length } = slices.order;
        pusher.refill();
        t.step();
        rung.push(slices.order.length > length);
      }
      for (let n = 0; n + 8 <= rung.length; n++) {
        const count = rung.slice(n, n + 8).filter(Boolean).length;
        assert.ok(count === 1 || count === 2, `slices ${n} … ${n + 7}`);
      }
      assert.ok(slices.order.length < rung.length / 6, 'little more than one in eight');
      assertTurns(slices.order, 'abc', 'rung slices');
    },
  },
  {
    name: 'rung queues take turns slice by slice, whatever the size of their descriptors',
    claims: CLAIMS,
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      d.setLink(ALL);
      const slices = new Slices(t, {
        a: bulkOf(d, { kind: 'engine', cq }),
        b: bulkOf(d, { kind: 'link', cq, mtu: Mtu.MTU_4096 }),
        c: bulkOf(d, { kind: 'engine', cq, bytes: 8, count: 60 }),
        d: bulkOf(d, { kind: 'link', cq, mtu: Mtu.MTU_256 }),
        e: bulkOf(d, { kind: 'link', cq, bytes: 8, count: 60 }),
        f: bulkOf(d, { kind: 'engine', cq, bytes: SLICE_BYTES, count: 60 }),
        g: bulkOf(d, { kind: 'engine', cq, bytes: 3 * SLICE_BYTES + 8, count: 60 }),
      });
      d.setLink(0);
      assertTurns(slices.run(7 * 55), 'abcdefg');
      for (const cqe of d.poll(cq)) assert.equal(cqe.status, WcStatus.SUCCESS);
    },
  },
  {
    name: 'queues of the link keep their turns while a queue of the engine runs between two packets',
    claims: CLAIMS,
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      d.setLink(ALL, 1000);
      const make = (kind: LaneKind) => bulkOf(d, { kind, cq });
      const slices = new Slices(t, { a: make('link'), x: make('engine'), b: make('link'), c: make('link') });
      d.setLink(0, 1000);
      for (let n = 0; n < 3000; n++) {
        t.step();
        t.nowNs += 3000;
      }
      const wire = slices.order.replaceAll('x', '');
      assert.ok(wire.length > 60 && slices.order.length > 2 * wire.length, 'the engine runs in between');
      assertTurns(wire, 'abc', 'packets');
    },
  },
  {
    name: 'queues that were held come back to one turn each, not to those that they have missed',
    claims: CLAIMS,
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      d.setLink(ALL);
      const slices = new Slices(t, {
        a: bulkOf(d, { kind: 'link', cq }),
        x: bulkOf(d, { kind: 'engine', cq }),
        b: bulkOf(d, { kind: 'link', cq }),
        y: bulkOf(d, { kind: 'engine', cq }),
        f: flushOf(d),
      });
      d.setLink(0);
      assertTurns(slices.run(51), 'abfxy');
      for (const [hold, letters] of [
        [Hold.LINK, 'fxy'],
        [Hold.ENGINE, 'abf'],
        [ALL, 'f'],
        [Hold.LINK, 'fxy'],
      ] as const) {
        d.setLink(hold);
        assertTurns(slices.run(101), letters, 'while others are held');
        d.setLink(0);
        // Who comes back joins the round that is under way.
        assertTurns(slices.run(80).slice(5), 'abfxy', 'after a hold');
      }
    },
  },
  {
    name: 'turns go on where they were when another process takes the adapter over',
    claims: CLAIMS,
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      d.setLink(ALL);
      const slices = new Slices(t, {
        a: bulkOf(d, { kind: 'link', cq }),
        x: bulkOf(d, { kind: 'engine', cq }),
        b: bulkOf(d, { kind: 'link', cq }),
        y: bulkOf(d, { kind: 'engine', cq }),
        z: bulkOf(d, { kind: 'engine', cq }),
      });
      d.setLink(0);
      for (let n = 0; n < 40; n++) {
        slices.run(1 + (n % 7));
        t.adapter.attach(t.host, t.region, false);
        t.adapter.control({ kind: 'run' });
      }
      assertTurns(slices.order, 'abxyz');
    },
  },
  {
    name: 'the adapter comes back after each slice while stores or loads wait, and after 64 slices at the latest',
    claims: CLAIMS,
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const slices = new Slices(t, { a: bulkOf(d, { kind: 'engine', cq }) });
      Object.assign(t.host, { workWaiting: () => true });
      for (let n = 0; n < 20; n++) assert.equal(slices.run(1), 'a', 'something waits');
      Object.assign(t.host, { workWaiting: () => false });
      for (let n = 0; n < 20; n++) {
        const { length } = slices.run(1);
        assert.ok(length > 1 && length <= 64, `nothing waits: ${length} slices`);
      }
      const { cq: other } = makeQueues(d);
      const wire = new Slices(t, { b: bulkOf(d, { kind: 'link', cq: other }) });
      for (let n = 0; n < 20; n++) assert.ok(wire.run(1).length <= 1, 'one packet at a time');
    },
  },
];
