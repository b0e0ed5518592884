// SPDX-License-Identifier: MIT
// npm run test:mutation [-- [--so-far] file …]: Stryker over the files below, or those named, with the in-process cases.
// A run of the same sources that was broken off goes on where it stopped: the outcome of each mutant is kept in the cache at
// once. --so-far runs nothing and tells what such a run has found. The result is kept in test/long/results/ by date, and
// Stryker's own report in .results/mutation.json and .html. Settings: MUTATION_PROCESSES, how many processes run mutants (1);
// MUTATION_STATIC=no, leave out mutants of what runs while a module is loaded (each takes a process of its own);
// MUTATION_CASES, a regular expression for the cases to run (all).
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join, relative } from 'node:path';
import type { LogLevel } from '@stryker-mutator/api/core';
import { Stryker } from '@stryker-mutator/core';
import { projectRoot } from '../../device/vm/cache.js';
import { keptPath } from '../support/kept.js';
import { closeLine, JOURNAL, readOutcomes, reportOf } from './journal.js';
import { PATIENCE_MS } from './plugin.js';
import { type MutationReport, summaryOf } from './summary.js';

/** Doorbells, pushes, scheduler, queues, queue pairs. */
const FILES = [
  'doorbells',
  'notify',
  'push',
  'scheduler',
  'turns',
  'queues',
  'arrivals',
  'arrival-numbers',
  'ready-set',
  'qp-state',
  'send-queue',
  'commands/queue-pairs',
  'commands/modify-qp',
  'commands/query-qp',
].map(name => `device/model/${name}.ts`);
/** Of mutants found, in percent. */
const AIM = 85;
const MINUTE_MS = 60_000;

const { MUTATION_PROCESSES = '1', MUTATION_STATIC = 'yes', MUTATION_CASES = '' } = process.env;
const started = Date.now();
process.chdir(projectRoot);
const args = process.argv.slice(2);
const soFar = args.includes('--so-far');
const named = args.filter(arg => arg !== '--so-far');
const files = named.length > 0 ? named : FILES;
for (const file of files) if (!existsSync(file)) throw new Error(`${file} is not there`);

/** The hash of everything that an outcome depends on: the same hash, the same outcomes. */
function sourcesHash(): string {
  const hash = createHash('sha256').update(`${process.version} ${MUTATION_STATIC} ${MUTATION_CASES}`);
  const add = (path: string): void => void hash.update(`\n${path}\n`).update(readFileSync(path));
  for (const top of ['device', 'test', 'scripts'])
    for (const path of readdirSync(top, { recursive: true, encoding: 'utf8' }).sort())
      if (path.endsWith('.ts')) add(join(top, path));
  for (const path of ['package-lock.json', 'tsconfig.json']) add(path);
  return hash.digest('hex').slice(0, 16);
}

/** Under the project: Stryker and its interface are found from there. */
const kept = join(projectRoot, '.cache/mutation-journal', sourcesHash());
const journal = join(kept, 'outcomes.jsonl');
const results = join(projectRoot, '.results');
const SANDBOXES = '.cache/mutation';

/** A run that was broken off leaves its copy of the tree behind. */
function dropSandboxes(): void {
  mkdirSync(SANDBOXES, { recursive: true });
  for (const pid of readdirSync(SANDBOXES))
    if (!existsSync(`/proc/${pid}`)) rmSync(join(SANDBOXES, pid), { recursive: true });
}

/** Compiled anew in the middle of a run, the plugin would be another one for the next process; this copy stays. */
function keepPlugin(): string {
  const from = join(projectRoot, 'dist/test/mutation');
  for (const name of ['plugin.js', 'journal.js', 'watchdog.js'])
    copyFileSync(join(from, name), join(kept, name));
  return join(kept, 'plugin.js');
}

/** Stryker's report once all mutants are through. */
async function run(): Promise<MutationReport> {
  const json = join(results, 'mutation.json');
  rmSync(json, { force: true });
  const stryker = new Stryker({
    mutate: files,
    testRunner: 'cases',
    plugins: [keepPlugin()],
    coverageAnalysis: 'perTest',
    ignoreStatic: MUTATION_STATIC === 'no',
    // The sandbox has what the compiler reads and nothing else.
    ignorePatterns: ['/*', '!/device', '!/test', '!/scripts', '!/package.json', '!/tsconfig.json'],
    buildCommand: 'npm run --silent build',
    disableTypeChecks: true,
    // Ours extends nothing that would have to be rewritten for the sandbox, and TypeScript 7 has no library to do it with.
    tsconfigFile: 'none',
    concurrency: Number(MUTATION_PROCESSES),
    // A case may leave something behind in a module; a process does not live long enough for that to matter.
    maxTestRunnerReuse: 200,
    timeoutMS: PATIENCE_MS,
    reporters: ['json', 'html', 'lines', 'progress-append-only'],
    jsonReporter: { fileName: json },
    htmlReporter: { fileName: join(results, 'mutation.html') },
    tempDirName: `${SANDBOXES}/${process.pid}`,
    cleanTempDir: 'always',
    allowConsoleColors: false,
    // A process that ends with its mutant is no news.
    logLevel: 'error' as LogLevel,
    checkers: [],
  });
  await stryker.runMutationTest();
  return JSON.parse(readFileSync(json, 'utf8'));
}

function resultPath(): string {
  const parts = named.map(file => `-${basename(file, '.ts')}`).join('');
  return keptPath(`mutation${parts}${MUTATION_CASES && '-some-cases'}`, 'txt');
}

function header(before: number): string {
  const now = new Date().toISOString().slice(0, 16).replace('T', ' ');
  const { version } = JSON.parse(readFileSync('node_modules/@stryker-mutator/core/package.json', 'utf8'));
  const lines = [
    `Mutation testing, ${now} UTC, Stryker ${version}, Node ${process.versions.node}, processes: ${MUTATION_PROCESSES}`,
    `npm run test:mutation${named.length > 0 ? ` -- ${named.join(' ')}` : ''}: ${Math.round((Date.now() - started) / MINUTE_MS)} minutes`,
  ];
  if (MUTATION_CASES !== '') lines.push(`Not all cases: MUTATION_CASES='${MUTATION_CASES}'`);
  if (MUTATION_STATIC === 'no')
    lines.push('Without mutants of what runs while a module is loaded (MUTATION_STATIC=no)');
  if (before > 0) lines.push(`${before} outcomes are of a run of the same sources that was broken off`);
  return lines.join('\n');
}

closeLine(journal);
const known = readOutcomes(journal);
if (soFar) {
  const report = reportOf(known.values(), path => relative(projectRoot, path));
  console.log(`${known.size} mutants so far\n\n${summaryOf(report).text}`);
} else {
  mkdirSync(kept, { recursive: true });
  mkdirSync(results, { recursive: true });
  dropSandboxes();
  process.env[JOURNAL] = journal;
  if (known.size > 0) console.log(`${known.size} outcomes of a run of these sources are known already`);
  const summary = summaryOf(await run());
  const path = resultPath();
  writeFileSync(path, `${header(known.size)}\n\n${summary.text}`);
  console.log(`${summary.text}\nkept as ${relative(projectRoot, path)}`);
  process.exitCode = summary.score >= AIM ? 0 : 1;
}
