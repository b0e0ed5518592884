// SPDX-License-Identifier: MIT
// Random programs: a cast of queue pairs that are made and brought up, then anything. Most of it is sound, with one thing
// wrong now and then: a program that is all wrong stops at its first step.
import fc from 'fast-check';
import { Access } from '../../device/abi/generated/commands.js';
import { DAMAGES, type Damage } from './descriptor.js';
import {
  type KeyName,
  type Op,
  OPERATIONS,
  type OperationName,
  type Place,
  type Program,
  type PushPlan,
  type TypeName,
  type WorkPlan,
} from './program.js';
import { bytesOf } from './stage.js';

/** What the model can do so far. */
export interface Abilities {
  readonly types: readonly TypeName[];
  readonly operations: readonly OperationName[];
  readonly inline: boolean;
  readonly srq: boolean;
  readonly reregister: boolean;
}

export const EVERYTHING: Abilities = {
  types: ['RC', 'DMA', 'UC', 'UD', 'GSI'],
  operations: OPERATIONS,
  inline: true,
  srq: true,
  reregister: true,
};

interface Member {
  readonly type: TypeName;
  readonly peer: number;
  readonly srq?: number;
  readonly privileged?: true;
}

const rc = (peer: number, more: Partial<Member> = {}): Member => ({ type: 'RC', peer, ...more });

/** Who plays: pairs that are connected, channels, datagrams. */
const CASTS: readonly (readonly Member[])[] = [
  [rc(1), rc(0)],
  [rc(1, { privileged: true }), rc(0, { privileged: true }), { type: 'DMA', peer: 2 }],
  [rc(1), rc(0), rc(3), rc(2)],
  [rc(1, { srq: 0 }), rc(0, { srq: 0 }), rc(3, { srq: 0 }), rc(2)],
  [rc(0, { privileged: true })],
  [{ type: 'DMA', peer: 0 }, { type: 'DMA', peer: 1 }],
  [
    { type: 'UC', peer: 1, privileged: true },
    { type: 'UC', peer: 0 },
  ],
  [{ type: 'UC', peer: 1, srq: 0 }, { type: 'UC', peer: 0 }, rc(3, { srq: 0 }), rc(2)],
  [
    { type: 'UD', peer: 0 },
    { type: 'UD', peer: 1 },
    { type: 'UD', peer: 2, srq: 0 },
  ],
  [{ type: 'GSI', peer: 0 }, { type: 'UD', peer: 1 }, rc(3), rc(2)],
];

const OPERATIONS_OF: Readonly<Record<TypeName, readonly OperationName[]>> = {
  RC: OPERATIONS,
  DMA: ['COPY', 'FILL', 'NOP', 'COPY', 'FILL', 'SEND'],
  UC: ['SEND', 'SEND_IMM', 'RDMA_WRITE', 'RDMA_WRITE_IMM', 'NOP', 'LOCAL_INV', 'FAST_REG', 'COPY', 'RDMA_READ'],
  UD: ['SEND', 'SEND', 'SEND_IMM', 'NOP', 'COPY', 'RDMA_WRITE'],
  GSI: ['SEND', 'SEND', 'SEND_IMM', 'NOP'],
};

const rarely = <T>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<T>, weight = 12): fc.Arbitrary<T> =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: other });
const maybe = <T>(other: fc.Arbitrary<T>, weight = 12): fc.Arbitrary<T | undefined> =>
  rarely<T | undefined>(fc.constant(undefined), other, weight);

const length = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 0, max: 64 }) },
  { weight: 3, arbitrary: fc.constantFrom(255, 256, 257, 512, 513, 768) },
  { weight: 2, arbitrary: fc.integer({ min: 0, max: 1100 }) },
  { weight: 1, arbitrary: fc.constantFrom(4096, 4097, 4999) },
);

/** A range, usually inside its region. */
const place = (...keys: KeyName[]): fc.Arbitrary<Place> =>
  fc
    .record({
      key: rarely(fc.constantFrom(...keys), fc.constantFrom<KeyName>(...BAD_KEYS), 25),
      at: fc.nat(16_000),
      length,
      beyond: maybe(fc.constantFrom(0, 1, 2 ** 36), 30),
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

const sources = fc.array(place('all', 'local', 'readOnly', 'whole', 'fast0'), { minLength: 0, maxLength: 3 });
const targets = fc.array(place('all', 'local', 'remoteWrite', 'whole', 'fast0'), { minLength: 1, maxLength: 3 });
const damage: fc.Arbitrary<Damage | undefined> = maybe(fc.constantFrom(...DAMAGES), 25);
const number32 = fc.oneof(fc.nat(3), fc.nat(0xffffffff));

/** All that any operation may need; plan() takes from it what the operation has. */
const material = fc.record({
  which: fc.nat(999),
  unsignaled: maybe(fc.constant(true as const), 4),
  solicited: maybe(fc.constant(true as const), 4),
  fence: maybe(fc.constant(true as const), 6),
  from: sources,
  to: targets,
  inline: maybe(fc.integer({ min: 0, max: 200 }), 4),
  remoteKey: rarely(fc.constantFrom<KeyName>('all', 'all', 'fast0'), fc.constantFrom(...BAD_KEYS), 8),
  remoteAt: fc.nat(9000),
  odd: maybe(fc.integer({ min: 1, max: 7 }), 15),
  value: number32,
  compare: fc.nat(2),
  key: rarely(fc.constantFrom<KeyName>('fast0', 'fast1'), fc.constantFrom<KeyName>('all', 'junk', 'gone')),
  pages: fc.array(fc.nat(7), { minLength: 1, maxLength: 4 }),
  offset: fc.constantFrom(0, 0, 0x100),
  shorter: fc.nat(200),
  access: fc.constantFrom(15, 15, 15, 1, 3, 9, 4, 2),
  tag: fc.integer({ min: 1, max: 3 }),
  ah: rarely(fc.constant(0), fc.nat(2), 6),
  dest: fc.nat(3),
  qkey: rarely(fc.constant(0x11), fc.constantFrom(0x12, 0x80000000), 6),
  room: maybe(fc.constant(true as const), 8),
  damage,
});
type Material = typeof material extends fc.Arbitrary<infer T> ? T : never;

const sum = (list: readonly Place[]): number => list.reduce((n, p) => n + p.length, 0);

/** `list` with its total made `total`, unless it cannot be. */
function fitted(list: readonly Place[], total: number): Place[] {
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

const flags = (m: Material): Partial<WorkPlan> => ({
  ...(m.unsignaled === undefined ? {} : { unsignaled: m.unsignaled }),
  ...(m.solicited === undefined ? {} : { solicited: m.solicited }),
  ...(m.fence === undefined ? {} : { fence: m.fence }),
  ...(m.damage === undefined ? {} : { damage: m.damage }),
});

function plan(m: Material, type: TypeName, can: Abilities): WorkPlan {
  const possible = OPERATIONS_OF[type].filter(op => can.operations.includes(op));
  const op = possible[m.which % possible.length] ?? 'NOP';
  return { op, ...operands(m, op, can), ...datagram(m, op, type), ...flags(m) };
}

function datagram(m: Material, op: OperationName, type: TypeName): Partial<WorkPlan> {
  if ((type !== 'UD' && type !== 'GSI') || !op.startsWith('SEND')) return {};
  return { ah: m.ah, dest: m.dest, qkey: m.qkey };
}

function operands(m: Material, op: OperationName, can: Abilities): Partial<WorkPlan> {
  const data = m.inline !== undefined && can.inline ? { inline: m.inline } : { from: m.from };
  const remoteAt = m.remoteAt - (m.remoteAt % 8) + (m.odd ?? 0);
  const remote = { key: m.remoteKey, at: op === 'CMP_SWAP' || op === 'FETCH_ADD' ? remoteAt : m.remoteAt };
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
      return { from: m.from, to: m.odd === undefined ? fitted(m.to, sum(m.from)) : m.to };
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

const slot = fc.nat(999);
type Make = (cast: readonly Member[], can: Abilities) => Op | undefined;
const make = <T>(arbitrary: fc.Arbitrary<T>, to: (value: T, cast: readonly Member[], can: Abilities) => Op | undefined) =>
  arbitrary.map((value): Make => (cast, can) => to(value, cast, can));

const fault: fc.Arbitrary<PushPlan['fault'] | undefined> = maybe(
  fc.constantFrom<NonNullable<PushPlan['fault']>>('torn', 'short', 'generation', 'buffer', 'page', 'ahead'),
  3,
);
const how = fc
  .record({
    memory: fc.constantFrom<PushPlan['memory']>('same', 'same', 'other', 'none'),
    buffer: fc.nat(3),
    fault,
  })
  .map(({ memory, buffer, fault }): PushPlan => ({ memory, buffer, ...(fault === undefined ? {} : { fault }) }));

const bringUp = (qp: number, m: Member, peer: number, mtu: number, psn: number, access: number, reads: number): Op => ({
  do: 'bringUp',
  qp,
  peer,
  mtu,
  psn,
  access,
  reads,
  qkey: 0x11,
  ...(m.type === 'GSI' ? {} : {}),
});

const REMOTE = Access.REMOTE_READ | Access.REMOTE_WRITE | Access.REMOTE_ATOMIC;

const send = make(fc.tuple(slot, fc.array(material, { minLength: 1, maxLength: 3 }), rarely(fc.constant(true), fc.constant(false))), ([s, list, ring], cast, can) => {
  const qp = s % cast.length;
  return { do: 'send', qp, work: list.map(m => plan(m, cast[qp].type, can)), ring };
});
const push = make(fc.tuple(slot, material, how), ([s, m, h], cast, can) => {
  const qp = s % cast.length;
  return { do: 'push', qp, work: plan(m, cast[qp].type, can), how: h };
});
/** Large enough for most messages. */
const buffers = fc.array(place('all', 'local', 'remoteWrite', 'whole'), { minLength: 0, maxLength: 2 });
const recv = make(fc.tuple(slot, buffers, fc.boolean(), damage), ([s, list, large, harm], cast) => {
  const qp = s % cast.length;
  const to = large && list.length > 0 ? fitted(list, Math.max(sum(list), 1300)) : list;
  const broken = harm === undefined ? {} : { damage: harm };
  const { srq } = cast[qp];
  return srq === undefined ? { do: 'recv', qp, to, ...broken } : { do: 'srqRecv', srq, to, ...broken };
});
const modify = make(
  fc.tuple(slot, fc.constantFrom(0, 1, 2, 3, 3, 3, 4, 4, 5, 6), rarely(fc.constant(0), fc.nat(17).map(bit => 2 ** bit), 3)),
  ([s, to, flip], cast) => ({ do: 'modify', qp: s % cast.length, to, flip }),
);
const again = make(
  fc.tuple(slot, fc.constantFrom(1, 1, 2), fc.nat(0xffffff), fc.constantFrom(REMOTE, REMOTE, 0, 2, 4, 8), fc.constantFrom(4, 1, 0), slot),
  ([s, mtu, psn, access, reads, other], cast) => {
    const qp = s % cast.length;
    const peer = other % 20 === 0 ? other % cast.length : cast[qp].peer;
    return bringUp(qp, cast[qp], peer, mtu, psn, access, reads);
  },
);
/** Both ends of a connection anew: one alone has other sequence numbers than its peer. */
const ringing = make(
  fc.tuple(slot, fc.constantFrom<'send' | 'recv'>('send', 'recv'), fc.integer({ min: -2, max: 3 }), maybe(fc.nat(2), 4)),
  ([s, queue, ahead, page], cast) => ({
    do: 'doorbell',
    queue,
    qp: s % cast.length,
    ahead,
    ...(page === undefined ? {} : { page }),
  }),
);
const dynamicKey = fc.constantFrom<KeyName>('all', 'local', 'remoteWrite', 'remoteAtomic', 'fast0', 'fast1', 'gone', 'whole', 'foreign');
const regions = make(fc.tuple(dynamicKey, fc.boolean()), ([key, give]) => ({ do: give ? 'register' : 'deregister', key }));
const reregister = make(
  fc.tuple(dynamicKey, maybe(fc.constantFrom(0, 1, 15), 1), maybe(fc.array(fc.nat(7), { minLength: 4, maxLength: 4 }), 1)),
  ([key, access, pages], _cast, can) =>
    can.reregister
      ? {
          do: 'reregister',
          key,
          ...(access === undefined ? {} : { access }),
          ...(pages === undefined ? {} : { pages }),
        }
      : undefined,
);
const hold = make(fc.boolean(), on => ({ do: on ? 'hold' : 'release' }));
const arm = make(fc.tuple(fc.nat(2), fc.boolean()), ([cq, solicited]) => ({ do: 'arm', cq, solicited }));
const consume = make(fc.nat(2), cq => ({ do: 'consume', cq }));
const destroy = make(slot, (s, cast) => ({ do: 'destroyQp', qp: s % cast.length }));
const recreate = make(fc.tuple(slot, fc.nat(2)), ([s, log], cast, can) => create(s % cast.length, cast[s % cast.length], can, log + 2));
const srqs = make(fc.tuple(fc.nat(1), fc.nat(3), fc.nat(3)), ([srq, what, limit], _cast, can) => {
  if (!can.srq) return undefined;
  if (what === 0) return { do: 'destroySrq', srq };
  return what === 1 ? { do: 'createSrq', srq, limit } : { do: 'limitSrq', srq, limit };
});
const ahs = make(fc.tuple(fc.nat(2), fc.nat(3), fc.boolean(), fc.nat(1)), ([ah, what, known, pd], cast) => {
  if (!cast.some(m => m.type === 'UD')) return undefined;
  if (what === 0) return { do: 'destroyAh', ah };
  return what === 1 ? { do: 'createAh', ah, pd, known } : { do: 'modifyAh', ah, known };
});
const pds = make(fc.nat(1), pd => ({ do: 'deallocPd', pd }));

function create(qp: number, m: Member, can: Abilities, logDepth: number): Op {
  return {
    do: 'createQp',
    qp,
    type: m.type,
    ...(m.srq !== undefined && can.srq ? { srq: m.srq } : {}),
    ...(m.privileged === undefined ? {} : { privileged: m.privileged }),
    ...(qp % 3 === 2 ? { page: true as const } : {}),
    cqs: [qp % 2, qp % 3],
    logDepth,
  };
}

/** What comes before anything else: the cast is made and connected. */
function prologue(cast: readonly Member[], can: Abilities, mtu: number): Op[] {
  const ops: Op[] = [];
  if (can.srq && cast.some(m => m.srq === 0)) ops.push({ do: 'createSrq', srq: 0, limit: 2 });
  cast.forEach((m, qp) => {
    ops.push(create(qp, m, can, 4));
  });
  cast.forEach((m, qp) => {
    ops.push(bringUp(qp, m, m.peer, mtu, 0xfffffe, REMOTE, 4));
  });
  if (cast.some(m => m.type === 'UD'))
    ops.push(
      { do: 'createAh', ah: 0, pd: 0, known: true },
      { do: 'createAh', ah: 1, pd: 0, known: false },
      { do: 'createAh', ah: 2, pd: 1, known: true },
    );
  return ops;
}

const step: fc.Arbitrary<Make> = fc.oneof(
  { weight: 30, arbitrary: send },
  { weight: 12, arbitrary: push },
  { weight: 24, arbitrary: recv },
  { weight: 5, arbitrary: modify },
  { weight: 3, arbitrary: again },
  { weight: 3, arbitrary: ringing },
  { weight: 3, arbitrary: regions },
  { weight: 2, arbitrary: reregister },
  { weight: 6, arbitrary: hold },
  { weight: 4, arbitrary: arm },
  { weight: 8, arbitrary: consume },
  { weight: 1, arbitrary: destroy },
  { weight: 2, arbitrary: recreate },
  { weight: 2, arbitrary: srqs },
  { weight: 2, arbitrary: ahs },
  { weight: 1, arbitrary: pds },
);

export function programs(can: Abilities, steps: number): fc.Arbitrary<Program> {
  const casts = CASTS.map(cast => cast.filter(m => can.types.includes(m.type))).filter(cast => cast.length > 0);
  return fc
    .record({
      cast: fc.nat(casts.length - 1),
      mtu: rarely(fc.constant(1), fc.constantFrom(2, 3), 3),
      steps: fc.array(step, { minLength: 1, maxLength: steps, size: 'max' }),
    })
    .map(({ cast, mtu, steps }) => {
      const members = casts[cast];
      const body = steps.map(one => one(members, can)).filter(op => op !== undefined);
      return [...prologue(members, can, mtu), ...body, { do: 'release' }];
    });
}
