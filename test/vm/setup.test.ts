// SPDX-License-Identifier: MIT
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { cached, hashOf, hashTree, withLock } from '../../device/vm/cache.js';
import { processExists, temporaryDir } from '../../device/vm/cleanup.js';
import { VmError } from '../../device/vm/errors.js';
import { captureBytes, runCommand } from '../../device/vm/process.js';
import { formatDuration, prepare } from '../../device/vm/progress.js';

const scratch = mkdtempSync(join(tmpdir(), 'pushbell-cache-test-'));
process.env.PUSHBELL_CACHE = scratch;
test.after.always(() => rmSync(scratch, { recursive: true }));

test('each step is shown with what it did and how long it took', async t => {
  let text = '';
  let clock = 0;
  const steps = [
    {
      title: 'First',
      run: async (say: (line: string) => void) => {
        say('Downloading x (3 MB)');
        clock += 161_000;
        return { title: 'First 7.2', cached: false, verb: 'built' };
      },
    },
    { title: 'Second', run: async () => ({ cached: true }) },
  ];
  await prepare(steps, { write: piece => (text += piece) }, () => clock);
  t.is(text, '      Downloading x (3 MB)\n[1/2] First 7.2 … built in 2 min 41 s\n[2/2] Second … cached\n');
});

test('a step that fails is named, and later ones do not run', async t => {
  let text = '';
  const steps = [
    { title: 'Breaks', run: async () => Promise.reject(new Error('no')) },
    { title: 'Never', run: async () => ({ cached: true }) },
  ];
  await t.throwsAsync(
    prepare(steps, { write: piece => (text += piece) }, () => 0),
    { message: 'no' },
  );
  t.is(text, '[1/2] Breaks … failed after 0.0 s\n');
});

test('durations read well at each size', t => {
  t.deepEqual([0, 400, 9_949, 9_960, 59_400, 161_000].map(formatDuration), [
    '0.0 s',
    '0.4 s',
    '9.9 s',
    '10 s',
    '59 s',
    '2 min 41 s',
  ]);
});

test('a cache entry is built once, also when two ask at the same time', async t => {
  let builds = 0;
  const build = async (dir: string) => {
    builds++;
    await new Promise(resolve => setTimeout(resolve, 50));
    writeFileSync(join(dir, 'x'), '1');
  };
  const both = await Promise.all([cached('once/e', build), cached('once/e', build)]);
  t.is(builds, 1);
  t.deepEqual(both.map(entry => entry.fresh).sort(), [false, true]);
  t.true(existsSync(join(both[0].dir, 'x')));
});

test('a build that fails leaves nothing behind', async t => {
  const failing = cached('fails/e', async dir => {
    writeFileSync(join(dir, 'half'), '');
    throw new Error('half way');
  });
  await t.throwsAsync(failing, { message: 'half way' });
  t.deepEqual(readdirSync(join(scratch, 'fails')), []);
});

test('a lock whose owner is dead is taken over', async t => {
  const dead = (await runCommand('sh', ['-c', 'echo $$'])).stdout.trim();
  t.false(processExists(Number(dead)));
  writeFileSync(join(scratch, 'dead.lock'), dead);
  t.is(await withLock(join(scratch, 'dead.lock'), async () => 'ran'), 'ran');
});

test('hashes tell contents, names and borders apart', t => {
  t.not(hashOf('ab', 'c'), hashOf('a', 'bc'));
  const tree = join(scratch, 'tree');
  mkdirSync(tree);
  writeFileSync(join(tree, 'a'), '1');
  const before = hashTree(tree);
  writeFileSync(join(tree, 'b.o'), '2');
  t.is(
    hashTree(tree, name => name.endsWith('.o')),
    before,
  );
  t.not(hashTree(tree), before);
});

test('a failing command brings its last output, a missing one its name', async t => {
  const failed = await t.throwsAsync(runCommand('sh', ['-c', 'echo why >&2; exit 3']), {
    instanceOf: VmError,
  });
  t.deepEqual(failed?.fault, {
    kind: 'command-failed',
    command: 'sh -c echo why >&2; exit 3',
    status: 3,
    output: 'why',
  });
  const missing = await t.throwsAsync(runCommand('no-such-program-here', []), { instanceOf: VmError });
  t.is(missing?.fault.kind, 'missing-tool');
  t.is((await runCommand('sh', ['-c', 'exit 3'], { okStatuses: [3] })).status, 3);
});

test('an aborted command ends with everything it has started', async t => {
  const aborted = new AbortController();
  let pid = 0;
  const running = runCommand('sh', ['-c', 'sleep 1000 & echo $!; wait'], {
    signal: aborted.signal,
    onOutput: text => {
      pid = Number(text);
      aborted.abort();
    },
  });
  const error = await t.throwsAsync(running, { instanceOf: VmError });
  t.is(error?.fault.kind, 'aborted');
  for (let tries = 0; runs(pid) && tries < 100; tries++)
    await new Promise(resolve => setTimeout(resolve, 10));
  t.true(pid > 0 && !runs(pid));
});

/** Whether a process executes; one that has ended may wait for its new parent to collect it. */
function runs(pid: number): boolean {
  return (
    existsSync(`/proc/${pid}/stat`) && !/^\d+ \(.*\) [ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
  );
}

test('a filter passes bytes, not text', async t => {
  const bytes = Buffer.from([0, 0xff, 0x80, 10, 13]);
  t.deepEqual(Buffer.from(await captureBytes('cat', [], bytes)), bytes);
});

test('temporary directories are private and go away, also those of dead processes', async t => {
  const dead = (await runCommand('sh', ['-c', 'echo $$'])).stdout.trim();
  const stale = join(tmpdir(), `pushbell-vm-${dead}-abc123`);
  mkdirSync(stale);
  const { dir, remove } = temporaryDir('vm');
  t.is(statSync(dir).mode & 0o777, 0o700);
  t.false(existsSync(stale));
  remove();
  t.false(existsSync(dir));
});
