// SPDX-License-Identifier: MIT
// A supervised worker as a process. It inherits the listening sockets as descriptors 3 and 4 and is told over Node's own
// channel between parent and child when to serve and when to end (cli/serve-worker.ts is the other end).
import { type ChildProcess, spawn } from 'node:child_process';
import { raisePriority } from '../sys/process.js';
import type { WorkerEvents, WorkerProcess } from './supervisor.js';
import { tunedEnvironment } from './tuning.js';
import type { FromWorker, ToWorker, WorkerConfig } from './worker-protocol.js';

/** Starts the worker's program. The descriptors stay the caller's. */
export function startWorker(
  program: string,
  config: WorkerConfig,
  fds: { readonly listener: number; readonly control: number | undefined },
  events: WorkerEvents,
): WorkerProcess {
  const child = spawn(process.execPath, [...process.execArgv, program, JSON.stringify(config)], {
    env: tunedEnvironment(process.env),
    stdio: ['ignore', 'inherit', 'inherit', fds.listener, fds.control ?? 'ignore', 'ipc'],
  });
  child.on('message', (message: FromWorker) => {
    if (message.kind === 'ready') events.ready();
    else events.failed(message.message);
  });
  let dead = false;
  const died = (how: string, killed: boolean): void => {
    if (dead) return;
    dead = true;
    events.died({ how, killed });
  };
  child.on('error', error => {
    if (child.pid === undefined) died(error.message, false);
  });
  child.on('exit', (code, signal) => died(signal ?? `status ${code}`, signal === 'SIGKILL'));
  const pid = child.pid ?? 0;
  // Done from here: on a busy machine a process that stepped back would take long to hear that it need not.
  const hurry = (): void => {
    if (!dead) raisePriority(pid);
  };
  return {
    pid,
    serve: restarts => {
      hurry();
      tell(child, { kind: 'serve', restarts });
    },
    hurry,
    end: () => tell(child, { kind: 'end' }),
    kill: () => void child.kill('SIGKILL'),
  };
}

/** A worker that is just dying hears nothing any more; its exit tells the rest. */
function tell(child: ChildProcess, message: ToWorker): void {
  if (child.connected) child.send(message, () => undefined);
}
