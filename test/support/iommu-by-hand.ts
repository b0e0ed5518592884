// SPDX-License-Identifier: MIT
// QEMU with a VT-d IOMMU, the function behind it, and a back-end told by hand.
import { join } from 'node:path';
import type { ExecutionContext } from 'ava';
import { Request } from '../../device/abi/generated/messages.js';
import type { QemuBuild } from '../../device/vm/qemu-build.js';
import { HandBackEnd, type HandBackEndOptions } from './hand-back-end.js';
import { Qtest } from './qtest.js';
import { temporaryDirectory } from './temporary.js';
import { Vtd } from './vtd.js';

const SLOT = 4;
const MEMORY_MB = 128;
const TABLES = 0x100000;
/** What the IOMMU knows the function as: bus 0. */
export const DEVFN = SLOT * 8;
export const WITH_IOMMU = ['-device', 'intel-iommu'];

export interface Started {
  readonly q: Qtest;
  readonly backEnd: HandBackEnd;
  readonly directory: string;
  readonly path: string;
}

export interface World extends Started {
  readonly vtd: Vtd;
}

/** The machine without the function. */
export const bareMachine: readonly string[] = [
  ...['-machine', 'q35,memory-backend=mem', '-m', `${MEMORY_MB}M`],
  ...['-object', `memory-backend-memfd,id=mem,size=${MEMORY_MB}M,share=on`],
];

/** The function, served at `path`. */
export const theFunction = (path: string): string[] => [
  '-device',
  `pushbell-pci,socket=${path},addr=${SLOT}`,
];

/** Starts QEMU with `args(path of the socket, directory)` after the bare machine's. */
export async function startByHand(
  t: ExecutionContext,
  qemu: QemuBuild,
  args: (path: string, directory: string) => readonly string[],
  options?: HandBackEndOptions,
): Promise<Started> {
  t.timeout(120_000);
  const directory = temporaryDirectory(t);
  const path = join(directory, 'device.sock');
  const backEnd = new HandBackEnd(path, options);
  t.teardown(() => backEnd.close());
  const pump = (): void => backEnd.step();
  // QEMU says good-bye when it ends, and is answered.
  const timer = setInterval(pump, 2);
  t.teardown(() => clearInterval(timer));
  const q = await Qtest.start({
    ...qemu,
    directory,
    args: [...bareMachine, ...args(path, directory)],
    pump,
  });
  t.teardown(() => q.stop());
  return { q, backEnd, directory, path };
}

/** Behind the IOMMU, translation on, nothing mapped. */
export async function startWorld(
  t: ExecutionContext,
  qemu: QemuBuild,
  iommu: readonly string[] = WITH_IOMMU,
): Promise<World> {
  const started = await startByHand(t, qemu, path => [...iommu, ...theFunction(path)]);
  const vtd = new Vtd(started.q, TABLES, DEVFN);
  vtd.enable();
  const { backEnd } = started;
  await backEnd.until(() => backEnd.requests.includes(Request.PCI_RUN), 'the connect sequence');
  return { ...started, vtd };
}
