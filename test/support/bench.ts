// SPDX-License-Identifier: MIT
// What many cases need: queues to work with, bytes to send, and questions about completions.
import assert from 'node:assert/strict';
import { WcStatus } from '../../device/abi/generated/descriptors.js';
import type { Driver } from './driver.js';
import type { Cq, Cqe, Eq } from './work.js';

export interface Queues {
  readonly eq: Eq;
  readonly cq: Cq;
}

/** An event queue on vector 0 and a completion queue of 2^logDepth entries. */
export function makeQueues(driver: Driver, logDepth = 10): Queues {
  const eq = driver.createEq(0);
  return { eq, cq: driver.createCq(eq, logDepth) };
}

/** Numbers that look random and are the same in each run: a Lehmer generator (Park and Miller, 1988). */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = (seed % 2147483646) + 1;
  }

  /** An integer from 0 to n - 1. */
  below(n: number): number {
    this.#state = (this.#state * 48271) % 2147483647;
    return this.#state % n;
  }
}

/** Bytes that differ from place to place and from seed to seed. */
export function pattern(length: number, seed = 1): Uint8Array {
  const dice = new Dice(seed);
  return Uint8Array.from({ length }, () => dice.below(256));
}

/** Guest memory filled with a pattern. */
export function filled(driver: Driver, length: number, seed = 1): { address: number; bytes: Uint8Array } {
  const address = driver.alloc(length);
  const bytes = pattern(length, seed);
  driver.target.writeBytes(address, bytes);
  return { address, bytes };
}

/** Guest memory from `address` on holds exactly these bytes. */
export function assertBytes(driver: Driver, address: number, expected: Uint8Array, what = 'bytes'): void {
  const found = driver.target.readBytes(address, expected.length);
  const at = found.findIndex((byte, n) => byte !== expected[n]);
  assert.equal(
    at,
    -1,
    `${what}: byte ${at} is 0x${found[at]?.toString(16)}, not 0x${expected[at]?.toString(16)}`,
  );
}

/** Settles and takes all completions. */
export function finish(driver: Driver, cq: Cq): Cqe[] {
  driver.target.settle();
  return driver.poll(cq);
}

export const ids = (cqes: readonly Cqe[]): number[] => cqes.map(c => c.wrId);

/** Work request id and status of each completion. */
export const outcomes = (cqes: readonly Cqe[]): [number, number][] => cqes.map(c => [c.wrId, c.status]);

export function assertAllWell(cqes: readonly Cqe[], count: number): void {
  assert.equal(cqes.length, count, 'number of completions');
  for (const c of cqes) assert.equal(c.status, WcStatus.SUCCESS, `completion of ${c.wrId}`);
}
