// SPDX-License-Identifier: MIT
import { appendFileSync } from 'node:fs';

/** What the kernel prints when something is wrong. `fatal`: nothing more is to be expected from the guest. */
export interface CrashReport {
  fatal: boolean;
  /** The line that says so, without its time stamp. */
  line: string;
}

const FATAL = [/Kernel panic - not syncing/, /end Kernel panic/];
const SICK = [
  /\bBUG: /,
  /\bkernel BUG at /,
  /\bOops: /,
  /\bOops\b.*\[#\d+\]/,
  /\bWARNING: CPU: \d+ PID: \d+ at /,
  /\bWARNING: possible /,
  /\bWARNING: suspicious RCU usage/,
  /\bKFENCE: /,
  /\bKASAN: /,
  /\bUBSAN: /,
  /general protection fault/,
  /unable to handle (kernel|page fault)/,
  /\brcu: INFO: rcu_\w+ (self-)?detected stall/,
  /INFO: task .* blocked for more than/,
  /watchdog: BUG: soft lockup/,
  /refcount_t: /,
  /DMA-API: .*(error|warning)/i,
];

/** Whether a console line reports a crash, and how bad it is. */
export function classifyLine(line: string): CrashReport | undefined {
  const text = line.replace(/^\s*(<\d+>)?\[\s*\d+\.\d+\](\[[ \w]+\])?\s*/, '').trimEnd();
  if (FATAL.some(pattern => pattern.test(text))) return { fatal: true, line: text };
  if (SICK.some(pattern => pattern.test(text))) return { fatal: false, line: text };
  return undefined;
}

/** How much of the console is kept in memory; the file keeps it all. */
const KEEP_LINES = 2000;
const LONGEST_LINE = 4096;

/**
 * The guest's serial console: splits what arrives into lines, keeps the last ones, writes all to a file, and
 * reports lines that tell of a crash.
 */
export class ConsoleLog {
  readonly #lines: string[] = [];
  readonly #file: string | undefined;
  readonly #onCrash: (report: CrashReport) => void;
  readonly #crashes: CrashReport[] = [];
  #partial = '';
  #lastOutputAt = 0;
  #now: () => number;

  constructor(options: { file?: string; onCrash?: (report: CrashReport) => void; now?: () => number } = {}) {
    this.#file = options.file;
    this.#onCrash = options.onCrash ?? (() => undefined);
    this.#now = options.now ?? Date.now;
  }

  /** Takes a piece of output; lines may be cut anywhere between pieces. */
  push(text: string): void {
    this.#lastOutputAt = this.#now();
    if (this.#file) appendFileSync(this.#file, text);
    const pieces = (this.#partial + text).split('\n');
    this.#partial = pieces.pop()!;
    // A guest that never ends its line must not fill our memory.
    if (this.#partial.length > LONGEST_LINE) pieces.push(this.#partial.slice(0, LONGEST_LINE));
    if (this.#partial.length > LONGEST_LINE) this.#partial = '';
    for (const piece of pieces) this.#line(piece.replace(/\r+$/, ''));
  }

  /** The last `count` lines, with the unfinished one. */
  tail(count = 40): string {
    const all = this.#partial === '' ? this.#lines : [...this.#lines, this.#partial];
    return all.slice(-count).join('\n');
  }

  /** All crash reports so far, in the order in which they came. */
  get crashes(): readonly CrashReport[] {
    return this.#crashes;
  }

  /** When the guest last printed something, by the clock given. */
  get lastOutputAt(): number {
    return this.#lastOutputAt;
  }

  #line(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > KEEP_LINES) this.#lines.splice(0, this.#lines.length - KEEP_LINES);
    const report = classifyLine(line);
    if (!report) return;
    this.#crashes.push(report);
    this.#onCrash(report);
  }
}
