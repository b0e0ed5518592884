// SPDX-License-Identifier: MIT
// How long a push waits, slice by slice, and in which order packets are on the wire. These cases step the model itself.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandCode, Hold, Mtu, QpAttr, QpState } from '../../../device/abi/generated/commands.js';
import { Opcode, SLICE_BYTES } from '../../../device/abi/generated/descriptors.js';
import { BthOpcode } from '../../../device/abi/generated/packets.js';
import type { Case } from '../../conformance/case.js';
import { assertBytes, filled, ids, makeQueues } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import { packetsOf, type WirePacket } from '../../support/frames-of.js';
import type { InProcess } from '../../support/in-process.js';
import { Lane } from '../../support/lane.js';

const CLAIMS = [3, 12, 17, 27];
const MTU_BYTES = 1024;
const ALL = Hold.LINK | Hold.ENGINE;

/** Requests on the wire while `act` runs; acknowledgements are left out. */
export function requestsOf(t: InProcess, act: () => void): WirePacket[] {
  const dir = mkdtempSync(join(tmpdir(), 'pushbell-wire-'));
  try {
    const path = join(dir, 'wire.pcapng');
    t.adapter.capture.start(path);
    act();
    t.adapter.capture.stop();
    return packetsOf(path).filter(p => p.opcode !== BthOpcode.RC_ACKNOWLEDGE);
  } finally {
    rmSync(dir, { recursive: true });
  }
}

/** Runs slice by slice until a completion with `wrId` is there; returns the number of slices. */
function slicesUntil(t: InProcess, d: Driver, cq: Parameters<Driver['poll']>[0], wrId: number): number {
  for (let slices = 0; slices < 1000; slices++) {
    if (ids(d.poll(cq)).includes(wrId)) return slices;
    t.step();
  }
  throw new Error(`no completion of ${wrId}`);
}

/** A long message under way on one queue pair; it takes `packets` slices. */
function longMessage(d: Driver, cq: Parameters<Driver['poll']>[0], packets: number): { dest: number } {
  const [a, b] = d.pair({ sendCq: cq }, Mtu.MTU_1024);
  const { address } = filled(d, packets * MTU_BYTES);
  d.recv(b, [{ address: d.alloc(packets * MTU_BYTES), length: packets * MTU_BYTES }]);
  d.send(a, { opcode: Opcode.SEND, gather: [{ address, length: packets * MTU_BYTES }], wrId: 1000 });
  return { dest: b.number };
}

function longCopy(
  d: Driver,
  cq: Parameters<Driver['poll']>[0],
  slices: number,
): { to: number; bytes: Uint8Array } {
  const engine = d.channel({ sendCq: cq });
  const from = filled(d, slices * SLICE_BYTES);
  const to = d.alloc(slices * SLICE_BYTES);
  const length = slices * SLICE_BYTES;
  d.send(engine, {
    opcode: Opcode.COPY,
    gather: [{ address: from.address, length }],
    scatter: [{ address: to, length }],
    wrId: 1000,
  });
  return { to, bytes: from.bytes };
}

export const sliceCases: readonly Case<InProcess>[] = [
  {
    name: 'on the wire the pushed message is before every packet of a backlog of 64 that was rung earlier',
    claims: CLAIMS,
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const a = new Lane(d, cq, 'link', 64);
      const b = new Lane(d, cq, 'link', 1);
      d.setLink(ALL);
      d.send(a.qp, ...Array.from({ length: 64 }, (_, n) => a.work(n + 1, n)));
      d.push(b.qp, b.work(777, 0));
      const requests = requestsOf(t, () => {
        d.setLink(0);
        t.settle();
      });
      assert.equal(requests.length, 65);
      assert.equal(requests[0].destinationQpn, b.peer!.number);
      assert.equal(new DataView(requests[0].payload.buffer).getUint32(0, true), 777);
      assert.deepEqual(
        requests.slice(1).map(p => new DataView(p.payload.buffer).getUint32(0, true)),
        Array.from({ length: 64 }, (_, n) => n + 1),
      );
    },
  },
  {
    name: 'a push into the middle of a long message waits for no packet but the one in progress',
    claims: CLAIMS,
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const message = longMessage(d, cq, 40);
      const lane = new Lane(d, cq, 'link', 4);
      const requests = requestsOf(t, () => {
        for (const begun of [1, 5, 13]) {
          for (let n = 0; n < begun; n++) t.step();
          d.push(lane.qp, lane.work(9, lane.qp.send.producer));
          assert.equal(slicesUntil(t, d, cq, lane.qp.send.producer - 1), 1, 'the very next slice');
        }
        t.settle();
      });
      const order = requests.map(p => (p.destinationQpn === message.dest ? 'a' : 'B')).join('');
      assert.equal(order, `${'a'}B${'a'.repeat(5)}B${'a'.repeat(13)}B${'a'.repeat(21)}`);
      assert.deepEqual(
        requests.filter(p => p.destinationQpn === message.dest).map(p => p.payload.length),
        Array(40).fill(MTU_BYTES),
        'a slice of a message is one MTU',
      );
    },
  },
  {
    name: 'a push into the middle of a large COPY waits for no slice but the one in progress',
    claims: CLAIMS,
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const { to, bytes } = longCopy(d, cq, 20);
      const lane = new Lane(d, cq, 'engine', 4);
      const copied = (): number => {
        const now = t.readBytes(to, bytes.length);
        const end = now.findIndex((byte, n) => byte !== bytes[n]);
        return end < 0 ? bytes.length : end;
      };
      for (const begun of [1, 4, 2]) {
        for (let n = 0; n < begun; n++) t.step();
        const before = copied();
        d.push(lane.qp, lane.work(9, lane.qp.send.producer));
        assert.equal(slicesUntil(t, d, cq, lane.qp.send.producer - 1), 1, 'the very next slice');
        assert.ok(copied() - before < 16, 'nothing of the COPY in between');
      }
      assert.ok(Math.abs(copied() - 7 * SLICE_BYTES) < 16, 'seven slices of 4 KiB');
    },
  },
  {
    name: 'an engine that runs on while nothing waits stops at the end of the slice in which something comes',
    claims: CLAIMS,
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      longCopy(d, cq, 60);
      let slices = 0;
      t.memory.beforeWrite = (_address, length) => {
        if (length === SLICE_BYTES) slices++;
      };
      // The ring of stores is asked after each slice; during the fifth one something has come.
      Object.assign(t.host, { workWaiting: () => slices >= 5 });
      t.step();
      assert.equal(slices, 5);
      const lane = new Lane(d, cq, 'engine', 1);
      assert.equal(slices, 5);
      d.push(lane.qp, lane.work(9, 0));
      assert.equal(slicesUntil(t, d, cq, 0), 1);
      assert.equal(slices, 5, 'the push was next');
    },
  },
  {
    name: 'a push waits for pushes that came before it and for nothing that came after it',
    claims: CLAIMS,
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      longCopy(d, cq, 20);
      const lanes = Array.from({ length: 6 }, (_, n) => new Lane(d, cq, n % 2 === 0 ? 'link' : 'engine', 1));
      t.step();
      const order = [3, 0, 5, 1, 4, 2];
      for (const n of order) d.push(lanes[n].qp, lanes[n].work(1, 0));
      const found: number[] = [];
      for (let n = 0; n < 6; n++) {
        t.step();
        found.push(...d.poll(cq).map(c => lanes.findIndex(lane => lane.qp.number === c.qpn)));
        assert.equal(found.length, n + 1, 'one push a slice');
      }
      assert.deepEqual(found, order);
    },
  },
  {
    name: 'on a link with a rate a push waits at most for the packet that is on the wire',
    claims: CLAIMS,
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, 'link', 1);
      longMessage(d, cq, 30);
      d.setLink(0, 10);
      t.settle();
      const onWireNs = t.adapter.wakeAtNs;
      assert.ok(onWireNs > 0 && onWireNs < 2_000_000, 'a packet of 1 KiB takes about 0.9 ms at 10 Mbit/s');
      t.settle();
      assert.equal(t.adapter.wakeAtNs, onWireNs, 'the wire is busy');
      d.push(lane.qp, lane.work(9, 0));
      t.settle();
      assert.deepEqual(d.poll(cq), [], 'not before the packet in progress has left');
      t.nowNs = onWireNs;
      t.step();
      assert.deepEqual(ids(d.poll(cq)), [0]);
    },
  },
  {
    name: 'a pushed message that has begun is finished in SQD, and the push behind it waits',
    claims: CLAIMS,
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const recvCq = d.createCq(d.createEq(1));
      const [a, b] = d.pair({ sendCq: cq, recvCq }, Mtu.MTU_1024);
      const { address, bytes } = filled(d, 10 * MTU_BYTES);
      const to = d.alloc(20 * MTU_BYTES);
      const gather = [{ address, length: bytes.length }];
      for (const n of [0, 1]) {
        d.recv(b, [{ address: to + n * bytes.length, length: bytes.length }]);
        d.push(a, { opcode: Opcode.SEND, gather, wrId: n }, { memory: null });
      }
      for (let n = 0; n < 3; n++) t.step();
      assert.equal(d.modify(a, QpAttr.STATE, { state: QpState.SQD }), CommandCode.OK);
      assert.equal(d.modify(a, QpAttr.STATE, { state: QpState.SQD }), CommandCode.BAD_STATE, 'it drains');
      t.settle();
      assert.equal(d.modify(a, QpAttr.STATE, { state: QpState.SQD }), CommandCode.OK, 'it has drained');
      assert.deepEqual(ids(d.poll(cq)), [0]);
      assertBytes(d, to, bytes);
      assertBytes(d, to + bytes.length, new Uint8Array(bytes.length), 'nothing of the second');
      assert.equal(d.modify(a, QpAttr.STATE, { state: QpState.RTS }), CommandCode.OK);
      t.settle();
      assert.deepEqual(ids(d.poll(cq)), [1]);
      assertBytes(d, to + bytes.length, bytes);
    },
  },
  {
    name: 'one who pushes without end leaves a rung queue one slice in eight, no less and no more',
    claims: CLAIMS,
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const message = longMessage(d, cq, 30);
      const lane = new Lane(d, cq, 'link', 400);
      const requests = requestsOf(t, () => {
        for (let n = 0, done = 0; n < 200; n++) {
          // Always more pushed work than one slice can do, and always a free slot.
          while (lane.qp.send.producer < done + 3) d.push(lane.qp, lane.work(1, 0));
          t.step();
          done += d.poll(cq).length;
        }
      });
      const shares = requests.map(p => p.destinationQpn === message.dest);
      for (let n = 0; n + 8 <= 200; n++)
        assert.equal(shares.slice(n, n + 8).filter(Boolean).length, 1, `slices ${n} … ${n + 7}`);
    },
  },
  {
    name: 'a whole push makes no read of its queue in guest memory; a rung descriptor makes one',
    claims: [4, 13, 18, 28],
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const lane = new Lane(d, cq, 'link', 4, { logDepth: 3 });
      const { address, depth, stride } = lane.qp.send;
      const ringReads = (): number =>
        t.memory.reads.filter(m => m.address < address + depth * stride && m.address + m.length > address)
          .length;
      for (let n = 0; n < 2; n++) {
        d.push(lane.qp, lane.work(7, n));
        t.settle();
      }
      assert.equal(ringReads(), 0);
      d.send(lane.qp, lane.work(7, 2));
      t.settle();
      assert.equal(ringReads(), 1);
      assert.deepEqual(lane.marks(3), [7, 7, 7]);
    },
  },
  {
    name: 'the gather engine reads by DMA exactly the ranges that the descriptor names',
    claims: [5, 6, 19, 20],
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const [a, b] = d.pair({ sendCq: cq });
      const { address, bytes } = filled(d, 4096);
      const to = d.alloc(4096);
      const gather = [
        { address: address + 1001, length: 333 },
        { address: address + 5, length: 1 },
        { address: address + 2000, length: 77 },
      ];
      d.recv(b, [{ address: to, length: 4096 }]);
      t.memory.reads.length = 0;
      d.send(a, { opcode: Opcode.SEND, gather });
      t.settle();
      assert.deepEqual(
        t.memory.reads.filter(m => m.address >= address && m.address < address + 4096),
        gather,
      );
      const expected = gather.flatMap(g => [
        ...bytes.subarray(g.address - address, g.address - address + g.length),
      ]);
      assert.deepEqual([...t.readBytes(to, expected.length)], expected);
    },
  },
  {
    name: 'a message becomes packets of one MTU and a rest, first, middle, last or only, with numbers in sequence',
    claims: [8, 22],
    run({ driver: d, target: t }) {
      const { cq } = makeQueues(d);
      const [a, b] = d.pair({ sendCq: cq }, Mtu.MTU_256, 0xfffffe);
      const { address, bytes } = filled(d, 1024);
      const to = d.alloc(8192);
      const { RC_SEND_FIRST, RC_SEND_MIDDLE, RC_SEND_LAST, RC_SEND_ONLY } = BthOpcode;
      const shapes: [number, number[], number[]][] = [
        [0, [RC_SEND_ONLY], [0]],
        [256, [RC_SEND_ONLY], [256]],
        [257, [RC_SEND_FIRST, RC_SEND_LAST], [256, 1]],
        [769, [RC_SEND_FIRST, RC_SEND_MIDDLE, RC_SEND_MIDDLE, RC_SEND_LAST], [256, 256, 256, 1]],
      ];
      let psn = 0xfffffe;
      for (const how of ['doorbell', 'push'])
        for (const [size, opcodes, lengths] of shapes) {
          d.recv(b, [{ address: to, length: 2048 }]);
          const work = { opcode: Opcode.SEND, gather: [{ address, length: size }] };
          const requests = requestsOf(t, () => {
            if (how === 'push') d.push(a, work);
            else d.send(a, work);
            t.settle();
          });
          assert.deepEqual(
            requests.map(p => p.opcode),
            opcodes,
          );
          assert.deepEqual(
            requests.map(p => p.payload.length),
            lengths,
          );
          assert.deepEqual(Buffer.concat(requests.map(p => p.payload)), Buffer.from(bytes.subarray(0, size)));
          for (const p of requests) {
            assert.equal(p.psn, psn);
            psn = (psn + 1) % 2 ** 24;
          }
        }
    },
  },
];
