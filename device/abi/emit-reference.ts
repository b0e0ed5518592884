// SPDX-License-Identifier: MIT
// Emits the reference page (Markdown): a table per layout and, for every field with bits, the bits drawn.
import type { Enumeration, Field, Group, Struct } from './layout.js';

const hex = (n: number, digits = 3): string => `0x${n.toString(16).padStart(digits, '0')}`;
const cell = (s: string): string => s.replaceAll('|', '\\|');

/** Draws one field's bits as a box, most significant bit on the left, one line for each 32 bits. */
function drawBits(f: Field): string[] {
  const lines = ['```'];
  for (let top = f.size * 8; top > 0; top -= 32) {
    const bottom = Math.max(0, top - 32);
    const cells: string[] = [];
    let at = top;
    const inside = f.bits.filter(b => b.lo >= bottom && b.lo < top).sort((a, b) => b.lo - a.lo);
    const push = (hi: number, lo: number, name: string) =>
      cells.push(` ${hi === lo ? hi : `${hi}:${lo}`} ${name} `);
    for (const b of inside) {
      const end = b.lo + b.width;
      if (end < at) push(at - 1, end, '-');
      push(end - 1, b.lo, b.name);
      at = b.lo;
    }
    if (at > bottom) push(at - 1, bottom, '-');
    const border = `+${cells.map(c => '-'.repeat(c.length)).join('+')}+`;
    lines.push(border, `|${cells.join('|')}|`, border);
  }
  return [...lines, '```'];
}

function typeOf(f: Field): string {
  const base = f.size === 1 && f.count > 1 ? 'byte' : `u${f.size * 8}`;
  return f.count > 1 ? `${base}[${f.count}]` : base;
}

function emitStruct(s: Struct): string[] {
  const registers = s.kind === 'registers';
  const lines = ['', `### \`${s.name}\` (${s.size} bytes)`, '', s.doc, ''];
  lines.push(
    registers
      ? '| offset | register | bits | access | reset | what it is |'
      : '| offset | field | type | what it is |',
  );
  lines.push(registers ? '| --- | --- | --- | --- | --- | --- |' : '| --- | --- | --- | --- |');
  for (const f of s.fields) {
    const name = f.gap ? '—' : registers ? `\`${f.name.toUpperCase()}\`` : `\`${f.name}\``;
    if (registers) {
      const reset = f.reset === undefined ? '' : hex(f.reset, 1);
      lines.push(
        `| ${hex(f.offset)} | ${name} | ${f.count > 1 ? `${f.count} × ${f.size * 8}` : f.size * 8} | ${f.access ?? ''} | ${reset} | ${cell(f.doc)} |`,
      );
    } else lines.push(`| ${hex(f.offset)} | ${name} | ${typeOf(f)} | ${cell(f.doc)} |`);
  }
  for (const f of s.fields) {
    if (f.bits.length === 0) continue;
    lines.push(
      '',
      `\`${f.name.toUpperCase()}\`:`,
      '',
      ...drawBits(f),
      '',
      '| bits | name | what it is |',
      '| --- | --- | --- |',
    );
    for (const b of f.bits)
      lines.push(
        `| ${b.width === 1 ? b.lo : `${b.lo + b.width - 1}:${b.lo}`} | \`${b.name}\` | ${cell(b.doc)} |`,
      );
  }
  return lines;
}

function emitEnumeration(e: Enumeration): string[] {
  const lines = [
    '',
    `### \`${e.name}\`: ${e.doc}`,
    '',
    '| value | name | what it is |',
    '| --- | --- | --- |',
  ];
  for (const [key, { value, doc }] of e.values)
    lines.push(`| ${value > 255 ? hex(value) : value} | \`${key}\` | ${cell(doc)} |`);
  return lines;
}

function emitGroup(g: Group): string[] {
  const lines = ['', `## ${g.title}`, '', g.doc];
  if (g.constants.length > 0) {
    lines.push('', '| constant | value | what it is |', '| --- | --- | --- |');
    for (const c of g.constants)
      lines.push(`| \`${c.name}\` | ${c.value > 255 ? hex(c.value) : c.value} | ${cell(c.doc)} |`);
  }
  return [...lines, ...g.enumerations.flatMap(emitEnumeration), ...g.structs.flatMap(emitStruct)];
}

/** The whole reference page. */
export function emitReference(groups: readonly Group[]): string {
  const head = [
    '<!-- SPDX-License-Identifier: MIT -->',
    '<!-- Generated from device/abi by "npm run generate"; do not edit. -->',
    '# Pushbell reference',
    '',
    'Registers, doorbell pages, commands, descriptors, packets, socket messages, the MMIO ring and the state region, as',
    'declared in `device/abi/`. The C headers `guest-driver/pushbell_abi.h` and `qemu/pushbell-proto.h` come from the same',
    'declarations. All values are little endian, packets excepted.',
  ];
  return `${[...head, ...groups.flatMap(emitGroup)].join('\n')}\n`;
}
