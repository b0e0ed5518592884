// SPDX-License-Identifier: MIT
// A back-end that falls silent (SIGSTOP) in the middle of a guest's read: the guest waits, the monitor does not, and after
// some time the function is gone as with a link that is down. No silence is forever: SIGCONT brings it back.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import {
  ALL_ONES,
  BACK_MS,
  configWord,
  enable,
  FUNCTION,
  inBareGuest,
  linkActive,
  load,
  PATIENT,
  prepareGuests,
  stillWaits,
  store,
} from '../support/bare-function.js';
import { freeze } from '../support/freeze.js';
import { Reg, SCRATCH_ID } from '../support/scratch-model.js';
import { guestSays, type Served, until, within } from '../support/served-vm.js';

prepareGuests();

/** A command waits for one acknowledgement (1 s) and the end of a read (0.1 s), not for the read's time-out (60 s). */
const MONITOR_MS = 20_000;

/** The back-end falls silent, then the guest reads; resolves when the read hangs. */
async function readIntoSilence({ vm, backEnd }: Served, bar: number): Promise<{ read: Promise<number> }> {
  freeze(backEnd().pid);
  const read = load(vm, bar + Reg.ID, 120_000);
  read.catch(() => undefined);
  if (!(await stillWaits(read, 300))) throw new Error('the read did not wait');
  return { read };
}

const idIsBack = (served: Served, bar: number): Promise<number> =>
  until(
    'the register reads right again',
    BACK_MS,
    () => load(served.vm, bar + Reg.ID),
    value => value === SCRATCH_ID,
  );

test.serial('a read waits for a back-end that was silent for a while', async t => {
  await inBareGuest(t, PATIENT, async served => {
    const { vm, backEnd } = served;
    const bar = await enable(vm);
    const { read } = await readIntoSilence(served, bar);
    t.true(await stillWaits(read, 1500), 'it goes on waiting');
    backEnd().signal('SIGCONT');
    t.is(await within('the read', BACK_MS, read), SCRATCH_ID);
    const { sessions } = (await backEnd().ask('status')) as { sessions: number };
    t.is(sessions, 1, 'it was the same connection all the time');
  });
});

test.serial(
  'stop, cont and device_del work in the middle of a read, and the function comes back',
  async t => {
    await inBareGuest(t, PATIENT, async served => {
      const { vm, backEnd, event } = served;
      const bar = await enable(vm);
      await store(vm, bar + Reg.SCRATCH, 4711);

      const stopped = await readIntoSilence(served, bar);
      await within('stop', MONITOR_MS, vm.qmp.execute('stop'));
      t.like(await vm.qmp.execute('query-status'), { status: 'paused' });
      await within('cont', MONITOR_MS, vm.qmp.execute('cont'));
      t.is(await stopped.read, ALL_ONES, 'the vCPU had to stop');
      backEnd().signal('SIGCONT');
      await idIsBack(served, bar);
      t.is(await load(vm, bar + Reg.SCRATCH), 4711, 'nothing else was lost');

      const unplugged = await readIntoSilence(served, bar);
      await within('device_del', MONITOR_MS, vm.qmp.execute('device_del', { id: 'nic' }));
      await event('DEVICE_DELETED', BACK_MS);
      t.is(await unplugged.read, ALL_ONES);
      backEnd().signal('SIGCONT');
      const device = { driver: 'pushbell-pci', socket: served.socketPath, id: 'nic', bus: 'port0' };
      await vm.qmp.execute('device_add', device);
      await until(
        'the new function',
        BACK_MS,
        () => vm.run(`test -e ${FUNCTION}`),
        run => run.status === 0,
      );
      t.is(await load(vm, (await enable(vm)) + Reg.ID), SCRATCH_ID);
    });
  },
);

test.serial('system_reset and quit work in the middle of a read', async t => {
  const reboot = { reboot: true };
  await inBareGuest(
    t,
    PATIENT,
    async served => {
      const { vm, backEnd } = served;
      const bar = await enable(vm);
      await store(vm, bar + Reg.SCRATCH, 4711);
      await readIntoSilence(served, bar);
      await vm.restarted(() => within('system_reset', MONITOR_MS, vm.qmp.execute('system_reset')));
      backEnd().signal('SIGCONT');
      await until(
        'the function after the reset',
        BACK_MS,
        () => vm.run(`test -e ${FUNCTION}`),
        r => r.status === 0,
      );
      const after = await enable(vm);
      await idIsBack(served, after);
      t.is(await load(vm, after + Reg.SCRATCH), 0, 'the reset came through');

      await readIntoSilence(served, after);
      const quit = vm.qmp.execute('quit').catch(() => undefined); // QEMU may be gone before it has answered
      await within('quit', MONITOR_MS, Promise.all([quit, vm.ended()]));
    },
    reboot,
  );
});

test.serial(
  'a silence that lasts too long takes the link down; SIGCONT brings the function back reset',
  async t => {
    await inBareGuest(t, 'read-timeout-ms=4000', async served => {
      const { vm, backEnd, folder } = served;
      const bar = await enable(vm);
      await store(vm, bar + Reg.SCRATCH, 4711);
      t.true(await linkActive(vm));

      const { read } = await readIntoSilence(served, bar);
      t.is(await within('the read', BACK_MS, read), ALL_ONES);
      const started = performance.now();
      t.is(await load(vm, bar + Reg.ID), ALL_ONES);
      await store(vm, bar + Reg.SCRATCH, 1);
      t.is(await configWord(vm, FUNCTION, 0, 4), ALL_ONES);
      t.true(performance.now() - started < 8000, 'nothing waits any more');
      t.false(await linkActive(vm), 'the port says that its link is down');
      t.regex(vm.stderr, /is gone.*pushbell serve --socket-path/);

      backEnd().signal('SIGCONT');
      await until(
        'the function is back',
        BACK_MS,
        () => configWord(vm, FUNCTION, 0, 4),
        id => id !== ALL_ONES,
      );
      t.true(await linkActive(vm));
      t.is((await configWord(vm, FUNCTION, 4, 2)) & 7, 0, 'the command register is as after a reset');
      // What a driver would do with pci_restore_state().
      await guestSays(vm, `cd ${FUNCTION} && echo 1 >remove && echo 1 >/sys/bus/pci/rescan`);
      const after = await enable(vm);
      t.is(await load(vm, after + Reg.ID), SCRATCH_ID);
      t.is(await load(vm, after + Reg.SCRATCH), 0, 'the model was reset');
      t.regex(readFileSync(join(folder, 'device.log'), 'utf8'), /session.*(over|given up by the front-end)/);
      t.is((vm.stderr.match(/is gone/g) ?? []).length, 1, 'said once');
    });
  },
);
