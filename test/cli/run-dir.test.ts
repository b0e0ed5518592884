// SPDX-License-Identifier: MIT
import { chmodSync, existsSync, lstatSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { announce, runDir, runningBackEnds } from '../../device/cli/run-dir.js';
import { temporaryDirectory } from '../support/temporary.js';

/** The highest process id is never given: ids below it are taken first, and end far earlier. */
const NOBODY = 4_194_304;

test.serial('who runs is found by others, and nothing is left of it', t => {
  const base = temporaryDirectory(t);
  process.env.XDG_RUNTIME_DIR = base;
  t.deepEqual(runningBackEnds(), []);
  const withdraw = announce('/somewhere/a.sock.control');
  t.is(lstatSync(runDir()).mode & 0o777, 0o700);
  t.deepEqual(runningBackEnds(), [{ pid: process.pid, controlPath: '/somewhere/a.sock.control' }]);
  withdraw();
  t.false(existsSync(runDir()));
  withdraw();
});

test.serial('links of processes that have ended go, those of others stay', t => {
  process.env.XDG_RUNTIME_DIR = temporaryDirectory(t);
  mkdirSync(runDir(), { mode: 0o700 });
  const stale = join(runDir(), `${NOBODY}.control`);
  symlinkSync('/gone', stale);
  symlinkSync('/old', join(runDir(), `${process.pid}.control`));
  writeFileSync(join(runDir(), 'something'), '');
  const withdraw = announce('/new');
  t.deepEqual(runningBackEnds(), [{ pid: process.pid, controlPath: '/new' }]);
  t.throws(() => lstatSync(stale), { code: 'ENOENT' });
  withdraw();
  t.true(existsSync(join(runDir(), 'something')));
});

test.serial('a directory that others may write to is neither used nor believed', t => {
  process.env.XDG_RUNTIME_DIR = temporaryDirectory(t);
  mkdirSync(runDir());
  symlinkSync('/trap', join(runDir(), `${process.pid}.control`));
  chmodSync(runDir(), 0o777);
  t.deepEqual(runningBackEnds(), []);
  t.throws(() => announce('/mine'), { message: /not a private directory/ });
});
