// SPDX-License-Identifier: MIT
// Runs mutants for Stryker in one process: the cases are loaded once, each mutant is switched on in turn, and the first
// case that fails ends it. Stryker knows from the first run which cases reach which mutant. A mutant of code that runs
// while a module is loaded gets a process of its own.
import { appendFileSync } from 'node:fs';
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

/** Where instrumented code looks for the mutant that is on, and counts what it reaches. */
const context = (): InstrumenterContext => {
  const globals = globalThis as Record<string, unknown>;
  globals[INSTRUMENTER_CONSTANTS.NAMESPACE] ??= {};
  return globals[INSTRUMENTER_CONSTANTS.NAMESPACE] as InstrumenterContext;
};

class CaseRunner implements TestRunner {
  #cases: readonly MutationCase[] | undefined;

  capabilities(): TestRunnerCapabilities {
    return { reloadEnvironment: false };
  }

  /** The compiled cases of the sandbox that this process was started in. */
  async #load(): Promise<readonly MutationCase[]> {
    const path = join(process.cwd(), 'dist/test/mutation/cases.js');
    const { mutationCases } = (await import(pathToFileURL(path).href)) as {
      mutationCases: readonly MutationCase[];
    };
    this.#cases ??= mutationCases;
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
    const c = context();
    if (o.mutantActivation === 'static') c.activeMutant = o.activeMutant.id;
    const cases = await this.#load();
    c.activeMutant = o.activeMutant.id;
    delete c.hitLimit;
    if (o.hitLimit !== undefined) c.hitLimit = o.hitLimit;
    c.hitCount = 0;
    const wanted = o.testFilter === undefined ? undefined : new Set(o.testFilter);
    const result = this.#run(
      wanted === undefined ? cases : cases.filter(({ name }) => wanted.has(name)),
      true,
    );
    return toMutantRunResult(determineHitLimitReached(c.hitCount, c.hitLimit) ?? result);
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

/** Writes each outcome at once: a run takes long, and Stryker tells all of it at the end. */
class LineReporter implements Reporter {
  readonly #path = join(process.cwd(), '.results/mutation.jsonl');

  onMutantTested({ fileName, status, mutatorName, replacement, location }: Readonly<MutantResult>): void {
    const line = { fileName, status, mutatorName, replacement, location };
    appendFileSync(this.#path, `${JSON.stringify(line)}\n`);
  }
}

export const strykerPlugins = [
  declareClassPlugin(PluginKind.TestRunner, 'cases', CaseRunner),
  declareClassPlugin(PluginKind.Reporter, 'lines', LineReporter),
];
