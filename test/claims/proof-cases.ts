// SPDX-License-Identifier: MIT

import { conformanceCases } from '../conformance/all-cases.js';
import type { Case } from '../conformance/case.js';
import type { InProcess } from '../support/in-process.js';
import { claimCases } from './all-cases.js';
import { boundCases } from './cases/bounds.js';
import { untranslatedCases } from './cases/neighbours.js';
import { shareCases } from './cases/shares.js';
import { sliceCases } from './cases/slices.js';

/** Those of them that are not among the conformance cases. */
export const provedHere: readonly Case<InProcess>[] = [
  ...claimCases,
  ...sliceCases,
  ...boundCases,
  ...shareCases,
  ...untranslatedCases,
];

/** Every in-process case that proves a claim. */
export const proofCases: readonly Case<InProcess>[] = [
  ...provedHere,
  ...conformanceCases.filter(c => c.claims !== undefined),
];
