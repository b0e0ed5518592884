// SPDX-License-Identifier: MIT
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { cacheRoot, withLock } from './cache.js';
import { VmError } from './errors.js';
import { runCommand } from './process.js';

/** Programs that this project calls, and the Debian packages that bring them. */
const PACKAGE_OF: Record<string, string> = {
  bash: 'bash',
  cpio: 'cpio',
  gcc: 'build-essential',
  make: 'build-essential',
  gzip: 'gzip',
  setpriv: 'util-linux',
  sparse: 'sparse',
  tshark: 'tshark',
  xz: 'xz-utils',
  zstd: 'zstd',
};

/** Where package installations tell what they do. */
export interface ToolOptions {
  say?: (line: string) => void;
  signal?: AbortSignal;
}

/** The path of a program, looked up as the shell does; undefined when it is not installed. */
export function findTool(tool: string): string | undefined {
  for (const dir of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(dir, tool);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // not in this directory
    }
  }
  return undefined;
}

/** The Debian package of a tool that `ensureTool` knows: a versioned compiler's package has its name. */
export function packageOf(tool: string): string | undefined {
  return PACKAGE_OF[tool] ?? (/^gcc-\d+$/.test(tool) ? tool : undefined);
}

/** The path of the program, after installing its package if it is missing. */
export async function ensureTool(tool: string, options: ToolOptions = {}): Promise<string> {
  const found = findTool(tool);
  if (found) return found;
  const name = packageOf(tool);
  if (!name) throw new VmError({ kind: 'missing-tool', tool, hint: 'no Debian package is known for it' });
  await ensurePackages([name], options);
  const path = findTool(tool);
  if (!path) throw new VmError({ kind: 'missing-tool', tool, hint: `the package ${name} did not bring it` });
  return path;
}

/** The packages among `names` that are not installed. */
export async function missingPackages(names: readonly string[]): Promise<string[]> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg's format, not ours
  const format = '${Package} ${Status}\n';
  // Status 1 says that dpkg does not know some of them, which is what we want to find out.
  const { stdout } = await runCommand('dpkg-query', ['-W', '-f', format, ...names], { okStatuses: [1] });
  const installed = new Set(
    stdout
      .split('\n')
      .filter(line => line.endsWith(' installed'))
      .map(line => line.split(' ')[0]),
  );
  return names.filter(name => !installed.has(name));
}

/** Installs Debian packages that are missing, with sudo if needed; false when all were there. */
export async function ensurePackages(names: readonly string[], options: ToolOptions = {}): Promise<boolean> {
  return withLock(join(cacheRoot(), 'apt-install.lock'), async () => {
    const missing = await missingPackages(names);
    if (missing.length === 0) return false;
    const hint = `run: apt-get install ${missing.join(' ')}`;
    const isRoot = process.getuid?.() === 0;
    if (!isRoot && !findTool('sudo'))
      throw new VmError({ kind: 'missing-tool', tool: missing.join(', '), hint });
    const args = ['-y', '-q', '--no-install-recommends', 'install', ...missing];
    const size = await downloadSize(args).catch(async () => {
      await aptGet(['-q', 'update'], isRoot, options);
      return downloadSize(args);
    });
    options.say?.(`Installing ${missing.join(', ')} (${size} to download)`);
    try {
      await aptGet(args, isRoot, options);
    } catch (error) {
      if (error instanceof VmError && error.fault.kind === 'aborted') throw error;
      // The lists may name packages that the mirror has replaced since.
      await aptGet(['-q', 'update'], isRoot, options);
      await aptGet(args, isRoot, options);
    }
    return true;
  });
}

/** What apt says it would download; asking needs no rights. */
async function downloadSize(args: string[]): Promise<string> {
  const { stdout } = await runCommand('apt-get', ['-o', 'Debug::NoLocking=1', '--print-uris', ...args]);
  const bytes = [...stdout.matchAll(/^'[^']+' \S+ (\d+) /gm)].reduce(
    (sum, match) => sum + Number(match[1]),
    0,
  );
  return bytes === 0 ? 'nothing' : `${(bytes / 1e6).toFixed(1)} MB`;
}

async function aptGet(args: string[], isRoot: boolean, options: ToolOptions): Promise<void> {
  const command = ['env', 'DEBIAN_FRONTEND=noninteractive', 'apt-get', ...args];
  const [tool, ...rest] = isRoot ? command : ['sudo', ...command];
  await runCommand(tool, rest, options.signal ? { signal: options.signal } : {});
}
