// SPDX-License-Identifier: MIT
// The adapter as the kernel's dmaengine sees it: its own selftest, and the kernel's dmatest with all its patterns, many
// threads on every channel, odd sizes and offsets, polled and by interrupt; behind an IOMMU, with an adapter that dies,
// is reset or pulled out meanwhile.
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { driverModules } from '../../device/cli/driver-modules.js';
import { projectRoot } from '../../device/vm/cache.js';
import { buildModules } from '../../device/vm/module-build.js';
import { prepareWorkshop, type Workshop } from '../../device/vm/setup.js';
import type { Vm } from '../../device/vm/vm.js';
import {
  buildDmatest,
  type DmatestRun,
  endDmatest,
  MODULES_DIR,
  runDmatest,
  startDmatest,
  stopDmatest,
} from '../support/dmatest.js';
import { adaptersOf, cases, DEBUGFS, kernelComplaints, kernelLog, tell } from '../support/guest-adapter.js';
import { guestSays, inServedGuest, until } from '../support/served-vm.js';
import { temporaryDirectory } from '../support/temporary.js';

let workshop: Workshop;
let dmatest: string;

test.before(async t => {
  t.timeout(1_800_000);
  workshop = await prepareWorkshop({ sink: { write: () => undefined } });
  dmatest = (await buildDmatest(workshop.kernel)).module;
});

const CHANNELS = 4;
const SELFTEST_CASES = 24;
const BUILD_TIMEOUT_MS = 600_000;
const PARAMETERS = '/sys/module/pushbell_dma/parameters';

const guestOf = (names: readonly string[] = []) => ({
  load: driverModules(workshop, ['pushbell', 'pushbell_dma', ...names]),
  carry: [dmatest],
});

async function counter(vm: Vm, name: string): Promise<number> {
  return Number((await guestSays(vm, `grep -w ${name} ${DEBUGFS}/*/counters`)).trim().split(/\s+/)[1]);
}

const failures = (run: DmatestRun): number => run.threads.reduce((sum, one) => sum + one.failures, 0);

/** Every thread that should have run has, on every channel, and none found anything wrong. */
function mustBeGood(run: DmatestRun, parameters: Readonly<Record<string, number>>): void {
  const kind = parameters.dmatest === 1 ? 'set' : 'copy';
  const good = run.threads.filter(one => one.kind === kind && one.tests === parameters.iterations);
  const channels = new Set(run.threads.map(one => one.channel));
  const wanted = CHANNELS * parameters.threads_per_chan!;
  if (
    good.length === wanted &&
    channels.size === CHANNELS &&
    failures(run) === 0 &&
    run.complaints.length === 0
  )
    return;
  throw new Error(
    `dmatest ${JSON.stringify(parameters)}: ${JSON.stringify(run.threads)}\n${run.complaints.join('\n')}`,
  );
}

async function dmatestPasses(vm: Vm, parameters: Readonly<Record<string, number>>): Promise<void> {
  mustBeGood(await runDmatest(vm, parameters), parameters);
}

async function setParameter(vm: Vm, name: string, value: number): Promise<void> {
  await guestSays(vm, `echo ${value} >${PARAMETERS}/${name}`);
}

const SELFTEST = `cd ${DEBUGFS}/*/ && cat dma_selftest`;

/** Those that need an IOMMU are skipped without one, and nothing else is. */
async function selftestPasses(vm: Vm, skipped: number): Promise<void> {
  const report = await guestSays(vm, SELFTEST, 120_000);
  const skips = report.match(/^ok .* # SKIP$/gm) ?? [];
  if (cases(report) < SELFTEST_CASES || /^not ok/m.test(report) || skips.length !== skipped)
    throw new Error(`the selftest failed:\n${report}`);
}

const PROVOKED =
  /: qp \d+:? .*(error state|DMA fault)|DMAR:|: cq \d+: it overflowed|: it does not start: -16/;

/** Complaints of the kernel that are not about what the selftest provokes. */
async function complaints(vm: Vm): Promise<string[]> {
  return (await kernelComplaints(vm)).filter(line => !PROVOKED.test(line));
}

test.serial('[claims 10, 11, 25, 26] the selftest of the DMA engine passes, every case', async t => {
  await inServedGuest(t, workshop, { guest: guestOf(['pushbell_dma_selftest']) }, async ({ vm }) => {
    await selftestPasses(vm, 1);
    t.deepEqual(await complaints(vm), []);
  });
});

test.serial('dmatest passes: memcpy and memset, many threads, polled and by interrupt', async t => {
  await inServedGuest(t, workshop, { guest: guestOf() }, async ({ vm }) => {
    for (const kind of [0, 1]) {
      const parameters = { dmatest: kind, iterations: 150, test_buf_size: 65536 };
      await dmatestPasses(vm, { ...parameters, threads_per_chan: 5 });
      // A thread that polls terminates its channel after each transfer: it has to be alone there.
      await dmatestPasses(vm, { ...parameters, threads_per_chan: 1, polled: 1 });
    }
    t.deepEqual(await complaints(vm), []);
  });
});

test.serial('dmatest passes with transfers cut into odd pieces, all pushed, none pushed', async t => {
  await inServedGuest(t, workshop, { guest: guestOf() }, async ({ vm }) => {
    const parameters = { threads_per_chan: 3, iterations: 60 };
    await setParameter(vm, 'piece', 997);
    const before = await counter(vm, 'COUNT_COMPLETIONS');
    for (const kind of [0, 1]) await dmatestPasses(vm, { ...parameters, dmatest: kind });
    const pieces = (await counter(vm, 'COUNT_COMPLETIONS')) - before;
    t.true(pieces > 4 * 2 * CHANNELS * 3 * 60, `${pieces} pieces`);
    await setParameter(vm, 'piece', 1 << 20);

    await setParameter(vm, 'push', 0);
    const pushed = await counter(vm, 'COUNT_PUSHES');
    await dmatestPasses(vm, parameters);
    t.is(await counter(vm, 'COUNT_PUSHES'), pushed);

    await setParameter(vm, 'push', 256);
    await setParameter(vm, 'push_data', 1 << 20);
    const alone = { threads_per_chan: 1, iterations: 60 };
    await dmatestPasses(vm, alone);
    t.is(await counter(vm, 'COUNT_PUSHES'), pushed + CHANNELS * alone.iterations);
    t.is(await counter(vm, 'COUNT_PUSH_FALLBACKS'), 0);
  });
});

test.serial('behind an IOMMU: selftest and dmatest', async t => {
  const options = { guest: guestOf(['pushbell_dma_selftest']), vm: { iommu: true } };
  await inServedGuest(t, workshop, options, async ({ vm }) => {
    await dmatestPasses(vm, { threads_per_chan: 2, iterations: 50 });
    t.notRegex(await kernelLog(vm), /DMAR:.*fault/i);
    await selftestPasses(vm, 0);
    await dmatestPasses(vm, { threads_per_chan: 2, iterations: 50, dmatest: 1 });
    t.deepEqual(await complaints(vm), []);
  });
});

test.serial('a driver that copies one byte too few does not pass', async t => {
  t.timeout(BUILD_TIMEOUT_MS);
  const dir = temporaryDirectory(t);
  cpSync(join(projectRoot, 'guest-driver'), dir, {
    recursive: true,
    filter: path => !/\.(o|ko|mod|mod\.c|cmd)$/.test(path),
  });
  change(
    join(dir, 'dma_prep.c'),
    /chunks\[0\]\.bytes = bytes;/g,
    'chunks[0].bytes = bytes > 1 ? bytes - 1 : bytes;',
  );
  change(join(dir, 'Kbuild'), /^obj-m \+?=(.*\\\n)*.*$/m, 'obj-m := pushbell.o pushbell_dma.o');
  const { modules } = await buildModules(workshop.kernel, dir);
  const load = ['pushbell', 'pushbell_dma'].map(name => ({ module: modules.get(name)! }));
  await inServedGuest(t, workshop, { guest: { load, carry: [dmatest] } }, async ({ vm }) => {
    for (const kind of [0, 1]) {
      const run = await runDmatest(vm, { threads_per_chan: 2, iterations: 20, dmatest: kind });
      t.is(run.threads.length, 2 * CHANNELS);
      t.true(failures(run) > CHANNELS * 20, `${failures(run)} failures`);
      t.true(run.complaints.length > 0);
    }
  });
});

function change(file: string, from: RegExp, to: string): void {
  const before = readFileSync(file, 'utf8');
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${file} does not contain ${from}`);
  writeFileSync(file, after);
}

const FOREVER = { threads_per_chan: 2, iterations: 0 };
const KILLS = 4;
const WORK_MS = 10_000;

/** How many iterations take about `WORK_MS` on this machine. */
async function longRun(vm: Vm): Promise<number> {
  const sample = { threads_per_chan: 2, iterations: 50 };
  const before = performance.now();
  await dmatestPasses(vm, sample);
  return Math.ceil((sample.iterations * WORK_MS) / (performance.now() - before));
}

test.serial('the adapter dies and another one goes on: dmatest notices nothing', async t => {
  await inServedGuest(t, workshop, { guest: guestOf(), supervise: true }, async ({ vm, backEnd }) => {
    const parameters = { threads_per_chan: 2, iterations: await longRun(vm), timeout: 20_000 };
    await startDmatest(vm, parameters);
    for (let n = 0; n < KILLS; n++) {
      const done = await counter(vm, 'COUNT_COMPLETIONS');
      const victim = await backEnd().workerPid();
      process.kill(victim, 'SIGKILL');
      await until(
        'another process goes on',
        30_000,
        () => backEnd().workerPid(),
        pid => pid !== victim,
      );
      await until(
        'the work goes on',
        30_000,
        () => counter(vm, 'COUNT_COMPLETIONS'),
        now => now > done + 20,
      );
    }
    mustBeGood(await endDmatest(vm), parameters);
    t.deepEqual(await complaints(vm), []);
  });
});

const RESETS = 5;
/** Completions since the last reset. */
const WORKING = 50;

test.serial('resets under dmatest: what was under way fails, nothing hangs, the channels go on', async t => {
  await inServedGuest(t, workshop, { guest: guestOf() }, async ({ vm }) => {
    await startDmatest(vm, FOREVER);
    for (let n = 0; n < RESETS; n++) {
      await until(
        'it works',
        30_000,
        () => counter(vm, 'COUNT_COMPLETIONS'),
        now => now > WORKING,
      );
      await tell(vm, 'reset', '1');
    }
    const run = await stopDmatest(vm);
    t.is(run.threads.length, 2 * CHANNELS);
    // How many are refused while a reset lasts is the machine's affair. After each one they work: half of what was waited for.
    const tests = run.threads.reduce((sum, one) => sum + one.tests, 0);
    const good = tests - failures(run);
    t.true(good > (RESETS * WORKING) / 2, `${good} of ${tests} were good`);
    for (const one of run.threads) t.true(one.failures < one.tests, `${one.failures} of ${one.tests} failed`);
    await dmatestPasses(vm, { threads_per_chan: 2, iterations: 30 });
    t.deepEqual(await complaints(vm), []);
  });
});

test.serial(
  'pulled out under dmatest: its threads end, everything unloads, and it works when it is back',
  async t => {
    await inServedGuest(t, workshop, { guest: guestOf() }, async ({ vm }) => {
      const [address] = await adaptersOf(vm);
      await startDmatest(vm, FOREVER);
      await until(
        'it works',
        30_000,
        () => counter(vm, 'COUNT_COMPLETIONS'),
        now => now > WORKING,
      );
      await guestSays(vm, `echo 1 >/sys/bus/pci/devices/${address}/remove`);
      t.regex((await vm.run('rmmod pushbell_dma')).stderr, /busy|unavailable/, 'its code is in use');
      t.is((await stopDmatest(vm)).threads.length, 2 * CHANNELS);
      await guestSays(
        vm,
        `rmmod pushbell_dma && insmod ${MODULES_DIR}/pushbell_dma.ko && echo 1 >/sys/bus/pci/rescan`,
      );
      await dmatestPasses(vm, { threads_per_chan: 2, iterations: 30 });
      await guestSays(vm, 'rmmod pushbell_dma && rmmod pushbell');
      t.deepEqual(await complaints(vm), []);
    });
  },
);
