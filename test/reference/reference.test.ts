// SPDX-License-Identifier: MIT
// Random programs, legal and illegal, on the model and on a small reference of the verbs: after each step guest memory,
// completions, states, events and counters must agree.
import test from 'ava';
import fc from 'fast-check';
import { hold } from '../hostile/seed.js';
import { EVERYTHING, programs } from './generate.js';
import { play } from './play.js';
import { type Program, print } from './program.js';
import { Stage } from './stage.js';

const RUNS = 400;
const STEPS = 30;

/** A program that shows itself as source lines. */
const printable = (program: Program): Program =>
  Object.defineProperty(program, fc.toStringMethod, { value: () => print(program), configurable: true });

test('random programs do on the adapter what they do on the reference', t => {
  const stage = new Stage();
  const property = fc.property(programs(EVERYTHING, STEPS).map(printable), program => play(stage, program));
  hold(t, RUNS, property);
});
