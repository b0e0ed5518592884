// SPDX-License-Identifier: MIT
// The bounds of the scheduler, slice by slice: how long a push waits behind messages of 2 GiB, what one who pushes without
// end leaves to others, and how rung queues share what there is. These cases step the model itself.
import assert from 'node:assert/strict';
import { Hold, Mtu, QpAttr, QpState } from '../../../device/abi/generated/commands.js';
import {
  CQE_SIZE,
  MAX_MESSAGE_BYTES,
  Opcode,
  SLICE_BYTES,
  WcStatus,
} from '../../../device/abi/generated/descriptors.js';
import type { Case } from '../../conformance/case.js';
import { Dice, makeQueues } from '../../support/bench.js';
import { type Bulk, bulkOf } from '../../support/bulk.js';
import type { Driver } from '../../support/driver.js';
import type { InProcess } from '../../support/in-process.js';
import { LANE_KINDS, Lane, type LaneKind } from '../../support/lane.js';
import type { Cq, Cqe } from '../../support/work.js';

const CLAIMS = [3, 12, 17, 27];
const ALL = Hold.LINK | Hold.ENGINE;

/** Which of several memory areas each slice has written to, as letters. */
class Slices {
  readonly #t: InProcess;
  readonly #bulks: Readonly<Record<string, Bulk>>;
  order = '';

  constructor(t: InProcess, bulks: Readonly<Record<string, Bulk>>) {
    this.#t = t;
    this.#bulks = bulks;
    t.memory.beforeWrite = address => {
      for (const [letter, { from, to, unit = 1 }] of Object.entries(bulks))
        if (address >= from && address < to && (address - from) % unit === 0) this.order += letter;
    };
  }

  run(count: number): string {
    const from = this.order.length;
    for (let n = 0; n < count; n++) this.#t.step();
    return this.order.slice(from);
  }

  /** How often each of the letters occurs in a part of the order. */
  shares(part = this.order): Record<string, number> {
    return Object.fromEntries(
      Object.keys(this.#bulks).map(letter => [letter, part.split(letter).length - 1]),
    );
  }
}

/** In every run of as many slices as there are letters, each of them comes once. */
function assertTurns(order: string, letters: string, what = 'turns'): void {
  for (let n = 0; n + letters.length <= order.length; n++) {
    const some = [...order.slice(n, n + letters.length)].sort().join('');
    assert.equal(some, [...letters].sort().join(''), `${what}: slices ${n} … of ${order}`);
  }
}

/** Always more pushed work than a slice can do, for several lanes in turn. */
class Pusher {
  readonly #d: Driver;
  readonly #cq: Cq;
  readonly #lanes: readonly { lane: Lane; waiting: number }[];

  constructor(d: Driver, cq: Cq, lanes: readonly Lane[]) {
    this.#d = d;
    this.#cq = cq;
    this.#lanes = lanes.map(lane => ({ lane, waiting: 0 }));
  }

  /** Pushes until three wait of each lane; the completions that have come. */
  refill(): Cqe[] {
    const done = this.#d.poll(this.#cq);
    for (const entry of this.#lanes) {
      entry.waiting -= done.filter(c => c.qpn === entry.lane.qp.number).length;
      for (; entry.waiting < 3; entry.waiting++) {
        entry.lane.postReceives(1);
        this.#d.push(entry.lane.qp, entry.lane.work(1, 0));
        entry.lane.arrivals();
      }
    }
    return done;
  }
}

/** A queue in the error state with 2,000 entries to flush; each slice begins one completion in a queue of its own. */
function flushOf(d: Driver): Bulk {
  const cq = d.createCq(d.createEq(2), 11);
  const qp = d.channel({ sendCq: cq, logDepth: 11, logStride: 6 });
  d.send(qp, ...Array.from({ length: 2000 }, () => ({ opcode: Opcode.NOP })));
  d.modify(qp, QpAttr.STATE, { state: QpState.ERR });
  return { qp, from: cq.address, to: cq.address + cq.depth * CQE_SIZE, unit: CQE_SIZE };
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

/** Who pushes without end, to the link and to the engine, beside a rung queue of each, on a link with a rate. */
function pushOnBusyWire(d: Driver, t: InProcess, sliceNs: number): void {
  const { cq } = makeQueues(d);
  const bulkCq = d.createCq(d.createEq(1));
  d.setLink(0, 1000);
  const slices = new Slices(t, {
    a: bulkOf(d, { kind: 'link', cq: bulkCq }),
    x: bulkOf(d, { kind: 'engine', cq: bulkCq }),
  });
  const lanes = [new Lane(d, cq, 'link', 1), new Lane(d, cq, 'engine', 1)];
  const pusher = new Pusher(d, cq, lanes);
  // Every slice in turn: a and x rung, L and E pushed.
  let order = '';
  for (let n = 0; n < 1500; n++) {
    for (const { qpn } of pusher.refill()) order += qpn === lanes[0].qp.number ? 'L' : 'E';
    order += slices.run(1);
    t.nowNs += sliceNs;
  }
  for (let n = 0; n + 8 <= order.length; n++)
    assert.match(order.slice(n, n + 8), /[ax]/, `slices ${n} … ${n + 7}`);
  // A packet may wait for a slice of the engine whose turn it is as well, and so for seven more.
  const wire = order.replaceAll(/[xE]/g, '');
  for (let n = 0; n + 16 <= wire.length; n++)
    assert.match(wire.slice(n, n + 16), /a/, `packets ${n} … ${n + 15}`);
  const engine = order.replaceAll(/[aL]/g, '');
  for (let n = 0; n + 16 <= engine.length; n++)
    assert.match(engine.slice(n, n + 16), /x/, `slices ${n} … ${n + 15}`);
  assert.ok(wire.includes('L') && engine.includes('E'), 'pushes go on');
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
      let rungBefore = 0;
      const rung: boolean[] = [];
      for (let n = 0; n < 400; n++) {
        pusher.refill();
        t.step();
        rung.push(slices.order.length > rungBefore);
        rungBefore = slices.order.length;
      }
      for (let n = 0; n + 8 <= rung.length; n++)
        assert.equal(rung.slice(n, n + 8).filter(Boolean).length, 1, `slices ${n} … ${n + 7}`);
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
  // At 372 ns the wire is free at every fourth slice: of eight in a row always the same ones.
  ...[372, 500, 3000, 9100, 20_000].map(
    (sliceNs): Case<InProcess> => ({
      name: `on a wire that is busy one in eight is for rung queues, of packets as of slices (${sliceNs} ns a slice)`,
      claims: CLAIMS,
      run: ({ driver, target }) => pushOnBusyWire(driver, target, sliceNs),
    }),
  ),
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
