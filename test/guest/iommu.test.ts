// SPDX-License-Identifier: MIT
// An adapter behind an Intel IOMMU whose mappings end at once (iommu.strict=1): a good driver notices nothing, and each
// bug of a bad one is a fault that names address, queue and descriptor, while memory stays as it was.
import test, { type ExecutionContext } from 'ava';
import { driverModules } from '../../device/cli/driver-modules.js';
import { prepareWorkshop, type Workshop } from '../../device/vm/setup.js';
import type { Vm } from '../../device/vm/vm.js';
import {
  adaptersOf,
  cases,
  DEBUGFS,
  kernelLog,
  shortSelftest,
  tell,
  wholeSelftest,
} from '../support/guest-adapter.js';
import { guestSays, inServedGuest, type Served } from '../support/served-vm.js';

let workshop: Workshop;

test.before(async t => {
  t.timeout(1_200_000);
  workshop = await prepareWorkshop({ sink: { write: () => undefined } });
});

const ALL_CASES = 30;
/** Every bug that pushbell_bugs.ko can plant; the module says the same list. */
const BUGS = [
  'use-after-unmap',
  'wrong-direction',
  'wrong-address',
  'beyond-mapping',
  'stale-ring',
  'stale-receive-ring',
  'freed-completion-ring',
  'freed-mailbox',
  'stale-page-list',
];
/** Bugs of a descriptor of a queue pair: the fault must name that pair and the descriptor's index. */
const OF_A_DESCRIPTOR = ['use-after-unmap', 'wrong-direction', 'wrong-address', 'beyond-mapping'];
const PAGE_BYTES = 0x1000n;

test.serial('the whole selftest passes behind a vIOMMU, and so on below a port', async t => {
  const options = {
    guest: { load: driverModules(workshop, ['pushbell', 'pushbell_selftest']) },
    vm: { iommu: true, rootPorts: 1 },
    adapters: ['bus=port0'],
  };
  await inServedGuest(t, workshop, options, async ({ vm }) => {
    t.regex(await kernelLog(vm), /DMAR: IOMMU enabled/);
    const [address] = await adaptersOf(vm);
    const domain = await guestSays(vm, `cat /sys/bus/pci/devices/${address}/iommu_group/type`);
    t.is(domain.trim(), 'DMA', 'strict translation');
    const report = await wholeSelftest(vm);
    t.true(cases(report) >= ALL_CASES, `${cases(report)} cases`);
  });
});

test.serial('each planted bug is a reported fault, and nothing is corrupted', async t => {
  const options = {
    guest: { load: driverModules(workshop, ['pushbell', 'pushbell_selftest', 'pushbell_bugs']) },
    vm: { iommu: true },
  };
  await inServedGuest(t, workshop, options, async served => {
    const { vm } = served;
    const known = await guestSays(vm, `cat ${DEBUGFS}/*/bugs`);
    t.deepEqual(known.trim().replace('bugs=', '').split(' ').sort(), [...BUGS].sort());
    let told = 0;
    for (const bug of BUGS) told += (await plantOne(t, served, bug)) ? 1 : 0;
    // The kernel says no more than ten lines in five seconds of it, which some of these faults share.
    t.true(told >= 2, `the IOMMU's own words on ${told} of them`);
    await shortSelftest(vm);
  });
});

type Report = Readonly<Record<string, string>>;

function parseReport(text: string): Report {
  return Object.fromEntries(
    text
      .split('\n')
      .map(line => /^(\w+)=(.*)$/.exec(line))
      .filter(match => match !== null)
      .map(([, key, value]) => [key, value]),
  );
}

/** True when the kernel's IOMMU driver told of it too. */
async function plantOne(t: ExecutionContext, served: Served, bug: string): Promise<boolean> {
  const { vm } = served;
  await guestSays(vm, 'dmesg -c >/dev/null');
  await tell(vm, 'bugs', bug);
  const report = parseReport(await guestSays(vm, `cat ${DEBUGFS}/*/bugs`));
  t.like(report, { bug, iommu: '1', memory: 'intact', outcome: 'reported' }, JSON.stringify(report));
  // What begins inside a mapping and runs out of it is a fault where it leaves it.
  const over = pageOf(report.fault_address) - pageOf(report.address);
  const may = bug === 'beyond-mapping' ? PAGE_BYTES : 0n;
  t.is(over, may, `${bug}: the registers name the address`);
  await inWords(t, served, bug, report);
  return inTheLogs(t, vm, bug, report);
}

/** The driver's line, with queue and descriptor where there is one, and the IOMMU's own. */
async function inTheLogs(t: ExecutionContext, vm: Vm, bug: string, report: Report): Promise<boolean> {
  const log = await kernelLog(vm);
  const address = Number(report.fault_address).toString(16);
  if (OF_A_DESCRIPTOR.includes(bug)) {
    const line = new RegExp(`qp ${report.qp}: DMA fault .*0x${address}.*descriptor ${report.wc_index}\\b`);
    t.regex(log, line, bug);
    t.is(report.qp_fault_address, report.fault_address);
  }
  const page = pageOf(report.fault_address).toString(16);
  return new RegExp(`DMAR: .*fault addr 0x${page}`).test(log);
}

/** What `pushbell explain` is told. */
async function inWords(t: ExecutionContext, served: Served, bug: string, report: Report): Promise<void> {
  const { adapters } = (await served.backEnd().ask('explain')) as {
    adapters: { findings: Record<string, unknown>[] }[];
  };
  const fault = adapters[0].findings.find(finding => finding.code === 'dma-fault');
  t.like(fault, { address: Number(report.fault_address), write: report.fault_write === '1' }, bug);
  if (OF_A_DESCRIPTOR.includes(bug)) t.is(fault?.number, Number(report.qp));
}

const pageOf = (address: string): bigint => BigInt(address) & -PAGE_BYTES;
