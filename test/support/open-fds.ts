// SPDX-License-Identifier: MIT
import { readdirSync, readlinkSync } from 'node:fs';

let names = 0;

/** A name for a memfd that no other test uses, in this thread or another one of the process. */
export const uniqueName = (): string => `leak-${process.pid}-${performance.timeOrigin}-${names++}`;

/** How many descriptors of this process are of the memfd called `name`: a test finds leaks with it. */
export function openFdsOf(name: string): number {
  return readdirSync('/proc/self/fd').filter(fd => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).includes(`memfd:${name} `);
    } catch {
      // Closed meanwhile by another thread.
      return false;
    }
  }).length;
}
