// SPDX-License-Identifier: MIT
// What the adapter model does on one core, in this process: no QEMU, no ring, no guest (but for the reads, which go to a
// device process). Guest memory is a memfd as behind the socket. The guest's own work (writing descriptors, reading
// completions) is not on the clock; its stores to the adapter are. Run by hand on a quiet machine: npm run bench:model [-- --json FILE]
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { tunedEnvironment, tuneEngine } from '../../device/runtime/tuning.js';
import { Allocation } from './allocation.js';
import { Copies } from './copies.js';
import { Messages } from './messages.js';
import { Reads } from './reads.js';
import { printRows, type Row } from './rows.js';
import { Scale } from './scale.js';
import { SmallCopies } from './small-copies.js';
import { World } from './world.js';

const env = tunedEnvironment(process.env);
if (env !== process.env) {
  // As a device process is started; it holds for what stands beside, too.
  const { status } = spawnSync(process.execPath, process.argv.slice(1), { env, stdio: 'inherit' });
  process.exit(status ?? 1);
}
tuneEngine();
const { values } = parseArgs({
  options: {
    json: { type: 'string' },
    only: { type: 'string' },
    samples: { type: 'string', default: '200' },
  },
});
const samples = Number(values.samples);
const rows: Row[] = [];
for (const bench of [Messages, SmallCopies, Copies, Scale, Allocation, Reads]) {
  if (values.only !== undefined && bench.title !== values.only) continue;
  rows.push(...(await new bench(new World()).run(samples)));
}
printRows(rows);
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(rows, undefined, 2)}\n`);
