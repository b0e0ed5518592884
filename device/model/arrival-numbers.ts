// SPDX-License-Identifier: MIT
// Arrival numbers of pushed descriptors. A descriptor whose class is held keeps its number however many others come and go
// meanwhile, so numbers never go round: when they are used up, what is held is numbered anew, in the same order.
import { pslotSequence, putPslotSequence, ST_PUSH_SEQUENCE_OFFSET } from '../abi/generated/state.js';
import type { Core } from './core.js';

const PUSH_SEQUENCE = ST_PUSH_SEQUENCE_OFFSET / 4;
/** No push has this number: every number in use is below the next one, which has to fit into a word. */
const END = 2 ** 32 - 1;

/** The number of the push that arrives now. Part of the step. */
export function takeNumber(core: Core): number {
  if (core.m[PUSH_SEQUENCE] === END) numberAnew(core);
  const number = core.m[PUSH_SEQUENCE];
  core.journal.add(PUSH_SEQUENCE, 1);
  return number;
}

/** Once in 2^32 pushes. A step: the journal has room for every slot that there is. */
function numberAnew({ m, journal, queues }: Core): void {
  const held = queues.heldSlots().sort((a, b) => pslotSequence(m, a) - pslotSequence(m, b));
  for (const [number, slot] of held.entries()) putPslotSequence(journal, slot, number);
  journal.put(PUSH_SEQUENCE, held.length);
  queues.numbersChanged();
}
