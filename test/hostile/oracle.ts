// SPDX-License-Identifier: MIT
// What the reference page promises of a descriptor, written down a second time and in another way than the model's: as
// the set of all rules that a request breaks. The adapter may report any of them, must report one if there are any, and
// must carry the request out, byte for byte, if there are none.
import { Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import type { Range, Work } from '../support/work.js';

/** A memory region as its owner knows it. */
export interface Key {
  readonly key: number;
  /** Exists, with this tag, in the protection domain of the queue. */
  readonly valid: boolean;
  readonly write: boolean;
  readonly iova: number;
  readonly length: number;
  /** Bus addresses of its 4 KiB pages; undefined: all of memory, one to one. */
  readonly pages: readonly number[] | undefined;
}

const PAGE = 4096;
const MAX_BYTES = 2 ** 31;
const MAX_ADDRESS = 2 ** 53;
const SIGNALED_AND_SOLICITED = 3;
/** Its low half is the index, its high half reserved; words 6 and 7 are reserved too. */
const INDEX_WORD = 1;

export interface Request {
  readonly work: Work;
  /** Index that the queue expects. */
  readonly index: number;
  /** Bytes that the descriptor may have: stride, or length of the push. */
  readonly room: number;
  readonly kind: 'rc' | 'dma' | 'receive';
}

const sum = (list: readonly Range[]): number => list.reduce((n, r) => n + r.length, 0);

/** Statuses of the rules that the request breaks. Faults of memory are not among them: see faults(). */
export function violations(request: Request, keys: ReadonlyMap<number, Key>): Set<WcStatus> {
  const { work, room } = request;
  const gather = work.gather ?? [];
  const scatter = work.scatter ?? [];
  const broken = new Set<WcStatus>();
  if (malformed(request)) broken.add(WcStatus.LOC_QP_OP_ERR);
  // What does not fit is not looked at.
  if (32 + 16 * ((work.gatherCount ?? gather.length) + (work.scatterCount ?? scatter.length)) > room)
    return broken.add(WcStatus.LOC_QP_OP_ERR);
  if (sum(gather) > MAX_BYTES || sum(scatter) > MAX_BYTES) broken.add(WcStatus.LOC_LEN_ERR);
  if (work.opcode === Opcode.COPY && sum(gather) !== sum(scatter)) broken.add(WcStatus.LOC_LEN_ERR);
  if (work.opcode === Opcode.COPY && gather.some(g => scatter.some(s => overlap(g, s))))
    broken.add(WcStatus.LOC_QP_OP_ERR);
  if (gather.some(r => !permitted(r, keys, false))) broken.add(WcStatus.LOC_PROT_ERR);
  if (scatter.some(r => !permitted(r, keys, true))) broken.add(WcStatus.LOC_PROT_ERR);
  return broken;
}

function malformed({ work, index, kind }: Request): boolean {
  const counts = [(work.gather ?? []).length, (work.scatter ?? []).length] as const;
  const hasPattern = (work.pattern?.[0] ?? 0) !== 0 || (work.pattern?.[1] ?? 0) !== 0;
  return (
    ((work.flags ?? 1) | SIGNALED_AND_SOLICITED) !== SIGNALED_AND_SOLICITED ||
    (work.index ?? index) !== index ||
    (work.poke ?? []).some(([word, value]) => value !== (word === INDEX_WORD ? index : 0)) ||
    (hasPattern && work.opcode !== Opcode.FILL) ||
    !shapeFits(work.opcode, counts, kind)
  );
}

function shapeFits(
  opcode: number,
  [gather, scatter]: readonly [number, number],
  kind: Request['kind'],
): boolean {
  if (kind === 'receive') return opcode === Opcode.RECV && gather === 0;
  if (opcode === Opcode.NOP) return gather === 0 && scatter === 0;
  if (opcode === Opcode.SEND) return kind === 'rc' && scatter === 0;
  if (opcode === Opcode.FILL) return gather === 0;
  return opcode === Opcode.COPY;
}

function overlap(a: Range, b: Range): boolean {
  const common = Math.min(a.address + a.length, b.address + b.length) - Math.max(a.address, b.address);
  return a.lkey === b.lkey && a.length > 0 && b.length > 0 && common > 0;
}

/** Whether its key allows the access to all of a range. */
export function permitted(range: Range, keys: ReadonlyMap<number, Key>, write: boolean): boolean {
  if (range.length === 0) return true;
  const key = keys.get(range.lkey as number);
  if (key === undefined || !key.valid || (write && !key.write)) return false;
  if (range.address + range.length > MAX_ADDRESS) return false;
  if (key.pages === undefined) return true;
  return range.address >= key.iova && range.address + range.length <= key.iova + key.length;
}

/** Bus address of one byte. */
function busAddress(key: Key, address: number): number {
  if (key.pages === undefined) return address;
  const page = Math.floor(address / PAGE) - Math.floor(key.iova / PAGE);
  return key.pages[page] + (address % PAGE);
}

/** Bus addresses of all bytes of a list, in order. */
export function bytesOf(list: readonly Range[], keys: ReadonlyMap<number, Key>): number[] {
  const addresses: number[] = [];
  for (const { address, length, lkey } of list)
    for (let n = 0; n < length; n++) addresses.push(busAddress(keys.get(lkey as number) as Key, address + n));
  return addresses;
}

/** Whether a list reaches beyond the memory that there is. */
export function faults(list: readonly Range[], keys: ReadonlyMap<number, Key>, ramBytes: number): boolean {
  return list.some(({ address, length, lkey }) => {
    const key = keys.get(lkey as number);
    return length > 0 && key?.pages === undefined && address + length > ramBytes;
  });
}

/** What memory looks like after a request that breaks no rule; `received` are the bytes that a RECV takes. */
export function carryOut(memory: Uint8Array, work: Work, keys: ReadonlyMap<number, Key>): void {
  const to = bytesOf(work.scatter ?? [], keys);
  if (work.opcode === Opcode.COPY) {
    const bytes = bytesOf(work.gather ?? [], keys).map(at => memory[at]);
    to.forEach((at, n) => {
      memory[at] = bytes[n];
    });
  }
  if (work.opcode === Opcode.FILL) {
    const pattern = new Uint8Array(Uint32Array.from(work.pattern ?? [0, 0]).buffer);
    to.forEach((at, n) => {
      memory[at] = pattern[n % 8];
    });
  }
}

/** The bytes that a list names. */
export const gathered = (
  memory: Uint8Array,
  list: readonly Range[],
  keys: ReadonlyMap<number, Key>,
): Uint8Array => Uint8Array.from(bytesOf(list, keys), at => memory[at]);

/** Puts bytes into the ranges of a list, as far as they go. */
export function scattered(
  memory: Uint8Array,
  list: readonly Range[],
  keys: ReadonlyMap<number, Key>,
  bytes: Uint8Array,
): void {
  bytesOf(list, keys)
    .slice(0, bytes.length)
    .forEach((at, n) => {
      memory[at] = bytes[n];
    });
}
