// SPDX-License-Identifier: MIT
// Which claim is due in which step of the project. This is the only place that says so.

export const CLAIMS = 29;

/** The step that the project has reached. */
export const STEP = 3;

/** Claims that come due later than step 1: two processes with a doorbell page each; the switch fabric. */
const LATER: ReadonlyMap<number, number> = new Map([
  [7, 8],
  [21, 8],
  [9, 5],
  [23, 5],
]);

/** The step in which a claim is due. */
export const dueIn = (claim: number): number => LATER.get(claim) ?? 1;

/** Claims that a test must prove by now. */
export const dueClaims = (): number[] =>
  Array.from({ length: CLAIMS }, (_, n) => n + 1).filter(claim => dueIn(claim) <= STEP);
