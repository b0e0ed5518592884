// SPDX-License-Identifier: MIT
// The control socket: tests and people ask the running device things, and tell it to hold the world still.
import { createServer, type Server, type Socket } from 'node:net';
import { encodeFrame, FrameDecoder } from './control-frames.js';
import type { ControlAnswer } from './device-ops.js';

const MAX_REQUEST_BYTES = 1024 * 1024;

/** Serves one client: requests are answered in order. */
function serveClient(socket: Socket, ask: (request: unknown) => Promise<ControlAnswer>): void {
  const decoder = new FrameDecoder(MAX_REQUEST_BYTES);
  let last: Promise<void> = Promise.resolve();
  const answer = async (request: unknown): Promise<void> => {
    const reply = await ask(request);
    if (socket.writable) socket.write(encodeFrame(reply));
  };
  socket.on('error', () => socket.destroy());
  socket.on('data', chunk => {
    try {
      for (const request of decoder.push(chunk)) last = last.then(() => answer(request));
    } catch (error) {
      socket.end(encodeFrame({ error: `malformed request: ${(error as Error).message}` }));
    }
  });
}

export class ControlServer {
  readonly #server: Server;
  readonly #clients = new Set<Socket>();

  constructor(ask: (request: unknown) => Promise<ControlAnswer>) {
    this.#server = createServer(socket => {
      this.#clients.add(socket);
      socket.on('close', () => this.#clients.delete(socket));
      serveClient(socket, ask);
    });
  }

  /** Serves a listening socket, which is taken over. */
  listen(fd: number): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ fd }, resolve);
    });
  }

  close(): Promise<void> {
    for (const client of this.#clients) client.destroy();
    return new Promise(resolve => this.#server.close(() => resolve()));
  }
}
