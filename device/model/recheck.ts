// SPDX-License-Identifier: MIT
// Queues that have something to tell beside the work that runs: a completion queue that was armed with entries in it,
// events that found no room, a queue that lost an entry, everything after a time without DMA. Each is a step of its own;
// what must wait for a translation is owed, and done when translations or memory change.
import {
  CQ_TABLE,
  CQ_WORDS,
  cqUntold,
  cqUsed,
  qpErrorStatus,
  qpUntold,
  qpUsed,
} from '../abi/generated/state.js';
import { recheckCq, tellCqError, tellQpFatal } from './completion.js';
import { type Core, Step } from './core.js';
import { type CqRow, cqEnd, NONE, qpEnd, rowOfQp } from './rows.js';

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
      if (qpUsed(m, qp) === 1 && qpUntold(m, qp) === 1)
        this.#settle(tellQpFatal(core, qp, qpErrorStatus(m, qp)));
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
