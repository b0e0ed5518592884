// SPDX-License-Identifier: MIT
// What has to hold of the code as text: formatted, linted, licensed, and free of warnings in both C worlds.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { projectRoot } from '../../device/vm/cache.js';
import { VmError } from '../../device/vm/errors.js';
import { ensureTool } from '../../device/vm/host-tools.js';
import { fetchKernel } from '../../device/vm/kernel.js';
import { buildModules } from '../../device/vm/module-build.js';
import { runCommand } from '../../device/vm/process.js';

const MINUTE_MS = 60_000;

async function trackedFiles(): Promise<string[]> {
  const { stdout } = await runCommand('git', ['-C', projectRoot, 'ls-files']);
  return stdout.split('\n').filter(name => name !== '');
}

test('TypeScript is formatted and linted', async t => {
  t.timeout(2 * MINUTE_MS);
  const biome = join(projectRoot, 'node_modules/@biomejs/biome/bin/biome');
  const run = runCommand(
    process.execPath,
    [biome, 'check', '--error-on-warnings', 'device', 'test', 'package.json', '.biome.json'],
    {
      cwd: projectRoot,
    },
  );
  await t.notThrowsAsync(run);
});

const LICENCES: readonly (readonly [RegExp, RegExp])[] = [
  [/^qemu\/pushbell-proto\.h$/, /GPL-2\.0-or-later OR MIT/],
  [/^qemu\//, /GPL-2\.0-or-later/],
  [/^guest-driver\/pushbell_abi\.h$/, /GPL-2\.0 OR MIT/],
  [/^guest-driver\//, /GPL-2\.0/],
  [/\.(ts|c|h|sh|md)$|^\.ci\/run$/, /MIT/],
];

test('each source file names its licence in its first lines', async t => {
  const unlicensed: string[] = [];
  for (const name of await trackedFiles()) {
    const rule = LICENCES.find(([pattern]) => pattern.test(name));
    if (rule === undefined || name === 'README.md') continue;
    const head = readFileSync(join(projectRoot, name), 'utf8').split('\n').slice(0, 3).join('\n');
    const spdx = /SPDX-License-Identifier: (.*)/.exec(head)?.[1] ?? '';
    if (!rule[1].test(spdx)) unlicensed.push(name);
  }
  t.deepEqual(unlicensed, []);
});

const LONGEST_FILE = 500;

test(`no source file is longer than ${LONGEST_FILE} lines`, async t => {
  const sources = (await trackedFiles()).filter(
    name => /\.(ts|c|h|sh)$/.test(name) && !/generated|_abi\.h|-proto\.h/.test(name),
  );
  const long = sources.filter(
    name => readFileSync(join(projectRoot, name), 'utf8').split('\n').length > LONGEST_FILE,
  );
  t.deepEqual(long, []);
});

test.serial('the kernel module builds without a warning at W=1 and passes sparse', async t => {
  t.timeout(10 * MINUTE_MS);
  const { kernel } = await fetchKernel();
  const source = join(projectRoot, 'guest-driver');
  const built = await buildModules(kernel, source, { strict: true });
  t.deepEqual([...built.modules.keys()].sort(), [
    'pushbell',
    'pushbell_bench',
    'pushbell_bugs',
    'pushbell_dma',
    'pushbell_dma_selftest',
    'pushbell_selftest',
    'pushbell_stress',
  ]);
  await ensureTool('sparse');
  const args = [
    '-C',
    kernel.headersDir,
    `M=${built.dir}`,
    'C=2',
    'CF=-D__CHECK_ENDIAN__',
    'CONFIG_DEBUG_INFO_BTF_MODULES=',
    'modules',
  ];
  const { stdout, stderr } = await runCommand('make', args);
  // What sparse has to say of the kernel's own headers is not ours to mend.
  const ours = `${stdout}\n${stderr}`
    .split('\n')
    .filter(line => /(warning|error):/.test(line) && line.startsWith(built.dir));
  t.deepEqual(ours, []);
  t.regex(stdout, /CHECK /, 'sparse has looked at the files');
});

test.serial('the QEMU device compiles with -Werror against the other supported QEMU too', async t => {
  t.timeout(15 * MINUTE_MS);
  const other = /^12/.test(readFileSync('/etc/debian_version', 'utf8')) ? 'trixie' : 'bookworm';
  try {
    const { stderr } = await runCommand(join(projectRoot, 'scripts/build-qemu.sh'), [
      '--release',
      other,
      '--shim-only',
    ]);
    t.regex(stderr, /\d+ objects of ours compile against QEMU (1:)?(7\.2|10\.0)/);
  } catch (error) {
    t.fail(error instanceof VmError ? error.message : String(error));
  }
});
