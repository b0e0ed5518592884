// SPDX-License-Identifier: MIT
// The order of slices as letters, and who keeps the scheduler busy: for cases that step the model themselves.
import { QpAttr, QpState } from '../../device/abi/generated/commands.js';
import { CQE_SIZE, Opcode } from '../../device/abi/generated/descriptors.js';
import type { Bulk } from './bulk.js';
import type { Driver } from './driver.js';
import type { InProcess } from './in-process.js';
import type { Lane } from './lane.js';
import type { Cq, Cqe } from './work.js';

/** Which of several memory areas each slice has written to, as letters. */
export class Slices {
  readonly #t: InProcess;
  readonly #bulks: Readonly<Record<string, Bulk>>;
  order = '';

  constructor(t: InProcess, bulks: Readonly<Record<string, Bulk>>) {
    this.#t = t;
    this.#bulks = bulks;
    t.memory.beforeWrite = address => {
      for (const [letter, { from, to, unit = 1 }] of Object.entries(bulks))
        if (address >= from && address < to && (address - from) % unit === 0) this.order += letter;
    };
  }

  run(count: number): string {
    const from = this.order.length;
    for (let n = 0; n < count; n++) this.#t.step();
    return this.order.slice(from);
  }

  /** How often each of the letters occurs in a part of the order. */
  shares(part = this.order): Record<string, number> {
    return Object.fromEntries(
      Object.keys(this.#bulks).map(letter => [letter, part.split(letter).length - 1]),
    );
  }
}

/** Always more pushed work than a slice can do, for several lanes in turn. */
export class Pusher {
  readonly #d: Driver;
  readonly #cq: Cq;
  readonly #lanes: readonly { lane: Lane; waiting: number }[];

  constructor(d: Driver, cq: Cq, lanes: readonly Lane[]) {
    this.#d = d;
    this.#cq = cq;
    this.#lanes = lanes.map(lane => ({ lane, waiting: 0 }));
  }

  /** Pushes until three wait of each lane; the completions that have come. */
  refill(): Cqe[] {
    const done = this.#d.poll(this.#cq);
    for (const entry of this.#lanes) {
      entry.waiting -= done.filter(c => c.qpn === entry.lane.qp.number).length;
      for (; entry.waiting < 3; entry.waiting++) {
        entry.lane.postReceives(1);
        this.#d.push(entry.lane.qp, entry.lane.work(1, 0));
        entry.lane.arrivals();
      }
    }
    return done;
  }
}

/** A queue in the error state with 2,000 entries to flush; each slice begins one completion in a queue of its own. */
export function flushOf(d: Driver): Bulk {
  const cq = d.createCq(d.createEq(2), 11);
  const qp = d.channel({ sendCq: cq, logDepth: 11, logStride: 6 });
  d.send(qp, ...Array.from({ length: 2000 }, () => ({ opcode: Opcode.NOP })));
  d.modify(qp, QpAttr.STATE, { state: QpState.ERR });
  return { qp, from: cq.address, to: cq.address + cq.depth * CQE_SIZE, unit: CQE_SIZE };
}
