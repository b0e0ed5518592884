// SPDX-License-Identifier: MIT
// A VM whose adapter is another process (`pushbell serve`), so that a test can kill it, stop it and put another one in
// its place. A test that fails shows the ends of console, device log and trace, and where they are kept.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { projectRoot } from '../../device/vm/cache.js';
import { temporaryDir } from '../../device/vm/cleanup.js';
import type { InitramfsContents } from '../../device/vm/initramfs.js';
import type { QmpEvent } from '../../device/vm/qmp.js';
import { startVm, type Workshop } from '../../device/vm/setup.js';
import type { Vm, VmOptions } from '../../device/vm/vm.js';
import { BackEnd } from './back-end.js';

export interface ServedOptions {
  readonly guest: Omit<InitramfsContents, 'kernel'>;
  readonly vm?: Partial<VmOptions>;
  /** Under a supervisor that starts a crashed back-end again. */
  readonly supervise?: boolean;
  /** Properties of each adapter of the VM after its socket, e.g. `id=nic,bus=port0`; one without any by default. */
  readonly adapters?: readonly string[];
  /** The build whose back-end is started; this one by default. */
  readonly dist?: string;
  /** More arguments of `pushbell serve`, e.g. another model. */
  readonly serve?: readonly string[];
  /** Most time for the whole test. */
  readonly deadlineMs?: number;
}

export interface Served {
  readonly vm: Vm;
  /** Path of the adapter's socket, for a device that is plugged in later. */
  readonly socketPath: string;
  /** Where console, log and trace are kept. */
  readonly folder: string;
  /** The back-end that was started last. */
  backEnd(): BackEnd;
  /** Starts another one in the place of one that has ended. */
  startAgain(options?: { dist?: string }): Promise<BackEnd>;
  /** Another VM with the same back-end; it ends with the first. */
  another(vm?: Partial<VmOptions>, adapter?: string): Promise<Vm>;
  /** Resolves with the first event of that name that has come and was not asked for before. */
  event(name: string, withinMs: number): Promise<QmpEvent>;
}

const DEADLINE_MS = 240_000;
const RESULTS = join(projectRoot, '.results', 'guest');
const POLL_MS = 20;

/** Runs `act` with a guest and its back-end; both are gone afterwards. */
export async function inServedGuest(
  t: ExecutionContext,
  workshop: Workshop,
  options: ServedOptions,
  act: (served: Served) => Promise<void>,
): Promise<void> {
  t.timeout(options.deadlineMs ?? DEADLINE_MS);
  const folder = join(RESULTS, t.title.replace(/[^\w]+/g, '-').slice(0, 60));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const session = new Session(workshop, options, folder);
  try {
    const served = await session.start();
    await act(served);
    for (const vm of session.vms) t.deepEqual(vm.console.crashes, []);
  } catch (error) {
    await session.tell(t);
    throw error;
  } finally {
    await session.close();
  }
}

class Session {
  readonly vms: Vm[] = [];
  readonly #workshop: Workshop;
  readonly #options: ServedOptions;
  readonly #folder: string;
  readonly #temporary = temporaryDir('served');
  readonly #events: QmpEvent[] = [];
  #backEnd: BackEnd | undefined;

  constructor(workshop: Workshop, options: ServedOptions, folder: string) {
    this.#workshop = workshop;
    this.#options = options;
    this.#folder = folder;
  }

  get #socketPath(): string {
    return join(this.#temporary.dir, 'adapter.sock');
  }

  async start(): Promise<Served> {
    await this.#startBackEnd();
    const adapters = this.#options.adapters ?? [''];
    const vm = await this.#startVm(this.#options.vm ?? {}, adapters);
    return {
      vm,
      socketPath: this.#socketPath,
      folder: this.#folder,
      backEnd: () => this.#backEnd!,
      startAgain: other => this.#startBackEnd(other),
      another: (more, adapter) => this.#startVm(more ?? {}, [adapter ?? '']),
      event: (name, withinMs) => this.#event(name, withinMs),
    };
  }

  async #startBackEnd(other: { dist?: string } = {}): Promise<BackEnd> {
    const dist = other.dist ?? this.#options.dist;
    this.#backEnd = await BackEnd.start({
      directory: this.#temporary.dir,
      socketPath: this.#socketPath,
      logFile: join(this.#folder, 'device.log'),
      supervise: this.#options.supervise ?? false,
      args: this.#options.serve ?? [],
      ...(dist === undefined ? {} : { dist }),
    });
    return this.#backEnd;
  }

  async #startVm(vmOptions: Partial<VmOptions>, adapters: readonly string[]): Promise<Vm> {
    const number = this.vms.length === 0 ? '' : `-${this.vms.length}`;
    const devices = adapters.map(more =>
      ['pushbell-pci', `socket=${this.#socketPath}`, more].filter(text => text !== '').join(','),
    );
    const vm = await startVm(this.#workshop, this.#options.guest, {
      ...vmOptions,
      devices: [...devices, ...(vmOptions.devices ?? [])],
      consoleFile: join(this.#folder, `console${number}.log`),
      onEvent: event => this.#events.push(event),
    });
    this.vms.push(vm);
    return vm;
  }

  async #event(name: string, withinMs: number): Promise<QmpEvent> {
    const deadline = performance.now() + withinMs;
    for (;;) {
      const at = this.#events.findIndex(event => event.event === name);
      if (at >= 0) return this.#events.splice(at, 1)[0];
      if (performance.now() > deadline) throw new Error(`no event ${name} within ${withinMs} ms`);
      await new Promise(resolve => setTimeout(resolve, POLL_MS));
    }
  }

  /** Everything that helps to understand a failure; nothing of it may fail itself or wait for long. */
  async tell(t: ExecutionContext): Promise<void> {
    const trace = await this.#backEnd?.trace();
    if (trace !== undefined) writeFileSync(join(this.#folder, 'device-trace.txt'), trace);
    for (const vm of this.vms) {
      t.log(vm.console.tail(25));
      if (vm.stderr !== '') t.log(`QEMU: ${vm.stderr}`);
    }
    const log = join(this.#folder, 'device.log');
    if (existsSync(log)) t.log(lastLines(readFileSync(log, 'utf8'), 25));
    if (trace !== undefined) t.log(lastLines(trace, 25));
    t.log(`everything is kept in ${this.#folder}`);
  }

  async close(): Promise<void> {
    // A back-end that was stopped must not keep the guest from powering off.
    this.#backEnd?.thaw();
    await Promise.all(this.vms.map(vm => vm.shutdown()));
    await this.#backEnd?.end();
    this.#temporary.remove();
  }
}

const lastLines = (text: string, count: number): string =>
  text.trimEnd().split('\n').slice(-count).join('\n');

/** The command's output; a status other than 0 fails the test with what it wrote. */
export async function guestSays(vm: Vm, command: string, timeoutMs = 60_000): Promise<string> {
  const { status, stdout, stderr } = await vm.run(command, { timeoutMs });
  if (status !== 0) throw new Error(`${command}: status ${status}\n${stdout}${stderr}`);
  return stdout;
}

/** Asks again and again until `good`; a command that a guest cannot run meanwhile is an answer too. */
export async function until<T>(
  what: string,
  withinMs: number,
  ask: () => Promise<T> | T,
  good: (answer: T) => boolean,
): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (good(answer)) return answer;
    if (performance.now() > deadline) {
      throw new Error(`${what}: not within ${withinMs} ms; the last answer was ${JSON.stringify(answer)}`);
    }
    await new Promise(resolve => setTimeout(resolve, POLL_MS));
  }
}

/** Fails when the promise takes longer; what it stands for goes on. */
export async function within<T>(what: string, ms: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took more than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
