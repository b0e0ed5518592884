// SPDX-License-Identifier: MIT
// What PCI promises of a function, seen through QEMU's registers: INTx and MSI-X with masks and pending bits, resets in
// the middle of work, the link, BARs above 4 GiB, accesses of every size.
import { fileURLToPath } from 'node:url';
import test from 'ava';
import * as adapter from '../../device/abi/generated/registers.js';
import { buildQemu, type QemuBuild } from '../../device/vm/qemu-build.js';
import { BareChain, CAP_PCIE, COMMAND, MESSAGE, PBA } from '../support/bare-chain.js';
import { BARE_LINK } from '../support/bare-model.js';
import { Reg, SCRATCH_ID } from '../support/scratch-model.js';
import { ask } from '../support/serve-process.js';

let qemu: QemuBuild;
test.before(async t => {
  t.timeout(900_000);
  qemu = await buildQemu();
});

const INTERRUPT_STATUS = 0x80000;
const INTX_DISABLE = 0x400;
const ENABLED = 0x8000;
const FUNCTION_MASK = 0x4000;

test.serial('INTx follows the level, Interrupt Disable and MSI-X Enable', async t => {
  const chain = await BareChain.start(t, qemu);
  const { q, slot } = chain;
  q.command('irq_intercept_in ioapic');
  chain.msix(0);
  // A read comes after the interrupts that the function raised before it.
  const level = (): { pin: boolean; status: boolean } => {
    chain.load(Reg.ID);
    return {
      pin: [...q.lines.values()].some(raised => raised),
      status: (q.configRead(slot, COMMAND) & INTERRUPT_STATUS) !== 0,
    };
  };
  t.deepEqual(level(), { pin: false, status: false });
  chain.store(Reg.LEVEL, 1);
  t.deepEqual(level(), { pin: true, status: true });
  q.configWrite(slot, COMMAND, 6 + INTX_DISABLE);
  t.deepEqual(level(), { pin: false, status: true }, 'the status bit does not depend on Interrupt Disable');
  q.configWrite(slot, COMMAND, 6);
  t.deepEqual(level(), { pin: true, status: true });
  q.configWrite(slot, COMMAND, 2);
  t.deepEqual(level(), { pin: true, status: true }, 'Bus Master Enable is about messages');
  chain.msix(ENABLED);
  t.deepEqual(level(), { pin: false, status: false }, 'with MSI-X there is no INTx');
  chain.msix(0);
  t.deepEqual(level(), { pin: true, status: true }, 'and without it there is again');
  chain.store(Reg.LEVEL, 0);
  t.deepEqual(level(), { pin: false, status: false });
  chain.store(Reg.LEVEL, 1);
  t.deepEqual(level(), { pin: true, status: true });
  chain.functionLevelReset();
  t.false(
    [...q.lines.values()].some(raised => raised),
    'a reset takes it back',
  );
  chain.configureFunction();
  chain.msix(0);
  t.deepEqual(level(), { pin: false, status: false });
});

test.serial('the level comes without a read, too', async t => {
  const chain = await BareChain.start(t, qemu);
  const { q, slot } = chain;
  chain.msix(0);
  chain.store(Reg.LEVEL, 1);
  const status = (): boolean => (q.configRead(slot, COMMAND) & INTERRUPT_STATUS) !== 0;
  await chain.eventually(status, 'the level to rise');
  chain.store(Reg.LEVEL, 0);
  await chain.eventually(() => !status(), 'the level to fall');
  t.pass();
});

test.serial(
  'a masked vector is pending until it is unmasked; Bus Master off holds messages back',
  async t => {
    const chain = await BareChain.start(t, qemu);
    const { q, slot } = chain;
    const pending = (): number => chain.load(PBA);
    for (let round = 0; round < 20; round++) {
      chain.mask(2, true);
      chain.store(Reg.INTERRUPT, 2);
      chain.load(Reg.ID);
      t.is(pending(), 4, `round ${round}: the pending bit`);
      t.is(chain.takeMessage(2), 0, 'nothing was sent');
      chain.mask(2, false);
      t.is(chain.takeMessage(2), MESSAGE + 2, 'sent when unmasked');
      t.is(pending(), 0);
    }
    chain.msix(ENABLED + FUNCTION_MASK);
    chain.store(Reg.INTERRUPT, 0);
    chain.store(Reg.INTERRUPT, 3);
    chain.load(Reg.ID);
    t.is(pending(), 9);
    chain.msix(ENABLED);
    t.deepEqual([chain.takeMessage(0), chain.takeMessage(3), pending()], [MESSAGE, MESSAGE + 3, 0]);

    q.configWrite(slot, COMMAND, 2);
    chain.store(Reg.INTERRUPT, 1);
    chain.load(Reg.ID);
    t.is(chain.takeMessage(1), 0, 'no message without Bus Master Enable');
    q.configWrite(slot, COMMAND, 6);
    t.is(chain.takeMessage(1), MESSAGE + 1);
  },
);

test.serial('the pending bit of an interrupt that nobody has asked for shows in time', async t => {
  const chain = await BareChain.start(t, qemu);
  chain.mask(1, true);
  chain.q.store(chain.bar + Reg.DMA_ADDRESS, 8, 0x100000n);
  chain.store(Reg.DMA_WORDS, 20_000);
  await chain.eventually(() => chain.load(PBA) === 2, 'the pending bit');
  t.is(Number(chain.q.load(0x100000 + 19_999 * 4, 4)), 20_000, 'the data is there');
});

for (const kind of ['function-level', 'bus'] as const) {
  test.serial(`a ${kind} reset in the middle of work ends it`, async t => {
    const chain = await BareChain.start(t, qemu, { behindPort: true });
    const { q } = chain;
    const words = 8_000_000;
    for (let round = 0; round < 5; round++) {
      chain.store(Reg.SCRATCH, 4711);
      q.store(chain.bar + Reg.DMA_ADDRESS, 8, 0x1000000n);
      chain.store(Reg.DMA_WORDS, words);
      await chain.eventually(() => chain.load(Reg.DMA_LEFT) < words, 'the DMA to begin');
      if (kind === 'bus') {
        // Secondary Bus Reset in the port's Bridge Control.
        const control = q.configRead(chain.port!, 0x3c);
        q.configWrite(chain.port!, 0x3c, control + 0x400000);
        q.configWrite(chain.port!, 0x3c, control);
      } else chain.functionLevelReset();
      const done = chain.readRam(0x1000000, words * 4);
      await new Promise(resolve => setTimeout(resolve, 20));
      t.true(done.equals(chain.readRam(0x1000000, words * 4)), 'no DMA after the reset');
      t.is(q.configRead(chain.slot, COMMAND) & 7, 0);
      chain.configureFunction();
      t.deepEqual([chain.load(Reg.DMA_LEFT), chain.load(Reg.SCRATCH)], [0, 0]);
      t.is(chain.takeMessage(1), 0, 'no interrupt of the work that was ended');
    }
  });
}

test.serial('endpoint and port agree on the link', async t => {
  const chain = await BareChain.start(t, qemu, { behindPort: true });
  const { q, slot } = chain;
  const ours = q.capability(slot, CAP_PCIE);
  const theirs = q.capability(chain.port!, CAP_PCIE);
  const linkOf = (status: number): { speed: number; width: number } => ({
    speed: status & 0xf,
    width: (status >>> 4) & 0x3f,
  });
  t.deepEqual(linkOf(q.configRead(slot, ours + 0x0c)), BARE_LINK, 'Link Capabilities');
  t.deepEqual(linkOf(q.configRead(slot, ours + 0x10) >>> 16), BARE_LINK, 'Link Status');
  t.is(q.configRead(slot, ours + 0x2c) & 0xfe, 0b1110, 'Supported Link Speeds: 2.5, 5 and 8 GT/s');
  t.is(q.configRead(slot, ours + 0x30) & 0xf, BARE_LINK.speed, 'Target Link Speed');
  const port = q.configRead(chain.port!, theirs + 0x10) >>> 16;
  t.deepEqual(linkOf(port), BARE_LINK, 'what the port has negotiated');
  t.is(port & 0x2000, 0x2000, 'Data Link Layer Link Active');
});

test.serial('a prefetchable 64-bit BAR works above 4 GiB', async t => {
  const chain = await BareChain.start(t, qemu, { bar: 0x20_4000_0000 });
  t.is(chain.q.configRead(chain.slot, 0x10) & 0xf, 0xc, '64 bits, prefetchable');
  t.is(chain.load(Reg.ID), SCRATCH_ID);
  chain.store(Reg.INTERRUPT, 3);
  chain.load(Reg.ID);
  t.is(chain.takeMessage(3), MESSAGE + 3, 'the MSI-X table is there, too');
});

test.serial(
  'an access reaches the function as the processor made it: 1, 2, 4 and 8 bytes at any offset',
  async t => {
    const chain = await BareChain.start(t, qemu);
    await ask(chain.backEnd, 'trace', { enable: true, clear: true });
    const made: string[] = [];
    for (const size of [1, 2, 4, 8]) {
      for (let offset = 0x100; offset < 0x108; offset++) {
        chain.q.store(chain.bar + offset, size, 0x8877665544332211n & (2n ** BigInt(size * 8) - 1n));
        chain.q.load(chain.bar + offset, size);
        made.push(`write ${size}@${offset}`, `read ${size}@${offset}`);
      }
    }
    const { records } = (await ask(chain.backEnd, 'trace')) as {
      records: { point: string; fields: { offset: number; size: number } }[];
    };
    const seen = records
      .filter(({ point }) => point === 'read' || point === 'write')
      .map(({ point, fields }) => `${point} ${fields.size}@${fields.offset}`);
    t.deepEqual(seen, made);
  },
);

test.serial(
  'an odd access to a register of the adapter reads zero, writes nothing and is counted',
  async t => {
    const model = fileURLToPath(new URL('../../device/model/adapter.js', import.meta.url));
    const chain = await BareChain.start(t, qemu, { model });
    const { q, bar } = chain;
    const bad = (): number => Number(q.load(bar + adapter.REG_COUNT_BAD_ACCESSES_OFFSET, 4));
    const before = bad();
    const good = adapter.REG_MAILBOX_LO_OFFSET;
    q.store(bar + good, 4, 0x12345000n);
    q.store(bar + good, 1, 0xffn);
    q.store(bar + good, 2, 0xffffn);
    q.store(bar + good + 2, 4, 0xffffffffn);
    q.store(bar + good + 1, 2, 0xffffn);
    t.is(q.load(bar + good, 4), 0x12345000n);
    t.deepEqual(
      [
        q.load(bar + good, 1),
        q.load(bar + good + 1, 2),
        q.load(bar + good + 2, 4),
        q.load(bar + good + 1, 8),
      ],
      [0n, 0n, 0n, 0n],
    );
    t.is(bad() - before, 8);
  },
);
