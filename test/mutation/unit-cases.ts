// SPDX-License-Identifier: MIT
// Parts that no guest sees by themselves: the set of queue numbers that can be searched round and round, against a
// sorted list; what the scheduler asks to be woken for.
import assert from 'node:assert/strict';
import { Arrivals } from '../../device/model/arrivals.js';
import { ReadySet } from '../../device/model/ready-set.js';
import { Dice } from '../support/bench.js';
import type { MutationCase } from './cases.js';

const CAPACITY = 16384;

/** The smallest member greater than `n`, else the smallest of all, else -1. */
function expectedAfter(members: ReadonlySet<number>, n: number): number {
  const sorted = [...members].sort((a, b) => a - b);
  return sorted.find(k => k > n) ?? sorted[0] ?? -1;
}

function compare(set: ReadySet, members: ReadonlySet<number>, dice: Dice): void {
  assert.equal(set.size, members.size);
  for (const n of [-1, 0, dice.below(CAPACITY), CAPACITY - 1, ...members])
    assert.equal(set.after(n), expectedAfter(members, n), `after ${n} in ${[...members].join()}`);
  for (const n of [dice.below(CAPACITY), ...members]) assert.equal(set.has(n), members.has(n));
}

/** Numbers at the edges of words of 32 bits, and of words of words. */
const EDGES = [
  0,
  1,
  31,
  32,
  33,
  63,
  1023,
  1024,
  1025,
  2047,
  2048,
  CAPACITY - 33,
  CAPACITY - 32,
  CAPACITY - 1,
];

/** Queues that come and go, with arrival numbers from both halves of all; the first one is that of a sorted list. */
function comeAndGo(): void {
  const dice = new Dice(19);
  const numberOf = new Uint32Array(CAPACITY);
  const arrivals = new Arrivals(CAPACITY, numberOf);
  const here: number[] = [];
  // Who goes on after a stop is older than most by up to 600 * 4096 and its number.
  let next = 2 ** 31 + 600;
  const age = (n: number): number => next - numberOf[n];
  for (let k = 0; k < 3000; k++) {
    const n = dice.below(4) === 0 ? CAPACITY - 1 - dice.below(400) : dice.below(400);
    // More come than go, then the other way about.
    if (!here.includes(n) && dice.below(10) < (k < 1500 ? 8 : 4)) {
      numberOf[n] = next - (dice.below(3) === 0 ? dice.below(600) * 4096 + n : 0);
      next++;
      arrivals.add(n);
      here.push(n);
    } else if (here.length > 0) {
      const [gone] = here.splice(dice.below(here.length), 1);
      arrivals.remove(gone);
    }
    assert.equal(arrivals.size, here.length);
    const oldest = Math.max(...here.map(age));
    if (here.length === 0) assert.equal(arrivals.first, -1);
    else assert.equal(age(arrivals.first), oldest, `after ${k} of them`);
  }
  arrivals.clear();
  assert.deepEqual([arrivals.size, arrivals.first], [0, -1]);
}

export const unitCases: readonly MutationCase[] = [
  {
    name: 'of pushed queues that come and go in any order the first is always the one that arrived first',
    run: comeAndGo,
  },
  {
    name: 'a ready set finds what a sorted list finds',
    run() {
      const dice = new Dice(31);
      for (const universe of [EDGES, [5], [CAPACITY - 1], EDGES.map((_, n) => n * 1031)]) {
        const set = new ReadySet(CAPACITY);
        const members = new Set<number>();
        for (let n = 0; n < 200; n++) {
          const k = universe[dice.below(universe.length)];
          if (dice.below(2) === 0) {
            set.add(k);
            members.add(k);
          } else {
            set.remove(k);
            members.delete(k);
          }
          compare(set, members, dice);
        }
        set.clear();
        compare(set, new Set(), dice);
        set.add(universe[0]);
        compare(set, new Set([universe[0]]), dice);
      }
    },
  },
];
