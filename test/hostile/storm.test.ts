// SPDX-License-Identifier: MIT
// A guest that stores anything anywhere, with queues full of anything: the adapter never throws, always comes to rest, and
// touches no byte but those of its queues and of the regions that the queues' protection domain may write.
import test from 'ava';
import fc from 'fast-check';
import { Command, CommandCode, MAILBOX_OUTPUT_OFFSET } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import {
  DOORBELL_BAR,
  REG_COMMAND_OFFSET,
  REG_CONTROL_OFFSET,
  REG_MAILBOX_HI_OFFSET,
  REG_MAILBOX_LO_OFFSET,
  REG_RESET_OFFSET,
  REGISTER_BAR,
  RESET_MAGIC,
} from '../../device/abi/generated/registers.js';
import type { Driver } from '../support/driver.js';
import { type Cq, type Eq, encodeWork, type Qp, type Ring } from '../support/work.js';
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
import { hold } from './seed.js';

const arena = new Arena();
const PAGE = 4096;
/** Stride of the work queues. */
const ENTRY_BYTES = 64;

interface Access {
  readonly bar: number;
  readonly offset: number;
  readonly size: number;
  readonly lo: number;
  readonly hi: number;
  readonly read: boolean;
}

const word = fc.oneof(
  { weight: 3, arbitrary: fc.nat(7) },
  { weight: 3, arbitrary: fc.constantFrom(0, 1, 0xffff, 0xffffffff, 0x80000000, 0x02000003, 0x10000003) },
  { weight: 1, arbitrary: fc.nat(0xffffffff) },
);
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
const plausible: fc.Arbitrary<Access> = fc
  .tuple(
    // Queue pairs 3 and 4 belong to page 0, 5 to page 1.
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom<[number, number]>([0, 3], [0, 4], [1, 5]) },
      { weight: 1, arbitrary: fc.tuple(fc.nat(1), fc.nat(6)) },
    ),
    fc.constantFrom(0, 0, 0, 8, 8, 16, 24, 32),
    fc.integer({ min: 0, max: 5 }),
  )
  .map(([[page, number], at, index]) => ({
    bar: DOORBELL_BAR,
    offset: page * PAGE + at,
    size: 8,
    lo: number,
    hi: index,
    read: false,
  }));

const wild: fc.Arbitrary<Access> = fc.record({
  bar: fc.oneof({ weight: 8, arbitrary: fc.constant(DOORBELL_BAR) }, { weight: 2, arbitrary: fc.nat(5) }),
  offset,
  size: fc.constantFrom(8, 8, 8, 4, 2, 1),
  lo: word,
  hi: word,
  read: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

const access = fc.oneof({ weight: 1, arbitrary: plausible }, { weight: 1, arbitrary: wild });

const BYSTANDER_PAGE = 3;

/**
 * What would make the run pointless: another mailbox, a command, a reset (commands have a property of their own), or
 * the doorbell page of the bystander, who may harm itself.
 */
const spoils = (a: Access): boolean =>
  (a.bar === DOORBELL_BAR && Math.floor(a.offset / PAGE) === BYSTANDER_PAGE) ||
  (a.bar === REGISTER_BAR &&
    ([REG_COMMAND_OFFSET, REG_MAILBOX_LO_OFFSET, REG_MAILBOX_HI_OFFSET].includes(a.offset) ||
      (a.offset === REG_RESET_OFFSET && a.lo === RESET_MAGIC)));

/** A store as the transport hands it on: no data above its size. */
function play(driver: Driver, a: Access): void {
  const lo = a.size >= 4 ? a.lo : a.lo % 2 ** (8 * a.size);
  if (a.read) driver.target.load(a.bar, a.offset, a.size);
  else driver.target.store(a.bar, a.offset, a.size, lo, a.size === 8 ? a.hi : 0);
}

/** A queue entry that may well be sound, and what is then broken in it: words with other values. */
interface Entry {
  readonly opcode: number;
  readonly ranges: readonly (readonly [offset: number, length: number, inReadOnly: boolean])[];
  readonly damage: readonly (readonly [word: number, value: number])[];
}

const DATA_BYTES = 2 * PAGE;
const range = fc.tuple(
  fc.nat(DATA_BYTES),
  fc.oneof({ weight: 9, arbitrary: fc.nat(900) }, { weight: 1, arbitrary: word }),
  fc.boolean(),
);
const entry: fc.Arbitrary<Entry> = fc.record({
  opcode: fc.constantFrom(Opcode.NOP, Opcode.SEND, Opcode.COPY, Opcode.FILL),
  ranges: fc.array(range, { maxLength: 1 }),
  damage: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.tuple(fc.nat(15), word), { maxLength: 3 }) },
  ),
});

interface Battlefield {
  readonly driver: Driver;
  readonly eq: Eq;
  readonly cqs: readonly Cq[];
  readonly writable: readonly number[];
  readonly bystander: ReturnType<typeof makeBystander>;
}

/** Where the regions of the guest's protection domain begin: one may be written, one only read. */
const RW_IOVA = 0;
const RO_IOVA = 0x10000;

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
  const rw = driver.registerPages([data + PAGE, data], RW_IOVA, DATA_BYTES, { pd });
  const ro = driver.registerPages([...keys.pages], RO_IOVA, 3 * PAGE, { pd, access: 0 });
  const cqs = [driver.createCq(eq, 4), driver.createCq(eq, 4, page)];
  const qps = [0, 0, 1].map((which, n) =>
    makeQp(driver, pd, which === 0 ? 0 : page, cqs[which], n === 2 ? 1 : 0),
  );
  driver.connect(qps[0], qps[1].number);
  driver.connect(qps[1], qps[0].number);
  driver.connect(qps[2], 0);
  const recv = qps[1].recv as Ring;
  entries.forEach((e, n) => {
    const queue = [qps[0].send, recv, qps[2].send, qps[1].send][n % 4];
    // Entries of one queue follow each other; each is good for one index only.
    const index = Math.floor(n / 4) % queue.depth;
    const bytes = encodeEntry(e, index, queue === recv, rw, ro);
    driver.target.writeBytes(queue.address + index * queue.stride, bytes);
  });
  arena.settle();
  return { driver, eq, cqs, writable: [data, data + PAGE], bystander };
}

function encodeEntry(e: Entry, index: number, receive: boolean, rw: number, ro: number): Uint8Array {
  const opcode = receive ? Opcode.RECV : e.opcode;
  const from = (o: number, length: number, lkey: number, base: number) => ({
    address: base + o,
    length,
    lkey,
  });
  const reads = e.ranges.map(([o, n, fixed]) => from(o, n, fixed ? ro : rw, fixed ? RO_IOVA : RW_IOVA));
  const writes = e.ranges.map(([o, n, fixed]) =>
    fixed && n % 3 === 0 ? from(o, n, ro, RO_IOVA) : from(o, n, rw, RW_IOVA),
  );
  const gather = opcode === Opcode.SEND || opcode === Opcode.COPY ? reads : [];
  const scatter = opcode === Opcode.NOP || opcode === Opcode.SEND ? [] : writes;
  const bytes = new Uint8Array(ENTRY_BYTES);
  bytes.set(encodeWork({ opcode, gather, scatter }, index, 0).subarray(0, ENTRY_BYTES));
  const words = new Uint32Array(bytes.buffer);
  for (const [at, value] of e.damage) words[at] = value;
  return bytes;
}

function makeQp(driver: Driver, pd: number, page: number, cq: Cq, type: number): Qp {
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
  });
  driver.key = own;
  return { ...made, send: { ...made.send, address: sendAddress } };
}

test('any stores to any BAR, with queues full of anything', t => {
  const stores = fc.array(access, { minLength: 1, maxLength: 60 });
  const entries = fc.array(entry, { minLength: 16, maxLength: 16 });
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
  hold(t, 400, property);
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
      if (status === CommandCode.OK) take(before, after, driver.mailbox + MAILBOX_OUTPUT_OFFSET, 64);
      sameMemory(before, after);
    }
    driver.writeRegister(REG_MAILBOX_LO_OFFSET, driver.mailbox);
    driver.writeRegister(REG_MAILBOX_HI_OFFSET, 0);
    driver.setLink(0);
    checkBystander(driver, bystander);
  });
  hold(t, 600, property);
});

/** Commands that may well end what the bystander lives from: its queue pair, the link. */
function breaksBystander(code: number, words: readonly number[]): boolean {
  return code === Command.DESTROY_QP || (code === Command.MODIFY_QP && (words[0] ?? 0) <= 2);
}
