// SPDX-License-Identifier: MIT
// What the other end may object to, request by request: status of the sender, state and event of the receiver, and that
// nothing was touched. Every syndrome, and every way to get none.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import { EventType, Opcode, WcStatus } from '../../../device/abi/generated/descriptors.js';
import { assertBytes, filled, finish, makeQueues, outcomes, type Queues } from '../../support/bench.js';
import { type Connection, REMOTE_ACCESS } from '../../support/commander.js';
import type { Driver } from '../../support/driver.js';
import type { Work } from '../../support/work.js';
import type { Case } from '../case.js';
import { type Ends, makeEnds, remoteMemory } from './rdma.js';

const { LOCAL_WRITE, REMOTE_READ, REMOTE_WRITE, REMOTE_ATOMIC } = c.Access;
const { REM_ACCESS_ERR, REM_INV_REQ_ERR, REM_OP_ERR, BAD_RESP_ERR, LOC_QP_OP_ERR } = WcStatus;
const { QP_ACCESS_ERROR, QP_REQUEST_ERROR, QP_FATAL } = EventType;
const LENGTH = 600;

interface Request {
  readonly name: string;
  /** Right that it needs. */
  readonly right: number;
  readonly bytes: number;
  readonly work: (local: number, remote: { address: number; key: number }) => Work;
}

const REQUESTS: readonly Request[] = [
  {
    name: 'WRITE',
    right: REMOTE_WRITE,
    bytes: LENGTH,
    work: (local, remote) => ({
      opcode: Opcode.RDMA_WRITE,
      gather: [{ address: local, length: LENGTH }],
      remote,
    }),
  },
  {
    name: 'WRITE_IMM',
    right: REMOTE_WRITE,
    bytes: LENGTH,
    work: (local, remote) => ({
      opcode: Opcode.RDMA_WRITE_IMM,
      gather: [{ address: local, length: LENGTH }],
      remote,
      immediate: 1,
    }),
  },
  {
    name: 'READ',
    right: REMOTE_READ,
    bytes: LENGTH,
    work: (local, remote) => ({
      opcode: Opcode.RDMA_READ,
      scatter: [{ address: local, length: LENGTH }],
      remote,
    }),
  },
  {
    name: 'FETCH_ADD',
    right: REMOTE_ATOMIC,
    bytes: 8,
    work: (local, remote) => ({
      opcode: Opcode.FETCH_ADD,
      scatter: [{ address: local, length: 8 }],
      remote,
      swapAdd: [1, 0],
    }),
  },
  {
    name: 'CMP_SWAP',
    right: REMOTE_ATOMIC,
    bytes: 8,
    work: (local, remote) => ({
      opcode: Opcode.CMP_SWAP,
      scatter: [{ address: local, length: 8 }],
      remote,
      swapAdd: [1, 0],
      compare: [0, 0],
    }),
  },
];

/** Connected ends with attributes of their own. */
function endsWith(d: Driver, { eq, cq }: Queues, a: Connection, b: Connection): Ends {
  const recvCq = d.createCq(eq);
  const one = d.createQp({ sendCq: cq, recvCq });
  const two = d.createQp({ sendCq: cq, recvCq });
  d.connect(one, two.number, c.Mtu.MTU_256, 0, a);
  d.connect(two, one.number, c.Mtu.MTU_256, 0, b);
  return { eq, cq, recvCq, a: one, b: two };
}

/** `work` of the first end ends with `status`, and the second with `event`, or goes on. */
function assertRefused(
  d: Driver,
  e: Ends,
  work: Work,
  status: number,
  event: number | undefined,
  what: string,
): void {
  d.recv(e.b, [{ address: d.alloc(64), length: 64 }]);
  d.send(e.a, { ...work, wrId: 5 });
  assert.deepEqual(outcomes(finish(d, e.cq)), [[5, status]], what);
  const [a, b] = [d.queryQp(e.a), d.queryQp(e.b)];
  assert.deepEqual([a.state, a.errorStatus], [c.QpState.ERR, status], what);
  const events = d.events(e.eq);
  const fatal = { type: QP_FATAL, number: e.a.number, detail: status };
  assert.deepEqual(
    events.filter(x => x.number === e.a.number),
    [fatal],
    what,
  );
  if (event === undefined) {
    assert.equal(b.state, c.QpState.RTS, what);
    assert.equal(events.length, 1, what);
    return;
  }
  assert.equal(b.state, c.QpState.ERR, what);
  const found = events.filter(x => x.number === e.b.number).map(x => x.type);
  assert.deepEqual(found, [event], what);
  assert.deepEqual(
    d.poll(e.recvCq).map(x => x.status),
    [WcStatus.WR_FLUSH_ERR],
    what,
  );
}

function keyCases(d: Driver, r: Request): void {
  const q = makeQueues(d);
  const everything = LOCAL_WRITE | REMOTE_ACCESS;
  const local = filled(d, LENGTH);
  const good = remoteMemory(d, LENGTH, everything);
  const without = remoteMemory(d, LENGTH, (everything & ~r.right) | LOCAL_WRITE);
  const otherPd = d.registerWhole(d.create(c.Command.ALLOC_PD), everything);
  const fast = d.allocMr(2);
  const gone = remoteMemory(d, LENGTH, everything);
  assert.equal(d.destroy(c.Command.DEREGISTER_MR, gone.key), c.CommandCode.OK);
  // Its addresses are multiples of 8 where the operation wants that.
  const at = good.iova + 8 - (good.iova % 8);
  const past = good.iova + LENGTH - r.bytes + 8 - ((good.iova + LENGTH - r.bytes) % 8);
  const bad: readonly (readonly [string, number, number])[] = [
    ['no such key', at, 0x00ff_ff00],
    ['a key that is gone', at, gone.key],
    ['the tag of another time', at, good.key ^ 1],
    ['a region without the right', at, without.key],
    ['another protection domain', local.address, otherPd],
    ['a region without memory', 0, fast],
    ['before the region', at - 16, good.key],
    ['past its end', past, good.key],
  ];
  for (const [what, address, key] of bad) {
    const before = good.get();
    const e = makeEnds(d, undefined, undefined, q);
    assertRefused(
      d,
      e,
      r.work(local.address, { address, key }),
      REM_ACCESS_ERR,
      QP_ACCESS_ERROR,
      `${r.name}: ${what}`,
    );
    assert.deepEqual(good.get(), before);
    assert.deepEqual(without.get(), before);
  }
  const e = endsWith(d, q, {}, { access: REMOTE_ACCESS & ~r.right });
  const fine = { address: at, key: good.key };
  assertRefused(
    d,
    e,
    r.work(local.address, fine),
    REM_ACCESS_ERR,
    QP_ACCESS_ERROR,
    `${r.name}: the queue pair`,
  );
}

export const wireStatusCases: readonly Case[] = [
  ...REQUESTS.map(
    (r): Case => ({
      name: `${r.name}: a remote key that does not allow it: REM_ACCESS_ERR, and QP_ACCESS_ERROR at the other end`,
      run: ({ driver: d }) => keyCases(d, r),
    }),
  ),
  {
    name: 'READ and WRITE of nothing need the right of the queue pair all the same',
    run({ driver: d }) {
      const q = makeQueues(d);
      const remote = { address: 0, key: 5 };
      for (const [opcode, right] of [
        [Opcode.RDMA_READ, REMOTE_READ],
        [Opcode.RDMA_WRITE, REMOTE_WRITE],
      ] as const) {
        const e = endsWith(d, q, {}, { access: REMOTE_ACCESS & ~right });
        assertRefused(d, e, { opcode, remote }, REM_ACCESS_ERR, QP_ACCESS_ERROR, `${opcode}`);
      }
    },
  },
  {
    name: 'no memory behind a remote key: REM_OP_ERR, and QP_FATAL with the fault at the other end',
    run({ driver: d }) {
      const q = makeQueues(d);
      const key = d.registerPages([d.target.nowhere], 0, 4096, { access: LOCAL_WRITE | REMOTE_ACCESS });
      const local = filled(d, LENGTH);
      for (const r of REQUESTS) {
        const e = makeEnds(d, undefined, undefined, q);
        assertRefused(d, e, r.work(local.address, { address: 8, key }), REM_OP_ERR, QP_FATAL, r.name);
        const view = d.queryQp(e.b);
        assert.deepEqual([view.errorStatus, view.faultAddress], [WcStatus.GENERAL_ERR, d.target.nowhere + 8]);
      }
    },
  },
  {
    name: 'an atomic that is not aligned, READ and atomics at an end that serves none: REM_INV_REQ_ERR, QP_REQUEST_ERROR',
    run({ driver: d }) {
      const q = makeQueues(d);
      const key = d.registerWhole(d.pd, LOCAL_WRITE | REMOTE_ACCESS);
      const local = filled(d, LENGTH);
      for (const r of REQUESTS.slice(2)) {
        const none = endsWith(d, q, {}, { maxDestRdAtomic: 0 });
        const fine = r.work(local.address, { address: d.alloc(4096), key });
        assertRefused(d, none, fine, REM_INV_REQ_ERR, QP_REQUEST_ERROR, `${r.name}: none at all`);
        if (r.right !== REMOTE_ATOMIC) continue;
        for (const off of [1, 4]) {
          const askew = r.work(local.address, { address: d.alloc(4096) + off, key });
          assertRefused(
            d,
            makeEnds(d, undefined, undefined, q),
            askew,
            REM_INV_REQ_ERR,
            QP_REQUEST_ERROR,
            `${r.name}: ${off} off`,
          );
        }
      }
    },
  },
  {
    name: 'READ and atomics of a queue pair that may have none under way: LOC_QP_OP_ERR, and nothing is sent',
    run({ driver: d }) {
      const q = makeQueues(d);
      const key = d.registerWhole(d.pd, LOCAL_WRITE | REMOTE_ACCESS);
      const local = filled(d, LENGTH);
      for (const r of REQUESTS.slice(2)) {
        const e = endsWith(d, q, { maxRdAtomic: 0 }, {});
        const work = r.work(local.address, { address: local.address, key });
        assertRefused(d, e, work, LOC_QP_OP_ERR, undefined, r.name);
      }
    },
  },
  {
    name: 'ends that disagree about the MTU: REM_INV_REQ_ERR for what is cut in another way, BAD_RESP_ERR for a READ',
    run({ driver: d }) {
      const key = d.registerWhole(d.pd, LOCAL_WRITE | REMOTE_ACCESS);
      const local = filled(d, 2000);
      const there = d.alloc(4096);
      const { eq, cq } = makeQueues(d);
      const pair = (): Ends => {
        const recvCq = d.createCq(eq);
        const [a, b] = [d.createQp({ sendCq: cq, recvCq }), d.createQp({ sendCq: cq, recvCq })];
        d.connect(a, b.number, c.Mtu.MTU_256);
        d.connect(b, a.number, c.Mtu.MTU_512);
        return { eq, cq, recvCq, a, b };
      };
      const list = [{ address: local.address, length: 2000 }];
      const remote = { address: there, key };
      const write = { opcode: Opcode.RDMA_WRITE, gather: list, remote };
      assertRefused(d, pair(), write, REM_INV_REQ_ERR, QP_REQUEST_ERROR, 'WRITE');
      const send = { opcode: Opcode.SEND, gather: list };
      assertRefused(d, pair(), send, REM_INV_REQ_ERR, QP_REQUEST_ERROR, 'SEND');
      const read = { opcode: Opcode.RDMA_READ, scatter: list, remote };
      assertRefused(d, pair(), read, BAD_RESP_ERR, undefined, 'READ');
      assertBytes(d, local.address, local.bytes, 'nothing of it was taken');
    },
  },
];
