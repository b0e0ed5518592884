// SPDX-License-Identifier: MIT
// npm run test:mutation [-- file …]: Stryker over the files below, or those named, with the in-process cases; what comes out
// is written to .results/mutation.json and .html, the survivors to .results/mutation.txt, and each outcome as it comes to
// .results/mutation.jsonl. Settings: MUTATION_PROCESSES, how many processes run mutants (1); MUTATION_STATIC=no, leave
// out mutants of what runs while a module is loaded; MUTATION_CASES, a regular expression for the cases to run (all).
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Stryker } from '@stryker-mutator/core';
import { projectRoot } from '../../device/vm/cache.js';
import { summaryOf } from './summary.js';

/** Doorbells, pushes, scheduler, queues, queue pairs. */
const FILES = [
  'doorbells',
  'notify',
  'push',
  'scheduler',
  'turns',
  'queues',
  'ready-set',
  'qp-state',
  'send-queue',
  'commands/queue-pairs',
  'commands/modify-qp',
  'commands/query-qp',
].map(name => `device/model/${name}.ts`);
/** Of mutants found, in percent. */
const AIM = 85;

process.chdir(projectRoot);
const results = join(projectRoot, '.results');
mkdirSync(results, { recursive: true });
const json = join(results, 'mutation.json');
rmSync(join(results, 'mutation.jsonl'), { force: true });
const named = process.argv.slice(2);
const stryker = new Stryker({
  mutate: named.length > 0 ? named : FILES,
  testRunner: 'cases',
  plugins: [join(projectRoot, 'dist/test/mutation/plugin.js')],
  coverageAnalysis: 'perTest',
  // Code that runs while a module is loaded: each such mutant takes a process of its own.
  ignoreStatic: process.env.MUTATION_STATIC === 'no',
  // The sandbox has what the compiler reads and nothing else.
  ignorePatterns: ['/*', '!/device', '!/test', '!/scripts', '!/package.json', '!/tsconfig.json'],
  buildCommand: 'tsc --noCheck',
  disableTypeChecks: true,
  // Ours extends nothing that would have to be rewritten for the sandbox, and TypeScript 7 has no library to do it with.
  tsconfigFile: 'none',
  concurrency: Number(process.env.MUTATION_PROCESSES ?? 1),
  // A case may leave something behind in a module; a process does not live long enough for that to matter.
  maxTestRunnerReuse: 200,
  timeoutMS: 20_000,
  reporters: ['json', 'html', 'lines', 'progress-append-only'],
  jsonReporter: { fileName: json },
  htmlReporter: { fileName: join(results, 'mutation.html') },
  tempDirName: '.cache/mutation',
  cleanTempDir: 'always',
  allowConsoleColors: false,
  checkers: [],
});
await stryker.runMutationTest();
const summary = summaryOf(JSON.parse(readFileSync(json, 'utf8')));
writeFileSync(join(results, 'mutation.txt'), summary.text);
console.log(summary.text);
process.exitCode = summary.score >= AIM ? 0 : 1;
