// SPDX-License-Identifier: MIT
// Another build of the back-end: a copy of the compiled sources with something changed in them.
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../../device/vm/cache.js';

export interface Change {
  /** File below dist/. */
  readonly file: string;
  readonly from: RegExp;
  readonly to: string;
}

/** Makes it inside the checkout, where it finds its packages; gone when the test has ended. */
export function otherBuild(t: { teardown(task: () => void): void }, ...changes: Change[]): string {
  const parent = join(projectRoot, '.results');
  mkdirSync(parent, { recursive: true });
  const dist = mkdtempSync(join(parent, 'build-'));
  t.teardown(() => rmSync(dist, { recursive: true, force: true }));
  cpSync(join(projectRoot, 'dist/device'), join(dist, 'device'), { recursive: true });
  for (const { file, from, to } of changes) {
    const path = join(dist, file);
    const before = readFileSync(path, 'utf8');
    const after = before.replace(from, to);
    if (after === before) throw new Error(`${file} does not contain ${from}`);
    writeFileSync(path, after);
  }
  return dist;
}
