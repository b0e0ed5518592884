// SPDX-License-Identifier: MIT
// What was refused, and why: a short memory for whoever asks "why did nothing happen?" (explain.ts). Only refused paths
// write it. It is a cache of this process: a restart empties it, and the answer says so.

export type Severity = 'problem' | 'note';
export interface Finding {
  readonly code: string;
  readonly severity: Severity;
  readonly [field: string]: unknown;
}

export type Fields = Readonly<Record<string, unknown>>;

/** Different refusals that are remembered; the oldest go first. */
const ENTRIES_MAX = 64;

interface Entry {
  code: string;
  severity: Severity;
  fields: Fields;
  times: number;
  beforeReset: boolean;
}

/** What a step waits for: an access that has no translation yet. */
export interface Wait {
  readonly object: number;
  readonly number: number;
  readonly address: number;
}

export class Diary {
  readonly #entries = new Map<string, Entry>();
  /** By queue pair: what its step met. One for each at most, and none is left out: who has none waits for a receive. */
  readonly #waits = new Map<number, Wait>();
  /** Refusals that are not remembered any more. */
  dropped = 0;
  /** The last access without a translation. */
  lastWait: Wait | undefined;
  /** The input field, or the like, for which the command under way is refused. */
  commandField: string | undefined;

  /** `key` says which refusal it is; the same one again counts, with the `details` of the last time. */
  record(code: string, severity: Severity, key: Fields, details: Fields = {}): void {
    const name = `${code} ${Object.values(key).join(' ')}`;
    const before = this.#entries.get(name);
    const times = before === undefined || before.beforeReset ? 1 : before.times + 1;
    this.#entries.delete(name);
    this.#entries.set(name, { code, severity, fields: { ...key, ...details }, times, beforeReset: false });
    if (this.#entries.size <= ENTRIES_MAX) return;
    const [oldest] = this.#entries.keys();
    this.#entries.delete(oldest);
    this.dropped++;
  }

  waitsFor(object: number, number: number, address: number): void {
    this.lastWait = { object, number, address };
  }

  /** The step of a queue pair ended with the last wait. */
  blocked(qpn: number): void {
    if (this.lastWait !== undefined) this.#waits.set(qpn, this.lastWait);
  }

  /** It waits for something else now. */
  freed(qpn: number): void {
    if (this.#waits.size > 0) this.#waits.delete(qpn);
  }

  waitOf(qpn: number): Wait | undefined {
    return this.#waits.get(qpn);
  }

  /** Objects and counters are gone; what was refused before may still be the reason for it. */
  reset(): void {
    this.#waits.clear();
    for (const entry of this.#entries.values()) entry.beforeReset = true;
  }

  findings(): Finding[] {
    return [...this.#entries.values()].map(({ code, severity, fields, times, beforeReset }) => ({
      code,
      severity,
      ...fields,
      times,
      ...(beforeReset ? { beforeReset } : {}),
    }));
  }
}
