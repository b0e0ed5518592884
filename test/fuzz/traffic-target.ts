// SPDX-License-Identifier: MIT
// Targets that are nothing but operations of traffic.ts, of their own kinds.
import type { Dice } from './dice.js';
import type { Input, Op } from './input.js';
import type { Novelty, Target } from './target.js';
import { Traffic, trafficOp } from './traffic.js';
import { World } from './world.js';

interface Shape {
  readonly name: string;
  readonly doc: string;
  /** What the operations are, each as often as it stands here. */
  readonly kinds: readonly number[];
  /** The same operations may also reset the function, start commands and move the mailbox. */
  readonly withEnding: boolean;
}

export class TrafficTarget implements Target {
  readonly name: string;
  readonly doc: string;
  readonly world = new World();
  readonly #kinds: readonly number[];
  readonly #traffic: Traffic;

  constructor({ name, doc, kinds, withEnding }: Shape) {
    this.name = name;
    this.doc = doc;
    this.#kinds = kinds;
    this.#traffic = new Traffic(this.world, withEnding);
  }

  generate(dice: Dice): Op {
    return trafficOp(dice, this.#kinds);
  }

  run(input: Input, seen: Novelty): void {
    this.#traffic.begin();
    this.#traffic.play(input, seen);
  }
}
