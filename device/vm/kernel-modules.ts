// SPDX-License-Identifier: MIT
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { VmError } from './errors.js';
import { captureBytes } from './process.js';

/*
 * Kernel modules name what they depend on in the `.modinfo` section of their ELF file, as NUL-terminated
 * `key=value` strings; `depends` is a comma-separated list. Reading it there needs neither depmod nor its index,
 * and works for modules of our own as well. (ELF-64 layout: Tool Interface Standard, ELF specification 1.2.)
 */

/** A loadable file: where it is on the host and its contents, decompressed. */
export interface KernelModule {
  name: string;
  data: Uint8Array;
}

/** `pushbell_dma` for /a/pushbell-dma.ko.xz: the kernel treats both dashes alike. */
export function moduleName(path: string): string {
  return basename(path)
    .replace(/\.ko(\.(xz|zst|gz))?$/, '')
    .replaceAll('-', '_');
}

/** The values of a key in the module's .modinfo section. */
export function moduleInfo(elf: Uint8Array, key: string): string[] {
  const section = elfSection(Buffer.from(elf.buffer, elf.byteOffset, elf.byteLength), '.modinfo');
  const pairs = section.toString('latin1').split('\0');
  return pairs.filter(pair => pair.startsWith(`${key}=`)).map(pair => pair.slice(key.length + 1));
}

const SECTION_TABLE_OFFSET_AT = 0x28;
const SECTION_ENTRY_BYTES_AT = 0x3a;
const SECTION_COUNT_AT = 0x3c;
const SECTION_NAMES_INDEX_AT = 0x3e;

function elfSection(elf: Buffer, name: string): Buffer {
  if (elf.length < 64 || elf.readUInt32BE(0) !== 0x7f454c46) return Buffer.alloc(0);
  const table = Number(elf.readBigUInt64LE(SECTION_TABLE_OFFSET_AT));
  const entryBytes = elf.readUInt16LE(SECTION_ENTRY_BYTES_AT);
  const section = (index: number) => {
    const at = table + index * entryBytes;
    const offset = Number(elf.readBigUInt64LE(at + 0x18));
    return {
      nameAt: elf.readUInt32LE(at),
      data: elf.subarray(offset, offset + Number(elf.readBigUInt64LE(at + 0x20))),
    };
  };
  const names = section(elf.readUInt16LE(SECTION_NAMES_INDEX_AT)).data;
  for (let index = 0; index < elf.readUInt16LE(SECTION_COUNT_AT); index++) {
    const { nameAt, data } = section(index);
    if (names.toString('latin1', nameAt, names.indexOf(0, nameAt)) === name) return data;
  }
  return Buffer.alloc(0);
}

/** The modules of one kernel package, found by name. */
export class ModuleIndex {
  readonly #paths = new Map<string, string>();
  readonly #builtin = new Set<string>();

  /** `modulesDir` is lib/modules/<release> of an unpacked kernel package. */
  constructor(modulesDir: string) {
    for (const file of readdirSync(modulesDir, { recursive: true, encoding: 'utf8' })) {
      if (/\.ko(\.(xz|zst|gz))?$/.test(file)) this.#paths.set(moduleName(file), join(modulesDir, file));
    }
    for (const line of readFileSync(join(modulesDir, 'modules.builtin'), 'utf8').split('\n')) {
      if (line !== '') this.#builtin.add(moduleName(line));
    }
  }

  /**
   * The named kernel modules and `own` module files with everything they depend on, in an order in which they
   * can be loaded. Own modules may depend on each other and on the kernel's.
   */
  async resolve(names: readonly string[], own: readonly string[] = []): Promise<KernelModule[]> {
    const ownPaths = new Map(own.map(path => [moduleName(path), path]));
    const ordered: KernelModule[] = [];
    const visited = new Set<string>();
    const visit = async (name: string): Promise<void> => {
      if (visited.has(name)) return;
      visited.add(name);
      const path = ownPaths.get(name) ?? this.#paths.get(name);
      if (path === undefined) {
        if (this.#builtin.has(name)) return;
        throw new VmError({ kind: 'bad-file', path: `${name}.ko`, reason: 'this kernel has no such module' });
      }
      const data = await readModule(path);
      for (const list of moduleInfo(data, 'depends')) {
        for (const dependency of list.split(',')) {
          if (dependency !== '') await visit(dependency.replaceAll('-', '_'));
        }
      }
      ordered.push({ name, data });
    };
    for (const name of names) await visit(name.replaceAll('-', '_'));
    for (const name of ownPaths.keys()) await visit(name);
    return ordered;
  }
}

/** Debian 13 compresses its modules; in a test guest they are wanted plain. */
async function readModule(path: string): Promise<Uint8Array> {
  const tool = path.endsWith('.xz')
    ? 'xz'
    : path.endsWith('.zst')
      ? 'zstd'
      : path.endsWith('.gz')
        ? 'gzip'
        : undefined;
  return tool === undefined ? readFileSync(path) : captureBytes(tool, ['-dc', path]);
}
