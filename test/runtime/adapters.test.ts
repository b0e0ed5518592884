// SPDX-License-Identifier: MIT
// Several adapters in one device thread: each front-end has its own, and what one of them does, suffers or breaks is no
// other one's affair.
import test, { type ExecutionContext } from 'ava';
import { Control, Request } from '../../device/abi/generated/messages.js';
import { REG_MAC_HI_OFFSET, REG_MAC_LO_OFFSET } from '../../device/abi/generated/registers.js';
import { RingWord } from '../../device/ring/ring-memory.js';
import { DeviceFailure } from '../../device/runtime/device-thread.js';
import { closeFd } from '../../device/sys/fd.js';
import { Mapping } from '../../device/sys/mapping.js';
import { encodeMessage } from '../../device/vhost/message.js';
import { startDevice, type TestDevice } from '../support/device.js';
import { FrontEnd, guestRam, HungUp } from '../support/front-end.js';
import type { RingProducer } from '../support/ring-producer.js';
import { Reg, SCRATCH_ID } from '../support/scratch-model.js';

const RESTLESS = new URL('../support/restless-model.js', import.meta.url).href;
const ADAPTER = new URL('../../device/model/adapter.js', import.meta.url).href;

interface Connected {
  readonly frontEnd: FrontEnd;
  readonly ring: RingProducer;
}

function connect(device: TestDevice): Connected {
  const frontEnd = FrontEnd.connect(device.path);
  closeFd(frontEnd.start().fd);
  return { frontEnd, ring: frontEnd.ring! };
}

function hangUp(...all: readonly Connected[]): void {
  for (const { frontEnd, ring } of all) {
    frontEnd.hangUp();
    ring.close();
  }
}

/** The result of a control request; fails the test when it is refused. */
async function ask(t: ExecutionContext, device: TestDevice, op: string, fields = {}): Promise<unknown> {
  const answer = await device.thread.request({ op, ...fields });
  t.true('result' in answer, JSON.stringify(answer));
  return (answer as { result: unknown }).result;
}

const alive = (t: ExecutionContext, { ring }: Connected): void => {
  t.is(ring.read(Reg.ID, 4).lo, SCRATCH_ID);
};

test.serial('three front-ends at once: each has its own registers, order and interrupts', async t => {
  const device = await startDevice(t, RESTLESS);
  const all = [connect(device), connect(device), connect(device)];
  const hashes = [0, 0, 0];
  for (let i = 0; i < 3000; i++) {
    const n = i % 3;
    all[n]!.ring.write(Reg.HASH_IN, 4, i);
    hashes[n] = (Math.imul(hashes[n]!, 31) + i) >>> 0;
    if (i % 30 === n) t.is(all[n]!.ring.read(Reg.HASH, 4).lo, hashes[n]);
  }
  all.forEach(({ ring }, n) => {
    t.is(ring.read(Reg.HASH, 4).lo, hashes[n]);
    t.is(ring.read(Reg.COUNT, 4).lo, 1000);
    ring.write(Reg.INTERRUPT, 4, n);
    t.is(ring.read(Reg.COUNT, 4).lo, 1001);
  });
  const raised = all.map(({ frontEnd }) => frontEnd.vectors.map(v => v.drain()));
  t.deepEqual(raised, [
    [1, 0, 0, 0],
    [0, 1, 0, 0],
    [0, 0, 1, 0],
  ]);
  hangUp(...all);
  await device.stop();
});

test.serial('control requests name an adapter; status lists all, and one alone is meant without', async t => {
  const device = await startDevice(t, RESTLESS);
  const first = connect(device);
  const second = connect(device);
  first.ring.write(Reg.SCRATCH, 4, 11);
  second.ring.write(Reg.SCRATCH, 4, 22);
  first.ring.waitUntilConsumed();
  second.ring.waitUntilConsumed();
  const peek = (fields = {}): Promise<unknown> =>
    ask(t, device, 'peek', { register: Reg.SCRATCH, ...fields });
  t.deepEqual([await peek(), await peek({ adapter: 0 }), await peek({ adapter: 1 })], [11, 11, 22]);
  t.deepEqual(await device.thread.request({ op: 'peek', register: 4, adapter: 2 }), {
    error: '"adapter" must be a whole number up to 1',
  });
  t.regex(
    JSON.stringify(await device.thread.request({ op: 'trace', adapter: '1' })),
    /must be a whole number/,
  );
  t.like(await ask(t, device, 'status'), {
    adapter: 0,
    idle: true,
    phase: 'running',
    position: 1,
    pid: process.pid,
    restarts: 0,
    adapters: [
      { adapter: 0, connected: true },
      { adapter: 1, connected: true, position: 1 },
    ],
  });
  const { text } = (await ask(t, device, 'trace', { adapter: 1, format: 'text' })) as { text: string };
  t.regex(text, /write {5}bar=0 offset=0x4 size=4 lo=0x16 /);
  t.notRegex(text, /lo=0xb /, 'what the other one does is in its own trace');
  hangUp(first);
  const connected = async (): Promise<boolean> =>
    ((await ask(t, device, 'status', { adapter: 0 })) as { connected: boolean }).connected;
  while (await connected());
  t.is(await peek(), 22, 'the only one that is connected');
  t.like(await ask(t, device, 'status'), {
    adapter: 1,
    adapters: [{ connected: false }, { connected: true }],
  });
  hangUp(second);
  await device.stop();
  t.deepEqual(
    device.logged.filter(l => l.level !== 'info'),
    [],
  );
});

test.serial('a new connection gets the lowest free adapter, and each its own seed', async t => {
  const device = await startDevice(t, RESTLESS);
  const all = [connect(device), connect(device), connect(device)];
  const seeds = await Promise.all([0, 1, 2].map(adapter => ask(t, device, 'seed', { adapter })));
  t.deepEqual(seeds, [1, 2, 3]);
  hangUp(all[1]!);
  // Its end is seen before anything that comes after it.
  const again = connect(device);
  again.ring.write(Reg.SCRATCH, 4, 7);
  again.ring.waitUntilConsumed();
  t.is(await ask(t, device, 'peek', { adapter: 1, register: Reg.SCRATCH }), 7);
  t.is(((await ask(t, device, 'status')) as { adapters: unknown[] }).adapters.length, 3);
  hangUp(all[0]!, all[2]!, again);
  await device.stop();
});

const macOf = ({ ring }: Connected): string =>
  `${ring.read(REG_MAC_HI_OFFSET, 4).lo}:${ring.read(REG_MAC_LO_OFFSET, 4).lo}`;

test.serial(
  'no two adapters that are connected have the same MAC address, wherever they were before',
  async t => {
    const first = await startDevice(t, ADAPTER);
    const before = [0, 1].map(() => {
      const frontEnd = FrontEnd.connect(first.path);
      const state = frontEnd.start();
      return { frontEnd, ring: frontEnd.ring!, state };
    });
    const macs = before.map(macOf);
    t.is(new Set(macs).size, 2, macs.join(' '));
    await first.stop();
    for (const { frontEnd } of before) frontEnd.hangUp();
    // In the next process the second one comes first and gets the slot that the other one had; then the slot is free.
    const next = await startDevice(t, ADAPTER);
    const swapped = [before[1]!, before[0]!].map(({ ring, state }) => {
      const frontEnd = FrontEnd.connect(next.path);
      frontEnd.resume(ring, state);
      closeFd(state.fd);
      return { frontEnd, ring };
    });
    t.deepEqual(swapped.map(macOf), [macs[1], macs[0]]);
    hangUp(swapped[0]!);
    const fresh = connect(next);
    t.not(macOf(fresh), macs[0]);
    hangUp(swapped[1]!, fresh);
    await next.stop();
  },
);

test.serial(
  'an adapter that always has work starves no other one, nor does it keep others from connecting',
  async t => {
    const device = await startDevice(t, RESTLESS);
    const busy = connect(device);
    await ask(t, device, 'busy', { adapter: 0 });
    const other = connect(device);
    const before = (await ask(t, device, 'turns', { adapter: 0 })) as number;
    for (let i = 0; i < 200; i++) {
      other.ring.write(Reg.SCRATCH, 4, i);
      t.is(other.ring.read(Reg.SCRATCH, 4).lo, i);
    }
    alive(t, busy);
    t.true(((await ask(t, device, 'turns', { adapter: 0 })) as number) > before);
    hangUp(busy, other);
    await device.stop();
  },
);

test.serial('with several rings it sleeps when all are empty, and a kick of any one wakes it', async t => {
  const device = await startDevice(t, RESTLESS);
  const all = [connect(device), connect(device), connect(device)];
  const asleep = ({ ring }: Connected): boolean => Atomics.load(ring.words, RingWord.ASLEEP) === 1;
  for (let i = 0; i < 12; i++) {
    for (const one of all) one.ring.waitUntil(() => asleep(one), 'all to sleep', true);
    alive(t, all[i % 3]!);
    t.is(
      all.reduce((sum, { ring }) => sum + ring.kicks, 0),
      i + 1,
    );
  }
  hangUp(...all);
  await device.stop();
});

const OFFENCES: Readonly<Record<string, (one: Connected) => void>> = {
  'a producer index out of bounds': ({ ring }) => {
    Atomics.store(ring.words, RingWord.PRODUCER, 0x7000_0000);
    ring.kick.signal();
  },
  'an event ahead of the producer': ({ frontEnd }) => {
    mustHangUp(() => frontEnd.control(Control.BUS_MASTER, 1, 0x1234));
  },
  'an unknown request': ({ frontEnd }) => frontEnd.send(4711),
  'half a message, then nothing': ({ frontEnd }) => {
    frontEnd.channel.send(encodeMessage(Request.REM_MEM_REG, new Uint8Array(40)).subarray(0, 20));
    frontEnd.hangUp();
  },
};

/** The back-end hangs up instead of answering. */
function mustHangUp(step: () => void): void {
  try {
    step();
  } catch (error) {
    if (error instanceof HungUp) return;
    throw error;
  }
  throw new Error('it was answered');
}

for (const [what, offend] of Object.entries(OFFENCES)) {
  test.serial(`${what} ends that session; one in the middle of its work goes on`, async t => {
    const device = await startDevice(t, RESTLESS);
    const good = connect(device);
    const bad = connect(device);
    const fd = guestRam(1 << 20);
    const ram = new Mapping(fd, 1 << 20);
    t.is(good.frontEnd.addMemory(fd, 0, 1 << 20), 0n);
    good.ring.write(Reg.DMA_WORDS, 4, 250_000);
    offend(bad);
    good.ring.waitUntil(() => good.frontEnd.vectors[1]!.drain() === 1, 'the interrupt', true);
    t.deepEqual([ram.u32[0], ram.u32[249_999], ram.u32[250_000]], [1, 250_000, 0]);
    if (what !== 'half a message, then nothing') t.true(bad.frontEnd.waitForHangUp());
    alive(t, good);
    const third = connect(device);
    alive(t, third);
    t.like(await ask(t, device, 'status'), { adapters: [{ sessions: 1 }, { sessions: 2 }] });
    t.is(device.logged.filter(l => l.level === 'error').length, 1);
    if (what !== 'half a message, then nothing') bad.frontEnd.hangUp();
    bad.ring.close();
    hangUp(good, third);
    await device.stop();
    ram.retire();
    closeFd(fd);
  });
}

test.serial('one that connects and says nothing holds an adapter and nobody up', async t => {
  const device = await startDevice(t, RESTLESS);
  const mute = FrontEnd.connect(device.path);
  const good = connect(device);
  alive(t, good);
  t.like(await ask(t, device, 'status', { adapter: 0 }), { phase: 'new', attached: false });
  t.like(await ask(t, device, 'explain', { adapter: 0 }), {
    adapters: [{ adapter: 0, findings: [{ code: 'handshake', severity: 'problem', phase: 'new' }] }],
  });
  mute.hangUp();
  hangUp(good);
  await device.stop();
});

test.serial(
  'a front-end too many waits, is told of in one line, and gets the first adapter that is free',
  async t => {
    const device = await startDevice(t, RESTLESS, { maxAdapters: 2 });
    const all = [connect(device), connect(device)];
    const third = FrontEnd.connect(device.path);
    const fourth = FrontEnd.connect(device.path);
    third.send(Request.GET_FEATURES);
    const warnings = (): string[] => device.logged.filter(l => l.level === 'warn').map(l => l.message);
    while (warnings().length === 0) await ask(t, device, 'status');
    for (let i = 0; i < 50; i++) alive(t, all[i % 2]!);
    t.deepEqual(warnings(), ['a front-end waits: all 2 adapters are connected (--max-adapters)']);
    t.deepEqual(third.channel.receive(new Uint8Array(1), 0, 1).length, undefined, 'not answered');
    hangUp(all[1]!);
    t.is(third.receive(Request.GET_FEATURES).payload.length, 8);
    while (warnings().length === 1) await ask(t, device, 'status');
    t.is(warnings().length, 2, 'the fourth is told of once more');
    third.hangUp();
    closeFd(fourth.start().fd);
    t.is(fourth.ring!.read(Reg.ID, 4).lo, SCRATCH_ID);
    fourth.hangUp();
    fourth.ring!.close();
    hangUp(all[0]!);
    await device.stop();
  },
);

test.serial(
  'a defect of ours in one adapter ends the thread: all are hung up on, none goes on by halves',
  async t => {
    const device = await startDevice(t, RESTLESS);
    const all = [connect(device), connect(device)];
    await ask(t, device, 'break', { adapter: 1 });
    await t.throwsAsync(device.thread.ended, { instanceOf: DeviceFailure, message: 'broken, as asked' });
    for (const { frontEnd } of all) t.true(frontEnd.waitForHangUp());
    hangUp(...all);
  },
);

test.serial('a stop ends all sessions in order', async t => {
  const device = await startDevice(t, RESTLESS);
  const all = [connect(device), connect(device), connect(device)];
  await device.stop();
  for (const { frontEnd, ring } of all) {
    t.true(frontEnd.waitForHangUp());
    t.is(Atomics.load(ring.words, RingWord.ALIVE), 0);
  }
  hangUp(...all);
});
