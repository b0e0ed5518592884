// SPDX-License-Identifier: MIT
// Queues that have something to tell beside the work that runs: a completion queue that was armed with entries in it,
// events that found no room, a queue that lost an entry, everything after a time without DMA. Each is a step of its own;
// what must wait for a translation is owed, and done when translations or memory change.
import { PortState } from '../abi/generated/commands.js';
import { EventType } from '../abi/generated/descriptors.js';
import {
  CQ_TABLE,
  CQ_WORDS,
  cqUntold,
  cqUsed,
  GID_COUNT,
  GID_TABLE,
  GID_WORDS,
  gidUntold,
  putStHold,
  putStPortUntold,
  qpUntold,
  qpUsed,
  SRQ_TABLE,
  SRQ_WORDS,
  srqUntold,
  srqUsed,
  stPortUntold,
} from '../abi/generated/state.js';
import { portState } from './commands/port.js';
import { endPeriod, recheckCq } from './completion.js';
import { type Core, Step } from './core.js';
import { lateDetail, tellCqError, tellGid, tellPort, tellQp, tellSrq } from './events.js';
import { pow2, union } from './powers.js';
import { type CqRow, cqEnd, NONE, type QpRow, qpEnd, rowOfQp, srqEnd } from './rows.js';

/** Events of a queue pair that may have to be told late. */
const QP_EVENTS: readonly EventType[] = [
  EventType.QP_FATAL,
  EventType.QP_REQUEST_ERROR,
  EventType.QP_ACCESS_ERROR,
  EventType.COMM_ESTABLISHED,
  EventType.SQ_DRAINED,
  EventType.LAST_WQE_REACHED,
];

/** The same of a shared receive queue. */
const SRQ_EVENTS: readonly EventType[] = [EventType.SRQ_ERROR, EventType.SRQ_LIMIT];

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
    this.#core.moderation.rebuild();
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
    core.hasRoom = false;
    core.outbox.lost = false;
    this.owed = false;
    if (!this.#flush()) return;
    // An object that is looked at changes nothing of the ones after it, so that each loop can end anywhere.
    if (this.#port() && this.#queuePairs() && this.#sharedQueues()) this.#completionQueues();
  }

  /** The port: what it is now is told last. */
  #port(): boolean {
    const core = this.#core;
    const { m } = core;
    const { PORT_ACTIVE, PORT_ERROR } = EventType;
    const types = portState(m) === PortState.DOWN ? [PORT_ACTIVE, PORT_ERROR] : [PORT_ERROR, PORT_ACTIVE];
    for (const type of types) {
      if ((stPortUntold(m, 0) & pow2(type)) === 0) continue;
      this.#settle(tellPort(core, type));
      if (!this.#flush()) return false;
    }
    for (let n = 0; n < GID_COUNT; n++) {
      if (gidUntold(m, GID_TABLE + n * GID_WORDS) === 0) continue;
      this.#settle(tellGid(core, n));
      if (!this.#flush()) return false;
    }
    return true;
  }

  #queuePairs(): boolean {
    const { m } = this.#core;
    for (let n = 0; n < qpEnd(m); n++) {
      const qp = rowOfQp(n);
      if (qpUsed(m, qp) === 0) continue;
      const untold = qpUntold(m, qp);
      if (untold !== 0)
        for (const type of QP_EVENTS) if ((untold & pow2(type)) !== 0) this.#tellLate(qp, type);
      if (!this.#flush()) return false;
    }
    return true;
  }

  #sharedQueues(): boolean {
    const core = this.#core;
    const { m } = core;
    for (let n = 0; n < srqEnd(m); n++) {
      const srq = SRQ_TABLE + n * SRQ_WORDS;
      if (srqUsed(m, srq) === 0) continue;
      const untold = srqUntold(m, srq);
      if (untold !== 0)
        for (const type of SRQ_EVENTS) if ((untold & pow2(type)) !== 0) this.#settle(tellSrq(core, n, type));
      if (!this.#flush()) return false;
    }
    return true;
  }

  #completionQueues(): boolean {
    const core = this.#core;
    const { m } = core;
    for (let n = 0; n < cqEnd(m); n++) {
      const cq = (CQ_TABLE + n * CQ_WORDS) as CqRow;
      if (cqUsed(m, cq) === 0) continue;
      if (cqUntold(m, cq) === 1) this.#settle(tellCqError(core, cq));
      this.#look(cq);
      if (!this.#flush()) return false;
    }
    return true;
  }

  /** A new hold mask from outside the guest. That the port went down or came up is told when it can be. */
  setHold(hold: number): void {
    const core = this.#core;
    const { m, journal } = core;
    const before = portState(m);
    putStHold(journal, 0, hold);
    const after = portState(m);
    if (after !== before) {
      const type = after === PortState.ACTIVE ? EventType.PORT_ACTIVE : EventType.PORT_ERROR;
      putStPortUntold(journal, 0, union(stPortUntold(m, 0), pow2(type)));
    }
    journal.commit();
    if (core.mayDma && !core.outbox.stuck) this.#port();
    else this.owed = true;
  }

  /** Tells of completion queues whose moderation period has ended. */
  expired(): void {
    this.#core.moderation.expire(cq => {
      endPeriod(this.#core, cq);
      this.#core.journal.commit();
      this.#look(cq);
      this.#flush();
    });
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
