// SPDX-License-Identifier: MIT
// Where a program plays: the model in this process, the objects that every program has, and what their names stand for.
import * as c from '../../device/abi/generated/commands.js';
import { CQE_SIZE, EventType } from '../../device/abi/generated/descriptors.js';
import type { createAdapter } from '../../device/model/adapter.js';
import { Dice } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import type { Cq, Eq } from '../support/work.js';
import { newCq } from './commands.js';
import { NO_PAGE_COUNTERS, type Region } from './objects.js';
import type { KeyName } from './program.js';
import { Reference } from './reference.js';

const PAGE = 4096;
const RAM_BYTES = 192 * 1024;
export const DATA_PAGES = 8;
const RING_BYTES = PAGE;
export const QP_SLOTS = 6;
export const SRQ_SLOTS = 2;
/** Page lists of FAST_REG: one for each of the last so many. */
const LISTS = 64;
const LIST_BYTES = 64;
const ALL_RIGHTS =
  c.Access.LOCAL_WRITE | c.Access.REMOTE_WRITE | c.Access.REMOTE_READ | c.Access.REMOTE_ATOMIC;
const { LOCAL_WRITE, REMOTE_WRITE, REMOTE_READ, REMOTE_ATOMIC } = c.Access;

interface Definition {
  readonly pages: readonly number[];
  readonly iova: number;
  readonly length: number;
  readonly access: number;
  readonly foreign?: true;
}

/** Pages are numbers of data pages. Where regions share pages they share the bytes. */
export const DEFINITIONS: Readonly<Partial<Record<KeyName, Definition>>> = {
  all: { pages: [3, 1, 2, 0], iova: 0x30_0000_0340, length: 4 * PAGE - 0x340 - 100, access: ALL_RIGHTS },
  local: { pages: [4, 5], iova: 0x5000_0000, length: 2 * PAGE, access: LOCAL_WRITE },
  readOnly: { pages: [0, 4], iova: 0x123, length: 2 * PAGE - 0x123, access: 0 },
  remoteRead: { pages: [1, 5], iova: 0x10_0000, length: 2 * PAGE, access: REMOTE_READ },
  remoteWrite: { pages: [2, 6], iova: 0x20_0010, length: 5000, access: LOCAL_WRITE | REMOTE_WRITE },
  remoteAtomic: { pages: [7], iova: 0x7000, length: PAGE, access: LOCAL_WRITE | REMOTE_ATOMIC },
  foreign: { pages: [6, 7], iova: 0x60_0000, length: 2 * PAGE, access: ALL_RIGHTS, foreign: true },
  gone: { pages: [0], iova: 0x8000, length: PAGE, access: ALL_RIGHTS },
};
/** Where the regions for fast registration begin, but for the offset in the page. */
export const FAST_IOVA = 0x44_0000_0000;
export const FAST_ROOM = 4;
const FAST: readonly KeyName[] = ['fast0', 'fast1'];
const JUNK_KEY = 0xffffff00;
/** The second address of the port, and where it stands in its table. */
export const IP6 = Uint8Array.of(0xfd, 0x50, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 6);
export const IP6_INDEX = 1;

export class Stage {
  readonly target: InProcess;
  driver!: Driver;
  eq!: Eq;
  cqs: readonly Cq[] = [];
  /** Where the buffer of each completion queue goes when it is resized. */
  spareCqs: readonly number[] = [];
  data = 0;
  lists = 0;
  /** Where the page list of a command stands. */
  list = 0;
  sendRings: readonly number[] = [];
  recvRings: readonly number[] = [];
  srqRings: readonly number[] = [];
  /** Protection domains: the one of most things, and another one. */
  pds: readonly number[] = [];
  page = 0;
  keys = new Map<KeyName, number>();
  gid: Uint8Array = new Uint8Array(16);
  mac: Uint8Array = new Uint8Array(6);
  /** Ranges that the adapter writes for its own purposes. */
  own: readonly (readonly [address: number, length: number])[] = [];
  #epoch = 0;

  constructor(create?: typeof createAdapter) {
    this.target = new InProcess({ ramBytes: RAM_BYTES, ...(create === undefined ? {} : { create }) });
  }

  /** A reset function with the objects that every program has; returns what makes a reference of it. */
  begin(): () => Reference {
    this.#reset();
    const { driver } = this;
    this.pds = [driver.pd, driver.create(c.Command.ALLOC_PD)];
    this.page = driver.create(c.Command.ALLOC_PAGE);
    this.eq = driver.createEq(0, 8);
    this.cqs = [4, 5, 7].map(log => driver.createCq(this.eq, log));
    this.spareCqs = this.cqs.map(() => driver.alloc(PAGE));
    const block = (count: number): number[] => Array.from({ length: count }, () => driver.alloc(RING_BYTES));
    this.sendRings = block(QP_SLOTS);
    this.recvRings = block(QP_SLOTS);
    this.srqRings = block(SRQ_SLOTS);
    this.lists = driver.alloc(LISTS * LIST_BYTES);
    this.list = driver.alloc(PAGE);
    this.data = driver.alloc(DATA_PAGES * PAGE);
    this.target.writeBytes(this.data, NOISE);
    this.#readAddress();
    driver.setGid(IP6_INDEX, IP6);
    const regions = this.#register();
    this.#nameOwn();
    const ram = this.target.memory.u8.slice();
    // As they are now: a queue may get another size.
    const { cqs } = this;
    return () => this.#reference(cqs, regions, ram);
  }

  #reset(): void {
    const { target } = this;
    target.adapter.control({ kind: 'function-reset', epoch: ++this.#epoch });
    target.adapter.control({ kind: 'bus-master', value: true });
    target.adapter.control({ kind: 'run' });
    target.memory.u8.fill(0);
    target.memory.reads.length = 0;
    target.logs.length = 0;
    this.keys = new Map();
    this.driver = new Driver(target).start();
  }

  #nameOwn(): void {
    this.own = [
      [this.driver.mailbox, PAGE],
      [this.eq.address, PAGE],
      ...this.cqs.map(cq => [cq.address, cq.depth * CQE_SIZE] as const),
    ];
  }

  /** A completion queue has moved to its spare buffer, and where it was is spare. */
  cqMoved(n: number, depth: number): void {
    const address = this.spareCqs[n];
    this.spareCqs = this.spareCqs.with(n, this.cqs[n].address);
    this.cqs = this.cqs.with(n, { ...this.cqs[n], address, depth });
    this.#nameOwn();
  }

  /** GID and MAC address of the adapter. */
  #readAddress(): void {
    const { driver } = this;
    driver.command(c.Command.QUERY_GID);
    const at = driver.mailbox + c.MAILBOX_OUTPUT_OFFSET + c.CMD_SET_GID_GID_OFFSET;
    this.gid = this.target.readBytes(at, 16);
  }

  #register(): Region[] {
    const { driver } = this;
    const whole: Region = {
      ...this.#region(driver.key, 0, 'whole', LOCAL_WRITE),
      length: Infinity,
      pages: [],
      pageBytes: 1,
    };
    this.keys.set('whole', driver.key);
    this.keys.set('junk', JUNK_KEY);
    const regions = [whole];
    for (const name of Object.keys(DEFINITIONS) as KeyName[]) regions.push(this.registerList(name));
    const gone = regions.pop()!;
    driver.destroy(c.Command.DEREGISTER_MR, gone.key);
    for (const name of FAST) regions.push(this.allocFast(name));
    return regions;
  }

  /** Puts a page list into memory, for a command or for the reference. */
  writeList(memory: Uint8Array, pages: readonly number[]): void {
    memory.set(new Uint8Array(new BigUint64Array(pages.map(page => BigInt(page))).buffer), this.list);
  }

  /** Registers a region as its definition says. */
  registerList(name: KeyName): Region {
    const d = DEFINITIONS[name]!;
    const pd = d.foreign === true ? 1 : 0;
    const pages = d.pages.map(n => this.data + n * PAGE);
    this.writeList(this.target.memory.u8, pages);
    const key = this.driver.create(c.Command.REGISTER_MR, i => {
      c.setCmdRegisterMrPd(i, 0, this.pds[pd]);
      c.setCmdRegisterMrKind(i, 0, c.MrKind.PAGE_LIST);
      c.setCmdRegisterMrAccess(i, 0, d.access);
      c.setCmdRegisterMrPageShift(i, 0, 12);
      c.setCmdRegisterMrIova(i, 0, d.iova);
      c.setCmdRegisterMrLength(i, 0, d.length);
      c.setCmdRegisterMrPageList(i, 0, this.list);
      c.setCmdRegisterMrPageCount(i, 0, pages.length);
    });
    this.keys.set(name, key);
    return { ...this.#region(key, pd, 'list', d.access), iova: d.iova, length: d.length, pages };
  }

  allocFast(name: KeyName): Region {
    const key = this.driver.create(c.Command.ALLOC_MR, i => {
      c.setCmdAllocMrPd(i, 0, this.pds[0]);
      c.setCmdAllocMrPageCount(i, 0, FAST_ROOM);
    });
    this.keys.set(name, key);
    return { ...this.#region(key, 0, 'fast', 0), valid: false, room: FAST_ROOM };
  }

  #region(key: number, pd: number, kind: Region['kind'], access: number): Region {
    const index = Math.floor(key / 256);
    const nothing = { iova: 0, length: 0, pages: [], pageBytes: PAGE, room: 0 };
    return { index, key, pd: this.pds[pd], kind, access, valid: true, ...nothing };
  }

  #reference(cqs: Stage['cqs'], regions: readonly Region[], ram: Uint8Array): Reference {
    const r = new Reference(ram.slice());
    for (const cq of cqs) r.cqs.set(cq.number, newCq(cq.number, cq.depth));
    for (const region of regions) r.memory.regions.set(region.index, { ...region });
    for (const pd of this.pds) r.pds.add(pd);
    for (const page of [0, this.page]) r.pages.set(page, { ...NO_PAGE_COUNTERS });
    r.tell(EventType.GID_CHANGE, 1, IP6_INDEX);
    return r;
  }

  /** I/O virtual address of the first byte that a place of this key may name. */
  base(name: KeyName): number {
    if (name === 'whole') return this.data;
    if (FAST.includes(name)) return FAST_IOVA;
    return (DEFINITIONS[name] ?? DEFINITIONS.all!).iova;
  }

  key(name: KeyName): number {
    return this.keys.get(name)!;
  }

  /** Where the page list of the descriptor with this number stands. */
  listAt(wrId: number): number {
    return this.lists + (wrId % LISTS) * LIST_BYTES;
  }

  gidOf(known: boolean, ip6: boolean): Uint8Array {
    const own = ip6 ? IP6 : this.gid;
    // The last byte makes it somebody else's, of the same version.
    return known ? own : own.map((byte, n) => (n === own.length - 1 ? byte ^ 1 : byte));
  }
}

/** Bytes that a place of a key may name. */
export function bytesOf(name: KeyName): number {
  if (name === 'whole') return DATA_PAGES * PAGE;
  return DEFINITIONS[name]?.length ?? 2 * PAGE;
}

/** Content of the memory for atomics. */
export const SMALL_WORDS = [0, 1, 0xffffffff] as const;
const dice = new Dice(7);
const NOISE = Uint8Array.from({ length: DATA_PAGES * PAGE }, () => dice.below(256));
// The page for atomics holds words that a program may guess.
new Uint32Array(NOISE.buffer, (DATA_PAGES - 1) * PAGE, PAGE / 4).forEach((_, n, words) => {
  words[n] = SMALL_WORDS[dice.below(SMALL_WORDS.length)];
});
