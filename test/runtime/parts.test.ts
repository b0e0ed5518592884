// SPDX-License-Identifier: MIT
import test from 'ava';
import fc from 'fast-check';
import { encodeFrame, FrameDecoder } from '../../device/runtime/control-frames.js';
import { RateLimit } from '../../device/runtime/rate-limit.js';
import { SpinWindow } from '../../device/runtime/spin.js';
import { Trace, TracePoint, traceText } from '../../device/runtime/trace.js';

test('the spin window stays open for work that comes in time and closes for work that comes late', t => {
  const spin = new SpinWindow(200_000);
  let now = 1e9;
  for (let i = 0; i < 10; i++) {
    spin.worked(now);
    t.true(spin.goesOn(now + 199_000));
    t.false(spin.goesOn(now + 201_000));
    now += 100_000;
  }
  for (let i = 0; i < 10; i++) {
    spin.worked(now);
    spin.wasted();
    now += 1e6;
  }
  t.false(spin.goesOn(now - 1e6), 'closed: it does not spin at all');
  spin.worked(now);
  spin.worked(now + 150_000);
  t.true(spin.goesOn(now + 300_000), 'open again');
});

test('without a processor to spare there is no spinning', t => {
  const spin = new SpinWindow(0);
  spin.worked(5);
  t.false(spin.goesOn(5));
});

test('frames are put together from pieces of any size', t => {
  // msgpackr renames this one key, so that no message can reach a prototype.
  const value = fc.jsonValue().filter(v => !JSON.stringify(v).includes('__proto__'));
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 5 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 50 })),
      (values, cuts) => {
        const bytes = Buffer.concat(values.map(v => encodeFrame(v)));
        const decoder = new FrameDecoder();
        const got: unknown[] = [];
        for (let at = 0; at < bytes.length; ) {
          const n = cuts.next().value as number;
          got.push(...decoder.push(bytes.subarray(at, at + n)));
          at += n;
        }
        return JSON.stringify(got) === JSON.stringify(values);
      },
    ),
  );
  t.throws(() => new FrameDecoder(10).push(new Uint8Array([11, 0, 0, 0])), { message: 'frame of 11 bytes' });
});

test('the trace keeps the last points and names them', t => {
  let now = 1000;
  const trace = new Trace({ nowNs: () => now }, 4);
  for (let i = 0; i < 6; i++) {
    trace.newTurn();
    trace.point(TracePoint.WRITE, 0, i, 4, i * 2, 0);
    now += 1500;
  }
  trace.point(TracePoint.CONTROL, 3, 9);
  t.is(trace.recorded, 7);
  t.is(
    traceText(trace.records()),
    [
      '         0.000 µs  write     bar=0 offset=0x3 size=4 lo=0x6 hi=0x0',
      '         1.500 µs  write     bar=0 offset=0x4 size=4 lo=0x8 hi=0x0',
      '         3.000 µs  write     bar=0 offset=0x5 size=4 lo=0xa hi=0x0',
      '         3.000 µs  control   event=function-reset value=0x9',
      '',
    ].join('\n'),
  );
  trace.clear();
  t.deepEqual(trace.records(), []);
  t.is(traceText([]), '');
});

test('log lines beyond the burst are counted and reported with the next one that passes', t => {
  let now = 0;
  const limit = new RateLimit({ nowNs: () => now }, 3, 10);
  t.deepEqual([limit.admit(), limit.admit(), limit.admit()], [0, 0, 0]);
  t.deepEqual([limit.admit(), limit.admit()], [undefined, undefined]);
  now = 0.1e9;
  t.deepEqual([limit.admit(), limit.admit()], [2, undefined]);
  now = 100e9;
  t.deepEqual([limit.admit(), limit.admit(), limit.admit(), limit.admit()], [1, 0, 0, undefined]);
});
