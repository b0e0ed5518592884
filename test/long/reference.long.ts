// SPDX-License-Identifier: MIT
// Random programs against the reference, many more and longer than in `npm test`, from a seed that is new each day;
// `npm run test:long`. A failure prints the program; PUSHBELL_SEED repeats the run, PUSHBELL_MINUTES sets another length.
import test from 'ava';
import fc from 'fast-check';
import { programs } from '../reference/generate.js';
import { play } from '../reference/play.js';
import { type Program, print } from '../reference/program.js';
import { Stage } from '../reference/stage.js';

const MINUTES = Number(process.env.PUSHBELL_MINUTES ?? 20);
const STEPS = 60;
const today = Math.floor(Date.now() / 86_400_000);

const printable = (program: Program): Program =>
  Object.defineProperty(program, fc.toStringMethod, { value: () => print(program), configurable: true });

test.serial(`random programs against the reference, for ${MINUTES} minutes`, t => {
  t.timeout((MINUTES + 10) * 60_000);
  const stage = new Stage();
  const seed = Number(process.env.PUSHBELL_SEED ?? today);
  const property = fc.property(programs(STEPS).map(printable), program => {
    play(stage, program);
  });
  const limit = MINUTES * 60_000;
  const found = fc.check(property, { seed, numRuns: 10_000_000, interruptAfterTimeLimit: limit });
  t.log(`seed ${seed}, ${found.numRuns} programs`);
  t.false(found.failed && found.errorInstance !== null, fc.defaultReportMessage(found));
  t.true(found.numRuns > 50 * MINUTES);
});
