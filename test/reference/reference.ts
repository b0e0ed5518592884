// SPDX-License-Identifier: MIT
// The adapter as the verbs describe it, in the plainest way: objects in maps, memory as bytes, one packet or slice a step,
// nothing that could be recovered or that is fast. Who runs next is asked of the caller: between queues the standard
// orders nothing. Written from IBTA volume 1 (chapters 9 to 11), device/abi and architecture.md, not from the model.
import { Hold, QpState, QpType } from '../../device/abi/generated/commands.js';
import { EventType, Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import { PUSH_SLOTS } from '../../device/abi/generated/registers.js';
import { type Descriptor, opcodeOf, sum } from './descriptor.js';
import { Memory } from './memory.js';
import type { AdapterEvent, AddressHandle, Cq, Cqe, Qp, Ring, Srq } from './objects.js';
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
  /** Bits of Hold. */
  hold = 0;
  readonly counters = { doorbells: 0, pushes: 0, fallbacks: 0, ignored: 0, refused: 0, completions: 0 };
  readonly port = { rxQkey: 0, rxNoReceive: 0 };
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
    if (qp === undefined) this.counters.refused++;
    else this.#ring(qp.send, index);
  }

  #sender(page: number, qpn: number): Qp | undefined {
    const qp = this.qps.get(qpn);
    const may: readonly number[] = [RTS, SQD, SQE, ERR];
    return qp !== undefined && qp.page === page && may.includes(qp.state) ? qp : undefined;
  }

  ringRecv(page: number, qpn: number, index: number): void {
    const qp = this.qps.get(qpn);
    if (qp?.recv === undefined || qp.page !== page || qp.state === RESET) this.counters.refused++;
    else this.#ring(qp.recv, index);
  }

  ringSrq(number: number, index: number): void {
    const srq = this.srqs.get(number);
    if (srq === undefined) this.counters.refused++;
    else this.#ring(srq.ring, index);
  }

  #ring(ring: Ring, index: number): void {
    const posted = ahead(index, ring.producer);
    if (posted === 0 || posted > HALF) this.counters.ignored++;
    else if (ahead(index, ring.consumer) > ring.depth) this.counters.refused++;
    else {
      ring.producer = index;
      this.counters.doorbells++;
    }
  }

  /** A trailer: `d` is the descriptor when every byte of it came exactly once, undefined when not. */
  trailer(page: number, qpn: number, index: number, d: Descriptor | undefined): void {
    const qp = this.#sender(page, qpn);
    if (qp === undefined) return void this.counters.refused++;
    const { send } = qp;
    if (ahead(index, send.producer) >= HALF) return void this.counters.ignored++;
    if (ahead(index, send.consumer) >= send.depth) return void this.counters.refused++;
    if (d !== undefined && index === send.producer && this.#slotsUsed(page) < PUSH_SLOTS) {
      qp.pushed.set(index, { d, arrival: this.#arrivals++ });
      send.producer = next(index);
      this.counters.pushes++;
    } else {
      this.counters.fallbacks++;
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
    qp.active = undefined;
    // Its own responder, at the other end of a connection to itself, has stopped it: it is flushed.
    if (qp.state === ERR) return;
    const good = status === WcStatus.SUCCESS;
    const bytes = good ? bytesOf(d) : 0;
    if (!good || d.signaled) this.completeSend(qp, d, status, bytes);
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
    this.completeSend(qp, d, WcStatus.WR_FLUSH_ERR, 0);
    this.#release(qp);
  }

  #flushReceive(qp: Qp): void {
    if (qp.srq === undefined) {
      const ring = qp.recv!;
      const index = ring.consumer;
      this.completeReceive(qp, entry(ring, index).wrId, index, { status: WcStatus.WR_FLUSH_ERR });
      ring.consumer = next(index);
      return;
    }
    const taken = qp.incoming?.receive ?? qp.kept;
    qp.incoming = undefined;
    qp.kept = undefined;
    if (taken !== undefined)
      this.completeReceive(qp, taken.d.wrId, taken.index, { status: WcStatus.WR_FLUSH_ERR });
    qp.lastWqeTold = true;
    this.tell(EventType.LAST_WQE_REACHED, qp.number);
  }

  // Completions.

  completeSend(qp: Qp, d: Descriptor, status: number, byteCount: number): void {
    this.#complete(qp, qp.sendCq, {
      ...PLAIN,
      wrId: d.wrId,
      qpn: qp.number,
      byteCount,
      opcode: opcodeOf(d),
      status,
      index: qp.send.consumer,
    });
  }

  completeReceive(qp: Qp, wrId: number, index: number, what: Partial<Cqe>): void {
    const cqe = { ...PLAIN, opcode: Opcode.RECV, ...what, wrId, qpn: qp.number, index, receive: true };
    this.#complete(qp, qp.recvCq!, cqe);
  }

  #complete(qp: Qp, cq: Cq, cqe: Cqe): void {
    if (cqe.status === WcStatus.WR_FLUSH_ERR) qp.counters.flushed++;
    else if (cqe.status !== WcStatus.SUCCESS) qp.counters.errors++;
    if (cq.overflowed) return;
    if (cq.entries.length - cq.consumer >= cq.depth) {
      cq.overflowed = true;
      return this.tell(EventType.CQ_ERROR, cq.number);
    }
    cq.entries.push(cqe);
    this.counters.completions++;
    if (cq.armed === 'any' || (cq.armed === 'solicited' && counts(cqe))) this.#fire(cq);
  }

  #fire(cq: Cq): void {
    cq.armed = 'no';
    this.tell(EventType.COMPLETION, cq.number);
  }

  arm(cq: Cq, consumer: number, solicited: boolean): void {
    cq.consumer = consumer;
    cq.armed = solicited ? 'solicited' : 'any';
    if (cq.entries.slice(consumer).some(cqe => !solicited || counts(cqe))) this.#fire(cq);
  }

  /** Receivers that take packets; of a connection, if they come from the address that it leads to. */
  answers(qpn: number, type: number, ip6?: boolean): Qp | undefined {
    const qp = this.qps.get(qpn);
    const takes: readonly number[] = [RTR, RTS, SQD, SQE];
    if (qp === undefined || qp.type !== type || !takes.includes(qp.state)) return undefined;
    return ip6 === undefined || qp.ip6 === ip6 ? qp : undefined;
  }
}

/** Its next descriptor was pushed. */
export const isPushed = (qp: Qp): boolean =>
  (qp.state === RTS || qp.state === SQD) && qp.pushed.has(qp.send.consumer);

const PLAIN: Cqe = {
  wrId: 0,
  qpn: 0,
  byteCount: 0,
  opcode: 0,
  status: WcStatus.SUCCESS,
  index: 0,
  srcQpn: 0,
  receive: false,
  solicited: false,
  immediate: 0,
  withImmediate: false,
  withInvalidate: false,
  grh: false,
};

/** Whether a completion wakes who asked for solicited ones. */
const counts = (cqe: Cqe): boolean => cqe.solicited || cqe.status !== WcStatus.SUCCESS;

// biome-ignore lint/correctness/useYield: a run that ends before its first step
function* fails(status: number): Generator<never, number, void> {
  return status;
}

/** Bytes that a good completion reports. */
function bytesOf(d: Descriptor): number {
  return d.inline !== undefined ? d.inline.length : Math.max(sum(d.gather), sum(d.scatter));
}
