// SPDX-License-Identifier: MIT
// Random programs: a cast of queue pairs that are made and brought up, then anything.
import fc from 'fast-check';
import { Access, QpAttr, QpState } from '../../device/abi/generated/commands.js';
import type { HoldName, KeyName, Op, Program, PushPlan, TypeName, WorkPlan } from './program.js';
import { damage, fitted, material, maybe, place, plan, rarely, sum } from './work.js';

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
  [
    { type: 'DMA', peer: 0 },
    { type: 'DMA', peer: 1 },
  ],
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

const slot = fc.nat(999);
/** Makes a step, or a few that belong together, for a cast. */
type Make = (cast: readonly Member[], path: Path) => readonly Op[];
const make = <T>(
  arbitrary: fc.Arbitrary<T>,
  to: (value: T, cast: readonly Member[], path: Path) => Op | readonly Op[],
) =>
  arbitrary.map(
    (value): Make =>
      (cast, path) =>
        [to(value, cast, path)].flat(),
  );
const planFor = (m: Parameters<typeof plan>[0], member: Member): WorkPlan =>
  plan(m, member.type, member.privileged === true);

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
  .map(
    ({ memory, buffer, fault }): PushPlan => ({ memory, buffer, ...(fault === undefined ? {} : { fault }) }),
  );

/** What holds for all connections of a program. */
interface Path {
  readonly mtu: number;
  /** Version of IP of the queue pairs, by turns. */
  readonly ip6: readonly boolean[];
}

const bringUp = (qp: number, peer: number, path: Path, psn: number, access: number, reads: number): Op => ({
  do: 'bringUp',
  qp,
  peer,
  mtu: path.mtu,
  psn,
  access,
  reads,
  qkey: 0x11,
  ...(path.ip6[qp % path.ip6.length] ? { ip6: true as const } : {}),
});

const REMOTE = Access.REMOTE_READ | Access.REMOTE_WRITE | Access.REMOTE_ATOMIC;

const send = make(
  fc.tuple(
    slot,
    fc.array(material, { minLength: 1, maxLength: 3 }),
    rarely(fc.constant(true), fc.constant(false)),
  ),
  ([s, list, ring], cast) => {
    const qp = s % cast.length;
    return { do: 'send', qp, work: list.map(m => planFor(m, cast[qp])), ring };
  },
);
const push = make(fc.tuple(slot, material, how), ([s, m, h], cast) => {
  const qp = s % cast.length;
  return { do: 'push', qp, work: planFor(m, cast[qp]), how: h };
});
/** Large enough for most messages. */
const buffers = fc.array(place('all', 'local', 'remoteWrite', 'whole'), { minLength: 0, maxLength: 2 });
const recv = make(fc.tuple(slot, buffers, fc.nat(3), damage), ([s, list, large, harm], cast) => {
  const qp = s % cast.length;
  const to = large > 0 && list.length > 0 ? fitted(list, Math.max(sum(list), 1300)) : list;
  const broken = harm === undefined ? {} : { damage: harm };
  const { srq } = cast[qp];
  return srq === undefined ? { do: 'recv', qp, to, ...broken } : { do: 'srqRecv', srq, to, ...broken };
});
const modify = make(
  fc.tuple(
    slot,
    fc.constantFrom(3, 4, 0, 1, 2, 3, 3, 4, 4, 5, 6),
    rarely(
      fc.constant(0),
      fc.nat(17).map(bit => 2 ** bit),
      3,
    ),
  ),
  ([s, to, flip], cast) => ({ do: 'modify', qp: s % cast.length, to, flip }),
);
/** To SQD, and the event is asked for; and back. */
const drain = make(fc.tuple(slot, fc.nat(3)), ([s, what], cast) => {
  const qp = s % cast.length;
  // Software that takes it to be in RTS still.
  if (what === 2) return { do: 'modify', qp, to: QpState.RTS, flip: QpAttr.CUR_STATE };
  if (what === 1) return { do: 'modify', qp, to: QpState.RTS, flip: 0 };
  return { do: 'modify', qp, to: QpState.SQD, flip: QpAttr.SQD_EVENT };
});
/** A connection starts anew, at both ends; sometimes one end alone, to somebody else, or as far as RTR. */
const again = make(
  fc.record({
    slot,
    psn: fc.nat(0xffffff),
    access: rarely(fc.constant(REMOTE), fc.constantFrom(0, 2, 4, 8), 4),
    reads: rarely(fc.constant(4), fc.constantFrom(1, 0), 4),
    alone: maybe(fc.nat(3), 6),
    until: maybe(fc.constantFrom(1, 2), 6),
  }),
  ({ slot, psn, access, reads, alone, until }, cast, path) => {
    const qp = slot % cast.length;
    const { peer } = cast[qp];
    if (alone !== undefined) return bringUp(qp, alone % cast.length, path, psn, access, reads);
    const one = bringUp(qp, peer, path, psn, access, reads);
    const first = until === undefined ? one : { ...one, until };
    return peer === qp || peer >= cast.length ? first : [first, bringUp(peer, qp, path, psn, access, reads)];
  },
);
/** The life of a region for fast registration; `parts` says which of it happen. */
const fast = make(
  fc.tuple(slot, material, fc.constantFrom<KeyName>('fast0', 'fast1'), fc.nat(31), fc.boolean()),
  ([s, m, key, parts, local], cast) => {
    const capable = cast.flatMap((member, n) => (member.privileged === true ? [n] : []));
    if (capable.length === 0) return [];
    const owner = capable[s % capable.length];
    const { peer } = cast[owner];
    const { pages, tag } = m;
    const work = (qp: number, ...list: WorkPlan[]): Op => ({ do: 'send', qp, work: list, ring: true });
    const inline = 40;
    const ops: Op[] = [
      work(owner, {
        op: 'FAST_REG',
        key,
        pages,
        offset: 0,
        length: pages.length * 4096,
        access: m.access,
        tag,
      }),
      work(peer, { op: 'RDMA_WRITE', inline, remote: { key, at: m.remoteAt % 4000 } }),
      work(owner, { op: 'NOP' }, { op: 'SEND', from: [{ key, at: 0, length: 300 }] }),
      { do: 'recv', qp: owner, to: [{ key: 'local', at: 8, length: inline }] },
      local ? work(owner, { op: 'LOCAL_INV', key }) : work(peer, { op: 'SEND_INV', inline, key }),
    ];
    return ops.filter((_, n) => Math.floor(parts / 2 ** n) % 2 === 0);
  },
);
const ringing = make(
  fc.tuple(
    slot,
    fc.constantFrom<'send' | 'recv'>('send', 'recv'),
    fc.integer({ min: -2, max: 3 }),
    maybe(fc.nat(2), 6),
  ),
  ([s, queue, ahead, page], cast) => ({
    do: 'doorbell',
    queue,
    qp: s % cast.length,
    ahead,
    ...(page === undefined ? {} : { page }),
  }),
);
/** Keys of which much depends come seldom. */
const dynamicKey = rarely(
  fc.constantFrom<KeyName>('remoteAtomic', 'fast0', 'fast1', 'gone', 'whole', 'foreign'),
  fc.constantFrom<KeyName>('all', 'local', 'remoteWrite'),
  3,
);
const regions = make(fc.tuple(dynamicKey, fc.nat(2)), ([key, give]) => ({
  do: give > 0 ? 'register' : 'deregister',
  key,
}));
const reregister = make(
  fc.tuple(
    dynamicKey,
    maybe(fc.constantFrom(0, 1, 15), 1),
    maybe(fc.array(fc.nat(7), { minLength: 4, maxLength: 4 }), 1),
  ),
  ([key, access, pages]) => ({
    do: 'reregister',
    key,
    ...(access === undefined ? {} : { access }),
    ...(pages === undefined ? {} : { pages }),
  }),
);
const hold = make(
  maybe(rarely(fc.constantFrom<HoldName>('link', 'engine', 'port'), fc.constant<HoldName>('all'), 1), 1),
  what => (what === undefined ? { do: 'release' } : { do: 'hold', what }),
);
const resize = make(
  fc.tuple(fc.nat(2), rarely(fc.constantFrom(1, 2), fc.constantFrom(4, 5, 6, 7), 4)),
  ([cq, log]) => ({ do: 'resizeCq', cq, log }),
);
const arm = make(fc.tuple(fc.nat(2), fc.boolean()), ([cq, solicited]) => ({ do: 'arm', cq, solicited }));
const moderate = make(
  fc.tuple(fc.nat(2), fc.constantFrom(2, 3, 5, 2, 3, 1, 0), fc.constantFrom(10, 30, 10, 30, 0), fc.boolean()),
  ([cq, count, us, armed]) => {
    const op = { do: 'moderate', cq, count, us } as const;
    return armed ? [{ do: 'consume', cq }, op, { do: 'arm', cq, solicited: false }] : op;
  },
);
/** Mostly back: without it much of the programs comes to nothing. */
const setGid = make(fc.nat(2), which => ({ do: 'setGid', own: which > 0 }));
const pass = make(fc.constantFrom(1, 10, 20, 29), us => ({ do: 'pass', us }));
/** A queue that gathers, and is armed anew while its period runs; `parts` says which of it happen. */
const period = make(fc.tuple(slot, fc.nat(2 ** 14 - 1)), ([s, parts], cast) => {
  const qp = s % cast.length;
  const arm = { do: 'arm', cq: qp % 2, solicited: false } as const;
  const one: Op = { do: 'send', qp, work: [{ op: 'NOP' }], ring: true };
  const wait = { do: 'pass', us: 20 } as const;
  const ops: Op[] = [{ do: 'moderate', cq: qp % 2, count: 5, us: 30 }, arm, one, wait, arm, one, wait];
  return ops.filter((_, n) => Math.floor(parts / 4 ** n) % 4 !== 0);
});
const consume = make(fc.nat(2), cq => ({ do: 'consume', cq }));
const destroy = make(slot, (s, cast) => ({ do: 'destroyQp', qp: s % cast.length }));
const recreate = make(fc.tuple(slot, fc.nat(2), fc.boolean()), ([s, log, up], cast, path) => {
  const qp = s % cast.length;
  const made = [{ do: 'destroyQp', qp } as const, create(qp, cast[qp], log + 2)];
  return up ? [...made, bringUp(qp, cast[qp].peer, path, 0xfffffe, REMOTE, 4)] : made;
});
const srqs = make(fc.tuple(fc.nat(1), fc.nat(3), fc.nat(3)), ([srq, what, limit]) => {
  if (what === 0) return { do: 'destroySrq', srq };
  return what === 1 ? { do: 'createSrq', srq, limit } : { do: 'limitSrq', srq, limit };
});
const ahs = make(
  fc.tuple(fc.nat(2), fc.nat(3), fc.boolean(), fc.boolean(), fc.nat(1)),
  ([ah, what, known, six, pd], cast) => {
    if (!cast.some(m => m.type === 'UD')) return [];
    if (what === 0) return { do: 'destroyAh', ah };
    const ip6 = six ? { ip6: true as const } : {};
    return what === 1 ? { do: 'createAh', ah, pd, known, ...ip6 } : { do: 'modifyAh', ah, known, ...ip6 };
  },
);
const pds = make(fc.nat(1), pd => ({ do: 'deallocPd', pd }));

function create(qp: number, m: Member, logDepth: number): Op {
  return {
    do: 'createQp',
    qp,
    type: m.type,
    ...(m.srq !== undefined ? { srq: m.srq } : {}),
    ...(m.privileged === undefined ? {} : { privileged: m.privileged }),
    ...(qp % 3 === 2 ? { page: true as const } : {}),
    cqs: [qp % 2, qp % 3],
    logDepth,
  };
}

/** What comes before anything else: the cast is made and connected. */
function prologue(cast: readonly Member[], path: Path, rights: number): Op[] {
  const ops: Op[] = [];
  if (cast.some(m => m.srq === 0)) ops.push({ do: 'createSrq', srq: 0, limit: 2 });
  cast.forEach((m, qp) => {
    ops.push(create(qp, m, qp % 2 === 0 ? 3 : 4));
  });
  cast.forEach((m, qp) => {
    ops.push(bringUp(qp, m.peer, path, 0xfffffe, rights, 4));
  });
  if (cast.some(m => m.type === 'UD'))
    ops.push(
      { do: 'createAh', ah: 0, pd: 0, known: true, ...(path.ip6[0] ? { ip6: true as const } : {}) },
      { do: 'createAh', ah: 1, pd: 0, known: false },
      { do: 'createAh', ah: 2, pd: 1, known: true },
    );
  return ops;
}

const step: fc.Arbitrary<Make> = fc.oneof(
  { weight: 30, arbitrary: send },
  { weight: 12, arbitrary: push },
  { weight: 28, arbitrary: recv },
  { weight: 3, arbitrary: modify },
  { weight: 3, arbitrary: drain },
  { weight: 8, arbitrary: again },
  { weight: 4, arbitrary: fast },
  { weight: 2, arbitrary: ringing },
  { weight: 2, arbitrary: regions },
  { weight: 1, arbitrary: reregister },
  { weight: 5, arbitrary: hold },
  { weight: 2, arbitrary: resize },
  { weight: 4, arbitrary: arm },
  { weight: 2, arbitrary: setGid },
  { weight: 2, arbitrary: moderate },
  { weight: 2, arbitrary: period },
  { weight: 3, arbitrary: pass },
  { weight: 8, arbitrary: consume },
  { weight: 1, arbitrary: destroy },
  { weight: 1, arbitrary: recreate },
  { weight: 2, arbitrary: srqs },
  { weight: 1, arbitrary: ahs },
  { weight: 1, arbitrary: pds },
);

/** Programs of so many steps after the cast is made. */
export function programs(steps: number): fc.Arbitrary<Program> {
  return fc
    .record({
      cast: fc.nat(CASTS.length - 1),
      path: fc.record({
        mtu: rarely(fc.constant(1), fc.constantFrom(2, 3), 3),
        ip6: fc.constantFrom([false], [true], [false, false, true, true], [false, true]),
      }),
      rights: rarely(fc.constant(REMOTE), fc.constantFrom(2, 4, 8), 10),
      steps: fc.array(step, { minLength: 1, maxLength: steps, size: 'max' }),
    })
    .map(({ cast, path, rights, steps }) => {
      const members = CASTS[cast];
      const body = steps.flatMap(one => one(members, path));
      return [...prologue(members, path, rights), ...body, { do: 'release' }];
    });
}
