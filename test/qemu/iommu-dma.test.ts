// SPDX-License-Identifier: MIT
// DMA of the real back-end (scratch model) behind QEMU's VT-d, programmed by hand: it arrives where the page tables
// lead at the time, and nowhere else.
import test, { type ExecutionContext } from 'ava';
import { buildQemu, type QemuBuild } from '../../device/vm/qemu-build.js';
import { startDevice, type TestDevice } from '../support/device.js';
import { Qtest } from '../support/qtest.js';
import { connectQmp, qmpArgs } from '../support/qtest-qmp.js';
import { Reg } from '../support/scratch-model.js';
import { temporaryDirectory } from '../support/temporary.js';
import { Flush, Perm, Vtd } from '../support/vtd.js';

const SLOT = 4;
const DEVFN = SLOT * 8;
const BAR = 0xe0000000;
const TABLES = 0x100000;
const DATA = 0x400000;
const PAGE = 0x1000;
const LARGE_PAGE = 0x200000;
const COMMAND = 0x04;
const MEMORY_AND_MASTER = 6;
const FAULTED = 0xffffffffn;

let qemu: QemuBuild;
test.before(async t => {
  t.timeout(900_000);
  qemu = await buildQemu();
});

interface World {
  readonly q: Qtest;
  readonly device: TestDevice;
  readonly vtd: Vtd;
  readonly directory: string;
}

async function startWorld(t: ExecutionContext, more: readonly string[] = []): Promise<World> {
  t.timeout(120_000);
  const device = await startDevice(t);
  const directory = temporaryDirectory(t);
  const q = await Qtest.start({
    ...qemu,
    directory,
    args: [
      ...['-machine', 'q35,memory-backend=mem', '-m', '128M'],
      ...['-object', 'memory-backend-memfd,id=mem,size=128M,share=on'],
      ...['-device', 'intel-iommu', '-device', `pushbell-pci,socket=${device.path},addr=${SLOT},id=dut`],
      ...more,
      ...qmpArgs(directory),
    ],
  });
  t.teardown(() => q.stop());
  q.configWrite(SLOT, 0x10, BAR);
  q.configWrite(SLOT, 0x14, 0);
  q.configWrite(SLOT, COMMAND, MEMORY_AND_MASTER);
  const vtd = new Vtd(q, TABLES, DEVFN);
  vtd.enable();
  return { q, device, vtd, directory };
}

function startDma(q: Qtest, address: number, words: number): void {
  q.store(BAR + Reg.DMA_ADDRESS, 8, BigInt(address));
  q.store(BAR + Reg.DMA_WORDS, 4, BigInt(words));
}

async function dmaEnd(q: Qtest): Promise<bigint> {
  for (let i = 0; i < 1000; i++) {
    const left = q.load(BAR + Reg.DMA_LEFT, 4);
    if (left === 0n || left === FAULTED) return left;
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  throw new Error(`the DMA does not end: ${q.load(BAR + Reg.DMA_LEFT, 4)} words left`);
}

async function dma(q: Qtest, address: number, words: number): Promise<bigint> {
  startDma(q, address, words);
  return dmaEnd(q);
}

const wordsAt = (q: Qtest, address: number, words: number): number[] => [
  ...new Uint32Array(q.readBytes(address, words * 4).buffer),
];

const counted = (from: number, words: number): number[] => Array.from({ length: words }, (_, i) => from + i);

test.serial('DMA goes where the page tables lead: pages apart, in any order', async t => {
  const { q, vtd } = await startWorld(t);
  vtd.map(0x7000000, DATA + 5 * PAGE, Perm.BOTH);
  vtd.map(0x7001000, DATA, Perm.WRITE);
  vtd.map(0x7002000, DATA + 9 * PAGE, Perm.BOTH);
  t.is(await dma(q, 0x7000800, 2048), 0n);
  t.deepEqual(wordsAt(q, DATA + 5 * PAGE + 0x800, 512), counted(1, 512));
  t.deepEqual(wordsAt(q, DATA, 1024), counted(513, 1024));
  t.deepEqual(wordsAt(q, DATA + 9 * PAGE, 512), counted(1537, 512));
  t.deepEqual(wordsAt(q, DATA + 9 * PAGE + 0x800, 2), [0, 0]);
  t.deepEqual(wordsAt(q, 0x7000800, 2), [0, 0], 'nothing at the address taken for a physical one');
  t.is(vtd.takeFault(), undefined);
});

test.serial(
  'no mapping, a read-only one, and one that is gone: a fault here and in the IOMMU, and no byte',
  async t => {
    const { q, vtd } = await startWorld(t);
    t.is(await dma(q, 0x8000000, 64), FAULTED);
    t.like(vtd.takeFault(), { address: 0x8000000, source: DEVFN, write: true });

    vtd.map(0x8001000, DATA, Perm.READ);
    t.is(await dma(q, 0x8001000, 64), FAULTED);
    t.like(vtd.takeFault(), { address: 0x8001000, source: DEVFN, write: true });
    t.deepEqual(wordsAt(q, DATA, 2), [0, 0]);

    vtd.map(0x8002000, DATA, Perm.BOTH);
    t.is(await dma(q, 0x8002000, 64), 0n);
    vtd.unmap(0x8002000);
    vtd.flush(Flush.PAGE, 0x8002000);
    q.writeBytes(DATA, new Uint8Array(256));
    t.is(await dma(q, 0x8002000, 64), FAULTED);
    t.like(vtd.takeFault(), { address: 0x8002000, source: DEVFN, write: true });
    t.deepEqual(wordsAt(q, DATA, 64), new Array<number>(64).fill(0));
  },
);

test.serial(
  'once the flush is done no word goes to the old place, in the middle of a DMA either',
  async t => {
    const { q, vtd } = await startWorld(t);
    const large = 64;
    const [cut, there] = [0x40000000 + large * LARGE_PAGE, DATA + LARGE_PAGE];
    // A long way, all of it in one place, and then the page that is taken away meanwhile.
    for (let i = 0; i < large; i++) vtd.map(0x40000000 + i * LARGE_PAGE, DATA, Perm.BOTH, true);
    let caught = 0;
    for (const granularity of [Flush.PAGE, Flush.DOMAIN, Flush.ALL]) {
      vtd.map(cut, there, Perm.BOTH);
      t.is(await dma(q, cut, 1024), 0n, 'translated once, so the flush has something to end');
      q.writeBytes(there, new Uint8Array(PAGE));
      startDma(q, 0x40000000, (large * LARGE_PAGE + PAGE) / 4);
      vtd.unmap(cut);
      vtd.flush(granularity, cut);
      const after = wordsAt(q, there, 1024);
      const left = await dmaEnd(q);
      t.deepEqual(wordsAt(q, there, 1024), after);
      if (left === FAULTED) caught++;
      vtd.takeFault();
    }
    t.true(caught > 0, 'a DMA was under way when its page was taken away');
  },
);

test.serial('translation off and on again', async t => {
  const { q, vtd } = await startWorld(t);
  vtd.disable();
  t.is(await dma(q, DATA, 64), 0n);
  t.deepEqual(wordsAt(q, DATA, 64), counted(1, 64));
  vtd.enable();
  t.is(await dma(q, DATA, 64), FAULTED);
  vtd.map(DATA, DATA + PAGE, Perm.BOTH);
  t.is(await dma(q, DATA, 64), 0n);
  t.deepEqual(wordsAt(q, DATA + PAGE, 64), counted(1, 64));
});

test.serial('more pages than misses may wait', async t => {
  const { q, vtd } = await startWorld(t);
  const pages = 1500;
  for (let i = 0; i < pages; i++) vtd.map(0x10000000 + i * PAGE, DATA + ((i * 7) % pages) * PAGE, Perm.BOTH);
  t.is(await dma(q, 0x10000000, pages * 1024), 0n);
  for (const i of [0, 1, 700, pages - 1])
    t.is(wordsAt(q, DATA + ((i * 7) % pages) * PAGE, 1)[0], i * 1024 + 1);
});

test.serial('after a machine reset the IOMMU is off, and can be set up again', async t => {
  const { q, vtd, directory } = await startWorld(t);
  vtd.map(0x7000000, DATA, Perm.BOTH);
  t.is(await dma(q, 0x7000000, 64), 0n);
  const qmp = await connectQmp(directory);
  t.teardown(() => qmp.close());
  await qmp.execute('system_reset');
  while ((q.configRead(SLOT, COMMAND) & MEMORY_AND_MASTER) !== 0) await new Promise(r => setTimeout(r, 5));
  q.configWrite(SLOT, 0x10, BAR);
  q.configWrite(SLOT, COMMAND, MEMORY_AND_MASTER);
  t.is(await dma(q, DATA + PAGE, 64), 0n, 'the IOMMU is off after a reset');
  t.deepEqual(wordsAt(q, DATA + PAGE, 64), counted(1, 64));
  const again = new Vtd(q, TABLES, DEVFN);
  again.enable();
  t.is(await dma(q, DATA + PAGE, 64), FAULTED);
});
