// SPDX-License-Identifier: MIT
// A guest that stores anything anywhere, with queues full of anything: the adapter never throws, always comes to rest, and
// touches no byte but those of its queues and of the regions that the queues' protection domain may write.
import test from 'ava';
import fc from 'fast-check';
import { Command, CommandCode, MAILBOX_OUTPUT_OFFSET } from '../../device/abi/generated/commands.js';
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
import type { Cq, Eq, Qp } from '../support/work.js';
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
const access: fc.Arbitrary<Access> = fc.record({
  bar: fc.oneof({ weight: 8, arbitrary: fc.constant(DOORBELL_BAR) }, { weight: 2, arbitrary: fc.nat(5) }),
  offset,
  size: fc.constantFrom(8, 8, 8, 4, 2, 1),
  lo: word,
  hi: word,
  read: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
});

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

/** Words that make a queue entry look like something: small numbers where fields are, and some of the keys. */
const entry = fc.array(word, { minLength: 16, maxLength: 16 });

interface Battlefield {
  readonly driver: Driver;
  readonly eq: Eq;
  readonly cqs: readonly Cq[];
  readonly writable: readonly number[];
  readonly bystander: ReturnType<typeof makeBystander>;
}

/** Queue pairs of a protection domain in which one small region may be written, and one may be read. */
function prepare(entries: readonly (readonly number[])[], keySpots: readonly number[]): Battlefield {
  const driver = arena.fresh();
  const keys = makeKeys(driver);
  const eq = driver.createEq(0, 3);
  // Pages 1 and 2 are the guest's, 3 is the bystander's.
  const [page, , apart] = [0, 0, 0].map(() => driver.create(Command.ALLOC_PAGE));
  const bystander = makeBystander(driver, eq, apart);
  const pd = driver.create(Command.ALLOC_PD);
  const data = driver.alloc(2 * PAGE);
  noise(driver, data, 2 * PAGE, 5);
  const rw = driver.registerPages([data + PAGE, data], 0, 2 * PAGE, { pd });
  const ro = driver.registerPages([...keys.pages], 0x10000, 3 * PAGE, { pd, access: 0 });
  const cqs = [driver.createCq(eq, 2), driver.createCq(eq, 3, page)];
  const qps = [0, 0, 1].map((which, n) =>
    makeQp(driver, pd, which === 0 ? 0 : page, cqs[which], n === 2 ? 1 : 0),
  );
  driver.connect(qps[0], qps[1].number);
  driver.connect(qps[1], qps[0].number);
  driver.connect(qps[2], 0);
  entries.forEach((words, n) => {
    const ring = [qps[0].send, qps[1].recv, qps[1].send, qps[2].send, qps[0].recv][n % 5] as Qp['send'];
    const d = Uint32Array.from(words);
    d[0] %= 0x04040412;
    d[1] = n % 4;
    for (const spot of keySpots) d[spot] = n % 3 === 0 ? ro : rw;
    driver.target.writeBytes(ring.address + (n % ring.depth) * ring.stride, new Uint8Array(d.buffer));
  });
  arena.settle();
  return { driver, eq, cqs, writable: [data, data + PAGE], bystander };
}

function makeQp(driver: Driver, pd: number, page: number, cq: Cq, type: number): Qp {
  const bytes = 4 * 64;
  const sendAddress = driver.alloc(bytes);
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
  const spots = fc.constantFrom([11], [11, 15], []);
  const entries = fc.array(entry, { minLength: 5, maxLength: 20 });
  const property = fc.property(stores, entries, spots, (list, words, keySpots) => {
    const field = prepare(words, keySpots);
    const expected = arena.memory();
    for (const [n, a] of list.entries()) {
      if (!spoils(a)) play(field.driver, a);
      if (n % 7 === 6) arena.settle();
    }
    arena.settle();
    const actual = arena.memory();
    takeQueues(expected, actual, field.cqs, [field.eq]);
    for (const page of field.writable) take(expected, actual, page, PAGE);
    sameMemory(expected, actual);
    revive(field.driver);
    checkBystander(field.driver, field.bystander);
  });
  hold(t, 400, property);
});

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
