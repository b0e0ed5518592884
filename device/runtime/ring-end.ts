// SPDX-License-Identifier: MIT
// This process's end of one connection's MMIO ring: the mapping, both eventfds and the consumer.
import { RingConsumer, type RingOptions } from '../ring/consumer.js';
import { checkRingFile, checkRingHeader } from '../ring/ring-memory.js';
import { EventFd } from '../sys/eventfd.js';
import { closeAll, closeFd } from '../sys/fd.js';
import { Mapping } from '../sys/mapping.js';
import type { RingSetup } from '../vhost/pci-requests.js';

/** The eventfd that wakes the consumer. */
export interface Kick {
  readonly fd: number;
  drain(): void;
}

export class RingEnd {
  readonly consumer: RingConsumer;
  readonly kick: Kick;
  readonly #mapping: Mapping;
  readonly #events: readonly EventFd[];
  #announced = false;

  private constructor(mapping: Mapping, consumer: RingConsumer, kick: EventFd, answer: EventFd) {
    this.consumer = consumer;
    this.#mapping = mapping;
    this.#events = [kick, answer];
    this.kick = {
      fd: kick.fd,
      // A kick that is meant for the next connection's consumer must stay for it.
      drain: () => {
        if (consumer.current) kick.drain();
      },
    };
  }

  /** Takes all descriptors over, also when it throws RingFault or SystemError. */
  static open(
    ringFd: number,
    kickFd: number,
    answerFd: number,
    { size, slots, session }: RingSetup,
    reach: Pick<RingOptions, 'target' | 'access'>,
  ): RingEnd {
    const pending = [kickFd, answerFd];
    const events: EventFd[] = [];
    let mapping: Mapping | undefined;
    try {
      checkRingFile(ringFd, size, slots);
      mapping = new Mapping(ringFd, size);
      checkRingHeader(mapping.u32, slots, session);
      while (pending.length > 0) events.push(EventFd.adopt(pending.shift()!));
      const [kick, answer] = events as [EventFd, EventFd];
      const consumer = new RingConsumer({
        ...reach,
        words: mapping.u32,
        slots,
        session,
        answerEvent: answer,
      });
      return new RingEnd(mapping, consumer, kick, answer);
    } catch (error) {
      closeAll([...pending, ...events.map(e => e.fd)]);
      mapping?.retire();
      throw error;
    } finally {
      closeFd(ringFd);
    }
  }

  /** Tells the front-end who serves the ring. */
  announce(): void {
    this.consumer.setAlive(process.pid);
    this.#announced = true;
  }

  close(): void {
    if (this.#announced) this.consumer.setAlive(0);
    this.#mapping.retire();
    for (const event of this.#events) event.close();
  }
}
