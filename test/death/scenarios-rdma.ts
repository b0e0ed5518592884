// SPDX-License-Identifier: MIT
// Scenarios for the enumerator: RDMA, atomics, immediate data, invalidation; what the other end refuses; what waits for a
// translation at either end.
import assert from 'node:assert/strict';
import { Access, Mtu, QpAttr, QpState, QpType } from '../../device/abi/generated/commands.js';
import { Opcode, WcStatus, WqeFlag } from '../../device/abi/generated/descriptors.js';
import { Dma } from '../../device/model/ports.js';
import { REMOTE_ACCESS } from '../support/commander.js';
import type { Qp, Range, Srq, Work } from '../support/work.js';
import type { Scenario, Stage } from './enumerate.js';
import { expect, type Pair, pair, ranges, send } from './props.js';

const { SUCCESS, WR_FLUSH_ERR, REM_ACCESS_ERR, REM_INV_REQ_ERR, REM_OP_ERR, GENERAL_ERR, LOC_LEN_ERR } =
  WcStatus;
const IOVA = 0x10_0000_0040;

type Post = (stage: Stage, qp: Qp, work: Work) => void;
const WAYS: readonly (readonly [string, Post])[] = [
  ['doorbell', (stage, qp, work) => stage.driver.send(qp, work)],
  ['push', (stage, qp, work) => stage.driver.push(qp, work)],
];
const bothWays = (name: string, setup: (stage: Stage, post: Post) => () => void): Scenario[] =>
  WAYS.map(([way, post]) => ({ name: `${name} by ${way}`, setup: stage => setup(stage, post) }));

interface Remote extends Pair {
  readonly key: number;
}

/** A pair whose target is a region of pages in reverse order that the peer may use. */
function remote(stage: Stage): Remote {
  const p = pair(stage, { mtu: Mtu.MTU_256 });
  const pages = [p.target + 8192, p.target + 4096, p.target];
  const access = Access.LOCAL_WRITE | REMOTE_ACCESS;
  return { ...p, key: stage.driver.registerPages(pages, IOVA, 8192, { access }) };
}

const write = (p: Remote, gather: Range[], rest: Partial<Work> = {}): Work => ({
  opcode: Opcode.RDMA_WRITE,
  gather,
  remote: { address: IOVA + 4000, key: p.key },
  ...rest,
});
const read = (p: Remote, scatter: Range[], rest: Partial<Work> = {}): Work => ({
  opcode: Opcode.RDMA_READ,
  scatter,
  remote: { address: IOVA + 4000, key: p.key },
  ...rest,
});
const add = (p: Remote, rest: Partial<Work> = {}): Work => ({
  opcode: Opcode.FETCH_ADD,
  scatter: ranges(p.source + 11, [3, 5], 2),
  remote: { address: IOVA + 8, key: p.key },
  swapAdd: [0xffff_fff0, 7],
  ...rest,
});

/** Fills the region as its peer would. */
const seed = (stage: Stage, p: Remote): void => {
  const bytes = Uint8Array.from({ length: 12288 }, (_, n) => n * 7);
  stage.target.writeBytes(p.target, bytes);
};

const operations = [
  ...bothWays('WRITE of one packet', (stage, post) => {
    const p = remote(stage);
    return () => {
      post(stage, p.a, write(p, ranges(p.source, [200])));
      stage.target.settle();
      expect(stage, p.aCq, SUCCESS);
    };
  }),
  ...bothWays('WRITE of three packets over a page, then SEND_IMM', (stage, post) => {
    const p = remote(stage);
    return () => {
      stage.driver.recv(p.b, ranges(p.target + 8192, [16]));
      post(stage, p.a, write(p, ranges(p.source + 1, [300, 0, 299], 5), { flags: 0 }));
      post(stage, p.a, { opcode: Opcode.SEND_IMM, immediate: 5, gather: ranges(p.source, [9]) });
      stage.target.settle();
      expect(stage, p.aCq, SUCCESS);
      expect(stage, p.bCq, SUCCESS);
    };
  }),
  ...bothWays('WRITE with immediate data that waits for a receive', (stage, post) => {
    const p = remote(stage);
    return () => {
      const flags = WqeFlag.SIGNALED | WqeFlag.SOLICITED;
      post(
        stage,
        p.a,
        write(p, ranges(p.source, [520]), { opcode: Opcode.RDMA_WRITE_IMM, immediate: 9, flags }),
      );
      stage.target.settle();
      stage.driver.recv(p.b, []);
      stage.target.settle();
      expect(stage, p.aCq, SUCCESS);
      expect(stage, p.bCq, SUCCESS);
    };
  }),
  ...bothWays('READ of one packet', (stage, post) => {
    const p = remote(stage);
    seed(stage, p);
    return () => {
      post(stage, p.a, read(p, ranges(p.source, [7, 90], 3)));
      stage.target.settle();
      expect(stage, p.aCq, SUCCESS);
    };
  }),
  ...bothWays('READ of four packets, and another one', (stage, post) => {
    const p = remote(stage);
    seed(stage, p);
    return () => {
      post(stage, p.a, read(p, ranges(p.source, [1000, 20], 3)));
      post(stage, p.a, read(p, ranges(p.source + 2048, [20])));
      stage.target.settle();
      expect(stage, p.aCq, SUCCESS, SUCCESS);
    };
  }),
  ...bothWays('FETCH_ADD twice, its result in two pieces', (stage, post) => {
    const p = remote(stage);
    seed(stage, p);
    return () => {
      post(stage, p.a, add(p));
      post(stage, p.a, add(p, { scatter: ranges(p.source + 100, [8]) }));
      stage.target.settle();
      expect(stage, p.aCq, SUCCESS, SUCCESS);
    };
  }),
  ...bothWays('CMP_SWAP that swaps, and one that does not', (stage, post) => {
    const p = remote(stage);
    return () => {
      const swap = (compare: number, value: number, to: number): Work =>
        add(p, {
          opcode: Opcode.CMP_SWAP,
          compare: [compare, 0],
          swapAdd: [value, value],
          scatter: ranges(p.source + to, [8]),
        });
      post(stage, p.a, swap(0, 5, 0));
      post(stage, p.a, swap(1, 6, 64));
      stage.target.settle();
      expect(stage, p.aCq, SUCCESS, SUCCESS);
    };
  }),
  {
    name: 'FETCH_ADD both ways at once on one word, and a result in the word itself',
    shared: true,
    setup: (stage: Stage) => {
      const p = remote(stage);
      const whole = stage.driver.registerWhole(stage.driver.pd, Access.LOCAL_WRITE | REMOTE_ACCESS);
      return () => {
        for (const qp of [p.a, p.b]) {
          const word = { address: p.target, key: whole };
          stage.driver.send(qp, add(p, { remote: word, scatter: ranges(p.target, [8]), swapAdd: [1, 0] }));
        }
        stage.target.settle();
        expect(stage, p.aCq, SUCCESS);
        expect(stage, p.bCq, SUCCESS);
      };
    },
  },
] satisfies Scenario[];

function refused(
  name: string,
  statuses: readonly [WcStatus, WcStatus],
  work: (p: Remote, stage: Stage) => Work,
): Scenario {
  return {
    name: `error: ${name}`,
    setup: stage => {
      const p = remote(stage);
      return () => {
        stage.driver.recv(p.b, [], []);
        stage.driver.send(p.a, work(p, stage), send(ranges(p.source, [8])));
        stage.target.settle();
        expect(stage, p.aCq, statuses[0], WR_FLUSH_ERR);
        expect(stage, p.bCq, statuses[1], WR_FLUSH_ERR);
      };
    },
  };
}

const hole = (stage: Stage, p: Remote): void => stage.target.hole(p.target + 4096, 4096, Dma.FAULT);

const errors = [
  refused('WRITE beyond its region', [REM_ACCESS_ERR, WR_FLUSH_ERR], p => write(p, ranges(p.source, [5000]))),
  refused('READ of an unknown key', [REM_ACCESS_ERR, WR_FLUSH_ERR], p =>
    read({ ...p, key: 1 }, ranges(p.source, [300])),
  ),
  refused('an atomic that is not aligned', [REM_INV_REQ_ERR, WR_FLUSH_ERR], p =>
    add(p, { remote: { address: IOVA + 9, key: p.key } }),
  ),
  refused('WRITE of three packets whose second half is not there', [REM_OP_ERR, WR_FLUSH_ERR], (p, stage) => {
    hole(stage, p);
    return write(p, ranges(p.source, [600]), { remote: { address: IOVA + 3600, key: p.key } });
  }),
  refused('READ of three packets whose second half is not there', [REM_OP_ERR, WR_FLUSH_ERR], (p, stage) => {
    hole(stage, p);
    return read(p, ranges(p.source, [600]), { remote: { address: IOVA + 3600, key: p.key } });
  }),
  refused('an atomic on memory that is not there', [REM_OP_ERR, WR_FLUSH_ERR], (p, stage) => {
    hole(stage, p);
    return add(p, { remote: { address: IOVA + 4096, key: p.key } });
  }),
  refused('SEND_INV of a key that may not be', [REM_ACCESS_ERR, WR_FLUSH_ERR], p => ({
    opcode: Opcode.SEND_INV,
    key: p.key,
  })),
  {
    name: 'error: READ into memory that is not there',
    setup: stage => {
      const p = remote(stage);
      return () => {
        stage.target.hole(p.source + 4096, 4096, Dma.FAULT);
        stage.driver.send(p.a, read(p, ranges(p.source + 3900, [500])), send(ranges(p.source, [8])));
        stage.target.settle();
        expect(stage, p.aCq, GENERAL_ERR, WR_FLUSH_ERR);
      };
    },
  },
] satisfies Scenario[];

/** The receive of a shared queue is taken, and is no good, or its message is not: it completes all the same. */
const spoilt: readonly Scenario[] = [
  {
    name: 'error: a receive of a shared queue with more than a message may have, UC',
    setup: stage => {
      const { driver, target } = stage;
      const { a, aCq, bCq, source, srq } = shared(stage, QpType.UC);
      return () => {
        driver.recvShared(srq, ranges(source, [2 ** 31, 2 ** 31]), []);
        for (const bytes of [300, 0]) driver.send(a, send(ranges(source, [bytes])));
        target.settle();
        expect(stage, aCq, SUCCESS, SUCCESS);
        expect(stage, bCq, LOC_LEN_ERR);
      };
    },
  },
  {
    name: 'error: WRITE with immediate data of two packets, the second to memory that is not there, and a shared queue',
    setup: stage => {
      const { driver, target } = stage;
      const { a, aCq, bCq, source, ...there } = shared(stage, QpType.RC);
      const key = driver.registerWhole(driver.pd, Access.LOCAL_WRITE | REMOTE_ACCESS);
      return () => {
        driver.recvShared(there.srq, [], []);
        target.hole(there.target + 4096, 4096, Dma.FAULT);
        const remote = { address: there.target + 3840, key };
        driver.send(a, { opcode: Opcode.RDMA_WRITE_IMM, gather: ranges(source, [300]), remote });
        target.settle();
        expect(stage, aCq, REM_OP_ERR);
        expect(stage, bCq, WR_FLUSH_ERR);
        assert.equal(driver.querySrq(there.srq).consumer, 1);
      };
    },
  },
];

function shared(stage: Stage, type: number): Omit<Pair, 'b'> & { srq: Srq } {
  const { driver } = stage;
  const { aCq, bCq, source, target } = pair(stage);
  const srq = driver.createSrq({ logDepth: 2, logStride: 8 });
  const a = driver.createQp({ sendCq: aCq, type, logDepth: 2, logStride: 8 });
  const b = driver.createQp({ sendCq: bCq, type, logDepth: 2, logStride: 8, srq });
  driver.connect(a, b.number, Mtu.MTU_256);
  driver.connect(b, a.number, Mtu.MTU_256);
  return { a, aCq, bCq, source, target, srq };
}

/** A translation that is not there yet, and comes later. */
function suspended(
  name: string,
  place: (p: Remote) => readonly [number, number],
  work: (p: Remote) => Work,
): Scenario {
  return {
    name: `translation not there yet: ${name}`,
    setup: stage => {
      const p = remote(stage);
      seed(stage, p);
      return () => {
        const { driver, target } = stage;
        const [start, length] = place(p);
        target.hole(start, length, Dma.NOT_YET);
        driver.recv(p.b, [], []);
        driver.send(p.a, work(p));
        target.settle();
        target.hole(start, length, Dma.DONE);
        target.settle();
        expect(stage, p.aCq, SUCCESS);
      };
    },
  };
}

/** IOVA + 4000 + 300 is here. */
const there = (p: Remote): readonly [number, number] => [p.target + 4096 + 0x40 + 4300 - 4096, 8];

const waits = [
  suspended('memory of a WRITE', there, p => write(p, ranges(p.source, [600]))),
  suspended('memory of a READ', there, p => read(p, ranges(p.source, [600]))),
  suspended(
    'result of a READ',
    p => [p.source + 300, 8],
    p => read(p, ranges(p.source, [600])),
  ),
  suspended(
    'word of an atomic',
    p => [p.target + 8192 + 0x48, 8],
    p => add(p),
  ),
  suspended(
    'result of an atomic',
    p => [p.source + 11, 8],
    p => add(p),
  ),
];

const drained: Scenario = {
  name: 'SQD in the middle of a READ, told when it has ended, and on with RTS',
  workWaiting: true,
  setup: stage => {
    const p = remote(stage);
    seed(stage, p);
    const { STATE, SQD_EVENT } = QpAttr;
    return () => {
      const { driver, target } = stage;
      target.hole(p.source + 300, 8, Dma.NOT_YET);
      driver.send(p.a, read(p, ranges(p.source, [600])), { opcode: Opcode.NOP });
      target.settle();
      driver.modify(p.a, STATE | SQD_EVENT, { state: QpState.SQD, sqdEvent: 1 });
      target.hole(p.source + 300, 8, Dma.DONE);
      target.settle();
      expect(stage, p.aCq, SUCCESS);
      driver.modify(p.a, STATE, { state: QpState.RTS });
      target.settle();
      expect(stage, p.aCq, SUCCESS, SUCCESS);
    };
  },
};

export const RDMA: readonly Scenario[] = [...operations, ...errors, ...spoilt, ...waits, drained];
