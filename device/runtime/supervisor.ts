// SPDX-License-Identifier: MIT
// Keeps one worker process serving. A second one, the standby, has everything loaded and waits; it takes over the moment
// the worker ends. Both inherit the listening sockets, so connections queue up in between and none is refused.
//
//   loading ──ready──▶ standby ──the worker ended──▶ serving ──asked to──▶ ending
//
// A worker that ends soon after it took over, again and again, is replaced ever more slowly, never not at all. One
// that somebody killed from outside (SIGKILL) says nothing about its health and is replaced at once.

/** How a worker process ended, for the log, and whether it was SIGKILL. */
export interface Death {
  readonly how: string;
  readonly killed: boolean;
}

export interface WorkerEvents {
  /** It has loaded everything and can serve at once. */
  ready(): void;
  /** It could not start; the message is for the user. Its death follows. */
  failed(message: string): void;
  died(death: Death): void;
}

export interface WorkerProcess {
  readonly pid: number;
  /** `restarts`: how many workers served before. */
  serve(restarts: number): void;
  /** It has become urgent while it loads. */
  hurry(): void;
  /** Asks it to end in order. */
  end(): void;
  kill(): void;
}

export interface Timers {
  nowMs(): number;
  /** Runs `task` later; the returned function forgets it. */
  after(ms: number, task: () => void): () => void;
}

export interface SupervisorOptions {
  /** `urgent`: nobody serves, so it should not step back behind others while it loads. */
  start(events: WorkerEvents, urgent: boolean): WorkerProcess;
  readonly timers: Timers;
  log(level: 'info' | 'warn' | 'error', message: string, fields?: Record<string, unknown>): void;
}

/** The first worker could not start: there is nothing to supervise. */
export class WorkerFailed extends Error {
  override readonly name = 'WorkerFailed';
}

/** A worker that served this long was healthy. */
const STEADY_MS = 10_000;
/** Crashes in a row that are answered at once. */
const FREE_CRASHES = 3;
const FIRST_DELAY_MS = 100;
const MAX_DELAY_MS = 10_000;
/** How long a worker may take to load everything. */
const LOAD_MS = 60_000;
/** How long a worker may take to end in order. */
const END_MS = 5000;

/** How long to wait after the n-th crash in a row (1, 2, …). */
export function delayAfterMs(crashes: number): number {
  if (crashes <= FREE_CRASHES) return 0;
  return Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (crashes - FREE_CRASHES - 1));
}

class Member {
  state: 'loading' | 'standby' | 'serving' | 'ending' = 'loading';
  worker!: WorkerProcess;
  sinceMs = 0;
  complaint: string | undefined;
  /** Forgets the deadline by which it must have loaded, or ended. */
  forget: () => void = () => undefined;
}

export class Supervisor {
  readonly #o: SupervisorOptions;
  readonly #members = new Set<Member>();
  #serving: Member | undefined;
  #next: Member | undefined;
  #restarts = 0;
  #crashes = 0;
  #failedLoads = 0;
  #handingOver = false;
  #stopping = false;
  /** Nothing is started or promoted before a delay is over. */
  #held: (() => void) | undefined;
  #first: { resolve(): void; reject(error: Error): void } | undefined;
  #gone: (() => void) | undefined;

  constructor(options: SupervisorOptions) {
    this.#o = options;
  }

  /** Resolves when the first worker serves. Rejects with WorkerFailed when it cannot start. */
  start(): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#first = { resolve, reject };
      this.#goOn();
    });
  }

  /** Starts a new standby from the files as they are now, and lets it take over when it is ready. */
  handOver(): void {
    if (this.#stopping || this.#serving === undefined) return;
    this.#o.log('info', 'handing over to a new worker');
    if (this.#next !== undefined) this.#end(this.#next);
    this.#next = undefined;
    this.#handingOver = true;
    this.#goOn();
  }

  /** Ends all workers in order; resolves when none is left. */
  stop(): Promise<void> {
    this.#stopping = true;
    this.#held?.();
    for (const member of this.#members) this.#end(member);
    return new Promise(resolve => {
      this.#gone = resolve;
      if (this.#members.size === 0) resolve();
    });
  }

  /** Does what can be done now: a standby takes over, a new one is started. */
  #goOn(): void {
    if (this.#stopping || this.#held !== undefined) return;
    if (this.#serving === undefined) {
      if (this.#next?.state === 'standby') this.#promote(this.#next);
      else this.#next?.worker.hurry();
    }
    if (this.#next === undefined) this.#next = this.#newMember();
  }

  #newMember(): Member {
    const member = new Member();
    const events: WorkerEvents = {
      ready: () => this.#ready(member),
      failed: message => {
        member.complaint = message;
      },
      died: death => this.#died(member, death),
    };
    member.worker = this.#o.start(events, this.#serving === undefined);
    this.#members.add(member);
    member.forget = this.#o.timers.after(LOAD_MS, () => {
      member.complaint ??= `it did not load within ${LOAD_MS / 1000} s`;
      member.worker.kill();
    });
    return member;
  }

  #promote(member: Member): void {
    this.#next = undefined;
    this.#handingOver = false;
    this.#serving = member;
    member.state = 'serving';
    member.sinceMs = this.#o.timers.nowMs();
    member.worker.serve(this.#restarts);
    this.#o.log('info', 'worker serves', { pid: member.worker.pid, restarts: this.#restarts });
    this.#first?.resolve();
    this.#first = undefined;
  }

  #ready(member: Member): void {
    if (member.state !== 'loading') return;
    member.forget();
    member.state = 'standby';
    this.#failedLoads = 0;
    if (this.#serving !== undefined) this.#o.log('info', 'standby is ready', { pid: member.worker.pid });
    if (this.#handingOver && this.#serving !== undefined) this.#end(this.#serving);
    this.#goOn();
  }

  #died(member: Member, death: Death): void {
    member.forget();
    this.#members.delete(member);
    if (this.#stopping) {
      if (this.#members.size === 0) this.#gone?.();
      return;
    }
    if (member === this.#serving) this.#workerDied(member, death);
    else if (member === this.#next) this.#standbyDied(member, death);
  }

  #workerDied(member: Member, death: Death): void {
    this.#serving = undefined;
    this.#restarts++;
    const { pid } = member.worker;
    if (member.state === 'ending') {
      this.#o.log('info', `worker ended: ${death.how}`, { pid });
      return this.#goOn();
    }
    const steady = this.#o.timers.nowMs() - member.sinceMs >= STEADY_MS;
    if (death.killed) this.#crashes = 0;
    else this.#crashes = steady ? 1 : this.#crashes + 1;
    this.#o.log('error', `worker ended: ${death.how}`, { pid });
    this.#delay(delayAfterMs(this.#crashes), `${this.#crashes} workers in a row ended soon after they began`);
  }

  #standbyDied(member: Member, death: Death): void {
    this.#next = undefined;
    const why = member.complaint ?? `it ended: ${death.how}`;
    if (this.#first !== undefined) {
      this.#stopping = true;
      this.#first.reject(new WorkerFailed(why));
      return;
    }
    this.#handingOver = false;
    this.#o.log('error', `the standby is lost, another one is started: ${why}`, { pid: member.worker.pid });
    if (!death.killed) this.#failedLoads++;
    this.#delay(delayAfterMs(this.#failedLoads), `${this.#failedLoads} standbys in a row could not start`);
  }

  /** Goes on after `ms`, with a line that says why not now. */
  #delay(ms: number, why: string): void {
    this.#held?.();
    this.#held = undefined;
    if (ms === 0) return this.#goOn();
    this.#o.log('error', `${why}: the next one is started in ${ms / 1000} s`);
    const forget = this.#o.timers.after(ms, () => {
      this.#held = undefined;
      this.#goOn();
    });
    this.#held = forget;
  }

  #end(member: Member): void {
    if (member.state === 'ending') return;
    member.state = 'ending';
    member.worker.end();
    member.forget();
    member.forget = this.#o.timers.after(END_MS, () => {
      this.#o.log('warn', 'a worker does not end and is killed', { pid: member.worker.pid });
      member.worker.kill();
    });
  }
}
