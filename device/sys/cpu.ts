// SPDX-License-Identifier: MIT
import { libc } from './libc.js';

/** Processors that this thread may run on: its affinity mask, so that taskset and containers' cpusets are seen. */
export function usableCpus(): number {
  const mask = new Uint8Array(1024);
  const length = libc.schedGetaffinity(0, mask.length, mask);
  // The C library's wrapper returns 0, not the length of the kernel's mask; a failure leaves the mask empty.
  if (length === -1) return 1;
  let count = 0;
  for (const byte of mask) for (let rest = byte; rest !== 0; rest &= rest - 1) count++;
  return Math.max(1, count);
}

/** Lets another thread that waits for this processor run first. */
export function yieldProcessor(): void {
  libc.schedYield();
}
