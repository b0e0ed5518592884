// SPDX-License-Identifier: MIT
// One target's run, seen from outside: starts the process that does it, watches that it goes on, and keeps what it finds.
// An execution that does not end, and one that takes the process with it, are findings like any other.
import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { temporaryDir } from '../../device/vm/cleanup.js';
import { CurrentInput } from './current.js';
import type { Input } from './input.js';
import type { Finding } from './loop.js';
import type { Job, Progress, Report } from './protocol.js';

const CHILD = fileURLToPath(new URL('./child.js', import.meta.url));
/** One execution takes less than a millisecond; a process of low priority may have to wait for its turn. */
const HANG_MS = 20_000;
const WATCH_MS = 500;
/** Loading, and the first coverage. */
const START_MS = 60_000;
const MAX_RESTARTS = 5;
/** Exit status of a child that failed by its own fault. */
const OWN_FAILURE = 70;

export interface CampaignOptions {
  readonly target: string;
  readonly seed: number;
  readonly executions?: number;
  readonly seconds?: number;
  readonly coverage?: boolean;
  readonly nice?: number;
  readonly inputs?: readonly Input[];
  readonly replayOnly?: boolean;
  readonly keepCorpus?: boolean;
  readonly hangMs?: number;
  /** End at the first finding. */
  readonly stopAtFinding?: boolean;
  /** The program of the process; another one for tests of the fuzzer itself. */
  readonly child?: string;
  readonly onProgress?: (progress: Progress) => void;
  readonly onFinding?: (finding: Finding) => void;
}

export interface CampaignResult {
  readonly progress: Progress;
  readonly findings: readonly Finding[];
  readonly corpus: readonly Input[] | undefined;
  readonly seconds: number;
}

interface Outcome {
  readonly ended: 'done' | 'hung' | 'died';
  readonly how: string;
  readonly progress: Progress;
}

const NOTHING: Progress = { executions: 0, corpus: 0, kept: 0, features: 0, blocks: 0 };

/** Runs a target to its limit; goes on with another seed after an execution that hung or killed the process. */
export async function runCampaign(options: CampaignOptions): Promise<CampaignResult> {
  const started = performance.now();
  const { dir, remove } = temporaryDir('fuzz');
  const findings: Finding[] = [];
  let corpus: readonly Input[] | undefined;
  let total = NOTHING;
  const found = (finding: Finding): void => {
    if (findings.some(f => f.key === finding.key)) return;
    findings.push(finding);
    options.onFinding?.(finding);
  };
  try {
    for (let restart = 0; restart <= MAX_RESTARTS; restart++) {
      const job = jobFor(options, restart, join(dir, `current-${restart}`), started, total.executions);
      const run = await runJob(options, job, total.executions, found, inputs => {
        corpus = inputs;
      });
      total = { ...run.progress, executions: total.executions + run.progress.executions };
      const enough = options.stopAtFinding === true && findings.length > 0;
      if (run.ended === 'done' || options.replayOnly === true || enough) break;
    }
    return { progress: total, findings, corpus, seconds: (performance.now() - started) / 1000 };
  } finally {
    remove();
  }
}

function jobFor(o: CampaignOptions, restart: number, current: string, started: number, done: number): Job {
  const spent = (performance.now() - started) / 1000;
  return {
    target: o.target,
    seed: o.seed + restart * 1_000_003,
    executions: Math.max(0, (o.executions ?? Number.MAX_SAFE_INTEGER) - done),
    seconds: Math.max(0, (o.seconds ?? 86_400) - spent),
    coverage: o.coverage ?? true,
    nice: o.nice ?? 0,
    current,
    inputs: restart === 0 || o.replayOnly !== true ? (o.inputs ?? []) : [],
    replayOnly: o.replayOnly ?? false,
    keepCorpus: o.keepCorpus ?? false,
    stopAtFinding: o.stopAtFinding ?? false,
  };
}

async function runJob(
  options: CampaignOptions,
  job: Job,
  before: number,
  found: (finding: Finding) => void,
  keep: (inputs: readonly Input[]) => void,
): Promise<Outcome> {
  const current = new CurrentInput(job.current);
  const child = fork(options.child ?? CHILD, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  let progress = NOTHING;
  let done = false;
  child.on('message', message => {
    const report = message as Report;
    if (report.kind === 'finding') found(report.finding);
    else if (report.kind === 'corpus') keep(report.inputs);
    else {
      progress = report.progress;
      done ||= report.kind === 'done';
      options.onProgress?.({ ...progress, executions: before + progress.executions });
    }
  });
  child.send(job);
  const how = await watch(child, current, options.hangMs ?? HANG_MS);
  const input = current.read();
  current.close();
  if (done) return { ended: 'done', how, progress };
  if (how === `exit status ${OWN_FAILURE}`) throw new Error('the fuzzer itself has failed');
  if (how === 'hung') {
    found({
      key: 'an execution does not end',
      reason: `no end after ${options.hangMs ?? HANG_MS} ms`,
      input,
    });
    return { ended: 'hung', how, progress };
  }
  found({ key: `the process died: ${how}`, reason: how, input });
  return { ended: 'died', how, progress };
}

/** Resolves when the child has ended; with 'hung' when it had to be killed because an execution did not end. */
function watch(child: ChildProcess, current: CurrentInput, hangMs: number): Promise<string> {
  return new Promise(resolve => {
    let last = current.begun;
    let since = performance.now();
    let hung = false;
    const timer = setInterval(() => {
      const now = performance.now();
      const begun = current.begun;
      if (begun !== last) {
        last = begun;
        since = now;
      } else if (now - since > (begun === 0 ? START_MS : hangMs)) {
        hung = true;
        child.kill('SIGKILL');
      }
    }, WATCH_MS);
    child.once('close', (code, signal) => {
      clearInterval(timer);
      resolve(hung ? 'hung' : signal === null ? `exit status ${code}` : `signal ${signal}`);
    });
  });
}
