// SPDX-License-Identifier: MIT
// What is no packet is refused, and with which reason.
import test from 'ava';
import fc from 'fast-check';
import { ACK_SYNDROME, BthOpcode, setBthFlagsPadCount } from '../../device/abi/generated/packets.js';
import { checksum } from '../../device/fabric/internet-checksum.js';
import { PacketBuilder } from '../../device/fabric/packet.js';
import { type PacketFault, ParsedPacket } from '../../device/fabric/parse.js';
import { BTH_AT, BTH_AT_IPV6 } from '../../device/fabric/route.js';
import { pattern, requestFrame, reseal, route, routeIpv6 } from '../support/frames.js';

test('a packet cut at any byte is refused', t => {
  const parsed = new ParsedPacket();
  const builder = new PacketBuilder(64);
  const ack = new PacketBuilder(4);
  ack.setRoute(route);
  const frames = [0, 1, 33].map(length => requestFrame(builder, pattern(length)));
  frames.push(...[0, 1, 33].map(length => requestFrame(builder, pattern(length), routeIpv6)));
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

for (const [name, to] of [
  ['IPv4', route],
  ['IPv6', routeIpv6],
] as const) {
  test(`no header, however wrong, makes the decoder throw or point outside the frame: ${name}`, t => {
    const parsed = new ParsedPacket();
    const good = requestFrame(new PacketBuilder(64), pattern(32), to);
    const change = fc.tuple(fc.nat({ max: good.length - 37 }), fc.nat({ max: 255 }));
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
}

const REFUSALS: readonly (readonly [PacketFault, string, (view: DataView, frame: Uint8Array) => void])[] = [
  ['ethertype', 'ARP', view => view.setUint16(12, 0x0806)],
  ['ip-version', 'IPv6 in an EtherType of IPv4', view => view.setUint8(14, 0x65)],
  ['ip-version', 'IPv4 in an EtherType of IPv6', view => view.setUint16(12, 0x86dd)],
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
  [
    'extension-length',
    'an acknowledgement with payload',
    view => view.setUint8(BTH_AT, BthOpcode.RC_ACKNOWLEDGE),
  ],
];

const REFUSALS_IPV6: typeof REFUSALS = [
  ['ip-version', 'version 4', view => view.setUint8(14, 0x45)],
  ['ip-length', 'longer than the frame', view => view.setUint16(18, view.getUint16(18) + 4)],
  ['ip-length', 'too short for the headers', view => view.setUint16(18, 23)],
  ['ip-protocol', 'a hop-by-hop header', view => view.setUint8(20, 0)],
  ['ip-protocol', 'a fragment', view => view.setUint8(20, 44)],
  ['udp-port', 'another port', view => view.setUint16(56, 4790)],
  ['udp-length', 'shorter than the IPv6 packet', view => view.setUint16(58, view.getUint16(58) - 4)],
  ['udp-checksum', 'a wrong UDP checksum', view => view.setUint16(60, 1)],
  ['bth-version', 'transport version 1', view => view.setUint8(BTH_AT_IPV6 + 1, 0x41)],
];

for (const [fault, what, change] of REFUSALS_IPV6) {
  test(`refused as ${fault} over IPv6: ${what}`, t => {
    const frame = requestFrame(new PacketBuilder(64), pattern(8), routeIpv6);
    change(new DataView(frame.buffer), frame);
    t.is(new ParsedPacket().parse(reseal(frame), frame.length), fault);
  });
}

test('a right UDP checksum is accepted over IPv6', t => {
  const frame = requestFrame(new PacketBuilder(64), pattern(8), routeIpv6);
  const view = new DataView(frame.buffer);
  let sum = 17 + view.getUint16(58);
  for (let at = 22; at + 2 <= frame.length; at += 2) sum += view.getUint16(at);
  view.setUint16(60, checksum(sum));
  t.is(new ParsedPacket().parse(frame, frame.length), undefined, 'it is not covered by the ICRC');
});

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
