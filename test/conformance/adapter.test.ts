// SPDX-License-Identifier: MIT
// What only the adapter's own interface shows: Bus Master Enable after a reset, the time at which it wants to be called
// again, turns on a wire that is busy, requests before the first connection.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Command, CommandCode, Hold, QpType } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import { REG_STATUS_OFFSET, StatusBit } from '../../device/abi/generated/registers.js';
import { createAdapter } from '../../device/model/adapter.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import { temporaryDirectory } from '../support/temporary.js';

for (const kind of ['function-reset', 'bus-reset'] as const) {
  test(`${kind} leaves Bus Master Enable off, and nothing is read from memory until it is set`, t => {
    const target = new InProcess();
    const driver = new Driver(target).start();
    target.adapter.control({ kind, epoch: 1 });
    t.is(driver.readRegister(REG_STATUS_OFFSET) & StatusBit.BUS_MASTER, 0);
    target.memory.reads.length = 0;
    t.is(driver.tryCommand(Command.QUERY_DEVICE), CommandCode.NO_BUS_MASTER);
    t.deepEqual(target.memory.reads, []);
    target.adapter.control({ kind: 'bus-master', value: true });
    t.notThrows(() => driver.start());
  });
}

test('a pushed COPY that is held is no reason to be called again', t => {
  const target = new InProcess();
  const driver = new Driver(target).start();
  const channel = driver.createQp({ sendCq: driver.createCq(driver.createEq()), type: QpType.DMA });
  driver.connect(channel, 0);
  driver.setLink(Hold.ENGINE);
  driver.push(channel, { opcode: Opcode.NOP });
  t.false(target.step());
  t.is(target.adapter.wakeAtNs, Infinity);
});

test('a rung SEND has its turn on a busy wire, whatever is pushed to link and engine meanwhile', t => {
  const RUNG = 10;
  const target = new InProcess();
  const driver = new Driver(target).start();
  const eq = driver.createEq();
  const [rungCq, pushedCq] = [driver.createCq(eq), driver.createCq(eq)];
  const [aPeerCq, bPeerCq] = [driver.createCq(eq), driver.createCq(eq)];
  const [a, aPeer] = driver.pair({ sendCq: rungCq, recvCq: aPeerCq });
  const [b, bPeer] = driver.pair({ sendCq: pushedCq, recvCq: bPeerCq });
  const engine = driver.createQp({ sendCq: pushedCq, type: QpType.DMA });
  driver.connect(engine, 0);
  const [from, to] = [driver.alloc(4096), driver.alloc(4096)];
  const gather = [{ address: from, length: 64 }];
  const scatter = [{ address: to, length: 64 }];
  driver.setLink(0, 1000);
  driver.recv(aPeer, ...Array.from({ length: RUNG }, () => scatter));
  driver.send(a, ...Array.from({ length: RUNG }, () => ({ opcode: Opcode.SEND, gather })));
  let pushes = 0;
  let done = 0;
  const waiting = { link: 0, engine: 0 };
  for (let n = 0; n < 4000 && done < RUNG; n++) {
    for (; waiting.link < 3; waiting.link++, pushes++) {
      driver.recv(bPeer, scatter);
      driver.push(b, { opcode: Opcode.SEND, gather }, { buffer: 0 });
    }
    for (; waiting.engine < 3; waiting.engine++)
      driver.push(engine, { opcode: Opcode.COPY, gather, scatter }, { buffer: 1 });
    target.step();
    target.nowNs += 300;
    for (const { qpn } of driver.poll(pushedCq)) waiting[qpn === b.number ? 'link' : 'engine']--;
    done += driver.poll(rungCq).length;
    driver.poll(bPeerCq);
    driver.poll(aPeerCq);
  }
  t.is(done, RUNG, `after ${pushes} pushes to the link`);
});

test('a capture can be asked for before anybody has connected', t => {
  const path = join(temporaryDirectory(t), 'early.pcapng');
  const adapter = createAdapter();
  t.throws(() => adapter.controlOps.counters(), { message: /no front-end/ });
  t.throws(() => adapter.controlOps.link({}), { message: /no front-end/ });
  t.deepEqual(adapter.controlOps.capture({ path }), { path });
  t.true(existsSync(path));
  const target = new InProcess();
  adapter.attach(target.host, target.region, false);
  adapter.close();
  t.true(statSync(path).size > 0, 'the capture began with the connection');
  t.deepEqual(adapter.controlOps.capture({}), { path: null });
});
