// SPDX-License-Identifier: MIT
// What a supervisor and its worker (cli/serve-worker.ts) tell each other, and which descriptors the worker inherits.

export const LISTENER_FD = 3;
export const CONTROL_FD = 4;

/** What a worker is told at its start; plain data. */
export interface WorkerConfig {
  readonly supervisorPid: number;
  /** Nobody serves: load at full speed. */
  readonly urgent: boolean;
  readonly modelUrl: string;
  readonly capturePath: string | undefined;
  readonly maxAdapters: number;
  readonly logLevel: string;
  /** There is a control socket to serve. */
  readonly control: boolean;
}

export type ToWorker = { readonly kind: 'serve'; readonly restarts: number } | { readonly kind: 'end' };
export type FromWorker = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly message: string };
