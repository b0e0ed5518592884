// SPDX-License-Identifier: MIT
// Address vectors on the wire: what the headers of a connection's and of a datagram's packets say.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import * as c from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import * as p from '../../device/abi/generated/packets.js';
import { flowPort, ipv4FromMac, portOfFlowLabel } from '../../device/fabric/addresses.js';
import { makeQueues } from '../support/bench.js';
import { type Address, DEFAULT_QKEY } from '../support/commander.js';
import { Driver } from '../support/driver.js';
import { framesOf } from '../support/frames-of.js';
import { InProcess } from '../support/in-process.js';
import type { Qp } from '../support/work.js';

const IP_AT = p.ETH_SIZE;
const GID = Uint8Array.from({ length: 16 }, (_, n) => (n === 0 ? 0xfd : n));
const OTHER_MAC = Uint8Array.of(2, 9, 8, 7, 6, 5);
const NEXT_HOP = Uint8Array.of(4, 1, 2, 3, 4, 5);

interface Bench {
  readonly d: Driver;
  readonly target: InProcess;
  readonly a: Qp;
  readonly b: Qp;
}

function makeBench(): Bench {
  const target = new InProcess();
  const d = new Driver(target).start();
  const { cq } = makeQueues(d);
  const [a, b] = [d.createQp({ sendCq: cq }), d.createQp({ sendCq: cq })];
  return { d, target, a, b };
}

/** The first frame of what `act` makes the adapter send. */
function capture(target: InProcess, act: () => void): Uint8Array {
  const directory = mkdtempSync(join(tmpdir(), 'pushbell-test-'));
  try {
    const path = join(directory, 'frames.pcapng');
    target.adapter.capture.start(path);
    act();
    target.settle();
    target.adapter.capture.stop();
    return framesOf(path)[0]!;
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** The frame of the first packet that a SEND with this address vector becomes. */
function firstFrame({ d, target, a, b }: Bench, av: Address): Uint8Array {
  for (const [qp, dest] of [
    [a, b.number],
    [b, a.number],
  ] as const) {
    d.modify(qp, c.QpAttr.STATE, { state: c.QpState.RESET });
    qp.send.producer = 0;
    qp.recv!.producer = 0;
    d.connect(qp, dest, undefined, undefined, { av });
  }
  d.recv(b, []);
  return capture(target, () => d.send(a, { opcode: Opcode.SEND }));
}

test('IPv4: addresses, time to live, DSCP and source port are those of the address vector, or what stands for zero', t => {
  const bench = makeBench();
  const { mac } = bench.d.own();
  const plain = firstFrame(bench, {});
  t.deepEqual([...plain.subarray(p.ETH_SOURCE_OFFSET, p.ETH_SOURCE_OFFSET + 6)], [...mac]);
  t.is(p.ipv4Source(plain, IP_AT), ipv4FromMac(mac));
  t.is(p.ipv4Destination(plain, IP_AT), ipv4FromMac(mac));
  t.is(p.ipv4Ttl(plain, IP_AT), 64);
  const udp = IP_AT + p.IPV4_SIZE;
  t.is(p.udpSourcePort(plain, udp), flowPort(bench.a.number, bench.b.number));
  const full = firstFrame(bench, {
    hopLimit: 3,
    trafficClass: 0x2a,
    udpSport: 0xc123,
    flowLabel: 0x12345,
    dmac: NEXT_HOP,
  });
  t.is(p.ipv4Ttl(full, IP_AT), 3);
  t.is(p.ipv4Tos(full, IP_AT), 0x2a);
  t.is(p.udpSourcePort(full, udp), 0xc123);
  t.deepEqual([...full.subarray(p.ETH_DESTINATION_OFFSET, p.ETH_DESTINATION_OFFSET + 6)], [...NEXT_HOP]);
  const label = firstFrame(bench, { flowLabel: 0x12345 });
  t.is(p.udpSourcePort(label, udp), portOfFlowLabel(0x12345));
  t.is(portOfFlowLabel(0x12345), 0xc000 | (0x2345 ^ 0x4));
});

test('IPv6: an entry of the GID table with a MAC address of its own is the source', t => {
  const bench = makeBench();
  t.is(bench.d.setGid(5, GID, OTHER_MAC), c.CommandCode.OK);
  const frame = firstFrame(bench, { sgidIndex: 5, dgid: GID, hopLimit: 0, flowLabel: 0xfffff });
  t.deepEqual([...frame.subarray(p.ETH_SOURCE_OFFSET, p.ETH_SOURCE_OFFSET + 6)], [...OTHER_MAC]);
  t.is(p.ipv6HopLimit(frame, IP_AT), 64);
  t.is(p.ipv6WordFlowLabel(frame, IP_AT), 0xfffff);
  t.is(p.udpSourcePort(frame, IP_AT + p.IPV6_SIZE), portOfFlowLabel(0xfffff));
  t.deepEqual([...frame.subarray(IP_AT + p.IPV6_SOURCE_OFFSET, IP_AT + p.IPV6_SOURCE_OFFSET + 16)], [...GID]);
});

test('an address handle that is modified leads elsewhere from the next datagram on', t => {
  const { d, target } = makeBench();
  const { cq } = makeQueues(d);
  const [a, b] = [d.datagram({ sendCq: cq }), d.datagram({ sendCq: cq })];
  const ah = d.createAh({ hopLimit: 5 });
  const ttl = (): number => {
    const to = { ah, qpn: b.number, qkey: DEFAULT_QKEY };
    return p.ipv4Ttl(
      capture(target, () => d.send(a, { opcode: Opcode.SEND, to })),
      IP_AT,
    );
  };
  t.is(ttl(), 5);
  t.is(d.modifyAh(ah, { hopLimit: 6 }), c.CommandCode.OK);
  t.is(ttl(), 6);
});
