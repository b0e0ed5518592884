// SPDX-License-Identifier: MIT

/** Takes the words that a state layout's `put` accessors write, so that each can be journaled before it lands. */
export interface WordSink {
  /** `value` holds 32 bits, as an int32 or as an uint32. */
  put(word: number, value: number): void;
}
