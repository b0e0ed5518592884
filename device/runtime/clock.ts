// SPDX-License-Identifier: MIT
import type { Clock } from '../model/ports.js';

/** The machine's monotonic clock. performance.now keeps nanoseconds for weeks and does not allocate a BigInt. */
export const monotonicClock: Clock = { nowNs: () => performance.now() * 1e6 };
