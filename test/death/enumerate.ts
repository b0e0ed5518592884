// SPDX-License-Identifier: MIT
// Death at every write: records a scenario, then plays it again and again with a death at store n, for every n; and
// with a second death during the recovery from the first.
import type { RegionMemory } from '../../device/model/ports.js';
import { Driver } from '../support/driver.js';
import type { Cq, Eq, Qp } from '../support/work.js';
import { inspect } from './inspect.js';
import { type MakeJournal, newRegion } from './mortal.js';
import { Recorder } from './recorder.js';
import { Mismatch, type Plan, type Recording, replay } from './replay.js';
import { HOT } from './unreferenced.js';
import { World } from './world.js';

const MEMORY_BYTES = 192 * 1024;

/** What a scenario works with. */
export interface Stage {
  readonly driver: Driver;
  readonly target: Recorder;
  /** An event queue whose events the interrupt check looks at. */
  eq(vector?: number, logDepth?: number): Eq;
  /** After the part in which the process may die: work that shows that the adapter is alive. Default: afterwards(). */
  epilogue: () => void;
}

export interface Scenario {
  readonly name: string;
  readonly loose?: boolean;
  /** Several queues tell one other queue: which comes first is free when a translation is missing. */
  readonly shared?: boolean;
  /** What Host.workWaiting answers; without it the host has none. */
  readonly workWaiting?: boolean;
  /** Packets are captured. */
  readonly capture?: boolean;
  /** SEQ of the first slot. */
  readonly position?: number;
  /** Makes the objects; returns the part in which the process may die. */
  readonly setup: (stage: Stage) => () => void;
}

/** One region for all worlds of a test process: it is large, and nearly all of it stays zero. */
let region: RegionMemory | undefined;

export function newWorld(scenario: Scenario, makeJournal?: MakeJournal): World {
  region ??= newRegion();
  for (const [first, count] of HOT) region.u32.fill(0, first, first + count);
  const options = makeJournal === undefined ? {} : { makeJournal };
  const { workWaiting, capture = false } = scenario;
  const world = new World(region, MEMORY_BYTES, { ...options, workWaiting, capture });
  world.position = scenario.position ?? 0;
  world.start(true);
  world.run();
  return world;
}

/** Runs the scenario undisturbed on a new world. */
export function record(scenario: Scenario, world: World): Recording {
  const target = new Recorder(world);
  const driver = new Driver(target).start();
  const eqs: Eq[] = [];
  const stage: Stage = {
    driver,
    target,
    eq: (vector = 0, logDepth = 4) => {
      const made = driver.createEq(vector, logDepth);
      eqs.push(made);
      return made;
    },
    epilogue: () => undefined,
  };
  const alive = lifeSign(stage);
  stage.epilogue = () => showLife(stage, alive);
  const body = scenario.setup(stage);
  target.settle();
  world.eventQueues = eqs.map(eq => [eq.address, eq.depth * 16]);
  const start = world.snapshot();
  world.restore(start);
  target.tape = [];
  body();
  target.settle();
  const stores = world.ledger.count;
  stage.epilogue();
  target.settle();
  const tape = target.tape;
  const { transfers } = world.memory;
  const end = inspect(world);
  checkRest(world.region.u32);
  return { name: scenario.name, start, tape, end, stores, transfers, loose: scenario.loose ?? false };
}

interface LifeSign {
  readonly qp: Qp;
  readonly cq: Cq;
  readonly eq: Eq;
  readonly buffer: number;
}

const LIFE_VECTOR = 7;
const COPY = 2;

function lifeSign(stage: Stage): LifeSign {
  const { driver } = stage;
  const eq = stage.eq(LIFE_VECTOR);
  const cq = driver.createCq(eq, 4);
  const qp = driver.channel({ sendCq: cq, logDepth: 2, logStride: 7 });
  return { qp, cq, eq, buffer: driver.alloc(4096) };
}

/** The adapter still takes a doorbell, copies, completes, sends an event and an interrupt. */
function showLife({ driver, target }: Stage, { qp, cq, eq, buffer }: LifeSign): void {
  target.writeBytes(
    buffer,
    Uint8Array.from({ length: 64 }, (_, n) => n + 1),
  );
  driver.armEq(eq);
  driver.arm(cq);
  driver.send(qp, {
    opcode: COPY,
    gather: [{ address: buffer, length: 64 }],
    scatter: [{ address: buffer + 64, length: 64 }],
  });
  target.settle();
}

/** The part of the region that is not restored between two runs must not have been used. */
function checkRest(m: Uint32Array): void {
  const sorted = [...HOT].sort((a, b) => a[0] - b[0]);
  let from = 0;
  for (const [first, count] of [...sorted, [m.length, 0]] as const) {
    for (let w = from; w < first; w++)
      if (m[w] !== 0) throw new Error(`the scenario uses word ${w} of the region, which is not restored`);
    from = first + count;
  }
}

export interface Tally {
  readonly stores: number;
  readonly runs: number;
}

/** How a run with deaths went wrong. */
export class Caught extends Error {
  override readonly name = 'Caught';
  constructor(name: string, plan: Plan, cause: unknown) {
    const reason = cause instanceof Mismatch ? cause.message : String((cause as Error).stack);
    super(`${name}: death at store ${plan.deaths.join(', then ')}${plan.early ? ', early' : ''}: ${reason}`);
  }
}

/** The recording as it is held against runs in which translations are missing. */
const unordered = (scenario: Scenario, recording: Recording): Recording =>
  scenario.shared === true ? { ...recording, loose: true } : recording;

function attempt(world: World, recording: Recording, plan: Plan) {
  try {
    return replay(world, recording, plan);
  } catch (error) {
    throw new Caught(recording.name, plan, error);
  }
}

/** One death, at every `stride`-th store. Throws Caught at the first that can be told. */
export function singleDeaths(
  scenario: Scenario,
  stride = 1,
  makeJournal?: MakeJournal,
  forgetful = false,
): Tally {
  const world = newWorld(scenario, makeJournal);
  const recorded = record(scenario, world);
  const recording = forgetful ? unordered(scenario, recorded) : recorded;
  let runs = 0;
  for (let n = 1; n <= recording.stores; n += stride) {
    // By turns, whether the slots that wait are taken before RUN or after it.
    const outcome = attempt(world, recording, { deaths: [n], early: runs % 2 === 0, forgetful });
    if (outcome.deaths !== 1) throw new Error(`${scenario.name}: no death at store ${n}`);
    runs++;
  }
  return { stores: recording.stores, runs };
}

export interface DoubleOptions {
  /** First of the stores for the first death; 1 unless given. */
  readonly start?: number;
  /** Of the stores for the first death. */
  readonly stride: number;
  /** Of the stores of the recovery, for the second. */
  readonly recoveryStride: number;
  /** How many stores after the recovery are tried, spread evenly. */
  readonly after: number;
  /** A process that starts finds no translation. */
  readonly forgetful?: boolean;
}

/** Two deaths: the second during the recovery from the first, and at some stores after it. */
export function doubleDeaths(scenario: Scenario, o: DoubleOptions, makeJournal?: MakeJournal): Tally {
  const world = newWorld(scenario, makeJournal);
  const { forgetful = false } = o;
  const recorded = record(scenario, world);
  const recording = forgetful ? unordered(scenario, recorded) : recorded;
  let runs = 0;
  for (let n = o.start ?? 1; n <= recording.stores; n += o.stride) {
    const early = runs % 2 === 0;
    const first = attempt(world, recording, { deaths: [n], early, forgetful });
    runs++;
    const rest = first.storesAfter - first.recoveryStores;
    const seconds: number[] = [];
    for (let m = 1; m <= first.recoveryStores; m += o.recoveryStride) seconds.push(m);
    for (let k = 0; k < o.after; k++)
      seconds.push(first.recoveryStores + 1 + Math.floor((rest * k) / o.after));
    for (const m of seconds) {
      attempt(world, recording, { deaths: [n, m], early, forgetful });
      runs++;
    }
  }
  return { stores: recording.stores, runs };
}

/** No death, but before every `stride`-th transfer the translations that it needs go away, once. */
export function singleMisses(scenario: Scenario, stride = 1): Tally {
  const world = newWorld(scenario);
  const recording = unordered(scenario, record(scenario, world));
  let runs = 0;
  for (let n = 1; n <= recording.transfers; n += stride) {
    attempt(world, recording, { deaths: [], early: false, missAt: n });
    runs++;
  }
  return { stores: recording.stores, runs };
}

/** A translation goes away before a transfer, and the process dies at a store, before or after it. */
export function missThenDeath(scenario: Scenario, stride: number): Tally {
  const world = newWorld(scenario);
  const recording = unordered(scenario, record(scenario, world));
  let runs = 0;
  for (let n = 1; n <= recording.transfers; n += stride) {
    for (let death = 1 + (n % stride); death <= recording.stores; death += Math.ceil(recording.stores / 8)) {
      attempt(world, recording, { deaths: [death], early: runs % 2 === 0, missAt: n, forgetful: true });
      runs++;
    }
  }
  return { stores: recording.stores, runs };
}

/** Translations go away again and again, at every `every`-th transfer, and all of them at a death. */
export function manyMisses(scenario: Scenario, every: number, stride: number): Tally {
  const world = newWorld(scenario);
  const recording = unordered(scenario, record(scenario, world));
  let runs = 0;
  attempt(world, recording, { deaths: [], early: false, missEvery: every });
  for (let n = 1 + (every % stride); n <= recording.stores; n += stride) {
    attempt(world, recording, { deaths: [n], early: runs % 2 === 0, missEvery: every, forgetful: true });
    runs++;
  }
  return { stores: recording.stores, runs };
}
