// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import { Icrc } from '../../device/fabric/icrc.js';
import { PacketBuilder } from '../../device/fabric/packet.js';
import { type PacketFault, ParsedPacket } from '../../device/fabric/parse.js';
import { pattern, requestFrame, route, routeIpv6 } from '../support/frames.js';

// Frames that were on real wires, with the ICRC that their senders computed: a congestion notification from a
// ConnectX-4 Lx (its congestion bit and ECN bits are among what counts as ones), a UC send with UDP checksum and two
// pad bytes, and an RDMA write.
const CAPTURED: readonly (readonly [string, string])[] = [
  [
    'ConnectX-4 Lx CNP',
    `e41d2dab2bc27cfe90643b32 0800 45c2003c718c4000401191610a0011010a001201 000012b700280000
     8100ffff4000011800000000 00000000000000000000000000000000 82fd002a`,
  ],
  [
    'UC send',
    `248a07a8fa22248a07a8fa22 0800 4501004004784000 4011b4d5c0a80007c0a80007 c00012b7002caca2
     2460ffff000000d300cf1710 4630818be28935d90e9a95505401be885e500000 78f353f3`,
  ],
  [
    'RDMA write',
    `123456789abc7cb27d62c1ef 0800 4500004c000100004011f54cc0a80201c0a80202 01f412b70038ffa6
     0a00ffff0000000200000000 00000000000012300000000000000010 000102030405060708090a0b0c0d0e0f ca47470e`,
  ],
];

/** Frames over IPv6, with the ICRC that another implementation of the definition made (Scapy 2.7, contrib/roce). */
const MADE_ELSEWHERE: typeof CAPTURED = [
  [
    'IPv6, RC send, traffic class and flow label set',
    `525400654321 525400123456 86dd 66a12345002c1101 fe80000000000000505400fffe123456
     fe80000000000000505400fffe654321 c12312b7002c0000 0440ffff0000001180abcdef
     000102030405060708090a0b0c0d0e0f10111213 f0fdebcf`,
  ],
  [
    'IPv6, UD send to a multicast address',
    `525400654321 525400123456 86dd 6000000000241140 20010db8000000000000000000000001
     ff0e0000000000000000ffffef010203 c12312b700240000 64d0ffff0000000100000005 8001000000000001
     61626300 4bf608ea`,
  ],
];

const bytesOf = (hex: string): Uint8Array => new Uint8Array(Buffer.from(hex.replaceAll(/\s/g, ''), 'hex'));

/** Bytes that a router may change: TOS, TTL, checksums, the BTH's congestion byte; over IPv6 three more of the first word. */
const MUTABLE = new Set([15, 22, 24, 25, 40, 41, 46]);
const MUTABLE_IPV6 = new Set([15, 16, 17, 21, 60, 61, 66]);

/** The definition, bit by bit: slow, and sharing nothing with the code under test. */
function plainIcrc(frame: Uint8Array): number {
  const ipv6 = frame[12] === 0x86;
  const ones = ipv6 ? MUTABLE_IPV6 : MUTABLE;
  const covered = [
    ...new Uint8Array(8).fill(255),
    ...frame.slice(14, -4).map((byte, i) => (ones.has(i + 14) ? 255 : byte)),
  ];
  if (ipv6) covered[8] |= 0x0f; // the high half of the traffic class shares a byte with the version
  let crc = 0xffffffff;
  for (const byte of covered) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc;
}

const storedIcrc = (frame: Uint8Array): number => Buffer.from(frame).readInt32LE(frame.length - 4);

for (const [name, hex] of [...CAPTURED, ...MADE_ELSEWHERE]) {
  test(`the ICRC of a frame comes out as its sender computed it: ${name}`, t => {
    const frame = bytesOf(hex);
    t.is(new Icrc().compute(frame, 14, frame.length - 4), storedIcrc(frame));
    t.is(plainIcrc(frame), storedIcrc(frame));
    t.is(new ParsedPacket().parse(frame, frame.length), undefined);
  });
}

test('built packets of every length carry the ICRC of the definition', t => {
  const builder = new PacketBuilder(4096);
  for (let length = 0; length <= 700; length++) {
    builder.psn = length * 7919;
    const frame = requestFrame(builder, pattern(length, length), length % 3 === 0 ? routeIpv6 : route);
    t.is(storedIcrc(frame), plainIcrc(frame), `${length} bytes`);
  }
  for (const length of [1023, 1024, 1025, 4095, 4096]) {
    for (const to of [route, routeIpv6]) {
      const frame = requestFrame(builder, pattern(length), to);
      t.is(storedIcrc(frame), plainIcrc(frame), `${length} bytes`);
    }
  }
});

test('the remembered place of a large payload does not go stale', t => {
  const icrc = new Icrc();
  const frames = [4096, 2048, 4096, 300].map(length =>
    requestFrame(new PacketBuilder(4096), pattern(length, length)),
  );
  for (const frame of [...frames, ...frames.reverse()]) {
    t.is(icrc.compute(frame, 14, frame.length - 4), storedIcrc(frame));
  }
  const shared = frames[0];
  shared[46] = 0xff;
  const end = shared.length - 4;
  t.is(
    icrc.finish(icrc.prefix(shared, 14), shared, 42, end),
    icrc.compute(shared, 14, end),
    'another beginning',
  );
  shared[100] ^= 1;
  t.is(icrc.compute(shared, 14, shared.length - 4), plainIcrc(shared));
});

for (const [name, to] of [
  ['IPv4', route],
  ['IPv6', routeIpv6],
] as const) {
  test(`what a router may change is not covered, every other bit is: ${name}`, t => {
    const frame = requestFrame(new PacketBuilder(64), pattern(33), to);
    const mutable = to.ipv6 ? MUTABLE_IPV6 : MUTABLE;
    const icrc = new Icrc();
    const right = icrc.compute(frame, 14, frame.length - 4);
    for (let bit = 14 * 8; bit < (frame.length - 4) * 8; bit++) {
      const bad = frame.slice();
      bad[bit >> 3] ^= 1 << (bit & 7);
      // A changed version makes it another protocol, with other bytes that count.
      const version = to.ipv6 ? 14 * 8 + 4 : 14 * 8;
      if (bit >= version && bit < 15 * 8) continue;
      const free = mutable.has(bit >> 3) || (to.ipv6 && bit < version);
      t.is(icrc.compute(bad, 14, bad.length - 4) === right, free, `byte ${bit >> 3}, bit ${bit & 7}`);
    }
  });
}

test('a flipped bit is refused, whatever the packet', t => {
  const builder = new PacketBuilder(1024);
  const parsed = new ParsedPacket();
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 1024 }),
      fc.nat(),
      fc.nat({ max: 0xffffff }),
      (payload, where, psn) => {
        builder.psn = psn;
        const frame = requestFrame(builder, payload);
        // MAC addresses are Ethernet's to check, with a checksum that virtual links do not carry.
        const bit = 14 * 8 + (where % ((frame.length - 14) * 8));
        if (bit >> 3 === 46) return; // the BTH byte for congestion marks: free to change
        frame[bit >> 3] ^= 1 << (bit & 7);
        const fault: PacketFault | undefined = parsed.parse(frame, frame.length);
        t.not(fault, undefined, `byte ${bit >> 3}, bit ${bit & 7}`);
      },
    ),
    { numRuns: 2000 },
  );
});
