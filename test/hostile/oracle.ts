// SPDX-License-Identifier: MIT
// What the reference page promises of a descriptor, written down a second time and in another way than the model's: as
// the set of all rules that a request breaks. The adapter may report any of them, must report one if there are any, and
// must carry the request out, byte for byte, if there are none.
import { Access } from '../../device/abi/generated/commands.js';
import * as d from '../../device/abi/generated/descriptors.js';
import { asWords, type Range } from '../support/work.js';

const { Opcode, WcStatus } = d;

/** A memory region as its owner knows it. */
export interface Key {
  readonly key: number;
  /** Exists, with this tag, in the protection domain of the queue. */
  readonly valid: boolean;
  readonly write: boolean;
  /** What a peer may do: bits of `access`; nothing unless given. */
  readonly rights?: number;
  readonly iova: number;
  readonly length: number;
  /** Bus addresses of its 4 KiB pages; undefined: all of memory, one to one. */
  readonly pages: readonly number[] | undefined;
}

const PAGE = 4096;
const HEAD = 32;
const ENTRY = 16;
const MAX_BYTES = 2 ** 31;
const MAX_DATAGRAM = 4096;
const MAX_ADDRESS = 2 ** 53;
const SIGNALED_AND_SOLICITED = 3;
const ALL_FLAGS = 15;
const INLINE = 8;

export type Kind = 'rc' | 'dma' | 'uc' | 'ud' | 'gsi' | 'receive';

/** Operation → queues that have it, and what stands in its descriptor beside opcode, flags, index and id. */
export const OPERATIONS: ReadonlyMap<number, readonly [queues: string, parts: string]> = new Map([
  [Opcode.NOP, ['rc dma uc ud gsi', '']],
  [Opcode.SEND, ['rc uc ud gsi', 'gather inline']],
  [Opcode.SEND_IMM, ['rc uc ud gsi', 'gather inline low']],
  [Opcode.SEND_INV, ['rc', 'gather inline low']],
  [Opcode.COPY, ['rc dma', 'gather scatter']],
  [Opcode.FILL, ['rc dma', 'scatter low high']],
  [Opcode.RDMA_WRITE, ['rc uc', 'gather inline high remote']],
  [Opcode.RDMA_WRITE_IMM, ['rc uc', 'gather inline low high remote']],
  [Opcode.RDMA_READ, ['rc', 'scatter high remote']],
  [Opcode.CMP_SWAP, ['rc', 'scatter high remote atomic compare']],
  [Opcode.FETCH_ADD, ['rc', 'scatter high remote atomic']],
  [Opcode.LOCAL_INV, ['rc uc', 'low kernel']],
  [Opcode.FAST_REG, ['rc uc', 'low kernel registration']],
  [Opcode.RECV, ['receive', 'scatter']],
]);

export function partsOf(opcode: number, kind: Kind): Set<string> {
  const [queues, parts] = OPERATIONS.get(opcode) ?? ['', ''];
  if (!queues.split(' ').includes(kind)) return new Set(['nothing']);
  const set = new Set(parts.split(' '));
  if ((kind === 'ud' || kind === 'gsi') && set.has('gather')) set.add('address');
  return set;
}

/** What the bytes of a descriptor say. */
export interface Seen {
  readonly opcode: number;
  readonly flags: number;
  readonly index: number;
  readonly inlineLength: number;
  readonly counts: readonly [gather: number, scatter: number];
  /** Operands and remote address: words 4 to 7. */
  readonly operands: readonly number[];
  /** Words of the extension; empty when there is none or it does not fit. */
  readonly extension: readonly number[];
  /** Everything fits into the room; without it the rest is empty. */
  readonly fits: boolean;
  readonly data: Uint8Array;
  readonly gather: readonly Range[];
  readonly scatter: readonly Range[];
}

/** Takes a descriptor apart, of which `room` bytes are there (stride, or length of the push). */
export function look(bytes: Uint8Array, room: number, kind: Kind): Seen {
  const padded = new Uint8Array(Math.max(room, HEAD));
  padded.set(bytes.subarray(0, padded.length));
  const m = asWords(padded);
  const parts = partsOf(d.wqeOpcode(m, 0), kind);
  const extra = parts.has('registration') ? 32 : parts.has('atomic') || parts.has('address') ? 16 : 0;
  const counts = [d.wqeGatherCount(m, 0), d.wqeScatterCount(m, 0)] as const;
  const inlineLength = d.wqeInlineLength(m, 0);
  const fits = HEAD + extra + inlineLength + ENTRY * (counts[0] + counts[1]) <= room;
  const first = HEAD + extra;
  const range = (n: number): Range => {
    const at = (first + n * ENTRY) / 4;
    return { address: d.sgeAddress(m, at), length: d.sgeLength(m, at), lkey: d.sgeLkey(m, at) };
  };
  const ranges = (from: number, count: number): Range[] =>
    fits ? Array.from({ length: count }, (_, n) => range(from + n)) : [];
  return {
    opcode: d.wqeOpcode(m, 0),
    flags: d.wqeFlags(m, 0),
    index: d.wqeIndex(m, 0),
    inlineLength,
    counts,
    operands: [...m.subarray(4, 8)],
    extension: fits ? [...m.subarray(HEAD / 4, first / 4)] : [],
    fits,
    data: fits ? padded.slice(first, first + inlineLength) : new Uint8Array(0),
    gather: ranges(0, counts[0]),
    scatter: ranges(counts[0], counts[1]),
  };
}

export interface Request {
  readonly seen: Seen;
  /** Index that the queue expects. */
  readonly index: number;
  readonly kind: Kind;
  readonly privileged?: boolean;
}

const sum = (list: readonly Range[]): number => list.reduce((n, r) => n + r.length, 0);

/** Statuses of the rules that the request breaks, keys apart. */
export function broken(request: Request): Set<d.WcStatus> {
  const { seen, kind } = request;
  const rules = new Set<d.WcStatus>();
  if (malformed(request)) rules.add(WcStatus.LOC_QP_OP_ERR);
  // What does not fit is not looked at.
  if (!seen.fits) return rules.add(WcStatus.LOC_QP_OP_ERR);
  const [gathered, scatters] = [sum(seen.gather) + seen.inlineLength, sum(seen.scatter)];
  const atomic = partsOf(seen.opcode, kind).has('atomic');
  const datagram = kind === 'ud' || kind === 'gsi';
  if (gathered > MAX_BYTES || scatters > MAX_BYTES) rules.add(WcStatus.LOC_LEN_ERR);
  if (seen.opcode === Opcode.COPY && gathered !== scatters) rules.add(WcStatus.LOC_LEN_ERR);
  if ((atomic && scatters !== 8) || (datagram && gathered > MAX_DATAGRAM)) rules.add(WcStatus.LOC_LEN_ERR);
  return rules;
}

/** The same with the keys of both lists. Faults of memory are not among them: see faults(). */
export function violations(request: Request, keys: ReadonlyMap<number, Key>): Set<d.WcStatus> {
  const { opcode, gather, scatter, fits } = request.seen;
  const rules = broken(request);
  if (!fits) return rules;
  if (opcode === Opcode.COPY && gather.some(g => scatter.some(s => overlap(g, s))))
    rules.add(WcStatus.LOC_QP_OP_ERR);
  if (gather.some(r => !permitted(r, keys, false))) rules.add(WcStatus.LOC_PROT_ERR);
  if (scatter.some(r => !permitted(r, keys, true))) rules.add(WcStatus.LOC_PROT_ERR);
  return rules;
}

function malformed({ seen, index, kind, privileged = false }: Request): boolean {
  const parts = partsOf(seen.opcode, kind);
  const [low, high, ...remote] = seen.operands;
  const inline = (seen.flags & INLINE) !== 0;
  const flags = kind === 'receive' ? SIGNALED_AND_SOLICITED : ALL_FLAGS;
  const strangers: readonly boolean[] = [
    parts.has('nothing'),
    parts.has('kernel') && !privileged,
    (seen.flags | flags) !== flags,
    seen.index !== index,
    inline && !(parts.has('inline') && seen.counts[0] === 0),
    !inline && seen.inlineLength !== 0,
    !parts.has('gather') && seen.counts[0] !== 0,
    !parts.has('scatter') && seen.counts[1] !== 0,
    !parts.has('low') && low !== 0,
    !parts.has('high') && high !== 0,
    !parts.has('remote') && remote.some(word => word !== 0),
    strangeExtension(parts, seen.extension),
  ];
  return strangers.includes(true);
}

/** Something that is reserved in the extension is not zero. */
function strangeExtension(parts: ReadonlySet<string>, words: readonly number[]): boolean {
  if (words.length === 0) return false;
  if (parts.has('registration')) return words[7] >= 2 ** 16;
  if (parts.has('address')) return words[1] >= 2 ** 24 || words[3] !== 0;
  return !parts.has('compare') && (words[2] !== 0 || words[3] !== 0);
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

/** What memory looks like after a COPY, FILL or NOP that breaks no rule. */
export function carryOut(memory: Uint8Array, seen: Seen, keys: ReadonlyMap<number, Key>): void {
  const to = bytesOf(seen.scatter, keys);
  if (seen.opcode === Opcode.COPY) {
    const bytes = bytesOf(seen.gather, keys).map(at => memory[at]);
    to.forEach((at, n) => {
      memory[at] = bytes[n];
    });
  }
  if (seen.opcode === Opcode.FILL) {
    const pattern = new Uint8Array(Uint32Array.from(seen.operands.slice(0, 2)).buffer);
    to.forEach((at, n) => {
      memory[at] = pattern[n % 8];
    });
  }
}

const RIGHT_OF: ReadonlyMap<number, number> = new Map([
  [Opcode.RDMA_WRITE, Access.REMOTE_WRITE],
  [Opcode.RDMA_WRITE_IMM, Access.REMOTE_WRITE],
  [Opcode.RDMA_READ, Access.REMOTE_READ],
  [Opcode.CMP_SWAP, Access.REMOTE_ATOMIC],
  [Opcode.FETCH_ADD, Access.REMOTE_ATOMIC],
]);

/** The range at the other end that a request names, with as many bytes as it moves. */
export function remoteRange(seen: Seen): Range {
  const [, lkey, low, high] = seen.operands;
  const length = sum(seen.gather) + sum(seen.scatter) + seen.data.length;
  return { address: low + high * 2 ** 32, length, lkey };
}

/** Statuses of the rules that a sound RDMA or atomic request breaks at its other end, whose queue pair allows `access`. */
export function remoteViolations(
  seen: Seen,
  keys: ReadonlyMap<number, Key>,
  access: number,
): Set<d.WcStatus> {
  const rules = new Set<d.WcStatus>();
  const right = RIGHT_OF.get(seen.opcode) ?? 0;
  const range = remoteRange(seen);
  if ((access & right) === 0) rules.add(WcStatus.REM_ACCESS_ERR);
  // The key of a request without a byte is not looked at.
  if (range.length === 0) return rules;
  const rights = keys.get(range.lkey as number)?.rights ?? 0;
  if ((rights & right) === 0 || !permitted(range, keys, false)) rules.add(WcStatus.REM_ACCESS_ERR);
  if (right === Access.REMOTE_ATOMIC && range.address % 8 !== 0) rules.add(WcStatus.REM_INV_REQ_ERR);
  return rules;
}

/** What memory looks like after an RDMA WRITE, READ or atomic that breaks no rule, if its two ends do not overlap. */
export function carryOutRemote(memory: Uint8Array, seen: Seen, keys: ReadonlyMap<number, Key>): void {
  const far = remoteRange(seen);
  if (far.length === 0) return;
  const found = gathered(memory, [far], keys);
  if (seen.opcode === Opcode.RDMA_WRITE || seen.opcode === Opcode.RDMA_WRITE_IMM)
    return scattered(
      memory,
      [far],
      keys,
      seen.data.length > 0 ? seen.data : gathered(memory, seen.gather, keys),
    );
  scattered(memory, seen.scatter, keys, found);
  if (seen.opcode === Opcode.RDMA_READ) return;
  const old = new DataView(found.buffer).getBigUint64(0, true);
  const [operand, compare] = [0, 2].map(
    n => BigInt(seen.extension[n]) + (BigInt(seen.extension[n + 1]) << 32n),
  );
  const value = new DataView(new ArrayBuffer(8));
  const swap = old === compare ? operand : old;
  value.setBigUint64(0, seen.opcode === Opcode.FETCH_ADD ? BigInt.asUintN(64, old + operand) : swap, true);
  scattered(memory, [far], keys, new Uint8Array(value.buffer));
}

/** Whether the two ends of a request share a byte: then what is there afterwards is anyone's guess. */
export function meets(seen: Seen, keys: ReadonlyMap<number, Key>): boolean {
  const far = new Set(bytesOf([remoteRange(seen)], keys));
  return bytesOf([...seen.gather, ...seen.scatter], keys).some(at => far.has(at));
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
