// SPDX-License-Identifier: MIT
// pushbell clean: removes what can be made again, and says how much that is.
import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { cacheRoot, projectRoot } from '../vm/cache.js';

interface CleanOptions {
  readonly results: boolean;
  readonly dryRun: boolean;
}

function bytesIn(path: string): number {
  const stat = lstatSync(path);
  if (!stat.isDirectory()) return stat.blocks * 512;
  return readdirSync(path).reduce((sum, name) => sum + bytesIn(join(path, name)), 0);
}

function clean(options: CleanOptions): void {
  const places = [cacheRoot(), ...(options.results ? [join(projectRoot, '.results')] : [])];
  for (const place of places.filter(existsSync)) {
    for (const name of readdirSync(place).sort()) {
      const path = join(place, name);
      const mib = (bytesIn(path) / 2 ** 20).toFixed(1);
      process.stdout.write(`${options.dryRun ? 'would remove' : 'removed'} ${path} (${mib} MiB)\n`);
      if (!options.dryRun) rmSync(path, { recursive: true, force: true });
    }
  }
}

export function cleanCommand(): Command {
  return new Command('clean')
    .summary('remove what was downloaded and built')
    .description(
      'Empties the cache (.cache, or PUSHBELL_CACHE). Everything in it is made again when it is needed.',
    )
    .option('--results', 'remove kept test results (.results) too', false)
    .option('--dry-run', 'only say what would go', false)
    .action(clean);
}
