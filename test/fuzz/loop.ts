// SPDX-License-Identifier: MIT
// The fuzzing loop of one target, inside the process that may hang or die: makes inputs, runs them, keeps those that
// show something new. An input is new when it shows a feature that no other has shown (outcomes, told by the target), or
// a block of the device's code that no other has run (coverage, looked at once a batch).
import type { Coverage } from './coverage.js';
import { Dice } from './dice.js';
import { generateInput, type Input, minimise, mutate } from './input.js';
import { foldDigits, Novelty, type Target, Violation } from './target.js';

const SMALLEST_BATCH = 50;
const FIRST_BATCH = 200;
const LARGEST_BATCH = 20_000;
/** Looks at the coverage may cost this part of the time. */
const LOOK_SHARE = 0.1;
const MAX_CORPUS = 4000;
const MAX_FINDINGS = 25;
/** Inputs of a corpus that is kept in a file. */
const MAX_KEPT = 600;

export interface Finding {
  /** The same for findings that are most likely the same. */
  readonly key: string;
  readonly reason: string;
  readonly input: Input;
}

/** What the loop tells while it runs. */
export interface LoopEvents {
  /** An input is about to be run. */
  begin(input: Input): void;
  finding(finding: Finding): void;
}

/** Name of the error, its message without numbers, and where it was thrown. */
function describe(error: unknown): { key: string; reason: string } {
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  // The harness's own complaint has no place of its own.
  const frame =
    error instanceof Violation ? '' : (stack ?? '').split('\n').find(line => /^\s+at /.test(line));
  const place = (frame ?? '').replace(/\(?file:.*\/dist\//, '(').trim();
  return {
    key: `${name}: ${foldDigits(message)} ${foldDigits(place)}`,
    reason: stack ?? `${name}: ${message}`,
  };
}

export class Loop {
  readonly #target: Target;
  readonly #coverage: Coverage | undefined;
  readonly #events: LoopEvents;
  readonly #dice: Dice;
  readonly #novelty = new Novelty();
  readonly #found = new Set<string>();
  readonly corpus: Input[] = [];
  executions = 0;
  /** Inputs that were kept because they showed something, the ones to begin with apart. */
  kept = 0;
  #batch = FIRST_BATCH;

  constructor(target: Target, seed: number, coverage: Coverage | undefined, events: LoopEvents) {
    this.#target = target;
    this.#coverage = coverage;
    this.#events = events;
    this.#dice = new Dice(seed);
  }

  get features(): number {
    return this.#novelty.count;
  }

  get findings(): number {
    return this.#found.size;
  }

  get blocks(): number {
    return this.#coverage?.blocks ?? 0;
  }

  /**
   * Runs an input that is there already, and takes it into the corpus. Whether it shows a block that no other has shown
   * is not asked: a look for each input of a corpus takes a minute on a busy machine, and they were chosen for that.
   */
  replay(input: Input): void {
    this.executions++;
    this.#execute(input);
    this.corpus.push(input);
    this.#target.rest?.();
  }

  /** What ran so far is no news any more. */
  begin(): void {
    this.#coverage?.look();
  }

  /** Runs one batch of at most `limit` new inputs. */
  batch(limit: number): void {
    const count = Math.min(this.#batch, limit);
    const inputs: Input[] = [];
    const started = performance.now();
    for (let n = 0; n < count; n++) {
      const input = this.#next();
      this.executions++;
      if (this.#execute(input)) this.#keep(input);
      else if (this.#coverage !== undefined) inputs.push(input);
    }
    const spentMs = performance.now() - started;
    if (this.#coverage !== undefined) this.#lookAt(inputs, spentMs);
    this.#target.rest?.();
  }

  /** The corpus without inputs that show nothing that a smaller one does not show. */
  smallCorpus(): Input[] {
    const size = (input: Input): number => input.reduce((n, op) => n + 1 + op.length, 0);
    const bySize = this.corpus.toSorted((a, b) => size(a) - size(b));
    this.#novelty.clear();
    this.#coverage?.forget();
    return bySize
      .filter(input => {
        const shown = this.#execute(input);
        return this.#fresh() || shown;
      })
      .slice(0, MAX_KEPT);
  }

  #next(): Input {
    const generate = (dice: Dice) => this.#target.generate(dice);
    const { corpus } = this;
    if (corpus.length === 0 || this.#dice.oneIn(4)) return generateInput(this.#dice, generate);
    // What came last is looked at more often: it has been tried least.
    const at = Math.floor(corpus.length * Math.sqrt(this.#dice.below(65536) / 65536));
    return mutate(this.#dice, corpus[at]!, this.#dice.pick(corpus), generate);
  }

  /** Runs one input; true when it showed a feature for the first time. What it throws is a finding. */
  #execute(input: Input): boolean {
    this.#events.begin(input);
    this.#novelty.fresh = 0;
    try {
      this.#target.run(input, this.#novelty);
    } catch (error) {
      this.#report(error, input);
      return false;
    }
    return this.#novelty.fresh > 0;
  }

  #report(error: unknown, input: Input): void {
    const { key, reason } = describe(error);
    if (this.#found.has(key) || this.#found.size >= MAX_FINDINGS) return;
    this.#found.add(key);
    const same = (candidate: Input): boolean => this.#failsWith(candidate) === key;
    const repeats = same(input);
    const told = repeats
      ? reason
      : `${reason}\n(it does not repeat: something of an earlier execution is left)`;
    this.#events.finding({ key, reason: told, input: repeats ? minimise(input, same) : input });
  }

  #failsWith(input: Input): string | undefined {
    this.#events.begin(input);
    try {
      this.#target.run(input, new Novelty());
      return undefined;
    } catch (error) {
      return describe(error).key;
    }
  }

  #keep(input: Input): void {
    this.kept++;
    if (this.corpus.length < MAX_CORPUS) this.corpus.push(input);
    else this.corpus[this.#dice.below(MAX_CORPUS)] = input;
  }

  #fresh(): boolean {
    return (this.#coverage?.look().size ?? 0) > 0;
  }

  #lookAt(inputs: readonly Input[], spentMs: number): void {
    const coverage = this.#coverage!;
    const fresh = coverage.look();
    // A batch that takes longer than its look is worth is smaller the next time: all of it is run again in a search.
    const ratio = coverage.lookMs / LOOK_SHARE / Math.max(0.01, spentMs);
    this.#batch = Math.max(
      SMALLEST_BATCH,
      Math.min(LARGEST_BATCH, Math.round(this.#batch * Math.min(4, ratio))),
    );
    if (fresh.size > 0) this.#search(inputs, fresh);
  }

  /** Finds the inputs that ran the blocks in `wanted`, by halves: executions depend on nothing but their input. */
  #search(inputs: readonly Input[], wanted: ReadonlySet<string>): void {
    if (inputs.length === 0) return;
    if (inputs.length === 1) return this.#keep(inputs[0]!);
    const half = inputs.length >>> 1;
    const first = inputs.slice(0, half);
    const inFirst = this.#hit(first, wanted);
    if (inFirst.size > 0) this.#search(first, inFirst);
    const rest = new Set([...wanted].filter(block => !inFirst.has(block)));
    if (rest.size > 0) this.#search(inputs.slice(half), rest);
  }

  #hit(inputs: readonly Input[], wanted: ReadonlySet<string>): Set<string> {
    // The counters are at zero: each look leaves them so, and nothing has run since the last one.
    for (const input of inputs) this.#execute(input);
    return this.#coverage!.hit(wanted);
  }
}
