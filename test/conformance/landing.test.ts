// SPDX-License-Identifier: MIT
// What a step that is tried again must not leave behind: bytes of a WRITE whose end somebody polls, headers in a frame
// that is built again and again, time on the wire. And what goes to a queue pair that is connected to another one.
import test from 'ava';
import * as c from '../../device/abi/generated/commands.js';
import { Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import { Dma } from '../../device/model/ports.js';
import { filled, finish, makeQueues, outcomes } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { FlatMemory } from '../support/flat-memory.js';
import { InProcess } from '../support/in-process.js';
import { makeEnds, remoteMemory } from './cases/rdma.js';

const PAGE = 4096;
const MTU = 256;

function exhaust(target: InProcess): void {
  while (target.step());
}

function world(memory?: FlatMemory) {
  const target = new InProcess(memory === undefined ? {} : { memory });
  const d = new Driver(target).start();
  return { target, d };
}

const { RDMA_WRITE, RDMA_WRITE_IMM } = Opcode;

for (const [opcode, name] of [
  [RDMA_WRITE, 'WRITE'],
  [RDMA_WRITE_IMM, 'WRITE_IMM'],
] as const) {
  for (const type of [c.QpType.RC, c.QpType.UC]) {
    for (const which of ['cq', 'recvCq', 'eq'] as const) {
      if (opcode === RDMA_WRITE && which === 'recvCq') continue;
      const kind = type === c.QpType.RC ? 'RC' : 'UC';
      test(`${kind}: the last packet of a ${name} lands once, however long the ${which} has no translation`, t => {
        const { target, d } = world();
        const ends = makeEnds(d, type);
        const { eq, cq, recvCq, a, b } = ends;
        const length = MTU + 64;
        const there = remoteMemory(d, length);
        there.put(new Uint8Array(length));
        const from = filled(d, length);
        const to = d.alloc(8);
        d.recv(b, [{ address: to, length: 8 }]);
        d.armEq(eq);
        d.arm(cq);
        d.arm(recvCq);
        target.settle();
        target.memory.setHole(ends[which].address, PAGE, Dma.NOT_YET);
        const remote = { address: there.iova, key: there.key };
        const gather = [{ address: from.address, length }];
        d.send(a, { opcode, gather, remote, ...(opcode === RDMA_WRITE ? {} : { immediate: 1 }), wrId: 5 });
        for (let n = 0; n < 3; n++) {
          exhaust(target);
          // The last packet is not there, nor any byte of it.
          t.deepEqual(
            there.get(),
            Uint8Array.from({ length }, (_, i) => (i < MTU ? from.bytes[i]! : 0)),
          );
          target.adapter.memoryChanged();
        }
        target.memory.clearHoles();
        target.adapter.memoryChanged();
        t.deepEqual(outcomes(finish(d, cq)), [[5, WcStatus.SUCCESS]]);
        t.deepEqual(there.get(), from.bytes);
        t.is(d.poll(recvCq).length, opcode === RDMA_WRITE ? 0 : 1);
      });
    }
  }
}

/** Like a file that ends early: that a place cannot be written shows when it is written. */
class ShortMemory extends FlatMemory {
  shortAt = Infinity;

  override write(address: number, source: Uint8Array, offset: number, length: number): Dma {
    return address <= this.shortAt && this.shortAt < address + length
      ? Dma.FAULT
      : super.write(address, source, offset, length);
  }
}

test('memory that faults although it was checked: the responder tells of it, and the step is not done half', t => {
  const memory = new ShortMemory(1 << 24);
  const { d } = world(memory);
  const { cq, a, b } = makeEnds(d);
  const page = Math.ceil(d.alloc(2 * PAGE) / PAGE) * PAGE;
  const key = d.registerPages([page], page, PAGE, { access: 15 });
  const from = filled(d, 64);
  const gather = [{ address: from.address, length: 64 }];
  memory.shortAt = page + 10;
  d.send(a, { opcode: RDMA_WRITE, gather, remote: { address: page, key }, wrId: 1 });
  t.deepEqual(outcomes(finish(d, cq)), [[1, WcStatus.REM_OP_ERR]]);
  t.is(d.queryQp(b).state, c.QpState.ERR);
  memory.shortAt = Infinity;
  const ends = makeEnds(d);
  d.send(ends.a, { opcode: RDMA_WRITE, gather, remote: { address: page, key }, wrId: 2 });
  t.deepEqual(outcomes(finish(d, ends.cq)), [[2, WcStatus.SUCCESS]]);
  t.deepEqual(d.target.readBytes(page, 64), from.bytes);
});

test('what memory took back from one queue pair is not taken as said of another one: its WRITE lands once', t => {
  const memory = new ShortMemory(1 << 24);
  const { target, d } = world(memory);
  const [one, two] = [makeEnds(d), makeEnds(d)];
  const there = remoteMemory(d, 64);
  const gone = remoteMemory(d, 64);
  const before = there.get();
  const from = filled(d, 64);
  const gather = [{ address: from.address, length: 64 }];
  const write = ({ iova, key }: typeof there, wrId: number) => ({
    opcode: RDMA_WRITE,
    gather,
    remote: { address: iova, key },
    wrId,
  });
  memory.shortAt = gone.at;
  d.send(one.a, write(gone, 1));
  target.adapter.poll(1);
  t.deepEqual(d.poll(one.cq), [], 'the step is to be done again');
  // A push comes first, and cannot complete yet.
  memory.setHole(two.cq.address, PAGE, Dma.NOT_YET);
  d.push(two.a, write(there, 2));
  target.adapter.poll(1);
  t.deepEqual(there.get(), before, 'nobody may see what cannot complete');
  exhaust(target);
  memory.clearHoles();
  target.adapter.memoryChanged();
  t.deepEqual(outcomes(finish(d, one.cq)), [[1, WcStatus.REM_OP_ERR]]);
  t.deepEqual(outcomes(finish(d, two.cq)), [[2, WcStatus.SUCCESS]]);
  t.deepEqual(there.get(), from.bytes);
});

const IPV6 = Uint8Array.from({ length: 16 }, (_, n) => (n === 0 ? 0xfd : n));

/** A connection over each version of IP. */
function bothVersions() {
  const w = world();
  const { d } = w;
  const { cq } = makeQueues(d);
  d.setGid(1, IPV6);
  const [a4, b4] = d.pair({ sendCq: cq });
  const [a6, b6] = d.pair({ sendCq: cq }, undefined, 0, { av: { sgidIndex: 1, dgid: IPV6 } });
  return { ...w, cq, a4, b4, a6, b6 };
}

for (const answer of [Dma.FAULT, Dma.NOT_YET]) {
  test(`payload of a packet over IPv4 that comes to nothing (${answer}) is not in the headers of one over IPv6`, t => {
    const { target, d, cq, a4, b4, a6, b6 } = bothVersions();
    const from = filled(d, 1024);
    const to = d.alloc(1024);
    const gather = [{ address: from.address, length: 256 }];
    d.recv(b6, [{ address: to, length: 1024 }], [{ address: to, length: 1024 }]);
    d.send(a6, { opcode: Opcode.SEND, gather, wrId: 1 });
    exhaust(target);
    d.recv(b4, [{ address: to, length: 1024 }]);
    const hole = Math.ceil(d.alloc(2 * PAGE) / PAGE) * PAGE;
    target.memory.setHole(hole, PAGE, answer);
    const broken = [
      { address: from.address, length: 64 },
      { address: hole, length: 64 },
    ];
    d.send(a4, { opcode: Opcode.SEND, gather: broken, wrId: 2 });
    exhaust(target);
    d.send(a6, { opcode: Opcode.SEND, gather, wrId: 3 });
    exhaust(target);
    const good = d.poll(cq).filter(x => !x.receive && x.wrId !== 2);
    t.deepEqual(outcomes(good), [
      [1, WcStatus.SUCCESS],
      [3, WcStatus.SUCCESS],
    ]);
  });
}

test('the same for the answer to a READ', t => {
  const { target, d, cq, a4, a6 } = bothVersions();
  const from = Math.ceil(d.alloc(3 * PAGE) / PAGE) * PAGE;
  target.writeBytes(from, new Uint8Array(2 * PAGE).fill(0xab));
  const key = d.registerPages([from, from + PAGE], 0x10000, 2 * PAGE, { access: 15 });
  const scatter = [{ address: d.alloc(PAGE), length: MTU }];
  const read = (address: number, wrId: number) => ({
    opcode: Opcode.RDMA_READ,
    scatter,
    remote: { address, key },
    wrId,
  });
  d.send(a6, read(0x10000, 1));
  t.deepEqual(outcomes(finish(d, cq)), [[1, WcStatus.SUCCESS]]);
  // Two pieces, if the pages are not one range for the bus.
  target.memory.setHole(from + PAGE, PAGE, Dma.NOT_YET);
  d.send(a4, read(0x10000 + PAGE - MTU / 2, 2));
  exhaust(target);
  d.send(a6, read(0x10000, 3));
  exhaust(target);
  t.deepEqual(outcomes(d.poll(cq)), [[3, WcStatus.SUCCESS]]);
});

test('a long message to a queue pair that is connected to another one: one packet, and the other two do not notice', t => {
  const { target, d } = world();
  const { cq } = makeQueues(d);
  const [victim] = d.pair({ sendCq: cq }, c.Mtu.MTU_256, 1000);
  const stranger = d.createQp({ sendCq: cq });
  d.connect(stranger, victim.number, c.Mtu.MTU_256, 1);
  const length = MTU * 2000;
  const from = filled(d, length);
  const packets = () => c.cmdPortCountersTxPackets(d.counters(c.CounterKind.PORT), 0);
  const before = packets();
  d.send(stranger, { opcode: Opcode.SEND, gather: [{ address: from.address, length }], wrId: 6 });
  t.deepEqual(outcomes(finish(d, cq)), [[6, WcStatus.RETRY_EXC_ERR]]);
  t.is(d.queryQp(victim).state, c.QpState.RTS);
  // The packet, and what its addressee answers to whom it is connected to.
  t.true(packets() - before <= 2);
  exhaust(target);
});

test('a step that waits takes no time on the wire', t => {
  const { target, d } = world();
  const { cq, a } = makeEnds(d, undefined, c.Mtu.MTU_4096);
  const there = remoteMemory(d, PAGE);
  const from = filled(d, PAGE);
  target.adapter.controlOps.link({ rateMbps: 1 });
  target.memory.setHole(cq.address, PAGE, Dma.NOT_YET);
  const gather = [{ address: from.address, length: PAGE }];
  d.send(a, { opcode: RDMA_WRITE, gather, remote: { address: there.iova, key: there.key }, wrId: 1 });
  exhaust(target);
  t.deepEqual(d.poll(cq), []);
  target.memory.clearHoles();
  target.adapter.memoryChanged();
  exhaust(target);
  t.deepEqual(outcomes(d.poll(cq)), [[1, WcStatus.SUCCESS]], 'at once: the wire is free');
});

test('an atomic changes its eight bytes at once', t => {
  const { target, d } = world();
  const { cq, a } = makeEnds(d);
  const at = Math.ceil(d.alloc(2 * PAGE) / PAGE) * PAGE;
  const key = d.registerPages([at], at, PAGE, { access: 15 });
  target.writeBytes(at, Uint8Array.of(255, 255, 255, 255, 0, 0, 0, 0));
  const seen = new Set<string>();
  target.memory.beforeWrite = () => {
    seen.add(Buffer.from(target.readBytes(at, 8)).readBigUInt64LE().toString(16));
  };
  d.send(a, {
    opcode: Opcode.FETCH_ADD,
    swapAdd: [1, 0],
    scatter: [{ address: d.alloc(8), length: 8 }],
    remote: { address: at, key },
    wrId: 4,
  });
  t.deepEqual(outcomes(finish(d, cq)), [[4, WcStatus.SUCCESS]]);
  t.deepEqual([...seen], ['ffffffff', '100000000']);
});
