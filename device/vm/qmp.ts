// SPDX-License-Identifier: MIT
import type { Socket } from 'node:net';
import { VmError } from './errors.js';

/*
 * QEMU Machine Protocol (docs/interop/qmp-spec): JSON objects, one a line. QEMU greets, the client negotiates
 * capabilities, then each command is answered with `return` or `error`; events come in between.
 */

/** An event of QEMU, e.g. SHUTDOWN with {guest, reason}. */
export interface QmpEvent {
  event: string;
  data?: Record<string, unknown>;
}

interface Waiting {
  command: string;
  resolve: (value: unknown) => void;
  reject: (error: VmError) => void;
}

/** One monitor connection. */
export class Qmp {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  readonly #onEvent: (event: QmpEvent) => void;
  #text = '';
  #closed = false;

  /** Takes over a connected socket; call `negotiate` before anything else. */
  constructor(socket: Socket, onEvent: (event: QmpEvent) => void = () => undefined) {
    this.#socket = socket;
    this.#onEvent = onEvent;
    socket.setEncoding('utf8');
    socket.on('data', (text: string) => this.#receive(text));
    socket.on('error', () => undefined); // 'close' follows and settles everything
    socket.on('close', () => this.#close());
  }

  /** Leaves the negotiation mode, in which QEMU accepts nothing else. */
  async negotiate(): Promise<void> {
    await this.execute('qmp_capabilities');
  }

  /** Executes a command and returns QEMU's `return` value. */
  execute(command: string, args?: Record<string, unknown>): Promise<unknown> {
    if (this.#closed) return Promise.reject(new VmError({ kind: 'qmp', command, reason: 'QEMU has ended' }));
    return new Promise((resolve, reject) => {
      // QEMU answers in order, so no ids are needed.
      this.#waiting.push({ command, resolve, reject });
      this.#socket.write(`${JSON.stringify({ execute: command, ...(args ? { arguments: args } : {}) })}\n`);
    });
  }

  /** A line of the human monitor, for what QMP does not offer (e.g. `info mtree`); returns what it prints. */
  async monitor(line: string): Promise<string> {
    return String(await this.execute('human-monitor-command', { 'command-line': line }));
  }

  close(): void {
    this.#socket.destroy();
  }

  #receive(text: string): void {
    const lines = (this.#text + text).split('\n');
    this.#text = lines.pop()!;
    for (const line of lines) {
      if (line.trim() !== '') this.#message(JSON.parse(line));
    }
  }

  #message(message: {
    return?: unknown;
    error?: { desc: string };
    event?: string;
    data?: Record<string, unknown>;
  }): void {
    if (message.event !== undefined) {
      this.#onEvent({ event: message.event, ...(message.data ? { data: message.data } : {}) });
    } else if (message.error !== undefined) {
      const waiting = this.#waiting.shift();
      waiting?.reject(new VmError({ kind: 'qmp', command: waiting.command, reason: message.error.desc }));
    } else if ('return' in message) {
      this.#waiting.shift()?.resolve(message.return);
    } // else the greeting
  }

  #close(): void {
    this.#closed = true;
    for (const { command, reject } of this.#waiting.splice(0)) {
      reject(new VmError({ kind: 'qmp', command, reason: 'QEMU has ended' }));
    }
  }
}
