// SPDX-License-Identifier: MIT
// What the adapter remembers of stores that did nothing, or not what they were meant to: every register, every reason.
import assert from 'node:assert/strict';
import { Command, Hold, QpAttr, QpState, QpType } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import * as r from '../../device/abi/generated/registers.js';
import type { Finding } from '../../device/model/diary.js';
import { makeQueues } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import { bufferOffset } from '../support/work.js';
import type { MutationCase } from './cases.js';

const NOP = { opcode: Opcode.NOP };
const LENGTH = 32;

interface Station {
  readonly t: InProcess;
  readonly d: Driver;
  /** Findings with this code, without it. */
  of(code: string): Record<string, unknown>[];
}

const onStation = (name: string, body: (s: Station) => void): MutationCase => ({
  name,
  run: () => {
    const t = new InProcess();
    const of = (code: string) =>
      (t.adapter.controlOps.explain() as Finding[])
        .filter(f => f.code === code)
        .map(({ code: _code, ...fields }) => fields);
    body({ t, d: new Driver(t).start(), of });
  },
});

/** The findings of refused doorbells with one register, shorn of what is the same everywhere. */
const refusedAt = (s: Station, register: string) =>
  s
    .of('doorbell-refused')
    .filter(f => f.register === register)
    .map(({ register: _register, severity, ...fields }) => {
      assert.equal(severity, 'problem');
      return fields;
    });

export const diaryCases: readonly MutationCase[] = [
  onStation('each push that ran as a doorbell is remembered with its reason', s => {
    const { d } = s;
    const { cq } = makeQueues(d);
    const qp = d.channel({ sendCq: cq, logDepth: 6 });
    d.setLink(Hold.ENGINE);
    const whole = (): void => d.storePush(0, 0, d.encode(NOP, qp.send.producer));
    const reasons: [string, () => void, number, (number | undefined)?, number?][] = [
      ['wrong-buffer', whole, LENGTH, undefined, 1],
      ['wrong-generation', whole, LENGTH, 99],
      ['bad-length', whole, 16],
      ['incomplete', () => d.storePush(0, 0, new Uint8Array(16)), LENGTH],
      ['incomplete', () => d.storePush(0, 0, new Uint8Array(40)), LENGTH],
      [
        'torn',
        () => {
          whole();
          d.storeAt(bufferOffset(0, 0), new Uint8Array(8));
        },
        LENGTH,
      ],
    ];
    for (const [why, store, length, generation, named] of reasons) {
      store();
      const index = qp.send.producer;
      d.post(qp.send, NOP);
      d.trailer(0, 0, qp.number, index, length, generation, named);
      const { times: _times, ...last } = s.of('push-fallback').at(-1)!;
      assert.deepEqual(last, {
        ...{ severity: 'note', page: 0, buffer: 0, qpn: qp.number, why, index, producer: index },
      });
    }
    d.post(qp.send, NOP);
    d.push(qp, NOP, { buffer: 2 });
    for (let n = 0; n < r.PUSH_SLOTS + 1; n++) d.push(qp, NOP, { buffer: 3 });
    const [notNext, noSlot] = s.of('push-fallback').slice(-2);
    assert.deepEqual([notNext.why, notNext.buffer, notNext.index, notNext.producer], ['not-next', 2, 7, 6]);
    assert.deepEqual([noSlot.why, noSlot.buffer, noSlot.index], ['no-slot', 3, 8 + r.PUSH_SLOTS]);
  }),
  onStation(
    'a descriptor of 16 bytes is none, and one of more than a buffer neither, whatever was stored',
    s => {
      const { d, t } = s;
      const { cq } = makeQueues(d);
      const qp = d.channel({ sendCq: cq });
      for (const [stored, length] of [
        [0, 0],
        [16, 16],
        [256, 272],
        [256, 4080],
      ]) {
        d.storePush(0, 0, new Uint8Array(stored));
        const index = qp.send.producer;
        d.post(qp.send, { ...NOP, wrId: 5 });
        d.trailer(0, 0, qp.number, index, length);
        t.settle();
        assert.deepEqual(
          d.poll(cq).map(c => [c.wrId, c.status]),
          [[5, 0]],
          `${length} bytes`,
        );
        assert.equal(s.of('push-fallback').at(-1)!.why, 'bad-length');
      }
    },
  ),
  onStation('each doorbell that was refused or ignored is remembered with register, queue and reason', s => {
    const { d } = s;
    const { eq, cq } = makeQueues(d);
    const page = d.create(Command.ALLOC_PAGE);
    const [a, b] = d.pair({ sendCq: cq, logDepth: 2 });
    const number = a.number;
    const idle = d.createQp({ sendCq: cq, type: QpType.RC });
    const channel = d.channel({ sendCq: cq });
    const unknown = { why: 'unknown-queue', times: 1 };
    const other = { why: 'other-page', ownerPage: 0, times: 1 };
    for (const [name, register] of [
      ['SEND', r.DB_SEND_OFFSET],
      ['RECV', r.DB_RECV_OFFSET],
    ] as const) {
      d.doorbell(0, register, 999, 1);
      d.doorbell(page, register, number, 1);
      d.doorbell(0, register, idle.number, 1);
      d.doorbell(0, register, number, 5);
      d.doorbell(0, register, number, 2);
      d.doorbell(0, register, number, 7);
      const queue = 'qp';
      const far = { why: 'index-too-far', producer: 2, consumer: 0, depth: 4 };
      assert.deepEqual(refusedAt(s, name), [
        { page: 0, queue, number: 999, ...unknown },
        { page, queue, number, ...other },
        { page: 0, queue, number: idle.number, why: 'wrong-state', state: 'RESET', times: 1 },
        { page: 0, queue, number, ...far, index: 7, times: 2 },
      ]);
      for (const index of [2, 1, 65535]) d.doorbell(0, register, number, index);
      assert.deepEqual(s.of('doorbell-ignored').at(-1), {
        ...{ severity: 'note', page: 0, register: name, number, why: 'already-taken' },
        ...{ index: 65535, producer: 2, times: 3 },
      });
    }
    d.doorbell(0, r.DB_RECV_OFFSET, channel.number, 1);
    assert.equal(refusedAt(s, 'RECV').at(-1)!.why, 'no-receive-queue');
    for (const [name, register] of [
      ['CQ_ARM', r.DB_CQ_ARM_OFFSET],
      ['CQ_UPDATE', r.DB_CQ_UPDATE_OFFSET],
    ] as const) {
      d.doorbell(0, register, 999, 1);
      d.doorbell(page, register, cq.number, 1);
      assert.deepEqual(refusedAt(s, name), [
        { page: 0, queue: 'cq', number: 999, ...unknown },
        { page, queue: 'cq', number: cq.number, ...other },
      ]);
    }
    const srq = d.createSrq({ logDepth: 2 });
    d.doorbell(0, r.DB_SRQ_OFFSET, 999, 1);
    d.doorbell(page, r.DB_SRQ_OFFSET, srq.number, 1);
    d.doorbell(0, r.DB_SRQ_OFFSET, srq.number, 2);
    d.doorbell(0, r.DB_SRQ_OFFSET, srq.number, 5);
    assert.deepEqual(refusedAt(s, 'SRQ'), [
      { page: 0, queue: 'srq', number: 999, ...unknown },
      { page, queue: 'srq', number: srq.number, ...other },
      {
        ...{ page: 0, queue: 'srq', number: srq.number, why: 'index-too-far' },
        ...{ index: 5, producer: 2, consumer: 0, depth: 4, times: 1 },
      },
    ]);
    for (const index of [2, 1]) d.doorbell(0, r.DB_SRQ_OFFSET, srq.number, index);
    assert.deepEqual(s.of('doorbell-ignored').at(-1), {
      ...{ severity: 'note', page: 0, register: 'SRQ', number: srq.number, why: 'already-taken' },
      ...{ index: 1, producer: 2, times: 2 },
    });
    d.doorbell(0, r.DB_SRQ_OFFSET, srq.number, 4);
    const shared = d.createQp({ sendCq: cq, srq });
    d.connect(shared, b.number);
    d.doorbell(0, r.DB_RECV_OFFSET, shared.number, 1);
    assert.deepEqual(refusedAt(s, 'RECV').at(-1), {
      ...{ page: 0, queue: 'qp', number: shared.number, why: 'shared-queue', srqn: srq.number, times: 1 },
    });
    d.doorbell(0, r.DB_EQ_ARM_OFFSET, 60, 0);
    d.doorbell(page, r.DB_EQ_ARM_OFFSET, eq.number, 0);
    assert.deepEqual(refusedAt(s, 'EQ_ARM'), [
      { page: 0, queue: 'eq', number: 60, ...unknown },
      { page, queue: 'eq', number: eq.number, why: 'kernel-page-only', times: 1 },
    ]);
    d.doorbell(77, r.DB_SEND_OFFSET, number, 1);
    assert.deepEqual(refusedAt(s, '?'), [{ page: 77, why: 'page-not-allocated', times: 1 }]);
    // Trailers: another page, beyond the queue, taken already.
    d.trailer(page, 0, b.number, 0, LENGTH);
    d.trailer(0, 0, b.number, 4, LENGTH);
    d.doorbell(0, r.DB_SEND_OFFSET, b.number, 1);
    d.trailer(0, 0, b.number, 0, LENGTH);
    assert.deepEqual(refusedAt(s, 'TRAILER'), [
      { page, queue: 'qp', number: b.number, ...other },
      {
        ...{ page: 0, queue: 'qp', number: b.number, why: 'index-too-far' },
        ...{ index: 5, producer: 0, consumer: 0, depth: 4, times: 1 },
      },
    ]);
    assert.equal(s.of('doorbell-ignored').at(-1)!.register, 'TRAILER');
  }),
  onStation('half of the index range ahead is behind, one less is too far', s => {
    const { d, t } = s;
    const { cq } = makeQueues(d);
    const qp = d.channel({ sendCq: cq, logDepth: 4 });
    const ignored = (): number => d.readRegister(r.REG_COUNT_IGNORED_OFFSET);
    const refused = (): number => d.readRegister(r.REG_COUNT_REFUSED_OFFSET);
    d.trailer(0, 0, qp.number, 32768, LENGTH);
    assert.deepEqual([ignored(), refused()], [1, 0]);
    d.trailer(0, 0, qp.number, 32767, LENGTH);
    assert.deepEqual([ignored(), refused()], [1, 1]);
    for (const register of [r.DB_SEND_OFFSET, r.DB_RECV_OFFSET]) {
      const [a] = d.pair({ sendCq: cq, logDepth: 4 });
      const before = [ignored(), refused()];
      d.doorbell(0, register, a.number, 32769);
      assert.deepEqual([ignored(), refused()], [before[0] + 1, before[1]]);
      d.doorbell(0, register, a.number, 32768);
      assert.deepEqual([ignored(), refused()], [before[0] + 1, before[1] + 1]);
    }
    const srq = d.createSrq({ logDepth: 4 });
    const before = [ignored(), refused()];
    d.doorbell(0, r.DB_SRQ_OFFSET, srq.number, 32769);
    d.doorbell(0, r.DB_SRQ_OFFSET, srq.number, 32768);
    assert.deepEqual([ignored(), refused()], [before[0] + 1, before[1] + 1]);
    t.settle();
    assert.deepEqual(d.poll(cq), []);
  }),
  onStation('what does not exist belongs to no page', s => {
    const { d, t } = s;
    makeQueues(d);
    const pages = [0, ...Array.from({ length: 20 }, () => d.create(Command.ALLOC_PAGE))];
    const registers = [
      r.DB_SEND_OFFSET,
      r.DB_RECV_OFFSET,
      r.DB_SRQ_OFFSET,
      r.DB_CQ_ARM_OFFSET,
      r.DB_CQ_UPDATE_OFFSET,
    ];
    for (const page of pages) for (const register of registers) d.doorbell(page, register, 999, 1);
    assert.equal(d.readRegister(r.REG_COUNT_REFUSED_OFFSET), pages.length * registers.length);
    assert.equal(d.readRegister(r.REG_COUNT_DOORBELLS_OFFSET), 0);
    assert.equal(t.step(), false);
  }),
  onStation(
    'accesses to a doorbell page that no register takes are remembered with place, size and reason',
    s => {
      const { d, t } = s;
      const page = d.create(Command.ALLOC_PAGE);
      const base = page * r.DOORBELL_PAGE_BYTES;
      const area = base + r.PRIORITY_AREA_OFFSET;
      const bad: [number, number, string][] = [
        [base + r.DB_SEND_OFFSET, 4, 'size'],
        [base + 0x100, 8, 'no-register'],
        [area + r.PUSH_BUFFER_STRIDE + r.PUSH_BUFFER_BYTES - 4, 8, 'size'],
      ];
      for (const [offset, size] of bad) t.store(r.DOORBELL_BAR, offset, size, 1, 0);
      assert.deepEqual(
        s.of('bad-access'),
        bad.map(([offset, size, why]) => ({
          ...{ severity: 'problem', bar: r.DOORBELL_BAR, offset, size, write: true, why, times: 1 },
        })),
      );
      assert.equal(d.readRegister(r.REG_COUNT_BAD_ACCESSES_OFFSET), bad.length);
      assert.deepEqual(s.of('doorbell-refused'), []);
    },
  ),
  onStation('a state is told by its name', s => {
    const { d } = s;
    const { cq } = makeQueues(d);
    const qp = d.createQp({ sendCq: cq, type: QpType.DMA });
    assert.equal(d.modify(qp, QpAttr.STATE, { state: QpState.INIT }), 0);
    d.doorbell(0, r.DB_SEND_OFFSET, qp.number, 1);
    assert.deepEqual(refusedAt(s, 'SEND'), [
      { page: 0, queue: 'qp', number: qp.number, why: 'wrong-state', state: 'INIT', times: 1 },
    ]);
  }),
];
