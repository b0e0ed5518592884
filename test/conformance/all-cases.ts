// SPDX-License-Identifier: MIT
import type { Case } from './case.js';
import { commandCases } from './cases/commands.js';
import { createCases } from './cases/create-commands.js';
import { engineCases } from './cases/engine.js';
import { errorCases } from './cases/errors.js';
import { eventCases } from './cases/events.js';
import { faultCases } from './cases/faults.js';
import { gatherCases } from './cases/gather.js';
import { interruptCases } from './cases/interrupts.js';
import { messageCases } from './cases/messages.js';
import { registerCases } from './cases/registers.js';
import { resetCases } from './cases/reset.js';
import { transitionCases } from './cases/transitions.js';

/** Every case that runs on any target. */
export const conformanceCases: readonly Case[] = [
  ...registerCases,
  ...resetCases,
  ...commandCases,
  ...createCases,
  ...transitionCases,
  ...eventCases,
  ...messageCases,
  ...gatherCases,
  ...engineCases,
  ...errorCases,
  ...faultCases,
  ...interruptCases,
];
