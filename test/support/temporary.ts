// SPDX-License-Identifier: MIT
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A directory for one test, gone when the test has ended. */
export function temporaryDirectory(t: { teardown(fn: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), 'pushbell-test-'));
  t.teardown(() => rmSync(path, { recursive: true, force: true }));
  return path;
}
