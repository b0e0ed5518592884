// SPDX-License-Identifier: MIT
// RESIZE_CQ behind a vIOMMU: translations are asked for all at once, and nothing is written before they are there.
import test from 'ava';
import * as c from '../../device/abi/generated/commands.js';
import { CQE_SIZE, Opcode } from '../../device/abi/generated/descriptors.js';
import { Dma } from '../../device/model/ports.js';
import { ids } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import type { Cq } from '../support/work.js';

const NOP = { opcode: Opcode.NOP };

/** A completion queue of 2^log entries with `waiting` entries that wait, the first of them at index `from`. */
function world(log: number, from: number, waiting: number): { target: InProcess; d: Driver; cq: Cq } {
  const target = new InProcess();
  const d = new Driver(target).start();
  const cq = d.createCq(d.createEq(0), log);
  const qp = d.channel({ sendCq: cq, logDepth: log, logStride: 6 });
  for (let n = 0; n < from; n++) {
    d.send(qp, NOP);
    target.settle();
    d.poll(cq);
  }
  d.send(qp, ...Array.from({ length: waiting }, (_, n) => ({ ...NOP, wrId: n })));
  target.settle();
  return { target, d, cq };
}

function resize(d: Driver, cq: Cq, lkey: number, address: number, log: number): void {
  d.startCommand(c.Command.RESIZE_CQ, i => {
    c.setCmdResizeCqHandle(i, 0, cq.number);
    c.setCmdResizeCqLkey(i, 0, lkey);
    c.setCmdResizeCqAddress(i, 0, address);
    c.setCmdResizeCqLogDepth(i, 0, log);
  });
}

test('a ring of many pages moves at the second try when nothing is translated, all entries at their places', t => {
  const [log, from, waiting] = [11, 1500, 2000];
  const { target, d, cq } = world(log, from, waiting);
  const address = d.alloc(CQE_SIZE * 2 ** (log + 1));
  const blank = target.readBytes(address, CQE_SIZE * 2 ** (log + 1));
  target.memory.forgetAll();
  resize(d, cq, d.key, address, log + 1);
  // The mailbox comes first; then one try asks for both buffers.
  for (let tries = 0; d.commandStatus() === undefined; tries++) {
    t.true(tries < 4, 'it comes to an end');
    t.deepEqual(target.readBytes(address, blank.length), blank, 'nothing before everything is there');
    target.memory.resolve();
    target.adapter.memoryChanged();
    target.adapter.poll(1);
  }
  t.is(d.commandStatus(), c.CommandCode.OK);
  const moved = { ...cq, address, depth: 2 ** (log + 1) };
  t.deepEqual(
    ids(d.poll(moved)),
    Array.from({ length: waiting }, (_, n) => n),
  );
});

test('entries that lie over a page border, in regions of pages in disorder, keep their order', t => {
  const { target, d, cq } = world(9, 300, 500);
  const pages = Array.from({ length: 4 }, () => d.alloc(4096)).reverse();
  const key = d.registerPages(pages, 0x7000, 16384);
  resize(d, cq, key, 0x7000, 9);
  t.is(d.commandStatus(), c.CommandCode.OK);
  const there = d.alloc(4 * 4096);
  pages.forEach((page, n) => {
    target.writeBytes(there + n * 4096, target.readBytes(page, 4096));
  });
  const all = Array.from({ length: 500 }, (_, n) => n);
  t.deepEqual(ids(d.poll({ ...cq, address: there }, false)), all);
  // And out of the scattered pages again.
  const back = d.alloc(CQE_SIZE * 1024);
  resize(d, cq, d.key, back, 10);
  t.is(d.commandStatus(), c.CommandCode.OK);
  t.deepEqual(ids(d.poll({ ...cq, address: back, depth: 1024 })), all);
});

for (const [what, hole] of [
  ['the new buffer', (_: Cq, address: number) => address + 8192],
  ['an entry that waits', (cq: Cq) => cq.address],
] as const)
  test(`a page of ${what} that is not there: the command fails and the queue stays`, t => {
    const { target, d, cq } = world(9, 500, 100);
    const address = d.alloc(CQE_SIZE * 512);
    const blank = target.readBytes(address, CQE_SIZE * 512);
    const at = hole(cq, address);
    target.memory.setHole(at, 4096, Dma.FAULT);
    resize(d, cq, d.key, address, 9);
    t.is(d.commandStatus(), c.CommandCode.FAULT);
    t.deepEqual(target.readBytes(address, blank.length), blank);
    target.memory.setHole(at, 4096, Dma.DONE);
    t.is(d.poll(cq).length, 100);
  });
