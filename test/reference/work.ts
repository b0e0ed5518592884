// SPDX-License-Identifier: MIT
// Random work: descriptors and ranges. Most of it is sound, with one thing wrong now and then: work that is all wrong is
// refused at its first field, and its queue runs no more.
import fc from 'fast-check';
import { DAMAGES, type Damage } from './descriptor.js';
import {
  type KeyName,
  OPERATIONS,
  type OperationName,
  type Place,
  type TypeName,
  type WorkPlan,
} from './program.js';
import { bytesOf, SMALL_WORDS } from './stage.js';

const CONNECTED: readonly OperationName[] = ['NOP', 'SEND', 'SEND_IMM', 'RDMA_WRITE', 'RDMA_WRITE_IMM'];
const RELIABLE: readonly OperationName[] = [
  ...CONNECTED,
  'RDMA_READ',
  'CMP_SWAP',
  'FETCH_ADD',
  'COPY',
  'FILL',
];
const PRIVILEGED: readonly OperationName[] = ['LOCAL_INV', 'FAST_REG'];

/** Operations that are worth trying; one time in so many it is any. */
const OPERATIONS_OF: Readonly<Record<TypeName, readonly OperationName[]>> = {
  RC: [...RELIABLE, 'SEND', 'SEND_INV'],
  UC: [...CONNECTED, 'SEND', 'RDMA_WRITE'],
  UD: ['SEND', 'SEND', 'SEND_IMM', 'NOP'],
  GSI: ['SEND', 'SEND', 'SEND_IMM', 'NOP'],
  DMA: ['COPY', 'FILL', 'NOP', 'COPY', 'FILL'],
};
const ANY_OF = 25;

export const rarely = <T>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>, weight = 12): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: other });
export const maybe = <T>(other: fc.Arbitrary<T>, weight = 12): fc.Arbitrary<T | undefined> =>
  rarely<T | undefined>(fc.constant(undefined), other, weight);

const length = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 64 }) },
  { weight: 3, arbitrary: fc.constantFrom(255, 256, 257, 512, 513, 768) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 1100 }) },
  { weight: 1, arbitrary: fc.constantFrom(4096, 4097, 4999) },
);

/** A range, usually inside its region. */
export const place = (...keys: KeyName[]): fc.Arbitrary<Place> =>
  fc
    .record({
      key: rarely(fc.constantFrom(...keys), fc.constantFrom<KeyName>(...BAD_KEYS), 100),
      at: fc.nat(16_000),
      length,
      beyond: maybe(fc.constantFrom(0, 1, 2 ** 36), 150),
    })
    .map(p => ({ key: p.key, at: inside(p), length: p.length }));

const BAD_KEYS: readonly KeyName[] = [
  'foreign',
  'gone',
  'junk',
  'readOnly',
  'remoteRead',
  'fast0',
  'fast1',
  'local',
];

function inside(p: { key: KeyName; at: number; length: number; beyond: number | undefined }): number {
  const room = bytesOf(p.key) - p.length;
  if (p.beyond !== undefined) return Math.max(0, room + p.beyond);
  return room <= 0 ? 0 : p.at % (room + 1);
}

const sources = fc.array(place('all', 'local', 'readOnly', 'whole'), { minLength: 0, maxLength: 3 });
const targets = fc.array(place('local', 'remoteWrite', 'all', 'whole'), {
  minLength: 1,
  maxLength: 3,
});
export const damage: fc.Arbitrary<Damage | undefined> = maybe(fc.constantFrom(...DAMAGES), 80);
const number32 = fc.oneof(fc.nat(3), fc.nat(0xffffffff));

/** All that any operation may need; plan() takes from it what the operation has. */
export const material = fc.record({
  which: fc.nat(9999),
  unsignaled: maybe(fc.constant(true as const), 4),
  solicited: maybe(fc.constant(true as const), 4),
  fence: maybe(fc.constant(true as const), 6),
  from: sources,
  to: targets,
  inline: maybe(fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 257, max: 460 })), 4),
  remoteKey: rarely(fc.constantFrom<KeyName>('all', 'all', 'all', 'fast0'), fc.constantFrom(...BAD_KEYS), 25),
  remoteAt: fc.nat(9000),
  odd: maybe(fc.integer({ min: 1, max: 7 }), 40),
  value: fc.oneof(number32, fc.constant(0xffffffff)),
  compare: fc.tuple(fc.constantFrom(...SMALL_WORDS), fc.constantFrom(...SMALL_WORDS)),
  key: rarely(
    fc.constantFrom<KeyName>('fast0', 'fast1'),
    fc.constantFrom<KeyName>('all', 'junk', 'gone'),
    40,
  ),
  pages: fc.array(fc.nat(7), { minLength: 1, maxLength: 4 }),
  offset: fc.constantFrom(0, 0, 0x100),
  shorter: fc.nat(200),
  access: fc.constantFrom(15, 15, 15, 15, 1, 3, 9, 4, 2),
  tag: fc.integer({ min: 1, max: 3 }),
  ah: rarely(fc.constant(0), fc.nat(2), 6),
  dest: fc.nat(3),
  qkey: rarely(fc.constant(0x11), fc.constantFrom(0x12, 0x80000000), 6),
  room: maybe(fc.constant(true as const), 8),
  damage,
});
export type Material = typeof material extends fc.Arbitrary<infer T> ? T : never;

export const sum = (list: readonly Place[]): number => list.reduce((n, p) => n + p.length, 0);

/** `list` with its total made `total`, unless it cannot be. */
export function fitted(list: readonly Place[], total: number): Place[] {
  const result: Place[] = [];
  let left = total;
  for (const [n, p] of list.entries()) {
    const length = n === list.length - 1 ? left : Math.min(p.length, left);
    const room = Math.max(0, bytesOf(p.key) - length);
    result.push({ ...p, at: Math.min(p.at, room), length });
    left -= length;
  }
  return result;
}

/** In other regions than `from`: a COPY onto itself is refused. */
const apart = (to: readonly Place[], from: readonly Place[]): Place[] =>
  to.map(p => (from.some(other => other.key === p.key) ? { ...p, key: 'remoteWrite' } : p));

const flags = (m: Material): Partial<WorkPlan> => ({
  ...(m.unsignaled === undefined ? {} : { unsignaled: m.unsignaled }),
  ...(m.solicited === undefined ? {} : { solicited: m.solicited }),
  ...(m.fence === undefined ? {} : { fence: m.fence }),
  ...(m.damage === undefined ? {} : { damage: m.damage }),
});

export function plan(m: Material, type: TypeName, privileged: boolean): WorkPlan {
  const usual = privileged ? [...OPERATIONS_OF[type], ...PRIVILEGED] : OPERATIONS_OF[type];
  const possible = m.which % ANY_OF === ANY_OF - 1 ? OPERATIONS : usual;
  const op = possible[Math.floor(m.which / ANY_OF) % possible.length];
  return { op, ...operands(m, op), ...datagram(m, op, type), ...flags(m) };
}

function datagram(m: Material, op: OperationName, type: TypeName): Partial<WorkPlan> {
  if ((type !== 'UD' && type !== 'GSI') || !op.startsWith('SEND')) return {};
  return { ah: m.ah, dest: m.dest, qkey: m.qkey };
}

/** Eight bytes for an atomic: a few that are used again and again, whose content is easily guessed. */
function remoteWord(m: Material): NonNullable<WorkPlan['remote']> {
  const key = m.remoteKey === 'all' && m.remoteAt % 4 > 0 ? 'remoteAtomic' : m.remoteKey;
  return { key, at: (m.remoteAt % 12) * 8 + (m.odd ?? 0) };
}

function operands(m: Material, op: OperationName): Partial<WorkPlan> {
  const data = m.inline !== undefined ? { inline: m.inline } : { from: m.from };
  const atomic = op === 'CMP_SWAP' || op === 'FETCH_ADD';
  const remote = atomic ? remoteWord(m) : { key: m.remoteKey, at: m.remoteAt };
  switch (op) {
    case 'NOP':
      return {};
    case 'SEND':
      return data;
    case 'SEND_IMM':
      return { ...data, value: m.value };
    case 'SEND_INV':
      return { ...data, key: m.key };
    case 'COPY':
      return { from: m.from, to: m.odd === undefined ? fitted(apart(m.to, m.from), sum(m.from)) : m.to };
    case 'FILL':
      return { to: m.to, value: m.value };
    case 'RDMA_WRITE':
      return { ...data, remote };
    case 'RDMA_WRITE_IMM':
      return { ...data, remote, value: m.value };
    case 'RDMA_READ':
      return { to: m.to, remote };
    case 'CMP_SWAP':
      return { to: fitted(m.to, 8), remote, value: m.value, compare: m.compare };
    case 'FETCH_ADD':
      return { to: fitted(m.to, 8), remote, value: m.value };
    case 'LOCAL_INV':
      return { key: m.key };
    case 'FAST_REG':
      return {
        key: m.key,
        pages: m.pages,
        offset: m.offset,
        length: m.pages.length * 4096 - m.shorter,
        access: m.access,
        tag: m.tag,
      };
  }
}
