// SPDX-License-Identifier: MIT
// The main thread's handle on the device thread: starts it, asks it, stops it, and gets its log records.
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import type { LogLevel, PciModel } from '../model/ports.js';
import { EventFd } from '../sys/eventfd.js';
import type { ControlAnswer } from './device-ops.js';
import type { Pause } from './reactor.js';

/** Front-ends that one process serves at once, unless told otherwise. */
export const MAX_ADAPTERS = 8;

/** What a model's module exports. */
export interface ModelModule {
  createAdapter(options: Readonly<Record<string, unknown>>): PciModel;
}

export interface DeviceThreadOptions {
  /** URL of the module with createAdapter; it is loaded in the device thread. */
  readonly modelUrl: string;
  /** Handed to createAdapter; plain data. */
  readonly modelOptions: Readonly<Record<string, unknown>>;
  /** Listening or connected socket; the device thread closes it. Without either it waits for `listen`. */
  readonly listener?: number | undefined;
  readonly connected?: number | undefined;
  /** How many front-ends it serves at once. */
  readonly maxAdapters?: number;
  /** Go through a connection first (rehearsal.ts): worth its time for who waits to take over. */
  readonly rehearse?: boolean;
  readonly onLog: (level: LogLevel, message: string, fields: Record<string, unknown>) => void;
}

export interface ThreadData {
  readonly modelUrl: string;
  readonly modelOptions: Readonly<Record<string, unknown>>;
  readonly listener: number | undefined;
  readonly connected: number | undefined;
  readonly maxAdapters: number;
  readonly rehearse: boolean;
  readonly wakeFd: number;
  readonly port: MessagePort;
}

export interface Listen {
  /** A listening socket, which is taken over. */
  readonly listener: number;
  /** How many processes served it before. */
  readonly restarts: number;
  /** Options of the models from now on; absent: those from the start. */
  readonly modelOptions?: Readonly<Record<string, unknown>> | undefined;
}

export type ToDevice =
  | { readonly kind: 'stop' }
  | ({ readonly kind: 'listen' } & Listen)
  | { readonly kind: 'request'; readonly id: number; readonly request: unknown };

export type FromDevice =
  | { readonly kind: 'ready' }
  | {
      readonly kind: 'log';
      readonly level: LogLevel;
      readonly message: string;
      readonly fields: Record<string, unknown>;
    }
  | { readonly kind: 'answer'; readonly id: number; readonly answer: ControlAnswer }
  | { readonly kind: 'ended'; readonly pause: Pause };

/** The device thread could not start, or died of an error of its own. The stack is the thread's. */
export class DeviceFailure extends Error {
  override readonly name = 'DeviceFailure';

  constructor(cause: unknown) {
    const { message, stack } = cause as Partial<Error>;
    super(message ?? String(cause));
    if (stack !== undefined) this.stack = stack;
  }
}

export class DeviceThread {
  /** Resolves when the thread is serving; rejects when it could not start. */
  readonly ready: Promise<void>;
  /** Resolves when the loop has ended as it should; rejects with the device's own failure. */
  readonly ended: Promise<Pause>;
  readonly #wake = EventFd.create();
  readonly #port: MessagePort;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, (answer: ControlAnswer) => void>();
  #nextId = 1;
  #over = false;
  /** A thread that sleeps in poll does not end with the process by itself, and would keep it from ending. */
  readonly #atExit = (): void => void this.stop();

  constructor(options: DeviceThreadOptions) {
    const { port1, port2 } = new MessageChannel();
    this.#port = port1;
    const workerData: ThreadData = {
      modelUrl: options.modelUrl,
      modelOptions: options.modelOptions,
      listener: options.listener,
      connected: options.connected,
      maxAdapters: options.maxAdapters ?? MAX_ADAPTERS,
      rehearse: options.rehearse ?? false,
      wakeFd: this.#wake.fd,
      port: port2,
    };
    this.#worker = new Worker(new URL('./worker.js', import.meta.url), { workerData, transferList: [port2] });
    let setReady: () => void;
    this.ready = new Promise((resolve, reject) => {
      setReady = resolve;
      this.#worker.once('error', error => reject(new DeviceFailure(error)));
    });
    this.ended = new Promise((resolve, reject) => {
      let pause: Pause | undefined;
      port1.on('message', (message: FromDevice) => {
        if (message.kind === 'ready') setReady();
        else if (message.kind === 'log') options.onLog(message.level, message.message, message.fields);
        else if (message.kind === 'answer') this.#answered(message.id, message.answer);
        else pause = message.pause;
      });
      this.#worker.once('error', error => reject(new DeviceFailure(error)));
      const exited = new Promise<number>(over => this.#worker.once('exit', over));
      // The port closes behind the last message that the thread has posted.
      const drained = new Promise<void>(over => port1.once('close', over));
      void Promise.all([exited, drained]).then(([code]) => {
        this.#finish();
        if (pause === undefined) reject(new DeviceFailure(`the device thread ended with status ${code}`));
        else resolve(pause);
      });
    });
    process.on('exit', this.#atExit);
    // Whoever does not wait for one of them must not be ended by its rejection.
    this.ready.catch(() => undefined);
    this.ended.catch(() => undefined);
  }

  /** Asks the device thread (see device-ops.ts). */
  request(request: unknown): Promise<ControlAnswer> {
    if (this.#over) return Promise.resolve({ error: 'the device has ended' });
    const id = this.#nextId++;
    return new Promise(resolve => {
      this.#waiting.set(id, resolve);
      this.#post({ kind: 'request', id, request });
    });
  }

  /** Serves a socket from now on; for a thread that was started without one. */
  listen(listen: Listen): void {
    this.#post({ kind: 'listen', ...listen });
  }

  /** Ends the loop; `ended` resolves when it is done. */
  stop(): Promise<Pause> {
    if (!this.#over) this.#post({ kind: 'stop' });
    return this.ended;
  }

  #post(message: ToDevice): void {
    this.#port.postMessage(message);
    this.#wake.signal();
  }

  #answered(id: number, answer: ControlAnswer): void {
    this.#waiting.get(id)?.(answer);
    this.#waiting.delete(id);
  }

  #finish(): void {
    process.off('exit', this.#atExit);
    this.#over = true;
    this.#wake.close();
    for (const resolve of this.#waiting.values()) resolve({ error: 'the device has ended' });
    this.#waiting.clear();
  }
}
