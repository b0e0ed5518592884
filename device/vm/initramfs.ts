// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { cached, hashOf, projectRoot } from './cache.js';
import { type CpioEntry, withParents, writeCpio } from './cpio.js';
import type { GuestKernel } from './kernel.js';
import { ModuleIndex } from './kernel-modules.js';
import { runCommand } from './process.js';

/** A module that the guest's init loads before it reports ready. */
export interface ModuleToLoad {
  /** A kernel module's name (`xhci_pci`) or the path of a .ko file on the host. */
  module: string;
  /** Parameters, e.g. `debug=1 queues=4`. */
  parameters?: string;
}

/** What the guest's root file system holds beside busybox. */
export interface InitramfsContents {
  kernel: GuestKernel;
  /** Loaded at boot, in this order, dependencies before. */
  load?: readonly ModuleToLoad[];
  /** .ko files that are only put into /pushbell/modules.d, to be loaded by a command. */
  carry?: readonly string[];
  /** Host files and where they stand in the guest; executables keep their mode. */
  files?: readonly { host: string; guest: string }[];
  /** Offer a shell on the serial console. */
  consoleShell?: boolean;
}

/** Where modules lie in the guest: `insmod /pushbell/modules.d/NAME.ko`. */
const MODULES_DIR = 'pushbell/modules.d';
const SHELL_APPLETS = ['sh', 'ash'];

/** Builds the initramfs and returns its path; the same contents are built once. */
export async function buildInitramfs(contents: InitramfsContents): Promise<string> {
  const entries = withParents(await listEntries(contents));
  const archive = writeCpio(entries);
  const { dir } = await cached(join('initramfs', hashOf(archive)), async aside => {
    writeFileSync(join(aside, 'initramfs.cpio'), archive);
  });
  return join(dir, 'initramfs.cpio');
}

async function listEntries(contents: InitramfsContents): Promise<CpioEntry[]> {
  const { kernel } = contents;
  const load = contents.load ?? [];
  const isFile = (module: string) => module.endsWith('.ko');
  const carried = [...load.map(one => one.module).filter(isFile), ...(contents.carry ?? [])];
  const index = new ModuleIndex(kernel.modulesDir);
  const modules = await index.resolve(
    load.map(one => one.module).filter(module => !isFile(module)),
    carried,
  );
  const busybox = readFileSync(kernel.busybox);
  return [
    { kind: 'dir', path: 'dev' },
    // The kernel opens it for init before anything is mounted.
    { kind: 'char-device', path: 'dev/console', major: 5, minor: 1 },
    { kind: 'file', path: 'init', data: readFileSync(await buildInit()), executable: true },
    { kind: 'file', path: 'bin/busybox', data: busybox, executable: true },
    ...(await appletNames(kernel.busybox)).map(applet => ({
      kind: 'link' as const,
      path: `bin/${applet}`,
      target: 'busybox',
    })),
    ...['proc', 'sys', 'tmp', 'run', 'sbin', 'root'].map(path => ({ kind: 'dir' as const, path })),
    ...modules.map(one => ({ kind: 'file' as const, path: `${MODULES_DIR}/${one.name}.ko`, data: one.data })),
    { kind: 'file', path: 'pushbell/modules', data: Buffer.from(await loadOrder(index, load, carried)) },
    ...(contents.consoleShell
      ? [{ kind: 'file' as const, path: 'pushbell/console-shell', data: Buffer.from('') }]
      : []),
    ...(contents.files ?? []).map(({ host, guest }) => ({
      kind: 'file' as const,
      path: guest,
      data: readFileSync(host),
      executable: (statSync(host).mode & 0o111) !== 0,
    })),
  ];
}

/** The lines that init reads: each module to load with its parameters, dependencies first. */
async function loadOrder(
  index: ModuleIndex,
  load: readonly ModuleToLoad[],
  carried: readonly string[],
): Promise<string> {
  const byName = new Map(carried.map(path => [basename(path, '.ko').replaceAll('-', '_'), path]));
  const lines: string[] = [];
  const placed = new Set<string>();
  for (const one of load) {
    const name = basename(one.module, '.ko').replaceAll('-', '_');
    // An own module may depend on one that is only carried, so all of them are offered to the resolver.
    const wanted = [...byName].filter(([other]) => other !== name).map(([, path]) => path);
    const ordered = await index.resolve(
      [name],
      [...(byName.has(name) ? [byName.get(name)!] : []), ...wanted],
    );
    for (const dependency of ordered.slice(0, ordered.findIndex(module => module.name === name) + 1)) {
      if (placed.has(dependency.name)) continue;
      placed.add(dependency.name);
      const parameters = load.find(
        other => basename(other.module, '.ko').replaceAll('-', '_') === dependency.name,
      )?.parameters;
      lines.push(`/${MODULES_DIR}/${dependency.name}.ko${parameters ? ` ${parameters}` : ''}\n`);
    }
  }
  return lines.join('');
}

/** busybox knows its own commands; sh must be among them. */
async function appletNames(busybox: string): Promise<string[]> {
  const { stdout } = await runCommand(busybox, ['--list']);
  return [
    ...new Set([
      ...SHELL_APPLETS,
      ...stdout.split('\n').filter(name => /^[\w[\]-]+$/.test(name) && name !== 'busybox'),
    ]),
  ];
}

/** Compiles the guest's process 1, statically, so that the guest needs no C library. */
async function buildInit(): Promise<string> {
  const source = join(projectRoot, 'device/vm/guest/init.c');
  const { dir } = await cached(join('guest-init', hashOf(readFileSync(source))), async aside => {
    mkdirSync(aside, { recursive: true });
    await compileStatic([source], join(aside, 'init'));
  });
  return join(dir, 'init');
}

/** Compiles C sources into one static program for the guest. */
export async function compileStatic(
  sources: readonly string[],
  target: string,
  extra: readonly string[] = [],
): Promise<void> {
  await runCommand('gcc', [
    '-std=gnu11',
    '-Os',
    '-Wall',
    '-Wextra',
    '-Werror',
    '-static',
    '-s',
    ...extra,
    '-o',
    target,
    ...sources,
  ]);
}
