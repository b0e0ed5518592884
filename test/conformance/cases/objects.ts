// SPDX-License-Identifier: MIT
// Shared receive queues, address handles, GID table, port, counters: what their commands do and refuse.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import { EventType, Opcode } from '../../../device/abi/generated/descriptors.js';
import * as r from '../../../device/abi/generated/registers.js';
import { assertAllWell, finish, makeQueues } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Case } from '../case.js';
import { assertStatus, type Fill } from './create-commands.js';

const { OK, BAD_PARAMETER, BAD_HANDLE } = c.CommandCode;
const { RESET, ERR } = c.QpState;

const IPV6 = Uint8Array.from({ length: 16 }, (_, n) => (n === 0 ? 0xfd : n));
const portEvent = (type: number) => ({ type, number: 1, detail: 0 });
const gidEvent = (index: number) => ({ type: EventType.GID_CHANGE, number: 1, detail: index });

/** SET_GID with an input that is sound but for `change`. */
const setGid = (d: Driver, change: Fill): number =>
  d.tryCommand(c.Command.SET_GID, i => {
    c.setCmdSetGidIndex(i, 0, 2);
    c.setCmdSetGidType(i, 0, c.GidType.ROCE_V2);
    new Uint8Array(i.buffer).set(IPV6, c.CMD_SET_GID_GID_OFFSET);
    change(i);
  });

const byte =
  (at: number, value: number): Fill =>
  i => {
    new Uint8Array(i.buffer)[at] = value;
  };

/** What the counters of a doorbell page say. */
function pageCounters(d: Driver, page: number): number[] {
  const out = d.counters(c.CounterKind.PAGE, page);
  return [
    c.cmdPageCountersDoorbells,
    c.cmdPageCountersPushes,
    c.cmdPageCountersFallbacks,
    c.cmdPageCountersIgnored,
    c.cmdPageCountersRefused,
  ].map(get => get(out, 0));
}

export const objectCases: readonly Case[] = [
  {
    name: 'a shared receive queue: doorbell, its page and its room, what QUERY_SRQ tells',
    run({ driver: d }) {
      const page = d.create(c.Command.ALLOC_PAGE);
      const { cq } = makeQueues(d);
      const srq = d.createSrq({ logDepth: 2, page, limit: 3 });
      const qp = d.createQp({ sendCq: cq, srq });
      const ring = (index: number, on = page, number = srq.number): void =>
        d.doorbell(on, r.DB_SRQ_OFFSET, number, index);
      const counts = (): number[] =>
        [r.REG_COUNT_DOORBELLS_OFFSET, r.REG_COUNT_IGNORED_OFFSET, r.REG_COUNT_REFUSED_OFFSET].map(at =>
          d.readRegister(at),
        );
      ring(2);
      assert.deepEqual(counts(), [1, 0, 0]);
      assert.deepEqual(d.querySrq(srq), {
        pd: d.pd,
        page,
        producer: 2,
        consumer: 0,
        limit: 3,
        users: 1,
        failed: 0,
      });
      ring(2);
      ring(1);
      assert.deepEqual(counts(), [1, 2, 0], 'taken already');
      ring(5);
      assert.deepEqual(counts(), [1, 2, 1], 'more than there is room for');
      ring(4, 0);
      ring(4, page, srq.number + 1);
      ring(4, page, 0);
      ring(4, page, 0xffffff);
      assert.deepEqual(counts(), [1, 2, 5], 'another page, other numbers');
      ring(4);
      assert.equal(d.querySrq(srq).producer, 4);
      d.doorbell(qp.page, r.DB_RECV_OFFSET, qp.number, 1);
      assert.deepEqual(counts(), [2, 2, 6], 'a queue pair with a shared queue has none of its own');
    },
  },
  {
    name: 'MODIFY_SRQ arms the limit; one that is passed already is told at once, and once',
    run({ driver: d }) {
      const { eq } = makeQueues(d);
      const srq = d.createSrq({ logDepth: 2 });
      const limitEvent = { type: EventType.SRQ_LIMIT, number: srq.number, detail: 0 };
      d.recvShared(srq, [], []);
      assert.equal(d.modifySrq(srq, 2), OK);
      d.target.settle();
      assert.deepEqual(d.events(eq), [], 'two are posted');
      assert.equal(d.querySrq(srq).limit, 2);
      assert.equal(d.modifySrq(srq, 3), OK);
      d.target.settle();
      assert.deepEqual(d.events(eq), [limitEvent]);
      assert.equal(d.querySrq(srq).limit, 0, 'disarmed');
      assert.equal(d.modifySrq(srq, 4), OK);
      assert.equal(d.modifySrq(srq, 0), OK);
      d.target.settle();
      assert.deepEqual(d.events(eq), [limitEvent]);
      assertStatus(d.modifySrq(srq, 5), BAD_PARAMETER, 'beyond the depth');
      assertStatus(d.modifySrq({ ...srq, number: 7 }, 1), BAD_HANDLE, 'handle');
      const dirty = d.tryCommand(c.Command.MODIFY_SRQ, i => i.set([srq.number, 1, 0, 1]));
      assertStatus(dirty, BAD_PARAMETER, 'reserved');
    },
  },
  {
    name: 'a queue pair with a shared receive queue tells its last receive when it goes to ERR',
    run({ driver: d }) {
      const { eq, cq } = makeQueues(d);
      const srq = d.createSrq();
      const last = (number: number) => ({ type: EventType.LAST_WQE_REACHED, number, detail: 0 });
      const to = (number: number, state: number): number =>
        d.tryCommand(c.Command.MODIFY_QP, i => {
          c.setCmdModifyQpHandle(i, 0, number);
          c.setCmdModifyQpAttrMask(i, 0, c.QpAttr.STATE);
          c.setCmdModifyQpState(i, 0, state);
        });
      const [a] = d.pair({ sendCq: cq, srq });
      d.recvShared(srq, []);
      assert.equal(to(a.number, ERR), OK);
      d.target.settle();
      assert.deepEqual(d.events(eq), [last(a.number)]);
      assert.equal(to(a.number, ERR), OK);
      assert.equal(to(a.number, RESET), OK);
      assert.equal(to(a.number, ERR), OK);
      const own = d.createQp({ sendCq: cq });
      d.connect(own, own.number);
      assert.equal(to(own.number, ERR), OK);
      d.target.settle();
      assert.deepEqual(d.events(eq), [], 'from ERR, from RESET, without a shared queue');
      assert.deepEqual([d.querySrq(srq).producer, d.querySrq(srq).consumer], [1, 0], 'what was posted stays');
      assert.equal(d.queryQp(a).state, ERR);
    },
  },
  {
    name: 'address handles: QUERY_AH, MODIFY_AH, refusals',
    run({ driver: d }) {
      const { gid, mac } = d.own();
      const ah = d.createAh({ hopLimit: 9, trafficClass: 7, flowLabel: 5, udpSport: 0xc001 });
      const query = (): Uint32Array =>
        d.command(c.Command.QUERY_AH, i => {
          i[0] = ah;
        });
      const fields = (out: Uint32Array): number[] =>
        [
          c.cmdAhHandle,
          c.cmdAhPd,
          c.cmdAhSgidIndex,
          c.cmdAhHopLimit,
          c.cmdAhTrafficClass,
          c.cmdAhFlowLabel,
          c.cmdAhUdpSport,
        ].map(get => get(out, 0));
      const bytes = (out: Uint32Array, at: number, length: number): Uint8Array =>
        new Uint8Array(out.buffer, out.byteOffset).slice(at, at + length);
      assert.deepEqual(fields(query()), [ah, d.pd, 0, 9, 7, 5, 0xc001]);
      assert.deepEqual(bytes(query(), c.CMD_AH_DGID_OFFSET, 16), gid);
      assert.deepEqual(bytes(query(), c.CMD_AH_DMAC_OFFSET, 6), mac);
      assert.equal(d.setGid(4, IPV6), OK);
      const other = Uint8Array.of(2, 0, 0, 0, 0, 9);
      assert.equal(d.modifyAh(ah, { sgidIndex: 4, dgid: IPV6, dmac: other }), OK);
      assert.deepEqual(fields(query()), [ah, d.pd, 4, 0, 0, 0, 0]);
      assert.deepEqual(bytes(query(), c.CMD_AH_DGID_OFFSET, 16), IPV6);
      assert.deepEqual(bytes(query(), c.CMD_AH_DMAC_OFFSET, 6), other);
      assertStatus(d.modifyAh(ah, { sgidIndex: 4 }), BAD_PARAMETER, 'IPv4 from IPv6');
      assertStatus(d.modifyAh(ah + 1, {}), BAD_HANDLE, 'handle');
      const withPd = d.tryCommand(c.Command.MODIFY_AH, i => i.set([ah, d.pd]));
      assertStatus(withPd, BAD_PARAMETER, 'protection domain');
    },
  },
  {
    name: 'the GID table: entry 0 from the MAC address, entries set, told, asked for and cleared',
    run({ driver: d, target: t }) {
      const { eq } = makeQueues(d);
      const { gid } = d.own();
      const none = { type: c.GidType.NONE, gid: new Uint8Array(16), mac: new Uint8Array(6) };
      const own = { type: c.GidType.ROCE_V2, gid, mac: new Uint8Array(6) };
      assert.deepEqual(d.queryGid(0), own);
      for (const free of [1, 31]) assert.deepEqual(d.queryGid(free), none);
      const mac = Uint8Array.of(2, 3, 5, 7, 11, 13);
      assert.equal(d.setGid(31, IPV6, mac), OK);
      assert.equal(d.setGid(31, IPV6, mac), OK);
      t.settle();
      assert.deepEqual(d.events(eq), [gidEvent(31)], 'told once: the second time nothing changes');
      assert.deepEqual(d.queryGid(31), { type: c.GidType.ROCE_V2, gid: IPV6, mac });
      assert.equal(d.setGid(31), OK);
      assert.equal(d.setGid(0), OK);
      t.settle();
      assert.deepEqual(d.events(eq), [gidEvent(31), gidEvent(0)]);
      assert.deepEqual([d.queryGid(31), d.queryGid(0)], [none, none]);
      d.writeRegister(r.REG_RESET_OFFSET, r.RESET_MAGIC);
      d.start();
      assert.deepEqual(d.queryGid(0), own, 'a reset brings it back');
    },
  },
  {
    name: 'SET_GID and QUERY_GID refuse what cannot be',
    run({ driver: d }) {
      const refused: readonly (readonly [string, Fill])[] = [
        ['index', i => c.setCmdSetGidIndex(i, 0, 32)],
        ['huge index', i => c.setCmdSetGidIndex(i, 0, 0xffffffff)],
        ['type', i => c.setCmdSetGidType(i, 0, 2)],
        ['no address', i => i.fill(0, 2, 6)],
        ['multicast', byte(c.CMD_SET_GID_GID_OFFSET, 0xff)],
        ['group MAC address', byte(c.CMD_SET_GID_MAC_OFFSET, 1)],
        ['VLAN', i => c.setCmdSetGidVlan(i, 0, 5)],
        ['cleared, with an address', i => c.setCmdSetGidType(i, 0, c.GidType.NONE)],
        ...[5, 6, 7, 32, 47].map(at => [`reserved byte ${at}`, byte(at, 1)] as const),
      ];
      for (const [what, change] of refused) assertStatus(setGid(d, change), BAD_PARAMETER, what);
      assert.equal(d.queryGid(2).type, c.GidType.NONE);
      assertStatus(
        setGid(d, i => c.setCmdSetGidVlan(i, 0, 0xffff)),
        OK,
        'no VLAN',
      );
      const query = (change: Fill): number => d.tryCommand(c.Command.QUERY_GID, change);
      assertStatus(
        query(i => c.setCmdSetGidIndex(i, 0, 32)),
        BAD_PARAMETER,
        'index',
      );
      assertStatus(query(byte(4, 1)), BAD_PARAMETER, 'type');
      assertStatus(query(byte(44, 1)), BAD_PARAMETER, 'reserved');
    },
  },
  {
    name: 'the port goes down and comes up with its hold, and says so; network queues stand still meanwhile',
    run({ driver: d, target: t }) {
      const { eq, cq } = makeQueues(d);
      const up = {
        state: c.PortState.ACTIVE,
        mtu: c.Mtu.MTU_4096,
        gidEntries: 32,
        pkeyEntries: 1,
        maxMessage: 2 ** 31,
        badQkeys: 0,
        badPkeys: 0,
        speedMbps: 0,
      };
      assert.deepEqual(d.queryPort(), up);
      const [a] = d.pair({ sendCq: cq });
      const engine = d.channel({ sendCq: cq });
      d.setLink(c.Hold.PORT, 400);
      t.settle();
      assert.deepEqual(d.events(eq), [portEvent(EventType.PORT_ERROR)]);
      assert.deepEqual(d.queryPort(), { ...up, state: c.PortState.DOWN, speedMbps: 400 });
      d.setLink(c.Hold.PORT | c.Hold.LINK);
      d.setLink(c.Hold.PORT);
      t.settle();
      assert.deepEqual(d.events(eq), [], 'still down');
      d.send(a, { opcode: Opcode.NOP });
      d.send(engine, { opcode: Opcode.NOP });
      const ended = finish(d, cq);
      assert.deepEqual(
        ended.map(cqe => cqe.qpn),
        [engine.number],
      );
      d.setLink(0);
      t.settle();
      assert.deepEqual(d.events(eq), [portEvent(EventType.PORT_ACTIVE)]);
      assertAllWell(finish(d, cq), 1);
      assert.deepEqual(d.queryPort(), up);
    },
  },
  {
    name: 'counters of a doorbell page count what its stores came to',
    run({ driver: d }) {
      const page = d.create(c.Command.ALLOC_PAGE);
      const { eq, cq } = makeQueues(d);
      assert.deepEqual(pageCounters(d, page), [0, 0, 0, 0, 0]);
      const qp = d.channel({ sendCq: cq, page });
      const mine = d.createCq(eq, 2, page);
      const before = pageCounters(d, 0);
      d.send(qp, { opcode: Opcode.NOP });
      d.push(qp, { opcode: Opcode.NOP });
      d.ringSend(qp);
      d.trailer(page, 1, qp.number, qp.send.producer, 32);
      qp.send.producer++;
      d.doorbell(page, r.DB_CQ_ARM_OFFSET, cq.number, 0);
      d.doorbell(page, r.DB_CQ_ARM_OFFSET, mine.number, 0);
      d.doorbell(page, r.DB_SEND_OFFSET, 0xfff, 1);
      d.target.settle();
      // The fallback rang: it counts as a doorbell too.
      assert.deepEqual(pageCounters(d, page), [2, 1, 1, 1, 2]);
      assert.deepEqual(pageCounters(d, 0), before, 'another page');
      assert.equal(d.destroy(c.Command.DESTROY_CQ, mine.number), OK);
    },
  },
  {
    name: 'QUERY_COUNTERS refuses unknown kinds and objects; counters begin at zero with their object',
    run({ driver: d }) {
      const { cq } = makeQueues(d);
      const query = (kind: number, handle: number, more: Fill = () => undefined): number =>
        d.tryCommand(c.Command.QUERY_COUNTERS, i => {
          c.setCmdCountersKind(i, 0, kind);
          c.setCmdCountersHandle(i, 0, handle);
          more(i);
        });
      const { PORT, QP, PAGE } = c.CounterKind;
      assertStatus(query(3, 0), BAD_PARAMETER, 'kind');
      assertStatus(query(PORT, 1), BAD_HANDLE, 'port 1');
      assertStatus(query(QP, 2), BAD_HANDLE, 'queue pair');
      assertStatus(query(PAGE, 1), BAD_HANDLE, 'page');
      assertStatus(query(PAGE, 0xffffffff), BAD_HANDLE, 'huge page');
      assertStatus(query(PAGE, 0, byte(8, 1)), BAD_PARAMETER, 'reserved');
      assertStatus(query(PORT, 0), OK, 'port');
      for (let n = 0; n < 2; n++) {
        const qp = d.channel({ sendCq: cq });
        const zeros = d.counters(QP, qp.number).subarray(0, 20);
        assert.ok(
          zeros.every(word => word === 0),
          `round ${n}`,
        );
        d.send(qp, { opcode: Opcode.NOP });
        assertAllWell(finish(d, cq), 1);
        assert.ok(d.counters(QP, qp.number).some(word => word !== 0));
        assert.equal(d.destroy(c.Command.DESTROY_QP, qp.number), OK);
      }
    },
  },
];
