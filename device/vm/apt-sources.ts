// SPDX-License-Identifier: MIT
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/*
 * Reads the machine's own apt sources, so that packages and sources come from the mirror that its administrator
 * chose. Two formats exist (sources.list(5)): one line per source, and deb822 stanzas in *.sources files.
 */

/** One archive: URIs × suites × components, with the trust settings it was given. */
export interface AptSource {
  uris: string[];
  suites: string[];
  components: string[];
  /** deb822 spelling of what must be carried over, e.g. `Signed-By`. */
  options: Record<string, string>;
}

/** Which one-line options mean something for us, and their deb822 names. */
const LINE_OPTIONS: Record<string, string> = { 'signed-by': 'Signed-By', trusted: 'Trusted' };
const KEPT_FIELDS = Object.values(LINE_OPTIONS);

/** All active binary sources of an apt directory (normally /etc/apt). */
export function readAptSources(aptDir: string): AptSource[] {
  const found: AptSource[] = [];
  const list = join(aptDir, 'sources.list');
  if (existsSync(list)) found.push(...parseOneLine(readFileSync(list, 'utf8')));
  const parts = join(aptDir, 'sources.list.d');
  for (const name of existsSync(parts) ? readdirSync(parts).sort() : []) {
    const text = () => readFileSync(join(parts, name), 'utf8');
    if (name.endsWith('.list')) found.push(...parseOneLine(text()));
    else if (name.endsWith('.sources')) found.push(...parseDeb822(text()));
  }
  return found;
}

/** `deb [options] uri suite component…`, one a line. */
export function parseOneLine(text: string): AptSource[] {
  const found: AptSource[] = [];
  for (const line of text.split('\n')) {
    const match = /^\s*deb\s+(?:\[([^\]]*)\]\s*)?(\S+)\s+(\S+)\s+([^#]*)/.exec(line);
    if (!match) continue;
    const [, optionText = '', uri, suite, components] = match;
    const options: Record<string, string> = {};
    for (const option of optionText.split(/\s+/)) {
      const equals = option.indexOf('=');
      const name = LINE_OPTIONS[option.slice(0, equals).toLowerCase()];
      if (name) options[name] = option.slice(equals + 1).replaceAll(',', ' ');
    }
    found.push({ uris: [uri], suites: [suite], components: words(components), options });
  }
  return found;
}

/** Stanzas of `Field: value`, continued by indented lines, apart by empty lines. */
export function parseDeb822(text: string): AptSource[] {
  const found: AptSource[] = [];
  for (const stanza of text.split(/\n[ \t]*\n/)) {
    const fields = stanzaFields(stanza);
    const field = (name: string) => fields.get(name.toLowerCase()) ?? '';
    if (!words(field('Types')).includes('deb') || /^(no|false|0|off)$/i.test(field('Enabled').trim()))
      continue;
    const options: Record<string, string> = {};
    for (const name of KEPT_FIELDS) {
      if (fields.has(name.toLowerCase())) options[name] = field(name);
    }
    found.push({
      uris: words(field('URIs')),
      suites: words(field('Suites')),
      components: words(field('Components')),
      options,
    });
  }
  return found;
}

function stanzaFields(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let last = '';
  for (const line of stanza.split('\n')) {
    if (line.startsWith('#')) continue;
    const match = /^([A-Za-z0-9-]+):\s*(.*)$/.exec(line);
    if (match) {
      last = match[1].toLowerCase();
      fields.set(last, match[2]);
    } else if (/^\s+\S/.test(line) && last !== '') {
      fields.set(last, `${fields.get(last)}\n${line}`);
    }
  }
  return fields;
}

/**
 * The sources of Debian's own archive among `sources`, pointed at `release` instead of `hostRelease`. Other
 * vendors' repositories are left out: they have neither QEMU's source nor Debian's kernel.
 */
export function debianSourcesFor(
  sources: readonly AptSource[],
  hostRelease: string,
  release: string,
): AptSource[] {
  const found: AptSource[] = [];
  for (const source of sources) {
    const uris = source.uris.filter(isDebianArchive);
    const suites = source.suites
      .map(suite => retarget(suite, hostRelease, release))
      .filter(suite => suite !== undefined);
    const foreignKey =
      /\.(gpg|asc|pgp)\b/.test(source.options['Signed-By'] ?? '') &&
      !/debian/.test(source.options['Signed-By'] ?? '');
    if (uris.length === 0 || suites.length === 0 || foreignKey || !source.components.includes('main'))
      continue;
    found.push({ uris, suites, components: ['main'], options: source.options });
  }
  return found;
}

/** Debian's mirrors keep its archive below a path component of this name, also in mirror lists. */
function isDebianArchive(uri: string): boolean {
  return /\/debian(-security)?(\.list)?(\/|$)/.test(uri);
}

const SUITE = /^([a-z]+)((?:[-/](?:updates|security|backports))?)$/;

function retarget(suite: string, hostRelease: string, release: string): string | undefined {
  const match = SUITE.exec(suite.replace(/\/$/, ''));
  if (!match) return undefined;
  // Backports would change which version is the candidate.
  if (match[2].endsWith('backports')) return undefined;
  if (match[1] === hostRelease) return release + match[2];
  const isAlias = ['stable', 'oldstable', 'testing'].includes(match[1]);
  return isAlias && release === hostRelease ? suite : isAlias ? release + match[2] : undefined;
}

/** The deb822 text that names binary and source packages of the given sources. */
export function renderSources(sources: readonly AptSource[]): string {
  return sources
    .map(source => {
      const extra = Object.entries(source.options).map(([name, value]) => `${name}: ${value}\n`);
      return (
        `Types: deb deb-src\nURIs: ${source.uris.join(' ')}\nSuites: ${source.suites.join(' ')}\n` +
        `Components: ${source.components.join(' ')}\n${extra.join('')}`
      );
    })
    .join('\n');
}

function words(text: string): string[] {
  return text.split(/\s+/).filter(word => word !== '');
}
