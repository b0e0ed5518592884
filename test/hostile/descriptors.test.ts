// SPDX-License-Identifier: MIT
// Descriptors with anything in them: the right status, not one foreign byte touched, the queue in ERR, others unharmed.
import assert from 'node:assert/strict';
import test from 'ava';
import fc from 'fast-check';
import { QpState } from '../../device/abi/generated/commands.js';
import { Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import type { Driver } from '../support/driver.js';
import type { Cq, Cqe, Eq, Qp, Work } from '../support/work.js';
import { type Place, type Plan, places, plan, toRanges, toWork } from './arbitrary.js';
import {
  Arena,
  checkBystander,
  type Keys,
  makeBystander,
  makeKeys,
  sameMemory,
  take,
  takeQueues,
} from './arena.js';
import {
  bytesOf,
  carryOut,
  faults,
  gathered,
  type Key,
  type Kind,
  look,
  permitted,
  type Seen,
  scattered,
  violations,
} from './oracle.js';
import { hold } from './seed.js';

const LOG_STRIDE = 8;
const STRIDE = 2 ** LOG_STRIDE;
/** A range that is counted from its middle stays inside, whatever offset and length it has (unless it leaves memory). */
const FREE_BYTES = 65536;
const GUARD_BYTES = 4096;

const arena = new Arena();

class Scene {
  readonly driver: Driver = arena.fresh();
  readonly keys: Keys = makeKeys(this.driver);
  readonly byKey: ReadonlyMap<number, Key> = new Map(Object.values(this.keys.named).map(k => [k.key, k]));
  readonly eq: Eq = this.driver.createEq(0, 4);
  readonly bystander = makeBystander(this.driver, this.eq);

  /** What keys of whole memory are pointed at. It is taken last: from here to the end of memory nothing is a queue. */
  free(): number {
    return this.driver.alloc(GUARD_BYTES + FREE_BYTES) + GUARD_BYTES;
  }

  cq(): Cq {
    return this.driver.createCq(this.eq, 3);
  }

  /** Reads a list, if it may: addresses beyond memory have no bytes. */
  within({ gather, scatter }: Seen): boolean {
    const ram = arena.target.ramBytes;
    return !faults(gather, this.byKey, ram) && !faults(scatter, this.byKey, ram);
  }

  /** What the adapter finds in the entry with index 0 of a queue. */
  look(work: Work, room: number, kind: Kind): Seen {
    return look(this.driver.encode(work, 0), room, kind);
  }

  /** All of memory is `expected`, the queues of the adapter apart. */
  compare(expected: Uint8Array, cqs: readonly Cq[]): void {
    const actual = arena.memory();
    takeQueues(expected, actual, cqs, [this.eq]);
    sameMemory(expected, actual);
  }

  /** What follows on a queue that has failed is flushed; it says that it is in ERR; nobody else notices. */
  checkFailed(qp: Qp, cq: Cq, status: number): void {
    const { driver } = this;
    const view = driver.queryQp(qp);
    assert.equal(view.state, QpState.ERR);
    assert.equal(view.errorStatus, status);
    driver.send(qp, { opcode: Opcode.NOP });
    arena.settle();
    assert.deepEqual(
      driver.poll(cq).map(c => c.status),
      [WcStatus.WR_FLUSH_ERR],
    );
  }
}

/** Whether a status is among the rules that were broken, or a fault where there is one, or none. */
function checkStatus(status: number, broken: ReadonlySet<number>, faulty: boolean, fault: WcStatus): void {
  const allowed = broken.size > 0 ? [...broken] : faulty ? [fault] : [WcStatus.SUCCESS];
  assert.ok(allowed.includes(status as WcStatus), `status ${status}, allowed: ${allowed}`);
}

function only(cqes: readonly Cqe[]): Cqe {
  assert.equal(cqes.length, 1, 'completions');
  return cqes[0];
}

function runOnChannel(p: Plan, pushed: boolean): void {
  const s = new Scene();
  const { driver } = s;
  const cq = s.cq();
  const qp = driver.channel({ sendCq: cq, logDepth: 2, logStride: LOG_STRIDE });
  const work = toWork(p, s.keys, s.free(), 0);
  const room = pushed ? 32 + 16 * (p.gather.length + p.scatter.length) : STRIDE;
  const seen = s.look(work, room, 'dma');
  const broken = violations({ seen, index: 0, kind: 'dma' }, s.byKey);
  const faulty = !s.within(seen);
  if (pushed) driver.push(qp, work, { memory: null });
  else driver.post(qp.send, work);
  const expected = arena.memory();
  if (!pushed) driver.ringSend(qp);
  arena.settle();
  const cqes = driver.poll(cq);
  const signaled = (p.flags & 1) !== 0 || broken.size > 0 || faulty;
  const status = signaled ? only(cqes).status : WcStatus.SUCCESS;
  if (!signaled) assert.equal(cqes.length, 0);
  checkStatus(status, broken, faulty, WcStatus.GENERAL_ERR);
  if (status === WcStatus.SUCCESS) carryOut(expected, seen, s.byKey);
  if (status === WcStatus.GENERAL_ERR) takeReachable(expected, seen, s);
  s.compare(expected, [cq]);
  if (status !== WcStatus.SUCCESS) s.checkFailed(qp, cq, status);
  checkBystander(driver, s.bystander);
}

/** A fault in the middle: ranges that the request may write hold old or new bytes. */
function takeReachable(expected: Uint8Array, seen: Seen, s: Scene): void {
  const ram = arena.target.ramBytes;
  const actual = arena.memory();
  for (const range of seen.scatter) {
    if (!permitted(range, s.byKey, true)) continue;
    const whole = s.byKey.get(range.lkey as number)?.pages === undefined;
    const length = whole ? Math.max(0, Math.min(range.length, ram - range.address)) : range.length;
    for (const at of bytesOf([{ ...range, length }], s.byKey)) take(expected, actual, at, 1);
  }
}

/** An empty range in the middle of the other list: it is no overlap. */
const EMPTY_INSIDE: Plan = {
  opcode: Opcode.COPY,
  gather: [{ key: 'list', offset: 0, length: 100 }],
  scatter: [
    { key: 'list', offset: 50, length: 0 },
    { key: 'list', offset: 200, length: 100 },
  ],
  flags: 1,
  indexOff: 0,
  pattern: [0, 0],
  gatherCount: undefined,
  poke: [],
};

test('[claims 5, 6, 19, 20] any descriptor on a DMA channel, by doorbell', t => {
  const property = fc.property(plan, p => runOnChannel(p, false));
  hold(t, 800, property, [[EMPTY_INSIDE]]);
});

test('any descriptor on a DMA channel, by push', t => {
  const fits = plan.filter(p => p.gather.length + p.scatter.length <= 14);
  const property = fc.property(fits, p => runOnChannel(p, true));
  hold(t, 500, property);
});

function runSend(p: Plan, receive: readonly Place[], receiveFlags: number): void {
  const s = new Scene();
  const { driver } = s;
  const [aCq, bCq] = [s.cq(), s.cq()];
  const [a, b] = [aCq, bCq].map(sendCq => driver.createQp({ sendCq, logDepth: 2, logStride: LOG_STRIDE }));
  driver.connect(a, b.number);
  driver.connect(b, a.number);
  // What is sent is not where it is received: bytes that a message overwrites while it is under way are anyone's guess.
  const gather = p.gather.map(g => (g.key === 'list' ? { ...g, key: 'readOnly' as const } : g));
  const free = s.free();
  const work = toWork({ ...p, gather, opcode: Opcode.SEND, scatter: [] }, s.keys, free, 0);
  const recv: Work = {
    opcode: Opcode.RECV,
    scatter: toRanges(receive, s.keys, free + FREE_BYTES / 2),
    flags: receiveFlags,
  };
  const sending = s.look(work, STRIDE, 'rc');
  const receiving = s.look(recv, STRIDE, 'receive');
  const sendBroken = violations({ seen: sending, index: 0, kind: 'rc' }, s.byKey);
  const recvBroken = violations({ seen: receiving, index: 0, kind: 'receive' }, s.byKey);
  driver.post(a.send, work);
  driver.post(b.recv as Qp['send'], recv);
  const expected = arena.memory();
  driver.ringRecv(b);
  driver.ringSend(a);
  arena.settle();
  const message = { sent: driver.poll(aCq), received: driver.poll(bCq) };
  judge(s, { work: sending, recv: receiving, sendBroken, recvBroken, ...message }, expected, [aCq, bCq]);
  checkBystander(driver, s.bystander);
}

interface Message {
  readonly work: Seen;
  readonly recv: Seen;
  readonly sendBroken: ReadonlySet<number>;
  readonly recvBroken: ReadonlySet<number>;
  readonly sent: readonly Cqe[];
  readonly received: readonly Cqe[];
}

function judge(s: Scene, m: Message, expected: Uint8Array, cqs: readonly Cq[]): void {
  const { work, recv } = m;
  const ram = arena.target.ramBytes;
  if (m.sendBroken.size > 0) {
    checkStatus(only(m.sent).status, m.sendBroken, false, WcStatus.GENERAL_ERR);
    return s.compare(expected, cqs);
  }
  const bytes = work.gather.reduce((n, g) => n + g.length, work.data.length);
  const room = recv.scatter.reduce((n, r) => n + r.length, 0);
  const sendFaults = faults(work.gather, s.byKey, ram);
  const recvFaults = faults(recv.scatter, s.byKey, ram);
  const recvRules = new Set(m.recvBroken);
  if (bytes > room) recvRules.add(WcStatus.LOC_LEN_ERR);
  const good = !sendFaults && !recvFaults && recvRules.size === 0;
  if (good) {
    assert.equal(only(m.received).status, WcStatus.SUCCESS);
    assert.equal(only(m.received).byteCount, bytes);
    if ((work.flags & 1) !== 0) assert.equal(only(m.sent).status, WcStatus.SUCCESS);
    const message = work.data.length > 0 ? work.data : gathered(expected, work.gather, s.byKey);
    scattered(expected, recv.scatter, s.byKey, message);
    return s.compare(expected, cqs);
  }
  judgeFailure(m, recvRules, sendFaults, recvFaults);
  takeReachable(expected, recv, s);
  s.compare(expected, cqs);
}

const AT_REQUESTER: ReadonlySet<number> = new Set([
  WcStatus.GENERAL_ERR,
  WcStatus.REM_INV_REQ_ERR,
  WcStatus.REM_OP_ERR,
]);

function judgeFailure(
  m: Message,
  recvRules: ReadonlySet<number>,
  sendFaults: boolean,
  recvFaults: boolean,
): void {
  const status = m.sent.length === 0 ? WcStatus.SUCCESS : only(m.sent).status;
  if (m.received.length === 1 && m.received[0].status !== WcStatus.SUCCESS) {
    // That a message is too long shows only when its last packet is there; memory may have failed before.
    const early = recvFaults && !m.recvBroken.has(m.received[0].status) && m.recvBroken.size === 0;
    if (!early || m.received[0].status !== WcStatus.GENERAL_ERR)
      checkStatus(m.received[0].status, recvRules, recvFaults, WcStatus.GENERAL_ERR);
    const remote =
      m.received[0].status === WcStatus.LOC_LEN_ERR ? WcStatus.REM_INV_REQ_ERR : WcStatus.REM_OP_ERR;
    assert.equal(status, remote);
    return;
  }
  // Either the requester's own memory faults, or the fault lies in a part of the receive that the message does not reach.
  if (sendFaults) assert.ok(AT_REQUESTER.has(status), `status ${status}`);
  else assert.ok(recvFaults && recvRules.size === 0, 'a bad receive was taken');
}

test('any gather and any scatter list of a message', t => {
  const flags = fc.oneof({ weight: 9, arbitrary: fc.constant(1) }, { weight: 1, arbitrary: fc.nat(255) });
  hold(t, 800, fc.property(plan, places(4), flags, runSend));
});
