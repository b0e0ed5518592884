// SPDX-License-Identifier: MIT
// The cases that mutation testing has of its own, as tests like any other.
import test from 'ava';
import { arrivalCases } from './arrival-cases.js';
import { diaryCases } from './diary-cases.js';
import { fieldCases } from './field-cases.js';
import { pairCases } from './pair-cases.js';
import { queueCases } from './queue-cases.js';
import { sendCases } from './send-cases.js';
import { takeoverCases } from './takeover-cases.js';
import { unitCases } from './unit-cases.js';
import { wakeCases } from './wake-cases.js';

for (const c of [
  ...unitCases,
  ...queueCases,
  ...arrivalCases,
  ...diaryCases,
  ...fieldCases,
  ...wakeCases,
  ...sendCases,
  ...pairCases,
  ...takeoverCases,
])
  test(c.name, t => {
    c.run();
    t.pass();
  });
