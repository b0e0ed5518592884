// SPDX-License-Identifier: MIT
// SIGSTOP, waited for: the signal is taken by one thread, which stops the others when it gets a processor. Until then a
// device thread goes on.
import { readdirSync, readFileSync } from 'node:fs';

const WITHIN_MS = 10_000;

function stateAndGroup(path: string): { state: string; group: number } | undefined {
  try {
    // After the command's name, which may hold anything: state, parent, process group.
    const [state, , group] = readFileSync(path, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { state: state!, group: Number(group) };
  } catch {
    return undefined; // it has ended
  }
}

function allStopped(group: number): boolean {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && stateAndGroup(`/proc/${name}/stat`)?.group === group)
    .flatMap(name => readdirSync(`/proc/${name}/task`).map(task => `/proc/${name}/task/${task}/stat`))
    .every(path => ['T', 'Z', 'X', undefined].includes(stateAndGroup(path)?.state));
}

/** Stops every thread of the process group that `leader` leads; returns when none runs. SIGCONT to the group ends it. */
export function freeze(leader: number): void {
  process.kill(-leader, 'SIGSTOP');
  const deadline = performance.now() + WITHIN_MS;
  while (!allStopped(leader)) {
    if (performance.now() > deadline) throw new Error(`process group ${leader} does not stop`);
  }
}
