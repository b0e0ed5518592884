// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { MutantRunStatus } from '@stryker-mutator/api/test-runner';
import test from 'ava';
import { temporaryDirectory } from '../support/temporary.js';
import {
  addOutcome,
  closeLine,
  identity,
  type Outcome,
  readOutcomes,
  reportOf,
  resultOf,
} from './journal.js';

const place = (line: number): Outcome['location'] => ({
  start: { line, column: 3 },
  end: { line, column: 9 },
});
const outcome = (line: number, more: Partial<Outcome>): Outcome => ({
  ...{ fileName: import.meta.filename, mutatorName: 'X', replacement: 'true', location: place(line) },
  ...{ status: 'Survived', ms: 1, ...more },
});

test('a run that was broken off finds what it knew, whatever became of its last line', t => {
  const path = join(temporaryDirectory(t), 'outcomes.jsonl');
  t.is(readOutcomes(path).size, 0);
  const killed = outcome(7, {
    status: 'Killed',
    killedBy: ['a case'],
    statusReason: 'why',
    testsCompleted: 4,
  });
  addOutcome(path, killed);
  appendFileSync(path, '{"fileName":"/a/b');
  t.deepEqual([...readOutcomes(path).values()], [killed]);
  closeLine(path);
  closeLine(path);
  addOutcome(path, outcome(8, {}));
  const known = readOutcomes(path);
  t.is(known.size, 2);
  // Stryker asks with places that count from 0.
  const found = known.get(
    identity({ ...killed, location: { start: { line: 6, column: 2 }, end: { line: 6, column: 8 } } }, 0),
  )!;
  t.deepEqual(resultOf(found), {
    ...{ status: MutantRunStatus.Killed, killedBy: ['a case'], failureMessage: 'why', nrOfTests: 4 },
  });
  t.is(known.get(identity({ ...killed, replacement: 'false' }, 1)), undefined);
});

test('an outcome that no run had is none to take over', t => {
  t.is(resultOf(outcome(1, { status: 'NoCoverage' })), undefined);
  t.is(resultOf(outcome(1, { status: 'Ignored' })), undefined);
  t.is(resultOf(outcome(1, { status: 'Survived' }))!.status, MutantRunStatus.Survived);
  t.is(resultOf(outcome(1, { status: 'Timeout' }))!.status, MutantRunStatus.Timeout);
});

test('what is known so far is a report like any other', t => {
  const { files } = reportOf([outcome(1, {}), outcome(2, {})], () => 'name.ts');
  t.deepEqual(Object.keys(files), ['name.ts']);
  t.is(files['name.ts'].mutants.length, 2);
  t.true(files['name.ts'].source.startsWith('// '));
});

test('a mutant that goes on for ever ends with its process, and the journal says so', async t => {
  t.timeout(60_000);
  const path = join(temporaryDirectory(t), 'outcomes.jsonl');
  const endless = outcome(5, { status: 'Timeout', statusReason: 'endless' });
  const url = new URL('./watchdog.js', import.meta.url).href;
  const code = `
    import { Watchdog } from ${JSON.stringify(url)};
    const dog = new Watchdog();
    const watch = { path: ${JSON.stringify(path)}, limitMs: 300, outcome: ${JSON.stringify(endless)} };
    dog.start({ ...watch, outcome: { ...watch.outcome, replacement: 'stopped' } });
    dog.stop();
    const idle = performance.now() + 1500;
    while (performance.now() < idle) await new Promise(resolve => setTimeout(resolve, 50));
    dog.start(watch);
    for (;;);`;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', code], { stdio: 'inherit' });
  const [, signal] = await once(child, 'exit');
  t.is(signal, 'SIGKILL');
  t.deepEqual([...readOutcomes(path).values()], [endless]);
});
