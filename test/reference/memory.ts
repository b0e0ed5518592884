// SPDX-License-Identifier: MIT
// Memory of the reference: bytes, and memory regions as a list of bus addresses. Everything byte by byte.
import { Access } from '../../device/abi/generated/commands.js';
import type { Sge } from './descriptor.js';
import type { Region } from './objects.js';

const MAX_ADDRESS = 2 ** 53;

/** Thrown when an access reaches a bus address at which there is nothing. */
export class MemoryFault extends Error {}

export class Memory {
  readonly bytes: Uint8Array;
  readonly regions = new Map<number, Region>();
  /** Bus addresses of which nobody says what they hold: an operation that failed half-way was about to write them. */
  readonly undefinedBytes = new Set<number>();
  /** Such a byte was read: nobody says what memory holds at all. */
  tainted = false;
  /** Bus addresses that the last atomic wrote. */
  changedByAtomic: readonly number[] = [];

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  regionOf(key: number): Region | undefined {
    const region = this.regions.get(Math.floor(key / 256));
    return region?.key === key ? region : undefined;
  }

  /** The region if `key` gives `right` (0: reading for an own queue) to all of the range in the protection domain. */
  allow(key: number, pd: number, address: number, length: number, right: number): Region | undefined {
    const region = this.regionOf(key);
    if (region === undefined || region.pd !== pd || !region.valid) return undefined;
    if ((region.access & right) !== right || address + length > MAX_ADDRESS) return undefined;
    if (region.kind === 'whole') return region;
    return address >= region.iova && address + length <= region.iova + region.length ? region : undefined;
  }

  /** Whether every entry of a list may be read, or written, by a queue of the protection domain. */
  allowList(list: readonly Sge[], pd: number, write: boolean): boolean {
    const right = write ? Access.LOCAL_WRITE : 0;
    return list.every(
      s => s.length === 0 || this.allow(s.lkey, pd, s.address, s.length, right) !== undefined,
    );
  }

  /** Bus addresses of a range, byte by byte. */
  addresses(region: Region, address: number, length: number): number[] {
    return Array.from({ length }, (_, n) => busAddress(region, address + n));
  }

  /** Bus addresses of `length` bytes of a list from byte `skip` on; undefined when a key does not allow one any more. */
  listAddresses(
    list: readonly Sge[],
    pd: number,
    skip: number,
    length: number,
    write: boolean,
  ): number[] | undefined {
    const found: number[] = [];
    let before = 0;
    for (const s of list) {
      const from = Math.max(0, skip - before);
      const count = Math.min(s.length - from, length - found.length);
      before += s.length;
      if (count <= 0) continue;
      const right = write ? Access.LOCAL_WRITE : 0;
      const region = this.allow(s.lkey, pd, s.address + from, count, right);
      if (region === undefined) return undefined;
      found.push(...this.addresses(region, s.address + from, count));
    }
    return found;
  }

  read(addresses: readonly number[]): Uint8Array {
    return Uint8Array.from(addresses, at => {
      if (at >= this.bytes.length) throw new MemoryFault();
      if (this.undefinedBytes.has(at)) this.tainted = true;
      return this.bytes[at];
    });
  }

  write(addresses: readonly number[], bytes: Uint8Array): void {
    if (addresses.some(at => at >= this.bytes.length)) {
      this.forget(addresses);
      throw new MemoryFault();
    }
    addresses.forEach((at, n) => {
      this.bytes[at] = bytes[n];
      this.undefinedBytes.delete(at);
    });
  }

  /** Nobody says what these bytes hold now. */
  forget(addresses: readonly number[]): void {
    for (const at of addresses) if (at < this.bytes.length) this.undefinedBytes.add(at);
  }
}

export function busAddress(region: Region, address: number): number {
  if (region.kind === 'whole') return address;
  const fromFirstPage = address - Math.floor(region.iova / region.pageBytes) * region.pageBytes;
  return region.pages[Math.floor(fromFirstPage / region.pageBytes)] + (fromFirstPage % region.pageBytes);
}
