// SPDX-License-Identifier: MIT
import { connect, type Socket } from 'node:net';
import { encodeFrame, FrameDecoder } from './control-frames.js';
import type { ControlAnswer } from './device-ops.js';

/** The device refused a request, or the connection broke. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
}

/** A connection to a control socket; requests may be in flight together. */
export class ControlClient {
  readonly #socket: Socket;
  readonly #decoder = new FrameDecoder();
  readonly #waiting: { resolve: (result: unknown) => void; reject: (error: Error) => void }[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', chunk => {
      for (const answer of this.#decoder.push(chunk)) this.#settle(answer as ControlAnswer);
    });
    socket.on('close', () => {
      for (const w of this.#waiting.splice(0))
        w.reject(new ControlError('the control connection was closed'));
    });
    socket.on('error', () => socket.destroy());
  }

  /** Rejects with ControlError when nobody listens at `path`. */
  static open(path: string): Promise<ControlClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path);
      socket.once('error', error => reject(new ControlError(`control socket ${path}: ${error.message}`)));
      socket.once('connect', () => resolve(new ControlClient(socket)));
    });
  }

  /** Sends {op, ...fields}; resolves with its result, rejects with ControlError. */
  request(op: string, fields: Record<string, unknown> = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      if (!this.#socket.writable) {
        reject(new ControlError('the control connection was closed'));
        return;
      }
      this.#waiting.push({ resolve, reject });
      this.#socket.write(encodeFrame({ ...fields, op }));
    });
  }

  close(): void {
    this.#socket.destroy();
  }

  #settle(answer: ControlAnswer): void {
    const waiting = this.#waiting.shift();
    if ('error' in answer) waiting?.reject(new ControlError(answer.error));
    else waiting?.resolve(answer.result);
  }
}
