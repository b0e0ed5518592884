// SPDX-License-Identifier: MIT
// Commands with any input on an adapter with objects, mixed with doorbells, resets and everything else. The model never
// throws and comes to rest; until the guest has made an object of its own, a command writes the output of the mailbox only.
import { MAILBOX_OUTPUT_OFFSET } from '../../../device/abi/generated/commands.js';
import type { Dice } from '../dice.js';
import type { Input, Op } from '../input.js';
import { checkAtRest, noteOutcome } from '../outcome.js';
import type { Novelty, Target } from '../target.js';
import { KIND, Traffic, trafficOp } from '../traffic.js';
import { World } from '../world.js';

const { COMMAND, ENTRY, DOORBELL, PUSH, STORE, SETTLE, HOLE, CONTROL, RESTART } = KIND;
const KINDS = [
  ...[COMMAND, COMMAND, COMMAND, COMMAND, COMMAND, COMMAND, COMMAND, COMMAND],
  ...[ENTRY, DOORBELL, PUSH, STORE, SETTLE, HOLE, CONTROL, RESTART],
];
const OUTPUT_BYTES = 192;

class CommandTarget implements Target {
  readonly name = 'commands';
  readonly doc = 'command parser: any code with any input, on an adapter with objects';
  readonly #world = new World();
  readonly #traffic = new Traffic(this.#world, true);

  constructor() {
    this.#world.memory.allow(this.#world.objects.mailbox + MAILBOX_OUTPUT_OFFSET, OUTPUT_BYTES);
  }

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

export const makeTarget = (): Target => new CommandTarget();
