// SPDX-License-Identifier: MIT
// The translations that the front-end has told (vhost-user IOTLB messages): ranges of I/O virtual addresses, each with
// its distance to the guest address and what the function may do there.
//
// Entries are sorted and never overlap. Neighbours that say the same are one entry, so that an identity mapping of all
// memory is a handful, however it was told. What a range says changes only by an invalidation: an update of the same
// mapping adds permissions (each miss may be answered with no more than it asked for), another mapping replaces it.
//
// Over capacity the quarter that was looked up longest ago goes, all at once. An access looks all of its pages up each
// time that it is tried again, so pages of one access, and of as much work as fits into half of the capacity, come to be
// there together: nothing is fetched in turns for ever.

/** What the function may do, as in the messages; a sum. */
export const Permission = { NONE: 0, READ: 1, WRITE: 2 } as const;

/** Entries at most. 16 MiB of single pages; more where pages lie side by side. */
export const IOTLB_CAPACITY = 4096;

/** A translation. Never changed, except for when it was used. */
export class Translation {
  readonly base: number;
  readonly end: number;
  /** Guest address less I/O virtual address. */
  readonly delta: number;
  readonly permissions: number;
  used: number;

  constructor(base: number, end: number, delta: number, permissions: number, used: number) {
    this.base = base;
    this.end = end;
    this.delta = delta;
    this.permissions = permissions;
    this.used = used;
  }

  /** The same for a part of the range. */
  part(base: number, end: number): Translation {
    return new Translation(base, end, this.delta, this.permissions, this.used);
  }
}

/** Stands for "not known": no address is inside, and nothing is allowed. */
export const NO_TRANSLATION = new Translation(Number.NaN, Number.NaN, Number.NaN, Permission.NONE, 0);

/** `list` with neighbours that say the same made one. */
function merged(list: readonly Translation[]): Translation[] {
  const out: Translation[] = [];
  for (const t of list) {
    const last = out.at(-1);
    const same = last?.end === t.base && last.delta === t.delta && last.permissions === t.permissions;
    if (last === undefined || !same) out.push(t);
    else {
      const used = Math.max(last.used, t.used);
      out[out.length - 1] = new Translation(last.base, t.end, t.delta, t.permissions, used);
    }
  }
  return out;
}

export class Iotlb {
  readonly #capacity: number;
  #entries: Translation[] = [];
  #uses = 0;

  constructor(capacity = IOTLB_CAPACITY) {
    this.#capacity = capacity;
  }

  get entries(): readonly Translation[] {
    return this.#entries;
  }

  /** The translation of `address`, or NO_TRANSLATION. Counts as a use. */
  find(address: number): Translation {
    const found = this.#entries[this.#endingAfter(address)];
    if (found === undefined || found.base > address) return NO_TRANSLATION;
    this.use(found);
    return found;
  }

  /** Something else remembered this translation, and used it. */
  use(translation: Translation): void {
    translation.used = ++this.#uses;
  }

  /** [base, end) is at `delta` from its guest addresses, with `permissions`. */
  put(base: number, end: number, delta: number, permissions: number): void {
    const first = this.#endingAfter(base);
    const used = ++this.#uses;
    const pieces: Translation[] = [];
    let next = first;
    let at = base;
    for (; next < this.#entries.length && this.#entries[next]!.base < end; next++) {
      const old = this.#entries[next]!;
      if (old.base < base) pieces.push(old.part(old.base, base));
      if (old.base > at) pieces.push(new Translation(at, old.base, delta, permissions, used));
      const to = Math.min(old.end, end);
      const kept = old.delta === delta ? old.permissions : Permission.NONE;
      pieces.push(new Translation(Math.max(old.base, base), to, delta, permissions | kept, used));
      if (old.end > end) pieces.push(old.part(end, old.end));
      at = to;
    }
    const rest = at < end ? [new Translation(at, end, delta, permissions, used)] : [];
    this.#replace(first, next, [...pieces, ...rest]);
    if (this.#entries.length > this.#capacity) this.#evict();
  }

  /** Nothing is known of [base, end) from now on. */
  cut(base: number, end: number): void {
    const first = this.#endingAfter(base);
    const pieces: Translation[] = [];
    let next = first;
    for (; next < this.#entries.length && this.#entries[next]!.base < end; next++) {
      const old = this.#entries[next]!;
      if (old.base < base) pieces.push(old.part(old.base, base));
      if (old.end > end) pieces.push(old.part(end, old.end));
    }
    this.#entries.splice(first, next - first, ...pieces);
  }

  /** Nothing leads to the guest addresses [base, end) from now on. */
  cutTarget(base: number, end: number): void {
    for (const t of [...this.#entries]) {
      const from = Math.max(t.base + t.delta, base);
      const to = Math.min(t.end + t.delta, end);
      if (from < to) this.cut(from - t.delta, to - t.delta);
    }
  }

  clear(): void {
    this.#entries = [];
  }

  /** Puts `pieces` in place of the entries [first, next), and makes one with their neighbours what can be. */
  #replace(first: number, next: number, pieces: readonly Translation[]): void {
    const low = Math.max(first - 1, 0);
    const high = Math.min(next + 1, this.#entries.length);
    const around = [...this.#entries.slice(low, first), ...pieces, ...this.#entries.slice(next, high)];
    this.#entries.splice(low, high - low, ...merged(around));
  }

  #evict(): void {
    const uses = this.#entries.map(t => t.used).sort((a, b) => a - b);
    const last = uses[Math.floor(uses.length / 4)]!;
    this.#entries = this.#entries.filter(t => t.used > last);
  }

  /** Index of the first entry that ends behind `address`. */
  #endingAfter(address: number): number {
    let low = 0;
    let high = this.#entries.length;
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      if (address >= this.#entries[middle]!.end) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
