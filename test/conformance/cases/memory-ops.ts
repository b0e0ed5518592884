// SPDX-License-Identifier: MIT
// Fast registration: FAST_REG gives memory to a key, LOCAL_INV and the peer's SEND_INV take it away.
import assert from 'node:assert/strict';
import {
  Access,
  Command,
  CommandCode,
  MrKind,
  QpFlag,
  QpState,
  QpType,
} from '../../../device/abi/generated/commands.js';
import { EventType, Opcode, WcStatus, WqeFlag } from '../../../device/abi/generated/descriptors.js';
import { FaultObject } from '../../../device/abi/generated/registers.js';
import { faultFields } from '../../../device/model/faults.js';
import { assertBytes, filled, finish, makeQueues, outcomes } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Cq, Eq, Qp, Range, Registration, Work } from '../../support/work.js';
import type { Case } from '../case.js';
import { queryMr } from './regions.js';

const { SUCCESS, LOC_PROT_ERR, MW_BIND_ERR, GENERAL_ERR, WR_FLUSH_ERR, REM_ACCESS_ERR } = WcStatus;
const { FAST_REG, LOCAL_INV, COPY, SEND_INV } = Opcode;
const PAGE = 4096;
const IOVA = 0x70_0000_0100;

/** Two connected, privileged queue pairs, three filled pages and a region that takes as many. */
class Bench {
  readonly d: Driver;
  readonly eq: Eq;
  readonly cq: Cq;
  readonly recvCq: Cq;
  readonly source: { address: number; bytes: Uint8Array };
  readonly pages: readonly number[];
  readonly key: number;
  a!: Qp;
  b!: Qp;

  constructor(d: Driver) {
    this.d = d;
    const { eq, cq } = makeQueues(d);
    this.eq = eq;
    this.cq = cq;
    this.recvCq = d.createCq(eq);
    this.source = filled(d, 3 * PAGE, 7);
    const block = d.alloc(6 * PAGE);
    this.pages = [block + 4 * PAGE, block, block + 2 * PAGE];
    this.key = d.allocMr(3);
    this.connect();
  }

  /** New queue pairs: those before have failed. */
  connect(): void {
    const options = { sendCq: this.cq, recvCq: this.recvCq, logDepth: 3, flags: QpFlag.PRIVILEGED };
    [this.a, this.b] = this.d.pair(options);
  }

  registration(change: Partial<Registration> = {}): Registration {
    const whole = { iova: IOVA, length: 3 * PAGE - 0x100, access: 15, pageCount: 3 };
    return { ...whole, pageList: this.d.putPageList(this.pages), ...change };
  }

  register(key: number, change: Partial<Registration> = {}): Work {
    return { opcode: FAST_REG, key, registration: this.registration(change) };
  }

  /** COPY of the first bytes of the source into the region. */
  into(lkey: number, length = 8000, at = IOVA): Work {
    const gather = [{ address: this.source.address, length }];
    return { opcode: COPY, gather, scatter: [{ address: at, length, lkey }] };
  }

  out(lkey: number, to: number, length = 8000): Work {
    return { opcode: COPY, gather: [{ address: IOVA, length, lkey }], scatter: [{ address: to, length }] };
  }

  /** Statuses of these descriptors of a, in order. */
  run(...work: Work[]): number[] {
    this.d.send(this.a, ...work);
    return finish(this.d, this.cq).map(c => c.status);
  }

  /** The one descriptor fails; both ends are made anew. */
  fails(work: Work, status: number, what: string): void {
    assert.deepEqual(this.run(work, { opcode: Opcode.NOP }), [status, WR_FLUSH_ERR], what);
    assert.equal(this.d.queryQp(this.a).errorStatus, status, what);
    for (const qp of [this.a, this.b]) this.d.destroy(Command.DESTROY_QP, qp.number);
    this.connect();
  }
}

const tag = (key: number, n: number): number => key - (key % 256) + n;

const life: Case = {
  name: 'FAST_REG gives a region memory, rights and a key; LOCAL_INV takes them; the next FAST_REG gives others',
  run({ driver: d }) {
    const b = new Bench(d);
    const one = tag(b.key, 200);
    assert.deepEqual(b.run(b.register(one), b.into(one)), [SUCCESS, SUCCESS]);
    assertBytes(d, b.pages[0] + 0x100, b.source.bytes.subarray(0, PAGE - 0x100));
    assertBytes(d, b.pages[1], b.source.bytes.subarray(PAGE - 0x100, 8000 - 0x100).subarray(0, PAGE - 0x100));
    assertBytes(d, b.pages[0] + PAGE, new Uint8Array(PAGE), 'foreign page');
    assert.deepEqual(queryMr(d, one), {
      ...{ pd: d.pd, kind: MrKind.FAST, access: 15, pageShift: 12, iova: IOVA, length: 3 * PAGE - 0x100 },
      ...{ users: 0, valid: 1, pageCount: 3 },
    });
    b.fails(b.into(b.key), LOC_PROT_ERR, 'the key that ALLOC_MR gave');
    const to = d.alloc(8192);
    assert.deepEqual(b.run(b.out(one, to), { opcode: LOCAL_INV, key: one }), [SUCCESS, SUCCESS]);
    assertBytes(d, to, b.source.bytes.subarray(0, 8000));
    assert.equal(queryMr(d, one).valid, 0);
    b.fails(b.into(one), LOC_PROT_ERR, 'invalid');
    // Larger pages, fewer of them, elsewhere, to be read only; and under the tag that the region has had before.
    const big = Math.ceil(d.alloc(4 * 16384) / 16384) * 16384;
    const pageList = d.putPageList([big]);
    const change = { pageList, pageCount: 1, pageShift: 14, iova: 0x4000, length: 16384, access: 0 };
    assert.deepEqual(b.run(b.register(one, change)), [SUCCESS]);
    b.fails(b.into(one, 8, 0x4000), LOC_PROT_ERR, 'no right to write');
    const read: Work = { opcode: COPY, gather: [{ address: 0x7ff8, length: 8, lkey: one }] };
    d.target.writeBytes(big + 0x3ff8, b.source.bytes.subarray(0, 8));
    assert.deepEqual(b.run({ ...read, scatter: [{ address: to, length: 8 }] }), [SUCCESS]);
    assertBytes(d, to, b.source.bytes.subarray(0, 8));
    b.fails(
      { ...read, gather: [{ address: 0x7ff9, length: 8, lkey: one }], scatter: [{ address: to, length: 8 }] },
      LOC_PROT_ERR,
      'its end',
    );
    assert.equal(d.destroy(Command.DEREGISTER_MR, b.key), CommandCode.OK);
    b.fails(b.out(one, to, 8), LOC_PROT_ERR, 'deregistered while valid');
  },
};

const chain: Case = {
  name: 'FAST_REG, use and LOCAL_INV in one doorbell: each sees what the one before has done; by push too',
  run({ driver: d }) {
    const b = new Bench(d);
    const chain: Work[] = [];
    const target = d.alloc(PAGE);
    for (let n = 0; n < 2; n++) {
      const key = tag(b.key, 50 + n);
      const pageList = d.putPageList([target]);
      const change = { pageList, pageCount: 1, iova: 0, length: PAGE };
      chain.push({ ...b.register(key, change), flags: 0 });
      chain.push({ ...b.into(key, 100, n * 1000), flags: WqeFlag.FENCE });
      chain.push({ opcode: LOCAL_INV, key, flags: n === 0 ? WqeFlag.FENCE : WqeFlag.SIGNALED, wrId: 77 });
    }
    d.send(b.a, ...chain);
    assert.deepEqual(outcomes(finish(d, b.cq)), [[77, SUCCESS]]);
    for (const at of [0, 1000]) assertBytes(d, target + at, b.source.bytes.subarray(0, 100));
    const key = tag(b.key, 9);
    d.push(b.a, b.register(key), { memory: null });
    d.push(b.a, b.into(key), { memory: null });
    d.push(b.a, { opcode: LOCAL_INV, key }, { memory: null });
    const cqes = finish(d, b.cq);
    assert.deepEqual(
      cqes.map(c => [c.opcode, c.status, c.byteCount]),
      [
        [FAST_REG, SUCCESS, 0],
        [COPY, SUCCESS, 8000],
        [LOCAL_INV, SUCCESS, 0],
      ],
    );
    assertBytes(d, b.pages[0] + 0x100, b.source.bytes.subarray(0, PAGE - 0x100));
  },
};

const once: Case = {
  name: 'a page list is read when FAST_REG runs: what is written into it afterwards changes nothing',
  run({ driver: d }) {
    const b = new Bench(d);
    const pageList = d.putPageList(b.pages);
    const key = tag(b.key, 1);
    assert.deepEqual(b.run(b.register(key, { pageList })), [SUCCESS]);
    d.target.writeBytes(pageList, new Uint8Array(24));
    assert.deepEqual(b.run(b.into(key)), [SUCCESS]);
    assertBytes(d, b.pages[0] + 0x100, b.source.bytes.subarray(0, PAGE - 0x100));
  },
};

const refusals: Case = {
  name: 'FAST_REG that may not be: MW_BIND_ERR, and the region is as it was',
  run({ driver: d }) {
    const b = new Bench(d);
    const key = tag(b.key, 3);
    const before = queryMr(d, key);
    const otherPd = d.create(Command.ALLOC_PD);
    const list = b.registration().pageList;
    const bad: readonly (readonly [what: string, work: Work])[] = [
      ['no such region', b.register(0xffffff00)],
      ['key 0', b.register(0)],
      ['a region of pages', b.register(d.registerPages([b.pages[0]], 0, PAGE))],
      ['whole memory', b.register(d.key)],
      ['another protection domain', b.register(d.allocMr(3, otherPd))],
      ['rights that are not there', b.register(key, { access: 16 })],
      ['remote write without local write', b.register(key, { access: Access.REMOTE_WRITE })],
      ['remote atomic without local write', b.register(key, { access: Access.REMOTE_ATOMIC })],
      ['pages of 2 KiB', b.register(key, { pageShift: 11 })],
      ['pages of 2 GiB', b.register(key, { pageShift: 31 })],
      ['no pages', b.register(key, { pageCount: 0 })],
      ['more pages than were set aside', b.register(key, { pageCount: 4 })],
      ['far more', b.register(key, { pageCount: 0xffffffff })],
      ['nothing', b.register(key, { length: 0 })],
      ['longer than its pages', b.register(key, { length: 3 * PAGE - 0x100 + 1 })],
      ['an end beyond 2^53', b.register(key, { iova: 2 ** 53 - PAGE })],
      ['a list in the middle of an entry', b.register(key, { pageList: list + 4 })],
      ['a list beyond 2^53', b.register(key, { pageList: 2 ** 53 })],
      ['a page in the middle of one', b.register(key, { pageList: d.putPageList([0, PAGE, PAGE + 2048]) })],
      ['a page beyond 2^53', b.register(key, { pageList: d.putPageList([0, 0, 2 ** 53]) })],
    ];
    for (const [what, work] of bad) {
      b.fails(work, MW_BIND_ERR, what);
      assert.deepEqual(queryMr(d, key), before, what);
    }
    assert.deepEqual(b.run(b.register(key)), [SUCCESS], 'the same without what was wrong');
    const valid = queryMr(d, key);
    b.fails(b.register(tag(key, 4), { length: 1 }), MW_BIND_ERR, 'a region that has memory');
    assert.deepEqual(queryMr(d, key), valid);
    assert.deepEqual(b.run(b.into(key)), [SUCCESS], 'and still works');
  },
};

const invalidations: Case = {
  name: 'LOCAL_INV that may not be: MW_BIND_ERR, and the key goes on working',
  run({ driver: d }) {
    const b = new Bench(d);
    const key = tag(b.key, 3);
    const pages = d.registerPages([b.pages[0]], 0, PAGE);
    const otherPd = d.create(Command.ALLOC_PD);
    const inUse = d.allocMr(3);
    assert.deepEqual(b.run(b.register(key), b.register(inUse, { iova: 0, length: PAGE })), [
      SUCCESS,
      SUCCESS,
    ]);
    const eq = d.create(Command.CREATE_EQ, i => {
      new Uint32Array(i.buffer).set([0, 0, inUse, 1]);
    });
    const bad: readonly (readonly [what: string, key: number])[] = [
      ['key 0', 0],
      ['a key that was never given', 0xffffff00],
      ['another tag', tag(key, 4)],
      ['a region of pages', pages],
      ['whole memory', d.key],
      ['another protection domain', d.allocMr(1, otherPd)],
      ['a region without memory', d.allocMr(1)],
      ['a region with a queue in it', inUse],
    ];
    for (const [what, key] of bad) b.fails({ opcode: LOCAL_INV, key }, MW_BIND_ERR, what);
    assert.deepEqual(b.run(b.into(key)), [SUCCESS]);
    assert.equal(queryMr(d, inUse).valid, 1);
    assert.equal(d.destroy(Command.DESTROY_EQ, eq), CommandCode.OK);
    assert.deepEqual(b.run({ opcode: LOCAL_INV, key: inUse }), [SUCCESS]);
    assert.deepEqual(b.run({ opcode: LOCAL_INV, key }), [SUCCESS]);
    b.fails({ opcode: LOCAL_INV, key }, MW_BIND_ERR, 'twice');
  },
};

const faults: Case = {
  name: 'FAST_REG whose list is nowhere: GENERAL_ERR, a DMA fault that says so, and the region can be given memory later',
  run({ driver: d }) {
    const b = new Bench(d);
    const { nowhere } = d.target;
    d.send(b.a, b.register(b.key, { pageList: nowhere }));
    assert.deepEqual(outcomes(finish(d, b.cq)), [[0, GENERAL_ERR]]);
    const view = d.queryQp(b.a);
    assert.deepEqual([view.state, view.errorStatus, view.faultAddress], [QpState.ERR, GENERAL_ERR, nowhere]);
    assert.deepEqual(faultFields(view.faultInfo), { object: 'PAGE_LIST', number: b.a.number, write: false });
    assert.equal(FaultObject.PAGE_LIST, 8);
    assert.equal(queryMr(d, b.key).valid, 0);
    b.connect();
    assert.deepEqual(b.run(b.register(b.key), b.into(b.key)), [SUCCESS, SUCCESS]);
  },
};

const remoteInvalidation: Case = {
  name: 'SEND_INV: the receive tells the key that is invalid now, and it is',
  run({ driver: d }) {
    const b = new Bench(d);
    const key = tag(b.key, 77);
    const inbox = d.alloc(PAGE);
    assert.deepEqual(b.run(b.register(key)), [SUCCESS]);
    d.recv(b.b, [{ address: inbox, length: PAGE }]);
    const gather: Range[] = [{ address: b.source.address, length: 3000 }];
    assert.deepEqual(b.run({ opcode: SEND_INV, key, gather }), [SUCCESS]);
    const [cqe] = d.poll(b.recvCq);
    assert.deepEqual([cqe.status, cqe.byteCount, cqe.opcode], [SUCCESS, 3000, Opcode.RECV]);
    assert.deepEqual([cqe.withInvalidate, cqe.withImmediate, cqe.immediate], [true, false, key]);
    assertBytes(d, inbox, b.source.bytes.subarray(0, 3000));
    assert.equal(queryMr(d, key).valid, 0);
    b.fails(b.into(key), LOC_PROT_ERR, 'invalidated by the peer');
    assert.deepEqual(b.run(b.register(tag(key, 78))), [SUCCESS], 'and can be registered again');
  },
};

const remoteRefusals: Case = {
  name: 'SEND_INV of a key that may not be invalidated: REM_ACCESS_ERR, the receiver says QP_ACCESS_ERROR, the key stays',
  run({ driver: d }) {
    const b = new Bench(d);
    const key = tag(b.key, 5);
    const otherPd = d.create(Command.ALLOC_PD);
    assert.deepEqual(b.run(b.register(key)), [SUCCESS]);
    const bad: readonly (readonly [what: string, key: number])[] = [
      ['another tag', tag(key, 6)],
      ['key 0', 0],
      ['no such region', 0xffffff01],
      ['whole memory', d.key],
      ['a region of pages', d.registerPages([b.pages[0]], 0, PAGE)],
      ['a region without memory', d.allocMr(1)],
      ['another protection domain', d.allocMr(1, otherPd)],
    ];
    for (const [what, wrong] of bad) {
      d.recv(b.b, [{ address: d.alloc(PAGE), length: PAGE }]);
      d.events(b.eq);
      d.armEq(b.eq);
      const gather = [{ address: b.source.address, length: 50 }];
      const responder = b.b.number;
      b.fails({ opcode: SEND_INV, key: wrong, gather }, REM_ACCESS_ERR, what);
      const told = d
        .events(b.eq)
        .filter(e => e.number === responder && e.type !== EventType.COMM_ESTABLISHED);
      assert.deepEqual(
        told.map(e => e.type),
        [EventType.QP_ACCESS_ERROR],
        what,
      );
    }
    assert.deepEqual(b.run(b.into(key)), [SUCCESS]);
  },
};

const unreliable: Case = {
  name: 'FAST_REG and LOCAL_INV on an unreliable connection; one that fails stops its send queue alone',
  run({ driver: d }) {
    const b = new Bench(d);
    const options = { sendCq: b.cq, recvCq: b.recvCq, flags: QpFlag.PRIVILEGED, type: QpType.UC };
    const [qp] = d.pair(options);
    const run = (...work: Work[]): number[] => {
      d.send(qp, ...work);
      return finish(d, b.cq).map(c => c.status);
    };
    const key = tag(b.key, 30);
    assert.deepEqual(run(b.register(key)), [SUCCESS]);
    assert.deepEqual(b.run(b.into(key)), [SUCCESS]);
    assert.deepEqual(run({ opcode: LOCAL_INV, key }, { opcode: LOCAL_INV, key }), [SUCCESS, MW_BIND_ERR]);
    assert.equal(d.queryQp(qp).state, QpState.SQE);
    assert.equal(queryMr(d, key).valid, 0);
  },
};

export const memoryOpCases: readonly Case[] = [
  ...[life, chain, once, refusals, invalidations, faults, remoteInvalidation, remoteRefusals],
  unreliable,
];
