// SPDX-License-Identifier: MIT
// Translations that are not there yet, anywhere and in any order, change nothing in the end; memory that faults ends
// what needs it with the right status, and only that.
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import { Dma } from '../../device/model/ports.js';
import type { Driver } from '../support/driver.js';
import type { Cq, Qp, Work } from '../support/work.js';
import { Arena, checkBystander, makeBystander, noise, sameMemory, take } from './arena.js';
import { hold } from './seed.js';

const arena = new Arena();
const PAGE = 4096;
const DATA_PAGES = 4;

interface Workload {
  readonly driver: Driver;
  readonly a: Qp;
  readonly b: Qp;
  readonly dma: Qp;
  /** Of a, b and the DMA channel. */
  readonly cqs: readonly [Cq, Cq, Cq];
  readonly bystander: ReturnType<typeof makeBystander>;
  /** Data that is sent, place where it is received, target of the DMA channel: four pages each. */
  readonly source: number;
  readonly inbox: number;
  readonly outbox: number;
  /** Pages that a test may take away. */
  readonly pages: readonly number[];
  /** Pages in which the guest writes keys. */
  readonly withKeys: readonly number[];
}

function prepare(): Workload {
  const driver = arena.fresh();
  const eq = driver.createEq(0, 4);
  const bystander = makeBystander(driver, eq);
  const cqs = [driver.createCq(eq, 4), driver.createCq(eq, 4), driver.createCq(eq, 4)] as const;
  const [a, b] = [cqs[0], cqs[1]].map(sendCq => driver.createQp({ sendCq, logDepth: 4, logStride: 8 }));
  driver.connect(a, b.number);
  driver.connect(b, a.number);
  const dma = driver.channel({ sendCq: cqs[2], logDepth: 4, logStride: 8 });
  const [source, inbox, outbox] = [0, 0, 0].map(() => driver.alloc(DATA_PAGES * PAGE));
  noise(driver, source, DATA_PAGES * PAGE, 11);
  const data = [source, inbox, outbox].flatMap(at =>
    Array.from({ length: DATA_PAGES }, (_, n) => at + n * PAGE),
  );
  const rings = [a.send.address, (b.recv as Qp['send']).address, dma.send.address];
  const pages = [...data, ...rings, ...cqs.map(cq => cq.address)];
  const withKeys = [...rings, bystander.qp.send.address, driver.mailbox];
  return { driver, a, b, dma, cqs, bystander, source, inbox, outbox, pages, withKeys };
}

interface Job {
  readonly kind: 'send' | 'push' | 'copy' | 'fill';
  readonly at: number;
  readonly length: number;
}

const job: fc.Arbitrary<Job> = fc.record({
  kind: fc.constantFrom('send', 'push', 'copy', 'fill'),
  at: fc.nat(3 * PAGE),
  length: fc.nat(PAGE),
});

function start(w: Workload, jobs: readonly Job[]): void {
  const { driver } = w;
  for (const j of jobs) {
    const gather = [{ address: w.source + j.at, length: j.length }];
    const scatter = [{ address: w.outbox + j.at, length: j.length }];
    if (j.kind === 'send' || j.kind === 'push') {
      driver.recv(w.b, [{ address: w.inbox + j.at, length: j.length }]);
      driver[j.kind](w.a, { opcode: Opcode.SEND, gather });
    } else
      driver.send(w.dma, j.kind === 'copy' ? { opcode: Opcode.COPY, gather, scatter } : fillWork(scatter));
  }
}

const fillWork = (scatter: Work['scatter'] & object): Work => ({
  opcode: Opcode.FILL,
  scatter,
  pattern: [1, 2],
});

test('translations that come late, in any order', t => {
  const holes = fc.array(fc.nat(1000), { minLength: 1, maxLength: 6 });
  const jobs = fc.array(job, { minLength: 1, maxLength: 8 });
  const property = fc.property(jobs, holes, fc.array(fc.nat(5)), (list, where, order) => {
    const plain = prepare();
    start(plain, list);
    arena.settle();
    const expected = arena.memory();
    const w = prepare();
    const missing = [...new Set(where.map(n => w.pages[n % w.pages.length]))];
    for (const page of missing) arena.target.memory.setHole(page, PAGE, Dma.NOT_YET);
    start(w, list);
    arena.settle();
    for (let n = 0; missing.length > 0; n++) {
      const [page] = missing.splice((order[n] ?? 0) % missing.length, 1);
      arena.target.memory.setHole(page, PAGE, Dma.DONE);
      arena.target.adapter.memoryChanged();
      arena.settle();
    }
    const actual = arena.memory();
    // The key has another tag after a reset; it stands in descriptors and in the mailbox.
    for (const page of w.withKeys) take(expected, actual, page, PAGE);
    sameMemory(expected, actual);
  });
  hold(t, 400, property);
});

test('a bystander works while others wait for a translation', t => {
  const property = fc.property(fc.array(job, { minLength: 1, maxLength: 4 }), fc.nat(1000), (list, where) => {
    const w = prepare();
    arena.target.memory.setHole(w.pages[where % w.pages.length], PAGE, Dma.NOT_YET);
    start(w, list);
    arena.settle();
    checkBystander(w.driver, w.bystander);
  });
  hold(t, 300, property);
});

/** By place of the fault: what the requester and the responder of a SEND report, or the DMA channel. */
const FAULTS = [
  { place: 'send queue', page: (w: Workload) => w.a.send.address, a: WcStatus.LOC_ACCESS_ERR, b: undefined },
  { place: 'source', page: (w: Workload) => w.source, a: WcStatus.GENERAL_ERR, b: undefined },
  {
    place: 'receive queue',
    page: (w: Workload) => (w.b.recv as Qp['send']).address,
    a: WcStatus.REM_OP_ERR,
    b: WcStatus.LOC_ACCESS_ERR,
  },
  { place: 'inbox', page: (w: Workload) => w.inbox, a: WcStatus.REM_OP_ERR, b: WcStatus.GENERAL_ERR },
] as const;

for (const fault of FAULTS) {
  test(`memory fault at a message: ${fault.place}`, t => {
    const property = fc.property(fc.integer({ min: 1, max: 3 * PAGE }), length => {
      const w = prepare();
      arena.target.memory.setHole(fault.page(w), PAGE, Dma.FAULT);
      w.driver.recv(w.b, [{ address: w.inbox, length }]);
      const before = arena.memory();
      w.driver.send(w.a, { opcode: Opcode.SEND, gather: [{ address: w.source, length }] });
      arena.settle();
      const statuses = (cq: Cq): number[] => w.driver.poll(cq).map(c => c.status);
      assert.deepEqual(statuses(w.cqs[0]), [fault.a]);
      assert.deepEqual(statuses(w.cqs[1]), fault.b === undefined ? [] : [fault.b]);
      const inbox = before.subarray(w.inbox, w.inbox + PAGE);
      assert.deepEqual(arena.memory().subarray(w.inbox, w.inbox + PAGE), inbox);
      checkBystander(w.driver, w.bystander);
    });
    hold(t, 60, property);
  });
}

test('a completion queue in memory that has gone', t => {
  const w = prepare();
  arena.target.memory.setHole(w.cqs[2].address, PAGE, Dma.FAULT);
  start(w, [{ kind: 'fill', at: 0, length: 9 }]);
  arena.settle();
  const { overflowed } = w.driver.queryQueue(0x42, w.cqs[2].number);
  t.is(overflowed, 1);
  checkBystander(w.driver, w.bystander);
});
