// SPDX-License-Identifier: MIT
// Runs mutants for Stryker in one process: the cases are loaded once, each mutant is switched on in turn, and the first
// case that fails ends it. Stryker knows from the first run which cases reach which mutant. A mutant of code that runs
// while a module is loaded gets a process of its own.
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import {
  INSTRUMENTER_CONSTANTS,
  type InstrumenterContext,
  type MutantResult,
} from '@stryker-mutator/api/core';
import { declareClassPlugin, PluginKind } from '@stryker-mutator/api/plugin';
import type { Reporter } from '@stryker-mutator/api/report';
import {
  type DryRunOptions,
  type DryRunResult,
  DryRunStatus,
  determineHitLimitReached,
  type MutantRunOptions,
  type MutantRunResult,
  type TestResult,
  type TestRunner,
  type TestRunnerCapabilities,
  TestStatus,
  toMutantRunResult,
} from '@stryker-mutator/api/test-runner';
import type { MutationCase } from './cases.js';
import { addOutcome, identity, JOURNAL, type Outcome, readOutcomes, resultOf } from './journal.js';
import { Watchdog } from './watchdog.js';

/** What Stryker gives each mutant beyond one and a half times its cases, by the clock: enough on the busiest machine. */
export const PATIENCE_MS = 600_000;
/** The same in processor time. */
const SPARE_MS = 5000;

/**
 * Stryker lets a mutant come by its place a hundred times as often as all cases together did without it, which takes
 * minutes where a case goes on for ever. The cases are the same each time: a fifth of that is far more than enough.
 */
const HIT_SHARE = 5;

/** Where instrumented code looks for the mutant that is on, and counts what it reaches. */
const context = (): InstrumenterContext => {
  const globals = globalThis as Record<string, unknown>;
  globals[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {};
  return globals[INSTRUMENTER_CONSTANTS.NAMESPACE] as InstrumenterContext;
};

/** Outcomes of a run of the same sources that was broken off. */
const journal = (): string => process.env[JOURNAL] ?? join(process.cwd(), '.results/mutation.jsonl');

class CaseRunner implements TestRunner {
  #cases: MutationCase[] | undefined;
  #known: ReadonlyMap<string, Outcome> | undefined;
  #watchdog: Watchdog | undefined;

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: false };
  }

  /** The compiled cases of the sandbox that this process was started in. */
  async #load(): Promise<MutationCase[]> {
    const path = join(process.cwd(), 'dist/test/mutation/cases.js');
    const { mutationCases } = (await import(pathToFileURL(path).href)) as {
      mutationCases: readonly MutationCase[];
    };
    this.#cases ??= [...mutationCases];
    return this.#cases;
  }

  async dryRun(_options: DryRunOptions): Promise<DryRunResult> {
    const cases = await this.#load();
    const result = this.#run(cases, false);
    const { mutantCoverage } = context();
    return mutantCoverage === undefined || result.status !== DryRunStatus.Complete
      ? result
      : { ...result, mutantCoverage };
  }

  async mutantRun(o: MutantRunOptions): Promise<MutantRunResult> {
    this.#known ??= readOutcomes(journal());
    const known = this.#known.get(identity(o.activeMutant, 0));
    const before = known === undefined ? undefined : resultOf(known);
    if (before !== undefined) return before;
    this.#watch(o);
    const c = context();
    if (o.mutantActivation === 'static') c.activeMutant = o.activeMutant.id;
    const cases = await this.#load();
    c.activeMutant = o.activeMutant.id;
    delete c.hitLimit;
    if (o.hitLimit !== undefined) c.hitLimit = Math.ceil(o.hitLimit / HIT_SHARE);
    c.hitCount = 0;
    const wanted = o.testFilter === undefined ? undefined : new Set(o.testFilter);
    const result = this.#run(
      wanted === undefined ? cases : cases.filter(({ name }) => wanted.has(name)),
      true,
    );
    this.#watchdog?.stop();
    this.#forward(cases, result);
    return toMutantRunResult(determineHitLimitReached(c.hitCount, c.hitLimit) ?? result);
  }

  #watch({ activeMutant, timeout }: MutantRunOptions): void {
    const { start, end } = activeMutant.location;
    const location = {
      start: { line: start.line + 1, column: start.column + 1 },
      end: { line: end.line + 1, column: end.column + 1 },
    };
    const { fileName, mutatorName, replacement } = activeMutant;
    const limitMs = timeout - PATIENCE_MS + SPARE_MS;
    const statusReason = `${Math.round(limitMs)} ms of processor time`;
    const outcome: Outcome = {
      ...{ fileName, mutatorName, replacement, location, status: 'Timeout', statusReason, ms: limitMs },
    };
    this.#watchdog ??= new Watchdog();
    this.#watchdog.start({ path: journal(), limitMs, outcome });
  }

  /** Neighbours fall by the same hand: the case that found this one is the first that the next one meets. */
  #forward(cases: MutationCase[], result: DryRunResult): void {
    const last = result.status === DryRunStatus.Complete ? result.tests.at(-1) : undefined;
    if (last?.status !== TestStatus.Failed) return;
    const at = cases.findIndex(({ name }) => name === last.name);
    cases.unshift(...cases.splice(at, 1));
  }

  #run(cases: readonly MutationCase[], bail: boolean): DryRunResult {
    const c = context();
    const tests: TestResult[] = [];
    for (const one of cases) {
      c.currentTestId = one.name;
      const started = performance.now();
      const failure = outcomeOf(one);
      const common = { id: one.name, name: one.name, timeSpentMs: performance.now() - started };
      tests.push(
        failure === undefined
          ? { ...common, status: TestStatus.Success }
          : { ...common, status: TestStatus.Failed, failureMessage: failure },
      );
      if (failure !== undefined && bail) break;
    }
    delete c.currentTestId;
    return { status: DryRunStatus.Complete, tests };
  }
}

function outcomeOf(c: MutationCase): string | undefined {
  try {
    c.run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Writes each outcome as it comes, but for those that the journal has. */
class LineReporter implements Reporter {
  readonly #known = readOutcomes(journal());
  #last = performance.now();

  onMutantTested(result: Readonly<MutantResult>): void {
    const { fileName, status, mutatorName, replacement, location } = result;
    const { statusReason, killedBy, testsCompleted } = result;
    const now = performance.now();
    const ms = Math.round(now - this.#last);
    this.#last = now;
    const outcome = { fileName, status, mutatorName, replacement, location, ms };
    if (this.#known.has(identity(outcome, 1))) return;
    addOutcome(journal(), {
      ...outcome,
      statusReason: statusReason?.slice(0, 200),
      killedBy,
      testsCompleted,
    });
  }
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, 'cases', CaseRunner),
  declareClassPlugin(PluginKind.Reporter, 'lines', LineReporter),
];
