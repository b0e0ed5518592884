// SPDX-License-Identifier: MIT
// "pushbell explain": every finding has words, and the command finds the back-end, asks it and ends with the right status.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import test, { type ExecutionContext } from 'ava';
import { isProblem, renderExplanation } from '../../device/cli/explain.js';
import { EXPLAINED_CODES, wordsOf } from '../../device/cli/explain-words.js';
import type { Finding } from '../../device/runtime/explain.js';
import { closeFd } from '../../device/sys/fd.js';
import { projectRoot } from '../../device/vm/cache.js';
import { FrontEnd } from '../support/front-end.js';
import { pushbell, type Result, SCRATCH, type Served, serve, stop } from '../support/serve-process.js';
import { temporaryDirectory } from '../support/temporary.js';

const CODE = /(?:(?:problem|note|record)\(|add\('(?:problem|note)',)\s*'([a-z-]+)'|code: '([a-z-]+)'/g;

/** Codes of findings in the sources of model and transport. */
function codesInSources(): Set<string> {
  const codes = new Set<string>();
  for (const directory of ['model', 'runtime']) {
    const path = join(projectRoot, 'device', directory);
    for (const name of readdirSync(path, { recursive: true, encoding: 'utf8' })) {
      if (!name.endsWith('.ts')) continue;
      const text = readFileSync(join(path, name), 'utf8');
      for (const [, made, written] of text.matchAll(CODE)) codes.add((made ?? written)!);
    }
  }
  return codes;
}

test('every code that model or transport can give has words, and no others have', t => {
  t.deepEqual([...EXPLAINED_CODES].sort(), [...codesInSources()].sort());
});

const queue = { qpn: 3, type: 'RC', state: 'RTS' };
const refusal = { page: 1, register: 'SEND', queue: 'qp', number: 3, times: 2 };
const doorbell = (why: string, more = {}): Finding => ({
  code: 'doorbell-refused',
  severity: 'problem',
  ...refusal,
  why,
  ...more,
});

/** Findings as they come, and what their words must say. */
const SAID: readonly (readonly [Finding, RegExp])[] = [
  [{ code: 'bus-master-off', severity: 'problem' }, /Bus Master Enable is off.*pci_set_master/s],
  [
    {
      code: 'qp-error',
      severity: 'problem',
      ...queue,
      status: 'LOC_PROT_ERR',
      index: 17,
      fault: { object: 'GATHER', number: 3, address: 0xdead000, write: false },
    },
    /Queue pair 3 \(RC\) .*since descriptor 17, with LOC_PROT_ERR\..*0xdead000 \(read, a gather range of queue pair 3\)/s,
  ],
  [
    { code: 'qp-error', severity: 'problem', ...queue, status: '', peer: 4, peerState: 'RESET' },
    /because software asked for it\. Its peer is queue pair 4 in state RESET/,
  ],
  [
    {
      code: 'dma-fault',
      severity: 'problem',
      object: 'CQ',
      number: 2,
      index: 5,
      address: 4096,
      write: true,
      times: 3,
    },
    /DMA write at address 0x1000 failed \(3 times\): completion queue 2, descriptor 5/,
  ],
  [
    {
      code: 'command-refused',
      severity: 'problem',
      opcode: 'CREATE_QP',
      status: 'BAD_PARAMETER',
      field: 'depth',
      times: 1,
    },
    /CREATE_QP was refused with BAD_PARAMETER: look at field "depth"\./,
  ],
  [
    {
      code: 'command-refused',
      severity: 'problem',
      opcode: 'DESTROY_CQ',
      status: 'BUSY',
      field: 'users',
      times: 4,
      beforeReset: true,
    },
    /\(4 times, before the last reset\): other objects still use it/,
  ],
  [doorbell('unknown-queue'), /SEND doorbell on page 1 was refused \(2 times\): there is no queue pair 3\./],
  [doorbell('other-page', { ownerPage: 2 }), /queue pair 3 belongs to doorbell page 2/],
  [
    doorbell('index-too-far', { index: 90, consumer: 10, depth: 64 }),
    /index 90 is more than 64 entries ahead of 10/,
  ],
  [doorbell('shared-queue', { srqn: 5 }), /takes its receives from shared receive queue 5/],
  [
    doorbell('other-page', { register: 'SRQ', queue: 'srq', ownerPage: 2 }),
    /A SRQ doorbell on page 1 was refused \(2 times\): shared receive queue 3 belongs to doorbell page 2/,
  ],
  [
    { code: 'dma-fault', severity: 'problem', object: 'SRQ', number: 2, index: 5, address: 4096, times: 1 },
    /A DMA read at address 0x1000 failed: shared receive queue 2, descriptor 5/,
  ],
  [
    {
      code: 'dma-fault',
      severity: 'problem',
      object: 'REMOTE_WRITE',
      number: 7,
      address: 4096,
      write: true,
      times: 1,
    },
    /data written for the peer of queue pair 7/,
  ],
  [
    { code: 'qp-send-error', severity: 'problem', qpn: 3, type: 'UD', status: 'LOC_LEN_ERR', index: 4 },
    /Queue pair 3 \(UD\) is in state SQE since descriptor 4, with LOC_LEN_ERR: sends are flushed/,
  ],
  [
    { code: 'qp-drained', severity: 'note', ...queue, draining: false, waiting: 2 },
    /in state SQD: nothing is sent \(2 descriptors waiting\)/,
  ],
  [
    {
      code: 'waits-for-receive',
      severity: 'problem',
      qpn: 3,
      peer: 4,
      peerState: 'RTS',
      srqn: 6,
      waiting: 1,
    },
    /has no receive posted in shared receive queue 6 \(state RTS\)/,
  ],
  [{ code: 'packets-dropped', severity: 'note', why: 'qkey', times: 2 }, /dropped \(2 times\): the Q_Key/],
  [{ code: 'srq-failed', severity: 'problem', srqn: 6 }, /Shared receive queue 6 cannot be read/],
  [
    { code: 'cq-gathers', severity: 'note', cqn: 2, gathered: 1, count: 4, periodUs: 10 },
    /queue 2 is moderated: 1 of 4 completions have come; .* 10 µs after the first/,
  ],
  [{ code: 'held', severity: 'problem', what: 'port' }, /The port is held by a test/],
  [doorbell('new-reason'), /was refused \(2 times\): new-reason\./],
  [
    { code: 'push-fallback', severity: 'note', page: 1, buffer: 2, qpn: 3, index: 9, why: 'torn', times: 1 },
    /a byte was stored twice/,
  ],
  [
    {
      code: 'bad-access',
      severity: 'problem',
      bar: 0,
      offset: 0x44,
      size: 2,
      write: true,
      why: 'size',
      times: 1,
    },
    /A 2 byte write at offset 0x44 of BAR 0 was not understood: size or alignment/,
  ],
  [
    { code: 'waits-for-receive', severity: 'problem', qpn: 3, peer: 4, peerState: 'RTS', waiting: 1 },
    /has 1 descriptor waiting: its peer, queue pair 4, has no receive posted/,
  ],
  [
    { code: 'waits-for-receive', severity: 'problem', qpn: 3, peer: 4, peerState: 'none', waiting: 2 },
    /queue pair 4, does not exist/,
  ],
  [
    {
      code: 'waits-for-translation',
      severity: 'problem',
      qpn: 3,
      object: 'SEND_QUEUE',
      number: 3,
      address: 0xf000,
    },
    /translation of 0xf000 \(the send queue of queue pair 3\)/,
  ],
  [
    {
      code: 'writes-owed',
      severity: 'problem',
      count: 2,
      object: 'EQ',
      number: 1,
      address: 64,
      until: 'run',
    },
    /2 entries of event queue 1 .*until the VM runs again/,
  ],
  [
    { code: 'interrupts-owed', severity: 'problem', vectors: [1, 3], until: 'bus-master' },
    /vector 1, 3 .*until the driver sets Bus Master Enable/,
  ],
  [
    { code: 'interrupts-sent', severity: 'note', vector: 1, count: 1 },
    /1 interrupt sent.*QEMU knows and the adapter does not/,
  ],
  [{ code: 'interrupt-cause', severity: 'problem', vectors: [0] }, /INTA is asserted for vector 0/],
  [{ code: 'cq-not-armed', severity: 'note', cqn: 1, entries: 1, armed: 'NO' }, /holds 1 entry .*not armed/],
  [
    { code: 'eq-not-armed', severity: 'problem', eqn: 0, vector: 2, events: 3 },
    /holds 3 events .*vector 2 stays silent/,
  ],
  [{ code: 'held', severity: 'problem', what: 'engine' }, /DMA engine is held/],
  [
    { code: 'front-end-gone', severity: 'problem', reason: 'unknown request 4711' },
    /ended: unknown request 4711\./,
  ],
  [{ code: 'last-access', severity: 'note', ageMs: 2500 }, /2\.5 s ago/],
  [
    {
      code: 'doorbells',
      severity: 'note',
      ...queue,
      seen: 9,
      executed: 7,
      waiting: 2,
      pushed: 1,
      receives: 0,
    },
    /9 descriptors rung, 7 executed, 2 waiting \(1 as pushes\); 0 receives posted/,
  ],
];

for (const [finding, expected] of SAID) {
  test(`${finding.code} ${JSON.stringify({ ...finding, code: undefined, severity: undefined })} in words`, t => {
    const { what, todo = '' } = wordsOf(finding);
    t.regex(`${what} ${todo}`, expected);
    t.notRegex(`${what} ${todo}`, /undefined|\[object|NaN/);
  });
}

test('no words break on a finding without its optional fields', t => {
  for (const code of EXPLAINED_CODES) t.true(wordsOf({ code, severity: 'note' }).what.length > 20, code);
});

test('an unknown code is shown as it came', t => {
  t.deepEqual(wordsOf({ code: 'new-thing', severity: 'note', qpn: 7 }), { what: 'new-thing {"qpn":7}' });
});

test('the text: verdict, then a paragraph a finding, none wider than a terminal, nothing said twice', t => {
  const gone: Finding = { code: 'front-end-gone', severity: 'problem', reason: 'closed' };
  const text = renderExplanation({
    adapter: 2,
    findings: [gone, { code: 'stopped', severity: 'problem' }, { code: 'msix-off', severity: 'note' }],
  });
  t.regex(text, /^Adapter 2: 1 thing stands in the way\.\n\n✘ No QEMU is connected any more/);
  t.regex(text, /\n {2}→ If QEMU still runs/);
  t.regex(text, /\n\n· MSI-X is off/);
  t.notRegex(text, /The adapter is stopped/);
  t.true(text.split('\n').every(line => line.length <= 100));
  t.true(isProblem({ adapter: 0, findings: [gone] }));
  t.false(isProblem({ adapter: 0, findings: [{ code: 'rate', severity: 'note', mbps: 5 }] }));
  t.regex(renderExplanation({ adapter: 0, findings: [] }), /^Adapter 0: nothing is wrong/);
});

const explain = (served: Served, ...args: string[]): Promise<Result> =>
  pushbell(['explain', ...args], served.env);

/** The adapter itself, not the scratch model. */
async function withAdapter(
  t: ExecutionContext,
  act: (served: Served) => Promise<void>,
  ...args: string[]
): Promise<void> {
  const served = await serve(t, args);
  await act(served);
  t.is(await stop(served), 0);
}

test.serial('nobody connected; then a driver that has not begun; then a front-end that went', async t => {
  await withAdapter(t, async served => {
    const alone = await explain(served);
    t.is(alone.status, 1, alone.stderr);
    t.regex(alone.stdout, /^Adapter 0: 1 thing stands in the way\.\n\n✘ No QEMU has connected/);
    const frontEnd = FrontEnd.connect(served.path);
    closeFd(frontEnd.start().fd);
    const fresh = await explain(served, '--socket-path', served.path);
    t.is(fresh.status, 1, fresh.stderr);
    t.regex(fresh.stdout, /The guest has not touched a register/);
    t.notRegex(fresh.stdout, /CONTROL\.ENABLE is 0/, 'that follows from it');
    frontEnd.ring!.read(0, 4);
    t.regex((await explain(served)).stdout, /✘ CONTROL\.ENABLE is 0/);
    const touched = await explain(served, '--control', served.control, '--json');
    const [{ findings }] = JSON.parse(touched.stdout) as [{ findings: Finding[] }];
    t.false(findings.some(f => f.code === 'no-access'));
    t.true(Number(findings.find(f => f.code === 'last-access')?.ageMs) >= 0);
    frontEnd.hangUp();
    frontEnd.ring!.close();
    const gone = await explain(served);
    t.regex(gone.stdout, /✘ No QEMU is connected any more; the last connection ended: QEMU closed it\./);
    t.notRegex(gone.stdout, /The adapter is stopped/);
  });
});

test.serial('after a take-over an empty trace does not pass for a driver that has not begun', async t => {
  const directory = temporaryDirectory(t);
  const first = await serve(t, [], { directory });
  const before = FrontEnd.connect(first.path);
  const state = before.start();
  const ring = before.ring!;
  ring.read(0, 4);
  // Its slot is done with, or the successor would answer it again and know of an access.
  ring.waitUntilConsumed();
  await stop(first, 'SIGKILL');
  t.true(before.waitForHangUp());
  const second = await serve(t, [], { directory });
  const after = FrontEnd.connect(second.path);
  after.resume(ring, state);
  const { status, stdout } = await explain(second);
  t.is(status, 1);
  t.regex(stdout, /✘ CONTROL\.ENABLE is 0/);
  t.regex(stdout, /· The guest has used this adapter, but not since this process took it over/);
  t.notRegex(stdout, /The guest has not touched/);
  t.is(await stop(second), 0);
  before.hangUp();
  after.hangUp();
  ring.close();
  closeFd(state.fd);
});

test.serial('it explains every connected adapter, or the one that is named', async t => {
  const served = await serve(t, ['--model', SCRATCH, '--supervise']);
  const all = [FrontEnd.connect(served.path), FrontEnd.connect(served.path)];
  for (const frontEnd of all) closeFd(frontEnd.start().fd);
  all[0]!.ring!.read(0, 4);
  const both = await explain(served);
  t.is(both.status, 1);
  t.regex(both.stdout, /^Adapter 0: nothing is wrong[\s\S]*^Adapter 1: 1 thing stands in the way/m);
  t.is((await explain(served, '--adapter', '0')).status, 0);
  t.is((await explain(served, '--adapter', '1')).status, 1);
  const none = await explain(served, '--adapter', '5');
  t.is(none.status, 3);
  t.is(none.stderr, 'pushbell: "adapter" must be a whole number up to 1\n');
  for (const frontEnd of all) {
    frontEnd.hangUp();
    frontEnd.ring!.close();
  }
  t.is(await stop(served), 0);
});

test.serial('without a back-end, or with several, it says which to name', async t => {
  const XDG_RUNTIME_DIR = temporaryDirectory(t);
  const none = await pushbell(['explain'], { XDG_RUNTIME_DIR });
  t.is(none.status, 3);
  t.regex(none.stderr, /^pushbell: no back-end of this user is running; .*--control\n$/);
  const gone = await pushbell(['explain', '--control', join(XDG_RUNTIME_DIR, 'no')], { XDG_RUNTIME_DIR });
  t.is(gone.status, 3);
  t.regex(gone.stderr, /^pushbell: control socket .*ENOENT.*\n$/);
  const env = { XDG_RUNTIME_DIR };
  const two = [await serve(t, ['--model', SCRATCH], { env }), await serve(t, ['--model', SCRATCH], { env })];
  const several = await pushbell(['explain'], env);
  t.is(several.status, 2);
  for (const { control, child } of two)
    t.true(several.stderr.includes(`pushbell explain --control ${control}   (process ${child.pid})`));
  await stop(two[0]!);
  t.is((await pushbell(['explain'], env)).status, 1, 'the other one is the only one');
  await stop(two[1]!);
});

test.serial('a back-end that is stopped does not keep it waiting for ever', async t => {
  const served = await serve(t, ['--model', SCRATCH]);
  served.child.kill('SIGSTOP');
  const { status, stderr } = await explain(served);
  t.is(status, 3);
  t.regex(stderr, /^pushbell: control socket .*: no answer; the back-end is stopped or hangs\n$/);
  served.child.kill('SIGCONT');
  t.is(await stop(served), 0);
});
