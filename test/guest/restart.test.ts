// SPDX-License-Identifier: MIT
// The adapter's process dies at random moments while a guest works with all of it, and another one goes on: to the guest
// that is a pause. Nothing is lost, doubled, out of order or reset.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { driverModules } from '../../device/cli/driver-modules.js';
import { prepareWorkshop, type Workshop } from '../../device/vm/setup.js';
import { kernelComplaints, register, shortSelftest } from '../support/guest-adapter.js';
import { otherBuild } from '../support/other-build.js';
import { inWords, killUnderLoad, summarize } from '../support/restarts.js';
import { guestSays, inServedGuest, type Served, type ServedOptions, until } from '../support/served-vm.js';
import { Stress } from '../support/stress.js';

let workshop: Workshop;

test.before(async t => {
  t.timeout(1_200_000);
  workshop = await prepareWorkshop({ sink: { write: () => undefined } });
});

const KILLS = 10;
const KILLS_BEHIND_IOMMU = 5;
/** No aim: it says that a pause is a pause. What the pauses are is printed, and kept by `npm run test:long`. */
const SANE_PAUSE_MS = 10_000;
const GONE_AFTER_MS = 500;
const SEED = 20;
/** What the workload has to have done, each. */
const OPERATIONS = [
  ...['pushed', 'rung', 'inlines', 'copies', 'fills'],
  ...['sends', 'writes', 'reads', 'atomics', 'registrations'],
  ...['uc_sends', 'uc_writes', 'datagrams', 'shared'],
];
const STATE_ABI = 'device/abi/generated/state.js';

const guestOf = () => ({
  load: driverModules(workshop, ['pushbell', 'pushbell_selftest', 'pushbell_stress']),
});

/** A guest at work; whatever `act` does to the back-end, nothing may go wrong and nothing be reset. */
async function underLoad(
  t: ExecutionContext,
  options: Partial<ServedOptions>,
  act: (served: Served, load: Stress) => Promise<void>,
): Promise<void> {
  await inServedGuest(t, workshop, { guest: guestOf(), ...options }, async served => {
    const { vm } = served;
    const epoch = await register(vm, 'RESET_EPOCH');
    const load = new Stress(vm);
    await load.start();
    await act(served, load);
    const { figures } = await load.stop();
    for (const operation of OPERATIONS) t.true(figures[operation] > 0, operation);
    t.is(figures.resets, 0);
    t.is(await register(vm, 'RESET_EPOCH'), epoch);
    await shortSelftest(vm);
    t.deepEqual(await kernelComplaints(vm), []);
  });
}

test.serial(`${KILLS} random deaths under load, with a supervisor: only pauses`, async t => {
  await underLoad(t, { supervise: true }, async (served, load) => {
    const pauses = summarize(await killUnderLoad(served, load, { times: KILLS, seed: SEED }));
    t.log(inWords(pauses));
    t.true(pauses.maxMs < SANE_PAUSE_MS);
    const { restarts } = (await served.backEnd().ask('status')) as { restarts: number };
    t.is(restarts, KILLS);
  });
});

test.serial('deaths under load behind a vIOMMU', async t => {
  await underLoad(t, { supervise: true, vm: { iommu: true } }, async (served, load) => {
    const deaths = { times: KILLS_BEHIND_IOMMU, seed: SEED };
    t.log(inWords(summarize(await killUnderLoad(served, load, deaths))));
  });
});

test.serial('killed, and started again by hand: the same build, then an upgraded one', async t => {
  const upgraded = otherBuild(t, {
    file: 'device/runtime/reactor.js',
    from: /front-end connected/,
    to: 'front-end connected to the upgraded build',
  });
  await underLoad(t, {}, async (served, load) => {
    const deaths = { times: 2, seed: SEED, revive: () => served.startAgain() };
    t.log(inWords(summarize(await killUnderLoad(served, load, deaths))));
    const upgrade = { times: 1, seed: SEED, revive: () => served.startAgain({ dist: upgraded }) };
    t.log('upgrade:', inWords(summarize(await killUnderLoad(served, load, upgrade))));
    t.regex(readFileSync(join(served.folder, 'device.log'), 'utf8'), /connected to the upgraded build/);
  });
});

test.serial(
  'a build with another state version is refused in clear words, and the right one repairs it',
  async t => {
    const incompatible = otherBuild(t, {
      file: STATE_ABI,
      from: /STATE_VERSION = (\d+)/,
      to: 'STATE_VERSION = 9$1',
    });
    const options = {
      guest: guestOf(),
      adapters: [`read-timeout-ms=${GONE_AFTER_MS}`],
    };
    await inServedGuest(t, workshop, options, async served => {
      const { vm } = served;
      const load = new Stress(vm);
      await load.start('again=1');
      await served.backEnd().kill();
      await served.startAgain({ dist: incompatible });
      const clear = /the state has version \d+, this back-end reads version 9\d+/;
      await until(
        'QEMU says it',
        10_000,
        () => vm.stderr,
        text => clear.test(text),
      );
      const state = () => guestSays(vm, 'cat /sys/kernel/debug/pushbell/*/state');
      await until('the guest sees it gone', 20_000, state, text => text.includes('state=away'));
      await served.backEnd().end();
      await served.startAgain();
      await until('the guest has it again', 20_000, state, text => text.includes('state=up'));
      await load.goesOn();
      await load.stop();
      await shortSelftest(vm);
    });
  },
);
