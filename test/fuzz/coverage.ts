// SPDX-License-Identifier: MIT
// Block coverage of the device's own code, as V8 counts it. Looking at it costs milliseconds, so it is looked at once a
// batch, and only a batch that shows something new is searched for the input that did it.
//
// V8 tells ranges whose counts differ from the range around them. Which ranges those are depends on how often each part has
// run, so a range that was never told before is no news. What is news is a place in the source that ran for the first time.
import { type Profiler, Session } from 'node:inspector';

/** Scripts that count: the compiled device. */
const OURS = /\/dist\/device\/|\/device\/[a-z]+\/[a-z0-9-]+\.js$/;

/** A script: where it ran since the last look, and where before. Indices are offsets in its source. */
interface Script {
  readonly now: Uint8Array;
  readonly seen: Uint8Array;
}

export class Coverage {
  readonly #session = new Session();
  readonly #scripts = new Map<string, Script>();
  /** Blocks that have run. */
  blocks = 0;
  /** Time that the last look took. */
  lookMs = 0;

  /** Starts counting; what is compiled before this is counted only by function. */
  constructor() {
    this.#session.connect();
    this.#post('Profiler.enable');
    this.#post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Blocks that have run since the last look and in none before, each told by a place in it. */
  look(): Set<string> {
    const fresh = new Set<string>();
    for (const [id, coverage] of this.#take()) {
      const { now, seen } = this.#scripts.get(id)!;
      const edges = edgesOf(coverage);
      for (let n = 0; n + 1 < edges.length; n++) {
        const [start, end] = [edges[n]!, edges[n + 1]!];
        if (now[start] === 0) continue;
        const place = seen.indexOf(0, start);
        if (place < 0 || place >= end) continue;
        fresh.add(`${id}:${place}`);
        seen.fill(1, start, end);
      }
    }
    this.blocks += fresh.size;
    return fresh;
  }

  /** From now on everything is new again. */
  forget(): void {
    this.look();
    for (const { seen } of this.#scripts.values()) seen.fill(0);
    this.blocks = 0;
  }

  /** Those of `wanted` that have run since the last look. */
  hit(wanted: ReadonlySet<string>): Set<string> {
    const taken = this.#take();
    return new Set(
      [...wanted].filter(place => {
        const [id, offset] = place.split(':');
        return taken.has(id!) && this.#scripts.get(id!)!.now[Number(offset)] === 1;
      }),
    );
  }

  /** What has run since this was called last, by script. */
  #take(): Map<string, Profiler.ScriptCoverage> {
    const started = performance.now();
    const { result } = this.#post<Profiler.TakePreciseCoverageReturnType>('Profiler.takePreciseCoverage');
    const ours = new Map(result.filter(s => OURS.test(s.url)).map(s => [s.scriptId, s]));
    for (const [id, coverage] of ours) this.#paint(id, coverage);
    this.lookMs = performance.now() - started;
    return ours;
  }

  /** Outer functions and ranges come before those in them. */
  #paint(id: string, { functions }: Profiler.ScriptCoverage): void {
    let script = this.#scripts.get(id);
    if (script === undefined) {
      const length = Math.max(...functions.map(f => f.ranges[0]!.endOffset));
      script = { now: new Uint8Array(length), seen: new Uint8Array(length) };
      this.#scripts.set(id, script);
    }
    script.now.fill(0);
    for (const { ranges } of functions)
      for (const { count, startOffset, endOffset } of ranges)
        script.now.fill(count > 0 ? 1 : 0, startOffset, endOffset);
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

/** Where ranges begin and end, in order. */
function edgesOf({ functions }: Profiler.ScriptCoverage): number[] {
  const edges = new Set<number>();
  for (const { ranges } of functions)
    for (const { startOffset, endOffset } of ranges) edges.add(startOffset).add(endOffset);
  return [...edges].toSorted((a, b) => a - b);
}
