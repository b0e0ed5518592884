// SPDX-License-Identifier: MIT
// What a conformance case needs of the system under test, whatever stands behind it: the model in this process, or QEMU
// under qtest with the model behind the socket. Synchronous, so that a case reads like a driver.

export interface Target {
  readonly name: string;
  /** Guest RAM that the case may use: bus addresses ramBase … ramBase + ramBytes. It starts zeroed. */
  readonly ramBase: number;
  readonly ramBytes: number;
  /** A page-aligned bus address at which there is nothing: DMA to it faults. */
  readonly nowhere: number;
  readBytes(address: number, length: number): Uint8Array;
  writeBytes(address: number, bytes: Uint8Array): void;
  load(bar: number, offset: number, size: number): number;
  /** A posted write; `hi` is the upper half of an 8-byte one. */
  store(bar: number, offset: number, size: number, lo: number, hi?: number): void;
  /** Returns when the adapter has nothing left that it could do now. */
  settle(): void;
  /** Interrupts delivered so far on a vector. */
  interrupts(vector: number): number;
  /** Bus Master Enable in the function's PCI command register. */
  busMaster(on: boolean): void;
  /** MSI-X Enable. */
  msix(on: boolean): void;
  /** D0 or D3hot. In D3hot the function may answer loads with all-ones and take no stores. */
  power(on: boolean): void;
  close(): void;
}
