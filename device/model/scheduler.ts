// SPDX-License-Identifier: MIT
// Who runs next. Pushed descriptors first, in order of arrival; rung queues in turn; while pushed work keeps coming, a
// rung queue that waits still gets one slice in eight. The order depends on the state region alone.
import { Hold } from '../abi/generated/commands.js';
import { putStCursor, putStStreak, stControl, stCursor, stHold, stStreak } from '../abi/generated/state.js';
import type { Link } from '../fabric/link.js';
import { type Core, Step } from './core.js';
import type { Clock } from './ports.js';
import { QueueClass } from './queues.js';
import { NONE, type QpRow, qpNumber } from './rows.js';
import type { SendQueue } from './send-queue.js';

/** After this many pushed slices in a row a rung queue has its turn: one in eight. */
const PUSHED_IN_A_ROW = 7;

export class Scheduler {
  readonly #core: Core;
  readonly #sendQueue: SendQueue;
  readonly #link: Link;
  readonly #clock: Clock;
  /** By class: may it run now? */
  readonly #open = [true, true, true];

  constructor(core: Core, sendQueue: SendQueue, link: Link, clock: Clock) {
    this.#core = core;
    this.#sendQueue = sendQueue;
    this.#link = link;
    this.#clock = clock;
  }

  /** At most `budget` slices. True while more can run now. */
  run(budget: number): boolean {
    const { journal, outbox, queues } = this.#core;
    if (outbox.pending && !outbox.flush()) return false;
    if (stControl(this.#core.m, 0) === 0) return false;
    for (let n = 0; n < budget; n++) {
      if (queues.runnable === 0) return false;
      this.#look();
      const qp = this.#pick();
      if (qp === NONE) {
        journal.rollback();
        return false;
      }
      queues.beginStep();
      const step = this.#sendQueue.step(qp);
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
    const held = (stHold(m, 0) & Hold.LINK) !== 0 || stControl(m, 0) === 0;
    return held || !queues.waiting(QueueClass.LINK) ? Infinity : this.#link.readyAtNs;
  }

  #look(): void {
    const hold = stHold(this.#core.m, 0);
    this.#open[QueueClass.LINK] =
      (hold & Hold.LINK) === 0 && (this.#link.readyAtNs === 0 || this.#link.mayTransmit(this.#clock.nowNs()));
    this.#open[QueueClass.ENGINE] = (hold & Hold.ENGINE) === 0;
  }

  #pick(): QpRow {
    const { m, journal, queues } = this.#core;
    const pushed = queues.nextPushed(this.#open);
    const rung = queues.nextRung(stCursor(m, 0), this.#open);
    const streak = stStreak(m, 0);
    if (pushed !== NONE && (rung === NONE || streak < PUSHED_IN_A_ROW)) {
      // Only slices that overtook somebody count; who waits for the wire keeps what was counted for him.
      const next = rung !== NONE ? streak + 1 : queues.rungWaiting ? streak : 0;
      if (next !== streak) putStStreak(journal, 0, next);
      return pushed;
    }
    if (rung === NONE) return NONE as QpRow;
    if (streak !== 0) putStStreak(journal, 0, 0);
    const n = qpNumber(rung as QpRow);
    if (stCursor(m, 0) !== n) putStCursor(journal, 0, n);
    return rung as QpRow;
  }

  /** The step cannot go on: nothing of it has happened, and the queue is left out until something changes. */
  #wait(qp: QpRow, step: Step): void {
    const { journal, queues, diary } = this.#core;
    journal.rollback();
    // It may have moved queues: its own, the receiver's, and who is connected to that.
    queues.rollback();
    this.#core.frames?.drop();
    if (step === Step.WAIT_MEMORY) diary.blocked(qpNumber(qp));
    else diary.freed(qpNumber(qp));
    queues.block(qp);
  }
}
