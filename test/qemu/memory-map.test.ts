// SPDX-License-Identifier: MIT
// Under TCG a virtual processor remembers the target of an access by its number in QEMU's memory map, and asks the newest
// map for that number. So the numbers must not shift while processors run: a function that is switched off hides what it
// has, but keeps its place. (QEMU 10.0 ends with an assertion in iotlb_to_section() otherwise.)
import { fileURLToPath } from 'node:url';
import test from 'ava';
import { buildQemu, type QemuBuild } from '../../device/vm/qemu-build.js';
import { BAR_RAM_MODEL_URL, RAM_OFFSET } from '../support/bar-ram-model.js';
import { BareChain, type ChainOptions, MESSAGES, MSIX_TABLE, PBA } from '../support/bare-chain.js';
import { Reg, SCRATCH_ID } from '../support/scratch-model.js';

let qemu: QemuBuild;
test.before(async t => {
  t.timeout(900_000);
  qemu = await buildQemu();
});

const CAP_PM = 0x01;
const D0 = 0;
const D3HOT = 3;
const ALL_ONES = 0xffffffff;
/** Between the table and the pending bits; nothing is there. */
const GAP = MSIX_TABLE + 0x800;

const chainWithRam = (
  t: Parameters<typeof BareChain.start>[0],
  options: ChainOptions = {},
): Promise<BareChain> => BareChain.start(t, qemu, { ...options, model: fileURLToPath(BAR_RAM_MODEL_URL) });

/** Number and extent of each section of the map that processors use. */
async function sections(chain: BareChain): Promise<string[]> {
  const views = (await chain.qmp.monitor('info mtree -f -d')).split('FlatView #');
  const memory = views.find(view => view.includes('AS "memory"')) ?? '';
  return [...memory.matchAll(/#\d+ @[0-9a-f]+\.\.[0-9a-f]+/g)].map(([section]) => section);
}

const everyKind = (chain: BareChain): number[] =>
  [Reg.ID, RAM_OFFSET, MSIX_TABLE, GAP, PBA].map(offset => chain.load(offset));

test.serial('a function in D3hot reads as all-ones and keeps its place in the memory map', async t => {
  const chain = await chainWithRam(t);
  const control = chain.q.capability(chain.slot, CAP_PM) + 4;
  chain.store(RAM_OFFSET, 4711);
  const on = [SCRATCH_ID, 4711, MESSAGES, 0, 0];
  t.deepEqual(everyKind(chain), on);
  const before = await sections(chain);
  t.true(before.length > 10, before.join('\n'));

  chain.q.configWrite(chain.slot, control, D3HOT);
  t.deepEqual(everyKind(chain), [ALL_ONES, ALL_ONES, ALL_ONES, ALL_ONES, ALL_ONES]);
  chain.store(RAM_OFFSET, 1);
  t.deepEqual(await sections(chain), before);

  chain.q.configWrite(chain.slot, control, D0);
  t.deepEqual(everyKind(chain), on, 'writes had no effect');
  t.deepEqual(await sections(chain), before);
});

test.serial('a function whose back-end is gone does so, too', async t => {
  const chain = await chainWithRam(t, { properties: 'read-timeout-ms=200' });
  const before = await sections(chain);
  await chain.kill();
  await chain.eventually(() => chain.q.configRead(chain.slot, 0) === ALL_ONES, 'the function to be gone');
  await chain.eventually(() => chain.load(RAM_OFFSET) === ALL_ONES, 'its memory to be gone');
  t.deepEqual(everyKind(chain), [ALL_ONES, ALL_ONES, ALL_ONES, ALL_ONES, ALL_ONES]);
  t.deepEqual(await sections(chain), before);
});
