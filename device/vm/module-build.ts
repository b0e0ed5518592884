// SPDX-License-Identifier: MIT
import { cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cached, hashOf, hashTree } from './cache.js';
import { VmError } from './errors.js';
import { ensurePackages, ensureTool, type ToolOptions } from './host-tools.js';
import type { GuestKernel } from './kernel.js';
import { runCommand } from './process.js';

/** Kernel modules built from a directory with a Kbuild or Makefile. */
export interface BuiltModules {
  dir: string;
  /** Paths of the .ko files by name without the suffix. */
  modules: Map<string, string>;
  fresh: boolean;
}

export interface ModuleBuildOptions extends ToolOptions {
  /** Compiler warnings fail the build; for our own tests, not for kernels that we do not know yet. */
  strict?: boolean;
}

/** What a build leaves in its directory: no input of the next one. */
const isProduct = (name: string) =>
  /^\.|\.(o|ko|a|mod|mod\.c|cmd)$|^(Module\.symvers|modules\.order)$/.test(name);

/** libelf: the kernel's objtool, which checks each object, is linked with it; this name exists in both releases. */
const HOST_PACKAGES = ['build-essential', 'libelf-dev'];

/** Builds the modules in `source` for the kernel, or takes them from the cache when nothing has changed. */
export async function buildModules(
  kernel: GuestKernel,
  source: string,
  options: ModuleBuildOptions = {},
): Promise<BuiltModules> {
  const strict = options.strict === true;
  const key = hashOf(hashTree(source, isProduct), kernelIdentity(kernel), String(strict));
  const { dir, fresh } = await cached(join('modules', key), async aside => {
    await ensurePackages(HOST_PACKAGES, options);
    await ensureTool(kernel.compiler, options);
    cpSync(source, aside, { recursive: true, filter: path => path === source || !isProduct(basename(path)) });
    await make(kernel, aside, source, strict, options.signal);
  });
  return { dir, modules: findModules(dir), fresh };
}

async function make(
  kernel: GuestKernel,
  dir: string,
  source: string,
  strict: boolean,
  signal?: AbortSignal,
): Promise<void> {
  // Type information for tracing (BTF) would need one more tool, pahole, and nothing here reads it.
  const settings = ['W=1', 'CONFIG_DEBUG_INFO_BTF_MODULES=', ...(strict ? ['KCFLAGS=-Werror'] : [])];
  const args = ['-C', kernel.headersDir, `M=${dir}`, ...settings, '-j2', 'modules'];
  let output = '';
  try {
    await runCommand('make', args, {
      onOutput: text => {
        output += text;
      },
      ...(signal ? { signal } : {}),
    });
  } catch (error) {
    if (!(error instanceof VmError) || error.fault.kind !== 'command-failed') throw error;
    // The person who reads this works on the source, not on the copy that is compiled.
    throw new VmError({ kind: 'module-build', source, output: output.replaceAll(dir, source) });
  }
}

/** The same release can be rebuilt by Debian with another ABI: the symbol versions tell them apart. */
function kernelIdentity(kernel: GuestKernel): string {
  const symbols = join(kernel.headersDir, 'Module.symvers');
  return hashOf(kernel.release, existsSync(symbols) ? readFileSync(symbols) : '');
}

function findModules(dir: string): Map<string, string> {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ko'));
  return new Map(files.sort().map(file => [basename(file, '.ko'), join(dir, file)]));
}
