// SPDX-License-Identifier: MIT
// Queues that have something to tell beside the work that runs: a completion queue that was armed with entries in it,
// events that found no room, a queue that lost an entry, everything after a time without DMA. Each is a step of its own;
// what must wait for a translation is owed, and done when translations or memory change.
import { EventType } from '../abi/generated/descriptors.js';
import { CQ_TABLE, CQ_WORDS, cqUntold, cqUsed, qpUntold, qpUsed } from '../abi/generated/state.js';
import { recheckCq } from './completion.js';
import { type Core, Step } from './core.js';
import { lateDetail, tellCqError, tellQp } from './events.js';
import { pow2 } from './powers.js';
import { type CqRow, cqEnd, NONE, type QpRow, qpEnd, rowOfQp } from './rows.js';

/** Events of a queue pair that may have to be told late. */
const QP_EVENTS: readonly EventType[] = [
  EventType.QP_FATAL,
  EventType.QP_REQUEST_ERROR,
  EventType.QP_ACCESS_ERROR,
  EventType.COMM_ESTABLISHED,
  EventType.SQ_DRAINED,
  EventType.LAST_WQE_REACHED,
];

export class Rechecks {
  readonly #core: Core;
  /** Something could not be looked at, or was not. */
  owed = false;

  constructor(core: Core) {
    this.#core = core;
  }

  /** The function was reset: there is nothing to tell. */
  reset(): void {
    this.#core.justArmed = NONE as CqRow;
    this.#core.hasRoom = false;
    this.#core.outbox.lost = false;
    this.owed = false;
  }

  /** What the last store has made worth a look. */
  afterWrite(): void {
    const core = this.#core;
    if (core.justArmed !== NONE) this.#look(core.justArmed);
    if (core.hasRoom) this.all();
  }

  #look(cq: CqRow): void {
    const core = this.#core;
    core.justArmed = NONE as CqRow;
    if (core.outbox.stuck) this.owed = true;
    else this.#settle(recheckCq(core, cq));
  }

  /** Looks at everything. One by one: there may be more of them than the outbox holds. */
  all(): void {
    const core = this.#core;
    const { m } = core;
    core.hasRoom = false;
    core.outbox.lost = false;
    this.owed = false;
    if (!this.#flush()) return;
    for (let n = 0; n < qpEnd(m); n++) {
      const qp = rowOfQp(n);
      if (qpUsed(m, qp) === 0) continue;
      const untold = qpUntold(m, qp);
      if (untold !== 0)
        for (const type of QP_EVENTS) if ((untold & pow2(type)) !== 0) this.#tellLate(qp, type);
      if (!this.#flush()) return;
    }
    for (let n = 0; n < cqEnd(m); n++) {
      const cq = (CQ_TABLE + n * CQ_WORDS) as CqRow;
      if (cqUsed(m, cq) === 0) continue;
      if (cqUntold(m, cq) === 1) this.#settle(tellCqError(core, cq));
      this.#look(cq);
      if (!this.#flush()) return;
    }
  }

  #tellLate(qp: QpRow, type: EventType): void {
    this.#settle(tellQp(this.#core, qp, type, lateDetail(this.#core.m, qp, type)));
  }

  /** False when the outbox is stuck: the rest is owed. */
  #flush(): boolean {
    const { outbox } = this.#core;
    if (!outbox.pending || outbox.flush()) return true;
    this.owed = true;
    return false;
  }

  #settle(step: Step): void {
    if (step === Step.DONE) return this.#core.journal.commit();
    this.#core.journal.rollback();
    this.owed = true;
  }
}
