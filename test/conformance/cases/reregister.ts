// SPDX-License-Identifier: MIT
// REREGISTER_MR: regions that change in place.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import { WcStatus } from '../../../device/abi/generated/descriptors.js';
import { assertBytes, filled } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Case } from '../case.js';
import { Copies, queryMr } from './regions.js';

const { Access, Command, MrChange, MrKind } = c;
const { OK, BAD_PARAMETER, BAD_HANDLE, BUSY, FAULT } = c.CommandCode;
const { SUCCESS, LOC_PROT_ERR } = WcStatus;
const PAGE = 4096;

interface Change {
  handle: number;
  change: number;
  access?: number;
  pd?: number;
  memory?: { pages: readonly number[]; iova: number; length: number; shift?: number; list?: number };
}

function fillChange(d: Driver, o: Change): (i: Uint32Array) => void {
  const list = o.memory === undefined ? 0 : (o.memory.list ?? d.putPageList(o.memory.pages));
  return i => {
    c.setCmdReregisterMrHandle(i, 0, o.handle);
    c.setCmdReregisterMrChange(i, 0, o.change);
    c.setCmdReregisterMrAccess(i, 0, o.access ?? 0);
    c.setCmdReregisterMrPd(i, 0, o.pd ?? 0);
    if (o.memory === undefined) return;
    c.setCmdReregisterMrPageShift(i, 0, o.memory.shift ?? 12);
    c.setCmdReregisterMrIova(i, 0, o.memory.iova);
    c.setCmdReregisterMrLength(i, 0, o.memory.length);
    c.setCmdReregisterMrPageList(i, 0, list);
    c.setCmdReregisterMrPageCount(i, 0, o.memory.pages.length);
  };
}

const reregistration: Case = {
  name: 'REREGISTER_MR: rights, protection domain and memory change, one by one and at once; the key before is stale',
  run({ driver: d }) {
    const change = (o: Change): number => d.create(Command.REREGISTER_MR, fillChange(d, o));
    const [one, two] = [filled(d, PAGE, 1), filled(d, PAGE, 2)];
    const source = filled(d, 64, 3);
    const copies = new Copies(d);
    const into = (lkey: number, address: number): number =>
      copies.run({ address: source.address, length: 64 }, { address, length: 64, lkey });
    const first = d.registerPages([one.address], 0, PAGE, { access: Access.REMOTE_READ });
    assert.equal(into(first, 0), LOC_PROT_ERR);
    const writable = change({ handle: first, change: MrChange.ACCESS, access: Access.LOCAL_WRITE });
    assert.notEqual(writable, first);
    assert.equal(into(first, 0), LOC_PROT_ERR, 'the key before');
    assert.equal(into(writable, 0), SUCCESS);
    assertBytes(d, one.address, source.bytes);
    const memory = { pages: [two.address, one.address], iova: 0x5000_0fff, length: 4097 };
    const moved = change({ handle: writable, change: MrChange.MEMORY, memory });
    assert.equal(into(moved, 0), LOC_PROT_ERR);
    assert.equal(into(moved, 0x5000_1000 - 1), SUCCESS);
    assertBytes(d, two.address + PAGE - 1, source.bytes.subarray(0, 1));
    assertBytes(d, one.address, source.bytes.subarray(1));
    const pd = d.create(Command.ALLOC_PD);
    const foreign = change({ handle: moved, change: MrChange.PD, pd });
    assert.equal(into(foreign, 0x5000_1000), LOC_PROT_ERR, 'another protection domain');
    assert.equal(d.destroy(Command.DEALLOC_PD, pd), BUSY);
    const all = MrChange.PD | MrChange.ACCESS | MrChange.MEMORY;
    const shape = { pages: [0], iova: 2 ** 40, length: 2 ** 30, shift: 30 };
    const last = change({ handle: foreign, change: all, pd: d.pd, access: 15, memory: shape });
    assert.deepEqual(queryMr(d, last), {
      ...{ pd: d.pd, kind: MrKind.PAGE_LIST, access: 15, pageShift: 30, iova: 2 ** 40 },
      ...{ length: 2 ** 30, users: 0, valid: 1, pageCount: 1 },
    });
    assert.equal(d.destroy(Command.DEALLOC_PD, pd), OK);
    const whole = change({ handle: d.registerWhole(d.pd), change: MrChange.ACCESS, access: 0 });
    assert.equal(into(whole, one.address), LOC_PROT_ERR);
    assert.equal(queryMr(d, whole).kind, MrKind.WHOLE_MEMORY);
  },
};

const refusedChanges: Case = {
  name: 'REREGISTER_MR: refusals, each of which leaves the region and its key as they were',
  run({ driver: d }) {
    const page = d.alloc(PAGE);
    const handle = d.registerPages([page], 0x8000, PAGE);
    const before = queryMr(d, handle);
    const good = { pages: [page], iova: 0, length: PAGE };
    const { MEMORY, PD, ACCESS } = MrChange;
    const ring = d.alloc(8 * PAGE);
    const inUse = d.registerPages([ring], 0, PAGE);
    d.create(Command.CREATE_EQ, i => {
      c.setCmdCreateEqLkey(i, 0, inUse);
      c.setCmdCreateEqLogDepth(i, 0, 4);
    });
    const refusals: readonly (readonly [what: string, o: Partial<Change>, status: number])[] = [
      ['no change', { change: 0 }, BAD_PARAMETER],
      ['a change without a name', { change: 8 }, BAD_PARAMETER],
      ['rights that are not there', { change: ACCESS, access: 16 }, BAD_PARAMETER],
      ['remote without local write', { change: ACCESS, access: Access.REMOTE_WRITE }, BAD_PARAMETER],
      ['rights without their bit', { change: PD, pd: d.pd, access: 1 }, BAD_PARAMETER],
      ['protection domain without its bit', { change: ACCESS, pd: d.pd }, BAD_PARAMETER],
      ['memory without its bit', { change: ACCESS, memory: good }, BAD_PARAMETER],
      ['no such protection domain', { change: PD, pd: 4000 }, BAD_HANDLE],
      ['protection domain 0', { change: PD }, BAD_HANDLE],
      ['pages of 2 KiB', { change: MEMORY, memory: { ...good, shift: 11 } }, BAD_PARAMETER],
      ['pages of 2 GiB', { change: MEMORY, memory: { ...good, shift: 31 } }, BAD_PARAMETER],
      ['no pages', { change: MEMORY, memory: { ...good, pages: [] } }, BAD_PARAMETER],
      ['nothing', { change: MEMORY, memory: { ...good, length: 0 } }, BAD_PARAMETER],
      ['too long', { change: MEMORY, memory: { ...good, length: PAGE + 1 } }, BAD_PARAMETER],
      ['beyond 2^53', { change: MEMORY, memory: { ...good, iova: 2 ** 53 - 1 } }, BAD_PARAMETER],
      [
        'a page in the middle of one',
        { change: MEMORY, memory: { ...good, pages: [page + 512] } },
        BAD_PARAMETER,
      ],
      [
        'a list in the middle of an entry',
        { change: MEMORY, memory: { ...good, list: page + 4 } },
        BAD_PARAMETER,
      ],
      ['a list that is nowhere', { change: MEMORY, memory: { ...good, list: d.target.nowhere } }, FAULT],
      ['a stale key', { handle: handle + 1, change: ACCESS }, BAD_HANDLE],
      ['no key', { handle: 0, change: ACCESS }, BAD_HANDLE],
      ['a region for fast registration', { handle: d.allocMr(1), change: ACCESS }, BAD_HANDLE],
      [
        'pages for whole memory',
        { handle: d.registerWhole(d.pd), change: MEMORY, memory: good },
        BAD_PARAMETER,
      ],
      ['a region with a queue in it', { handle: inUse, change: ACCESS }, BUSY],
    ];
    for (const [what, o, status] of refusals) {
      const fill = fillChange(d, { handle, change: 0, ...o });
      assert.equal(d.tryCommand(Command.REREGISTER_MR, fill), status, what);
      assert.deepEqual(queryMr(d, handle), before, what);
    }
    const dirty = (byte: number): number =>
      d.tryCommand(Command.REREGISTER_MR, i => {
        fillChange(d, { handle, change: ACCESS, access: 1 })(i);
        new Uint8Array(i.buffer)[byte] = 1;
      });
    for (const byte of [7, 12, 15, 44, 63, 64, 191]) assert.equal(dirty(byte), BAD_PARAMETER, `byte ${byte}`);
    assert.deepEqual(queryMr(d, handle), before);
  },
};

export const reregisterCases: readonly Case[] = [reregistration, refusedChanges];
