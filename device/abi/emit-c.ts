// SPDX-License-Identifier: MIT
// Emits C headers: constants, enumerations, structs with asserted sizes and offsets, masks for FIELD_PREP/FIELD_GET.
// Two dialects: the kernel's (linux/types.h, static_assert from linux/build_bug.h) and QEMU's (stdint.h, QEMU_BUILD_BUG_ON).
import type { Bits, Field, Group, Struct } from './layout.js';

export type Dialect = 'kernel' | 'qemu';

const upper = (s: string): string => s.toUpperCase();
const comment = (text: string): string => `/* ${text.replaceAll('*/', '* /')} */`;

const TYPES: Record<Dialect, Record<number, string>> = {
  kernel: { 1: '__u8', 2: '__le16', 4: '__le32', 8: '__le64' },
  qemu: { 1: 'uint8_t', 2: 'uint16_t', 4: 'uint32_t', 8: 'uint64_t' },
};

function hex(value: number): string {
  return value > 0xffffffff
    ? `0x${value.toString(16)}ULL`
    : value > 255
      ? `0x${value.toString(16)}u`
      : `${value}`;
}

function maskOf(f: Field, b: Bits): string {
  const value = ((1n << BigInt(b.width)) - 1n) << BigInt(b.lo);
  return `0x${value.toString(16)}${f.size === 8 ? 'ULL' : 'u'}`;
}

function emitMasks(s: Struct): string[] {
  return s.fields.flatMap(f =>
    f.bits.map(b => `#define PB_${upper(`${s.name}_${f.name}_${b.name}`)} ${maskOf(f, b)} ${comment(b.doc)}`),
  );
}

function emitRegisters(s: Struct): string[] {
  const lines = ['', comment(s.doc)];
  for (const f of s.fields)
    if (!f.gap)
      lines.push(`#define PB_${upper(`${s.name}_${f.name}`)} 0x${f.offset.toString(16)} ${comment(f.doc)}`);
  return [...lines, ...emitMasks(s)];
}

function emitStruct(s: Struct, dialect: Dialect): string[] {
  const lines = ['', comment(s.doc), `struct pb_${s.name} {`];
  let gaps = 0;
  for (const f of s.fields) {
    const name = f.gap ? `reserved${gaps++}` : f.name;
    lines.push(
      `\t${TYPES[dialect][f.size]} ${name}${f.count > 1 || f.gap ? `[${f.count}]` : ''};${f.gap ? '' : ` ${comment(f.doc)}`}`,
    );
  }
  lines.push('} __attribute__((packed, aligned(4)));', ...emitMasks(s));
  const assert =
    dialect === 'kernel'
      ? (e: string) => `static_assert(${e});`
      : (e: string) => `QEMU_BUILD_BUG_ON(!(${e}));`;
  lines.push(assert(`sizeof(struct pb_${s.name}) == ${s.size}`));
  for (const f of s.fields)
    if (!f.gap) lines.push(assert(`offsetof(struct pb_${s.name}, ${f.name}) == ${f.offset}`));
  return lines;
}

function emitGroup(group: Group, dialect: Dialect): string[] {
  const lines = ['', comment(group.title)];
  for (const c of group.constants) lines.push(`#define PB_${c.name} ${hex(c.value)} ${comment(c.doc)}`);
  for (const e of group.enumerations) {
    lines.push('', comment(e.doc), `enum pb_${e.name} {`);
    for (const [key, { value, doc }] of e.values)
      lines.push(`\tPB_${upper(e.name)}_${key} = ${hex(value)}, ${comment(doc)}`);
    lines.push('};');
  }
  for (const s of group.structs)
    lines.push(...(s.kind === 'registers' ? emitRegisters(s) : emitStruct(s, dialect)));
  return lines;
}

/** One C header with all of `groups`; `licence` is its SPDX expression. */
export function emitC(groups: readonly Group[], dialect: Dialect, guard: string, licence: string): string {
  const includes =
    dialect === 'kernel'
      ? ['#include <linux/build_bug.h>', '#include <linux/stddef.h>', '#include <linux/types.h>']
      : ['#include "qemu/compiler.h"'];
  const lines = [
    `/* SPDX-License-Identifier: ${licence} */`,
    comment('Generated from device/abi by "npm run generate"; do not edit.'),
    `#ifndef ${guard}`,
    `#define ${guard}`,
    ...includes,
    ...groups.flatMap(g => emitGroup(g, dialect)),
    '',
    `#endif ${comment(guard)}`,
  ];
  return `${lines.join('\n')}\n`;
}
