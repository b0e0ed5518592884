// SPDX-License-Identifier: MIT
// Whatever a front-end sends, the session ends with a reason that names it, no descriptor is left open, and the next
// session is served.
import test from 'ava';
import fc from 'fast-check';
import {
  HEADER_SIZE,
  MAX_FDS,
  MAX_PAYLOAD,
  Request,
  setHeaderFlags,
  setHeaderSize,
} from '../../device/abi/generated/messages.js';
import { closeAll, createMemfd } from '../../device/sys/fd.js';
import { encodeMessage, encodeU64 } from '../../device/vhost/message.js';
import { PCI_PROTOCOL_FEATURES } from '../../device/vhost/pci-requests.js';
import type { FrontEnd } from '../support/front-end.js';
import { iotlbPayload } from '../support/iotlb-payload.js';
import { LocalBackEnd } from '../support/local-back-end.js';
import { allRows, exampleFds, examplePayload } from '../support/messages.js';
import { openFdsOf, uniqueName } from '../support/open-fds.js';
import { Reg, SCRATCH_ID } from '../support/scratch-model.js';

/** Name of all descriptors that are sent: none may be open when a test is over. */
const PASSED = uniqueName();

/** Phases with a way to get there on a fresh connection. */
const REACH: Readonly<Record<string, (f: FrontEnd) => void>> = {
  new: () => undefined,
  negotiated: f => f.negotiate(),
  running: f => void closeAll([f.start().fd]),
  /** Running, behind a vIOMMU. */
  translated: f => {
    f.translated = true;
    closeAll([f.start().fd]);
  },
};

/** Sends `bytes` in the phase and gives the reason for which the session ended; undefined if it goes on. */
function provoke(
  backEnd: LocalBackEnd,
  phase: string,
  bytes: Uint8Array,
  fdCount = 0,
  hangUp = false,
): string | undefined {
  const frontEnd = backEnd.connect();
  REACH[phase]!(frontEnd);
  const memfd = createMemfd(PASSED, 4096);
  frontEnd.channel.send(bytes, Array(fdCount).fill(memfd));
  closeAll([memfd]);
  if (hangUp) frontEnd.hangUp();
  for (let i = 0; i < 4; i++) backEnd.step();
  const reason = backEnd.session === undefined ? backEnd.lastEnd : undefined;
  backEnd.end();
  frontEnd.ring?.close();
  if (!hangUp) frontEnd.hangUp();
  return reason;
}

/** Whole service after all that: a register is read through ring and model. */
function stillServes(backEnd: LocalBackEnd): boolean {
  const frontEnd = backEnd.connect();
  closeAll([frontEnd.start().fd]);
  const { lo } = frontEnd.ring!.read(Reg.ID, 4);
  backEnd.end();
  frontEnd.ring!.close();
  frontEnd.hangUp();
  return lo === SCRATCH_ID;
}

const names = [...allRows].map(([code, row]) => [row.name, code] as const);

for (const [name, code] of names) {
  test(`${name}: every wrong size ends the session with a reason`, t => {
    const backEnd = LocalBackEnd.scratch();
    const [min, max] = allRows.get(code)!.size;
    for (const size of new Set([0, 1, min - 1, min + 1, max + 1, max + 8, MAX_PAYLOAD])) {
      if (size < 0 || (size >= min && size <= max && code !== Request.SET_MEM_TABLE)) continue;
      const payload = new Uint8Array(size);
      payload.set(examplePayload(code).subarray(0, size));
      for (const phase of Object.keys(REACH)) {
        const reason = provoke(backEnd, phase, encodeMessage(code, payload), exampleFds(code));
        t.regex(reason ?? 'no end', new RegExp(`^${name}: `), `${size} bytes in ${phase}`);
      }
    }
    t.true(stillServes(backEnd));
    t.is(openFdsOf(PASSED), 0);
  });

  test(`${name}: missing and surplus descriptors end the session with a reason`, t => {
    const backEnd = LocalBackEnd.scratch();
    const [min, max] = allRows.get(code)!.fds;
    for (let count = 0; count <= MAX_FDS + 4; count++) {
      if (count >= min && count <= max && !(code === Request.SET_MEM_TABLE && count !== 1)) continue;
      const reason = provoke(backEnd, 'running', encodeMessage(code, examplePayload(code)), count);
      const expected =
        count > MAX_FDS ? /^more than 8 file descriptors/ : new RegExp(`^${name}: ${count} file`);
      t.regex(reason ?? 'no end', expected, `${count} descriptors`);
    }
    t.true(stillServes(backEnd));
    t.is(openFdsOf(PASSED), 0);
  });

  test(`${name}: cut at every byte ends the session with a reason`, t => {
    const backEnd = LocalBackEnd.scratch();
    const phase = ['SET_PROTOCOL_FEATURES', 'SET_FEATURES', 'SET_OWNER'].includes(name) ? 'new' : 'running';
    const whole = encodeMessage(code, examplePayload(code));
    for (let cut = 1; cut < whole.length; cut++) {
      const reason = provoke(backEnd, phase, whole.subarray(0, cut), exampleFds(code), true);
      t.regex(
        reason ?? 'no end',
        /closed after \d+ bytes of a message|not allowed in phase|lack/,
        `cut at ${cut}`,
      );
      if (/closed after/.test(reason!)) t.true(reason!.includes(`after ${cut} bytes`));
    }
    t.true(stillServes(backEnd));
    t.is(openFdsOf(PASSED), 0);
  });
}

test('each request comes in pieces of any size and is understood', t => {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  const message = encodeMessage(Request.SET_PROTOCOL_FEATURES, encodeU64(PCI_PROTOCOL_FEATURES));
  for (const byte of message) {
    frontEnd.channel.send(Uint8Array.of(byte));
    backEnd.step();
  }
  t.is(backEnd.session!.phase, 'negotiated');
  backEnd.end();
  frontEnd.hangUp();
});

test('an unknown request, a reply, another version and a payload that is too long end the session', t => {
  const backEnd = LocalBackEnd.scratch();
  const changed = (change: (m: Uint8Array) => void): Uint8Array => {
    const m = encodeMessage(Request.GET_FEATURES, new Uint8Array(0));
    change(m);
    return m;
  };
  for (const code of [0, 6, 14, 41, 0x50420000, 0x5042000c, 0x50428001, 0xffffffff]) {
    t.is(provoke(backEnd, 'running', encodeMessage(code, new Uint8Array(0))), `unknown request ${code}`);
  }
  const reply = encodeMessage(Request.GET_FEATURES, new Uint8Array(0), { reply: true });
  t.is(provoke(backEnd, 'new', reply), 'GET_FEATURES: a reply without a request');
  for (const version of [0, 2, 3]) {
    const reason = provoke(
      backEnd,
      'new',
      changed(m => setHeaderFlags(m, 0, version)),
    );
    t.is(reason, `protocol version ${version}, not 1`);
  }
  for (const size of [MAX_PAYLOAD + 1, 0x7fffffff, 0xffffffff]) {
    const reason = provoke(
      backEnd,
      'new',
      changed(m => setHeaderSize(m, 0, size)),
    );
    t.is(reason, `payload of ${size} bytes, more than ${MAX_PAYLOAD}`);
  }
  t.true(stillServes(backEnd));
});

test('descriptors in the middle of a message end the session and are closed', t => {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  frontEnd.negotiate();
  const whole = encodeMessage(Request.ADD_MEM_REG, examplePayload(Request.ADD_MEM_REG));
  const memfd = createMemfd(PASSED, 4096);
  frontEnd.channel.send(whole.subarray(0, HEADER_SIZE), [memfd]);
  backEnd.step();
  frontEnd.channel.send(whole.subarray(HEADER_SIZE), [memfd]);
  closeAll([memfd]);
  backEnd.step();
  t.is(backEnd.lastEnd, 'file descriptors in the middle of a message');
  t.is(openFdsOf(PASSED), 0);
  frontEnd.hangUp();
});

test('features that were not offered, or lack the extension, end the session', t => {
  const backEnd = LocalBackEnd.scratch();
  const set = (request: number, value: bigint): string | undefined =>
    provoke(backEnd, 'new', encodeMessage(request, encodeU64(value)));
  t.is(set(Request.SET_FEATURES, 1n << 63n), 'features 0x8000000000000000 were not offered');
  t.is(set(Request.SET_PROTOCOL_FEATURES, 1n << 63n), 'features 0x8000000000000000 were not offered');
  t.regex(set(Request.SET_PROTOCOL_FEATURES, 1n << 3n)!, /lack 0x1000000000008/);
});

test('random bytes with random descriptors never do more than end the session', t => {
  const backEnd = LocalBackEnd.scratch();
  const codes = fc.constantFrom(...allRows.keys(), 0, 7, 0x5042ffff);
  const message = fc
    .tuple(codes, fc.uint8Array({ maxLength: 300 }), fc.integer({ min: 0, max: 15 }))
    .map(([code, payload, flags]) => {
      const bytes = encodeMessage(code, payload);
      setHeaderFlags(bytes, 0, flags);
      return bytes;
    });
  const well = fc.constantFrom(...allRows.keys()).map(code => encodeMessage(code, examplePayload(code)));
  const number = fc.oneof(fc.constantFrom(0, 4096, 2 ** 52, 2 ** 63, Number.POSITIVE_INFINITY), fc.nat());
  const iotlb = fc
    .tuple(fc.nat(5), number, number, fc.nat(4), number)
    .map(([type, iova, size, perm, userAddress]) =>
      encodeMessage(Request.IOTLB_MSG, iotlbPayload(type, iova, size, perm, userAddress)),
    );
  const phase = fc.constantFrom(...Object.keys(REACH));
  fc.assert(
    fc.property(
      phase,
      fc.array(fc.tuple(fc.oneof(message, well, iotlb), fc.nat(9)), { maxLength: 5 }),
      (start, sent) => {
        const frontEnd = backEnd.connect();
        REACH[start]!(frontEnd);
        const memfd = createMemfd(PASSED, 4096);
        for (const [bytes, fds] of sent) {
          if (backEnd.session === undefined) break;
          frontEnd.channel.send(bytes, Array(fds).fill(memfd));
          backEnd.step();
        }
        closeAll([memfd]);
        backEnd.end();
        frontEnd.ring?.close();
        frontEnd.hangUp();
      },
    ),
    { numRuns: 500 },
  );
  t.true(stillServes(backEnd));
  t.is(openFdsOf(PASSED), 0);
});

test('a front-end that never reads its replies ends its session', t => {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  frontEnd.negotiate();
  const flood = encodeMessage(Request.GET_FEATURES, new Uint8Array(0));
  for (let i = 0; i < 100_000 && backEnd.session !== undefined; i++) {
    frontEnd.channel.send(flood);
    backEnd.step();
  }
  t.regex(backEnd.lastEnd ?? 'no end', /sendmsg: EAGAIN/);
  frontEnd.hangUp();
  t.true(stillServes(backEnd));
});

test('a ring, vector or state region that is not what it says is refused', t => {
  const backEnd = LocalBackEnd.scratch();
  const wrongRing = (change: (f: FrontEnd) => void): string => {
    const frontEnd = backEnd.connect();
    frontEnd.negotiate();
    t.throws(() => change(frontEnd));
    frontEnd.ring?.close();
    frontEnd.hangUp();
    return backEnd.lastEnd ?? 'no end';
  };
  const memfd = createMemfd('t', 65536);
  const ask = (size: number, slots: number, fds: number[]) => (f: FrontEnd) => {
    const payload = new Uint8Array(16);
    const view = new DataView(payload.buffer);
    view.setBigUint64(0, BigInt(size), true);
    view.setUint32(8, slots, true);
    f.must(Request.PCI_SET_RING, payload, fds);
  };
  const three = [memfd, memfd, memfd];
  t.regex(wrongRing(ask(65536, 3, three)), /ring of 3 slots/);
  t.regex(wrongRing(ask(65536, 0, three)), /ring of 0 slots/);
  t.regex(wrongRing(ask(65536, 1024, three)), /1024 slots in 65536 bytes/);
  t.regex(wrongRing(ask(131072, 64, three)), /file has 65536 bytes/);
  t.regex(wrongRing(ask(2 ** 52, 64, three)), /ring of 64 slots in/);
  t.regex(wrongRing(ask(65536, 64, three)), /no magic number/);
  const open = createMemfd('t', 65536, false);
  t.regex(wrongRing(ask(65536, 64, [open, memfd, memfd])), /not sealed/);
  closeAll([memfd, open]);
  t.true(stillServes(backEnd));
});

test('a vector beyond the function is refused, one without an eventfd ends the session', t => {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  const state = frontEnd.start();
  const memfd = createMemfd(PASSED, 4096);
  const payload = new Uint8Array(8);
  payload[0] = 4;
  t.is(frontEnd.acknowledge(Request.PCI_SET_IRQ_FD, payload, [memfd]), 1n);
  t.deepEqual(backEnd.refused, ['PCI_SET_IRQ_FD: vector 4 of 4']);
  payload[0] = 0;
  t.throws(() => frontEnd.acknowledge(Request.PCI_SET_IRQ_FD, payload, [memfd]));
  t.regex(backEnd.lastEnd!, /not an eventfd/);
  frontEnd.ring!.close();
  frontEnd.hangUp();
  closeAll([state.fd, memfd]);
});
