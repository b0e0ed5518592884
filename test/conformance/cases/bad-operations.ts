// SPDX-License-Identifier: MIT
// Every operation on every type of queue pair that does not have it, and with everything in its descriptor that it does
// not use: refused before anything moves, by doorbell and by push.
import assert from 'node:assert/strict';
import {
  Access,
  Command,
  CommandCode,
  QpFlag,
  QpState,
  QpType,
} from '../../../device/abi/generated/commands.js';
import { Opcode, WcStatus, WqeFlag } from '../../../device/abi/generated/descriptors.js';
import { type Kind, OPERATIONS, partsOf } from '../../hostile/oracle.js';
import { assertBytes, filled, finish, makeQueues, outcomes } from '../../support/bench.js';
import type { Driver } from '../../support/driver.js';
import type { Cq, Qp, Range, Work } from '../../support/work.js';
import type { Case } from '../case.js';

const { LOC_LEN_ERR, LOC_QP_OP_ERR, SUCCESS } = WcStatus;
const BYTES = 8192;
const ALL_RIGHTS = 15;

const TYPES: Readonly<Record<Exclude<Kind, 'receive'>, number>> = {
  ...{ rc: QpType.RC, dma: QpType.DMA, uc: QpType.UC, ud: QpType.UD, gsi: QpType.GSI },
};
type SendKind = keyof typeof TYPES;
const KINDS = Object.keys(TYPES) as SendKind[];
/** What a local error does to the send queue: RC and DMA stop, the others may be started again. */
const STOPPED: readonly SendKind[] = ['rc', 'dma'];

class Bench {
  readonly d: Driver;
  readonly cq: Cq;
  readonly memory: { address: number; bytes: Uint8Array };
  readonly #ah: number;
  /** Key of all memory with every right of a peer. */
  readonly #open: number;

  constructor(d: Driver) {
    this.d = d;
    this.cq = makeQueues(d).cq;
    this.memory = filled(d, BYTES, 4);
    this.#ah = d.createAh();
    this.#open = d.registerWhole(d.pd, ALL_RIGHTS);
  }

  /** A queue pair that is ready to send; connected to itself, if it is connected. */
  qp(kind: SendKind, flags: number = QpFlag.PRIVILEGED): Qp {
    const qp = this.d.createQp({ sendCq: this.cq, type: TYPES[kind], flags, logDepth: 2, logStride: 9 });
    this.d.connect(qp, qp.number);
    return qp;
  }

  range(offset = 0, length = 8): Range {
    return { address: this.memory.address + offset, length };
  }

  /** The operation with what it needs, and nothing else. */
  sound(opcode: number, kind: Kind): Work {
    const parts = partsOf(opcode, kind);
    const remote = { address: this.memory.address + 64, key: this.#open };
    const registration = { iova: 0, length: 1, pageList: 0, pageCount: 1, access: Access.LOCAL_WRITE };
    return {
      opcode,
      ...(parts.has('gather') ? { gather: [this.range()] } : {}),
      ...(parts.has('scatter') ? { scatter: [this.range(16)] } : {}),
      ...(parts.has('low') ? { key: 3 } : {}),
      ...(parts.has('remote') ? { remote } : {}),
      ...(parts.has('atomic') ? { swapAdd: [1, 0] as const } : {}),
      ...(parts.has('address') ? { to: { ah: this.#ah, qpn: 2, qkey: 1 } } : {}),
      ...(parts.has('registration') ? { registration } : {}),
    };
  }

  /** The descriptor ends in `status`, its queue in the right state, and memory is as it was. */
  refuse(kind: SendKind, work: Work, status: number, what: string, flags?: number): void {
    const { d, cq } = this;
    for (const how of ['doorbell', 'push'] as const) {
      const title = `${kind}, opcode ${work.opcode}: ${what} (${how})`;
      const qp = this.qp(kind, flags);
      if (how === 'push') d.push(qp, { ...work, wrId: 9 }, { memory: null });
      else d.send(qp, { ...work, wrId: 9 });
      assert.deepEqual(outcomes(finish(d, cq)), [[9, status]], title);
      const state = STOPPED.includes(kind) ? QpState.ERR : QpState.SQE;
      assert.equal(d.queryQp(qp).state, state, title);
      assertBytes(d, this.memory.address, this.memory.bytes, title);
      assert.equal(d.destroy(Command.DESTROY_QP, qp.number), CommandCode.OK);
    }
  }
}

/** What an operation may not have: the part that would allow it, and what is put in. */
const STRANGERS: readonly (readonly [part: string, what: string, patch: (b: Bench) => Partial<Work>])[] = [
  ['gather', 'a gather entry', b => ({ gather: [b.range()] })],
  ['scatter', 'a scatter entry', b => ({ scatter: [b.range(16)] })],
  ['low', 'a low operand', () => ({ poke: [[4, 1]] })],
  ['high', 'a high operand', () => ({ poke: [[5, 0x80000000]] })],
  ['remote', 'a remote address', () => ({ poke: [[6, 1]] })],
  ['remote', 'the high half of one', () => ({ poke: [[7, 0x80000000]] })],
  ['inline', 'inline data', () => ({ inline: new Uint8Array(8) })],
];

const kindOf = (opcode: number): SendKind => OPERATIONS.get(opcode)![0].split(' ')[0] as SendKind;
const OPCODES = [...OPERATIONS.keys()].filter(opcode => opcode !== Opcode.RECV);

const strangers: Case = {
  name: 'every operation with everything in its descriptor that it does not use',
  run({ driver }) {
    const b = new Bench(driver);
    for (const opcode of OPCODES) {
      const kind = kindOf(opcode);
      const parts = partsOf(opcode, kind);
      const work = b.sound(opcode, kind);
      for (const [part, what, patch] of STRANGERS)
        if (!parts.has(part)) b.refuse(kind, { ...work, ...patch(b) }, LOC_QP_OP_ERR, what);
      b.refuse(kind, { ...work, flags: 0x11 }, LOC_QP_OP_ERR, 'an unknown flag');
      b.refuse(kind, { ...work, inlineLength: 4 }, LOC_QP_OP_ERR, 'a length of inline data alone');
      b.refuse(kind, { ...work, index: 1 }, LOC_QP_OP_ERR, 'another index');
    }
  },
};

const wrongTypes: Case = {
  name: 'every operation on every type of queue pair that does not have it',
  run({ driver }) {
    const b = new Bench(driver);
    for (const opcode of OPCODES) {
      const queues = OPERATIONS.get(opcode)![0].split(' ');
      for (const kind of KINDS)
        if (!queues.includes(kind)) b.refuse(kind, b.sound(opcode, kindOf(opcode)), LOC_QP_OP_ERR, 'type');
    }
    for (const kind of ['rc', 'uc'] as const)
      for (const opcode of [Opcode.LOCAL_INV, Opcode.FAST_REG])
        b.refuse(kind, b.sound(opcode, kind), LOC_QP_OP_ERR, 'not privileged', 0);
    for (const opcode of [13, 14, 15, Opcode.RECV, Opcode.RECV_RDMA_WITH_IMM, 18, 255])
      for (const kind of KINDS) b.refuse(kind, { opcode }, LOC_QP_OP_ERR, 'no such operation');
  },
};

const details: Case = {
  name: 'extensions, inline data and lengths that cannot be',
  run({ driver }) {
    const b = new Bench(driver);
    const { SEND, SEND_IMM, RDMA_WRITE, RDMA_READ, CMP_SWAP, FETCH_ADD, FAST_REG } = Opcode;
    const add = b.sound(FETCH_ADD, 'rc');
    b.refuse('rc', { ...add, compare: [1, 0] }, LOC_QP_OP_ERR, 'something to compare');
    b.refuse('rc', { ...add, compare: [0, 1] }, LOC_QP_OP_ERR, 'something to compare, high');
    for (const opcode of [CMP_SWAP, FETCH_ADD])
      for (const lengths of [[7], [9], [], [8, 1], [4, 3]]) {
        const scatter = lengths.map((length, n) => b.range(100 + n * 16, length));
        b.refuse('rc', { ...b.sound(opcode, 'rc'), scatter }, LOC_LEN_ERR, `${lengths} bytes of result`);
      }
    const register = b.sound(FAST_REG, 'rc');
    b.refuse('rc', { ...register, poke: [[15, 0x10c01]] }, LOC_QP_OP_ERR, 'reserved bytes');
    for (const opcode of [SEND, SEND_IMM]) {
      const send = b.sound(opcode, 'ud');
      b.refuse('ud', { ...send, poke: [[11, 1]] }, LOC_QP_OP_ERR, 'a reserved word');
      b.refuse('ud', { ...send, gather: [b.range(0, 4097)] }, LOC_LEN_ERR, 'more than one packet');
      b.refuse('gsi', { ...send, gather: [b.range(0, 4096), b.range(0, 1)] }, LOC_LEN_ERR, 'the same');
    }
    for (const opcode of [SEND, RDMA_WRITE]) {
      const { gather: _, ...work } = b.sound(opcode, 'rc');
      b.refuse(
        'rc',
        { ...work, inline: new Uint8Array(8), gatherCount: 1 },
        LOC_QP_OP_ERR,
        'both kinds of data',
      );
      b.refuse(
        'rc',
        { ...work, inline: new Uint8Array(8), inlineLength: 481 },
        LOC_QP_OP_ERR,
        'beyond the stride',
      );
      b.refuse('rc', { ...work, gather: Array(2).fill(b.range(0, 0x40000001)) }, LOC_LEN_ERR, 'over 2 GiB');
    }
    const read = { ...b.sound(RDMA_READ, 'rc'), scatter: Array(2).fill(b.range(0, 0x40000001)) };
    b.refuse('rc', read, LOC_LEN_ERR, 'over 2 GiB');
    b.refuse('rc', { ...register, gatherCount: 0, flags: WqeFlag.INLINE | 1 }, LOC_QP_OP_ERR, 'inline');
  },
};

const good: Case = {
  name: 'the same descriptors without what is wrong with them are accepted',
  run({ driver }) {
    const b = new Bench(driver);
    const { d, cq } = b;
    for (const opcode of OPCODES) {
      const kind = kindOf(opcode);
      if (partsOf(opcode, kind).has('kernel') || opcode === Opcode.SEND_INV) continue;
      const qp = b.qp(kind);
      const needsReceive = [Opcode.SEND, Opcode.SEND_IMM, Opcode.RDMA_WRITE_IMM].includes(opcode as 1);
      if (needsReceive) d.recv(qp, [b.range(128)]);
      d.send(qp, { ...b.sound(opcode, kind), wrId: 5, flags: WqeFlag.SIGNALED | WqeFlag.FENCE });
      const sent = finish(d, cq).filter(cqe => !cqe.receive);
      assert.deepEqual(outcomes(sent), [[5, SUCCESS]], `opcode ${opcode}`);
      assert.equal(d.destroy(Command.DESTROY_QP, qp.number), CommandCode.OK);
    }
  },
};

export const operationCases: readonly Case[] = [strangers, wrongTypes, details, good];
