// SPDX-License-Identifier: MIT
// The life of a session: which request may come when, what is acknowledged, what is refused and goes on.
import test from 'ava';
import {
  Control,
  EXTENSION_VERSION,
  FUNCTION_SIZE,
  functionDeviceId,
  functionMsixVectors,
  functionRingSlots,
  functionStateSize,
  functionVersion,
  Request,
  StateResult,
} from '../../device/abi/generated/messages.js';
import { closeAll, createMemfd } from '../../device/sys/fd.js';
import { decodeU64, encodeU64 } from '../../device/vhost/message.js';
import { PCI_PROTOCOL_FEATURES } from '../../device/vhost/pci-requests.js';
import { violation } from '../../device/vhost/request-table.js';
import { type FrontEnd, guestRam, regionPayload } from '../support/front-end.js';
import { LocalBackEnd } from '../support/local-back-end.js';
import { allRows, exampleFds, examplePayload } from '../support/messages.js';
import { openFdsOf, uniqueName } from '../support/open-fds.js';
import { RingProducer } from '../support/ring-producer.js';
import { Reg } from '../support/scratch-model.js';

const PHASES = ['new', 'negotiated', 'ring', 'stopped', 'running'] as const;

const REACH: Readonly<Record<string, (f: FrontEnd) => void>> = {
  new: () => undefined,
  negotiated: f => f.negotiate(),
  ring: f => {
    f.negotiate();
    f.setRing(new RingProducer(16));
  },
  stopped: f => {
    f.negotiate();
    f.setRing(new RingProducer(16));
    closeAll([f.newState(f.describe()).fd]);
  },
  running: f => closeAll([f.start().fd]),
};

/** Every request that may come in each phase; the rest ends the session. Written out, so that a change shows. */
const ALWAYS = [
  'GET_FEATURES',
  'RESET_OWNER',
  'SET_MEM_TABLE',
  'GET_PROTOCOL_FEATURES',
  'SET_BACKEND_REQ_FD',
  'GET_MAX_MEM_SLOTS',
  'IOTLB_MSG',
  'ADD_MEM_REG',
  'REM_MEM_REG',
];
const HANDSHAKE = ['SET_FEATURES', 'SET_OWNER', 'SET_PROTOCOL_FEATURES'];
const ATTACHED = [
  'PCI_GET_FUNCTION',
  'PCI_SET_IRQ_FD',
  'PCI_RUN',
  'PCI_STOP',
  'PCI_CONTROL',
  'PCI_MMIO_READ',
  'PCI_MMIO_WRITE',
  'PCI_SET_BAR_RAM',
];
const ALLOWED: Readonly<Record<(typeof PHASES)[number], readonly string[]>> = {
  new: [...ALWAYS, ...HANDSHAKE],
  negotiated: [...ALWAYS, ...HANDSHAKE, 'PCI_GET_FUNCTION', 'PCI_SET_RING'],
  ring: [...ALWAYS, 'PCI_GET_FUNCTION', 'PCI_STATE_GET_FD', 'PCI_STATE_SET_FD', 'PCI_SET_BAR_RAM'],
  stopped: [...ALWAYS, ...ATTACHED],
  running: [...ALWAYS, ...ATTACHED],
};

for (const phase of PHASES) {
  test(`phase ${phase}: every request is taken or ends the session, as the table says`, t => {
    for (const [code, row] of allRows) {
      const backEnd = LocalBackEnd.scratch();
      const frontEnd = backEnd.connect();
      REACH[phase]!(frontEnd);
      t.is(backEnd.session!.phase, phase);
      const memfd = createMemfd('t', 4096);
      frontEnd.send(code, examplePayload(code), Array(exampleFds(code)).fill(memfd));
      for (let i = 0; i < 3; i++) backEnd.step();
      const outOfPhase = (backEnd.lastEnd ?? '').includes(`not allowed in phase "${phase}"`);
      t.is(!outOfPhase, ALLOWED[phase].includes(row.name), `${row.name}: ${backEnd.lastEnd ?? 'goes on'}`);
      t.is(violation(row, row.size[0], row.fds[0], phase) === undefined, ALLOWED[phase].includes(row.name));
      backEnd.end();
      closeAll([memfd]);
      frontEnd.ring?.close();
      frontEnd.hangUp();
    }
  });
}

test('RUN and STOP lead to and fro, also twice', t => {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  closeAll([frontEnd.start().fd]);
  const phases = [Request.PCI_RUN, Request.PCI_STOP, Request.PCI_STOP, Request.PCI_RUN].map(request => {
    frontEnd.must(request);
    return [backEnd.session!.phase, backEnd.model.running];
  });
  t.deepEqual(phases, [
    ['running', true],
    ['stopped', false],
    ['stopped', false],
    ['running', true],
  ]);
  backEnd.end();
  t.false(backEnd.model.running, 'a session that ends stops the model');
  frontEnd.ring!.close();
  frontEnd.hangUp();
});

test('acknowledgements come when they are asked for, after REPLY_ACK was negotiated', t => {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  // Not negotiated yet: need_reply on SET_OWNER is ignored, so the next thing to arrive is the features.
  frontEnd.send(Request.SET_OWNER, new Uint8Array(0), [], true);
  t.is(decodeU64(frontEnd.ask(Request.GET_FEATURES).payload), (1n << 30n) | (1n << 33n));
  t.is(frontEnd.acknowledge(Request.SET_PROTOCOL_FEATURES, encodeU64(PCI_PROTOCOL_FEATURES)), 0n);
  // Not asked for: again nothing in between.
  frontEnd.send(Request.SET_OWNER);
  t.is(decodeU64(frontEnd.ask(Request.GET_MAX_MEM_SLOTS).payload), 64n);
  backEnd.end();
  frontEnd.hangUp();
});

test('the description says what the model says', t => {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  frontEnd.negotiate();
  const d = frontEnd.describe();
  const { description } = backEnd.model;
  t.is(d.length, FUNCTION_SIZE);
  t.is(functionVersion(d, 0), EXTENSION_VERSION);
  t.is(functionDeviceId(d, 0), description.deviceId);
  t.is(functionMsixVectors(d, 0), 4);
  t.is(functionRingSlots(d, 0), description.ringSlots);
  t.is(functionStateSize(d, 0), description.stateSize);
  backEnd.end();
  frontEnd.hangUp();
});

test('memory that is refused is answered with 1 and a reason, and the session goes on', t => {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  closeAll([frontEnd.start().fd]);
  const fd = guestRam(4096);
  t.is(frontEnd.addMemory(fd, 0x1000, 8192), 1n);
  t.is(frontEnd.addMemory(fd, 0x1000, 4096), 0n);
  t.is(frontEnd.addMemory(fd, 0x1000, 4096), 1n);
  t.is(frontEnd.removeMemory(0x2000, 4096), 1n);
  t.deepEqual(backEnd.refused, [
    'ADD_MEM_REG: memory at 0x1000: the file has 4096 bytes, less than the region needs',
    'ADD_MEM_REG: memory at 0x1000: it overlaps a region that is there already',
    'REM_MEM_REG: no such memory region',
  ]);
  t.is(frontEnd.removeMemory(0x1000, 4096), 0n);
  t.is(backEnd.session!.phase, 'running');
  for (let i = 0; i < 64; i++) t.is(frontEnd.addMemory(fd, 0x10000 + i * 4096, 4096), 0n);
  t.is(frontEnd.addMemory(fd, 0x1000, 4096), 1n);
  t.is(backEnd.refused.at(-1), 'ADD_MEM_REG: more than 64 memory regions');
  backEnd.end();
  frontEnd.ring!.close();
  frontEnd.hangUp();
  closeAll([fd]);
});

test('SET_MEM_TABLE replaces everything, or leaves nothing when part of it is refused', t => {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  closeAll([frontEnd.start().fd]);
  const fd = guestRam(8192);
  const table = (...addresses: number[]): Uint8Array => {
    const m = new Uint8Array(8 + 32 * addresses.length);
    m[0] = addresses.length;
    addresses.forEach((guestAddress, i) => {
      m.set(
        regionPayload({ guestAddress, size: 4096, userAddress: 0, mmapOffset: 4096 }).subarray(8),
        8 + i * 32,
      );
    });
    return m;
  };
  const regions = (): unknown[] =>
    (backEnd.function.status().memory as { guestAddress: number }[]).map(r => r.guestAddress);
  t.is(frontEnd.acknowledge(Request.SET_MEM_TABLE, table(0x1000, 0x5000), [fd, fd]), 0n);
  t.deepEqual(regions(), [0x1000, 0x5000]);
  t.is(frontEnd.acknowledge(Request.SET_MEM_TABLE, table(0x9000), [fd]), 0n);
  t.deepEqual(regions(), [0x9000]);
  t.is(frontEnd.acknowledge(Request.SET_MEM_TABLE, table(0x1000, 0x1000), [fd, fd]), 1n);
  t.deepEqual(regions(), []);
  t.is(frontEnd.acknowledge(Request.SET_MEM_TABLE, table()), 0n);
  t.true(backEnd.model.memoryChanges >= 4);
  backEnd.end();
  frontEnd.ring!.close();
  frontEnd.hangUp();
  closeAll([fd]);
});

test('a state region that is not one gets the result that names why, and a new one can follow', t => {
  const backEnd = LocalBackEnd.scratch();
  const first = backEnd.connect();
  const state = first.start();
  backEnd.end();
  const frontEnd = backEnd.connect();
  frontEnd.negotiate();
  const description = frontEnd.describe();
  frontEnd.setRing(first.ring!);
  const name = uniqueName();
  const empty = createMemfd(name, state.size);
  const open = createMemfd('t', state.size, false);
  t.is(frontEnd.giveState({ ...state, version: 99 }), BigInt(StateResult.BAD_VERSION));
  t.is(frontEnd.giveState({ ...state, size: 4096 }), BigInt(StateResult.BAD_FD));
  t.is(frontEnd.giveState({ ...state, fd: open }), BigInt(StateResult.BAD_FD));
  t.is(frontEnd.giveState({ ...state, fd: empty }), BigInt(StateResult.BAD_CONTENT));
  t.is(backEnd.session!.phase, 'ring');
  const sealed = `PCI_STATE_SET_FD: the state is not a sealed memfd of ${state.size} bytes`;
  t.deepEqual(backEnd.refused, [
    'PCI_STATE_SET_FD: the state has version 99, this back-end reads version 1: start a back-end that reads version 99, or reset the VM',
    sealed,
    sealed,
    'PCI_STATE_SET_FD: the region holds no state: no magic number',
  ]);
  const fresh = frontEnd.newState(description);
  t.is(backEnd.session!.phase, 'stopped');
  frontEnd.ring!.write(Reg.SCRATCH, 4, 3);
  t.is(frontEnd.ring!.read(Reg.SCRATCH, 4).lo, 3);
  backEnd.end();
  frontEnd.ring!.close();
  first.hangUp();
  frontEnd.hangUp();
  closeAll([empty, open, state.fd, fresh.fd]);
  t.is(openFdsOf(name), 0, 'the one that was refused was let go');
});

test('control events reach the model with their values', t => {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  closeAll([frontEnd.start().fd]);
  backEnd.model.events.length = 0;
  frontEnd.control(Control.BUS_MASTER, 0);
  frontEnd.control(Control.INTX_DISABLE, 1);
  frontEnd.control(Control.MSIX_ENABLE, 0);
  frontEnd.control(Control.POWER, 0);
  frontEnd.control(Control.POWER, 1);
  frontEnd.control(Control.FUNCTION_RESET, 0, undefined, frontEnd.ring!.raiseEpoch());
  frontEnd.control(Control.BUS_RESET, 0, undefined, frontEnd.ring!.raiseEpoch());
  t.deepEqual(backEnd.model.events, [
    { kind: 'bus-master', value: false },
    { kind: 'intx-disable', value: true },
    { kind: 'msix', value: false },
    { kind: 'power', value: false },
    { kind: 'power', value: true },
    { kind: 'function-reset', epoch: 1 },
    { kind: 'bus-reset', epoch: 2 },
  ]);
  for (const [kind, value] of [
    [0, 0],
    [7, 0],
    [Control.POWER, 2],
    [Control.BUS_MASTER, 2],
  ] as const) {
    const other = LocalBackEnd.scratch();
    const f = other.connect();
    closeAll([f.start().fd]);
    t.throws(() => f.control(kind, value));
    t.regex(other.lastEnd!, /^PCI_CONTROL: (unknown kind|value 2)/);
    f.ring!.close();
    f.hangUp();
  }
  backEnd.end();
  frontEnd.ring!.close();
  frontEnd.hangUp();
});

test('the debugging path reads and writes behind the ring, and refuses nothing quietly', t => {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  closeAll([frontEnd.start().fd]);
  const mmio = (offset: number, size: number, value = 0n): Uint8Array => {
    const m = new Uint8Array(24);
    m[1] = size;
    new DataView(m.buffer).setBigUint64(8, BigInt(offset), true);
    new DataView(m.buffer).setBigUint64(16, value, true);
    return m;
  };
  const read = (offset: number, size: number): bigint =>
    decodeU64(frontEnd.ask(Request.PCI_MMIO_READ, mmio(offset, size)).payload, 16);
  frontEnd.ring!.pump = undefined;
  frontEnd.ring!.write(Reg.SCRATCH64, 8, 0x11111111, 0x22222222);
  t.is(read(Reg.SCRATCH64, 8), 0x2222222211111111n);
  frontEnd.must(Request.PCI_MMIO_WRITE, mmio(Reg.SCRATCH64, 4, 0xffffffff33333333n));
  t.is(read(Reg.SCRATCH64, 8), 0x2222222233333333n);
  t.is(read(Reg.SCRATCH64, 2), 0x3333n);
  t.is(read(0x1000, 4), 0n);
  t.is(backEnd.model.appliedPosition, 1);
  backEnd.end();
  frontEnd.ring!.close();
  frontEnd.hangUp();
});

test('BAR memory is refused for a BAR without RAM', t => {
  const backEnd = LocalBackEnd.scratch();
  const frontEnd = backEnd.connect();
  closeAll([frontEnd.start().fd]);
  const fd = guestRam(4096);
  t.is(frontEnd.acknowledge(Request.PCI_SET_BAR_RAM, new Uint8Array(16), [fd]), 1n);
  t.deepEqual(backEnd.refused, ['PCI_SET_BAR_RAM: BAR 0 has no RAM range']);
  backEnd.end();
  frontEnd.ring!.close();
  frontEnd.hangUp();
  closeAll([fd]);
});
