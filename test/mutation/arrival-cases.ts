// SPDX-License-Identifier: MIT
// Pushed descriptors run in the order in which they arrived, also when the numbers of arrival are used up while some are
// held: the number of the next push is set by hand to what it would be after so many.
import assert from 'node:assert/strict';
import { Command, Hold } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import {
  PSLOT_COUNT,
  PSLOT_TABLE,
  PSLOT_WORDS,
  pslotSequence,
  pslotUsed,
  ST_PUSH_SEQUENCE_OFFSET,
} from '../../device/abi/generated/state.js';
import { stateDamage } from '../../device/model/state-check.js';
import { makeQueues } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import type { MutationCase } from './cases.js';

const NEXT = ST_PUSH_SEQUENCE_OFFSET / 4;
const END = 2 ** 32 - 1;
/** Queues by turns: some get more when the numbers are used up, some have all that they get by then. */
const WHO = [3, 0, 0, 5, 1, 3, 2, 0, 4, 3, 2, 0];
const ORDER = WHO.map((_, n) => n);

/** Channels and connections on pages of their own, held; `jump` changes the region before the push of that number. */
function pushed(jump: (m: Uint32Array, n: number) => void): { target: InProcess; order: () => number[] } {
  const target = new InProcess();
  const d = new Driver(target).start();
  const { cq } = makeQueues(d, 5);
  const pages = [0, 1].map(() => d.create(Command.ALLOC_PAGE));
  const qps = [0, 1, 2, 3].map(n => d.channel({ sendCq: cq, page: pages[n % 2]! }));
  qps.push(...d.pair({ sendCq: cq }));
  d.setLink(Hold.ENGINE | Hold.LINK);
  for (const [n, who] of WHO.entries()) {
    jump(target.region.u32, n);
    d.push(qps[who]!, { opcode: Opcode.NOP, wrId: n });
  }
  const order = (): number[] => {
    d.setLink(0);
    target.settle();
    return d.poll(cq).map(cqe => Number(cqe.wrId));
  };
  return { target, order };
}

const numbersInUse = (m: Uint32Array): number[] =>
  Array.from({ length: PSLOT_COUNT }, (_, n) => PSLOT_TABLE + n * PSLOT_WORDS)
    .filter(row => pslotUsed(m, row) === 1)
    .map(row => pslotSequence(m, row))
    .sort((a, b) => a - b);

const usedUp = (used: number): MutationCase => ({
  name: `arrival numbers are used up after ${used} pushes that are held`,
  run: () => {
    const { target, order } = pushed((m, n) => {
      if (n === used) m[NEXT] = END;
    });
    const m = target.region.u32;
    assert.deepEqual(numbersInUse(m), ORDER, 'numbered anew');
    assert.equal(m[NEXT], WHO.length);
    assert.equal(stateDamage(m), undefined);
    assert.deepEqual(order(), ORDER);
  },
});

export const arrivalCases: readonly MutationCase[] = [
  ...[0, 1, 6, 11].map(usedUp),
  {
    name: 'the last arrival number is given out before that, and what is held is old by more than half of all numbers',
    run: () => {
      const jumps: Readonly<Record<number, number>> = { 2: 2 ** 31 + 1, 4: END - 2, 9: 2 ** 31 + 2 };
      const { target, order } = pushed((m, n) => {
        m[NEXT] = jumps[n] ?? m[NEXT]!;
      });
      assert.equal(target.region.u32[NEXT], 2 ** 31 + 5);
      assert.deepEqual(order(), ORDER);
    },
  },
];
