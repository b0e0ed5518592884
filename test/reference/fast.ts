// SPDX-License-Identifier: MIT
// Fast registration: LOCAL_INV, invalidation by the other end, and FAST_REG.
import { Access, PAGE_SHIFT_MAX, PAGE_SHIFT_MIN } from '../../device/abi/generated/commands.js';
import { WcStatus } from '../../device/abi/generated/descriptors.js';
import type { Descriptor, Registration } from './descriptor.js';
import type { Qp, Region } from './objects.js';
import type { Reference } from './reference.js';

/** Takes the memory from a region for fast registration. False when the key does not allow that to this queue pair. */
export function invalidate(r: Reference, qp: Qp, key: number): boolean {
  const region = r.memory.regionOf(key);
  if (region?.kind !== 'fast' || region.pd !== qp.pd || !region.valid) return false;
  region.valid = false;
  return true;
}

/** FAST_REG: the status. */
export function register(r: Reference, qp: Qp, d: Descriptor): number {
  const region = r.memory.regions.get(Math.floor(d.operandLo / 256));
  const wanted = d.registration!;
  if (region?.kind !== 'fast' || region.pd !== qp.pd || region.valid || !possible(region, wanted))
    return WcStatus.MW_BIND_ERR;
  const list = Array.from({ length: wanted.pageCount * 8 }, (_, n) => wanted.list + n);
  const entries = new DataView(r.memory.read(list).buffer);
  const pages = Array.from({ length: wanted.pageCount }, (_, n) => Number(entries.getBigUint64(n * 8, true)));
  const pageBytes = 2 ** wanted.pageShift;
  if (pages.some(page => page % pageBytes !== 0)) return WcStatus.MW_BIND_ERR;
  const { iova, length, access } = wanted;
  Object.assign(region, { key: d.operandLo, iova, length, access, pages, pageBytes, valid: true });
  return WcStatus.SUCCESS;
}

function possible(region: Region, w: Registration): boolean {
  const pageBytes = 2 ** w.pageShift;
  const remoteWrites = (w.access & (Access.REMOTE_WRITE | Access.REMOTE_ATOMIC)) !== 0;
  return (
    w.pageShift >= PAGE_SHIFT_MIN &&
    w.pageShift <= PAGE_SHIFT_MAX &&
    w.pageCount >= 1 &&
    w.pageCount <= region.room &&
    w.length > 0 &&
    (w.iova % pageBytes) + w.length <= w.pageCount * pageBytes &&
    (!remoteWrites || (w.access & Access.LOCAL_WRITE) !== 0)
  );
}
