// SPDX-License-Identifier: MIT
// What happens in the middle of a message: between two packets of a READ, of a message into a shared receive queue, of a
// queue that is to be drained. One slice at a time, which only the model in this process can be asked for.
import test from 'ava';
import * as c from '../../device/abi/generated/commands.js';
import { EventType, Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import { filled, finish, makeQueues, outcomes, pattern } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import { makeEnds, remoteMemory } from './cases/rdma.js';

function world(): { target: InProcess; d: Driver; slices: (n: number) => void } {
  const target = new InProcess();
  const d = new Driver(target).start();
  return {
    target,
    d,
    slices: n => {
      for (let k = 0; k < n; k++) target.adapter.poll(1);
    },
  };
}

test('a key that goes away in the middle of a READ ends it: part of the data is there', t => {
  const { d, slices } = world();
  const { eq, cq, a, b } = makeEnds(d);
  const from = remoteMemory(d, 2048);
  const bytes = from.get();
  const to = d.alloc(2048);
  const remote = { address: from.iova, key: from.key };
  d.send(a, { opcode: Opcode.RDMA_READ, scatter: [{ address: to, length: 2048 }], remote, wrId: 1 });
  slices(3);
  t.is(d.destroy(c.Command.DEREGISTER_MR, from.key), c.CommandCode.OK);
  t.deepEqual(outcomes(finish(d, cq)), [[1, WcStatus.REM_ACCESS_ERR]]);
  t.deepEqual(
    d.events(eq).map(e => [e.type, e.number]),
    [
      [EventType.QP_ACCESS_ERROR, b.number],
      [EventType.QP_FATAL, a.number],
    ],
  );
  t.deepEqual(
    d.target.readBytes(to, 2048),
    Uint8Array.from({ length: 2048 }, (_, n) => (n < 768 ? bytes[n]! : 0)),
  );
});

test('a key that goes away in the middle of a WRITE ends it', t => {
  const { d, slices } = world();
  const { cq, a } = makeEnds(d);
  const to = remoteMemory(d, 2048);
  const from = filled(d, 2048);
  const remote = { address: to.iova, key: to.key };
  const gather = [{ address: from.address, length: 2048 }];
  d.send(a, { opcode: Opcode.RDMA_WRITE, gather, remote, wrId: 1 });
  slices(3);
  t.is(d.destroy(c.Command.DEREGISTER_MR, to.key), c.CommandCode.OK);
  t.deepEqual(outcomes(finish(d, cq)), [[1, WcStatus.REM_ACCESS_ERR]]);
  const expected = pattern(2048, 9);
  expected.set(from.bytes.subarray(0, 768));
  t.deepEqual(to.get(), expected);
});

for (const [opcode, what] of [
  [Opcode.SEND, 'SEND'],
  [Opcode.RDMA_WRITE, 'WRITE'],
  [Opcode.RDMA_READ, 'READ'],
] as const) {
  test(`SQD in the middle of a ${what}: it ends, that is told, and what comes after it waits for RTS`, t => {
    const { d, slices } = world();
    const { eq, cq, a, b } = makeEnds(d);
    const there = remoteMemory(d, 2048);
    const here = filled(d, 2048);
    d.recv(b, [{ address: d.alloc(2048), length: 2048 }]);
    const list = [{ address: here.address, length: 2048 }];
    const remote = { address: there.iova, key: there.key };
    d.send(
      a,
      opcode === Opcode.SEND
        ? { opcode, gather: list, wrId: 1 }
        : { opcode, remote, [opcode === Opcode.RDMA_READ ? 'scatter' : 'gather']: list, wrId: 1 },
    );
    d.send(a, { opcode: Opcode.NOP, wrId: 2 });
    d.push(a, { opcode: Opcode.NOP, wrId: 3 });
    slices(2);
    const { STATE, SQD_EVENT } = c.QpAttr;
    t.is(d.modify(a, STATE | SQD_EVENT, { state: c.QpState.SQD, sqdEvent: 1 }), c.CommandCode.OK);
    t.deepEqual(d.events(eq), []);
    t.is(c.cmdQpOutDraining(d.rawQp(a), 0), 1);
    t.deepEqual(outcomes(finish(d, cq)), [[1, WcStatus.SUCCESS]]);
    t.deepEqual(d.events(eq), [{ type: EventType.SQ_DRAINED, number: a.number, detail: 0 }]);
    t.is(c.cmdQpOutDraining(d.rawQp(a), 0), 0);
    t.is(d.modify(a, STATE, { state: c.QpState.SQD }), c.CommandCode.OK);
    t.deepEqual(d.events(eq), [], 'it was asked for once');
    t.is(d.modify(a, STATE, { state: c.QpState.RTS }), c.CommandCode.OK);
    t.deepEqual(outcomes(finish(d, cq)), [
      [2, WcStatus.SUCCESS],
      [3, WcStatus.SUCCESS],
    ]);
  });
}

test('SRQ: a queue pair in error flushes the receive that it has taken, says that it takes no more, and leaves the rest', t => {
  const { d, slices } = world();
  const { eq, cq } = makeQueues(d);
  const recvCq = d.createCq(eq);
  const srq = d.createSrq();
  const o = { sendCq: cq, recvCq };
  const [a, other] = [d.createQp(o), d.createQp(o)];
  const [b, last] = [d.createQp({ ...o, srq }), d.createQp({ ...o, srq })];
  for (const [x, y] of [
    [a, b],
    [other, last],
  ] as const) {
    d.connect(x, y.number, c.Mtu.MTU_256);
    d.connect(y, x.number, c.Mtu.MTU_256);
  }
  const from = filled(d, 700);
  const to = d.alloc(1024);
  const gather = [{ address: from.address, length: 700 }];
  d.recvShared(srq, ...[1, 2, 3].map(() => [{ address: to, length: 1024 }]));
  d.send(other, { opcode: Opcode.SEND, wrId: 6 });
  t.deepEqual(outcomes(finish(d, cq)), [[6, WcStatus.SUCCESS]]);
  t.is(d.poll(recvCq)[0]?.index, 0);
  d.send(a, { opcode: Opcode.SEND, gather, wrId: 7 });
  slices(1);
  t.is(d.querySrq(srq).consumer, 2, 'its first packet has taken one');
  t.is(d.modify(b, c.QpAttr.STATE, { state: c.QpState.ERR }), c.CommandCode.OK);
  t.deepEqual(d.events(eq), [], 'it still holds one');
  t.deepEqual(outcomes(finish(d, cq)), [[7, WcStatus.RETRY_EXC_ERR]]);
  t.deepEqual(
    d.poll(recvCq).map(x => [x.wrId, x.status, x.qpn, x.index]),
    [[1, WcStatus.WR_FLUSH_ERR, b.number, 1]],
  );
  const ofB = { type: EventType.LAST_WQE_REACHED, number: b.number, detail: 0 };
  t.deepEqual(
    d.events(eq).filter(e => e.number === b.number),
    [ofB],
  );
  d.send(other, { opcode: Opcode.SEND, gather, wrId: 8 });
  t.deepEqual(outcomes(finish(d, cq)), [[8, WcStatus.SUCCESS]]);
  t.deepEqual(
    d.poll(recvCq).map(x => [x.wrId, x.qpn]),
    [[2, last.number]],
  );
  t.is(d.modify(last, c.QpAttr.STATE, { state: c.QpState.ERR }), c.CommandCode.OK);
  d.target.settle();
  t.deepEqual(d.events(eq), [{ ...ofB, number: last.number }]);
  t.deepEqual(d.poll(recvCq), [], 'it had none');
});

test('a READ whose other end is reset in the middle ends with RETRY_EXC_ERR', t => {
  const { d, slices } = world();
  const { cq, a, b } = makeEnds(d);
  const from = remoteMemory(d, 2048);
  const remote = { address: from.iova, key: from.key };
  d.send(a, {
    opcode: Opcode.RDMA_READ,
    scatter: [{ address: d.alloc(2048), length: 2048 }],
    remote,
    wrId: 1,
  });
  slices(2);
  t.is(d.modify(b, c.QpAttr.STATE, { state: c.QpState.RESET }), c.CommandCode.OK);
  t.deepEqual(outcomes(finish(d, cq)), [[1, WcStatus.RETRY_EXC_ERR]]);
});

test('two queue pairs READ from each other and WRITE to each other at the same time', t => {
  const { d } = world();
  const { cq, a, b } = makeEnds(d);
  const one = remoteMemory(d, 3000, undefined, 1);
  const two = remoteMemory(d, 3000, undefined, 2);
  const [here, there] = [d.alloc(4096), d.alloc(4096)];
  const [toA, toB] = [remoteMemory(d, 3000, undefined, 3), remoteMemory(d, 3000, undefined, 4)];
  const read = (from: typeof one, to: number) => ({
    opcode: Opcode.RDMA_READ,
    scatter: [{ address: to, length: 3000 }],
    remote: { address: from.iova, key: from.key },
  });
  const write = (to: typeof one, from: number) => ({
    opcode: Opcode.RDMA_WRITE,
    gather: [{ address: from, length: 3000 }],
    remote: { address: to.iova, key: to.key },
  });
  d.send(a, read(one, here), write(toB, here));
  d.send(b, read(two, there), write(toA, there));
  t.deepEqual(
    finish(d, cq).map(x => x.status),
    [0, 0, 0, 0],
  );
  t.deepEqual(toB.get(), one.get());
  t.deepEqual(toA.get(), two.get());
});

/** The sender is reset between two packets of a message and connected again, with the number that its peer expects. */
function cutOff(type: number): {
  d: Driver;
  ends: ReturnType<typeof makeEnds>;
  to: number;
  from: Uint8Array;
} {
  const { d, slices } = world();
  const ends = makeEnds(d, type);
  const { a, b } = ends;
  const from = filled(d, 1000);
  const to = d.alloc(1024);
  d.recv(b, [{ address: to, length: 1024 }]);
  d.send(a, { opcode: Opcode.SEND, gather: [{ address: from.address, length: 1000 }], wrId: 1 });
  slices(2);
  d.modify(a, c.QpAttr.STATE, { state: c.QpState.RESET });
  a.send.producer = 0;
  a.recv!.producer = 0;
  d.connect(a, b.number, c.Mtu.MTU_256, d.queryQp(b).rqPsn);
  d.send(a, { opcode: Opcode.SEND, gather: [{ address: from.address + 1, length: 700 }], wrId: 2 });
  return { d, ends, to, from: from.bytes };
}

test('UC: a message that is cut off makes room for the next one, in the same receive', t => {
  const { d, ends, to, from } = cutOff(c.QpType.UC);
  t.deepEqual(outcomes(finish(d, ends.cq)), [[2, WcStatus.SUCCESS]]);
  t.deepEqual(
    d.poll(ends.recvCq).map(x => [x.wrId, x.status, x.byteCount]),
    [[0, WcStatus.SUCCESS, 700]],
  );
  t.deepEqual(d.target.readBytes(to, 700), from.slice(1, 701));
});

test('RC: a message that begins within another one is an invalid request', t => {
  const { d, ends } = cutOff(c.QpType.RC);
  t.deepEqual(outcomes(finish(d, ends.cq)), [[2, WcStatus.REM_INV_REQ_ERR]]);
  t.deepEqual(outcomes(d.poll(ends.recvCq)), [[0, WcStatus.WR_FLUSH_ERR]]);
  t.deepEqual(
    d.events(ends.eq).map(e => [e.type, e.number]),
    [
      [EventType.QP_REQUEST_ERROR, ends.b.number],
      [EventType.QP_FATAL, ends.a.number],
    ],
  );
});
