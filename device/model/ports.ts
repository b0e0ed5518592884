// SPDX-License-Identifier: MIT
// Where the adapter model and the transport meet. The model sees guest memory, a clock, interrupts and a log through
// Host; the transport drives the model through PciModel. Neither side knows what is behind the other one: the same
// model runs behind the socket, in an in-process test and under the fault enumerator.

/** Outcome of a DMA access. NOT_YET: the translation is being fetched; nothing was transferred; try again after Host says so. */
export const Dma = { DONE: 0, FAULT: 1, NOT_YET: 2 } as const;
export type Dma = (typeof Dma)[keyof typeof Dma];

/**
 * Guest memory as the adapter's DMA sees it. Addresses are bus addresses, as Numbers (exact below 2^53); lengths are
 * bytes. Every access checks the whole range first and transfers all or nothing. Length 0 is DONE anywhere.
 *
 * An access says first where it goes: memory.at(address).read(…), memory.from(source).at(target).copy(…). V8 puts a
 * Number above 2^31 on the heap when it hands it to code that it has not taken into the caller, or gets it from there;
 * at() and from() are so short that it always takes them in. What they said is good for one access.
 */
export interface GuestMemory {
  /**
   * Where the last FAULT was, if the memory knows: address of the first byte that failed. For memory whose refusal is
   * good for one answer; without it check() still says FAULT. Who has taken it sets it to undefined.
   */
  faultAddress?: number | undefined;
  /** Where the next access begins. */
  at(address: number): this;
  /** Where the next copy() takes its bytes. */
  from(address: number): this;
  /** Whether an access would go through, without one. */
  check(length: number, write: boolean): Dma;
  /** Guest → target[offset … offset + length). */
  read(target: Uint8Array, offset: number, length: number): Dma;
  /** source[offset … offset + length) → guest. */
  write(source: Uint8Array, offset: number, length: number): Dma;
  /** Guest → target[index … index + count). The address is 4-byte aligned (else FAULT). */
  readWords(target: Uint32Array, index: number, count: number): Dma;
  /** source[index … index + count) → guest. The address is 4-byte aligned (else FAULT). */
  writeWords(source: Uint32Array, index: number, count: number): Dma;
  /** The 8 bytes at the address, which is 8-byte aligned (else FAULT), in one access → target[index], target[index + 1]. */
  readAtomic64(target: Uint32Array, index: number): Dma;
  /** source[index], source[index + 1] → the 8 bytes there, likewise: nobody who reads them at once sees half of it. */
  writeAtomic64(source: Uint32Array, index: number): Dma;
  /** Guest → guest; either range may cross region and view borders. Ranges that overlap give undefined bytes. */
  copy(length: number): Dma;
  /** Repeats the 8-byte `pattern` over the range, starting at byte `phase` (0 … 7) of it. */
  fill(length: number, pattern: Uint8Array, phase: number): Dma;
  /** The word source[index], stored with release semantics: after everything that was written before it. 4-byte aligned. */
  publishWord(source: Uint32Array, index: number): Dma;
}

/** Monotonic time in nanoseconds. Given to the model, so that a test can own it. */
export interface Clock {
  nowNs(): number;
}

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** What the model may use of the world. All calls are synchronous and none blocks. */
export interface Host {
  readonly memory: GuestMemory;
  readonly clock: Clock;
  /** Raises MSI-X vector `vector`: a message, so one call is one interrupt. Ignored for a vector without eventfd. */
  raiseInterrupt(vector: number): void;
  /** Level of INTx, for a function with an interrupt pin. The front-end shows it only while MSI-X is off. */
  setInterruptLevel(asserted: boolean): void;
  log(level: LogLevel, message: string, fields?: Record<string, unknown>): void;
  /** Whether something has come from the guest that poll() should return for; absent: the model returns after each slice. */
  workWaiting?(): boolean;
}

/** State region: one flat shared mapping, seen as words and as bytes. */
export interface RegionMemory {
  readonly u32: Uint32Array;
  readonly u8: Uint8Array;
}

/** A part of a BAR. `trapped`: accesses come to the model; `ram`: shared memory; `msix`: table or PBA, kept by the front-end. */
export interface FunctionRange {
  readonly kind: 'trapped' | 'ram' | 'msix';
  readonly offset: number;
  readonly size: number;
}

export interface FunctionBar {
  /** Bytes, a power of two, 16 at least. */
  readonly size: number;
  readonly mem64: boolean;
  readonly prefetchable: boolean;
  /** At most MAX_RANGES, none overlapping. */
  readonly ranges: readonly FunctionRange[];
}

export interface FunctionMsix {
  /** 1 … 2048. */
  readonly vectors: number;
  readonly tableBar: number;
  readonly tableOffset: number;
  readonly pbaBar: number;
  readonly pbaOffset: number;
}

/** PCI Express link: Max Link Speed as coded in Link Capabilities (1: 2.5 GT/s … 5: 32 GT/s), lanes. */
export interface FunctionLink {
  readonly speed: number;
  readonly width: number;
}

/** Everything that the front-end has to know of the function (PCI_GET_FUNCTION). */
export interface FunctionDescription {
  readonly vendorId: number;
  readonly deviceId: number;
  /** Class, subclass, programming interface in the low 24 bits. */
  readonly classCode: number;
  readonly subsystemVendorId: number;
  readonly subsystemId: number;
  readonly revision: number;
  /** 0: none, 1: INTA. */
  readonly interruptPin: number;
  readonly msix: FunctionMsix | undefined;
  /** PCI Express endpoint with function-level reset. */
  readonly pcie: boolean;
  /** What the PCI Express capability says of the link. */
  readonly link?: FunctionLink;
  /** By BAR number, MAX_BARS at most; the slot after a 64-bit BAR is undefined. */
  readonly bars: readonly (FunctionBar | undefined)[];
  /** Slots wanted in the MMIO ring, a power of two. */
  readonly ringSlots: number;
  readonly stateVersion: number;
  /** Bytes of the state region. */
  readonly stateSize: number;
}

/** What happens to the function beside MMIO, already put in order with it. `epoch` is the reset epoch from now on. */
export type ControlEvent =
  | {
      /** 'power' true: D0, false: D3hot: no DMA and no interrupt; everything else is kept. */
      readonly kind: 'bus-master' | 'msix' | 'intx-disable' | 'power';
      readonly value: boolean;
    }
  | { readonly kind: 'function-reset' | 'bus-reset'; readonly epoch: number }
  | { readonly kind: 'run' }
  | { readonly kind: 'stop' };

/** A model does not understand the content of a state region that it was to take over. */
export class StateRefused extends Error {
  override readonly name = 'StateRefused';
}

/** Answers one request of the control socket; throws an Error whose message the asker gets. Synchronous. */
export type ControlOp = (request: Readonly<Record<string, unknown>>) => unknown;

/** What the transport needs of a device model. A model is synchronous and never blocks. */
export interface PciModel {
  readonly description: FunctionDescription;

  /**
   * Starts on a region: zeroed (`fresh`) or with an earlier state. Throws StateRefused with a reason when it does
   * not understand the content. May be called again, with another region, on the next connection; nothing of the
   * one before may then be used. After attach the function is stopped: 'run' follows.
   */
  attach(host: Host, region: RegionMemory, fresh: boolean): void;

  /**
   * The memory behind BAR `bar`, as long as the BAR, for a model whose description has RAM ranges there: only those are
   * seen by the guest. Comes before 'run', again on every connection; the one before shows zeros by then.
   */
  setBarRam?(bar: number, memory: RegionMemory): void;

  /**
   * A write to a trapped range. `position` is the ring slot's SEQ (free-running u32); the model records
   * `position + 1` in the region as appliedPosition, together with the effect, so that a slot is never applied
   * twice after a restart. Data halves are 32 bits each, as int32 or as uint32: V8 has no place for an uint32 above 2^31
   * but the heap. What lies above `size` bytes is zero.
   */
  write(bar: number, offset: number, size: number, lo: number, hi: number, position: number): void;

  /**
   * A read of a trapped range: the result is in readLo/readHi after the call. No register has a read side effect.
   * `position` is the ring slot's SEQ, for a read that has a slot: after a restart it may be answered again.
   */
  read(bar: number, offset: number, size: number, position?: number): void;
  readonly readLo: number;
  readonly readHi: number;

  /** Ring position recorded in the region: slots before it were applied. 0 in a fresh region. */
  readonly appliedPosition: number;

  /** Reset epoch recorded in the region: the one of the last reset event; 0 in a fresh region. */
  readonly resetEpoch: number;

  /** After return, 'stop', a reset and bus-master false guarantee: no DMA, no interrupt until allowed again. */
  control(event: ControlEvent): void;

  /** Runs at most `budget` slices of work. True while work remains that can go on now; false when idle or suspended. */
  poll(budget: number): boolean;

  /** Clock time in ns at which poll should be called again although idle (link rate), or Infinity. */
  readonly wakeAtNs: number;

  /** Translation or memory changed: suspended work may be tried again. */
  memoryChanged(): void;

  /** What no two adapters of a process may share (a MAC address), as text; undefined before the first attach. */
  readonly address?: string | undefined;

  /** What the model adds to the control socket, by name; called between two turns, attached or not. */
  readonly controlOps?: Readonly<Record<string, ControlOp>>;

  /** The process ends: files that were written for the user are finished. */
  close?(): void;
}
