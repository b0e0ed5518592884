// SPDX-License-Identifier: MIT
// The last packet of a WRITE goes into memory when nothing of its step can wait any more. Software that polls the end of
// its buffer takes the message the moment that it is there: it must not come again because a completion or an event had to
// wait for a translation. That the place can be written is known before the responder answers.
import { WcStatus } from '../abi/generated/descriptors.js';
import type { Core } from './core.js';
import { Act, type Outcome, regionPayload } from './payload.js';
import { type MrRow, NONE, type QpRow } from './rows.js';
import { Segment } from './translate.js';

const NO_BYTES = new Uint8Array(0);

export class Landing {
  /** There is something to land before the commit. */
  owed = false;
  #qp: QpRow = NONE as QpRow;
  #mr: MrRow = NONE as MrRow;
  readonly #range = new Segment();
  #frame: Uint8Array = NO_BYTES;
  #at = 0;
  /** Whose step is under way, and whether it lands at once. */
  #step: QpRow = NONE as QpRow;
  #atOnce = false;
  /** Memory took back what it had said: their next steps land at once, so that the responder can tell of the fault. */
  readonly #again = new Set<QpRow>();

  /** A step of `qp` begins. */
  beginStep(qp: QpRow): void {
    this.#step = qp;
    this.#atOnce = this.#again.size > 0 && this.#again.delete(qp);
  }

  /** Has what stands in frame[at …), and stays as it is until the step ends, written to `range` of a region. */
  plan(core: Core, qp: QpRow, mr: MrRow, range: Segment, frame: Uint8Array, at: number): Outcome {
    if (this.#atOnce) return regionPayload(core, Act.WRITE, qp, mr, range, frame, at);
    const status = regionPayload(core, Act.CHECK, qp, mr, range, frame, at);
    if (status !== WcStatus.SUCCESS) return status;
    this.#qp = qp;
    this.#mr = mr;
    this.#range.of(range.address, range.length);
    this.#frame = frame;
    this.#at = at;
    this.owed = true;
    return status;
  }

  /** The last act of a step. Memory without a mapping may fault although it was checked (its file has become shorter). */
  land(core: Core): Outcome {
    this.owed = false;
    const status = regionPayload(core, Act.WRITE, this.#qp, this.#mr, this.#range, this.#frame, this.#at);
    if (status === WcStatus.GENERAL_ERR) this.#again.add(this.#step);
    return status;
  }

  /** The step is rolled back. */
  forget(): void {
    this.owed = false;
  }
}
