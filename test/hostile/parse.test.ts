// SPDX-License-Identifier: MIT
// The descriptor parser alone, on every operation and every type of queue pair: it finds a rule that is broken if there is
// one, takes every field where it stands if there is none, and looks at nothing beyond the bytes that it may see.
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { QpType } from '../../device/abi/generated/commands.js';
import { Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import { Descriptor, RECEIVE_QUEUE } from '../../device/model/descriptor.js';
import { asWords, encodeWork, type Range, type Work } from '../support/work.js';
import { broken, type Kind, look, type Seen } from './oracle.js';
import { hold } from './seed.js';

const ROOM_MAX = 512;
/** Where the descriptor stands among words that are none of its business. */
const AT = 64;

const TYPES: Readonly<Record<Kind, number>> = {
  rc: QpType.RC,
  dma: QpType.DMA,
  uc: QpType.UC,
  ud: QpType.UD,
  gsi: QpType.GSI,
  receive: RECEIVE_QUEUE,
};
const KINDS = Object.keys(TYPES) as Kind[];

const word = fc.oneof(
  fc.constantFrom(0, 1, 8, 0x7fffffff, 0x80000000, 0xffffffff),
  fc.integer({ min: 0, max: 0xffffffff }),
);
const pair = fc.tuple(word, word);
const exact = fc.oneof(fc.constantFrom(0, 1, 2 ** 32, 2 ** 53), fc.nat(2 ** 40));
const length = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(0, 1, 7, 8, 100, 1024, 4096, 4097) },
  { weight: 1, arbitrary: word },
);
const range: fc.Arbitrary<Range> = fc.record({ address: exact, length, lkey: word });
const ranges = fc.array(range, { maxLength: 6 });
const eight = fc.constantFrom<Range[]>(
  [{ address: 0, length: 8, lkey: 1 }],
  [3, 0, 5].map(length => ({ address: 64, length, lkey: 1 })),
);

const CONNECTED: readonly Kind[] = ['rc', 'uc'];
const message = fc.oneof(
  ranges.map(gather => ({ gather })),
  fc.uint8Array({ maxLength: 64 }).map(inline => ({ inline })),
);
const remote = fc.record({ address: exact, key: word });
const to = fc.record({ ah: word, qpn: word, qkey: word });
const registration = fc.record({
  ...{ iova: exact, length: exact, pageList: exact, pageCount: word },
  ...{ access: fc.nat(255), pageShift: fc.nat(255) },
});

/** Requests that are sound on the queues they come with, but for lengths that may not fit. */
const SOUND: readonly (readonly [kinds: readonly Kind[], work: fc.Arbitrary<Work>])[] = [
  [KINDS.slice(0, 5), fc.constant({ opcode: Opcode.NOP })],
  [['rc', 'uc'], message.map(m => ({ ...m, opcode: Opcode.SEND }))],
  [['ud', 'gsi'], fc.tuple(message, to).map(([m, to]) => ({ ...m, to, opcode: Opcode.SEND }))],
  [
    CONNECTED,
    fc.tuple(message, word).map(([m, immediate]) => ({ ...m, immediate, opcode: Opcode.SEND_IMM })),
  ],
  [
    ['ud', 'gsi'],
    fc
      .tuple(message, to, word)
      .map(([m, to, immediate]) => ({ ...m, to, immediate, opcode: Opcode.SEND_IMM })),
  ],
  [['rc'], fc.tuple(message, word).map(([m, key]) => ({ ...m, key, opcode: Opcode.SEND_INV }))],
  [['rc', 'dma'], ranges.map(list => ({ opcode: Opcode.COPY, gather: list, scatter: list }))],
  [
    ['rc', 'dma'],
    fc.tuple(ranges, pair).map(([scatter, pattern]) => ({ opcode: Opcode.FILL, scatter, pattern })),
  ],
  [CONNECTED, fc.tuple(message, remote).map(([m, r]) => ({ ...m, remote: r, opcode: Opcode.RDMA_WRITE }))],
  [
    CONNECTED,
    fc
      .tuple(message, remote, word)
      .map(([m, r, immediate]) => ({ ...m, remote: r, immediate, opcode: Opcode.RDMA_WRITE_IMM })),
  ],
  [
    ['rc'],
    fc.tuple(ranges, remote).map(([scatter, r]) => ({ scatter, remote: r, opcode: Opcode.RDMA_READ })),
  ],
  [
    ['rc'],
    fc.tuple(eight, remote, pair, pair).map(([scatter, r, swapAdd, compare]) => ({
      ...{ scatter, remote: r, swapAdd, compare },
      opcode: Opcode.CMP_SWAP,
    })),
  ],
  [
    ['rc'],
    fc
      .tuple(eight, remote, pair)
      .map(([scatter, r, swapAdd]) => ({ scatter, remote: r, swapAdd, opcode: Opcode.FETCH_ADD })),
  ],
  [CONNECTED, word.map(key => ({ key, opcode: Opcode.LOCAL_INV }))],
  [
    CONNECTED,
    fc.tuple(registration, word).map(([registration, key]) => ({
      ...{ registration, key },
      opcode: Opcode.FAST_REG,
    })),
  ],
  [['receive'], ranges.map(scatter => ({ opcode: Opcode.RECV, scatter }))],
];

interface Try {
  readonly work: Work;
  readonly kind: Kind;
  readonly privileged: boolean;
  readonly index: number;
  /** What is done to the sound descriptor: another queue, other words or bytes, less room. */
  readonly otherKind: Kind | undefined;
  readonly damage: readonly (readonly [byte: number, value: number])[];
  readonly room: number | undefined;
}

const maybe = <T>(weight: number, other: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: other });

/** Flags, counts and lengths above all: other bytes are mostly operands, in which anything may stand. */
const damage = fc.tuple(
  fc.oneof(fc.constantFrom(1, 2, 3, 6), fc.nat(79)),
  fc.oneof(fc.constantFrom(0, 1, 4, 5, 8, 9, 16), fc.nat(255)),
);

const attempt: fc.Arbitrary<Try> = fc
  .oneof(...SOUND.map(([kinds, work]) => fc.tuple(fc.constantFrom(...kinds), work)))
  .chain(([kind, work]) =>
    fc.record({
      work: fc
        .constantFrom(1, 0, 3, 7, 15)
        .map(flags => ({ ...work, flags: kind === 'receive' ? 1 : flags % 8 })),
      kind: fc.constant(kind),
      privileged: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
      index: fc.nat(65535),
      otherKind: maybe(5, fc.constantFrom(...KINDS)),
      damage: fc.oneof(
        { weight: 2, arbitrary: fc.constant([]) },
        { weight: 3, arbitrary: fc.array(damage, { maxLength: 2 }) },
      ),
      room: fc.oneof(
        { weight: 5, arbitrary: fc.constant(undefined) },
        { weight: 3, arbitrary: fc.constant(ROOM_MAX) },
        { weight: 1, arbitrary: fc.nat(ROOM_MAX / 16).map(n => n * 16) },
      ),
    }),
  );

/** The descriptor among words that are all `noise`, parsed as `available` bytes. */
function parse(
  bytes: Uint8Array,
  available: number,
  noise: number,
  t: Try,
  kind: Kind,
): [number, Descriptor] {
  const m = new Uint32Array(AT + ROOM_MAX).fill(noise);
  const shown = new Uint8Array(Math.max(available, 32));
  shown.set(bytes.subarray(0, shown.length));
  m.set(asWords(shown), AT);
  const d = new Descriptor();
  return [d.parse(m, AT, available, t.index, TYPES[kind], t.privileged), d];
}

const sum = (list: readonly Range[]): number => list.reduce((n, r) => n + r.length, 0);

/** Every field is where the reference page says it is. */
function checkFields(d: Descriptor, seen: Seen, index: number): void {
  const [low, high, remoteLo, remoteHi] = seen.operands;
  const flags = [d.signaled, d.solicited, d.fence, d.inline].map(Number);
  assert.deepEqual(
    [d.opcode, d.index, d.key, d.operandLo, d.operandHi],
    [seen.opcode, index, low, low, high],
  );
  assert.equal(flags[0] + 2 * flags[1] + 4 * flags[2] + 8 * flags[3], seen.flags);
  assert.deepEqual([d.gatherCount, d.scatterCount], seen.counts);
  assert.equal(d.gatherBytes, sum(seen.gather) + seen.data.length);
  assert.equal(d.scatterBytes, sum(seen.scatter));
  const first = AT + 8 + seen.extension.length;
  assert.deepEqual([d.gatherAt, d.inlineAt], [first, first * 4]);
  assert.equal(d.scatterAt, first + seen.counts[0] * 4);
  if (high !== 0 && seen.opcode !== Opcode.FILL) assert.equal(d.remoteAddress, remoteLo + remoteHi * 2 ** 32);
  checkExtension(d, seen);
}

function checkExtension(d: Descriptor, { opcode, extension: e }: Seen): void {
  if (opcode === Opcode.FAST_REG) {
    const wide = (n: number): number => e[n] + e[n + 1] * 2 ** 32;
    assert.deepEqual([d.regIova, d.regLength, d.regPageList], [wide(0), wide(2), wide(4)]);
    assert.deepEqual([d.regPageCount, d.regAccess + 256 * d.regPageShift], [e[6], e[7]]);
  } else if (opcode === Opcode.CMP_SWAP || opcode === Opcode.FETCH_ADD)
    assert.deepEqual([d.swapAddLo, d.swapAddHi, d.compareLo, d.compareHi], e);
  else if (e.length > 0) assert.deepEqual([d.ah, d.destQpn, d.qkey], e.slice(0, 3));
}

/** How often each operation ended in each status: an arbitrary that never reaches one proves nothing of it. */
const reached = new Map<number, Set<number>>();

function runParse(t: Try): void {
  const kind = t.otherKind ?? t.kind;
  const bytes = encodeWork(t.work, t.index, 0);
  for (const [at, value] of t.damage) if (at < bytes.length) bytes[at] = value;
  const room = t.room === undefined ? Math.ceil(bytes.length / 16) * 16 : Math.max(32, t.room);
  const seen = look(bytes, room, kind);
  const rules = broken({ seen, index: t.index, kind, privileged: t.privileged });
  const [status, d] = parse(bytes, room, 0, t, kind);
  const [again] = parse(bytes, room, 0xffffffff, t, kind);
  assert.equal(again, status, 'what stands beside a descriptor is no part of it');
  if (rules.size === 0) assert.equal(status, WcStatus.SUCCESS);
  else assert.ok(rules.has(status as WcStatus), `status ${status}, allowed: ${[...rules]}`);
  if (status === WcStatus.SUCCESS) checkFields(d, seen, t.index);
  reached.set(seen.opcode, (reached.get(seen.opcode) ?? new Set()).add(status));
}

test('any descriptor of any operation, on a queue pair of any type', t => {
  hold(t, 20_000, fc.property(attempt, runParse));
  for (const opcode of Object.values(Opcode)) {
    if (opcode === Opcode.RECV_RDMA_WITH_IMM) continue;
    const statuses = reached.get(opcode);
    t.true(statuses?.has(WcStatus.SUCCESS) && statuses.has(WcStatus.LOC_QP_OP_ERR), `opcode ${opcode}`);
  }
});
