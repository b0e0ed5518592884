// SPDX-License-Identifier: MIT
// The supervisor's decisions, with workers and time made by hand.
import test, { type ExecutionContext } from 'ava';
import {
  type Death,
  delayAfterMs,
  Supervisor,
  type WorkerEvents,
  WorkerFailed,
  type WorkerProcess,
} from '../../device/runtime/supervisor.js';

const CRASH: Death = { how: 'status 3', killed: false };
const KILL: Death = { how: 'SIGKILL', killed: true };

/** A worker that a test drives; it dies at once when it is killed, and not otherwise. */
class ManualWorker implements WorkerProcess {
  readonly pid: number;
  readonly events: WorkerEvents;
  readonly urgent: boolean;
  readonly done: string[] = [];

  constructor(pid: number, events: WorkerEvents, urgent: boolean) {
    this.pid = pid;
    this.events = events;
    this.urgent = urgent;
  }

  serve(restarts: number): void {
    this.done.push(`serve ${restarts}`);
  }

  hurry(): void {
    this.done.push('hurry');
  }

  end(): void {
    this.done.push('end');
  }

  kill(): void {
    this.done.push('kill');
    this.events.died(KILL);
  }
}

class Rig {
  readonly workers: ManualWorker[] = [];
  readonly lines: string[] = [];
  nowMs = 0;
  #tasks: { atMs: number; task: () => void }[] = [];
  readonly supervisor = new Supervisor({
    start: (events, urgent) => {
      const worker = new ManualWorker(this.workers.length + 1, events, urgent);
      this.workers.push(worker);
      return worker;
    },
    timers: {
      nowMs: () => this.nowMs,
      after: (ms, task) => {
        const entry = { atMs: this.nowMs + ms, task };
        this.#tasks.push(entry);
        return () => {
          this.#tasks = this.#tasks.filter(one => one !== entry);
        };
      },
    },
    log: (level, message) => this.lines.push(`${level} ${message}`),
  });

  /** Lets time pass, and what is due happen. */
  pass(ms: number): void {
    this.nowMs += ms;
    const due = this.#tasks.filter(one => one.atMs <= this.nowMs);
    this.#tasks = this.#tasks.filter(one => one.atMs > this.nowMs);
    for (const { task } of due) task();
  }

  get pending(): number {
    return this.#tasks.length;
  }

  worker(pid: number): ManualWorker {
    return this.workers[pid - 1]!;
  }

  /** The first worker serves, the second one is the standby. */
  static async running(): Promise<Rig> {
    const rig = new Rig();
    const started = rig.supervisor.start();
    rig.worker(1).events.ready();
    await started;
    rig.worker(2).events.ready();
    return rig;
  }
}

/** pid → what it was told. */
const told = (t: ExecutionContext, rig: Rig, expected: readonly (readonly string[])[]): void => {
  t.deepEqual(
    rig.workers.map(w => w.done),
    expected.map(e => [...e]),
  );
};

test('the first worker serves when it is ready, and a standby is started behind it', async t => {
  const rig = new Rig();
  const started = rig.supervisor.start();
  told(t, rig, [[]]);
  rig.worker(1).events.ready();
  await started;
  told(t, rig, [['serve 0'], []]);
});

test('a worker that cannot start at first is the end, with its reason', async t => {
  const rig = new Rig();
  const started = rig.supervisor.start();
  rig.worker(1).events.failed('no such model');
  rig.worker(1).events.died(CRASH);
  await t.throwsAsync(started, { instanceOf: WorkerFailed, message: 'no such model' });
  t.is(rig.workers.length, 1);
  await rig.supervisor.stop();
});

test('the standby takes over in the moment the worker dies, and gets a standby of its own', async t => {
  const rig = await Rig.running();
  rig.worker(1).events.died(KILL);
  told(t, rig, [['serve 0'], ['serve 1'], []]);
  rig.worker(3).events.ready();
  rig.worker(2).events.died(CRASH);
  told(t, rig, [['serve 0'], ['serve 1'], ['serve 2'], []]);
});

test('a worker that dies before its standby is ready is replaced as soon as that is', async t => {
  const rig = await Rig.running();
  rig.worker(1).events.died(KILL);
  rig.worker(2).events.died(KILL);
  told(t, rig, [['serve 0'], ['serve 1'], ['hurry']]);
  rig.worker(3).events.ready();
  told(t, rig, [['serve 0'], ['serve 1'], ['hurry', 'serve 2'], []]);
  t.deepEqual(
    rig.workers.map(w => w.urgent),
    [true, false, false, false],
  );
});

test('crashes in a row are answered ever more slowly, in words, and never not at all', async t => {
  const rig = await Rig.running();
  const waits: number[] = [];
  for (let pid = 1; pid <= 14; pid++) {
    rig.lines.length = 0;
    rig.worker(pid).events.died(CRASH);
    const line = rig.lines.find(l => l.includes('in a row'));
    const waitMs = line === undefined ? 0 : Number(/started in ([\d.]+) s$/.exec(line)![1]) * 1000;
    if (line !== undefined) t.regex(line, new RegExp(`^error ${pid} workers in a row ended soon`));
    waits.push(waitMs);
    if (waitMs > 0) {
      rig.pass(waitMs - 1);
      t.deepEqual(rig.worker(pid + 1).done, [], 'not before its time');
      rig.pass(1);
    }
    t.deepEqual(rig.worker(pid + 1).done, [`serve ${pid}`]);
    rig.worker(pid + 2).events.ready();
  }
  t.deepEqual(waits, [0, 0, 0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000, 10_000, 10_000]);
  t.is(delayAfterMs(1_000_000), 10_000);
  // One that lives long is healthy again: the count starts anew.
  rig.pass(10_000);
  rig.worker(15).events.died(CRASH);
  t.deepEqual(rig.worker(16).done, ['serve 15']);
});

test('SIGKILL from outside is answered at once, however often', async t => {
  const rig = await Rig.running();
  for (let pid = 1; pid <= 50; pid++) {
    rig.worker(pid).events.died(KILL);
    t.deepEqual(rig.worker(pid + 1).done, [`serve ${pid}`]);
    rig.worker(pid + 2).events.ready();
  }
  t.is(rig.pending, 0);
});

test('it also ends a row of crashes: what came before it does not count', async t => {
  const rig = await Rig.running();
  const deaths = [CRASH, CRASH, CRASH, KILL, CRASH, CRASH, CRASH];
  deaths.forEach((death, n) => {
    rig.worker(n + 1).events.died(death);
    t.deepEqual(rig.worker(n + 2).done, [`serve ${n + 1}`]);
    rig.worker(n + 3).events.ready();
  });
});

test('a standby that is lost is replaced, with growing delays if it cannot start; the worker goes on', async t => {
  const rig = await Rig.running();
  for (let n = 0; n < 5; n++) {
    rig.workers.at(-1)!.events.failed('the device could not start: no such file');
    rig.workers.at(-1)!.events.died(CRASH);
    rig.pass(delayAfterMs(n + 1));
  }
  t.is(rig.workers.length, 7);
  t.is(rig.lines.filter(l => l.includes('the standby is lost') && l.endsWith('no such file')).length, 5);
  t.is(rig.lines.filter(l => l.includes('standbys in a row could not start')).length, 2);
  t.deepEqual(rig.worker(1).done, ['serve 0']);
  rig.workers.at(-1)!.events.ready();
  rig.worker(1).events.died(CRASH);
  t.deepEqual(rig.worker(7).done, ['serve 1'], 'the crash is the first one');
});

test('a hand-over ends the old standby and, when a new one is ready, the worker', async t => {
  const rig = await Rig.running();
  rig.supervisor.handOver();
  told(t, rig, [['serve 0'], ['end'], []]);
  rig.worker(2).events.died({ how: 'status 0', killed: false });
  told(t, rig, [['serve 0'], ['end'], []]);
  rig.worker(3).events.ready();
  told(t, rig, [['serve 0', 'end'], ['end'], []]);
  rig.worker(1).events.died({ how: 'status 0', killed: false });
  told(t, rig, [['serve 0', 'end'], ['end'], ['serve 1'], []]);
  rig.worker(4).events.ready();
  t.deepEqual(rig.worker(3).done, ['serve 1'], 'once');
  t.is(rig.pending, 0, 'nobody is killed later');
});

test('a hand-over to a build that cannot start leaves the worker alone', async t => {
  const rig = await Rig.running();
  rig.supervisor.handOver();
  rig.worker(2).events.died({ how: 'status 0', killed: false });
  rig.worker(3).events.failed('syntax error');
  rig.worker(3).events.died(CRASH);
  t.true(rig.lines.some(l => l.startsWith('error ') && l.endsWith('syntax error')));
  rig.worker(4).events.ready();
  t.deepEqual(rig.worker(1).done, ['serve 0']);
});

test('a worker that dies in the middle of a hand-over is replaced by the new one, which stays', async t => {
  const rig = await Rig.running();
  rig.supervisor.handOver();
  rig.worker(2).events.died({ how: 'status 0', killed: false });
  rig.worker(1).events.died(KILL);
  rig.worker(3).events.ready();
  rig.worker(4).events.ready();
  told(t, rig, [['serve 0'], ['end'], ['hurry', 'serve 1'], []]);
});

test('a standby that hangs while it loads is killed after a minute and replaced; one that is ready is not', async t => {
  const rig = new Rig();
  const started = rig.supervisor.start();
  rig.worker(1).events.ready();
  await started;
  rig.pass(59_999);
  told(t, rig, [['serve 0'], []]);
  rig.pass(1);
  told(t, rig, [['serve 0'], ['kill'], []]);
  t.true(rig.lines.some(l => l.includes('the standby is lost') && l.endsWith('did not load within 60 s')));
  rig.worker(3).events.ready();
  rig.pass(120_000);
  told(t, rig, [['serve 0'], ['kill'], []]);
  t.is(rig.pending, 0);
});

test('a standby that hangs does not keep the adapter from its next worker for ever', async t => {
  const rig = new Rig();
  const started = rig.supervisor.start();
  rig.worker(1).events.ready();
  await started;
  rig.worker(1).events.died(KILL);
  rig.pass(60_000);
  told(t, rig, [['serve 0'], ['hurry', 'kill'], []]);
  rig.worker(3).events.ready();
  told(t, rig, [['serve 0'], ['hurry', 'kill'], ['serve 1'], []]);
});

test('a first worker that hangs while it loads is the end, with that reason', async t => {
  const rig = new Rig();
  const started = rig.supervisor.start();
  rig.pass(60_000);
  await t.throwsAsync(started, { instanceOf: WorkerFailed, message: 'it did not load within 60 s' });
});

test('stop ends all, waits for them, and kills who does not end', async t => {
  const rig = await Rig.running();
  let over = false;
  const stopped = rig.supervisor.stop().then(() => {
    over = true;
  });
  told(t, rig, [['serve 0', 'end'], ['end']]);
  rig.worker(2).events.died({ how: 'status 0', killed: false });
  rig.pass(4999);
  await Promise.resolve();
  t.false(over);
  rig.pass(1);
  await stopped;
  told(t, rig, [['serve 0', 'end', 'kill'], ['end']]);
  t.is(rig.workers.length, 2, 'nobody takes over');
});

test('stop in the middle of a delay is not followed by a new worker', async t => {
  const rig = await Rig.running();
  for (let pid = 1; pid <= 4; pid++) {
    rig.worker(pid).events.died(CRASH);
    rig.worker(pid + 1).events.ready();
    rig.workers.at(-1)!.events.ready();
  }
  const before = rig.workers.length;
  const stopped = rig.supervisor.stop();
  for (const worker of rig.workers.slice(4)) worker.events.died({ how: 'status 0', killed: false });
  await stopped;
  rig.pass(20_000);
  t.is(rig.workers.length, before);
});
