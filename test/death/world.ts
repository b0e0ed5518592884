// SPDX-License-Identifier: MIT
// Everything that outlives a back-end process (state region, guest memory, the ring with its header, what QEMU knows of
// the function) and the process itself, which may be dropped and started again. Restart follows docs/socket-extension.md:
// take the region, skip the slots that were applied, catch up with a reset, Bus Master Enable, RUN.
import { type Adapter, createAdapter } from '../../device/model/adapter.js';
import type { ControlEvent, Dma, Host, RegionMemory } from '../../device/model/ports.js';
import { Ledger, type MakeJournal, MortalMemory, soundJournal } from './mortal.js';
import type { Slot } from './tape.js';
import { HOT, scramble } from './unreferenced.js';

/** Far more slices than any scenario has: beyond it the adapter turns in circles. */
const MAX_SLICES = 20_000;

/** Where seen and interrupts keep INTx: beyond the vectors. */
export const INTX = 32;

/** A copy of everything that outlives the process. */
export interface Snapshot {
  readonly hot: readonly Uint32Array[];
  readonly memory: Uint8Array;
  readonly position: number;
  readonly epoch: number;
}

export interface WorldOptions {
  /** Somebody captures packets: they are made, and read again by the responder, instead of being handed over. */
  readonly capture?: boolean;
  readonly makeJournal?: MakeJournal;
  /** What Host.workWaiting answers; undefined: it is not there. */
  readonly workWaiting?: boolean | undefined;
}

export class World {
  readonly ledger = new Ledger();
  readonly region: RegionMemory;
  readonly memory: MortalMemory;
  adapter!: Adapter;
  nowNs = 0;
  /** Ring header: SEQ of the next slot that is handed to the model, and the reset epoch. */
  position = 0;
  epoch = 0;
  /** What QEMU would send again. */
  busMaster = true;
  running = true;
  msix = true;
  /** D0. */
  awake = true;
  /** Level of INTx. */
  level = false;
  /** No interrupt may come: the process has not been told to run, or the function is stopped or asleep. */
  #silent = true;
  /** By vector: event queues at the last interrupt since clear(). INTx is the vector after the last. */
  readonly seen = new Map<number, Uint8Array>();
  readonly interrupts = new Map<number, number>();
  /** [address, bytes] of the event queues. */
  eventQueues: readonly (readonly [number, number])[] = [];
  readonly #makeJournal: MakeJournal;
  readonly #capture: boolean;
  #forgetful = false;
  readonly #host: Host;

  constructor(region: RegionMemory, memoryBytes: number, options: WorldOptions = {}) {
    this.region = region;
    this.memory = new MortalMemory(memoryBytes, this.ledger);
    this.#makeJournal = options.makeJournal ?? soundJournal;
    this.#capture = options.capture ?? false;
    const { workWaiting } = options;
    this.#host = {
      memory: this.memory.port,
      clock: { nowNs: () => this.nowNs },
      raiseInterrupt: vector => this.#interrupt(vector),
      setInterruptLevel: level => this.#line(level),
      log: () => {},
      ...(workWaiting === undefined ? {} : { workWaiting: () => workWaiting }),
    };
  }

  #interrupt(vector: number): void {
    if (this.memory.locked || !this.msix) throw new Error('a message while the function may send none');
    this.ledger.tick();
    this.#note(vector);
  }

  #line(level: boolean): void {
    if (level && (this.#silent || this.msix)) throw new Error('INTx while the function may not assert it');
    this.ledger.tick();
    this.level = level;
    if (level) this.#note(INTX);
  }

  #note(vector: number): void {
    const parts = this.eventQueues.map(([address, bytes]) => this.memory.u8.slice(address, address + bytes));
    this.seen.set(vector, Buffer.concat(parts));
    this.interrupts.set(vector, (this.interrupts.get(vector) ?? 0) + 1);
  }

  /** A new process on the region. Nobody keeps translations for it. */
  start(fresh: boolean): void {
    if (this.#forgetful) this.memory.forgetAll();
    // The file of a dead process would be closed by the system.
    this.adapter?.capture.stop();
    this.memory.locked = true;
    this.#silent = true;
    this.adapter = createAdapter({ journal: region => this.#makeJournal(region, this.ledger) });
    this.adapter.attach(this.#host, this.region, fresh);
    if (this.#capture) this.adapter.capture.start('/dev/null');
  }

  get #mayDma(): boolean {
    return this.busMaster && this.running && this.awake;
  }

  /** What PCI configures, and RUN, as QEMU sends them at the end of a connection. */
  run(): void {
    this.memory.locked = !this.#mayDma;
    this.#silent = !(this.running && this.awake);
    this.adapter.control({ kind: 'bus-master', value: this.busMaster });
    this.adapter.control({ kind: 'msix', value: this.msix });
    this.adapter.control({ kind: 'power', value: this.awake });
    if (this.running) this.adapter.control({ kind: 'run' });
  }

  /**
   * The process died. Starts another one; `waiting` are slots in the ring from position `from` on, of which the dead
   * process may have taken some. They are handled before RUN when `early`, else after it.
   */
  restart(from: number, waiting: readonly Slot[], early: boolean): void {
    scramble(this.region.u32);
    this.position = from;
    this.start(false);
    const { adapter } = this;
    if (adapter.resetEpoch !== this.epoch) adapter.control({ kind: 'bus-reset', epoch: this.epoch });
    const applied = (adapter.appliedPosition - from) >>> 0;
    const skip = applied <= waiting.length ? applied : 0;
    if (early) this.#drain(waiting, skip);
    this.run();
    if (!early) this.#drain(waiting, skip);
  }

  #drain(slots: readonly Slot[], skip: number): void {
    slots.forEach((slot, n) => {
      if (n < skip) this.#consume();
      else this.write(slot);
    });
  }

  /** One slot of the ring: the model has it, then the consumer index moves. */
  write({ bar, offset, size, lo, hi }: Slot): void {
    this.adapter.write(bar, offset, size, lo, hi, this.position);
    this.#consume();
  }

  #consume(): void {
    this.ledger.tick();
    this.position = (this.position + 1) >>> 0;
  }

  load(bar: number, offset: number, size: number): number {
    this.adapter.read(bar, offset, size);
    return this.adapter.readLo;
  }

  settle(): void {
    for (let n = 0; this.adapter.poll(1) || this.translate(); n++)
      if (n > MAX_SLICES) throw new Error('the adapter does not come to rest');
  }

  /** Translations that the adapter waits for arrive. */
  translate(): boolean {
    const some = this.memory.resolve();
    if (some) this.adapter.memoryChanged();
    return some;
  }

  /** What QEMU knows changes before the event is sent; the event itself may be cut off. */
  control(event: ControlEvent): void {
    if (event.kind === 'bus-master') this.busMaster = event.value;
    else if (event.kind === 'msix') this.msix = event.value;
    else if (event.kind === 'power') this.awake = event.value;
    else if (event.kind === 'run') this.running = true;
    else if (event.kind === 'stop') this.running = false;
    else if ('epoch' in event) {
      this.epoch = event.epoch;
      this.busMaster = false;
      this.msix = false;
      this.awake = true;
    }
    const mayDma = this.#mayDma;
    if (mayDma) this.memory.locked = false;
    if (this.running && this.awake) this.#silent = false;
    this.adapter.control(event);
    this.memory.locked = !mayDma;
    this.#silent = !(this.running && this.awake);
  }

  hole(start: number, length: number, answer: Dma): void {
    this.memory.setHole(start, length, answer);
    this.adapter.memoryChanged();
  }

  snapshot(): Snapshot {
    const { position, epoch } = this;
    const hot = HOT.map(([first, count]) => this.region.u32.slice(first, first + count));
    return { hot, memory: this.memory.u8.slice(), position, epoch };
  }

  /** Back to a snapshot that was taken while everything ran; attaches a new process. */
  restore(s: Snapshot): void {
    for (const [n, [first]] of HOT.entries()) this.region.u32.set(s.hot[n], first);
    this.memory.u8.set(s.memory);
    this.memory.clearHoles();
    this.memory.knowAll();
    this.memory.missAt = Infinity;
    this.memory.missEvery = Infinity;
    this.#forgetful = false;
    this.position = s.position;
    this.epoch = s.epoch;
    this.busMaster = true;
    this.running = true;
    this.msix = true;
    this.awake = true;
    this.nowNs = 0;
    this.seen.clear();
    this.memory.reads.length = 0;
    this.ledger.deathAt = Infinity;
    this.start(false);
    this.run();
    this.ledger.count = 0;
    this.memory.transfers = 0;
  }

  /** From now on a new process finds no translation. */
  forgetTranslations(): void {
    this.#forgetful = true;
  }
}
