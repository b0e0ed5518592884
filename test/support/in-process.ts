// SPDX-License-Identifier: MIT
// The model in this process, on flat memory and a clock that only moves when told to.
import { STATE_BYTES } from '../../device/abi/generated/state.js';
import { type Adapter, type AdapterOptions, createAdapter } from '../../device/model/adapter.js';
import type { Host, RegionMemory } from '../../device/model/ports.js';
import { FlatMemory } from './flat-memory.js';
import type { Target } from './target.js';

const SLICES = 1;
/** Beyond any RAM that a test gives the adapter. */
const NOWHERE = 2 ** 40;
/** Slices of one settle() at most: what goes on longer than this never ends. */
const SETTLE_LIMIT = 5_000_000;

export interface InProcessOptions extends AdapterOptions {
  ramBytes?: number;
  region?: RegionMemory;
  memory?: FlatMemory;
  /** Makes the adapter; another one than the model's own for tests that take a behaviour out of it. */
  create?: (options: AdapterOptions) => Adapter;
}

export function freshRegion(): RegionMemory {
  const buffer = new SharedArrayBuffer(STATE_BYTES);
  return { u32: new Uint32Array(buffer), u8: new Uint8Array(buffer) };
}

export class InProcess implements Target {
  readonly name = 'in process';
  readonly ramBase = 0;
  readonly ramBytes: number;
  readonly nowhere = NOWHERE;
  readonly memory: FlatMemory;
  readonly region: RegionMemory;
  readonly logs: string[] = [];
  adapter: Adapter;
  nowNs = 0;
  /** Level of INTx. */
  interruptLevel = false;
  #position = 0;
  readonly #interrupts = new Map<number, number>();
  readonly host: Host & { workWaiting?: () => boolean };

  constructor(options: InProcessOptions = {}) {
    this.ramBytes = options.ramBytes ?? 1 << 24;
    this.memory = options.memory ?? new FlatMemory(this.ramBytes);
    this.region = options.region ?? freshRegion();
    this.host = {
      memory: this.memory.port,
      clock: { nowNs: () => this.nowNs },
      raiseInterrupt: vector => this.#interrupts.set(vector, this.interrupts(vector) + 1),
      setInterruptLevel: level => {
        this.interruptLevel = level;
      },
      log: (level, message) => this.logs.push(`${level}: ${message}`),
    };
    this.adapter = (options.create ?? createAdapter)(options);
    this.adapter.attach(this.host, this.region, true);
    this.adapter.control({ kind: 'bus-master', value: true });
    this.adapter.control({ kind: 'msix', value: true });
    this.adapter.control({ kind: 'run' });
  }

  readBytes(address: number, length: number): Uint8Array {
    return this.memory.u8.slice(address, address + length);
  }

  writeBytes(address: number, bytes: Uint8Array): void {
    this.memory.u8.set(bytes, address);
  }

  load(bar: number, offset: number, size: number): number {
    this.adapter.read(bar, offset, size);
    return this.adapter.readLo;
  }

  store(bar: number, offset: number, size: number, lo: number, hi = 0): void {
    this.adapter.write(bar, offset, size, lo >>> 0, hi >>> 0, this.#position++);
  }

  /** One slice of work; true while more can run. */
  step(): boolean {
    return this.adapter.poll(SLICES);
  }

  settle(): void {
    for (let n = 0; this.step() || this.#translate(); n++)
      if (n > SETTLE_LIMIT) throw new Error('the adapter never comes to rest');
  }

  /** Translations that the adapter waits for arrive. */
  #translate(): boolean {
    const some = this.memory.resolve();
    if (some) this.adapter.memoryChanged();
    return some;
  }

  interrupts(vector: number): number {
    return this.#interrupts.get(vector) ?? 0;
  }

  busMaster(on: boolean): void {
    this.adapter.control({ kind: 'bus-master', value: on });
  }

  msix(on: boolean): void {
    this.adapter.control({ kind: 'msix', value: on });
  }

  power(on: boolean): void {
    this.adapter.control({ kind: 'power', value: on });
  }

  close(): void {
    this.adapter.capture.stop();
  }
}
