// SPDX-License-Identifier: MIT
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Apt } from './apt.js';
import { VmError } from './errors.js';

/*
 * The door for shell scripts to apt.ts:
 *   apt-tool.js [--release CODENAME] version SOURCE        prints the version of a source package
 *   apt-tool.js [--release CODENAME] source SOURCE DIR     unpacks a source package to DIR/tree
 *   apt-tool.js [--release CODENAME] unpack DIR PACKAGE…   unpacks binary packages below DIR
 * What people read goes to standard error, answers go to standard output.
 */
async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { release: { type: 'string' } },
    allowPositionals: true,
  });
  const apt = new Apt({ ...values, say: line => process.stderr.write(`  ${line}\n`) });
  const [action, ...rest] = positionals;
  switch (action) {
    case 'version':
      console.log(await apt.sourceVersion(rest[0]));
      return 0;
    case 'source':
      mkdirSync(rest[1], { recursive: true });
      console.log(await apt.source(rest[0], rest[1]));
      return 0;
    case 'unpack':
      mkdirSync(rest[0], { recursive: true });
      await apt.unpack(await apt.show(rest.slice(1)), rest[0]);
      return 0;
    default:
      process.stderr.write('usage: apt-tool.js [--release CODENAME] version|source|unpack …\n');
      return 2;
  }
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof VmError ? error.message : String((error as Error).stack)}\n`);
  process.exitCode = 1;
}
