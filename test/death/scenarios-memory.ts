// SPDX-License-Identifier: MIT
// Scenarios for the enumerator: memory regions that get, change and lose their memory, by command and by descriptor, and
// inline data.
import assert from 'node:assert/strict';
import * as c from '../../device/abi/generated/commands.js';
import { Command, CommandCode, QpFlag } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import { Dma } from '../../device/model/ports.js';
import { pattern } from '../support/bench.js';
import type { Qp, Range, Work } from '../support/work.js';
import type { Scenario, Stage } from './enumerate.js';
import { expect, type Pair, pair, ranges } from './props.js';

const PAGE = 4096;
const IOVA = 0x20_0000_0010;

type Post = (stage: Stage, qp: Qp, work: Work) => void;
const WAYS: readonly (readonly [string, Post])[] = [
  ['doorbell', (stage, qp, work) => stage.driver.send(qp, work)],
  ['push', (stage, qp, work) => stage.driver.push(qp, work)],
];

const bothWays = (name: string, setup: (stage: Stage, post: Post) => () => void): Scenario[] =>
  WAYS.map(([way, post]) => ({ name: `${name} by ${way}`, setup: stage => setup(stage, post) }));

interface FastPair extends Pair {
  /** Region for three pages, and its pages. */
  readonly key: number;
  readonly pages: readonly number[];
  register(key: number, change?: Partial<Work['registration']>): Work;
}

function fastPair(stage: Stage): FastPair {
  const { driver } = stage;
  const p = pair(stage, { flags: QpFlag.PRIVILEGED });
  const pages = [p.target + 8192, p.target, p.target + 4096];
  const pageList = driver.putPageList(pages);
  const registration = { iova: IOVA, length: 9000, pageList, pageCount: 3, access: 15 };
  return {
    ...p,
    pages,
    key: driver.allocMr(3),
    register: (key, change = {}) => ({
      ...{ opcode: Opcode.FAST_REG, key },
      registration: { ...registration, ...change },
    }),
  };
}

const into = (source: number, lkey: number, length: number): Work => {
  const scatter: Range[] = [{ address: IOVA + 5, length, lkey }];
  return { opcode: Opcode.COPY, gather: [{ address: source, length }], scatter };
};

const descriptors = [
  ...bothWays('FAST_REG, COPY into it, LOCAL_INV, FAST_REG again', (stage, post) => {
    const p = fastPair(stage);
    return () => {
      post(stage, p.a, p.register(p.key + 1));
      post(stage, p.a, into(p.source, p.key + 1, 6000));
      post(stage, p.a, { opcode: Opcode.LOCAL_INV, key: p.key + 1 });
      post(stage, p.a, p.register(p.key + 2, { pageCount: 1, length: 100 }));
      stage.target.settle();
      expect(stage, p.aCq, 0, 0, 0, 0);
    };
  }),
  ...bothWays('SEND_INV of two packets', (stage, post) => {
    const p = fastPair(stage);
    return () => {
      post(stage, p.b, p.register(p.key + 1));
      stage.driver.recv(p.b, ranges(p.target, [100, 400]));
      stage.target.settle();
      post(stage, p.a, { opcode: Opcode.SEND_INV, key: p.key + 1, gather: ranges(p.source, [400]) });
      stage.target.settle();
      post(stage, p.b, { opcode: Opcode.LOCAL_INV, key: p.key + 1 });
      stage.target.settle();
      expect(stage, p.aCq, 0);
      expect(stage, p.bCq, 0, 0, 6);
    };
  }),
  ...bothWays('RDMA WRITE into a region that the peer has registered', (stage, post) => {
    const p = fastPair(stage);
    return () => {
      stage.driver.send(p.b, p.register(p.key));
      stage.target.settle();
      const gather = ranges(p.source + 1, [300, 300]);
      const remote = { address: IOVA, key: p.key };
      post(stage, p.a, { opcode: Opcode.RDMA_WRITE, gather, remote });
      stage.target.settle();
      expect(stage, p.aCq, 0);
    };
  }),
  {
    name: 'FAST_REG and LOCAL_INV that are refused',
    shared: true,
    setup: stage => {
      const p = fastPair(stage);
      return () => {
        stage.driver.send(p.a, p.register(p.key + 1, { pageCount: 4 }));
        stage.driver.send(p.b, { opcode: Opcode.LOCAL_INV, key: p.key });
        stage.target.settle();
        expect(stage, p.aCq, 6);
        expect(stage, p.bCq, 6);
      };
    },
  },
  {
    name: 'FAST_REG whose list has a page in the middle of one, and one whose list is gone',
    shared: true,
    setup: stage => {
      const p = fastPair(stage);
      const bad = stage.driver.putPageList([p.pages[0], p.pages[1] + 512]);
      const gone = stage.driver.putPageList(p.pages);
      return () => {
        stage.target.hole(gone, PAGE, Dma.FAULT);
        stage.driver.send(p.a, p.register(p.key, { pageList: bad, pageCount: 2, length: 10 }));
        stage.driver.send(p.b, p.register(p.key, { pageList: gone }));
        stage.target.settle();
        stage.target.hole(gone, PAGE, Dma.DONE);
        expect(stage, p.aCq, 6);
        expect(stage, p.bCq, 21);
      };
    },
  },
  {
    name: 'FAST_REG whose list waits for a translation',
    setup: stage => {
      const p = fastPair(stage);
      const list = stage.driver.putPageList(p.pages);
      return () => {
        stage.target.hole(list, PAGE, Dma.NOT_YET);
        stage.driver.send(p.a, p.register(p.key, { pageList: list }));
        stage.target.settle();
        stage.target.hole(list, PAGE, Dma.DONE);
        stage.target.settle();
        expect(stage, p.aCq, 0);
      };
    },
  },
] satisfies Scenario[];

const inline = bothWays('inline SEND and RDMA WRITE, of one packet and of two', (stage, post) => {
  const p = pair(stage, { logStride: 9 });
  const key = stage.driver.registerWhole(stage.driver.pd, 15);
  const remote = { address: p.target + 1001, key };
  return () => {
    stage.driver.recv(p.b, [{ address: p.target, length: 500 }]);
    post(stage, p.a, { opcode: Opcode.SEND, inline: pattern(63, 2) });
    post(stage, p.a, { opcode: Opcode.RDMA_WRITE, inline: pattern(201, 3), remote });
    stage.target.settle();
    stage.driver.send(p.a, { opcode: Opcode.RDMA_WRITE, inline: pattern(470, 4), remote });
    stage.target.settle();
    expect(stage, p.aCq, 0, 0, 0);
    expect(stage, p.bCq, 0);
  };
});

/** The commands themselves are what may be cut off. */
const commands: Scenario[] = [
  {
    name: 'commands: ALLOC_MR, DEREGISTER_MR',
    setup:
      ({ driver }) =>
      () => {
        const key = driver.allocMr(c.FAST_PAGES_MAX / 8);
        const other = driver.allocMr(1);
        assert.equal(driver.destroy(Command.DEREGISTER_MR, key), CommandCode.OK);
        assert.equal(driver.destroy(Command.QUERY_MR, other), CommandCode.OK);
        assert.notEqual(driver.allocMr(33), key);
      },
  },
  {
    name: 'commands: REREGISTER_MR of rights, protection domain and memory',
    setup: ({ driver }) => {
      const page = driver.alloc(3 * PAGE);
      const key = driver.registerPages([page, page + PAGE], 0x1000, 8000);
      const pageList = driver.putPageList([page + 2 * PAGE, page]);
      const pd = driver.create(Command.ALLOC_PD);
      return () => {
        const open = driver.reregister(key, { access: 15 });
        const moved = driver.create(Command.REREGISTER_MR, i => {
          c.setCmdReregisterMrHandle(i, 0, open);
          c.setCmdReregisterMrChange(i, 0, c.MrChange.MEMORY | c.MrChange.PD);
          c.setCmdReregisterMrPageShift(i, 0, 12);
          c.setCmdReregisterMrPd(i, 0, pd);
          c.setCmdReregisterMrIova(i, 0, 0x5000_0800);
          c.setCmdReregisterMrLength(i, 0, 2000);
          c.setCmdReregisterMrPageList(i, 0, pageList);
          c.setCmdReregisterMrPageCount(i, 0, 2);
        });
        assert.equal(driver.destroy(Command.DEALLOC_PD, pd), CommandCode.BUSY);
        assert.equal(driver.destroy(Command.QUERY_MR, open), CommandCode.BAD_HANDLE);
        assert.throws(() => driver.reregister(open, { access: 0 }), { status: CommandCode.BAD_HANDLE });
        assert.equal(driver.destroy(Command.QUERY_MR, moved), CommandCode.OK);
      };
    },
  },
];

export const MEMORY: readonly Scenario[] = [...descriptors, ...inline, ...commands];
