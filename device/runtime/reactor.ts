// SPDX-License-Identifier: MIT
// The loop of the device process, synchronous, in a thread of its own. Each turn gives every adapter its budget:
//
//   ring slots ──▶ model (MMIO)      model ──▶ slices of queued work      sockets, wake-up ──▶ messages, now and then
//
// When none has anything to do it spins a while, then announces sleep in every ring header and blocks in poll. The wake
// event is always in the poll set, so that the main thread can stop the loop or ask it something at any time.
//
// A PeerFault ends the session that it came from and no other. Any other error is a defect of ours: nobody knows what
// it has touched, so it ends the loop and with it the process.
import type { Clock, LogLevel } from '../model/ports.js';
import { yieldProcessor } from '../sys/cpu.js';
import { PeerFault } from '../sys/errors.js';
import type { EventFd } from '../sys/eventfd.js';
import { closeFd } from '../sys/fd.js';
import { bytesAwaitingCollection } from '../sys/mapping.js';
import { PollSet } from '../sys/poll.js';
import { acceptUnix } from '../sys/unix-socket.js';
import { PCI_LOG } from '../vhost/pci-requests.js';
import type { AdapterSlot, AdapterSlots } from './adapter-slot.js';
import { newPciSession } from './pci-session.js';
import { SpinWindow } from './spin.js';
import { TracePoint } from './trace.js';

const SLOTS_PER_TURN = 256;
const SLICES_PER_TURN = 4;
const MESSAGES_PER_LOOK = 16;
/** After fewer slots than this the ring is left alone for a moment: see #letSlotsGather. */
const SLOTS_WORTH_A_LOOK = 16;
const GATHER_NS = 120;
/** Turns between two looks at the clock, and least time between two looks at the sockets. */
const TURNS_PER_CLOCK = 16;
const SOCKET_LOOK_NS = 50_000;
/** A timer closer than this is spun for: poll would wake up too late. */
const TIMER_SPIN_NS = 100_000;
const YIELD_EVERY_NS = 1e9;
/** In the poll set: wake event and listener, then socket and kick event of each adapter. */
const WAKE_PLACE = 0;
const COMMON_PLACES = 2;
const PLACES_PER_ADAPTER = 2;

export interface ReactorOptions {
  readonly adapters: AdapterSlots;
  readonly clock: Clock;
  readonly wake: EventFd;
  /** A listening socket, or one that is connected already (the loop ends with its session). */
  readonly listener: number | undefined;
  readonly connected: number | undefined;
  readonly maxSpinNs: number;
  readonly log: (level: LogLevel, message: string, fields?: Record<string, unknown>) => void;
  /** Called when the wake event was signalled: true ends the loop. */
  readonly onWake: () => boolean;
}

/** The system has refused something: no defect of ours. */
const isOutside = (error: unknown): error is Error => error instanceof Error && 'code' in error;

/** Why `run` came back: to be called again after the event loop had its turn, or not at all. */
export type Pause = 'yield' | 'stopped' | 'session-over';

export class Reactor {
  readonly #o: ReactorOptions;
  readonly #adapters: AdapterSlots;
  readonly #active: AdapterSlot[];
  readonly #clock: Clock;
  readonly #spin: SpinWindow;
  readonly #poll: PollSet;
  #listener: number | undefined;
  /** Somebody waits for an adapter and was told of in the log; the listener rests until one is free. */
  #crowded = false;
  #sessions = 0;
  #pause: Pause | undefined;
  #nextLookNs = 0;
  #lastYieldNs = 0;

  constructor(options: ReactorOptions) {
    this.#o = options;
    this.#adapters = options.adapters;
    this.#active = options.adapters.active;
    this.#clock = options.clock;
    this.#spin = new SpinWindow(options.maxSpinNs);
    this.#poll = new PollSet(COMMON_PLACES + PLACES_PER_ADAPTER * options.adapters.max);
    this.#listener = options.listener;
    if (options.connected !== undefined) this.#begin(options.adapters.take(), options.connected);
  }

  /** Accepts connections from now on, at a listening socket that is taken over. */
  listen(listener: number): void {
    this.#listener = listener;
    this.#nextLookNs = 0;
  }

  /** Runs until there is a reason to come back. */
  run(): Pause {
    this.#pause = undefined;
    let quiet = 0;
    let turns = 0;
    while (this.#pause === undefined) {
      const worked = this.#turn();
      quiet = worked ? 0 : quiet + 1;
      if (++turns % TURNS_PER_CLOCK !== 0 && (worked || quiet % TURNS_PER_CLOCK !== 0)) continue;
      const now = this.#clock.nowNs();
      if (quiet < TURNS_PER_CLOCK) this.#spin.worked(now);
      if (now >= this.#nextLookNs) this.#look(0);
      else if (quiet >= TURNS_PER_CLOCK && !this.#spin.goesOn(now)) this.#sleep(now);
    }
    return this.#pause;
  }

  /** One round over all adapters; true when something was done or can be done at once. */
  #turn(): boolean {
    const active = this.#active;
    let worked = false;
    for (let i = 0; i < active.length; i++) if (this.#turnOf(active[i]!)) worked = true;
    return worked;
  }

  #turnOf(slot: AdapterSlot): boolean {
    slot.trace.newTurn();
    const pci = slot.function;
    try {
      const taken = pci.drain(SLOTS_PER_TURN);
      const more = pci.poll(SLICES_PER_TURN);
      const few = taken > 0 && taken < SLOTS_WORTH_A_LOOK && !more;
      // An interrupt is on its way and there is nothing to do but to spin: who delivers it may wait for this processor.
      if (!more && pci.takeInterrupted()) yieldProcessor();
      else if (few && this.#active.length === 1 && pci.mayBeInBurst) this.#letSlotsGather();
      return taken > 0 || more;
    } catch (error) {
      this.#fault(slot, error);
      return false;
    }
  }

  /** What the peer did wrong ends its session; anything else is thrown again. */
  #fault(slot: AdapterSlot, error: unknown): void {
    if (!(error instanceof PeerFault)) throw error;
    slot.session?.end(error.message);
    this.#finish(slot);
  }

  /**
   * In a burst the producer stores its index every 50 ns or so, and each look at it takes that cache line away from the
   * producer's core, which costs it 100 ns. Looking less often than it stores lets slots gather, and both sides are
   * faster; the answer to a read has already been given.
   */
  #letSlotsGather(): void {
    const until = this.#clock.nowNs() + GATHER_NS;
    while (this.#clock.nowNs() < until);
  }

  #sleep(now: number): void {
    const timeoutNs = this.#wakeAtNs() - now;
    if (timeoutNs <= 0 || (timeoutNs < TIMER_SPIN_NS && this.#spin.maxNs > 0)) return;
    if (bytesAwaitingCollection() > 0 && now - this.#lastYieldNs > YIELD_EVERY_NS) {
      // The collector's callbacks, which give address space back, run in the event loop only.
      this.#lastYieldNs = now;
      this.#pause = 'yield';
      return;
    }
    this.#spin.wasted();
    if (this.#fallAsleep()) this.#look(timeoutNs);
  }

  #wakeAtNs(): number {
    const active = this.#active;
    let first = Number.POSITIVE_INFINITY;
    for (let i = 0; i < active.length; i++) first = Math.min(first, active[i]!.function.wakeAtNs);
    return first;
  }

  /** Announces sleep in every ring; false, and all awake again, when one of them has work after all. */
  #fallAsleep(): boolean {
    const active = this.#active;
    for (let i = 0; i < active.length; i++) {
      try {
        if (active[i]!.function.fallAsleep()) continue;
      } catch (error) {
        this.#fault(active[i]!, error);
      }
      this.#wakeAll();
      return false;
    }
    return true;
  }

  #wakeAll(): void {
    const active = this.#active;
    for (let i = 0; i < active.length; i++) active[i]!.function.wake();
  }

  /** Looks at the sockets, waiting at most `timeoutNs`, and serves what is ready. */
  #look(timeoutNs: number): void {
    const asleep = timeoutNs !== 0;
    const watched = this.#watch(asleep);
    const ready = this.#poll.wait(timeoutNs);
    if (asleep) this.#wakeAll();
    this.#nextLookNs = this.#clock.nowNs() + SOCKET_LOOK_NS;
    if (ready === 0) return;
    if (this.#poll.isReady(WAKE_PLACE)) {
      this.#o.wake.drain();
      if (this.#o.onWake()) this.#pause = 'stopped';
    }
    this.#serveReady(watched, asleep);
  }

  /** Fills the poll set: sockets and, before sleep, the events that end it. Returns the place of the listener, or -1. */
  #watch(asleep: boolean): number {
    const active = this.#active;
    const poll = this.#poll;
    poll.clear();
    poll.add(this.#o.wake.fd);
    for (let i = 0; i < active.length; i++) {
      poll.add(active[i]!.session!.fd);
      const kick = active[i]!.function.kick;
      if (asleep && kick !== undefined) poll.add(kick.fd);
    }
    const rests = this.#listener === undefined || this.#crowded;
    return rests ? -1 : poll.add(this.#listener!);
  }

  /** Serves what the poll set says is ready. Sessions end first: a front-end that comes back finds its slot free. */
  #serveReady(listenerPlace: number, asleep: boolean): void {
    const poll = this.#poll;
    // A session that ends leaves the list, and its place in the poll set with it: a copy keeps both in step.
    const watched = this.#active.slice();
    let place = WAKE_PLACE + 1;
    for (const slot of watched) {
      const socketReady = poll.isReady(place++);
      const kick = slot.function.kick;
      if (asleep && kick !== undefined && poll.isReady(place++)) kick.drain();
      if (socketReady) this.#serve(slot);
    }
    if (listenerPlace >= 0 && this.#pause === undefined && poll.isReady(listenerPlace)) this.#accept();
  }

  #serve(slot: AdapterSlot): void {
    const session = slot.session!;
    session.service(MESSAGES_PER_LOOK);
    if (session.ended !== undefined) this.#finish(slot);
  }

  #accept(): void {
    if (this.#adapters.full) {
      return this.#rest('warn', `all ${this.#adapters.max} adapters are connected (--max-adapters)`);
    }
    try {
      const slot = this.#adapters.take();
      const fd = acceptUnix(this.#listener!);
      if (fd !== undefined) this.#begin(slot, fd);
    } catch (error) {
      // The system refuses a descriptor or a file: those that are connected go on, and one that ends gives some back.
      if (!isOutside(error) || this.#active.length === 0) throw error;
      this.#rest('error', error.message);
    }
  }

  /** Leaves who connects in the backlog until a session ends. */
  #rest(level: LogLevel, reason: string): void {
    this.#crowded = true;
    this.#o.log(level, `a front-end waits: ${reason}`);
  }

  #begin(slot: AdapterSlot, fd: number): void {
    slot.sessions++;
    slot.sessionNumber = ++this.#sessions;
    slot.lastRefusal = undefined;
    slot.trace.point(TracePoint.SESSION, 1);
    slot.session = newPciSession(fd, slot.function, (request, reason) => {
      slot.lastRefusal = `${request} refused: ${reason}`;
      slot.log('warn', slot.lastRefusal);
      slot.session?.tell(PCI_LOG, slot.lastRefusal);
    });
    this.#active.push(slot);
    slot.log('info', 'front-end connected', { session: slot.sessionNumber });
  }

  #finish(slot: AdapterSlot): void {
    const session = slot.session;
    if (session === undefined) return;
    slot.session = undefined;
    this.#active.splice(this.#active.indexOf(slot), 1);
    this.#crowded = false;
    const reason = session.ended ?? '';
    slot.lastEnd = reason;
    slot.function.endSession();
    session.close();
    slot.trace.point(TracePoint.SESSION, 0);
    if (reason === '') slot.log('info', 'session over', { session: slot.sessionNumber });
    else slot.log('error', `session ended: ${reason}`, { session: slot.sessionNumber });
    // A turn of the event loop between two sessions: retired mappings are given back.
    // A stop that came together with the hang-up stands.
    if (this.#pause !== 'stopped') this.#pause = this.#o.connected === undefined ? 'yield' : 'session-over';
  }

  /** After a failure of our own: hangs up, and touches neither models nor memory any more. */
  abandon(): void {
    for (const slot of this.#active.splice(0)) {
      slot.session?.close();
      slot.session = undefined;
    }
    if (this.#listener !== undefined) closeFd(this.#listener);
  }

  /** Ends what is left of the sessions, and closes what the loop was given. */
  dispose(): void {
    for (const slot of this.#active.slice()) {
      slot.session?.end('');
      this.#finish(slot);
    }
    if (this.#listener !== undefined) closeFd(this.#listener);
  }
}
