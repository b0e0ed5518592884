// SPDX-License-Identifier: MIT
// CREATE_QP and MODIFY_QP, field by field: the last value that fits, the first that does not, and the name under which
// the adapter remembers the refusal.
import assert from 'node:assert/strict';
import * as c from '../../device/abi/generated/commands.js';
import type { Finding } from '../../device/model/diary.js';
import { makeQueues } from '../support/bench.js';
import type { QpAttributes } from '../support/commander.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import type { MutationCase } from './cases.js';

const { BAD_PARAMETER, BAD_HANDLE, BAD_STATE, OK, NO_RESOURCE } = c.CommandCode;
const A = c.QpAttr;
const MOST = 2 ** 24 - 1;

/** Attribute, its bit, values that fit, values that do not. */
const ATTRIBUTES: readonly [
  name: string,
  key: keyof QpAttributes,
  bit: number,
  good: number[],
  bad: number[],
][] = [
  ['mtu', 'mtu', A.MTU, [1, 5], [0, 6]],
  ['access', 'access', A.ACCESS, [0, 2, 4, 8, 14], [1, 16, 15]],
  ['dest_qpn', 'dest', A.DEST_QPN, [0, MOST], [MOST + 1]],
  ['sq_psn', 'sqPsn', A.SQ_PSN, [0, MOST], [MOST + 1]],
  ['rq_psn', 'rqPsn', A.RQ_PSN, [0, MOST], [MOST + 1]],
  ['max_rd_atomic', 'maxRdAtomic', A.MAX_RD_ATOMIC, [0, c.RD_ATOMIC_MAX], [c.RD_ATOMIC_MAX + 1]],
  [
    'max_dest_rd_atomic',
    'maxDestRdAtomic',
    A.MAX_DEST_RD_ATOMIC,
    [0, c.RD_ATOMIC_MAX],
    [c.RD_ATOMIC_MAX + 1],
  ],
  ['min_rnr_timer', 'minRnrTimer', A.MIN_RNR_TIMER, [0, 31], [32]],
  ['timeout', 'timeout', A.TIMEOUT, [0, 31], [32]],
  ['retry_count', 'retryCount', A.RETRY_COUNT, [0, 7], [8]],
  ['rnr_retry', 'rnrRetry', A.RNR_RETRY, [0, 7], [8]],
  ['sqd_event', 'sqdEvent', A.SQD_EVENT, [0, 1], [2]],
  ['port', 'port', A.PORT, [1], [0, 2]],
  ['pkey_index', 'pkeyIndex', A.PKEY_INDEX, [0], [1]],
];
/** Attributes that any value fits. */
const FREE: readonly [name: string, key: keyof QpAttributes][] = [
  ['state', 'state'],
  ['cur_state', 'curState'],
  ['qkey', 'qkey'],
];

class Station {
  readonly t = new InProcess();
  readonly d = new Driver(this.t).start();
  readonly cq = makeQueues(this.d).cq;

  /** Opcode, status and field of the last refusal. */
  refusal(): unknown[] {
    const last = (this.t.adapter.controlOps.explain() as Finding[])
      .filter(f => f.code === 'command-refused')
      .at(-1);
    return [last?.opcode, last?.status, last?.field];
  }

  /** The words of a good CREATE_QP; the queue pair that it made is there. */
  goodCreate(act: (d: Driver) => unknown): (i: Uint32Array) => void {
    const { d } = this;
    const create = d.create.bind(d);
    let fill: ((i: Uint32Array) => void) | undefined;
    d.create = (opcode, words) => {
      fill = words;
      return create(opcode, words);
    };
    act(d);
    d.create = create;
    return fill!;
  }
}

const onStation = (name: string, body: (s: Station) => void): MutationCase => ({
  name,
  run: () => body(new Station()),
});

type Change = (i: Uint32Array) => void;

/** What of CREATE_QP is refused, for a queue pair with a receive queue of its own. */
const RC_CHANGES: readonly [field: string, status: number, change: Change][] = [
  ['type', BAD_PARAMETER, i => c.setCmdCreateQpType(i, 0, 99)],
  ['flags', BAD_PARAMETER, i => c.setCmdCreateQpFlags(i, 0, 2)],
  ['reserved', BAD_PARAMETER, i => i.fill(65536 + i[5]!, 5, 6)],
  [
    'reserved',
    BAD_PARAMETER,
    i => i.fill(1, c.CMD_CREATE_QP_SRQN_OFFSET / 4 + 1, c.CMD_CREATE_QP_SRQN_OFFSET / 4 + 2),
  ],
  ['send_address', BAD_PARAMETER, i => c.setCmdCreateQpSendAddress(i, 0, 32)],
  ['recv_address', BAD_PARAMETER, i => c.setCmdCreateQpRecvAddress(i, 0, 32)],
  ['send_log_depth', BAD_PARAMETER, i => c.setCmdCreateQpSendLogDepth(i, 0, 16)],
  ['send_log_depth', BAD_PARAMETER, i => c.setCmdCreateQpSendLogDepth(i, 0, 0)],
  ['send_log_stride', BAD_PARAMETER, i => c.setCmdCreateQpSendLogStride(i, 0, 5)],
  ['send_log_stride', BAD_PARAMETER, i => c.setCmdCreateQpSendLogStride(i, 0, 10)],
  ['recv_log_depth', BAD_PARAMETER, i => c.setCmdCreateQpRecvLogDepth(i, 0, 16)],
  ['recv_log_depth', BAD_PARAMETER, i => c.setCmdCreateQpRecvLogDepth(i, 0, 0)],
  ['recv_log_stride', BAD_PARAMETER, i => c.setCmdCreateQpRecvLogStride(i, 0, 5)],
  ['recv_log_stride', BAD_PARAMETER, i => c.setCmdCreateQpRecvLogStride(i, 0, 10)],
  ['pd', BAD_HANDLE, i => c.setCmdCreateQpPd(i, 0, 999)],
  ['page', BAD_HANDLE, i => c.setCmdCreateQpPage(i, 0, 99)],
  ['send_cqn', BAD_HANDLE, i => c.setCmdCreateQpSendCqn(i, 0, 999)],
  ['send_lkey', BAD_HANDLE, i => c.setCmdCreateQpSendLkey(i, 0, 0xffffff00)],
  ['recv_cqn', BAD_HANDLE, i => c.setCmdCreateQpRecvCqn(i, 0, 999)],
  ['recv_lkey', BAD_HANDLE, i => c.setCmdCreateQpRecvLkey(i, 0, 0xffffff00)],
];

/** The same where there is no receive queue. */
const withoutReceives = (shared: boolean): readonly [field: string, status: number, change: Change][] => [
  ['recv_log_depth', BAD_PARAMETER, i => c.setCmdCreateQpRecvLogDepth(i, 0, 4)],
  ['recv_log_stride', BAD_PARAMETER, i => c.setCmdCreateQpRecvLogStride(i, 0, 8)],
  ['recv_lkey', BAD_PARAMETER, i => c.setCmdCreateQpRecvLkey(i, 0, 1)],
  ['recv_address', BAD_PARAMETER, i => c.setCmdCreateQpRecvAddress(i, 0, 4096)],
  shared
    ? ['srqn', BAD_HANDLE, i => c.setCmdCreateQpSrqn(i, 0, 999)]
    : ['srqn', BAD_PARAMETER, i => c.setCmdCreateQpSrqn(i, 0, 1)],
  shared
    ? ['recv_cqn', BAD_HANDLE, i => c.setCmdCreateQpRecvCqn(i, 0, 999)]
    : ['recv_cqn', BAD_PARAMETER, i => c.setCmdCreateQpRecvCqn(i, 0, 1)],
];

const nameOfStatus = (status: number): string | undefined =>
  Object.entries(c.CommandCode).find(([, value]) => value === status)?.[0];

function refusedCreates(s: Station, good: Change, changes: readonly [string, number, Change][]): void {
  for (const [field, status, change] of changes) {
    const found = s.d.tryCommand(c.Command.CREATE_QP, i => {
      good(i);
      change(i);
    });
    assert.equal(found, status, field);
    assert.deepEqual(s.refusal(), ['CREATE_QP', nameOfStatus(status), field]);
  }
  assert.equal(s.d.tryCommand(c.Command.CREATE_QP, good), OK, 'as it was');
}

export const fieldCases: readonly MutationCase[] = [
  onStation('CREATE_QP: each field that cannot be, by its name', s => {
    const { cq } = s;
    refusedCreates(
      s,
      s.goodCreate(d => d.createQp({ sendCq: cq })),
      RC_CHANGES,
    );
    refusedCreates(
      s,
      s.goodCreate(d => d.createQp({ sendCq: cq, type: c.QpType.DMA })),
      withoutReceives(false),
    );
    const srq = s.d.createSrq();
    refusedCreates(
      s,
      s.goodCreate(d => d.createQp({ sendCq: cq, srq })),
      withoutReceives(true),
    );
  }),
  onStation('CREATE_QP: the largest and the smallest that fit, and the one number of GSI', s => {
    const { d, cq } = s;
    for (const [logDepth, logStride] of [
      [1, 6],
      [15, 6],
      [1, 9],
    ] as const)
      d.createQp({ sendCq: cq, logDepth, logStride });
    const gsi = d.createQp({ sendCq: cq, type: c.QpType.GSI });
    assert.equal(gsi.number, c.GSI_QPN);
    const again = s.goodCreate(x => assert.throws(() => x.createQp({ sendCq: cq, type: c.QpType.GSI })));
    assert.equal(d.tryCommand(c.Command.CREATE_QP, again), NO_RESOURCE);
    assert.equal(d.destroy(c.Command.DESTROY_QP, gsi.number), OK);
    assert.equal(d.createQp({ sendCq: cq, type: c.QpType.GSI }).number, c.GSI_QPN);
  }),
  onStation('queue pairs hold what they refer to, and give it back, each its own', s => {
    const { d } = s;
    const eq = d.createEq(3);
    const pd = d.create(c.Command.ALLOC_PD);
    const page = d.create(c.Command.ALLOC_PAGE);
    const [sendCq, recvCq] = [d.createCq(eq, 6, page), d.createCq(eq, 6, page)];
    const memory = d.alloc(1 << 16);
    const key = d.registerPages(
      Array.from({ length: 16 }, (_, n) => memory + n * 4096),
      0,
      1 << 16,
      { pd },
    );
    const whole = d.registerWhole(pd);
    // Queues that are the driver's own choice are in the region of this domain, too.
    d.key = whole;
    const srq = d.createSrq({ pd });
    const held: [number, number][] = [
      [c.Command.DEALLOC_PD, pd],
      [c.Command.FREE_PAGE, page],
      [c.Command.DESTROY_CQ, sendCq.number],
      [c.Command.DEREGISTER_MR, key],
    ];
    const of = (type: number, shared: boolean) => {
      const own = type === c.QpType.DMA ? [] : [[c.Command.DESTROY_CQ, recvCq.number] as [number, number]];
      const users: [number, number][] = [...held, ...own];
      if (shared) users.push([c.Command.DESTROY_SRQ, srq.number]);
      const common = { sendCq, recvCq, pd, page, type, sendLkey: key, sendAddress: 0 };
      const qp = d.createQp(shared ? { ...common, srq } : common);
      return { qp, users };
    };
    for (const [type, shared] of [
      [c.QpType.DMA, false],
      [c.QpType.RC, false],
      [c.QpType.RC, true],
      [c.QpType.UD, false],
    ] as const) {
      const { qp, users } = of(type, shared);
      for (const [opcode, handle] of users) {
        assert.equal(d.destroy(opcode, handle), c.CommandCode.BUSY, `${opcode}`);
      }
      const own = type !== c.QpType.DMA && !shared;
      // Of the region of the receive queue, too.
      if (own) assert.equal(d.destroy(c.Command.DEREGISTER_MR, whole), c.CommandCode.BUSY);
      assert.equal(d.destroy(c.Command.DESTROY_QP, qp.number), OK);
    }
    assert.equal(d.destroy(c.Command.DESTROY_SRQ, srq.number), OK);
    for (const handle of [sendCq.number, recvCq.number])
      assert.equal(d.destroy(c.Command.DESTROY_CQ, handle), OK);
    for (const handle of [key, whole]) assert.equal(d.destroy(c.Command.DEREGISTER_MR, handle), OK);
    assert.equal(d.destroy(c.Command.FREE_PAGE, page), OK);
    assert.equal(d.destroy(c.Command.DEALLOC_PD, pd), OK);
  }),
  onStation(
    'MODIFY_QP: the values of each attribute that fit, the next that do not, and one without its bit',
    s => {
      const { d, cq } = s;
      const qp = d.createQp({ sendCq: cq, flags: c.QpFlag.PRIVILEGED });
      for (const [name, key, bit, good, bad] of ATTRIBUTES) {
        for (const value of bad) {
          assert.equal(d.modify(qp, A.STATE | bit, { state: c.QpState.INIT, [key]: value }), BAD_PARAMETER);
          assert.deepEqual(s.refusal(), ['MODIFY_QP', 'BAD_PARAMETER', name], `${name} ${value}`);
        }
        for (const value of good) {
          // Fits; that the transition does not take it alone is another matter.
          d.modify(qp, bit, { [key]: value });
          assert.deepEqual(s.refusal(), ['MODIFY_QP', 'BAD_PARAMETER', 'attr_mask'], `${name} ${value}`);
        }
        assert.equal(d.modify(qp, A.STATE, { state: c.QpState.INIT, [key]: 1 }), BAD_PARAMETER);
        assert.deepEqual(s.refusal(), ['MODIFY_QP', 'BAD_PARAMETER', name], `${name} without its bit`);
      }
      for (const [name, key] of FREE) {
        assert.equal(d.modify(qp, A.PORT, { port: 1, [key]: 1 }), BAD_PARAMETER);
        assert.deepEqual(s.refusal(), ['MODIFY_QP', 'BAD_PARAMETER', name], `${name} without its bit`);
      }
      for (const mask of [0, 2 ** 20]) {
        assert.equal(d.modify(qp, mask, {}), BAD_PARAMETER);
        assert.deepEqual(s.refusal(), ['MODIFY_QP', 'BAD_PARAMETER', 'attr_mask']);
      }
      assert.equal(d.modify(qp, A.STATE, { state: c.QpState.INIT }), BAD_PARAMETER);
      assert.deepEqual(s.refusal(), ['MODIFY_QP', 'BAD_PARAMETER', 'attr_mask'], 'what INIT needs');
      assert.equal(d.modify(qp, A.STATE, { state: c.QpState.RTS }), BAD_STATE);
      assert.deepEqual(s.refusal(), ['MODIFY_QP', 'BAD_STATE', 'transition']);
      assert.equal(d.modify({ ...qp, number: 999 }, A.STATE, { state: c.QpState.ERR }), BAD_HANDLE);
    },
  ),
  onStation('MODIFY_QP: a Q_Key of the privileged is for privileged queue pairs', s => {
    const { d, cq } = s;
    const init = A.PKEY_INDEX | A.PORT | A.QKEY | A.STATE;
    for (const [flags, qkey, status] of [
      [0, 0x7fffffff, OK],
      [0, 0x80000000, BAD_PARAMETER],
      [c.QpFlag.PRIVILEGED, 0x80000000, OK],
    ] as const) {
      const qp = d.createQp({ sendCq: cq, type: c.QpType.UD, flags });
      assert.equal(d.modify(qp, init, { state: c.QpState.INIT, port: 1, qkey }), status);
      if (status !== OK) assert.deepEqual(s.refusal(), ['MODIFY_QP', 'BAD_PARAMETER', 'qkey']);
    }
  }),
  onStation(
    'MODIFY_QP: reserved words, a state that is not the present one, an address vector without its bit',
    s => {
      const { d, cq } = s;
      const qp = d.createQp({ sendCq: cq });
      const words = c.CMD_MODIFY_QP_SGID_INDEX_OFFSET / 4;
      const last = c.CMD_MODIFY_QP_UDP_SPORT_OFFSET / 4;
      const gap = c.CMD_MODIFY_QP_PKEY_INDEX_OFFSET / 4;
      const tried = (change: Change): unknown[] => {
        const status = d.tryCommand(c.Command.MODIFY_QP, i => {
          c.setCmdModifyQpHandle(i, 0, qp.number);
          c.setCmdModifyQpAttrMask(i, 0, A.STATE);
          c.setCmdModifyQpState(i, 0, c.QpState.ERR);
          change(i);
        });
        return status === OK ? [] : s.refusal().slice(1);
      };
      const reserved: [number, number][] = [[gap, 65536]];
      for (let n = gap + 1; n < words; n++) reserved.push([n, 1]);
      reserved.push([last + 1, 1]);
      for (const [word, value] of reserved)
        assert.deepEqual(
          tried(i => i.fill(value, word, word + 1)),
          ['BAD_PARAMETER', 'reserved'],
          `word ${word}`,
        );
      for (let n = words; n <= last; n++)
        assert.deepEqual(
          tried(i => i.fill(1, n, n + 1)),
          ['BAD_PARAMETER', 'av'],
          `word ${n} of the vector`,
        );
      d.connect(qp, 2);
      const cur = A.STATE | A.CUR_STATE;
      assert.equal(d.modify(qp, cur, { state: c.QpState.RTS, curState: c.QpState.SQD }), BAD_STATE);
      assert.deepEqual(s.refusal(), ['MODIFY_QP', 'BAD_STATE', 'cur_state']);
      assert.equal(d.modify(qp, cur, { state: c.QpState.RTS, curState: c.QpState.RTS }), OK);
      assert.deepEqual(
        tried(() => {}),
        [],
      );
    },
  ),
  onStation('RESET of a queue pair leaves nothing of what it was', s => {
    const { d, cq } = s;
    const fresh = d.createQp({ sendCq: cq });
    const bare = Array.from(d.rawQp(fresh));
    const qp = d.createQp({ sendCq: cq });
    const peer = d.createQp({ sendCq: cq });
    const access = c.Access.REMOTE_WRITE | c.Access.REMOTE_READ | c.Access.REMOTE_ATOMIC;
    d.connect(qp, peer.number, c.Mtu.MTU_512, 77, { access });
    d.connect(peer, qp.number, c.Mtu.MTU_512, 77);
    d.recv(peer, []);
    d.recv(qp, []);
    d.send(qp, { opcode: 0x01 });
    s.t.settle();
    d.send(qp, { opcode: 0xee });
    s.t.settle();
    assert.equal(d.queryQp(qp).state, c.QpState.ERR);
    assert.equal(d.modify(qp, A.STATE, { state: c.QpState.RESET }), OK);
    const now = Array.from(d.rawQp(qp));
    assert.deepEqual(now, bare);
  }),
];
