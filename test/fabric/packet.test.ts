// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import {
  ACK_SYNDROME,
  BthOpcode,
  NAK_INVALID_REQUEST,
  setBthFlagsPadCount,
} from '../../device/abi/generated/packets.js';
import { flowPort, formatIpv4, formatMac, ipv4FromMac, macFromSeed } from '../../device/fabric/addresses.js';
import { Icrc } from '../../device/fabric/icrc.js';
import { checksum } from '../../device/fabric/internet-checksum.js';
import { BTH_AT, PAYLOAD_OFFSET, PacketBuilder, padBytes, Route } from '../../device/fabric/packet.js';
import { type PacketFault, ParsedPacket } from '../../device/fabric/parse.js';
import { pattern, requestFrame, route } from '../support/frames.js';

/** Every field of the BTH that a sender sets, any opcode but the one that brings an AETH. */
const headers = fc.record({
  opcode: fc.nat({ max: 255 }).filter(opcode => opcode !== BthOpcode.RC_ACKNOWLEDGE),
  destinationQpn: fc.nat({ max: 0xffffff }),
  psn: fc.nat({ max: 0xffffff }),
  ackRequest: fc.boolean(),
  solicited: fc.boolean(),
});

test('a request comes back as it was built, unknown opcodes included', t => {
  const builder = new PacketBuilder(4096);
  const parsed = new ParsedPacket();
  fc.assert(
    fc.property(headers, fc.uint8Array({ maxLength: 4096, size: 'max' }), (fields, payload) => {
      Object.assign(builder, fields);
      const frame = requestFrame(builder, payload);
      t.is(parsed.parse(frame, frame.length), undefined);
      for (const [key, value] of Object.entries(fields)) t.is(parsed[key as keyof typeof fields], value, key);
      t.is(parsed.sourceIp, route.addresses.sourceIp);
      t.is(parsed.destinationIp, route.addresses.destinationIp);
      t.is(parsed.udpSourcePort, route.addresses.udpSourcePort);
      t.is(parsed.partition, 0xffff);
      t.is(parsed.payloadOffset, PAYLOAD_OFFSET);
      t.deepEqual(frame.slice(PAYLOAD_OFFSET, PAYLOAD_OFFSET + parsed.payloadLength), payload);
    }),
  );
});

test('an acknowledgement comes back with syndrome and MSN', t => {
  const builder = new PacketBuilder(4);
  const parsed = new ParsedPacket();
  builder.setRoute(route);
  fc.assert(
    fc.property(
      fc.nat({ max: 255 }),
      fc.nat({ max: 0xffffff }),
      fc.nat({ max: 0xffffff }),
      (syndrome, msn, psn) => {
        builder.psn = psn;
        builder.ackRequest = true;
        const length = builder.finishAcknowledge(syndrome, msn);
        t.is(parsed.parse(builder.frame, length), undefined);
        t.like(parsed, {
          opcode: BthOpcode.RC_ACKNOWLEDGE,
          syndrome,
          msn,
          psn,
          payloadLength: 0,
          ackRequest: false,
        });
      },
    ),
  );
});

test('fields of an earlier packet do not show in a later one', t => {
  const builder = new PacketBuilder(64);
  const parsed = new ParsedPacket();
  builder.setRoute(route);
  builder.solicited = true;
  const first = builder.finishAcknowledge(NAK_INVALID_REQUEST, 99);
  t.is(parsed.parse(builder.frame, first), undefined);
  Object.assign(builder, { opcode: BthOpcode.RC_SEND_ONLY, psn: 0, ackRequest: false, solicited: false });
  builder.frame.fill(0xee, PAYLOAD_OFFSET);
  const second = builder.finish(3);
  t.is(parsed.parse(builder.frame, second), undefined);
  t.like(parsed, { syndrome: 0, msn: 0, psn: 0, solicited: false, ackRequest: false, payloadLength: 3 });
  t.is(builder.frame[PAYLOAD_OFFSET + 3], 0, 'pad is zero');
});

test('a builder follows its route, and packets of changing length stay right', t => {
  const there = route.addresses;
  const back = new Route({
    sourceMac: there.destinationMac,
    destinationMac: there.sourceMac,
    sourceIp: there.destinationIp,
    destinationIp: there.sourceIp,
    udpSourcePort: 0xffff,
  });
  const builder = new PacketBuilder(512);
  const parsed = new ParsedPacket();
  for (let i = 0; i < 200; i++) {
    const to = i % 3 === 0 ? back : route;
    builder.setRoute(to);
    const length = builder.finish((i >> 1) % 7 === 0 ? 512 : i);
    t.is(parsed.parse(builder.frame, length), undefined);
    t.is(parsed.destinationIp, to.addresses.destinationIp);
    t.deepEqual(
      builder.frame.slice(0, 12),
      Uint8Array.of(...to.addresses.destinationMac, ...to.addresses.sourceMac),
    );
  }
});

test('a packet cut at any byte is refused', t => {
  const parsed = new ParsedPacket();
  const builder = new PacketBuilder(64);
  const ack = new PacketBuilder(4);
  ack.setRoute(route);
  const frames = [0, 1, 33].map(length => requestFrame(builder, pattern(length)));
  frames.push(ack.frame.slice(0, ack.finishAcknowledge(ACK_SYNDROME, 1)));
  for (const frame of frames) {
    for (let length = 0; length < frame.length; length++) {
      // Once with the missing bytes still in the buffer, once without.
      t.not(parsed.parse(frame, length), undefined, `${length} of ${frame.length}`);
      t.not(parsed.parse(frame.slice(0, length), length), undefined, `${length} of ${frame.length}`);
    }
  }
});

test('bytes after the packet are Ethernet padding', t => {
  const frame = requestFrame(new PacketBuilder(64), pattern(5));
  const longer = new Uint8Array(frame.length + 18).fill(0xaa);
  longer.set(frame);
  const parsed = new ParsedPacket();
  t.is(parsed.parse(longer, longer.length), undefined);
  t.is(parsed.payloadLength, 5);
});

/** Corrects IPv4 checksum and ICRC after a change, so that the check behind them is reached. */
function reseal(frame: Uint8Array): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset);
  view.setUint16(24, 0);
  let sum = 0;
  for (let at = 14; at < 34; at += 2) sum += view.getUint16(at);
  view.setUint16(24, checksum(sum));
  const end = 14 + view.getUint16(16) - 4;
  if (end >= 54 && end + 4 <= frame.length) view.setUint32(end, new Icrc().compute(frame, 14, end), true);
  return frame;
}

test('no header, however wrong, makes the decoder throw or point outside the frame', t => {
  const parsed = new ParsedPacket();
  const good = requestFrame(new PacketBuilder(64), pattern(32));
  const change = fc.tuple(fc.nat({ max: PAYLOAD_OFFSET - 1 }), fc.nat({ max: 255 }));
  let accepted = 0;
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4 }), fc.nat({ max: good.length }), (changes, cut) => {
      const frame = good.slice();
      for (const [at, value] of changes) frame[at] = value;
      reseal(frame);
      const length = cut % 2 === 0 ? frame.length : cut;
      const fault = parsed.parse(frame, length);
      if (fault === undefined) accepted++;
      t.true(fault !== undefined || parsed.payloadOffset + parsed.payloadLength + 4 <= length);
    }),
    { numRuns: 3000 },
  );
  t.true(accepted > 100, 'the property looked at accepted packets too');
});

const REFUSALS: readonly (readonly [PacketFault, string, (view: DataView, frame: Uint8Array) => void])[] = [
  ['ethertype', 'not IPv4', view => view.setUint16(12, 0x86dd)],
  ['ip-version', 'version 6', view => view.setUint8(14, 0x65)],
  ['ip-options', 'a header of 6 words', view => view.setUint8(14, 0x46)],
  ['ip-length', 'longer than the frame', view => view.setUint16(16, view.getUint16(16) + 4)],
  ['ip-length', 'too short for the headers', view => view.setUint16(16, 43)],
  ['ip-fragment', 'more fragments', view => view.setUint16(20, 0x2000)],
  ['ip-fragment', 'a later fragment', view => view.setUint16(20, 1)],
  ['ip-protocol', 'TCP', view => view.setUint8(23, 6)],
  ['udp-port', 'another port', view => view.setUint16(36, 4790)],
  ['udp-length', 'shorter than the IPv4 packet', view => view.setUint16(38, view.getUint16(38) - 4)],
  ['udp-checksum', 'a wrong UDP checksum', view => view.setUint16(40, 1)],
  ['bth-version', 'transport version 1', view => view.setUint8(BTH_AT + 1, 0x41)],
  ['pad', 'more pad than payload', (_, frame) => setBthFlagsPadCount(frame, BTH_AT, 3)],
  ['aeth-length', 'an acknowledgement with payload', view => view.setUint8(BTH_AT, BthOpcode.RC_ACKNOWLEDGE)],
];

for (const [fault, what, change] of REFUSALS) {
  test(`refused as ${fault}: ${what}`, t => {
    const payload = what === 'more pad than payload' ? 0 : 8;
    const frame = requestFrame(new PacketBuilder(64), pattern(payload));
    change(new DataView(frame.buffer), frame);
    t.is(new ParsedPacket().parse(reseal(frame), frame.length), fault);
  });
}

test('refused as ip-checksum and as icrc: the checks themselves', t => {
  const frame = requestFrame(new PacketBuilder(64), pattern(8));
  const badSum = frame.slice();
  badSum[24] ^= 0x10;
  t.is(new ParsedPacket().parse(badSum, badSum.length), 'ip-checksum');
  const badCrc = frame.slice();
  badCrc[badCrc.length - 1] ^= 1;
  t.is(new ParsedPacket().parse(badCrc, badCrc.length), 'icrc');
});

test('a payload whose padded length is no multiple of 4 is refused', t => {
  const frame = requestFrame(new PacketBuilder(64), pattern(8));
  const view = new DataView(frame.buffer);
  view.setUint16(16, view.getUint16(16) - 1);
  view.setUint16(38, view.getUint16(38) - 1);
  t.is(new ParsedPacket().parse(reseal(frame), frame.length), 'pad');
});

test('a builder refuses what is longer than its frame, and a packet without route', t => {
  const builder = new PacketBuilder(256);
  t.throws(() => builder.finish(0), { instanceOf: RangeError });
  builder.setRoute(route);
  t.throws(() => builder.finish(257), { instanceOf: RangeError });
  t.is(builder.finish(256), 54 + 256 + 4);
});

test('pad fills up to 4', t => {
  t.deepEqual([0, 1, 2, 3, 4, 5].map(padBytes), [0, 3, 2, 1, 0, 3]);
});

test('addresses follow from the seed and are fit for a host', t => {
  t.is(formatMac(macFromSeed(1)), formatMac(macFromSeed(1)));
  t.is(formatMac(Uint8Array.of(2, 10, 0, 255, 1, 16)), '02:0a:00:ff:01:10');
  t.is(formatIpv4(ipv4FromMac(Uint8Array.of(2, 0, 0, 1, 2, 3))), '10.1.2.4');
  const seen = new Set<string>();
  for (let seed = 0; seed < 5000; seed++) {
    const mac = macFromSeed(seed);
    t.is(mac[0] & 3, 2, 'locally administered, unicast');
    const octets = formatIpv4(ipv4FromMac(mac)).split('.').map(Number);
    t.true(octets[0] === 10 && octets[3] > 0 && octets[3] < 255);
    seen.add(formatMac(mac));
  }
  t.is(seen.size, 5000);
});

test('flow ports stay in the dynamic range and spread', t => {
  const ports = new Set<number>();
  for (let qpn = 0; qpn < 1000; qpn++) ports.add(flowPort(qpn, qpn + 1));
  for (const port of ports) t.true(port >= 0xc000 && port <= 0xffff);
  t.true(ports.size > 900);
  t.is(flowPort(3, 4), flowPort(3, 4));
});
