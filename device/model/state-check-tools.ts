// SPDX-License-Identifier: MIT
// What the parts of state-check.ts share: how damage is told, references between rows and how often each is used, the
// shapes of rings and address vectors.
import { WQE_STRIDE_MAX, WQE_STRIDE_MIN } from '../abi/generated/descriptors.js';
import * as s from '../abi/generated/state.js';
import { LOG_DEPTH_MAX, queueAligned } from './commands/context.js';
import { distance, pow2 } from './powers.js';
import { mrRow, NONE } from './rows.js';
import { allow, Segment } from './translate.js';

export const INDEX_MODULUS = 65536;
const STRIDE_LOG_MIN = Math.log2(WQE_STRIDE_MIN);
const STRIDE_LOG_MAX = Math.log2(WQE_STRIDE_MAX);
const FLOW_LABELS = 2 ** 20;
const BYTE_MAX = 255;
const MAC_HALF = 65536;
const SPORT_MIN = 0xc000;
const SPORT_MAX = 0xffff;

/** Thrown and caught in state-check.ts: what is wrong. */
export class Damage extends Error {}

export function demand(condition: boolean, what: string): void {
  if (!condition) throw new Damage(what);
}

export const isFlag = (value: number): boolean => value === 0 || value === 1;

/** Who refers to whom. */
export class References {
  readonly m: Uint32Array;
  /** References to each row, by its first word. */
  readonly #users = new Map<number, number>();
  readonly #owed: (readonly [row: number, users: number])[] = [];

  constructor(m: Uint32Array) {
    this.m = m;
  }

  /** A row that must exist; counts as a use of it. */
  uses(row: number, what: string): void {
    demand(row !== NONE, `no such ${what}`);
    this.#users.set(row, (this.#users.get(row) ?? 0) + 1);
  }

  /** The row says that it has so many users; they are counted when all rows have been seen. */
  counted(row: number, users: number): void {
    this.#owed.push([row, users]);
  }

  counts(): void {
    for (const [row, users] of this.#owed)
      demand((this.#users.get(row) ?? 0) === users, 'an object is not used as often as it says');
  }

  /** A queue buffer that lies in the region that its key names. `pd` undefined: in that of the region. */
  buffer(key: number, pd: number | undefined, address: number, bytes: number, write: boolean): void {
    const { m } = this;
    const mr = mrRow(m, key);
    this.uses(mr, 'memory region');
    demand(queueAligned(address), 'buffer');
    const range = new Segment().of(address, bytes);
    demand(allow(m, key, pd ?? s.mrPd(m, mr), range, write) !== NONE, 'buffer');
  }

  /** A work queue. */
  ring(key: number, pd: number, address: number, logDepth: number, logStride: number): void {
    checkDepth(logDepth);
    demand(logStride >= STRIDE_LOG_MIN && logStride <= STRIDE_LOG_MAX, 'stride');
    this.buffer(key, pd, address, pow2(logDepth + logStride), false);
  }
}

export function checkDepth(log: number): void {
  demand(log >= 1 && log <= LOG_DEPTH_MAX, 'depth');
}

export function checkIndices(producer: number, consumer: number, log: number): void {
  demand(producer < INDEX_MODULUS && consumer < INDEX_MODULUS, 'indices');
  demand(distance(producer, consumer) <= pow2(log), 'more posted than there is room for');
}

/** The address vector of an address handle, or of a queue pair seen as one. */
export function checkVector(m: Uint32Array, row: number): void {
  demand(s.ahSgidIndex(m, row) < s.GID_COUNT && s.ahFlowLabel(m, row) < FLOW_LABELS, 'address');
  demand(s.ahHopLimit(m, row) <= BYTE_MAX && s.ahTrafficClass(m, row) <= BYTE_MAX, 'address');
  const port = s.ahUdpSport(m, row);
  demand(port === 0 || (port >= SPORT_MIN && port <= SPORT_MAX), 'address');
  demand(s.ahDmacHi(m, row) < MAC_HALF, 'address');
}
