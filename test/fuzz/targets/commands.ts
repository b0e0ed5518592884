// SPDX-License-Identifier: MIT
// Commands with any input on an adapter with objects, mixed with doorbells, resets and everything else. The model never
// throws and comes to rest; until the guest has made an object of its own, a command writes the output of the mailbox only.
import { MAILBOX_OUTPUT_OFFSET } from '../../../device/abi/generated/commands.js';
import type { Target } from '../target.js';
import { KIND } from '../traffic.js';
import { TrafficTarget } from '../traffic-target.js';

const { COMMAND, ENTRY, DOORBELL, PUSH, STORE, SETTLE, HOLE, CONTROL, RESTART } = KIND;
const KINDS = [
  ...[COMMAND, COMMAND, COMMAND, COMMAND, COMMAND, COMMAND, COMMAND, COMMAND],
  ...[ENTRY, DOORBELL, PUSH, STORE, SETTLE, HOLE, CONTROL, RESTART],
];
const OUTPUT_BYTES = 192;

export function makeTarget(): Target {
  const target = new TrafficTarget({
    name: 'commands',
    doc: 'command parser: any code with any input, on an adapter with objects',
    kinds: KINDS,
    withEnding: true,
  });
  const { memory, objects } = target.world;
  memory.allow(objects.mailbox + MAILBOX_OUTPUT_OFFSET, OUTPUT_BYTES);
  return target;
}
