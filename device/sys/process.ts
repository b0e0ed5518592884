// SPDX-License-Identifier: MIT
// What a process asks of the kernel about itself.
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority, setPriority } from 'node:os';
import { check, libc } from './libc.js';

const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9;
const CAP_SYS_NICE = 23n;

/**
 * Makes the kernel kill this process when the thread that started it ends, whatever ends that. False when `parentPid`
 * has ended already: nobody will ever kill us then.
 */
export function dieWithParent(parentPid: number): boolean {
  check(libc.prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0), 'prctl', 'PR_SET_PDEATHSIG');
  return process.ppid === parentPid;
}

/** Whether this process may take back a lower priority that it gave itself. */
function mayRaisePriority(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return effective !== undefined && ((BigInt(`0x${effective}`) >> CAP_SYS_NICE) & 1n) === 1n;
}

function setAllThreads(pid: number, nice: number): void {
  // On Linux a priority belongs to a thread.
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      setPriority(Number(thread), nice);
    } catch {
      // It has ended meanwhile, or we may not after all: slower, but right.
    }
  }
}

/** Steps back behind other processes until somebody calls `raisePriority`. Does nothing where that could not be undone. */
export function lowerPriority(nice: number): void {
  if (mayRaisePriority()) setAllThreads(process.pid, nice);
}

/** Gives another process of ours the priority that this one has. One that has just ended is left alone. */
export function raisePriority(pid: number): void {
  try {
    setAllThreads(pid, getPriority());
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
