// SPDX-License-Identifier: MIT
// What a hostile guest may put into a descriptor: mostly sound requests with one or two things wrong, because a request
// that is all wrong is refused at its first field.
import fc from 'fast-check';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import type { Range, Work } from '../support/work.js';
import { KEY_NAMES, type KeyName, type Keys } from './arena.js';

/** A range before the keys are known: the place is counted from the first byte of the key's region. */
export interface Place {
  readonly key: KeyName;
  readonly offset: number;
  readonly length: number;
}

export interface Plan {
  readonly opcode: number;
  readonly gather: readonly Place[];
  readonly scatter: readonly Place[];
  readonly flags: number;
  readonly indexOff: number;
  readonly pattern: readonly [number, number];
  readonly gatherCount: number | undefined;
  readonly poke: readonly (readonly [number, number])[];
}

const rarely = <T>(value: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 14, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: other });

const key: fc.Arbitrary<KeyName> = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom<KeyName>('list', 'whole') },
  { weight: 2, arbitrary: fc.constantFrom(...KEY_NAMES) },
);

/** The page list holds 11,356 bytes from its first one on; its pages end at 3264, 7360, 11456. */
const LIST_BYTES = 11_356;
const offset = fc.oneof(
  { weight: 6, arbitrary: fc.nat(9000) },
  { weight: 3, arbitrary: fc.constantFrom(0, 3263, 3264, 3265, 7360, LIST_BYTES - 1, LIST_BYTES) },
  { weight: 1, arbitrary: fc.constantFrom(-1, 2 ** 20, 2 ** 32, 2 ** 53 - 2 ** 32, 2 ** 53, 2 ** 62) },
);
const length = fc.oneof(
  { weight: 8, arbitrary: fc.nat(300) },
  { weight: 2, arbitrary: fc.nat(4200) },
  { weight: 2, arbitrary: fc.constantFrom(0, 1, LIST_BYTES) },
  { weight: 1, arbitrary: fc.constantFrom(2 ** 31, 2 ** 31 - 1, 2 ** 32 - 1) },
);
export const place: fc.Arbitrary<Place> = fc.record({ key, offset, length });
export const places = (max: number): fc.Arbitrary<readonly Place[]> => fc.array(place, { maxLength: max });

const opcode = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(Opcode.COPY, Opcode.FILL, Opcode.SEND, Opcode.NOP) },
  { weight: 1, arbitrary: fc.nat(255) },
);

/** Descriptors of any shape. */
const anyShape: fc.Arbitrary<Plan> = fc.record({
  opcode,
  gather: places(4),
  scatter: places(4),
  flags: rarely(1, fc.nat(255)),
  indexOff: rarely(0, fc.nat(65535)),
  pattern: rarely<readonly [number, number]>([0, 0], fc.tuple(fc.nat(0xffffffff), fc.nat(0xffffffff))),
  gatherCount: rarely<number | undefined>(undefined, fc.integer({ min: 31, max: 255 })),
  poke: rarely<Plan['poke']>(
    [],
    fc.tuple(fc.constantFrom(6, 7), fc.nat(3)).map(one => [one]),
  ),
});

/** The same with the lists that the opcode wants, and for COPY a scatter list as long as the gather list. */
export const plan: fc.Arbitrary<Plan> = fc
  .tuple(anyShape, fc.boolean(), fc.nat(9000))
  .map(([p, mend, at]) => {
    if (!mend) return p;
    if (p.opcode === Opcode.NOP) return { ...p, gather: [], scatter: [] };
    if (p.opcode === Opcode.SEND) return { ...p, scatter: [] };
    if (p.opcode === Opcode.FILL) return { ...p, gather: [], pattern: [at, 0xfedcba98] };
    const total = p.gather.reduce((n, g) => n + g.length, 0);
    return total < LIST_BYTES
      ? { ...p, scatter: [{ key: 'list', offset: at % (LIST_BYTES - total), length: total }] }
      : p;
  });

const MAX_LENGTH = 2 ** 32 - 1;

/** `whole` is where a place in whole memory is counted from. */
export function toRanges(list: readonly Place[], keys: Keys, whole: number): Range[] {
  return list.map(p => {
    const named = keys.named[p.key];
    const first = named.pages === undefined ? whole : named.iova;
    const address = Math.max(0, first + p.offset);
    return { address, length: Math.min(p.length, MAX_LENGTH), lkey: named.key };
  });
}

export function toWork(p: Plan, keys: Keys, whole: number, index: number): Work {
  return {
    opcode: p.opcode,
    gather: toRanges(p.gather, keys, whole),
    scatter: toRanges(p.scatter, keys, whole),
    flags: p.flags,
    index: (index + p.indexOff) % 65536,
    pattern: p.pattern,
    poke: p.poke,
    ...(p.gatherCount === undefined ? {} : { gatherCount: p.gatherCount }),
  };
}
