// SPDX-License-Identifier: MIT
// The last packet of a WRITE goes into memory when nothing of its step can wait any more. Software that polls the end of
// its buffer takes the message the moment that it is there: it must not come again because a completion or an event had to
// wait for a translation. That the place can be written is known before the responder answers.
import { WcStatus } from '../abi/generated/descriptors.js';
import type { Core } from './core.js';
import { checkRegion, type Outcome, writeRegion } from './payload.js';
import { type MrRow, NONE, type QpRow } from './rows.js';

const NO_BYTES = new Uint8Array(0);

export class Landing {
  /** There is something to land before the commit. */
  owed = false;
  #qp: QpRow = NONE as QpRow;
  #mr: MrRow = NONE as MrRow;
  #address = 0;
  #frame: Uint8Array = NO_BYTES;
  #at = 0;
  #bytes = 0;
  /** Memory took back what it had said: the next one lands at once, so that the responder can tell of the fault. */
  #atOnce = false;

  /** Has frame[at … at + bytes), which stays as it is until the step ends, written to `address` of a region. */
  plan(
    core: Core,
    qp: QpRow,
    mr: MrRow,
    address: number,
    frame: Uint8Array,
    at: number,
    bytes: number,
  ): Outcome {
    if (this.#atOnce) {
      this.#atOnce = false;
      return writeRegion(core, qp, mr, address, frame, at, bytes);
    }
    const status = checkRegion(core, qp, mr, address, bytes);
    if (status !== WcStatus.SUCCESS) return status;
    this.#qp = qp;
    this.#mr = mr;
    this.#address = address;
    this.#frame = frame;
    this.#at = at;
    this.#bytes = bytes;
    this.owed = true;
    return status;
  }

  /** The last act of a step. Memory without a mapping may fault although it was checked (its file has become shorter). */
  land(core: Core): Outcome {
    this.owed = false;
    const status = writeRegion(core, this.#qp, this.#mr, this.#address, this.#frame, this.#at, this.#bytes);
    this.#atOnce = status === WcStatus.GENERAL_ERR;
    return status;
  }

  /** The step is rolled back. */
  forget(): void {
    this.owed = false;
  }
}
