// SPDX-License-Identifier: MIT
// The transport with the real front-end: QEMU's pushbell-pci under qtest, the scratch model behind the socket. No guest.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { claimSocket } from '../../device/runtime/claim-socket.js';
import { DeviceThread } from '../../device/runtime/device-thread.js';
import { buildQemu, type QemuBuild } from '../../device/vm/qemu-build.js';
import { SCRATCH_MODEL_URL, temporaryDirectory } from '../support/device.js';
import { Qtest, QtestError } from '../support/qtest.js';
import { Reg, SCRATCH_ID } from '../support/scratch-model.js';

const SLOT = 4;
const BAR = 0xe0000000;
const MSI_AT = 0x20000;
const COMMAND = 0x04;
const MEMORY_AND_MASTER = 6;
const CAP_MSIX = 0x11;
const CAP_PCIE = 0x10;
const TABLE = 0x2000;

interface Chain {
  readonly directory: string;
  readonly path: string;
  qtest: Qtest;
  device: DeviceThread;
}

let qemu: QemuBuild;
test.before(async t => {
  t.timeout(900_000);
  qemu = await buildQemu();
});

const machine = (path: string, share = 'on'): string[] => [
  ...['-machine', 'q35,memory-backend=mem', '-m', '128M'],
  ...['-object', `memory-backend-memfd,id=mem,size=128M,share=${share}`],
  ...['-device', `pushbell-pci,socket=${path},addr=${SLOT}`],
];

async function startDevice(path: string): Promise<DeviceThread> {
  const socket = claimSocket(path, () => undefined);
  const device = new DeviceThread({
    modelUrl: SCRATCH_MODEL_URL,
    modelOptions: {},
    listener: socket.fd,
    onLog: () => undefined,
  });
  await device.ready;
  return device;
}

async function startChain(t: ExecutionContext): Promise<Chain> {
  t.timeout(120_000);
  const directory = temporaryDirectory();
  const path = join(directory, 'device.sock');
  const device = await startDevice(path);
  const chain: Chain = { directory, path, device, qtest: undefined as unknown as Qtest };
  t.teardown(async () => {
    await chain.qtest?.stop();
    await chain.device.stop().catch(() => undefined);
    rmSync(directory, { recursive: true });
  });
  chain.qtest = await Qtest.start({ ...qemu, directory, args: machine(path) });
  configure(chain.qtest);
  return chain;
}

/** What firmware would do: BAR, memory and bus master, MSI-X with messages that land in RAM. */
function configure(q: Qtest): void {
  q.configWrite(SLOT, 0x10, BAR);
  q.configWrite(SLOT, 0x14, 0);
  q.configWrite(SLOT, COMMAND, MEMORY_AND_MASTER);
  for (let vector = 0; vector < 4; vector++) {
    const entry = BAR + TABLE + vector * 16;
    q.store(entry, 4, BigInt(MSI_AT + vector * 4));
    q.store(entry + 4, 4, 0n);
    q.store(entry + 8, 4, BigInt(0x100 + vector));
    q.store(entry + 12, 4, 0n);
  }
  const cap = q.capability(SLOT, CAP_MSIX);
  q.configWrite(SLOT, cap, q.configRead(SLOT, cap) + 0x80000000);
}

/** Lets QEMU's main loop and the device go on until `condition` holds. */
async function eventually(t: ExecutionContext, condition: () => boolean, what: string): Promise<void> {
  for (let i = 0; i < 500; i++) {
    if (condition()) return;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  t.fail(`timed out: ${what}`);
}

test.serial(
  'the function is what the back-end describes, and its registers are reached in order',
  async t => {
    const { qtest: q, device } = await startChain(t);
    t.is(q.configRead(SLOT, 0), 0x70631234);
    t.is(q.configRead(SLOT, 8), 0xff000001);
    t.is(q.load(BAR + Reg.ID, 4), BigInt(SCRATCH_ID));
    q.store(BAR + Reg.SCRATCH64, 8, 0x8877665544332211n);
    t.is(q.load(BAR + Reg.SCRATCH64, 8), 0x8877665544332211n);
    t.is(q.load(BAR + Reg.SCRATCH64 + 2, 2), 0x4433n);
    t.is(q.load(BAR + Reg.SCRATCH64 + 7, 1), 0x88n);
    let hash = 0;
    for (let i = 0; i < 3000; i++) {
      q.store(BAR + Reg.HASH_IN, 4, BigInt(i));
      hash = (Math.imul(hash, 31) + i) >>> 0;
    }
    t.is(q.load(BAR + Reg.HASH, 4), BigInt(hash));
    t.is(q.load(BAR + 0x1800, 4), 0n, 'between the ranges');
    t.like(await device.request({ op: 'status' }), { result: { attached: true, sessions: 1 } });
  },
);

test.serial('an interrupt is there when a later read returns', async t => {
  const { qtest: q } = await startChain(t);
  q.writeBytes(MSI_AT, new Uint8Array(16));
  for (let i = 0; i < 50; i++) {
    q.store(MSI_AT + 8, 4, 0n);
    q.store(BAR + Reg.INTERRUPT, 4, 2n);
    t.is(q.load(BAR + Reg.ID, 4), BigInt(SCRATCH_ID));
    t.is(q.load(MSI_AT + 8, 4), 0x102n, `round ${i}`);
  }
  t.is(q.load(MSI_AT + 12, 4), 0n, 'no other vector');
});

test.serial('DMA writes guest RAM and stops with Bus Master Enable', async t => {
  const { qtest: q } = await startChain(t);
  const words = (at: number, count: number): Uint32Array =>
    new Uint32Array(q.readBytes(at, count * 4).buffer);
  q.store(BAR + Reg.DMA_ADDRESS, 8, 0x100000n);
  q.store(BAR + Reg.DMA_WORDS, 4, 5000n);
  await eventually(t, () => q.load(MSI_AT + 4, 4) === 0x101n, 'the interrupt of the DMA');
  t.deepEqual(
    words(0x100000, 5001),
    Uint32Array.from({ length: 5001 }, (_, i) => (i < 5000 ? i + 1 : 0)),
  );
  q.configWrite(SLOT, COMMAND, 2);
  q.store(BAR + Reg.DMA_ADDRESS, 8, 0x200000n);
  q.store(BAR + Reg.DMA_WORDS, 4, 8n);
  t.is(q.load(BAR + Reg.DMA_LEFT, 4), 8n);
  t.is(q.load(BAR + Reg.BUS_MASTER, 4), 0n);
  t.is(words(0x200000, 1)[0], 0);
  q.configWrite(SLOT, COMMAND, MEMORY_AND_MASTER);
  await eventually(t, () => q.load(BAR + Reg.DMA_LEFT, 4) === 0n, 'the DMA to go on');
  t.deepEqual([...words(0x200000, 8)], [1, 2, 3, 4, 5, 6, 7, 8]);
});

test.serial('a function-level reset and a machine reset clear the function, and it goes on', async t => {
  const { qtest: q } = await startChain(t);
  q.store(BAR + Reg.SCRATCH, 4, 99n);
  const cap = q.capability(SLOT, CAP_PCIE);
  q.configWrite(SLOT, cap + 8, (q.configRead(SLOT, cap + 8) % 65536) + 0x8000);
  // The reset has cleared the configuration, too.
  configure(q);
  t.is(q.load(BAR + Reg.SCRATCH, 4), 0n);
  q.store(BAR + Reg.SCRATCH, 4, 98n);
  t.is(q.load(BAR + Reg.SCRATCH, 4), 98n);
  // The chipset's reset control register.
  q.command('outb 0xcf9 0x6');
  await eventually(t, () => (q.configRead(SLOT, COMMAND) & MEMORY_AND_MASTER) === 0, 'the machine reset');
  configure(q);
  t.is(q.load(BAR + Reg.SCRATCH, 4), 0n);
});

test.serial(
  'a back-end that is replaced goes on with registers, writes of the meantime and interrupts',
  async t => {
    const chain = await startChain(t);
    const { qtest: q } = chain;
    q.store(BAR + Reg.SCRATCH, 4, 4711n);
    t.is(q.load(BAR + Reg.SCRATCH, 4), 4711n);
    const count = q.load(BAR + Reg.COUNT, 4);
    await chain.device.stop();
    for (let i = 0; i < 5; i++) q.store(BAR + Reg.HASH_IN, 4, BigInt(i));
    chain.device = await startDevice(chain.path);
    await eventually(t, () => q.load(BAR + Reg.ID, 4) === BigInt(SCRATCH_ID), 'the new back-end');
    t.is(q.load(BAR + Reg.SCRATCH, 4), 4711n);
    t.is(q.load(BAR + Reg.COUNT, 4), count + 5n);
    q.store(BAR + Reg.INTERRUPT, 4, 3n);
    t.is(q.load(BAR + Reg.ID, 4), BigInt(SCRATCH_ID));
    t.is(q.load(MSI_AT + 12, 4), 0x103n);
  },
);

test.serial('RAM that is not shared, and a missing back-end, are refused with what to do', async t => {
  const directory = temporaryDirectory();
  const path = join(directory, 'device.sock');
  t.teardown(() => rmSync(directory, { recursive: true }));
  const device = await startDevice(path);
  t.teardown(() => device.stop().then(() => undefined));
  const start = (p: string, share: string): Promise<Qtest> =>
    Qtest.start({ ...qemu, directory, args: machine(p, share) });
  const unshared = await t.throwsAsync(start(path, 'off'), { instanceOf: QtestError });
  t.regex(unshared!.message, /share=on/);
  rmSync(join(directory, 'qtest.sock'));
  const missing = await t.throwsAsync(start(join(directory, 'no.sock'), 'on'), { instanceOf: QtestError });
  t.regex(missing!.message, /no\.sock/);
});
