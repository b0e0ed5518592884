// SPDX-License-Identifier: MIT
// The bare function in a guest without a driver for it: its registers by busybox's devmem, its configuration space by
// sysfs. What is asked here is how the front-end behaves, whatever the model is.
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { prepareWorkshop, type Workshop } from '../../device/vm/setup.js';
import type { Vm } from '../../device/vm/vm.js';
import { BARE_MODEL_URL } from './bare-model.js';
import { guestSays, inServedGuest, type Served, type ServedOptions } from './served-vm.js';

/** Below the first root port, which has bus 1. */
export const FUNCTION = '/sys/bus/pci/devices/0000:01:00.0';

export const ALL_ONES = 0xffffffff;

/** What may take long on a machine under load: a new back-end that serves. */
export const BACK_MS = 60_000;
/** Properties of pushbell-pci: a read waits longer than that. */
export const PATIENT = `read-timeout-ms=${BACK_MS}`;

let workshop: Workshop;

/** Before the tests of a file: makes what their guests need, or takes it from the cache. */
export function prepareGuests(): void {
  test.before(async t => {
    t.timeout(1_200_000);
    workshop = await prepareWorkshop({ sink: { write: () => undefined } });
  });
}

/** A guest with the bare function, id `nic`, below the first port; `properties` are more of pushbell-pci's. */
export function inBareGuest(
  t: ExecutionContext,
  properties: string,
  act: (served: Served) => Promise<void>,
  vm: ServedOptions['vm'] = {},
): Promise<void> {
  return inServedGuest(
    t,
    workshop,
    {
      guest: {},
      vm: { rootPorts: 1, ...vm },
      adapters: [['id=nic', 'bus=port0', properties].filter(text => text !== '').join(',')],
      serve: ['--model', fileURLToPath(BARE_MODEL_URL)],
    },
    act,
  );
}

/** Switches memory on and gives the address of BAR 0, as the kernel has placed it. */
export async function enable(vm: Vm): Promise<number> {
  const line = await guestSays(vm, `cd ${FUNCTION} && echo 1 >enable && head -n 1 resource`);
  return Number(line.split(' ')[0]);
}

/** A 32-bit load; rejects when the guest does not finish it in time. */
export async function load(vm: Vm, address: number, timeoutMs = 30_000): Promise<number> {
  return Number(await guestSays(vm, `devmem 0x${address.toString(16)} 32`, timeoutMs));
}

export async function store(vm: Vm, address: number, ...values: number[]): Promise<void> {
  const one = (value: number): string => `devmem 0x${address.toString(16)} 32 ${value}`;
  await guestSays(vm, values.map(one).join(' && '));
}

/** A word of configuration space through the chipset's own window (sysfs keeps some of it to itself). */
export async function configWord(vm: Vm, device: string, offset: number, size: 2 | 4): Promise<number> {
  const hex = await guestSays(vm, `xxd -p -s ${offset} -l ${size} ${device}/config`);
  return Buffer.from(hex.trim(), 'hex').readUIntLE(0, size);
}

/** Offset of a capability. */
export async function capability(vm: Vm, device: string, id: number): Promise<number> {
  let at = (await configWord(vm, device, 0x34, 2)) & 0xff;
  while (at !== 0) {
    const head = await configWord(vm, device, at, 2);
    if ((head & 0xff) === id) return at;
    at = head >>> 8;
  }
  throw new Error(`${device} has no capability ${id}`);
}

/** The port above the function. */
export const portOf = async (vm: Vm): Promise<string> =>
  (await guestSays(vm, `dirname $(readlink -f ${FUNCTION})`)).trim();

/** Whether the port says that its link is active. */
export async function linkActive(vm: Vm): Promise<boolean> {
  const port = await portOf(vm);
  const at = await capability(vm, port, 0x10);
  return ((await configWord(vm, port, at + 0x12, 2)) & 0x2000) !== 0;
}

/** Whether the promise is still open after that time. */
export async function stillWaits(promise: Promise<unknown>, ms: number): Promise<boolean> {
  const open = Symbol('open');
  const late = new Promise(resolve => setTimeout(() => resolve(open), ms));
  return (await Promise.race([promise.catch(() => undefined), late])) === open;
}
