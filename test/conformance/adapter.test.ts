// SPDX-License-Identifier: MIT
// What only the adapter's own interface shows: Bus Master Enable after a reset, the time at which it wants to be called
// again, turns on a wire that is busy, requests before the first connection.
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { Command, CommandCode, Hold, QpType } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import {
  FaultObject,
  REG_COUNT_BAD_ACCESSES_OFFSET,
  REG_FAULT_ADDRESS_HI_OFFSET,
  REG_FAULT_ADDRESS_LO_OFFSET,
  REG_MAC_HI_OFFSET,
  REG_MAC_LO_OFFSET,
  REG_STATUS_OFFSET,
  REGISTER_BAR,
  StatusBit,
} from '../../device/abi/generated/registers.js';
import { createAdapter } from '../../device/model/adapter.js';
import { faultInfo } from '../../device/model/faults.js';
import { Dma } from '../../device/model/ports.js';
import { makeQueues } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { FlatMemory } from '../support/flat-memory.js';
import { framesOf } from '../support/frames-of.js';
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

/** Where register FAULT_ADDRESS says that the last DMA fault was. */
const faultAddress = (driver: Driver): number =>
  driver.readRegister(REG_FAULT_ADDRESS_LO_OFFSET) +
  driver.readRegister(REG_FAULT_ADDRESS_HI_OFFSET) * 2 ** 32;

test('the address of a DMA fault is that of the first byte that failed, wherever it lies', t => {
  const target = new InProcess();
  const driver = new Driver(target).start();
  const { cq } = makeQueues(driver);
  const at = driver.alloc(3 * 4096);
  for (const bad of [0, 1, 99, 4095, 4096, 4097, 5000]) {
    target.memory.setHole(at + bad, 7, Dma.FAULT);
    driver.send(driver.channel({ sendCq: cq }), {
      opcode: Opcode.FILL,
      scatter: [{ address: at, length: 2 * 4096 }],
    });
    target.settle();
    t.is(faultAddress(driver), at + bad);
    target.memory.clearHoles();
  }
});

/** Refuses one page once, and then asks for it again: as behind a vIOMMU. */
class RefusingOnce extends FlatMemory {
  faultAddress: number | undefined;
  readonly #page: number;
  readonly #write: boolean;
  #refusals = 1;

  constructor(bytes: number, page: number, write: boolean) {
    super(bytes);
    this.#page = page;
    this.#write = write;
  }

  override check(address: number, length: number, write: boolean): Dma {
    if (write !== this.#write || address >= this.#page + 4096 || address + length <= this.#page)
      return super.check(address, length, write);
    if (this.#refusals-- !== 1) return Dma.NOT_YET;
    this.faultAddress = Math.max(address, this.#page);
    return Dma.FAULT;
  }
}

for (const [object, write] of [
  ['GATHER', false],
  ['SCATTER', true],
] as const) {
  test(`a refusal that is good for one answer is a fault at the address that the memory gives: ${object}`, t => {
    const page = 0x80_0000;
    const memory = new RefusingOnce(1 << 24, page, write);
    const target = new InProcess({ memory });
    const driver = new Driver(target).start();
    const { cq } = makeQueues(driver);
    const [bad, good] = [page - 1000, 4096 * 16].map(address => [{ address, length: 3000 }]);
    const qp = driver.channel({ sendCq: cq });
    driver.send(qp, { opcode: Opcode.COPY, gather: write ? good : bad, scatter: write ? bad : good });
    target.settle();
    t.is(faultAddress(driver), page);
    t.is(driver.queryQp(qp).faultInfo, faultInfo(FaultObject[object], qp.number, write));
    t.is(memory.faultAddress, undefined);
  });
}

test('a bad read that is answered again after a restart is counted once', t => {
  const target = new InProcess();
  const driver = new Driver(target).start();
  const count = () => driver.readRegister(REG_COUNT_BAD_ACCESSES_OFFSET);
  const position = target.adapter.appliedPosition;
  target.adapter.read(REGISTER_BAR, 1, 1, position);
  t.is(count(), 1);
  target.adapter.attach(target.host, target.region, false);
  target.adapter.read(REGISTER_BAR, 1, 1, position);
  t.is(count(), 1);
  target.adapter.read(REGISTER_BAR, 1, 1, position + 1);
  t.is(count(), 2);
});

test('the back-end takes MAC address and headers of its packets from the region, whatever its own seed', t => {
  const target = new InProcess({ seed: 7 });
  const driver = new Driver(target).start();
  const { cq } = makeQueues(driver);
  const [a, b] = driver.pair({ sendCq: cq });
  driver.recv(b, []);
  driver.send(a, { opcode: Opcode.SEND });
  const mac = [driver.readRegister(REG_MAC_LO_OFFSET), driver.readRegister(REG_MAC_HI_OFFSET)];
  const path = join(temporaryDirectory(t), 'taken-over.pcapng');
  const next = createAdapter({ seed: 8, capturePath: path });
  target.adapter = next;
  next.attach(target.host, target.region, false);
  next.control({ kind: 'run' });
  t.deepEqual([driver.readRegister(REG_MAC_LO_OFFSET), driver.readRegister(REG_MAC_HI_OFFSET)], mac);
  target.settle();
  next.close();
  const frames = framesOf(path).map(frame => Uint8Array.from(frame));
  t.true(frames.length >= 2);
  const bytes = new Uint8Array(Uint32Array.from(mac).buffer, 0, 6);
  // Destination and source of the Ethernet header.
  for (const frame of frames) t.deepEqual([frame.slice(0, 6), frame.slice(6, 12)], [bytes, bytes]);
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
