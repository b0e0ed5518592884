// SPDX-License-Identifier: MIT
// The device thread. The reactor does not return while it has work, so nothing here waits for messages: the main thread
// writes the wake event and the loop then fetches what was posted. Log records are posted and never block.
import { randomBytes } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { type MessagePort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { ControlOp, PciModel } from '../model/ports.js';
import { usableCpus } from '../sys/cpu.js';
import { EventFd } from '../sys/eventfd.js';
import { type AdapterParts, AdapterSlots } from './adapter-slot.js';
import { monotonicClock } from './clock.js';
import { answerRequest, deviceOps, type ProcessFacts } from './device-ops.js';
import type { FromDevice, ModelModule, ThreadData, ToDevice } from './device-thread.js';
import { pathWith } from './file-names.js';
import { type Log, PciFunction } from './pci-function.js';
import { RateLimit } from './rate-limit.js';
import { type Pause, Reactor } from './reactor.js';
import { rehearse } from './rehearsal.js';
import { Trace } from './trace.js';
import { tuneEngine } from './tuning.js';

const MAX_SPIN_NS = 200_000;

const data = workerData as ThreadData;
const port: MessagePort = data.port;
let { modelOptions } = data;
/** The first adapter is being made. */
let starting = true;
const post = (message: FromDevice): void => port.postMessage(message);

/** A log that the guest cannot flood, and that tells adapters apart when there is more than the first. */
function newLog(adapter: number): Log {
  const limit = new RateLimit(monotonicClock);
  const which = adapter === 0 ? {} : { adapter };
  return (level, message, fields) => {
    const suppressed = limit.admit();
    if (suppressed === undefined) return;
    if (suppressed > 0)
      post({ kind: 'log', level: 'warn', message: `${suppressed} log lines left out`, fields: which });
    post({ kind: 'log', level, message, fields: { ...which, ...fields } });
  };
}

/** What an adapter may know of the others. */
interface Others {
  mayWant(): boolean;
  have(address: string, adapter: number): boolean;
}

/** Options of the model for one of several adapters: each has its own MAC address and its own files. */
function optionsOf(adapter: number, others: Others): Record<string, unknown> {
  const { seed = 1, capturePath, ...rest } = modelOptions;
  const addressTaken = (address: string): boolean => others.have(address, adapter);
  const options: Record<string, unknown> = { ...rest, seed: Number(seed) + adapter, addressTaken };
  if (capturePath !== undefined)
    options.capturePath = adapter === 0 ? capturePath : pathWith(String(capturePath), `-${adapter}`);
  return options;
}

/**
 * A capture that cannot be made is an error of the command line while the device starts. From then on it is a diagnostic
 * that must not cost anybody the adapter, which goes on without.
 */
function createLeniently(
  createAdapter: ModelModule['createAdapter'],
  options: Readonly<Record<string, unknown>>,
  log: Log,
): PciModel {
  try {
    return createAdapter(options);
  } catch (error) {
    const { capturePath, ...rest } = options;
    if (starting || capturePath === undefined) throw error;
    const model = createAdapter(rest);
    log('error', `no capture: ${(error as Error).message}`);
    return model;
  }
}

function newAdapter(
  adapter: number,
  createAdapter: ModelModule['createAdapter'],
  others: Others,
): AdapterParts {
  const clock = monotonicClock;
  const trace = new Trace(clock);
  const log = newLog(adapter);
  const model = createLeniently(createAdapter, optionsOf(adapter, others), log);
  const random = (bytes: number): Uint8Array => new Uint8Array(randomBytes(bytes));
  return {
    model,
    trace,
    log,
    function: new PciFunction(model, { clock, trace, log, random, othersWaiting: others.mayWant }),
  };
}

/** Handles what the main thread has posted; true when it wants the loop to end. */
function takePosted(
  reactor: Reactor,
  adapters: AdapterSlots,
  facts: ProcessFacts,
  ops: ReadonlyMap<string, ControlOp>,
): boolean {
  let stop = false;
  for (;;) {
    const received = receiveMessageOnPort(port);
    if (received === undefined) return stop;
    const message = received.message as ToDevice;
    if (message.kind === 'stop') stop = true;
    else if (message.kind === 'listen') {
      facts.restarts = message.restarts;
      if (message.modelOptions !== undefined) {
        modelOptions = message.modelOptions;
        adapters.remake();
      }
      reactor.listen(message.listener);
    } else post({ kind: 'answer', id: message.id, answer: answerRequest(ops, message.request) });
  }
}

/** A standby that could not rehearse is slower for once, and no worse otherwise. */
function tryRehearsal(createAdapter: ModelModule['createAdapter']): void {
  try {
    rehearse(createAdapter({}), monotonicClock);
  } catch (error) {
    newLog(0)('debug', `no rehearsal: ${(error as Error).message}`);
  }
}

async function main(): Promise<void> {
  tuneEngine();
  const { createAdapter } = (await import(data.modelUrl)) as ModelModule;
  if (data.rehearse) tryRehearsal(createAdapter);
  const others: Others = {
    mayWant: () => adapters.active.length > 1,
    have: (address, adapter) =>
      adapters.active.some(slot => slot.index !== adapter && slot.model.address === address),
  };
  const adapters: AdapterSlots = new AdapterSlots(data.maxAdapters, index =>
    newAdapter(index, createAdapter, others),
  );
  starting = false;
  const facts: ProcessFacts = { restarts: 0 };
  const ops = deviceOps(adapters, facts, () => monotonicClock.nowNs());
  const reactor: Reactor = new Reactor({
    adapters,
    clock: monotonicClock,
    log: newLog(0),
    wake: new EventFd(data.wakeFd),
    listener: data.listener,
    connected: data.connected,
    // A spinning consumer on the only processor takes the producer's time away.
    maxSpinNs: usableCpus() > 1 ? MAX_SPIN_NS : 0,
    onWake: () => takePosted(reactor, adapters, facts, ops),
  });
  post({ kind: 'ready' });
  try {
    const pause = await runToEnd(reactor);
    reactor.dispose();
    for (const slot of adapters.all) slot.model.close?.();
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
