// SPDX-License-Identifier: MIT
// Large COPY descriptors whose lists gather, scatter, or both, against one plain copy of as many bytes, sampled by turns:
// once over memory that no cache holds, as a DMA engine meets it, and once over the same bytes again and again. A second
// row has beside it a plain loop that copies the very same ranges, piece by piece: what is missing there is the adapter's,
// the rest of what is missing beside the one copy is what pieces cost any processor.
import { Opcode } from '../../device/abi/generated/descriptors.js';
import type { Cq, Qp, Range } from '../support/work.js';
import { type Row, row } from './rows.js';
import { timed, type World } from './world.js';

const KIB = 1024;
const SIZES = [64 * KIB, 256 * KIB, 1024 * KIB, 4096 * KIB] as const;
/** Bytes that one sample moves at least, so that the clock does not matter. */
const SAMPLE_BYTES = 4096 * KIB;
const LARGEST = 4096 * KIB;
/** Places by turns, on each side: together more than a cache holds. */
const PLACES = 16;
const PLACE_BYTES = LARGEST + 64 * KIB;
/** Entries of a gather or scatter list; different ones, so that few of their borders coincide. */
const GATHER = 16;
const SCATTER = 11;
/** Ranges are as aligned as buffers in a driver are. */
const UNIT = 64;
const GAP = 192;

const SHAPES = [
  ['gather', GATHER, 1],
  ['scatter', 1, SCATTER],
  ['gather and scatter', GATHER, SCATTER],
] as const;

export class Copies {
  static readonly title = 'copies';
  readonly #world: World;
  readonly #cq: Cq;
  readonly #qp: Qp;
  readonly #from: number;
  readonly #to: number;
  #offset = 0;

  constructor(world: World) {
    const { driver } = world;
    this.#world = world;
    this.#cq = driver.createCq(driver.createEq(), 8);
    this.#qp = driver.channel({ sendCq: this.#cq, logDepth: 7, logStride: 9 });
    this.#from = driver.alloc(PLACES * PLACE_BYTES);
    this.#to = driver.alloc(PLACES * PLACE_BYTES);
  }

  run(samples: number): Row[] {
    const rows: Row[] = [];
    // Until the code is compiled for all shapes.
    for (const [, gather, scatter] of SHAPES)
      this.#rows('', samples, { bytes: SIZES[0], gather, scatter, cached: false });
    for (const cached of [false, true]) {
      for (const [name, gather, scatter] of SHAPES) {
        for (const bytes of SIZES) {
          const title = `${name}, ${bytes / KIB} KiB${cached ? ', cached' : ''}`;
          rows.push(...this.#rows(title, samples, { bytes, gather, scatter, cached }));
        }
      }
    }
    return rows;
  }

  #rows(name: string, samples: number, shape: Shape): Row[] {
    const rates: number[] = [];
    const plain: number[] = [];
    const pieces: number[] = [];
    for (let n = -Math.ceil(samples / 4); n < samples; n++) {
      const adapter = this.#adapter(shape);
      const copy = this.#plain(shape);
      const loop = this.#pieces(shape);
      if (n < 0) continue;
      rates.push(adapter);
      plain.push(copy);
      pieces.push(loop);
    }
    return [
      row(name, 'GB/s', rates, plain),
      row('  the same beside a loop over its ranges', 'GB/s', rates, pieces),
    ];
  }

  /** Where the next copy goes from and to, as an offset. Pieces of a place follow each other; places take turns. */
  #next({ bytes, cached }: Shape): number {
    if (cached) return 0;
    this.#offset += bytes;
    if ((this.#offset % PLACE_BYTES) + bytes + GATHER * GAP > PLACE_BYTES)
      this.#offset = Math.ceil(this.#offset / PLACE_BYTES) * PLACE_BYTES;
    if (this.#offset >= PLACES * PLACE_BYTES) this.#offset = 0;
    return this.#offset;
  }

  #adapter(shape: Shape): number {
    const { driver } = this.#world;
    const count = SAMPLE_BYTES / shape.bytes;
    for (let n = 0; n < count; n++) {
      const at = this.#next(shape);
      driver.post(this.#qp.send, {
        opcode: Opcode.COPY,
        gather: split(this.#from + at, shape.bytes, shape.gather),
        scatter: split(this.#to + at, shape.bytes, shape.scatter),
      });
    }
    const seconds = timed(() => {
      driver.ringSend(this.#qp);
      this.#world.settle();
    });
    const found = driver.poll(this.#cq);
    if (found.length !== count || found.some(c => c.status !== 0)) throw new Error('copies went wrong');
    return SAMPLE_BYTES / seconds / 1e9;
  }

  #plain(shape: Shape): number {
    const { u8 } = this.#world;
    const count = SAMPLE_BYTES / shape.bytes;
    const places = Array.from({ length: count }, () => this.#next(shape));
    const seconds = timed(() => {
      for (const at of places) u8.copyWithin(this.#to + at, this.#from + at, this.#from + at + shape.bytes);
    });
    return SAMPLE_BYTES / seconds / 1e9;
  }

  /** A plain loop over the ranges that the adapter would have. */
  #pieces(shape: Shape): number {
    const { u8 } = this.#world;
    const count = SAMPLE_BYTES / shape.bytes;
    const pieces = Array.from({ length: count }, () => this.#next(shape)).flatMap(at =>
      meet(
        split(this.#from + at, shape.bytes, shape.gather),
        split(this.#to + at, shape.bytes, shape.scatter),
      ),
    );
    const seconds = timed(() => {
      for (const { from, to, length } of pieces) u8.copyWithin(to, from, from + length);
    });
    return SAMPLE_BYTES / seconds / 1e9;
  }
}

interface Piece {
  readonly from: number;
  readonly to: number;
  readonly length: number;
}

interface Shape {
  readonly bytes: number;
  readonly gather: number;
  readonly scatter: number;
  readonly cached: boolean;
}

/** `bytes` in `count` ranges of nearly the same length, with gaps between them. */
function split(address: number, bytes: number, count: number): Range[] {
  const ranges: Range[] = [];
  let at = address;
  for (let n = 0, left = bytes; n < count; n++) {
    const length = n === count - 1 ? left : Math.floor(bytes / count / UNIT) * UNIT;
    ranges.push({ address: at, length });
    at += length + GAP;
    left -= length;
  }
  return ranges;
}

/** The pieces of a copy from one list to another, each within one range of both. */
function meet(gather: readonly Range[], scatter: readonly Range[]): Piece[] {
  const pieces: Piece[] = [];
  for (let g = 0, s = 0, from = 0, to = 0; g < gather.length && s < scatter.length; ) {
    const length = Math.min(gather[g].length - from, scatter[s].length - to);
    pieces.push({ from: gather[g].address + from, to: scatter[s].address + to, length });
    from += length;
    to += length;
    if (from === gather[g].length) [g, from] = [g + 1, 0];
    if (to === scatter[s].length) [s, to] = [s + 1, 0];
  }
  return pieces;
}
