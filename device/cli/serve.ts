// SPDX-License-Identifier: MIT
// pushbell serve: the back-end alone, by the conventions of vhost-user back-end programs (QEMU,
// docs/interop/vhost-user.rst, "Backend program conventions").
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Command, InvalidArgumentError, Option } from 'commander';
import { type ClaimedSocket, claimSocket, SocketUnavailable } from '../runtime/claim-socket.js';
import { ControlServer } from '../runtime/control-server.js';
import { DeviceThread } from '../runtime/device-thread.js';
import { createLogger, LOG_LEVELS } from '../runtime/logger.js';
import { isUnixStream } from '../sys/unix-socket.js';
import { CliError, Status } from './cli-error.js';

interface ServeOptions {
  readonly socketPath?: string;
  readonly fd?: number;
  readonly printCapabilities?: true;
  readonly logLevel: string;
  readonly capture?: string;
  readonly control?: string;
  readonly model?: string;
}

const CAPABILITIES = { type: 'pci', features: ['pci-function', 'state-region'] };
const STOP_SIGNALS = ['SIGTERM', 'SIGINT', 'SIGHUP'] as const;

function parseFd(text: string): number {
  if (!/^\d{1,7}$/.test(text)) throw new InvalidArgumentError('It must be the number of an open descriptor.');
  return Number(text);
}

/** The QEMU command line that uses the socket. */
function qemuLine(socketPath: string): string {
  return [
    'qemu-system-x86_64 -machine q35,memory-backend=mem -m 1G',
    '-object memory-backend-memfd,id=mem,size=1G,share=on',
    `-device pushbell-pci,socket=${socketPath} …`,
  ].join(' \\\n    ');
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

function claim(path: string, notice: (text: string) => void): ClaimedSocket {
  try {
    return claimSocket(path, notice);
  } catch (error) {
    if (error instanceof SocketUnavailable) throw new CliError(error.message);
    throw error;
  }
}

function checkUsage(options: ServeOptions): void {
  if ((options.socketPath === undefined) === (options.fd === undefined)) {
    throw new CliError('serve: give either --socket-path PATH or --fd N', Status.USAGE);
  }
  if (options.fd !== undefined && !isUnixStream(options.fd)) {
    throw new CliError(`serve: descriptor ${options.fd} is not a connected Unix stream socket`);
  }
}

async function serve(options: ServeOptions): Promise<void> {
  if (options.printCapabilities) {
    process.stdout.write(`${JSON.stringify(CAPABILITIES)}\n`);
    return;
  }
  checkUsage(options);
  const logger = createLogger(options.logLevel);
  const sockets: ClaimedSocket[] = [];
  const claimOne = (path: string): ClaimedSocket => {
    const socket = claim(path, text => logger.warn(text));
    sockets.push(socket);
    return socket;
  };
  // Whoever reads our output may go away; the guest must not notice.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
  // From here on a signal ends the process in order, so that no socket file stays behind.
  const stop = stopSignal();
  try {
    const listener = options.socketPath === undefined ? undefined : claimOne(resolve(options.socketPath)).fd;
    const control = options.control === undefined ? undefined : claimOne(resolve(options.control)).fd;
    await runDevice(options, { listener, control }, logger, stop.signal);
  } finally {
    for (const socket of sockets) socket.release();
    stop.dispose();
  }
}

async function runDevice(
  options: ServeOptions,
  fds: { listener: number | undefined; control: number | undefined },
  logger: ReturnType<typeof createLogger>,
  stopped: Promise<string>,
): Promise<void> {
  const modelUrl =
    options.model === undefined
      ? new URL('../model/adapter.js', import.meta.url)
      : pathToFileURL(resolve(options.model));
  const device = new DeviceThread({
    modelUrl: modelUrl.href,
    modelOptions: options.capture === undefined ? {} : { capturePath: resolve(options.capture) },
    listener: fds.listener,
    connected: options.fd,
    onLog: (level, message, fields) => logger.log(level, message, fields),
  });
  const controlServer = new ControlServer(request => device.request(request));
  try {
    await device.ready.catch((error: Error) => {
      throw new CliError(`the device could not start: ${error.message}`);
    });
    if (fds.control !== undefined) await controlServer.listen(fds.control);
    if (options.socketPath !== undefined) {
      process.stdout.write(`listening on ${options.socketPath}\n\n  ${qemuLine(options.socketPath)}\n\n`);
    }
    const signal = await Promise.race([stopped, device.ended.then(() => undefined)]);
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
    .option('--capture <file>', 'write the packets of the fabric to this pcapng file')
    .option('--control <path>', 'listen here for requests of tests and tools (status, trace, …)')
    .option(
      '--model <module>',
      'serve another device: a JavaScript module that exports createAdapter(options)',
    )
    .action(async (options: ServeOptions) => serve(options));
}
