// SPDX-License-Identifier: MIT
// CREATE_QP, DESTROY_QP and QUERY_QP where other cases do not look: the smallest that is refused, what a queue pair needs of
// the memory of its queues, who is let go when it is gone, and every field of the answer, each with a value of its own.
import assert from 'node:assert/strict';
import * as c from '../../device/abi/generated/commands.js';
import { Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import { PUSH_SLOTS, REG_COUNT_PUSH_FALLBACKS_OFFSET } from '../../device/abi/generated/registers.js';
import * as s from '../../device/abi/generated/state.js';
import type { Finding } from '../../device/model/diary.js';
import { rowOfQp } from '../../device/model/rows.js';
import { makeQueues } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import type { MutationCase } from './cases.js';

const { BAD_HANDLE, BAD_PARAMETER, NO_RESOURCE, OK } = c.CommandCode;
const { GSI, DMA } = c.QpType;

class Station {
  readonly t = new InProcess();
  readonly d = new Driver(this.t).start();
  readonly cq = makeQueues(this.d).cq;

  /** CREATE_QP with all that it needs and `change`; its status. */
  create(type: number, change: (i: Uint32Array) => void = () => {}): number {
    const { d, cq } = this;
    return d.tryCommand(c.Command.CREATE_QP, i => {
      c.setCmdCreateQpPd(i, 0, d.pd);
      c.setCmdCreateQpSendCqn(i, 0, cq.number);
      c.setCmdCreateQpType(i, 0, type);
      c.setCmdCreateQpSendLogDepth(i, 0, 4);
      c.setCmdCreateQpSendLogStride(i, 0, 8);
      c.setCmdCreateQpSendLkey(i, 0, d.key);
      if (type !== DMA) {
        c.setCmdCreateQpRecvCqn(i, 0, cq.number);
        c.setCmdCreateQpRecvLogDepth(i, 0, 4);
        c.setCmdCreateQpRecvLogStride(i, 0, 8);
        c.setCmdCreateQpRecvLkey(i, 0, d.key);
      }
      change(i);
    });
  }

  /** Field of the last refusal. */
  field(): unknown {
    return (this.t.adapter.controlOps.explain() as Finding[]).filter(f => f.code === 'command-refused').at(-1)
      ?.field;
  }
}

const onStation = (name: string, body: (s: Station) => void): MutationCase => ({
  name,
  run: () => body(new Station()),
});

/** Fields of the answer that stand in the row of the queue pair. */
const ANSWERED: readonly (readonly [
  put: (m: Uint32Array, w: number, v: number) => void,
  get: (m: Uint32Array, w: number) => number,
])[] = [
  [s.setQpDestQpn, c.cmdQpOutDestQpn],
  [s.setQpSqPsn, c.cmdQpOutSqPsn],
  [s.setQpRqPsn, c.cmdQpOutRqPsn],
  [s.setQpSendProducer, c.cmdQpOutSendProducer],
  [s.setQpSendConsumer, c.cmdQpOutSendConsumer],
  [s.setQpRecvProducer, c.cmdQpOutRecvProducer],
  [s.setQpRecvConsumer, c.cmdQpOutRecvConsumer],
  [s.setQpErrorStatus, c.cmdQpOutErrorStatus],
  [s.setQpErrorIndex, c.cmdQpOutErrorIndex],
  [s.setQpFaultAddress, c.cmdQpOutFaultAddress],
  [s.setQpFaultInfo, c.cmdQpOutFaultInfo],
  [s.setQpQkey, c.cmdQpOutQkey],
  [s.setQpAccess, c.cmdQpOutAccess],
  [s.setQpMaxRdAtomic, c.cmdQpOutMaxRdAtomic],
  [s.setQpMaxDestRdAtomic, c.cmdQpOutMaxDestRdAtomic],
  [s.setQpMinRnrTimer, c.cmdQpOutMinRnrTimer],
  [s.setQpTimeout, c.cmdQpOutTimeout],
  [s.setQpRetryCount, c.cmdQpOutRetryCount],
  [s.setQpRnrRetry, c.cmdQpOutRnrRetry],
  [s.setQpPort, c.cmdQpOutPort],
  [s.setQpFlags, c.cmdQpOutFlags],
  [s.setQpSrqn, c.cmdQpOutSrqn],
];

export const pairCases: readonly MutationCase[] = [
  onStation(
    'CREATE_QP: the first bit that is reserved; queues in memory that nothing may be written to',
    x => {
      const { d } = x;
      assert.equal(
        x.create(DMA, i => i.fill(65536, 5, 6)),
        BAD_PARAMETER,
      );
      assert.equal(x.field(), 'reserved');
      assert.equal(x.create(DMA), OK);
      const readOnly = d.registerWhole(d.pd, 0);
      const inIt = (i: Uint32Array): void => {
        c.setCmdCreateQpSendLkey(i, 0, readOnly);
        c.setCmdCreateQpRecvLkey(i, 0, readOnly);
      };
      assert.equal(x.create(c.QpType.RC, inIt), OK);
    },
  ),
  onStation('CREATE_QP: each queue is as large as its depth and its stride say', x => {
    const { d } = x;
    const key = d.registerPages([d.alloc(4096)], 0, 4096);
    const send = (i: Uint32Array): void => c.setCmdCreateQpSendLkey(i, 0, key);
    const recv = (i: Uint32Array): void => c.setCmdCreateQpRecvLkey(i, 0, key);
    assert.equal(x.create(c.QpType.RC, send), OK);
    assert.equal(x.create(c.QpType.RC, recv), OK);
    for (const [field, put, larger] of [
      ['send_lkey', send, c.setCmdCreateQpSendLogDepth],
      ['recv_lkey', recv, c.setCmdCreateQpRecvLogDepth],
    ] as const) {
      const status = x.create(c.QpType.RC, i => {
        put(i);
        larger(i, 0, 5);
      });
      assert.deepEqual([status, x.field()], [BAD_HANDLE, field]);
    }
  }),
  onStation('DESTROY_QP: what it refuses, and the number of GSI is free only when that is destroyed', x => {
    const { d } = x;
    assert.equal(d.destroy(c.Command.DESTROY_QP, 0), BAD_HANDLE);
    const reserved = d.tryCommand(c.Command.DESTROY_QP, i => {
      i.fill(1, 1, 2);
    });
    assert.deepEqual([reserved, x.field()], [BAD_PARAMETER, 'reserved']);
    const other = d.createQp({ sendCq: x.cq });
    assert.equal(x.create(GSI), OK);
    assert.equal(d.destroy(c.Command.DESTROY_QP, other.number), OK);
    assert.equal(x.create(GSI), NO_RESOURCE);
    assert.equal(d.destroy(c.Command.DESTROY_QP, c.GSI_QPN), OK);
    assert.equal(x.create(GSI), OK);
  }),
  onStation('a queue pair in SQE goes on with MODIFY_QP to RTS, which takes what its type has', x => {
    const { d, cq } = x;
    const { STATE, CUR_STATE, ACCESS, QKEY } = c.QpAttr;
    for (const [type, own, foreign] of [
      [c.QpType.UC, ACCESS, QKEY],
      [c.QpType.UD, QKEY, ACCESS],
      [GSI, QKEY, ACCESS],
    ] as const) {
      const qp = d.createQp({ sendCq: cq, type });
      d.connect(qp, qp.number);
      for (const mask of [STATE, STATE | CUR_STATE | own]) {
        d.send(qp, { opcode: 99 });
        x.t.settle();
        assert.deepEqual([d.poll(cq).length, d.queryQp(qp).state], [1, c.QpState.SQE]);
        const going = { state: c.QpState.RTS, curState: mask === STATE ? 0 : c.QpState.SQE };
        assert.equal(d.modify(qp, mask | foreign, going), BAD_PARAMETER);
        assert.equal(x.field(), 'attr_mask');
        assert.equal(d.modify(qp, mask, going), OK, `${type}`);
        d.send(qp, { opcode: Opcode.NOP });
        x.t.settle();
        assert.deepEqual(
          d.poll(cq).map(e => e.status),
          [WcStatus.SUCCESS],
        );
      }
    }
  }),
  onStation('who waits for a receive of a queue pair that is destroyed waits no more', x => {
    const { d, t, cq } = x;
    const [a, b] = d.pair({ sendCq: cq });
    d.send(a, { opcode: Opcode.SEND, wrId: 4 });
    t.settle();
    assert.deepEqual(d.poll(cq), []);
    assert.equal(d.destroy(c.Command.DESTROY_QP, b.number), OK);
    t.settle();
    assert.deepEqual(
      d.poll(cq).map(e => [e.wrId, e.status]),
      [[4, WcStatus.RETRY_EXC_ERR]],
    );
  }),
  onStation('a queue pair that is destroyed runs nothing any more', x => {
    const { d, t, cq } = x;
    const qp = d.channel({ sendCq: cq });
    d.setLink(c.Hold.ENGINE);
    d.send(qp, { opcode: Opcode.NOP });
    d.push(qp, { opcode: Opcode.NOP });
    assert.equal(d.destroy(c.Command.DESTROY_QP, qp.number), OK);
    d.setLink(0);
    assert.equal(t.step(), false);
    assert.deepEqual(d.poll(cq), []);
    assert.equal(d.destroy(c.Command.QUERY_QP, qp.number), BAD_HANDLE);
    // Nor does it keep a slot of the scheduler.
    d.setLink(c.Hold.ENGINE);
    const next = d.channel({ sendCq: cq });
    assert.equal(next.number, qp.number);
    for (let n = 0; n < PUSH_SLOTS; n++) d.push(next, { opcode: Opcode.NOP });
    assert.equal(d.readRegister(REG_COUNT_PUSH_FALLBACKS_OFFSET), 0);
    d.setLink(0);
    t.settle();
    assert.equal(d.poll(cq).length, PUSH_SLOTS);
  }),
  onStation('QUERY_QP: each field is its own', x => {
    const { d, t, cq } = x;
    const qp = d.channel({ sendCq: cq });
    const row = rowOfQp(qp.number);
    const m = t.region.u32;
    // Nothing may run with what follows.
    d.setLink(c.Hold.ENGINE | c.Hold.LINK);
    const before = m.slice(row, row + s.QP_WORDS);
    ANSWERED.forEach(([put], n) => {
      put(m, row, n + 1);
    });
    const out = d.rawQp(qp);
    assert.deepEqual(
      ANSWERED.map(([, get]) => get(out, 0)),
      ANSWERED.map((_, n) => n + 1),
    );
    assert.deepEqual([c.cmdQpOutState(out, 0), c.cmdQpOutType(out, 0)], [c.QpState.RTS, DMA]);
    m.set(before, row);
  }),
  onStation('QUERY_QP: the code of an MTU, what drains, and what it refuses', x => {
    const { d, t, cq } = x;
    const qp = d.channel({ sendCq: cq });
    const row = rowOfQp(qp.number);
    const m = t.region.u32;
    for (const [bytes, code] of [
      [0, 0],
      [256, 1],
      [512, 2],
      [1024, 3],
      [2048, 4],
      [4096, 5],
    ]) {
      s.setQpMtuBytes(m, row, bytes);
      assert.equal(d.queryQp(qp).mtu, code, `${bytes}`);
    }
    for (const [state, active, draining] of [
      [c.QpState.RTS, 0, 0],
      [c.QpState.RTS, 1, 0],
      [c.QpState.SQD, 0, 0],
      [c.QpState.SQD, 1, 1],
    ]) {
      s.setQpState(m, row, state);
      s.setQpActive(m, row, active);
      assert.equal(c.cmdQpOutDraining(d.rawQp(qp), 0), draining, `${state} ${active}`);
    }
    s.setQpActive(m, row, 0);
    assert.equal(d.destroy(c.Command.QUERY_QP, 0), BAD_HANDLE);
    assert.equal(d.destroy(c.Command.QUERY_QP, 999), BAD_HANDLE);
    const reserved = d.tryCommand(c.Command.QUERY_QP, i => i.fill(qp.number, 0, 2));
    assert.deepEqual([reserved, x.field()], [BAD_PARAMETER, 'reserved']);
  }),
];
