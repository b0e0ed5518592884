// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { localize } from '../../scripts/local-bindings.js';
import { temporaryDirectory } from '../support/temporary.js';

const NUMBERS = `export const one = 1;
export class Two { value = 2; }
export async function three() { return 3; }
export function* four() { yield 4; }
const hidden = 5;
export { hidden as five };
`;

const SUM = `import { one, Two,
  three as drei } from './numbers.mjs';
import { five } from './numbers.mjs';
import { four } from './numbers.mjs';
import * as all from './numbers.mjs';
export const sum = () => one + new Two().value + five + [...four()][0] + Object.keys(all).length;
export function double() { return 2 * sum(); }
export const later = drei;
export const failing = () => { throw new Error('here'); };
//# sourceMappingURL=sum.js.map
`;

test('a module with local bindings means what it meant', async t => {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, 'numbers.mjs'), localize(NUMBERS));
  writeFileSync(join(directory, 'sum.mjs'), localize(SUM));
  const sum = await import(pathToFileURL(join(directory, 'sum.mjs')).href);
  t.deepEqual(Object.keys(sum), ['double', 'failing', 'later', 'sum']);
  t.is(sum.sum(), 1 + 2 + 5 + 4 + 5);
  t.is(sum.double(), 34);
  t.is(await sum.later(), 3);
});

test('no use of an imported or exported name is left, and lines stay where they were', t => {
  const text = localize(SUM);
  t.regex(text, /^import \{ one as one\$i, Two as Two\$i, three as drei\$i \} from/);
  t.notRegex(text, /^export (const|function|class)/m);
  const line = (of: string, what: string): number => of.split('\n').findIndex(l => l.includes(what));
  for (const what of ['sum = ', 'double()', 'later = drei', 'new Error'])
    t.is(line(text, what), line(SUM, what), what);
  t.true(text.endsWith('//# sourceMappingURL=sum.js.map\n'));
});

test('it does nothing twice, and refuses what it cannot keep', t => {
  t.is(localize(localize(SUM)), localize(SUM));
  t.throws(() => localize('export let count = 0;\n'));
});
