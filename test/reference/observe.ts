// SPDX-License-Identifier: MIT
// What a driver can see of the adapter at one moment, and how it is compared with the reference.
import * as c from '../../device/abi/generated/commands.js';
import * as w from '../../device/abi/generated/descriptors.js';
import { CQE_SIZE, EQE_SIZE, EventType } from '../../device/abi/generated/descriptors.js';
import {
  DB_EQ_ARM_OFFSET,
  REG_COUNT_COMPLETIONS_OFFSET,
  REG_COUNT_DOORBELLS_OFFSET,
  REG_COUNT_IGNORED_OFFSET,
  REG_COUNT_PUSH_FALLBACKS_OFFSET,
  REG_COUNT_PUSHES_OFFSET,
  REG_COUNT_REFUSED_OFFSET,
} from '../../device/abi/generated/registers.js';
import type { AdapterEvent, Cqe, Qp } from './objects.js';
import type { Reference } from './reference.js';
import type { Stage } from './stage.js';

/** The adapter does something else than the reference. */
export class Disagreement extends Error {}

export interface QpView {
  readonly state: number;
  readonly sendProducer: number;
  readonly sendConsumer: number;
  readonly recvProducer: number;
  readonly recvConsumer: number;
  readonly errorStatus: number;
  readonly draining: number;
  readonly sqPsn: number;
  readonly rqPsn: number;
}

export interface Snapshot {
  /** By completion queue: everything that was ever written to it. */
  readonly completions: ReadonlyMap<number, readonly Cqe[]>;
  readonly events: readonly AdapterEvent[];
  readonly qps: ReadonlyMap<number, QpView>;
  readonly counters: Readonly<Record<keyof Reference['counters'], number>>;
  readonly ram: Uint8Array;
  /** Ranges of it that the adapter writes for its own purposes. */
  readonly own: Stage['own'];
}

const COUNTERS: Readonly<Record<keyof Reference['counters'], number>> = {
  doorbells: REG_COUNT_DOORBELLS_OFFSET,
  pushes: REG_COUNT_PUSHES_OFFSET,
  fallbacks: REG_COUNT_PUSH_FALLBACKS_OFFSET,
  ignored: REG_COUNT_IGNORED_OFFSET,
  refused: REG_COUNT_REFUSED_OFFSET,
  completions: REG_COUNT_COMPLETIONS_OFFSET,
};
const COUNTER_NAMES = Object.keys(COUNTERS) as (keyof typeof COUNTERS)[];

const ownerOf = (position: number, depth: number): number => 1 - (Math.floor(position / depth) % 2);

/** Takes down what the adapter shows, and reports events as taken. */
export class Observer {
  readonly #stage: Stage;
  readonly #completions: ReadonlyMap<number, Cqe[]>;
  readonly #events: AdapterEvent[] = [];

  constructor(stage: Stage) {
    this.#stage = stage;
    this.#completions = new Map(stage.cqs.map(cq => [cq.number, []]));
  }

  /** Completions that were ever written to the queue. */
  taken(cqn: number): number {
    return this.#completions.get(cqn)!.length;
  }

  look(qpns: Iterable<number>): Snapshot {
    const { driver, target, cqs } = this.#stage;
    for (const cq of cqs) this.#readCompletions(cq.number, cq.address, cq.depth);
    this.#readEvents();
    const qps = new Map([...qpns].map(n => [n, this.#queryQp(n)]));
    const counters = Object.fromEntries(
      COUNTER_NAMES.map(name => [name, driver.readRegister(COUNTERS[name])]),
    ) as Snapshot['counters'];
    const completions = new Map([...this.#completions].map(([n, list]) => [n, [...list]]));
    return {
      completions,
      events: [...this.#events],
      qps,
      counters,
      ram: target.memory.u8.slice(),
      own: this.#stage.own,
    };
  }

  #readCompletions(number: number, address: number, depth: number): void {
    const list = this.#completions.get(number)!;
    const { u32 } = this.#stage.target.memory;
    for (let n = 0; n < depth; n++) {
      const at = (address + (list.length % depth) * CQE_SIZE) / 4;
      if (w.cqeOwnerValid(u32, at) !== ownerOf(list.length, depth)) return;
      list.push(decodeCqe(u32, at));
    }
  }

  /** What software has not reported as taken stands where it would look for it, wherever the queue is now. */
  checkWaiting(number: number, from: number): void {
    const { address, depth } = this.#stage.cqs.find(cq => cq.number === number)!;
    const { u32 } = this.#stage.target.memory;
    this.#completions.get(number)!.forEach((cqe, n) => {
      const at = (address + (n % depth) * CQE_SIZE) / 4;
      if (n < from) return;
      same(`owner bit ${n} of completion queue ${number}`, w.cqeOwnerValid(u32, at), ownerOf(n, depth));
      same(`entry ${n} of completion queue ${number}`, decodeCqe(u32, at), cqe);
    });
  }

  #readEvents(): void {
    const { driver, eq, target } = this.#stage;
    const before = this.#events.length;
    for (;;) {
      const at = (eq.address + (this.#events.length % eq.depth) * EQE_SIZE) / 4;
      const { u32 } = target.memory;
      if (w.eqeOwnerValid(u32, at) !== ownerOf(this.#events.length, eq.depth)) break;
      this.#events.push({
        type: w.eqeType(u32, at),
        number: w.eqeNumber(u32, at),
        detail: w.eqeDetail(u32, at),
      });
    }
    if (this.#events.length > before)
      driver.doorbell(0, DB_EQ_ARM_OFFSET, eq.number, this.#events.length % 65536);
  }

  #queryQp(number: number): QpView {
    const { driver, target } = this.#stage;
    const status = driver.destroy(c.Command.QUERY_QP, number);
    if (status !== 0) throw new Disagreement(`QUERY_QP of ${number} ends with status ${status}`);
    const out = target.memory.u32;
    const at = (driver.mailbox + c.MAILBOX_OUTPUT_OFFSET) / 4;
    return {
      state: c.cmdQpOutState(out, at),
      sendProducer: c.cmdQpOutSendProducer(out, at),
      sendConsumer: c.cmdQpOutSendConsumer(out, at),
      recvProducer: c.cmdQpOutRecvProducer(out, at),
      recvConsumer: c.cmdQpOutRecvConsumer(out, at),
      errorStatus: c.cmdQpOutErrorStatus(out, at),
      draining: c.cmdQpOutDraining(out, at),
      sqPsn: c.cmdQpOutSqPsn(out, at),
      rqPsn: c.cmdQpOutRqPsn(out, at),
    };
  }
}

function decodeCqe(m: Uint32Array, at: number): Cqe {
  return {
    wrId: w.cqeWrIdLo(m, at),
    qpn: w.cqeQpn(m, at),
    byteCount: w.cqeByteCount(m, at),
    opcode: w.cqeOpcode(m, at),
    status: w.cqeStatus(m, at),
    index: w.cqeWqeIndex(m, at),
    srcQpn: w.cqeSrcQpn(m, at),
    receive: w.cqeOwnerRecv(m, at) === 1,
    solicited: w.cqeOwnerSolicited(m, at) === 1,
    immediate: w.cqeImmediate(m, at),
    withImmediate: w.cqeOwnerWithImmediate(m, at) === 1,
    withInvalidate: w.cqeOwnerWithInvalidate(m, at) === 1,
    grh: w.cqeOwnerGrh(m, at) === 1,
  };
}

/** Throws when two values are not the same, field by field in one order. */
export function same(what: string, actual: unknown, expected: unknown): void {
  const [a, e] = [JSON.stringify(actual), JSON.stringify(expected)];
  if (a !== e) throw new Disagreement(`${what}\n  adapter:   ${a}\n  reference: ${e}`);
}

/** Throws when the adapter and the reference differ in anything that the standard orders. */
export function compare(stage: Stage, actual: Snapshot, r: Reference): void {
  compareStates(actual, r);
  compareCompletions(actual, r);
  compareEvents(actual.events, r.events);
  same('counters', actual.counters, r.counters);
  compareMemory(stage, actual, r);
}

/** Within a completion queue the order between two work queues is not said. */
function compareCompletions(actual: Snapshot, r: Reference): void {
  for (const cq of r.cqs.values()) {
    const found = grouped(actual.completions.get(cq.number)!, cqe => `${cqe.qpn} ${cqe.receive}`);
    const wanted = grouped(cq.entries, cqe => `${cqe.qpn} ${cqe.receive}`);
    for (const key of new Set([...found.keys(), ...wanted.keys()])) {
      const [a, e] = [found.get(key) ?? [], wanted.get(key) ?? []];
      const which = `completion queue ${cq.number}, queue pair and receive ${key}`;
      for (let n = 0; n < Math.max(a.length, e.length); n++)
        same(`${which}, entry ${n}`, ordered(a[n]), ordered(e[n]));
    }
  }
}

/** With its fields in one order. */
const ordered = (cqe: Cqe | undefined): unknown =>
  cqe && Object.entries(cqe).sort(([a], [b]) => (a < b ? -1 : 1));

const OBJECT: Readonly<Record<number, string>> = {
  [EventType.COMPLETION]: 'cq',
  [EventType.CQ_ERROR]: 'cq',
  [EventType.SRQ_ERROR]: 'srq',
  [EventType.SRQ_LIMIT]: 'srq',
  [EventType.PORT_ACTIVE]: 'port',
  [EventType.PORT_ERROR]: 'port',
  [EventType.GID_CHANGE]: 'port',
};

function compareEvents(actual: readonly AdapterEvent[], expected: readonly AdapterEvent[]): void {
  const about = (e: AdapterEvent): string => `${OBJECT[e.type] ?? 'qp'} ${e.number}`;
  const [found, wanted] = [grouped(actual, about), grouped(expected, about)];
  for (const key of new Set([...found.keys(), ...wanted.keys()]))
    same(`events of ${key}`, found.get(key) ?? [], wanted.get(key) ?? []);
}

function grouped<T>(list: readonly T[], by: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of list) groups.set(by(one), [...(groups.get(by(one)) ?? []), one]);
  return groups;
}

function compareStates(actual: Snapshot, r: Reference): void {
  for (const qp of r.qps.values()) {
    const view = actual.qps.get(qp.number)!;
    same(`queue pair ${qp.number}`, view, { ...view, ...expectedView(qp) });
  }
}

/** What the standard says of the words of QUERY_QP in the present state. */
function expectedView(qp: Qp): Partial<QpView> {
  const { RTS, SQD } = c.QpState;
  const connected = qp.type === c.QpType.RC && (qp.state === RTS || qp.state === SQD);
  return {
    state: qp.state,
    sendProducer: qp.send.producer,
    sendConsumer: qp.send.consumer,
    ...(qp.recv === undefined ? {} : { recvProducer: qp.recv.producer, recvConsumer: qp.recv.consumer }),
    ...(qp.errorStatus === 0 ? {} : { errorStatus: qp.errorStatus }),
    draining: qp.draining ? 1 : 0,
    ...(connected && qp.active === undefined ? { sqPsn: qp.sqPsn, rqPsn: qp.rqPsn } : {}),
  };
}

function compareMemory(stage: Stage, { ram, own }: Snapshot, r: Reference): void {
  const { bytes, undefinedBytes } = r.memory;
  for (const [address, length] of own) bytes.set(ram.subarray(address, address + length), address);
  for (const at of undefinedBytes) bytes[at] = ram[at];
  undefinedBytes.clear();
  if (r.memory.tainted) bytes.set(ram);
  r.memory.tainted = false;
  if (Buffer.compare(bytes, ram) === 0) return;
  const at = bytes.findIndex((byte, n) => byte !== ram[n]);
  const inData = at - stage.data;
  throw new Disagreement(
    `memory at 0x${at.toString(16)} (data + ${inData})\n  adapter:   ${ram[at]}\n  reference: ${bytes[at]}`,
  );
}

/** A command has ended as the reference expects. */
export function expectStatus(what: string, status: number, expected: readonly number[]): void {
  if (!expected.includes(status))
    throw new Disagreement(`${what} ends with status ${status}, the reference expects ${expected}`);
}
