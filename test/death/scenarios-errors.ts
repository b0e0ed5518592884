// SPDX-License-Identifier: MIT
// Scenarios for the enumerator: every way in which a descriptor fails, what is flushed behind it, queues that overflow,
// and work that waits for a translation.
import { QpAttr, QpState } from '../../device/abi/generated/commands.js';
import { Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import { Dma } from '../../device/model/ports.js';
import type { Work } from '../support/work.js';
import type { Scenario, Stage } from './enumerate.js';
import { type Channel, channel, copy, expect, fill, type Pair, pair, ranges, send } from './props.js';

const { WR_FLUSH_ERR, SUCCESS } = WcStatus;
const NOP: Work = { opcode: Opcode.NOP };

/** A descriptor that fails on a DMA channel, with two behind it that are flushed: one rung, one pushed. */
function failing(name: string, status: WcStatus, work: (c: Channel, stage: Stage) => Work): Scenario {
  return {
    name: `error: ${name}`,
    setup: stage => {
      const c = channel(stage);
      return () => {
        const { driver } = stage;
        driver.send(c.qp, work(c, stage), NOP);
        driver.push(c.qp, { ...NOP, flags: 0 });
        stage.target.settle();
        expect(stage, c.cq, status, WR_FLUSH_ERR, WR_FLUSH_ERR);
        driver.send(c.qp, NOP);
        stage.target.settle();
        expect(stage, c.cq, status, WR_FLUSH_ERR, WR_FLUSH_ERR, WR_FLUSH_ERR);
      };
    },
  };
}

const bad = [
  failing('key', WcStatus.LOC_PROT_ERR, c =>
    copy(ranges(c.source, [5000]), [
      ...ranges(c.target, [4500]),
      { address: c.target, length: 500, lkey: 77 },
    ]),
  ),
  failing('opcode', WcStatus.LOC_QP_OP_ERR, () => ({ opcode: 99 })),
  failing('reserved bit', WcStatus.LOC_QP_OP_ERR, () => ({ ...NOP, flags: 0x80 })),
  failing('index', WcStatus.LOC_QP_OP_ERR, () => ({ ...NOP, index: 9 })),
  failing('lists of different length', WcStatus.LOC_LEN_ERR, c =>
    copy(ranges(c.source, [10]), ranges(c.target, [11])),
  ),
  failing('overlap', WcStatus.LOC_QP_OP_ERR, c => copy(ranges(c.source, [10]), ranges(c.source + 9, [10]))),
  failing('memory fault in the middle', WcStatus.GENERAL_ERR, (c, stage) => {
    stage.target.hole(c.target + 8192, 4096, Dma.FAULT);
    return fill(ranges(c.target + 1000, [4096, 4096]));
  }),
  failing('queue that cannot be read', WcStatus.LOC_ACCESS_ERR, (c, stage) => {
    stage.target.hole(c.qp.send.address, 256, Dma.FAULT);
    return NOP;
  }),
];

/** A SEND that fails at the responder or has none, with more behind it on both sides. */
function failingSend(
  name: string,
  status: readonly [WcStatus, WcStatus | undefined],
  prepare: (p: Pair, stage: Stage) => void,
): Scenario {
  return {
    name: `error: SEND to ${name}`,
    setup: stage => {
      const p = pair(stage);
      return () => {
        const { driver } = stage;
        prepare(p, stage);
        driver.send(p.a, send(ranges(p.source, [300])), send(ranges(p.source, [8])));
        stage.target.settle();
        expect(stage, p.aCq, status[0], WR_FLUSH_ERR);
        if (status[1] !== undefined) expect(stage, p.bCq, status[1], WR_FLUSH_ERR);
      };
    },
  };
}

const sendErrors = [
  failingSend('a receive that is too small', [WcStatus.REM_INV_REQ_ERR, WcStatus.LOC_LEN_ERR], (p, stage) =>
    stage.driver.recv(p.b, ranges(p.target, [299]), ranges(p.target, [1])),
  ),
  failingSend('a receive with a bad key', [WcStatus.REM_OP_ERR, WcStatus.LOC_PROT_ERR], (p, stage) =>
    stage.driver.recv(p.b, [{ address: p.target, length: 300, lkey: 3 }], ranges(p.target, [1])),
  ),
  failingSend('memory that faults', [WcStatus.REM_OP_ERR, WcStatus.GENERAL_ERR], (p, stage) => {
    stage.target.hole(p.target + 4096, 4096, Dma.FAULT);
    stage.driver.recv(p.b, ranges(p.target + 3900, [300]), ranges(p.target, [1]));
  }),
  failingSend('a peer that does not answer', [WcStatus.RETRY_EXC_ERR, undefined], (p, stage) => {
    stage.driver.modify(p.b, QpAttr.STATE, { state: QpState.RESET });
  }),
];

const states: Scenario[] = [
  {
    name: 'a queue pair that software moves to ERR flushes both its queues',
    setup: stage => {
      const p = pair(stage);
      return () => {
        const { driver } = stage;
        driver.recv(p.a, ranges(p.target, [10]), ranges(p.target, [20]));
        driver.send(p.a, send(ranges(p.source, [10])));
        driver.modify(p.a, QpAttr.STATE, { state: QpState.ERR });
        stage.target.settle();
        driver.recv(p.a, ranges(p.target, [10]));
        stage.target.settle();
        expect(stage, p.aCq, WR_FLUSH_ERR, WR_FLUSH_ERR, WR_FLUSH_ERR, WR_FLUSH_ERR);
      };
    },
  },
  {
    name: 'RESET in the middle of a message forgets what was posted',
    setup: stage => {
      const p = pair(stage);
      return () => {
        const { driver } = stage;
        driver.push(p.a, send(ranges(p.source, [10])));
        driver.send(p.a, send(ranges(p.source, [10])));
        driver.modify(p.a, QpAttr.STATE, { state: QpState.RESET });
        p.a.send.producer = 0;
        driver.connect(p.a, p.b.number, undefined, 0xfffffe);
        driver.recv(p.b, ranges(p.target, [100]));
        driver.send(p.a, send(ranges(p.source + 7, [70])));
        stage.target.settle();
        expect(stage, p.aCq, SUCCESS);
      };
    },
  },
  {
    name: 'a completion queue that overflows',
    setup: stage => {
      const c = channel(stage);
      const { driver } = stage;
      const cq = driver.createCq(stage.eq(3), 1);
      const qp = driver.channel({ sendCq: cq, logDepth: 3 });
      return () => {
        driver.arm(cq);
        driver.send(qp, NOP, NOP, NOP);
        driver.send(c.qp, NOP);
        stage.target.settle();
        driver.send(qp, NOP);
        stage.target.settle();
        expect(stage, c.cq, SUCCESS);
      };
    },
  },
  {
    name: 'an event queue that overflows',
    setup: stage => {
      const { driver } = stage;
      const eq = stage.eq(4, 1);
      const cqs = Array.from({ length: 3 }, () => driver.createCq(eq, 2));
      const qps = cqs.map(cq => driver.channel({ sendCq: cq, logDepth: 2, logStride: 6 }));
      return () => {
        driver.armEq(eq);
        for (const cq of cqs) driver.arm(cq);
        for (const qp of qps) {
          driver.send(qp, NOP);
          stage.target.settle();
        }
        driver.events(eq);
        driver.armEq(eq);
        stage.target.settle();
      };
    },
  },
];

const events: Scenario[] = [
  {
    name: 'events that wait: no room, then no translation, for a completion, an error of a CQ and one of a QP',
    shared: true,
    setup: stage => {
      const { driver, target } = stage;
      // Errors of queue pairs go to the first event queue, which is the one of the life sign; it is left alone here.
      const eq = stage.eq(5, 1);
      const cqs = Array.from({ length: 3 }, () => driver.createCq(eq, 1));
      const qps = cqs.map(sendCq => driver.channel({ sendCq, logDepth: 3, logStride: 6 }));
      return () => {
        driver.armEq(eq);
        for (const cq of cqs) driver.arm(cq);
        for (const qp of qps) driver.send(qp, NOP);
        // One more than the completion queue takes, twice over.
        driver.send(qps[0], NOP, NOP);
        driver.send(qps[1], { opcode: 99 }, NOP);
        target.settle();
        target.hole(eq.address, 4096, Dma.NOT_YET);
        driver.events(eq);
        driver.armEq(eq);
        target.settle();
        target.hole(eq.address, 4096, Dma.DONE);
        target.settle();
        driver.events(eq);
        driver.armEq(eq);
        target.settle();
      };
    },
  },
];

/** A translation that is not there yet, and comes later. */
function suspended(name: string, place: (p: Pair) => readonly [number, number]): Scenario {
  return {
    name: `translation not there yet: ${name}`,
    setup: stage => {
      const p = pair(stage);
      return () => {
        const { driver, target } = stage;
        const [start, length] = place(p);
        target.hole(start, length, Dma.NOT_YET);
        driver.recv(p.b, ranges(p.target, [100, 300]));
        driver.send(p.a, send(ranges(p.source, [290])));
        target.settle();
        target.hole(start, length, Dma.DONE);
        target.settle();
        expect(stage, p.aCq, SUCCESS);
        expect(stage, p.bCq, SUCCESS);
      };
    },
  };
}

const waits = [
  suspended('send queue', p => [p.a.send.address, 64]),
  suspended('receive queue', p => [(p.b.recv as { address: number }).address, 64]),
  suspended('gather', p => [p.source + 260, 8]),
  suspended('scatter', p => [p.target + 200, 8]),
  suspended('completion queue of the sender', p => [p.aCq.address, 32]),
  suspended('completion queue of the receiver', p => [p.bCq.address, 32]),
];

export const ERRORS: readonly Scenario[] = [...bad, ...sendErrors, ...states, ...events, ...waits];
