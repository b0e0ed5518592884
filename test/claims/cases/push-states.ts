// SPDX-License-Identifier: MIT
// Pushes for queues that cannot run: not there yet, stopped, in error, of another page; and queues that are stopped or
// taken away while the adapter holds pushes of theirs. What was pushed whole keeps its bytes whatever memory says.
import assert from 'node:assert/strict';
import {
  Command,
  CommandCode,
  CounterKind,
  cmdPageCountersDoorbells,
  cmdPageCountersFallbacks,
  cmdPageCountersIgnored,
  cmdPageCountersPushes,
  cmdPageCountersRefused,
  cmdQpCountersPushed,
  cmdQpCountersRung,
  Hold,
  QpAttr,
  QpState,
} from '../../../device/abi/generated/commands.js';
import { Opcode, WcStatus } from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import type { Case } from '../../conformance/case.js';
import { assertAllWell, finish, makeQueues, outcomes } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import { LANE_KINDS, Lane, type LaneKind } from '../../support/lane.js';
import type { Qp } from '../../support/work.js';
import { counters } from './copies.js';
import { PUSH_CLAIMS } from './push-bench.js';

const ALL = Hold.LINK | Hold.ENGINE;
/** Work request ids of pushed copies; memory copies carry their place. */
const PUSHED = 500;

const forBoth = (name: string, body: (d: Driver, kind: LaneKind) => void): Case[] =>
  LANE_KINDS.map(kind => ({
    name: `${name} (${kind})`,
    claims: PUSH_CLAIMS,
    run: ({ driver }) => body(driver, kind),
  }));

function move(d: Driver, qp: Qp, state: QpState): void {
  assert.equal(d.modify(qp, QpAttr.STATE, { state }), CommandCode.OK);
}

/** Pushes work whose id tells the two copies apart. */
function push(lane: Lane, place: number, buffer = 0): void {
  const memory = lane.work(1 + place, place);
  lane.driver.push(
    lane.qp,
    { ...lane.work(PUSHED + place, place), wrId: PUSHED + place },
    { buffer, memory },
  );
}

/** All slots are free: as many pushes as there are slots are taken on another queue, and run. */
function assertSlotsFree(d: Driver): void {
  const { cq } = makeQueues(d);
  const lane = new Lane(d, cq, 'engine', r.PUSH_SLOTS);
  const { pushes } = counters(d);
  d.setLink(ALL);
  for (let n = 0; n < r.PUSH_SLOTS; n++) push(lane, n);
  assert.equal(counters(d).pushes, pushes + r.PUSH_SLOTS, 'every slot is free');
  d.setLink(0);
  assertAllWell(finish(d, cq), r.PUSH_SLOTS);
}

export const pushStateCases: readonly Case[] = [
  ...forBoth(
    'a push for a queue in ERR is flushed from the pushed bytes, once, and leaves no mark',
    (d, kind) => {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, kind, 8, { receives: 0 });
      move(d, lane.qp, QpState.ERR);
      push(lane, 0);
      d.send(lane.qp, lane.work(2, 1));
      push(lane, 2, 1);
      assert.deepEqual(
        outcomes(finish(d, cq)),
        [PUSHED, 1, PUSHED + 2].map(id => [id, WcStatus.WR_FLUSH_ERR]),
      );
      assert.deepEqual(lane.marks(3), [0, 0, 0]);
      assert.equal(counters(d).pushes, 2);
      assertSlotsFree(d);
    },
  ),
  ...forBoth('pushes that wait when their queue goes to ERR are flushed from the pushed bytes', (d, kind) => {
    const { cq } = makeQueues(d);
    const lane = new Lane(d, cq, kind, 8);
    d.setLink(ALL);
    for (let n = 0; n < 4; n++) push(lane, n, n);
    move(d, lane.qp, QpState.ERR);
    assert.deepEqual(
      outcomes(finish(d, cq)),
      [0, 1, 2, 3].map(n => [PUSHED + n, WcStatus.WR_FLUSH_ERR]),
      'a hold does not stop a flush',
    );
    assert.deepEqual(lane.marks(4), [0, 0, 0, 0]);
    d.setLink(0);
    assertSlotsFree(d);
  }),
  ...forBoth(
    'a pushed descriptor that fails moves its queue to ERR, and pushes behind it are flushed',
    (d, kind) => {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, kind, 8);
      d.setLink(ALL);
      push(lane, 0);
      d.push(lane.qp, { opcode: 0xee, wrId: PUSHED + 1 }, { memory: lane.work(2, 1) });
      push(lane, 2);
      d.setLink(0);
      assert.deepEqual(outcomes(finish(d, cq)), [
        [PUSHED, WcStatus.SUCCESS],
        [PUSHED + 1, WcStatus.LOC_QP_OP_ERR],
        [PUSHED + 2, WcStatus.WR_FLUSH_ERR],
      ]);
      assert.deepEqual(lane.marks(3), [500, 0, 0]);
      assert.equal(d.queryQp(lane.qp).state, QpState.ERR);
      assertSlotsFree(d);
    },
  ),
  ...forBoth('pushes that wait when their queue goes to RESET are gone without a trace', (d, kind) => {
    const { cq } = makeQueues(d);
    const lane = new Lane(d, cq, kind, 8);
    d.setLink(ALL);
    for (let n = 0; n < 4; n++) push(lane, n, n);
    const other = new Lane(d, cq, 'engine', 4);
    push(other, 0);
    move(d, lane.qp, QpState.RESET);
    d.setLink(0);
    assert.deepEqual(outcomes(finish(d, cq)), [[PUSHED, WcStatus.SUCCESS]], 'of the other queue alone');
    assert.deepEqual(lane.marks(4), [0, 0, 0, 0]);
    assertSlotsFree(d);
  }),
  ...forBoth(
    'pushes that wait when their queue is destroyed are gone, and its number means another queue',
    (d, kind) => {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, kind, 8);
      d.setLink(ALL);
      for (let n = 0; n < 4; n++) push(lane, n, n);
      assert.equal(
        d.tryCommand(Command.DESTROY_QP, i => i.set([lane.qp.number])),
        CommandCode.OK,
      );
      const next = d.channel({ sendCq: cq });
      assert.equal(next.number, lane.qp.number);
      d.setLink(0);
      assert.deepEqual(finish(d, cq), []);
      d.push(next, { opcode: Opcode.NOP, wrId: 9 }, { memory: null });
      assert.deepEqual(outcomes(finish(d, cq)), [[9, WcStatus.SUCCESS]]);
      assert.deepEqual(lane.marks(4), [0, 0, 0, 0]);
      assertSlotsFree(d);
    },
  ),
  ...forBoth(
    'a push for a queue in RESET, INIT or RTR is refused and counted, and leaves the queue as it was',
    (d, kind) => {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, kind, 4);
      const bytes = d.encode(lane.work(PUSHED, 0), 0);
      const fresh = d.createQp({ sendCq: cq, type: lane.qp.type });
      const tryPush = (what: string): void => {
        const { refused } = counters(d);
        d.storePush(0, 0, bytes);
        d.trailer(0, 0, fresh.number, 0, bytes.length);
        assert.deepEqual(finish(d, cq), [], what);
        const now = counters(d);
        assert.deepEqual([now.refused, now.pushes, now.fallbacks], [refused + 1, 0, 0], what);
        assert.equal(d.queryQp(fresh).sendProducer, 0, what);
      };
      const states: number[] = [];
      const modify = d.modify.bind(d);
      // Before each transition on the way up.
      d.modify = (qp, mask, attributes) => {
        states.push(d.queryQp(qp).state);
        tryPush(`state ${states.at(-1)}`);
        return modify(qp, mask, attributes);
      };
      d.connect(fresh, lane.peer?.number ?? 0);
      assert.deepEqual(states, [QpState.RESET, QpState.INIT, QpState.RTR]);
      d.storePush(0, 0, bytes);
      d.trailer(0, 0, fresh.number, 0, bytes.length);
      assert.equal(counters(d).pushes, 1, 'in RTS');
    },
  ),
  ...forBoth(
    'in SQD pushes are taken and wait, and run as pushed, in queue order, once in RTS again',
    (d, kind) => {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, kind, 8);
      const other = new Lane(d, cq, 'engine', 4);
      move(d, lane.qp, QpState.SQD);
      push(lane, 0);
      d.send(lane.qp, lane.work(2, 1));
      push(lane, 2, 1);
      push(other, 0);
      assert.deepEqual(outcomes(finish(d, cq)), [[PUSHED, WcStatus.SUCCESS]], 'of the other queue alone');
      assert.deepEqual(lane.marks(3), [0, 0, 0]);
      assert.equal(counters(d).pushes, 3);
      move(d, lane.qp, QpState.RTS);
      assert.deepEqual(
        outcomes(finish(d, cq)),
        [PUSHED, 1, PUSHED + 2].map(id => [id, WcStatus.SUCCESS]),
      );
      assert.deepEqual(lane.marks(3), [500, 2, 502]);
      assertSlotsFree(d);
    },
  ),
  {
    name: 'in SQE pushes are flushed from the pushed bytes, and run again once in RTS',
    claims: PUSH_CLAIMS,
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const qp = d.datagram({ sendCq: cq });
      const nop = (wrId: number) => ({ opcode: Opcode.NOP, wrId });
      d.push(qp, { opcode: 0xee, wrId: 1 });
      d.push(qp, nop(2), { memory: nop(3) });
      assert.deepEqual(outcomes(finish(d, cq)), [
        [1, WcStatus.LOC_QP_OP_ERR],
        [2, WcStatus.WR_FLUSH_ERR],
      ]);
      assert.equal(d.queryQp(qp).state, QpState.SQE);
      d.push(qp, nop(4), { memory: nop(5) });
      d.send(qp, nop(6));
      assert.deepEqual(
        outcomes(finish(d, cq)),
        [4, 6].map(id => [id, WcStatus.WR_FLUSH_ERR]),
      );
      move(d, qp, QpState.RTS);
      d.push(qp, nop(7), { memory: nop(8) });
      assert.deepEqual(outcomes(finish(d, cq)), [[7, WcStatus.SUCCESS]]);
      assertSlotsFree(d);
    },
  },
  ...forBoth('page and queue count which way each descriptor came', (d, kind) => {
    const { eq } = makeQueues(d);
    const page = d.create(Command.ALLOC_PAGE);
    const other = d.create(Command.ALLOC_PAGE);
    const cq = d.createCq(eq, 6, page);
    const lane = new Lane(d, cq, kind, 16, { page });
    const bytes = (index: number): Uint8Array => d.encode(lane.work(1, index), index);
    push(lane, 0);
    push(lane, 1, 1);
    d.send(lane.qp, lane.work(1, 2), lane.work(1, 3));
    // Torn: nothing but the trailer.
    d.post(lane.qp.send, lane.work(1, 4));
    d.trailer(page, 0, lane.qp.number, 4, bytes(4).length);
    // Taken already; beyond the queue; from a page that is not its own, twice.
    d.trailer(page, 0, lane.qp.number, 4, bytes(4).length);
    d.ringSend(lane.qp);
    d.trailer(page, 0, lane.qp.number, 4000, bytes(4).length);
    d.trailer(other, 0, lane.qp.number, 5, bytes(4).length);
    d.doorbell(other, r.DB_SEND_OFFSET, lane.qp.number, 6);
    assertAllWell(finish(d, cq), 5);
    const pageCounters = (n: number): number[] => {
      const out = d.counters(CounterKind.PAGE, n);
      return [
        cmdPageCountersDoorbells(out, 0),
        cmdPageCountersPushes(out, 0),
        cmdPageCountersFallbacks(out, 0),
        cmdPageCountersIgnored(out, 0),
        cmdPageCountersRefused(out, 0),
      ];
    };
    // The trailer that acted as a doorbell is one of the doorbells, too.
    assert.deepEqual(pageCounters(page), [2, 2, 1, 2, 1]);
    assert.deepEqual(pageCounters(other), [0, 0, 0, 0, 2]);
    const out = d.counters(CounterKind.QP, lane.qp.number);
    assert.deepEqual([cmdQpCountersPushed(out, 0), cmdQpCountersRung(out, 0)], [2, 3]);
  }),
];
