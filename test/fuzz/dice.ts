// SPDX-License-Identifier: MIT
// Random numbers from a seed, fast and good enough to choose by: sfc32 (C. Doty-Humphrey, PractRand).

/** Values at which things tend to go wrong, whatever the field. */
const EDGES: readonly number[] = [
  0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 511, 512, 1023, 1024, 4095, 4096, 4097,
  0x7fff, 0x8000, 0xffff, 0x10000, 0x10001, 0xfffff, 0x100000, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000,
  0xfffffffe, 0xffffffff,
];

export class Dice {
  #a: number;
  #b = 0x9e3779b9 | 0;
  #c = 0x243f6a88 | 0;
  #n = 1;

  constructor(seed: number) {
    this.#a = seed | 0;
    for (let i = 0; i < 12; i++) this.word();
  }

  /** 32 random bits, unsigned. */
  word(): number {
    const t = (this.#a + this.#b + this.#n++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    this.#c |= 0;
    return t >>> 0;
  }

  /** An integer from 0 to n - 1. */
  below(n: number): number {
    return Math.floor((this.word() / 2 ** 32) * n);
  }

  /** True once in n times. */
  oneIn(n: number): boolean {
    return this.below(n) === 0;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  /** A 32-bit value: small, at an edge, a single bit, or anything. */
  value(): number {
    switch (this.below(5)) {
      case 0:
        return this.below(8);
      case 1:
      case 2:
        return this.pick(EDGES);
      case 3:
        return 2 ** this.below(32);
      default:
        return this.word();
    }
  }
}
