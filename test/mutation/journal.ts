// SPDX-License-Identifier: MIT
// What has come out of each mutant so far: a line each, written at once, because a run takes an hour and Stryker tells
// all of it at the end. A run of the same sources that was broken off goes on from there.
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import type { MutantResult } from '@stryker-mutator/api/core';
import { type MutantRunResult, MutantRunStatus } from '@stryker-mutator/api/test-runner';
import type { MutationReport } from './summary.js';

/** The variable by which the processes that run mutants know the journal. */
export const JOURNAL = 'PUSHBELL_MUTATION_JOURNAL';

export interface Outcome
  extends Pick<MutantResult, 'fileName' | 'status' | 'mutatorName' | 'location' | 'replacement'> {
  readonly statusReason?: string | undefined;
  readonly killedBy?: readonly string[] | undefined;
  readonly testsCompleted?: number | undefined;
  /** Since the outcome before, or what was used up. */
  readonly ms: number;
}

type Identity = Pick<Outcome, 'fileName' | 'mutatorName' | 'location' | 'replacement'>;

/** What tells a mutant from all others of the same sources. `base` is the number of the first line and column. */
export function identity({ fileName, mutatorName, location, replacement }: Identity, base: 0 | 1): string {
  const { start, end } = location;
  const places = [start.line, start.column, end.line, end.column].map(n => n - base);
  return JSON.stringify([fileName, mutatorName, places, replacement]);
}

export function addOutcome(path: string, outcome: Outcome): void {
  appendFileSync(path, `${JSON.stringify(outcome)}\n`);
}

/** A process that was killed may have left half a line; what comes next has a line of its own. */
export function closeLine(path: string): void {
  if (existsSync(path) && !readFileSync(path, 'utf8').endsWith('\n')) appendFileSync(path, '\n');
}

/** By identity, without lines that were cut off. */
export function readOutcomes(path: string): Map<string, Outcome> {
  const outcomes = new Map<string, Outcome>();
  if (!existsSync(path)) return outcomes;
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    if (!line.endsWith('}')) continue;
    try {
      const outcome = JSON.parse(line) as Outcome;
      outcomes.set(identity(outcome, 1), outcome);
    } catch {
      // Half a line that ends with a brace by chance.
    }
  }
  return outcomes;
}

/** The same result once more; nothing for an outcome that no run had. */
export function resultOf(o: Outcome): MutantRunResult | undefined {
  const reason = o.statusReason ?? '';
  switch (o.status) {
    case 'Killed':
      return {
        status: MutantRunStatus.Killed,
        killedBy: [...(o.killedBy ?? [])],
        failureMessage: reason,
        nrOfTests: o.testsCompleted ?? 1,
      };
    case 'Survived':
      return { status: MutantRunStatus.Survived, nrOfTests: o.testsCompleted ?? 0 };
    case 'Timeout':
      return { status: MutantRunStatus.Timeout, reason };
    default:
      return undefined;
  }
}

/** A report of what is known so far. `nameOf` gives the name of a file in the report. */
export function reportOf(outcomes: Iterable<Outcome>, nameOf: (path: string) => string): MutationReport {
  const files: Record<string, { source: string; mutants: Outcome[] }> = {};
  for (const outcome of outcomes) {
    const name = nameOf(outcome.fileName);
    files[name] ??= { source: readFileSync(outcome.fileName, 'utf8'), mutants: [] };
    files[name].mutants.push(outcome);
  }
  return { files };
}
