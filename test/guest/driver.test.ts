// SPDX-License-Identifier: MIT
// The whole chain: a guest with the real driver, QEMU with the shim, the adapter behind its socket. On failure the
// console's tail, the adapter's trace and where both are kept are shown.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { BthOpcode } from '../../device/abi/generated/packets.js';
import { AdapterVm } from '../../device/cli/adapter-vm.js';
import { driverModule, driverModules } from '../../device/cli/driver-modules.js';
import { parseStory, renderStory } from '../../device/cli/story.js';
import { tell } from '../../device/cli/test/report.js';
import { runTest } from '../../device/cli/test/run-one.js';
import { projectRoot } from '../../device/vm/cache.js';
import { prepareWorkshop, type Workshop } from '../../device/vm/setup.js';
import { temporaryDirectory } from '../support/temporary.js';
import { tsharkComplaints, tsharkFields } from '../support/tshark.js';

const RESULTS = join(projectRoot, '.results');
const DEADLINE_MS = 240_000;
const RELOADS = 20;
/** Cases of the selftest that send every kind of packet; management datagrams would be read as such, and hold none. */
const CAPTURED = 'message-sizes,rdma-write,rdma-write-imm,rdma-read,atomics,send-imm,send-inv,uc,ud,gids';

let workshop: Workshop;

test.before(async t => {
  t.timeout(1_200_000);
  workshop = await prepareWorkshop({ sink: { write: () => undefined } });
  mkdirSync(RESULTS, { recursive: true });
});

/** Runs `act` in a guest; a failure comes with what there is to see. */
async function inGuest(
  t: ExecutionContext,
  options: Parameters<typeof AdapterVm.start>[1],
  act: (adapterVm: AdapterVm) => Promise<void>,
): Promise<void> {
  t.timeout(DEADLINE_MS);
  const folder = join(RESULTS, 'guest', t.title.replace(/[^\w]+/g, '-').slice(0, 60));
  mkdirSync(folder, { recursive: true });
  const consoleFile = join(folder, 'console.log');
  const adapterVm = await AdapterVm.start(workshop, {
    ...options,
    trace: true,
    vm: { ...options.vm, consoleFile },
  });
  try {
    await act(adapterVm);
    t.deepEqual(adapterVm.vm.console.crashes, []);
  } catch (error) {
    const trace = (await adapterVm.ask('trace', { format: 'text' })) as { text: string };
    writeFileSync(join(folder, 'device-trace.txt'), trace.text);
    t.log(adapterVm.vm.console.tail(25));
    t.log(trace.text.split('\n').slice(-25).join('\n'));
    t.log(`everything is kept in ${folder}`);
    throw error;
  } finally {
    await adapterVm.close();
  }
}

test.serial('the kernel selftest passes in a guest, every case', async t => {
  t.timeout(DEADLINE_MS);
  const outcome = await runTest(
    workshop,
    { kind: 'selftest', name: 'selftest', cases: 'all' },
    { timeoutMs: 120_000, resultsDir: join(RESULTS, 'guest'), keep: true, capture: true },
  );
  const lines = outcome.cases.map((c, n) => `${c.ok ? 'ok' : 'not ok'} ${n + 1} ${c.title}`);
  writeFileSync(
    join(RESULTS, 'guest-selftest.ktap'),
    `KTAP version 1\n1..${lines.length}\n${lines.join('\n')}\n`,
  );
  if (outcome.verdict !== 'pass') t.log(tell(outcome));
  t.is(outcome.verdict, 'pass', outcome.reason);
  t.true(outcome.cases.length >= 70, `${outcome.cases.length} cases`);
});

// Named, because it takes seconds; and without a capture, which would be as long as the message.
test.serial('one message of 2 GiB', async t => {
  const outcome = await runTest(
    workshop,
    { kind: 'selftest', name: 'huge', cases: 'huge' },
    { timeoutMs: 180_000, resultsDir: join(RESULTS, 'guest'), keep: true, capture: false },
  );
  if (outcome.verdict !== 'pass') t.log(tell(outcome));
  t.is(outcome.verdict, 'pass', outcome.reason);
});

test.serial('[claims 8, 22] the packets of a guest are RoCEv2 to an independent decoder', async t => {
  const capture = join(temporaryDirectory(t), 'guest.pcapng');
  const load = driverModules(workshop, ['pushbell', 'pushbell_selftest']);
  await inGuest(t, { guest: { load }, capture }, async ({ vm }) => {
    const run = await vm.run(`cd /sys/kernel/debug/pushbell/*/ && echo ${CAPTURED} >selftest; cat selftest`);
    t.is(run.stdout.match(/^ok \d+ /gm)?.length, CAPTURED.split(',').length, run.stdout);
    t.notRegex(run.stdout, /^not ok/m);
  });
  t.deepEqual(await tsharkComplaints(capture), []);
  const opcodes = (await tsharkFields(capture, ['infiniband.bth.opcode'])).map(([opcode]) => Number(opcode));
  for (const [name, opcode] of Object.entries(BthOpcode))
    t.true(opcodes.includes(opcode), `no packet ${name}`);
});

test.serial(`the driver loads and unloads ${RELOADS} times without a complaint of the kernel`, async t => {
  const carry = [driverModule(workshop, 'pushbell'), driverModule(workshop, 'pushbell_selftest')];
  await inGuest(t, { guest: { carry } }, async ({ vm }) => {
    const once =
      'insmod pushbell.ko && insmod pushbell_selftest.ko && rmmod pushbell_selftest && rmmod pushbell';
    const loop = `cd /pushbell/modules.d && for n in $(seq ${RELOADS}); do ${once} || exit 1; done`;
    const run = await vm.run(loop, { timeoutMs: 120_000 });
    t.is(run.status, 0, run.stderr);
    // One that has survived this must still work.
    const after = await vm.run(
      'cd /pushbell/modules.d && insmod pushbell.ko && insmod pushbell_selftest.ko && cat /sys/kernel/debug/pushbell/*/demo',
    );
    t.true(renderStory(parseStory(after.stdout)).good, after.stdout);
    const log = await vm.run('dmesg');
    t.notRegex(log.stdout, /WARNING|BUG:|Oops|KFENCE/);
  });
});

test.serial('what npm start shows is what happened', async t => {
  const load = driverModules(workshop, ['pushbell', 'pushbell_selftest']);
  await inGuest(t, { guest: { load } }, async adapterVm => {
    const run = await adapterVm.vm.run('cat /sys/kernel/debug/pushbell/*/demo');
    const steps = parseStory(run.stdout);
    const { text, good } = renderStory(steps);
    t.true(good, text);
    t.deepEqual([...new Set(steps.map(s => s.step))].sort(), [
      'counters',
      'gather',
      'message',
      'operation',
      'overtake',
    ]);
    const counted = (await adapterVm.ask('counters')) as Record<string, number>;
    const told = steps.find(s => s.step === 'counters')!;
    t.true(
      counted.pushes >= Number(told.pushes) && Number(told.pushes) >= 6,
      'the adapter itself counted the pushes',
    );
    // The story is judged, not just printed: another order must not pass.
    const forged = steps.map(s => (s.step === 'overtake' ? { ...s, order: 'A1 B A2 A3 A4 A5 A6 A7 A8' } : s));
    t.false(renderStory(forged).good);
  });
});
