// SPDX-License-Identifier: MIT
// Between two slices the adapter looks whether the guest has stored or asked something: a register read waits for the
// slice in progress, not for the budget of slices that a turn has.
import test from 'ava';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import { World } from '../bench/world.js';

const MIB = 2 ** 20;
const LARGE = 256 * 1024;

function backlog() {
  const world = new World(8 * MIB);
  const { driver } = world;
  const cq = driver.createCq(driver.createEq());
  const memory = driver.alloc(2 * LARGE);
  const qps = [64, 64, LARGE].map(length => {
    const qp = driver.channel({ sendCq: cq, logDepth: 4, logStride: 6 });
    const gather = [{ address: memory, length }];
    const scatter = [{ address: memory + LARGE, length }];
    const work = { opcode: Opcode.COPY, gather, scatter };
    for (let n = 0; n < 4; n++) driver.post(qp.send, work);
    return qp;
  });
  return { world, driver, cq, qps };
}

test('a turn ends after the slice in progress when something has come from the guest', t => {
  const { world, driver, cq, qps } = backlog();
  driver.ringSend(qps[0]);
  driver.ringSend(qps[1]);
  world.waiting = true;
  t.true(world.adapter.poll(4), 'there is more to do');
  t.is(driver.poll(cq).length, 1);
  world.waiting = false;
  world.adapter.poll(4);
  t.is(driver.poll(cq).length, 4, 'the budget, when nothing has come');
});

test('a long copy stops at its next slice too', t => {
  const { world, driver, qps } = backlog();
  driver.ringSend(qps[2]);
  world.waiting = true;
  let turns = 0;
  for (; turns < 1000 && world.adapter.poll(4); turns++);
  t.is(turns, (4 * LARGE) / 4096 - 1, 'one slice of 4 KiB a turn');
});
