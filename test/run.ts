// SPDX-License-Identifier: MIT
// What "npm test" does once TypeScript runs: makes everything that the tests need, so that no test waits for a build,
// runs ava, shows its results a line a test, keeps them in .results/, tells which claims they prove, and ends with one
// line of totals. Arguments go to ava (a file, --match); "--long" takes the long tests instead, all of them or those that are
// named (npm run test:long -- death reference): what they give is kept by date, line by line.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { createInterface } from 'node:readline';
import { projectRoot } from '../device/vm/cache.js';
import { exitOnSignals, withParent } from '../device/vm/cleanup.js';
import { VmError } from '../device/vm/errors.js';
import { ensureTool } from '../device/vm/host-tools.js';
import { prepare } from '../device/vm/progress.js';
import { type Workshop, workshopSteps } from '../device/vm/setup.js';
import { reportClaims } from './claims/report.js';
import { buildDmatest } from './support/dmatest.js';
import { keptPath } from './support/kept.js';

const INFRASTRUCTURE = 3;
const RESULTS = join(projectRoot, '.results');
/** What runs when no file is named; package.json knows both. */
const TESTS = 'dist/test/**/*.test.js';
const LONG_TESTS = 'dist/test/**/*.long.js';
const longTest = (part: string): string => `dist/test/long/${part}.long.js`;

interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

async function prepareAll(signal: AbortSignal): Promise<void> {
  const done: Partial<Workshop> = {};
  const tools = {
    title: 'Tools of the tests (tshark, sparse)',
    run: async (say: (line: string) => void) => {
      for (const tool of ['tshark', 'sparse']) await ensureTool(tool, { say, signal });
      return { cached: true };
    },
  };
  const dmatest = {
    title: "The kernel's own test of DMA engines",
    run: async (say: (line: string) => void) => {
      const { fresh } = await buildDmatest(done.kernel!, { say, signal });
      return { cached: !fresh, verb: 'built' as const };
    },
  };
  await prepare([...workshopSteps(done, signal), tools, dmatest]);
}

/** One line of ava's TAP on the screen; what belongs to a failure is shown as it comes. */
function show(line: string, totals: Totals): void {
  const result = /^(not )?ok \d+ - (.*?)( # SKIP.*)?$/.exec(line);
  if (result !== null) {
    const [, bad, title, skip] = result;
    if (bad !== undefined) totals.failed++;
    else if (skip !== undefined) totals.skipped++;
    else totals.passed++;
    process.stdout.write(`${bad === undefined ? (skip === undefined ? '✔' : '-') : '✘'} ${title}\n`);
  } else if (/^(\s|# )/.test(line) && !/^# (tests|pass|fail|skip|(before|after)\S* hook)/.test(line))
    process.stdout.write(`  ${line.replace(/^# +/, '')}\n`);
}

/** Runs ava; resolves with its exit status. */
async function runAva(args: readonly string[], tapFile: string, totals: Totals): Promise<number> {
  const cli = join(projectRoot, 'node_modules/ava/entrypoints/cli.mjs');
  // A signal to this process alone must not leave hours of tests behind.
  const ava = spawn(...withParent(process.execPath, [cli, '--tap', ...args]), {
    cwd: projectRoot,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(ava, 'exit');
  const file = createWriteStream(tapFile);
  for await (const line of createInterface({ input: ava.stdout })) {
    file.write(`${line}\n`);
    show(line, totals);
  }
  const [status] = await ended;
  await new Promise<void>(resolve => file.end(resolve));
  return status ?? 1;
}

const aborted = new AbortController();
exitOnSignals(() => aborted.abort());
const args = process.argv.slice(2);
const long = args.includes('--long');
const chosen = args
  .filter(arg => arg !== '--long')
  .map(arg => (long && existsSync(join(projectRoot, longTest(arg))) ? longTest(arg) : arg));

try {
  await prepareAll(aborted.signal);
} catch (error) {
  console.error(error instanceof VmError ? error.message : error);
  process.exit(INFRASTRUCTURE);
}
mkdirSync(RESULTS, { recursive: true });
if (chosen.length === 0 && !long) {
  // What an earlier run's guests reported proves nothing about this one.
  for (const name of readdirSync(RESULTS)) if (/^guest-.*\.k?tap$/.test(name)) rmSync(join(RESULTS, name));
}
const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
// Long runs are rare: what they gave is kept with the code, that of a part apart from that of the whole.
const parts = chosen.map(arg => basename(arg, '.long.js').replaceAll(/\W+/g, '-'));
const tapFile = long ? keptPath(parts.join('-') || 'long', 'tap') : join(RESULTS, 'last.tap');
const named = chosen.some(arg => arg.endsWith('.js'));
const files = named ? [] : [long ? LONG_TESTS : TESTS];
let status = await runAva([...chosen, ...files], tapFile, totals);
if (chosen.length === 0 && !long) {
  process.stdout.write('\n');
  if (!reportClaims(RESULTS)) status ||= 1;
}
if (long) process.stdout.write(`\nkept as ${relative(projectRoot, tapFile)}\n`);
// A run that stopped before its first result, or in which ava itself failed, is no pass.
if (status !== 0 && totals.failed === 0) totals.failed = 1;
process.stdout.write(`\n${totals.passed} passed, ${totals.failed} failed, ${totals.skipped} skipped\n`);
process.exitCode = status;
