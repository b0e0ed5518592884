// SPDX-License-Identifier: MIT
// What guides the fuzzer: what counts as a new block, and how much is run between two looks.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { temporaryDir } from '../../device/vm/cleanup.js';
import { Coverage } from './coverage.js';
import { Loop } from './loop.js';
import type { Target } from './target.js';

const PROBE = `
export function probe(n) {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += i % 2 === 0 ? 1 : 2;
  if (n > 50) { sum += 100; }
  return sum;
}
`;

test.serial('a block that ran more or less often than before is no news; one that never ran is', async t => {
  const { dir, remove } = temporaryDir('coverage');
  t.teardown(remove);
  // Only the device's code counts, which is told by its place.
  mkdirSync(join(dir, 'device', 'probe'), { recursive: true });
  const file = join(dir, 'device', 'probe', 'probe.js');
  writeFileSync(file, PROBE);
  writeFileSync(join(dir, 'package.json'), '{"type":"module"}');
  const coverage = new Coverage();
  const { probe } = (await import(pathToFileURL(file).href)) as { probe: (n: number) => number };
  coverage.look();
  probe(1);
  t.true(coverage.look().size > 0, 'the function and the first half of the choice');
  probe(2);
  const second = coverage.look();
  t.is(second.size, 1, 'the other half');
  for (const n of [1, 2, 3, 7, 8, 0]) {
    for (let k = 0; k < n; k++) probe(n);
    t.deepEqual([...coverage.look()], [], `${n} times`);
  }
  probe(51);
  const last = coverage.look();
  t.is(last.size, 1, 'the block at the end');
  const { blocks } = coverage;
  probe(5);
  t.is(coverage.hit(new Set([...second, ...last])).size, 1);
  probe(60);
  t.is(coverage.hit(new Set([...second, ...last])).size, 2);
  t.is(coverage.blocks, blocks);
});

/** Executions of each of four batches, if a look takes `lookMs`. */
function batches(lookMs: number): number[] {
  const target: Target = { name: 'none', doc: '', generate: () => [0], run: () => {} };
  const coverage = { look: () => new Set(), hit: () => new Set(), forget: () => {}, blocks: 0, lookMs };
  const loop = new Loop(target, 1, coverage as unknown as Coverage, { begin: () => {}, finding: () => {} });
  return [0, 1, 2, 3].map(() => {
    const before = loop.executions;
    loop.batch(1e9);
    return loop.executions - before;
  });
}

test('a batch grows while its look costs more than it, and shrinks when it takes long beside the look', t => {
  t.deepEqual(batches(1e9), [200, 800, 3200, 12_800]);
  t.deepEqual(batches(0), [200, 50, 50, 50]);
});
