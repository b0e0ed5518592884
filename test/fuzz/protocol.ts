// SPDX-License-Identifier: MIT
// What the process that fuzzes is told, and what it says.
import type { Input } from './input.js';
import type { Finding } from './loop.js';

export interface Job {
  readonly target: string;
  readonly seed: number;
  /** It ends at whichever comes first. */
  readonly executions: number;
  readonly seconds: number;
  readonly coverage: boolean;
  /** Niceness of the process. */
  readonly nice: number;
  /** File of the input that is being run. */
  readonly current: string;
  /** Inputs to begin with. */
  readonly inputs: readonly Input[];
  /** Run nothing but these inputs. */
  readonly replayOnly: boolean;
  /** Say at the end what the corpus has become, made small. */
  readonly keepCorpus: boolean;
  readonly stopAtFinding: boolean;
}

export interface Progress {
  readonly executions: number;
  readonly corpus: number;
  /** Inputs of this run that showed something new. */
  readonly kept: number;
  readonly features: number;
  readonly blocks: number;
}

export type Report =
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'finding'; readonly finding: Finding }
  | { readonly kind: 'corpus'; readonly inputs: readonly Input[] }
  | { readonly kind: 'done'; readonly progress: Progress };
