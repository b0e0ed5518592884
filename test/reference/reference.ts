// SPDX-License-Identifier: MIT
// The adapter as the verbs describe it, in the plainest way: objects in maps, memory as bytes, one packet or slice a step,
// nothing that could be recovered or that is fast. Who runs next is asked of the caller: between queues the standard
// orders nothing. Written from IBTA volume 1 (chapters 9 to 11), device/abi and architecture.md, not from the model.
import { Hold, QpState, QpType } from '../../device/abi/generated/commands.js';
import { EventType, WcStatus } from '../../device/abi/generated/descriptors.js';
import { PUSH_SLOTS } from '../../device/abi/generated/registers.js';
import { completeReceive, completeSend } from './completions.js';
import { type Descriptor, sum } from './descriptor.js';
import { Memory } from './memory.js';
import {
  type AdapterEvent,
  type AddressHandle,
  type Cq,
  NO_PAGE_COUNTERS,
  type PageCounters,
  type Qp,
  type Ring,
  type Srq,
} from './objects.js';
import { check, execute } from './requester.js';
import { ahead, entry, HALF, next, pending } from './rings.js';

const { RESET, RTR, RTS, SQD, SQE, ERR } = QpState;

/** Picks who of several queue pairs has the next step. */
export type Choose = (ready: readonly Qp[], r: Reference) => Qp;

export class Reference {
  readonly memory: Memory;
  readonly cqs = new Map<number, Cq>();
  readonly qps = new Map<number, Qp>();
  readonly srqs = new Map<number, Srq>();
  readonly ahs = new Map<number, AddressHandle>();
  readonly pds = new Set<number>();
  readonly events: AdapterEvent[] = [];
  /** Microseconds since the beginning. */
  now = 0;
  /** The second address of the port is the one that everybody knows. */
  ownsIp6 = true;
  /** Bits of Hold. */
  hold = 0;
  readonly counters = { ...NO_PAGE_COUNTERS, completions: 0 };
  /** By doorbell page that was given out. */
  readonly pages = new Map<number, PageCounters>();
  readonly port = { rxQkey: 0, rxNoReceive: 0, rxSequence: 0 };
  /** Decides what the standard leaves open and the order of steps does not tell. */
  coin: () => boolean = () => false;
  /** Queue pair that had the last step that was not pushed. */
  cursor = 0;
  /** Steps of pushed descriptors in a row while a rung queue waited. */
  streak = 0;
  #arrivals = 0;

  constructor(ram: Uint8Array) {
    this.memory = new Memory(ram);
  }

  tell(type: number, number: number, detail = 0): void {
    this.events.push({ type, number, detail });
  }

  // Doorbells and pushes.

  ringSend(page: number, qpn: number, index: number): void {
    const qp = this.#sender(page, qpn);
    if (qp === undefined) this.#count(page, 'refused');
    else this.#ring(page, qp.send, index);
  }

  #sender(page: number, qpn: number): Qp | undefined {
    const qp = this.qps.get(qpn);
    const may: readonly number[] = [RTS, SQD, SQE, ERR];
    return qp !== undefined && qp.page === page && may.includes(qp.state) ? qp : undefined;
  }

  ringRecv(page: number, qpn: number, index: number): void {
    const qp = this.qps.get(qpn);
    if (qp?.recv === undefined || qp.page !== page || qp.state === RESET) this.#count(page, 'refused');
    else this.#ring(page, qp.recv, index);
  }

  ringSrq(page: number, number: number, index: number): void {
    const srq = this.srqs.get(number);
    if (srq === undefined) this.#count(page, 'refused');
    else this.#ring(page, srq.ring, index);
  }

  #ring(page: number, ring: Ring, index: number): void {
    const posted = ahead(index, ring.producer);
    if (posted === 0 || posted > HALF) return this.#count(page, 'ignored');
    if (ahead(index, ring.consumer) > ring.depth) return this.#count(page, 'refused');
    ring.producer = index;
    this.#count(page, 'doorbells');
  }

  /** Once for the adapter, and once for the page that was written to, if it was given out. */
  #count(page: number, what: keyof PageCounters): void {
    this.counters[what]++;
    const ofPage = this.pages.get(page);
    if (ofPage !== undefined) ofPage[what]++;
  }

  /** A trailer: `d` is the descriptor when every byte of it came exactly once, undefined when not. */
  trailer(page: number, qpn: number, index: number, d: Descriptor | undefined): void {
    const qp = this.#sender(page, qpn);
    if (qp === undefined) return this.#count(page, 'refused');
    const { send } = qp;
    if (ahead(index, send.producer) >= HALF) return this.#count(page, 'ignored');
    if (ahead(index, send.consumer) >= send.depth) return this.#count(page, 'refused');
    if (d !== undefined && index === send.producer && this.#slotsUsed(page) < PUSH_SLOTS) {
      qp.pushed.set(index, { d, arrival: this.#arrivals++ });
      send.producer = next(index);
      this.#count(page, 'pushes');
    } else {
      this.#count(page, 'fallbacks');
      this.ringSend(page, qpn, next(index));
    }
  }

  #slotsUsed(page: number): number {
    return [...this.qps.values()].reduce((n, qp) => n + (qp.page === page ? qp.pushed.size : 0), 0);
  }

  // Who runs.

  /** Works until nobody can go on. */
  settle(choose: Choose): void {
    for (const qp of this.qps.values()) qp.stuck = false;
    for (;;) {
      const ready = [...this.qps.values()].filter(qp => !qp.stuck && this.#mayRun(qp));
      if (ready.length === 0) return;
      const qp = choose(ready, this);
      const pushed = isPushed(qp);
      if (!this.#step(qp)) {
        qp.stuck = true;
        continue;
      }
      this.#remember(qp, pushed, ready);
      for (const other of this.qps.values()) other.stuck = false;
    }
  }

  /** What a fair choice of the next one depends on. */
  #remember(qp: Qp, pushed: boolean, ready: readonly Qp[]): void {
    if (!pushed) {
      this.cursor = qp.number;
      this.streak = 0;
    } else this.streak = ready.every(other => other === qp || isPushed(other)) ? 0 : this.streak + 1;
  }

  #mayRun(qp: Qp): boolean {
    if (qp.state === ERR) return pending(qp.send) > 0 || this.#receivesToFlush(qp);
    if (qp.state === SQE) return pending(qp.send) > 0;
    if ((this.hold & (qp.type === QpType.DMA ? Hold.ENGINE : Hold.LINK | Hold.PORT)) !== 0) return false;
    return qp.state === SQD ? qp.active?.begun === true : qp.state === RTS && pending(qp.send) > 0;
  }

  #receivesToFlush(qp: Qp): boolean {
    if (qp.srq !== undefined) return !qp.lastWqeTold;
    return qp.recv !== undefined && pending(qp.recv) > 0;
  }

  /** One packet, slice or flushed entry. False when the queue pair has to wait. */
  #step(qp: Qp): boolean {
    if (qp.state === ERR || qp.state === SQE) {
      if (pending(qp.send) > 0) this.#flushSend(qp);
      else this.#flushReceive(qp);
      return true;
    }
    qp.active ??= this.#begin(qp);
    const { d, run } = qp.active;
    const { value, done } = run.next();
    if (done === true) this.#end(qp, d, value);
    else if (value === 'wait') return false;
    else qp.active.begun = true;
    return true;
  }

  #head(qp: Qp): Descriptor {
    return qp.pushed.get(qp.send.consumer)?.d ?? entry(qp.send, qp.send.consumer);
  }

  #begin(qp: Qp) {
    const d = this.#head(qp);
    const room = qp.pushed.has(qp.send.consumer) ? Infinity : qp.send.stride;
    const status = check(this, qp, d, room);
    const run = status === WcStatus.SUCCESS ? execute(this, qp, d) : fails(status);
    return { d, run, begun: false };
  }

  /** The descriptor at the head has ended. */
  #end(qp: Qp, d: Descriptor, status: number): void {
    qp.counters[qp.pushed.has(qp.send.consumer) ? 'pushed' : 'rung']++;
    qp.active = undefined;
    // Its own responder, at the other end of a connection to itself, has stopped it: it is flushed.
    if (qp.state === ERR) return;
    const good = status === WcStatus.SUCCESS;
    const bytes = good ? bytesOf(d) : 0;
    if (!good || d.signaled) completeSend(this, qp, d, status, bytes);
    if (good) {
      qp.counters.txMessages++;
      qp.counters.txBytes += bytes;
    }
    this.#release(qp);
    if (!good) this.#doubtSend(qp, d);
    if (!good) this.#sendFailed(qp, status);
    if (qp.state === SQD) this.drained(qp);
  }

  #release(qp: Qp): void {
    qp.pushed.delete(qp.send.consumer);
    qp.send.consumer = next(qp.send.consumer);
  }

  #sendFailed(qp: Qp, status: number): void {
    if (qp.type === QpType.RC || qp.type === QpType.DMA) return this.stop(qp, status);
    qp.state = SQE;
  }

  /** SQD: nothing is under way any more. */
  drained(qp: Qp): void {
    qp.draining = false;
    if (qp.sqdEvent) this.tell(EventType.SQ_DRAINED, qp.number);
    qp.sqdEvent = false;
  }

  /** A queue pair goes to the error state by itself. */
  stop(qp: Qp, status: number, event: number = EventType.QP_FATAL): void {
    if (qp.state === ERR) return;
    this.tell(event, qp.number, event === EventType.QP_FATAL ? status : 0);
    qp.errorStatus = status;
    this.enterError(qp);
  }

  enterError(qp: Qp): void {
    if (qp.active?.begun === true) this.#doubtSend(qp, qp.active.d);
    this.doubtReceive(qp);
    qp.state = ERR;
    qp.active = undefined;
    qp.draining = false;
    if (qp.srq === undefined) qp.incoming = undefined;
  }

  // What an operation has written that did not end well, nobody says: within what its keys allow.

  #doubtSend(qp: Qp, d: Descriptor): void {
    this.memory.forget(this.memory.listAddresses(d.scatter, qp.pd, 0, sum(d.scatter), true) ?? []);
    const peer = this.qps.get(qp.dest);
    if (peer !== undefined) this.doubtReceive(peer);
  }

  doubtReceive(qp: Qp): void {
    const { incoming, pd } = qp;
    if (incoming === undefined) return;
    const { key, address, length, receive } = incoming;
    const list = receive?.d.scatter ?? [{ lkey: key, address, length }];
    this.memory.forget(this.memory.listAddresses(list, receive?.pd ?? pd, 0, sum(list), true) ?? []);
  }

  #flushSend(qp: Qp): void {
    const d = this.#head(qp);
    completeSend(this, qp, d, WcStatus.WR_FLUSH_ERR, 0);
    this.#release(qp);
  }

  #flushReceive(qp: Qp): void {
    if (qp.srq === undefined) {
      const ring = qp.recv!;
      const index = ring.consumer;
      completeReceive(this, qp, entry(ring, index).wrId, index, { status: WcStatus.WR_FLUSH_ERR });
      ring.consumer = next(index);
      return;
    }
    const taken = qp.incoming?.receive ?? qp.kept;
    qp.incoming = undefined;
    qp.kept = undefined;
    if (taken !== undefined)
      completeReceive(this, qp, taken.d.wrId, taken.index, { status: WcStatus.WR_FLUSH_ERR });
    qp.lastWqeTold = true;
    this.tell(EventType.LAST_WQE_REACHED, qp.number);
  }

  /** Connections and address handles lead to the addresses that the port had first; the second one may go. */
  isHome(ip6: boolean): boolean {
    return !ip6 || this.ownsIp6;
  }

  /** Receivers that take packets; of a connection, if they come from the address that it leads to. */
  answers(qpn: number, type: number, ip6?: boolean): Qp | undefined {
    const qp = this.qps.get(qpn);
    const takes: readonly number[] = [RTR, RTS, SQD, SQE];
    if (qp === undefined || qp.type !== type || !takes.includes(qp.state)) return undefined;
    return ip6 === undefined || (qp.ip6 === ip6 && this.isHome(ip6)) ? qp : undefined;
  }
}

/** Its next descriptor was pushed. */
export const isPushed = (qp: Qp): boolean =>
  (qp.state === RTS || qp.state === SQD) && qp.pushed.has(qp.send.consumer);

// biome-ignore lint/correctness/useYield: a run that ends before its first step
function* fails(status: number): Generator<never, number, void> {
  return status;
}

/** Bytes that a good completion reports. */
function bytesOf(d: Descriptor): number {
  return d.inline !== undefined ? d.inline.length : Math.max(sum(d.gather), sum(d.scatter));
}
