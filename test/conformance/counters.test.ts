// SPDX-License-Identifier: MIT
// Counters of queue pairs, port and doorbell pages: what each counts, that they carry over 32 bits, and that a step which
// does not happen counts nothing.
import test from 'ava';
import * as c from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import { REG_RESET_OFFSET, RESET_MAGIC } from '../../device/abi/generated/registers.js';
import * as s from '../../device/abi/generated/state.js';
import { Dma } from '../../device/model/ports.js';
import { filled, finish, makeQueues } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import type { Qp } from '../support/work.js';

type Get = (m: Uint32Array, w: number) => number;

function station(): { target: InProcess; d: Driver } {
  const target = new InProcess();
  return { target, d: new Driver(target).start() };
}

const QP_COUNTERS: Readonly<Record<string, Get>> = {
  txMessages: c.cmdQpCountersTxMessages,
  txBytes: c.cmdQpCountersTxBytes,
  rxMessages: c.cmdQpCountersRxMessages,
  rxBytes: c.cmdQpCountersRxBytes,
  pushed: c.cmdQpCountersPushed,
  rung: c.cmdQpCountersRung,
  errors: c.cmdQpCountersErrors,
  flushed: c.cmdQpCountersFlushed,
  rxRequests: c.cmdQpCountersRxRequests,
  rxDropped: c.cmdQpCountersRxDropped,
};

/** The counters of a queue pair that are not zero. */
function of(d: Driver, qp: Qp): Record<string, number> {
  const out = d.counters(c.CounterKind.QP, qp.number);
  const all = Object.entries(QP_COUNTERS).map(([name, get]) => [name, get(out, 0)] as const);
  return Object.fromEntries(all.filter(([, value]) => value !== 0));
}

test('messages, bytes and the way in, at both ends; errors and what is flushed', t => {
  const { d } = station();
  const { cq } = makeQueues(d);
  const [a, b] = d.pair({ sendCq: cq }, c.Mtu.MTU_256);
  const from = filled(d, 4096).address;
  const to = d.alloc(4096);
  const gather = [{ address: from, length: 700 }];
  d.recv(b, ...Array.from({ length: 3 }, () => [{ address: to, length: 700 }]));
  d.send(a, { opcode: Opcode.SEND, gather }, { opcode: Opcode.SEND, gather: [{ address: from, length: 9 }] });
  d.push(a, { opcode: Opcode.NOP });
  finish(d, cq);
  t.deepEqual(of(d, a), { txMessages: 3, txBytes: 709, pushed: 1, rung: 2 });
  t.deepEqual(of(d, b), { rxMessages: 2, rxBytes: 709 });
  d.send(a, { opcode: 99 }, { opcode: Opcode.NOP }, { opcode: Opcode.NOP });
  finish(d, cq);
  t.deepEqual(of(d, a), {
    ...{ txMessages: 3, txBytes: 709, pushed: 1, rung: 3, errors: 1 },
    flushed: 2,
  });
  t.is(d.modify(b, c.QpAttr.STATE, { state: c.QpState.ERR }), c.CommandCode.OK);
  finish(d, cq);
  t.deepEqual(of(d, b), { rxMessages: 2, rxBytes: 709, flushed: 1 });
});

test('the port counts every frame and its bytes, both ways on a loopback; a reset clears that', t => {
  const { d } = station();
  const { cq } = makeQueues(d);
  const [a, b] = d.pair({ sendCq: cq }, c.Mtu.MTU_256);
  const from = filled(d, 4096).address;
  d.recv(b, [{ address: d.alloc(4096), length: 700 }]);
  d.send(a, { opcode: Opcode.SEND, gather: [{ address: from, length: 700 }] });
  finish(d, cq);
  const port = (): number[] => {
    const out = d.counters(c.CounterKind.PORT);
    return [
      c.cmdPortCountersTxPackets,
      c.cmdPortCountersRxPackets,
      c.cmdPortCountersTxBytes,
      c.cmdPortCountersRxBytes,
    ].map(get => get(out, 0));
  };
  // Ethernet 14, IPv4 20, UDP 8, BTH 12, ICRC 4; padding of payloads to 4 bytes; an AETH of 4.
  const frame = 58;
  const bytes = 3 * frame + 256 + 256 + 188 + (frame + 4);
  t.deepEqual(port(), [4, 4, bytes, bytes]);
  d.writeRegister(REG_RESET_OFFSET, RESET_MAGIC);
  d.start();
  t.deepEqual(port(), [0, 0, 0, 0]);
});

test('counters carry over 32 bits', t => {
  const { target, d } = station();
  const { cq } = makeQueues(d);
  const qp = d.channel({ sendCq: cq });
  const row = s.QP_TABLE + qp.number * s.QP_WORDS;
  const m = target.region.u32;
  for (const word of [row + s.QP_COUNT_RUNG_OFFSET / 4, s.DPAGE_TABLE + s.DPAGE_COUNT_DOORBELLS_OFFSET / 4])
    m[word] = 0xffffffff;
  d.send(qp, { opcode: Opcode.NOP });
  finish(d, cq);
  t.is(c.cmdQpCountersRung(d.counters(c.CounterKind.QP, qp.number), 0), 2 ** 32);
  t.is(c.cmdPageCountersDoorbells(d.counters(c.CounterKind.PAGE), 0), 2 ** 32);
});

test('a step that has to wait counts once, when it happens', t => {
  const { target, d } = station();
  const { cq } = makeQueues(d);
  const qp = d.channel({ sendCq: cq });
  target.memory.setHole(qp.send.address, 4096, Dma.NOT_YET);
  d.send(qp, { opcode: Opcode.NOP });
  for (let n = 0; n < 5; n++) {
    target.adapter.memoryChanged();
    while (target.step());
  }
  t.deepEqual(of(d, qp), {});
  target.memory.setHole(qp.send.address, 4096, Dma.DONE);
  target.adapter.memoryChanged();
  t.is(finish(d, cq).length, 1);
  t.deepEqual(of(d, qp), { txMessages: 1, rung: 1 });
});
