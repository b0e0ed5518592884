// SPDX-License-Identifier: MIT
import { readdirSync } from 'node:fs';
import test from 'ava';
import { createAdapter } from '../../device/model/adapter.js';
import { monotonicClock } from '../../device/runtime/clock.js';
import { rehearse } from '../../device/runtime/rehearsal.js';
import { closeFd } from '../../device/sys/fd.js';
import { startDevice } from '../support/device.js';
import { FrontEnd } from '../support/front-end.js';
import { Reg, SCRATCH_ID, ScratchModel } from '../support/scratch-model.js';

const RESTLESS = new URL('../support/restless-model.js', import.meta.url).href;

test.serial(
  'a rehearsal goes through everything, the first time and taken over, and leaves nothing open',
  t => {
    const attached: boolean[] = [];
    const reached = new Set<string>();
    class Watched extends ScratchModel {
      override attach(...args: Parameters<ScratchModel['attach']>): void {
        attached.push(args[2]);
        super.attach(...args);
      }

      override read(...args: Parameters<ScratchModel['read']>): void {
        reached.add('read');
        super.read(...args);
      }

      override write(...args: Parameters<ScratchModel['write']>): void {
        reached.add('write');
        super.write(...args);
      }

      override poll(budget: number): boolean {
        if (this.running) reached.add('poll');
        return super.poll(budget);
      }
    }
    rehearse(new Watched(), monotonicClock);
    t.deepEqual(attached, [true, false, false, false, false, false]);
    t.deepEqual([...reached].sort(), ['poll', 'read', 'write']);
    const open = readdirSync('/proc/self/fd').length;
    rehearse(new ScratchModel(), monotonicClock);
    rehearse(createAdapter(), monotonicClock);
    t.is(readdirSync('/proc/self/fd').length, open);
  },
);

test.serial('a model that cannot be rehearsed serves all the same', async t => {
  process.env.PUSHBELL_TEST_CRASH = 'attach';
  const device = await startDevice(t, RESTLESS, { rehearse: true });
  t.deepEqual(device.logged, [{ level: 'debug', message: 'no rehearsal: attach fails, as asked' }]);
  delete process.env.PUSHBELL_TEST_CRASH;
  const good = await startDevice(t, RESTLESS, { rehearse: true });
  const frontEnd = FrontEnd.connect(good.path);
  closeFd(frontEnd.start().fd);
  t.is(frontEnd.ring!.read(Reg.ID, 4).lo, SCRATCH_ID);
  frontEnd.hangUp();
  frontEnd.ring!.close();
  await Promise.all([device.stop(), good.stop()]);
  t.deepEqual(
    good.logged.map(l => l.message),
    ['front-end connected', 'session over'],
  );
});
