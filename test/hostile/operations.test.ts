// SPDX-License-Identifier: MIT
// RDMA, atomics and memory management with anything in them, between two queue pairs: the right status at each end, and
// every byte of memory as it has to be.
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { Access, Command, Mtu, QpFlag, QpState } from '../../device/abi/generated/commands.js';
import { Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import type { Driver } from '../support/driver.js';
import { type Cq, INDEX_MODULUS, type Qp, type Registration, type Work } from '../support/work.js';
import { type Place, places, toRanges } from './arbitrary.js';
import {
  Arena,
  checkBystander,
  IOVA,
  type Keys,
  makeBystander,
  makeKeys,
  noise,
  sameMemory,
  takeQueues,
} from './arena.js';
import {
  carryOutRemote,
  faults,
  type Key,
  look,
  remoteRange,
  remoteViolations,
  violations,
} from './oracle.js';
import { hold } from './seed.js';

const { RDMA_WRITE, RDMA_WRITE_IMM, RDMA_READ, CMP_SWAP, FETCH_ADD, FAST_REG } = Opcode;
const { SUCCESS, MW_BIND_ERR, GENERAL_ERR, REM_OP_ERR, REM_ACCESS_ERR } = WcStatus;
const PAGE = 4096;
const STRIDE = 512;
const LOG_STRIDE = 9;
const RIGHTS = Access.REMOTE_WRITE | Access.REMOTE_READ | Access.REMOTE_ATOMIC;
/** What keys of whole memory are pointed at, by each end; counted from its middle, so that nothing else is reached. */
const FREE_BYTES = 65536;
const FAR_PAGES = 3;
const FAR_BYTES = FAR_PAGES * PAGE - 0x340;

const arena = new Arena();

/** Keys of the far end, each for one way to be wrong; `good` and `whole` are right. */
const FAR_NAMES = [
  'good',
  'whole',
  'noWrite',
  'noRead',
  'noAtomic',
  'foreign',
  'stale',
  'idle',
  'zero',
] as const;
type FarName = (typeof FAR_NAMES)[number];

function farKeys(d: Driver): Record<FarName, Key> {
  const block = d.alloc(2 * FAR_PAGES * PAGE);
  noise(d, block, 2 * FAR_PAGES * PAGE, 9);
  const pages = [block + 2 * PAGE, block + 4 * PAGE, block];
  const make = (rights: number, pd = d.pd): Key => ({
    ...{ key: d.registerPages(pages, IOVA, FAR_BYTES, { pd, access: Access.LOCAL_WRITE | rights }) },
    ...{ valid: pd === d.pd, write: true, rights, iova: IOVA, length: FAR_BYTES, pages },
  });
  const stale = make(RIGHTS);
  d.destroy(Command.DEREGISTER_MR, stale.key);
  const all = Access.LOCAL_WRITE | RIGHTS;
  const whole = {
    ...stale,
    key: d.registerWhole(d.pd, all),
    length: arena.target.ramBytes,
    pages: undefined,
  };
  return {
    ...{ good: make(RIGHTS), whole, stale: { ...stale, valid: false } },
    noWrite: make(RIGHTS - Access.REMOTE_WRITE),
    noRead: make(RIGHTS - Access.REMOTE_READ),
    noAtomic: make(RIGHTS - Access.REMOTE_ATOMIC),
    foreign: make(RIGHTS, d.create(Command.ALLOC_PD)),
    idle: { ...stale, key: d.allocMr(3), valid: false },
    zero: { ...stale, key: 0, valid: false },
  };
}

class Scene {
  readonly driver = arena.fresh();
  readonly keys: Keys = makeKeys(this.driver);
  readonly far = farKeys(this.driver);
  readonly byKey = new Map(
    [...Object.values(this.keys.named), ...Object.values(this.far)].map(k => [k.key, k]),
  );
  readonly eq = this.driver.createEq(0, 4);
  readonly bystander = makeBystander(this.driver, this.eq);
  readonly cqs: readonly Cq[] = [0, 0].map(() => this.driver.createCq(this.eq, 3));
  readonly a: Qp;
  readonly b: Qp;
  /** Where whole memory is used: near and far. */
  readonly free: readonly number[];

  constructor(access: number) {
    const { driver } = this;
    const options = { logDepth: 2, logStride: LOG_STRIDE, flags: QpFlag.PRIVILEGED };
    const [a, b] = this.cqs.map(sendCq => driver.createQp({ sendCq, ...options }));
    [this.a, this.b] = [a, b];
    driver.connect(a, b.number, Mtu.MTU_256, 0, { access });
    driver.connect(b, a.number, Mtu.MTU_256, 0, { access });
    const at = driver.alloc(PAGE + 2 * FREE_BYTES) + PAGE;
    this.free = [at, at + FREE_BYTES];
  }

  compare(expected: Uint8Array): void {
    const actual = arena.memory();
    takeQueues(expected, actual, this.cqs, [this.eq]);
    sameMemory(expected, actual);
  }
}

interface Request {
  readonly opcode: number;
  readonly near: readonly Place[];
  readonly far: FarName;
  readonly offset: number;
  readonly inline: Uint8Array | undefined;
  readonly values: readonly [number, number, number, number];
  readonly access: number;
}

const word = fc.oneof(fc.constantFrom(0, 1, 0xffffffff), fc.nat(0xffffffff));
const offset = fc.oneof(
  { weight: 6, arbitrary: fc.nat(600).map(n => n * 8) },
  { weight: 3, arbitrary: fc.nat(9000) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(-8, FAR_BYTES - 8, FAR_BYTES - 7, FAR_BYTES, 2 ** 33, 2 ** 53 - 2 ** 40),
  },
);
const request: fc.Arbitrary<Request> = fc.record({
  opcode: fc.constantFrom(RDMA_WRITE, RDMA_WRITE_IMM, RDMA_READ, CMP_SWAP, FETCH_ADD),
  near: places(3),
  far: fc.oneof(
    { weight: 5, arbitrary: fc.constantFrom<FarName>('good', 'whole') },
    fc.constantFrom(...FAR_NAMES),
  ),
  offset,
  inline: fc.option(fc.uint8Array({ maxLength: 400 }), { nil: undefined }),
  values: fc.tuple(word, word, word, word),
  access: fc.oneof(
    { weight: 4, arbitrary: fc.constant<number>(RIGHTS) },
    fc.constantFrom(0, 2, 4, 8, 6, 10, 12),
  ),
});

const isAtomic = (opcode: number): boolean => opcode === CMP_SWAP || opcode === FETCH_ADD;

/** The descriptor: data comes from what may only be read, or from the near half of free memory. */
function toWork(r: Request, s: Scene): Work {
  const { opcode } = r;
  const key = s.far[r.far];
  const first = key.pages === undefined ? s.free[1] : key.iova;
  const remote = { address: Math.max(0, first + r.offset), key: key.key };
  const reads = opcode === RDMA_READ || isAtomic(opcode);
  const near = r.near.map(p => (!reads && p.key === 'list' ? { ...p, key: 'readOnly' as const } : p));
  const ranges = toRanges(near, s.keys, s.free[0]).map(p => (isAtomic(opcode) ? { ...p, length: 8 } : p));
  const [swapLo, swapHi, compareLo, compareHi] = r.values;
  if (!reads) return r.inline ? { opcode, remote, inline: r.inline } : { opcode, remote, gather: ranges };
  if (!isAtomic(opcode)) return { opcode, remote, scatter: ranges };
  const compare = opcode === CMP_SWAP ? ([compareLo, compareHi] as const) : ([0, 0] as const);
  return { opcode, remote, scatter: ranges, swapAdd: [swapLo, swapHi], compare };
}

const reached = new Map<string, number>();

function runRequest(r: Request): void {
  const s = new Scene(r.access);
  const { driver: d } = s;
  const seen = look(d.encode(toWork(r, s), 0), STRIDE, 'rc');
  const work = r.opcode === CMP_SWAP && r.values[0] % 2 === 0 ? agree(s, r, toWork(r, s)) : toWork(r, s);
  const rules = violations({ seen, index: 0, kind: 'rc' }, s.byKey);
  const local = rules.size > 0;
  if (!local) for (const status of remoteViolations(seen, s.byKey, r.access)) rules.add(status);
  const ram = arena.target.ramBytes;
  const nearFaults = faults([...seen.gather, ...seen.scatter], s.byKey, ram);
  const farFaults = faults([remoteRange(seen)], s.byKey, ram);
  d.recv(s.b, []);
  d.post(s.a.send, work);
  const expected = arena.memory();
  d.ringSend(s.a);
  arena.settle();
  const [sent] = d.poll(s.cqs[0]);
  const name = `${r.opcode}:${sent.status}`;
  reached.set(name, (reached.get(name) ?? 0) + 1);
  if (rules.size > 0)
    assert.ok(rules.has(sent.status as WcStatus), `status ${sent.status}, allowed ${[...rules]}`);
  else if (nearFaults || farFaults) assert.ok([GENERAL_ERR, REM_OP_ERR].includes(sent.status as 11));
  else assert.equal(sent.status, SUCCESS);
  if (sent.status === SUCCESS) carryOutRemote(expected, look(d.encode(work, 0), STRIDE, 'rc'), s.byKey);
  // A fault in the middle leaves anything in what may be written: that is looked at elsewhere.
  if (rules.size > 0 || sent.status === SUCCESS) s.compare(expected);
  const remoteFailed = sent.status === REM_ACCESS_ERR;
  assert.equal(d.queryQp(s.a).state, sent.status === SUCCESS ? QpState.RTS : QpState.ERR);
  if (local) assert.equal(d.queryQp(s.b).state, QpState.RTS, 'the peer is not drawn in');
  if (remoteFailed) assert.equal(d.queryQp(s.b).state, QpState.ERR);
  checkBystander(d, s.bystander);
}

/** What is compared is what is there, as far as it can be read: the swap takes place. */
function agree(s: Scene, r: Request, work: Work): Work {
  const key = s.far[r.far];
  const at = key.pages === undefined ? work.remote!.address : key.pages[0] + 0x340 + r.offset;
  if (at < 0 || at > arena.target.ramBytes - 8 || (key.pages !== undefined && r.offset > PAGE - 0x348))
    return work;
  const there = new Uint32Array(s.driver.target.readBytes(at, 8).slice().buffer);
  return { ...work, compare: [there[0], there[1]] };
}

test('any RDMA and atomic request, from any key to any key', t => {
  hold(t, 900, fc.property(request, runRequest));
  for (const opcode of [RDMA_WRITE, RDMA_WRITE_IMM, RDMA_READ, CMP_SWAP, FETCH_ADD])
    for (const status of [SUCCESS, REM_ACCESS_ERR, WcStatus.LOC_PROT_ERR])
      t.true((reached.get(`${opcode}:${status}`) ?? 0) > 3, `opcode ${opcode} hardly ends in ${status}`);
});

interface Fast {
  readonly registration: Omit<Registration, 'pageList'>;
  readonly pages: readonly number[];
  readonly listOff: number;
  readonly which: 'idle' | 'valid' | 'list' | 'foreign' | 'none';
  readonly tag: number;
  readonly at: number;
}

const mostly = <T>(value: T, other: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 8, arbitrary: fc.constant(value) }, { weight: 1, arbitrary: other });

const fast: fc.Arbitrary<Fast> = fc.record({
  registration: fc.record({
    iova: fc.oneof(fc.nat(2 ** 30), fc.constantFrom(2 ** 53 - PAGE, 2 ** 40 + 5)),
    length: fc.oneof({ weight: 6, arbitrary: fc.nat(3 * PAGE) }, fc.constantFrom(0, 3 * PAGE, 3 * PAGE + 1)),
    pageCount: fc.oneof(
      { weight: 5, arbitrary: fc.integer({ min: 1, max: 3 }) },
      fc.constantFrom(0, 4, 0xffffffff),
    ),
    access: fc.oneof({ weight: 5, arbitrary: fc.constant(15) }, fc.nat(20)),
    pageShift: mostly(12, fc.constantFrom(0, 11, 13, 30, 31, 255)),
  }),
  pages: fc.array(fc.nat(2), { minLength: 3, maxLength: 3 }),
  listOff: mostly(0, fc.constantFrom(4, 8, 2 ** 45)),
  which: mostly<Fast['which']>('idle', fc.constantFrom('valid', 'list', 'foreign', 'none')),
  tag: fc.nat(255),
  at: fc.nat(3 * PAGE),
});

/** Whether a registration may be; 'fault' when its list cannot be read. */
function judgeFast(f: Fast, pages: readonly number[]): boolean | 'fault' {
  const { iova, length, pageCount, access, pageShift = 12 } = f.registration;
  const writes = (access & (Access.REMOTE_WRITE | Access.REMOTE_ATOMIC)) !== 0;
  if (f.which !== 'idle' || access > 15 || (writes && access % 2 === 0)) return false;
  if (pageShift < 12 || pageShift > 30 || pageCount < 1 || pageCount > 3 || length === 0) return false;
  const bytes = 2 ** pageShift;
  if (iova + length > 2 ** 53 || (iova % bytes) + length > pageCount * bytes || f.listOff === 4) return false;
  if (f.listOff > PAGE) return 'fault';
  return pages.slice(f.listOff / 8, f.listOff / 8 + pageCount).every(page => page % bytes === 0);
}

let registered = 0;

function runFast(f: Fast): void {
  const s = new Scene(RIGHTS);
  const { driver: d } = s;
  const block = d.alloc(3 * PAGE);
  noise(d, block, 3 * PAGE, 4);
  const pages = f.pages.map(n => block + n * PAGE);
  const idle = d.allocMr(3);
  const valid = d.allocMr(3);
  const pageList = d.putPageList([...pages, pages[0]]);
  const good: Registration = { iova: 0, length: PAGE, pageList, pageCount: 1, access: 15 };
  d.send(s.a, { opcode: FAST_REG, key: valid, registration: good, flags: 0 });
  arena.settle();
  const foreign = d.allocMr(3, d.create(Command.ALLOC_PD));
  const named = { idle, valid, list: s.keys.named.list.key, foreign, none: 0xffff00 };
  const key = named[f.which] - (named[f.which] % 256) + f.tag;
  const registration = { ...f.registration, pageList: pageList + f.listOff };
  d.send(s.a, { opcode: FAST_REG, key, registration });
  const expected = arena.memory();
  arena.settle();
  const [done] = d.poll(s.cqs[0]);
  const allowed = judgeFast(f, [...pages, pages[0]]);
  assert.equal(done.status, allowed === 'fault' ? GENERAL_ERR : allowed ? SUCCESS : MW_BIND_ERR);
  s.compare(expected);
  if (allowed === true) registered++;
  if (allowed === true) useFast(s, f, key, [...pages, pages[0]].slice(f.listOff / 8));
  checkBystander(d, s.bystander);
}

/** A READ of the peer's through the new key takes the bytes that its pages hold. */
function useFast(s: Scene, f: Fast, key: number, pages: readonly number[]): void {
  const { driver: d } = s;
  const { iova, length, access, pageShift = 12 } = f.registration;
  const offset = f.at % length;
  const bytes = Math.min(64, length - offset);
  const to = s.free[0];
  const remote = { address: iova + offset, key };
  d.send(s.b, { opcode: RDMA_READ, remote, scatter: [{ address: to, length: bytes }], wrId: 8 });
  arena.settle();
  const [read] = d.poll(s.cqs[1]).filter(cqe => !cqe.receive);
  if ((access & Access.REMOTE_READ) === 0) return assert.equal(read.status, REM_ACCESS_ERR);
  const size = 2 ** pageShift;
  const memory = arena.memory();
  const found = Array.from({ length: bytes }, (_, n) => {
    const at = (iova % size) + offset + n;
    return memory[pages[Math.floor(at / size)] + (at % size)];
  });
  assert.equal(read.status, SUCCESS);
  assert.deepEqual([...memory.subarray(to, to + bytes)], found);
  assert.equal(read.wrId % INDEX_MODULUS, 8);
}

test('any FAST_REG, and what the peer reads through the key that it gives', t => {
  hold(t, 500, fc.property(fast, runFast));
  t.true(registered > 50, `only ${registered} take effect`);
});
