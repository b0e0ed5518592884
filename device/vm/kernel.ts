// SPDX-License-Identifier: MIT
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Apt, type AptOptions, type Package } from './apt.js';
import { cached, cacheRoot, hashOf, withLock } from './cache.js';
import { VmError } from './errors.js';
import { extractVmlinux } from './vmlinux.js';

/** Debian's kernel, unpacked in the cache: nothing of it is installed on the host. */
export interface GuestKernel {
  /** As `uname -r` prints it in the guest. */
  release: string;
  /** What QEMU's -kernel takes: the plain ELF kernel, or the compressed image where that cannot be had. */
  image: string;
  /** Debian's compressed image (bzImage). */
  compressedImage: string;
  /** lib/modules/<release>. */
  modulesDir: string;
  /** For `make -C`: the prepared headers of exactly this kernel. */
  headersDir: string;
  /** The compiler that Debian built this kernel with, e.g. `gcc-12`: a host package of the same name. */
  compiler: string;
  /** A statically linked busybox. */
  busybox: string;
}

/** Part of the cache key: raise it when what is made from the packages changes. */
const LAYOUT = '2';

/**
 * The kernel, its headers and busybox of Debian's current stable packages for the release. The choice is written
 * down in the cache and kept, so that a second start asks no mirror; `pushbell clean` forgets it.
 */
export async function fetchKernel(
  options: AptOptions = {},
): Promise<{ kernel: GuestKernel; fresh: boolean }> {
  const apt = new Apt(options);
  const record = join(cacheRoot(), 'kernel', `${apt.release}-${LAYOUT}.json`);
  const known = existsSync(record)
    ? (JSON.parse(readFileSync(record, 'utf8')) as { entry: string })
    : undefined;
  if (known && existsSync(join(cacheRoot(), known.entry))) {
    return { kernel: describeKernel(join(cacheRoot(), known.entry)), fresh: false };
  }
  return withLock(`${record}.lock`, async () => {
    const packages = await choosePackages(apt);
    const entry = join('kernel', hashOf(LAYOUT, ...packages.map(one => `${one.name} ${one.version}`)));
    const { dir, fresh } = await cached(entry, async aside => {
      await apt.unpack(packages, aside);
      await moveIntoUsr(aside);
      prepareHeaders(aside);
      await extractVmlinux(onlyFile(join(aside, 'boot'), 'vmlinuz-'), join(aside, 'boot/vmlinux'));
    });
    mkdirSync(join(cacheRoot(), 'kernel'), { recursive: true });
    writeFileSync(record, JSON.stringify({ entry, packages }, null, 2));
    return { kernel: describeKernel(dir), fresh };
  });
}

/** linux-image-amd64 and linux-headers-amd64 are empty packages that depend on those of the current version. */
async function choosePackages(apt: Apt): Promise<Package[]> {
  const [imageMeta, headersMeta, busybox] = await apt.show([
    'linux-image-amd64',
    'linux-headers-amd64',
    'busybox-static',
  ]);
  const imageName = firstMatch(imageMeta, /^linux-image-\d/);
  const headersName = firstMatch(headersMeta, /^linux-headers-\d/);
  const [image, headers] = await apt.show([imageName, headersName]);
  const parts = headers.depends.filter(name => /^linux-(headers-.*-common|kbuild-|compiler-)/.test(name));
  return [image, headers, busybox, ...(await apt.show(parts))];
}

function firstMatch(from: Package, pattern: RegExp): string {
  const name = from.depends.find(one => pattern.test(one));
  if (name === undefined) {
    throw new VmError({ kind: 'bad-file', path: from.name, reason: `no dependency like ${pattern.source}` });
  }
  return name;
}

/** Debian 12 has /lib and /bin in its packages, Debian 13 /usr/lib and /usr/bin: make both look like the latter. */
async function moveIntoUsr(root: string): Promise<void> {
  for (const name of ['lib', 'bin']) {
    const from = join(root, name);
    if (!existsSync(from)) continue;
    for (const child of readdirSync(from)) {
      mkdirSync(join(root, 'usr', name), { recursive: true });
      await rename(join(from, child), join(root, 'usr', name, child));
    }
    await rm(from, { recursive: true });
    await symlink(`usr/${name}`, from);
  }
}

/**
 * Debian's header Makefile includes /usr/src/linux-headers-…-common by its absolute path, where it is not
 * installed here. A path relative to the Makefile works wherever the cache stands; the links to scripts and
 * tools are relative already.
 */
function prepareHeaders(root: string): void {
  const src = join(root, 'usr/src');
  for (const name of readdirSync(src)) {
    const makefile = join(src, name, 'Makefile');
    if (!/^linux-headers-.*-amd64$/.test(name) || !existsSync(makefile)) continue;
    const here = '$(dir $(lastword $(MAKEFILE_LIST)))';
    const text = readFileSync(makefile, 'utf8').replaceAll(/^(-?include )\/usr\/src\//gm, `$1${here}../`);
    writeFileSync(makefile, text);
  }
}

function describeKernel(root: string): GuestKernel {
  const compressedImage = onlyFile(join(root, 'boot'), 'vmlinuz-');
  const release = compressedImage.slice(compressedImage.indexOf('vmlinuz-') + 'vmlinuz-'.length);
  const headersDir = join(root, 'usr/src', `linux-headers-${release}`);
  const vmlinux = join(root, 'boot/vmlinux');
  const variables = readFileSync(join(headersDir, '.kernelvariables'), 'utf8');
  return {
    release,
    image: existsSync(vmlinux) ? vmlinux : compressedImage,
    compressedImage,
    modulesDir: join(root, 'usr/lib/modules', release),
    headersDir,
    compiler: /\b(gcc-\d+)\b/.exec(variables)?.[1] ?? 'gcc',
    busybox: join(root, 'usr/bin/busybox'),
  };
}

function onlyFile(dir: string, prefix: string): string {
  const name = readdirSync(dir).find(file => file.startsWith(prefix));
  if (!name) throw new VmError({ kind: 'bad-file', path: dir, reason: `it holds no ${prefix}… file` });
  return join(dir, name);
}
