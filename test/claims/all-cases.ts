// SPDX-License-Identifier: MIT
import type { Case } from '../conformance/case.js';
import { copyCases } from './cases/copies.js';
import { deliverCases } from './cases/deliver.js';
import { overtakeCases } from './cases/overtake.js';
import { tearCases } from './cases/tears.js';

/** Cases about claims that run on any target. */
export const claimCases: readonly Case[] = [...deliverCases, ...overtakeCases, ...copyCases, ...tearCases];
