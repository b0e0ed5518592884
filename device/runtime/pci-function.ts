// SPDX-License-Identifier: MIT
// One PCI function between a session and a model: owns what the front-end handed over (ring, memory, vectors, state
// region) and puts control events in order with MMIO. It outlives sessions; `endSession` leaves it as it began.
import { StateResult } from '../abi/generated/messages.js';
import { GuestRam } from '../memory/guest-memory.js';
import type { RegionDescription } from '../memory/region.js';
import {
  type Clock,
  type ControlEvent,
  type FunctionDescription,
  type Host,
  type LogLevel,
  type PciModel,
  StateRefused,
} from '../model/ports.js';
import { AccessMap } from '../ring/access-map.js';
import { RingConsumer } from '../ring/consumer.js';
import { checkRingFile, checkRingHeader, RingFault } from '../ring/ring-memory.js';
import { EventFd } from '../sys/eventfd.js';
import { cannotShrink, closeAll, closeFd, createMemfd, sizeOf } from '../sys/fd.js';
import { Mapping } from '../sys/mapping.js';
import { checkDescription } from '../vhost/pci-description.js';
import type { NewState, PciBackend } from '../vhost/pci-requests.js';
import type { MemoryTable } from '../vhost/standard-requests.js';
import { Interrupts } from './interrupts.js';
import { TRACED_EVENTS, type Trace, TracePoint } from './trace.js';

export type Log = (level: LogLevel, message: string, fields?: Record<string, unknown>) => void;

export interface FunctionServices {
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Log;
  readonly trace: Trace;
}

interface Ring {
  readonly mapping: Mapping;
  readonly kick: EventFd;
  readonly answer: EventFd;
  readonly consumer: RingConsumer;
}

export class PciFunction implements PciBackend, MemoryTable {
  readonly model: PciModel;
  readonly description: FunctionDescription;
  readonly #services: FunctionServices;
  readonly #ram = new GuestRam();
  readonly #interrupts = new Interrupts();
  readonly #access: AccessMap;
  readonly #host: Host;
  #ring: Ring | undefined;
  #region: Mapping | undefined;
  #stateFd: number | undefined;
  #attached = false;
  #running = false;
  /** The model had nothing that it could do when it was asked last. */
  #idle = true;
  #interrupted = false;

  /** Throws RangeError when the model describes a function that cannot be. */
  constructor(model: PciModel, services: FunctionServices) {
    checkDescription(model.description);
    this.model = model;
    this.description = model.description;
    this.#services = services;
    this.#access = new AccessMap(model.description);
    this.#host = {
      memory: this.#ram,
      clock: services.clock,
      raiseInterrupt: vector => this.#raise(vector),
      setInterruptLevel: () => {},
      log: services.log,
      workWaiting: () => this.#ring?.consumer.hasWork() ?? false,
    };
  }

  // What the reactor does with it.

  /** The eventfd that wakes the consumer; undefined without a ring. */
  get kick(): EventFd | undefined {
    return this.#ring?.kick;
  }

  get running(): boolean {
    return this.#running;
  }

  /** Takes at most `budget` ring slots; returns how many. Throws RingFault. */
  drain(budget: number): number {
    return this.#attached ? this.#ring!.consumer.drain(budget) : 0;
  }

  /** Whether more writes may follow the slots just taken within nanoseconds. */
  get mayBeInBurst(): boolean {
    return this.#attached && !this.#ring!.consumer.lastWasRead;
  }

  /** Lets the model work; true while more can be done now. */
  poll(budget: number): boolean {
    const more = this.#attached && this.model.poll(budget);
    this.#idle = !more;
    return more;
  }

  /** True once after an interrupt was raised. */
  takeInterrupted(): boolean {
    const interrupted = this.#interrupted;
    this.#interrupted = false;
    return interrupted;
  }

  get wakeAtNs(): number {
    return this.#attached ? this.model.wakeAtNs : Number.POSITIVE_INFINITY;
  }

  /** Announces sleep to the producer; false when there is work after all. */
  fallAsleep(): boolean {
    return !this.#attached || this.#ring!.consumer.fallAsleep();
  }

  wake(): void {
    if (this.#attached) this.#ring!.consumer.wake();
  }

  status(): Record<string, unknown> {
    return {
      attached: this.#attached,
      running: this.#running,
      idle: this.#idle,
      position: this.#ring?.consumer.position,
      resetEpoch: this.#ring?.consumer.epoch,
      memory: this.#ram.regions.map(r => ({ ...r.description, access: r.access })),
    };
  }

  /** The session is over: nothing of the front-end's is touched from now on. */
  endSession(): void {
    if (this.#attached) this.#control({ kind: 'stop' });
    this.#attached = false;
    this.#running = false;
    this.#interrupts.clear();
    this.#ram.clear();
    if (this.#stateFd !== undefined) closeFd(this.#stateFd);
    this.#stateFd = undefined;
    const ring = this.#ring;
    this.#ring = undefined;
    if (ring === undefined) return;
    ring.consumer.setAlive(0);
    ring.mapping.retire();
    ring.kick.close();
    ring.answer.close();
  }

  // Memory table. A mapping goes only after the slots that were written while it was there.

  get count(): number {
    return this.#ram.regions.length;
  }

  add(region: RegionDescription, fd: number): void {
    const added = this.#ram.add(region, fd);
    if (added.access === 'file') {
      this.#services.log('warn', 'guest memory is not sealed against shrinking: DMA to it is slow', {
        ...region,
      });
    }
    if (this.#attached) this.model.memoryChanged();
  }

  remove(region: RegionDescription): boolean {
    this.#settle();
    const removed = this.#ram.remove(region);
    if (this.#attached) this.model.memoryChanged();
    return removed;
  }

  clear(): void {
    this.#settle();
    this.#ram.clear();
    if (this.#attached) this.model.memoryChanged();
  }

  // Requests of the extension.

  setRing(ringFd: number, kickFd: number, answerFd: number, size: number, slots: number): void {
    const pending = [kickFd, answerFd];
    let mapping: Mapping | undefined;
    const events: EventFd[] = [];
    try {
      checkRingFile(ringFd, size, slots);
      mapping = new Mapping(ringFd, size);
      checkRingHeader(mapping.u32, slots);
      while (pending.length > 0) events.push(EventFd.adopt(pending.shift()!));
      const [kick, answer] = events as [EventFd, EventFd];
      const consumer = this.#newConsumer(mapping.u32, slots, answer);
      this.#ring = { mapping, kick, answer, consumer };
    } catch (error) {
      closeAll([...pending, ...events.map(e => e.fd)]);
      mapping?.retire();
      throw error;
    } finally {
      closeFd(ringFd);
    }
  }

  newState(): NewState {
    const { stateSize } = this.description;
    const fd = createMemfd('pushbell-state', stateSize);
    this.#stateFd = fd;
    this.#attach(new Mapping(fd, stateSize), true);
    return { fd, resetEpoch: this.#ring!.consumer.epoch, instance: this.#services.random(8) };
  }

  takeState(fd: number, size: number, version: number): number {
    const { stateSize, stateVersion } = this.description;
    try {
      if (version !== stateVersion) return StateResult.BAD_VERSION;
      if (size !== stateSize || sizeOf(fd) !== size || !cannotShrink(fd)) return StateResult.BAD_FD;
      this.#attach(new Mapping(fd, stateSize), false);
      return StateResult.OK;
    } catch (error) {
      if (!(error instanceof StateRefused)) throw error;
      this.#services.log('warn', `state region refused: ${error.message}`);
      return StateResult.BAD_CONTENT;
    } finally {
      closeFd(fd);
    }
  }

  setInterrupt(vector: number, fd: number | undefined): void {
    this.#interrupts.set(vector, fd);
  }

  run(): void {
    this.#settle();
    this.#running = true;
    this.#control({ kind: 'run' });
  }

  stop(): void {
    this.#settle();
    this.#control({ kind: 'stop' });
    this.#running = false;
  }

  control(event: ControlEvent, producer: number): void {
    const { consumer } = this.#ring!;
    if (event.kind === 'function-reset' || event.kind === 'bus-reset') consumer.reset(producer, event.epoch);
    else consumer.drainTo(producer);
    this.#control(event);
  }

  mmioRead(bar: number, offset: number, size: number, data: Uint32Array): void {
    this.#settle();
    data.fill(0);
    if (!this.#access.reaches(bar, offset, size)) return;
    this.model.read(bar, offset, size);
    data[0] = this.model.readLo;
    data[1] = size === 8 ? this.model.readHi : 0;
  }

  mmioWrite(bar: number, offset: number, size: number, lo: number, hi: number): void {
    this.#settle();
    if (!this.#access.reaches(bar, offset, size)) return;
    // It has no slot of its own: the slots that count as applied stay those before CONSUMER.
    const position = (this.#ring!.consumer.position - 1) >>> 0;
    const low = size >= 4 ? lo : lo & (size === 1 ? 0xff : 0xffff);
    this.model.write(bar, offset, size, low, size === 8 ? hi : 0, position);
  }

  /** Takes every slot that is in the ring now: messages without an index come after those. */
  #settle(): void {
    if (!this.#attached) return;
    const { consumer } = this.#ring!;
    consumer.drainTo((consumer.position + consumer.available()) >>> 0);
  }

  #newConsumer(words: Uint32Array, slots: number, answerEvent: EventFd): RingConsumer {
    const consumer = new RingConsumer({
      words,
      slots,
      answerEvent,
      target: this.model,
      access: this.#access,
    });
    const { trace } = this.#services;
    consumer.observer = (op, bar, offset, size, lo, hi, taken) => {
      if (trace.enabled) trace.point(taken ? op : TracePoint.DROPPED, bar, offset, size, lo, hi);
    };
    return consumer;
  }

  #attach(region: Mapping, fresh: boolean): void {
    const ring = this.#ring;
    if (ring === undefined) throw new RingFault('no ring');
    // The region before stays mapped until the model has let it go; a control request may look at it in between.
    const before = this.#region;
    this.#region = region;
    try {
      this.model.attach(this.#host, region, fresh);
    } finally {
      before?.retire();
    }
    this.#attached = true;
    if (!fresh) ring.consumer.skipApplied(this.model.appliedPosition);
    const { epoch } = ring.consumer;
    if (this.model.resetEpoch !== epoch) this.#control({ kind: 'bus-reset', epoch });
    ring.consumer.setAlive(process.pid);
  }

  #control(event: ControlEvent): void {
    const value = 'value' in event ? Number(event.value) : 'epoch' in event ? event.epoch : 0;
    this.#services.trace.point(TracePoint.CONTROL, TRACED_EVENTS.indexOf(event.kind), value);
    this.model.control(event);
  }

  #raise(vector: number): void {
    const ring = this.#ring;
    if (ring === undefined || !this.#interrupts.raise(vector, ring.consumer)) return;
    this.#interrupted = true;
    this.#services.trace.point(TracePoint.INTERRUPT, vector);
  }
}
