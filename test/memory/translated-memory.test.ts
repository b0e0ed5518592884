// SPDX-License-Identifier: MIT
// DMA behind a vIOMMU, rule by rule: questions, refusals, invalidations, bounds. Random sequences are in
// translated-random.test.ts.
import test from 'ava';
import { Permission } from '../../device/memory/iotlb.js';
import { MAX_OUTSTANDING } from '../../device/memory/misses.js';
import { Dma } from '../../device/model/ports.js';
import { GUEST, IOVA, IOVA_PAGES, mappedWorld, PAGE, USER, World } from '../support/iommu-world.js';

const { READ, WRITE } = Permission;
const SPAN = IOVA_PAGES * PAGE;
const four = new Uint8Array(4);

test('one question a page and permission, however often it is accessed', t => {
  const w = mappedWorld(3);
  for (let i = 0; i < 5; i++)
    t.is(w.memory.at(IOVA + 100).read(new Uint8Array(2 * PAGE), 0, 2 * PAGE), Dma.NOT_YET);
  t.deepEqual(
    w.asked,
    [0, 1, 2].map(page => ({ page, permission: READ })),
  );
  t.is(w.memory.at(IOVA).write(four, 0, 4), Dma.NOT_YET);
  t.deepEqual(w.asked.at(-1), { page: 0, permission: WRITE });
  while (w.asked.length > 0) w.answer(0, false);
  t.is(w.memory.at(IOVA + 100).read(new Uint8Array(2 * PAGE), 0, 2 * PAGE), Dma.DONE);
  t.is(w.asked.length, 0);
  w.close();
});

test('a refusal is one fault, for its permission only, and then it is asked again', t => {
  const w = new World();
  w.table[0] = { target: 0, permissions: READ };
  t.is(w.memory.at(IOVA).write(four, 0, 4), Dma.NOT_YET);
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.NOT_YET);
  while (w.asked.length > 0) w.answer(0, false);
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.DONE);
  t.is(w.memory.at(IOVA).check(4, true), Dma.FAULT);
  t.is(w.memory.at(IOVA).write(four, 0, 4), Dma.NOT_YET);
  t.deepEqual(w.asked, [{ page: 0, permission: WRITE }]);
  w.close();
});

test('an update takes a refusal back that nobody has seen', t => {
  const w = mappedWorld(1);
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.NOT_YET);
  w.memory.refuse(IOVA, READ);
  t.true(w.memory.update(IOVA, PAGE, USER, READ));
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.DONE);
  w.memory.invalidate(IOVA, PAGE);
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.NOT_YET);
  w.close();
});

test('refusals that nobody takes do not gather without end', t => {
  const w = new World();
  const count = 3000;
  for (let i = 0; i < count; i++) {
    t.is(w.memory.at(IOVA + i * PAGE).read(four, 0, 4), Dma.NOT_YET);
    w.memory.refuse(IOVA + i * PAGE, READ);
  }
  let faults = 0;
  for (let i = 0; i < count; i++) {
    if (w.memory.at(IOVA + i * PAGE).read(four, 0, 4) === Dma.FAULT) faults++;
  }
  t.true(faults > 0 && faults <= 1024, `${faults}`);
  w.close();
});

test('an update that allows less is an answer to somebody else, unless it comes again and again', t => {
  const w = mappedWorld(1);
  const write = (): Dma => w.memory.at(IOVA).write(four, 0, 4);
  t.is(write(), Dma.NOT_YET);
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.NOT_YET);
  t.true(w.memory.update(IOVA, PAGE, USER, READ));
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.DONE);
  t.is(write(), Dma.NOT_YET);
  t.true(w.memory.update(IOVA, PAGE, USER, WRITE));
  t.is(write(), Dma.DONE);
  // A front-end that has no other answer.
  t.is(w.memory.at(IOVA + PAGE).write(four, 0, 4), Dma.NOT_YET);
  t.true(w.memory.update(IOVA + PAGE, PAGE, USER, READ));
  t.is(w.memory.at(IOVA + PAGE).write(four, 0, 4), Dma.NOT_YET);
  w.clock.ns = w.memory.wakeAtNs;
  w.memory.resend();
  t.true(w.memory.update(IOVA + PAGE, PAGE, USER, READ));
  t.is(w.memory.at(IOVA + PAGE).write(four, 0, 4), Dma.FAULT);
  t.is(w.memory.wakeAtNs, Number.POSITIVE_INFINITY);
  w.close();
});

test('a refusal that nobody waits for any more is forgotten, and a second answer is nothing', t => {
  const w = new World();
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.NOT_YET);
  w.answer(0, false);
  t.true(w.memory.forgetRefusals());
  t.false(w.memory.forgetRefusals());
  w.memory.refuse(IOVA, READ);
  w.table[0] = { target: 3, permissions: READ };
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.NOT_YET);
  w.answer(0, false);
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.DONE);
  w.close();
});

test('answers with no more than was asked for add up: reading and writing one page does not take turns', t => {
  const w = mappedWorld(1);
  t.true(w.memory.update(IOVA, PAGE, USER, READ));
  t.true(w.memory.update(IOVA, PAGE, USER, WRITE));
  t.is(
    w.memory
      .from(IOVA)
      .at(IOVA + 2048)
      .copy(64),
    Dma.DONE,
  );
  t.true(w.memory.update(IOVA, PAGE, USER + PAGE, WRITE));
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.NOT_YET, 'another page, other permissions');
  w.close();
});

test('questions are bounded, and a huge range comes to an end', t => {
  const w = new World();
  for (const length of [2 ** 40, 2 ** 52]) {
    t.is(w.memory.at(IOVA).check(length, false), Dma.NOT_YET);
    t.is(w.asked.length, MAX_OUTSTANDING);
  }
  t.is(w.memory.at(IOVA + 2 ** 45).check(4, true), Dma.NOT_YET);
  t.is(w.asked.length, MAX_OUTSTANDING);
  w.memory.refuse(IOVA + 3 * PAGE, READ);
  t.is(w.memory.at(IOVA + 2 ** 45).check(4, true), Dma.NOT_YET);
  t.is(w.asked.length, MAX_OUTSTANDING + 1, 'an answer makes room');
  w.close();
});

test('a question that could not be sent, or has no answer, is sent again in time', t => {
  const w = mappedWorld(1);
  t.is(w.memory.wakeAtNs, Number.POSITIVE_INFINITY);
  w.accept = false;
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.NOT_YET);
  const soon = w.memory.wakeAtNs;
  t.true(soon > w.clock.ns && soon <= w.clock.ns + 10e6);
  w.memory.resend();
  t.is(w.sent, 1, 'not before its time');
  w.clock.ns = soon;
  w.accept = true;
  w.memory.resend();
  t.is(w.asked.length, 1);
  const late = w.memory.wakeAtNs;
  t.true(late >= w.clock.ns + 50e6 && late <= w.clock.ns + 1e9);
  w.clock.ns = late;
  w.memory.resend();
  t.is(w.asked.length, 2);
  w.answer(0, false);
  t.is(w.memory.wakeAtNs, Number.POSITIVE_INFINITY);
  w.answer(0, false);
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.DONE);
  w.close();
});

test('an invalidation is in force at once, also for the translation used last, and spares what is beside it', t => {
  const w = mappedWorld(4);
  t.true(w.memory.update(IOVA, 4 * PAGE, USER, READ + WRITE));
  const read = (page: number): Dma => w.memory.at(IOVA + page * PAGE + 8).read(four, 0, 4);
  t.is(read(1), Dma.DONE);
  w.memory.invalidate(IOVA + PAGE, PAGE);
  t.is(read(1), Dma.NOT_YET);
  t.is(read(0), Dma.DONE);
  t.is(read(2), Dma.DONE);
  w.memory.invalidate(IOVA + 2 * PAGE + 100, 8);
  t.is(read(2), Dma.NOT_YET, 'part of a page is all of it');
  t.is(read(3), Dma.DONE);
  w.memory.invalidate(0, 2 ** 64);
  t.is(read(3), Dma.NOT_YET);
  t.is(read(0), Dma.NOT_YET);
  w.close();
});

test('memory that goes away takes the translations into it along', t => {
  const w = mappedWorld(2);
  t.true(w.memory.update(IOVA, PAGE, USER + 11 * PAGE, READ));
  t.true(w.memory.update(IOVA + PAGE, PAGE, USER + 16 * PAGE, READ));
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.DONE);
  t.true(w.ram.remove({ guestAddress: GUEST, size: 12 * PAGE, userAddress: USER, mmapOffset: 0 }));
  w.memory.forgetTarget(GUEST, 12 * PAGE);
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.NOT_YET);
  t.is(w.memory.at(IOVA + PAGE).read(four, 0, 4), Dma.DONE);
  w.memory.forgetAll();
  t.is(w.memory.at(IOVA + PAGE).read(four, 0, 4), Dma.NOT_YET);
  w.close();
});

test('an update over several regions leads into each, and one that leads nowhere makes the access a fault', t => {
  const w = mappedWorld(1);
  // Guest pages 22 to 25: the end of one region and the beginning of the next, side by side in the front-end.
  t.true(w.memory.update(IOVA, 4 * PAGE, USER + 22 * PAGE, READ + WRITE));
  t.is(w.memory.at(IOVA + 2 * PAGE - 2).write(Uint8Array.of(1, 2, 3, 4), 0, 4), Dma.DONE);
  t.is(w.ram.at(GUEST + 24 * PAGE - 2).read(four, 0, 4), Dma.DONE);
  t.deepEqual([...four], [1, 2, 3, 4]);
  t.is(w.memory.at(IOVA + 8 * PAGE).read(four, 0, 4), Dma.NOT_YET);
  t.false(w.memory.update(IOVA + 8 * PAGE, PAGE, USER + 13 * PAGE, READ));
  t.is(w.memory.at(IOVA + 8 * PAGE).read(four, 0, 4), Dma.FAULT);
  w.close();
});

test('addresses that no Number can be, and misaligned words, are faults and ask for nothing', t => {
  const w = mappedWorld(1);
  const bytes = new Uint8Array(16);
  for (const address of [Number.NaN, Number.POSITIVE_INFINITY, -1, 2 ** 53, 2 ** 64, 2 ** 53 - 8]) {
    t.is(w.memory.at(address).read(bytes, 0, 16), Dma.FAULT, `read ${address}`);
    t.is(w.memory.at(address).write(bytes, 0, 16), Dma.FAULT, `write ${address}`);
    t.is(w.memory.from(address).at(IOVA).copy(16), Dma.FAULT, `copy ${address}`);
    t.is(w.memory.from(IOVA).at(address).copy(16), Dma.FAULT, `copy to ${address}`);
    t.is(w.memory.at(address).fill(16, bytes, 0), Dma.FAULT, `fill ${address}`);
    t.is(w.memory.at(address).check(16, false), Dma.FAULT, `check ${address}`);
  }
  t.is(w.memory.at(IOVA + 2).readWords(new Uint32Array(1), 0, 1), Dma.FAULT);
  t.is(w.memory.at(IOVA + 2).writeWords(new Uint32Array(1), 0, 1), Dma.FAULT);
  t.is(w.memory.at(IOVA + 2).publishWord(Uint32Array.of(1), 0), Dma.FAULT);
  t.is(w.memory.at(IOVA + 4).readAtomic64(new Uint32Array(2), 0), Dma.FAULT);
  t.is(w.memory.at(IOVA + 4).writeAtomic64(new Uint32Array(2), 0), Dma.FAULT);
  t.is(w.memory.at(IOVA).read(bytes, 0, 0), Dma.DONE);
  t.deepEqual(
    w.asked.filter(q => q.page !== 0),
    [],
  );
  w.close();
});

test('pages of one access come to be there together, with others asking all the time', t => {
  const w = new World(64);
  for (let i = 0; i < IOVA_PAGES; i++) w.table[i] = { target: (i * 5) % 12, permissions: READ };
  const all = new Uint8Array(SPAN);
  let other = 0;
  let tries = 0;
  while (w.memory.at(IOVA).read(all, 0, SPAN) !== Dma.DONE && ++tries < 20) {
    // Four answers between two tries, and twenty for somebody else: all told more than there is room for.
    for (let i = 0; i < 20; i++, other++)
      w.memory.update(IOVA + 2 ** 40 + other * 2 * PAGE, PAGE, USER, READ);
    for (let i = 0; i < 4; i++) w.answer(0, false);
  }
  t.is(tries, 4);
  w.close();
});

test('every operation goes on at another place where the next page is', t => {
  const w = mappedWorld(2);
  t.true(w.memory.update(IOVA, PAGE, USER + 7 * PAGE, READ + WRITE));
  t.true(w.memory.update(IOVA + PAGE, PAGE, USER + 2 * PAGE, READ + WRITE));
  const start = IOVA + PAGE - 12;
  const there = (): number[] => {
    const bytes = new Uint8Array(24);
    w.ram.at(GUEST + 8 * PAGE - 12).read(bytes, 0, 12);
    w.ram.at(GUEST + 2 * PAGE).read(bytes, 12, 12);
    return [...bytes];
  };
  const upTo = Array.from({ length: 24 }, (_, i) => i + 1);
  t.is(w.memory.at(start).write(Uint8Array.from(upTo), 0, 24), Dma.DONE);
  t.deepEqual(there(), upTo);
  const back = new Uint8Array(24);
  t.is(w.memory.at(start).read(back, 0, 24), Dma.DONE);
  t.deepEqual([...back], upTo);
  const words = new Uint32Array(6);
  t.is(w.memory.at(start).readWords(words, 0, 6), Dma.DONE);
  t.deepEqual([...new Uint8Array(words.buffer)], upTo);
  t.is(
    w.memory
      .from(start)
      .at(IOVA + 100)
      .copy(24),
    Dma.DONE,
  );
  t.is(w.memory.at(IOVA + 100).read(back, 0, 24), Dma.DONE);
  t.deepEqual([...back], upTo);
  t.is(w.memory.at(start).fill(24, Uint8Array.from(upTo), 3), Dma.DONE);
  t.deepEqual(
    there(),
    upTo.map((_, i) => ((3 + i) % 8) + 1),
  );
  t.is(
    w.memory
      .from(IOVA + 100)
      .at(start)
      .copy(24),
    Dma.DONE,
  );
  t.deepEqual(there(), upTo);
  t.is(
    w.memory.at(start).writeWords(
      words.map(word => word + 1),
      0,
      6,
    ),
    Dma.DONE,
  );
  t.deepEqual(
    there(),
    upTo.map((n, i) => (i % 4 === 0 ? n + 1 : n)),
  );
  w.close();
});

test('an access over several refused pages is one fault: what it leaves behind hits nobody later', t => {
  const both = new Uint8Array(2 * PAGE);
  for (const late of [false, true]) {
    const w = new World();
    t.is(w.memory.at(IOVA).read(both, 0, 2 * PAGE), Dma.NOT_YET);
    w.answer(0, false);
    if (!late) w.answer(0, false);
    t.is(w.memory.at(IOVA).read(both, 0, 2 * PAGE), Dma.FAULT);
    while (w.asked.length > 0) w.answer(0, false);
    // Mapped by now.
    w.table[1] = { target: 1, permissions: READ };
    t.is(w.memory.at(IOVA + PAGE).read(four, 0, 4), Dma.NOT_YET);
    w.answer(0, false);
    t.is(w.memory.at(IOVA + PAGE).read(four, 0, 4), Dma.DONE);
    w.close();
  }
});

test('the same for both sides of a copy, whichever is the fault', t => {
  for (const refused of [READ, WRITE]) {
    const w = new World();
    w.table[refused === READ ? 2 : 0] = { target: 5, permissions: READ + WRITE };
    t.is(
      w.memory
        .from(IOVA)
        .at(IOVA + 2 * PAGE)
        .copy(4),
      Dma.NOT_YET,
    );
    // That of the other side comes when the access is over.
    const first = w.asked.findIndex(a => a.permission === refused);
    w.answer(first, false);
    t.is(
      w.memory
        .from(IOVA)
        .at(IOVA + 2 * PAGE)
        .copy(4),
      Dma.FAULT,
    );
    w.table[0] = w.table[2] = undefined;
    w.answer(0, false);
    t.is(w.memory.at(IOVA + (refused === READ ? 2 : 0) * PAGE).check(4, refused === READ), Dma.NOT_YET);
    w.close();
  }
});

test('who waits for a page that an access before it has left behind still sees its refusal', t => {
  const w = new World();
  t.is(w.memory.at(IOVA).read(new Uint8Array(2 * PAGE), 0, 2 * PAGE), Dma.NOT_YET);
  t.is(w.memory.at(IOVA + PAGE).read(four, 0, 4), Dma.NOT_YET);
  w.answer(0, false);
  t.is(w.memory.at(IOVA).read(new Uint8Array(2 * PAGE), 0, 2 * PAGE), Dma.FAULT);
  t.is(w.memory.at(IOVA + PAGE).read(four, 0, 4), Dma.NOT_YET, 'the question is under way');
  w.answer(0, false);
  t.is(w.memory.at(IOVA + PAGE).read(four, 0, 4), Dma.FAULT);
  w.close();
});

test('a refusal that nobody took for a second is asked for again', t => {
  const w = new World();
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.NOT_YET);
  w.answer(0, false);
  w.clock.ns += 1e9;
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.NOT_YET);
  t.is(w.asked.length, 1);
  w.answer(0, false);
  w.clock.ns += 0.5e9;
  t.is(w.memory.at(IOVA).read(four, 0, 4), Dma.FAULT);
  w.close();
});

test('eight bytes at once are translated, wait for a translation, and need the permission', t => {
  const w = mappedWorld(1);
  const words = Uint32Array.of(0x01020304, 0x05060708);
  t.is(w.memory.at(IOVA + 8).writeAtomic64(words, 0), Dma.NOT_YET);
  t.true(w.memory.update(IOVA, PAGE, USER, WRITE));
  t.is(w.memory.at(IOVA + 8).writeAtomic64(words, 0), Dma.DONE);
  t.is(w.memory.at(IOVA + 8).readAtomic64(new Uint32Array(2), 0), Dma.NOT_YET);
  t.true(w.memory.update(IOVA, PAGE, USER, READ));
  const back = new Uint32Array(2);
  t.is(w.memory.at(IOVA + 8).readAtomic64(back, 0), Dma.DONE);
  t.deepEqual([...back], [...words]);
  w.memory.invalidate(IOVA, PAGE);
  t.is(w.memory.at(IOVA + 8).readAtomic64(back, 0), Dma.NOT_YET);
  t.is(w.memory.at(IOVA + 8).writeAtomic64(words, 0), Dma.NOT_YET);
  w.close();
});
