// SPDX-License-Identifier: MIT
import type { Case } from './case.js';
import { operationCases } from './cases/bad-operations.js';
import { commandCases } from './cases/commands.js';
import { completionQueueCases } from './cases/completion-queues.js';
import { createCases } from './cases/create-commands.js';
import { createVerbsCases } from './cases/create-verbs.js';
import { datagramCases } from './cases/datagrams.js';
import { engineCases } from './cases/engine.js';
import { errorCases } from './cases/errors.js';
import { eventCases } from './cases/events.js';
import { faultCases } from './cases/faults.js';
import { gatherCases } from './cases/gather.js';
import { inlineCases } from './cases/inline.js';
import { interruptCases } from './cases/interrupts.js';
import { lateNewsCases } from './cases/late-news.js';
import { memoryOpCases } from './cases/memory-ops.js';
import { messageCases } from './cases/messages.js';
import { objectCases } from './cases/objects.js';
import { operationsCases } from './cases/operations.js';
import { rdmaCases } from './cases/rdma.js';
import { regionCases } from './cases/regions.js';
import { registerCases } from './cases/registers.js';
import { remoteKeyCases } from './cases/remote-keys.js';
import { reregisterCases } from './cases/reregister.js';
import { resetCases } from './cases/reset.js';
import { sharedReceiveCases } from './cases/shared-receives.js';
import { spoiltReceiveCases } from './cases/spoilt-receives.js';
import { stateCases } from './cases/states.js';
import { trafficCounterCases } from './cases/traffic-counters.js';
import { transitionCases } from './cases/transitions.js';
import { unconnectedCases } from './cases/unconnected.js';
import { wireEndCases } from './cases/wire-ends.js';
import { wireStatusCases } from './cases/wire-status.js';

/** Every case that runs on any target. */
export const conformanceCases: readonly Case[] = [
  ...registerCases,
  ...resetCases,
  ...commandCases,
  ...createCases,
  ...createVerbsCases,
  ...objectCases,
  ...completionQueueCases,
  ...transitionCases,
  ...stateCases,
  ...eventCases,
  ...lateNewsCases,
  ...messageCases,
  ...gatherCases,
  ...rdmaCases,
  ...operationsCases,
  ...unconnectedCases,
  ...datagramCases,
  ...sharedReceiveCases,
  ...spoiltReceiveCases,
  ...wireStatusCases,
  ...wireEndCases,
  ...trafficCounterCases,
  ...engineCases,
  ...errorCases,
  ...operationCases,
  ...faultCases,
  ...interruptCases,
  ...regionCases,
  ...reregisterCases,
  ...memoryOpCases,
  ...remoteKeyCases,
  ...inlineCases,
];
