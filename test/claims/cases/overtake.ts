// SPDX-License-Identifier: MIT
// A pushed descriptor goes ahead of what was rung and waits; order inside a queue never changes. These cases look at
// completions alone, so they run on any target; the ones that look at single slices and at the wire are in slices.ts.
import assert from 'node:assert/strict';
import { Hold } from '../../../device/abi/generated/commands.js';
import type { Case } from '../../conformance/case.js';
import { assertAllWell, finish, makeQueues } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import { LANE_KINDS, Lane, type LaneKind } from '../../support/lane.js';

const CLAIMS = [3, 12, 17, 27];
const BACKLOG = 64;
const ALL = Hold.LINK | Hold.ENGINE;

/** Completions as "lane letter + place". */
function order(
  d: Driver,
  cq: Parameters<Driver['poll']>[0],
  lanes: Readonly<Record<string, Lane>>,
): string[] {
  const letters = new Map(Object.entries(lanes).map(([letter, lane]) => [lane.qp.number, letter]));
  const cqes = finish(d, cq);
  assertAllWell(cqes, cqes.length);
  return cqes.map(c => `${letters.get(c.qpn)}${c.wrId}`);
}

const series = (letter: string, count: number, first = 0): string[] =>
  Array.from({ length: count }, (_, n) => `${letter}${first + n}`);

function rung(lane: Lane, count: number, first = 0): void {
  for (let n = 0; n < count; n++) lane.driver.post(lane.qp.send, lane.work(first + n + 1, first + n));
  lane.driver.ringSend(lane.qp);
}

const push = (lane: Lane, place: number, buffer = 0): void =>
  lane.driver.push(lane.qp, lane.work(500 + place, place), { buffer });

function overtakesBacklog(d: Driver, a: LaneKind, b: LaneKind): void {
  const { cq } = makeQueues(d);
  const lanes = { A: new Lane(d, cq, a, BACKLOG), B: new Lane(d, cq, b, 1) };
  d.setLink(ALL);
  rung(lanes.A, BACKLOG);
  push(lanes.B, 0);
  assert.deepEqual(order(d, cq, lanes), []);
  d.setLink(0);
  assert.deepEqual(order(d, cq, lanes), ['B0', ...series('A', BACKLOG)]);
  assert.deepEqual(lanes.B.marks(1), [500]);
  assert.deepEqual(
    lanes.A.marks(BACKLOG),
    Array.from({ length: BACKLOG }, (_, n) => n + 1),
  );
}

export const overtakeCases: readonly Case[] = [
  ...LANE_KINDS.flatMap(a =>
    LANE_KINDS.map(
      (b): Case => ({
        name: `a push on a queue of the ${b} completes before each of ${BACKLOG} descriptors that were rung earlier on a queue of the ${a}`,
        claims: CLAIMS,
        run: ({ driver: d }) => overtakesBacklog(d, a, b),
      }),
    ),
  ),
  ...LANE_KINDS.map(
    (kind): Case => ({
      name: `order inside one queue of the ${kind} stays, rung or pushed`,
      claims: CLAIMS,
      run({ driver: d }) {
        const { cq } = makeQueues(d);
        const lanes = { A: new Lane(d, cq, kind, 20), B: new Lane(d, cq, kind, 20) };
        d.setLink(ALL);
        rung(lanes.A, 4);
        rung(lanes.B, 4);
        push(lanes.A, 4);
        push(lanes.B, 4);
        rung(lanes.A, 3, 5);
        push(lanes.A, 8);
        push(lanes.A, 9);
        d.setLink(0);
        const found = order(d, cq, lanes);
        for (const [letter, count] of [
          ['A', 10],
          ['B', 5],
        ] as const)
          assert.deepEqual(
            found.filter(c => c.startsWith(letter)),
            series(letter, count),
          );
        assert.deepEqual(lanes.A.marks(10), [1, 2, 3, 4, 504, 6, 7, 8, 508, 509]);
      },
    }),
  ),
  {
    name: 'pushes on several queues run in the order in which they came, ahead of what was rung on the same queues later',
    claims: CLAIMS,
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const make = (kind: LaneKind): Lane => new Lane(d, cq, kind, 8);
      const lanes = { A: make('link'), B: make('engine'), C: make('link'), D: make('engine') };
      d.setLink(ALL);
      rung(lanes.A, 3);
      push(lanes.D, 0);
      push(lanes.C, 0, 1);
      push(lanes.B, 0, 2);
      push(lanes.C, 1, 3);
      rung(lanes.D, 1, 1);
      d.setLink(0);
      const found = order(d, cq, lanes);
      assert.deepEqual(found.slice(0, 4), ['D0', 'C0', 'B0', 'C1']);
      assert.deepEqual([...found].sort(), ['A0', 'A1', 'A2', 'B0', 'C0', 'C1', 'D0', 'D1']);
    },
  },
  {
    name: 'pushes that had nobody to overtake do not cost the next push its precedence',
    claims: CLAIMS,
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const lanes = { A: new Lane(d, cq, 'link', 8), B: new Lane(d, cq, 'link', 40) };
      for (let n = 0; n < 20; n++) {
        push(lanes.B, n);
        assert.deepEqual(order(d, cq, lanes), [`B${n}`]);
      }
      d.setLink(ALL);
      rung(lanes.A, 8);
      push(lanes.B, 20);
      d.setLink(0);
      assert.deepEqual(order(d, cq, lanes), ['B20', ...series('A', 8)]);
    },
  },
  {
    name: 'under a flood of pushes a rung queue still gets one slice in eight, and pushes the other seven',
    claims: CLAIMS,
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const lanes = { A: new Lane(d, cq, 'engine', 2), B: new Lane(d, cq, 'link', 16) };
      d.setLink(ALL);
      rung(lanes.A, 2);
      for (let n = 0; n < 16; n++) push(lanes.B, n, n % 4);
      d.setLink(0);
      assert.deepEqual(order(d, cq, lanes), [
        ...series('B', 7),
        'A0',
        ...series('B', 7, 7),
        'A1',
        ...series('B', 2, 14),
      ]);
    },
  },
];
