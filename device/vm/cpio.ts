// SPDX-License-Identifier: MIT

/*
 * The archive format that the kernel unpacks as its first file system: "newc" cpio, described in the kernel's
 * Documentation/driver-api/early-userspace/buffer-format.rst. Each entry is a header of 8-digit hexadecimal
 * fields, the name with its NUL, and the data; name and data are padded to 4 bytes. An entry called TRAILER!!!
 * ends the archive.
 */

/** One entry; directories must come before what is in them. */
export type CpioEntry =
  | { kind: 'file'; path: string; data: Uint8Array; executable?: boolean }
  | { kind: 'dir'; path: string }
  | { kind: 'link'; path: string; target: string }
  | { kind: 'char-device'; path: string; major: number; minor: number };

const MAGIC = '070701';
const HEADER_BYTES = 110;
const TRAILER = 'TRAILER!!!';
const MODE = { file: 0o100644, dir: 0o040755, link: 0o120777, 'char-device': 0o020600 };

/** The archive of the given entries, byte for byte the same for the same entries: no times, no owners. */
export function writeCpio(entries: readonly CpioEntry[]): Uint8Array {
  const parts: Uint8Array[] = [];
  entries.forEach((entry, index) => {
    const executable = entry.kind === 'file' && entry.executable ? 0o111 : 0;
    const device = entry.kind === 'char-device' ? entry : undefined;
    append(parts, {
      // Zero would make entries look like hard links of each other.
      inode: index + 1,
      mode: MODE[entry.kind] | executable,
      links: entry.kind === 'dir' ? 2 : 1,
      path: entry.path.replace(/^\/+/, ''),
      data: entryData(entry),
      major: device?.major ?? 0,
      minor: device?.minor ?? 0,
    });
  });
  append(parts, { inode: 0, mode: 0, links: 1, path: TRAILER, data: new Uint8Array(0), major: 0, minor: 0 });
  return Buffer.concat(parts);
}

/** Adds the parent directories that the entries need and puts them in front of their contents. */
export function withParents(entries: readonly CpioEntry[]): CpioEntry[] {
  const made = new Set<string>();
  const all: CpioEntry[] = [];
  for (const entry of entries) {
    const segments = entry.path.replace(/^\/+/, '').split('/');
    for (let depth = 1; depth < segments.length; depth++) {
      const path = segments.slice(0, depth).join('/');
      if (!made.has(path)) all.push({ kind: 'dir', path });
      made.add(path);
    }
    const path = segments.join('/');
    if (entry.kind === 'dir' && made.has(path)) continue;
    if (entry.kind === 'dir') made.add(path);
    all.push(entry);
  }
  return all;
}

interface RawEntry {
  inode: number;
  mode: number;
  links: number;
  path: string;
  data: Uint8Array;
  major: number;
  minor: number;
}

function append(parts: Uint8Array[], entry: RawEntry): void {
  const name = Buffer.from(`${entry.path}\0`);
  const fields = [
    entry.inode,
    entry.mode,
    0, // uid
    0, // gid
    entry.links,
    0, // mtime
    entry.data.length,
    0, // device that holds the entry, major
    0, // and minor
    entry.major,
    entry.minor,
    name.length,
    0, // checksum, unused in this variant
  ];
  const header = MAGIC + fields.map(field => field.toString(16).padStart(8, '0')).join('');
  parts.push(
    Buffer.from(header),
    name,
    padding(HEADER_BYTES + name.length),
    entry.data,
    padding(entry.data.length),
  );
}

function padding(length: number): Uint8Array {
  return new Uint8Array(-length & 3);
}

function entryData(entry: CpioEntry): Uint8Array {
  switch (entry.kind) {
    case 'file':
      return entry.data;
    case 'link':
      return Buffer.from(entry.target);
    default:
      return new Uint8Array(0);
  }
}
