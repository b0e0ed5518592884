// SPDX-License-Identifier: MIT
// A Target on a World that writes down what is done to it: the undisturbed run of a scenario becomes the tape that all
// runs with a death are played from.
import type { ControlEvent, Dma } from '../../device/model/ports.js';
import type { Target } from '../support/target.js';
import type { Item, Slot } from './tape.js';
import type { World } from './world.js';

/** Beyond the memory of every world. */
const NOWHERE = 2 ** 40;

export class Recorder implements Target {
  readonly name = 'recorder';
  readonly ramBase = 0;
  readonly ramBytes: number;
  readonly nowhere = NOWHERE;
  readonly world: World;
  tape: Item[] = [];

  constructor(world: World) {
    this.world = world;
    this.ramBytes = world.memory.u8.length;
  }

  readBytes(address: number, length: number): Uint8Array {
    return this.world.memory.u8.slice(address, address + length);
  }

  writeBytes(address: number, bytes: Uint8Array): void {
    this.tape.push({ kind: 'memory', address, bytes: bytes.slice() });
    this.world.memory.u8.set(bytes, address);
  }

  load(bar: number, offset: number, size: number): number {
    const value = this.world.load(bar, offset, size);
    this.tape.push({ kind: 'load', bar, offset, size, value });
    return value;
  }

  store(bar: number, offset: number, size: number, lo: number, hi = 0): void {
    const slot: Slot = { kind: 'slot', bar, offset, size, lo: lo >>> 0, hi: hi >>> 0 };
    this.tape.push(slot);
    this.world.write(slot);
  }

  settle(): void {
    const { world } = this;
    world.settle();
    const { level } = world;
    this.tape.push({
      kind: 'settle',
      memory: world.memory.u8.slice(),
      interrupts: new Map(world.seen),
      level,
    });
    world.seen.clear();
  }

  control(event: ControlEvent): void {
    this.tape.push({ kind: 'control', event });
    this.world.control(event);
  }

  /** Translations of a range change, and the model is told. */
  hole(start: number, length: number, answer: Dma): void {
    this.tape.push({ kind: 'hole', start, length, answer });
    this.world.hole(start, length, answer);
  }

  time(nowNs: number): void {
    this.tape.push({ kind: 'time', nowNs });
    this.world.nowNs = nowNs;
  }

  interrupts(vector: number): number {
    return this.world.interrupts.get(vector) ?? 0;
  }

  busMaster(on: boolean): void {
    this.control({ kind: 'bus-master', value: on });
  }

  msix(on: boolean): void {
    this.control({ kind: 'msix', value: on });
  }

  power(on: boolean): void {
    this.control({ kind: 'power', value: on });
  }

  close(): void {}
}
