// SPDX-License-Identifier: MIT
// Memory regions: pages of every size, regions without memory, regions that change.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import { Opcode, WcStatus } from '../../../device/abi/generated/descriptors.js';
import { assertAllWell, assertBytes, filled, finish, makeQueues, outcomes } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Cq, Qp, Range } from '../../support/work.js';
import type { Case } from '../case.js';

const { Access, Command, MrChange, MrKind } = c;
const { OK, BAD_PARAMETER, BAD_HANDLE, NO_RESOURCE, BUSY } = c.CommandCode;
const { SUCCESS, LOC_PROT_ERR } = WcStatus;
const PAGE = 4096;

export interface RegionView {
  pd: number;
  kind: number;
  access: number;
  pageShift: number;
  iova: number;
  length: number;
  users: number;
  valid: number;
  pageCount: number;
}

export function queryMr(d: Driver, key: number): RegionView {
  const out = d.command(Command.QUERY_MR, i => {
    i[0] = key;
  });
  return {
    pd: c.cmdMrOutPd(out, 0),
    kind: c.cmdMrOutKind(out, 0),
    access: c.cmdMrOutAccess(out, 0),
    pageShift: c.cmdMrOutPageShift(out, 0),
    iova: c.cmdMrOutIova(out, 0),
    length: c.cmdMrOutLength(out, 0),
    users: c.cmdMrOutUsers(out, 0),
    valid: c.cmdMrOutValid(out, 0),
    pageCount: c.cmdMrOutPageCount(out, 0),
  };
}

/** How a DMA channel of its own ends a COPY between two ranges. */
export class Copies {
  readonly #d: Driver;
  readonly #cq: Cq;
  readonly #pd: number;
  #qp: Qp;

  constructor(d: Driver, pd = d.pd, key = d.key) {
    this.#d = d;
    this.#pd = pd;
    this.#cq = makeQueues(d).cq;
    this.#qp = this.#channel(key);
  }

  #channel(key: number): Qp {
    return this.#d.channel({ sendCq: this.#cq, logDepth: 2, pd: this.#pd, sendLkey: key });
  }

  run(from: Range, to: Range): number {
    this.#d.send(this.#qp, { opcode: Opcode.COPY, gather: [from], scatter: [to] });
    const [[, status]] = outcomes(finish(this.#d, this.#cq));
    if (status !== SUCCESS) {
      this.#d.destroy(Command.DESTROY_QP, this.#qp.number);
      this.#qp = this.#channel(this.#d.key);
    }
    return status;
  }
}

/** Two pages of 2^shift bytes that lie the wrong way round, or, when memory has no room for them, the one that covers it. */
function pagesOf(d: Driver, shift: number): { pages: number[]; memory: number } {
  const bytes = 2 ** shift;
  if (shift > 20) {
    const memory = d.alloc(2 * PAGE);
    const pages = [Math.floor(memory / bytes) * bytes];
    return { pages, memory };
  }
  const block = Math.ceil(d.alloc(3 * bytes) / bytes) * bytes;
  return { pages: [block + bytes, block], memory: block + 2 * bytes - PAGE };
}

const pageSizes: Case = {
  name: 'pages of 4 KiB to 1 GiB: a range lands where its pages are, across their border too',
  run({ driver: d }) {
    const { cq } = makeQueues(d);
    const qp = d.channel({ sendCq: cq });
    const from = filled(d, PAGE + 100, 3);
    for (let shift = c.PAGE_SHIFT_MIN; shift <= c.PAGE_SHIFT_MAX; shift++) {
      const bytes = 2 ** shift;
      const { pages, memory } = pagesOf(d, shift);
      const iova = 5 * 2 ** 31 + (memory % bytes);
      const length = pages.length * bytes - (memory % bytes);
      const lkey = d.registerPages(pages, iova, length, { shift });
      d.send(qp, {
        opcode: Opcode.COPY,
        gather: [{ address: from.address, length: PAGE + 100 }],
        scatter: [{ address: iova, length: PAGE + 100, lkey }],
      });
      assertAllWell(finish(d, cq), 1);
      const border = pages.length === 1 ? PAGE + 100 : PAGE;
      assertBytes(d, memory, from.bytes.subarray(0, border), `2^${shift}`);
      if (border === PAGE) assertBytes(d, pages[1], from.bytes.subarray(PAGE), `2^${shift}, second page`);
      assert.equal(queryMr(d, lkey).pageShift, shift);
      assert.equal(d.destroy(Command.DEREGISTER_MR, lkey), OK);
    }
  },
};

const allocation: Case = {
  name: 'ALLOC_MR: refusals, what QUERY_MR says, and no use of a region without memory',
  run({ driver: d }) {
    const alloc = (pages: number, pd = d.pd, word = 0): number =>
      d.tryCommand(Command.ALLOC_MR, i => {
        c.setCmdAllocMrPd(i, 0, pd);
        c.setCmdAllocMrPageCount(i, 0, pages);
        if (word > 0) i[word] = 1;
      });
    assert.equal(alloc(0), BAD_PARAMETER);
    assert.equal(alloc(c.FAST_PAGES_MAX + 1), BAD_PARAMETER);
    assert.equal(alloc(1, d.pd + 1), BAD_HANDLE);
    assert.equal(alloc(1, 0), BAD_HANDLE);
    for (let word = 2; word < 48; word++) assert.equal(alloc(1, d.pd, word), BAD_PARAMETER, `word ${word}`);
    const pd = d.create(Command.ALLOC_PD);
    const key = d.allocMr(c.FAST_PAGES_MAX, pd);
    assert.deepEqual(queryMr(d, key), {
      ...{ pd, kind: MrKind.FAST, access: 0, pageShift: 0, iova: 0, length: 0 },
      ...{ users: 0, valid: 0, pageCount: c.FAST_PAGES_MAX },
    });
    assert.equal(d.destroy(Command.DEALLOC_PD, pd), BUSY);
    assert.equal(d.destroy(Command.DEREGISTER_MR, key), OK);
    assert.equal(d.destroy(Command.DEREGISTER_MR, key), BAD_HANDLE);
    assert.equal(d.destroy(Command.DEALLOC_PD, pd), OK);
    const mine = d.allocMr(1);
    const source = filled(d, 64).address;
    const copies = new Copies(d);
    assert.equal(
      copies.run({ address: 0, length: 8, lkey: mine }, { address: source, length: 8 }),
      LOC_PROT_ERR,
    );
    assert.equal(
      copies.run({ address: source, length: 8 }, { address: 0, length: 8, lkey: mine }),
      LOC_PROT_ERR,
    );
    const eq = d.tryCommand(Command.CREATE_EQ, i => {
      c.setCmdCreateEqLkey(i, 0, mine);
      c.setCmdCreateEqLogDepth(i, 0, 1);
    });
    assert.equal(eq, BAD_HANDLE, 'a queue buffer in a region without memory');
    // Which FAST_REG was the last to take effect only the adapter knows: any tag names the region.
    assert.equal(queryMr(d, mine + 1).kind, MrKind.FAST);
    assert.equal(d.destroy(Command.DEREGISTER_MR, mine + 1), OK);
  },
};

/** A region of as many pages as there may be, all of them page 0: its list is memory that nobody has written. */
const LARGEST_BYTES = c.MR_PAGES_MAX * 8;

const registerLargest = (d: Driver, list: number): number =>
  d.tryCommand(Command.REGISTER_MR, i => {
    c.setCmdRegisterMrPd(i, 0, d.pd);
    c.setCmdRegisterMrAccess(i, 0, Access.LOCAL_WRITE);
    c.setCmdRegisterMrPageShift(i, 0, 12);
    c.setCmdRegisterMrLength(i, 0, c.MR_PAGES_MAX * PAGE);
    c.setCmdRegisterMrPageList(i, 0, list);
    c.setCmdRegisterMrPageCount(i, 0, c.MR_PAGES_MAX);
  });

const pool: Case = {
  name: 'the page pool: what is set aside counts, the largest region can change, all of it comes back',
  run({ driver: d }) {
    const list = d.alloc(LARGEST_BYTES);
    const keys: number[] = [];
    const largest = (): number =>
      d.create(Command.REGISTER_MR, i => {
        c.setCmdRegisterMrPd(i, 0, d.pd);
        c.setCmdRegisterMrPageShift(i, 0, 12);
        c.setCmdRegisterMrLength(i, 0, PAGE);
        c.setCmdRegisterMrPageList(i, 0, list);
        c.setCmdRegisterMrPageCount(i, 0, c.MR_PAGES_MAX);
      });
    const change = (key: number): number =>
      d.tryCommand(Command.REREGISTER_MR, i => {
        c.setCmdReregisterMrHandle(i, 0, key);
        c.setCmdReregisterMrChange(i, 0, MrChange.MEMORY);
        c.setCmdReregisterMrPageShift(i, 0, 12);
        c.setCmdReregisterMrLength(i, 0, 2 * PAGE);
        c.setCmdReregisterMrPageList(i, 0, list);
        c.setCmdReregisterMrPageCount(i, 0, c.MR_PAGES_MAX);
      });
    for (let n = 0; n < 3; n++) keys.push(largest());
    // One run of that size is left, and a change needs a second one beside the old.
    assert.equal(change(keys[0]), OK);
    const fast = d.allocMr(1);
    assert.equal(registerLargest(d, list), NO_RESOURCE);
    assert.equal(change(keys[1]), NO_RESOURCE);
    assert.equal(queryMr(d, keys[1]).length, PAGE, 'a change that fails changes nothing');
    assert.equal(d.destroy(Command.DEREGISTER_MR, fast), OK);
    assert.equal(registerLargest(d, list), OK);
    assert.equal(
      d.tryCommand(Command.ALLOC_MR, i => {
        c.setCmdAllocMrPd(i, 0, d.pd);
        c.setCmdAllocMrPageCount(i, 0, 1);
      }),
      NO_RESOURCE,
    );
  },
};

const numbers: Case = {
  name: 'a new region gets the lowest free index, and a key that it has not had before',
  run({ driver: d }) {
    const indexOf = (key: number): number => Math.floor(key / 256);
    const keys = [0, 1, 2, 3].map(() => d.allocMr(1));
    const [first] = keys.map(indexOf);
    assert.deepEqual(keys.map(indexOf), [first, first + 1, first + 2, first + 3]);
    for (const n of [2, 0]) assert.equal(d.destroy(Command.DEREGISTER_MR, keys[n]), OK);
    const list = d.alloc(PAGE);
    assert.equal(registerLargest(d, list + 4), BAD_PARAMETER, 'one that fails takes none');
    for (const index of [0, 2, 4]) {
      const key = index === 2 ? d.registerWhole(d.pd) : d.allocMr(2);
      assert.equal(indexOf(key), first + index);
      assert.notEqual(key, keys[index]);
    }
  },
};

export const regionCases: readonly Case[] = [pageSizes, allocation, numbers, pool];
