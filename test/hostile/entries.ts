// SPDX-License-Identifier: MIT
// Entries of work queues for a hostile guest: every operation, over a region that may be written and one that may only be
// read, most of them sound but for what is damaged afterwards.
import fc from 'fast-check';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import { type Datagram, encodeWork, type Work } from '../support/work.js';

const PAGE = 4096;
/** Stride of the work queues. */
export const ENTRY_BYTES = 64;
/** Where the regions of the guest's protection domain begin: one may be written, one only read. */
export const RW_IOVA = 0;
export const RO_IOVA = 0x10000;

export const word = fc.oneof(
  { weight: 3, arbitrary: fc.nat(7) },
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 0xffff, 0xffffffff, 0x80000000, 0x02000003, 0x10000003) },
  { weight: 1, arbitrary: fc.nat(0xffffffff) },
);

/** A queue entry that may well be sound, and what is then broken in it: words with other values. */
export interface Entry {
  readonly opcode: number;
  /** The operation is just this one, whether the queue has it or not. */
  readonly strange: boolean;
  readonly ranges: readonly (readonly [offset: number, length: number, inReadOnly: boolean])[];
  /** Immediate data, operand of an atomic, or bytes of inline data. */
  readonly value: number;
  readonly damage: readonly (readonly [word: number, value: number])[];
}

const POSTED = Object.values(Opcode).filter(o => o !== Opcode.RECV && o !== Opcode.RECV_RDMA_WITH_IMM);
export const DATA_BYTES = 2 * PAGE;
const range = fc.tuple(
  fc.nat(DATA_BYTES),
  fc.oneof({ weight: 9, arbitrary: fc.nat(900) }, { weight: 1, arbitrary: word }),
  fc.boolean(),
);
export const entry: fc.Arbitrary<Entry> = fc.record({
  opcode: fc.constantFrom(...POSTED),
  strange: fc.oneof(
    { weight: 12, arbitrary: fc.constant(false) },
    { weight: 1, arbitrary: fc.constant(true) },
  ),
  value: fc.nat(16),
  ranges: fc.oneof(
    { weight: 4, arbitrary: fc.array(range, { minLength: 1, maxLength: 1 }) },
    { weight: 1, arbitrary: fc.constant([]) },
  ),
  damage: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.tuple(fc.nat(15), word), { maxLength: 3 }) },
  ),
});

/** Operations that a kind of queue has. */
export const USUAL = {
  RC: POSTED.filter(o => o !== Opcode.LOCAL_INV && o !== Opcode.FAST_REG && o !== Opcode.SEND_INV),
  UC: [Opcode.NOP, Opcode.SEND, Opcode.SEND_IMM, Opcode.RDMA_WRITE, Opcode.RDMA_WRITE_IMM],
  UD: [Opcode.NOP, Opcode.SEND, Opcode.SEND_IMM],
  DMA: [Opcode.NOP, Opcode.COPY, Opcode.FILL],
  RECEIVE: [Opcode.RECV],
} as const;

/** The bytes of an entry of a queue that has the operations `usual`. */
export function encodeEntry(
  e: Entry,
  index: number,
  usual: readonly number[],
  rw: number,
  ro: number,
  to: Datagram | undefined,
): Uint8Array {
  const opcode = e.strange ? e.opcode : usual[e.opcode % usual.length]!;
  const from = (o: number, length: number, lkey: number, base: number) => ({
    address: base + o,
    length,
    lkey,
  });
  const reads = e.ranges.map(([o, n, fixed]) => from(o, n, fixed ? ro : rw, fixed ? RO_IOVA : RW_IOVA));
  const writes = e.ranges.map(([o, n, fixed]) =>
    fixed && n % 3 === 0 ? from(o, n, ro, RO_IOVA) : from(o, n, rw, RW_IOVA),
  );
  const gather = GATHERS.includes(opcode) ? reads : [];
  const scatter = SCATTERS.includes(opcode) ? writes : [];
  const bytes = new Uint8Array(ENTRY_BYTES);
  const work = { opcode, gather, scatter, ...operands(e, opcode, rw, ro, to) };
  bytes.set(encodeWork(work, index, 0).subarray(0, ENTRY_BYTES));
  const words = new Uint32Array(bytes.buffer);
  for (const [at, value] of e.damage) words[at] = value;
  return bytes;
}

const SENDS: readonly number[] = [Opcode.SEND, Opcode.SEND_IMM, Opcode.SEND_INV];
const WRITES: readonly number[] = [Opcode.RDMA_WRITE, Opcode.RDMA_WRITE_IMM];
const ATOMICS: readonly number[] = [Opcode.CMP_SWAP, Opcode.FETCH_ADD];
const GATHERS: readonly number[] = [...SENDS, ...WRITES, Opcode.COPY];
const SCATTERS: readonly number[] = [Opcode.COPY, Opcode.FILL, Opcode.RDMA_READ, ...ATOMICS, Opcode.RECV];
const WITH_IMMEDIATE: readonly number[] = [Opcode.SEND_IMM, Opcode.RDMA_WRITE_IMM];
const WITH_KEY: readonly number[] = [Opcode.SEND_INV, Opcode.LOCAL_INV, Opcode.FAST_REG];

/** What an operation has beside its lists. The other end may be the region that may only be read. */
function operands(e: Entry, opcode: number, rw: number, ro: number, to: Datagram | undefined): Partial<Work> {
  const [offset = 0, , fixed = false] = e.ranges[0] ?? [];
  const remote = fixed ? { address: RO_IOVA + offset, key: ro } : { address: RW_IOVA + offset, key: rw };
  const word = { address: remote.address - (remote.address % 8), key: remote.key };
  const atomic = ATOMICS.includes(opcode);
  return {
    ...(WITH_IMMEDIATE.includes(opcode) ? { immediate: e.value } : {}),
    ...(WITH_KEY.includes(opcode) ? { key: rw } : {}),
    ...(WRITES.includes(opcode) || opcode === Opcode.RDMA_READ ? { remote } : {}),
    ...(atomic ? { remote: word, swapAdd: [e.value, 0] as const, scatter: [eight(rw, offset)] } : {}),
    ...(opcode === Opcode.CMP_SWAP ? { compare: [0, 0] as const } : {}),
    ...(to !== undefined && SENDS.includes(opcode) ? { to } : {}),
  };
}

/** Where the result of an atomic goes. */
const eight = (lkey: number, offset: number) => ({
  address: RW_IOVA + Math.min(offset, DATA_BYTES - 8),
  length: 8,
  lkey,
});
