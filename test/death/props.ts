// SPDX-License-Identifier: MIT
// What scenarios have in common: a connected pair of queue pairs with completion queues of their own (so that the order
// between queues, which a restart may change, is not part of what is compared), a DMA channel, filled memory.
import assert from 'node:assert/strict';
import { Mtu } from '../../device/abi/generated/commands.js';
import { Opcode } from '../../device/abi/generated/descriptors.js';
import { pattern } from '../support/bench.js';
import type { Cq, Qp, Range, Work } from '../support/work.js';
import type { Stage } from './enumerate.js';

export interface Pair {
  readonly a: Qp;
  readonly b: Qp;
  readonly aCq: Cq;
  readonly bCq: Cq;
  /** Filled with a pattern, and empty. */
  readonly source: number;
  readonly target: number;
}

const BUFFER_BYTES = 12288;
const LOG_DEPTH = 3;

export interface PairOptions {
  mtu?: number;
  page?: number;
  logDepth?: number;
  cqLogDepth?: number;
  /** Flags of CREATE_QP, and stride of the queues. */
  flags?: number;
  logStride?: number;
}

export function pair(stage: Stage, o: PairOptions = {}): Pair {
  const { driver } = stage;
  const eq = stage.eq(1);
  const logDepth = o.logDepth ?? LOG_DEPTH;
  const page = o.page ?? 0;
  const aCq = driver.createCq(eq, o.cqLogDepth ?? 4, page);
  const bCq = driver.createCq(eq, o.cqLogDepth ?? 4, page);
  const { flags = 0, logStride = 8 } = o;
  const a = driver.createQp({ sendCq: aCq, logDepth, page, flags, logStride });
  const b = driver.createQp({ sendCq: bCq, logDepth, page, flags, logStride });
  const mtu = o.mtu ?? Mtu.MTU_256;
  driver.connect(a, b.number, mtu, 0xfffffe);
  driver.connect(b, a.number, mtu, 0xfffffe);
  driver.arm(aCq);
  driver.arm(bCq);
  driver.armEq(eq);
  return { a, b, aCq, bCq, ...buffers(stage) };
}

export interface Channel {
  readonly qp: Qp;
  readonly cq: Cq;
  readonly source: number;
  readonly target: number;
}

export function channel(stage: Stage, page = 0): Channel {
  const { driver } = stage;
  const eq = stage.eq(2);
  const cq = driver.createCq(eq, 4, page);
  const qp = driver.channel({ sendCq: cq, logDepth: LOG_DEPTH, page });
  driver.arm(cq);
  driver.armEq(eq);
  return { qp, cq, ...buffers(stage) };
}

function buffers({ driver, target }: Stage): { source: number; target: number } {
  const source = driver.alloc(BUFFER_BYTES);
  target.writeBytes(source, pattern(BUFFER_BYTES, source));
  return { source, target: driver.alloc(BUFFER_BYTES) };
}

/** Consecutive ranges of these lengths, `gap` bytes apart. */
export function ranges(address: number, lengths: readonly number[], gap = 0): Range[] {
  let at = address;
  return lengths.map(length => {
    const range = { address: at, length };
    at += length + gap;
    return range;
  });
}

export const send = (gather: Range[], rest: Partial<Work> = {}): Work => ({
  opcode: Opcode.SEND,
  gather,
  ...rest,
});
export const copy = (gather: Range[], scatter: Range[], rest: Partial<Work> = {}): Work => ({
  opcode: Opcode.COPY,
  gather,
  scatter,
  ...rest,
});
export const fill = (scatter: Range[], rest: Partial<Work> = {}): Work => ({
  opcode: Opcode.FILL,
  scatter,
  pattern: [0x44332211, 0x88776655],
  ...rest,
});

/** The completions that the scenario is about are there: a scenario that does something else proves nothing. */
export function expect({ driver }: Stage, cq: Cq, ...statuses: number[]): void {
  const { consumer } = cq;
  const found = driver.poll(cq, false).map(c => c.status);
  cq.consumer = consumer;
  assert.deepEqual(found, statuses);
}
