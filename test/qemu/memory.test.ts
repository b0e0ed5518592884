// SPDX-License-Identifier: MIT
// Guest RAM of every kind under QEMU's pushbell-pci: what the back-end is told and when (a back-end told by hand), and
// DMA that arrives where the guest sees it, or is refused (the real one with the scratch model). No guest.
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { Request } from '../../device/abi/generated/messages.js';
import { buildQemu, type QemuBuild } from '../../device/vm/qemu-build.js';
import type { Qmp } from '../../device/vm/qmp.js';
import { startDevice, type TestDevice } from '../support/device.js';
import { HandBackEnd, type HandBackEndOptions } from '../support/hand-back-end.js';
import { startByHand, theFunction } from '../support/iommu-by-hand.js';
import { Qtest, QtestError } from '../support/qtest.js';
import { connectQmp, qmpArgs } from '../support/qtest-qmp.js';
import { Reg } from '../support/scratch-model.js';
import { temporaryDirectory } from '../support/temporary.js';

const SLOT = 4;
const BAR = 0xe0000000;
const COMMAND = 0x04;
const MEMORY_AND_MASTER = 6;
const GIB = 2 ** 30;
const FOUR_GIB = 4 * GIB;
const FAULTED = 0xffffffffn;
/** Of the chipset's ACPI memory hot-plug: slot selector, and control byte with its eject bit. */
const ACPI_SLOT = 0xa00;
const ACPI_CONTROL = 0xa14;
const EJECT = 8;
const SLOTS = '128M,slots=4,maxmem=8G';
const NR_HUGEPAGES = '/proc/sys/vm/nr_hugepages';

let qemu: QemuBuild;
test.before(async t => {
  t.timeout(900_000);
  qemu = await buildQemu();
});

interface Machine {
  readonly size?: string;
  /** The object behind guest RAM. */
  readonly ram?: string;
  readonly before?: readonly string[];
  readonly after?: readonly string[];
}

function machineArgs(path: string, machine: Machine): string[] {
  const { size = '128M', ram = `memory-backend-memfd,size=${size.split(',')[0]},share=on` } = machine;
  return [
    ...['-machine', 'q35,memory-backend=mem', '-m', size, '-object', `${ram},id=mem`],
    ...(machine.before ?? []),
    ...['-device', `pushbell-pci,socket=${path},addr=${SLOT}`],
    ...(machine.after ?? []),
  ];
}

interface Hand {
  readonly q: Qtest;
  readonly backEnd: HandBackEnd;
  readonly qmp: Qmp;
}

async function startHand(t: ExecutionContext, machine: Machine, options?: HandBackEndOptions): Promise<Hand> {
  t.timeout(120_000);
  const directory = temporaryDirectory(t);
  const path = join(directory, 'device.sock');
  const backEnd = new HandBackEnd(path, options);
  t.teardown(() => backEnd.close());
  const pump = setInterval(() => backEnd.step(), 2);
  t.teardown(() => clearInterval(pump));
  const args = [...machineArgs(path, machine), ...qmpArgs(directory)];
  const q = await Qtest.start({ ...qemu, directory, args, pump: () => backEnd.step() });
  t.teardown(() => q.stop());
  const qmp = await connectQmp(directory);
  t.teardown(() => qmp.close());
  return { q, backEnd, qmp };
}

interface Real {
  readonly q: Qtest;
  readonly device: TestDevice;
  readonly qmp: Qmp;
}

async function startReal(t: ExecutionContext, machine: Machine): Promise<Real> {
  t.timeout(120_000);
  const device = await startDevice(t);
  const directory = temporaryDirectory(t);
  const args = [...machineArgs(device.path, machine), ...qmpArgs(directory)];
  const q = await Qtest.start({ ...qemu, directory, args });
  t.teardown(() => q.stop());
  q.configWrite(SLOT, 0x10, BAR);
  q.configWrite(SLOT, 0x14, 0);
  q.configWrite(SLOT, COMMAND, MEMORY_AND_MASTER);
  const qmp = await connectQmp(directory);
  t.teardown(() => qmp.close());
  return { q, device, qmp };
}

/** A DMA of `words` words 1, 2, 3 … to guest memory; resolves with DMA_LEFT when it has ended. */
async function dma(q: Qtest, address: number, words: number): Promise<bigint> {
  q.store(BAR + Reg.DMA_ADDRESS, 8, BigInt(address));
  q.store(BAR + Reg.DMA_WORDS, 4, BigInt(words));
  for (let i = 0; i < 500; i++) {
    const left = q.load(BAR + Reg.DMA_LEFT, 4);
    if (left === 0n || left === FAULTED) return left;
    await new Promise(resolve => setTimeout(resolve, 10));
  }
  throw new Error('the DMA does not end');
}

function isThere(t: ExecutionContext, q: Qtest, address: number, words: number): void {
  const got = new Uint32Array(q.readBytes(address, words * 4).buffer);
  t.deepEqual(
    got,
    Uint32Array.from({ length: words }, (_, i) => i + 1),
    `at 0x${address.toString(16)}`,
  );
}

async function dmaArrives(t: ExecutionContext, q: Qtest, address: number, words = 300): Promise<void> {
  t.is(await dma(q, address, words), 0n, `0x${address.toString(16)}`);
  isThere(t, q, address, words);
}

async function plug(qmp: Qmp, id: string, memory: Record<string, unknown>): Promise<void> {
  await qmp.execute('object-add', { 'qom-type': 'memory-backend-memfd', id: `${id}-ram`, ...memory });
  await qmp.execute('device_add', { driver: 'pc-dimm', id, memdev: `${id}-ram` });
}

/** Unplugs a DIMM as a guest would that lets go of it. */
async function unplug(q: Qtest, qmp: Qmp, id: string, slot: number): Promise<void> {
  await qmp.execute('device_del', { id });
  q.out(ACPI_SLOT, slot);
  q.command(`outb 0x${ACPI_CONTROL.toString(16)} ${EJECT}`);
}

const DIMM = { size: 128 * 2 ** 20, share: true };

test.serial('a DIMM is announced when it is plugged and taken back, in a stop, when it goes', async t => {
  const { q, backEnd, qmp } = await startHand(t, { size: SLOTS });
  const before = backEnd.ram.length;
  let mark = backEnd.requests.length;
  await plug(qmp, 'd0', DIMM);
  t.deepEqual(backEnd.requests.slice(mark), [Request.ADD_MEM_REG]);
  t.like(backEnd.ram.at(-1), { guestAddress: FOUR_GIB, size: DIMM.size, mmapOffset: 0 });
  mark = backEnd.requests.length;
  await unplug(q, qmp, 'd0', 0);
  t.deepEqual(backEnd.requests.slice(mark), [Request.PCI_STOP, Request.REM_MEM_REG, Request.PCI_RUN]);
  t.is(backEnd.ram.length, before);
  t.deepEqual(await qmp.execute('query-memory-devices'), []);
});

test.serial('a range that becomes another in one transaction is exchanged in one stop', async t => {
  const { q, backEnd } = await startHand(t, {});
  const mark = backEnd.requests.length;
  t.truthy(backEnd.ram.find(r => r.guestAddress === 0x100000));
  // The chipset's PAM0: the BIOS segment becomes RAM, which then is one range with what follows it.
  q.configWrite(0, 0x90, q.configRead(0, 0x90) | 0x30);
  t.deepEqual(backEnd.requests.slice(mark), [
    Request.PCI_STOP,
    Request.REM_MEM_REG,
    Request.ADD_MEM_REG,
    Request.PCI_RUN,
  ]);
  t.truthy(backEnd.ram.find(r => r.guestAddress === 0xf0000 && r.mmapOffset === 0xf0000));
});

test.serial('while the VM is stopped no RUN follows a change of memory', async t => {
  const { q, backEnd, qmp } = await startHand(t, {});
  await qmp.execute('stop');
  const mark = backEnd.requests.length;
  q.configWrite(0, 0x90, q.configRead(0, 0x90) | 0x30);
  t.deepEqual(backEnd.requests.slice(mark), [Request.REM_MEM_REG, Request.ADD_MEM_REG]);
});

test.serial('other changes of the memory map say nothing to the back-end', async t => {
  const { q, backEnd } = await startHand(t, {});
  const mark = backEnd.requests.length;
  q.configWrite(SLOT, 0x10, BAR);
  q.configWrite(SLOT, 0x14, 0);
  q.configWrite(SLOT, COMMAND, 2);
  q.configWrite(SLOT, COMMAND, 0);
  t.deepEqual(
    backEnd.requests.slice(mark).filter(r => r === Request.ADD_MEM_REG || r === Request.PCI_STOP),
    [],
  );
});

test.serial('a DIMM that the back-end could not share is refused with what to write instead', async t => {
  const { backEnd, qmp } = await startHand(t, { size: SLOTS });
  const before = backEnd.ram.length;
  const hidden = await t.throwsAsync(plug(qmp, 'd0', { size: DIMM.size, share: false }));
  t.regex(hidden!.message, /d0-ram.*memory-backend-memfd,id=d0-ram,size=128M,share=on/);
  t.is(backEnd.ram.length, before);
  t.deepEqual(await qmp.execute('query-memory-devices'), [], 'the guest does not see it');
  await qmp.execute('object-del', { id: 'd0-ram' });
  await plug(qmp, 'd0', DIMM);
  t.is(backEnd.ram.length, before + 1);

  const dimm = ['-object', 'memory-backend-ram,id=p,size=128M', '-device', 'pc-dimm,memdev=p'];
  for (const at of ['before', 'after'] as const) {
    const cold = await t.throwsAsync(startHand(t, { size: SLOTS, [at]: dimm }), { instanceOf: QtestError });
    t.regex(cold!.message, /"p" is not shared.*share=on/, `on the command line, ${at} the function`);
  }
});

test.serial('more ranges than the back-end takes are refused', async t => {
  const { backEnd, qmp } = await startHand(t, { size: SLOTS }, { maxMemSlots: 3 });
  t.is(backEnd.ram.length, 2);
  await plug(qmp, 'd0', DIMM);
  const refused = await t.throwsAsync(plug(qmp, 'd1', DIMM));
  t.regex(refused!.message, /takes 3 ranges of guest RAM/);
  t.is(backEnd.ram.length, 3);
  const one = ['-object', 'memory-backend-memfd,id=p,size=128M,share=on', '-device', 'pc-dimm,memdev=p'];
  const few = startHand(t, { size: SLOTS, before: one }, { maxMemSlots: 1 });
  t.regex((await t.throwsAsync(few, { instanceOf: QtestError }))!.message, /takes 1 ranges of guest RAM/);
});

test.serial('memory that the back-end refuses is told of, and stays with QEMU', async t => {
  const { q, backEnd, qmp } = await startHand(t, { size: SLOTS });
  const before = backEnd.ram.length;
  backEnd.refuseMemory = true;
  await plug(qmp, 'd0', DIMM);
  const told = /DMA to this memory will fault: guest RAM "d0-ram" at 0x100000000: .*refused/;
  await backEnd.until(() => told.test(q.stderr), 'what is refused');
  backEnd.refuseMemory = false;
  await unplug(q, qmp, 'd0', 0);
  t.false(backEnd.requests.includes(Request.REM_MEM_REG) && backEnd.ram.length !== before);
  t.is(backEnd.ram.length, before);
  // A later back-end that refuses it must not be given up for that.
  await plug(qmp, 'd1', DIMM);
  backEnd.refuseMemory = true;
  backEnd.hangUp();
  const mark = backEnd.requests.length;
  await backEnd.until(() => backEnd.requests.slice(mark).includes(Request.PCI_RUN), 'the reconnection');
});

test.serial('a new back-end gets the memory of now', async t => {
  const { backEnd, qmp } = await startHand(t, { size: SLOTS });
  const before = backEnd.ram.length;
  backEnd.hangUp();
  const mark = backEnd.requests.length;
  await plug(qmp, 'd0', DIMM);
  await backEnd.until(() => backEnd.requests.slice(mark).includes(Request.PCI_RUN), 'the reconnection');
  t.is(backEnd.ram.length, before + 1);
});

test.serial('DMA arrives above 4 GiB, in a region that is larger than that', async t => {
  const { q } = await startReal(t, { size: '12G' });
  await dmaArrives(t, q, FOUR_GIB);
  await dmaArrives(t, q, 2 * FOUR_GIB - 600);
  await dmaArrives(t, q, 2 * FOUR_GIB + 5 * GIB + 4096);
  t.is(await dma(q, 0x3fffffffe00, 64), FAULTED, 'beyond the end');
});

test.serial('DMA arrives in a DIMM while it is plugged, and not afterwards', async t => {
  const { q, qmp } = await startReal(t, { size: SLOTS });
  t.is(await dma(q, FOUR_GIB + 4096, 64), FAULTED);
  await plug(qmp, 'd0', { size: 2 * GIB, share: true });
  await dmaArrives(t, q, FOUR_GIB + 4096);
  await dmaArrives(t, q, FOUR_GIB + 2 * GIB - 1200);
  await unplug(q, qmp, 'd0', 0);
  t.is(await dma(q, FOUR_GIB + 4096, 64), FAULTED);
  await dmaArrives(t, q, 0x200000);
});

test.serial('a DMA goes on while the memory map changes under it', async t => {
  const { q } = await startReal(t, {});
  const words = 2_000_000;
  const wait = dma(q, 0x400000, words);
  for (let i = 0; i < 20; i++) {
    q.configWrite(0, 0x90, q.configRead(0, 0x90) ^ 0x30);
    await new Promise(resolve => setTimeout(resolve, 2));
  }
  t.is(await wait, 0n);
  isThere(t, q, 0x400000, 1000);
  t.is(q.load(0x400000 + (words - 1) * 4, 4), BigInt(words));
});

test.serial('huge pages of 2 MiB', async t => {
  const before = readFileSync(NR_HUGEPAGES, 'utf8').trim();
  const wanted = Number(before) + 64;
  try {
    writeFileSync(NR_HUGEPAGES, String(wanted));
  } catch {
    // Not ours to change: perhaps there are enough already.
  }
  t.teardown(() => {
    try {
      writeFileSync(NR_HUGEPAGES, before);
    } catch {
      // As it was, then.
    }
  });
  const free = Number(/HugePages_Free:\s+(\d+)/.exec(readFileSync('/proc/meminfo', 'utf8'))?.[1] ?? 0);
  if (free < 64) {
    t.log(`SKIPPED: this machine gives no 64 huge pages (${free} free, ${NR_HUGEPAGES})`);
    t.pass();
    return;
  }
  const { q, device } = await startReal(t, {
    ram: 'memory-backend-memfd,size=128M,share=on,hugetlb=on,hugetlbsize=2M',
  });
  await dmaArrives(t, q, 0x1000);
  await dmaArrives(t, q, 0x100000);
  await dmaArrives(t, q, 0x400000 - 600);
  q.configWrite(0, 0x90, q.configRead(0, 0x90) | 0x30);
  await dmaArrives(t, q, 0xf0000);
  t.deepEqual(
    device.logged.filter(l => l.level === 'error'),
    [],
  );
});

for (const [name, directory] of [
  ['tmpfs', '/dev/shm'],
  ['disk', undefined],
] as const) {
  test.serial(
    `RAM in an unsealed file on ${name}: DMA arrives, and a file that is cut short ends nobody`,
    async t => {
      const file = join(directory ?? temporaryDirectory(t), `pushbell-test-ram-${process.pid}`);
      t.teardown(() => rmSync(file, { force: true }));
      const { q, device } = await startReal(t, {
        ram: `memory-backend-file,size=128M,share=on,mem-path=${file}`,
      });
      await dmaArrives(t, q, 0x200000);
      await dmaArrives(t, q, 0x3000000);
      // Somebody cuts the file. QEMU itself maps it, so the test looks only at what was not cut off.
      truncateSync(file, 0x2000000);
      await dmaArrives(t, q, 0x200000);
      await dmaArrives(t, q, 0x2000000 - 1200);
      t.is(await dma(q, 0x3000000, 300), FAULTED, 'what was cut off is not made anew by a write');
      t.like(await device.thread.request({ op: 'status' }), { result: { attached: true, sessions: 1 } });
    },
  );
}

test.serial(
  'a back-end that takes no memory is refused and leaves nothing behind for the next one',
  async t => {
    const options: { maxMemSlots?: number | undefined } = {};
    const { q, backEnd } = await startByHand(t, qemu, path => theFunction(path), options);
    const runs = (): number => backEnd.requests.filter(r => r === Request.PCI_RUN).length;
    await backEnd.until(() => runs() === 1, 'the connect sequence');
    const ranges = backEnd.ram.length;
    t.true(ranges >= 2);
    options.maxMemSlots = 0;
    backEnd.hangUp();
    await backEnd.until(() => /takes 0 ranges of guest RAM/.test(q.stderr), 'the refusal');
    // A change of the memory map meanwhile.
    q.configWrite(4, 0x10, 0xe0000000);
    q.configWrite(4, 0x04, 2);
    delete options.maxMemSlots;
    await backEnd.until(() => runs() === 2, 'a back-end that takes memory');
    t.is(backEnd.ram.length, ranges);
  },
);
