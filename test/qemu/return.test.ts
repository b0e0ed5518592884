// SPDX-License-Identifier: MIT
// A function whose back-end was gone comes back reset, and its BARs leave the memory map. Under TCG no virtual processor
// may run meanwhile: that concerns nobody else, and a back-end that only seems to be there does not get so far.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import test, { type ExecutionContext } from 'ava';
import { Request } from '../../device/abi/generated/messages.js';
import { projectRoot } from '../../device/vm/cache.js';
import { temporaryDir } from '../../device/vm/cleanup.js';
import { buildQemu } from '../../device/vm/qemu-build.js';
import type { Vm, VmOptions } from '../../device/vm/vm.js';
import { BackEnd } from '../support/back-end.js';
import {
  ALL_ONES,
  BACK_MS,
  configWord,
  FUNCTION,
  inBareGuest,
  load,
  PATIENT,
  prepareGuests,
  stillWaits,
} from '../support/bare-function.js';
import { BARE_MODEL_URL } from '../support/bare-model.js';
import { freeze } from '../support/freeze.js';
import { HandBackEnd } from '../support/hand-back-end.js';
import { Reg, SCRATCH_ID } from '../support/scratch-model.js';
import { guestSays, type Served, until, within } from '../support/served-vm.js';

prepareGuests();

const SOON_GONE = 'read-timeout-ms=300';
const OTHER_FUNCTION = '/sys/bus/pci/devices/0000:02:00.0';

const said = (vm: Vm, what: RegExp): Promise<boolean> =>
  until(
    String(what),
    BACK_MS,
    () => what.test(vm.stderr),
    yes => yes,
  );

/** Nobody serves the function any more, and the guest may know. */
async function lose({ vm, backEnd }: Served): Promise<void> {
  await backEnd().kill();
  await said(vm, /is gone/);
}

/** Keeps a virtual processor in the guest's own code. */
const keepBusy = (vm: Vm): Promise<string> =>
  guestSays(vm, "sh -c 'while :; do :; done' </dev/null >/dev/null 2>&1 &");

/** Another back-end of the same kind, for a device that the VM has from the beginning. */
async function withAnother(
  act: (other: BackEnd, device: string, dir: string) => Promise<void>,
): Promise<void> {
  const { dir, remove } = temporaryDir('another');
  const results = join(projectRoot, '.results', 'guest');
  mkdirSync(results, { recursive: true });
  const socketPath = join(dir, 'another.sock');
  const other = await BackEnd.start({
    directory: dir,
    socketPath,
    logFile: join(results, 'another-back-end.log'),
    args: ['--model', fileURLToPath(BARE_MODEL_URL)],
  });
  try {
    await act(other, `pushbell-pci,socket=${socketPath},bus=port1,${PATIENT}`, dir);
  } finally {
    other.thaw();
    await other.end();
    remove();
  }
}

async function processorThreads(vm: Vm): Promise<number[]> {
  const cpus = (await vm.qmp.execute('query-cpus-fast')) as { 'thread-id': number }[];
  return [...new Set(cpus.map(cpu => cpu['thread-id']))];
}

/** A program that runs QEMU with one thread for all processors. */
function singleThreaded(dir: string, qemu: string): string {
  const path = join(dir, 'qemu');
  const script = `#!/bin/bash\nexec '${qemu}' "\${@/#tcg,thread=multi/tcg,thread=single}"\n`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

/** The VM has the silent function below its second port. */
async function readOutlastsReturn(
  t: ExecutionContext,
  silent: BackEnd,
  threads: number,
  vmOptions: Partial<VmOptions>,
): Promise<void> {
  const act = async (served: Served): Promise<void> => {
    const { vm } = served;
    t.is((await processorThreads(vm)).length, threads);
    const line = await guestSays(vm, `cd ${OTHER_FUNCTION} && echo 1 >enable && head -n 1 resource`);
    const bar = Number(line.split(' ')[0]);
    t.is(await load(vm, bar + Reg.ID), SCRATCH_ID);
    await keepBusy(vm);
    await lose(served);
    freeze(silent.pid);
    const read = load(vm, bar + Reg.ID, BACK_MS * 2);
    read.catch(() => undefined);
    t.true(await stillWaits(read, 500), 'it waits');

    await served.startAgain();
    await said(vm, /is there again/);
    t.true(await stillWaits(read, 1000), 'it goes on waiting');
    t.regex(vm.stderr, /pushbell_gone_reset 0 vCPUs/, 'none ran when the memory map changed');
    silent.thaw();
    t.is(await within('the read', BACK_MS, read), SCRATCH_ID);
    t.not(await configWord(vm, FUNCTION, 0, 4), ALL_ONES, 'the function that came back is there');
    t.is((await configWord(vm, FUNCTION, 4, 2)) & 7, 0, 'as after a reset');
    t.is(await load(vm, bar + Reg.ID), SCRATCH_ID, 'and the other one is where it was');
  };
  const extraArgs = ['-trace', 'pushbell_gone_reset'];
  await inBareGuest(t, SOON_GONE, act, { rootPorts: 2, extraArgs, ...vmOptions });
}

test.serial('the return of a function leaves a read of a silent one alone', async t => {
  await withAnother(async (silent, device) => {
    await readOutlastsReturn(t, silent, 2, { devices: [device] });
  });
});

test.serial('so it does where one thread runs all processors', async t => {
  const { binary } = await buildQemu();
  await withAnother(async (silent, device, dir) => {
    const qemu = singleThreaded(dir, binary);
    await readOutlastsReturn(t, silent, 1, { devices: [device], qemu });
  });
});

/** Time that the virtual processors have spent on a processor, in ms. */
async function processorClock(vm: Vm): Promise<() => number> {
  const threads = await processorThreads(vm);
  const spent = (id: number): number =>
    Number(readFileSync(`/proc/${id}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
  return () => threads.reduce((sum, id) => sum + spent(id), 0);
}

const TRIES = 10;
/** QEMU gives a try up after 1 s. */
const LOOK_MS = 500;
const RAN_MS = 20;

/** While the back-end hangs; a processor that wants an interrupt delivered just then has to wait, so not in each try. */
async function ranWhileHanging(hung: HandBackEnd, clock: () => number): Promise<number> {
  const beyond = (): number => hung.requests.filter(request => request !== Request.GET_FEATURES).length;
  const before = beyond();
  await hung.until(() => beyond() > before, 'a second message', BACK_MS);
  const begun = clock();
  await new Promise(resolve => setTimeout(resolve, LOOK_MS));
  return clock() - begun;
}

test.serial('a back-end that answers once and then hangs does not hold the processors', async t => {
  await inBareGuest(
    t,
    SOON_GONE,
    async served => {
      const { vm, socketPath } = served;
      await keepBusy(vm);
      const clock = await processorClock(vm);
      await lose(served);
      rmSync(socketPath, { force: true });
      const hung = new HandBackEnd(socketPath, { hangs: true });
      const ran: number[] = [];
      try {
        while (ran.length < TRIES && !ran.some(ms => ms >= RAN_MS))
          ran.push(await ranWhileHanging(hung, clock));
      } finally {
        hung.close();
      }
      t.true(
        ran.some(ms => ms >= RAN_MS),
        `the processors ran for ${ran.map(ms => ms.toFixed(1)).join(', ')} ms of ${LOOK_MS}`,
      );
      t.log(`ran: ${ran.map(ms => ms.toFixed(1)).join(', ')} ms of ${LOOK_MS}`);
      await served.startAgain();
      await said(vm, /is there again/);
      t.not(await configWord(vm, FUNCTION, 0, 4), ALL_ONES);
    },
    { cpus: 1 },
  );
});

test.serial('the function comes back while the VM is stopped, and when it goes on', async t => {
  await inBareGuest(t, SOON_GONE, async served => {
    const { vm } = served;
    await lose(served);
    await vm.qmp.execute('stop');
    await served.startAgain();
    await said(vm, /is there again/);
    t.like(await vm.qmp.execute('query-status'), { status: 'paused' });
    await vm.qmp.execute('cont');
    t.not(await configWord(vm, FUNCTION, 0, 4), ALL_ONES);
  });
});
