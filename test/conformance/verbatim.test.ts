// SPDX-License-Identifier: MIT
// The loopback vouches for its bytes (Link.verbatim): what was just built and sealed is not read and checked again. On a
// wire that does not, each frame is. The adapter must be the same both ways, to the last word of its state and of memory;
// and what a bad wire does to frames must be found.
import test from 'ava';
import * as c from '../../device/abi/generated/commands.js';
import { Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import type { Link } from '../../device/fabric/link.js';
import { ParsedPacket } from '../../device/fabric/parse.js';
import { assertBytes, filled } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { FaultyLink, type FrameFate } from '../support/faulty-link.js';
import { freshRegion, InProcess } from '../support/in-process.js';
import type { Case } from './case.js';
import { datagramCases } from './cases/datagrams.js';
import { inlineCases } from './cases/inline.js';
import { messageCases } from './cases/messages.js';
import { operationsCases } from './cases/operations.js';
import { makeEnds, rdmaCases } from './cases/rdma.js';
import { remoteKeyCases } from './cases/remote-keys.js';
import { sharedReceiveCases } from './cases/shared-receives.js';
import { spoiltReceiveCases } from './cases/spoilt-receives.js';
import { trafficCounterCases } from './cases/traffic-counters.js';
import { unconnectedCases } from './cases/unconnected.js';
import { wireEndCases } from './cases/wire-ends.js';
import { wireStatusCases } from './cases/wire-status.js';

const CASES: readonly Case[] = [
  ...messageCases,
  ...rdmaCases,
  ...operationsCases,
  ...datagramCases,
  ...sharedReceiveCases,
  ...spoiltReceiveCases,
  ...wireStatusCases,
  ...wireEndCases,
  ...unconnectedCases,
  ...trafficCounterCases,
  ...remoteKeyCases,
  ...inlineCases,
];

/** Large, and therefore used again: one for each way. */
const regions = [freshRegion(), freshRegion()];

/** A bad wire that does nothing bad, and keeps no frames. */
function goodWire(link: Link): Link {
  const wire = new FaultyLink(link);
  wire.fate = () => {
    wire.sent.length = 0;
    return { kind: 'pass' };
  };
  return wire;
}

/** Runs the case; what is left in the region and in memory. */
function trace(test: Case, checked: boolean): [Uint8Array, Uint8Array] {
  const region = regions[Number(checked)];
  region.u32.fill(0);
  const target = new InProcess(checked ? { region, wire: goodWire } : { region });
  test.run({ target, driver: new Driver(target).start() });
  target.close();
  return [region.u8, target.memory.u8];
}

for (const each of CASES) {
  test(`checked or vouched for, the same comes of it: ${each.name}`, t => {
    const [plain, checked] = [trace(each, false), trace(each, true)];
    t.is(Buffer.compare(plain[0], checked[0]), 0, 'the state region');
    t.is(Buffer.compare(plain[1], checked[1]), 0, 'memory');
  });
}

const LENGTH = 90;
/** Headers of IPv4 and UDP up to the BTH, the BTH, then the payload. */
const BTH_BIT = 42 * 8;
const PAYLOAD_BIT = 54 * 8;
/** What is wrong, and with which bit: of what the ICRC covers, or another sum. */
const FLIPS: readonly (readonly [string, number])[] = [
  ['the IP version', 14 * 8 + 6],
  ['the TTL', 22 * 8],
  ['the source address', 26 * 8 + 3],
  ['the UDP port', 37 * 8],
  ['the opcode', BTH_BIT],
  ['the partition', BTH_BIT + 3 * 8],
  ['the destination', BTH_BIT + 7 * 8],
  ['the sequence number', BTH_BIT + 11 * 8],
  ['the first byte of the payload', PAYLOAD_BIT],
  ['the last byte of the payload', PAYLOAD_BIT + LENGTH * 8 - 1],
  ['the pad', PAYLOAD_BIT + LENGTH * 8],
  ['the ICRC', PAYLOAD_BIT + (LENGTH + 2) * 8 + 5],
];

interface Sent {
  readonly d: Driver;
  readonly wire: FaultyLink;
  readonly to: number;
  readonly bytes: Uint8Array;
  /** [status] of the sender's completion, and of the receiver's. */
  readonly statuses: readonly [number[], number[]];
  readonly rxBad: number;
}

/** One SEND over a wire that does `fate` to its frames: 0 is the request, 1 the acknowledgement. */
function sendOver(fate: (index: number) => FrameFate, verbatim = false): Sent {
  let wire!: FaultyLink;
  const target = new InProcess({
    wire: link => {
      wire = Object.assign(new FaultyLink(link), { verbatim });
      return wire;
    },
  });
  const d = new Driver(target).start();
  const { a, b, cq, recvCq } = makeEnds(d);
  const from = filled(d, LENGTH, 3);
  const to = d.alloc(LENGTH);
  wire.fate = fate;
  d.recv(b, [{ address: to, length: LENGTH }]);
  d.send(a, { opcode: Opcode.SEND, gather: [{ address: from.address, length: LENGTH }] });
  target.settle();
  const statuses = [d.poll(cq), d.poll(recvCq)].map(found => found.map(x => x.status));
  const rxBad = c.cmdPortCountersRxBad(d.counters(c.CounterKind.PORT), 0);
  return { d, wire, to, bytes: from.bytes, statuses: statuses as unknown as Sent['statuses'], rxBad };
}

test('on a link that does not vouch, every frame is a whole packet', t => {
  const { d, wire, to, bytes, statuses, rxBad } = sendOver(() => ({ kind: 'pass' }));
  t.deepEqual(statuses, [[WcStatus.SUCCESS], [WcStatus.SUCCESS]]);
  assertBytes(d, to, bytes);
  t.is(wire.sent.length, 2);
  const parsed = new ParsedPacket();
  for (const frame of wire.sent) t.is(parsed.parse(frame, frame.length), undefined);
  t.is(rxBad, 0);
});

for (const [what, bit] of FLIPS) {
  test(`a wire that spoils ${what} of a request: it is dropped, and nothing of it arrives`, t => {
    const { d, to, statuses, rxBad } = sendOver(n => (n === 0 ? { kind: 'flip', bit } : { kind: 'pass' }));
    t.deepEqual(statuses, [[WcStatus.RETRY_EXC_ERR], []]);
    t.is(rxBad, 1);
    assertBytes(d, to, new Uint8Array(LENGTH));
  });
}

test('a wire that spoils the acknowledgement: the message has arrived, and the sender does not know', t => {
  const bit = BTH_BIT + 12 * 8;
  const { d, to, bytes, statuses, rxBad } = sendOver(n =>
    n === 1 ? { kind: 'flip', bit } : { kind: 'pass' },
  );
  t.deepEqual(statuses, [[WcStatus.RETRY_EXC_ERR], [WcStatus.SUCCESS]]);
  t.is(rxBad, 1);
  assertBytes(d, to, bytes);
});

test('a wire that cuts a frame', t => {
  const { statuses, rxBad } = sendOver(n => (n === 0 ? { kind: 'cut', length: 100 } : { kind: 'pass' }));
  t.deepEqual(statuses, [[WcStatus.RETRY_EXC_ERR], []]);
  t.is(rxBad, 1);
});

test('a link that vouches for bytes and hands over others is not believed', t => {
  const { d, to, statuses, rxBad } = sendOver(() => ({ kind: 'flip', bit: PAYLOAD_BIT }), true);
  t.deepEqual(statuses, [[WcStatus.RETRY_EXC_ERR], []]);
  t.is(rxBad, 1);
  assertBytes(d, to, new Uint8Array(LENGTH));
});
