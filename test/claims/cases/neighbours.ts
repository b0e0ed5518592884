// SPDX-License-Identifier: MIT
// Doorbell pages beside each other: whatever one page pushes, and however long its queues cannot run, the pushes of the
// others are taken and go first. The slots of a page are its own; its queues share them.
import assert from 'node:assert/strict';
import { Command, CommandCode, Hold, QpAttr, QpState } from '../../../device/abi/generated/commands.js';
import * as r from '../../../device/abi/generated/registers.js';
import { Dma } from '../../../device/model/ports.js';
import type { Case } from '../../conformance/case.js';
import { assertAllWell, Dice, finish, ids, makeQueues } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { InProcess } from '../../support/in-process.js';
import { Lane, type LaneKind } from '../../support/lane.js';
import type { Cq } from '../../support/work.js';
import { counters } from './copies.js';

const CLAIMS = [3, 4, 12, 13, 17, 18, 27, 28];
const ALL = Hold.LINK | Hold.ENGINE;
/** Values that mark pushed copies carry this much more than those of their memory copies. */
const PUSHED = 500;
/** Pushes of a page beyond its slots. */
const BEYOND = 4;
const PAGES = 20;

/** Pushes the next descriptor of the lane; the mark tells which copy ran. */
function push(lane: Lane, place: number): void {
  const memory = lane.work(place + 1, place);
  lane.driver.push(lane.qp, { ...lane.work(PUSHED + place, place), wrId: place }, { memory });
}

const marksOf = (count: number, pushed: number): number[] =>
  Array.from({ length: count }, (_, n) => (n < pushed ? PUSHED + n : n + 1));

interface Way {
  readonly name: string;
  readonly kind: LaneKind;
  /** Keeps the queue from running. */
  stop(d: Driver, lane: Lane): void;
  /** Lets it run again. */
  go(d: Driver, lane: Lane, count: number): void;
}

function move(d: Driver, lane: Lane, state: QpState): void {
  assert.equal(d.modify(lane.qp, QpAttr.STATE, { state }), CommandCode.OK);
}

const NO_RECEIVE: Way = {
  name: 'the other end has no receive',
  kind: 'link',
  stop: () => {},
  go: (_d, lane, count) => lane.postReceives(count),
};
const drained = (kind: LaneKind): Way => ({
  name: `the queue is in SQD (${kind})`,
  kind,
  stop: (d, lane) => move(d, lane, QpState.SQD),
  go(d, lane, count) {
    lane.postReceives(count);
    move(d, lane, QpState.RTS);
  },
});

/** A page whose queue cannot run pushes more than fits; then the kernel's page pushes, behind a backlog. */
function pushBeside(d: Driver, way: Way): void {
  const { cq } = makeQueues(d);
  const count = r.PUSH_SLOTS + BEYOND;
  const page = d.create(Command.ALLOC_PAGE);
  const stuckCq = d.createCq(d.createEq(1), 6, page);
  const stuck = new Lane(d, stuckCq, way.kind, count, { page, receives: 0 });
  way.stop(d, stuck);
  for (let n = 0; n < count; n++) push(stuck, n);
  assert.deepEqual(finish(d, stuckCq), [], 'it cannot run');
  const before = counters(d);
  assert.deepEqual([before.pushes, before.fallbacks], [r.PUSH_SLOTS, BEYOND]);

  const backlog = new Lane(d, cq, 'engine', 8);
  const lanes = (['link', 'engine'] as const).map(kind => new Lane(d, cq, kind, r.PUSH_SLOTS / 2));
  d.setLink(ALL);
  d.send(backlog.qp, ...Array.from({ length: 8 }, (_, n) => ({ ...backlog.work(n + 1, n), wrId: 100 + n })));
  for (let n = 0; n < r.PUSH_SLOTS / 2; n++) for (const lane of lanes) push(lane, n);
  const after = counters(d);
  assert.equal(after.pushes - before.pushes, r.PUSH_SLOTS, 'each of them has a slot');
  assert.equal(after.fallbacks, before.fallbacks);
  d.setLink(0);
  const done = finish(d, cq);
  assertAllWell(done, r.PUSH_SLOTS + 8);
  for (const lane of lanes) assert.deepEqual(lane.marks(8), marksOf(8, 8), 'the pushed bytes ran');
  const wrIds = ids(done);
  assert.ok(wrIds.indexOf(101) > 9, 'ahead of the backlog, but for one slice in eight');

  way.go(d, stuck, count);
  assertAllWell(finish(d, stuckCq), count);
  assert.deepEqual(
    stuck.marks(count),
    marksOf(count, r.PUSH_SLOTS),
    'what was taken ran from the pushed bytes',
  );
  assert.equal(counters(d).pushes, after.pushes);
}

/** All pages fill their slots in an order by chance; whatever the page, the first to come is the first to run. */
function pushFromAllSides(d: Driver): void {
  const { cq } = makeQueues(d);
  const dice = new Dice(31);
  const lanes = Array.from({ length: PAGES }, (_, n) => {
    const page = n === 0 ? 0 : d.create(Command.ALLOC_PAGE);
    return new Lane(d, cq, 'engine', r.PUSH_SLOTS, { page });
  });
  d.setLink(ALL);
  const order: number[] = [];
  const waiting = lanes.flatMap(lane => Array.from({ length: r.PUSH_SLOTS }, () => lane));
  while (waiting.length > 0) {
    const [lane] = waiting.splice(dice.below(waiting.length), 1);
    order.push(lane.qp.number);
    push(lane, lane.qp.send.producer);
  }
  assert.deepEqual([counters(d).pushes, counters(d).fallbacks], [PAGES * r.PUSH_SLOTS, 0]);
  // Some stop and go on: what was pushed keeps its place.
  for (const lane of lanes.filter((_, n) => n % 3 === 0)) move(d, lane, QpState.SQD);
  for (const lane of lanes.filter((_, n) => n % 6 === 0)) move(d, lane, QpState.RTS);
  d.setLink(0);
  const runs = lanes.filter((_, n) => n % 3 !== 0 || n % 6 === 0).map(lane => lane.qp.number);
  const qpns = (cqes: readonly { qpn: number }[]): number[] => cqes.map(c => c.qpn);
  assert.deepEqual(
    qpns(finish(d, cq)),
    order.filter(n => runs.includes(n)),
  );
  for (const lane of lanes.filter((_, n) => n % 6 === 3)) move(d, lane, QpState.RTS);
  const rest = finish(d, cq);
  assert.equal(rest.length, order.length - order.filter(n => runs.includes(n)).length);
  for (const lane of lanes) assert.deepEqual(lane.marks(r.PUSH_SLOTS), marksOf(r.PUSH_SLOTS, r.PUSH_SLOTS));
}

/** Two queues of one page push in turn, and one of another page. */
function shareSlots(d: Driver): void {
  const { eq, cq } = makeQueues(d);
  const page = d.create(Command.ALLOC_PAGE);
  const other = d.createCq(eq, 6, page);
  const lanes = [new Lane(d, cq, 'engine', 20), new Lane(d, cq, 'engine', 40)];
  const beside = new Lane(d, other, 'engine', 20, { page });
  const each = r.PUSH_SLOTS / 2 + 1;
  d.setLink(ALL);
  for (let n = 0; n < each; n++) for (const lane of lanes) push(lane, n);
  assert.deepEqual([counters(d).pushes, counters(d).fallbacks], [r.PUSH_SLOTS, 2], 'shared by its queues');
  for (let n = 0; n < r.PUSH_SLOTS + 1; n++) push(beside, n);
  assert.deepEqual([counters(d).pushes, counters(d).fallbacks], [2 * r.PUSH_SLOTS, 3], 'not by another page');
  d.setLink(0);
  assertAllWell(finish(d, cq), 2 * each);
  assertAllWell(d.poll(other), r.PUSH_SLOTS + 1);
  for (const lane of lanes) assert.deepEqual(lane.marks(each), marksOf(each, each - 1));
  assert.deepEqual(beside.marks(17), marksOf(17, 16));
  d.setLink(ALL);
  for (let n = each; n < each + r.PUSH_SLOTS + 2; n++) push(lanes[1], n);
  assert.equal(counters(d).fallbacks, 5, 'a slot that was freed serves another queue, and there are no more');
}

const STOPS: readonly Way[] = [NO_RECEIVE, drained('link'), drained('engine')];

export const neighbourCases: readonly Case[] = [
  ...STOPS.map(way => ({
    name: `pushes of another page that cannot run keep nobody's push from going first: ${way.name}`,
    claims: CLAIMS,
    run: ({ driver }: { driver: Driver }) => pushBeside(driver, way),
  })),
  {
    name: 'pushes of twenty pages, more than one page can have: each runs as pushed, in the order in which they came',
    claims: CLAIMS,
    run: ({ driver }) => pushFromAllSides(driver),
  },
  {
    name: 'the slots of a page serve all its queues, one that is freed serves another queue, and no other page has a part in them',
    claims: CLAIMS,
    run: ({ driver }) => shareSlots(driver),
  },
];

/** The work of a lane waits for a translation of the place of its marks. */
function waitForTranslation(d: Driver, t: InProcess): void {
  const { cq } = makeQueues(d);
  const page = d.create(Command.ALLOC_PAGE);
  const stuckCq: Cq = d.createCq(d.createEq(1), 6, page);
  // A place alone on its page.
  d.alloc(8192);
  const stuck = new Lane(d, stuckCq, 'engine', 1024, { page });
  const { scatter } = stuck.work(1, 512);
  const at = Math.floor(scatter![0].address / 4096) * 4096;
  t.memory.setHole(at, 4096, Dma.NOT_YET);
  for (let n = 0; n < r.PUSH_SLOTS + 1; n++)
    d.push(stuck.qp, stuck.work(PUSHED, 512), { memory: stuck.work(1, 512) });
  assert.deepEqual(finish(d, stuckCq), []);
  const lane = new Lane(d, cq, 'link', r.PUSH_SLOTS);
  d.setLink(ALL);
  for (let n = 0; n < r.PUSH_SLOTS; n++) push(lane, n);
  assert.deepEqual([counters(d).pushes, counters(d).fallbacks], [2 * r.PUSH_SLOTS, 1]);
  d.setLink(0);
  assertAllWell(finish(d, cq), r.PUSH_SLOTS);
  assert.deepEqual(lane.marks(r.PUSH_SLOTS), marksOf(r.PUSH_SLOTS, r.PUSH_SLOTS));
  t.memory.setHole(at, 4096, Dma.DONE);
  t.adapter.memoryChanged();
  assertAllWell(finish(d, stuckCq), r.PUSH_SLOTS + 1);
}

export const untranslatedCases: readonly Case<InProcess>[] = [
  {
    name: "pushes of another page that cannot run keep nobody's push from going first: a translation is missing",
    claims: CLAIMS,
    run: ({ driver, target }) => waitForTranslation(driver, target),
  },
];
