// SPDX-License-Identifier: MIT
// The input that is being run, in a file that two processes map: when the one that runs it hangs or dies, the other one
// still knows what it was.
import { closeSync, ftruncateSync, openSync } from 'node:fs';
import { Mapping } from '../../device/sys/mapping.js';
import type { Input } from './input.js';

const BYTES = 65536;
/** Executions begun so far; then the number of operations; then length and numbers of each. */
const BEGUN = 0;
const COUNT = 1;
const OPS = 2;

export class CurrentInput {
  readonly #words: Uint32Array;
  readonly #mapping: Mapping;

  constructor(path: string) {
    const fd = openSync(path, 'a+');
    ftruncateSync(fd, BYTES);
    this.#mapping = new Mapping(fd, BYTES);
    this.#words = this.#mapping.u32;
    closeSync(fd);
  }

  /** Changes with each execution that begins. */
  get begun(): number {
    return Atomics.load(this.#words, BEGUN);
  }

  begin(input: Input): void {
    const w = this.#words;
    let at = OPS;
    let count = 0;
    for (const op of input) {
      if (at + op.length >= w.length) break;
      w[at++] = op.length;
      for (let n = 0; n < op.length; n++) w[at++] = op[n]!;
      count++;
    }
    w[COUNT] = count;
    Atomics.add(w, BEGUN, 1);
  }

  read(): Input {
    const w = this.#words;
    const input: Input = [];
    for (let at = OPS, n = 0; n < w[COUNT]!; n++) {
      const length = w[at++]!;
      input.push([...w.subarray(at, at + length)]);
      at += length;
    }
    return input;
  }

  close(): void {
    this.#mapping.retire();
  }
}
