// SPDX-License-Identifier: MIT
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { debianVersion } from '../../device/vm/kernel-source.js';
import { temporaryDirectory } from '../support/temporary.js';

const BANNER = '#1 SMP PREEMPT_DYNAMIC Debian 6.12.57-1~bpo12+1 (2025-11-05)';

test('the version of a kernel is found wherever it stands in the image', async t => {
  const file = join(temporaryDirectory(t), 'vmlinux');
  for (const at of [0, 100, (1 << 20) - 30, (1 << 20) - 1, 1 << 20, 3_000_000]) {
    const image = Buffer.alloc(at + 500, 0xff);
    image.write('Linux version 6.12 (Debian 12.2.0-14)\0', Math.max(0, at - 200), 'latin1');
    image.write(BANNER, at, 'latin1');
    writeFileSync(file, image);
    t.is(await debianVersion(file), '6.12.57-1~bpo12+1', `at ${at}`);
  }
});

test('an image that does not tell its version is an error that names it', async t => {
  const file = join(temporaryDirectory(t), 'vmlinux');
  writeFileSync(file, 'Linux version 6.1 (gcc (Debian 12.2.0-14) 12.2.0) #1 SMP');
  await t.throwsAsync(debianVersion(file), { message: /vmlinux: it does not tell its Debian version/ });
});
