// SPDX-License-Identifier: MIT
import { join, parse } from 'node:path';

/** "packets.pcapng" with "-1" is "packets-1.pcapng": a file beside one that is in use. */
export function pathWith(path: string, suffix: string): string {
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}${suffix}${ext}`);
}
