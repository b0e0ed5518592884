// SPDX-License-Identifier: MIT
// How a descriptor ends: where its bytes come from when a queue is flushed, what waits for a completion or an event that
// cannot be written yet, when a drained queue is told of.
import assert from 'node:assert/strict';
import { Access, Hold, QpAttr, QpState } from '../../device/abi/generated/commands.js';
import {
  CQE_SIZE,
  CQE_WR_ID_OFFSET,
  EventType,
  Opcode,
  WcStatus,
  WQE_WR_ID_OFFSET,
} from '../../device/abi/generated/descriptors.js';
import * as r from '../../device/abi/generated/registers.js';
import { Dma } from '../../device/model/ports.js';
import { filled } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import type { Cq, Qp, Work } from '../support/work.js';
import type { MutationCase } from './cases.js';

const PAGE = 4096;
const LONG = 3 * PAGE;
const SECRET = 0xdead0077;

class Station {
  readonly t = new InProcess();
  readonly d = new Driver(this.t).start();
  readonly eq = this.d.createEq(0);
  readonly cq = this.d.createCq(this.d.createEq(1));
  /** Of receives alone. */
  readonly recvCq = this.d.createCq(this.d.createEq(2));

  pair(): [Qp, Qp] {
    return this.d.pair({ sendCq: this.cq, recvCq: this.recvCq, logDepth: 5 });
  }

  channel(): Qp {
    return this.d.channel({ sendCq: this.cq, logDepth: 5 });
  }

  /** Lets go of what may run now; what waits for memory goes on waiting. */
  exhaust(): void {
    for (let n = 0; n < 1000 && this.t.step(); n++);
  }

  hole(address: number, answer: Dma): void {
    this.t.memory.setHole(address, PAGE, answer);
  }

  /** It can be reached again, and the adapter is told. */
  fill(address: number): void {
    this.hole(address, Dma.DONE);
    this.t.adapter.memoryChanged();
    this.exhaust();
  }

  to(qp: Qp, state: number, sqdEvent = 0): void {
    const mask = QpAttr.STATE | (sqdEvent === 0 ? 0 : QpAttr.SQD_EVENT);
    assert.equal(this.d.modify(qp, mask, { state, sqdEvent }), 0);
  }

  /** Id, its upper half, operation and status of each completion. */
  ends(cq: Cq = this.cq): number[][] {
    const first = cq.consumer;
    return this.d.poll(cq).map((c, n) => {
      const at = cq.address + ((first + n) % cq.depth) * CQE_SIZE + CQE_WR_ID_OFFSET + 4;
      return [c.wrId, new DataView(this.t.memory.u8.buffer).getUint32(at, true), c.opcode, c.status];
    });
  }

  long(opcode: number, wrId: number): Work {
    const list = () => [{ address: this.d.alloc(LONG), length: LONG }];
    return opcode === Opcode.COPY
      ? { opcode, wrId, gather: list(), scatter: list() }
      : { opcode, wrId, gather: list() };
  }
}

const onStation = (name: string, body: (s: Station) => void): MutationCase => ({
  name,
  run: () => body(new Station()),
});

const { NOP, COPY, FILL, SEND, RECV } = Opcode;
const { SUCCESS, WR_FLUSH_ERR, LOC_ACCESS_ERR, LOC_PROT_ERR, LOC_QP_OP_ERR } = WcStatus;
const hi = (value: number): readonly [number, number][] => [[WQE_WR_ID_OFFSET / 4 + 1, value]];

export const sendCases: readonly MutationCase[] = [
  onStation(
    'flushed: what waits in memory, in a push slot, or has begun, each by its own id and operation',
    s => {
      const { d } = s;
      // Nothing is said about what ran before: its bytes are still there.
      const ran = { opcode: COPY, wrId: SECRET, poke: hi(SECRET) };
      const flushed = (qp: Qp): number[][] => {
        s.to(qp, QpState.ERR);
        d.setLink(0);
        s.exhaust();
        return s.ends();
      };
      const rung = s.channel();
      d.send(rung, ran);
      s.exhaust();
      assert.deepEqual(s.ends(), [[SECRET, SECRET, COPY, SUCCESS]]);
      d.setLink(Hold.ENGINE);
      d.send(rung, { opcode: FILL, wrId: 5, poke: hi(6) });
      assert.deepEqual(flushed(rung), [[5, 6, FILL, WR_FLUSH_ERR]]);
      const pushed = s.channel();
      d.setLink(Hold.ENGINE);
      d.push(pushed, { opcode: FILL, wrId: 7, poke: hi(8) });
      s.hole(pushed.send.address, Dma.FAULT);
      assert.deepEqual(flushed(pushed), [[7, 8, FILL, WR_FLUSH_ERR]], 'no read of memory');
      const begun = s.channel();
      d.send(begun, { ...s.long(COPY, 9), poke: hi(10) });
      s.t.step();
      d.setLink(Hold.ENGINE);
      s.t.memory.u8.fill(0, begun.send.address, begun.send.address + PAGE);
      assert.deepEqual(flushed(begun), [[9, 10, COPY, WR_FLUSH_ERR]], 'its bytes are its own');
    },
  ),
  onStation(
    'flushed: what cannot be read is a NOP without an id, and what cannot be read yet is waited for',
    s => {
      const { d } = s;
      const [a] = s.pair();
      const self = d.createQp({ sendCq: s.cq, recvCq: s.recvCq });
      d.connect(self, self.number);
      d.recv(self, [], []);
      const ran = { opcode: SEND, wrId: SECRET, poke: hi(SECRET) };
      d.send(self, ran, ran);
      s.exhaust();
      assert.equal(s.ends().length, 2);
      assert.equal(s.ends(s.recvCq).at(-1)![0], 1, 'what the last receive leaves behind is not zero');
      for (const qp of [a, self]) {
        d.setLink(Hold.LINK);
        d.send(qp, { opcode: SEND, wrId: 1, poke: hi(2) });
        d.recv(qp, [{ address: d.alloc(64), length: 64 }]);
        for (const { address } of [qp.send, qp.recv!]) s.hole(address, qp === a ? Dma.NOT_YET : Dma.FAULT);
        s.to(qp, QpState.ERR);
        d.setLink(0);
        s.exhaust();
        if (qp === a) {
          assert.deepEqual([s.ends(), s.ends(s.recvCq)], [[], []]);
          s.fill(a.send.address);
          assert.deepEqual([s.ends(), s.ends(s.recvCq)], [[[1, 2, SEND, WR_FLUSH_ERR]], []]);
          s.fill(a.recv!.address);
          assert.deepEqual(s.ends(s.recvCq), [[0, 0, RECV, WR_FLUSH_ERR]]);
        } else {
          assert.deepEqual(s.ends(), [[0, 0, NOP, WR_FLUSH_ERR]]);
          assert.deepEqual(s.ends(s.recvCq), [[0, 0, RECV, WR_FLUSH_ERR]]);
        }
        s.exhaust();
        assert.deepEqual([s.ends(), s.ends(s.recvCq)], [[], []], 'once');
      }
    },
  ),
  onStation('nothing ends before its completion and its event can be written', s => {
    const { d } = s;
    for (const fails of [false, true]) {
      for (const state of [QpState.RTS, QpState.ERR]) {
        const [qp] = s.pair();
        d.events(s.eq);
        d.setLink(Hold.LINK);
        if (state === QpState.ERR) s.hole(s.cq.address, Dma.NOT_YET);
        d.send(qp, fails ? { opcode: 99, wrId: 1 } : { opcode: NOP, wrId: 1 });
        if (state === QpState.ERR) s.to(qp, state);
        s.hole(s.cq.address, Dma.NOT_YET);
        d.setLink(0);
        s.exhaust();
        assert.equal(d.queryQp(qp).sendConsumer, 0);
        s.fill(s.cq.address);
        assert.equal(d.queryQp(qp).sendConsumer, 1);
        assert.equal(s.ends().length, 1);
      }
    }
    const [qp] = s.pair();
    d.events(s.eq);
    s.hole(s.eq.address, Dma.NOT_YET);
    d.send(qp, { opcode: 99, wrId: 3 });
    s.exhaust();
    assert.deepEqual([s.ends(), d.queryQp(qp).sendConsumer, d.queryQp(qp).state], [[], 0, QpState.RTS]);
    s.fill(s.eq.address);
    assert.deepEqual(s.ends(), [[3, 0, 99, LOC_QP_OP_ERR]]);
    assert.deepEqual(d.events(s.eq), [
      { type: EventType.QP_FATAL, number: qp.number, detail: LOC_QP_OP_ERR },
    ]);
  }),
  onStation('receives that are flushed wait for the completion queue, too', s => {
    const { d } = s;
    const [qp] = s.pair();
    d.recv(qp, []);
    s.hole(s.recvCq.address, Dma.NOT_YET);
    s.to(qp, QpState.ERR);
    s.exhaust();
    assert.equal(d.queryQp(qp).recvConsumer, 0);
    s.fill(s.recvCq.address);
    assert.deepEqual([s.ends(s.recvCq).length, d.queryQp(qp).recvConsumer], [1, 1]);
  }),
  onStation('SQ_DRAINED is told when asked for, once, when what had begun has ended', s => {
    const { d } = s;
    const drained = (qp: Qp) => [{ type: EventType.SQ_DRAINED, number: qp.number, detail: 0 }];
    for (const asked of [0, 1]) {
      const qp = s.channel();
      d.send(qp, s.long(COPY, 1), { opcode: NOP, wrId: 2 });
      s.t.step();
      s.to(qp, QpState.SQD, asked);
      assert.deepEqual(d.events(s.eq), []);
      s.exhaust();
      assert.deepEqual(s.ends(), [[1, 0, COPY, SUCCESS]]);
      assert.deepEqual(d.events(s.eq), asked === 1 ? drained(qp) : []);
      s.to(qp, QpState.SQD);
      assert.deepEqual(d.events(s.eq), [], 'told once');
      s.to(qp, QpState.RTS);
      s.exhaust();
      assert.deepEqual(s.ends(), [[2, 0, NOP, SUCCESS]]);
      s.to(qp, QpState.SQD);
      assert.deepEqual(d.events(s.eq), [], 'not asked for again');
    }
  }),
  onStation('a drained queue whose event cannot be written yet has not drained', s => {
    const { d } = s;
    const qp = s.channel();
    d.send(qp, s.long(COPY, 1));
    s.t.step();
    s.to(qp, QpState.SQD, 1);
    s.hole(s.eq.address, Dma.NOT_YET);
    s.exhaust();
    assert.deepEqual([s.ends(), d.queryQp(qp).sendConsumer], [[], 0]);
    s.fill(s.eq.address);
    assert.deepEqual([s.ends().length, d.events(s.eq).length], [1, 1]);
  }),
  onStation(
    'a descriptor is as long as what was pushed, or as the stride, and counts as read when it was',
    s => {
      const { d } = s;
      const reads = (): number => d.readRegister(r.REG_COUNT_DESCRIPTOR_READS_OFFSET);
      const { address, bytes } = filled(d, 192);
      const to = d.alloc(192);
      // 64 bytes a stride; four entries of 16 behind a head of 32.
      const narrow = d.channel({ sendCq: s.cq, logStride: 6 });
      const gather = [0, 64, 128].map(n => ({ address: address + n, length: 64 }));
      d.push(narrow, { opcode: COPY, wrId: 1, gather, scatter: [{ address: to, length: 192 }] });
      s.exhaust();
      assert.deepEqual(s.ends(), [[1, 0, COPY, SUCCESS]]);
      assert.deepEqual(d.target.readBytes(to, 192), bytes);
      // More entries than the length that was pushed has room for.
      const cut = s.channel();
      const short = { opcode: COPY, wrId: 2, gather: [gather[0]!], scatter: [{ address: to, length: 64 }] };
      d.storePush(0, 0, d.encode(short, cut.send.producer).subarray(0, 48));
      d.post(cut.send, { opcode: NOP, wrId: 3 });
      d.trailer(0, 0, cut.number, 0, 48);
      s.exhaust();
      assert.equal(reads(), 0);
      assert.deepEqual(s.ends(), [[2, 0, COPY, LOC_QP_OP_ERR]]);
      const lost = s.channel();
      s.hole(lost.send.address, Dma.FAULT);
      d.send(lost, { opcode: NOP, wrId: 4 });
      s.exhaust();
      assert.equal(s.ends().at(-1)![3], LOC_ACCESS_ERR);
      assert.equal(reads(), 0, 'a read that failed is none');
    },
  ),
  onStation('a completion of a send is none that a receiver was asked to be told of', s => {
    const { d } = s;
    const eq = d.createEq(4);
    const cq = d.createCq(eq);
    const qp = d.channel({ sendCq: cq });
    d.arm(cq, true);
    d.send(qp, { opcode: NOP });
    s.exhaust();
    assert.deepEqual([d.poll(cq).map(c => c.solicited), d.events(eq)], [[false], []]);
    d.arm(cq);
    d.send(qp, { opcode: NOP });
    s.exhaust();
    assert.equal(d.events(eq).length, 1);
  }),
  onStation('both lists are checked whole before anything is moved', s => {
    const { d } = s;
    const { address } = filled(d, 128);
    const to = d.alloc(128);
    const key = d.registerWhole(d.pd, Access.LOCAL_WRITE);
    for (const bad of ['gather', 'scatter'] as const) {
      const range = (at: number, which: string, n: number) => ({
        address: at + 64 * n,
        length: 64,
        lkey: which === bad && n === 1 ? key + 1 : key,
      });
      const qp = s.channel();
      d.send(qp, {
        opcode: COPY,
        gather: [0, 1].map(n => range(address, 'gather', n)),
        scatter: [0, 1].map(n => range(to, 'scatter', n)),
      });
      s.exhaust();
      assert.deepEqual(s.ends()[0]![3], LOC_PROT_ERR);
      assert.deepEqual(d.target.readBytes(to, 128), new Uint8Array(128), bad);
    }
  }),
];
