// SPDX-License-Identifier: MIT
// A guest that stores anything anywhere, with queues full of anything: the adapter never throws, always comes to rest, and
// touches no byte but those of its queues and of the regions that the queues' protection domain may write.
import test from 'ava';
import fc from 'fast-check';
import {
  Access,
  Command,
  CommandCode,
  cmdResizeCqAddress,
  cmdResizeCqLogDepth,
  MAILBOX_OUTPUT_OFFSET,
  Mtu,
  QpType,
} from '../../device/abi/generated/commands.js';
import { CQE_SIZE } from '../../device/abi/generated/descriptors.js';
import {
  DB_RECV_OFFSET,
  DB_SEND_OFFSET,
  DB_SRQ_OFFSET,
  DOORBELL_BAR,
  REG_COMMAND_OFFSET,
  REG_CONTROL_OFFSET,
  REG_MAILBOX_HI_OFFSET,
  REG_MAILBOX_LO_OFFSET,
  REG_RESET_OFFSET,
  REGISTER_BAR,
  RESET_MAGIC,
} from '../../device/abi/generated/registers.js';
import { DEFAULT_QKEY } from '../support/commander.js';
import type { Driver } from '../support/driver.js';
import type { Cq, Eq, Qp, Ring, Srq } from '../support/work.js';
import {
  Arena,
  checkBystander,
  makeBystander,
  makeKeys,
  noise,
  sameMemory,
  take,
  takeQueues,
} from './arena.js';
import {
  DATA_BYTES,
  ENTRY_BYTES,
  type Entry,
  encodeEntry,
  entry,
  RO_IOVA,
  RW_IOVA,
  USUAL,
  word,
} from './entries.js';
import { hold } from './seed.js';

const arena = new Arena();
const PAGE = 4096;

interface Store {
  readonly bar: number;
  readonly offset: number;
  readonly size: number;
  readonly lo: number;
  readonly hi: number;
  readonly read: boolean;
}

const doorbell = fc
  .tuple(fc.nat(2), fc.constantFrom(0, 8, 16, 24, 32, 40, 0x7f8))
  .map(([p, at]) => p * PAGE + at);
const pushed = fc
  .tuple(
    fc.nat(1),
    fc.nat(3),
    fc.oneof(
      fc.nat(0x1ff),
      fc.constant(0x100),
      fc.nat(31).map(n => n * 8),
    ),
  )
  .map(([page, buffer, at]) => page * PAGE + 0x800 + buffer * 0x200 + at);
const offset = fc.oneof(
  { weight: 4, arbitrary: doorbell },
  { weight: 4, arbitrary: pushed },
  { weight: 2, arbitrary: fc.nat(0x90) },
  { weight: 1, arbitrary: fc.nat(0xfffff) },
);
/** A doorbell that a driver might ring: right register, a queue that exists, a small index. */
/** Page, queue and register: queue pairs 3, 4, 6 and 7 belong to page 0, 5 to page 1; 1 is the shared receive queue. */
const RINGS = [
  ...[3, 4, 6, 7].map(number => [0, number, DB_SEND_OFFSET] as const),
  [1, 5, DB_SEND_OFFSET],
  [0, 4, DB_RECV_OFFSET],
  [0, 4, DB_RECV_OFFSET],
  [0, 1, DB_SRQ_OFFSET],
  [0, 1, DB_SRQ_OFFSET],
] as const;
const plausible: fc.Arbitrary<Store> = fc
  .tuple(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...RINGS) },
      { weight: 1, arbitrary: fc.tuple(fc.nat(1), fc.nat(8), fc.constantFrom(0, 8, 16, 24, 32, 40)) },
    ),
    fc.integer({ min: 0, max: 5 }),
  )
  .map(([[page, number, at], index]) => ({
    bar: DOORBELL_BAR,
    offset: page * PAGE + at,
    size: 8,
    lo: number,
    hi: index,
    read: false,
  }));

const wild: fc.Arbitrary<Store> = fc.record({
  bar: fc.oneof({ weight: 8, arbitrary: fc.constant(DOORBELL_BAR) }, { weight: 2, arbitrary: fc.nat(5) }),
  offset,
  size: fc.constantFrom(8, 8, 8, 4, 2, 1),
  lo: word,
  hi: word,
  read: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

const access = fc.oneof({ weight: 3, arbitrary: plausible }, { weight: 2, arbitrary: wild });

const BYSTANDER_PAGE = 3;

/**
 * What would make the run pointless: another mailbox, a command, a reset (commands have a property of their own), or
 * the doorbell page of the bystander, who may harm itself.
 */
const spoils = (a: Store): boolean =>
  (a.bar === DOORBELL_BAR && Math.floor(a.offset / PAGE) === BYSTANDER_PAGE) ||
  (a.bar === REGISTER_BAR &&
    ([REG_COMMAND_OFFSET, REG_MAILBOX_LO_OFFSET, REG_MAILBOX_HI_OFFSET].includes(a.offset) ||
      (a.offset === REG_RESET_OFFSET && a.lo === RESET_MAGIC)));

/** A store as the transport hands it on: no data above its size. */
function play(driver: Driver, a: Store): void {
  const lo = a.size >= 4 ? a.lo : a.lo % 2 ** (8 * a.size);
  if (a.read) driver.target.load(a.bar, a.offset, a.size);
  else driver.target.store(a.bar, a.offset, a.size, lo, a.size === 8 ? a.hi : 0);
}

const ALL_RIGHTS = Access.LOCAL_WRITE | Access.REMOTE_WRITE | Access.REMOTE_READ | Access.REMOTE_ATOMIC;

interface Battlefield {
  readonly driver: Driver;
  readonly eq: Eq;
  readonly cqs: readonly Cq[];
  readonly writable: readonly number[];
  readonly bystander: ReturnType<typeof makeBystander>;
}

/** Queue pairs of a protection domain in which one small region may be written, and one may be read. */
function prepare(entries: readonly Entry[]): Battlefield {
  const driver = arena.fresh();
  const keys = makeKeys(driver);
  const eq = driver.createEq(0, 3);
  // Pages 1 and 2 are the guest's, 3 is the bystander's.
  const [page, , apart] = [0, 0, 0].map(() => driver.create(Command.ALLOC_PAGE));
  const bystander = makeBystander(driver, eq, apart);
  const pd = driver.create(Command.ALLOC_PD);
  const data = driver.alloc(DATA_BYTES);
  noise(driver, data, DATA_BYTES, 5);
  const rw = driver.registerPages([data + PAGE, data], RW_IOVA, DATA_BYTES, { pd, access: ALL_RIGHTS });
  const ro = driver.registerPages([...keys.pages], RO_IOVA, 3 * PAGE, { pd, access: Access.REMOTE_READ });
  const cqs = [driver.createCq(eq, 4), driver.createCq(eq, 4, page)];
  const srq = makeSrq(driver, pd);
  const qps = [
    makeQp(driver, pd, 0, cqs[0], QpType.RC),
    makeQp(driver, pd, 0, cqs[0], QpType.RC),
    makeQp(driver, pd, page, cqs[1], QpType.DMA),
    makeQp(driver, pd, 0, cqs[0], QpType.UC, srq),
    makeQp(driver, pd, 0, cqs[0], QpType.UD, srq),
  ];
  const ends = [1, 0, 2, 3, 4];
  qps.forEach((qp, n) => {
    driver.connect(qp, qps[ends[n]].number, Mtu.MTU_256);
  });
  const ah = driver.createAh({}, pd);
  const recv = qps[1].recv as Ring;
  const queues: readonly (readonly [Ring, readonly number[]])[] = [
    [qps[0].send, USUAL.RC],
    [recv, USUAL.RECEIVE],
    [qps[2].send, USUAL.DMA],
    [qps[1].send, USUAL.RC],
    [qps[3].send, USUAL.UC],
    [qps[4].send, USUAL.UD],
    [srq.recv, USUAL.RECEIVE],
  ];
  entries.forEach((e, n) => {
    const [queue, usual] = queues[n % queues.length];
    // Entries of one queue follow each other; each is good for one index only.
    const index = Math.floor(n / queues.length) % queue.depth;
    const to = queue === qps[4].send ? { ah, qpn: qps[4].number, qkey: DEFAULT_QKEY } : undefined;
    const bytes = encodeEntry(e, index, usual, rw, ro, to);
    driver.target.writeBytes(queue.address + index * queue.stride, bytes);
  });
  arena.settle();
  return { driver, eq, cqs, writable: [data, data + PAGE], bystander };
}

/** A shared receive queue, whose ring the adapter may only read. */
function makeSrq(driver: Driver, pd: number): Srq {
  const own = driver.key;
  driver.key = driver.registerWhole(pd, 0);
  const srq = driver.createSrq({ pd, logDepth: 2, logStride: 6, limit: 1 });
  driver.key = own;
  return srq;
}

function makeQp(driver: Driver, pd: number, page: number, cq: Cq, type: number, srq?: Srq): Qp {
  const sendAddress = driver.alloc(4 * ENTRY_BYTES);
  const pages = [sendAddress];
  const sendLkey = driver.registerPages(pages, 0x100000, PAGE, { pd, access: 0 });
  // The receive queue is made by the driver in whole memory of its own domain; a key for this one is needed as well.
  const own = driver.key;
  driver.key = driver.registerWhole(pd, 0);
  const made = driver.createQp({
    type,
    pd,
    page,
    sendCq: cq,
    sendLkey,
    sendAddress: 0x100000,
    logDepth: 2,
    logStride: 6,
    ...(srq !== undefined ? { srq } : {}),
  });
  driver.key = own;
  return { ...made, send: { ...made.send, address: sendAddress } };
}

test('any stores to any BAR, with queues full of anything', t => {
  const stores = fc.array(access, { minLength: 1, maxLength: 60 });
  const entries = fc.array(entry, { minLength: 28, maxLength: 28 });
  const seen = { completions: 0, good: 0, changed: 0 };
  const property = fc.property(stores, entries, (list, work) => {
    const field = prepare(work);
    const expected = arena.memory();
    for (const [n, a] of list.entries()) {
      if (!spoils(a)) play(field.driver, a);
      if (n % 7 === 6) arena.settle();
    }
    arena.settle();
    const actual = arena.memory();
    tally(field, expected, actual, seen);
    takeQueues(expected, actual, field.cqs, [field.eq]);
    for (const page of field.writable) take(expected, actual, page, PAGE);
    sameMemory(expected, actual);
    revive(field.driver);
    checkBystander(field.driver, field.bystander);
  });
  hold(t, 500, property);
  t.log(seen);
  // A storm in which nothing ever runs would prove nothing.
  t.true(seen.good > 100 && seen.completions > seen.good && seen.changed > 40);
});

interface Seen {
  completions: number;
  good: number;
  /** Runs in which memory of the guest's changed. */
  changed: number;
}

function tally(field: Battlefield, before: Uint8Array, after: Uint8Array, seen: Seen): void {
  const completions = field.cqs.flatMap(cq => field.driver.poll(cq, false));
  seen.completions += completions.length;
  seen.good += completions.filter(c => c.status === 0).length;
  const differs = (page: number) =>
    Buffer.compare(before.subarray(page, page + PAGE), after.subarray(page, page + PAGE)) !== 0;
  if (field.writable.some(differs)) seen.changed++;
}

/** The storm may have cleared ENABLE. */
function revive(driver: Driver): void {
  driver.writeRegister(REG_CONTROL_OFFSET, 1);
}

/** Bytes of the longest output. */
const OUTPUT_BYTES = 192;
/** These change what the bystander has: queue pair 2, completion queue 1. */
const RISKY: readonly number[] = [Command.MODIFY_QP, Command.RESIZE_CQ];
const KNOWN_CODES: ReadonlySet<number> = new Set(Object.values(CommandCode));
const opcode = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...Object.values(Command)) },
  { weight: 1, arbitrary: fc.nat(0xffff) },
);
const input = fc.oneof(
  fc.array(word, { minLength: 0, maxLength: 16 }),
  fc.array(fc.oneof(fc.nat(3), fc.constantFrom(0x101, 0x201, 0x301, 0x10000, 0x6000)), {
    minLength: 1,
    maxLength: 4,
  }),
);

test('any commands with any input', t => {
  const one = fc.record({ opcode, input, mailboxOff: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, 2048, 2 ** 40) });
  const property = fc.property(fc.array(one, { minLength: 1, maxLength: 40 }), commands => {
    const driver = arena.fresh();
    const eq = driver.createEq(0, 3);
    const bystander = makeBystander(driver, eq);
    noise(driver, 0x6000, 64, 1);
    for (const c of commands) {
      if (breaksBystander(c.opcode, c.input)) continue;
      const mailbox = driver.mailbox + c.mailboxOff;
      driver.writeRegister(REG_MAILBOX_LO_OFFSET, mailbox % 2 ** 32);
      driver.writeRegister(REG_MAILBOX_HI_OFFSET, Math.floor(mailbox / 2 ** 32));
      const before = arena.memory();
      new Uint32Array(before.buffer).set(
        Uint32Array.from({ length: 16 }, (_, n) => c.input[n] ?? 0),
        driver.mailbox / 4,
      );
      const status = driver.tryCommand(c.opcode, words => words.set(c.input.slice(0, 16)));
      if (!KNOWN_CODES.has(status)) throw new Error(`status ${status}`);
      if (c.mailboxOff !== 0 && status === CommandCode.OK)
        throw new Error('a mailbox that cannot be was used');
      const after = arena.memory();
      if (status === CommandCode.OK) takeOutput(before, after, driver.mailbox, c.opcode, c.input);
      // A change of the port or a GID is told.
      takeQueues(before, after, [], [eq]);
      sameMemory(before, after);
    }
    driver.writeRegister(REG_MAILBOX_LO_OFFSET, driver.mailbox);
    driver.writeRegister(REG_MAILBOX_HI_OFFSET, 0);
    driver.setLink(0);
    checkBystander(driver, bystander);
  });
  hold(t, 600, property);
});

/** What a command that has succeeded may have written: its output, and the new buffer of a queue. */
function takeOutput(
  before: Uint8Array,
  after: Uint8Array,
  mailbox: number,
  code: number,
  words: readonly number[],
): void {
  take(before, after, mailbox + MAILBOX_OUTPUT_OFFSET, OUTPUT_BYTES);
  if (code !== Command.RESIZE_CQ) return;
  const input = Uint32Array.from({ length: 16 }, (_, n) => words[n] ?? 0);
  take(before, after, cmdResizeCqAddress(input, 0), CQE_SIZE * 2 ** cmdResizeCqLogDepth(input, 0));
}

/** Commands that may well end what the bystander lives from: its queue pair, the link. */
function breaksBystander(code: number, words: readonly number[]): boolean {
  const first = words[0] ?? 0;
  return code === Command.DESTROY_QP || (RISKY.includes(code) && first <= 2);
}
