// SPDX-License-Identifier: MIT
// A guest that stores anything anywhere (doorbells, pushes, registers), with queues full of anything, memory that goes
// and comes, control events and restarts in between. The model never throws, always comes to rest, and writes nothing
// but its completion and event queues and the pages that the guest's protection domain may write.
import type { Dice } from '../dice.js';
import type { Input, Op } from '../input.js';
import { checkAtRest, noteOutcome } from '../outcome.js';
import type { Novelty, Target } from '../target.js';
import { KIND, Traffic, trafficOp } from '../traffic.js';
import { World } from '../world.js';

const { ENTRY, DOORBELL, PUSH, STORE, LOAD, SETTLE, HOLE, CONTROL, RESTART, TIME, TRAILER } = KIND;
const KINDS = [
  ...[ENTRY, ENTRY, ENTRY, DOORBELL, DOORBELL, DOORBELL, DOORBELL, PUSH, PUSH, PUSH],
  ...[STORE, STORE, LOAD, SETTLE, SETTLE, HOLE, CONTROL, RESTART, TIME, TRAILER],
];

class DoorbellTarget implements Target {
  readonly name = 'doorbells';
  readonly doc = 'doorbell, push and register stores, with queues full of anything';
  readonly #world = new World();
  readonly #traffic = new Traffic(this.#world, false);

  generate(dice: Dice): Op {
    return trafficOp(dice, KINDS);
  }

  run(input: Input, seen: Novelty): void {
    this.#traffic.begin();
    for (const op of input) {
      this.#traffic.apply(op, seen);
      checkAtRest(this.#world);
    }
    this.#world.settle();
    checkAtRest(this.#world);
    noteOutcome(this.#world, seen);
  }
}

export const makeTarget = (): Target => new DoorbellTarget();
