// SPDX-License-Identifier: MIT
// pushbell serve: the back-end alone, by the conventions of vhost-user back-end programs (QEMU,
// docs/interop/vhost-user.rst, "Backend program conventions").
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import type winston from 'winston';
import { type ClaimedSocket, claimSocket, SocketUnavailable } from '../runtime/claim-socket.js';
import { ControlServer } from '../runtime/control-server.js';
import { DeviceThread, MAX_ADAPTERS } from '../runtime/device-thread.js';
import { createLogger, LOG_LEVELS } from '../runtime/logger.js';
import { isUnixStream } from '../sys/unix-socket.js';
import { wholeNumber } from './boot.js';
import { CliError, Status } from './cli-error.js';
import { announce } from './run-dir.js';
import { runSupervised } from './supervise.js';

export interface ServeOptions {
  readonly socketPath?: string;
  readonly fd?: number;
  readonly printCapabilities?: true;
  readonly logLevel: string;
  readonly capture?: string;
  readonly control?: string;
  readonly model?: string;
  readonly maxAdapters: number;
  readonly supervise?: true;
}

/** Listening sockets of the process; whoever serves them closes them. */
export interface Listening {
  readonly listener: number | undefined;
  readonly control: number | undefined;
}

const CAPABILITIES = { type: 'pci', features: ['pci-function', 'state-region'] };
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;
const MOST_ADAPTERS = 64;

function parseFd(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('It must be the number of an open descriptor.');
  return Number(text);
}

/** What a person needs to know when it listens: how to use it, how to ask it. */
function banner(socketPath: string, controlPath: string | undefined): string {
  const qemu = [
    'qemu-system-x86_64 -machine q35,memory-backend=mem -m 1G',
    '-object memory-backend-memfd,id=mem,size=1G,share=on',
    `-device pushbell-pci,socket=${socketPath} …`,
  ].join(' \\\n    ');
  const explain =
    controlPath === undefined ? '' : `Nothing happens? pushbell explain --control ${controlPath}\n\n`;
  return `listening on ${socketPath}\n\n  ${qemu}\n\n${explain}`;
}

/** Resolves with the first signal that asks to stop. */
function stopSignal(): { signal: Promise<string>; dispose: () => void } {
  const handlers: [NodeJS.Signals, () => void][] = [];
  const signal = new Promise<string>(gotten => {
    for (const name of STOP_SIGNALS) {
      const handler = (): void => gotten(name);
      process.on(name, handler);
      handlers.push([name, handler]);
    }
  });
  const dispose = (): void => {
    for (const [name, handler] of handlers) process.off(name, handler);
  };
  return { signal, dispose };
}

function checkUsage(options: ServeOptions): void {
  if ((options.socketPath === undefined) === (options.fd === undefined)) {
    throw new CliError('serve: give either --socket-path PATH or --fd N', Status.USAGE);
  }
  if (options.supervise && options.fd !== undefined) {
    throw new CliError(
      'serve: --supervise needs --socket-path: a connection cannot outlive its worker',
      Status.USAGE,
    );
  }
  if (options.fd !== undefined && !isUnixStream(options.fd)) {
    throw new CliError(`serve: descriptor ${options.fd} is not a connected Unix stream socket`);
  }
}

/** The sockets of the process and what tells of them, released in reverse order. */
class Place {
  listener: number | undefined = undefined;
  control: number | undefined = undefined;
  controlPath: string | undefined = undefined;
  readonly #logger: winston.Logger;
  readonly #undo: (() => void)[] = [];

  constructor(logger: winston.Logger) {
    this.#logger = logger;
  }

  claim(options: ServeOptions): void {
    if (options.socketPath !== undefined) this.listener = this.#claimOne(resolve(options.socketPath)).fd;
    if (options.control !== undefined) this.#claimControl(resolve(options.control));
    else if (options.socketPath !== undefined) this.#tryControl(`${resolve(options.socketPath)}.control`);
  }

  release(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }

  #claimOne(path: string): ClaimedSocket {
    const socket = claimSocket(path, text => this.#logger.warn(text));
    this.#undo.push(() => socket.release());
    return socket;
  }

  #claimControl(path: string): void {
    this.control = this.#claimOne(path).fd;
    this.controlPath = path;
    try {
      this.#undo.push(announce(path));
    } catch (error) {
      this.#logger.warn(
        `"pushbell explain" finds this back-end by --control only: ${(error as Error).message}`,
      );
    }
  }

  /** Nobody has asked for it: the adapter serves without. */
  #tryControl(path: string): void {
    try {
      this.#claimControl(path);
    } catch (error) {
      if (!(error instanceof SocketUnavailable)) throw error;
      this.#logger.warn(`no control socket: ${error.message}`);
    }
  }
}

/** The URL of the model's module. */
function modelUrl({ model }: ServeOptions): string {
  return (
    model === undefined ? new URL('../model/adapter.js', import.meta.url) : pathToFileURL(resolve(model))
  ).href;
}

async function serve(options: ServeOptions): Promise<void> {
  if (options.printCapabilities) {
    process.stdout.write(`${JSON.stringify(CAPABILITIES)}\n`);
    return;
  }
  checkUsage(options);
  const logger = createLogger(options.logLevel);
  // Whoever reads our output may go away; the guest must not notice.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  // From here on a signal ends the process in order, so that no socket file stays behind.
  const stop = stopSignal();
  const place = new Place(logger);
  const onReady = (): void => {
    const { socketPath } = options;
    if (socketPath !== undefined) process.stdout.write(banner(socketPath, place.controlPath));
  };
  try {
    place.claim(options);
    const run = options.supervise ? runSupervised : runDevice;
    await run(options, place, { logger, modelUrl: modelUrl(options), stopped: stop.signal, onReady });
  } catch (error) {
    if (error instanceof SocketUnavailable) throw new CliError(error.message);
    throw error;
  } finally {
    place.release();
    stop.dispose();
  }
}

export interface Run {
  readonly logger: winston.Logger;
  /** The module with createAdapter. */
  readonly modelUrl: string;
  /** Resolves with the signal that asks to stop. */
  readonly stopped: Promise<string>;
  readonly onReady: () => void;
}

/** Serves in this process until a signal, or the end of the only session. */
async function runDevice(options: ServeOptions, fds: Listening, run: Run): Promise<void> {
  const { logger } = run;
  const device = new DeviceThread({
    modelUrl: run.modelUrl,
    modelOptions: options.capture === undefined ? {} : { capturePath: resolve(options.capture) },
    listener: fds.listener,
    connected: options.fd,
    maxAdapters: options.maxAdapters,
    onLog: (level, message, fields) => logger.log(level, message, fields),
  });
  const controlServer = new ControlServer(request => device.request(request));
  try {
    await device.ready.catch((error: Error) => {
      throw new CliError(`the device could not start: ${error.message}`);
    });
    if (fds.control !== undefined) await controlServer.listen(fds.control);
    run.onReady();
    const signal = await Promise.race([run.stopped, device.ended.then(() => undefined)]);
    if (signal !== undefined) logger.info(`${signal}: ending`);
    await device.stop();
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw new CliError(
      `the device failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
  } finally {
    if (fds.control !== undefined) await controlServer.close();
  }
}

export function serveCommand(): Command {
  return new Command('serve')
    .summary('run the adapter alone and wait for QEMU')
    .description(
      "Runs the adapter as a vhost-user back-end: QEMU's pushbell-pci device connects to its socket.",
    )
    .option('--socket-path <path>', 'listen on this Unix socket (mode 0600)')
    .option('--fd <n>', 'use this connected Unix socket and end with it', parseFd)
    .option('--print-capabilities', 'print what this back-end can do, as JSON, and exit')
    .addOption(new Option('--log-level <level>', 'how much to log').choices(LOG_LEVELS).default('info'))
    .option(
      '--capture <file>',
      'write the packets of the fabric to this pcapng file (file-1… for adapter 1…)',
    )
    .option('--control <path>', 'where tests and tools may ask (status, explain, …); else PATH.control')
    .option(
      '--model <module>',
      'serve another device: a JavaScript module that exports createAdapter(options)',
    )
    .option(
      '--max-adapters <n>',
      'how many QEMU devices may be connected at once; more of them wait',
      wholeNumber(1, MOST_ADAPTERS),
      MAX_ADAPTERS,
    )
    .option(
      '--supervise',
      'serve in a process of its own and replace it when it ends (SIGUSR2: replace it now)',
    )
    .action(async (options: ServeOptions) => serve(options));
}
