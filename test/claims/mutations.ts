// SPDX-License-Identifier: MIT
// Behaviours that the claims are about, taken out of the model one at a time, and the claim tests that notice.
import { dataMutations } from './mutations-data.js';
import { postingMutations } from './mutations-posting.js';
import { pushMutations } from './mutations-push.js';
import { schedulerMutations } from './mutations-scheduler.js';
import type { Mutation } from './patched-model.js';

export const mutations: readonly Mutation[] = [
  ...pushMutations,
  ...postingMutations,
  ...schedulerMutations,
  ...dataMutations,
];
