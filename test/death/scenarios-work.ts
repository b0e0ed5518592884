// SPDX-License-Identifier: MIT
// Scenarios for the enumerator: each opcode, by doorbell and by push, and the ways in which a push is not whole.
import { Command, Hold } from '../../device/abi/generated/commands.js';
import { Opcode, WqeFlag } from '../../device/abi/generated/descriptors.js';
import type { Qp, Work } from '../support/work.js';
import type { Scenario, Stage } from './enumerate.js';
import { channel, copy, expect, fill, pair, ranges, send } from './props.js';

type Post = (stage: Stage, qp: Qp, work: Work) => void;
const WAYS: readonly (readonly [string, Post])[] = [
  ['doorbell', (stage, qp, work) => stage.driver.send(qp, work)],
  ['push', (stage, qp, work) => stage.driver.push(qp, work)],
];

/** One scenario for each way to post. */
const bothWays = (name: string, setup: (stage: Stage, post: Post) => () => void): Scenario[] =>
  WAYS.map(([way, post]) => ({ name: `${name} by ${way}`, setup: stage => setup(stage, post) }));

const sends = [
  ...bothWays('SEND of one packet', (stage, post) => {
    const p = pair(stage);
    return () => {
      stage.driver.recv(p.b, [{ address: p.target, length: 100 }]);
      post(stage, p.a, send(ranges(p.source, [61])));
      stage.target.settle();
      expect(stage, p.aCq, 0);
      expect(stage, p.bCq, 0);
    };
  }),
  ...bothWays('SEND of three packets, gathered and scattered', (stage, post) => {
    const p = pair(stage);
    return () => {
      stage.driver.recv(p.b, ranges(p.target + 3, [1, 300, 0, 299], 17));
      post(stage, p.a, send(ranges(p.source + 1, [255, 0, 2, 343], 5)));
      stage.target.settle();
      expect(stage, p.aCq, 0);
      expect(stage, p.bCq, 0);
    };
  }),
  ...bothWays('SEND of nothing, solicited and unsignaled', (stage, post) => {
    const p = pair(stage);
    return () => {
      stage.driver.recv(p.b, [], [{ address: p.target, length: 8 }]);
      post(stage, p.a, send([], { flags: WqeFlag.SIGNALED | WqeFlag.SOLICITED }));
      post(stage, p.a, send(ranges(p.source, [8]), { flags: 0 }));
      stage.target.settle();
      expect(stage, p.aCq, 0);
      expect(stage, p.bCq, 0, 0);
    };
  }),
  ...bothWays('SEND that waits for a receive', (stage, post) => {
    const p = pair(stage);
    return () => {
      post(stage, p.a, send(ranges(p.source, [300])));
      stage.target.settle();
      stage.driver.recv(p.b, [{ address: p.target, length: 400 }]);
      stage.target.settle();
      expect(stage, p.aCq, 0);
      expect(stage, p.bCq, 0);
    };
  }),
  {
    name: 'SEND of two packets while somebody captures them',
    capture: true,
    setup: stage => {
      const p = pair(stage);
      return () => {
        stage.driver.recv(p.b, [{ address: p.target, length: 500 }]);
        stage.driver.send(p.a, send(ranges(p.source, [499])));
        stage.target.settle();
        expect(stage, p.aCq, 0);
        expect(stage, p.bCq, 0);
      };
    },
  },
  {
    name: 'SEND both ways at once, the index of the queue wraps',
    shared: true,
    setup: stage => {
      const p = pair(stage, { logDepth: 1 });
      return () => {
        for (let n = 0; n < 3; n++) {
          stage.driver.recv(p.b, [{ address: p.target + n * 64, length: 64 }]);
          stage.driver.recv(p.a, [{ address: p.target + 4096 + n * 64, length: 64 }]);
          stage.driver.send(p.a, send(ranges(p.source + n, [50])));
          stage.driver.send(p.b, send(ranges(p.source + 100 + n, [60])));
          stage.target.settle();
        }
      };
    },
  },
] satisfies Scenario[];

const engine = [
  ...bothWays('COPY of three slices between lists', (stage, post) => {
    const c = channel(stage);
    return () => {
      post(stage, c.qp, copy(ranges(c.source + 1, [5000, 0, 4001], 9), ranges(c.target + 3, [1, 9000], 11)));
      stage.target.settle();
      expect(stage, c.cq, 0);
    };
  }),
  ...bothWays('FILL of two slices', (stage, post) => {
    const c = channel(stage);
    return () => {
      post(stage, c.qp, fill(ranges(c.target + 5, [4099, 3, 91], 2)));
      stage.target.settle();
      expect(stage, c.cq, 0);
    };
  }),
  ...bothWays('NOP', (stage, post) => {
    const c = channel(stage);
    return () => {
      post(stage, c.qp, { opcode: Opcode.NOP, wrId: 5 });
      post(stage, c.qp, { opcode: Opcode.NOP, wrId: 6, flags: 0 });
      stage.target.settle();
      expect(stage, c.cq, 0);
    };
  }),
  {
    name: 'COPY of several slices in one step',
    workWaiting: false,
    setup: stage => {
      const c = channel(stage);
      return () => {
        stage.driver.send(c.qp, copy(ranges(c.source, [12000]), ranges(c.target, [6000, 6000])));
        stage.target.settle();
        expect(stage, c.cq, 0);
      };
    },
  },
  {
    name: 'a region of pages, for the queue and for the data',
    setup: stage => {
      const c = channel(stage);
      const { driver } = stage;
      const pages = [c.target + 8192, c.target, c.target + 4096];
      const lkey = driver.registerPages(pages, 0x10_0000_0800, 9000);
      return () => {
        const at = 0x10_0000_0800;
        driver.send(c.qp, copy(ranges(c.source, [7000]), [{ address: at + 1000, length: 7000, lkey }]));
        stage.target.settle();
        expect(stage, c.cq, 0);
      };
    },
  },
] satisfies Scenario[];

/** A push buffer whose bytes arrive in some other way than once each, in order, and a trailer that fits. */
function tornPush(name: string, store: (stage: Stage, bytes: Uint8Array, qp: Qp) => void): Scenario {
  return {
    name: `push with ${name}`,
    setup: stage => {
      const c = channel(stage, 0);
      return () => {
        const { driver } = stage;
        const work = copy(ranges(c.source, [40]), ranges(c.target, [40]));
        const bytes = driver.post(c.qp.send, work);
        store(stage, bytes, c.qp);
        stage.target.settle();
        driver.push(c.qp, copy(ranges(c.source, [30]), ranges(c.target + 64, [30])));
        stage.target.settle();
        expect(stage, c.cq, 0, 0);
      };
    },
  };
}

const torn = [
  tornPush('overlapping stores', ({ driver }, bytes, qp) => {
    driver.storePush(0, 0, bytes);
    driver.storePush(0, 0, bytes.subarray(8, 16), 4);
    driver.trailer(0, 0, qp.number, 0, bytes.length);
  }),
  tornPush('a missing byte', ({ driver }, bytes, qp) => {
    driver.storePush(0, 0, bytes.subarray(0, bytes.length - 1), 1);
    driver.trailer(0, 0, qp.number, 0, bytes.length);
  }),
  tornPush('another generation', ({ driver }, bytes, qp) => {
    driver.storePush(0, 0, bytes, 4);
    driver.trailer(0, 0, qp.number, 0, bytes.length, 3);
  }),
  tornPush('an index that was taken already', ({ driver }, bytes, qp) => {
    driver.ringSend(qp);
    driver.storePush(0, 0, bytes, 2);
    driver.trailer(0, 0, qp.number, 0, bytes.length);
  }),
  tornPush('a queue that does not exist, then the right one', ({ driver }, bytes, qp) => {
    driver.storePush(0, 0, bytes);
    driver.trailer(0, 0, 4000, 0, bytes.length);
    driver.storePush(0, 0, bytes);
    driver.trailer(0, 0, qp.number, 0, bytes.length);
  }),
];

const scheduling: Scenario[] = [
  {
    name: 'a backlog under hold, overtaken by pushes',
    setup: stage => {
      const c = channel(stage);
      const d = channel(stage);
      return () => {
        const { driver } = stage;
        driver.setLink(Hold.ENGINE);
        for (let n = 0; n < 4; n++)
          driver.send(c.qp, copy(ranges(c.source + n, [10]), ranges(c.target + n * 10, [10])));
        driver.push(d.qp, copy(ranges(c.source, [40]), ranges(c.target, [40])), { memory: null });
        driver.push(d.qp, fill(ranges(d.target, [10])), { buffer: 1, memory: null });
        stage.target.settle();
        driver.setLink(0);
        stage.target.settle();
        expect(stage, c.cq, 0, 0, 0, 0);
        expect(stage, d.cq, 0, 0);
      };
    },
  },
  {
    name: 'more pushes than slots',
    setup: stage => {
      const channels = Array.from({ length: 3 }, () => channel(stage));
      return () => {
        const { driver } = stage;
        driver.setLink(Hold.ENGINE);
        for (let n = 0; n < 18; n++) {
          const c = channels[n % 3];
          driver.push(c.qp, { opcode: Opcode.NOP }, { buffer: n % 4 });
        }
        driver.setLink(0);
        stage.target.settle();
        for (const c of channels) expect(stage, c.cq, 0, 0, 0, 0, 0, 0);
      };
    },
  },
  {
    name: 'pushes of two pages that wait together',
    setup: stage => {
      const c = channel(stage, stage.driver.create(Command.ALLOC_PAGE));
      const d = channel(stage);
      return () => {
        const { driver } = stage;
        driver.setLink(Hold.ENGINE);
        driver.push(c.qp, fill(ranges(c.target, [9])), { memory: null });
        driver.push(d.qp, fill(ranges(d.target, [9])), { memory: null });
        driver.push(c.qp, fill(ranges(c.target + 16, [9])), { buffer: 1, memory: null });
        driver.setLink(0);
        stage.target.settle();
        expect(stage, c.cq, 0, 0);
        expect(stage, d.cq, 0);
      };
    },
  },
  {
    name: 'a doorbell page of its own, and a page that may not ring',
    setup: stage => {
      const page = stage.driver.create(Command.ALLOC_PAGE);
      const c = channel(stage, page);
      return () => {
        const { driver } = stage;
        driver.push(c.qp, fill(ranges(c.target, [9])), { page: 0 });
        stage.target.settle();
        driver.ringSend(c.qp);
        driver.push(c.qp, fill(ranges(c.target + 16, [9])));
        stage.target.settle();
        expect(stage, c.cq, 0, 0);
      };
    },
  },
];

export const WORK: readonly Scenario[] = [...sends, ...engine, ...torn, ...scheduling];
