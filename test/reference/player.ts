// SPDX-License-Identifier: MIT
// The part of a program that is commands alone: states, memory regions, address handles, hold and release.
import * as c from '../../device/abi/generated/commands.js';
import { CommandCode, QpAttr, QpState } from '../../device/abi/generated/commands.js';
import * as commands from './commands.js';
import { pass } from './completions.js';
import type { Duel } from './duel.js';
import { Disagreement, expectStatus } from './observe.js';
import type { HoldName, Op } from './program.js';
import { DEFINITIONS, IP6, IP6_INDEX, type Stage } from './stage.js';
import { requiredFor } from './transitions.js';

type Of<Name extends Op['do']> = Extract<Op, { do: Name }>;

const NOBODY = 0x3000;
const PAGE = 4096;
const NS_PER_US = 1000;
const { LINK, ENGINE, PORT } = c.Hold;
const HOLDS: Readonly<Record<HoldName, number>> = {
  all: LINK | ENGINE,
  link: LINK,
  engine: ENGINE,
  port: PORT,
};
const WAY: readonly number[] = [QpState.INIT, QpState.RTR, QpState.RTS];

export class Player {
  readonly #stage: Stage;
  readonly #duel: Duel;
  readonly #qps: ReadonlyMap<number, number>;
  readonly #ahs = new Map<number, number>();
  /** What MODIFY_QP is told of each queue pair. */
  readonly #attributes = new Map<number, commands.Attributes>();

  constructor(stage: Stage, duel: Duel, qps: ReadonlyMap<number, number>) {
    this.#stage = stage;
    this.#duel = duel;
    this.#qps = qps;
  }

  perform(op: Op): void {
    switch (op.do) {
      case 'bringUp':
        return this.#bringUp(op);
      case 'modify':
        return this.#modify(op.qp, op.to, op.flip);
      case 'register':
        return this.#register(op);
      case 'deregister':
        return this.#deregister(op);
      case 'reregister':
        return this.#reregister(op);
      case 'createAh':
      case 'modifyAh':
        return this.#setAh(op);
      case 'destroyAh':
        return this.#destroyAh(op);
      case 'deallocPd':
        return this.#deallocPd(op);
      case 'hold':
      case 'release':
        return this.#hold(op.do === 'hold' ? HOLDS[op.what] : 0);
      case 'resizeCq':
        return this.#resizeCq(op);
      case 'setGid':
        return this.#setGid(op.own);
      case 'moderate':
        return this.#moderate(op);
      case 'pass':
        return this.#pass(op.us);
    }
  }

  ah(ah: number): number {
    return this.#ahs.get(ah) ?? NOBODY + ah;
  }

  #qpn(qp: number): number {
    return this.#qps.get(qp) ?? NOBODY + qp;
  }

  #bringUp(op: Of<'bringUp'>): void {
    this.#attributes.set(op.qp, {
      state: 0,
      curState: QpState.RTS,
      dest: this.#qpn(op.peer),
      mtu: op.mtu,
      psn: op.psn,
      access: op.access,
      qkey: op.qkey,
      reads: op.reads,
      ip6: op.ip6 === true,
    });
    this.#modify(op.qp, QpState.RESET, 0);
    for (const to of WAY) if (to <= (op.until ?? QpState.RTS)) this.#modify(op.qp, to, 0);
  }

  /** MODIFY_QP with the attributes that the transition needs, but for the bits of `flip`. */
  #modify(qp: number, to: number, flip: number): void {
    const number = this.#qpn(qp);
    const known = this.#duel.reference.qps.get(number);
    const required = known === undefined ? 0 : requiredFor(known.type, known.state, to);
    const mask = (QpAttr.STATE | required) ^ flip;
    const before = this.#attributes.get(qp) ?? { ...PLAIN, dest: number };
    const a = { ...before, state: mask & QpAttr.STATE ? to : 0 };
    const status = this.#stage.driver.tryCommand(c.Command.MODIFY_QP, i => this.#fill(i, number, mask, a));
    this.#duel.both(r => expectStatus('MODIFY_QP', status, commands.modifyQp(r, number, mask, a)));
  }

  #fill(i: Uint32Array, number: number, mask: number, a: commands.Attributes): void {
    const given = (bit: number, value: number): number => (mask & bit ? value : 0);
    c.setCmdModifyQpHandle(i, 0, number);
    c.setCmdModifyQpAttrMask(i, 0, mask);
    c.setCmdModifyQpState(i, 0, given(QpAttr.STATE, a.state));
    c.setCmdModifyQpMtu(i, 0, given(QpAttr.MTU, a.mtu));
    c.setCmdModifyQpCurState(i, 0, given(QpAttr.CUR_STATE, a.curState));
    c.setCmdModifyQpAccess(i, 0, given(QpAttr.ACCESS, a.access));
    c.setCmdModifyQpDestQpn(i, 0, given(QpAttr.DEST_QPN, a.dest));
    c.setCmdModifyQpSqPsn(i, 0, given(QpAttr.SQ_PSN, a.psn));
    c.setCmdModifyQpRqPsn(i, 0, given(QpAttr.RQ_PSN, a.psn));
    c.setCmdModifyQpQkey(i, 0, given(QpAttr.QKEY, a.qkey));
    c.setCmdModifyQpMaxRdAtomic(i, 0, given(QpAttr.MAX_RD_ATOMIC, a.reads));
    c.setCmdModifyQpMaxDestRdAtomic(i, 0, given(QpAttr.MAX_DEST_RD_ATOMIC, a.reads));
    c.setCmdModifyQpTimeout(i, 0, given(QpAttr.TIMEOUT, 14));
    c.setCmdModifyQpRetryCount(i, 0, given(QpAttr.RETRY_COUNT, 7));
    c.setCmdModifyQpRnrRetry(i, 0, given(QpAttr.RNR_RETRY, 7));
    c.setCmdModifyQpMinRnrTimer(i, 0, given(QpAttr.MIN_RNR_TIMER, 12));
    c.setCmdModifyQpSqdEvent(i, 0, given(QpAttr.SQD_EVENT, 1));
    c.setCmdModifyQpPort(i, 0, given(QpAttr.PORT, 1));
    if ((mask & QpAttr.AV) === 0) return;
    c.setCmdModifyQpHopLimit(i, 0, 64);
    const bytes = new Uint8Array(i.buffer);
    c.setCmdModifyQpSgidIndex(i, 0, a.ip6 ? IP6_INDEX : 0);
    bytes.set(this.#stage.gidOf(true, a.ip6), c.CMD_MODIFY_QP_DGID_OFFSET);
    bytes.set(this.#stage.mac, c.CMD_MODIFY_QP_DMAC_OFFSET);
  }

  // Memory regions.

  #register({ key }: Of<'register'>): void {
    const stage = this.#stage;
    const current = this.#duel.reference.memory.regionOf(stage.key(key));
    if (current !== undefined || key === 'whole' || key === 'junk') return;
    if (DEFINITIONS[key]?.foreign === true && !this.#duel.reference.pds.has(stage.pds[1])) return;
    const listed = DEFINITIONS[key] !== undefined;
    const region = listed ? stage.registerList(key) : stage.allocFast(key);
    this.#duel.both(r => {
      if (listed) stage.writeList(r.memory.bytes, region.pages);
      if (r.memory.regionOf(region.key) !== undefined) throw new Disagreement('a key is given out twice');
      r.memory.regions.set(region.index, { ...region });
    });
  }

  #deregister({ key }: Of<'deregister'>): void {
    const number = this.#stage.key(key);
    const status = this.#stage.driver.destroy(c.Command.DEREGISTER_MR, number);
    this.#duel.both(r =>
      expectStatus('DEREGISTER_MR', status, commands.deregister(r, number, key === 'whole')),
    );
  }

  #reregister(op: Of<'reregister'>): void {
    const stage = this.#stage;
    const number = stage.key(op.key);
    const definition = DEFINITIONS[op.key];
    const pages = definition?.pages.map((_, n) => stage.data + (op.pages?.[n] ?? n) * PAGE) ?? [];
    const moves = op.pages !== undefined && definition !== undefined;
    if (op.access === undefined && !moves) return;
    if (moves) stage.writeList(stage.target.memory.u8, pages);
    const status = stage.driver.tryCommand(c.Command.REREGISTER_MR, i => {
      c.setCmdReregisterMrHandle(i, 0, number);
      const { ACCESS, MEMORY } = c.MrChange;
      c.setCmdReregisterMrChange(i, 0, (op.access === undefined ? 0 : ACCESS) | (moves ? MEMORY : 0));
      c.setCmdReregisterMrAccess(i, 0, op.access ?? 0);
      if (!moves) return;
      c.setCmdReregisterMrPageShift(i, 0, 12);
      c.setCmdReregisterMrIova(i, 0, definition.iova);
      c.setCmdReregisterMrLength(i, 0, definition.length);
      c.setCmdReregisterMrPageList(i, 0, stage.list);
      c.setCmdReregisterMrPageCount(i, 0, pages.length);
    });
    const renewed = stage.target.memory.u32[(stage.driver.mailbox + c.MAILBOX_OUTPUT_OFFSET) / 4];
    if (status === 0) stage.keys.set(op.key, renewed);
    this.#duel.both(r => {
      if (moves) stage.writeList(r.memory.bytes, pages);
      const region = r.memory.regionOf(number);
      if (region === undefined) return expectStatus('REREGISTER_MR', status, [CommandCode.BAD_HANDLE]);
      if (region.kind !== 'list') {
        if (status === 0) throw new Disagreement(`REREGISTER_MR of a region of kind ${region.kind}`);
        return;
      }
      expectStatus('REREGISTER_MR', status, [CommandCode.OK]);
      if (renewed === number) throw new Disagreement('REREGISTER_MR leaves the key as it was');
      region.key = renewed;
      if (op.access !== undefined) region.access = op.access;
      if (moves) region.pages = pages;
    });
  }

  // Address handles and protection domains.

  #setAh(op: Of<'createAh'> | Of<'modifyAh'>): void {
    const create = op.do === 'createAh';
    if (create && this.#ahs.has(op.ah)) return;
    const { driver, pds, target } = this.#stage;
    const handle = create ? 0 : this.ah(op.ah);
    const pd = create ? pds[op.pd] : 0;
    const command = create ? c.Command.CREATE_AH : c.Command.MODIFY_AH;
    const status = driver.tryCommand(command, i => {
      c.setCmdAhHandle(i, 0, handle);
      c.setCmdAhPd(i, 0, pd);
      c.setCmdAhHopLimit(i, 0, 64);
      const bytes = new Uint8Array(i.buffer);
      c.setCmdAhSgidIndex(i, 0, op.ip6 === true ? IP6_INDEX : 0);
      bytes.set(this.#stage.gidOf(op.known, op.ip6 === true), c.CMD_AH_DGID_OFFSET);
      bytes.set(this.#stage.mac, c.CMD_AH_DMAC_OFFSET);
    });
    const number = create ? target.memory.u32[(driver.mailbox + c.MAILBOX_OUTPUT_OFFSET) / 4] : handle;
    if (create && status === 0) this.#ahs.set(op.ah, number);
    const { known, ip6 = false } = op;
    this.#duel.both(r => {
      const exists = create ? r.pds.has(pd) : r.ahs.has(number);
      expectStatus('an address handle', status, [exists ? CommandCode.OK : CommandCode.BAD_HANDLE]);
      if (!exists) return;
      if (create) r.ahs.set(number, { handle: number, pd, known, ip6 });
      else Object.assign(r.ahs.get(number)!, { known, ip6 });
    });
  }

  #destroyAh(op: Of<'destroyAh'>): void {
    const handle = this.ah(op.ah);
    const status = this.#stage.driver.destroy(c.Command.DESTROY_AH, handle);
    this.#ahs.delete(op.ah);
    this.#duel.both(r => expectStatus('DESTROY_AH', status, commands.destroyAh(r, handle)));
  }

  #deallocPd(op: Of<'deallocPd'>): void {
    const pd = this.#stage.pds[op.pd];
    const status = this.#stage.driver.destroy(c.Command.DEALLOC_PD, pd);
    this.#duel.both(r => expectStatus('DEALLOC_PD', status, commands.deallocPd(r, pd)));
  }

  // The port, and completion queues.

  #hold(mask: number): void {
    const { driver } = this.#stage;
    driver.command(c.Command.SET_LINK, i => c.setCmdLinkHold(i, 0, mask));
    this.#duel.both(r => commands.hold(r, mask));
  }

  #setGid(own: boolean): void {
    this.#stage.driver.setGid(IP6_INDEX, own ? IP6 : IP6.with(1, 0x51));
    this.#duel.both(r => commands.setGid(r, IP6_INDEX, own));
  }

  #moderate({ cq, count, us }: Of<'moderate'>): void {
    const { cqs, driver } = this.#stage;
    const status = driver.modifyCq(cqs[cq], count, us);
    this.#duel.both(r => expectStatus('MODIFY_CQ', status, commands.modifyCq(r, cqs[cq].number, count, us)));
  }

  #pass(us: number): void {
    this.#stage.target.nowNs += us * NS_PER_US;
    this.#duel.both(r => pass(r, us));
  }

  #resizeCq(op: Of<'resizeCq'>): void {
    const stage = this.#stage;
    const { number } = stage.cqs[op.cq];
    const address = stage.spareCqs[op.cq];
    const status = stage.driver.tryCommand(c.Command.RESIZE_CQ, i => {
      c.setCmdResizeCqHandle(i, 0, number);
      c.setCmdResizeCqAddress(i, 0, address);
      c.setCmdResizeCqLkey(i, 0, stage.driver.key);
      c.setCmdResizeCqLogDepth(i, 0, op.log);
    });
    if (status === CommandCode.OK) {
      stage.cqMoved(op.cq, 2 ** op.log);
      this.#duel.observer.checkWaiting(number, this.#duel.reference.cqs.get(number)!.consumer);
    }
    this.#duel.both(r => expectStatus('RESIZE_CQ', status, commands.resizeCq(r, number, 2 ** op.log)));
  }
}

const PLAIN: commands.Attributes = {
  state: 0,
  curState: QpState.RTS,
  dest: 0,
  ip6: false,
  mtu: 1,
  psn: 0,
  access: 0,
  qkey: 0,
  reads: 1,
};
