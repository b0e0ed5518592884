// SPDX-License-Identifier: MIT
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { projectRoot } from '../device/vm/cache.js';
import { exitOnSignals } from '../device/vm/cleanup.js';
import { VmError } from '../device/vm/errors.js';
import { prepareWorkshop } from '../device/vm/setup.js';

/*
 * What `npm test` does once TypeScript runs: makes everything that the tests need, so that no test waits for a
 * build, then hands over to ava. Arguments go to ava, e.g. a file or `--match`.
 */
const aborted = new AbortController();
exitOnSignals(() => aborted.abort());

try {
  await prepareWorkshop({ signal: aborted.signal });
} catch (error) {
  console.error(error instanceof VmError ? error.message : error);
  process.exit(3);
}
const ava = spawn(
  process.execPath,
  [join(projectRoot, 'node_modules/ava/entrypoints/cli.mjs'), ...process.argv.slice(2)],
  {
    cwd: projectRoot,
    stdio: 'inherit',
  },
);
const [status] = await once(ava, 'exit');
process.exitCode = status ?? 1;
