// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import { encodeFrame, FrameReader } from '../../device/vm/agent-frames.js';

/** A frame as the guest builds it. */
function guestFrame(type: string, job: number, payload: Uint8Array): Buffer {
  return Buffer.concat([
    Buffer.from([type.charCodeAt(0), job, payload.length & 0xff, payload.length >> 8]),
    payload,
  ]);
}

test('a command frame is type, job, length, bytes', t => {
  t.deepEqual([...encodeFrame('R', 3, 'é')], [0x52, 3, 2, 0, 0xc3, 0xa9]);
  t.deepEqual([...encodeFrame('P', 0)], [0x50, 0, 0, 0]);
});

test('frames come out whole, however the stream is cut', t => {
  const payload = fc.uint8Array({ maxLength: 600 });
  fc.assert(
    fc.property(
      fc.array(payload, { minLength: 1, maxLength: 6 }),
      fc.array(fc.nat(4000), { maxLength: 10 }),
      (payloads, cuts) => {
        const stream = Buffer.concat(payloads.map((data, job) => guestFrame('O', job, data)));
        const reader = new FrameReader();
        const got = [];
        let from = 0;
        for (const to of [
          ...cuts.map(cut => Math.min(cut, stream.length)).sort((a, b) => a - b),
          stream.length,
        ]) {
          got.push(...reader.push(stream.subarray(from, to)));
          from = to;
        }
        t.deepEqual(
          got,
          payloads.map((data, job) => ({ type: 'stdout' as const, job, data: Buffer.from(data) })),
        );
      },
    ),
  );
});

test('statuses, messages and what nobody knows', t => {
  const reader = new FrameReader();
  t.deepEqual(reader.push(guestFrame('X', 2, Buffer.from([139, 0, 0, 0]))), [
    { type: 'exit', job: 2, status: 139 },
  ]);
  t.deepEqual(reader.push(guestFrame('H', 0, Buffer.from('6.1.0'))), [
    { type: 'hello', kernelRelease: '6.1.0' },
  ]);
  t.deepEqual(reader.push(guestFrame('X', 2, Buffer.from([1]))), [
    { type: 'unknown', code: 0x58, job: 2, data: Buffer.from([1]) },
  ]);
  t.is(reader.push(guestFrame('?', 0, Buffer.alloc(0)))[0].type, 'unknown');
});
