// SPDX-License-Identifier: MIT
// Writes everything that is derived from the declarations. `generate(root)` gives path → content, so that the drift
// test can compare without writing.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { commandsGroup } from './commands.js';
import { descriptorsGroup } from './descriptors.js';
import { emitC } from './emit-c.js';
import { emitReference } from './emit-reference.js';
import { emitTs } from './emit-ts.js';
import { messagesGroup } from './messages.js';
import { packetsGroup } from './packets.js';
import { registersGroup } from './registers.js';
import { ringGroup } from './ring.js';
import { stateGroup } from './state.js';

const GROUPS = [
  registersGroup,
  commandsGroup,
  descriptorsGroup,
  packetsGroup,
  messagesGroup,
  ringGroup,
  stateGroup,
];

/** Every generated file: path below the project's root → content. */
export function generate(): Map<string, string> {
  const files = new Map<string, string>();
  for (const g of GROUPS) files.set(`device/abi/generated/${g.name}.ts`, emitTs(g));
  const guest = [registersGroup, commandsGroup, descriptorsGroup];
  files.set('guest-driver/pushbell_abi.h', emitC(guest, 'kernel', 'PUSHBELL_ABI_H', 'GPL-2.0 OR MIT'));
  files.set(
    'qemu/pushbell-proto.h',
    emitC([messagesGroup, ringGroup], 'qemu', 'PUSHBELL_PROTO_H', 'GPL-2.0-or-later OR MIT'),
  );
  files.set('device/docs/reference.md', emitReference(GROUPS));
  return files;
}

function main(): void {
  const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
  for (const [path, content] of generate()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), content);
    console.log(`wrote ${path}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) main();
