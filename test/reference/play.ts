// SPDX-License-Identifier: MIT
// Plays a program: each thing that it does is done to the adapter, as a driver does it, and to the reference.
import * as c from '../../device/abi/generated/commands.js';
import { QpType } from '../../device/abi/generated/commands.js';
import {
  DB_CQ_UPDATE_OFFSET,
  DB_RECV_OFFSET,
  DB_SEND_OFFSET,
  PUSH_BUFFER_BYTES,
} from '../../device/abi/generated/registers.js';
import * as commands from './commands.js';
import { arm } from './completions.js';
import { type Descriptor, encode } from './descriptor.js';
import { Duel } from './duel.js';
import { compareFinal } from './final.js';
import { materialize, pageList } from './materialize.js';
import type { Qp, Ring } from './objects.js';
import { Disagreement, expectStatus, type Snapshot } from './observe.js';
import { Player } from './player.js';
import { Ids, writeEntry, writeReceive } from './posting.js';
import type { Op, Program, PushPlan, WorkPlan } from './program.js';
import type { Reference } from './reference.js';
import { ahead, next } from './rings.js';
import { SharedReceives } from './shared.js';
import type { Stage } from './stage.js';

type Of<Name extends Op['do']> = Extract<Op, { do: Name }>;

/** Numbers that no object has. */
const NOBODY = 0x3000;
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
  readonly #ids = new Ids();
  readonly #shared: SharedReceives;

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#duel = new Duel(stage);
    this.#player = new Player(stage, this.#duel, this.#qps);
    this.#shared = new SharedReceives(stage, this.#duel, this.#srqs, this.#ids);
  }

  get #reference(): Reference {
    return this.#duel.reference;
  }

  end(): Snapshot {
    this.#duel.conclude(r => compareFinal(this.#stage, r));
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
      case 'doorbell':
        return this.#doorbell(op);
      case 'createSrq':
      case 'destroySrq':
      case 'limitSrq':
      case 'srqRecv':
        return this.#shared.perform(op);
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
    this.#duel.both(r => expectStatus('DESTROY_QP', status, commands.destroyQp(r, number)));
  }

  // Work.

  #work(qp: Qp, plan: WorkPlan): Descriptor {
    return materialize(this.#stage, plan, {
      index: qp.send.written,
      wrId: this.#ids.next(),
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
    const write = writeEntry(this.#stage, qp.send, this.#stage.sendRings[op.qp], d)!;
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
      inMemory === undefined
        ? undefined
        : writeEntry(this.#stage, qp.send, this.#stage.sendRings[op.qp], inMemory);
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
    return materialize(this.#stage, { op: 'NOP' }, { ...d, wrId: this.#ids.next(), dest: 0 });
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

  #recv(op: Of<'recv'>): void {
    const qp = this.#qp(op.qp);
    const number = this.#qpn(op.qp);
    const ring = qp?.recv;
    const write = ring && writeReceive(this.#stage, ring, this.#stage.recvRings[op.qp], op, this.#ids.next());
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

  #consume(op: Of<'arm'> | Of<'consume'>): void {
    const { driver, cqs } = this.#stage;
    const { number } = cqs[op.cq];
    const consumer = this.#duel.observer.taken(number);
    if (op.do === 'consume') driver.doorbell(0, DB_CQ_UPDATE_OFFSET, number, consumer % 65536);
    else driver.arm({ ...cqs[op.cq], consumer }, op.solicited);
    this.#duel.both(r => {
      const cq = r.cqs.get(number)!;
      if (op.do === 'consume') cq.consumer = consumer;
      else arm(r, cq, consumer, op.solicited);
    });
  }
}
