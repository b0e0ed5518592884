// SPDX-License-Identifier: MIT
// "pushbell serve --supervise" with real processes: workers are killed, crash and hang, the supervisor dies, and the
// front-end finds ring and state served again.
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import test, { type ExecutionContext } from 'ava';
import { ControlClient } from '../../device/runtime/control-client.js';
import { closeFd } from '../../device/sys/fd.js';
import { FrontEnd, type State } from '../support/front-end.js';
import type { RingProducer } from '../support/ring-producer.js';
import { Reg } from '../support/scratch-model.js';
import { ask, processesOf, pushbell, RESTLESS, type Served, serve, stop } from '../support/serve-process.js';
import { temporaryDirectory } from '../support/temporary.js';

const SUPERVISED = ['--supervise', '--model', RESTLESS];
const PATIENCE_MS = 20_000;

/** Waits for what will come; the deadline is there so that a failure has an end. */
async function until(what: string, good: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!(await good())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${PATIENCE_MS} ms`);
    await sleep(5);
  }
}

/** A front-end that keeps ring and state, as the QEMU device does. */
class Guest {
  readonly ring: RingProducer;
  readonly #path: string;
  readonly #state: State;
  #frontEnd: FrontEnd;
  hash = 0;
  writes = 0;

  constructor(path: string) {
    this.#path = path;
    this.#frontEnd = this.#connect();
    this.#state = this.#frontEnd.start();
    this.ring = this.#frontEnd.ring!;
  }

  #connect(): FrontEnd {
    const frontEnd = FrontEnd.connect(this.#path);
    frontEnd.timeoutMs = PATIENCE_MS;
    return frontEnd;
  }

  write(count: number): void {
    for (let i = 0; i < count; i++) {
      this.ring.write(Reg.HASH_IN, 4, this.writes);
      this.hash = (Math.imul(this.hash, 31) + this.writes++) >>> 0;
    }
  }

  /** As after a lost connection. */
  reconnect(t: ExecutionContext): void {
    t.true(this.#frontEnd.waitForHangUp());
    this.#frontEnd.hangUp();
    this.#frontEnd = this.#connect();
    this.#frontEnd.resume(this.ring, this.#state);
  }

  /** Every write was applied once and in order. */
  check(t: ExecutionContext): void {
    t.is(this.ring.read(Reg.HASH, 4).lo, this.hash);
    t.is(this.ring.read(Reg.COUNT, 4).lo, this.writes);
  }

  close(): void {
    this.#frontEnd.hangUp();
    this.ring.close();
    closeFd(this.#state.fd);
  }
}

const pidOf = async (served: Served): Promise<number> => Number((await ask(served, 'status')).pid);

/** Waits until the n-th standby has loaded everything. */
const standbyWaits = (served: Served, n = 1): Promise<void> =>
  until('a standby', () => (served.errors().match(/standby is ready/g)?.length ?? 0) >= n);

test.serial(
  'SIGKILL ten times under traffic: each time the next worker goes on where the last one was',
  async t => {
    const served = await serve(t, SUPERVISED);
    const guest = new Guest(served.path);
    const pids = new Set<number>();
    const took: number[] = [];
    for (let n = 0; n < 10; n++) {
      const { pid, restarts } = await ask(served, 'status');
      t.is(restarts, n);
      pids.add(Number(pid));
      await standbyWaits(served, n + 1);
      guest.write(200);
      const began = performance.now();
      process.kill(Number(pid), 'SIGKILL');
      guest.write(200);
      guest.reconnect(t);
      guest.check(t);
      took.push(performance.now() - began);
    }
    t.like(await ask(served, 'status'), { restarts: 10, phase: 'running' });
    t.is(pids.size, 10);
    t.log(`from SIGKILL to a read answered: ${took.map(ms => ms.toFixed(0)).join(', ')} ms`);
    t.is(await stop(served), 0);
    t.is(served.errors().match(/worker ended: SIGKILL/g)?.length, 10);
    t.notRegex(served.errors(), /in a row/);
    guest.close();
  },
);

test.serial('nobody is refused while no worker is there', async t => {
  const served = await serve(t, SUPERVISED);
  await standbyWaits(served);
  // Worker and standby at once: until a new one is ready, there is only the listening socket.
  for (const pid of processesOf(served)) if (pid !== served.child.pid) process.kill(pid, 'SIGKILL');
  const guest = new Guest(served.path);
  guest.write(10);
  guest.check(t);
  guest.close();
  t.is(await stop(served), 0);
});

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  test.serial(`${signal} ends all in order: status 0, no process, no socket, no file`, async t => {
    const served = await serve(t, SUPERVISED);
    const guest = new Guest(served.path);
    await standbyWaits(served);
    t.is(await stop(served, signal), 0);
    t.deepEqual(processesOf(served), []);
    t.deepEqual(readdirSync(served.directory), []);
    t.notRegex(served.errors(), /error|warn/);
    guest.close();
  });
}

test.serial(
  'a capture that cannot be made is one line and status 3 as without --supervise, and leaves nothing',
  async t => {
    const directory = temporaryDirectory(t);
    const line = [
      'serve',
      '--socket-path',
      join(directory, 's'),
      '--capture',
      join(directory, 'no', 'x.pcapng'),
    ];
    const said = /^pushbell: the device could not start: ENOENT: .*x\.pcapng'\n$/;
    for (const args of [line, [...line, '--supervise']]) {
      const { status, stdout, stderr } = await pushbell(args, { XDG_RUNTIME_DIR: directory });
      t.is(status, 3);
      t.regex(stderr, said);
      t.is(stdout, '', 'no banner');
    }
    t.deepEqual(readdirSync(directory), []);
  },
);

test.serial('a capture whose directory has gone does not cost the adapter', async t => {
  const directory = temporaryDirectory(t);
  const captures = join(directory, 'captures');
  mkdirSync(captures);
  const capture = join(captures, 'packets.pcapng');
  const served = await serve(t, ['--supervise', '--capture', capture], { directory });
  t.like(await ask(served, 'status'), { restarts: 0 });
  t.true(existsSync(capture));
  rmSync(captures, { recursive: true });
  process.kill(await pidOf(served), 'SIGKILL');
  await until('the next worker to do without', () =>
    /error no capture: ENOENT: .*packets-restart1\.pcapng/.test(served.errors()),
  );
  t.like(await ask(served, 'status'), { restarts: 1 });
  const frontEnd = FrontEnd.connect(served.path);
  frontEnd.timeoutMs = PATIENCE_MS;
  closeFd(frontEnd.start().fd);
  frontEnd.hangUp();
  frontEnd.ring!.close();
  t.is(await stop(served), 0);
  t.is(served.errors().match(/worker ended/g)?.length, 1);
});

test.serial('Ctrl-C, which reaches workers too, is the same', async t => {
  const served = await serve(t, SUPERVISED);
  await standbyWaits(served);
  const pid = await pidOf(served);
  for (const signal of ['SIGINT', 'SIGHUP', 'SIGUSR2'] as const) process.kill(pid, signal);
  t.like(await ask(served, 'status'), { pid, restarts: 0 }, 'workers leave it to the supervisor');
  process.kill(-served.child.pid!, 'SIGINT');
  t.is(await served.ended, 0);
  t.deepEqual(processesOf(served), []);
  t.notRegex(served.errors(), /error|warn/);
});

test.serial('when the supervisor is killed its workers end too, even one that is stopped', async t => {
  const served = await serve(t, SUPERVISED);
  await standbyWaits(served);
  process.kill(await pidOf(served), 'SIGSTOP');
  t.is(await stop(served, 'SIGKILL'), 'SIGKILL');
  await until('the workers to end', () => processesOf(served).length === 0);
  // Its sockets are stale now, and no hindrance.
  const again = await serve(t, SUPERVISED, { directory: served.directory });
  t.regex(again.errors(), /replaced the stale socket/);
  t.is(await stop(again), 0);
});

test.serial('a worker that fails says why, and is replaced', async t => {
  const served = await serve(t, SUPERVISED);
  const guest = new Guest(served.path);
  guest.write(100);
  // Not asked again: the next worker would break as well.
  const client = await ControlClient.open(served.control);
  await client.request('break').catch(() => undefined);
  client.close();
  guest.reconnect(t);
  guest.check(t);
  t.like(await ask(served, 'status'), { restarts: 1 });
  t.regex(served.errors(), /the device failed: Error: broken, as asked\n {4}at /);
  t.regex(served.errors(), /worker ended: status 3/);
  t.is(await stop(served), 0);
  guest.close();
});

test.serial(
  'a worker that crashes over every connection is started again, more slowly, and says so',
  async t => {
    const served = await serve(t, SUPERVISED, { env: { PUSHBELL_TEST_CRASH: 'attach' } });
    for (let n = 0; n < 5; n++) {
      const frontEnd = FrontEnd.connect(served.path);
      frontEnd.timeoutMs = PATIENCE_MS;
      t.throws(() => frontEnd.start(), { message: 'the back-end hung up' });
      frontEnd.hangUp();
    }
    const lines = (): string[] => served.errors().match(/\d workers in a row.*/g) ?? [];
    await until('the second delay', () => lines().length === 2);
    t.deepEqual(lines(), [
      '4 workers in a row ended soon after they began: the next one is started in 0.1 s',
      '5 workers in a row ended soon after they began: the next one is started in 0.2 s',
    ]);
    t.like(await ask(served, 'status'), { restarts: 5 });
    t.is(await stop(served), 0);
    t.deepEqual(processesOf(served), []);
  },
);

test.serial('a model that cannot be loaded is one line and status 3, and leaves nothing', async t => {
  const directory = temporaryDirectory(t);
  const args = [
    'serve',
    '--supervise',
    '--socket-path',
    join(directory, 's'),
    '--model',
    join(directory, 'no.js'),
  ];
  const { status, stderr } = await pushbell(args, { XDG_RUNTIME_DIR: directory });
  t.is(status, 3);
  t.regex(stderr, /^pushbell: the device could not start: .*no\.js.*\n$/);
  t.deepEqual(readdirSync(directory), []);
});

test.serial('SIGUSR2 hands over to a new process; ring and state go on', async t => {
  const served = await serve(t, SUPERVISED);
  const guest = new Guest(served.path);
  guest.write(300);
  const before = await pidOf(served);
  served.child.kill('SIGUSR2');
  guest.reconnect(t);
  guest.check(t);
  t.not(await pidOf(served), before);
  t.is(await stop(served), 0);
  t.notRegex(served.errors(), /error|warn/);
  guest.close();
});

test.serial('a capture goes on in a file of its own after a restart, and destroys none', async t => {
  const directory = temporaryDirectory(t);
  const capture = join(directory, 'packets.pcapng');
  const served = await serve(t, ['--supervise', '--capture', capture], { directory });
  await until('the capture', () => existsSync(capture));
  t.false(existsSync(join(directory, 'packets-restart1.pcapng')), 'the standby writes none');
  process.kill(await pidOf(served), 'SIGKILL');
  t.like(await ask(served, 'status'), { restarts: 1 });
  t.true(existsSync(join(directory, 'packets-restart1.pcapng')) && existsSync(capture));
  t.is(await stop(served), 0);
});
