// SPDX-License-Identifier: MIT
// Ends this process once a mutant has used up its processor time: a case that goes on for ever cannot be stopped from
// within its thread. By the clock on the wall a run beside other work would take slow mutants for endless ones. The outcome
// is in the journal before the process ends, and Stryker, which tries again whatever crashed, finds it there.
import { type MessagePort, parentPort, Worker } from 'node:worker_threads';
import { addOutcome, type Outcome } from './journal.js';

const LOOK_MS = 200;

interface Watch {
  readonly path: string;
  readonly limitMs: number;
  readonly outcome: Outcome;
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

export class Watchdog {
  readonly #thread = new Worker(new URL(import.meta.url), { execArgv: [] });

  constructor() {
    this.#thread.unref();
  }

  /** From now on this process has `limitMs` of processor time; then it ends with `outcome` in the journal at `path`. */
  start(watch: Watch): void {
    this.#thread.postMessage(watch);
  }

  stop(): void {
    this.#thread.postMessage(undefined);
  }
}

/** The thread that watches. */
function watch(port: MessagePort): void {
  let current: (Watch & { readonly until: number }) | undefined;
  port.on('message', (next: Watch | undefined) => {
    current = next === undefined ? undefined : { ...next, until: cpuMs() + next.limitMs };
  });
  setInterval(() => {
    if (current === undefined || cpuMs() < current.until) return;
    addOutcome(current.path, current.outcome);
    process.kill(process.pid, 'SIGKILL');
  }, LOOK_MS);
}

if (parentPort !== null) watch(parentPort);
