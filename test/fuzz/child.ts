// SPDX-License-Identifier: MIT
// The process that runs a target. Its parent (campaign.ts) watches it and kills it when it hangs.
import { setPriority } from 'node:os';
import { Coverage } from './coverage.js';
import { CurrentInput } from './current.js';
import { Loop } from './loop.js';
import type { Job, Progress, Report } from './protocol.js';

const PROGRESS_MS = 1000;

// Errors are thrown by the million here, and the first frames of a stack say enough.
Error.stackTraceLimit = 6;

const say = (report: Report): void => {
  process.send?.(report);
};

const turn = (): Promise<void> => new Promise(resolve => setImmediate(resolve));

const progressOf = (loop: Loop): Progress => ({
  executions: loop.executions,
  corpus: loop.corpus.length,
  kept: loop.kept,
  features: loop.features,
  blocks: loop.blocks,
});

async function work(job: Job): Promise<void> {
  if (job.nice > 0) setPriority(job.nice);
  // Before the code that is to be covered is loaded: V8 counts blocks only in what it compiles from then on.
  const coverage = job.coverage ? new Coverage() : undefined;
  const { loadTarget } = await import('./targets.js');
  const current = new CurrentInput(job.current);
  let told = performance.now();
  const loop = new Loop(await loadTarget(job.target), job.seed, coverage, {
    begin: input => {
      current.begin(input);
      // Here, and not after a batch: to find the inputs that showed something new may take many looks.
      const now = performance.now();
      if (now - told < PROGRESS_MS) return;
      told = now;
      say({ kind: 'progress', progress: progressOf(loop) });
    },
    finding: finding => say({ kind: 'finding', finding }),
  });
  for (const input of job.inputs) {
    loop.replay(input);
    await turn();
  }
  loop.begin();
  if (!job.replayOnly) await fuzz(job, loop);
  if (job.keepCorpus) say({ kind: 'corpus', inputs: loop.smallCorpus() });
  say({ kind: 'done', progress: progressOf(loop) });
}

async function fuzz(job: Job, loop: Loop): Promise<void> {
  const end = performance.now() + job.seconds * 1000;
  for (const first = loop.executions; loop.executions - first < job.executions; ) {
    loop.batch(job.executions - (loop.executions - first));
    if (performance.now() >= end || (job.stopAtFinding && loop.findings > 0)) break;
    // Memory that was let go is given back, and reports leave, only when the event loop runs.
    await turn();
  }
}

// The parent has gone: nobody would hear of anything.
process.once('disconnect', () => process.exit(0));

process.once('message', job => {
  work(job as Job).then(
    () => process.disconnect(),
    error => {
      console.error(error);
      process.exit(70);
    },
  );
});
