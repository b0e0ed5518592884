// SPDX-License-Identifier: MIT
import type { Case } from './case.js';
import { commandCases } from './cases/commands.js';
import { engineCases } from './cases/engine.js';
import { errorCases } from './cases/errors.js';
import { eventCases } from './cases/events.js';
import { gatherCases } from './cases/gather.js';
import { messageCases } from './cases/messages.js';
import { registerCases } from './cases/registers.js';
import { resetCases } from './cases/reset.js';
import { transitionCases } from './cases/transitions.js';

/** Every case that runs on any target. */
export const conformanceCases: readonly Case[] = [
  ...registerCases,
  ...resetCases,
  ...commandCases,
  ...transitionCases,
  ...eventCases,
  ...messageCases,
  ...gatherCases,
  ...engineCases,
  ...errorCases,
];
