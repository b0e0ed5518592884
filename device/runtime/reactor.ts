// SPDX-License-Identifier: MIT
// The loop of the device process, synchronous, in a thread of its own. Each turn gives every source its budget:
//
//   ring slots ──▶ model (MMIO)      model ──▶ slices of queued work      sockets, wake-up ──▶ messages, now and then
//
// With nothing to do it spins a while, then announces sleep in the ring header and blocks in poll. The wake event is
// always in the poll set, so that the main thread can stop the loop or ask it something at any time.
import type { Clock, LogLevel } from '../model/ports.js';
import { yieldProcessor } from '../sys/cpu.js';
import { PeerFault } from '../sys/errors.js';
import type { EventFd } from '../sys/eventfd.js';
import { closeFd } from '../sys/fd.js';
import { bytesAwaitingCollection } from '../sys/mapping.js';
import { PollSet } from '../sys/poll.js';
import { acceptUnix } from '../sys/unix-socket.js';
import { PCI_LOG } from '../vhost/pci-requests.js';
import type { VhostSession } from '../vhost/session.js';
import type { PciFunction } from './pci-function.js';
import { newPciSession } from './pci-session.js';
import { SpinWindow } from './spin.js';
import { type Trace, TracePoint } from './trace.js';

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

export interface ReactorOptions {
  readonly function: PciFunction;
  readonly clock: Clock;
  readonly wake: EventFd;
  /** A listening socket, or one that is connected already (the loop ends with its session). */
  readonly listener: number | undefined;
  readonly connected: number | undefined;
  readonly maxSpinNs: number;
  readonly log: (level: LogLevel, message: string, fields?: Record<string, unknown>) => void;
  readonly trace: Trace;
  /** Called when the wake event was signalled: true ends the loop. */
  readonly onWake: () => boolean;
}

/** Why `run` came back: to be called again after the event loop had its turn, or not at all. */
export type Pause = 'yield' | 'stopped' | 'session-over';

export class Reactor {
  readonly #o: ReactorOptions;
  readonly #function: PciFunction;
  readonly #clock: Clock;
  readonly #spin: SpinWindow;
  readonly #poll = new PollSet(4);
  #session: VhostSession | undefined;
  #sessions = 0;
  #pause: Pause | undefined;
  #nextLookNs = 0;
  #lastYieldNs = 0;

  constructor(options: ReactorOptions) {
    this.#o = options;
    this.#function = options.function;
    this.#clock = options.clock;
    this.#spin = new SpinWindow(options.maxSpinNs);
    if (options.connected !== undefined) this.#begin(options.connected);
  }

  status(): Record<string, unknown> {
    return { sessions: this.#sessions, phase: this.#session?.phase, ...this.#function.status() };
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

  /** Ends what is left of a session. */
  close(): void {
    if (this.#session !== undefined) {
      this.#session.end('');
      this.#finish();
    }
  }

  /** One round over ring and model; true when something was done or can be done at once. */
  #turn(): boolean {
    this.#o.trace.newTurn();
    try {
      const taken = this.#function.drain(SLOTS_PER_TURN);
      const more = this.#function.poll(SLICES_PER_TURN);
      const few = taken > 0 && taken < SLOTS_WORTH_A_LOOK && !more;
      // An interrupt is on its way and there is nothing to do but to spin: who delivers it may wait for this processor.
      if (!more && this.#function.takeInterrupted()) yieldProcessor();
      else if (few && this.#function.mayBeInBurst) this.#letSlotsGather();
      return taken > 0 || more;
    } catch (error) {
      if (!(error instanceof PeerFault)) throw error;
      this.#session?.end(error.message);
      this.#finish();
      return false;
    }
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
    const timeoutNs = this.#function.wakeAtNs - now;
    if (timeoutNs <= 0 || (timeoutNs < TIMER_SPIN_NS && this.#spin.maxNs > 0)) return;
    if (bytesAwaitingCollection() > 0 && now - this.#lastYieldNs > YIELD_EVERY_NS) {
      // The collector's callbacks, which give address space back, run in the event loop only.
      this.#lastYieldNs = now;
      this.#pause = 'yield';
      return;
    }
    this.#spin.wasted();
    try {
      if (!this.#function.fallAsleep()) return;
    } catch (error) {
      if (!(error instanceof PeerFault)) throw error;
      return;
    }
    this.#look(timeoutNs);
  }

  /** Looks at the sockets, waiting at most `timeoutNs`, and serves what is ready. */
  #look(timeoutNs: number): void {
    const session = this.#session;
    const poll = this.#poll;
    const kick = this.#function.kick;
    poll.clear();
    const wakePlace = poll.add(this.#o.wake.fd);
    const socketPlace = this.#addSocket(session);
    const kickPlace = kick === undefined || timeoutNs === 0 ? -1 : poll.add(kick.fd);
    const ready = poll.wait(timeoutNs);
    if (timeoutNs !== 0) this.#function.wake();
    this.#nextLookNs = this.#clock.nowNs() + SOCKET_LOOK_NS;
    if (ready === 0) return;
    if (kickPlace >= 0 && poll.isReady(kickPlace)) kick!.drain();
    if (poll.isReady(wakePlace)) {
      this.#o.wake.drain();
      if (this.#o.onWake()) this.#pause = 'stopped';
    }
    if (socketPlace < 0 || !poll.isReady(socketPlace)) return;
    if (session === undefined) this.#accept();
    else this.#serve(session);
  }

  /** The socket to watch: the session's, or the listener when there is none. */
  #addSocket(session: VhostSession | undefined): number {
    const fd = session?.fd ?? this.#o.listener;
    return fd === undefined ? -1 : this.#poll.add(fd);
  }

  #accept(): void {
    const fd = acceptUnix(this.#o.listener!);
    if (fd !== undefined) this.#begin(fd);
  }

  #serve(session: VhostSession): void {
    session.service(MESSAGES_PER_LOOK);
    if (session.ended !== undefined) this.#finish();
  }

  #begin(fd: number): void {
    const { log, trace } = this.#o;
    this.#sessions++;
    trace.point(TracePoint.SESSION, 1);
    this.#session = newPciSession(fd, this.#function, (request, reason) => {
      log('warn', `${request} refused: ${reason}`);
      this.#session?.tell(PCI_LOG, `${request} refused: ${reason}`);
    });
    log('info', 'front-end connected', { session: this.#sessions });
  }

  #finish(): void {
    const session = this.#session;
    if (session === undefined) return;
    this.#session = undefined;
    const reason = session.ended ?? '';
    this.#function.endSession();
    session.close();
    this.#o.trace.point(TracePoint.SESSION, 0);
    if (reason === '') this.#o.log('info', 'session over', { session: this.#sessions });
    else this.#o.log('error', `session ended: ${reason}`, { session: this.#sessions });
    // A turn of the event loop between two sessions: retired mappings are given back.
    // A stop that came together with the hang-up stands.
    if (this.#pause !== 'stopped') this.#pause = this.#o.listener === undefined ? 'session-over' : 'yield';
  }

  /** After a failure of our own: hangs up, and touches neither model nor memory any more. */
  abandon(): void {
    this.#session?.close();
    this.#session = undefined;
    if (this.#o.listener !== undefined) closeFd(this.#o.listener);
  }

  /** Closes what the loop was given. */
  dispose(): void {
    this.close();
    if (this.#o.listener !== undefined) closeFd(this.#o.listener);
  }
}
