// SPDX-License-Identifier: MIT
// Block coverage of the device's own code, as V8 counts it. Looking at it costs milliseconds, so it is looked at once a
// batch, and only a batch that shows something new is searched for the input that did it.
import { type Profiler, Session } from 'node:inspector';

/** Scripts that count: the compiled device. */
const OURS = /\/dist\/device\/|\/device\/[a-z]+\/[a-z0-9-]+\.js$/;

export class Coverage {
  readonly #session = new Session();
  readonly #seen = new Set<string>();
  /** Time that the last look took. */
  lookMs = 0;

  /** Starts counting; what is compiled before this is counted only by function. */
  constructor() {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  get blocks(): number {
    return this.#seen.size;
  }

  /** Blocks that have run since the last look and in none before. */
  look(): Set<string> {
    const fresh = new Set<string>();
    this.#each(block => {
      if (this.#seen.has(block)) return;
      this.#seen.add(block);
      fresh.add(block);
    });
    return fresh;
  }

  /** From now on everything is new again. */
  forget(): void {
    this.look();
    this.#seen.clear();
  }

  /** Those of `wanted` that have run since the last look. */
  hit(wanted: ReadonlySet<string>): Set<string> {
    const found = new Set<string>();
    this.#each(block => {
      if (wanted.has(block)) found.add(block);
    });
    return found;
  }

  /** Visits each block that has run since this was called last. */
  #each(visit: (block: string) => void): void {
    const started = performance.now();
    const { result } = this.#post<Profiler.TakePreciseCoverageReturnType>('Profiler.takePreciseCoverage');
    for (const script of result) {
      if (!OURS.test(script.url)) continue;
      for (const { ranges } of script.functions)
        for (const { count, startOffset, endOffset } of ranges)
          if (count > 0) visit(`${script.scriptId}:${startOffset}:${endOffset}`);
    }
    this.lookMs = performance.now() - started;
  }

  #post<T = unknown>(method: string, parameters: object = {}): T {
    let answer: T | undefined;
    // The callback runs before post returns: the session is in this thread.
    this.#session.post(method, parameters, (error: Error | null, result?: object) => {
      if (error !== null) throw error;
      answer = result as T;
    });
    return answer as T;
  }
}
