// SPDX-License-Identifier: MIT
// A small PCI function for tests of the transport: a real register file in its state region, an interrupt register,
// and a DMA register pair that works in slices. It keeps the rules that the adapter keeps.
import {
  type ControlEvent,
  type ControlOp,
  Dma,
  type FunctionDescription,
  type Host,
  type PciModel,
  type RegionMemory,
  StateRefused,
} from '../../device/model/ports.js';

export const Reg = {
  /** Read-only, SCRATCH_ID. */
  ID: 0x00,
  SCRATCH: 0x04,
  /** 64 bits. */
  SCRATCH64: 0x08,
  /** A write raises the vector of its value (while MSI-X and the function are on). */
  INTERRUPT: 0x10,
  /** Number of writes that were applied, this one's own excluded. */
  COUNT: 0x14,
  /** hash * 31 + value over all writes to HASH_IN: tells order and completeness. */
  HASH: 0x18,
  HASH_IN: 0x1c,
  /** 64 bits: guest address of the DMA. */
  DMA_ADDRESS: 0x20,
  /** A write of n stores n words 1 … n there, one slice each 64 words, then raises vector 1. */
  DMA_WORDS: 0x28,
  /** Words that the DMA has still to store; 0xffffffff after a fault. */
  DMA_LEFT: 0x2c,
  BUS_MASTER: 0x30,
  /** Level of INTx, for a description with an interrupt pin. */
  LEVEL: 0x34,
} as const;

export const SCRATCH_ID = 0x53435250;
export const TRAPPED_BYTES = 0x1000;
const MAGIC = 0x4c444f4d;
const SLICE_WORDS = 64;
const FAULTED = 0xffffffff;

/** Words of the state region. */
export const S = {
  MAGIC: 0,
  APPLIED: 1,
  EPOCH: 2,
  COUNT: 3,
  HASH: 4,
  BUS_MASTER: 5,
  DMA_DONE: 6,
  RUNNING: 7,
  /** Undo record of the write under way: APPLIED after it, and what HASH and COUNT were before it. */
  UNDO_APPLIED: 8,
  UNDO_HASH: 9,
  UNDO_COUNT: 10,
  REGS: 16,
} as const;

/** What the model is unless a test wants something else. */
export const scratchDescription: FunctionDescription = {
  vendorId: 0x1234,
  deviceId: 0x7063,
  classCode: 0xff0000,
  subsystemVendorId: 0x1234,
  subsystemId: 1,
  revision: 1,
  interruptPin: 0,
  msix: { vectors: 4, tableBar: 0, tableOffset: 0x2000, pbaBar: 0, pbaOffset: 0x3000 },
  pcie: true,
  bars: [
    {
      size: 0x4000,
      mem64: true,
      prefetchable: false,
      ranges: [
        { kind: 'trapped', offset: 0, size: TRAPPED_BYTES },
        { kind: 'msix', offset: 0x2000, size: 0x2000 },
      ],
    },
  ],
  ringSlots: 1024,
  stateVersion: 1,
  stateSize: 8192,
};

export class ScratchModel implements PciModel {
  readonly description: FunctionDescription;
  readLo = 0;
  readHi = 0;
  wakeAtNs = Number.POSITIVE_INFINITY;
  host: Host | undefined;
  running = false;
  msix = false;
  memoryChanges = 0;
  polls = 0;
  /** Memory behind RAM ranges, by BAR. */
  readonly barRam: RegionMemory[] = [];
  /** Every write as it came, for tests that look at more than the hash. */
  readonly events: ControlEvent[] = [];
  #m: Uint32Array;
  readonly #words = new Uint32Array(SLICE_WORDS);
  /** The DMA waits for a translation. */
  #suspended = false;

  readonly controlOps: Readonly<Record<string, ControlOp>> = {
    peek: ({ register }) => this.#m[S.REGS + Number(register) / 4],
    break: () => {
      this.poll = () => {
        throw new Error('broken, as asked');
      };
    },
    explode: () => {
      throw new Error('as asked');
    },
  };

  constructor(change: Partial<FunctionDescription> = {}) {
    this.description = { ...scratchDescription, ...change };
    this.#m = new Uint32Array(this.description.stateSize / 4);
  }

  attach(host: Host, region: RegionMemory, fresh: boolean): void {
    if (!fresh && region.u32[S.MAGIC] !== MAGIC) throw new StateRefused('no magic number');
    this.host = host;
    this.#m = region.u32;
    this.#m[S.MAGIC] = MAGIC;
    this.#undo();
    this.running = false;
    this.msix = false;
    this.#suspended = false;
    this.#tellLevel();
  }

  /** A write that was cut off will be applied again: what it added up is taken back. */
  #undo(): void {
    const m = this.#m;
    if (m[S.UNDO_APPLIED] === 0 || m[S.UNDO_APPLIED] === m[S.APPLIED]) return;
    m[S.HASH] = m[S.UNDO_HASH]!;
    m[S.COUNT] = m[S.UNDO_COUNT]!;
  }

  setBarRam(bar: number, memory: RegionMemory): void {
    this.barRam[bar] = memory;
  }

  #tellLevel(): void {
    if (this.description.interruptPin === 0) return;
    this.host!.setInterruptLevel(this.#m[S.REGS + Reg.LEVEL / 4] !== 0);
  }

  get appliedPosition(): number {
    return this.#m[S.APPLIED]!;
  }

  get resetEpoch(): number {
    return this.#m[S.EPOCH]!;
  }

  write(_bar: number, offset: number, size: number, lo: number, hi: number, position: number): void {
    const m = this.#m;
    const w = S.REGS + (offset >>> 2);
    m[S.UNDO_HASH] = m[S.HASH]!;
    m[S.UNDO_COUNT] = m[S.COUNT]!;
    Atomics.store(m, S.UNDO_APPLIED, (position + 1) >>> 0);
    if (offset === Reg.INTERRUPT && this.running && this.msix) this.host!.raiseInterrupt(lo);
    if (offset === Reg.HASH_IN) m[S.HASH] = (Math.imul(m[S.HASH]!, 31) + lo) >>> 0;
    if (offset === Reg.DMA_WORDS) {
      m[S.REGS + Reg.DMA_LEFT / 4] = lo;
      m[S.DMA_DONE] = 0;
    } else if (size < 4) {
      const shift = (offset & 3) * 8;
      const mask = ((size === 1 ? 0xff : 0xffff) << shift) >>> 0;
      m[w] = ((m[w]! & ~mask) | ((lo << shift) & mask)) >>> 0;
    } else m[w] = lo;
    if (size === 8) m[w + 1] = hi;
    if (offset === Reg.LEVEL) this.#tellLevel();
    m[S.COUNT]!++;
    Atomics.store(m, S.APPLIED, (position + 1) >>> 0);
  }

  read(_bar: number, offset: number, size: number): void {
    const w = S.REGS + (offset >>> 2);
    const m = this.#m;
    this.readHi = size === 8 ? m[w + 1]! : 0;
    if (offset === Reg.ID) this.readLo = SCRATCH_ID;
    else if (offset === Reg.COUNT) this.readLo = m[S.COUNT]!;
    else if (offset === Reg.HASH) this.readLo = m[S.HASH]!;
    else if (offset === Reg.BUS_MASTER) this.readLo = m[S.BUS_MASTER]!;
    else this.readLo = size >= 4 ? m[w]! : (m[w]! >>> ((offset & 3) * 8)) & (size === 1 ? 0xff : 0xffff);
  }

  control(event: ControlEvent): void {
    this.events.push(event);
    const m = this.#m;
    if (event.kind === 'bus-master') m[S.BUS_MASTER] = Number(event.value);
    else if (event.kind === 'msix') this.msix = event.value;
    else if (event.kind === 'run' || event.kind === 'stop') {
      this.running = event.kind === 'run';
      m[S.RUNNING] = Number(this.running);
    } else if (event.kind === 'function-reset' || event.kind === 'bus-reset') {
      m.fill(0, S.APPLIED + 1);
      this.#suspended = false;
      m[S.RUNNING] = Number(this.running);
      m[S.EPOCH] = event.epoch;
      this.#tellLevel();
    }
  }

  poll(budget: number): boolean {
    this.polls++;
    const left = S.REGS + Reg.DMA_LEFT / 4;
    for (let i = 0; i < budget; i++) {
      const rest = this.#m[left]!;
      if (!this.running || this.#m[S.BUS_MASTER] !== 1 || rest === 0 || rest === FAULTED) return false;
      if (this.#suspended) return false;
      this.#slice(left, rest);
    }
    return this.#m[left] !== 0 && !this.#suspended;
  }

  #slice(left: number, rest: number): void {
    const m = this.#m;
    const a = S.REGS + Reg.DMA_ADDRESS / 4;
    const done = m[S.DMA_DONE]!;
    const count = Math.min(SLICE_WORDS, rest);
    for (let i = 0; i < count; i++) this.#words[i] = done + i + 1;
    const outcome = this.host!.memory.at(m[a]! + m[a + 1]! * 2 ** 32 + done * 4).writeWords(
      this.#words,
      0,
      count,
    );
    this.#suspended = outcome === Dma.NOT_YET;
    if (outcome === Dma.FAULT) m[left] = FAULTED;
    if (outcome !== Dma.DONE) return;
    m[S.DMA_DONE] = done + count;
    m[left] = rest - count;
    if (rest === count && this.msix) this.host!.raiseInterrupt(1);
  }

  memoryChanged(): void {
    this.memoryChanges++;
    this.#suspended = false;
  }
}

export function createAdapter(options: Readonly<Record<string, unknown>> = {}): PciModel {
  if (options.capturePath !== undefined) throw new Error('the scratch model captures nothing');
  return new ScratchModel();
}
