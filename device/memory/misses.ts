// SPDX-License-Identifier: MIT
// Translations that were asked for and are not there yet, and those that the front-end has refused. One question a page
// and permission, so many at a time; who finds no room asks again when an answer has come.
//
//   ask ──▶ outstanding ──update──▶ gone                      (the next access finds the translation)
//                       ──refusal─▶ failed ──next ask──▶ gone (that access is the fault)
//                                          ──1 s───────▶ gone (whoever asked does not look any more)
//
// A question whose answer stays away is asked again: it may have found the channel full, or a front-end that could not
// keep it. Twice the same answer does no harm.
//
// An update that allows less than a question wants need not be its answer: it may be that of the other permission, or of
// a page beside it. The refusal is a message of its own. Who never sends one, but such an update again when the question
// was asked again, is taken to mean it: work must not wait for ever.
import { type Clock, Dma } from '../model/ports.js';

export const PAGE_BYTES = 4096;
/** Well below what the channel's socket takes. */
export const MAX_OUTSTANDING = 64;
const MAX_REFUSALS = 1024;
/** A refusal that nobody has taken by then may be of a time before the guest mapped the page. */
const REFUSAL_NS = 1e9;
const RESEND_NS = 100e6;
/** Until the channel is tried again that had no room. */
const RETRY_NS = 5e6;

/** Sends a question to the front-end; false when it could not be sent now. */
export type AskFrontEnd = (page: number, permission: number) => boolean;

interface Page {
  readonly page: number;
  readonly permission: number;
}

interface Question extends Page {
  /** When it is asked again. */
  dueNs: number;
  asked: number;
  /** The access that wanted it ended otherwise: a refusal is for nobody, unless it is asked for again. */
  abandoned: boolean;
}

interface Refusal extends Page {
  readonly sinceNs: number;
}

/** Pages are multiples of 4096, so that a permission fits beside them. */
const keyOf = (page: number, permission: number): number => page + permission;

export class Misses {
  readonly #clock: Clock;
  readonly #send: AskFrontEnd;
  readonly #outstanding = new Map<number, Question>();
  readonly #failed = new Map<number, Refusal>();

  constructor(clock: Clock, send: AskFrontEnd) {
    this.#clock = clock;
    this.#send = send;
  }

  get outstanding(): number {
    return this.#outstanding.size;
  }

  get full(): boolean {
    return this.#outstanding.size >= MAX_OUTSTANDING;
  }

  /** An access needs `page`, which has no such translation: FAULT, once after a refusal, else NOT_YET. */
  ask(page: number, permission: number): Dma {
    const key = keyOf(page, permission);
    if (this.#take(key)) return Dma.FAULT;
    const known = this.#outstanding.get(key);
    if (known !== undefined) known.abandoned = false;
    if (this.full || known !== undefined) return Dma.NOT_YET;
    const question = { page, permission, dueNs: 0, asked: 0, abandoned: false };
    this.#outstanding.set(key, question);
    this.#put(question, this.#clock.nowNs());
    return Dma.NOT_YET;
  }

  #take(key: number): boolean {
    const refusal = this.#failed.get(key);
    if (refusal === undefined) return false;
    this.#failed.delete(key);
    return this.#clock.nowNs() - refusal.sinceNs < REFUSAL_NS;
  }

  /**
   * An access that reached over [base, end) is a fault because of one page: what is refused, or will be, of its other
   * pages is no fault of a later access. Others who wait for such a page ask again when the answer has come.
   */
  abandon(base: number, end: number, permission: number): void {
    const concerns = (p: Page): boolean =>
      p.permission === permission && p.page < end && p.page + PAGE_BYTES > base;
    for (const [key, refusal] of this.#failed) if (concerns(refusal)) this.#failed.delete(key);
    for (const question of this.#outstanding.values()) if (concerns(question)) question.abandoned = true;
  }

  /** An update for [base, end) came; `allowed` tells what a page may be used for now, 0 if it leads nowhere. */
  answered(base: number, end: number, allowed: (page: number) => number): void {
    this.#forgetRefusalsOf(base, end, allowed);
    for (const { page, permission, asked } of [...this.#outstanding.values()]) {
      if (page < base || page >= end) continue;
      const permissions = allowed(page);
      if ((permissions & permission) !== 0) this.#outstanding.delete(keyOf(page, permission));
      else if (permissions === 0 || asked > 1) this.refuse(page, permission);
    }
  }

  /** The front-end has no translation. Ignored if nobody asks (any more): it was asked twice. */
  refuse(page: number, permission: number): void {
    const key = keyOf(page, permission);
    const question = this.#outstanding.get(key);
    if (question === undefined) return;
    this.#outstanding.delete(key);
    if (question.abandoned) return;
    // Work that never looks again: nobody needs to remember all of it.
    if (this.#failed.size >= MAX_REFUSALS) this.#failed.clear();
    this.#failed.set(key, { page, permission, sinceNs: this.#clock.nowNs() });
  }

  /** What may be used now is not refused any more. */
  #forgetRefusalsOf(base: number, end: number, allowed: (page: number) => number): void {
    for (const [key, { page, permission }] of this.#failed) {
      if (page >= base && page < end && (allowed(page) & permission) !== 0) this.#failed.delete(key);
    }
  }

  /**
   * Everybody who asked has had the chance to see the refusals. Those that nobody took belong to work that is no more; a
   * later access of such a page, which may be mapped by then, has to ask for itself. True when there were any.
   */
  forgetRefusals(): boolean {
    const any = this.#failed.size > 0;
    this.#failed.clear();
    return any;
  }

  /** When `resend` is to be called next, in clock time; Infinity when nothing is outstanding. */
  get dueNs(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const question of this.#outstanding.values()) due = Math.min(due, question.dueNs);
    return due;
  }

  resend(): void {
    if (this.#outstanding.size === 0) return;
    const now = this.#clock.nowNs();
    for (const question of this.#outstanding.values()) if (question.dueNs <= now) this.#put(question, now);
  }

  #put(question: Question, now: number): void {
    const sent = this.#send(question.page, question.permission);
    question.dueNs = now + (sent ? RESEND_NS : RETRY_NS);
    if (sent) question.asked++;
  }

  clear(): void {
    this.#outstanding.clear();
    this.#failed.clear();
  }
}
