// SPDX-License-Identifier: MIT
// What the reference knows of the adapter's objects: plain data, no rows, no words, no journal.
import type { Descriptor } from './descriptor.js';

export interface Region {
  readonly index: number;
  key: number;
  pd: number;
  readonly kind: 'list' | 'whole' | 'fast';
  access: number;
  iova: number;
  length: number;
  /** Bus addresses, in order; none for all of memory. */
  pages: readonly number[];
  pageBytes: number;
  /** FAST: between FAST_REG and invalidation. */
  valid: boolean;
  /** FAST: pages at most. */
  readonly room: number;
}

export interface Cqe {
  readonly wrId: number;
  readonly qpn: number;
  readonly byteCount: number;
  readonly opcode: number;
  readonly status: number;
  readonly index: number;
  readonly srcQpn: number;
  readonly receive: boolean;
  readonly solicited: boolean;
  readonly immediate: number;
  readonly withImmediate: boolean;
  readonly withInvalidate: boolean;
  readonly grh: boolean;
}

export interface Cq {
  readonly number: number;
  depth: number;
  readonly entries: Cqe[];
  /** Entries that software has reported as taken. */
  consumer: number;
  overflowed: boolean;
  armed: 'no' | 'any' | 'solicited';
  /** Moderation: it tells after so many completions that count, or so long after the first of them. */
  count: number;
  periodUs: number;
  /** Those that have come since it was armed, and when the period of the first ends. */
  gathered: number;
  tellAt: number;
}

export interface Ring {
  readonly depth: number;
  readonly stride: number;
  /** What stands in memory, by place. */
  readonly entries: Descriptor[];
  /** Index after the last entry that software has put into memory. */
  written: number;
  /** Index after the last entry that the adapter was told of. */
  producer: number;
  consumer: number;
}

export interface Srq {
  readonly number: number;
  readonly pd: number;
  readonly ring: Ring;
  limit: number;
}

/** A receive that a message has taken. */
export interface Taken {
  readonly d: Descriptor;
  readonly index: number;
  readonly room: number;
  readonly pd: number;
}

/** A message of several packets that is coming in. */
export interface Incoming {
  readonly kind: 'send' | 'write';
  readonly receive: Taken | undefined;
  /** Bytes that have come. */
  done: number;
  /** WRITE: where it goes, and bytes of all of it. */
  readonly key: number;
  readonly address: number;
  readonly length: number;
}

/** How far a queue pair has come with a descriptor. A run says after each packet or slice what it did. */
export type Progress = 'step' | 'wait';
export type Run = Generator<Progress, number, void>;

export interface Active {
  readonly d: Descriptor;
  readonly run: Run;
  /** A packet or slice is done. */
  begun: boolean;
}

export const NO_COUNTERS = {
  txMessages: 0,
  txBytes: 0,
  rxMessages: 0,
  rxBytes: 0,
  pushed: 0,
  rung: 0,
  errors: 0,
  flushed: 0,
  rxRequests: 0,
  rxDropped: 0,
};
export type Counters = typeof NO_COUNTERS;

/** Of a doorbell page: how each doorbell and each trailer ended. */
export const NO_PAGE_COUNTERS = { doorbells: 0, pushes: 0, fallbacks: 0, ignored: 0, refused: 0 };
export type PageCounters = typeof NO_PAGE_COUNTERS;

export interface Qp {
  readonly number: number;
  readonly type: number;
  readonly pd: number;
  readonly page: number;
  readonly sendCq: Cq;
  readonly recvCq: Cq | undefined;
  readonly srq: Srq | undefined;
  readonly privileged: boolean;
  readonly send: Ring;
  readonly recv: Ring | undefined;
  /** Pushed descriptors that wait, by index. */
  readonly pushed: Map<number, { readonly d: Descriptor; readonly arrival: number }>;
  state: number;
  dest: number;
  /** The connection is between addresses of IPv6. */
  ip6: boolean;
  mtuBytes: number;
  sqPsn: number;
  rqPsn: number;
  access: number;
  qkey: number;
  maxRdAtomic: number;
  maxDestRdAtomic: number;
  sqdEvent: boolean;
  /** SQD: what has begun goes on. */
  draining: boolean;
  established: boolean;
  lastWqeTold: boolean;
  errorStatus: number;
  active: Active | undefined;
  incoming: Incoming | undefined;
  /** A receive of the shared queue that a message had taken which was dropped: the next message has it. */
  kept: Taken | undefined;
  /** It could do nothing when it was tried last. */
  stuck: boolean;
  readonly counters: Counters;
}

export interface AddressHandle {
  readonly handle: number;
  readonly pd: number;
  /** Whether somebody answers at its address. */
  known: boolean;
  ip6: boolean;
}

export interface AdapterEvent {
  readonly type: number;
  readonly number: number;
  readonly detail: number;
}
