// SPDX-License-Identifier: MIT
// That the fuzzer finds what it is there for: with a defect put into the device, each target reports it within a bounded
// number of executions of a fixed seed, starting from nothing.
import test from 'ava';
import { runCampaign } from './campaign.js';
import { type Defect, plant } from './planted.js';

interface Case extends Defect {
  readonly target: string;
  readonly executions: number;
  /** What the finding says. */
  readonly says: RegExp;
}

const SEED = 1;
/** No execution takes a thousandth of this. */
const HANG_MS = 5000;

const CASES: readonly Case[] = [
  {
    target: 'session',
    name: 'the number of descriptors of a message is not looked at',
    file: 'vhost/request-table.js',
    find: 'if (fdCount < minFds || fdCount > maxFds)',
    replace: 'if (false)',
    executions: 2000,
    says: /RangeError: descriptor \d+ is not there/,
  },
  {
    target: 'session',
    name: 'descriptors that nobody took stay open',
    file: 'vhost/message.js',
    find: 'if (fd !== undefined) closeFd(fd);',
    replace: '',
    executions: 2000,
    says: /a descriptor was left open/,
  },
  {
    target: 'ring',
    name: 'an access outside of the trapped ranges reaches the model',
    file: 'ring/access-map.js',
    find: 'offset <= ranges[i + 1] - (size - 1)',
    replace: 'offset <= ranges[i + 1]',
    executions: 50_000,
    says: /an access of \d+ bytes/,
  },
  {
    target: 'ring',
    name: 'a producer index out of bounds is believed',
    file: 'ring/consumer.js',
    find: 'if (count > this.#slots)',
    replace: 'if (false)',
    executions: 50_000,
    says: /slots of \d+ were believed/,
  },
  {
    target: 'doorbells',
    name: 'a doorbell may post more than the queue holds',
    file: 'model/notify.js',
    find: 'if (!hasRoom(posted, producer, qpSendConsumer(m, qp), qpSendLogDepth(m, qp)))',
    replace: 'if (false)',
    executions: 20_000,
    says: /more posted than there is room for/,
  },
  {
    target: 'doorbells',
    name: 'a step never ends',
    file: 'model/ready-set.js',
    find: 'if (this.#size === 1 && this.has(this.#newest)) return this.#newest;',
    replace: 'while (this.#size > 2);',
    executions: 20_000,
    says: /no end after/,
  },
  {
    target: 'doorbells',
    name: 'FAST_REG takes more pages than were set aside',
    file: 'model/memory-ops.js',
    find: 'const most = mrPageCount(m, mr);',
    replace: 'const most = 1e9;',
    executions: 20_000,
    says: /a state that the adapter itself would refuse/,
  },
  {
    target: 'descriptors',
    name: 'the end of a memory region is not looked at',
    file: 'model/translate.js',
    find: 'address + length <= first + mrLength(m, mr)',
    replace: 'address <= first + mrLength(m, mr)',
    executions: 20_000,
    says: /status \d+, allowed|were written/,
  },
  {
    target: 'commands',
    name: 'an event queue that is in use can be destroyed',
    file: 'model/commands/queues.js',
    find: 'if (eqUsers(m, eq) > 0) return busy(c);',
    replace: '',
    executions: 20_000,
    says: /no such event queue|TypeError|RangeError|not used as often/,
  },
  {
    target: 'state',
    name: 'the objects of a state that is taken over are not looked at',
    file: 'model/recovery.js',
    find: 'refuseIf(stateDamage(m));',
    replace: '',
    executions: 20_000,
    says: /Error|Violation|no end/,
  },
  {
    target: 'iotlb',
    name: 'permissions outlive the mapping that they were given for',
    file: 'memory/iotlb.js',
    find: 'old.delta === delta ? old.permissions : Permission.NONE',
    replace: 'old.permissions',
    executions: 20_000,
    says: /DMA through a translation/,
  },
];

for (const c of CASES) {
  test.serial(`${c.target} finds that ${c.name}`, async t => {
    t.timeout(120_000);
    const planted = plant(c);
    t.teardown(() => planted.dispose());
    const { child } = planted;
    const { target, executions } = c;
    const { progress, findings } = await runCampaign({
      ...{ target, executions, child, seed: SEED, coverage: false, hangMs: HANG_MS },
      stopAtFinding: true,
    });
    t.log(`${progress.executions} executions`);
    t.true(findings.length > 0, 'nothing was found');
    t.regex(findings.map(f => f.reason).join('\n'), c.says);
  });
}
