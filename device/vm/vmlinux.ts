// SPDX-License-Identifier: MIT
import { readFileSync, writeFileSync } from 'node:fs';
import { captureBytes } from './process.js';

/*
 * A bzImage unpacks itself, which costs seconds where the processor is emulated. Its compressed payload is the
 * plain ELF kernel, and QEMU starts that directly (PVH entry). Where the payload is stands in the image's header:
 * the kernel's Documentation/arch/x86/boot.rst, fields setup_sects, payload_offset and payload_length.
 */
const SETUP_SECTS_AT = 0x1f1;
const HEADER_MAGIC_AT = 0x202;
const PAYLOAD_OFFSET_AT = 0x248;
const PAYLOAD_LENGTH_AT = 0x24c;
const SECTOR_BYTES = 512;

/** First bytes of a compressed payload, and what unpacks it. */
const FORMATS: { magic: number[]; tool: string }[] = [
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a], tool: 'xz' },
  { magic: [0x28, 0xb5, 0x2f, 0xfd], tool: 'zstd' },
  { magic: [0x1f, 0x8b], tool: 'gzip' },
];

/** Where the payload of a bzImage is and what unpacks it; undefined when this is no such image. */
export function findPayload(image: Buffer): { data: Buffer; tool: string } | undefined {
  if (image.length < 0x250 || image.toString('latin1', HEADER_MAGIC_AT, HEADER_MAGIC_AT + 4) !== 'HdrS')
    return undefined;
  const sectors = image[SETUP_SECTS_AT] || 4; // 0 stands for 4
  const start = (sectors + 1) * SECTOR_BYTES + image.readUInt32LE(PAYLOAD_OFFSET_AT);
  // The last 4 bytes are the unpacked size, put there by the kernel's build; xz takes them for a broken stream.
  const data = image.subarray(start, start + image.readUInt32LE(PAYLOAD_LENGTH_AT) - 4);
  const format = FORMATS.find(one => one.magic.every((byte, at) => data[at] === byte));
  return format && { data, tool: format.tool };
}

/** Writes the ELF kernel inside `bzImage` to `target`; false when it cannot be had, which only costs time later. */
export async function extractVmlinux(bzImage: string, target: string): Promise<boolean> {
  const payload = findPayload(readFileSync(bzImage));
  if (!payload) return false;
  try {
    const elf = await captureBytes(payload.tool, ['-dc'], payload.data);
    // Only the loadable kernel: what follows the ELF file is relocation data, which the loader ignores.
    writeFileSync(target, elf);
    return true;
  } catch {
    return false;
  }
}
