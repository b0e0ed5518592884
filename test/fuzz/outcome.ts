// SPDX-License-Identifier: MIT
// What an execution left behind in the model: whether it can be, and what of it is new.
import {
  cqArmed,
  cqOverflowed,
  cqProducer,
  cqUntold,
  cqUsed,
  eqDeferred,
  mrKey,
  mrValid,
  OUTBOX_COUNT,
  qpErrorStatus,
  qpState,
  qpUntold,
  qpUsed,
  ST_COUNT_DOORBELLS_OFFSET,
  stCommandPending,
  stHold,
  stInterruptCause,
  stJournalCount,
  stOutboxCount,
} from '../../device/abi/generated/state.js';
import { cqRow, eqRow, mrRowOfIndex, rowOfQp } from '../../device/model/rows.js';
import { stateDamage } from '../../device/model/state-check.js';
import { magnitude, type Novelty, Violation } from './target.js';
import type { World } from './world.js';

const COUNTERS = 9;
const QPS = 10;

/** Between two steps nothing is half done. */
export function checkAtRest({ region: { u32 } }: World): void {
  if (stJournalCount(u32, 0) !== 0)
    throw new Violation(`${stJournalCount(u32, 0)} journal entries between two steps`);
  if (stOutboxCount(u32, 0) > OUTBOX_COUNT) throw new Violation('more in the outbox than it holds');
}

/** Whatever a guest does, a back-end that starts again takes the state over. */
export function checkWhole({ region: { u32 } }: World): void {
  const damage = stateDamage(u32);
  if (damage !== undefined) throw new Violation(`a state that the adapter itself would refuse: ${damage}`);
}

/** Features of the state that an execution ended in. */
export function noteOutcome(world: World, seen: Novelty): void {
  checkWhole(world);
  const m = world.region.u32;
  for (let n = 0; n < COUNTERS; n++) seen.note(20, n, magnitude(m[ST_COUNT_DOORBELLS_OFFSET / 4 + n]!));
  for (let n = 2; n < QPS; n++) {
    const qp = rowOfQp(n);
    if (qpUsed(m, qp) === 1) seen.note(21, qpState(m, qp), qpErrorStatus(m, qp) * 2 + qpUntold(m, qp));
  }
  for (let n = 1; n < 4; n++) {
    const cq = cqRow(m, n);
    if (cq === 0 || cqUsed(m, cq) === 0) continue;
    seen.note(
      22,
      cqArmed(m, cq) + 4 * cqOverflowed(m, cq) + 8 * cqUntold(m, cq),
      magnitude(cqProducer(m, cq)),
    );
  }
  const fast = mrRowOfIndex(m, world.objects.fast);
  if (fast !== 0) seen.note(26, mrValid(m, fast), mrKey(m, fast) - world.objects.fast);
  const eq = eqRow(m, 0);
  if (eq !== 0) seen.note(23, eqDeferred(m, eq), magnitude(world.interrupts));
  seen.note(24, stCommandPending(m, 0) === 0 ? 0 : 1, stHold(m, 0) % 4);
  seen.note(25, Number(world.level), stInterruptCause(m, 0) === 0 ? 0 : 1);
}
