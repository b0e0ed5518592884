// SPDX-License-Identifier: MIT
// Emits typed accessors. Records are read from a Uint32Array at a word index (the host is little endian, and a word
// access costs 3 ns where a DataView costs 30); wire formats are read from a Uint8Array at a byte offset.
// State layouts get `put` accessors beside the getters: their writes go through the journal (model/journal.ts).
import type { Bits, Field, Group, Struct } from './layout.js';

const camel = (s: string): string => s.replace(/_([a-z0-9])/g, (_, c: string) => c.toUpperCase());
const pascal = (s: string): string => camel(s).replace(/^./, c => c.toUpperCase());
const upper = (s: string): string => s.toUpperCase();
const mask = (width: number): string => (width === 32 ? '0xffffffff' : `0x${(2 ** width - 1).toString(16)}`);

function wordGetter(word: string, lo: number, width: number): string {
  if (lo === 0 && width === 32) return word;
  const shifted = lo === 0 ? word : `(${word} >>> ${lo})`;
  return lo + width === 32 ? shifted : `${shifted} & ${mask(width)}`;
}

function wordSetter(word: string, lo: number, width: number): string {
  if (lo === 0 && width === 32) return 'v';
  const hole = `0x${(~((2 ** width - 1) << lo) >>> 0).toString(16)}`;
  const value = lo === 0 ? `(v & ${mask(width)})` : `((v & ${mask(width)}) << ${lo})`;
  return `((${word} & ${hole}) | ${value}) >>> 0`;
}

interface Site {
  readonly getter: string;
  readonly setter: string;
  readonly doc: string;
}

function wordField(site: Site, word: number, lo: number, width: number, state: boolean): string[] {
  const at = word === 0 ? 'w' : `w + ${word}`;
  const lines = [
    `/** ${site.doc} */`,
    `export const ${site.getter} = (m: Uint32Array, w: number): number => ${wordGetter(`m[${at}]`, lo, width)};`,
  ];
  lines.push(
    `export const ${site.setter} = (m: Uint32Array, w: number, v: number): void => {`,
    `  m[${at}] = ${wordSetter(`m[${at}]`, lo, width)};`,
    '};',
  );
  if (state && lo === 0 && width === 32)
    lines.push(
      `export const ${site.setter.replace(/^set/, 'put')} = (s: WordSink, w: number, v: number): void => s.put(${at}, v | 0);`,
    );
  return lines;
}

function longField(site: Site, f: Field, state: boolean): string[] {
  const word = f.offset / 4;
  const lo = word === 0 ? 'w' : `w + ${word}`;
  const hi = `w + ${word + 1}`;
  if (f.opaque || f.bits.length > 0) {
    const halves = [`${site.getter}Lo`, `${site.getter}Hi`];
    return halves.flatMap((getter, i) =>
      wordField(
        { getter, setter: `set${pascal(getter)}`, doc: `${site.doc} (${i ? 'high' : 'low'} half)` },
        word + i,
        0,
        32,
        state,
      ),
    );
  }
  const lines = [
    `/** ${site.doc} Exact up to 2^53. */`,
    `export const ${site.getter} = (m: Uint32Array, w: number): number => m[${lo}] + m[${hi}] * 0x100000000;`,
  ];
  lines.push(
    `export const ${site.setter} = (m: Uint32Array, w: number, v: number): void => {`,
    `  m[${lo}] = v >>> 0;`,
    `  m[${hi}] = Math.floor(v / 0x100000000);`,
    '};',
  );
  if (state) {
    lines.push(
      `export const ${site.setter.replace(/^set/, 'put')} = (s: WordSink, w: number, v: number): void => {`,
      `  s.put(${lo}, v | 0);`,
      `  s.put(${hi}, Math.floor(v / 0x100000000));`,
      '};',
    );
  }
  return lines;
}

function recordField(s: Struct, f: Field): string[] {
  const name = camel(`${s.name}_${f.name}`);
  const site = { getter: name, setter: `set${pascal(name)}`, doc: f.doc };
  const state = s.kind === 'state';
  if (f.count > 1) return [];
  const lines =
    f.size === 8
      ? longField(site, f, state)
      : wordField(site, f.offset >> 2, (f.offset & 3) * 8, f.size * 8, state);
  for (const b of f.bits) {
    const full = camel(`${s.name}_${f.name}_${b.name}`);
    const lo = (f.offset & 3) * 8 + (b.lo % 32);
    lines.push(
      ...wordField(
        { getter: full, setter: `set${pascal(full)}`, doc: b.doc },
        (f.offset >> 2) + (b.lo >= 32 ? 1 : 0),
        lo,
        b.width,
        false,
      ),
    );
  }
  return lines;
}

const BIG_ENDIAN = new Set([
  'eth',
  'ipv4',
  'ipv6',
  'udp',
  'bth',
  'aeth',
  'reth',
  'atomiceth',
  'atomicacketh',
  'immdt',
  'ieth',
  'deth',
]);

function byteExpression(f: Field, big: boolean): string {
  const terms: string[] = [];
  for (let i = 0; i < f.size; i++) {
    const shift = (big ? f.size - 1 - i : i) * 8;
    const at = f.offset + i === 0 ? 'm[o]' : `m[o + ${f.offset + i}]`;
    if (f.size === 8) terms.push(shift === 0 ? at : `${at} * ${2 ** shift}`);
    else terms.push(shift === 0 ? at : `(${at} << ${shift})`);
  }
  if (f.size === 1) return terms[0]!;
  return f.size === 8 ? terms.join(' + ') : `(${terms.join(' | ')}) >>> 0`;
}

function byteStores(f: Field, big: boolean): string[] {
  const lines: string[] = [];
  for (let i = 0; i < f.size; i++) {
    const shift = (big ? f.size - 1 - i : i) * 8;
    const value =
      f.size === 8 && shift >= 32 ? `Math.floor(v / ${2 ** shift})` : shift === 0 ? 'v' : `v >>> ${shift}`;
    lines.push(`  m[o + ${f.offset + i}] = ${value};`);
  }
  return lines;
}

/** The bytes of a big-endian word as an int32: a whole word as an unsigned number may have to be put on the heap. */
function rawExpression(f: Field): string {
  const terms = Array.from({ length: f.size }, (_, i) => {
    const at = f.offset + i === 0 ? 'm[o]' : `m[o + ${f.offset + i}]`;
    const shift = (f.size - 1 - i) * 8;
    return shift === 0 ? at : `(${at} << ${shift})`;
  });
  return `(${terms.join(' | ')})`;
}

function wireBits(name: string, b: Bits, f: Field, big: boolean): string[] {
  const full = camel(`${name}_${b.name}`);
  const setter = `set${pascal(full)}`;
  const word = big && f.size <= 4 && b.width < 32 ? rawExpression(f) : `${camel(name)}(m, o)`;
  return [
    `/** ${b.doc} */`,
    `export const ${full} = (m: Uint8Array, o: number): number => ${wordGetter(word, b.lo, b.width)};`,
    `export const ${setter} = (m: Uint8Array, o: number, v: number): void => set${pascal(name)}(m, o, ${f.size === 4 && b.width === 32 ? 'v' : wordSetter(word, b.lo, b.width)});`,
  ];
}

function wireField(s: Struct, f: Field): string[] {
  const name = `${s.name}_${f.name}`;
  const big = BIG_ENDIAN.has(s.name);
  if (f.count > 1) return [];
  const lines = [
    `/** ${f.doc} */`,
    `export const ${camel(name)} = (m: Uint8Array, o: number): number => ${byteExpression(f, big)};`,
    `export const set${pascal(name)} = (m: Uint8Array, o: number, v: number): void => {`,
    ...byteStores(f, big),
    '};',
  ];
  return [...lines, ...f.bits.flatMap(b => wireBits(name, b, f, big))];
}

function emitStruct(s: Struct): string[] {
  const lines = ['', `// ${s.name}: ${s.doc}`, `export const ${upper(s.name)}_SIZE = ${s.size};`];
  for (const f of s.fields) {
    if (f.gap) continue;
    lines.push(`export const ${upper(`${s.name}_${f.name}`)}_OFFSET = 0x${f.offset.toString(16)};`);
    if (f.reset !== undefined)
      lines.push(`export const ${upper(`${s.name}_${f.name}`)}_RESET = 0x${f.reset.toString(16)};`);
  }
  for (const f of s.fields)
    if (!f.gap) lines.push(...(s.kind === 'wire' ? wireField(s, f) : recordField(s, f)));
  return lines;
}

/** The accessor module of one group, as TypeScript source. */
export function emitTs(group: Group): string {
  const lines = [
    '// SPDX-License-Identifier: MIT',
    `// Generated from device/abi/${group.name}.ts by "npm run generate"; do not edit.`,
  ];
  if (group.structs.some(s => s.kind === 'state'))
    lines.push("import type { WordSink } from '../word-sink.js';");
  lines.push('');
  for (const c of group.constants)
    lines.push(
      `/** ${c.doc} */`,
      `export const ${c.name} = ${c.value > 255 ? `0x${c.value.toString(16)}` : c.value};`,
    );
  for (const e of group.enumerations) {
    lines.push('', `/** ${e.doc} */`, `export const ${pascal(e.name)} = {`);
    for (const [key, { value, doc }] of e.values) lines.push(`  /** ${doc} */`, `  ${key}: ${value},`);
    lines.push(
      '} as const;',
      `export type ${pascal(e.name)} = (typeof ${pascal(e.name)})[keyof typeof ${pascal(e.name)}];`,
    );
  }
  for (const s of group.structs) lines.push(...emitStruct(s));
  return `${lines.join('\n')}\n`;
}
