// SPDX-License-Identifier: MIT
// The way back to a back-end: QEMU never stands still over it, a session that was given up stays given up, and what a
// broken back-end leaves behind does not hinder the next one.
import { closeSync, openSync, writeSync } from 'node:fs';
import test from 'ava';
import { RING_CONSUMER_OFFSET } from '../../device/abi/generated/ring.js';
import { buildQemu, type QemuBuild } from '../../device/vm/qemu-build.js';
import { BareChain, COMMAND } from '../support/bare-chain.js';
import { BARE_RING_SLOTS } from '../support/bare-model.js';
import { Reg, SCRATCH_ID } from '../support/scratch-model.js';

let qemu: QemuBuild;
test.before(async t => {
  t.timeout(900_000);
  qemu = await buildQemu();
});

const DMA_AT = 0x1000000;

const again = (chain: BareChain): number => (chain.q.stderr.match(/is there again/g) ?? []).length;

test.serial('a session that is given up while the back-end is silent is over when it wakes up', async t => {
  const chain = await BareChain.start(t, qemu);
  chain.store(Reg.SCRATCH, 4711);
  t.is(chain.load(Reg.SCRATCH), 4711);
  chain.freeze();
  // Not acknowledged in time: the guest goes on, the session does not.
  const started = performance.now();
  chain.q.configWrite(chain.slot, COMMAND, 2);
  const took = performance.now() - started;
  t.true(took > 900 && took < 20_000, `the write took ${took} ms`);
  // These belong to the next session, whoever serves it.
  chain.store(Reg.HASH_IN, 5);
  chain.q.configWrite(chain.slot, COMMAND, 6);

  // The monitor is served all the time, although attempts to connect hang.
  let waitedMs = 0;
  for (let n = 0; n < 30; n++) {
    const asked = performance.now();
    t.like(await chain.qmp.execute('query-status'), { running: true });
    waitedMs += performance.now() - asked;
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  t.true(waitedMs < 5000, `30 commands took ${waitedMs} ms`);
  t.is(again(chain), 0);
  chain.thaw();
  await chain.eventually(() => again(chain) === 1, 'the same process in a new session');
  await chain.eventually(() => chain.load(Reg.ID) === SCRATCH_ID, 'its registers');
  t.deepEqual([chain.load(Reg.SCRATCH), chain.load(Reg.HASH), chain.load(Reg.BUS_MASTER)], [4711, 5, 1]);
});

test.serial('a back-end that was silent in the middle of DMA does at most the turn in progress', async t => {
  const chain = await BareChain.start(t, qemu);
  const words = 8_000_000;
  const bytes = words * 4;
  // A turn of the reactor: four slices of 64 words.
  const turn = 4 * 64;
  for (let round = 0; round < 3; round++) {
    chain.q.store(chain.bar + Reg.DMA_ADDRESS, 8, BigInt(DMA_AT));
    chain.store(Reg.DMA_WORDS, words);
    await chain.eventually(() => chain.load(Reg.DMA_LEFT) < words, 'the DMA to begin');
    chain.freeze();
    // Nobody acknowledges this; what was promised with it must hold all the same.
    chain.q.configWrite(chain.slot, COMMAND, 2);
    const before = chain.readRam(DMA_AT, bytes);
    const seen = again(chain);
    chain.thaw();
    await chain.eventually(() => again(chain) > seen, 'the same process in a new session');
    const after = chain.readRam(DMA_AT, bytes);
    const changed = (new Uint32Array(after.buffer, after.byteOffset, words) as Uint32Array).filter(
      (word, i) => word !== before.readUInt32LE(i * 4),
    ).length;
    t.true(changed <= turn, `round ${round}: ${changed} words after Bus Master Enable was off`);
    t.true(chain.load(Reg.DMA_LEFT) > 0, 'it was in the middle of it');
    chain.store(Reg.DMA_WORDS, 0);
    chain.q.configWrite(chain.slot, COMMAND, 6);
    chain.wipeRam(DMA_AT, bytes);
  }
});

test.serial('stop and cont with a silent back-end: it goes on when the back-end does', async t => {
  const chain = await BareChain.start(t, qemu);
  chain.store(Reg.SCRATCH, 4711);
  t.is(chain.load(Reg.SCRATCH), 4711);
  chain.freeze();
  const started = performance.now();
  await chain.qmp.execute('stop');
  t.like(await chain.qmp.execute('query-status'), { status: 'paused' });
  await chain.qmp.execute('cont');
  t.true(performance.now() - started < 20_000);
  chain.thaw();
  await chain.eventually(() => again(chain) === 1, 'the back-end');
  await chain.eventually(() => chain.load(Reg.SCRATCH) === 4711, 'its registers');
  t.pass();
});

test.serial('a CONSUMER that cannot be does not outlive the back-end that left it', async t => {
  const chain = await BareChain.start(t, qemu);
  const count = chain.load(Reg.COUNT);
  await chain.kill();
  const ring = openSync(chain.memfd('pushbell-ring'), 'r+');
  const consumer = new Uint8Array(new Uint32Array([0x7fffffff]).buffer);
  writeSync(ring, consumer, 0, 4, RING_CONSUMER_OFFSET);
  closeSync(ring);
  const writes = BARE_RING_SLOTS / 2;
  for (let i = 1; i <= writes; i++) chain.store(Reg.HASH_IN, i);
  await chain.startAgain();
  await chain.eventually(() => chain.load(Reg.ID) === SCRATCH_ID, 'the next back-end to work');
  t.is(chain.load(Reg.COUNT), count + writes, 'every write once');
});

test.serial('an outage is told once, with what to do, and so is its end', async t => {
  const chain = await BareChain.start(t, qemu, { properties: 'read-timeout-ms=500' });
  await chain.kill();
  await chain.eventually(() => chain.q.configRead(chain.slot, 0) === 0xffffffff, 'the function to be gone');
  await new Promise(resolve => setTimeout(resolve, 3000));
  await chain.startAgain();
  await chain.eventually(() => again(chain) === 1, 'the new back-end');
  const lines = chain.q.stderr.trim().split('\n');
  t.is(lines.length, 4, chain.q.stderr);
  t.regex(lines[0]!, /closed the connection/);
  t.regex(lines[1]!, /wait up to 500 ms.*pushbell serve --socket-path/);
  t.regex(lines[2]!, /is gone.*pushbell serve --socket-path/);
  t.regex(lines[3]!, /is there again.*after reset/);
});

test.serial('unplugged and plugged 20 times, with the back-end silent half of the time', async t => {
  const chain = await BareChain.start(t, qemu, { behindPort: true, properties: 'control-timeout-ms=50' });
  const device = { driver: 'pushbell-pci', socket: chain.backEnd.path, id: 'nic', bus: 'port0' };
  let first: { fds: number; threads: number } | undefined;
  for (let round = 0; round < 20; round++) {
    t.is(chain.load(Reg.ID), SCRATCH_ID);
    chain.store(Reg.INTERRUPT, round % 4);
    if (round % 2 === 1) chain.freeze();
    await chain.unplug();
    chain.thaw();
    // QEMU frees what others might still look at a little later (RCU).
    if (first === undefined) {
      await new Promise(resolve => setTimeout(resolve, 1000));
      first = chain.holds();
    }
    const { fds, threads } = first;
    const asBefore = (): boolean => chain.holds().fds <= fds && chain.holds().threads <= threads;
    await chain.eventually(asBefore, `descriptors and threads of round ${round} to go`, 5000);
    await chain.qmp.execute('device_add', { ...device, 'control-timeout-ms': 50 });
    chain.configure();
  }
});
