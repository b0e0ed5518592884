// SPDX-License-Identifier: MIT
// Scenarios for the enumerator: commands of shared receive queues, address handles, GIDs, the port and counters, queue
// pairs of every type and state, moderation and resizing of completion queues.
import assert from 'node:assert/strict';
import {
  Command,
  CommandCode,
  CounterKind,
  Hold,
  Mtu,
  QpAttr,
  QpFlag,
  QpState,
  QpType,
} from '../../device/abi/generated/commands.js';
import { EventType, Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import { Dma } from '../../device/model/ports.js';
import type { Qp } from '../support/work.js';
import type { Scenario, Stage } from './enumerate.js';
import { channel, copy, expect, pair, ranges, send } from './props.js';

const { OK, BAD_PARAMETER, BAD_STATE, BUSY, FAULT } = CommandCode;
const NOP = { opcode: Opcode.NOP };
const IPV6 = Uint8Array.from({ length: 16 }, (_, n) => 0x20 + n);

/** The commands themselves are what may be cut off. The event queue 0 has what is told. */
const commands = (name: string, run: (stage: Stage) => void): Scenario => ({
  name: `commands: ${name}`,
  setup: stage => () => run(stage),
});

function is(found: number, expected: CommandCode): void {
  assert.equal(found, expected);
}

const to = ({ driver }: Stage, qp: Qp, state: number, more = 0): number =>
  driver.modify(qp, QpAttr.STATE | more, { ...driver.attributesFor(more, qp.number), state });

const objects: Scenario[] = [
  commands('shared receive queues', stage => {
    const { driver, target } = stage;
    const srq = driver.createSrq({ logDepth: 2, limit: 1 });
    driver.recvShared(srq, [], []);
    is(driver.modifySrq(srq, 2), OK);
    is(driver.modifySrq(srq, 4), OK);
    target.settle();
    driver.querySrq(srq);
    is(driver.modifySrq(srq, 5), BAD_PARAMETER);
    const cq = driver.createCq(driver.createEq(1, 3), 3);
    const qp = driver.createQp({ sendCq: cq, srq, logDepth: 2 });
    is(driver.destroy(Command.DESTROY_SRQ, srq.number), BUSY);
    is(driver.destroy(Command.DESTROY_QP, qp.number), OK);
    is(driver.destroy(Command.DESTROY_SRQ, srq.number), OK);
    driver.createSrq({ logDepth: 1 });
  }),
  commands('address handles', ({ driver }) => {
    const ahs = [driver.createAh(), driver.createAh({ flowLabel: 7, udpSport: 0xc007 })];
    is(driver.modifyAh(ahs[0]!, { hopLimit: 3 }), OK);
    is(driver.modifyAh(ahs[0]!, { sgidIndex: 30 }), BAD_PARAMETER);
    is(driver.destroy(Command.QUERY_AH, ahs[0]!), OK);
    is(driver.destroy(Command.DESTROY_AH, ahs[0]!), OK);
    driver.createAh({ trafficClass: 1 });
  }),
  commands('GIDs', stage => {
    const { driver, target } = stage;
    is(driver.setGid(3, IPV6, Uint8Array.of(2, 1, 1, 1, 1, 1)), OK);
    target.settle();
    is(driver.setGid(3, IPV6), OK);
    is(driver.setGid(3), OK);
    is(driver.setGid(0), OK);
    target.settle();
    driver.queryGid(3);
  }),
  {
    name: 'GIDs and port when the event queue is full',
    setup: stage => {
      const { driver, target } = stage;
      const depth = 16;
      // The life sign of the stage has event queue 0: it is nearly full when the scenario begins.
      const async = { number: 0, address: 0, depth, vector: 0, consumer: depth };
      for (let n = 1; n < depth; n++) is(driver.setGid(n, IPV6), OK);
      stage.epilogue = () => undefined;
      return () => {
        for (const n of [20, 21, 22]) is(driver.setGid(n, IPV6), OK);
        for (const hold of [Hold.PORT, 0, Hold.PORT]) driver.setLink(hold);
        target.settle();
        driver.armEq(async);
        target.settle();
        driver.setLink(0);
        target.settle();
      };
    },
  },
  commands('the port goes down and comes up', stage => {
    const { driver, target } = stage;
    driver.setLink(Hold.PORT, 10);
    driver.queryPort();
    driver.setLink(Hold.PORT | Hold.LINK);
    driver.setLink(0);
    target.settle();
    driver.counters(CounterKind.PORT);
    driver.counters(CounterKind.PAGE, 0);
  }),
  commands('the port goes down when the event queue cannot be reached', stage => {
    const { driver, target } = stage;
    const eq = driver.target.ramBase;
    assert.equal(eq, 0);
    target.hole(0, driver.mailbox, Dma.NOT_YET);
    driver.setLink(Hold.PORT);
    target.hole(0, driver.mailbox, Dma.DONE);
    target.settle();
    driver.setLink(0);
    target.settle();
  }),
];

/** Every type through all of its states, with the events on the way. */
const types: Scenario[] = [QpType.RC, QpType.UC, QpType.UD, QpType.GSI, QpType.DMA].map(type =>
  commands(`a queue pair of type ${type} in every state`, stage => {
    const { driver, target } = stage;
    const cq = driver.createCq(driver.createEq(1, 3), 3);
    const flags = type === QpType.UD ? QpFlag.PRIVILEGED : 0;
    const qp = driver.createQp({ sendCq: cq, type, logDepth: 2, flags });
    driver.connect(qp, qp.number, Mtu.MTU_512, 5);
    is(driver.modify(qp, QpAttr.STATE | QpAttr.SQD_EVENT, { state: QpState.SQD, sqdEvent: 1 }), OK);
    driver.send(qp, NOP);
    target.settle();
    is(to(stage, qp, QpState.RTS), OK);
    target.settle();
    is(to(stage, qp, QpState.INIT), BAD_STATE);
    driver.send(qp, { opcode: 99 }, NOP);
    target.settle();
    driver.rawQp(qp);
    if (type !== QpType.RC && type !== QpType.DMA) {
      is(to(stage, qp, QpState.RTS), OK);
      driver.send(qp, NOP);
      target.settle();
      is(to(stage, qp, QpState.ERR), OK);
    }
    is(to(stage, qp, QpState.RESET), OK);
    is(driver.destroy(Command.DESTROY_QP, qp.number), OK);
    driver.createQp({ sendCq: cq, type, logDepth: 1 });
  }),
);

const states: Scenario[] = [
  {
    name: 'SQD while a descriptor is under way: it ends, the event comes, the next one waits',
    setup: stage => {
      const c = channel(stage);
      const { driver, target } = stage;
      return () => {
        driver.setLink(Hold.ENGINE);
        driver.send(c.qp, copy(ranges(c.source, [12000]), ranges(c.target, [12000])), NOP);
        driver.setLink(0);
        driver.modify(c.qp, QpAttr.STATE | QpAttr.SQD_EVENT, { state: QpState.SQD, sqdEvent: 1 });
        target.settle();
        is(to(stage, c.qp, QpState.RTS), OK);
        target.settle();
        expect(stage, c.cq, 0, 0);
      };
    },
  },
  {
    name: 'a queue pair with a shared receive queue goes to ERR and to RESET',
    setup: stage => {
      const { driver, target } = stage;
      const eq = stage.eq(1);
      const cq = driver.createCq(eq, 4);
      const srq = driver.createSrq({ logDepth: 2 });
      const [a, b] = driver.pair({ sendCq: cq, srq, logDepth: 2 }, Mtu.MTU_256);
      driver.armEq(eq);
      return () => {
        driver.recvShared(srq, [], []);
        driver.send(a, { opcode: Opcode.SEND });
        target.settle();
        is(to(stage, b, QpState.ERR), OK);
        target.settle();
        driver.send(a, { opcode: Opcode.SEND });
        target.settle();
        expect(stage, cq, 0, 0, WcStatus.RETRY_EXC_ERR);
        is(to(stage, a, QpState.RESET), OK);
        is(to(stage, b, QpState.RESET), OK);
      };
    },
  },
];

const completionQueues: Scenario[] = [
  {
    name: 'RESIZE_CQ with entries that wait, larger and smaller, armed',
    setup: stage => {
      const c = channel(stage);
      const { driver, target } = stage;
      return () => {
        driver.send(c.qp, NOP, NOP, NOP);
        target.settle();
        driver.poll(c.cq);
        driver.send(c.qp, NOP, NOP);
        target.settle();
        const large = driver.resizeCq(c.cq, 5);
        driver.arm(large);
        driver.send(c.qp, NOP);
        target.settle();
        const small = driver.resizeCq(large, 2);
        expect(stage, small, 0, 0, 0);
        driver.send(c.qp, NOP);
        target.settle();
        const again = { ...small };
        assert.equal(driver.poll(again).length, 4);
        driver.send(c.qp, NOP);
        target.settle();
        assert.throws(() => driver.resizeCq({ ...again, number: 99 }, 2), { status: CommandCode.BAD_HANDLE });
      };
    },
  },
  {
    name: 'RESIZE_CQ that waits for translations, and that fails',
    setup: stage => {
      const c = channel(stage);
      const { driver, target } = stage;
      return () => {
        driver.send(c.qp, NOP, NOP);
        target.settle();
        target.hole(c.cq.address, 512, Dma.NOT_YET);
        driver.startCommand(Command.RESIZE_CQ, i => i.set([c.cq.number, driver.key, c.target, 0, 8]));
        target.settle();
        assert.equal(driver.commandStatus(), undefined);
        target.hole(c.cq.address, 512, Dma.DONE);
        target.settle();
        assert.equal(driver.commandStatus(), OK);
        const moved = { ...c.cq, address: c.target, depth: 256 };
        expect(stage, moved, 0, 0);
        target.hole(c.source + 4096, 4096, Dma.FAULT);
        const fails = driver.tryCommand(Command.RESIZE_CQ, i =>
          i.set([c.cq.number, driver.key, c.source, 0, 8]),
        );
        is(fails, FAULT);
        target.hole(c.source + 4096, 4096, Dma.DONE);
        driver.send(c.qp, NOP);
        target.settle();
        expect(stage, moved, 0, 0, 0);
      };
    },
  },
  {
    name: 'moderation by count, and MODIFY_CQ while the queue is armed',
    setup: stage => {
      const c = channel(stage);
      const { driver, target } = stage;
      const eq = stage.eq(6);
      const cq = driver.createCq(eq, 4);
      const qp = driver.channel({ sendCq: cq, logDepth: 4 });
      return () => {
        is(driver.modifyCq(cq, 3, 1000), OK);
        driver.armEq(eq);
        driver.arm(cq);
        driver.send(qp, NOP, NOP);
        target.settle();
        assert.equal(driver.events(eq).length, 0);
        driver.send(qp, NOP);
        target.settle();
        assert.equal(target.interrupts(6), 1);
        assert.equal(driver.events(eq)[0]?.type, EventType.COMPLETION);
        driver.poll(cq);
        driver.armEq(eq);
        driver.arm(cq);
        driver.send(qp, NOP);
        target.settle();
        is(driver.modifyCq(cq, 0, 0), OK);
        target.settle();
        assert.equal(driver.events(eq).length, 1);
        expect(stage, c.cq);
      };
    },
  },
  {
    name: 'moderation by time',
    loose: true,
    setup: stage => {
      const { driver, target } = stage;
      const eq = stage.eq(6);
      const cq = driver.createCq(eq, 4);
      const qp = driver.channel({ sendCq: cq, logDepth: 4 });
      return () => {
        is(driver.modifyCq(cq, 9, 10), OK);
        driver.armEq(eq);
        driver.arm(cq);
        driver.send(qp, NOP, NOP);
        for (let n = 1; n <= 4; n++) {
          target.settle();
          target.time(n * 10_000);
        }
        target.settle();
        assert.equal(target.interrupts(6), 1);
        assert.equal(driver.queryQueue(Command.QUERY_CQ, cq.number).armed, 0);
      };
    },
  },
  {
    name: 'a pair of queue pairs goes from SQD to RTS with messages waiting',
    setup: stage => {
      const p = pair(stage);
      const { driver, target } = stage;
      return () => {
        is(to(stage, p.a, QpState.SQD), OK);
        driver.recv(p.b, ranges(p.target, [700]));
        driver.send(p.a, send(ranges(p.source, [600])));
        target.settle();
        expect(stage, p.aCq);
        is(to(stage, p.a, QpState.RTS), OK);
        target.settle();
        expect(stage, p.aCq, 0);
        expect(stage, p.bCq, 0);
      };
    },
  },
];

export const OBJECTS: readonly Scenario[] = [...objects, ...types, ...states, ...completionQueues];
