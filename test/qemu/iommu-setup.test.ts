// SPDX-License-Identifier: MIT
// Which functions sit behind an IOMMU, and which cannot: negotiation, hot-plug, refusals.
import test from 'ava';
import {
  F_ACCESS_PLATFORM,
  F_PROTOCOL_FEATURES,
  IotlbType,
  Request,
} from '../../device/abi/generated/messages.js';
import { buildQemu, type QemuBuild } from '../../device/vm/qemu-build.js';
import { startByHand, startWorld, theFunction, WITH_IOMMU } from '../support/iommu-by-hand.js';
import { QtestError } from '../support/qtest.js';
import { connectQmp, qmpArgs } from '../support/qtest-qmp.js';
import { Perm } from '../support/vtd.js';

let qemu: QemuBuild;
test.before(async t => {
  t.timeout(900_000);
  qemu = await buildQemu();
});

const bit = (features: bigint, n: number): bigint => (features >> BigInt(n)) & 1n;

test.serial('behind an IOMMU the feature is taken, without one it is not', async t => {
  const behind = await startByHand(t, qemu, path => [...WITH_IOMMU, ...theFunction(path)]);
  t.is(bit(behind.backEnd.features, F_ACCESS_PLATFORM), 1n);
  const without = await startByHand(t, qemu, theFunction);
  t.is(bit(without.backEnd.features, F_ACCESS_PLATFORM), 0n);
});

test.serial('a function that is plugged in later finds the IOMMU', async t => {
  const port = ['-device', 'pcie-root-port,id=port0,chassis=1,slot=1'];
  const { backEnd, directory, path } = await startByHand(t, qemu, (_, dir) => [
    ...WITH_IOMMU,
    ...port,
    ...qmpArgs(dir),
  ]);
  const qmp = await connectQmp(directory);
  t.teardown(() => qmp.close());
  await qmp.execute('device_add', { driver: 'pushbell-pci', id: 'f', bus: 'port0', socket: path });
  await backEnd.until(() => backEnd.requests.includes(Request.PCI_RUN), 'the connect sequence');
  t.is(bit(backEnd.features, F_ACCESS_PLATFORM), 1n);
  t.like(await backEnd.translate(0x1000n, Perm.WRITE), { type: IotlbType.UPDATE, iova: 0n });
});

test.serial('a back-end that cannot translate is refused with the reason', async t => {
  const options = { features: [F_PROTOCOL_FEATURES] };
  const unable = startByHand(t, qemu, path => [...WITH_IOMMU, ...theFunction(path)], options);
  const refusal = await t.throwsAsync(unable, { instanceOf: QtestError });
  t.regex(refusal!.message, /behind an IOMMU.*33/);
});

test.serial('an IOMMU that comes after the function is refused with what to write', async t => {
  const late = startByHand(t, qemu, path => [...theFunction(path), ...WITH_IOMMU]);
  const order = await t.throwsAsync(late, { instanceOf: QtestError });
  t.regex(order!.message, /IOMMU must be there first: write its -device before/);
});

test.serial(
  'an IOMMU that would not tell of what it unmaps hands out nothing, and QEMU says why',
  async t => {
    const silent = ['-device', 'intel-iommu,x-scalable-mode=on,snoop-control=on'];
    const { q, backEnd, vtd } = await startWorld(t, qemu, silent);
    vtd.map(0x7000000, 0x400000, Perm.BOTH);
    t.is((await backEnd.translate(0x7000000n, Perm.READ)).type, IotlbType.ACCESS_FAIL);
    await backEnd.until(() => /DMA will fault: the IOMMU would not tell/.test(q.stderr), 'the reason');
  },
);
