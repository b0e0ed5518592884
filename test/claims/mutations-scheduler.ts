// SPDX-License-Identifier: MIT
// What is taken out of the scheduler, and the cases that notice.
import { shareCases, shareName } from './cases/shares.js';
import type { Mutation } from './patched-model.js';

const shares = shareCases.map(c => c.name);

export const schedulerMutations: readonly Mutation[] = [
  {
    name: 'the scheduler takes pushed queues in turn like any other',
    file: 'model/queues.js',
    find: 'PUSHED + wanted, pslotSequence(this.#m, slot)',
    replace: 'wanted, 0',
    breaks: [
      'behind a COPY of 2 GiB a push is the very next slice, each of a hundred times',
      'behind a SEND of 2 GiB a push is the very next slice, each of a hundred times',
      'a push on a queue of the link completes before each of 64 descriptors that were rung earlier on a queue of the link',
      'a push on a queue of the engine completes before each of 64 descriptors that were rung earlier on a queue of the link',
      'a push on a queue of the link completes before each of 64 descriptors that were rung earlier on a queue of the engine',
      'a push on a queue of the engine completes before each of 64 descriptors that were rung earlier on a queue of the engine',
      'on the wire the pushed message is before every packet of a backlog of 64 that was rung earlier',
    ],
  },
  {
    name: 'pushes run last come, first served',
    file: 'model/arrivals.js',
    find: 'this.#numberOf[a] < this.#numberOf[b]',
    replace: 'this.#numberOf[b] < this.#numberOf[a]',
    breaks: [
      'pushes on several queues run in the order in which they came, ahead of what was rung on the same queues later',
      'a push waits for pushes that came before it and for nothing that came after it',
      'pushes of twenty pages, more than one page can have: each runs as pushed, in the order in which they came',
    ],
  },
  {
    name: 'whoever stops loses his place among those who push',
    file: 'model/arrivals.js',
    find: 'if (this.#heap[place] === last) this.#sink(place, last);',
    replace: '',
    breaks: [
      'pushes of twenty pages, more than one page can have: each runs as pushed, in the order in which they came',
    ],
  },
  {
    name: 'a pushed descriptor overtakes its own queue',
    file: 'model/queues.js',
    find: 'pslotIndex(m, row) === index)',
    replace: 'pslotIndex(m, row) >= index)',
    breaks: [
      'the DMA engine executes an operation rung and an operation pushed',
      'order inside one queue of the link stays, rung or pushed',
      'order inside one queue of the engine stays, rung or pushed',
    ],
  },
  {
    name: 'pushes may starve rung queues',
    file: 'model/scheduler.js',
    find: 'const PUSHED_IN_A_ROW = 7;',
    replace: 'const PUSHED_IN_A_ROW = Infinity;',
    breaks: [
      'under a flood of pushes a rung queue still gets one slice in eight, and pushes the other seven',
      'one who pushes without end leaves a rung queue one slice in eight, no less and no more',
      ...shares,
    ],
  },
  {
    name: 'rung queues get one slice in four',
    file: 'model/scheduler.js',
    find: 'const PUSHED_IN_A_ROW = 7;',
    replace: 'const PUSHED_IN_A_ROW = 3;',
    breaks: [
      'a push waits for pushes that came before it and for nothing that came after it',
      'several who push without end, to link and engine, leave rung queues of both one slice in eight',
    ],
  },
  {
    name: 'pushes that overtook nobody count against the next one',
    file: 'model/scheduler.js',
    find: 'rung !== NONE ? m[OVERTAKEN] + 1 : 0',
    replace: 'Math.min(m[OVERTAKEN] + 1, PUSHED_IN_A_ROW)',
    breaks: ['pushes that had nobody to overtake do not cost the next push its precedence'],
  },
  {
    name: 'a queue in SQD goes on',
    file: 'model/queues.js',
    find: 'return qpActive(m, qp) === 1 ? runClass(m, qp) : NOWHERE;',
    replace: 'return sends ? runClass(m, qp) : NOWHERE;',
    breaks: [
      'in SQD pushes are taken and wait, and run as pushed, in queue order, once in RTS again (link)',
      'in SQD pushes are taken and wait, and run as pushed, in queue order, once in RTS again (engine)',
      'a pushed message that has begun is finished in SQD, and the push behind it waits',
    ],
  },
  {
    name: 'a queue in SQD stops at once',
    file: 'model/queues.js',
    find: 'return qpActive(m, qp) === 1 ? runClass(m, qp) : NOWHERE;',
    replace: 'return NOWHERE;',
    breaks: ['a pushed message that has begun is finished in SQD, and the push behind it waits'],
  },
  {
    name: 'a queue in SQE stands still',
    file: 'model/queues.js',
    find: 'return sends ? QueueClass.FLUSH : NOWHERE;',
    replace: 'return NOWHERE;',
    breaks: ['in SQE pushes are flushed from the pushed bytes, and run again once in RTS'],
  },
  {
    name: 'the classes of rung queues share a cursor',
    file: 'model/turns.js',
    find: 'this.#put(CURSORS + this.#class, this.#number); if (this.#contested)',
    replace:
      'for (let c = 0; c < CLASSES.length; c++) this.#put(CURSORS + c, this.#number); if (this.#contested)',
    breaks: ['queues of the link keep their turns while a queue of the engine runs between two packets'],
  },
  {
    name: 'classes of rung queues are not compared: the first that can run does',
    file: 'model/turns.js',
    find: 'if (found && !this.#isBefore(round, n))',
    replace: 'if (found)',
    breaks: [
      'rung queues take turns slice by slice, whatever the size of their descriptors',
      'several who push without end, to link and engine, leave rung queues of both one slice in eight',
    ],
  },
  {
    name: 'rung queues run one after the other, not in turn',
    file: 'model/turns.js',
    find: 'this.#put(CURSORS + this.#class, this.#number); if (this.#contested)',
    replace: 'if (this.#contested)',
    breaks: [
      'rung queues take turns slice by slice, whatever the size of their descriptors',
      'turns go on where they were when another process takes the adapter over',
    ],
  },
  {
    name: 'queues that were held get the turns that they have missed',
    file: 'model/turns.js',
    find: 'return isAfter(reached, round >>> 0) ? reached : round >>> 0;',
    replace: 'return round >>> 0;',
    breaks: ['queues that were held come back to one turn each, not to those that they have missed'],
  },
  {
    name: 'turns are forgotten when another process takes over',
    file: 'model/turns.js',
    find: 'constructor(core) {',
    replace: 'constructor(core) { core.m.fill(0, CURSORS, CURSORS + 10);',
    breaks: ['turns go on where they were when another process takes the adapter over'],
  },
  {
    name: 'wire and engine have no eighth of their own for rung queues',
    file: 'model/scheduler.js',
    find: 'if (queues.hasRung(c) && m[STREAKS + c] >= PUSHED_IN_A_ROW)',
    replace: 'if (false)',
    breaks: [
      shareName('ax', 'L', 0),
      shareName('ax', 'L', 372),
      shareName('ax', 'LE', 0),
      shareName('ax', 'LE', 372),
      shareName('abxy', 'LEE', 372),
      shareName('axf', 'LE', 372),
      shareName('ax', 'LE', 3000),
    ],
  },
  {
    name: 'rung queues have an eighth of the wire and of the engine alone, not of what others push',
    file: 'model/scheduler.js',
    find: 'm[OVERTAKEN] >= PUSHED_IN_A_ROW',
    replace: 'false',
    breaks: [
      shareName('ax', 'L', 0),
      shareName('abxy', 'L', 0),
      shareName('axf', 'LE', 0),
      'several who push without end, to link and engine, leave rung queues of both one slice in eight',
    ],
  },
  {
    name: 'an eighth of the wire counts as a turn among all rung queues',
    file: 'model/scheduler.js',
    find: 'this.#turns.takeAhead(); this.#count(STREAKS + c, 0); return other;',
    replace: 'this.#turns.takeAhead(); this.#count(STREAKS + c, 0); this.#count(OVERTAKEN, 0); return other;',
    breaks: [shareName('axf', 'LE', 0), shareName('axf', 'LEE', 0)],
  },
  {
    name: 'the DMA engine does not yield before the end',
    file: 'model/engine.js',
    find: 'slices < SLICES_A_STEP && !core.mustYield()',
    replace: 'slices < 100',
    breaks: [
      'a push into the middle of a large COPY waits for no slice but the one in progress',
      'the adapter comes back after each slice while stores or loads wait, and after 64 slices at the latest',
    ],
  },
  {
    name: 'a slice of the DMA engine is 64 KiB',
    file: 'model/engine.js',
    find: 'sliceRoom = () => SLICE_BYTES',
    replace: 'sliceRoom = () => 65536',
    breaks: [
      'a push into the middle of a large COPY waits for no slice but the one in progress',
      'an engine that runs on while nothing waits stops at the end of the slice in which something comes',
    ],
  },
];
