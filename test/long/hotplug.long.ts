// SPDX-License-Identifier: MIT
// Hot-plug as often by the port itself (pciehp) as the ordinary tests do it by ACPI, and more often by ACPI.
import test from 'ava';
import { prepareWorkshop, type Workshop } from '../../device/vm/setup.js';
import { plugAndUnplug } from '../support/hotplug.js';

let workshop: Workshop;

test.before(async t => {
  t.timeout(1_200_000);
  workshop = await prepareWorkshop({ sink: { write: () => undefined } });
});

const DEADLINE_MS = 600_000;

test.serial('plugged and unplugged 20 times by the port itself', async t => {
  await plugAndUnplug(t, workshop, { hotplug: 'native', times: 20, deadlineMs: DEADLINE_MS });
});

test.serial('plugged and unplugged 200 times by ACPI', async t => {
  await plugAndUnplug(t, workshop, { hotplug: 'acpi', times: 200, deadlineMs: DEADLINE_MS });
});
