// SPDX-License-Identifier: MIT
// Which queue pairs have work that can run, by class. All of it is a cache: classify() rebuilds it from the region. Push
// slots belong to doorbell pages, so that nobody's pushes, whether their queues can run or not, take a slot from another page.
import { QpState, QpType } from '../abi/generated/commands.js';
import { PUSH_SLOTS } from '../abi/generated/registers.js';
import {
  PSLOT_TABLE,
  PSLOT_WORDS,
  pslotIndex,
  pslotQpn,
  pslotSequence,
  pslotUsed,
  QP_COUNT,
  qpActive,
  qpDestQpn,
  qpPage,
  qpRecvActive,
  qpRecvConsumer,
  qpRecvProducer,
  qpSendConsumer,
  qpSendProducer,
  qpSrqn,
  qpState,
  qpType,
  qpUsed,
} from '../abi/generated/state.js';
import { Arrivals } from './arrivals.js';
import { ReadySet } from './ready-set.js';
import { NONE, pageEnd, type QpRow, qpEnd, qpNumber, qpRow, rowOfQp } from './rows.js';

/** Why a queue pair may run: what a hold or a busy wire stops. */
export const QueueClass = { LINK: 0, ENGINE: 1, FLUSH: 2 } as const;
export type QueueClass = (typeof QueueClass)[keyof typeof QueueClass];
export const CLASSES = [QueueClass.LINK, QueueClass.ENGINE, QueueClass.FLUSH] as const;

// The places where a queue may be, one at a time: its class when it was rung, or one of these.
/** Pushed, of class 0; of class 1 the next number. What is flushed does not care how it came. */
const PUSHED = 3;
const PUSHED_CLASSES = [QueueClass.LINK, QueueClass.ENGINE] as const;
/** It cannot go on. */
const BLOCKED = 5;
/** It has nothing to do. */
const NOWHERE = 255;

const slotRow = (n: number): number => PSLOT_TABLE + n * PSLOT_WORDS;
/** The first push slot of a doorbell page. */
const slotsOfPage = (page: number): number => slotRow(page * PUSH_SLOTS);
const SLOTS_WORDS = PUSH_SLOTS * PSLOT_WORDS;

export class Queues {
  readonly #m: Uint32Array;
  readonly #rung = CLASSES.map(() => new ReadySet(QP_COUNT));
  /** By queue number: arrival number of the pushed descriptor for which it is in a pushed set; 0 elsewhere. */
  readonly #arrivalOf = new Uint32Array(QP_COUNT);
  readonly #pushed = PUSHED_CLASSES.map(() => new Arrivals(QP_COUNT, this.#arrivalOf));
  readonly #blocked = new ReadySet(QP_COUNT);
  /** Where each queue is. */
  readonly #placeOf = new Uint8Array(QP_COUNT).fill(NOWHERE);
  #runnable = 0;
  /** What the step under way has moved: queue, the place where it was before and its arrival number there, in turn. */
  readonly #moved: number[] = [];
  /** Entries of it: giving an array another length costs more than a whole step of a scheduler. */
  #movedCount = 0;
  #inStep = false;
  /** The queue whose slot the step under way has freed. */
  #freedBy: QpRow = NONE as QpRow;
  /** Push slots in use by each queue. */
  readonly #slotsOf = new Uint8Array(QP_COUNT);

  constructor(m: Uint32Array) {
    this.#m = m;
  }

  /** Rebuilds everything from the region. */
  rebuild(): void {
    for (const set of [...this.#rung, ...this.#pushed, this.#blocked]) set.clear();
    this.#placeOf.fill(NOWHERE);
    this.#arrivalOf.fill(0);
    this.#runnable = 0;
    this.#slotsOf.fill(0);
    for (const row of this.heldSlots()) this.slotTaken(rowOfQp(pslotQpn(this.#m, row)));
    const end = qpEnd(this.#m);
    for (let n = 0; n < end; n++) this.classify(rowOfQp(n));
  }

  /** Rebuilds after a rollback: like rebuild, but queues that were left out stay so. */
  restore(): void {
    const blocked: number[] = [];
    for (let n = this.#blocked.after(-1); n >= 0; n = this.#blocked.after(-1)) {
      blocked.push(n);
      this.#move(n, NOWHERE, 0);
    }
    this.rebuild();
    for (const n of blocked) this.block(rowOfQp(n));
  }

  /** A step of work begins: rollback() undoes its moves and gives back the one slot that it may have freed, its own. */
  beginStep(): void {
    this.#movedCount = 0;
    this.#freedBy = NONE as QpRow;
    this.#inStep = true;
  }

  endStep(): void {
    this.#inStep = false;
  }

  /** The step was undone in the region: the queues that it moved go back, one that was left out too. */
  rollback(): void {
    this.#inStep = false;
    if (this.#freedBy !== NONE) this.slotTaken(this.#freedBy);
    this.#freedBy = NONE as QpRow;
    for (let i = this.#movedCount - 3; i >= 0; i -= 3)
      this.#move(this.#moved[i], this.#moved[i + 1], this.#moved[i + 2]);
  }

  slotTaken(qp: QpRow): void {
    this.#slotsOf[qpNumber(qp)]++;
  }

  slotFreed(qp: QpRow): void {
    this.#slotsOf[qpNumber(qp)]--;
    if (this.#inStep) this.#freedBy = qp;
  }

  /** Row of a free push slot of the doorbell page, or NONE. */
  freeSlot(page: number): number {
    const first = slotsOfPage(page);
    for (let row = first; row < first + SLOTS_WORDS; row += PSLOT_WORDS)
      if (pslotUsed(this.#m, row) === 0) return row;
    return NONE;
  }

  /** Row of the push slot that holds the next descriptor of the queue, or NONE. */
  headSlot(qp: QpRow): number {
    const m = this.#m;
    const qpn = qpNumber(qp);
    if (this.#slotsOf[qpn] === 0) return NONE;
    const index = qpSendConsumer(m, qp);
    const first = slotsOfPage(qpPage(m, qp));
    for (let row = first; row < first + SLOTS_WORDS; row += PSLOT_WORDS)
      if (pslotUsed(m, row) === 1 && pslotQpn(m, row) === qpn && pslotIndex(m, row) === index) return row;
    return NONE;
  }

  /** Every push slot in use. */
  heldSlots(): number[] {
    const rows: number[] = [];
    for (let row = slotRow(0); row < slotsOfPage(pageEnd(this.#m)); row += PSLOT_WORDS)
      if (pslotUsed(this.#m, row) === 1) rows.push(row);
    return rows;
  }

  /** What is held has other arrival numbers now, in the same order. */
  numbersChanged(): void {
    for (const row of this.heldSlots()) {
      const qp = rowOfQp(pslotQpn(this.#m, row));
      const place = this.#placeOf[qpNumber(qp)];
      const waits = place >= PUSHED && place < BLOCKED && this.headSlot(qp) === row;
      if (waits) this.#arrivalOf[qpNumber(qp)] = pslotSequence(this.#m, row);
    }
  }

  /** Calls `visit` with each push slot of the queue. */
  eachSlot(qp: QpRow, visit: (row: number) => void): void {
    const qpn = qpNumber(qp);
    const first = slotsOfPage(qpPage(this.#m, qp));
    for (let row = first; row < first + SLOTS_WORDS; row += PSLOT_WORDS)
      if (pslotUsed(this.#m, row) === 1 && pslotQpn(this.#m, row) === qpn) visit(row);
  }

  /** Puts the queue into the class that its context asks for. Call it after every change of a queue's context. */
  classify(qp: QpRow): void {
    const wanted = this.#classOf(qp);
    const slot = wanted < QueueClass.FLUSH ? this.headSlot(qp) : NONE;
    if (slot === NONE) this.#move(qpNumber(qp), wanted, 0);
    else this.#move(qpNumber(qp), PUSHED + wanted, pslotSequence(this.#m, slot));
  }

  #move(n: number, place: number, arrival: number): void {
    const before = this.#placeOf[n];
    if (before === place && this.#arrivalOf[n] === arrival) return;
    if (this.#inStep) this.#remember(n, before);
    this.#leave(n, before);
    this.#placeOf[n] = place;
    this.#arrivalOf[n] = arrival;
    this.#join(n, place);
  }

  #leave(n: number, place: number): void {
    if (place === NOWHERE) return;
    if (place === BLOCKED) return this.#blocked.remove(n);
    this.#runnable--;
    if (place < PUSHED) this.#rung[place].remove(n);
    else this.#pushed[place - PUSHED].remove(n);
  }

  #join(n: number, place: number): void {
    if (place === NOWHERE) return;
    if (place === BLOCKED) return this.#blocked.add(n);
    this.#runnable++;
    if (place < PUSHED) this.#rung[place].add(n);
    else this.#pushed[place - PUSHED].add(n);
  }

  #remember(n: number, before: number): void {
    this.#moved[this.#movedCount] = n;
    this.#moved[this.#movedCount + 1] = before;
    this.#moved[this.#movedCount + 2] = this.#arrivalOf[n];
    this.#movedCount += 3;
  }

  /** The queue cannot go on: it is left out until classify() or unblockAll(). */
  block(qp: QpRow): void {
    this.#move(qpNumber(qp), BLOCKED, 0);
  }

  isBlocked(qp: QpRow): boolean {
    return this.#placeOf[qpNumber(qp)] === BLOCKED;
  }

  unblockAll(): void {
    for (let n = this.#blocked.after(-1); n >= 0; n = this.#blocked.after(-1)) this.classify(rowOfQp(n));
  }

  /** The same for those alone that are connected to a queue pair of this shared receive queue. */
  unblockSendersTo(srqn: number): void {
    const m = this.#m;
    for (let n = -1, left = this.#blocked.size; left > 0; left--) {
      n = this.#blocked.after(n);
      const peer = qpRow(m, qpDestQpn(m, rowOfQp(n)));
      if (peer !== NONE && qpSrqn(m, peer) === srqn) this.classify(rowOfQp(n));
    }
  }

  /** Number of the rung queue of the class after `cursor`, round and round, or -1. */
  rungAfter(c: number, cursor: number): number {
    return this.#rung[c].after(cursor);
  }

  /** Some rung queue of the class waits. */
  hasRung(c: number): boolean {
    return this.#rung[c].size > 0;
  }

  /** Some rung queue of any class waits. */
  get hasAnyRung(): boolean {
    return this.#rung[0].size + this.#rung[1].size + this.#rung[2].size > 0;
  }

  /** The queue whose pushed descriptor arrived first, among the classes that `open` allows, or NONE. */
  nextPushed(open: readonly boolean[]): QpRow {
    const [link, engine] = this.#pushed;
    const a = open[QueueClass.LINK] ? link.first : -1;
    const b = open[QueueClass.ENGINE] ? engine.first : -1;
    if (a < 0 && b < 0) return NONE as QpRow;
    const engineFirst = a < 0 || (b >= 0 && this.#arrivalOf[b] < this.#arrivalOf[a]);
    return rowOfQp(engineFirst ? b : a);
  }

  /** True when some queue of the class waits, rung or pushed. */
  waiting(c: QueueClass): boolean {
    return this.#rung[c].size > 0 || (c < this.#pushed.length && this.#pushed[c].size > 0);
  }

  /** Number of queues that could run, whatever is held. */
  get runnable(): number {
    return this.#runnable;
  }

  #classOf(qp: QpRow): QueueClass | typeof NOWHERE {
    const m = this.#m;
    if (qpUsed(m, qp) === 0) return NOWHERE;
    const sends = qpSendProducer(m, qp) !== qpSendConsumer(m, qp);
    switch (qpState(m, qp)) {
      case QpState.RTS:
        return sends ? runClass(m, qp) : NOWHERE;
      case QpState.SQD:
        // What has begun is finished; the rest waits (IBTA 10.3.1.5).
        return qpActive(m, qp) === 1 ? runClass(m, qp) : NOWHERE;
      case QpState.SQE:
        return sends ? QueueClass.FLUSH : NOWHERE;
      case QpState.ERR:
        return sends || holdsReceives(m, qp) ? QueueClass.FLUSH : NOWHERE;
      default:
        return NOWHERE;
    }
  }
}

/** Posted, or taken from a shared receive queue. */
const holdsReceives = (m: Uint32Array, qp: QpRow): boolean =>
  qpRecvProducer(m, qp) !== qpRecvConsumer(m, qp) || qpRecvActive(m, qp) === 1;

/** The class of a queue pair that is not flushed. */
export function runClass(m: Uint32Array, qp: QpRow): QueueClass {
  return qpType(m, qp) === QpType.DMA ? QueueClass.ENGINE : QueueClass.LINK;
}
