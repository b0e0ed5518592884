// SPDX-License-Identifier: MIT
// Datagrams (UD, and GSI, which is number 1): the header before the message, keys, addresses, what is dropped and counted.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import { GRH_BYTES, Opcode, WcStatus } from '../../../device/abi/generated/descriptors.js';
import {
  ipv4Destination,
  ipv4Protocol,
  ipv4Source,
  ipv4Tos,
  ipv4Ttl,
} from '../../../device/abi/generated/packets.js';
import { ipv4FromMac } from '../../../device/fabric/addresses.js';
import { assertBytes, filled, finish, makeQueues, outcomes } from '../../support/bench.js';
import { DEFAULT_QKEY } from '../../support/commander.js';
import type { Driver } from '../../support/driver.js';
import type { Cq, Eq, Qp } from '../../support/work.js';
import type { Case } from '../case.js';

const { SUCCESS, WR_FLUSH_ERR, LOC_LEN_ERR, LOC_QP_OP_ERR } = WcStatus;
const IPV4_AT = GRH_BYTES - 20;
const PRIVILEGED_QKEY = 0x8000_1111;

interface Post {
  readonly eq: Eq;
  readonly cq: Cq;
  readonly recvCq: Cq;
  readonly a: Qp;
  readonly b: Qp;
  readonly ah: number;
}

function makePost(d: Driver): Post {
  const { eq, cq } = makeQueues(d);
  const recvCq = d.createCq(eq);
  const [a, b] = [d.datagram({ sendCq: cq, recvCq }), d.datagram({ sendCq: cq, recvCq })];
  return { eq, cq, recvCq, a, b, ah: d.createAh() };
}

const port = (d: Driver, get: (m: Uint32Array, w: number) => number): number =>
  get(d.counters(c.CounterKind.PORT), 0);
const dropped = (d: Driver, qp: Qp): number =>
  c.cmdQpCountersRxDropped(d.counters(c.CounterKind.QP, qp.number), 0);

/** Sends `size` bytes from a to b and looks at all that arrives. */
function assertArrives(d: Driver, p: Post, size: number, qkey = DEFAULT_QKEY): void {
  const from = filled(d, Math.max(size, 1), 3);
  const to = d.alloc(GRH_BYTES + size + 1);
  d.target.writeBytes(to, new Uint8Array(GRH_BYTES + size + 1).fill(0xee));
  d.recv(p.b, [{ address: to, length: GRH_BYTES + size + 1 }]);
  const gather = [{ address: from.address, length: size }];
  d.send(p.a, { opcode: Opcode.SEND, gather, to: { ah: p.ah, qpn: p.b.number, qkey }, wrId: 8 });
  const [sent] = finish(d, p.cq);
  assert.deepEqual([sent.wrId, sent.status, sent.byteCount], [8, SUCCESS, size]);
  const [received] = d.poll(p.recvCq);
  assert.deepEqual(
    [received.status, received.byteCount, received.srcQpn, received.qpn, received.grh, received.opcode],
    [SUCCESS, GRH_BYTES + size, p.a.number, p.b.number, true, Opcode.RECV],
  );
  assertBytes(d, to + GRH_BYTES, from.bytes.subarray(0, size), 'message');
  assertBytes(d, to + GRH_BYTES + size, Uint8Array.of(0xee), 'behind it');
}

export const datagramCases: readonly Case[] = [
  {
    name: 'UD: a destination that has more bits than a queue pair number is no descriptor',
    run({ driver: d }) {
      for (const qpn of [2 ** 24, 2 ** 32 - 1]) {
        const p = makePost(d);
        const from = filled(d, 8);
        const gather = [{ address: from.address, length: 8 }];
        d.recv(p.b, [{ address: d.alloc(64), length: 64 }]);
        const to = { ah: p.ah, qpn: qpn - (qpn % 2 ** 24) + p.b.number, qkey: DEFAULT_QKEY };
        d.send(p.a, { opcode: Opcode.SEND, gather, to, wrId: 8 });
        assert.deepEqual(outcomes(finish(d, p.cq)), [[8, LOC_QP_OP_ERR]]);
        assert.deepEqual(d.poll(p.recvCq), []);
      }
    },
  },
  {
    name: 'UD: messages to one MTU of the port arrive behind the header that names their sender',
    run({ driver: d }) {
      const p = makePost(d);
      for (const size of [0, 1, 255, 1024, 4095, 4096]) assertArrives(d, p, size);
      const to = d.alloc(128);
      const ah = d.createAh({ trafficClass: 0x28, hopLimit: 9 });
      d.recv(p.b, [{ address: to, length: 128 }]);
      const inline = Uint8Array.of(1, 2, 3);
      const address = { ah, qpn: p.b.number, qkey: DEFAULT_QKEY };
      d.send(p.a, { opcode: Opcode.SEND_IMM, inline, immediate: 0xabcd, to: address, wrId: 1 });
      assert.deepEqual(outcomes(finish(d, p.cq)), [[1, SUCCESS]]);
      const [received] = d.poll(p.recvCq);
      assert.deepEqual([received.byteCount, received.immediate, received.withImmediate], [43, 0xabcd, true]);
      assertBytes(d, to + GRH_BYTES, inline);
      assertBytes(d, to, new Uint8Array(IPV4_AT), 'unused');
      const ip = d.target.readBytes(to + IPV4_AT, 20);
      const own = ipv4FromMac(d.own().mac);
      assert.deepEqual([ipv4Source(ip, 0), ipv4Destination(ip, 0)], [own, own]);
      assert.deepEqual([ipv4Tos(ip, 0), ipv4Ttl(ip, 0), ipv4Protocol(ip, 0)], [0x28, 9, 17]);
    },
  },
  {
    name: 'UD over IPv6: the whole header is there',
    run({ driver: d }) {
      const p = makePost(d);
      const gid = Uint8Array.from({ length: 16 }, (_, n) => (n === 0 ? 0xfd : n));
      assert.equal(d.setGid(3, gid), c.CommandCode.OK);
      const ah = d.createAh({ sgidIndex: 3, dgid: gid, flowLabel: 0x12345, hopLimit: 7 });
      const to = d.alloc(128);
      d.recv(p.b, [{ address: to, length: 128 }]);
      d.send(p.a, { opcode: Opcode.SEND, to: { ah, qpn: p.b.number, qkey: DEFAULT_QKEY }, wrId: 1 });
      assert.deepEqual(outcomes(finish(d, p.cq)), [[1, SUCCESS]]);
      assert.equal(d.poll(p.recvCq)[0]?.byteCount, GRH_BYTES);
      const grh = d.target.readBytes(to, GRH_BYTES);
      assert.deepEqual([...grh.subarray(0, 4)], [0x60, 0x01, 0x23, 0x45]);
      assert.equal(grh[7], 7);
      assert.deepEqual([...grh.subarray(8, 24), ...grh.subarray(24, 40)], [...gid, ...gid]);
      assert.equal(d.setGid(3), c.CommandCode.OK);
      d.recv(p.b, [{ address: to, length: 128 }]);
      d.send(p.a, { opcode: Opcode.SEND, to: { ah, qpn: p.b.number, qkey: DEFAULT_QKEY }, wrId: 2 });
      assert.deepEqual(
        outcomes(finish(d, p.cq)),
        [[2, SUCCESS]],
        'the source address is gone: nothing leaves',
      );
      assert.deepEqual(d.poll(p.recvCq), []);
    },
  },
  {
    name: 'UD: one queue pair talks with many, and with itself',
    run({ driver: d }) {
      const p = makePost(d);
      const all = [
        p.b,
        p.a,
        ...Array.from({ length: 3 }, () => d.datagram({ sendCq: p.cq, recvCq: p.recvCq })),
      ];
      const to = d.alloc(4096);
      for (const [n, qp] of all.entries()) d.recv(qp, [{ address: to + n * 64, length: 64 }]);
      for (const [n, qp] of all.entries())
        d.send(p.a, {
          opcode: Opcode.SEND,
          inline: Uint8Array.of(n),
          to: { ah: p.ah, qpn: qp.number, qkey: DEFAULT_QKEY },
        });
      assert.equal(finish(d, p.cq).length, all.length);
      const received = d.poll(p.recvCq);
      assert.deepEqual(
        received.map(x => x.qpn),
        all.map(qp => qp.number),
      );
      for (const n of all.keys()) assertBytes(d, to + n * 64 + GRH_BYTES, Uint8Array.of(n));
    },
  },
  {
    name: "UD: another Q_Key is dropped and counted; one with the top bit stands for the sender's own",
    run({ driver: d }) {
      const { eq, cq } = makeQueues(d);
      const recvCq = d.createCq(eq);
      const o = { sendCq: cq, recvCq, flags: c.QpFlag.PRIVILEGED };
      const a = d.datagram(o, { qkey: PRIVILEGED_QKEY });
      const b = d.datagram(o, { qkey: PRIVILEGED_QKEY });
      const plain = d.datagram({ sendCq: cq, recvCq });
      const p = { eq, cq, recvCq, a, b, ah: d.createAh() };
      assertArrives(d, p, 10, 0x8000_0000);
      assertArrives(d, p, 10, PRIVILEGED_QKEY);
      d.recv(b, [{ address: d.alloc(64), length: 64 }]);
      const send = (qp: Qp, qkey: number, wrId: number): void => {
        d.send(qp, { opcode: Opcode.SEND, to: { ah: p.ah, qpn: b.number, qkey }, wrId });
        assert.deepEqual(outcomes(finish(d, cq)), [[wrId, SUCCESS]]);
      };
      send(a, 0x1111, 1);
      send(plain, PRIVILEGED_QKEY, 2);
      assert.deepEqual(d.poll(recvCq), []);
      assert.equal(port(d, c.cmdPortCountersRxQkey), 2);
      assert.equal(dropped(d, b), 2);
    },
  },
  {
    name: 'UD: nobody there, no receive, too long for it: dropped and counted, and all goes on',
    run({ driver: d }) {
      const p = makePost(d);
      const rc = d.createQp({ sendCq: p.cq });
      d.connect(rc, rc.number);
      const unknown = port(d, c.cmdPortCountersRxUnknown);
      const inline = new Uint8Array(100);
      const send = (qpn: number): void => {
        d.send(p.a, { opcode: Opcode.SEND, inline, to: { ah: p.ah, qpn, qkey: DEFAULT_QKEY }, wrId: qpn });
        assert.deepEqual(outcomes(finish(d, p.cq)), [[qpn, SUCCESS]]);
      };
      send(0xabcdef);
      send(rc.number);
      assert.equal(port(d, c.cmdPortCountersRxUnknown) - unknown, 2);
      send(p.b.number);
      assert.equal(port(d, c.cmdPortCountersRxNoReceive), 1);
      const to = d.alloc(256);
      d.recv(p.b, [{ address: to, length: GRH_BYTES + 99 }]);
      send(p.b.number);
      assert.deepEqual(d.poll(p.recvCq), []);
      assert.equal(dropped(d, p.b), 2);
      d.send(p.a, {
        opcode: Opcode.SEND,
        inline: inline.subarray(0, 99),
        to: { ah: p.ah, qpn: p.b.number, qkey: DEFAULT_QKEY },
      });
      finish(d, p.cq);
      assert.deepEqual(outcomes(d.poll(p.recvCq)), [[0, SUCCESS]], 'the receive was kept');
      assertArrives(d, p, 20);
    },
  },
  {
    name: 'UD: too long, an address handle that is not there or of another domain: an error, SQE, and on with RTS',
    run({ driver: d }) {
      const p = makePost(d);
      const foreign = d.createAh({}, d.create(c.Command.ALLOC_PD));
      const from = filled(d, 4200);
      const gone = d.createAh();
      assert.equal(d.destroy(c.Command.DESTROY_AH, gone), c.CommandCode.OK);
      const bad: readonly (readonly [number, number, number])[] = [
        [p.ah, 4097, LOC_LEN_ERR],
        [foreign, 5, LOC_QP_OP_ERR],
        [gone, 5, LOC_QP_OP_ERR],
        [0, 5, LOC_QP_OP_ERR],
        [0xffffff, 5, LOC_QP_OP_ERR],
      ];
      for (const [ah, length, status] of bad) {
        const to = { ah, qpn: p.b.number, qkey: DEFAULT_QKEY };
        d.setLink(1);
        d.send(p.a, { opcode: Opcode.SEND, gather: [{ address: from.address, length }], to, wrId: 1 });
        d.send(p.a, { opcode: Opcode.SEND, to, wrId: 2 });
        d.setLink(0);
        assert.deepEqual(outcomes(finish(d, p.cq)), [
          [1, status],
          [2, WR_FLUSH_ERR],
        ]);
        assert.equal(d.queryQp(p.a).state, c.QpState.SQE);
        assert.equal(d.modify(p.a, c.QpAttr.STATE, { state: c.QpState.RTS }), c.CommandCode.OK);
        assertArrives(d, p, 20);
      }
      assert.deepEqual(d.events(p.eq), []);
    },
  },
  {
    name: 'GSI is queue pair 1 and takes and sends datagrams as UD does',
    run({ driver: d }) {
      const { eq, cq } = makeQueues(d);
      const recvCq = d.createCq(eq);
      const b = d.datagram(
        { sendCq: cq, recvCq, type: c.QpType.GSI, flags: c.QpFlag.PRIVILEGED },
        { qkey: 0x8001_0000 },
      );
      assert.equal(b.number, c.GSI_QPN);
      const o = { sendCq: cq, recvCq, flags: c.QpFlag.PRIVILEGED };
      const a = d.datagram(o, { qkey: 0x8001_0000 });
      const ah = d.createAh();
      assertArrives(d, { eq, cq, recvCq, a, b, ah }, 256, 0x8000_0000);
      assertArrives(d, { eq, cq, recvCq, a: b, b: a, ah }, 256, 0x8000_0000);
    },
  },
];
