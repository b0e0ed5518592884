// SPDX-License-Identifier: MIT
// QEMU's pushbell-pci against back-ends that break the rules: wrong sizes, codes, descriptors, hostile ring words, floods,
// hang-ups. QEMU neither ends nor hangs, and a good back-end can be connected afterwards and works.
import test, { type ExecutionContext } from 'ava';
import { Request } from '../../device/abi/generated/messages.js';
import { buildQemu, type QemuBuild } from '../../device/vm/qemu-build.js';
import { attacking, faulty, type Scenario } from '../fuzz/hostile/scenario.js';
import { besiege } from '../fuzz/hostile/siege.js';
import { BareChain } from '../support/bare-chain.js';

const DEADLINE_MS = 600_000;

let qemu: QemuBuild;
test.before(async t => {
  t.timeout(900_000);
  qemu = await buildQemu();
});

/** Scenarios one after the other on one QEMU. `runs`: each of them gets so far as to be let go. */
async function siege(t: ExecutionContext, scenarios: readonly Scenario[], runs: boolean): Promise<void> {
  const chain = await BareChain.start(t, qemu);
  t.timeout(DEADLINE_MS);
  for (const scenario of scenarios) {
    const running = await besiege(chain, scenario);
    t.log(`${scenario.name}: let go ${running} times`);
    t.pass();
    if (runs)
      t.true(running > 0, `${scenario.name}: the back-end was never let go, so that nothing was tried`);
  }
}

test.serial('replies of a wrong size, code or number of descriptors', async t => {
  await siege(
    t,
    [
      faulty(Request.GET_FEATURES, 'huge'),
      faulty(Request.GET_PROTOCOL_FEATURES, 'longer'),
      faulty(Request.SET_FEATURES, 'code'),
      faulty(Request.PCI_GET_FUNCTION, 'shorter'),
      faulty(Request.PCI_GET_FUNCTION, 'many-fds'),
      faulty(Request.PCI_GET_FUNCTION, 'bytes'),
      faulty(Request.PCI_SET_RING, 'one-fd'),
      faulty(Request.ADD_MEM_REG, 'refused'),
      faulty(Request.PCI_CONTROL, 'endless'),
      faulty(Request.PCI_RUN, 'silent'),
    ],
    false,
  );
});

test.serial('hostile ring words and eventfds', async t => {
  await siege(
    t,
    [
      attacking(false, 'consumer'),
      attacking(false, 'consumer-ahead'),
      attacking(false, 'answers'),
      attacking(false, 'answer-status'),
      attacking(false, 'answer-irq'),
      attacking(true, 'asleep', 'answer-waiting', 'irq-raised', 'intx-level'),
      attacking(true, 'front-end-words', 'eventfd-storm'),
      attacking(false, 'any-word', 'eventfd-full'),
      attacking(false, 'eventfd-full', 'eventfd-blocking'),
    ],
    true,
  );
});

test.serial('floods on the back-end channel, and a back-end that comes and goes', async t => {
  await siege(
    t,
    [
      attacking(true, 'log-flood'),
      attacking(true, 'miss-flood', 'unknown-flood'),
      attacking(true, 'channel-garbage'),
      attacking(true, 'channel-half'),
      attacking(true, 'chatter'),
      attacking(true, 'hang-up', 'eventfd-storm'),
      attacking(true, 'half-reply'),
    ],
    true,
  );
});

test.serial('a connection that is cut at any byte, and a function that is another one each time', async t => {
  const quiet = { seed: 1, attacks: [], serves: true };
  await siege(
    t,
    [
      { ...quiet, name: 'cut', cutStride: 37 },
      { ...quiet, name: 'another function', otherFunction: true },
    ],
    false,
  );
});
