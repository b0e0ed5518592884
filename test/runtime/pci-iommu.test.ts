// SPDX-License-Identifier: MIT
// A function behind a vIOMMU, through session, channel and ring: misses, updates, refusals, invalidations, and what
// happens when the front-end loses a question.
import test from 'ava';
import { Control, IotlbPerm, IotlbType, Request } from '../../device/abi/generated/messages.js';
import { closeAll, closeFd } from '../../device/sys/fd.js';
import { Mapping } from '../../device/sys/mapping.js';
import { encodeMessage } from '../../device/vhost/message.js';
import { type FrontEnd, guestRam, type State } from '../support/front-end.js';
import { iotlbPayload } from '../support/iotlb-payload.js';
import { LocalBackEnd } from '../support/local-back-end.js';
import type { RingProducer } from '../support/ring-producer.js';
import { Reg } from '../support/scratch-model.js';

const PAGE = 4096;
const PAGES = 16;
const GUEST = 0x1_0000_0000;
/** As FrontEnd.addMemory has it. */
const USER = GUEST + 2 ** 40;
const IOVA = 0x7fff_0000_0000;
const BOTH = IotlbPerm.READ + IotlbPerm.WRITE;
const FAULTED = 0xffffffff;

interface Chain {
  readonly backEnd: LocalBackEnd;
  readonly frontEnd: FrontEnd;
  readonly ring: RingProducer;
  readonly state: State;
  readonly ram: Mapping;
  readonly ramFd: number;
}

function chain(prepare: (f: FrontEnd) => void = () => undefined): Chain {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  frontEnd.translated = true;
  prepare(frontEnd);
  const state = frontEnd.start();
  const ramFd = guestRam(PAGES * PAGE);
  if (frontEnd.addMemory(ramFd, GUEST, PAGES * PAGE) !== 0n) throw new Error('memory refused');
  return { backEnd, frontEnd, ring: frontEnd.ring!, state, ram: new Mapping(ramFd, PAGES * PAGE), ramFd };
}

function done(c: Chain): void {
  c.backEnd.end();
  c.ring.close();
  c.frontEnd.hangUp();
  c.ram.retire();
  closeAll([c.state.fd, c.ramFd]);
}

/** Starts a DMA of `words` words 1, 2, … to `iova`. */
function dma({ ring }: Chain, iova: number, words: number): void {
  ring.write(Reg.DMA_ADDRESS, 8, iova % 2 ** 32, Math.floor(iova / 2 ** 32));
  ring.write(Reg.DMA_WORDS, 4, words);
  ring.waitUntilConsumed();
}

const left = ({ ring }: Chain): number => ring.read(Reg.DMA_LEFT, 4).lo;
const update = (c: Chain, iova: number, page: number, perm: number = BOTH): bigint =>
  c.frontEnd.iotlb(IotlbType.UPDATE, iova, PAGE, perm, USER + page * PAGE);
const wordsAt = ({ ram }: Chain, page: number, at: number, count: number): number[] => [
  ...ram.u32.subarray((page * PAGE) / 4 + at, (page * PAGE) / 4 + at + count),
];

test('a DMA asks for each page, goes on when it is told, and lands where the page is', t => {
  const c = chain();
  dma(c, IOVA + PAGE - 128, 64);
  t.deepEqual(c.frontEnd.misses(), [
    { iova: IOVA, size: PAGE, perm: IotlbPerm.WRITE },
    { iova: IOVA + PAGE, size: PAGE, perm: IotlbPerm.WRITE },
  ]);
  t.is(update(c, IOVA, 9, IotlbPerm.WRITE), 0n);
  t.is(left(c), 64, 'nothing was transferred while half of it was unknown');
  t.deepEqual(wordsAt(c, 9, 992, 1), [0]);
  t.is(update(c, IOVA + PAGE, 3), 0n);
  t.is(left(c), 0);
  t.deepEqual(
    wordsAt(c, 9, 992, 32),
    Array.from({ length: 32 }, (_, i) => i + 1),
  );
  t.deepEqual(wordsAt(c, 3, 0, 33), [...Array.from({ length: 32 }, (_, i) => i + 33), 0]);
  t.is(c.frontEnd.vectors[1]!.drain(), 1);
  t.deepEqual(c.frontEnd.misses(), []);
  t.like(c.backEnd.function.status().iommu, { translations: 2, outstandingMisses: 0 });
  done(c);
});

test('a miss without a translation is a fault, once', t => {
  const c = chain();
  dma(c, IOVA, 8);
  t.is(c.frontEnd.iotlb(IotlbType.ACCESS_FAIL, IOVA, PAGE, IotlbPerm.WRITE), 0n);
  t.is(left(c), FAULTED);
  dma(c, IOVA, 8);
  t.is(left(c), 8);
  t.is(c.frontEnd.misses().length, 2);
  t.is(update(c, IOVA, 0), 0n);
  t.is(left(c), 0);
  done(c);
});

test('a translation for reading only is a fault for a write', t => {
  const c = chain();
  dma(c, IOVA, 8);
  t.is(c.frontEnd.misses().length, 1);
  t.is(update(c, IOVA, 0, IotlbPerm.READ), 0n);
  t.is(left(c), 8);
  t.is(c.frontEnd.iotlb(IotlbType.ACCESS_FAIL, IOVA, PAGE, IotlbPerm.WRITE), 0n);
  t.is(left(c), FAULTED);
  done(c);
});

test('once an invalidation is acknowledged nothing lands there, also of what was rung before it', t => {
  const c = chain();
  t.is(update(c, IOVA, 5), 0n);
  dma(c, IOVA, 4);
  t.is(left(c), 0);
  c.ram.u32.fill(0);
  // Rung and not waited for, then unmapped.
  c.ring.pump = undefined;
  c.frontEnd.pump = () => c.backEnd.session?.service(16);
  c.ring.write(Reg.DMA_WORDS, 4, 4);
  t.is(c.frontEnd.iotlb(IotlbType.INVALIDATE, IOVA, PAGE), 0n);
  c.ring.pump = () => c.backEnd.step();
  t.is(left(c), 4);
  t.true(c.ram.u32.every(word => word === 0));
  t.is(c.frontEnd.misses().length, 1);
  t.is(update(c, IOVA, 6), 0n);
  c.backEnd.step();
  t.is(left(c), 0);
  t.deepEqual(wordsAt(c, 6, 0, 4), [1, 2, 3, 4]);
  t.deepEqual(wordsAt(c, 5, 0, 4), [0, 0, 0, 0]);
  t.is(c.frontEnd.iotlb(IotlbType.INVALIDATE, 0, Number.POSITIVE_INFINITY), 0n);
  t.like(c.backEnd.function.status().iommu, { translations: 0 });
  done(c);
});

test('memory that is taken away takes its translations along', t => {
  const c = chain();
  t.is(update(c, IOVA, 5), 0n);
  t.is(c.frontEnd.removeMemory(GUEST, PAGES * PAGE), 0n);
  dma(c, IOVA, 4);
  t.is(left(c), 4);
  t.is(c.frontEnd.misses().length, 1);
  t.is(update(c, IOVA, 5), 1n, 'that memory is not there');
  t.deepEqual(c.backEnd.refused, [
    `IOTLB_MSG: no memory at 0x${(USER + 5 * PAGE).toString(16)} of the front-end, or not all of it`,
  ]);
  t.is(left(c), FAULTED);
  t.is(c.frontEnd.addMemory(c.ramFd, GUEST, PAGES * PAGE), 0n);
  dma(c, IOVA, 4);
  t.is(update(c, IOVA, 5), 0n);
  t.is(left(c), 0);
  t.is(c.frontEnd.acknowledge(Request.SET_MEM_TABLE, new Uint8Array(8)), 0n);
  dma(c, IOVA, 4);
  t.is(left(c), 4, 'a table without it: asked again');
  done(c);
});

test('a refusal that comes when its work is gone does not hit the next one', t => {
  const c = chain();
  dma(c, IOVA, 8);
  c.frontEnd.control(Control.FUNCTION_RESET, 0, undefined, c.ring.raiseEpoch());
  c.frontEnd.control(Control.BUS_MASTER, 1);
  c.frontEnd.pump = () => c.backEnd.session!.service(16);
  t.is(c.frontEnd.iotlb(IotlbType.ACCESS_FAIL, IOVA, PAGE, IotlbPerm.WRITE), 0n);
  const { memoryChanges } = c.backEnd.model;
  t.true(c.backEnd.function.poll(1), 'whoever waits all the same is asked once more');
  t.is(c.backEnd.model.memoryChanges, memoryChanges + 1);
  t.false(c.backEnd.function.poll(1));
  c.frontEnd.pump = () => c.backEnd.step();
  // Mapped meanwhile.
  dma(c, IOVA, 8);
  t.is(left(c), 8);
  t.is(update(c, IOVA, 0), 0n);
  t.is(left(c), 0);
  done(c);
});

test('a refusal waits for work that waits for time, as a queue does on a slow link', t => {
  const c = chain();
  const { model } = c.backEnd;
  dma(c, IOVA, 8);
  const poll = model.poll.bind(model);
  model.wakeAtNs = 5;
  model.poll = () => false;
  c.frontEnd.iotlb(IotlbType.ACCESS_FAIL, IOVA, PAGE, IotlbPerm.WRITE);
  for (let i = 0; i < 3; i++) c.backEnd.step();
  model.wakeAtNs = Number.POSITIVE_INFINITY;
  model.poll = poll;
  c.backEnd.step();
  t.is(left(c), FAULTED);
  t.is(c.frontEnd.misses().length, 1, 'asked once');
  done(c);
});

test('the model is told once of all that has changed, before it is polled next, and nobody sleeps before', t => {
  const c = chain();
  dma(c, IOVA, 8);
  const { model } = c.backEnd;
  const { memoryChanges } = model;
  c.frontEnd.pump = () => c.backEnd.session!.service(16);
  for (let i = 0; i < 5; i++) t.is(update(c, IOVA + i * PAGE, i), 0n);
  t.is(model.memoryChanges, memoryChanges);
  t.is(c.backEnd.function.wakeAtNs, 0);
  c.backEnd.function.poll(4);
  t.is(model.memoryChanges, memoryChanges + 1);
  t.is(c.backEnd.function.wakeAtNs, Number.POSITIVE_INFINITY);
  t.is(left(c), 0);
  done(c);
});

test('what changes between a reset and its message is told after it', t => {
  const c = chain();
  dma(c, IOVA, 8);
  const { model } = c.backEnd;
  const { memoryChanges } = model;
  const epoch = c.ring.raiseEpoch();
  t.is(update(c, IOVA, 0), 0n);
  c.backEnd.step();
  t.is(model.memoryChanges, memoryChanges);
  t.is(c.backEnd.function.wakeAtNs, Number.POSITIVE_INFINITY, 'the message wakes it');
  c.frontEnd.control(Control.FUNCTION_RESET, 0, undefined, epoch);
  c.backEnd.step();
  t.is(model.memoryChanges, memoryChanges + 1);
  done(c);
});

test('work that was suspended when the function stopped asks again when it runs', t => {
  const c = chain();
  dma(c, IOVA, 8);
  c.frontEnd.must(Request.PCI_STOP);
  t.is(c.frontEnd.iotlb(IotlbType.ACCESS_FAIL, IOVA, PAGE, IotlbPerm.WRITE), 0n);
  c.backEnd.step();
  c.backEnd.step();
  t.is(c.frontEnd.misses().length, 1);
  c.frontEnd.must(Request.PCI_RUN);
  c.backEnd.step();
  t.is(c.frontEnd.misses().length, 1, 'the refusal was for nobody');
  t.is(update(c, IOVA, 0), 0n);
  t.is(left(c), 0);
  done(c);
});

/** Steps until a miss has arrived. */
function awaitMiss(c: Chain): number {
  const deadline = performance.now() + 5000;
  for (;;) {
    c.backEnd.step();
    const count = c.frontEnd.misses().length;
    if (count > 0 || performance.now() > deadline) return count;
  }
}

test('a question that was lost is asked again', t => {
  const c = chain();
  dma(c, IOVA, 8);
  t.is(c.frontEnd.misses().length, 1);
  t.true(Number.isFinite(c.backEnd.function.wakeAtNs));
  t.is(awaitMiss(c), 1);
  t.is(update(c, IOVA, 0), 0n);
  t.is(left(c), 0);
  t.is(c.backEnd.function.wakeAtNs, Number.POSITIVE_INFINITY);
  done(c);
});

test('with the channel full, or closed, DMA waits and nothing else does', t => {
  const c = chain();
  let full = 0;
  while (c.backEnd.session!.request(0x50428001, new Uint8Array(200))) full++;
  t.true(full > 10);
  dma(c, IOVA, 8);
  t.is(left(c), 8);
  t.deepEqual(c.frontEnd.misses(), [], 'the channel was full: only what filled it has arrived');
  t.is(awaitMiss(c), 1, 'there is room now');
  t.is(update(c, IOVA, 0), 0n);
  t.is(left(c), 0);
  // The other end goes away; a new channel takes over.
  c.frontEnd.openChannel();
  dma(c, IOVA + PAGE, 8);
  t.is(awaitMiss(c), 1);
  done(c);
});

test('without a vIOMMU addresses are the guest’s, also after a connection that had one', t => {
  const c = chain();
  c.backEnd.end();
  const next = c.backEnd.connect();
  next.resume(c.ring, c.state);
  t.is(next.addMemory(c.ramFd, GUEST, PAGES * PAGE), 0n);
  dma(c, GUEST + PAGE, 4);
  t.is(left(c), 0);
  t.deepEqual(wordsAt(c, 1, 0, 4), [1, 2, 3, 4]);
  t.is(c.backEnd.function.status().iommu, undefined);
  next.hangUp();
  done(c);
});

test('a back-end that takes over knows no translation and asks for itself', t => {
  const c = chain();
  t.is(update(c, IOVA, 2), 0n);
  dma(c, IOVA + PAGE - 128, 64);
  t.is(left(c), 64);
  c.backEnd.end();
  c.ring.pump = undefined;
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  frontEnd.translated = true;
  frontEnd.resume(c.ring, c.state);
  t.is(frontEnd.addMemory(c.ramFd, GUEST, PAGES * PAGE), 0n);
  backEnd.step();
  t.deepEqual(
    frontEnd.misses().map(m => m.iova),
    [IOVA, IOVA + PAGE],
  );
  for (const [i, page] of [7, 8].entries())
    t.is(frontEnd.iotlb(IotlbType.UPDATE, IOVA + i * PAGE, PAGE, BOTH, USER + page * PAGE), 0n);
  t.is(left(c), 0);
  t.deepEqual(wordsAt(c, 8, 0, 2), [33, 34]);
  backEnd.end();
  frontEnd.hangUp();
  done(c);
});

const MALFORMED: readonly (readonly [string, Uint8Array])[] = [
  ['type 0 from a front-end', iotlbPayload(0, IOVA, PAGE, 1)],
  ['type 1 from a front-end', iotlbPayload(IotlbType.MISS, IOVA, PAGE, 1)],
  ['type 5 from a front-end', iotlbPayload(5, IOVA, PAGE, 1)],
  ['permissions 0', iotlbPayload(IotlbType.UPDATE, IOVA, PAGE, 0, USER)],
  ['permissions 4', iotlbPayload(IotlbType.UPDATE, IOVA, PAGE, 4, USER)],
  ['permissions 0', iotlbPayload(IotlbType.ACCESS_FAIL, IOVA, PAGE, 0)],
  ['permissions 255', iotlbPayload(IotlbType.ACCESS_FAIL, IOVA, PAGE, 255)],
  ['size 0', iotlbPayload(IotlbType.UPDATE, IOVA, 0, 1, USER)],
  ['size 0', iotlbPayload(IotlbType.INVALIDATE, IOVA, 0)],
  ['addresses above 2^53', iotlbPayload(IotlbType.UPDATE, 2 ** 53, PAGE, 1, USER)],
  ['addresses above 2^53', iotlbPayload(IotlbType.UPDATE, 0, 2 ** 63, 1, 0)],
  ['addresses above 2^53', iotlbPayload(IotlbType.UPDATE, 0, PAGE, 1, 2 ** 63)],
  ['addresses and size must be multiples of 4096', iotlbPayload(IotlbType.UPDATE, IOVA + 8, PAGE, 1, USER)],
  ['addresses and size must be multiples of 4096', iotlbPayload(IotlbType.UPDATE, IOVA, 100, 1, USER)],
  ['addresses and size must be multiples of 4096', iotlbPayload(IotlbType.UPDATE, IOVA, PAGE, 1, USER + 8)],
];

test('an IOTLB message that cannot be ends the session with a reason', t => {
  for (const [reason, payload] of MALFORMED) {
    const c = chain();
    t.throws(() => c.frontEnd.must(Request.IOTLB_MSG, payload));
    t.is(c.backEnd.lastEnd, `IOTLB_MSG: ${reason}`);
    done(c);
  }
});

test('an IOTLB message without the feature ends the session', t => {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  closeFd(frontEnd.start().fd);
  frontEnd.channel.send(encodeMessage(Request.IOTLB_MSG, iotlbPayload(IotlbType.INVALIDATE, 0, PAGE)));
  backEnd.step();
  t.is(backEnd.lastEnd, 'IOTLB_MSG: F_ACCESS_PLATFORM was not acknowledged');
  frontEnd.ring!.close();
  frontEnd.hangUp();
});

test('hostile but well-formed IOTLB messages do no harm', t => {
  const c = chain();
  for (const [iova, size] of [
    [0, 1],
    [2 ** 63, 2 ** 63],
    [2 ** 52, 2 ** 52],
    [2 ** 64 - 2 ** 11, PAGE],
    [PAGE - 1, 2],
  ] as const)
    t.is(c.frontEnd.iotlb(IotlbType.INVALIDATE, iova, size), 0n);
  t.is(c.frontEnd.iotlb(IotlbType.ACCESS_FAIL, 2 ** 63, 0, BOTH), 0n);
  // All of the address space, which is memory in one place only.
  t.is(c.frontEnd.iotlb(IotlbType.UPDATE, 0, 2 ** 53 - PAGE, BOTH, 0), 1n);
  dma(c, USER + PAGE, 4);
  t.is(left(c), 0, 'there the update leads to memory');
  t.deepEqual(wordsAt(c, 1, 0, 4), [1, 2, 3, 4]);
  for (let i = 0; i < 20_000; i++) {
    if (c.frontEnd.iotlb(IotlbType.UPDATE, i * 2 * PAGE, PAGE, BOTH, USER) !== 0n) t.fail();
  }
  t.true(Number((c.backEnd.function.status().iommu as { translations: number }).translations) <= 4096);
  done(c);
});
