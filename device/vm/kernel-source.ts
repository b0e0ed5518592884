// SPDX-License-Identifier: MIT
import { createReadStream, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { Apt, type AptOptions } from './apt.js';
import { cached, hashOf } from './cache.js';
import { VmError } from './errors.js';
import type { GuestKernel } from './kernel.js';
import { runCommand } from './process.js';

/** Long enough for what is looked for to lie whole in one of two neighbouring chunks. */
const OVERLAP_BYTES = 256;

/** Debian's version of a kernel image, as the kernel itself tells it in /proc/version: "6.1.158-1". */
export async function debianVersion(image: string): Promise<string> {
  let rest = '';
  for await (const chunk of createReadStream(image, { encoding: 'latin1', highWaterMark: 1 << 20 })) {
    const text = rest + (chunk as string);
    const version = /\bSMP [^\n]{0,60}?Debian (\d[\w.+~-]*) \(\d{4}-\d\d-\d\d\)/.exec(text)?.[1];
    if (version !== undefined) return version;
    rest = text.slice(-OVERLAP_BYTES);
  }
  throw new VmError({ kind: 'bad-file', path: image, reason: 'it does not tell its Debian version' });
}

/**
 * One file of the kernel's source in exactly the version that the guest boots, out of Debian's linux-source package;
 * the rest of the package (1.2 GB unpacked) is not kept.
 */
export async function kernelSourceFile(
  kernel: GuestKernel,
  path: string,
  options: AptOptions = {},
): Promise<string> {
  const version = await debianVersion(kernel.image);
  const series = /^\d+\.\d+/.exec(kernel.release)?.[0];
  const name = `linux-source-${series}`;
  const { dir } = await cached(join('kernel-source', hashOf(name, version, path)), async aside => {
    const apt = new Apt(options);
    const [candidate] = await apt.show([name]);
    const package_ = join(aside, 'package');
    mkdirSync(package_);
    try {
      await apt.unpack([{ ...candidate!, version }], package_);
    } catch (error) {
      if (!(error instanceof VmError) || candidate!.version === version) throw error;
      const hint = `the mirror has ${name} ${candidate!.version}, the guest boots ${version}: "pushbell clean" forgets the old kernel`;
      throw new VmError({ kind: 'no-apt-sources', release: apt.release, hint });
    }
    const folder = join(package_, 'usr/src');
    const archive = readdirSync(folder).find(file => /^linux-source-.*\.tar\.xz$/.test(file));
    if (archive === undefined) {
      throw new VmError({ kind: 'bad-file', path: folder, reason: 'it holds no archive of the source' });
    }
    const inside = join(basename(archive, '.tar.xz'), path);
    await runCommand('tar', ['-xJf', join(folder, archive), '-C', package_, inside]);
    await rename(join(package_, inside), join(aside, basename(path)));
    rmSync(package_, { recursive: true });
  });
  return join(dir, basename(path));
}
