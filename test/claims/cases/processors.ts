// SPDX-License-Identifier: MIT
// Two processors push at once: into two buffers or one, of one page or two, for two queues or one. Their stores reach the
// adapter in orders that nobody chose. Each descriptor runs exactly once and in queue order, from one of its copies.
import assert from 'node:assert/strict';
import { Command } from '../../../device/abi/generated/commands.js';
import * as r from '../../../device/abi/generated/registers.js';
import type { Case } from '../../conformance/case.js';
import { Dice, makeQueues } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import { LANE_KINDS, type LaneKind } from '../../support/lane.js';
import { counters } from './copies.js';
import { anyStores, merged, onBench, PUSH_CLAIMS, PushBench, shuffled } from './push-bench.js';

const ROUNDS = 60;
const LENGTH = 48;

interface Push {
  readonly bench: PushBench;
  readonly buffer: number;
  readonly generation: number;
}

/** What one processor does: the stores of its push, in the order that its bus chose, then the trailer. */
function steps(p: Push, dice: Dice): (() => void)[] {
  const { bench: b, buffer, generation } = p;
  const { bytes, index } = b.prepare();
  return [
    ...shuffled(anyStores(LENGTH, dice), dice).map(s => () => b.store(bytes, s, buffer)),
    () => b.trailer(index, LENGTH, buffer, generation),
  ];
}

const run = (all: readonly (() => void)[]): void => {
  for (const step of all) step();
};

/** A queue for each of two processors. */
function twoBenches(d: Driver, kind: LaneKind, pages: readonly [number, number]): [PushBench, PushBench] {
  const { eq } = makeQueues(d);
  const make = (page: number): PushBench => new PushBench(d, kind, { page, cq: d.createCq(eq, 10, page) });
  return [make(pages[0]), make(pages[1])];
}

const forBoth = (name: string, body: (d: Driver, kind: LaneKind) => void): Case[] =>
  LANE_KINDS.map(kind => ({
    name: `${name} (${kind})`,
    claims: PUSH_CLAIMS,
    run: ({ driver }) => body(driver, kind),
  }));

export const processorCases: readonly Case[] = [
  ...forBoth(
    'two processors, a queue each, push into two buffers of one page: both run as pushed',
    (d, kind) => {
      const dice = new Dice(11);
      const benches = twoBenches(d, kind, [0, 0]);
      for (let n = 0; n < ROUNDS; n++) {
        const [a, b] = benches.map((bench, k) => {
          const buffer = (n + k) % r.PUSH_BUFFERS;
          return steps({ bench, buffer, generation: d.nextGeneration(0, buffer) }, dice);
        });
        run(merged(a, b, dice));
        for (const bench of benches) assert.deepEqual(bench.ran(n), ['pushed'], `round ${n}`);
      }
      assert.equal(counters(d).pushes, 2 * ROUNDS);
    },
  ),
  ...forBoth('two processors push into one buffer number of two pages: both run as pushed', (d, kind) => {
    const dice = new Dice(12);
    const pages = [d.create(Command.ALLOC_PAGE), d.create(Command.ALLOC_PAGE)] as const;
    const benches = twoBenches(d, kind, pages);
    for (let n = 0; n < ROUNDS; n++) {
      const buffer = n % r.PUSH_BUFFERS;
      const [a, b] = benches.map((bench, k) =>
        steps({ bench, buffer, generation: d.nextGeneration(pages[k], buffer) }, dice),
      );
      run(merged(a, b, dice));
      for (const bench of benches) assert.deepEqual(bench.ran(n), ['pushed'], `round ${n}`);
    }
    assert.equal(counters(d).pushes, 2 * ROUNDS);
  }),
  ...forBoth(
    'two processors push into one buffer: each descriptor runs once, torn ones from memory',
    (d, kind) => {
      const dice = new Dice(13);
      const benches = twoBenches(d, kind, [0, 0]);
      for (let n = 0; n < ROUNDS; n++) {
        // Both believe that the buffer is theirs, with the same generation or with numbers that follow each other.
        const generation = d.nextGeneration(0, 0);
        const second = dice.below(2) === 0 ? generation : (generation + 1) % 256;
        const a = steps({ bench: benches[0], buffer: 0, generation }, dice);
        const b = steps({ bench: benches[1], buffer: 0, generation: second }, dice);
        run(merged(a, b, dice));
        // All of one before all of the other is the only order in which a push can be whole.
        for (const bench of benches) assert.deepEqual(bench.ran(n), ['memory'], `round ${n}`);
      }
      const { pushes, fallbacks } = counters(d);
      assert.deepEqual([pushes, fallbacks], [0, 2 * ROUNDS]);
    },
  ),
  ...forBoth('one processor is cut off by the whole push of another into the same buffer', (d, kind) => {
    const dice = new Dice(14);
    const benches = twoBenches(d, kind, [0, 0]);
    for (let n = 0; n < ROUNDS; n++) {
      const generation = d.nextGeneration(0, 0);
      const a = steps({ bench: benches[0], buffer: 0, generation }, dice);
      const b = steps({ bench: benches[1], buffer: 0, generation: (generation + 1) % 256 }, dice);
      const cut = n % 3 === 0 ? a.length : n % a.length;
      run([...a.slice(0, cut), ...b, ...a.slice(cut)]);
      // In good order both are whole; else the one that came between finds bytes, and the rest of the first is short.
      const whole = cut === a.length;
      const expected = [[whole ? 'pushed' : 'memory'], [whole ? 'pushed' : 'memory']];
      assert.deepEqual(
        benches.map(bench => bench.ran(n)),
        expected,
        `round ${n}, after ${cut}`,
      );
    }
  }),
  ...onBench(
    'two processors push for one queue: whichever trailer is first, both run once, in order',
    (b, d) => {
      const dice = new Dice(15);
      const seen = new Set<string>();
      for (let n = 0; n < ROUNDS; n++) {
        const [first, second] = [0, 1].map(buffer =>
          steps({ bench: b, buffer, generation: d.nextGeneration(0, buffer) }, dice),
        );
        const trailers: string[] = [];
        const told = (letter: string, all: (() => void)[]): (() => void)[] => [
          ...all.slice(0, -1),
          () => {
            trailers.push(letter);
            all.at(-1)!();
          },
        ];
        run(merged(told('a', first), told('b', second), dice));
        // The second trailer, when it comes first, rings for both; the other one then tells of work that was taken.
        const order = trailers.join('');
        const from = order === 'ab' ? 'pushed' : 'memory';
        assert.deepEqual(b.ran(2 * n), [from, from], order);
        seen.add(order);
      }
      assert.equal(seen.size, 2, 'both orders');
    },
  ),
];
