// SPDX-License-Identifier: MIT
// pushbell serve --supervise: this process keeps the sockets and the signals; what can fail runs in workers.
import { closeSync, lstatSync, openSync, statSync, unlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Supervisor, WorkerFailed } from '../runtime/supervisor.js';
import { startWorker } from '../runtime/worker-process.js';
import type { WorkerConfig } from '../runtime/worker-protocol.js';
import { CliError } from './cli-error.js';
import type { Listening, Run, ServeOptions } from './serve.js';

const PROGRAM = fileURLToPath(new URL('./serve-worker.js', import.meta.url));

const timers = {
  nowMs: () => performance.now(),
  after: (ms: number, task: () => void) => {
    const timer = setTimeout(task, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Throws CliError when a capture cannot be made there. Workers begin theirs when they take over, which is too late to
 * tell the user. Nothing is written, and a FIFO, whose open waits for a reader, is left to the worker.
 */
function checkCapture(path: string): void {
  try {
    if (statSync(path, { throwIfNoEntry: false })?.isFIFO()) return;
    const isNew = lstatSync(path, { throwIfNoEntry: false }) === undefined;
    closeSync(openSync(path, 'a', 0o600));
    if (isNew) unlinkSync(path);
  } catch (error) {
    throw new CliError(`the device could not start: ${(error as Error).message}`);
  }
}

/** Serves until a signal. Throws CliError when the first worker cannot start. */
export async function runSupervised(options: ServeOptions, fds: Listening, run: Run): Promise<void> {
  const { logger } = run;
  if (options.capture !== undefined) checkCapture(resolve(options.capture));
  const config: Omit<WorkerConfig, 'urgent'> = {
    supervisorPid: process.pid,
    modelUrl: run.modelUrl,
    capturePath: options.capture === undefined ? undefined : resolve(options.capture),
    maxAdapters: options.maxAdapters,
    logLevel: options.logLevel,
    control: fds.control !== undefined,
  };
  const inherited = { listener: fds.listener!, control: fds.control };
  const supervisor = new Supervisor({
    start: (events, urgent) => startWorker(PROGRAM, { ...config, urgent }, inherited, events),
    timers,
    log: (level, message, fields) => logger.log(level, message, fields),
  });
  const handOver = (): void => supervisor.handOver();
  process.on('SIGUSR2', handOver);
  try {
    const started = supervisor.start().then(run.onReady);
    const signal = await Promise.race([run.stopped, started.then(() => run.stopped)]);
    logger.info(`${signal}: ending`);
  } catch (error) {
    if (!(error instanceof WorkerFailed)) throw error;
    throw new CliError(error.message);
  } finally {
    process.off('SIGUSR2', handOver);
    await supervisor.stop();
  }
}
