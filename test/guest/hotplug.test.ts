// SPDX-License-Identifier: MIT
// Adapters that are plugged and unplugged under load, told to the guest by ACPI and by the port itself.
import test from 'ava';
import { prepareWorkshop, type Workshop } from '../../device/vm/setup.js';
import { plugAndUnplug } from '../support/hotplug.js';

let workshop: Workshop;

test.before(async t => {
  t.timeout(1_200_000);
  workshop = await prepareWorkshop({ sink: { write: () => undefined } });
});

const TIMES = 20;
/** The port's way takes 7 s; `npm run test:long` does it as often. */
const NATIVE_TIMES = 2;

test.serial(`an adapter at work is plugged and unplugged ${TIMES} times (ACPI)`, async t => {
  await plugAndUnplug(t, workshop, { hotplug: 'acpi', times: TIMES });
});

test.serial(`an adapter at work is plugged and unplugged ${NATIVE_TIMES} times (pciehp)`, async t => {
  await plugAndUnplug(t, workshop, { hotplug: 'native', times: NATIVE_TIMES });
});
