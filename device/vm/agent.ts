// SPDX-License-Identifier: MIT
import type { Socket } from 'node:net';
import { encodeFrame, FrameReader, type GuestFrame, JOBS, MAX_COMMAND_BYTES } from './agent-frames.js';
import { VmError } from './errors.js';

/** How a guest command ended. Status is the shell's: 128 + signal number when it was killed. */
export interface GuestResult {
  status: number;
  stdout: string;
  stderr: string;
  durationMs: number;
}

export interface RunOptions {
  /** After this the command is killed and the call fails with `command-timeout`; default 60 s. */
  timeoutMs?: number;
  /** Output as it comes, for a person who watches. */
  onOutput?: (stream: 'stdout' | 'stderr', text: string) => void;
}

/** After a kill, a guest that is alive answers within this. */
const KILL_GRACE_MS = 5000;
const DEFAULT_TIMEOUT_MS = 60_000;

interface Job {
  stdout: Buffer[];
  stderr: Buffer[];
  onOutput: RunOptions['onOutput'];
  settle: (outcome: number | VmError) => void;
}

/** The host's end of the control line to the guest's process 1. */
export class GuestAgent {
  readonly #socket: Socket;
  #reader = new FrameReader();
  readonly #jobs = new Map<number, Job>();
  readonly #onHello: (kernelRelease: string) => void;
  readonly #onModuleFailed: (text: string) => void;
  readonly #consoleTail: () => string;
  #lost: VmError | undefined;

  constructor(
    socket: Socket,
    on: {
      hello: (kernelRelease: string) => void;
      moduleFailed: (text: string) => void;
      consoleTail: () => string;
    },
  ) {
    this.#socket = socket;
    this.#onHello = on.hello;
    this.#onModuleFailed = on.moduleFailed;
    this.#consoleTail = on.consoleTail;
    socket.on('data', (piece: Buffer) => {
      for (const frame of this.#reader.push(piece)) this.#frame(frame);
    });
    socket.on('error', () => undefined); // QEMU's end tells more
  }

  /** Runs a shell command in the guest. A status other than 0 is an answer, not an error. */
  async run(command: string, options: RunOptions = {}): Promise<GuestResult> {
    if (this.#lost) throw this.#lost;
    if (Buffer.byteLength(command) > MAX_COMMAND_BYTES) {
      throw new RangeError(
        `a guest command has at most ${MAX_COMMAND_BYTES} bytes: put it into a file of the initramfs`,
      );
    }
    const id = this.#freeJob();
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const startedAt = performance.now();
    const job: Job = { stdout: [], stderr: [], onOutput: options.onOutput, settle: () => undefined };
    const ended = new Promise<number | VmError>(resolve => {
      job.settle = resolve;
    });
    this.#jobs.set(id, job);
    this.#socket.write(encodeFrame('R', id, command));
    const outcome = await this.#within(ended, id, command, timeoutMs, job);
    this.#jobs.delete(id);
    if (typeof outcome !== 'number') throw outcome;
    return { status: outcome, ...texts(job), durationMs: performance.now() - startedAt };
  }

  /** Asks the guest to power off; QEMU ends then. */
  powerOff(): void {
    this.#socket.write(encodeFrame('P', 0));
  }

  /** The guest is gone: everything that waits for it fails with this. */
  fail(error: VmError): void {
    this.#lost = error;
    for (const job of this.#jobs.values()) job.settle(error);
  }

  /** The guest was reset: what ran there has ended with this, and half a frame will never be completed. */
  restart(error: VmError): void {
    this.#reader = new FrameReader();
    for (const job of this.#jobs.values()) job.settle(error);
  }

  async #within(
    ended: Promise<number | VmError>,
    id: number,
    command: string,
    timeoutMs: number,
    job: Job,
  ): Promise<number | VmError> {
    const first = await orAfter(ended, timeoutMs);
    if (first !== undefined) return first;
    this.#socket.write(encodeFrame('K', id));
    const second = await orAfter(ended, KILL_GRACE_MS);
    if (second instanceof VmError) return second;
    if (second !== undefined)
      return new VmError({ kind: 'command-timeout', command, timeoutMs, ...texts(job) });
    const waitedMs = timeoutMs + KILL_GRACE_MS;
    return new VmError({
      kind: 'guest-hang',
      doing: `running ${command}`,
      waitedMs,
      consoleTail: this.#consoleTail(),
    });
  }

  #freeJob(): number {
    for (let id = 0; id < JOBS; id++) {
      if (!this.#jobs.has(id)) return id;
    }
    throw new RangeError(`the guest runs ${JOBS} commands at a time`);
  }

  #frame(frame: GuestFrame): void {
    switch (frame.type) {
      case 'hello':
        this.#onHello(frame.kernelRelease);
        return;
      case 'module-failed':
        this.#onModuleFailed(frame.text);
        return;
      case 'stdout':
      case 'stderr':
        this.#jobs.get(frame.job)?.[frame.type].push(Buffer.from(frame.data));
        this.#jobs.get(frame.job)?.onOutput?.(frame.type, frame.data.toString());
        return;
      case 'exit':
        this.#jobs.get(frame.job)?.settle(frame.status);
        return;
      case 'unknown':
        return; // said by a newer guest; nothing waits for it
    }
  }
}

function texts(job: Job): { stdout: string; stderr: string } {
  return { stdout: Buffer.concat(job.stdout).toString(), stderr: Buffer.concat(job.stderr).toString() };
}

/** The promise's value, or undefined once the time is over. */
export async function orAfter<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>(resolve => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
