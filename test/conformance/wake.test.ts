// SPDX-License-Identifier: MIT
// Who is woken by a receive: those that may wait for it, and nobody else's queue pairs.
import test from 'ava';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import { outcomes } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';

test('a receive for a shared queue makes the senders to it go on, and costs no step of any other one that waits', t => {
  const target = new InProcess();
  const d = new Driver(target).start();
  const cq = d.createCq(d.createEq(0));
  const other = d.createCq(d.createEq(0));
  const [mine, others] = [d.createSrq(), d.createSrq()];
  const MESSAGE = { opcode: Opcode.SEND };
  // Before, between and after the ones that are woken.
  const wait = (options: { sendCq: typeof cq; srq?: typeof mine }): void => {
    for (let n = 0; n < 3; n++) d.send(d.pair(options)[0], MESSAGE);
  };
  wait({ sendCq: other });
  wait({ sendCq: cq, srq: mine });
  wait({ sendCq: other, srq: others });
  wait({ sendCq: cq, srq: mine });
  wait({ sendCq: other });
  target.settle();
  let steps = 0;
  d.recvShared(mine, [], [], [], [], [], []);
  while (target.step()) steps++;
  t.deepEqual(
    outcomes(d.poll(cq).filter(x => !x.receive)),
    Array.from({ length: 6 }, () => [0, 0]),
  );
  t.true(steps <= 6, `${steps} steps for 6 messages`);
  d.recvShared(mine, []);
  t.false(target.step(), 'nobody waits for it');
  t.deepEqual(d.poll(other), []);
});
