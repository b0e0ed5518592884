// SPDX-License-Identifier: MIT
// `pushbell serve` as a process of its own: what a test can do to it from outside.
import { type ChildProcess, spawn } from 'node:child_process';
import { openSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { ControlClient } from '../../device/runtime/control-client.js';
import { closeFd } from '../../device/sys/fd.js';
import { projectRoot } from '../../device/vm/cache.js';
import { atExit, withParent } from '../../device/vm/cleanup.js';
import { killGroup } from '../../device/vm/process.js';

export interface BackEndOptions {
  /** For the control socket. */
  readonly directory: string;
  readonly socketPath: string;
  /** What it writes is added to this file. */
  readonly logFile: string;
  readonly supervise?: boolean;
  readonly dist?: string;
  readonly args?: readonly string[];
}

const START_MS = 20_000;
const END_MS = 10_000;
const ANSWER_MS = 5000;

export class BackEnd {
  readonly #child: ChildProcess;
  readonly #control: string;
  readonly #exited: Promise<void>;
  readonly #forget: () => void;

  private constructor(child: ChildProcess, control: string) {
    this.#child = child;
    this.#control = control;
    this.#forget = atExit(() => killGroup(child, 'SIGKILL'));
    this.#exited = new Promise(resolve => child.once('exit', () => resolve()));
  }

  /** Resolves when it listens. */
  static async start(options: BackEndOptions): Promise<BackEnd> {
    const control = join(options.directory, 'control.sock');
    const main = join(options.dist ?? join(projectRoot, 'dist'), 'device/cli/main.js');
    const args = [main, 'serve', '--socket-path', options.socketPath, '--control', control];
    if (options.supervise) args.push('--supervise');
    const log = openSync(options.logFile, 'a');
    const [command, all] = withParent(process.execPath, [...args, ...(options.args ?? [])]);
    // A group of its own: with it a supervisor's workers end too.
    const child = spawn(command, all, { stdio: ['ignore', 'pipe', log], detached: true });
    closeFd(log);
    const backEnd = new BackEnd(child, control);
    try {
      await backEnd.#listening(child, options.logFile);
    } catch (error) {
      await backEnd.end();
      throw error;
    }
    return backEnd;
  }

  #listening(child: ChildProcess, logFile: string): Promise<void> {
    return new Promise((resolve, reject) => {
      let output = '';
      const failed = (why: string): void =>
        reject(new Error(`pushbell serve ${why}\n${readFileSync(logFile, 'utf8').slice(-2000)}`));
      const timer = setTimeout(() => failed(`does not listen after ${START_MS} ms`), START_MS);
      child.stdout!.setEncoding('utf8').on('data', (text: string) => {
        output += text;
        if (/^listening on /m.test(output)) {
          clearTimeout(timer);
          resolve();
        }
      });
      void this.#exited.then(() => {
        clearTimeout(timer);
        failed('ended');
      });
    });
  }

  /** The process that was started: the supervisor, where there is one. */
  get pid(): number {
    return this.#child.pid!;
  }

  /** The process that is the adapter: this one, or the supervisor's worker of the moment. */
  async workerPid(): Promise<number> {
    return ((await this.ask('status')) as { pid: number }).pid;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** To everything that was started: a supervisor and its workers too. */
  signal(signal: NodeJS.Signals): void {
    killGroup(this.#child, signal);
  }

  /** Stops it where it is; resolves when every thread of it has stopped. */
  async freeze(): Promise<void> {
    const pid = await this.workerPid();
    this.signal('SIGSTOP');
    const stopped = (): boolean =>
      readdirSync(`/proc/${pid}/task`).every(thread =>
        /^\d+ \(.*\) T /.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')),
      );
    while (!stopped()) await delay(1);
  }

  /** Lets it go on. */
  thaw(): void {
    this.signal('SIGCONT');
  }

  /** Ends it the hard way, with everything that it has started. */
  async kill(): Promise<void> {
    this.signal('SIGKILL');
    await this.#exited;
  }

  /** Ends it the polite way, or the hard way if that takes too long. */
  async end(): Promise<void> {
    if (this.running) {
      process.kill(this.pid, 'SIGTERM');
      const timer = setTimeout(() => this.signal('SIGKILL'), END_MS);
      await this.#exited;
      clearTimeout(timer);
    }
    this.#forget();
  }

  /** A request over the control socket, on a connection of its own: the process behind it may have changed. */
  async ask(op: string, fields: Record<string, unknown> = {}): Promise<unknown> {
    const client = await ControlClient.open(this.#control);
    const timer = setTimeout(() => client.close(), ANSWER_MS);
    try {
      return await client.request(op, fields);
    } finally {
      clearTimeout(timer);
      client.close();
    }
  }

  /** The trace as text, if it answers. */
  async trace(): Promise<string | undefined> {
    try {
      return ((await this.ask('trace', { format: 'text' })) as { text: string }).text;
    } catch {
      return undefined; // dead or stopped: then the log must do
    }
  }
}
