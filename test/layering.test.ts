// SPDX-License-Identifier: MIT
// Which part of device/ may use which, as a table, and where bits may be shifted. Both are read from the sources.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import test from 'ava';
import { projectRoot } from '../device/vm/cache.js';

/** Layer → layers that it may import. `ports` is device/model/ports.ts alone: where transport and model meet. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  abi: [],
  ports: [],
  sys: [],
  vm: [],
  memory: ['sys', 'ports'],
  fabric: ['abi', 'ports'],
  model: ['abi', 'fabric', 'ports'],
  ring: ['abi', 'sys', 'ports'],
  vhost: ['abi', 'sys', 'memory', 'ports'],
  runtime: ['abi', 'sys', 'ports', 'memory', 'fabric', 'model', 'ring', 'vhost'],
  cli: ['abi', 'sys', 'ports', 'memory', 'fabric', 'model', 'ring', 'vhost', 'runtime', 'vm'],
};

/**
 * Layer → modules from outside device/ that it may import. What is not here stays where it is: libc behind sys, the command
 * line's packages in cli. The model has none at all, so nothing that it does depends on anything that it was not given.
 */
const MAY_USE: Readonly<Record<string, RegExp>> = {
  abi: /^node:(fs|path|url)$/,
  ports: /^$/,
  sys: /^(koffi|node:(fs|os))$/,
  vm: /^node:/,
  memory: /^$/,
  fabric: /^node:(fs|zlib)$/,
  model: /^$/,
  ring: /^$/,
  vhost: /^$/,
  runtime: /^(msgpackr|winston|node:.+)$/,
  cli: /^(commander|msgpackr|winston|node:.+)$/,
};

/** Files outside the codec that shift by a count other than 0, with the reason. `x >>> 0` is a conversion, not a shift. */
const MAY_SHIFT: Readonly<Record<string, string>> = {
  'device/model/ready-set.ts': 'a bitmap that is searched for the next queue',
  'device/model/powers.ts': 'powers of two on the hot path, each with a name',
  'device/memory/guest-memory.ts': 'byte addresses to word indices, and the middle of a search',
  'device/memory/transfer.ts': 'hashes a place, and takes words of bytes',
  'device/sys/mapping.ts': 'bytes to words',
  'device/sys/poll.ts': 'the halves of struct pollfd',
  'device/runtime/rehearsal.ts': 'feature bits by number',
  'device/sys/process.ts': 'a bit of a capability mask',
  'device/vhost/session.ts': 'feature bits, 64 of them, by number',
  'device/vhost/pci-requests.ts': 'feature bits by number',
  'device/vhost/standard-requests.ts': 'feature bits by number',
};

/** Layers that see whole, named fields. abi and fabric are the codec; vm has no part in what a guest sees. */
const SHIFT_FREE = ['ports', 'sys', 'memory', 'model', 'ring', 'vhost', 'runtime', 'cli'];

interface Import {
  readonly from: string;
  readonly target: string;
  readonly typeOnly: boolean;
}

function sources(directory: string): string[] {
  return readdirSync(join(projectRoot, directory), { withFileTypes: true }).flatMap(entry => {
    const path = `${directory}/${entry.name}`;
    if (entry.isDirectory()) return sources(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

const read = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

/** The text without comments and without what stands in quotes; parts of a template in ${} go with it. */
function codeOf(text: string): string {
  return text.replaceAll(
    /\/\*[\s\S]*?\*\/|\/\/[^\n]*|'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"|`(?:\\.|[^`\\])*`/g,
    "''",
  );
}

const layerOf = (path: string): string => (path === 'device/model/ports.ts' ? 'ports' : path.split('/')[1]);

/** Static and dynamic imports, re-exports, and files started as workers. */
const IMPORT =
  /^(?:import|export)\s+(type\s)?[^;'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|\bimport\('([^']+)'\)|new URL\('(\.[^']+\.js)'/gm;

function importsOf(path: string): Import[] {
  return [...read(path).matchAll(IMPORT)].map(([, type, ...names]) => {
    const name = names.find(n => n !== undefined)!;
    const target = name.startsWith('.') ? normalize(join(dirname(path), name)).replace(/\.js$/, '.ts') : name;
    return { from: path, target, typeOnly: type !== undefined };
  });
}

const FILES = sources('device');
const IMPORTS = FILES.flatMap(importsOf);
const inside = (edge: Import): boolean => edge.target.startsWith('device/');

test('the sources are found, and every import of theirs is understood', t => {
  t.true(FILES.length > 30);
  const lines = FILES.flatMap(
    path => codeOf(read(path)).match(/^(import|export)\b[^;]*?\bfrom\s*''|^import\s*''|\bimport\(''/gm) ?? [],
  );
  t.true(IMPORTS.length >= lines.length, `${lines.length} imports, ${IMPORTS.length} understood`);
  for (const edge of IMPORTS.filter(inside))
    t.true(existsSync(join(projectRoot, edge.target)), `${edge.from}: ${edge.target}`);
});

test('every part of device/ is in the table', t => {
  const layers = new Set(FILES.map(layerOf));
  t.deepEqual(
    [...layers].filter(layer => !(layer in MAY_IMPORT) || !(layer in MAY_USE)),
    [],
  );
});

test('a part imports only the parts that the table allows it', t => {
  const wrong = IMPORTS.filter(inside).filter(edge => {
    const [from, to] = [layerOf(edge.from), layerOf(edge.target)];
    return from !== to && !MAY_IMPORT[from]?.includes(to);
  });
  t.deepEqual(
    wrong.map(edge => `${edge.from} → ${edge.target}`),
    [],
  );
});

test('a part uses only the outside modules that the table allows it', t => {
  const wrong = IMPORTS.filter(edge => !inside(edge) && !MAY_USE[layerOf(edge.from)]?.test(edge.target));
  t.deepEqual(
    wrong.map(edge => `${edge.from} → ${edge.target}`),
    [],
  );
});

/** A path along `edges` that comes back to where it began, or undefined. */
function findCycle(edges: ReadonlyMap<string, readonly string[]>): string[] | undefined {
  const done = new Set<string>();
  const visit = (node: string, path: string[]): string[] | undefined => {
    if (path.includes(node)) return [...path.slice(path.indexOf(node)), node];
    if (done.has(node)) return undefined;
    for (const next of edges.get(node) ?? []) {
      const cycle = visit(next, [...path, node]);
      if (cycle) return cycle;
    }
    done.add(node);
    return undefined;
  };
  for (const node of edges.keys()) {
    const cycle = visit(node, []);
    if (cycle) return cycle;
  }
  return undefined;
}

test('no file needs itself: neither the table nor the imports have a cycle', t => {
  t.is(findCycle(new Map(Object.entries(MAY_IMPORT))), undefined);
  t.deepEqual(
    findCycle(
      new Map([
        ['a', ['b']],
        ['b', ['c']],
        ['c', ['b']],
      ]),
    ),
    ['b', 'c', 'b'],
  );
  // An import of types alone is gone when the program runs: two files of one part may name each other's types.
  const edges = new Map<string, string[]>(FILES.map(path => [path, []]));
  for (const edge of IMPORTS) if (inside(edge) && !edge.typeOnly) edges.get(edge.from)!.push(edge.target);
  t.is(findCycle(edges), undefined);
});

/** Lines of a file that shift by something else than 0. Type arguments end in `>>` too, but no operand follows them. */
function shiftsIn(text: string): string[] {
  const operator = /[\w)\]!]\s*(<<|>>>?)=?\s+(?!0\b(?![xX]))[\w(~-]/;
  return codeOf(text)
    .split('\n')
    .filter(line => operator.test(line));
}

test('bits are shifted in the codec and in the places that the table names', t => {
  const found = FILES.filter(path => SHIFT_FREE.includes(layerOf(path)) && shiftsIn(read(path)).length > 0);
  t.deepEqual(
    found.filter(path => !(path in MAY_SHIFT)),
    [],
    'give the field a name in device/abi, or the file a line in MAY_SHIFT',
  );
  t.deepEqual(
    Object.keys(MAY_SHIFT).filter(path => !found.includes(path)),
    [],
    'these do not shift any more',
  );
});

test('the search for shifts sees shifts and nothing else', t => {
  for (const line of [
    'a = b >> 3;',
    'x >>>= 5;',
    'm[i] << n',
    '(1n << BigInt(bit))',
    'f(x) >>> 16',
    'x << (y & 3)',
  ]) {
    t.is(shiftsIn(line).length, 1, line);
  }
  for (const line of [
    'x >>> 0',
    '(a + b) >>> 0;',
    'Map<string, Array<number>> = 1',
    '// a >> 3',
    "'a << 2'",
    'const m: A<B<C>> = f();',
  ]) {
    t.is(shiftsIn(line).length, 0, line);
  }
});

test('the model masks no field out of a word by a literal', t => {
  const literal = /(?<!&)&(?!&)=?\s*(?:0x[\da-f]+|\d+)\b/i;
  const wrong = FILES.filter(path => layerOf(path) === 'model' && !(path in MAY_SHIFT)).flatMap(path =>
    codeOf(read(path))
      .split('\n')
      .filter(line => literal.test(line))
      .map(line => `${path}: ${line.trim()}`),
  );
  t.deepEqual(wrong, []);
});
