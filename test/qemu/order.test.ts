// SPDX-License-Identifier: MIT
// Upstream order, as a driver relies on it: once a read tells that work is done, its data and its interrupt have arrived.
import test from 'ava';
import { buildQemu, type QemuBuild } from '../../device/vm/qemu-build.js';
import { BareChain, MESSAGE } from '../support/bare-chain.js';
import { Reg } from '../support/scratch-model.js';

let qemu: QemuBuild;
test.before(async t => {
  t.timeout(900_000);
  qemu = await buildQemu();
});

const ROUNDS = 300;
const WORDS = 1000;
const AT = 0x100000;

test.serial('data, then interrupt, then read completion', async t => {
  const chain = await BareChain.start(t, qemu);
  const { q, bar } = chain;
  q.store(bar + Reg.DMA_ADDRESS, 8, BigInt(AT));
  let early = 0;
  for (let round = 0; round < ROUNDS; round++) {
    q.store(AT + (WORDS - 1) * 4, 4, 0n);
    chain.store(Reg.DMA_WORDS, WORDS);
    while (chain.load(Reg.DMA_LEFT) !== 0) early++;
    // In the order in which they would be missed.
    const message = chain.takeMessage(1);
    const last = Number(q.load(AT + (WORDS - 1) * 4, 4));
    t.deepEqual([message, last], [MESSAGE + 1, WORDS], `round ${round}`);
  }
  t.log(`${early} reads came before the work was done`);
});

test.serial('an interrupt that arrives never comes before its data', async t => {
  const chain = await BareChain.start(t, qemu);
  const { q, bar } = chain;
  q.store(bar + Reg.DMA_ADDRESS, 8, BigInt(AT));
  for (let round = 0; round < ROUNDS; round++) {
    q.store(AT + (WORDS - 1) * 4, 4, 0n);
    chain.store(Reg.DMA_WORDS, WORDS);
    await chain.eventually(() => chain.takeMessage(1) !== 0, 'the interrupt, without any read of a register');
    t.is(Number(q.load(AT + (WORDS - 1) * 4, 4)), WORDS, `round ${round}`);
  }
});

test.serial('an interrupt and the INTx level are there when the read after them returns', async t => {
  const chain = await BareChain.start(t, qemu);
  for (let round = 0; round < ROUNDS; round++) {
    const vector = round % 4;
    chain.store(Reg.INTERRUPT, vector);
    chain.load(Reg.ID);
    t.is(chain.takeMessage(vector), MESSAGE + vector, `round ${round}`);
  }
  chain.msix(0);
  for (let round = 0; round < ROUNDS; round++) {
    chain.store(Reg.LEVEL, round % 2);
    chain.load(Reg.ID);
    t.is((chain.q.configRead(chain.slot, 4) >>> 19) & 1, round % 2, `level, round ${round}`);
  }
});
