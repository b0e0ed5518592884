// SPDX-License-Identifier: MIT
// Two adapters get the same stores and the same slices; one of them is taken over by another process after each. What the
// scheduler knows beside the state region is rebuilt from it, so nobody can tell the two apart.
import assert from 'node:assert/strict';
import { Command, Hold, QpAttr, QpState } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import * as r from '../../device/abi/generated/registers.js';
import { Dice, makeQueues } from '../support/bench.js';
import { Driver } from '../support/driver.js';
import { InProcess } from '../support/in-process.js';
import type { Cq, Qp } from '../support/work.js';
import type { MutationCase } from './cases.js';

const QUEUES = 5;
const OPERATIONS = 200;
const COUNTERS = [
  r.REG_COUNT_DOORBELLS_OFFSET,
  r.REG_COUNT_PUSHES_OFFSET,
  r.REG_COUNT_PUSH_FALLBACKS_OFFSET,
  r.REG_COUNT_IGNORED_OFFSET,
  r.REG_COUNT_REFUSED_OFFSET,
  r.REG_COUNT_DESCRIPTOR_READS_OFFSET,
];

class Twin {
  readonly t = new InProcess();
  readonly d = new Driver(this.t).start();
  readonly #cq: Cq;
  readonly #qps: Qp[];
  readonly #takenOver: boolean;

  constructor(takenOver: boolean) {
    this.#takenOver = takenOver;
    const { d } = this;
    const { cq } = makeQueues(d);
    this.#cq = cq;
    const pages = [0, d.create(Command.ALLOC_PAGE)];
    this.#qps = Array.from({ length: QUEUES }, (_, n) => {
      const options = { sendCq: cq, logDepth: 5, page: pages[n < 3 ? 0 : 1] };
      return n % 2 === 0 ? d.channel(options) : d.pair(options)[0];
    });
  }

  /** One operation that the dice choose; what can be seen after it. */
  act(dice: Dice): unknown {
    const { d, t } = this;
    const qp = this.#qps[dice.below(QUEUES)];
    const nop = { opcode: Opcode.NOP, wrId: dice.below(1000) };
    switch (dice.below(12)) {
      case 0:
        d.setLink([0, Hold.LINK, Hold.ENGINE, Hold.LINK | Hold.ENGINE][dice.below(4)]);
        break;
      case 1:
        if (qp.send.producer > 20) this.#renew(qp, dice.below(3) === 0);
        break;
      case 2:
      case 3:
      case 4:
        d.push(qp, nop, { buffer: dice.below(r.PUSH_BUFFERS) });
        break;
      case 5:
      case 6:
        d.send(qp, nop, nop);
        break;
      default:
        t.step();
    }
    if (this.#takenOver) {
      t.adapter.attach(t.host, t.region, false);
      t.adapter.control({ kind: 'run' });
    }
    const done = d.poll(this.#cq).map(c => [c.qpn, c.wrId, c.status, c.index]);
    return [done, t.adapter.wakeAtNs, ...COUNTERS.map(offset => d.readRegister(offset))];
  }

  /** What waits is flushed, or forgotten at once; then the queue is as new. */
  #renew(qp: Qp, flush: boolean): void {
    const { d, t } = this;
    if (flush) {
      d.modify(qp, QpAttr.STATE, { state: QpState.ERR });
      for (let n = 0; n < 3; n++) t.step();
    }
    d.modify(qp, QpAttr.STATE, { state: QpState.RESET });
    qp.send.producer = 0;
    d.connect(qp, 2);
  }
}

export const takeoverCases: readonly MutationCase[] = [
  {
    name: 'an adapter that is taken over after each store and each slice goes on as one that is not',
    run() {
      for (let seed = 1; seed <= 2; seed++) {
        const [a, b] = [false, true].map(takenOver => ({ twin: new Twin(takenOver), dice: new Dice(seed) }));
        for (let n = 0; n < OPERATIONS; n++)
          assert.deepEqual(b.twin.act(b.dice), a.twin.act(a.dice), `seed ${seed}, operation ${n}`);
      }
    },
  },
];
