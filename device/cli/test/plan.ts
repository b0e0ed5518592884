// SPDX-License-Identifier: MIT
// What "pushbell test PATH…" runs: each path is a test of its own, told apart by what the file is.
import { closeSync, existsSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, join, resolve } from 'node:path';
import { CliError, Status } from '../cli-error.js';

export type GuestTest =
  /** The kernel selftest that comes with the driver. */
  | { readonly kind: 'selftest'; readonly name: string; readonly cases: string }
  /** A shell script, run by the guest's sh. */
  | { readonly kind: 'shell'; readonly name: string; readonly path: string }
  /** A program for the guest: statically linked, or a script with an interpreter that is there. */
  | { readonly kind: 'program'; readonly name: string; readonly path: string }
  /** A kernel module that tests when it is loaded and reports KTAP to the kernel log. */
  | { readonly kind: 'module'; readonly name: string; readonly path: string };

/** Turns arguments into tests. Nothing named: the kernel selftest. `selftest` or `selftest:CASE,CASE` name it too. */
export function planTests(args: readonly string[]): GuestTest[] {
  if (args.length === 0) return [selftest('selftest')];
  const tests = args.flatMap(arg => (/^selftest(:|$)/.test(arg) ? [selftest(arg)] : planPath(arg)));
  if (tests.length === 0) throw new CliError(`no tests in ${args.join(', ')}`, Status.USAGE);
  return withUniqueNames(tests);
}

/** Each test has a folder and a row by its name. */
function withUniqueNames(tests: readonly GuestTest[]): GuestTest[] {
  const seen = new Map<string, number>();
  return tests.map(test => {
    const count = (seen.get(test.name) ?? 0) + 1;
    seen.set(test.name, count);
    return count === 1 ? test : { ...test, name: `${test.name}-${count}` };
  });
}

function selftest(arg: string): GuestTest {
  const cases = arg.split(':')[1] ?? 'all';
  if (!/^[\w,-]+$/.test(cases))
    throw new CliError(`"${arg}": name cases as in selftest:pushed-copy,torn`, Status.USAGE);
  return { kind: 'selftest', name: arg.replace(':', '-').replaceAll(',', '-'), cases };
}

function planPath(path: string): GuestTest[] {
  if (!existsSync(path)) throw new CliError(`test ${path} does not exist`, Status.USAGE);
  if (statSync(path).isDirectory()) {
    return readdirSync(path)
      .sort()
      .map(name => join(path, name))
      .filter(file => statSync(file, { throwIfNoEntry: false })?.isFile() && kindOf(file) !== undefined)
      .map(planFile);
  }
  return [planFile(path)];
}

function planFile(path: string): GuestTest {
  const kind = kindOf(path);
  if (kind === undefined) {
    throw new CliError(
      `${path} is neither a shell script (.sh), a kernel module (.ko) nor a program`,
      Status.USAGE,
    );
  }
  return { kind, name: basename(path).replace(/\.(sh|ko)$/, ''), path: resolve(path) };
}

const ELF_MAGIC = '\x7fELF';

function kindOf(path: string): 'shell' | 'program' | 'module' | undefined {
  if (path.endsWith('.sh')) return 'shell';
  if (path.endsWith('.ko')) return 'module';
  const head = firstBytes(path);
  return head === ELF_MAGIC || head.startsWith('#!') ? 'program' : undefined;
}

function firstBytes(path: string): string {
  const bytes = Buffer.alloc(4);
  const fd = openSync(path, 'r');
  try {
    return bytes.subarray(0, readSync(fd, bytes)).toString('latin1');
  } finally {
    closeSync(fd);
  }
}
