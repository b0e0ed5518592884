// SPDX-License-Identifier: MIT
// pushbell test: guest tests for people who write drivers, and for their CI.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Command } from 'commander';
import { exitOnSignals } from '../../vm/cleanup.js';
import { prepareWorkshop } from '../../vm/setup.js';
import { wholeNumber } from '../boot.js';
import { CliError, Status } from '../cli-error.js';
import { planTests } from './plan.js';
import { tell, toJUnit, toTap } from './report.js';
import { type Outcome, runTest } from './run-one.js';

interface TestOptions {
  readonly timeout: number;
  readonly results: string;
  readonly tap?: string;
  readonly junit?: string;
  readonly keep: boolean;
  readonly capture: boolean;
}

const DAY_S = 86_400;

function write(path: string, text: string): void {
  try {
    mkdirSync(dirname(resolve(path)), { recursive: true });
    writeFileSync(path, text);
  } catch (error) {
    throw new CliError(`cannot write ${path}: ${(error as Error).message}`);
  }
}

/** The worst that happened decides: infrastructure, then hang, then failure. */
function statusOf(outcomes: readonly Outcome[]): number {
  const has = (verdict: Outcome['verdict']) => outcomes.some(o => o.verdict === verdict);
  if (has('broken')) return Status.INFRASTRUCTURE;
  if (has('hang')) return Status.HANG;
  return has('fail') ? Status.FAIL : Status.OK;
}

async function test(args: readonly string[], options: TestOptions): Promise<void> {
  const tests = planTests(args);
  const workshop = await prepareWorkshop();
  const resultsDir = resolve(options.results, new Date().toISOString().replaceAll(':', '-').slice(0, 19));
  const outcomes: Outcome[] = [];
  for (const one of tests) {
    if (process.stdout.isTTY) process.stdout.write(`  ${one.name} …\r`);
    const { timeout, keep, capture } = options;
    const outcome = await runTest(workshop, one, { timeoutMs: timeout * 1000, resultsDir, keep, capture });
    outcomes.push(outcome);
    process.stdout.write(tell(outcome));
  }
  if (options.tap !== undefined) write(options.tap, toTap(outcomes));
  if (options.junit !== undefined) write(options.junit, toJUnit(outcomes));
  const count = (verdict: Outcome['verdict']) => outcomes.filter(o => o.verdict === verdict).length;
  const bad = outcomes.length - count('pass') - count('skip');
  process.stdout.write(`\n${count('pass')} passed, ${bad} failed, ${count('skip')} skipped\n`);
  process.exitCode = statusOf(outcomes);
}

export function testCommand(): Command {
  return new Command('test')
    .summary('run tests in guests, one VM each')
    .description(
      'Runs each test in a VM of its own with the adapter and its driver: shell scripts (.sh), programs (static ELF or #!),\n' +
        'kernel modules that report KTAP (.ko), folders of these, and "selftest" or "selftest:CASE,CASE" for the kernel\n' +
        'selftest that comes with the driver (what runs when nothing is named).',
    )
    .argument('[path...]', 'tests')
    .option('--timeout <s>', 'deadline of one test, boot not counted', wholeNumber(1, DAY_S), 120)
    .option('--results <dir>', 'where failures leave their folders', join('.results', 'guest'))
    .option('--tap <file>', 'write the results as TAP')
    .option('--junit <file>', 'write the results as JUnit XML')
    .option('--keep', 'keep the folders of passed tests too', false)
    .option('--capture', 'keep the packets of each test as pcapng', false)
    .addHelpText(
      'after',
      `\nExit status: ${Status.OK} passed, ${Status.FAIL} failed, ${Status.USAGE} usage, ${Status.INFRASTRUCTURE} the VM or the machine is at fault, ${Status.HANG} a test hung.\nA program that ends with status 4 counts as skipped.`,
    )
    .action(async (paths: string[], options: TestOptions) => {
      exitOnSignals();
      await test(paths, options);
    });
}
