// SPDX-License-Identifier: MIT
// What every mutant has to survive: the cases that run on the model in this process, quick ones first, so that most
// mutants are found within milliseconds.
import { proofCases } from '../claims/proof-cases.js';
import { conformanceCases } from '../conformance/all-cases.js';
import type { Case } from '../conformance/case.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import { arrivalCases } from './arrival-cases.js';
import { diaryCases } from './diary-cases.js';
import { fieldCases } from './field-cases.js';
import { pairCases } from './pair-cases.js';
import { queueCases } from './queue-cases.js';
import { sendCases } from './send-cases.js';
import { takeoverCases } from './takeover-cases.js';
import { unitCases } from './unit-cases.js';
import { wakeCases } from './wake-cases.js';

export interface MutationCase {
  readonly name: string;
  run(): void;
}

/**
 * Left out, because they take long: messages of 2 GiB, which shorter ones stand for here, and what is about keys, lists and
 * lengths, which are no part of what is changed.
 */
const LEFT_OUT =
  /2 GiB|remote rights|rings of the largest depth|everything in its descriptor|malformed descriptors|REM_ACCESS_ERR|inline data|page pool|lists of many shapes|0 … 30 entries|sizes round every multiple|D3hot in the middle|across the end of the index range|9100 ns|20000 ns|500 ns|RETRY_EXC_ERR|need no receive|scatter lists|MW_BIND_ERR|REREGISTER/;
/** Thorough, and so slow: they come after what finds most mutants at once. */
const LATER = /store|busy|in turn|cut off|processors|one byte too many|generations go round/;

/** What comes twice, on the link and in the engine, is left to the engine, which is quicker, when it is thorough. */
const leftOut = (name: string): boolean =>
  LEFT_OUT.test(name) || (LATER.test(name) && name.endsWith('(link)'));

const inProcess = (c: Case<InProcess>): MutationCase => ({
  name: c.name,
  run: () => {
    const target = new InProcess();
    c.run({ target, driver: new Driver(target).start() });
  },
});

const cases = new Map<string, Case<InProcess>>();
for (const c of [...proofCases, ...conformanceCases]) if (!leftOut(c.name)) cases.set(c.name, c);

const all = [...cases.values()];
const asked = new RegExp(process.env.MUTATION_CASES ?? '');
export const mutationCases: readonly MutationCase[] = [
  ...unitCases,
  ...queueCases,
  ...arrivalCases,
  ...diaryCases,
  ...fieldCases,
  ...wakeCases,
  ...sendCases,
  ...pairCases,
  ...takeoverCases,
  ...all.filter(c => !LATER.test(c.name)).map(inProcess),
  ...all.filter(c => LATER.test(c.name)).map(inProcess),
].filter(({ name }) => asked.test(name));
