// SPDX-License-Identifier: MIT
// The command line of the back-end, as a process: conventions, refusals in one line, and a clean end.
import { spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ControlClient, ControlError } from '../../device/runtime/control-client.js';
import { closeAll, closeFd } from '../../device/sys/fd.js';
import { listenUnix, unixPair } from '../../device/sys/unix-socket.js';
import { FrontEnd } from '../support/front-end.js';
import { Reg, SCRATCH_ID } from '../support/scratch-model.js';
import { ask, MAIN, pushbell, SCRATCH, serve, stop } from '../support/serve-process.js';
import { temporaryDirectory } from '../support/temporary.js';

const MODEL = ['--model', SCRATCH];

test.serial('--print-capabilities prints JSON and exits', async t => {
  const { status, stdout } = await pushbell(['serve', '--print-capabilities']);
  t.is(status, 0);
  t.is(JSON.parse(stdout).type, 'pci');
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test.serial(`it listens with mode 0600, serves, and ${signal} ends it and removes its sockets`, async t => {
    const directory = temporaryDirectory(t);
    const control = join(directory, 'c.sock');
    const served = await serve(t, [...MODEL, '--control', control], { directory });
    const { path } = served;
    t.is(statSync(path).mode & 0o777, 0o600);
    t.is(statSync(control).mode & 0o777, 0o600);
    t.regex(
      served.output(),
      new RegExp(`-object memory-backend-memfd,id=mem,size=1G,share=on.*pushbell-pci,socket=${path}`, 's'),
    );
    const frontEnd = FrontEnd.connect(path);
    closeFd(frontEnd.start().fd);
    t.is(frontEnd.ring!.read(Reg.ID, 4).lo, SCRATCH_ID);
    const client = await ControlClient.open(control);
    t.like(await client.request('status'), { phase: 'running' });
    await t.throwsAsync(client.request('explode'), { instanceOf: ControlError, message: 'as asked' });
    t.is(await stop(served, signal), 0);
    t.true(frontEnd.waitForHangUp());
    t.false(existsSync(path) || existsSync(control));
    t.regex(served.errors(), /info {2}front-end connected session=1\n/);
    await t.throwsAsync(client.request('status'), { instanceOf: ControlError });
    await t.throwsAsync(ControlClient.open(control), { instanceOf: ControlError });
    frontEnd.hangUp();
    frontEnd.ring!.close();
    t.deepEqual(readdirSync(directory), [], 'nothing is left');
  });
}

test.serial('without --control there is a control socket beside the other one', async t => {
  const served = await serve(t, MODEL);
  t.is(statSync(served.control).mode & 0o777, 0o600);
  t.like(await ask(served, 'status'), { pid: served.child.pid, restarts: 0 });
  t.is(await stop(served), 0);
  t.deepEqual(readdirSync(served.directory), []);
});

test.serial('a path too long for a control socket beside it serves without one', async t => {
  const directory = join(temporaryDirectory(t), 'x'.repeat(100 - tmpdir().length - 26));
  mkdirSync(directory);
  const served = await serve(t, MODEL, { directory, env: { XDG_RUNTIME_DIR: tmpdir() } });
  t.true(Buffer.byteLength(served.path) <= 107 && Buffer.byteLength(served.control) > 107);
  t.regex(served.errors(), /warn {2}no control socket: .*107 bytes/);
  t.is(await stop(served), 0);
});

test.serial('a stale socket file is replaced with a notice, a live one is refused', async t => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 'a.sock');
  closeFd(listenUnix(path));
  const served = await serve(t, MODEL, { directory });
  t.regex(served.errors(), /replaced the stale socket/);
  const second = await pushbell(['serve', '--socket-path', path, ...MODEL]);
  t.is(second.status, 3);
  t.is(
    second.stderr,
    `pushbell: socket ${path}: another process serves it; stop that one or choose another path\n`,
  );
  const frontEnd = FrontEnd.connect(path);
  frontEnd.negotiate();
  frontEnd.hangUp();
  t.is(await stop(served), 0);
});

test.serial('it goes down without touching a socket that has replaced its own', async t => {
  const served = await serve(t, MODEL);
  const { path } = served;
  rmSync(path);
  const other = listenUnix(path);
  t.is(await stop(served), 0);
  t.true(existsSync(path));
  closeFd(other);
});

test.serial('bad paths get one clear line and status 3', async t => {
  const directory = temporaryDirectory(t);
  const file = join(directory, 'file');
  writeFileSync(file, '');
  mkdirSync(join(directory, 'closed'));
  const cases: readonly (readonly [string, RegExp])[] = [
    [join(directory, 'no', 's'), /directory .*no does not exist/],
    [file, /there is a file that is not a socket/],
    [join(file, 's'), /is not a directory/],
    [join(directory, 'x'.repeat(120)), /107 bytes at most/],
    ['/proc/s', /no permission|does not exist/],
  ];
  for (const [path, reason] of cases) {
    const { status, stderr } = await pushbell(['serve', '--socket-path', path, ...MODEL]);
    t.is(status, 3, path);
    t.regex(stderr, reason);
    t.is(stderr.trimEnd().split('\n').length, 1, stderr);
  }
  chmodSync(join(directory, 'closed'), 0o700);
});

test.serial('a model or a capture file that cannot be opened is one line and status 3', async t => {
  const directory = temporaryDirectory(t);
  const path = join(directory, 's');
  const model = await pushbell(['serve', '--socket-path', path, '--model', join(directory, 'no.js')]);
  t.is(model.status, 3);
  t.regex(model.stderr, /^pushbell: the device could not start: .*no\.js.*\n$/);
  const capture = await pushbell([
    'serve',
    '--socket-path',
    path,
    ...MODEL,
    '--capture',
    join(directory, 'c'),
  ]);
  t.is(capture.status, 3);
  t.is(capture.stderr, 'pushbell: the device could not start: the scratch model captures nothing\n');
  t.false(existsSync(path));
});

test.serial('wrong usage is status 2', async t => {
  for (const args of [
    ['serve'],
    ['serve', '--socket-path', '/tmp/x', '--fd', '3'],
    ['serve', '--fd', 'three'],
    ['serve', '--what'],
    ['serve', '--fd', '3', '--supervise'],
    ['serve', '--socket-path', '/tmp/x', '--max-adapters', '0'],
    ['serve', '--socket-path', '/tmp/x', '--log-level', 'loud'],
    ['dance'],
  ]) {
    const { status, stderr } = await pushbell(args);
    t.is(status, 2, args.join(' '));
    t.true(stderr.length > 0);
  }
  t.is((await pushbell(['serve', '--fd', '99'])).status, 3);
  const help = await pushbell(['serve', '--help']);
  t.is(help.status, 0);
  t.regex(help.stdout, /--print-capabilities/);
});

test.serial('--fd serves one session on a connected socket and ends with it', async t => {
  const [ours, theirs] = unixPair();
  const child = spawn(process.execPath, [MAIN, 'serve', '--model', SCRATCH, '--fd', '3'], {
    stdio: ['ignore', 'pipe', 'pipe', theirs],
  });
  const ended = new Promise(resolve => child.once('exit', code => resolve(code)));
  const frontEnd = new FrontEnd(ours);
  frontEnd.timeoutMs = 20_000;
  closeFd(frontEnd.start().fd);
  t.is(frontEnd.ring!.read(Reg.ID, 4).lo, SCRATCH_ID);
  frontEnd.hangUp();
  t.is(await ended, 0);
  frontEnd.ring!.close();
  closeAll([theirs]);
});

test.serial('killed and started again, it takes over ring and state', async t => {
  const directory = temporaryDirectory(t);
  const first = await serve(t, MODEL, { directory });
  const { path } = first;
  const before = FrontEnd.connect(path);
  const state = before.start();
  const ring = before.ring!;
  ring.write(Reg.SCRATCH, 4, 1234);
  ring.waitUntilConsumed();
  t.is(await stop(first, 'SIGKILL'), 'SIGKILL');
  t.true(before.waitForHangUp());
  ring.write(Reg.SCRATCH64, 8, 5, 6);
  const second = await serve(t, MODEL, { directory });
  const after = FrontEnd.connect(path);
  after.resume(ring, state);
  t.is(ring.read(Reg.SCRATCH, 4).lo, 1234);
  t.like(ring.read(Reg.SCRATCH64, 8), { lo: 5, hi: 6 });
  t.is(ring.read(Reg.COUNT, 4).lo, 2);
  t.is(await stop(second), 0);
  before.hangUp();
  after.hangUp();
  ring.close();
  closeFd(state.fd);
});
