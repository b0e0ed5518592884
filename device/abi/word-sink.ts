// SPDX-License-Identifier: MIT

/** Takes the words that a state layout's `put` accessors write, so that each can be journaled before it lands. */
export interface WordSink {
  put(word: number, value: number): void;
}
