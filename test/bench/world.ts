// SPDX-License-Identifier: MIT
// The model on mapped memory, as the device process has it, driven through the Target interface.
import { GuestRam } from '../../device/memory/guest-memory.js';
import { type Adapter, createAdapter } from '../../device/model/adapter.js';
import { createMemfd } from '../../device/sys/fd.js';
import { Mapping } from '../../device/sys/mapping.js';
import { Driver } from '../support/driver.js';
import type { Target } from '../support/target.js';

const RAM_BYTES = 160 * 1024 * 1024;
/** As many slices as the reactor gives a turn. */
const SLICES_A_TURN = 4;

export class World implements Target {
  readonly name = 'bench';
  readonly ramBase: number;
  readonly ramBytes: number;
  readonly nowhere = 2 ** 40;
  readonly adapter: Adapter = createAdapter();
  /** The same memory as the guest has it. */
  readonly u8: Uint8Array;
  readonly u32: Uint32Array;
  readonly driver: Driver;
  /** Something has come from the guest that the adapter has not seen yet. */
  waiting = false;
  /** Pushes so far into the buffers of page 0, which take turns. */
  pushes = 0;
  readonly #ram = new GuestRam();
  #position = 0;

  constructor(ramBytes = RAM_BYTES, ramBase = 0) {
    this.ramBytes = ramBytes;
    this.ramBase = ramBase;
    const ram = createMemfd('bench-ram', ramBytes);
    const { u8, u32 } = new Mapping(ram, ramBytes);
    // Pages that were never written are all the same one.
    u8.fill(1);
    u8.fill(0);
    this.u8 = u8;
    this.u32 = u32;
    this.#ram.add({ guestAddress: ramBase, size: ramBytes, userAddress: 0, mmapOffset: 0 }, ram);
    const { stateSize } = this.adapter.description;
    const region = new Mapping(createMemfd('bench-state', stateSize), stateSize);
    const host = {
      memory: this.#ram,
      clock: { nowNs: () => 0 },
      raiseInterrupt: () => {},
      setInterruptLevel: () => {},
      log: (_level: string, message: string) => console.error(message),
      workWaiting: () => this.waiting,
    };
    this.adapter.attach(host, region, true);
    this.adapter.control({ kind: 'bus-master', value: true });
    this.adapter.control({ kind: 'msix', value: true });
    this.adapter.control({ kind: 'run' });
    this.driver = new Driver(this).start();
  }

  readBytes(address: number, length: number): Uint8Array {
    const at = address - this.ramBase;
    return this.u8.slice(at, at + length);
  }

  writeBytes(address: number, bytes: Uint8Array): void {
    this.u8.set(bytes, address - this.ramBase);
  }

  /** Place of a word of guest memory in `u32`. */
  wordAt(address: number): number {
    return (address - this.ramBase) / 4;
  }

  load(bar: number, offset: number, size: number): number {
    this.adapter.read(bar, offset, size);
    return this.adapter.readLo;
  }

  store(bar: number, offset: number, size: number, lo: number, hi = 0): void {
    this.adapter.write(bar, offset, size, lo | 0, hi | 0, this.#position++);
  }

  settle(): void {
    while (this.adapter.poll(SLICES_A_TURN));
  }

  interrupts(): number {
    return 0;
  }

  busMaster(): void {}

  msix(): void {}

  power(): void {}

  close(): void {}
}

/** Seconds that `act` takes. */
export function timed(act: () => void): number {
  const start = process.hrtime.bigint();
  act();
  return Number(process.hrtime.bigint() - start) / 1e9;
}
