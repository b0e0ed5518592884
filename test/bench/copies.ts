// SPDX-License-Identifier: MIT
// Large COPY descriptors whose lists gather, scatter, or both, against one plain copy of as many bytes, sampled by turns.
import { Opcode } from '../../device/abi/generated/descriptors.js';
import type { Cq, Qp, Range } from '../support/work.js';
import { type Row, row } from './rows.js';
import { timed, type World } from './world.js';

const KIB = 1024;
const SIZES = [64 * KIB, 256 * KIB, 1024 * KIB, 4096 * KIB] as const;
/** Bytes that one sample moves at least, so that the clock does not matter. */
const SAMPLE_BYTES = 4096 * KIB;
const LARGEST = 4096 * KIB;
/** Entries of a gather or scatter list; different ones, so that their borders do not coincide. */
const GATHER = 13;
const SCATTER = 11;
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

  constructor(world: World) {
    const { driver } = world;
    this.#world = world;
    this.#cq = driver.createCq(driver.createEq(), 8);
    this.#qp = driver.channel({ sendCq: this.#cq, logDepth: 7, logStride: 9 });
    this.#from = driver.alloc(LARGEST + GATHER * GAP);
    this.#to = driver.alloc(LARGEST + SCATTER * GAP);
  }

  run(samples: number): Row[] {
    const rows: Row[] = [];
    for (const [name, gather, scatter] of SHAPES) {
      for (const bytes of SIZES) {
        const rates: number[] = [];
        const plain: number[] = [];
        for (let n = -Math.ceil(samples / 4); n < samples; n++) {
          const a = this.#adapter(bytes, gather, scatter);
          const b = this.#plain(bytes);
          if (n < 0) continue;
          rates.push(a);
          plain.push(b);
        }
        rows.push(row(`${name}, ${bytes / KIB} KiB`, 'GB/s', rates, plain));
      }
    }
    return rows;
  }

  #adapter(bytes: number, gather: number, scatter: number): number {
    const { driver } = this.#world;
    const count = SAMPLE_BYTES / bytes;
    for (let n = 0; n < count; n++)
      driver.post(this.#qp.send, {
        opcode: Opcode.COPY,
        gather: split(this.#from, bytes, gather),
        scatter: split(this.#to, bytes, scatter),
      });
    const seconds = timed(() => {
      driver.ringSend(this.#qp);
      this.#world.settle();
    });
    const found = driver.poll(this.#cq);
    if (found.length !== count || found.some(c => c.status !== 0)) throw new Error('copies went wrong');
    return SAMPLE_BYTES / seconds / 1e9;
  }

  #plain(bytes: number): number {
    const { u8 } = this.#world;
    const count = SAMPLE_BYTES / bytes;
    const seconds = timed(() => {
      for (let n = 0; n < count; n++) u8.copyWithin(this.#to, this.#from, this.#from + bytes);
    });
    return SAMPLE_BYTES / seconds / 1e9;
  }
}

/** `bytes` in `count` ranges of nearly the same length, with gaps between them. */
function split(address: number, bytes: number, count: number): Range[] {
  const ranges: Range[] = [];
  let at = address;
  for (let n = 0, left = bytes; n < count; n++) {
    const length = n === count - 1 ? left : Math.floor(bytes / count);
    ranges.push({ address: at, length });
    at += length + GAP;
    left -= length;
  }
  return ranges;
}
