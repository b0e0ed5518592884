// SPDX-License-Identifier: MIT
// Which queue pairs have work that can run, by class. All of it is a cache: classify() rebuilds it from the region.
import { QpState, QpType } from '../abi/generated/commands.js';
import {
  PSLOT_COUNT,
  PSLOT_TABLE,
  PSLOT_WORDS,
  pslotIndex,
  pslotQpn,
  pslotSequence,
  pslotUsed,
  QP_COUNT,
  qpActive,
  qpDestQpn,
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
import { ReadySet } from './ready-set.js';
import { NONE, type QpRow, qpEnd, qpNumber, qpRow, rowOfQp } from './rows.js';

/** Why a queue pair may run: what a hold or a busy wire stops. */
export const QueueClass = { LINK: 0, ENGINE: 1, FLUSH: 2 } as const;
export type QueueClass = (typeof QueueClass)[keyof typeof QueueClass];
export const CLASSES = [QueueClass.LINK, QueueClass.ENGINE, QueueClass.FLUSH] as const;

/** The sets that a queue may be in, one at a time: its class when it was rung, or one of these. */
const PUSHED = 3;
/** It cannot go on. */
const BLOCKED = 4;
const PLACES = [...CLASSES, PUSHED, BLOCKED] as const;
/** It has nothing to do. */
const NOWHERE = 255;

const slotRow = (n: number): number => PSLOT_TABLE + n * PSLOT_WORDS;

export class Queues {
  readonly #m: Uint32Array;
  readonly #sets = PLACES.map(() => new ReadySet(QP_COUNT));
  readonly #rung: readonly ReadySet[] = this.#sets.slice(0, CLASSES.length);
  readonly #pushed: ReadySet = this.#sets[PUSHED];
  readonly #blocked: ReadySet = this.#sets[BLOCKED];
  /** The set that each queue is in. */
  readonly #placeOf = new Uint8Array(QP_COUNT).fill(NOWHERE);
  #runnable = 0;
  /** What the step under way has moved: queue and the set that it was in before, in turn. */
  readonly #moved: number[] = [];
  /** Entries of it: giving an array another length costs more than a whole step of a scheduler. */
  #movedCount = 0;
  #inStep = false;
  /** The queue whose slot the step under way has freed. */
  #freedBy: QpRow = NONE as QpRow;
  /** Push slots in use, together and by queue. */
  #slotsUsed = 0;
  readonly #slotsOf = new Uint8Array(QP_COUNT);

  constructor(m: Uint32Array) {
    this.#m = m;
  }

  /** Rebuilds everything from the region. */
  rebuild(): void {
    for (const set of this.#sets) set.clear();
    this.#placeOf.fill(NOWHERE);
    this.#runnable = 0;
    this.#slotsUsed = 0;
    this.#slotsOf.fill(0);
    for (let n = 0; n < PSLOT_COUNT; n++) {
      const row = slotRow(n);
      if (pslotUsed(this.#m, row) === 1) this.slotTaken(rowOfQp(pslotQpn(this.#m, row)));
    }
    const end = qpEnd(this.#m);
    for (let n = 0; n < end; n++) this.classify(rowOfQp(n));
  }

  /** Rebuilds after a rollback: like rebuild, but queues that were left out stay so. */
  restore(): void {
    const blocked: number[] = [];
    for (let n = this.#blocked.after(-1); n >= 0; n = this.#blocked.after(-1)) {
      blocked.push(n);
      this.#move(n, NOWHERE);
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
    for (let i = this.#movedCount - 2; i >= 0; i -= 2) this.#move(this.#moved[i], this.#moved[i + 1]);
  }

  slotTaken(qp: QpRow): void {
    this.#slotsUsed++;
    this.#slotsOf[qpNumber(qp)]++;
  }

  slotFreed(qp: QpRow): void {
    this.#slotsUsed--;
    this.#slotsOf[qpNumber(qp)]--;
    if (this.#inStep) this.#freedBy = qp;
  }

  /** Row of a free push slot, or NONE. */
  freeSlot(): number {
    for (let n = 0; n < PSLOT_COUNT; n++) if (pslotUsed(this.#m, slotRow(n)) === 0) return slotRow(n);
    return NONE;
  }

  /** Row of the push slot that holds the next descriptor of the queue, or NONE. */
  headSlot(qp: QpRow): number {
    const qpn = qpNumber(qp);
    if (this.#slotsOf[qpn] === 0) return NONE;
    const index = qpSendConsumer(this.#m, qp);
    for (let n = 0; n < PSLOT_COUNT; n++) {
      const row = slotRow(n);
      if (
        pslotUsed(this.#m, row) === 1 &&
        pslotQpn(this.#m, row) === qpn &&
        pslotIndex(this.#m, row) === index
      )
        return row;
    }
    return NONE;
  }

  /** Calls `visit` with each push slot of the queue. */
  eachSlot(qp: QpRow, visit: (row: number) => void): void {
    const qpn = qpNumber(qp);
    for (let n = 0; n < PSLOT_COUNT; n++) {
      const row = slotRow(n);
      if (pslotUsed(this.#m, row) === 1 && pslotQpn(this.#m, row) === qpn) visit(row);
    }
  }

  /** Puts the queue into the class that its context asks for. Call it after every change of a queue's context. */
  classify(qp: QpRow): void {
    const wanted = this.#classOf(qp);
    const pushed = wanted < QueueClass.FLUSH && this.headSlot(qp) !== NONE;
    this.#move(qpNumber(qp), pushed ? PUSHED : wanted);
  }

  #move(n: number, place: number): void {
    const before = this.#placeOf[n];
    if (before === place) return;
    if (this.#inStep) this.#remember(n, before);
    if (before !== NOWHERE) this.#sets[before].remove(n);
    if (place !== NOWHERE) this.#sets[place].add(n);
    if (before < BLOCKED) this.#runnable--;
    if (place < BLOCKED) this.#runnable++;
    this.#placeOf[n] = place;
  }

  #remember(n: number, before: number): void {
    this.#moved[this.#movedCount] = n;
    this.#moved[this.#movedCount + 1] = before;
    this.#movedCount += 2;
  }

  /** The queue cannot go on: it is left out until classify() or unblockAll(). */
  block(qp: QpRow): void {
    this.#move(qpNumber(qp), BLOCKED);
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

  /** The queue whose pushed descriptor arrived first, among the classes that `open` allows, or NONE. */
  nextPushed(open: readonly boolean[]): QpRow {
    if (this.#pushed.size === 0) return NONE as QpRow;
    let best = NONE;
    for (let n = 0, left = this.#slotsUsed; n < PSLOT_COUNT && left > 0; n++) {
      const row = slotRow(n);
      if (pslotUsed(this.#m, row) === 0) continue;
      left--;
      if (this.#isHead(row, open) && (best === NONE || isBefore(this.#m, row, best))) best = row;
    }
    return best === NONE ? (NONE as QpRow) : rowOfQp(pslotQpn(this.#m, best));
  }

  /** True when some queue of the class waits, rung or pushed. */
  waiting(c: QueueClass): boolean {
    return this.#rung[c].size > 0 || this.nextPushed(ONLY[c]) !== NONE;
  }

  /** Number of queues that could run, whatever is held. */
  get runnable(): number {
    return this.#runnable;
  }

  #isHead(slot: number, open: readonly boolean[]): boolean {
    const qpn = pslotQpn(this.#m, slot);
    if (!this.#pushed.has(qpn)) return false;
    const qp = rowOfQp(qpn);
    return open[runClass(this.#m, qp)] && pslotIndex(this.#m, slot) === qpSendConsumer(this.#m, qp);
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

/** By class: that class alone is open. */
const ONLY = CLASSES.map(c => CLASSES.map(other => other === c));

/** Posted, or taken from a shared receive queue. */
const holdsReceives = (m: Uint32Array, qp: QpRow): boolean =>
  qpRecvProducer(m, qp) !== qpRecvConsumer(m, qp) || qpRecvActive(m, qp) === 1;

function runClass(m: Uint32Array, qp: QpRow): QueueClass {
  return qpType(m, qp) === QpType.DMA ? QueueClass.ENGINE : QueueClass.LINK;
}

/** Arrival numbers are free running. */
const isBefore = (m: Uint32Array, a: number, b: number): boolean =>
  (pslotSequence(m, a) - pslotSequence(m, b)) >> 31 !== 0;
