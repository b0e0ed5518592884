// SPDX-License-Identifier: MIT
// The whole back-end in its thread, with a front-end in this one: sleep and wake, sessions one after the other, DMA,
// the control requests, and its end.

import { setTimeout } from 'node:timers/promises';
import test from 'ava';
import { Request } from '../../device/abi/generated/messages.js';
import { AnswerStatus } from '../../device/abi/generated/ring.js';
import { RingWord } from '../../device/ring/ring-memory.js';
import { DeviceFailure } from '../../device/runtime/device-thread.js';
import { closeFd } from '../../device/sys/fd.js';
import { Mapping } from '../../device/sys/mapping.js';
import { encodeMessage } from '../../device/vhost/message.js';
import { startDevice } from '../support/device.js';
import { FrontEnd, guestRam } from '../support/front-end.js';
import { Reg, SCRATCH_ID } from '../support/scratch-model.js';

/** Repeats from its seed (mulberry32). */
function random(seed: number): () => number {
  let a = seed;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let x = Math.imul(a ^ (a >>> 15), 1 | a);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

function busyWait(microseconds: number): void {
  const end = performance.now() + microseconds / 1000;
  while (performance.now() < end);
}

test.serial('no write and no read is lost however the consumer sleeps and wakes', async t => {
  const device = await startDevice(t);
  const frontEnd = FrontEnd.connect(device.path);
  closeFd(frontEnd.start().fd);
  const ring = frontEnd.ring!;
  const next = random(7);
  let hash = 0;
  const rounds = 3000;
  t.timeout(120_000);
  for (let i = 0; i < rounds; i++) {
    const value = Math.floor(next() * 2 ** 32);
    ring.write(Reg.HASH_IN, 4, value);
    hash = (Math.imul(hash, 31) + value) >>> 0;
    // Around the length of the spin window, where the consumer is about to fall asleep.
    busyWait(next() < 0.5 ? next() * 20 : next() * 400);
    if (i % 8 === 0) t.is(ring.read(Reg.HASH, 4).lo, hash, `after ${i + 1} writes`);
  }
  t.is(ring.read(Reg.COUNT, 4).lo, rounds);
  t.true(ring.kicks > 0, 'the consumer did sleep');
  frontEnd.hangUp();
  await device.stop();
  ring.close();
});

test.serial('a consumer that has fallen asleep says so, and one kick wakes it', async t => {
  const device = await startDevice(t);
  const frontEnd = FrontEnd.connect(device.path);
  closeFd(frontEnd.start().fd);
  const ring = frontEnd.ring!;
  const asleep = (): boolean => Atomics.load(ring.words, RingWord.ASLEEP) === 1;
  for (let i = 0; i < 20; i++) {
    ring.waitUntil(asleep, 'the consumer to sleep', true);
    t.is(ring.read(Reg.ID, 4).lo, SCRATCH_ID);
  }
  t.is(ring.kicks, 20);
  frontEnd.hangUp();
  await device.stop();
  ring.close();
});

test.serial('sessions follow each other: hung up, broken off, malformed; ring and state go on', async t => {
  const device = await startDevice(t);
  const first = FrontEnd.connect(device.path);
  const state = first.start();
  const ring = first.ring!;
  ring.write(Reg.SCRATCH, 4, 0xabcd);
  t.is(ring.read(Reg.SCRATCH, 4).lo, 0xabcd);
  first.hangUp();
  const half = FrontEnd.connect(device.path);
  half.negotiate();
  half.channel.send(encodeMessage(Request.REM_MEM_REG, new Uint8Array(40)).subarray(0, 20));
  half.hangUp();
  const bad = FrontEnd.connect(device.path);
  bad.send(4711);
  t.true(bad.waitForHangUp());
  bad.hangUp();
  const last = FrontEnd.connect(device.path);
  last.resume(ring, state);
  t.is(ring.read(Reg.SCRATCH, 4).lo, 0xabcd);
  last.hangUp();
  await device.stop();
  t.deepEqual(
    device.logged.filter(l => l.level === 'error').map(l => l.message),
    [
      'session ended: the connection was closed after 20 bytes of a message',
      'session ended: unknown request 4711',
    ],
  );
  closeFd(state.fd);
  ring.close();
});

test.serial('DMA reaches guest RAM, its interrupt comes after the data, and STOP ends both', async t => {
  const device = await startDevice(t);
  const frontEnd = FrontEnd.connect(device.path);
  closeFd(frontEnd.start().fd);
  const ring = frontEnd.ring!;
  const fd = guestRam(1 << 20);
  const ram = new Mapping(fd, 1 << 20);
  t.is(frontEnd.addMemory(fd, 0x1_0000_0000, 1 << 20), 0n);
  ring.write(Reg.DMA_ADDRESS, 8, 0, 1);
  ring.write(Reg.DMA_WORDS, 4, 200_000);
  ring.waitUntil(() => frontEnd.vectors[1]!.drain() === 1, 'the interrupt', true);
  t.deepEqual([ram.u32[0], ram.u32[100_000], ram.u32[199_999], ram.u32[200_000]], [1, 100_001, 200_000, 0]);
  ram.u32.fill(0);
  ring.write(Reg.DMA_WORDS, 4, 250_000);
  frontEnd.must(Request.PCI_STOP);
  const reached = ram.u32.indexOf(0);
  await setTimeout(20);
  t.is(ram.u32.indexOf(0), reached, 'nothing is written after the acknowledgement');
  frontEnd.must(Request.PCI_RUN);
  ring.waitUntil(() => frontEnd.vectors[1]!.drain() === 1, 'the interrupt', true);
  t.is(ram.u32[249_999], 250_000);
  t.is(frontEnd.removeMemory(0x1_0000_0000, 1 << 20), 0n);
  ring.write(Reg.DMA_WORDS, 4, 8);
  ring.waitUntil(() => ring.read(Reg.DMA_LEFT, 4).lo === 0xffffffff, 'the DMA to fault');
  frontEnd.hangUp();
  await device.stop();
  ram.retire();
  closeFd(fd);
  ring.close();
});

test.serial('control requests are answered while the device sleeps and while it works', async t => {
  const device = await startDevice(t);
  const { thread } = device;
  t.like(await thread.request({ op: 'status' }), { result: { sessions: 0, attached: false } });
  const frontEnd = FrontEnd.connect(device.path);
  closeFd(frontEnd.start().fd);
  const ring = frontEnd.ring!;
  for (let i = 0; i < 5000; i++) ring.write(Reg.SCRATCH, 4, i);
  t.is(ring.read(Reg.SCRATCH, 4).status, AnswerStatus.OK);
  t.like(await thread.request({ op: 'status' }), { result: { phase: 'running', position: 5001 } });
  t.deepEqual(await thread.request({ op: 'peek', register: Reg.SCRATCH }), { result: 4999 });
  t.deepEqual(await thread.request({ op: 'explode' }), { error: 'as asked' });
  t.deepEqual(await thread.request({ op: 'nothing' }), { error: 'unknown op "nothing"' });
  t.deepEqual(await thread.request('nonsense'), { error: 'no "op" in the request' });
  t.deepEqual(await thread.request({ op: 'ops' }), {
    result: ['break', 'explain', 'explode', 'ops', 'peek', 'status', 'trace'],
  });
  const { text } = (
    (await thread.request({ op: 'trace', format: 'text', clear: true })) as { result: { text: string } }
  ).result;
  t.is(text.trimEnd().split('\n').length, 4096);
  t.regex(text, /read {6}bar=0 offset=0x4 size=4 lo=0x1387 hi=0x0\n$/);
  await thread.request({ op: 'trace', enable: false });
  ring.write(Reg.SCRATCH, 4, 1);
  ring.waitUntilConsumed();
  const off = (await thread.request({ op: 'trace' })) as { result: { recorded: number; records: unknown[] } };
  t.deepEqual(off.result.records.length, off.result.recorded);
  t.false(JSON.stringify(off.result.records).includes('"write"'));
  frontEnd.hangUp();
  await device.stop();
  t.deepEqual(await thread.request({ op: 'status' }), { error: 'the device has ended' });
  ring.close();
});

test.serial('it ends at once while it sleeps, while it works and while a session is half done', async t => {
  const asleep = await startDevice(t);
  await setTimeout(30);
  const start = performance.now();
  await asleep.stop();
  const half = await startDevice(t);
  const frontEnd = FrontEnd.connect(half.path);
  frontEnd.negotiate();
  await half.stop();
  t.true(frontEnd.waitForHangUp());
  frontEnd.hangUp();
  const busy = await startDevice(t);
  const worker = FrontEnd.connect(busy.path);
  closeFd(worker.start().fd);
  for (let i = 0; i < 1000; i++) worker.ring!.write(Reg.SCRATCH, 4, i);
  await busy.stop();
  t.true(performance.now() - start < 3000);
  t.is(Atomics.load(worker.ring!.words, RingWord.ALIVE), 0);
  worker.hangUp();
  worker.ring!.close();
});

test.serial(
  'a model that fails takes the thread down: the front-end is hung up on, the owner gets the reason',
  async t => {
    const device = await startDevice(t);
    const frontEnd = FrontEnd.connect(device.path);
    closeFd(frontEnd.start().fd);
    await device.thread.request({ op: 'break' });
    await t.throwsAsync(device.thread.ended, { instanceOf: DeviceFailure, message: 'broken, as asked' });
    t.true(frontEnd.waitForHangUp());
    t.throws(() => FrontEnd.connect(device.path), { message: /ECONNREFUSED/ });
    t.deepEqual(await device.thread.request({ op: 'status' }), { error: 'the device has ended' });
    frontEnd.hangUp();
    frontEnd.ring!.close();
  },
);

test.serial('a model that cannot be made is an error with its reason', async t => {
  await t.throwsAsync(startDevice(t, 'file:///nowhere/model.js'), { message: /nowhere/ });
});
