// SPDX-License-Identifier: MIT
// MODIFY_QP from every state to every state, against a table of its own (transition-table.ts), its fields and what QUERY_QP
// tells of them. transitions.test.ts goes through all the attributes, states.ts through other events.
import assert from 'node:assert/strict';
import * as c from '../../../device/abi/generated/commands.js';
import { makeQueues } from '../../support/bench.js';
import type { QpAttributes } from '../../support/commander.js';
import type { Driver } from '../../support/driver.js';
import type { Qp } from '../../support/work.js';
import type { Case } from '../case.js';
import { ruleOf, STATES, stateName, TYPES, typeName } from '../transition-table.js';

const { OK, BAD_STATE, BAD_PARAMETER, BAD_HANDLE } = c.CommandCode;
const { STATE, DEST_QPN, MTU, RQ_PSN, AV, MAX_DEST_RD_ATOMIC, MIN_RNR_TIMER, CUR_STATE } = c.QpAttr;
const { RESET, INIT, RTR, RTS, SQD, SQE, ERR } = c.QpState;

/** MODIFY_QP to a state with good values for the attributes of `mask`; the other end is the queue pair itself. */
export const move = (d: Driver, qp: Qp, to: number, mask: number): number =>
  d.modify(qp, STATE | mask, { ...d.attributesFor(mask, qp.number), state: to });

/** States on the way to one, without RESET. SQE comes by an error alone. */
export const WAY: Readonly<Record<number, readonly number[]>> = {
  [RESET]: [],
  [INIT]: [INIT],
  [RTR]: [INIT, RTR],
  [RTS]: [INIT, RTR, RTS],
  [SQD]: [INIT, RTR, RTS, SQD],
  [ERR]: [ERR],
};

/** Takes a queue pair in RESET to a state. */
export function bring(d: Driver, qp: Qp, state: number): void {
  let from: number = RESET;
  for (const to of WAY[state]!) {
    assert.equal(
      move(d, qp, to, ruleOf(qp.type, from, to)!.needed),
      OK,
      `${stateName(from)} → ${stateName(to)}`,
    );
    from = to;
  }
  assert.equal(d.queryQp(qp).state, state);
}

/** A queue pair in `state`; one with another end is connected to itself as soon as it is connected at all. */
function makeIn(d: Driver, type: number, state: number, o: { flags?: number } = {}): Qp {
  const { cq } = makeQueues(d, 4);
  const qp = d.createQp({ sendCq: cq, type, logDepth: 2, ...o });
  bring(d, qp, state);
  return qp;
}

function everyTransition(d: Driver, type: number): void {
  const { cq } = makeQueues(d, 4);
  for (const from of STATES.filter(state => state !== SQE)) {
    for (const to of [...STATES, 7, 255]) {
      const qp = d.createQp({ sendCq: cq, type, logDepth: 1, logStride: 6 });
      bring(d, qp, from);
      const rule = ruleOf(type, from, to);
      const what = `${stateName(from)} → ${stateName(to)}`;
      assert.equal(move(d, qp, to, rule?.needed ?? 0), rule === undefined ? BAD_STATE : OK, what);
      assert.equal(d.queryQp(qp).state, rule === undefined ? from : to, what);
      assert.equal(d.destroy(c.Command.DESTROY_QP, qp.number), OK);
    }
  }
}

const TO_RTR = STATE | DEST_QPN | MTU | RQ_PSN | AV | MAX_DEST_RD_ATOMIC | MIN_RNR_TIMER;
const GOOD: QpAttributes = {
  state: RTR,
  dest: 5,
  mtu: c.Mtu.MTU_256,
  rqPsn: 0,
  maxDestRdAtomic: 4,
  minRnrTimer: 1,
  av: {},
};

/** Values that no attribute may have: mask, attributes. */
const OUT_OF_RANGE: readonly (readonly [number, QpAttributes])[] = [
  [TO_RTR, { ...GOOD, mtu: 0 }],
  [TO_RTR, { ...GOOD, mtu: 6 }],
  [TO_RTR, { ...GOOD, dest: 2 ** 24 }],
  [TO_RTR, { ...GOOD, rqPsn: 2 ** 24 }],
  [TO_RTR, { ...GOOD, maxDestRdAtomic: c.RD_ATOMIC_MAX + 1 }],
  [TO_RTR, { ...GOOD, minRnrTimer: 32 }],
  [TO_RTR, { ...GOOD, av: { sgidIndex: 1 } }],
  [TO_RTR, { ...GOOD, av: { sgidIndex: 255 } }],
  [TO_RTR, { ...GOOD, av: { flowLabel: 2 ** 20 } }],
  [TO_RTR, { ...GOOD, av: { udpSport: 0xbfff } }],
  [TO_RTR, { ...GOOD, av: { dgid: new Uint8Array(16) } }],
  [TO_RTR, { ...GOOD, av: { dgid: Uint8Array.of(0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1) } }],
  // Fields that are not named.
  [TO_RTR, { ...GOOD, sqPsn: 1 }],
  [TO_RTR, { ...GOOD, maxRdAtomic: 1 }],
  [TO_RTR, { ...GOOD, timeout: 1 }],
  [TO_RTR, { ...GOOD, retryCount: 1 }],
  [TO_RTR, { ...GOOD, rnrRetry: 1 }],
  [TO_RTR, { ...GOOD, sqdEvent: 1 }],
  [TO_RTR, { ...GOOD, port: 1 }],
  [TO_RTR, { ...GOOD, pkeyIndex: 1 }],
  [TO_RTR, { ...GOOD, qkey: 1 }],
  [TO_RTR, { ...GOOD, access: 2 }],
  [TO_RTR, { ...GOOD, curState: 1 }],
  [TO_RTR | c.QpAttr.PKEY_INDEX, { ...GOOD, pkeyIndex: 1 }],
  [TO_RTR | c.QpAttr.ACCESS, { ...GOOD, access: 1 }],
  [TO_RTR | c.QpAttr.ACCESS, { ...GOOD, access: 16 }],
  [STATE | c.QpAttr.PORT, { state: INIT, port: 2 }],
  [STATE | c.QpAttr.PORT, { state: INIT, port: 0 }],
  [STATE, { ...GOOD }],
  [0, {}],
  [TO_RTR | (2 ** 18), GOOD],
  [2 ** 31, {}],
];

/** Bytes between PKEY_INDEX and the address vector, and some after it. */
const RESERVED_BYTES = [38, 39, 40, 43, 47, 76, 77, 95, 96, 191];

export const transitionCases: readonly Case[] = [
  ...TYPES.map(type => ({
    name: `every transition of a queue pair of type ${typeName(type)}`,
    run: ({ driver: d }: { driver: Driver }) => everyTransition(d, type),
  })),
  {
    name: 'MODIFY_QP refuses fields out of range, fields not named, unknown bits and queue pairs',
    run({ driver: d }) {
      const qp = makeIn(d, c.QpType.RC, INIT);
      for (const [m, a] of OUT_OF_RANGE)
        assert.equal(d.modify(qp, m, a), BAD_PARAMETER, JSON.stringify([m, a]));
      for (const byte of RESERVED_BYTES) {
        const status = d.tryCommand(c.Command.MODIFY_QP, i => {
          i[0] = qp.number;
          i[1] = STATE;
          new Uint8Array(i.buffer).set([INIT], 8);
          new Uint8Array(i.buffer)[byte] = 1;
        });
        assert.equal(status, BAD_PARAMETER, `reserved byte ${byte}`);
      }
      assert.equal(d.modify({ ...qp, number: 999 }, STATE, { state: INIT }), BAD_HANDLE);
      assert.equal(d.modify(qp, TO_RTR, GOOD), OK);
      const { state, dest, mtu, rqPsn } = d.queryQp(qp);
      assert.deepEqual([state, dest, mtu, rqPsn], [RTR, 5, c.Mtu.MTU_256, 0]);
    },
  },
  {
    name: 'QUERY_QP tells every attribute that was given, and RESET forgets them',
    run({ driver: d }) {
      const qp = makeIn(d, c.QpType.RC, RTS, { flags: c.QpFlag.PRIVILEGED });
      const out = d.rawQp(qp);
      const get = (...gets: ((m: Uint32Array, w: number) => number)[]): number[] => gets.map(g => g(out, 0));
      const common = get(
        c.cmdQpOutAccess,
        c.cmdQpOutMaxRdAtomic,
        c.cmdQpOutMaxDestRdAtomic,
        c.cmdQpOutMinRnrTimer,
        c.cmdQpOutTimeout,
        c.cmdQpOutRetryCount,
        c.cmdQpOutRnrRetry,
        c.cmdQpOutPort,
        c.cmdQpOutPkeyIndex,
        c.cmdQpOutFlags,
        c.cmdQpOutSrqn,
        c.cmdQpOutDraining,
      );
      assert.deepEqual(common, [14, 16, 16, 12, 14, 7, 7, 1, 0, 1, 0, 0]);
      const { gid, mac } = d.own();
      const bytes = new Uint8Array(out.buffer, out.byteOffset);
      assert.deepEqual(bytes.slice(c.CMD_QP_OUT_DGID_OFFSET, c.CMD_QP_OUT_DGID_OFFSET + 16), gid);
      assert.deepEqual(bytes.slice(c.CMD_QP_OUT_DMAC_OFFSET, c.CMD_QP_OUT_DMAC_OFFSET + 6), mac);
      assert.equal(move(d, qp, RESET, 0), OK);
      const left = d.rawQp(qp);
      c.setCmdQpOutFlags(left, 0, 0);
      assert.ok(
        left.subarray(2, 32).every(word => word === 0),
        'RESET forgets',
      );
      const ud = makeIn(d, c.QpType.UD, INIT);
      assert.equal(c.cmdQpOutQkey(d.rawQp(ud), 0), 0x1234);
    },
  },
  {
    name: 'an address vector comes back as it was given',
    run({ driver: d }) {
      assert.equal(
        d.setGid(
          3,
          Uint8Array.from({ length: 16 }, (_, n) => 0x20 + n),
        ),
        OK,
      );
      const av = {
        sgidIndex: 3,
        hopLimit: 200,
        trafficClass: 0xb8,
        flowLabel: 0xfedcb,
        dgid: Uint8Array.from({ length: 16 }, (_, n) => 0x30 + n),
        dmac: Uint8Array.of(2, 3, 4, 5, 6, 7),
        udpSport: 0xc123,
      };
      const qp = makeIn(d, c.QpType.UC, INIT);
      const mask = DEST_QPN | MTU | RQ_PSN | AV;
      const given = { ...d.attributesFor(mask, 9), av, state: RTR };
      assert.equal(d.modify(qp, STATE | mask, given), OK);
      const out = d.rawQp(qp);
      assert.deepEqual(
        [
          c.cmdQpOutSgidIndex,
          c.cmdQpOutHopLimit,
          c.cmdQpOutTrafficClass,
          c.cmdQpOutFlowLabel,
          c.cmdQpOutUdpSport,
        ].map(get => get(out, 0)),
        [3, 200, 0xb8, 0xfedcb, 0xc123],
      );
      const bytes = new Uint8Array(out.buffer, out.byteOffset);
      assert.deepEqual(bytes.slice(c.CMD_QP_OUT_DGID_OFFSET, c.CMD_QP_OUT_DGID_OFFSET + 16), av.dgid);
      assert.deepEqual(bytes.slice(c.CMD_QP_OUT_DMAC_OFFSET, c.CMD_QP_OUT_DMAC_OFFSET + 6), av.dmac);
    },
  },
  {
    name: 'CUR_STATE other than the present state is refused, and nothing changes',
    run({ driver: d }) {
      const qp = makeIn(d, c.QpType.RC, RTS);
      const ask = (curState: number): number =>
        d.modify(qp, STATE | CUR_STATE | MIN_RNR_TIMER, { state: RTS, curState, minRnrTimer: 3 });
      for (const wrong of [RESET, INIT, RTR, SQD, SQE, ERR, 200]) assert.equal(ask(wrong), BAD_STATE);
      assert.equal(c.cmdQpOutMinRnrTimer(d.rawQp(qp), 0), 12);
      assert.equal(ask(RTS), OK);
      assert.equal(c.cmdQpOutMinRnrTimer(d.rawQp(qp), 0), 3);
    },
  },
  {
    name: 'a privileged Q_Key is for privileged queue pairs',
    run({ driver: d }) {
      const { PKEY_INDEX, PORT, QKEY } = c.QpAttr;
      const set = (flags: number): number =>
        d.modify(makeIn(d, c.QpType.UD, RESET, { flags }), STATE | PKEY_INDEX | PORT | QKEY, {
          state: INIT,
          port: 1,
          qkey: 0x80010000,
        });
      assert.equal(set(0), BAD_PARAMETER);
      assert.equal(set(c.QpFlag.PRIVILEGED), OK);
    },
  },
];
