// SPDX-License-Identifier: MIT
// Random programs find defects: each is planted in a copy of the compiled model, and programs must disagree with the
// reference; the unchanged copy agrees.
import test from 'ava';
import fc from 'fast-check';
import { patchModel } from '../claims/patched-model.js';
import { DEFECTS, type Defect } from './defects.js';
import { programs } from './generate.js';
import { Disagreement } from './observe.js';
import { play } from './play.js';
import { Stage } from './stage.js';

const STEPS = 30;
/** Some need a rare turn of events: no more programs than this are tried. */
const RUNS = 2500;
const SEED = 20_260_102;

/** The first disagreement with a model that has the defect, and how many programs it took. */
async function firstDisagreement(
  defect: Defect,
  runs: number,
): Promise<{ error: unknown; programs: number }> {
  const file = `model/${defect.file}`;
  const model = await patchModel({ ...defect, file, breaks: [] });
  try {
    const stage = new Stage(model.create);
    const property = fc.property(programs(STEPS), program => {
      play(stage, program);
    });
    const found = fc.check(property, { seed: SEED, numRuns: runs, endOnFailure: true });
    return { error: found.errorInstance, programs: found.numRuns };
  } finally {
    model.dispose();
  }
}

for (const defect of DEFECTS) {
  test.serial(`planted: ${defect.name}`, async t => {
    const { error, programs } = await firstDisagreement(defect, RUNS);
    t.true(error instanceof Disagreement, `not found in ${programs} programs: ${error}`);
    t.log(`${programs} programs; ${String(error).split('\n')[0]}`);
  });
}

test.serial('nothing is found in the copy without a defect', async t => {
  const [some] = DEFECTS;
  const { error } = await firstDisagreement({ ...some, replace: some.find }, 60);
  t.is(error, null);
});
