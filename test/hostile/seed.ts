// SPDX-License-Identifier: MIT
import type { ExecutionContext } from 'ava';
import fc from 'fast-check';

const DEFAULT_SEED = 20_260_101;

/**
 * Holds a property `runs` times. The seed is the same each time, so that a run repeats; PUSHBELL_SEED sets another one, and
 * PUSHBELL_RUNS multiplies the runs.
 */
export function hold<T>(
  t: ExecutionContext,
  runs: number,
  property: fc.IProperty<T>,
  examples: T[] = [],
): void {
  const seed = Number(process.env.PUSHBELL_SEED ?? DEFAULT_SEED);
  const numRuns = runs * Number(process.env.PUSHBELL_RUNS ?? 1);
  t.log(`seed ${seed}, ${numRuns} runs`);
  const result = fc.check(property, { seed, numRuns, examples });
  if (result.failed) {
    const { errorInstance } = result;
    const reason = errorInstance instanceof Error ? errorInstance.stack : String(errorInstance);
    t.fail(`${fc.defaultReportMessage(result)}\n${reason}`);
  } else t.pass();
}
