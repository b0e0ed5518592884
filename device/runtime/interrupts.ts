// SPDX-License-Identifier: MIT
// MSI-X vectors as eventfds of the front-end. Order (docs/socket-extension.md, "Upstream order"): IRQ_RAISED goes up,
// then the eventfd is written; a read that is answered meanwhile tells the front-end to deliver it first.
import type { RingConsumer } from '../ring/consumer.js';
import { EventFd } from '../sys/eventfd.js';

export class Interrupts {
  #vectors: (EventFd | undefined)[] = [];

  /** Sets or removes a vector's descriptor, which is taken over. Throws SystemError for one that is not an eventfd. */
  set(vector: number, fd: number | undefined): void {
    const event = fd === undefined ? undefined : EventFd.adopt(fd);
    this.#vectors[vector]?.close();
    this.#vectors[vector] = event;
  }

  /** False when nobody listens to the vector. */
  raise(vector: number, ring: RingConsumer): boolean {
    const event = this.#vectors[vector];
    if (event === undefined) return false;
    ring.countInterrupt();
    event.signal();
    return true;
  }

  clear(): void {
    for (const event of this.#vectors) event?.close();
    this.#vectors = [];
  }
}
