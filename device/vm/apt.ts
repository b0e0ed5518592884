// SPDX-License-Identifier: MIT
import { mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type AptSource, debianSourcesFor, readAptSources, renderSources } from './apt-sources.js';
import { cacheRoot, withLock } from './cache.js';
import { VmError } from './errors.js';
import { runCommand } from './process.js';

/** What one package of the archive is: the candidate that apt would choose. */
export interface Package {
  name: string;
  version: string;
  sizeBytes: number;
  depends: string[];
}

export interface AptOptions {
  /** Debian codename; the host's own when left out. */
  release?: string;
  /** A line for the person who waits. */
  say?: (line: string) => void;
  signal?: AbortSignal;
  /** The machine's apt directory; another one in tests. */
  aptDir?: string;
}

/** Package lists older than this are read again before something is looked up. */
const LISTS_AGE_MS = 12 * 3600_000;

/** The codename of the Debian release that this machine runs. */
export function hostRelease(osRelease = readFileSync('/etc/os-release', 'utf8')): string {
  return /^VERSION_CODENAME="?([a-z]+)"?$/m.exec(osRelease)?.[1] ?? 'unknown';
}

/**
 * apt with a configuration of its own: the machine's mirrors with source packages enabled and package lists in
 * our cache. It reads the host's apt settings (proxy, keys) and changes nothing of them.
 */
export class Apt {
  readonly release: string;
  readonly #dir: string;
  readonly #options: AptOptions;
  readonly #sources: AptSource[];
  #ready = false;

  constructor(options: AptOptions = {}) {
    const host = hostRelease();
    this.release = options.release ?? host;
    this.#options = options;
    this.#dir = join(cacheRoot(), 'apt', this.release);
    this.#sources = debianSourcesFor(readAptSources(options.aptDir ?? '/etc/apt'), host, this.release);
  }

  /** The candidates of the named packages, in the same order. */
  async show(names: readonly string[]): Promise<Package[]> {
    const { stdout } = await this.#run('apt-cache', ['show', '--no-all-versions', ...names]);
    const stanzas = stdout.split(/\n\n+/).map(parsePackage);
    return names.map(name => {
      const found = stanzas.find(stanza => stanza.name === name);
      if (!found)
        throw new VmError({
          kind: 'no-apt-sources',
          release: this.release,
          hint: `it has no package ${name}`,
        });
      return found;
    });
  }

  /** Downloads the packages and unpacks them below `dir`; nothing is installed. Their sizes are told first. */
  async unpack(packages: readonly Package[], dir: string): Promise<void> {
    const debs = join(dir, '.debs');
    mkdirSync(debs, { recursive: true });
    for (const one of packages)
      this.#options.say?.(`Downloading ${one.name} ${one.version} (${megabytes(one.sizeBytes)})`);
    const wanted = packages.map(one => `${one.name}=${one.version}`);
    await this.#run('apt-get', ['-q', 'download', ...wanted], debs);
    for (const deb of await readdir(debs)) {
      await runCommand('dpkg-deb', ['-x', join(debs, deb), dir], this.#signal());
    }
    rmSync(debs, { recursive: true });
  }

  /** Downloads a source package into `dir` and unpacks it, with the distribution's patches, to the directory returned. */
  async source(name: string, dir: string): Promise<string> {
    const { stdout } = await this.#run('apt-get', ['-q', '--print-uris', '--download-only', 'source', name]);
    const size = /Need to get (.*?) of source/.exec(stdout)?.[1];
    this.#options.say?.(`Downloading the source of ${name} for ${this.release}${size ? ` (${size})` : ''}`);
    await this.#run('apt-get', ['-q', '--download-only', 'source', name], dir);
    const dsc = (await readdir(dir)).find(file => file.endsWith('.dsc'));
    if (!dsc)
      throw new VmError({
        kind: 'bad-file',
        path: dir,
        reason: `apt-get source ${name} brought no .dsc file`,
      });
    const tree = join(dir, 'tree');
    await runCommand('dpkg-source', ['--no-check', '-x', join(dir, dsc), tree], this.#signal());
    for (const file of await readdir(dir)) {
      if (file !== 'tree') rmSync(join(dir, file));
    }
    return tree;
  }

  /** The version of a source package that `source` would bring. */
  async sourceVersion(name: string): Promise<string> {
    const { stdout } = await this.#run('apt-cache', ['showsrc', '--only-source', name]);
    const versions = [...stdout.matchAll(/^Version: (\S+)$/gm)].map(match => match[1]);
    let newest = versions[0];
    if (newest === undefined) {
      throw new VmError({
        kind: 'no-apt-sources',
        release: this.release,
        hint: `it has no source package ${name}`,
      });
    }
    for (const version of versions.slice(1)) {
      const { status } = await runCommand('dpkg', ['--compare-versions', version, 'gt', newest], {
        okStatuses: [1],
      });
      if (status === 0) newest = version;
    }
    return newest;
  }

  async #run(tool: string, args: string[], cwd = this.#dir): Promise<{ stdout: string }> {
    await this.#prepare();
    return runCommand(tool, [...this.#config(), ...args], { cwd, ...this.#signal() });
  }

  #signal(): { signal?: AbortSignal } {
    return this.#options.signal ? { signal: this.#options.signal } : {};
  }

  #config(): string[] {
    const settings = {
      'Dir::Etc::sourcelist': join(this.#dir, 'pushbell.sources'),
      'Dir::Etc::sourceparts': '/dev/null',
      'Dir::Etc::preferencesparts': '/dev/null',
      'Dir::Etc::preferences': '/dev/null',
      'Dir::State::lists': join(this.#dir, 'lists'),
      'Dir::State::status': join(this.#dir, 'status'),
      'Dir::Cache': join(this.#dir, 'cache'),
      'APT::Default-Release': '',
      // The download user of apt may not write into a private directory.
      ...(process.getuid?.() === 0 ? { 'APT::Sandbox::User': 'root' } : {}),
    };
    return Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  }

  async #prepare(): Promise<void> {
    if (this.#ready) return;
    if (this.#sources.length === 0) {
      const hint = 'add a Debian mirror to /etc/apt/sources.list, or use a Debian 12 or 13 machine';
      throw new VmError({ kind: 'no-apt-sources', release: this.release, hint });
    }
    mkdirSync(join(this.#dir, 'lists/partial'), { recursive: true });
    mkdirSync(join(this.#dir, 'cache/archives/partial'), { recursive: true });
    await withLock(join(this.#dir, 'lock'), () => this.#updateLists());
    this.#ready = true;
  }

  async #updateLists(): Promise<void> {
    const file = join(this.#dir, 'pushbell.sources');
    const text = renderSources(this.#sources);
    const stamp = join(this.#dir, 'updated');
    const known = ageMs(file) !== Infinity && readFileSync(file, 'utf8') === text;
    if (known && ageMs(stamp) < LISTS_AGE_MS) return;
    writeFileSync(file, text);
    writeFileSync(join(this.#dir, 'status'), '');
    this.#options.say?.(`Reading Debian's package lists for ${this.release}`);
    await runCommand('apt-get', [...this.#config(), '-q', 'update'], { cwd: this.#dir, ...this.#signal() });
    writeFileSync(stamp, '');
    utimesSync(stamp, new Date(), new Date());
  }
}

/** Reads one stanza of `apt-cache show`. Alternatives (`a | b`) keep their first name, versions are dropped. */
export function parsePackage(stanza: string): Package {
  const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(stanza)?.[1] ?? '';
  return {
    name: field('Package'),
    version: field('Version'),
    sizeBytes: Number(field('Size')),
    depends: field('Depends')
      .split(',')
      .map(part => part.trim().split(/[\s:(|]/)[0])
      .filter(name => name !== ''),
  };
}

/** `66 MB`, `0.9 MB`: a size as a person reads it. */
export function megabytes(bytes: number): string {
  const mb = bytes / 1e6;
  return `${mb < 10 ? mb.toFixed(1) : Math.round(mb)} MB`;
}

function ageMs(path: string): number {
  try {
    return Date.now() - statSync(path).mtimeMs;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
