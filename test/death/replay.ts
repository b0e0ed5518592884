// SPDX-License-Identifier: MIT
// Plays a tape with deaths in it and holds the outcome against the undisturbed run.
import { inspect } from './inspect.js';
import { Death } from './mortal.js';
import { type Item, lostInterrupt, type Slot } from './tape.js';
import type { Snapshot, World } from './world.js';

/** One scenario, recorded. */
export interface Recording {
  readonly name: string;
  readonly start: Snapshot;
  readonly tape: readonly Item[];
  /** What inspect() says at the end. */
  readonly end: readonly string[];
  /** Stores up to the end of the tape's part in which the process may die. */
  readonly stores: number;
  /** Accesses to guest memory that move something, on the whole tape. */
  readonly transfers: number;
  /** Only the end is compared: a restart may change how far work has come at the points in between. */
  readonly loose: boolean;
}

export interface Plan {
  /** Store at which the process dies; the second counts from the restart on. */
  readonly deaths: readonly number[];
  /** Whether the slots that wait in the ring are handled before RUN. */
  readonly early: boolean;
  /** A process that starts finds no translation: each page is asked for anew. */
  readonly forgetful?: boolean;
  /** Transfer before which the translations of its pages go away. */
  readonly missAt?: number;
  /** The same before every transfer whose number is a multiple of this; more than any step has. */
  readonly missEvery?: number;
}

/** How the outcome differs from the undisturbed run. */
export class Mismatch extends Error {
  override readonly name = 'Mismatch';
}

export interface Outcome {
  /** Deaths that happened. */
  readonly deaths: number;
  /** Stores from the last restart to the end of the recovery, and to the end of the tape. */
  readonly recoveryStores: number;
  readonly storesAfter: number;
}

class Player {
  readonly #world: World;
  readonly #recording: Recording;
  readonly #plan: Plan;
  #at = 0;
  /** The consumer index in the ring header, and where on the tape that slot comes. It lags: it moves once a batch. */
  #ringFrom: number;
  #tapeFrom = 0;
  #deaths = 0;
  #restartedAt = 0;
  #recoveredAt = 0;

  constructor(world: World, recording: Recording, plan: Plan) {
    this.#world = world;
    this.#recording = recording;
    this.#plan = plan;
    this.#ringFrom = world.position;
  }

  run(): Outcome {
    const { ledger } = this.#world;
    const { tape, end } = this.#recording;
    ledger.deathAt = this.#plan.deaths[0] ?? Infinity;
    while (this.#at < tape.length) this.#survive(() => this.#play(tape[this.#at]));
    const storesAfter = ledger.count - this.#restartedAt;
    const recoveryStores = this.#recoveredAt - this.#restartedAt;
    ledger.deathAt = Infinity;
    this.#world.memory.missEvery = Infinity;
    this.#world.memory.knowAll();
    this.#world.translate();
    compareLines(end, inspect(this.#world));
    return { deaths: this.#deaths, recoveryStores, storesAfter };
  }

  #survive(act: () => void): void {
    try {
      act();
      return;
    } catch (error) {
      if (!(error instanceof Death)) throw error;
    }
    const { ledger } = this.#world;
    this.#deaths++;
    ledger.deathAt = ledger.count + (this.#plan.deaths[this.#deaths] ?? Infinity);
    this.#restartedAt = ledger.count;
    this.#survive(() => this.#restart());
  }

  #restart(): void {
    const { tape } = this.#recording;
    const waiting: Slot[] = [];
    let next = this.#tapeFrom;
    // The guest goes on, without an adapter, up to the point where it waits for one.
    for (; next < tape.length; next++) {
      const item = tape[next];
      if (item.kind === 'slot') waiting.push(item);
      else if (item.kind !== 'memory' || next > this.#at) break;
    }
    this.#world.restart(this.#ringFrom, waiting, this.#plan.early);
    this.#recoveredAt = this.#world.ledger.count;
    // A control event that was cut off is made good by the restart: QEMU has told the present state.
    this.#at = tape[this.#at].kind === 'control' ? this.#at + 1 : Math.max(this.#at, next);
    this.#publish();
  }

  /** The consumer index in the ring header moves. */
  #publish(): void {
    this.#tapeFrom = this.#at;
    this.#ringFrom = this.#world.position;
  }

  #play(item: Item): void {
    const world = this.#world;
    const inRing = item.kind === 'slot' || item.kind === 'memory';
    if (!inRing) this.#publish();
    switch (item.kind) {
      case 'memory':
        world.memory.u8.set(item.bytes, item.address);
        break;
      case 'slot':
        world.write(item);
        break;
      case 'load':
        this.#load(item);
        break;
      case 'control':
        world.control(item.event);
        break;
      case 'hole':
        world.hole(item.start, item.length, item.answer);
        break;
      case 'time':
        world.nowNs = item.nowNs;
        break;
      case 'settle':
        this.#settle(item);
        break;
    }
    this.#at++;
    if (!inRing) this.#publish();
  }

  #load(item: Extract<Item, { kind: 'load' }>): void {
    const world = this.#world;
    const get = (): number => world.load(item.bar, item.offset, item.size);
    if (get() === item.value) return;
    // A command that came before RUN is carried out by the first poll after it, one that waits for translations when they
    // are there; the guest would ask again.
    do world.adapter.poll(0);
    while (get() !== item.value && world.translate());
    const value = get();
    if (value !== item.value && !this.#recording.loose)
      throw new Mismatch(`register 0x${item.offset.toString(16)} is ${value}, not ${item.value}`);
  }

  #settle(item: Extract<Item, { kind: 'settle' }>): void {
    const world = this.#world;
    world.settle();
    if (this.#recording.loose) return;
    compareMemory(item.memory, world.memory.u8);
    if (world.level !== item.level) throw new Mismatch(`INTx is ${world.level}, not ${item.level}`);
    const lost = lostInterrupt(item.interrupts, world.seen);
    if (lost !== undefined) throw new Mismatch(lost);
    world.seen.clear();
  }
}

function compareMemory(expected: Uint8Array, actual: Uint8Array): void {
  if (Buffer.compare(expected, actual) === 0) return;
  const at = expected.findIndex((byte, n) => byte !== actual[n]);
  throw new Mismatch(`guest memory at 0x${at.toString(16)} is ${actual[at]}, not ${expected[at]}`);
}

function compareLines(expected: readonly string[], actual: readonly string[]): void {
  for (let n = 0; n < expected.length; n++)
    if (expected[n] !== actual[n]) throw new Mismatch(`"${actual[n]}" instead of "${expected[n]}"`);
}

/** Plays the recording on `world`; throws Mismatch when the guest could tell the difference. */
export function replay(world: World, recording: Recording, plan: Plan): Outcome {
  world.restore(recording.start);
  if (plan.forgetful === true) world.forgetTranslations();
  world.memory.missAt = plan.missAt ?? Infinity;
  world.memory.missEvery = plan.missEvery ?? Infinity;
  return new Player(world, recording, plan).run();
}
