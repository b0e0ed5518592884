// SPDX-License-Identifier: MIT
// One guest test: its own VM and adapter, a deadline, and a folder with what there is to look at when it fails.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { VmError } from '../../vm/errors.js';
import type { Workshop } from '../../vm/setup.js';
import { AdapterVm } from '../adapter-vm.js';
import { CliError } from '../cli-error.js';
import { driverModule, driverModules } from '../driver-modules.js';
import type { GuestTest } from './plan.js';
import { parseTap, type TapCase } from './tap.js';

export type Verdict = 'pass' | 'fail' | 'skip' | 'hang' | 'broken';

export interface Outcome {
  readonly test: GuestTest;
  readonly verdict: Verdict;
  /** One line: why it is not a pass. */
  readonly reason: string;
  readonly cases: readonly TapCase[];
  readonly durationMs: number;
  /** Folder with console, output and trace; removed when the test passed. */
  readonly folder: string;
  readonly consoleTail: string;
  readonly traceTail: string;
}

export interface RunOptions {
  readonly timeoutMs: number;
  readonly resultsDir: string;
  readonly keep: boolean;
  readonly capture: boolean;
  readonly signal?: AbortSignal;
}

/** Status by which a program says that it could not test (as in the kernel's kselftest). */
const SKIP_STATUS = 4;
const TAIL_LINES = 25;
const SELFTEST = '/sys/kernel/debug/pushbell/*/selftest';

export async function runTest(workshop: Workshop, test: GuestTest, options: RunOptions): Promise<Outcome> {
  const folder = join(options.resultsDir, test.name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const began = performance.now();
  const run = await attempt(workshop, test, options, folder);
  const outcome = { test, durationMs: performance.now() - began, folder, ...run };
  if (outcome.verdict === 'pass' && !options.keep) rmSync(folder, { recursive: true, force: true });
  return outcome;
}

type Run = Omit<Outcome, 'test' | 'durationMs' | 'folder'>;

const NOTHING = { cases: [], consoleTail: '', traceTail: '' };

async function attempt(
  workshop: Workshop,
  test: GuestTest,
  options: RunOptions,
  folder: string,
): Promise<Run> {
  let adapterVm: AdapterVm | undefined;
  try {
    adapterVm = await AdapterVm.start(workshop, {
      guest: guestOf(workshop, test),
      vm: { consoleFile: join(folder, 'console.log'), ...(options.signal ? { signal: options.signal } : {}) },
      deviceLog: join(folder, 'device.log'),
      trace: true,
      ...(options.capture ? { capture: join(folder, 'packets.pcapng') } : {}),
    });
    const result = await adapterVm.vm.run(commandOf(test), { timeoutMs: options.timeoutMs });
    writeFileSync(join(folder, 'stdout.txt'), result.stdout);
    writeFileSync(join(folder, 'stderr.txt'), result.stderr);
    const judged = judge(test, result, adapterVm);
    return { ...judged, ...(await evidence(adapterVm, folder)) };
  } catch (error) {
    if (error instanceof CliError) return { ...NOTHING, verdict: 'broken', reason: error.message };
    if (!(error instanceof VmError)) throw error;
    const tails =
      adapterVm === undefined ? { consoleTail: '', traceTail: '' } : await evidence(adapterVm, folder);
    return { verdict: verdictOf(error), reason: error.message.split('\n')[0], cases: [], ...tails };
  } finally {
    await adapterVm?.close();
  }
}

function verdictOf(error: VmError): Verdict {
  switch (error.fault.kind) {
    case 'guest-hang':
    case 'command-timeout':
      return 'hang';
    case 'guest-crash':
    case 'guest-closed':
    case 'guest-module':
      return 'fail';
    default:
      return 'broken';
  }
}

function guestOf(workshop: Workshop, test: GuestTest) {
  switch (test.kind) {
    case 'selftest':
      return { load: driverModules(workshop, ['pushbell', 'pushbell_selftest']) };
    case 'module':
      return { load: driverModules(workshop, ['pushbell']), carry: [test.path] };
    default:
      return {
        load: driverModules(workshop, ['pushbell']),
        carry: [driverModule(workshop, 'pushbell_selftest')],
        files: [{ host: test.path, guest: guestPath(test.path) }],
      };
  }
}

const guestPath = (path: string): string => `/root/${basename(path)}`;

function commandOf(test: GuestTest): string {
  switch (test.kind) {
    case 'selftest':
      return `echo ${test.cases} >$(echo ${SELFTEST}) && cat ${SELFTEST}`;
    case 'module':
      return `dmesg -c >/dev/null; insmod /pushbell/modules.d/${basename(test.path)} && dmesg`;
    case 'shell':
      return `sh ${guestPath(test.path)}`;
    case 'program':
      return guestPath(test.path);
  }
}

interface Result {
  readonly status: number;
  readonly stdout: string;
}

function judge(
  test: GuestTest,
  result: Result,
  adapterVm: AdapterVm,
): Pick<Run, 'verdict' | 'reason' | 'cases'> {
  const { cases, complete } = parseTap(result.stdout);
  const failed = cases.filter(c => !c.ok && !c.skipped);
  const crash = adapterVm.vm.console.crashes[0];
  if (crash !== undefined)
    return { verdict: 'fail', reason: `the guest kernel reported: ${crash.line}`, cases };
  if (failed.length > 0)
    return { verdict: 'fail', reason: `${failed.length} of ${cases.length} cases failed`, cases };
  if (complete === false) return { verdict: 'fail', reason: 'fewer results than the plan says', cases };
  if (test.kind === 'selftest' && cases.length === 0)
    return { verdict: 'fail', reason: 'the selftest reported nothing', cases };
  if (result.status === SKIP_STATUS)
    return { verdict: 'skip', reason: 'the test says that it cannot run here', cases };
  if (result.status !== 0) return { verdict: 'fail', reason: `ended with status ${result.status}`, cases };
  return { verdict: 'pass', reason: '', cases };
}

/** Writes the device's trace into the folder and returns what a person wants to see first. */
async function evidence(
  adapterVm: AdapterVm,
  folder: string,
): Promise<{ consoleTail: string; traceTail: string }> {
  const trace = await adapterVm.ask('trace', { format: 'text' }).then(
    answer => String((answer as { text?: string }).text ?? ''),
    error => `no trace: ${error.message}\n`,
  );
  writeFileSync(join(folder, 'device-trace.txt'), trace);
  return { consoleTail: adapterVm.vm.console.tail(TAIL_LINES), traceTail: lastLines(trace) };
}

const lastLines = (text: string): string => text.trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
