// SPDX-License-Identifier: MIT
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { GuestAgent, type GuestResult, orAfter, type RunOptions } from './agent.js';
import { atExit, temporaryDir, withParent } from './cleanup.js';
import { ConsoleLog } from './console.js';
import { VmError, type VmFault } from './errors.js';
import { killGroup } from './process.js';
import { type Machine, qemuArgs } from './qemu-args.js';
import { Qmp, type QmpEvent } from './qmp.js';

/** A VM to start: the machine with defaults, and what to do with its console. */
export interface VmOptions extends Omit<Machine, 'cpus' | 'memoryMb'> {
  /** The QEMU program. */
  qemu: string;
  cpus?: number;
  memoryMb?: number;
  /** Receives the whole console. */
  consoleFile?: string;
  onConsole?: (text: string) => void;
  onEvent?: (event: QmpEvent) => void;
  /** The guest must report ready within this; default 60 s. */
  bootTimeoutMs?: number;
  /** A kernel warning or bug ends what waits, not only a panic; default false. */
  stopOnAnyCrash?: boolean;
  signal?: AbortSignal;
}

const BOOT_TIMEOUT_MS = 60_000;
const SHUTDOWN_TIMEOUT_MS = 10_000;
/** After a panic the console still prints registers and the call trace. */
const PANIC_SETTLE_MS = 300;
/** Of QEMU's standard error, so many lines are kept. */
const STDERR_LINES = 40;
const SOCKETS = ['console', 'agent', 'monitor'] as const;

type Sockets = Record<(typeof SOCKETS)[number], Socket>;

/**
 * A running guest. `start` resolves once the guest is ready for commands; any end of the guest that was not
 * asked for rejects whatever waits with the reason. All of it is gone after `shutdown` or `kill`, and when this
 * process ends in any way.
 */
export class Vm {
  readonly console: ConsoleLog;
  readonly accel: Machine['accel'];
  /** Time from QEMU's start to the guest's readiness. */
  bootMs = 0;
  kernelRelease = '';
  readonly #options: VmOptions;
  readonly #child: ChildProcess;
  readonly #exited: Promise<void>;
  readonly #release: () => void;
  #sockets: Sockets | undefined;
  #agent: GuestAgent | undefined;
  #qmp: Qmp | undefined;
  #stderr = '';
  #closing = false;
  #fault: VmError | undefined;
  #ready!: { resolve: () => void; reject: (error: VmError) => void };

  /** Starts QEMU and waits for the guest. */
  static async start(options: VmOptions): Promise<Vm> {
    if (options.signal?.aborted) throw new VmError({ kind: 'aborted', doing: 'starting the guest' });
    const { dir, remove } = temporaryDir('vm');
    const paths = {
      console: join(dir, 'console'),
      agent: join(dir, 'agent'),
      monitor: join(dir, 'monitor'),
    };
    const incoming = SOCKETS.map(name => acceptOne(paths[name]));
    await Promise.all(incoming.map(one => one.listening));
    const machine = { ...options, cpus: options.cpus ?? 2, memoryMb: options.memoryMb ?? 256 };
    const vm = new Vm(options, qemuArgs(machine, paths), () => {
      for (const one of incoming) one.close();
      remove();
    });
    try {
      await vm.#boot(incoming.map(one => one.connected));
    } catch (error) {
      await vm.kill();
      throw error;
    }
    return vm;
  }

  private constructor(options: VmOptions, args: string[], release: () => void) {
    this.#options = options;
    this.accel = options.accel;
    this.console = new ConsoleLog({
      ...(options.consoleFile ? { file: options.consoleFile } : {}),
      onCrash: report => {
        if (report.fatal || options.stopOnAnyCrash) this.#crashed(report.line);
      },
    });
    const [command, all] = withParent(options.qemu, args);
    this.#child = spawn(command, all, { stdio: ['ignore', 'ignore', 'pipe'], detached: true });
    const forget = atExit(() => killGroup(this.#child, 'SIGKILL'));
    this.#child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = (this.#stderr + text).split('\n').slice(-STDERR_LINES).join('\n');
    });
    this.#exited = new Promise(resolve => {
      this.#child.on('error', error => this.#ended(error.message, resolve));
      this.#child.on('close', (code, signal) => this.#ended(code ?? signal ?? 'unknown', resolve));
    });
    this.#release = () => {
      forget();
      release();
    };
  }

  /** The monitor, for whoever needs more than this class offers. */
  get qmp(): Qmp {
    return this.#qmp!;
  }

  /** QEMU's process id. */
  get pid(): number {
    return this.#child.pid ?? -1;
  }

  /** What QEMU last wrote to its standard error: warnings and refusals. */
  get stderr(): string {
    return this.#stderr;
  }

  /** Runs a shell command in the guest; a status other than 0 is an answer, not an error. */
  async run(command: string, options: RunOptions = {}): Promise<GuestResult> {
    if (this.#fault) throw this.#fault;
    return this.#agent!.run(command, options);
  }

  /**
   * Does what resets the guest (the machine needs `reboot`) and resolves once the guest is ready again. Commands that
   * ran before fail with `guest-closed`.
   */
  async restarted(act: () => unknown): Promise<void> {
    if (this.#fault) throw this.#fault;
    const ready = this.#awaitReady();
    Promise.resolve(act()).catch((error: unknown) => {
      // The command that resets the guest does not live to see it.
      if (!(error instanceof VmError && error.fault.kind === 'guest-closed'))
        this.#ready.reject(error as VmError);
    });
    await this.#readyWithin(ready, 'starting again');
  }

  /** Types on the serial console. */
  type(text: string | Uint8Array): void {
    this.#sockets?.console.write(text);
  }

  /** Resolves when QEMU has ended, however that came. */
  async ended(): Promise<void> {
    await this.#exited;
  }

  /** Lets the guest power off, and ends QEMU if it does not within 10 s. */
  async shutdown(): Promise<void> {
    this.#closing = true;
    if (!this.#fault) this.#agent?.powerOff();
    else killGroup(this.#child, 'SIGKILL');
    if (
      (await orAfter(
        this.#exited.then(() => true),
        SHUTDOWN_TIMEOUT_MS,
      )) === undefined
    )
      killGroup(this.#child, 'SIGKILL');
    await this.#exited;
  }

  /** Ends QEMU at once. */
  async kill(): Promise<void> {
    this.#closing = true;
    killGroup(this.#child, 'SIGKILL');
    await this.#exited;
  }

  async #boot(connections: Promise<Socket>[]): Promise<void> {
    const startedAt = performance.now();
    const ready = this.#awaitReady();
    const { signal } = this.#options;
    const abort = () => this.#fail({ kind: 'aborted', doing: 'the guest was running' });
    signal?.addEventListener('abort', abort, { once: true });
    void this.#exited.then(() => signal?.removeEventListener('abort', abort));
    void Promise.all(connections).then(([console, agent, monitor]) =>
      this.#connected({ console, agent, monitor }),
    );
    await this.#readyWithin(ready, 'booting');
    this.bootMs = performance.now() - startedAt;
  }

  /** The next time the guest says that it is ready. */
  #awaitReady(): Promise<void> {
    return new Promise<void>((resolve, reject) => {
      this.#ready = { resolve, reject };
    });
  }

  async #readyWithin(ready: Promise<void>, doing: string): Promise<void> {
    const waitedMs = this.#options.bootTimeoutMs ?? BOOT_TIMEOUT_MS;
    const inTime = await orAfter(
      ready.then(() => true),
      waitedMs,
    );
    if (inTime !== undefined) return;
    throw new VmError({ kind: 'guest-hang', doing, waitedMs, consoleTail: this.console.tail() });
  }

  #connected(sockets: Sockets): void {
    this.#sockets = sockets;
    sockets.console.setEncoding('utf8').on('data', (text: string) => {
      this.console.push(text);
      this.#options.onConsole?.(text);
    });
    sockets.console.on('error', () => undefined);
    this.#agent = new GuestAgent(sockets.agent, {
      hello: release => {
        this.kernelRelease = release;
        this.#ready.resolve();
      },
      moduleFailed: text => this.#moduleFailed(text),
      consoleTail: () => this.console.tail(),
    });
    this.#qmp = new Qmp(sockets.monitor, event => {
      if (event.event === 'RESET') this.#wasReset();
      this.#options.onEvent?.(event);
    });
    this.#qmp.negotiate().catch(() => undefined); // only fails when QEMU ends, which is reported on its own
  }

  /** What ran is gone without a word; the next thing to come from the guest is the hello of a new boot. */
  #wasReset(): void {
    const doing = 'running commands: it was reset';
    this.#agent?.restart(new VmError({ kind: 'guest-closed', doing, consoleTail: this.console.tail() }));
  }

  #moduleFailed(text: string): void {
    const [module, reason = ''] = text.split(': ');
    this.#fail({ kind: 'guest-module', module, reason, consoleTail: this.console.tail(20) });
  }

  #crashed(line: string): void {
    setTimeout(
      () => this.#fail({ kind: 'guest-crash', line, consoleTail: this.console.tail() }),
      PANIC_SETTLE_MS,
    );
  }

  #ended(status: number | string, resolve: () => void): void {
    const crash = this.console.crashes.find(report => report.fatal);
    const consoleTail = this.console.tail();
    if (crash) this.#fail({ kind: 'guest-crash', line: crash.line, consoleTail });
    else if (this.#closing || status === 0)
      this.#fail({ kind: 'guest-closed', doing: 'waiting for it', consoleTail });
    else this.#fail({ kind: 'qemu-exited', status, stderr: this.#stderr, consoleTail });
    for (const socket of Object.values(this.#sockets ?? {})) socket.destroy();
    this.#release();
    resolve();
  }

  /** The first reason stands: what follows from it is no news. */
  #fail(fault: VmFault): void {
    if (this.#fault) return;
    this.#fault = new VmError(fault);
    this.#ready?.reject(this.#fault);
    this.#agent?.fail(this.#fault);
    if (fault.kind === 'aborted') killGroup(this.#child, 'SIGKILL');
  }
}

/** Listens on a Unix socket for the one connection that QEMU makes. */
function acceptOne(path: string): {
  listening: Promise<unknown>;
  connected: Promise<Socket>;
  close: () => void;
} {
  const server = createServer();
  const connected = once(server, 'connection').then(([socket]) => {
    server.close();
    return socket as Socket;
  });
  server.listen(path);
  return { listening: once(server, 'listening'), connected, close: () => server.close() };
}
