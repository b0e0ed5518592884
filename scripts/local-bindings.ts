// SPDX-License-Identifier: MIT
// Makes the compiled adapter as fast as its sources look. V8 (Node 20) treats a name that is imported, or exported by
// the module itself, as a cell that might hold anything: each use loads it, asks whether it is there yet and whether it is
// still the function or the number that it was, and no constant is ever folded. With files of a few hundred lines that is most
// of what a descriptor costs (measured: 64-byte COPY 780 ns, 450 ns without). Names of the module's own are constants. So:
//
//   import { a } from './x.js';   →   import { a as a$i } from './x.js'; const a = a$i;
//   export const b = 1;           →   const b = 1; … const b$e = b; export { b$e as b };
//
// It runs after tsc, over dist/device, keeps every line where it was (source maps stay right), and leaves alone what it
// has done before. What it changes in meaning: an import is read when the module starts, so modules must not need each
// other in a circle (test/layering.test.ts), and no exported name may be assigned to (checked here).
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MARK = '/* local bindings */';
const SOURCE_MAP = '//# sourceMappingURL=';

const IMPORT = /^import \{([^}]*)\} from '(\.[^']*)';/gm;
const EXPORT = /^export (const|class|function\*?|async function\*?) ([\w$]+)/gm;
const VARIABLE = /^export (let|var) /m;

/** The names of an import or export clause: what it is called there, and here. */
function clause(list: string): [string, string][] {
  const items = list.split(',').map(item => item.trim());
  return items
    .filter(item => item !== '')
    .map(item => {
      const [there, here = there] = item.split(/\s+as\s+/);
      return [there, here];
    });
}

/** `text`, the JavaScript of one module, with local bindings. */
export function localize(text: string): string {
  if (text.includes(MARK)) return text;
  if (VARIABLE.test(text)) throw new Error('an exported variable cannot be copied');
  const exported: string[] = [];
  const body = text
    .replace(IMPORT, (all, list: string, from: string) => {
      const names = clause(list);
      if (names.length === 0) return all;
      const imported = names.map(([there, here]) => `${there} as ${here}$i`).join(', ');
      const local = names.map(([, here]) => `${here} = ${here}$i`).join(', ');
      const lines = '\n'.repeat(all.split('\n').length - 1);
      return `import { ${imported} } from '${from}'; const ${local};${lines}`;
    })
    .replace(EXPORT, (_, kind: string, name: string) => {
      exported.push(name);
      return `${kind} ${name}`;
    });
  const last =
    exported.length === 0
      ? ''
      : `const ${exported.map(n => `${n}$e = ${n}`).join(', ')}; export { ${exported.map(n => `${n}$e as ${n}`).join(', ')} };`;
  const map = body.lastIndexOf(SOURCE_MAP);
  const at = map < 0 ? body.length : map;
  return `${body.slice(0, at)}${last}${MARK}\n${body.slice(at)}`;
}

function modules(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap(entry => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return modules(path);
    return path.endsWith('.js') ? [path] : [];
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const dist = join(dirname(fileURLToPath(import.meta.url)), '..');
  for (const path of modules(join(dist, 'device'))) {
    const text = readFileSync(path, 'utf8');
    const changed = localize(text);
    if (changed !== text) writeFileSync(path, changed);
  }
}
