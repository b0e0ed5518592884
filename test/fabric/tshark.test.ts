// SPDX-License-Identifier: MIT
// Every kind of packet, over IPv4 and IPv6, as an independent decoder reads it.
import { join } from 'node:path';
import test from 'ava';
import { BthOpcode } from '../../device/abi/generated/packets.js';
import { formatIpv4 } from '../../device/fabric/addresses.js';
import { hasPayload } from '../../device/fabric/extension-headers.js';
import { PacketBuilder } from '../../device/fabric/packet.js';
import { openCapture } from '../../device/fabric/pcapng.js';
import { destinationIp, pattern, requestFrame, route, routeIpv6, sourceIp } from '../support/frames.js';
import { ManualClock } from '../support/manual-clock.js';
import { temporaryDirectory } from '../support/temporary.js';
import { tsharkComplaints, tsharkFields } from '../support/tshark.js';

/** Values that differ in every byte, so that an exchanged half or a shifted field shows. */
const FIELDS = {
  destinationQpn: 0x123456,
  qkey: 0x81234567,
  sourceQpn: 0xabcdef,
  remoteAddress: 0x00112233_44556677,
  rkey: 0x89abcdef,
  dmaLength: 0x7edcba98,
  swapAddHi: 0xf0e1d2c3,
  swapAddLo: 0xb4a59687,
  compareHi: 0x78695a4b,
  compareLo: 0x3c2d1e0f,
  syndrome: 0x1f,
  msn: 0xfedcba,
  originalHi: 0x01020304,
  originalLo: 0xf5f6f7f8,
  immediate: 0xdeadbeef,
  invalidateKey: 0xcafef00d,
};

const long = (high: number, low: number): string => String(BigInt(high) * 2n ** 32n + BigInt(low));

/**
 * What tshark has to show for FIELDS, and for which opcodes (IBTA table 38), by the name of its field; keys and
 * immediate data it shows as a header and again as that header's content.
 */
const SHOWN: readonly (readonly [string, RegExp, string])[] = [
  ['infiniband.deth.q_key', /^UD/, '0x0000000081234567'],
  ['infiniband.deth.srcqp', /^UD/, '0x00abcdef'],
  ['infiniband.reth.va', /WRITE_(FIRST|ONLY)|READ_REQUEST|CMP_SWAP|FETCH_ADD/, '0x0011223344556677'],
  ['infiniband.reth.r_key', /WRITE_(FIRST|ONLY)|READ_REQUEST|CMP_SWAP|FETCH_ADD/, '0x89abcdef'],
  ['infiniband.reth.dmalen', /WRITE_(FIRST|ONLY)|READ_REQUEST/, String(FIELDS.dmaLength)],
  ['infiniband.atomiceth.swapdt', /CMP_SWAP|FETCH_ADD/, long(FIELDS.swapAddHi, FIELDS.swapAddLo)],
  ['infiniband.atomiceth.cmpdt', /CMP_SWAP|FETCH_ADD/, long(FIELDS.compareHi, FIELDS.compareLo)],
  ['infiniband.aeth.syndrome', /ACKNOWLEDGE|RESPONSE_(FIRST|LAST|ONLY)/, '31'],
  ['infiniband.aeth.msn', /ACKNOWLEDGE|RESPONSE_(FIRST|LAST|ONLY)/, String(FIELDS.msn)],
  ['infiniband.atomicacketh.origremdt', /ATOMIC_ACK/, long(FIELDS.originalHi, FIELDS.originalLo)],
  ['infiniband.immdt', /_IMM$/, 'deadbeef,deadbeef'],
  ['infiniband.ieth', /_INV$/, 'cafef00d,cafef00d'],
];

const HEADER_FIELDS = [
  ...['opcode', 'psn', 'destqp', 'se', 'm', 'a', 'padcnt', 'tver', 'p_key'].map(f => `infiniband.bth.${f}`),
  ...['src', 'dst', 'ttl', 'dsfield'].map(f => `ip.${f}`),
  ...['src', 'dst', 'hlim', 'tclass', 'flow'].map(f => `ipv6.${f}`),
];
/** Where tshark shows the payload, pad included: the one or the other. */
const PAYLOAD_FIELDS = ['data.data', 'infiniband.payload'];
const OUTER_IPV4 = [formatIpv4(sourceIp), formatIpv4(destinationIp), '64', '0x00', '', '', '', '', ''];
const OUTER_IPV6 = ['', '', '', '', '2001:db8::1:2:3', '2001:db8::1:2:4', '17', '0x00000068', '0x0abcde'];

test('tshark reads every field of every kind of packet, over IPv4 and IPv6', async t => {
  const path = join(temporaryDirectory(t), 'capture.pcapng');
  const capture = openCapture(path, {
    clock: new ManualClock(),
    epochMs: 0,
    interfaceName: 'loopback',
    log: (_, message) => t.fail(message),
  });
  const builder = new PacketBuilder(256);
  const kinds = Object.entries(BthOpcode).flatMap(([name, opcode]) =>
    [route, routeIpv6].map(to => ({ name, opcode, to })),
  );
  const payloads = kinds.map(({ opcode }, i) => pattern(hasPayload(opcode) ? 29 + (i % 4) : 0, i));
  for (const [i, { opcode, to }] of kinds.entries()) {
    Object.assign(builder, FIELDS, {
      opcode,
      psn: 0xfffff0 + (i % 16),
      solicited: i % 3 === 0,
      ackRequest: i % 5 === 0,
    });
    const frame = requestFrame(builder, payloads[i], to);
    capture.record(frame, frame.length);
  }
  capture.close();

  const rows = await tsharkFields(path, [
    ...HEADER_FIELDS,
    ...SHOWN.map(([field]) => field),
    ...PAYLOAD_FIELDS,
  ]);
  t.is(rows.length, kinds.length);
  for (const [i, { name, opcode, to }] of kinds.entries()) {
    const row = rows[i];
    const pad = -payloads[i].length & 3;
    const bth = [opcode, 0xfffff0 + (i % 16), '0x123456', +(i % 3 === 0), 1, +(i % 5 === 0), pad, 0, 0xffff];
    const outer = to.ipv6 ? OUTER_IPV6 : OUTER_IPV4;
    t.deepEqual(row.slice(0, HEADER_FIELDS.length), [...bth.map(String), ...outer], name);
    const extensions = row.slice(HEADER_FIELDS.length, HEADER_FIELDS.length + SHOWN.length);
    t.deepEqual(
      extensions,
      SHOWN.map(([, opcodes, text]) => (opcodes.test(name) ? text : '')),
      name,
    );
    const shown = row.slice(-PAYLOAD_FIELDS.length).join('');
    t.is(shown, Buffer.from([...payloads[i], ...new Uint8Array(pad)]).toString('hex'), name);
  }
  t.deepEqual(await tsharkComplaints(path), []);
});
