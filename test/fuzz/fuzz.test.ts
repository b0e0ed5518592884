// SPDX-License-Identifier: MIT
// A short piece of "npm run fuzz": corpus and regressions of each target again, and some thousand new inputs of a fixed
// seed. Counted in executions, so that it says the same on any machine.
import test from 'ava';
import { runCampaign } from './campaign.js';
import { readCorpus, readInputs, regressionDirectory } from './files.js';
import { TARGET_NAMES } from './targets.js';

const SEED = 20_261_122;
/** A few seconds each. */
const EXECUTIONS: Readonly<Record<string, number>> = {
  session: 1500,
  ring: 40_000,
  doorbells: 8000,
  descriptors: 8000,
  commands: 6000,
  state: 6000,
  iotlb: 8000,
};

for (const target of TARGET_NAMES) {
  test.serial(`${target}: corpus, regressions and new inputs`, async t => {
    t.timeout(300_000);
    const regressions = readInputs(regressionDirectory(target));
    const corpus = readCorpus(target);
    t.true(corpus.length > 0, 'there is no corpus');
    for (const { file, stored } of regressions) t.is(stored.target, target, file);
    const { progress, findings } = await runCampaign({
      ...{ target, seed: SEED, executions: EXECUTIONS[target]!, coverage: false },
      inputs: [...regressions.map(i => i.stored.ops), ...corpus],
    });
    t.log(`${progress.executions} executions, ${progress.features} features`);
    t.deepEqual(
      findings.map(f => f.reason),
      [],
    );
    t.true(progress.executions >= EXECUTIONS[target]!);
  });
}
