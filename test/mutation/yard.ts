// SPDX-License-Identifier: MIT
// A region made by hand with a few queue pairs and push slots, what class Queues makes of it, and the same by rules that
// are written down a second time, as lists.
import assert from 'node:assert/strict';
import { QpState, QpType } from '../../device/abi/generated/commands.js';
import { PUSH_SLOTS } from '../../device/abi/generated/registers.js';
import * as s from '../../device/abi/generated/state.js';
import { CLASSES, QueueClass, Queues } from '../../device/model/queues.js';
import { NONE, type QpRow, qpNumber, rowOfQp } from '../../device/model/rows.js';
import { freshRegion } from '../support/in-process.js';

/** Numbers at the edges of words of the sets, and neighbours. */
export const NUMBERS = [0, 1, 2, 31, 32, 1023, 1024] as const;
export const HIGH = 1025;
export const ALL_OPEN = [true, true, true];
const OPENINGS = [ALL_OPEN, [true, false, false], [false, true, false], [false, false, false]];
const RUNS: readonly number[] = [QpState.RTS, QpState.SQD];
const NOWHERE = 'nowhere';
const PUSHED = 'pushed';
type Place = QueueClass | typeof NOWHERE | typeof PUSHED;

export const slotRow = (n: number): number => s.PSLOT_TABLE + n * s.PSLOT_WORDS;
/** Doorbell pages: the first two and the last one; a queue pair belongs to one of them by its number. */
const PAGES = [0, 1, s.DPAGE_COUNT - 1] as const;
export const pageOf = (n: number): number => PAGES[n % PAGES.length];
const slotsOfPage = (page: number): number[] =>
  Array.from({ length: PUSH_SLOTS }, (_, k) => slotRow(page * PUSH_SLOTS + k));
const slots = PAGES.flatMap(slotsOfPage);
/** The slots into which a queue pair may push. */
export const slotsFor = (n: number): number[] => slotsOfPage(pageOf(n));
const classOfType = (type: number): QueueClass => (type === QpType.DMA ? QueueClass.ENGINE : QueueClass.LINK);

export interface Fields {
  readonly used: number;
  readonly state: number;
  readonly type: number;
  readonly producer: number;
  readonly consumer: number;
  readonly active: number;
  readonly received: number;
  readonly held: number;
}

export class Yard {
  readonly m = freshRegion().u32;
  readonly queues = new Queues(this.m);
  /** Those that were left out, by the rules: block() puts them here, classify() takes them away. */
  readonly blocked = new Set<number>();

  constructor() {
    s.setStQpHigh(this.m, 0, HIGH);
    s.setStPageHigh(this.m, 0, s.DPAGE_COUNT);
    for (const n of NUMBERS) s.setQpPage(this.m, rowOfQp(n), pageOf(n));
  }

  /** A queue pair that has sends to run, or what is said. */
  set(n: number, fields: Partial<Fields> = {}): QpRow {
    const { m } = this;
    const qp = rowOfQp(n);
    s.setQpUsed(m, qp, fields.used ?? 1);
    s.setQpState(m, qp, fields.state ?? QpState.RTS);
    s.setQpType(m, qp, fields.type ?? QpType.RC);
    s.setQpSendProducer(m, qp, fields.producer ?? 5);
    s.setQpSendConsumer(m, qp, fields.consumer ?? 0);
    s.setQpActive(m, qp, fields.active ?? 0);
    s.setQpRecvProducer(m, qp, fields.received ?? 0);
    s.setQpRecvActive(m, qp, fields.held ?? 0);
    return qp;
  }

  add(n: number, fields: Partial<Fields> = {}): QpRow {
    const qp = this.set(n, fields);
    this.classify(n);
    return qp;
  }

  classify(n: number): void {
    this.queues.classify(rowOfQp(n));
    this.blocked.delete(n);
  }

  block(n: number): void {
    this.queues.block(rowOfQp(n));
    this.blocked.add(n);
  }

  /** A pushed descriptor of the queue pair is held in this slot. */
  push(slot: number, n: number, index: number, sequence: number): void {
    const { m } = this;
    s.setPslotUsed(m, slot, 1);
    s.setPslotQpn(m, slot, n);
    s.setPslotIndex(m, slot, index);
    s.setPslotSequence(m, slot, sequence);
    this.queues.slotTaken(rowOfQp(n));
    this.classify(n);
  }

  /** What stands in the slot stays there, as it does in the region. */
  free(slot: number): void {
    s.setPslotUsed(this.m, slot, 0);
    const n = s.pslotQpn(this.m, slot);
    this.queues.slotFreed(rowOfQp(n));
    this.classify(n);
  }

  slotsOf(n: number): number[] {
    return slots.filter(row => s.pslotUsed(this.m, row) === 1 && s.pslotQpn(this.m, row) === n);
  }

  head(n: number): number {
    const next = s.qpSendConsumer(this.m, rowOfQp(n));
    return this.slotsOf(n).find(row => s.pslotIndex(this.m, row) === next) ?? NONE;
  }

  place(n: number): Place {
    const { m } = this;
    const qp = rowOfQp(n);
    if (s.qpUsed(m, qp) === 0) return NOWHERE;
    const state = s.qpState(m, qp);
    const sends = s.qpSendProducer(m, qp) !== s.qpSendConsumer(m, qp);
    const receives = s.qpRecvProducer(m, qp) !== s.qpRecvConsumer(m, qp) || s.qpRecvActive(m, qp) === 1;
    const runs = state === QpState.RTS ? sends : state === QpState.SQD && s.qpActive(m, qp) === 1;
    if (runs) return this.head(n) !== NONE ? PUSHED : classOfType(s.qpType(m, qp));
    if (RUNS.includes(state)) return NOWHERE;
    const flushes = state === QpState.ERR ? sends || receives : state === QpState.SQE && sends;
    return flushes ? QueueClass.FLUSH : NOWHERE;
  }

  /** What the rules say of everything that can be asked. */
  expected(): unknown {
    const { m } = this;
    const free = (page: number): number => slotsOfPage(page).find(row => s.pslotUsed(m, row) === 0) ?? NONE;
    const places = NUMBERS.map(n => [n, this.blocked.has(n) ? 'blocked' : this.place(n)] as const);
    const at = (place: unknown): number[] => places.filter(([, p]) => p === place).map(([n]) => n);
    const first = (open: readonly boolean[]): number =>
      at(PUSHED)
        .filter(n => open[classOfType(s.qpType(m, rowOfQp(n)))])
        .sort((a, b) => s.pslotSequence(m, this.head(a)) - s.pslotSequence(m, this.head(b)))[0] ?? -1;
    return {
      runnable: places.filter(([, p]) => p !== NOWHERE && p !== 'blocked').length,
      rung: CLASSES.map(at),
      has: CLASSES.map(c => at(c).length > 0),
      waits: CLASSES.map(c => at(c).length > 0 || first(CLASSES.map(other => other === c)) >= 0),
      pushed: OPENINGS.map(first),
      blocked: at('blocked'),
      heads: NUMBERS.map(n => this.head(n)),
      slots: NUMBERS.map(n => this.slotsOf(n)),
      free: PAGES.map(free),
    };
  }

  check(what: string, queues: Queues = this.queues): void {
    assert.deepEqual(seen(queues), this.expected(), what);
  }

  /** Of a process that has just come: nobody is left out, until it finds out again. */
  checkRebuilt(what: string): void {
    const fresh = new Queues(this.m);
    fresh.rebuild();
    for (const n of this.blocked) fresh.block(rowOfQp(n));
    this.check(what, fresh);
  }
}

export function rung(queues: Queues, c: number): number[] {
  const found: number[] = [];
  for (let n = queues.rungAfter(c, -1); n >= 0 && !found.includes(n); n = queues.rungAfter(c, n))
    found.push(n);
  return found;
}

/** What the class says of everything that can be asked. */
export function seen(queues: Queues): unknown {
  const ofQueue = (n: number): number[] => {
    const found: number[] = [];
    queues.eachSlot(rowOfQp(n), row => found.push(row));
    return found;
  };
  const first = (open: readonly boolean[]): number => {
    const qp = queues.nextPushed(open);
    return qp === NONE ? -1 : qpNumber(qp);
  };
  return {
    runnable: queues.runnable,
    rung: CLASSES.map(c => rung(queues, c)),
    has: CLASSES.map(c => queues.hasRung(c)),
    waits: CLASSES.map(c => queues.waiting(c)),
    pushed: OPENINGS.map(first),
    blocked: NUMBERS.filter(n => queues.isBlocked(rowOfQp(n))),
    heads: NUMBERS.map(n => queues.headSlot(rowOfQp(n))),
    slots: NUMBERS.map(ofQueue),
    free: PAGES.map(page => queues.freeSlot(page)),
  };
}
