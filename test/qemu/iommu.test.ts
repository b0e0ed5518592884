// SPDX-License-Identifier: MIT
// The front-end behind QEMU's VT-d, which the test programs as an operating system would: what it tells a back-end of
// translations, and when. The back-end is told by hand, so every message is seen.
import test from 'ava';
import { F_ACCESS_PLATFORM, IotlbType, Request } from '../../device/abi/generated/messages.js';
import { encodeMessage } from '../../device/vhost/message.js';
import { buildQemu, type QemuBuild } from '../../device/vm/qemu-build.js';
import type { HandBackEnd, Iotlb } from '../support/hand-back-end.js';
import { DEVFN, startWorld } from '../support/iommu-by-hand.js';
import { Flush, Perm, type Vtd } from '../support/vtd.js';

const TABLES = 0x100000;
const DATA = 0x400000;
const PAGE = 0x1000n;
const ALL = 0xffffffffffffffffn;

let qemu: QemuBuild;
test.before(async t => {
  t.timeout(900_000);
  qemu = await buildQemu();
});

const invalidations = (backEnd: HandBackEnd): Iotlb[] =>
  backEnd.iotlb.filter(m => m.type === IotlbType.INVALIDATE);

const covers = (m: Iotlb, iova: bigint): boolean =>
  m.size === ALL || (m.iova <= iova && iova < m.iova + m.size);

const bit = (features: bigint, n: number): bigint => (features >> BigInt(n)) & 1n;

test.serial('a mapped page translates to where the guest has it, with the permissions it has', async t => {
  const { q, backEnd, vtd } = await startWorld(t, qemu);
  vtd.map(0x7000000, DATA, Perm.BOTH);
  q.writeBytes(DATA + 0x10, new TextEncoder().encode('found it'));
  const answer = await backEnd.translate(0x7000010n, Perm.READ);
  t.like(answer, { type: IotlbType.UPDATE, iova: 0x7000000n, size: PAGE, perm: Perm.BOTH });
  t.is(new TextDecoder().decode(backEnd.bytesAt(answer.uaddr + 0x10n, 8)), 'found it');

  vtd.map(0x7001000, DATA + 0x5000, Perm.READ);
  t.like(await backEnd.translate(0x7001008n, Perm.READ), { iova: 0x7001000n, size: PAGE, perm: Perm.READ });
  vtd.map(0x40000000, 0x600000, Perm.BOTH, true);
  const large = await backEnd.translate(0x40123456n, Perm.WRITE);
  t.like(large, { type: IotlbType.UPDATE, iova: 0x40000000n, size: 0x200000n, perm: Perm.BOTH });
  t.is(vtd.takeFault(), undefined);
});

test.serial('a page larger than a region of RAM is handed out piece by piece', async t => {
  const { backEnd, vtd } = await startWorld(t, qemu);
  vtd.map(0x40000000, 0, Perm.BOTH, true);
  const low = backEnd.ram.find(r => r.guestAddress === 0)!;
  t.true(low.size < 0x100000);
  const first = await backEnd.translate(0x40001000n, Perm.WRITE);
  t.like(first, { iova: 0x40000000n, size: BigInt(low.size), uaddr: BigInt(low.userAddress) });
  const second = await backEnd.translate(0x40180000n, Perm.WRITE);
  t.like(second, { iova: 0x40100000n, size: 0x100000n, type: IotlbType.UPDATE });
  t.is(
    (await backEnd.translate(0x400f0000n, Perm.WRITE)).type,
    IotlbType.ACCESS_FAIL,
    'the firmware between',
  );
});

test.serial('no mapping and the wrong direction fail, and the IOMMU tells the guest', async t => {
  const { backEnd, vtd } = await startWorld(t, qemu);
  const fails = async (iova: bigint, perm: number): Promise<void> => {
    t.deepEqual(await backEnd.translate(iova, perm), {
      ...{ type: IotlbType.ACCESS_FAIL, iova, perm },
      ...{ size: 0n, uaddr: 0n },
    });
  };
  await fails(0x9000123n, Perm.WRITE);
  t.like(vtd.takeFault(), { address: 0x9000000, source: DEVFN, write: true });
  await fails(0x9000123n, Perm.READ);
  t.like(vtd.takeFault(), { address: 0x9000000, source: DEVFN, write: false });
  vtd.map(0x9001000, DATA, Perm.READ);
  await fails(0x9001000n, Perm.WRITE);
  t.like(vtd.takeFault(), { address: 0x9001000, source: DEVFN, write: true });
  vtd.map(0x9002000, DATA, Perm.WRITE);
  await fails(0x9002000n, Perm.READ);
  t.like(vtd.takeFault(), { address: 0x9002000, source: DEVFN, write: false });
  await fails(0x9002000n, Perm.BOTH);
  // The same after a permitted access has left the translation in the IOMMU's cache.
  t.like(await backEnd.translate(0x9001000n, Perm.READ), { type: IotlbType.UPDATE, perm: Perm.READ });
  await fails(0x9001000n, Perm.WRITE);
});

test.serial(
  'addresses that lead to no RAM fail: the interrupt range, the IOMMU itself, beyond its width',
  async t => {
    const { backEnd, vtd } = await startWorld(t, qemu);
    vtd.map(0xa000000, 0xfed90000, Perm.BOTH);
    for (const iova of [0xfee00000n, 0xfee01004n, 0xa000000n, 1n << 45n, ALL])
      t.is((await backEnd.translate(iova, Perm.WRITE)).type, IotlbType.ACCESS_FAIL, `0x${iova.toString(16)}`);
  },
);

for (const [name, granularity] of [
  ['one page', Flush.PAGE],
  ['a domain', Flush.DOMAIN],
  ['everything', Flush.ALL],
] as const) {
  test.serial(`a flush of ${name} ends what was handed out, and waits for the back-end`, async t => {
    const { q, backEnd, vtd } = await startWorld(t, qemu);
    vtd.map(0x7000000, DATA, Perm.BOTH);
    vtd.map(0x7005000, DATA + 0x1000, Perm.BOTH);
    await backEnd.translate(0x7000000n, Perm.WRITE);
    const before = invalidations(backEnd).length;
    vtd.unmap(0x7000000);
    backEnd.holdInvalidate = true;
    let heldFor = 0;
    q.pump = () => {
      backEnd.step();
      if (invalidations(backEnd).length > before && ++heldFor === 50) backEnd.letGo();
    };
    vtd.flush(granularity, 0x7000000);
    t.true(heldFor >= 50, 'the flush did not return before the acknowledgement');
    t.true(
      invalidations(backEnd)
        .slice(before)
        .some(m => covers(m, 0x7000000n)),
    );
    t.is((await backEnd.translate(0x7000000n, Perm.READ)).type, IotlbType.ACCESS_FAIL);
  });
}

test.serial('a page that is mapped elsewhere, after a flush of its domain, means the new place', async t => {
  const { backEnd, vtd } = await startWorld(t, qemu);
  for (let round = 0; round < 4; round++) {
    vtd.map(0x7000000, DATA + round * 0x1000, Perm.BOTH);
    if (round > 0) vtd.flush(Flush.DOMAIN);
    const answer = await backEnd.translate(0x7000000n, Perm.READ);
    const ram = backEnd.ram.find(r => r.guestAddress === 0x100000)!;
    t.is(Number(answer.uaddr) - ram.userAddress, DATA - 0x100000 + round * 0x1000, `round ${round}`);
    t.is(invalidations(backEnd).filter(m => covers(m, 0x7000000n)).length, round);
  }
});

test.serial('nothing is invalidated when nothing was handed out', async t => {
  const { backEnd, vtd } = await startWorld(t, qemu);
  vtd.flush(Flush.PAGE, 0x7000000);
  vtd.flush(Flush.ALL);
  t.is(invalidations(backEnd).length, 0);
});

test.serial('off and in pass-through addresses are the guest-physical ones; a switch voids all', async t => {
  const { backEnd, vtd } = await startWorld(t, qemu);
  vtd.map(0x7000000, DATA, Perm.BOTH);
  const ram = backEnd.ram.find(r => r.guestAddress === 0x100000)!;
  for (const [name, switchOver, back] of [
    ['off', () => vtd.disable(), () => vtd.enable()],
    ['pass-through', () => switchContext(vtd, true), () => switchContext(vtd, false)],
  ] as const) {
    await backEnd.translate(0x7000000n, Perm.WRITE);
    const before = invalidations(backEnd).length;
    switchOver();
    t.true(
      invalidations(backEnd)
        .slice(before)
        .some(m => m.size === ALL),
      `${name}: all is void`,
    );
    const answer = await backEnd.translate(0x400010n, Perm.WRITE);
    t.like(answer, { type: IotlbType.UPDATE, iova: 0x100000n, perm: Perm.BOTH }, name);
    t.is(Number(answer.uaddr), ram.userAddress);
    t.is(Number(answer.size), ram.size, `${name}: as far as the region reaches`);
    t.is((await backEnd.translate(0x7fff0000000n, Perm.READ)).type, IotlbType.ACCESS_FAIL);
    back();
    t.true(invalidations(backEnd).at(-1)!.size === ALL);
    t.is((await backEnd.translate(0x400010n, Perm.WRITE)).type, IotlbType.ACCESS_FAIL, `${name} and back`);
  }
});

function switchContext(vtd: Vtd, passThrough: boolean): void {
  vtd.setContext(passThrough);
  vtd.invalidateContext();
  vtd.flush(Flush.ALL);
}

test.serial('a flood of misses is bounded; each one that is asked again is answered', async t => {
  const { backEnd, vtd } = await startWorld(t, qemu);
  vtd.map(0x7000000, DATA, Perm.BOTH);
  for (let i = 0; i < 4000; i++) backEnd.miss(BigInt(0x10000000 + i * 4096), Perm.READ);
  const answer = await backEnd.translate(0x7000000n, Perm.READ).catch(() => undefined);
  await backEnd.until(() => backEnd.iotlb.some(m => m.type === IotlbType.ACCESS_FAIL), 'some answers');
  t.true(backEnd.iotlb.length >= 256);
  if (answer === undefined || answer.type !== IotlbType.UPDATE) {
    backEnd.miss(0x7000000n, Perm.READ);
    await backEnd.until(() => backEnd.iotlb.some(m => m.type === IotlbType.UPDATE), 'the asked-again one');
  }
  t.pass();
});

test.serial('a new back-end starts with nothing; what the old one asked is forgotten', async t => {
  const { backEnd, vtd } = await startWorld(t, qemu);
  vtd.map(0x7000000, DATA, Perm.BOTH);
  await backEnd.translate(0x7000000n, Perm.READ);
  backEnd.miss(0x7000000n, Perm.READ);
  backEnd.hangUp();
  backEnd.iotlb.length = 0;
  const runs = backEnd.requests.length;
  await backEnd.until(() => backEnd.requests.slice(runs).includes(Request.PCI_RUN), 'the reconnection');
  t.is(bit(backEnd.features, F_ACCESS_PLATFORM), 1n);
  t.deepEqual(backEnd.iotlb, []);
  t.like(await backEnd.translate(0x7000000n, Perm.READ), { type: IotlbType.UPDATE, iova: 0x7000000n });
  t.is(backEnd.iotlb.length, 1);
});

test.serial('a back-end that does not end the use of a mapping in time is given up', async t => {
  const { q, backEnd, vtd } = await startWorld(t, qemu);
  vtd.map(0x7000000, DATA, Perm.BOTH);
  await backEnd.translate(0x7000000n, Perm.READ);
  vtd.unmap(0x7000000);
  backEnd.holdInvalidate = true;
  const runs = (): number => backEnd.requests.filter(r => r === Request.PCI_RUN).length;
  const before = runs();
  const start = performance.now();
  vtd.flush(Flush.PAGE, 0x7000000);
  const ms = performance.now() - start;
  t.true(ms > 500 && ms < 5000, `${ms} ms`);
  backEnd.holdInvalidate = false;
  await backEnd.until(() => runs() > before, 'the reconnection');
  t.is(backEnd.connections, 2);
  t.is((await backEnd.translate(0x7000000n, Perm.READ)).type, IotlbType.ACCESS_FAIL);
  await backEnd.until(() => /IOTLB_MSG/.test(q.stderr), 'the reason');
});

test.serial('a guest may flush a range that reaches beyond a part of the address space', async t => {
  const { q, backEnd, vtd } = await startWorld(t, qemu);
  vtd.map(0xfee00000 - 0x1000, DATA, Perm.BOTH);
  await backEnd.translate(BigInt(0xfee00000 - 0x1000), Perm.READ);
  const before = invalidations(backEnd).length;
  // 2^18 pages: a gigabyte round the addresses of interrupt messages, which are a part of their own.
  const PAGES_LOG = 18;
  vtd.flush(Flush.PAGE, 0xc0000000 + PAGES_LOG);
  t.true(
    invalidations(backEnd)
      .slice(before)
      .some(m => covers(m, BigInt(0xfee00000 - 0x1000))),
  );
  t.is(q.load(TABLES, 8) & 1n, 1n, 'QEMU goes on');
});

test.serial('a miss that makes no sense closes the channel, and QEMU goes on', async t => {
  const { q, backEnd, vtd } = await startWorld(t, qemu);
  vtd.map(0x7000000, DATA, Perm.BOTH);
  backEnd.miss(0x7000000n, 0);
  await t.throwsAsync(
    backEnd
      .until(() => tryToSend(backEnd) === 'closed', 'the channel to close', 2000)
      .then(() => {
        throw new Error('closed');
      }),
    { message: 'closed' },
  );
  t.is(q.load(TABLES, 8) & 1n, 1n);
});

function tryToSend(backEnd: HandBackEnd): string {
  try {
    backEnd.sendOnChannel(encodeMessage(1, new Uint8Array(32)));
    return 'open';
  } catch {
    return 'closed';
  }
}
