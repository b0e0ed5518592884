// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { parsePackage } from '../../device/vm/apt.js';
import {
  debianSourcesFor,
  parseDeb822,
  parseOneLine,
  readAptSources,
  renderSources,
} from '../../device/vm/apt-sources.js';

const KEY = '/usr/share/keyrings/debian-archive-keyring.gpg';

test('one-line format: options, several components, comments, source lines left out', t => {
  const sources = parseOneLine(`
# deb http://off.example/debian bookworm main
deb [arch=amd64 signed-by=${KEY}] http://mirror.example/debian bookworm main contrib # trailing
deb-src http://mirror.example/debian bookworm main
  deb http://mirror.example/debian-security bookworm-security main
`);
  t.deepEqual(sources, [
    {
      uris: ['http://mirror.example/debian'],
      suites: ['bookworm'],
      components: ['main', 'contrib'],
      options: { 'Signed-By': KEY },
    },
    {
      uris: ['http://mirror.example/debian-security'],
      suites: ['bookworm-security'],
      components: ['main'],
      options: {},
    },
  ]);
});

test('deb822 format: stanzas, comments inside, continued fields, disabled stanzas left out', t => {
  const sources = parseDeb822(`Types: deb
# a comment
URIs: http://mirror.example/debian
Suites: trixie
 trixie-updates
Components: main
Signed-By: ${KEY}

types: deb deb-src
uris: http://second.example/debian/
suites: trixie-backports
components: main
enabled: no

Types: deb-src
URIs: http://third.example/debian
Suites: trixie
Components: main
`);
  t.deepEqual(sources, [
    {
      uris: ['http://mirror.example/debian'],
      suites: ['trixie', 'trixie-updates'],
      components: ['main'],
      options: { 'Signed-By': KEY },
    },
  ]);
});

test('an inline key survives the way through', t => {
  const key = '\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc\n -----END PGP PUBLIC KEY BLOCK-----';
  const text = `Types: deb\nURIs: http://m.example/debian\nSuites: trixie\nComponents: main\nSigned-By:${key}\n`;
  const rendered = renderSources(parseDeb822(text));
  t.is(parseDeb822(rendered)[0].options['Signed-By'], key);
});

test("only Debian's archive is kept, pointed at the release wanted", t => {
  const line = (text: string) => parseOneLine(text)[0];
  const sources = [
    line('deb http://mirror.example/debian bookworm main non-free'),
    line('deb http://mirror.example/debian bookworm-updates main'),
    line('deb http://mirror.example/debian bookworm-backports main'),
    line('deb http://mirror.example/debian-security bookworm-security main'),
    line('deb mirror+file:/etc/apt/mirrors/debian.list bookworm main'),
    line('deb http://vendor.example/linux/debian bookworm stable'),
    line('deb http://vendor.example bookworm main'),
    line('deb [signed-by=/etc/apt/keyrings/vendor.gpg] http://vendor.example/debian bookworm main'),
    line('deb http://old.example/debian bullseye main'),
  ];
  const here = debianSourcesFor(sources, 'bookworm', 'bookworm');
  t.deepEqual(
    here.map(source => [source.uris[0], source.suites[0]]),
    [
      ['http://mirror.example/debian', 'bookworm'],
      ['http://mirror.example/debian', 'bookworm-updates'],
      ['http://mirror.example/debian-security', 'bookworm-security'],
      ['mirror+file:/etc/apt/mirrors/debian.list', 'bookworm'],
    ],
  );
  t.true(here.every(source => source.components.join() === 'main'));
  const next = debianSourcesFor(sources, 'bookworm', 'trixie').flatMap(source => source.suites);
  t.deepEqual(next, ['trixie', 'trixie-updates', 'trixie-security', 'trixie']);
});

test('a suite named by its role is taken as it is for this release', t => {
  const sources = parseOneLine('deb http://mirror.example/debian stable main');
  t.deepEqual(debianSourcesFor(sources, 'trixie', 'trixie')[0].suites, ['stable']);
  t.deepEqual(debianSourcesFor(sources, 'bookworm', 'trixie')[0].suites, ['trixie']);
});

test('an apt directory is read in both formats, files switched off by their name are not', t => {
  const dir = mkdtempSync(join(tmpdir(), 'apt-sources-'));
  t.teardown(() => rmSync(dir, { recursive: true }));
  mkdirSync(join(dir, 'sources.list.d'));
  writeFileSync(join(dir, 'sources.list'), 'deb http://a.example/debian bookworm main\n');
  writeFileSync(join(dir, 'sources.list.d/b.list'), 'deb http://b.example/debian bookworm main\n');
  writeFileSync(
    join(dir, 'sources.list.d/c.sources'),
    'Types: deb\nURIs: http://c.example/debian\nSuites: bookworm\nComponents: main\n',
  );
  writeFileSync(join(dir, 'sources.list.d/d.list.disabled'), 'deb http://d.example/debian bookworm main\n');
  t.deepEqual(
    readAptSources(dir).map(source => source.uris[0]),
    ['http://a.example/debian', 'http://b.example/debian', 'http://c.example/debian'],
  );
});

test('what is rendered enables source packages and reads back the same', t => {
  const sources = parseOneLine(`deb [signed-by=${KEY}] http://mirror.example/debian bookworm main`);
  const text = renderSources(sources);
  t.true(text.startsWith('Types: deb deb-src\n'));
  t.deepEqual(parseDeb822(text), sources);
});

test('a package stanza gives its size and the names it depends on', t => {
  const stanza = `Package: linux-headers-6.1.0-1-amd64
Version: 6.1.1-1
Size: 1841552
Depends: linux-headers-6.1.0-1-common (= 6.1.1-1), linux-kbuild-6.1:amd64 (>= 6), gcc-12 | clang
Description: x`;
  t.deepEqual(parsePackage(stanza), {
    name: 'linux-headers-6.1.0-1-amd64',
    version: '6.1.1-1',
    sizeBytes: 1841552,
    depends: ['linux-headers-6.1.0-1-common', 'linux-kbuild-6.1', 'gcc-12'],
  });
});
