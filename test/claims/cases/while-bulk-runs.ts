// SPDX-License-Identifier: MIT
// Pushes and loads while messages and copies of 2 GiB go on, on an adapter that works by itself. Nothing here is measured:
// what is asked for comes before work that takes seconds has ended, however slow the machine is.
import assert from 'node:assert/strict';
import { Opcode } from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import type { Case } from '../../conformance/case.js';
import { assertAllWell, filled, makeQueues } from '../../support/bench.js';
import { bulkOf } from '../../support/bulk.js';
import type { Driver } from '../../support/driver.js';
import { LANE_KINDS, Lane } from '../../support/lane.js';
import type { Cq, Cqe } from '../../support/work.js';

const COPIES = 12;
const MESSAGES = 2;
const LOADS = 200;
const PATIENCE_MS = 20_000;

/** Looks until there are `count` completions; each look is a load that the adapter answers. */
function awaitCompletions(d: Driver, cq: Cq, count: number): Cqe[] {
  const found: Cqe[] = [];
  const deadline = performance.now() + PATIENCE_MS;
  while (found.length < count) {
    d.readRegister(r.REG_ID_OFFSET);
    found.push(...d.poll(cq));
    if (performance.now() > deadline) throw new Error(`${found.length} of ${count} completions`);
  }
  return found;
}

export const whileBulkRunsCases: readonly Case[] = [
  {
    name: 'while a dozen COPYs and two SENDs of 2 GiB go on, pushes complete and registers answer',
    claims: [3, 12, 17, 27],
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const bulkCq = d.createCq(d.createEq(1));
      const lanes = LANE_KINDS.map(kind => new Lane(d, cq, kind, 20));
      const { address: from } = filled(d, 64);
      const bulks = [
        ...Array.from({ length: COPIES }, () => bulkOf(d, { kind: 'engine', cq: bulkCq })),
        ...Array.from({ length: MESSAGES }, () => bulkOf(d, { kind: 'link', cq: bulkCq })),
      ];
      try {
        // The first one that has begun is far enough: it is behind none of the others.
        const rung = d.channel({ sendCq: bulkCq });
        const to = d.alloc(64);
        d.send(rung, {
          opcode: Opcode.COPY,
          gather: [{ address: from, length: 64 }],
          scatter: [{ address: to, length: 64 }],
          wrId: 77,
        });
        assert.deepEqual(
          awaitCompletions(d, bulkCq, 1).map(c => c.wrId),
          [77],
          'turns are taken',
        );
        for (let n = 0; n < 20; n++) {
          for (const lane of lanes) d.push(lane.qp, lane.work(n + 1, n), { buffer: n % r.PUSH_BUFFERS });
          assertAllWell(awaitCompletions(d, cq, lanes.length), lanes.length);
        }
        for (const lane of lanes)
          assert.deepEqual(
            lane.marks(20),
            Array.from({ length: 20 }, (_, n) => n + 1),
          );
        for (let n = 0; n < LOADS; n++) {
          d.writeRegister(r.REG_SCRATCH_OFFSET, n);
          assert.equal(d.readRegister(r.REG_SCRATCH_OFFSET), n);
        }
        assert.deepEqual(d.poll(bulkCq), [], 'none of the others has ended');
        for (const { qp } of bulks) assert.equal(d.queryQp(qp).sendConsumer, 0);
      } finally {
        t.store(r.REGISTER_BAR, r.REG_RESET_OFFSET, 4, r.RESET_MAGIC);
        t.settle();
      }
    },
  },
];
