// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { generate } from '../../device/abi/generate.js';
import { projectRoot } from '../../device/vm/cache.js';

for (const [path, content] of generate()) {
  test(`${path} is what the declarations generate`, t => {
    const found = readFileSync(join(projectRoot, path), 'utf8');
    // Compared by line, so that a failure shows the row and not two whole files.
    const [lines, wanted] = [found.split('\n'), content.split('\n')];
    const at = wanted.findIndex((line, i) => line !== lines[i]);
    t.is(at, -1, `line ${at + 1}: run "npm run generate"; found ${lines[at]}, declared ${wanted[at]}`);
    t.is(found, content);
  });
}

test('nothing else lies among the generated files', t => {
  const directory = 'device/abi/generated';
  const known = [...generate().keys()].filter(path => path.startsWith(`${directory}/`));
  const found = readdirSync(join(projectRoot, directory)).map(name => `${directory}/${name}`);
  t.deepEqual(found.sort(), known.sort());
});
