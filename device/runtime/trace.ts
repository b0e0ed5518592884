// SPDX-License-Identifier: MIT
// Trace points of the device: the last few thousand things that happened, in a ring of words. A point costs some
// nanoseconds and no allocation, so tracing can stay on; the text is made when somebody asks for it.
import type { Clock } from '../model/ports.js';

/** Codes of the points. WRITE and READ are the ring's operation codes. */
export const TracePoint = {
  WRITE: 1,
  READ: 2,
  DROPPED: 3,
  INTERRUPT: 4,
  CONTROL: 5,
  SESSION: 6,
} as const;

/** Names of the words that a point carries, in order. */
const POINTS: Readonly<Record<number, { name: string; fields: readonly string[] }>> = {
  [TracePoint.WRITE]: { name: 'write', fields: ['bar', 'offset', 'size', 'lo', 'hi'] },
  [TracePoint.READ]: { name: 'read', fields: ['bar', 'offset', 'size', 'lo', 'hi'] },
  [TracePoint.DROPPED]: { name: 'dropped', fields: ['bar', 'offset', 'size', 'lo', 'hi'] },
  [TracePoint.INTERRUPT]: { name: 'interrupt', fields: ['vector'] },
  [TracePoint.CONTROL]: { name: 'control', fields: ['event', 'value'] },
  [TracePoint.SESSION]: { name: 'session', fields: ['begin'] },
};

/** Kinds of control events in trace records. */
export const TRACED_EVENTS = [
  'bus-master',
  'msix',
  'intx-disable',
  'function-reset',
  'bus-reset',
  'run',
  'stop',
  'power',
];

const RECORD_WORDS = 8;
const TIME_HI = 2 ** 32;

export interface TraceRecord {
  readonly timeNs: number;
  readonly point: string;
  readonly fields: Readonly<Record<string, number | string>>;
}

export class Trace {
  enabled = true;
  readonly #words: Uint32Array;
  readonly #mask: number;
  readonly #clock: Clock;
  #next = 0;
  #timeLo = 0;
  #timeHi = 0;
  #turnIsNew = true;

  /** Keeps the last `capacity` points, a power of two. */
  constructor(clock: Clock, capacity = 4096) {
    this.#clock = clock;
    this.#mask = capacity - 1;
    this.#words = new Uint32Array(capacity * RECORD_WORDS);
  }

  /** Points that were recorded since the start or the last clear; older ones have been overwritten. */
  get recorded(): number {
    return this.#next;
  }

  /** Points up to the next call share one time: looking at the clock costs more than all the rest. */
  newTurn(): void {
    this.#turnIsNew = true;
  }

  point(code: number, a = 0, b = 0, c = 0, d = 0, e = 0): void {
    if (this.#turnIsNew) {
      const now = this.#clock.nowNs();
      this.#timeHi = Math.floor(now / TIME_HI);
      this.#timeLo = now - this.#timeHi * TIME_HI;
      this.#turnIsNew = false;
    }
    const m = this.#words;
    const w = (this.#next & this.#mask) * RECORD_WORDS;
    m[w] = this.#timeLo;
    m[w + 1] = this.#timeHi;
    m[w + 2] = code;
    m[w + 3] = a;
    m[w + 4] = b;
    m[w + 5] = c;
    m[w + 6] = d;
    m[w + 7] = e;
    this.#next++;
  }

  clear(): void {
    this.#next = 0;
  }

  /** What is still there, oldest first. */
  records(): TraceRecord[] {
    const first = Math.max(0, this.#next - this.#mask - 1);
    return Array.from({ length: this.#next - first }, (_, i) => this.#record(first + i));
  }

  #record(index: number): TraceRecord {
    const m = this.#words;
    const w = (index & this.#mask) * RECORD_WORDS;
    const point = POINTS[m[w + 2]!]!;
    const fields = Object.fromEntries(point.fields.map((name, i) => [name, fieldValue(name, m[w + 3 + i]!)]));
    return { timeNs: m[w]! + m[w + 1]! * TIME_HI, point: point.name, fields };
  }
}

function fieldValue(name: string, value: number): number | string {
  return name === 'event' ? (TRACED_EVENTS[value] ?? value) : value;
}

function fieldText([name, value]: [string, number | string]): string {
  const text =
    typeof value === 'number' && name !== 'bar' && name !== 'size' ? `0x${value.toString(16)}` : `${value}`;
  return `${name}=${text}`;
}

/** One line a record, time in microseconds since the first. */
export function traceText(records: readonly TraceRecord[]): string {
  const start = records[0]?.timeNs ?? 0;
  const line = (r: TraceRecord): string => {
    const time = ((r.timeNs - start) / 1000).toFixed(3).padStart(14);
    return `${time} µs  ${r.point.padEnd(9)} ${Object.entries(r.fields).map(fieldText).join(' ')}`;
  };
  return records.map(r => `${line(r)}\n`).join('');
}
