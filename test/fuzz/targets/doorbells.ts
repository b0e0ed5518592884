// SPDX-License-Identifier: MIT
// A guest that stores anything anywhere (doorbells, pushes, registers), with queues full of anything, memory that goes
// and comes, control events and restarts in between. The model never throws, always comes to rest, and writes nothing
// but its completion and event queues and the pages that the guest's protection domain may write.
import type { Target } from '../target.js';
import { KIND } from '../traffic.js';
import { TrafficTarget } from '../traffic-target.js';

const { ENTRY, DOORBELL, PUSH, STORE, LOAD, SETTLE, HOLE, CONTROL, RESTART, TIME, TRAILER } = KIND;
const KINDS = [
  ...[ENTRY, ENTRY, ENTRY, DOORBELL, DOORBELL, DOORBELL, DOORBELL, PUSH, PUSH, PUSH],
  ...[STORE, STORE, LOAD, SETTLE, SETTLE, HOLE, CONTROL, RESTART, TIME, TRAILER],
];

export const makeTarget = (): Target =>
  new TrafficTarget({
    name: 'doorbells',
    doc: 'doorbell, push and register stores, with queues full of anything',
    kinds: KINDS,
    withEnding: false,
  });
