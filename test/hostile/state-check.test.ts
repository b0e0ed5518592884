// SPDX-License-Identifier: MIT
// A state region with objects of every kind is taken over; with one word of it changed to something that no command can
// have made, it is refused.
import test from 'ava';
import { Command, Hold, Mtu, QpFlag, QpState, QpType } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import { PUSH_SLOTS } from '../../device/abi/generated/registers.js';
import * as s from '../../device/abi/generated/state.js';
import { createAdapter } from '../../device/model/adapter.js';
import { StateRefused } from '../../device/model/ports.js';
import { makeQueues } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';

interface Made {
  readonly target: InProcess;
  readonly rows: Readonly<Record<string, number>>;
}

const qpAt = (n: number): number => s.QP_TABLE + n * s.QP_WORDS;

/** One object of each kind, a message half sent, a shared receive taken. */
function make(): Made {
  const target = new InProcess();
  const d = new Driver(target).start();
  const { cq } = makeQueues(d, 4);
  const srq = d.createSrq({ logDepth: 3, limit: 2 });
  const [a, b] = d.pair({ sendCq: cq, srq, flags: QpFlag.PRIVILEGED }, Mtu.MTU_256);
  const gsi = d.datagram({ sendCq: cq, type: QpType.GSI });
  const dma = d.channel({ sendCq: cq });
  const ah = d.createAh();
  d.modifyCq(cq, 4, 100);
  d.arm(cq);
  d.recvShared(srq, [{ address: d.alloc(4096), length: 2000 }], []);
  d.send(a, { opcode: Opcode.SEND, gather: [{ address: d.alloc(4096), length: 2000 }] });
  target.step();
  target.adapter.control({ kind: 'stop' });
  return {
    target,
    rows: {
      ...{ a: qpAt(a.number), b: qpAt(b.number), gsi: qpAt(gsi.number), dma: qpAt(dma.number) },
      srq: s.SRQ_TABLE + srq.number * s.SRQ_WORDS,
      ah: s.AH_TABLE + ah * s.AH_WORDS,
      gid: s.GID_TABLE,
      cq: s.CQ_TABLE + cq.number * s.CQ_WORDS,
      head: 0,
    },
  };
}

/** Row, byte offset in it, and what cannot stand there. */
const DAMAGE: readonly (readonly [row: string, offset: number, ...values: number[]])[] = [
  ['head', s.ST_HOLD_OFFSET, 8],
  ['head', s.ST_GSI_USED_OFFSET, 0, 2],
  ['head', s.ST_SRQ_HIGH_OFFSET, s.SRQ_COUNT + 1],
  ['head', s.ST_AH_HIGH_OFFSET, s.AH_COUNT + 1],
  ['a', s.QP_TYPE_OFFSET, QpType.GSI, 5],
  ['a', s.QP_STATE_OFFSET, QpState.SQE, 7],
  ['a', s.QP_FLAGS_OFFSET, 2],
  ['a', s.QP_SRQN_OFFSET, 0, 2, s.SRQ_COUNT],
  ['a', s.QP_RECV_PRODUCER_OFFSET, 1],
  ['a', s.QP_MTU_BYTES_OFFSET, 0, 255, 8192],
  ['a', s.QP_HAS_AV_OFFSET, 0, 2],
  ['a', s.QP_SGID_INDEX_OFFSET, s.GID_COUNT],
  ['a', s.QP_FLOW_LABEL_OFFSET, 2 ** 20],
  ['a', s.QP_HOP_LIMIT_OFFSET, 256],
  ['a', s.QP_TRAFFIC_CLASS_OFFSET, 256],
  ['a', s.QP_DMAC_HI_OFFSET, 65536],
  ['a', s.QP_UDP_SPORT_OFFSET, 5, 65536],
  ['a', s.QP_ACCESS_OFFSET, 1, 16],
  ['a', s.QP_PORT_OFFSET, 2],
  ['a', s.QP_SQ_PSN_OFFSET, 2 ** 24],
  ['a', s.QP_MAX_RD_ATOMIC_OFFSET, 17],
  ['a', s.QP_MAX_DEST_RD_ATOMIC_OFFSET, 17],
  ['a', s.QP_MIN_RNR_TIMER_OFFSET, 32],
  ['a', s.QP_TIMEOUT_OFFSET, 32],
  ['a', s.QP_RETRY_COUNT_OFFSET, 8],
  ['a', s.QP_RNR_RETRY_OFFSET, 8],
  ['a', s.QP_SQD_EVENT_OFFSET, 2],
  ['a', s.QP_ACTIVE_DONE_OFFSET, 2000],
  ['b', s.QP_RECV_DONE_OFFSET, 2001],
  ['b', s.QP_RECV_INDEX_OFFSET, 5],
  ['b', s.QP_RECV_LOG_STRIDE_AT_OFFSET, 10],
  ['b', s.QP_RESP_ACTIVE_OFFSET, 2],
  ['b', s.QP_RESP_PSN_OFFSET, 2 ** 24],
  ['gsi', s.QP_USED_OFFSET, 0],
  ['gsi', s.QP_TYPE_OFFSET, QpType.UD],
  ['dma', s.QP_SRQN_OFFSET, 1],
  ['srq', s.SRQ_USED_OFFSET, 0, 2],
  ['srq', s.SRQ_PD_OFFSET, 0, 99],
  ['srq', s.SRQ_PAGE_OFFSET, 99],
  ['srq', s.SRQ_LKEY_OFFSET, 0],
  ['srq', s.SRQ_ADDRESS_OFFSET, 8],
  ['srq', s.SRQ_LOG_DEPTH_OFFSET, 0, 16],
  ['srq', s.SRQ_LOG_STRIDE_OFFSET, 5, 10],
  ['srq', s.SRQ_PRODUCER_OFFSET, 10, 65536],
  ['srq', s.SRQ_LIMIT_OFFSET, 9],
  ['srq', s.SRQ_USERS_OFFSET, 1],
  ['srq', s.SRQ_FAILED_OFFSET, 2],
  ['ah', s.AH_USED_OFFSET, 2],
  ['ah', s.AH_PD_OFFSET, 0],
  ['ah', s.AH_SGID_INDEX_OFFSET, 32],
  ['ah', s.AH_UDP_SPORT_OFFSET, 1],
  ['gid', s.GID_TYPE_OFFSET, 2],
  ['gid', s.GID_MAC_HI_OFFSET, 65536],
  ['gid', s.GID_UNTOLD_OFFSET, 2],
  ['cq', s.CQ_GATHERED_OFFSET, 65536],
];

const takeOver = ({ target }: Made): void => {
  createAdapter().attach(target.host, target.region, false);
};

test('a region with objects of every kind is taken over as it is', t => {
  const made = make();
  t.is(made.target.region.u32[made.rows.b! + s.QP_RECV_ACTIVE_OFFSET / 4], 1, 'a receive is under way');
  t.is(made.target.region.u32[made.rows.a! + s.QP_ACTIVE_OFFSET / 4], 1, 'so is a message');
  t.notThrows(() => takeOver(made));
});

test('each word that cannot be is refused', t => {
  const made = make();
  const m = made.target.region.u32;
  for (const [row, offset, ...values] of DAMAGE) {
    const word = made.rows[row]! + offset / 4;
    const sound = m[word]!;
    for (const value of values) {
      m[word] = value;
      t.throws(() => takeOver(made), { instanceOf: StateRefused }, `${row} + ${offset} = ${value}`);
      m[word] = sound;
    }
  }
  t.notThrows(() => takeOver(made));
});

test('a pushed descriptor that waits among the slots of another doorbell page is refused', t => {
  const target = new InProcess();
  const d = new Driver(target).start();
  d.create(Command.ALLOC_PAGE);
  const { cq } = makeQueues(d);
  d.setLink(Hold.ENGINE);
  d.push(d.channel({ sendCq: cq }), { opcode: Opcode.NOP });
  const m = target.region.u32;
  const take = (): void => createAdapter().attach(target.host, target.region, false);
  t.notThrows(take);
  for (const page of [1, 2]) {
    const other = s.PSLOT_TABLE + page * PUSH_SLOTS * s.PSLOT_WORDS;
    const before = m.slice(other, other + s.PSLOT_WORDS);
    m.copyWithin(other, s.PSLOT_TABLE, s.PSLOT_TABLE + s.PSLOT_WORDS);
    m[s.PSLOT_TABLE] = 0;
    t.throws(take, { instanceOf: StateRefused }, page === 1 ? 'of another page' : 'of a page that never was');
    m[s.PSLOT_TABLE] = 1;
    m.set(before, other);
  }
  t.notThrows(take);
});

test('a pushed descriptor that has not arrived yet is refused', t => {
  const target = new InProcess();
  const d = new Driver(target).start();
  d.setLink(Hold.ENGINE);
  const channel = d.channel({ sendCq: makeQueues(d).cq });
  for (let n = 0; n < 3; n++) d.push(channel, { opcode: Opcode.NOP });
  const m = target.region.u32;
  const take = (): void => createAdapter().attach(target.host, target.region, false);
  const arrival = s.PSLOT_TABLE + s.PSLOT_WORDS + s.PSLOT_SEQUENCE_OFFSET / 4;
  for (const number of [3, 2 ** 31, 2 ** 32 - 1]) {
    m[arrival] = number;
    t.throws(take, { instanceOf: StateRefused }, `number ${number}`);
  }
  m[arrival] = 1;
  t.notThrows(take);
});
