// SPDX-License-Identifier: MIT
// The program of a supervised worker ("pushbell serve --supervise" starts it): loads everything, waits behind all other
// processes, and serves when it is told to. It ends with its supervisor, whatever ends that one.
import { ControlServer } from '../runtime/control-server.js';
import { DeviceThread } from '../runtime/device-thread.js';
import { pathWith } from '../runtime/file-names.js';
import { createLogger } from '../runtime/logger.js';
import {
  CONTROL_FD,
  type FromWorker,
  LISTENER_FD,
  type ToWorker,
  type WorkerConfig,
} from '../runtime/worker-protocol.js';
import { dieWithParent, lowerPriority } from '../sys/process.js';
import { Status } from './cli-error.js';

const STANDBY_NICE = 10;

const config = JSON.parse(process.argv[2] ?? '{}') as WorkerConfig;
if (!dieWithParent(config.supervisorPid)) process.exit(Status.INFRASTRUCTURE);
if (!config.urgent) lowerPriority(STANDBY_NICE);
// Ctrl-C, a closed terminal and "kill -USR2 -- -GROUP" reach the whole process group; the supervisor decides what
// becomes of us.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.on(signal, () => undefined);
process.on('SIGTERM', () => void end());
process.on('disconnect', () => process.exit(Status.INFRASTRUCTURE));
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);

const logger = createLogger(config.logLevel);
const tell = (message: FromWorker): void => void process.send!(message, () => undefined);
const device = new DeviceThread({
  modelUrl: config.modelUrl,
  modelOptions: {},
  maxAdapters: config.maxAdapters,
  rehearse: !config.urgent,
  onLog: (level, message, fields) => logger.log(level, message, fields),
});
const controlServer = new ControlServer(request => device.request(request));

process.on('message', (message: ToWorker) => {
  if (message.kind === 'serve') serve(message.restarts);
  else void end();
});

function serve(restarts: number): void {
  const { capturePath } = config;
  // A standby must not open the file that the worker before it writes, nor overwrite what it has written.
  const path = capturePath && restarts > 0 ? pathWith(capturePath, `-restart${restarts}`) : capturePath;
  const modelOptions = path === undefined ? undefined : { capturePath: path };
  device.listen({ listener: LISTENER_FD, restarts, modelOptions });
  if (config.control) void controlServer.listen(CONTROL_FD);
}

let ending = false;
let ready = false;

async function end(): Promise<void> {
  ending = true;
  await Promise.allSettled([device.stop(), controlServer.close()]);
  process.exit(Status.OK);
}

device.ready.then(
  () => {
    ready = true;
    tell({ kind: 'ready' });
  },
  (error: Error) => {
    const failure: FromWorker = { kind: 'failed', message: `the device could not start: ${error.message}` };
    process.send!(failure, () => process.exit(Status.INFRASTRUCTURE));
  },
);
device.ended.catch((error: Error) => {
  if (ending || !ready) return;
  logger.error(`the device failed: ${error.stack ?? error.message}`);
  // The log goes out in this turn of the event loop.
  setImmediate(() => process.exit(Status.INFRASTRUCTURE));
});
