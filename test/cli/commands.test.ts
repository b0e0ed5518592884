// SPDX-License-Identifier: MIT
// The command line as its users meet it: statuses, one clear line for bad input, nothing left behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import test from 'ava';
import { projectRoot } from '../../device/vm/cache.js';
import { temporaryDirectory } from '../support/temporary.js';

const MAIN = join(projectRoot, 'dist/device/cli/main.js');
const DEADLINE_MS = 240_000;

interface Ended {
  status: number | null;
  stdout: string;
  stderr: string;
}

async function pushbell(
  args: readonly string[],
  cwd = projectRoot,
  onOutput?: (text: string, pid: number) => void,
): Promise<Ended> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', text => {
    stdout += text;
    onOutput?.(stdout, child.pid!);
  });
  child.stderr.setEncoding('utf8').on('data', text => {
    stderr += text;
    onOutput?.(stderr, child.pid!);
  });
  const killer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS);
  const [status] = await once(child, 'close');
  clearTimeout(killer);
  return { status, stdout, stderr };
}

/** The last line of what a command complains. */
const complaint = (run: Ended): string => run.stderr.trimEnd().split('\n').at(-1) ?? '';

test('help and usage', async t => {
  const help = await pushbell(['--help']);
  t.is(help.status, 0);
  for (const command of ['demo', 'boot', 'test', 'bench', 'serve', 'doctor', 'clean'])
    t.regex(help.stdout, new RegExp(`^ {2}${command} `, 'm'));
  t.is((await pushbell(['no-such-command'])).status, 2);
  t.is((await pushbell(['boot', '--cpus', 'many'])).status, 2);
  t.is((await pushbell(['test', '/no/such/test.sh'])).status, 2);
});

const BAD_INPUT: readonly (readonly [string, readonly string[], RegExp])[] = [
  [
    'a module that is not there',
    ['boot', '--module', '/no/such.ko', '--', 'true'],
    /module \/no\/such\.ko does not exist/,
  ],
  [
    'a module that the driver does not have',
    ['boot', '--with', 'pushbell_nothing', '--', 'true'],
    /guest-driver\/ has no module pushbell_nothing/,
  ],
  [
    'a file that is not there',
    ['boot', '--file', '/no/such', '--', 'true'],
    /file \/no\/such does not exist/,
  ],
  [
    'a kernel that is not there',
    ['boot', '--kernel', '/no/vmlinux', '--', 'true'],
    /kernel \/no\/vmlinux does not exist/,
  ],
  [
    'a capture file in no directory',
    ['boot', '--capture', '/no/dir/x.pcapng', '--', 'true'],
    /\/no\/dir\/x\.pcapng/,
  ],
];

for (const [what, args, pattern] of BAD_INPUT) {
  test(`${what} is one clear line and status 3`, async t => {
    t.timeout(DEADLINE_MS);
    const run = await pushbell(args);
    t.is(run.status, 3, run.stderr);
    t.regex(complaint(run), pattern);
    t.notRegex(run.stderr, /^\s+at .*\.js/m);
  });
}

test('a kernel that QEMU cannot load is a clear message and status 3', async t => {
  t.timeout(DEADLINE_MS);
  const file = join(temporaryDirectory(t), 'not-a-kernel');
  writeFileSync(file, 'this is no kernel');
  const run = await pushbell(['boot', '--kernel', file, '--', 'true']);
  t.is(run.status, 3, run.stderr);
  t.notRegex(run.stderr, /^\s+at .*\.js/m);
});

test('more memory than there is is a clear message and status 3', async t => {
  t.timeout(DEADLINE_MS);
  const run = await pushbell(['boot', '--memory', '1048576', '--', 'true']);
  t.is(run.status, 3, run.stderr);
  t.regex(run.stderr, /memory/i);
});

test('boot -- CMD gives output and status of the command, in the machine that was asked for', async t => {
  t.timeout(DEADLINE_MS);
  const command = 'echo from the guest; ls /sys/class/iommu; lsmod | grep -o ^pushbell_bugs; exit 7';
  const run = await pushbell(['boot', '--iommu', '--with', 'pushbell_bugs', '--', command]);
  t.is(run.status, 7, run.stderr);
  t.is(run.stdout, 'from the guest\ndmar0\npushbell_bugs\n');
});

test('test: pass, fail, skip and hang have their status, a failure its folder, TAP and JUnit agree', async t => {
  t.timeout(DEADLINE_MS);
  const dir = temporaryDirectory(t);
  const tests = join(dir, 'tests');
  mkdirSync(tests);
  writeFileSync(join(tests, 'good.sh'), 'exit 0\n');
  writeFileSync(join(tests, 'bad.sh'), 'echo oops >&2; exit 3\n');
  writeFileSync(join(tests, 'skipped.sh'), 'exit 4\n');
  const paths = (name: string) => join(dir, name);
  const options = ['--results', paths('results'), '--tap', paths('out.tap'), '--junit', paths('out.xml')];
  const run = await pushbell(['test', tests, ...options]);
  t.is(run.status, 1, run.stdout + run.stderr);
  t.regex(run.stdout, /1 passed, 1 failed, 1 skipped\n$/);
  t.regex(run.stdout, /console, last lines[\s\S]*adapter's trace, last lines[\s\S]*everything is kept in /);
  t.is(readFileSync(paths('out.tap'), 'utf8').match(/^not ok /gm)?.length, 1);
  t.is(readFileSync(paths('out.xml'), 'utf8').match(/<failure /g)?.length, 1);
  const [stamp] = readdirSync(paths('results'));
  const kept = readdirSync(join(paths('results'), stamp, 'bad')).sort();
  for (const file of ['console.log', 'device-trace.txt', 'device.log', 'stderr.txt'])
    t.true(kept.includes(file), file);
  t.deepEqual(
    readdirSync(join(paths('results'), stamp)).includes('good'),
    false,
    'nothing is kept of a pass',
  );
  writeFileSync(join(dir, 'hang.sh'), 'sleep 1000\n');
  const hang = await pushbell([
    'test',
    join(dir, 'hang.sh'),
    '--timeout',
    '2',
    '--results',
    paths('results'),
  ]);
  t.is(hang.status, 124, hang.stdout + hang.stderr);
  const panic = join(dir, 'panic.sh');
  writeFileSync(panic, 'echo c >/proc/sysrq-trigger; sleep 30\n');
  const crash = await pushbell(['test', panic, '--results', paths('results')]);
  t.is(crash.status, 1);
  t.regex(crash.stdout, /Kernel panic/);
});

/** Processes below `pid`, all generations. */
function descendants(pid: number): number[] {
  const children = readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .filter(name => parentOf(name) === pid)
    .map(Number);
  return children.flatMap(child => [child, ...descendants(child)]);
}

function parentOf(pid: string): number {
  try {
    return Number(
      readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) \S /s, '')
        .split(' ')[0],
    );
  } catch {
    return -1; // it has ended meanwhile
  }
}

test('Ctrl-C in the middle of a boot leaves no process, socket or temporary file', async t => {
  t.timeout(DEADLINE_MS);
  let pid = 0;
  let family: number[] = [];
  const run = await pushbell(['boot', '--', 'echo up; sleep 100'], projectRoot, (text, parent) => {
    if (pid !== 0 || !/^up$/m.test(text)) return;
    pid = parent;
    family = descendants(parent);
    process.kill(parent, 'SIGINT');
  });
  t.is(run.status, 130, run.stderr);
  t.true(family.length > 0, 'there was a QEMU');
  await sleep(500);
  const alive = family.filter(one => readdirSync('/proc').includes(String(one)) && !/^Z/.test(stateOf(one)));
  t.deepEqual(alive, []);
  t.deepEqual(
    readdirSync(tmpdir()).filter(name => name.includes(`-${pid}-`)),
    [],
  );
});

test('a signal ends the process although nobody has connected to its adapter yet', async t => {
  t.timeout(DEADLINE_MS);
  const module = (name: string) => JSON.stringify(pathToFileURL(join(projectRoot, 'dist/device', name)).href);
  const script = `
    import { DeviceThread } from ${module('runtime/device-thread.js')};
    import { claimSocket } from ${module('runtime/claim-socket.js')};
    import { exitOnSignals } from ${module('vm/cleanup.js')};
    exitOnSignals();
    const { fd } = claimSocket(process.argv[2], () => undefined);
    const device = new DeviceThread({ modelUrl: ${module('model/adapter.js')}, modelOptions: {}, listener: fd, onLog() {} });
    await device.ready;
    setTimeout(() => process.kill(process.pid, 'SIGINT'), 1000);
  `;
  const dir = temporaryDirectory(t);
  writeFileSync(join(dir, 'lonely.mjs'), script);
  const args = [join(dir, 'lonely.mjs'), join(dir, 'lonely.sock')];
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  const killer = setTimeout(() => child.kill('SIGKILL'), DEADLINE_MS / 4);
  const [status] = await once(child, 'exit');
  clearTimeout(killer);
  t.is(status, 130);
});

function stateOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '');
  } catch {
    return 'Z';
  }
}
