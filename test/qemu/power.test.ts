// SPDX-License-Identifier: MIT
// D3hot: the function answers configuration space and nothing else, does no work, and forgets nothing.
import test from 'ava';
import { buildQemu, type QemuBuild } from '../../device/vm/qemu-build.js';
import { BareChain, COMMAND, MESSAGE, MESSAGES, MSIX_TABLE } from '../support/bare-chain.js';
import { Reg, SCRATCH_ID } from '../support/scratch-model.js';

let qemu: QemuBuild;
test.before(async t => {
  t.timeout(900_000);
  qemu = await buildQemu();
});

const CAP_PM = 0x01;
const ALL_ONES = 0xffffffff;
const D0 = 0;
const D3HOT = 3;
const NO_SOFT_RESET = 8;

const control = (chain: BareChain): number => chain.q.capability(chain.slot, CAP_PM) + 4;
const powerOf = (chain: BareChain): number => chain.q.configRead(chain.slot, control(chain)) & 0xffff;
const setPower = (chain: BareChain, state: number): void =>
  chain.q.configWrite(chain.slot, control(chain), state);

test.serial('in D3hot only configuration space answers, and D0 finds everything as it was', async t => {
  const chain = await BareChain.start(t, qemu);
  chain.store(Reg.SCRATCH, 4711);
  t.is(powerOf(chain), NO_SOFT_RESET + D0);
  setPower(chain, D3HOT);
  t.is(powerOf(chain), NO_SOFT_RESET + D3HOT);
  t.is(chain.load(Reg.ID), ALL_ONES);
  t.is(chain.load(MSIX_TABLE), ALL_ONES, 'nor is the MSI-X table there');
  t.is(chain.q.load(chain.bar + Reg.SCRATCH64, 8), 0xffff_ffff_ffff_ffffn);
  chain.store(Reg.SCRATCH, 1);
  chain.store(MSIX_TABLE + 8, 1);
  t.is(chain.q.configRead(chain.slot, 0), 0x70631234);
  t.is(chain.q.configRead(chain.slot, COMMAND) & 6, 6);
  for (const none of [1, 2]) {
    setPower(chain, none);
    t.is(powerOf(chain), NO_SOFT_RESET + D3HOT, `there is no D${none}`);
  }
  setPower(chain, D0);
  t.is(powerOf(chain), NO_SOFT_RESET + D0);
  t.deepEqual([chain.load(Reg.ID), chain.load(Reg.SCRATCH)], [SCRATCH_ID, 4711]);
  t.is(chain.load(MSIX_TABLE), MESSAGES);
  t.is(chain.load(MSIX_TABLE + 8), MESSAGE);
});

test.serial('D3hot stops DMA and interrupts, D0 lets them go on', async t => {
  const chain = await BareChain.start(t, qemu);
  const words = 4_000_000;
  chain.q.store(chain.bar + Reg.DMA_ADDRESS, 8, 0x1000000n);
  chain.store(Reg.DMA_WORDS, words);
  await chain.eventually(() => chain.load(Reg.DMA_LEFT) < words, 'the DMA to begin');
  setPower(chain, D3HOT);
  const before = chain.readRam(0x1000000, words * 4);
  await new Promise(resolve => setTimeout(resolve, 50));
  t.true(before.equals(chain.readRam(0x1000000, words * 4)), 'no DMA');
  t.is(chain.takeMessage(1), 0);
  setPower(chain, D0);
  t.true(chain.load(Reg.DMA_LEFT) > 0, 'it was in the middle of it');
  await chain.eventually(() => chain.load(Reg.DMA_LEFT) === 0, 'the rest of the DMA');
  t.is(chain.takeMessage(1), MESSAGE + 1);
});

test.serial('INTx is low in D3hot', async t => {
  const chain = await BareChain.start(t, qemu);
  const status = (): boolean => (chain.q.configRead(chain.slot, COMMAND) & 0x80000) !== 0;
  chain.msix(0);
  chain.store(Reg.LEVEL, 1);
  chain.load(Reg.ID);
  t.true(status());
  setPower(chain, D3HOT);
  t.false(status());
  setPower(chain, D0);
  t.true(status());
});

test.serial('a reset leads to D0; a back-end that is replaced learns of D3hot', async t => {
  const chain = await BareChain.start(t, qemu);
  setPower(chain, D3HOT);
  chain.functionLevelReset();
  t.is(powerOf(chain), NO_SOFT_RESET + D0);
  chain.configureFunction();
  t.is(chain.load(Reg.ID), SCRATCH_ID);

  chain.q.store(chain.bar + Reg.DMA_ADDRESS, 8, 0x1000000n);
  setPower(chain, D3HOT);
  await chain.kill();
  await chain.startAgain();
  await chain.eventually(() => /is there again/.test(chain.q.stderr), 'the new back-end');
  t.is(chain.load(Reg.ID), ALL_ONES);
  t.is(powerOf(chain), NO_SOFT_RESET + D3HOT);
  setPower(chain, D0);
  t.is(chain.load(Reg.ID), SCRATCH_ID);
});
