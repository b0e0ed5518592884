// SPDX-License-Identifier: MIT
import type { Clock } from '../../device/model/ports.js';

/** Time that stands until the test moves it. */
export class ManualClock implements Clock {
  ns = 0;

  nowNs(): number {
    return this.ns;
  }
}
