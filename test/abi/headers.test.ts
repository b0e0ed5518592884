// SPDX-License-Identifier: MIT
// The C headers assert size and offset of every struct: here a compiler reads them, with the few lines of the kernel's
// and QEMU's own headers that they need.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import test from 'ava';
import { projectRoot } from '../../device/vm/cache.js';
import { ensureTool } from '../../device/vm/host-tools.js';
import { runCommand } from '../../device/vm/process.js';
import { temporaryDirectory } from '../support/temporary.js';
import { groups } from './groups.js';

const KERNEL_SHIM = {
  'linux/types.h': `#include <stdint.h>
typedef uint8_t __u8; typedef uint16_t __le16; typedef uint32_t __le32; typedef uint64_t __le64;`,
  'linux/stddef.h': '#include <stddef.h>',
  'linux/build_bug.h': '#include <assert.h>',
};
const QEMU_SHIM = {
  'qemu/compiler.h': `#include <stdint.h>
#include <stddef.h>
#define QEMU_BUILD_BUG_ON(x) _Static_assert(!(x), "not expecting: " #x)`,
};

interface Header {
  readonly path: string;
  readonly shim: Readonly<Record<string, string>>;
  readonly groups: readonly string[];
  /** What one assertion begins with. */
  readonly assertion: string;
}

const HEADERS: readonly Header[] = [
  {
    path: 'guest-driver/pushbell_abi.h',
    shim: KERNEL_SHIM,
    groups: ['registers', 'commands', 'descriptors'],
    assertion: 'static_assert(',
  },
  {
    path: 'qemu/pushbell-proto.h',
    shim: QEMU_SHIM,
    groups: ['messages', 'ring'],
    assertion: 'QEMU_BUILD_BUG_ON(',
  },
];

/** Compiles `text` as a header that is included twice; gives the compiler's messages, '' when it has none. */
async function compile(t: { teardown(fn: () => void): void }, header: Header, text: string): Promise<string> {
  const directory = temporaryDirectory(t);
  for (const [name, content] of Object.entries({ ...header.shim, 'subject.h': text })) {
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), `${content}\n`);
  }
  const source = join(directory, 'main.c');
  writeFileSync(source, '#include "subject.h"\n#include "subject.h"\nint main(void) { return 0; }\n');
  const gcc = await ensureTool('gcc');
  const flags = ['-std=gnu11', '-Wall', '-Wextra', '-Werror', '-fsyntax-only', '-I', directory];
  return (await runCommand(gcc, [...flags, source], { okStatuses: [1] })).stderr;
}

for (const header of HEADERS) {
  const text = readFileSync(join(projectRoot, header.path), 'utf8');

  test(`${header.path} compiles without a warning, its assertions hold`, async t => {
    t.is(await compile(t, header, text), '');
  });

  test(`${header.path} asserts the size of every struct and the offset of every field`, t => {
    const declared = groups
      .filter(({ group }) => header.groups.includes(group.name))
      .flatMap(({ group }) => group.structs);
    for (const s of declared) {
      if (s.kind === 'registers') continue;
      t.true(
        text.includes(
          `${header.assertion}${header.shim === QEMU_SHIM ? '!(' : ''}sizeof(struct pb_${s.name}) == ${s.size})`,
        ),
        s.name,
      );
      for (const f of s.fields) {
        if (!f.gap)
          t.true(
            text.includes(`offsetof(struct pb_${s.name}, ${f.name}) == ${f.offset})`),
            `${s.name}.${f.name}`,
          );
      }
    }
  });

  test(`${header.path} does not compile when a row has moved: the assertions are exercised`, async t => {
    const first = /^struct pb_\w+ \{$/m;
    t.regex(text, first);
    t.regex(await compile(t, header, text.replace(first, '$&\n\tchar moved[4];')), /static assertion failed/);
  });
}
