// SPDX-License-Identifier: MIT
// What a peer may do with a key: the right of the queue pair and of the region, protection domain, range; and that a
// request which is refused has touched nothing.
import assert from 'node:assert/strict';
import { Access, Command, QpFlag, QpState, QpType } from '../../../device/abi/generated/commands.js';
import { EventType, Opcode, WcStatus } from '../../../device/abi/generated/descriptors.js';
import { assertBytes, filled, finish, makeQueues } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Cq, Eq, Qp, Work } from '../../support/work.js';
import type { Case } from '../case.js';

const { SUCCESS, REM_ACCESS_ERR } = WcStatus;
const { RDMA_WRITE, RDMA_WRITE_IMM, RDMA_READ, CMP_SWAP, FETCH_ADD } = Opcode;
const { LOCAL_WRITE, REMOTE_WRITE, REMOTE_READ, REMOTE_ATOMIC } = Access;
const PAGE = 4096;
const IOVA = 0x10008;
const LENGTH = 5000;
const RIGHTS = REMOTE_WRITE | REMOTE_READ | REMOTE_ATOMIC;
const ALL = LOCAL_WRITE | RIGHTS;

/** The operations with the right that they need. */
const OPERATIONS: readonly (readonly [opcode: number, right: number])[] = [
  [RDMA_WRITE, REMOTE_WRITE],
  [RDMA_WRITE_IMM, REMOTE_WRITE],
  [RDMA_READ, REMOTE_READ],
  [CMP_SWAP, REMOTE_ATOMIC],
  [FETCH_ADD, REMOTE_ATOMIC],
];

class Bench {
  readonly d: Driver;
  readonly eq: Eq;
  readonly cq: Cq;
  readonly recvCq: Cq;
  /** Memory of the peer, and of the requester. */
  readonly far: { address: number; bytes: Uint8Array };
  readonly near: { address: number; bytes: Uint8Array };

  constructor(d: Driver) {
    this.d = d;
    const { eq, cq } = makeQueues(d);
    this.eq = eq;
    this.cq = cq;
    this.recvCq = d.createCq(eq);
    this.far = filled(d, 2 * PAGE, 1);
    this.near = filled(d, 2 * PAGE, 2);
  }

  pages(access: number, pd = this.d.pd): number {
    return this.d.registerPages([this.far.address, this.far.address + PAGE], IOVA, LENGTH, { access, pd });
  }

  pair(access: number, type: number = QpType.RC): [Qp, Qp] {
    const flags = QpFlag.PRIVILEGED;
    const queues = { sendCq: this.cq, recvCq: this.recvCq };
    return this.d.pair({ ...queues, type, flags, logDepth: 2 }, undefined, 0, { access });
  }

  request(opcode: number, address: number, key: number, length = 8): Work {
    const local = { address: this.near.address, length };
    const atomic = opcode === CMP_SWAP || opcode === FETCH_ADD;
    const reads = atomic || opcode === RDMA_READ;
    return {
      ...{ opcode, wrId: 1, remote: { address, key } },
      ...(reads ? { scatter: [local] } : { gather: [local] }),
      ...(atomic ? { swapAdd: [5, 6] as const } : {}),
    };
  }

  /** Sends to a new pair whose responder gives `access`; returns the status. Both go away. */
  try(access: number, work: Work, what: string): number {
    const { d } = this;
    const [a, b] = this.pair(access);
    d.recv(b, []);
    d.send(a, work);
    const sent = finish(d, this.cq);
    assert.equal(sent.length, 1, what);
    const [{ status }] = sent;
    const wanted = status === SUCCESS ? QpState.RTS : QpState.ERR;
    assert.deepEqual([d.queryQp(a).state, d.queryQp(b).state], [wanted, wanted], what);
    const told = d
      .events(this.eq)
      .filter(e => e.number === b.number && e.type !== EventType.COMM_ESTABLISHED);
    const events = status === REM_ACCESS_ERR ? [EventType.QP_ACCESS_ERROR] : [];
    assert.deepEqual(
      told.map(e => e.type),
      events,
      what,
    );
    d.armEq(this.eq);
    d.poll(this.recvCq);
    for (const qp of [a, b]) d.destroy(Command.DESTROY_QP, qp.number);
    return status;
  }

  refuses(work: Work, what: string, access = RIGHTS): void {
    assert.equal(this.try(access, work, what), REM_ACCESS_ERR, what);
    assertBytes(this.d, this.far.address, this.far.bytes, what);
    assertBytes(this.d, this.near.address, this.near.bytes, what);
  }
}

const matrix: Case = {
  name: 'remote rights: an operation needs its right in the queue pair and in the region, whatever else there is',
  run({ driver }) {
    const b = new Bench(driver);
    const bits = [0, REMOTE_WRITE, REMOTE_READ, REMOTE_ATOMIC];
    const sets = [...bits, ...bits.slice(1).map(bit => RIGHTS - bit), RIGHTS];
    const keys = new Map(sets.map(rights => [rights, b.pages(LOCAL_WRITE | rights)]));
    for (const [opcode, right] of OPERATIONS)
      for (const inQp of sets)
        for (const [inRegion, key] of keys) {
          const what = `opcode ${opcode}, queue pair ${inQp}, region ${inRegion}`;
          const work = b.request(opcode, IOVA, key);
          if ((inQp & inRegion & right) === 0) b.refuses(work, what, inQp);
          else assert.equal(b.try(inQp, work, what), SUCCESS, what);
          driver.target.writeBytes(b.far.address, b.far.bytes);
          driver.target.writeBytes(b.near.address, b.near.bytes);
        }
  },
};

const keys: Case = {
  name: 'remote keys and ranges that do not allow it: REM_ACCESS_ERR, and not one byte was touched at either end',
  run({ driver: d }) {
    const b = new Bench(d);
    const good = b.pages(ALL);
    const otherPd = d.create(Command.ALLOC_PD);
    const stale = b.pages(ALL);
    d.destroy(Command.DEREGISTER_MR, stale);
    const whole = d.registerWhole(d.pd, ALL);
    const places: readonly (readonly [what: string, address: number, key: number])[] = [
      ['key 0', IOVA, 0],
      ['key that was never given', IOVA, 0xffffffff],
      ['another tag', IOVA, good + 1],
      ['stale key', IOVA, stale],
      ['key of another protection domain', IOVA, b.pages(ALL, otherPd)],
      ['region without memory', IOVA, d.allocMr(4)],
      ['just before the region', IOVA - 8, good],
      ['just after the region', IOVA + LENGTH, good],
      ['over its end', IOVA + LENGTH - (LENGTH % 8), good],
      ['far away', 0x7fff_0000_0000, good],
      ['an end beyond 2^53', 2 ** 53, whole],
      ['the largest address', 2 ** 64 - 2048, whole],
    ];
    for (const [what, address, key] of places)
      for (const [opcode] of OPERATIONS) {
        const length = what === 'over its end' && opcode !== CMP_SWAP && opcode !== FETCH_ADD ? 16 : 8;
        b.refuses(b.request(opcode, address, key, length), `opcode ${opcode}: ${what}`);
      }
  },
};

const whole: Case = {
  name: 'a remote range is checked whole before its first packet moves a byte',
  run({ driver }) {
    const b = new Bench(driver);
    const key = b.pages(ALL);
    for (const opcode of [RDMA_WRITE, RDMA_WRITE_IMM, RDMA_READ]) {
      b.refuses(b.request(opcode, IOVA + 8, key, LENGTH - 7), `opcode ${opcode}: one byte too long`);
      assert.equal(b.try(RIGHTS, b.request(opcode, IOVA + 8, key, LENGTH - 8), 'to its end'), SUCCESS);
      driver.target.writeBytes(b.far.address, b.far.bytes);
      driver.target.writeBytes(b.near.address, b.near.bytes);
    }
  },
};

const empty: Case = {
  name: 'a request of no bytes needs no key',
  run({ driver }) {
    const b = new Bench(driver);
    for (const opcode of [RDMA_WRITE, RDMA_WRITE_IMM, RDMA_READ])
      assert.equal(b.try(RIGHTS, b.request(opcode, 123, 0xabcdef, 0), 'empty'), SUCCESS, `opcode ${opcode}`);
    assertBytes(driver, b.far.address, b.far.bytes);
  },
};

const fast: Case = {
  name: 'remote access to memory given by FAST_REG: as long as the key is valid, with the rights that it was given',
  run({ driver: d }) {
    const b = new Bench(d);
    const [a, peer] = b.pair(RIGHTS);
    const first = d.allocMr(2);
    const register = (key: number, access: number): Work => {
      const pageList = d.putPageList([b.far.address, b.far.address + PAGE]);
      const registration = { iova: IOVA, length: LENGTH, pageList, pageCount: 2, access };
      return { opcode: Opcode.FAST_REG, key, registration };
    };
    const statuses = (qp: Qp, ...work: Work[]): number[] => {
      d.send(qp, ...work);
      return finish(d, b.cq).map(c => c.status);
    };
    assert.deepEqual(statuses(peer, register(first, ALL)), [SUCCESS]);
    assert.deepEqual(statuses(a, b.request(RDMA_WRITE, IOVA, first, 4500)), [SUCCESS]);
    assertBytes(d, b.far.address + 8, b.near.bytes.subarray(0, PAGE - 8));
    assertBytes(d, b.far.address + PAGE, b.near.bytes.subarray(PAGE - 8, 4500));
    const invalidate: Work = { opcode: Opcode.LOCAL_INV, key: first };
    assert.deepEqual(statuses(peer, invalidate, register(first + 1, REMOTE_READ)), [SUCCESS, SUCCESS]);
    d.target.writeBytes(b.near.address, new Uint8Array(PAGE));
    assert.deepEqual(statuses(a, b.request(RDMA_READ, IOVA, first + 1, 100)), [SUCCESS]);
    assertBytes(d, b.near.address, b.near.bytes.subarray(0, 100));
    b.near.bytes.fill(0, 100, PAGE);
    d.target.writeBytes(b.far.address, b.far.bytes);
    b.refuses(b.request(RDMA_WRITE, IOVA, first + 1), 'to be read only');
    b.refuses(b.request(RDMA_READ, IOVA, first), 'the key before');
    assert.deepEqual(statuses(peer, { opcode: Opcode.LOCAL_INV, key: first + 1 }), [SUCCESS]);
    b.refuses(b.request(RDMA_READ, IOVA, first + 1), 'invalid');
  },
};

const results: Case = {
  name: 'what a READ or an atomic brings back needs the right to write at the requester, and nothing is asked without it',
  run({ driver: d }) {
    const b = new Bench(d);
    const key = b.pages(ALL);
    const readOnly = d.registerPages([b.near.address], 0, PAGE, { access: REMOTE_READ });
    for (const opcode of [RDMA_READ, CMP_SWAP, FETCH_ADD]) {
      const [a, peer] = b.pair(RIGHTS);
      const scatter = [{ address: 0, length: 8, lkey: readOnly }];
      d.send(a, { ...b.request(opcode, IOVA, key), scatter });
      assert.deepEqual(
        finish(d, b.cq).map(c => c.status),
        [WcStatus.LOC_PROT_ERR],
        `opcode ${opcode}`,
      );
      assert.deepEqual([d.queryQp(a).state, d.queryQp(peer).state], [QpState.ERR, QpState.RTS]);
      assertBytes(d, b.far.address, b.far.bytes, `opcode ${opcode}`);
      assertBytes(d, b.near.address, b.near.bytes, `opcode ${opcode}`);
      for (const qp of [a, peer]) d.destroy(Command.DESTROY_QP, qp.number);
    }
  },
};

const unreliable: Case = {
  name: 'UC: a write with a bad key is dropped without a word; the connection goes on',
  run({ driver: d }) {
    const b = new Bench(d);
    const readOnly = b.pages(LOCAL_WRITE | REMOTE_READ);
    const good = b.pages(ALL);
    const [a, peer] = b.pair(RIGHTS, QpType.UC);
    d.recv(peer, []);
    for (const [opcode, key] of [
      [RDMA_WRITE, readOnly],
      [RDMA_WRITE_IMM, readOnly],
      [RDMA_WRITE, good + 1],
      [RDMA_WRITE_IMM, 0],
    ]) {
      d.send(a, b.request(opcode, IOVA, key, 3000));
      assert.deepEqual(
        finish(d, b.cq).map(c => c.status),
        [SUCCESS],
      );
      assertBytes(d, b.far.address, b.far.bytes, `opcode ${opcode}`);
    }
    assert.deepEqual(d.poll(b.recvCq), []);
    d.send(a, b.request(RDMA_WRITE_IMM, IOVA, good, 3000));
    finish(d, b.cq);
    assert.deepEqual(
      d.poll(b.recvCq).map(c => [c.status, c.byteCount]),
      [[SUCCESS, 3000]],
    );
    assertBytes(d, b.far.address + 8, b.near.bytes.subarray(0, 3000));
    assert.deepEqual([d.queryQp(a).state, d.queryQp(peer).state], [QpState.RTS, QpState.RTS]);
  },
};

export const remoteKeyCases: readonly Case[] = [matrix, keys, whole, empty, fast, results, unreliable];
