// SPDX-License-Identifier: MIT
// One PCI function between a session and a model: owns what the front-end handed over (ring, memory, vectors, state
// region) and puts control events in order with MMIO. It outlives sessions; `endSession` leaves it as it began.
import { StateResult } from '../abi/generated/messages.js';
import type { AskFrontEnd } from '../memory/misses.js';
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
import { cannotShrink, closeFd, createMemfd, sizeOf } from '../sys/fd.js';
import { Mapping } from '../sys/mapping.js';
import { checkDescription } from '../vhost/pci-description.js';
import type { NewState, PciBackend, RingSetup } from '../vhost/pci-requests.js';
import { Refused } from '../vhost/request-table.js';
import { anyBarHasRam, BarRam } from './bar-ram.js';
import { DmaSpace } from './dma-space.js';
import { Interrupts } from './interrupts.js';
import { type Kick, RingEnd } from './ring-end.js';
import { TRACED_EVENTS, type Trace, TracePoint } from './trace.js';

export type Log = (level: LogLevel, message: string, fields?: Record<string, unknown>) => void;

export interface FunctionServices {
  readonly clock: Clock;
  readonly random: (bytes: number) => Uint8Array;
  readonly log: Log;
  readonly trace: Trace;
  /** Whether another adapter of the process may want its turn. */
  readonly othersWaiting?: () => boolean;
}

const SLOW_MEMORY = 'guest memory is not sealed against shrinking: DMA to it is slow';

export class PciFunction implements PciBackend {
  readonly model: PciModel;
  readonly description: FunctionDescription;
  /** Guest memory, as messages change it and as the model sees it. */
  readonly dma: DmaSpace;
  readonly #services: FunctionServices;
  readonly #interrupts = new Interrupts();
  readonly #access: AccessMap;
  readonly #barRam = new BarRam();
  #ring: RingEnd | undefined;
  #region: Mapping | undefined;
  #stateFd: number | undefined;
  #attached = false;
  #running = false;
  /** The model had nothing that it could do when it was asked last. */
  #idle = true;
  #interrupted = false;
  /** Translations or memory changed, and the model does not know yet. */
  #memoryChanged = false;
  /** RUN came when a reset was on its way: the model is told after it. */
  #runOwed = false;

  /** Throws RangeError when the model describes a function that cannot be. */
  constructor(model: PciModel, services: FunctionServices) {
    checkDescription(model.description);
    if (anyBarHasRam(model.description) && model.setBarRam === undefined)
      throw new RangeError('function description: RAM ranges, and a model that takes no memory for them');
    this.model = model;
    this.description = model.description;
    this.#services = services;
    this.#access = new AccessMap(model.description);
    this.dma = new DmaSpace({
      clock: services.clock,
      settle: () => this.#settle(),
      changed: () => {
        this.#memoryChanged = true;
      },
      onFileAccess: region => services.log('warn', SLOW_MEMORY, { ...region }),
    });
  }

  /** What a model gets for one connection. */
  #newHost(): Host {
    return {
      memory: this.dma.memory,
      clock: this.#services.clock,
      raiseInterrupt: vector => this.#raise(vector),
      setInterruptLevel: asserted => this.#setLevel(asserted),
      log: this.#services.log,
      workWaiting: () => this.#workWaiting(),
    };
  }

  /** Something has come that is taken before the next slice, or another adapter may want its turn. */
  #workWaiting(): boolean {
    return (this.#ring?.consumer.hasWork() ?? false) || (this.#services.othersWaiting?.() ?? false);
  }

  // What the reactor does with it.

  /** What wakes the consumer; undefined without a ring. */
  get kick(): Kick | undefined {
    return this.#ring?.kick;
  }

  get running(): boolean {
    return this.#running;
  }

  /** A front-end has connected; `ask` sends it a question for a translation. */
  beginSession(ask: AskFrontEnd): void {
    this.dma.begin(ask);
  }

  /** Throws RingFault when the front-end has given this connection up. */
  checkCurrent(): void {
    this.#ring?.consumer.checkCurrent();
  }

  /** Takes at most `budget` ring slots; returns how many. Throws RingFault. */
  drain(budget: number): number {
    return this.#attached ? this.#ring!.consumer.drain(budget) : 0;
  }

  /** Whether more writes may follow the slots just taken within nanoseconds. */
  get mayBeInBurst(): boolean {
    return this.#attached && !this.#ring!.consumer.lastWasRead;
  }

  /** Lets the model work; true while more can be done now. Throws RingFault. */
  poll(budget: number): boolean {
    let more = false;
    // Slice by slice: a process that was suspended in one finds here that it was given up, or that a reset has come; and
    // a read that came meanwhile waits for no more than that one.
    for (let n = 0; n < budget; n++) {
      more = this.#mayWork() && this.#slice();
      if (!more || this.#workWaiting()) break;
    }
    more = this.dma.endTurn(more, !more && this.dma.translated && this.#someWaits());
    this.#idle = !more;
    return more;
  }

  #slice(): boolean {
    // Once for all that has changed since the slice before: the model tries everything again that waits.
    if (this.#memoryChanged) {
      this.#memoryChanged = false;
      this.model.memoryChanged();
    }
    return this.model.poll(1);
  }

  /** Whether work of the model's waits for time, or for the news, and not for a translation. */
  #someWaits(): boolean {
    return this.#attached && (this.#memoryChanged || this.model.wakeAtNs !== Number.POSITIVE_INFINITY);
  }

  /** True once after an interrupt was raised. */
  takeInterrupted(): boolean {
    const interrupted = this.#interrupted;
    this.#interrupted = false;
    return interrupted;
  }

  get wakeAtNs(): number {
    // What waits for the reset event has no time of its own.
    const waits = !this.#attached || this.#ring!.consumer.resetPending;
    if (waits) return Number.POSITIVE_INFINITY;
    return this.#memoryChanged ? 0 : Math.min(this.model.wakeAtNs, this.dma.wakeAtNs);
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
      ...this.dma.status(),
    };
  }

  /** The session is over: nothing of the front-end's is touched from now on. */
  endSession(): void {
    const attached = this.#attached;
    this.#attached = false;
    this.#running = false;
    this.#runOwed = false;
    this.#memoryChanged = false;
    this.#interrupts.clear();
    this.dma.end();
    this.#barRam.clear();
    this.#ring?.close();
    this.#ring = undefined;
    // The region may be another process's by now. The model stops on a copy, which control requests may look at.
    this.#letRegionGo();
    if (attached) this.#control({ kind: 'stop' });
  }

  // Requests of the extension.

  setRing(ringFd: number, kickFd: number, answerFd: number, setup: RingSetup): void {
    const reach = { target: this.model, access: this.#access };
    this.#ring = RingEnd.open(ringFd, kickFd, answerFd, setup, reach);
    const { trace } = this.#services;
    this.#ring.consumer.observer = (op, bar, offset, size, lo, hi, taken) => {
      if (trace.enabled) trace.point(taken ? op : TracePoint.DROPPED, bar, offset, size, lo, hi);
    };
  }

  newState(): NewState {
    const { stateSize } = this.description;
    const fd = createMemfd('pushbell-state', stateSize);
    this.#attach(fd, true);
    return { fd, resetEpoch: this.#ring!.consumer.epoch, instance: this.#services.random(8) };
  }

  takeState(fd: number, size: number, version: number): void {
    const reason = this.#whyNot(fd, size, version);
    if (reason !== undefined) {
      closeFd(fd);
      throw reason;
    }
    try {
      this.#attach(fd, false);
    } catch (error) {
      if (!(error instanceof StateRefused)) throw error;
      this.#letRegionGo();
      throw new Refused(`the region holds no state: ${error.message}`, BigInt(StateResult.BAD_CONTENT));
    }
  }

  /** Why a region is not even looked into. */
  #whyNot(fd: number, size: number, version: number): Refused | undefined {
    const { stateSize, stateVersion } = this.description;
    if (version !== stateVersion) {
      const remedy = `start a back-end that reads version ${version}, or reset the VM`;
      const what = `the state has version ${version}, this back-end reads version ${stateVersion}`;
      return new Refused(`${what}: ${remedy}`, BigInt(StateResult.BAD_VERSION));
    }
    if (size === stateSize && sizeOf(fd) === size && cannotShrink(fd)) return undefined;
    return new Refused(`the state is not a sealed memfd of ${stateSize} bytes`, BigInt(StateResult.BAD_FD));
  }

  setInterrupt(vector: number, fd: number | undefined): void {
    this.#interrupts.set(vector, fd);
  }

  setBarRam(bar: number, fd: number, size: number): void {
    this.#barRam.set(this.description, bar, fd, size, memory => this.model.setBarRam!(bar, memory));
  }

  run(): void {
    this.#settle();
    this.#running = true;
    this.#runOwed = true;
    this.#tellRun();
  }

  /** Running again, the model does at once what it owes the guest: not what it owed before a reset that is on its way. */
  #tellRun(): void {
    if (!this.#runOwed || this.#ring!.consumer.resetPending) return;
    this.#runOwed = false;
    this.#control({ kind: 'run' });
    // A process before this one may have died between a change of the level and the telling of it.
    if (this.description.interruptPin !== 0) this.#raise(this.#levelVector);
  }

  stop(): void {
    this.#settle();
    this.#runOwed = false;
    this.#control({ kind: 'stop' });
    this.#running = false;
  }

  control(event: ControlEvent, producer: number): void {
    const { consumer } = this.#ring!;
    if (event.kind === 'function-reset' || event.kind === 'bus-reset') consumer.reset(producer, event.epoch);
    else {
      consumer.drainTo(producer);
      // A reset is on its way, which sets all that back: it must not let the model do DMA before it.
      if (consumer.resetPending) return;
    }
    this.#control(event);
    this.#tellRun();
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

  #map(fd: number): Mapping {
    try {
      return new Mapping(fd, this.description.stateSize);
    } catch (error) {
      closeFd(fd);
      throw error;
    }
  }

  /** From now on the region is a copy of this process's own, if it was the front-end's. */
  #letRegionGo(): void {
    const fd = this.#stateFd;
    if (fd === undefined) return;
    this.#region!.detach(fd);
    closeFd(fd);
    this.#stateFd = undefined;
  }

  /** False while the function was reset and does not know yet, or is not attached. Throws RingFault. */
  #mayWork(): boolean {
    if (!this.#attached) return false;
    const { consumer } = this.#ring!;
    consumer.checkCurrent();
    return !consumer.resetPending;
  }

  /** Takes every slot that is in the ring now, but for those that wait for a reset: messages without an index come after. */
  #settle(): void {
    if (!this.#attached) return;
    const { consumer } = this.#ring!;
    consumer.drain(consumer.available());
  }

  /** Takes `fd` over. The session's phases see to it that there is a ring. */
  #attach(fd: number, fresh: boolean): void {
    const ring = this.#ring!;
    const region = this.#map(fd);
    // The region before stays mapped until the model has let it go; a control request may look at it in between.
    const before = this.#region;
    this.#region = region;
    this.#stateFd = fd;
    try {
      this.model.attach(this.#newHost(), region, fresh);
    } finally {
      before?.retire();
    }
    this.#attached = true;
    if (!fresh) ring.consumer.skipApplied(this.model.appliedPosition);
    const { epoch } = ring.consumer;
    if (this.model.resetEpoch !== epoch) this.#control({ kind: 'bus-reset', epoch });
    ring.announce();
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

  /** Number of the eventfd that tells changes of the INTx level. */
  get #levelVector(): number {
    return this.description.msix?.vectors ?? 0;
  }

  #setLevel(asserted: boolean): void {
    const ring = this.#ring;
    if (ring === undefined || this.description.interruptPin === 0) return;
    if (!this.#interrupts.setLevel(this.#levelVector, asserted, ring.consumer)) return;
    this.#interrupted = true;
    this.#services.trace.point(TracePoint.INTERRUPT, this.#levelVector);
  }
}
