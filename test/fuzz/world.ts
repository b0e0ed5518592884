// SPDX-License-Identifier: MIT
// The adapter with objects in it, on memory that is watched, made once and put back as it was before each execution: the
// tables of the state region up to a bound, and every place in memory that was written. The adapter attaches to the
// region anew each time, as a restarted back-end does, so nothing of an execution survives in JavaScript objects.
import { Access, Command, QpAttr, QpFlag, QpState, QpType } from '../../device/abi/generated/commands.js';
import { CQE_SIZE, EQE_SIZE } from '../../device/abi/generated/descriptors.js';
import { DOORBELL_BAR, PUSH_SLOTS } from '../../device/abi/generated/registers.js';
import * as s from '../../device/abi/generated/state.js';
import { type Adapter, createAdapter } from '../../device/model/adapter.js';
import { Journal } from '../../device/model/journal.js';
import { Dma, type Host, type RegionMemory } from '../../device/model/ports.js';
import { mrRowOfIndex, NONE } from '../../device/model/rows.js';
import { Driver } from '../support/driver.js';
import { FlatMemory } from '../support/flat-memory.js';
import { freshRegion, InProcess } from '../support/in-process.js';
import type { Cq, Eq, Qp, Srq } from '../support/work.js';
import { Violation } from './target.js';

export const PAGE = 4096;
export const RAM_BYTES = 256 * 1024;
const DATA_PAGES = 2;
export const DATA_BYTES = DATA_PAGES * PAGE;
/** Unit of what may be written; queue buffers and pages are multiples of it. */
const UNIT = 64;
/** Slices that one settle may take: all that an input can ask for ends long before. */
const SLICE_LIMIT = 50_000;
/** Where the regions of the guest's protection domain begin. */
export const RW_IOVA = 0;
export const RO_IOVA = 0x10000;
export const FAST_IOVA = 0x20000;
/** Pages of the list: one more than the region takes. */
export const FAST_LIST = DATA_PAGES + 1;
export const STRIDE = 128;
const ALL_RIGHTS = 15;
const LOG_STRIDE = 7;
const LOG_DEPTH = 3;

/** Guest memory that remembers where it was written, and knows where it may be. */
class WatchedMemory extends FlatMemory {
  readonly #allowed = new Uint8Array(RAM_BYTES / UNIT);
  readonly #dirty: number[] = [];
  /** Anything may be written: the input has made memory regions of its own. */
  open = false;
  /** The same, asked when something was written where it may not be. */
  mayBe = (): boolean => false;

  constructor() {
    super(RAM_BYTES);
    this.beforeWrite = (address, length) => this.#watch(address, length);
  }

  allow(address: number, length: number): void {
    this.#allowed.fill(1, address / UNIT, Math.ceil((address + length) / UNIT));
  }

  /** A store of the guest's own. */
  put(address: number, bytes: Uint8Array): void {
    this.#dirty.push(address, bytes.length);
    this.u8.set(bytes, address);
  }

  #watch(address: number, length: number): void {
    this.#dirty.push(address, length);
    if (this.open) return;
    for (let unit = Math.floor(address / UNIT); unit * UNIT < address + length; unit++)
      if (this.#allowed[unit] === 0 && !this.mayBe())
        throw new Violation(
          `${length} bytes at 0x${address.toString(16)} were written, where nothing may be written`,
        );
  }

  restore(image: Uint8Array): void {
    const dirty = this.#dirty;
    for (let n = 0; n < dirty.length; n += 2) {
      const at = dirty[n]!;
      this.u8.set(image.subarray(at, at + dirty[n + 1]!), at);
    }
    dirty.length = 0;
    this.reads.length = 0;
    this.clearHoles();
    this.open = false;
  }
}

const PAGE_SLOT_WORDS = PUSH_SLOTS * s.PSLOT_WORDS;
/** Rows of each table that an execution may come to; what lies above stays as it is made. */
const WINDOWS: readonly (readonly [first: number, words: number])[] = [
  [0, 128],
  [s.PD_TABLE, 96 * s.PD_WORDS],
  [s.DPAGE_TABLE, 4 * s.DPAGE_WORDS],
  [s.EQ_TABLE, s.EQ_COUNT * s.EQ_WORDS],
  [s.CQ_TABLE, 96 * s.CQ_WORDS],
  [s.QP_TABLE, 10 * s.QP_WORDS],
  [s.SRQ_TABLE, 10 * s.SRQ_WORDS],
  [s.AH_TABLE, 10 * s.AH_WORDS],
  [s.GID_TABLE, s.GID_COUNT * s.GID_WORDS],
  [s.PSLOT_TABLE, 4 * PAGE_SLOT_WORDS],
  [s.MR_TABLE, 96 * s.MR_WORDS],
  [s.POOL_BLOCK_TABLE, 128],
  // Only the pages of the regions that are there from the start: what is registered later fills in its own.
  [s.POOL_TABLE, 128],
];
/** Where rows of the wide tables may be beyond their window: [table, words of a row, rows in the window, high-water mark]. */
const WIDE: readonly (readonly [number, number, number, number])[] = [
  [s.DPAGE_TABLE, s.DPAGE_WORDS, 4, s.ST_PAGE_HIGH_OFFSET / 4],
  [s.PSLOT_TABLE, PAGE_SLOT_WORDS, 4, s.ST_PAGE_HIGH_OFFSET / 4],
  [s.QP_TABLE, s.QP_WORDS, 10, s.ST_QP_HIGH_OFFSET / 4],
  [s.SRQ_TABLE, s.SRQ_WORDS, 10, s.ST_SRQ_HIGH_OFFSET / 4],
  [s.AH_TABLE, s.AH_WORDS, 10, s.ST_AH_HIGH_OFFSET / 4],
];

export interface Objects {
  readonly eq: Eq;
  readonly cqs: readonly Cq[];
  /** Two connected to each other, which may register memory, a DMA channel, one connected to itself, one in INIT, one in ERR, one for datagrams. */
  readonly qps: readonly Qp[];
  readonly pages: readonly number[];
  readonly pd: number;
  readonly rw: number;
  readonly ro: number;
  readonly whole: number;
  /** Bus addresses of the pages behind `rw`, and behind `ro`. */
  readonly rwPages: readonly number[];
  readonly roPages: readonly number[];
  readonly mailbox: number;
  /** A region without memory, and the bus address of a list of the pages that `rw` has. */
  readonly fast: number;
  readonly fastList: number;
  /** The queue pair for datagrams takes its receives from it. */
  readonly srq: Srq;
  /** Leads to the adapter itself, whose address this is. */
  readonly ah: number;
  readonly own: { readonly gid: Uint8Array; readonly mac: Uint8Array };
  /** Keys of the regions in which the rings of the queue pairs lie: all of memory, to be read only. */
  readonly ringKeys: readonly number[];
}

/** Tells each word that is stored to, while somebody listens. */
class ToldJournal extends Journal {
  readonly #world: World;

  constructor(region: RegionMemory, world: World) {
    super(region);
    this.#world = world;
  }

  protected override store(word: number, value: number): void {
    this.#world.onStore?.(word);
    super.store(word, value);
  }
}

export class World {
  /** Called before each store that goes through the journal. */
  onStore: ((word: number) => void) | undefined;
  readonly memory = new WatchedMemory();
  readonly region: RegionMemory = freshRegion();
  readonly adapter: Adapter;
  readonly objects: Objects;
  readonly host: Host;
  interrupts = 0;
  level = false;
  nowNs = 0;
  readonly #image: Uint8Array;
  readonly #windows: readonly Uint32Array[];
  readonly #posted = { send: 0, receive: 0 };
  #position = 0;

  constructor() {
    this.memory.open = true;
    const target = new InProcess({ ramBytes: RAM_BYTES, region: this.region, memory: this.memory });
    this.objects = populate(target);
    target.settle();
    this.adapter = createAdapter({ journal: region => new ToldJournal(region, this) });
    this.host = {
      memory: this.memory.port,
      clock: { nowNs: () => this.nowNs },
      raiseInterrupt: () => {
        this.interrupts++;
      },
      setInterruptLevel: level => {
        this.level = level;
      },
      log: () => {},
    };
    const { cqs, eq, rwPages } = this.objects;
    for (const cq of cqs) this.memory.allow(cq.address, cq.depth * CQE_SIZE);
    this.memory.allow(eq.address, eq.depth * EQE_SIZE);
    for (const page of rwPages) this.memory.allow(page, PAGE);
    const { u32 } = this.region;
    // A list of pages may name any: the adapter asks nobody whose they are.
    this.memory.mayBe = () => {
      const mr = mrRowOfIndex(u32, this.objects.fast);
      return mr === NONE || s.mrKey(u32, mr) !== this.objects.fast || s.mrValid(u32, mr) === 1;
    };
    this.#image = this.memory.u8.slice();
    this.#windows = WINDOWS.map(([first, words]) => this.region.u32.slice(first, first + words));
    this.memory.restore(this.#image);
  }

  /** Index of the next entry of the first queue pair's send queue, or the second one's receive queue. */
  posted(receive: boolean): number {
    return receive ? this.#posted.receive++ : this.#posted.send++;
  }

  /** Everything as it was made. */
  restore(): void {
    const { u32 } = this.region;
    this.#posted.send = 0;
    this.#posted.receive = 0;
    for (const [first, words, rows, high] of WIDE) {
      const used = Math.min(u32[high]!, 256);
      if (used > rows) u32.fill(0, first + rows * words, first + used * words);
    }
    WINDOWS.forEach(([first], n) => {
      u32.set(this.#windows[n]!, first);
    });
    this.memory.restore(this.#image);
    this.interrupts = 0;
    this.level = false;
    this.nowNs = 0;
    this.#position = 0;
  }

  /** A restarted back-end takes the region over; the front-end lets the function run. */
  start(): void {
    this.adapter.attach(this.host, this.region, false);
    this.adapter.control({ kind: 'bus-master', value: true });
    this.adapter.control({ kind: 'msix', value: true });
    this.adapter.control({ kind: 'run' });
  }

  store(bar: number, offset: number, size: number, lo: number, hi: number): void {
    const low = size >= 4 ? lo : lo % 2 ** (8 * size);
    this.adapter.write(bar, offset, size, low, size === 8 ? hi : 0, this.#position++);
  }

  doorbell(page: number, register: number, lo: number, hi: number): void {
    this.store(DOORBELL_BAR, page * PAGE + register, 8, lo, hi);
  }

  /** Works until idle. */
  settle(limit = SLICE_LIMIT): void {
    for (let n = 0; this.adapter.poll(1); n++)
      if (n > limit) throw new Violation('the adapter never comes to rest');
  }

  /** A page of memory that faults, or has no translation yet. */
  hole(page: number, answer: Dma): void {
    this.memory.setHole(page, PAGE, answer);
    if (answer === Dma.DONE) this.adapter.memoryChanged();
  }

  close(): void {
    this.adapter.capture.stop();
  }
}

function populate(target: InProcess): Objects {
  const driver = new Driver(target).start();
  const eq = driver.createEq(0, 3);
  const pages = [0, 0].map(() => driver.create(Command.ALLOC_PAGE));
  const pd = driver.create(Command.ALLOC_PD);
  const block = driver.alloc(8 * PAGE);
  const rwPages = [block + PAGE, block + 4 * PAGE];
  const roPages = [block + 2 * PAGE, block + 6 * PAGE];
  target.writeBytes(
    block,
    Uint8Array.from({ length: 8 * PAGE }, (_, n) => (n * 7 + (n >> 8)) & 0xff),
  );
  const rw = driver.registerPages(rwPages, RW_IOVA, DATA_BYTES, { pd, access: ALL_RIGHTS });
  const ro = driver.registerPages(roPages, RO_IOVA, DATA_BYTES, { pd, access: Access.REMOTE_READ });
  const cqs = [driver.createCq(eq, 4), driver.createCq(eq, 4, pages[0])];
  const ringKeys: number[] = [];
  const make = (type: number, page: number, cq: Cq, flags = 0): Qp => {
    // In the guest's protection domain; the adapter may only read it.
    const own = driver.key;
    driver.key = driver.registerWhole(pd, 0);
    ringKeys.push(driver.key);
    const shape = { logDepth: LOG_DEPTH, logStride: LOG_STRIDE };
    const qp = driver.createQp({ ...shape, type, pd, page, sendCq: cq, flags });
    driver.key = own;
    return qp;
  };
  const qps = [
    make(QpType.RC, 0, cqs[0]!, QpFlag.PRIVILEGED),
    make(QpType.RC, 0, cqs[0]!, QpFlag.PRIVILEGED),
    make(QpType.DMA, pages[0]!, cqs[1]!),
    make(QpType.RC, pages[0]!, cqs[1]!),
    make(QpType.RC, 0, cqs[1]!),
    make(QpType.DMA, 0, cqs[0]!),
  ];
  const number = (n: number): number => qps[n]!.number;
  driver.connect(qps[0]!, number(1));
  driver.connect(qps[1]!, number(0));
  driver.connect(qps[2]!, 0);
  driver.connect(qps[3]!, number(3));
  const { STATE, PKEY_INDEX, PORT, ACCESS } = QpAttr;
  driver.modify(qps[4]!, STATE | PKEY_INDEX | PORT | ACCESS, { state: QpState.INIT, port: 1 });
  driver.connect(qps[5]!, 0);
  driver.modify(qps[5]!, STATE, { state: QpState.ERR });
  const { key } = driver;
  driver.key = driver.registerWhole(pd, 0);
  ringKeys.push(driver.key);
  const shape = { pd, logDepth: LOG_DEPTH, logStride: LOG_STRIDE };
  const srq = driver.createSrq({ ...shape, limit: 2 });
  qps.push(driver.createQp({ ...shape, type: QpType.UD, sendCq: cqs[0]!, srq }));
  driver.key = key;
  driver.connect(qps[6]!, 0);
  driver.recvShared(srq, [], []);
  const ah = driver.createAh({}, pd);
  const fast = driver.allocMr(rwPages.length, pd);
  const fastList = driver.putPageList(Array.from({ length: FAST_LIST }, (_, n) => rwPages[n % 2]!));
  driver.armEq(eq);
  for (const cq of cqs) driver.arm(cq);
  const known = { eq, cqs, qps, pages, pd, rw, ro, rwPages, roPages, ringKeys, fast, fastList };
  return { ...known, srq, ah, own: driver.own(), whole: driver.key, mailbox: driver.mailbox };
}
