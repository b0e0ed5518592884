// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import { BthOpcode, NAK_INVALID_REQUEST } from '../../device/abi/generated/packets.js';
import {
  flowPort,
  formatIpv4,
  formatMac,
  gidOfIpv4,
  ipv4FromMac,
  macFromSeed,
} from '../../device/fabric/addresses.js';
import { extensionBytes, hasPayload } from '../../device/fabric/extension-headers.js';
import { PacketBuilder, padBytes } from '../../device/fabric/packet.js';
import { ParsedPacket, writeGrh } from '../../device/fabric/parse.js';
import { BTH_AT, BTH_AT_IPV6, PAYLOAD_OFFSET, payloadOffset, Route } from '../../device/fabric/route.js';
import {
  destinationIp,
  destinationIpv6,
  pattern,
  requestFrame,
  reseal,
  route,
  routeIpv6,
  sourceIp,
  sourceIpv6,
  udpSourcePort,
} from '../support/frames.js';

/** Every field of the BTH that a sender sets, any opcode. */
const headers = fc.record({
  opcode: fc.nat({ max: 255 }),
  destinationQpn: fc.nat({ max: 0xffffff }),
  psn: fc.nat({ max: 0xffffff }),
  ackRequest: fc.boolean(),
  solicited: fc.boolean(),
});

test('a packet comes back as it was built, over IPv4 and IPv6, unknown opcodes included', t => {
  const builder = new PacketBuilder(4096);
  const parsed = new ParsedPacket();
  fc.assert(
    fc.property(
      headers,
      fc.boolean(),
      fc.uint8Array({ maxLength: 4096, size: 'max' }),
      (fields, ipv6, bytes) => {
        Object.assign(builder, fields);
        const payload = hasPayload(fields.opcode) ? bytes : bytes.slice(0, 0);
        const frame = requestFrame(builder, payload, ipv6 ? routeIpv6 : route);
        t.is(parsed.parse(frame, frame.length), undefined);
        for (const [key, value] of Object.entries(fields))
          t.is(parsed[key as keyof typeof fields], value, key);
        t.is(parsed.ipv6, ipv6);
        t.is(parsed.sourceIp, ipv6 ? 0 : sourceIp);
        t.is(parsed.destinationIp, ipv6 ? 0 : destinationIp);
        t.is(parsed.udpSourcePort, udpSourcePort);
        t.is(parsed.partition, 0xffff);
        t.is(parsed.payloadOffset, payloadOffset(fields.opcode, ipv6));
        const at = parsed.payloadOffset;
        t.deepEqual(frame.slice(at, at + parsed.payloadLength), payload);
      },
    ),
  );
});

test('addresses come back as GIDs, in the order of their bytes', t => {
  const parsed = new ParsedPacket();
  const bytes = (gid: Uint32Array): Uint8Array => new Uint8Array(gid.buffer);
  const ipv6 = requestFrame(new PacketBuilder(64), pattern(8), routeIpv6);
  t.is(parsed.parse(ipv6, ipv6.length), undefined);
  t.deepEqual(bytes(parsed.sourceGid), sourceIpv6);
  t.deepEqual(bytes(parsed.destinationGid), destinationIpv6);
  const ipv4 = requestFrame(new PacketBuilder(64), pattern(8));
  t.is(parsed.parse(ipv4, ipv4.length), undefined);
  t.deepEqual(bytes(parsed.sourceGid), gidOfIpv4(sourceIp));
  t.deepEqual(bytes(parsed.destinationGid), gidOfIpv4(destinationIp));
});

test('a route of two mapped GIDs is IPv4, one of a mapped and another is IPv6', t => {
  const { addresses } = route;
  const mapped = new Route({
    ...addresses,
    sourceIp: gidOfIpv4(sourceIp),
    destinationIp: gidOfIpv4(destinationIp),
  });
  const builder = new PacketBuilder(64);
  t.deepEqual(requestFrame(builder, pattern(5), mapped), requestFrame(builder, pattern(5), route));
  const mixed = new Route({ ...addresses, sourceIp, destinationIp: destinationIpv6 });
  const frame = requestFrame(builder, pattern(5), mixed);
  const parsed = new ParsedPacket();
  t.is(parsed.parse(frame, frame.length), undefined);
  t.true(parsed.ipv6);
  t.deepEqual(new Uint8Array(parsed.sourceGid.buffer), gidOfIpv4(sourceIp));
});

test('traffic class, hop limit and flow label stand in the IP header', t => {
  const six = requestFrame(new PacketBuilder(64), pattern(8), routeIpv6);
  t.deepEqual([...six.slice(14, 22)], [0x66, 0x8a, 0xbc, 0xde, 0, 32, 17, 17]);
  const four = new Route({ ...route.addresses, trafficClass: 0x68, hopLimit: 3 });
  const frame = requestFrame(new PacketBuilder(64), pattern(8), four);
  t.is(frame[15], 0x68);
  t.is(frame[22], 3);
  t.is(new ParsedPacket().parse(frame, frame.length), undefined);
});

test('the receiver of a datagram gets the IP header as its GRH', t => {
  const parsed = new ParsedPacket();
  const builder = new PacketBuilder(64);
  builder.opcode = BthOpcode.UD_SEND_ONLY;
  const grh = new Uint8Array(44).fill(0xee);
  for (const to of [routeIpv6, route]) {
    const frame = requestFrame(builder, pattern(8), to);
    t.is(parsed.parse(frame, frame.length), undefined);
    writeGrh(parsed, frame, grh, 2);
    const header = to.ipv6
      ? frame.slice(14, 54)
      : Uint8Array.of(...new Uint8Array(20), ...frame.slice(14, 34));
    t.deepEqual(grh, Uint8Array.of(0xee, 0xee, ...header, 0xee, 0xee));
  }
});

const u32 = fc.nat({ max: 0xffffffff });
const u24 = fc.nat({ max: 0xffffff });
const EXTENSION_FIELDS = {
  qkey: u32,
  sourceQpn: u24,
  remoteAddress: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  rkey: u32,
  dmaLength: u32,
  swapAddLo: u32,
  swapAddHi: u32,
  compareLo: u32,
  compareHi: u32,
  syndrome: fc.nat({ max: 255 }),
  msn: u24,
  originalLo: u32,
  originalHi: u32,
  immediate: u32,
  invalidateKey: u32,
};
type ExtensionField = keyof typeof EXTENSION_FIELDS;

/** What an opcode's name says about its headers (IBTA table 38), apart from the table of the code under test. */
function fieldsOf(name: string): ExtensionField[] {
  const fields: ExtensionField[] = [];
  if (name.startsWith('UD_')) fields.push('qkey', 'sourceQpn');
  if (/WRITE_(FIRST|ONLY)|READ_REQUEST/.test(name)) fields.push('remoteAddress', 'rkey', 'dmaLength');
  if (/CMP_SWAP|FETCH_ADD/.test(name))
    fields.push('remoteAddress', 'rkey', 'swapAddLo', 'swapAddHi', 'compareLo', 'compareHi');
  if (/ACKNOWLEDGE|RESPONSE_(FIRST|LAST|ONLY)/.test(name)) fields.push('syndrome', 'msn');
  if (name.includes('ATOMIC_ACK')) fields.push('originalLo', 'originalHi');
  if (name.endsWith('_IMM')) fields.push('immediate');
  if (name.endsWith('_INV')) fields.push('invalidateKey');
  return fields;
}

for (const [name, opcode] of Object.entries(BthOpcode)) {
  test(`${name} carries its extension headers and no others`, t => {
    const builder = new PacketBuilder(256);
    const parsed = new ParsedPacket();
    const mine = new Set<string>(fieldsOf(name));
    fc.assert(
      fc.property(fc.record(EXTENSION_FIELDS), fc.boolean(), fc.nat({ max: 256 }), (fields, ipv6, size) => {
        Object.assign(builder, fields, { opcode });
        const payload = pattern(hasPayload(opcode) ? size : 0);
        const frame = requestFrame(builder, payload, ipv6 ? routeIpv6 : route);
        t.is(parsed.parse(frame, frame.length), undefined);
        for (const [key, value] of Object.entries(fields))
          t.is(parsed[key as ExtensionField], mine.has(key) ? value : 0, key);
        const at = parsed.payloadOffset;
        t.deepEqual(frame.slice(at, at + parsed.payloadLength), payload);
      }),
      { numRuns: 60 },
    );
  });
}

test('an address beyond what a Number holds exactly does not come out as a small one', t => {
  const builder = new PacketBuilder(4);
  const parsed = new ParsedPacket();
  for (const opcode of [BthOpcode.RC_WRITE_ONLY, BthOpcode.RC_FETCH_ADD]) {
    for (const address of [2 ** 53, 2 ** 63, 2 ** 64]) {
      Object.assign(builder, { opcode, remoteAddress: address });
      const frame = requestFrame(builder, pattern(0));
      t.is(parsed.parse(frame, frame.length), undefined);
      t.true(parsed.remoteAddress >= 2 ** 53, `${address}`);
    }
  }
});

test('an opcode without payload is refused with one, by builder and receiver', t => {
  const builder = new PacketBuilder(64);
  builder.setRoute(route);
  for (const [name, opcode] of Object.entries(BthOpcode)) {
    const alone = /READ_REQUEST|ACKNOWLEDGE|CMP_SWAP|FETCH_ADD/.test(name);
    builder.opcode = opcode;
    if (alone) t.throws(() => builder.finish(4), { instanceOf: RangeError }, name);
    const size = extensionBytes(opcode) + 4;
    builder.opcode = 0xff;
    const frame = requestFrame(builder, pattern(size));
    frame[BTH_AT] = opcode;
    t.is(new ParsedPacket().parse(reseal(frame), frame.length), alone ? 'extension-length' : undefined, name);
  }
});

test('a packet shorter than the extension headers of its opcode is refused', t => {
  const parsed = new ParsedPacket();
  const builder = new PacketBuilder(64);
  for (const [name, opcode] of Object.entries(BthOpcode)) {
    for (const [to, bth] of [
      [route, BTH_AT],
      [routeIpv6, BTH_AT_IPV6],
    ] as const) {
      for (let size = 0; size < extensionBytes(opcode); size += 4) {
        builder.opcode = 0xff;
        const frame = requestFrame(builder, pattern(size), to);
        frame[bth] = opcode;
        t.is(parsed.parse(reseal(frame), frame.length), 'extension-length', `${name}, ${size} bytes`);
      }
    }
  }
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
    sourceIp: destinationIp,
    destinationIp: sourceIp,
    udpSourcePort: 0xffff,
  });
  const builder = new PacketBuilder(512);
  const parsed = new ParsedPacket();
  for (let i = 0; i < 300; i++) {
    const to = [back, route, route, routeIpv6, route, back, routeIpv6][i % 7];
    builder.setRoute(to);
    builder.destinationQpn = i;
    const length = builder.finish((i >> 1) % 7 === 0 ? 512 : i);
    t.is(parsed.parse(builder.frame, length), undefined);
    t.is(parsed.destinationQpn, i);
    t.is(parsed.destinationIp, to === back ? sourceIp : to === route ? destinationIp : 0);
    t.deepEqual(
      builder.frame.slice(0, 12),
      Uint8Array.of(...to.addresses.destinationMac, ...to.addresses.sourceMac),
    );
  }
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
