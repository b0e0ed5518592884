// SPDX-License-Identifier: MIT
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import test from 'ava';
import { lowerPriority, raisePriority } from '../../device/sys/process.js';

const MODULE = JSON.stringify(new URL('../../device/sys/process.js', import.meta.url).href);
const DEADLINE_MS = 20_000;

/** A process without handles of its own that only its parent's death can end. */
const CHILD = `
  import { dieWithParent } from ${MODULE};
  console.log(dieWithParent(Number(process.argv[1])) ? process.pid : 'orphan');
  setInterval(() => {}, 1000);
`;
const PARENT = `
  import { spawn } from 'node:child_process';
  const args = ['--input-type=module', '-e', process.argv[1], String(process.pid)];
  spawn(process.execPath, args, { stdio: ['ignore', 'inherit', 'ignore'] });
`;

async function firstLine(child: ChildProcess): Promise<string> {
  for await (const line of createInterface({ input: child.stdout! })) return line;
  throw new Error('it said nothing');
}

/** Gone, or waiting for somebody to ask how it ended. */
function hasEnded(pid: number): boolean {
  try {
    return /^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return true;
  }
}

async function endOf(pid: number): Promise<boolean> {
  for (const deadline = performance.now() + DEADLINE_MS; performance.now() < deadline; await sleep(5))
    if (hasEnded(pid)) return true;
  return false;
}

test('a child that dies with its parent does so when that one is killed, stopped or not', async t => {
  const parent = spawn(process.execPath, ['--input-type=module', '-e', PARENT, CHILD], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const pid = Number(await firstLine(parent));
  t.true(pid > 0);
  process.kill(pid, 'SIGSTOP');
  parent.kill('SIGKILL');
  await once(parent, 'exit');
  t.true(await endOf(pid));
});

test('a child whose parent has ended already is told so', async t => {
  const child = spawn(process.execPath, ['--input-type=module', '-e', CHILD, '1'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.is(await firstLine(child), 'orphan');
  child.kill('SIGKILL');
});

/** Asked of the system in another way. */
function mayRenice(): boolean {
  const script = 'renice -n 5 $$ >/dev/null 2>&1; renice -n 0 $$ >/dev/null 2>&1 && echo yes || echo no';
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).trim() === 'yes';
}

/** Priorities of the threads of a process, each once. */
const prioritiesOf = (pid: number): number[] => [
  ...new Set(readdirSync(`/proc/${pid}/task`).map(thread => getPriority(Number(thread)))),
];

test('a lower priority holds for every thread, and its parent can take it back', async t => {
  const script = `
    import { lowerPriority } from ${MODULE};
    lowerPriority(10);
    console.log('done');
    process.stdin.resume();
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  t.is(await firstLine(child), 'done');
  const own = getPriority();
  const low = mayRenice() ? 10 : own;
  t.deepEqual(prioritiesOf(child.pid!), [low], 'where it could not be taken back nothing was done');
  raisePriority(child.pid!);
  t.deepEqual(prioritiesOf(child.pid!), [own]);
  child.stdin!.end();
  await once(child, 'exit');
  t.notThrows(() => raisePriority(child.pid!));
});

test('who may not take it back does not step back', t => {
  if (!mayRenice()) {
    lowerPriority(10);
    t.is(getPriority(), 0);
    return;
  }
  const script = `
    import { getPriority } from 'node:os';
    import { lowerPriority } from ${MODULE};
    lowerPriority(10);
    console.log(getPriority());
  `;
  const args = [
    '--bounding-set=-sys_nice',
    '--inh-caps=-sys_nice',
    process.execPath,
    '--input-type=module',
    '-e',
    script,
  ];
  t.is(execFileSync('setpriv', args, { encoding: 'utf8' }).trim(), String(getPriority()));
});
