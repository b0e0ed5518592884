// SPDX-License-Identifier: MIT
// The part of a program that is about shared receive queues.
import * as c from '../../device/abi/generated/commands.js';
import { DB_SRQ_OFFSET } from '../../device/abi/generated/registers.js';
import * as commands from './commands.js';
import type { Duel } from './duel.js';
import { expectStatus } from './observe.js';
import { type Ids, writeReceive } from './posting.js';
import type { Op } from './program.js';
import type { Stage } from './stage.js';

type Of<Name extends Op['do']> = Extract<Op, { do: Name }>;

/** A number that no queue has. */
const NOBODY = 0x3000;
const STRIDE = 256;
const RING_BYTES = 4096;

export class SharedReceives {
  readonly #stage: Stage;
  readonly #duel: Duel;
  /** Numbers of the queues that the program's small numbers stand for. */
  readonly #srqs: Map<number, number>;
  readonly #ids: Ids;

  constructor(stage: Stage, duel: Duel, srqs: Map<number, number>, ids: Ids) {
    this.#stage = stage;
    this.#duel = duel;
    this.#srqs = srqs;
    this.#ids = ids;
  }

  perform(op: Of<'createSrq'> | Of<'destroySrq'> | Of<'limitSrq'> | Of<'srqRecv'>): void {
    switch (op.do) {
      case 'createSrq':
        return this.#createSrq(op);
      case 'destroySrq':
        return this.#destroySrq(op);
      case 'limitSrq':
        return this.#limitSrq(op);
      case 'srqRecv':
        return this.#srqRecv(op);
    }
  }

  #createSrq(op: Of<'createSrq'>): void {
    if (this.#srqs.has(op.srq)) return;
    const { driver, pds, srqRings, target } = this.#stage;
    const logDepth = 3;
    target.writeBytes(srqRings[op.srq], new Uint8Array(RING_BYTES));
    const number = driver.create(c.Command.CREATE_SRQ, i => {
      c.setCmdCreateSrqPd(i, 0, pds[0]);
      c.setCmdCreateSrqAddress(i, 0, srqRings[op.srq]);
      c.setCmdCreateSrqLkey(i, 0, driver.key);
      c.setCmdCreateSrqLogDepth(i, 0, logDepth);
      c.setCmdCreateSrqLogStride(i, 0, Math.log2(STRIDE));
      c.setCmdCreateSrqLimit(i, 0, op.limit);
    });
    this.#srqs.set(op.srq, number);
    this.#duel.both(r => {
      r.memory.bytes.fill(0, srqRings[op.srq], srqRings[op.srq] + RING_BYTES);
      commands.createSrq(r, {
        number,
        pd: pds[0],
        limit: op.limit,
        ring: commands.newRing(logDepth, STRIDE),
      });
    });
  }

  #destroySrq(op: Of<'destroySrq'>): void {
    const number = this.#srqs.get(op.srq) ?? NOBODY;
    const status = this.#stage.driver.destroy(c.Command.DESTROY_SRQ, number);
    if (status === 0) this.#srqs.delete(op.srq);
    this.#duel.both(r => expectStatus('DESTROY_SRQ', status, commands.destroySrq(r, number)));
  }

  #limitSrq(op: Of<'limitSrq'>): void {
    const number = this.#srqs.get(op.srq) ?? NOBODY;
    const status = this.#stage.driver.tryCommand(c.Command.MODIFY_SRQ, i => {
      c.setCmdModifySrqHandle(i, 0, number);
      c.setCmdModifySrqLimit(i, 0, op.limit);
    });
    this.#duel.both(r => expectStatus('MODIFY_SRQ', status, commands.modifySrq(r, number, op.limit)));
  }

  #srqRecv(op: Of<'srqRecv'>): void {
    const number = this.#srqs.get(op.srq);
    const srq = number === undefined ? undefined : this.#duel.reference.srqs.get(number);
    const write =
      srq && writeReceive(this.#stage, srq.ring, this.#stage.srqRings[op.srq], op, this.#ids.next());
    const [handle, index] = [number ?? NOBODY, srq?.ring.written ?? 1];
    this.#stage.driver.doorbell(0, DB_SRQ_OFFSET, handle, index);
    this.#duel.both(r => {
      const ring = r.srqs.get(handle)?.ring;
      if (ring !== undefined) {
        write?.(r, ring);
        ring.written = index;
      }
      r.ringSrq(0, handle, index);
    });
  }
}
