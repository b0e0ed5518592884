// SPDX-License-Identifier: MIT
// Back-ends that die under load: kills the adapter's process at random moments, by a seed, and measures how long the
// guest's work stood still each time.
import { setTimeout as delay } from 'node:timers/promises';
import type { BackEnd } from './back-end.js';
import { type Served, until } from './served-vm.js';
import type { Stress } from './stress.js';

export interface Deaths {
  readonly times: number;
  readonly seed: number;
  /** How long each one lives at least and at most; a standby needs a moment to be ready. */
  readonly lifeMs?: readonly [number, number];
  /** Brings the next back-end; a supervisor does it by itself. */
  readonly revive?: () => Promise<BackEnd>;
}

const LIFE_MS = [50, 1000] as const;
const BACK_WITHIN_MS = 30_000;

/** Numbers in 0..1 that look random and are the same in each run: a Lehmer generator (Park and Miller, 1988). */
export function seededRandom(seed: number): () => number {
  let state = (seed % 2147483646) + 1;
  return () => {
    state = (state * 48271) % 2147483647;
    return state / 2147483647;
  };
}

/** Kills it again and again; resolves with the pauses that the workload saw, in ms. */
export async function killUnderLoad(served: Served, load: Stress, deaths: Deaths): Promise<number[]> {
  const random = seededRandom(deaths.seed);
  const [shortest, longest] = deaths.lifeMs ?? LIFE_MS;
  const pausesMs: number[] = [];
  for (let n = 0; n < deaths.times; n++) {
    await delay(shortest + random() * (longest - shortest));
    const victim = await served.backEnd().workerPid();
    await load.forgetGaps();
    process.kill(victim, 'SIGKILL');
    await deaths.revive?.();
    await load.goesOn(100, BACK_WITHIN_MS);
    await until(
      'another process is the adapter',
      BACK_WITHIN_MS,
      () => served.backEnd().workerPid(),
      pid => pid !== victim,
    );
    pausesMs.push(Math.max(0, ...(await load.report()).gapsUs) / 1000);
  }
  return pausesMs;
}

export interface Pauses {
  readonly times: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Nearest rank: of 100 pauses the 99th is p99. */
export function summarize(pausesMs: readonly number[]): Pauses {
  const sorted = [...pausesMs].sort((a, b) => a - b);
  const rank = (p: number): number => sorted[Math.max(0, Math.ceil(p * sorted.length) - 1)] ?? 0;
  return { times: sorted.length, p50Ms: rank(0.5), p99Ms: rank(0.99), maxMs: sorted.at(-1) ?? 0 };
}

export const inWords = ({ times, p50Ms, p99Ms, maxMs }: Pauses): string =>
  `${times} kills: the guest's work stood still for ${p50Ms.toFixed(0)} ms (p50), ${p99Ms.toFixed(0)} ms (p99), ` +
  `${maxMs.toFixed(0)} ms at most`;
