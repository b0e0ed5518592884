// SPDX-License-Identifier: MIT
// Guest memory for the model (GuestMemory) before a test double whose calls name their addresses.
import type { Dma, GuestMemory } from '../../device/model/ports.js';

/** See GuestMemory; `address` is what at() says there, `from` what from() says. */
export interface NamedMemory {
  faultAddress?: number | undefined;
  check(address: number, length: number, write: boolean): Dma;
  read(address: number, target: Uint8Array, offset: number, length: number): Dma;
  write(address: number, source: Uint8Array, offset: number, length: number): Dma;
  readWords(address: number, target: Uint32Array, index: number, count: number): Dma;
  writeWords(address: number, source: Uint32Array, index: number, count: number): Dma;
  readAtomic64(address: number, target: Uint32Array, index: number): Dma;
  writeAtomic64(address: number, source: Uint32Array, index: number): Dma;
  copy(from: number, address: number, length: number): Dma;
  fill(address: number, length: number, pattern: Uint8Array, phase: number): Dma;
  publishWord(address: number, value: number): Dma;
}

/** Addresses are good for one access: a second one without them is an error in the model. */
const NOWHERE = Number.NaN;

export class PlacedMemory implements GuestMemory {
  readonly #memory: NamedMemory;
  #at = NOWHERE;
  #from = NOWHERE;

  constructor(memory: NamedMemory) {
    this.#memory = memory;
  }

  get faultAddress(): number | undefined {
    return this.#memory.faultAddress;
  }

  set faultAddress(address: number | undefined) {
    this.#memory.faultAddress = address;
  }

  at(address: number): this {
    this.#at = address;
    return this;
  }

  from(address: number): this {
    this.#from = address;
    return this;
  }

  #take(): number {
    const address = this.#at;
    this.#at = NOWHERE;
    if (Number.isNaN(address)) throw new Error('an access that does not say where');
    return address;
  }

  check(length: number, write: boolean): Dma {
    return this.#memory.check(this.#take(), length, write);
  }

  read(target: Uint8Array, offset: number, length: number): Dma {
    return this.#memory.read(this.#take(), target, offset, length);
  }

  write(source: Uint8Array, offset: number, length: number): Dma {
    return this.#memory.write(this.#take(), source, offset, length);
  }

  readWords(target: Uint32Array, index: number, count: number): Dma {
    return this.#memory.readWords(this.#take(), target, index, count);
  }

  writeWords(source: Uint32Array, index: number, count: number): Dma {
    return this.#memory.writeWords(this.#take(), source, index, count);
  }

  readAtomic64(target: Uint32Array, index: number): Dma {
    return this.#memory.readAtomic64(this.#take(), target, index);
  }

  writeAtomic64(source: Uint32Array, index: number): Dma {
    return this.#memory.writeAtomic64(this.#take(), source, index);
  }

  copy(length: number): Dma {
    const from = this.#from;
    this.#from = NOWHERE;
    if (Number.isNaN(from)) throw new Error('a copy that does not say whence');
    return this.#memory.copy(from, this.#take(), length);
  }

  fill(length: number, pattern: Uint8Array, phase: number): Dma {
    return this.#memory.fill(this.#take(), length, pattern, phase);
  }

  publishWord(source: Uint32Array, index: number): Dma {
    return this.#memory.publishWord(this.#take(), source[index]!);
  }
}
