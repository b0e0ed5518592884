// SPDX-License-Identifier: MIT
// Results of long runs are kept with the code, by date.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../device/vm/cache.js';

/** The first name of the day that is free: an earlier result may be of other code, or have remarks of people in it. */
export function keptPath(name: string, extension: string): string {
  const directory = join(projectRoot, 'test/long/results');
  mkdirSync(directory, { recursive: true });
  const base = join(directory, `${new Date().toISOString().slice(0, 10)}-${name}`);
  for (let n = 1; ; n++) {
    const path = `${base}${n === 1 ? '' : `-${n}`}.${extension}`;
    if (!existsSync(path)) return path;
  }
}
