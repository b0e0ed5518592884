// SPDX-License-Identifier: MIT
// A hundred random deaths of the adapter's process under load, and how long the guest's work stood still each time. The
// figures are kept in test/long/results/ by date. PUSHBELL_KILLS sets another number of deaths for every test.
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import test, { type ExecutionContext } from 'ava';
import { driverModules } from '../../device/cli/driver-modules.js';
import { prepareWorkshop, type Workshop } from '../../device/vm/setup.js';
import { kernelComplaints, register, shortSelftest } from '../support/guest-adapter.js';
import { keptPath } from '../support/kept.js';
import { type Deaths, inWords, killUnderLoad, type Pauses, summarize } from '../support/restarts.js';
import { inServedGuest, type Served, type ServedOptions } from '../support/served-vm.js';
import { Stress } from '../support/stress.js';

let workshop: Workshop;
const rows: ({ name: string } & Pauses & { pausesMs: readonly number[] })[] = [];

test.before(async t => {
  t.timeout(1_200_000);
  workshop = await prepareWorkshop({ sink: { write: () => undefined } });
});

test.after.always(() => {
  if (rows.length === 0) return;
  const date = new Date().toISOString().slice(0, 10);
  const machine = { processors: cpus().length, accel: workshop.accel, qemu: workshop.qemu.version };
  writeFileSync(keptPath('restart', 'json'), `${JSON.stringify({ date, machine, rows }, null, 2)}\n`);
});

const DEADLINE_MS = 1_200_000;
const kills = process.env.PUSHBELL_KILLS;
const times = (usual: number): number => (kills === undefined ? usual : Number(kills));

async function deaths(
  t: ExecutionContext,
  name: string,
  options: Partial<ServedOptions>,
  plan: Deaths,
  revive?: (served: Served) => Deaths['revive'],
): Promise<void> {
  const guest = { load: driverModules(workshop, ['pushbell', 'pushbell_selftest', 'pushbell_stress']) };
  await inServedGuest(t, workshop, { guest, deadlineMs: DEADLINE_MS, ...options }, async served => {
    const { vm } = served;
    const epoch = await register(vm, 'RESET_EPOCH');
    const load = new Stress(vm);
    await load.start();
    const again = revive?.(served);
    const pausesMs = await killUnderLoad(served, load, { ...plan, ...(again ? { revive: again } : {}) });
    const pauses = summarize(pausesMs);
    rows.push({ name, ...pauses, pausesMs });
    t.log(inWords(pauses));
    const { figures } = await load.stop();
    t.log(`${figures.completed} completions, ${figures.bytes} bytes checked`);
    t.is(figures.resets, 0);
    t.is(await register(vm, 'RESET_EPOCH'), epoch);
    await shortSelftest(vm);
    t.deepEqual(await kernelComplaints(vm), []);
  });
}

test.serial(`${times(100)} random deaths under load, with a supervisor`, async t => {
  await deaths(t, 'supervised', { supervise: true }, { times: times(100), seed: 1, lifeMs: [1000, 3000] });
});

test.serial(
  `${times(50)} random deaths under load, most of them before the next standby is ready`,
  async t => {
    await deaths(
      t,
      'supervised, in a hurry',
      { supervise: true },
      { times: times(50), seed: 4, lifeMs: [20, 500] },
    );
  },
);

test.serial(
  `${times(25)} random deaths under load, each time another back-end is started by hand`,
  async t => {
    await deaths(t, 'by hand', {}, { times: times(25), seed: 2 }, served => () => served.startAgain());
  },
);

test.serial(`${times(50)} random deaths under load behind a vIOMMU`, async t => {
  await deaths(
    t,
    'supervised, vIOMMU',
    { supervise: true, vm: { iommu: true } },
    { times: times(50), seed: 3 },
  );
});
