// SPDX-License-Identifier: MIT
import { openSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import test from 'ava';
import { ACK_SYNDROME, BthOpcode, NAK_PSN } from '../../device/abi/generated/packets.js';
import { formatIpv4, formatMac } from '../../device/fabric/addresses.js';
import { LoopbackLink } from '../../device/fabric/link.js';
import { PacketBuilder } from '../../device/fabric/packet.js';
import { ParsedPacket } from '../../device/fabric/parse.js';
import { Capture, type CaptureOptions, openCapture } from '../../device/fabric/pcapng.js';
import { destinationIp, pattern, requestFrame, route, sourceIp } from '../support/frames.js';
import { ManualClock } from '../support/manual-clock.js';
import { temporaryDirectory } from '../support/temporary.js';
import { tsharkComplaints, tsharkFields } from '../support/tshark.js';

const EPOCH_MS = Date.UTC(2024, 1, 29, 12, 0, 0, 123);

function options(
  clock: ManualClock,
  log: CaptureOptions['log'] = (_, message) => {
    throw new Error(message);
  },
): CaptureOptions {
  return { clock, epochMs: EPOCH_MS, interfaceName: 'loopback', log };
}

const MTUS = [256, 512, 1024, 2048, 4096];

/** Message sizes round every multiple of the MTU up to four, and the smallest. */
function messageSizes(mtu: number): number[] {
  const sizes = [0, 1, 2, 3, 4, 5];
  for (let packets = 1; packets <= 4; packets++) for (let d = -5; d <= 5; d++) sizes.push(packets * mtu + d);
  return sizes;
}

function opcodeOf(first: boolean, last: boolean): number {
  if (first) return last ? BthOpcode.RC_SEND_ONLY : BthOpcode.RC_SEND_FIRST;
  return last ? BthOpcode.RC_SEND_LAST : BthOpcode.RC_SEND_MIDDLE;
}

interface Sent {
  readonly opcode: number;
  readonly psn: number;
  readonly qpn: number;
  readonly ack: boolean;
  readonly pad: number;
  readonly icrc: string;
  readonly payload: string;
}

/** Sends one message as packets; each is noted as it was meant. */
function sendMessage(
  link: LoopbackLink,
  builder: PacketBuilder,
  mtu: number,
  message: Uint8Array,
  firstPsn: number,
): Sent[] {
  const packets = Math.max(1, Math.ceil(message.length / mtu));
  return Array.from({ length: packets }, (_, i) => {
    const payload = message.slice(i * mtu, (i + 1) * mtu);
    builder.opcode = opcodeOf(i === 0, i === packets - 1);
    builder.psn = (firstPsn + i) % 0x1000000;
    builder.destinationQpn = 0x123456;
    builder.ackRequest = i === packets - 1;
    const frame = requestFrame(builder, payload);
    link.transmit(frame, frame.length);
    const icrc = Buffer.from(frame.slice(-4)).toString('hex');
    return {
      opcode: builder.opcode,
      psn: builder.psn,
      qpn: 0x123456,
      ack: builder.ackRequest,
      pad: (4 - (payload.length % 4)) % 4,
      icrc,
      payload: Buffer.from(payload).toString('hex'),
    };
  });
}

for (const mtu of MTUS) {
  test(`tshark decodes messages round every multiple of an MTU of ${mtu} as they were sent`, async t => {
    const path = join(temporaryDirectory(t), 'capture.pcapng');
    const clock = new ManualClock();
    const link = new LoopbackLink(clock, mtu);
    const capture = openCapture(path, options(clock));
    link.tap = capture;
    const parsed = new ParsedPacket();
    link.receiver = (frame, length) => t.is(parsed.parse(frame, length), undefined);
    const builder = new PacketBuilder(mtu);
    const sent: Sent[] = [];
    for (const size of messageSizes(mtu))
      sent.push(...sendMessage(link, builder, mtu, pattern(size, size), 0xfffff0 + sent.length));
    capture.close();

    const fields = ['bth.opcode', 'bth.psn', 'bth.destqp', 'bth.a', 'bth.padcnt', 'invariant.crc'].map(
      f => `infiniband.${f}`,
    );
    const rows = await tsharkFields(path, [...fields, 'data.data', 'infiniband.payload']);
    t.is(rows.length, sent.length);
    rows.forEach(([opcode, psn, qpn, ack, pad, icrc, data, payload], i) => {
      const seen = {
        opcode: Number(opcode),
        psn: Number(psn),
        qpn: Number(qpn),
        ack: Number(ack) === 1,
        pad: Number(pad),
        icrc: icrc.replace('0x', ''),
      };
      const { payload: meant, ...rest } = sent[i];
      t.deepEqual(seen, rest, `frame ${i + 1}`);
      t.is((data || payload).slice(0, meant.length), meant, `frame ${i + 1}`);
    });
    t.deepEqual(await tsharkComplaints(path), []);
  });
}

test('tshark reads addresses, times to the nanosecond, and acknowledgements', async t => {
  const path = join(temporaryDirectory(t), 'capture.pcapng');
  const clock = new ManualClock();
  clock.ns = 777;
  const capture = openCapture(path, options(clock));
  const builder = new PacketBuilder(4);
  builder.setRoute(route);
  builder.destinationQpn = 5;
  for (const [i, syndrome] of [ACK_SYNDROME, NAK_PSN].entries()) {
    clock.ns = 777 + i * 3_000_000_001;
    builder.psn = 40 + i;
    capture.record(builder.frame, builder.finishAcknowledge(syndrome, 7 + i));
  }
  t.is(capture.frames, 2);
  capture.close();
  const fields = [
    'frame.time_epoch',
    'eth.dst',
    'eth.src',
    'ip.src',
    'ip.dst',
    'udp.srcport',
    'infiniband.aeth.msn',
    'infiniband.aeth.syndrome',
  ];
  const { addresses: a } = route;
  const same = [
    formatMac(a.destinationMac),
    formatMac(a.sourceMac),
    formatIpv4(sourceIp),
    formatIpv4(destinationIp),
    String(a.udpSourcePort),
  ];
  const seconds = EPOCH_MS / 1000 - 0.123;
  const rows = await tsharkFields(path, fields);
  t.deepEqual(
    rows.map(row => [...row.slice(0, 7), Number(row[7])]),
    [
      [`${seconds}.123000000`, ...same, '7', ACK_SYNDROME],
      [`${seconds + 3}.123000001`, ...same, '8', NAK_PSN],
    ],
  );
  t.deepEqual(await tsharkComplaints(path), []);
});

test('tshark finds the checksum of a damaged IPv4 header: the check above can fail', async t => {
  const path = join(temporaryDirectory(t), 'capture.pcapng');
  const capture = openCapture(path, options(new ManualClock()));
  const frame = requestFrame(new PacketBuilder(64), pattern(64));
  capture.record(frame, 57);
  capture.close();
  t.is((await tsharkComplaints(path)).length, 1);
});

test('flush hands over what was recorded; the buffer never grows past its size', t => {
  const path = join(temporaryDirectory(t), 'capture.pcapng');
  const capture = openCapture(path, options(new ManualClock()));
  const frame = requestFrame(new PacketBuilder(4096), pattern(4096));
  t.is(statSync(path).size, 0);
  let recorded = 0;
  for (let i = 0; i < 100; i++) {
    capture.record(frame, frame.length);
    recorded += frame.length;
    t.true(recorded - statSync(path).size <= 64 * 1024);
  }
  capture.flush();
  t.true(statSync(path).size > recorded);
  t.is(statSync(path).mode & 0o777, 0o600);
  capture.close();
});

test('a frame longer than a jumbo frame is kept in part, with its length', async t => {
  const path = join(temporaryDirectory(t), 'capture.pcapng');
  const capture = openCapture(path, options(new ManualClock()));
  capture.record(pattern(20000), 20000);
  capture.close();
  t.deepEqual(await tsharkFields(path, ['frame.len', 'frame.cap_len']), [['20000', '9216']]);
});

test('a file that cannot be written stops the capture with one message', t => {
  const messages: string[] = [];
  const capture = new Capture(
    openSync('/dev/full', 'w'),
    options(new ManualClock(), (_, message) => messages.push(message)),
  );
  const frame = requestFrame(new PacketBuilder(4096), pattern(4096));
  for (let i = 0; i < 100; i++) capture.record(frame, frame.length);
  t.false(capture.active);
  capture.flush();
  capture.close();
  t.deepEqual(messages, ['capture stopped: its file cannot be written']);
});

/** What a descriptor stands for now; another test may have been given its number. */
function pathOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } catch {
    return '';
  }
}

test('close ends the descriptor once', t => {
  const path = join(temporaryDirectory(t), 'capture.pcapng');
  const fd = openSync(path, 'w');
  const capture = new Capture(fd, options(new ManualClock()));
  t.is(pathOf(fd), path);
  capture.close();
  capture.close();
  t.true(pathOf(fd) !== path);
  t.is(readFileSync(path).readUInt32LE(0), 0x0a0d0d0a);
  t.throws(() => openCapture(join(path, 'below-a-file'), options(new ManualClock())), { code: 'ENOTDIR' });
});
