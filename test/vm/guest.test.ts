// SPDX-License-Identifier: MIT
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { processExists } from '../../device/vm/cleanup.js';
import { VmError, type VmFault } from '../../device/vm/errors.js';
import { fetchKernel, type GuestKernel } from '../../device/vm/kernel.js';
import { buildModules } from '../../device/vm/module-build.js';
import { buildQemu } from '../../device/vm/qemu-build.js';
import { chooseAccel, startVm } from '../../device/vm/setup.js';
import type { Vm } from '../../device/vm/vm.js';

/* These boot real guests; nothing of our device is in them. */

const scratch = mkdtempSync(join(tmpdir(), 'guest-test-'));
let workshop: Parameters<typeof startVm>[0];

test.before(async t => {
  t.timeout(600_000);
  const qemu = await buildQemu();
  const { kernel } = await fetchKernel();
  workshop = { qemu, kernel, accel: await chooseAccel(qemu, kernel) };
});
test.after.always(() => rmSync(scratch, { recursive: true }));

async function faultOf(
  t: { throwsAsync: (p: Promise<unknown>) => Promise<unknown> },
  p: Promise<unknown>,
): Promise<VmFault> {
  const error = await t.throwsAsync(p);
  if (error instanceof VmError) return error.fault;
  throw error;
}

/** A module with the given source, built for the guest's kernel. */
async function moduleOf(kernel: GuestKernel, name: string, body: string): Promise<string> {
  const dir = join(scratch, name);
  mkdirSync(dir, { recursive: true });
  writeFileSync(join(dir, 'Kbuild'), `obj-m := ${name}.o\n`);
  const head = '#include <linux/module.h>\nMODULE_LICENSE("GPL");\nMODULE_DESCRIPTION("test");\n';
  writeFileSync(join(dir, `${name}.c`), head + body);
  return (await buildModules(kernel, dir, { strict: true })).modules.get(name)!;
}

const BOOT_TIMEOUT_MS = 60_000;

test.serial('a guest boots, answers commands with status and both outputs, and shuts down', async t => {
  t.timeout(120_000);
  const file = join(scratch, 'payload');
  writeFileSync(file, 'carried in\n');
  const consoleFile = join(scratch, 'console.log');
  const vm = await startVm(
    workshop,
    { load: [{ module: 'e1000e' }], files: [{ host: file, guest: '/data/payload' }] },
    { consoleFile, bootTimeoutMs: BOOT_TIMEOUT_MS },
  );
  try {
    const { kernel } = workshop;
    t.is(vm.kernelRelease, kernel.release);
    t.like(await vm.run('uname -r'), { status: 0, stdout: `${kernel.release}\n`, stderr: '' });
    t.like(await vm.run('false'), { status: 1, stdout: '', stderr: '' });
    t.like(await vm.run('echo out; echo err >&2; exit 7'), { status: 7, stdout: 'out\n', stderr: 'err\n' });
    t.is((await vm.run('kill -9 $$')).status, 137);
    t.is((await vm.run('cat /data/payload')).stdout, 'carried in\n');
    t.regex((await vm.run('lsmod')).stdout, /^e1000e /m);
    t.is((await vm.run('nosuchcommand')).status, 127);

    // Much output, in order and complete.
    const lines = (await vm.run('seq 1 30000')).stdout.trimEnd().split('\n');
    t.is(lines.length, 30000);
    t.true(lines.every((line, index) => Number(line) === index + 1));

    // Commands run side by side; a background process does not hold its command back.
    const both = await Promise.all([vm.run('sleep 1; echo a'), vm.run('echo b; sleep 300 &')]);
    t.deepEqual(
      both.map(one => one.stdout),
      ['a\n', 'b\n'],
    );
    t.true(both[1].durationMs < 5000);

    const late = await faultOf(t, vm.run('echo begun; sleep 300', { timeoutMs: 1500 }));
    t.like(late, { kind: 'command-timeout', stdout: 'begun\n' });
    t.is((await vm.run('true')).status, 0, 'the guest lives on after a command that was killed');
    t.deepEqual(vm.console.crashes, []);
  } finally {
    await vm.shutdown();
  }
  t.false(processExists(vm.pid));
  t.deepEqual(
    readdirSync(tmpdir()).filter(name => name.startsWith(`pushbell-vm-${process.pid}-`)),
    [],
  );
  t.regex(readFileSync(consoleFile, 'utf8'), /reboot: Power down/);
});

test.serial('a panic fails what waits for the guest, with the reason and the console', async t => {
  t.timeout(120_000);
  const vm = await startVm(workshop, {}, { bootTimeoutMs: BOOT_TIMEOUT_MS });
  const startedAt = performance.now();
  const fault = await faultOf(t, vm.run('echo c > /proc/sysrq-trigger', { timeoutMs: 60_000 }));
  t.like(fault, { kind: 'guest-crash', line: 'Kernel panic - not syncing: sysrq triggered crash' });
  t.regex((fault as { consoleTail: string }).consoleTail, /sysrq/);
  t.true(performance.now() - startedAt < 20_000);
  t.is((await faultOf(t, vm.run('true'))).kind, 'guest-crash', 'a dead guest stays dead');
  await vm.shutdown();
  t.false(processExists(vm.pid));
});

test.serial('a warning is noted while the guest goes on, or ends it where that is asked for', async t => {
  t.timeout(180_000);
  const body =
    'static int __init w(void) { WARN_ON(1); return 0; }\nmodule_init(w);\nstatic void __exit x(void) {}\nmodule_exit(x);\n';
  const module = await moduleOf(workshop.kernel, 'warns', body);
  const vm = await startVm(workshop, { load: [{ module }] });
  t.is((await vm.run('true')).status, 0);
  t.deepEqual(
    vm.console.crashes.map(crash => crash.fatal),
    [false],
  );
  t.regex(vm.console.crashes[0].line, /^WARNING: CPU: \d+ PID: \d+ at /);
  await vm.shutdown();
  const fault = await faultOf(
    t,
    startVm(workshop, { carry: [module] }, { stopOnAnyCrash: true }).then(strict => runAndEnd(strict)),
  );
  t.is(fault.kind, 'guest-crash');
});

/** Loads the carried module and always ends the guest. */
async function runAndEnd(vm: Vm): Promise<void> {
  try {
    await vm.run('insmod /pushbell/modules.d/warns.ko; sleep 30');
  } finally {
    await vm.kill();
  }
}

test.serial('a module that does not load says why', async t => {
  t.timeout(180_000);
  const body = 'static int __init w(void) { return -ENODEV; }\nmodule_init(w);\n';
  const module = await moduleOf(workshop.kernel, 'refuses', body);
  const fault = await faultOf(t, startVm(workshop, { load: [{ module }] }));
  t.like(fault, { kind: 'guest-module', module: '/pushbell/modules.d/refuses.ko', reason: 'No such device' });
});

test.serial('a module that does not compile shows the compiler', async t => {
  t.timeout(180_000);
  const fault = await faultOf(
    t,
    moduleOf(workshop.kernel, 'broken', 'int broken(void) { return nonsense; }\n'),
  );
  t.is(fault.kind, 'module-build');
  t.regex((fault as { output: string }).output, /guest-test-\w+\/broken\/broken\.c:4.*nonsense/s);
});

test.serial(
  'QEMU refusing its command line, a guest that never gets ready, an abort: each has its own error',
  async t => {
    t.timeout(180_000);
    const refused = await faultOf(t, startVm(workshop, {}, { devices: ['no-such-device'] }));
    t.is(refused.kind, 'qemu-exited');
    t.regex((refused as { stderr: string }).stderr, /no-such-device/);
    const silent = await faultOf(
      t,
      startVm(workshop, {}, { kernelArgs: ['rdinit=/bin/cat'], bootTimeoutMs: 8000 }),
    );
    t.like(silent, { kind: 'guest-hang', doing: 'booting', waitedMs: 8000 });
    const aborted = new AbortController();
    setTimeout(() => aborted.abort(), 500);
    const stopped = await faultOf(t, startVm(workshop, {}, { signal: aborted.signal }));
    t.is(stopped.kind, 'aborted');
    t.deepEqual(
      readdirSync(tmpdir()).filter(name => name.startsWith(`pushbell-vm-${process.pid}-`)),
      [],
    );
  },
);
