// SPDX-License-Identifier: MIT
// MSI-X vectors as eventfds of the front-end, and one more that tells changes of the INTx level. Order (docs/socket-extension.md, "Upstream order"): IRQ_RAISED goes up,
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

  /** False when nobody listens to the vector, or the ring is another connection's by now. */
  raise(vector: number, ring: RingConsumer): boolean {
    const event = this.#vectors[vector];
    if (event === undefined || !ring.current) return false;
    ring.countInterrupt();
    event.signal();
    return true;
  }

  /** Level of INTx: the word first, then `vector` tells that it changed. False when nothing was told. */
  setLevel(vector: number, asserted: boolean, ring: RingConsumer): boolean {
    return ring.current && ring.setInterruptLevel(asserted) && this.raise(vector, ring);
  }

  clear(): void {
    for (const event of this.#vectors) event?.close();
    this.#vectors = [];
  }
}
