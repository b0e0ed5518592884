// SPDX-License-Identifier: MIT
// A case of the conformance suite is data: a name, the claims it proves, and what to do with a target that has just been
// reset and a driver that has just brought it up. It throws (node:assert) when the adapter behaves otherwise.
import type { Driver } from '../support/driver.js';
import type { Target } from '../support/target.js';

export interface Bench<T extends Target = Target> {
  readonly target: T;
  readonly driver: Driver;
}

export interface Case<T extends Target = Target> {
  readonly name: string;
  readonly claims?: readonly number[];
  run(bench: Bench<T>): void;
}

/** The title of a case, claims first: what `npm run claims` reads. */
export function titleOf(c: Pick<Case, 'name' | 'claims'>): string {
  return c.claims === undefined ? c.name : `[claims ${c.claims.join(', ')}] ${c.name}`;
}
