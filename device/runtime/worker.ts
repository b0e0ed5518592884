// SPDX-License-Identifier: MIT
// The device thread. The reactor does not return while it has work, so nothing here waits for messages: the main thread
// writes the wake event and the loop then fetches what was posted. Log records are posted and never block.
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { ControlOp, LogLevel, PciModel } from '../model/ports.js';
import { usableCpus } from '../sys/cpu.js';
import { EventFd } from '../sys/eventfd.js';
import { monotonicClock } from './clock.js';
import { answerRequest, deviceOps } from './device-ops.js';
import type { FromDevice, ModelModule, ThreadData, ToDevice } from './device-thread.js';
import { PciFunction } from './pci-function.js';
import { RateLimit } from './rate-limit.js';
import { type Pause, Reactor } from './reactor.js';
import { Trace } from './trace.js';
import { tuneEngine } from './tuning.js';

const MAX_SPIN_NS = 200_000;

const data = workerData as ThreadData;
const port: MessagePort = data.port;
const post = (message: FromDevice): void => port.postMessage(message);

function newLog(): (level: LogLevel, message: string, fields?: Record<string, unknown>) => void {
  const limit = new RateLimit(monotonicClock);
  return (level, message, fields) => {
    const suppressed = limit.admit();
    if (suppressed === undefined) return;
    if (suppressed > 0)
      post({ kind: 'log', level: 'warn', message: `${suppressed} log lines left out`, fields: {} });
    post({ kind: 'log', level, message, fields: fields ?? {} });
  };
}

/** Handles what the main thread has posted; true when it wants the loop to end. */
function takePosted(ops: ReadonlyMap<string, ControlOp>): boolean {
  let stop = false;
  for (;;) {
    const received = receiveMessageOnPort(port);
    if (received === undefined) return stop;
    const message = received.message as ToDevice;
    if (message.kind === 'stop') stop = true;
    else post({ kind: 'answer', id: message.id, answer: answerRequest(ops, message.request) });
  }
}

async function main(): Promise<void> {
  tuneEngine();
  const { createAdapter } = (await import(data.modelUrl)) as ModelModule;
  const model: PciModel = createAdapter(data.modelOptions);
  const clock = monotonicClock;
  const trace = new Trace(clock);
  const log = newLog();
  const services = { clock, trace, log, random: (bytes: number) => new Uint8Array(randomBytes(bytes)) };
  let ops: ReadonlyMap<string, ControlOp> = new Map();
  const reactor = new Reactor({
    function: new PciFunction(model, services),
    clock,
    trace,
    log,
    wake: new EventFd(data.wakeFd),
    listener: data.listener,
    connected: data.connected,
    // A spinning consumer on the only processor takes the producer's time away.
    maxSpinNs: usableCpus() > 1 ? MAX_SPIN_NS : 0,
    onWake: () => takePosted(ops),
  });
  ops = deviceOps(reactor, trace, model);
  post({ kind: 'ready' });
  try {
    const pause = await runToEnd(reactor);
    reactor.dispose();
    model.close?.();
    post({ kind: 'ended', pause });
    port.close();
  } catch (error) {
    // The process may live on without this thread: the front-end must not wait for somebody who is not there.
    reactor.abandon();
    throw error;
  }
}

async function runToEnd(reactor: Reactor): Promise<Pause> {
  for (;;) {
    const pause = reactor.run();
    if (pause !== 'yield') return pause;
    await setImmediate();
  }
}

await main();
