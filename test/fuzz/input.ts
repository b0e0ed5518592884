// SPDX-License-Identifier: MIT
// What a target is given: a list of operations, each a list of 32-bit numbers of which the first says what it is. All
// targets share this form, so that there is one mutator, one minimiser and one file format for all of them.
import { pack, unpack } from 'msgpackr';
import type { Dice } from './dice.js';

/** Unsigned 32-bit integers; what they mean is the target's affair, and a missing one is 0. */
export type Op = number[];
export type Input = Op[];

export const MAX_OPS = 64;

/** Makes an operation that the target understands. */
export type Generate = (dice: Dice) => Op;

/** A new input: mostly short. */
export function generateInput(dice: Dice, generate: Generate): Input {
  const length = 1 + dice.below(dice.oneIn(4) ? 40 : 10);
  return Array.from({ length }, () => generate(dice));
}

/** A changed copy of `input`; `other` is another input of the same target, from which operations may be taken. */
export function mutate(dice: Dice, input: Input, other: Input, generate: Generate): Input {
  const result = input.map(op => [...op]);
  for (let rounds = 1 + dice.below(4); rounds > 0; rounds--) change(dice, result, other, generate);
  return result.slice(0, MAX_OPS);
}

function change(dice: Dice, ops: Input, other: Input, generate: Generate): void {
  const at = dice.below(ops.length);
  switch (dice.below(10)) {
    case 0:
      ops.splice(at, 0, generate(dice));
      return;
    case 1:
      if (ops.length > 2) ops.splice(at, 1 + dice.below(2));
      return;
    case 2:
      ops.splice(at, 0, [...ops[at]!]);
      return;
    case 3: {
      const from = dice.below(other.length);
      ops.splice(at, 0, ...other.slice(from, from + 1 + dice.below(6)).map(op => [...op]));
      return;
    }
    case 4: {
      const to = dice.below(ops.length);
      [ops[at], ops[to]] = [ops[to]!, ops[at]!];
      return;
    }
    case 5:
      ops[at] = generate(dice);
      return;
    default:
      changeNumber(dice, ops[at]!);
  }
}

function changeNumber(dice: Dice, op: Op): void {
  if (op.length < 2) return;
  const n = 1 + dice.below(op.length - 1);
  switch (dice.below(4)) {
    case 0:
      op[n] = dice.value();
      return;
    case 1:
      op[n] = (op[n]! + dice.pick([1, -1, 2, -2, 8, -8, 4096, -4096])) >>> 0;
      return;
    case 2:
      op[n] = (op[n]! ^ (1 << dice.below(32))) >>> 0;
      return;
    default:
      op[n] = op[1 + dice.below(op.length - 1)]!;
  }
}

/** The shortest input that still satisfies `holds`: operations are left out as long as that is so, then numbers become 0. */
export function minimise(input: Input, holds: (candidate: Input) => boolean, tries = 400): Input {
  let best = input;
  let left = tries;
  for (let size = Math.ceil(best.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < best.length && best.length > 1 && left > 0; ) {
      const candidate = [...best.slice(0, at), ...best.slice(at + size)];
      left--;
      if (candidate.length > 0 && holds(candidate)) best = candidate;
      else at += size;
    }
  }
  for (let at = 0; at < best.length; at++) {
    for (let n = best[at]!.length - 1; n > 0 && left > 0; n--) {
      if (best[at]![n] === 0) continue;
      left--;
      const candidate = best.map((op, i) => (i === at ? op.with(n, 0) : op));
      if (holds(candidate)) best = candidate;
    }
  }
  return best;
}

/** An input in a file: what it is for, and for a finding what was found. */
export interface StoredInput {
  readonly target: string;
  readonly ops: Input;
  readonly reason?: string;
}

export const encodeInput = (stored: StoredInput): Uint8Array => pack(stored);

const isInput = (value: unknown): value is Input =>
  Array.isArray(value) &&
  value.every(op => Array.isArray(op) && op.every(n => Number.isInteger(n) && n >= 0 && n < 2 ** 32));

/** Throws Error when the bytes are not a stored input. */
export function decodeInput(bytes: Uint8Array): StoredInput {
  const stored = unpack(bytes) as StoredInput;
  if (typeof stored?.target !== 'string' || !isInput(stored.ops))
    throw new Error('not a stored input of the fuzzer');
  return stored;
}

export const encodeCorpus = (inputs: readonly Input[]): Uint8Array => pack(inputs);

/** Throws Error when the bytes are not a stored corpus. */
export function decodeCorpus(bytes: Uint8Array): Input[] {
  const inputs = unpack(bytes) as Input[];
  if (!Array.isArray(inputs) || !inputs.every(isInput)) throw new Error('not a stored corpus of the fuzzer');
  return inputs;
}
