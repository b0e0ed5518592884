// SPDX-License-Identifier: MIT
// Who runs next. Pushed descriptors first, in order of arrival; rung queues in turn (turns.ts). While pushed work keeps
// coming, rung queues that wait still get one slice in eight, in turn; and of each class, one packet in eight of the wire's
// and one slice in eight of the engine's. The order depends on the state region alone.
import { Hold } from '../abi/generated/commands.js';
import { WcStatus } from '../abi/generated/descriptors.js';
import { ST_OVERTAKEN_OFFSET, ST_STREAKS_OFFSET, stControl, stHold } from '../abi/generated/state.js';
import type { Link } from '../fabric/link.js';
import { type Core, Step } from './core.js';
import { WAIT } from './payload.js';
import type { Clock } from './ports.js';
import { CLASSES, QueueClass, runClass } from './queues.js';
import { NONE, type QpRow, qpNumber } from './rows.js';
import type { SendQueue } from './send-queue.js';
import { Turns } from './turns.js';

/** After this many pushed slices in a row a rung queue has its turn: one in eight. */
const PUSHED_IN_A_ROW = 7;
/** By class: its own pushed slices that have overtaken its rung queues since one of them ran. */
const STREAKS = ST_STREAKS_OFFSET / 4;
/** Pushed slices that have overtaken any rung queue since one had its turn. */
const OVERTAKEN = ST_OVERTAKEN_OFFSET / 4;
/** By class: that class alone is open. */
const ONLY = CLASSES.map(c => CLASSES.map(other => other === c));

/** What stops network queues. */
const LINK_HOLDS = Hold.LINK | Hold.PORT;

export class Scheduler {
  readonly #core: Core;
  readonly #sendQueue: SendQueue;
  readonly #link: Link;
  readonly #clock: Clock;
  readonly #turns: Turns;
  /** By class: may it run now? */
  readonly #open = [true, true, true];

  constructor(core: Core, sendQueue: SendQueue, link: Link, clock: Clock) {
    this.#core = core;
    this.#sendQueue = sendQueue;
    this.#link = link;
    this.#clock = clock;
    this.#turns = new Turns(core);
  }

  /** At most `budget` slices. True while more can run now. */
  run(budget: number): boolean {
    const { journal, outbox, queues, landing } = this.#core;
    if (outbox.pending && !outbox.flush()) return false;
    if (stControl(this.#core.m, 0) === 0) return false;
    for (let n = 0; n < budget; n++) {
      if (queues.runnable === 0) return false;
      // What has come from the guest is taken between two slices: a read is not to wait for a budget of them.
      if (n > 0 && this.#core.host.workWaiting?.() === true) return true;
      this.#look();
      const qp = this.#pick();
      if (qp === NONE) {
        journal.rollback();
        return false;
      }
      queues.beginStep();
      this.#link.beginStep();
      landing.beginStep(qp);
      let step = this.#sendQueue.step(qp);
      if (step === Step.DONE && landing.owed) step = this.#land();
      if (step === Step.DONE) {
        queues.endStep();
        journal.commit();
        this.#core.frames?.keep();
        if (outbox.pending && !outbox.flush()) return false;
      } else this.#wait(qp, step);
    }
    return queues.runnable > 0;
  }

  /** When a busy wire is free again; Infinity when only an event can change anything. */
  get wakeAtNs(): number {
    const { m, queues } = this.#core;
    const held = (stHold(m, 0) & LINK_HOLDS) !== 0 || stControl(m, 0) === 0;
    return held || !queues.waiting(QueueClass.LINK) ? Infinity : this.#link.readyAtNs;
  }

  #look(): void {
    const hold = stHold(this.#core.m, 0);
    this.#open[QueueClass.LINK] =
      (hold & LINK_HOLDS) === 0 &&
      (this.#link.readyAtNs === 0 || this.#link.mayTransmit(this.#clock.nowNs()));
    this.#open[QueueClass.ENGINE] = (hold & Hold.ENGINE) === 0;
  }

  #pick(): QpRow {
    const { m, queues } = this.#core;
    const pushed = queues.nextPushed(this.#open);
    const rung = this.#turns.next(this.#open);
    if (pushed === NONE || (rung !== NONE && m[OVERTAKEN] >= PUSHED_IN_A_ROW)) return this.#turn(rung);
    const c = runClass(m, pushed);
    if (queues.hasRung(c) && m[STREAKS + c] >= PUSHED_IN_A_ROW) return this.#instead(c, rung);
    this.#count(STREAKS + c, queues.hasRung(c) ? m[STREAKS + c] + 1 : 0);
    // Who waits for the wire could not have run: what was counted for him stays.
    if (rung !== NONE || !queues.hasAnyRung) this.#count(OVERTAKEN, rung !== NONE ? m[OVERTAKEN] + 1 : 0);
    return pushed;
  }

  /** The rung queue whose turn it is, if any. */
  #turn(rung: QpRow): QpRow {
    if (rung === NONE) return rung;
    const c = this.#turns.take();
    this.#count(OVERTAKEN, 0);
    if (c !== QueueClass.FLUSH) this.#count(STREAKS + c, 0);
    return rung;
  }

  /** A rung queue of the class runs in place of a pushed one: its turn if it is, else ahead of it. */
  #instead(c: QueueClass, rung: QpRow): QpRow {
    if (this.#turns.found === c) return this.#turn(rung);
    const other = this.#turns.next(ONLY[c]);
    this.#turns.takeAhead();
    this.#count(STREAKS + c, 0);
    return other;
  }

  #count(word: number, value: number): void {
    const { m, journal } = this.#core;
    if (m[word] !== value) journal.put(word, value);
  }

  #land(): Step {
    const status = this.#core.landing.land(this.#core);
    if (status === WcStatus.SUCCESS) return Step.DONE;
    return status === WAIT ? Step.WAIT_MEMORY : Step.AGAIN;
  }

  /** The step cannot go on: nothing of it has happened, and the queue is left out until something changes. */
  #wait(qp: QpRow, step: Step): void {
    const { journal, queues, diary } = this.#core;
    journal.rollback();
    // It may have moved queues: its own, the receiver's, and who is connected to that.
    queues.rollback();
    this.#link.rollback();
    this.#core.landing.forget();
    this.#core.frames?.drop();
    if (step === Step.AGAIN) return;
    if (step === Step.WAIT_MEMORY) diary.blocked(qpNumber(qp));
    else diary.freed(qpNumber(qp));
    queues.block(qp);
  }
}
