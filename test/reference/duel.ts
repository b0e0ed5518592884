// SPDX-License-Identifier: MIT
// Adapter and reference side by side. After each thing that software does both work until nothing is left, and are
// compared. Between queues the standard orders nothing: where several could go on, the reference first guesses as a fair
// adapter would, and where that does not agree it is played again in other orders; one of them must agree.
import { Dice } from '../support/bench.js';
import type { Qp } from './objects.js';
import { compare, Disagreement, Observer, type Snapshot } from './observe.js';
import { type Choose, isPushed, type Reference } from './reference.js';
import type { Stage } from './stage.js';

/** What one thing that software did means to the reference. */
export type Act = (r: Reference) => void;

interface Moment {
  readonly act: Act;
  readonly snapshot: Snapshot;
  /** Which order agreed: 0 is the guess. */
  order: number;
}

const ORDERS = 90;
/** Rung queues have one step in eight. */
const PUSHED_IN_A_ROW = 7;

/** Pushed descriptors in order of arrival, then the queues in turn. */
const guess: Choose = (ready, r) => {
  const arrival = (qp: Qp): number => qp.pushed.get(qp.send.consumer)!.arrival;
  const turn = (qp: Qp): number => (qp.number > r.cursor ? qp.number : qp.number + 2 ** 24);
  const pushed = ready.filter(isPushed).sort((a, b) => arrival(a) - arrival(b));
  const rung = ready.filter(qp => !isPushed(qp)).sort((a, b) => turn(a) - turn(b));
  return rung.length === 0 || (pushed.length > 0 && r.streak < PUSHED_IN_A_ROW) ? pushed[0] : rung[0];
};

/** Orders by chance: any; one queue for as long as it can; the guess, with exceptions or from another queue on. */
function byChance(seed: number): Choose {
  const dice = new Dice(seed);
  const any = (ready: readonly Qp[]): Qp => ready[dice.below(ready.length)];
  if (seed % 4 === 0) return any;
  if (seed % 4 < 3) {
    const regular = dice.below(2) === 0;
    return (ready, r) => (!regular && dice.below(8) === 0 ? any(ready) : guess(ready, r));
  }
  let last: Qp | undefined;
  return ready => {
    if (last === undefined || !ready.includes(last)) last = any(ready);
    return last;
  };
}

export class Duel {
  readonly stage: Stage;
  readonly observer: Observer;
  readonly #fresh: () => Reference;
  readonly #moments: Moment[] = [];
  reference: Reference;
  /** At some time there was a choice who runs next. */
  #hadChoice = false;

  constructor(stage: Stage) {
    this.stage = stage;
    this.#fresh = stage.begin();
    this.reference = this.#fresh();
    this.observer = new Observer(stage);
  }

  /** The adapter was given something to do; `act` is the same for the reference. */
  both(act: Act): void {
    this.stage.target.settle();
    act(this.reference);
    this.#settle(this.reference, 0);
    const snapshot = this.observer.look(this.reference.qps.keys());
    const moment = { act, snapshot, order: 0 };
    this.#moments.push(moment);
    try {
      compare(this.stage, snapshot, this.reference);
    } catch (error) {
      if (!(error instanceof Disagreement) || !this.#hadChoice || !this.#findOrder()) throw error;
    }
  }

  /**
   * What is compared at the end alone may have been decided by any order that agreed so far. Where a completion queue was
   * overrun there are too many of them: nobody has seen which completions are missing.
   */
  conclude(check: (r: Reference) => void): void {
    try {
      check(this.reference);
    } catch (error) {
      if (!(error instanceof Disagreement) || !this.#hadChoice) throw error;
      const overrun = [...this.reference.cqs.values()].some(cq => cq.overflowed);
      if (!this.#findOrder(check) && !overrun) throw error;
    }
  }

  #settle(r: Reference, order: number): void {
    const choose = order === 0 ? guess : byChance(order);
    const dice = new Dice(order);
    if (order !== 0) r.cursor = dice.below(8);
    r.coin = () => {
      this.#hadChoice = true;
      return order !== 0 && dice.below(2) === 1;
    };
    r.settle((ready, self) => {
      if (ready.length > 1) this.#hadChoice = true;
      return choose(ready, self);
    });
  }

  /** Looks for an order in which everything so far agrees, and what `check` looks at. */
  #findOrder(check: (r: Reference) => void = () => {}): boolean {
    const last = this.#moments[this.#moments.length - 1];
    const before = this.#moments.map(m => m.order);
    for (let n = 1; n < ORDERS; n++) {
      last.order = n;
      if (this.#replay(check)) return true;
      // What is seen only now may have been decided earlier.
      const some = this.#moments[n % this.#moments.length];
      some.order = n;
      if (this.#replay(check)) return true;
      this.#moments.forEach((m, i) => {
        m.order = before[i];
      });
    }
    return false;
  }

  #replay(check: (r: Reference) => void): boolean {
    const r = this.#fresh();
    try {
      for (const { act, order, snapshot } of this.#moments) {
        act(r);
        this.#settle(r, order);
        compare(this.stage, snapshot, r);
      }
      check(r);
    } catch (error) {
      if (error instanceof Disagreement) return false;
      throw error;
    }
    this.reference = r;
    return true;
  }
}
