// SPDX-License-Identifier: MIT
// What transfers of guest memory keep from one to the next, so that none of them has to allocate.

/** Places whose views are kept: as many buffers of a few hundred bytes and more may be in use by turns. */
const PLACES = 4096;
const PAIR_SHIFT = 32 - Math.log2(PLACES / 2);

/**
 * Views of parts of larger arrays, by place and length. A transfer from a place that was not used lately makes one. Places
 * that fall together have two slots, of which the one used longer ago goes: a buffer and a frame, by turns, both stay.
 */
export class Views<T extends Uint8Array | Uint32Array> {
  readonly #views: (T | undefined)[] = new Array(PLACES).fill(undefined);
  readonly #of: (T | undefined)[] = new Array(PLACES).fill(undefined);
  readonly #at = new Float64Array(PLACES);
  readonly #length = new Float64Array(PLACES);
  /** By pair of slots: which one was used last. */
  readonly #used = new Uint8Array(PLACES);

  /** The `length` elements of `of` from `at` on. */
  take(of: T, at: number, length: number): T {
    const pair = slotOf(at, length) * 2;
    const first = this.#used[pair]!;
    const known = this.#view(pair + first, of, at, length);
    if (known !== undefined) return known;
    this.#used[pair] = 1 - first;
    const slot = pair + 1 - first;
    const second = this.#view(slot, of, at, length);
    if (second !== undefined) return second;
    const view = of.subarray(at, at + length) as T;
    this.#views[slot] = view;
    this.#of[slot] = of;
    this.#at[slot] = at;
    this.#length[slot] = length;
    return view;
  }

  #view(slot: number, of: T, at: number, length: number): T | undefined {
    const same = this.#of[slot] === of && this.#at[slot] === at && this.#length[slot] === length;
    return same ? this.#views[slot] : undefined;
  }

  forget(): void {
    this.#views.fill(undefined);
    this.#of.fill(undefined);
  }
}

/** Neighbouring buffers of any power of two, and pages of a few, fall into different slots. */
function slotOf(at: number, length: number): number {
  // By the golden ratio: places at equal distances are spread evenly, whatever the distance.
  return Math.imul(at + Math.imul(length, 0x85ebca6b), 0x9e3779b1) >>> PAIR_SHIFT;
}

/** Byte arrays whose words are kept: frames of requests, answers and datagrams, and one more. */
const ARRAYS = 4;

/**
 * The words of byte arrays that keep coming back (frame buffers): copied by words a small packet takes a fifth of the
 * time, but only if no view has to be made for it.
 */
export class WordsOf {
  bytes: Uint8Array | undefined;
  words: Uint32Array = new Uint32Array(0);
  /** Where `bytes` begins in `words`, in bytes. */
  base = 0;
  readonly #bytes: (Uint8Array | undefined)[] = new Array(ARRAYS).fill(undefined);
  readonly #words: Uint32Array[] = new Array(ARRAYS).fill(this.words);
  /** The one that goes next. */
  #next = 0;

  take(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.base = bytes.byteOffset;
    for (let n = 0; n < ARRAYS; n++) {
      if (this.#bytes[n] !== bytes) continue;
      this.words = this.#words[n]!;
      return;
    }
    this.words = new Uint32Array(bytes.buffer, 0, bytes.buffer.byteLength >>> 2);
    this.#bytes[this.#next] = bytes;
    this.#words[this.#next] = this.words;
    this.#next = (this.#next + 1) % ARRAYS;
  }
}

/** Bytes of the repeated pattern, of which the last ones make room for a phase. */
const PATTERN_BYTES = 65536;
/** Bytes that may be taken from any phase on. */
export const PATTERN_RUN = PATTERN_BYTES - 8;

/**
 * Eight bytes again and again, made in private memory and copied from there: read back from the guest's memory they
 * would be whatever the guest stored meanwhile.
 */
export class RepeatedPattern {
  readonly #bytes = new Uint8Array(PATTERN_BYTES);
  /** Bytes that hold the pattern as it is. */
  #valid = 0;

  /** At least min(length + 8, PATTERN_BYTES) bytes that begin with byte `phase` of the pattern. */
  take(pattern: Uint8Array, phase: number, length: number): Uint8Array {
    const bytes = this.#bytes;
    for (let i = 0; i < 8; i++) {
      const byte = pattern[(phase + i) & 7]!;
      if (bytes[i] === byte) continue;
      bytes[i] = byte;
      this.#valid = 8;
    }
    const wanted = Math.min(length + 8, PATTERN_BYTES);
    for (let valid = Math.max(this.#valid, 8); valid < wanted; valid = this.#valid) {
      const more = Math.min(valid, PATTERN_BYTES - valid);
      bytes.copyWithin(valid, 0, more);
      this.#valid = valid + more;
    }
    return bytes;
  }
}
