// SPDX-License-Identifier: MIT
import type { Case } from '../conformance/case.js';
import { copyCases } from './cases/copies.js';
import { deliverCases } from './cases/deliver.js';
import { indexCases } from './cases/indices.js';
import { neighbourCases } from './cases/neighbours.js';
import { overtakeCases } from './cases/overtake.js';
import { processorCases } from './cases/processors.js';
import { pushStateCases } from './cases/push-states.js';
import { storeCases } from './cases/stores.js';
import { tearCases } from './cases/tears.js';

/** Cases about claims that run on any target. */
export const claimCases: readonly Case[] = [
  ...deliverCases,
  ...overtakeCases,
  ...copyCases,
  ...tearCases,
  ...storeCases,
  ...processorCases,
  ...indexCases,
  ...pushStateCases,
  ...neighbourCases,
];
