// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import test from 'ava';
import { VmError } from '../../device/vm/errors.js';
import { ModuleIndex, moduleInfo, moduleName } from '../../device/vm/kernel-modules.js';
import { findPayload } from '../../device/vm/vmlinux.js';

/** The smallest ELF-64 file with a .modinfo section: header, section names, the section, section table. */
function elfWithModinfo(pairs: string[]): Buffer {
  const names = Buffer.from('\0.shstrtab\0.modinfo\0');
  const info = Buffer.from(pairs.map(pair => `${pair}\0`).join(''));
  const header = Buffer.alloc(64);
  header.writeUInt32BE(0x7f454c46, 0);
  header.writeBigUInt64LE(BigInt(64 + names.length + info.length), 0x28);
  header.writeUInt16LE(64, 0x3a);
  header.writeUInt16LE(3, 0x3c);
  header.writeUInt16LE(1, 0x3e);
  const section = (nameAt: number, offset: number, size: number) => {
    const entry = Buffer.alloc(64);
    entry.writeUInt32LE(nameAt, 0);
    entry.writeBigUInt64LE(BigInt(offset), 0x18);
    entry.writeBigUInt64LE(BigInt(size), 0x20);
    return entry;
  };
  const table = [section(0, 0, 0), section(1, 64, names.length), section(11, 64 + names.length, info.length)];
  return Buffer.concat([header, names, info, ...table]);
}

/** A kernel's module directory with modules that depend on each other. */
function moduleTree(
  files: Record<string, Uint8Array>,
  builtin: string[],
): { dir: string; remove: () => void } {
  const dir = mkdtempSync(join(tmpdir(), 'modules-'));
  for (const [path, data] of Object.entries(files)) {
    mkdirSync(dirname(join(dir, path)), { recursive: true });
    writeFileSync(join(dir, path), data);
  }
  writeFileSync(join(dir, 'modules.builtin'), builtin.map(path => `${path}\n`).join(''));
  return { dir, remove: () => rmSync(dir, { recursive: true }) };
}

test('the dependency list is read from the ELF section', t => {
  const elf = elfWithModinfo(['license=GPL', 'depends=ib_core,mlx-lib', 'name=x']);
  t.deepEqual(moduleInfo(elf, 'depends'), ['ib_core,mlx-lib']);
  t.deepEqual(moduleInfo(elf, 'license'), ['GPL']);
  t.deepEqual(moduleInfo(Buffer.from('no ELF at all'), 'depends'), []);
});

test('dashes, directories and compression do not matter in a module name', t => {
  t.is(moduleName('/a/b/xhci-pci.ko'), 'xhci_pci');
  t.is(moduleName('ib_core.ko.xz'), 'ib_core');
});

test('modules come in an order in which they load, own ones included, each once', async t => {
  const { dir, remove } = moduleTree(
    {
      'kernel/a/base.ko': elfWithModinfo(['depends=']),
      'kernel/a/mid-one.ko.gz': gzipSync(elfWithModinfo(['depends=base,core_thing'])),
      'own/mine.ko': elfWithModinfo(['depends=helper,mid_one']),
      'own/helper.ko': elfWithModinfo(['depends=base']),
    },
    ['kernel/core-thing.ko'],
  );
  t.teardown(remove);
  const own = [join(dir, 'own/mine.ko'), join(dir, 'own/helper.ko')];
  const names = (await new ModuleIndex(dir).resolve(['base'], own)).map(module => module.name);
  t.deepEqual(names, ['base', 'helper', 'mid_one', 'mine']);
});

test('a module that the kernel does not have is named', async t => {
  const { dir, remove } = moduleTree({}, []);
  t.teardown(remove);
  const error = await t.throwsAsync(new ModuleIndex(dir).resolve(['nonesuch']), { instanceOf: VmError });
  t.deepEqual(error?.fault, {
    kind: 'bad-file',
    path: 'nonesuch.ko',
    reason: 'this kernel has no such module',
  });
});

test('the payload of a bzImage is found by its header, and only there', t => {
  const payload = gzipSync(Buffer.from('kernel'));
  const image = Buffer.alloc(4096);
  image[0x1f1] = 3; // setup sectors: the protected-mode part starts at (3 + 1) * 512
  image.write('HdrS', 0x202, 'latin1');
  image.writeUInt32LE(100, 0x248);
  image.writeUInt32LE(payload.length + 4, 0x24c);
  payload.copy(image, 2048 + 100);
  const found = findPayload(image);
  t.is(found?.tool, 'gzip');
  t.deepEqual(found?.data, payload);
  image.write('none', 0x202, 'latin1');
  t.is(findPayload(image), undefined);
  t.is(findPayload(Buffer.from('short')), undefined);
});
