// SPDX-License-Identifier: MIT
// MODIFY_QP of every type, in every state, to every state, with every attribute given and missing: allowed exactly where
// the table of the standard (transition-table.ts) has it. In process: it is some twenty thousand commands.
import test from 'ava';
import {
  Command,
  CommandCode,
  cmdQpOutAccess,
  cmdQpOutDraining,
  Mtu,
  QpAttr,
  QpState,
} from '../../device/abi/generated/commands.js';
import { EventType, Opcode } from '../../device/abi/generated/descriptors.js';
import { QP_TABLE, QP_WORDS, setQpState } from '../../device/abi/generated/state.js';
import { makeQueues } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import type { Cq, Qp } from '../support/work.js';
import { bring, move } from './cases/transitions.js';
import { attributeName, hasState, ruleOf, STATES, stateName, TYPES, typeName } from './transition-table.js';

const ATTRIBUTES = Object.values(QpAttr).filter(bit => bit !== QpAttr.STATE);
const { OK, BAD_STATE, BAD_PARAMETER } = CommandCode;

class Desk {
  readonly target = new InProcess({ ramBytes: 1 << 26 });
  readonly driver = new Driver(this.target).start();
  readonly cq: Cq = makeQueues(this.driver, 4).cq;

  /** A queue pair in any state. A local error alone leads to SQE, so the word of the region is set. */
  make(type: number, state: number): Qp {
    const qp = this.driver.createQp({ sendCq: this.cq, type, logDepth: 1, logStride: 6 });
    bring(this.driver, qp, state === QpState.SQE ? QpState.RTS : state);
    if (state === QpState.SQE)
      setQpState(this.target.region.u32, QP_TABLE + qp.number * QP_WORDS, QpState.SQE);
    return qp;
  }

  destroy(qp: Qp): void {
    this.driver.destroy(Command.DESTROY_QP, qp.number);
  }

  /** MODIFY_QP with good values; CUR_STATE is the state that it is in. */
  modify(qp: Qp, from: number, to: number, mask: number): number {
    if ((mask & QpAttr.CUR_STATE) === 0) return move(this.driver, qp, to, mask);
    const given = this.driver.attributesFor(mask, qp.number);
    return this.driver.modify(qp, QpAttr.STATE | mask, { ...given, state: to, curState: from });
  }
}

/** [what, attributes, expected]: exactly what is needed, each needed one missing, each other one added. */
function attempts(type: number, from: number, to: number): [string, number, number][] {
  const rule = ruleOf(type, from, to);
  if (rule === undefined)
    return [
      ['nothing', 0, BAD_STATE],
      ...ATTRIBUTES.map(bit => [attributeName(bit), bit, BAD_STATE] as [string, number, number]),
    ];
  const { needed, allowed } = rule;
  const all: [string, number, number][] = [
    ['what is needed', needed, OK],
    ['everything that may be given', needed | allowed, OK],
  ];
  for (const bit of ATTRIBUTES) {
    const name = attributeName(bit);
    if ((needed & bit) !== 0) all.push([`without ${name}`, needed & ~bit, BAD_PARAMETER]);
    else all.push([`with ${name}`, needed | bit, (allowed & bit) === 0 ? BAD_PARAMETER : OK]);
  }
  return all;
}

for (const type of TYPES) {
  test(`every transition and attribute of a queue pair of type ${typeName(type)}`, t => {
    const desk = new Desk();
    let tried = 0;
    for (const from of STATES.filter(state => hasState(type, state))) {
      let qp = desk.make(type, from);
      for (const to of [...STATES, STATES.length, 255]) {
        for (const [what, mask, expected] of attempts(type, from, to)) {
          const title = `${typeName(type)} ${stateName(from)} → ${stateName(to)}, ${what}`;
          t.is(desk.modify(qp, from, to, mask), expected, title);
          t.is(desk.driver.queryQp(qp).state, expected === OK ? to : from, title);
          tried++;
          if (expected !== OK) continue;
          desk.destroy(qp);
          qp = desk.make(type, from);
        }
      }
      desk.destroy(qp);
    }
    t.true(tried > 6 * 9 * 18, `${tried} attempts`);
  });
}

test('the tables of the types differ where the standard has them differ', t => {
  const count = (type: number): number =>
    STATES.flatMap(from => STATES.map(to => ruleOf(type, from, to))).filter(rule => rule !== undefined)
      .length;
  // Seven states go to two each; eight more transitions for RC and DMA, nine with SQE.
  t.deepEqual(
    TYPES.map(type => [typeName(type), count(type)]),
    [
      ['RC', 22],
      ['DMA', 22],
      ['UC', 23],
      ['UD', 23],
      ['GSI', 23],
    ],
  );
});

test('SQD while a descriptor is under way: it drains, attributes stay, the event comes at its end', t => {
  const target = new InProcess();
  const driver = new Driver(target).start();
  const { eq, cq } = makeQueues(driver);
  const [a, b] = driver.pair({ sendCq: cq }, Mtu.MTU_256);
  const [from, to] = [driver.alloc(4096), driver.alloc(4096)];
  driver.recv(b, [{ address: to, length: 2000 }]);
  driver.send(a, { opcode: Opcode.SEND, gather: [{ address: from, length: 2000 }] }, { opcode: Opcode.NOP });
  target.step();
  const sqd = { state: QpState.SQD, sqdEvent: 1 };
  t.is(driver.modify(a, QpAttr.STATE | QpAttr.SQD_EVENT, sqd), OK);
  const draining = (): number => cmdQpOutDraining(driver.rawQp(a), 0);
  t.is(draining(), 1);
  t.is(driver.modify(a, QpAttr.ACCESS, { access: 2 }), BAD_STATE);
  t.deepEqual(driver.events(eq), []);
  target.settle();
  t.is(draining(), 0);
  t.deepEqual(driver.events(eq), [{ type: EventType.SQ_DRAINED, number: a.number, detail: 0 }]);
  t.deepEqual(
    driver.poll(cq).map(cqe => cqe.receive),
    [true, false],
    'the NOP behind it waits',
  );
  t.is(driver.modify(a, QpAttr.ACCESS, { access: 2 }), OK);
  t.is(cmdQpOutAccess(driver.rawQp(a), 0), 2);
  t.is(driver.modify(a, QpAttr.STATE, { state: QpState.RTS }), OK);
  target.settle();
  t.is(driver.poll(cq).length, 1);
});

test('SQD that is left before the queue has drained tells nothing', t => {
  const target = new InProcess();
  const driver = new Driver(target).start();
  const { eq, cq } = makeQueues(driver);
  const qp = driver.channel({ sendCq: cq });
  const [from, to] = [driver.alloc(16384), driver.alloc(16384)];
  const copy = {
    opcode: Opcode.COPY,
    gather: [{ address: from, length: 16384 }],
    scatter: [{ address: to, length: 16384 }],
  };
  driver.send(qp, copy);
  target.host.workWaiting = () => true;
  target.step();
  t.is(driver.modify(qp, QpAttr.STATE | QpAttr.SQD_EVENT, { state: QpState.SQD, sqdEvent: 1 }), OK);
  t.is(cmdQpOutDraining(driver.rawQp(qp), 0), 1);
  t.is(driver.modify(qp, QpAttr.STATE, { state: QpState.RTS }), OK);
  target.settle();
  t.deepEqual(driver.events(eq), []);
  t.is(driver.poll(cq).length, 1);
});
