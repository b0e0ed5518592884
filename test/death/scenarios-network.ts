// SPDX-License-Identifier: MIT
// Scenarios for the enumerator: unreliable connections, datagrams, shared receive queues, and the send queue in error.
import * as c from '../../device/abi/generated/commands.js';
import { GRH_BYTES, Opcode, WcStatus } from '../../device/abi/generated/descriptors.js';
import { Dma } from '../../device/model/ports.js';
import { pattern } from '../support/bench.js';
import { DEFAULT_QKEY, REMOTE_ACCESS } from '../support/commander.js';
import type { Cq, Qp, Srq, Work } from '../support/work.js';
import type { Scenario, Stage } from './enumerate.js';
import { expect, ranges, send } from './props.js';

const { SUCCESS, WR_FLUSH_ERR, LOC_PROT_ERR, LOC_QP_OP_ERR, RETRY_EXC_ERR, REM_OP_ERR } = WcStatus;
const BYTES = 8192;

interface Net {
  readonly a: Qp;
  readonly b: Qp;
  readonly aCq: Cq;
  readonly bCq: Cq;
  readonly source: number;
  readonly target: number;
}

/** Two queue pairs of a type, with completion queues of their own; the second one with the shared queue, if given. */
function net(stage: Stage, type: number, srq?: Srq): Net {
  const { driver, target } = stage;
  const eq = stage.eq(1);
  const [aCq, bCq] = [driver.createCq(eq, 4), driver.createCq(eq, 4)];
  const o = { type, logDepth: 3 };
  const a = driver.createQp({ ...o, sendCq: aCq });
  const b = driver.createQp({ ...o, sendCq: bCq, ...(srq === undefined ? {} : { srq }) });
  driver.connect(a, b.number, c.Mtu.MTU_256, 7);
  driver.connect(b, a.number, c.Mtu.MTU_256, 7);
  const source = driver.alloc(BYTES);
  target.writeBytes(source, pattern(BYTES, 3));
  for (const cq of [aCq, bCq]) driver.arm(cq);
  driver.armEq(eq);
  return { a, b, aCq, bCq, source, target: driver.alloc(BYTES) };
}

const { UC, UD, RC } = c.QpType;

const connections: Scenario[] = [
  {
    name: 'UC: SEND of three packets, WRITE_IMM of two',
    setup: stage => {
      const n = net(stage, UC);
      const key = stage.driver.registerWhole(stage.driver.pd, c.Access.LOCAL_WRITE | REMOTE_ACCESS);
      return () => {
        const { driver } = stage;
        driver.recv(n.b, ranges(n.target, [700]), []);
        driver.send(n.a, send(ranges(n.source, [600])));
        driver.push(n.a, {
          opcode: Opcode.RDMA_WRITE_IMM,
          immediate: 4,
          gather: ranges(n.source, [300]),
          remote: { address: n.target + 4096, key },
        });
        stage.target.settle();
        expect(stage, n.aCq, SUCCESS, SUCCESS);
        expect(stage, n.bCq, SUCCESS, SUCCESS);
      };
    },
  },
  {
    name: 'UC: no receive, then one that is too small, then one that fits',
    setup: stage => {
      const n = net(stage, UC);
      return () => {
        const { driver } = stage;
        driver.send(n.a, send(ranges(n.source, [300])));
        stage.target.settle();
        driver.recv(n.b, ranges(n.target, [299]));
        driver.send(n.a, send(ranges(n.source, [600])), send(ranges(n.source + 1, [290])));
        stage.target.settle();
        expect(stage, n.aCq, SUCCESS, SUCCESS, SUCCESS);
        expect(stage, n.bCq, SUCCESS);
      };
    },
  },
  {
    name: 'UC: an error of a send, SQE, RTS',
    setup: stage => {
      const n = net(stage, UC);
      return () => {
        const { driver } = stage;
        driver.recv(n.a, ranges(n.target, [100]));
        driver.push(n.a, send([{ address: 0, length: 1, lkey: 3 }]));
        driver.send(n.a, send([]));
        driver.push(n.a, send([]));
        stage.target.settle();
        driver.send(n.b, send(ranges(n.source, [99])));
        stage.target.settle();
        driver.modify(n.a, c.QpAttr.STATE, { state: c.QpState.RTS });
        driver.send(n.a, { opcode: Opcode.NOP });
        stage.target.settle();
        expect(stage, n.aCq, LOC_PROT_ERR, WR_FLUSH_ERR, WR_FLUSH_ERR, SUCCESS, SUCCESS);
      };
    },
  },
];

function datagrams(name: string, run: (stage: Stage, n: Net, to: (qp: Qp) => Work['to']) => void): Scenario {
  return {
    name: `UD: ${name}`,
    setup: stage => {
      const n = net(stage, UD);
      const ah = stage.driver.createAh({ hopLimit: 3 });
      return () => run(stage, n, qp => ({ ah, qpn: qp.number, qkey: DEFAULT_QKEY }));
    },
  };
}

const datagramScenarios = [
  datagrams('two datagrams, one with immediate data', (stage, n, to) => {
    const { driver } = stage;
    driver.recv(n.b, ranges(n.target, [30, 2000], 5), ranges(n.target + 4096, [GRH_BYTES]));
    driver.send(n.a, send(ranges(n.source, [1000, 5], 3), { to: to(n.b)! }));
    driver.push(n.a, { opcode: Opcode.SEND_IMM, immediate: 8, to: to(n.b)! });
    stage.target.settle();
    expect(stage, n.aCq, SUCCESS, SUCCESS);
    expect(stage, n.bCq, SUCCESS, SUCCESS);
  }),
  datagrams('to itself, to nobody, without receive, with a wrong Q_Key', (stage, n, to) => {
    const { driver } = stage;
    driver.recv(n.a, ranges(n.target, [GRH_BYTES + 8]));
    driver.send(n.a, send(ranges(n.source, [8]), { to: to(n.a)! }));
    driver.send(n.a, send([], { to: { ...to(n.b)!, qpn: 99 } }), send([], { to: to(n.b)! }));
    driver.send(n.a, send([], { to: { ...to(n.b)!, qkey: 1 } }));
    stage.target.settle();
    expect(stage, n.aCq, SUCCESS, SUCCESS, SUCCESS, SUCCESS, SUCCESS);
  }),
  datagrams('an address handle that is not there', (stage, n, to) => {
    const { driver } = stage;
    driver.send(n.a, send([], { to: { ...to(n.b)!, ah: 9 } }), send([], { to: to(n.b)! }));
    stage.target.settle();
    expect(stage, n.aCq, LOC_QP_OP_ERR, WR_FLUSH_ERR);
  }),
];

const shared: Scenario[] = [
  {
    name: 'SRQ: messages of three packets, a limit that is passed, a sender that waits',
    setup: stage => {
      const srq = stage.driver.createSrq({ logDepth: 2, logStride: 7, limit: 2 });
      const n = net(stage, RC, srq);
      return () => {
        const { driver } = stage;
        driver.recvShared(srq, ranges(n.target, [700]), ranges(n.target + 1024, [700]));
        driver.send(n.a, send(ranges(n.source, [600])), send(ranges(n.source, [50])));
        driver.send(n.a, send(ranges(n.source + 9, [599])));
        stage.target.settle();
        driver.recvShared(srq, ranges(n.target + 2048, [700]));
        stage.target.settle();
        expect(stage, n.aCq, SUCCESS, SUCCESS, SUCCESS);
        expect(stage, n.bCq, SUCCESS, SUCCESS, SUCCESS);
      };
    },
  },
  {
    name: 'SRQ: a queue pair that holds a receive goes to ERR',
    setup: stage => {
      const srq = stage.driver.createSrq({ logDepth: 2, logStride: 7 });
      const n = net(stage, RC, srq);
      return () => {
        const { driver, target } = stage;
        driver.recvShared(srq, ranges(n.target, [700]), ranges(n.target + 1024, [700]));
        target.hole(n.source + 4096, 4096, Dma.NOT_YET);
        driver.send(n.a, send(ranges(n.source + 3700, [600])));
        target.settle();
        driver.modify(n.b, c.QpAttr.STATE, { state: c.QpState.ERR });
        target.settle();
        expect(stage, n.bCq, WR_FLUSH_ERR);
        target.hole(n.source + 4096, 4096, Dma.DONE);
        target.settle();
        expect(stage, n.aCq, RETRY_EXC_ERR);
      };
    },
  },
  {
    name: 'SRQ: one that cannot be read',
    setup: stage => {
      const srq = stage.driver.createSrq({ logDepth: 2, logStride: 7 });
      const n = net(stage, RC, srq);
      return () => {
        const { driver, target } = stage;
        target.hole(srq.recv.address, 4096, Dma.FAULT);
        srq.recv.producer = 1;
        driver.ringSrq(srq);
        driver.send(n.a, send(ranges(n.source, [10])), { opcode: Opcode.NOP });
        target.settle();
        expect(stage, n.aCq, REM_OP_ERR, WR_FLUSH_ERR);
        expect(stage, n.bCq);
      };
    },
  },
  {
    name: 'SRQ of UC: too long, and the receive waits for the next message',
    setup: stage => {
      const srq = stage.driver.createSrq({ logDepth: 2, logStride: 7 });
      const n = net(stage, UC, srq);
      return () => {
        const { driver, target } = stage;
        driver.recvShared(srq, ranges(n.target, [300]), ranges(n.target + 1024, [700]));
        driver.send(n.a, send(ranges(n.source, [600])), send(ranges(n.source, [290])));
        target.settle();
        expect(stage, n.aCq, SUCCESS, SUCCESS);
        expect(stage, n.bCq, SUCCESS);
      };
    },
  },
  {
    name: 'SRQ: a translation of its ring is not there yet',
    setup: stage => {
      const srq = stage.driver.createSrq({ logDepth: 2, logStride: 7, limit: 1 });
      const n = net(stage, RC, srq);
      return () => {
        const { driver, target } = stage;
        target.hole(srq.recv.address, 64, Dma.NOT_YET);
        driver.recvShared(srq, ranges(n.target, [700]));
        driver.send(n.a, send(ranges(n.source, [10])));
        target.settle();
        target.hole(srq.recv.address, 64, Dma.DONE);
        target.settle();
        expect(stage, n.aCq, SUCCESS);
        expect(stage, n.bCq, SUCCESS);
      };
    },
  },
];

export const NETWORK: readonly Scenario[] = [...connections, ...datagramScenarios, ...shared];
