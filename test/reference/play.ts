// SPDX-License-Identifier: MIT
// Plays a program: each thing that it does is done to the adapter, as a driver does it, and to the reference.
import * as c from '../../device/abi/generated/commands.js';
import { QpType } from '../../device/abi/generated/commands.js';
import {
  DB_CQ_UPDATE_OFFSET,
  DB_RECV_OFFSET,
  DB_SEND_OFFSET,
  DB_SRQ_OFFSET,
  PUSH_BUFFER_BYTES,
} from '../../device/abi/generated/registers.js';
import * as commands from './commands.js';
import { type Damage, type Descriptor, encode } from './descriptor.js';
import { Duel } from './duel.js';
import { compareFinal } from './final.js';
import { materialize, pageList, receiveOf } from './materialize.js';
import type { Qp, Ring } from './objects.js';
import { Disagreement, type Snapshot } from './observe.js';
import { Player } from './player.js';
import type { Op, Place, Program, PushPlan, WorkPlan } from './program.js';
import type { Reference } from './reference.js';
import { ahead, next } from './rings.js';
import type { Stage } from './stage.js';

type Of<Name extends Op['do']> = Extract<Op, { do: Name }>;

/** Numbers that no object has. */
const NOBODY = 0x3000;
const STRIDE = 256;
const RING_BYTES = 4096;
/** Bytes of an entry of a queue of 2^log entries: as many as there is room for. */
const strideOf = (log: number): number => Math.min(512, RING_BYTES / 2 ** log);

/**
 * Plays a program on a stage. Throws Disagreement where the adapter does something else than the reference. Returns what
 * was seen in the end.
 */
export function play(stage: Stage, program: Program): Snapshot {
  const performance = new Performance(stage);
  for (const [n, op] of program.entries()) {
    try {
      performance.perform(op);
    } catch (error) {
      if (error instanceof Disagreement) error.message = `step ${n} (${op.do}): ${error.message}`;
      throw error;
    }
  }
  return performance.end();
}

class Performance {
  readonly #stage: Stage;
  readonly #duel: Duel;
  readonly #player: Player;
  /** Numbers of the queue pairs, shared receive queues and address handles that the program's small numbers stand for. */
  readonly #qps = new Map<number, number>();
  readonly #srqs = new Map<number, number>();
  #wrId = 0;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#duel = new Duel(stage);
    this.#player = new Player(stage, this.#duel, this.#qps);
  }

  get #reference(): Reference {
    return this.#duel.reference;
  }

  end(): Snapshot {
    compareFinal(this.#stage, this.#reference);
    return this.#duel.observer.look(this.#reference.qps.keys());
  }

  perform(op: Op): void {
    switch (op.do) {
      case 'createQp':
        return this.#createQp(op);
      case 'destroyQp':
        return this.#destroyQp(op);
      case 'send':
        return this.#send(op);
      case 'push':
        return this.#push(op);
      case 'recv':
        return this.#recv(op);
      case 'srqRecv':
        return this.#srqRecv(op);
      case 'doorbell':
        return this.#doorbell(op);
      case 'createSrq':
        return this.#createSrq(op);
      case 'destroySrq':
        return this.#destroySrq(op);
      case 'limitSrq':
        return this.#limitSrq(op);
      case 'arm':
      case 'consume':
        return this.#consume(op);
      default:
        return this.#player.perform(op);
    }
  }

  #qpn(qp: number): number {
    return this.#qps.get(qp) ?? NOBODY + qp;
  }

  #qp(qp: number): Qp | undefined {
    return this.#reference.qps.get(this.#qpn(qp));
  }

  #createQp(op: Of<'createQp'>): void {
    if (this.#qps.has(op.qp)) return;
    const { driver, pds, page, cqs, target, sendRings, recvRings } = this.#stage;
    const srqn = op.srq === undefined ? 0 : (this.#srqs.get(op.srq) ?? 0);
    const type = QpType[op.type];
    const channel = type === QpType.DMA;
    const own = !channel && srqn === 0;
    const log = op.logDepth;
    const [sendCqn, recvCqn] = op.cqs.map(n => cqs[n].number);
    for (const ring of [sendRings[op.qp], recvRings[op.qp]])
      target.writeBytes(ring, new Uint8Array(RING_BYTES));
    const status = driver.tryCommand(c.Command.CREATE_QP, i => {
      c.setCmdCreateQpPd(i, 0, pds[0]);
      c.setCmdCreateQpPage(i, 0, op.page === true ? page : 0);
      c.setCmdCreateQpSendCqn(i, 0, sendCqn);
      c.setCmdCreateQpRecvCqn(i, 0, channel ? 0 : recvCqn);
      c.setCmdCreateQpType(i, 0, type);
      c.setCmdCreateQpSendLogDepth(i, 0, log);
      c.setCmdCreateQpSendLogStride(i, 0, Math.log2(strideOf(log)));
      c.setCmdCreateQpFlags(i, 0, op.privileged === true ? c.QpFlag.PRIVILEGED : 0);
      c.setCmdCreateQpSendAddress(i, 0, sendRings[op.qp]);
      c.setCmdCreateQpSendLkey(i, 0, driver.key);
      c.setCmdCreateQpSrqn(i, 0, channel ? 0 : srqn);
      if (!own) return;
      c.setCmdCreateQpRecvLogDepth(i, 0, log);
      c.setCmdCreateQpRecvLogStride(i, 0, Math.log2(strideOf(log)));
      c.setCmdCreateQpRecvAddress(i, 0, recvRings[op.qp]);
      c.setCmdCreateQpRecvLkey(i, 0, driver.key);
    });
    const number = this.#handle();
    const second = type === QpType.GSI && this.#reference.qps.has(c.GSI_QPN);
    if (status !== 0 && !second) throw new Disagreement(`CREATE_QP ends with status ${status}`);
    if (status === 0) this.#qps.set(op.qp, number);
    this.#duel.both(r => {
      for (const ring of [sendRings[op.qp], recvRings[op.qp]])
        r.memory.bytes.fill(0, ring, ring + RING_BYTES);
      if ((status === 0) === second) throw new Disagreement(`a second GSI queue pair: status ${status}`);
      if (status !== 0) return;
      if (r.qps.has(number)) throw new Disagreement(`number ${number} is given out twice`);
      commands.createQp(r, {
        number,
        type,
        pd: pds[0],
        page: op.page === true ? page : 0,
        sendCqn,
        recvCqn,
        srqn: channel ? 0 : srqn,
        privileged: op.privileged === true,
        logDepth: log,
        stride: strideOf(log),
      });
    });
  }

  /** What the last command gave out. */
  #handle(): number {
    const { driver, target } = this.#stage;
    return target.memory.u32[(driver.mailbox + c.MAILBOX_OUTPUT_OFFSET) / 4];
  }

  #destroyQp(op: Of<'destroyQp'>): void {
    const number = this.#qpn(op.qp);
    const status = this.#stage.driver.destroy(c.Command.DESTROY_QP, number);
    this.#qps.delete(op.qp);
    this.#duel.both(r => this.#player.expect('DESTROY_QP', status, commands.destroyQp(r, number)));
  }

  // Work.

  /** Puts a descriptor into a ring, in memory and for the reference. False when the ring is full. */
  #write(
    ring: Ring | undefined,
    address: number,
    d: Descriptor,
  ): ((r: Reference, ring: Ring) => void) | undefined {
    if (ring === undefined || ahead(ring.written, ring.consumer) >= ring.depth) return undefined;
    const bytes = new Uint8Array(ring.stride);
    bytes.set(encode(d).subarray(0, ring.stride));
    const place = ring.written % ring.depth;
    const at = address + place * ring.stride;
    this.#stage.target.writeBytes(at, bytes);
    ring.written = next(ring.written);
    return (r, own) => {
      r.memory.bytes.set(bytes, at);
      own.entries[place] = d;
    };
  }

  #work(qp: Qp, plan: WorkPlan): Descriptor {
    return materialize(this.#stage, plan, {
      index: qp.send.written,
      wrId: ++this.#wrId,
      datagram: qp.type === QpType.UD || qp.type === QpType.GSI,
      dest: plan.dest === undefined ? qp.number : this.#qpn(plan.dest),
      ah: this.#player.ah(plan.ah ?? 0),
    });
  }

  /** The page list of a FAST_REG goes into memory. */
  #list(plan: WorkPlan, d: Descriptor): (r: Reference) => void {
    if (d.registration === undefined) return () => undefined;
    const bytes = pageList(this.#stage, plan);
    const at = d.registration.list;
    this.#stage.target.writeBytes(at, bytes);
    return r => r.memory.bytes.set(bytes, at);
  }

  #post(op: { readonly qp: number }, plan: WorkPlan): ((r: Reference) => void) | undefined {
    const qp = this.#qp(op.qp);
    if (qp === undefined || ahead(qp.send.written, qp.send.consumer) >= qp.send.depth) return undefined;
    const d = this.#work(qp, plan);
    const list = this.#list(plan, d);
    const write = this.#write(qp.send, this.#stage.sendRings[op.qp], d)!;
    return r => {
      list(r);
      write(r, r.qps.get(qp.number)!.send);
    };
  }

  #send(op: Of<'send'>): void {
    const posted = op.work.flatMap(plan => this.#post(op, plan) ?? []);
    const number = this.#qpn(op.qp);
    const qp = this.#qp(op.qp);
    const [page, index] = [qp?.page ?? 0, qp?.send.written ?? 1];
    if (op.ring) this.#stage.driver.doorbell(page, DB_SEND_OFFSET, number, index);
    this.#duel.both(r => {
      for (const write of posted) write(r);
      const ring = r.qps.get(number)?.send;
      if (ring !== undefined) ring.written = index;
      if (op.ring) r.ringSend(page, number, index);
    });
  }

  #push(op: Of<'push'>): void {
    const qp = this.#qp(op.qp);
    if (qp === undefined || ahead(qp.send.written, qp.send.consumer) >= qp.send.depth) return;
    const { driver } = this.#stage;
    const index = qp.send.written;
    const d = this.#work(qp, op.work);
    if (encode(d).length > PUSH_BUFFER_BYTES) return;
    const list = this.#list(op.work, d);
    const inMemory = op.how.memory === 'none' ? undefined : op.how.memory === 'same' ? d : this.#other(d);
    const write =
      inMemory === undefined ? undefined : this.#write(qp.send, this.#stage.sendRings[op.qp], inMemory);
    const bytes = encode(d);
    const at = this.#storePush(qp, op.how, bytes);
    const named = op.how.fault === 'ahead' ? next(index) : index;
    const { buffer, fault } = op.how;
    const generation = driver.nextGeneration(at, buffer) + (fault === 'generation' ? 7 : 0);
    driver.trailer(
      at,
      buffer,
      qp.number,
      named,
      bytes.length,
      generation % 256,
      fault === 'buffer' ? buffer ^ 1 : buffer,
    );
    const whole = fault === undefined || fault === 'page' || fault === 'ahead';
    qp.send.written = next(index);
    this.#duel.both(r => {
      list(r);
      const { send } = r.qps.get(qp.number)!;
      write?.(r, send);
      send.written = next(index);
      r.trailer(at, qp.number, named, whole && fault !== 'ahead' ? d : undefined);
      this.#cover(send);
    });
  }

  #other(d: Descriptor): Descriptor {
    return materialize(this.#stage, { op: 'NOP' }, { ...d, wrId: ++this.#wrId, dest: 0 });
  }

  /** Stores the bytes into a push buffer; the page that it went to. */
  #storePush(qp: Qp, how: PushPlan, bytes: Uint8Array): number {
    const { driver, page } = this.#stage;
    const at = how.fault === 'page' ? page - qp.page : qp.page;
    const stored = how.fault === 'short' ? bytes.subarray(0, bytes.length - 8) : bytes;
    driver.storePush(at, how.buffer, stored);
    if (how.fault === 'torn') driver.storePush(at, how.buffer, bytes.subarray(0, 8));
    return at;
  }

  /** Software takes indices that the adapter has taken as used. */
  #cover(ring: Ring): void {
    const further = ahead(ring.producer, ring.written);
    if (further > 0 && further <= ring.depth) ring.written = ring.producer;
  }

  #receive(ring: Ring, address: number, to: readonly Place[], damage: Damage | undefined) {
    const d = { ...receiveOf(this.#stage, to, damage), index: ring.written, wrId: ++this.#wrId };
    return this.#write(ring, address, d);
  }

  #recv(op: Of<'recv'>): void {
    const qp = this.#qp(op.qp);
    const number = this.#qpn(op.qp);
    const ring = qp?.recv;
    const write = ring && this.#receive(ring, this.#stage.recvRings[op.qp], op.to, op.damage);
    const [page, index] = [qp?.page ?? 0, ring?.written ?? 1];
    this.#stage.driver.doorbell(page, DB_RECV_OFFSET, number, index);
    this.#duel.both(r => {
      const own = r.qps.get(number)?.recv;
      if (own !== undefined) {
        write?.(r, own);
        own.written = index;
      }
      r.ringRecv(page, number, index);
    });
  }

  #doorbell(op: Of<'doorbell'>): void {
    const qp = this.#qp(op.qp);
    const number = this.#qpn(op.qp);
    const ring = qp?.[op.queue];
    const page = op.page ?? qp?.page ?? 0;
    const index = ((ring?.written ?? 0) + op.ahead + 65536) % 65536;
    const send = op.queue === 'send';
    this.#stage.driver.doorbell(page, send ? DB_SEND_OFFSET : DB_RECV_OFFSET, number, index);
    this.#duel.both(r => {
      if (send) r.ringSend(page, number, index);
      else r.ringRecv(page, number, index);
      const own = r.qps.get(number)?.[op.queue];
      if (own !== undefined) this.#cover(own);
    });
  }

  // Shared receive queues.

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
    this.#duel.both(r => this.#player.expect('DESTROY_SRQ', status, commands.destroySrq(r, number)));
  }

  #limitSrq(op: Of<'limitSrq'>): void {
    const number = this.#srqs.get(op.srq) ?? NOBODY;
    const status = this.#stage.driver.tryCommand(c.Command.MODIFY_SRQ, i => {
      c.setCmdModifySrqHandle(i, 0, number);
      c.setCmdModifySrqLimit(i, 0, op.limit);
    });
    this.#duel.both(r => this.#player.expect('MODIFY_SRQ', status, commands.modifySrq(r, number, op.limit)));
  }

  #srqRecv(op: Of<'srqRecv'>): void {
    const number = this.#srqs.get(op.srq);
    const srq = number === undefined ? undefined : this.#reference.srqs.get(number);
    const write = srq && this.#receive(srq.ring, this.#stage.srqRings[op.srq], op.to, op.damage);
    const [handle, index] = [number ?? NOBODY, srq?.ring.written ?? 1];
    this.#stage.driver.doorbell(0, DB_SRQ_OFFSET, handle, index);
    this.#duel.both(r => {
      const ring = r.srqs.get(handle)?.ring;
      if (ring !== undefined) {
        write?.(r, ring);
        ring.written = index;
      }
      r.ringSrq(handle, index);
    });
  }

  #consume(op: Of<'arm'> | Of<'consume'>): void {
    const { driver, cqs } = this.#stage;
    const { number } = cqs[op.cq];
    const consumer = this.#duel.observer.taken(number);
    if (op.do === 'consume') driver.doorbell(0, DB_CQ_UPDATE_OFFSET, number, consumer % 65536);
    else driver.arm({ ...cqs[op.cq], consumer }, op.solicited);
    this.#duel.both(r => {
      const cq = r.cqs.get(number)!;
      if (op.do === 'consume') cq.consumer = consumer;
      else r.arm(cq, consumer, op.solicited);
    });
  }
}
